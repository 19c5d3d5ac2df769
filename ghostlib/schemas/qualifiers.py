"""Every schema name of a file gives way to a throw-away one: the main one loses its name, the others get the judge's."""

from typing import Any

from ghostlib.schemas import rules
from ghostlib.schemas.inventory import OWN, Inventory
from ghostlib.schemas.words import Edit, Words, bare


def mapped(nodes: list[tuple[Any, bool]], words: Words, schemas: set[str], known: Inventory) -> list[Edit]:
    """The edits that put the throw-away schemas' names before what a statement names; `schemas` are those it writes."""
    edits: list[Edit] = []
    for number, word in enumerate(words.all[:-2]):
        after = words.all[number + 1]
        spaced = words.text[word.end + 1 : after.start].strip()  # a comment in between: left to be refused
        if after.name != "ASCII_46" or spaced or words.is_at(number - 1, "ASCII_46"):
            continue
        schema = bare(words.text[word.start : word.end + 1])
        if schema in schemas:
            own = known.own(schema)
            edits.append((word.start, words.place(number + 2), f"{own}." if own else ""))
    for part, _ in nodes:
        value = rules.literal(part)
        if value and part.location is not None:  # regclass 'a.b' tells no place; it is refused for the name left in it
            edits += _literal(value, words, words.at(part.location), known)
        if type(part).__name__ == "AlterObjectSchemaStmt":
            last_word = words.all[-1]
            edits.append((last_word.start, last_word.end + 1, known.own(str(part.newschema)) or OWN))
    return edits


def follow(node: Any, known: Inventory) -> None:
    """Note where bare names are created from a SET search_path on."""
    named = [str(value.val.sval) for value in node.args or () if hasattr(getattr(value, "val", None), "sval")]
    known.path = next((name for name in named if name not in ("", "pg_catalog", "$user", '"$user"', "pg_temp")), "public")


def switch(known: Inventory) -> str:
    """The SET search_path for where bare names are created now, all other throw-away schemas behind it; "" where it stands."""
    if known.sent == known.path:
        return ""
    known.sent = known.path
    first = known.own(known.path) or OWN
    others = [OWN, *(f"{OWN}_{number}" for number in known.schemas.values())]
    return "SET LOCAL search_path = " + ", ".join([first, *(one for one in others if one != first), "pg_catalog"])


def _literal(value: str, words: Words, number: int, known: Inventory) -> list[Edit]:
    """The edit of a name within a text constant, as in nextval('live.ids'); `number` is the word of its call or cast."""
    schema, rest = rules.split_literal(value)
    spelt = "'" + value.replace("'", "''") + "'"
    here = next((n for n in (number - 1, number + 1, number + 2, number + 4) if words.is_at(n, "SCONST", spelt.upper())), -1)
    if not schema or not words.is_at(here, "SCONST"):
        return []
    own = known.own(bare(schema))
    name = (f"{own}." if own else "") + rest
    return [(words.place(here), words.end(here), "'" + name.replace("'", "''") + "'")]
