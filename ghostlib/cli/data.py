"""Commands that make and check examples: screens, teach, dataset."""

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
    about = "let Gemini label a folder of screenshots"
    teach = parser.command(commands, "teach", _teach, about, "ghost teach screenshots --out labelled.json", parser.profiled())
    teach.add_argument("folder", type=Path)
    teach.add_argument("--out", type=Path, required=True)
    teach.add_argument("--limit", type=parser.count, help="pictures at most; without it the profile's")
    about = "put a dataset through the gates"
    dataset = parser.command(commands, "dataset", _dataset, about, "ghost dataset check data/dataset_vision.json")
    dataset.add_argument("action", choices=("check",))
    dataset.add_argument("file", type=Path, nargs="+")


def _screens(chosen: argparse.Namespace) -> int:
    from ghostlib.corpus import records
    from ghostlib.corpus.screens import drawing

    drawn = drawing.draw(chosen.count, chosen.seed, chosen.out)
    records.save(drawn, chosen.out / "dataset_vision.json")
    print(f"{len(drawn)} screens in {chosen.out}, their records in {chosen.out / 'dataset_vision.json'}")
    return 0


def _teach(chosen: argparse.Namespace) -> int:
    from ghostlib import machine
    from ghostlib.corpus import picture, teacher
    from ghostlib.errors import TeacherError

    settings, key = parser.config(chosen).teacher, machine.key("Gemini")
    if not key:
        raise TeacherError("no Gemini key: set GEMINI_API_KEY, or write it into .env. Everything else works without one")
    found = picture.files(chosen.folder)
    told = teacher.label(found[: chosen.limit or settings.limit], chosen.out, settings=settings, key=key)
    print(f"{len(told.records)} records in {chosen.out}, {len(told.rejects)} rejects beside it, {told.calls} calls")
    return 0


def _dataset(chosen: argparse.Namespace) -> int:
    from ghostlib import config as configs
    from ghostlib.corpus import quality, records

    rows: list[Any] = []
    for file in chosen.file:
        rows += records.read_screens(file) if records.holds_screens(file) else records.read_texts(file)
    report = quality.check(rows, root=configs.root() / "data")
    print(report)
    return 0 if report.passed else 1
