"""A domain's whole relational model as a Schema: every table with types, keys, checks and indexes.

A screen shows a part of it and its truth is that part (truth.py); the text examples are told from it.
"""

from ghostlib.corpus.screens.notation import Attribute, Domain, Entity
from ghostlib.schemas.schema import Check, Column, ForeignKey, Index, Schema, Table

KEY = Column("id", "bigint", not_null=True, identity=True)
SPANS = (("start_date", "end_date"), ("starts_at", "ends_at"), ("check_in", "check_out"), ("salary_min", "salary_max"))


def schema(domain: Domain) -> Schema:
    """Every table of the domain, a table after those that it points at."""
    done: dict[str, Table] = {}

    def place(entity: Entity) -> None:
        if entity.table not in done:
            for attribute in entity.attributes:
                if attribute.target and attribute.target != entity.table:
                    place(domain.entity(attribute.target))
            done[entity.table] = table(entity)

    for entity in domain.entities:
        place(entity)
    return Schema(tuple(done.values()))


def table(entity: Entity) -> Table:
    """One table: NOT NULL where a form requires a value, UNIQUE codes, checks of `checks`, an index on every foreign key."""
    keys = [attribute for attribute in entity.attributes if attribute.target]
    indexed = [a for a in entity.attributes if a.indexed and not unique(a) and not a.target]
    return Table(
        name=entity.table,
        columns=(KEY, *(Column(a.name, a.type, a.names_record or a.required or a.kind == "bool") for a in entity.attributes)),
        primary_key=("id",),
        foreign_keys=tuple(ForeignKey((a.name,), a.target or "", ("id",)) for a in keys),
        unique=tuple((a.name,) for a in entity.attributes if unique(a)),
        checks=checks(entity),
        indexes=tuple(Index((a.name,)) for a in (*keys, *indexed)),
    )


def checks(entity: Entity) -> tuple[Check, ...]:
    """The enumerations, the ranges of stars, sliders and percentages, and that an end lies behind its start."""
    found = [check for attribute in entity.attributes if (check := _check(attribute))]
    names = {attribute.name for attribute in entity.attributes}
    spans = [(low, high) for low, high in SPANS if {low, high} <= names]
    return (*found, *(Check(f"{high} >= {low}", (low, high)) for low, high in spans))


def unique(attribute: Attribute) -> bool:
    """True for a code that every record has and no two records share."""
    return attribute.kind in ("code", "pickcode") and (attribute.required or attribute.names_record)


def _check(attribute: Attribute) -> Check | None:
    name = attribute.name
    if attribute.values:
        listed = ", ".join(f"'{value}'" for value in attribute.values)
        return Check(f"{name} IN ({listed})", (name,), attribute.values)
    ends = {"stars": "1-5", "percent": "0-100", "slider": attribute.argument}.get(attribute.kind)
    return Check(f"{name} BETWEEN {' AND '.join(ends.split('-'))}", (name,)) if ends else None
