"""Which rung a phase begins on, and what follows when the memory runs out all the same."""

import dataclasses
import gc
from pathlib import Path
from typing import Any

from ghostlib import config as configs
from ghostlib import machine
from ghostlib.config import Config, Plan
from ghostlib.errors import OutOfMemory
from ghostlib.training import checkpoints, ladder, memory
from ghostlib.training.ladder import Rung
from ghostlib.training.runs import Run


def first(config: Config, phase: str, run: Run, facts: dict[str, Any]) -> Rung:
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


def step_down(rung: Rung, failed: str, folder: Path) -> Rung:
    """The rung after `rung`, which ran out of memory. Raises OutOfMemory with advice where there is none to go on with."""
    after = ladder.cheaper(rung.plan)
    if after is None:
        raise OutOfMemory(f"{rung.plan.model}: out of memory on the last rung ({failed}). Use a larger card or model")
    shorter = dataclasses.replace(rung.plan, max_seq_length=after.max_seq_length) == after
    if not shorter and checkpoints.newest(folder / "checkpoints"):
        raise OutOfMemory(
            f"{folder}: out of memory in the middle ({failed}). Its checkpoints cannot take another rank or shape: "
            f"start a new run with --set lora.rank={after.rank} --set lora.dora={str(after.dora).lower()}"
        )
    cost = memory.cost(after, memory.shape(after.model))
    return Rung(after, cost, True, f"after running out of memory: sequence {after.max_seq_length}, rank {after.rank}")


def is_out_of_memory(error: Exception) -> bool:
    """Whether this is the device's memory running out, whoever raised it."""
    import torch

    return isinstance(error, torch.OutOfMemoryError)


def release() -> None:
    """Give back what the failed attempt held; call it outside `except`, where nothing refers to it any more."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
