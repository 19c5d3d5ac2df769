"""A query in the part of SQL for which Spider defines exact set match, read into values that can be compared.

The shape follows the data set's own description (Yu et al. 2018, arXiv 1809.08887): one aggregate of a column, or two columns
with a sign between them, is a unit; a condition has a unit on its left; tables alone have aliases; UNION, INTERSECT and EXCEPT
join two queries. Whatever else SQL has (OUTER JOIN at the start, CASE, lists after IN, NULL, expressions) is Unreadable. Where
the definition reads leniently (an alias holds for the whole query, words behind the end are skipped), this does so too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ghostlib.tasks.text2sql import tokens
from ghostlib.tasks.text2sql.tokens import Unreadable

AGGREGATES = ("max", "min", "count", "sum", "avg")
SIGNS = ("-", "+", "*", "/")
COMPARISONS = ("not", "between", "=", ">", "<", ">=", "<=", "!=", "in", "like", "is", "exists")
CLAUSES = ("select", "from", "where", "group", "order", "limit", "intersect", "union", "except")
JOINS = ("join", "on", "as")
SETS = ("intersect", "union", "except")
DEEPEST = 40  # queries inside one another


@dataclass(frozen=True)
class Column:
    """A column (`table.column`, or `*`), perhaps of its aggregate."""

    name: str
    aggregate: str = ""
    distinct: bool = False


@dataclass(frozen=True)
class Unit:
    """One column, or two with a sign between them."""

    left: Column
    sign: str = ""
    right: Column | None = None


@dataclass(frozen=True)
class Condition:
    """A comparison; `values` are one or two numbers, texts, Columns or Queries."""

    unit: Unit
    comparison: str
    negated: bool
    values: tuple[Any, ...]


Chain = tuple["Condition | str", ...]  # conditions, with "and" or "or" between each two


@dataclass(frozen=True)
class Query:
    """A SELECT and, where `set_word` is one, the query behind it. `order` is (direction, units), or empty."""

    distinct: bool = False
    select: tuple[tuple[str, Unit], ...] = ()  # (aggregate round the unit, unit)
    tables: tuple[Any, ...] = ()  # names, or Queries
    joins: Chain = ()
    where: Chain = ()
    group: tuple[Column, ...] = ()
    having: Chain = ()
    order: tuple[Any, ...] = ()
    limited: bool = False
    set_word: str = ""
    second: "Query | None" = None


def read(sql: str, schema: Mapping[str, Sequence[str]]) -> Query:
    """The query, its columns named `table.column` in small letters. `schema` holds each table's columns, in small letters.

    Raises Unreadable for a text outside the grammar, or one that names what the schema lacks.
    """
    words = tokens.cut(sql)
    named = {words[at + 1]: words[at - 1] for at in range(1, len(words) - 1) if words[at] == "as"}
    for table in schema:
        if table in named:
            raise Unreadable(f"the alias {table} is a table's name")
    return _Reader(words, {**named, **{table: table for table in schema}}, schema).query()


class _Reader:
    """Reads the words from left to right, a rule of the grammar a method."""

    def __init__(self, words: list[str], named: dict[str, str], schema: Mapping[str, Sequence[str]]) -> None:
        self.words, self.named, self.schema = words, named, schema
        self.at = self.depth = 0

    def query(self) -> Query:
        self.depth += 1
        if self.depth > DEEPEST:
            raise Unreadable(f"more than {DEEPEST} queries inside one another")
        inside = self.taken("(")
        start = self.at
        tables, joins, known = self.sources()
        after, self.at = self.at, start  # the columns of a SELECT can be read once its tables are known
        distinct, select = self.select(known)
        self.at = after
        where = self.chain(known) if self.taken("where") else ()
        group = self.group(known)
        having = self.chain(known) if self.taken("having") else ()
        order = self.order(known)
        limited = self.limit()
        self.semicolons()
        if inside:
            self.expected(")")
        self.semicolons()
        set_word = self.take() if self.word in SETS else ""
        second = self.query() if set_word else None
        self.depth -= 1
        return Query(distinct, select, tables, joins, where, group, having, order, limited, set_word, second)

    def select(self, known: list[str]) -> tuple[bool, tuple[tuple[str, Unit], ...]]:
        self.expected("select")
        distinct = self.taken("distinct")
        units = []
        while self.word and self.word not in CLAUSES:
            aggregate = self.take() if self.word in AGGREGATES else ""
            units.append((aggregate, self.unit(known)))
            self.taken(",")
        return distinct, tuple(units)

    def sources(self) -> tuple[tuple[Any, ...], Chain, list[str]]:
        """What stands behind the next FROM: its tables, the conditions of its joins, the tables that columns may be of."""
        try:
            self.at = self.words.index("from", self.at) + 1
        except ValueError:
            raise Unreadable("there is no FROM") from None
        tables: list[Any] = []
        known: list[str] = []
        joins: Chain = ()
        while self.word:
            inside = self.taken("(")
            if self.word == "select":
                tables.append(self.query())
            else:
                self.taken("join")
                known.append(self.table())
                tables.append(known[-1])
            if self.taken("on"):
                joins += (*(("and",) if joins else ()), *self.chain(known))
            if inside:
                self.expected(")")
            if self.word in CLAUSES or self.word in (")", ";"):
                break
        return tuple(tables), joins, known

    def table(self) -> str:
        said = self.take()
        name = self.named.get(said, "")
        if self.taken("as"):
            self.take()
        if name not in self.schema:
            raise Unreadable(f"there is no table {name or said}" if said else "a table is missing at the end")
        return name

    def chain(self, known: list[str]) -> Chain:
        found: list[Condition | str] = []
        while self.word:
            found.append(self.condition(known))
            if self.word in CLAUSES or self.word in JOINS or self.word in (")", ";"):
                break
            if self.word in ("and", "or"):
                found.append(self.take())
        return tuple(found)

    def condition(self, known: list[str]) -> Condition:
        unit = self.unit(known)
        negated = self.taken("not")
        comparison = self.take()
        if comparison not in COMPARISONS:
            raise Unreadable(f"{comparison or 'the end'} is no comparison")
        values = [self.value(known)]
        if comparison == "between":
            self.expected("and")
            values.append(self.value(known))
        return Condition(unit, comparison, negated, tuple(values))

    def value(self, known: list[str]) -> Any:
        start = self.at
        inside = self.taken("(")
        if self.word == "select":
            found: Any = self.query()
        elif '"' in self.word:
            found = self.take()
        else:
            try:
                found = float(self.word)
                self.at += 1
            except ValueError:
                self.at = start
                return self.named_value(known)  # in brackets, a column has no end for this rule
        if inside:
            self.expected(")")
        return found

    def named_value(self, known: list[str]) -> Column:
        """A column as a value: the words up to the next clause belong to it, and those behind the column do not count."""
        end = self.at
        while end < len(self.words) and self.words[end] not in (",", ")", "and", *CLAUSES, *JOINS):
            end += 1
        found = _Reader(self.words[self.at : end], self.named, self.schema).column_unit(known)
        self.at = end
        return found

    def unit(self, known: list[str]) -> Unit:
        inside = self.taken("(")
        left = self.column_unit(known)
        sign = self.take() if self.word in SIGNS else ""
        right = self.column_unit(known) if sign else None
        if inside:
            self.expected(")")
        return Unit(left, sign, right)

    def column_unit(self, known: list[str]) -> Column:
        inside = self.taken("(")
        if self.word in AGGREGATES:
            aggregate = self.take()
            self.expected("(")
            distinct = self.taken("distinct")
            name = self.column(known)
            self.expected(")")
            return Column(name, aggregate, distinct)  # a bracket round an aggregate is left for whoever opened it
        distinct = self.taken("distinct")
        name = self.column(known)
        if inside:
            self.expected(")")
        return Column(name, "", distinct)

    def column(self, known: list[str]) -> str:
        word = self.take()
        if word == "*":
            return word
        if "." in word:
            owner, _, column = word.partition(".")
            table = self.named.get(owner, "")
            if column in self.schema.get(table, ()):
                return f"{table}.{column}"
        else:
            for table in known:
                if word in self.schema[table]:
                    return f"{table}.{word}"
        raise Unreadable(f"there is no column {word or 'at the end'}")

    def group(self, known: list[str]) -> tuple[Column, ...]:
        if not self.taken("group"):
            return ()
        self.expected("by")
        found = []
        while self.word and self.word not in CLAUSES and self.word not in (")", ";"):
            found.append(self.column_unit(known))
            if not self.taken(","):
                break
        return tuple(found)

    def order(self, known: list[str]) -> tuple[Any, ...]:
        if not self.taken("order"):
            return ()
        self.expected("by")
        direction, units = "asc", []
        while self.word and self.word not in CLAUSES and self.word not in (")", ";"):
            units.append(self.unit(known))
            direction = self.take() if self.word in ("asc", "desc") else direction
            if not self.taken(","):
                break
        return direction, tuple(units)

    def limit(self) -> bool:
        if not self.taken("limit"):
            return False
        if not self.take():
            raise Unreadable("LIMIT has no number")
        return True

    def semicolons(self) -> None:
        while self.taken(";"):
            pass

    @property
    def word(self) -> str:
        return self.words[self.at] if self.at < len(self.words) else ""

    def take(self) -> str:
        word = self.word
        self.at += 1
        return word

    def taken(self, word: str) -> bool:
        there = self.word == word
        self.at += there
        return there

    def expected(self, word: str) -> None:
        if not self.taken(word):
            raise Unreadable(f"{self.word or 'the end'} stands where {word} was expected")
