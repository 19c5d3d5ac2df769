"""Values that are no numbers, for real: the run stops within the step, says why, and saves none of them."""

import dataclasses
import math
import re
import types

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from ghostlib import config as configs
from ghostlib import machine, tasks
from ghostlib.errors import TrainingError
from ghostlib.models import load, lora, nano
from ghostlib.tasks import Example
from ghostlib.training import checkpoints, diagnosis, runs, sft
from ghostlib.training import trainer as trainers
from ghostlib.training.diagnosis import Evidence

WORDS = ("order", "customer", "invoice", "room", "guest", "task")
SMALL = (
    *("train.max_steps=3", "train.checkpoint_steps=1", "train.batch_size=1", "train.warmup_steps=0"),
    *("lora.rank=2", "lora.alpha=2"),
)
EVERY_WAY = pytest.mark.parametrize(
    "settings",
    [(), ("train.accumulation=3",), ("train.gradient_checkpointing=true",)],
    ids=["plain", "accumulation", "gradient checkpointing"],
)


@pytest.fixture
def ready(tiny_nano, monkeypatch):
    """A function: settings -> (config, run, trainers built), on six examples whose ids are their words."""
    monkeypatch.setattr(nano, "folder", lambda: tiny_nano)
    examples = [Example(word, f"3,4 {word}", None, f"CREATE TABLE {word}s (id bigint);") for word in WORDS]
    monkeypatch.setattr(tasks, "named", lambda name: types.SimpleNamespace(examples=lambda *args: examples))
    made, build = [], trainers.build

    def watched(*args, **kwargs):
        made.append(build(*args, **kwargs))
        return made[-1]

    monkeypatch.setattr(trainers, "build", watched)

    def start(*settings):
        config = configs.load("nano", overrides=(*SMALL, *settings))
        return config, runs.begin(config), made

    return start


def stopped(config, run, phase="text"):
    """The line with which a training stops; it leaves no adapter."""
    with pytest.raises(TrainingError) as raised:
        sft.run(config, phase, run, progress=False)
    assert "\n" not in str(raised.value) and run.adapter(phase) is None
    return str(raised.value)


def weights(trainer):
    return {name: value.detach().clone() for name, value in trainer.model.named_parameters() if value.requires_grad}


def all_finite(found):
    return all(bool(torch.isfinite(value).all()) for value in found.values())


def saved(run, phase="text"):
    """The adapter of every checkpoint of a phase."""
    return [load_file(file) for file in sorted((run.folder / phase).rglob("*.safetensors"))]


def spoil(monkeypatch, change, *, batch):
    """Let `change(trainer, loss)` have the loss of the batch of this number, counted from 1."""
    build = trainers.build

    def spoilt(*args, **kwargs):
        trainer = build(*args, **kwargs)
        computed, count = trainer.compute_loss, []
        before = []

        def compute_loss(model, inputs, *given, **named):
            loss = computed(model, inputs, *given, **named)
            count.append(trainer.processing_class.tokenizer.decode(inputs["input_ids"][0]))
            if len(count) == batch:
                before.append(weights(trainer))
                trainer.spoilt = count[-1], before[-1]
                return change(trainer, loss)
            return loss

        trainer.compute_loss = compute_loss
        return trainer

    monkeypatch.setattr(trainers, "build", spoilt)


@EVERY_WAY
@pytest.mark.parametrize("value", [math.inf, math.nan])
def test_a_loss_that_is_no_number_stops_before_it_reaches_the_weights_and_names_the_example(
    ready, monkeypatch, settings, value
):
    config, run, made = ready(*settings)
    batch = 2 + config.train.accumulation  # within step 2, under accumulation in the middle of it
    spoil(monkeypatch, lambda trainer, loss: loss * value, batch=batch)
    said = stopped(config, run)
    words, before = made[0].spoilt
    example = next(word for word in WORDS if f"{word}s" in words)
    assert said.startswith(f"step {1 + math.ceil(batch / config.train.accumulation) - 1}: the loss is {value}")
    assert f"(float32; examples {example}). Likely cause: a bad batch" in said
    assert all(torch.equal(value, before[name]) for name, value in weights(made[0]).items())
    assert saved(run) and all(all_finite(one) for one in saved(run))


@EVERY_WAY
def test_one_gradient_that_is_no_number_is_named_and_reaches_nothing(ready, monkeypatch, settings):
    config, run, made = ready(*settings)
    batch = 2 * config.train.accumulation

    def hurt(trainer, loss):
        one = next(value for name, value in trainer.model.named_parameters() if "layers.3.mlp.up_proj.lora_B" in name)
        one.register_hook(lambda gradient: gradient.index_fill(0, torch.tensor([5]), math.nan))
        return loss

    spoil(monkeypatch, hurt, batch=batch)
    said = stopped(config, run)
    assert said.startswith(
        "step 2: the loss is finite, but not the gradient of model.language_model.layers.3.mlp.up_proj.lora_B"
    )
    assert "and " not in said.partition("(")[0].removeprefix("step 2: the loss is finite, but not")
    _, before = made[0].spoilt
    assert all(torch.equal(value, before[name]) for name, value in weights(made[0]).items())
    assert checkpoints.newest(run.phase("text") / "checkpoints").name == "checkpoint-1" and all_finite(saved(run)[0])


def test_gradients_that_are_finite_one_by_one_but_not_their_norm_stop_too(ready, monkeypatch):
    """Clipping would make zeros of them, and the run would go on as if it learned."""
    config, run, made = ready()
    spoil(monkeypatch, lambda trainer, loss: loss * 1e30, batch=2)
    said = stopped(config, run)
    assert said.startswith("step 2: the loss is finite, but not the gradient (float32")
    assert all(torch.equal(value, made[0].spoilt[1][name]) for name, value in weights(made[0]).items())


@EVERY_WAY
def test_a_huge_learning_rate_stops_within_two_steps_and_is_named_as_the_cause(ready, settings):
    config, run, made = ready(*settings, "train.learning_rate=1e30")
    said = stopped(config, run)
    assert said.startswith("step 2: ")
    assert "a learning rate that is too high: at 1.0e+30 the adapter's largest weight has grown" in said
    assert all_finite(weights(made[0])) and saved(run) and all(all_finite(one) for one in saved(run))


def test_a_step_that_makes_a_weight_infinite_is_never_saved(ready, monkeypatch):
    config, run, made = ready()
    step = torch.optim.AdamW.step

    def overflowing(optimizer, *args, **kwargs):
        result = step(optimizer, *args, **kwargs)
        if made[0].state.global_step == 1:
            optimizer.param_groups[0]["params"][0].data.view(-1)[0] = math.inf
        return result

    monkeypatch.setattr(torch.optim.AdamW, "step", overflowing)
    said = stopped(config, run)
    assert said.startswith("step 2: loss and gradient are finite, but not the weights that the optimizer made of them")
    assert f"a learning rate that is too high: at {config.train.learning_rate:.1e}" in said and "infinite" in said
    assert len(saved(run)) == 1 and all_finite(saved(run)[0])


def poisoned(monkeypatch, part):
    attach = lora.attach

    def attached(*args, **kwargs):
        model = attach(*args, **kwargs)
        with torch.no_grad():
            next(value for name, value in model.named_parameters() if part in name).view(-1)[3] = math.nan
        return model

    monkeypatch.setattr(lora, "attach", attached)


@pytest.mark.parametrize(
    ("part", "cause"),
    [
        ("lora_A", r"a broken adapter: .*lora_A.weight was not finite from the start"),
        ("embed_tokens", r"broken base weights: .*embed_tokens.weight is not finite"),
        ("layers.2.post_attention_layernorm", r"broken base weights: .*layers.2.*is not finite"),
    ],
)
def test_weights_that_are_broken_from_the_start_are_found_and_told_apart(ready, monkeypatch, part, cause):
    config, run, _ = ready()
    poisoned(monkeypatch, part)
    said = stopped(config, run)
    assert said.startswith("step 1: the loss is nan") and re.search(cause, said)
    assert saved(run) == []


def test_a_broken_scale_of_an_nf4_weight_is_found(ready, monkeypatch):
    config, run, _ = ready()
    loaded = load.base

    def base(*args):
        found = loaded(*args)
        state = found.model.get_submodule("model.language_model.layers.1.self_attn.v_proj").weight.quant_state
        state.state2.absmax[0] = math.nan
        return found

    monkeypatch.setattr(load, "base", base)
    assert "broken base weights: model.language_model.layers.1.self_attn.v_proj" in stopped(config, run)


def test_a_picture_that_is_no_number_is_a_bad_batch(ready, monkeypatch, tmp_path):
    config, run, _ = ready()
    Image.new("RGB", (60, 40), "red").save(tmp_path / "screen.png")
    examples = [Example(word, f"3,4 {word}", tmp_path / "screen.png", f"CREATE TABLE {word}s (id bigint);") for word in WORDS]
    monkeypatch.setattr(tasks, "named", lambda name: types.SimpleNamespace(examples=lambda *args: examples))
    build = trainers.build

    def blinded(*args, **kwargs):
        trainer = build(*args, **kwargs)
        collate = trainer.data_collator
        trainer.data_collator = lambda rows: spoilt(collate(rows))
        return trainer

    def spoilt(batch):
        batch["pixel_values"][0, 0, 5, 5] = math.nan
        return batch

    monkeypatch.setattr(trainers, "build", blinded)
    said = stopped(config, run, "vision")
    assert "a bad batch, its pixel_values are not finite" in said and any(f"examples {word})" in said for word in WORDS)


SEEN = Evidence("the loss is nan", step=4, made=3, compute="bfloat16", rate=2e-4)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "a bad batch, since the weights are finite"),
        ({"compute": "float16"}, "fp16 overflow"),
        ({"compute": "float16", "growth": 40.0}, "a learning rate that is too high: at 2.0e-04 the adapter's largest weight"),
        ({"rise": 3.0}, "a learning rate that is too high: at 2.0e-04 the loss had risen 3.0 times"),
        ({"rise": 3.0, "growth": 40.0, "made": 0}, "a bad batch"),  # no step was made yet
        ({"compute": "float16", "growth": 40.0, "made": 0}, "fp16 overflow"),
        ({"weight": "lora_A", "tuned": True, "made": 0}, "a broken adapter: lora_A"),
        ({"weight": "lora_A", "tuned": True}, "a learning rate that is too high"),
        ({"weight": "norm", "growth": 40.0}, "broken base weights: norm"),
        ({"flaw": "no token of it counts in the loss", "compute": "float16"}, "a bad batch, no token"),
    ],
)
def test_the_cause_follows_from_what_was_seen(changes, expected):
    evidence = dataclasses.replace(SEEN, **changes)
    assert diagnosis.cause(evidence).startswith(expected)
    line = diagnosis.told(dataclasses.replace(evidence, examples=("a", "b")))
    assert line.startswith(f"step 4: the loss is nan ({evidence.compute}; examples a, b). Likely cause: ") and "\n" not in line


def test_a_batch_without_a_token_to_learn_is_flawed_and_a_sound_one_is_not():
    labels = torch.tensor([[-100, -100, 7]])
    assert diagnosis.flaw({"labels": labels, "pixel_values": torch.ones(2)}) is None
    assert "no token" in diagnosis.flaw({"labels": torch.full((1, 3), -100)})


def test_examples_whose_words_are_part_of_anothers_are_told_apart(tiny_nano, monkeypatch):
    monkeypatch.setattr(nano, "folder", lambda: tiny_nano)
    processor = load.processor("nano")
    examples = [Example("short", "3,4", None, "CREATE"), Example("long", "3,4 order", None, "CREATE TABLE orders (id bigint);")]
    ids = [
        processor.tokenizer(f"{one.prompt}\n{one.completion}")["input_ids"] for one in (*examples, Example("x", "9", None, "x"))
    ]
    for row, name in zip(ids, ("short", "long", "'9 x'"), strict=True):
        batch = {"input_ids": torch.tensor([row]), "labels": torch.tensor([row])}
        assert diagnosis.names(batch, examples, processor) == (name,)


def test_the_precision_of_the_card_decides_between_overflow_and_a_bad_batch(ready, monkeypatch):
    config, run, _ = ready()
    spoil(monkeypatch, lambda trainer, loss: loss * math.nan, batch=1)
    there = machine.precision(machine.card("T4"))
    monkeypatch.setattr(diagnosis.machine, "precision", lambda here: there)
    loaded = load.base
    monkeypatch.setattr(load, "base", lambda *args: plain(loaded, *args))
    assert "(float16; examples" in (said := stopped(config, run)) and "fp16 overflow on this card" in said


def plain(loaded, config, plan):
    """The base as this machine's own precision has it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine, "precision", lambda here: machine.Precision("float32", "float32", ""))
        return loaded(config, plan)
