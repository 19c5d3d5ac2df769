"""A request in words -> the JSON body that creates a CAMARA QualityOnDemand session.

Learnt in two phases: from examples (`text`), then from pairs of a right and a spoilt answer (`preference`).
"""

import json
import random
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from ghostlib import config as configs
from ghostlib.config import Config
from ghostlib.errors import DataError
from ghostlib.tasks import Example, Preference, Story, Terms
from ghostlib.tasks.qod import faults, requests, rules, scores
from ghostlib.tasks.qod.verdicts import check as checked

INSTRUCTION = "Write the JSON body that creates a CAMARA QualityOnDemand session. Answer with the JSON alone."
HELD_BACK = 8  # one shipped example in so many is asked, and never trained on
PAIRS = 1400  # generated pairs: some hundreds of steps are all that such a phase takes
UNSEEN = 200  # generated requests to ask, where there are generated ones to train on
TERMS = Terms(
    phases=("text", "preference"),
    noun="requests",
    judge="The API's checker",
    metrics=scores.METRICS,
    less=("hallucinated_fields", "missing_fields"),
    aims={"preference": "hallucinated_fields"},
    story=Story(
        lesson="Can the model learn to write a CAMARA QualityOnDemand session from a request in words, and then to prefer "
        "the right body to a spoilt one?",
        data="Requests in words, each with the JSON body that creates the session. Every address, number and profile of the "
        "body stands in its request: what is to be learnt is to find and copy them.",
        untrained="The base of nano has written made-up facts as JSON; Phi-3-mini knows JSON. Neither knows these fields.",
        judged="Every answer is read as strict JSON, held to the API's rules, and compared with the body that its request asks "
        "for: fields that nobody asked for, fields that are missing, and the values of device, server, profile and duration. "
        "Requests and bodies are not those of training.",
        use='ghost ask --task qod "Phone +4915550100101, server 203.0.113.10, QOS_E, one hour"',
        limits=(
            "Its requests are made up from patterns, in English; what people write is more various.",
            "The command above decodes under the API's JSON Schema; an answer without it may have any shape.",
        ),
    ),
)
TRIED = {"device": {"phoneNumber": "+4915550100101"}, "applicationServer": {"ipv4Address": "203.0.113.10"}} | {
    "qosProfile": "QOS_E", "duration": 3600
}  # fmt: skip


def examples(config: Config, phase: str, split: str) -> list[Example]:
    """The examples of a split in a fixed order: those of `data.texts`, and `data.generated` more; both phases ask the same.

    Raises DataError for a missing or broken file, and for an answer that the API would refuse.
    """
    rows = _rows(configs.root() / config.data.texts)
    order = random.Random(config.seed).sample(range(len(rows)), len(rows))
    held = set(order[::HELD_BACK])
    found = [
        _example(f"request-{number}", row["input"], row["response"], row["instruction"])
        for number, row in enumerate(rows)
        if (number in held) == (split == "validation")
    ]
    return found + [_example(name, one.words, one.text) for name, one in _generated(config, split)]


def preferences(config: Config, split: str) -> list[Preference]:
    """The pairs of a split: those of `data.preferences` to train on, and for PAIRS generated requests one, faults in turn."""
    found = []
    if split == "train":
        found = [
            Preference(f"pair-{number}", row["prompt"], row["chosen"], row["rejected"], row["fault"])
            for number, row in enumerate(_rows(configs.root() / config.data.preferences))
        ]
    rng, kinds = random.Random(config.seed), [*faults.FAULTS, *faults.SOUND]
    for number, (name, one) in enumerate(_generated(config, split)[:PAIRS]):
        fault = kinds[number % len(kinds)]
        found.append(Preference(name, _prompt(one.words), one.text, faults.rejected(one.body, fault, rng), fault))
    return found


def question(config: Config, words: str) -> Example:
    """A request in words that has no answer yet."""
    return Example(id=words, prompt=_prompt(words.strip()))


def constraint(config: Config) -> dict[str, Any]:
    """The JSON Schema that an answer is decoded by: whatever it admits has the right shape."""
    return rules.grammar()


def check(text: str) -> list[str]:
    """What is wrong with an answer, a line each; nothing where the API would take it."""
    return [str(finding) for finding in checked(text).findings]


def parse(text: str) -> str:
    """The JSON inside an answer, as it stands there."""
    return scores.inside(text)


def by_rule(text: str) -> str:
    """Nothing: a text that is no body is not made one by a rule."""
    return ""


def score(answers: Sequence[str], questions: Sequence[Example]) -> list[scores.Score]:
    """One Score an answer against the example's own completion."""
    return [scores.score(answer, question.completion) for answer, question in zip(answers, questions, strict=True)]


def aggregate(rows: Sequence[scores.Score], *, seed: int = 0) -> dict[str, dict[str, float]]:
    """Each metric's mean with a 95 % bootstrap interval."""
    return scores.aggregate(rows, seed=seed)


def trial() -> list[str]:
    """What the API's rules say of a body, and of one with an invented field and a duration in words, in lines."""
    wrong = TRIED | {"priority": "high", "duration": "one hour"}
    return [
        f"{TERMS.judge} accepts it: {requests.spelled(TRIED)}",
        f"{TERMS.judge} refuses it: {requests.spelled(wrong)}",
        *(f"  {problem}" for problem in check(requests.spelled(wrong))),
    ]


def _prompt(words: str, instruction: str = INSTRUCTION) -> str:
    return f"{instruction}\n{words}"


def _example(name: str, words: str, answer: str, instruction: str = INSTRUCTION) -> Example:
    body = json.loads(answer)
    server = " and ".join(key[:4] for key in body["applicationServer"] if key != "ipAddresses") or "list"
    group = {"device": next(iter(body.get("device", {"none": 0}))), "server": server}
    return Example(name, _prompt(words, instruction), completion=answer, group=group)


@lru_cache(maxsize=2)
def _drawn(count: int, seed: int) -> tuple[requests.Request, ...]:
    return tuple(requests.draw(count, seed=seed))


def _generated(config: Config, split: str) -> list[tuple[str, requests.Request]]:
    """Requests with their names. One draw is cut in two, so that no body is on both sides."""
    if not config.data.generated:
        return []
    drawn = _drawn(config.data.generated + UNSEEN, config.seed)
    named = [(f"drawn-{number}", one) for number, one in enumerate(drawn)]
    return named[:UNSEEN] if split == "validation" else named[UNSEEN:]


@lru_cache(maxsize=4)
def _rows(file: Path) -> list[dict[str, Any]]:
    """The rows of a JSONL file, each answer (`response` or `chosen`) one that the API takes."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror}). Restore it with `git checkout {file.name}`") from None
    found = []
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            answer = row.get("response") or row["chosen"]
            lacking = {"response": ("instruction", "input"), "chosen": ("prompt", "rejected", "fault")}
            absent = [name for name in lacking["response" if "response" in row else "chosen"] if name not in row]
        except (ValueError, KeyError, AttributeError) as error:
            raise DataError(f"{file}: line {number} is no example ({error}). Mend the line") from None
        problems = [f"{name} is missing" for name in absent] or check(answer)
        if problems:
            raise DataError(f"{file}: line {number}: {problems[0]}. Mend the line")
        found.append(row)
    return found
