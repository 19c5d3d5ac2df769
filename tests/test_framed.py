"""A page in a window: all of it is there, moved as one, and what the window shows stands beside it and not on it."""

import random

import pytest

from ghostlib.corpus import framed


@pytest.fixture(scope="module")
def pairs(laid_pages):
    rng = random.Random(8)
    return [(page, framed.framed(page, rng)) for page in laid_pages for _ in range(4)]


def test_every_line_and_widget_of_the_page_is_moved_by_the_same(pairs):
    for page, window in pairs:
        kept = window.lines[: len(page.lines)]
        assert [line.text for line in kept] == [line.text for line in page.lines]
        boxes = [*zip(page.lines, kept, strict=True)]
        moves = {(b.box[0] - a.box[0], b.box[1] - a.box[1], b.box[2] - a.box[2], b.box[3] - a.box[3]) for a, b in boxes}
        ((left, top, right, low),) = moves
        assert (left, top) == (right, low) and left >= 0 <= top
        assert window.widgets == tuple((kind, (x + left, y + top, z + left, w + top)) for kind, (x, y, z, w) in page.widgets)


def test_what_is_to_be_listed_stays_and_the_window_is_larger_than_the_page(pairs):
    for page, window in pairs:
        assert (window.listed, window.output, window.domain) == (page.listed, page.output, page.domain)
        assert window.size != page.size and all(new >= old for new, old in zip(window.size, page.size, strict=True))


def test_the_windows_own_lines_stand_beside_the_page_and_inside_the_window(pairs):
    added = 0
    for page, window in pairs:
        first, moved = page.lines[0], window.lines[0]
        left, top = moved.box[0] - first.box[0], moved.box[1] - first.box[1]
        for line in window.lines[len(page.lines) :]:
            x0, y0, x1, y1 = line.box
            beside = x1 <= left or x0 >= left + page.size[0] or y1 <= top or y0 >= top + page.size[1]
            assert 0 <= x0 < x1 and 0 <= y0 < y1 <= window.size[1], line
            assert beside or x0 < left, line  # a long word of a left strip reaches into the page, as it may in a narrow tree
            added += 1
    assert added > 3 * len(pairs)
