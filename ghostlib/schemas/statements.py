"""Text -> statements in three classes: created, skipped with a notice, refused (rules.py has the classes).

The text is a stranger's: it is measured with PostgreSQL's scanner, which does not recurse, before the parser sees it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ghostlib.schemas import rules

LONGEST = 2_000_000  # characters of one text
OPERATORS = 1_000  # of one statement: the parser's recursion takes Python with it at some 40,000
DEPTH = 200  # brackets within each other
PROBLEMS = 20  # syntax errors told of one text

HABITS = {
    "AUTO_INCREMENT": "MySQL's AUTO_INCREMENT is GENERATED ALWAYS AS IDENTITY here",
    "AUTOINCREMENT": "SQLite's AUTOINCREMENT is GENERATED ALWAYS AS IDENTITY here",
    "IDENTITY(": "SQL Server's IDENTITY(1,1) is GENERATED ALWAYS AS IDENTITY here",
    "`": "backticks are MySQL's; leave names bare, or put them into double quotes",
    "ENUM(": "an inline ENUM is MySQL's; use text with CHECK (column IN (...))",
    "ENUM (": "an inline ENUM is MySQL's; use text with CHECK (column IN (...))",
    "ENGINE": "ENGINE= is MySQL's; leave it out",
    "UNSIGNED": "UNSIGNED is MySQL's; use CHECK (column >= 0)",
    "[": "square brackets round names are SQL Server's; leave names bare",
    "ON UPDATE CURRENT": "ON UPDATE CURRENT_TIMESTAMP is MySQL's; leave it out",
    ",)": "leave out the comma before the closing bracket",
}
_OPERATOR_WORDS = set("AND OR NOT IS ISNULL NOTNULL IN LIKE ILIKE BETWEEN CASE COLLATE UNION INTERSECT".split())
_OPERATOR_WORDS |= {"EXCEPT", "TYPECAST", "Op", "AT", "SIMILAR"}
_OPERATOR_WORDS |= {"EQUALS_GREATER", "LESS_EQUALS", "GREATER_EQUALS", "NOT_EQUALS", "NOT_LA"}
_OPERATOR_WORDS |= {f"ASCII_{ord(sign)}" for sign in "+-*/%<>=^["}


@dataclass(frozen=True)
class Statement:
    """One statement: its text, where it starts (line and column from 1), its class, and the reason for that class."""

    text: str
    line: int
    column: int
    kind: str  # "created", "skipped" or "refused"
    why: str = ""
    sqlstate: str = ""
    hint: str = ""


def statements(text: str) -> list[Statement]:
    """Every statement of an SQL text in order. What PostgreSQL's parser rejects comes as refused, with its message.

    psql's own lines, COPY data and INSERT, which are no schema, are blanked before parsing and noted as skipped.
    """
    import pglast

    text = text.encode("utf-8", "replace").decode().removeprefix("\ufeff")
    if "\0" in text or len(text) > LONGEST:
        return [_refused("", 0, "the text holds a NUL byte" if "\0" in text else f"more than {LONGEST:,} characters", "54000")]
    text, found = _without_psql(text)
    try:
        tokens = list(pglast.parser.scan(text))
    except pglast.parser.ParseError as error:
        return [*found, _rejected(text, error)]
    chunks = list(_chunks(tokens))
    beyond = [_refused(text, first, why, "54000") for first, _, part in chunks if (why := _beyond_limits(part))]
    if beyond:
        return [*found, *beyond]
    for first, last, part in chunks:
        if part[0].name == "INSERT":
            found.append(Statement(text[first : first + 80], *position(text, first), "skipped", rules.SKIPPED["InsertStmt"]))
            text = text[:first] + re.sub(r"[^\n]", " ", text[first:last]) + text[last:]
    return found + _parsed(text, tokens, chunks)


def position(text: str, place: int) -> tuple[int, int]:
    """Line and column, from 1, of a character's number in the text."""
    return text.count("\n", 0, place) + 1, place - text.rfind("\n", 0, place)


def hint(text: str, place: int) -> str:
    """What to do about a syntax error at `place`, where a known habit of another dialect is the cause."""
    near = text[max(0, place - 24) : place + 40].upper()
    at = text[max(0, place - 24) : place + 1].upper() + text[place + 1 : place + 16].upper()
    if re.search(r",\s*\)", text[max(0, place - 12) : place + 1]):
        return HABITS[",)"]
    return next((words for word, words in HABITS.items() if word in at), "") or next(
        (words for word, words in HABITS.items() if word in near), ""
    )


def _parsed(text: str, tokens: list[Any], chunks: list[tuple[int, int, list[Any]]]) -> list[Statement]:
    import pglast

    try:
        trees = pglast.parse_sql(text)
    except pglast.parser.ParseError as error:
        return list(_each_rejected(text, chunks)) or [_rejected(text, error)]
    found, schemas = [], set()
    for number, tree in enumerate(trees):
        start, end = tree.stmt_location, tree.stmt_location + tree.stmt_len if tree.stmt_len else len(text)
        start += _blank(text[start:end])
        ruling = rules.rule(tree.stmt, edge=number in (0, len(trees) - 1))
        schemas |= ruling.schemas
        state = "0A000" if ruling.kind == "refused" else ""
        one = Statement(text[start:end], *position(text, start), ruling.kind, ruling.why, state)
        found.append((start, end, one))
    bare = _unqualified(text, tokens, schemas) if schemas or "nextval" in text.lower() else text
    told = [replace(one, text=bare[start:end]) if bare is not text else one for start, end, one in found]
    return [_held(one) for one in told] if schemas else told


def _held(one: Statement) -> Statement:
    """The statement, refused where a schema name is still in it: U&"live".a and live/**/.a are spelt past the blanking."""
    import pglast

    if one.kind != "created":
        return one
    try:
        left = rules.rule(pglast.parse_sql(one.text)[0].stmt, edge=False).schemas
    except (pglast.parser.ParseError, IndexError):
        left = {"?"}
    why = "a schema name that cannot be mapped to the throw-away schema"
    return replace(one, kind="refused", why=why, sqlstate="0A000") if left else one


def _each_rejected(text: str, chunks: list[tuple[int, int, list[Any]]]) -> Iterator[Statement]:
    """The syntax errors of all statements, each parsed by itself."""
    import pglast

    told = 0
    for first, last, _ in chunks:
        try:
            pglast.parse_sql(text[first:last])
        except pglast.parser.ParseError as error:
            yield _rejected(text[:last], error, first)
            told += 1
            if told == PROBLEMS:
                return


def _rejected(text: str, error: Exception, first: int = 0) -> Statement:
    """A parser's error as a refused statement. The place is put right by the quoted word: pglast miscounts after non-ASCII."""
    message, place = str(error.args[0]), error.args[1] if len(error.args) > 1 else None
    place = first + place if isinstance(place, int) else len(text.rstrip()) - 1
    near = re.search(r'at or near "(.*)"', message, re.DOTALL)
    if near and not text.startswith(near[1], place):
        after = text.find(near[1], place)
        place = after if after >= 0 else place
    return replace(_refused(text, max(place, 0), message, "42601"), hint=hint(text, max(place, 0)))


def _refused(text: str, place: int, why: str, state: str) -> Statement:
    line, column = position(text, place)
    return Statement(text[place : place + 80], line, column, "refused", why, state)


def _blank(text: str) -> int:
    """How many characters of spaces and comments stand before the first word."""
    found = re.match(r"(?:\s+|--[^\n]*(?:\n|\Z)|/\*.*?\*/)*", text, re.DOTALL)
    return found.end() if found else 0


def _chunks(tokens: list[Any]) -> Iterator[tuple[int, int, list[Any]]]:
    """First and last character and tokens of everything between semicolons, comments left out."""
    part: list[Any] = []
    for token in tokens:
        if token.name == "ASCII_59":
            if part:
                yield part[0].start, part[-1].end + 1, part
            part = []
        elif token.name not in ("SQL_COMMENT", "C_COMMENT"):
            part.append(token)
    if part:
        yield part[0].start, part[-1].end + 1, part


def _beyond_limits(part: list[Any]) -> str:
    """Why a statement is too much for a recursive parser, or "". A statement that will not be parsed never is."""
    if part[0].name == "INSERT":
        return ""
    deep = deepest = operators = 0
    for token in part:
        if token.name in ("ASCII_40", "ASCII_91"):
            deep += 1
            deepest = max(deepest, deep)
        elif token.name in ("ASCII_41", "ASCII_93"):
            deep -= 1
        operators += token.name in _OPERATOR_WORDS
    if deepest > DEPTH:
        return f"brackets lie {deepest:,} deep; at most {DEPTH} are judged"
    return f"one statement holds {operators:,} operators; at most {OPERATORS:,} are judged" if operators > OPERATORS else ""


def _unqualified(text: str, tokens: list[Any], schemas: set[str]) -> str:
    """The text with `public.` and the like blanked, every place kept: all tables land in the one throw-away schema."""
    letters = list(text)
    for place, token in enumerate(tokens[:-2]):
        word = text[token.start : token.end + 1]
        bare = word[1:-1].replace('""', '"') if word.startswith('"') else _lower(word)
        after = tokens[place + 1]
        if after.name == "ASCII_46" and bare in schemas:
            letters[token.start : after.end + 1] = " " * (after.end + 1 - token.start)
        if word.lower() == "nextval" and tokens[place + 2].name == "SCONST":
            start = tokens[place + 2].start
            named = re.match(r"'(?:\"[^\"']+\"|\w+)\.", text[start:])
            if named:
                letters[start : start + named.end()] = "'" + " " * (named.end() - 1)
    return "".join(letters)


def _lower(word: str) -> str:
    """A bare name as the server folds it: ASCII only."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in word)


def _without_psql(text: str) -> tuple[str, list[Statement]]:
    """The text with psql's lines (`\\connect`) and the data of COPY ... FROM stdin blanked, line numbers kept."""
    if "\\" not in text and "stdin" not in text.lower():
        return text, []
    found: list[Statement] = []
    out, data = [], False
    for number, line in enumerate(text.split("\n"), 1):
        copies = not data and re.match(r"\s*COPY\b.*\bFROM\s+stdin\b.*;\s*$", line, re.IGNORECASE)
        if data or copies or line.startswith("\\"):
            if not data:
                found.append(Statement(line[:80], number, 1, "skipped", "data" if copies else "a psql command"))
            data = bool(copies) or (data and line.rstrip() != "\\.")
            line = ""
        out.append(line)
    return "\n".join(out), found
