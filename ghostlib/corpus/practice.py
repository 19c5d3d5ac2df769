"""An endless stream of exercises for nano's pretraining: readings of pages to list, lists to write as SQL."""

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ghostlib.corpus import laid, lists, reading
from ghostlib.corpus.laid import Page
from ghostlib.schemas import ddl

LIST = "List the tables and fields on this screen."
ASKED = (LIST, LIST, LIST, "What is on this screen?", "")  # and without a word: a reading is a question in itself
WRITE = "Write this list as PostgreSQL."


@dataclass(frozen=True)
class Practice:
    """One exercise; where `prompt` is empty, every token of `completion` counts."""

    prompt: str
    completion: str


def stream(seed: int, pages: Sequence[Page], *, limit: int | None = None) -> Iterator[Practice]:
    """Exercises without end (or `limit` of them) over `pages`, the same for the same seed.

    A page that comes again was misread in another way; lists to write are planned anew each time.
    """
    rng = random.Random(seed)
    for number in itertools.count():
        if number == limit:
            return
        chance = rng.random()
        if chance < 0.82:
            page = pages[rng.randrange(len(pages))]
            lines = page.lines if rng.random() < 0.1 else reading.noisy(page.lines, rng)
            yield Practice(f"{rng.choice(ASKED)}\n{reading.prompt(lines, page.size)}".strip(), page.listed)
            continue
        schema = laid.screen(rng).schema
        if chance < 0.96:
            listed = lists.listing(schema)
            yield Practice(f"{WRITE}\n{listed}", ddl.canonical(lists.schema(listed)))
        else:
            yield Practice("", ddl.canonical(schema))


def shuffled(count: int, seed: int) -> list[int]:
    """The numbers below `count` in an order that the seed decides."""
    return random.Random(seed).sample(range(count), count)
