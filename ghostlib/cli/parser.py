"""What the commands' parsers have in common: an example in every help, the options that several take, kinds of numbers."""

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ghostlib import tasks

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
    parent.add_argument("--task", default="", help="another task than the profile's own, for example qod")
    parent.add_argument("--set", action="append", metavar="KEY=VALUE", help="for example train.max_steps=60; may be repeated")
    return parent


def config(chosen: argparse.Namespace) -> Any:
    """The Config that --profile, --task and --set ask for. Raises ConfigError."""
    from ghostlib import machine

    return machine.configure(chosen.profile, task=chosen.task, overrides=chosen.set or ())


def of_tasks(made: argparse.ArgumentParser, part: str) -> None:
    """Add the options that tasks have of their own; `part` is "scoring" or "asking", a function of their module `command`."""
    for name, module in tasks.commands().items():
        if add := getattr(module, part, None):
            add(made.add_argument_group(f"with --task {name}"))


def own(config: Any, part: str) -> Command | None:
    """A function of the config's task that takes the place of the general one, or None."""
    return getattr(tasks.commands().get(config.task), part, None)


def trained(settings: Any, folder: Path | None) -> Any:
    """The run in `folder`, else the newest one with an adapter. Raises DataError where there is none."""
    from ghostlib import config as configs
    from ghostlib.errors import DataError
    from ghostlib.training import runs

    if folder:
        return runs.Run(folder.resolve(), configs.from_file(folder / "config.yaml"))
    found = runs.latest(settings)
    if not found:
        phases = ", then ".join(f"ghost train {phase}" for phase in tasks.terms(settings.task).phases)
        raise DataError(f"no run has an adapter yet. Train one: {phases}")
    return found


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
