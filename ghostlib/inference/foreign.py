"""Anybody's predictions on the benchmark: read with care, scored as our own are, and laid beside the baselines."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ghostlib import tasks
from ghostlib.config import Config
from ghostlib.errors import DataError
from ghostlib.inference import baselines, coverage, evaluate
from ghostlib.inference.evaluate import Metrics, Row
from ghostlib.tasks import Example

UNNAMED = "predictions"
LONGEST = 2_000_000  # characters of one line; a schema has a thousand


@dataclass(frozen=True)
class Told:
    """What a predictions file holds: by model (UNNAMED where it names none) the answers by id, and what was odd about it."""

    models: dict[str, dict[str, str]]
    notes: tuple[str, ...]


def read(file: Path | str, known: Sequence[str]) -> Told:
    """The predictions for the ids in `known`: one JSON object a line, {"id" or "image_path", "prediction", "gold"?, "model"?}.

    Ids outside `known` are left out with a note. Raises DataError with the line for anything that is not such an object,
    for an id that stands there twice for one model, and where no id is known.
    """
    file = Path(file)
    names = {variant: name for name in known for variant in (name, f"data/{name}", Path(name).name)}
    models: dict[str, dict[str, str]] = {}
    lines: dict[tuple[str, str], int] = {}
    strange: list[str] = []
    for number, line in enumerate(_lines(file), 1):
        if not line.strip():
            continue
        where = f"{file}: line {number}"
        model, given, prediction = _row(line, where)
        if given not in names:
            strange.append(f"{given!r} in line {number}")
            continue
        name = names[given]
        if (model, name) in lines:
            raise DataError(f"{where}: {given} stands in line {lines[model, name]} already. Keep one prediction a screen.")
        lines[model, name] = number
        models.setdefault(model, {})[name] = prediction
    if not models:
        what = f"no id is of the benchmark (first: {strange[0]})" if strange else "holds no prediction"
        raise DataError(f'{file}: {what}. An id is one of the validation set, for example "{next(iter(known), "")}".')
    notes = [f"ids that are not of the benchmark, left out: {len(strange)} ({', '.join(strange[:3])})"]
    return Told(models, tuple(notes if strange else ()))


def run(config: Config, file: Path | str, *, out: Path, full: bool = True) -> Metrics:
    """The Metrics of `score`, beside the committed baselines where they are of the same screens; written to the folder `out`.

    There is metrics.json, and figures/predictions.png. Raises DataError as `read`, and for a folder that cannot be written.
    """
    found = score(config, file, full=full)
    found = replace(found, baselines=found.baselines | baselines.committed(config, found.n))
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{out}: cannot be written ({error.strerror}). Choose another folder with --out.") from error
    evaluate.write(found, out, figure="predictions.png", names=baselines.NAMES | {"tuned": Path(file).name})
    return found


def score(config: Config, file: Path | str, *, split: str = "validation", full: bool = True) -> Metrics:
    """The Metrics of a predictions file on every screen of a split; a screen without a prediction counts 0 and is told.

    A file of one model stands under `tuned`; one with models of its own ("base" and "tuned", as a run's predictions.jsonl)
    under their names. Without `full` only the profile's sample counts. Raises DataError as `read`.
    """
    questions = evaluate.golds(config, split)
    there = len(questions)
    known = [one.id for one in questions]
    if not full:
        questions = evaluate.sample(questions, config.evaluation.sample, seed=config.seed)
    told = read(file, known)
    notes = [*told.notes, *evaluate.sampled(len(questions), there, config)]
    for model, answers in told.models.items():
        if lacking := [one.id for one in questions if one.id not in answers]:
            whose = "" if model == UNNAMED else f" of {model}"
            shown = ", ".join(lacking[:3])
            noun = tasks.terms(config.task).noun
            notes.append(f"{noun} without a prediction{whose}, counted 0: {len(lacking)} of {len(questions)} ({shown})")
    return scored(config, questions, told.models, split=split, notes=notes)


def scored(
    config: Config,
    questions: Sequence[Example],
    models: dict[str, dict[str, str]],
    *,
    split: str,
    notes: Sequence[str] = (),
) -> Metrics:
    """The Metrics of answers by model and id; a model that is neither base nor the only one stands among the baselines."""
    task, screens = tasks.named(config.task), coverage.screens(config, split)
    single = next(iter(models)) if len(models) == 1 else "tuned"
    means: dict[str, dict[str, evaluate.Interval]] = {}
    scores: dict[str, list[Any]] = {}
    rows: list[Row] = []
    for model, answers in models.items():
        told = [answers.get(one.id, "") for one in questions]
        name = "tuned" if model == single else model
        scores[name] = task.score(told, questions)
        means[name] = task.aggregate(scores[name], seed=config.seed)
        made = [_scored_row(task, name, *each) for each in zip(questions, told, scores[name], strict=True)]
        means[name] |= coverage.measured([(row.id, row.prediction, row.gold) for row in made], screens, seed=config.seed)
        rows += made
    return Metrics(
        split=split,
        n=len(questions),
        base=means.get("base"),
        tuned=means.get("tuned"),
        baselines={name: found for name, found in means.items() if name not in ("base", "tuned")},
        distinct={name: len({row.prediction for row in rows if row.model == name}) for name in means},
        groups=evaluate.groups(task, questions, scores, seed=config.seed),
        notes=tuple(notes),
        rows=tuple(rows),
        terms=tasks.terms(config.task),
    )


def _scored_row(task: Any, model: str, asked: Example, answer: str, found: Any) -> Row:
    told = found.as_dict()
    valid = bool(told.get("valid"))
    return Row(asked.id, model, task.parse(answer), asked.completion, valid, told, group=asked.group)


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8-sig").split("\n")
    except FileNotFoundError:
        raise DataError(f"{file}: no such file. Give a file of predictions, one JSON object a line.") from None
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{file}: is not UTF-8 (byte {error.start}). Save it as UTF-8.") from error


def _row(line: str, where: str) -> tuple[str, str, str]:
    """Model, id and prediction of one line."""
    if len(line) > LONGEST:
        raise DataError(f"{where}: has {len(line):,} characters, more than {LONGEST:,}. One line holds one prediction.")
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        reason = f"column {error.colno}: {error.msg}" if isinstance(error, json.JSONDecodeError) else "nested too deeply"
        raise DataError(f'{where}: broken JSON ({reason}). A line is {{"id": ..., "prediction": ...}}.') from None
    if not isinstance(row, dict):
        raise DataError(f'{where}: is a {type(row).__name__}, not an object. A line is {{"id": ..., "prediction": ...}}.')
    given, prediction = row.get("id", row.get("image_path")), row.get("prediction")
    if not isinstance(given, str) or not isinstance(prediction, str):
        lacking = "`prediction` is" if isinstance(given, str) else "`id` (or `image_path`) is"
        raise DataError(f'{where}: {lacking} no text. A line is {{"id": ..., "prediction": ...}}.')
    model = row.get("model", UNNAMED)
    return (model if isinstance(model, str) and model else UNNAMED), given, prediction
