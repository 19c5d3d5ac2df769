"""What a pattern of questions draws from: one table of a domain, its columns and the values that stand in them."""

import re
from dataclasses import dataclass
from random import Random
from typing import Any

from ghostlib.corpus.questions import filled
from ghostlib.corpus.screens.domains import Attribute, Domain, Entity
from ghostlib.corpus.texts.speech import article, plain

NUMBERS = ("int", "money", "decimal", "percent", "stars", "slider")
ORDERED = ("money", "decimal", "int", "slider", "percent")
WORDS = ("city", "country", "job", "list", "company")
Rows = dict[str, list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Subject:
    """One table of a domain with its rows, as a pattern draws from it."""

    domain: Domain
    entity: Entity
    filled: Rows
    rng: Random

    @property
    def table(self) -> str:
        return self.entity.table

    @property
    def many(self) -> str:
        """`orders`, `order items`."""
        return self.table.replace("_", " ")

    @property
    def name(self) -> str:
        """The column that names a record; raises Unfit where there is none."""
        naming = self.entity.naming
        return fit(naming.name if naming else None)

    def column(self, *kinds: str, without: tuple[str, ...] = ()) -> Attribute:
        """One of its columns of these kinds, chosen by chance; raises Unfit where there is none."""
        there = [a for a in filled.columns(self.entity) if a.kind in kinds and not a.names_record and a.name not in without]
        return self.rng.choice(fit(there))

    def values(self, name: str) -> list[Any]:
        """What stands in a column, without NULL, in order."""
        place = 1 + [a.name for a in filled.columns(self.entity)].index(name)
        return fit(sorted(row[place] for row in self.filled[self.table] if row[place] is not None))

    def some(self, attribute: Attribute) -> Any:
        """A value of a column that can stand in a question and in quotes."""
        return self.rng.choice(fit([v for v in self.values(attribute.name) if re.fullmatch(r"[\w .,&-]+", str(v))]))

    def middle(self, attribute: Attribute) -> Any:
        """A number that some of a column's values are above and some below."""
        values = self.values(attribute.name)
        number = values[self.rng.randrange(len(values) // 4, max(1, 3 * len(values) // 4))]
        return int(number) if float(number).is_integer() or number > 20 else number

    def parent(self, *, named: bool = True) -> tuple[Attribute, "Subject"]:
        """A table that this one points at, and the column that does."""
        keys = [a for a in filled.columns(self.entity) if a.target and a.target != self.table]
        able = [a for a in keys if self.domain.entity(a.argument).naming or not named]
        key = self.rng.choice(fit(able))
        return key, Subject(self.domain, self.domain.entity(key.argument), self.filled, self.rng)

    def said(self, *ways: str) -> str:
        """One of the ways to say a thing."""
        return self.rng.choice(ways)


class Unfit(Exception):
    """The table does not have what the pattern needs."""


def fit(found: Any) -> Any:
    """What was found itself; raises Unfit where it is nothing."""
    if not found:
        raise Unfit
    return found


def quoted(value: Any) -> str:
    """A value as SQL writes it."""
    return str(value) if isinstance(value, int | float) else f"'{value}'"


def filtered(of: Subject, *, alias: str = "", without: tuple[str, ...] = ()) -> tuple[str, str]:
    """(a condition in words, the same in SQL) on one column of a table: `with the status paid`, `status = 'paid'`."""
    kind = of.rng.choice(("same", "same", "above", "below"))
    if kind == "same":
        column = of.column("enum", *WORDS, without=without)
        value = of.some(column)
        told = of.said(f"with the {plain(column.name)} {value}", f"whose {plain(column.name)} is {value}")
        return told, f"{alias}{column.name} = {quoted(value)}"
    column = of.column(*NUMBERS, without=without)
    number, sign = of.middle(column), ">" if kind == "above" else "<"
    over = of.said("above", "of more than") if kind == "above" else of.said("below", "of less than")
    return f"with {article(plain(column.name))} {over} {number}", f"{alias}{column.name} {sign} {number}"
