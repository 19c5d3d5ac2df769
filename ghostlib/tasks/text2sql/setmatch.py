"""Exact set match: whether two queries have the same parts, in any order, values left out (Yu et al. 2018, arXiv 1809.08887).

The rules, as the data set publishes them: each clause is a bag; a column counts as the one that its foreign key leads to;
DISTINCT does not count in the outer query; join conditions do not count, but what they are made of (OR, NOT, IN, LIKE) does; a
limit is there or not; a query inside a condition must be equal in every part, one behind a set word is matched by these rules.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ghostlib.tasks.text2sql import grammar
from ghostlib.tasks.text2sql.grammar import Chain, Column, Condition, Query, Unit

Schema = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Meaning:
    """What columns mean in one database: its tables, and for the columns of foreign keys the one that stands for both."""

    schema: Schema
    alike: Mapping[str, str]


def meaning(schema: Schema, columns: Sequence[str], keys: Sequence[tuple[int, int]]) -> Meaning:
    """The Meaning of a database; `columns` are all (`table.column`) in the order of tables.json, `keys` pairs of their places.

    A key joins the first group that has one of its ends; a group is called after its first column; two groups that a later
    key ties together stay two, as in the official definition.
    """
    groups: list[set[int]] = []
    for key in keys:
        group = next((one for one in groups if one & set(key)), None)
        if group is None:
            groups.append(set(key))
        else:
            group.update(key)
    alike = {columns[place].lower(): columns[min(group)].lower() for group in groups for place in sorted(group)}
    return Meaning({table.lower(): [name.lower() for name in names] for table, names in schema.items()}, alike)


def match(gold: Query, predicted: Query, known: Meaning) -> bool:
    """Whether the two queries match; both as grammar.read gives them."""
    return _alike(_comparable(gold, known), _comparable(predicted, known))


def _alike(gold: Query, made: Query) -> bool:
    return (
        Counter(gold.select) == Counter(made.select)
        and Counter(gold.where[::2]) == Counter(made.where[::2])
        and set(gold.where[1::2]) == set(made.where[1::2])
        and _groups(gold) == _groups(made)
        and (not gold.group or [c.name for c in gold.group] == [c.name for c in made.group] and gold.having == made.having)
        and gold.order == made.order
        and (not gold.order or gold.limited == made.limited)
        and keywords(gold) == keywords(made)
        and Counter(gold.tables) == Counter(made.tables)
        and gold.set_word == made.set_word
        and (gold.second is None or made.second is None or _alike(gold.second, made.second))
    )


def _groups(query: Query) -> Counter[str]:
    """The grouping columns without their tables: a key and what it points at often share a name."""
    return Counter(column.name.partition(".")[2] or column.name for column in query.group)


def conditions(query: Query) -> list[Condition]:
    """Every condition of a query itself: of joins, WHERE and HAVING."""
    chains = (query.joins, query.where, query.having)
    return [one for chain in chains for one in chain if isinstance(one, Condition)]


def connectors(query: Query) -> list[str]:
    """Every AND and OR of a query itself."""
    return [one for chain in (query.joins, query.where, query.having) for one in chain if isinstance(one, str)]


def keywords(query: Query) -> set[str]:
    """The words of SQL that a query uses, as far as they count."""
    there = {"where": query.where, "group": query.group, "having": query.having, "order": query.order, "limit": query.limited}
    found = {word for word, part in there.items() if part} | ({query.set_word} - {""})
    found |= {query.order[0]} if query.order else set()
    found |= {"or"} & set(connectors(query))
    found |= {"not"} if any(one.negated for one in conditions(query)) else set()
    return found | {one.comparison for one in conditions(query) if one.comparison in ("in", "like")}


def _comparable(query: Query, known: Meaning) -> Query:
    """The query without values and DISTINCT, its columns called as their keys' groups where its own tables have them."""
    tables = {table for table in query.tables if isinstance(table, str)}
    alike = {name: other for name, other in known.alike.items() if name.partition(".")[0] in tables}
    return _renamed(_valueless(query), alike)


def _valueless(query: Query) -> Query:
    def kept(chain: Chain) -> Chain:
        return tuple(one if isinstance(one, str) else replace(one, values=tuple(map(_query, one.values))) for one in chain)

    second = _valueless(query.second) if query.second else None
    return replace(query, joins=kept(query.joins), where=kept(query.where), having=kept(query.having), second=second)


def _query(value: Any) -> Query | None:
    return _valueless(value) if isinstance(value, Query) else None


def _renamed(query: Query, alike: Mapping[str, str]) -> Query:
    """Queries in conditions and in FROM keep their names."""

    def column(one: Column | None) -> Any:
        return one and Column(alike.get(one.name, one.name), one.aggregate)

    def unit(one: Unit) -> Unit:
        return Unit(column(one.left), one.sign, column(one.right))

    def chain(one: Chain) -> Chain:
        return tuple(part if isinstance(part, str) else replace(part, unit=unit(part.unit)) for part in one)

    return replace(
        query,
        distinct=False,
        select=tuple((aggregate, unit(one)) for aggregate, one in query.select),
        joins=chain(query.joins),
        where=chain(query.where),
        group=tuple(map(column, query.group)),
        having=chain(query.having),
        order=(query.order[0], tuple(map(unit, query.order[1]))) if query.order else (),
        second=_renamed(query.second, alike) if query.second else None,
    )


def parsed(sql: str, known: Meaning) -> Query | None:
    """The query, or None where exact set match is not defined for it."""
    try:
        return grammar.read(sql, known.schema)
    except (grammar.Unreadable, RecursionError):
        return None
