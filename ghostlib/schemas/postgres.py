"""PostgreSQL is the judge: untrusted DDL into a throw-away schema of a real server, and back out as a Schema.

>>> verdict = judge("CREATE TABLE tags (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL);")
>>> verdict.valid, verdict.schema.tables[0].columns[1].type
(True, 'text')
"""

import contextlib
import re
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ghostlib.errors import SchemaError
from ghostlib.schemas import catalog, ddl, habits, parser, server, watchdog
from ghostlib.schemas.inventory import OWN
from ghostlib.schemas.schema import Schema
from ghostlib.schemas.statements import Statement

GRACE = 1.0  # seconds beyond the deadline before the backend is ended from outside
A_STATEMENT = 0.005  # seconds that each statement adds to the deadline: a dump with 20,000 of them is no attack
PROBLEMS = 20  # of one text that are told
FINAL = ("57014", "25P04", "53200")  # out of time, out of memory: nothing more is tried
MADE = re.compile(
    r'CREATE\s+(?:UNLOGGED\s+)?(?:TABLE|TYPE|DOMAIN|SEQUENCE)\s+(?:IF\s+NOT\s+EXISTS\s+)?(?:\w+\.)?(?:"([^"]+)"|(\w+))',
    re.IGNORECASE,
)
HINTS = {
    "42P01": "create the parent table first; its statement must stand above this one",
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

    def lines(self) -> list[str]:
        """The verdict in words, and every problem on a line."""
        count = len(self.schema.tables) if self.schema else 0
        said = f"PostgreSQL accepts it: {count} table{'s' * (count != 1)}" if self.valid else "PostgreSQL refuses it:"
        return [said, *(f"  {problem}" for problem in self.problems)]


def check(sql: str, *, timeout: float = 5.0) -> Schema | list[SqlProblem]:
    """The Schema that the server read back, or every problem that kept it from being created."""
    verdict = judge(sql, timeout=timeout)
    return verdict.schema if verdict.schema is not None else list(verdict.problems)


def check_many(sqls: Sequence[str], *, timeout: float = 5.0, connections: int = 2, progress: str = "") -> list[Verdict]:
    """One verdict a text, in order; a text that stands there twice is judged once.

    Judged on `connections` at once; what one text does to the server or its deadline does not reach another's verdict.
    `progress` names a bar for where a person waits. Raises SchemaError where no server can be had.
    """
    from tqdm import tqdm

    known: dict[str, Verdict] = {}
    wanted = list(dict.fromkeys(sqls))
    pool = ThreadPoolExecutor(max(1, min(connections, len(wanted), server.CONNECTIONS)))
    try:
        verdicts = pool.map(lambda sql: judge(sql, timeout=timeout), wanted)
        bar = tqdm(zip(wanted, verdicts, strict=True), progress, len(wanted), disable=not progress, unit="schema")
        known.update(bar)
    finally:
        pool.shutdown(cancel_futures=True)  # after Ctrl-C or an error only what is running is waited for
    return [known[sql] for sql in sqls]


def judge(sql: str, *, timeout: float = 5.0) -> Verdict:
    """The whole verdict on an SQL text, from any thread. Nothing of it stays on the server.

    The server works on it for at most `timeout` seconds and 5 ms for every statement. Raises SchemaError where no server
    can be had; whatever the text holds ends in a verdict.
    """
    started = time.monotonic()
    found = parser.statements(sql, timeout=timeout)
    notices = tuple(f"line {s.line}: skipped ({s.why})" for s in found if s.kind == "skipped")
    problems = [SqlProblem(s.line, s.column, s.sqlstate, s.why, s.hint) for s in found if s.kind == "refused"]
    created = [s for s in found if s.kind == "created"]
    schema: Schema | None = None
    if not problems and created:
        schema, problems, news = _created(created, timeout + A_STATEMENT * len(created))
        notices += news
    if not problems and not (schema and schema.tables):
        schema, problems = None, [SqlProblem(1, 1, "02000", "the text creates no table", "write at least one CREATE TABLE")]
    return Verdict(not problems, schema, tuple(problems), notices, time.monotonic() - started)


@contextlib.contextmanager
def live(schema: Schema, *, timeout: float = 30.0) -> Iterator[tuple[Any, str]]:
    """The schema's tables standing on the server until the block ends, for tools that read a database.

    Yields psycopg's connection, inside the transaction that is rolled back afterwards, and the name of the throw-away
    schema, where bare names are found. Raises SchemaError where the server does not take the schema.
    """
    import psycopg

    with server.lease() as connection:
        name, opening = server.room(connection)
        late = watchdog.within(timeout + GRACE, lambda pid=connection.info.backend_pid: server.kill_backend(pid))
        try:
            with late:
                server.limit(connection, timeout + 2 * GRACE)
                begin = f"BEGIN; {opening}SET LOCAL search_path = {name}, pg_catalog; SET LOCAL lock_timeout = '1s';"
                connection.execute(f"{begin}\n{ddl.canonical(schema)}".encode())
                yield connection, name
        except psycopg.Error as error:
            raise SchemaError(
                f"PostgreSQL does not take the schema ({server.reason(error)}). Check it with `ghost check`"
            ) from None
        finally:
            if not connection.closed:
                connection.execute("ROLLBACK")


def _created(created: list[Statement], deadline: float) -> tuple[Schema | None, list[SqlProblem], tuple[str, ...]]:
    """The statements' Schema or problem, and the server's news.

    Where the connection is lost, it may be another text's doing: the second time this one has the server to itself. A
    server that was killed loses that one too while it goes down, so only a fresh one proves that this text did it.
    """
    import psycopg

    lost: tuple[str, ...] = ()
    for alone, fresh in ((False, False), (True, False), (True, True)):
        with server.lease(alone=alone, fresh=fresh) as connection:
            pid = connection.info.backend_pid
            try:
                with watchdog.within(deadline + GRACE, lambda pid=pid: server.kill_backend(pid)) as late:
                    server.limit(connection, deadline + 2 * GRACE)
                    return *_tried(connection, created, deadline), lost + server.news()
            except psycopg.Error as error:
                state, reason, closed = error.sqlstate, server.reason(error)[:200], connection.closed
        if late.is_set() or state in ("57014", "25P04"):
            problem = SqlProblem(1, 1, "57014", f"not judged within {deadline:.3g} s", HINTS["57014"])
            return None, [problem], lost + server.news()
        if not closed and state == "53200":
            return None, [SqlProblem(1, 1, state, reason)], lost + server.news()
        if not closed:
            raise SchemaError(f"PostgreSQL cannot judge here ({reason}). The role needs CREATE on its database")
        lost = ("the connection to the server was lost; judged again on a new one",)
    return None, [SqlProblem(1, 1, "08006", f"the server died of it: {reason}")], server.news()


def _tried(connection: Any, created: list[Statement], timeout: float) -> tuple[Schema | None, list[SqlProblem]]:
    """All in one round trip; where that fails, once more statement by statement to learn which one it was.

    Raises psycopg's error where the connection is lost.
    """
    import psycopg

    name, opening = server.room(connection)
    others = created[-1].schemas
    more = [f"{name}_{number + 1}" for number in range(len(others))]
    begin = (
        f"BEGIN; {opening}{''.join(f'CREATE SCHEMA {one}; ' for one in more)}"
        f"SET LOCAL search_path = {', '.join([name, *more])}, pg_catalog; "
        f"SET LOCAL statement_timeout = {int(timeout * 1000)}; SET LOCAL lock_timeout = '1s';\n"
    )
    texts = [statement.text.replace(OWN, name) if statement.edits or others else statement.text for statement in created]
    listing = catalog.query(name, len(others))
    try:
        cursor = connection.execute((begin + ";\n".join([*texts, listing, "ROLLBACK"])).encode())
        return catalog.read(cursor, name, others), []
    except psycopg.Error:
        if connection.closed:
            raise
        connection.execute("ROLLBACK")
    try:
        connection.execute(begin.encode())
        problems = _one_by_one(connection, created, texts, name)
        return (None, problems) if problems else (catalog.read(connection.execute(listing.encode()), name, others), [])
    finally:
        if not connection.closed:
            connection.execute("ROLLBACK")


def _one_by_one(connection: Any, created: list[Statement], texts: list[str], room: str) -> list[SqlProblem]:
    """Each statement's own problem, PROBLEMS at most; what fails only because its table failed before is not told again."""
    import psycopg

    problems: list[SqlProblem] = []
    failed: set[str] = set()  # what was not created
    for statement, text in zip(created, texts, strict=True):
        try:
            connection.execute(f"SAVEPOINT one;\n{text}\n;RELEASE one".encode())
        except psycopg.Error as error:
            if connection.closed:
                raise
            lost = (
                set(re.findall(r'"([^"]+)"', str(error.diag.message_primary)))
                if error.sqlstate in ("42P01", "42704")
                else set()
            )
            if not {name.rpartition(".")[2] for name in lost} & failed:
                problems.append(_problem(error, statement, room, before=len("SAVEPOINT one;\n")))
            if len(problems) == PROBLEMS or error.sqlstate in FINAL:
                break
            connection.execute("ROLLBACK TO one")
            failed |= {found[1] or found[2].lower() for found in MADE.finditer(text)}
    return problems


def _problem(error: Any, statement: Statement, room: str, *, before: int) -> SqlProblem:
    """The server's error at its place in the file, in the file's own names; `before` it stood so many characters more."""
    told, text = error.diag, statement.text
    message = str(told.message_primary or error)
    message = re.sub(rf"{room}(?:_(\d+))?\.", lambda n: f"{statement.schemas[int(n[1]) - 1]}." if n[1] else "", message)
    state = told.sqlstate or "XX000"
    place = (
        max(0, int(told.statement_position) - 1 - before)
        if told.statement_position
        else _quoted(message, text, last=state == "42701")
    )
    kind = re.match(r'type "?([^"]+?)"? does not exist', message)
    advice = habits.type_hint(kind[1]) if kind else HINTS.get(state, told.message_hint or "")
    return SqlProblem(*statement.at(place), state, message.strip(), advice)


def _quoted(message: str, text: str, *, last: bool) -> int:
    """Where in the text the name stands that the server's message quotes, for messages that come without a place."""
    name = re.search(r'"([^"]+)"', message)
    found = list(re.finditer(rf"(?<!\w){re.escape(name[1])}(?!\w)", text)) if name else []
    return found[-1 if last else 0].start() if found else 0
