"""Bases that cannot be merged onto: each is refused in one line, before anything is written."""

import json
import shutil

import pytest
import torch
from bigmerge import checkpoint
from safetensors.torch import load_file, save_file

from ghostlib.errors import DataError, ExportError
from ghostlib.models import blueprint, merging

ONE, TWO = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
UP = "model.layers.0.mlp.up_proj.weight"


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bases")
    checkpoint(folder, [(24, 16), (8, 16)], shards=2, rank=4)
    return folder


@pytest.fixture
def folder(sound, tmp_path):
    shutil.copytree(sound, tmp_path / "all")
    return tmp_path / "all"


def refused(folder, match, kind, **options):
    with pytest.raises(kind, match=match) as raised:
        merging.merge(folder / "base", folder / "adapter", folder / "merged", **options)
    message = str(raised.value)
    assert "\n" not in message and "base" in message and message.count(". ") >= 1, message
    assert not list(folder.glob("merged*"))


def change(file, **tensors):
    save_file(load_file(file) | tensors, file, metadata={"format": "pt"})


def config(folder, **settings):
    (folder / "base" / "config.json").write_text(json.dumps({"model_type": "llama"} | settings))


def test_the_base_that_is_spoilt_below_is_sound_and_its_weights_are_told_by_shard(folder):
    shards = blueprint.drawn(folder / "base", folder / "adapter", "nf4")
    told = {
        name: [(weight.name, weight.rounded, weight.parts is not None) for weight in found] for name, found in shards.items()
    }
    assert told == {
        ONE: [("model.embed_tokens.weight", False, False), (UP, True, True)],
        TWO: [(UP.replace("0", "1"), True, True)],
    }


def test_a_shard_that_is_cut_or_missing_as_after_half_a_download(folder):
    file = folder / "base" / TWO
    file.write_bytes(file.read_bytes()[:-100])
    refused(folder, f"{TWO}: is not a whole", DataError)
    file.unlink()
    refused(folder, f"{TWO} is missing", DataError)


def test_no_weights_no_settings_or_an_index_that_is_none(folder):
    (folder / "base" / "model.safetensors.index.json").write_text("[]")
    refused(folder, "index.json: cannot be read", DataError)
    (folder / "base" / "model.safetensors.index.json").unlink()
    (folder / "base" / "config.json").rename(folder / "base" / "other.json")
    refused(folder, "config.json: cannot be read", DataError)
    for shard in (ONE, TWO):
        (folder / "base" / shard).unlink()
    refused(folder, "is missing", DataError)


def test_files_that_the_index_does_not_name_are_left_alone(folder):
    """Some repositories hold the same weights again under other names."""
    shutil.copyfile(folder / "base" / ONE, folder / "base" / "consolidated.safetensors")
    merging.merge(folder / "base", folder / "adapter", folder / "merged", progress=False)
    assert sorted(file.name for file in (folder / "merged").glob("*.safetensors")) == [ONE, TWO]
    shutil.rmtree(folder / "merged")
    (folder / "base" / "model.safetensors.index.json").unlink()
    refused(folder, "embed_tokens.weight is in|up_proj.weight is in", DataError)


def test_two_weights_that_the_adapter_may_mean(folder):
    change(folder / "base" / TWO, **{UP.replace("model.", "model.model."): torch.ones(24, 16).bfloat16()})
    refused(folder, "may change", ExportError)


@pytest.mark.parametrize("shape", [(16, 24), (24, 17), (25, 16), (24,), (24, 16, 1)], ids=str)
def test_a_weight_of_another_shape(folder, shape):
    change(folder / "base" / ONE, **{UP: torch.ones(shape).bfloat16()})
    refused(folder, "is made for", ExportError)


def test_modules_that_the_base_lacks_are_counted_and_the_first_is_named(folder):
    file = folder / "base" / ONE
    save_file({name: one for name, one in load_file(file).items() if name != UP}, file)
    refused(folder, r"1 of its 2 modules are not in base \(first: layers\.0\.mlp\.up_proj\)", ExportError)


@pytest.mark.parametrize("dtype", [torch.int8, torch.float8_e4m3fn, torch.float64], ids=str)
def test_weights_of_a_dtype_that_is_not_merged(folder, dtype):
    change(folder / "base" / ONE, **{UP: torch.ones(24, 16).to(dtype)})
    refused(folder, "is made for", ExportError)


@pytest.mark.parametrize("beside", ["SCB", "weight.quant_state.bitsandbytes__fp4", "weight_scale_inv"])
def test_another_quantisation_than_nf4_by_its_tensors(folder, beside):
    change(folder / "base" / ONE, **{UP.replace("weight", beside): torch.ones(24)})
    refused(folder, "neither 16 bit nor NF4", ExportError)


@pytest.mark.parametrize("method", ["gptq", "awq", "fp8", "bitsandbytes"])
def test_another_quantisation_than_nf4_by_its_settings(folder, method):
    config(folder, quantization_config={"quant_method": method, "load_in_8bit": True})
    refused(folder, f"quant_method {method}", ExportError)


def test_nf4_weights_where_16_bit_ones_were_asked_for(folder):
    from bitsandbytes import functional

    for number, (file, shape) in enumerate({ONE: (24, 16), TWO: (8, 16)}.items()):
        name = UP.replace("0", str(number))
        packed, state = functional.quantize_4bit(torch.randn(shape), blocksize=64, compress_statistics=True, quant_type="nf4")
        change(
            folder / "base" / file,
            **{name: packed},
            **{f"{name}.{key}": one for key, one in state.as_dict(packed=True).items()},
        )
    config(folder, quantization_config={"quant_method": "bitsandbytes", "load_in_4bit": True})
    refused(folder, "holds NF4 weights", ExportError, onto="16bit")
    merged = merging.merge(folder / "base", folder / "adapter", folder / "merged", progress=False)
    assert load_file(merged / ONE)[UP].shape == (24, 16)


def test_a_name_that_is_no_folder_and_cannot_be_fetched(folder):
    for name in ("nobody/no-such-model-base", "a b c/base", "../base/../x"):
        with pytest.raises(DataError, match="cannot be downloaded") as raised:
            merging.merge(name, folder / "adapter", folder / "merged")
        assert "\n" not in str(raised.value)
