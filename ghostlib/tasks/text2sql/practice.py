"""Questions that the task makes itself, as many as one likes, over training domains and over domains that do not exist.

They are a data set as any other, at an address of its own (`made://6000/7`: 6,000 questions of seed 7). A made-up database
has made-up words, so that what is learnt from it is to find a name in the prompt and to copy it.
"""

import dataclasses
import hashlib
import random
import re
import sqlite3
from contextlib import closing
from pathlib import Path

from ghostlib import config as configs
from ghostlib.corpus import invented
from ghostlib.corpus.questions import filled
from ghostlib.corpus.questions.patterns import PATTERNS
from ghostlib.corpus.questions.subject import Subject, Unfit
from ghostlib.corpus.screens.domains import DOMAINS, TRAINING, Domain
from ghostlib.errors import DataError
from ghostlib.tasks.text2sql import catalog, hardness, setmatch
from ghostlib.tasks.text2sql.catalog import Database
from ghostlib.tasks.text2sql.layouts import Corpus, Question

SCHEME = "made://"
INVENTED = 0.85  # of the turns; the others ask a training domain, with rows of its own
ASKED = 8  # questions a turn
ROWS = (8, 12)  # of a table: a question needs a value or two
TURNS = 400  # tries, for a database whose tables fit few patterns
WEIGHTS = {"easy": 4, "medium": 4, "hard": 3, "extra": 2}  # a longer query teaches less a second


def address(count: int, seed: int) -> str:
    """Where `corpus` finds these questions."""
    return f"{SCHEME}{count}/{seed}"


def corpus(source: str) -> Corpus:
    """The data set at an `address`: questions to train on, the same for one address. Raises DataError for another text."""
    parts = re.fullmatch(rf"{SCHEME}(\d+)/(\d+)", source)
    if not parts:
        raise DataError(f"{source}: is no made data set. Write {SCHEME}COUNT/SEED")
    count, seed = map(int, parts.groups())
    domains: dict[str, Domain] = {}
    databases: dict[str, Database] = {}
    found: dict[tuple[str, str], Question] = {}  # by database and query
    turn = 0
    while len(found) < count:
        rng = random.Random(f"{seed} {turn} practice")
        domain = _domain(rng, turn)
        domains[domain.name] = domain
        databases.setdefault(domain.name, catalog.of_entry(filled.entry(domain), domain.name))
        for words, query, level in _questions(domain, databases[domain.name], rng, seed):
            made = Question(f"made-{len(found)}", domain.name, words, query, level=level)
            found.setdefault((domain.name, query), made)
        turn += 1

    def place(name: str) -> list[Path]:
        return [_file(domains[name], seed, source)] if name in domains else []

    return Corpus(Path(source), "made", {"train": list(found.values())[:count]}, databases, place)


def told(query: str, prompt: str) -> bool:
    """Whether a prompt has all the tables of a query that this module made: without one of them only guessing is left."""
    return all(f"TABLE: {name} (" in prompt for name in re.findall(r"\b(?:from|join) (\w+)", query, re.IGNORECASE))


def _domain(rng: random.Random, number: int) -> Domain:
    """A training domain under its own name, so that it is held back as a whole, or a new one that does not exist."""
    if rng.random() >= INVENTED:
        return DOMAINS[rng.choice(TRAINING)]
    while True:
        made = dataclasses.replace(invented.domain(rng), name=f"invented-{number}")
        if _creates(made):
            return made


def _creates(domain: Domain) -> bool:
    """Whether SQLite takes its names as they are: a column called `order` is a word of SQL."""
    with closing(sqlite3.connect(":memory:")) as link:
        try:
            for entity in filled.entities(domain):
                link.execute(filled.table(entity))
        except sqlite3.OperationalError:
            return False
    return True


def _questions(domain: Domain, known: Database, rng: random.Random, seed: int) -> list[tuple[str, str, str]]:
    """At most ASKED questions about one database: (words, query, hardness), no two with one query."""
    rows = filled.rows(domain, seed, ROWS)
    found: dict[str, tuple[str, str, str]] = {}
    for _ in range(TURNS):
        if len(found) == ASKED:
            break
        level = rng.choices(tuple(WEIGHTS), tuple(WEIGHTS.values()))[0]
        try:
            words, query = rng.choice(PATTERNS[level])(Subject(domain, rng.choice(domain.entities), rows, rng))
        except Unfit:
            continue
        parsed = setmatch.parsed(query, known.meaning)
        if parsed and hardness.hardness(parsed) == level:
            found.setdefault(query, (words, query, level))
    return list(found.values())


def _file(domain: Domain, seed: int, source: str) -> Path:
    """The database as a SQLite file in the cache, made where it is not there yet."""
    folder = configs.cache() / "text2sql" / source.removeprefix(SCHEME).replace("/", "-")
    known = hashlib.sha256(repr(domain).encode()).hexdigest()[:8]  # another version of this module draws others by that name
    file = folder / f"{domain.name}-{known}.sqlite"
    if not file.is_file():
        aside = file.with_suffix(".partial")
        filled.write(domain, seed, aside, ROWS)
        aside.replace(file)
    return file
