"""What the OCR does to a browser's text on the shipped training screens, and whether `reading.noisy` does the same.

Every rate stands twice: measured on the stored readings, and on the noise that nano is trained with (`make bench`).
"""

import random
from collections import Counter
from collections.abc import Sequence
from statistics import mean

from ghostlib import config
from ghostlib.corpus import folding, reading, records
from ghostlib.corpus.reading import Line

GAPS = ((0.0, 0.9), (0.9, 1.6), (1.6, 3.0), (3.0, 9.0))  # between neighbours, in heights


def test_the_noise_beside_the_ocr():
    screens = [row for row in records.read_screens(config.root() / "data" / "dataset_vision.json") if row.reading]
    rng = random.Random(1)
    real = rates([(row.lines, row.reading.lines) for row in screens])
    ours = rates([(row.lines, reading.noisy(row.lines, rng)) for row in screens])
    print(f"\n{len(screens)} screens, {sum(len(row.lines) for row in screens)} lines of text")
    print("| | OCR | noise |\n|---|---|---|")
    for name in real:
        print(f"| {name} | {real[name]:.3f} | {ours[name]:.3f} |")


def rates(pairs: Sequence[tuple[Sequence[Line], Sequence[Line]]]) -> dict[str, float]:
    """Shares of lines (or of neighbours) that something befell, and the mean growth of a box in heights."""
    told: Counter[str] = Counter()
    grown: dict[str, list[float]] = {side: [] for side in ("left", "top", "right", "bottom")}
    for lines, read in pairs:
        found = [_reader(line, read) for line in lines]
        owners = Counter(place for place in found if place is not None)
        told["lines"] += len(lines)
        told["read"] += len(read)
        told["alone"] += sum(place not in owners for place in range(len(read)))
        for line, place in zip(lines, found, strict=True):
            short = "1" if len(line.text) == 1 else "2" if len(line.text) == 2 else "more"
            told[f"of {short}"] += 1
            told[f"missed of {short}"] += place is None
            if place is not None and owners[place] == 1:
                told["single"] += 1
                told["exact"] += read[place].text == line.text
                told["begun"] += read[place].text != line.text and read[place].text.endswith(line.text)
                _measure(line, read[place], grown)
        _neighbours(lines, found, told)
    share = {f"missed, {short} letter(s)": told[f"missed of {short}"] / told[f"of {short}"] for short in ("1", "2", "more")}
    share |= {"exact": told["exact"] / told["single"], "with a letter before it": told["begun"] / told["single"]}
    share["a line of its own from an icon"] = told["alone"] / told["lines"]
    share |= {f"joined, {low} to {high} heights apart": told[f"joined {low}"] / told[f"gaps {low}"] for low, high in GAPS}
    return share | {f"box wider on the {side}, in heights": mean(values) for side, values in grown.items()}


def _reader(line: Line, read: Sequence[Line]) -> int | None:
    """The place of the read line that covers most of `line`, None where none covers half."""
    best = max(range(len(read)), key=lambda place: _covered(line.box, read[place].box), default=None)
    return best if best is not None and _covered(line.box, read[best].box) >= 0.5 else None


def _covered(inner: reading.Box, outer: reading.Box) -> float:
    wide = min(inner[2], outer[2]) - max(inner[0], outer[0])
    tall = min(inner[3], outer[3]) - max(inner[1], outer[1])
    return max(0, wide) * max(0, tall) / max(1, (inner[2] - inner[0]) * (inner[3] - inner[1]))


def _measure(line: Line, seen: Line, grown: dict[str, list[float]]) -> None:
    tall = max(1, line.box[3] - line.box[1])
    for side, before, after, sign in zip(grown, line.box, seen.box, (-1, -1, 1, 1), strict=True):
        grown[side].append(sign * (after - before) / tall)


def _neighbours(lines: Sequence[Line], found: Sequence[int | None], told: Counter[str]) -> None:
    where = {id(line): place for line, place in zip(lines, found, strict=True)}
    for row in folding.rows(list(lines)):
        for left, right in zip(row, row[1:], strict=False):
            if where[id(left)] is not None and where[id(right)] is not None:
                gap = (right.box[0] - left.box[2]) / max(1, right.box[3] - right.box[1])
                for low, high in GAPS:
                    if low <= gap < high:
                        told[f"gaps {low}"] += 1
                        told[f"joined {low}"] += where[id(left)] == where[id(right)]
