"""Labels with their kinds beside them, to be written as a list: nothing but copying, and the densest practice of it.

A page has some 350 pieces to read for 80 to write, most of which say what always is said. Here half of what is read is
written again, word by word, and the words are made of every piece there is. Asked to list a page, nano had found the right
line and lost the word on the way: "harbour services" became "harbour_satches", "imei" became "imeised_code".

A label whose plural stands in the menu, or alone somewhere, is a link to that table: of the validation screens' links 134 of
210 can be told so, and nano told two of three of those.
"""

import random

from ghostlib.corpus import invented, lists
from ghostlib.corpus.reading import GRID
from ghostlib.schemas import ddl

KINDS = tuple(lists.TYPES)
TABLE = "records"  # the kind of a line that names a table
IDLE = 0.25  # of the lines have no kind and are not written
LINKED = 0.3  # of the fields, whose kind is said to be a text
ALONE = 0.25  # of the tables linked to stand outside the menu


def labels(rng: random.Random) -> tuple[str, str]:
    """A menu and six to twenty-six labels as a reading shows them, `y,x harbour services * | money`, and the list that says

    the same. What a label links to is listed first, with a `name`, as a page's list has it.
    """
    told, listed, row, taken = [], [], 0, {"id"}
    linked: list[str] = []
    for number in range(rng.randint(6, 26)):
        row = min(GRID[0] - 1, row + rng.choice((0, 1, 1, 2)))
        phrase = _phrase(rng)
        place = f"{row},{rng.randrange(GRID[1])} {phrase.replace('_', ' ')}"
        if number and rng.random() < IDLE:
            told.append(place)
            continue
        table, many = not listed or rng.random() < 0.2, invented.plural(phrase)
        link = not table and rng.random() < LINKED
        name = many if table else f"{phrase}_id" if link else phrase
        if {phrase, many} & taken or ddl.name(name) != name or ddl.name(many) != many:
            continue
        taken |= {phrase, many}
        must = not table and rng.random() < 0.4
        kind = TABLE if table else "text" if link else rng.choice(KINDS)
        told.append(f"{place}{' *' if must else ''} | {kind}")
        said = f"link {many}" if link else kind
        listed.append(f"# {name}" if table else f"{name}: {said}{', required' if must else ''}")
        linked += [many] * link
    parents = [f"# {many}\nname: text, required" for many in linked]
    return "\n".join(_shown(told, linked, taken, rng)), "\n".join(parents + listed)


def _phrase(rng: random.Random) -> str:
    return "_".join(invented.word(rng) for _ in range(rng.choice((1, 1, 2, 2, 3))))


def _shown(told: list[str], linked: list[str], taken: set[str], rng: random.Random) -> list[str]:
    """The labels below a menu that names the tables linked to among others, but for some that stand alone."""
    alone = [many for many in linked if rng.random() < ALONE]
    others = [invented.plural(_phrase(rng)) for _ in range(rng.randint(2, 8))]
    menu = [*(many for many in linked if many not in alone), *(other for other in others if other not in taken)]
    rng.shuffle(menu)
    lines = [f"0,0 menu: {', '.join(menu).replace('_', ' ')}"]
    lines += [f"{rng.choice((0, 1, 2))},{rng.randrange(GRID[1])} {many.replace('_', ' ')}" for many in alone]
    return lines + told
