"""Checkpoints: aside until they are whole, the older one never given up before, and for the plan that made them alone."""

import dataclasses
import errno
import json
import os
import signal
import sys
import types

import pytest

from ghostlib import config as configs
from ghostlib.errors import TrainingError
from ghostlib.models import files
from ghostlib.training import checkpoints

FILES = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.scandir", "os.listdir")
PLAN = configs.plan(configs.load("nano"), "text")


def write(folder, size=100):
    (folder / "shards").mkdir(parents=True)
    (folder / "weights").write_bytes(b"x" * size)
    (folder / "shards" / "0").write_bytes(b"y" * size)
    return folder


def made(folder, *steps):
    for step in steps:
        checkpoints.seal(write(folder / f"checkpoint-{step}"), PLAN)
    return folder


def names(folder):
    return sorted(one.name for one in folder.iterdir() if any(one.rglob("*")))


class Trainer:
    """What checkpoints.keep needs of a trainer; `during` is called in the middle of a save."""

    def __init__(self, folder, during=lambda folder: None):
        self.args, self.state = types.SimpleNamespace(output_dir=str(folder)), types.SimpleNamespace(global_step=0)
        self.callbacks, self.during = [], during
        self.add_callback = self.callbacks.append

    def _get_output_dir(self, trial):
        return self.args.output_dir

    def _save_checkpoint(self, model, trial):
        folder = checkpoints.Path(self._get_output_dir(trial)) / f"checkpoint-{self.state.global_step}"
        folder.mkdir(parents=True)
        (folder / "weights").write_bytes(b"half")
        self.during(folder)
        (folder / "optimizer").write_bytes(b"whole")

    def save(self, step):
        self.state.global_step = step
        self._save_checkpoint(None, None)


def test_two_are_kept_and_the_older_one_goes_only_when_the_newer_is_sealed_and_has_its_name(tmp_path):
    seen = []
    trainer = Trainer(tmp_path, lambda folder: seen.append(names(tmp_path)))
    checkpoints.keep(trainer, PLAN)
    for step in (2, 4, 6):
        trainer.save(step)
    assert seen == [["saving"], ["checkpoint-2", "saving"], ["checkpoint-2", "checkpoint-4", "saving"]]
    assert names(tmp_path) == ["checkpoint-4", "checkpoint-6"]
    assert checkpoints.newest(tmp_path).name == "checkpoint-6"


def test_a_save_that_ends_in_the_middle_leaves_the_two_before_and_nothing_else(tmp_path):
    def full(folder):
        if folder.name == "checkpoint-6":
            raise OSError(errno.ENOSPC, "No space left on device")

    trainer = Trainer(tmp_path, full)
    checkpoints.keep(trainer, PLAN)
    trainer.save(2)
    trainer.save(4)
    with pytest.raises(OSError, match="No space"):
        trainer.save(6)
    assert checkpoints.newest(tmp_path).name == "checkpoint-4"
    assert names(tmp_path) == ["checkpoint-2", "checkpoint-4"]
    trainer.during = lambda folder: None
    trainer.save(6)
    assert names(tmp_path) == ["checkpoint-4", "checkpoint-6"]


def dies_at(number, act):
    """Whether a process that does `act()` was killed at the `number`-th thing that it did with files."""
    child = os.fork()
    if child == 0:
        seen = []

        def hook(event, arguments):
            if event in FILES:
                seen.append(event)
                if len(seen) == number:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        act()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_any_moment_of_saving_there_is_the_checkpoint_before_and_the_next_sitting_ends_the_same(tmp_path):
    def sitting(folder, *steps):
        trainer = Trainer(folder)
        checkpoints.keep(trainer, PLAN)
        for step in steps:
            trainer.save(step)

    number, reached = 0, [0]
    while True:
        number += 1
        folder = tmp_path / str(number)
        killed = dies_at(number, lambda folder=folder: sitting(folder, 2, 4, 6, 8))
        found = checkpoints.newest(folder)
        reached.append(checkpoints.step(found) if found else 0)
        sitting(folder, *range(reached[-1] + 2, 9, 2))
        assert names(folder) == ["checkpoint-6", "checkpoint-8"]
        if not killed:
            break
    assert reached == sorted(reached) and set(reached) == {0, 2, 4, 6, 8} and number > 50


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_any_moment_of_replacing_a_folder_there_is_the_old_or_the_new_one_whole(tmp_path):
    def write(folder, words):
        with files.aside(folder) as part:
            for name in ("one", "two"):
                (part / name).write_text(words)

    number, found = 0, []
    while True:
        number += 1
        folder = tmp_path / str(number)
        write(folder, "old")
        killed = dies_at(number, lambda folder=folder: write(folder, "new"))
        files.settle(folder)
        assert len({(folder / name).read_text() for name in ("one", "two")}) == 1
        found.append((folder / "one").read_text())
        write(folder, "newest")
        assert (folder / "two").read_text() == "newest" and len(list(tmp_path.glob(f"{number}*"))) == 1
        if not killed:
            break
    assert sorted(found, reverse=True) == found and set(found) == {"old", "new"}


def test_one_that_is_being_copied_is_spared(tmp_path):
    trainer, told = Trainer(tmp_path), []
    checkpoints.keep(trainer, PLAN, saved=told.append, busy=lambda: tmp_path / "checkpoint-2")
    for step in (2, 4, 6, 8):
        trainer.save(step)
    assert names(tmp_path) == ["checkpoint-2", "checkpoint-6", "checkpoint-8"]
    assert [one.name for one in told] == ["checkpoint-2", "checkpoint-4", "checkpoint-6", "checkpoint-8"]


@pytest.mark.parametrize("file", ["weights", "shards/0", checkpoints.SEAL])
@pytest.mark.parametrize("hurt", ["lost", "shorter"])
def test_one_that_lost_a_file_or_bytes_is_removed_and_the_one_before_is_taken(tmp_path, file, hurt):
    folder = made(tmp_path, 9, 10)
    damaged = folder / "checkpoint-10" / file
    damaged.unlink() if hurt == "lost" else damaged.write_bytes(damaged.read_bytes()[:-3])
    assert checkpoints.newest(folder).name == "checkpoint-9"
    assert names(folder) == ["checkpoint-9"]


def test_the_newest_is_the_one_with_the_highest_step_and_not_the_last_by_name_or_time(tmp_path):
    assert checkpoints.newest(made(tmp_path, 100, 20, 9)).name == "checkpoint-100"
    assert names(tmp_path) == ["checkpoint-100", "checkpoint-20"]
    assert checkpoints.newest(tmp_path / "nothing") is None


def test_another_rung_or_number_of_processes_is_refused_with_what_differs_and_a_shorter_sequence_is_not(tmp_path, monkeypatch):
    checkpoint = made(tmp_path, 3) / "checkpoint-3"
    checkpoints.agree(checkpoint, PLAN)
    checkpoints.agree(checkpoint, dataclasses.replace(PLAN, max_seq_length=64))
    with pytest.raises(TrainingError, match=rf"checkpoint-3: .*rank {PLAN.rank} -> 2, dora True -> False") as raised:
        checkpoints.agree(checkpoint, dataclasses.replace(PLAN, rank=2, dora=False))
    assert "\n" not in str(raised.value)
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(TrainingError, match="processes 1 -> 2"):
        checkpoints.agree(checkpoint, PLAN)


def test_a_row_is_logged_at_every_checkpoint_since_none_holds_the_mean_that_is_going_on(tmp_path):
    trainer = Trainer(tmp_path)
    checkpoints.keep(trainer, PLAN)
    for saves in (True, False):
        control = types.SimpleNamespace(should_save=saves, should_log=False)
        trainer.callbacks[0].on_step_end(None, None, control)
        assert control.should_log == saves


def test_the_seal_says_what_it_is_of_and_every_file_below(tmp_path):
    seal = json.loads((made(tmp_path, 1) / "checkpoint-1" / checkpoints.SEAL).read_text())
    assert seal["files"] == {"weights": 100, "shards/0": 100}
    assert seal["of"]["rank"] == PLAN.rank and "max_seq_length" not in seal["of"]
