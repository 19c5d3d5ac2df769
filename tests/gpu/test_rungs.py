"""4B and 12B on a card of 14.74 GiB without bf16: two steps on every rung of the ladder, the peak beside the estimate.

The models have random weights and are written here, so nothing is downloaded. measured.json keeps what was found.
"""

import dataclasses
import importlib.util
import json
import shutil
import statistics
import sys
import time
from pathlib import Path

import decoder
import giants
import pytest
import torch
from PIL import Image

from ghostlib import config as configs
from ghostlib import machine
from ghostlib.models import load
from ghostlib.training import ladder, memory, probe

HERE = Path(__file__).parent
T4 = machine.card("T4")
NEEDED = {"4b": 4, "12b": 9}  # GiB of disk
STEPS = ("path", "max_seq_length", "rank", "dora", "modules")  # what tells two rungs apart


def rungs(size, path):
    """The ladder of a size on a T4, up to where it would take a smaller model."""
    name = f"unsloth/gemma-3-{size}-it-bnb-4bit"
    plan = configs.plan(configs.load("t4", overrides=(f"model.name={name}", f"model.path={path}")), "text")
    return [rung for rung in ladder.rungs(plan, T4) if rung.plan.model == name]


TEXT = [
    (size, rung) for size, path in (("12b", "unsloth"), ("4b", "unsloth"), ("4b", "transformers")) for rung in rungs(size, path)
]
VISION = [(size, rungs(size, "unsloth")[number]) for size, number in (("12b", 1), ("4b", 0))]
CASES = [("text", *case) for case in TEXT] + [("vision", *case) for case in VISION]


def spelled(case):
    phase, size, rung = case
    plan = rung.plan
    kind = "DoRA" if plan.dora else "LoRA"
    return f"{size} {phase} {plan.path} {plan.max_seq_length} r{plan.rank} {kind} {','.join(plan.modules)}"


@pytest.fixture(scope="session")
def written(tiny_nano, tmp_path_factory):
    """A function that gives the folder of a size, written when it is first asked for."""
    made = {}

    def folder(size):
        if size not in made:
            place = tmp_path_factory.mktemp("giants")
            free = shutil.disk_usage(place).free / memory.GIB
            if free < NEEDED[size]:
                pytest.skip(f"{size} needs {NEEDED[size]} GiB of disk, {free:.0f} are free")
            made[size] = giants.write(place / f"gemma-3-{size}-random-bnb-4bit", size, tiny_nano, device="cuda")
        return made[size]

    yield folder
    for place in made.values():
        shutil.rmtree(place, ignore_errors=True)


def note(key, facts):
    """Write `facts` into measured.json beside what is there, before anything is asserted of them."""
    file = HERE / "measured.json"
    known = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    known.setdefault(machine.look().gpu, {})[key] = facts
    file.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n", encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=spelled)
def test_two_steps_of_a_rung_hold_what_the_estimate_says(case, written, tmp_path, monkeypatch):
    phase, size, rung = case
    if rung.plan.path == "unsloth" and importlib.util.find_spec("unsloth") is None:
        pytest.skip("unsloth is not installed here")
    folder = written(size)
    plan = dataclasses.replace(rung.plan, model=str(folder), phase=phase)
    config = configs.load("t4", overrides=(f"model.name={folder}", f"model.path={plan.path}"))
    Image.effect_noise((1440, 900), 80).save(tmp_path / "screen.png")
    image = tmp_path / "screen.png" if phase == "vision" else None
    monkeypatch.setattr(probe, "COMMAND", (sys.executable, str(HERE / "pretend.py")))
    monkeypatch.setenv("PEAKS", str(tmp_path / "peaks.json"))
    found = probe.measure(config, plan, giants.longest(load.processor(str(folder)), plan.max_seq_length, image=image))
    cost = ladder.price(dataclasses.replace(rung.plan, phase=phase), T4)
    estimate = cost.total - cost.parts["context"]  # torch does not see the context
    peaks = json.loads((tmp_path / "peaks.json").read_text()) if found.ran else {}
    facts = {"outcome": found.outcome, "message": found.message, "seconds_a_step": found.seconds, "parts_gib": cost.parts}
    sizes = {"measured_gib": found.peak_gib, "estimate_gib": estimate, "error_gib": cost.error, **peaks}
    note(spelled(case), facts | {name: round(value, 2) for name, value in sizes.items()})
    assert found.outcome in ("ran", "out of memory"), found
    if cost.total + cost.error <= machine.CARDS["T4"][0] * (1 - ladder.FRAGMENTATION):
        assert found.ran, f"surely fits by the estimate: {found.told}"
    if found.ran:
        assert found.peak_gib == pytest.approx(estimate, abs=cost.error)


@pytest.mark.parametrize("size", ["4b", "12b"])
def test_dora_holds_no_more_than_lora_on_a_real_layer_and_its_time_is_noted(size):
    """One decoder layer in NF4, rank 64, 2,048 tokens, checkpointed; times are ratios to LoRA's, and not asserted."""
    compute = getattr(torch, machine.precision(machine.look()).compute)
    kinds = {"LoRA": {"dora": False}, "DoRA": {"dora": True}, "stock DoRA": {"dora": True, "light": False}}
    seconds, bytes_ = {}, {}
    for name, options in kinds.items():
        once = decoder.step(decoder.layer(size, compute=compute, device="cuda", **options), 2048, checkpoint=True)
        once()
        torch.cuda.synchronize()
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        once()
        bytes_[name] = torch.cuda.max_memory_allocated() - before
        seconds[name] = statistics.median(timed(once) for _ in range(7))
        del once
        torch.cuda.empty_cache()
    ratios = {
        f"{name}, {what}": round(found[name] / found["LoRA"], 3)
        for what, found in (("time", seconds), ("bytes", bytes_))
        for name in kinds
    }
    note(f"{size} layer, against LoRA", ratios)
    assert bytes_["DoRA"] <= 1.1 * bytes_["LoRA"], ratios


def timed(once):
    torch.cuda.synchronize()
    start = time.perf_counter()
    once()
    torch.cuda.synchronize()
    return time.perf_counter() - start
