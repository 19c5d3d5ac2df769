"""How one screen writes money, numbers, days and times: a locale's ways, so that names and figures fit together."""

from dataclasses import dataclass
from datetime import date, datetime

from ghostlib.corpus.screens.locales import LOCALES

_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


@dataclass(frozen=True)
class Style:
    """How one screen writes money, days and times, and the locale whose names it shows."""

    currency: str = "$"
    day: str = "{d} {b} {y}"
    clock: str = "{H}:{M}"
    locale: str = "en_US"
    group: str = ","
    point: str = "."
    after: bool = False

    def number(self, amount: float, digits: int = 0) -> str:
        """A number with its thousands grouped: `1,240.5`, or `1.240,5` where the locale writes it so."""
        return f"{amount:,.{digits}f}".translate(str.maketrans({",": self.group, ".": self.point}))

    def money(self, amount: float) -> str:
        """`$1,240.00`, or `1.240,00 €` where the sign stands behind."""
        number = self.number(amount, 2)
        behind = self.after or self.currency.isalpha()
        return f"{number} {self.currency}" if behind else f"{self.currency}{' ' * (len(self.currency) > 1)}{number}"

    def date(self, day: date) -> str:
        """A day as this screen writes it, e.g. `14 May 2026`."""
        parts = {"d": day.day, "dd": f"{day:%d}", "mm": f"{day:%m}", "y": day.year, "b": _MONTHS[day.month - 1]}
        return self.day.format(**parts)

    def hour(self, hour: int, minute: int) -> str:
        """A time of day, e.g. `09:30` or `9:30 AM`."""
        return self.clock.format(H=f"{hour:02}", M=f"{minute:02}", h=hour % 12 or 12, p="AM" if hour < 12 else "PM")

    def time(self, moment: datetime) -> str:
        """A day with its time, e.g. `14 May 2026, 09:30`."""
        return f"{self.date(moment)}, {self.hour(moment.hour, moment.minute)}"


STYLES = tuple(
    Style(known.currency, day, clock, known.name, known.group, known.point, known.after)
    for known in LOCALES.values()
    for day in known.days
    for clock in known.clocks
)
