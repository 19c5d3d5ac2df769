"""The screens room: pure plans, honest truth, byte-for-byte HTML, a real browser where there is one, shipped data."""

import itertools
import random
import shutil

import pytest

from ghostlib import config
from ghostlib.corpus.picture import open_picture
from ghostlib.corpus.reading import fingerprint
from ghostlib.corpus.records import read_screens
from ghostlib.corpus.screens import archetypes, browser, drawing, pages, truth
from ghostlib.corpus.screens.__main__ import COUNTS, SEED
from ghostlib.corpus.screens.domains import DOMAINS, TRAINING, VALIDATION
from ghostlib.corpus.screens.looks import LOOKS
from ghostlib.corpus.screens.notation import parse
from ghostlib.errors import DataError
from ghostlib.schemas import postgres
from ghostlib.schemas.ddl import canonical
from ghostlib.schemas.score import score

DATA = config.root() / "data"
SHIPPED = [("dataset_vision.json", COUNTS["train"]), ("validation_set/dataset.json", COUNTS["validation"])]
needs_browser = pytest.mark.skipif(
    not any(map(shutil.which, browser.NAMES)), reason="no Chromium or Chrome is installed here, so nothing can be drawn"
)


@pytest.fixture(scope="module")
def designs():
    """The first 60 training screens and 20 validation screens of another seed than the shipped one."""
    return [
        *itertools.islice(drawing.design(5), 60),
        *itertools.islice(drawing.design(5, "validation"), 20),
    ]


def test_no_column_name_is_a_reserved_word_of_postgresql():
    schemas = [
        canonical(truth.schema(archetypes.plan(name, "list", random.Random(1), table=entity.table, room=999).sections))
        for name, domain in DOMAINS.items()
        for entity in domain.entities
    ]
    assert [verdict.problems for verdict in postgres.check_many(schemas) if not verdict.valid] == []


@pytest.mark.parametrize("archetype", archetypes.ARCHETYPES)
def test_the_same_seed_gives_the_same_plan_and_the_same_page_byte_for_byte(archetype):
    look = LOOKS["meadow"]
    first, second = (archetypes.plan("clinic", archetype, random.Random(9), room=120) for _ in range(2))
    assert first == second and pages.html(first, look) == pages.html(second, look)
    assert pages.html(first, look) != pages.html(archetypes.plan("clinic", archetype, random.Random(10)), look)


def test_the_sequence_of_screens_does_not_depend_on_how_many_are_asked_for():
    few, many = (list(itertools.islice(drawing.design(3), count)) for count in (4, 12))
    assert few == many[:4] and len({page.html for page in many}) == 12


def test_every_column_of_the_truth_stands_on_the_page_behind_a_label(designs):
    for page in designs:
        for table in page.plan.schema.tables:
            for column in table.columns[1:]:
                assert f"{table.name}.{column.name}" in page.html, (page.name, table.name, column.name)


def test_the_chips_of_a_list_without_tabs_show_every_value_of_the_enumeration(designs):
    for page in designs:
        for section in page.plan.sections:
            for field in section.fields:
                seen = set(field.values)
                if section.layout == "rows" and section.rows and field.options and section.filtered_by != field.column:
                    assert seen == set(field.options), (page.name, field)


def test_postgresql_creates_every_truth_and_reads_it_back_as_the_schema_that_was_meant(designs):
    verdicts = postgres.check_many([canonical(page.plan.schema) for page in designs])
    assert [verdict.problems for verdict in verdicts if not verdict.valid] == []
    for page, verdict in zip(designs, verdicts, strict=True):
        assert score(verdict.schema, page.plan.schema).schema_score == 1.0, page.name
        assert canonical(verdict.schema) == canonical(page.plan.schema)


def test_an_asterisk_is_not_null_and_a_form_without_marks_says_nothing():
    def nullable(marks):
        plans = (archetypes.plan("crm", "form", random.Random(n), table="deals") for n in range(99))
        plan = next(plan for plan in plans if plan.marks == marks)
        return {c.name: not c.not_null for c in plan.schema.table("deals").columns}

    assert not nullable("asterisk")["value"] and not nullable("optional")["owner_id"]
    assert nullable("none")["value"] and not nullable("none")["title"]


def test_a_sorted_list_is_in_falling_order_of_its_column_and_has_an_index_on_it():
    plans = (archetypes.plan("invoicing", "list", random.Random(n), table="expenses") for n in range(99))
    plan = next(plan for plan in plans if plan.sections[0].sorted_by == "amount")
    shown = next(field.values for field in plan.sections[0].fields if field.column == "amount")
    amounts = [float("".join(c for c in value if c.isdigit() or c == ".")) for value in shown]
    assert amounts == sorted(amounts, reverse=True)
    assert ("amount",) in [index.columns for index in plan.schema.table("expenses").indexes]


def test_sample_text_is_escaped_in_the_page():
    text = "\n= probe | Probe | A & <b>B\n@ items: <script>alert(1)\n+ items Item box\n*name! list:items\nnote city\n"
    domain = parse(text)["probe"]
    plan = archetypes.plan(domain, "list", random.Random(1), table="items")
    DOMAINS["probe"] = domain
    try:
        page = pages.html(plan, LOOKS["harbor"])
    finally:
        del DOMAINS["probe"]
    assert "<script>" not in page and "&lt;script&gt;" in page and "A &amp; &lt;b&gt;B" in page


def test_an_unknown_domain_archetype_or_split_is_one_clear_line():
    for wrong in (("shop", "poster"), ("moon", "form")):
        with pytest.raises(DataError, match="one of"):
            archetypes.plan(*wrong, random.Random(1))
    with pytest.raises(DataError, match="one of"):
        next(drawing.design(1, "test"))


@needs_browser
def test_no_text_is_cut_off_or_leaves_its_card_in_any_look(designs):
    chosen = {(page.look.name, page.plan.archetype): page for page in designs}
    with browser.opened() as running:
        for page in list(chosen.values())[:8]:
            drawn = running.draw(page.html, page.size)
            assert drawn.cut == [] and drawn.size[0] == page.size[0], (page.name, drawn.cut)


@pytest.mark.parametrize(("file", "count"), SHIPPED)
def test_every_shipped_screen_has_its_picture_a_reading_of_it_and_a_label_for_every_column(file, count):
    screens = read_screens(DATA / file)
    assert len(screens) == count and len({screen.image_path for screen in screens}) == count
    allowed = TRAINING if file == "dataset_vision.json" else VALIDATION
    assert {screen.domain for screen in screens} == set(allowed)
    verdicts = postgres.check_many([screen.output for screen in screens])
    for screen, verdict in zip(screens, verdicts, strict=True):
        assert verdict.schema is not None, (screen.image_path, verdict.problems)
        assert screen.reading is not None
        assert screen.reading.picture == fingerprint(open_picture(DATA / screen.image_path)), screen.image_path
        labelled = {(label.table, label.column) for label in screen.labels}
        columns = {(t.name, c.name) for t in verdict.schema.tables for c in t.columns if not c.identity}
        assert labelled == columns, screen.image_path


def test_the_shipped_pictures_are_small_enough_and_the_shipped_truths_are_what_the_generator_plans():
    pictures = [*(DATA / "ui_screenshots").glob("*.png"), *(DATA / "validation_set").glob("*.png")]
    assert len(pictures) == sum(COUNTS.values())
    assert sum(picture.stat().st_size for picture in pictures) <= 30_000_000
    for split, (file, count) in zip(("train", "validation"), SHIPPED, strict=True):
        planned = itertools.islice(drawing.design(SEED, split), count)
        expected = {page.name: canonical(page.plan.schema) for page in planned}
        assert {s.image_path.split("/")[-1]: s.output for s in read_screens(DATA / file)} == expected
