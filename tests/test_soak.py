"""The long proofs, run by `make soak`; docs/results/soak.md holds their dated results."""

import random

import pytest

from ghostlib.corpus.screens import archetypes
from ghostlib.corpus.screens.domains import TRAINING
from ghostlib.schemas import ddl, postgres, server
from ghostlib.training import memory

BAD = (
    "CREATE TABLE a (b foo);",
    "CREATE TABLE a (b int REFERENCES c (d));",
    "SELECT pg_sleep(9);",
    "CREATE TABLE a (b int); COMMIT; CREATE TABLE c (d int);",
    "CREATE TABLE a (" + "(" * 900,
)


@pytest.mark.soak
def test_five_thousand_checks_with_failures_and_kills_leave_nothing_behind():
    rng = random.Random(7)
    before = None
    for number in range(5000):
        plan = archetypes.plan(rng.choice(TRAINING), rng.choice(archetypes.ARCHETYPES), rng)
        text = rng.choice(BAD) if rng.random() < 0.3 else ddl.canonical(plan.schema)
        verdict = postgres.judge(text)
        assert verdict.valid == (text not in BAD), (number, verdict)
        if rng.random() < 0.002:
            server.kill_backend(server.connection().info.backend_pid)
        before = memory.resident() if number == 500 else before
    left = server.connection().execute("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'ghost%'").fetchone()[0]
    grown = (memory.resident() - before) * 1024
    print(f"\n5,000 checks, {left} schemas left, this process grew by {grown:.1f} MiB")
    assert left == 0 and grown < 100
