"""Where nano looks: a place that the words name and the part of the picture in which it is."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ghostlib import config
from ghostlib.corpus import picture, practice, reading
from ghostlib.models import load
from ghostlib.training import exercises, gaze, steps
from ghostlib.training.gaze import Gaze


@pytest.fixture
def looking():
    """The nano of the repository, whose vocabulary has the common places, its processor, and what is to follow places."""
    from transformers import Gemma3ForConditionalGeneration

    folder = config.root() / "data" / "nano"
    torch.manual_seed(1)
    model = Gemma3ForConditionalGeneration.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    processor = load.processor(str(folder))
    return model, processor, Gaze(model, processor)


def pictured(laid_pages, count):
    return [replace(page, picture=Path(f"{number}.png")) for number, page in zip(range(count), laid_pages, strict=False)]


@pytest.mark.parametrize("size", [(256, 256), (1440, 900), (390, 844), (1920, 1080)])
def test_a_place_is_in_the_token_that_shows_its_middle(looking, size):
    head = looking[2]
    found = {(row, column): head.token((row, column), size) for row in range(32) for column in range(16)}
    cell = head.side / head.across
    for (row, column), token in found.items():
        assert 0 <= token < head.across**2
        x0, y0, x1, y1 = picture.placed(
            (column * size[0] / 16, row * size[1] / 32, (column + 1) * size[0] / 16, (row + 1) * size[1] / 32), size, head.side
        )
        down, right = divmod(token, head.across)
        assert y0 - 1 <= (down + 1) * cell and down * cell <= y1 + 1
        assert x0 - 1 <= (right + 1) * cell and right * cell <= x1 + 1
    assert found[0, 0] < found[31, 15]
    assert len({token // head.across for token in found.values()}) * cell >= min(1, size[1] / size[0]) * head.side - cell


def test_what_is_measured_is_the_attention_that_the_model_pays(looking, laid_pages):
    model, processor, head = looking
    page = pictured(laid_pages, 1)[0]
    asked, told = practice.pointed(page, random.Random(1))
    one = exercises.encode(processor, practice.Practice(f"{practice.POINT}\n{asked}", told, page.picture))
    words = exercises.collate([replace(one, picture=None)], processor)["input_ids"]
    seen = torch.randn(1, model.config.mm_tokens_per_image, 256)
    taken = model.get_input_embeddings()(words)
    where = words == processor.tokenizer.image_token_id
    taken = taken.masked_scatter(where[..., None].expand_as(taken), seen)
    with torch.no_grad():
        told = model.model.language_model(inputs_embeds=taken, output_attentions=True).attentions[gaze.LAYER][:, gaze.HEAD]
        mine = head._attention(words, seen).exp()
    assert torch.allclose(mine[~where], told[~where], atol=1e-5)


def test_a_head_that_is_told_looks_at_the_place_and_asks_all_other_words_what_it_did(looking, laid_pages):
    model, _, head = looking
    pages, rng = pictured(laid_pages, 6), random.Random(2)
    seen = torch.nn.Parameter(torch.randn(len(pages), model.config.mm_tokens_per_image, 256))
    before, usual = head.weight.detach().clone(), head._asked(head.words).detach()
    optimizer = torch.optim.Adam([{"params": [seen], "lr": 0.1}, {"params": [head.weight], "lr": 2e-3}])
    lost = []
    for _ in range(40):
        loss = head.loss(seen, pages, rng)
        loss.backward()
        head.only()
        optimizer.step()
        model.zero_grad(set_to_none=True)
        optimizer.zero_grad(set_to_none=True)
        lost.append(float(loss.detach()))
    assert lost[0] > 5 and max(lost[-5:]) < lost[0] / 3, lost
    changed = (head.weight.detach() - before).abs()
    assert changed[head.rows].max() > 0.01 and changed[head.rows.stop :].max() == 0
    apart = (head._asked(head.words).detach() - usual).square().mean().sqrt()
    assert apart < 0.25 * usual.square().mean().sqrt()


def test_eyes_and_gaze_that_are_held_stay_while_the_words_learn(looking, laid_pages, tmp_path):
    from PIL import Image

    model, processor, head = looking
    Image.new("RGB", (256, 256), "red").save(tmp_path / "red.png")
    page = replace(next(iter(laid_pages)), picture=tmp_path / "red.png")
    batch = exercises.collate([exercises.encode(processor, practice.looked_at(page, random.Random(1)))], processor)
    gaze.hold(model)
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    steps.Stepper(model, steps.optimizers(model, muon_rate=0.02, adam_rate=1e-3), "cpu", fused=False)(batch, 1.0)
    stayed = {name for name, value in model.named_parameters() if torch.equal(before[name], value)}
    assert {name for name in before if "vision_tower" in name or "projector" in name} < stayed
    assert f"model.language_model.layers.{gaze.LAYER}.self_attn.q_proj.weight" in stayed
    assert f"model.language_model.layers.{gaze.LAYER}.self_attn.k_proj.weight" in stayed
    assert f"model.language_model.layers.{gaze.LAYER}.self_attn.v_proj.weight" not in stayed
    assert f"model.language_model.layers.{gaze.LAYER + 1}.self_attn.q_proj.weight" not in stayed


def test_most_places_of_a_page_are_a_token_of_their_own(looking, laid_pages):
    _, processor, head = looking
    places = [reading.place(line.box, *page.size) for page in laid_pages for line in page.lines]
    known = set(head.places.values())
    assert sum(place in known for place in places) > 0.7 * len(places)
    assert all(processor.tokenizer.decode([token]) == f"{row},{column}" for token, (row, column) in head.places.items())
