"""An endless stream of exercises for nano's pretraining, drawn without a browser: readings to list, lists to write as SQL.

The screens are planned by `screens.archetypes` from the training domains and from invented ones; `sketch.py` lays their text
out as a page would, so that a reading of it has the form that the OCR's has.
"""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass

from ghostlib.corpus import invented, lists, reading
from ghostlib.corpus.screens import archetypes
from ghostlib.corpus.screens.domains import TRAINING
from ghostlib.corpus.screens.plan import ScreenPlan
from ghostlib.corpus.sketch import sketch
from ghostlib.schemas import ddl

LIST = "List the tables and fields on this screen."
ASKED = (LIST, LIST, LIST, "What is on this screen?", "")  # and without a word: a reading is a question in itself
WRITE = "Write this list as PostgreSQL."
WEIGHTS = {  # how often each archetype comes; what validation alone may show never does
    "form": 5.0, "list": 5.0, "detail": 3.0, "dashboard": 1.0, "master-detail": 1.0,
    "cards": 2.0, "kanban": 1.5, "wizard": 2.0, "settings": 1.0, "inbox": 1.0,
}  # fmt: skip
ROOMS = (120, 120, 140, 85, 36)  # characters in a row: windows of a desktop, a tablet and a phone


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
            asked = rng.choice(ASKED)
            yield Practice(f"{asked}\n{reading.prompt(lines, size)}".strip(), lists.listing(plan.schema))
        elif chance < 0.95:
            listed = lists.listing(plan.schema)
            yield Practice(f"{WRITE}\n{listed}", ddl.canonical(lists.schema(listed)))
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


def shuffled(count: int, seed: int) -> list[int]:
    """The numbers below `count` in an order that the seed decides."""
    return random.Random(seed).sample(range(count), count)
