"""What our own training adds to TRL's: log, seals, guard, checkpoints and recovery, and going on again (`make bench`).

Both train the shipped nano on the same examples and steps, in turns, so that what else the machine does meets both.
"""

import statistics
import time

from ghostlib import config as configs
from ghostlib import tasks
from ghostlib.models import load, lora
from ghostlib.training import rows, runs, sft
from ghostlib.training import trainer as trainers

STEPS, ROUNDS = 16, 3
SMALL = (f"train.max_steps={STEPS}", "train.checkpoint_steps=100", "train.warmup_steps=0", "train.probe=off")


def bare(config, phase, folder):
    """Seconds of TRL's trainer alone, with the same arguments, on the same rows."""
    plan = configs.plan(config, phase)
    base = load.base(config, plan)
    kept, _ = rows.short_enough(tasks.named(config.task).examples(config, phase, "train"), base.processor, plan.max_seq_length)
    model = lora.attach(base.model, plan, seed=config.seed)
    trainer = trainers.build(config, phase, folder, model, base.processor, rows.dataset(config, kept, base.processor))
    started = time.perf_counter()
    with load.quietly():
        trainer.train()
    return time.perf_counter() - started


def test_sft_run_beside_a_bare_trainer(tmp_path, monkeypatch):
    monkeypatch.setenv("GHOST_OUTPUT", str(tmp_path))
    for phase in runs.PHASES:
        config = configs.load("nano", scale="full", overrides=SMALL)
        ours, theirs = [], []
        for turn in range(ROUNDS):
            theirs.append(bare(config, phase, tmp_path / f"bare-{phase}-{turn}"))
            result = sft.run(config, phase, runs.begin(config), progress=False)
            ours.append(result.seconds)
        tokens = result.log[-1]["tokens"]
        one, other = statistics.median(ours), statistics.median(theirs)
        print(f"\n{phase}: {STEPS} steps in {one:.1f} s, TRL alone {other:.1f} s, ratio {one / other:.3f}")
        turns = ", ".join(f"{a / b:.3f}" for a, b in zip(ours, theirs, strict=True))
        print(f"  each turn {turns}; {tokens / one:.0f} tokens a second")
        assert one > 0 and other > 0


def test_going_on_beside_beginning(tmp_path, monkeypatch):
    """Seconds of a whole call that makes two steps: from nothing, and from a checkpoint."""
    monkeypatch.setenv("GHOST_OUTPUT", str(tmp_path))
    small = ("train.max_steps=4", "train.checkpoint_steps=2", "train.warmup_steps=0", "train.probe=off")
    began, went_on = [], []
    for _ in range(ROUNDS):
        config = configs.load("nano", scale="full", overrides=small)
        run = runs.begin(config)
        stop = RuntimeError("stopped here")
        guard = sft.watch.guard

        def stopping(trainer, *args, guard=guard, stop=stop):
            guard(trainer, *args)
            step = trainer.training_step

            def counted(*words, **named):
                if trainer.state.global_step == 2:
                    raise stop
                return step(*words, **named)

            trainer.training_step = counted

        started = time.perf_counter()
        with monkeypatch.context() as patch:
            patch.setattr(sft.watch, "guard", stopping)
            try:
                sft.run(config, "text", run, progress=False)
            except RuntimeError as error:
                assert error is stop
        began.append(time.perf_counter() - started)
        started = time.perf_counter()
        sft.run(config, "text", run, progress=False)
        went_on.append(time.perf_counter() - started)
    one, other = statistics.median(went_on[1:]), statistics.median(began[1:])  # the first call imports
    print(f"\ntwo steps and an end: going on {one:.2f} s, from the beginning {other:.2f} s, {one - other:+.2f} s")
