"""The ladder: always downwards, in the order that is promised, to the first rung that fits."""

import dataclasses
import functools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostlib import config as configs
from ghostlib import machine
from ghostlib.config import LANGUAGE_PROJECTIONS, Plan
from ghostlib.errors import OutOfMemory
from ghostlib.training import ladder, memory

PLAN = Plan("text", "unsloth", "unsloth/gemma-3-12b-it-bnb-4bit", 4096, 64, 32, True, True, LANGUAGE_PROJECTIONS)
HERE = machine.Machine("Linux x86_64", "3.11", 2, 12.7, 80.0)


def card(gib, capability=(7, 5)):
    return dataclasses.replace(HERE, gpu="a card", capability=capability, vram_gib=gib)


def walk(plan):
    steps = [plan]
    while (after := ladder.cheaper(steps[-1])) is not None:
        steps.append(after)
    return steps


def test_full_trinity_on_12b_gives_up_one_thing_at_a_time_in_the_order_that_is_written_down():
    changed = []
    for before, after in zip(walk(PLAN), walk(PLAN)[1:], strict=False):
        changed.append({f.name for f in dataclasses.fields(Plan) if getattr(before, f.name) != getattr(after, f.name)})
    assert changed[:4] == [{"max_seq_length"}, {"rank"}, {"rank"}, {"modules"}]
    assert [step.rank for step in walk(PLAN)][:5] == [64, 64, 32, 16, 16]
    models = ["12b" if "12b" in step.model else "4b" for step in walk(PLAN)]
    assert models == sorted(models) and models[-1] == "4b"


def test_dora_is_not_given_up_while_that_saves_less_than_a_tenth_of_a_gib(monkeypatch):
    assert all(step.dora for step in walk(PLAN))
    stock = functools.partial(memory.cost, norm="stock")
    monkeypatch.setattr(memory, "cost", stock)
    steps = walk(PLAN)
    assert [(step.rank, step.dora) for step in steps[:5]] == [(64, True), (64, True), (32, True), (32, False), (16, False)]


def test_a_fused_model_keeps_adapters_on_its_fused_projection():
    fused = dataclasses.replace(PLAN, model="microsoft/Phi-3-mini-4k-instruct", modules=("qkv", "o", "gate_up", "down"))
    assert walk(fused)[-1].modules == ("qkv",)


@given(
    model=st.sampled_from(
        [PLAN.model, "unsloth/gemma-3-4b-it-bnb-4bit", "google/gemma-3-27b-it", "nano", "TinyLlama-1.1B", "Phi-3-mini"]
    ),
    tokens=st.sampled_from([512, 1024, 2048, 4096, 8192]),
    rank=st.sampled_from([1, 8, 16, 17, 32, 64, 128]),
    dora=st.booleans(),
    modules=st.sampled_from([LANGUAGE_PROJECTIONS, ("q", "v"), ("q",), ("down",)]),
    path=st.sampled_from(["unsloth", "transformers"]),
    batch=st.integers(1, 8),
    vision=st.booleans(),
)
def test_every_step_saves_something_and_every_ladder_ends(model, tokens, rank, dora, modules, path, batch, vision):
    plan = dataclasses.replace(PLAN, model=model, max_seq_length=tokens, rank=rank, dora=dora, modules=modules, path=path)
    plan = dataclasses.replace(plan, batch_size=batch, phase="vision" if vision else "text", vision_layers=vision)
    steps = walk(plan)
    totals = [memory.cost(step, memory.shape(step.model)).total for step in steps]
    assert all(before - after >= ladder.LEAST_SAVING - 1e-9 for before, after in zip(totals, totals[1:], strict=False))
    assert len(steps) < 15


def test_nano_has_nothing_worth_giving_up():
    assert ladder.cheaper(configs.plan(configs.load("nano"), "vision")) is None


def test_a_t4_takes_the_first_rung_with_room_for_error_and_says_what_was_given_up():
    rung = ladder.choose(PLAN, card(14.74))
    assert rung.fits and rung.cost.total + rung.cost.error <= 14.74 * (1 - ladder.FRAGMENTATION)
    assert rung.plan == dataclasses.replace(PLAN, max_seq_length=2048) and "4096 -> 2048" in rung.why and "fit" in rung.why
    above = ladder.rungs(PLAN, card(14.74))
    assert not any(one.fits for one in above[: above.index(rung)])


def test_between_surely_and_never_a_probe_decides_and_is_asked_of_no_other_rung():
    asked = []

    def probe(plan):
        asked.append(plan)
        return True

    top = ladder.rungs(PLAN, card(14.74))[0]
    assert top.tight and not top.fits and "may fit" in top.why
    taken = ladder.choose(PLAN, card(14.74), probe=probe)
    assert taken.plan == PLAN and taken.fits and "the probe ran" in taken.why and asked == [PLAN]
    assert ladder.choose(PLAN, card(79.2, (9, 0)), probe=probe).plan == PLAN and asked == [PLAN]  # sure: nothing to ask
    refused = ladder.choose(PLAN, card(14.74), probe=lambda plan: False)
    assert refused == ladder.choose(PLAN, card(14.74))


@pytest.mark.parametrize("gib", [3.0, 6.0, 8.0, 10.0, 12.0, 13.0, 14.74, 16.0, 22.0, 80.0])
def test_a_rung_is_sure_or_tight_or_neither_and_a_larger_card_never_makes_it_worse(gib):
    order = {(False, False): 0, (False, True): 1, (True, False): 2}
    here, larger = (ladder.rungs(PLAN, card(size)) for size in (gib, gib + 0.5))
    for one, other in zip(here, larger, strict=True):
        assert order[one.fits, one.tight] <= order[other.fits, other.tight]
        assert one.tight == (not one.fits and one.cost.total - one.cost.error <= gib)


def test_a_large_card_takes_the_plan_as_it_is():
    assert ladder.choose(PLAN, card(79.2, (9, 0))).plan == PLAN


def test_4b_with_full_trinity_fits_a_t4_and_12b_with_the_vision_layers_an_a10g():
    plan = dataclasses.replace(PLAN, model="unsloth/gemma-3-4b-it-bnb-4bit", phase="vision")
    assert ladder.choose(plan, card(14.74)).plan == plan
    plan = configs.plan(configs.load("a10g"), "vision")
    assert plan.vision_layers and ladder.choose(plan, machine.card("A10G")).plan == plan


def test_the_plain_path_never_fits_12b_on_a_t4_but_4b():
    rung = ladder.choose(dataclasses.replace(PLAN, path="transformers"), card(14.74))
    assert "4b" in rung.plan.model


def test_where_no_rung_fits_the_advice_has_the_numbers():
    with pytest.raises(OutOfMemory, match=r"needs \d+\.\d GiB.*has 3\.8"):
        ladder.choose(PLAN, card(4.0))


def test_without_a_gpu_the_ram_counts():
    assert ladder.choose(configs.plan(configs.load("nano"), "text"), HERE).fits
    assert "12.2" in ladder.rungs(PLAN, HERE)[0].why


def test_a_ladder_that_is_asked_with_the_config_has_the_whole_way_on_every_rung():
    config = configs.load("t4")
    plan = configs.plan(config, "vision")
    assert all(rung.budget is None for rung in ladder.rungs(plan, card(14.74)))
    with_way = ladder.rungs(plan, card(14.74), config=config)
    assert all(rung.budget.total_minutes > 1 and rung.budget.disk_gib > 1 for rung in with_way)
    disks = [rung.budget.disk_gib for rung in with_way]
    assert disks == sorted(disks, reverse=True)
