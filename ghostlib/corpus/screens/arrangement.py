"""How a page arranges what a plan shows: cells of two lines, lanes of a board, days of a month, the pieces of a chip list."""

import calendar

from ghostlib.corpus.screens import rows, truth
from ghostlib.corpus.screens.plan import APART, Field, ScreenPlan, Section
from ghostlib.corpus.screens.samples import TODAY, Style

PROGRESS = frozenset("progress completion occupancy battery_level battery probability attendance fill_level coverage".split())
MENU = {"notification_settings": "Notifications", "billing_settings": "Billing", "account_settings": "Security"}
WIDGETS = {
    "ref": "select",
    "enum": "choice",
    "bool": "switch",
    "long": "text area",
    "stars": "stars",
    "date": "date input",
    "time": "time input",
    "clock": "time input",
    "money": "money input",
    "tags": "tags",
    "many": "multi-select",
    "slider": "slider",
    "color": "colour input",
    "file": "file input",
}


def stands_for(field: Field) -> str:
    """The columns behind a label, `table.column`; a reference stands for its key and for the name that it shows."""
    if field.kind == "many" and field.target:
        join = truth.join_name(field.table, field.target[0])
        return f"{join}.{truth.key_name(field.table)} {join}.{field.column} {'.'.join(field.target)}"
    columns = [f"{field.table}.{field.column}"]
    return " ".join(columns + [".".join(field.target)] if field.target else columns)


def belongs(section: Section) -> str:
    """The column by which the rows of a section point at the record of the page; empty where they do not."""
    return f"{section.table}.{truth.key_name(section.parent)}" if section.parent else ""


def columns(section: Section) -> list[tuple[Field, Field | None]]:
    """The columns of a list, each with the field that stands as a second line in its cells."""
    second = {field.under: field for field in section.fields if field.under}
    return [(field, second.get(field.column)) for field in section.fields if not field.under]


def lane(section: Section, option: str) -> list[int]:
    """The rows that stand in the lane of an option."""
    field = section.field(section.grouped_by)
    return [row for row, value in enumerate(field.values) if value == option] if field else []


def opening(section: Section) -> int:
    """The row whose card carries the labels' evidence: the first card of the first lane."""
    field = section.field(section.grouped_by)
    return lane(section, field.options[0])[0] if field else 0


def lane_sum(section: Section, option: str, column: str, style: Style) -> str:
    """The sum of a lane's amounts, which is computed and no column."""
    field = section.field(column)
    return style.money(sum(rows.amount(field.values[row]) for row in lane(section, option))) if field else ""


def month(section: Section) -> list[tuple[int, bool, list[int]]]:
    """The days of the month in whole weeks: the day's number, whether it is in the month, and its events."""
    weeks = calendar.Calendar().monthdatescalendar(TODAY.year, TODAY.month)
    return [
        (
            day.day,
            day.month == TODAY.month,
            [n for n, at in enumerate(section.days) if day.month == TODAY.month and at == day.day],
        )
        for week in weeks
        for day in week
    ]


def pieces(value: str) -> list[str]:
    """The chips in a value of kind "many" or "tags"."""
    return [piece for piece in value.split(APART if APART in value else ", ") if piece]


def part(field: Field) -> int:
    """How far along its track a slider's knob stands, in percent."""
    low, high = (int(end) for end in field.ends)
    return round(100 * (int(field.values[0] or low) - low) / max(1, high - low))


def clock(value: str) -> str:
    """The time of day in a moment as it is shown."""
    return value.rsplit(", ", 1)[-1]


def place(plan: ScreenPlan) -> str:
    """Which line of a settings menu is the open one."""
    return MENU.get(plan.sections[0].table, "General")


def is_person(field: Field) -> bool:
    """Whether the field shows people."""
    return field.kind == "person" or bool(field.target and field.target[1] == "full_name")


def is_progress(field: Field) -> bool:
    """Whether a percentage says how far something has come, so that a bar can show it."""
    return field.kind == "percent" and field.column in PROGRESS


def widget(field: Field) -> str:
    """What a field is asked for with in a form: one of WIDGETS, else a text input."""
    return WIDGETS.get(field.kind, "text input")
