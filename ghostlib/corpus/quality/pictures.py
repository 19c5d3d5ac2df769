"""The gates on pictures: there, whole, with something on them, and no two nearly the same."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageStat

from ghostlib.corpus.picture import open_picture
from ghostlib.corpus.quality.findings import Case, Finding, Record, Reject
from ghostlib.corpus.records import Screen, picture_file
from ghostlib.errors import DataError

LEAST_SIDE = 160  # pixels; nothing with a field and a label is smaller
FLAT = 2.0  # standard deviation of the grey values below which a picture is one colour
HASH = 16  # a perceptual hash of 16 x 16 bits
# Of the first 160 drawn screens any two were 14 bits apart or more; their copies as a JPEG of quality 60 or in half size at
# most 8. Two short forms of one look come near, so where both screens' words are known half of them must agree too.
NEAR = 10
SAME_WORDS = 0.5
ENOUGH = 4  # twins of one picture that are compared by their words
MANY = 1000  # so many pictures are opened only where the labels passed: they take 40 ms each


@dataclass(frozen=True)
class _Seen:
    """One picture that was opened: its hash as bits, or what is wrong with it."""

    row: int
    bits: Any = None
    wrong: str = ""


def gates(case: Case, *, worth_it: bool) -> list[tuple[Finding, list[Reject]]]:
    """The findings on missing, unusable and twin pictures; without `worth_it` a great many are not opened at all."""
    there, missing = _found(case)
    named = ", ".join(case.records[row - 1].image_path for row in missing[:3])  # one line, however many there are
    text = f"{len(missing)} of {len(case.screens)} pictures are not there" + (f": {named}" if missing else "")
    results: list[tuple[Finding, list[Reject]]] = [(Finding("missing", not missing, text[:300]), [])]
    if len(there) > MANY and not worth_it:
        return [*results, (Finding("picture", False, f"{len(there)} pictures not opened: the labels must be mended first"), [])]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:  # decoding and hashing leave Python's lock
        seen = list(pool.map(lambda item: _look(*item), there.items()))
    wrong = [case.reject(one.row, "picture", one.wrong) for one in seen if one.wrong]
    text = f"{len(seen) - len(wrong)} of {len(seen)} pictures decode and show something"
    return [*results, (Finding("picture", not wrong, text), wrong), _twins(case, [one for one in seen if not one.wrong])]


def _found(case: Case) -> tuple[dict[int, Path], list[int]]:
    there, missing = {}, []
    for row, screen in case.screens:
        try:
            file = picture_file(screen, case.root or Path())
        except DataError:  # remote, or outside the data folder
            missing.append(row)
            continue
        if file.is_file():
            there[row] = file
        else:
            missing.append(row)
    return there, missing


def _look(row: int, file: Path) -> _Seen:
    import imagehash

    try:
        image = open_picture(file)
    except DataError as error:
        return _Seen(row, wrong=str(error))
    if wrong := flaw(image):
        return _Seen(row, wrong=wrong)
    return _Seen(row, bits=imagehash.phash(image, hash_size=HASH).hash.flatten())


def flaw(image: Image.Image) -> str:
    """Why a picture can be no example: too small to show a field, or of one colour; "" where it can be one."""
    if min(image.size) < LEAST_SIDE:
        return f"tiny, {image.width} x {image.height} pixels"
    return "blank, one colour" if max(ImageStat.Stat(image.convert("L")).stddev) < FLAT else ""


def _twins(case: Case, seen: list[_Seen]) -> tuple[Finding, list[Reject]]:
    """Each picture that nearly is an earlier one; a training picture never is one of the validation's."""
    rejects: list[Reject] = []
    across = 0
    for row, earlier in _near(case, seen):
        mine = case.records[row - 1]
        twins = [other for one in earlier if _same_words(mine, other := case.records[one - 1])]
        if twins:
            away = [twin for twin in twins if twin.split != mine.split]
            across += bool(away)
            where = f", in {away[0].split}" if away else ""
            named = (away or twins)[0]
            rejects.append(case.reject(row, "twin", f"nearly the same picture as {_path(named)}{where}"))
    text = f"{len(rejects)} of {len(seen)} pictures nearly are an earlier one, {across} of them one of another split"
    return Finding("twin", not rejects, text), rejects


def _near(case: Case, seen: list[_Seen]) -> Iterator[tuple[int, list[int]]]:
    """Every row with earlier rows whose pictures are at most NEAR bits apart, a few of them, other splits' first.

    By products of matrices: 5,000 pictures take a second, also where all are the same.
    """
    import numpy as np

    if len(seen) < 2:
        return
    signs = np.where(np.stack([one.bits for one in seen]), 1.0, -1.0).astype(np.float32)
    splits = np.array([case.records[one.row - 1].split for one in seen])
    for start in range(0, len(seen), 1000):
        apart = (HASH * HASH - signs[start : start + 1000] @ signs.T) / 2
        for place, distances in enumerate(apart, start):
            found = np.flatnonzero(distances[:place] <= NEAR)
            if len(found):
                away = splits[found] != splits[place]
                few = [*found[away][:ENOUGH], *found[~away][:ENOUGH]]
                yield seen[place].row, [seen[one].row for one in few]


def _path(record: Record) -> str:
    return record.image_path if isinstance(record, Screen) else ""


def _same_words(one: Record, other: Record) -> bool:
    first, second = (
        {line.text for line in (screen.reading or screen).lines} if isinstance(screen, Screen) else set()
        for screen in (one, other)
    )
    return not first or not second or len(first & second) >= SAME_WORDS * min(len(first), len(second))
