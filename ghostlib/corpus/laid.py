"""Pages that a browser laid out: their text with boxes, the list of what is on them, and where each widget stands.

A picture and its OCR cost two seconds, a layout 0.05: so nano reads thousands of real pages that nobody took a picture of.
`reading.noisy` makes of a page's text what an OCR would read. For its eyes, fewer pages have a small picture as well.
"""

import asyncio
import io
import json
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from ghostlib.corpus import invented, lists, picture
from ghostlib.corpus.reading import Line
from ghostlib.corpus.screens import archetypes, browser, pages
from ghostlib.corpus.screens.domains import TRAINING
from ghostlib.corpus.screens.drawn import complete
from ghostlib.corpus.screens.furniture import furnish
from ghostlib.corpus.screens.looks import LOOKS, Look
from ghostlib.corpus.screens.plan import ScreenPlan
from ghostlib.schemas import ddl

WEIGHTS = {  # how often each archetype comes; what validation alone may show never does
    "form": 3.0, "list": 3.0, "detail": 3.0, "dashboard": 2.5, "master-detail": 2.5,
    "cards": 2.5, "kanban": 2.0, "wizard": 2.5, "settings": 1.5, "inbox": 1.5,
}  # fmt: skip
INVENTED = 0.85  # of the pages; with two of three, nano learned the training domains by heart and knew hardly a table of others
LOOKED_AT = tuple(look for look in LOOKS.values() if not look.validation_only)
TABS = 2  # pages at once: while one is laid out, the next is planned


@dataclass(frozen=True)
class Page:
    """A page's text as the browser set it, its size in pixels (width, height), the list of its tables and fields, its SQL;

    its widgets (kind and box in pixels), and the file of its letterboxed picture where it has one.
    """

    archetype: str
    domain: str
    size: tuple[int, int]
    lines: tuple[Line, ...]
    listed: str
    output: str
    widgets: tuple[tuple[str, tuple[int, int, int, int]], ...] = ()
    picture: Path | None = None


def lay_out(count: int, seed: int, out: Path, *, side: int = 0, progress: bool = True) -> Path:
    """Append pages to the JSON lines of `out` until there are `count`, and hand it back; a page has its place by the seed.

    With a `side` each has a picture of so many pixels squared, `00042.png` in a folder beside `out` (a quarter of a second
    a page). Ctrl-C keeps what is there, the next call goes on. Raises ToolError where no browser is.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    done = 0
    if out.exists():
        pages = Pages(out)
        os.truncate(out, pages.starts[-1])  # a line that was cut off
        done = len(pages)
    if done < count:
        if side:
            _pictures(out).mkdir(exist_ok=True)
        asyncio.run(_lay_out(range(done, count), seed, out, side, progress))
    return out


def _pictures(out: Path) -> Path:
    return out.with_suffix("")


class Pages(Sequence[Page]):
    """The pages of a file of `lay_out`, read when they are asked for; a last line that was cut off is none."""

    def __init__(self, path: Path) -> None:
        self.path, self.starts = path, [0]
        with path.open("rb") as file:
            for row in file:
                if row.endswith(b"\n"):
                    self.starts.append(self.starts[-1] + len(row))

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, place: int) -> Page:
        if not 0 <= place < len(self):
            raise IndexError(place)
        with self.path.open("rb") as file:
            file.seek(self.starts[place])
            found = json.loads(file.readline())
        lines = tuple(Line(text, tuple(box)) for text, box in found["lines"])
        widgets = tuple((kind, tuple(box)) for kind, box in found.get("widgets", ()))
        seen = _pictures(self.path) / found["picture"] if "picture" in found else None
        size = tuple(found["size"])
        return Page(found["archetype"], found["domain"], size, lines, found["listed"], found["output"], widgets, seen)


def screen(rng: random.Random, *, room: int = 120) -> ScreenPlan:
    """A plan of any training archetype, from an invented domain (six of seven) or a training domain."""
    archetype = rng.choices(tuple(WEIGHTS), tuple(WEIGHTS.values()))[0]
    domain = invented.domain(rng) if rng.random() < INVENTED else rng.choice(TRAINING)
    return archetypes.plan(domain, archetype, rng, room=room)


async def _lay_out(numbers: range, seed: int, out: Path, side: int, progress: bool) -> None:
    from tqdm import tqdm

    todo = iter(numbers)
    finished: dict[int, str] = {}
    following = numbers.start
    with tqdm(total=numbers.stop, initial=numbers.start, desc="pages", unit="page", disable=not progress) as bar:
        with out.open("a", encoding="utf-8") as file:
            async with browser.running() as running:

                async def work() -> None:
                    nonlocal following
                    for number in todo:
                        row, png = await _page(running, random.Random(f"{seed}/page/{number}"), photographed=side > 0)
                        if side:
                            row["picture"] = f"{number:05}.png"
                            _small(png, side).save(_pictures(out) / row["picture"])
                        finished[number] = json.dumps(row, ensure_ascii=False)
                        while following in finished:  # in the seed's order, whichever tab is faster
                            file.write(finished.pop(following) + "\n")
                            following += 1
                            bar.update()

                await asyncio.gather(*(work() for _ in range(TABS)))


def _small(png: bytes, side: int) -> Image.Image:
    return picture.letterbox(Image.open(io.BytesIO(png)), side)


async def _page(running: browser.Browser, rng: random.Random, *, photographed: bool) -> tuple[dict[str, Any], bytes]:
    look: Look = rng.choice(LOOKED_AT)
    size = rng.choice(look.sizes)
    plan = screen(rng, room=look.room(size[0]))
    html, scroll = pages.html(plan, look, width=size[0]), furnish(plan, look, size[0]).scroll
    found = await running.draw(html, size, scroll=scroll, picture=photographed)
    if scroll is not None and not complete(plan, found):
        found = await running.draw(html, size, picture=photographed)
    row = {"archetype": plan.archetype, "domain": plan.domain, "size": found.size}
    row |= {"listed": lists.listing(plan.schema), "output": ddl.canonical(plan.schema)}
    row |= {"lines": [[line["text"], line["box"]] for line in found.lines], "widgets": found.widgets}
    return row, found.png
