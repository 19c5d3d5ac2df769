"""Honest baselines of the benchmark: what a model must beat, as predictions that go the way of anybody's."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from ghostlib import config as configs
from ghostlib.config import Config
from ghostlib.corpus.jsonfiles import write_atomically
from ghostlib.corpus.records import Screen
from ghostlib.schemas import ddl
from ghostlib.schemas.schema import Column, Schema, Table

MOST = 12  # columns that the rule makes of the OCR's lines
KEY = Column("id", "bigint", not_null=True, identity=True)
NAMES = {
    "gold": "the truth itself",
    "nothing": "nothing: an empty answer",
    "most_frequent": "the most frequent training schema",
    "title_only": "the screen's title as a table with a name",
    "ocr_lines": "short lines of the OCR as text columns",
    "labels_as_text": "every label read perfectly, as text, without keys",
}


def predictions(screens: Sequence[Screen], training: Sequence[Screen]) -> dict[str, dict[str, str]]:
    """By baseline (the keys of NAMES), the answer for each screen by its id."""
    frequent = Counter(screen.output for screen in training).most_common(1)
    told = {
        "gold": lambda screen: screen.output,
        "nothing": lambda screen: "",
        "most_frequent": lambda screen: frequent[0][0] if frequent else "",
        "title_only": lambda screen: _table(screen, ["name"]),
        "ocr_lines": lambda screen: _table(screen, _short(screen)),
        "labels_as_text": lambda screen: _table(screen, [label.text for label in screen.labels]),
    }
    return {name: {screen.image_path: told[name](screen) for screen in screens} for name in NAMES}


def committed(config: Config, n: int) -> dict[str, dict[str, dict[str, float]]]:
    """The committed scores by baseline, the truth's own left out; empty where they are of other screens than the `n` here."""
    file, data = results(config), configs.root() / config.data.validation
    if not file.exists():
        return {}
    told = json.loads(file.read_text(encoding="utf-8"))
    same = told["n"] == n and told["data"] == fingerprint(data)
    return {name: values for name, values in told["baselines"].items() if name != "gold"} if same else {}


def results(config: Config) -> Path:
    """Where the baselines' scores of a config's task are committed."""
    return configs.root() / "docs" / "results" / config.task / "baselines.json"


def fingerprint(file: Path) -> str:
    """SHA-256 of a records file: results hold for these bytes alone."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def write(answers: dict[str, dict[str, str]], folder: Path) -> dict[str, Path]:
    """Each baseline as a predictions file, `<name>.jsonl`, in the format that `ghost evaluate --predictions` reads."""
    files = {}
    for name, told in answers.items():
        rows = [json.dumps({"id": key, "prediction": sql}, ensure_ascii=False) + "\n" for key, sql in told.items()]
        files[name] = folder / f"{name}.jsonl"
        write_atomically(files[name], "".join(rows))
    return files


def _table(screen: Screen, words: Iterable[str]) -> str:
    """One table after the screen's title (`Edit dish` is `dish`), with the words as text columns in the target language."""
    title = re.sub(r"^(new|add|edit|create)\s+", "", screen.title, flags=re.IGNORECASE)
    names = dict.fromkeys(name for word in words if (name := _name(word)) not in ("", "id"))
    columns = (KEY, *(Column(name, "text") for name in names))
    return ddl.canonical(Schema((Table(_name(title) or "records", columns, ("id",)),)))


def _short(screen: Screen) -> list[str]:
    """The lines of the OCR that could be labels: one to three words, no digits, each once, the first MOST."""
    lines = screen.reading.lines if screen.reading else screen.lines
    texts = [line.text.strip(" *:") for line in lines]
    return list(dict.fromkeys(text for text in texts if re.fullmatch(r"[^\W\d_]{2,}( [^\W\d_]{2,}){0,2}", text)))[:MOST]


def _name(text: str) -> str:
    """`E-mail address *` is `e_mail_address`; at most 63 bytes, as PostgreSQL has it."""
    found = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:60].strip("_")
    return f"n{found}" if found[:1].isdigit() else found
