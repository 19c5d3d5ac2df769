"""A run of the teacher with every fault of a service mixed in, a day's quota that ends, and three kills: nothing is lost,
nothing is paid for twice. `make soak` runs 200 pictures, `make test` a twentieth; docs/results/soak.md has the dated result."""

import json
import os
import random
import re
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import gemini_server as gemini
import pytest
from lessons import DANGLING, KEY, MYSQL, SQL, UNSEEN, draw, said
from PIL import Image

from ghostlib.config import TeacherSettings
from ghostlib.corpus.picture import files, open_picture
from ghostlib.corpus.reading import fingerprint
from ghostlib.corpus.records import read_screens
from ghostlib.corpus.teaching.answers import Answers

TESTS = Path(__file__).resolve().parent
GOOD = "good"
# what the teacher says, one answer a round; the last element says how the picture ends
STORIES = {
    GOOD: ("good",),
    "chatter": ("chatter",),
    "mysql": ("mysql", "good"),
    "dangling": ("dangling", "good"),
    "invented": ("unseen", "mysql", "good"),
    "half": ("half", "good"),
    "refused": ("words", "good"),
    "enormous": ("enormous", "good"),
    "stays mysql": ("mysql", "dangling", "mysql"),
    "stays invented": ("unseen", "unseen", "unseen"),
    "no data": ("no data",),
    "safety": ("safety",),
    "recitation": ("recitation",),
}
ENDS = {
    "stays mysql": "sql",
    "stays invented": "visible",
    "no data": "no_data",
    "safety": "blocked",
    "recitation": "blocked",
}
FAULTS = ("429 delay", "429", "500", "503", "dropped", "half sent", "page", "empty", "drip")


class Service:
    """What the stand-in says: the story of each picture by its round, and before each answer the faults planned for it."""

    def __init__(self, pictures, answers, *, megabytes, seed=7):
        rng = random.Random(seed)
        stories = [*STORIES, *rng.choices([GOOD, "chatter", "mysql", "dangling", "half", "no data"], k=len(pictures))]
        self.story = {name: story for name, story in zip(pictures, stories, strict=False)}
        self.number = {name: number for number, name in enumerate(self.story)}
        self.megabytes, self.answers = megabytes, answers
        self.faults, faults = defaultdict(list), [*FAULTS]
        for name, story in self.story.items():
            for turn in range(len(STORIES[story])):
                for _ in range(rng.choice((0, 0, 1, 2))):
                    slow = rng.random() < 0.03
                    self.faults[name, turn].append(faults.pop() if faults else "drip" if slow else rng.choice(FAULTS[:-1]))
        self.least = sum(len(STORIES[story]) for story in self.story.values()) + sum(map(len, self.faults.values()))
        self.quota_at, self.kills = self.least // 2, {}
        self.calls, self.ends_of_day, self.twice, self.happened = 0, 0, [], Counter()

    def __call__(self, asked):
        """The reply to one request; a kill that is due happens now."""
        picture = open_picture(asked["picture"])
        name, turn = fingerprint(picture), int((re.findall(r"\nCorrection (\d):", asked["prompt"]) or [0])[-1])
        self.calls += 1
        if self.answers.find(asked["prompt"], picture) is not None:
            self.twice.append(name)
        if self.calls in self.kills:
            self.kills.pop(self.calls)()
        if self.calls >= self.quota_at and not self.ends_of_day:
            self.ends_of_day += 1
            return gemini.a_day_is_over()
        if self.faults[name, turn]:
            fault = self.faults[name, turn].pop()
            self.happened[fault] += 1
            return trouble(fault)
        said_so = STORIES[self.story[name]][turn]
        self.happened[said_so] += 1
        return self.own(words(said_so, self.megabytes), name)

    def own(self, reply, name):
        """The reply with a table of this picture's own: one label on all of them would be no dataset."""
        return replace(reply, body=reply.body.replace(b"customers", self.table(name).encode()))

    def table(self, name):
        return f"customers_of_{self.number[name]}"


def trouble(fault):
    whole = gemini.text(said())
    return {
        "429 delay": lambda: gemini.too_many("0.2s"),
        "429": gemini.too_many,
        "500": lambda: gemini.failure(500, KEY),
        "503": lambda: gemini.failure(503),
        "dropped": gemini.dropped,
        "half sent": lambda: gemini.halved(whole),
        "page": gemini.page,
        "empty": lambda: gemini.Reply(200, "application/json", b""),
        "drip": lambda: gemini.dripping(whole),
    }[fault]()


def words(kind, megabytes):
    return {
        "good": lambda: gemini.text(said()),
        "chatter": lambda: gemini.text(f"Here {{it}} is:\n```json\n{said()}\n```\n{KEY}"),
        "mysql": lambda: gemini.text(said(MYSQL)),
        "dangling": lambda: gemini.text(said(DANGLING)),
        "unseen": lambda: gemini.text(said(UNSEEN, ("shoe_size", "Shoe size"))),
        "half": lambda: gemini.text(said()[:150], "MAX_TOKENS"),
        "words": lambda: gemini.text("I am sorry, I cannot."),
        "enormous": lambda: gemini.enormous(megabytes),
        "no data": lambda: gemini.text(said(no_data=True)),
        "safety": gemini.blocked,
        "recitation": gemini.silenced,
    }[kind]()


class Run:
    """The teacher in processes of its own, started again and again until it ends by itself."""

    def __init__(self, folder, out, server, timeout):
        self.words = [str(folder), str(out), server.url]
        self.timeout, self.said, self.ends, self.process = timeout, [], [], None
        self.environment = os.environ | {"GHOST_OUTPUT": str(out.parent), "PYTHONPATH": str(TESTS.parent)}

    def start(self, fault, sdk):
        told = [sys.executable, str(TESTS / "mortal_teacher.py"), fault, *self.words, sdk, str(self.timeout)]
        self.process = subprocess.Popen(
            told, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=self.environment, cwd=TESTS
        )
        self.said.append(self.process.communicate(timeout=3000)[0])
        self.ends.append(self.process.returncode)

    def kill_soon(self, seconds=0.0):
        threading.Timer(seconds, self.process.kill).start()


def folder_of(tmp_path, count):
    folder = tmp_path / "shots"
    folder.mkdir()
    for number in range(count):
        draw(folder / f"{number:03}.png", f"Customer {number}")
    for name, data in {"a.png": b"", "b.png": b"%PDF-1.7", "c.jpg": (folder / "000.png").read_bytes()[:99]}.items():
        (folder / f"bad-{name}").write_bytes(data)
    Image.new("RGB", (300, 300), "navy").save(folder / "bad-d.png")
    Image.open(folder / "001.png").save(folder / "twin.png", compress_level=0)
    return folder


@pytest.mark.parametrize(("count", "kills", "megabytes"), [(10, 1, 1), pytest.param(200, 3, 50, marks=pytest.mark.soak)])
def test_with_every_fault_and_kills_each_picture_ends_once_and_is_paid_for_once(tmp_path, count, kills, megabytes):
    started = time.monotonic()
    folder, out = folder_of(tmp_path, count), tmp_path / "data" / "real.json"
    shots = {fingerprint(open_picture(file)): file for file in sorted(folder.glob("[0-9]*.png"))}
    service = Service(shots, Answers(out.with_name("real_answers"), TeacherSettings().model), megabytes=megabytes)
    with gemini.running() as server:
        server.answer = service
        run = Run(folder, out, server, timeout=2.0 if kills == 1 else 20.0)
        if kills > 1:
            service.kills[service.least // 5] = run.kill_soon  # while the answer is on its way
            run.start("none", "google-generativeai")
            run.start("file:29", "google-genai")  # between two steps of writing a file
        service.kills[service.calls + service.least // 6] = lambda: run.kill_soon(0.02)  # while it is examined or written
        run.start("none", "google-generativeai")
        while run.ends[-1] != 0 and len(run.ends) < 6:
            run.start("none", "google-genai")
    assert run.ends.count(-9) == kills and run.ends.count(2) == 1 and run.ends[-1] == 0, (run.ends, run.said[-1][-2000:])
    records = {fingerprint(open_picture(out.parent / record.image_path)): record for record in read_screens(out)}
    rejects = [json.loads(line) for line in out.with_name("rejects.jsonl").read_text().splitlines()]
    expected = {name: ENDS.get(story, "") for name, story in service.story.items()}
    assert set(records) == {name for name, reason in expected.items() if not reason}
    told = {reject["picture"]: reject["reason"] for reject in rejects}
    assert len(told) == len(rejects) == 5 + sum(map(bool, expected.values()))
    for name, reason in expected.items():
        assert told.get(str(shots[name]), "") == reason, service.story[name]
    assert sorted(told[str(file)] for file in files(folder) if not file.stem.isdigit()) == ["picture"] * 4 + ["twin"]
    for name, record in records.items():
        assert record.output == SQL.replace("customers", service.table(name)) and record.reading.picture == name
    assert service.twice == [], "asked again for an answer that was on disk"
    assert service.least + 1 <= service.calls <= service.least + 1 + kills, (
        "the least, the one that met the day's end, the killed"
    )
    assert set(FAULTS) <= set(service.happened) or count < 20
    assert set(STORIES) <= set(service.story.values()) or count < 20
    ledger = [json.loads(line) for line in (out.with_name("real_answers") / "calls.jsonl").read_text().splitlines()]
    assert sum("asked" in row for row in ledger) == service.calls
    for file in out.parent.rglob("*"):
        assert not file.is_file() or KEY.encode() not in file.read_bytes(), file
    assert KEY not in "".join(run.said) and len(list(out.parent.rglob("*.tmp"))) <= kills
    print(
        f"\n{count} pictures, {len(records)} records, {len(rejects)} rejects, {service.calls} calls (least {service.least}), "
        f"{sum(service.happened[fault] for fault in FAULTS)} faults, ends {run.ends}, {time.monotonic() - started:.0f} s"
    )
