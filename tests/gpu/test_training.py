"""On a CUDA card: the same trainings as on a CPU, through both paths, in the precision of the card."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import through
import torch

from ghostlib import config as configs
from ghostlib import machine
from ghostlib.models import load, nano
from ghostlib.training import memory

FLOAT = {"float16": 0.05, "bfloat16": 0.2, "float32": 1e-3}  # of a loss: how far two paths may be apart in that precision


def trained(folder, path, phase, out):
    """The facts of three steps through a path, in a process of its own: importing unsloth changes trl."""
    if path == "unsloth" and importlib.util.find_spec("unsloth") is None:
        pytest.skip("unsloth is not installed here")
    places = os.pathsep.join([str(Path(configs.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    words = [sys.executable, through.__file__, str(folder), path, str(out), phase]
    done = subprocess.run(
        words, capture_output=True, text=True, timeout=900, env=os.environ | {"PYTHONPATH": places}, cwd=out.parent
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads((out / "facts.json").read_text())


@pytest.mark.parametrize("path", ["transformers", "unsloth"])
@pytest.mark.parametrize("phase", ["text", "vision"])
def test_every_adapter_moves_in_float32_and_no_bit_of_the_base_or_the_tower_does(tiny_nano, tmp_path, path, phase):
    facts = trained(tiny_nano, path, phase, tmp_path / path)
    assert facts["dtypes"] == ["torch.float32"] and facts["still"] == [] and facts["changed"] == []
    assert facts["light"] == facts["adapted"] == 5 * 7
    assert any("vision_tower" in name for name in facts["base"]) and facts["tokens"][-1] > 0


def test_both_paths_learn_the_same(tiny_nano, tmp_path):
    mine, theirs = (trained(tiny_nano, path, "text", tmp_path / path) for path in ("unsloth", "transformers"))
    assert mine["tokens"] == theirs["tokens"]
    near = FLOAT[machine.precision(machine.look()).compute]
    assert mine["losses"] == pytest.approx(theirs["losses"], abs=near)


def test_weights_are_where_and_in_what_the_precision_says(tiny_nano, monkeypatch):
    monkeypatch.setattr(nano, "folder", lambda: tiny_nano)
    config = configs.load("nano")
    model = load.base(config, configs.plan(config, "text")).model
    storage = machine.precision(machine.look()).storage
    assert model.device.type == "cuda" and memory.resident() > 0
    assert model.get_input_embeddings().weight.dtype == getattr(torch, storage)
