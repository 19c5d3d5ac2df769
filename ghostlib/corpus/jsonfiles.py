"""JSON files of rows: read as a stranger's, and written readable, whole or not at all."""

import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ghostlib.errors import DataError


def rows(path: Path | str) -> Iterable[Any]:
    """The rows of a `.json` list or of a `.jsonl` file. Raises DataError, one line, for anything else."""
    path = Path(path)
    try:
        content = path.read_text(encoding="utf-8-sig")
        if path.suffix == ".jsonl":
            return [_parsed(line, f"{path}: line {n}") for n, line in enumerate(content.split("\n"), 1) if line.strip()]
        found = json.loads(content)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file. `ghost screens` draws a dataset of screens.") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is not UTF-8 (byte {error.start}). Save it as UTF-8.") from error
    except json.JSONDecodeError as error:
        raise DataError(f"{path}: broken JSON in line {error.lineno}, column {error.colno} ({error.msg}).") from error
    except RecursionError:
        raise DataError(f"{path}: JSON nested too deeply to be a dataset.") from None
    if not isinstance(found, list):
        raise DataError(f"{path}: holds a JSON {type(found).__name__}, not a list of records.")
    return found


def _parsed(line: str, where: str) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        raise DataError(f"{where}: broken JSON in column {error.colno} ({error.msg}).") from error


def as_object(row: Any, where: str) -> dict[str, Any]:
    """The row itself, where it is an object. Raises DataError that begins with `where`."""
    if not isinstance(row, dict):
        raise DataError(f"{where}: is a {type(row).__name__}, not an object with fields.")
    return row


def as_string(row: dict[str, Any], key: str, where: str, *, default: str | None = None) -> str:
    """The text under a key, or the default where there is none. Raises DataError that begins with `where`."""
    value = row.get(key, default)
    if isinstance(value, str):
        return value
    missing = f"`{key}` is missing" if value is None else f"`{key}` is a {type(value).__name__}, not a text"
    raise DataError(f"{where}: {missing}.")


def write_atomically(path: Path, text: str) -> None:
    """Puts `text` (UTF-8) at `path` through a temporary file beside it and a rename. Raises DataError if it cannot."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(name, 0o644)  # mkstemp makes it 0600, which would hide a shared dataset from others
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror}). Use another folder or free space.") from error


def layout(value: Any, depth: int = 1) -> str:
    """JSON with one field a line, and one line for each item of a list of objects: short to read, small to diff."""
    margin = "\n" + "  " * (depth + 1)
    if isinstance(value, dict) and depth <= 2:
        inner = [f"{json.dumps(key)}: {layout(item, depth + 1)}" for key, item in value.items()]
        return "{" + margin + ("," + margin).join(inner) + margin[:-2] + "}" if inner else "{}"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        inner = [json.dumps(item, ensure_ascii=False) for item in value]
        return "[" + margin + ("," + margin).join(inner) + margin[:-2] + "]"
    return json.dumps(value, ensure_ascii=False)
