"""Adapters that must not be merged: each is refused in one line, before anything is written."""

import json

import pytest
import torch
from bigmerge import checkpoint
from safetensors.torch import load_file, save_file

from ghostlib.errors import DataError, ExportError
from ghostlib.models import deltas, merging

FIRST = "base_model.model.model.layers.0.mlp.up_proj"


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    checkpoint(folder, [(24, 16), (8, 16)], shards=1, rank=4)
    return folder


@pytest.fixture
def folder(sound, tmp_path):
    """A copy of the adapter to spoil, beside the base."""
    (tmp_path / "base").symlink_to(sound / "base")
    (tmp_path / "adapter").mkdir()
    for file in (sound / "adapter").iterdir():
        (tmp_path / "adapter" / file.name).write_bytes(file.read_bytes())
    return tmp_path


def refused(folder, match, kind=ExportError):
    with pytest.raises(kind, match=match) as raised:
        merging.merge(folder / "base", folder / "adapter", folder / "merged")
    message = str(raised.value)
    assert "\n" not in message and str(folder / "adapter") in message and message.count(". ") >= 1, message
    assert not list(folder.glob("merged*"))


def spoil(folder, change):
    file = folder / "adapter" / "adapter_model.safetensors"
    tensors = load_file(file)
    change(tensors)
    save_file(tensors, file)


def setting(folder, **changed):
    file = folder / "adapter" / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changed))


def test_the_adapter_that_is_spoilt_below_is_sound(folder):
    merging.merge(folder / "base", folder / "adapter", folder / "merged", progress=False)
    assert set(deltas.read(folder / "adapter")) == {"layers.0.mlp.up_proj", "layers.1.mlp.up_proj"}


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("lora_A.weight", "has no lora_A"),
        ("lora_B.weight", "has no lora_B"),
        ("lora_magnitude_vector", "has no lora_magnitude_vector"),
    ],
)
def test_a_part_that_is_missing(folder, name, match):
    spoil(folder, lambda tensors: tensors.pop(f"{FIRST}.{name}"))
    refused(folder, match)


def test_a_magnitude_in_an_adapter_that_says_it_is_no_dora(folder):
    setting(folder, use_dora=False)
    refused(folder, "has a lora_magnitude_vector, and use_dora is off")


@pytest.mark.parametrize(
    "name",
    [
        f"{FIRST}.lora_B.bias",
        f"{FIRST}.lora_embedding_A",
        f"{FIRST}.base_layer.weight",
        "base_model.model.lm_head.weight",
        "base_model.model.model.embed_tokens.modules_to_save.weight",
        f"{FIRST}.lora_magnitude_vector.weight",
        "junk",
        f"{FIRST}.lora_mid_A.weight",
    ],
)
def test_a_tensor_that_is_no_part_of_the_formula(folder, name):
    spoil(folder, lambda tensors: tensors.update({name: torch.ones(24)}))
    refused(folder, "no part of a LoRA or DoRA")


@pytest.mark.parametrize(
    ("part", "shape"),
    [
        ("lora_A.weight", (4, 17)),
        ("lora_A.weight", (3, 16)),
        ("lora_A.weight", (4,)),
        ("lora_A.weight", (4, 16, 1)),
        ("lora_B.weight", (25, 4)),
        ("lora_B.weight", (24, 3)),
        ("lora_B.weight", (4, 24)),
        ("lora_magnitude_vector", (23,)),
        ("lora_magnitude_vector", (1, 24)),
        ("lora_magnitude_vector", (1,)),
    ],
    ids=str,
)
def test_a_shape_that_does_not_fit_the_other_parts_or_the_weight(folder, part, shape):
    spoil(folder, lambda tensors: tensors.update({f"{FIRST}.{part}": torch.ones(shape)}))
    refused(folder, "do not fit rank 4|is made for")


def test_a_and_b_of_another_rank_than_the_settings_say(folder):
    """As rank_pattern leaves it: the scale would be another one."""

    def change(tensors):
        tensors |= {f"{FIRST}.lora_A.weight": torch.ones(2, 16), f"{FIRST}.lora_B.weight": torch.ones(24, 2)}

    spoil(folder, change)
    refused(folder, "do not fit rank 4")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("part", ["lora_A.weight", "lora_B.weight", "lora_magnitude_vector"])
def test_a_value_that_is_no_number_in_any_part_even_of_the_last_module(folder, part, value):
    name = FIRST.replace("layers.0", "layers.1") + f".{part}"
    spoil(folder, lambda tensors: tensors[name].view(-1)[-1:].fill_(value))
    refused(folder, "not finite")


def test_whole_numbers_as_weights(folder):
    spoil(folder, lambda tensors: tensors.update({f"{FIRST}.lora_A.weight": torch.ones(4, 16, dtype=torch.int32)}))
    refused(folder, "no float")


@pytest.mark.parametrize(
    "changed",
    [
        {"rank_pattern": {"up_proj": 8}},
        {"alpha_pattern": {"up_proj": 8}},
        {"target_parameters": ["mlp.experts.gate_up_proj"]},
        {"peft_type": "LOHA"},
        {"peft_type": "IA3"},
        {"bias": "all"},
        {"lora_bias": True},
        {"fan_in_fan_out": True},
        {"modules_to_save": ["lm_head"]},
        {"use_qalora": True},
        {"layer_replication": [[0, 1]]},
        {"trainable_token_indices": [3]},
        {"alora_invocation_tokens": [1]},
        {"init_lora_weights": "pissa"},
        {"init_lora_weights": "olora"},
        {"loftq_config": {"loftq_bits": 4}},
        {"a_setting_of_next_year": 1},
    ],
    ids=str,
)
def test_a_setting_that_makes_it_another_kind_of_adapter_is_named(folder, changed):
    setting(folder, **changed)
    refused(folder, next(iter(changed)))


@pytest.mark.parametrize(
    "changed", [{"r": 0}, {"r": None}, {"r": "4"}, {"r": -4}, {"r": True}, {"lora_alpha": None}, {"lora_alpha": "x"}]
)
def test_a_rank_and_an_alpha_that_give_no_scale(folder, changed):
    setting(folder, **changed)
    refused(folder, "give no scale")


def test_settings_of_peft_that_change_nothing_are_let_through(folder):
    """What PEFT 0.21 and Unsloth write of a plain adapter, all of it."""
    from peft import LoraConfig

    plain = LoraConfig(r=4, lora_alpha=32, use_dora=True, use_rslora=True, target_modules=["up_proj"], task_type="CAUSAL_LM")
    said = {name: sorted(value) if isinstance(value, set) else value for name, value in plain.to_dict().items()}
    setting(folder, **said | {"auto_mapping": {"unsloth_fixed": True}, "inference_mode": True})
    assert len(deltas.read(folder / "adapter")) == 2


def test_one_module_under_two_names(folder):
    def change(tensors):
        for name in [name for name in tensors if name.startswith(FIRST)]:
            tensors[name.replace("model.model.model", "model.model")] = tensors[name].clone()

    spoil(folder, change)
    refused(folder, "twice")


def test_a_tied_weight(folder):
    def change(tensors):
        for name in [name for name in tensors if name.startswith(FIRST)]:
            tensors[name.replace("model.layers.0.mlp.up_proj", "lm_head")] = tensors.pop(name)

    spoil(folder, change)
    refused(folder, "lm_head, which is tied")


def test_files_that_are_cut_or_not_there(folder):
    weights = folder / "adapter" / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-5])
    refused(folder, "not a whole safetensors", DataError)
    weights.unlink()
    refused(folder, "holds no adapter", DataError)


def test_a_file_without_a_tensor(folder):
    save_file({}, folder / "adapter" / "adapter_model.safetensors")
    refused(folder, "holds no tensor")


def test_settings_that_cannot_be_read_or_are_no_settings(folder):
    file = folder / "adapter" / "adapter_config.json"
    for text in ("{", "null", "[1]", "\0"):
        file.write_text(text)
        refused(folder, "cannot be read", DataError)
    file.write_text("{}")
    refused(folder, "give no scale")


def test_a_row_of_zeros_stays_a_row_of_zeros(folder):
    """Its norm is 0; in training the magnitude that begins at 0 leaves it there."""
    delta = deltas.Delta(torch.zeros(4, 16).double(), torch.zeros(2, 4).double(), torch.tensor([0.0, 3.0]).double(), 1.0)
    weight = torch.stack([torch.zeros(16), torch.ones(16)])
    assert torch.equal(delta.applied(weight), torch.stack([torch.zeros(16), torch.full((16,), 0.75)]).double())
    assert torch.equal(weight[1], torch.ones(16)), "the base's own rows must stay as they were"
