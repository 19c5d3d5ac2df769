"""What stands round the data of a screen and is no data: navigation, notices, badges, bars, and how far a page is scrolled.

Chosen by a generator of the plan's own, so that the same plan in the same look has the same furniture.
"""

import random
from dataclasses import dataclass

from ghostlib.corpus.screens.looks import NARROW, SMALL, Look
from ghostlib.corpus.screens.plan import ScreenPlan

PLACES = {"dashboard": "Dashboard", "settings": "Settings", "inbox": "Inbox", "report": "Reports"}
MARKS = {"Dashboard": "grid", "Settings": "gear", "Inbox": "mail", "Reports": "chart", "Calendar": "calendar"}
MORE = (
    ("users", "Team"),
    ("card", "Billing"),
    ("folder", "Library"),
    ("chart", "Reports"),
    ("download", "Imports"),
    ("help", "Help"),
)
CAPTIONS = ("Manage", "Workspace", "Records", "Daily work", "Main menu", "Browse")
BANNERS = (
    "New: keyboard shortcuts for every page.",
    "Planned maintenance on Sunday from 02:00 to 04:00.",
    "Two-step sign-in is now available for your team.",
    "The mobile app has a new release.",
    "Your export is ready.",
)
TRIALS = ("%d days left in your trial", "Trial ends in %d days", "Free plan: %d of 10 seats used")
TOASTS = ("Changes saved", "Saved", "Link copied", "Import finished")
TIPS = ("Press ? to see what you can do here", "Drag columns to change their order", "New here? Take the short tour")
FOOTERS = (
    ("Terms", "Privacy", "Support"),
    ("Help", "Status", "Terms of use", "Privacy"),
    ("About", "Contact", "Documentation"),
)
OPEN = ("list", "cards", "kanban", "inbox", "dashboard", "report")  # archetypes that show their labels near the top
BANNER = 42  # its height in pixels, in frames.css too
LONG = ("dashboard", "report")  # but not where columns stand over each other


@dataclass(frozen=True)
class Place:
    """A line of the navigation: icon, words, whether it is the open one, and a number beside it."""

    icon: str
    text: str
    on: bool = False
    count: str = ""


@dataclass(frozen=True)
class Furniture:
    """What stands round the data. A text that is empty and a number that is None are not there.

    `groups` is the navigation under its captions, `tabs` as much of it as a bar has room for (`more` where some is left
    out). `over` is "modal" or "drawer" where the content opens over the dimmed page. `scroll` is None where the picture is
    the whole page, else how far the window is scrolled down in pixels; only furniture and computed figures scroll away.
    """

    groups: tuple[tuple[str, tuple[Place, ...]], ...]
    tabs: tuple[Place, ...]
    more: bool
    search: str
    key: str
    unread: str
    workspace: str
    banner: str = ""
    environment: str = ""
    trial: str = ""
    version: str = ""
    toast: str = ""
    tip: str = ""
    footer: tuple[str, ...] = ()
    year: str = "2026"
    cookie: bool = False
    chat: bool = False
    over: str = ""
    scroll: int | None = None

    @property
    def stuck(self) -> bool:
        """Whether the page's title is scrolled away, so that the bar says it."""
        return bool(self.scroll) and self.scroll != BANNER

    @property
    def places(self) -> tuple[Place, ...]:
        """The navigation without its captions."""
        return tuple(place for _, places in self.groups for place in places)


def furnish(plan: ScreenPlan, look: Look, width: int) -> Furniture:
    """The furniture of a plan in a look at a window `width` pixels wide: the same input gives the same furniture."""
    known = (plan.domain, plan.archetype, plan.title, plan.record, plan.user, plan.brand, look.name, str(width))
    rng = random.Random("/".join(known))
    groups = _groups(plan, rng)
    over = _over(plan, look, width, rng)
    tabs, more = _fitting([place for _, places in groups for place in places], look, width)
    some = _notices(rng, small=width < SMALL)
    return Furniture(
        groups=groups,
        tabs=tabs,
        more=more,
        search=rng.choice(("Search…", "Search", f"Search {plan.brand}", "Search or jump to…", "Find anything")),
        key=rng.choice(("/", "Ctrl K", "")),
        unread=rng.choice(("", "", "1", "3", "7", "12", "9+")),
        workspace=rng.choice(("Head office", "Main workspace", "Production", "North region", "Default team", "All sites")),
        over=over,
        scroll=None if over else _scroll(plan, width, rng, banner=bool(some["banner"])),
        **some,
    )


def _groups(plan: ScreenPlan, rng: random.Random) -> tuple[tuple[str, tuple[Place, ...]], ...]:
    """The domain's pages between what every application has, the open one among them."""
    named = [text for _, text in plan.nav]
    at = PLACES.get(plan.archetype) or (named[plan.active] if plan.active >= 0 else "")
    taken = {text.lower() for text in named}
    around = [(icon, text) for icon, text in MORE if text.lower() not in taken]
    extras = sorted(rng.sample(around, rng.randint(1, min(3, len(around)))), key=around.index)
    extras.append(("gear", "Settings"))
    if at and at not in named and at not in ("Dashboard", *(text for _, text in extras)):
        extras.insert(0, (MARKS[at], at))
    counted = set(rng.sample(named, min(len(named), rng.randint(0, 2))))
    first = [Place("grid", "Dashboard", at == "Dashboard")]
    own = [Place(icon, text, text == at, str(rng.randint(2, 48)) if text in counted else "") for icon, text in plan.nav]
    rest = [Place(icon, text, text == at) for icon, text in extras if text.lower() not in taken or text == at]
    if rng.random() < 0.5:
        return (
            ("", tuple(first)),
            (rng.choice(CAPTIONS), tuple(own)),
            (rng.choice(("General", "Account", "System")), tuple(rest)),
        )
    return ("", (*first, *own)), ("", tuple(rest))


def _fitting(places: list[Place], look: Look, width: int) -> tuple[tuple[Place, ...], bool]:
    """The words that a navigation bar has room for, the open one among them, and whether some are left out."""
    taken = 190 if look.layout == "bar" else 440 if width < 1100 else 640
    room = (min(width, look.wide + 200) - taken) / 11
    shown, used = [], 0.0
    for place in sorted(places, key=lambda place: not place.on):
        if (used := used + len(place.text) + 3.2) <= room:
            shown.append(place)
    return tuple(place for place in places if place in shown), len(shown) < len(places)


def _over(plan: ScreenPlan, look: Look, width: int, rng: random.Random) -> str:
    """A short form or a record without rows may open over the page that it was opened from."""
    rows = any(section.layout == "rows" for section in plan.sections)
    fits = width >= NARROW and not rows and plan.archetype in ("form", "wizard", "detail")
    likely = {"form": 0.6, "wizard": 0.6, "detail": 0.7}.get(plan.archetype, 0)
    return look.over if fits and rng.random() < likely else ""


def _notices(rng: random.Random, *, small: bool) -> dict[str, object]:
    """Each of the small things, now and then; a phone has room for few of them."""

    def now_and_then(likely: float, found: object, none: object = "") -> object:
        return found if rng.random() < likely else none

    trial = rng.choice(TRIALS) % rng.randint(2, 9)
    version = f"v{rng.randint(1, 9)}.{rng.randint(0, 24)}.{rng.randint(0, 9)}"
    scale = 0.5 if small else 1.0
    return {
        "banner": now_and_then(0.14 * scale, rng.choice(BANNERS)),
        "environment": now_and_then(0.14, rng.choice(("Staging", "Sandbox", "Demo", "Test"))),
        "trial": now_and_then(0.25, trial),
        "version": now_and_then(0.4, version),
        "toast": now_and_then(0.06 * scale, rng.choice(TOASTS)),
        "tip": now_and_then(0.1 * scale, rng.choice(TIPS)),
        "footer": now_and_then(0.3, rng.choice(FOOTERS), ()),
        "cookie": now_and_then(0.06, True, False),
        "chat": now_and_then(0.14 * scale, True, False),
    }


def _scroll(plan: ScreenPlan, width: int, rng: random.Random, *, banner: bool) -> int | None:
    """Where the window stands, or None for the whole page.

    A list with nothing over its rows that is evidence may have its title and buttons scrolled away under the bar, which
    then says the title; a dashboard its computed figures; and every page its banner.
    """
    chance, pixels = rng.random(), rng.randint(30, 130)
    if plan.archetype not in OPEN or chance > 0.5 or (width < 1100 and plan.archetype in LONG):
        return None
    if width >= SMALL and chance < 0.38 and (plan.archetype == "dashboard" or _bare(plan)):
        return pixels + BANNER * banner
    return BANNER * banner


def _bare(plan: ScreenPlan) -> bool:
    """Whether it is a list with no tabs of an enumeration and no search of columns over it."""
    section = plan.sections[0]
    return plan.archetype == "list" and not section.search and not section.filtered_by and section.rows > 6
