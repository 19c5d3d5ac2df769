"""What a screen shows, before any HTML: fields with labels and values in order, and the schema that they imply."""

from dataclasses import dataclass

from ghostlib.corpus.screens.samples import Style
from ghostlib.schemas.schema import Schema

APART = "\n"  # between the records that one field of kind "many" shows


@dataclass(frozen=True)
class Field:
    """One label of a screen, the column that it stands for, and what is shown under it.

    `kind` is the attribute's kind (notation.py), or "many" for chips that name several records of another table; `values`
    the texts shown (one in a form, one a row in a list), `options` the members of an enumeration as shown, `ends` the two
    ends of a slider. A reference carries the table and the column whose value it shows. `identifies` is true for a code or
    a number that no two records share (for a reference: of the record it points at). `under` names the column in whose
    cell the value stands as a second line; `help`, `error` and `locked` are what a form adds to an input.
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
    ends: tuple[str, ...] = ()
    under: str = ""
    help: str = ""
    error: str = ""
    locked: bool = False


@dataclass(frozen=True)
class Section:
    """A part of a screen that shows one table.

    `layout` is "fields" (inputs), "settings" (inputs that nothing marks as required), "facts" (label and value), "rows"
    (a list), "cards", "lanes" (a board), "events" (a calendar), "messages" (an inbox), "message" (the open one), "groups"
    (a report) or "names" (the records' names only, beside the one that is open). `parent` is the table of the record that
    the rows belong to. `grouped_by` is the column of a board's lanes or a report's groups, `dated_by` the column that puts
    an event on a day, `days` the days of the month. `counts` stand on the tabs, `totals` under the columns (computed, so
    not in the truth); `extras` are the small things around rows that applications have ("bulk", "empty", "pictures", "board").
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
    grouped_by: str | None = None
    dated_by: str | None = None
    days: tuple[int, ...] = ()
    counts: tuple[int, ...] = ()
    totals: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    total: int = 0

    @property
    def rows(self) -> int:
        """How many records are shown."""
        return max((len(field.values) for field in self.fields), default=0)

    def field(self, column: str | None) -> Field | None:
        """The field of a column, or None."""
        return next((field for field in self.fields if field.column == column), None)


@dataclass(frozen=True)
class Figure:
    """A computed thing, which is no column: a card with a number, a chart, or a line of a sum."""

    title: str
    kind: str
    numbers: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    trend: str = ""


@dataclass(frozen=True)
class ScreenPlan:
    """One screen: what it shows (`sections`), what stands around it, and the exact truth (`schema`).

    `noun` and `noun_title` are what one record and the page of all are called; `about_person` is true where a record is a
    person. `marks` says how a form shows what is required: "asterisk", "optional" (the others are marked) or "none".
    `step` is the column that a record's page draws as a path, `steps` and `at` are a wizard's. `small` is true for a
    phone's width. `extras` are what applications hang on every record ("comments", "activity", "files").
    """

    domain: str
    domain_title: str
    archetype: str
    title: str
    noun: str
    noun_title: str
    about_person: bool
    brand: str
    user: str
    nav: tuple[tuple[str, str], ...]
    active: int
    sections: tuple[Section, ...]
    marks: str
    style: Style
    schema: Schema
    figures: tuple[Figure, ...] = ()
    record: str = ""
    step: str = ""
    is_new: bool = False
    steps: tuple[str, ...] = ()
    at: int = 0
    small: bool = False
    extras: tuple[str, ...] = ()
