"""A domain's relational model in a compact text, and the frozen values that it is read into.

    = shop | Shop | Harbor & Oak / Marlow Goods        name, title, brands that a screen may carry
    @ materials: Oak / Linen / Steel                   a list of sample values
    + orders Order cart                                table, one record's noun, icon
    *order_number! code:ORD-10###                      `*` names the record, `!` is required in a form
    customer_id! ref:customers = Customer / Bought by  kind and its argument, then the wordings of the label
    status! enum:pending|paid|shipped
    created_at^ time:past                              `^` has an index in the whole model
    tax_number code:~#########                         `#` a digit, `?` a letter, `~` the country's two letters

Without wordings the label is the glossary's (wordings.py), else the column's own words.
"""

from dataclasses import dataclass

from ghostlib.corpus.screens.wordings import wordings

TYPES = {
    "int": "integer",
    "stars": "integer",
    "money": "numeric(10,2)",
    "decimal": "numeric(10,2)",
    "percent": "numeric(5,2)",
    "date": "date",
    "time": "timestamptz",
    "bool": "boolean",
    "ref": "bigint",
    "tags": "text[]",
    "slider": "integer",
    "clock": "time",
}


@dataclass(frozen=True)
class Attribute:
    """One column of a domain: its kind says the type and the sample values; `argument` is the kind's own.

    `indexed` belongs to the domain's whole model (model.py); a screen has its own signs of an index.
    """

    name: str
    kind: str
    argument: str
    labels: tuple[str, ...]
    required: bool = False
    names_record: bool = False
    indexed: bool = False

    @property
    def type(self) -> str:
        """PostgreSQL's spelling of the column's type."""
        return TYPES.get(self.kind, "text")

    @property
    def values(self) -> tuple[str, ...]:
        """The members of an enumeration, else empty."""
        return tuple(self.argument.split("|")) if self.kind == "enum" else ()

    @property
    def target(self) -> str | None:
        """The table that a foreign key points at, else None."""
        return self.argument if self.kind == "ref" else None


@dataclass(frozen=True)
class Entity:
    """One table of a domain, with the noun of one record and the name of its icon."""

    table: str
    noun: str
    icon: str
    attributes: tuple[Attribute, ...]

    @property
    def title(self) -> str:
        """What a navigation calls the table: `order_items` is `Order items`."""
        return self.table.replace("_", " ").capitalize()

    @property
    def is_part(self) -> bool:
        """True for lines of another record (`order_items`), which have no page of their own."""
        return self.table.endswith(("_items", "_lines"))

    @property
    def is_dated(self) -> bool:
        """True where records have a day or a time, so that some of them are the latest."""
        return any(a.kind == "time" or (a.kind == "date" and a.argument in ("past", "future")) for a in self.attributes)

    @property
    def naming(self) -> Attribute | None:
        """The attribute that names a record, or None where a record has no name."""
        return next((attribute for attribute in self.attributes if attribute.names_record), None)

    def attribute(self, name: str) -> Attribute:
        """The attribute of that name; KeyError where there is none."""
        for attribute in self.attributes:
            if attribute.name == name:
                return attribute
        raise KeyError(f"{self.table}.{name}")


@dataclass(frozen=True)
class Domain:
    """A relational model that applications of one kind share."""

    name: str
    title: str
    brands: tuple[str, ...]
    entities: tuple[Entity, ...]
    lists: dict[str, tuple[str, ...]]

    def entity(self, table: str) -> Entity:
        """The entity of that table; KeyError where there is none."""
        for entity in self.entities:
            if entity.table == table:
                return entity
        raise KeyError(f"{self.name}.{table}")

    def children(self, table: str) -> tuple[Entity, ...]:
        """The entities that point at `table`."""
        return tuple(entity for entity in self.entities if any(a.target == table for a in entity.attributes))


def parse(text: str) -> dict[str, Domain]:
    """Every domain in the notation of this module, by name, in the order of the text."""
    domains: dict[str, Domain] = {}
    for block in text.split("\n= ")[1:]:
        head, *lines = block.strip().splitlines()
        name, title, brands = (part.strip() for part in head.split("|"))
        lists: dict[str, tuple[str, ...]] = {}
        entities: list[tuple[list[str], list[Attribute]]] = []
        for line in filter(None, map(str.strip, lines)):
            if line.startswith("@"):
                key, _, items = line[1:].partition(":")
                lists[key.strip()] = lists.get(key.strip(), ()) + _split(items)
            elif line.startswith("+"):
                entities.append((line[1:].split(), []))
            else:
                entities[-1][1].append(_attribute(line))
        domains[name] = Domain(
            name, title, _split(brands), tuple(_entity(words, attributes) for words, attributes in entities), lists
        )
    return domains


def _entity(words: list[str], attributes: list[Attribute]) -> Entity:
    return Entity(words[0], " ".join(words[1:-1]), words[-1], tuple(attributes))


def _attribute(line: str) -> Attribute:
    spec, _, labels = line.partition("=")
    name, kind = spec.split(maxsplit=1)
    kind, _, argument = kind.strip().partition(":")
    plain = name.strip("*!^")
    return Attribute(
        name=plain,
        kind=kind,
        argument=argument,
        labels=_split(labels) or wordings(plain),
        required="!" in name,
        names_record=name.startswith("*"),
        indexed="^" in name,
    )


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split("/") if part.strip())
