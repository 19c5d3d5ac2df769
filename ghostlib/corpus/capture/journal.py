"""What has been captured and what went wrong, a line a page; the last line of a page counts."""

import hashlib
import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ghostlib.errors import DataError

NAME = "captured.jsonl"
# reasons that another day may have no cause for
PASSING = ("robots", "unreachable", "timeout", "busy", "crashed", "blank")


@dataclass(frozen=True)
class Taken:
    """What became of one address: the file in the folder, or the reason why there is none.

    `landed` is where the page was at last, `size` in pixels, `notes` say what was done to it (a banner put away, cut).
    """

    url: str
    file: str = ""
    reason: str = ""
    detail: str = ""
    landed: str = ""
    title: str = ""
    size: tuple[int, int] = (0, 0)
    notes: tuple[str, ...] = ()
    at: str = ""

    @property
    def again(self) -> bool:
        """Whether the next run tries once more."""
        return self.reason in PASSING


class Journal:
    """The folder's screenshots and its list of them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.file = folder, folder / NAME
        self.known = {one.url: one for one in _rows(self.file)}

    def add(self, taken: Taken) -> None:
        """Writes a line, at once. Raises DataError if it cannot."""
        self.known[taken.url] = taken
        line = (json.dumps(asdict(taken)) + "\n").encode()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                os.write(handle, line)
            finally:
                os.close(handle)
        except OSError as error:
            raise DataError(f"{self.file}: cannot be written ({error.strerror}). Use another folder or free space.") from error

    def keep(self, url: str, png: bytes) -> str:
        """The name of the page's picture, which is now whole in the folder. Raises DataError if it cannot be."""
        words = re.sub(r"[^a-z0-9]+", "-", url.lower().partition("://")[2]).strip("-")[:60].strip("-")
        name = f"{words}-{hashlib.sha256(url.encode()).hexdigest()[:8]}.png"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            aside = self.folder / f".{name}.tmp"
            aside.write_bytes(png)
            aside.replace(self.folder / name)
        except OSError as error:
            raise DataError(f"{self.folder / name}: cannot be written ({error.strerror}). Free some space.") from error
        return name


def _rows(file: Path) -> list[Taken]:
    """The lines that can be read; a kill may have left half a line."""
    found = []
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror})") from None
    for line in lines:
        try:
            row: dict[str, Any] = json.loads(line)
            one = Taken(**row | {"size": tuple(row["size"]), "notes": tuple(row["notes"])})
        except (ValueError, TypeError, KeyError):
            continue
        if isinstance(one.url, str) and isinstance(one.file, str) and "/" not in one.file:
            found.append(one)
    return found
