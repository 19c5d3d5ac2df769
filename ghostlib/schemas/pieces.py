"""Text -> its pieces: the statements between semicolons, psql's own lines, and the data of COPY ... FROM stdin.

The text is cut by one regular expression that does not recurse, so that the parser sees one statement at a time.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

DEEPEST = 1_000  # operators and brackets within each other; the parser takes Python with it between 10,000 and 40,000
LONGEST = 2_000_000  # characters of one statement that is parsed
WORDS = 400_000  # and its words

# What decides where a statement ends. Whole strings and comments are one hit; the rest of the text is never looked at.
_HITS = re.compile(
    r"""(?P<quoted>\b[eE]'(?:[^'\\]++|\\.|'')*+(?:'|\Z) | '[^']*+(?:'|\Z) | "[^"]*+(?:"|\Z))
      | (?P<line>--[^\n]*)
      | (?P<block>/\*)
      | (?P<dollar>(?<![\w$])\$(?:[^\W\d]\w*)?\$)
      | (?P<psql>^[ \t]*\\[^\n]*)
      | (?P<meta>\\(?:gexec|gset|gdesc|g|crosstabview)\b[^\n]*)
      | (?P<end>;)
      | (?P<open>\()
      | (?P<close>\))
      | (?P<word>\b(?:begin|case|end)\b)""",
    re.VERBOSE | re.MULTILINE | re.DOTALL | re.IGNORECASE,
)
_PSQL = re.compile(r"(?:\\[^\n]*+(?:\n\s*+|\Z))++")  # one line or several in a row
_BLOCK = re.compile(r"/\*|\*/")
_SPACE = re.compile(r"(?:\s++|--[^\n]*+(?:\n|\Z))++")
_NESTING = re.compile(r"CREATE\s+(?:OR\s+REPLACE\s+)?(FUNCTION|PROCEDURE|RULE)\b", re.IGNORECASE)
_COPY = re.compile(r"COPY\b.*\bFROM\s+STDIN\b", re.IGNORECASE | re.DOTALL)
_COPY_END = re.compile(r"^\\\.[ \t\r]*$", re.MULTILINE)
# Operators bind left: a + b + c is two levels deep. AND, OR, lists and a.b.c lie flat in the parser's tree.
_OPERATORS = set(
    "NOT IS ISNULL NOTNULL LIKE ILIKE SIMILAR BETWEEN CASE COLLATE UNION INTERSECT EXCEPT JOIN TYPECAST Op AT OPERATOR IN_P IN "
    "EQUALS_GREATER LESS_EQUALS GREATER_EQUALS NOT_EQUALS NOT_LA IS_P OVERLAPS WITH EXPLAIN".split()
) | {f"ASCII_{ord(sign)}" for sign in "+-*/%<>=^"}
_QUERIES = ("UNION", "INTERSECT", "EXCEPT")  # each takes a whole query with it: four times the stack


@dataclass(frozen=True)
class Piece:
    """A part of the text from `start`: a statement ("sql"), a line of psql ("psql") or rows of data ("data")."""

    kind: str
    start: int
    text: str


class Lines:
    """Line and column, from 1, of a place in a text."""

    def __init__(self, text: str) -> None:
        self._ends = [found.start() for found in re.finditer("\n", text)]

    def at(self, place: int) -> tuple[int, int]:
        """Line and column of a character's number."""
        line = bisect_right(self._ends, place - 1)
        return line + 1, place - (self._ends[line - 1] if line else -1)


def cut(text: str) -> Iterator[Piece]:
    """The pieces in order; comments before a statement are left out, and empty statements."""
    place = 0
    while (place := _content(text, place)) < len(text):
        if text[place] == "\\":
            end = _PSQL.match(text, place).end()  # type: ignore[union-attr]
            yield Piece("psql", place, text[place : min(end, place + 80)])
            place = end
            continue
        end, after = _end(text, place)
        if end > place:
            yield Piece("sql", place, text[place:end])
        if after == end + 1 and _COPY.match(text, place, min(end, place + 20_000)):
            line = text.find("\n", after)
            found = _COPY_END.search(text, line) if line >= 0 else None
            end = found.end() if found else len(text)
            if line >= 0:
                yield Piece("data", after, "")
            after = end if line >= 0 else after
        place = after


def beyond_limits(text: str) -> str:
    """Why a statement is too much for a recursive parser, or "". A short one cannot be, and is not looked at."""
    import pglast

    if len(text) <= DEEPEST:
        return ""
    if len(text) > LONGEST:
        return f"one statement holds {len(text):,} characters; at most {LONGEST:,} are judged"
    try:
        words = pglast.parser.scan(text)
    except pglast.parser.ParseError:
        return ""  # the parser says it better, and stops at the same place
    if len(words) > WORDS:
        return f"one statement holds {len(words):,} words; at most {WORDS:,} are judged"
    deep = depth(words)
    return f"operators and brackets lie {deep:,} deep in each other; at most {DEEPEST:,} are judged" if deep > DEEPEST else ""


def depth(words: list[Any]) -> int:
    """An upper bound of the depth of the statement's tree, from its tokens: the operators of the deepest expression
    and of the brackets that it stands in."""
    levels = [[0, 0, 0]]  # of each open bracket: operators since the last comma, deepest bracket since, deepest so far
    for word in words:
        top = levels[-1]
        if word.name in ("ASCII_40", "ASCII_91"):
            levels.append([0, 0, 0])
        elif word.name in ("ASCII_41", "ASCII_93") and len(levels) > 1:
            levels.pop()
            inner = max(top[2], top[0] + top[1]) + 1
            levels[-1][1] = max(levels[-1][1], inner)
        elif word.name in ("ASCII_44", "AND", "OR"):
            levels[-1] = [0, 0, max(top[2], top[0] + top[1])]
        elif word.name in _OPERATORS:
            top[0] += 4 if word.name in _QUERIES else 1
    deepest = 0
    for operators, inner, so_far in reversed(levels):  # what is still open counts as closed at the end
        deepest = max(so_far, operators + max(inner, deepest)) + 1
    return deepest - 1


def _content(text: str, place: int) -> int:
    """The next place that is neither space nor comment nor a stray semicolon."""
    while place < len(text):
        found = _SPACE.match(text, place)
        if found:
            place = found.end()
        elif text.startswith("/*", place):
            place = _block_end(text, place)
        elif text[place] == ";":
            place += 1
        else:
            return place
    return len(text)


def _end(text: str, start: int) -> tuple[int, int]:
    """Where the statement that starts there ends, and where the next one can start."""
    nests = _NESTING.match(text, start)
    routine, rule = (nests is not None and nests[1].upper() != "RULE"), (nests is not None and nests[1].upper() == "RULE")
    place, brackets, blocks, last = start, 0, 0, start
    while found := _HITS.search(text, place):
        kind, place = found.lastgroup, found.end()
        if kind == "dollar":
            close = text.find(found[0], place)
            place = len(text) if close < 0 else close + len(found[0])
        elif kind == "block":
            place = _block_end(text, found.start())
        elif kind == "psql" and not text[last : found.start()].strip():
            return last, found.start()
        elif kind == "psql" or kind == "meta":
            return found.start(), found.start()
        elif kind in ("open", "close"):
            brackets = max(0, brackets + (1 if kind == "open" else -1))
        elif kind == "word" and routine:
            blocks = _blocks(found[0].lower(), text, place, blocks)
        elif kind == "end" and not blocks and not (rule and brackets):
            return found.start(), place
        if kind not in ("line", "block"):
            last = place
    return len(text.rstrip()), len(text)


def _blocks(word: str, text: str, place: int, blocks: int) -> int:
    """BEGIN ATOMIC ... END of a routine holds semicolons, and CASE ... END may stand within it."""
    if word == "begin":
        return blocks + (re.match(r"\s+ATOMIC\b", text[place : place + 40], re.IGNORECASE) is not None)
    if blocks:
        return blocks + (1 if word == "case" else -1)
    return blocks


def _block_end(text: str, place: int) -> int:
    """Behind a comment that starts there; PostgreSQL's comments nest."""
    deep, place = 1, place + 2
    while deep and (found := _BLOCK.search(text, place)):
        deep += 1 if found[0] == "/*" else -1
        place = found.end()
    return len(text) if deep else place
