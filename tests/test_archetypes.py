"""What the archetypes show: a truth that PostgreSQL creates, a visible label for every column of it, and nothing else."""

import html
import itertools
import random
import re
import shutil
from collections import Counter

import pytest

from ghostlib.corpus import invented
from ghostlib.corpus.screens import archetypes, arrangement, browser, pages, rows, truth
from ghostlib.corpus.screens.domains import DOMAINS
from ghostlib.corpus.screens.looks import LOOKS
from ghostlib.corpus.screens.notation import parse
from ghostlib.corpus.screens.plan import Field, Section
from ghostlib.corpus.screens.samples import STYLES
from ghostlib.schemas import postgres
from ghostlib.schemas.ddl import canonical

SEEDS = range(40)
needs_browser = pytest.mark.skipif(
    not any(map(shutil.which, browser.NAMES)), reason="no Chromium or Chrome is installed here, so nothing can be drawn"
)


def drawn(archetype, seed, *, domain=None):
    """A plan of the archetype with its look, its width and its page; everything by chance from the seed."""
    rng = random.Random(f"{archetype} {seed}")
    look = rng.choice(list(LOOKS.values()))
    width = rng.choice(look.sizes)[0]
    plan = archetypes.plan(domain or rng.choice(list(DOMAINS)), archetype, rng, room=look.room(width))
    return plan, look, width, pages.html(plan, look, width=width)


def columns(schema):
    return {f"{table.name}.{column.name}" for table in schema.tables for column in table.columns if not column.identity}


@pytest.fixture(scope="module")
def screens():
    return {archetype: [drawn(archetype, seed) for seed in SEEDS] for archetype in archetypes.ARCHETYPES}


def test_there_are_twelve_archetypes_and_two_of_them_are_kept_for_validation():
    assert len(archetypes.ARCHETYPES) == 12
    assert set(archetypes.VALIDATION_ONLY) == {"calendar", "report"} < set(archetypes.ARCHETYPES)


@pytest.mark.parametrize("archetype", archetypes.ARCHETYPES)
def test_every_column_of_the_truth_has_a_label_on_the_page_and_every_label_is_a_column(archetype, screens):
    for plan, look, width, page in screens[archetype]:
        told = {name for names in re.findall(r'data-column="([^"]*)"', page) for name in names.split()}
        assert told == columns(plan.schema), (plan.domain, look.name, width)


@pytest.mark.parametrize("archetype", archetypes.ARCHETYPES)
def test_every_member_of_an_enumeration_stands_on_the_page(archetype, screens):
    for plan, _, _, page in screens[archetype]:
        words = set(re.findall(r">([^<>]+)", page.replace("&#39;", "'").replace("&amp;", "&")))
        for field in (field for section in plan.sections for field in section.fields):
            assert all(any(word.strip() == option for word in words) for option in field.options), (plan.domain, field.column)


@pytest.mark.parametrize("archetype", archetypes.ARCHETYPES)
def test_what_an_index_is_read_off_can_be_seen(archetype, screens):
    for plan, look, width, page in screens[archetype]:
        for section in plan.sections:
            assert bool(section.search) == bool(section.searched)
            assert html.escape(section.search) in page, (plan.domain, look.name, width, section.search)
            if section.sorted_by and (plan.small or section.layout == "cards"):
                assert "Sort by" in page or section.layout == "messages", (plan.domain, look.name, width)


def test_postgresql_creates_every_truth_and_reads_it_back_as_it_was_meant(screens):
    texts = {canonical(plan.schema): plan for shown in screens.values() for plan, *_ in shown[:20]}
    for (text, plan), verdict in zip(texts.items(), postgres.check_many(list(texts)), strict=True):
        assert verdict.valid, (plan.domain, plan.archetype, verdict.problems)
        assert canonical(verdict.schema) == text, (plan.domain, plan.archetype)


@pytest.mark.parametrize("archetype", archetypes.ARCHETYPES)
def test_the_same_seed_plans_and_writes_the_same_bytes(archetype, screens):
    for seed in (0, 7, 23):
        assert drawn(archetype, seed) == screens[archetype][seed]
    assert len({page for *_, page in screens[archetype]}) == len(SEEDS)


def test_more_than_three_in_five_screens_have_two_tables_and_a_foreign_key(screens):
    plans = [plan for shown in screens.values() for plan, *_ in shown]
    related = [plan for plan in plans if any(table.foreign_keys for table in plan.schema.tables)]
    assert len(related) >= 0.6 * len(plans)
    assert max(len(plan.schema.tables) for plan in plans) <= 8
    sizes = Counter(len(plan.schema.tables) for plan in plans)
    assert sum(sizes[count] for count in range(1, 6)) >= 0.97 * len(plans)


def test_chips_of_several_records_are_a_joining_table_and_come_in_two_archetypes_or_more(screens):
    found = {}
    for plan, *_ in (one for shown in screens.values() for one in shown):
        for section, field in ((s, f) for s in plan.sections for f in s.fields if f.kind == "many"):
            found.setdefault(plan.archetype, (section, field, plan.schema))
    assert len(found) >= 2
    for section, field, schema in found.values():
        join = schema.table(truth.join_name(section.table, field.target[0]))
        assert len(join.columns) == len(join.primary_key) == len(join.foreign_keys) == 2
        assert [index.columns for index in join.indexes] == [join.primary_key[1:]]


def test_a_table_that_points_at_itself_or_in_a_circle_has_a_truth_that_creates():
    text = """
= firm | Firm | Firm
@ teams: North / South / East / West / Centre
+ teams Team users
*name! list:teams
parent_id ref:teams = Parent team
lead_id ref:members = Lead
+ members Member users
*full_name! person
team_id ref:teams
start_date date:past
"""
    domain = parse(text)["firm"]
    plans = [archetypes.plan(domain, "list", random.Random(seed), table="teams", room=200) for seed in range(12)]
    plans += [archetypes.plan(domain, "detail", random.Random(seed), table="teams", room=200) for seed in range(12)]
    assert any(key.table == "teams" for plan in plans for key in plan.schema.table("teams").foreign_keys)
    verdicts = postgres.check_many([canonical(plan.schema) for plan in plans])
    assert [verdict.problems for verdict in verdicts if not verdict.valid] == []


@pytest.mark.parametrize("archetype", [name for name in archetypes.ARCHETYPES if name not in archetypes.VALIDATION_ONLY])
def test_an_invented_domain_can_be_drawn_as_every_training_archetype(archetype):
    for seed in range(12):
        domain = invented.domain(random.Random(seed))
        plan, _, _, page = drawn(archetype, seed, domain=domain)
        told = {name for names in re.findall(r'data-column="([^"]*)"', page) for name in names.split()}
        assert plan.domain == "invented" and told == columns(plan.schema)


def test_a_board_of_a_domain_without_enumerations_is_a_grid_of_cards():
    domain = parse("\n= bare | Bare | Bare\n@ things: A / B / C / D\n+ things Thing box\n*name! list:things\nsize int:1-9\n")[
        "bare"
    ]
    for archetype in ("kanban", "calendar"):
        assert archetypes.plan(domain, archetype, random.Random(1)).archetype == "cards"


def test_every_record_of_a_board_stands_in_exactly_one_lane(screens):
    for plan, *_ in screens["kanban"]:
        section = plan.sections[0]
        lanes = [arrangement.lane(section, option) for option in section.field(section.grouped_by).options]
        assert sorted(itertools.chain(*lanes)) == list(range(section.rows)) and all(lanes)


def test_the_events_of_a_month_stand_on_the_days_that_the_open_one_names(screens):
    for plan, *_ in screens["calendar"]:
        section = plan.sections[0]
        placed = [row for _, inside, events in arrangement.month(section) for row in events if inside]
        assert sorted(placed) == list(range(section.rows))
        assert plan.sections[1].field(section.dated_by).values[0] in section.field(section.dated_by).values


def test_a_reports_subtotals_add_up_to_its_total(screens):
    checked = 0
    for plan, *_ in screens["report"]:
        section = plan.sections[0]
        group = section.field(section.grouped_by)
        starts = [n for n in range(section.rows) if group and (n == 0 or group.values[n] != group.values[n - 1])]
        for place, total in enumerate(section.totals):
            if total and starts:
                parts = [rows.amount(rows.subtotals(section, start, plan.style)[place]) for start in starts]
                assert sum(parts) == pytest.approx(rows.amount(total)), (plan.domain, total)
                checked += 1
    assert checked >= 5


@pytest.mark.parametrize("style", STYLES[:: max(1, len(STYLES) // 12)])
def test_an_amount_is_read_back_from_every_style(style):
    assert rows.amount(style.money(1240.5)) == pytest.approx(1240.5)
    assert rows.amount(style.money(7.0)) == pytest.approx(7.0)


def test_the_counts_on_tabs_add_up_to_the_number_of_records(screens):
    counted = [s for plan, *_ in screens["list"] for s in plan.sections if s.counts]
    assert counted and all(sum(section.counts) == section.total for section in counted)


def test_an_empty_list_shows_no_column_that_its_heading_alone_does_not_explain():
    plans = (archetypes.plan(list(DOMAINS)[n % len(DOMAINS)], "list", random.Random(n)) for n in range(400))
    empty = [plan.sections[0] for plan in plans if "empty" in plan.sections[0].extras]
    assert len(empty) >= 5
    for section in empty:
        assert section.rows == 0
        assert all(f.kind in rows.NAMED or f.column == section.filtered_by for f in section.fields)


def test_a_sliders_ends_are_a_check_in_a_form_and_say_nothing_in_a_list():
    field = Field("Level", "tanks", "level", "slider", "integer", False, ("40",), ends=("0", "80"))
    form, facts = (truth.schema([Section("Tank", "tanks", layout, (field,))]) for layout in ("fields", "facts"))
    assert [check.expression for check in form.tables[0].checks] == ["level BETWEEN 0 AND 80"]
    assert facts.tables[0].checks == ()


@needs_browser
def test_nothing_is_cut_and_every_column_has_a_visible_box_in_every_archetype(screens):
    with browser.opened() as running:
        for shown in screens.values():
            for plan, look, width, page in shown[:3]:
                seen = running.draw(page, (width, 800))
                assert seen.cut == [] and seen.size[0] == width, (plan.archetype, plan.domain, look.name, seen.cut)
                boxes = {
                    name: label["box"]
                    for label in seen.labels
                    for name in label["columns"]
                    if label["box"][2] > label["box"][0]
                }
                assert set(boxes) == columns(plan.schema), (plan.archetype, plan.domain, look.name)
