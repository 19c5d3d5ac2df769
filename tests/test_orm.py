"""SQLAlchemy models from the live schema: imported and created again they give the same schema, and no name runs."""

import ast
import json
from pathlib import Path

import pytest
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from ghostlib.errors import SchemaError
from ghostlib.schemas import ddl, orm, postgres, server
from ghostlib.schemas.schema import Check, Column, ForeignKey, Index, Schema, Table

DATA = Path(__file__).parents[1] / "data"
LABELS = [row["output"] for row in json.loads((DATA / "dataset_vision.json").read_text(encoding="utf-8"))]
HARD = """CREATE TABLE customers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL UNIQUE, tags text[],
    extra jsonb DEFAULT '{}', at timestamptz NOT NULL DEFAULT now(), status text NOT NULL DEFAULT 'active'
    CHECK (status IN ('active', 'paused')), rating integer CHECK (rating BETWEEN 1 AND 5), total numeric(10,2),
    "order" text, "Mixed Case" text, parent_id bigint REFERENCES customers (id));
CREATE TABLE links (a bigint REFERENCES customers (id), b bigint REFERENCES customers (id), PRIMARY KEY (a, b));
CREATE INDEX ON customers (parent_id); CREATE INDEX ON links (b);"""
EVIL = (
    '"); import os #',
    "'); __import__('os').system('true') #",
    "a\nimport os",
    'x"""\nimport os\n"""',
    "class",
    "__init__",
    "os.system",
    "metadata",
    "{0}",
    "\\",
    "\N{SNOWMAN}",
    "a'b\"c",
)


def again(source):
    """What PostgreSQL makes of the models' own CREATE TABLE and CREATE INDEX."""
    module = {}
    exec(compile(source, "models", "exec"), module)
    tables, dialect = module["Base"].metadata.sorted_tables, postgresql.dialect()
    told = [str(CreateTable(table).compile(dialect=dialect)) for table in tables]
    told += [str(CreateIndex(index).compile(dialect=dialect)) for table in tables for index in table.indexes]
    return postgres.check(";\n".join(told) + ";")


def lines(schema):
    """The canonical DDL as a set of statements, each of sorted lines: the order of columns and tables is SQLAlchemy's own."""
    return {frozenset(line.strip(" ,") for line in part.splitlines()) for part in ddl.canonical(schema).split("\n\n")}


@pytest.mark.parametrize("sql", [HARD, *LABELS[::20]])
def test_the_models_create_the_same_schema_again(sql):
    schema = postgres.check(sql)
    source = orm.sqlalchemy_models(schema)
    assert lines(again(source)) == lines(schema)
    assert "ghost_" not in source


@pytest.mark.parametrize("name", EVIL)
def test_no_name_runs_it_is_a_string_or_there_are_no_models(name):
    schema = Schema(
        (
            Table(name, (Column("id", "bigint", True, identity=True), Column(name, "text", default="'x'")), ("id",)),
            Table(
                "children",
                (Column("id", "bigint", True), Column(name, "bigint", True), Column("k", "text")),
                ("id",),
                (ForeignKey((name,), name, ("id",)),),
                checks=(Check("k IN ('" + name.replace("'", "''") + "')", ("k",), (name,)),),
                indexes=(Index((name,)),),
            ),
        )
    )
    try:
        source = orm.sqlalchemy_models(schema)
    except SchemaError as error:
        assert "\n" not in str(error)
        return
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert {
        (node.module or "").split(".")[0] if isinstance(node, ast.ImportFrom) else node.names[0].name for node in calls
    } <= {*orm.MODULES, "sqlalchemy"}


@pytest.mark.parametrize(
    "source",
    [
        "import os",
        "from sqlalchemy import Column\nColumn(open('x'))",
        "def f(): pass",
        "import uuid\nfrom sqlalchemy import text\ntext = uuid.os.system\ntext('true')",
        "import uuid\nuuid.UUID = 1",
        "from sqlalchemy import create_engine\ncreate_engine('sqlite://')",
        "from sqlalchemy import text as Column\nColumn('x')",
        "__import__('os')",
        "from sqlalchemy import text\n[text(x) for x in ()]",
        "class A:\n    x = (lambda: open('x'))()",
        "a b",
        "from builtins import eval",
        "import uuid, os",
        "import uuid\nx = uuid.os.system('true')",
        "import enum\nenum.sys.exit()",
        "from uuid import os\nos.system('true')",
        "from sqlalchemy.util import langhelpers\nlanghelpers.importlib.import_module('os')",
        "from sqlalchemy.orm import relationship\nx = relationship('__import__(1)')",
        "from sqlalchemy.orm import Mapped\nclass A:\n    x: Mapped['print(1)']",
        "from sqlalchemy import text\nx = text.__globals__",
    ],
)
def test_a_module_that_does_more_than_declare_is_refused(source):
    with pytest.raises(SchemaError, match="no models"):
        orm.require_models(source)


def test_nothing_of_the_live_schema_stays_also_after_an_error_in_the_block():
    schema = postgres.check("CREATE TABLE stays (id bigint PRIMARY KEY);")
    with pytest.raises(ValueError, match="halt"), postgres.live(schema) as (connection, name):
        assert connection.execute("SELECT to_regclass('stays')::text").fetchone() == ("stays",)
        raise ValueError("halt")
    with server.lease() as connection:
        assert connection.execute("SELECT count(*) FROM pg_class WHERE relname = 'stays'").fetchone() == (0,)
        assert name


def test_a_schema_that_the_server_does_not_take_is_one_line():
    broken = Schema((Table("a", (Column("b", "no_such_type"),)),))
    with pytest.raises(SchemaError, match="does not take"):
        orm.sqlalchemy_models(broken)
    with pytest.raises(SchemaError, match="without tables"):
        orm.sqlalchemy_models(Schema())
