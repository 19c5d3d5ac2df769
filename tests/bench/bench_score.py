"""What scoring costs: a thousand pairs of shipped schemas, with the bootstrap, and the bootstrap's share (`make bench`)."""

import random
import time

from ghostlib import config
from ghostlib.corpus import records
from ghostlib.schemas import postgres, score

COUNT = 1000


def test_a_thousand_pairs_scored_and_aggregated():
    screens = records.read_screens(config.root() / "data" / "dataset_vision.json")
    schemas = [verdict.schema for verdict in postgres.check_many([screen.output for screen in screens])]
    rng = random.Random(7)
    pairs = [(rng.choice(schemas), rng.choice(schemas)) for _ in range(COUNT)]
    started = time.perf_counter()
    scores = [score.score(one, other) for one, other in pairs]
    scored = time.perf_counter() - started
    found = score.aggregate(scores)
    whole = time.perf_counter() - started
    print(f"\n{COUNT:,} pairs scored and aggregated in {whole:.2f} s, the bootstrap {1 - scored / whole:.0%} of it")
    assert 0 < found["schema_score"]["mean"] < 1
