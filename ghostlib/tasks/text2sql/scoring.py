"""The score of one predicted query, and means with intervals over many."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

from ghostlib.errors import DataError
from ghostlib.tasks.text2sql import hardness, layouts, practice, setmatch, statements
from ghostlib.tasks.text2sql.execution import OUTCOMES, Judge
from ghostlib.tasks.text2sql.layouts import Corpus, Question
from ghostlib.tasks.text2sql.sandbox import Limits

METRICS = ("execution_accuracy", "exact_set_match", "exact_match", "valid_sql")
RESAMPLES = 1_000
Interval = dict[str, float]


@dataclass(frozen=True)
class Score:
    """What is to be said of one prediction. `set_match` is None where exact set match is not defined for the gold."""

    outcome: str
    reason: str
    set_match: bool | None
    text_match: bool
    hardness: str
    category: str
    seconds: float = 0.0

    @property
    def valid(self) -> bool:
        """Whether the query ran."""
        return self.outcome in ("right", "wrong rows")

    def metric(self, name: str) -> float | None:
        """One of METRICS as 0 or 1; None where it is not defined for this row."""
        if self.outcome == "gold fails" and name in ("execution_accuracy", "valid_sql"):
            return None
        value = {
            "execution_accuracy": self.outcome == "right",
            "exact_set_match": self.set_match,
            "exact_match": self.text_match,
            "valid_sql": self.valid,
        }[name]
        return None if value is None else float(value)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: each metric, the one that ranks first, then the outcome with its reason."""
        told = {name: self.metric(name) for name in METRICS}
        group = {"hardness": self.hardness, "category": self.category}
        return {**told, "outcome": self.outcome, "reason": self.reason, "valid": self.valid, **group}


class Scorer:
    """Scores predictions on one data set, with everything open that is needed twice."""

    def __init__(self, corpus: Corpus, *, limits: Limits | None = None, keep_distinct: bool = False) -> None:
        self.corpus = corpus
        self.judge = Judge(lru_cache(maxsize=None)(corpus.files), limits=limits, keep_distinct=keep_distinct)
        self._meanings: dict[str, setmatch.Meaning] = {}

    def score(self, question: Question, predicted: str) -> Score:
        """The Score of one prediction; whatever a model wrote, no error."""
        known = self.meaning(question.database)
        gold = setmatch.parsed(question.gold, known)
        made = setmatch.parsed(predicted, known) if gold else None
        found = self.judge.verdict(question.database, question.gold, predicted)
        return Score(
            outcome=found.outcome,
            reason=found.reason,
            set_match=None if gold is None else made is not None and setmatch.match(gold, made, known),
            text_match=statements.plain(predicted) == statements.plain(question.gold),
            hardness=hardness.hardness(gold) if gold else question.level or "unknown",
            category=hardness.category(question.gold, gold),
            seconds=found.seconds,
        )

    def meaning(self, name: str) -> setmatch.Meaning:
        """The database's Meaning: the tables as the file has them, the foreign keys as tables.json has them."""
        if name not in self._meanings:
            known = self.corpus.database(name).meaning
            there = self.judge.database(name)
            self._meanings[name] = replace(known, schema=there.meaning.schema) if there else known
        return self._meanings[name]

    @cached_property
    def groups(self) -> dict[str, dict[str, str]]:
        """By question id what results are grouped by: database, hardness, category."""
        return {question.id: self.group(question) for asked in self.corpus.questions.values() for question in asked}

    def group(self, question: Question) -> dict[str, str]:
        """What the results of one question are grouped by."""
        gold = setmatch.parsed(question.gold, self.corpus.database(question.database).meaning)
        level = hardness.hardness(gold) if gold else question.level or "unknown"
        return {"domain": question.database, "hardness": level, "category": hardness.category(question.gold, gold)}


@lru_cache(maxsize=4)
def scorer(source: str) -> Scorer:
    """The Scorer of a data set, read or made once. Raises DataError as `layouts.load`."""
    return Scorer(practice.corpus(source) if source.startswith(practice.SCHEME) else layouts.load(source))


def aggregate(scores: Sequence[Score], *, seed: int = 0) -> dict[str, Interval]:
    """Each metric's mean with a 95 % percentile bootstrap interval (Efron 1979; 1,000 resamples of whole rows).

    A row for which a metric is not defined does not count for it. Raises DataError for no scores.
    """
    import numpy as np

    if not scores:
        raise DataError("no scores to aggregate: the split holds no question")
    found = {}
    for name in METRICS:
        values = np.array([value for one in scores if (value := one.metric(name)) is not None])
        if len(values):
            drawn = np.random.default_rng(seed).binomial(len(values), values.mean(), RESAMPLES) / len(values)
            low, high = np.percentile(drawn, (2.5, 97.5))  # of values 0 and 1, resampling is a binomial draw
            mean = float(values.mean())
            found[name] = {"mean": mean, "low": min(float(low), mean), "high": max(float(high), mean)}
    return found


def grouped(scores: Sequence[Score], keys: Sequence[Mapping[str, str]], *, seed: int = 0) -> dict[str, dict[str, Any]]:
    """The same by each kind of group: {"hardness": {"easy": {"n": 9, metric: interval, ...}, ...}, ...}, in their order."""
    order = {name: place for place, name in enumerate((*hardness.LEVELS, *hardness.CATEGORIES))}
    members: dict[str, dict[str, list[Score]]] = {}
    for one, key in zip(scores, keys, strict=True):
        for kind, label in key.items():
            members.setdefault(kind, {}).setdefault(label, []).append(one)
    return {
        kind: {
            label: {"n": len(labels[label]), **aggregate(labels[label], seed=seed)}
            for label in sorted(labels, key=lambda label: (order.get(label, len(order)), label))
        }
        for kind, labels in members.items()
    }


def outcomes(scores: Sequence[Score]) -> dict[str, int]:
    """How many rows came to which outcome, every outcome named."""
    counted = Counter(one.outcome for one in scores)
    return {name: counted[name] for name in OUTCOMES}
