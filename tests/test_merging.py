"""Merging: the exact formula, the weights that were trained on, and a folder that loads."""

import dataclasses
import json
import shutil

import pytest
import torch
from merges import exact, in_dtype, stored, trained, ulps
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from ghostlib import config as configs
from ghostlib.errors import ExportError, MachineError
from ghostlib.models import deltas, load, lora, merging, nano

PHI = ("qkv", "o", "gate_up", "down")


@pytest.fixture(scope="module")
def wide(tiny_nano, tmp_path_factory):
    """The tiny nano with float32 weights on disk, so that rounding to 16 bit hides nothing."""
    return in_dtype(tiny_nano, tmp_path_factory.mktemp("wide") / "nano", torch.float32)


@pytest.fixture
def settings(wide, monkeypatch):
    monkeypatch.setattr(nano, "folder", lambda: wide)
    return configs.load("nano")


def plan(settings, phase="text", **changed):
    return dataclasses.replace(configs.plan(settings, phase), **changed)


def logits(model):
    torch.manual_seed(0)
    with torch.no_grad():
        return model(input_ids=torch.randint(10, 300, (1, 60))).logits


@pytest.mark.parametrize("phase", ["text", "vision"])
@pytest.mark.parametrize("rslora", [True, False], ids=["rslora", "plain"])
@pytest.mark.parametrize("dora", [True, False], ids=["dora", "lora"])
def test_merging_equals_pefts_own_merge_and_the_formula_in_float32(settings, wide, tmp_path, dora, rslora, phase):
    asked = plan(settings, phase, dora=dora, rslora=rslora, quantise=False, vision_layers=phase == "vision")
    model = trained(settings, asked, tmp_path / "adapter")
    theirs = {name: one.clone() for name, one in logits_free(model.merge_and_unload().state_dict()).items()}
    merging.merge("nano", tmp_path / "adapter", tmp_path / "merged", onto="16bit")
    ours, before = logits_free(load.merged(tmp_path / "merged", settings).model.state_dict()), stored(wide)
    changed = {name for name in ours if not torch.equal(ours[name], before.get(deltas.key(name), ours[name]))}
    tower = {name for name in changed if "vision_tower" in name}
    assert len(changed) == 5 * 7 + 3 * 6 * (phase == "vision") and bool(tower) == (phase == "vision")
    assert max((ours[name] - theirs[name]).abs().max() for name in ours) < 1e-6
    for name in changed:
        expected = exact(before[deltas.key(name)], tmp_path / "adapter", deltas.key(name))
        assert (ours[name] - expected).abs().max() < 1e-6 and (ours[name] - before[deltas.key(name)]).abs().max() > 1e-2
    biases = [name for name in ours if name.endswith("bias")]
    assert biases and all(torch.equal(ours[name], theirs[name]) for name in biases)


def logits_free(tensors):
    return {name: one for name, one in tensors.items() if name != "lm_head.weight"}


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("dora", [True, False], ids=["dora", "lora"])
def test_in_16_bit_every_value_is_the_exact_one_rounded_once(tiny_nano, tmp_path, monkeypatch, dora, dtype):
    """At most one unit in the last place off. So is PEFT's merge in float32, but where its own float32 error shows."""
    base = in_dtype(tiny_nano, tmp_path / "nano", dtype)
    monkeypatch.setattr(nano, "folder", lambda: base)
    settings = configs.load("nano")
    model = trained(settings, plan(settings, "vision", dora=dora, quantise=False, vision_layers=True), tmp_path / "adapter")
    theirs = model.merge_and_unload().state_dict()  # load.base gave it float32 weights
    merging.merge("nano", tmp_path / "adapter", tmp_path / "merged", onto="16bit")
    ours, before = stored(tmp_path / "merged"), stored(base)
    counted = 0
    for name, peft in ((deltas.key(name), one) for name, one in theirs.items() if name.endswith(("proj.weight", "fc1.weight"))):
        expected = exact(before[name], tmp_path / "adapter", name)
        assert ours[name].dtype == dtype and ulps(ours[name], expected.to(dtype)).max() <= 1
        near = (ours[name].float() - peft).abs() < 1e-6
        assert ((ulps(ours[name], peft.to(dtype)) <= 1) | near).all()
        counted += 1
    assert counted == 5 * 7 + 3 * 5


def test_merging_onto_nf4_gives_the_model_that_was_trained(settings, tmp_path):
    """Its answers are those of the NF4 base with the adapter on it; those of the 16-bit merge are further away."""
    model = trained(settings, plan(settings), tmp_path / "adapter")
    expected = logits(model)
    merging.merge("nano", tmp_path / "adapter", tmp_path / "nf4")
    merging.merge("nano", tmp_path / "adapter", tmp_path / "16bit", onto="16bit")
    onto_nf4 = (logits(load.merged(tmp_path / "nf4", settings).model) - expected).abs().max()
    onto_16bit = (logits(load.merged(tmp_path / "16bit", settings).model) - expected).abs().max()
    assert onto_nf4 < 2e-4 < onto_16bit


def test_every_layer_that_training_quantises_is_rounded_and_no_other(settings, wide, tmp_path):
    """An adapter that changes nothing leaves what NF4 makes of the weights: exactly what the trained model holds."""
    asked = plan(settings)
    lora.save(lora.attach(load.base(settings, asked).model, dataclasses.replace(asked, dora=False)), tmp_path / "adapter")
    merging.merge("nano", tmp_path / "adapter", tmp_path / "merged")
    base = load.base(settings, asked).model
    ours, before = stored(tmp_path / "merged"), stored(wide)
    packed = {name for name, one in base.named_parameters() if type(one).__name__ == "Params4bit"}
    assert {name for name in ours if not torch.equal(ours[name], before[name])} == {deltas.key(name) for name in packed}
    fresh = {deltas.key(name): one for name, one in base.dequantize().state_dict().items() if name in packed}
    assert all(torch.equal(ours[name], one.float()) for name, one in fresh.items())


@pytest.mark.parametrize("split", ["by size", "statistics apart"])
def test_a_checkpoint_that_is_nf4_on_disk_and_in_shards_merges_like_the_plain_one(settings, tmp_path, split):
    asked = plan(settings)
    trained(settings, asked, tmp_path / "adapter")
    merging.merge("nano", tmp_path / "adapter", tmp_path / "plain")
    packed = tmp_path / "packed"
    load.base(settings, asked).model.save_pretrained(packed, max_shard_size="2MB")
    if split == "statistics apart":
        _resharded(packed, lambda name, number: number % 3)  # a weight here, what unpacks it there
    assert len(list(packed.glob("*.safetensors"))) > 1
    merging.merge(packed, tmp_path / "adapter", tmp_path / "merged")
    assert "quantization_config" not in json.loads((tmp_path / "merged" / "config.json").read_text())
    plain, merged = stored(tmp_path / "plain"), stored(tmp_path / "merged")
    merged.pop("lm_head", None)
    assert plain.keys() == merged.keys()
    for name, value in plain.items():
        torch.testing.assert_close(merged[name].float(), value.float(), atol=1e-6, rtol=1e-6)
    names = json.loads((tmp_path / "merged" / "model.safetensors.index.json").read_text())["weight_map"]
    assert not any("absmax" in name or "quant" in name for name in names)
    load.processor("nano").save_pretrained(tmp_path / "merged")
    again = load.merged(tmp_path / "merged", settings).model.state_dict()
    assert torch.equal(again[name := "model.language_model.layers.3.mlp.down_proj.weight"], merged[deltas.key(name)])


def test_layers_that_an_nf4_checkpoint_left_in_16_bit_stay_as_they_are(settings, tmp_path):
    """Dynamic checkpoints do not quantise every layer; training did not quantise the others either."""
    asked = plan(settings)
    model = load.base(settings, asked).model
    model.save_pretrained(tmp_path / "packed")
    file = tmp_path / "packed" / "model.safetensors"
    tensors = load_file(file)
    one = next(name.removesuffix(".weight") for name in tensors if name.endswith("layers.2.mlp.up_proj.weight"))
    tensors = {name: value for name, value in tensors.items() if not name.startswith(one)}
    torch.manual_seed(0)
    plain = tensors[f"{one}.weight"] = torch.randn(512, 256)
    save_file(tensors, file, metadata={"format": "pt"})
    lora.save(lora.attach(model, dataclasses.replace(asked, dora=False)), tmp_path / "adapter", name="nano")
    merging.merge(tmp_path / "packed", tmp_path / "adapter", tmp_path / "merged")
    assert torch.equal(stored(tmp_path / "merged")[deltas.key(f"{one}.weight")], plain)


def _resharded(folder, shard):
    """The same tensors in other files: `shard(name, number)` says in which."""
    held, files = {}, sorted(folder.glob("*.safetensors"))
    for file in files:
        held |= load_file(file)
        file.unlink()
    places = {name: f"part-{shard(name, number)}.safetensors" for number, name in enumerate(held)}
    for file in set(places.values()):
        save_file({name: one for name, one in held.items() if places[name] == file}, folder / file, metadata={"format": "pt"})
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}))


def test_a_sharded_16_bit_checkpoint_merges_to_the_same_weights_as_the_whole_one(tiny_nano, tmp_path, monkeypatch):
    monkeypatch.setattr(nano, "folder", lambda: tiny_nano)
    settings = configs.load("nano")
    trained(settings, plan(settings), tmp_path / "adapter")
    shutil.copytree(tiny_nano, tmp_path / "parts")
    _resharded(tmp_path / "parts", lambda name, number: number % 5)
    for onto in merging.ONTO:
        merging.merge("nano", tmp_path / "adapter", tmp_path / f"one {onto}", onto=onto)
        merging.merge(tmp_path / "parts", tmp_path / "adapter", tmp_path / f"many {onto}", onto=onto)
        one, many = stored(tmp_path / f"one {onto}"), stored(tmp_path / f"many {onto}")
        assert one.keys() == many.keys() and all(torch.equal(one[name], many[name]) for name in one)
    again = load.merged(tmp_path / "many nf4", settings).model.state_dict()
    assert torch.equal(again["model.language_model.embed_tokens.weight"].half(), one["language_model.embed_tokens"])


def test_a_part_of_some_rows_gives_the_bytes_of_the_whole(settings, tmp_path, monkeypatch):
    trained(settings, plan(settings, "vision", vision_layers=True), tmp_path / "adapter")
    merging.merge("nano", tmp_path / "adapter", tmp_path / "whole")
    monkeypatch.setattr(merging, "VALUES", 1)
    merging.merge("nano", tmp_path / "adapter", tmp_path / "rows")
    one, other = stored(tmp_path / "whole"), stored(tmp_path / "rows")
    assert max((one[name] - other[name]).abs().max() for name in one) <= 2**-24  # one bit of float32 near 1


def text_only(kind, folder, tiny_nano):
    """A language model with random weights from a config, with a tokenizer beside it so that it loads."""
    from transformers import LlamaConfig, Phi3Config

    sizes = {"vocab_size": 512, "hidden_size": 64, "intermediate_size": 192, "num_hidden_layers": 2, "num_attention_heads": 4}
    sizes |= {"num_key_value_heads": 2, "max_position_embeddings": 256, "pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 1}
    torch.manual_seed(3)
    load._class(kind := {"llama": LlamaConfig, "phi3": Phi3Config}[kind](**sizes)).from_config(kind).save_pretrained(folder)
    for file in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(tiny_nano / file, folder / file)
    return folder


@pytest.mark.parametrize("onto", merging.ONTO)
@pytest.mark.parametrize(("kind", "modules"), [("llama", ("q", "v")), ("llama", configs.LANGUAGE_PROJECTIONS), ("phi3", PHI)])
def test_text_only_models_merge_too_fused_projections_included(tmp_path, tiny_nano, kind, modules, onto):
    folder = text_only(kind, tmp_path / "base", tiny_nano)
    settings = configs.load("nano", overrides=(f"model.name={folder}", f"model.quantise={str(onto == 'nf4').lower()}"))
    asked = plan(settings, modules=modules, rank=4)
    model = trained(settings, asked, tmp_path / "adapter", name=str(folder))
    expected = logits(model)
    base, way = merging.weights(settings, tmp_path / "adapter", "nf4")
    assert (base, way) == (str(folder), onto)
    merging.merge(base, tmp_path / "adapter", tmp_path / "merged", onto=way)
    merged = load.merged(tmp_path / "merged", settings).model
    assert len(deltas.read(tmp_path / "adapter")) == 2 * len(modules)
    assert (logits(merged) - expected).abs().max() < 2e-5
    assert (logits(merged) - logits(load.merged(folder, settings).model)).abs().max() > 1e-2
    if onto == "16bit":
        theirs = model.merge_and_unload().state_dict()
        assert max((merged.state_dict()[name] - theirs[name]).abs().max() for name in theirs) < 1e-6


def test_the_merged_folder_is_complete_and_keeps_names_and_dtype(tiny_nano, tmp_path, monkeypatch):
    monkeypatch.setattr(nano, "folder", lambda: tiny_nano)
    settings = configs.load("nano")
    trained(settings, plan(settings), tmp_path / "adapter")
    out = lora.merge("nano", tmp_path / "adapter", tmp_path / "deep" / "merged")
    for name in ("config.json", "tokenizer.model", "tokenizer.json", "processor_config.json", "generation_config.json"):
        assert (out / name).is_file(), name
    with (
        safe_open(tiny_nano / "model.safetensors", "pt") as before,
        safe_open(out / "model.safetensors", "pt") as after,
    ):
        assert set(before.keys()) == set(after.keys())
        assert {after.get_slice(name).get_dtype() for name in after.keys()} == {"F16"}
        for name in before.keys():
            if "vision_tower" in name or "norm" in name or "embed" in name:
                assert torch.equal(before.get_tensor(name), after.get_tensor(name))
    assert load.processor(str(out)).full_image_sequence.startswith("<start_of_image>")
    assert not list((tmp_path / "deep").glob("merged.*"))


def test_a_base_is_named_by_the_adapter_and_its_16_bit_twin_by_the_profile(tmp_path):
    for name, twin in (
        ("unsloth/gemma-3-12b-it-bnb-4bit", "unsloth/gemma-3-12b-it"),
        ("unsloth/gemma-3-12b-it-unsloth-bnb-4bit", "unsloth/gemma-3-12b-it"),
        ("unsloth/gemma-3-4b-it-bnb-4bit", "unsloth/gemma-3-4b-it"),
    ):
        (tmp_path / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": name}))
        (tmp_path / "adapter_model.safetensors").touch()
        assert merging.weights(configs.load("t4"), tmp_path, "nf4") == (name, "nf4")
        assert merging.weights(configs.load("t4"), tmp_path, "16bit") == (twin, "16bit")


def test_a_diverged_adapter_does_not_become_a_model(tiny_nano, tmp_path, monkeypatch):
    """Finite in float32, and too large for the float16 of the base."""
    monkeypatch.setattr(nano, "folder", lambda: tiny_nano)
    settings = configs.load("nano")
    trained(settings, plan(settings), tmp_path / "adapter")
    file = tmp_path / "adapter" / "adapter_model.safetensors"
    tensors = load_file(file)
    next(value for name, value in tensors.items() if "magnitude" in name)[0] = 1e30
    save_file(tensors, file)
    with pytest.raises(ExportError, match="not finite once merged in F16"):
        merging.merge("nano", tmp_path / "adapter", tmp_path / "merged")
    assert not list(tmp_path.glob("merged*"))


def test_a_disk_that_is_too_small_is_said_before_anything_is_written(settings, tmp_path, monkeypatch):
    trained(settings, plan(settings), tmp_path / "adapter")
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage._replace(free=1000))
    with pytest.raises(MachineError, match="GiB"):
        merging.merge("nano", tmp_path / "adapter", tmp_path / "merged")
    assert not list(tmp_path.glob("merged*"))


def test_a_word_that_is_no_way_of_merging_is_refused(tmp_path):
    with pytest.raises(ExportError, match="nf4 or 16bit"):
        merging.merge("nano", tmp_path, tmp_path / "merged", onto="8bit")
