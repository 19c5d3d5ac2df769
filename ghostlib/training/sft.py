"""Supervised fine-tuning: one phase of Trinity from examples to an adapter, resumable where it was killed."""

import dataclasses
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ghostlib import tasks
from ghostlib.config import Config
from ghostlib.errors import DataError, TrainingError
from ghostlib.models import load, lora
from ghostlib.models.files import writing
from ghostlib.tasks import Example
from ghostlib.training import checkpoints, memory, recovery, rows, runs, watch
from ghostlib.training import trainer as trainers
from ghostlib.training.ladder import Rung
from ghostlib.training.rows import mask
from ghostlib.training.runs import Run

__all__ = ["Result", "mask", "run"]


@dataclass(frozen=True)
class Result:
    """What one phase made, and how."""

    adapter: Path
    log: list[dict[str, float]]  # one row a logged step: step, loss, learning_rate, grad_norm, tokens, seconds
    seconds: float  # of training, earlier sittings included
    steps: int
    dropped: int  # examples that were too long
    rung: Rung


def run(config: Config, phase: str, run: Run, *, progress: bool = True) -> Result:
    """Train one phase ("text" or "vision") into `run`, from its newest whole checkpoint where there is one.

    Vision goes on from the text phase's adapter where the run has it. A phase that is finished comes back as it is.
    Raises MachineError (no GPU, disk), DataError, TrainingError (another config or data, non-finite loss) and
    OutOfMemory with advice when no rung of the ladder is left.
    """
    if phase not in runs.PHASES:
        raise TrainingError(f"phase {phase}: expected one of {', '.join(runs.PHASES)}")
    runs.agree(run, config)
    load.require(config)
    folder = run.phase(phase)
    examples = tasks.named(config.task).examples(config, phase, "train")
    facts = run.facts().get(phase, {})
    rung = recovery.first(config, phase, run, facts)
    _same_data(run, phase, rows.digest(examples), facts)
    adapter = run.adapter(phase)
    if adapter:
        log = watch.read(folder / "log.jsonl")
        _say(progress, f"{phase}: is trained already. Remove {run.folder.name}/{phase}/adapter to train it again")
        return Result(adapter, log, facts["seconds"], facts["steps"], facts["dropped"], rung)
    run.record(seed=config.seed, **runs.provenance())
    while True:
        run.record(**{phase: {"plan": dataclasses.asdict(rung.plan), "why": rung.why, "gib": rung.cost.parts}})
        failed = None
        try:
            return _attempt(config, phase, run, rung, examples, progress)
        except Exception as error:
            if not recovery.is_out_of_memory(error):
                raise
            failed = str(error).splitlines()[0]  # only the text: a live exception keeps every tensor
        recovery.release()
        rung = recovery.step_down(rung, failed, folder)
        _say(progress, f"{phase}: out of memory ({failed}); going on with {rung.why}")


def _attempt(config: Config, phase: str, run: Run, rung: Rung, examples: list[Example], progress: bool) -> Result:
    """One try at one rung; owns everything heavy, so that nothing outlives it."""
    folder, log, plan = run.phase(phase), run.phase(phase) / "log.jsonl", rung.plan
    base = load.base(config, plan)
    kept, dropped = rows.short_enough(examples, base.processor, plan.max_seq_length)
    if not kept:
        raise DataError(
            f"{phase}: none of {len(examples)} examples has at most {plan.max_seq_length} tokens. "
            "Raise train.max_seq_length, or shorten the data"
        )
    if dropped:
        _say(
            progress,
            f"{phase}: left out {dropped} of {len(examples)} examples, longer than {plan.max_seq_length} tokens",
        )
    start = run.adapter("text") if phase == "vision" else None
    if phase == "vision":
        _say(
            progress,
            "vision: goes on from the text phase's adapter" if start else "vision: no text adapter in this run, starts fresh",
        )
    model = lora.attach(base.model, plan, start=start, seed=config.seed)
    checkpoint = checkpoints.newest(folder / "checkpoints")
    trainer = trainers.build(config, phase, folder, model, base.processor, rows.dataset(config, kept, base.processor))
    before = _cut_log(log, checkpoint)
    if checkpoint:
        _say(progress, f"{phase}: goes on from {checkpoint.name}")
    trainer.add_callback(watch.callback(log, phase, before=before, progress=progress))
    watch.guard(trainer)
    started = time.monotonic()
    with writing(folder), load.quietly():
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    seconds = (before[-1]["seconds"] if before else 0.0) + time.monotonic() - started
    adapter = folder / "adapter"
    lora.save(trainer.model, adapter, name=plan.model)
    facts = {
        "seconds": round(seconds, 1),
        "steps": trainer.state.global_step,
        "examples": len(kept),
        "dropped": dropped,
        "parameters": dataclasses.asdict(lora.count(trainer.model)),
        "peak_gib": round(memory.peak(), 2),
        "base": base.why,
        "start": "text/adapter" if start else "base",
    }
    run.record(**{phase: facts})
    return Result(adapter, watch.read(log), seconds, trainer.state.global_step, dropped, rung)


def _same_data(run: Run, phase: str, digest: str, facts: dict[str, Any]) -> None:
    if facts.get("data", digest) != digest:
        raise TrainingError(
            f"{run.folder.name}/{phase}: was begun with other data ({facts['data']} -> {digest}). "
            "Restore the data, or start a new run"
        )
    run.record(**{phase: {"data": digest}})


def _cut_log(log: Path, checkpoint: Path | None) -> list[dict[str, float]]:
    """Keep the rows up to the checkpoint: the steps after it are made again."""
    step = int(checkpoint.name.rpartition("-")[2]) if checkpoint else 0
    before = watch.read(log, until=step)
    with writing(log):
        log.write_text("".join(json.dumps(row) + "\n" for row in before), encoding="utf-8")
    return before


def _say(progress: bool, line: str) -> None:
    if progress:
        print(line, flush=True)
