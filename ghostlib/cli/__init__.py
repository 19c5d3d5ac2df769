"""The command line: `ghost run | plan | train | evaluate | export | predict | repl | serve | ask | check | score | screens |
capture | teach | dataset`.

Thin over the same functions as the notebooks. Exit code 0, 1 (the answer is no) or 2 (used wrongly).
"""

import argparse
import os
import sys
from collections.abc import Sequence

from ghostlib import __version__
from ghostlib.cli import asking, data, exports, models, predicting, schemas, teaching
from ghostlib.errors import GhostError


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; what a user can mend is one line on standard error."""
    chosen = build().parse_args(words)
    try:
        code = chosen.command(chosen)
        sys.stdout.flush()
        return code
    except GhostError as error:
        print(f"ghost: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # `ghost check ... | head`: nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains at its end
        return 1
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        print(f"ghost: {place}{error.strerror or error}. Free some space or choose another folder", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("ghost: stopped; what was finished is kept, and the same command goes on from there", file=sys.stderr)
        return 130


def build() -> argparse.ArgumentParser:
    """The parser of the whole command line; a chosen command is the function in `command`."""
    parser = argparse.ArgumentParser(prog="ghost", description="A screenshot of an application in, a PostgreSQL schema out.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for family in (models, exports, predicting, asking, schemas, data, teaching):
        family.add(commands)
    return parser
