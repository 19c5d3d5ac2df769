"""`python tests/mortal.py FAULT text --profile ...`: the training command in a process that dies or fails at a given moment.

FAULT is `none`, or one of
    file:N       killed at the N-th thing that it does in its output folder (open, rename, remove, make a folder)
    saving:MS    killed so many milliseconds after it has begun to write a checkpoint
    time:S       killed so many seconds after its first step has begun
    oom:RANK:N   out of memory in step N of process RANK
    nan:RANK:N   a loss that is no number, there
Killed is SIGKILL: nothing is flushed, closed or said.
"""

import os
import signal
import sys
import threading
import time
from pathlib import Path

FILES = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree", "shutil.copyfile")


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def at_file(number):
    output, seen = os.environ["GHOST_OUTPUT"], []

    def hook(event, arguments):
        if event in FILES and arguments and str(arguments[0]).startswith(output):
            seen.append(event)
            if len(seen) == number:
                die()

    sys.addaudithook(hook)


def while_saving(milliseconds):
    def watch():
        output = Path(os.environ["GHOST_OUTPUT"])
        while not list(output.glob("*/*/checkpoints/saving/*")):
            time.sleep(0.001)
        time.sleep(milliseconds / 1000)
        die()

    threading.Thread(target=watch, daemon=True).start()


def at_first_step(act):
    """`act(trainer)` when the trainer is ready."""
    from ghostlib.training import watch

    guard = watch.guard

    def guarded(trainer, *rest):
        guard(trainer, *rest)
        act(trainer)

    watch.guard = guarded


def in_step(number, rank, hurt):
    def act(trainer):
        computed = trainer.compute_loss

        def failing(*words, **named):
            loss = computed(*words, **named)
            return hurt(loss) if trainer.state.global_step + 1 == number and trainer.args.process_index == rank else loss

        trainer.compute_loss = failing

    at_first_step(act)


def out_of_memory(loss):
    import torch

    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")


def arrange(fault):
    kind, _, rest = fault.partition(":")
    if kind == "file":
        at_file(int(rest))
    elif kind == "saving":
        while_saving(float(rest))
    elif kind == "time":
        at_first_step(lambda trainer: threading.Timer(float(rest), die).start())
    elif kind in ("oom", "nan"):
        rank, number = map(int, rest.split(":"))
        in_step(number, rank, out_of_memory if kind == "oom" else lambda loss: loss * float("nan"))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from ghostlib.training import sft

    arrange(sys.argv[1])
    sys.exit(sft.main(sys.argv[2:]))
