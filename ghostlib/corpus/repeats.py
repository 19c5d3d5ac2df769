"""Records that repeat without a header: cards in a grid or in lanes, a phone's list, an inbox. Two stay, the rest are counted.

A label that stands on each of them (or a time of the same form, at an even pitch) tells where one ends and the next begins.
"""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import Protocol

Box = tuple[int, int, int, int]
Spot = tuple[str, int, int]
LEAST = 3  # records; two are shown anyway
SHOWN = 2


class Placed(Protocol):
    @property
    def text(self) -> str: ...
    @property
    def box(self) -> Box: ...


def repeated(lines: Sequence[Placed], size: tuple[int, int]) -> tuple[list, int]:
    """The lines without those of the records after the second, and how many records those were (0: nothing repeats)."""
    best: list[list] = []
    for anchors in _anchors(lines, size):
        records = _records(lines, anchors, size)
        if len(records) >= LEAST and sum(map(len, records)) > sum(map(len, best)):
            best = records
    if not best:
        return list(lines), 0
    shown = _telling(best)
    gone = {id(line) for number, record in enumerate(best) if number not in shown for line in record}
    gone -= {id(line) for number in shown for line in best[number]}
    return [line for line in lines if id(line) not in gone], (len(best) - len(shown)) * bool(gone)


def _anchors(lines: Sequence[Placed], size: tuple[int, int]) -> list[list]:
    """Groups of lines of which one may stand on each record: of one text, or codes or times of one form below each other."""
    texts: dict[str, list] = {}
    forms: dict[tuple[str, str, int], list] = {}
    for line in lines:
        word = line.text.rstrip(" :*").lower()
        if not re.search(r"\d", word):
            texts.setdefault(word, []).append(line)
            continue
        form = re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "0", word))
        if re.search(r"0:0|0([-/.])0\1|^0\.? a|^a 0, 0|^a-0", form):  # numbers and sums stand below each other on any page
            for side, edge in (("left", line.box[0]), ("right", line.box[2])):
                forms.setdefault((form, side, round(edge / (0.01 * size[0]))), []).append(line)
    found = [group for group in texts.values() if len(group) >= LEAST]
    return found + [group for group in forms.values() if len(group) > LEAST and _even(group)]


def _even(group: Sequence[Placed]) -> bool:
    tops = sorted(line.box[1] for line in group)
    steps = [after - before for before, after in pairwise(tops)]
    return min(steps) > 0 and max(steps) <= 1.3 * min(steps)


def _records(lines: Sequence[Placed], anchors: Sequence[Placed], size: tuple[int, int]) -> list[list]:
    """The lines of each record, in reading order of the records: what stands round its anchor, up to the next ones."""
    columns: list[list] = []
    for anchor in sorted(anchors, key=lambda line: line.box[0]):
        if columns and anchor.box[0] - columns[-1][0].box[0] < 0.05 * size[0]:
            columns[-1].append(anchor)
        else:
            columns.append([anchor])
    before = _before(lines, columns)
    edges = [column[0].box[0] - before for column in columns]
    wide = min((right - left for left, right in pairwise(edges)), default=size[0])
    if len(columns) > 1 and wide < 0.08 * size[0]:
        return []
    found: list[tuple[int, int, list]] = []
    pitch = 0
    for edge, column, following in zip(edges, columns, [*edges[1:], edges[-1] + wide], strict=True):
        inside = [line for line in lines if edge <= line.box[0] < min(following, edge + 1.2 * wide)]
        tops = sorted(line.box[1] for line in column)
        if any(low - high < 8 for high, low in pairwise(tops)):
            return []
        above = _above(inside, tops)
        pitch = pitch or round(median([low - high for high, low in pairwise(tops)] or [0]))
        for top, end in zip(tops, [*tops[1:], tops[-1] + (pitch or 10**6)], strict=True):
            found.append((top, edge, [line for line in inside if top - above <= line.box[1] < end - above]))
    found.sort(key=lambda record: record[:2])
    return [record for _, _, record in found] if len(columns) > 1 else _alike(found, size)


def _alike(found: Sequence[tuple[int, int, list]], size: tuple[int, int]) -> list[list]:
    """Of each record what stands at the same place in most of them: no line of what is beside the list."""
    counts: Counter[Spot] = Counter()
    for top, _, record in found:
        spots = {spot for line in record for spot in _spots(line, top, size)}
        counts.update({(side, x + dx, y + dy) for side, x, y in spots for dx in (-1, 0, 1) for dy in (-1, 0, 1)})
    common = {spot for spot, count in counts.items() if count >= max(3, 0.6 * len(found))}
    return [[line for line in record if common.intersection(_spots(line, top, size))] for top, _, record in found]


def _spots(line: Placed, top: int, size: tuple[int, int]) -> tuple[Spot, Spot]:
    """Where a line's two ends stand in the record of the anchor at `top`: x in hundredths of the width, y in 6 pixels."""
    down = round((line.box[1] - top) / 6)
    left, right = (round(x / (0.01 * size[0])) for x in (line.box[0], line.box[2]))
    return ("left", left, down), ("right", right, down)


def _before(lines: Sequence[Placed], columns: Sequence[Sequence[Placed]]) -> int:
    """How far left of the anchors the records begin: at the widest gap between two columns of anchors."""
    if len(columns) == 1:
        return columns[0][0].box[0]
    left, right = columns[0][0].box[0], columns[1][0].box[0]
    tops = [anchor.box[1] for column in columns for anchor in column]
    between = sorted(
        (line.box[0], line.box[2])
        for line in lines
        if left <= line.box[0] <= right and min(tops) - 4 <= line.box[1] <= max(tops) + 4
    )
    best, start, reach = -1, right, left
    for x0, x1 in between:
        if x0 - reach > best and x0 > left:
            best, start = x0 - reach, x0
        reach = max(reach, x1)
    return right - start


def _above(inside: Sequence[Placed], tops: Sequence[int]) -> int:
    """How far above its anchor a record begins: below the widest gap between two anchors of a column.

    Of a single row of records, as far as one line follows the next closely.
    """
    found = []
    for high, low in pairwise(tops):
        between = sorted((line.box[1], line.box[3]) for line in inside if high <= line.box[1] <= low + 2)
        best, start, reach = -(10**6), low, high
        for y0, y1 in between:
            if y0 > high + 4 and y0 - reach > best:
                best, start = y0 - reach, y0
            reach = max(reach, y1)
        found.append(low - start)
    if found:
        return round(median(found)) + 3
    start = tops[0]
    for y0, y1 in sorted(((line.box[1], line.box[3]) for line in inside if line.box[1] < start), reverse=True):
        if start - y1 > 1.5 * (y1 - y0):
            break
        start = min(start, y0)
    return tops[0] - start + 3


def _telling(records: Sequence[Sequence[Placed]]) -> set[int]:
    """The first record, and of the others the one with the most that is on several and not on the first."""
    said = [{re.sub(r"\d+", "0", line.text.lower()) for line in record} for record in records]
    common = {word for words in said for word in words if sum(word in others for others in said) > 1}
    gains = [len((words & common) - said[0]) for words in said[1:]]
    return {0, 1 + gains.index(max(gains))}
