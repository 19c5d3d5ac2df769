"""The choices that every archetype makes: which attributes, under which labels, with which rows."""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from ghostlib.corpus.screens import rows, truth
from ghostlib.corpus.screens.domains import Attribute, Domain, Entity
from ghostlib.corpus.screens.plan import APART, Field, ScreenPlan, Section
from ghostlib.corpus.screens.samples import STYLES, Sampler, shown

PHONE = 60  # a row with room for fewer characters is a phone's
SPACIOUS = ("long", "address", "url", "file")  # kinds that no row of a list has room for
SPOKEN = ("name", "full_name", "title", "subject")  # names that need no label: the heading of a record says them


class Scene:
    """One screen in the making: its domain, its generator and what the choices so far have fixed.

    `room` is how many characters a row of a list has room for; `small` is true where that is a phone's width.
    """

    def __init__(self, domain: Domain, archetype: str, rng: random.Random, room: int) -> None:
        self.domain, self.archetype, self.rng, self.room = domain, archetype, rng, room
        self.small = room < PHONE
        self.pages = [entity for entity in domain.entities if not entity.is_part]
        self.style = rng.choice(STYLES)
        self.sampler = Sampler(domain, self.style, rng)
        self.cased = rng.random() < 0.2  # Title Case labels

    def chance(self, likely: float) -> bool:
        """True with that probability."""
        return self.rng.random() < likely

    def extend(self, entities: Iterable[Entity], lists: dict[str, tuple[str, ...]]) -> None:
        """Gives the domain tables that every application has (settings, messages), for this screen alone.

        They stand in the place of the domain's own of that name.
        """
        added = {entity.table: entity for entity in entities}
        kept = tuple(entity for entity in self.domain.entities if entity.table not in added)
        self.domain = replace(self.domain, entities=(*kept, *added.values()), lists=self.domain.lists | lists)
        self.sampler = Sampler(self.domain, self.style, self.rng)

    def plan(self, entity: Entity, title: str, sections: Sequence[Section], *, marks: str = "none", **more: Any) -> ScreenPlan:
        """The finished plan of a screen about `entity`; `more` are ScreenPlan's own fields."""
        return ScreenPlan(
            domain=self.domain.name,
            domain_title=self.domain.title,
            archetype=self.archetype,
            title=title,
            noun=entity.noun,
            noun_title=entity.title,
            about_person=bool(entity.naming and entity.naming.name == "full_name"),
            brand=self.rng.choice(self.domain.brands),
            user=self.sampler.person(),
            nav=tuple((e.icon, e.title) for e in self.pages),
            active=self.pages.index(entity) if entity in self.pages else -1,
            sections=tuple(sections),
            marks=marks,
            style=self.style,
            schema=truth.schema(sections, marks=marks),
            small=self.small,
            **more,
        )

    def subject(self, table: str | None, weight: Callable[[Entity], float]) -> Entity:
        """The entity of `table`, or one by chance: `weight(entity)` says how likely, times what it says of relations."""
        if table:
            return self.domain.entity(table)
        entities = [e for e in self.pages if len(e.attributes) > 3] or self.pages
        return self.rng.choices(entities, [weight(e) * (1.0 if rows.refers(e) else 0.5) + 1e-6 for e in entities])[0]

    def label(self, attribute: Attribute) -> str:
        """One wording of the attribute's label, often the first."""
        label = self.rng.choice(attribute.labels) if self.chance(0.45) else attribute.labels[0]
        return " ".join(w if w.isupper() else w[:1].upper() + w[1:] for w in label.split()) if self.cased else label

    def choose(self, entity: Entity, count: int, *, without: Iterable[str] = (), enums: int = 1) -> list[Attribute]:
        """`count` attributes in the model's order: the naming one, a reference, what is required, what chance brings."""
        kept = {a.name for a in entity.attributes if a.names_record}
        rest = [a for a in entity.attributes if a.name not in kept and a.name not in without and a.kind not in without]
        self.rng.shuffle(rest)
        first = "ref" if self.chance(0.8) else ""
        rest.sort(key=lambda a: (a.kind != first, not a.required))
        references = [a for a in rest if a.kind == first]
        for attribute in [*references[:1], *sorted(references[1:] + [a for a in rest if a.kind != first], key=_optional)]:
            if len(kept) < count and (attribute.kind != "enum" or enums > 0):
                enums -= attribute.kind == "enum"
                kept.add(attribute.name)
        return [a for a in entity.attributes if a.name in kept]

    def field(self, attribute: Attribute, table: str, values: Iterable[str]) -> Field:
        """The attribute as a label with its values."""
        target = self.domain.entity(attribute.target) if attribute.target else None
        return Field(
            label=self.label(attribute),
            table=table,
            column=attribute.name,
            kind=attribute.kind,
            type=attribute.type,
            required=attribute.required,
            values=tuple(values),
            options=tuple(map(shown, attribute.values)),
            target=(target.table, target.naming.name) if target and target.naming else None,
            names_record=attribute.names_record,
            identifies=(target.naming if target and target.naming else attribute).kind in ("code", "pickcode"),
            ends=tuple(attribute.argument.split("-")) if attribute.kind == "slider" else (),
        )

    def facts(self, entity: Entity, attributes: Iterable[Attribute], record: dict[str, str]) -> tuple[Field, ...]:
        """The attributes with the values of one record."""
        return tuple(self.field(a, entity.table, [record[a.name]]) for a in attributes)

    def many(self, entity: Entity, records: int = 1, most: int = 3) -> tuple[Field, ...]:
        """The chips of other records that `entity` is joined with through a table of two references; empty without one."""
        joined = rows.joined(self.domain, entity)
        if not joined:
            return ()
        other = self.rng.choice(joined)
        names = self.sampler.names(other.table)
        values = [APART.join(self.rng.sample(names, min(len(names), self.rng.randint(1, most)))) for _ in range(records)]
        column, naming = truth.key_name(other.table), other.naming
        assert naming is not None
        unique = naming.kind in ("code", "pickcode")
        named = (other.table, naming.name)
        return (Field(other.title, entity.table, column, "many", "bigint", False, tuple(values), (), named, identifies=unique),)

    def children(self, entity: Entity) -> list[Entity]:
        """The tables whose rows a page of one record can list: their key is named after the record's table."""
        key = truth.key_name(entity.table)
        return [
            child
            for child in self.domain.children(entity.table)
            if child.table != entity.table and any(a.name == key for a in child.attributes)
        ]

    def belonging(self, child: Entity, parent: Entity, count: int, room: int) -> Section:
        """The rows of `child` on the page of one record of `parent`."""
        return self.rows(child, count, parent=parent.table, columns=self.rng.randint(3, 5), room=min(room, self.room))

    def records(self, entity: Entity, attributes: Iterable[Attribute], count: int) -> list[dict[str, str]]:
        """`count` records in which every member of the chosen enumerations is shown, where there are enough of them."""
        found = self.sampler.records(entity.table, count)
        for attribute in attributes:
            rows.cover(attribute, found, self.rng)
        return found

    def rows(
        self,
        entity: Entity,
        count: int,
        *,
        parent: str | None = None,
        columns: int = 0,
        furnished: bool = False,
        room: int = 0,
    ) -> Section:
        """A list of `count` records; `furnished` gives it search, tabs and a sort arrow by chance."""
        rng = self.rng
        wide = min(columns or rng.randint(4, 7), 4 if self.small else 9)
        hidden = SPACIOUS + ((truth.key_name(parent),) if parent else ())
        attributes = self.choose(entity, wide, without=hidden, enums=1 + (count > 6 and self.chance(0.2)))
        records = self.records(entity, attributes, count)
        enums = [a for a in attributes if a.kind == "enum"]
        tabbed = enums[0].name if furnished and enums and self.chance(0.65) else None
        attributes = [a for a in attributes if a.kind != "enum" or a.name == tabbed or len(a.values) <= len(records)]
        fields = tuple(self.field(a, entity.table, [r[a.name] for r in records]) for a in attributes)
        fields = fields if self.small else rows.fitting(fields, room or self.room)
        tabbed = tabbed if any(f.column == tabbed for f in fields) else None
        searched, words = rows.search(entity, fields, rng) if furnished else ((), "")
        sortable = [f.column for f in fields if f.kind in rows.ORDERED and f.column not in searched]
        arrow = rng.choice(sortable) if furnished and sortable and self.chance(0.5) else None
        fields = rows.ordered(fields, records, arrow) if arrow else fields
        return Section(
            title=entity.title,
            table=entity.table,
            layout="rows",
            fields=fields,
            parent=parent,
            search=words,
            searched=searched,
            sorted_by=arrow,
            filtered_by=tabbed,
            total=len(records) if parent or len(records) < count else rng.randint(len(records) + 3, 480),
        )


def _optional(attribute: Attribute) -> bool:
    return not attribute.required
