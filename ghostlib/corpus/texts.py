"""The text examples: hand-written ones (`data/texts.md`) and ones told from the domains' models, always the same.

`python -m ghostlib.corpus.texts` writes them to `data/dataset.json`.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

from ghostlib import config
from ghostlib.corpus.records import Text, save
from ghostlib.corpus.screens.domains import DOMAINS, TRAINING, Attribute, Domain, Entity
from ghostlib.errors import DataError, SchemaError
from ghostlib.schemas import ddl, postgres
from ghostlib.schemas.schema import Check, Column, ForeignKey, Index, Schema, Table

SEED = 7
EACH = 10  # examples of each kind
LONGEST = 1100  # characters of an answer, about 350 tokens
KEY = Column("id", "bigint", not_null=True, identity=True)
HINTS = {
    "int": "whole number",
    "stars": "1 to 5 stars",
    "money": "amount of money",
    "decimal": "decimal number",
    "percent": "percent",
    "date": "date",
    "time": "date and time",
    "bool": "yes or no",
}
WIDGETS = {
    "bool": "switch",
    "date": "date picker",
    "time": "date and time picker",
    "stars": "five stars",
    "money": "amount in $",
    "percent": "number in %",
    "int": "stepper",
    "decimal": "number with decimals",
    "long": "text area",
}


def main() -> None:
    """Writes `data/dataset.json`."""
    folder = config.root() / "data"
    texts = [*written(folder / "texts.md"), *told()]
    print(f"{save(texts, folder / 'dataset.json')}: {len(texts)} examples")


def written(path: Path) -> list[Text]:
    """The hand-written examples of a Markdown file: `## domain | instruction`, the input, `Answer:`, a fenced block of SQL."""
    texts = []
    for block in path.read_text(encoding="utf-8").split("\n## ")[1:]:
        head, _, body = block.partition("\n")
        given, answer, fenced = body.partition("\nAnswer:\n")
        domain, bar, instruction = head.partition(" | ")
        sql = re.search(r"```sql\n(.*?)```", fenced, re.DOTALL)
        if not (bar and answer and sql):
            raise DataError(f"{path}: the example {head[:60]!r} lacks `domain | instruction`, `Answer:` or its ```sql block.")
        texts.append(Text(instruction.strip(), _unwrapped(given), sql.group(1).strip(), domain.strip()))
    return texts


def _unwrapped(given: str) -> str:
    """The input without its fences, each wrapped paragraph of prose on one line; lists and SQL keep their lines."""
    parts = re.split(r"```sql\n(.*?)\n```", given.strip(), flags=re.DOTALL)
    parts[::2] = [re.sub(r"(?<=\S)\n(?=[^\n-])", " ", prose) for prose in parts[::2]]
    return "".join(parts).strip()


def told(seed: int = SEED) -> list[Text]:
    """The examples told from the training domains' relational models: `EACH` of every kind, no two with one answer."""
    rng = Random(seed)
    kinds: list[Callable[[Domain, list[Entity], Random], tuple[str, str, Schema] | None]]
    kinds = [_description, _change, _normalisation, _indexing, _elements]
    texts: list[Text] = []
    for number, kind in enumerate(kinds):
        made = 0
        while made < EACH:
            domain = DOMAINS[TRAINING[(made * 2 + number * 3 + rng.randrange(3)) % len(TRAINING)]]
            example = kind(domain, _family(domain, rng), rng)
            if example is None:
                continue
            instruction, given, schema = example
            answer = _sql(schema)
            if len(answer) <= LONGEST and all(answer != text.output for text in texts):
                texts.append(Text(instruction, given, answer, domain.name))
                made += 1
    return texts


def _family(domain: Domain, rng: Random) -> list[Entity]:
    """An entity after its parents, each cut to a few attributes; foreign keys lead inside the family only."""
    child = rng.choice([entity for entity in domain.entities if any(a.target for a in entity.attributes)])
    parents = sorted({a.target for a in child.attributes if a.target} - {child.table})[:2]
    chosen = []
    for entity in [*(domain.entity(table) for table in parents), child]:
        keys = [a for a in entity.attributes if entity is child and a.target in parents]
        plain = [a for a in entity.attributes if not a.target and not a.names_record]
        some = rng.sample(plain, min(len(plain), rng.choice((1, 2)) if entity is not child else rng.choice((3, 4))))
        kept = [a for a in entity.attributes if a.names_record or a in keys or a in some]
        chosen.append(replace(entity, attributes=tuple(kept)))
    return chosen


def _table(entity: Entity) -> Table:
    columns = tuple(Column(a.name, a.type, a.names_record or a.required or a.kind == "bool") for a in entity.attributes)
    keys = [a for a in entity.attributes if a.target]
    checks = [
        Check(f"{a.name} IN ({', '.join(map(repr, a.values))})", (a.name,), a.values) for a in entity.attributes if a.values
    ]
    stars = [Check(f"{a.name} BETWEEN 1 AND 5", (a.name,)) for a in entity.attributes if a.kind == "stars"]
    return Table(
        entity.table,
        (KEY, *columns),
        ("id",),
        tuple(ForeignKey((a.name,), a.target or "", ("id",)) for a in keys),
        tuple((a.name,) for a in entity.attributes if _unique(a)),
        (*checks, *stars),
        tuple(Index((a.name,)) for a in keys),
    )


def _sql(schema: Schema) -> str:
    """The schema in the target language, as PostgreSQL reads it back. Raises SchemaError where it does not create."""
    verdict = postgres.judge(ddl.canonical(schema))
    if verdict.schema is None:
        raise SchemaError(f"a told schema does not create: {verdict.problems[0].message}.")
    return ddl.canonical(verdict.schema).strip()


def _schema(family: Sequence[Entity]) -> Schema:
    return Schema(tuple(_table(entity) for entity in family))


def _unique(attribute: Attribute) -> bool:
    return attribute.kind in ("code", "pickcode") and attribute.required


def _plain(name: str) -> str:
    return name.removesuffix("_id").replace("_", " ")


def _listed(words: Sequence[str], last: str = "and") -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def _words(attribute: Attribute) -> str:
    """An attribute as a sentence names it: `status (required; pending, paid or shipped)`."""
    notes = ["required"] if attribute.required and not attribute.names_record else []
    notes += ["unique"] if _unique(attribute) else []
    notes += [HINTS[attribute.kind]] if attribute.kind in HINTS else []
    notes += [_listed(attribute.values, "or")] if attribute.values else []
    return _plain(attribute.name) + (f" ({'; '.join(notes)})" if notes else "")


def _sentence(entity: Entity) -> str:
    owned = [_words(a) for a in entity.attributes if not a.target]
    text = f"{entity.title} have {_listed(owned)}."
    for key in (a for a in entity.attributes if a.target):
        role = "" if key.name.removesuffix("_id") in (key.target or "") else f" as its {_plain(key.name)}"
        must = "belongs to" if key.required else "may belong to"
        text += f" Each {entity.noun.lower()} {must} one of the {_plain(key.target or '')}{role}."
    return text


def _description(domain: Domain, family: list[Entity], rng: Random) -> tuple[str, str, Schema]:
    brand = rng.choice(domain.brands)
    opening = rng.choice(
        (f"{brand} needs a database ({domain.title.lower()}).", f"An application for {brand}: {domain.title.lower()}.")
    )
    return (
        rng.choice(("Design the PostgreSQL schema for this product.", "Turn this description into PostgreSQL tables.")),
        " ".join([opening, *map(_sentence, family)]),
        _schema(family),
    )


def _change(domain: Domain, family: list[Entity], rng: Random) -> tuple[str, str, Schema] | None:
    child = family[-1]
    free = [a for a in child.attributes if not a.target and not a.names_record]
    if not free:
        return None
    added = rng.choice(free)
    kept = replace(child, attributes=tuple(a for a in child.attributes if a is not added))
    grown = replace(child, attributes=(*kept.attributes, added))
    wish = rng.choice(("Also store the {} of each {}.", "Add {} to every {}."))
    return (
        rng.choice(("Change the schema as requested. Answer with the whole schema.", "Write the schema after this change.")),
        f"{_sql(_schema([*family[:-1], kept]))}\n\n{wish.format(_words(added), child.noun.lower())}",
        _schema([*family[:-1], grown]),
    )


def _normalisation(domain: Domain, family: list[Entity], rng: Random) -> tuple[str, str, Schema]:
    child = family[-1]
    flat: list[tuple[str, str]] = []
    for parent in family[:-1]:
        prefix = next(a.name.removesuffix("_id") for a in child.attributes if a.target == parent.table)
        flat += [(f"{prefix}_{a.name}", a.type) for a in parent.attributes]
    flat += [(a.name, a.type) for a in child.attributes if not a.target]
    export = Table(f"{child.table}_export", tuple(Column(name, kind) for name, kind in flat))
    bare = [
        replace(
            entity,
            attributes=tuple(a if a.kind != "enum" else replace(a, kind="words", argument="") for a in entity.attributes),
        )
        for entity in family
    ]
    plain = [replace(e, attributes=tuple(replace(a, required=bool(a.target)) for a in e.attributes)) for e in bare]
    return (
        rng.choice(("Normalise this table.", "This table repeats itself. Split it into a normalised schema.")),
        _sql(Schema((export,))),
        _schema(plain),
    )


def _indexing(domain: Domain, family: list[Entity], rng: Random) -> tuple[str, str, Schema] | None:
    whole = _schema(family)
    child = whole.tables[-1]
    covered = {names[0] for names in child.unique} | {key.columns[0] for key in child.foreign_keys}
    free = [a for a in family[-1].attributes if a.name not in covered and a.kind not in ("long", "bool")]
    if not free:
        return None
    wanted = rng.choice(free)
    bare = Schema(tuple(replace(table, indexes=()) for table in whole.tables))
    ask = f"The list of {_plain(child.name)} is filtered by {_plain(wanted.name)}, and foreign keys are joined all day."
    indexed = replace(child, indexes=(*child.indexes, Index((wanted.name,))))
    return (
        rng.choice(("Add the indexes that this use needs.", "Write the schema again with the right indexes.")),
        f"{_sql(bare)}\n\n{ask}",
        Schema((*whole.tables[:-1], indexed)),
    )


def _elements(domain: Domain, family: list[Entity], rng: Random) -> tuple[str, str, Schema]:
    child = family[-1]
    kept = [replace(p, attributes=tuple(a for a in p.attributes if a.names_record)) for p in family[:-1]]
    rows = [f"Screen: new {child.noun.lower()} ({domain.title})"]
    for attribute in child.attributes:
        widget = WIDGETS.get(attribute.kind, "text field")
        if attribute.values:
            widget = f"chips {' / '.join(attribute.values)}"
        if attribute.target:
            shown = next((a.name for p in kept if p.table == attribute.target for a in p.attributes), "id")
            widget = f"select filled with {_plain(attribute.target)} by {_plain(shown)}"
        must = " *" if attribute.required or attribute.names_record else ""
        note = ", no duplicates" if _unique(attribute) else ""
        rows.append(f"- {_plain(attribute.name).capitalize()}{must}: {widget}{note}")
    return (
        rng.choice(("Write the PostgreSQL schema behind this screen.", "A form has these elements. Write its schema.")),
        "\n".join(rows),
        _schema([*kept, child]),
    )


if __name__ == "__main__":
    main()
