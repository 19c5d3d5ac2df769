"""nano's eyes: every widget marks the patches that it covers, and a tower that is taught tells them apart."""

import random
from dataclasses import replace

import pytest
import torch
from PIL import Image, ImageDraw

from ghostlib.corpus import picture
from ghostlib.corpus.laid import Page
from ghostlib.corpus.reading import Line
from ghostlib.models import load
from ghostlib.training import eyes


def page(widgets=(), lines=(), size=(256, 256), file=None):
    return Page("form", "invented", size, tuple(Line("a", box) for box in lines), "", "", tuple(widgets), file)


def marked(found, kind):
    grid = found.reshape(16, 16, -1)[:, :, eyes.KINDS.index(kind)]
    return {(row, column) for row in range(16) for column in range(16) if grid[row, column]}


def test_a_widget_marks_the_patches_that_it_covers_and_no_other_kind():
    found = eyes.targets(page([("select", (32, 16, 64, 32))]), 256, (16, 16))
    assert marked(found, "select") == {(1, 2), (1, 3)}
    assert found.sum() == 2


def test_a_widget_smaller_than_a_patch_marks_the_patch_that_it_lies_in():
    assert marked(eyes.targets(page([("switch", (50, 50, 54, 53))]), 256, (16, 16)), "switch") == {(3, 3)}


def test_what_only_touches_a_patch_does_not_mark_it():
    assert marked(eyes.targets(page([("stars", (16, 16, 33, 33))]), 256, (16, 16)), "stars") == {(1, 1)}


def test_the_widgets_of_a_wide_page_stand_where_the_letterbox_puts_them():
    wide = page([("slider", (0, 0, 160, 160))], size=(2560, 1280))
    assert marked(eyes.targets(wide, 256, (16, 16)), "slider") == {(4, 0)}
    assert picture.placed((0, 0, 2560, 1280), (2560, 1280), 256) == (0, 64, 256, 192)


def test_cells_may_be_lower_than_they_are_wide():
    found = eyes.targets(page([("select", (32, 16, 64, 24))]), 256, (32, 16)).reshape(32, 16, -1)
    assert found[:, :, eyes.KINDS.index("select")].nonzero().tolist() == [[2, 2], [2, 3]]


def test_what_reaches_beyond_the_picture_marks_what_is_in_it():
    assert marked(eyes.targets(page([("chip", (-40, 240, 10, 900))]), 256, (16, 16)), "chip") == {(15, 0)}


@pytest.fixture
def painted(tmp_path):
    """Pages of dark and of light boxes, which stand for two kinds of widget."""
    rng, made = random.Random(3), []
    for number in range(88):
        image = Image.new("RGB", (256, 256), "white")
        pen, widgets = ImageDraw.Draw(image), []
        for _ in range(6):
            left, top = 16 * rng.randrange(15), 16 * rng.randrange(15)
            kind, colour = rng.choice((("button", "black"), ("chip", "red")))
            pen.rectangle((left, top, left + 31, top + 15), fill=colour)
            widgets = [w for w in widgets if not (abs(w[1][0] - left) < 32 and w[1][1] == top)]
            widgets.append((kind, (left, top, left + 32, top + 16)))
        image.save(tmp_path / f"{number}.png")
        one = page(widgets, lines=[(0, 0, 8, 4)], file=tmp_path / f"{number}.png")
        made.append(replace(one, listed="# orders\nname: text"))
    return made


def test_a_tower_that_is_taught_tells_kinds_apart_on_pictures_that_it_never_saw(painted, tiny_nano):
    from transformers import Gemma3ForConditionalGeneration

    model = Gemma3ForConditionalGeneration.from_pretrained(tiny_nano, dtype=torch.float32)
    before = {name: value.clone() for name, value in model.named_parameters()}
    head, log = eyes.teach(model, load.processor(str(tiny_nano)), painted[8:], minutes=5, at_most=140)
    told = eyes.measure(head, painted[:8])
    assert len(log) == 140 and log[-1]["loss"] < log[0]["loss"] / 4
    assert min(told["button"]["f1"], told["chip"]["f1"]) > 0.45, told
    others = [replace(one, picture=other.picture) for one, other in zip(painted[:8], painted[1:9], strict=True)]
    missed = eyes.measure(head, others)
    assert max(missed["button"]["f1"], missed["chip"]["f1"]) < 0.25, "it is the picture that tells"
    assert told["select"]["f1"] == 0 == told["select"]["cells"]
    moved = {name for name, value in model.named_parameters() if not torch.equal(before[name], value)}
    gazing = "model.language_model.layers.0.self_attn.q_proj.weight"
    assert {name.split(".")[1] for name in moved - {gazing}} == {"vision_tower", "multi_modal_projector"} and gazing in moved
    assert "gaze" not in log[0] and log[-1]["gaze"] >= 0
    with torch.no_grad():
        said = head.tokens_of(eyes.pixels(painted[:8])).square().mean().sqrt()
    assert said > head.loud / 2, "a picture is as loud as words"


def test_a_picture_that_comes_again_is_another_one_and_its_widgets_stand_where_they_now_are(painted):
    """Nothing is learned by heart: moved by whole cells, in other colours, and still told right."""
    grid, rng = (32, 16), random.Random(5)
    seen = eyes.pixels(painted[:8])
    truth = [eyes.targets(one, 256, grid) for one in painted[:8]]
    moved = 0
    for _ in range(6):
        pictures, cells = eyes.varied(seen, truth, grid, rng)
        for one, told, before in zip(pictures, cells, truth, strict=True):
            assert told.sum() == before.sum()
            patches = one.unfold(1, 8, 8).unfold(2, 16, 16).mean((3, 4)).flatten(1)  # (3, cells)
            black = told[:, eyes.KINDS.index("button")] > 0
            assert torch.all(patches[:, black] < -0.99), "black where a button is said to be"
            red = (told[:, eyes.KINDS.index("chip")] > 0) & ~black
            assert torch.all(patches.amax(0)[red] > 0.99) and torch.all(patches.amin(0)[red] < -0.99), "coloured, not black"
            moved += not torch.equal(told, before)
    assert moved > 30


def test_eyes_that_have_learned_are_not_opened_again(painted, tiny_nano):
    """A second training goes on with what the first one knows: patches and voice stay."""
    from transformers import Gemma3ForConditionalGeneration

    model = Gemma3ForConditionalGeneration.from_pretrained(tiny_nano, dtype=torch.float32)
    eyes.teach(model, load.processor(str(tiny_nano)), painted[8:], minutes=5, at_most=2)
    filters = model.model.vision_tower.embeddings.patch_embedding.weight.detach().clone()
    voice = model.model.multi_modal_projector.mm_input_projection_weight.detach().clone()
    eyes.teach(model, load.processor(str(tiny_nano)), painted[8:], minutes=5, at_most=1)
    assert (model.model.vision_tower.embeddings.patch_embedding.weight - filters).abs().max() < 0.02
    assert (model.model.multi_modal_projector.mm_input_projection_weight - voice).abs().max() < 0.02


def test_the_kinds_are_all_that_a_page_can_tell(laid_pages):
    assert {kind for one in laid_pages for kind, _ in one.widgets} <= set(eyes.KINDS)
    bare = [one for one in laid_pages if not one.widgets]
    assert {one.archetype for one in bare} <= {"dashboard"} and len(bare) < 4, "only a board of numbers may do without"
