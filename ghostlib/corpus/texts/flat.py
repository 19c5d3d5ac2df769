"""Tables that repeat themselves, as SQL or as the first rows of an export, and the normalised schema of each."""

from dataclasses import replace
from random import Random

from ghostlib.corpus.screens.domains import Attribute, Domain, Entity
from ghostlib.corpus.screens.samples import Sampler
from ghostlib.corpus.screens.styles import Style
from ghostlib.corpus.texts import families, speech
from ghostlib.corpus.texts.families import Family
from ghostlib.schemas.schema import Column, Schema, Table

ASKS = (
    "Normalise this table.",
    "This table repeats itself. Split it into a normalised schema.",
    "Bring this into third normal form. Every table gets a key of its own.",
)
EXPORTS = (
    "Here are the first rows of a spreadsheet. Write a normalised schema for it.",
    "We export this file today. Which tables should it become?",
    "Normalise this export into PostgreSQL tables.",
)
MACHINE = Style(currency="", day="{y}-{mm}-{dd}", clock="{H}:{M}", group="")  # as an export writes values


def normalisation(domain: Domain, rng: Random) -> tuple[str, str, str]:
    """Instruction, the flat table, and the tables that it becomes: names are NOT NULL, keys between them required."""
    members = families.family(domain, rng, without=("percent", "stars", "slider", "long", "tags", "file", "color"))
    members = [families.changed(entity, _unruled(entity)) for entity in members]
    answer = families.sql(families.schema(members))
    if rng.random() < 0.5:
        return rng.choice(EXPORTS), _export(domain, members, rng), answer
    child = members[-1]
    columns = tuple(Column(name, a.type) for name, a in _flat(members))
    return rng.choice(ASKS), families.sql(Schema((Table(f"{child.table}_export", columns),))), answer


def _unruled(entity: Entity) -> list[Attribute]:
    """The attributes without what a flat table cannot say: the members of an enumeration, and what is required.

    Of two columns that are tied together the later one goes, as does a key to the table itself.
    """
    ends = ("end_date", "ends_at", "check_out", "salary_max")
    kept = [a for a in entity.attributes if a.name not in ends and a.target != entity.table]
    kept = [replace(a, kind="words", argument="") if a.kind == "enum" else a for a in kept]
    return [replace(a, required=bool(a.target)) for a in kept]


def _flat(members: Family) -> list[tuple[str, Attribute]]:
    child = members[-1]
    found: list[tuple[str, Attribute]] = []
    for key in speech.keys(child):
        parent = next(p for p in members if p.table == key.target)
        prefix = f"{key.name.removesuffix('_id')}_"
        found += [(a.name if a.name.startswith(prefix) else prefix + a.name, a) for a in parent.attributes]
    return [*found, *((a.name, a) for a in child.attributes if not a.target)]


def _export(domain: Domain, members: Family, rng: Random) -> str:
    """A header and a few rows: records of a parent stand there again and again."""
    sampler = Sampler(replace(domain, entities=tuple(_whole(domain, entity) for entity in members)), MACHINE, rng)
    child = members[-1]
    parents = {p.table: sampler.records(p.table, 2) for p in members[:-1]}
    rows = []
    for record in sampler.records(child.table, 4):
        cells: list[str] = []
        for key in speech.keys(child):
            parent = next(p for p in members if p.table == key.target)
            one = rng.choice(parents[parent.table])
            cells += [_cell(a, one[a.name]) for a in parent.attributes]
        rows.append(";".join([*cells, *(_cell(a, record[a.name]) for a in child.attributes if not a.target)]))
    return "\n".join([";".join(name for name, _ in _flat(members)), *rows])


def _whole(domain: Domain, entity: Entity) -> Entity:
    """The entity with its enumerations back, so that a row shows their members."""
    own = {a.name: a for a in domain.entity(entity.table).attributes}
    return families.changed(entity, [own[a.name] if own[a.name].kind == "enum" else a for a in entity.attributes])


def _cell(attribute: Attribute, value: str) -> str:
    if attribute.kind == "bool":
        return "true" if value == "Yes" else "false"
    return value.replace(",", "") if attribute.kind == "time" else value.replace(";", ",")
