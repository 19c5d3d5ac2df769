"""PostgreSQL is the judge: untrusted DDL into a throw-away schema of a real server, and back out as a Schema.

>>> verdict = judge("CREATE TABLE tags (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL);")
>>> verdict.valid, verdict.schema.tables[0].columns[1].type
(True, 'text')
"""

import re
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ghostlib.errors import SchemaError
from ghostlib.schemas import catalog, server
from ghostlib.schemas import statements as parts
from ghostlib.schemas.schema import Schema
from ghostlib.schemas.statements import Statement

GRACE = 1.0  # seconds beyond the deadline before the backend is ended from outside
_ONE_AT_A_TIME = threading.Lock()
HINTS = {
    "42P01": "create the parent table first; its statement must stand above this one",
    "42704": "this type does not exist in PostgreSQL; an enumeration is text with CHECK (column IN (...))",
    "42P07": "a table of this name stands further up already",
    "42701": "the column stands twice in the table",
    "42830": "the referenced columns need a PRIMARY KEY or UNIQUE constraint",
    "42703": "no column of this name in the table",
    "57014": "the statement took longer than the deadline",
}


@dataclass(frozen=True)
class SqlProblem:
    """One thing that is wrong: where (line and column from 1), SQLSTATE, the server's own words, and what to do."""

    line: int
    column: int
    sqlstate: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.line}:{self.column} {self.sqlstate} {self.message}" + (f" ({self.hint})" if self.hint else "")


@dataclass(frozen=True)
class Verdict:
    """What the server made of a text. `schema` is there exactly where `valid`; `notices` say what was left out."""

    valid: bool
    schema: Schema | None
    problems: tuple[SqlProblem, ...]
    notices: tuple[str, ...]
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """The JSON shape of `ghost check`, without the file's name."""
        return {
            "valid": self.valid,
            "problems": [vars(problem) for problem in self.problems],
            "notices": list(self.notices),
            "schema": self.schema.as_dict() if self.schema else None,
        }


def check(sql: str, *, timeout: float = 5.0) -> Schema | list[SqlProblem]:
    """The Schema that the server read back, or every problem that kept it from being created."""
    verdict = judge(sql, timeout=timeout)
    return verdict.schema if verdict.schema is not None else list(verdict.problems)


def check_many(sqls: Sequence[str], *, timeout: float = 5.0) -> list[Verdict]:
    """One verdict a text, in order; a text that stands there twice is judged once."""
    known: dict[str, Verdict] = {}
    for sql in sqls:
        if sql not in known:
            known[sql] = judge(sql, timeout=timeout)
    return [known[sql] for sql in sqls]


def judge(sql: str, *, timeout: float = 5.0) -> Verdict:
    """The whole verdict on an SQL text; `timeout` is in seconds, for each text. Nothing of it stays on the server.

    Raises SchemaError where no server can be had; whatever the text holds ends in a verdict.
    """
    started = time.monotonic()
    found = parts.statements(sql)
    notices = tuple(f"line {s.line}: skipped ({s.why})" for s in found if s.kind == "skipped")
    problems = [SqlProblem(s.line, s.column, s.sqlstate, s.why, s.hint) for s in found if s.kind == "refused"]
    created = [s for s in found if s.kind == "created"]
    schema: Schema | None = None
    if not problems and created:
        with _ONE_AT_A_TIME:
            schema, problems, restarted = _created(created, timeout)
        notices += ("the server had died; a fresh one was started",) * restarted
    if not problems and not (schema and schema.tables):
        schema, problems = None, [SqlProblem(1, 1, "02000", "the text creates no table", "write at least one CREATE TABLE")]
    return Verdict(not problems, schema, tuple(problems), notices, time.monotonic() - started)


def _created(created: list[Statement], timeout: float) -> tuple[Schema | None, list[SqlProblem], bool]:
    """The statements' Schema or problem, and whether the server had to be started again: a dead one is replaced, once."""
    import psycopg

    for again in (False, True):
        connection = server.connection()
        late = threading.Event()
        watchdog = threading.Timer(timeout + GRACE, _end, [connection.info.backend_pid, late])
        watchdog.daemon = True
        watchdog.start()
        try:
            return *_tried(connection, created, timeout), again
        except psycopg.Error as error:
            slow = late.is_set() or error.sqlstate == "57014"
            alive = not connection.closed and error.sqlstate != "53200"  # out of memory is the text's doing
            server.forget()
            if alive and not slow:
                reason = str(error).strip().splitlines()[0]
                raise SchemaError(f"PostgreSQL cannot judge here ({reason}). The role needs CREATE on its database") from None
            if slow:
                return None, [SqlProblem(1, 1, "57014", f"not judged within {timeout:g} s", HINTS["57014"])], again
            if again:
                return None, [SqlProblem(1, 1, "08006", f"the server died of it: {str(error).strip()[:200]}")], again
        finally:
            watchdog.cancel()
    raise SchemaError("PostgreSQL: no verdict")  # not reached: the second attempt always returns


def _end(pid: int, late: threading.Event) -> None:
    late.set()
    server.kill_backend(pid)


def _tried(connection: Any, created: list[Statement], timeout: float) -> tuple[Schema | None, list[SqlProblem]]:
    """All in one round trip; where that fails, once more statement by statement to learn which one it was.

    Raises psycopg's error where the connection is lost.
    """
    import psycopg

    name = f"ghost_{secrets.token_hex(6)}"
    begin = (
        f"BEGIN; CREATE SCHEMA {name}; SET LOCAL search_path = {name}, pg_catalog; "
        f"SET LOCAL statement_timeout = {int(timeout * 1000)}; SET LOCAL lock_timeout = '1s';\n"
    )
    told = ";\n".join(statement.text for statement in created)
    try:
        cursor = connection.execute(f"{begin}{told}\n;{catalog.query(name)};ROLLBACK".encode())
        return catalog.read(cursor, name), []
    except psycopg.Error:
        if connection.closed:
            raise
    finally:
        if not connection.closed:
            connection.execute("ROLLBACK")
    try:
        connection.execute(begin.encode())
        for statement in created:
            try:
                connection.execute(statement.text.encode())
            except psycopg.Error as error:
                if connection.closed:
                    raise
                return None, [_problem(error, statement)]
        return catalog.read(connection.execute(catalog.query(name).encode()), name), []
    finally:
        if not connection.closed:
            connection.execute("ROLLBACK")


def _problem(error: Any, statement: Statement) -> SqlProblem:
    told, text = error.diag, statement.text
    message = told.message_primary or str(error).strip()
    state = told.sqlstate or "XX000"
    place = int(told.statement_position) - 1 if told.statement_position else _quoted(message, text, last=state == "42701")
    down, right = parts.position(text, place)
    advice = HINTS.get(state, told.message_hint or "")
    return SqlProblem(statement.line + down - 1, right if down > 1 else statement.column + right - 1, state, message, advice)


def _quoted(message: str, text: str, *, last: bool) -> int:
    """Where in the text the name stands that the server's message quotes, for messages that come without a place."""
    name = re.search(r'"([^"]+)"', message)
    found = list(re.finditer(rf"(?<!\w){re.escape(name[1])}(?!\w)", text)) if name else []
    return found[-1 if last else 0].start() if found else 0
