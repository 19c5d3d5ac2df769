"""A synthetic checkpoint of any size and a DoRA for all of it; merged in a process of its own, with what that took.

python tests/bigmerge.py FOLDER [--onto nf4] [--stop N]    prints {"seconds", "cpu", "mb", "growth", "largest"}
"""

import argparse
import json
import os
import re
import signal
import time
from pathlib import Path

import torch
from safetensors.torch import save_file

from ghostlib.models import merging, tensors


def checkpoint(folder, shapes, *, shards, rank=64, embedding=(512, 64)):
    """`base` and `adapter` in `folder`: projections of `shapes` (out, in) in bf16 over `shards` files, and an embedding."""
    torch.manual_seed(0)
    base, adapter = folder / "base", folder / "adapter"
    base.mkdir(parents=True), adapter.mkdir()
    places, changes = {}, {}
    for shard in range(shards):
        held = {"model.embed_tokens.weight": torch.randn(embedding, dtype=torch.bfloat16)} if shard == 0 else {}
        for layer in range(shard, len(shapes), shards):
            module, (out, wide) = f"model.layers.{layer}.mlp.up_proj", shapes[layer]
            held[f"{module}.weight"] = torch.randn(out, wide, dtype=torch.bfloat16).div_(wide**0.5)
            changes[f"base_model.model.{module}.lora_A.weight"] = torch.randn(rank, wide) / wide**0.5
            changes[f"base_model.model.{module}.lora_B.weight"] = torch.randn(out, rank) / 50
            changes[f"base_model.model.{module}.lora_magnitude_vector"] = held[f"{module}.weight"].float().norm(dim=1)
        name = f"model-{shard + 1:05}-of-{shards:05}.safetensors"
        save_file(held, base / name, metadata={"format": "pt"})
        places |= dict.fromkeys(held, name)
    (base / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}))
    (base / "config.json").write_text(json.dumps({"model_type": "llama"}))
    save_file(changes, adapter / "adapter_model.safetensors", metadata={"format": "pt"})
    settings = {"peft_type": "LORA", "r": rank, "lora_alpha": 32, "use_dora": True, "use_rslora": True}
    (adapter / "adapter_config.json").write_text(json.dumps(settings))


def kibibytes(name):
    """VmRSS (now) or VmHWM (the most) of this process, in bytes."""
    return int(re.search(rf"{name}:\s+(\d+)", Path("/proc/self/status").read_text())[1]) * 1024


def measured(folder, onto):
    """Merge `base` and `adapter` in `folder`: seconds, MB written, and in bytes the growth of memory and the largest tensor."""
    import bitsandbytes.functional  # noqa: F401 (a library is not the merge's memory)

    (torch.randn(64, 64).double() @ torch.randn(64, 64).double()).sum()  # the threads and their stacks are there
    Path("/proc/self/clear_refs").write_text("5")  # VmHWM begins anew
    before, started, used = kibibytes("VmRSS"), time.perf_counter(), time.process_time()
    merging.merge(folder / "base", folder / "adapter", folder / "merged", onto=onto, progress=False)
    cpu = time.process_time() - used
    seconds, growth = time.perf_counter() - started, kibibytes("VmHWM") - before
    files = list((folder / "merged").glob("*.safetensors"))
    largest = max(tensor.end - tensor.start for file in files for tensor in tensors.index(file).values())
    size = sum(file.stat().st_size for file in files) / 1e6
    return {"seconds": seconds, "cpu": cpu, "mb": size, "growth": growth, "largest": largest}


def main():
    asked = argparse.ArgumentParser()
    asked.add_argument("folder", type=Path)
    asked.add_argument("--onto", default="nf4")
    asked.add_argument("--stop", type=int, help="kill -9 this process once so many pieces are written")
    given = asked.parse_args()
    if given.stop:
        changed, left = merging._bytes, [given.stop]

        def killed(weights):
            for piece in changed(weights):
                left[0] -= 1
                if not left[0]:
                    os.kill(os.getpid(), signal.SIGKILL)
                yield piece

        merging._bytes = killed
    print(json.dumps(measured(given.folder, given.onto)))


if __name__ == "__main__":
    main()
