"""What both phases do to every tensor: adapters in float32 that all move, and a base of which not one bit does."""

import types

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from weights import Watched, adapted, frozen, trained, watched

from ghostlib import config as configs
from ghostlib import tasks
from ghostlib.models import load, lora, nano
from ghostlib.tasks import Example
from ghostlib.training import runs, sft

WORDS = ("order", "customer", "invoice", "room")
SMALL = ("train.max_steps=2", "train.checkpoint_steps=2", "train.batch_size=2", "train.warmup_steps=0", "lora.rank=4")
PROJECTOR = "multi_modal_projector.mm_input_projection_weight"


@pytest.fixture(scope="module")
def seeing(tiny_nano, tmp_path_factory):
    """A nano whose projector is not zero: through zeros no gradient reaches the tower."""
    folder = tmp_path_factory.mktemp("models") / "seeing"
    folder.mkdir()
    for file in tiny_nano.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    tensors = load_file(folder / "model.safetensors")
    torch.manual_seed(5)
    tensors[PROJECTOR] = (0.05 * torch.randn(tensors[PROJECTOR].shape)).half()
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


@pytest.fixture
def ready(seeing, tmp_path, monkeypatch):
    Image.effect_noise((300, 180), 80).save(tmp_path / "screen.png")
    monkeypatch.setattr(nano, "folder", lambda: seeing)

    def examples(config, phase, split):
        image = tmp_path / "screen.png" if phase == "vision" else None
        return [Example(word, f"3,4 {word}", image, f"CREATE TABLE {word}s (\n    name text\n);") for word in WORDS]

    monkeypatch.setattr(tasks, "named", lambda name: types.SimpleNamespace(examples=examples))


@pytest.mark.parametrize(
    "phase, eyes, checkpointing",
    [("text", False, "true"), ("vision", False, "false"), ("vision", False, "true"), ("vision", True, "true")],
)
def test_every_adapter_moves_in_float32_and_no_bit_of_the_base_does(ready, phase, eyes, checkpointing):
    config = configs.load(
        "nano", overrides=(*SMALL, f"lora.vision_layers={eyes}", f"train.gradient_checkpointing={checkpointing}")
    )
    with watched() as seen:
        sft.run(config, phase, runs.begin(config), progress=False)
    assert seen.kinds() == {"torch.float32"} and seen.still() == [] and seen.changed() == []
    assert len(seen.light & adapted(seen.model)) == len(adapted(seen.model)) == 5 * 7 + (3 * 6 if eyes else 0)
    tower = [name for name in seen.base if "vision_tower" in name]
    assert len(tower) == len(set(tower)) > 3 * 16  # each of its tensors was hashed, and none has changed
    assert any("vision_tower" in name for name in seen.start) == eyes


def spoil(model, kind):
    with torch.no_grad():
        layer = model.get_submodule("base_model.model.model.language_model.layers.2.mlp.up_proj")
        packed = layer.base_layer.weight
        if kind == "byte":
            packed.data[7] ^= 1
        elif kind == "scale":
            packed.quant_state.absmax[3] += 1
        elif kind == "scale of scales":
            packed.quant_state.state2.absmax[0] *= 1 + 1e-6
        elif kind == "tower":
            next(value for name, value in model.named_parameters() if "vision_tower" in name)[0] += 1e-6
        elif kind == "still":
            layer.lora_magnitude_vector["default"].weight.copy_(layer.was)
        else:
            layer.lora_magnitude_vector["default"].weight.copy_(layer.lora_magnitude_vector["default"].weight.bfloat16())


@pytest.mark.parametrize("kind", ["byte", "scale", "scale of scales", "tower", "still", "rounded"])
def test_the_watch_sees_one_bit_of_the_base_and_one_adapter_that_stays(ready, kind):
    config = configs.load("nano", overrides=SMALL)
    plan = configs.plan(config, "text")
    model = lora.attach(load.base(config, plan).model, plan)
    seen = Watched(model, frozen(model), {name: value.clone() for name, value in trained(model).items()})
    layer = model.get_submodule("base_model.model.model.language_model.layers.2.mlp.up_proj")
    layer.was = layer.lora_magnitude_vector["default"].weight.detach().clone()
    with torch.no_grad():
        for value in model.parameters():
            if value.requires_grad:
                value.add_(1e-4 * torch.randn_like(value))
    assert seen.changed() == [] and seen.still() == []
    spoil(model, kind)
    found = seen.changed() + seen.still()
    assert found and all("layers.2.mlp.up_proj" in name or kind == "tower" for name in found)
