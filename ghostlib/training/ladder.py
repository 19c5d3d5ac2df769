"""Plan -> the next cheaper plan, and the first one that fits a machine. Pure: every rung is tested on a laptop."""

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ghostlib.config import Config, Lora, Plan, Train
from ghostlib.errors import OutOfMemory
from ghostlib.machine import Machine, precision
from ghostlib.training import budget, memory
from ghostlib.training.budget import Budget

LEAST_SAVING = 0.1  # GiB; a rung that saves less is not worth what it gives up
FRAGMENTATION = 0.04  # of the card, lost between the allocator's blocks
BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}


@dataclass(frozen=True)
class Rung:
    """A plan, what it costs, whether that fits, and why it is as it is.

    `fits` is for sure: the estimate with its whole error is below the card less fragmentation. `tight` is between that
    and what cannot fit: only a probe can tell.
    """

    plan: Plan
    cost: memory.Cost
    fits: bool
    why: str
    tight: bool = False
    budget: Budget | None = None  # of the whole way, where the ladder was asked with a config


def cheaper(plan: Plan) -> Plan | None:
    """The next plan that needs less memory, or None when nothing is left to give up.

    In this order: sequence 4096 -> 2048, rank 64 -> 32, DoRA off, rank 32 -> 16, modules -> q and v, Gemma-3 12B -> 4B
    (which then starts with full Trinity again). A step that saves less than 0.1 GiB is skipped.
    """
    now = memory.cost(plan, memory.shape(plan.model)).total
    for candidate in _changes(plan):
        if now - memory.cost(candidate, memory.shape(candidate.model)).total >= LEAST_SAVING:
            return candidate
    return None


def rungs(plan: Plan, machine: Machine, *, config: Config | None = None) -> list[Rung]:
    """The whole ladder from `plan` down, each rung held against this machine's GPU (RAM where there is none).

    With the config, each rung has the Budget of the whole way; that reads the training data, and raises DataError as it does.
    """
    work = budget.works(config) if config else None
    found = []
    step: Plan | None = plan
    why = "as the profile asks"
    while step is not None:
        made = rung(step, machine, why)
        if config and work:
            whole = budget.estimate(config, step, memory.shape(step.model), machine, work)
            made = dataclasses.replace(made, budget=whole)
        found.append(made)
        following = cheaper(step)
        why = _difference(step, following) if following else ""
        step = following
    return found


def rung(plan: Plan, machine: Machine, why: str) -> Rung:
    """One plan held against this machine; the verdict is added to the reason `why`."""
    cost = price(plan, machine)
    card, space = _memory(machine), _space(machine)
    fits = cost.total + cost.error <= space
    tight = not fits and cost.total - cost.error <= card
    verdict = "fit" if fits else "may fit (a probe tells)" if tight else "do not fit"
    return Rung(plan, cost, fits, f"{why}: {cost.total:.1f} ± {cost.error:.1f} GiB {verdict} {space:.1f}", tight)


def price(plan: Plan, machine: Machine) -> memory.Cost:
    """What a plan costs on this machine, whose precision decides how wide the unquantised weights are."""
    storage = None if plan.path == "unsloth" else BYTES[precision(machine).storage]
    context = memory.CUDA_CONTEXT if machine.vram_gib else memory.CPU_CONTEXT
    return memory.cost(plan, memory.shape(plan.model), storage=storage, context=context)


def choose(plan: Plan, machine: Machine, *, probe: Callable[[Plan], bool] | None = None) -> Rung:
    """The first rung that fits: for sure, or, where that is open, as `probe(plan)` finds. Raises OutOfMemory with advice.

    Without a probe the open rungs are passed over.
    """
    ladder = rungs(plan, machine)
    for one in ladder:
        if one.fits:
            return one
        if one.tight and probe and probe(one.plan):
            return dataclasses.replace(one, fits=True, why=f"{one.why}; the probe ran")
    last = ladder[-1]
    raise OutOfMemory(
        f"{plan.model}: even the cheapest plan needs {last.cost.total:.1f} GiB ({_short(last.plan)}) and this machine "
        f"has {_space(machine):.1f}. Use a larger card, a smaller model (model.name), or --profile nano"
    )


def _changes(plan: Plan) -> Iterator[Plan]:
    """Every step down from `plan`, alone, in the ladder's order."""
    replace = dataclasses.replace
    if plan.max_seq_length > 2048:
        yield replace(plan, max_seq_length=2048)
    if plan.rank > 32:
        yield replace(plan, rank=32)
    if plan.dora:
        yield replace(plan, dora=False)
    if plan.rank > 16:
        yield replace(plan, rank=16)
    fewest = ("qkv",) if memory.shape(plan.model).fused else ("q", "v")
    if set(plan.modules) - set(fewest):
        yield replace(plan, modules=fewest)
    if "gemma-3-12b" in plan.model:
        full = Lora()
        yield replace(
            plan,
            model=plan.model.replace("gemma-3-12b", "gemma-3-4b"),
            rank=full.rank,
            dora=full.dora,
            modules=full.modules,
            max_seq_length=Train().max_seq_length,
        )


def _memory(machine: Machine) -> float:
    """GiB of the card, or of RAM where there is none."""
    return machine.vram_gib or machine.ram_gib


def _space(machine: Machine) -> float:
    """GiB that training may use."""
    return _memory(machine) * (1 - FRAGMENTATION)


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
