"""Text -> statements in three classes: created, skipped with a notice, refused (rules.py has the classes).

The text is a stranger's and may be long: it is cut without recursion (pieces.py), each statement is measured before the
parser sees it, and its tree is thrown away before the next one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ghostlib.schemas import degrading, habits, lacking, pieces, qualifiers, rules, words
from ghostlib.schemas.inventory import SCHEMAS, Inventory
from ghostlib.schemas.pieces import Lines, Piece
from ghostlib.schemas.trees import below
from ghostlib.schemas.words import Edit, Words

LONGEST = 16_000_000  # characters of one text
STATEMENTS = 50_000  # that the parser must read, at 0.3 ms each; data is only counted
PROBLEMS = 20  # told of one text
_DATA = re.compile(r"(?:INSERT|UPDATE|DELETE|TRUNCATE|MERGE)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Statement:
    """One statement: its text as it is sent, where it starts (line and column from 1), its class, and why.

    `source` is its text in the file where `edits` changed it; `schemas` are the file's schemas besides the main one, so far.
    """

    text: str
    line: int
    column: int
    kind: str  # "created", "skipped" or "refused"
    why: str = ""
    sqlstate: str = ""
    hint: str = ""
    source: str = ""
    edits: tuple[Edit, ...] = ()
    schemas: tuple[str, ...] = ()

    def at(self, place: int) -> tuple[int, int]:
        """Line and column in the file of a character's number in `text`."""
        down, right = position(self.source or self.text, words.original(place, self.edits))
        return self.line + down - 1, right if down > 1 else self.column + right - 1


def statements(text: str) -> list[Statement]:
    """Every statement of an SQL text in order. What PostgreSQL's parser rejects comes as refused, with its message.

    What gives way to a plain server (degrading.py) stands as one more skipped statement behind its own.
    """
    text = text.encode("utf-8", "replace").decode().removeprefix("\ufeff")
    if "\0" in text or len(text) > LONGEST:
        why = "the text holds a NUL byte" if "\0" in text else f"more than {LONGEST:,} characters"
        return [Statement("", *position(text, max(text.find("\0"), 0)), "refused", why, "54000")]
    found = _grouped(text)
    if found is None:
        return [Statement("", 1, 1, "refused", f"more than {STATEMENTS:,} statements", "54000")]
    lines, known = Lines(text), Inventory()
    return _told(list(_each(found, lines, known)))


def position(text: str, place: int) -> tuple[int, int]:
    """Line and column, from 1, of a character's number in the text."""
    return text.count("\n", 0, place) + 1, place - text.rfind("\n", 0, place)


def hint(text: str, place: int) -> str:
    """What to do about a syntax error at `place`, where a known habit of another dialect is the cause."""
    return habits.hint(text, place)


def _grouped(text: str) -> list[tuple[Piece, str, int]] | None:
    """Every piece with why it is skipped unread ("" for those to parse) and how many like it stand in a row; None: too many."""
    found: list[tuple[Piece, str, int]] = []
    parsed = 0
    for piece in pieces.cut(text):
        why = "a psql command" if piece.kind == "psql" else "data" if _DATA.match(piece.text) else ""
        if piece.kind == "data":
            continue
        if why and found and found[-1][1] == why:
            found[-1] = (found[-1][0], why, found[-1][2] + 1)
            continue
        found.append((piece, why, 1))
        parsed += not why
        if parsed > STATEMENTS:
            return None
    return found


def _each(found: list[tuple[Piece, str, int]], lines: Lines, known: Inventory) -> Iterator[Statement]:
    """Every piece as a statement; enough of problems ends it."""
    refused = 0
    for piece, why, count in found:
        if why:
            told = f"{why}, {count:,} statements" if count > 1 else why
            yield Statement(piece.text[:80], *lines.at(piece.start), "skipped", told)
            continue
        for one in _parsed(Statement(piece.text, *lines.at(piece.start), "created"), known):
            refused += one.kind == "refused"
            yield one
        if refused >= PROBLEMS:
            return


def _parsed(here: Statement, known: Inventory) -> Iterator[Statement]:
    """A statement of the text, parsed and ruled on; what gives way in it stands behind it."""
    import pglast

    if why := pieces.beyond_limits(here.text):
        yield _refused(here, 0, why, "54000")
        return
    try:
        trees = pglast.parse_sql(here.text)
    except (pglast.parser.ParseError, RecursionError) as error:
        yield _rejected(here, error)
        return
    if len(trees) != 1:
        yield _refused(here, 0, "several statements where one was read", "0A000")
        return
    try:
        yield from list(_ruled(trees[0].stmt, here, known))
    except Exception as error:  # a stranger's text ends in a verdict, also where it finds what nobody here thought of
        yield _refused(here, 0, f"a statement that cannot be judged ({type(error).__name__})", "XX000")


def _ruled(node: Any, here: Statement, known: Inventory) -> Iterator[Statement]:
    name = type(node).__name__
    if name == "VariableSetStmt" and (node.name or "").lower() == "search_path":
        qualifiers.follow(node, known)
    if name == "CreateSchemaStmt" and node.schemaElts:
        yield from _elements(node, here, known)
        return
    ruling = rules.rule(node, known)
    draft = degrading.Draft(Words(here.text), known, list(below(node)))
    if ruling.kind == "skipped":
        known.skips(node)
    elif ruling.kind == "created":
        degrading.degrade(node, draft)
    if ruling.kind != "created" or draft.skipped:
        kind = "skipped" if draft.skipped else ruling.kind
        state = "0A000" if kind == "refused" else ""
        yield replace(here, text=here.text[:80], kind=kind, why=draft.skipped or ruling.why, sqlstate=state)
        return
    sent = _mapped(node, here, draft, known)
    if switch := qualifiers.switch(known):
        yield replace(here, text=switch, schemas=tuple(known.schemas))
    yield sent
    yield from (replace(here, text="", kind="skipped", why=note) for note in draft.notes)


def _mapped(node: Any, here: Statement, draft: degrading.Draft, known: Inventory) -> Statement:
    """The statement as it is sent: all edits made, and looked at once more, for it is the text that runs and not the tree."""
    import pglast

    named = rules.schemas(draft.nodes)
    edits = draft.edits + (qualifiers.mapped(draft.nodes, draft.words, named, known) if named else [])
    known.creates(node, lacking.columns_of(node, known) if type(node).__name__ == "CreateStmt" else {})
    if not edits:
        why = rules.objection(node, draft.nodes, own=True)
        return _refused(here, 0, why, "0A000") if why else replace(here, schemas=tuple(known.schemas))
    sent, made = words.edited(here.text, edits)
    try:
        again = pglast.parse_sql(sent)[0].stmt
        why = rules.objection(again, list(below(again)), own=True)
    except (pglast.parser.ParseError, IndexError):
        why = "a part that cannot be mapped to the throw-away schema"
    if len(known.schemas) > SCHEMAS:
        why = f"more than {SCHEMAS} schemas"
    if why:
        return _refused(here, 0, why, "0A000")
    return replace(here, text=sent, source=here.text, edits=made, schemas=tuple(known.schemas))


def _elements(node: Any, here: Statement, known: Inventory) -> Iterator[Statement]:
    """CREATE SCHEMA with its tables written behind it: each is a statement of its own, created where that schema stands."""
    told = Words(here.text)
    starts, number = [], told.find("CREATE", 1)
    while number >= 0:
        starts.append(number)
        number = told.find("CREATE", number + 1)
    before, known.path = known.path, str(node.schemaname or (node.authrole.rolename if node.authrole else "public"))
    for first, behind in zip(starts, [*starts[1:], len(told.all)], strict=True):
        place = told.place(first)
        yield from _parsed(Statement(here.text[place : told.end(behind - 1)], *here.at(place), "created"), known)
    known.path = before


def _told(found: list[Statement]) -> list[Statement]:
    """Transactions at the very start or end are skipped, those in between refused; beside a syntax error nothing is created."""
    if any(one.sqlstate in ("42601", "54000") for one in found):
        found = [one for one in found if one.kind in ("skipped", "refused")]
    first = next((n for n, one in enumerate(found) if one.kind == "created"), len(found))
    final = next((n for n in range(len(found) - 1, -1, -1) if found[n].kind == "created"), -1)
    out = []
    for number, one in enumerate(found):
        if one.kind in ("opens", "closes"):
            edge = number < first if one.kind == "opens" else number > final
            kind, state = ("skipped", "") if edge else ("refused", "0A000")
            one = replace(one, kind=kind, sqlstate=state, why="a transaction" if edge else one.why)
        out.append(one)
    return out


def _rejected(here: Statement, error: Exception) -> Statement:
    """A parser's error as a refused statement. The place is put right by the quoted word: pglast miscounts after non-ASCII."""
    text, message = here.text, str(error.args[0])
    place = error.args[1] if len(error.args) > 1 else None
    place = place if isinstance(place, int) else len(text.rstrip()) - 1
    near = re.search(r'at or near "(.*)"', message, re.DOTALL)
    if near and not text.startswith(near[1], place):
        after = text.find(near[1], place)
        place = after if after >= 0 else place
    return replace(_refused(here, max(place, 0), message, "42601"), hint=habits.hint(text, max(place, 0)))


def _refused(here: Statement, place: int, why: str, state: str) -> Statement:
    line, column = here.at(place)
    return Statement(here.text[place : place + 80], line, column, "refused", why, state)
