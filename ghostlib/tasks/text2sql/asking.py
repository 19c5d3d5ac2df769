"""Questions about a database of one's own, SQLite or PostgreSQL: the model's query, run read-only, with its rows.

The model is a function from a question to a text; whoever has one passes it in.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ghostlib.config import Config
from ghostlib.corpus import jsonfiles
from ghostlib.errors import DataError
from ghostlib.tasks import Example, text2sql
from ghostlib.tasks.text2sql import catalog
from ghostlib.tasks.text2sql.catalog import Database
from ghostlib.tasks.text2sql.postgres import Postgres
from ghostlib.tasks.text2sql.sandbox import Limits, Result, Sandbox

Model = Callable[[Example], str]
SHOWN = 20  # rows that a person is shown
WIDEST = 40  # characters of a column
POSTGRES = ("postgresql://", "postgres://", "host=", "dbname=", "service=")


class Readable(Protocol):
    """A database that queries can be run on, and cannot be changed by them."""

    def run(self, sql: str, *, most: int | None = None) -> Result:
        """The rows of a query, at most `most`, or why there are none."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


@dataclass(frozen=True)
class Reply:
    """The answer to one question: the query, and what came of it."""

    question: str
    sql: str
    result: Result

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready; bytes are written in hexadecimal."""
        rows = [[value.hex() if isinstance(value, bytes) else value for value in row] for row in self.result.rows]
        told = {"question": self.question, "sql": self.sql, "state": self.result.state, "columns": list(self.result.columns)}
        return told | {"rows": rows, "whole": self.result.whole, "message": self.result.message}


def connect(address: str, limits: Limits | None = None) -> tuple[Readable, Database]:
    """The database behind a file or a postgresql:// address, and what it holds. Raises DataError where it cannot be read."""
    limits = limits or Limits()
    if address.startswith(POSTGRES):
        there = Postgres(address, limits)
        return there, there.database()
    sandbox = Sandbox(Path(address), limits, still=False)
    return sandbox, catalog.of_file(sandbox)


def ask(config: Config, words: str, model: Model, there: Readable, known: Database, *, most: int = SHOWN) -> Reply:
    """The Reply to one question, with at most `most` rows."""
    sql = text2sql.parse(model(text2sql.question(config, words, known)))
    return Reply(words, sql, there.run(sql, most=most))


def answers(
    config: Config, asked: Iterable[str], model: Model, there: Readable, known: Database, *, most: int = SHOWN
) -> Iterator[Reply]:
    """The Reply to each question as it comes."""
    for words in asked:
        yield ask(config, words, model, there, known, most=most)


def questions(file: Path) -> list[str]:
    """The questions of a file. Raises DataError where there are none."""
    if file.suffix in (".json", ".jsonl"):
        rows = enumerate(jsonfiles.rows(file), 1)
        found = [jsonfiles.as_string(jsonfiles.as_object(row, f"{file}: {n}"), "question", f"{file}: {n}") for n, row in rows]
    else:
        try:
            found = [line.strip() for line in file.read_text(encoding="utf-8-sig").splitlines()]
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"{file}: cannot be read ({error}). Give a text file with one question a line.") from None
    found = [words for words in found if words]
    if not found:
        raise DataError(f"{file}: holds no question. Write one a line.")
    return found


def repl(
    config: Config,
    model: Model,
    there: Readable,
    known: Database,
    *,
    read: Callable[[str], str] = input,
    say: Callable[[str], None] = print,
) -> None:
    """Ask until the end of input or `\\q`; `\\d` shows the tables, and a line that begins with `=` is SQL to run as it is."""
    say(f"{known.name}: {len(known.tables)} tables. Ask a question; \\d shows the tables, = runs SQL, \\q ends.")
    while True:
        try:
            words = read("? ").strip()
        except EOFError:
            return
        if words in ("\\q", "exit", "quit"):
            return
        if words == "\\d":
            say(catalog.linking(known))
        elif words.startswith("="):
            say("\n".join(table(there.run(words[1:].strip(), most=SHOWN))))
        elif words:
            reply = ask(config, words, model, there, known)
            say("\n".join([reply.sql, *table(reply.result)]))


def table(result: Result) -> list[str]:
    """The rows in columns for a terminal, or the reason why there are none."""
    if result.state != "rows":
        return [f"{result.state}: {result.message}"]
    cells = [[_cell(value) for value in row] for row in result.rows[:SHOWN]]
    heads = [_cell(name) for name in result.columns]
    wide = [max(map(len, column)) for column in zip(heads, *cells, strict=True)] if heads else []
    numbers = [all(isinstance(row[n], int | float | None) for row in result.rows) for n in range(len(heads))]
    made = [_line(heads, wide, numbers), "  ".join("-" * n for n in wide)] + [_line(row, wide, numbers) for row in cells]
    shown = len(cells)
    count = f"{shown} {'row' if shown == 1 else 'rows'}" + ("" if result.whole and shown == len(result.rows) else ", and more")
    return [*made, f"({count})"]


def as_json(replies: Iterable[Reply]) -> str:
    """The Replies as JSON."""
    return json.dumps([reply.as_dict() for reply in replies], indent=2, ensure_ascii=False, default=str)


def _line(cells: Sequence[str], wide: Sequence[int], numbers: Sequence[bool]) -> str:
    padded = (cell.rjust(n) if right else cell.ljust(n) for cell, n, right in zip(cells, wide, numbers, strict=True))
    return "  ".join(padded).rstrip()


def _cell(value: Any) -> str:
    """One line that a terminal can show: no control characters, at most WIDEST."""
    told = "NULL" if value is None else f"x'{value[:16].hex()}'" if isinstance(value, bytes) else str(value)
    told = "".join(letter if letter.isprintable() else " " for letter in told)
    return told if len(told) <= WIDEST else told[: WIDEST - 1] + "…"
