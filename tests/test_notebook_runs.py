"""Running notebooks: what fails in one is a single line, the run's folder keeps what was done, the environment comes back."""

import json
import os
from pathlib import Path

import nbformat
import pytest

from ghostlib import config as configs
from ghostlib import notebooks
from ghostlib.errors import ConfigError, GhostError, MachineError
from ghostlib.training import runs

WATCHED = ("GHOST_RUN", "GHOST_PROFILE", "GHOST_SCALE", "GHOST_OUTPUT", "GHOST_ROOT", "GHOST_HEADLESS")
ADDRESS = "https://github.com/someone/some-project"
FIRST = "import os\nprint(os.environ['GHOST_RUN'], os.environ['GHOST_PROFILE'], os.environ['GHOST_SCALE'])"


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A root with the real profiles, its own address, and notebooks of one cell that the test writes."""
    folder = tmp_path / "checkout"
    (folder / "configs").mkdir(parents=True)
    (folder / "notebooks").mkdir()
    (folder / "configs" / "nano.yaml").write_text((configs.root() / "configs" / "nano.yaml").read_text())
    (folder / "pyproject.toml").write_text(f'[project.urls]\nRepository = "{ADDRESS}"\n')
    monkeypatch.setenv("GHOST_ROOT", str(folder))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[1]))
    return folder


def page(*cells):
    made = nbformat.v4.new_notebook()
    title = nbformat.v4.new_markdown_cell("# A title\n[![Open in Colab](old)](old)\nwords")
    made.cells = [title, *(nbformat.v4.new_code_cell(cell) for cell in cells)]
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return made


def put(checkout, name, *cells):
    nbformat.write(page(*cells), checkout / "notebooks" / f"{name}.ipynb")


def surroundings():
    return {name: os.environ.get(name) for name in WATCHED}


def test_a_failing_notebook_is_one_line_that_names_it_and_what_was_done_stays(checkout):
    put(checkout, "one", FIRST)
    put(checkout, "two", "from ghostlib.errors import DataError\nraise DataError('data/x.json: no such file')")
    put(checkout, "three", "1")
    before = surroundings()
    with pytest.raises(GhostError) as caught:
        notebooks.run(configs.load("nano", scale="smoke"), only=("one", "two", "three"), progress=False)
    assert str(caught.value) == "two: data/x.json: no such file"
    assert surroundings() == before
    (run,) = configs.output().iterdir()
    assert sorted(file.name for file in (run / "notebooks").iterdir()) == ["one.ipynb", "two.ipynb"]
    assert list(json.loads((run / "run.json").read_text())["notebooks"]) == ["one"]
    told = nbformat.read(run / "notebooks" / "one.ipynb", as_version=4).cells[1].outputs[0].text
    assert told.split() == [run.name, "nano", "smoke"]  # the notebook works in the run that its caller began


def test_a_named_run_is_gone_on_with_and_stays_named_afterwards(checkout, monkeypatch, capsys):
    put(checkout, "one", FIRST)
    monkeypatch.setenv("GHOST_RUN", "mine")
    folder = notebooks.run(configs.load("nano"), only=("one",))
    assert folder == configs.output() / "mine"
    assert os.environ["GHOST_RUN"] == "mine"
    assert capsys.readouterr().out.startswith("one ...\none: ")


def test_a_run_of_another_config_is_refused_and_the_environment_comes_back(checkout, monkeypatch):
    put(checkout, "one", FIRST)
    monkeypatch.setenv("GHOST_RUN", "mine")
    runs.begin(configs.load("nano", overrides=["lora.rank=4"]))
    before = surroundings()
    with pytest.raises(GhostError) as caught:
        notebooks.run(configs.load("nano"), only=("one",), progress=False)
    assert "rank" in str(caught.value) and "\n" not in str(caught.value)
    assert surroundings() == before


def test_a_notebook_that_does_not_exist_is_one_line_with_the_nearest_name(checkout):
    with pytest.raises(ConfigError) as caught:
        notebooks.run(configs.load("nano"), only=("04_vision_trainin",), progress=False)
    assert "did you mean 04_vision_training?" in str(caught.value) and "\n" not in str(caught.value)
    assert not configs.output().exists()  # no run was begun for it


@pytest.mark.parametrize(
    ("kind", "message", "told"),
    [
        ("DataError", "data/x.json: no such file", "n: data/x.json: no such file"),
        ("ValueError", "first\nsecond", "n: ValueError: second"),
        ("KeyboardInterrupt", "", "n: KeyboardInterrupt: "),
        ("AssertionError", "", "n: "),
        ("RuntimeError", None, "n: "),
    ],
)
def test_a_cells_error_is_told_in_one_line(kind, message, told):
    error = notebooks._told("n", kind, message)
    assert isinstance(error, GhostError) and str(error) == told


def test_the_environment_is_restored_whatever_happens(monkeypatch):
    monkeypatch.setenv("GHOST_PROFILE", "t4")
    for name in ("GHOST_RUN", "GHOST_HEADLESS"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ZeroDivisionError), notebooks._environment(GHOST_PROFILE="nano", GHOST_RUN=None):
        assert os.environ["GHOST_PROFILE"] == "nano" and os.environ["GHOST_HEADLESS"] == "1"
        os.environ["GHOST_RUN"] = "made inside"
        raise ZeroDivisionError
    assert os.environ["GHOST_PROFILE"] == "t4"
    assert "GHOST_RUN" not in os.environ and "GHOST_HEADLESS" not in os.environ


def test_badge_and_install_cell_are_stamped_from_the_one_address(checkout):
    made = page("old install cell", "print(1)")
    notebooks.stamp(made, "01_environment_check")
    head, install, rest = made.cells
    place = "https://colab.research.google.com/github/someone/some-project/blob/main/notebooks/01_environment_check.ipynb"
    assert f"]({place})" in head.source and "(old)" not in head.source
    assert head.source.startswith("# A title\n") and head.source.endswith("\nwords")
    assert ADDRESS in install.source and "/content/some-project" in install.source
    compile(install.source, "install", "exec")
    assert rest.source == "print(1)"
    again = json.dumps(made)
    notebooks.stamp(made, "01_environment_check")
    assert json.dumps(made) == again


def test_the_install_cell_does_nothing_outside_colab(checkout, monkeypatch):
    monkeypatch.setattr("subprocess.run", lambda *_, **__: pytest.fail("it ran something"))
    here = os.getcwd()
    exec(notebooks.install_cell(), {})
    assert os.getcwd() == here


def test_executing_in_place_keeps_results_and_drops_chatter_on_standard_error(checkout):
    made = page("import sys\nprint('kept')\nprint('chatter', file=sys.stderr)")
    notebooks._execute(made, "one")
    assert [(one.name, one.text) for one in made.cells[1].outputs] == [("stdout", "kept\n")]
    with pytest.raises(GhostError, match="two: ZeroDivisionError|two: division by zero"):
        notebooks._execute(page("1 / 0"), "two")


def test_an_output_folder_that_is_a_file_is_one_line(checkout, tmp_path):
    put(checkout, "one", FIRST)
    (tmp_path / "output").write_text("mine")
    with pytest.raises(MachineError) as caught:
        notebooks.run(configs.load("nano"), only=("one",), progress=False)
    assert "\n" not in str(caught.value)
    assert (tmp_path / "output").read_text() == "mine"
