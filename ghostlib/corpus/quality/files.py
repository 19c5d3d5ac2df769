"""Whole dataset files through the gates: read row by row, so that broken rows are findings and not the end."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from ghostlib.corpus import quality
from ghostlib.corpus.quality.findings import Finding, Record, Reject, Report
from ghostlib.corpus.records import read_rows
from ghostlib.errors import DataError


def check_files(
    files: Sequence[Path],
    *,
    root: Path | str | None = None,
    tokens: Callable[[Record], int] | None = None,
    room: int = 0,
) -> Report:
    """All files together through every gate; a reject names its file and the row in it.

    A file may be in any of the shapes that records reads, and mix them. Pictures lie below `root`, the data folder; without
    it below the folder of the first file. Raises DataError for a file that is missing, no list of rows, or without any record.
    """
    records: list[Record] = []
    places: list[tuple[str, int]] = []
    broken: list[Reject] = []
    for file in files:
        wrong = []
        for number, row in enumerate(read_rows(file), 1):
            if isinstance(row, str):
                wrong.append(Reject(number, f"row {number}", "row", row, str(file)))
            else:
                records.append(row)
                places.append((str(file), number))
        if wrong and (not places or places[-1][0] != str(file)):
            raise DataError(f"{file}: none of its {len(wrong)} rows is a record (row 1: {wrong[0].detail})")
        broken += wrong
    report = quality.check(records, root=root if root is not None else files[0].parent, tokens=tokens, room=room)
    rejects = [replace(one, file=places[one.row - 1][0], row=places[one.row - 1][1]) for one in report.rejects]
    text = f"{len(records)} of {len(records) + len(broken)} rows can be read"
    return Report(len(records) + len(broken), (Finding("rows", not broken, text), *report.findings), (*broken, *rejects))
