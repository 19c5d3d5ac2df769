"""How people speak of tables and columns: an attribute in words, a list of words as a sentence."""

from collections.abc import Sequence
from random import Random

from ghostlib.corpus.screens import model
from ghostlib.corpus.screens.domains import Attribute, Domain, Entity
from ghostlib.corpus.screens.wordings import UNITS

HINTS = {
    "int": ("whole number", "a count", "integer"),
    "stars": ("1 to 5 stars", "one to five stars"),
    "money": ("amount of money", "money", "in EUR"),
    "decimal": ("decimal number", "number with decimals"),
    "percent": ("percent, 0 to 100", "percentage between 0 and 100"),
    "date": ("date", "a day"),
    "time": ("date and time", "timestamp"),
    "clock": ("time of day", "a time such as 08:30"),
    "bool": ("yes or no", "flag", "true or false"),
    "tags": ("several words", "a list of words"),
}


def plain(name: str) -> str:
    """`customer_id` is `customer`, `order_items` is `order items`, `odometer_km` is `odometer in km`."""
    *most, last = name.removesuffix("_id").split("_")
    return " ".join([*most, *(["in"] if most and last in UNITS else []), last])


def topic(domain: Domain) -> str:
    """What the application is about, inside a sentence: `help desk`, `HR`."""
    return domain.title if domain.title.isupper() else domain.title.lower()


def sentence(text: str) -> str:
    """The text with its first letter in capitals and no other letter changed."""
    return text[:1].upper() + text[1:]


def listed(words: Sequence[str], last: str = "and") -> str:
    """`a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def spoken(attribute: Attribute, rng: Random) -> str:
    """The column's own words, now and then as one of its labels says them (`qty`, `e-mail address`)."""
    label = rng.choice(attribute.labels) if rng.random() < 0.25 else ""
    own = plain(attribute.name)
    return " ".join(w if w.isupper() else w.lower() for w in label.split()) if label and label[-1].isalpha() else own


def notes(attribute: Attribute, rng: Random) -> list[str]:
    """What must be said beside the name, so that type, NOT NULL, UNIQUE and CHECK can be known."""
    found = (
        [rng.choice(("required", "must be given", "never empty"))] if attribute.required and not attribute.names_record else []
    )
    found += [rng.choice(("unique", "no two alike"))] if model.unique(attribute) else []
    found += [rng.choice(HINTS[attribute.kind])] if attribute.kind in HINTS else []
    found += [f"whole number from {' to '.join(attribute.argument.split('-'))}"] if attribute.kind == "slider" else []
    found += [listed(attribute.values, "or")] if attribute.values else []
    return found


def words(attribute: Attribute, rng: Random) -> str:
    """An attribute as a sentence names it: `status (required; pending, paid or shipped)`."""
    said = notes(attribute, rng)
    return spoken(attribute, rng) + (f" ({'; '.join(said)})" if said else "")


def owned(entity: Entity) -> list[Attribute]:
    """The attributes that are no foreign keys."""
    return [attribute for attribute in entity.attributes if not attribute.target]


def keys(entity: Entity) -> list[Attribute]:
    """The attributes that point at another table."""
    return [attribute for attribute in entity.attributes if attribute.target]


def role(key: Attribute) -> str:
    """What the other record is to this one, where the column says more than the table's name; else empty."""
    own = key.name.removesuffix("_id")
    return "" if (key.target or "").startswith(own[:-1]) else plain(key.name)


def spans(entity: Entity) -> list[str]:
    """Sentences for the checks that tie two columns together."""
    pairs = [check.columns for check in model.checks(entity) if len(check.columns) == 2]
    return [f"The {plain(high)} is never before the {plain(low)}." if "date" in high or "_at" in high or "check" in high
            else f"The {plain(high)} is never below the {plain(low)}." for low, high in pairs]  # fmt: skip


def article(noun: str) -> str:
    """`an order`, `a customer`."""
    return f"{'an' if noun[:1].lower() in 'aeiou' and not noun.lower().startswith(('use', 'uni', 'eu')) else 'a'} {noun}"
