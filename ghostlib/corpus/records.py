"""The examples on disk: frozen `Text` and `Screen` records, read in every shape they ever had, written in one.

A picture's path in a record is relative to `data/`, the root of all records.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from ghostlib.corpus.jsonfiles import as_object, as_string, layout, rows, write_atomically
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
    `title` is what the screen calls itself; `look` and `size`, the window in pixels, say how it was drawn.
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
    title: str = ""
    look: str = ""
    size: tuple[int, int] = (0, 0)


def holds_screens(path: Path | str) -> bool:
    """Whether the first row of a file has a picture. Raises DataError for a missing or broken file."""
    first = next(iter(rows(path)), None)
    return isinstance(first, dict) and ("image_path" in first or bool(_pictured(first)))


def read_texts(path: Path | str) -> list[Text]:
    """The text examples of a file (`.json` or `.jsonl`): instruction rows or chat `messages`. Raises DataError."""
    return [_text(row, f"{path}: row {number}") for number, row in enumerate(rows(path), 1)]


def read_screens(path: Path | str) -> list[Screen]:
    """The screens of a file in any of three shapes: `image_path` with `output` or `sql_schema`, or chat `messages`.

    Raises DataError, one line with file and row, for a broken file, a wrong row or a path that leaves the data folder.
    """
    return [_screen(row, f"{path}: row {number}") for number, row in enumerate(rows(path), 1)]


def read_rows(path: Path | str) -> Iterator[Text | Screen | str]:
    """The records of a file that nobody vouches for: row by row, in any shape, or what is wrong with a row in words.

    A picture's path is kept as it stands, a remote or absolute one too; `picture_file` opens none of those.
    Raises DataError for a file that is missing, broken JSON or no list.
    """
    for row in rows(path):
        try:
            pictured = isinstance(row, dict) and ("image_path" in row or bool(_pictured(row)))
            yield _screen(row, "", trusted=False) if pictured else _text(row, "")
        except DataError as error:
            yield str(error).removeprefix(": ")


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
    text = "[\n" + ",\n".join("  " + layout(as_row(record)) for record in records) + "\n]\n"
    write_atomically(path, text)
    return path


def as_row(record: Text | Screen) -> dict[str, Any]:
    """The record as its JSON row; empty optional fields of a text are left out."""
    if isinstance(record, Text):
        row = {"instruction": record.instruction, "input": record.input, "output": record.output}
        row |= {"domain": record.domain} if record.domain else {}
        return row | ({"split": record.split} if record.split != "train" else {})
    return (
        {
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
        | {name: value for name, value in (("title", record.title), ("look", record.look)) if value}
        | ({"size": list(record.size)} if any(record.size) else {})
    )


def _plain(line: Line) -> dict[str, Any]:
    row: dict[str, Any] = {"text": line.text, "box": list(line.box)}
    return row if line.score == 1.0 else row | {"score": round(line.score, 3)}


def _text(row: Any, where: str) -> Text:
    row = as_object(row, where)
    if "messages" in row:
        prompt, _, answer = _chat(row, where)
        instruction, given = prompt, ""
    else:
        instruction, given = as_string(row, "instruction", where), as_string(row, "input", where, default="")
        answer = as_string(row, "output", where)
    return Text(
        instruction=instruction,
        input=given,
        output=answer,
        domain=as_string(row, "domain", where, default=""),
        split=as_string(row, "split", where, default="train"),
    )


def _screen(row: Any, where: str, *, trusted: bool = True) -> Screen:
    row = as_object(row, where)
    if "messages" in row:
        instruction, image, output = _chat(row, where)
        image = image or _first_image(row)  # beside the messages
    else:
        instruction = as_string(row, "instruction", where, default=INSTRUCTION)
        image = as_string(row, "image_path", where)
        output = as_string(row, "sql_schema" if "output" not in row and "sql_schema" in row else "output", where)
    analysis = row.get("ui_analysis") or {}
    if not trusted and isinstance(analysis, str | list):
        analysis = {"description" if isinstance(analysis, str) else "elements": analysis}
    if not isinstance(analysis, dict):
        raise DataError(f"{where}: `ui_analysis` is a {type(analysis).__name__}, not an object.")
    return Screen(
        image_path=_inside(image, where) if trusted else image,
        instruction=instruction or INSTRUCTION,
        output=output,
        domain=as_string(row, "domain", where, default=""),
        ui_analysis=analysis,
        screen=as_string(row, "screen", where, default=""),
        split=as_string(row, "split", where, default="train"),
        source=as_string(row, "source", where, default="rendered"),
        labels=tuple(_label(label, where) for label in row.get("labels") or ()),
        lines=tuple(line_from(line, where) for line in row.get("lines") or ()),
        reading=_reading(row.get("reading"), where),
        title=as_string(row, "title", where, default=""),
        look=as_string(row, "look", where, default=""),
        size=_size(row.get("size"), where),
    )


def _size(value: Any, where: str) -> tuple[int, int]:
    if value is None:
        return (0, 0)
    if not (isinstance(value, list) and len(value) == 2 and all(isinstance(edge, int) for edge in value)):
        raise DataError(f"{where}: `size` is [width, height] in pixels, not {str(value)[:60]!r}.")
    return value[0], value[1]


def _label(row: Any, where: str) -> Label:
    row = as_object(row, f"{where}: a label")
    line = line_from(row, where)
    return Label(as_string(row, "table", where), as_string(row, "column", where), line.text, line.box)


def _reading(row: Any, where: str) -> Reading | None:
    if row is None:
        return None
    row = as_object(row, f"{where}: `reading`")
    lines = tuple(line_from(line, where) for line in row.get("lines") or ())
    return Reading(lines, as_string(row, "picture", where, default=""), as_string(row, "ocr", where, default=""))


def _chat(row: dict[str, Any], where: str) -> tuple[str, str, str]:
    """The prompt, the image's path ("" where none) and the answer of a chat row."""
    said = {"user": "", "assistant": ""}
    image = ""
    if not isinstance(row["messages"], list):
        raise DataError(f"{where}: `messages` is not a list.")
    for message in row["messages"]:
        message = as_object(message, f"{where}: a message")
        content = message.get("content", "")
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
        if not isinstance(parts, list):
            raise DataError(f"{where}: a message's `content` is neither a text nor a list of parts.")
        for part in (as_object(part, f"{where}: a part of a message") for part in parts):
            if part.get("type") == "text" and message.get("role") in said:
                said[message["role"]] += as_string(part, "text", where)
            image = image or _first_image(part)
    if not said["assistant"]:
        raise DataError(f"{where}: no message of the role assistant.")
    return said["user"].strip(), image, said["assistant"]


def _pictured(row: dict[str, Any]) -> str:
    """The image of a row, beside its messages or inside one of them; "" where it has none."""
    if image := _first_image(row):
        return image
    try:
        return _chat(row, "")[1] if "messages" in row else ""
    except DataError:
        return ""


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
