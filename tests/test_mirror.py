"""The mirror: a second copy of a run that never stops the first one, and a run that comes back from it on another machine."""

import dataclasses
import errno
import json
import shutil
import time

import pytest
from safetensors.torch import load_file
from test_sft import SMALL, interrupt, picture, ready, task  # noqa: F401 (fixtures)

from ghostlib import config as configs
from ghostlib.errors import MachineError
from ghostlib.models import files
from ghostlib.training import checkpoints, mirror, runs, sft, watch


@pytest.fixture
def drive(tmp_path):
    (tmp_path / "drive").mkdir()
    return tmp_path / "drive"


@pytest.fixture
def run(monkeypatch, drive):
    """A run with one checkpoint, a log and an older phase's adapter."""
    monkeypatch.setenv("GHOST_RUN", "mine")
    run = runs.begin(configs.load("nano", overrides=(f"train.mirror={drive}",)))
    (run.phase("vision") / "log.jsonl").write_text('{"step": 1, "loss": 2.0}\n')
    (run.phase("vision") / "training.lock").write_text("")
    (run.phase("text") / "adapter").mkdir()
    (run.phase("text") / "adapter" / "adapter_model.safetensors").write_bytes(b"first phase")
    save(run, 1)
    return run


def save(run, step):
    folder = run.phase("vision") / "checkpoints" / f"checkpoint-{step}"
    folder.mkdir(parents=True)
    (folder / "weights").write_bytes(bytes([step]) * 1000)
    checkpoints.seal(folder, configs.plan(run.config, "vision"))
    return folder


def holding(folder):
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())


def test_checkpoint_log_facts_and_adapters_are_copied_and_two_checkpoints_are_kept(run, drive):
    copy = mirror.Mirror(run.folder, "vision", str(drive))
    for step in (2, 3, 4):
        copy.update(save(run, step))
        copy.finish()
    assert holding(drive / "mine") == [
        "config.yaml",
        "run.json",
        "text/adapter/adapter_model.safetensors",
        *(f"vision/checkpoints/checkpoint-{step}/{name}" for step in (3, 4) for name in (checkpoints.SEAL, "weights")),
        "vision/log.jsonl",
    ]
    assert checkpoints.newest(drive / "mine" / "vision" / "checkpoints").name == "checkpoint-4"


def test_only_what_has_changed_is_copied_again(run, drive, monkeypatch):
    copy = mirror.Mirror(run.folder, "vision", str(drive))
    copy.finish()
    again, replace = [], mirror._replace
    monkeypatch.setattr(mirror, "_replace", lambda source, target: again.append(source.name) or replace(source, target))
    run.record(note=1)
    copy.finish()
    assert again == ["run.json"] and json.loads((drive / "mine" / "run.json").read_text())["note"] == 1


@pytest.mark.parametrize("trouble", ["absent", "unwritable", "full", "a file", "itself", "another run"])
def test_a_mirror_that_does_not_take_it_is_one_line_once_and_training_goes_on(run, drive, monkeypatch, capsys, trouble):
    root = drive
    if trouble == "absent":
        root = drive / "unmounted"
    elif trouble == "a file":
        root = drive / "mine"
        root.write_text("")
    elif trouble == "itself":
        root = run.folder.parent
    elif trouble == "another run":
        (drive / "mine").mkdir()
        (drive / "mine" / "run.json").write_text('{"started": "2020-01-01T00:00:00+00:00"}')
    else:
        number = errno.ENOSPC if trouble == "full" else errno.EACCES
        refuse = lambda *args, **kwargs: (_ for _ in ()).throw(OSError(number, "no"))  # noqa: E731
        monkeypatch.setattr(mirror.shutil, "copyfile" if trouble == "full" else "copytree", refuse)
    before, there = holding(run.folder), holding(root) if root.is_dir() else None
    copy = mirror.Mirror(run.folder, "vision", str(root))
    for _ in range(3):
        copy.update(run.folder / "vision" / "checkpoints" / "checkpoint-1")
        copy.finish()
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and str(root) in told and "training goes on without a copy" in told
    assert holding(run.folder) == before
    if trouble in ("itself", "another run"):
        assert holding(root) == there


def test_a_slow_mirror_holds_up_nothing_and_its_checkpoint_is_not_removed_under_it(run, drive, monkeypatch, capsys):
    copytree, slow = shutil.copytree, [True]

    def copying(*args, **kwargs):
        while slow:
            time.sleep(0.01)
        return copytree(*args, **kwargs)

    monkeypatch.setattr(mirror.shutil, "copytree", copying)
    monkeypatch.setattr(mirror, "PATIENCE", 0.2)
    copy = mirror.Mirror(run.folder, "vision", str(drive))
    started = time.monotonic()
    copy.update(run.folder / "vision" / "checkpoints" / "checkpoint-1")
    for step in (2, 3, 4):
        saved = save(run, step)
        checkpoints.prune(saved.parent, spare=copy.copying)
        copy.update(saved)
    copy.finish()
    assert time.monotonic() - started < 5
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 2 and "checkpoint-2 is skipped" in told[0] and "has not taken everything" in told[1]
    slow.clear()
    monkeypatch.setattr(mirror, "PATIENCE", 60)
    copy.finish()
    assert checkpoints.newest(drive / "mine" / "vision" / "checkpoints").name == "checkpoint-1"


def test_a_copy_that_ends_in_the_middle_is_no_checkpoint(run, drive, monkeypatch):
    copy = mirror.Mirror(run.folder, "vision", str(drive))
    copy.update(save(run, 2))
    copy.finish()

    def killed(source, target, **kwargs):
        (target / "weights").write_bytes(b"half")
        raise OSError(errno.EIO, "gone")

    monkeypatch.setattr(mirror.shutil, "copytree", killed)
    copy.update(save(run, 3))
    copy.finish()
    assert checkpoints.newest(drive / "mine" / "vision" / "checkpoints").name == "checkpoint-2"


def test_no_mirror_does_nothing(run, drive):
    copy = mirror.Mirror(run.folder, "vision", "")
    copy.update(run.folder)
    copy.finish()
    assert holding(drive) == [] and copy.copying is None


def test_a_run_comes_back_whole_on_an_empty_machine_also_after_a_kill_in_between(run, drive, monkeypatch):
    copy = mirror.Mirror(run.folder, "vision", str(drive))
    copy.update(run.folder / "vision" / "checkpoints" / "checkpoint-1")
    copy.finish()
    there = holding(drive / "mine")
    shutil.rmtree(run.folder)
    with monkeypatch.context() as patch:
        patch.setattr(mirror, "_replace", lambda *args: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            runs.begin(run.config)
    (run.folder / "vision" / "log.jsonl").write_text("half")
    again = runs.begin(run.config)
    assert holding(again.folder) == there and again.facts() == json.loads((drive / "mine" / "run.json").read_text())
    assert watch.read(again.folder / "vision" / "log.jsonl")[0]["loss"] == 2.0


def test_what_comes_back_must_be_of_the_same_config_but_the_mirror_itself_may_be_elsewhere(run, drive, tmp_path):
    mirror.Mirror(run.folder, "vision", str(drive)).finish()
    shutil.rmtree(run.folder)
    elsewhere = drive.rename(tmp_path / "elsewhere")
    moved = dataclasses.replace(run.config, train=dataclasses.replace(run.config.train, mirror=str(elsewhere)))
    other = dataclasses.replace(moved, lora=dataclasses.replace(moved.lora, rank=3))
    with pytest.raises(runs.TrainingError, match="lora.rank 48 -> 3"):
        runs.begin(other)
    assert runs.begin(moved).folder == run.folder


def test_a_mirror_that_cannot_be_read_stops_a_named_run_instead_of_beginning_it_anew(run, drive, monkeypatch):
    mirror.Mirror(run.folder, "vision", str(drive)).finish()
    shutil.rmtree(run.folder)
    monkeypatch.setattr(mirror.shutil, "copytree", lambda *args, **kwargs: (_ for _ in ()).throw(OSError(errno.EIO, "I/O")))
    with pytest.raises(MachineError, match="cannot be taken back") as raised:
        runs.begin(run.config)
    assert "\n" not in str(raised.value)


def test_a_training_that_lost_its_machine_ends_with_the_adapter_of_one_that_did_not(ready, drive, monkeypatch):  # noqa: F811
    monkeypatch.setenv("GHOST_RUN", "mine")
    config, _ = ready
    mirrored = configs.load("nano", overrides=(*SMALL, f"train.mirror={drive}"))
    run = runs.begin(mirrored)
    with monkeypatch.context() as patch:
        interrupt(patch, at=4)
        with pytest.raises(KeyboardInterrupt):
            sft.run(mirrored, "text", run, progress=False)
    for _ in range(500):  # the copy of checkpoint-2 goes on in its thread
        if (drive / "mine" / "config.yaml").exists():
            break
        time.sleep(0.02)
    shutil.rmtree(run.folder)
    again = runs.begin(mirrored)
    result = sft.run(mirrored, "text", again, progress=False)
    assert [row["step"] for row in result.log] == [1, 2, 3, 4]
    monkeypatch.delenv("GHOST_RUN")
    whole = sft.run(config, "text", runs.begin(config), progress=False)
    assert [row["loss"] for row in result.log] == [row["loss"] for row in whole.log]
    one, two = (load_file(found.adapter / "adapter_model.safetensors") for found in (result, whole))
    assert all((one[name] == two[name]).all() for name in one)
    assert (drive / "mine" / "text" / "adapter" / "adapter_model.safetensors").read_bytes() == (
        result.adapter / "adapter_model.safetensors"
    ).read_bytes()
    assert [row["step"] for row in watch.read(drive / "mine" / "text" / "log.jsonl")] == [1, 2, 3, 4]


def test_a_folder_whose_exchange_was_cut_short_has_its_older_content_back(tmp_path):
    with files.aside(tmp_path / "best") as part:
        (part / "score").write_text("old")
    (tmp_path / "best").rename(tmp_path / "best.old")  # where a kill between the two renames leaves it
    files.settle(tmp_path / "best")
    assert (tmp_path / "best" / "score").read_text() == "old"
    (tmp_path / "best").rename(tmp_path / "best.old")
    with pytest.raises(KeyboardInterrupt), files.aside(tmp_path / "best"):
        raise KeyboardInterrupt
    assert (tmp_path / "best" / "score").read_text() == "old"
