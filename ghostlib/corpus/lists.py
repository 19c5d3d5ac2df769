"""A screen's tables and fields as a plain list: what nano's base writes; and the schema that such a list is by rule alone.

# customers
full_name: text, required
# orders
number: text, required
customer_id: link customers
status: choice open / paid
"""

import re
from collections.abc import Iterator

from ghostlib.schemas import ddl
from ghostlib.schemas.schema import Check, Column, ForeignKey, Index, Schema, Table

TYPES = {
    "text": "text", "money": "numeric(10,2)", "percent": "numeric(5,2)", "number": "integer", "date": "date",
    "time": "timestamptz", "clock": "time", "yes or no": "boolean", "words": "text[]",
    "stars": "integer",
}  # fmt: skip
KINDS = {type_: kind for kind, type_ in TYPES.items()}
KINDS |= {"integer": "number", "bigint": "number", "timestamp with time zone": "time", "time without time zone": "clock"}


def listing(schema: Schema) -> str:
    """What a screen shows of a schema, as a plain list: `# orders`, then a line a field with its kind in words.

    Keys `id` go without saying. What others are linked to stands before them, as in SQL: so a model that has learnt to list
    has learnt where to begin. The two columns of a table that joins two others are its `key`.
    """
    return "\n".join("\n".join([f"# {table.name}", *_fields(table)]) for table in schema.tables)


def _fields(table: Table) -> Iterator[str]:
    links = {key.columns[0]: key.table for key in table.foreign_keys if len(key.columns) == 1}
    checks = {check.columns[0]: check for check in table.checks if len(check.columns) == 1}
    for column in table.columns:
        if column.identity:
            continue
        said = [f"link {links[column.name]}" if column.name in links else _kind(column, checks)]
        said += ["key"] * (column.name in table.primary_key)
        said += ["required"] * column.not_null
        yield f"{column.name}: {', '.join(said)}"


def _kind(column: Column, checks: dict) -> str:
    if column.name in checks:
        values = checks[column.name].values
        ends = re.search(r"BETWEEN (\S+) AND (\S+)", checks[column.name].expression)
        measured = f"from {ends[1]} to {ends[2]}" if ends and ends.groups() != ("1", "5") else "stars"
        return f"choice {' / '.join(values)}" if values else measured
    return KINDS.get(column.type, column.type)


def seen(listed: str, words: str) -> str:
    """The list with those options of each choice that stand in `words`, what a prompt shows of the screen; of fewer than two

    no choice is made, it is a text. What nobody can know is not to be taught: a model learns to make it up.
    """

    def shown(match: re.Match[str]) -> str:
        options = [one for one in match[1].split(" / ") if re.search(rf"\b{re.escape(one.replace('_', ' '))}\b", words)]
        return f"choice {' / '.join(options)}" if len(options) > 1 else "text"

    return re.sub(r"\bchoice ([^\n,]+)", shown, listed)


def schema(text: str) -> Schema:
    """The schema of a list by rule: what it says, no more; a table that is linked to and not listed gets a `name`.

    Lines that are none of a list's are passed over, so whatever a model wrote gives some schema (perhaps an empty one).
    """
    tables: dict[str, list[tuple[str, list[str]]]] = {}
    fields: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if title := re.fullmatch(r"# (\w+)\s*", line):
            fields = tables.setdefault(title[1], [])
        elif field := re.fullmatch(r"(\w+): (.+)", line):
            if tables and field[1] not in ("id", *(name for name, _ in fields)):
                fields.append((field[1], field[2].strip().split(", ")))
    linked = {table for fields in tables.values() for table in _links(fields).values()}
    for name in sorted(linked):
        tables.setdefault(name, [("name", ["text", "required"])])
    return Schema(tuple(_table(name, fields, name in linked) for name, fields in tables.items()))


def _links(fields: list[tuple[str, list[str]]]) -> dict[str, str]:
    return {field: said[0][5:] for field, said in fields if re.fullmatch(r"link \w+", said[0])}


def _table(name: str, fields: list[tuple[str, list[str]]], linked: bool) -> Table:
    """The table; what others link to has an `id`, whatever its list calls a key."""
    keys = () if linked else tuple(field for field, said in fields if "key" in said)
    links = _links(fields)
    columns = tuple(Column(field, _type(said[0]), "required" in said or field in keys) for field, said in fields)
    identity = () if len(keys) > 1 else (Column("id", "bigint", not_null=True, identity=True),)
    return Table(
        name,
        (*identity, *columns),
        primary_key=keys if len(keys) > 1 else ("id",),
        foreign_keys=tuple(ForeignKey((field,), table, ("id",)) for field, table in links.items()),
        checks=tuple(check for field, said in fields for check in _checks(field, said[0])),
        indexes=tuple(Index((field,)) for field in links),
    )


def _type(kind: str) -> str:
    return TYPES.get(kind, "bigint" if kind.startswith("link ") else "integer" if kind.startswith("from ") else "text")


def _checks(field: str, kind: str) -> Iterator[Check]:
    if kind.startswith("choice "):
        values = tuple(dict.fromkeys(value for value in kind[7:].split(" / ") if value))
        quoted = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
        if values:
            yield Check(f"{ddl.name(field)} IN ({quoted})", (field,), values)
    ends = re.fullmatch(r"from (-?\d+) to (-?\d+)", "from 1 to 5" if kind == "stars" else kind)
    if ends:
        yield Check(f"{ddl.name(field)} BETWEEN {ends[1]} AND {ends[2]}", (field,))
