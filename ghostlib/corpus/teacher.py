"""Gemini as teacher: it drafts the schema of a real screenshot, PostgreSQL and the gates accept or correct it, and only then
it is kept.

Every answer is written to a cache at once, so that a killed run, started again, repeats no call.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from PIL import Image

from ghostlib.corpus import gemini, quality
from ghostlib.corpus.gemini import Answer, Busy
from ghostlib.corpus.picture import open_picture
from ghostlib.corpus.reading import Reading, fingerprint, ocr_version, reading
from ghostlib.corpus.records import Screen, read_screens, save, write_atomically
from ghostlib.corpus.teaching import briefing
from ghostlib.corpus.teaching.answers import Answers
from ghostlib.corpus.teaching.asking import ATTEMPTS, Asking
from ghostlib.corpus.teaching.draft import Trouble
from ghostlib.corpus.teaching.examining import examine
from ghostlib.corpus.teaching.ledger import Ledger, Limits, Spent
from ghostlib.errors import PictureError, QuotaError, TeacherError

__all__ = ["ATTEMPTS", "REASONS", "Reject", "Settings", "Tally", "Teacher", "label", "places"]

REPAIRS = 2  # rounds in which the teacher sees what is wrong
IN_A_ROW = 3  # pictures without an answer that end the run: the service is down
UNNAMEABLE = "\\:"  # signs that a record's path may not hold; "Screenshot 10:30.png" gets a copy
OFTEN = 5.0  # seconds between two writings of the records; what a kill takes of them is in the cache
REASONS = {
    "picture": "no picture, or one that shows nothing; no call was spent",
    "twin": "the same picture as an earlier one; no call was spent",
    "unanswered": "no answer this time; the next run asks again",
    "blocked": "Gemini would not answer",
    "no_data": "the teacher sees no records and no fields",
    "answer": "no JSON of the agreed shape",
    "sql": "PostgreSQL does not create it",
    "dialect": "written for another database",
    "visible": "a column without words on the screen",
    "columns": "words on the screen for a column that the schema lacks",
    "stub": "a page that shows no data",
    "collapse": "one label on too many pictures",
}


class Settings(gemini.Settings, Limits, Protocol):
    """What is needed of the profile's `teacher` section."""

    @property
    def model(self) -> str: ...


@dataclass(frozen=True)
class Reject:
    """A picture without a record; `reason` is one of REASONS."""

    picture: str
    reason: str
    detail: str


@dataclass
class Tally:
    """What a run has done: its records and rejects, and what it spent (what came from the cache costs nothing)."""

    records: list[Screen] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    spent: Spent = field(default_factory=Spent)

    @property
    def calls(self) -> int:
        """Calls that were made, those without an answer included."""
        return self.spent.calls

    @property
    def tokens(self) -> int:
        """Tokens of questions and answers."""
        return self.spent.tokens_in + self.spent.tokens_out

    @property
    def reasons(self) -> dict[str, int]:
        """How many rejects have which reason, the most frequent first."""
        return dict(Counter(reject.reason for reject in self.rejects).most_common())


def label(
    pictures: Sequence[Path],
    out: Path,
    *,
    settings: Settings,
    key: str,
    progress: bool = True,
    sleep: Callable[[float], None] = time.sleep,
) -> Tally:
    """Labels the pictures with Gemini; hands back the records that PostgreSQL created, and every reject with its reason.

    `out` (JSON) gets the records, joined to those already there; beside it stand `rejects.jsonl` (this run's) and the folder
    `<stem>_answers`, the cache and the list of calls. Raises QuotaError when the day's quota ends and TeacherError when the
    service cannot be used; everything done until then is saved. The key is never written anywhere.
    """
    from tqdm import tqdm

    key = gemini.sound(key)
    answers, ledger = places(out, settings, key)
    asking = Asking(gemini.connect(settings, key, shape=briefing.shape()), ledger, sleep)
    known = {record.image_path: record for record in read_screens(out)} if out.exists() else {}
    teacher = Teacher(asking, answers, ledger, (one.reading for one in known.values()), secret=key)
    tally, saved, silent = Tally(), Saved(out, known), 0
    bar = tqdm(pictures, desc="teacher", unit="picture", disable=not progress)
    try:
        for path in bar:
            reason = _one(teacher, Path(path), out.parent, tally, saved)
            tally.spent = ledger.spent
            bar.set_postfix_str(_told(tally, settings))
            silent = silent + 1 if reason == "unanswered" else 0
            if silent == IN_A_ROW:
                why = tally.rejects[-1].detail
                raise TeacherError(f"Gemini left {IN_A_ROW} pictures in a row unanswered ({why}). Try again later.")
    except QuotaError as error:
        done = f"{len(tally.records)} of {len(pictures)} pictures have a record in {out}"
        raise QuotaError(f"{error} {done}; the same command goes on from there and asks for no answer twice.") from None
    finally:
        tally.spent = ledger.spent
        saved.now(tally)
    _together(tally, saved)
    return tally


def places(out: Path, settings: Settings, key: str = "") -> tuple[Answers, Ledger]:
    """The cache and the ledger that belong to a file of records."""
    folder = out.with_name(f"{out.stem}_answers")
    return Answers(folder, settings.model, key), Ledger(folder / "calls.jsonl", settings)


class Teacher:
    """One picture after the other to a record or what is wrong with it.

    `fetch` is asked for what the cache lacks; `readings` are such as are known, so that no picture is read twice.
    """

    def __init__(
        self,
        fetch: Callable[[str, Image.Image], Answer | Busy],
        answers: Answers,
        ledger: Ledger,
        readings: Iterable[Reading | None] = (),
        *,
        secret: str = "",
    ) -> None:
        self.fetch, self.answers, self.ledger, self.secret = fetch, answers, ledger, secret
        self.readings = {one.picture: one for one in readings if one is not None and one.ocr == ocr_version()}
        self.seen: dict[str, str] = {}

    def open(self, path: Path) -> Image.Image | Trouble:
        """The picture, or why no call is to be spent on it."""
        try:
            picture = open_picture(path)
        except PictureError as error:
            return Trouble("picture", str(error), final=True)
        if wrong := quality.flaw(picture):
            return Trouble("picture", f"{path}: {wrong}", final=True)
        first = self.seen.setdefault(fingerprint(picture), str(path))
        return picture if first == str(path) else Trouble("twin", f"the same picture as {first}", final=True)

    def screen(self, picture: Image.Image) -> Screen | Trouble:
        """The record of a picture, without its path, after as many repairs as it takes (at most REPAIRS)."""
        prompt = briefing.prompt()
        for repair in range(1, 2 + REPAIRS):
            answer = self.answer(prompt, picture)
            if isinstance(answer, Busy):
                return Trouble("unanswered", answer.why)
            if answer.blocked:
                return Trouble("blocked", answer.blocked)
            found = examine(answer.text, lambda: self.read(picture))
            if isinstance(found, Screen) or found.final:
                return found
            prompt = briefing.repair(answer.text, found.words, repair)
        return found

    def answer(self, prompt: str, picture: Image.Image) -> Answer | Busy:
        """The answer from the cache, else fetched and written there before anything else happens."""
        known = self.answers.find(prompt, picture)
        if known is not None:
            return known
        told = self.fetch(prompt, picture)
        if isinstance(told, Busy):
            return Busy(told.why.replace(self.secret, "***") if self.secret else told.why, told.delay)
        kept = self.answers.keep(prompt, picture, told)
        self.ledger.answered(told)
        return kept

    def read(self, picture: Image.Image) -> Reading:
        """What the OCR reads on a picture, once."""
        name = fingerprint(picture)
        if name not in self.readings:
            self.readings[name] = reading(picture)
        return self.readings[name]


class Saved:
    """The records and rejects on disk, now and then and at the end; `known` are the records of earlier runs too."""

    def __init__(self, out: Path, known: dict[str, Screen]) -> None:
        self.out, self.known, self.last = out, known, time.monotonic()
        self.paths: dict[str, str] = {}  # where the pictures of this run came from

    def at_times(self, tally: Tally) -> None:
        """Writes where the last time is some seconds ago."""
        if time.monotonic() - self.last > OFTEN:
            self.now(tally)

    def now(self, tally: Tally) -> None:
        """Writes the records, where there are any, and the rejects."""
        if self.known or self.out.exists():
            save(list(self.known.values()), self.out)
        rows = [json.dumps(vars(reject), ensure_ascii=False) + "\n" for reject in tally.rejects]
        write_atomically(self.out.with_name("rejects.jsonl"), "".join(rows))
        self.last = time.monotonic()


def _one(teacher: Teacher, path: Path, folder: Path, tally: Tally, saved: Saved) -> str:
    """One picture into the tally; hands back the reason where there is no record."""
    picture = teacher.open(path)
    found = picture if isinstance(picture, Trouble) else teacher.screen(picture)
    if isinstance(found, Trouble):
        tally.rejects.append(Reject(str(path), found.reason, _shown(found.words, teacher.secret)))
    elif isinstance(picture, Image.Image):
        record = replace(found, image_path=_kept(path, picture, folder))
        tally.records.append(record)
        saved.known[record.image_path] = record
        saved.paths[record.image_path] = str(path)
    saved.at_times(tally)
    return "" if isinstance(found, Screen) else found.reason


def _shown(words: str, secret: str) -> str:
    """Words for the rejects file: one line, without the key."""
    words = words.replace(secret, "***") if secret else words
    return " ".join(words.encode("utf-8", "replace").decode().split())


def _together(tally: Tally, saved: Saved) -> None:
    """All records together through the gates: a label that stands on too many pictures is a stub, whoever wrote it."""
    records = list(saved.known.values())
    found = quality.check(records).rejects if records else ()
    stubs = {one.name: one.detail for one in found if one.reason == "collapse" and one.name in saved.paths}
    if stubs:
        tally.rejects += [Reject(saved.paths[name], "collapse", detail) for name, detail in stubs.items()]
        tally.records = [record for record in tally.records if record.image_path not in stubs]
        saved.known = {name: record for name, record in saved.known.items() if name not in stubs}
        saved.now(tally)


def _told(tally: Tally, settings: Settings) -> str:
    """What the bar shows: rejects, calls, tokens, and dollars where the prices are set."""
    spent = tally.spent
    cost = f", ${spent.dollars:.4f}" if settings.price_in or settings.price_out else ""
    return f"{len(tally.rejects)} rejects, {spent.calls} calls, {tally.tokens:,} tokens{cost}"


def _kept(path: Path, picture: Image.Image, folder: Path) -> str:
    """The picture's path below the records' folder; a picture from elsewhere is copied there, without its metadata."""
    folder, place = folder.resolve(), path.resolve()
    if place.is_relative_to(folder) and not set(place.relative_to(folder).as_posix()) & set(UNNAMEABLE):
        return place.relative_to(folder).as_posix()
    copy = folder / "teacher_screenshots" / f"{fingerprint(picture)[:16]}.png"
    if not copy.exists():
        copy.parent.mkdir(parents=True, exist_ok=True)
        whole = copy.with_suffix(".tmp")
        picture.save(whole, "PNG")
        whole.replace(copy)
    return copy.relative_to(folder).as_posix()
