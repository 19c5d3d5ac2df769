"""Where a predicted column comes from: the line of the reading that most likely stands for it, or that there is none.

Columns and lines are paired by the likeness of their names (optimal assignment above a floor); among equals, a line that is
set as the other labels are (same edge, same row) is preferred to one in the navigation.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median
from typing import Any

from ghostlib.corpus import folding
from ghostlib.corpus.reading import Box, Line
from ghostlib.corpus.screens.wordings import wordings
from ghostlib.schemas import names
from ghostlib.schemas.schema import Column, ForeignKey, Schema, Table

FLOOR = 0.62  # a pair less alike is none; on training screens 0.70 gains 0.1 % of precision and loses 1.4 % of recall
CERTAIN = 0.9
WORDED, HEADED = 0.96, 0.85  # what a wording of the glossary is worth, and a section's heading for its key
LENT = 0.75  # a key's line is also its parent's where the two are as much alike
BONUS, MENU = 0.08, 0.12  # what the setting of a line adds, what a place in the navigation takes away
BEHIND = 0.1  # what is taken from the name behind a key: it has a label of its own only where nobody else wants that one
PLURAL = 0.15  # "Claims" is a page, not claims.claim_number
STAMPS = frozenset("created_at updated_at deleted_at created_on updated_on inserted_at modified_at archived_at".split())
NAMING = ("name", "full_name", "title", "label", "username", "email", "subject", "description")
FLAGS = frozenset(("is", "has", "can", "was"))  # before a boolean's own word
SUFFIXES = frozenset(("at", "on", "date", "time", "id", "number", "no", "code", "count", "amount"))
BUTTON = re.compile(r"(?i)[^\w]*Q?\s?(search|find|filter|sort|add|new|create|edit|save|send|delete|view|cancel)\b")
SAME = {"no": "number", "nr": "number", "tel": "phone", "qty": "quantity", "e": "", "mail": "email", "desc": "description"}
Words = tuple[str, ...]


@dataclass(frozen=True)
class Link:
    """One column and its line. `kind` is "shown", "convention" (keys, time stamps of the record) or "invented"."""

    table: str
    column: str
    kind: str
    line: str | None = None
    box: Box | None = None
    likeness: float = 0.0  # of the two names, 0..1

    def as_dict(self) -> dict[str, Any]:
        """The JSON shape of `ghost predict`."""
        box = list(self.box) if self.box else None
        return {"table": self.table, "column": self.column, "kind": self.kind, "line": self.line, "box": box}


@dataclass(frozen=True)
class Evidence:
    """Every column's link, in the order of the schema, and the lines that look like labels and became no column."""

    links: tuple[Link, ...] = ()
    unused: tuple[Line, ...] = ()


def of(schema: Schema, lines: Sequence[Line], size: tuple[int, int]) -> Evidence:
    """The evidence for a schema in what is written on a picture of `size` (width, height)."""
    columns = [(table, column) for table in schema.tables for column in table.columns]
    menu = {line.box for line in folding.menu(lines, size)}
    lines = sorted((part for line in lines for part in _parts(line)), key=lambda line: (line.box[1], line.box[0], line.text))
    named = [[_alike(*pair, line.text) for line in lines] for pair in columns]
    headed = [[_headed(*pair, line.text) for line in lines] for pair in columns]
    behind = {(key.table, _naming(schema.table(key.table))) for table in schema.tables for key in table.foreign_keys}
    less = [BEHIND * ((table.name, column.name) in behind) for table, column in columns]
    alike = [[max(pair) for pair in zip(*both, strict=True)] for both in zip(named, headed, strict=True)]
    taken = [
        [value - away - MENU * (line.box in menu) for value, line in zip(row, lines, strict=True)]
        for row, away in zip(alike, less, strict=True)
    ]
    found = _assigned(taken)
    shown = [lines[place].box for column, place in found.items() if named[column][place] >= CERTAIN]
    if shown:
        set_alike = [BONUS * _set_as(line.box, shown) for line in lines]
        found = _assigned([[v + b for v, b in zip(row, set_alike, strict=True)] for row in taken])
    found = {column: place for column, place in found.items() if alike[column][place] >= FLOOR}
    found = _shared(schema, columns, found, named)
    links = [_link(*pair, lines, found.get(number), alike[number]) for number, pair in enumerate(columns)]
    used = {found[number] for number in found}
    rest = [line for place, line in enumerate(lines) if place not in used and line.box not in menu]
    return Evidence(tuple(links), _unused(rest, [lines[place] for place in used], schema))


def _parts(line: Line) -> list[Line]:
    """The line, or what an OCR read as one: `Driver · Subject · Received`; none where it holds no word."""
    told = [part.strip() for part in re.split(r"[·|•]", line.text)]
    return [replace(line, text=part) for part in told if re.search(r"[^\W\d_]{2}", part)]


def _link(table: Table, column: Column, lines: Sequence[Line], place: int | None, alike: Sequence[float]) -> Link:
    if place is not None:
        line = lines[place]
        return Link(table.name, column.name, "shown", line.text, line.box, round(alike[place], 3))
    keyed = column.identity or column.name in table.primary_key or any(column.name in key.columns for key in table.foreign_keys)
    stamped = column.name in STAMPS and column.type.startswith(("time", "date"))
    return Link(table.name, column.name, "convention" if keyed or stamped else "invented")


def _phrases(table: Table, column: Column) -> dict[Words, float]:
    """The ways in which a screen may say a column, as singular words, each with how much it is worth."""
    if column.identity or table.primary_key == (column.name,):
        return {}
    own, key = names.words(column.name), _key(table, column)
    found = {own, _without(own, names.words(table.name))}
    if own[0] in FLAGS and len(own) > 1:
        found.add(own[1:])
    if own[-1] in SUFFIXES and len(own) > 1:
        found |= {one[:-1] for one in set(found) if len(one) > 1}
    if key:
        found.add(names.words(key.table))
    worth = {_same(names.words(told)): WORDED for told in wordings(column.name)}
    if key:
        worth.pop(_heading(table), None)
    return worth | {_same(one): 1.0 for one in found if one}


def _alike(table: Table, column: Column, text: str) -> float:
    """Likeness of a column and a line, 0..1: the whole line, or the part that an OCR joined with a value."""
    phrases = _phrases(table, column)
    if not phrases or BUTTON.match(text):
        return 0.0
    bare = re.sub(r"[*:?]|^\W+", " ", text)
    told = {_same(names.words(one.strip() or text)) for one in (bare, re.sub(r"\(.*?\)", " ", bare))}
    if _same((*names.words(table.name), *names.words(column.name))) in told:
        return 1.0  # "Guest name" is guests.name; only the whole of it, else "Guest" would be every column of guests
    found = max(_near(phrase, said) * worth for phrase, worth in phrases.items() for said in told)
    return found - PLURAL * (_plural(text) and not _plural(column.name))


def _headed(table: Table, column: Column, text: str) -> float:
    """Likeness of a key and the heading of its section: under its parent's record nothing else says it."""
    return HEADED * (_same(names.words(text)) == _heading(table) and _key(table, column) is not None)


def _heading(table: Table) -> Words:
    return _same(names.words(table.name))


def _plural(text: str) -> bool:
    last = (re.findall(r"[^\W\d_]+", text.lower()) or [""])[-1]
    return names.singular(last) != last


def _near(phrase: Words, said: Words) -> float:
    whole = names.alike("_".join(phrase), "_".join(said))
    if whole >= CERTAIN or len(said) <= len(phrase):
        return whole
    parts = (said[start : start + len(phrase)] for start in range(min(4, len(said) - len(phrase) + 1)))
    inside = max((0.95 - 0.05 * start for start, part in enumerate(parts) if part == phrase), default=0.0)
    return max(whole, inside - 0.04 * (len(said) - len(phrase)))


def _assigned(values: Sequence[Sequence[float]]) -> dict[int, int]:
    """Row -> column of the assignment with the greatest sum of what is above the floor."""
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    if not values or not values[0]:
        return {}
    floor = FLOOR - MENU
    worth = np.maximum(np.array(values, dtype=float) - floor, 0.0)
    return {int(row): int(column) for row, column in zip(*linear_sum_assignment(-worth), strict=True) if worth[row, column] > 0}


def _shared(
    schema: Schema, columns: Sequence[tuple[Table, Column]], found: dict[int, int], alike: Sequence[Sequence[float]]
) -> dict[int, int]:
    """The pairs, with one line for a key and for the name behind it: "Customer" is orders.customer_id and customers.name."""
    number = {(table.name, column.name): place for place, (table, column) in enumerate(columns)}
    found = dict(found)
    for table in schema.tables:
        keys = [key for key in table.foreign_keys if len(key.columns) == 1 and key.table != table.name]
        for key in sorted(keys, key=lambda key: names.words(key.columns[0])[:-1] != names.words(key.table)):
            own, behind = number.get((table.name, key.columns[0])), _naming(schema.table(key.table))
            other = number.get((key.table, behind)) if behind else None
            if own is None or other is None:
                continue
            if own not in found or alike[own][found[own]] < LENT:
                continue
            if other not in found or alike[other][found[other]] < CERTAIN:
                found[other] = found[own]
    return found


def _naming(table: Table | None) -> str | None:
    """The column that a record of this table is called by."""
    if table is None:
        return None
    plain = {column.name: column for column in table.columns if not column.identity and not _key(table, column)}
    known = (name for name in NAMING if name in plain)
    first = (name for name, column in plain.items() if column.type == "text" and column.not_null)
    return next(known, next(first, None))


def _set_as(box: Box, shown: Sequence[Box]) -> float:
    """How far a line is set as the labels are that are certain, 0..1: as high, and on an edge or a row with one of them."""
    high = box[3] - box[1]
    for other in shown:
        tall = other[3] - other[1]
        edge = abs(box[0] - other[0]) < 0.6 * tall
        row = abs((box[1] + box[3]) - (other[1] + other[3])) < 0.8 * tall
        if other != box and (edge or row) and abs(high - tall) < 0.35 * tall:
            return 1.0
    return 0.0


def _unused(lines: Iterable[Line], used: Sequence[Line], schema: Schema) -> tuple[Line, ...]:
    """The lines that are set and written as the labels are that became columns, and stand for none themselves."""
    if len(used) < 2:
        return ()
    boxes, tall = [line.box for line in used], median(line.box[3] - line.box[1] for line in used)
    upper = sum(line.text.isupper() for line in used) > len(used) / 2
    values = {value.lower() for table in schema.tables for check in table.checks for value in check.values}
    said = {line.text.lower() for line in used}
    found = []
    for line in lines:
        words = re.sub(r"[*:?]|\(.*?\)", "", line.text).split()
        worded = 0 < len(words) <= 4 and not re.search(r"[\d@#%$€£/]", line.text) and line.text[:1].isupper()
        known = line.text.lower() in said or "_".join(words).lower() in values
        alike = abs(line.box[3] - line.box[1] - tall) < 0.3 * tall and line.text.isupper() == upper
        if worded and not known and alike and not BUTTON.match(line.text) and _in_series(line.box, boxes):
            found.append(line)
    return tuple(found)


def _in_series(box: Box, labels: Sequence[Box]) -> bool:
    """Whether a line goes on a row or a column of at least two labels, at their own distance: a value stands nearer."""
    tall = box[3] - box[1]
    row = [one for one in labels if abs((one[1] + one[3]) - (box[1] + box[3])) < 0.5 * tall]
    if len(row) >= 2:
        return True
    column = sorted(one[1] for one in labels if abs(one[0] - box[0]) < 0.35 * tall)
    if len(column) < 2:
        return False
    gaps = [below - above for above, below in pairwise(column)]
    pitch = median(gaps) if len(gaps) > 1 else gaps[0] / 2
    near = min(abs(one - box[1]) for one in column)
    return 0.8 * pitch < near < 1.6 * pitch


def _key(table: Table, column: Column) -> ForeignKey | None:
    return next((key for key in table.foreign_keys if key.columns == (column.name,)), None)


def _without(words: Words, prefix: Words) -> Words:
    return words[len(prefix) :] if words[: len(prefix)] == prefix else words


def _same(words: Words) -> Words:
    """The words in one spelling of what screens abbreviate: `no.` and `number`, `e-mail` and `email`."""
    return tuple(told for word in words if (told := SAME.get(word, word))) or words
