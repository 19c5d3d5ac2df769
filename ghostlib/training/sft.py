"""Supervised fine-tuning: one phase of Trinity from examples to an adapter, resumable where it was killed."""

import dataclasses
import gc
import importlib.metadata
import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ghostlib import config as configs
from ghostlib import machine, tasks
from ghostlib.config import Config, Plan
from ghostlib.errors import DataError, OutOfMemory, TrainingError
from ghostlib.models import load, lora
from ghostlib.models.files import writing
from ghostlib.tasks import Example
from ghostlib.training import ladder, memory, rows, runs, watch
from ghostlib.training.ladder import Rung
from ghostlib.training.rows import mask
from ghostlib.training.runs import Run

__all__ = ["Result", "mask", "run"]
PACKAGES = ("torch", "transformers", "trl", "peft", "bitsandbytes", "accelerate", "datasets", "safetensors")


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
    rung = _rung(config, phase, run, facts)
    _same_data(run, phase, rows.digest(examples), facts)
    adapter = run.adapter(phase)
    if adapter:
        log = watch.read(folder / "log.jsonl")
        _say(progress, f"{phase}: is trained already. Remove {run.folder.name}/{phase}/adapter to train it again")
        return Result(adapter, log, facts["seconds"], facts["steps"], facts["dropped"], rung)
    run.record(seed=config.seed, git=_commit(), versions=_versions())
    while True:
        run.record(**{phase: {"plan": dataclasses.asdict(rung.plan), "why": rung.why, "gib": rung.cost.parts}})
        failed = None
        try:
            return _attempt(config, phase, run, rung, examples, progress)
        except Exception as error:
            if not _is_out_of_memory(error):
                raise
            failed = str(error).splitlines()[0]  # only the text: a live exception keeps every tensor
        _release()
        rung = _step_down(rung, failed, folder)
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
    checkpoint = watch.checkpoint(folder / "checkpoints")
    trainer = _trainer(config, phase, folder, model, base.processor, rows.dataset(config, kept, base.processor))
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


def _trainer(config: Config, phase: str, folder: Path, model: Any, processor: Any, data: Any) -> Any:
    from transformers import PrinterCallback
    from trl import SFTConfig, SFTTrainer

    train = config.train
    cuda = machine.look().gpu is not None
    arguments = SFTConfig(
        output_dir=str(folder / "checkpoints"),
        max_steps=config.steps(phase),
        num_train_epochs=train.epochs,
        per_device_train_batch_size=train.batch_size,
        gradient_accumulation_steps=train.accumulation,
        learning_rate=train.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=train.warmup_steps,
        optim=train.optimizer,
        max_grad_norm=train.max_grad_norm,
        save_strategy="steps",
        save_steps=train.checkpoint_steps,
        save_total_limit=2,
        logging_steps=train.log_steps,
        logging_nan_inf_filter=False,
        gradient_checkpointing=train.gradient_checkpointing,
        fp16=False,  # trl's default is bf16, which a T4 only emulates; Gemma-3 overflows under fp16 AMP
        bf16=False,
        loss_type="chunked_nll",  # never builds logits of length x 262,208
        completion_only_loss=True,
        max_length=None,  # too long ones are left out before; a cut through image tokens is an error
        packing=False,
        remove_unused_columns=False,  # the column of numbers feeds the transform
        dataloader_num_workers=0,
        dataloader_pin_memory=cuda,
        report_to="none",
        disable_tqdm=True,
        seed=config.seed,
        data_seed=config.seed,
    )
    held = {name: value.detach().cpu().clone() for name, value in model.named_parameters() if value.requires_grad}
    collator = rows.collator(processor) if rows.multimodal(processor) else None
    trainer = SFTTrainer(model=model, args=arguments, train_dataset=data, processing_class=processor, data_collator=collator)
    # trl has cast the adapters of a 4-bit model to bf16, DoRA's magnitude too: it would round a started adapter, and
    # freeze the magnitude, whose steps are smaller than bf16's. Put the float32 values back.
    for name, value in trainer.model.named_parameters():
        if value.requires_grad:
            value.data = held[name].to(value.device)
    trainer.remove_callback(PrinterCallback)
    return trainer


def _rung(config: Config, phase: str, run: Run, facts: dict[str, Any]) -> Rung:
    """The rung that this phase was begun on; else the first that fits, in the shape of the adapter it starts from."""
    here = machine.look()
    if "plan" in facts:
        frozen = facts["plan"] | {"modules": tuple(facts["plan"]["modules"])}
        return Rung(Plan(**frozen), memory.Cost(facts["gib"]), True, facts["why"])
    plan = configs.plan(config, phase)
    start = run.adapter("text") if phase == "vision" else None
    before = run.facts().get("text", {}).get("plan") if start else None
    if before:  # phase 1 may have stepped down the ladder; an adapter keeps its shape
        kept = ("model", "rank", "alpha", "dora", "rslora")
        plan = dataclasses.replace(plan, modules=tuple(before["modules"]), **{key: before[key] for key in kept})
    return ladder.choose(plan, here)


def _step_down(rung: Rung, failed: str, folder: Path) -> Rung:
    after = ladder.cheaper(rung.plan)
    if after is None:
        raise OutOfMemory(f"{rung.plan.model}: out of memory on the last rung ({failed}). Use a larger card or model")
    shorter = dataclasses.replace(rung.plan, max_seq_length=after.max_seq_length) == after
    if not shorter and watch.checkpoint(folder / "checkpoints"):
        raise OutOfMemory(
            f"{folder}: out of memory in the middle ({failed}). Its checkpoints cannot take another rank or shape: "
            f"start a new run with --set lora.rank={after.rank} --set lora.dora={str(after.dora).lower()}"
        )
    cost = memory.cost(after, memory.shape(after.model))
    return Rung(after, cost, True, f"after running out of memory: sequence {after.max_seq_length}, rank {after.rank}")


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


def _is_out_of_memory(error: Exception) -> bool:
    import torch

    return isinstance(error, torch.OutOfMemoryError)


def _release() -> None:
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _commit() -> str | None:
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=configs.root(), capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _say(progress: bool, line: str) -> None:
    if progress:
        print(line, flush=True)
