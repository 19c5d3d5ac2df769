"""Execution accuracy: a predicted query is right where it gives the gold query's answer on every database of the suite.

The meaning is the official one (test-suite accuracy, arXiv 2010.02840), with two of its settings: DISTINCT is left out on
both sides unless it is to be kept, and rows are compared in order where the gold's text has ORDER BY. Unlike there, a query
that does not end is ended, and one that would change something is refused.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ghostlib.tasks.text2sql import catalog, denotation, statements
from ghostlib.tasks.text2sql.sandbox import Limits, Result, Sandbox

Outcome = Literal["right", "wrong rows", "error", "timeout", "refused", "gold fails"]
OUTCOMES: tuple[Outcome, ...] = ("right", "wrong rows", "error", "timeout", "refused", "gold fails")
OPEN = 128  # databases that stay open; a suite of the official judge has about a hundred a database
KEPT = 400_000  # values of gold rows that are kept
PATIENCE = 6  # times a prediction's seconds that a gold query may take


@dataclass(frozen=True)
class Verdict:
    """What came of one prediction, and why. "gold fails": the gold query itself gives no rows, so nothing can be said."""

    outcome: Outcome
    reason: str = ""
    seconds: float = 0.0  # of the predicted query, on all databases

    @property
    def valid(self) -> bool:
        """Whether the query ran."""
        return self.outcome in ("right", "wrong rows")


class Judge:
    """Judges predictions on the databases that `files` names for each; the same files, golds and limits all along."""

    def __init__(
        self, files: Callable[[str], Sequence[Path]], *, limits: Limits | None = None, keep_distinct: bool = False
    ) -> None:
        self.files, self.limits, self.keep_distinct = files, limits or Limits(), keep_distinct
        self._open: OrderedDict[Path, Sandbox] = OrderedDict()
        self._golds: OrderedDict[tuple[Path, str], Result] = OrderedDict()
        self._values = 0

    def verdict(self, database: str, gold: str, predicted: str) -> Verdict:
        """The Verdict on one prediction; nothing that a prediction holds raises an error. DataError: no such database."""
        suite = self.files(database)
        if not suite:
            return Verdict("gold fails", f"there is no file of the database {database}")
        wanted, made = self._runnable(gold), self._runnable(without_placeholder(predicted, gold))
        ordered, spent = "order by" in wanted.lower(), 0.0
        for file in suite:
            truth = self._gold(file, wanted)
            if truth.state != "rows" or not truth.whole:
                return Verdict("gold fails", f"{file.name}: {truth.message or 'more rows than are compared'}", spent)
            found = self._sandbox(file).run(made, most=len(truth.rows))
            spent += found.seconds
            if found.state != "rows":
                return Verdict(found.state, found.message, spent)
            if not found.whole or not denotation.same(truth.rows, found.rows, ordered=ordered):
                return Verdict("wrong rows", _difference(truth, found, file), spent)
        return Verdict("right", seconds=spent)

    def database(self, name: str) -> catalog.Database | None:
        """What the database's own file holds; None where there is no file."""
        suite = self.files(name)
        return catalog.of_file(self._sandbox(suite[0]), name) if suite else None

    def close(self) -> None:
        """Let go of every file."""
        while self._open:
            self._open.popitem()[1].close()

    def _runnable(self, sql: str) -> str:
        sql = statements.runnable(sql)
        return sql if self.keep_distinct else statements.without_distinct(sql)

    def _gold(self, file: Path, sql: str) -> Result:
        key = (file, sql)
        if key not in self._golds:
            found = self._sandbox(file).run(sql, seconds=PATIENCE * self.limits.seconds)
            self._golds[key] = found
            self._values += _size(found)
            while self._values > KEPT and len(self._golds) > 1:
                self._values -= _size(self._golds.popitem(last=False)[1])
        self._golds.move_to_end(key)
        return self._golds[key]

    def _sandbox(self, file: Path) -> Sandbox:
        if file not in self._open:
            self._open[file] = Sandbox(file, self.limits)
            if len(self._open) > OPEN:
                self._open.popitem(last=False)[1].close()
        self._open.move_to_end(file)
        return self._open[file]


def without_placeholder(predicted: str, gold: str) -> str:
    """The prediction with the number 1 for the word `value`, which models without values write; a gold that has it keeps it."""
    return (
        predicted if re.search(r"\bvalue\b", gold, re.IGNORECASE) else re.sub(r"(?<![\w.\"'`])value(?![\w.(])", "1", predicted)
    )


def _size(found: Result) -> int:
    return len(found.rows) * max(1, len(found.columns))


def _difference(gold: Result, made: Result, file: Path) -> str:
    if not made.whole:
        return f"{file.name}: more than the {len(gold.rows)} rows of the gold"
    if len(made.rows) != len(gold.rows):
        return f"{file.name}: {len(made.rows)} rows, the gold has {len(gold.rows)}"
    if len(made.columns) != len(gold.columns):
        return f"{file.name}: {len(made.columns)} columns, the gold has {len(gold.columns)}"
    return f"{file.name}: other values or another order"
