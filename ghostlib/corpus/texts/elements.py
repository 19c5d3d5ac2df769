"""The elements of a screen in words, and the schema that docs/reading_a_screen.md reads off them."""

import json
from dataclasses import replace
from random import Random

from ghostlib.corpus.screens import model
from ghostlib.corpus.screens.domains import Attribute, Domain
from ghostlib.corpus.screens.samples import shown
from ghostlib.corpus.texts import families
from ghostlib.corpus.texts.families import Family
from ghostlib.corpus.texts.speech import plain
from ghostlib.schemas.schema import Index

ASKS = (
    "Write the PostgreSQL schema behind this screen.",
    "A form has these elements. Write its schema.",
    "These are the elements of one screen. Which tables stand behind it?",
    "Reconstruct the PostgreSQL schema from this screen.",
)
LISTS = (
    "Write the PostgreSQL schema behind this list.",
    "This page lists records. Write the tables behind it.",
    "Which PostgreSQL tables does this page show?",
)
WIDGETS = {
    "bool": "switch",
    "date": "date picker",
    "time": "date and time picker",
    "clock": "time picker",
    "stars": "five stars",
    "money": "amount in $",
    "percent": "number in %",
    "int": "stepper",
    "decimal": "number with decimals",
    "long": "text area",
    "tags": "chips of free words",
    "color": "colour swatch",
    "file": "file upload",
}
SHOWN = {
    "bool": "yes or no",
    "date": "14 May 2026",
    "time": "14 May 2026, 09:30",
    "clock": "08:30",
    "stars": "★★★★☆",
    "money": "$1,240.00",
    "percent": "25%",
    "decimal": "12.5",
    "tags": "chips of free words",
}


def form(domain: Domain, rng: Random) -> tuple[str, str, str]:
    """A form to fill in: asterisks are NOT NULL, a select is a foreign key to a record's name."""
    members = _named(families.family(domain, rng, without=("percent",)))  # no screen shows that a percentage ends at 100
    child = members[-1]
    rows = [(_label(a), _widget(a, members), a.required or a.names_record, model.unique(a)) for a in child.attributes]
    heads = (f"Screen: new {child.noun.lower()} ({domain.title})", f"{domain.title} > {child.title} > New")
    if rng.random() < 0.3:
        given = _json(f"New {child.noun.lower()}", rows)
    else:
        given = "\n".join([rng.choice(heads), *map(_row, rows)])
    return rng.choice(ASKS), given, families.sql(families.schema(members))


def listing(domain: Domain, rng: Random) -> tuple[str, str, str]:
    """A page with a list: headings are columns, chips an enumeration, the search box and the sort arrow indexes."""
    members = _named(families.family(domain, rng, without=("percent", "slider", "long", "file", "color")))
    child = members[-1]
    kept = [a for a in child.attributes if not (model.unique(a) and not a.names_record)]
    child = families.changed(child, [replace(a, required=False) for a in kept if a.target != child.table])
    members = [*members[:-1], child]
    texts = [a for a in child.attributes if a.kind in ("list", "person", "company", "email") and not a.target]
    dated = [a for a in child.attributes if a.kind in ("date", "time", "money", "int")]
    searched, arrow = (rng.choice(texts) if texts else None), (rng.choice(dated) if dated else None)
    lines = [rng.choice((f"Page: {child.title}", f"{domain.title} > {child.title}"))]
    lines += [f"Search box: Search {child.title.lower()} by {plain(searched.name)}"] if searched else []
    lines.append("Columns:")
    for a in child.attributes:
        arrowed = " (sort arrow, falling)" if a is arrow else ""
        lines.append(f"- {_label(a)}{arrowed}: {_cell(a, members)}")
    lines.append(f"1-10 of {rng.randint(23, 480)}")
    whole = families.schema(members)
    own = whole.tables[-1]
    wanted = [a.name for a in (searched, arrow) if a and (a.name,) not in own.unique]
    indexed = replace(own, indexes=(*own.indexes, *(Index((name,)) for name in dict.fromkeys(wanted))))
    return rng.choice(LISTS), "\n".join(lines), families.sql(replace(whole, tables=(*whole.tables[:-1], indexed)))


def _named(members: Family) -> Family:
    """The parents cut to the column that names their records, and no end beside its start.

    A screen shows no more of other records than a name, and no screen says that an end lies behind its start.
    """
    parents = [families.changed(p, [a for a in p.attributes if a.names_record]) for p in members[:-1]]
    child = members[-1]
    ends = {check.columns[1] for check in model.checks(child) if len(check.columns) == 2}
    return [*parents, families.changed(child, [a for a in child.attributes if a.name not in ends])]


def _label(attribute: Attribute) -> str:
    return attribute.labels[0]


def _widget(attribute: Attribute, members: Family) -> str:
    if attribute.values:
        return f"{'chips' if len(attribute.values) > 3 else 'radio buttons'} {' / '.join(map(shown, attribute.values))}"
    if attribute.target:
        return f"select filled with {plain(attribute.target)} by {_naming(attribute, members)}"
    if attribute.kind == "slider":
        return f"slider from {' to '.join(attribute.argument.split('-'))}"
    return WIDGETS.get(attribute.kind, "text field")


def _cell(attribute: Attribute, members: Family) -> str:
    if attribute.values:
        return f"chips {' / '.join(map(shown, attribute.values))}"
    if attribute.target:
        return f"link to one of the {plain(attribute.target)}, shown by {_naming(attribute, members)}"
    if attribute.kind == "int":
        return str(sum(int(end) for end in attribute.argument.split("-")) // 2)
    return SHOWN.get(attribute.kind, "text") + (", no duplicates" if model.unique(attribute) else "")


def _naming(attribute: Attribute, members: Family) -> str:
    found = next((a for p in members if p.table == attribute.target for a in p.attributes if a.names_record), None)
    if found is None:
        return "name"
    return plain(found.name) + (", no duplicates" if model.unique(found) else "")


def _row(row: tuple[str, str, bool, bool]) -> str:
    label, widget, must, unique = row
    return f"- {label}{' *' * must}: {widget}{', no duplicates' * unique}"


def _json(title: str, rows: list[tuple[str, str, bool, bool]]) -> str:
    elements = [
        {"label": label, "widget": widget} | ({"required": True} if must else {}) | ({"unique": True} if unique else {})
        for label, widget, must, unique in rows
    ]
    return "\n".join([f'{{"screen": "{title}", "elements": [', ",\n".join(f"  {json.dumps(e)}" for e in elements), "]}"])
