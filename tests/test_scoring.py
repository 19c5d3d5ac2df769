"""The score while it trains: asked of what is not trained on, without a trace in the training, and the best adapter kept."""

import json
import random
import types

import numpy
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from ghostlib import config as configs
from ghostlib import tasks
from ghostlib.errors import DataError, TrainingError
from ghostlib.models import load, lora, nano
from ghostlib.tasks import Example
from ghostlib.training import runs, scoring, sft, watch

WORDS = ("order", "customer", "invoice", "room", "guest", "task", "pet", "song")
STEPS = 4
SMALL = (
    *(f"train.max_steps={STEPS}", "train.checkpoint_steps=2", "train.batch_size=2", "train.warmup_steps=0", "lora.rank=4"),
    *("train.eval_steps=1", "train.eval_sample=2", "generate.max_new_tokens=3"),
)


def completion(word):
    return f"CREATE TABLE {word}s (\n    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY\n);"


def example(word, picture=None, domain=None, long=False):
    return Example(word, f"3,4 {word} " + "Ω" * (600 if long else 2), picture, completion(word), {"domain": domain or word})


def task(picture=None, *, leave=(), scores=(), splits=("train",), long=False):
    """A task as the registry gives it, whose scorer says what it is told to: `scores`, one an evaluation, then 0.5."""
    told = iter(scores)

    def examples(config, phase, split):
        assert split in splits, f"{split} was asked for"
        found = [example(word, picture if phase == "vision" else None, long=long) for word in WORDS]
        return [one for one in found if one.id not in leave]

    def aggregate(rows, *, seed=0):
        mean = next(told, 0.5)
        return {"right": {"mean": mean, "low": mean / 2, "high": mean}, "validity": {"mean": 0.25, "low": 0.0, "high": 1.0}}

    return types.SimpleNamespace(examples=examples, score=lambda answers, asked: list(answers), aggregate=aggregate)


@pytest.fixture
def train(tiny_nano, tmp_path, monkeypatch):
    """A function that trains one phase in a run of its own: train(*overrides, task=..., run=...) -> (run, result)."""
    picture = tmp_path / "screen.png"
    Image.effect_noise((300, 180), 80).save(picture)
    monkeypatch.setattr(nano, "folder", lambda: tiny_nano)

    def trained(*overrides, phase="text", run=None, **told):
        made = task(picture, **told)
        monkeypatch.setattr(tasks, "named", lambda name: made)
        config = configs.load("nano", overrides=(*SMALL, *overrides))
        run = run or runs.begin(config)
        return run, sft.run(config, phase, run, progress=False)

    return trained


def weights(adapter):
    return load_file(adapter / "adapter_model.safetensors")


def same(one, two):
    one, two = weights(one), weights(two)
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def interrupt(monkeypatch, *, at):
    """Ctrl-C in the middle of optimizer step `at`."""
    guard = watch.guard

    def hurt(trainer, *args):
        guard(trainer, *args)
        computed = trainer.compute_loss

        def failing(*args, **kwargs):
            if trainer.state.global_step + 1 == at:
                raise KeyboardInterrupt
            return computed(*args, **kwargs)

        trainer.compute_loss = failing

    monkeypatch.setattr(watch, "guard", hurt)


def test_no_domain_of_a_question_is_trained_on_and_no_screen_is_asked_twice():
    screens = [example(f"{domain}-{number}", domain=domain) for domain in "abcdef" for number in range(3)]
    twice = [one for one in screens for _ in range(2)]  # each with two readings
    for seed in range(20):
        rest, asked = scoring.held_back(twice, 4, seed=seed)
        assert len(asked) == 4 == len({one.id for one in asked})
        held = {one.group["domain"] for one in twice} - {one.group["domain"] for one in rest}
        assert {one.group["domain"] for one in asked} == held and len(held) == 2
        assert len(rest) == 24 and (rest, asked) == scoring.held_back(twice, 4, seed=seed)
    assert len({str(scoring.held_back(twice, 4, seed=seed)[1]) for seed in range(20)}) > 5


def test_more_questions_hold_back_more_domains_and_never_all():
    examples = [example(word) for word in WORDS]
    rest, asked = scoring.held_back(examples, 5, seed=1)
    assert len(asked) == 5 and len(rest) == 3
    with pytest.raises(DataError, match="nothing would be left"):
        scoring.held_back(examples, 8, seed=1)


def test_the_validation_examples_are_asked_only_where_that_is_told(monkeypatch):
    monkeypatch.setattr(tasks, "named", lambda name: task(splits=()))
    train = [example(word) for word in WORDS]
    rest, asked = scoring.split(configs.load("nano", overrides=SMALL), "text", train)
    assert len(rest) == 6 and len(asked) == 2
    monkeypatch.setattr(tasks, "named", lambda name: task(splits=("validation",)))
    rest, asked = scoring.split(configs.load("nano", overrides=(*SMALL, "train.eval_on=validation")), "text", train)
    assert rest == train and len(asked) == 2


def test_nothing_is_held_back_where_nothing_is_asked_and_of_the_profiles_text2sql_alone_asks_by_default():
    train = [example(word) for word in WORDS]
    loaded = {profile: configs.load(profile) for profile in configs.profiles()}
    assert [profile for profile, config in loaded.items() if config.train.eval_steps] == ["text2sql"]
    for config in (config for config in loaded.values() if not config.train.eval_steps):
        assert scoring.split(config, "text", train) == (train, [])


@pytest.mark.parametrize(("phase", "every"), [("text", 2), ("vision", 1)])  # a row of two steps is a mean over both
def test_an_evaluation_after_every_step_leaves_losses_and_adapter_as_they_are_without(train, phase, every):
    run, asked = train("train.keep=last", f"train.log_steps={every}", phase=phase)
    _, sample = scoring.split(run.config, phase, [example(word) for word in WORDS])
    _, silent = train("train.eval_steps=0", f"train.log_steps={every}", phase=phase, leave=[one.id for one in sample])
    assert [row["step"] for row in asked.scores] == [1, 2, 3, 4] and silent.scores == []
    for name in ("loss", "grad_norm", "tokens", "accuracy", "learning_rate"):
        assert [row[name] for row in asked.log] == [row[name] for row in silent.log], name
    assert same(asked.adapter, silent.adapter)
    history = json.loads((final_of(run, 4, phase) / "trainer_state.json").read_text())["log_history"]
    taken = [row for row in history if "eval_score" in row and "mean_token_accuracy" in row]
    assert not taken, "trl empties the means of the running steps where a row is logged in training"


def test_the_best_adapter_is_what_the_phase_ends_with_and_run_json_says_why(train):
    run, result = train(scores=(0.2, 0.9, 0.5, 0.1))
    best = scoring.best(run.phase("text"))
    assert (best.step, best.value, best.asked) == (2, 0.9, 2) and result.steps == 4
    assert same(result.adapter, best.adapter) and run.trained() == result.adapter
    final = weights(run.phase("text") / "checkpoints" / "checkpoint-4")
    kept = weights(result.adapter)
    assert any(not torch.equal(kept[name], final[name]) for name in kept), "step 2 and step 4 are not the same adapter"
    assert all(torch.equal(kept[name], value) for name, value in weights(final_of(run, 2)).items())
    facts = run.facts()["text"]
    assert facts["kept"]["step"] == 2 and facts["kept"]["best"] == {"step": 2, "score": 0.9}
    assert "0.900 on 2 questions" in facts["kept"]["why"] and facts["examples"] == 6 and facts["asked"] == 2
    assert [row["is_best"] for row in result.scores] == [True, True, False, False]


def final_of(run, step, phase="text"):
    return run.phase(phase) / "checkpoints" / f"checkpoint-{step}"


def test_the_last_adapter_is_kept_where_that_is_asked_and_of_two_equal_ones_the_later(train):
    run, result = train("train.keep=last", scores=(0.2, 0.9, 0.5, 0.1))
    assert same(result.adapter, final_of(run, 4)) and "train.keep" in run.facts()["text"]["kept"]["why"]
    run, result = train(scores=(0.0, 0.0, 0.0, 0.0))
    assert run.facts()["text"]["kept"]["step"] == 4 and same(result.adapter, final_of(run, 4))


def test_the_steps_between_two_evaluations_ask_nothing_and_the_last_step_is_always_asked(train):
    _, result = train("train.eval_steps=3", scores=(0.3, 0.2))
    assert [row["step"] for row in result.scores] == [3, 4]


@pytest.mark.parametrize(
    ("before", "after", "best"),
    [
        ((0.2, 0.9, 0.1), (0.3, 0.4), 2),  # checkpoint 2 holds it
        ((0.2, 0.1, 0.9), (0.9, 0.4), 3),  # found after checkpoint 2: made again by the resumed run
        ((0.2, 0.1, 0.9), (0.8, 0.4), 3),  # a GPU does not repeat itself: what was measured once is not lost
    ],
)
def test_the_best_so_far_survives_a_kill_and_a_resume(train, monkeypatch, before, after, best):
    with monkeypatch.context() as patch:
        interrupt(patch, at=4)
        run = runs.begin(configs.load("nano", overrides=SMALL))
        with pytest.raises(KeyboardInterrupt):
            train(run=run, scores=before)
    _, result = train(run=run, scores=after)
    whole, uninterrupted = train(scores=(*before[:2], *((before[2], after[1]) if best == 3 else after)))
    assert run.facts()["text"]["kept"]["step"] == whole.facts()["text"]["kept"]["step"] == best
    assert same(result.adapter, uninterrupted.adapter)
    assert [row["step"] for row in result.scores] == [1, 2, 3, 4]
    assert [row["loss"] for row in result.log] == [row["loss"] for row in uninterrupted.log]


def test_a_best_adapter_of_another_shape_or_for_other_questions_is_not_taken_over(train):
    run = runs.begin(configs.load("nano", overrides=SMALL))
    old = run.phase("text") / "best"
    (old / "adapter").mkdir(parents=True)
    (old / "adapter" / "adapter_model.safetensors").write_bytes(b"of rank 64")
    (old / "score.json").write_text(json.dumps({"step": 3, "score": 1.0, "asked": 2, "of": "another rung"}))
    _, result = train(run=run, scores=(0.1, 0.3, 0.2, 0.1))
    assert run.facts()["text"]["kept"]["best"] == {"step": 2, "score": 0.3} and weights(result.adapter)


def test_half_a_best_folder_is_none(tmp_path):
    assert scoring.best(tmp_path) is None
    (tmp_path / "best" / "adapter").mkdir(parents=True)
    (tmp_path / "best" / "score.json").write_text('{"step": 3, "sco')
    assert scoring.best(tmp_path) is None
    (tmp_path / "best" / "score.json").write_text('{"step": 3, "score": 1.0, "asked": 2, "of": ""}')
    assert scoring.best(tmp_path) is None, "a score without its adapter"


def test_what_an_evaluation_touches_is_put_back_even_where_it_fails(tiny_nano, monkeypatch):
    monkeypatch.setattr(nano, "folder", lambda: tiny_nano)
    base = load.base(config := configs.load("nano", overrides=SMALL), plan := configs.plan(config, "text"))
    model = lora.attach(base.model, plan).train()
    frozen = next(module for name, module in model.named_modules() if name.endswith("vision_tower"))
    frozen.eval()  # as somebody may have frozen a part of it
    tokenizer = base.processor.tokenizer
    tokenizer.padding_side = "right"
    modes = [module.training for module in model.modules()]
    random.seed(5), numpy.random.seed(5), torch.manual_seed(5)
    expected = (random.random(), numpy.random.random(), torch.rand(2).tolist())
    random.seed(5), numpy.random.seed(5), torch.manual_seed(5)
    with pytest.raises(ZeroDivisionError), scoring.undisturbed(model, base.processor):
        assert not model.training
        random.seed(1), numpy.random.seed(1), torch.manual_seed(1)
        tokenizer.padding_side = "left"
        raise ZeroDivisionError
    assert (random.random(), numpy.random.random(), torch.rand(2).tolist()) == expected
    assert [module.training for module in model.modules()] == modes and tokenizer.padding_side == "right"


def test_questions_that_are_all_too_long_are_said_before_any_step(train):
    with pytest.raises(DataError, match="has at most 1024 tokens"):
        train(long=True)


def test_a_model_in_pieces_on_several_devices_is_refused_in_one_line():
    trainer = types.SimpleNamespace(is_fsdp_enabled=True, is_deepspeed_enabled=False)
    with pytest.raises(TrainingError, match="train.eval_steps=0"):
        scoring.attach(trainer, configs.load("nano"), None, None, None, [example("order")])


def test_the_task_of_this_repository_scores_a_model_in_training_by_its_own_measure(tiny_nano, monkeypatch):
    monkeypatch.setattr(nano, "folder", lambda: tiny_nano)
    config = configs.load("nano", overrides=SMALL)
    found = scoring.ask(config, load.base(config, configs.plan(config, "text")), [example("order"), example("room")])
    assert found["eval_score"] == 0.0 == found["eval_validity"] and found["eval_asked"] == 2, "random weights know no SQL"
    answers = [types.SimpleNamespace(text=completion("order")), types.SimpleNamespace(text="no")]
    monkeypatch.setattr(scoring.generate, "answers", lambda *args, **kwargs: answers)
    found = scoring.ask(config, None, [example("order"), example("room")])
    assert found["eval_score"] == 0.5 == found["eval_validity"] and found["eval_low"] <= 0.5 <= found["eval_high"]
