"""The judge on a real PostgreSQL server: what it reads, what it says, and what a hostile text cannot do."""

import warnings

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ghostlib.errors import SchemaError
from ghostlib.schemas import ddl, embedded, postgres, server
from ghostlib.schemas.schema import Check, Column, ForeignKey, Index, Schema, Table, from_dict

GOOD = "CREATE TABLE tags (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL);"


def problem(sql):
    verdict = postgres.judge(sql)
    assert not verdict.valid and verdict.schema is None
    return verdict.problems[0]


def test_a_dangling_foreign_key_is_rejected_by_the_server_though_the_parser_accepts_it():
    found = problem("CREATE TABLE a (\n    b bigint REFERENCES later (id)\n);\nCREATE TABLE later (id bigint PRIMARY KEY);")
    assert (found.line, found.column, found.sqlstate) == (2, 25, "42P01")
    assert "later" in found.message and "first" in found.hint


@pytest.mark.parametrize(
    ("sql", "place", "state", "hint"),
    [
        ("CREATE TABLE a (id int AUTO_INCREMENT);", (1, 24), "42601", "IDENTITY"),
        ("CREATE TABLE `a` (id int);", (1, 14), "42601", "ackticks"),
        ("CREATE TABLE a (id int) ENGINE=InnoDB;", (1, 25), "42601", "ENGINE"),
        ("CREATE TABLE a (\n  s ENUM('x', 'y'));", (2, 5), "42704", "CHECK"),
        ("CREATE TABLE a (s strin);", (1, 19), "42704", "type"),
        ("CREATE TABLE a (s int, s int);", (1, 24), "42701", "twice"),
        ("CREATE TABLE a (s int,);", (1, 23), "42601", "comma"),
        ("CREATE TABLE a (s int UNSIGNED);", (1, 23), "42601", "CHECK"),
        ("CREATE TABLE é (s int,\n ö txt);", (2, 4), "42704", "type"),
        ("SELECT 1;", (1, 1), "0A000", ""),
        ("", (1, 1), "02000", "CREATE TABLE"),
    ],
)
def test_a_problem_says_where_and_which_and_what_to_do(sql, place, state, hint):
    found = problem(sql)
    assert (found.line, found.column, found.sqlstate) == (*place, state)
    assert hint in found.hint and found.message


def test_the_schema_is_what_the_server_made_and_not_what_the_text_says():
    schema = postgres.check(
        "CREATE TABLE a (id serial PRIMARY KEY, n varchar(20) DEFAULT 'x', r numeric(3,1) CHECK (r BETWEEN 1 AND 5),"
        " k text CHECK (k IN ('it''s', 'b')), t timestamp(3) with time zone, u int UNIQUE);"
        "CREATE TABLE b (a_id int NOT NULL, n text[], v int, w int, UNIQUE (v, w), CHECK (v < w));"
        "ALTER TABLE b ADD FOREIGN KEY (a_id) REFERENCES a; CREATE INDEX i ON b (lower(n[1]), v);"
        "CREATE UNIQUE INDEX ON b USING btree (w);"
    )
    assert schema == Schema(
        (
            Table(
                "a",
                (
                    Column("id", "integer", True, None, True),
                    Column("n", "character varying(20)", default="'x'"),
                    Column("r", "numeric(3,1)"),
                    Column("k", "text"),
                    Column("t", "timestamptz(3)"),
                    Column("u", "integer"),
                ),
                ("id",),
                unique=(("u",),),
                checks=(Check("r BETWEEN 1 AND 5", ("r",)), Check("k IN ('it''s', 'b')", ("k",), ("it's", "b"))),
            ),
            Table(
                "b",
                (Column("a_id", "integer", True), Column("n", "text[]"), Column("v", "integer"), Column("w", "integer")),
                foreign_keys=(ForeignKey(("a_id",), "a", ("id",)),),
                unique=(("v", "w"),),
                checks=(Check("v < w", ("v", "w")),),
                indexes=(Index(("lower(n[1])", "v")), Index(("w",), unique=True)),
            ),
        )
    )
    assert from_dict(schema.as_dict()) == schema


def test_an_enum_type_says_the_same_as_a_check_and_a_dump_is_read_with_its_schema_names():
    dump = (
        "\\restrict x\nSET statement_timeout = 0;\nSELECT pg_catalog.set_config('search_path', '', false);\n"
        "CREATE TYPE public.mood AS ENUM ('good', 'bad');\nALTER TYPE public.mood OWNER TO bob;\n"
        "CREATE TABLE public.people (id integer NOT NULL, mood public.mood DEFAULT 'good'::public.mood NOT NULL);\n"
        "ALTER TABLE public.people OWNER TO bob;\nCOMMENT ON TABLE public.people IS 'a; b';\n"
        "CREATE SEQUENCE public.people_id_seq;\nALTER SEQUENCE public.people_id_seq OWNED BY public.people.id;\n"
        "ALTER TABLE ONLY public.people ALTER COLUMN id SET DEFAULT nextval('public.people_id_seq'::regclass);\n"
        "COPY public.people (id) FROM stdin;\n1;(((\n\\.\n"
        "ALTER TABLE ONLY public.people ADD CONSTRAINT people_pkey PRIMARY KEY (id);\n\\unrestrict x\n"
    )
    plain = (
        "CREATE TABLE people (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
        " mood text NOT NULL DEFAULT 'good' CHECK (mood IN ('good', 'bad')));"
    )
    verdict = postgres.judge(dump)
    assert verdict.schema == postgres.check(plain)
    assert len(verdict.notices) == 7


def test_a_foreign_key_without_an_index_is_no_problem():
    assert postgres.judge(GOOD + "CREATE TABLE notes (tag_id bigint REFERENCES tags (id));").valid


def test_nothing_stays_on_the_server_and_the_same_names_can_come_again():
    with server.lease() as link:
        room = server.room(link)[0]
        left = "SELECT count(*) FROM pg_class WHERE relnamespace = %s::regnamespace"
        for _ in range(3):
            assert postgres.judge(GOOD).valid
        assert link.execute(left, [room]).fetchone() == (0,)


def test_the_role_owns_nothing_and_reset_role_leads_nowhere():
    with server.lease() as link:
        link.execute("RESET ROLE; RESET SESSION AUTHORIZATION")
        told = "SELECT current_user, rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = session_user"
        assert link.execute(told).fetchone() == (embedded.ROLE, False, False, False)
        owned = "SELECT count(*) FROM pg_shdepend WHERE refobjid = current_user::regrole AND deptype = 'o'"
        assert link.execute(owned).fetchone() == (0,)


@pytest.mark.parametrize(
    "call",
    [
        "pg_sleep(1)",
        "pg_advisory_lock(1)",
        "pg_try_advisory_lock(1)",
        "lo_import('/etc/passwd')",
        "lo_create(0)",
        "pg_read_file('/etc/passwd')",
        "pg_ls_dir('.')",
        "pg_notify('a', 'b')",
        "set_config('search_path', 'live', false)",
        "query_to_xml('SELECT 1', true, true, '')",
        "repeat('x', 1000000000)",
    ],
)
def test_what_the_rules_refuse_the_role_may_not_do_either(call):
    with server.lease() as link, pytest.raises(psycopg.errors.InsufficientPrivilege):
        link.execute(f"SELECT {call}")


def test_a_language_is_out_of_the_role_s_reach():
    with server.lease() as link:
        room = server.room(link)[0]
        for language, body in (("sql", "SELECT 1"), ("plpgsql", "BEGIN END"), ("c", "/tmp/x"), ("internal", "now")):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                link.execute(f"CREATE FUNCTION {room}.evil() RETURNS int LANGUAGE {language} AS '{body}'")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            link.execute("DO $$ BEGIN END $$")


def test_a_server_that_does_not_answer_is_one_clear_line(monkeypatch):
    monkeypatch.setenv("GHOST_POSTGRES_URL", "postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(SchemaError, match="GHOST_POSTGRES_URL") as caught:
        postgres.judge(GOOD)
    assert "\n" not in str(caught.value)


def test_odd_letters_end_in_a_verdict():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for sql in ("CREATE TABLE a (b text DEFAULT '\ud800');", "\ufeffCREATE TABLE a (b int);", *"\x01'\"\\", "/*", "$a$"):
            assert isinstance(postgres.judge(sql), postgres.Verdict)
    assert problem("CREATE TABLE a (" + ", ".join(f"c{n} int" for n in range(5000)) + ");").sqlstate == "54011"


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=("Cs",)), min_size=1, max_size=12)
TYPES = st.sampled_from(["bigint", "text", "numeric(10,2)", "boolean", "date", "timestamptz", "jsonb", "text[]", "uuid"])
COLUMNS = st.lists(st.builds(Column, NAMES, TYPES, st.booleans()), min_size=1, max_size=5, unique_by=lambda one: one.name)
WORDS = "CREATE TABLE INDEX ( ) , ; a b int text PRIMARY KEY REFERENCES CHECK DEFAULT 'x' 1 + $$ -- /* */ ` ALTER ADD".split()


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.builds(Table, NAMES, COLUMNS.map(tuple)), min_size=1, max_size=3, unique_by=lambda table: table.name))
def test_any_schema_written_in_the_target_language_comes_back_equal(tables):
    schema = Schema(tuple(tables))
    assert postgres.check(ddl.canonical(schema)) == schema


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join))
def test_any_heap_of_sql_words_ends_in_a_verdict(sql):
    verdict = postgres.judge(sql)
    assert verdict.valid == (verdict.schema is not None) == (not verdict.problems)


def test_every_problem_of_a_text_is_told_and_what_only_follows_from_one_is_not():
    text = """CREATE TABLE a (id bigint PRIMARY KEY,
  name varchr(20));
CREATE TABLE b (id bigint PRIMARY KEY, a_id bigint REFERENCES a (id));
CREATE INDEX ON a (name);
CREATE TABLE c (d_id bigint REFERENCES d (id));
CREATE TABLE fine (id bigint);
CREATE INDEX ON fine (nope);"""
    found = [(one.line, one.column, one.sqlstate) for one in postgres.judge(text).problems]
    assert found == [(2, 8, "42704"), (5, 40, "42P01"), (7, 23, "42703")]


def test_no_more_than_twenty_problems_are_told():
    text = "".join(f"CREATE TABLE t{n} (a no_type_{n});" for n in range(50))
    assert len(postgres.judge(text).problems) == postgres.PROBLEMS
