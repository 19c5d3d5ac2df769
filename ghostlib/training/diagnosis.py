"""Why a loss, a gradient or a weight is no number: the likely cause in one line, from what is known at that moment."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ghostlib import machine
from ghostlib.tasks import Example

GROWN = 10.0  # times what the largest adapter weight was at the start: healthy training moves it by a few per cent
RISEN = 2.0  # times the first loss


@dataclass(frozen=True)
class Evidence:
    """What is known when a value is found that is not finite."""

    what: str  # "the loss is nan", "the gradient of ... is not finite"
    step: int  # the optimizer step that it happened in, from 1
    made: int  # optimizer steps made before it since training began or was resumed
    compute: str  # the dtype that matrices are multiplied in
    rate: float  # the learning rate that was asked for
    growth: float = 1.0  # largest adapter weight now, over what it was at the start
    rise: float = 1.0  # the last logged loss over the first
    weight: str | None = None  # a weight that is not finite
    tuned: bool = False  # whether that one is the adapter's
    flaw: str | None = None  # what is wrong with the batch itself
    examples: tuple[str, ...] = ()  # the ids in the batch


def told(evidence: Evidence) -> str:
    """One line: what happened in which step, in which precision, to which examples, why probably, and what to do."""
    batch = f"; examples {', '.join(evidence.examples)}" if evidence.examples else ""
    return f"step {evidence.step}: {evidence.what} ({evidence.compute}{batch}). Likely cause: {cause(evidence)}"


def cause(evidence: Evidence) -> str:
    """The likeliest cause and its remedy. What was seen directly comes first; before any step no learning rate is to blame."""
    if evidence.flaw:
        return f"a bad batch, {evidence.flaw}. Mend or remove that example, then start a new run"
    if evidence.weight and not evidence.tuned:
        return f"broken base weights: {evidence.weight} is not finite. Fetch the model again, or take another"
    if evidence.weight and not evidence.made:
        return (
            f"a broken adapter: {evidence.weight} was not finite from the start. "
            "Train the phase before it again, or start a new run"
        )
    signs = []
    if evidence.made and evidence.growth >= GROWN:
        signs.append(f"the adapter's largest weight has grown {evidence.growth:.1e} times")
    if evidence.made and evidence.rise >= RISEN:
        signs.append(f"the loss had risen {evidence.rise:.1f} times")
    if evidence.made and evidence.weight:
        signs.append(f"the optimizer has made {evidence.weight} infinite")
    if signs:
        return (
            f"a learning rate that is too high: at {evidence.rate:.1e} {' and '.join(signs)}. "
            "Lower train.learning_rate and start a new run"
        )
    if evidence.compute == "float16":
        return (
            "fp16 overflow on this card, since weights and batch are finite. Start a new run with a lower "
            "train.learning_rate, or use a card with bf16 (L4, A10G, A100)"
        )
    return (
        "a bad batch, since the weights are finite and fp16 is not in use. Look at these examples (`ghost dataset check`), "
        "remove what is wrong and start a new run"
    )


def gather(
    what: str, model: Any, trainer: Any, *, began: dict[str, float], inputs: dict[str, Any], examples: tuple[str, ...]
) -> Evidence:
    """The Evidence of a training that `began` at a "step" with a "largest" adapter weight; `inputs` is the last batch."""
    state = trainer.state
    weight, tuned = unsound(model)
    losses = [row["loss"] for row in state.log_history if "loss" in row and row["step"] > began["step"]]
    spoilt = tuned and math.isfinite(began["largest"])  # by the step that is not counted yet
    return Evidence(
        what=what,
        step=state.global_step + 1,
        made=state.global_step - int(began["step"]) + spoilt,
        compute=machine.precision(machine.look()).compute,
        rate=trainer.args.learning_rate,
        growth=largest(model) / max(began["largest"], 1e-9),
        rise=losses[-1] / losses[0] if losses and losses[0] > 0 else 1.0,
        weight=weight,
        tuned=tuned,
        flaw=flaw(inputs),
        examples=examples,
    )


def largest(model: Any) -> float:
    """The largest adapter weight by its size; nan or inf where there is one."""
    return _norm((parameter.detach() for parameter in model.parameters() if parameter.requires_grad), order=math.inf)


def gradient(model: Any) -> float:
    """The norm of all gradients together, as clipping takes it; nan or inf where there is one, or where it is too large."""
    return _norm(parameter.grad for parameter in model.parameters() if parameter.grad is not None)


def of_which(model: Any) -> str:
    """` of <parameter>` for the only or first gradient that is not finite; empty where each is, and only their norm is not."""
    wrong = [name for name, one in model.named_parameters() if one.grad is not None and not _is_finite(one.grad)]
    more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    return f" of {_short(wrong[0])}{more}" if wrong else ""


def unsound(model: Any) -> tuple[str | None, bool]:
    """The name of a weight that is not finite and whether it trains; (None, False) for a sound model.

    The frozen ones come first: DoRA's magnitude is taken of them, so that a broken one breaks the adapter's too.
    """
    weights = sorted(model.named_parameters(), key=lambda pair: pair[1].requires_grad)
    for name, parameter in weights:
        if not all(_is_finite(value) for value in _floats(parameter)):
            return _short(name), parameter.requires_grad
    return None, False


def flaw(inputs: dict[str, Any]) -> str | None:
    """What is wrong with a batch before any model has seen it: a value that is no number, or no answer to learn."""
    for name, value in inputs.items():
        if getattr(value, "is_floating_point", lambda: False)() and not _is_finite(value):
            return f"its {name} are not finite"
    labels = inputs.get("labels")
    if labels is not None and bool((labels == -100).all()):
        return "no token of it counts in the loss"
    return None


def names(inputs: dict[str, Any], examples: Sequence[Example], processor: Any) -> tuple[str, ...]:
    """The ids of the examples in a batch, found by their words; the beginning of the answer for one that is not found."""
    ids, labels = inputs.get("input_ids"), inputs.get("labels")
    if ids is None or labels is None:
        return ()
    tokenizer = getattr(processor, "tokenizer", processor)
    found = []
    for row, marks in zip(ids, labels, strict=True):
        seen = _squeezed(tokenizer.decode(row, skip_special_tokens=True))
        fitting = [one for one in examples if _squeezed(one.prompt) in seen and _squeezed(one.taught) in seen]
        if fitting:  # words may hold other words: the longest has the most of them in common
            found.append(max(fitting, key=lambda one: len(one.prompt) + len(one.taught)).id)
        else:
            answer = " ".join(tokenizer.decode(row[marks != -100], skip_special_tokens=True).split())
            found.append(repr(answer[:40]))
    return tuple(found)


def _short(name: str) -> str:
    return name.removeprefix("module.").removeprefix("base_model.model.").replace(".default", "")


def _norm(tensors: Iterable[Any], order: float = 2.0) -> float:
    from torch.nn.utils import get_total_norm

    total = get_total_norm(list(tensors), order)
    return (total.full_tensor() if hasattr(total, "full_tensor") else total).item()  # sharded over GPUs, each has a part


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _floats(parameter: Any) -> Iterator[Any]:
    """The values that decide: the weight itself, or an NF4 weight's scales."""
    if parameter.is_floating_point():
        yield parameter
    state = getattr(parameter, "quant_state", None)
    for owner in (state, getattr(state, "state2", None)):
        for value in (getattr(owner, "absmax", None), getattr(owner, "offset", None)):
            if value is not None and value.is_floating_point():
                yield value


def _is_finite(tensor: Any) -> bool:
    """By the extremes, which carry a nan along: no mask as large as an embedding beside a model that fills the card."""
    return tensor.numel() == 0 or all(bool(value.isfinite()) for value in tensor.detach().aminmax())
