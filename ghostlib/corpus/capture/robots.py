"""What a host allows to programs: its robots.txt, read as RFC 9309 says."""

import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

from ghostlib import __version__
from ghostlib.corpus.capture.addresses import host

NAME = "GhostArchitect"
AGENT = f"Mozilla/5.0 (compatible; {NAME}/{__version__}; +https://github.com/ghost-architect/ghost-architect)"
MOST = 500 * 1024  # bytes that are read of a robots.txt (RFC 9309, section 2.5)
LONGEST = 300.0  # seconds; a host that wants longer pauses between two pages is left alone


@dataclass(frozen=True)
class Verdict:
    """Whether a page may be asked for, why not, and the seconds that its host wants between two pages."""

    allowed: bool
    why: str = ""
    delay: float = 0.0


class Robots:
    """The rules of many hosts, each fetched once."""

    def __init__(self, *, patience: float) -> None:
        self.patience = patience
        self.known: dict[str, tuple[Any, str]] = {}

    def verdict(self, url: str) -> Verdict:
        """What its host says of a page: all is allowed where there is no robots.txt (4xx), nothing where it cannot be had."""
        place = host(url)
        if place not in self.known:
            self.known[place] = _fetched(f"{place}/robots.txt", self.patience)
        rules, trouble = self.known[place]
        if trouble:
            return Verdict(False, trouble)
        if rules is None:
            return Verdict(True)
        delay = float(rules.crawl_delay(NAME) or 0.0)
        rate = rules.request_rate(NAME)
        delay = max(delay, rate.seconds / rate.requests if rate and rate.requests else 0.0)
        if delay > LONGEST:
            return Verdict(False, f"its host wants {delay:.0f} s between two pages")
        return (
            Verdict(True, "", delay)
            if rules.can_fetch(url, NAME)
            else Verdict(False, "its host's robots.txt forbids it", delay)
        )


def _fetched(address: str, patience: float) -> tuple[Any, str]:
    """(rules, "") or (None, "") where there are none, or (None, why) where nobody can tell."""
    from protego import Protego

    request = urllib.request.Request(address, headers={"User-Agent": AGENT})
    try:
        with urllib.request.urlopen(request, timeout=patience) as response:
            text = _begun(response, patience)
    except urllib.error.HTTPError as error:
        error.close()
        return (None, "") if 400 <= error.code < 500 and error.code != 429 else (None, f"its robots.txt answers {error.code}")
    except (OSError, HTTPException, ValueError) as error:
        return None, f"its robots.txt cannot be had ({type(getattr(error, 'reason', error)).__name__})"
    return Protego.parse(text.decode("utf-8", "replace")), ""


def _begun(response: Any, patience: float) -> bytes:
    """The first bytes of an answer, in time: a server may send one a minute."""
    ends, found = time.monotonic() + patience, b""
    while len(found) < MOST:
        piece = response.read1(MOST - len(found))
        if not piece:
            return found
        found += piece
        if time.monotonic() > ends:
            raise TimeoutError
    return found.rpartition(b"\n")[0]  # not a rule that was cut in the middle
