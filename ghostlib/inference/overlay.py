"""A prediction's evidence drawn over its screenshot: where each column was read, and what nothing was read for."""

from collections import defaultdict
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from ghostlib.corpus.picture import open_picture
from ghostlib.inference.evidence import Evidence, Link

SHOWN, UNUSED, INK, PAPER, INVENTED = "#0b6e4f", "#c2410c", "#1f2933", "#f7f8fa", "#b3261e"
LARGEST = 1600  # pixels of the drawing's longer side


def drawn(evidence: Evidence, source: Path | str | bytes) -> Image.Image:
    """The screenshot with a green box and the column's name round every line that became one, an orange one round a label
    that became none; below it, the columns that no line stands for. Raises PictureError for what is no picture.
    """
    screen = open_picture(source)
    scale = min(1.0, LARGEST / max(screen.size))
    screen = screen.resize(
        (max(1, round(screen.width * scale)), max(1, round(screen.height * scale))), Image.Resampling.LANCZOS
    )
    font = ImageFont.load_default(13)
    notes = _notes(evidence)
    wide = max([screen.width, *(round(font.getlength(text)) + 32 for text, _ in notes)])
    sheet = Image.new("RGB", (wide, screen.height + (16 + 22 * len(notes) if notes else 0)), PAPER)
    sheet.paste(screen, (0, 0))
    pen = ImageDraw.Draw(sheet)
    placed: dict[tuple[int, ...], list[Link]] = defaultdict(list)
    for link in evidence.links:
        if link.box:
            placed[link.box].append(link)
    for line in evidence.unused:
        _boxed(pen, line.box, scale, UNUSED, "no column", font)
    for box, links in placed.items():
        _boxed(pen, box, scale, SHOWN, ", ".join(f"{link.table}.{link.column}" for link in links), font)
    for number, (text, colour) in enumerate(notes):
        pen.text((16, screen.height + 10 + 22 * number), text, font=font, fill=colour)
    return sheet


def _notes(evidence: Evidence) -> list[tuple[str, str]]:
    """What has no place on the screenshot, in words with their colour."""
    told = []
    for kind, words, colour in (
        ("convention", "by convention", INK),
        ("invented", "without evidence on the screen", INVENTED),
    ):
        named = [f"{link.table}.{link.column}" for link in evidence.links if link.kind == kind]
        if named:
            told.append((f"{words}: {', '.join(named[:12])}{f' and {len(named) - 12} more' * (len(named) > 12)}", colour))
    return told


def _boxed(pen: ImageDraw.ImageDraw, box: tuple[int, ...], scale: float, colour: str, text: str, font: object) -> None:
    x0, y0, x1, y1 = (round(edge * scale) for edge in box)
    pen.rectangle((x0 - 2, y0 - 1, max(x1, x0) + 2, max(y1, y0) + 1), outline=colour, width=2)
    left, top, right, low = pen.textbbox((0, 0), text, font=font)
    place = (x0 - 2, y0 - (low - top) - 7 if y0 > low - top + 7 else y1 + 2)
    pen.rectangle((place[0], place[1], place[0] + right - left + 6, place[1] + low - top + 6), fill=colour)
    pen.text((place[0] + 3 - left, place[1] + 2 - top), text, font=font, fill="white")
