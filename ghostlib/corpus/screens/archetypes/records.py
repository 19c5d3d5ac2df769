"""Screens of one record: its page, alone or beside the names of the others."""

from dataclasses import replace

from ghostlib.corpus.screens import rows, truth
from ghostlib.corpus.screens.archetypes.scene import Scene
from ghostlib.corpus.screens.notation import Entity
from ghostlib.corpus.screens.plan import Field, ScreenPlan, Section

ENDS = frozenset(  # a record with one of these left the path
    "cancelled rejected lost declined no_show suspended expired withdrawn overdue returned retired on_hold missed "
    "reversed".split()
)


def detail(scene: Scene, table: str | None) -> ScreenPlan:
    """One record's facts, then the rows that belong to it."""
    entity, record, facts = _opened(scene, table)
    chips = scene.many(entity) if scene.chance(0.3) else ()
    facts = replace(facts, fields=facts.fields + chips)
    sections = [facts, *_belonging(scene, entity, 1 if chips else scene.rng.choice((1, 1, 2)), scene.room - 52)]
    extras = tuple(name for name in ("activity", "comments", "files") if scene.chance(0.12))
    return scene.plan(entity, entity.title, sections, record=_name(facts), step=_path(facts), extras=extras)


def master_detail(scene: Scene, table: str | None) -> ScreenPlan:
    """The names of the records beside the one that is open, with its facts and what belongs to it."""
    rng = scene.rng
    entity, record, facts = _opened(scene, table)
    sections = [facts, *_belonging(scene, entity, 1, scene.room - 46)]
    naming = entity.naming
    assert naming is not None
    others = [r[naming.name] for r in scene.sampler.records(entity.table, 12) if r[naming.name] != record[naming.name]]
    name = next(f for f in facts.fields if f.names_record)
    searched = (name.column,) if rng.random() < 0.6 else ()
    names = Section(
        entity.title,
        entity.table,
        "names",
        (replace(name, values=(record[naming.name], *others[:9])),),
        search=f"Search by {rows.lowered(name.label)}" if searched else "",
        searched=searched,
        total=len(others) + 20,
    )
    return scene.plan(entity, entity.title, [*sections, names], record=_name(facts), step=_path(facts))


def _opened(scene: Scene, table: str | None) -> tuple[Entity, dict[str, str], Section]:
    rng = scene.rng
    entity = scene.subject(table, lambda e: (1.0 if scene.children(e) else 0.02) * bool(e.naming))
    record = scene.sampler.records(entity.table, 1)[0]
    chosen = scene.choose(entity, rng.randint(5, 9), enums=1)
    fields = tuple(scene.field(a, entity.table, [record[a.name]]) for a in chosen)
    heading = rng.choice(("Details", "Information", f"{entity.noun} details"))
    return entity, record, Section(heading, entity.table, "facts", fields)


def _belonging(scene: Scene, entity: Entity, most: int, room: int) -> list[Section]:
    children = scene.children(entity)
    chosen = scene.rng.sample(children, min(len(children), most))
    return [scene.belonging(child, entity, scene.rng.randint(3, 5), room) for child in chosen]


def _name(facts: Section) -> str:
    return next((field.values[0] for field in facts.fields if field.names_record), "")


def _path(facts: Section) -> str:
    """The column whose values are steps that a record takes one after the other: a page can draw them as a path."""
    return next((field.column for field in facts.fields if field.kind == "enum" and _is_path(field)), "")


def _is_path(field: Field) -> bool:
    return field.column in ("status", "stage") and not ENDS & {truth.stored(option) for option in field.options}
