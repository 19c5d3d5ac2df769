"""The same page with other words in it, in its text and in its list alike: so a page can be read again without being known.

nano learned 11,000 invented pages by heart within three hours (right on 96 % of their lists, on 93 % of those of pages that
it had never seen): what is to be learned is copying, and a word that changes every time can only be copied.
"""

import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from ghostlib.corpus import invented, lists
from ghostlib.corpus.laid import Page
from ghostlib.corpus.reading import Line
from ghostlib.corpus.screens.domains import DOMAINS, TRAINING
from ghostlib.schemas import ddl

USUAL = 0.03  # of the lists hold a word: then it is a usual one ("name", "status"), which says something and stays
WIDELY = 0.08  # of a data set's answers: more than two of its domains
SPOKEN = frozenset(" ".join((*lists.TYPES, "link choice key required from to by")).split())
WORD = re.compile(r"[A-Za-z]+")
SQL = frozenset(WORD.findall(" ".join((*lists.TYPES.values(), *lists.KINDS, "bigint now true false"))))
IRREGULAR = re.compile(r"(?:s|x|z|ch|sh|y)$")  # more than an s makes the plural of these ...
PLURAL = re.compile(r"(?:[sxz]es|[cs]hes|ies)$")  # ... which then looks so


def usual(pages: Sequence[Page]) -> frozenset[str]:
    """The words of lists that stay what they are: of a list's own language, of the training domains' columns, of many pages."""
    found = Counter(word for page in pages for word in set(WORD.findall(page.listed)))
    columns = (attribute.name for name in TRAINING for entity in DOMAINS[name].entities for attribute in entity.attributes)
    many = {word for word, count in found.items() if count >= max(2, USUAL * len(pages))}
    return SPOKEN | many | set(WORD.findall(" ".join(columns)))


def renamed(page: Page, kept: frozenset[str], rng: random.Random) -> Page:
    """The page with every word of its list that is not in `kept` replaced by another, wherever it stands on the page.

    A word keeps its capitals and its plural; one with an irregular plural stays. Boxes, types and links are those of before.
    """
    words = _Others(page.listed, kept, rng)
    return replace(page, lines=words.said(page.lines), listed=words.written(page.listed), output=words.written(page.output))


def telling(answers: Sequence[str]) -> frozenset[str]:
    """The words of schemas that say something of their column: those of every column that is no plain text, and usual ones."""
    found = Counter(word for answer in answers for word in set(WORD.findall(answer)))
    typed = (name for answer in answers for name in re.findall(r"(?m)^    (\w+) (?!text|bigint)", answer))
    many = {word for word, count in found.items() if count >= WIDELY * len(answers)}
    return SPOKEN | SQL | many | set(WORD.findall(" ".join(typed)))


def reworded(lines: Sequence[Line], answer: str, kept: frozenset[str], rng: random.Random) -> tuple[tuple[Line, ...], str]:
    """A screen's reading and the SQL that answers it, with other words: those of the answer that stand on the screen and are

    not in `kept`. A word that stands in the answer alone cannot be copied, so it stays.
    """
    shown = {word for line in lines for word in WORD.findall(line.text.lower())}
    unseen = {word for word in WORD.findall(answer) if not {word, word.removesuffix("s"), f"{word}s"} & shown}
    stay = kept | unseen
    words = _Others(answer, stay | {word.removesuffix("s") for word in stay} | {f"{word}s" for word in stay}, rng)
    return words.said(lines), words.written(answer)


class _Others:
    """Another word for each of a text's that is not kept; a word and its regular plural have the same stem."""

    def __init__(self, text: str, kept: frozenset[str], rng: random.Random) -> None:
        words = dict.fromkeys(WORD.findall(text))
        taken = {*words, *kept}
        self.kept, self.others = kept, {}
        for stem in dict.fromkeys(word.removesuffix("s") for word in words if word not in kept and not PLURAL.search(word)):
            if len(stem) > 2 and stem not in kept and not IRREGULAR.search(stem) and stem.islower():
                self.others[stem] = _fresh(taken, rng)

    def said(self, lines: Sequence[Line]) -> tuple[Line, ...]:
        return tuple(Line(WORD.sub(self._other, line.text), line.box, line.score) for line in lines)

    def written(self, text: str) -> str:
        """The text with its names replaced; what stands in capitals is the language's own."""
        return WORD.sub(lambda match: self._other(match) if match.group().islower() else match.group(), text)

    def _other(self, match: re.Match[str]) -> str:
        word = match.group()
        low = word.lower()
        stem = low if low in self.others else low.removesuffix("s")
        if low in self.kept or stem not in self.others:
            return word
        told = self.others[stem] + low[len(stem) :]
        return told.upper() if word.isupper() and len(word) > 1 else told.capitalize() if word[0].isupper() else told


def _fresh(taken: set[str], rng: random.Random) -> str:
    while True:
        word = invented.word(rng)
        if any(ddl.name(name) != name for name in (word, f"{word}s")):
            continue  # reserved: it would have to be quoted
        if len(word) > 2 and word not in taken and not IRREGULAR.search(word):
            taken.add(word)
            return word
