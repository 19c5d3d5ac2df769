"""Domains that do not exist: made-up entities and labels, so that nano learns to copy a word and not a dictionary.

A third of the words are English, the others sound so or are pieces and syllables that mean nothing; one column in three is
borrowed from the training domains with its wordings, so that "Until" is learned as `end_date` wherever it stands. The model
that comes out has the form of any domain in `screens`, so that the same planner draws a screen's truth from it.
"""

import json
import random
import re
from collections import Counter
from functools import lru_cache

from ghostlib import config as configs
from ghostlib.corpus import lists
from ghostlib.corpus.screens import truth
from ghostlib.corpus.screens.domains import DOMAINS, TRAINING, VALIDATION
from ghostlib.corpus.screens.notation import Attribute, Domain, Entity
from ghostlib.corpus.screens.wordings import wordings

ONSETS = "b br c ch cl d dr f fl g gr h j k kl l m n p pl pr qu r s sh sl st t th tr v w z".split()
NUCLEI = "a ai e ea ee i ia o oa oo ou u y".split()
CODAS = [
    "",
    "",
    "",
    "b",
    "ck",
    "d",
    "ft",
    "g",
    "l",
    "ll",
    "m",
    "mp",
    "n",
    "nd",
    "nt",
    "p",
    "r",
    "rk",
    "s",
    "st",
    "t",
    "x",
]

NOUNS = """account agent album alert answer area asset badge batch bench bill block boat bottle box branch bridge budget bundle
cable camp card case chain chapter claim code coin colony column contract copy cost cover crew crop cycle deal deck depot design
device diary dock draft drill driver duty edge engine entry error estate exam factor farm feed field file filter fleet flight
folder form frame fund game garden gate gift goal grade grain grant graph group guard guide habit harbor hint hive hotel image
input iron issue item job journal key kit label lamp lane layer leaf lease lens level light limit line link list loan lock log
lot machine map mark market mask medal memo menu meter mine model module mold mount name nest net node note offer oil outlet
pack page paint panel paper parcel part party pass path patch payment pen permit phase photo piece pilot pipe pitch place plan
plant plate player plot point policy pool port post pot prize profile proof pump quest quote rack rail range rate recipe record
region rent repair report request ring river road robot role roof room root route rule sample scale scene score screen seal seat
sector seed segment sensor series session set shape share sheet shelf shift ship shop signal site sketch skill slot snack sound
source space spot stack staff stage stall stamp state station step stock stone store story street stripe studio survey switch
system tag tank target tax tent term test text thread ticket tile title token tool topic tower toy track trade trail trait
trial trip truck tube turn unit user valve van vault vendor verse video visit voice vote wage wall watch wave wheel wing wire
word yard zone""".split()

TRAITS = """actual annual base best blue brief bulk check clean clear cold current daily deep direct double dry early end extra
fair fast final fine first flat full general global gross hard heavy high home hot inner key large last late lead left light
local long loose low main major max mean min minor net new next night old open outer own past peak plain prime public pure quick
raw rear red rich right rough round safe second sharp short side simple single small soft solid spare special start steady stock
strong sub super tall third tight top total true upper usual valid wet white wide young""".split()

LONGEST = 14  # letters of a made-up word
BORROWED = 0.35  # of the columns
STAFFED = 0.35  # of the domains have `users`
STAFF_ROLES, ROLES = 0.7, 0.1  # of the links to `users` and to others are not called as their table, but as what it does there
PAIRED = ("origin", "destination", "total")  # their values hang on another column's
# what names a record, as often as in the training domains; "*" stands for a phrase
NAMING = {
    "name list:words": 5, "name company:": 1, "full_name person:": 5, "title list:words": 3, "* list:words": 1,
    "*_number code:??-####": 2, "*_code code:??####": 1, "reference code:####-###": 1,
}  # fmt: skip
# name, kind and argument in the notation of `screens.notation`, as often as in the training domains
COLUMNS = {
    "* list:words": 8, "* words:": 1, "* long:": 3, "* enum:": 7, "*_type enum:": 1, "is_* bool:": 7,
    "has_* bool:": 1, "*_number code:??-####": 3, "*_code code:####": 1, "* person:": 1, "* company:": 1,
    "* city:": 1, "* email:": 1, "*_phone phone:": 1, "*_date date:past": 3, "*_date date:future": 3,
    "*_on date:past": 2, "*_on date:future": 2, "* date:past": 1, "*_at time:past": 4, "*_at time:future": 2,
    "*_at clock:8-18": 1, "* int:1-40": 4, "* int:1-900": 2, "*_days int:1-90": 1, "*_hours int:1-48": 1,
    "*_km int:2-900": 1, "*_minutes int:5-90": 1, "*_count int:0-40": 1, "* money:5-900": 4, "* money:100-90000": 1,
    "*_price money:2-800": 2, "*_amount money:10-4000": 1, "*_cost money:10-900": 1, "*_fee money:5-90": 1,
    "*_rate percent:1-90": 1, "* percent:1-90": 1, "*_kg decimal:1-80": 1, "* decimal:1-80": 1, "* stars:": 1,
    "* tags:words": 1, "* slider:0-100": 1,
}  # fmt: skip


@lru_cache(maxsize=1)
def vocabulary() -> tuple[str, ...]:
    """Some 2,700 English words in order: those of faker's texts and job titles, and of Python's own documentation.

    With the 250 nouns above alone, nano learned those nouns and not how to copy a word.
    """
    from pydoc_data import topics

    from faker.providers.job import Provider as Jobs
    from faker.providers.lorem.en_US import Provider as Lorem

    found = {word.lower() for word in Lorem.word_list} | set(re.findall("[a-z]{3,12}", " ".join(Jobs.jobs).lower()))
    told = Counter(re.findall(r"(?<![A-Za-z_.`])[a-z]{4,12}(?![A-Za-z_.(`])", " ".join(topics.topics.values())))
    found |= {word for word, count in told.items() if count > 1}
    return tuple(sorted(word for word in found if re.fullmatch("[a-z]{3,12}", word)))


@lru_cache(maxsize=1)
def _common() -> tuple[Attribute, ...]:
    """The columns of the training domains that can stand in any table."""
    own = ("ref", "list", "pickcode", "city", "country", "tags", "words")  # these need their own domain's values
    return tuple(
        attribute
        for domain in (DOMAINS[name] for name in TRAINING)
        for entity in domain.entities
        for attribute in entity.attributes
        if attribute.kind not in own
        and attribute.name not in PAIRED
        and attribute.argument not in domain.lists
        and not attribute.names_record
    )


@lru_cache(maxsize=1)
def stems() -> tuple[str, ...]:
    """What the shipped nano's tokenizer cuts words into, from two letters on; heads of English words where there is none."""
    file = configs.root() / "data" / "nano" / "tokenizer.json"
    if not file.is_file():
        return tuple(sorted({word[:size] for word in vocabulary() for size in (2, 3, 4)}))
    pieces = json.loads(file.read_text(encoding="utf-8"))["model"]["vocab"]
    bare = {piece.lstrip("▁_") for piece in pieces} - set(re.findall("[a-z]+", " ".join(lists.KINDS)))  # no SQL in a word
    return tuple(sorted(piece for piece in bare if re.fullmatch("[a-z]{2,}", piece)))


@lru_cache(maxsize=1)
def unheard() -> frozenset[str]:
    """The words of the validation domains, singular: one that comes about by chance is no word for an exercise."""
    told = " ".join(repr(DOMAINS[name]) for name in VALIDATION)
    return frozenset(found.removesuffix("s") for found in re.findall("[a-z]{3,}", told.lower()))


def word(rng: random.Random) -> str:
    """A word, lower case: English, the head of one English word and the tail of another, pieces of the tokenizer, or syllables.

    With English words alone, nano was right on 94 of 100 pieces of words that it had often written and on 74 of those that it
    had hardly met: "storage place" on a screen became "hydrogeologi". With halves as well, 9 in 100 of the pieces that the
    validation screens' true lists are made of still came up in none of 20,000 words, or once or twice.
    """
    while True:
        chance = rng.random()
        if chance < 0.08:
            return rng.choice(NOUNS)
        if chance < 0.35:
            return rng.choice(vocabulary())
        made = _made(chance, rng)
        if len(made) <= LONGEST and made.removesuffix("s") not in unheard():
            return made


def _made(chance: float, rng: random.Random) -> str:
    """A word that no dictionary has, but by chance."""
    if chance < 0.6:
        head, tail = rng.choice(vocabulary()), rng.choice(vocabulary())
        return head[: rng.randint(2, 6)] + tail[-rng.randint(2, 6) :]
    if chance < 0.92:
        return "".join(rng.choice(stems()) for _ in range(rng.choice((1, 2, 2, 3))))
    return "".join(rng.choice(ONSETS) + rng.choice(NUCLEI) + rng.choice(CODAS) for _ in range(rng.choice((1, 2, 2, 3))))


def phrase(rng: random.Random) -> str:
    """One to three words in snake case."""
    words = [word(rng)]
    if rng.random() < 0.45:
        words.insert(0, rng.choice(TRAITS) if rng.random() < 0.6 else word(rng))
    if rng.random() < 0.08:
        words.append(rng.choice(NOUNS))
    return re.sub("(?<=[^s])s$", "", "_".join(words))  # a noun, whose plural is to be told from it


def plural(noun: str) -> str:
    """The plural of an English or made-up noun."""
    if noun.endswith(("s", "x", "ch", "sh", "z")):
        return noun + "es"
    if noun.endswith("y") and noun[-2:-1] not in tuple("aeiou"):
        return noun[:-1] + "ies"
    return noun + "s"


def domain(rng: random.Random) -> Domain:
    """A made-up relational model of three to seven tables; later tables point at earlier ones."""
    nouns: dict[str, str] = {}  # by their tables: "berry" and "berrie" have one plural
    while len(nouns) < rng.randint(3, 6):
        noun = phrase(rng)
        nouns.setdefault(plural(noun), noun)
    entities = [_staff(rng)] if "users" not in nouns and rng.random() < STAFFED else []
    for table, noun in nouns.items():
        entities.append(Entity(table, noun.replace("_", " ").capitalize(), "box", _attributes(rng, entities)))
    title = word(rng).capitalize()
    words = tuple(f"{word(rng)} {word(rng)}".capitalize() for _ in range(60))
    return Domain("invented", title, (f"{title} {word(rng).capitalize()}",), tuple(entities), {"words": words})


def _staff(rng: random.Random) -> Entity:
    name = Attribute("full_name", "person", "", wordings("full_name"), True, True)
    others = {one.name: one for one in rng.sample(_common(), k=rng.randint(0, 2)) if one.name != name.name}
    return Entity("users", "User", "box", (name, *others.values()))


def _attributes(rng: random.Random, parents: list[Entity]) -> tuple[Attribute, ...]:
    found = [_attribute(rng, NAMING, required=rng.random() < 0.85, names_record=True)]
    for _ in range(rng.randint(3, 7)):
        own = _attribute(rng, COLUMNS, required=rng.random() < 0.45)
        found.append(rng.choice(_common()) if rng.random() < BORROWED else own)
    named: dict[str, Attribute] = {}
    for one in found:
        named.setdefault(one.name, one)
    for parent in rng.sample(parents, k=min(len(parents), rng.choice((1, 1, 2, 3)))):
        role = rng.random() < (STAFF_ROLES if parent.table == "users" else ROLES)
        key = _role(parent.table, rng) if role else truth.key_name(parent.table)
        named.setdefault(key, Attribute(key, "ref", parent.table, wordings(key), rng.random() < 0.7))
    first, *others = named.values()
    return (first, *rng.sample(others, k=len(others)))


def _role(table: str, rng: random.Random) -> str:
    """What a link is called that is not called as its table: `reviewer_id`, `handled_by_id`, `home_club_id`."""
    forms = (f"{phrase(rng)}_id", f"{word(rng)}_by_id", f"{rng.choice(TRAITS)}_{truth.key_name(table)}")
    return rng.choices(forms, (6, 1, 2))[0]


def _attribute(rng: random.Random, forms: dict[str, int], *, required: bool, names_record: bool = False) -> Attribute:
    form = rng.choices(tuple(forms), tuple(forms.values()))[0]
    name, kind = form.replace("*", phrase(rng), 1).split(maxsplit=1)
    kind, _, argument = kind.partition(":")
    if kind == "enum":
        argument = "|".join(dict.fromkeys(phrase(rng) for _ in range(rng.randint(2, 5))))
    return Attribute(name, kind, argument, wordings(name), required, names_record)
