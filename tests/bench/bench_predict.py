"""What an answer costs with the model that ships: llama.cpp beside transformers, a folder beside single calls, from a process's
start to its answer, the parts of a prediction, and what memory does meanwhile. Ratios from one run (`make bench`).

With GHOST_RESULTS=docs/results they are written there as speed.md; GHOST_BENCH_PICTURES says how many pictures (50).
"""

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from statistics import fmean, median

import pytest

from ghostlib import config as configs
from ghostlib import tasks
from ghostlib.corpus import records
from ghostlib.inference import backends, evaluate, export, folder, gguf, parity, predict
from ghostlib.training import memory

PICTURES = int(os.environ.get("GHOST_BENCH_PICTURES", "50"))
COMPARED, STARTS, BLOCK = 8, 5, 25
COMMAND = "GHOST_RESULTS=docs/results pytest tests/bench/bench_predict.py -s"
HEAD = """\
# What a prediction costs, measured

Measured on {day} with `{command}`
on {cores} of a machine that others used too (load {load:.1f} when it began), with {model} ({weights})
and at most {tokens} tokens an answer. Each line is from one run; a ratio's two sides took turns.
A goal is for two idle cores; a model that runs on to the last token pays for it in every line.

| what | measured | goal | |
|---|---|---|---|
"""


@dataclass
class Page:
    """The table of a run: a line a claim, printed at once and written at the end."""

    head: str
    rows: list[str] = field(default_factory=list)

    def tell(self, what, measured, goal="", met=None):
        """`met` None: there is no goal to meet."""
        self.rows.append(f"| {what} | {measured} | {goal} | {'' if met is None else 'met' if met else '**missed**'} |")
        print(f"\n{what}: {measured}" + (f" (goal {goal}: {'met' if met else 'MISSED'})" if goal else ""))


@pytest.fixture(scope="module")
def settings():
    return configs.load("nano", scale="full")


@pytest.fixture(scope="module")
def page(settings):
    asked = backends.opened("gguf", settings)
    facts, cores = gguf.manifest(asked.folder), len(os.sched_getaffinity(0))
    made = Page(
        HEAD.format(
            day=date.today().isoformat(),
            command=COMMAND,
            cores=f"{cores} core{'s' * (cores > 1)}",
            load=os.getloadavg()[0],
            model=asked.model,
            weights=facts["files"][facts["text"]]["sha256"][:16],
            tokens=settings.generate.max_new_tokens,
        )
    )
    yield made
    if place := os.environ.get("GHOST_RESULTS"):
        Path(place, "speed.md").write_text(made.head + "\n".join(made.rows) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def screens(settings):
    """The validation screens, with their stored readings."""
    return tasks.named(settings.task).examples(settings, "vision", "validation")


def watched(asked):
    """The backend, and the seconds and tokens of every answer that it gives."""
    spent = []

    def ask(example, held):
        answer = asked.ask(example, held)
        spent.append((answer.seconds, answer.tokens))
        return answer

    return replace(asked, ask=ask), spent


def test_llama_cpp_beside_transformers_on_the_same_screens(page, settings, screens):
    adapter = parity.shipped(settings)
    if adapter is None:
        pytest.skip("no adapter ships, so transformers has no such model")
    plain = export.plain(settings, adapter, settings.export.merge_onto, progress=False)
    questions = evaluate.sample(screens, COMPARED, seed=settings.seed)
    ways = {name: watched(backends.opened(name, settings, model)) for name, model in (("gguf", None), ("hf", plain))}
    texts = {name: [asked.ask(questions[0], True).text] and [] for name, (asked, _) in ways.items()}  # loads it
    for _, spent in ways.values():
        spent.clear()
    for question in questions:
        for name, (asked, _) in ways.items():
            texts[name].append(asked.ask(question, True).text)
    one, other = ([sum(column) for column in zip(*spent, strict=True)] for _, spent in ways.values())
    same = fmean(a == b for a, b in zip(texts["gguf"], texts["hf"], strict=True))
    page.tell(
        f"GGUF beside transformers, {len(questions)} screens, both held to the grammar",
        f"{other[0] / one[0]:.1f} times as fast ({one[0]:.1f} and {other[0]:.1f} s; {same:.0%} of the texts equal)",
        "3 times",
        other[0] >= 3 * one[0],
    )
    a_token, theirs = one[0] / one[1], other[0] / other[1]
    page.tell(
        "the same by the token, prompt and picture included",
        f"{theirs / a_token:.1f} times ({1000 * a_token:.1f} and {1000 * theirs:.1f} ms)",
        "3 times",
        theirs >= 3 * a_token,
    )


def test_a_folder_beside_single_calls(page, settings, screens, tmp_path):
    pictures = [Path(screen.image) for screen in evaluate.sample(screens, PICTURES, seed=settings.seed)]
    asked, spent = watched(backends.opened("gguf", settings))
    predict.predict(pictures[0], config=settings)  # the OCR, the model and the server are there for both
    single, together, held, worked = [], [], [], time.process_time()
    for number in range(0, len(pictures), BLOCK):
        some = pictures[number : number + BLOCK]
        started = time.perf_counter()
        for image in some:
            predict.predict(image, config=settings)
        single.append(time.perf_counter() - started)
        started = time.perf_counter()
        folder.run(some, tmp_path / f"{number}.jsonl", asked, settings, progress=False)
        together.append(time.perf_counter() - started)
        held.append(1024 * memory.resident())
    worked = (time.process_time() - worked) / 2 / len(pictures)
    model = sum(seconds for seconds, _ in spent)
    rest = sum(single) - model
    page.tell(
        f"{len(pictures)} screens as a folder beside single calls",
        f"{sum(single) / sum(together):.2f} times the rate ({sum(together):.0f} and {sum(single):.0f} s)",
        "1.3 times",
        sum(single) >= 1.3 * sum(together),
    )
    page.tell(
        "of a single call: the model's part, and reading and judging, which a second core can do meanwhile",
        f"{model / len(pictures):.2f} and {rest / len(pictures):.2f} s ({worked:.2f} s of processor time in all)",
    )
    grown = ", ".join(f"{one:.0f}" for one in held)
    page.tell(f"MiB of the process after every {min(BLOCK, PICTURES)} screens of a folder (each was also asked alone)", grown)


def test_from_the_start_of_the_process_to_its_first_answer(page, settings, screens):
    form = next(screen.image for screen in screens if screen.group["archetype"] == "form")
    surroundings = os.environ | {"GHOST_SCALE": "full"}
    told, worked = [], sum(os.times()[2:4])
    for _ in range(STARTS):
        started = time.perf_counter()
        words = [sys.executable, "-m", "ghostlib.cli", "predict", str(form), "--json", "--profile", "nano"]
        done = subprocess.run(words, cwd=configs.root(), env=surroundings, capture_output=True, text=True)
        told.append(time.perf_counter() - started)
        assert done.returncode in (0, 1), done.stderr  # 1: PostgreSQL refused the answer
    page.tell(
        f"`ghost predict` of a form as a new process, median of {STARTS}",
        f"{median(told):.1f} s ({min(told):.1f} to {max(told):.1f}; "
        f"{(sum(os.times()[2:4]) - worked) / STARTS:.1f} s of processor time)",
        "< 8 s",
        median(told) < 8,
    )


def test_the_parts_of_a_prediction(page, settings, screens):
    """Read anew, as a user's picture is."""
    asked, spent = watched(backends.opened("gguf", settings))
    task, parts = tasks.named(settings.task), {}
    forms = [screen for screen in screens if screen.group["archetype"] == "form"][:10]
    sampled = evaluate.sample(screens, 30, seed=settings.seed)
    lines = {row.image_path: len(row.reading.lines) for row in records.read_screens(configs.root() / settings.data.validation)}
    densest = max(screens, key=lambda screen: lines[screen.id])
    for screen in [densest, *{screen.id: screen for screen in [densest, *forms, *sampled]}.values()]:  # the first one loads
        spent.clear()
        started, worked = time.perf_counter(), time.process_time()
        question = task.ask(settings, Path(screen.image))
        read = time.perf_counter() - started
        told = predict.answered(question, asked, settings, start=started)
        work = time.process_time() - worked
        parts[screen.id] = (told.seconds, read, sum(seconds for seconds, _ in spent), spent[0][0], work)
    _tell_parts(page, [parts[one.id] for one in sampled], [parts[one.id] for one in forms], parts[densest.id])


def _tell_parts(page, sampled, forms, densest):
    def middle(rows, place):
        return median(row[place] for row in rows)

    page.tell(
        f"the model's part, {len(sampled)} screens of every kind",
        f"median {middle(sampled, 2):.2f} s (mean {fmean(row[2] for row in sampled):.2f}; the first answer alone "
        f"{middle(sampled, 3):.2f})",
        "1.5 s",
        middle(sampled, 2) <= 1.5,
    )
    page.tell(
        f"the whole prediction on {len(forms)} forms",
        f"median {middle(forms, 0):.1f} s, at most {max(row[0] for row in forms):.1f} (read in {middle(forms, 1):.1f}, "
        f"answered in {middle(forms, 2):.1f}; {middle(forms, 4):.1f} s of processor time)",
        "4 s",
        middle(forms, 0) <= 4,
    )
    page.tell(
        "the whole prediction on the screen with most lines",
        f"{densest[0]:.1f} s (read in {densest[1]:.1f}, answered in {densest[2]:.1f}; {densest[4]:.1f} s of processor time)",
        "8 s",
        densest[0] <= 8,
    )
