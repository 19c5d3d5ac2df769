"""The memory plan: held to the table that it was fitted to, and sensible where the table is silent."""

import dataclasses
import subprocess
import sys

import pytest

from ghostlib import config as configs
from ghostlib.config import LANGUAGE_PROJECTIONS, Plan
from ghostlib.errors import ConfigError
from ghostlib.training import memory

PLAN = Plan("text", "unsloth", "unsloth/gemma-3-12b-it-bnb-4bit", 4096, 64, 32, True, True, LANGUAGE_PROJECTIONS)
# GiB on a T4 through Unsloth, 8-bit Adam, batch 1, text stack alone: (model, rank, tokens, LoRA, stock DoRA)
TABLE = [
    ("12b", 16, 1024, 9.1, 10.8),
    ("12b", 16, 2048, 9.6, 11.4),
    ("12b", 16, 4096, 10.7, 12.5),
    ("12b", 64, 1024, 10.9, 12.7),
    ("12b", 64, 2048, 11.5, 13.2),
    ("12b", 64, 4096, 12.6, 14.3),
    ("4b", 64, 2048, 5.4, 6.2),
    ("4b", 64, 4096, 6.1, 6.9),
]


def cost(**changes):
    plan = dataclasses.replace(PLAN, **changes)
    return memory.cost(plan, memory.shape(plan.model))


@pytest.mark.parametrize(("size", "rank", "tokens", "lora", "dora"), TABLE)
def test_the_estimate_is_within_five_percent_of_the_table(size, rank, tokens, lora, dora):
    for expected, with_dora in ((lora, False), (dora, True)):
        found = cost(model=f"unsloth/gemma-3-{size}-it-bnb-4bit", rank=rank, max_seq_length=tokens, dora=with_dora)
        stack = found.total - found.parts["vision tower"]  # the table leaves the tower out
        assert stack == pytest.approx(expected, rel=0.05)


def test_the_parts_that_can_be_counted_are_exact():
    parts = cost().parts
    assert parts["weights"] == pytest.approx(5.17, abs=0.005)
    assert parts["embedding"] == pytest.approx(1.88, abs=0.005)
    assert parts["adapters"] + parts["gradients"] + parts["optimizer"] == pytest.approx(2.44, abs=0.02)
    assert cost(dora=False).parts["DoRA"] == 0
    assert parts["DoRA"] == pytest.approx(1.75, abs=0.05)


def test_a_vision_step_of_4b_on_a_t4_is_what_others_measured():
    """Rank 16 LoRA with pictures peaked at 6.06 GB = 5.64 GiB."""
    found = cost(model="unsloth/gemma-3-4b-it-bnb-4bit", phase="vision", rank=16, max_seq_length=2048, dora=False)
    assert found.total == pytest.approx(5.64, rel=0.1)


def test_nothing_that_saves_memory_makes_the_estimate_larger():
    full = cost().total
    for change in ({"max_seq_length": 2048}, {"rank": 32}, {"dora": False}, {"modules": ("q", "v")}):
        assert cost(**change).total < full, change
    assert cost(quantise=False).total > full
    assert cost(path="transformers").total > 14.74 * 1.2  # the plain path never fits 12B on a T4
    assert cost(phase="vision").total - full == pytest.approx(0.4)


def test_every_model_of_the_suite_has_a_shape_and_27b_costs_more_than_12b():
    totals = [
        cost(model=name).total
        for name in ("nano", "google/gemma-3-1b-it", "gemma-3-4b-it", "gemma-3-12b-it", "google/gemma-3-27b-it")
    ]
    assert totals == sorted(totals)
    for name in ("TinyLlama/TinyLlama-1.1B-Chat-v1.0", "microsoft/Phi-3-mini-4k-instruct"):
        assert memory.shape(name).tower == 0 and cost(model=name).total > 1
    fused = cost(model="microsoft/Phi-3-mini-4k-instruct", modules=("qkv", "o", "gate_up", "down"))
    assert fused.parts["adapters"] == cost(model="microsoft/Phi-3-mini-4k-instruct").parts["adapters"]


def test_a_model_of_unknown_size_is_named_with_those_that_are_known():
    with pytest.raises(ConfigError, match=r"mistral-7b.*gemma-3-4b"):
        memory.shape("mistralai/mistral-7b")


def test_the_shape_of_a_folder_is_read_from_its_config_and_equals_the_one_written_down(tiny_nano):
    read, known = memory.shape(str(tiny_nano)), memory.shape("nano")
    same = ("hidden", "intermediate", "layers", "q", "kv", "vocabulary", "tied")
    assert {name: getattr(read, name) for name in same} == {name: getattr(known, name) for name in same}
    assert read.tower == pytest.approx(known.tower, rel=0.1)


def test_nano_needs_about_what_its_process_holds():
    plan = configs.plan(configs.load("nano"), "vision")
    assert 0.7 < memory.cost(plan, memory.shape(plan.model)).total < 2


def test_live_memory_is_positive_and_below_its_peak():
    assert 0 < memory.resident() <= memory.peak() + 0.01


def test_pricing_a_plan_imports_no_torch():
    code = (
        "import sys; from ghostlib import config; from ghostlib.training import memory, ladder;"
        "plan = config.plan(config.load('t4'), 'text'); memory.cost(plan, memory.shape(plan.model));"
        "ladder.cheaper(plan); assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
