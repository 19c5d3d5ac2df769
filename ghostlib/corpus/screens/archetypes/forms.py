"""Screens that people fill in: a form, and a wizard that asks for one record step by step."""

from collections.abc import Sequence
from dataclasses import replace

from ghostlib.corpus.screens import rows
from ghostlib.corpus.screens.archetypes.scene import Scene
from ghostlib.corpus.screens.notation import Attribute, Entity
from ghostlib.corpus.screens.plan import Field, Figure, ScreenPlan, Section

STAMPS = ("created_at", "updated_at")  # the application sets them itself, so no form asks for them
PLACE = ("address", "postal_code", "postcode", "zip_code", "city", "country", "state", "street")
HELP = {
    "email": ("We never share it.", "Used for receipts and reminders."),
    "phone": ("With country code.", "Only for urgent questions."),
    "code": ("As printed on the document.", "Must be unique."),
    "long": ("Visible to your team only.", "Up to 500 characters."),
    "url": ("Starts with www.",),
    "money": ("Without tax.", "Tax included."),
    "percent": ("Between 0 and 100.",),
    "date": ("Weekends included.", "Shown on printouts."),
    "tags": ("Press Enter after each one.",),
    "file": ("PDF, up to 10 MB.",),
    "bool": ("You can change this at any time.",),
}
ERRORS = {
    "email": ("mail.example", "Enter a valid email address"),
    "phone": ("+49 30", "Enter a full phone number"),
    "url": ("example", "Enter a valid web address"),
}
STEPS = (  # a step's name and the kinds that it asks for; what fits nowhere goes to the first step
    ("Contact", ("email", "phone", "url", "address", "city", "country", "postcode", "company")),
    ("Schedule", ("date", "time", "clock")),
    ("Pricing", ("money", "percent")),
    ("Options", ("bool", "enum", "stars", "slider", "tags", "color", "long", "file")),
)


def form(scene: Scene, table: str | None) -> ScreenPlan:
    """The inputs of one record, new or known, and often the lines that belong to it."""
    rng = scene.rng
    marks = rng.choices(("asterisk", "optional", "none"), (6, 2, 1))[0]
    is_new = scene.chance(0.4)
    entity = scene.subject(table, lambda e: 1.0)
    attributes, record = _asked(scene, entity, is_new)
    fields = _helped(scene, scene.facts(entity, attributes, record), is_new, marks)
    if scene.chance(0.3):
        fields += scene.many(entity)
    heading = rng.choice(("Details", "General", f"{entity.noun} details"))
    sections = _grouped(scene, Section(heading, entity.table, "fields", fields))
    lines = [child for child in scene.children(entity) if child.is_part]
    sections += [scene.belonging(child, entity, 3, 100) for child in lines[:1]]
    title = f"{rng.choice(('New', 'Add', 'Create')) if is_new else 'Edit'} {entity.noun.lower()}"
    name = record[entity.naming.name] if entity.naming else ""
    extras = ("files",) if scene.chance(0.15) else ()
    return scene.plan(entity, title, sections, marks=marks, record=name, is_new=is_new, extras=extras)


def wizard(scene: Scene, table: str | None) -> ScreenPlan:
    """One step of several that ask for a new record: its inputs, and by chance a summary of what was entered before."""
    rng = scene.rng
    marks = rng.choices(("asterisk", "optional", "none"), (6, 2, 2))[0]
    entity = scene.subject(table, lambda e: min(1.0, len(e.attributes) / 8))
    record = scene.sampler.records(entity.table, 1)[0]
    chosen = scene.choose(entity, 10, without=STAMPS, enums=9)
    steps = _steps([a for a in entity.attributes if a.name not in STAMPS and (a in chosen or a.required)])
    at = rng.choices(range(len(steps)), [1 + len(attributes) for _, attributes in steps])[0]
    name, asked = steps[at]
    parts = [child for child in scene.children(entity) if child.is_part]
    basket = [scene.belonging(parts[0], entity, rng.randint(2, 3), 70)] if parts and scene.chance(0.7) else []
    figures = _sums(scene, basket[0]) if basket else ()
    if figures and "total" in record:
        record["total"] = figures[-1].numbers[0]  # what the basket comes to
    sections = [Section(name, entity.table, "fields", _helped(scene, scene.facts(entity, asked, record), True, marks))]
    before = [a for _, attributes in steps[:at] for a in attributes if a.kind not in ("long", "enum", "tags", "file")][:5]
    if before and scene.chance(0.75):
        sections.append(Section(rng.choice(("Summary", "So far")), entity.table, "facts", scene.facts(entity, before, record)))
    sections += basket
    names = (*(name for name, _ in steps), rng.choice(("Review", "Confirm", "Done")))
    return scene.plan(
        entity, f"New {entity.noun.lower()}", sections, marks=marks, figures=figures, is_new=True, steps=names, at=at
    )


def _asked(scene: Scene, entity: Entity, is_new: bool) -> tuple[list[Attribute], dict[str, str]]:
    """The attributes that a form asks for, and a record in which a new one is not filled in everywhere."""
    needed = sum(a.required or a.names_record for a in entity.attributes)
    record = scene.sampler.records(entity.table, 1)[0]
    count = scene.rng.randint(max(4, needed), max(9, needed))
    chosen = scene.choose(entity, count, without=STAMPS, enums=9)
    for attribute in entity.attributes:
        if is_new and not attribute.required and attribute.kind not in ("bool", "slider", "color") and scene.chance(0.4):
            record[attribute.name] = ""  # not filled in yet
    return [a for a in entity.attributes if a in chosen or (a.required and a.name not in STAMPS)], record


def _helped(scene: Scene, fields: tuple[Field, ...], is_new: bool, marks: str) -> tuple[Field, ...]:
    """The fields with help under some, an error under one by chance, and a code that cannot be changed any more."""
    rng = scene.rng
    helpful, wrong = scene.chance(0.35), rng.choice(fields).column if scene.chance(0.15) else ""
    told = []
    for field in fields:
        if helpful and field.kind in HELP and not field.target and scene.chance(0.6):
            field = replace(field, help=rng.choice(HELP[field.kind]))
        if field.column == wrong and field.kind in ERRORS:
            field = replace(field, values=(ERRORS[field.kind][0],), error=ERRORS[field.kind][1], help="")
        elif field.column == wrong and is_new and field.required and marks == "asterisk" and _may_be_empty(field):
            field = replace(field, values=("",), error=f"{field.label} is required", help="")
        if not is_new and field.kind == "code" and scene.chance(0.4):
            field = replace(field, locked=True, help="")
        told.append(field)
    return tuple(told)


def _may_be_empty(field: Field) -> bool:
    return not field.options and field.kind not in ("bool", "stars", "slider", "color", "tags", "file", "date", "time")


def _grouped(scene: Scene, form: Section) -> list[Section]:
    """The form in one piece, or its place and its switches under a heading of their own: the same record, the same table."""
    place = tuple(field for field in form.fields if field.column in PLACE)
    switches = tuple(field for field in form.fields if field.kind == "bool")
    groups = [("Address", place)] if len(place) > 1 else []
    groups += [("Options", switches)] if len(switches) > 1 else []
    if not groups or scene.chance(0.4):
        return [form]
    moved = {field.column for _, fields in groups for field in fields}
    rest = tuple(field for field in form.fields if field.column not in moved)
    if len(rest) < 2:
        return [form]
    return [replace(form, fields=rest), *(Section(name, form.table, "fields", fields) for name, fields in groups)]


def _steps(attributes: Sequence[Attribute]) -> list[tuple[str, list[Attribute]]]:
    """The attributes in named steps of two or more; the first has the name and what fits nowhere else."""
    found: dict[str, list[Attribute]] = {"Details": []}
    for attribute in attributes:
        step = next((name for name, kinds in STEPS if attribute.kind in kinds and not attribute.names_record), "Details")
        found.setdefault(step, []).append(attribute)
    steps: list[tuple[str, list[Attribute]]] = []
    for name in ("Details", *(name for name, _ in STEPS if name in found)):
        if steps and (len(found[name]) < 2 or len(steps[-1][1]) < 2):
            steps[-1][1].extend(found[name])
        elif found[name]:
            steps.append((name, found[name]))
    if len(steps) == 1 and len(steps[0][1]) > 3:
        first = steps[0][1]
        return [("Basics", first[: len(first) // 2]), ("Details", first[len(first) // 2 :])]
    return steps


def _sums(scene: Scene, basket: Section) -> tuple[Figure, ...]:
    """The lines below a basket: subtotal, tax and total, all computed."""
    prices = next((field for field in basket.fields if field.kind == "money"), None)
    if prices is None:
        return ()
    pieces = basket.field("quantity")
    count = [int(rows.amount(value)) for value in pieces.values] if pieces else [1] * basket.rows
    net = sum(rows.amount(price) * number for price, number in zip(prices.values, count, strict=True))
    lines = (("Subtotal", net), ("Tax (20%)", net * 0.2), ("Total", net * 1.2))
    return tuple(Figure(title, "sum", (scene.style.money(round(value, 2)),)) for title, value in lines)
