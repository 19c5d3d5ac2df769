"""Many screenshots -> one line of JSON each: the next picture is read while the model answers, and a killed run goes on."""

import glob
import hashlib
import json
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ghostlib import tasks
from ghostlib.config import Config
from ghostlib.corpus import picture, reading
from ghostlib.errors import DataError, PictureError
from ghostlib.inference import predict
from ghostlib.inference.backends import Backend
from ghostlib.inference.predict import AS_USUAL, Prediction, Wishes
from ghostlib.models.files import writing
from ghostlib.schemas import server

MOST_READERS = 4


@dataclass(frozen=True)
class Summary:
    """What a run over many pictures came to; `kept` were there already from an earlier one."""

    asked: int
    valid: int
    kept: int
    failed: tuple[str, ...]  # one line each: pictures that could not be used


def named(words: Sequence[str]) -> list[Path]:
    """The pictures that words stand for, each once: a file, a folder's pictures by name, or what a pattern matches.

    Raises PictureError for a folder or a pattern without a picture; a file is opened only when it is read.
    """
    found: dict[Path, None] = {}
    for word in words:
        place = Path(word)
        if place.is_dir():
            found |= dict.fromkeys(picture.files(place))
        elif glob.has_magic(word) and not place.exists():
            matched = sorted(Path(name) for name in glob.glob(word, recursive=True) if Path(name).is_file())
            if not matched:
                raise PictureError(f"{word}: no file matches. Put the pattern in quotes, or name a folder.")
            found |= dict.fromkeys(matched)
        else:
            found[place] = None
    return list(found)


def many(word: str) -> bool:
    """Whether a word stands for several files: a folder or a pattern."""
    return Path(word).is_dir() or (glob.has_magic(word) and not Path(word).exists())


def stream(
    images: Sequence[Path], asked: Backend, config: Config, wishes: Wishes = AS_USUAL
) -> Iterator[tuple[Path, Prediction | PictureError]]:
    """Each picture with its Prediction, or with what is wrong with it, in order; the next ones are read meanwhile."""
    task = tasks.named(config.task)

    def read(image: Path) -> tasks.Example | PictureError:
        try:
            return task.ask(config, image)
        except PictureError as error:
            return error.with_traceback(None)  # a traceback would keep the pixels

    readers = _readers(len(images))
    own = reading.read_beside_others if readers > 1 else None
    pool = ThreadPoolExecutor(readers, thread_name_prefix="reading", initializer=own)
    try:
        ahead = deque(pool.submit(read, image) for image in images[:readers])
        if ahead:
            with server.lease():  # the judge's server takes about a second to start: as long as the first picture is read
                pass
        for number, image in enumerate(images):
            question = ahead.popleft().result()
            if number + readers < len(images):
                ahead.append(pool.submit(read, images[number + readers]))
            if isinstance(question, PictureError):
                yield image, question
            else:
                yield image, predict.answered(question, asked, config, wishes)
    finally:
        pool.shutdown(cancel_futures=True)


def _readers(pictures: int) -> int:
    """How many pictures are read at once: one a CPU and no more than MOST_READERS, each some 250 MB."""
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(pictures, cpus, MOST_READERS))


def run(
    images: Sequence[Path], out: Path, asked: Backend, config: Config, wishes: Wishes = AS_USUAL, *, progress: bool = True
) -> Summary:
    """A line for every picture in the JSON Lines file `out`, as soon as it is answered: the shape of `ghost predict --json`
    with a `key`, or {"image", "error"} for a picture that cannot be used.

    Pictures that `out` has already (same content, model and wishes) are not asked again. Raises DataError for a file that
    is no such list.
    """
    from tqdm import tqdm

    rows = _stored(out)
    wanted = {image: _key(image, asked, config, wishes) for image in images}
    kept = {row["key"]: row for row in rows if "error" not in row}
    open_ones = [image for image in images if wanted[image] not in kept]
    valid = sum(bool(kept[wanted[image]]["valid"]) for image in images if wanted[image] in kept)
    failed = []
    with writing(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        aside = out.with_name(out.name + ".partial")
        aside.write_text("".join(json.dumps(row) + "\n" for row in rows if "error" not in row), encoding="utf-8")
        aside.replace(out)
    with tqdm(total=len(images), initial=len(images) - len(open_ones), unit="screen", disable=not progress) as bar:
        for image, told in stream(open_ones, asked, config, wishes):
            row: dict[str, Any] = {"image": str(image), "key": wanted[image]}
            if isinstance(told, PictureError):
                failed.append(str(told))
                row |= {"error": str(told)}
            else:
                valid += told.valid
                row |= told.as_dict()
            with writing(out), out.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(row) + "\n")
            bar.update()
    return Summary(len(open_ones) - len(failed), valid, len(images) - len(open_ones), tuple(failed))


def _key(image: Path, asked: Backend, config: Config, wishes: Wishes) -> str:
    """What an answer depends on: the file's content, the model, and how it is asked."""
    try:
        content = hashlib.sha256(image.read_bytes() if image.stat().st_size <= picture.MOST_BYTES else b"").hexdigest()
    except (OSError, ValueError):
        content = ""
    parts = [str(image), content, asked.name, _weights(asked), json.dumps(asdict(wishes)), config.data.reading]
    parts += [str(config.data.picture), str(config.generate.max_new_tokens), str(config.model.image_side)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


def _weights(asked: Backend) -> str:
    """The model's name, and the hash of an export's text model: the same name may be another training."""
    from ghostlib.inference import gguf

    facts = gguf.manifest(asked.folder) if asked.folder else None
    return f"{asked.model} {facts['files'][facts['text']]['sha256']}" if facts else asked.model


def _stored(out: Path) -> list[dict[str, Any]]:
    """The rows of an earlier run; a last line that a kill cut off is asked again. Raises DataError for another kind of file."""
    try:
        lines = out.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{out}: cannot be gone on with ({error}). Name another file with --out.") from None
    rows = []
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            whole = isinstance(row["key"], str) and isinstance(row["image"], str) and ("error" in row or "valid" in row)
        except (ValueError, KeyError, TypeError):
            whole = False
        if whole:
            rows.append(row)
        elif number < len(lines):
            raise DataError(f"{out}: line {number} is no prediction of `ghost predict`. Name another file with --out.")
    return rows
