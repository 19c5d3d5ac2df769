"""`ghost train`: the same command goes on where it was stopped, and what it prints at the end is true."""

import json
import subprocess
import sys

import pytest

from ghostlib import cli
from ghostlib import config as configs
from ghostlib.errors import TrainingError
from ghostlib.training import runs, sft
from ghostlib.training.ladder import Rung

TRAIN = ("train", "text", "--profile", "nano", "--set", "train.max_steps=3")
LOG = [{"step": step, "loss": 2.0 / step, "tokens": 100 * step} for step in (1, 2, 3)]
SCORES = [{"step": 2, "score": 0.5, "validity": 0.75, "asked": 8}]


def ended(run, phase, *, scores=SCORES):
    """What sft.run leaves and gives back, without the training."""
    best = {"best": {"step": 2, "score": 0.5}} if scores else {}
    kept = {"step": 2 if scores else 3, "why": "for a reason"} | best
    run.record(**{phase: {"peak_gib": 1.25, "examples": 9, "why": "it fits", "kept": kept}})
    adapter = run.phase(phase) / "adapter"
    adapter.mkdir()
    (adapter / "adapter_model.safetensors").write_bytes(b"x")
    return sft.Result(adapter, LOG, 61.04, 3, 2, Rung(None, None, True, ""), scores)


@pytest.fixture
def training(monkeypatch):
    """Stand in for sft.run; what is appended to `scripts` is done, one a call. The runs that it was given come back."""
    scripts, given = [], []

    def trained(settings, phase, run, **_):
        given.append(run.folder.name)
        run.phase(phase)
        print("a line of progress")
        script = scripts.pop(0) if scripts else ended
        return script(run, phase)

    monkeypatch.setattr(sft, "run", trained)
    trained.scripts, trained.given = scripts, given
    return trained


def stop(run, phase):
    saved = run.phase(phase) / "checkpoints" / "checkpoint-2"
    saved.mkdir(parents=True)
    (saved / "complete.json").write_text('{"of": {}, "files": {}}')
    (run.phase(phase) / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in LOG))
    raise KeyboardInterrupt


def test_the_end_says_what_was_made_and_what_comes_next(training, capsys):
    assert cli.main(TRAIN) == 0
    lines = capsys.readouterr().out.splitlines()[1:]
    run = training.given[0]
    assert lines == [
        "text: 3 steps on 9 examples in 61 s, peak 1.2 GiB, loss 2.000 -> 0.667",
        "best score 0.500 at step 2; kept is step 2",
        f"adapter: output/{run}/text/adapter",
        "next: ghost train vision --profile nano --set train.max_steps=3",
    ]


def test_without_an_evaluation_no_score_is_told(training, capsys):
    training.scripts.append(lambda run, phase: ended(run, phase, scores=[]))
    assert cli.main(TRAIN) == 0 and "score" not in capsys.readouterr().out


def test_a_program_reads_one_json_document_and_nothing_else_on_standard_output(training, capsys):
    assert cli.main((*TRAIN, "--json")) == 0
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert told["loss"] == {"first": 2.0, "last": pytest.approx(2 / 3)} and told["steps"] == 3 and told["dropped"] == 2
    assert told["best"] == {"step": 2, "score": 0.5, "validity": 0.75, "asked": 8} and told["kept"]["step"] == 2
    assert told["seconds"] == 61.0 and told["peak_gib"] == 1.25 and told["adapter"].endswith("text/adapter")
    assert "a line of progress" in err


def test_the_command_that_is_named_as_the_next_one_is_taken(training, capsys):
    cli.main((*TRAIN, "--set", "lora.modules=[q, v]"))
    following = capsys.readouterr().out.splitlines()[-1].removeprefix("next: ")
    done = subprocess.run(
        [sys.executable, "-c", "import shlex, sys; print(shlex.split(sys.argv[1]))", following], capture_output=True, text=True
    )
    assert "'lora.modules=[q, v]'" in done.stdout, "quoted for a shell"
    import shlex

    assert cli.main(shlex.split(following)[1:]) == 0
    assert training.given[0] == training.given[1], "vision goes on in the run of the text phase"
    assert "ghost evaluate --profile nano" in capsys.readouterr().out


def test_ctrl_c_is_one_line_and_the_same_command_goes_on_in_that_run(training, capsys):
    training.scripts.append(stop)
    assert cli.main(TRAIN) == 130
    err = capsys.readouterr().err
    assert err == "ghost: stopped after step 3; the same command goes on from step 2\n"
    assert cli.main(TRAIN) == 0 and training.given[0] == training.given[1]
    assert "goes on in output/" in capsys.readouterr().err
    assert cli.main(TRAIN) == 0 and training.given[2] != training.given[1], "a finished one is not gone on with"


def test_ctrl_c_before_anything_was_saved_says_so(training, capsys):
    training.scripts.append(lambda run, phase: (_ for _ in ()).throw(KeyboardInterrupt))
    assert cli.main(TRAIN) == 130
    assert "before the first step" in (err := capsys.readouterr().err) and "from the beginning" in err


def test_new_or_another_config_begins_another_run(training):
    training.scripts += [stop, stop]
    cli.main(TRAIN)
    cli.main(("train", "text", "--profile", "nano", "--set", "train.max_steps=4"))
    cli.main((*TRAIN, "--new"))
    assert len(set(training.given)) == 3


def test_how_a_run_is_watched_does_not_keep_it_from_going_on(training):
    training.scripts.append(stop)
    cli.main(TRAIN)
    cli.main((*TRAIN, "--set", "train.tensorboard=true", "--set", "train.keep=last"))
    assert training.given[0] == training.given[1]


def test_a_run_that_another_process_trains_is_left_to_it(training):
    config = configs.load("nano", overrides=("train.max_steps=3",))
    run = runs.begin(config)
    with runs.training(run, "text"):
        with pytest.raises(TrainingError, match="another process"), runs.training(run, "text"):
            pass
        with runs.training(run, "vision"):
            assert runs.unfinished(config, "text") is None
            assert cli.main(TRAIN) == 0 and training.given[0] != run.folder.name
    assert runs.unfinished(config, "text").folder == run.folder


def test_the_hold_of_a_killed_process_ends_with_it(tmp_path):
    run = runs.begin(configs.load("nano"))
    program = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom ghostlib import config\nfrom ghostlib.training import runs\n"
        "run = runs.Run(Path(sys.argv[1]), config.load('nano'))\n"
        "with runs.training(run, 'text'):\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(run.folder)])
    assert done.returncode == -9
    with runs.training(run, "text"):
        pass


def test_a_run_that_the_environment_names_is_the_one(training, monkeypatch):
    training.scripts.append(stop)
    cli.main(TRAIN)
    monkeypatch.setenv("GHOST_RUN", "mine")
    cli.main(TRAIN)
    assert training.given[1] == "mine"
