"""The two commands and their friends: they exist, `make help` tells of them, and a checkout is judged by `make test`."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PROMISED = "setup run test validate dataset-check train export notebooks bench soak clean help".split()
TARGETS = dict(re.findall(r"^([a-z-]+):(.*)$", MAKEFILE, flags=re.MULTILINE))
needs_make = pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")


def dry(*words):
    done = subprocess.run(["make", "--dry-run", *words], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@needs_make
def test_help_tells_of_every_promised_target_in_words():
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    told = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert set(PROMISED) <= set(told)
    assert all(len(words) > 5 for words in told.values())


@pytest.mark.parametrize("target", PROMISED)
def test_a_promised_target_exists_and_is_no_file(target):
    assert target in TARGETS
    assert target in re.search(r"^\.PHONY:(.*)$", MAKEFILE, flags=re.MULTILINE)[1].split()


@needs_make
@pytest.mark.parametrize("target", ["run", "test", "train", "export", "notebooks", "soak"])
def test_what_trains_or_tests_runs_with_the_hub_offline(target):
    ghosts = [
        line for line in dry(target).splitlines() if "/ghost " in line or "pytest" in line or "ghostlib.notebooks" in line
    ]
    assert ghosts and all("HF_HUB_OFFLINE=1" in line for line in ghosts), ghosts


@needs_make
def test_a_profile_named_reaches_the_run_and_auto_is_the_default():
    assert "--profile auto" in dry("run")
    assert "--profile t4" in dry("run", "PROFILE=t4")


@needs_make
def test_the_extra_index_is_empty_unless_named_and_torch_comes_first(tmp_path):
    plain = dry("setup", f"VENV={tmp_path / 'venv'}")
    named = dry("setup", f"VENV={tmp_path / 'venv'}", "TORCH_INDEX=https://wheels.example/cpu")
    assert "index-url" not in plain and "--extra-index-url https://wheels.example/cpu" in named
    assert plain.index("torch==") < plain.index("-r requirements.txt")


@needs_make
def test_the_tests_are_ruff_pytest_nbval_and_papermill():
    words = dry("test")
    for sign in ("ruff check", "ruff format --check", "pytest tests", "--nbval", "ghost run --profile nano"):
        assert sign in words, sign
    assert "not soak" in words


@needs_make
def test_cleaning_leaves_the_output_folder_alone():
    assert "output" not in dry("clean")


def test_a_checkout_is_judged_by_make_test_here_and_on_github():
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111, "must be executable"
    assert re.search(r"^make test$", script.read_text(encoding="utf-8"), flags=re.MULTILINE)
    flow = yaml.safe_load((ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8"))
    steps = [step.get("run", "") for step in flow["jobs"]["test"]["steps"]]
    assert any(step.startswith("make test") for step in steps)


def test_no_line_of_the_makefile_needs_more_than_python_git_and_make():
    recipes = [line.strip().lstrip("@-") for line in MAKEFILE.splitlines() if line.startswith("\t")]
    assert not [line for line in recipes if re.match(r"(sudo|apt|brew|docker|conda|uv|poetry|npm|curl|wget)\b", line)]
