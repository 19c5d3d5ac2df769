"""Commands on SQL texts: check; score stands in `scoring`."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ghostlib.cli import forms, parser, scoring, texts
from ghostlib.cli.texts import Text

if TYPE_CHECKING:
    from ghostlib.schemas.lint import Finding
    from ghostlib.schemas.postgres import Verdict

NOTICES = 3  # told of each file; --json holds all


def add(commands: Any) -> None:
    """Their parsers."""
    about, example = "whether PostgreSQL accepts SQL files", "ghost check schema.sql --lint"
    check = parser.command(commands, "check", _check, about, example)
    check.add_argument("file", nargs="+", help="a file, a folder, a pattern such as 'sql/*.sql', or - for standard input")
    how = check.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="for programs")
    how.add_argument("--as", dest="form", choices=tuple(forms.ENDINGS), help="write what PostgreSQL read in another form")
    check.add_argument("--out", type=Path, help="where --as writes: a file, or a folder for several; without it, to the screen")
    check.add_argument("--lint", action="store_true", help="advice on style by squawk, beside the verdict")
    check.add_argument("--timeout", type=parser.seconds, default=5.0, metavar="S", help="seconds for each file (5)")
    about = "predicted schemas against the true ones"
    example = "ghost score predicted.sql truth.sql"
    score = parser.command(commands, "score", scoring.score, about, example, parser.as_json())
    score.add_argument("prediction", help="a file, a folder or a quoted pattern of them, or - for standard input")
    score.add_argument("reference", help="the truth: a file, or a folder or pattern with the same names")


def _check(chosen: argparse.Namespace) -> int:
    from ghostlib.errors import DataError
    from ghostlib.schemas import lint, postgres

    if chosen.out and not chosen.form:
        raise DataError(f"--out {chosen.out}: nothing to write there without --as, for example --as mermaid")
    if chosen.lint:
        lint.program()  # where there is none, it is said before anything is judged
    found = texts.read(chosen.file)
    waiting = "check" if len(found) > 1 and sys.stderr.isatty() else ""
    verdicts = postgres.check_many([text.sql for text in found], timeout=chosen.timeout, progress=waiting)
    advice = _advice(found, waiting) if chosen.lint else [()] * len(found)
    if chosen.json:
        rows = [_row(text, *told, chosen.lint) for text, *told in zip(found, verdicts, advice, strict=True)]
        print(json.dumps(rows, indent=2))
    elif chosen.form:
        made = [(text, verdict.schema) for text, verdict in zip(found, verdicts, strict=True) if verdict.schema]
        for text, verdict, findings in zip(found, verdicts, advice, strict=True):
            if not verdict.valid or verdict.notices or findings:
                _tell(text, verdict, findings, sys.stderr)
        for file in forms.write(chosen.form, made, chosen.out):
            print(file)
    else:
        for text, verdict, findings in zip(found, verdicts, advice, strict=True):
            _tell(text, verdict, findings, sys.stdout)
        if len(found) > 1:
            print(f"{sum(verdict.valid for verdict in verdicts)} of {len(found)} files valid")
    return 0 if all(verdict.valid for verdict in verdicts) else 1


def _advice(found: list[Text], waiting: str) -> "list[tuple[Finding, ...] | None]":
    """Each text's findings; None, and a line on standard error, for one that squawk cannot take: its verdict stands."""
    from tqdm import tqdm

    from ghostlib.errors import SchemaError
    from ghostlib.schemas import lint

    advice: list[tuple[Finding, ...] | None] = []
    for text in tqdm(found, "lint", disable=not waiting, unit="schema"):
        try:
            advice.append(lint.lint(text.sql))
        except SchemaError as error:
            print(f"ghost: {texts.plain(text.name)}: {error}", file=sys.stderr)
            advice.append(None)
    return advice


def _row(text: Text, verdict: "Verdict", findings: "tuple[Finding, ...] | None", linted: bool) -> dict[str, Any]:
    """The JSON shape of `ghost check`; "lint" is null where squawk could not take the text."""
    row = {"file": text.name, **verdict.as_dict()}
    return row | {"lint": None if findings is None else [vars(one) for one in findings]} if linted else row


def _tell(text: Text, verdict: "Verdict", findings: "tuple[Finding, ...] | None", stream: Any) -> None:
    name, count = texts.plain(text.name), len(verdict.schema.tables) if verdict.schema else 0
    print(f"{name}: valid, {count} table{'s' * (count != 1)}" if verdict.valid else f"{name}: not valid", file=stream)
    for problem in verdict.problems:
        print(texts.located(text.name, problem), file=stream)
    for notice in verdict.notices[:NOTICES]:
        print(texts.plain(f"{name}: {notice}"), file=stream)
    if len(verdict.notices) > NOTICES:
        print(f"{name}: {len(verdict.notices) - NOTICES:,} more such notices; --json has them all", file=stream)
    for one in findings or ():
        print(texts.plain(f"{name}:{one.line}:{one.column}: {one.rule} {one.message}"), file=stream)
