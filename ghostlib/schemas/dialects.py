"""Schema -> DDL of MySQL and SQLite: names, literals and expressions by sqlglot, types and keys by what those servers can.

What the other server has no word for (an index over an expression, a default that calls a function) is left out, with
a comment in its place.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ghostlib.errors import SchemaError
from ghostlib.schemas import ddl
from ghostlib.schemas.schema import Check, Column, ForeignKey, Index, Schema, Table

KEYED = "VARCHAR(255)"  # MySQL indexes no TEXT without a length
LONGEST = 60  # letters of a derived index name; MySQL takes 64
MYSQL = {
    "smallint": "SMALLINT", "integer": "INT", "bigint": "BIGINT", "real": "FLOAT", "double precision": "DOUBLE",
    "numeric": "DECIMAL(38, 10)", "money": "DECIMAL(19, 2)", "boolean": "BOOLEAN", "date": "DATE", "time": "TIME",
    "timetz": "TIME", "timestamp": "DATETIME", "timestamptz": "TIMESTAMP", "json": "JSON", "jsonb": "JSON",
    "uuid": "CHAR(36)", "bytea": "LONGBLOB", "inet": "VARCHAR(64)", "cidr": "VARCHAR(64)", "macaddr": "VARCHAR(64)",
    "interval": "VARCHAR(64)", "xml": "LONGTEXT",
}  # fmt: skip
SQLITE = {
    "smallint": "INTEGER", "integer": "INTEGER", "bigint": "INTEGER", "boolean": "INTEGER", "oid": "INTEGER",
    "real": "REAL", "double precision": "REAL", "numeric": "NUMERIC", "money": "NUMERIC", "bytea": "BLOB",
}  # fmt: skip
# What an expression may hold to mean the same everywhere; sqlglot's names.
SAME = frozenset(
    """Column Identifier Literal Boolean Null Paren And Or Not EQ NEQ GT GTE LT LTE In Between Is Add Sub Mul Div Mod Neg
    Length Lower Upper Coalesce Abs Trim Cast DataType DataTypeParam Tuple""".split()
)


def mysql(schema: Schema) -> str:
    """The schema for MySQL 8: AUTO_INCREMENT, VARCHAR(255) where a text is a key, JSON for arrays, CHECK kept."""
    return _Writer("mysql").text(schema)


def sqlite(schema: Schema) -> str:
    """The schema for SQLite 3.35 and newer: INTEGER PRIMARY KEY for identities, TEXT for what it has no type for."""
    return _Writer("sqlite").text(schema)


@dataclass
class _Writer:
    """The DDL of one dialect; holds the index names that are taken."""

    dialect: str
    taken: set[str] = field(default_factory=set)

    def text(self, schema: Schema) -> str:
        if not schema.tables:
            raise SchemaError("a schema without tables has no DDL; check it with `ghost check` first")
        tables, late = ddl.ordered(schema.tables)
        late = late if self.dialect == "mysql" else {}  # SQLite lets a key point at a table that comes later
        referenced = {(key.table, name) for table in tables for key in table.foreign_keys for name in key.references}
        told = [self._table(table, late.get(table.name, ()), referenced) for table in tables]
        for table in tables:
            told += [f"ALTER TABLE {self._name(table.name)} ADD {self._foreign_key(key)};" for key in late.get(table.name, ())]
            told += [self._index(table, index) for index in table.indexes]
        return "\n\n".join(told) + "\n"

    def _table(self, table: Table, late: tuple[ForeignKey, ...], referenced: set[tuple[str, str]]) -> str:
        notes: list[str] = []
        keyed = {*table.primary_key, *(name for columns in table.unique for name in columns)}
        keyed |= {name for key in table.foreign_keys for name in key.columns} | {n for i in table.indexes for n in i.columns}
        keyed |= {name for place, name in referenced if place == table.name}
        rows = [self._column(column, table, column.name in keyed, notes) for column in table.columns]
        alone = self.dialect == "sqlite" and self._counted(table) is not None
        if table.primary_key and not alone:
            rows.append(f"PRIMARY KEY ({self._names(table.primary_key)})")
        rows += [f"UNIQUE ({self._names(columns)})" for columns in table.unique]
        rows += self._checks(table, notes)
        rows += [self._foreign_key(key) for key in table.foreign_keys if key not in late]
        comments = "".join(f"-- {note}\n" for note in notes)
        return f"{comments}CREATE TABLE {self._name(table.name)} (\n" + ",\n".join(f"    {row}" for row in rows) + "\n);"

    def _column(self, column: Column, table: Table, keyed: bool, notes: list[str]) -> str:
        words = [self._name(column.name), self._type(column, keyed)]
        if column is self._counted(table):
            words = [words[0], "INTEGER PRIMARY KEY"] if self.dialect == "sqlite" else [*words, "NOT NULL AUTO_INCREMENT"]
            return " ".join(words)
        words += ["NOT NULL"] * (column.not_null or column.name in table.primary_key)
        if column.default is not None:
            default = self._default(column, words[1])
            words += [f"DEFAULT {default}"] * bool(default)
            if not default:
                notes.append(_comment(f"left out: the default of {column.name}, {column.default}"))
        return " ".join(words)

    def _counted(self, table: Table) -> Column | None:
        """The column that counts by itself: an identity that is the whole primary key."""
        return next((c for c in table.columns if c.identity and table.primary_key == (c.name,)), None)

    def _type(self, column: Column, keyed: bool) -> str:
        kind = column.type.replace("character varying", "varchar").replace("timestamp without time zone", "timestamp")
        kind = kind.replace("timestamp with time zone", "timestamptz")
        sized = re.fullmatch(r"(numeric|varchar|character|char|bpchar)\((\d+)(?:,\s*(-?\d+))?\)", kind)
        bare = re.sub(r"\(.*?\)", "", kind).strip()
        if self.dialect == "sqlite":
            return SQLITE.get(bare, "TEXT")
        if kind.endswith("]"):
            return "JSON"
        if sized and sized[1] == "numeric" and 0 <= int(sized[3] or 0) <= min(30, int(sized[2])) and int(sized[2]) <= 65:
            return f"DECIMAL({sized[2]}, {sized[3] or 0})"
        if sized and sized[1] != "numeric" and int(sized[2]) <= 255:
            return f"VARCHAR({sized[2]})"
        return MYSQL.get(bare, KEYED if keyed or column.default is not None else "TEXT")

    def _default(self, column: Column, kind: str) -> str:
        """The default in this dialect, or "" where it has no word for it."""
        told = column.default or ""
        if re.match(r"(?:now\(\)|CURRENT_TIMESTAMP|statement_timestamp\(\)|clock_timestamp\(\))$", told, re.IGNORECASE):
            return "CURRENT_TIMESTAMP" if kind in ("TIMESTAMP", "DATETIME", "TEXT") else ""
        if told.upper() == "CURRENT_DATE":
            return "(CURRENT_DATE)" if self.dialect == "mysql" else "CURRENT_DATE"
        if re.match(r"(?:gen_random_uuid|uuidv4)\(\)$", told) and self.dialect == "mysql":
            return "(UUID())"
        if column.type.endswith("]"):
            return ""
        value = self._expression(told, only=("Literal", "Boolean", "Null", "Neg", "Paren", "Cast", "DataType", "DataTypeParam"))
        return f"({value})" if value and kind in ("JSON", "LONGBLOB", "LONGTEXT") else value

    def _checks(self, table: Table, notes: list[str]) -> Iterator[str]:
        for check in table.checks:
            told = self._check(check)
            if told:
                yield f"CHECK ({told})"
            else:
                notes.append(_comment(f"left out: the check {check.expression}"))

    def _check(self, check: Check) -> str:
        if check.values:
            return f"{self._name(check.columns[0])} IN ({', '.join(self._text(value) for value in check.values)})"
        return self._expression(check.expression, only=tuple(SAME))

    def _expression(self, text: str, *, only: tuple[str, ...]) -> str:
        """An expression of PostgreSQL in this dialect, where it holds nothing but `only`, else ""."""
        import sqlglot
        from sqlglot import exp

        try:
            tree: Any = sqlglot.parse_one(text, read="postgres")
        except (sqlglot.errors.SqlglotError, RecursionError):
            return ""
        if any(type(node).__name__ not in only for node in tree.walk()):
            return ""

        def plain(node: Any) -> Any:
            if isinstance(node, exp.Cast):  # 'open'::text and (0)::numeric: the server's own spelling, no meaning
                return node.this
            if isinstance(node, exp.Identifier):
                return exp.to_identifier(node.this, quoted=self._name(node.this) != node.this)
            return node

        return tree.transform(plain).sql(dialect=self.dialect)

    def _index(self, table: Table, index: Index) -> str:
        columns = {column.name: column for column in table.columns}
        own = f"index on {table.name} ({', '.join(index.columns)})"
        if not set(index.columns) <= set(columns):
            return _comment(f"-- left out: the {own}, for it is over an expression")
        if self.dialect == "mysql" and any(self._type(columns[name], True) in ("JSON", "LONGBLOB") for name in index.columns):
            return _comment(f"-- left out: the {own}, for MySQL indexes no JSON")
        name = self._fresh(f"{table.name}_{'_'.join(index.columns)}_idx")
        unique = "UNIQUE " * index.unique
        return f"CREATE {unique}INDEX {self._name(name)} ON {self._name(table.name)} ({self._names(index.columns)});"

    def _fresh(self, name: str) -> str:
        name, number = name[:LONGEST], 1
        found = name
        while found.lower() in self.taken:
            number += 1
            found = f"{name[: LONGEST - 4]}_{number}"
        self.taken.add(found.lower())
        return found

    def _foreign_key(self, key: ForeignKey) -> str:
        return f"FOREIGN KEY ({self._names(key.columns)}) REFERENCES {self._name(key.table)} ({self._names(key.references)})"

    def _names(self, names: tuple[str, ...]) -> str:
        return ", ".join(map(self._name, names))

    def _name(self, name: str) -> str:
        """Bare where PostgreSQL and this dialect both take it bare, else quoted."""
        from sqlglot import exp
        from sqlglot.dialects.dialect import Dialect

        words = set(Dialect.get_or_raise(self.dialect).tokenizer_class.KEYWORDS)
        bare = ddl.name(name) == name and name.upper() not in words
        return exp.to_identifier(name, quoted=not bare).sql(dialect=self.dialect)

    def _text(self, value: str) -> str:
        from sqlglot import exp

        return exp.Literal.string(value).sql(dialect=self.dialect)


def _comment(text: str) -> str:
    """A comment is one line, whatever the names in it hold."""
    return re.sub(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+", " ", text)
