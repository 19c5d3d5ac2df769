"""Whose turn it is: domain, archetype, look and size of each screen, so that all of them come equally often."""

import random
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ghostlib.corpus.screens import archetypes
from ghostlib.corpus.screens.looks import LOOKS, Look

Option = TypeVar("Option")


@dataclass(frozen=True)
class Turn:
    """What one screen is to be; `size` is the window's width and height in pixels."""

    domain: str
    archetype: str
    look: Look
    size: tuple[int, int]


def turns(seed: int, split: str, domains: Sequence[str]) -> Iterator[Turn]:
    """Endless turns of a split. The first n are the same for every n, and balanced for every n.

    Each choice takes what was chosen least so far: first beside the domain or the archetype, then by itself, then by chance.
    What is validation-only never has a turn in training.
    """
    rng = random.Random(f"{seed}/{split}/turns")
    kinds = [kind for kind in archetypes.ARCHETYPES if split != "train" or kind not in archetypes.VALIDATION_ONLY]
    looks = [look for look in LOOKS.values() if split != "train" or not look.validation_only]
    used: Counter[Hashable] = Counter()
    while True:
        for domain in rng.sample(list(domains), len(domains)):
            kind = _least(kinds, used, rng, lambda kind, domain=domain: ((domain, kind), kind))
            look = _least(looks, used, rng, lambda look, kind=kind: (look.name, (kind, look.name)))
            size = _least(look.sizes, used, rng, lambda size, kind=kind, look=look: ((look.name, size), (kind, size), size))
            yield Turn(domain, kind, look, size)


def _least(
    options: Sequence[Option], used: Counter[Hashable], rng: random.Random, keys: Callable[[Option], tuple[Hashable, ...]]
) -> Option:
    """The option whose keys were used least, the first key first; counts it."""
    chosen = min(options, key=lambda option: (*(used[key] for key in keys(option)), rng.random()))
    used.update(keys(chosen))
    return chosen
