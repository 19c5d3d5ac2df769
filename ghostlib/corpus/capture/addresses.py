"""The list of pages to capture: a CSV file with a column `url`, or addresses alone, one a line."""

import csv
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from ghostlib.errors import DataError

MOST_BYTES = 20_000_000
LONGEST = 2000  # characters of an address; browsers and servers agree on no more


@dataclass(frozen=True)
class Address:
    """An address without its fragment; `wrong` says why it is none."""

    url: str
    wrong: str = ""


def read(file: Path) -> list[Address]:
    """The addresses in order, each once. Raises DataError for a file that cannot be read or holds none."""
    try:
        if file.stat().st_size > MOST_BYTES:
            raise DataError(f"{file}: has {file.stat().st_size / 1e6:.0f} MB, which is no list of pages")
        rows = list(csv.reader(file.read_text(encoding="utf-8-sig").splitlines()))
    except UnicodeDecodeError as error:
        raise DataError(f"{file}: is not UTF-8 (byte {error.start}). Save it as UTF-8.") from None
    except csv.Error as error:
        raise DataError(f"{file}: is no CSV ({error})") from None
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror})") from None
    rows = [row for row in rows if any(cell.strip() for cell in row) and not row[0].lstrip().startswith("#")]
    names = [cell.strip().lower() for cell in rows[0]] if rows else []
    column = names.index("url") if "url" in names else 0
    words = [row[column].strip() if column < len(row) else "" for row in rows[1 if "url" in names else 0 :]]
    found = list({address.url: address for address in map(_address, words)}.values())
    if not found:
        raise DataError(f"{file}: holds no address. Write a line `url`, and below it one address a line")
    return found


def host(url: str) -> str:
    """Host and port, which a robots.txt and a pause are for."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}"


def _address(word: str) -> Address:
    try:
        parts = urlsplit(word)
        port_is_sound = parts.port is None or parts.port > 0
    except ValueError as error:
        return Address(word[:LONGEST], f"is no address ({error})")
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname or not port_is_sound:
        return Address(word[:LONGEST], "is no address of a public page; it begins with http:// or https://")
    if parts.username or parts.password:
        return Address(host(word), "holds a name or a password; a public page needs none")
    if len(word) > LONGEST or not word.isprintable():
        return Address(word[:80], "is too long, or holds signs that no address has")
    return Address(urlunsplit((parts.scheme.lower(), parts.netloc, parts.path or "/", parts.query, "")))
