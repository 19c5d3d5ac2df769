"""The judge's long proof: `make soak` runs all of it, `make test` a twentieth; docs/results/soak.md has the dated results."""

import gc
import os
import random
import signal
import subprocess
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
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
    "CREATE TABLE a (b int) PARTITION BY LIST (b); CREATE TABLE c PARTITION OF a FOR VALUES IN ('x');",
)
# A list of 20,000 values, which the server checks one against the other: more than the short deadline.
VALUES = ", ".join(map(str, range(20_000)))
SLOW = f"CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE q PARTITION OF p FOR VALUES IN ({VALUES});"
TIMEOUT = 0.2  # seconds for the slow ones
GOOD = "CREATE TABLE tags (id bigint PRIMARY KEY);"


def text(rng):
    return ddl.canonical(archetypes.plan(rng.choice(TRAINING), rng.choice(archetypes.ARCHETYPES), rng).schema)


def backends():
    """Process numbers of the judge's connections, as the server's superuser sees them."""
    with psycopg.connect(server._server.embedded.address(), autocommit=True) as admin:
        told = f"SELECT pid FROM pg_stat_activity WHERE usename = '{server.embedded.ROLE}'"
        return [row[0] for row in admin.execute(told).fetchall()]


def trouble(rng, happened):
    """One thing that goes wrong in between: a backend is ended or killed, or the whole server."""
    kind = rng.choice(["a backend ended", "a backend killed", "a backend killed", "the server killed"])
    with server.lease() as link:
        pid = link.info.backend_pid
    if kind == "a backend ended":
        server.kill_backend(pid)
    elif kind == "a backend killed":
        os.kill(pid, signal.SIGKILL)
    else:
        os.kill(server._server.embedded.handle.get_pid(), signal.SIGKILL)
    happened[kind] += 1


def soak(checks):
    """That many checks with trouble in between; returns what happened, and how much this process and the server grew."""
    rng, happened, sizes, rates = random.Random(7), Counter(), [], []
    assert postgres.judge(GOOD).valid
    folders = {folder for folder in server._server.embedded.folders}
    started = time.monotonic()
    for number in range(checks):
        if rng.random() < 0.003:
            trouble(rng, happened)
            folders |= set(server._server.embedded.folders)
        draw = rng.random()
        if number % 1_000 == 500:
            verdict = postgres.judge(SLOW, timeout=TIMEOUT)
            assert [one.sqlstate for one in verdict.problems] in (["57014"], [])
            happened["time-outs"] += not verdict.valid
        elif draw < 0.3:
            bad = rng.choice(BAD)
            assert not postgres.judge(bad).valid, bad
            happened["failures"] += 1
        elif draw < 0.32:
            some = [text(rng) for _ in range(6)]
            assert all(one.valid for one in postgres.check_many(some)), number
        elif draw < 0.33:
            with ThreadPoolExecutor(4) as pool:
                assert all(one.valid for one in pool.map(postgres.judge, [text(rng) for _ in range(8)])), number
        else:
            verdict = postgres.judge(text(rng))
            assert verdict.valid, (number, verdict.problems)
            happened["notices"] += len(verdict.notices)
        folders |= set(server._server.embedded.folders)
        if (number + 1) % (checks // 10) == 0:
            gc.collect()
            sizes.append(memory.resident() * 1024)
            rates.append(checks // 10 / (time.monotonic() - started))
            started = time.monotonic()
    return happened, sizes, rates, folders


@pytest.mark.parametrize("checks", [1_000, pytest.param(20_000, marks=pytest.mark.soak)])
def test_checks_with_failures_time_outs_and_kills_leave_nothing_behind(checks, monkeypatch):
    monkeypatch.delenv("GHOST_POSTGRES_URL", raising=False)
    server.stop()
    children = set(subprocess.run(["pgrep", "-P", str(os.getpid())], capture_output=True, text=True).stdout.split())
    happened, sizes, rates, folders = soak(checks)
    now = server._server.embedded.folders
    assert [one for one in folders - set(now) if Path(one).exists()] == []
    with psycopg.connect(server._server.embedded.address(), autocommit=True) as admin:
        rooms = [f"{row[0]}" for row in admin.execute("SELECT nspname FROM pg_namespace WHERE nspname ~ '^ghost_'").fetchall()]
        left = admin.execute("SELECT count(*) FROM pg_class WHERE relnamespace::regnamespace::text ~ '^ghost_'").fetchone()[0]
        temporary = admin.execute("SELECT count(*) FROM pg_namespace WHERE nspname ~ '^pg_temp_'").fetchone()[0]
        data = admin.execute("SELECT pg_database_size('postgres')").fetchone()[0] / 2**20
    assert left == 0 and temporary == 0 and len(rooms) == server.CONNECTIONS + 4
    assert len(backends()) <= server.CONNECTIONS
    grown = sizes[-1] - sizes[0]
    folder = sum(file.stat().st_size for file in Path(now[0]).rglob("*") if file.is_file()) / 2**20
    server.stop()
    after = set(subprocess.run(["pgrep", "-P", str(os.getpid())], capture_output=True, text=True).stdout.split())
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(happened.items()))
    print(
        f"\n{checks:,} checks: {told}; {len(folders) // 2} servers; {rates[0]:.0f} a second at first, {rates[-1]:.0f} at last"
    )
    print(
        f"this process grew by {grown:.1f} MiB after the first tenth; the database has {data:.0f} MiB, its folder {folder:.0f}"
    )
    assert not any(Path(one).exists() for one in folders) and len(after - children) <= 1  # pgrep itself
    assert grown < 60 and happened["failures"] > checks / 10 and happened["time-outs"]
