"""The gates that a dataset must pass, and its statistics. PostgreSQL judges every label; the rest is counted."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import ImageStat

from ghostlib.corpus.picture import open_picture
from ghostlib.corpus.reading import fingerprint
from ghostlib.corpus.records import Label, Screen, Text, picture_file
from ghostlib.errors import DataError
from ghostlib.schemas import postgres
from ghostlib.schemas.postgres import Verdict
from ghostlib.schemas.schema import Schema

FEW = 20  # below this many rows a share says nothing
DISTINCT = 0.3  # at least this share of different labels; a schema drawn on three screens is one label
TOP = 0.10  # no label on more than a tenth of the rows (a public predecessor had one on 92 %)
TABLES = 1.3  # tables a row, on average
KEYS = 0.4  # share of rows with two tables or more and a foreign key
LEAST_SIDE = 160  # pixels; nothing with a field and a label is smaller
FOREIGN = re.compile(
    r"`|\bAUTO_INCREMENT\b|\bENGINE\s*=|\bUNSIGNED\b|\bTINYINT\b|\bMEDIUMTEXT\b|\bDATETIME\b|\bENUM\s*\(|"
    r"\bNVARCHAR\b|\bIDENTITY\s*\(\s*1|\bAUTOINCREMENT\b|\bVARCHAR2\b|\bNUMBER\s*\(|^\s*GO\s*$",
    re.IGNORECASE | re.MULTILINE,
)


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

    def __str__(self) -> str:
        return f"row {self.row} ({self.name}): {self.reason}: {self.detail}"


@dataclass(frozen=True)
class Report:
    """All findings; `rejects` names each row that failed a gate of its own."""

    count: int
    findings: tuple[Finding, ...]
    rejects: tuple[Reject, ...]

    @property
    def passed(self) -> bool:
        return all(finding.passed for finding in self.findings)

    def __str__(self) -> str:
        return "\n".join([*map(str, self.findings), *map(str, self.rejects[:10])])


def check(records: Sequence[Text | Screen], *, root: Path | str | None = None) -> Report:
    """Puts the records through every gate that applies to them; pictures only where `root`, the data folder, is given.

    Hand over all splits together: a domain or a label that stands in two of them is leakage.
    """
    verdicts = postgres.check_many([record.output for record in records])
    gates: list[Callable[[], tuple[Finding, list[Reject]]]] = [
        lambda: _creates(records, verdicts),
        lambda: _distinct(records),
        lambda: _shape(verdicts),
        lambda: _leakage(records),
    ]
    if any(isinstance(record, Screen) for record in records):
        gates.append(lambda: _visible(records, verdicts))
        if root is not None:
            gates.append(lambda: _pictures(records, Path(root)))
    results = [gate() for gate in gates] if records else [(Finding("rows", False, "there is no record at all"), [])]
    rejects = sorted((reject for _, found in results for reject in found), key=lambda reject: reject.row)
    return Report(len(records), tuple(finding for finding, _ in results), tuple(rejects))


def unlabelled(schema: Schema, labels: Sequence[Label], shown: Sequence[str] = ()) -> list[str]:
    """The columns, as `table.column`, that no label names; where the screen's texts are given, a label must be among them.

    The surrogate key needs none, nor does a foreign key: one that ties a section to its parent is said by the section itself.
    """
    text = " ".join(shown).lower()
    named = {(label.table, label.column) for label in labels if _written(label.text, text)}
    return [
        f"{table}.{column}" for table, columns in _worded(schema).items() for column in columns if (table, column) not in named
    ]


def statistics(records: Sequence[Text | Screen]) -> dict[str, Any]:
    """A table for the reader: counts, domains, archetypes, tables a row, the share with a foreign key, distinct labels."""
    verdicts = postgres.check_many([record.output for record in records])
    schemas = [verdict.schema for verdict in verdicts if verdict.schema is not None]
    tables = Counter(len(schema.tables) for schema in schemas)
    labels = Counter(_label(record.output) for record in records)
    screens = [record for record in records if isinstance(record, Screen)]
    keyed = sum(any(table.foreign_keys for table in schema.tables) for schema in schemas)
    return {
        "records": len(records),
        "create in PostgreSQL": len(schemas),
        "splits": dict(sorted(Counter(record.split for record in records).items())),
        "domains": dict(sorted(Counter(record.domain for record in records if record.domain).items())),
        "archetypes": dict(sorted(Counter(record.screen for record in screens).items())),
        "tables per screen": dict(sorted(tables.items())),
        "tables on average": round(sum(size * count for size, count in tables.items()) / max(1, len(schemas)), 2),
        "columns": sum(len(table.columns) for schema in schemas for table in schema.tables),
        "share with a foreign key": round(keyed / max(1, len(schemas)), 3),
        "distinct labels": len(labels),
        "most frequent label": labels.most_common(1)[0][1] if labels else 0,
    }


def _creates(records: Sequence[Text | Screen], verdicts: Sequence[Verdict]) -> tuple[Finding, list[Reject]]:
    rejects = []
    for row, (record, verdict) in enumerate(zip(records, verdicts, strict=True), 1):
        foreign = FOREIGN.search(record.output)
        if verdict.valid and foreign is None:
            continue
        problem = verdict.problems[0] if verdict.problems else None
        detail = f"line {problem.line}: {problem.message}" if problem else "no table is left"
        if foreign:
            detail = f"{foreign.group().strip()!r} is not PostgreSQL's" + (f"; {detail}" if problem else "")
        rejects.append(Reject(row, _name(record, row), "dialect" if foreign else "creates", detail))
    created = len(records) - len(rejects)
    return Finding("creates", not rejects, f"{created} of {len(records)} labels create in PostgreSQL"), rejects


def _distinct(records: Sequence[Text | Screen]) -> tuple[Finding, list[Reject]]:
    labels = Counter(_label(record.output) for record in records)
    top = labels.most_common(1)[0][1]
    fair = len(records) < FEW or (len(labels) >= DISTINCT * len(records) and top <= TOP * len(records))
    text = f"{len(labels)} different labels on {len(records)} rows, the most frequent on {top}"
    return Finding("distinct", fair, f"{text} (at least {DISTINCT:.0%}, at most {TOP:.0%})"), []


def _shape(verdicts: Sequence[Verdict]) -> tuple[Finding, list[Reject]]:
    schemas = [verdict.schema for verdict in verdicts if verdict.schema is not None]
    count = max(1, len(schemas))
    tables = sum(len(schema.tables) for schema in schemas) / count
    related = sum(len(schema.tables) > 1 and any(table.foreign_keys for table in schema.tables) for schema in schemas)
    rich = len(schemas) < FEW or (tables >= TABLES and related / count >= KEYS)
    text = f"{tables:.2f} tables a row, {related / count:.0%} with two tables or more and a foreign key"
    return Finding("shape", rich, f"{text} (at least {TABLES} and {KEYS:.0%})"), []


def _leakage(records: Sequence[Text | Screen]) -> tuple[Finding, list[Reject]]:
    splits: dict[tuple[str, str], set[str]] = defaultdict(set)
    for record in records:
        if record.domain:
            splits["domain", record.domain].add(record.split)
        splits["label", _label(record.output)].add(record.split)
    leaks = {key for key, found in splits.items() if len(found) > 1}
    rejects = []
    for row, record in enumerate(records, 1):
        kinds = [kind for kind, key in (("domain", record.domain), ("label", _label(record.output))) if (kind, key) in leaks]
        if kinds and record.split != "train":
            shown = record.domain if kinds[0] == "domain" else "its SQL"
            rejects.append(Reject(row, _name(record, row), "leakage", f"{kinds[0]} {shown!r} is in training too"))
    return Finding("leakage", not leaks, f"{len(leaks)} domains or labels stand in more than one split"), rejects


def _visible(records: Sequence[Text | Screen], verdicts: Sequence[Verdict]) -> tuple[Finding, list[Reject]]:
    rejects, columns, seen = [], 0, 0
    for row, (record, verdict) in enumerate(zip(records, verdicts, strict=True), 1):
        if not isinstance(record, Screen) or verdict.schema is None:
            continue
        missing = unlabelled(verdict.schema, record.labels, [line.text for line in record.lines])
        wanted = sum(map(len, _worded(verdict.schema).values()))
        columns, seen = columns + wanted, seen + wanted - len(missing)
        if missing:
            rejects.append(Reject(row, _name(record, row), "visible", f"no label on the screen for {', '.join(missing)}"))
    return Finding("visible", not rejects, f"{seen} of {columns} columns have a label on their screen"), rejects


def _worded(schema: Schema) -> dict[str, list[str]]:
    """By table, the columns that need words of their own."""
    return {
        table.name: [
            column.name
            for column in table.columns
            if not column.identity and not any(column.name in key.columns for key in table.foreign_keys)
        ]
        for table in schema.tables
    }


def _written(label: str, shown: str) -> bool:
    """True where the label stands among the screen's texts (or these are not known)."""
    return bool(label.strip()) and (not shown or label.lower().strip(" *:") in shown)


def _pictures(records: Sequence[Text | Screen], root: Path) -> tuple[Finding, list[Reject]]:
    rejects: list[Reject] = []
    seen: dict[str, Screen] = {}
    screens = [(row, record) for row, record in enumerate(records, 1) if isinstance(record, Screen)]
    for row, record in screens:
        try:
            image = open_picture(picture_file(record, root))
        except DataError as error:
            rejects.append(Reject(row, _name(record, row), "picture", str(error)))
            continue
        pixels = fingerprint(image)
        twin = seen.setdefault(pixels, record)
        if min(image.size) < LEAST_SIDE:
            rejects.append(Reject(row, _name(record, row), "picture", f"tiny, {image.width} x {image.height} pixels"))
        elif max(ImageStat.Stat(image.convert("L")).stddev) < 2.0:
            rejects.append(Reject(row, _name(record, row), "picture", "blank, one colour"))
        elif twin is not record:
            rejects.append(Reject(row, _name(record, row), "picture", f"the same pixels as {twin.image_path}"))
    return Finding("picture", not rejects, f"{len(screens) - len(rejects)} of {len(screens)} pictures are usable"), rejects


def _label(sql: str) -> str:
    return re.sub(r"\s+", " ", sql).strip()


def _name(record: Text | Screen, row: int) -> str:
    return record.image_path if isinstance(record, Screen) else record.domain or f"text {row}"
