"""The OCR's readings of drawn screens, stored in their records; one process a core, each with one thread.

Measured on ten pictures and two busy cores: two processes of one thread 1.15 s a picture, one process of two threads 2.14 s.
"""

import multiprocessing
import os
import signal
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path

from ghostlib.corpus import reading
from ghostlib.corpus.picture import open_picture
from ghostlib.corpus.reading import Reading
from ghostlib.corpus.records import Screen, picture_file, save

SAVE_EVERY = 20.0  # seconds


def store(
    screens: Sequence[Screen], root: Path | str, file: Path | str, *, jobs: int | None = None, progress: bool = True
) -> list[Screen]:
    """The screens with the OCR's reading in each, saved as `file`; a reading that holds for its picture is kept.

    `root` is the data folder. Saves as it goes: Ctrl-C loses a few seconds of work, and the next call goes on.
    """
    from tqdm import tqdm

    done = list(screens)
    waiting = [number for number, screen in enumerate(done) if not _holds(screen, Path(root))]
    if not waiting:
        return done
    # A fork would inherit the threads of whoever drew before; and the children leave Ctrl-C to this process.
    processes = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs or os.cpu_count() or 1, mp_context=processes, initializer=_prepare)
    saved = time.monotonic()
    try:
        asked = {pool.submit(_read, picture_file(done[number], root)): number for number in waiting}
        for future in tqdm(as_completed(asked), total=len(asked), desc="reading", unit="screen", disable=not progress):
            number = asked[future]
            done[number] = replace(done[number], reading=future.result())
            if time.monotonic() - saved > SAVE_EVERY:
                save(done, file)
                saved = time.monotonic()
    except BaseException:
        for process in multiprocessing.active_children():  # else a stop waits for pictures that nobody wants any more
            process.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        save(done, file)
    return done


def _prepare() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _read(picture: Path) -> Reading:
    return reading.reading(open_picture(picture), threads=1)


def _holds(screen: Screen, root: Path) -> bool:
    kept = screen.reading
    if kept is None or kept.ocr != reading.ocr_version():
        return False
    return kept.picture == reading.fingerprint(open_picture(picture_file(screen, root)))
