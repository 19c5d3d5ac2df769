"""What a list makes of its records: which columns fit, what its search names, the order and the sums of its rows."""

import random
import re
from collections.abc import Sequence
from dataclasses import replace

from ghostlib.corpus.screens import truth
from ghostlib.corpus.screens.notation import Attribute, Domain, Entity
from ghostlib.corpus.screens.plan import Field, Section
from ghostlib.corpus.screens.samples import Style, shown

WORDS = ("person", "list", "company", "email", "code", "pickcode", "phone", "city")  # kinds that a search box finds
ORDERED = ("date", "time", "money", "int")  # kinds that a list is sorted by
APIECE = frozenset("price prices fee rate rent cost tariff daily hourly monthly unit".split())  # nobody adds up unit prices
NAMED = ("person", "company", "email", "phone", "city", "country", "list", "code", "money")  # what a heading alone says


def fitting(fields: tuple[Field, ...], room: int) -> tuple[Field, ...]:
    """The fields whose columns fit into a row of `room` characters, at least two; the last are left out first."""
    used, kept = 0.0, []
    for field in sorted(fields, key=lambda field: not field.names_record):
        used += width(field)
        if used <= room or len(kept) < 2:
            kept.append(field)
    return tuple(field for field in fields if field in kept)


def width(field: Field) -> float:
    """How many characters wide a field's column is, its padding and what is drawn beside the words included."""
    person = field.kind == "person" or bool(field.target and field.target[1] == "full_name")
    drawn = {"stars": 13, "slider": 14, "percent": 12}.get(field.kind, 0)
    extra = 5 * person + 4 * (field.kind == "tags") + 3 * (field.kind == "color")
    return max(len(field.label) * 1.1 + 3, drawn, *(len(value) for value in field.values), 6) + 4 + extra


def refers(entity: Entity) -> bool:
    """Whether the entity points at another one."""
    return any(attribute.target for attribute in entity.attributes)


def joined(domain: Domain, entity: Entity) -> list[Entity]:
    """The entities with names that `entity` is joined with: another table points at both of them."""
    found: dict[str, None] = {}
    for link in domain.entities:
        targets = [a.target for a in link.attributes if a.target]
        if entity.table in targets and link.table != entity.table:
            found |= dict.fromkeys(t for t in targets if t not in (entity.table, link.table))
    direct = {a.target for a in entity.attributes}
    tables = {other.table for other in domain.entities}
    return [
        other
        for other in map(domain.entity, found)
        if other.naming and other.table not in direct and truth.join_name(entity.table, other.table) not in tables
    ]


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


def amount(text: str) -> float:
    """The number in an amount of money as any style writes it: `1.240,50 €` is 1240.5."""
    digits = re.sub(r"[^0-9.,]", "", text).strip(".,")
    cents = re.search(r"[.,](\d\d)$", digits)
    whole = re.sub(r"\D", "", digits[: cents.start()] if cents else digits)
    return int(whole or 0) + (int(cents.group(1)) / 100 if cents else 0.0)


def bare(text: str, style: Style) -> str:
    """An amount of money without its currency's sign, for a column whose heading names the currency."""
    return text.replace(style.currency, "").strip()


def adds_up(field: Field) -> bool:
    """Whether a sum of the column means something: amounts of money do, unit prices and fees do not."""
    return field.kind == "money" and not APIECE & set(field.column.split("_"))


def sums(fields: Sequence[Field], style: Style, rows: Sequence[int] | None = None) -> tuple[str, ...]:
    """Under each column of money the sum of its rows (all, or those given), else nothing; computed, so no column."""

    def total(field: Field) -> str:
        shown_rows = range(len(field.values)) if rows is None else rows
        return style.money(sum(amount(field.values[row]) for row in shown_rows)) if adds_up(field) else ""

    return tuple(map(total, fields))


def subtotals(section: Section, at: int, style: Style) -> tuple[str, ...]:
    """The sums of the group that the row `at` belongs to, under each column; an empty text where nothing is summed."""
    grouped = section.field(section.grouped_by)
    same = [row for row in range(section.rows) if grouped is None or grouped.values[row] == grouped.values[at]]
    return sums(section.fields, style, same)
