"""What nano's words hear of its eyes is found out by showing them another page's picture."""

from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import pytest
import torch
from PIL import Image

from ghostlib import config
from ghostlib.errors import DataError
from ghostlib.models import load
from ghostlib.training import heard


@pytest.fixture(scope="module")
def processor():
    return load.processor(str(config.root() / "data" / "nano"))


@pytest.fixture
def pages(laid_pages, tmp_path):
    """Six pages, the picture of each in another grey."""
    found = []
    for number, page in zip(range(6), (one for one in laid_pages if one.widgets), strict=False):
        file = tmp_path / f"{number}.png"
        Image.new("RGB", (256, 256), (40 * number,) * 3).save(file)
        found.append(replace(page, picture=file))
    return found


class Parrot(torch.nn.Module):
    """What knows each page's answer by heart: it says it when the prompt is that page's, or when the picture is too."""

    def __init__(self, processor, looks):
        super().__init__()
        self.size, self.looks = len(processor.tokenizer), looks
        self.pictures = {}

    def forward(self, input_ids, pixel_values, **rest):
        asked = tuple(input_ids[0].tolist())
        mine = self.pictures.setdefault(asked, float(pixel_values.mean()))  # the first time it is asked with the page's own
        following = input_ids.roll(-1, 1)
        if self.looks and float(pixel_values.mean()) != mine:
            following = torch.zeros_like(following)
        return SimpleNamespace(logits=torch.nn.functional.one_hot(following, self.size).float())


def test_who_looks_is_right_with_the_own_picture_alone_and_who_does_not_with_any(processor, pages):
    assert {row["other"] for row in heard.measure(Parrot(processor, looks=True), processor, pages).values()} == {0.0}
    for looks in (True, False):
        found = heard.measure(Parrot(processor, looks=looks), processor, pages)
        assert {row["own"] for row in found.values()} == {1.0} and found["all"]["other"] == 1.0 - looks


def test_every_place_that_is_asked_for_is_counted_once_under_what_is_there(processor, pages):
    found = heard.measure(Parrot(processor, looks=False), processor, pages, seed=3)
    assert found["all"]["places"] == sum(row["places"] for kind, row in found.items() if kind != "all") > 60
    kinds = {kind for kind in found if kind != "all"}
    known = {"text"} | {kind for page in pages for kind, _ in page.widgets}
    assert "text" in kinds and {part for kind in kinds for part in kind.split(", ")} <= known


def test_one_wrong_token_makes_a_place_wrong_and_no_other(processor, pages):
    class Slip(Parrot):
        def forward(self, input_ids, pixel_values, attention_mask, **rest):
            told = super().forward(input_ids, pixel_values)
            told.logits[0, int(attention_mask.sum()) - 4] = 0  # the last word of the last line; an end and a line break follow
            return told

    for before, page in pairwise(pages):
        found = heard.measure(Slip(processor, looks=False), processor, [before, page])
        assert found["all"]["own"] == pytest.approx(1 - 2 / found["all"]["places"])


def test_the_shipped_nano_is_asked_as_its_exercises_ask(processor, pages):
    from transformers import Gemma3ForConditionalGeneration

    model = Gemma3ForConditionalGeneration.from_pretrained(config.root() / "data" / "nano", dtype=torch.float32).eval()
    found = heard.measure(model, processor, pages[:2])
    assert found["text"]["own"] > 0.5  # it knows what the answers look like
    again = heard.measure(model, processor, [replace(page, picture=pages[0].picture) for page in pages[:2]])
    assert all(row["own"] == row["other"] for row in again.values())


def test_without_pictures_to_exchange_nothing_is_measured(processor, pages):
    for few in ([], pages[:1], [pages[0], replace(pages[1], picture=None)]):
        with pytest.raises(DataError, match="two at least are needed, each with its picture"):
            heard.measure(Parrot(processor, looks=True), processor, few)


@pytest.mark.parametrize("missing", ["model", "sights"])
def test_what_is_not_there_is_named_with_what_makes_it(missing, tmp_path, monkeypatch, capsys):
    sights = tmp_path / "sights.jsonl"
    sights.write_text("")
    told = {
        "model": [str(tmp_path / "none"), str(sights)],
        "sights": [str(config.root() / "data" / "nano"), str(tmp_path / "no.jsonl")],
    }
    monkeypatch.setattr("sys.argv", ["heard", *told[missing]])
    with pytest.raises(SystemExit, match="2"):
        heard.main()
    said = capsys.readouterr().err
    assert "is not there" in said and "ghostlib.training.pretrain --out" in said and told[missing][missing == "sights"] in said
