"""What a screen shows, before any HTML: fields with labels and values in order, and the schema that they imply."""

from dataclasses import dataclass

from ghostlib.corpus.screens.samples import Style
from ghostlib.schemas.schema import Schema


@dataclass(frozen=True)
class Field:
    """One label of a screen, the column that it stands for, and what is shown under it.

    `kind` is the attribute's kind (notation.py), `values` the texts shown (one in a form, one a row in a list),
    `options` the members of an enumeration as shown. A reference carries the table and the column whose value it shows.
    `identifies` is true for a code or a number that no two records share (for a reference: of the record it points at).
    """

    label: str
    table: str
    column: str
    kind: str
    type: str
    required: bool
    values: tuple[str, ...]
    options: tuple[str, ...] = ()
    target: tuple[str, str] | None = None
    names_record: bool = False
    identifies: bool = False


@dataclass(frozen=True)
class Section:
    """A part of a screen that shows one table.

    `layout` is "fields" (inputs), "facts" (label and value), "rows" (a list) or "names" (the records' names only,
    beside the one that is open). `parent` is the table of the record that the rows belong to.
    """

    title: str
    table: str
    layout: str
    fields: tuple[Field, ...]
    parent: str | None = None
    search: str = ""
    searched: tuple[str, ...] = ()
    sorted_by: str | None = None
    filtered_by: str | None = None
    total: int = 0

    @property
    def rows(self) -> int:
        """How many records are shown."""
        return max((len(field.values) for field in self.fields), default=0)


@dataclass(frozen=True)
class Figure:
    """A computed thing on a dashboard, which is no column: a card with a number, or a chart."""

    title: str
    kind: str
    numbers: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    trend: str = ""


@dataclass(frozen=True)
class ScreenPlan:
    """One screen: what it shows (`sections`), what stands around it, and the exact truth (`schema`).

    `marks` says how a form shows what is required: "asterisk", "optional" (the others are marked) or "none".
    """

    domain: str
    archetype: str
    title: str
    brand: str
    user: str
    nav: tuple[tuple[str, str], ...]
    active: int
    sections: tuple[Section, ...]
    figures: tuple[Figure, ...]
    marks: str
    style: Style
    schema: Schema
    record: str = ""
    step: str = ""
    is_new: bool = False
