"""The small screen of a rule, written down by hand: fields in a compact text, a plan around them, and the truth it yields.

Order no. | *order_number code | SO-10412; SO-10415       label, column and kind, one value a record
Customer  | customer_id! ref:customers.full_name | Marta Olsen; Jonas Weber
Status    | status enum:Open/Paid | Open; Paid            `*` names the record, `!` is required
Email     | email>full_name email | marta@example.org     the value is a second line in the cell of `full_name`
"""

from dataclasses import dataclass, replace
from typing import Any

from ghostlib.corpus.screens import truth
from ghostlib.corpus.screens.notation import TYPES
from ghostlib.corpus.screens.plan import APART, Field, Figure, ScreenPlan, Section
from ghostlib.corpus.screens.samples import Style
from ghostlib.schemas.ddl import canonical

CODES = ("code", "pickcode")
MANY = ("rows", "cards", "lanes", "messages", "groups", "names", "events")  # layouts that show how many records there are


@dataclass(frozen=True)
class Rule:
    """One rule of reading: its title, what it says, and a screen that it is read off.

    `more` are the plan's own fields (marks, record, steps ...), `width` the picture's in pixels.
    """

    title: str
    words: str
    archetype: str
    sections: tuple[Section, ...]
    more: tuple[tuple[str, Any], ...] = ()
    width: int = 620

    @property
    def plan(self) -> ScreenPlan:
        """The plan of the rule's screen; its truth comes from the sections, as every screen's does."""
        more = dict(self.more)
        first = self.sections[0]
        noun = truth.singular(first.table).replace("_", " ").capitalize()
        name = next((field for field in first.fields if field.names_record), None)
        return ScreenPlan(
            domain="rules",
            domain_title="Example",
            archetype=self.archetype,
            title=more.pop("title", first.table.replace("_", " ").capitalize()),
            noun=noun,
            noun_title=first.table.replace("_", " ").capitalize(),
            about_person=bool(name and name.column == "full_name"),
            brand="Example",
            user="Marta Olsen",
            nav=(("box", first.table.capitalize()),),
            active=0,
            sections=self.sections,
            marks=more.get("marks", "none"),
            style=Style(),
            schema=truth.schema(self.sections, marks=more.pop("marks", "none")),
            **more,
        )

    @property
    def ddl(self) -> str:
        """The statements that the rule's screen implies."""
        return canonical(self.plan.schema)


def section(layout: str, table: str, text: str, *, title: str = "", **more: Any) -> Section:
    """A section of a rule's screen; `text` has a line for each field in this module's notation."""
    fields = tuple(_field(table, line) for line in text.strip().splitlines())
    shown = Section(title or table.replace("_", " ").capitalize(), table, layout, fields, **more)
    return replace(shown, total=shown.total or shown.rows * (layout in MANY))


def card(title: str, number: str, trend: str = "+4.2%") -> Figure:
    """A computed number, which no rule makes a column of."""
    return Figure(title, "card", (number,), trend=trend)


def _field(table: str, line: str) -> Field:
    label, spec, values = (part.strip() for part in line.split("|"))
    column, _, kind = spec.partition(" ")
    column, _, under = column.partition(">")
    kind, _, argument = kind.partition(":")
    other, _, naming = argument.partition(".")
    unique = kind in CODES or (kind in ("ref", "many") and naming.endswith(("_number", "code")))
    shown = tuple(value.strip().replace(" + ", APART) for value in values.split(";"))
    return Field(
        label=label,
        table=table,
        column=column.strip("*!"),
        kind=kind,
        type="bigint" if kind == "many" else TYPES.get(kind, "text"),
        required="!" in column,
        values=() if values == "-" else shown,
        options=tuple(argument.split("/")) if kind == "enum" else (),
        target=(other, naming) if kind in ("ref", "many") else None,
        names_record="*" in column,
        identifies=unique,
        ends=tuple(argument.split("-")) if kind == "slider" else (),
        under=under,
    )
