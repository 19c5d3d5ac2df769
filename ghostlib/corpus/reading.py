"""What is written on a screenshot: lines with boxes in reading order (OCR), and what a prompt carries of them."""

import hashlib
import logging
import math
import os
import re
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from random import Random
from typing import Any

from PIL import Image

from ghostlib.corpus import folding
from ghostlib.errors import DataError

Box = tuple[int, int, int, int]
LIMIT = 48
BUDGET = 325  # pieces of a prompt; measured, no shipped screen then takes more than 400 of nano's tokens
LONGEST = 60
GRID = (32, 16)  # rows, columns of the coarse position
# What the OCR does to a browser's lines, a share of them each: misses or misreads one of few letters, joins neighbours less
# than so many heights apart, takes an icon for a line of its own or for a letter before one, draws its box wider by a part
# of the height on the left, top, right and bottom (docs/results/reading.md; tests/bench/bench_noise.py measures them).
MISSED = {1: 0.33, 2: 0.07}
MISREAD = {1: 0.1, 2: 0.1}
JOINED = ((0.9, 0.75), (1.6, 0.11), (3.0, 0.04))
ICONS, LETTERS = 0.07, 0.05
ICON = "+++QQ==880<OO三口日白②×o"
GROWN = ((0.3, 0.7), (0.1, 0.42), (0.2, 0.48), (0.06, 0.34))
ALIKE = ("O0", "l1I|", "S5", "B8", "rnm", "cCeo", "uvn", "g9q", "tf", "ij", "Z2", ".,", "-_", "aeo")
# Pixels that the OCR widens a line of 48 to before it reads it. RapidOCR's own 320 are for scanned pages: most lines of a
# screen are a word or two, and 160 take a third less time and get 93.5 % of the lines exactly, not 92.6 (420).
NARROWEST = 160
BATCH = 2  # lines read at once; each is widened to the widest of its batch

PLAIN = str.maketrans({"…": "...", "–": "-", "—": "-", "×": "x", "’": "'", "›": ">", "»": ">"})

_ONE_AT_A_TIME = threading.Lock()
_OWN = threading.local()  # `engine`: the OCR of a thread that reads beside others


@dataclass(frozen=True)
class Line:
    """One line of text; `box` is (x0, y0, x1, y1) in pixels; `score` is the OCR's confidence (1.0: browser's text)."""

    text: str
    box: Box
    score: float = 1.0


@dataclass(frozen=True)
class Reading:
    """What the OCR read: its lines, the SHA-256 of the picture's pixels, and the OCR's name and version."""

    lines: tuple[Line, ...]
    picture: str
    ocr: str


def read(image: Image.Image, *, threads: int = -1) -> tuple[Line, ...]:
    """The lines on a picture in reading order, by RapidOCR at native resolution (0.3 to 3 s on two cores).

    `threads` is for processes that read beside each other, one each; -1 takes every CPU that this process may use. The
    text is the same. Threads wait for each other unless they have called `read_beside_others`.
    """
    import numpy

    pixels = numpy.asarray(image.convert("RGB"))[:, :, ::-1]  # the OCR wants OpenCV's BGR
    pixels = numpy.ascontiguousarray(pixels)
    if own := getattr(_OWN, "engine", None):
        found = own(pixels)
    else:
        with _ONE_AT_A_TIME:
            found = _engine(threads)(pixels)
    if found.txts is None:
        return ()
    lines = [
        Line(_tidy(text), _upright(box), round(float(score), 3))
        for text, box, score in zip(found.txts, found.boxes, found.scores, strict=True)
    ]
    return in_order(line for line in lines if line.text)


def reading(image: Image.Image, *, threads: int = -1) -> Reading:
    """`read`, kept with what is needed to know later whether it still holds for this picture."""
    return Reading(read(image, threads=threads), fingerprint(image), ocr_version())


def fingerprint(image: Image.Image) -> str:
    """SHA-256 of size and RGB pixels: the same for a PNG that was merely saved again."""
    image = image.convert("RGB")
    return hashlib.sha256(f"{image.width}x{image.height} ".encode() + image.tobytes()).hexdigest()


def ocr_version() -> str:
    """The OCR's name, version and settings, as stored beside a reading."""
    return f"rapidocr {version('rapidocr')}, {NARROWEST} wide"


def in_order(lines: Iterable[Line]) -> tuple[Line, ...]:
    """The lines top to bottom in visual rows (grouped by vertical overlap), each row left to right."""
    return tuple(line for row in folding.rows(list(lines)) for line in row)


def line_from(item: Any, where: str = "a line") -> Line:
    """The Line in a JSON row `{"text", "box", "score"?}`, or the Line itself. Raises DataError for anything else."""
    if isinstance(item, Line):
        return item
    try:
        box = tuple(round(float(edge)) for edge in item["box"])
        text, score = item["text"], float(item.get("score", 1.0))
    except (TypeError, KeyError, ValueError, OverflowError, AttributeError):
        shown = str(item)[:60]
        raise DataError(f'{where}: a line is {{"text": ..., "box": [x0, y0, x1, y1]}}, not {shown!r}.') from None
    if len(box) != 4 or not isinstance(text, str):
        raise DataError(f"{where}: a line needs a text and a box of four numbers, not {str(item)[:60]!r}.")
    return Line(text, box, score)


def prompt(lines: Sequence[Line | dict[str, Any]], size: tuple[int, int], *, limit: int = LIMIT) -> str:
    """The reading as a prompt carries it: `y,x text` a line, at most `limit` lines and some 400 tokens, always the same.

    y is 0..31 and x is 0..15, the top-left corner of the box on a coarse grid of a picture of `size` (width, height).
    Navigation folds to `0,0 menu: Orders, Customers`; a table of records to its header and two rows, the cells of each
    joined by ` | `, and `... 7 more rows`. Long texts are cut at about 60 characters.
    """
    width, height = max(1, size[0]), max(1, size[1])
    tidy = [Line(_plain(line.text), line.box, line.score) for line in map(line_from, lines)]
    tidy = _marked([line for line in tidy if line.text])
    # a very dense screen keeps its labels and gives up its sentences, then the second example row
    for examples, kept in ((2, tidy), (2, _unexplained(tidy)), (1, _unexplained(tidy))):
        folded = folding.fold(kept, (width, height), examples=examples)
        printed = [_printed(text, box, width, height) for text, box in folded]
        room = _affordable(printed, limit)
        if room == len(printed):
            break
    if room < len(printed):
        printed = [*printed[: room - 1], f"... {len(printed) - room + 1} more lines"]
    return "\n".join(printed).lower()


def _unexplained(lines: Sequence[Line]) -> list[Line]:
    """The lines without whole sentences: what helps a person to fill in a field says little of the field."""
    return [line for line in lines if not re.fullmatch(r"[^\W\d_].*\s.*\s.*[.!?]", line.text)]


def _affordable(printed: Sequence[str], limit: int) -> int:
    """How many of the lines fit into `limit` lines and BUDGET pieces."""
    spent = 0
    for number, line in enumerate(printed[:limit]):
        spent += pieces(line)
        if spent > BUDGET:
            return number
    return min(len(printed), limit)


def pieces(line: str) -> int:
    """About how many tokens a line costs: a digit and a sign are one each, a word one for every three letters begun."""
    line = re.sub(r"^\d+,\d+ ", "", line)  # the position is one
    words = re.findall(r"[^\W\d_]+", line)
    return len(re.findall(r"[\d_]|[^\w\s]", line)) + sum(-(-len(word) // 3) for word in words) + 1


def noisy(lines: Sequence[Line], rng: Random, *, strength: float = 1.0) -> tuple[Line, ...]:
    """A browser's lines as the OCR reads them: boxes grown, neighbours joined, icons taken for letters, some misread.

    The rates at strength 1 are those of the shipped screens; at 0 the lines are merely put in order.
    """
    out: list[Line] = []
    for row in folding.rows(list(lines)):
        last: Line | None = None  # the line before, as the browser set it
        for line in row:
            if rng.random() < strength * MISSED.get(min(len(line.text), 3), 0.002):
                continue
            seen = _seen(line, rng, strength)
            gap = (line.box[0] - last.box[2]) / max(1, line.box[3] - line.box[1]) if last else math.inf
            if rng.random() < strength * next((share for wide, share in JOINED if gap < wide), 0.0):
                before = out.pop()
                between = " " if rng.random() < 0.9 else ""
                seen = Line(f"{before.text}{between}{seen.text}", folding.around((before.box, seen.box)), 0.9)
            elif rng.random() < strength * ICONS:
                x0, y0, _, y1 = seen.box
                out.append(Line(rng.choice(ICON), (max(0, x0 - 2 * (y1 - y0)), y0, max(0, x0 - y1 + y0), y1), 0.6))
            out.append(seen)
            last = line
    return tuple(out)


def _seen(line: Line, rng: Random, strength: float) -> Line:
    text = line.text
    chance, misread = rng.random(), strength * MISREAD.get(min(len(text), 3), 0.012)
    if chance < misread:
        text = _misread(text, rng)
    elif chance < misread + strength * LETTERS:
        text = f"{rng.choice(ICON)}{rng.choice((' ', ' ', ''))}{text}"
    x0, y0, x1, y1 = line.box
    left, top, right, low = (round(strength * (y1 - y0) * rng.uniform(*grown)) for grown in GROWN)
    return Line(text, (max(0, x0 - left), max(0, y0 - top), x1 + right, y1 + low), line.score)


def read_beside_others() -> None:
    """Give the calling thread an OCR of its own, on one CPU: two such take 0.97 s a screen, one on two CPUs takes 1.05."""
    _OWN.engine = _started(1)


@lru_cache(maxsize=1)
def _engine(threads: int) -> Any:
    return _started(threads)


def _started(threads: int) -> Any:
    from rapidocr import RapidOCR

    settings: dict[str, Any] = {"Global.log_level": "critical", "Global.use_cls": False}  # no screen is upside down
    settings |= {"Rec.rec_img_shape": [3, 48, NARROWEST], "Rec.rec_batch_num": BATCH}
    if threads < 0 and hasattr(os, "sched_getaffinity"):
        # onnxruntime counts the machine's: two threads that wait for each other on one CPU took 10.5 s of it and one 6.7
        threads = len(os.sched_getaffinity(0))
    engine = RapidOCR(params=settings | {"EngineConfig.onnxruntime.intra_op_num_threads": threads})
    logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
    return engine


def _upright(corners: Any) -> Box:
    xs, ys = [float(corner[0]) for corner in corners], [float(corner[1]) for corner in corners]
    return round(min(xs)), round(min(ys)), round(max(xs)), round(max(ys))


def _tidy(text: str) -> str:
    """One line of printable text: control characters and repeated blanks would break the prompt's format."""
    return re.sub(r"\s+", " ", "".join(letter if letter.isprintable() else " " for letter in text)).strip()


def _plain(text: str) -> str:
    """The text in plain letters and without the icon that an OCR takes for one: `☆Reviews`, `+ Add`, `Q Search...`, `口`."""
    text = _tidy(text).translate(PLAIN)
    text = re.sub(r"^[^\w\s$€£¥₹+\-(#\"'@.*/<>]+\s*(?=[^\W\d_])", "", text)
    text = re.sub(r"^([+=%&©®] |Q ?(?=Search)|Q (?=Find|Filter))(?=[A-Za-z])", "", text)
    return "" if re.fullmatch(r"[VvQXx\W]|[^\x00-\x7f]", text) and text != "*" else text


def _marked(lines: list[Line]) -> list[Line]:
    """The lines with each asterisk at its label: `Name` and a lone `*` beside it, or `Name*`, are all `Name *`."""
    stars = [line for line in lines if line.text == "*"]
    labels = []
    for line in (line for line in lines if line.text != "*"):
        starred = line.text.endswith("*") or any(folding.neighbours(line.box, star.box) for star in stars)
        labels.append(Line(f"{line.text.rstrip(' *')} *", line.box, line.score) if starred else line)
    return labels


def _printed(text: str, box: Box | None, width: int, height: int) -> str:
    if box is None:
        return text
    row, column = place(box, width, height)
    return f"{row},{column} {text}"


def place(box: Sequence[float], width: int, height: int) -> tuple[int, int]:
    """The row and the column of a box's top-left corner on the coarse grid of a prompt."""
    row, column = int(GRID[0] * box[1] / height), int(GRID[1] * box[0] / width)
    return min(GRID[0] - 1, max(0, row)), min(GRID[1] - 1, max(0, column))


def _misread(text: str, rng: Random) -> str:
    """One letter swapped for a similar one, dropped or doubled; or the blanks lost, as OCR does with tight print."""
    place = rng.randrange(len(text))
    alike = [letter for group in ALIKE if text[place] in group for letter in group if letter != text[place]]
    kind = rng.random()
    if kind < 0.25 and " " in text:
        return text.replace(" ", "", 1)
    if kind < 0.75 and alike:
        return text[:place] + rng.choice(alike) + text[place + 1 :]
    if len(text) > 3 and text[place] != " ":
        return text[:place] + text[place] * rng.choice((0, 2)) + text[place + 1 :]
    return text
