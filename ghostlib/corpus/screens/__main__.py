"""`python -m ghostlib.corpus.screens`: draws the screens that ship, reads them by OCR, and removes pictures of before.

The seed, the counts and the folder are constants here, so that the shipped data has one origin.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from ghostlib.corpus.records import Screen, save
from ghostlib.corpus.screens import readings
from ghostlib.corpus.screens.drawing import JOBS, PLACES, draw

DATA = Path(__file__).resolve().parents[3] / "data"
SEED = 2026
COUNTS = {"train": 420, "validation": 156}


def main() -> None:
    """Draws both splits into `data/` and stores the OCR's reading of each picture; goes on where it was stopped."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, help="processes that read; without it one a core")
    jobs = parser.parse_args().jobs
    drawn = {split: draw(count, SEED, DATA, split=split, jobs=jobs or JOBS) for split, count in COUNTS.items()}
    for split, screens in reversed(drawn.items()):  # the small split first
        folder, file = PLACES[split]
        tidy(screens, DATA / folder)
        save(screens, DATA / file)  # these and no other
        readings.store(screens, DATA, DATA / file, jobs=jobs)


def tidy(screens: Sequence[Screen], folder: Path) -> None:
    """Removes the pictures in a folder that belong to none of the screens."""
    kept = {Path(screen.image_path).name for screen in screens}
    for picture in folder.glob("*.png"):
        if picture.name not in kept:
            picture.unlink()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit("stopped; what was finished is kept, and the same command goes on from there") from None
