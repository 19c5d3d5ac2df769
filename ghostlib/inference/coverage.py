"""Label coverage: the share of a screen's data labels that became columns of a prediction."""

from collections.abc import Mapping, Sequence

from ghostlib import config as configs
from ghostlib import tasks
from ghostlib.config import Config
from ghostlib.corpus import records
from ghostlib.corpus.records import Screen
from ghostlib.schemas import matching, postgres
from ghostlib.schemas.schema import Schema

RESAMPLES = 1000


def screens(config: Config, split: str) -> dict[str, Screen]:
    """The screens of a split by their id, which is the picture's path; empty where the task or the data are of none."""
    if not tasks.terms(config.task).seeing:
        return {}
    file = configs.root() / (config.data.screens if split == "train" else config.data.validation)
    return {screen.image_path: screen for screen in records.read_screens(file)} if records.holds_screens(file) else {}


def covered(predicted: Schema | None, truth: Schema, screen: Screen) -> float | None:
    """The share of the labels on a screen whose column the prediction has, by the same matching as the score's.

    A label is one text at one place; one that stands for a key and the name behind it is covered by either.
    None where the screen has no labels.
    """
    places: dict[tuple[str, tuple[int, ...]], set[tuple[str, str]]] = {}
    for label in screen.labels:
        places.setdefault((label.text, label.box), set()).add((label.table, label.column))
    if not places:
        return None
    if predicted is None or not predicted.tables:
        return 0.0
    found = {(table, column) for _, _, table, column in matching.match(predicted, truth).columns}
    return sum(bool(columns & found) for columns in places.values()) / len(places)


def measured(rows: Sequence[tuple[str, str, str]], known: Mapping[str, Screen], *, seed: int) -> dict[str, dict[str, float]]:
    """{"label_coverage": mean with a 95 % bootstrap interval} over (id, prediction, gold); empty where no screen has labels."""
    import numpy as np

    rows = [row for row in rows if row[0] in known]
    if not rows:
        return {}
    truths = postgres.check_many([gold for _, _, gold in rows])
    made = postgres.check_many([prediction for _, prediction, _ in rows])
    values = [
        covered(verdict.schema, truth.schema, known[key])
        for (key, _, _), verdict, truth in zip(rows, made, truths, strict=True)
        if truth.schema is not None
    ]
    told = np.array([value for value in values if value is not None])
    if not len(told):
        return {}
    drawn = np.random.default_rng(seed).choice(told, (RESAMPLES, len(told))).mean(axis=1)
    low, high = np.percentile(drawn, (2.5, 97.5))
    return {"label_coverage": {"mean": float(told.mean()), "low": float(low), "high": float(high)}}
