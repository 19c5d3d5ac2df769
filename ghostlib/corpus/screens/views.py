"""Choose what a screen shows: a pure function of a domain, an archetype and a random generator.

>>> plan("shop", "form", random.Random(7)).schema.tables[-1].name  # doctest: +SKIP
'orders'
"""

import random
from dataclasses import replace

from ghostlib.corpus.screens import rows, truth
from ghostlib.corpus.screens.domains import DOMAINS, Attribute, Domain, Entity
from ghostlib.corpus.screens.figures import figures
from ghostlib.corpus.screens.plan import Field, Figure, ScreenPlan, Section
from ghostlib.corpus.screens.samples import STYLES, Sampler, shown
from ghostlib.errors import DataError

ARCHETYPES = ("form", "list", "detail", "dashboard", "master-detail")
STAMPS = ("created_at", "updated_at")  # the application sets them itself, so no form asks for them
ENDS = frozenset(  # a record with one of these left the path
    "cancelled rejected lost declined no_show suspended expired withdrawn overdue returned retired on_hold missed "
    "reversed".split()
)


def plan(domain: str | Domain, archetype: str, rng: random.Random, *, table: str | None = None, room: int = 120) -> ScreenPlan:
    """A screen of `domain`: its fields with labels and sample values in order, and the schema that they imply.

    `room` is how many characters a row of a list has room for (Look.room). Pure: the same arguments and state of `rng`
    give the same plan. Raises DataError for an unknown name.
    """
    if isinstance(domain, str) and domain not in DOMAINS:
        raise DataError(f"unknown domain {domain!r}; one of {', '.join(DOMAINS)}")
    if archetype not in ARCHETYPES:
        raise DataError(f"unknown archetype {archetype!r}; one of {', '.join(ARCHETYPES)}")
    return _Planner(DOMAINS[domain] if isinstance(domain, str) else domain, archetype, rng, room).plan(table)


class _Planner:
    """The choices for one screen; holds the generator, so that the steps below read as sentences."""

    def __init__(self, domain: Domain, archetype: str, rng: random.Random, room: int) -> None:
        self.domain, self.archetype, self.rng, self.room = domain, archetype, rng, room
        self.pages = [entity for entity in domain.entities if not entity.is_part]
        self.sampler = Sampler(domain, rng.choice(STYLES), rng)
        self.marks = rng.choices(("asterisk", "optional", "none"), (6, 2, 1))[0] if archetype == "form" else "none"
        self.is_new = archetype == "form" and rng.random() < 0.4
        self.cased = rng.random() < 0.2  # Title Case labels

    def plan(self, table: str | None) -> ScreenPlan:
        entity = self.domain.entity(table) if table else self._subject()
        record = ""
        computed: tuple[Figure, ...] = ()
        step = ""
        if self.archetype == "form":
            sections = self._form(entity)
            record = sections[0].fields[0].values[0] if entity.naming else ""
        elif self.archetype == "list":
            sections = (self._rows(entity, self.rng.randint(8, 13), furnished=True),)
        elif self.archetype == "dashboard":
            sections, computed = self._dashboard(entity)
        else:
            sections, step = self._detail(entity)
            record = next((f.values[0] for f in sections[0].fields if f.names_record), "")
        return ScreenPlan(
            domain=self.domain.name,
            archetype=self.archetype,
            title=self._title(entity),
            brand=self.rng.choice(self.domain.brands),
            user=self.sampler.person(),
            nav=tuple((e.icon, e.title) for e in self.pages),
            active=self.pages.index(entity) if entity in self.pages else 0,
            sections=sections,
            figures=computed,
            marks=self.marks,
            style=self.sampler.style,
            schema=truth.schema(sections, marks=self.marks),
            record=record,
            step=step,
            is_new=self.is_new,
        )

    def _subject(self) -> Entity:
        entities = [e for e in self.pages if len(e.attributes) > 3]
        weights = [1.0 if any(a.target for a in e.attributes) else 1.6 for e in entities]
        if self.archetype in ("detail", "master-detail"):
            weights = [(1.0 if self._children(e) else 0.02) * bool(e.naming) for e in entities]
        elif self.archetype == "dashboard":
            weights = [1.0 if e.is_dated else 0.2 for e in entities]
        elif self.archetype == "list":
            weights = [
                w * min(1.0, (len(self.sampler.names(e.table)) / 14 if e.naming else 1.0))
                for w, e in zip(weights, entities, strict=True)
            ]
        return self.rng.choices(entities, weights)[0]

    def _title(self, entity: Entity) -> str:
        if self.archetype == "form":
            return f"{self.rng.choice(('New', 'Add', 'Create')) if self.is_new else 'Edit'} {entity.noun.lower()}"
        return self.rng.choice(("Dashboard", "Overview")) if self.archetype == "dashboard" else entity.title

    def _label(self, attribute: Attribute) -> str:
        label = self.rng.choice(attribute.labels) if self.rng.random() < 0.45 else attribute.labels[0]
        return " ".join(w if w.isupper() else w[:1].upper() + w[1:] for w in label.split()) if self.cased else label

    def _choose(self, entity: Entity, count: int, *, without: tuple[str, ...] = (), enums: int = 1) -> list[Attribute]:
        """`count` attributes in the model's order: the naming one, then what is required, then what chance brings."""
        kept = {a.name for a in entity.attributes if a.names_record}
        rest = [a for a in entity.attributes if a.name not in kept and a.name not in without and a.kind not in without]
        self.rng.shuffle(rest)
        rest.sort(key=lambda a: (a.kind != "ref", not a.required) if self.rng.random() < 0.3 else (True, not a.required))
        for attribute in rest:
            if len(kept) < count and (attribute.kind != "enum" or enums > 0):
                enums -= attribute.kind == "enum"
                kept.add(attribute.name)
        return [a for a in entity.attributes if a.name in kept]

    def _field(self, attribute: Attribute, table: str, values: list[str], options: tuple[str, ...] = ()) -> Field:
        target = self.domain.entity(attribute.target) if attribute.target else None
        return Field(
            label=self._label(attribute),
            table=table,
            column=attribute.name,
            kind=attribute.kind,
            type=attribute.type,
            required=attribute.required,
            values=tuple(values),
            options=options,
            target=(target.table, target.naming.name) if target and target.naming else None,
            names_record=attribute.names_record,
            identifies=(target.naming if target and target.naming else attribute).kind in ("code", "pickcode"),
        )

    def _form(self, entity: Entity) -> tuple[Section, ...]:
        needed = sum(a.required or a.names_record for a in entity.attributes)
        count = self.rng.randint(max(4, needed), max(9, needed))
        record = self.sampler.records(entity.table, 1)[0]
        chosen = {a.name for a in self._choose(entity, count, without=STAMPS, enums=9)} | {
            a.name for a in entity.attributes if a.required
        }
        for attribute in entity.attributes:
            if self.is_new and not attribute.required and attribute.kind != "bool" and self.rng.random() < 0.4:
                record[attribute.name] = ""  # not filled in yet
        fields = tuple(
            self._field(a, entity.table, [record[a.name]], tuple(shown(v) for v in a.values))
            for a in entity.attributes
            if a.name in chosen
        )
        form = Section(self.rng.choice(("Details", "General", f"{entity.noun} details")), entity.table, "fields", fields)
        lines = [child for child in self._children(entity) if child.is_part]
        return (form, *(self._belonging(child, entity, 3) for child in lines[:1]))

    def _children(self, entity: Entity) -> list[Entity]:
        """The tables whose rows a page of one record can list: their key is named after the record's table."""
        key = truth.key_name(entity.table)
        return [
            child
            for child in self.domain.children(entity.table)
            if child.table != entity.table and any(a.name == key for a in child.attributes)
        ]

    def _belonging(self, child: Entity, parent: Entity, count: int) -> Section:
        room = {"form": 100, "master-detail": self.room - 46}.get(self.archetype, self.room - 52)
        return self._rows(child, count, parent=parent.table, columns=self.rng.randint(3, 5), room=min(room, self.room))

    def _rows(
        self,
        entity: Entity,
        count: int,
        *,
        parent: str | None = None,
        columns: int = 0,
        furnished: bool = False,
        room: int = 0,
    ) -> Section:
        rng = self.rng
        wide = columns or rng.randint(4, 7)
        hidden = ("long", "address", "url") + ((truth.key_name(parent),) if parent else ())
        attributes = self._choose(entity, wide, without=hidden, enums=1 + (count > 6 and rng.random() < 0.2))
        records = self.sampler.records(entity.table, count)
        enums = [a for a in attributes if a.kind == "enum"]
        tabbed = enums[0].name if furnished and enums and rng.random() < 0.65 else None
        for attribute in enums:
            rows.cover(attribute, records, rng)
        attributes = [a for a in attributes if a.kind != "enum" or a.name == tabbed or len(a.values) <= len(records)]
        fields = tuple(
            self._field(a, entity.table, [r[a.name] for r in records], tuple(shown(v) for v in a.values)) for a in attributes
        )
        fields = rows.fitting(fields, room or self.room)
        tabbed = tabbed if any(f.column == tabbed for f in fields) else None
        searched, words = rows.search(entity, fields, rng) if furnished else ((), "")
        sortable = [f.column for f in fields if f.kind in rows.ORDERED and f.column not in searched]
        arrow = rng.choice(sortable) if furnished and sortable and rng.random() < 0.5 else None
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

    def _detail(self, entity: Entity) -> tuple[tuple[Section, ...], str]:
        """One record's facts, then the rows that belong to it; and the enumeration that is drawn as a path of steps."""
        rng = self.rng
        record = self.sampler.records(entity.table, 1)[0]
        chosen = self._choose(entity, rng.randint(5, 9), enums=1)
        fields = tuple(self._field(a, entity.table, [record[a.name]], tuple(shown(v) for v in a.values)) for a in chosen)
        step = next((f.column for f in fields if f.kind == "enum" and _is_path(f)), "")
        sections = [Section(rng.choice(("Details", "Information", f"{entity.noun} details")), entity.table, "facts", fields)]
        children = self._children(entity)
        if children:
            for child in rng.sample(children, min(len(children), rng.choice((1, 1, 2)) if self.archetype == "detail" else 1)):
                sections.append(self._belonging(child, entity, rng.randint(3, 5)))
        if self.archetype == "master-detail":
            naming = entity.naming
            assert naming is not None
            others = [r[naming.name] for r in self.sampler.records(entity.table, 12) if r[naming.name] != record[naming.name]]
            name = next(f for f in fields if f.names_record)
            listed = replace(name, values=(record[naming.name], *others[:9]))
            searched = (name.column,) if rng.random() < 0.6 else ()
            words = f"Search by {rows.lowered(name.label)}" if searched else ""
            sections.append(
                Section(
                    entity.title,
                    entity.table,
                    "names",
                    (listed,),
                    search=words,
                    searched=searched,
                    total=len(others) + 20,
                )
            )
        return tuple(sections), step

    def _dashboard(self, entity: Entity) -> tuple[tuple[Section, ...], tuple[Figure, ...]]:
        """Lists of recent records, and computed figures, which no column stands for."""
        rng = self.rng
        second = rng.choice([e for e in self.pages if e is not entity and len(e.attributes) > 3])
        main = self._rows(entity, rng.randint(4, 6), columns=rng.randint(4, 6))
        side = self._rows(second, rng.randint(4, 5), columns=3, room=int(self.room * 0.62))
        sections = tuple(
            replace(rows, title=f"{rng.choice(('Recent', 'Latest'))} {rows.title.lower()}" if e.is_dated else rows.title)
            for e, rows in ((entity, main), (second, side))
        )
        return sections, figures(self.pages, rng)


def _is_path(field: Field) -> bool:
    """True where the values are steps that a record takes one after the other: a page can draw them as a path."""
    return field.column in ("status", "stage") and not ENDS & {truth.stored(option) for option in field.options}
