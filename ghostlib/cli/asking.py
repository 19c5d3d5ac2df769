"""The command `ghost ask`: a question in words, a file of them, or one after the other at the keyboard."""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ghostlib.cli import parser

PROMPT = "ask> "


def add(commands: Any) -> None:
    """Its parser."""
    example = 'ghost ask --task qod "Phone +4915550100101, server 203.0.113.10, QOS_E, one hour"'
    about = "a question in words, for a task that is asked in words; without one, a line after the other until the input ends"
    made = parser.command(commands, "ask", ask, about, example, parser.profiled(), parser.as_json())
    made.add_argument("words", nargs="?", help="the question")
    made.add_argument("--file", type=Path, help="questions, one a line")
    made.add_argument("--out", type=Path, metavar="FILE.jsonl", help="write each answer there as a line of JSON")
    made.add_argument("--model", type=Path, help="a run's folder or an export; without it the newest run")
    made.add_argument("--backend", choices=("gguf", "hf"), default="gguf")
    made.add_argument("--free", action="store_true", help="let the model write what it likes, without the task's grammar")
    parser.of_tasks(made, "asking")


def ask(chosen: argparse.Namespace) -> int:
    """Answer; 0 where every answer passes the task's check, 1 where one does not."""
    from ghostlib.inference import asking

    settings = parser.config(chosen)
    how = {"config": settings, "model": chosen.model, "backend": chosen.backend, "constrained": not chosen.free}
    if its_own := parser.own(settings, "ask"):
        return its_own(settings, chosen, lambda example: asking.answered(example, **how)[0].text)
    good, told = True, []
    out = chosen.out.open("w", encoding="utf-8") if chosen.out else None
    try:
        for one in asking.many(_shown(_questions(chosen), chosen), **how):
            good &= one.valid
            told.append(one.as_dict())
            if out:
                out.write(json.dumps(told[-1], ensure_ascii=False) + "\n")
                out.flush()  # what is answered is kept, whatever comes after it
            if not chosen.json:
                print("\n".join([one.answer, *(f"  not right: {problem}" for problem in one.problems)]), flush=True)
    finally:
        if out:
            out.close()
    if chosen.json:
        print(json.dumps(told, indent=2, ensure_ascii=False))
    return 0 if good else 1


def _questions(chosen: argparse.Namespace) -> Iterable[str]:
    from ghostlib.inference import asking

    if chosen.words is not None:
        return [chosen.words]
    return asking.lines(chosen.file) if chosen.file else _typed()


def _typed() -> Iterator[str]:
    """What somebody types, a line at a time, until the input ends; with a prompt where that is a terminal."""
    while True:
        if sys.stdin.isatty():
            print(PROMPT, end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line:
            return
        yield line


def _shown(questions: Iterable[str], chosen: argparse.Namespace) -> Iterable[str]:
    """The questions, with a bar where there are many and somebody watches."""
    if not chosen.file or not sys.stderr.isatty():
        return questions
    from tqdm import tqdm

    return tqdm(questions, desc="answers", unit="answer")
