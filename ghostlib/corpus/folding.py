"""A screen's lines folded to what a schema needs: navigation to one line, tables of records to header and examples.

Everything here works on anything with `text` and `box`; it decides by geometry and by the shape of texts alone.
"""

import re
from collections.abc import Sequence
from statistics import median
from typing import Protocol

Box = tuple[int, int, int, int]
Folded = list[tuple[str, Box | None]]

LONGEST = 60
MENU_WORD = 26  # characters; a longer text is no menu item


class Placed(Protocol):
    @property
    def text(self) -> str: ...
    @property
    def box(self) -> Box: ...


def fold(lines: Sequence[Placed], size: tuple[int, int], *, examples: int = 2) -> Folded:
    """The lines to print, with the box that gives their position (None for a line such as `... 7 more rows`)."""
    lines = list(lines)
    out: Folded = []
    menu = _bar(lines, size) or _column(lines, size)
    if menu:
        lines = [line for line in lines if all(line is not item for item in menu)]
        out.append((cut("menu: " + ", ".join(item.text for item in menu), 3 * LONGEST), (0, 0, 0, 0)))
    grouped = rows(lines)
    place = 0
    while place < len(grouped):
        count = _table(grouped[place:], size)
        if not count:
            out.extend((cut(line.text), line.box) for line in grouped[place])
            place += 1
            continue
        for row in grouped[place : place + 1 + examples]:
            out.append((" | ".join(cut(line.text, 32) for line in row), around([line.box for line in row])))
        if count > examples:
            out.append((f"... {count - examples} more rows", None))
        place += 1 + count
    return out


def rows(lines: Sequence[Placed]) -> list[list]:
    """Visual rows, top to bottom, each left to right: lines that overlap by half of the lower one share a row."""
    grouped: list[list] = []
    spans: list[tuple[float, float]] = []
    for line in sorted(lines, key=lambda line: (line.box[1] + line.box[3], line.box[0], line.text)):
        top, bottom = line.box[1], line.box[3]
        if spans:
            overlap = min(bottom, spans[-1][1]) - max(top, spans[-1][0])
            if overlap >= 0.5 * max(1, min(bottom - top, spans[-1][1] - spans[-1][0])):
                grouped[-1].append(line)
                continue
        grouped.append([line])
        spans.append((top, bottom))
    return [sorted(row, key=lambda line: (line.box[0], line.box[1], line.text)) for row in grouped]


def around(boxes: Sequence[Box]) -> Box:
    """The smallest box round all of them."""
    return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)


def neighbours(left: Box, right: Box) -> bool:
    """True where the second box follows the first on the same row, closer than two line heights."""
    tall = max(1, left[3] - left[1])
    return abs(left[1] - right[1]) < 0.5 * tall and 0 <= right[0] - left[2] < 2 * tall


def cut(text: str, longest: int = LONGEST) -> str:
    """The text, or its beginning with `...` where it is longer than `longest`."""
    return text if len(text) <= longest else text[: longest - 3].rstrip() + "..."


def _bar(lines: Sequence[Placed], size: tuple[int, int]) -> list:
    """The items of a horizontal menu: one of the two top rows, at least four short texts, and no table header."""
    grouped = rows(lines)
    for number, row in enumerate(grouped[:2]):
        words = [line for line in row if _menu_word(line.text)]
        if len(words) < 4 or row[0].box[1] > 0.09 * size[1] or len(words) < 0.6 * len(row):
            continue
        if not any(_aligned(row, below, size) for below in grouped[number + 1 : number + 3]):
            return words
    return []


def _column(lines: Sequence[Placed], size: tuple[int, int]) -> list:
    """The items of a vertical menu: the short texts left of the first gutter that no text crosses, beside real content.

    Labels standing left of their fields look alike but for one thing: each has its value on exactly the same height.
    """
    ordered = sorted(lines, key=lambda line: line.box[0])
    edge, count = 0, 0
    for count, line in enumerate(ordered):
        if count >= 4 and line.box[0] > edge + 0.005 * size[0]:
            break
        edge = max(edge, line.box[2])
    left, right = ordered[:count], ordered[count:]
    menu = sum(_menu_word(line.text) for line in left)
    high = [line for line in right if line.box[1] < 0.3 * size[1]]
    if not left or edge > 0.26 * size[0] or left[0].box[0] > 0.06 * size[0] or menu < 0.8 * len(left) or not high:
        return []
    level = [line for line in left if any(_level(line.box, other.box) for other in right)]
    if len(right) < 4 or len(level) > 0.6 * len(left):
        return []
    return [item for row in rows(left) for item in row]


def _menu_word(text: str) -> bool:
    return len(text) <= MENU_WORD and not text.endswith(("*", ":")) and any(letter.isalpha() for letter in text)


def _level(first: Box, second: Box) -> bool:
    tall = max(1, first[3] - first[1])
    return abs((first[1] + first[3]) - (second[1] + second[3])) / 2 < 0.35 * tall


def _table(grouped: Sequence[list], size: tuple[int, int]) -> int:
    """How many rows of records follow the header that `grouped[0]` may be (0: it heads no table).

    A table has three columns or more, three rows or more at an even pitch, and values that look like values.
    """
    header = grouped[0]
    if len(header) < 3 or any(_value(line.text) for line in header[:3]):
        return 0
    count = 0
    pitches: list[float] = []
    for before, row in zip(grouped, grouped[1:], strict=False):
        pitch = row[0].box[1] - before[0].box[1]
        if not _aligned(header, row, size) or (len(pitches) > 1 and pitch > 1.6 * median(pitches[1:])):
            break
        pitches.append(pitch)
        count += 1
    if count < 3 or max(pitches[1:]) > 1.6 * min(pitches[1:]):
        return 0
    return count if _records(header, grouped[1 : 1 + count]) else 0


def _aligned(header: Sequence[Placed], row: Sequence[Placed], size: tuple[int, int]) -> bool:
    """True where the row's texts stand under the header's: by left edge, right edge or middle."""
    slack = 0.015 * size[0]
    fits = sum(
        any(
            abs(cell.box[0] - head.box[0]) < slack
            or abs(cell.box[2] - head.box[2]) < slack
            or abs(cell.box[0] + cell.box[2] - head.box[0] - head.box[2]) < 2 * slack
            for head in header
        )
        for cell in row
    )
    return len(row) >= max(2, 0.5 * len(header)) and fits >= 0.7 * len(row)


def _records(header: Sequence[Placed], body: Sequence[Sequence[Placed]]) -> bool:
    """True where some column holds values: digits, addresses, or the same few words again and again."""
    for head in header:
        cells = [cell.text for row in body for cell in row if cell.box[0] < head.box[2] and cell.box[2] > head.box[0]]
        if len(cells) >= 3 and (
            sum(_value(text) for text in cells) >= 0.6 * len(cells) or len(set(cells)) <= 0.6 * len(cells)
        ):
            return True
    return False


def _value(text: str) -> bool:
    return bool(re.search(r"\d|@", text))
