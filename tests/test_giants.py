"""What tests/gpu trains at 4B and 12B, here at toy size: the same code writes it, loads it and takes two steps."""

import dataclasses
import json
import sys
from pathlib import Path

import giants
import pytest
import torch

from ghostlib import config as configs
from ghostlib.models import load
from ghostlib.training import memory, probe, rows

PRETEND = Path(__file__).parent / "gpu" / "pretend.py"


@pytest.fixture(scope="module")
def toy(tiny_nano, tmp_path_factory):
    return giants.write(tmp_path_factory.mktemp("giants") / "gemma-3-toy-bnb-4bit", "toy", tiny_nano)


@pytest.fixture
def config(toy):
    return configs.load("nano", overrides=(f"model.name={toy}", "lora.rank=8", "train.max_seq_length=512", "train.probe=on"))


def test_it_is_whole_and_nf4_where_unsloths_own_checkpoints_are(toy, config):
    """transformers names what a checkpoint lacks or has too much of; there is nothing to name."""
    model, told = load._class(load._architecture(toy)).from_pretrained(toy, dtype=torch.float32, output_loading_info=True)
    assert not any(told[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys")), told
    kinds = {name: type(module).__name__ for name, module in model.named_modules() if name.split(".")[-1] in giants.PACKED}
    assert set(kinds.values()) == {"Linear4bit"} and any("vision_tower" in name for name in kinds)
    base = load.base(config, configs.plan(config, "text"))
    weight = base.model.get_submodule("model.language_model.layers.1.mlp.up_proj").weight
    assert weight.quant_state.nested and weight.shape[0] == 128 * 256 // 2
    assert "NF4" in base.why


def test_its_size_is_that_of_the_shape_which_is_priced(toy):
    found = memory.shape(str(toy))
    wanted = dataclasses.replace(giants.TOY, name=toy.name, packed_eyes=True)
    assert found == wanted
    stored = sum(file.stat().st_size for file in toy.glob("*.safetensors"))
    assert stored == pytest.approx(found.stored(quantised=True), rel=0.1)  # headers and maps weigh at this size


@pytest.mark.parametrize("size", ["4b", "12b"])
def test_the_real_sizes_have_every_parameter_of_the_model_that_they_stand_for(tiny_nano, size):
    from transformers import Gemma3ForConditionalGeneration

    with torch.device("meta"):
        model = Gemma3ForConditionalGeneration(giants.architecture(giants.named(size), tiny_nano))
    assert sum(value.numel() for value in model.parameters()) == giants.named(size).parameters()


@pytest.mark.parametrize("limit", [400, 401, 512])
@pytest.mark.parametrize("seen", [True, False])
def test_the_longest_example_fills_the_sequence(toy, tmp_path, limit, seen):
    processor = load.processor(str(toy))
    example = giants.longest(processor, limit, image=tmp_path / "none.png" if seen else None)
    (tokens,) = rows.lengths([example], processor)
    assert limit - 1 <= tokens <= limit


def test_two_steps_run_in_the_process_that_pretends_to_be_a_small_card(config, tmp_path, monkeypatch):
    monkeypatch.setattr(probe, "COMMAND", (sys.executable, str(PRETEND)))
    monkeypatch.setenv("PEAKS", str(tmp_path / "peaks.json"))
    plan = configs.plan(config, "text")
    found = probe.measure(config, plan, giants.longest(load.processor(plan.model), plan.max_seq_length))
    assert found.ran, found
    held = json.loads((tmp_path / "peaks.json").read_text())
    assert held["held_gib"] == pytest.approx(found.peak_gib, rel=0.2) and found.seconds > 0
