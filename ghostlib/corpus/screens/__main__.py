"""`python -m ghostlib.corpus.screens`: draws the screens that ship, reads them by OCR, and removes pictures of before.

The seed, the counts and the folder are constants here, so that the shipped data has one origin.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ghostlib.corpus.picture import open_picture
from ghostlib.corpus.reading import Reading, fingerprint, ocr_version
from ghostlib.corpus.records import Screen, save, stored_reading
from ghostlib.corpus.screens.drawing import PLACES, draw

DATA = Path(__file__).resolve().parents[3] / "data"
SEED = 2026
COUNTS = {"train": 132, "validation": 28}


def main() -> None:
    """Draws both splits into `data/` and stores the OCR's reading of each picture; goes on where it was stopped."""
    drawn = {split: draw(count, SEED, DATA, split=split) for split, count in COUNTS.items()}
    for split, screens in reversed(drawn.items()):  # the small split first
        _tidy(screens, DATA / PLACES[split][0])
        read(screens, DATA, split)


def read(screens: Sequence[Screen], root: Path, split: str) -> list[Screen]:
    """The screens with the OCR's reading in each; a reading that holds for the picture is kept. Saves as it goes."""
    from tqdm import tqdm

    done = list(screens)
    try:
        for number, screen in enumerate(tqdm(screens, desc=f"reading ({split})", unit="screen")):
            picture = root / screen.image_path
            lines, _ = stored_reading(screen, picture)
            done[number] = replace(screen, reading=Reading(lines, fingerprint(open_picture(picture)), ocr_version()))
            if number % 8 == 7:
                save(done, root / PLACES[split][1])
    finally:
        save(done, root / PLACES[split][1])
    return done


def _tidy(screens: Sequence[Screen], folder: Path) -> None:
    kept = {Path(screen.image_path).name for screen in screens}
    for picture in folder.glob("*.png"):
        if picture.name not in kept:
            picture.unlink()


if __name__ == "__main__":
    main()
