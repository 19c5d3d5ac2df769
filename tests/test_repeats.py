"""Cards, lanes and lists without a header: two records stay, no label is lost, and nothing beside them is taken for one."""

import random
import re

import pytest

from ghostlib.corpus import reading, repeats
from ghostlib.corpus.reading import Line

SIZE = (1440, 900)
RNG = random.Random(4)


def put(text, x, y, tall=16):
    return Line(text, (x, y, x + 8 * len(text), y + tall))


def card(number, x, y, *, extra=()):
    """A title, labels with their values to the right, 24 pixels apart."""
    pairs = [("City", f"Town {number}"), ("Due", f"{number + 1} May 2026"), *extra]
    lines = [put(f"Name of {'abcdefghijklmnop'[number]}", x, y, 20)]
    for row, (label, value) in enumerate(pairs, 1):
        lines += [put(label, x, y + 4 + 24 * row), put(value, x + 150, y + 4 + 24 * row)]
    return lines


def grid(rows, columns):
    return [card(row * columns + n, 40 + 340 * n, 120 + 130 * row) for row in range(rows) for n in range(columns)]


def flat(cards):
    return [line for one in cards for line in one]


@pytest.mark.parametrize(("rows", "columns"), [(3, 4), (4, 1), (1, 3), (2, 2)])
def test_of_cards_in_a_grid_two_stay_whole_and_the_others_are_counted(rows, columns):
    cards = grid(rows, columns)
    head, foot = put("Orders", 40, 40, 28), put("Load more", 600, 860)
    kept, more = repeats.repeated([head, *flat(cards), foot], SIZE)
    assert more == rows * columns - 2
    assert head in kept and all(line in kept for line in cards[0])
    assert len([line for line in kept if line.text == "City"]) == 2
    assert len(kept) <= len(cards[0]) * 2 + 2


def test_a_field_that_only_some_cards_have_is_shown_by_the_second_that_stays():
    cards = [card(n, 40 + 340 * (n % 3), 120 + 190 * (n // 3), extra=[("Fee", "$5.00")] * (n in (4, 5, 7))) for n in range(9)]
    kept, more = repeats.repeated(flat(cards), SIZE)
    assert more == 7 and "Fee" in [line.text for line in kept]


def test_an_inbox_is_told_by_its_times_and_what_is_beside_it_stays():
    rows = [[put(f"From {n}", 300, 100 + 70 * n), put(f"0{n}:15", 560, 100 + 70 * n), put("About it", 300, 124 + 70 * n)]
            for n in range(8)]  # fmt: skip
    beside = [put(text, 800, 110 + 37 * n) for n, text in enumerate(("Subject", "Help", "From", "Ann", "Body", "Hello"))]
    kept, more = repeats.repeated([*flat(rows), *beside], SIZE)
    assert more == 6 and all(line in kept for line in beside)


def test_a_form_does_not_repeat():
    labels = ["Name", "Street", "City", "Post code", "Phone", "Due", "Paid", "Note"]
    values = ["Ann", "Low Road 4", "Ulm", "89073", "555 01 12", "2 May 2026", "3 May 2026", "None"]
    lines = flat([put(label, 40, 100 + 60 * n), put(value, 40, 124 + 60 * n)]
                 for n, (label, value) in enumerate(zip(labels, values, strict=True)))  # fmt: skip
    assert repeats.repeated(lines, SIZE) == (lines, 0)


@pytest.mark.parametrize("lines", [[], [put("a", 1, 1)], [put("City", 9, 9)] * 5, [put("City", 9, 9 + n) for n in range(5)]])
def test_few_lines_or_lines_on_top_of_each_other_are_left_as_they_are(lines):
    assert repeats.repeated(lines, SIZE) == (lines, 0)


def test_no_label_of_a_page_with_cards_is_lost(laid_pages):
    for page in laid_pages:
        if page.archetype not in ("cards", "kanban", "list"):
            continue
        folded = reading.prompt(page.lines, page.size)
        told = {name.removesuffix("_id") for name in re.findall(r"^(\w+):", page.listed, re.MULTILINE)}
        for label in {line.text.lower() for line in page.lines}:
            shown = sum(label == line.text.lower() for line in page.lines)
            if shown > 2 and label.replace(" ", "_") in told and "more lines" not in folded:
                assert label in folded, (page.archetype, label, folded)


def test_whatever_the_boxes_are_it_ends_and_loses_nothing_but_what_it_counts():
    for _ in range(300):
        words = RNG.choices(["City", "Due", "1:15", "2:30", "a", "A-1", "9 May"], k=RNG.randint(0, 30))
        lines = [put(word, RNG.randrange(-20, 1500), RNG.randrange(-20, 950), RNG.randrange(1, 40)) for word in words]
        kept, more = repeats.repeated(lines, SIZE)
        assert [line for line in lines if line in kept] == kept and (more > 0) == (len(kept) < len(lines))
