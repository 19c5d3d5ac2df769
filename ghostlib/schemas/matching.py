"""Which predicted table and column stands for which true one: optimal assignment on names, with a floor.

In the way of Design2Code's block matching (arXiv 2403.03163, section 3): the assignment with the greatest total
similarity, and pairs below the floor are no pairs.
"""

import re
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass

from ghostlib.schemas import names
from ghostlib.schemas.schema import Check, Column, Schema, Table

FLOOR = 0.5  # pairs less alike are strangers


@dataclass(frozen=True)
class Match:
    """Pairs with their similarity.

    Tables are keyed by (predicted, true) name, columns by (predicted table, column, true table, column).
    """

    predicted: Schema
    truth: Schema
    tables: dict[tuple[str, str], float]
    columns: dict[tuple[str, str, str, str], float]
    table_names: dict[str, str]  # predicted -> true
    column_names: dict[tuple[str, str], str]  # (predicted table, predicted column) -> true column

    def table_pairs(self) -> Iterator[tuple[Table, Table]]:
        """The matched tables, predicted and true."""
        truths = {table.name: table for table in self.truth.tables}
        for table in self.predicted.tables:
            if table.name in self.table_names:
                yield table, truths[self.table_names[table.name]]

    def column_pairs(self) -> Iterator[tuple[Column, Column]]:
        """The matched columns, predicted and true."""
        for table, true in self.table_pairs():
            wanted = {column.name: column for column in true.columns}
            for column in table.columns:
                if (table.name, column.name) in self.column_names:
                    yield column, wanted[self.column_names[table.name, column.name]]

    def named(self, table: Table, columns: Iterable[str]) -> frozenset[str] | None:
        """The predicted table's columns under their true names; None where one of them has no true one."""
        found = [self.column_names.get((table.name, column)) for column in columns]
        return None if None in found else frozenset(name for name in found if name)

    def foreign_keys(self) -> list[Hashable]:
        """Every predicted foreign key in true names, None for one that has no counterpart to be compared with."""
        return [
            self._told(table, self.named(table, key.columns), self.table_names.get(key.table))
            for table in self.predicted.tables
            for key in table.foreign_keys
        ]

    def unique(self) -> list[Hashable]:
        """Every predicted UNIQUE in true names."""
        return [self._told(table, self.named(table, columns)) for table in self.predicted.tables for columns in unique(table)]

    def checks(self) -> list[Hashable]:
        """Every predicted CHECK in true names: its columns and what it means."""
        found: list[Hashable] = []
        for table in self.predicted.tables:
            renamed = {word: self.column_names.get((table.name, word), word) for word in (c.name for c in table.columns)}
            for check in table.checks:
                columns = self.named(table, check.columns)
                found.append(self._told(table, columns, meaning(check, renamed)[1]))
        return found

    def indexes(self) -> list[Hashable]:
        """Every predicted index in true names, in the order of its columns."""
        return [
            self._told(table, tuple(self.column_names.get((table.name, column), column) for column in index))
            for table in self.predicted.tables
            for index in indexes(table)
        ]

    def _told(self, table: Table, *facts: Hashable) -> Hashable:
        true = self.table_names.get(table.name)
        return None if true is None or None in facts else (true, *facts)


def match(predicted: Schema, truth: Schema) -> Match:
    """The best pairs of tables, and within them of columns."""
    likeness = [[_tables_alike(one, other) for other in truth.tables] for one in predicted.tables]
    tables, columns = {}, {}
    for row, place in _assigned(likeness, [[o.name == t.name for t in truth.tables] for o in predicted.tables]):
        one, other = predicted.tables[row], truth.tables[place]
        tables[one.name, other.name] = likeness[row][place]
        alike = [[names.alike_within(c.name, one.name, t.name, other.name) for t in other.columns] for c in one.columns]
        for at, to in _assigned(alike, [[c.name == t.name for t in other.columns] for c in one.columns]):
            columns[one.name, one.columns[at].name, other.name, other.columns[to].name] = alike[at][to]
    return Match(
        predicted,
        truth,
        tables,
        columns,
        dict(tables.keys()),
        {(table, column): true for table, column, _, true in columns},
    )


def unique(table: Table) -> set[frozenset[str]]:
    """What is unique beside the primary key; a plain unique index says the same as the constraint."""
    plain = {column.name for column in table.columns}
    found = {frozenset(columns) for columns in table.unique}
    found |= {frozenset(index.columns) for index in table.indexes if index.unique and set(index.columns) <= plain}
    return found - {frozenset(table.primary_key)}


def indexes(table: Table) -> set[tuple[str, ...]]:
    """The columns of every index that is not merely a unique constraint spelt otherwise."""
    plain = {column.name for column in table.columns}
    return {index.columns for index in table.indexes if not (index.unique and set(index.columns) <= plain)}


def meaning(check: Check, renamed: dict[str, str] | None = None) -> tuple[frozenset[str], Hashable]:
    """A check's columns, and the members of its enumeration or its bare expression (in other names where given)."""
    if check.values:
        return frozenset(check.columns), frozenset(check.values)
    told = re.sub(r"\w+", lambda word: (renamed or {}).get(word[0], word[0]), check.expression)
    return frozenset(check.columns), re.sub(r"[\s()\"]", "", told).lower()


def _tables_alike(one: Table, other: Table) -> float:
    """1.0 for the same name; else half the names' likeness and half the share of columns with the same words."""
    named = names.alike(one.name, other.name)
    if named == 1.0:
        return 1.0
    first, second = ({names.words(column.name) for column in table.columns} for table in (one, other))
    shared = 2 * len(first & second) / (len(first) + len(second)) if first or second else 0.0
    return (named + shared) / 2


def _assigned(likeness: list[list[float]], same: list[list[bool]]) -> list[tuple[int, int]]:
    """The pairs (row, place) with the greatest total likeness, floor applied; of equals, the one spelt the same."""
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    if not likeness or not likeness[0]:
        return []
    alike = np.array(likeness)
    alike[alike < FLOOR] = 0.0
    rows, places = linear_sum_assignment(alike + 0.001 * np.array(same), maximize=True)
    return [(int(row), int(place)) for row, place in zip(rows, places, strict=True) if alike[row, place] > 0]
