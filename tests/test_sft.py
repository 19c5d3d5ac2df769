"""Both phases for real on a CPU (NF4 + DoRA + rsLoRA through TRL), and everything that can go wrong with them."""

import errno
import gc
import json
import shutil
import types
import weakref

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from ghostlib import config as configs
from ghostlib import tasks
from ghostlib.errors import DataError, MachineError, OutOfMemory, TrainingError
from ghostlib.models import load, lora, nano
from ghostlib.tasks import Example
from ghostlib.training import checkpoints, ladder, runs, sft, watch

WORDS = ("order", "customer", "invoice", "room", "guest", "task")
SMALL = ("train.max_steps=4", "train.checkpoint_steps=2", "train.batch_size=2", "train.warmup_steps=0", "lora.rank=4")


def completion(word):
    return f"CREATE TABLE {word}s (\n    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY\n);"


def task(picture, *, long=()):
    """A task as the registry gives it: text and pictures of six words; those in `long` have far too long a prompt."""

    def examples(config, phase, split):
        image = picture if phase == "vision" else None
        return [
            Example(word, f"3,4 {word} " + "Ω" * (600 if word in long else 2), image, completion(word))  # 2 tokens each
            for word in WORDS
        ]

    return types.SimpleNamespace(examples=examples)


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    file = tmp_path_factory.mktemp("pictures") / "screen.png"
    Image.effect_noise((300, 180), 80).save(file)
    return file


@pytest.fixture(scope="module")
def finished(tiny_nano, picture, tmp_path_factory):
    """One run with both phases trained: (run, text result, vision result, what was printed)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GHOST_OUTPUT", str(tmp_path_factory.mktemp("output")))
        patch.setattr(nano, "folder", lambda: tiny_nano)
        patch.setattr(tasks, "named", lambda name: task(picture, long=("task",)))
        config = configs.load("nano", overrides=SMALL)
        run = runs.begin(config)
        return run, sft.run(config, "text", run, progress=False), sft.run(config, "vision", run, progress=False)


@pytest.fixture
def ready(tiny_nano, picture, monkeypatch):
    """A fresh config and run to spoil."""
    monkeypatch.setattr(nano, "folder", lambda: tiny_nano)
    monkeypatch.setattr(tasks, "named", lambda name: task(picture, long=("task",)))
    config = configs.load("nano", overrides=SMALL)
    return config, runs.begin(config)


def interrupt(monkeypatch, *, at, error=KeyboardInterrupt):
    """Raise `error` in the middle of optimizer step `at`."""
    guard = watch.guard

    def hurt(trainer, *args):
        guard(trainer, *args)
        computed = trainer.compute_loss

        def failing(*args, **kwargs):
            if trainer.state.global_step + 1 == at:
                raise error
            return computed(*args, **kwargs)

        trainer.compute_loss = failing

    monkeypatch.setattr(watch, "guard", hurt)


def test_both_phases_leave_a_log_two_checkpoints_an_adapter_and_their_facts(finished):
    run, text, vision = finished
    for result, phase in ((text, "text"), (vision, "vision")):
        assert [row["step"] for row in result.log] == [1, 2, 3, 4] and result.steps == 4
        assert all({"loss", "learning_rate", "grad_norm", "tokens", "seconds"} <= row.keys() for row in result.log)
        assert sorted(folder.name for folder in (run.folder / phase / "checkpoints").glob("checkpoint-*")) == [
            "checkpoint-2",
            "checkpoint-4",
        ]
        settings = json.loads((result.adapter / "adapter_config.json").read_text())
        assert settings["use_dora"] and settings["use_rslora"]
        assert {value.dtype for value in load_file(result.adapter / "adapter_model.safetensors").values()} == {torch.float32}
        facts = run.facts()[phase]
        assert facts["steps"] == 4 and facts["seconds"] > 0 and facts["plan"]["rank"] == 4 and facts["data"]
        assert facts["why"] and facts["examples"] == 5 and facts["dropped"] == result.dropped == 1
    facts = run.facts()
    assert {"torch", "trl", "peft", "bitsandbytes"} <= facts["versions"].keys() and facts["seed"] == run.config.seed
    assert facts["vision"]["start"] == "text/adapter" and facts["text"]["start"] == "base"
    assert run.trained() == vision.adapter


def test_a_b_and_the_magnitude_have_all_moved_and_by_more_than_bf16_could_hide(finished, tiny_nano, monkeypatch):
    """trl casts adapters of a 4-bit model to bf16: a magnitude near 1 would then not move by 1e-3 of itself."""
    run, text, _ = finished
    monkeypatch.setattr(nano, "folder", lambda: tiny_nano)
    plan = configs.plan(run.config, "text")
    fresh = lora.attach(load.base(run.config, plan).model, plan, seed=run.config.seed)
    before = {name.replace(".default", ""): value for name, value in fresh.named_parameters() if value.requires_grad}
    before = {name.removesuffix(".weight") if "magnitude" in name else name: value for name, value in before.items()}
    after = load_file(text.adapter / "adapter_model.safetensors")
    assert before.keys() == after.keys()
    for name, value in after.items():
        assert not torch.equal(value, before[name]), name
        assert not torch.equal(value, value.bfloat16().float()), f"{name} was rounded to bf16"


def test_vision_goes_on_from_the_text_adapter(finished):
    _, text, vision = finished
    one, two = (load_file(result.adapter / "adapter_model.safetensors") for result in (text, vision))
    key = next(name for name in one if name.endswith("lora_B.weight"))
    assert one[key].abs().max() > 0 and (two[key] - one[key]).abs().max() < 4 * (two[key]).abs().max()
    assert torch.nn.functional.cosine_similarity(one[key].flatten(), two[key].flatten(), dim=0) > 0.3


def test_an_interrupted_run_ends_with_the_very_adapter_and_losses_of_an_uninterrupted_one(finished, ready, monkeypatch):
    _, whole, _ = finished
    config, run = ready
    with monkeypatch.context() as patch:
        interrupt(patch, at=4)
        with pytest.raises(KeyboardInterrupt):
            sft.run(config, "text", run, progress=False)
    saved = run.folder / "text" / "checkpoints"
    assert run.adapter("text") is None and len(watch.read(run.folder / "text" / "log.jsonl")) == 3
    # what a kill in the middle of saving leaves: a newer folder that is not sealed, and half a line
    shutil.copytree(saved / "checkpoint-2", saved / "checkpoint-3")
    (saved / "checkpoint-3" / checkpoints.SEAL).unlink()
    with (run.folder / "text" / "log.jsonl").open("a") as file:
        file.write('{"step": 4, "lo')
    again = sft.run(config, "text", run, progress=False)
    assert [row["loss"] for row in again.log] == [row["loss"] for row in whole.log]
    assert [row["tokens"] for row in again.log] == [row["tokens"] for row in whole.log]
    mine, theirs = (load_file(result.adapter / "adapter_model.safetensors") for result in (again, whole))
    assert all(torch.equal(mine[name], theirs[name]) for name in theirs)


def test_a_sealed_checkpoint_that_lost_bytes_is_not_used(finished, tmp_path):
    run, _, _ = finished
    shutil.copytree(run.folder / "text" / "checkpoints", tmp_path / "checkpoints")
    assert checkpoints.newest(tmp_path / "checkpoints").name == "checkpoint-4"
    weights = tmp_path / "checkpoints" / "checkpoint-4" / "optimizer.pt"
    weights.write_bytes(weights.read_bytes()[:-7])
    assert checkpoints.newest(tmp_path / "checkpoints").name == "checkpoint-2"
    assert checkpoints.newest(tmp_path / "nothing") is None


def test_a_finished_phase_is_not_trained_twice(finished, tiny_nano, picture, monkeypatch, capsys):
    run, text, _ = finished
    monkeypatch.setattr(tasks, "named", lambda name: task(picture, long=("task",)))
    monkeypatch.setattr(load, "base", lambda *args: pytest.fail("nothing is to be loaded"))
    again = sft.run(run.config, "text", run)
    assert again.log == text.log and again.adapter == text.adapter and "trained already" in capsys.readouterr().out


def test_going_on_with_other_data_or_another_config_is_refused_with_what_differs(finished, picture, monkeypatch):
    run, _, _ = finished
    other = configs.load("nano", overrides=(*SMALL, "lora.alpha=99"))
    with pytest.raises(TrainingError, match="lora.alpha 48 -> 99"):
        sft.run(other, "text", run)
    monkeypatch.setattr(tasks, "named", lambda name: task(picture))
    with pytest.raises(TrainingError, match="other data"):
        sft.run(run.config, "text", run)


def test_a_loss_that_is_not_finite_stops_the_run_at_once_and_leaves_no_adapter(ready, monkeypatch):
    config, run = ready
    attach = lora.attach

    def poisoned(*args, **kwargs):
        model = attach(*args, **kwargs)
        with torch.no_grad():
            next(value for name, value in model.named_parameters() if "magnitude" in name).fill_(float("inf"))
        return model

    monkeypatch.setattr(lora, "attach", poisoned)
    with pytest.raises(TrainingError, match=r"step 1: the loss is nan.*a broken adapter: .*magnitude"):
        sft.run(config, "text", run, progress=False)
    assert run.adapter("text") is None and not list((run.folder / "text" / "checkpoints").glob("checkpoint-*"))


def test_running_out_of_memory_goes_on_at_the_next_rung_and_keeps_nothing_of_the_failed_try(ready, monkeypatch, capsys):
    config, run = ready
    alive, loaded = [], load.base

    def counting(*args):
        gc.collect()
        assert not [one for one in alive if one() is not None], "a model of the failed attempt is still alive"
        base = loaded(*args)
        alive.append(weakref.ref(base.model))
        return base

    down = ladder.dataclasses.replace(configs.plan(config, "text"), rank=2)
    monkeypatch.setattr(load, "base", counting)
    monkeypatch.setattr(ladder, "cheaper", lambda plan: down if plan.rank == 4 else None)
    guard = watch.guard

    def once(trainer, *args):
        guard(trainer, *args)
        if len(alive) == 1:
            computed = trainer.compute_loss

            def failing(*args, **kwargs):
                computed(*args, **kwargs)
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

            trainer.compute_loss = failing

    monkeypatch.setattr(watch, "guard", once)
    result = sft.run(config, "text", run)
    assert len(alive) == 2 and result.rung.plan.rank == 2
    assert json.loads((result.adapter / "adapter_config.json").read_text())["r"] == 2
    assert run.facts()["text"]["plan"]["rank"] == 2 and "memory" in run.facts()["text"]["why"]
    printed = capsys.readouterr().out
    assert "out of memory (CUDA out of memory" in printed
    assert "text 4/4  loss" in printed and "\r" not in printed  # one plain line each where nobody watches


def test_out_of_memory_on_the_last_rung_is_one_line_of_advice(ready, monkeypatch):
    config, run = ready
    monkeypatch.setattr(load, "base", lambda *args: (_ for _ in ()).throw(torch.OutOfMemoryError("too big\nstack")))
    with pytest.raises(OutOfMemory, match="last rung") as raised:
        sft.run(config, "text", run)
    assert "\n" not in str(raised.value)


def test_a_full_disk_while_saving_is_one_line_and_the_run_goes_on_later(ready, monkeypatch):
    config, run = ready
    with monkeypatch.context() as patch:
        full = OSError(errno.ENOSPC, "No space left on device")
        patch.setattr(torch, "save", lambda *args, **kwargs: (_ for _ in ()).throw(full))
        with pytest.raises(MachineError, match="disk is full"):
            sft.run(config, "text", run, progress=False)
    assert checkpoints.newest(run.folder / "text" / "checkpoints") is None
    assert run.adapter("text") is None


def test_data_that_is_too_long_altogether_is_said_with_the_number(ready, picture, monkeypatch):
    config, run = ready
    monkeypatch.setattr(tasks, "named", lambda name: task(picture, long=WORDS))
    with pytest.raises(DataError, match="none of 6 examples has at most 1024"):
        sft.run(config, "text", run, progress=False)


def test_a_gpu_that_is_not_there_is_said_before_anything_is_loaded(monkeypatch):
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    config = configs.load("t4")
    with pytest.raises(MachineError, match="nano"):
        sft.run(config, "text", runs.begin(config))


def test_a_phase_that_does_not_exist_is_named(ready):
    with pytest.raises(TrainingError, match="text, vision"):
        sft.run(ready[0], "sound", ready[1])
