"""Memory that runs out at every point of a training and on every rung: where the run ends, why, and what stays."""

import contextlib
import dataclasses
import errno
import gc
import hashlib
import re
import shlex
import types
import weakref

import psycopg
import pytest
import torch
from transformers import TrainerCallback

from ghostlib import config as configs
from ghostlib import tasks
from ghostlib.config import LANGUAGE_PROJECTIONS
from ghostlib.errors import MachineError, OutOfMemory, TrainingError
from ghostlib.models import load, nano
from ghostlib.tasks import Example
from ghostlib.training import checkpoints, ladder, memory, recovery, runs, sft, watch
from ghostlib.training import trainer as trainers
from ghostlib.training.ladder import Rung

SPELLED = "CUDA out of memory. Tried to allocate 2.00 GiB"
EXAMPLES = [Example(word, f"3,4 {word}", None, f"CREATE TABLE {word}s (id bigint);") for word in ("order", "guest", "task")]
SMALL = (
    *("train.max_steps=3", "train.checkpoint_steps=9", "train.batch_size=1", "train.warmup_steps=0"),
    *("train.max_seq_length=1024", "lora.rank=4", "lora.alpha=4"),
)
STEPS = (  # a small ladder with every kind of step, in the order of the real one
    {"max_seq_length": 512},
    {"rank": 2},
    {"dora": False},
    {"rank": 1},
    {"modules": ("q", "v")},
)
POINTS = ("load", "first step", "middle", "evaluation", "saving")


def plans(config, phase="text"):
    found = [configs.plan(config, phase)]
    for change in STEPS:
        found.append(dataclasses.replace(found[-1], **change))
    return found


@pytest.fixture
def ready(tiny_nano, monkeypatch):
    """A config, its run, and the small ladder in place of the real one, on which nano has but one rung."""
    monkeypatch.setattr(nano, "folder", lambda: tiny_nano)
    monkeypatch.setattr(tasks, "named", lambda name: types.SimpleNamespace(examples=lambda *args: EXAMPLES))
    config = configs.load("nano", overrides=SMALL)
    following = {**dict(zip(plans(config), plans(config)[1:], strict=False))}
    following |= dict(zip(plans(config, "vision"), plans(config, "vision")[1:], strict=False))
    monkeypatch.setattr(ladder, "cheaper", following.get)
    gc.collect()
    gc.freeze()  # half a million objects of libraries, which every search for what is alive would go through
    return config, runs.begin(config)


def short():
    """The error as torch raises it, with tensors of the attempt in its frames."""
    held = torch.zeros(1000)
    raise torch.OutOfMemoryError(f"{SPELLED}\nof {held.numel()}")


@pytest.fixture
def fault(monkeypatch):
    """A function that lets `plans` (or the first `times` attempts) run out of memory at `point`; gives the attempts' traces."""
    attempts = []

    def set_up(point, failing, raised=short, into="checkpoint-"):
        loaded, built, saved = load.base, trainers.build, torch.save

        def base(config, plan):
            gc.collect()
            attempts.append({"plan": plan, "tensors": tensors(), "heavy": []})
            found = loaded(config, plan)
            attempts[-1]["heavy"].append(weakref.ref(found.model))
            if point == "load" and plan in failing:
                raised()
            return found

        def build(*args, **kwargs):
            trainer = built(*args, **kwargs)
            computed, plan = trainer.compute_loss, attempts[-1]["plan"]

            def compute_loss(*given, **named):
                result = computed(*given, **named)
                step = trainer.state.global_step + 1
                if plan in failing and (point, step) in (("first step", 1), ("middle", 2)):
                    raised()
                return result

            class Evaluates(TrainerCallback):
                def on_step_end(self, args, state, control, model=None, **kwargs):
                    attempts[-1]["heavy"].append(weakref.ref(trainer.optimizer))
                    if point == "evaluation" and state.global_step == 2 and plan in failing:
                        model(input_ids=torch.arange(6, 20).unsqueeze(0))
                        raised()

            trainer.compute_loss = compute_loss
            trainer.add_callback(Evaluates())
            return trainer

        def save(value, file, *args, **kwargs):
            if point == "saving" and attempts[-1]["plan"] in failing and into in str(file):
                raised()
            return saved(value, file, *args, **kwargs)

        monkeypatch.setattr(load, "base", base)
        monkeypatch.setattr(trainers, "build", build)
        monkeypatch.setattr(torch, "save", save)
        return attempts

    return set_up


def tensors():
    """How many tensors are alive."""
    return sum(issubclass(type(one), torch.Tensor) for one in gc.get_objects())


def files(folder):
    """Each file below a folder by its content."""
    found = sorted(file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): hashlib.md5(file.read_bytes()).hexdigest() for file in found}


def on_rung(monkeypatch, plan):
    """A new phase begins on this rung."""
    monkeypatch.setattr(ladder, "choose", lambda *args, **kwargs: Rung(plan, memory.Cost({}), True, "as the test asks"))


def saving_each_step(config):
    return dataclasses.replace(config, train=dataclasses.replace(config.train, checkpoint_steps=1))


@pytest.mark.parametrize("point", [pytest.param(point, marks=[pytest.mark.soak] * (point != "middle")) for point in POINTS])
def test_wherever_memory_runs_out_on_every_rung_but_the_last_the_last_one_is_trained_and_nothing_else_is_alive(
    ready, fault, point, capsys
):
    config, run = ready
    ways = plans(config)
    attempts = fault(point, ways[:-1])
    result = sft.run(config, "text", run)
    assert [attempt["plan"] for attempt in attempts] == ways and result.rung.plan == ways[-1] and result.steps == 3
    facts = run.facts()["text"]
    assert facts["plan"] == {**dataclasses.asdict(ways[-1]), "modules": ["q", "v"]}
    assert facts["why"] == f"modules {','.join(LANGUAGE_PROJECTIONS)} -> q,v after running out of memory ({SPELLED})"
    assert [(tried["plan"]["rank"], tried["failed"]) for tried in facts["attempts"]] == [(r, SPELLED) for r in (4, 4, 2, 2, 1)]
    printed = capsys.readouterr().out
    for line in ("max_seq_length 1024 -> 512", "rank 4 -> 2", "dora True -> False", "rank 2 -> 1", "modules q,k,v,o"):
        assert f"text: out of memory ({SPELLED}); going on with {line}" in printed
    gc.collect()
    heavy = [reference for attempt in attempts for reference in attempt["heavy"]]
    assert len(heavy) >= 6 and not [one for one in heavy if one() is not None]
    counted = [attempt["tensors"] for attempt in attempts]
    assert max(counted[2:]) <= counted[1], f"tensors before each attempt: {counted}"  # the first filled caches of libraries
    assert [row["step"] for row in result.log] == [1, 2, 3]


@pytest.mark.parametrize("point", POINTS)
def test_wherever_memory_runs_out_twice_the_third_rung_is_trained_and_nothing_else_is_alive(ready, fault, point):
    config, run = ready
    ways = plans(config)
    attempts = fault(point, ways[:2])
    assert sft.run(config, "text", run, progress=False).rung.plan == ways[2]
    assert [attempt["plan"] for attempt in attempts] == ways[:3]
    gc.collect()
    heavy = [reference for attempt in attempts for reference in attempt["heavy"]]
    assert len(heavy) >= 3 and not [one for one in heavy if one() is not None]


@pytest.mark.parametrize("number", range(len(STEPS)))
def test_on_whichever_rung_a_phase_begins_the_next_one_is_trained(ready, fault, number, monkeypatch):
    config, run = ready
    ways = plans(config)
    on_rung(monkeypatch, ways[number])
    attempts = fault("middle", [ways[number]])
    result = sft.run(config, "text", run, progress=False)
    assert [attempt["plan"] for attempt in attempts] == ways[number : number + 2] and result.rung.plan == ways[number + 1]
    assert SPELLED in run.facts()["text"]["why"]


@pytest.mark.parametrize("point", POINTS)
def test_on_the_last_rung_it_is_one_line_of_advice(ready, fault, point, monkeypatch):
    config, run = ready
    on_rung(monkeypatch, plans(config)[-1])
    fault(point, plans(config))
    with pytest.raises(OutOfMemory) as raised:
        sft.run(config, "text", run, progress=False)
    assert re.fullmatch(r"text: out of memory on the last rung \(CUDA out.*GiB\)\. Use .*--profile nano", str(raised.value))
    assert len(run.facts()["text"]["attempts"]) == 1 and run.adapter("text") is None


@pytest.mark.parametrize("point", ("middle", "evaluation", "saving"))
def test_a_shorter_sequence_goes_on_from_the_checkpoint(ready, fault, point, capsys):
    config = saving_each_step(ready[0])
    run, ways = runs.begin(config), plans(config)
    attempts = fault(point, ways[:1], into="checkpoint-2")
    result = sft.run(config, "text", run)
    assert [attempt["plan"] for attempt in attempts] == ways[:2] and [row["step"] for row in result.log] == [1, 2, 3]
    assert "text: goes on from checkpoint-1" in capsys.readouterr().out
    assert run.facts()["text"]["plan"]["max_seq_length"] == 512 and not list(run.phase("text").glob("log-*"))


@pytest.mark.parametrize("number", range(1, len(STEPS)))
def test_any_other_rung_stops_where_checkpoints_are_and_says_what_to_set(ready, fault, number, monkeypatch):
    config = saving_each_step(ready[0])
    run = runs.begin(config)
    ways = plans(config)
    on_rung(monkeypatch, ways[number])
    fault("middle", [ways[number]])
    with pytest.raises(OutOfMemory) as raised:
        sft.run(config, "text", run, progress=False)
    said = str(raised.value)
    assert "\n" not in said and SPELLED in said and "checkpoint-1 stays as it is" in said
    words = shlex.split(said.rpartition("start a new run with ")[2])
    assert words[::2] == ["--set"] * (len(words) // 2)
    assert configs.load("nano", overrides=words[1::2]).lora == dataclasses.replace(
        configs.load("nano").lora, **{name.removeprefix("lora."): value for name, value in STEPS[number].items()}
    )
    assert checkpoints.newest(run.phase("text") / "checkpoints").name == "checkpoint-1"
    assert [row["step"] for row in watch.read(run.phase("text") / "log.jsonl")] == [1]


def test_nothing_of_the_text_phase_is_touched_when_the_vision_phase_runs_out_of_memory(ready, fault):
    config, run = ready
    sft.run(config, "text", run, progress=False)
    before = files(run.folder / "text")
    ways = plans(config, "vision")
    attempts = fault("first step", ways)
    with pytest.raises(OutOfMemory, match="The adapter of the text phase stays as it is.*--set lora.rank=2"):
        sft.run(config, "vision", run, progress=False)
    assert [attempt["plan"] for attempt in attempts] == ways[:2]  # a shorter sequence keeps the adapter's shape
    assert files(run.folder / "text") == before


def test_a_vision_phase_that_fits_only_in_another_shape_than_the_text_adapters_says_so_before_it_begins(ready, monkeypatch):
    config, run = ready
    sft.run(config, "text", run, progress=False)
    smaller = plans(config, "vision")[2]
    on_rung(monkeypatch, smaller)
    monkeypatch.setattr(load, "base", lambda *args: pytest.fail("nothing is to be loaded"))
    with pytest.raises(OutOfMemory, match="text phase's adapter.*--set train.max_seq_length=512 --set lora.rank=2"):
        sft.run(config, "vision", run, progress=False)


def test_the_log_of_an_attempt_that_is_begun_anew_is_kept_beside_the_new_one(ready, fault):
    config, run = ready
    ways = plans(config)
    fault("evaluation", ways[1:3])
    with pytest.MonkeyPatch.context() as patch:
        on_rung(patch, ways[1])
        sft.run(config, "text", run, progress=False)
    folder = run.phase("text")
    assert [row["step"] for row in watch.read(folder / "log-1.jsonl")] == [1]
    assert [row["step"] for row in watch.read(folder / "log-2.jsonl")] == [1]
    assert [row["step"] for row in watch.read(folder / "log.jsonl")] == [1, 2, 3]


def test_a_run_that_goes_on_stays_on_the_rung_that_it_had_come_down_to(ready, fault):
    config, run = ready
    ways = plans(config)

    class Killed(BaseException):
        pass

    attempts = fault("first step", ways[:2])
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        begun = trainers.build

        def killed(*args, **kwargs):
            if attempts[-1]["plan"] == ways[2]:
                raise Killed
            return begun(*args, **kwargs)

        patch.setattr(trainers, "build", killed)
        sft.run(config, "text", run, progress=False)
    result = sft.run(config, "text", run, progress=False)
    assert result.rung.plan == ways[2] and [attempt["plan"] for attempt in attempts] == [*ways[:3], ways[2]]


def test_a_full_disk_stops_the_run_on_its_rung_and_keeps_the_checkpoint_before(ready, fault):
    config = saving_each_step(ready[0])
    run = runs.begin(config)

    def full():
        raise OSError(errno.ENOSPC, "No space left on device")

    failing = plans(config)
    fault("saving", failing, raised=full, into="checkpoint-2")
    with pytest.raises(MachineError, match="disk is full"):
        sft.run(config, "text", run, progress=False)
    failing.clear()
    assert checkpoints.newest(run.phase("text") / "checkpoints").name == "checkpoint-1"
    facts = run.facts()["text"]
    assert "attempts" not in facts and facts["plan"]["rank"] == 4
    assert [row["step"] for row in sft.run(config, "text", run, progress=False).log] == [1, 2, 3]


def wrapped(inner, outer=None, cause=True):
    """`inner`, raised within another error: as its cause, or only in its context."""
    try:
        try:
            raise inner
        except type(inner) as error:
            raise (outer or ValueError("a worker failed")) from (error if cause else None)
    except Exception as error:
        return error


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB"),
        torch.OutOfMemoryError("Allocation on device"),  # other devices spell it otherwise
        torch.AcceleratorError("CUDA error: out of memory", 2)
        if hasattr(torch, "AcceleratorError")
        else RuntimeError("CUDA error: out of memory"),
        RuntimeError("CUDA error: out of memory\nCompile with TORCH_USE_CUDA_DSA"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        RuntimeError("Error cudaErrorMemoryAllocation at line 91 in file ops.cu"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory: you tried"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:80] data. DefaultCPUAllocator: not enough memory: you tried"),
        MemoryError(),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        wrapped(torch.OutOfMemoryError("CUDA out of memory")),
        wrapped(torch.OutOfMemoryError("CUDA out of memory"), cause=False),
        wrapped(wrapped(MemoryError("Unable to allocate 3 GiB")), TrainingError("the scorer failed")),
    ],
    ids=str,
)
def test_memory_that_ran_out_is_recognised_whoever_says_it(error):
    line = recovery.shortage(error)
    assert line and "\n" not in line and "failed" not in line.removeprefix("[enforce fail").lower().replace("alloc_failed", "")


def circular():
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__context__ = two, one
    return one


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("mat1 and mat2 shapes cannot be multiplied"),
        RuntimeError("CUDA error: an illegal memory access was encountered"),
        OSError(errno.ENOSPC, "No space left on device"),
        psycopg.errors.OutOfMemory("out of memory"),
        wrapped(psycopg.errors.OutOfMemory("out of shared memory")),
        TrainingError("step 2: the loss is nan"),
        circular(),
        KeyError("out of memory"),
    ],
    ids=str,
)
def test_other_errors_are_not_taken_for_it(error):
    assert recovery.shortage(error) is None


def test_an_error_that_has_nothing_to_do_with_memory_comes_out_as_it_is(ready, fault):
    config, run = ready

    def broken():
        raise KeyError("pixel_values")

    attempts = fault("middle", plans(config), raised=broken)
    with pytest.raises(KeyError):
        sft.run(config, "text", run, progress=False)
    assert len(attempts) == 1 and "attempts" not in run.facts()["text"]


def test_an_error_that_hides_the_shortage_is_seen_through(ready, fault):
    config, run = ready

    def hidden():
        with contextlib.suppress(ZeroDivisionError):
            short()

    def outer():
        try:
            hidden()
        except RuntimeError as error:
            raise KeyError("a callback failed") from error

    fault("evaluation", plans(config)[:1], raised=outer)
    assert sft.run(config, "text", run, progress=False).rung.plan == plans(config)[1]


def test_what_bitsandbytes_remembers_of_a_model_is_given_back():
    """transformers tells its 8-bit optimizer of every embedding: 1.9 GiB on 12B that no garbage collector would find."""
    from bitsandbytes.optim import GlobalOptimManager

    embedding = torch.nn.Embedding(10, 4)
    GlobalOptimManager.get_instance().register_module_override(embedding, "weight", {"optim_bits": 32})
    alive = weakref.ref(embedding)
    del embedding
    gc.collect()
    assert alive() is not None
    recovery.release()
    assert alive() is None
