"""What the judge costs beside the bare server: ratios from one run, never a timed assert (`make bench`)."""

import random
import time

from ghostlib.corpus.screens import archetypes
from ghostlib.corpus.screens.domains import TRAINING
from ghostlib.schemas import ddl, postgres, score, server

COUNT = 200


def test_the_judge_beside_bare_ddl_and_rollback_on_the_same_server():
    rng = random.Random(7)
    schemas = [archetypes.plan(rng.choice(TRAINING), rng.choice(archetypes.ARCHETYPES), rng).schema for _ in range(COUNT)]
    texts = [ddl.canonical(schema) for schema in schemas]
    postgres.judge(texts[0])
    started = time.perf_counter()
    verdicts = [postgres.judge(text) for text in texts]
    judged = COUNT / (time.perf_counter() - started)
    connection = server.connection()
    started = time.perf_counter()
    for number, text in enumerate(texts):
        connection.execute(f"BEGIN; CREATE SCHEMA bare{number}; SET LOCAL search_path = bare{number}; {text}".encode())
        connection.execute("ROLLBACK")
    bare = COUNT / (time.perf_counter() - started)
    started = time.perf_counter()
    scores = [score.score(verdict.schema, schema) for verdict, schema in zip(verdicts, schemas, strict=True)]
    scored = COUNT / (time.perf_counter() - started)
    print(f"\njudge {judged:.0f} a second, bare DDL {bare:.0f}: ratio {judged / bare:.2f}; score {scored:.0f} a second")
    assert all(verdict.valid for verdict in verdicts) and all(one.exact for one in scores)
