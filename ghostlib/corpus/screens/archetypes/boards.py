"""Screens that place records by a value: a board of lanes, and a month."""

import calendar as months
from dataclasses import replace
from datetime import date, datetime

from ghostlib.corpus.screens import rows
from ghostlib.corpus.screens.archetypes.lists import cards
from ghostlib.corpus.screens.archetypes.scene import SPACIOUS, Scene
from ghostlib.corpus.screens.notation import Attribute, Entity
from ghostlib.corpus.screens.plan import ScreenPlan, Section
from ghostlib.corpus.screens.samples import TODAY, shown

ENDING = ("end", "check_out", "delivery", "return", "due")  # an end lies on the day of its start's record, elsewhere


def kanban(scene: Scene, table: str | None) -> ScreenPlan:
    """A board whose lanes are the members of an enumeration, which a control above it names; cards where there is none."""
    rng = scene.rng
    entity = scene.subject(table, lambda e: (1.0 if _lanes(e) else 0.0) * (1.0 if e.naming else 0.05))
    lanes = _lanes(entity)
    if not lanes:
        scene.archetype = "cards"
        return cards(scene, table)
    lane = rng.choice(lanes)
    others = [a.name for a in entity.attributes if a.kind == "enum" and a.name != lane.name]
    without = ("tags", "email", "phone", *others, *SPACIOUS)
    attributes = scene.choose(entity, rng.randint(4, 5), without=without)
    attributes = attributes if lane in attributes else [*attributes, lane]
    more = rng.sample(lane.values * 3, rng.randint(len(lane.values), 2 * len(lane.values)))  # none too full, none empty
    records = scene.sampler.records(entity.table, len(lane.values) + len(more))
    for record, value in zip(records, [*lane.values, *more], strict=False):
        record[lane.name] = shown(value)
    fields = tuple(scene.field(a, entity.table, [r[a.name] for r in records]) for a in attributes)
    searched, words = rows.search(entity, fields, rng) if scene.chance(0.5) else ((), "")
    totals = tuple(field.column for field in fields if rows.adds_up(field))[:1] if scene.chance(0.5) else ()
    section = Section(
        entity.title,
        entity.table,
        "lanes",
        fields,
        grouped_by=lane.name,
        search=words,
        searched=searched,
        totals=totals,
        total=len(records),
        extras=("board",) if scene.chance(0.5) else (),
    )
    return scene.plan(entity, entity.title, [section])


def _lanes(entity: Entity) -> list[Attribute]:
    found = [a for a in entity.attributes if a.kind == "enum" and 3 <= len(a.values) <= 6]
    return [a for a in found if a.name in ("status", "stage")] or found


def calendar(scene: Scene, table: str | None) -> ScreenPlan:
    """A month with events on their days; a control names the date, a legend the colours, a panel the open event's facts.

    Cards where nothing has a date.
    """
    rng = scene.rng
    entity = scene.subject(table, lambda e: (1.0 if _dates(e) else 0.0) * (1.0 if e.naming else 0.05))
    dates = _dates(entity)
    if not dates:
        scene.archetype = "cards"
        return cards(scene, table)
    dated = rng.choice(dates[:2])
    hidden = [a.name for a in entity.attributes if a.kind in ("date", "time") and a is not dated]
    attributes = scene.choose(entity, rng.randint(4, 6), without=("tags", *hidden, *SPACIOUS))
    attributes = [a for a in entity.attributes if a in attributes or a is dated]
    records = scene.records(entity, attributes, rng.randint(9, 14))
    attributes = [a for a in attributes if a.kind != "enum" or len(a.values) <= len(records)]
    days = tuple(sorted(rng.sample([*range(1, 32)] * 2, len(records))))
    for record, day in zip(records, days, strict=True):
        record[dated.name] = _moment(scene, dated, day)
    fields = tuple(scene.field(a, entity.table, [r[a.name] for r in records]) for a in attributes)
    placed = [f for f in fields if f.names_record or f.column == dated.name or f.kind == "enum"]
    month = Section(
        entity.title,
        entity.table,
        "events",
        tuple(placed),
        grouped_by=next((f.column for f in placed if f.kind == "enum"), None),
        dated_by=dated.name,
        days=days,
        total=len(records),
    )
    opened = rng.randrange(len(records))
    facts = tuple(replace(field, values=(field.values[opened],)) for field in fields)
    panel = Section(f"{entity.noun} details", entity.table, "facts", facts, total=opened)
    return scene.plan(entity, entity.title if scene.chance(0.5) else "Calendar", [month, panel])


def _dates(entity: Entity) -> list[Attribute]:
    dates = [a for a in entity.attributes if a.kind in ("date", "time") and a.argument in ("past", "future", "soon")]
    return [a for a in dates if not a.name.startswith(ENDING)] or dates


def _moment(scene: Scene, attribute: Attribute, day: int) -> str:
    day = min(day, months.monthrange(TODAY.year, TODAY.month)[1])
    if attribute.kind == "date":
        return scene.style.date(date(TODAY.year, TODAY.month, day))
    hour, minute = scene.rng.randint(8, 17), scene.rng.choice((0, 15, 30, 45))
    return scene.style.time(datetime(TODAY.year, TODAY.month, day, hour, minute))
