"""How alike two names are: `Customer`, `customers` and `tbl_customers` are one table, and a wrong letter is no new column."""

import re
from functools import lru_cache

PREFIXES = frozenset("tbl tb tab dbo t vw str txt int dt fld col".split())  # what people put before a table or a column
IRREGULAR = {"people": "person", "children": "child", "men": "man", "women": "woman", "feet": "foot", "data": "datum"}
SAME_AFTER_PREFIX = 0.9  # orders.order_id and orders.id


@lru_cache(maxsize=65536)
def words(name: str) -> tuple[str, ...]:
    """The name as singular lower-case words: `OrderItems` and `tbl_order_item` are both `("order", "item")`."""
    split = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name))
    found = [singular(word) for word in re.split(r"[\W_]+", split.lower()) if word]
    return tuple(found[1:] if len(found) > 1 and found[0] in PREFIXES else found) or (name.lower(),)


def singular(word: str) -> str:
    """The singular of an English noun by its ending; a word that is none comes back as it is."""
    if word in IRREGULAR:
        return IRREGULAR[word]
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes", "zes", "uses")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


@lru_cache(maxsize=262144)
def alike(one: str, other: str) -> float:
    """Similarity of two names from 0 to 1, the same both ways; 1.0 exactly where their words are equal.

    Else the Dice coefficient of letter pairs (Dice 1945), counted over the words run together.
    """
    if words(one) == words(other):
        return 1.0
    first, second = _pairs("_".join(words(one))), _pairs("_".join(words(other)))
    return 2 * len(first & second) / (len(first) + len(second)) if first and second else 0.0


@lru_cache(maxsize=262144)
def alike_within(one: str, table: str, other: str, other_table: str) -> float:
    """Similarity of two columns of these tables: `orders.order_id` and `orders.id` are nearly the same name."""
    found = alike(one, other)
    if found < SAME_AFTER_PREFIX and _inside(one, table) == _inside(other, other_table):
        return SAME_AFTER_PREFIX
    return found


def without_prefix(found: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """The words of each name without the first word that all of them share: `shop_orders` and `shop_items` are of a shop.

    At least two names, each of two words or more, else nothing is taken away.
    """
    told = {name: words(name) for name in found}
    common = len(told) > 1 and len({parts[0] for parts in told.values()}) == 1 and all(len(p) > 1 for p in told.values())
    return {name: parts[1:] if common else parts for name, parts in told.items()}


def alike_bare(one: tuple[str, tuple[str, ...]], other: tuple[str, tuple[str, ...]]) -> float:
    """Similarity of two names, each given with its words without a common prefix: the best of the two ways of reading."""
    return max(alike(first, second) for first in (one[0], "_".join(one[1])) for second in (other[0], "_".join(other[1])))


def _inside(column: str, table: str) -> tuple[str, ...]:
    """The words of a column without its table's own words before them."""
    own, prefix = words(column), words(table)
    return own[len(prefix) :] if own[: len(prefix)] == prefix and len(own) > len(prefix) else own


def _pairs(text: str) -> frozenset[str]:
    padded = f"^{text}$"
    return frozenset(padded[place : place + 2] for place in range(len(padded) - 1))
