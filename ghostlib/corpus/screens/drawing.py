"""Draw screens: plan, HTML, picture and record, one browser for all of them; what is finished is never drawn again."""

import asyncio
import hashlib
import io
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ghostlib.corpus.reading import Line
from ghostlib.corpus.records import Label, Screen, read_screens, save
from ghostlib.corpus.screens import browser, pages, views
from ghostlib.corpus.screens.domains import TRAINING, VALIDATION
from ghostlib.corpus.screens.looks import LOOKS, Look
from ghostlib.corpus.screens.plan import ScreenPlan
from ghostlib.errors import DataError
from ghostlib.schemas.ddl import canonical

PLACES = {  # split: where its pictures and its records lie below the data folder
    "train": ("ui_screenshots", "dataset_vision.json"),
    "validation": ("validation_set", "validation_set/dataset.json"),
}
TURNS = ("form", "list", "detail", "list", "master-detail", "form", "list", "detail", "dashboard", "form")
COLOURS = 96
SAVE_EVERY = 25


@dataclass(frozen=True)
class Design:
    """One screen before the browser: its plan, look, window and HTML, and the name that its content gives it."""

    plan: ScreenPlan
    look: Look
    size: tuple[int, int]
    html: str
    name: str


def design(seed: int, split: str = "train", *, domains: tuple[str, ...] | None = None) -> Iterator[Design]:
    """Endless different screens of a split: the same seed gives the same schemas and HTML, byte for byte."""
    if split not in PLACES:
        raise DataError(f"unknown split {split!r}; one of {', '.join(PLACES)}")
    names = domains or (TRAINING if split == "train" else VALIDATION)
    number, seen = 0, set()
    while True:
        rng = random.Random(f"{seed}/{split}/{number}")
        look = _turn(seed, split, number)
        size = rng.choice(look.sizes)
        turn = TURNS[(number + number // len(names)) % len(TURNS)]
        plan = views.plan(names[number % len(names)], turn, rng, room=look.room(size[0]))
        html = pages.html(plan, look, width=size[0])
        digest = hashlib.sha256(f"{size}{html}".encode()).hexdigest()[:8]
        number += 1
        if digest not in seen:
            seen.add(digest)
            yield Design(plan, look, size, html, f"{plan.domain}-{plan.archetype}-{digest}.png")


def _turn(seed: int, split: str, number: int) -> Look:
    """Every look once in each round, the order of a round by chance."""
    looks = list(LOOKS.values())
    rounds, place = divmod(number, len(looks))
    return random.Random(f"{seed}/{split}/round {rounds}").sample(looks, len(looks))[place]


def draw(
    count: int,
    seed: int,
    out: Path | str,
    *,
    domains: tuple[str, ...] | None = None,
    split: str = "train",
    progress: bool = True,
) -> list[Screen]:
    """The records of `count` screens, with their pictures and the split's JSON below the data folder `out`.

    A screen whose picture and record are there is kept as it is; Ctrl-C keeps what is finished, the next call goes on.
    Raises ToolError where no browser is, DataError for an unknown split or domain.
    """
    asked = (count, seed, Path(out), domains, split, progress)
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _draw_all(*asked)
    with ThreadPoolExecutor(1) as aside:  # a notebook's own event loop runs here, and Playwright refuses to share it
        return aside.submit(_draw_all, *asked).result()


def _draw_all(count: int, seed: int, out: Path, domains: tuple[str, ...] | None, split: str, progress: bool) -> list[Screen]:
    from tqdm import tqdm

    folder, file = PLACES.get(split, ("", ""))
    designs = design(seed, split, domains=domains)
    wanted = [next(designs) for _ in range(count)]
    known = _finished(out, out / file)
    (out / folder).mkdir(parents=True, exist_ok=True)
    done: list[Screen] = []
    bar = tqdm(wanted, desc=f"screens ({split})", unit="screen", disable=not progress)
    try:
        if all(f"{folder}/{page.name}" in known for page in wanted):
            done = [known[f"{folder}/{page.name}"] for page in bar]
            return done
        with browser.opened() as running:
            for page in bar:
                path = f"{folder}/{page.name}"
                done.append(known.get(path) or _draw(running, page, path, out, split))
                if len(done) % SAVE_EVERY == 0:
                    save(done, out / file)
    finally:
        save(done, out / file)
    return done


def record(page: Design, drawn: browser.Drawn, path: str, split: str) -> Screen:
    """The record of a screen that was drawn: truth, analysis, and the boxes of its labels and lines."""
    plan = page.plan
    labels = tuple(
        Label(table, column, found["text"], tuple(found["box"]))
        for found in drawn.labels
        for table, column in (reference.split(".") for reference in found["columns"])
    )
    return Screen(
        image_path=path,
        output=canonical(plan.schema),
        domain=plan.domain,
        ui_analysis=analysis(plan),
        screen=plan.archetype,
        split=split,
        source="rendered",
        labels=labels,
        lines=tuple(Line(line["text"], tuple(line["box"])) for line in drawn.lines),
    )


def analysis(plan: ScreenPlan) -> dict[str, Any]:
    """What is on a screen in words: elements with the columns they stand for, relationships, and how complex it is."""
    elements = [
        {"label": field.label, "widget": _widget(field.kind, section.layout), "column": f"{field.table}.{field.column}"}
        for section in plan.sections
        for field in section.fields
    ]
    relationships = [
        f"{table.name}.{key.columns[0]} -> {key.table}.{key.references[0]}"
        for table in plan.schema.tables
        for key in table.foreign_keys
    ]
    columns = sum(len(table.columns) for table in plan.schema.tables)
    complexity = "low" if columns <= 8 else "medium" if columns <= 14 else "high"
    return {"elements": elements, "relationships": relationships, "complexity": complexity}


def palette(png: bytes) -> bytes:
    """The same picture with few colours: a third of the bytes, and no difference that the eye finds."""
    from PIL import Image

    image = Image.open(io.BytesIO(png)).convert("RGB")
    small = image.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    target = io.BytesIO()
    small.save(target, "PNG", optimize=True)
    return target.getvalue()


def _draw(running: browser.Browser, page: Design, path: str, out: Path, split: str) -> Screen:
    drawn = running.draw(page.html, page.size)
    made = record(page, drawn, path, split)
    part = out / f"{path}.part"
    part.write_bytes(palette(drawn.png))
    part.replace(out / path)  # whole or not at all: a record is never kept with half a picture
    return made


def _finished(out: Path, file: Path) -> dict[str, Screen]:
    """The records of an earlier call whose pictures are there."""
    if not file.exists():
        return {}
    return {screen.image_path: screen for screen in read_screens(file) if (out / screen.image_path).exists()}


def _widget(kind: str, layout: str) -> str:
    if layout in ("rows", "names"):
        return "list column"
    if layout == "facts":
        return "fact"
    named = {"ref": "select", "enum": "choice", "bool": "switch", "long": "text area", "stars": "stars"}
    return named.get(kind) or {"date": "date input", "time": "time input", "money": "money input"}.get(kind, "text input")
