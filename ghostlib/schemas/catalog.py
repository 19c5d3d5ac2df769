"""Read a Schema back from pg_catalog: what the server made of the text, not what the text says."""

import json
import re
from collections.abc import Sequence
from typing import Any

from ghostlib.schemas.ddl import name
from ghostlib.schemas.schema import Check, Column, ForeignKey, Index, Schema, Table

# One round trip; every row is (kind, table's number, facts as JSON). relkind r and p: plain and partitioned tables,
# partitions left out. A column of a domain is told with the domain's base type, default and checks.
PREPARE = """
PREPARE ghost_catalog(regnamespace[]) AS
WITH mine AS (
    SELECT c.oid, c.relname, c.relnamespace::regnamespace::text AS place FROM pg_class c
    WHERE c.relnamespace = ANY ($1) AND c.relkind IN ('r', 'p') AND NOT c.relispartition
)
SELECT kind, owner, facts::text FROM (
SELECT 'column', m.oid, jsonb_build_object(
    'name', a.attname, 'type', CASE WHEN b.typtype = 'e' THEN 'text' WHEN e.typtype = 'e' THEN 'text[]'
        WHEN e.typtype = 'd' THEN format_type(e.typbasetype, e.typtypmod) || '[]'
        WHEN t.typtype = 'd' THEN d.base ELSE format_type(a.atttypid, a.atttypmod) END,
    'not_null', a.attnotnull OR coalesce(d.required, false), 'identity', a.attidentity <> '',
    'default', CASE WHEN a.attgenerated = '' THEN coalesce(pg_get_expr(f.adbin, f.adrelid), d.filled) END,
    'checks', d.checks,
    'values', CASE WHEN b.typtype = 'e' THEN
        (SELECT jsonb_agg(v.enumlabel ORDER BY v.enumsortorder) FROM pg_enum v WHERE v.enumtypid = b.oid) END), a.attnum::bigint
FROM mine m JOIN pg_attribute a ON a.attrelid = m.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
LEFT JOIN pg_attrdef f ON f.adrelid = m.oid AND f.adnum = a.attnum
LEFT JOIN LATERAL (
    WITH RECURSIVE deeper AS (
        SELECT t.oid, t.typbasetype, t.typtypmod, t.typnotnull, t.typdefaultbin, 0 AS depth WHERE t.typtype = 'd'
        UNION ALL
        SELECT n.oid, n.typbasetype, n.typtypmod, n.typnotnull, n.typdefaultbin, w.depth + 1
        FROM deeper w JOIN pg_type n ON n.oid = w.typbasetype AND n.typtype = 'd'
    )
    SELECT bool_or(w.typnotnull) AS required,
        (array_agg(w.typbasetype ORDER BY w.depth DESC))[1] AS root,
        (array_agg(format_type(w.typbasetype, w.typtypmod) ORDER BY w.depth DESC))[1] AS base,
        (array_agg(pg_get_expr(w.typdefaultbin, 0) ORDER BY w.depth) FILTER (WHERE w.typdefaultbin IS NOT NULL))[1] AS filled,
        (SELECT jsonb_agg(pg_get_expr(o.conbin, 0) ORDER BY o.oid) FROM pg_constraint o
         WHERE o.contypid IN (SELECT oid FROM deeper) AND o.contype = 'c') AS checks
    FROM deeper w
) d ON t.typtype = 'd'
LEFT JOIN pg_type b ON b.oid = coalesce(d.root, t.oid)
UNION ALL
SELECT CASE o.contype WHEN 'p' THEN 'primary' WHEN 'u' THEN 'unique' WHEN 'f' THEN 'foreign' ELSE 'check' END, m.oid,
    jsonb_build_object(
    'columns', (SELECT coalesce(jsonb_agg(a.attname ORDER BY k.place), '[]') FROM unnest(o.conkey) WITH ORDINALITY k(num, place)
                JOIN pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = k.num),
    'table', f.relname, 'number', f.oid::bigint,
    'references', (SELECT jsonb_agg(a.attname ORDER BY k.place) FROM unnest(o.confkey) WITH ORDINALITY k(num, place)
                   JOIN pg_attribute a ON a.attrelid = o.confrelid AND a.attnum = k.num),
    'expression', CASE WHEN o.contype = 'c' THEN pg_get_expr(o.conbin, o.conrelid) END), o.oid::bigint
FROM mine m JOIN pg_constraint o ON o.conrelid = m.oid AND o.contype IN ('p', 'u', 'f', 'c') AND o.conparentid = 0
LEFT JOIN pg_class f ON f.oid = o.confrelid
UNION ALL
SELECT 'index', m.oid, jsonb_build_object(
    'columns', (SELECT jsonb_agg(coalesce(a.attname::text, pg_get_indexdef(i.indexrelid, k::int, true)) ORDER BY k)
                FROM generate_series(1, i.indnkeyatts) k
                LEFT JOIN pg_attribute a ON a.attrelid = m.oid AND a.attnum = i.indkey[k - 1] AND a.attnum <> 0),
    'unique', i.indisunique AND i.indpred IS NULL, 'method', am.amname), i.indexrelid::bigint
FROM mine m JOIN pg_index i ON i.indrelid = m.oid JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am am ON am.oid = x.relam
WHERE NOT EXISTS (SELECT FROM pg_constraint o WHERE o.conindid = i.indexrelid AND o.contype IN ('p', 'u', 'x'))
UNION ALL
SELECT 'table', m.oid, jsonb_build_object('name', m.relname, 'place', m.place), m.oid::bigint FROM mine m
) listed (kind, owner, facts, number) ORDER BY number
"""


def query(schema: str, others: int = 0) -> str:
    """The SQL that lists everything in one schema and in those numbered after it; the names are the judge's own random ones.

    The plan is prepared once on the connection, and the search path is always the same one here: a plan for another
    path would be made anew, which took twice as long as everything else.
    """
    names = ", ".join([schema, *(f"{schema}_{number + 1}" for number in range(others))])
    return f"SET LOCAL search_path = pg_catalog; EXECUTE ghost_catalog('{{{names}}}')"


def read(cursor: Any, schema: str, others: Sequence[str] = ()) -> Schema:
    """The query's rows, wherever they stand among the results, as a Schema with its tables in the order of creation.

    `others` are the file's own names of the numbered schemas: a table whose name stands in two schemas is told with its
    schema's name before its own, except in the main one.
    """
    while not cursor.description:
        if cursor.nextset() is None:
            return Schema()
    own = re.compile(rf"{schema}(?:_\d+)?\.")  # on that path its types are qualified
    # A cast to an enum or a domain, whose columns are told with the type below it. The quotes are JSON's.
    cast = re.compile(rf"""('?)::{schema}(?:_\d+)?\.(?:\w+|\\"(?:[^"\\]|\\.)+?\\")(\[\])?""")
    rows, found = cursor.fetchall(), {}
    for kind, table, told in rows:
        if kind == "table":
            found[table] = (json.loads(told), [])
    for kind, table, told in rows:
        if kind != "table":
            found[table][1].append((kind, json.loads(own.sub("", cast.sub(_cast, told)))))
    names = _names({table: facts for table, (facts, _) in found.items()}, schema, others)
    return Schema(tuple(_table(names, table, facts) for table, (_, facts) in found.items()))


def _cast(found: re.Match[str]) -> str:
    return f"'::text{found[2] or ''}" if found[1] else ""


def _names(tables: dict[int, dict[str, str]], schema: str, others: Sequence[str]) -> dict[int, str]:
    """What each table is called: those of the main schema as they are, another's with its schema's name where it must."""
    places = {schema: "", **{f"{schema}_{number}": other for number, other in enumerate(others, 1)}}
    names: dict[int, str] = {}
    order = list(places)
    for number, facts in sorted(tables.items(), key=lambda one: (order.index(one[1]["place"]), one[0])):
        told, taken = facts["name"], set(names.values())
        if told in taken:
            told = f"{places[facts['place']]}_{told}"
        while told in taken:
            told += "_"
        names[number] = told
    return names


def _table(names: dict[int, str], number: int, rows: list[tuple[str, dict[str, Any]]]) -> Table:
    def of(wanted: str) -> list[dict[str, Any]]:
        return [facts for kind, facts in rows if kind == wanted]

    columns = of("column")
    checks = [_check(facts) for facts in of("check")]
    for facts in columns:
        checks += [_enumeration(facts)] if facts["values"] else []
        checks += [_of_domain(facts["name"], expression) for expression in facts["checks"] or ()]
    return Table(
        name=names[number],
        columns=tuple(_column(facts) for facts in columns),
        primary_key=next((tuple(facts["columns"]) for facts in of("primary")), ()),
        foreign_keys=tuple(
            ForeignKey(tuple(facts["columns"]), names.get(facts["number"], facts["table"]), tuple(facts["references"] or ()))
            for facts in of("foreign")
        ),
        unique=tuple(tuple(facts["columns"]) for facts in of("unique")),
        checks=tuple(checks),
        indexes=tuple(Index(tuple(facts["columns"]), facts["unique"], facts["method"]) for facts in of("index")),
    )


def _column(facts: dict[str, Any]) -> Column:
    kind = re.sub(r"^(timestamp|time)(\(\d\))? with(?:out)? time zone", _short, facts["type"])
    default = facts["default"]
    serial = default is not None and re.fullmatch(r"nextval\('(?:[^']|'')*'(?:::regclass)?\)", default)
    if facts["identity"] or (serial and kind in ("smallint", "integer", "bigint")):  # serial is its older spelling
        return Column(facts["name"], kind, True, None, True)
    if default is not None:
        default = re.sub(r"^('(?:[^']|'')*')::[\w .\"\[\]]+(?:\(\d+(?:,\d+)?\))?(?:\[\])?$", r"\1", default)
        default = None if re.fullmatch(r"NULL(?:::[\w .\"\[\]]+(?:\(\d+(?:,\d+)?\))?)?", default) else default
    return Column(facts["name"], kind, facts["not_null"], default)


def _of_domain(column: str, expression: str) -> Check:
    """A domain's check as the check of a column: VALUE stands for it, outside of quotes."""
    parts = re.split(r"('(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")", expression)
    parts[::2] = [re.sub(r"\bVALUE\b", lambda _: name(column), part) for part in parts[::2]]
    return _check({"columns": [column], "expression": "".join(parts)})


def _short(found: re.Match[str]) -> str:
    zoned = "without" not in found[0]
    return f"{found[1]}{'tz' if zoned else ''}{found[2] or ''}"


def _enumeration(facts: dict[str, Any]) -> Check:
    """A column of an enum type says the same as text with CHECK (column IN (...)), which is the one spelling here."""
    return _members(facts["name"], tuple(facts["values"]))


def _members(column: str, values: tuple[str, ...]) -> Check:
    listed = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
    return Check(f"{name(column)} IN ({listed})", (column,), values)


def _check(facts: dict[str, Any]) -> Check:
    """The server writes `x IN ('a')` as `x = ANY (ARRAY['a'::text])` and BETWEEN as two comparisons; both are told back."""
    columns, expression = tuple(facts["columns"]), facts["expression"]
    own = r'\(*"?\w+"?\)?(?:::[\w ]+)?'
    if len(columns) == 1:
        values = re.fullmatch(rf"\({own} = ANY \(+ARRAY\[(.*)\]\)?(?:::[\w ]+\[\])?\)\)", expression)
        one = re.fullmatch(rf"\({own} = ('(?:[^']|'')*')::[\w ]+\)", expression)
        if values or one:
            members = re.findall(r"'((?:[^']|'')*)'", (values or one)[1])
            if members and not re.search(r"[^',\s:\w()\[\] ]", re.sub(r"'(?:[^']|'')*'", "", (values or one)[1])):
                return _members(columns[0], tuple(member.replace("''", "'") for member in members))
        bound = r"\(*'?(-?[\d.]+)'?(?:::[\w ]+)?\)?(?:::[\w ]+)?"
        low_high = re.fullmatch(rf"\(\({own} >= {bound}\) AND \({own} <= {bound}\)\)", expression)
        if low_high:
            return Check(f"{name(columns[0])} BETWEEN {low_high[1]} AND {low_high[2]}", columns)
    return Check(expression[1:-1] if expression.startswith("(") and expression.endswith(")") else expression, columns)
