"""Columns named with words of no word list or data set of the training, beside the rest: is a word copied, or was it known?"""

import re
from collections.abc import Iterable, Sequence

from ghostlib import config as configs
from ghostlib.config import Config
from ghostlib.corpus import framed, invented, records
from ghostlib.corpus.screens.domains import DOMAINS, TRAINING
from ghostlib.schemas import matching
from ghostlib.schemas.schema import Schema, Table

NEW, KNOWN = "new", "known"
Counts = dict[str, tuple[float, int, int]]  # by NEW and KNOWN: credit of the matched columns, predicted ones, true ones


def held(config: Config) -> frozenset[str]:
    """Every word that nano's exercises and the data sets of a config to train on may hold, in small letters and singular.

    What `invented.word` makes up is not among them. It makes up no word of a validation domain, but once did: of the 77 words
    that were new to nano by this rule 31 in five million draws, some as often as 68 times, for 75 of its 766 minutes.
    """
    told = [
        *invented.vocabulary(),
        *invented.NOUNS,
        *invented.TRAITS,
        *framed.COMMANDS,
        *(repr(DOMAINS[name]) for name in TRAINING),
    ]
    for row in records.read_texts(configs.root() / config.data.texts):
        told += [row.instruction, row.input, row.output]
    for screen in records.read_screens(configs.root() / config.data.screens):
        told += [screen.output, *(line.text for line in screen.lines)]
    return frozenset(_singular(word) for text in told for word in _words(text))


def counted(predicted: Schema | None, truth: Schema, known: frozenset[str]) -> Counts:
    """Of one answer. A column is new where its name has a word that is not in `known`; keys `id` do not count."""
    made = list(_columns(predicted.tables)) if predicted else []
    wanted = list(_columns(truth.tables))
    pairs = matching.match(predicted, truth).columns if predicted else {}
    found: Counts = {}
    for kind in (NEW, KNOWN):
        its = {column for column in wanted if _is_new(column[1], known) == (kind == NEW)}
        credit = sum(value for (_, _, table, column), value in pairs.items() if (table, column) in its)
        found[kind] = (credit, sum(_is_new(name, known) == (kind == NEW) for _, name in made), len(its))
    return found


def f1(rows: Sequence[Counts]) -> dict[str, float]:
    """The column F1 of all answers together, by NEW and KNOWN, and how many such columns there truly are ("new_columns")."""
    told: dict[str, float] = {}
    for kind in (NEW, KNOWN):
        credit, made, wanted = (sum(row[kind][place] for row in rows) for place in range(3))
        told |= {kind: round(2 * credit / (made + wanted), 4) if made + wanted else 0.0, f"{kind}_columns": wanted}
    return told


def _columns(tables: Iterable[Table]) -> Iterable[tuple[str, str]]:
    return ((table.name, column.name) for table in tables for column in table.columns if not column.identity)


def _is_new(name: str, known: frozenset[str]) -> bool:
    return any(len(word) > 2 and _singular(word) not in known for word in _words(name))


def _words(text: str) -> list[str]:
    return re.findall("[a-z]+", text.lower())


def _singular(word: str) -> str:
    return word.removesuffix("s") if len(word) > 3 else word
