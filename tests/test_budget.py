"""Minutes, disk and RAM of the whole way: held to what was measured, and the profiles to what a free session has."""

import dataclasses

import pytest

from ghostlib import config as configs
from ghostlib import machine, tasks
from ghostlib.cli import plans
from ghostlib.inference import export
from ghostlib.training import budget, ladder, memory
from ghostlib.training.budget import Work
from ghostlib.training.shapes import shape

TWELVE = ("model.name=unsloth/gemma-3-12b-it-bnb-4bit", "model.merge_name=unsloth/gemma-3-12b-it")
LAPTOP = machine.Machine("Linux x86_64", "3.11", 2, 12.7, 80.0)
COLAB = dataclasses.replace(LAPTOP, gpu="Tesla T4", capability=(7, 5), vram_gib=14.74, colab=True)  # 12.7 GiB of RAM
WORK = {"text": Work(294, 180, 180), "vision": Work(840, 250, 190)}


@pytest.fixture(autouse=True)
def full(monkeypatch):
    monkeypatch.setenv("GHOST_SCALE", "full")


def way(profile, here, *overrides, work=None, **changes):
    config = configs.load(profile, overrides=overrides)
    plan = dataclasses.replace(configs.plan(config, "vision"), **changes)
    return budget.estimate(config, plan, shape(plan.model), here, work or WORK)


def test_the_whole_way_of_the_t4_profile_fits_a_free_session_with_4b_and_not_with_12b():
    work = budget.works(configs.load("t4"))
    four, twelve = way("t4", COLAB, work=work), way("t4", COLAB, *TWELVE, work=work)
    assert 60 < four.total_minutes < budget.SESSION < twelve.total_minutes
    assert four.lacks(COLAB) == [] and twelve.lacks(COLAB) == ["a free session has 4 h"]
    assert max(four.ram_gib, twelve.ram_gib) < 12.7


def test_12b_fits_a_free_session_with_the_steps_that_the_profile_names():
    steps = (configs.root() / "configs" / "t4.yaml").read_text().split("train.max_steps=")[1].split()[0]
    assert way("t4", COLAB, *TWELVE, f"train.max_steps={steps}").lacks(COLAB) == []


def test_a_step_of_4b_on_a_t4_takes_about_the_measured_25_seconds():
    config = configs.load("t4", overrides=["lora.rank=16", "train.max_steps=100"])
    longer = dataclasses.replace(config, train=dataclasses.replace(config.train, max_steps=200))
    plan = configs.plan(config, "vision")
    first, second = (budget.estimate(one, plan, shape(plan.model), COLAB, WORK).minutes["vision"] for one in (config, longer))
    assert (second - first) * 60 / 100 == pytest.approx(25, rel=0.25)


def test_nanos_phases_take_about_what_they_took_on_two_cores():
    """24 steps of 8 texts in 25 s, 210 steps of 8 screens in 399 s; short phases are told longer than they are."""
    found = way("nano", LAPTOP, work=budget.works(configs.load("nano")))
    assert found.minutes["text"] * 60 == pytest.approx(25, rel=0.6)
    assert found.minutes["vision"] * 60 == pytest.approx(399, rel=0.35)
    assert found.minutes["download"] == 0 and found.total_minutes < 12


def test_the_download_of_12b_takes_eight_minutes_and_16_bit_weights_come_on_top():
    assert way("t4", COLAB, *TWELVE).minutes["download"] == pytest.approx(8, abs=0.5)
    both = way("t4", COLAB, *TWELVE, "export.merge_onto=16bit")
    assert both.disk["download"] == pytest.approx((7.8e9 + 24.4e9) / memory.GIB, rel=0.01)


def test_the_disk_is_what_the_files_take():
    found = way("t4", COLAB, *TWELVE)
    assert found.disk["download"] == pytest.approx(7_798_825_202 / memory.GIB, rel=0.001)
    assert found.disk["adapters"] == pytest.approx(2 * 1.05e9 / memory.GIB, rel=0.02)  # both phases, in float32
    assert found.disk["merged"] == found.disk["GGUF"] == pytest.approx(24.37e9 / memory.GIB, rel=0.01)
    smaller = way("t4", COLAB, *TWELVE, "export.quant=q8_0")
    assert smaller.disk["GGUF"] == pytest.approx(found.disk["GGUF"] * 0.55, rel=0.05)


def test_the_work_is_what_the_task_makes_of_the_files():
    """Counted from the files alone: the task itself would open every picture."""
    config = configs.load("nano")
    found = budget.works(config)
    texts = tasks.named("ui2sql").examples(config, "text", "train")
    assert found["text"].examples == pytest.approx(len(texts), abs=1)
    mean = sum(len(one.completion) for one in texts) / len(texts)
    assert found["text"].answer * budget.CHARACTERS == pytest.approx(mean, rel=0.05)
    assert found["vision"].examples == 840


def test_the_prompt_of_a_screen_is_as_long_as_the_estimate_takes_it(monkeypatch):
    from ghostlib.corpus import records
    from ghostlib.tasks import ui2sql

    config = configs.load("nano")
    rows = records.read_screens(configs.root() / config.data.screens)[::20]
    prompts = [ui2sql.prompt(config, row.reading.lines, row.size) for row in rows]
    assert budget.PICTURE_PROMPT == pytest.approx(sum(map(len, prompts)) / len(prompts), rel=0.15)


def test_the_bytes_of_a_gguf_are_those_of_the_exporter():
    assert budget.QUANTS == export.QUANTS


def test_more_of_anything_takes_longer_and_a_faster_card_less():
    now = way("t4", COLAB)
    assert way("t4", COLAB, "train.epochs=2").total_minutes > now.total_minutes
    assert way("t4", COLAB, "evaluation.sample=80").minutes["evaluation"] > now.minutes["evaluation"]
    assert way("t4", COLAB, rank=128).minutes["vision"] > now.minutes["vision"]
    lora = way("t4", COLAB, dora=False).minutes["vision"]
    assert lora < now.minutes["vision"] < 1.1 * lora
    minutes = [way("t4", machine.card(name)).total_minutes for name in ("T4", "L4", "A10G", "A100", "H100")]
    assert minutes == sorted(minutes, reverse=True)
    other = dataclasses.replace(COLAB, gpu="a card that nobody knows", capability=(9, 0))
    assert way("t4", other).total_minutes < now.total_minutes


def test_smoke_is_short(monkeypatch):
    monkeypatch.setenv("GHOST_SCALE", "smoke")
    assert way("nano", LAPTOP).total_minutes < 1


def test_a_model_without_eyes_has_no_vision_phase_in_its_way():
    found = way("t4", COLAB, "model.name=microsoft/Phi-3-mini-4k-instruct")
    assert "vision" not in found.minutes and found.total_minutes > 1


def test_a_disk_and_a_ram_that_are_too_small_are_said():
    small = dataclasses.replace(COLAB, disk_free_gib=10.0, ram_gib=4.0, colab=False, gpu="NVIDIA L4", capability=(8, 9))
    assert way("t4", small).lacks(small) == ["10 GiB of disk are free", "this machine has 4.0 GiB of RAM"]


def test_the_page_on_fitting_shows_the_table_that_the_command_prints():
    config = configs.load("t4", overrides=TWELVE[:1])
    here = machine.card("T4")
    printed = plans.table(ladder.rungs(configs.plan(config, "vision"), here, config=config))
    page = (configs.root() / "docs" / "fitting.md").read_text(encoding="utf-8")
    assert "\n".join(printed) in page  # print it again with `ghost plan` and paste it
    stock = ladder.price(configs.plan(config, "vision"), here).total
    plan = configs.plan(config, "vision")
    more = memory.cost(plan, shape(plan.model), norm="stock").total - stock
    assert more == pytest.approx(1.7, abs=0.05) and "some 1.7 GiB more" in page
