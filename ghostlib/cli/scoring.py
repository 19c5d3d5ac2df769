"""`ghost score`: one predicted schema against the true one, or many with means and intervals."""

import argparse
import json
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ghostlib.cli import texts
from ghostlib.cli.texts import Text
from ghostlib.errors import SchemaError

if TYPE_CHECKING:
    from ghostlib.schemas.postgres import SqlProblem
    from ghostlib.schemas.schema import Schema
    from ghostlib.schemas.score import Score

WORST = 5  # predictions that a person is shown of many


@dataclass(frozen=True)
class Pair:
    """One prediction's score against the truth of the same name, and why PostgreSQL refused it where it did."""

    name: str
    score: "Score"
    tables: int
    problems: "tuple[SqlProblem, ...]"
    text: str

    def as_dict(self) -> dict[str, Any]:
        """The JSON shape of `ghost score`; a refused prediction has its problems beside the numbers."""
        found = self.score.as_dict()
        return found | {"problems": [vars(one) for one in self.problems]} if self.problems else found


def score(chosen: argparse.Namespace) -> int:
    """Run the command; the exit code is 1 where PostgreSQL refuses a prediction."""
    named = texts.plain(f"{chosen.prediction} and {chosen.reference}")
    several = texts.many(chosen.prediction), texts.many(chosen.reference)
    if several[0] != several[1]:
        raise SchemaError(f"{named}: name two files, or two folders or patterns")
    if any(several):
        return _many(chosen, named)
    prediction, reference = texts.one(chosen.prediction), texts.one(chosen.reference)
    found = _scored([(reference.name, prediction, reference)])[0]
    if chosen.json:
        print(json.dumps(found.as_dict(), indent=2))
    else:
        print("\n".join(_table(found.score)))
        for problem in found.problems:
            print(texts.located(found.text, problem))
    return 0 if found.score.valid else 1


def _many(chosen: argparse.Namespace, named: str) -> int:
    from ghostlib.schemas import score as scores

    made = {text.below: text for text in texts.read([chosen.prediction])}
    truths = {text.below: text for text in texts.read([chosen.reference])}
    if not made.keys() & truths.keys():
        raise SchemaError(f"{named}: no file of the one is named like one of the other")
    found = _scored([(name, made.get(name), truth) for name, truth in truths.items()])
    everything = [one.score for one in found]
    means = scores.aggregate(everything)
    groups = scores.grouped(everything, [{"tables": one.tables} for one in found])
    unpaired = sorted(made.keys() - truths.keys())
    if chosen.json:
        pairs = [{"name": one.name, **one.as_dict()} for one in found]
        print(
            json.dumps({"n": len(found), "aggregate": means, "groups": groups, "pairs": pairs, "unpaired": unpaired}, indent=2)
        )
    else:
        print("\n".join(_means(means, found)))
    for name in unpaired:
        print(f"ghost: {texts.plain(name)}: no truth of this name; left out", file=sys.stderr)
    return 0 if all(one.valid for one in everything) else 1


def _scored(wanted: list[tuple[str, Text | None, Text]]) -> list[Pair]:
    """Judge both sides of every pair and compare. Raises SchemaError for a truth that PostgreSQL refuses."""
    from ghostlib.schemas import postgres
    from ghostlib.schemas import score as scores

    sqls = [text.sql for _, made, truth in wanted for text in (truth, made) if text]
    waiting = "score" if len(wanted) > 1 and sys.stderr.isatty() else ""
    judged = dict(zip(sqls, postgres.check_many(sqls, progress=waiting), strict=True))
    found = []
    for name, made, truth in wanted:
        gold: Schema | None = judged[truth.sql].schema
        if gold is None:
            told = texts.located(truth.name, judged[truth.sql].problems[0])
            raise SchemaError(f"PostgreSQL refuses the reference: {told}")
        verdict = judged[made.sql] if made else None
        rated = scores.score(verdict.schema if verdict else None, gold)
        rated = rated if made else replace(rated, reason="there is no prediction of this name")
        found.append(Pair(name, rated, len(gold.tables), verdict.problems if verdict else (), made.name if made else ""))
    return found


def _table(score: "Score") -> list[str]:
    """For a person: the score, then each part as far as the schemas have it."""
    from ghostlib.schemas.score import WEIGHTS, Part

    told = "exact" if score.exact else score.reason
    lines = [f"schema_score          {score.schema_score:.3f}" + (f"  {told}" if told else "")]
    if not score.valid:
        return lines
    lines += ["", f"{'':20}  weight   value  precision  recall"]
    for name, weight in WEIGHTS.items():
        value, part = score.metric(name), getattr(score, name.removesuffix("_f1"))
        if value is None:
            lines.append(f"{name:20}  {weight:6.2f}  neither schema has any")
        else:
            both = f"  {part.precision:9.3f}  {part.recall:6.3f}" if isinstance(part, Part) else ""
            lines.append(f"{name:20}  {weight:6.2f}  {value:6.3f}{both}")
    invented = ("hallucinated_tables", "hallucinated_columns")
    return [*lines, *(f"{name:20}  {'':6}  {score.metric(name):6.3f}" for name in invented)]


def _means(means: dict[str, dict[str, float]], found: list[Pair]) -> list[str]:
    """For a person: every metric's mean with its 95 % interval, and the weakest predictions."""
    lines = [f"{len(found)} pairs{'':14}  {'mean':>5}  95 % interval"]
    lines += [f"{name:20}  {one['mean']:6.3f}  {one['low']:.3f} to {one['high']:.3f}" for name, one in means.items()]
    weakest = sorted(found, key=lambda one: one.score.schema_score)[:WORST]
    lines += ["", "the weakest:"]
    for one in weakest:
        why = texts.located(one.text, one.problems[0]) if one.problems else one.score.reason
        lines.append(f"{one.score.schema_score:.3f}  {texts.plain(one.name)}" + (f"  {why}" if why else ""))
    return lines
