"""Sample values that make sense together: an address belongs to its city, a mail address to its person.

Own lists and `random.Random` only, so that the same seed gives the same value on any machine.
"""

import random
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ghostlib.corpus.screens.notation import Attribute, Domain, Entity

TODAY = date(2026, 5, 14)  # fixed: a screen must not change with the day on which it is drawn

_FIRST = (
    "Marta Jonas Aisha Daniel Sofia Liam Priya Mateo Hanna Oscar Elena Noah Ingrid Tomas Leila Ethan Clara Rafael "
    "Yuki Samuel Nora Pavel Amelie Victor Zofia Marcus Ines Dominik Grace Omar Linnea Felix Camila Henrik Julia "
    "Anton Rosa Emil Naomi Luca Teresa Simon Mina Patrick Lucia David Freya Ibrahim Olivia Hugo Katja Arjun Maren "
    "Diego Alice Stefan Renata Joel Sanna Peter"
).split()
_LAST = (
    "Olsen Weber Rahman Carter Rossi Murphy Nair Garcia Lindqvist Becker Petrova Williams Haugen Novak Haddad "
    "Brooks Moreau Silva Tanaka Cohen Eriksen Dvorak Laurent Schmidt Kowalska Reed Costa Bauer Mitchell Farouk "
    "Berg Hoffmann Torres Nyberg Fischer Jansen Marino Kruger Adeyemi Conti Vidal Keller Park Doyle Ferrari "
    "Hughes Andersen Yilmaz Bennett Dubois Vogel Iyer Solberg Romero Ward Pohl"
).split()
_PLACES = (
    ("Hamburg", "Germany", "Lindenstraße {n}", "20095"),
    ("Leeds", "United Kingdom", "{n} Park Lane", "LS1 4AP"),
    ("Lyon", "France", "{n} rue Victor Hugo", "69002"),
    ("Austin", "United States", "{n} Cedar Avenue", "78701"),
    ("Bergen", "Norway", "Strandgaten {n}", "5013"),
    ("Valencia", "Spain", "Calle Colón {n}", "46004"),
    ("Turin", "Italy", "Via Garibaldi {n}", "10122"),
    ("Portland", "United States", "{n} Alder Street", "97205"),
    ("Utrecht", "Netherlands", "Oudegracht {n}", "3511"),
    ("Dublin", "Ireland", "{n} Camden Street", "D02 XE80"),
    ("Vienna", "Austria", "Neubaugasse {n}", "1070"),
    ("Toronto", "Canada", "{n} Queen Street W", "M5H 2M9"),
    ("Porto", "Portugal", "Rua das Flores {n}", "4050"),
    ("Aarhus", "Denmark", "Vestergade {n}", "8000"),
    ("Bristol", "United Kingdom", "{n} Harbour Road", "BS1 5TY"),
    ("Chicago", "United States", "{n} Wells Street", "60607"),
)
_COMPANIES = (
    "Brightwater Ltd/Kessler GmbH/Nordic Timber AS/Oakfield Foods/Mistral Studio/Hanse Logistik/Pinecrest Group/"
    "Solvang Energy/Arco Medical/Fenwick & Sons/Tidewater Labs/Lumen Optics/Castell Textil/Redwood Partners/"
    "Bluebird Media/Alpin Sport/Quarry Works/Larkspur Hotels/Delta Print/Hollis Motors/Verdant Farms/"
    "Stonebridge Inc./Ostsee Marine/Cobalt Systems/Marlin Freight"
).split("/")
_JOBS = (
    "Account manager/Product designer/Office manager/Head of sales/Software engineer/Buyer/Controller/Team lead/"
    "Marketing manager/Operations analyst/Support specialist/HR partner"
).split("/")
_WORDS = (
    "Waiting for feedback/Looks good to me/Please check again/Sent by courier/Moved to next week/"
    "Approved by phone/Second attempt/Updated the figures/See attached file/Shared with the team/"
    "Needs one more look/All clear now"
).split("/")
_LONG = (
    "Prefers to be contacted in the morning. Please leave a message if there is no answer./"
    "Agreed on the phone; the signed copy follows by post next week./"
    "Handle with care. The last delivery had a small dent on the left side./"
    "First version, to be reviewed together before the end of the month./"
    "Good fit for small teams. A short introduction is included./"
    "Follow up after the holidays and confirm the open points."
).split("/")
_ABOUT = (
    "A short introduction for new people, kept up to date by the team./"
    "Started small and grew over the years; known for care in every detail./"
    "The most asked questions are answered here, step by step./"
    "Covers what you need to know before you begin. Takes about ten minutes./"
    "Suitable for all levels. Please read the notes before you start."
).split("/")
_DOSES = "1 tablet daily/2 tablets daily/5 ml twice daily/1 capsule at night/10 drops/1 puff as needed".split("/")
_SIMPLE = {
    "job": _JOBS,
    "words": _WORDS,
    "long": _LONG,
    "dose": _DOSES,
    "timezone": ["Europe/Berlin", "Europe/London", "America/Chicago", "Europe/Madrid", "America/Toronto"],
    "languages": ["English, Spanish", "German, English", "French, Italian", "English", "Portuguese, English"],
    "venue_room": ["Main hall", "Room 101", "Studio 2", "Garden stage", "Auditorium", "Library"],
}
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


@dataclass(frozen=True)
class Style:
    """How one screen writes money, days and times."""

    currency: str = "$"
    day: str = "{d} {b} {y}"
    clock: str = "{H}:{M}"

    def money(self, amount: float) -> str:
        """`$1,240.00`, or `1,240.00 kr` where the sign is a word."""
        return f"{amount:,.2f} {self.currency}" if self.currency.isalpha() else f"{self.currency}{amount:,.2f}"

    def date(self, day: date) -> str:
        """A day as this screen writes it, e.g. `14 May 2026`."""
        parts = {"d": day.day, "dd": f"{day:%d}", "mm": f"{day:%m}", "y": day.year, "b": _MONTHS[day.month - 1]}
        return self.day.format(**parts)

    def time(self, moment: datetime) -> str:
        """A day with its time, e.g. `14 May 2026, 09:30`."""
        hour, half = moment.hour % 12 or 12, "AM" if moment.hour < 12 else "PM"
        return f"{self.date(moment)}, {self.clock.format(H=f'{moment:%H}', M=f'{moment:%M}', h=hour, p=half)}"


STYLES = tuple(
    Style(currency, day, clock)
    for currency in ("$", "€", "£", "kr")
    for day in ("{d} {b} {y}", "{b} {d}, {y}", "{y}-{mm}-{dd}", "{dd}.{mm}.{y}", "{mm}/{dd}/{y}")
    for clock in ("{H}:{M}", "{h}:{M} {p}")
)


class Sampler:
    """Draws records of one domain; remembers the names that it gave, so that a reference is a record's real name."""

    def __init__(self, domain: Domain, style: Style, rng: random.Random) -> None:
        self.domain, self.style, self.rng = domain, style, rng
        self._names: dict[str, tuple[str, ...]] = {}

    def person(self) -> str:
        """A person's full name."""
        return f"{self.rng.choice(_FIRST)} {self.rng.choice(_LAST)}"

    def names(self, table: str) -> tuple[str, ...]:
        """The names of every record of `table` on this screen, all different, at most 40."""
        if table not in self._names:
            entity = self.domain.entity(table)
            naming = entity.naming
            assert naming is not None, f"{self.domain.name}.{table} has no name"
            drawn: dict[str, None] = {}
            for _ in range(120):
                drawn[self._value(naming, {}, entity)] = None
                if len(drawn) == 40:
                    break
            self._names[table] = tuple(drawn)
        return self._names[table]

    def records(self, table: str, count: int) -> list[dict[str, str]]:
        """`count` records (fewer where the table has fewer names), each a value as shown for every column."""
        entity = self.domain.entity(table)
        names = self.names(table) if entity.naming else ()
        order = self.rng.sample(names, min(count, len(names))) if names else [""] * count
        return [self._record(entity, name) for name in order]

    def _record(self, entity: Entity, name: str) -> dict[str, str]:
        record: dict[str, str] = {}
        place = self.rng.choice(_PLACES)
        record["@@place"] = "|".join(place)  # no column is called that
        for attribute in entity.attributes:
            if attribute.names_record:
                record[attribute.name] = name
            elif attribute.kind == "ref":
                record[attribute.name] = self.rng.choice(self.names(attribute.argument)[:9])
            else:
                record[attribute.name] = value = self._value(attribute, record, entity)
                if attribute.kind in ("int", "money"):
                    record[f"@{attribute.name}"] = "".join(c for c in value if c.isdigit()).zfill(12)
        return record

    def _value(self, attribute: Attribute, record: dict[str, str], entity: Entity) -> str:
        rng, kind, argument = self.rng, attribute.kind, attribute.argument
        if kind == "long" and attribute.name in ("description", "summary", "biography", "body", "instructions"):
            return rng.choice(_ABOUT)
        if kind in _SIMPLE:
            return rng.choice(_SIMPLE[kind])
        if kind in ("int", "money", "decimal", "percent"):
            return self._number(kind, *(int(part) for part in argument.split("-")))
        if kind in ("date", "time"):
            return self._moment(kind, argument, attribute.name, record)
        if attribute.name == "destination":
            return rng.choice([place[0] for place in _PLACES if place[0] != record["origin"]])
        if kind in ("city", "country", "address", "postcode"):
            return _place(kind, record.get("@@place", "|".join(rng.choice(_PLACES))), rng)
        if kind in ("list", "pickcode"):
            return self._fill(rng.choice(self.domain.lists[argument]))
        if kind == "code":
            return "".join(_code(letter, rng) for letter in argument)
        if kind == "enum":
            return shown(rng.choice(attribute.values))
        if kind == "person":
            return self.person()
        if kind == "company":
            return rng.choice(self.domain.lists.get("companies", _COMPANIES))
        if kind == "email":
            return self._email(record)
        if kind == "url":
            named = next(
                (record[a.name] for a in entity.attributes if a.kind in ("company", "person") and a.name in record), ""
            )
            return f"www.{_slug(named or rng.choice(_COMPANIES))}.com"
        if kind == "phone":
            country = rng.choice((1, 44, 49, 33, 47, 34))
            return f"+{country} {rng.randint(20, 98)} {rng.randint(100, 999)} {rng.randint(1000, 9999)}"
        if kind == "bool":
            return "Yes" if rng.random() < 0.62 else "No"
        if kind == "stars":
            return str(rng.choice((3, 4, 4, 5, 5, 2)))
        raise KeyError(f"{self.domain.name}.{attribute.name}: unknown kind {kind!r}")

    def _fill(self, text: str) -> str:
        return text.replace("@person", self.person()) if "@person" in text else text

    def _number(self, kind: str, low: int, high: int) -> str:
        if kind == "int":
            number = self.rng.randint(low, high)
            return str(number) if 1800 <= low <= 2100 else f"{number:,}"
        if kind == "percent":
            return f"{self.rng.randint(low, high)}%"
        whole = self.rng.randint(low, max(low, high - 1))
        if kind == "decimal":
            return f"{whole + self.rng.randint(1, 9) / 10:.1f}"
        step = 50 if high >= 5000 else 1
        cents = 0 if high >= 5000 else self.rng.choice((0, 0.5, 0.9, 0.95))
        return self.style.money(max(whole // step * step, step) + cents)

    def _moment(self, kind: str, argument: str, name: str, record: dict[str, str]) -> str:
        begin = record.get("@begin")
        spans = {
            "past": (-240, -3),
            "future": (2, 150),
            "soon": (2, 60),
            "birth": (-24000, -7000),
            "pupil": (-6500, -3900),
            "pet": (-4200, -200),
        }
        low, high = spans[argument]
        if begin and name.startswith(("end", "check_out")):  # an end lies behind its start
            span = {"ends_at": (0, 0), "check_out": (2, 12)}.get(name, (2, 14) if argument == "soon" else (21, 180))
            day = date.fromisoformat(begin) + timedelta(days=self.rng.randint(*span))
        else:
            day = TODAY + timedelta(days=self.rng.randint(low, high))
        if name.startswith(("start", "check_in")):
            record["@begin"] = str(day)
        record[f"@{name}"] = str(day)  # what a list sorts by
        if kind == "date":
            return self.style.date(day)
        first, last = (19, 22) if name.startswith("ends") else (8, 17)
        moment = datetime(day.year, day.month, day.day, self.rng.randint(first, last), self.rng.choice((0, 15, 30, 45)))
        return self.style.time(moment)

    def _email(self, record: dict[str, str]) -> str:
        person = record.get("full_name") or record.get("contact_name")
        company = record.get("company_id") or record.get("name") or record.get("company")
        host = f"{_slug(company)}.com" if company else self.rng.choice(("mail.com", "inbox.eu", "postbox.net", "example.org"))
        if not person:
            return f"{self.rng.choice(('info', 'hello', 'office'))}@{host}"
        first, *rest = _plain(person.removeprefix("Dr. ")).lower().split()
        return f"{first[0] + rest[-1] if rest and self.rng.random() < 0.4 else '.'.join([first, *rest])}@{host}"


def shown(value: str) -> str:
    """An enumeration's value as a screen shows it: `in_progress` is `In progress`."""
    return value.replace("_", " ").capitalize()


def _place(kind: str, place: str, rng: random.Random) -> str:
    city, country, street, postcode = place.split("|")
    return {"city": city, "country": country, "address": street.format(n=rng.randint(2, 148)), "postcode": postcode}[kind]


def _code(letter: str, rng: random.Random) -> str:
    if letter == "#":
        return str(rng.randint(0, 9))
    return rng.choice("ABCDEFGHKLMNPRSTUVWX") if letter == "?" else letter


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("ø", "o")).encode("ascii", "ignore").decode()


def _slug(text: str) -> str:
    words = [word for word in _plain(text).lower().replace("&", " ").replace(".", " ").split()]
    return "".join(c for c in "".join(words[:2]) if c.isalnum()) or "company"
