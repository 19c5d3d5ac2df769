"""Choose what a screen shows: a pure function of a domain, an archetype and a random generator.

>>> plan("shop", "form", random.Random(7)).schema.tables[-1].name  # doctest: +SKIP
'orders'

scene.py   the choices that every archetype makes: labels, fields, rows
forms.py   form, wizard       lists.py      list, cards        records.py  detail, master-detail
boards.py  kanban, calendar   summaries.py  dashboard, report  settings.py, inbox.py
"""

import random

from ghostlib.corpus.screens.archetypes import boards, forms, inbox, lists, records, settings, summaries
from ghostlib.corpus.screens.archetypes.scene import Scene
from ghostlib.corpus.screens.domains import DOMAINS, Domain
from ghostlib.corpus.screens.plan import ScreenPlan
from ghostlib.errors import DataError

_PLANS = {
    "form": forms.form,
    "list": lists.listed,
    "detail": records.detail,
    "dashboard": summaries.dashboard,
    "master-detail": records.master_detail,
    "cards": lists.cards,
    "kanban": boards.kanban,
    "calendar": boards.calendar,
    "wizard": forms.wizard,
    "settings": settings.settings,
    "inbox": inbox.inbox,
    "report": summaries.report,
}
ARCHETYPES: tuple[str, ...] = tuple(_PLANS)
VALIDATION_ONLY: tuple[str, ...] = ("calendar", "report")


def plan(domain: str | Domain, archetype: str, rng: random.Random, *, table: str | None = None, room: int = 120) -> ScreenPlan:
    """A screen of `domain`: its fields with labels and sample values in order, and the schema that they imply.

    `room` is how many characters a row of a list has room for (Look.room); few of them are a phone. Pure: the same
    arguments and state of `rng` give the same plan. A board of a domain without enumerations and a month of one without
    dates are a grid of cards. Raises DataError for an unknown name.
    """
    if isinstance(domain, str) and domain not in DOMAINS:
        raise DataError(f"unknown domain {domain!r}; one of {', '.join(DOMAINS)}")
    if archetype not in _PLANS:
        raise DataError(f"unknown archetype {archetype!r}; one of {', '.join(ARCHETYPES)}")
    model = DOMAINS[domain] if isinstance(domain, str) else domain
    return _PLANS[archetype](Scene(model, archetype, rng, room), table)
