"""Screenshots of public pages by the installed Chromium: one request at a time a host, as its robots.txt allows, resumable.

addresses.py  the list of pages
robots.py     what a host allows, and how long it wants to be left alone
journal.py    what has been captured, and what went wrong
visit.py      one page: opened, tidied, photographed
"""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from ghostlib.corpus.capture import addresses, robots, visit
from ghostlib.corpus.capture.journal import Journal, Taken
from ghostlib.corpus.capture.visit import Shot, Unusable

__all__ = ["Settings", "Taken", "run"]


class Settings(visit.Window, Protocol):
    """What is needed of the profile's `capture` section."""

    @property
    def pause(self) -> float: ...


def run(file: Path, out: Path, *, settings: Settings, progress: bool = True) -> list[Taken]:
    """What became of each address in a CSV file, in its order: a PNG in `out`, or the reason why there is none.

    `out/captured.jsonl` is the journal. A second start takes what is missing: pages that have a screenshot, and those that
    cannot have one (a download, no web page), are not asked for again. Raises DataError for the file, ToolError without a
    browser.
    """
    journal = Journal(out)
    wanted = addresses.read(file)
    todo = []
    for address in wanted:
        known = journal.known.get(address.url)
        if address.wrong:
            journal.add(Taken(address.url, reason="address", detail=address.wrong))
        elif known is None or known.again or (known.file and not (out / known.file).is_file()):
            todo.append(address.url)
    if todo:
        asyncio.run(_all(todo, journal, settings, progress))
    return [journal.known[address.url] for address in wanted if address.url in journal.known]


async def _all(urls: list[str], journal: Journal, settings: Settings, progress: bool) -> None:
    """The hosts take turns, so that waiting for one is time for another."""
    from tqdm import tqdm

    rules, turns = robots.Robots(patience=settings.timeout), Turns(urls, settings.pause)
    async with visit.Visitor(settings, robots.AGENT) as visitor:
        with tqdm(total=len(urls), desc="capture", unit="page", disable=not progress) as bar:
            while turns:
                url = await turns.next()
                taken = await _one(url, rules, visitor, journal, turns)
                journal.add(replace(taken, at=datetime.now(UTC).isoformat(timespec="seconds")))
                bar.update()


async def _one(url: str, rules: robots.Robots, visitor: visit.Visitor, journal: Journal, turns: "Turns") -> Taken:
    host = addresses.host(url)
    if host in turns.tired:
        return Taken(url, reason="busy", detail="its host asked for a pause; the next run asks again")
    verdict = await asyncio.to_thread(rules.verdict, url)
    turns.pauses[host] = max(turns.pause, verdict.delay)
    if not verdict.allowed:
        return Taken(url, reason="robots", detail=verdict.why)
    found = await visitor.shoot(url)
    turns.rest(host)
    if isinstance(found, Shot) and addresses.host(found.landed) != host:
        landed = await asyncio.to_thread(rules.verdict, found.landed)  # sent on to somebody else, who has rules of his own
        if not landed.allowed:
            return Taken(url, reason="robots", detail=f"leads to {found.landed}: {landed.why}")
    if isinstance(found, Unusable):
        if found.reason == "busy":
            turns.tired.add(host)
        return Taken(url, reason=found.reason, detail=found.detail)
    name = journal.keep(url, found.png)
    return Taken(url, file=name, landed=found.landed, title=found.title, size=found.size, notes=found.notes)


class Turns:
    """Which page is next: the first in the list whose host has been left alone for long enough."""

    def __init__(self, urls: Iterable[str], pause: float) -> None:
        self.urls, self.pause = list(urls), pause
        self.pauses: dict[str, float] = {}
        self.ready: dict[str, float] = {}
        self.tired: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self.urls)

    async def next(self) -> str:
        """The next page, when its host is ready."""
        best = min(self.urls, key=lambda url: max(time.monotonic(), self.ready.get(addresses.host(url), 0.0)))
        await asyncio.sleep(max(0.0, self.ready.get(addresses.host(best), 0.0) - time.monotonic()))
        self.urls.remove(best)
        return best

    def rest(self, host: str) -> None:
        """From now on the host has its pause."""
        self.ready[host] = time.monotonic() + self.pauses.get(host, self.pause)


def summary(made: Iterable[Taken]) -> dict[str, Any]:
    """How many pages have a screenshot, and how many have none for which reason."""
    counts: dict[str, int] = {}
    for one in made:
        counts[one.reason or "taken"] = counts.get(one.reason or "taken", 0) + 1
    return counts
