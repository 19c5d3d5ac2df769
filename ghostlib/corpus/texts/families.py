"""A few tables of a domain, each cut to a few columns: what one text example is about."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from random import Random

from ghostlib.corpus.screens import model
from ghostlib.corpus.screens.domains import Attribute, Domain, Entity
from ghostlib.errors import SchemaError
from ghostlib.schemas import ddl, postgres
from ghostlib.schemas.schema import Schema

Family = list[Entity]


def family(domain: Domain, rng: Random, *, without: Collection[str] = ()) -> Family:
    """An entity after its parents, each cut to a few attributes; foreign keys lead inside the family only.

    `without` are kinds of attributes that are left out. No attribute asks for an index of its own.
    """
    child = rng.choice(
        [entity for entity in domain.entities if any(a.target != entity.table for a in entity.attributes if a.target)]
    )
    parents = sorted({a.target for a in child.attributes if a.target} - {child.table})
    parents = sorted(rng.sample(parents, min(len(parents), rng.choice((1, 2, 2)))))
    itself = [child.table] if rng.random() < 0.5 else []
    chosen = []
    for entity in [*(domain.entity(table) for table in parents), child]:
        own = entity is child
        keys = [a for a in entity.attributes if own and a.target in (*parents, *itself)]
        plain = [a for a in entity.attributes if not (a.target or a.names_record or a.kind in without)]
        some = rng.sample(plain, min(len(plain), rng.choice((3, 4, 5) if own else (1, 2))))
        kept = [replace(a, indexed=False) for a in entity.attributes if a.names_record or a in keys or a in some]
        chosen.append(replace(entity, attributes=tuple(kept)))
    return chosen


def schema(members: Sequence[Entity]) -> Schema:
    """The tables of a family, in its order."""
    return Schema(tuple(map(model.table, members)))


def sql(wanted: Schema) -> str:
    """The schema in the target language, as PostgreSQL reads it back. Raises SchemaError where it does not create."""
    verdict = postgres.judge(ddl.canonical(wanted))
    if verdict.schema is None:
        raise SchemaError(f"a told schema does not create: {verdict.problems[0].message}.")
    return ddl.canonical(verdict.schema).strip()


def changed(entity: Entity, attributes: Sequence[Attribute]) -> Entity:
    """The entity with these attributes in place of its own."""
    return replace(entity, attributes=tuple(attributes))


def cut(members: Family, keep: Collection[Attribute]) -> Family:
    """The family without the attributes that are not among `keep`."""
    return [changed(entity, [a for a in entity.attributes if a in keep]) for entity in members]
