"""A domain as a SQLite database: its tables with rows whose values fit together, the same for the same seed."""

import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ghostlib.corpus.screens import model
from ghostlib.corpus.screens.domains import Attribute, Domain, Entity
from ghostlib.corpus.screens.samples import STYLES, Sampler

KINDS = {  # of an attribute -> (SQLite's declaration, the type's word in tables.json)
    **dict.fromkeys(("int", "stars", "slider", "ref"), ("INTEGER", "number")),
    **dict.fromkeys(("money", "decimal", "percent"), ("REAL", "number")),
    **dict.fromkeys(("date", "time"), ("DATE", "time")),
    "bool": ("BOOLEAN", "boolean"),
}
LEFT_OUT = frozenset("long file tags words color url".split())  # nobody asks for them, and they take room
ROWS = (18, 34)  # of a table; lines of another record are twice as many
EMPTY = 0.04  # the share of values that are NULL where they may be


def entities(domain: Domain) -> list[Entity]:
    """The domain's tables, parents before children."""
    return [domain.entity(table.name) for table in model.schema(domain).tables]


def columns(entity: Entity) -> list[Attribute]:
    """The attributes that a database keeps; none is called value, which Spider's own judge takes for a placeholder."""
    return [a for a in entity.attributes if a.names_record or not (a.kind in LEFT_OUT or "value" in a.name)]


def declared(attribute: Attribute) -> tuple[str, str]:
    """SQLite's declaration of a column's type, and its word in tables.json."""
    return KINDS.get(attribute.kind, ("TEXT", "text"))


def rows(domain: Domain, seed: int, span: tuple[int, int] = ROWS) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of every table, each with its id first; `span` says how many a table has, from and to."""
    rng = random.Random(f"{domain.name} {seed}")
    sampler = Sampler(domain, rng.choice(STYLES), rng)
    made: dict[str, list[tuple[Any, ...]]] = {}
    for entity in entities(domain):
        wanted = rng.randint(*span) * (1 if entity.naming else 2)
        records = sampler.records(entity.table, wanted)
        made[entity.table] = [tuple(_row(entity, record, number, made, rng)) for number, record in enumerate(records, 1)]
    return made


def _row(entity: Entity, record: dict[str, str], number: int, made: dict[str, list[Any]], rng: random.Random) -> Iterator[Any]:
    yield number
    taken: set[Any] = set()
    for attribute in columns(entity):
        may_be_empty = not (attribute.required or attribute.names_record or attribute.kind == "bool")
        if may_be_empty and rng.random() < EMPTY:
            yield None
        elif attribute.kind == "ref":
            target = _target(attribute, entity, number, made, rng, taken)
            taken.add(target)
            yield target
        else:
            yield _value(attribute, record, rng)


def _target(
    attribute: Attribute, entity: Entity, number: int, made: dict[str, list[Any]], rng: random.Random, taken: set
) -> Any:
    """The id that a key points at; some records are pointed at often and some never, as in life."""
    most = number - 1 if attribute.target == entity.table else max(1, len(made[attribute.argument]) - 4)
    if most < 1:
        return None
    drawn = [1 + min(rng.randrange(most), rng.randrange(most)) for _ in range(4)]
    return next((one for one in drawn if one not in taken), drawn[0])


def _value(attribute: Attribute, record: dict[str, str], rng: random.Random) -> Any:
    kind, argument = attribute.kind, attribute.argument
    if kind == "enum":
        return rng.choice(attribute.values)
    if kind == "bool":
        return int(rng.random() < 0.62)
    if kind == "stars":
        return rng.choice((2, 3, 4, 4, 5, 5))
    if kind in ("int", "slider", "money", "decimal", "percent"):
        low, high = (int(part) for part in argument.split("-"))
        number = rng.randint(low, max(low, high))
        if kind == "money":
            return round(number + rng.choice((0, 0, 0.5, 0.9, 0.95)), 2)
        return number + rng.randint(0, 9) / 10 if kind == "decimal" else number
    if kind in ("date", "time"):
        return record[f"@{attribute.name}"].replace("T", " ")
    return record[attribute.name] or None


def write(domain: Domain, seed: int, file: Path, span: tuple[int, int] = ROWS) -> None:
    """The database as a SQLite file; a file that is there already is replaced."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    link = sqlite3.connect(file)
    link.execute("PRAGMA page_size = 1024")  # small tables in small files
    filled = rows(domain, seed, span)
    for entity in entities(domain):
        link.execute(table(entity))
        marks = ", ".join("?" * (1 + len(columns(entity))))
        link.executemany(f"INSERT INTO {entity.table} VALUES ({marks})", filled[entity.table])
    link.commit()
    link.execute("VACUUM")
    link.close()


def table(entity: Entity) -> str:
    """The table's CREATE TABLE, in SQLite's words."""
    lines = ["id INTEGER PRIMARY KEY"]
    for attribute in columns(entity):
        rest = " NOT NULL" if attribute.required or attribute.names_record else ""
        rest += f" REFERENCES {attribute.target} (id)" if attribute.target else ""
        lines.append(f"{attribute.name} {declared(attribute)[0]}{rest}")
    return f"CREATE TABLE {entity.table} (\n    " + ",\n    ".join(lines) + "\n)"


def entry(domain: Domain) -> dict[str, Any]:
    """The database as an entry of Spider's tables.json."""
    places: dict[tuple[str, str], int] = {}
    named: list[list[Any]] = [[-1, "*"]]
    kinds, keys = ["text"], []
    there = entities(domain)
    for number, entity in enumerate(there):
        for name, kind in [("id", "number"), *((a.name, declared(a)[1]) for a in columns(entity))]:
            places[entity.table, name] = len(named)
            named.append([number, name])
            kinds.append(kind)
        keys += [(entity.table, a.name, a.argument) for a in columns(entity) if a.target]
    return {
        "db_id": domain.name,
        "table_names_original": [entity.table for entity in there],
        "table_names": [entity.title.lower() for entity in there],
        "column_names_original": named,
        "column_names": [[number, name.replace("_", " ")] for number, name in named],
        "column_types": kinds,
        "primary_keys": [places[entity.table, "id"] for entity in there],
        "foreign_keys": [[places[table, name], places[target, "id"]] for table, name, target in keys],
    }
