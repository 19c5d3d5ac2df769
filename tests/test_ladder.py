"""The ladder: always downwards, in the order that is promised, to the first rung that fits."""

import dataclasses

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
    assert changed[:4] == [{"max_seq_length"}, {"rank"}, {"dora"}, {"rank"}]
    assert [step.rank for step in walk(PLAN)][:5] == [64, 64, 32, 32, 16]
    models = ["12b" if "12b" in step.model else "4b" for step in walk(PLAN)]
    assert models == sorted(models) and models[-1] == "4b"


def test_4b_starts_with_full_trinity_again_where_12b_had_lost_it():
    first = next(step for step in walk(PLAN) if "4b-it" in step.model)
    assert (first.rank, first.dora, first.modules) == (64, True, LANGUAGE_PROJECTIONS)


@given(
    model=st.sampled_from([PLAN.model, "unsloth/gemma-3-4b-it-bnb-4bit", "google/gemma-3-27b-it", "nano", "TinyLlama"]),
    tokens=st.sampled_from([512, 1024, 2048, 4096, 8192]),
    rank=st.sampled_from([1, 8, 16, 17, 32, 64, 128]),
    dora=st.booleans(),
    modules=st.sampled_from([LANGUAGE_PROJECTIONS, ("q", "v"), ("q",), ("down",)]),
    path=st.sampled_from(["unsloth", "transformers"]),
)
def test_every_step_saves_something_and_every_ladder_ends(model, tokens, rank, dora, modules, path):
    model = model.replace("TinyLlama", "TinyLlama/TinyLlama-1.1B-Chat-v1.0")
    plan = dataclasses.replace(PLAN, model=model, max_seq_length=tokens, rank=rank, dora=dora, modules=modules, path=path)
    steps = walk(plan)
    totals = [memory.cost(step, memory.shape(step.model)).total for step in steps]
    assert all(before - after >= ladder.LEAST_SAVING - 1e-9 for before, after in zip(totals, totals[1:], strict=False))
    assert len(steps) < 15


def test_nano_has_nothing_worth_giving_up():
    assert ladder.cheaper(configs.plan(configs.load("nano"), "vision")) is None


def test_a_t4_takes_the_first_rung_with_room_for_error_and_says_what_was_given_up():
    rung = ladder.choose(PLAN, card(14.74))
    assert rung.fits and rung.cost.total * 1.15 <= 14.74
    assert rung.plan != PLAN and "->" in rung.why and "fit" in rung.why
    above = ladder.rungs(PLAN, card(14.74))
    assert not any(one.fits for one in above[: above.index(rung)])


def test_a_large_card_takes_the_plan_as_it_is():
    assert ladder.choose(PLAN, card(79.2, (9, 0))).plan == PLAN


def test_4b_with_full_trinity_fits_a_t4():
    plan = dataclasses.replace(PLAN, model="unsloth/gemma-3-4b-it-bnb-4bit", phase="vision")
    assert ladder.choose(plan, card(14.74)).plan == plan


def test_the_plain_path_never_fits_12b_on_a_t4_but_4b():
    rung = ladder.choose(dataclasses.replace(PLAN, path="transformers"), card(14.74))
    assert "4b" in rung.plan.model


def test_where_no_rung_fits_the_advice_has_the_numbers():
    with pytest.raises(OutOfMemory, match=r"needs \d+\.\d GiB.*has 3\.8"):
        ladder.choose(PLAN, card(4.0))


def test_without_a_gpu_the_ram_counts():
    assert ladder.choose(configs.plan(configs.load("nano"), "text"), HERE).fits
    assert "12.2" in ladder.rungs(PLAN, HERE)[0].why
