"""The shipped nano: a real Gemma-3, small, with a tokenizer that SentencePiece and llama.cpp agree with."""

import json

import pytest

from ghostlib import config as configs
from ghostlib import tasks
from ghostlib.errors import DataError
from ghostlib.models import load, nano, vocabulary

HOSTILE = (
    "",
    " ",
    "  two  blanks ",
    "\n",
    "\n\n\n    indented",
    "\t\r\n",
    "CREATE TABLE orders (\n    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n    total numeric(10,2)\n);",
    "3,4 Prénom *",
    "Größe äöü ßẞ",
    "日本語のラベル",
    "🙂👩‍👩‍👧‍👦",
    "\u202eright to left\u202c",
    "a\u0301 e\u0301",
    "nul\x00byte",
    "▁underscore▁of▁sentencepiece",
    "<0x0A><0xFF>",
    "'; DROP TABLE users; --",
    "x" * 3000,
    "\x1f",
)


@pytest.fixture(scope="module")
def tokenizer():
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(nano.folder())


@pytest.fixture(scope="module")
def pieces():
    import sentencepiece

    return sentencepiece.SentencePieceProcessor(model_file=str(nano.folder() / "tokenizer.model"))


@pytest.fixture(scope="module")
def processor():
    return load.processor("nano")


@pytest.fixture(scope="module")
def lengths(processor):
    """Of every reading of every shipped screen: name -> tokens of its prompt (without the picture) and of its answer."""
    config = configs.load("nano")
    task, found = tasks.named("ui2sql"), {}
    for split in ("train", "validation"):
        for number, example in enumerate(task.examples(config, "vision", split)):
            texts = (example.prompt, example.completion)
            found[f"{split} {number} {example.id}"] = [
                len(processor.tokenizer(text, add_special_tokens=False)["input_ids"]) for text in texts
            ]
    return found


def test_the_shipped_weights_are_a_gemma_3_of_a_few_million_parameters_and_nothing_is_left_random():
    import torch
    from transformers import Gemma3ForConditionalGeneration

    model, told = Gemma3ForConditionalGeneration.from_pretrained(nano.folder(), dtype=torch.float32, output_loading_info=True)
    assert not told["missing_keys"] and not told["unexpected_keys"] and not told["mismatched_keys"]
    assert model.config.model_type == "gemma3"
    assert 3e6 < nano.parameters(nano.folder()) < 8e6
    assert all(bool(torch.isfinite(weight).all()) for weight in model.parameters())


def test_everything_of_nano_in_the_checkout_is_at_most_20_megabytes():
    total = sum(file.stat().st_size for file in nano.folder().rglob("*") if file.is_file())
    assert 1_000_000 < total <= 20_000_000


def test_the_weights_are_stored_in_half_precision_under_the_names_that_llama_cpp_reads():
    with (nano.folder() / "model.safetensors").open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    header.pop("__metadata__", None)
    assert {tensor["dtype"] for tensor in header.values()} == {"F16"}
    heads = ("vision_tower.vision_model.", "language_model.model.", "multi_modal_projector.")
    assert [name for name in header if not name.startswith(heads)] == []


def test_the_head_size_is_what_llama_cpp_scales_by():
    text = json.loads((nano.folder() / "config.json").read_text())["text_config"]
    assert text["query_pre_attn_scalar"] == text["head_dim"]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_the_fast_tokenizer_gives_sentencepieces_own_ids(tokenizer, pieces, text):
    assert tokenizer(text, add_special_tokens=False)["input_ids"] == pieces.encode(text)


def test_hostile_text_comes_back_from_its_tokens_unchanged(tokenizer):
    for text in HOSTILE:
        if "▁" not in text:  # SentencePiece's own sign for a blank
            ids = tokenizer(text, add_special_tokens=False)["input_ids"]
            assert tokenizer.decode(ids, clean_up_tokenization_spaces=False) == text


def test_the_control_tokens_are_control_pieces_and_one_token_each(tokenizer, pieces):
    for name in vocabulary.CONTROL:
        number = pieces.piece_to_id(name)
        assert pieces.is_control(number), name
        assert tokenizer(name, add_special_tokens=False)["input_ids"] == [number]
    assert [pieces.piece_to_id(name) for name in ("<pad>", "<eos>", "<bos>", "<unk>")] == [0, 1, 2, 3]


def test_the_boilerplate_of_the_target_language_costs_few_tokens(tokenizer):
    ids = tokenizer("id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,", add_special_tokens=False)["input_ids"]
    assert len(ids) <= 8  # 54 letters


def test_nothing_stands_round_the_image_and_the_image_has_its_64_places(processor):
    from PIL import Image

    example = tasks.Example("x", "3,4 Name", None)
    turn = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": example.prompt}]}]
    asked = processor.apply_chat_template(turn, add_generation_prompt=True, tokenize=False)
    made = processor(text=asked, images=[Image.new("RGB", (256, 256))], return_tensors="pt")["input_ids"][0].tolist()
    names = processor.tokenizer.convert_ids_to_tokens(made)
    start, end = names.index("<start_of_image>"), names.index("<end_of_image>")
    assert names[start + 1 : end] == ["<image_soft_token>"] * nano.IMAGE_TOKENS
    assert "\n\n" not in names[start - 1] + names[end + 1]
    assert names[start - 1].count("\n") <= 1 and not names[end + 1].startswith("\n")  # the one of the turn, none of ours
    assert names[0] == "<bos>" and names.count("<bos>") == 1


def test_the_prompt_of_every_shipped_screen_stays_short(lengths):
    assert len(lengths) >= 120
    over = {name: count for name, (count, _) in lengths.items() if count > 400}
    assert over == {}, sorted(over.values())


def test_prompt_picture_and_answer_of_every_screen_fit_the_context(lengths):
    assert max(prompt + nano.IMAGE_TOKENS + answer + 16 for prompt, answer in lengths.values()) < nano.CONTEXT


def test_a_checkout_without_nano_is_one_line_with_the_way_out(tmp_path, monkeypatch):
    (tmp_path / "configs").mkdir()
    monkeypatch.setenv("GHOST_ROOT", str(tmp_path))
    with pytest.raises(DataError) as caught:
        nano.folder()
    assert "git checkout data/nano" in str(caught.value) and "\n" not in str(caught.value)


def test_the_same_seed_makes_the_same_nano_and_another_seed_another(tmp_path):
    lines = ["CREATE TABLE orders (", "    id bigint,", "    name text NOT NULL", ");"] * 20
    for name, seed in (("one", 1), ("again", 1), ("two", 2)):
        nano.create(tmp_path / name, lines=lines, seed=seed)
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("one", "again", "two")]
    assert weights[0] == weights[1] != weights[2]
    assert not list(tmp_path.rglob("*.partial"))


@pytest.mark.parametrize(
    ("loaded", "stored"),
    [
        ("model.vision_tower.embeddings.x", "vision_tower.vision_model.embeddings.x"),
        ("vision_tower.vision_model.embeddings.x", "vision_tower.vision_model.embeddings.x"),
        ("model.language_model.layers.0.x", "language_model.model.layers.0.x"),
        ("language_model.model.layers.0.x", "language_model.model.layers.0.x"),
        ("model.multi_modal_projector.x", "multi_modal_projector.x"),
    ],
)
def test_a_tensor_has_one_name_in_the_file_however_transformers_calls_it(loaded, stored):
    assert nano.stored_name(loaded) == stored
