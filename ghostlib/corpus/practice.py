"""Endless exercises for nano's pretraining: pages to list, labels to copy, lists to write as SQL, facts to write as JSON."""

import itertools
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ghostlib.corpus import copied, facts, framed, invented, laid, lists, mixed, reading, renamed
from ghostlib.corpus.laid import Page
from ghostlib.schemas import ddl

LIST = "List the tables and fields on this screen."
ASKED = (LIST, LIST, LIST, "What is on this screen?", "")  # and without a word: a reading is a question in itself
WRITE = "Write this list as PostgreSQL."
TELL = "List the tables and fields on this screen, then name its tables."
INVENT = "Make up a list of tables and fields, then write it as PostgreSQL."
FACTS = "Write these facts as JSON."
COPY = "Write what has a kind as a list."
LOOK = "Which widgets are on this screen, and where?"
POINT = "What is at each of these places?"
MOST_WIDGETS = 28
FEW_TEXTS = 6  # of them at least, where only a place is told: four of five are texts, and they teach little
READ, TOLD, WRITTEN, BEGUN, SPOKEN, COPIED = 0.46, 0.06, 0.02, 0.24, 0.04, 0.15  # of those without a picture; the rest is style
LOOKED, POINTED = 0.05, 0.35  # of those with one tell where its widgets are, or what is where: half of these beside the reading
RENAMED = 0.85  # of the invented pages
FRAMED = 0.2  # of the pages without a picture stand in a window of which nothing is to be listed
OWN = 0.5  # of the lists that an answer begins with are what nano itself has listed of a page, once it has
LIKE = 0.35  # of the lists that an answer begins with are beside the screen whose list they were, before it was mixed up
BESIDE = 0.4  # and so many beside a screen with which they have nothing to do
ANYHOW = 0.6  # of all of them follow a question of words that mean nothing, so that no question is what they depend on
SLIPPED = 0.25  # of the lists to write hold a slip that shall not be written
TOO_MANY = ("button", "avatar")  # of these no column is ever made


@dataclass(frozen=True)
class Practice:
    """One exercise, with the file of a picture or none; where `prompt` is empty, every token of `completion` counts.

    The answer begins with what is `begun`, which nobody could know, so it does not count.
    """

    prompt: str
    completion: str
    picture: Path | None = None
    begun: str = ""


@dataclass(frozen=True)
class Own:
    """What nano was asked of a page, and what it listed: with its own mistakes, which no rule makes up as they are."""

    prompt: str
    listed: str


def stream(
    seed: int, pages: Sequence[Page], sights: Sequence[Page] = (), own: Sequence[Own] = (), *, limit: int | None = None
) -> Iterator[Practice]:
    """Exercises without end (or `limit` of them) over `pages`, the same for the same seed.

    A page that comes again was misread in another way, and most of the invented ones hold other words; lists to write are
    planned anew each time. With `sights`, pages that have a picture, half of the exercises are to look at one: to say where
    its widgets are or what is where, or to list it with its reading. With `own`, half of the lists that an answer begins with
    are of these.

    No screen is answered with its SQL. But a list may be followed, after a blank line, by something else: the screen's own by
    the names of its tables, one that is not the screen's or is `own` by its SQL. Tuning then has these two to join.
    """
    rng, kept = random.Random(seed), renamed.usual(pages)
    for number in itertools.count():
        if number == limit:
            return
        if sights and rng.random() < 0.5:
            yield looked_at(_reworded(sights[rng.randrange(len(sights))], kept, rng), rng)
            continue
        chance = rng.random()
        if chance < READ + TOLD:
            page = _page(pages, kept, rng)
            shown, told = _read(page, rng), chance >= READ
            listed = lists.seen(page.listed, shown)
            yield Practice(f"{TELL if told else rng.choice(ASKED)}\n{shown}".strip(), _told(listed) if told else listed)
        elif chance < READ + TOLD + WRITTEN:
            listed = _listed(rng)
            yield Practice(f"{WRITE}\n{listed}", ddl.canonical(lists.schema(listed)))
        elif chance < READ + TOLD + WRITTEN + BEGUN:
            mine = own and rng.random() < OWN
            yield _gone_on(rng.choice(own), rng) if mine else _begun(pages[rng.randrange(len(pages))], rng)
        elif chance < READ + TOLD + WRITTEN + BEGUN + SPOKEN:
            words, answer = facts.told(rng)
            yield Practice(f"{FACTS}\n{words}", answer)
        elif chance < READ + TOLD + WRITTEN + BEGUN + SPOKEN + COPIED:
            words, answer = copied.labels(rng)
            yield Practice(f"{COPY}\n{words}", answer)
        else:
            yield Practice("", ddl.canonical(laid.screen(rng).schema))


def _listed(rng: random.Random) -> str:
    """A list to write as SQL: some as a screen's would be, most with nothing in it that could be expected, some with a slip."""
    listed = lists.listing(laid.screen(rng).schema)
    listed = listed if rng.random() < 0.4 else mixed.mixed(listed, rng)
    return mixed.slipped(listed, rng, SLIPPED)


def _begun(page: Page, rng: random.Random) -> Practice:
    """An answer that begins with a list: alone, beside the page, or beside the page that it was changed from."""
    chance = rng.random()
    listed = mixed.slipped(mixed.mixed(page.listed, rng), rng, SLIPPED) if chance < LIKE else _listed(rng)
    beside = _read(page, rng) if chance < LIKE + BESIDE else ""
    asked = _anything(rng) if rng.random() < ANYHOW else rng.choice((INVENT, *ASKED))
    return Practice(f"{asked}\n{beside}".strip() or INVENT, ddl.canonical(lists.schema(listed)), begun=f"{listed}\n\n")


def _gone_on(own: Own, rng: random.Random) -> Practice:
    """An answer that begins with nano's own list of the screen that it is asked about."""
    asked, _, beside = own.prompt.partition("\n")
    asked = _anything(rng) if rng.random() < ANYHOW else asked
    return Practice(f"{asked}\n{beside}", ddl.canonical(lists.schema(own.listed)), begun=f"{own.listed}\n\n")


def unlisted(seed: int, pages: Sequence[Page], count: int) -> list[str]:
    """What to ask nano so that it lists `count` pages, with other words and misread as always."""
    rng, kept = random.Random(f"{seed}/own"), renamed.usual(pages)
    return [f"{LIST}\n{_read(_page(pages, kept, rng), rng)}" for _ in range(count)]


def _page(pages: Sequence[Page], kept: frozenset[str], rng: random.Random) -> Page:
    page = _reworded(pages[rng.randrange(len(pages))], kept, rng)
    return framed.framed(page, rng) if rng.random() < FRAMED else page


def _reworded(page: Page, kept: frozenset[str], rng: random.Random) -> Page:
    """The page with other words, mostly: in a picture of 256 pixels nobody can read the ones that it was drawn with."""
    return renamed.renamed(page, kept, rng) if page.domain == "invented" and rng.random() < RENAMED else page


def _anything(rng: random.Random) -> str:
    words = [word for _ in range(rng.randint(2, 6)) for word in invented.phrase(rng).split("_")]
    return f"{' '.join(words).capitalize()}."


def _read(page: Page, rng: random.Random) -> str:
    lines = page.lines if rng.random() < 0.1 else reading.noisy(page.lines, rng)
    return reading.prompt(lines, page.size)


def _told(listed: str) -> str:
    return f"{listed}\n\n{', '.join(re.findall(r'(?m)^# (.+)', listed))}"


def looked_at(page: Page, rng: random.Random) -> Practice:
    """An exercise for a page with a picture: its list, where its widgets are, or what is where."""
    chance = rng.random()
    if chance < LOOKED:
        return Practice(LOOK, widgets(page), page.picture)
    if chance < LOOKED + POINTED:
        places, told = pointed(page, rng, reading.prompt(page.lines, page.size) if rng.random() < 0.5 else "")
        return Practice(f"{POINT}\n{places}", told, page.picture)
    shown = _read(page, rng)
    return Practice(f"{rng.choice(ASKED)}\n{shown}".strip(), lists.seen(page.listed, shown), page.picture)


def widgets(page: Page) -> str:
    """Where a page's widgets stand, `y,x kind` a line on the grid of a reading's prompt; the first MOST_WIDGETS of them."""
    found = {(*reading.place(box, *page.size), kind): None for kind, box in page.widgets if kind not in TOO_MANY}
    return "\n".join(f"{row},{column} {kind}" for row, column, kind in sorted(found)[:MOST_WIDGETS]) or "none"


def pointed(page: Page, rng: random.Random, shown: str = "") -> tuple[str, str]:
    """Up to MOST_WIDGETS places of a page where something stands, `y,x` a line, and the same with what it is.

    A place is that of a line in a reading's prompt; where several widgets are at one, all are told, and `text` where none is.
    With the page's reading in `shown` that is what is asked about, the first MOST_WIDGETS of its places; else two of three are
    widgets, as far as the page has as many.
    """
    found: dict[tuple[int, int], set[str]] = {reading.place(line.box, *page.size): set() for line in page.lines}
    for kind, box in page.widgets:
        found.setdefault(reading.place(box, *page.size), set()).add(kind)
    if shown:
        read = {(int(row), int(column)): None for row, column in re.findall(r"(?m)^(\d+),(\d+) ", shown)}
        chosen = [place for place in read if place in found][:MOST_WIDGETS]
    else:
        things, texts = (sorted(place for place in found if bool(found[place]) is thing) for thing in (True, False))
        things = rng.sample(things, k=min(len(things), MOST_WIDGETS - FEW_TEXTS))
        few = min(len(texts), MOST_WIDGETS - len(things), max(FEW_TEXTS, len(things) // 2))
        chosen = sorted(things + rng.sample(texts, k=few))
    told = [f"{row},{column} {', '.join(sorted(found[row, column])) or 'text'}" for row, column in chosen]
    return shown or "\n".join(f"{row},{column}" for row, column in chosen), "\n".join(told)


def shuffled(count: int, seed: int) -> list[int]:
    """The numbers below `count` in an order that the seed decides."""
    return random.Random(seed).sample(range(count), count)
