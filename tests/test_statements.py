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
    link = server.connection()
    count = "SELECT (SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_type), (SELECT count(*) FROM pg_namespace)"
    before = link.execute(count).fetchone()
    for number in range(200):
        postgres.judge(texts[number % 4])
    assert server.connection() is link and link.execute(count).fetchone() == before
    assert link.execute("SELECT count(*) FROM pg_stat_activity WHERE usename = current_user").fetchone() == (1,)
