"""Change requests on a schema that stands already, and the whole schema after each."""

import re
from collections.abc import Callable
from dataclasses import replace
from random import Random

from ghostlib.corpus.screens import model, truth
from ghostlib.corpus.screens.domains import Attribute, Domain
from ghostlib.corpus.screens.model import KEY
from ghostlib.corpus.screens.wordings import GLOSSARY
from ghostlib.corpus.texts import families, speech
from ghostlib.corpus.texts.families import Family
from ghostlib.corpus.texts.speech import plain, words
from ghostlib.schemas.schema import Column, ForeignKey, Index, Schema, Table

ASKS = (
    "Change the schema as requested. Answer with the whole schema.",
    "Write the schema after this change.",
    "Apply this request and give back the complete schema.",
    "Here is what runs today and what is asked for. Write the new schema in full.",
)
MORE = ("archived", "on_hold", "unknown", "other", "waiting")  # members that an enumeration may be given later
Change = tuple[Schema, str, Schema]


def change(domain: Domain, rng: Random) -> tuple[str, str, str] | None:
    """Instruction, the schema with a request below, and the schema after it; None where the family allows no such change."""
    members = families.family(domain, rng)
    kinds: list[Callable[[Family, Random], Change | None]]
    kinds = [_added, _added, _dropped, _renamed, _widened, _demanded, _arrived, _joined]
    made = rng.choice(kinds)(members, rng)
    if made is None:
        return None
    before, wish, after = made
    told, asked = families.sql(before), rng.choice(("", "", "Request: ", "Ticket: ", "From the team: "))
    if rng.random() < 0.25:
        return rng.choice(ASKS), f"{asked}{wish}\n\n{told}", families.sql(after)
    return rng.choice(ASKS), f"{told}\n\n{asked}{wish}", families.sql(after)


def _free(members: Family) -> list[Attribute]:
    tied = {name for check in model.checks(members[-1]) if len(check.columns) == 2 for name in check.columns}
    return [a for a in members[-1].attributes if not (a.target or a.names_record or a.name in tied)]


def _added(members: Family, rng: Random) -> Change | None:
    child, free = members[-1], _free(members)
    if not free:
        return None
    added = rng.choice(free)
    rest = [a for a in child.attributes if a is not added]
    wish = rng.choice(
        (
            "Also store the {} of each {}.",
            "Add {} to every {}.",
            "We forgot something: {}, for every {}.",
            "Customers keep asking for {} on the {}. Please add it.",
            "A field for {} is missing on the {}.",
        )
    )
    said = wish.format(_own(added, rng), child.noun.lower())
    before = families.schema([*members[:-1], families.changed(child, rest)])
    return before, said, families.schema([*members[:-1], families.changed(child, [*rest, added])])


def _own(attribute: Attribute, rng: Random) -> str:
    said = speech.notes(attribute, rng)
    return plain(attribute.name) + (f" ({'; '.join(said)})" if said else "")


def _dropped(members: Family, rng: Random) -> Change | None:
    child, free = members[-1], _free(members)
    if not free:
        return None
    gone = rng.choice(free)
    wish = rng.choice(
        (
            "Nobody uses the {} of the {} any more. Drop it.",
            "Remove {} from {}.",
            "For privacy reasons we may not keep the {} of the {}; take it out.",
        )
    )
    rest = families.changed(child, [a for a in child.attributes if a is not gone])
    said = wish.format(plain(gone.name), plain(child.table))
    return families.schema(members), said, families.schema([*members[:-1], rest])


def _renamed(members: Family, rng: Random) -> Change | None:
    child = members[-1]
    names = {a.name for a in child.attributes}
    found = [(a, label) for a in _free(members) for label in GLOSSARY.get(a.name, ())[1:] if re.fullmatch(r"[A-Za-z ]+", label)]
    found = [(a, label.lower().replace(" ", "_")) for a, label in found]
    found = [(a, name) for a, name in found if name not in names and not a.name.startswith(name)]
    if not found:
        return None
    old, name = rng.choice(found)
    wish = rng.choice(
        ("Rename {} of {} to {}.", "{} in {} should be called {}.", "The column {} of {} is misleading. Call it {} instead.")
    )
    renamed = families.changed(child, [replace(a, name=name) if a is old else a for a in child.attributes])
    return families.schema(members), wish.format(old.name, child.table, name), families.schema([*members[:-1], renamed])


def _widened(members: Family, rng: Random) -> Change | None:
    child = members[-1]
    enums = [a for a in child.attributes if a.values]
    if not enums:
        return None
    grown = rng.choice(enums)
    member = rng.choice([word for word in MORE if word not in grown.values])
    wish = rng.choice(
        ("The {} of {} can now also be {}.", "A new {} for {} is needed: {}.", "Let the {} of {} take one more value, {}.")
    )
    noun = speech.article(child.noun.lower())
    after = [replace(a, argument=f"{a.argument}|{member}") if a is grown else a for a in child.attributes]
    said = wish.format(plain(grown.name), noun, member)
    return families.schema(members), said, families.schema([*members[:-1], families.changed(child, after)])


def _demanded(members: Family, rng: Random) -> Change | None:
    child = members[-1]
    loose = [a for a in child.attributes if not (a.required or a.names_record or a.kind in ("bool", "code", "pickcode"))]
    if not loose:
        return None
    strict = rng.choice(loose)
    wish = rng.choice(
        (
            "Every {} must have a value for {} from now on.",
            "Do not accept {} without a value for {} any longer.",
            "It happened again: {} without a value for {}. The database should refuse that.",
        )
    )
    noun = child.noun.lower() if wish.startswith("Every") else plain(child.table)
    after = [replace(a, required=True) if a is strict else a for a in child.attributes]
    said = wish.format(noun, plain(strict.name))
    return families.schema(members), said, families.schema([*members[:-1], families.changed(child, after)])


def _arrived(members: Family, rng: Random) -> Change | None:
    """A table that was not there: the child, with everything that it has."""
    child = members[-1]
    attributes = [words(a, rng) for a in speech.owned(child)]
    keys = [key for key in speech.keys(child) if key.target != child.table]
    if not attributes or len(members) < 2:
        return None
    pointing = []
    for key in keys:
        role = f" as {plain(key.name)}" if speech.role(key) else ""
        pointing.append(f"one of the {plain(key.target or '')}{role}{' (required)' if key.required else ' (optional)'}")
    wish = rng.choice(
        ("We also want to keep {}: {}. Each points at {}.", "New in the next release: {}, with {}. Each refers to {}.")
    )
    bare = families.changed(child, [a for a in child.attributes if not a.target or a in keys])
    said = " ".join([wish.format(plain(child.table), speech.listed(attributes), speech.listed(pointing)), *speech.spans(child)])
    return families.schema(members[:-1]), said, families.schema([*members[:-1], bare])


def _joined(members: Family, rng: Random) -> Change | None:
    """One to many becomes many to many: the key leaves the child for a table between."""
    child = members[-1]
    keys = [a for a in speech.keys(child) if a.target != child.table and truth.key_name(a.target or "") == a.name]
    if not keys:
        return None
    key = rng.choice(keys)
    one, other = truth.singular(child.table), truth.singular(key.target or "")
    wish = rng.choice(
        (
            "{} can have several {} now, and each of these several {}.",
            "So far {} has one of the {}. It should be any number, and the other way round too ({}).",
        )
    )
    noun = speech.article(child.noun.lower())
    noun = speech.sentence(noun) if wish.startswith("{}") else noun
    rest = families.changed(child, [a for a in child.attributes if a is not key])
    kept = families.schema([*members[:-1], rest])
    names = (f"{one}_id", f"{other}_id")
    between = Table(
        f"{one}_{key.target}",
        tuple(Column(name, KEY.type, not_null=True) for name in names),
        names,
        (ForeignKey(names[:1], child.table, ("id",)), ForeignKey(names[1:], key.target or "", ("id",))),
        indexes=(Index(names[1:]),),
    )
    said = wish.format(noun, plain(key.target or ""), plain(child.table))
    said += f" Keep the pairs in {between.name}."
    return families.schema(members), said, Schema((*kept.tables, between))
