"""A plan as an HTML page: one file with its CSS and icons in it, and on every label the column that it stands for."""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from ghostlib.corpus.screens import truth
from ghostlib.corpus.screens.domains import DOMAINS
from ghostlib.corpus.screens.icons import icon
from ghostlib.corpus.screens.looks import Look
from ghostlib.corpus.screens.plan import Field, ScreenPlan, Section

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
TONES = (  # blue, amber, green, violet, red
    {"booked", "sent", "new", "open", "planned", "in progress", "ordered", "scheduled", "in transit", "active"},
    {"pending", "requested", "on hold", "proposal", "checked in", "medium", "normal", "screening", "in service"},
    {"paid", "delivered", "completed", "done", "won", "approved", "solved", "confirmed", "received", "published",
     "signed", "accepted", "attended", "hired", "seated"},
    {"review", "qualified", "offer", "shipped", "interview"},
    {"cancelled", "overdue", "lost", "rejected", "urgent", "high", "no show", "damaged", "reversed", "suspended",
     "declined", "missed"},
)  # fmt: skip
HINTS = {
    "email": "name@company.com",
    "phone": "+00 00 000 0000",
    "url": "www.example.com",
    "address": "Street and number",
}


def html(plan: ScreenPlan, look: Look, *, width: int = 1280) -> str:
    """The page of a plan in a look, for a window `width` pixels wide: the same input gives the same bytes."""
    entity = DOMAINS[plan.domain].entity(plan.sections[0].table)
    tabs, more = _tabs(plan, width)
    return (
        _environment()
        .get_template("page.html")
        .render(
            plan=plan,
            look=look,
            width=width,
            css=_css(),
            domain=DOMAINS[plan.domain],
            noun=entity.noun,
            noun_title=entity.title,
            person=bool(entity.naming and entity.naming.name == "full_name"),
            verb="New" if len(entity.noun) % 2 else "Add",
            tabs=tabs,
            more=more,
        )
    )


def _tabs(plan: ScreenPlan, width: int) -> tuple[list[tuple[str, bool]], bool]:
    """The words that a navigation bar has room for, the active one among them, and whether some are left out."""
    on_dashboard = plan.archetype == "dashboard"
    words = [("Dashboard", on_dashboard)]
    words += [(text, n == plan.active and not on_dashboard) for n, (_, text) in enumerate(plan.nav)]
    room = (width - (440 if width < 1100 else 640)) / 11
    shown, used = [], 0
    for text, on in sorted(words, key=lambda word: not word[1]):
        if (used := used + len(text) + 3) <= room:
            shown.append((text, on))
    return [word for word in words if word in shown], len(shown) < len(words)


@lru_cache(maxsize=1)
def _css() -> str:
    from markupsafe import Markup

    return Markup("\n".join((TEMPLATES / name).read_text(encoding="utf-8") for name in ("base.css", "looks.css")))


@lru_cache(maxsize=1)
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    environment.globals["icon"] = lambda name, size=18, filled=False: Markup(icon(name, size, filled=filled))
    environment.filters |= {
        "stands": _stands_for,
        "belongs": _belongs,
        "initials": lambda name: "".join(word[0] for word in name.removeprefix("Dr. ").split()[:2]).upper(),
        "tint": lambda name, count: sum(map(ord, name)) % count,
        "isword": str.isalpha,
        "caret": lambda look: "updown" if look.name == "midnight" else "down",
        "tone": _tone,
        "hint": lambda field: HINTS.get(field.kind, "Enter " + field.label.lower()),
        "wide": _wide,
    }
    environment.tests |= {
        "person": lambda field: field.kind == "person" or bool(field.target and field.target[1] == "full_name"),
        "number": lambda field: field.kind in ("money", "int", "decimal", "percent"),
    }
    return environment


def _stands_for(field: Field) -> str:
    """The columns behind a label, `table.column`; a reference stands for its key and for the name that it shows."""
    columns = [f"{field.table}.{field.column}"]
    return " ".join(columns + [".".join(field.target)] if field.target else columns)


def _belongs(section: Section) -> str:
    return f"{section.table}.{truth.key_name(section.parent)}" if section.parent else ""


def _tone(value: str, options: tuple[str, ...]) -> int:
    """Which of five colours a chip has: by what the word means, else by its place among the options."""
    for tone, words in enumerate(TONES):
        if value.lower() in words:
            return tone
    return options.index(value) % len(TONES)


def _wide(field: Field) -> bool:
    return field.kind == "long" or (field.kind == "enum" and sum(len(option) + 5 for option in field.options) > 36)
