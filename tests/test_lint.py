"""Squawk's advice: silent on the target language, right about the place, and bounded whatever the text does to it."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ghostlib.errors import SchemaError
from ghostlib.schemas import lint, score

ROOT = Path(__file__).resolve().parents[1]
DATA = sorted([*(ROOT / "data").glob("*.json"), *(ROOT / "data" / "validation_set").glob("*.json")])


def rules(sql, **limits):
    return [finding.rule for finding in lint.lint(sql, **limits)]


@pytest.fixture
def imposter(tmp_path, monkeypatch):
    """Puts a program of the test's own where squawk is looked for."""

    def install(script):
        file = tmp_path / "squawk"
        file.write_text(f"#!{sys.executable}\n{script}")
        file.chmod(0o755)
        monkeypatch.setattr(lint.sysconfig, "get_path", lambda _: str(tmp_path))
        return file

    return install


def test_every_label_of_the_data_sets_is_clean():
    labels = [row["output"] for file in DATA for row in json.loads(file.read_text(encoding="utf-8"))]
    assert len(labels) > 200
    assert lint.lint("\n".join(labels)) == ()


def test_a_label_made_worse_is_not_clean_so_the_silence_means_something():
    label = json.loads(DATA[0].read_text(encoding="utf-8"))[0]["output"]
    assert set(rules(label.replace(" text", " varchar(40)"))) == {"prefer-text-field"}


@pytest.mark.parametrize(
    ("column", "rule"),
    [
        ("a varchar(20)", "prefer-text-field"),
        ("a char(3)", "ban-char-field"),
        ("a timestamp", "prefer-timestamp-tz"),
        ("a smallint", "prefer-bigint-over-smallint"),
        (f"{'a' * 64} text", "identifier-too-long"),
    ],
)
def test_what_is_no_matter_of_migration_is_found(column, rule):
    assert rules(f"CREATE TABLE things ({column});") == [rule]


def test_serial_is_told_once_as_an_identity():
    assert rules("CREATE TABLE things (id serial PRIMARY KEY);") == ["prefer-identity"]


def test_a_schema_as_pg_dump_writes_it_gets_no_advice_about_migrations():
    dump = """SET statement_timeout = 0;
CREATE TYPE public.mood AS ENUM ('good');
CREATE DOMAIN public.short AS text CONSTRAINT c CHECK (length(VALUE) < 9);
CREATE TABLE public.people (id bigint NOT NULL, boss bigint, mood public.mood, quantity integer);
CREATE INDEX people_boss ON public.people USING btree (boss);
ALTER TABLE ONLY public.people ADD CONSTRAINT people_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.people ADD CONSTRAINT once UNIQUE (boss);
ALTER TABLE ONLY public.people ADD CONSTRAINT people_boss_fkey FOREIGN KEY (boss) REFERENCES public.people(id);
ALTER TABLE public.people ALTER COLUMN boss SET NOT NULL;
ALTER TYPE public.mood ADD VALUE 'bad';
ALTER TABLE public.people RENAME COLUMN mood TO temper;
DROP TABLE public.people;
BEGIN;
"""
    assert rules(dump) == []


def test_every_rule_that_is_off_is_one_that_squawk_knows():
    known = subprocess.run(
        [lint.program(), "--config", os.devnull, "--exclude", ",".join(lint.OFF)], input=b"", capture_output=True
    )
    assert known.returncode == 0, known.stderr.decode()
    assert len(set(lint.OFF)) == len(lint.OFF)


def test_line_and_column_are_counted_from_1_in_characters_and_not_in_bytes():
    sql = '-- ünïcödé\nCREATE TABLE "é" (\r\n  "ééé😀" char(3));'
    (found,) = lint.lint(sql)
    assert (found.line, found.rule) == (3, "ban-char-field")
    assert sql.splitlines()[found.line - 1][found.column - 1 :].startswith("char(3)")
    assert str(found).startswith("3:10 ban-char-field ")


def test_a_text_that_squawk_cannot_parse_has_syntax_errors_and_nothing_else():
    assert set(rules("CREATE TABLE (a char(3")) == {"syntax-error"}
    assert rules("") == []


def test_a_config_file_of_the_folder_one_stands_in_changes_nothing(tmp_path, monkeypatch):
    (tmp_path / ".squawk.toml").write_text('excluded_rules = ["ban-char-field"]\n')
    monkeypatch.chdir(tmp_path)
    assert rules("CREATE TABLE things (a char(3));") == ["ban-char-field"]


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE a (b int CHECK (" + "(" * 20_000 + "true" + ")" * 20_000 + "));",
        "CREATE TABLE a (b int CHECK (b = 1 " + " OR b = 1" * 40_000 + "));",
        "CREATE TABLE a (" + ", ".join(f"c{n} char(3)" for n in range(5_000)) + ");",
        "CREATE TABLE a (\0 int);",
        "\ud800 CREATE TABLE a (b char(3));",
        "\ufeffCREATE TABLE a (b char(3));",
        "'" * 300_001,
        "/*" * 100_000,
        "-- squawk-ignore-file\nCREATE TABLE a (b char(3));",
        "--json --exclude=all",
    ],
    ids=range(10),
)
def test_hostile_texts_end_in_findings_or_in_one_line(sql):
    try:
        assert all(finding.line > 0 and finding.column > 0 for finding in lint.lint(sql))
    except SchemaError as error:
        assert "\n" not in str(error) and len(str(error)) < 200


def test_ten_megabytes_are_refused_before_squawk_starts(monkeypatch):
    monkeypatch.setattr(lint, "_answer", lambda *_: pytest.fail("it started"))
    with pytest.raises(SchemaError, match="too many to lint"):
        lint.lint("x" * 10_000_000)


def test_a_squawk_that_is_missing_is_one_line_that_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setattr(lint.sysconfig, "get_path", lambda _: str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SchemaError, match="pip install squawk-cli"):
        lint.lint("CREATE TABLE a (b int);")


def test_a_squawk_that_hangs_is_ended_at_the_time_out_and_leaves_no_process(imposter):
    file = imposter("import time\ntime.sleep(600)")
    started = time.monotonic()
    with pytest.raises(SchemaError, match="no answer within 0.5 s"):
        lint.lint("CREATE TABLE a (b int);", timeout=0.5)
    assert time.monotonic() - started < 60
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    assert str(file) not in running


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("print('hello')", "instead of findings"),
        ("print('{}')\nraise SystemExit(3)", "did not survive"),
        ("print('[{\"line\": 0}]')", "instead of findings"),
        ("import os\nos.abort()", "did not survive"),
        ("import sys\nwhile True: sys.stdout.write('x' * 65536)", "more than"),
    ],
)
def test_an_answer_that_is_none_is_one_line(imposter, monkeypatch, script, told):
    monkeypatch.setattr(lint, "MOST", 1 << 20)
    imposter(script)
    with pytest.raises(SchemaError, match=told) as raised:
        lint.lint("CREATE TABLE a (b int);")
    assert "\n" not in str(raised.value)


@pytest.mark.skipif(sys.platform != "linux", reason="the memory of another process is limited on Linux alone")
def test_squawk_gets_no_more_memory_than_its_limit(imposter):
    imposter("import time\ntime.sleep(0.5)\nhog = bytearray(3 << 30)\nprint('[]')")
    with pytest.raises(SchemaError, match="did not survive|instead of findings"):
        lint.lint("CREATE TABLE a (b int);")


def test_lint_is_no_metric_of_the_score():
    assert not [name for name in score.METRICS if "lint" in name]
