"""Google Colab, as far as it can be proven elsewhere: its own versions, its own package (a stand-in), our install."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from ghostlib import colab, machine, notebooks
from ghostlib.errors import MachineError

ROOT = Path(__file__).resolve().parents[1]
HERE = Path(__file__).parent
FROZEN = (HERE / "colab_versions.txt").read_text().splitlines()
PINNED = (ROOT / "requirements.txt").read_text().splitlines()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# Colab's CPU machines freeze torch as an address instead of a version.
BY_ADDRESS = "torch @ https://wheels.example/cpu/torch-2.11.0%2Bcpu-cp313-cp313-manylinux_2_28_x86_64.whl"


def versions(lines):
    """Normalised name -> the version a line pins."""
    pairs = (line.split("==") for line in lines if "==" in line and not line.startswith("#"))
    return {name.split("[")[0].strip().lower().replace("_", "-"): version.split(";")[0].strip() for name, version in pairs}


THEIRS, OURS = versions(FROZEN), versions(PINNED)


@pytest.fixture
def standin(monkeypatch):
    """A machine that has the package `google.colab`; what it was asked stands in `calls`."""
    monkeypatch.syspath_prepend(str(HERE / "colab_standin"))
    from google.colab import calls

    calls.clear()
    monkeypatch.delenv("GHOST_OUTPUT", raising=False)
    yield calls
    os.environ.pop("GHOST_OUTPUT", None)
    for name in [name for name in sys.modules if name.startswith("google.colab")]:
        del sys.modules[name]


@pytest.fixture
def pip(monkeypatch):
    """What pip is told, with each constraints file read in the moment it is used. `cuda` and `fails` change its world."""

    class Recorder:
        calls: list = []
        constraints: list = []
        cuda = False
        fails = ""

        def __call__(self, words, **_):
            if words[0] == "nvidia-smi":
                return subprocess.CompletedProcess(words, 0 if self.cuda else 9, "", "")
            assert words[:3] == [sys.executable, "-m", "pip"], words
            told = words[3:]
            self.calls.append(told)
            if "-c" in told:
                self.constraints.append(Path(told[told.index("-c") + 1]).read_text().splitlines())
            if self.fails and self.fails in told:
                return subprocess.CompletedProcess(words, 1, "", "noise\nERROR: No matching distribution found for x")
            return subprocess.CompletedProcess(words, 0, "\n".join(FROZEN), "")

    recorder = Recorder()
    recorder.calls, recorder.constraints = [], []
    monkeypatch.setattr(colab.subprocess, "run", recorder)
    return recorder


@pytest.mark.parametrize(
    "name",
    [
        *("torch", "torchvision", "torchaudio", "triton", "nvidia-cublas-cu12", "numpy", "pandas", "protobuf", "requests"),
        *("ipython", "ipykernel", "ipywidgets", "jupyter-client", "jupyterlab-widgets", "notebook", "tornado", "pyzmq"),
        *("traitlets", "nbformat", "nbclient", "nbconvert", "widgetsnbextension", "matplotlib-inline"),
    ],
)
def test_what_a_running_kernel_stands_on_keeps_colabs_own_version(name):
    assert versions(colab.constraints(FROZEN, PINNED))[name] == THEIRS[name]


@pytest.mark.parametrize(
    "name", ["transformers", "trl", "peft", "bitsandbytes", "datasets", "accelerate", "sentencepiece", "pillow", "psycopg"]
)
def test_what_we_train_with_takes_our_version_whatever_colab_has(name):
    assert versions(colab.constraints(FROZEN, PINNED))[name] == OURS[name]


def test_torchao_of_colab_is_too_old_for_peft_and_is_raised():
    gpu = [line.removeprefix("#gpu ") for line in PINNED if line.startswith("#gpu ")]
    assert THEIRS["torchao"] == "0.10.0"
    assert versions(colab.constraints(FROZEN, [*PINNED, *gpu]))["torchao"] == versions(gpu)["torchao"]


def test_no_package_is_constrained_twice_and_none_carries_extras_or_comments():
    lines = [line for line in colab.constraints(FROZEN, [*PINNED, "psycopg[binary]==3.3.9  # why"]) if line]
    assert len(versions(lines)) == len(set(lines)) == len(lines)
    assert not [line for line in lines if "[" in line or "#" in line or " " in line]


def test_lines_that_pin_nothing_are_left_out():
    made = colab.constraints(["-e /content/x", "# words", "", "torch==2.11.0+cu128"], ["# ==", "-r x"])
    assert "".join(made) == "torch==2.11.0+cu128"


def test_names_are_compared_as_pip_does():
    assert colab.constraints(["Jupyter_Client==7.4.9"], ["jupyter.client==8.0"]) == ["Jupyter_Client==7.4.9"]


def test_a_package_that_merely_starts_like_an_owned_one_is_not_owned():
    assert colab.owned("torch") and not colab.owned("torchao") and not colab.owned("requests-oauthlib")
    assert colab.owned("jupyter-client") and not colab.owned("numpydoc")


def test_install_brings_the_extra_under_constraints_and_nothing_for_cuda_where_there_is_none(pip):
    colab.install(ROOT)
    asked, install, alone = pip.calls
    assert "--no-deps" in alone and alone[-2].startswith("xgrammar==") and alone[-1].startswith("apache-tvm-ffi==")
    assert asked[0] in ("freeze", "list")
    assert install[0] == "install" and install[-2:] == ["-e", f"{ROOT}[colab]"]
    assert "only-if-needed" in install, "what satisfies already is not replaced"
    assert not {"--force-reinstall", "--upgrade", "-U"} & set(install)
    (lines,) = pip.constraints
    assert versions(lines)["torch"] == "2.11.0+cu128" and versions(lines)["trl"] == OURS["trl"]


def test_install_brings_unsloth_without_its_dependencies_where_cuda_is(pip):
    pip.cuda = True
    colab.install(ROOT)
    alone = [call for call in pip.calls if "--no-deps" in call]
    assert len(alone) == 2
    pins = [line.removeprefix("#gpu-alone ") for line in PINNED if line.startswith("#gpu-alone ")]
    assert pins and alone[1][-len(pins) :] == pins and any(pin.startswith("unsloth==") for pin in pins)
    assert any(call[-1] == f"{ROOT}[gpu]" for call in pip.calls)


def test_install_leaves_no_file_behind_and_a_failure_is_one_line_with_pips_last_word(pip, monkeypatch, tmp_path):
    monkeypatch.setattr(colab.tempfile, "tempdir", str(tmp_path))
    pip.fails = "install"
    with pytest.raises(MachineError) as told:
        colab.install(ROOT)
    assert "No matching distribution found" in str(told.value) and "\n" not in str(told.value)
    assert "noise" not in str(told.value)
    assert list(tmp_path.iterdir()) == []


def test_output_moves_into_the_users_drive_after_one_question(standin):
    line = colab.keep_output()
    assert standin == [("drive.mount", "/content/drive")]
    assert os.environ["GHOST_OUTPUT"] == "/content/drive/MyDrive/ghost-architect/output" and "Drive" in line
    colab.keep_output()
    assert len(standin) == 1, "a second cell run asks no second time"


def test_a_refused_drive_goes_on_with_this_machine(standin, monkeypatch):
    monkeypatch.setenv("GHOST_STANDIN_DRIVE", "refused")
    line = colab.keep_output()
    assert "GHOST_OUTPUT" not in os.environ
    assert "stay on this machine" in line and "\n" not in line


def test_an_output_folder_that_is_named_is_kept_without_a_question(standin, monkeypatch, tmp_path):
    monkeypatch.setenv("GHOST_OUTPUT", str(tmp_path))
    assert tmp_path.name in colab.keep_output()
    assert standin == []


def test_elsewhere_nothing_is_asked_and_nothing_is_set(monkeypatch):
    monkeypatch.delenv("GHOST_OUTPUT")
    assert not machine.in_colab()
    assert "output" in colab.keep_output()
    assert "GHOST_OUTPUT" not in os.environ


def test_the_install_cell_does_nothing_outside_colab(monkeypatch):
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("the install cell ran something"))
    where, path = os.getcwd(), list(sys.path)
    exec(compile(notebooks.install_cell(), "install cell", "exec"), {})
    assert (os.getcwd(), sys.path) == (where, path)


def test_the_install_cell_brings_the_project_and_installs_it_in_colab(standin, monkeypatch, capsys):
    ran, moved = [], []
    monkeypatch.setattr(subprocess, "run", lambda words, **_: ran.append(words))
    monkeypatch.setattr(os, "chdir", moved.append)
    monkeypatch.setattr(sys, "path", list(sys.path))
    exec(compile(notebooks.install_cell(), "install cell", "exec"), {})
    clone, install = ran
    address = PROJECT["urls"]["Repository"]
    assert clone[:2] == ["git", "clone"] and clone[-2:] == [address, moved[0]]
    assert install == [sys.executable, "-m", "ghostlib.colab"]
    assert sys.path[0] == moved[0], "the running kernel must find the package without a restart"
    assert standin == [("drive.mount", "/content/drive")] and "Drive" in capsys.readouterr().out


def test_the_module_runs_before_anything_is_installed():
    program = "import runpy, sys; sys.argv = ['x']; import ghostlib.colab; print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-S", "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "'yaml'" not in done.stdout


def names_of_extras():
    extras = PROJECT["optional-dependencies"]
    return [*PROJECT["dependencies"], *extras["colab"], *extras["gpu"]]


def resolve(tmp_path, asked, python, constraints=()):
    """What uv would install for another Python, torch left out; skips where the package index does not answer."""
    (tmp_path / "asked.txt").write_text("\n".join(asked))
    (tmp_path / "constraints.txt").write_text("\n".join(constraints))
    (tmp_path / "excluded.txt").write_text("torch\ntorchvision\n")  # the machine's own; uv would bring gigabytes of CUDA
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if not uv:
        pytest.skip("uv is not installed (it is in requirements.txt)")
    words = [uv, "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--no-python-downloads"]
    words += ["--python-version", python, "--excludes", "excluded.txt", "-c", "constraints.txt", "asked.txt"]
    try:
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    except subprocess.TimeoutExpired:
        pytest.skip("the package index did not answer within a minute")
    if any(sign in done.stderr for sign in ("Failed to fetch", "dns error", "error sending request", "Connection")):
        if done.returncode:
            pytest.skip(f"the package index cannot be reached: {done.stderr.strip().splitlines()[0][:120]}")
    assert done.returncode == 0, done.stderr
    return versions(done.stdout.splitlines())


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_the_pins_resolve_for_every_python_that_we_promise(tmp_path, python):
    asked = [line.split("#")[0] for line in PINNED if "==" in line and not line.startswith(("#", "torch=="))]
    asked += [line.removeprefix("#gpu ") for line in PINNED if line.startswith("#gpu ")]
    found = resolve(tmp_path, asked, python)
    assert found["transformers"] == OURS["transformers"] and "torch" not in found
    assert not [name for name in found if name.startswith("nvidia-")]


def test_the_extras_resolve_beside_what_colab_has(tmp_path):
    gpu = [line.removeprefix("#gpu ") for line in PINNED if line.startswith("#gpu ")]
    lines = [line for line in colab.constraints(FROZEN, [*PINNED, *gpu]) if "+cu" not in line]
    found = resolve(tmp_path, names_of_extras(), "3.13", lines)
    replaced = {name: (THEIRS[name], found[name]) for name in found if name in THEIRS and found[name] != THEIRS[name]}
    assert not [name for name in replaced if colab.owned(name)], replaced
    assert found["trl"] == OURS["trl"] and found["protobuf"] == THEIRS["protobuf"]


def test_a_torch_that_was_frozen_by_its_address_is_still_held(pip, monkeypatch):
    plain = pip.__class__.__call__

    def answer(self, words, **named):
        done = plain(self, words, **named)
        if words[3:4] == ["freeze"]:
            done.stdout = done.stdout.replace("torch==2.11.0+cu128", BY_ADDRESS)
        return done

    monkeypatch.setattr(pip.__class__, "__call__", answer)
    colab.install(ROOT)
    assert versions(pip.constraints[0]).get("torch", "").startswith("2.11.0")
