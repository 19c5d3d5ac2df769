"""What a gate found, the rows that must go, and both together as a report."""

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ghostlib.corpus.records import Screen, Text, write_atomically
from ghostlib.errors import DataError
from ghostlib.schemas import postgres
from ghostlib.schemas.postgres import Verdict

Record = Text | Screen
PATIENCE = 2.0  # seconds that the judge gives one label; a schema takes a hundredth of one
AWAITED, CHUNK = 1000, 250  # labels from which on a bar shows how far the judge is, and its steps
SHOWN = 3  # rejects of one reason that a report prints; the rejects file has all


@dataclass(frozen=True)
class Finding:
    """What one gate found; as text it is one line."""

    gate: str
    passed: bool
    text: str

    def __str__(self) -> str:
        return f"{'pass' if self.passed else 'FAIL'}  {self.gate:<10} {self.text}"


@dataclass(frozen=True)
class Reject:
    """One row that must not stay, `row` counted from 1; `reason` is the gate's name."""

    row: int
    name: str
    reason: str
    detail: str
    file: str = ""

    def __str__(self) -> str:
        where = f"{self.file}: " if self.file else ""
        return f"{where}row {self.row} ({self.name}): {self.reason}: {self.detail}"


Gate = Callable[["Case"], tuple[Finding, list[Reject]]]


@dataclass(frozen=True)
class Report:
    """All findings; `rejects` names each row that failed a gate of its own."""

    count: int
    findings: tuple[Finding, ...]
    rejects: tuple[Reject, ...]

    @property
    def passed(self) -> bool:
        """Whether every gate lets the dataset through."""
        return all(finding.passed for finding in self.findings)

    def __str__(self) -> str:
        told, more = [], Counter(reject.reason for reject in self.rejects)
        for reason in more:
            few = [reject for reject in self.rejects if reject.reason == reason][:SHOWN]
            told += [*map(str, few), *([f"... {more[reason] - len(few)} more rows: {reason}"] * (more[reason] > len(few)))]
        return "\n".join([*map(str, self.findings), *told])

    def require(self, path: Path | str) -> None:
        """Nothing, where every gate lets the dataset through; else the rejects are at `path`, and a DataError says why."""
        failed = [finding for finding in self.findings if not finding.passed]
        if failed:
            reasons = "; ".join(f"{finding.gate}: {finding.text}" for finding in failed)
            raise DataError(f"the dataset does not pass ({reasons}). Its {len(self.rejects)} rejects: {self.save(path)}")

    def save(self, path: Path | str) -> Path:
        """Writes the rejects, one JSON line each, and hands back the path. Raises DataError if it cannot."""
        rows = [json.dumps(vars(reject), ensure_ascii=False) + "\n" for reject in self.rejects]
        write_atomically(Path(path), "".join(rows))
        return Path(path)


@dataclass(frozen=True)
class Case:
    """The records with PostgreSQL's verdicts, in order, and the data folder where pictures are looked at."""

    records: Sequence[Record]
    verdicts: Sequence[Verdict]
    root: Path | None = None

    @classmethod
    def judged(cls, records: Sequence[Record], root: Path | None) -> "Case":
        """The case of these records; a label that stands there often is judged once."""
        from tqdm import tqdm

        labels = list(dict.fromkeys(record.output for record in records))
        known: dict[str, Verdict] = {}
        with tqdm(total=len(labels), desc="judging", unit="label", disable=len(labels) < AWAITED) as bar:
            for start in range(0, len(labels), CHUNK):
                some = labels[start : start + CHUNK]
                known |= zip(some, postgres.check_many(some, timeout=PATIENCE), strict=True)
                bar.update(len(some))
        return cls(records, [known[record.output] for record in records], root)

    @cached_property
    def screens(self) -> list[tuple[int, Screen]]:
        """The screens with their rows, from 1."""
        return [(row, record) for row, record in enumerate(self.records, 1) if isinstance(record, Screen)]

    def reject(self, row: int, reason: str, detail: str) -> Reject:
        """The Reject of a row, under the name that a reader knows it by."""
        record = self.records[row - 1]
        name = record.image_path if isinstance(record, Screen) else record.domain or f"text {row}"
        return Reject(row, name, reason, detail)


def spelt(sql: str) -> str:
    """A label with its white space evened out, for comparing."""
    return re.sub(r"\s+", " ", sql).strip()


def unless_most(rejects: list[Reject], count: int) -> list[Reject]:
    """The rejects, or none where most rows would be among them: then the finding says it of the whole dataset at once."""
    return [] if 2 * len(rejects) > count else rejects
