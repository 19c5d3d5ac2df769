"""Which predicted table and column stands for which true one: the same names first, then optimal assignment with a floor.

In the way of Design2Code's block matching (arXiv 2403.03163, section 3): the assignment with the greatest total
similarity, and pairs below the floor are no pairs. The pairs are the same whichever schema is called the predicted one.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ghostlib.schemas import names
from ghostlib.schemas.schema import Check, Column, Schema, Table

FLOOR = 0.5  # pairs less alike are strangers
Pair = tuple[str, str]


@dataclass(frozen=True)
class Match:
    """Pairs with their similarity.

    Tables are keyed by (predicted, true) name, columns by (predicted table, column, true table, column). `stand_ins`
    are pairs of columns under quite other names, of the same type and with the same checks and indexes on them: no
    column's point is theirs, but a check or an index on a renamed column is still that check.
    """

    predicted: Schema
    truth: Schema
    tables: dict[Pair, float]
    columns: dict[tuple[str, str, str, str], float]
    table_names: dict[str, str]  # predicted -> true
    column_names: dict[Pair, str]  # (predicted table, predicted column) -> true column
    stand_ins: dict[Pair, str]  # the same, of renamed columns

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
        return _whole(self.column_names.get((table.name, column)) for column in columns)

    def foreign_keys(self) -> list[Hashable]:
        """Every different predicted foreign key in true names, None for one that has no counterpart to be compared with."""
        return [
            self._told(table, self.named(table, columns), self.table_names.get(target))
            for table in self.predicted.tables
            for columns, target in foreign_keys(table)
        ]

    def unique(self) -> list[Hashable]:
        """Every predicted UNIQUE in true names."""
        return [self._told(table, self._either(table, columns)) for table in self.predicted.tables for columns in unique(table)]

    def checks(self) -> list[Hashable]:
        """Every different predicted CHECK in true names: its columns and what it means."""
        found: list[Hashable] = []
        for table in self.predicted.tables:
            renamed = {column.name: self._true(table, column.name) or column.name for column in table.columns}
            different = {meaning(check): check for check in table.checks}
            for check in different.values():
                found.append(self._told(table, self._either(table, check.columns), meaning(check, renamed)[1]))
        return found

    def indexes(self) -> list[Hashable]:
        """Every predicted index in true names, in the order of its columns."""
        return [
            self._told(table, tuple(self._true(table, column) or column for column in index))
            for table in self.predicted.tables
            for index in indexes(table)
        ]

    def _true(self, table: Table, column: str) -> str | None:
        place = (table.name, column)
        return self.column_names.get(place) or self.stand_ins.get(place)

    def _either(self, table: Table, columns: Iterable[str]) -> frozenset[str] | None:
        return _whole(self._true(table, column) for column in columns)

    def _told(self, table: Table, *facts: Hashable) -> Hashable:
        true = self.table_names.get(table.name)
        return None if true is None or None in facts else (true, *facts)


def match(predicted: Schema, truth: Schema) -> Match:
    """The best pairs of tables, and within them of columns."""
    mine, theirs = ({table.name: table for table in schema.tables} for schema in (predicted, truth))
    bare, true_bare = names.without_prefix(tuple(mine)), names.without_prefix(tuple(theirs))

    def tables_alike(one: str, other: str) -> float:
        named = names.alike_bare((one, bare[one]), (other, true_bare[other]))
        return named if named == 1.0 else (named + _shared(mine[one], theirs[other])) / 2

    tables = _paired(tuple(mine), tuple(theirs), tables_alike)
    columns: dict[tuple[str, str, str, str], float] = {}
    stand_ins: dict[Pair, str] = {}
    for one, other in tables:
        pairs = _columns(mine[one], theirs[other])
        columns |= {(one, column, other, true): value for (column, true), value in pairs.items()}
        stand_ins |= {(one, column): true for column, true in _renamed(mine[one], theirs[other], pairs)}
    known = {(table, column): true for table, column, _, true in columns}
    return Match(predicted, truth, tables, columns, dict(tables.keys()), known, stand_ins)


def foreign_keys(table: Table) -> set[tuple[frozenset[str], str]]:
    """The columns and the target of every different foreign key."""
    return {(frozenset(key.columns), key.table) for key in table.foreign_keys}


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
    quoted = re.split(r"('(?:[^']|'')*')", check.expression)  # what stands in quotes is a value, not a name
    quoted[::2] = [re.sub(r"\w+", lambda word: (renamed or {}).get(word[0], word[0]), part) for part in quoted[::2]]
    told = "".join(quoted)
    return frozenset(check.columns), re.sub(r"[\s()\"]", "", told).lower()


def _shared(one: Table, other: Table) -> float:
    """The share of columns that have the same words: `clients` with all the columns of `customers` is that table."""
    first, second = ({names.words(column.name) for column in table.columns} for table in (one, other))
    return 2 * len(first & second) / (len(first) + len(second)) if first or second else 0.0


def _columns(one: Table, other: Table) -> dict[Pair, float]:
    mine, theirs = tuple(c.name for c in one.columns), tuple(c.name for c in other.columns)
    bare, true_bare = names.without_prefix(mine), names.without_prefix(theirs)

    def alike(column: str, true: str) -> float:
        whole = names.alike_within(column, one.name, true, other.name)
        return max(whole, names.alike_bare((column, bare[column]), (true, true_bare[true])))

    return _paired(mine, theirs, alike)


def _renamed(one: Table, other: Table, pairs: dict[Pair, float]) -> list[Pair]:
    """Columns without a pair that stand in the same place: the same type, and alike in checks, indexes and NOT NULL."""
    known = {name for pair in pairs for name in pair[:1]}, {name for pair in pairs for name in pair[1:]}
    mine = {column.name: _facts(column, one) for column in one.columns if column.name not in known[0]}
    theirs = {column.name: _facts(column, other) for column in other.columns if column.name not in known[1]}

    def alike(column: str, true: str) -> float:
        first, second = mine[column], theirs[true]
        return (1 + len(first[1] & second[1])) / (1 + len(first[1] | second[1])) if first[0] == second[0] else 0.0

    return list(_paired(tuple(mine), tuple(theirs), alike))


def _facts(column: Column, table: Table) -> tuple[str, frozenset[Hashable]]:
    """A column's type, and what else is known of it, its own name left out."""
    facts: set[Hashable] = {("not null", column.not_null), ("default", column.default)}
    facts |= {("check", meaning(c, {column.name: "?"})[1]) for c in table.checks if column.name in c.columns}
    facts |= {("index", i.index(column.name), len(i)) for i in indexes(table) if column.name in i}
    facts |= {("unique", len(u)) for u in unique(table) if column.name in u}
    return column.type, frozenset(facts)


def _paired(mine: Sequence[str], theirs: Sequence[str], alike: Callable[[str, str], float]) -> dict[Pair, float]:
    """Pairs of names with their likeness: those spelt the same, then those of the same words, then the best assignment.

    What is the same is never given away for two pairs that are half alike; and neither the order of the names nor
    which side comes first decides anything.
    """
    same = set(mine) & set(theirs)
    pairs = {(name, name): 1.0 for name in same}
    first, second = sorted(set(mine) - same), sorted(set(theirs) - same)
    by_words: dict[tuple[str, ...], tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for side, rest in enumerate((first, second)):
        for name in rest:
            by_words[names.words(name)][side].append(name)
    for ours, others in by_words.values():
        pairs |= dict.fromkeys(zip(ours, others, strict=False), 1.0)
    taken = {one for one, _ in pairs}, {other for _, other in pairs}
    first, second = [n for n in first if n not in taken[0]], [n for n in second if n not in taken[1]]
    if first > second:  # one way round, so that of equal assignments both ways take the same
        turned = _assigned([[alike(one, other) for one in first] for other in second])
        return pairs | {(first[place], second[row]): value for row, place, value in turned}
    found = _assigned([[alike(one, other) for other in second] for one in first])
    return pairs | {(first[row], second[place]): value for row, place, value in found}


def _assigned(likeness: list[list[float]]) -> list[tuple[int, int, float]]:
    """(row, place, likeness) of the pairs with the greatest total likeness, floor applied."""
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    if not likeness or not likeness[0]:
        return []
    alike = np.array(likeness)
    alike[alike < FLOOR] = 0.0
    rows, places = linear_sum_assignment(alike, maximize=True)
    found = ((int(row), int(place)) for row, place in zip(rows, places, strict=True))
    return [(row, place, float(alike[row, place])) for row, place in found if alike[row, place] > 0]


def _whole(found: Iterable[str | None]) -> frozenset[str] | None:
    told = list(found)
    return None if None in told else frozenset(name for name in told if name)
