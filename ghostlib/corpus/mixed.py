"""A list like any other in form, of which nothing can be expected: other words, kinds and choices, in any order.

What a list says must be written as it stands. nano, which had learnt what usually comes next, wrote half of the lists of
real screens with one thing in them that was not there: a choice of another list, a field twice, the usual spelling.
"""

import random
import re

from ghostlib.corpus import invented, lists, renamed
from ghostlib.corpus.laid import Page

AGAIN = 0.25  # of the fields get another kind, of the tables other fields too
KINDS = [*lists.TYPES, *("choice",) * 4]
STAYS = renamed.SPOKEN | {"id"}


def mixed(listed: str, rng: random.Random) -> str:
    """The list with its fields in another order, some of other kinds, some new, and nearly every word replaced by another.

    Tables stay in their order, so parents still come first; links still lead to the tables they led to.
    """
    tables = [part.split("\n") for part in re.split(r"\n(?=# )", listed)]
    told = "\n".join("\n".join([head, *_fields(fields, rng)]) for head, *fields in tables)
    bare = Page("list", "invented", (1, 1), (), told, "")
    return renamed.renamed(bare, STAYS, rng).listed if rng.random() < 0.8 else told


def slipped(listed: str, rng: random.Random, share: float = 1.0) -> str:
    """The list with slips as nano makes them, where it is one of the `share` that have some.

    A slip is a field that stands twice, of another kind or not, or a table that begins again. What is written of the list by
    rule has each once, the first of them.
    """
    tables = [part.split("\n") for part in re.split(r"\n(?=# )", listed)]
    full = [table for table in tables if len(table) > 1]
    if not full or rng.random() > share:
        return listed
    head, *fields = again = rng.choice(full)
    if rng.random() < 0.4:
        tables.append([head, *rng.sample(fields, rng.randint(1, len(fields)))])
    else:
        for _ in range(rng.randint(1, 3)):
            field = rng.choice(fields)
            again.insert(rng.randint(again.index(field) + 1, len(again)), _again(field, rng))
    return "\n".join("\n".join(table) for table in tables)


def _fields(fields: list[str], rng: random.Random) -> list[str]:
    changed = [_again(field, rng) for field in rng.sample(fields, len(fields))]
    if rng.random() < AGAIN and not any(", key" in field for field in fields):
        taken = {field.split(":")[0] for field in fields} | {"id"}
        more = dict.fromkeys(invented.phrase(rng) for _ in range(rng.randint(1, 6)))
        changed += [f"{name}: {_kind(rng)}{_must(rng)}" for name in more if name not in taken and not name.endswith("_id")]
    return changed


def _again(field: str, rng: random.Random) -> str:
    """The field, or its name with another kind; a link and a key stay what they are."""
    name, said = field.split(": ", 1)
    if said.startswith("link ") or rng.random() > AGAIN:
        return field
    return f"{name}: {_kind(rng)}{_must(rng)}"


def _kind(rng: random.Random) -> str:
    kind = rng.choice(KINDS)
    return (
        f"choice {' / '.join(dict.fromkeys(invented.phrase(rng) for _ in range(rng.randint(2, 6))))}"
        if kind == "choice"
        else kind
    )


def _must(rng: random.Random) -> str:
    return ", required" if rng.random() < 0.4 else ""
