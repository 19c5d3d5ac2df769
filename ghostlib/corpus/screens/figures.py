"""The computed things on a dashboard, which are no columns: counts with a trend, and a chart of a week."""

import random

from ghostlib.corpus.screens.notation import Entity
from ghostlib.corpus.screens.plan import Figure

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def figures(entities: list[Entity], rng: random.Random) -> tuple[Figure, ...]:
    """Four cards with a count of records each, then one bar chart."""
    cards = tuple(
        Figure(
            f"{rng.choice(('Total', 'All', 'Number of'))} {entity.title.lower()}",
            "card",
            (_count(entity, rng),),
            trend=f"{rng.choice('+++-')}{rng.randint(1, 24)}.{rng.randint(0, 9)}%",
        )
        for entity in rng.sample(entities, min(4, len(entities)))
    )
    counted = rng.choice([entity for entity in entities if entity.is_dated] or entities)
    title = f"{counted.title} {rng.choice(('this week', 'per day', 'by weekday'))}"
    return (*cards, Figure(title, "bars", tuple(str(rng.randint(18, 100)) for _ in DAYS), DAYS))


def _count(entity: Entity, rng: random.Random) -> str:
    """A number of records that such a table can have: many events, fewer people, few places."""
    if entity.is_dated and any(attribute.kind in ("time", "ref") for attribute in entity.attributes):
        return f"{rng.randint(240, 9800):,}"
    people = entity.naming is not None and entity.naming.name == "full_name"
    return str(rng.randint(40, 940) if people else rng.randint(6, 64))
