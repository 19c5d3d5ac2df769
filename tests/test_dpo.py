"""The preference phase for real on a CPU (NF4 + DoRA through TRL's DPOTrainer), and the traps that it is known for."""

import json
import math
import shutil
import types

import pytest
import torch
from safetensors.torch import load_file

from ghostlib import config as configs
from ghostlib import tasks
from ghostlib.errors import DataError, TrainingError
from ghostlib.models import load, lora, nano
from ghostlib.tasks import Example, Preference
from ghostlib.training import dpo, runs, sft, watch

WORDS = ("order", "customer", "invoice", "room", "guest", "pet", "song", "book")
STEPS = 4
SMALL = (
    *(
        "train.text_steps=2",
        "train.checkpoint_steps=2",
        "train.batch_size=2",
        "train.warmup_steps=0",
        "lora.rank=4",
        "lora.modules=[q, v]",
    ),
    *(f"preference.steps={STEPS}", "preference.batch_size=2", "preference.accumulation=1", "preference.learning_rate=5e-3"),
)


def task(*, long=()):
    """A task of six words: the right answer is the table of the word, the spoilt one has an invented column."""
    right = "CREATE TABLE {0}s (id bigint);"

    def preferences(config, split):
        rows = [(word, f"3,4 {word} " + "Ω" * (600 if word in long else 2)) for word in WORDS]
        return [Preference(w, p, right.format(w), f"CREATE TABLE {w}s (magic text);", "invented") for w, p in rows]

    def examples(config, phase, split):
        return [Example(one.id, one.prompt, completion=one.chosen) for one in preferences(config, split)]

    return types.SimpleNamespace(examples=examples, preferences=preferences)


@pytest.fixture(scope="module")
def finished(tiny_nano, tmp_path_factory):
    """(run, result of the preference phase, the model as TRL left it) after a text phase of three steps."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GHOST_OUTPUT", str(tmp_path_factory.mktemp("output")))
        patch.setattr(nano, "folder", lambda: tiny_nano)
        patch.setattr(tasks, "named", lambda name: task(long=("book",)))
        config = configs.load("nano", scale="full", overrides=SMALL)
        run = runs.begin(config)
        sft.run(config, "text", run, progress=False)
        seen, built = [], dpo.trainer

        def kept(*args):
            seen.append(built(*args))
            return seen[-1]

        patch.setattr(dpo, "trainer", kept)
        return run, dpo.run(config, run, progress=False), seen[0].model


@pytest.fixture
def ready(finished, tiny_nano, monkeypatch, tmp_path):
    """A copy of the run with its text phase alone, to spoil."""
    monkeypatch.setattr(nano, "folder", lambda: tiny_nano)
    monkeypatch.setattr(tasks, "named", lambda name: task(long=("book",)))
    shutil.copytree(finished[0].folder, tmp_path / "run", ignore=shutil.ignore_patterns("preference", "checkpoints", "*.lock"))
    run = runs.Run(tmp_path / "run", finished[0].config)
    facts = {name: value for name, value in run.facts().items() if name != "preference"}
    (run.folder / "run.json").write_text(json.dumps(facts))
    return run


def adapter(run, phase):
    return load_file(run.adapter(phase) / "adapter_model.safetensors")


def test_the_loss_begins_at_ln_2_and_nobody_is_preferred_yet(finished):
    """A reference that is the base begins elsewhere; one that is the trained model itself stays at ln 2."""
    _, result, _ = finished
    first, last = result.log[0], result.log[-1]
    assert first["loss"] == pytest.approx(math.log(2), abs=1e-3)
    assert first["margin"] == pytest.approx(0.0, abs=1e-2) and first["preferred"] <= 0.75
    assert last["loss"] < first["loss"] - 0.02 and result.steps == STEPS


def test_the_margin_grows_and_the_right_answer_is_preferred_in_the_end(finished):
    _, result, _ = finished
    margins = [row["margin"] for row in result.log]
    assert margins[-1] > margins[0] + 0.05 and sum(margins[-2:]) > sum(margins[:2])
    assert result.log[-1]["preferred"] == 1.0
    assert all({"chosen", "rejected", "seconds", "learning_rate", "grad_norm"} <= row.keys() for row in result.log)


def test_the_reference_is_the_text_adapter_before_and_after_and_in_float32(finished):
    run, _, model = finished
    text = adapter(run, "text")
    frozen = {name.replace(".ref", ""): value for name, value in dpo.reference(model).items()}
    frozen = {name.removesuffix(".weight") if "magnitude" in name else name: value for name, value in frozen.items()}
    assert frozen.keys() == text.keys()
    assert all(torch.equal(frozen[name], text[name]) for name in text)
    assert {value.dtype for value in frozen.values()} == {torch.float32}
    assert not [name for name, value in model.named_parameters() if ".ref." in name and value.requires_grad]


def test_the_exported_adapter_is_the_trained_one_and_every_part_of_it_has_moved(finished, tiny_nano, monkeypatch):
    run, result, model = finished
    text, made = adapter(run, "text"), adapter(run, "preference")
    assert run.trained() == result.adapter and not (result.adapter / "ref").exists()
    assert made.keys() == text.keys() and not [name for name in made if torch.equal(made[name], text[name])]
    trained = {name: value.detach() for name, value in model.named_parameters() if ".default." in name}
    trained = {name.replace(".default", ""): value for name, value in trained.items()}
    trained = {name.removesuffix(".weight") if "magnitude" in name else name: value for name, value in trained.items()}
    assert all(torch.equal(made[name], trained[name]) for name in made)
    monkeypatch.setattr(nano, "folder", lambda: tiny_nano)
    plan = configs.plan(run.config, "preference")
    again = lora.resume(load.base(run.config, plan).model, result.adapter, trainable=False)
    assert set(again.peft_config) == {"default"}


def test_a_pair_that_is_too_long_is_left_out_and_counted(finished):
    run, result, _ = finished
    facts = run.facts()["preference"]
    assert result.dropped == facts["dropped"] == 1 and facts["examples"] == len(WORDS) - 1
    assert facts["start"] == "text/adapter" and facts["beta"] == 0.1 and facts["data"]


def test_a_finished_phase_comes_back_as_it_is(finished, tiny_nano, monkeypatch):
    run, result, _ = finished
    monkeypatch.setattr(tasks, "named", lambda name: task(long=("book",)))
    monkeypatch.setattr(load, "base", lambda *args: pytest.fail("nothing is to be loaded"))
    again = dpo.run(run.config, run, progress=False)
    assert again.log == result.log and again.adapter == result.adapter


def test_a_killed_phase_goes_on_and_ends_with_the_very_adapter_and_the_same_reference(finished, ready, monkeypatch):
    whole = finished[0]
    guard = watch.guard

    def hurt(trainer, *args):
        guard(trainer, *args)
        computed = trainer.compute_loss

        def failing(*args, **kwargs):
            if trainer.state.global_step == 2:
                raise KeyboardInterrupt
            return computed(*args, **kwargs)

        trainer.compute_loss = failing

    with monkeypatch.context() as patch:
        patch.setattr(watch, "guard", hurt)
        with pytest.raises(KeyboardInterrupt):
            dpo.run(ready.config, ready, progress=False)
    assert ready.adapter("preference") is None
    again = dpo.run(ready.config, ready, progress=False)
    assert [row["loss"] for row in again.log] == [row["loss"] for row in watch.read(whole.folder / "preference" / "log.jsonl")]
    mine, theirs = adapter(ready, "preference"), adapter(whole, "preference")
    assert all(torch.equal(mine[name], theirs[name]) for name in theirs)


def test_a_reference_that_is_not_the_start_is_told_from_the_first_loss(ready, monkeypatch):
    """As it is when the trainer gets a fresh adapter and compares with the bare base."""
    built = dpo.trainer

    def other(*args):
        made = built(*args)
        with torch.no_grad():
            for name, value in made.model.named_parameters():
                if ".ref." in name and "lora_B" in name:
                    value.add_(0.05 * torch.randn_like(value))
        return made

    monkeypatch.setattr(dpo, "trainer", other)
    with pytest.raises(TrainingError, match="not ln 2"):
        dpo.run(ready.config, ready, progress=False)
    assert ready.adapter("preference") is None


def test_a_reference_that_moves_is_told(tmp_path):
    before, after = {"a.ref.b": torch.zeros(2)}, {"a.ref.b": torch.tensor([0.0, 1e-7])}
    with pytest.raises(TrainingError, match="the reference moved"):
        dpo.still(tmp_path, before, after)


def test_without_a_text_adapter_or_without_pairs_it_says_what_to_do(ready, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(tasks, "named", lambda name: types.SimpleNamespace(examples=lambda *args: []))
        with pytest.raises(DataError, match="no pairs"):
            dpo.run(ready.config, ready, progress=False)
    shutil.rmtree(ready.folder / "text")
    with pytest.raises(TrainingError, match="ghost train text"):
        dpo.run(ready.config, ready, progress=False)
