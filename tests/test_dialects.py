"""The schema for other servers: SQLite creates it and tells it back, MySQL's own words stand where PostgreSQL's did."""

import json
import re
import sqlite3
from pathlib import Path

import pytest
import sqlglot

from ghostlib.errors import SchemaError
from ghostlib.schemas import dialects, postgres
from ghostlib.schemas.schema import Check, Column, ForeignKey, Index, Schema, Table

DATA = Path(__file__).parents[1] / "data"
FOREIGN = re.compile(r"GENERATED|IDENTITY|timestamptz|jsonb|text\[\]|::|nextval|gen_random_uuid|numeric\b", re.IGNORECASE)
WIDE = """CREATE TABLE customers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL UNIQUE, tags text[],
    extra jsonb DEFAULT '{}', at timestamptz NOT NULL DEFAULT now(), born date DEFAULT CURRENT_DATE, opens time,
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'pau''sed')),
    rating integer CHECK (rating BETWEEN 1 AND 5),
    total numeric(10,2) DEFAULT 0 CHECK (total >= 0), key uuid DEFAULT gen_random_uuid(), ok boolean DEFAULT true,
    code varchar(12), big double precision, blob bytea, "order" text, parent_id bigint REFERENCES customers (id),
    CHECK (code ~ '^[A-Z]+$'));
CREATE TABLE links (a bigint REFERENCES customers (id), b bigint REFERENCES customers (id), note text, PRIMARY KEY (a, b));
CREATE INDEX ON customers (parent_id); CREATE INDEX ON links (b); CREATE INDEX ON links (note);
CREATE INDEX ON links (lower(note));"""


@pytest.fixture(scope="module")
def schemas():
    files = ("dataset.json", "dataset_vision.json", "validation_set/dataset.json")
    labels = {row["output"] for file in files for row in json.loads((DATA / file).read_text(encoding="utf-8"))}
    return [verdict.schema for verdict in postgres.check_many(sorted(labels))[:: 1 + len(labels) // 250]] + [
        postgres.check(WIDE)
    ]


def test_sqlite_creates_every_shipped_schema_and_tells_its_columns_and_keys_back(schemas):
    for schema in schemas:
        with sqlite3.connect(":memory:") as link:
            link.execute("PRAGMA foreign_keys = on")
            link.executescript(dialects.sqlite(schema))
            for table in schema.tables:
                columns = link.execute(f'PRAGMA table_info("{table.name}")').fetchall()
                assert [row[1] for row in columns] == [column.name for column in table.columns]
                assert {row[1] for row in columns if row[5]} == set(table.primary_key)
                needed = {column.name for column in table.columns if column.not_null} - set(table.primary_key)
                assert {row[1] for row in columns if row[3]} - set(table.primary_key) == needed
                keys = link.execute(f'PRAGMA foreign_key_list("{table.name}")').fetchall()
                assert {(row[2], row[3], row[4]) for row in keys} == {
                    (key.table, own, other)
                    for key in table.foreign_keys
                    for own, other in zip(key.columns, key.references, strict=True)
                }
        link.close()


def test_sqlite_counts_identities_and_holds_to_checks_uniques_and_keys():
    with sqlite3.connect(":memory:") as link:
        link.execute("PRAGMA foreign_keys = on")
        link.executescript(dialects.sqlite(postgres.check(WIDE)))
        link.execute("INSERT INTO customers (email) VALUES ('a@b.c')")
        assert link.execute("SELECT id, status, ok FROM customers").fetchall() == [(1, "active", 1)]
        for wrong in (
            "INSERT INTO customers (email) VALUES ('a@b.c')",
            "INSERT INTO customers (email, rating) VALUES ('d', 6)",
            "INSERT INTO customers (email, status) VALUES ('d', 'gone')",
            "INSERT INTO customers (email, parent_id) VALUES ('d', 99)",
            "INSERT INTO links (a, b) VALUES (1, 99)",
        ):
            with pytest.raises(sqlite3.IntegrityError):
                link.execute(wrong)
    link.close()


def test_mysql_is_read_by_its_own_parser_and_holds_no_word_of_postgresql(schemas):
    for schema in schemas:
        told = dialects.mysql(schema)
        code = re.sub(r"--[^\n]*", "", told)
        trees = [tree for tree in sqlglot.parse(code, read="mysql") if tree is not None]
        assert sum(tree.key == "create" and tree.args["kind"] == "TABLE" for tree in trees) == len(schema.tables)
        assert not any(tree.key == "command" for tree in trees)
        assert not FOREIGN.search(code), code


def test_mysql_gives_a_text_that_is_a_key_a_length_and_every_index_a_name():
    told = dialects.mysql(postgres.check(WIDE))
    assert "email VARCHAR(255) NOT NULL" in told and "note VARCHAR(255)" in told and "tags JSON" in told
    assert "id BIGINT NOT NULL AUTO_INCREMENT" in told and "CREATE INDEX customers_parent_id_idx ON customers" in told
    assert "`order` TEXT" in told and "DEFAULT (UUID())" in told and "at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP" in told
    assert "status IN ('active', 'pau''sed')" in told


def test_what_the_other_server_has_no_word_for_is_left_out_and_said():
    for told in (dialects.mysql(postgres.check(WIDE)), dialects.sqlite(postgres.check(WIDE))):
        assert "-- left out: the check" in told and "-- left out: the index on links" in told
        assert "~" not in re.sub(r"--[^\n]*", "", told)


def test_keys_that_go_round_in_a_circle_are_added_afterwards_or_stand_where_sqlite_takes_them():
    circle = postgres.check(
        "CREATE TABLE a (id bigint PRIMARY KEY, b_id bigint);"
        "CREATE TABLE b (id bigint PRIMARY KEY, a_id bigint REFERENCES a (id));"
        "ALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b (id);"
    )
    assert "ALTER TABLE a ADD FOREIGN KEY" in dialects.mysql(circle)
    with sqlite3.connect(":memory:") as link:
        link.executescript(dialects.sqlite(circle))
        assert len(link.execute("PRAGMA foreign_key_list(a)").fetchall()) == 1
    link.close()


@pytest.mark.parametrize("name", ["a`b", 'a"b', "a\n-- b", "select", "x; DROP TABLE y", "\N{SNOWMAN}", "a'b", "auto_increment"])
def test_no_name_breaks_out_of_its_quotes(name):
    columns = (
        Column("id", "bigint", True, identity=True),
        Column(name, "text", default="f('" + name.replace("'", "''") + "')"),
    )
    checks = (Check("no_such(" + name + ")", (name,)),)
    made = Schema(
        (Table(name, columns, ("id",), (ForeignKey((name,), name, (name,)),), checks=checks, indexes=(Index((name,)),)),)
    )
    with sqlite3.connect(":memory:") as link:
        link.executescript(dialects.sqlite(made))
        assert link.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall() == [(name,)]
    link.close()
    trees = [tree for tree in sqlglot.parse(dialects.mysql(made), read="mysql") if tree is not None]
    assert [tree.key for tree in trees] == ["create", "create"]


def test_a_schema_without_tables_is_one_line():
    for write in (dialects.mysql, dialects.sqlite):
        with pytest.raises(SchemaError, match="without tables"):
            write(Schema())
