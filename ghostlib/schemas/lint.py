"""Style findings on a schema by squawk, a linter for PostgreSQL. Advice beside the verdict, never a part of the score.

>>> [finding.rule for finding in lint("CREATE TABLE tags (name varchar(20), at timestamp);")]
['prefer-text-field', 'prefer-timestamp-tz']
"""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from typing import Any

from ghostlib.errors import SchemaError
from ghostlib.schemas import watchdog

LONGEST = 4_000_000  # characters of one text; the worst of them took squawk 10 s and 400 MiB
MOST = 64 << 20  # bytes of findings as JSON
MEMORY = 2 << 30  # bytes of address space for squawk (Linux)

# Rules about changing a database in use: a schema that is created empty has no rows, no readers and no second run.
MIGRATION_ONLY = """
    adding-field-with-default adding-foreign-key-constraint adding-not-nullable-field adding-required-field
    adding-serial-primary-key-field ban-alter-domain-with-add-constraint ban-concurrent-index-creation-in-transaction
    ban-create-domain-with-constraint ban-truncate-cascade ban-uncommitted-transaction changing-column-type
    constraint-missing-not-valid disallowed-unique-constraint prefer-repack prefer-robust-stmts renaming-column renaming-object
    renaming-table require-concurrent-index-creation require-concurrent-index-deletion require-concurrent-partition-detach
    require-concurrent-reindex require-enum-value-ordering require-lock-timeout require-statement-timeout
    require-timeout-settings transaction-nesting
    ban-drop-column ban-drop-constraint ban-drop-database ban-drop-domain ban-drop-extension ban-drop-function
    ban-drop-generated-expression ban-drop-index ban-drop-not-null ban-drop-policy ban-drop-schema ban-drop-sequence
    ban-drop-table ban-drop-type ban-drop-view
""".split()
# Rules that contradict the target language: `integer` is right for a quantity that a screen shows.
CONTRARY = ("prefer-bigint-over-int",)
OFF = (*MIGRATION_ONLY, *CONTRARY)


@dataclass(frozen=True)
class Finding:
    """One piece of advice: where (line and column from 1), squawk's name of the rule, and its words."""

    line: int
    column: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.line}:{self.column} {self.rule} {self.message}"


def lint(sql: str, *, timeout: float = 30.0) -> tuple[Finding, ...]:
    """What squawk finds in a text, in the text's order; empty for the target language.

    A text that squawk cannot parse has findings of the rule `syntax-error` alone. A `-- squawk-ignore` comment is obeyed.
    Raises SchemaError where squawk is missing, dies, or needs more than `timeout` seconds, and for a text over LONGEST.
    """
    if len(sql) > LONGEST:
        raise SchemaError(f"{len(sql):,} characters are too many to lint. Split the text: at most {LONGEST:,} at a time")
    answer = _answer(sql.encode("utf-8", "replace"), timeout)
    try:
        rows = json.loads(answer)
        lines = sql.split("\n")
        return tuple(_finding(row, lines) for row in rows)
    except (ValueError, KeyError, TypeError, IndexError):
        raise SchemaError(f"squawk answered {answer[:60]!r} instead of findings. Install the pinned one: make setup") from None


def _answer(text: bytes, timeout: float) -> bytes:
    """Squawk's JSON. A config file in or above the current folder is left unread: the same text, the same findings."""
    command = [program(), "--config", os.devnull, "--reporter", "json", "--exclude", ",".join(OFF)]
    with tempfile.TemporaryFile() as given:
        given.write(text)
        given.seek(0)
        try:
            process = subprocess.Popen(command, stdin=given, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        except OSError as error:
            raise SchemaError(f"{command[0]}: does not start ({error.strerror}). Install it again: make setup") from None
        with process, watchdog.within(timeout, process.kill) as late:
            _limit(process.pid)
            try:
                answer = process.stdout.read(MOST + 1)
                process.stdout.close()  # where there is more, squawk ends of writing it
            except BaseException:
                process.kill()  # Ctrl-C: nothing is left behind
                raise
    if late.is_set():
        raise SchemaError(f"squawk had no answer within {timeout:.3g} s. Lint a smaller part of the text")
    if len(answer) > MOST:
        raise SchemaError(f"squawk found more than {MOST >> 20} MiB of advice. Lint a smaller part of the text")
    if process.returncode not in (0, 1):  # 1: there are findings
        raise SchemaError(f"squawk did not survive the text (exit code {process.returncode}). Lint a smaller part of it")
    return answer


def program() -> str:
    """Where squawk is: beside this Python, else on the PATH. Raises SchemaError where it is not installed."""
    found = shutil.which("squawk", path=sysconfig.get_path("scripts")) or shutil.which("squawk")
    if not found:
        raise SchemaError("squawk is not installed, and linting needs it. Install it: pip install squawk-cli")
    return found


def _limit(pid: int) -> None:
    if sys.platform == "linux":
        import resource

        try:
            resource.prlimit(pid, resource.RLIMIT_AS, (MEMORY, MEMORY))
        except ProcessLookupError:
            pass  # it has answered already


def _finding(row: dict[str, Any], lines: list[str]) -> Finding:
    """Squawk counts lines from 0 and columns in bytes."""
    line = lines[row["line"]] if row["line"] < len(lines) else ""
    before = line.encode("utf-8", "replace")[: row["column"]].decode("utf-8", "ignore")
    words = " ".join(filter(None, (row["message"], row["help"])))
    return Finding(row["line"] + 1, len(before) + 1, row["rule_name"], words)
