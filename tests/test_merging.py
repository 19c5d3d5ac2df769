"""Merging: the exact formula, the weights that were trained on, and a folder that loads."""

import dataclasses
import json
import shutil

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from ghostlib import config as configs
from ghostlib.errors import ExportError, MachineError
from ghostlib.models import load, lora, merging, nano


@pytest.fixture
def settings(tiny_nano, monkeypatch):
    monkeypatch.setattr(nano, "folder", lambda: tiny_nano)
    return configs.load("nano")


@pytest.fixture
def wide(tiny_nano, tmp_path, monkeypatch):
    """The tiny nano with float32 weights on disk, so that rounding to 16 bit hides nothing."""
    folder = tmp_path / "wide"
    shutil.copytree(tiny_nano, folder)
    tensors = {name: value.float() for name, value in load_file(tiny_nano / "model.safetensors").items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    monkeypatch.setattr(nano, "folder", lambda: folder)
    return folder


def trained(settings, plan, folder):
    model = lora.attach(load.base(settings, plan).model, plan)
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(0.02 * torch.randn_like(parameter))
    lora.save(model, folder, name="nano")
    return model.eval()


def logits(model):
    torch.manual_seed(0)
    with torch.no_grad():
        return model(input_ids=torch.randint(10, 300, (1, 60))).logits


@pytest.mark.parametrize("dora", [True, False])
@pytest.mark.parametrize("rslora", [True, False])
def test_merging_onto_the_16_bit_weights_equals_pefts_own_merge(wide, tmp_path, dora, rslora):
    settings = configs.load("nano")
    plan = dataclasses.replace(configs.plan(settings, "text"), dora=dora, rslora=rslora, quantise=False)
    model = trained(settings, plan, tmp_path / "adapter")
    merging.merge(settings, tmp_path / "adapter", tmp_path / "merged", onto="16bit")
    theirs = model.merge_and_unload().state_dict()
    ours = load.merged(tmp_path / "merged", settings).model.state_dict()
    worst = max((ours[name] - theirs[name]).abs().max().item() for name in theirs)
    moved = (theirs[name := "model.language_model.layers.0.mlp.up_proj.weight"] - wide_weight(wide, name)).abs().max()
    assert moved > 1e-2 and worst < 1e-6


def wide_weight(folder, name):
    stored = {merging.key(found): value for found, value in load_file(folder / "model.safetensors").items()}
    return stored[merging.key(name)]


def test_merging_onto_nf4_gives_the_model_that_was_trained(wide, tmp_path):
    """Its answers are those of the NF4 base with the adapter on it; those of the 16-bit merge are further away."""
    settings = configs.load("nano")
    model = trained(settings, configs.plan(settings, "text"), tmp_path / "adapter")
    expected = logits(model)
    merging.merge(settings, tmp_path / "adapter", tmp_path / "nf4")
    merging.merge(settings, tmp_path / "adapter", tmp_path / "16bit", onto="16bit")
    onto_nf4 = (logits(load.merged(tmp_path / "nf4", settings).model) - expected).abs().max()
    onto_16bit = (logits(load.merged(tmp_path / "16bit", settings).model) - expected).abs().max()
    assert onto_nf4 < 2e-4 < onto_16bit


def test_a_checkpoint_that_is_nf4_on_disk_and_in_shards_merges_like_the_plain_one(wide, tmp_path):
    settings = configs.load("nano")
    plan = configs.plan(settings, "text")
    trained(settings, plan, tmp_path / "adapter")
    merging.merge(settings, tmp_path / "adapter", tmp_path / "plain")
    packed = tmp_path / "packed"
    load.base(settings, plan).model.save_pretrained(packed, max_shard_size="2MB")
    assert len(list(packed.glob("*.safetensors"))) > 1
    _rename_base(tmp_path / "adapter", str(packed))
    merging.merge(settings, tmp_path / "adapter", tmp_path / "merged")
    assert "quantization_config" not in json.loads((tmp_path / "merged" / "config.json").read_text())
    plain = _tensors(tmp_path / "plain")
    merged = _tensors(tmp_path / "merged")
    assert plain.keys() == merged.keys()
    for name, value in plain.items():
        torch.testing.assert_close(merged[name].float(), value.float(), atol=1e-6, rtol=1e-6)
    names = json.loads((tmp_path / "merged" / "model.safetensors.index.json").read_text())["weight_map"]
    assert not any("absmax" in name for name in names)


def _tensors(folder):
    found = {}
    for file in folder.glob("*.safetensors"):
        found |= {merging.key(name): value for name, value in load_file(file).items() if name != "lm_head.weight"}
    return found


def _rename_base(adapter, name):
    file = adapter / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"base_model_name_or_path": name}))


def test_the_merged_folder_is_complete_and_keeps_names_order_and_dtype(settings, tiny_nano, tmp_path):
    trained(settings, configs.plan(settings, "text"), tmp_path / "adapter")
    out = lora.merge(settings, tmp_path / "adapter", tmp_path / "merged")
    for name in ("config.json", "tokenizer.model", "tokenizer.json", "processor_config.json", "generation_config.json"):
        assert (out / name).is_file(), name
    with (
        safe_open(tiny_nano / "model.safetensors", "pt") as before,
        safe_open(out / "model.safetensors", "pt") as after,
    ):
        assert set(before.keys()) == set(after.keys())
        assert {after.get_slice(name).get_dtype() for name in after.keys()} == {"F16"}
        tower = next(name for name in before.keys() if "vision_tower" in name)
        assert torch.equal(before.get_tensor(tower), after.get_tensor(tower))
    assert load.processor(str(out)).full_image_sequence.startswith("<start_of_image>")


def test_dora_on_the_vision_tower_with_its_biases_merges_too(wide, tmp_path):
    settings = configs.load("nano")
    plan = dataclasses.replace(configs.plan(settings, "vision"), vision_layers=True, quantise=False)
    model = trained(settings, plan, tmp_path / "adapter")
    merging.merge(settings, tmp_path / "adapter", tmp_path / "merged", onto="16bit")
    theirs = model.merge_and_unload().state_dict()
    ours = load.merged(tmp_path / "merged", settings).model.state_dict()
    tower = [name for name in theirs if "vision_tower" in name]
    assert max((ours[name] - theirs[name]).abs().max().item() for name in tower) < 1e-6


def test_an_adapter_of_another_model_is_refused_and_leaves_nothing_behind(settings, tmp_path):
    trained(settings, configs.plan(settings, "text"), tmp_path / "adapter")
    file = tmp_path / "adapter" / "adapter_model.safetensors"
    save_file({name.replace("layers.4", "layers.40"): value for name, value in load_file(file).items()}, file)
    with pytest.raises(ExportError, match=r"layers\.40"):
        merging.merge(settings, tmp_path / "adapter", tmp_path / "merged")
    assert not (tmp_path / "merged").exists()


def test_a_diverged_adapter_does_not_become_a_model(settings, tmp_path):
    trained(settings, configs.plan(settings, "text"), tmp_path / "adapter")
    file = tmp_path / "adapter" / "adapter_model.safetensors"
    tensors = load_file(file)
    next(value for name, value in tensors.items() if "magnitude" in name)[0] = float("nan")
    save_file(tensors, file)
    with pytest.raises(ExportError, match="not finite"):
        merging.merge(settings, tmp_path / "adapter", tmp_path / "merged")


def test_a_disk_that_is_too_small_is_said_before_anything_is_written(settings, tmp_path, monkeypatch):
    trained(settings, configs.plan(settings, "text"), tmp_path / "adapter")
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage._replace(free=1000))
    with pytest.raises(MachineError, match="GiB"):
        merging.merge(settings, tmp_path / "adapter", tmp_path / "merged")
    assert not list(tmp_path.glob("merged*"))


def test_a_word_that_is_no_way_of_merging_is_refused(settings, tmp_path):
    with pytest.raises(ExportError, match="nf4 or 16bit"):
        merging.merge(settings, tmp_path, tmp_path / "merged", onto="8bit")
