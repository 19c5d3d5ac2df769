"""What this task adds to `ghost`: scoring a file of predictions on a data set, and asking one's own database."""

import argparse
import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ghostlib.errors import ConfigError

if TYPE_CHECKING:  # `ghost --help` loads this file, and shall not wait for more
    from ghostlib.config import Config
    from ghostlib.tasks import Example

SPLITS = {"train": "train", "dev": "validation", "validation": "validation", "test": "test"}


def scoring(group: Any) -> None:
    """The options of `ghost evaluate --predictions`."""
    group.add_argument(
        "--spider", metavar="DIR", help="the data set: a folder in Spider's, BIRD's or WikiSQL's layout, or hf://name"
    )
    group.add_argument("--split", choices=sorted(SPLITS), default="validation", help="which of its questions (validation)")
    group.add_argument("--keep-distinct", action="store_true", help="let DISTINCT count; the official judge leaves it out")
    group.add_argument("--query-seconds", type=float, default=10.0, metavar="S", help="what one predicted query may take (10)")


def asking(group: Any) -> None:
    """The options of `ghost ask`."""
    group.add_argument("--database", metavar="FILE|URL", help="what is asked: a SQLite file or postgresql://...; only read")
    group.add_argument("--rows", type=int, default=20, metavar="N", help="rows that are shown (20)")


def predictions(config: "Config", chosen: argparse.Namespace) -> int:
    """Score `chosen.predictions`, print the report and write it to `chosen.out`; 1 where a gold cannot be judged."""
    from ghostlib import config as configs
    from ghostlib.tasks import text2sql
    from ghostlib.tasks.text2sql import report, sandbox

    if not 0 < chosen.query_seconds <= 3600:
        raise ConfigError(f"--query-seconds {chosen.query_seconds:g}: must be above 0 and at most 3600")
    limits = sandbox.Limits(seconds=chosen.query_seconds)
    source = chosen.spider or text2sql.source(config)
    found = report.run(
        chosen.predictions, source, split=SPLITS[chosen.split], limits=limits, keep_distinct=chosen.keep_distinct
    )
    out = chosen.out or configs.output() / "predictions" / chosen.predictions.stem
    report.write(found, out)
    if chosen.json:
        print(json.dumps(found.as_dict(), indent=2, ensure_ascii=False))
    else:
        print("\n".join([*report.lines(found), f"{out}: report.json, figures/report.png"]))
    return 1 if any(one.outcome == "gold fails" for one in found.scores) else 0


def ask(config: "Config", chosen: argparse.Namespace, model: "Callable[[Example], str]") -> int:
    """Answer the question or the file of questions, query and rows printed; without either, ask until the end of input.

    1 where a query gave no rows but an error.
    """
    from ghostlib.tasks.text2sql import asking as room

    if not chosen.database:
        raise ConfigError("about which database? Name a SQLite file or a postgresql:// address with --database")
    there, known = room.connect(chosen.database)
    asked = [chosen.words] if chosen.words is not None else room.questions(chosen.file) if chosen.file else []
    if not asked:
        if sys.stdin.isatty():
            import readline  # noqa: F401  the arrow keys work once it is there
        room.repl(config, model, there, known)
        return 0
    good, told = True, []
    out = chosen.out.open("w", encoding="utf-8") if chosen.out else None
    try:
        for reply in room.answers(config, asked, model, there, known, most=chosen.rows):
            good &= reply.result.state == "rows"
            told.append(reply)
            if out:
                out.write(json.dumps(reply.as_dict(), ensure_ascii=False, default=str) + "\n")
                out.flush()  # what is answered is kept, whatever comes after it
            if not chosen.json:
                print("\n".join([f"-- {reply.question}", reply.sql, *room.table(reply.result), ""]), flush=True)
    finally:
        if out:
            out.close()
        there.close()
    if chosen.json:
        print(room.as_json(told))
    return 0 if good else 1
