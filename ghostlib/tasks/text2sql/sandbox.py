"""A SQLite file that a stranger's query may read and nothing else: no write, no other file, no end of time or memory.

Four walls, each enough alone against a write: the file is opened read-only, `query_only` is on, an authorizer allows reading
alone, and nothing is ever committed. Time ends by SQLite's progress handler, which runs inside a query; the few functions of
SQLite that can run for minutes within one call, where no handler is asked, are replaced by ones that cannot.
"""

import sqlite3
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ghostlib.errors import DataError
from ghostlib.tasks.text2sql import statements

State = Literal["rows", "error", "timeout", "refused"]
Rows = list[tuple[Any, ...]]
STEPS = 100  # of SQLite's virtual machine between two looks at the clock: a dozen rows, and a row can take 35 ms
CHUNK = 500  # rows that are fetched at once
READING = {
    getattr(sqlite3, name) for name in ("SQLITE_SELECT", "SQLITE_READ", "SQLITE_FUNCTION", "SQLITE_RECURSIVE")
}  # all that a query may do
TELLING = frozenset("table_info table_xinfo table_list index_list index_info foreign_key_list".split())  # the harmless PRAGMAs
FORBIDDEN = frozenset("load_extension fts3_tokenizer json_patch readfile writefile edit".split())  # json_patch takes n * m
SIZES = {  # SQLite's own limits: https://www.sqlite.org/limits.html
    "SQLITE_LIMIT_LENGTH": 1_000_000,  # bytes of one value or row
    "SQLITE_LIMIT_SQL_LENGTH": 100_000,
    "SQLITE_LIMIT_VDBE_OP": 200_000,  # steps of a compiled query
    "SQLITE_LIMIT_LIKE_PATTERN_LENGTH": 500,
    "SQLITE_LIMIT_ATTACHED": 0,
    "SQLITE_LIMIT_TRIGGER_DEPTH": 1,
    "SQLITE_LIMIT_WORKER_THREADS": 0,
}


@dataclass(frozen=True)
class Limits:
    """What one query may take. `heap` is SQLite's, in bytes, and holds for the whole process once a file was opened."""

    seconds: float = 10.0
    rows: int = 200_000
    values: int = 64_000_000  # bytes of text in the rows that are kept
    heap: int = 256 * 1024 * 1024


@dataclass(frozen=True)
class Result:
    """What came of one query: its rows, or the reason in one line. `whole` is False where rows were left behind."""

    state: State
    rows: Rows
    columns: tuple[str, ...] = ()
    message: str = ""
    whole: bool = True
    seconds: float = 0.0


class Sandbox:
    """One SQLite file, open for reading. Not for several threads at once."""

    def __init__(self, file: Path, limits: Limits | None = None, *, still: bool = True) -> None:
        """`still`: nobody writes to the file meanwhile, so that not even a lock is put beside it.

        Raises DataError where there is no such file, or it is no SQLite database.
        """
        self.file, self.limits = Path(file), limits or Limits()
        self._deadline, self._denied = 0.0, ""
        self._link = _opened(self.file, still, self.limits)
        self._link.set_progress_handler(self._late, STEPS)
        self._link.set_authorizer(self._allowed)
        for name, (arguments, function) in _QUICK.items():
            for number in arguments:
                self._link.create_function(name, number, self._timed(function), deterministic=True)

    def run(self, sql: str, *, most: int | None = None, seconds: float | None = None) -> Result:
        """The rows of the first statement, at most `most` (and never more than the limit); errors are a Result, not raised."""
        started, limit = time.monotonic(), self.limits.seconds if seconds is None else seconds
        if len(sql) > SIZES["SQLITE_LIMIT_SQL_LENGTH"]:
            return Result("error", [], message=f"has {len(sql):,} characters, more than 100,000")
        statement, behind = statements.first(sql)
        changing = statements.changes(f"{statement};{behind}")
        if changing and (behind or changing != "PRAGMA"):  # of a PRAGMA, the authorizer knows which only tell
            return Result("refused", [], message=f"{changing}: a query may only read")
        if not statement:
            return Result("error", [], message="there is no SQL")
        self._deadline, self._denied = started + limit, ""
        cursor = None
        try:
            cursor = self._link.execute(statement)
            columns = tuple(name for name, *_ in cursor.description or ())
            rows, whole = _fetched(cursor, min(self.limits.rows, most if most is not None else self.limits.rows), self.limits)
            return Result("rows", rows, columns, whole=whole, seconds=time.monotonic() - started)
        except (sqlite3.Error, sqlite3.Warning, MemoryError, ValueError, OverflowError) as error:
            return self._failed(error, limit, time.monotonic() - started)
        finally:
            self._deadline = 0.0
            if cursor is not None:
                cursor.close()

    def read(self, sql: str, values: Iterable[Any] = ()) -> Rows:
        """The rows of our own query about the schema, PRAGMAs included. Raises DataError where the file cannot be read."""
        self._link.set_authorizer(None)
        try:
            return self._link.execute(sql, tuple(values)).fetchall()
        except sqlite3.Error as error:
            raise DataError(f"{self.file}: cannot be read as a SQLite database ({error}).") from error
        finally:
            self._link.set_authorizer(self._allowed)

    def close(self) -> None:
        """Let go of the file."""
        self._link.close()

    def _late(self) -> int:
        return int(self._deadline != 0.0 and time.monotonic() > self._deadline)

    def _timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, which raises once the time is over: its thousandth call must not wait for the handler."""

        def called(*values: Any) -> Any:
            if self._late():
                raise TimeoutError
            return function(*values)

        return called

    def _allowed(self, action: int, one: str | None, two: str | None, *rest: Any) -> int:
        """SQLite asks this while it compiles a query. A temporary table's or an unknown action is denied as a write is."""
        if action in READING and not (action == sqlite3.SQLITE_FUNCTION and (two or "").lower() in FORBIDDEN):
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_PRAGMA and (one or "").lower() in TELLING:
            return sqlite3.SQLITE_OK
        self._denied = self._denied or " ".join(word for word in (two or one or "", *rest[:1]) if word) or f"action {action}"
        return sqlite3.SQLITE_DENY

    def _failed(self, error: BaseException, limit: float, seconds: float) -> Result:
        told = " ".join(str(error).split()) or type(error).__name__
        if self._denied:
            return Result("refused", [], message=f"{self._denied}: a query may only read", seconds=seconds)
        if "interrupted" in told or ("user-defined function" in told and seconds > limit):
            return Result("timeout", [], message=f"not finished after {limit:g} s", seconds=seconds)
        if isinstance(error, MemoryError):
            told = f"needs more than {self.limits.heap >> 20} MiB of memory"
        return Result("error", [], message=told, seconds=seconds)


def _opened(file: Path, still: bool, limits: Limits) -> sqlite3.Connection:
    if not file.is_file():
        raise DataError(f"{file}: no such database file.")
    beside = any(file.with_name(file.name + end).exists() for end in ("-wal", "-journal"))
    address = file.absolute().as_uri() + "?mode=ro" + ("&immutable=1" if still and not beside else "")
    try:
        link = sqlite3.connect(address, uri=True, isolation_level=None, cached_statements=0, check_same_thread=False)
        link.execute("PRAGMA query_only = 1")
        link.execute("PRAGMA trusted_schema = 0")
        link.execute("PRAGMA temp_store = 2")  # memory, which has a limit; a disk that a sort fills has none
        link.execute(f"PRAGMA hard_heap_limit = {limits.heap}")
        link.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        raise DataError(f"{file}: cannot be opened as a SQLite database ({error}).") from error
    link.text_factory = lambda content: content.decode(errors="ignore")
    for name, most in SIZES.items():
        link.setlimit(getattr(sqlite3, name), most)
    return link


def _fetched(cursor: sqlite3.Cursor, most: int, limits: Limits) -> tuple[Rows, bool]:
    """At most `most` rows, and whether that is all of them. Raises MemoryError where their texts are too large to keep."""
    rows: Rows = []
    size = 0
    while len(rows) <= most:
        more = cursor.fetchmany(min(CHUNK, most + 1 - len(rows)))
        if not more:
            return rows, True
        size += sum(len(value) for row in more for value in row if isinstance(value, str | bytes))
        if size > limits.values:
            raise MemoryError
        rows += more
    return rows[:most], False


def _text(value: Any) -> Any:
    """A value as SQLite turns it into text (15 digits of a real number)."""
    if isinstance(value, float):
        mantissa, sign, power = f"{value:.15g}".replace("inf", "Inf").partition("e")
        return (mantissa if "." in mantissa or "I" in mantissa else f"{mantissa}.0") + sign + power
    return value if isinstance(value, str | bytes) else str(value)


def _known(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of SQL: NULL where an argument is NULL, else of texts."""

    def called(*values: Any) -> Any:
        return None if None in values else function(*map(_text, values))

    return called


def _instr(whole: Any, part: Any) -> int:
    if isinstance(whole, bytes) and isinstance(part, bytes):
        return whole.find(part) + 1
    return _words(whole).find(_words(part)) + 1


def _replace(whole: Any, part: Any, other: Any) -> Any:
    if whole is None or part is None or part == "":
        return None if whole is None or part is None else whole  # SQLite gives the value back as it came
    if other is None:
        return None
    whole, part, other = _words(_text(whole)), _words(_text(part)), _words(_text(other))
    if len(whole) + whole.count(part) * (len(other) - len(part)) > SIZES["SQLITE_LIMIT_LENGTH"]:
        raise ValueError("string or blob too big")
    return whole.replace(part, other)


def _trim(whole: Any, letters: Any = " ", *, left: bool = True, right: bool = True) -> str:
    whole, cut = _words(whole), set(_words(letters))
    start, end = 0, len(whole)
    while left and start < end and whole[start] in cut:
        start += 1
    while right and end > start and whole[end - 1] in cut:
        end -= 1
    return whole[start:end]


def _words(value: Any) -> str:
    return value.decode(errors="ignore") if isinstance(value, bytes) else value


# SQLite's own take (length of one) x (length of the other) within one step: 11 s for instr() of 1 MB and 500 KB.
_QUICK: dict[str, tuple[tuple[int, ...], Callable[..., Any]]] = {
    "instr": ((2,), _known(_instr)),
    "replace": ((3,), _replace),
    "trim": ((1, 2), _known(_trim)),
    "ltrim": ((1, 2), _known(lambda *given: _trim(*given, right=False))),
    "rtrim": ((1, 2), _known(lambda *given: _trim(*given, left=False))),
}
