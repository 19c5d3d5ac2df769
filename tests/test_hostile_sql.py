"""What a hostile text cannot do, seen from outside: a world with data in it, looked at before and after each text."""

import os
from pathlib import Path

import psycopg
import pytest
from hostile import ANYHOW, CRUMBS, FILE, GOOD, HOSTILE, LOOK, NEVER, OWNED, SESSION, WORLD
from huge import LONG, SIZES, big
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ghostlib.errors import SchemaError
from ghostlib.schemas import embedded, parser, postgres, server, statements


@pytest.fixture(scope="module", params=["our own server", "a server of the user"])
def world(request):
    """A superuser's connection to the server that the judge uses, with the world on it; gone again afterwards."""
    if request.param == "our own server":
        with server.lease():
            pass
        theirs, address = None, server._server.embedded.address()
    else:
        theirs = embedded.start(())
        address = theirs.address()
        os.environ["GHOST_POSTGRES_URL"] = theirs.address(embedded.ROLE)
    try:
        with psycopg.connect(address, autocommit=True) as link:
            link.execute(WORLD + OWNED.format(role=embedded.ROLE))
            link.execute("ALTER SYSTEM SET autovacuum = off")
            yield link
            assert link.execute(LOOK).fetchall()
            link.execute(
                "DROP SCHEMA live CASCADE; DROP TABLE public.tags, public.a, public.people; DROP SEQUENCE public.numbers"
            )
            link.execute("ALTER SYSTEM RESET ALL")
            link.execute(f"REVOKE ALL ON SCHEMA public FROM {embedded.ROLE}")
    finally:
        if theirs is not None:
            os.environ.pop("GHOST_POSTGRES_URL")
            server.forget()
            embedded.stop(theirs)


def look(link):
    return sorted(str(row) for row in link.execute(LOOK).fetchall())


def session():
    with server.lease() as link:
        return [row[0] for row in link.execute(SESSION).fetchall()]


@pytest.fixture(scope="module")
def untouched(world):
    assert postgres.judge(GOOD).valid
    return look(world), session()


@pytest.mark.parametrize("sql", NEVER)
def test_it_is_not_valid_and_nothing_outside_changes(sql, world, untouched, tmp_path):
    verdict = postgres.judge(sql.replace(FILE, str(tmp_path / "made")), timeout=3.0)
    assert not verdict.valid and verdict.problems and verdict.seconds < 20
    assert not any("live.people" in note or "died" in note for note in verdict.notices)
    assert (look(world), session()) == untouched and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("sql", ANYHOW)
def test_whatever_the_verdict_nothing_outside_changes(sql, world, untouched, tmp_path):
    verdict = postgres.judge(sql.replace(FILE, str(tmp_path / "made")), timeout=3.0)
    assert verdict.valid == (verdict.schema is not None) == (not verdict.problems)
    assert (look(world), session()) == untouched and list(tmp_path.iterdir()) == []


@st.composite
def texts(draw):
    """Statements, good and hostile, one after the other, with crumbs and letters spliced in anywhere."""
    whole = "; ".join(
        draw(st.lists(st.sampled_from([GOOD.rstrip(";"), "CREATE TABLE people (id int)", *HOSTILE]), min_size=1, max_size=4))
    )
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(whole)))
        cut = draw(st.integers(0, 6))
        whole = whole[:place] + draw(st.sampled_from(CRUMBS) | st.text(max_size=3)) + whole[place + cut :]
    return whole


@pytest.mark.parametrize("count", [50, pytest.param(1_000, marks=pytest.mark.soak)])
def test_no_splice_of_hostile_pieces_changes_anything_outside(world, untouched, count):
    @settings(max_examples=count, deadline=None, suppress_health_check=list(HealthCheck))
    @given(texts())
    def holds(sql):
        verdict = postgres.judge(sql, timeout=2.0)
        assert verdict.valid == (verdict.schema is not None) == (not verdict.problems)
        assert look(world) == untouched[0]

    holds()


def test_the_session_is_as_it_was_after_all_of_it(world, untouched):
    assert postgres.judge(GOOD).notices == () and session() == untouched[1]


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.soak] * (name in LONG)) for name in SIZES])
def test_what_is_huge_deep_or_broken_ends_in_a_verdict_on_a_server_that_lives(name):
    before = server._server.embedded
    verdict = postgres.judge(SIZES[name](), timeout=1.0)
    assert verdict.valid == (verdict.schema is not None) == (not verdict.problems)
    after = postgres.judge(GOOD)
    assert after.valid and after.notices == () and server._server.embedded is (before or server._server.embedded)


def test_a_parser_that_dies_or_hangs_is_a_verdict(monkeypatch):
    long = GOOD + "-- " + "x" * parser.SHORT
    assert postgres.judge(long).valid
    monkeypatch.setattr(parser, "CHILD", "import os; os.kill(os.getpid(), 11)")
    assert "did not survive" in postgres.judge(long).problems[0].message
    monkeypatch.setattr(
        parser, "CHILD", parser.CHILD.replace("import os; os.kill(os.getpid(), 11)", "import time; time.sleep(60)")
    )
    assert "not parsed within" in postgres.judge(long, timeout=0.2).problems[0].message


def test_a_child_parses_what_this_process_would():
    text = big(1_000, "CREATE TABLE t{} (a int, b nope);\n", "") + "COMMENT ON TABLE t1 IS 'ü';\n\\connect x\nCOMMIT"
    inside = statements.statements(text)
    text += "\n" + " " * parser.SHORT
    outside = parser.statements(text, timeout=30.0)
    assert [(one.text.strip(), one.line, one.kind) for one in outside] == [
        (one.text.strip(), one.line, one.kind) for one in inside
    ]


@pytest.mark.parametrize("power", ["SUPERUSER", "CREATEROLE", "IN ROLE pg_execute_server_program", "IN ROLE postgres"])
def test_a_role_with_powers_is_refused_in_one_line(power, monkeypatch):
    with server.lease():
        pass
    with psycopg.connect(server._server.embedded.address(), autocommit=True) as admin:
        admin.execute(f"CREATE ROLE mighty LOGIN {power}; GRANT CREATE, CONNECT ON DATABASE postgres TO mighty")
        monkeypatch.setenv("GHOST_POSTGRES_URL", server._server.embedded.address("mighty"))
        try:
            with pytest.raises(SchemaError, match="powers") as caught:
                postgres.judge(GOOD)
            assert "\n" not in str(caught.value) and "CREATE ROLE" in str(caught.value)
        finally:
            admin.execute("REVOKE ALL ON DATABASE postgres FROM mighty; DROP ROLE mighty")


def test_a_role_that_may_not_create_is_told_so_in_one_line(monkeypatch):
    with server.lease():
        pass
    with psycopg.connect(server._server.embedded.address(), autocommit=True) as admin:
        admin.execute("CREATE ROLE meek LOGIN; GRANT CONNECT ON DATABASE postgres TO meek")
        monkeypatch.setenv("GHOST_POSTGRES_URL", server._server.embedded.address("meek"))
        try:
            with pytest.raises(SchemaError, match="may not CREATE") as caught:
                postgres.judge(GOOD)
            assert "\n" not in str(caught.value)
        finally:
            admin.execute("REVOKE ALL ON DATABASE postgres FROM meek; DROP ROLE meek")


def test_the_data_folder_of_the_embedded_server_is_closed_to_other_users():
    with server.lease():
        pass
    assert Path(server._server.embedded.folders[0]).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE a (b oid DEFAULT 'secret.{}'::regclass);",
        "CREATE TABLE a (b oid DEFAULT CAST(E'secret.{}' AS regclass));",
        "CREATE TABLE a (b regclass DEFAULT 'secret.{}');",
        "CREATE TABLE a (b regclass[] DEFAULT ARRAY['secret.{}'::regclass]);",
        "CREATE DOMAIN d AS regtype DEFAULT 'secret.{}'; CREATE TABLE a (b d);",
        "CREATE TABLE a (b oid DEFAULT regclass 'secret.{}');",
        "CREATE TABLE a (b oid DEFAULT U&'\\0073ecret.{}'::regclass);",
        "CREATE TABLE a (b text CHECK (b <> 'secret.{}'::regclass::text));",
        "CREATE TABLE a (b oid) PARTITION BY LIST (b);CREATE TABLE c PARTITION OF a FOR VALUES IN ('secret.{}'::regclass);",
        "CREATE TABLE a (b secret.{});",
        "CREATE TABLE a (LIKE secret.{});",
        "CREATE TABLE a (b int) INHERITS (secret.{});",
        "CREATE TABLE a (b int REFERENCES secret.{});",
    ],
)
def test_a_text_learns_nothing_of_what_other_schemas_hold(text):
    postgres.judge("CREATE TABLE a (b int);")
    with psycopg.connect(server._server.embedded.address(), autocommit=True) as admin:
        admin.execute("CREATE SCHEMA IF NOT EXISTS secret; CREATE TABLE IF NOT EXISTS secret.there (x int)")
        admin.execute("GRANT USAGE ON SCHEMA secret TO PUBLIC; GRANT ALL ON secret.there TO PUBLIC")
    told = [str(postgres.judge(text.format(name)).as_dict()["problems"]).replace(name, "") for name in ("there", "nowhere")]
    assert told[0] == told[1]
