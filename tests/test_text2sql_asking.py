"""Questions about a database of one's own: single, from a file, in a dialogue; SQLite and PostgreSQL, both only read."""

import io
import json
import sqlite3
from pathlib import Path

import psycopg
import pytest

from ghostlib import cli
from ghostlib import config as configs
from ghostlib.errors import DataError
from ghostlib.inference import asking as inference
from ghostlib.models.generate import Answer
from ghostlib.schemas import postgres as judge
from ghostlib.schemas import server
from ghostlib.tasks.text2sql import asking, catalog
from ghostlib.tasks.text2sql.sandbox import Limits

ROOT = Path(__file__).resolve().parents[1]
TABLES = (
    "CREATE TABLE makers (id INTEGER PRIMARY KEY, name TEXT NOT NULL)",
    "CREATE TABLE boats (id INTEGER PRIMARY KEY, name VARCHAR(20), "
    "maker_id INTEGER REFERENCES makers (id), price NUMERIC(8, 2))",
    "INSERT INTO makers VALUES (1, 'Oak & Sons')",
    "INSERT INTO boats VALUES (1, 'Anna', 1, 99.5), (2, 'Berta', NULL, 7)",
)


@pytest.fixture(scope="module")
def config():
    return configs.load("nano", task="text2sql", scale="full")


@pytest.fixture
def file(tmp_path):
    made = tmp_path / "marina.sqlite"
    link = sqlite3.connect(made)
    for sql in TABLES:
        link.execute(sql)
    link.commit()
    link.close()
    return made


@pytest.fixture(scope="module")
def address():
    """A real PostgreSQL, reached as its superuser: nothing but our own walls is in the way of a query."""
    assert judge.judge("CREATE TABLE t (id bigint PRIMARY KEY);").valid  # the server is up
    there = server._server.embedded.address()
    with psycopg.connect(there, autocommit=True) as link:
        link.execute("DROP SCHEMA IF EXISTS harbour CASCADE")
        link.execute("CREATE SCHEMA harbour")
        link.execute("SET search_path = harbour")
        for sql in TABLES:
            link.execute(sql.encode())
        yield f"{there} options='-c search_path=harbour'"
        link.execute("DROP SCHEMA harbour CASCADE")


class Model:
    """Answers every question with the same text, and remembers what it was asked."""

    def __init__(self, text):
        self.text, self.asked = text, []

    def __call__(self, example):
        self.asked.append(example.prompt)
        return self.text


def test_one_question_gives_the_query_and_its_rows(config, file):
    there, known = asking.connect(str(file))
    model = Model("```sql\nSELECT name, price FROM boats ORDER BY price;\n```")
    reply = asking.ask(config, "What do the boats cost?", model, there, known)
    assert reply.sql == "SELECT name, price FROM boats ORDER BY price"
    assert reply.result.rows == [("Berta", 7), ("Anna", 99.5)] and reply.result.whole
    assert "TABLE: boats (id (number) PK, name (text), maker_id (number), price (number))" in model.asked[0]
    assert "KEY: boats.maker_id = makers.id" in model.asked[0] and model.asked[0].endswith("What do the boats cost?")
    assert asking.table(reply.result) == [
        "name   price",
        "-----  -----",
        "Berta      7",
        "Anna    99.5",
        "(2 rows)",
    ]


@pytest.mark.parametrize("content", ["How many?\n\n  Which?  \n", '{"question": "How many?"}\n{"question": "Which?"}\n'])
def test_a_file_of_questions_is_answered_one_by_one(config, file, tmp_path, content):
    questions = tmp_path / ("questions.jsonl" if content[0] == "{" else "questions.txt")
    questions.write_text(content, encoding="utf-8")
    there, known = asking.connect(str(file))
    replies = list(asking.answers(config, asking.questions(questions), Model("SELECT count(*) FROM boats"), there, known))
    told = json.loads(asking.as_json(replies))
    assert [one["question"] for one in told] == ["How many?", "Which?"] and told[0]["rows"] == [[2]]


def test_the_command_line_asks_one_question_a_file_and_a_dialogue(file, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("GHOST_ROOT", str(ROOT))
    monkeypatch.setattr(inference, "answered", lambda example, **how: (Answer("SELECT name FROM boats", 1.0, 0.0, 5), "m"))
    words = ["ask", "--task", "text2sql", "--profile", "nano", "--database", str(file)]
    assert cli.main([*words, "Which boats?"]) == 0
    assert "-- Which boats?\nSELECT name FROM boats\nname\n-----\nAnna\nBerta\n(2 rows)" in capsys.readouterr().out
    (tmp_path / "asked.txt").write_text("Which?\nAnd which?\n")
    assert (
        cli.main([*words, "--file", str(tmp_path / "asked.txt"), "--json", "--rows", "1", "--out", str(tmp_path / "o.jsonl")])
        == 0
    )
    told = json.loads(capsys.readouterr().out)
    assert [one["rows"] for one in told] == [[["Anna"]]] * 2 and not told[0]["whole"]
    assert [json.loads(line) for line in (tmp_path / "o.jsonl").read_text().splitlines()] == told
    monkeypatch.setattr("sys.stdin", io.StringIO("Which?\n= SELEC\n"))
    assert cli.main(words) == 0
    assert "marina: 2 tables" in (out := capsys.readouterr().out) and "Berta" in out and "error: near" in out
    assert cli.main(words[:-2]) == 2 and "--database" in capsys.readouterr().err


def test_a_file_without_questions_is_one_line(tmp_path):
    (tmp_path / "empty.txt").write_text("\n \n")
    with pytest.raises(DataError, match="holds no question"):
        asking.questions(tmp_path / "empty.txt")
    with pytest.raises(DataError, match="cannot be read"):
        asking.questions(tmp_path / "nowhere.txt")


def test_a_dialogue_shows_rows_runs_sql_and_goes_on_after_a_refusal(config, file):
    there, known = asking.connect(str(file))
    lines = iter(["How many boats?", "\\d", "= DROP TABLE boats", "= SELECT name FROM makers", "", "\\q", "never read"])
    said = []
    asking.repl(config, Model("SELECT count(*) FROM boats"), there, known, read=lambda _: next(lines), say=said.append)
    assert "marina: 2 tables" in said[0] and "SELECT count(*) FROM boats" in said[1] and "(1 row)" in said[1]
    assert "TABLE: makers" in said[2] and said[3].startswith("refused: DROP") and "Oak & Sons" in said[4]
    assert next(lines) == "never read" and len(said) == 5


def test_a_dialogue_ends_with_its_input(config, file):
    there, known = asking.connect(str(file))

    def read(_):
        raise EOFError

    asking.repl(config, Model(""), there, known, read=read, say=lambda _: None)


def test_cells_are_one_line_that_a_terminal_can_show(file):
    there, _ = asking.connect(str(file))
    told = asking.table(there.run("SELECT 'a' || char(10) || char(27) || '[31m' AS x, NULL, x'00ff', '" + "y" * 99 + "'"))
    assert "\x1b" not in "".join(told) and all("\n" not in line for line in told)
    assert "NULL" in told[2] and "x'00ff'" in told[2] and "…" in told[2]


def test_postgresql_tells_its_tables_and_answers(config, address):
    there, known = asking.connect(address)
    assert known == catalog.Database(known.name, known.tables, known.keys)
    boats = next(table for table in known.tables if table.name == "boats")
    assert [(c.name, c.kind) for c in boats.columns] == [
        ("id", "number"),
        ("name", "text"),
        ("maker_id", "number"),
        ("price", "number"),
    ]
    assert boats.primary_key == ("id",) and known.keys == (catalog.Key("boats", "maker_id", "makers", "id"),)
    reply = asking.ask(
        config, "?", Model("SELECT name, price FROM boats WHERE name LIKE '%a%' ORDER BY 1"), there, known, most=1
    )
    assert reply.result.rows[0][0] == "Anna" and not reply.result.whole
    assert json.loads(asking.as_json([reply]))[0]["rows"] == [["Anna", "99.50"]]


HOSTILE = """
INSERT INTO boats VALUES (9, 'x', NULL, 1)
UPDATE boats SET price = 0
DELETE FROM boats
DROP TABLE boats
TRUNCATE boats
CREATE TABLE evil (a int)
SELECT * INTO evil FROM boats
WITH gone AS (DELETE FROM boats RETURNING *) SELECT * FROM gone
SELECT 1; DROP TABLE boats
COPY boats TO '/tmp/evil'
COPY boats TO PROGRAM 'id'
DO $$ BEGIN DELETE FROM boats; END $$
SET default_transaction_read_only = off
RESET ALL
COMMIT
VACUUM boats
LOCK TABLE boats
SELECT * FROM boats FOR UPDATE
SELECT pg_read_file('/etc/passwd')
SELECT "pg_read_file"('/etc/passwd')
SELECT pg_catalog.pg_read_file /* x */ ('/etc/passwd')
SELECT U&"pg_re\\0061d_file"('/etc/passwd')
SELECT * FROM pg_ls_dir('/')
SELECT lo_import('/etc/passwd')
SELECT lo_export(1, '/tmp/evil')
SELECT pg_terminate_backend(pg_backend_pid())
SELECT set_config('transaction_read_only', 'off', false)
SELECT query_to_xml('SELECT pg_read_file(''/etc/passwd'')', true, true, '')
SELECT nextval('s')
SELECT pg_sleep(60)
CALL something()
NOTIFY evil
LISTEN evil
PREPARE p AS DELETE FROM boats
EXECUTE p
GRANT ALL ON boats TO PUBLIC
""".strip().splitlines()


@pytest.mark.parametrize("sql", HOSTILE)
def test_on_postgresql_nothing_is_changed_or_reached_even_by_a_superuser(address, sql):
    there, _ = asking.connect(address, Limits(seconds=2))
    before = there.run("SELECT count(*), sum(price) FROM boats").rows
    found = there.run(sql)
    assert found.state in ("refused", "error") and found.rows == [] and found.message, found
    assert there.run("SELECT count(*), sum(price) FROM boats").rows == before
    assert there.run("SELECT to_regclass('evil')").rows == [(None,)]
    assert there.run("SHOW transaction_read_only").state == "error", "only what a cursor takes"
    there.close()


def test_on_postgresql_what_does_not_end_is_ended(address):
    there, _ = asking.connect(address, Limits(seconds=0.5))
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    assert there.run(endless).state == "timeout"
    assert there.run("SELECT 1").rows == [(1,)]
    assert there.run("SELECT a.id FROM boats a, boats b, boats c", most=3).whole is False


@pytest.mark.parametrize("where", ["nowhere.sqlite", "postgresql://me:secret@127.0.0.1:1/x?connect_timeout=2"])
def test_a_database_that_is_not_there_is_one_line_without_a_password(where):
    with pytest.raises(DataError) as told:
        asking.connect(where)
    assert "secret" not in str(told.value) and "\n" not in str(told.value)
