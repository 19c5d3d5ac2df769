"""A statement's words with their places, and the edits of a statement: what stands in for what, every place traceable."""

from bisect import bisect_left
from collections.abc import Iterable
from functools import cached_property
from typing import Any

Edit = tuple[int, int, str]  # the characters from, up to, and what stands there instead
COMMENTS = ("SQL_COMMENT", "C_COMMENT")
OPENING = ("ASCII_40", "ASCII_91")
CLOSING = ("ASCII_41", "ASCII_93")


class Words:
    """The words of one statement, cut by PostgreSQL's scanner when they are first asked for."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def all(self) -> list[Any]:
        import pglast

        return [word for word in pglast.parser.scan(self.text) if word.name not in COMMENTS]

    @cached_property
    def _starts(self) -> list[int]:
        return [word.start for word in self.all]

    def at(self, place: int) -> int:
        """The number of the first word at or behind a place."""
        return bisect_left(self._starts, place)

    def is_at(self, number: int, *names: str) -> bool:
        """Whether the word of that number has one of these names (in upper case, or as the scanner calls it)."""
        if not 0 <= number < len(self.all):
            return False
        word = self.all[number]
        return word.name in names or self.text[word.start : word.end + 1].upper() in names

    def place(self, number: int) -> int:
        """Where a word starts; the end of the text behind the last one."""
        return self._starts[number] if number < len(self.all) else len(self.text)

    def end(self, number: int) -> int:
        """The place behind a word."""
        return self.all[number].end + 1

    def closing(self, number: int) -> int:
        """The number of the bracket that closes the one there."""
        deep = 0
        for here in range(number, len(self.all)):
            deep += (self.all[here].name in OPENING) - (self.all[here].name in CLOSING)
            if deep == 0:
                return here
        return len(self.all) - 1

    def behind_item(self, number: int, stops: Iterable[int] = ()) -> int:
        """The number of the word behind the list item that holds word `number`: its comma, bracket, or a word at `stops`."""
        halts, here = set(stops), number
        while here < len(self.all):
            word = self.all[here]
            if here > number and word.start in halts:
                return here
            if word.name in OPENING:
                here = self.closing(here)
            elif word.name == "ASCII_44" or word.name in CLOSING:
                return here
            here += 1
        return here

    def behind_name(self, number: int) -> int:
        """The number of the word behind a dotted name that starts there."""
        here = number + 1
        while self.is_at(here, "ASCII_46"):
            here += 2
        return here

    def items(self, number: int) -> list[tuple[int, int]]:
        """First word and the word behind each item of a list that starts at word `number`."""
        found = []
        while number < len(self.all):
            behind = self.behind_item(number)
            found.append((number, behind))
            if not self.is_at(behind, "ASCII_44"):
                break
            number = behind + 1
        return found

    def find(self, word: str, number: int = 0) -> int:
        """The number of the first word of that spelling outside brackets from `number` on, or -1."""
        here = number
        while here < len(self.all):
            if self.all[here].name in OPENING:
                here = self.closing(here)
            elif self.is_at(here, word):
                return here
            here += 1
        return -1

    def without(self, items: list[tuple[int, int]], gone: set[int]) -> list[Edit]:
        """The edits that take items out of a list, each with one comma; never all of them."""
        edits: list[Edit] = []
        kept = [number for number in range(len(items)) if number not in gone]
        for number in sorted(gone):
            first, behind = items[number]
            if number < kept[0]:
                edits.append((self.place(first), self.place(items[number + 1][0]), ""))
            else:
                edits.append((self.place(items[number - 1][1]), self.end(behind - 1), ""))
        return edits


def edited(text: str, edits: Iterable[Edit]) -> tuple[str, tuple[Edit, ...]]:
    """The text with all edits made, and those that were: one within another gives way."""
    made: list[Edit] = []
    for edit in sorted(set(edits), key=lambda one: (one[0], -one[1])):
        if not made or edit[0] >= made[-1][1]:
            made.append(edit)
    parts, place = [], 0
    for start, end, instead in made:
        parts += [text[place:start], instead]
        place = end
    return "".join([*parts, text[place:]]), tuple(made)


def original(place: int, edits: tuple[Edit, ...]) -> int:
    """Where a place of the edited text stood before."""
    shift = 0
    for start, end, instead in edits:
        if place + shift < start:
            break
        if place + shift < start + len(instead):
            return start
        shift += end - start - len(instead)
    return place + shift


def bare(word: str) -> str:
    """A name as the server reads it: folded where it is bare, without its quotes."""
    return word[1:-1].replace('""', '"') if word.startswith('"') else lower(word)


def lower(word: str) -> str:
    """A bare name as the server folds it: ASCII only."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in word)
