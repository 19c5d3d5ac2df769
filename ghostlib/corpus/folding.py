"""A screen's lines folded to what a schema needs: navigation to one line, tables of records to header and examples.

Everything here works on anything with `text` and `box`; it decides by geometry and by the shape of texts alone.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Protocol

from ghostlib.corpus import repeats

Box = tuple[int, int, int, int]
Folded = list[tuple[str, Box | None]]

LONGEST = 60
MENU_WORD = 26  # characters; a longer text is no menu item
TOP = 0.09  # the share of the height that a top bar may take


class Placed(Protocol):
    @property
    def text(self) -> str: ...
    @property
    def box(self) -> Box: ...


@dataclass(frozen=True)
class Piece:
    """Several lines as one."""

    text: str
    box: Box


def fold(lines: Sequence[Placed], size: tuple[int, int], *, examples: int = 2) -> Folded:
    """The lines to print, with the box that gives their position (None for a line such as `... 7 more rows`)."""
    lines = _without(lines, _ornaments(lines, size))
    out: Folded = []
    items = menu(lines, size)
    if items:
        words = [
            re.sub(r"^\S (?=\w{3})", "", item.text)
            for item in items
            if len(item.text) > 2 and not item.text.lower().startswith("search")
        ]
        out.append((cut("menu: " + ", ".join(dict.fromkeys(words)), 3 * LONGEST), (0, 0, 0, 0)))
    for pane in _panes(_without(lines, items), size):
        out.extend(_pane(pane, size, examples))
    return out


def menu(lines: Sequence[Placed], size: tuple[int, int]) -> list:
    """The lines that are the page's navigation, above or on the left."""
    bar = _bar(lines, size)
    return [*bar, *(_column(_without(lines, bar), size) if len(bar) <= 5 else [])]  # a page has one navigation


def _pane(lines: Sequence[Placed], size: tuple[int, int], examples: int) -> Folded:
    out: Folded = []
    grouped = [_joined(row, size) for row in rows(lines)]
    if not any(_table(grouped[place:], size) for place in range(len(grouped))):
        lines, more = repeats.repeated(lines, size)
        if more:
            out.append((f"... {more} more records", None))
            grouped = [_joined(row, size) for row in rows(lines)]
    place = 0
    while place < len(grouped):
        header = grouped[place]
        body = _table(grouped[place:], size)
        if not body:
            out.extend((cut(line.text), line.box) for line in header)
            place += 1
            continue
        records = [cells for _, cells in body if cells]
        for row in [header, *records[:examples]]:
            out.append((" | ".join(cut(line.text, 32) for line in row), around([line.box for line in row])))
        if len(records) > examples:
            out.append((f"... {len(records) - examples} more rows", None))
        for row, cells in body:  # what stands beside the table
            out.extend((cut(line.text), line.box) for line in _without(row, cells))
        place += 1 + len(body)
    return out


def _joined(row: Sequence[Placed], size: tuple[int, int]) -> list:
    """The row, its close neighbours made one where it is the path above the title: an OCR reads it in one piece."""
    if not row or row[0].box[1] > 0.12 * size[1]:
        return list(row)
    out: list[Piece] = []
    for line in row:
        text = re.sub(r"\s*[>/]\s*", " ", line.text).strip()
        if out and line.box[0] < 0.5 * size[0] and line.box[0] - out[-1].box[2] < 2.0 * (line.box[3] - line.box[1]):
            out[-1] = Piece(f"{out[-1].text} {text}", around((out[-1].box, line.box)))
        else:
            out.append(Piece(text or line.text, line.box))
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


def _without(lines: Sequence[Placed], gone: Sequence[Placed]) -> list:
    identities = {id(line) for line in gone}
    return [line for line in lines if id(line) not in identities]


def _bar(lines: Sequence[Placed], size: tuple[int, int]) -> list:
    """The items of a horizontal menu: one of the two top rows, at least four short texts, and no table header."""
    grouped = rows(lines)
    for number, row in enumerate(grouped[:2]):
        words = [line for line in row if _menu_word(line.text)]
        if len(words) < 4 or row[0].box[1] > (TOP, 0.05)[number] * size[1] or len(words) < 0.6 * len(row):
            continue
        if not _table(grouped[number:], size):
            return words
    return []


def _column(lines: Sequence[Placed], size: tuple[int, int]) -> list:
    """The items of a vertical menu: the short texts left of the first gutter that no text below the top bar crosses.

    Labels standing left of their fields look alike but for one thing: each has its value on exactly the same height.
    A list of records that stands on the left has a search box or a header of its own, and stays.
    """
    inner = [line for line in lines if TOP * size[1] < line.box[1] < 0.94 * size[1] and len(line.text) <= LONGEST]
    left, right, edge = _gutter(inner, 3, size)  # notices and footers run over it
    named = [line for line in left if re.search(r"[^\W\d_]{3}", line.text)]  # the others are icons and counts
    told = [line for line in left if len(line.text) > 2]
    menu = sum(_menu_word(line.text) for line in named)
    high = [line for line in right if line.box[1] < 0.3 * size[1]]
    if not named or edge > 0.26 * size[0] or left[0].box[0] > 0.06 * size[0] or menu < 0.8 * len(named) or not high:
        return []
    if any(re.match(r"(?i)(search|filter|sort)\s+\w", line.text) for line in left) or len(right) < 4:
        return []
    if _level_share(named, right) > 0.8 or sum(_value(line.text) for line in told) > 0.2 * len(told):
        return []
    brand = [line for line in lines if line.box[1] <= TOP * size[1] and line.box[2] <= edge and _menu_word(line.text)]
    return [item for row in rows([*brand, *left]) for item in row]


def _panes(lines: Sequence[Placed], size: tuple[int, int]) -> list[list]:
    """A list beside its detail, as two panes that are read one after the other; else the page as one pane."""
    below = [line for line in lines if line.box[1] > 1.5 * TOP * size[1]]
    left, right, edge = _gutter(below, 6, size)
    if len(left) < 6 or len(right) < 6 or not 0.1 * size[0] < edge < 0.5 * size[0] or _level_share(left, right) > 0.5:
        return [list(lines)]
    return [_without(lines, below), left, right]


def _gutter(lines: Sequence[Placed], least: int, size: tuple[int, int]) -> tuple[list, list, int]:
    """The lines left and right of the first gutter with `least` lines on its left, and where it starts."""
    ordered = sorted(lines, key=lambda line: (line.box[0], line.box[1]))
    edge = 0
    for count, line in enumerate(ordered):
        if count >= least and line.box[0] > edge + 0.005 * size[0]:
            return ordered[:count], ordered[count:], edge
        edge = max(edge, line.box[2])
    return ordered, [], edge


def _level_share(left: Sequence[Placed], right: Sequence[Placed]) -> float:
    return sum(any(_level(line.box, other.box) for other in right) for line in left) / max(1, len(left))


def _ornaments(lines: Sequence[Placed], size: tuple[int, int]) -> list:
    """The texts that say nothing of the data: separators, an avatar's initials, page numbers, the days of a month."""
    gone = []
    for row in rows(lines):
        pages = [line for line in row if re.fullmatch(r"\d{1,3}|…|\.\.\.", line.text)]
        near = all(right.box[0] - left.box[2] < 4 * (left.box[3] - left.box[1]) for left, right in pairwise(pages))
        if len(pages) >= 3 and near and [line.text for line in pages[:2]] in (["1", "2"], ["2", "3"]):
            gone.extend(pages)
        days = [line for line in row if re.fullmatch(r"\d{1,2}", line.text)]
        if len(days) >= 5 and len(days) >= 0.7 * len(row):  # a week of a calendar, the ticks of an axis
            gone.extend(days)
        for place, line in enumerate(row):
            initials = re.fullmatch(r"[A-Z]{1,2}", line.text)
            named = row[place + 1].text if place + 1 < len(row) else ""
            known = named[:1] == line.text[:1] and 0 <= row[min(place + 1, len(row) - 1)].box[0] - line.box[2] < 0.03 * size[0]
            if not any(letter.isalnum() for letter in line.text) or (len(line.text) == 1 and line.box[2] < 0.05 * size[0]):
                gone.append(line)  # a separator, or an icon of the sidebar read as a letter
            elif initials and (known or line.box[1] <= TOP * size[1]):
                gone.append(line)
    return gone


def _menu_word(text: str) -> bool:
    return len(text) <= MENU_WORD and not text.endswith(("*", ":")) and any(letter.isalpha() for letter in text)


def _level(first: Box, second: Box) -> bool:
    tall = max(1, first[3] - first[1])
    return abs((first[1] + first[3]) - (second[1] + second[3])) / 2 < 0.35 * tall


def _table(grouped: Sequence[list], size: tuple[int, int]) -> list[tuple[list, list]]:
    """The rows that follow the header that `grouped[0]` may be, each with its cells below the header ([]: it heads none).

    A table has three columns or more, two rows or more at an even pitch, and values that look like values.
    """
    header = grouped[0]
    texts = {line.text.lower() for line in header}
    if len(header) < 3 or any(_value(line.text) for line in header[:3]) or len(texts) < len(header):  # cards say it again
        return []
    start, end, slack = header[0].box[0], header[-1].box[2], 0.015 * size[0]
    body: list[tuple[list, list]] = []
    found = [header]
    pitches: list[float] = []
    beside: list[tuple[list, list]] = []
    for row in grouped[1:]:
        cells = [line for line in row if start - slack <= line.box[0] < end + 3 * slack]
        if not cells:
            beside.append((row, cells))
            continue
        pitch = cells[0].box[1] - found[-1][0].box[1]
        if not _aligned(header, cells, size) or (len(pitches) > 1 and pitch > 1.6 * median(pitches[1:])):
            break
        body += [*beside, (row, cells)]
        beside = []
        pitches.append(pitch)
        found.append(cells)
    if len(pitches) < 2:
        return []
    even = max(pitches[1:]) <= 1.6 * min(pitches[1:]) if len(pitches) > 2 else max(pitches) <= 1.4 * min(pitches)
    return body if even and _records(header, found[1:]) else []


def _aligned(header: Sequence[Placed], row: Sequence[Placed], size: tuple[int, int]) -> bool:
    """True where the row's texts stand under the header's: by left edge, right edge or middle."""
    slack = 0.015 * size[0]
    fits = sum(
        any(
            -slack < cell.box[0] - head.box[0] < 2.5 * slack  # an avatar may stand before a name
            or abs(cell.box[2] - head.box[2]) < slack
            or abs(cell.box[0] + cell.box[2] - head.box[0] - head.box[2]) < 2 * slack
            for head in header
        )
        for cell in row
    )
    return len(row) >= max(2, 0.5 * len(header)) and fits >= 0.65 * len(row)


def _records(header: Sequence[Placed], body: Sequence[Sequence[Placed]]) -> bool:
    """True where some column holds nothing but values (digits, addresses), or says one thing twice, as no form's labels do."""
    starts = [head.box[0] for head in header]
    slack = 0.2 * (starts[1] - starts[0])
    whole = len(body) > 2 and all(len(header) - 1 <= len(row) <= len(header) for row in body)
    for start, following in zip(starts, [*starts[1:], 10**9], strict=True):
        cells = [cell.text for row in body for cell in row if start - slack <= cell.box[0] < following - slack]
        values = sum(_value(text) for text in cells)
        if len(cells) >= 2 and (values >= 0.8 * len(cells) or (whole and len(set(cells)) < len(cells))):
            return True
    return False


def _value(text: str) -> bool:
    return bool(re.search(r"\d|@", text))
