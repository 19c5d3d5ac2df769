"""A contact sheet: many pictures on one, to be looked at together."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

GAP = 12
GROUND = (58, 62, 70)


def sheet(pictures: "Sequence[Image]", columns: int = 4, *, width: int = 480) -> "Image":
    """The pictures in rows of `columns`, each `width` pixels wide at most and a row as high as its highest.

    A picture higher than one and a half times its place is shown from its top. Raises ValueError without a picture.
    """
    from PIL import Image

    if not pictures:
        raise ValueError("a contact sheet needs at least one picture")
    small = [_fitted(picture, width) for picture in pictures]
    lines = [small[start : start + columns] for start in range(0, len(small), columns)]
    heights = [max(picture.height for picture in line) for line in lines]
    made = Image.new("RGB", (columns * (width + GAP) + GAP, sum(heights) + GAP * (len(lines) + 1)), GROUND)
    top = GAP
    for line, height in zip(lines, heights, strict=True):
        for place, picture in enumerate(line):
            made.paste(picture, (GAP + place * (width + GAP), top))
        top += height + GAP
    return made


def _fitted(picture: "Image", width: int) -> "Image":
    share = min(1.0, width / picture.width)
    seen = picture.convert("RGB").crop((0, 0, picture.width, min(picture.height, int(1.5 * width / share))))
    return seen.resize((max(1, round(seen.width * share)), max(1, round(seen.height * share))))
