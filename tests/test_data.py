"""The data that ships: every answer in every JSON file below data/ creates in PostgreSQL 18."""

import json

import pytest

from ghostlib import config
from ghostlib.corpus import texts
from ghostlib.corpus.picture import open_picture
from ghostlib.corpus.quality import check
from ghostlib.corpus.reading import prompt
from ghostlib.corpus.records import picture_file, read_screens, read_texts
from ghostlib.corpus.screens.domains import VALIDATION
from ghostlib.schemas import ddl, postgres

DATA = config.root() / "data"
FILES = sorted([*DATA.glob("*.json"), *(DATA / "validation_set").glob("*.json")])


@pytest.mark.parametrize("file", FILES, ids=lambda path: str(path.relative_to(DATA)))
def test_every_answer_creates_in_postgresql_and_is_spelt_in_the_target_language(file):
    rows = json.loads(file.read_text(encoding="utf-8"))
    read = read_screens if "image_path" in rows[0] else read_texts
    answers = [record.output for record in read(file)]
    verdicts = postgres.check_many(answers)
    failed = {n: verdict.problems for n, verdict in enumerate(verdicts, 1) if not verdict.valid or verdict.schema is None}
    assert not failed
    assert [n for n, (verdict, sql) in enumerate(zip(verdicts, answers, strict=True), 1)
            if ddl.canonical(verdict.schema).strip() != texts.statements(sql)] == []  # fmt: skip


def test_the_texts_are_many_short_different_and_from_no_domain_of_the_validation():
    examples = read_texts(DATA / "dataset.json")
    assert len(examples) >= 300 and len({example.output for example in examples}) == len(examples)
    assert max(len(texts.statements(example.output)) for example in examples) <= texts.LONGEST
    assert not {example.domain for example in examples} & set(VALIDATION) and len({e.domain for e in examples}) >= 25
    assert len({example.instruction for example in examples}) >= 10
    assert check(examples).passed, str(check(examples))


SCREENS = [DATA / "dataset_vision.json", DATA / "validation_set" / "dataset.json"]
drawn = pytest.mark.skipif(not all(file.exists() for file in SCREENS), reason="no screens: python -m ghostlib.corpus.screens")


@drawn
def test_the_shipped_screens_pass_every_gate_both_splits_together():
    report = check([screen for file in SCREENS for screen in read_screens(file)], root=DATA)
    assert report.passed, str(report)


@drawn
def test_no_shipped_screen_overfills_the_prompt():
    for screen in (screen for file in SCREENS for screen in read_screens(file)):
        size = open_picture(picture_file(screen, DATA)).size
        for lines in (screen.lines, screen.reading.lines if screen.reading else ()):
            assert len(prompt(lines, size).splitlines()) <= 48
