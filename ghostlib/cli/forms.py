"""A checked schema in another form: `ghost check --as FORM [--out PATH]`."""

import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from ghostlib.cli.texts import Text
from ghostlib.errors import DataError
from ghostlib.schemas.schema import Schema

ENDINGS = {
    "mermaid": ".mmd",
    "svg": ".svg",
    "png": ".png",
    "sqlalchemy": ".py",
    "mysql": ".mysql.sql",
    "sqlite": ".sqlite.sql",
    "json": ".json",
    "sql": ".sql",
}


def form(kind: str, schema: Schema) -> bytes:
    """The schema as `kind`, one of ENDINGS; all but a PNG are UTF-8 text."""
    if kind == "png":
        from ghostlib.schemas import views

        picture = io.BytesIO()
        views.picture(schema).save(picture, "PNG")
        return picture.getvalue()
    return (_text(kind, schema).rstrip("\n") + "\n").encode("utf-8", "replace")


def write(kind: str, made: Sequence[tuple[Text, Schema]], out: Path | None) -> list[Path]:
    """The files written: each schema to `out` (a file for one, a folder for several); without it, one to standard output.

    Raises DataError, before anything is written, for several without a folder and for a PNG on a terminal.
    """
    if out is None:
        if len(made) > 1:
            raise DataError(f"{len(made)} schemas do not fit into one stream. Name a folder for them: --out FOLDER")
        if kind == "png" and sys.stdout.isatty():
            raise DataError("a PNG is nothing for a terminal. Name a file: --out schema.png")
        sys.stdout.flush()
        for _, schema in made:
            sys.stdout.buffer.write(form(kind, schema))
        sys.stdout.buffer.flush()
        return []
    return place([(text.below.removesuffix(".sql"), form(kind, schema)) for text, schema in made], ENDINGS[kind], out)


def place(contents: Sequence[tuple[str, bytes]], ending: str, out: Path | None) -> list[Path]:
    """The files written: each content under its name with the ending in the folder `out`; one alone may be `out` itself.

    Raises DataError, before anything is written, for no place at all and where two would be written to one.
    """
    if out is None:
        raise DataError("these are pictures, nothing for a terminal. Name a file or a folder: --out FOLDER")
    single = len(contents) == 1 and not out.is_dir()
    files = [out] if single else [out / (name + ending) for name, _ in contents]
    twice = next((file for file in files if files.count(file) > 1), None)
    if twice:
        raise DataError(f"{twice}: two of the schemas would be written there. Take their folders one by one")
    for file, (_, content) in zip(files, contents, strict=True):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return files


def _text(kind: str, schema: Schema) -> str:
    if kind == "json":
        return json.dumps(schema.as_dict(), indent=2)
    if kind == "sql":
        from ghostlib.schemas import ddl

        return ddl.canonical(schema)
    if kind == "sqlalchemy":
        from ghostlib.schemas import orm

        return orm.sqlalchemy_models(schema)
    if kind in ("mysql", "sqlite"):
        from ghostlib.schemas import dialects

        return getattr(dialects, kind)(schema)
    from ghostlib.schemas import views

    return getattr(views, kind)(schema)
