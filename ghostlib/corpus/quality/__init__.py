"""The gates that a dataset must pass, and its statistics. PostgreSQL judges every label; the rest is counted.

findings.py  what a gate found, which rows must go, and both together as a report
labels.py    gates on the SQL: creates, dialect, collapse, tables, length, leakage
evidence.py  gates on a screen's evidence: visible, columns, stub
pictures.py  gates on the pictures: there, whole, different from each other, and not on both sides of a split
files.py     whole files: read leniently, put through the gates, the rejects written down
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from ghostlib.corpus.quality import evidence, labels, pictures
from ghostlib.corpus.quality.evidence import unlabelled
from ghostlib.corpus.quality.findings import Case, Finding, Gate, Record, Reject, Report
from ghostlib.corpus.quality.labels import statistics
from ghostlib.corpus.quality.pictures import flaw
from ghostlib.corpus.records import Screen

__all__ = ["Finding", "Reject", "Report", "check", "flaw", "statistics", "unlabelled"]


def check(
    records: Sequence[Record],
    *,
    root: Path | str | None = None,
    tokens: Callable[[Record], int] | None = None,
    room: int = 0,
) -> Report:
    """Puts the records through every gate that applies to them; pictures only where `root`, the data folder, is given.

    `tokens` counts what a record costs a model, `room` is what the profile has. Hand over all splits together: a domain, a
    label or a picture that stands in two of them is leakage.
    """
    if not records:
        return Report(0, (Finding("rows", False, "there is no record at all"),), ())
    case = Case.judged(records, None if root is None else Path(root))
    gates: list[Gate] = [labels.creates, labels.dialect, labels.collapse, labels.tables, labels.leakage]
    if tokens and room:
        gates.append(lambda case: labels.length(case, tokens, room))
    if any(isinstance(record, Screen) for record in records):
        gates += [evidence.visible, evidence.columns, evidence.stub]
    results = [gate(case) for gate in gates]
    if case.root is not None and any(isinstance(record, Screen) for record in records):
        results += pictures.gates(case, worth_it=all(finding.passed for finding, _ in results))
    rejects = sorted((reject for _, found in results for reject in found), key=lambda reject: reject.row)
    return Report(len(records), tuple(finding for finding, _ in results), tuple(rejects))
