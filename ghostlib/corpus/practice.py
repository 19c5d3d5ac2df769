"""An endless stream of exercises for nano's pretraining, drawn without a browser: readings to list, lists to write as SQL.

The screens are planned by `screens.archetypes` from the training domains and from invented ones; `sketch.py` lays their text
out as a page would, so that a reading of it has the form that the OCR's has.
"""

import itertools
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ghostlib.corpus import invented, reading
from ghostlib.corpus.screens import archetypes
from ghostlib.corpus.screens.domains import TRAINING
from ghostlib.corpus.screens.plan import ScreenPlan
from ghostlib.corpus.sketch import sketch
from ghostlib.schemas import ddl
from ghostlib.schemas.schema import Column, Schema, Table

LIST = "List the tables and fields on this screen."
WRITE = "Write this list as PostgreSQL."
WEIGHTS = {  # how often each archetype comes; what validation alone may show never does
    "form": 5.0, "list": 5.0, "detail": 3.0, "dashboard": 1.0, "master-detail": 1.0,
    "cards": 2.0, "kanban": 1.5, "wizard": 2.0, "settings": 1.0, "inbox": 1.0,
}  # fmt: skip
ROOMS = (120, 120, 140, 85, 36)  # characters in a row: windows of a desktop, a tablet and a phone
KINDS = {"numeric(10,2)": "money", "numeric(5,2)": "percent", "timestamptz": "time", "timestamp with time zone": "time"}
KINDS |= {"text[]": "words", "time": "clock", "time without time zone": "clock", "integer": "number", "boolean": "yes or no"}
KINDS |= {"bigint": "number"}


@dataclass(frozen=True)
class Practice:
    """One exercise; where `prompt` is empty, every token of `completion` counts."""

    prompt: str
    completion: str


def stream(seed: int, *, limit: int | None = None) -> Iterator[Practice]:
    """Exercises without end (or `limit` of them), the same for the same seed."""
    rng = random.Random(seed)
    for number in itertools.count():
        if number == limit:
            return
        plan = screen(rng)
        chance = rng.random()
        if chance < 0.78:
            lines, size = sketch(plan, rng)
            if rng.random() < 0.6:
                lines = reading.noisy(lines, rng)
            yield Practice(f"{LIST}\n{reading.prompt(lines, size)}", listing(plan.schema))
        elif chance < 0.95:
            yield Practice(f"{WRITE}\n{listing(plan.schema)}", ddl.canonical(plan.schema))
        else:
            yield Practice("", ddl.canonical(plan.schema))


def screen(rng: random.Random) -> ScreenPlan:
    """A plan from an invented domain (six of seven) or a training domain; forms and lists come most often.

    With one of three from the training domains, nano learned those by heart: it listed them without a fault and knew
    hardly a table of any other.
    """
    archetype = rng.choices(tuple(WEIGHTS), tuple(WEIGHTS.values()))[0]
    domain = invented.domain(rng) if rng.random() < 0.85 else rng.choice(TRAINING)
    return archetypes.plan(domain, archetype, rng, room=rng.choice(ROOMS))


def listing(schema: Schema) -> str:
    """The schema as a plain list: `# orders`, then a line a field with its kind in words. Keys `id` go without saying.

    The two columns of a table that joins two others are its `key`.
    """
    return "\n".join("\n".join([f"# {table.name}", *_fields(table)]) for table in schema.tables)


def _fields(table: Table) -> Iterator[str]:
    links = {key.columns[0]: key.table for key in table.foreign_keys if len(key.columns) == 1}
    checks = {check.columns[0]: check for check in table.checks if len(check.columns) == 1}
    unique = {columns[0] for columns in table.unique if len(columns) == 1}
    indexed = {index.columns[0] for index in table.indexes}
    for column in table.columns:
        if column.identity:
            continue
        said = [f"link {links[column.name]}" if column.name in links else _kind(column, checks)]
        said += ["key"] * (column.name in table.primary_key)
        said += ["required"] * column.not_null + ["unique"] * (column.name in unique)
        said += ["index"] * (column.name in indexed and column.name not in links)
        yield f"{column.name}: {', '.join(said)}"


def _kind(column: Column, checks: dict) -> str:
    if column.name in checks:
        values = checks[column.name].values
        ends = re.search(r"BETWEEN (\S+) AND (\S+)", checks[column.name].expression)
        measured = f"from {ends[1]} to {ends[2]}" if ends and ends.groups() != ("1", "5") else "stars"
        return f"choice {' / '.join(values)}" if values else measured
    return KINDS.get(column.type, column.type)


def shuffled(count: int, seed: int) -> list[int]:
    """The numbers below `count` in an order that the seed decides."""
    return random.Random(seed).sample(range(count), count)
