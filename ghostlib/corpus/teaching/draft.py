"""An answer of the teacher -> a Draft, checked field by field, or what is wrong with it."""

import json
from dataclasses import dataclass
from typing import Any

from ghostlib.corpus.teaching import briefing

LONGEST = 200_000  # characters; no schema of one screen is longer
WORDS = 2_000  # characters before the JSON, at most: looking on for ever helps nobody
WIDEST = 200  # characters of a domain or a widget
FIELDS: dict[str, type] = {
    "no_data": bool,
    "screen": str,
    "domain": str,
    "elements": list,
    "relationships": list,
    "complexity": str,
    "sql": str,
}


@dataclass(frozen=True)
class Trouble:
    """Why an answer gives no record: `reason` is a word for programs, `words` are for the teacher and the reader.

    `final` where telling the teacher is of no use.
    """

    reason: str
    words: str
    final: bool = False


@dataclass(frozen=True)
class Element:
    """Something that stands for data: its words on the screen, what it is, and "table.column" or ""."""

    label: str
    widget: str
    column: str


@dataclass(frozen=True)
class Draft:
    """What the teacher says of one screen."""

    screen: str
    domain: str
    elements: tuple[Element, ...]
    relationships: tuple[str, ...]
    complexity: str
    sql: str


def parse(text: str) -> Draft | Trouble:
    """The Draft in an answer; words round its JSON are overlooked. Nothing in `text` makes this raise."""
    if len(text) > LONGEST:
        return Trouble("answer", f"the answer has more than {LONGEST:,} characters")
    found = _object(text)
    if found is None:
        return Trouble("answer", "the answer holds no complete JSON object")
    for name, kind in FIELDS.items():
        if not isinstance(found.get(name), kind):
            return Trouble("answer", f"`{name}` is missing or not a {kind.__name__}")
    if found["no_data"]:
        return Trouble("no_data", "the teacher sees neither records nor fields", final=True)
    elements = [_element(item) for item in found["elements"]]
    if None in elements:
        return Trouble("answer", "each of `elements` needs the texts label, widget and column")
    if not all(isinstance(one, str) for one in found["relationships"]):
        return Trouble("answer", "`relationships` is not a list of texts")
    screen, complexity = found["screen"].strip().lower(), found["complexity"].strip().lower()
    if complexity not in briefing.COMPLEXITY:
        return Trouble("answer", f"`complexity` is none of {', '.join(briefing.COMPLEXITY)}")
    return Draft(
        screen=screen if screen in briefing.archetypes() else briefing.OTHER,
        domain=_line(found["domain"]).lower(),
        elements=tuple(one for one in elements if one is not None),
        relationships=tuple(map(_line, found["relationships"])),
        complexity=complexity,
        sql=found["sql"],
    )


def _object(text: str) -> dict[str, Any] | None:
    """The first JSON object in a text that is the answer, not one of its elements."""
    start = text.find("{")
    while 0 <= start < WORDS:
        try:
            found, _ = json.JSONDecoder().raw_decode(text, start)
            if isinstance(found, dict) and not FIELDS.keys().isdisjoint(found):
                return found
        except (ValueError, RecursionError):
            pass
        start = text.find("{", start + 1)
    return None


def _element(item: Any) -> Element | None:
    if not isinstance(item, dict) or not all(isinstance(item.get(key), str) for key in ("label", "widget", "column")):
        return None
    return Element(_line(item["label"]), _line(item["widget"]).lower(), item["column"].strip().strip('"').lower())


def _line(text: str) -> str:
    """The text on one line of bearable length, of letters that print: half a surrogate cannot be written to a file."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:WIDEST]
