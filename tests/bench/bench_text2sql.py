"""How fast predictions are judged, printed (`make bench`): 2,000 evaluations, all metrics, and the same in execution alone."""

import random
import time
from pathlib import Path

from ghostlib.tasks.text2sql import layouts, scoring

DATA = Path(__file__).resolve().parents[2] / "data" / "text2sql"
COUNT = 2_000


def pairs():
    """Questions with predictions of all sorts: the gold, another question's gold about the same database, a broken one."""
    rng = random.Random(3)
    corpus = layouts.load(DATA)
    everything = [question for asked in corpus.questions.values() for question in asked]
    by_name = {name: [q.gold for q in everything if q.database == name] for name in {q.database for q in everything}}
    for question in rng.choices(everything, k=COUNT):
        kind = rng.random()
        other = rng.choice(by_name[question.database])
        yield question, question.gold if kind < 0.5 else other if kind < 0.9 else other.replace("FROM", "FORM")


def test_two_thousand_predictions_are_judged():
    asked = list(pairs())
    known = scoring.Scorer(layouts.load(DATA))
    started = time.perf_counter()
    outcomes = scoring.outcomes([known.score(question, prediction) for question, prediction in asked])
    whole = time.perf_counter() - started
    judge = scoring.Scorer(layouts.load(DATA)).judge
    started = time.perf_counter()
    for question, prediction in asked:
        judge.verdict(question.database, question.gold, prediction)
    alone = time.perf_counter() - started
    print(f"\n{COUNT} evaluations: {whole:.1f} s, {COUNT / whole:.0f} a second ({outcomes})")
    print(f"in execution alone: {alone:.1f} s, {COUNT / alone:.0f} a second")
    assert outcomes["right"] >= 900 and outcomes["error"] >= 100 and not outcomes["gold fails"]
