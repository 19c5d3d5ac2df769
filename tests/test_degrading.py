"""What a plain server lacks gives way with a notice, and tables, columns and keys stay; a slip of the pen stays an error."""

import pytest

from ghostlib.schemas import postgres
from ghostlib.schemas.schema import Column, Index


def read(sql):
    found = postgres.judge(sql)
    assert found.valid, found.problems
    return found


def refused(sql):
    found = postgres.judge(sql)
    assert not found.valid
    return found.problems[0]


def test_a_type_of_an_extension_gets_a_stand_in_and_the_column_and_its_keys_stay():
    found = read(
        "CREATE EXTENSION citext; CREATE TABLE public.people (mail public.citext NOT NULL"
        " DEFAULT 'x'::public.citext PRIMARY KEY,"
        " tags public.hstore DEFAULT ''::public.hstore, path ltree, place public.geometry(Point,4326) NOT NULL,"
        " spot geography, near vector(3), mails citext[], book isbn13, CHECK (mail ~ '@'::citext),"
        " CHECK (public.st_srid(place) = 4326), CONSTRAINT deep CHECK (path <@ 'a'::ltree));"
        "CREATE INDEX spots ON people USING gist (place);"
        "CREATE INDEX nears ON people USING hnsw (near vector_l2_ops) WITH (m=16);"
        "COMMENT ON CONSTRAINT deep ON people IS 'gone'; CREATE INDEX plain ON people (spot);"
    )
    people = found.schema.tables[0]
    assert [(c.name, c.type) for c in people.columns] == [
        ("mail", "text"),
        ("tags", "jsonb"),
        ("path", "text"),
        ("place", "text"),
        ("spot", "text"),
        ("near", "real[]"),
        ("mails", "text[]"),
        ("book", "text"),
    ]
    assert people.columns[0] == Column("mail", "text", True, "'x'") and people.columns[1].default is None
    assert people.primary_key == ("mail",) and people.columns[3].not_null
    assert [check.columns for check in people.checks] == [("mail",)]
    assert people.indexes == (Index(("place",)), Index(("near",)), Index(("spot",)))
    for word in ("citext", "hstore", "geometry", "st_srid", "hnsw", "its object is not there"):
        assert any(word in notice for notice in found.notices), word


@pytest.mark.parametrize(
    "index",
    [
        "USING gin (name gin_trgm_ops)",
        "USING gin (name public.gin_trgm_ops, id)",
        "USING gist (name gist_trgm_ops (siglen=32))",
        "USING gin ((name || 'x') gin_trgm_ops)",
        "USING gin (lower(name) gin_trgm_ops) WITH (fastupdate=off)",
        "USING gist (id, during)",
        "USING gin (id, data)",
        "USING rum (name)",
        "USING brin (id) TABLESPACE fast",
        "USING btree (name citext_pattern_ops)",
    ],
)
def test_an_index_that_needs_an_extension_stays_as_a_btree_over_the_same_columns(index):
    table = "CREATE TABLE t (id int, name text, during tsrange, data jsonb);"
    found = read(f"{table} CREATE INDEX CONCURRENTLY i ON t {index}")
    assert len(found.schema.tables[0].indexes) == 1 and any("skipped (" in notice for notice in found.notices)


def test_native_methods_stay_what_they_are():
    found = read(
        "CREATE TABLE t (d jsonb, r int4range, p point, w tsvector, a int[], n int, i inet);"
        "CREATE INDEX ON t USING gin (d jsonb_path_ops); CREATE INDEX ON t USING gist (r); CREATE INDEX ON t USING gist (p);"
        "CREATE INDEX ON t USING gin (w); CREATE INDEX ON t USING gin (a); CREATE INDEX ON t USING brin (n);"
        "CREATE INDEX ON t USING gist (i inet_ops); CREATE INDEX ON t USING hash (n); CREATE INDEX ON t USING spgist (i)"
    )
    methods = [index.method for index in found.schema.tables[0].indexes]
    assert methods == ["gin", "gist", "gist", "gin", "gin", "brin", "gist", "hash", "spgist"] and not found.notices


FUNCTION = "CREATE FUNCTION public.mine(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT $1; $$;"


def test_what_calls_a_function_of_the_same_file_is_left_out_and_the_column_stays():
    found = read(
        FUNCTION + "CREATE TABLE public.t (id uuid DEFAULT public.uuid_generate_v4() NOT NULL PRIMARY KEY,"
        " a text CONSTRAINT odd CHECK (public.mine(a) > '') DEFAULT mine('x') NOT NULL,"
        " b text GENERATED ALWAYS AS (mine(a)) STORED,"
        " c int DEFAULT 1, CONSTRAINT whole CHECK (mine(b) > '' AND c > 0), UNIQUE (a), CHECK (c < 9));"
        "ALTER TABLE t ADD CHECK (mine(a) <> 'y'), ADD COLUMN d text DEFAULT mine('d') NOT NULL,"
        " ALTER COLUMN c SET DEFAULT 2;"
        "ALTER TABLE t ALTER COLUMN d SET DEFAULT mine('e'); CREATE INDEX i ON t (mine(a));"
        "CREATE INDEX j ON t (c) WHERE mine(a) > '';"
        "CREATE UNIQUE INDEX k ON t (c) WHERE mine(b) = '';"
    )
    table = found.schema.tables[0]
    assert table.columns == (
        Column("id", "uuid", True),
        Column("a", "text", True),
        Column("b", "text"),
        Column("c", "integer", default="2"),
        Column("d", "text", True),
    )
    assert (table.primary_key, table.unique) == (("id",), (("a",),))
    assert [check.expression for check in table.checks] == ["c < 9"]
    assert table.indexes == (Index(("c",)), Index(("c",)))


def test_exclusions_operators_collations_and_own_base_types_give_way():
    found = read(
        "CREATE TYPE money2; CREATE OPERATOR public.=== (leftarg = int, rightarg = int, function = int4eq);"
        "CREATE COLLATION public.german (provider = icu, locale = 'de');"
        'CREATE DOMAIN word AS text COLLATE "de-x-icu" NOT NULL;'
        "CREATE TABLE t (id int, a money2, b text COLLATE public.german DEFAULT 'x', c text COLLATE \"C\", w word,"
        " during tsrange,"
        " CHECK (id OPERATOR(public.===) 1), EXCLUDE USING gist (id WITH =, during WITH &&),"
        " EXCLUDE USING gist (during WITH &&));"
        'CREATE INDEX ON t (b COLLATE "en_US.utf8" DESC, id)'
    )
    table = found.schema.tables[0]
    assert [column.type for column in table.columns] == ["integer", "text", "text", "text", "text", "tsrange"]
    assert table.columns[2].default == "'x'" and table.columns[4].not_null and table.checks == ()
    assert table.indexes == (Index(("b", "id")),)


def test_a_temporal_key_is_read_as_the_key_that_it_is_and_the_words_period_and_name_stay():
    found = read(
        "CREATE TABLE a (id int, at daterange, period int, PRIMARY KEY (id, at WITHOUT OVERLAPS));"
        "CREATE TABLE b (id int, at daterange, FOREIGN KEY (id, PERIOD at) REFERENCES a (id, PERIOD at))"
    )
    assert found.schema.table("a").primary_key == ("id", "at")
    assert found.schema.table("b").foreign_keys[0].references == ("id", "at")


def test_where_and_how_a_table_is_kept_is_no_part_of_it():
    found = read(
        "SET default_tablespace = fast; CREATE UNLOGGED TABLE a (id int PRIMARY KEY USING INDEX TABLESPACE fast, b int)"
        " USING columnar WITH (oids=false) TABLESPACE fast;"
        "ALTER TABLE ONLY a OWNER TO bob, CLUSTER ON a_pkey, ADD UNIQUE (b), REPLICA IDENTITY FULL, ENABLE ROW LEVEL SECURITY;"
        "ALTER TABLE a ENABLE TRIGGER t; ALTER TABLE ONLY a ALTER COLUMN b SET STATISTICS 100, ALTER COLUMN b SET NOT NULL;"
    )
    assert found.schema.tables[0].unique == (("b",),) and found.schema.tables[0].columns[1].not_null


@pytest.mark.parametrize(
    ("sql", "state"),
    [
        ("CREATE TABLE a (b strng)", "42704"),
        ("CREATE TABLE a (b citex)", "42704"),
        ("CREATE TABLE a (b text DEFAULT nope())", "0A000"),
        ("CREATE TABLE a (b text DEFAULT public.nope())", "0A000"),
        ("CREATE TABLE a (b text DEFAULT pg_read_file('/etc/passwd'))", "0A000"),
        (FUNCTION + "CREATE TABLE a (b text CHECK (mine(pg_read_file('/x')) > '') DEFAULT pg_ls_dir('/'))", "0A000"),
        (
            FUNCTION + "CREATE TABLE p (x text) PARTITION BY RANGE (x);"
            "CREATE TABLE q PARTITION OF p FOR VALUES FROM (mine('a')) TO ('b')",
            "0A000",
        ),
        ("CREATE TABLE a (b text DEFAULT replace(repeat('x', 1000), 'x', repeat('y', 1000)))", "0A000"),
        ("CREATE TABLE a (b int, CHECK (replace(CASE WHEN true THEN 'x' ELSE b::text END, 'x', 'y') > ''))", "0A000"),
        ("CREATE DOMAIN d AS text CHECK (replace(VALUE, 'x', 'y') > ''); CREATE TABLE a (b d DEFAULT 'x')", "0A000"),
        ("CREATE TABLE a (b text DEFAULT quote_literal(quote_literal('''')))", "0A000"),
        ("CREATE TABLE a (b int DEFAULT 1 OPERATOR(live.+) 2)", "0A000"),
    ],
)
def test_a_misspelt_type_and_a_function_that_nobody_brought_stay_errors(sql, state):
    assert refused(sql).sqlstate == state


def test_a_growing_function_may_stand_over_a_column_where_no_row_is_there_to_grow():
    found = read(
        "CREATE TABLE a (b text CHECK (replace(b, ' ', '') <> ''), c text GENERATED ALWAYS AS (lpad(b, 9, '0')) STORED);"
        "CREATE INDEX ON a (regexp_replace(lower(b), 'x', 'y', 'g')); CREATE INDEX ON a (replace(coalesce(b, ''), 'x', ''));"
    )
    assert len(found.schema.tables[0].indexes) == 2 and len(found.schema.tables[0].checks) == 1
