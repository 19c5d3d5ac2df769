"""A merge that is killed, interrupted, out of disk or not alone; the memory that it takes; what it tells."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import types
from pathlib import Path

import bigmerge
import pytest
import torch
from safetensors.torch import load_file, save_file

from ghostlib.errors import ExportError, MachineError
from ghostlib.models import deltas, files, merging

SHAPES = [(96, 64), (64, 96), (100, 64), (64, 64), (30, 64), (64, 40)]
PROGRAM = Path(bigmerge.__file__)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A base of three shards, an adapter, and their uninterrupted merge: (folder, its files as bytes)."""
    folder = tmp_path_factory.mktemp("stopped")
    bigmerge.checkpoint(folder, SHAPES, shards=3, rank=4)
    merging.merge(folder / "base", folder / "adapter", folder / "merged", progress=False)
    return folder, whole(folder / "merged")


@pytest.fixture
def folder(made, tmp_path):
    """The same base and adapter with nothing merged yet."""
    for name in ("base", "adapter"):
        (tmp_path / name).mkdir()
        for file in (made[0] / name).iterdir():
            (tmp_path / name / file.name).write_bytes(file.read_bytes())
    return tmp_path


def whole(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def again(folder, **options):
    return whole(merging.merge(folder / "base", folder / "adapter", folder / "merged", progress=False, **options))


def interrupted(monkeypatch, *, after, error=KeyboardInterrupt):
    """Raise `error` when so many pieces are written."""
    given, left = merging._bytes, [after]

    def failing(weights):
        for piece in given(weights):
            left[0] -= 1
            if left[0] < 0:
                raise error
            yield piece

    monkeypatch.setattr(merging, "_bytes", failing)


def stop(folder, monkeypatch, *, after, error=KeyboardInterrupt):
    with monkeypatch.context() as patch:
        interrupted(patch, after=after, error=error)
        with pytest.raises((KeyboardInterrupt, MachineError)):
            again(folder)
    assert not (folder / "merged").exists()
    return sorted(file.name for file in (folder / "merged.partial").glob("*.safetensors"))


def test_ctrl_c_at_any_piece_leaves_what_a_second_call_goes_on_from_to_the_same_bytes(folder, made, monkeypatch):
    pieces = 3 + 1 + len(SHAPES)  # a header each, the embedding, the projections
    for after in range(pieces):
        done = stop(folder, monkeypatch, after=after)
        kept = {name: (folder / "merged.partial" / name).stat() for name in done}
        assert again(folder) == made[1]
        for name, before in kept.items():
            now = (folder / "merged" / name).stat()
            assert (now.st_ino, now.st_mtime_ns) == (before.st_ino, before.st_mtime_ns), f"{name} was made again"
        assert not list(folder.glob("merged.*"))
        for file in (folder / "merged").iterdir():
            file.unlink()
        (folder / "merged").rmdir()
    assert len(done) == 2


def test_a_merge_that_is_killed_three_times_ends_with_the_same_bytes(folder, made):
    for number in (2, 6, 2):
        ended = subprocess.run([sys.executable, PROGRAM, folder, "--stop", str(number)], capture_output=True, check=False)
        assert ended.returncode == -signal.SIGKILL, ended.stderr[-800:]
        assert not (folder / "merged").exists() and (folder / "merged.partial" / merging.LOCK).exists()
    assert (folder / "merged.partial" / merging.JOURNAL).exists()
    assert again(folder) == made[1]


@pytest.mark.soak
def test_a_merge_that_is_killed_at_twenty_random_moments_ends_with_the_same_bytes(tmp_path):
    bigmerge.checkpoint(tmp_path, [(2048, 2048)] * 40, shards=8)
    started = time.perf_counter()
    expected = again(tmp_path)
    took = time.perf_counter() - started
    torch.manual_seed(int(time.time()))
    kills = 0
    while kills < 20:
        shutil.rmtree(tmp_path / "merged", ignore_errors=True)  # the one before ended by itself
        process = subprocess.Popen([sys.executable, PROGRAM, tmp_path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=2 + took * torch.rand(1).item())  # two seconds pass before it merges
            assert process.returncode == 0 and whole(tmp_path / "merged") == expected
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1
    assert again(tmp_path) == expected


def test_a_full_disk_is_one_line_and_the_merge_goes_on_when_there_is_room(folder, made, monkeypatch):
    done = stop(folder, monkeypatch, after=7, error=OSError(errno.ENOSPC, "No space left on device"))
    assert done and again(folder) == made[1]


def test_the_room_that_finished_shards_take_is_not_asked_for_again(folder, made, monkeypatch):
    done = stop(folder, monkeypatch, after=8)
    there = sum((folder / "merged.partial" / name).stat().st_size for name in done)
    weights = sum(len(held) for name, held in made[1].items() if name.endswith(".safetensors"))
    free = [weights - there - 3 * 4096]  # the headers are not counted
    monkeypatch.setattr(merging.shutil, "disk_usage", lambda place: types.SimpleNamespace(free=free[0]))
    with pytest.raises(MachineError, match="GiB"):
        again(folder)
    free[0] += 3 * 4096
    assert again(folder) == made[1]


def test_finished_shards_of_another_adapter_base_or_way_are_not_used(folder, made, monkeypatch):
    """The adapter trained on, the base fetched anew, a bit on the disk flipped: each starts over where it must."""

    def other_adapter():
        file = folder / "adapter" / "adapter_model.safetensors"
        tensors = load_file(file)
        save_file(
            {name: one + 1 if name.endswith("0.mlp.up_proj.lora_B.weight") else one for name, one in tensors.items()}, file
        )

    def other_base():
        file = folder / "base" / "model-00001-of-00003.safetensors"
        tensors = load_file(file)
        tensors["model.layers.0.mlp.up_proj.weight"][0, 0] += 1
        save_file(tensors, file, metadata={"format": "pt"})

    def flipped():
        file = folder / "merged.partial" / "model-00001-of-00003.safetensors"
        held = bytearray(file.read_bytes())
        held[-1] ^= 1
        file.write_bytes(held)

    for change in (flipped, other_adapter, other_base):
        assert "model-00001-of-00003.safetensors" in stop(folder, monkeypatch, after=7)
        change()
        expected = whole(merging.merge(folder / "base", folder / "adapter", folder / "fresh", progress=False))
        assert again(folder) == expected
        assert (expected == made[1]) == (change is flipped)
        (folder / "merged").rename(folder / f"merged {change.__name__}")
    stop(folder, monkeypatch, after=7)
    assert json.loads(again(folder, onto="16bit")[merging.JOURNAL])["of"]["onto"] == "16bit"


def test_a_journal_that_a_power_cut_spoilt_costs_the_work_and_nothing_else(folder, made, monkeypatch):
    for text in ("", "{", "[]", '{"of": 1}', '{"of": {}, "shards": 7}'):
        stop(folder, monkeypatch, after=7)
        (folder / "merged.partial" / merging.JOURNAL).write_text(text)
        (folder / "merged.partial" / "stray.json").write_text("{}")
        assert again(folder) == made[1]
        (folder / "merged").rename(folder / f"merged {len(text)}")


def test_a_second_process_is_sent_away_and_disturbs_nothing(folder, made):
    (folder / "merged.partial").mkdir()
    with files.held(folder / "merged.partial" / merging.LOCK, RuntimeError("busy")):
        with pytest.raises(ExportError, match="another process merges it"):
            again(folder)
        assert (folder / "merged.partial" / merging.LOCK).exists()
    assert again(folder) == made[1]


def test_an_older_merge_stays_until_the_new_one_is_whole(folder, made, monkeypatch):
    again(folder)
    with monkeypatch.context() as patch:
        interrupted(patch, after=7)
        with pytest.raises(KeyboardInterrupt):
            again(folder)
    assert whole(folder / "merged") == made[1]
    assert again(folder) == made[1] and not list(folder.glob("merged.*"))


def taken(folder, onto):
    done = subprocess.run([sys.executable, PROGRAM, folder, "--onto", onto], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("onto", merging.ONTO)
def test_memory_grows_by_less_than_the_largest_tensor_however_large_the_checkpoint_is(tmp_path, onto):
    """A 12B's widest weight and its 16-bit copy, B A and float32 would be 118 + 236 + 236 MB."""
    shapes = [(2048, 2048)] * 12 + [(15360, 3840) if onto == "16bit" else (4096, 3840)]
    bigmerge.checkpoint(tmp_path, shapes, shards=2, embedding=(32_000, 2048))
    found = taken(tmp_path, onto)
    print(f"\n{onto}: {found['mb']:.0f} MB in {found['seconds']:.1f} s, memory grew by {found['growth'] / 1e6:.0f} MB")
    assert found["growth"] < found["largest"] < found["mb"] * 1e6 / 2


@pytest.mark.soak
@pytest.mark.parametrize("onto", merging.ONTO)
def test_memory_stays_flat_on_a_gigabyte_and_a_half(tmp_path, onto):
    bigmerge.checkpoint(tmp_path, [(4096, 4096)] * 40, shards=4, embedding=(16384, 4096))
    found = taken(tmp_path, onto)
    assert found["mb"] > 1400 and found["growth"] < 2 * found["largest"]


def test_a_long_merge_tells_how_far_it_is_in_plain_lines_and_a_short_one_is_silent(folder, monkeypatch, capsys):
    merging.merge(folder / "base", folder / "adapter", folder / "quiet")
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(merging, "EVERY", 0.0)
    merging.merge(folder / "base", folder / "adapter", folder / "told")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 10 and all(line.startswith("merging told: ") and line.endswith("s left") for line in lines)
    merging.merge(folder / "base", folder / "adapter", folder / "hushed", progress=False)
    assert capsys.readouterr().out == ""


def test_on_a_terminal_it_is_a_bar_that_begins_where_an_earlier_try_stopped(folder, monkeypatch, capsys):
    stop(folder, monkeypatch, after=8)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    made = []

    class Bar:
        def __init__(self, **said):
            made.append(said | {"seen": 0})

        def __enter__(self):
            return self

        def __exit__(self, *args):
            pass

        def update(self, count):
            made[0]["seen"] += count

    monkeypatch.setattr("tqdm.tqdm", Bar)
    merging.merge(folder / "base", folder / "adapter", folder / "merged")
    [bar] = made
    size = sum(file.stat().st_size for file in (folder / "merged").glob("*.safetensors"))
    assert 0 < bar["initial"] < bar["total"] and bar["unit"] == "B"
    assert size - 4096 * 3 < bar["initial"] + bar["seen"] <= size, "headers alone are counted beside"


def test_the_result_says_of_which_files_it_was_made(folder):
    said = json.loads(again(folder)[merging.JOURNAL])
    assert said["of"]["adapter"] == deltas.digest(folder / "adapter") and said["of"]["onto"] == "nf4"
    for name, facts in said["shards"].items():
        assert facts["from"] == {name: merging._digest(folder / "base" / name)}
    assert str(folder) not in json.dumps(said) and os.sep not in json.dumps(said)
