"""How hard a gold query is (easy, medium, hard, extra) and of which kind; results are shown by both.

Hardness follows Spider's published rule: count the clauses, the queries inside, and what is more than one of a kind.
"""

from typing import Any

from ghostlib.tasks.text2sql import setmatch
from ghostlib.tasks.text2sql.grammar import Condition, Query, Unit

LEVELS = ("easy", "medium", "hard", "extra")
CATEGORIES = ("simple", "filter", "aggregation", "join", "nested", "set")


def hardness(query: Query) -> str:
    """One of LEVELS."""
    clauses, inner, more = _clauses(query), len(_inner(query)), _more(query)
    if clauses <= 1 and more == 0 and inner == 0:
        return "easy"
    if inner == 0 and (more <= 2 and clauses <= 1 or more < 2 and clauses <= 2):
        return "medium"
    plain_hard = inner == 0 and (more > 2 and clauses <= 2 or 2 < clauses <= 3 and more <= 2)
    return "hard" if plain_hard or (clauses <= 1 and more == 0 and inner <= 1) else "extra"


def _clauses(query: Query) -> int:
    likes = sum(one.comparison == "like" for one in setmatch.conditions(query))
    there = bool(query.where) + bool(query.group) + bool(query.order) + query.limited
    return there + max(0, len(query.tables) - 1) + setmatch.connectors(query).count("or") + likes


def _inner(query: Query) -> list[Query]:
    """The queries inside its conditions, and the one behind a set word."""
    values = [value for one in setmatch.conditions(query) for value in one.values if isinstance(value, Query)]
    return values + ([query.second] if query.second else [])


def _more(query: Query) -> int:
    """Of how many kinds there is more than one. A NOT counts as an aggregate does, and so does an AND or OR of HAVING."""
    aggregates = sum(bool(aggregate) for aggregate, _ in query.select)
    aggregates += sum(isinstance(one, Condition) and one.negated for one in query.where)
    aggregates += sum(bool(column.aggregate) for column in query.group)
    aggregates += sum(_aggregates(unit) for unit in (query.order[1] if query.order else ()))
    aggregates += sum(isinstance(one, str) or one.negated for one in query.having)
    return (aggregates > 1) + (len(query.select) > 1) + (len(query.where) > 1) + (len(query.group) > 1)


def _aggregates(unit: Unit) -> int:
    return bool(unit.left.aggregate) + bool(unit.right and unit.right.aggregate)


def category(sql: str, query: Query | None = None) -> str:
    """One of CATEGORIES: the last of them that the query has. "other" where nobody can read it."""
    if query is None:
        return _read(sql)
    if query.set_word:
        return "set"
    if _inner(query) or any(isinstance(table, Query) for table in query.tables):
        return "nested"
    if len(query.tables) > 1:
        return "join"
    if _more_aggregates(query):
        return "aggregation"
    return "filter" if query.where else "simple"


def _more_aggregates(query: Query) -> bool:
    units: list[Any] = [unit for _, unit in query.select] + list(query.order[1] if query.order else ())
    return bool(query.group or query.having) or any(aggregate for aggregate, _ in query.select) or any(map(_aggregates, units))


def _read(sql: str) -> str:
    """The category by a parser of all of SQLite's SQL (0.3 ms a query), for what Spider's grammar does not know."""
    import sqlglot
    from sqlglot import exp

    try:
        tree = sqlglot.parse_one(sql, read="sqlite")
    except (sqlglot.errors.SqlglotError, RecursionError):
        return "other"
    if isinstance(tree, exp.SetOperation):
        return "set"
    kinds = {"set": exp.SetOperation, "nested": exp.Subquery, "join": exp.Join, "aggregation": exp.AggFunc, "filter": exp.Where}
    if len(list(tree.find_all(exp.Select))) > 1 and not tree.find(exp.SetOperation):
        return "nested"
    return next((name for name, kind in kinds.items() if tree.find(kind)), "simple")
