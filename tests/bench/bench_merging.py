"""Merging beside copying the same bytes: MB a second and memory, the checkpoint on the disk or in NF4 (`make bench`)."""

import json
import shutil
import subprocess
import sys
import time

import bigmerge
import pytest
from safetensors.torch import load_file, save_file

SHAPES = [(15360, 3840), (3840, 15360), (4096, 3840), (3840, 4096)] * 2  # of 12B: up, down, q, o


def packed(base):
    """The same checkpoint as NF4 on disk."""
    from bitsandbytes import functional

    for file in base.glob("*.safetensors"):
        held = {}
        for name, weight in load_file(file).items():
            if name.endswith("_proj.weight"):
                four, state = functional.quantize_4bit(weight, blocksize=64, compress_statistics=True, quant_type="nf4")
                held |= {name: four} | {f"{name}.{key}": one.contiguous() for key, one in state.as_dict(packed=True).items()}
            else:
                held[name] = weight
        save_file(held, file, metadata={"format": "pt"})


@pytest.mark.parametrize("way", ["onto 16 bit", "onto NF4 on the disk", "onto 16 bit rounded to NF4"])
def test_rank_64_dora_onto_weights_of_12b(tmp_path, way):
    bigmerge.checkpoint(tmp_path, SHAPES, shards=2, embedding=(32_768, 3840))
    if way == "onto NF4 on the disk":
        packed(tmp_path / "base")
    onto = "16bit" if way == "onto 16 bit" else "nf4"
    done = subprocess.run(
        [sys.executable, bigmerge.__file__, tmp_path, "--onto", onto], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    started = time.perf_counter()
    shutil.copytree(tmp_path / "merged", tmp_path / "copy")
    copying = time.perf_counter() - started
    print(
        f"\n{way}: {found['mb']:.0f} MB in {found['seconds']:.1f} s, {found['mb'] / found['seconds']:.0f} MB/s, "
        f"{found['seconds'] / copying:.0f} times a copy; memory grew by {found['growth'] / 2**20:.0f} MiB, "
        f"{found['growth'] / found['largest']:.2f} times the largest tensor; "
        f"{found['cpu']:.1f} s of processor time, so 24 GB take {24e3 * found['cpu'] / found['mb'] / 60:.0f} minutes of it"
    )
