"""On a CUDA card: the same training as on a CPU, the precision of the card, and a peak beside the estimate."""

import dataclasses
import json
import types
from pathlib import Path

import pytest
import torch

from ghostlib import config as configs
from ghostlib import machine, tasks
from ghostlib.models import load, lora, nano
from ghostlib.tasks import Example
from ghostlib.training import memory, runs, sft

ANSWER = "CREATE TABLE orders (\n    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY\n);"
# Layers of the real width, few of them: what a layer needs is measured, the rest is a product.
WIDTHS = {"4b": (2560, 10240, 8, 4), "12b": (3840, 15360, 16, 8)}
LAYERS = 4


@pytest.fixture
def config(tiny_nano, monkeypatch):
    monkeypatch.setattr(nano, "folder", lambda: tiny_nano)
    examples = [Example(str(number), f"Order {number}", None, ANSWER) for number in range(6)]
    monkeypatch.setattr(tasks, "named", lambda name: types.SimpleNamespace(examples=lambda *args: examples))
    return configs.load("nano", overrides=("train.max_steps=3", "train.batch_size=2", "train.optimizer=adamw_8bit"))


def test_nano_trains_on_the_card_with_float32_adapters_that_all_move(config):
    run = runs.begin(config)
    result = sft.run(config, "text", run, progress=False)
    assert result.steps == 3 and all(row["loss"] == row["loss"] for row in result.log)
    assert memory.peak() > 0


def test_weights_are_where_and_in_what_the_precision_says(config):
    model = load.base(config, configs.plan(config, "text")).model
    storage = machine.precision(machine.look()).storage
    assert model.device.type == "cuda"
    assert model.get_input_embeddings().weight.dtype == getattr(torch, storage)


@pytest.mark.parametrize("size", list(WIDTHS))
def test_the_peak_of_a_few_real_layers_is_near_the_estimate(size, tmp_path):
    """One step at 1,024 tokens through transformers; the peak goes beside the estimate into measured.json."""
    from transformers import BitsAndBytesConfig, Gemma3ForCausalLM, Gemma3TextConfig

    hidden, intermediate, heads, kv = WIDTHS[size]
    architecture = Gemma3TextConfig(
        hidden_size=hidden,
        intermediate_size=intermediate,
        num_hidden_layers=LAYERS,
        num_attention_heads=heads,
        num_key_value_heads=kv,
        head_dim=256,
        vocab_size=8192,
    )
    Gemma3ForCausalLM(architecture).half().save_pretrained(tmp_path / "model")
    precision = machine.precision(machine.look())
    model = Gemma3ForCausalLM.from_pretrained(
        tmp_path / "model",
        dtype=getattr(torch, precision.storage),
        device_map={"": 0},
        quantization_config=BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=getattr(torch, precision.compute),
        ),
    )
    plan = dataclasses.replace(configs.plan(configs.load("t4"), "text"), path="transformers", max_seq_length=1024, rank=64)
    tuned = lora.attach(model, plan)
    tuned.gradient_checkpointing_enable()
    tuned.enable_input_require_grads()
    torch.cuda.reset_peak_memory_stats()
    ids = torch.randint(5, 8000, (1, 1024), device="cuda")
    tuned.train()(input_ids=ids, labels=ids).loss.backward()
    measured = torch.cuda.max_memory_allocated() / memory.GIB
    shape = memory.Shape(size, hidden, intermediate, LAYERS, heads * 256, kv * 256, 8192)
    width = {"float32": 4, "bfloat16": 2, "float16": 2}[precision.storage]
    parts = memory.cost(plan, shape, storage=width).parts
    estimate = sum(parts.values()) - parts["context"] - parts["optimizer"]
    file = Path(__file__).with_name("measured.json")
    known = json.loads(file.read_text()) if file.is_file() else {}
    key = f"{size} x {LAYERS} layers, {machine.look().gpu}"
    known[key] = {"measured_gib": round(measured, 3), "estimate_gib": round(estimate, 3)}
    file.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")
    assert 0.5 < measured / estimate < 1.5
