"""Sample values that make sense together: an address belongs to its city, a mail address to its person, all to one country.

Names come from faker's pools (people.py), cities from locales.py, all else from the domain's lists and `random.Random`: the
same seed gives the same value on any machine, and no value depends on the day on which it is drawn.
"""

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ghostlib.corpus.screens import people, phrases
from ghostlib.corpus.screens.locales import LOCALES, Locale
from ghostlib.corpus.screens.notation import Attribute, Domain, Entity
from ghostlib.corpus.screens.styles import STYLES, Style

__all__ = ["STYLES", "TODAY", "Sampler", "Style", "shown"]

TODAY = date(2026, 5, 14)  # fixed: a screen must not change with the day on which it is drawn
MOST = 40  # names of one table on a screen
SPANS = {  # days from TODAY
    "past": (-240, -3),
    "future": (2, 150),
    "soon": (2, 60),
    "birth": (-24000, -7000),
    "adult": (-13400, -6600),
    "learner": (-9800, -6000),
    "pupil": (-6500, -3900),
    "toddler": (-2100, -400),
    "pet": (-4200, -200),
}
BEGINS = (
    "start",
    "check_in",
    "entered",
    "occurred",
    "loan_date",
    "began",
    "opened",
    "issue",
    "sown",
    "found_on",
    "shift_begins",
)
ENDS = {  # days after what began
    "ends_at": (0, 0),
    "left_at": (0, 0),
    "reported_at": (0, 3),
    "fix_by": (3, 40),
    "check_out": (2, 12),
    "returned_at": (4, 30),
    "due_date": (14, 60),
}
STAFF = frozenset(  # tables of people whose mail address is the organisation's
    "users employees teachers doctors agents educators trainers mechanics lawyers scientists instructors vets".split()
)
HOME = 0.65  # the share of records with a country of their own that are at home


@dataclass(frozen=True)
class Place:
    """Where one record is: a city with a postcode and an area code of its own, and a street in it."""

    locale: Locale
    city: str
    postcode: str
    area: str
    address: str


class Sampler:
    """Draws records of one domain; remembers the names that it gave, so that a reference is a record's real name."""

    def __init__(self, domain: Domain, style: Style, rng: random.Random) -> None:
        self.domain, self.style, self.rng = domain, style, rng
        self.locale = LOCALES[style.locale]
        self._names: dict[str, tuple[str, ...]] = {}
        self._host = f"{people.slug(rng.choice(people.pool(style.locale).companies))}.{self.locale.domain}"
        self._form = rng.randrange(4)

    def person(self) -> str:
        """A person's full name."""
        return self.rng.choice(people.pool(self.style.locale).people)

    def names(self, table: str) -> tuple[str, ...]:
        """The names of every record of `table` on this screen, all different, at most 40."""
        if table not in self._names:
            entity = self.domain.entity(table)
            naming = entity.naming
            assert naming is not None, f"{self.domain.name}.{table} has no name"
            drawn: dict[str, None] = {}
            place = self._place(entity)
            for _ in range(3 * MOST):
                drawn[self._value(naming, {}, entity, place)] = None
                if len(drawn) == MOST:
                    break
            self._names[table] = tuple(drawn)
        return self._names[table]

    def records(self, table: str, count: int) -> list[dict[str, str]]:
        """`count` records (fewer where the table has fewer names), each a value as shown for every column.

        What a list sorts by stands under `@column`, as text that sorts like the value.
        """
        entity = self.domain.entity(table)
        names = self.names(table) if entity.naming else ()
        order = self.rng.sample(names, min(count, len(names))) if names else [""] * count
        return [self._record(entity, name) for name in order]

    def _record(self, entity: Entity, name: str) -> dict[str, str]:
        record: dict[str, str] = {}
        place = self._place(entity)
        for attribute in entity.attributes:
            if attribute.names_record:
                record[attribute.name] = name
            elif attribute.kind == "ref":
                record[attribute.name] = self._reference(attribute, record, entity, name)
            else:
                record[attribute.name] = value = self._value(attribute, record, entity, place)
                if attribute.kind in ("int", "money"):
                    record[f"@{attribute.name}"] = "".join(c for c in value if c.isdigit()).zfill(12)
        return record

    def _reference(self, attribute: Attribute, record: dict[str, str], entity: Entity, name: str) -> str:
        """Another record's name: not the record itself, nor one that another key of it names (home and away)."""
        taken = {record[a.name] for a in entity.attributes if a.target == attribute.target and a.name in record}
        taken |= {name} if attribute.target == entity.table else set()
        names = self.names(attribute.argument)[:9]
        return self.rng.choice([known for known in names if known not in taken] or names)

    def _place(self, entity: Entity) -> Place:
        rng = self.rng
        abroad = any(attribute.kind == "country" for attribute in entity.attributes) and rng.random() > HOME
        locale = LOCALES[rng.choice(tuple(LOCALES))] if abroad else self.locale
        city, postcode, area = rng.choice(locale.places)
        street = locale.street.format(street=rng.choice(people.pool(locale.name).streets), n=rng.randint(2, 148))
        postcode = self._digits(postcode)
        alone = not any(attribute.kind == "city" for attribute in entity.attributes)
        return Place(locale, city, postcode, area, f"{street}, {city}" if alone else street)

    def _value(self, attribute: Attribute, record: dict[str, str], entity: Entity, place: Place) -> str:
        rng, kind, argument = self.rng, attribute.kind, attribute.argument
        if kind in ("list", "pickcode") or kind in ("long", "words") and argument:
            return self._fill(rng.choice(self.domain.lists[argument]))
        if kind == "long" and attribute.name in phrases.DESCRIBING:
            return rng.choice(phrases.ABOUT)
        if kind in phrases.SIMPLE:
            return rng.choice(phrases.SIMPLE[kind])
        if kind in ("int", "money", "decimal", "percent", "slider"):
            return self._number(kind, *(int(part) for part in argument.split("-")))
        if kind in ("date", "time"):
            return self._moment(kind, argument, attribute.name, record)
        if kind in ("city", "country", "address", "postcode", "phone"):
            return self._where(attribute, record, place)
        if kind in ("person", "company", "email", "url"):
            return self._who(kind, record, entity)
        return self._other(attribute)

    def _who(self, kind: str, record: dict[str, str], entity: Entity) -> str:
        if kind == "person":
            return self.person()
        if kind == "company":
            return self.rng.choice(people.pool(self.style.locale).companies)
        if kind == "email":
            return self._email(record, entity)
        named = next(
            (record[a.name] for a in entity.attributes if a.name in record and (a.names_record or a.kind == "company")), ""
        )
        return f"www.{people.slug(named or self._who('company', record, entity))}.{self.locale.domain}"

    def _other(self, attribute: Attribute) -> str:
        rng, kind, argument = self.rng, attribute.kind, attribute.argument
        if kind == "code":
            return self._digits(argument.replace("~", self.style.locale[-2:]))
        if kind == "enum":
            return shown(rng.choice(attribute.values))
        if kind == "bool":
            return "Yes" if rng.random() < 0.62 else "No"
        if kind == "stars":
            return str(rng.choice((3, 4, 4, 5, 5, 2)))
        if kind == "tags":
            words = self.domain.lists[argument]
            return ", ".join(rng.sample(words, min(len(words), rng.choice((1, 2, 2, 3)))))
        if kind == "clock":
            first, last = (int(part) for part in argument.split("-"))
            return self.style.hour(rng.randint(first, last), rng.choice((0, 0, 15, 30, 45)))
        if kind == "file":
            picture = argument in ("jpg", "png")
            stem = "img" if picture else attribute.name.removesuffix("_file").replace("_", "-")
            return f"{stem}-{rng.randint(1001, 9899)}.{argument}"
        raise KeyError(f"{self.domain.name}.{attribute.name}: unknown kind {kind!r}")

    def _where(self, attribute: Attribute, record: dict[str, str], place: Place) -> str:
        rng = self.rng
        if attribute.kind == "phone":
            return self._digits(place.locale.phone.replace("{area}", place.area))
        if attribute.name == "destination":
            return rng.choice([city for city, _, _ in self.locale.places if city != record["origin"]])
        facts = {"country": place.locale.country, "address": place.address, "postcode": place.postcode, "city": place.city}
        return facts[attribute.kind]

    def _fill(self, text: str) -> str:
        return text.replace("@person", self.person()) if "@person" in text else text

    def _digits(self, pattern: str) -> str:
        return "".join(_code(letter, self.rng) for letter in pattern)

    def _number(self, kind: str, low: int, high: int) -> str:
        if kind == "int":
            number = self.rng.randint(low, high)
            return str(number) if 1600 <= low <= 2100 and high < 2200 else self.style.number(number)
        if kind == "percent":
            return f"{self.rng.randint(low, high)}%"
        if kind == "slider":
            step = 5 if high - low >= 50 else 1
            return str(self.rng.randrange(low, high + 1, step))
        whole = self.rng.randint(low, max(low, high - 1))
        if kind == "decimal":
            return self.style.number(whole + self.rng.randint(1, 9) / 10, 1)
        step = 50 if high >= 5000 else 1
        cents = 0 if high >= 5000 else self.rng.choice((0, 0.5, 0.9, 0.95))
        return self.style.money(max(whole // step * step, step) + cents)

    def _moment(self, kind: str, argument: str, name: str, record: dict[str, str]) -> str:
        begin = record.get("@ begin")  # no column has a blank in its name
        ends = name.startswith("end") or name in ENDS
        if begin and ends:  # an end lies behind its start
            span = ENDS.get(name, (2, 14) if argument == "soon" else (21, 180))
            day = date.fromisoformat(begin) + timedelta(days=self.rng.randint(*span))
            if argument == "past":
                day = min(day, TODAY)
        else:
            day = TODAY + timedelta(days=self.rng.randint(*SPANS[argument]))
        if name.startswith(BEGINS):
            record["@ begin"] = str(day)
        record[f"@{name}"] = str(day)
        if kind == "date":
            return self.style.date(day)
        first, last = (19, 22) if ENDS.get(name) == (0, 0) else (8, 17)
        moment = datetime(day.year, day.month, day.day, self.rng.randint(first, last), self.rng.choice((0, 15, 30, 45)))
        record[f"@{name}"] = moment.isoformat()
        return self.style.time(moment)

    def _email(self, record: dict[str, str], entity: Entity) -> str:
        named = (a.name for a in entity.attributes if a.name in record and (a.kind == "person" or a.name == "full_name"))
        person = next((record[name] for name in named if record[name]), "")
        company = record.get("company_id") or record.get("company") or record.get("name")
        if entity.table in STAFF:
            host = self._host
        elif company:
            host = f"{people.slug(company)}.{self.locale.domain}"
        else:
            host = self.rng.choice(self.locale.mail)
        if not person:
            return f"{self.rng.choice(('info', 'hello', 'office'))}@{host}" if company else self._stranger(host)
        return people.email(person, host, self._form if company or entity.table in STAFF else self.rng.randrange(3))

    def _stranger(self, host: str) -> str:
        return people.email(self.person(), host, self.rng.randrange(3))


def shown(value: str) -> str:
    """An enumeration's value as a screen shows it: `in_progress` is `In progress`."""
    return value.replace("_", " ").capitalize()


def _code(letter: str, rng: random.Random) -> str:
    if letter == "#":
        return str(rng.randint(0, 9))
    return rng.choice("ABCDEFGHKLMNPRSTUVWX") if letter == "?" else letter
