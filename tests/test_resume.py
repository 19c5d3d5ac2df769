"""Killed at random moments, saving included, a training ends with the losses and the adapter of one that was left alone."""

import random
import signal
import time

import lives
import pytest

ASKED = {"train__eval_steps": 2, "train__eval_sample": 2, "generate__max_new_tokens": 8}


def fault(rng):
    """A moment to die at: nearly half of them in the middle of writing something."""
    kind = rng.choice(("file", "file", "saving", "time", "time"))
    return f"{kind}:{ ({'file': rng.randint(1, 90), 'saving': rng.uniform(0, 60), 'time': rng.uniform(0, 3)}[kind]) }"


def killed(words, output, kills, seed):
    """Runs that are killed `kills` times in all and then finished; yields the name of each that has ended."""
    rng, run, happened = random.Random(seed), 0, []
    while True:
        left = kills - len(happened)
        chosen = fault(rng) if left else "none"
        done = lives.live(words, output=output, run=f"killed-{run}", fault=chosen)
        if done.returncode == -signal.SIGKILL:
            happened.append(chosen)
            continue
        assert done.returncode == 0, (chosen, done.stderr[-2000:])
        yield f"killed-{run}", happened
        if not left:
            return
        run += 1


@pytest.mark.parametrize(("kills", "more"), [(1, {}), pytest.param(20, ASKED, marks=pytest.mark.soak)])
def test_a_run_that_was_killed_again_and_again_ends_as_one_that_was_left_alone(kills, more, tiny_nano, tmp_path):
    words = lives.command(tiny_nano, lives.texts(tmp_path), **more)
    assert lives.live(words, output=tmp_path, run="whole").returncode == 0
    log, adapter = lives.told(tmp_path, "whole")
    assert adapter and [row["step"] for row in log if "loss" in row] == list(range(1, 9))
    started, ended = time.monotonic(), 0
    for name, happened in killed(words, tmp_path, kills, seed=time.time_ns()):
        ended += 1
        again = lives.told(tmp_path, name)
        assert again[0] == log, happened
        assert again[1] == adapter, happened
        left = sorted(folder.name for folder in (tmp_path / name / "text" / "checkpoints").glob("checkpoint-*"))
        assert left == ["checkpoint-6", "checkpoint-8"], happened
    took = time.monotonic() - started
    print(f"\n{len(happened)} kills ({', '.join(happened)}) in {ended} runs and {took:.0f} s: the same losses and adapter")
