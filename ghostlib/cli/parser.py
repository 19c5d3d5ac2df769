"""What the commands' parsers have in common: an example in every help, the options that several take, kinds of numbers."""

import argparse
import math
from collections.abc import Callable
from typing import Any

Command = Callable[[argparse.Namespace], int]


def command(
    commands: Any, name: str, run: Command, about: str, example: str, *parents: argparse.ArgumentParser
) -> argparse.ArgumentParser:
    """A new command's parser; `run` gets what it parsed and says the exit code."""
    made = commands.add_parser(name, help=about, description=about, epilog=f"example: {example}", parents=parents)
    made.set_defaults(command=run)
    return made


def profiled() -> argparse.ArgumentParser:
    """The options of every command that needs a Config; `config` reads them."""
    parent = argparse.ArgumentParser(add_help=False)
    parent.add_argument("--profile", default="auto", help="a file of configs/, or auto: what fits this machine")
    parent.add_argument("--set", action="append", metavar="KEY=VALUE", help="for example train.max_steps=60; may be repeated")
    return parent


def config(chosen: argparse.Namespace) -> Any:
    """The Config that --profile and --set ask for. Raises ConfigError."""
    from ghostlib import machine

    return machine.configure(chosen.profile, overrides=chosen.set or ())


def as_json() -> argparse.ArgumentParser:
    """The option --json."""
    parent = argparse.ArgumentParser(add_help=False)
    parent.add_argument("--json", action="store_true", help="for programs")
    return parent


def count(word: str) -> int:
    """A whole number from 1, as an argument's type."""
    if not word.isascii() or not word.isdigit() or not int(word[:18]):
        raise argparse.ArgumentTypeError(f"{word!r} is not a whole number from 1")
    return int(word[:18])


def seconds(word: str) -> float:
    """A time in seconds, above 0 and at most an hour, as an argument's type."""
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not 0 < value <= 3600:
        raise argparse.ArgumentTypeError(f"{word!r} is not a number of seconds above 0 and at most 3600")
    return value
