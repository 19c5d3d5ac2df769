"""Supervised fine-tuning: one phase of Trinity from examples to an adapter, resumable where it was killed."""

import argparse
import dataclasses
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ghostlib import machine, tasks
from ghostlib.config import Config, Plan
from ghostlib.errors import DataError, GhostError, OutOfMemory, TrainingError
from ghostlib.models import load, lora
from ghostlib.models.files import writing
from ghostlib.tasks import Example
from ghostlib.training import checkpoints, memory, mirror, probe, ranks, recovery, rows, runs, scoring, watch
from ghostlib.training import trainer as trainers
from ghostlib.training.ladder import Rung
from ghostlib.training.rows import mask
from ghostlib.training.runs import Run

__all__ = ["Result", "mask", "run"]

PHASES = ("text", "vision")  # that learn from examples; pairs are dpo.py's
Split = tuple[list[Example], list[Example]]  # what is trained on, and what the model in training is asked


@dataclass(frozen=True)
class Result:
    """What one phase made, and how."""

    adapter: Path
    log: list[watch.Row]  # one row a logged step: step, loss, learning_rate, grad_norm, tokens, seconds, ...
    seconds: float  # of training, earlier sittings included
    steps: int
    dropped: int  # examples that were too long
    rung: Rung
    scores: list[watch.Row] = field(default_factory=list)  # one row an evaluation: step, score, low, high, validity, ...


def run(config: Config, phase: str, run: Run, *, progress: bool = True, plot: watch.Plot | None = None) -> Result:
    """Train one phase ("text" or "vision") into `run`, from its newest whole checkpoint where there is one.

    Vision goes on from the text phase's adapter where the run has it. A phase that is finished comes back as it is. With
    `plot` (show.live of a notebook) the curve is drawn while it trains, in place of the lines of `progress`.
    Of several processes (ranks.py) the first decides, writes and prints.
    Raises MachineError (no GPU, disk), DataError, TrainingError (another config or data, non-finite loss) and
    OutOfMemory with advice when no rung of the ladder is left.
    """
    if phase not in PHASES:
        raise TrainingError(f"phase {phase}: expected one of {', '.join(PHASES)}")
    runs.agree(run, config)
    if ranks.sharded() and config.model.quantise:
        raise TrainingError("FSDP cannot spread NF4 weights: set model.quantise=false, or use configs/accelerate/zero2.yaml")
    load.require(config, phase)
    watch.require(config)
    progress, plot = progress and ranks.first(), plot if ranks.first() else None
    folder = run.phase(phase)
    examples = tasks.named(config.task).examples(config, phase, "train")
    facts = run.facts().get(phase, {})
    probed = probe.of(config, phase, run, examples, progress=progress) if probe.wanted(config) else None
    rung = ranks.told(lambda: recovery.first(config, phase, run, facts, probe=probed))
    _same_data(run, phase, rows.digest(examples), facts)
    adapter = run.adapter(phase)
    if adapter:
        log = watch.read(folder / "log.jsonl")
        _say(progress, f"{phase}: is trained already. Remove {run.folder.name}/{phase} to train it again")
        scores = watch.scores(folder / "log.jsonl")
        return Result(adapter, log, facts["seconds"], facts["steps"], facts["dropped"], rung, scores)
    run.record(seed=config.seed, **runs.provenance())
    split = scoring.split(config, phase, examples)
    with runs.training(run, phase):
        return _down_the_ladder(config, phase, run, rung, split, progress, plot)


def _down_the_ladder(
    config: Config, phase: str, run: Run, rung: Rung, split: Split, progress: bool, plot: watch.Plot | None
) -> Result:
    """Attempts until one ends with an adapter; the memory running out is met on the next rung."""
    while True:
        run.record(**{phase: _of(rung)})
        failed = None
        try:
            return _attempt(config, phase, run, rung, split, progress, plot)
        except Exception as error:
            failed = recovery.shortage(error)  # only the text: a live exception keeps every tensor
            if failed is None:
                raise
        recovery.release()
        rung = recovery.step_down(run, phase, rung, failed)
        if ranks.count() > 1:  # the others wait for this one in the middle of a step: all must begin anew
            run.write(**{phase: _of(rung)})
            raise OutOfMemory(f"{phase}: out of memory ({failed}). The same command goes on with {rung.why}")
        _say(progress, f"{phase}: out of memory ({failed}); going on with {rung.why}")


def _attempt(config: Config, phase: str, run: Run, rung: Rung, split: Split, progress: bool, plot: watch.Plot | None) -> Result:
    """One try at one rung; owns everything heavy, so that nothing outlives it."""
    folder, log, plan = run.phase(phase), run.phase(phase) / "log.jsonl", rung.plan
    base = load.base(config, plan)
    kept, dropped = _short_enough(phase, split[0], base.processor, plan.max_seq_length, progress)
    start = run.before(phase)
    if phase == "vision":
        begins = "goes on from the text phase's adapter" if start else "no text adapter in this run, starts fresh"
        _say(progress, f"vision: {begins}")
    model = lora.attach(base.model, plan, start=start, seed=config.seed)
    checkpoint = ranks.told(lambda: checkpoints.newest(folder / "checkpoints"))
    if checkpoint:
        checkpoints.agree(checkpoint, plan)
    step = checkpoints.step(checkpoint) if checkpoint else 0
    trainer = trainers.build(config, phase, folder, model, base.processor, rows.dataset(config, kept, base.processor))
    if ranks.first():
        watch.rewind(log, step)
    spent = watch.spent(log)
    _say(progress, f"{phase}: goes on from {checkpoint.name}" if checkpoint else watch.example(trainer, phase, kept[0]))
    trainer.add_callback(watch.callback(log, phase, every=config.train.eval_steps, progress=progress, plot=plot))
    if config.train.tensorboard and trainer.is_world_process_zero():
        trainer.add_callback(watch.tensorboard(folder / "tensorboard", step=step))
    scoring.attach(trainer, config, plan, folder, base, split[1])
    copy = mirror.Mirror(run.folder, phase, config.train.mirror if ranks.first() else "")
    checkpoints.keep(trainer, plan, saved=copy.update, busy=lambda: copy.copying)
    watch.guard(trainer, kept)
    started = time.monotonic()
    with writing(folder), load.quietly():
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    seconds = spent + time.monotonic() - started
    last = trainer.state.global_step
    chosen = scoring.choose(config, folder, last, planned=trainer.state.max_steps)
    facts = {
        "seconds": round(seconds, 1),
        "steps": last,
        "examples": len(kept),
        "asked": len(split[1]),
        "dropped": dropped,
        "parameters": dataclasses.asdict(lora.count(trainer.model)),
        "peak_gib": round(memory.peak(), 2),
        "base": base.why,
        "start": "text/adapter" if start else "base",
        "kept": chosen,
    }
    run.record(**{phase: facts})  # before the adapter, which says that the phase is finished
    adapter = _save(trainer, folder, plan, chosen)
    copy.finish()
    return Result(adapter, watch.read(log), seconds, last, dropped, rung, watch.scores(log))


def _save(trainer: Any, folder: Path, plan: Plan, chosen: dict[str, Any]) -> Path:
    """The adapter of the phase, written by the first process; all come back when it is there."""
    last = trainer.state.global_step
    if ranks.first() and ranks.sharded():
        checkpoints.adapter(folder / "checkpoints" / f"checkpoint-{last}", folder / "adapter", name=plan.model)
    elif ranks.first():
        scoring.save(trainer.model, folder, plan, chosen, last)
    ranks.wait()
    return folder / "adapter"


def _short_enough(phase: str, examples: list[Example], processor: Any, limit: int, progress: bool) -> tuple[list[Example], int]:
    """What is trained on, and how many were too long. Raises DataError where nothing is left."""
    kept, dropped = rows.short_enough(examples, processor, limit)
    if not kept:
        raise DataError(
            f"{phase}: none of {len(examples)} examples has at most {limit} tokens. "
            "Raise train.max_seq_length, or shorten the data"
        )
    if dropped:
        _say(progress, f"{phase}: left out {dropped} of {len(examples)} examples, longer than {limit} tokens")
    return kept, dropped


def _of(rung: Rung) -> dict[str, Any]:
    """What run.json holds of a rung; `recovery.first` reads it."""
    return {"plan": dataclasses.asdict(rung.plan), "why": rung.why, "gib": rung.cost.parts}


def _same_data(run: Run, phase: str, digest: str, facts: dict[str, Any]) -> None:
    if facts.get("data", digest) != digest:
        raise TrainingError(
            f"{run.folder.name}/{phase}: was begun with other data ({facts['data']} -> {digest}). "
            "Restore the data, or start a new run"
        )
    run.record(**{phase: {"data": digest}})


def _say(progress: bool, line: str) -> None:
    if progress:
        print(line, flush=True)


def main(words: Sequence[str] | None = None) -> int:
    """`accelerate launch -m ghostlib.training.sft text --profile P`: as `ghost train`, from one or several processes."""
    parser = argparse.ArgumentParser(prog="python -m ghostlib.training.sft", description=(main.__doc__ or "").partition(":")[0])
    parser.add_argument("phase", choices=PHASES)
    parser.add_argument("--profile", default="auto", help="a file of configs/, or auto: what fits this machine")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="for example train.max_steps=60")
    parser.add_argument("--new", action="store_true", help="a new run, where a stopped one would go on")
    chosen = parser.parse_args(words)
    try:
        config = machine.configure(chosen.profile, overrides=chosen.set)
        begun = ranks.told(lambda: (None if chosen.new else runs.begun(config, chosen.phase)) or runs.begin(config))
        _say(ranks.first(), f"{chosen.phase}: in {begun.folder}")
        made = run(config, chosen.phase, begun)
        _say(ranks.first(), f"{made.steps} steps in {made.seconds:.0f} s: {made.adapter}")
    except GhostError as error:
        who = f"process {ranks.number()}: " if ranks.count() > 1 else ""
        print(f"{who}{error}", file=sys.stderr, flush=True)
        return 2
    ranks.part()
    return 0


if __name__ == "__main__":
    sys.exit(main())
