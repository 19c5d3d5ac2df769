"""Labels with their kinds beside them, to be written as a list: nothing but copying, and the densest practice of it.

A page has some 350 pieces to read for 80 to write, most of which say what always is said. Here half of what is read is
written again, word by word, and the words are made of every piece there is. Asked to list a page, nano had found the right
line and lost the word on the way: "harbour services" became "harbour_satches", "imei" became "imeised_code".
"""

import random

from ghostlib.corpus import invented, lists
from ghostlib.corpus.reading import GRID
from ghostlib.schemas import ddl

KINDS = tuple(lists.TYPES)
TABLE = "records"  # the kind of a line that names a table
IDLE = 0.25  # of the lines have no kind and are not written


def labels(rng: random.Random) -> tuple[str, str]:
    """Six to thirty labels as a reading shows them, `y,x harbour services * | money`, and the list that says the same."""
    told, listed, row, taken = [], [], 0, {"id"}
    for number in range(rng.randint(6, 30)):
        row = min(GRID[0] - 1, row + rng.choice((0, 1, 1, 2)))
        phrase = "_".join(invented.word(rng) for _ in range(rng.choice((1, 1, 2, 2, 3))))
        place = f"{row},{rng.randrange(GRID[1])} {phrase.replace('_', ' ')}"
        if number and rng.random() < IDLE:
            told.append(place)
            continue
        table = not listed or rng.random() < 0.2
        name = invented.plural(phrase) if table else phrase
        if name in taken or ddl.name(name) != name:
            continue
        taken.add(name)
        must = not table and rng.random() < 0.4
        kind = TABLE if table else rng.choice(KINDS)
        told.append(f"{place}{' *' if must else ''} | {kind}")
        listed.append(f"# {name}" if table else f"{name}: {kind}{', required' if must else ''}")
    return "\n".join(told), "\n".join(listed)
