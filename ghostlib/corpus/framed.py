"""The same page inside a window that has nothing to do with it: a bar of commands, a tree of places, a line of states.

Applications look in more ways than the project draws; what stands at a page's edges must not be taken for its fields.
"""

import random
from collections.abc import Iterator
from dataclasses import replace

from ghostlib.corpus import invented
from ghostlib.corpus.laid import Page
from ghostlib.corpus.reading import Line

COMMANDS = """About Apply Back Cancel Charts Close Columns Copy Cut Details Edit Export File Fields Find Format Forward Go Group
Help History Home Import Insert Layout Link Macro More New Open Options Page Paste Pin Print Queries Redo Refresh Rows Run Save
Select Share Sort Style Tab Table Tasks Tools Undo View Window Zoom""".split()
HIGH = 18  # pixels of a line
APART = (26, 40)  # pixels from one line of a strip to the next


def framed(page: Page, rng: random.Random) -> Page:
    """The page moved into a larger one, with a strip of lines at its left or right, above or below it, or at two of these."""
    width, height = page.size
    sides = rng.sample(("left", "right", "top", "bottom"), rng.choice((1, 1, 2)))
    room = {side: rng.randint(110, 240) if side in ("left", "right") else rng.choice((1, 1, 2, 3)) * 30 for side in sides}
    left, top = room.get("left", 0), room.get("top", 0)
    size = (width + left + room.get("right", 0), height + top + room.get("bottom", 0))
    lines = [_moved(line, left, top) for line in page.lines]
    for side in sides:
        if side in ("left", "right"):
            lines += _column(0 if side == "left" else left + width, top, size[1], rng)
        else:
            lines += _rows(0 if side == "top" else top + height, room[side], size[0], rng)
    widgets = tuple((kind, _shifted(box, left, top)) for kind, box in page.widgets)
    return replace(page, size=size, lines=tuple(lines), widgets=widgets, picture=None)


def _column(x: int, y: int, low: int, rng: random.Random) -> Iterator[Line]:
    y += rng.randint(4, 60)
    for _ in range(rng.randint(3, 12)):
        if y + HIGH > low:
            return
        yield _line(x + rng.choice((8, 24, 40)), y, rng)
        y += rng.randint(*APART)


def _rows(y: int, deep: int, wide: int, rng: random.Random) -> Iterator[Line]:
    for row in range(y, y + deep - HIGH, 30):
        x = rng.randint(8, 60)
        for _ in range(rng.randint(1, 7)):
            line = _line(x, row + 4, rng)
            if line.box[2] > wide:
                break
            yield line
            x = line.box[2] + rng.choice((14, 24, 60, 200))


def _line(x: int, y: int, rng: random.Random) -> Line:
    known = rng.random() < 0.4
    text = " ".join(rng.sample(COMMANDS, rng.choice((1, 1, 2, 3)))) if known else invented.phrase(rng).replace("_", " ")
    text = text if known else text.capitalize()
    return Line(text, (x, y, x + 8 * len(text), y + HIGH))


def _moved(line: Line, left: int, top: int) -> Line:
    return Line(line.text, _shifted(line.box, left, top), line.score)


def _shifted(box: tuple[int, int, int, int], left: int, top: int) -> tuple[int, int, int, int]:
    return box[0] + left, box[1] + top, box[2] + left, box[3] + top
