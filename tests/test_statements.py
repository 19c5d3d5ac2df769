"""No spelling carries a name of somebody else's past the mapping; and what a busy judge leaves behind: nothing."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from ghostlib.schemas import ddl, postgres, server
from ghostlib.schemas.statements import statements

DUMP = r"""\restrict abc
SET client_encoding = 'UTF8';
SELECT pg_catalog.set_config('search_path', '', false);
CREATE TYPE public.state AS ENUM ('open', 'done');
CREATE DOMAIN public.email AS text CHECK (VALUE LIKE '%@%');
CREATE FUNCTION public.touch() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN COMMIT; RETURN NEW; END$$;
CREATE TABLE public.users (id bigint NOT NULL, mail public.email NOT NULL, "Order" integer DEFAULT 1);
ALTER TABLE public.users OWNER TO bob;
COMMENT ON COLUMN public.users.mail IS 'a; ''public.users''';
CREATE SEQUENCE public.users_id_seq START WITH 1;
ALTER SEQUENCE public.users_id_seq OWNED BY public.users.id;
CREATE TABLE public.events (user_id bigint NOT NULL, at timestamp with time zone NOT NULL, state public.state)
PARTITION BY RANGE (at);
CREATE TABLE public.events_1 (user_id bigint NOT NULL, at timestamp with time zone NOT NULL, state public.state);
CREATE VIEW public.open_events AS SELECT * FROM public.events;
ALTER TABLE ONLY public.events ATTACH PARTITION public.events_1 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
ALTER TABLE ONLY public.users ALTER COLUMN id SET DEFAULT nextval('public.users_id_seq'::regclass);
COPY public.users (id, mail) FROM stdin;
1	DROP TABLE; ((( '
\.
ALTER TABLE ONLY public.users ADD CONSTRAINT users_pkey PRIMARY KEY (id);
CREATE INDEX events_user ON public.events USING btree (user_id);
CREATE TRIGGER t BEFORE UPDATE ON public.users FOR EACH ROW EXECUTE FUNCTION public.touch();
ALTER TABLE public.events ADD CONSTRAINT fk FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
\unrestrict abc
"""


@pytest.mark.parametrize(
    "sql",
    [
        'ALTER TABLE U&"live".people ADD COLUMN x int',
        "ALTER TABLE live/**/.people ADD COLUMN x int",
        "ALTER TABLE " + "l" * 70 + ".people ADD COLUMN x int",
        "ALTER TABLE other.live.people ADD COLUMN x int",
        "CREATE TABLE q PARTITION OF p FOR VALUES FROM (live.lower('a')) TO (9)",
        "CREATE TABLE q PARTITION OF p FOR VALUES FROM (repeat('x', 1000000000)) TO (9)",
        "CREATE TABLE q (a int DEFAULT 1 OPERATOR(live.+) 2)",
        "ALTER SCHEMA live RENAME TO mine",
        "ALTER ROLE bob RENAME TO mine",
        "ALTER DATABASE live RENAME TO mine",
    ],
)
def test_no_trick_of_spelling_reaches_what_another_schema_holds(sql):
    assert [one.kind for one in statements(sql)] == ["refused"]


def test_plain_spellings_of_a_schema_are_mapped_and_still_create():
    for word in ("public", "PUBLIC", '"public"', '"Odd ""one"', "Größe", "public "):
        assert postgres.judge(f"CREATE TABLE {word}.a (b int); ALTER TABLE {word}.a RENAME COLUMN b TO c;").valid, word
    assert postgres.judge("CREATE TABLE a (b text DEFAULT pg_catalog.lower('X'))").valid


@pytest.mark.parametrize("sql", ["CREATE INDEX ON a (b {}ops)", "CREATE TABLE a (b text COLLATE {}c)"])
def test_an_operator_class_or_a_collation_of_another_schema_loses_its_schema(sql):
    found = statements(sql.format("live."))[0]
    assert found.kind == "created" and "live" not in found.text


def test_a_temporary_table_is_no_table_of_the_schema_and_does_not_stay():
    for _ in range(2):
        assert not postgres.judge("CREATE TEMP TABLE t (a int);").valid
    assert [t.name for t in postgres.check("CREATE TEMP TABLE t (a int); CREATE TABLE u (a int);").tables] == ["u"]


def test_a_dump_is_read_with_its_keys_its_domain_its_sequence_and_its_partitions():
    verdict = postgres.judge(DUMP)
    assert verdict.valid, verdict.problems
    users, events = verdict.schema.tables
    assert [(c.name, c.type, c.identity) for c in users.columns] == [
        ("id", "bigint", True),
        ("mail", "text", False),
        ("Order", "integer", False),
    ]
    assert users.primary_key == ("id",) and events.foreign_keys[0].table == "users"
    assert [index.columns for index in events.indexes] == [("user_id",)]
    assert events.checks[0].values == ("open", "done")
    assert postgres.check(ddl.canonical(verdict.schema)) == verdict.schema


def test_two_threads_get_their_own_verdicts():
    texts = [f"CREATE TABLE t{n} (c{n} int);" if n % 3 else f"CREATE TABLE t{n} (c nope);" for n in range(24)]
    with ThreadPoolExecutor(2) as pool:
        verdicts = list(pool.map(postgres.judge, texts))
    assert [v.valid for v in verdicts] == [bool(n % 3) for n in range(24)]
    assert all(v.schema.tables[0].name == f"t{n}" for n, v in enumerate(verdicts) if v.valid)


def test_nothing_is_left_on_the_server_after_two_hundred_checks():
    twice = "CREATE TABLE a (b int); CREATE TABLE a (c int);"
    texts = (DUMP, twice, "CREATE TEMP TABLE t (a int);", "CREATE TABLE a (b serial);")
    with server.lease() as link:
        pid = link.info.backend_pid
    count = "SELECT (SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_type), (SELECT count(*) FROM pg_namespace)"
    with server.lease() as link:
        before = link.execute(count).fetchone()
    for number in range(200):
        postgres.judge(texts[number % 4])
    with server.lease() as link:
        assert link.info.backend_pid == pid and link.execute(count).fetchone() == before


def rest(sql):
    """What is made of a text beside its one plain table."""
    found = statements("CREATE TABLE t (id int, a text);\n" + sql)
    return [one.kind for one in found[1:]]


@pytest.mark.parametrize(
    "sql",
    """CREATE AGGREGATE s (int) (sfunc = int4pl, stype = int)
CREATE OPERATOR === (leftarg = int, rightarg = int, function = int4eq)
CREATE OPERATOR CLASS c FOR TYPE int USING btree AS OPERATOR 1 <
CREATE OPERATOR FAMILY f USING btree
CREATE CAST (text AS int) WITH INOUT
CREATE TYPE shell
CREATE MATERIALIZED VIEW v AS SELECT 1
REFRESH MATERIALIZED VIEW v
CREATE RULE r AS ON INSERT TO t DO INSTEAD (SELECT 1; SELECT 2)
CREATE POLICY p ON t USING (id = 1)
ALTER TABLE t ENABLE ROW LEVEL SECURITY
ALTER TABLE t DISABLE TRIGGER ALL
CREATE PUBLICATION p FOR ALL TABLES
CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p
CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION f()
CREATE FOREIGN DATA WRAPPER w
CREATE SERVER s FOREIGN DATA WRAPPER w
CREATE FOREIGN TABLE f (a int) SERVER s
ALTER FOREIGN TABLE f ALTER COLUMN a SET NOT NULL
CREATE USER MAPPING FOR u SERVER s
CREATE TEXT SEARCH CONFIGURATION c (COPY = pg_catalog.simple)
ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR word WITH simple
CREATE COLLATION c (locale = 'C')
CREATE STATISTICS s ON id, a FROM t
SECURITY LABEL ON TABLE t IS 'x'
SELECT pg_catalog.lo_create('17')
SELECT lo_open('17', 131072), lowrite(0, 'x'), lo_close(0)
SELECT pg_catalog.setval('t_id_seq', 7, true)
SELECT 'Copying data into t'
INSERT INTO t SELECT 1
UPDATE t SET id = 1
DELETE FROM t
TRUNCATE t CASCADE
LOCK TABLE t
ANALYZE t
VACUUM FULL
CLUSTER t
REINDEX TABLE t
CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$
CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END
CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION f(internal))
COMMENT ON EXTENSION citext IS 'x'
COMMENT ON FUNCTION f() IS 'x'
COMMENT ON TABLE nowhere IS 'x'
COMMENT ON COLUMN nowhere.a IS 'x'
DROP TABLE IF EXISTS nowhere
DROP VIEW v
ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO bob
REASSIGN OWNED BY a TO b
ALTER ROLE bob SET search_path = x
CREATE TABLESPACE fast LOCATION '/x'
CREATE TEMP TABLE s (a int)
SET CONSTRAINTS ALL DEFERRED
SHOW ALL
DISCARD ALL""".splitlines(),
)
def test_what_a_dump_holds_beside_its_tables_is_skipped(sql):
    assert rest(sql) == ["skipped"]
    assert [t.name for t in postgres.check(f"CREATE TABLE t (id int, a text); {sql};").tables] == ["t"]


@pytest.mark.parametrize(
    "sql",
    """COMMENT ON TABLE public.t IS 'a; b'
COMMENT ON COLUMN t.a IS NULL
ALTER TABLE t ADD CHECK (id > 0) NOT VALID
ALTER TABLE ONLY public.t ADD CONSTRAINT k UNIQUE (id) DEFERRABLE INITIALLY DEFERRED
CREATE UNLOGGED TABLE IF NOT EXISTS u (a int REFERENCES t MATCH FULL)
ALTER TABLE t ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (SEQUENCE NAME public.t_id_seq START WITH 1 CACHE 1)
CREATE SEQUENCE public.s AS integer OWNED BY public.t.id
ALTER TABLE public.t RENAME TO u
DROP TABLE t
CREATE TYPE pair AS (a int, b public.t)
ALTER TABLE t SET SCHEMA other""".splitlines(),
)
def test_what_makes_or_changes_a_table_is_created(sql):
    assert rest(sql)[-1] == "created"


def test_comments_are_created_on_the_server_with_their_objects():
    assert postgres.judge("CREATE TABLE a (b int); COMMENT ON COLUMN a.b IS 'x';").notices == ()
    found = postgres.judge("CREATE TABLE a (b int); COMMENT ON COLUMN a.nope IS 'x';")
    assert found.problems[0].sqlstate == "42703"


def test_a_primary_key_takes_an_index_over_and_partitions_and_indexes_are_attached():
    schema = postgres.check(
        "CREATE TABLE a (id int NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);"
        "CREATE TABLE a1 (id int NOT NULL, at date NOT NULL);"
        "ALTER TABLE ONLY a ATTACH PARTITION a1 FOR VALUES FROM (MINVALUE) TO ('2027-01-01');"
        "CREATE INDEX i ON ONLY a USING btree (id); CREATE INDEX i1 ON a1 USING btree (id); ALTER INDEX i ATTACH PARTITION i1;"
        "CREATE TABLE b (id int NOT NULL); CREATE UNIQUE INDEX b_key ON b (id);"
        "ALTER TABLE ONLY b ADD CONSTRAINT b_pkey PRIMARY KEY USING INDEX b_key; DROP TABLE IF EXISTS b, nowhere;"
        "CREATE TABLE b (id bigint PRIMARY KEY)"
    )
    assert [(t.name, t.primary_key, len(t.indexes)) for t in schema.tables] == [("a", (), 1), ("b", ("id",), 0)]
    assert schema.table("b").columns[0].type == "bigint"


def test_a_transaction_round_the_whole_file_is_skipped_with_anything_before_and_behind_it():
    text = "-- x\nSET a = 1; BEGIN; SET b = 2; CREATE TABLE t (id int); COMMIT; ANALYZE; SELECT 'done';"
    assert [one.kind for one in statements(text)] == ["skipped"] * 3 + ["created"] + ["skipped"] * 3
    for between in ("COMMIT; BEGIN", "ROLLBACK", "SAVEPOINT s", "PREPARE TRANSACTION 'x'"):
        assert "refused" in [one.kind for one in statements(f"CREATE TABLE t (id int); {between}; CREATE TABLE u (id int);")]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_problem_is_placed_in_the_file_as_its_author_sees_it(end):
    lines = [
        "\ufeff-- é /* not a comment",
        "/* a /* b */ ; */ CREATE TABLE \"ö;ö\" (a text DEFAULT E'it\\'s;', b text DEFAULT $x$ ; ' $x$);",
        "COPY public.t (a) FROM stdin;",
        "1;\\N\t'",
        "\\.",
        "CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN; RETURN '",
        "'; END $$ LANGUAGE plpgsql; INSERT INTO t VALUES ('",
        ";');",
        "CREATE TABLE live.é (a public.citext, ü live.nope);",
    ]
    found = postgres.judge(end.join(lines))
    assert [(p.line, p.column, p.sqlstate) for p in found.problems] == [(9, 41, "42704")]
    assert "live.nope" in found.problems[0].message


@pytest.mark.parametrize(
    ("sql", "word"),
    [
        ("CREATE TABLE a (b datetime)", "timestamp"),
        ("CREATE TABLE a (b tinyint(1))", "smallint"),
        ("CREATE TABLE a (b nvarchar(9))", "varchar"),
        ("CREATE TABLE a (b varchar2(9))", "varchar"),
        ("CREATE TABLE a (b number(9))", "numeric"),
        ("CREATE TABLE a (b varchr)", "did you mean varchar"),
        ("CREATE TABLE a (b int IDENTITY(1,1))", "GENERATED"),
        ("CREATE TABLE [a] ([b] int)", "square"),
        ("CREATE TABLE a (b int)\nGO\nCREATE TABLE c (d int)", "GO is"),
        ("CREATE TABLE a (b INTEGER PRIMARY KEY AUTOINCREMENT)", "SQLite"),
        ("CREATE TABLE a (b int,)", "leave out the comma"),
        ("CREATE TABLE a (\n  b int\n  c int\n)", "comma is missing"),
        ("CREATE TABLE a (b int", "still open"),
        ("CREATE TABLE a (b int)\nCREATE TABLE c (d int)", "semicolon"),
        ("CREATE TABLE a (b int REFERENCES later)", "first"),
    ],
)
def test_a_habit_of_another_dialect_and_a_slip_get_a_hint(sql, word):
    assert word in postgres.judge(sql).problems[0].hint
