"""The gates on what a screen shows of its label: every column has words on the screen, and every data word a column."""

import re
from collections.abc import Sequence
from pathlib import Path

from ghostlib.corpus import picture
from ghostlib.corpus.quality.findings import Case, Finding, Reject, unless_most
from ghostlib.corpus.records import Label, Screen, picture_file
from ghostlib.errors import DataError
from ghostlib.schemas.schema import Schema

# What pages say that sell a product and show none of its data; three of them together are such a page.
SELLING = (
    "get started", "sign up free", "start free trial", "start your free trial", "try for free", "try it free",
    "book a demo", "request a demo", "watch demo", "contact sales", "talk to sales", "see pricing", "view pricing",
    "trusted by", "loved by", "no credit card", "learn more", "join thousands", "all-in-one", "why choose us",
    "what our customers say", "testimonials", "subscribe to our newsletter", "join our newsletter", "all rights reserved",
    "accept cookies", "accept all cookies", "download on the app store", "get it on google play",
)  # fmt: skip
PAGE = 3
NO_DATA = re.compile(
    r"\bno[ _](?:data|records?|tables?|database|schema)\b|\bnot enough (?:data|information)\b"
    r"|\b(?:marketing|landing|login) page\b",
    re.IGNORECASE,
)


def visible(case: Case) -> tuple[Finding, list[Reject]]:
    """Every column of the truth has a label that can be seen on the screen."""
    rejects, bare, columns, seen = [], [], 0, 0
    for row, screen in case.screens:
        schema = case.verdicts[row - 1].schema
        if not screen.labels:
            bare.append(case.reject(row, "visible", "it carries no labels: nothing says where on the screen its columns stand"))
        if schema is None:
            continue
        wanted = sum(map(len, _worded(schema).values()))
        inside = [label for label in screen.labels if _inside(label, _size(screen, case.root))]
        missing = unlabelled(schema, inside, [line.text for line in screen.lines])
        columns, seen = columns + wanted, seen + wanted - len(missing)
        if missing and screen.labels:
            rejects.append(case.reject(row, "visible", f"no label on the screen for {', '.join(missing)}"))
    text = f"{seen} of {columns} columns have a label on their screen"
    text += f"; {len(bare)} of {len(case.screens)} screens carry no labels at all" if bare else ""
    return Finding("visible", not rejects and not bare, text), [*rejects, *unless_most(bare, len(case.screens))]


def columns(case: Case) -> tuple[Finding, list[Reject]]:
    """Every label and every element that is said to stand for a column stands for one of the truth's."""
    rejects, count = [], 0
    for row, screen in case.screens:
        schema = case.verdicts[row - 1].schema
        if schema is None:
            continue
        known = {f"{table.name}.{column.name}" for table in schema.tables for column in table.columns}
        told = {f"{label.table}.{label.column}" for label in screen.labels} | set(_elements(screen))
        count += len(told)
        if stray := sorted(told - known):
            rejects.append(case.reject(row, "columns", f"the screen shows {', '.join(stray)}, which its label lacks"))
    return Finding("columns", not rejects, f"{len(rejects)} screens show data that their label lacks ({count} labels)"), rejects


def stub(case: Case) -> tuple[Finding, list[Reject]]:
    """No label is a stub for a screen without data: such a screen is no example."""
    rejects = []
    for row, screen in case.screens:
        if reason := _selling(screen) or _nothing(screen):
            rejects.append(case.reject(row, "stub", reason))
    return Finding("stub", not rejects, f"{len(rejects)} screens show no data: marketing pages, or labelled as empty"), rejects


def unlabelled(schema: Schema, labels: Sequence[Label], shown: Sequence[str] = ()) -> list[str]:
    """The columns, as `table.column`, that no label names; where the screen's texts are given, a label must be among them.

    The surrogate key needs none, nor does a foreign key: one that ties a section to its parent is said by the section itself.
    """
    text = " ".join(shown).lower()
    named = {(label.table, label.column) for label in labels if _written(label.text, text)}
    return [
        f"{table}.{column}" for table, columns in _worded(schema).items() for column in columns if (table, column) not in named
    ]


def _worded(schema: Schema) -> dict[str, list[str]]:
    """By table, the columns that need words of their own."""
    return {
        table.name: [
            column.name
            for column in table.columns
            if not column.identity and not any(column.name in key.columns for key in table.foreign_keys)
        ]
        for table in schema.tables
    }


def _written(label: str, shown: str) -> bool:
    """True where the label stands among the screen's texts (or these are not known)."""
    return bool(label.strip()) and (not shown or label.lower().strip(" *:") in shown)


def _inside(label: Label, size: tuple[int, int] | None) -> bool:
    """Whether a label's box lies in the picture; a box that nobody gave, and a picture that is not there, say nothing."""
    x0, y0, x1, y1 = label.box
    if not any(label.box):
        return True
    return x0 < x1 and y0 < y1 and (size is None or (x0 >= -1 and y0 >= -1 and x1 <= size[0] + 1 and y1 <= size[1] + 1))


def _size(screen: Screen, root: Path | None) -> tuple[int, int] | None:
    try:
        return None if root is None or not screen.labels else picture.size(picture_file(screen, root))
    except DataError:
        return None  # the picture gate says so


def _elements(screen: Screen) -> list[str]:
    """The columns that `ui_analysis` gives its elements; the public shapes have no such field."""
    elements = screen.ui_analysis.get("elements")
    rows = elements if isinstance(elements, list) else []
    return [row["column"] for row in rows if isinstance(row, dict) and isinstance(row.get("column"), str) and row["column"]]


def _selling(screen: Screen) -> str:
    lines = screen.reading.lines if screen.reading else screen.lines
    text = " ".join(line.text for line in lines).lower()
    found = [words for words in SELLING if words in text]
    return f"a marketing page ({', '.join(found[:PAGE])})" if len(found) >= PAGE else ""


def _nothing(screen: Screen) -> str:
    """What the record itself says of a screen without data: in a comment of its SQL or in its analysis."""
    comments = re.findall(r"--[^\n]*|/\*.*?\*/", screen.output, re.DOTALL)
    told = [value for key in ("complexity", "summary", "description", "note") if (value := screen.ui_analysis.get(key))]
    hit = next((hit for text in (*comments, *map(str, told)) if (hit := NO_DATA.search(text))), None)
    if hit:
        return f"the record says {hit.group()!r} and has a label all the same"
    return "the record says no_data and has a label all the same" if screen.ui_analysis.get("no_data") is True else ""
