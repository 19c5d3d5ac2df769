"""Direct preference optimisation (arXiv 2305.18290): from the text phase's adapter, and with it as the frozen reference.

TRL keeps the reference as a second adapter "ref" beside the trained one "default". What may go wrong with that goes wrong
silently (a reference that is the base, or the trained model itself; an export of the wrong one), so `run` looks: the loss of
the first step is ln 2, since both are then the same model, and after the last step the reference is what it was.
"""

import dataclasses
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ghostlib import machine, tasks
from ghostlib.config import Config
from ghostlib.errors import DataError, TrainingError
from ghostlib.models import load, lora
from ghostlib.models.files import writing
from ghostlib.tasks import Example, Preference
from ghostlib.training import checkpoints, memory, mirror, recovery, rows, runs, watch
from ghostlib.training.ladder import Rung
from ghostlib.training.runs import Run
from ghostlib.training.sft import Result

PHASE = "preference"
BEGINNING = math.log(2)  # -log sigmoid(0): the loss of a model that is its own reference
CLOSE = 0.01  # of the loss of the first step; NF4 in another batch differs by 1e-3 at most


def run(config: Config, run: Run, *, progress: bool = True, plot: watch.Plot | None = None) -> Result:
    """Train the preference phase into `run`, from its newest whole checkpoint where there is one.

    A phase that is finished comes back as it is. The log's rows have, beside the loss, `margin` (of the rewards, in nats
    times beta) and `preferred` (the share of pairs whose right answer is rewarded more). Raises TrainingError where the run
    has no text adapter or the beginning is not ln 2, DataError where the task has no pairs, and as `sft.run`.
    """
    runs.agree(run, config)
    start = run.before(PHASE)
    if start is None:
        raise TrainingError(f"{run.folder.name}: has no text adapter to go on from. Train it first: ghost train text")
    task = tasks.named(config.task)
    if not hasattr(task, "preferences"):
        raise DataError(f"task {config.task}: has no pairs of answers to prefer one of. Its phases are in `ghost train --help`")
    load.require(config, PHASE)
    folder, facts = run.phase(PHASE), run.facts().get(PHASE, {})
    pairs = task.preferences(config, "train")
    rung = recovery.first(config, PHASE, run, facts)
    if facts.get("data", digest(pairs)) != digest(pairs):
        raise TrainingError(f"{run.folder.name}/{PHASE}: was begun with other pairs. Restore the data, or start a new run")
    run.record(**{PHASE: {"data": digest(pairs)}, "seed": config.seed}, **runs.provenance())
    if adapter := run.adapter(PHASE):
        return Result(adapter, watch.read(folder / "log.jsonl"), facts["seconds"], facts["steps"], facts["dropped"], rung)
    with runs.training(run, PHASE):
        return _attempt(config, run, rung, pairs, start, progress, plot)


def digest(pairs: Sequence[Preference]) -> str:
    """A hash of what is trained on."""
    return rows.digest([Example(one.id, one.prompt, completion=f"{one.chosen}\0{one.rejected}") for one in pairs])


def short_enough(pairs: Sequence[Preference], processor: Any, limit: int) -> tuple[list[Preference], int]:
    """The pairs of which both answers fit into `limit` tokens, and how many do not. Nothing is ever cut."""
    longest = [Example(p.id, p.prompt, completion=max(p.chosen, p.rejected, key=len)) for p in pairs]
    kept = [pair for pair, tokens in zip(pairs, rows.lengths(longest, processor), strict=True) if tokens <= limit]
    return kept, len(pairs) - len(kept)


def trainer(config: Config, folder: Path, model: Any, processor: Any, pairs: Sequence[Preference]) -> Any:
    """TRL's DPOTrainer for `model`, whose "default" adapter is trained and, as it is now, the reference.

    Both adapters are in float32, and of the two only "default" trains.
    """
    from datasets import Dataset
    from transformers import PrinterCallback
    from trl import DPOTrainer

    held = {name: value.detach().cpu().clone() for name, value in model.named_parameters() if value.requires_grad}
    with _without_bars():
        made = DPOTrainer(
            model=model,
            args=_arguments(config, folder),
            train_dataset=Dataset.from_list([_row(pair) for pair in pairs]),
            processing_class=getattr(processor, "tokenizer", processor),
        )
    if made.ref_model is not None or "ref" not in made.model.peft_config:
        raise TrainingError("trl made no frozen copy of the adapter: the reference would be another model. Use the pinned trl")
    # trl has cast the adapters of a 4-bit model to bf16, and copied one of them before
    for name, value in made.model.named_parameters():
        if ".ref." in name:
            value.data = held[name.replace(".ref.", ".default.")].to(value.device, copy=True)  # else both are one tensor
            value.requires_grad_(False)
        elif value.requires_grad:
            value.data = held[name].to(value.device)
    if config.lora.dora:
        from ghostlib.models import dora

        dora.lighten(made.model)  # the reference too, else it would be another sum than the trained one
    # transformers would load "ref" from its folder in a checkpoint, and leave "default", which lies beside it, as it is:
    # training would begin anew at the old step's learning rate
    made._load_from_checkpoint = lambda checkpoint, model=None: lora.fill(made.model, Path(checkpoint))
    made.remove_callback(PrinterCallback)
    made.add_callback(_beginning(folder))
    return made


def reference(model: Any) -> dict[str, Any]:
    """A copy of the reference adapter's values, by name."""
    return {name: value.detach().cpu().clone() for name, value in model.named_parameters() if ".ref." in name}


def still(folder: Path, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Raises TrainingError where the reference is no longer what it was."""
    moved = [name for name, value in before.items() if not value.equal(after[name])]
    if moved:
        raise TrainingError(f"{folder}: the reference moved ({moved[0]}). Use the pinned trl and peft")


def _arguments(config: Config, folder: Path) -> Any:
    from trl import DPOConfig

    train, preference, cuda = config.train, config.preference, machine.look().gpu is not None
    return DPOConfig(
        output_dir=str(folder / "checkpoints"),
        beta=preference.beta,
        max_steps=config.steps(PHASE),
        num_train_epochs=preference.epochs,
        per_device_train_batch_size=preference.batch_size,
        gradient_accumulation_steps=preference.accumulation,
        learning_rate=preference.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=train.warmup_steps,
        optim=train.optimizer,
        max_grad_norm=train.max_grad_norm,
        save_strategy="steps",
        save_steps=train.checkpoint_steps,
        save_total_limit=None,
        logging_steps=train.log_steps,
        logging_nan_inf_filter=False,
        gradient_checkpointing=train.gradient_checkpointing,
        fp16=False,
        bf16=False,
        max_length=None,  # too long pairs are left out before
        disable_dropout=True,  # with dropout the first loss would not be ln 2, and nobody could tell the traps from it
        dataloader_num_workers=0,
        dataloader_pin_memory=cuda,
        use_cpu=not cuda,
        report_to="none",
        disable_tqdm=True,
        seed=config.seed,
        data_seed=config.seed,
    )


def _attempt(
    config: Config, run: Run, rung: Rung, pairs: Sequence[Preference], start: Path, progress: bool, plot: watch.Plot | None
) -> Result:
    """One training; owns everything heavy, so that nothing outlives it."""
    folder, log, plan = run.phase(PHASE), run.phase(PHASE) / "log.jsonl", rung.plan
    run.record(**{PHASE: {"plan": dataclasses.asdict(plan), "why": rung.why, "gib": rung.cost.parts}})
    base = load.base(config, plan)
    kept, dropped = short_enough(pairs, base.processor, plan.max_seq_length)
    if not kept:
        raise DataError(f"{PHASE}: no pair has at most {plan.max_seq_length} tokens. Raise train.max_seq_length")
    model = lora.attach(base.model, plan, start=start, seed=config.seed)
    checkpoint = checkpoints.newest(folder / "checkpoints")
    if checkpoint:
        checkpoints.agree(checkpoint, plan)
    made = trainer(config, folder, model, base.processor, kept)
    frozen = reference(made.model)
    watch.rewind(log, checkpoints.step(checkpoint) if checkpoint else 0)
    spent = watch.spent(log)
    if progress:
        begins = f"goes on from {checkpoint.name}" if checkpoint else f"{len(kept)} pairs, reference: the text phase's adapter"
        print(f"{PHASE}: {begins}", flush=True)
    made.add_callback(watch.callback(log, PHASE, progress=progress, plot=plot))
    copy = mirror.Mirror(run.folder, PHASE, config.train.mirror)
    checkpoints.keep(made, plan, saved=copy.update, busy=lambda: copy.copying)
    watch.guard(made)
    started = time.monotonic()
    with writing(folder), load.quietly():
        made.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    seconds, last, told = spent + time.monotonic() - started, made.state.global_step, watch.read(log)
    still(folder, frozen, reference(made.model))
    facts = {
        "seconds": round(seconds, 1),
        "steps": last,
        "examples": len(kept),
        "dropped": dropped,
        "parameters": dataclasses.asdict(lora.count(made.model)),
        "peak_gib": round(memory.peak(), 2),
        "base": base.why,
        "start": "text/adapter",
        "beta": config.preference.beta,
        "kept": {"step": last, "why": "the last step"},
    }
    run.record(**{PHASE: facts})  # before the adapter, which says that the phase is finished
    lora.save(made.model, folder / "adapter", name=plan.model)
    copy.finish()
    return Result(folder / "adapter", told, seconds, last, dropped, rung)


@contextmanager
def _without_bars() -> Iterator[None]:
    """Keeps the bars of datasets off the screen: in a saved notebook each would be an empty widget."""
    from datasets.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _beginning(folder: Path) -> Any:
    """A TrainerCallback that stops with a TrainingError where the first loss is not that of a model beside its own copy."""
    from transformers import TrainerCallback

    class Beginning(TrainerCallback):
        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
            if state.global_step == 1 and logs and abs(logs.get("loss", BEGINNING) - BEGINNING) > CLOSE:
                raise TrainingError(
                    f"{folder}: the first loss is {logs['loss']:.4f}, not ln 2: the reference is not the model that this began "
                    "with. Use the pinned trl and peft"
                )

    return Beginning()


def _row(pair: Preference) -> dict[str, Any]:
    answers = {"chosen": pair.chosen, "rejected": pair.rejected}
    turns = {name: [{"role": "assistant", "content": text}] for name, text in answers.items()}
    return {"prompt": [{"role": "user", "content": pair.prompt}]} | turns
