"""The sizes of models: every parameter counted, to the published number and to the bytes of a published checkpoint."""

import json

import pytest

from ghostlib.errors import ConfigError
from ghostlib.training import shapes

# Parameters as each model's page on the Hugging Face hub states them (safetensors); nano's are in its own file
PUBLISHED = {
    "google/gemma-3-1b-it": 999_885_952,
    "google/gemma-3-4b-it": 4_300_079_472,
    "google/gemma-3-12b-it": 12_187_325_040,
    "google/gemma-3-27b-it": 27_432_406_640,
    "TinyLlama/TinyLlama-1.1B-Chat-v1.0": 1_100_048_384,
    "microsoft/Phi-3-mini-4k-instruct": 3_821_079_552,
    "nano": 5_089_792,
}
# What google/gemma-3-4b-it's config.json says of its text: the defaults of the class are left out
SPARSE = {
    "model_type": "gemma3",
    "mm_tokens_per_image": 256,
    "text_config": {"hidden_size": 2560, "intermediate_size": 10240, "model_type": "gemma3_text", "num_hidden_layers": 34},
    "vision_config": {
        "hidden_size": 1152, "image_size": 896, "intermediate_size": 4304, "num_hidden_layers": 27, "patch_size": 14,
    },
}  # fmt: skip


def written(folder, config):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    return shapes.shape(str(folder))


@pytest.mark.parametrize(("name", "parameters"), PUBLISHED.items())
def test_every_parameter_of_every_known_model_is_counted(name, parameters):
    assert shapes.shape(name).parameters() == parameters


def test_nanos_count_is_what_its_file_holds(tiny_nano):
    from safetensors import safe_open

    held = 0
    with safe_open(shapes.Path("data/nano/model.safetensors"), framework="np") as file:
        for name in file.keys():  # noqa: SIM118 (no mapping)
            size = 1
            for side in file.get_slice(name).get_shape():
                size *= side
            held += size
    assert held == shapes.shape("data/nano").parameters() == PUBLISHED["nano"]


def test_the_bytes_of_a_published_nf4_checkpoint_are_counted_tower_included():
    """unsloth/gemma-3-12b-it-bnb-4bit: 4,992,269,027 + 2,806,556,175 bytes, its tower's linear layers in NF4 too."""
    found = shapes.shape("unsloth/gemma-3-12b-it-bnb-4bit")
    assert found.stored(quantised=True) == pytest.approx(4_992_269_027 + 2_806_556_175, rel=0.0002)
    exact = shapes.shape("google/gemma-3-12b-it")  # quantised here, the tower stays as it is
    assert exact.stored(quantised=True) - found.stored(quantised=True) == pytest.approx(610e6, rel=0.01)
    assert exact.stored(quantised=False) == 2 * exact.parameters()


def test_a_head_of_gemma_3_is_256_whatever_hidden_and_heads_say():
    found = shapes.shape("gemma-3-12b")
    assert found.linears()["q"] == (3840, 4096) and found.linears()["k"] == (3840, 2048)
    assert found.linears()["o"] == (4096, 3840)


def test_phi_3_has_its_layers_fused_and_adapters_on_a_part_sit_on_the_whole():
    found = shapes.shape("microsoft/Phi-3-mini-4k-instruct")
    assert found.linears()["qkv"] == (3072, 9216) and found.linears()["gate_up"] == (3072, 16384)
    assert set(found.adapted(("q", "v"))) == set(found.adapted(("qkv",))) == {"qkv"}
    assert set(shapes.shape("gemma-3-4b").adapted(("q", "v"))) == {"q", "v"}


def test_tinyllama_holds_its_head_beside_its_embedding_and_the_1b_sees_nothing():
    assert shapes.shape("TinyLlama-1.1B").embedding() == 2 * 32_000 * 2048
    small = shapes.shape("gemma-3-1b")
    assert small.eyes is None and small.vocabulary == 262_144 and small.tower(quantised=False) == 0


def test_a_folder_is_read_from_its_config_and_equals_what_is_written_down(tiny_nano, tmp_path):
    import dataclasses

    read = shapes.shape("data/nano")
    assert dataclasses.replace(read, name="nano") == shapes.shape("nano")
    assert written(tmp_path / "sparse", SPARSE).parameters() == PUBLISHED["google/gemma-3-4b-it"]


def test_whether_a_folders_tower_is_nf4_is_read_from_what_its_quantisation_skipped(tmp_path):
    for skipped, packed in (([], True), (None, True), (["lm_head"], True), (["lm_head", "vision_tower"], False)):
        config = SPARSE | {"quantization_config": {"load_in_4bit": True, "llm_int8_skip_modules": skipped}}
        assert written(tmp_path / str(skipped), config).packed_eyes is packed
    assert not written(tmp_path / "plain", SPARSE).packed_eyes


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"hidden_size": 3}', '{"text_config": 3}', '{"hidden_size": null}'])
def test_a_folder_with_a_broken_config_is_one_line_that_names_the_file(tmp_path, text):
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(ConfigError, match="config.json") as told:
        shapes.shape(str(tmp_path))
    assert "\n" not in str(told.value)


def test_a_model_of_unknown_size_is_named_with_those_that_are_known():
    with pytest.raises(ConfigError, match=r"mistral-7b.*gemma-3-4b"):
        shapes.shape("mistralai/mistral-7b")
