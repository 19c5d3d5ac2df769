"""Every call on disk, a line before it and a line after it: what the minute and the day still allow, what was spent."""

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from ghostlib.corpus.gemini import refusals
from ghostlib.corpus.gemini.replies import Answer
from ghostlib.errors import DataError, QuotaError

MILLION = 1_000_000


class Limits(Protocol):
    """What is needed of the profile's `teacher` section."""

    @property
    def model(self) -> str: ...
    @property
    def requests_per_minute(self) -> int: ...
    @property
    def requests_per_day(self) -> int: ...
    @property
    def price_in(self) -> float: ...
    @property
    def price_out(self) -> float: ...


@dataclass(frozen=True)
class Spent:
    """Calls, tokens and, where the prices are set, dollars."""

    calls: int = 0
    answers: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    dollars: float = 0.0


class Ledger:
    """The file `calls.jsonl`. A call that was killed counts against the day: the server has counted it too."""

    def __init__(self, file: Path, limits: Limits) -> None:
        self.file, self.limits = file, limits
        self.before = [row for row in _rows(file) if row.get("model") == limits.model]
        asked = [moment for row in self.before if (moment := _moment(row.get("asked")))]
        self.today = [moment for moment in asked if moment >= refusals.day(datetime.now(UTC))]
        self.last = max(asked, default=None)
        self.spent = Spent()

    def wait(self, now: datetime) -> float:
        """Seconds until the pace of the settings allows the next call, the calls of an earlier run included."""
        pause = 60.0 / self.limits.requests_per_minute
        return min(pause, max(0.0, pause - (now - self.last).total_seconds())) if self.last else 0.0

    def allow(self, now: datetime) -> None:
        """Nothing, where the day has a call left. Raises QuotaError."""
        most = self.limits.requests_per_day
        self.today = [moment for moment in self.today if moment >= refusals.day(now)]
        if most and len(self.today) >= most:
            raise QuotaError(
                f"the {most} calls that teacher.requests_per_day allows are made; the next from {refusals.tomorrow(now)}."
            )

    def ask(self, now: datetime) -> None:
        """Writes down that a call is made now."""
        self._write({"asked": now.isoformat(), "model": self.limits.model})
        self.last = now
        self.today.append(now)
        self.spent = Spent(**vars(self.spent) | {"calls": self.spent.calls + 1})

    def answered(self, answer: Answer) -> None:
        """Writes down what an answer cost."""
        self._write({"model": self.limits.model, "tokens_in": answer.tokens_in, "tokens_out": answer.tokens_out})
        came, went = self.spent.tokens_in + answer.tokens_in, self.spent.tokens_out + answer.tokens_out
        self.spent = Spent(self.spent.calls, self.spent.answers + 1, came, went, dollars(came, went, self.limits))

    def usual(self) -> tuple[float, float] | None:
        """Tokens in and out of an answer of this model, on average over the ledger; None where it has none."""
        told = [row for row in self.before if isinstance(row.get("tokens_in"), int) and isinstance(row.get("tokens_out"), int)]
        if not told:
            return None
        return tuple(sum(row[name] for row in told) / len(told) for name in ("tokens_in", "tokens_out"))  # type: ignore[return-value]

    def _write(self, row: dict[str, Any]) -> None:
        line = (json.dumps(row) + "\n").encode()
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                os.write(handle, line)  # one write: a kill leaves a whole line or none
            finally:
                os.close(handle)
        except OSError as error:
            raise DataError(f"{self.file}: cannot be written ({error.strerror}). Use another folder or free space.") from error


def dollars(tokens_in: float, tokens_out: float, limits: Limits) -> float:
    """What so many tokens cost at the prices of the settings."""
    return (tokens_in * limits.price_in + tokens_out * limits.price_out) / MILLION


def _rows(file: Path) -> list[dict[str, Any]]:
    """The lines that can be read; a disk that was full may have left half a line."""
    found = []
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict):
            found.append(row)
    return found


def _moment(text: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else None
