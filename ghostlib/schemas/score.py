"""Schema x Schema -> Score, and many Scores -> means with intervals. Definitions with examples: docs/scoring.md.

>>> from ghostlib.schemas.schema import Column, Schema, Table
>>> gold = Schema((Table("tags", (Column("id", "bigint", True), Column("name", "text")), ("id",)),))
>>> score(gold, gold).schema_score
1.0
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from ghostlib.errors import DataError
from ghostlib.schemas import matching
from ghostlib.schemas.schema import Schema

# What each part is worth. A part that neither schema has (no foreign key in both) is left out and the rest is scaled up.
WEIGHTS = {
    "table_f1": 0.15,
    "column_f1": 0.30,
    "type_accuracy": 0.15,
    "not_null_accuracy": 0.05,
    "primary_key": 0.10,
    "foreign_key_f1": 0.15,
    "unique_f1": 0.03,
    "check_f1": 0.04,
    "index_f1": 0.03,
}
METRICS = ("schema_score", "validity", *WEIGHTS, "hallucinated_tables", "hallucinated_columns")
RESAMPLES = 1000
FAMILIES = {
    "integer": ("smallint", "integer", "bigint", "int", "int2", "int4", "int8"),
    "number": ("numeric", "decimal", "real", "double precision", "money"),
    "text": ("text", "character varying", "character", "varchar", "char", "bpchar", "citext", "name"),
    "time stamp": ("timestamptz", "timestamp", "timestamp with time zone", "timestamp without time zone"),
    "time": ("time", "timetz", "time with time zone", "time without time zone"),
    "json": ("json", "jsonb"),
}
_FAMILY = {spelling: family for family, spellings in FAMILIES.items() for spelling in spellings}


@dataclass(frozen=True)
class Part:
    """Precision, recall and F1 of one kind of thing; `present` where at least one of the two schemas has any."""

    precision: float
    recall: float
    present: bool = True

    @property
    def f1(self) -> float:
        """The harmonic mean, 0 where both are 0."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    def as_dict(self) -> dict[str, float]:
        """The three numbers, JSON-ready."""
        return {"precision": self.precision, "recall": self.recall, "f1": self.f1}


@dataclass(frozen=True)
class Score:
    """How near a predicted schema comes to the true one; every number is from 0 to 1. `reason` says why all is 0."""

    valid: bool
    table: Part
    column: Part
    type_accuracy: float
    not_null_accuracy: float
    primary_key: float
    foreign_key: Part
    unique: Part
    check: Part
    index: Part
    hallucinated_tables: float
    hallucinated_columns: float
    reason: str = ""

    @property
    def schema_score(self) -> float:
        """The mean of the parts under WEIGHTS, over the parts that at least one of the two schemas has."""
        rated = [(weight, value) for name, weight in WEIGHTS.items() if (value := self.metric(name)) is not None]
        return sum(weight * value for weight, value in rated) / sum(weight for weight, _ in rated)

    @property
    def exact(self) -> bool:
        """True where nothing at all is missing, wrong or invented."""
        return self.valid and self.schema_score == 1.0

    def metric(self, name: str) -> float | None:
        """One of METRICS; None where neither schema has anything of that kind."""
        if name == "validity":
            return float(self.valid)
        if name.endswith("_f1"):
            part: Part = getattr(self, name.removesuffix("_f1"))
            return part.f1 if part.present else None
        return float(getattr(self, name))

    def as_dict(self) -> dict[str, Any]:
        """The JSON shape of `ghost score`: parts as precision, recall and F1 (1.0 where neither schema has the kind)."""
        found: dict[str, Any] = {"schema_score": self.schema_score, "valid": self.valid, "exact": self.exact}
        for field in fields(self):
            value = getattr(self, field.name)
            found[field.name] = value.as_dict() if isinstance(value, Part) else value
        return found if self.reason else {name: value for name, value in found.items() if name != "reason"}


def score(predicted: Schema | None, truth: Schema) -> Score:
    """Every metric of one prediction. None (PostgreSQL refused it) and a schema without tables are 0 in all of them."""
    if predicted is None or not predicted.tables:
        return _nothing(truth, "PostgreSQL did not accept the prediction" if predicted is None else "no table was predicted")
    match = matching.match(predicted, truth)
    pairs = list(match.column_pairs())
    made, wanted = _columns(predicted), _columns(truth)
    credit = sum(match.columns.values())
    return Score(
        valid=True,
        table=_part(sum(match.tables.values()), len(predicted.tables), len(truth.tables)),
        column=_part(credit, made, wanted),
        type_accuracy=_share(family(one.type) == family(other.type) for one, other in pairs),
        not_null_accuracy=_share(one.not_null == other.not_null for one, other in pairs),
        primary_key=_share(
            match.named(one, one.primary_key) == frozenset(other.primary_key) for one, other in match.table_pairs()
        ),
        foreign_key=_overlap(match.foreign_keys(), _foreign_keys(truth)),
        unique=_overlap(match.unique(), {(t.name, u) for t in truth.tables for u in matching.unique(t)}),
        check=_overlap(match.checks(), {(t.name, *matching.meaning(c)) for t in truth.tables for c in t.checks}),
        index=_overlap(match.indexes(), {(t.name, i) for t in truth.tables for i in matching.indexes(t)}),
        hallucinated_tables=1 - len(match.tables) / len(predicted.tables),
        hallucinated_columns=1 - len(match.columns) / made if made else 0.0,
    )


def aggregate(scores: Sequence[Score], *, seed: int = 0) -> dict[str, dict[str, float]]:
    """Each metric's mean with a 95 % percentile bootstrap interval (Efron 1979; 1,000 resamples of whole predictions).

    A prediction counts for a metric only where it or its truth has anything of the kind; a metric that nobody has is
    left out. Raises DataError for no scores.
    """
    import numpy as np

    if not scores:
        raise DataError("no scores to aggregate: the split holds no example")
    rows = np.array([[np.nan if (v := one.metric(name)) is None else v for name in METRICS] for one in scores], dtype=float)
    there = ~np.isnan(rows)
    filled = np.where(there, rows, 0.0)
    rng = np.random.default_rng(seed)
    means = []
    for _ in range(10):  # in ten blocks, so that 100,000 scores need no gigabytes
        counts = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=RESAMPLES // 10).astype(float)
        weight = counts @ there
        means.append(np.divide(counts @ filled, weight, out=np.full(weight.shape, np.nan), where=weight > 0))
    drawn = np.concatenate(means)
    found = {}
    for place, name in enumerate(METRICS):
        if there[:, place].any():
            low, high = np.nanpercentile(drawn[:, place], (2.5, 97.5))
            mean = filled[:, place].sum() / there[:, place].sum()
            found[name] = {"mean": float(mean), "low": float(min(low, mean)), "high": float(max(high, mean))}
    return found


def grouped(
    scores: Sequence[Score], keys: Sequence[Mapping[str, object]], *, seed: int = 0
) -> dict[str, dict[str, dict[str, Any]]]:
    """`aggregate` by each kind of group: {"archetype": {"form": {"n": 6, metric: interval, ...}, ...}, "domain": ...}.

    `keys` holds each score's own groups, for example {"archetype": "form", "domain": "shop", "tables": 2}; a score
    without a kind is in none of its groups. Raises DataError where scores and keys are not of the same number.
    """
    if len(scores) != len(keys):
        raise DataError(f"{len(scores)} scores and {len(keys)} groups: one set of groups is needed for each score")
    members: dict[str, dict[str, list[Score]]] = {}
    for one, key in zip(scores, keys, strict=True):
        for kind, label in key.items():
            members.setdefault(kind, {}).setdefault(str(label), []).append(one)
    return {
        kind: {label: {"n": len(rows), **aggregate(rows, seed=seed)} for label, rows in sorted(labels.items())}
        for kind, labels in members.items()
    }


def family(kind: str) -> str:
    """What a type is good for: all integers are one family, all texts another; an array is its element's family."""
    bare, _, array = kind.partition("[")
    name = bare.split("(")[0].strip() if ")" not in bare else (bare.split("(")[0].strip() + bare.rsplit(")", 1)[1]).strip()
    return _FAMILY.get(name, name) + ("[]" if array else "")


def _nothing(truth: Schema, reason: str) -> Score:
    def part(present: bool) -> Part:
        return Part(0.0, 0.0, present)

    return Score(
        valid=False,
        table=part(True),
        column=part(True),
        type_accuracy=0.0,
        not_null_accuracy=0.0,
        primary_key=0.0,
        foreign_key=part(any(table.foreign_keys for table in truth.tables)),
        unique=part(any(matching.unique(table) for table in truth.tables)),
        check=part(any(table.checks for table in truth.tables)),
        index=part(any(matching.indexes(table) for table in truth.tables)),
        hallucinated_tables=0.0,
        hallucinated_columns=0.0,
        reason=reason,
    )


def _columns(schema: Schema) -> int:
    return sum(len(table.columns) for table in schema.tables)


def _foreign_keys(schema: Schema) -> set[Hashable]:
    return {(table.name, *key) for table in schema.tables for key in matching.foreign_keys(table)}


def _overlap(made: list[Hashable], wanted: set[Hashable]) -> Part:
    """`made` keeps what could not be translated into the truth's names as None: it counts as invented."""
    different = set(made) - {None}
    return _part(len(different & wanted), len(different) + made.count(None), len(wanted))


def _part(credit: float, made: int, wanted: int) -> Part:
    if not made and not wanted:
        return Part(1.0, 1.0, present=False)
    return Part(min(1.0, credit / made) if made else 0.0, min(1.0, credit / wanted) if wanted else 0.0)


def _share(right: Iterable[bool]) -> float:
    told = list(right)
    return sum(told) / len(told) if told else 0.0
