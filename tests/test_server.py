"""The judge's server: started on first use, shared by threads, replaced when it dies, and never left behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from ghostlib.errors import SchemaError
from ghostlib.schemas import embedded, parser, postgres, server, watchdog

GOOD = "CREATE TABLE tags (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL);"
# A constant of 600 MB, which the server works out when the column is added: seconds of work in a text of 2 KB.
SLOW = "CREATE TABLE t (a int); ALTER TABLE t ADD COLUMN b int DEFAULT length(concat({}));".format(
    ", ".join(["'a'::char(10485760)"] * 60)
)
BEGIN = f"""
import os, signal, sys, threading, time
from ghostlib.schemas import postgres, server
assert postgres.judge({GOOD!r}).valid
told = server._server.embedded
print(*told.folders, told.handle.get_pid(), flush=True)
"""
ENDS = {
    "its own end": "",
    "an error": "raise SystemExit(3)",
    "kill -9": "os.kill(os.getpid(), signal.SIGKILL)",
    "SIGTERM": "os.kill(os.getpid(), signal.SIGTERM)",
    "Ctrl-C": "signal.raise_signal(signal.SIGINT)",
    "_exit in a thread": "threading.Thread(target=lambda: os._exit(1)).start(); time.sleep(9)",
    "kill -9 with a fork alive": "if os.fork(): os.kill(os.getpid(), signal.SIGKILL)\nos.close(1); os.close(2); time.sleep(20)",
    "kill -9 while judging": "threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGKILL)).start()\nwhile True: postgres.judge("
    + repr(GOOD)
    + ")",
}


@pytest.fixture(autouse=True)
def embedded_only(monkeypatch):
    monkeypatch.delenv("GHOST_POSTGRES_URL", raising=False)


def granted(right):
    """Run as the embedded server's superuser."""
    with psycopg.connect(server._server.embedded.address(), autocommit=True) as admin:
        return admin.execute(right)


def gone(*traces, seconds=30):
    """Whether all of these folders and process numbers are gone within some seconds."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        left = [one for one in traces if Path(one if "/" in one else f"/proc/{one}").exists() and not zombie(one)]
        if not left:
            return True
        time.sleep(0.1)
    return False


def zombie(one):
    status = Path(f"/proc/{one}/stat")
    return "/" not in one and status.exists() and ") Z " in status.read_text()


def test_however_a_process_ends_it_leaves_no_server_and_no_folder():
    environment = {name: value for name, value in os.environ.items() if name != "XDG_RUNTIME_DIR"}
    runs = {
        name: subprocess.Popen(
            [sys.executable, "-c", BEGIN + end], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )
        for name, end in ENDS.items()
    }
    for name, run in runs.items():
        out, err = run.communicate(timeout=120)
        assert len(out.split()) == 3, (name, err)
        assert not err or name == "Ctrl-C", (name, err)
        assert gone(*out.split()), name


@pytest.mark.parametrize("name", ["XDG_RUNTIME_DIR", "HOME", "TMPDIR"])
def test_an_odd_environment_is_no_reason_not_to_start(name, tmp_path):
    long = tmp_path / ("a-temporary-folder-with-a-name-too-long-for-any-socket-" * 3)
    long.mkdir()
    environment = {**os.environ, "XDG_RUNTIME_DIR": "/nowhere/at/all", "HOME": "/proc/1", "TMPDIR": str(long)}
    environment = {**os.environ, name: environment[name]}
    run = subprocess.run([sys.executable, "-c", BEGIN], capture_output=True, text=True, env=environment, timeout=120)
    assert run.returncode == 0 and run.stderr == "" and list(long.iterdir()) == []


@pytest.mark.parametrize("moment", [0.05, 0.2, 0.4])
def test_a_process_killed_while_its_server_starts_leaves_nothing(moment):
    code = (
        "import os, signal, threading\nfrom ghostlib.schemas import embedded, server\n"
        "made = embedded._guard\n"
        "embedded._guard = lambda folders: (print(*folders, flush=True), made(folders))[1]\n"
        "begun = embedded._launched\n"
        "def launched(*some):\n"
        f"    threading.Timer({moment}, os.kill, (os.getpid(), signal.SIGKILL)).start()\n"
        "    return begun(*some)\n"
        "embedded._launched = launched\n"
        "embedded.start(())\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    folders = run.stdout.split()
    assert len(folders) == 2 and gone(*folders)
    time.sleep(1.5)  # a child of the start that was still at work must not bring the folder back
    assert gone(*folders, seconds=1)


def test_a_server_that_cannot_start_is_one_clear_line_and_leaves_nothing(monkeypatch):
    folders = []
    made = embedded._guard
    monkeypatch.setattr(embedded, "_guard", lambda some: (folders.extend(some), made(some))[1])
    monkeypatch.setattr(embedded, "SETTINGS", "shared_buffers = nonsense\n")
    with pytest.raises(SchemaError, match="did not start") as caught:
        embedded.start(())
    assert "\n" not in str(caught.value) and len(folders) == 2 and gone(*folders, seconds=5)


def test_a_fork_has_its_own_server_and_leaves_its_parent_s_alone():
    assert postgres.judge(GOOD).valid
    ours = server._server.embedded.folders
    child = os.fork()
    if child == 0:
        fine = False
        try:
            fine = postgres.judge(GOOD).valid and server._server.embedded.folders != ours and postgres.judge(GOOD).valid
            server.stop()
        finally:
            os._exit(0 if fine else 1)
    assert os.waitpid(child, 0)[1] == 0
    verdict = postgres.judge(GOOD)
    assert verdict.valid and verdict.notices == () and server._server.embedded.folders == ours


def test_a_dead_server_is_replaced_and_the_verdict_says_so():
    assert postgres.judge(GOOD).valid
    before = server._server.embedded
    with server.lease() as link:
        pid = link.info.backend_pid
    os.kill(before.handle.get_pid(), signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)
    time.sleep(0.5)
    verdict = postgres.judge(GOOD)
    assert verdict.valid and "the server had died; a fresh one was started" in verdict.notices
    assert postgres.judge(GOOD).notices == () and gone(*before.folders, seconds=5)


def test_a_killed_backend_costs_the_next_check_a_notice_and_nothing_else():
    assert postgres.judge(GOOD).valid
    before = server._server.embedded
    with server.lease() as link:
        pid = link.info.backend_pid
    os.kill(pid, signal.SIGKILL)
    time.sleep(0.3)
    verdict = postgres.judge(GOOD)
    assert verdict.valid and len(verdict.notices) == 1 and server._server.embedded is before
    assert postgres.judge(GOOD).notices == ()


def test_a_lost_connection_gives_its_room_back():
    for _ in range(2 * (server.CONNECTIONS + 4)):
        with server.lease() as link:
            server.kill_backend(link.info.backend_pid)
            with pytest.raises(psycopg.Error):
                link.execute("SELECT 1")
    assert postgres.judge(GOOD).valid and len(server._server.rooms) + len(server._server.backends) == server.CONNECTIONS + 4


def test_a_time_out_killed_backends_and_a_killed_server_harm_no_other_text(monkeypatch):
    assert postgres.judge(GOOD).valid
    texts = [f"CREATE TABLE t{n} (c{n} int);" if n % 3 else f"CREATE TABLE t{n} (c nope);" for n in range(300)]
    real = parser.statements

    def parsed(sql, *, timeout):
        if sql in (texts[200], texts[280]):
            os.kill(server._server.embedded.handle.get_pid(), signal.SIGKILL)
        if sql in (texts[100], texts[200]):
            for one in list(server._server.backends.values()):
                embedded.kill(one.pid)
        return real(sql, timeout=timeout)

    monkeypatch.setattr(parser, "statements", parsed)
    verdicts = postgres.check_many([*texts[:50], SLOW, *texts[50:]], timeout=2.0, connections=3)
    slow = verdicts.pop(50)
    assert slow.valid or slow.problems[0].sqlstate in ("57014", "53200")
    assert [one.valid for one in verdicts] == [bool(n % 3) for n in range(300)]
    assert all(one.schema.tables[0].name == f"t{n}" for n, one in enumerate(verdicts) if one.valid)
    assert any(one.notices for one in verdicts)


def test_many_threads_get_their_own_verdicts():
    texts = [f"CREATE TABLE same (c{n} int);" if n % 3 else f"CREATE TABLE t{n} (c nope);" for n in range(120)]
    with ThreadPoolExecutor(16) as pool:
        verdicts = list(pool.map(postgres.judge, texts))
    assert [one.valid for one in verdicts] == [bool(n % 3) for n in range(120)]
    assert all(one.schema.tables[0].columns[0].name == f"c{n}" for n, one in enumerate(verdicts) if one.valid)
    assert [one.notices for one in verdicts if one.notices] == []


def test_many_texts_are_judged_once_each_on_more_than_one_connection(monkeypatch):
    told, judged = [], []
    real = postgres.judge
    meet = threading.Barrier(2, timeout=20)  # nobody passes until two are inside at the same time

    def judge(sql, *, timeout):
        judged.append(sql)
        if "together" in sql:
            meet.wait()
        with server.lease() as link:
            told.append(link.info.backend_pid)
        return real(sql, timeout=timeout)

    monkeypatch.setattr(postgres, "judge", judge)
    texts = ["CREATE TABLE together1 (a int);", "CREATE TABLE together2 (a int);", "nonsense", GOOD, "nonsense", GOOD]
    verdicts = postgres.check_many(texts)
    assert [one.valid for one in verdicts] == [True, True, False, True, False, True]
    assert sorted(judged) == sorted(set(texts)) and verdicts[2] is verdicts[4]
    assert postgres.check_many([]) == []


def test_connections_are_never_more_than_allowed_and_are_used_again():
    with ThreadPoolExecutor(24) as pool:
        assert all(one.valid for one in pool.map(postgres.judge, [GOOD] * 200))
    count = f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{server.embedded.ROLE}'"
    assert granted(count).fetchone()[0] <= server.CONNECTIONS
    with server.lease() as first:
        pid = first.info.backend_pid
    with server.lease() as second:
        assert second.info.backend_pid == pid


def test_a_backend_whose_caches_have_grown_makes_room(monkeypatch):
    monkeypatch.setattr(server, "TEXTS", 5)
    seen = set()
    for _ in range(20):
        with server.lease() as link:
            seen.add(link.info.backend_pid)
        assert postgres.judge(GOOD).valid
    assert len(seen) > 2


def test_the_whole_text_has_a_deadline_also_where_every_statement_is_within_it():
    one = "ALTER TABLE t ADD COLUMN c{} int DEFAULT length(concat({}));"
    many = "CREATE TABLE t (a int);" + "".join(one.format(n, ", ".join(["'a'::char(10485760)"] * 6)) for n in range(300))
    verdict = postgres.judge(many, timeout=0.5)
    assert verdict.problems and verdict.seconds < 20
    assert verdict.problems[0].sqlstate in ("57014", "0A000", "54000")
    assert postgres.judge(GOOD).valid


def test_the_watchdog_ends_a_backend_that_does_not_heed_its_time_out():
    with server.lease() as link:
        pid, started = link.info.backend_pid, time.monotonic()
        granted("GRANT EXECUTE ON FUNCTION pg_sleep(double precision) TO PUBLIC")
        with pytest.raises(psycopg.Error), watchdog.within(0.3, lambda: server.kill_backend(pid)) as late:
            link.execute("SET statement_timeout = 0; SELECT pg_sleep(60)")
        granted("REVOKE EXECUTE ON FUNCTION pg_sleep(double precision) FROM PUBLIC")
    assert late.is_set() and time.monotonic() - started < 30 and gone(str(pid), seconds=10)
    assert postgres.judge(GOOD).valid


def test_the_watchdog_leaves_what_is_in_time_alone():
    ended = []
    with watchdog.within(60, lambda: ended.append(1)), watchdog.within(0.05, lambda: ended.append(2)) as late:
        assert late.wait(20)
        time.sleep(0.05)
    assert ended == [2]


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is set, and read from /proc, on Linux")
def test_memory_for_one_backend_is_bounded():
    with server.lease() as link:
        limits = Path(f"/proc/{link.info.backend_pid}/limits").read_text()
    assert f"Max address space         {embedded.MEMORY}" in limits
