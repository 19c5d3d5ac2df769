"""The ladder as a table of at most 128 columns, and as the agreed JSON."""

import dataclasses
import math
import re
from collections.abc import Sequence
from typing import Any

from ghostlib.machine import Machine
from ghostlib.training.ladder import Rung

# Columns of the table and the parts of a Cost that each sums up
GROUPS = {
    "weights": ("weights",),
    "embed": ("embedding",),
    "eyes": ("vision tower",),
    "adapter": ("adapters", "gradients", "optimizer"),
    "layers": ("checkpoints", "recompute", "DoRA"),
    "loss": ("loss",),
    "image": ("vision forward",),
    "base": ("context",),
}
LEGEND = (
    "   GiB. adapter: with gradients and optimizer. layers: the backward of one. image: the eyes' pass. base: CUDA or Python."
)
TAIL = re.compile(r"-(it|instruct|chat|v\d+(\.\d+)*|bnb-4bit|unsloth)(?=-|$)", re.IGNORECASE)
WIDE = 14  # of a model's name


def rows(rungs: Sequence[Rung]) -> list[dict[str, Any]]:
    """Each rung as the JSON that programs read; minutes, disk and RAM where it has a budget."""
    found = []
    for rung in rungs:
        row: dict[str, Any] = {
            "plan": dataclasses.asdict(rung.plan),
            "gib": rung.cost.parts,
            "total_gib": rung.cost.total,
            "error_gib": rung.cost.error,
            "fits": rung.fits,
            "tight": rung.tight,
            "why": rung.why,
        }
        if rung.budget:
            row |= {"minutes": rung.budget.minutes, "total_minutes": rung.budget.total_minutes}
            row |= {"disk_gib": rung.budget.disk_gib, "ram_gib": rung.budget.ram_gib}
        found.append(row)
    return found


def taken(rungs: Sequence[Rung]) -> Rung | None:
    """The first rung that surely fits."""
    return next((rung for rung in rungs if rung.fits), None)


def table(rungs: Sequence[Rung]) -> list[str]:
    """The lines of the table; the arrow is the first rung that surely fits, the question mark one that a probe decides."""
    first = taken(rungs)
    head = f"   {'model':{WIDE}} tokens rank      on " + "".join(f"{name:>{len(name) + 2}}" for name in GROUPS) + " total"
    lines = [f"{head}{'':6} fits {'  hours  disk' if rungs[0].budget else ''}".rstrip()]
    for rung in rungs:
        plan = rung.plan
        mark = "->" if rung is first else "? " if rung.tight else "  "
        modules = "all" if len(plan.modules) >= 4 else ",".join(plan.modules)
        parts = "".join(_gib(rung, name) for name in GROUPS)
        whole = f"{rung.budget.total_minutes / 60:7.1f}{math.ceil(rung.budget.disk_gib):6}" if rung.budget else ""
        lines.append(
            f"{mark} {_short(plan.model):{WIDE}} {plan.max_seq_length:6} {plan.rank:4} {'DoRA' if plan.dora else 'LoRA'} "
            f"{modules:3}{parts}{rung.cost.total:6.1f} ±{rung.cost.error:<4.1f} {_verdict(rung):5}{whole}".rstrip()
        )
    return [*lines, LEGEND]


def summary(rungs: Sequence[Rung], here: Machine) -> list[str]:
    """What is taken, what is left to a probe, and the whole way of the plan that is taken."""
    first = taken(rungs)
    lines = []
    if any(rung.tight for rung in rungs[: rungs.index(first) if first else None]):
        lines.append("?  may fit, within the error of the estimate: a probe of two steps on the card decides.")
    if first is None:
        return [*lines, "None of these fits for sure. Use a larger card, a smaller model (model.name), or --profile nano."]
    lines.append(f"-> fits, the estimate's error and {_reserve(here)} for fragmentation taken off.")
    if first.budget:
        parts = ", ".join(f"{name} {_time(minutes)}" for name, minutes in first.budget.minutes.items() if minutes)
        lines.append(f"   The whole way, estimated: {_time(first.budget.total_minutes)} ({parts});")
        lacks = first.budget.lacks(here)
        but = f"; but {' and '.join(lacks)}" if lacks else ""
        lines.append(f"   {math.ceil(first.budget.disk_gib)} GiB of disk, {math.ceil(first.budget.ram_gib)} of RAM{but}.")
    return lines


def _reserve(here: Machine) -> str:
    from ghostlib.training.ladder import FRAGMENTATION

    size = here.vram_gib or here.ram_gib
    return f"{FRAGMENTATION:.0%} of {size:.1f} GiB"


def _short(model: str) -> str:
    return TAIL.sub("", model.rstrip("/").split("/")[-1])[:WIDE]


def _gib(rung: Rung, group: str) -> str:
    size = sum(rung.cost.parts.get(part, 0.0) for part in GROUPS[group])
    return f"{size:{len(group) + 2}.2f}" if size >= 0.005 else f"{'-':>{len(group) + 2}}"


def _verdict(rung: Rung) -> str:
    return "yes" if rung.fits else "probe" if rung.tight else "no"


def _time(minutes: float) -> str:
    if minutes < 90:
        return f"{round(minutes)} min" if minutes >= 1 else "<1 min"
    return f"{minutes / 60:.1f} h"
