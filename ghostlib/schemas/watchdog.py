"""Ends what runs past its deadline: one thread for all texts of this process, since a timer for each cost up to 1 ms."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass
class _Watch:
    """What is due when, and the thread that waits for it."""

    due: dict[threading.Event, tuple[float, Callable[[], None]]] = field(default_factory=dict)
    changed: Any = field(default_factory=threading.Condition)
    thread: threading.Thread | None = None
    wakes: float = 0.0


_watch = _Watch()


@contextlib.contextmanager
def within(seconds: float, end: Callable[[], None]) -> Iterator[threading.Event]:
    """Calls `end` from another thread if the block takes longer than `seconds`; the event says whether it came to that."""
    here, late = _watch, threading.Event()
    with here.changed:
        limit = time.monotonic() + seconds
        here.due[late] = (limit, end)
        if here.thread is None or not here.thread.is_alive():
            here.thread = threading.Thread(target=_wait, args=[here], name="ghost-watchdog", daemon=True)
            here.thread.start()
        elif limit < here.wakes:
            here.changed.notify()
    try:
        yield late
    finally:
        with here.changed:
            here.due.pop(late, None)


def forked() -> None:
    """In a fork's child: the thread stayed with the parent."""
    global _watch
    _watch = _Watch()


def _wait(here: _Watch) -> None:
    while True:
        with here.changed:
            here.wakes = min((limit for limit, _ in here.due.values()), default=time.monotonic() + 60)
            here.changed.wait(max(0.0, here.wakes - time.monotonic()))
            now = time.monotonic()
            ends = [(late, end) for late, (limit, end) in here.due.items() if limit <= now]
            for late, _ in ends:
                late.set()
                del here.due[late]
        for _, end in ends:
            end()
