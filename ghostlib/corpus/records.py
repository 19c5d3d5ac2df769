"""The examples on disk: frozen `Text` and `Screen` records, read in every shape they ever had, written in one.

A picture's path in a record is relative to `data/`, the root of all records.
"""

import json
import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from ghostlib.corpus.picture import open_picture
from ghostlib.corpus.reading import Line, Reading, fingerprint, line_from, ocr_version, read
from ghostlib.errors import DataError

INSTRUCTION = "Write the PostgreSQL schema behind this screen."


@dataclass(frozen=True)
class Text:
    """One text example: `output` is SQL; `input` may be empty."""

    instruction: str
    input: str
    output: str
    domain: str = ""
    split: str = "train"


@dataclass(frozen=True)
class Label:
    """Which visible text a column of the truth came from; `box` is (x0, y0, x1, y1) in pixels of the picture."""

    table: str
    column: str
    text: str
    box: tuple[int, int, int, int] = (0, 0, 0, 0)


@dataclass(frozen=True)
class Screen:
    """One screenshot and the schema behind it.

    `screen` is the archetype (form, list, detail, dashboard ...); `lines` is the browser's own text, `reading` the OCR.
    """

    image_path: str
    instruction: str = INSTRUCTION
    output: str = ""
    domain: str = ""
    ui_analysis: dict[str, Any] = field(default_factory=dict)
    screen: str = ""
    split: str = "train"
    source: str = "rendered"
    labels: tuple[Label, ...] = ()
    lines: tuple[Line, ...] = ()
    reading: Reading | None = None


def holds_screens(path: Path | str) -> bool:
    """Whether the first row of a file has a picture. Raises DataError for a missing or broken file."""
    first = next(iter(_rows(Path(path))), None)
    return isinstance(first, dict) and ("image_path" in first or bool(_first_image(first)))


def read_texts(path: Path | str) -> list[Text]:
    """The text examples of a file (`.json` or `.jsonl`): instruction rows or chat `messages`. Raises DataError."""
    return [_text(row, f"{path}: row {number}") for number, row in enumerate(_rows(Path(path)), 1)]


def read_screens(path: Path | str) -> list[Screen]:
    """The screens of a file in any of three shapes: `image_path` with `output` or `sql_schema`, or chat `messages`.

    Raises DataError, one line with file and row, for a broken file, a wrong row or a path that leaves the data folder.
    """
    return [_screen(row, f"{path}: row {number}") for number, row in enumerate(_rows(Path(path)), 1)]


def picture_file(record: Screen, root: Path | str) -> Path:
    """Where the record's picture lies: below `root`, the folder of the JSON, or where it is not there, the folder above.

    (The records in `data/validation_set/` name their pictures from `data/` on.) Raises DataError where it would lie outside.
    """
    root = Path(root).resolve()
    for base in (root, root.parent):
        found = (base / _inside(record.image_path, record.image_path)).resolve()
        if not found.is_relative_to(base):  # a symbolic link can lead out of the folder too
            raise DataError(f"{record.image_path}: leads out of {base}. Keep pictures below the data folder.")
        if found.exists():
            return found
    return root / record.image_path


def stored_reading(record: Screen, picture: Path | str) -> tuple[tuple[Line, ...], tuple[int, int]]:
    """The OCR's lines and the picture's size: the stored reading where it holds for these pixels, else read anew."""
    image = open_picture(picture)
    kept = record.reading
    if kept is not None and kept.picture == fingerprint(image) and kept.ocr == ocr_version():
        return kept.lines, image.size
    return read(image), image.size


def save(records: Sequence[Text | Screen], path: Path | str) -> Path:
    """Writes the records as one readable JSON list, whole or not at all, and hands back the path."""
    path = Path(path)
    text = "[\n" + ",\n".join("  " + _layout(as_row(record)) for record in records) + "\n]\n"
    write_atomically(path, text)
    return path


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


def as_row(record: Text | Screen) -> dict[str, Any]:
    """The record as its JSON row; empty optional fields of a text are left out."""
    if isinstance(record, Text):
        row = {"instruction": record.instruction, "input": record.input, "output": record.output}
        row |= {"domain": record.domain} if record.domain else {}
        return row | ({"split": record.split} if record.split != "train" else {})
    return {
        "image_path": record.image_path,
        "instruction": record.instruction,
        "output": record.output,
        "domain": record.domain,
        "ui_analysis": record.ui_analysis,
        "screen": record.screen,
        "split": record.split,
        "source": record.source,
        "labels": [
            {"table": label.table, "column": label.column, "text": label.text, "box": list(label.box)}
            for label in record.labels
        ],
        "lines": [_plain(line) for line in record.lines],
        "reading": None
        if record.reading is None
        else {
            "picture": record.reading.picture,
            "ocr": record.reading.ocr,
            "lines": [_plain(line) for line in record.reading.lines],
        },
    }


def _plain(line: Line) -> dict[str, Any]:
    row: dict[str, Any] = {"text": line.text, "box": list(line.box)}
    return row if line.score == 1.0 else row | {"score": round(line.score, 3)}


def _layout(value: Any, depth: int = 1) -> str:
    """JSON with one field a line, and one line for each item of a list of objects: short to read, small to diff."""
    margin = "\n" + "  " * (depth + 1)
    if isinstance(value, dict) and depth <= 2:
        inner = [f"{json.dumps(key)}: {_layout(item, depth + 1)}" for key, item in value.items()]
        return "{" + margin + ("," + margin).join(inner) + margin[:-2] + "}" if inner else "{}"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        inner = [json.dumps(item, ensure_ascii=False) for item in value]
        return "[" + margin + ("," + margin).join(inner) + margin[:-2] + "]"
    return json.dumps(value, ensure_ascii=False)


def _rows(path: Path) -> Iterable[Any]:
    try:
        content = path.read_text(encoding="utf-8-sig")
        if path.suffix == ".jsonl":
            return [json.loads(line) for line in content.splitlines() if line.strip()]
        rows = json.loads(content)
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
    if not isinstance(rows, list):
        raise DataError(f"{path}: holds a JSON {type(rows).__name__}, not a list of records.")
    return rows


def _text(row: Any, where: str) -> Text:
    row = _object(row, where)
    if "messages" in row:
        prompt, _, answer = _chat(row, where)
        instruction, given = prompt, ""
    else:
        instruction, given = _string(row, "instruction", where), _string(row, "input", where, default="")
        answer = _string(row, "output", where)
    return Text(
        instruction=instruction,
        input=given,
        output=answer,
        domain=_string(row, "domain", where, default=""),
        split=_string(row, "split", where, default="train"),
    )


def _screen(row: Any, where: str) -> Screen:
    row = _object(row, where)
    if "messages" in row:
        instruction, image, output = _chat(row, where)
        image = image or _first_image(row)
    else:
        instruction = _string(row, "instruction", where, default=INSTRUCTION)
        image = _string(row, "image_path", where)
        output = _string(row, "sql_schema" if "output" not in row and "sql_schema" in row else "output", where)
    analysis = row.get("ui_analysis") or {}
    if not isinstance(analysis, dict):
        raise DataError(f"{where}: `ui_analysis` is a {type(analysis).__name__}, not an object.")
    return Screen(
        image_path=_inside(image, where),
        instruction=instruction or INSTRUCTION,
        output=output,
        domain=_string(row, "domain", where, default=""),
        ui_analysis=analysis,
        screen=_string(row, "screen", where, default=""),
        split=_string(row, "split", where, default="train"),
        source=_string(row, "source", where, default="rendered"),
        labels=tuple(_label(label, where) for label in row.get("labels") or ()),
        lines=tuple(line_from(line, where) for line in row.get("lines") or ()),
        reading=_reading(row.get("reading"), where),
    )


def _label(row: Any, where: str) -> Label:
    row = _object(row, f"{where}: a label")
    line = line_from(row, where)
    return Label(_string(row, "table", where), _string(row, "column", where), line.text, line.box)


def _reading(row: Any, where: str) -> Reading | None:
    if row is None:
        return None
    row = _object(row, f"{where}: `reading`")
    lines = tuple(line_from(line, where) for line in row.get("lines") or ())
    return Reading(lines, _string(row, "picture", where, default=""), _string(row, "ocr", where, default=""))


def _object(row: Any, where: str) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise DataError(f"{where}: is a {type(row).__name__}, not an object with fields.")
    return row


def _string(row: dict[str, Any], key: str, where: str, *, default: str | None = None) -> str:
    value = row.get(key, default)
    if isinstance(value, str):
        return value
    missing = f"`{key}` is missing" if value is None else f"`{key}` is a {type(value).__name__}, not a text"
    raise DataError(f"{where}: {missing}.")


def _chat(row: dict[str, Any], where: str) -> tuple[str, str, str]:
    """The prompt, the image's path ("" where none) and the answer of a chat row."""
    said = {"user": "", "assistant": ""}
    image = ""
    if not isinstance(row["messages"], list):
        raise DataError(f"{where}: `messages` is not a list.")
    for message in row["messages"]:
        message = _object(message, f"{where}: a message")
        content = message.get("content", "")
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
        if not isinstance(parts, list):
            raise DataError(f"{where}: a message's `content` is neither a text nor a list of parts.")
        for part in (_object(part, f"{where}: a part of a message") for part in parts):
            if part.get("type") == "text" and message.get("role") in said:
                said[message["role"]] += _string(part, "text", where)
            image = image or _first_image(part)
    if not said["assistant"]:
        raise DataError(f"{where}: no message of the role assistant.")
    return said["user"].strip(), image, said["assistant"]


def _first_image(row: dict[str, Any]) -> str:
    for key in ("image", "image_path", "image_url", "images"):
        value = row.get(key)
        value = value[0] if isinstance(value, list) and value else value
        value = value.get("url") or value.get("path") if isinstance(value, dict) else value
        if isinstance(value, str):
            return value
    return ""


def _inside(image_path: str, where: str) -> str:
    path = PurePosixPath(image_path)
    strange = "\\" in image_path or "\0" in image_path or ":" in image_path or path.is_absolute()
    if not image_path or strange or ".." in path.parts:
        raise DataError(f"{where}: image_path {image_path!r} is not a path below the data folder.")
    return image_path
