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

USUAL = 0.03  # of the lists hold a word: then it is a usual one ("name", "status"), which says something and stays
SPOKEN = frozenset(" ".join((*lists.TYPES, "link choice key required from to by")).split())
WORD = re.compile(r"[A-Za-z]+")
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
    words = dict.fromkeys(WORD.findall(page.listed))
    taken = {*words, *kept}
    others: dict[str, str] = {}
    for stem in dict.fromkeys(word.removesuffix("s") for word in words if word not in kept and not PLURAL.search(word)):
        if len(stem) > 2 and stem not in kept and not IRREGULAR.search(stem) and stem.islower():
            others[stem] = _fresh(taken, rng)

    def other(match: re.Match[str]) -> str:
        word = match.group()
        low = word.lower()
        stem = low if low in others else low.removesuffix("s")
        if low in kept or stem not in others:
            return word
        told = others[stem] + low[len(stem) :]
        return told.upper() if word.isupper() and len(word) > 1 else told.capitalize() if word[0].isupper() else told

    lines = tuple(Line(WORD.sub(other, line.text), line.box, line.score) for line in page.lines)
    return replace(page, lines=lines, listed=WORD.sub(other, page.listed), output=WORD.sub(other, page.output))


def _fresh(taken: set[str], rng: random.Random) -> str:
    while True:
        word = invented.word(rng)
        if len(word) > 2 and word not in taken and not IRREGULAR.search(word):
            taken.add(word)
            return word
