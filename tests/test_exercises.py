"""Batches of nano's exercises: only the answer counts, the layout is the chat template's, pictures are the processor's."""

import itertools

import pytest
import torch
from PIL import Image

from ghostlib.corpus import practice
from ghostlib.corpus.practice import Practice
from ghostlib.models import generate, load
from ghostlib.tasks import Example
from ghostlib.training import exercises


@pytest.fixture(scope="module")
def processor():
    return load.processor("nano")


@pytest.fixture
def seen(tmp_path):
    """The file of a small picture that is no square of one colour."""
    image = Image.linear_gradient("L").resize((256, 256)).convert("RGB")
    image.save(tmp_path / "seen.png")
    return tmp_path / "seen.png"


def test_only_the_answer_counts_and_its_end_does_too(processor):
    row = exercises.encode(processor, Practice("Write this list as PostgreSQL.\n# a", "CREATE TABLE a (\n);"))
    decode, ids = processor.tokenizer.decode, row.ids
    assert decode(ids[: row.start]).endswith("<start_of_turn>model\n")
    assert decode(ids[row.start :]) == "CREATE TABLE a (\n);<end_of_turn>\n"
    assert ids[0] == processor.tokenizer.bos_token_id and ids.count(processor.tokenizer.bos_token_id) == 1


def test_of_plain_style_everything_counts_but_the_beginning(processor):
    row = exercises.encode(processor, Practice("", "CREATE TABLE a (\n);"))
    assert row.start == 1
    assert (row.ids[0], row.ids[-1]) == (processor.tokenizer.bos_token_id, processor.tokenizer.eos_token_id)


@pytest.mark.parametrize("looks", [False, True])
def test_the_prompt_is_the_chat_templates_own_so_that_the_phases_continue_the_same_layout(processor, seen, looks):
    told = generate.inputs(processor, [Example("1", "List the tables", seen if looks else None)], side=256)
    row = exercises.encode(processor, Practice("List the tables", "# a", seen if looks else None))
    assert told["input_ids"][0].tolist() == row.ids[: row.start]
    made = exercises.collate([row], processor)
    assert ("pixel_values" in made) == looks
    if looks:
        assert torch.equal(made["pixel_values"], told["pixel_values"])
        assert torch.equal(made["token_type_ids"][:, : row.start], told["token_type_ids"])


def test_what_an_answer_begins_with_is_read_and_does_not_count(processor):
    one = Practice("Make up a list.", "CREATE TABLE a (\n);", begun="# a\n\n")
    row, whole = exercises.encode(processor, one), exercises.encode(processor, Practice(one.prompt, one.begun + one.completion))
    assert row.ids == whole.ids
    assert processor.tokenizer.decode(row.ids[row.start :]) == "CREATE TABLE a (\n);<end_of_turn>\n"


def test_padding_is_masked_and_never_counts(processor):
    rows = [exercises.Encoded([2, 10, 11, 12], 2), exercises.Encoded([2, 20], 1)]
    made = exercises.collate(rows, processor)
    assert {part.shape for part in made.values()} == {(2, exercises.WIDTH)}
    assert made["input_ids"][:, :5].tolist() == [[2, 10, 11, 12, 0], [2, 20, 0, 0, 0]] and not made["input_ids"][:, 4:].any()
    assert made["attention_mask"].sum(1).tolist() == [4, 2] and made["attention_mask"][:, 0].all()
    counted = made["labels"] != exercises.IGNORED
    assert counted.nonzero().tolist() == [[0, 2], [0, 3], [1, 1]] and made["labels"][counted].tolist() == [11, 12, 20]


@pytest.mark.parametrize("longest", [160, 400])
def test_no_batch_is_larger_than_asked_and_none_mixes_pictures_with_none(processor, laid_pages, seen, longest):
    words = practice.stream(3, laid_pages)
    looks = (Practice(practice.LOOK, "2,3 select", seen) for _ in itertools.count())
    both = (one for pair in zip(words, looks, strict=False) for one in pair)
    made = exercises.batches(processor, both, tokens=512, longest=lambda: longest, seed=1)
    kinds = set()
    for batch in itertools.islice(made, 12):
        rows, width = batch["input_ids"].shape
        assert rows * width <= 512 or rows == 1
        assert width <= longest == batch["longest"]
        pictures = (batch["input_ids"] == processor.tokenizer.image_token_id).any(1)
        assert pictures.all() if "pixel_values" in batch else not pictures.any()
        assert len(batch.get("pixel_values", pictures)) == rows
        kinds.add("pixel_values" in batch)
    assert kinds == {False, True}
