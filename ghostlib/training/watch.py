"""What happens beside the steps: the log, the progress line, and the NaN guard."""

import json
import math
import sys
import time
from pathlib import Path
from typing import Any

from ghostlib.errors import TrainingError
from ghostlib.models.files import writing
from ghostlib.training import checkpoints

NOT_FINITE = (
    "Likely a learning rate that is too high, or fp16 overflow on this card: lower train.learning_rate "
    "and start a new run; `ghost plan` shows the precision"
)


def read(log: Path, *, until: int | None = None) -> list[dict[str, float]]:
    """The rows of a log.jsonl up to step `until`; a last line that a kill cut short is left out."""
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


def guard(trainer: Any) -> None:
    """Stop at the first loss that is not finite, before it reaches the weights. Raises TrainingError from train()."""
    computed = trainer.compute_loss

    def guarded(*args: Any, **kwargs: Any) -> Any:
        result = computed(*args, **kwargs)
        loss = result[0] if isinstance(result, tuple) else result
        if not math.isfinite(loss.item()):
            raise TrainingError(f"step {trainer.state.global_step + 1}: the loss is {loss.item()}. {NOT_FINITE}")
        return result

    trainer.compute_loss = guarded


def callback(log: Path, label: str, *, before: list[dict[str, float]], progress: bool) -> Any:
    """A TrainerCallback that writes `log` (rows continue `before`), seals checkpoints and shows how far it is."""
    from transformers import TrainerCallback

    start = time.monotonic()
    spent = before[-1]["seconds"] if before else 0.0
    seen = before[-1]["tokens"] if before else 0.0
    first = int(before[-1]["step"]) if before else 0
    bar: list[Any] = []

    class Watch(TrainerCallback):
        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if progress and sys.stderr.isatty():
                from tqdm import tqdm

                bar.append(tqdm(total=state.max_steps, initial=state.global_step, desc=label, unit="step"))

        def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
            import torch

            grads = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
            if not torch.isfinite(torch.nn.utils.get_total_norm(grads)):
                raise TrainingError(f"step {state.global_step + 1}: the gradient is not finite. {NOT_FINITE}")

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
            if not logs or "loss" not in logs:
                return
            row = {
                "step": state.global_step,
                "loss": logs["loss"],
                "learning_rate": logs["learning_rate"],
                "grad_norm": float(logs["grad_norm"]),
                "tokens": int(seen + logs.get("num_tokens", 0)),
                "seconds": round(spent + time.monotonic() - start, 3),
                "accuracy": logs.get("mean_token_accuracy"),
            }
            with writing(log), log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
            _show(row, state.max_steps)

        def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            checkpoints.seal(Path(args.output_dir) / f"checkpoint-{state.global_step}")

        def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            for one in bar:
                one.close()

    def _show(row: dict[str, Any], total: int) -> None:
        if bar:
            bar[0].set_postfix(loss=f"{row['loss']:.3f}", refresh=False)
            bar[0].update(row["step"] - bar[0].n)
        elif progress and (row["step"] % max(1, total // 10) == 0 or row["step"] in (1, total)):
            pace = (time.monotonic() - start) / max(1, row["step"] - first)
            print(
                f"{label} {row['step']}/{total}  loss {row['loss']:.3f}  lr {row['learning_rate']:.1e}  "
                f"{pace:.1f} s a step  {pace * (total - row['step']):.0f} s left",
                flush=True,
            )

    return Watch()
