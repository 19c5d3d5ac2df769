"""Data sets as they lie on disk: Spider's, BIRD's and WikiSQL's files, from a folder or the Hub."""

import json
import shutil
import sqlite3
import zipfile
from pathlib import Path

import pytest

from ghostlib.errors import DataError
from ghostlib.tasks.text2sql import hub, layouts, scoring

ROOT = Path(__file__).resolve().parents[1]
TABLES = {
    "db_id": "zoo",
    "table_names_original": ["keeper", "animal facts"],
    "table_names": ["keeper", "animal facts"],
    "column_names_original": [[-1, "*"], [0, "id"], [0, "name"], [1, "id"], [1, "First Seen"], [1, "keeper_id"]],
    "column_names": [[-1, "*"], [0, "id"], [0, "name"], [1, "id"], [1, "first seen"], [1, "keeper id"]],
    "column_types": ["text", "number", "text", "number", "time", "number"],
    "primary_keys": [1, [3, 5]],
    "foreign_keys": [[5, 1]],
}
GOLD = "SELECT `First Seen` FROM `animal facts` WHERE id = 1"


def zoo(file):
    file.parent.mkdir(parents=True)
    link = sqlite3.connect(file)
    link.execute("CREATE TABLE keeper (id INTEGER PRIMARY KEY, name TEXT)")
    link.execute('CREATE TABLE "animal facts" (id INTEGER, "First Seen" DATE, keeper_id INTEGER REFERENCES keeper (id))')
    link.execute("INSERT INTO \"animal facts\" VALUES (1, '2026-05-14', 1)")
    link.commit()
    link.close()


@pytest.fixture
def bird(tmp_path):
    """BIRD's layout with both halves in folders of their own, as its archives unpack."""
    for half in ("dev", "train"):
        folder = tmp_path / f"{half}_20240627"
        zoo(folder / f"{half}_databases" / "zoo" / "zoo.sqlite")
        (folder / f"{half}_tables.json").write_text(json.dumps([TABLES]))
        row = {"question_id": 0, "db_id": "zoo", "question": "When?", "evidence": "first seen is a day", "SQL": GOLD}
        (folder / f"{half}.json").write_text(json.dumps([row | {"difficulty": "moderate"}]))
    return tmp_path


@pytest.fixture
def wikisql(tmp_path):
    table = {"id": "1-100-2", "header": ["Player", "No.", "No.", ""], "types": ["text", "real", "real", "text"]}
    table["rows"] = [["Ann Lee", 7, 1, "x"], ["Bo O'Neil", 9, 2, "y"]]
    queries = [
        {"sel": 0, "agg": 0, "conds": [[1, 0, 9]]},
        {"sel": 2, "agg": 3, "conds": [[0, 0, "bo o'neil"], [1, 1, 8]]},
    ]
    asked = [{"table_id": "1-100-2", "question": "Who?", "phase": 1, "sql": query} for query in queries]
    for name in ("train", "dev"):
        (tmp_path / f"{name}.tables.jsonl").write_text(json.dumps(table) + "\n")
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in asked))
    return tmp_path


@pytest.fixture(autouse=True)
def cached(monkeypatch, tmp_path_factory):
    monkeypatch.setenv("GHOST_CACHE", str(tmp_path_factory.mktemp("cache")))


def test_spiders_own_layout_is_read_others_and_test_included(tmp_path):
    zoo(tmp_path / "database" / "zoo" / "zoo.sqlite")
    shutil.copy(tmp_path / "database" / "zoo" / "zoo.sqlite", tmp_path / "database" / "zoo" / "zoo_v2.sqlite")
    (tmp_path / "tables.json").write_text(json.dumps([TABLES]))
    for name in ("train_spider", "train_others", "dev", "test"):
        row = {"db_id": "zoo", "question": name, "query": "SELECT name FROM keeper", "query_toks": [], "sql": {}}
        (tmp_path / f"{name}.json").write_text(json.dumps([row]))
    found = layouts.load(tmp_path)
    assert found.kind == "spider"
    assert [question.text for question in found.questions["train"]] == ["train_spider", "train_others"]
    assert [question.id for question in found.questions["train"]] == ["train-0", "train-1"]
    assert [len(found.questions[split]) for split in ("validation", "test")] == [1, 1]
    assert [file.stem for file in found.files("zoo")] == ["zoo", "zoo_v2"] and found.files("nowhere") == []
    known = found.database("zoo")
    assert known.tables[1].primary_key == ("id", "keeper_id") and str(known.keys[0].other) == "keeper"


def test_a_name_that_leads_out_of_the_folder_is_no_database(tmp_path):
    zoo(tmp_path / "secret" / "zoo.sqlite")
    (tmp_path / "data" / "database").mkdir(parents=True)
    (tmp_path / "data" / "tables.json").write_text("[]")
    found = layouts.load(tmp_path / "data")
    assert found.files("../../secret") == [] and found.files("..") == []


def test_birds_files_are_read_with_their_hints_and_names_in_quotes(bird):
    found = layouts.load(bird)
    assert found.kind == "bird" and [len(asked) for asked in found.questions.values()] == [1, 1]
    asked = found.questions["validation"][0]
    assert (asked.hint, asked.level, asked.gold) == ("first seen is a day", "moderate", GOLD)
    known = scoring.Scorer(found)
    one = known.score(asked, 'SELECT "First Seen" FROM "animal facts"')
    assert (one.outcome, one.set_match, one.hardness, one.category) == ("right", None, "moderate", "filter")


def test_half_of_bird_is_enough(bird):
    found = layouts.load(bird / "dev_20240627")
    assert len(found.questions["validation"]) == 1 and found.questions["train"] == []


def test_wikisqls_numbers_become_sql_that_runs(wikisql):
    found = layouts.load(wikisql)
    asked = found.questions["validation"]
    assert [one.gold for one in asked] == [
        'SELECT Player FROM data WHERE "No." = 9',
        "SELECT COUNT(\"No. 3\") FROM data WHERE Player = 'bo o''neil' AND \"No.\" > 8",
    ]
    known = scoring.Scorer(found)
    assert [known.score(one, one.gold).outcome for one in asked] == ["right", "right"]
    assert known.judge.verdict("1-100-2", asked[1].gold, "SELECT 1").outcome == "right", "letter case does not count"
    assert [column.name for column in found.database("1-100-2").tables[0].columns] == ["Player", "No.", "No. 3", "column 4"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("tables.json", '[{"db_id": "zoo"}]'),
        ("tables.json", "{}"),
        ("dev.json", '[{"db_id": "zoo"}]'),
        ("dev.json", "[1]"),
        ("dev.json", "{"),
        ("tables.json", json.dumps([TABLES | {"foreign_keys": [[99, 1]]}])),
    ],
)
def test_a_broken_file_is_one_line_that_names_it(tmp_path, name, content):
    (tmp_path / "tables.json").write_text(json.dumps([TABLES]))
    (tmp_path / "dev.json").write_text("[]")
    (tmp_path / name).write_text(content)
    with pytest.raises(DataError) as told:
        layouts.load(tmp_path)
    assert name in str(told.value) and "\n" not in str(told.value)


@pytest.fixture
def on_the_hub(monkeypatch, tmp_path):
    """What the Hub would give for any name: this folder."""
    import huggingface_hub

    there = tmp_path / "snapshot"
    there.mkdir()
    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda name, repo_type: str(there))
    return there


def test_a_data_set_of_the_hub_is_read_from_its_archive(on_the_hub, bird):
    half = bird / "dev_20240627"
    shutil.make_archive(str(half / "dev_databases"), "zip", half, "dev_databases")  # an archive in the archive, as BIRD's is
    shutil.rmtree(half / "dev_databases")
    shutil.make_archive(str(on_the_hub / "dev"), "zip", bird, half.name)
    found = layouts.load("hf://somebody/bird")
    assert len(found.questions["validation"]) == 1 and found.files("zoo")
    assert layouts.load("hf://somebody/bird").folder == found.folder, "unpacked once"


def test_an_archive_that_leads_out_of_its_folder_is_refused(on_the_hub):
    with zipfile.ZipFile(on_the_hub / "evil.zip", "w") as archive:
        archive.writestr("../../outside.txt", "x")
    with pytest.raises(DataError, match="leads out"):
        hub.fetched("hf://somebody/evil")


@pytest.mark.parametrize("name", ["hf://", "hf://one", "hf://a/b/c"])
def test_a_name_that_is_none_of_the_hub_says_how_one_looks(name):
    with pytest.raises(DataError, match="hf://owner/name"):
        layouts.load(name)


def test_without_a_network_the_hub_is_one_line():
    with pytest.raises(DataError, match="Download it by hand") as told:
        layouts.load("hf://somebody/that-is-nowhere")
    assert "\n" not in str(told.value)
