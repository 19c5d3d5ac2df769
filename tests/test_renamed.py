"""A page with other words: the same screen and schema but for the names, and nothing that a memory of it would help with."""

import random
import re

import pytest

from ghostlib import config
from ghostlib.corpus import lists, records, renamed
from ghostlib.corpus.laid import Page
from ghostlib.corpus.reading import Line
from ghostlib.schemas import ddl, postgres


@pytest.fixture(scope="module")
def kept(laid_pages):
    return renamed.usual(laid_pages)


@pytest.fixture(scope="module")
def pairs(laid_pages, kept):
    rng = random.Random(5)
    return [(page, renamed.renamed(page, kept, rng)) for page in laid_pages if page.domain == "invented"]


def shape(schema):
    """A schema without its names: per table the types, the requirements and the places of the tables that it links."""
    places = {table.name: place for place, table in enumerate(schema.tables)}
    return [
        (
            [(column.type, column.not_null) for column in table.columns],
            sorted(places[key.table] for key in table.foreign_keys),
            [len(check.values) for check in table.checks],
        )
        for table in schema.tables
    ]


def test_the_schema_is_the_same_but_for_its_names(pairs):
    for page, other in pairs:
        assert shape(lists.schema(page.listed)) == shape(lists.schema(other.listed)), (page.listed, other.listed)
        assert shape(lists.schema(other.listed)) == shape(lists.schema(page.listed))
    changed = sum(page.listed != other.listed for page, other in pairs)
    assert changed > 0.9 * len(pairs)


def test_every_line_stands_where_it_stood_and_what_was_on_the_page_still_is(pairs):
    def told(page):
        shown = " ".join(line.text.lower() for line in page.lines)
        fields = re.findall(r"(?m)^(\w+?)(?:_id)?:", page.listed)  # no page shows a key's `id`
        return [all(part in shown for part in field.split("_")) for field in fields]

    lost = total = 0
    for page, other in pairs:
        assert [line.box for line in page.lines] == [line.box for line in other.lines]
        before, after = told(page), told(other)
        lost += sum(was and not still for was, still in zip(before, after, strict=True))
        total += len(before)
    assert lost <= 0.01 * total, (lost, total)


def test_what_says_something_stays_and_what_says_nothing_goes(pairs, kept):
    assert {"text", "required", "price", "date", "full", "name"} <= kept
    gone = 0
    for page, other in pairs:
        before, after = (set(re.findall("[a-z]+", one.listed)) for one in (page, other))
        assert before & kept <= after
        gone += len(before - after)
    assert gone > 3 * len(pairs)


def test_a_word_keeps_its_capitals_and_its_plural_and_an_irregular_one_stays():
    lines = tuple(Line(text, (0, 0, 9, 9)) for text in ("FLORBINS", "Florbin rate", "a florbin", "Foxes", "florbinary"))
    page = Page("form", "invented", (9, 9), lines, "# florbins\nflorbin_rate: percent\n# foxes\nfox_id: text", "florbins")
    other = renamed.renamed(page, frozenset({"rate", "percent", "text", "id"}), random.Random(1))
    stem = re.match("# ([a-z]+)s\n", other.listed)[1]
    assert stem != "florbin" and other.output == f"{stem}s"
    texts = [line.text for line in other.lines]
    assert texts == [f"{stem}s".upper(), f"{stem.capitalize()} rate", f"a {stem}", "Foxes", "florbinary"]
    assert other.listed.endswith("# foxes\nfox_id: text")


def test_two_readings_of_a_page_share_no_other_words_and_the_same_seed_gives_the_same(laid_pages, kept):
    page = next(page for page in laid_pages if page.domain == "invented")
    first, second, again = (renamed.renamed(page, kept, random.Random(seed)) for seed in (1, 2, 1))
    assert first == again and first.listed != second.listed
    own = [set(re.findall("[a-z]+", one.listed)) - kept for one in (page, first, second)]
    assert len(own[0] & own[1]) + len(own[1] & own[2]) <= len(own[0])


FORM = (Line("New florbin", (0, 0, 9, 9)), Line("Florbin code", (0, 9, 9, 18)), Line("CHECK COLOUR", (0, 18, 9, 27)))
ANSWER = """CREATE TABLE checks (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY
);

CREATE TABLE florbins (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    florbin_code text NOT NULL UNIQUE,
    hidden text CHECK (hidden IN ('colour', 'blue')),
    check_id bigint REFERENCES checks (id)
);"""


def test_a_word_is_replaced_on_the_screen_and_in_the_answer_and_what_stands_in_the_answer_alone_stays():
    lines, answer = renamed.reworded(
        FORM, ANSWER, renamed.telling([ANSWER] * 20) - {"florbin", "florbins", "colour"}, random.Random(2)
    )
    assert "florbin" not in " ".join(line.text for line in lines).lower() + answer
    stem = re.search(r"CREATE TABLE (\w+)s \(\n    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,", answer)[1]
    assert [line.text for line in lines][:2] == [f"New {stem}", f"{stem.capitalize()} code"]
    assert f"    {stem}_code text NOT NULL UNIQUE,\n    hidden text CHECK (hidden IN ('" in answer and "'blue'" in answer
    assert answer.count("CHECK (") == 1 and answer.count("CREATE TABLE") == 2 and "'colour'" not in answer


def test_a_word_that_stays_keeps_its_plural_too():
    lines, answer = renamed.reworded(FORM, ANSWER, frozenset({"florbins"}) | renamed.SQL, random.Random(2))
    assert "    florbin_" in answer and lines[0].text == "New florbin"


def test_shipped_screens_with_other_words_are_canonical_sql_that_postgresql_accepts():
    rows = records.read_screens(config.root() / "data" / "dataset_vision.json")
    kept, rng = renamed.telling([row.output for row in rows]), random.Random(3)
    told = [renamed.reworded(row.lines, row.output, kept, rng) for row in rows[::6]]
    verdicts = postgres.check_many([answer for _, answer in told])
    assert [verdict.problems for verdict in verdicts if not verdict.valid] == []
    assert [ddl.canonical(verdict.schema) for verdict in verdicts] == [answer for _, answer in told]
    assert sum(answer != row.output for (_, answer), row in zip(told, rows[::6], strict=True)) > 0.8 * len(told)
    for (lines, _), row in zip(told, rows[::6], strict=True):
        assert [line.box for line in lines] == [line.box for line in row.lines]
