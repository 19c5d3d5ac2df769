"""A plan as an HTML page: one file with its CSS and icons in it, and on every label the column that it stands for."""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from ghostlib.corpus.screens import arrangement, rows
from ghostlib.corpus.screens.archetypes.scene import SPOKEN
from ghostlib.corpus.screens.furniture import furnish
from ghostlib.corpus.screens.icons import icon
from ghostlib.corpus.screens.looks import LOOKS, SMALL, Look
from ghostlib.corpus.screens.plan import Field, ScreenPlan

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
    return _written("page.html", plan, look, width)


def crop(plan: ScreenPlan, look: Look, *, width: int = 620) -> str:
    """The page's content alone, without what stands around it, for a small picture."""
    return _written("crop.html", plan, look, width)


def _written(template: str, plan: ScreenPlan, look: Look, width: int) -> str:
    from markupsafe import Markup

    return (
        _environment()
        .get_template(template)
        .render(
            plan=plan,
            look=look,
            width=width,
            css=_css(look.name),
            icon=lambda name, size=18, filled=False: Markup(icon(name, size, filled=filled, style=look.icons)),
            furniture=furnish(plan, look, width),
            size="phone" if width < SMALL else "tablet" if width < 1100 else "wide",
            verb="New" if len(plan.noun) % 2 else "Add",
            spoken=SPOKEN,
        )
    )


@lru_cache(maxsize=len(LOOKS))
def _css(look: str) -> str:
    from markupsafe import Markup

    names = ("base.css", "content.css", "frames.css", f"looks/{look}.css")
    return Markup("\n".join((TEMPLATES / name).read_text(encoding="utf-8") for name in names))


@lru_cache(maxsize=1)
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    environment.filters |= {
        "stands": arrangement.stands_for,
        "belongs": arrangement.belongs,
        "columns": arrangement.columns,
        "lane": arrangement.lane,
        "opening": arrangement.opening,
        "lane_sum": arrangement.lane_sum,
        "month": arrangement.month,
        "pieces": arrangement.pieces,
        "part": arrangement.part,
        "clock": arrangement.clock,
        "place": arrangement.place,
        "subtotals": rows.subtotals,
        "initials": lambda name: "".join(word[0] for word in name.removeprefix("Dr. ").split()[:2]).upper(),
        "tint": lambda name, count: sum(map(ord, name)) % count,
        "isword": str.isalpha,
        "caret": lambda look: "updown" if look.name == "midnight" else "down",
        "tone": _tone,
        "hint": lambda field: HINTS.get(field.kind, "Enter " + field.label.lower()),
        "wide": _wide,
        "widget": arrangement.widget,
    }
    environment.tests |= {
        "person": arrangement.is_person,
        "progress": arrangement.is_progress,
        "number": lambda field: field.kind in ("money", "int", "decimal", "percent"),
    }
    return environment


def _tone(value: str, options: tuple[str, ...]) -> int:
    """Which of five colours a chip has: by what the word means, else by its place among the options."""
    for tone, words in enumerate(TONES):
        if value.lower() in words:
            return tone
    return options.index(value) % len(TONES)


def _wide(field: Field) -> bool:
    return field.kind == "long" or (field.kind == "enum" and sum(len(option) + 5 for option in field.options) > 36)
