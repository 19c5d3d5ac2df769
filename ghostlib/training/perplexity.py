"""What the right answers cost a model: the loss of their tokens, and e to it, the perplexity. Nothing is generated."""

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ghostlib import config as configs
from ghostlib.config import Config
from ghostlib.models import load, lora
from ghostlib.models.load import Base
from ghostlib.tasks import Example
from ghostlib.training import rows
from ghostlib.training.runs import PHASES, Run

LARGEST = 50.0  # nats; e to more says nothing


def held(config: Config, base: Base, examples: Sequence[Example]) -> dict[str, float]:
    """Of a model over the examples: eval_held_loss in nats a token of the answers, eval_perplexity, eval_asked, and

    eval_runtime in seconds. One example after the other, so that no padding and no batch of logits is in memory.
    """
    import torch

    started, total, counted = time.monotonic(), 0.0, 0
    with torch.inference_mode():
        for example in examples:
            chances = _chances(base.model, rows.tensors(config, example, base.processor))
            total -= float(chances.sum())
            counted += len(chances)
    loss = total / counted
    told = {"eval_held_loss": loss, "eval_perplexity": round(math.exp(min(loss, LARGEST)), 4)}
    return told | {"eval_asked": len(examples), "eval_runtime": round(time.monotonic() - started, 3)}


def of_run(config: Config, run: Run, examples: Sequence[Example]) -> dict[str, float]:
    """The perplexity of the right answers to the examples, by model: "base", then the phases that the run has trained.

    Examples that are longer than the plan's sequence are left out. Empty where none is left.
    """
    plan = configs.plan(config, "text")
    asked, _ = rows.short_enough(examples, load.processor(config.model.name), plan.max_seq_length)
    found: dict[str, float] = {}
    for phase in [phase for phase in PHASES if run.adapter(phase)] if asked else []:
        base = load.base(config, plan)
        tuned = lora.resume(base.model, run.adapter(phase), trainable=False).eval()
        if not found:
            with tuned.disable_adapter():
                found["base"] = held(config, replace(base, model=tuned), asked)["eval_perplexity"]
        found[phase] = held(config, replace(base, model=tuned), asked)["eval_perplexity"]
    return found


def _chances(model: Any, batch: dict[str, Any]) -> Any:
    """The log-probabilities of an answer's tokens. Only the logits that predict them are made: Gemma-3's are 262,144 wide."""
    labels = batch.pop("labels")[0].to(model.device)
    first = int((labels != rows.IGNORED).nonzero()[0])
    wanted = labels[first:]
    inputs = {name: value.to(model.device) for name, value in batch.items()}
    made = model(**inputs, logits_to_keep=len(wanted) + 1).logits[0][-len(wanted) - 1 : -1]
    kept = wanted != rows.IGNORED
    return made[kept].float().log_softmax(-1).gather(1, wanted[kept][:, None])[:, 0]
