"""`ghost check` and `ghost score`: what they take, what they print for people and for programs, and their exit codes."""

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from terminal import ghost, refused

from ghostlib.cli import forms, texts
from ghostlib.schemas import lint, postgres
from ghostlib.schemas.schema import from_dict

GOOD = """\
CREATE TABLE customers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text NOT NULL UNIQUE
);

CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customers (id),
    status text CHECK (status IN ('open', 'paid'))
);

CREATE INDEX ON orders (customer_id);
"""
DANGLING = "CREATE TABLE orders (\n    customer_id bigint REFERENCES customers (id)\n);\n"
SHAPE = {"file", "valid", "problems", "notices", "schema"}
SCORE = {"schema_score", "valid", "exact", "table", "column", "type_accuracy", "not_null_accuracy", "primary_key"} | {
    *("foreign_key", "unique", "check", "index", "hallucinated_tables", "hallucinated_columns")
}


@pytest.fixture
def files(tmp_path):
    (tmp_path / "good.sql").write_text(GOOD)
    (tmp_path / "dangling.sql").write_text(DANGLING)
    return tmp_path


@pytest.fixture
def stdin(monkeypatch):
    return lambda content: monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def test_check_says_yes_with_0_and_no_with_1(capsys, files):
    assert ghost(capsys, "check", files / "good.sql") == (0, f"{files / 'good.sql'}: valid, 2 tables\n", "")
    code, out, err = ghost(capsys, "check", files / "good.sql", files / "dangling.sql")
    assert (code, err) == (1, "")
    assert out.splitlines()[1] == f"{files / 'dangling.sql'}: not valid" and out.endswith("1 of 2 files valid\n")


def test_a_problem_is_a_line_with_file_line_column_sqlstate_words_and_hint(capsys, files):
    out = ghost(capsys, "check", files / "dangling.sql")[1]
    assert out.splitlines()[1].startswith(f'{files / "dangling.sql"}:2:35: 42P01 relation "customers" does not exist (hint: ')


def test_check_prints_the_agreed_json(capsys, files):
    code, out, _ = ghost(capsys, "check", "--json", files / "good.sql", files / "dangling.sql")
    good, bad = json.loads(out)
    assert code == 1
    assert set(good) == SHAPE
    assert (good["valid"], good["problems"]) == (True, [])
    orders = next(table for table in good["schema"]["tables"] if table["name"] == "orders")
    assert set(orders) == {"name", "columns", "primary_key", "foreign_keys", "unique", "checks", "indexes"}
    assert orders["foreign_keys"] == [{"columns": ["customer_id"], "table": "customers", "references": ["id"]}]
    assert all({"name", "type", "not_null", "default"} <= set(column) for column in orders["columns"])
    assert bad["schema"] is None and bad["valid"] is False
    assert set(bad["problems"][0]) == {"line", "column", "sqlstate", "message", "hint"}


def test_check_reads_standard_input_even_where_it_is_no_text(capsys, stdin):
    for content, expected in ((GOOD.encode(), 0), (b"\xff\xfe\x00", 1), (b"", 1), (b"\xef\xbb\xbf" + GOOD.encode(), 0)):
        stdin(content)
        assert ghost(capsys, "check", "-")[0] == expected


def test_a_folder_a_pattern_and_a_file_are_told_once_each_and_in_order(capsys, files, monkeypatch):
    (files / "deep" / "er").mkdir(parents=True)
    for name in ("deep/b.sql", "deep/er/a.sql", "deep/notes.txt"):
        (files / name).write_text(GOOD)
    monkeypatch.chdir(files)
    told = json.loads(ghost(capsys, "check", "--json", "deep", "d*/*.sql", "good.sql", "**/a.sql")[1])
    assert [row["file"] for row in told] == ["deep/b.sql", "deep/er/a.sql", "good.sql"]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(capsys, files):
    shutil.copy(files / "good.sql", files / "good[1].sql")
    assert ghost(capsys, "check", files / "good[1].sql")[0] == 0


def test_notices_are_three_for_a_person_and_all_for_a_program(capsys, stdin):
    dump = GOOD + "".join(f"ALTER TABLE orders OWNER TO somebody{number};\n" for number in range(20))
    stdin(dump.encode())
    out = ghost(capsys, "check", "-")[1]
    assert out.count("skipped") == 3 and "17 more such notices" in out and len(out.splitlines()) == 5
    stdin(dump.encode())
    assert len(json.loads(ghost(capsys, "check", "--json", "-")[1])[0]["notices"]) == 20


def test_a_name_in_the_sql_cannot_drive_the_terminal_or_forge_a_line(capsys, stdin):
    stdin(b'CREATE TABLE a (b int REFERENCES "\x1b[2J\n-: valid, 9 tables");')
    code, out, _ = ghost(capsys, "check", "-")
    assert code == 1 and "\x1b" not in out and len(out.splitlines()) == 2


def test_no_file_is_read_without_end():
    assert len(texts.one("/dev/zero").sql) == texts.MOST


def test_the_time_out_reaches_the_judge(capsys, files, monkeypatch):
    seen = []
    monkeypatch.setattr(postgres, "check_many", lambda sqls, *, timeout, progress: seen.append(timeout) or [])
    with pytest.raises(ValueError):  # no verdict came back for the file
        ghost(capsys, "check", files / "good.sql", "--timeout", "0.25")
    assert seen == [0.25]


def test_the_bar_is_there_for_many_files_on_a_terminal_alone(capsys, files, monkeypatch):
    assert "check" not in ghost(capsys, "check", files)[2]
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert "schema" in ghost(capsys, "check", files)[2]
    assert ghost(capsys, "check", files / "good.sql")[2] == ""


def test_lint_is_advice_beside_a_verdict_that_it_does_not_change(capsys, files):
    (files / "old.sql").write_text("CREATE TABLE tags (\n    name varchar(20)\n);")
    code, out, _ = ghost(capsys, "check", "--lint", files / "old.sql")
    assert code == 0 and out.splitlines()[0].endswith("valid, 1 table")
    assert out.splitlines()[1].startswith(f"{files / 'old.sql'}:2:10: prefer-text-field ")
    old, good = json.loads(ghost(capsys, "check", "--lint", "--json", files / "old.sql", files / "good.sql")[1])
    assert set(old) == SHAPE | {"lint"} and good["lint"] == []
    assert [set(one) for one in old["lint"]] == [{"line", "column", "rule", "message"}]


def test_a_text_that_kills_squawk_keeps_its_verdict_and_says_so_in_one_line(capsys, files):
    (files / "deep.sql").write_text("SELECT " + "(" * 20_000 + "1" + ")" * 20_000 + ";")
    code, out, err = ghost(capsys, "check", "--lint", "--json", files / "deep.sql", files / "good.sql")
    deep, good = json.loads(out)
    assert code == 1 and not deep["valid"] and deep["lint"] is None and good["lint"] == []
    assert err.startswith(f"ghost: {files / 'deep.sql'}: squawk did not survive") and err.count("\n") == 1


def test_without_squawk_lint_is_one_line_before_anything_is_judged(capsys, files, monkeypatch):
    monkeypatch.setattr(lint.sysconfig, "get_path", lambda _: str(files))
    monkeypatch.setenv("PATH", str(files))
    monkeypatch.setattr(postgres, "check_many", lambda *_, **__: pytest.fail("judged"))
    assert "pip install squawk-cli" in refused(capsys, "check", "--lint", files / "good.sql")


@pytest.mark.parametrize("kind", forms.ENDINGS)
def test_every_form_is_written_to_a_file_and_to_a_stream_alike(capfdbinary, files, kind):
    place = files / "made" / "schema"
    assert ghost(capfdbinary, "check", files / "good.sql", "--as", kind, "--out", place) == (0, f"{place}\n".encode(), b"")
    code, out, err = ghost(capfdbinary, "check", files / "good.sql", "--as", kind)
    assert (code, err) == (0, b"") and out == place.read_bytes()
    assert kind == "png" or b"customers" in out


def test_the_json_form_reads_back_to_an_equal_schema_and_the_sql_form_is_valid_again(capsys, files):
    ghost(capsys, "check", files / "good.sql", "--as", "json", "--out", files / "schema.json")
    ghost(capsys, "check", files / "good.sql", "--as", "sql", "--out", files / "again.sql")
    schema = postgres.check(GOOD)
    assert from_dict(json.loads((files / "schema.json").read_text())) == schema
    assert postgres.check((files / "again.sql").read_text()) == schema
    ghost(capsys, "check", files / "good.sql", "--as", "png", "--out", files / "schema.png")
    assert Image.open(files / "schema.png").format == "PNG"


def test_several_schemas_go_into_a_folder_and_what_is_not_valid_is_told_beside_them(capsys, files):
    (files / "deep").mkdir()
    (files / "deep" / "good.sql").write_text(GOOD)
    code, out, err = ghost(capsys, "check", files, "--as", "mermaid", "--out", files / "made")
    assert code == 1 and "dangling.sql: not valid" in err and "42P01" in err
    made = sorted(file.relative_to(files / "made").as_posix() for file in (files / "made").rglob("*.*"))
    assert made == ["deep/good.mmd", "good.mmd"] and len(out.splitlines()) == 2
    assert "two of the schemas" in refused(
        capsys, "check", files / "good.sql", files / "deep" / "good.sql", "--as", "sql", "--out", files / "flat"
    )
    assert not (files / "flat").exists()
    assert "--out FOLDER" in refused(capsys, "check", files / "good.sql", files / "deep", "--as", "sql")


def test_a_schema_that_is_not_valid_is_written_nowhere(capsys, files):
    code, out, err = ghost(capsys, "check", files / "dangling.sql", "--as", "json", "--out", files / "schema.json")
    assert (code, out) == (1, "") and "42P01" in err and not (files / "schema.json").exists()


def test_a_picture_is_not_poured_over_a_terminal_and_out_alone_says_nothing(capsys, files, monkeypatch):
    assert "--as mermaid" in refused(capsys, "check", files / "good.sql", "--out", files / "x")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert "--out schema.png" in refused(capsys, "check", files / "good.sql", "--as", "png")


def test_a_reader_who_goes_away_is_no_error_of_ours(files):
    program = f"{sys.executable} -m ghostlib.cli check {files / 'good.sql'} --json"
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run(f"({program}; echo $? >&2) | true", shell=True, capture_output=True, text=True, cwd=root)
    assert done.stderr.strip() in ("0", "1"), done.stderr


def test_gold_against_gold_scores_one(capsys, files):
    code, out, _ = ghost(capsys, "score", "--json", files / "good.sql", files / "good.sql")
    found = json.loads(out)
    assert code == 0 and found["schema_score"] == 1.0 and found["exact"] is True
    assert set(found) == SCORE and set(found["table"]) == {"precision", "recall", "f1"}
    code, out, _ = ghost(capsys, "score", files / "good.sql", files / "good.sql")
    assert code == 0 and out.startswith("schema_score          1.000  exact\n")


def test_a_refused_prediction_is_0_with_its_problems_and_a_no(capsys, files):
    code, out, err = ghost(capsys, "score", files / "dangling.sql", files / "good.sql")
    assert (code, err) == (1, "") and out.startswith("schema_score          0.000  PostgreSQL did not accept")
    assert f"{files / 'dangling.sql'}:2:35: 42P01 " in out
    found = json.loads(ghost(capsys, "score", "--json", files / "dangling.sql", files / "good.sql")[1])
    assert set(found) == SCORE | {"reason", "problems"} and found["problems"][0]["sqlstate"] == "42P01"


def test_what_neither_schema_has_is_said_and_not_rated(capsys, files):
    (files / "small.sql").write_text("CREATE TABLE tags (name text);")
    out = ghost(capsys, "score", files / "small.sql", files / "small.sql")[1]
    assert "foreign_key_f1          0.15  neither schema has any" in out


def test_a_reference_that_postgresql_refuses_is_one_line_with_the_place(capsys, files):
    told = refused(capsys, "score", files / "good.sql", files / "dangling.sql")
    assert "refuses the reference" in told and "dangling.sql:2:35: 42P01" in told


@pytest.fixture
def folders(tmp_path):
    for name, sql in {
        "gold/a.sql": GOOD,
        "gold/deep/b.sql": GOOD,
        "gold/c.sql": GOOD,
        "made/a.sql": GOOD,
        "made/deep/b.sql": DANGLING,
        "made/d.sql": GOOD,
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(sql)
    return tmp_path / "made", tmp_path / "gold"


def test_two_folders_are_paired_by_name_and_a_prediction_that_is_missing_counts_as_0(capsys, folders):
    code, out, err = ghost(capsys, "score", *folders, "--json")
    told = json.loads(out)
    assert code == 1 and "d.sql: no truth of this name" in err and told["unpaired"] == ["d.sql"]
    assert told["n"] == 3 and set(told["aggregate"]["schema_score"]) == {"mean", "low", "high"}
    assert told["aggregate"]["schema_score"]["mean"] == pytest.approx(1 / 3)
    assert told["groups"]["tables"]["2"]["n"] == 3
    pairs = {pair["name"]: pair for pair in told["pairs"]}
    assert pairs["a.sql"]["exact"] and pairs["deep/b.sql"]["problems"] and "no prediction" in pairs["c.sql"]["reason"]
    code, out, _ = ghost(capsys, "score", *folders)
    assert code == 1 and out.startswith("3 pairs") and "42P01" in out and "there is no prediction" in out


def test_two_patterns_are_paired_by_file_name(capsys, folders):
    made, gold = folders
    code, out, _ = ghost(capsys, "score", f"{made}/a*.sql", f"{gold}/*.sql", "--json")
    assert code == 1 and [pair["name"] for pair in json.loads(out)["pairs"]] == ["a.sql", "c.sql"]
    (gold / "c.sql").unlink()
    assert ghost(capsys, "score", f"{made}/a*.sql", f"{gold}/*.sql")[0] == 0


def test_folders_without_a_name_in_common_are_one_line(capsys, folders):
    made, gold = folders
    shutil.rmtree(made / "deep")
    (made / "a.sql").unlink()
    assert "no file of the one" in refused(capsys, "score", made, gold)


def test_no_problem_of_the_environment_is_needed_to_read_the_help():
    root = Path(__file__).resolve().parents[1]
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
    for command in ("check", "score"):
        words = [sys.executable, "-m", "ghostlib.cli", command, "--help"]
        done = subprocess.run(words, cwd=root, env=environment, capture_output=True, text=True)
        assert done.returncode == 0 and f"example: ghost {command}" in done.stdout
