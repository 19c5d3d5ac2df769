"""The command line: examples in every help, the agreed exit codes and JSON, and one line for whatever a user did wrong."""

import argparse
import json
import random
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from terminal import ghost, refused

from ghostlib import cli, machine

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = tuple("run plan train evaluate export predict repl serve ask check score screens teach capture dataset".split())


@pytest.fixture(autouse=True)
def here(monkeypatch):
    """A machine without a GPU, asked about once: nvidia-smi is slow where it exists."""
    monkeypatch.setattr(machine, "_gpu", lambda: (None, None, None))


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A copy of what the commands read of a checkout, to be broken."""
    folder = tmp_path / "checkout"
    shutil.copytree(ROOT / "configs", folder / "configs")
    (folder / "data").mkdir()
    (folder / "data" / "nano").symlink_to(ROOT / "data" / "nano")
    monkeypatch.setenv("GHOST_ROOT", str(folder))
    return folder


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example_that_parses(capsys, command):
    code, out, _ = ghost(capsys, command, "--help")
    assert code == 0
    example = " ".join(out[out.index("example: ") :].removeprefix("example: ").split())
    assert example.startswith(f"ghost {command}")
    assert cli.build().parse_args(shlex.split(example)[1:]).command


def test_these_are_all_the_commands():
    chosen = next(a for a in cli.build()._actions if isinstance(a, argparse._SubParsersAction))
    assert tuple(sorted(chosen.choices)) == tuple(sorted(COMMANDS))


def test_help_imports_neither_torch_nor_another_heavy_thing():
    look = (
        "import sys\nfrom ghostlib import cli\ntry: cli.main(['--help'])\nexcept SystemExit: pass\n"
        "print([n for n in ('torch', 'transformers', 'PIL', 'numpy', 'yaml', 'psycopg') if n in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, cwd=ROOT, check=True).stdout
    assert told.rstrip().endswith("[]")
    assert all(command in told for command in COMMANDS)


@pytest.mark.parametrize(
    "words",
    [
        *((), ("fly",), ("check",), ("train", "audio"), ("predict", "x.png", "--backend", "magic")),
        *(("screens", "--count", count, "--out", "x") for count in ("-1", "0", "two", "1.5")),
        ("teach", "x", "--out", "y", "--limit", "-3"),
        *(("check", "x.sql", "--timeout", seconds) for seconds in ("0", "-1", "nan", "inf", "soon")),
        *(("check", "x.sql", "--json", "--as", "png"), ("check", "x.sql", "--as", "paper"), ("score", "x.sql")),
    ],
    ids=" ".join,
)
def test_wrong_words_leave_with_2_and_say_how_it_is_used(capsys, words):
    code, out, err = ghost(capsys, *words)
    assert code == 2 and out == "" and err.startswith("usage: ghost")


def test_the_version_is_the_packages(capsys):
    from ghostlib import __version__

    assert ghost(capsys, "--version")[:2] == (0, f"{__version__}\n")


def test_plan_prints_the_ladder_as_the_agreed_json_without_a_gpu_or_a_download(capsys):
    code, out, _ = ghost(capsys, "plan", "--profile", "t4", "--gpu", "t4", "--json")
    ladder = json.loads(out)
    assert code == 0 and any(rung["fits"] for rung in ladder)
    for rung in ladder:
        assert {"plan", "gib", "total_gib", "fits", "why"} <= set(rung)
        assert {"model", "max_seq_length", "rank", "dora"} <= set(rung["plan"])
        assert rung["total_gib"] == pytest.approx(sum(rung["gib"].values()), rel=1e-6)
        assert rung["total_minutes"] == pytest.approx(sum(rung["minutes"].values())) and rung["total_minutes"] > 1
        assert rung["disk_gib"] > 1 and rung["ram_gib"] > 1 and not (rung["fits"] and rung["tight"])


TWELVE = "model.name=unsloth/gemma-3-12b-it-bnb-4bit"


@pytest.mark.parametrize(
    ("words", "arrows", "questions"),
    [
        (("--profile", "t4", "--gpu", "T4"), 1, 0),
        (("--profile", "t4", "--gpu", "T4", "--set", TWELVE), 1, 1),
        (("--profile", "t4", "--gpu", "T4", "--set", TWELVE, "--phase", "text"), 1, 1),
        (("--profile", "a10g", "--gpu", "A10G"), 1, 0),
        (("--profile", "nano"), 1, 0),
        (("--profile", "t4", "--gpu", "H100", "--set", "model.name=microsoft/Phi-3-mini-4k-instruct"), 1, 0),
        (("--profile", "t4", "--gpu", "T4", "--set", "model.name=google/gemma-3-27b-it"), 0, 0),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value),
)
def test_plan_is_a_table_of_at_most_128_columns_with_one_arrow_and_the_whole_way(capsys, words, arrows, questions):
    code, out, err = ghost(capsys, "plan", *words)
    lines = out.splitlines()
    assert code == (0 if arrows else 1) and not err and max(map(len, lines)) <= 128
    table = lines[lines.index("") + 1 : lines.index("", lines.index("") + 1)]
    assert [row[:2] for row in table].count("->") == arrows
    assert [row[:2] for row in table].count("? ") == questions == out.count("a probe of two steps")
    assert ("The whole way, estimated:" in out and "GiB of disk" in out) == bool(arrows)
    rungs = [row for row in table[1:-1]]
    assert len({len(row) for row in (table[0], *rungs)}) == 1  # every column under its head
    for row in rungs:  # the parts that are shown add up to the total that is shown
        cells = row.split("±")[0].split()
        shown = [float(cell) for cell in cells[6 if row[0] in "-?" else 5 :] if cell != "-"]
        assert sum(shown[:-1]) == pytest.approx(shown[-1], abs=0.1)


def test_plan_says_what_of_the_way_a_free_session_has_not(capsys):
    _, out, _ = ghost(capsys, "plan", "--profile", "t4", "--gpu", "T4", "--set", TWELVE)
    assert "a free session has 4 h" in out
    _, out, _ = ghost(capsys, "plan", "--profile", "t4", "--gpu", "T4")
    assert "a free session" not in out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("plan", "--profile", "nanoo"), "nano"),
        (("plan", "--profile", "nano", "--set", "train.max_step=3"), "max_steps"),
        (("plan", "--profile", "nano", "--set", "lora.rank=many"), "rank"),
        (("plan", "--profile", "nano", "--set", "nonsense"), "nonsense"),
        (("plan", "--profile", "nano", "--set", "train.max_steps=[1"), "max_steps"),
        (("plan", "--gpu", "Voodoo2"), "T4"),
        (("plan", "--profile", "nano", "--set", "lora.rank=0"), "lora.rank=0: must be above 0"),
        (("plan", "--profile", "nano", "--set", "train.learning_rate=.nan"), "learning_rate"),
        (("check", "no/such.sql"), "no/such.sql"),
        (("check", "."), "no .sql file"),
        (("check", "*.sql"), "no file matches"),
        (("check", "a\nb\x1b[2J.sql"), "a b?[2J.sql: no file matches"),
        (("score", "no/such.sql", "no/other.sql"), "no/such.sql"),
        (("score", ".", "no/other.sql"), "two files, or two folders"),
        (("predict", "no/such.png", "--profile", "nano"), "no/such.png"),
        (("dataset", "check", "no/such.json"), "no/such.json"),
        (("evaluate", "--profile", "nano"), "no run has an adapter"),
        (("export", "--profile", "nano"), "no run has an adapter"),
        (("export", "--profile", "nano", "--page", "a.md"), "--parity"),
        (("evaluate", "--run", "no/such/run"), "no/such/run"),
        (("evaluate", "--profile", "nano", "--predictions", "no/such.jsonl"), "no/such.jsonl"),
        (("teach", "no/such/folder", "--out", "x.json", "--profile", "nano"), "Gemini key"),
    ],
)
def test_what_a_user_got_wrong_is_one_line_that_names_it_or_the_nearest(capsys, tmp_path, monkeypatch, words, told):
    monkeypatch.setenv("GHOST_ROOT", str(ROOT))
    monkeypatch.chdir(tmp_path)
    assert told in refused(capsys, *words)
    assert list(tmp_path.iterdir()) == []  # and nothing was written


def test_a_scale_that_does_not_exist_is_one_line(capsys, monkeypatch):
    monkeypatch.setenv("GHOST_SCALE", "huge")
    assert "neither smoke nor full" in refused(capsys, "plan", "--profile", "nano")


@pytest.mark.parametrize("text", ["train: {max_steps: 3", "train:\n\tmax_steps: 3\n", "- 1\n- 2\n", "a: &x *x\n", "\x00"])
def test_a_profile_that_does_not_parse_is_one_line_with_its_file(capsys, checkout, text):
    (checkout / "configs" / "mine.yaml").write_text(text)
    assert "mine.yaml" in refused(capsys, "plan", "--profile", "mine")


def test_an_unknown_key_in_a_profile_is_told_with_the_nearest(capsys, checkout):
    (checkout / "configs" / "mine.yaml").write_text("train: {learning_rat: 1e-4}\n")
    assert "learning_rate" in refused(capsys, "plan", "--profile", "mine")


def test_a_root_that_is_no_checkout_is_one_line(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("GHOST_ROOT", str(tmp_path))
    assert "GHOST_ROOT" in refused(capsys, "plan", "--profile", "nano")


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n" + b"\x00" * 40, b"%PDF-1.7", b"hello"])
def test_a_corrupt_picture_is_one_line(capsys, tmp_path, content):
    file = tmp_path / "screen.png"
    file.write_bytes(content)
    assert "screen.png" in refused(capsys, "predict", file, "--profile", "nano")


@pytest.mark.parametrize("content", ["", "{}", "[1, 2", '[{"instruction": 3}]', "\ufeffnull", "[" * 100_000])
def test_a_corrupt_dataset_is_one_line(capsys, tmp_path, content):
    file = tmp_path / "rows.json"
    file.write_text(content)
    assert "rows.json" in refused(capsys, "dataset", "check", file)


def test_a_missing_dataset_is_told_before_anything_is_trained(capsys, checkout):
    told = refused(capsys, "train", "text", "--profile", "nano", "--set", "train.max_steps=1")
    assert "dataset" in told


def test_no_gpu_where_the_profile_needs_one_is_one_line(capsys, monkeypatch):
    monkeypatch.setenv("GHOST_RUN", "wanted")
    assert "GPU" in refused(capsys, "train", "text", "--profile", "t4")


@pytest.mark.parametrize("command", [("train", "text"), ("run",)])
def test_an_output_folder_whose_place_a_file_takes_is_one_line_and_the_file_stays(capsys, tmp_path, monkeypatch, command):
    (tmp_path / "output").write_text("mine")
    assert "output" in refused(capsys, *command, "--profile", "nano")
    assert (tmp_path / "output").read_text() == "mine"


def test_drawing_into_a_place_that_a_file_takes_is_one_line_and_the_file_stays(capsys, tmp_path):
    (tmp_path / "screens").write_text("mine")
    refused(capsys, "screens", "--count", "1", "--out", tmp_path / "screens")  # or for want of a browser
    assert (tmp_path / "screens").read_text() == "mine"


def test_an_output_folder_that_is_not_writable_is_one_line(capsys, monkeypatch):
    def refuse(self, *_, **__):
        raise PermissionError(13, "Permission denied", str(self))  # root may write everywhere, so the mode proves nothing

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert "not writable" in refused(capsys, "train", "text", "--profile", "nano")


def test_a_run_folder_that_another_config_has_is_not_written_over(capsys, tmp_path, monkeypatch):
    from ghostlib import config
    from ghostlib.training import runs

    monkeypatch.setenv("GHOST_RUN", "mine")
    folder = runs.begin(config.load("nano", overrides=["lora.rank=8"])).folder
    before = (folder / "config.yaml").read_bytes()
    assert "rank" in refused(capsys, "train", "text", "--profile", "nano")
    assert (folder / "config.yaml").read_bytes() == before


@pytest.mark.parametrize(("raised", "code"), [(KeyboardInterrupt(), 130), (OSError(28, "No space left on device"), 2)])
def test_ctrl_c_and_a_full_disk_are_one_line_each(capsys, monkeypatch, tmp_path, raised, code):
    def judge(*_, **__):
        raise raised

    monkeypatch.setattr("ghostlib.schemas.postgres.judge", judge)
    (tmp_path / "good.sql").write_text("CREATE TABLE tags (name text);")
    found, _, err = ghost(capsys, "check", tmp_path / "good.sql")
    assert found == code and err.startswith("ghost: ") and err.count("\n") == 1


def test_the_shipped_datasets_go_through_the_gates(capsys):
    code, out, err = ghost(capsys, "dataset", "check", ROOT / "data" / "validation_set" / "dataset.json")
    assert code in (0, 1) and out and not err


def test_a_bad_dataset_stops_with_1_its_findings_and_a_rejects_file(capsys, tmp_path):
    from predecessor import write

    file = write(tmp_path / "public.json", random.Random(3), count=60, stubs=20)
    code, out, _ = ghost(capsys, "dataset", "check", file, "--rejects", tmp_path / "rejects.jsonl")
    assert code == 1 and "FAIL  collapse" in out and "FAIL  tables" in out and "rejects.jsonl" in out.splitlines()[-1]
    rows = [json.loads(line) for line in (tmp_path / "rejects.jsonl").read_text().splitlines()]
    assert {row["file"] for row in rows} == {str(file)} and len(rows) >= 20


def test_anybodys_predictions_are_scored_into_a_table_json_and_a_folder(capsys, tmp_path):
    from ghostlib.corpus.records import read_screens

    screens = read_screens(ROOT / "data" / "validation_set" / "dataset.json")
    file = tmp_path / "mine.jsonl"
    file.write_text("".join(json.dumps({"id": s.image_path, "prediction": s.output}) + "\n" for s in screens[:3]))
    words = ("evaluate", "--profile", "nano", "--predictions", file, "--out", tmp_path / "out")
    code, out, _ = ghost(capsys, *words)
    assert code == 0 and "label_coverage" in out and f"{len(screens) - 3} of {len(screens)}" in out
    code, out, _ = ghost(capsys, *words, "--json")
    told = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert json.loads(out) == told and told["n"] == len(screens)
