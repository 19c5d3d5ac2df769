"""A stranger's query on a database file: it may read, and nothing else, and not for long."""

import hashlib
import sqlite3
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghostlib.errors import DataError
from ghostlib.tasks.text2sql import statements
from ghostlib.tasks.text2sql.sandbox import Limits, Sandbox

MILLION = "hex(zeroblob(499990))"


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    made = tmp_path_factory.mktemp("databases") / "shop's #1.sqlite"
    link = sqlite3.connect(made)
    link.execute("CREATE TABLE t (a INTEGER, b TEXT)")
    link.executemany("INSERT INTO t VALUES (?, ?)", [(n, f"name {n}") for n in range(1000)])
    link.execute("CREATE VIEW v AS SELECT a FROM t")
    link.commit()
    link.close()
    return made


@pytest.fixture(scope="module")
def sandbox(file):
    made = Sandbox(file, Limits(seconds=0.5))
    yield made
    made.close()


def fingerprint(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


WRITES = """
INSERT INTO t VALUES (1, 'x')
UPDATE t SET a = 0
DELETE FROM t
REPLACE INTO t VALUES (1, 'x')
DROP TABLE t
CREATE TABLE u (a)
CREATE TEMP TABLE u (a)
CREATE TEMP VIEW w AS SELECT 1
CREATE TRIGGER g AFTER INSERT ON t BEGIN DELETE FROM t; END
ALTER TABLE t RENAME TO u
ATTACH DATABASE '/tmp/evil.sqlite' AS evil
DETACH DATABASE main
VACUUM
VACUUM INTO '/tmp/evil.sqlite'
REINDEX
ANALYZE
BEGIN
COMMIT
SAVEPOINT s
PRAGMA writable_schema = 1
PRAGMA journal_mode = DELETE
PRAGMA user_version = 7
PRAGMA query_only = 0
PRAGMA temp_store_directory = '/tmp'
SELECT load_extension('/tmp/evil.so')
SELECT writefile('/tmp/evil', 'x')
SELECT fts3_tokenizer('simple')
WITH gone AS (SELECT 1) DELETE FROM t
WITH gone AS (SELECT 1) INSERT INTO t SELECT 1, 'x'
SELECT 1; DROP TABLE t
SELECT 1; -- then
; ; DELETE FROM t
/* a query */ DROP TABLE t
SELECT * FROM t WHERE a IN (SELECT 1); UPDATE t SET a = 9
""".strip().splitlines()


@pytest.mark.parametrize("sql", [sql for sql in WRITES if "-- then" not in sql])
def test_what_would_change_something_is_refused_and_the_file_is_the_same(file, sandbox, sql):
    before = fingerprint(file)
    found = sandbox.run(sql)
    assert found.state in ("refused", "error") and found.rows == []
    if "writefile" not in sql:  # SQLite itself has no such function
        assert found.state == "refused", found
    assert fingerprint(file) == before
    assert not list(file.parent.glob("*.sqlite-*")), "not even a journal beside it"


@given(
    words=st.lists(
        st.sampled_from(
            "insert into update delete drop table t view v create temp attach database pragma writable_schema = 1 select * "
            "from with as ( ) ; 'x' , a vacuum reindex replace values begin commit load_extension set where --".split()
        ),
        max_size=12,
    )
)
@settings(max_examples=400, deadline=None)
def test_no_mixture_of_dangerous_words_changes_the_file(file, sandbox, words):
    before = fingerprint(file)
    sandbox.run(" ".join(words))
    assert fingerprint(file) == before


def test_reading_is_allowed_in_every_shape(sandbox):
    assert sandbox.run("SELECT count(*) FROM t").rows == [(1000,)]
    assert sandbox.run("WITH x AS (SELECT a FROM v) SELECT max(a) FROM x;").rows == [(999,)]
    assert sandbox.run(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT sum(i) FROM n"
    ).rows == [(15,)]
    assert sandbox.run("VALUES (1, 'DROP TABLE t; DELETE FROM t')").rows == [(1, "DROP TABLE t; DELETE FROM t")]
    assert len(sandbox.run("PRAGMA table_info(t)").rows) == 2
    assert sandbox.run("SELECT 1 ; -- and that is all").rows == [(1,)]
    assert sandbox.run('SELECT "b" FROM t LIMIT 1').columns == ("b",)


ENDLESS = {
    "a cross join": "SELECT count(*) FROM t a, t b, t c, t d",
    "endless recursion": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "recursion that remembers": "WITH RECURSIVE n(i) AS (SELECT 1 UNION SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "a sort": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n ORDER BY -i",
    "instr": f"SELECT count(instr({MILLION} || a.a || b.a, hex(zeroblob(240000)) || '1')) FROM t a, t b",
    "replace": f"SELECT count(replace({MILLION} || a.a || b.a, hex(zeroblob(240000)) || '1', 'x')) FROM t a, t b",
    "trim": f"SELECT count(trim({MILLION} || a.a || b.a, {MILLION} || '1')) FROM t a, t b",
    "like": f"SELECT count({MILLION} || a.a || b.a LIKE replace(hex(zeroblob(60)), '0', '%0') || '1') FROM t a, t b",
}


@pytest.mark.parametrize("sql", ENDLESS.values(), ids=ENDLESS)
def test_a_query_that_does_not_end_is_ended(file, sql):
    sandbox = Sandbox(file, Limits(seconds=0.3))
    started = time.monotonic()
    found = sandbox.run(sql)
    assert time.monotonic() - started < 5, "a dozen rows may be under way, on a busy machine"
    assert found.state == "timeout" or "MiB" in found.message, found
    assert sandbox.run("SELECT 1").rows == [(1,)], "and the next one runs"


def test_one_query_may_be_given_more_time_than_the_others(file):
    sandbox = Sandbox(file, Limits(seconds=0.01))
    slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900000) SELECT count(*) FROM n"
    assert sandbox.run(slow).state == "timeout"
    assert sandbox.run(slow, seconds=30).rows == [(900_000,)]


def test_rows_are_capped_and_it_is_said(sandbox):
    found = sandbox.run("SELECT a FROM t", most=10)
    assert len(found.rows) == 10 and not found.whole
    assert sandbox.run("SELECT a FROM t LIMIT 10", most=10).whole
    assert sandbox.run("SELECT a FROM t WHERE a < 0", most=0).whole
    assert not sandbox.run("SELECT 1", most=0).whole


def test_memory_has_a_limit(file):
    sandbox = Sandbox(file, Limits(values=100_000))
    assert sandbox.run(f"SELECT {MILLION}").state == "error"
    assert sandbox.run("SELECT zeroblob(2000000)").message == "string or blob too big"
    big = sandbox.run("SELECT DISTINCT a.b || b.b || c.b || hex(zeroblob(500)) FROM t a, t b, t c ORDER BY 1 DESC", seconds=20)
    assert big.state in ("error", "timeout") and "MiB" in (big.message + "MiB" * (big.state == "timeout"))


@pytest.mark.parametrize(
    "sql",
    [
        "",
        ";;;",
        "nonsense",
        "SELECT",
        "SELECT * FROM nowhere",
        "SELECT 'open",
        "SELECT \x00 1",
        "(" * 5000,
        "SELECT 1," * 40_000,
    ]
    + ["SELECT '\ud800'", "SELECT " + "-" * 3000 + "1", "é" * 300, "SELECT * FROM t WHERE a = ?", "EXPLAIN DROP TABLE t"],
)
def test_a_broken_query_is_an_error_with_a_reason_in_one_line(sandbox, sql):
    found = sandbox.run(sql)
    assert found.state in ("error", "refused") and found.message and "\n" not in found.message


def test_a_thousand_nested_ctes_do_not_take_the_process_with_them(sandbox):
    doubled = "WITH a0 AS (SELECT 1 x)" + "".join(f", a{n} AS (SELECT p.x FROM a{n - 1} p, a{n - 1} q)" for n in range(1, 30))
    found = sandbox.run(doubled + " SELECT * FROM a29")
    assert found.state in ("error", "timeout")


def test_a_file_that_is_no_database_is_one_line(tmp_path):
    for name, content in (("none.sqlite", None), ("text.sqlite", b"not a database" * 100)):
        if content:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError) as told:
            Sandbox(tmp_path / name)
        assert name in str(told.value) and "\n" not in str(told.value)


def test_a_database_that_somebody_writes_to_meanwhile_can_be_read(tmp_path):
    file = tmp_path / "live.sqlite"
    writer = sqlite3.connect(file)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("CREATE TABLE t (a)")
    writer.execute("INSERT INTO t VALUES (1)")
    writer.commit()
    reader = Sandbox(file, still=False)
    assert reader.run("SELECT a FROM t").rows == [(1,)]
    writer.execute("INSERT INTO t VALUES (2)")
    writer.commit()
    assert reader.run("SELECT count(*) FROM t").rows == [(2,)]
    assert Sandbox(file).run("SELECT count(*) FROM t").rows == [(2,)], "what is not written back yet counts too"
    writer.close()


NUMBERS = st.one_of(st.integers(-99, 99), st.sampled_from([0.5, 1e20, 2.0, -1.25e-7]))
TEXTS = st.one_of(st.none(), NUMBERS, st.text("aAbé ", max_size=6), st.binary(max_size=3))


@given(one=TEXTS, two=TEXTS, three=TEXTS)
@settings(max_examples=200, deadline=None)
def test_the_quick_functions_give_what_sqlites_own_give(sandbox, one, two, three):
    own = sqlite3.connect(":memory:")
    own.text_factory = lambda content: content.decode(errors="ignore")
    for call, values in (
        ("instr(?1, ?2)", (one, two)),
        ("trim(?1, ?2)", (one, two)),
        ("ltrim(?1)", (one,)),
        ("rtrim(?1)", (one,)),
    ):
        literal = call
        for place, value in enumerate(values, 1):
            literal = literal.replace(f"?{place}", own.execute("SELECT quote(?)", (value,)).fetchone()[0])
        if not any(isinstance(value, bytes) for value in values):
            assert sandbox.run(f"SELECT {literal}").rows == own.execute(f"SELECT {literal}").fetchall(), literal
    if not any(isinstance(value, bytes) for value in (one, two, three)):
        quoted = [own.execute("SELECT quote(?)", (value,)).fetchone()[0] for value in (one, two, three)]
        call = f"SELECT replace({', '.join(quoted)})"
        assert sandbox.run(call).rows == own.execute(call).fetchall(), call
    own.close()


@given(st.text("ab'\"`[];-/* \n", max_size=40))
@settings(max_examples=300, deadline=None)
def test_pieces_put_together_are_the_text_again(sql):
    assert "".join(piece for _, piece in statements.pieces(sql)) == sql


@pytest.mark.parametrize(
    ("sql", "first", "rest"),
    [
        ("SELECT 1", "SELECT 1", ""),
        ("SELECT 1;", "SELECT 1", ""),
        (" ; ;SELECT ';' ; SELECT 2", "SELECT ';'", "SELECT 2"),
        ("SELECT 1 -- ; no\n; x", "SELECT 1 -- ; no", "x"),
        ('SELECT "a;b", [c;d], `e;f`', 'SELECT "a;b", [c;d], `e;f`', ""),
        (";" * 5000, "", ""),
    ],
)
def test_the_first_statement_ends_where_a_semicolon_ends_it(sql, first, rest):
    assert statements.first(sql) == (first, rest)


def test_distinct_is_left_out_as_a_word_and_nowhere_else():
    sql = "SELECT DISTINCT a, count(distinct b) FROM t WHERE c = 'distinct' -- distinct"
    assert statements.without_distinct(sql) == "SELECT  a, count( b) FROM t WHERE c = 'distinct' -- distinct"


def test_plain_texts_differ_in_more_than_blanks_and_case():
    same = ["SELECT a FROM t WHERE b='X'", "select a\nfrom T where b = 'X' ;", "SELECT a /* c */ FROM t WHERE b = 'X'"]
    assert len({statements.plain(sql) for sql in same}) == 1
    assert statements.plain(same[0]) != statements.plain("select a from t where b = 'x'")
