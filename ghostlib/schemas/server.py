"""The PostgreSQL server behind the judge: an embedded one for this process, or the one that GHOST_POSTGRES_URL names."""

import atexit
import contextlib
import math
import os
import secrets
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ghostlib.errors import SchemaError
from ghostlib.schemas import catalog, embedded, watchdog
from ghostlib.schemas.embedded import Embedded

CONNECTIONS = 8  # at most, of this process at once
RECOVERY = 10.0  # seconds that a server may take to come back by itself before it counts as dead
TEXTS = 2_000  # judged on one connection; then its backend, whose caches only grow, makes room for a fresh one
# The server must cut a text into words as the parser here does, whatever the named server's own settings are. The catalogs
# fill with the dead rows of rolled-back texts, and the one query here has an index for every step: it read 3,886 pages
# after 1,000 texts where the planner was free to scan, and 74 so.
OPTIONS = "client_min_messages=error plan_cache_mode=force_generic_plan standard_conforming_strings=on " + " ".join(
    f"enable_{way}=off" for way in ("seqscan", "hashjoin", "mergejoin", "bitmapscan", "material", "memoize")
)
# Who could do harm beyond the throw-away schema, should every other wall fall.
POWERS = """
SELECT r.rolsuper OR r.rolcreaterole OR r.rolreplication OR r.rolbypassrls OR EXISTS (SELECT FROM pg_roles p WHERE
    (p.rolsuper OR p.rolname ~ '^pg_(execute_server_program|write_server_files|read_server_files|write_all_data)$')
    AND pg_has_role(r.oid, p.oid, 'MEMBER')),
    has_database_privilege(current_database(), 'CREATE'), current_database()
FROM pg_roles r WHERE r.rolname = session_user
"""


@dataclass
class _Backend:
    """What this process knows of a connection's other end."""

    pid: int
    room: str = ""  # its standing empty schema, on the embedded server
    texts: int = 0  # judged so far
    limit: int = 0  # seconds that a transaction may take


@dataclass
class _Server:
    """What this process has: its server, the connections that wait for a text, and who may take one."""

    embedded: Embedded | None = None
    named: str = ""  # the GHOST_POSTGRES_URL of the connections
    idle: list[Any] = field(default_factory=list)
    backends: dict[int, _Backend] = field(default_factory=dict)  # by id(connection); a lost one has no process number
    rooms: deque[str] = field(default_factory=deque)  # schemas on the embedded server that no connection has
    news: list[str] = field(default_factory=list)
    lock: Any = field(default_factory=threading.RLock)
    door: Any = field(default_factory=threading.Lock)
    seats: Any = field(default_factory=lambda: threading.Semaphore(CONNECTIONS))
    parent: Any = None  # a fork's parent's: kept, so that nobody closes its handles here


_server = _Server()


@contextlib.contextmanager
def lease(*, alone: bool = False, fresh: bool = False) -> Iterator[Any]:
    """An open autocommit connection as a login role without powers, for this thread until the block ends.

    Starts the server on first use (about 1 s). `alone`: a new one, once nobody else of this process has one; `fresh`: to
    a server that was started for it, where it is the embedded one. Raises SchemaError where no server can be had.
    """
    here, wanted = _server, CONNECTIONS if alone else 1
    with here.door:  # one at a time, or two who want to be alone would each hold half of the seats
        for _ in range(wanted):
            here.seats.acquire()
    try:
        if alone:
            forget()  # where one connection was lost, those that wait may be dead as well
        if fresh and not here.named:
            _replace(here)
        connection = _open(here)
        try:
            yield connection
        finally:
            _back(here, connection)
    finally:
        here.seats.release(wanted)


def limit(connection: Any, seconds: float) -> None:
    """Let the server itself (17 and newer) end a text that this process can no longer end, because it was killed."""
    known, whole = _server.backends[id(connection)], math.ceil(seconds)
    if connection.info.server_version >= 170_000 and known.limit != whole:
        connection.execute(f"SET transaction_timeout = '{whole}s'")
        known.limit = whole


def room(connection: Any) -> tuple[str, str]:
    """The schema for the next text on this connection, and the SQL that makes it, if it must be made first.

    On the embedded server it stands there, empty, and belongs to another role: CREATE SCHEMA would make the server forget
    the plan of the catalog query (1.3 ms for each text).
    """
    standing = _server.backends[id(connection)].room
    name = standing or f"ghost_{secrets.token_hex(6)}"
    return name, "" if standing else f"CREATE SCHEMA {name}; "


def news() -> tuple[str, ...]:
    """What happened to the server since the last call, told once."""
    with _server.lock:
        told = tuple(_server.news)
        _server.news.clear()
    return told


def forget() -> None:
    """Close every connection that waits, dead ones too."""
    with _server.lock:
        while _server.idle:
            _close(_server, _server.idle.pop())


def kill_backend(pid: int) -> None:
    """End a backend that does not heed its time-out: asked first, and on the embedded server killed a second later."""
    import psycopg

    ended = False
    address = _server.named or (_server.embedded.address() if _server.embedded else "")
    with contextlib.suppress(psycopg.Error), psycopg.connect(address, autocommit=True, connect_timeout=5) as other:
        row = other.execute("SELECT pg_terminate_backend(%s, 1000)", (pid,)).fetchone()
        ended = bool(row and row[0])
    if not ended and not _server.named:
        embedded.kill(pid)


def stop() -> None:
    """Stop the embedded server and remove its folders; called at exit. In a fork there is nothing to stop."""
    with _server.lock:
        forget()
        if _server.embedded is not None:
            embedded.stop(_server.embedded)
            _server.embedded = None


def _forked() -> None:
    """In a fork's child: the server, its connections and its guard stay the parent's; the child starts its own."""
    global _server
    parent = _server
    if parent.embedded is not None:
        embedded.forsake(parent.embedded.handle)
    if parent.embedded is not None and parent.embedded.guard is not None and parent.embedded.guard.stdin is not None:
        # The guard waits for the last holder of this pipe: a child that outlives its parent must not keep the server.
        with contextlib.suppress(OSError):
            os.close(parent.embedded.guard.stdin.fileno())
    _server = _Server(parent=parent)
    watchdog.forked()


def _open(here: _Server) -> Any:
    named = os.environ.get("GHOST_POSTGRES_URL", "")
    with here.lock:
        if here.named != named:
            forget()
            here.named = named
        while here.idle:
            found = here.idle.pop()
            if not found.closed:
                return found
            _close(here, found)
        found = _named(named) if named else _ours(here)
        here.backends[id(found)] = _Backend(found.info.backend_pid, "" if named else here.rooms.popleft())
        return found


def _back(here: _Server, connection: Any) -> None:
    """Keep the connection for the next text, if it is fit for one."""
    with here.lock:
        known = here.backends.get(id(connection))
        fit = known is not None and not connection.closed and connection.info.transaction_status.name == "IDLE"
        if fit and known.texts < TEXTS:
            known.texts += 1
            here.idle.append(connection)
        else:
            _close(here, connection)


def _close(here: _Server, connection: Any) -> None:
    """Close a connection, a dead one too, and free its room; the room longest free is the next that is taken."""
    known = here.backends.pop(id(connection), None)
    if known is not None and known.room:
        here.rooms.append(known.room)
    with contextlib.suppress(Exception):
        connection.close()


def _ours(here: _Server) -> Any:
    """A connection to the embedded server; a dead one is replaced, one that is coming back by itself is waited for."""
    import psycopg

    if here.embedded is None:
        _start(here)
    limit, fresh = time.monotonic() + RECOVERY, False
    while True:
        try:
            return _connect(here.embedded.address(embedded.ROLE))
        except psycopg.Error as error:
            # No socket, or nobody listening: no server. Anything else ("the system is starting up") may pass.
            gone = "refused" in str(error) or "No such file" in str(error) or time.monotonic() > limit
            told = reason(error)
        if gone and fresh:
            raise SchemaError(f"PostgreSQL: the fresh server does not answer ({told}). Free some disk and memory")
        if gone:
            _replace(here)
            limit, fresh = time.monotonic() + RECOVERY, True
        else:
            time.sleep(0.05)


def _replace(here: _Server) -> None:
    """Stop what is left of the embedded server and start another."""
    with here.lock:
        forget()
        if here.embedded is not None:
            embedded.stop(here.embedded)
            here.embedded = None
        _start(here)
        here.news.append("the server had died; a fresh one was started")


def _start(here: _Server) -> None:
    here.backends.clear()
    here.rooms = deque(f"ghost_{secrets.token_hex(6)}" for _ in range(CONNECTIONS + 4))
    here.embedded = embedded.start(tuple(here.rooms))
    if not _hooked:
        _hooked.append(True)
        atexit.register(stop)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_forked)


_hooked: list[bool] = []


def _named(url: str) -> Any:
    """A connection to the server that GHOST_POSTGRES_URL names, if its role has the right to create and no dangerous one."""
    import psycopg

    try:
        found = _connect(url)
        powerful, creates, database = found.execute(POWERS).fetchone()
    except psycopg.Error as error:
        raise SchemaError(
            f"PostgreSQL: no connection ({reason(error)}). Is GHOST_POSTGRES_URL right, and its server up?"
        ) from None
    user = found.info.user
    role = f'CREATE ROLE ghost LOGIN; GRANT CREATE ON DATABASE "{database}" TO ghost'
    if powerful or not creates:
        found.close()
        why = "has powers that a stranger's SQL must not come near" if powerful else f"may not CREATE on database {database}"
        raise SchemaError(f"PostgreSQL: the role {user} of GHOST_POSTGRES_URL {why}. Name one that can only create: {role}")
    return found


def _connect(address: str) -> Any:
    """An open connection with the judge's settings and its prepared query. Raises psycopg.Error."""
    import psycopg

    options = " ".join(f"-c {setting}" for setting in OPTIONS.split())
    named = {"application_name": "ghost-judge", "client_encoding": "UTF8"}
    found = psycopg.connect(address, autocommit=True, connect_timeout=10, options=options, **named)
    try:
        found.prepare_threshold = None  # psycopg's own statements would end in DEALLOCATE ALL, and take the catalog's with them
        found.execute("SET search_path = pg_catalog")
        found.execute(catalog.PREPARE)
    except BaseException:
        found.close()
        raise
    return found


def reason(error: Exception) -> str:
    """The first line of what libpq or the server said."""
    return (str(error).strip().splitlines() or ["no answer"])[0]
