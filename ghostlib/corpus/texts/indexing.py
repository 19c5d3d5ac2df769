"""Queries that a schema must answer fast, and the schema with the indexes that they need."""

from dataclasses import replace
from random import Random

from ghostlib.corpus.screens.domains import Attribute, Domain
from ghostlib.corpus.texts import families, speech
from ghostlib.corpus.texts.speech import plain
from ghostlib.schemas.schema import Index, Schema, Table

ASKS = (
    "Add the indexes that this use needs.",
    "Write the schema again with the right indexes.",
    "These queries are slow. Add what is missing, nothing else.",
    "Which indexes belong here? Answer with the schema that has them.",
)
ORDERED = ("date", "time", "money", "int", "decimal")
ONE = (
    "The list of {table} is filtered by {column}",
    "Most requests look {table} up by {column}",
    "Half of our traffic is SELECT * FROM {name} WHERE {raw} = $1",
    "The report on {table} sorts by {column}, newest or largest first",
    "People search {table} by {column} all day",
)
TWO = (
    "The start page shows {table} with one {column}, sorted by {second}",
    "SELECT * FROM {name} WHERE {raw} = $1 ORDER BY {raw2} DESC LIMIT 50 runs every few seconds",
    "We page through the {table} of one {column} in the order of {second}",
)
JOINS = ("foreign keys are joined all day", "every join over a foreign key scans the table", "deleting a parent takes seconds")


def indexing(domain: Domain, rng: Random) -> tuple[str, str, str] | None:
    """Instruction, the schema and its use, and the schema with indexes; None where no column is left to index."""
    members = families.family(domain, rng, without=("long", "tags", "file", "color"))
    whole = families.schema(members)
    child = whole.tables[-1]
    keys = {key.columns[0] for key in child.foreign_keys}
    covered = {names[0] for names in child.unique} | keys
    free = [a for a in members[-1].attributes if a.name not in covered and a.kind != "bool"]
    if not free:
        return None
    keyed = rng.random() < 0.5  # whether the foreign keys have their indexes already
    said, index = _use(child, free, rng)
    before = [table if keyed else replace(table, indexes=()) for table in whole.tables]
    asks = [said] if keyed else [said, rng.choice(JOINS)]
    rng.shuffle(asks)
    text = ". ".join(map(speech.sentence, asks))
    indexed = replace(child, indexes=(*child.indexes, index))
    given = f"{families.sql(Schema(tuple(before)))}\n\n{text}."
    return rng.choice(ASKS), given, families.sql(Schema((*whole.tables[:-1], indexed)))


def _use(table: Table, free: list[Attribute], rng: Random) -> tuple[str, Index]:
    few = [a for a in free if a.kind in ("enum", "list", "city", "country") and not a.names_record]
    late = [a for a in free if a.kind in ORDERED]
    if few and late and rng.random() < 0.5:
        first, second = rng.choice(few), rng.choice(late)
        names = {"column": plain(first.name), "raw": first.name, "second": plain(second.name), "raw2": second.name}
        said = rng.choice(TWO).format(table=plain(table.name), name=table.name, **names)
        return said, Index((first.name, second.name))
    one = rng.choice(free)
    patterns = [text for text in ONE if "sorts" not in text or one in late]
    said = rng.choice(patterns).format(table=plain(table.name), name=table.name, column=plain(one.name), raw=one.name)
    return said, Index((one.name,))
