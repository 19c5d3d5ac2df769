"""The target language and the three classes of statement."""

import pytest

from ghostlib.schemas import postgres, rules, statements
from ghostlib.schemas.ddl import canonical, name
from ghostlib.schemas.schema import Check, Column, ForeignKey, Index, Schema, Table

ID = Column("id", "bigint", not_null=True, identity=True)
SHOP = Schema(
    (
        Table(
            "orders",
            (
                ID,
                Column("customer_id", "bigint", True),
                Column("total", "numeric(10,2)"),
                Column("placed_at", "timestamptz", default="now()"),
            ),
            ("id",),
            (ForeignKey(("customer_id",), "customers", ("id",)),),
            indexes=(Index(("customer_id",)),),
        ),
        Table(
            "customers",
            (ID, Column("email", "text", True), Column("status", "text", True), Column("rating", "integer")),
            ("id",),
            unique=(("email",),),
            checks=(
                Check("status IN ('active', 'paused')", ("status",), ("active", "paused")),
                Check("rating BETWEEN 1 AND 5", ("rating",)),
            ),
        ),
    )
)


def kinds(sql):
    return [statement.kind for statement in statements.statements(sql)]


def test_the_target_language_puts_parents_first_and_indexes_last_and_every_clause_in_its_place():
    assert canonical(SHOP) == (
        "CREATE TABLE customers (\n"
        "    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n"
        "    email text NOT NULL UNIQUE,\n"
        "    status text NOT NULL CHECK (status IN ('active', 'paused')),\n"
        "    rating integer CHECK (rating BETWEEN 1 AND 5)\n"
        ");\n\n"
        "CREATE TABLE orders (\n"
        "    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n"
        "    customer_id bigint NOT NULL REFERENCES customers (id),\n"
        "    total numeric(10,2),\n"
        "    placed_at timestamptz DEFAULT now()\n"
        ");\n\n"
        "CREATE INDEX ON orders (customer_id);"
    )


def test_the_server_reads_the_target_language_back_to_the_same_schema_but_for_the_order_of_tables():
    orders, customers = SHOP.tables
    assert postgres.check(canonical(SHOP)) == Schema((customers, orders))


def test_tables_that_point_at_each_other_and_at_themselves_still_create():
    def key(table):
        return (ForeignKey(("other_id",), table, ("id",)),)

    columns = (ID, Column("other_id", "bigint"))
    ring = Schema(tuple(Table(n, columns, ("id",), key(to)) for n, to in (("a", "b"), ("b", "c"), ("c", "a"), ("d", "d"))))
    back = postgres.check(canonical(ring))
    assert {table.name: table.foreign_keys for table in back.tables} == {t.name: t.foreign_keys for t in ring.tables}


@pytest.mark.parametrize("word", ["order", "a b", 'quo"te', "Camel", "1st", "user", "left", "naïve", "select"])
def test_a_name_that_sql_cannot_take_bare_is_quoted_and_comes_back_as_it_was(word):
    schema = Schema((Table(word, (Column(word, "text"),), indexes=(Index((word,)),)),))
    assert name(word).startswith('"')
    assert postgres.check(canonical(schema)) == schema


@pytest.mark.parametrize(
    "sql",
    [
        "SET search_path = x",
        "SELECT pg_catalog.set_config('search_path', '', false)",
        "ALTER TABLE a OWNER TO b",
        "GRANT ALL ON a TO b",
        "CREATE EXTENSION citext",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END",
        "CREATE TRIGGER t BEFORE INSERT ON a EXECUTE FUNCTION f()",
        "CREATE VIEW v AS SELECT 1",
        "CREATE DATABASE d",
        "BEGIN",
        "COMMIT",
        "INSERT INTO a VALUES (1)",
        "\\connect other",
    ],
)
def test_what_is_no_table_is_skipped(sql):
    assert kinds(sql) == ["skipped"]


@pytest.mark.parametrize(
    "sql",
    [
        "COPY a FROM '/etc/passwd'",
        "COPY a TO PROGRAM 'id'",
        "DO $$ BEGIN END $$",
        "SET ROLE postgres",
        "RESET ROLE",
        "SET SESSION AUTHORIZATION postgres",
        "ALTER SYSTEM SET fsync = on",
        "CREATE TABLE a AS SELECT 1",
        "SELECT pg_sleep(9)",
        "SELECT set_config('a', 'b', false), pg_sleep(9)",
        "CREATE TABLE a (b text DEFAULT pg_read_file('/etc/passwd'))",
        "CREATE TABLE a (b int CHECK (b > lo_import('/etc/passwd')))",
        "CREATE INDEX ON a ((pg_sleep(9)::text))",
        "CREATE TABLE pg_catalog.a (b int)",
        "CREATE TABLE q PARTITION OF p FOR VALUES FROM (nextval('live.numbers')) TO (9)",
        "SELECT 1",
        "CREATE TABLE a (b int CHECK (b IN (SELECT 1)))",
        "LOAD 'x'",
        "CALL f()",
    ],
)
def test_what_could_read_write_run_or_wait_is_refused(sql):
    assert kinds(sql) == ["refused"]


def test_a_commit_in_the_middle_is_refused_though_one_round_the_file_is_not():
    assert kinds("BEGIN; CREATE TABLE a (b int); COMMIT;") == ["skipped", "created", "skipped"]
    assert kinds("CREATE TABLE a (b int); COMMIT; CREATE TABLE c (d int);")[1] == "refused"


def test_no_class_holds_what_another_holds():
    assert not rules.CREATED & set(rules.SKIPPED)


def test_lines_and_columns_count_letters_and_not_bytes():
    found = statements.statements("-- é\nCREATE TABLE ö (a int);\n  /* ü */ CREATE TABLE ä (b int);\nCREATE TABLE é (ß in t);")
    assert (found[0].line, found[0].column) == (4, 19)
    found = statements.statements("-- é\nCREATE TABLE ö (a int);\n  /* ü */ CREATE TABLE ä (b int);")
    assert [(one.line, one.column, one.text[:14]) for one in found] == [(2, 1, "CREATE TABLE ö"), (3, 11, "CREATE TABLE ä")]


def test_every_syntax_error_of_a_file_is_told_and_not_only_the_first():
    found = statements.statements("CREATE TABLE a (b int AUTO_INCREMENT);\nCREATE TABLE c (d int);\nCREATE TABLE `e` (f int);")
    assert [(one.line, one.column) for one in found] == [(1, 23), (3, 14)]
    assert "IDENTITY" in found[0].hint and "ackticks" in found[1].hint


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE a (b int CHECK (" + "(" * 20_000 + "1 = 1" + ")" * 20_000 + "))",
        "CREATE TABLE a (b int DEFAULT " + "1 + " * 40_000 + "1)",
        "CREATE TABLE a (b int DEFAULT " + "- " * 40_000 + "1)",
        "CREATE TABLE a (b int CHECK (" + "NOT " * 40_000 + "true))",
        "SELECT " + "CASE WHEN true THEN " * 40_000 + "1",
        "SELECT 1" + " UNION SELECT 1" * 40_000,
        "CREATE TABLE a (b int); -- " + "x" * 17_000_000,
        "CREATE TABLE a (b int)\0",
    ],
)
def test_what_would_take_the_parser_down_is_refused_before_it_is_parsed(sql):
    found = statements.statements(sql)
    assert [(one.kind, one.sqlstate) for one in found] == [("refused", "54000")]


def test_a_schema_name_gives_way_to_the_judges_own_and_no_text_in_quotes_is_touched():
    sql = "CREATE TABLE {0}a (b int DEFAULT nextval('{0}n'), c text CHECK (c <> 'shop.x'), d {0}kind CHECK (a.d > ''))"
    told = statements.statements(sql.format("public."))[0]
    assert told.text == sql.format("") and told.schemas == ()
    told = statements.statements(sql.format("shop."))[0]
    assert told.text == sql.format("ghost_000000000000_1.") and told.schemas == ("shop",)
