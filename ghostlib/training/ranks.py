"""Several processes of one training (accelerate launch, torchrun): which one writes, and what it tells the others."""

import os
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from ghostlib import machine
from ghostlib.errors import GhostError

Told = TypeVar("Told")
# The others wait for the first while it loads, evaluates or saves. One that dies ends all at once through the launcher.
PATIENCE = timedelta(hours=2)


def count() -> int:
    """How many processes train together; 1 where no launcher has started this one."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def number() -> int:
    """Which of them this is, from 0."""
    return int(os.environ.get("RANK", "0"))


def first() -> bool:
    """Whether this is the process that writes, prints and decides."""
    return number() == 0


def device() -> int:
    """The GPU of this process on its machine."""
    return int(os.environ.get("LOCAL_RANK", "0"))


def sharded() -> bool:
    """Whether FSDP spreads the weights over the processes."""
    return count() > 1 and os.environ.get("ACCELERATE_USE_FSDP", "").lower() == "true"


def join() -> None:
    """Bring the processes together, once, over NCCL where there are GPUs, else over gloo. Does nothing for one alone."""
    if count() > 1:
        from accelerate import PartialState

        on_cpu = machine.look().gpu is None
        if on_cpu:  # accelerate would say cpu:0, where torch.load can put no optimizer back
            os.environ["ACCELERATE_TORCH_DEVICE"] = "cpu"
        PartialState(cpu=on_cpu, timeout=PATIENCE)


def told(make: Callable[[], Told]) -> Told:
    """What `make` returns in the first process, in all of them.

    A GhostError of the first is raised there; the others end quietly, so that it is said once.
    """
    if count() == 1:
        return make()
    import torch.distributed

    join()
    box: list[object] = [None, False]
    failed = None
    if first():
        try:
            box = [make(), True]
        except GhostError as error:
            failed = error
    torch.distributed.broadcast_object_list(box, src=0)
    if failed:
        raise failed
    if not box[1]:
        raise SystemExit(1)
    return box[0]  # type: ignore[return-value]


def wait() -> None:
    """Returns when all processes have come here."""
    if count() > 1:
        import torch.distributed

        join()
        torch.distributed.barrier()


def part() -> None:
    """Take leave of the others at the end, so that nobody waits for this process."""
    if count() > 1:
        import torch.distributed

        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()
