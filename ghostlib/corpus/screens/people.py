"""Names of people, firms and streets, drawn by faker once a locale and kept: the same on any machine with the pinned faker."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from ghostlib.corpus.screens.locales import LOCALES, Locale

PEOPLE, COMPANIES, STREETS = 360, 120, 60  # how many are kept of each
LONGEST = 24  # characters: a name must fit into a column of a list
PROVIDERS = ("faker.providers.person", "faker.providers.company", "faker.providers.address")
LEGAL = frozenset(
    "gmbh ag kg ohg kgaa co ltd inc llc plc sons group and sa sas sarl srl spa sl slu figli e y et fils nv bv groep "
    "stichting koninklijke royal sp sc spk spj z oo ab hb kb aps as son me ei ltda filhos".split()
)


@dataclass(frozen=True)
class Pool:
    """What a screen of one locale draws from; all of a list are different."""

    people: tuple[str, ...]
    companies: tuple[str, ...]
    streets: tuple[str, ...]


@cache
def pool(locale: str) -> Pool:
    """The names of a locale of LOCALES, by its name; KeyError for another. About 50 ms the first time."""
    from faker.factory import Factory

    known = LOCALES[locale]
    fake = Factory.create(locale, providers=list(PROVIDERS))  # other providers would take most of the time
    fake.seed_instance(locale)  # never the shared generator: other code may draw from that
    turns = iter(range(10_000))

    def person() -> str:
        sex = ("female", "male")[next(turns) % 2]  # where surnames have a gender, it fits the first name
        last = getattr(fake, f"last_name_{sex}", fake.last_name)
        return f"{getattr(fake, f'first_name_{sex}')()} {last()}"

    return Pool(
        people=_drawn(person, PEOPLE, ""),
        companies=_drawn(fake.company, COMPANIES, known.companies),
        streets=_drawn(lambda: _street(fake, known), STREETS, known.streets),
    )


def _street(fake: object, locale: Locale) -> str:
    if not locale.kinds:
        return fake.street_name()  # type: ignore[attr-defined]
    surname, kind = fake.last_name(), fake.random_element(locale.kinds)  # type: ignore[attr-defined]
    return f"{surname} {kind}"


def _drawn(draw: Callable[[], str], count: int, pattern: str) -> tuple[str, ...]:
    """`count` different texts of at most LONGEST characters that the pattern finds; fewer where there are not so many."""
    kept: dict[str, None] = {}
    for _ in range(count * 12):
        text = draw()
        if len(text) <= LONGEST and re.search(pattern, text):
            kept[text] = None
        if len(kept) == count:
            break
    return tuple(kept)


def email(person: str, host: str, form: int) -> str:
    """A person's address at a host; `form` 0 to 3 is how that host builds its addresses."""
    first, *rest = plain(person.removeprefix("Dr. ")).lower().replace("'", "").split()
    last = "".join(rest[-1:]).replace("-", "") or first
    first = first.replace("-", "")
    return f"{(f'{first}.{last}', f'{first[0]}{last}', first, f'{first[0]}.{last}')[form % 4]}@{host}"


def plain(text: str) -> str:
    """The text in ASCII: accents dropped, letters that have none spelt out."""
    for letter, spelt in (("ß", "ss"), ("ø", "o"), ("Ø", "O"), ("ł", "l"), ("Ł", "L"), ("æ", "ae"), ("Æ", "Ae"), ("đ", "d")):
        text = text.replace(letter, spelt)
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


@cache
def slug(name: str) -> str:
    """A firm's name as the host of its web site: `Binner & Co. KG` is `binner`."""
    words = re.findall(r"[a-z0-9]+", plain(name).lower().replace("'", "").replace(".", ""))
    kept = [word for word in words if word not in LEGAL] or words
    return "".join(kept[:2]) or "company"
