"""Screens of many records: a list, and a grid of cards."""

import random
from dataclasses import replace

from ghostlib.corpus.screens import rows
from ghostlib.corpus.screens.archetypes.scene import SPACIOUS, Scene
from ghostlib.corpus.screens.notation import Entity
from ghostlib.corpus.screens.plan import Field, ScreenPlan, Section


def listed(scene: Scene, table: str | None) -> ScreenPlan:
    """A table of records with its search, tabs and sort arrow, and what stands around rows in real applications."""
    entity = scene.subject(table, lambda e: _known(scene, e, 14))
    section = scene.rows(entity, scene.rng.randint(5, 7) if scene.small else scene.rng.randint(8, 13), furnished=True)
    section = _emptied(scene, section) if scene.chance(0.07) else _dressed(scene, section)
    return scene.plan(entity, entity.title, [section])


def cards(scene: Scene, table: str | None) -> ScreenPlan:
    """A grid of cards: a record's name as the heading of each, its facts with labels below."""
    rng = scene.rng
    entity = scene.subject(table, lambda e: _known(scene, e, 8) * bool(e.naming))
    without = ("tags", "email", *SPACIOUS) if scene.small else ("tags", *SPACIOUS)
    attributes = scene.choose(entity, rng.randint(4, 6), without=without)
    count = rng.choice((4, 5)) if scene.small else rng.choice((6, 8, 8, 12))
    records = scene.records(entity, attributes, count)
    attributes = [a for a in attributes if a.kind != "enum" or len(a.values) <= len(records)]
    fields = tuple(scene.field(a, entity.table, [r[a.name] for r in records]) for a in attributes)
    enums = [f.column for f in fields if f.kind == "enum"]
    sortable = [f.column for f in fields if f.kind in rows.ORDERED]
    arrow = rng.choice(sortable) if sortable and scene.chance(0.5) else None
    fields = rows.ordered(fields, records, arrow) if arrow else fields
    if scene.chance(0.35):
        fields += scene.many(entity, len(records), 2)
    searched, words = rows.search(entity, fields, rng)
    section = Section(
        title=entity.title,
        table=entity.table,
        layout="cards",
        fields=fields,
        search=words,
        searched=searched,
        sorted_by=arrow,
        filtered_by=enums[0] if enums and scene.chance(0.75) else None,
        total=max(len(records), rng.randint(14, 240)) if len(records) == count else len(records),
        extras=("pictures",) if not _is_person(entity) and scene.chance(0.6) else (),
    )
    return scene.plan(entity, entity.title, [section])


def _known(scene: Scene, entity: Entity, wanted: int) -> float:
    """Less likely where a table has fewer names than a page wants rows."""
    return min(1.0, len(scene.sampler.names(entity.table)) / wanted) if entity.naming else 1.0


def _is_person(entity: Entity) -> bool:
    return bool(entity.naming and entity.naming.name == "full_name")


def _emptied(scene: Scene, section: Section) -> Section:
    """A list without records: only the headings that say by themselves what they hold, and the tabs."""
    kept = tuple(
        replace(field, values=()) for field in section.fields if field.kind in rows.NAMED or field.column == section.filtered_by
    )
    if len(kept) < 3:
        return section
    columns = {field.column for field in kept}
    return replace(
        section,
        fields=kept,
        sorted_by=section.sorted_by if section.sorted_by in columns else None,
        total=0,
        extras=("empty",),
    )


def _dressed(scene: Scene, section: Section) -> Section:
    """The list with some of: counts on its tabs, selected rows, sums, the currency in a heading, a second line in a cell."""
    rng, fields = scene.rng, section.fields
    if not scene.small and scene.chance(0.25):
        fields = _stacked(fields)
    tabs = section.field(section.filtered_by)
    counts = _split(section.total, len(tabs.options), rng) if tabs and scene.chance(0.4) else ()
    totals = rows.sums(fields, scene.style) if not scene.small and scene.chance(0.2) else ()
    if any(field.kind == "money" for field in fields) and scene.chance(0.2):
        fields = tuple(_priced(scene, field) if field.kind == "money" else field for field in fields)
        totals = tuple(rows.bare(text, scene.style) for text in totals)
    extras = ("bulk",) if not (scene.small or section.search) and scene.chance(0.3) else ()  # the bar takes the search's place
    return replace(section, fields=fields, counts=counts, totals=totals if any(totals) else (), extras=extras)


def _stacked(fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """The mail address as a second line below the name, under one heading."""
    name = next((field for field in fields if field.names_record and field.kind in ("person", "company")), None)
    return tuple(replace(field, under=name.column) if name and field.column == "email" else field for field in fields)


def _priced(scene: Scene, field: Field) -> Field:
    values = tuple(rows.bare(value, scene.style) for value in field.values)
    return replace(field, label=f"{field.label} ({scene.style.currency})", values=values)


def _split(total: int, parts: int, rng: random.Random) -> tuple[int, ...]:
    """`total` in `parts` numbers that add up to it, each at least one where there are enough."""
    cuts = sorted(rng.sample(range(1, max(total, parts + 1)), parts - 1))
    return tuple(b - a for a, b in zip((0, *cuts), (*cuts, max(total, parts)), strict=True))
