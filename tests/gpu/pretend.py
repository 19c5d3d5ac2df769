"""The probe on a card of 14.74 GiB without bf16, whatever the card is; on a machine without one, as it is.

python tests/gpu/pretend.py FOLDER      (probe.COMMAND; the file named by PEAKS gets what torch held and reserved)
"""

import dataclasses
import json
import os
import sys
from pathlib import Path

import torch

from ghostlib import machine
from ghostlib.training import memory, probe

T4, CAPABILITY = machine.CARDS["T4"]


def pretend():
    """From here on this process is on a T4: its memory less the context's, and no bf16 for us, for trl and for Unsloth."""
    here = dataclasses.replace(machine.look(), gpu="Tesla T4", capability=CAPABILITY, vram_gib=T4)
    machine.look = lambda: here
    torch.cuda.get_device_capability = lambda *args: CAPABILITY
    torch.cuda.is_bf16_supported = lambda *args, **kwargs: False
    room = (T4 - memory.CUDA_CONTEXT) * memory.GIB
    torch.cuda.set_per_process_memory_fraction(min(1.0, room / torch.cuda.mem_get_info()[1]))


if __name__ == "__main__":
    if torch.cuda.is_available():
        pretend()
    probe.main(Path(sys.argv[1]))
    held = {"held_gib": memory.peak()}
    if torch.cuda.is_available():
        held["reserved_gib"] = torch.cuda.max_memory_reserved() / memory.GIB
    Path(os.environ["PEAKS"]).write_text(json.dumps(held))
