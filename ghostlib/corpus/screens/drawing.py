"""Draw screens: plan, HTML, picture and record, one browser for all of them; what is finished is never drawn again."""

import asyncio
import hashlib
import io
import itertools
import random
import re
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ghostlib.corpus.records import Screen, read_screens, save
from ghostlib.corpus.screens import archetypes, browser, pages
from ghostlib.corpus.screens.domains import TRAINING, VALIDATION
from ghostlib.corpus.screens.drawn import complete, record
from ghostlib.corpus.screens.furniture import furnish
from ghostlib.corpus.screens.looks import Look
from ghostlib.corpus.screens.plan import ScreenPlan
from ghostlib.corpus.screens.turns import turns
from ghostlib.errors import DataError

PLACES = {  # split: where its pictures and its records lie below the data folder
    "train": ("ui_screenshots", "dataset_vision.json"),
    "validation": ("validation_set", "validation_set/dataset.json"),
}
JOBS = 2  # pages at once: while one is laid out, another is encoded (tests/bench/bench_screens.py)
COLOURS = 96
SAVE_EVERY = 5.0  # seconds at least between two savings of the records, and ten times what a saving takes


@dataclass(frozen=True)
class Design:
    """One screen before the browser: its plan, look, window and HTML, and the name that its content gives it.

    `scroll` is None where the picture is the whole page, else how far the window is scrolled down, in pixels.
    """

    plan: ScreenPlan
    look: Look
    size: tuple[int, int]
    html: str
    name: str
    scroll: int | None = None


def design(seed: int, split: str = "train", *, domains: tuple[str, ...] | None = None) -> Iterator[Design]:
    """Endless different screens of a split: the same seed gives the same schemas and HTML, byte for byte."""
    if split not in PLACES:
        raise DataError(f"unknown split {split!r}; one of {', '.join(PLACES)}")
    seen = set()
    for number, turn in enumerate(turns(seed, split, domains or (TRAINING if split == "train" else VALIDATION))):
        rng = random.Random(f"{seed}/{split}/{number}")
        plan = archetypes.plan(turn.domain, turn.archetype, rng, room=turn.look.room(turn.size[0]))
        html = pages.html(plan, turn.look, width=turn.size[0])
        shown = re.sub(r' data-widget="[^"]*"', "", html)  # nobody sees it: a picture keeps its name
        digest = hashlib.sha256(f"{turn.size}{shown}".encode()).hexdigest()[:8]
        if digest not in seen:
            seen.add(digest)
            name = f"{plan.domain}-{plan.archetype}-{digest}.png"
            yield Design(plan, turn.look, turn.size, html, name, furnish(plan, turn.look, turn.size[0]).scroll)


def draw(
    count: int,
    seed: int,
    out: Path | str,
    *,
    domains: tuple[str, ...] | None = None,
    split: str = "train",
    jobs: int = JOBS,
    progress: bool = True,
) -> list[Screen]:
    """The records of `count` screens, with their pictures and the split's JSON below the data folder `out`.

    A screen whose picture and record are there is kept as it is, and so are records of other screens in that JSON.
    Ctrl-C keeps what is finished; the next call goes on. `jobs` pages are drawn at once, which changes nothing but the time.
    Raises ToolError where no browser is, DataError for an unknown split or domain and a folder that cannot be written.
    """
    book = _Book(Path(out), *PLACES.get(split, ("", "")))
    todo = _open_ones(itertools.islice(design(seed, split, domains=domains), count), book)
    from tqdm import tqdm

    with tqdm(total=count, desc=f"screens ({split})", unit="screen", disable=not progress) as book.bar:
        if (first := next(todo, None)) is not None:
            try:
                _run(_draw_all(itertools.chain([first], todo), book, split, max(1, jobs)))
            finally:
                book.save()
    return [book.done[number] for number in sorted(book.done)]


@dataclass
class _Book:
    """What is drawn, by its place in the sequence, and what the JSON held before."""

    out: Path
    folder: str
    file: str
    done: dict[int, Screen] = field(default_factory=dict)
    bar: Any = None
    saved: float = 0.0
    pause: float = SAVE_EVERY

    def __post_init__(self) -> None:
        try:
            (self.out / self.folder).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(f"{self.out}: cannot be written ({error.strerror}). Choose another folder.") from error
        path = self.out / self.file
        known = read_screens(path) if self.file and path.exists() else []
        self.known = {screen.image_path: screen for screen in known if (self.out / screen.image_path).exists()}
        self.saved = time.monotonic()

    def add(self, number: int, screen: Screen) -> None:
        self.done[number] = screen
        self.bar.update()
        if time.monotonic() - self.saved > self.pause:
            self.save()

    def save(self) -> None:
        started = time.monotonic()
        drawn = {screen.image_path: screen for _, screen in sorted(self.done.items())}
        save(list((drawn | {path: screen for path, screen in self.known.items() if path not in drawn}).values()),
             self.out / self.file)  # fmt: skip
        self.saved = time.monotonic()
        self.pause = max(SAVE_EVERY, 10 * (self.saved - started))


def _open_ones(designs: Iterator[Design], book: _Book) -> Iterator[tuple[int, Design]]:
    """The designs that are not drawn yet, with their places; the others are entered as they are."""
    for number, page in enumerate(designs):
        if known := book.known.get(f"{book.folder}/{page.name}"):
            book.done[number] = known
            book.bar.update()
        else:
            yield number, page


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Runs to the end; in a notebook, whose own event loop runs in this thread, on another thread that Ctrl-C ends too."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(work)
        return
    loop = asyncio.new_event_loop()
    try:
        with ThreadPoolExecutor(1) as aside:
            task = loop.create_task(work)
            waiting = aside.submit(loop.run_until_complete, task)
            try:
                waiting.result()
            except KeyboardInterrupt:
                loop.call_soon_threadsafe(task.cancel)
                raise
    finally:
        loop.close()


async def _draw_all(todo: Iterator[tuple[int, Design]], book: _Book, split: str, jobs: int) -> None:
    loop = asyncio.get_running_loop()

    async def work(running: browser.Browser) -> None:
        for number, page in todo:  # every worker takes the next one of the same iterator
            found = await running.draw(page.html, page.size, scroll=page.scroll)
            if page.scroll is not None and not complete(page.plan, found):
                found = await running.draw(page.html, page.size)  # a label would be outside: then the whole page
            path = f"{book.folder}/{page.name}"
            await loop.run_in_executor(pool, _store, found.png, book.out / path)
            book.add(number, record(page.plan, page.look.name, page.size, found, path, split))

    with ThreadPoolExecutor(jobs) as pool:
        async with browser.running() as running:
            workers = [asyncio.create_task(work(running)) for _ in range(jobs)]
            try:
                await asyncio.gather(*workers)
            finally:
                for worker in workers:
                    worker.cancel()
                await asyncio.gather(*workers, return_exceptions=True)


def _store(png: bytes, path: Path) -> None:
    """Whole or not at all: a record is never kept with half a picture."""
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_bytes(palette(png))
        part.replace(path)
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror}). Free some space or choose another folder.") from error


def palette(png: bytes) -> bytes:
    """The same picture with few colours: a third of the bytes, and no difference that the eye finds.

    By median cut: Pillow's octree takes an eighth of its 58 ms, but moves flat colours by 2.4 of 255 on average, not 0.1.
    """
    from PIL import Image

    image = Image.open(io.BytesIO(png)).convert("RGB")
    small = image.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    target = io.BytesIO()
    small.save(target, "PNG", optimize=True)
    return target.getvalue()
