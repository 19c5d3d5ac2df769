"""Pages without pictures: real layouts in the seed's order, resumable, and as much of them as a picture would show."""

import collections
import random

import pytest
from PIL import Image

from ghostlib.corpus import laid, lists
from ghostlib.corpus.laid import Page
from ghostlib.corpus.picture import NEUTRAL
from ghostlib.corpus.screens import archetypes, arrangement, browser, domains, pages
from ghostlib.corpus.screens.looks import LOOKS
from ghostlib.schemas import postgres


def test_every_page_shows_text_inside_its_page_and_the_fields_of_its_list(laid_pages):
    assert len(laid_pages) == 80
    for page in laid_pages:
        width, height = page.size
        assert len(page.lines) > 5
        assert all(line.text and 0 <= line.box[0] < line.box[2] and line.box[3] <= height + 1 for line in page.lines)
        assert all(line.box[2] <= width + 1 for line in page.lines), page.archetype
        assert lists.listing(lists.schema(page.listed))


def test_what_a_page_means_creates_in_postgresql_and_is_what_its_list_says(laid_pages):
    for page, verdict in zip(laid_pages, postgres.check_many([page.output for page in laid_pages]), strict=True):
        assert verdict.valid, verdict.problems
        told = lists.schema(page.listed)
        assert {table.name for table in told.tables} == {table.name for table in verdict.schema.tables}


def test_all_but_what_validation_alone_may_show_comes(laid_pages):
    assert set(laid.WEIGHTS) == set(archetypes.ARCHETYPES) - set(archetypes.VALIDATION_ONLY)
    assert not any(look.validation_only for look in laid.LOOKED_AT) and len(laid.LOOKED_AT) < len(LOOKS)
    assert len({page.archetype for page in laid_pages}) > 7
    domains = collections.Counter(page.domain == "invented" for page in laid_pages)
    assert domains[True] > 2 * domains[False] > 0


@pytest.fixture
def file(tmp_path):
    return tmp_path / "some" / "pages.jsonl"


def test_more_pages_go_on_where_it_was_and_a_line_that_was_cut_off_is_laid_out_again(file):
    laid.lay_out(3, 9, file, progress=False)
    whole = laid.lay_out(6, 9, file, progress=False).read_bytes()
    file.write_bytes(whole[: len(whole) * 2 // 3])
    assert len(laid.Pages(file)) < 6
    assert laid.lay_out(6, 9, file, progress=False).read_bytes() == whole
    assert laid.lay_out(2, 9, file, progress=False).read_bytes() == whole


def test_pages_with_pictures_are_the_same_pages_letterboxed_and_go_on_where_they_were(file):
    laid.lay_out(1, 9, file, side=64, progress=False)
    pages = list(laid.Pages(laid.lay_out(3, 9, file, side=64, progress=False)))
    bare = list(laid.Pages(laid.lay_out(3, 9, file.with_name("bare.jsonl"), progress=False)))
    assert [page.lines for page in pages] == [page.lines for page in bare] and bare[0].picture is None
    for page in pages:
        with Image.open(page.picture) as seen:
            assert seen.size == (64, 64)
            width, height = (round(edge * 64 / max(page.size)) for edge in page.size)
            margin = (64 - width) // 2, (64 - height) // 2
            assert margin == (0, 0) or seen.getpixel((0, 0)) == NEUTRAL
            assert any(low != high for low, high in seen.getextrema())


def test_the_widgets_of_a_form_stand_where_its_labels_are_and_say_what_is_asked_for():
    plan = archetypes.plan(domains.TRAINING[0], "form", random.Random(4))
    with browser.opened() as opened:
        found = opened.draw(pages.html(plan, LOOKS["harbor"], width=1280), (1280, 900))
    expected = collections.Counter(arrangement.widget(field) for field in plan.sections[0].fields)
    kinds = collections.Counter(kind for kind, _ in found.widgets)
    assert all(kinds[kind] >= count for kind, count in expected.items()), (kinds, expected)
    lowest = max(label["box"][3] for label in found.labels)
    for kind, (left, top, right, bottom) in found.widgets:
        assert kind in {*arrangement.WIDGETS.values(), "text input", "chip", "button", "avatar", "link"}
        assert 0 <= left < right <= found.size[0] and 0 <= top < bottom <= max(lowest + 200, found.size[1])


def test_pages_are_a_sequence_that_ends(laid_pages):
    assert isinstance(laid_pages[0], Page) and list(laid_pages)[-1] == laid_pages[79]
    for place in (-1, 80):
        with pytest.raises(IndexError):
            laid_pages[place]
