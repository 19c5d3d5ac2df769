"""The probe: a real process that trains two steps, and every way in which it can end without."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
import types
from pathlib import Path

import psutil
import pytest

from ghostlib import config as configs
from ghostlib import machine, tasks
from ghostlib.errors import ConfigError, OutOfMemory, TrainingError
from ghostlib.models import load
from ghostlib.tasks import Example
from ghostlib.training import ladder, probe, rows, runs, sft
from ghostlib.training.probe import Probed

ROOT = Path(__file__).resolve().parents[1]
SHORT = Example("short", "3,4 order", None, "CREATE TABLE orders (id bigint);")
LONG = Example("long", "3,4 guest " * 20, None, "CREATE TABLE guests (id bigint);")
TOO_LONG = Example("too long", "3,4 task " + "Ω" * 600, None, "CREATE TABLE tasks (id bigint);")
RAN = Probed("ran", peak_gib=1.25, seconds=2.0)
FULL = Probed("out of memory", "CUDA out of memory. Tried to allocate 2.00 GiB")


@pytest.fixture
def ready(tiny_nano, monkeypatch):
    """A config that names nano by its folder, as a process of its own has to find it, and the run."""
    examples = [SHORT, TOO_LONG, LONG]
    monkeypatch.setattr(tasks, "named", lambda name: types.SimpleNamespace(examples=lambda *args: examples))
    small = ("train.max_steps=2", "train.batch_size=1", "train.max_seq_length=1024", "lora.rank=4", "lora.alpha=4")
    config = configs.load("nano", overrides=(*small, f"model.name={tiny_nano}", "train.probe=on"))
    return config, runs.begin(config)


@pytest.fixture
def steps(monkeypatch):
    """Three rungs for nano, which has but one."""
    down = {4: 2, 2: 1}
    monkeypatch.setattr(
        ladder, "cheaper", lambda plan: dataclasses.replace(plan, rank=down[plan.rank]) if plan.rank in down else None
    )


def program(monkeypatch, text):
    """Let the probe's process run this instead; `folder` is where it has to report."""
    head = "import json, os, signal, sys, time\nfrom pathlib import Path\nfolder = Path(sys.argv[1])\n"
    monkeypatch.setattr(probe, "COMMAND", (sys.executable, "-c", head + textwrap.dedent(text)))


def gone(pid, within=10.0):
    end = time.monotonic() + within
    while time.monotonic() < end:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


def test_two_real_steps_on_the_longest_example_that_is_kept_confirm_the_rung_in_one_line(ready, tiny_nano, capsys):
    config, run = ready
    result = sft.run(config, "text", run)
    first = capsys.readouterr().out.splitlines()[0]
    tokens = rows.lengths([LONG], load.processor(str(tiny_nano)))[0]
    assert first.startswith("text: probing sequence 1024, rank 4, DoRA") and f"s a step on {tokens} tokens" in first
    facts = run.facts()["text"]
    (found,) = facts["probe"]
    assert found["outcome"] == "ran" and found["tokens"] == tokens and found["seconds"] > 0
    assert 0.3 < found["peak_gib"] < 4 and "a probe peaked at" in facts["why"] == result.rung.why
    assert not list(run.folder.rglob("report.jsonl")) and not list(run.folder.rglob("asked.json"))


def test_a_run_that_goes_on_is_not_probed_again(ready, monkeypatch):
    config, run = ready
    monkeypatch.setattr(probe, "measure", lambda *args, **kwargs: RAN)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(load, "base", lambda *args: (_ for _ in ()).throw(KeyboardInterrupt))
        sft.run(config, "text", run, progress=False)
    monkeypatch.setattr(probe, "measure", lambda *args, **kwargs: pytest.fail("the rung is frozen"))
    assert sft.run(config, "text", run, progress=False).rung.plan.rank == 4


@pytest.mark.parametrize("failing", [FULL, Probed("hung", "no end in sight")], ids=lambda found: found.outcome)
def test_a_probe_that_does_not_fit_steps_down_before_anything_is_loaded(ready, steps, monkeypatch, capsys, failing):
    config, run = ready
    asked = []

    def measure(config, plan, example, *, start):
        asked.append((plan.rank, example.id))
        return RAN if plan.rank == 1 else failing

    monkeypatch.setattr(probe, "measure", measure)
    result = sft.run(config, "text", run)
    assert asked == [(4, "long"), (2, "long"), (1, "long")] and result.rung.plan.rank == 1
    facts = run.facts()["text"]
    assert [one["outcome"] for one in facts["probe"]] == [failing.outcome, failing.outcome, "ran"]
    assert facts["why"].startswith(f"rank 2 -> 1 after running out of memory ({failing.message})") and "attempts" not in facts
    assert capsys.readouterr().out.count("text: probing") == 3


def test_where_no_rung_is_left_it_is_one_line_of_advice(ready, steps, monkeypatch):
    config, run = ready
    monkeypatch.setattr(probe, "measure", lambda *args, **kwargs: FULL)
    monkeypatch.setattr(load, "base", lambda *args: pytest.fail("nothing is to be loaded"))
    with pytest.raises(OutOfMemory, match=r"text: the probe ran out of memory on the last rung \(CUDA.*\)\. Use a larger"):
        sft.run(config, "text", run, progress=False)
    assert len(run.facts()["text"]["probe"]) == 3 and "plan" not in run.facts()["text"]


def test_a_rung_that_only_a_probe_can_judge_is_taken_when_it_runs_and_probed_once(ready, steps, monkeypatch):
    config, run = ready
    plan = configs.plan(config, "text")
    need = ladder.rung(plan, machine.look(), "").cost.total
    small = dataclasses.replace(machine.look(), gpu=None, capability=None, vram_gib=None, ram_gib=need)  # open: +- the error
    monkeypatch.setattr(machine, "look", lambda: small)
    asked = []
    monkeypatch.setattr(probe, "measure", lambda config, plan, *args, **kwargs: asked.append(plan.rank) or RAN)
    assert sft.run(config, "text", run, progress=False).rung.plan == plan and asked == [4]


def test_a_probe_that_fails_of_something_else_leaves_the_word_to_the_training(ready, monkeypatch):
    config, run = ready
    monkeypatch.setattr(probe, "measure", lambda *args, **kwargs: Probed("failed", "KeyError: pixel_values"))
    result = sft.run(config, "text", run, progress=False)
    assert result.steps == 2 and "a probe failed (KeyError: pixel_values)" in result.rung.why


def test_a_probe_that_crashed_stops_the_run_as_training_would_take_the_notebook_with_it(ready, monkeypatch):
    config, run = ready
    program(monkeypatch, "os.kill(os.getpid(), signal.SIGSEGV)")
    with pytest.raises(TrainingError, match=r"the probe crashed \(signal 11, SIGSEGV\).*train\.probe=off"):
        sft.run(config, "text", run, progress=False)


@pytest.mark.parametrize(
    ("text", "outcome", "message"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "out of memory", "signal 9, as the kernel does"),
        ("sys.exit('Error out of memory at line 380 in file /src/csrc/ops.cu')", "out of memory", "line 380"),
        ("sys.exit('no module named x')", "failed", "exit code 1: no module named x"),
        ("pass", "failed", "without a word"),
        ("os.abort()", "crashed", "SIGABRT"),
        ("(folder / 'report.jsonl').write_text('{\"loaded\": tr')", "failed", "exit code 0"),
    ],
)
def test_however_the_process_ends_its_end_is_told(ready, monkeypatch, text, outcome, message):
    config, _ = ready
    program(monkeypatch, text)
    found = probe.measure(config, configs.plan(config, "text"), LONG)
    assert found.outcome == outcome and message in found.message and "\n" not in found.told


def test_memory_that_really_runs_out_in_the_process_is_reported_from_there(ready, monkeypatch):
    """Its address space is limited once all is loaded, so that torch's own allocator fails at the first step."""
    config, _ = ready
    limit = """\
        import resource, psutil
        from ghostlib.training import probe, trainer
        build = trainer.build
        def limited(*args, **kwargs):
            made = build(*args, **kwargs)
            space = psutil.Process().memory_info().vms + 300 * 2**20
            resource.setrlimit(resource.RLIMIT_AS, (space, space))
            return made
        trainer.build = limited
        probe.main(folder)
    """
    program(monkeypatch, limit)
    wide = dataclasses.replace(config, train=dataclasses.replace(config.train, batch_size=256))
    found = probe.measure(wide, configs.plan(config, "text"), LONG)
    assert found.outcome == "out of memory" and "can't allocate memory" in found.message


def test_the_process_sees_the_environment_and_the_adapter_that_a_phase_begins_from(ready, monkeypatch, tmp_path):
    config, _ = ready
    monkeypatch.setenv("GHOST_ROOT", str(ROOT))
    monkeypatch.setenv("GHOST_OUTPUT", str(tmp_path / "elsewhere"))
    program(
        monkeypatch,
        """\
        asked = json.loads((folder / "asked.json").read_text())
        seen = [os.environ["GHOST_ROOT"], os.environ["GHOST_OUTPUT"], asked["start"], asked["example"]["id"]]
        (folder / "report.jsonl").write_text(json.dumps({"outcome": "failed", "message": " ".join(seen)}) + "\\n")
        """,
    )
    found = probe.measure(config, configs.plan(config, "text"), LONG, start=tmp_path / "adapter")
    assert found.message == f"{ROOT} {tmp_path / 'elsewhere'} {tmp_path / 'adapter'} long"


def test_time_runs_for_the_steps_and_apart_for_loading(ready, monkeypatch):
    config, _ = ready
    monkeypatch.setattr(probe, "LOADING", 30.0)
    monkeypatch.setattr(probe, "STEPPING", 0.5)
    program(
        monkeypatch,
        """\
        (folder / "report.jsonl").write_text(json.dumps({"loaded": True}) + "\\n")
        time.sleep(60)
        """,
    )
    began = time.monotonic()
    found = probe.measure(config, configs.plan(config, "text"), LONG)
    assert found.outcome == "hung" and found.short and time.monotonic() - began < 15
    monkeypatch.setattr(probe, "LOADING", 0.5)
    program(monkeypatch, "time.sleep(60)")
    assert probe.measure(config, configs.plan(config, "text"), LONG).outcome == "hung"


def test_an_interrupt_ends_the_process_and_what_it_has_started(ready, monkeypatch, tmp_path):
    config, _ = ready
    noted = tmp_path / "pids"
    program(
        monkeypatch,
        f"""\
        import subprocess
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        Path({str(noted)!r}).write_text(f"{{os.getpid()}} {{child.pid}}")
        os.kill(os.getppid(), signal.SIGINT)
        time.sleep(60)
        """,
    )
    with pytest.raises(KeyboardInterrupt):
        probe.measure(config, configs.plan(config, "text"), LONG)
    assert all(gone(int(pid)) for pid in noted.read_text().split())


def test_a_parent_that_is_killed_leaves_no_orphan_and_no_folder(ready, tmp_path, monkeypatch):
    """The real process, killed parent and all, at the moment when it has begun."""
    config, _ = ready
    configs.save(config, tmp_path / "config.yaml")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent("""\
            import sys
            from pathlib import Path
            from ghostlib import config as configs
            from ghostlib.tasks import Example
            from ghostlib.training import probe
            config = configs.from_file(Path(sys.argv[1]))
            probe.measure(config, configs.plan(config, "text"), Example("a", "b", None, "c"))
        """), str(tmp_path / "config.yaml")],
        cwd=ROOT,
    )  # fmt: skip
    children = []
    while not children and parent.poll() is None:
        time.sleep(0.05)
        children = psutil.Process(parent.pid).children(recursive=True)
    time.sleep(1.0)  # it watches from its first line on, which comes after Python's own start
    parent.kill()
    parent.wait()
    assert children and all(gone(child.pid, within=5.0) for child in children)
    assert not list(tmp_path.glob("ghost-probe-*"))


@pytest.mark.parametrize(
    ("setting", "gpu", "processes", "expected"),
    [
        ("auto", None, "1", False),
        ("auto", "Tesla T4", "1", True),
        ("on", None, "1", True),
        ("off", "Tesla T4", "1", False),
        ("on", "Tesla T4", "2", False),
    ],
)
def test_the_probe_is_for_a_gpu_unless_it_is_asked_for(ready, monkeypatch, setting, gpu, processes, expected):
    monkeypatch.setenv("WORLD_SIZE", processes)
    there = machine.card("T4") if gpu else dataclasses.replace(machine.look(), gpu=None, capability=None, vram_gib=None)
    monkeypatch.setattr(machine, "look", lambda: there)
    assert probe.wanted(configs.load("nano", overrides=[f"train.probe={setting}"])) is expected


def test_a_setting_that_there_is_not_is_named_with_those_that_there_are():
    with pytest.raises(ConfigError, match=r"train\.probe=maybe: expected one of auto, on, off"):
        configs.load("nano", overrides=["train.probe=maybe"])


def test_the_setting_may_change_within_a_run_and_survives_its_file(ready, tmp_path):
    config, run = ready
    runs.agree(run, dataclasses.replace(config, train=dataclasses.replace(config.train, probe="off")))
    configs.save(config, tmp_path / "config.yaml")
    assert configs.from_file(tmp_path / "config.yaml").train.probe == "on"


def test_a_report_that_is_whole_counts_however_the_process_ends_afterwards():
    report = {"outcome": "ran", "peak_gib": 3.0, "seconds": 2.0}
    assert probe.verdict(report, -signal.SIGSEGV, "") == Probed("ran", peak_gib=3.0, seconds=2.0)
    assert probe.verdict({"loaded": True}, -signal.SIGKILL, "").short
    assert probe.verdict(None, None, "").outcome == "hung"


def test_the_program_of_the_probe_imports_no_torch_before_it_watches_its_parent():
    done = subprocess.run(
        [sys.executable, "-c", "import sys, ghostlib.training.probe; print('torch' in sys.modules)"],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
    )
    assert json.loads(done.stdout.lower()) is False
