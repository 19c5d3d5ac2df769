"""What a database holds, as a question needs to know it: tables, columns, types, keys."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ghostlib.config import Data
from ghostlib.errors import DataError
from ghostlib.tasks.text2sql import setmatch
from ghostlib.tasks.text2sql.sandbox import Sandbox

KINDS = {"int": "number", "real": "number", "floa": "number", "doub": "number", "num": "number", "dec": "number"}
KINDS |= {"bool": "boolean", "bit": "boolean", "date": "time", "time": "time", "char": "text", "text": "text", "clob": "text"}


@dataclass(frozen=True)
class Column:
    """A column and its type, in words that the data set uses (`text`, `number`, `time`, `boolean`, `others`)."""

    name: str
    kind: str = "text"


@dataclass(frozen=True)
class Table:
    """A table of a database."""

    name: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()


@dataclass(frozen=True)
class Key:
    """A foreign key of one column."""

    table: str
    column: str
    other: str
    target: str


@dataclass(frozen=True)
class Database:
    """The tables of one database, in their order, and its foreign keys."""

    name: str
    tables: tuple[Table, ...]
    keys: tuple[Key, ...] = ()

    @cached_property
    def meaning(self) -> setmatch.Meaning:
        """What its columns mean for exact set match."""
        columns = [f"{table.name}.{column.name}" for table in self.tables for column in table.columns]
        places = {name.lower(): place for place, name in enumerate(columns)}
        ends = [(f"{k.table}.{k.column}".lower(), f"{k.other}.{k.target}".lower()) for k in self.keys]
        pairs = [(places[one], places[other]) for one, other in ends if one in places and other in places]
        return setmatch.meaning({table.name: [c.name for c in table.columns] for table in self.tables}, columns, pairs)


def of_entry(entry: Mapping[str, Any], where: str) -> Database:
    """The Database of one entry of a tables.json, Spider's or BIRD's. Raises DataError for an entry that lacks something."""
    try:
        names = [str(name) for name in entry["table_names_original"]]
        columns = [(int(table), str(name)) for table, name in entry["column_names_original"]]
        kinds = [str(kind) for kind in entry["column_types"]]
        keys = _primary(entry.get("primary_keys", ()))
        own = [
            [(place, name) for place, (owner, name) in enumerate(columns) if owner == number] for number in range(len(names))
        ]
        tables = tuple(
            Table(
                name,
                tuple(Column(column, kinds[place]) for place, column in own[number]),
                tuple(column for place, column in own[number] if place in keys),
            )
            for number, name in enumerate(names)
        )
        found = []
        for one, other in entry.get("foreign_keys", ()):
            (table, column), (target, key) = columns[int(one)], columns[int(other)]
            found.append(Key(names[table], column, names[target], key))
        return Database(str(entry["db_id"]), tables, tuple(found))
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise DataError(f"{where}: the entry of {entry.get('db_id', '?')!r} is broken ({error!r}).") from error


def entry(database: Database) -> dict[str, Any]:
    """The Database as an entry of Spider's tables.json; `of_entry` reads it back to an equal one."""
    columns: list[tuple[int, str, str]] = [(-1, "*", "text")]
    for number, table in enumerate(database.tables):
        columns += [(number, column.name, column.kind) for column in table.columns]
    names = [table.name for table in database.tables]
    places = {(names[table], column): place for place, (table, column, _) in enumerate(columns) if table >= 0}
    return {
        "db_id": database.name,
        "table_names_original": names,
        "table_names": [name.replace("_", " ").lower() for name in names],
        "column_names_original": [[table, column] for table, column, _ in columns],
        "column_names": [[table, column.replace("_", " ").lower()] for table, column, _ in columns],
        "column_types": [kind for *_, kind in columns],
        "primary_keys": [places[table.name, column] for table in database.tables for column in table.primary_key],
        "foreign_keys": [[places[k.table, k.column], places[k.other, k.target]] for k in database.keys],
    }


def of_file(sandbox: Sandbox, name: str = "") -> Database:
    """The Database as the SQLite file itself tells it. Raises DataError where the file cannot be read."""
    rows = sandbox.read(
        "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    )
    tables, keys = [], []
    for (table,) in rows:
        told = sandbox.read("SELECT name, type, pk FROM pragma_table_info(?)", [table])
        keyed = sorted((place, column) for column, _, place in told if place)
        tables.append(
            Table(table, tuple(Column(column, kind(declared)) for column, declared, _ in told), tuple(c for _, c in keyed))
        )
        pointed = sandbox.read(
            'SELECT id, "table", "from", "to", count(*) OVER (PARTITION BY id) FROM pragma_foreign_key_list(?)', [table]
        )
        keys += [(table, column, other, target) for _, other, column, target, wide in sorted(pointed) if wide == 1]
    by_name = {table.name.lower(): table for table in tables}
    found = []
    for table, column, other, target in keys:
        if aimed := by_name.get(other.lower()):
            found.append(Key(table, column, aimed.name, target or (aimed.primary_key or ("rowid",))[0]))
    return Database(name or sandbox.file.stem, tuple(tables), tuple(found))


def kind(declared: str | None) -> str:
    """A column's type in the data set's words, from what its table declares: `VARCHAR(20)` is `text`."""
    told = (declared or "").lower()
    return next((kind for begin, kind in KINDS.items() if begin in told), "others" if "blob" in told else "text")


def linking(database: Database, question: str = "", *, budget: int = Data.background) -> str:
    """The tables as text for a prompt, in at most about `budget` characters:

    TABLE: singers (id (number) PK, name (text), country_id (number))
    KEY: singers.country_id = countries.id

    Where all of them are too long, those whose words the question has stay, in the database's order, and the last line says
    how many do not.
    """
    kept = list(database.tables)
    if sum(len(_line(table)) for table in kept) > budget:
        asked = words(question)
        ranked = sorted(database.tables, key=lambda table: -_overlap(table, asked))
        kept, used = [], 0
        for table in ranked:
            used += len(_line(table))
            if kept and used > budget:
                break
            kept.append(table)
        kept = [table for table in database.tables if table in kept]
    names = {table.name for table in kept}
    lines = [_line(table) for table in kept]
    keys = [k for k in database.keys if k.table in names and k.other in names]
    lines += [f"KEY: {k.table}.{k.column} = {k.other}.{k.target}" for k in dict.fromkeys(keys)]
    left = len(database.tables) - len(kept)
    return "\n".join([*lines, *([f"({left} more tables)"] if left else [])])


def words(text: str) -> frozenset[str]:
    """The words of a text or a name, without the plural's s: `Order_items` has `order` and `item`."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return frozenset(word.lower().removesuffix("s") for word in re.findall(r"[^\W_]+", apart))


def quoted(name: str) -> str:
    """A name as SQL needs it: in quotes where it is not a plain word."""
    return name if re.fullmatch(r"[A-Za-z_]\w*", name) else '"' + name.replace('"', '""') + '"'


def _line(table: Table) -> str:
    told = (f"{quoted(c.name)} ({c.kind}){' PK' if c.name in table.primary_key else ''}" for c in table.columns)
    return f"TABLE: {quoted(table.name)} ({', '.join(told)})"


def _overlap(table: Table, asked: frozenset[str]) -> float:
    """How many of the question's words name the table (counted twice) or its columns."""
    return 2 * len(words(table.name) & asked) + len(frozenset().union(*(words(c.name) for c in table.columns)) & asked)


def _primary(told: Sequence[Any]) -> set[int]:
    """Places of the columns in primary keys; BIRD has a list for a key of several columns."""
    places: Iterable[Any] = (one for each in told for one in (each if isinstance(each, list) else [each]))
    return set(map(int, places))
