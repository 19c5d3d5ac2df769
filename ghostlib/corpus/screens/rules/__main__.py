"""`python -m ghostlib.corpus.screens.rules`: writes docs/reading_a_screen.md and the pictures of its rules."""

import io
from pathlib import Path

from ghostlib.corpus.screens import browser, pages
from ghostlib.corpus.screens.looks import LOOKS
from ghostlib.corpus.screens.rules import RULES, document, slug

DOCS = Path(__file__).resolve().parents[4] / "docs"
COLOURS = 48


def main() -> None:
    """Writes the document, then draws a picture for each rule."""
    from PIL import Image

    (DOCS / "reading_a_screen.md").write_text(document(), encoding="utf-8")
    folder = DOCS / "pictures" / "reading"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    with browser.opened() as running:
        for rule in RULES:
            drawn = running.draw(pages.crop(rule.plan, LOOKS["harbor"], width=rule.width), (rule.width, 60))
            image = Image.open(io.BytesIO(drawn.png)).convert("RGB")
            image.quantize(COLOURS, dither=Image.Dither.NONE).save(folder / f"{slug(rule)}.png", optimize=True)


if __name__ == "__main__":
    main()
