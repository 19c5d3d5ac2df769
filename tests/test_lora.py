"""Adapters: on the right layers, in float32, and the same after saving and loading."""

import dataclasses
import json

import pytest
import torch
from safetensors.torch import load_file

from ghostlib import config as configs
from ghostlib.errors import DataError
from ghostlib.models import load, lora, nano


@pytest.fixture
def settings(tiny_nano, monkeypatch):
    monkeypatch.setattr(nano, "folder", lambda: tiny_nano)
    return configs.load("nano")


@pytest.fixture
def plan(settings):
    return configs.plan(settings, "text")


def attached(settings, plan, **options):
    return lora.attach(load.base(settings, plan).model, plan, **options)


def disturb(model):
    """Move every adapter tensor away from where it starts (B starts at zero)."""
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(0.05 * torch.randn_like(parameter))


def test_only_adapters_of_the_language_model_train_and_all_are_float32(settings, plan):
    model = attached(settings, plan)
    names = [name for name, value in model.named_parameters() if value.requires_grad]
    assert len(names) == 5 * 7 * 3  # A, B and the magnitude of seven projections in five layers
    assert all("language_model" in name for name in names) and not any("vision" in name for name in names)
    assert {value.dtype for value in model.parameters() if value.requires_grad} == {torch.float32}
    layer = model.get_submodule("base_model.model.model.language_model.layers.0.self_attn.q_proj")
    assert layer.scaling["default"] == pytest.approx(plan.alpha / plan.rank**0.5)  # rsLoRA, not alpha / rank
    assert isinstance(layer.lora_dropout["default"], torch.nn.Identity)


def test_the_vision_layers_join_only_where_the_plan_asks(settings, plan):
    model = attached(settings, dataclasses.replace(plan, vision_layers=True))
    names = [name for name, value in model.named_parameters() if value.requires_grad]
    assert sum("vision_tower" in name for name in names) == 3 * 6 * 3
    assert not any("projector" in name or "lm_head" in name for name in names)


def test_a_fresh_dora_adapter_changes_nothing(settings, plan):
    base = load.base(settings, plan)
    ids = torch.arange(10, 60).unsqueeze(0)
    with torch.no_grad():
        before = base.model(input_ids=ids).logits
        after = lora.attach(base.model, plan)(input_ids=ids).logits
    torch.testing.assert_close(after, before, atol=1e-4, rtol=1e-4)


def test_counting_sees_two_nf4_weights_in_a_byte(settings, plan):
    found = lora.count(attached(settings, plan))
    adapters = found.trainable
    assert found.total - adapters == sum(value.numel() for value in load.merged(nano.folder(), settings).model.parameters())
    assert adapters == 5 * (48 * (512 + 384 * 2 + 512 + 768 * 3) + 256 + 128 * 2 + 256 + 512 * 2 + 256)


def test_a_saved_adapter_comes_back_bit_for_bit_and_names_no_path_of_this_machine(settings, plan, tmp_path):
    model = attached(settings, plan)
    disturb(model)
    lora.save(model, tmp_path / "adapter", name="nano")
    found = json.loads((tmp_path / "adapter" / "adapter_config.json").read_text())
    assert found["use_dora"] and found["use_rslora"] and found["base_model_name_or_path"] == "nano"
    assert sorted(file.name for file in (tmp_path / "adapter").iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
    ]
    assert str(nano.folder()) not in (tmp_path / "adapter" / "adapter_config.json").read_text()
    assert not list(tmp_path.glob("*.partial")) and not list(tmp_path.glob("*.old"))
    again = lora.resume(load.base(settings, plan).model, tmp_path / "adapter")
    before = {name: value for name, value in model.named_parameters() if value.requires_grad}
    after = {name: value for name, value in again.named_parameters() if value.requires_grad}
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert not any(
        value.requires_grad
        for value in lora.resume(load.base(settings, plan).model, tmp_path / "adapter", trainable=False).parameters()
    )


def test_phase_two_with_vision_layers_begins_from_an_adapter_that_has_none(settings, plan, tmp_path):
    model = attached(settings, plan)
    disturb(model)
    lora.save(model, tmp_path / "adapter")
    wider = attached(settings, dataclasses.replace(plan, vision_layers=True), start=tmp_path / "adapter")
    saved = load_file(tmp_path / "adapter" / "adapter_model.safetensors")
    now = {name.replace(".default", ""): value for name, value in wider.named_parameters() if value.requires_grad}
    key = next(name for name in saved if name.endswith("lora_B.weight"))
    assert torch.equal(now[key], saved[key])
    assert any("vision_tower" in name for name in now)


def test_an_adapter_of_another_rank_is_refused_with_both_ranks(settings, plan, tmp_path):
    lora.save(attached(settings, plan), tmp_path / "adapter")
    with pytest.raises(DataError, match=r"rank 48.*8"):
        attached(settings, dataclasses.replace(plan, rank=8), start=tmp_path / "adapter")


def test_half_an_adapter_is_no_adapter(settings, plan, tmp_path):
    lora.save(attached(settings, plan), tmp_path / "adapter")
    (tmp_path / "adapter" / "adapter_config.json").write_text('{"r": ')
    with pytest.raises(DataError, match="cannot be read"):
        lora.settings(tmp_path / "adapter")
    (tmp_path / "adapter" / "adapter_model.safetensors").unlink()
    with pytest.raises(DataError, match="holds no adapter"):
        lora.resume(None, tmp_path / "adapter")


def test_an_adapter_in_half_the_bytes_is_the_same_to_a_two_thousandth(settings, plan, tmp_path):
    model = attached(settings, plan)
    disturb(model)
    lora.save(model, tmp_path / "adapter")
    file = tmp_path / "adapter" / "adapter_model.safetensors"
    before, whole = load_file(file), file.stat().st_size
    lora.halve(tmp_path / "adapter")
    after = load_file(file)
    assert file.stat().st_size < 0.55 * whole and not list(tmp_path.rglob("*.partial"))
    assert {value.dtype for value in after.values()} == {torch.float16}
    assert all(torch.allclose(before[name], after[name].float(), rtol=2**-10, atol=1e-7) for name in before)
    again = lora.resume(load.base(settings, plan).model, tmp_path / "adapter")
    assert {value.dtype for name, value in again.named_parameters() if "lora_" in name} == {torch.float32}
