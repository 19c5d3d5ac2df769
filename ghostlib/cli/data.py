"""Commands that make and check examples: screens, dataset."""

import argparse
from pathlib import Path
from typing import Any

from ghostlib.cli import parser


def add(commands: Any) -> None:
    """Their parsers."""
    about = "draw application screens from known schemas"
    screens = parser.command(commands, "screens", _screens, about, "ghost screens --count 20 --out screens")
    screens.add_argument("--count", type=parser.count, default=20)
    screens.add_argument("--seed", type=int, default=7)
    screens.add_argument("--out", type=Path, required=True, help="a folder; an existing one is gone on with")
    screens.add_argument("--jobs", type=parser.count, default=2, help="pages at once; it changes nothing but the time")
    about = "whose domains, archetypes and looks"
    screens.add_argument("--split", choices=("train", "validation"), default="train", help=about)
    about = "put a dataset through the gates"
    dataset = parser.command(commands, "dataset", _dataset, about, "ghost dataset check data/dataset_vision.json")
    dataset.add_argument("action", choices=("check",))
    dataset.add_argument("file", type=Path, nargs="+", help="all splits together; leakage is between them")
    dataset.add_argument("--profile", help="also holds every row's length against this profile, with its model's tokenizer")
    dataset.add_argument("--rejects", type=Path, help="where the rejected rows are written; else below the output folder")


def _screens(chosen: argparse.Namespace) -> int:
    from ghostlib.corpus.screens import drawing

    drawn = drawing.draw(chosen.count, chosen.seed, chosen.out, split=chosen.split, jobs=chosen.jobs)
    folder, file = drawing.PLACES[chosen.split]
    print(f"{len(drawn)} screens in {chosen.out / folder}, their records in {chosen.out / file}")
    return 0


def _dataset(chosen: argparse.Namespace) -> int:
    from ghostlib import config as configs
    from ghostlib.corpus.quality import files

    data = configs.root() / "data"
    ours = all(file.resolve().is_relative_to(data) for file in chosen.file)
    tokens, room = _counter(chosen) if chosen.profile else (None, 0)
    report = files.check_files(chosen.file, root=data if ours else None, tokens=tokens, room=room)
    print(report)
    if not report.passed:
        place = chosen.rejects or configs.output() / "rejects" / f"{chosen.file[0].stem}.jsonl"
        print(f"stopped; {len(report.rejects)} rejects in {report.save(place)}")
    return 0 if report.passed else 1


def _counter(chosen: argparse.Namespace) -> tuple[Any, int]:
    """What counts a record's tokens, and the room that the profile has for one."""
    from ghostlib import config as configs
    from ghostlib.models import load
    from ghostlib.training import rows

    settings = configs.load(chosen.profile)
    return rows.counter(settings, load.processor(settings.model.name)), settings.train.max_seq_length
