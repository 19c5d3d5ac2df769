"""Screenshot -> PostgreSQL schema, the main job. Phase 1 learns the language from text, phase 2 the screens."""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ghostlib import config as configs
from ghostlib.config import Config
from ghostlib.corpus import lists, picture, practice, reading, records, renamed
from ghostlib.corpus.reading import Line
from ghostlib.schemas import ddl, postgres
from ghostlib.schemas import score as scores
from ghostlib.schemas.schema import Schema
from ghostlib.tasks import Example, Story, Terms

Size = tuple[int, int]
CONTROL = re.compile(r"<(?=/?(?:start_of|end_of|image|bos|eos|pad|unk|unused|mask))")
TERMS = Terms(
    noun="screens",
    judge="PostgreSQL",
    metrics={
        "schema_score": "schema score",
        "validity": "valid in\nPostgreSQL",
        "table_f1": "tables F1",
        "column_f1": "columns F1",
        "type_accuracy": "types",
        "foreign_key_f1": "foreign\nkeys F1",
    },
    minor=("exact", "unique_f1", "check_f1", "primary_key", "not_null_accuracy", "index_f1"),
    story=Story(
        lesson="Can the model learn to write PostgreSQL in one style, first from text, then from screens?",
        data="Descriptions of products, change requests, flat tables to normalise: each with the schema that answers it.",
        untrained="The base of nano was taught to read and to list, not to answer; Gemma-3 4B knows SQL, but not this style.",
        judged="Every answer is created in PostgreSQL and compared with the truth, table by table and column by column. "
        "The validation screens come from domains that training never saw.",
        use="ghost predict screen.png",
        limits=(
            "It was trained and measured on drawn screens of clean applications in English.",
            "It writes what a screen shows; what is not on the screen is not in the schema.",
            "Its prompt holds what is written on the screenshot, and a picture goes in as a letterboxed square; the command "
            "above does both, and has PostgreSQL judge the answer.",
        ),
    ),
)
TRIED = (
    "CREATE TABLE tags (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL);",
    "CREATE TABLE posts (author_id bigint REFERENCES people (id));",
)
# The words of phase 1's own examples, so that a small model knows what is asked.
REPAIR = "Fix the error and write the schema again."
CHANGE = "Change the schema as requested. Answer with the whole schema."
HELD_BACK = 8  # one text in so many is asked before and after phase 1, and never trained on


def examples(config: Config, phase: str, split: str) -> list[Example]:
    """The examples of one phase and split, in a fixed order. Raises DataError for a missing or broken file."""
    return _texts(config, split) if phase == "text" else _screens(config, split)


def golds(config: Config, split: str) -> list[Example]:
    """The screens of a split with their answers alone: nobody is asked, so no picture is opened."""
    file = configs.root() / (config.data.screens if split == "train" else config.data.validation)
    return [Example(row.image_path, "", completion=row.output, group=_group(row)) for row in records.read_screens(file)]


def ask(config: Config, source: Path | bytes) -> Example:
    """The question about one picture that has no answer yet, with the lines that were read on it.

    `source` is a file, or what is in one (the question's id is then "upload"). Raises PictureError for what is no picture.
    """
    image = picture.open_picture(source)
    lines = reading.read(image) if config.data.reading == "ocr" else ()
    return Example(
        id="upload" if isinstance(source, bytes) else str(source),
        prompt=prompt(config, lines, image.size),
        image=source if config.data.picture else None,
        lines=lines,
        size=image.size,
    )


def repair(answer: str, problem: postgres.SqlProblem) -> Example:
    """A schema that PostgreSQL refused, with its words, as phase 1 has taught it: no picture, the whole schema again."""
    line = answer.split("\n")[problem.line - 1 : problem.line]
    said = [f"ERROR:  {problem.message}", *(f"LINE {problem.line}: {text.strip()}" for text in line)]
    said.append(f"SQL state: {problem.sqlstate}")
    return Example("repair", _quoted(f"{REPAIR}\n{answer}\n\n" + "\n".join(said)))


def change(answer: str, wish: str) -> Example:
    """A request ("add tags to products") on the schema so far, as phase 1 has taught it."""
    return Example("change", _quoted(f"{CHANGE}\n{answer}\n\n{wish}"))


def prompt(config: Config, lines: Sequence[Any], size: tuple[int, int]) -> str:
    """The words of the question: the instruction, and below it what is written on the screen."""
    written = reading.prompt(lines, size) if config.data.reading == "ocr" else ""
    written = _quoted(written)
    return f"{records.INSTRUCTION}\n{written}" if written else records.INSTRUCTION


def parse(text: str) -> str:
    """The SQL inside an answer: the first fenced block where there is one, else the text after the list that it begins with,

    else the text itself.
    """
    fenced = re.search(r"```(?:\w+)?\s*\n(.*?)(?:```|\Z)", text, re.DOTALL)
    found = (fenced.group(1) if fenced else text).strip()
    return found.partition("\n\n")[2].strip() if found.startswith("# ") and "\n\n" in found else found


def listed(question: Example) -> Example:
    """The same screen, of which no SQL is wanted but a plain list, in the words that nano's base has learnt."""
    return replace(question, prompt=question.prompt.replace(records.INSTRUCTION, practice.LIST, 1))


def by_rule(text: str) -> str:
    """The DDL that a plain list of tables and fields is by rule alone; "" where the text holds none.

    nano's base writes such lists, so this is what its reading is worth before it has learnt the task.
    """
    return ddl.canonical(lists.schema(text))


def outlined(text: str) -> str:
    """The DDL by rule of the list that an answer begins with; "" where it begins with none."""
    listed, _, _ = text.strip().partition("\n\n")
    return by_rule(listed) if listed.startswith("# ") else ""


def score(answers: Sequence[str], questions: Sequence[Example]) -> list[scores.Score]:
    """One Score an answer against the example's own completion, both as the server reads them back."""
    truths = postgres.check_many([question.completion for question in questions])
    predictions = postgres.check_many([parse(answer) for answer in answers])
    return [scores.score(made.schema, truth.schema or Schema()) for made, truth in zip(predictions, truths, strict=True)]


def aggregate(rows: Sequence[scores.Score], *, seed: int = 0) -> dict[str, dict[str, float]]:
    """Each metric's mean with a 95 % bootstrap interval."""
    return scores.aggregate(rows, seed=seed)


def trial() -> list[str]:
    """What PostgreSQL says of a table, and of one that points at a table which does not exist, in lines."""
    return [line for sql in TRIED for line in postgres.judge(sql).lines()]


def _quoted(text: str) -> str:
    """The text without control pieces: a screenshot may show "<end_of_turn>", and it must not end the turn."""
    return CONTROL.sub("‹", text)


def _texts(config: Config, split: str) -> list[Example]:
    rows = records.read_texts(configs.root() / config.data.texts)
    order = list(range(len(rows)))
    random.Random(config.seed).shuffle(order)
    held = set(order[::HELD_BACK])
    return [
        Example(
            id=f"text-{number}",
            prompt=f"{row.instruction}\n{row.input}".strip(),
            completion=row.output,
            group={"domain": row.domain},
        )
        for number, row in enumerate(rows)
        if (number in held) == (split == "validation")
    ]


def _screens(config: Config, split: str) -> list[Example]:
    rows = records.read_screens(configs.root() / (config.data.screens if split == "train" else config.data.validation))
    outlines = _outlines(rows) if config.data.outline else [""] * len(rows)
    found, sizes = [], []
    for number, row in enumerate(rows):
        image = records.picture_file(row, configs.root() / "data")
        for lines, size in _readings(row, image, random.Random(number) if split == "train" else None):
            found.append(_example(config, row, lines, size, outlines[number]))
        sizes.append(size)
    if split == "train" and config.data.generated:
        found += _reworded(config, rows, sizes, outlines)
    return [_told(config, one) for one in found] if split == "train" and config.data.outline else found


def _told(config: Config, example: Example) -> Example:
    """The same with SQL that says what the outline says, and an outline of what the prompt shows.

    SQL that adds a UNIQUE or an index would have to be guessed, and a small model that guesses there no longer copies.
    """
    outline = lists.seen(example.outline, example.prompt) if config.data.reading == "ocr" else example.outline
    return replace(example, outline=outline, completion=by_rule(outline))


def _outlines(rows: Sequence[records.Screen]) -> list[str]:
    """Each screen's tables and fields as the plain list that nano's base has learnt to write."""
    return [lists.listing(verdict.schema or Schema()) for verdict in postgres.check_many([row.output for row in rows])]


def _reworded(config: Config, rows: Sequence[records.Screen], sizes: Sequence[Size], outlines: Sequence[str]) -> list[Example]:
    """`data.generated` more examples: the same screens in turns, misread anew, with other words in reading and answer.

    For a model that cannot read the words in the picture: it would learn by heart those of a few hundred screens.
    """
    kept, rng, found = renamed.telling([row.output for row in rows]), random.Random(config.seed), []
    for number in range(config.data.generated):
        row, size = rows[number % len(rows)], sizes[number % len(rows)]
        lines = reading.noisy(row.lines, rng) if row.lines else row.reading.lines if row.reading else ()
        outline = outlines[number % len(rows)]
        lines, answer = renamed.reworded(lines, f"{outline}\n\n{row.output}", kept, rng)
        outline, _, answer = answer.partition("\n\n")
        found.append(_example(config, replace(row, output=answer.strip()), lines, size, outline))
    return found


def _example(config: Config, row: records.Screen, lines: Sequence[Line], size: Size, outline: str) -> Example:
    shown = records.picture_file(row, configs.root() / "data") if config.data.picture else None
    return Example(row.image_path, prompt(config, lines, size), shown, row.output, _group(row), outline=outline)


def _group(row: records.Screen) -> dict[str, Any]:
    return {"archetype": row.screen, "domain": row.domain, "tables": row.output.count("CREATE TABLE")}


def _readings(row: records.Screen, image: Path, noise: random.Random | None) -> Iterator[tuple[Sequence[Line], Size]]:
    """What is written on a screen: the stored OCR; in training, also the browser's own text with OCR's kind of noise."""
    yield records.stored_reading(row, image)
    if noise and row.lines:
        yield reading.noisy(row.lines, noise), picture.size(image)
