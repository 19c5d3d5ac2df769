"""Screens that sum up: a dashboard, and a report with groups and totals."""

from dataclasses import replace

from ghostlib.corpus.screens import rows
from ghostlib.corpus.screens.archetypes.scene import SPACIOUS, Scene
from ghostlib.corpus.screens.figures import figures
from ghostlib.corpus.screens.notation import Attribute, Entity
from ghostlib.corpus.screens.plan import Field, Figure, ScreenPlan, Section


def dashboard(scene: Scene, table: str | None) -> ScreenPlan:
    """Lists of recent records, and computed figures, which no column stands for."""
    rng = scene.rng
    entity = scene.subject(table, lambda e: 1.0 if e.is_dated else 0.2)
    others = [e for e in scene.pages if e is not entity and len(e.attributes) > 3]
    count = 3 if scene.small else rng.randint(4, 6)
    main = scene.rows(entity, count, columns=rng.randint(4, 6))
    shown = [(entity, main)]
    if others:
        second = rng.choice(others)
        shown.append((second, scene.rows(second, min(count, 5), columns=3, room=int(scene.room * 0.5))))
    sections = [
        replace(section, title=f"{rng.choice(('Recent', 'Latest'))} {section.title.lower()}" if e.is_dated else section.title)
        for e, section in shown
    ]
    return scene.plan(entity, rng.choice(("Dashboard", "Overview")), sections, figures=figures(scene.pages, rng))


def report(scene: Scene, table: str | None) -> ScreenPlan:
    """Rows in groups with a subtotal each and a grand total, above them the filters: what is summed is no column."""
    rng = scene.rng
    entity = scene.subject(table, lambda e: 1.0 if _groups(e) and _summed(e) else 0.05 * bool(_groups(e)))
    groups = _groups(entity)
    group = rng.choice(groups) if groups else None
    hidden = [a.name for a in entity.attributes if a is not group and (a.kind == "enum" or a.kind == "tags")]
    attributes = scene.choose(entity, rng.randint(4, 6), without=(*hidden, *SPACIOUS))
    attributes = [a for a in entity.attributes if a in attributes or a in (group, *_summed(entity)[:1])]
    count = rng.randint(7, 10)
    records = scene.records(entity, attributes, count)
    if group and group.kind == "ref":
        names = rng.sample(scene.sampler.names(group.argument), min(3, len(scene.sampler.names(group.argument))))
        for number, record in enumerate(records):
            record[group.name] = names[number * len(names) // len(records)]
    if group:
        records.sort(key=lambda record: record[group.name])
    fields = tuple(scene.field(a, entity.table, [r[a.name] for r in records]) for a in attributes)
    grouped = next((f for f in fields if group and f.column == group.name), None)
    kept = rows.fitting(tuple(f for f in fields if f is not grouped), scene.room)
    fields = (grouped, *kept) if grouped else kept
    dates = [f.column for f in fields if f.kind == "date"]
    section = Section(
        entity.title,
        entity.table,
        "groups",
        fields,
        grouped_by=grouped.column if grouped else None,
        dated_by=dates[0] if dates else None,
        totals=rows.sums(fields, scene.style),
        total=len(records),
    )
    title = f"{entity.title} by {rows.lowered(grouped.label)}" if grouped else f"{entity.title} report"
    heads = _heads(scene, section)
    if section.dated_by:
        heads += (_range(records, section.field(section.dated_by)),)
    return scene.plan(entity, title, [section], figures=heads)


def _range(records: list[dict[str, str]], dated: Field | None) -> Figure:
    """The first and the last day that the report covers, in a filter that names the column."""
    assert dated is not None
    days = sorted(zip((record[f"@{dated.column}"] for record in records), dated.values, strict=True))
    return Figure(dated.label, "range", (days[0][1], days[-1][1]))


def _groups(entity: Entity) -> list[Attribute]:
    """What a report groups by: an enumeration, or another record."""
    return [a for a in entity.attributes if a.target or (a.kind == "enum" and len(a.values) <= 4)]


def _summed(entity: Entity) -> list[Attribute]:
    return [a for a in entity.attributes if a.kind == "money"]


def _heads(scene: Scene, section: Section) -> tuple[Figure, ...]:
    """Cards over the rows: how many rows and groups there are, the sum and the mean of the first column of money."""
    cards = [Figure(f"Number of {section.title.lower()}", "card", (str(section.rows),))]
    if group := section.field(section.grouped_by):
        cards.append(Figure("Groups", "card", (str(len(set(group.values))),)))
    if money := next((field for field in section.fields if rows.adds_up(field)), None):
        values, label = [rows.amount(value) for value in money.values], rows.lowered(money.label)
        total = "Sum of all" if "total" in label else f"Total {label}"
        cards.append(Figure(total, "card", (scene.style.money(sum(values)),)))
        cards.append(Figure(f"Average {label}", "card", (scene.style.money(round(sum(values) / len(values), 2)),)))
    return tuple(cards)
