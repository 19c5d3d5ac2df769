"""The gates on the labels, which are SQL, and a dataset's statistics."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from ghostlib.corpus.quality.findings import Case, Finding, Record, Reject, spelt
from ghostlib.corpus.records import Screen
from ghostlib.schemas import postgres

FEW = 20  # below this many rows a share says nothing
DISTINCT = 0.3  # at least this share of different labels; a schema drawn on three screens is one label
TOP = 0.02  # no label on more than a fiftieth of the rows; a public predecessor has one on 263 of 5,287
TOP_FEW = 4  # ... and so many rows may always share one
TABLES = 1.3  # tables a row, on average
KEYS = 0.4  # share of rows with two tables or more and a foreign key
DIALECTS = {
    "MySQL": r"`|\bAUTO_INCREMENT\b|\bENGINE\s*=|\bUNSIGNED\b|\bTINYINT\b|\bMEDIUMTEXT\b|\bLONGTEXT\b|\bDATETIME\b|\bENUM\s*\("
    r"|\bON\s+UPDATE\s+CURRENT_TIMESTAMP|\bDEFAULT\s+CHARSET|\bSET\s+(?:NAMES|FOREIGN_KEY_CHECKS|SQL_MODE)\b",
    "SQLite": r"\bAUTOINCREMENT\b|\bWITHOUT\s+ROWID\b|\bPRAGMA\b",
    "SQL Server": r"\bNVARCHAR\b|\bIDENTITY\s*\(\s*\d|\bUNIQUEIDENTIFIER\b|\bDATETIME2\b|\bGETDATE\s*\(|^\s*GO\s*$"
    r"|\[\w+\]\s+\[?\w",
    "Oracle": r"\bVARCHAR2\b|\bNUMBER\s*\(|\bCLOB\b|\bSYSDATE\b",
}
HABITS = re.compile(r"^\s*(SET\s+(?:NAMES|FOREIGN_KEY_CHECKS|SQL_MODE)\b)", re.IGNORECASE | re.MULTILINE)  # PostgreSQL skips it
_FOREIGN = {name: re.compile(pattern, re.IGNORECASE | re.MULTILINE) for name, pattern in DIALECTS.items()}
_QUIET = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"[^\"]*\"", re.DOTALL)


def creates(case: Case) -> tuple[Finding, list[Reject]]:
    """Every label creates in PostgreSQL. Those of another dialect are the next gate's."""
    rejects = []
    for row, (record, verdict) in enumerate(zip(case.records, case.verdicts, strict=True), 1):
        if not verdict.valid and foreign(record.output) is None:
            rejects.append(case.reject(row, "creates", _problem(verdict)))
    created = sum(verdict.valid for verdict in case.verdicts)
    count = len(case.records)
    text = f"{created} of {count} labels create in PostgreSQL ({created / count:.1%})"
    return Finding("creates", created == count, text), rejects


def dialect(case: Case) -> tuple[Finding, list[Reject]]:
    """No label is written for another database."""
    rejects, found = [], Counter[str]()
    for row, (record, verdict) in enumerate(zip(case.records, case.verdicts, strict=True), 1):
        habit = HABITS.search(record.output)
        told = (("MySQL", habit.group(1)) if habit else None) if verdict.valid else foreign(record.output)
        if told:
            found[told[0]] += 1
            rest = "" if verdict.valid else f"; {_problem(verdict)}"
            rejects.append(case.reject(row, "dialect", f"{told[1]!r} is not PostgreSQL's but {told[0]}'s{rest}"))
    text = ", ".join(f"{name} {count}" for name, count in found.most_common())
    return Finding("dialect", not rejects, f"{len(rejects)} labels are not PostgreSQL" + f": {text}" * bool(text)), rejects


def foreign(sql: str) -> tuple[str, str] | None:
    """The dialect that a label which PostgreSQL refuses shows, with the word that shows it; None where it shows none."""
    bare = _QUIET.sub(" ", sql)
    for name, pattern in _FOREIGN.items():
        if hit := pattern.search(bare):
            return name, hit.group().strip()
    return None


def collapse(case: Case) -> tuple[Finding, list[Reject]]:
    """The labels differ: a model learns one constant answer from a dataset that gives one."""
    labels = Counter(spelt(record.output) for record in case.records)
    count, (label, top) = len(case.records), labels.most_common(1)[0]
    most = max(TOP_FEW, TOP * count)
    fair = count < FEW or (len(labels) >= DISTINCT * count and top <= most)
    text = f"{len(labels)} different labels on {count} rows, the most frequent on {top} ({top / count:.1%})"
    often = {label for label, rows in labels.items() if count >= FEW and rows > most}
    rejects = [
        case.reject(row, "collapse", f"{labels[spelt(record.output)]} rows have this same label: {spelt(record.output)[:60]!r}")
        for row, record in enumerate(case.records, 1)
        if spelt(record.output) in often
    ]
    shown = f"; it begins {label[:70]!r}" if label in often else ""
    return Finding("collapse", fair, f"{text} (at least {DISTINCT:.0%}; at most {most:.0f} rows){shown}"), rejects


def tables(case: Case) -> tuple[Finding, list[Reject]]:
    """The labels are relational: more than one table, tied by keys."""
    schemas = [verdict.schema for verdict in case.verdicts if verdict.schema is not None]
    count = max(1, len(schemas))
    mean = sum(len(schema.tables) for schema in schemas) / count
    single = sum(len(schema.tables) == 1 for schema in schemas) / count
    related = sum(len(schema.tables) > 1 and any(table.foreign_keys for table in schema.tables) for schema in schemas)
    rich = len(schemas) < FEW or (mean >= TABLES and related / count >= KEYS)
    text = f"{mean:.2f} tables a row, {single:.1%} hold a single table, {related / count:.1%} several and a foreign key"
    return Finding("tables", rich, f"{text} (at least {TABLES} tables, {KEYS:.0%} with a key)"), []


def leakage(case: Case) -> tuple[Finding, list[Reject]]:
    """No domain and no label stands in two splits."""
    splits: dict[tuple[str, str], set[str]] = defaultdict(set)
    for record in case.records:
        if record.domain:
            splits["domain", record.domain].add(record.split)
        splits["label", spelt(record.output)].add(record.split)
    leaks = {key for key, found in splits.items() if len(found) > 1}
    rejects = []
    for row, record in enumerate(case.records, 1):
        kinds = [kind for kind, key in (("domain", record.domain), ("label", spelt(record.output))) if (kind, key) in leaks]
        if kinds and record.split != "train":
            shown = record.domain if kinds[0] == "domain" else "its SQL"
            rejects.append(case.reject(row, "leakage", f"{kinds[0]} {shown!r} is in training too"))
    return Finding("leakage", not leaks, f"{len(leaks)} domains or labels stand in more than one split"), rejects


def length(case: Case, tokens: Callable[[Record], int], room: int) -> tuple[Finding, list[Reject]]:
    """No row is longer than the profile's sequence; training would leave it out."""
    counts = [tokens(record) for record in case.records]
    rejects = [
        case.reject(row, "length", f"{count} tokens, the profile has room for {room}")
        for row, count in enumerate(counts, 1)
        if count > room
    ]
    text = f"{len(rejects)} rows are longer than the profile's {room} tokens; the longest has {max(counts)}"
    return Finding("length", not rejects, text), rejects


def statistics(records: Sequence[Record]) -> dict[str, Any]:
    """A table for the reader: counts, domains, archetypes, tables a row, the share with a foreign key, distinct labels."""
    verdicts = postgres.check_many([record.output for record in records])
    schemas = [verdict.schema for verdict in verdicts if verdict.schema is not None]
    sizes = Counter(len(schema.tables) for schema in schemas)
    labels = Counter(spelt(record.output) for record in records)
    screens = [record for record in records if isinstance(record, Screen)]
    keyed = sum(any(table.foreign_keys for table in schema.tables) for schema in schemas)
    return {
        "records": len(records),
        "create in PostgreSQL": len(schemas),
        "splits": dict(sorted(Counter(record.split for record in records).items())),
        "domains": dict(sorted(Counter(record.domain for record in records if record.domain).items())),
        "archetypes": dict(sorted(Counter(record.screen for record in screens).items())),
        "tables per screen": dict(sorted(sizes.items())),
        "tables on average": round(sum(size * count for size, count in sizes.items()) / max(1, len(schemas)), 2),
        "columns": sum(len(table.columns) for schema in schemas for table in schema.tables),
        "share with a foreign key": round(keyed / max(1, len(schemas)), 3),
        "distinct labels": len(labels),
        "most frequent label": labels.most_common(1)[0][1] if labels else 0,
    }


def _problem(verdict: postgres.Verdict) -> str:
    return f"line {verdict.problems[0].line}: {verdict.problems[0].message}" if verdict.problems else "no table is left"
