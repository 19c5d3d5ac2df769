"""SQL texts from what a user names: files, folders, patterns, and - for standard input."""

import glob
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ghostlib.errors import SchemaError

if TYPE_CHECKING:
    from ghostlib.schemas.postgres import SqlProblem

MOST = 64_000_004  # bytes: no text of the 16 million characters that the judge takes is longer, and no device file is endless
STDIN = "-"


@dataclass(frozen=True)
class Text:
    """One SQL text: the name that it is told by, its path below the folder that was named, and what it holds."""

    name: str
    below: str
    sql: str


def read(words: list[str]) -> list[Text]:
    """Every text, in the order of the words; a folder's and a pattern's by name; a file named twice is there once.

    Raises SchemaError with the word that stands for no file, or for one that cannot be read.
    """
    found: dict[str, str] = {}
    for word in words:
        found.update((name, below) for name, below in _files(word) if name not in found)
    return [Text(name, below, _content(name)) for name, below in found.items()]


def one(word: str) -> Text:
    """The text of one file or of standard input. Raises SchemaError."""
    return Text(word, _below(word), _content(word))


def many(word: str) -> bool:
    """Whether a word stands for several files: a folder or a pattern."""
    return word != STDIN and (Path(word).is_dir() or _pattern(word))


def plain(text: str) -> str:
    """A text on one line that a terminal prints and does not obey: what is hostile in names and messages shows as "?"."""
    return "".join(sign if sign.isprintable() else "?" for sign in " ".join(text.split()))


def located(name: str, problem: "SqlProblem") -> str:
    """A problem on one line: `file:line:column: SQLSTATE message (hint: ...)`."""
    hint = f" (hint: {problem.hint})" if problem.hint else ""
    return plain(f"{name}:{problem.line}:{problem.column}: {problem.sqlstate} {problem.message}{hint}")


def _files(word: str) -> list[tuple[str, str]]:
    """(name, path below what was named) of each."""
    place = Path(word)
    if word != STDIN and place.is_dir():
        within = sorted(file for file in place.rglob("*.sql") if file.is_file())
        if not within:
            raise SchemaError(f"{plain(word)}: no .sql file in this folder. Name a file, or another folder")
        return [(str(file), file.relative_to(place).as_posix()) for file in within]
    if word != STDIN and _pattern(word):
        within = sorted(name for name in glob.glob(word, recursive=True) if Path(name).is_file())
        if not within:
            raise SchemaError(f"{plain(word)}: no file matches")
        return [(name, Path(name).name) for name in within]
    return [(word, _below(word))]


def _below(word: str) -> str:
    return "stdin" if word == STDIN else Path(word).name


def _pattern(word: str) -> bool:
    return glob.has_magic(word) and not Path(word).exists()


def _content(name: str) -> str:
    """The text; what is not UTF-8 is replaced, and PostgreSQL says what it thinks of that."""
    try:
        if name == STDIN:
            content = sys.stdin.buffer.read(MOST)
        else:
            with open(name, "rb") as file:
                content = file.read(MOST)
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the name
        raise SchemaError(f"{plain(name)}: cannot be read ({getattr(error, 'strerror', None) or error})") from None
    return content.decode("utf-8-sig", "replace")
