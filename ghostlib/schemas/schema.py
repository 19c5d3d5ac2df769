"""The value everything speaks: a Schema of tables, columns, keys, checks and indexes, all frozen.

>>> Schema((Table("tags", (Column("id", "bigint", not_null=True, identity=True),), primary_key=("id",)),)).tables[0].name
'tags'
"""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Column:
    """One column. `type` is PostgreSQL's own spelling as format_type() prints it ("numeric(10,2)", "text[]")."""

    name: str
    type: str
    not_null: bool = False
    default: str | None = None
    identity: bool = False


@dataclass(frozen=True)
class ForeignKey:
    """`columns` of this table point at `references` (same length) of `table`."""

    columns: tuple[str, ...]
    table: str
    references: tuple[str, ...]


@dataclass(frozen=True)
class Check:
    """A CHECK constraint: the server's text of the expression, and the columns that it reads.

    `values` are the members where the check is an enumeration (`col IN (...)`), else empty.
    """

    expression: str
    columns: tuple[str, ...] = ()
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Index:
    """An index that no constraint brought with it; `columns` holds names, or the text of expressions."""

    columns: tuple[str, ...]
    unique: bool = False
    method: str = "btree"


@dataclass(frozen=True)
class Table:
    name: str
    columns: tuple[Column, ...] = ()
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    checks: tuple[Check, ...] = ()
    indexes: tuple[Index, ...] = ()

    def column(self, name: str) -> Column | None:
        """The column of that name, or None."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True)
class Schema:
    tables: tuple[Table, ...] = ()

    def table(self, name: str) -> Table | None:
        """The table of that name, or None."""
        return next((table for table in self.tables if table.name == name), None)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready `{"tables": [...]}`; `from_dict` reads it back to an equal Schema."""
        return asdict(self)


def from_dict(data: dict[str, Any]) -> Schema:
    """The Schema that `as_dict` wrote (lists or tuples, unknown keys are an error)."""
    return Schema(tuple(_table(table) for table in data["tables"]))


def _table(data: dict[str, Any]) -> Table:
    return Table(
        name=data["name"],
        columns=tuple(Column(**column) for column in data.get("columns", ())),
        primary_key=tuple(data.get("primary_key", ())),
        foreign_keys=tuple(
            ForeignKey(tuple(key["columns"]), key["table"], tuple(key["references"])) for key in data.get("foreign_keys", ())
        ),
        unique=tuple(tuple(columns) for columns in data.get("unique", ())),
        checks=tuple(
            Check(check["expression"], tuple(check.get("columns", ())), tuple(check.get("values", ())))
            for check in data.get("checks", ())
        ),
        indexes=tuple(
            Index(tuple(index["columns"]), index.get("unique", False), index.get("method", "btree"))
            for index in data.get("indexes", ())
        ),
    )
