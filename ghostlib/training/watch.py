"""What happens beside the steps: the log, what a person sees of it, TensorBoard, and the NaN guard."""

import importlib.util
import json
import math
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from ghostlib.config import Config
from ghostlib.errors import MachineError, TrainingError
from ghostlib.models.files import writing
from ghostlib.tasks import Example
from ghostlib.training import diagnosis, memory, rows

Row = dict[str, Any]  # a line of log.jsonl
Plot = Callable[[Sequence[Row], Sequence[Row], int | None], None]  # steps, evaluations, of how many steps; None: it is over
REWARDS = {  # of trl's preference training, by our names: what a pair's answers are worth, in nats times beta
    "margin": "rewards/margins",
    "preferred": "rewards/accuracies",
    "chosen": "rewards/chosen",
    "rejected": "rewards/rejected",
}


def read(log: Path, *, until: int | None = None) -> list[Row]:
    """The steps of a log.jsonl, rows with a loss, up to step `until`; a last line that a kill cut short is left out."""
    return [row for row in _rows(log, until) if "loss" in row]


def scores(log: Path, *, until: int | None = None) -> list[Row]:
    """The evaluations of a log.jsonl: rows with step, asked, is_best, runtime, seconds, and what was measured.

    That is score with low and high, or held_loss with perplexity (train.eval_by).
    """
    return [row for row in _rows(log, until) if "loss" not in row]


def spent(log: Path) -> float:
    """Seconds that a log.jsonl tells of, evaluations included."""
    return max((row["seconds"] for row in _rows(log, None)), default=0.0)


def rewind(log: Path, step: int) -> None:
    """Keep the rows up to a step: those after it are made again."""
    kept = _rows(log, step)
    aside = log.with_name(f"{log.name}.partial")
    with writing(log):  # a kill must not take the rows of steps that no sitting makes again
        aside.write_text("".join(json.dumps(row) + "\n" for row in kept), encoding="utf-8")
        aside.replace(log)


def _rows(log: Path, until: int | None) -> list[Row]:
    found = []
    try:
        lines = log.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    for line in lines:
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            continue
        if until is None or row["step"] <= until:
            found.append(row)
    return found


def guard(trainer: Any, examples: Sequence[Example] = ()) -> None:
    """Stop train() with a TrainingError that has the likely cause, at the first value that is no number.

    The loss and the gradient are looked at after every batch: before clipping, which would spread one nan over all and
    make zeros of an infinite norm, and before anything reaches the weights. The weights are looked at after every
    optimizer step, before they can be saved. `examples` are what is trained on, to name those in the batch.
    """
    from transformers import TrainerCallback

    step = trainer.training_step
    began: dict[str, float] = {}
    batch: dict[str, Any] = {}

    def guarded(model: Any, inputs: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        if not began:
            began.update(step=trainer.state.global_step, largest=diagnosis.largest(model))
        batch.update(inputs=inputs)
        loss = step(model, inputs, *args, **kwargs)
        if not math.isfinite(loss.item()):
            stop(model, f"the loss is {loss.item()}")
        if not math.isfinite(diagnosis.gradient(model)):
            stop(model, f"the loss is finite, but not the gradient{diagnosis.of_which(model)}")
        return loss

    def stop(model: Any, what: str) -> NoReturn:
        named = diagnosis.names(batch["inputs"], examples, trainer.processing_class)
        found = diagnosis.gather(what, model, trainer, began=began, inputs=batch["inputs"], examples=named)
        raise TrainingError(diagnosis.told(found))

    class Sound(TrainerCallback):
        def on_optimizer_step(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
            if not math.isfinite(diagnosis.largest(model)):
                stop(model, "loss and gradient are finite, but not the weights that the optimizer made of them")

    trainer.training_step = guarded
    trainer.add_callback(Sound())


def callback(log: Path, label: str, *, progress: bool, every: int = 0, plot: Plot | None = None) -> Any:
    """A TrainerCallback that goes on writing `log` and shows how far it is.

    `every` so many steps is an evaluation. Where there is a `plot`, it is drawn instead of the lines. Only the first of
    several processes writes and shows.
    """
    from transformers import TrainerCallback

    steps, marks = read(log), scores(log)
    clock = _Clock(spent(log), steps[-1]["tokens"] if steps else 0)
    bar: list[Any] = []

    class Watch(TrainerCallback):
        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            clock.begin(state.global_step, state.num_input_tokens_seen)
            if progress and not plot and state.is_world_process_zero and sys.stderr.isatty():
                from tqdm import tqdm

                bar.append(tqdm(total=state.max_steps, initial=state.global_step, desc=label, unit="step"))

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
            if not state.is_world_process_zero or not logs:
                return
            if "loss" in logs:
                row = clock.step(logs, state.global_step, state.max_steps, every)
                steps.append(row)
            elif "eval_is_best" in logs:
                row = clock.score(logs, state.global_step)
                marks.append(row)
            else:
                return
            with writing(log), log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
            if plot:
                plot(steps, marks, state.max_steps)
            elif progress:
                _show(row, label, state.max_steps, bar, clock)

        def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            for one in bar:
                one.close()
            if plot:
                plot(steps, marks, None)

    return Watch()


def example(trainer: Any, label: str, asked: Example) -> str:
    """The first row as the trainer makes it, in three lines: how much counts in the loss, what is asked, what is learnt."""
    batch = trainer.data_collator([trainer.train_dataset[0]])
    tokenizer = getattr(trainer.processing_class, "tokenizer", trainer.processing_class)
    ids, labels = batch["input_ids"][0].tolist(), batch["labels"][0].tolist()
    counted = [token for token, kept in zip(ids, labels, strict=True) if kept != rows.IGNORED]
    question = (asked.prompt.splitlines() or [""])[-1]
    return (
        f"{label}: {len(counted)} of {len(ids)} tokens of an example count in the loss\n"
        f"  asked:  {'(picture) ' if asked.image else ''}... {_short(question)}\n"
        f"  learnt: {_short(tokenizer.decode(counted))}"
    )


def require(config: Config) -> None:
    """Raises MachineError where `train.tensorboard` is on and nothing can write for it."""
    if config.train.tensorboard and not any(map(importlib.util.find_spec, ("tensorboard", "tensorboardX"))):
        raise MachineError(
            "train.tensorboard: there is no package that writes for it. Install one with `pip install tensorboardX`, "
            "or set train.tensorboard=false"
        )


def tensorboard(folder: Path, *, step: int) -> Any:
    """A TrainerCallback that writes everything that is logged for TensorBoard; what stands there after `step` is replaced."""
    from transformers.integrations import TensorBoardCallback

    try:
        from torch.utils.tensorboard import SummaryWriter  # where the viewer is installed too, in Colab
    except ImportError:
        from tensorboardX import SummaryWriter
    return TensorBoardCallback(SummaryWriter(str(folder), purge_step=step + 1))


class _Clock:
    """The time, the tokens and the pace of one sitting; what earlier sittings took is added."""

    def __init__(self, spent: float, tokens: float) -> None:
        self.spent, self.tokens = spent, tokens
        self.asking, self.evaluations = 0.0, 0  # seconds in evaluations of this sitting, and how many
        self.begin(0, 0)

    def begin(self, step: int, seen: int) -> None:
        self.start, self.first, self.seen = time.monotonic(), step, seen
        self.last = (0.0, 0.0)  # seconds of training and tokens at the row before

    def pace(self, step: int) -> float:
        """Seconds of training a step, evaluations not counted."""
        return (time.monotonic() - self.start - self.asking) / max(1, step - self.first)

    def step(self, logs: dict[str, Any], step: int, total: int, every: int) -> Row:
        elapsed = time.monotonic() - self.start
        # trl counts what this sitting has seen; under Unsloth it does not, and transformers counts all sittings
        tokens = logs.get("num_tokens", logs.get("num_input_tokens_seen", self.seen) - self.seen)
        before, counted = self.last
        self.last = (elapsed - self.asking, tokens)
        left = self.pace(step) * (total - step)
        if every and self.evaluations:
            left += self.asking / self.evaluations * -(-(total - step) // every)
        rewards = {own: logs[name] for own, name in REWARDS.items() if name in logs}
        return {
            "step": step,
            "loss": logs["loss"],
            **({} if rewards else {"perplexity": round(math.exp(min(logs["loss"], 50.0)), 4)}),
            "learning_rate": logs["learning_rate"],
            "grad_norm": float(logs["grad_norm"]),
            "tokens": int(self.tokens + tokens),
            "tokens_per_second": round((tokens - counted) / max(1e-6, self.last[0] - before), 1),
            "memory_gib": round(memory.peak(), 3),
            "seconds": round(self.spent + elapsed, 3),
            "seconds_left": round(left, 1),
            "accuracy": logs.get("mean_token_accuracy"),
        } | rewards

    def score(self, logs: dict[str, Any], step: int) -> Row:
        self.asking += logs["eval_runtime"]
        self.evaluations += 1
        names = ("score", "low", "high", "validity", "held_loss", "perplexity", "asked", "is_best", "runtime")
        found = {name: logs[f"eval_{name}"] for name in names if f"eval_{name}" in logs}
        return {"step": step} | found | {"seconds": round(self.spent + time.monotonic() - self.start, 3)}


def _show(row: Row, label: str, total: int, bar: list[Any], clock: _Clock) -> None:
    """One plain line each tenth of the way and for each evaluation; a bar where somebody watches a terminal."""
    if "is_best" in row:
        valid = f", {row['validity']:.0%} valid" if "validity" in row else ""
        best = ", the best so far" if row["is_best"] else ""
        asked = f"{row['asked']} asked in {row['runtime']:.0f} s"
        told = f"score {row['score']:.3f}" if "score" in row else f"loss held back {row['held_loss']:.3f}"
        line = f"{label} {row['step']}/{total}  {told}{valid}{best}  ({asked})"
        bar[0].write(line, file=sys.stderr) if bar else print(line, flush=True)
    elif bar:
        bar[0].set_postfix(loss=f"{row['loss']:.3f}", refresh=False)
        bar[0].update(row["step"] - bar[0].n)
    elif row["step"] % max(1, total // 10) == 0 or row["step"] in (1, total):
        print(
            f"{label} {row['step']}/{total}  loss {row['loss']:.3f}  lr {row['learning_rate']:.1e}  "
            f"{clock.pace(row['step']):.1f} s a step  {row['seconds_left']:.0f} s left",
            flush=True,
        )


def _short(text: str) -> str:
    """On one line, at most 100 characters."""
    line = " ".join(text.split())
    return line if len(line) <= 100 else f"{line[:97]}..."
