"""The target language: one way to write a Schema as DDL, so that a model can learn it and two schemas can be compared."""

import re
from collections.abc import Iterable, Iterator

from ghostlib.schemas.schema import Check, Column, ForeignKey, Index, Schema, Table
from ghostlib.schemas.statements import Statement, statements

__all__ = ["Statement", "canonical", "name", "statements"]


def canonical(schema: Schema) -> str:
    """The schema in the target language: parents before children, then the indexes, one blank line between.

    Foreign keys that go round in a circle are added by ALTER TABLE, between the tables and the indexes.
    """
    tables, late = ordered(schema.tables)
    told = [_table(table, late.get(table.name, ())) for table in tables]
    told += [f"ALTER TABLE {name(table)} ADD {_foreign_key(key)};" for table, keys in late.items() for key in keys]
    return "\n\n".join([*told, *(_index(table, index) for table in tables for index in table.indexes)])


def name(word: str) -> str:
    """An identifier as SQL wants it: bare, or in double quotes where it is reserved or not plain snake case."""
    from pglast import keywords

    reserved = word in keywords.RESERVED_KEYWORDS or word in keywords.TYPE_FUNC_NAME_KEYWORDS
    bare = re.fullmatch(r"[a-z_][a-z0-9_]*", word) and not reserved
    return word if bare else '"' + word.replace('"', '""') + '"'


def ordered(tables: Iterable[Table]) -> tuple[list[Table], dict[str, tuple[ForeignKey, ...]]]:
    """Parents first, else the order that was given; and the keys that must wait because their tables point at each other."""
    waiting, placed, late = list(tables), [], {}
    known = {table.name for table in waiting}
    done: set[str] = set()
    while waiting:
        ready = next((table for table in waiting if _parents(table) & known <= done), None)
        if ready is None:
            ready = waiting[0]
            late[ready.name] = tuple(k for k in ready.foreign_keys if k.table != ready.name and k.table not in done)
        waiting.remove(ready)
        placed.append(ready)
        done.add(ready.name)
    return placed, late


def _parents(table: Table) -> set[str]:
    return {key.table for key in table.foreign_keys} - {table.name}


def _names(words: Iterable[str]) -> str:
    return ", ".join(name(word) for word in words)


def _table(table: Table, late: tuple[ForeignKey, ...]) -> str:
    keys = [key for key in table.foreign_keys if key not in late]
    rows = [_column(column, table, keys) for column in table.columns]
    rows += _constraints(table, keys)
    return f"CREATE TABLE {name(table.name)} (\n" + ",\n".join(f"    {row}" for row in rows) + "\n);"


def _column(column: Column, table: Table, keys: list[ForeignKey]) -> str:
    own = (column.name,)
    words = [name(column.name), column.type]
    words += ["GENERATED ALWAYS AS IDENTITY"] * column.identity
    if table.primary_key == own:
        words.append("PRIMARY KEY")
    elif column.not_null and not column.identity:
        words.append("NOT NULL")
    words += ["UNIQUE"] * (own in table.unique)
    words += [f"DEFAULT {column.default}"] * (column.default is not None)
    words += [_check(check) for check in table.checks if check.columns == own]
    words += [f"REFERENCES {name(key.table)} ({_names(key.references)})" for key in keys if key.columns == own]
    return " ".join(words)


def _constraints(table: Table, keys: list[ForeignKey]) -> Iterator[str]:
    if len(table.primary_key) > 1:
        yield f"PRIMARY KEY ({_names(table.primary_key)})"
    yield from (f"UNIQUE ({_names(columns)})" for columns in table.unique if len(columns) > 1)
    yield from (_check(check) for check in table.checks if len(check.columns) != 1)
    yield from (_foreign_key(key) for key in keys if len(key.columns) > 1)


def _check(check: Check) -> str:
    return f"CHECK ({check.expression})"


def _foreign_key(key: ForeignKey) -> str:
    return f"FOREIGN KEY ({_names(key.columns)}) REFERENCES {name(key.table)} ({_names(key.references)})"


def _index(table: Table, index: Index) -> str:
    plain = {column.name for column in table.columns}
    told = ", ".join(name(column) if column in plain else column for column in index.columns)
    method = "" if index.method == "btree" else f" USING {index.method}"
    return f"CREATE {'UNIQUE ' * index.unique}INDEX ON {name(table.name)}{method} ({told});"
