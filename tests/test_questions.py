"""The questions that the project makes from its own domains: the same always, and each with one answer only."""

import json
import random
import sqlite3
from pathlib import Path

import pytest

from ghostlib.corpus import questions
from ghostlib.corpus.questions import filled, patterns, subject
from ghostlib.corpus.screens.domains import DOMAINS, TRAINING, VALIDATION
from ghostlib.tasks.text2sql import grammar, hardness, layouts

DATA = Path(__file__).resolve().parents[1] / "data" / "text2sql"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    questions.write(folder)
    return folder


def dump(file):
    link = sqlite3.connect(file)
    lines = list(link.iterdump())
    link.close()
    return lines


def test_the_shipped_files_are_what_the_generator_makes(made):
    for name in ("tables.json", "train_spider.json", "dev.json"):
        assert (made / name).read_text(encoding="utf-8") == (DATA / name).read_text(encoding="utf-8"), name
    files = {file.relative_to(made) for file in made.rglob("*.sqlite")}
    assert files == {file.relative_to(DATA) for file in DATA.rglob("*.sqlite")} and len(files) >= 12
    for file in sorted(files)[::4]:
        assert dump(made / file) == dump(DATA / file), file


def test_training_and_validation_use_the_domains_of_their_own_side():
    chosen = questions.chosen()
    assert set(chosen["train"]) <= set(TRAINING) and set(chosen["validation"]) <= set(VALIDATION)


def test_every_pattern_is_used_and_has_the_hardness_that_it_is_listed_under(made):
    corpus = layouts.load(made)
    for name in questions.chosen()["train"][:3]:
        rows = filled.rows(DOMAINS[name], questions.SEED)
        schema = corpus.database(name).meaning.schema
        for level, listed in patterns.PATTERNS.items():
            for pattern in listed:
                for entity in DOMAINS[name].entities:
                    about = subject.Subject(DOMAINS[name], entity, rows, random.Random(entity.table))
                    try:
                        told, query = pattern(about)
                    except subject.Unfit:
                        continue
                    assert hardness.hardness(grammar.read(query, schema)) == level, (pattern.__name__, query)
                    assert told[0].isupper() and told[-1] in ".?"


def test_keys_point_at_rows_that_are_there_and_required_values_are(made):
    for file in sorted(made.rglob("*.sqlite"))[:6]:
        link = sqlite3.connect(file)
        assert link.execute("PRAGMA foreign_key_check").fetchall() == []
        assert link.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        link.close()


def test_another_seed_makes_other_rows_and_other_questions(tmp_path):
    name = questions.chosen()["train"][0]
    files = questions.suite(tmp_path, name, "train")
    filled.write(DOMAINS[name], 8, files[0])
    other = questions.questions(name, files, 8)
    shipped = [row for row in json.loads((DATA / "train_spider.json").read_text(encoding="utf-8")) if row["db_id"] == name]
    assert len(other) == len(shipped) == sum(questions.WANTED.values())
    assert len({row["query"] for row in other} & {row["query"] for row in shipped}) < 0.6 * len(shipped)
