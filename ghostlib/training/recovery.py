"""Which rung a phase begins on, and what follows when the memory runs out all the same."""

from __future__ import annotations

import dataclasses
import errno
import gc
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ghostlib import config as configs
from ghostlib import machine
from ghostlib.config import Config, Plan
from ghostlib.errors import OutOfMemory
from ghostlib.models.files import writing
from ghostlib.training import checkpoints, ladder, memory, watch
from ghostlib.training.ladder import Rung
from ghostlib.training.runs import Run

if TYPE_CHECKING:
    from ghostlib.training.probe import Probed

# How memory that has run out is spelled: torch's caching allocator and a bare CUDA error; bitsandbytes and cudaMalloc;
# cuBLAS and cuDNN, which have workspaces of their own; torch's allocator on a CPU (Linux and macOS, Windows).
SIGNS = (
    *("out of memory", "cudaErrorMemoryAllocation", "CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED"),
    *("can't allocate memory", "not enough memory"),
)
SETTINGS = {  # of a plan, under the names that a user sets
    **{"max_seq_length": "train.max_seq_length", "rank": "lora.rank", "alpha": "lora.alpha", "dora": "lora.dora"},
    **{"rslora": "lora.rslora", "modules": "lora.modules", "model": "model.name"},
}


def first(
    config: Config, phase: str, run: Run, facts: dict[str, Any], *, probe: Callable[[Plan], Probed] | None = None
) -> Rung:
    """The rung that this phase was begun on; else the first that fits, in the shape of the adapter it starts from.

    A `probe` decides where the estimate is open, and has the last word where it is not. Raises OutOfMemory with advice.
    """
    if "plan" in facts:  # frozen: it was probed before it was written down
        frozen = facts["plan"] | {"modules": tuple(facts["plan"]["modules"])}
        return Rung(Plan(**frozen), memory.Cost(facts["gib"]), True, facts["why"])
    plan = configs.plan(config, phase)
    start = run.before(phase)
    before = run.facts().get("text", {}).get("plan") if start else None
    if before:  # phase 1 may have stepped down the ladder; an adapter keeps its shape
        kept = ("model", "rank", "alpha", "dora", "rslora")
        plan = dataclasses.replace(plan, modules=tuple(before["modules"]), **{key: before[key] for key in kept})
    rung = ladder.choose(plan, machine.look(), probe=(lambda open_plan: probe(open_plan).ran) if probe else None)
    if start and not only_shorter(plan, rung.plan):
        _stop(plan, rung.plan, f"{phase}: does not fit this machine in the shape of the text phase's adapter")
    while probe and (found := probe(rung.plan)).short:
        rung = _below(rung, found.message, f"{phase}: the probe ran out of memory", start=start)
    return dataclasses.replace(rung, why=f"{rung.why}; {found.told}") if probe else rung


def step_down(run: Run, phase: str, rung: Rung, failed: str) -> Rung:
    """The rung after `rung`, which ran out of memory as `failed` says. What was made so far stays: checkpoints and log.

    Only a shorter sequence goes on from checkpoints, or from another phase's adapter. Any other rung is a new run: it
    begins from nothing where there is nothing yet, else OutOfMemory says what to set. So it does on the last rung.
    """
    folder = run.phase(phase)
    tried = [*run.facts().get(phase, {}).get("attempts", []), {"plan": dataclasses.asdict(rung.plan), "failed": failed}]
    run.write(**{phase: {"attempts": tried}})
    saved = checkpoints.newest(folder / "checkpoints")
    start = run.before(phase)
    after = _below(rung, failed, f"{phase}: out of memory", saved=saved, start=start)
    if not only_shorter(rung.plan, after.plan) and watch.read(folder / "log.jsonl"):
        with writing(folder):  # its steps are not those of the new rung, and the new one begins a log
            (folder / "log.jsonl").rename(folder / f"log-{len(tried)}.jsonl")
    return after


def only_shorter(before: Plan, after: Plan) -> bool:
    """Whether nothing but the sequence differs: the one change that checkpoints and adapters survive."""
    return dataclasses.replace(before, max_seq_length=after.max_seq_length) == after


def shortage(error: BaseException) -> str | None:
    """The line that says that memory ran out, whoever raised it and whatever it is wrapped in; None for any other error."""
    import torch

    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        line = (str(one).strip().splitlines() or [type(one).__name__])[0]
        by_kind = isinstance(one, MemoryError) or isinstance(one, torch.OutOfMemoryError)
        if by_kind or (isinstance(one, OSError) and one.errno == errno.ENOMEM):
            return line
        # RuntimeError alone: torch's own errors are, and PostgreSQL's "out of memory", met in an evaluation, is not
        if isinstance(one, RuntimeError) and any(sign in str(one) for sign in SIGNS):
            return line
        waiting += [one.__context__, one.__cause__]
    return None


def release() -> None:
    """Give back what the failed attempt held; call it outside `except`, where nothing refers to it any more."""
    import torch

    if "bitsandbytes" in sys.modules:
        from bitsandbytes.optim import GlobalOptimManager

        GlobalOptimManager.get_instance().initialize()  # transformers has told it the embedding, 1.9 GiB on 12B
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()  # the next attempt's peak is its own


def _below(rung: Rung, failed: str, what: str, *, saved: Path | None = None, start: Path | None = None) -> Rung:
    """The next cheaper rung, with the reason. Raises OutOfMemory where there is none, or none that can go on from here."""
    after = ladder.cheaper(rung.plan)
    if after is None:
        raise OutOfMemory(
            f"{what} on the last rung ({failed}). Use a larger card, a smaller model (model.name), or --profile nano"
        )
    if (saved or start) and not only_shorter(rung.plan, after):
        _stop(rung.plan, after, f"{what} ({failed}). {saved.name if saved else 'The adapter of the text phase'} stays as it is")
    changed = ", ".join(f"{key} {_spelled(old)} -> {_spelled(new)}" for key, (old, new) in _changes(rung.plan, after).items())
    return Rung(after, ladder.price(after, machine.look()), True, f"{changed} after running out of memory ({failed})")


def _stop(before: Plan, after: Plan, what: str) -> None:
    settings = " ".join(
        f"--set {SETTINGS[key]}={_value(new)}" for key, (_, new) in _changes(before, after).items() if key in SETTINGS
    )
    raise OutOfMemory(f"{what}, and cannot take another rank or shape: start a new run with {settings}")


def _changes(before: Plan, after: Plan) -> dict[str, tuple[Any, Any]]:
    pairs = ((field.name, getattr(before, field.name), getattr(after, field.name)) for field in dataclasses.fields(Plan))
    return {name: (old, new) for name, old, new in pairs if old != new}


def _spelled(value: Any) -> str:
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _value(value: Any) -> str:
    """A value as `--set` and a shell read it."""
    if isinstance(value, tuple):
        return f"'[{', '.join(value)}]'"
    return str(value).lower() if isinstance(value, bool) else str(value)
