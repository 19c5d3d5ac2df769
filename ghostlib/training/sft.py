"""Supervised fine-tuning: one phase of Trinity from examples to an adapter, resumable where it was killed."""

import dataclasses
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ghostlib import tasks
from ghostlib.config import Config
from ghostlib.errors import DataError, TrainingError
from ghostlib.models import load, lora
from ghostlib.models.files import writing
from ghostlib.tasks import Example
from ghostlib.training import checkpoints, memory, probe, recovery, rows, runs, scoring, watch
from ghostlib.training import trainer as trainers
from ghostlib.training.ladder import Rung
from ghostlib.training.rows import mask
from ghostlib.training.runs import Run

__all__ = ["Result", "mask", "run"]

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
    Raises MachineError (no GPU, disk), DataError, TrainingError (another config or data, non-finite loss) and
    OutOfMemory with advice when no rung of the ladder is left.
    """
    if phase not in runs.PHASES:
        raise TrainingError(f"phase {phase}: expected one of {', '.join(runs.PHASES)}")
    runs.agree(run, config)
    load.require(config)
    watch.require(config)
    folder = run.phase(phase)
    examples = tasks.named(config.task).examples(config, phase, "train")
    facts = run.facts().get(phase, {})
    probed = probe.of(config, phase, run, examples, progress=progress) if probe.wanted(config) else None
    rung = recovery.first(config, phase, run, facts, probe=probed)
    _same_data(run, phase, rows.digest(examples), facts)
    adapter = run.adapter(phase)
    if adapter:
        log = watch.read(folder / "log.jsonl")
        _say(progress, f"{phase}: is trained already. Remove {run.folder.name}/{phase}/adapter to train it again")
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
        run.record(**{phase: {"plan": dataclasses.asdict(rung.plan), "why": rung.why, "gib": rung.cost.parts}})
        failed = None
        try:
            return _attempt(config, phase, run, rung, split, progress, plot)
        except Exception as error:
            failed = recovery.shortage(error)  # only the text: a live exception keeps every tensor
            if failed is None:
                raise
        recovery.release()
        rung = recovery.step_down(run, phase, rung, failed)
        _say(progress, f"{phase}: out of memory ({failed}); going on with {rung.why}")


def _attempt(config: Config, phase: str, run: Run, rung: Rung, split: Split, progress: bool, plot: watch.Plot | None) -> Result:
    """One try at one rung; owns everything heavy, so that nothing outlives it."""
    folder, log, plan = run.phase(phase), run.phase(phase) / "log.jsonl", rung.plan
    base = load.base(config, plan)
    kept, dropped = _short_enough(phase, split[0], base.processor, plan.max_seq_length, progress)
    start = run.adapter("text") if phase == "vision" else None
    if phase == "vision":
        begins = "goes on from the text phase's adapter" if start else "no text adapter in this run, starts fresh"
        _say(progress, f"vision: {begins}")
    model = lora.attach(base.model, plan, start=start, seed=config.seed)
    checkpoint = checkpoints.newest(folder / "checkpoints")
    step = int(checkpoint.name.rpartition("-")[2]) if checkpoint else 0
    trainer = trainers.build(config, phase, folder, model, base.processor, rows.dataset(config, kept, base.processor))
    watch.rewind(log, step)
    spent = watch.spent(log)
    _say(progress, f"{phase}: goes on from {checkpoint.name}" if checkpoint else watch.example(trainer, phase, kept[0]))
    trainer.add_callback(watch.callback(log, phase, every=config.train.eval_steps, progress=progress, plot=plot))
    if config.train.tensorboard and trainer.is_world_process_zero():
        trainer.add_callback(watch.tensorboard(folder / "tensorboard", step=step))
    scoring.attach(trainer, config, plan, folder, base, split[1])
    watch.guard(trainer, kept)
    started = time.monotonic()
    with writing(folder), load.quietly():
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    seconds = spent + time.monotonic() - started
    last = trainer.state.global_step
    chosen = scoring.choose(config, folder, last)
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
    adapter = scoring.save(trainer.model, folder, plan, chosen, last)
    return Result(adapter, watch.read(log), seconds, last, dropped, rung, watch.scores(log))


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
