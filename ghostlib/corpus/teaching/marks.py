"""Where on a picture a label's words stand, by what the OCR read there."""

import difflib
import re
from collections.abc import Sequence

from ghostlib.corpus.reading import Box, Line

# Of 1,621 labels of drawn screens the OCR's lines hold every one at 0.75 and all but one at 1.0.
ALIKE = 0.75


def find(words: str, lines: Sequence[Line]) -> Box | None:
    """The box of the line that says these words, or most nearly says them; None where no line does.

    A line that is the words comes before one that holds them, and that before one in which the OCR misread a letter.
    """
    want = _plain(words)
    if not want:
        return None
    best, place = 0.0, None
    for line in lines:
        alike = _alike(want, _plain(line.text))
        if alike > best:
            best, place = alike, line.box
    return place if best >= ALIKE else None


def _alike(want: str, have: str) -> float:
    """2 for the same words, 1 to 2 where `have` holds them between two ends of words, else how alike the nearest part is."""
    if not have:
        return 0.0
    if want == have:
        return 2.0
    if want in have:
        return 1.0 + len(want) / len(have) if len(want) > 2 else 0.0
    return 0.0 if len(want) < 4 else max(_ratio(want, have), _ratio(want, _part(want, have)))


def _part(want: str, have: str) -> str:
    """As many letters of `have` as `want` has, from where the longest run that both share would put them."""
    run = difflib.SequenceMatcher(None, want, have, autojunk=False).find_longest_match(0, len(want), 0, len(have))
    start = max(0, run.b - run.a)
    return have[start : start + len(want)]


def _ratio(one: str, other: str) -> float:
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    return matcher.ratio() if matcher.real_quick_ratio() >= ALIKE and matcher.quick_ratio() >= ALIKE else 0.0


def _plain(text: str) -> str:
    """Letters and digits alone, as the OCR often loses blanks and takes signs for others; signs where there is nothing else."""
    text = text.lower()
    return re.sub(r"[\W_]+", "", text) or "".join(text.split())
