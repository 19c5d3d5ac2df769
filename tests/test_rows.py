"""Rows: the loss falls on the answer alone, lengths are counted without opening a picture, pictures open on access."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from ghostlib import config as configs
from ghostlib import tasks
from ghostlib.corpus.reading import Line, Reading
from ghostlib.corpus.records import Screen, Text
from ghostlib.errors import PictureError
from ghostlib.models import load, nano
from ghostlib.tasks import Example
from ghostlib.training import rows

ANSWER = "CREATE TABLE orders (\n    name text NOT NULL\n);"


@pytest.fixture
def config(tiny_nano, monkeypatch):
    monkeypatch.setattr(nano, "folder", lambda: tiny_nano)
    return configs.load("nano")


@pytest.fixture
def examples(tmp_path):
    Image.new("RGB", (500, 120), "red").save(tmp_path / "wide.png")
    return [
        Example("text", "Order name\n3,4 Total", None, ANSWER),
        Example("screen", "Guest name", tmp_path / "wide.png", ANSWER + "\n\n" + ANSWER),
    ]


@pytest.mark.parametrize("number", [0, 1])
def test_the_answer_and_the_end_of_turn_count_in_the_loss_and_nothing_else(config, examples, number):
    masked = rows.mask(config, examples[number])
    counted = "".join(token for token, counts in masked if counts)
    assert counted == examples[number].completion + "<end_of_turn>\n"
    before = "".join(token for token, counts in masked if not counts)
    assert before.endswith("<start_of_turn>model\n") and examples[number].prompt in before
    assert before.count("<image_soft_token>") == (nano.IMAGE_TOKENS if number else 0)
    assert not any(counts for token, counts in masked[: masked.index(("<end_of_turn>", False))])


def test_lengths_are_those_of_the_collator(config, examples):
    processor = load.processor("nano")
    assert rows.lengths(examples, processor) == [len(rows.mask(config, example)) for example in examples]


def test_a_records_tokens_are_those_of_the_example_that_training_makes_of_it(config):
    processor = load.processor("nano")
    count = rows.counter(config, processor)
    assert count(Text("Write.", "A shop", ANSWER)) == rows.lengths([Example("x", "Write.\nA shop", None, ANSWER)], processor)[0]
    reading = Reading((Line("Guest name", (10, 10, 90, 30)),), "", "")
    drawn = Screen("a.png", output=ANSWER, reading=reading, size=(1280, 800))
    prompt = tasks.named("ui2sql").prompt(config, reading.lines, (1280, 800))
    assert "guest name" in prompt
    assert count(drawn) == rows.lengths([Example("a", prompt, Path("a.png"), ANSWER)], processor)[0]
    assert count(replace(drawn, size=(0, 0))) > 0


def test_too_long_examples_are_left_out_whole_and_counted(config, examples):
    processor = load.processor("nano")
    short, long = sorted(rows.lengths(examples, processor))
    assert rows.short_enough(examples, processor, long) == (examples, 0)
    assert rows.short_enough(examples, processor, long - 1) == (examples[:1], 1)
    assert rows.short_enough(examples, processor, short - 1) == ([], 2)


def test_a_picture_is_opened_when_its_row_is_asked_for_and_letterboxed(config, examples):
    processor = load.processor("nano")
    missing = Example("gone", "Guest", examples[1].image.with_name("gone.png"), ANSWER)
    data = rows.dataset(config, [examples[1], missing], processor)
    image = data[0]["images"][0]
    assert image.size == (256, 256) and image.getpixel((128, 128)) == (255, 0, 0)
    assert image.getpixel((128, 5)) == (127, 127, 127)
    with pytest.raises(PictureError, match=r"gone\.png"):
        data[1]


def test_every_row_has_a_top_level_images_column_also_without_a_picture(config, examples):
    data = rows.dataset(config, examples, load.processor("nano"))
    assert data[0].keys() == {"prompt", "completion", "images"} and data[0]["images"] == []


def test_a_batch_carries_the_token_types_of_its_images(config, examples):
    processor = load.processor("nano")
    batch = rows.collator(processor)([rows.row(config, examples[1], processor) for _ in range(2)])
    assert batch["token_type_ids"].sum().item() == 2 * nano.IMAGE_TOKENS
    assert batch["pixel_values"].shape[0] == 2 and batch["input_ids"].shape == batch["labels"].shape


def test_a_text_only_model_gets_plain_strings_and_the_same_mask(config, examples, monkeypatch):
    tokenizer = load.processor("nano").tokenizer
    made = rows.row(config, examples[0], tokenizer)
    assert made == {
        "prompt": [{"role": "user", "content": examples[0].prompt}],
        "completion": [{"role": "assistant", "content": ANSWER}],
    }
    whole = rows.mask(config, examples[0])
    monkeypatch.setattr(load, "processor", lambda name: tokenizer)
    assert rows.mask(config, examples[0]) == whole
    assert rows.lengths(examples[:1], tokenizer) == [len(whole)]


def test_the_hash_of_the_data_changes_with_a_word_and_with_a_picture(examples, tmp_path):
    before = rows.digest(examples)
    assert rows.digest(list(examples)) == before
    found = set()
    for color in ("red", "lime"):  # files of one length, which differ in their pixels and what ends them
        Image.new("RGB", (500, 120), color).save(examples[1].image, compress_level=0)
        found.add((rows.digest(examples), examples[1].image.stat().st_size))
    assert len(found) == 2 and len({size for _, size in found}) == 1 and before not in dict(found)
    assert rows.digest(examples[:1]) != rows.digest([Example("text", "Order name", None, ANSWER)])


ROWS_AND_BATCHES = """
import sys
from pathlib import Path
import psutil
from ghostlib import config as configs
from ghostlib.models import load
from ghostlib.tasks import Example
from ghostlib.training import rows

count, folder, nano = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
pictures = sorted(folder.glob("*.png"))
config = configs.load("nano", overrides=(f"model.name={nano}",))
processor = load.processor(nano)
collate = rows.collator(processor)
def examples(count):  # no two prompts are one string: that would flatter
    answer, shown = "CREATE TABLE a (b text);", len(pictures)
    return [Example(str(n), f"3,4 label {n} " * 20, pictures[n % shown], answer) for n in range(count)]
def batches(data):
    for first in range(0, 48, 4):
        collate([data[number * len(data) // 48] for number in range(first, first + 4)])
batches(rows.dataset(config, examples(8), processor))  # what is loaded once is not counted
def resident():
    return psutil.Process().memory_info().rss / 2**20
before = resident()
kept = examples(count)
words = resident()
batches(rows.dataset(config, kept, processor))
print(words - before, resident() - words)
"""


def test_memory_does_not_grow_with_the_pictures_of_the_data_set(tiny_nano, tmp_path):
    """12,000 rows against 120: the words take what words take, and the rows with their pictures next to nothing."""
    for number in range(12):
        Image.effect_noise((1440, 900), 60).convert("RGB").save(tmp_path / f"{number}.png")
    found = {}
    for count in (120, 12_000):
        done = subprocess.run(
            [sys.executable, "-c", ROWS_AND_BATCHES, str(count), str(tmp_path), str(tiny_nano)],
            capture_output=True,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        assert done.returncode == 0, done.stderr[-2000:]
        found[count] = tuple(map(float, done.stdout.split()))
    told = ", ".join(
        f"{count:,} rows: words {words:.1f} MiB, rows and batches {rest:.1f} MiB" for count, (words, rest) in found.items()
    )
    print(f"\n{told}")
    assert found[12_000][1] - found[120][1] < 30, told  # letterboxed, 11,880 pictures more would be 2.2 GiB
