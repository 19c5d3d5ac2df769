"""The Unsloth path for real on a CPU: the text nano through FastModel, NF4 + DoRA + rsLoRA, beside that of transformers."""

import importlib.util
import json
import os
import subprocess
import sys

import lives
import pytest
import torch
from safetensors.torch import load_file

from ghostlib import config as configs
from ghostlib.errors import MachineError
from ghostlib.models import load, lora, nano

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("unsloth") is None, reason="unsloth is not installed here (make test installs it)"
)
STEPS = 3
# Prints what it saw of the model as one line of JSON: run in a process of its own, for importing unsloth changes trl.
TRAINED = """
import hashlib, json, sys
from ghostlib.models import dora, load, lora
from ghostlib.training import sft

seen = {"light": 0}
real_base, real_attach, apply = load.base, lora.attach, dora.LightDora.forward

def digest(model):
    found = hashlib.sha256()
    for name, value in sorted(model.named_parameters()):
        if not value.requires_grad and "lora_" not in name:
            name = name.replace("base_model.model.", "").replace(".base_layer", "")
            found.update(name.encode() + value.detach().contiguous().view(-1).view(__import__("torch").uint8).numpy().tobytes())
            state = getattr(value, "quant_state", None)
            if state is not None:
                found.update(state.absmax.numpy().tobytes() + state.state2.absmax.numpy().tobytes())
    return found.hexdigest()

def attach(model, *args, **kwargs):
    tuned = real_attach(model, *args, **kwargs)
    seen["before"] = digest(tuned)
    seen["start"] = {name: value.detach().clone() for name, value in tuned.named_parameters() if value.requires_grad}
    seen["model"] = tuned
    return tuned

def counted(self, *args, **kwargs):
    seen["light"] += 1
    return apply(self, *args, **kwargs)

lora.attach, dora.LightDora.forward = attach, counted
code = sft.main(sys.argv[1:])
model = seen["model"]
values = {name: value for name, value in model.named_parameters() if value.requires_grad}
moved = {name: float((value.detach() - seen["start"][name]).abs().max()) for name, value in values.items()}
print(json.dumps({
    "code": code, "light": seen["light"], "unsloth": "unsloth" in sys.modules, "same": digest(model) == seen["before"],
    "kinds": sorted({str(value.dtype) for value in values.values()}), "moved": moved,
    "rounded": [name for name, value in values.items() if bool((value.detach() == value.detach().bfloat16().float()).all())],
}))
"""


@pytest.fixture(scope="module")
def both(tiny_nano, tmp_path_factory):
    """What the same training left, by path: (the words above, the run's output folder)."""
    folder = tmp_path_factory.mktemp("unsloth")
    text, data, found = nano.text_only(tiny_nano, folder / "nano"), lives.texts(folder), {}
    for path in ("unsloth", "transformers"):
        words = lives.command(text, data, train__max_steps=STEPS, train__checkpoint_steps=STEPS, model__path=path)
        env = os.environ | {"GHOST_OUTPUT": str(folder), "GHOST_RUN": path, "HF_HUB_OFFLINE": "1"}
        done = subprocess.run(
            [sys.executable, "-c", TRAINED, *words], cwd=lives.ROOT, env=env, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr[-3000:]
        found[path] = json.loads(done.stdout.splitlines()[-1]), folder / path
    return found


@pytest.mark.parametrize("path", ["unsloth", "transformers"])
def test_the_adapters_are_float32_all_move_and_the_base_stays_bit_for_bit(both, path):
    seen, _ = both[path]
    assert seen["code"] == 0 and seen["unsloth"] == (path == "unsloth")
    assert seen["kinds"] == ["torch.float32"] and seen["same"]
    assert len(seen["moved"]) == 5 * 7 * 3 and all(far > 0 for far in seen["moved"].values())
    assert not seen["rounded"]


def test_dora_goes_the_light_way_through_unsloth_too(both):
    light = both["unsloth"][0]["light"]
    assert light and light == both["transformers"][0]["light"]


def test_the_two_paths_train_alike_and_leave_the_same_kind_of_adapter(both):
    rows, _ = zip(*(lives.told(folder.parent, folder.name) for _, folder in both.values()), strict=True)
    assert [row["loss"] for row in rows[0]] == pytest.approx([row["loss"] for row in rows[1]], rel=2e-3)
    adapters = [folder / "text" / "adapter" for _, folder in both.values()]
    mine, theirs = (load_file(adapter / "adapter_model.safetensors") for adapter in adapters)
    assert {name: value.shape for name, value in mine.items()} == {name: value.shape for name, value in theirs.items()}
    assert {value.dtype for value in mine.values()} == {torch.float32}
    for adapter in adapters:
        said = lora.settings(adapter)
        assert said["use_dora"] and said["use_rslora"] and (said["r"], said["lora_dropout"]) == (4, 0.0)


def test_what_unsloth_trained_answers_through_transformers(both, tmp_path):
    seen, folder = both["unsloth"]
    config = configs.from_file(folder / "config.yaml")
    config = configs.load("nano", overrides=(f"model.name={config.model.name}",))
    base = load.base(config, configs.plan(config, "text"))
    ids = torch.arange(10, 60)[None]
    with torch.no_grad():
        before = base.model(input_ids=ids).logits
        after = lora.resume(base.model, folder / "text" / "adapter", trainable=False).eval()(input_ids=ids).logits
    assert after.isfinite().all() and not torch.equal(before, after)


def test_pictures_through_unsloth_without_a_gpu_are_refused_in_one_line():
    config = configs.load("nano", overrides=("model.path=unsloth",))
    with pytest.raises(MachineError, match="text alone"):
        load.require(config, "vision")
