"""The rules of reading a screen: each rule's screen yields the DDL in the document, and PostgreSQL creates it."""

import re

import pytest

from ghostlib import config
from ghostlib.corpus.screens import pages, rules, truth
from ghostlib.corpus.screens.archetypes import ARCHETYPES
from ghostlib.corpus.screens.looks import LOOKS
from ghostlib.schemas import postgres
from ghostlib.schemas.ddl import canonical

DOCS = config.root() / "docs"
PICTURES = DOCS / "pictures" / "reading"


def ddl(title):
    (rule,) = (rule for rule in rules.RULES if title in rule.title)
    return rule.ddl


def test_there_are_more_than_25_rules_and_every_archetype_has_one():
    assert len(rules.RULES) >= 25 and len({rule.title for rule in rules.RULES}) == len(rules.RULES)
    assert {rule.archetype for rule in rules.RULES} == set(ARCHETYPES)


def test_the_document_is_what_the_rules_write():
    assert (DOCS / "reading_a_screen.md").read_text(encoding="utf-8") == rules.document()


def test_every_rule_has_its_picture_and_they_are_small_together():
    pictures = sorted(PICTURES.glob("*.png"))
    assert [picture.stem for picture in pictures] == sorted(map(rules.slug, rules.RULES))
    assert sum(picture.stat().st_size for picture in pictures) < 1_200_000


def test_postgresql_creates_the_ddl_of_every_rule_and_reads_the_same_schema_back():
    verdicts = postgres.check_many([rule.ddl for rule in rules.RULES])
    for rule, verdict in zip(rules.RULES, verdicts, strict=True):
        assert verdict.valid, (rule.title, verdict.problems)
        assert canonical(verdict.schema) == rule.ddl, rule.title


@pytest.mark.parametrize("rule", rules.RULES, ids=rules.slug)
def test_the_screen_of_a_rule_has_a_label_for_every_column_of_its_truth(rule):
    page = pages.crop(rule.plan, LOOKS["harbor"], width=rule.width)
    told = {name for names in re.findall(r'data-column="([^"]*)"', page) for name in names.split()}
    assert told == {f"{t.name}.{c.name}" for t in rule.plan.schema.tables for c in t.columns if not c.identity}
    assert rule.plan.schema == truth.schema(rule.sections, marks=rule.plan.marks)


@pytest.mark.parametrize("reference", re.findall(r"rule (\d+)", rules.document()))
def test_a_rule_that_is_referred_to_by_its_number_exists(reference):
    assert 1 <= int(reference) <= len(rules.RULES)


def test_the_rules_say_what_their_titles_promise():
    assert "shipment_id bigint NOT NULL REFERENCES shipments (id)" in ddl("Rows on the page of one record")
    assert "CHECK (rating BETWEEN 1 AND 5)" in ddl("Stars")
    assert "CHECK (level BETWEEN 0 AND 80)" in ddl("slider")
    assert "tags text[]" in ddl("free words")
    assert "CHECK (status IN ('to_do', 'in_progress', 'done'))" in ddl("Radio buttons")
    assert "PRIMARY KEY (course_id, student_id)" in ddl("several records")
    assert "parent_board_id bigint REFERENCES boards (id)" in ddl("same table points")
    assert "home_club_id bigint REFERENCES clubs" in ddl("Two keys") and "away_club_id" in ddl("Two keys")
    assert "is_read boolean NOT NULL" in ddl("inbox") and "body text" in ddl("inbox")
    assert "company text NOT NULL" in ddl("asterisk") and "phone text," not in ddl("asterisk").replace("phone text\n", "")
    assert "CREATE INDEX ON customers (email);" in ddl("search box")
    assert "CREATE INDEX ON invoices (due_date);" in ddl("sort arrow") and "UNIQUE" in ddl("identifies is UNIQUE")
