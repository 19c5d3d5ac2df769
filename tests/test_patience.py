"""The best adapter by the loss of what is held back, and the training that ends when nothing better comes."""

import json
import math
import types

import pytest
import torch
from safetensors.torch import load_file

from ghostlib import charts, tasks
from ghostlib import config as configs
from ghostlib.cli import training as commands
from ghostlib.errors import ConfigError
from ghostlib.models import load, nano
from ghostlib.tasks import Example
from ghostlib.training import perplexity, rows, runs, scoring, sft, watch

WORDS = ("order", "customer", "invoice", "room", "guest", "task", "pet", "song")
SMALL = (
    *("train.max_steps=6", "train.checkpoint_steps=2", "train.batch_size=2", "train.warmup_steps=0", "lora.rank=4"),
    *("lora.modules=[q, v]", "train.eval_steps=1", "train.eval_sample=2", "train.eval_by=loss", "train.patience=3"),
)


def example(word):
    table = f"CREATE TABLE {word}s (\n    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY\n);"
    return Example(word, f"3,4 {word} Write the PostgreSQL schema.", completion=table, group={"domain": word})


STOPPED = (3.0, 2.0, 2.5, 2.1, 2.2)  # what the evaluations of a training measure that ends at the fifth


def trainer(tiny_nano, patch):
    """A function that trains the text phase: train(*overrides, losses=..., run=...) -> (run, result).

    `losses` are what the evaluations measure, in their order; without them what they really measure.
    """
    patch.setattr(nano, "folder", lambda: tiny_nano)
    made = types.SimpleNamespace(examples=lambda config, phase, split: [example(word) for word in WORDS])
    patch.setattr(tasks, "named", lambda name: made)
    measured = perplexity.held

    def trained(*overrides, losses=None, run=None):
        told = iter(losses or ())

        def given(config, base, asked):
            return measured(config, base, asked) | {"eval_held_loss": next(told)}

        patch.setattr(perplexity, "held", given if losses else measured)
        config = configs.load("nano", scale="full", overrides=(*SMALL, *overrides))
        run = run or runs.begin(config)
        return run, sft.run(config, "text", run, progress=False)

    return trained


@pytest.fixture
def train(tiny_nano, monkeypatch):
    return trainer(tiny_nano, monkeypatch)


@pytest.fixture(scope="module")
def stopped(tiny_nano, tmp_path_factory):
    """(run, result) of a training that measured STOPPED."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GHOST_OUTPUT", str(tmp_path_factory.mktemp("output")))
        return trainer(tiny_nano, patch)(losses=STOPPED)


def same(one, two):
    one, two = (load_file(folder / "adapter_model.safetensors") for folder in (one, two))
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def test_it_stops_after_so_many_evaluations_without_a_better_one_and_keeps_the_best(stopped):
    run, result = stopped
    assert result.steps == 5 and [row["step"] for row in result.log] == [1, 2, 3, 4, 5], "six were planned"
    assert [row["is_best"] for row in result.scores] == [True, True, False, False, False]
    best = scoring.best(run.phase("text"))
    assert (best.step, best.value, best.by) == (2, 2.0, "loss")
    assert same(result.adapter, best.adapter)
    last = load_file(run.phase("text") / "checkpoints" / "checkpoint-4" / "adapter_model.safetensors")
    kept = load_file(result.adapter / "adapter_model.safetensors")
    assert any(not torch.equal(kept[name], last[name]) for name in kept), "the model had moved on"
    facts = run.facts()["text"]["kept"]
    assert facts["step"] == 2 and facts["best"] == {"step": 2, "loss": 2.0}
    assert "a loss of 2.000 on 2 answers" in facts["why"]
    assert "3 evaluations without a better one ended it at step 5 of 6" in facts["why"]


def test_it_goes_on_to_the_end_while_better_ones_come(train):
    run, result = train(losses=(3.0, 2.9, 2.95, 2.97, 2.8, 2.7))
    assert result.steps == 6 and run.facts()["text"]["kept"]["step"] == 6 and "ended" not in run.facts()["text"]["kept"]["why"]


def test_patience_counts_evaluations_and_not_steps(train):
    run, result = train("train.eval_steps=2", "train.patience=1", losses=(2.0, 3.0, 1.0))
    assert result.steps == 4 and [row["step"] for row in result.scores] == [2, 4]


def test_a_killed_run_stops_where_an_uninterrupted_one_does(train, monkeypatch):
    measures = {1: 3.0, 2: 2.0, 3: 2.5, 4: 2.1, 5: 2.2}
    with monkeypatch.context() as patch:
        guard = watch.guard

        def hurt(trainer, *args):
            guard(trainer, *args)
            computed = trainer.compute_loss

            def failing(*args, **kwargs):
                if trainer.state.global_step == 3:
                    raise KeyboardInterrupt
                return computed(*args, **kwargs)

            trainer.compute_loss = failing

        patch.setattr(watch, "guard", hurt)
        run = runs.begin(configs.load("nano", scale="full", overrides=SMALL))
        with pytest.raises(KeyboardInterrupt):
            train(run=run, losses=[measures[step] for step in (1, 2, 3)])
    _, result = train(run=run, losses=[measures[step] for step in (3, 4, 5)])
    assert result.steps == 5 and [row["step"] for row in result.scores] == [1, 2, 3, 4, 5]
    kept = run.facts()["text"]["kept"]
    assert kept["best"] == {"step": 2, "loss": 2.0} and "ended it at step 5 of 6" in kept["why"]
    assert same(result.adapter, scoring.best(run.phase("text")).adapter)


def test_the_loss_that_is_measured_is_that_of_the_answers_tokens_and_falls_while_it_learns(train, tiny_nano):
    run, result = train("train.learning_rate=5e-3", "train.patience=0")
    losses = [row["held_loss"] for row in result.scores]
    assert losses[-1] < losses[0] - 0.1 and math.isfinite(losses[0])
    assert all(row["perplexity"] == pytest.approx(math.exp(row["held_loss"]), rel=1e-3) for row in result.scores)
    config = configs.load("nano", scale="full", overrides=SMALL)
    base = load.base(config, configs.plan(config, "text"))
    asked = [example("order"), example("a much longer word than the other")]
    told = perplexity.held(config, base, asked)
    expected = []
    for one in asked:
        batch = rows.tensors(config, one, base.processor)
        labels = batch.pop("labels")[0, 1:]
        with torch.inference_mode():
            chances = base.model(**batch).logits[0, :-1].float().log_softmax(-1)
        expected += [-float(chances[place, label]) for place, label in enumerate(labels.tolist()) if label != rows.IGNORED]
    assert told["eval_held_loss"] == pytest.approx(sum(expected) / len(expected), abs=1e-4)
    assert told["eval_asked"] == 2


def test_evaluations_by_the_loss_are_shown_told_and_written_as_such(stopped):
    run, result = stopped
    assert charts.loss(result.log, scores=result.scores).width > 300
    told = commands.summary(result, run, "text")
    assert told["best"] == {"step": 2, "loss": 2.0, "validity": None, "asked": 2}
    lines = commands._lines(told | {"adapter": "a", "next": "n"})
    assert "best loss 2.000 at step 2; kept is step 2" in lines
    written = [json.loads(line) for line in (run.folder / "text" / "log.jsonl").read_text().splitlines()]
    assert [row for row in written if "held_loss" in row] == result.scores


def test_a_best_by_the_score_is_not_compared_with_a_loss(stopped):
    run, _ = stopped
    plan, asked = configs.plan(run.config, "text"), [example("order")]
    assert scoring._identity(plan, asked, "loss") != scoring._identity(plan, asked, "score")
    by_loss, by_score = (scoring.Best(run.folder, 1, 0.5, 2, by) for by in ("loss", "score"))
    assert by_loss.beaten(0.4) and not by_loss.beaten(0.6) and by_score.beaten(0.6) and not by_score.beaten(0.4)
    assert by_loss.beaten(0.5) and by_score.beaten(0.5), "of two that are equal the later one has seen more"


def test_patience_without_evaluations_is_an_error_that_says_so():
    with pytest.raises(ConfigError, match="train.patience=2: needs train.eval_steps"):
        configs.load("nano", overrides=["train.patience=2"])


def test_text2sql_takes_the_best_by_the_loss_stops_early_and_trains_three_epochs_at_most_nano_less_than_one():
    real, small = configs.load("text2sql", scale="full"), configs.load("nano", task="text2sql", scale="full")
    for config in (real, small):
        train = config.train
        assert train.eval_by == "loss" and train.patience >= 2 and train.eval_steps and train.keep == "best"
    assert (real.steps("text"), real.train.epochs) == (-1, 3)
    seen = small.steps("text") * small.train.batch_size * small.train.accumulation
    assert 0 < small.steps("text") and seen < small.data.generated
