"""What a list makes of its records: which columns fit, what its search names, and the order of its rows."""

import random
from collections.abc import Sequence
from dataclasses import replace

from ghostlib.corpus.screens.notation import Attribute, Entity
from ghostlib.corpus.screens.plan import Field
from ghostlib.corpus.screens.samples import shown

WORDS = ("person", "list", "company", "email", "code", "pickcode", "phone", "city")  # kinds that a search box finds
ORDERED = ("date", "time", "money", "int")  # kinds that a list is sorted by


def fitting(fields: tuple[Field, ...], room: int) -> tuple[Field, ...]:
    """The fields whose columns fit into a row of `room` characters, at least two; the last are left out first."""
    used, kept = 0.0, []
    for field in sorted(fields, key=lambda field: not field.names_record):
        person = field.kind == "person" or bool(field.target and field.target[1] == "full_name")
        stars = 13 * (field.kind == "stars")
        used += max(len(field.label) * 1.1 + 3, stars, *(len(value) for value in field.values)) + 4 + 5 * person
        if used <= room or len(kept) < 2:
            kept.append(field)
    return tuple(field for field in fields if field in kept)


def search(entity: Entity, fields: tuple[Field, ...], rng: random.Random) -> tuple[tuple[str, ...], str]:
    """The columns that a list's search box names, and its words; both empty where the list has none."""
    texts = [field for field in fields if field.kind in WORDS]
    if not texts or rng.random() < 0.3:
        return (), ""
    found = texts[: rng.choice((1, 1, 2))]
    noun = f"{entity.title.lower()} " if rng.random() < 0.5 else ""
    names = " or ".join(_named(field.label, entity) for field in found)
    return tuple(field.column for field in found), f"Search {noun}by {names}"


def _named(label: str, entity: Entity) -> str:
    return f"{label.lower()} number" if label.lower() == entity.noun.lower() else lowered(label)


def cover(attribute: Attribute, records: list[dict[str, str]], rng: random.Random) -> None:
    """Shows every member of an enumeration in some row, so that the screen says what the members are."""
    if len(attribute.values) <= len(records):
        for record, value in zip(rng.sample(records, len(attribute.values)), attribute.values, strict=True):
            record[attribute.name] = shown(value)


def ordered(fields: tuple[Field, ...], records: Sequence[dict[str, str]], column: str) -> tuple[Field, ...]:
    """The fields with their rows in falling order of a column; the samples keep what to sort by under `@column`."""
    order = sorted(range(len(records)), key=lambda row: records[row].get(f"@{column}", ""), reverse=True)
    return tuple(replace(field, values=tuple(field.values[row] for row in order)) for field in fields)


def lowered(label: str) -> str:
    """A label inside a sentence: `Order no.` is `order no.`, `SKU` stays."""
    return " ".join(word if word.isupper() else word.lower() for word in label.split())
