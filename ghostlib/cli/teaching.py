"""Commands about real screenshots: capture them, and let Gemini label them."""

import argparse
import dataclasses
import json
from pathlib import Path
from typing import Any

from ghostlib.cli import parser


def add(commands: Any) -> None:
    """Their parsers."""
    profiled, as_json = parser.profiled(), parser.as_json()
    about = "let Gemini label a folder of screenshots; PostgreSQL corrects it"
    example = "ghost teach screenshots --out labelled.json --dry-run"
    teach = parser.command(commands, "teach", _teach, about, example, profiled, as_json)
    teach.add_argument("folder", type=Path, nargs="?", help="with PNG, JPEG or WebP files; --measure needs none")
    teach.add_argument(
        "--out", type=Path, required=True, help="the records (JSON); rejects.jsonl and the answers stand beside it"
    )
    teach.add_argument("--model", help="a model of Gemini; without it the profile's")
    teach.add_argument("--limit", type=parser.count, help="pictures at most; without it the profile's")
    teach.add_argument("--dry-run", action="store_true", help="what it would cost; no key, no call")
    about = (
        "how good the teacher is: ask about the drawn validation screens, whose truth is known, and write the score to --out"
    )
    teach.add_argument("--measure", action="store_true", help=about)
    about = "screenshots of public pages, politely"
    capture = parser.command(commands, "capture", _capture, about, "ghost capture urls.csv --out shots", profiled, as_json)
    capture.add_argument("urls", type=Path, metavar="URLS.csv", help="a column `url`, or the addresses alone, one a line")
    capture.add_argument("--out", type=Path, required=True, help="a folder; one that was begun is gone on with")


def _teach(chosen: argparse.Namespace) -> int:
    from ghostlib.corpus import picture
    from ghostlib.errors import ConfigError

    config = parser.config(chosen)
    settings = dataclasses.replace(config.teacher, model=chosen.model) if chosen.model else config.teacher
    key = "" if chosen.dry_run else _key()
    if chosen.measure:
        return _measure(chosen, config, settings, key)
    if chosen.folder is None:
        raise ConfigError("ghost teach: name a folder of screenshots, or --measure for the drawn ones")
    found = picture.files(chosen.folder)[: chosen.limit or settings.limit]
    return _forecast(chosen, found, settings) if chosen.dry_run else _label(chosen, found, settings, key)


def _label(chosen: argparse.Namespace, found: list[Path], settings: Any, key: str) -> int:
    from ghostlib.corpus import teacher

    made = teacher.label(found, chosen.out, settings=settings, key=key)
    spent = made.spent
    if chosen.json:
        told = {"records": len(made.records), "rejects": made.reasons, **vars(spent)}
        print(json.dumps(told | {"out": str(chosen.out)}, indent=2))
        return 0 if made.records else 1
    cost = f", ${spent.dollars:.4f}" if spent.dollars else ""
    print(f"{len(made.records)} of {len(found)} pictures have a record in {chosen.out}")
    for reason, count in made.reasons.items():
        print(f"{count:5} {reason:<11} {teacher.REASONS.get(reason, '')}")
    print(f"{spent.calls} calls, {spent.tokens_in:,} tokens in, {spent.tokens_out:,} out{cost}")
    return 0 if made.records else 1


def _forecast(chosen: argparse.Namespace, found: list[Path], settings: Any) -> int:
    from ghostlib.corpus.teaching import forecast

    made = forecast.forecast(found, chosen.out, settings=settings)
    print(json.dumps(made.as_dict(), indent=2) if chosen.json else "\n".join(forecast.told(made, settings.model)))
    return 0


def _measure(chosen: argparse.Namespace, config: Any, settings: Any, key: str) -> int:
    from ghostlib import config as configs
    from ghostlib.corpus import records
    from ghostlib.corpus.teaching import agreement

    root = configs.root() / "data"
    drawn = records.read_screens(configs.root() / config.data.validation)
    screens = agreement.sample(drawn, chosen.limit or settings.limit, seed=config.seed)
    if chosen.dry_run:
        return _forecast(chosen, [records.picture_file(screen, root) for screen in screens], settings)
    made = agreement.measure(screens, chosen.out, root=root, settings=settings, key=key)
    print(json.dumps(made.as_dict(), indent=2) if chosen.json else "\n".join(agreement.told(made)))
    return 0


def _capture(chosen: argparse.Namespace) -> int:
    from ghostlib.corpus import capture

    made = capture.run(chosen.urls, chosen.out, settings=parser.config(chosen).capture)
    if chosen.json:
        print(json.dumps([vars(one) for one in made], indent=2))
    else:
        taken = [one for one in made if one.file]
        print(f"{len(taken)} of {len(made)} pages have a screenshot in {chosen.out}")
        for one in made:
            if not one.file:
                print(f"  {one.url}: {one.reason}: {one.detail}")
    return 0 if any(one.file for one in made) else 1


def _key() -> str:
    """The key. Raises TeacherError where there is none."""
    from ghostlib import machine
    from ghostlib.errors import TeacherError

    key = machine.key("Gemini")
    if not key:
        raise TeacherError("no Gemini key: set GEMINI_API_KEY, or write it into .env. Everything else works without one")
    return key
