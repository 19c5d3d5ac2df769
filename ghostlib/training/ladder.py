"""Plan -> the next cheaper plan, and the first one that fits a machine. Pure: every rung is tested on a laptop."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from ghostlib.config import Lora, Plan, Train
from ghostlib.errors import OutOfMemory
from ghostlib.machine import Machine, precision
from ghostlib.training import memory

LEAST_SAVING = 0.1  # GiB; a rung that saves less is not worth what it gives up
ESTIMATE_ERROR = 0.15  # of the estimate, until a GPU has measured it
FRAGMENTATION = 0.04  # of the card, lost between the allocator's blocks
BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}


@dataclass(frozen=True)
class Rung:
    """A plan, what it costs, whether that fits, and why it is as it is."""

    plan: Plan
    cost: memory.Cost
    fits: bool
    why: str


def cheaper(plan: Plan) -> Plan | None:
    """The next plan that needs less memory, or None when nothing is left to give up.

    In this order: sequence 4096 -> 2048, rank 64 -> 32, DoRA off, rank 32 -> 16, modules -> q and v, Gemma-3 12B -> 4B
    (which then starts with full Trinity again). A step that saves less than 0.1 GiB is skipped.
    """
    now = memory.cost(plan, memory.shape(plan.model)).total
    candidate = plan
    for change, _ in _changes(plan):
        candidate = change
        if now - memory.cost(candidate, memory.shape(candidate.model)).total >= LEAST_SAVING:
            return candidate
    return None


def rungs(plan: Plan, machine: Machine) -> list[Rung]:
    """The whole ladder from `plan` down, each rung held against this machine's GPU (RAM where there is none)."""
    found = []
    step: Plan | None = plan
    why = "as the profile asks"
    while step is not None:
        found.append(_rung(step, machine, why))
        following = cheaper(step)
        why = _difference(step, following) if following else ""
        step = following
    return found


def choose(plan: Plan, machine: Machine) -> Rung:
    """The first rung that fits. Raises OutOfMemory with advice if none does."""
    ladder = rungs(plan, machine)
    for rung in ladder:
        if rung.fits:
            return rung
    last = ladder[-1]
    raise OutOfMemory(
        f"{plan.model}: even the cheapest plan needs {last.cost.total:.1f} GiB ({_short(last.plan)}) and this machine "
        f"has {_space(machine):.1f}. Use a larger card, a smaller model (model.name), or --profile nano"
    )


def _changes(plan: Plan) -> Iterator[tuple[Plan, str]]:
    """Every step down from `plan`, alone, in the ladder's order."""
    replace = dataclasses.replace
    if plan.max_seq_length > 2048:
        yield replace(plan, max_seq_length=2048), "sequence"
    if plan.rank > 32:
        yield replace(plan, rank=32), "rank"
    if plan.dora:
        yield replace(plan, dora=False), "dora"
    if plan.rank > 16:
        yield replace(plan, rank=16), "rank"
    if set(plan.modules) - {"q", "v"}:
        yield replace(plan, modules=("q", "v")), "modules"
    if "gemma-3-12b" in plan.model:
        full = Lora()
        yield (
            replace(
                plan,
                model=plan.model.replace("gemma-3-12b", "gemma-3-4b"),
                rank=full.rank,
                dora=full.dora,
                modules=full.modules,
                max_seq_length=Train().max_seq_length,
            ),
            "model",
        )


def _rung(plan: Plan, machine: Machine, why: str) -> Rung:
    storage = None if plan.path == "unsloth" else BYTES[precision(machine).storage]
    cost = memory.cost(plan, memory.shape(plan.model), storage=storage)
    space, need = _space(machine), cost.total * (1 + ESTIMATE_ERROR)
    fits = need <= space
    verdict = f"{cost.total:.1f} GiB + {ESTIMATE_ERROR:.0%} {'fit' if fits else 'do not fit'} {space:.1f}"
    return Rung(plan, cost, fits, f"{why}: {verdict}")


def _space(machine: Machine) -> float:
    """GiB that training may use."""
    return (machine.vram_gib or machine.ram_gib) * (1 - FRAGMENTATION)


def _difference(before: Plan, after: Plan) -> str:
    changed = [
        f"{field.name} {_spelled(getattr(before, field.name))} -> {_spelled(getattr(after, field.name))}"
        for field in dataclasses.fields(Plan)
        if getattr(before, field.name) != getattr(after, field.name)
    ]
    return ", ".join(changed)


def _spelled(value: object) -> str:
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _short(plan: Plan) -> str:
    return f"sequence {plan.max_seq_length}, rank {plan.rank}, DoRA {'on' if plan.dora else 'off'}"
