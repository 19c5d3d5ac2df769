"""What each eye is worth: the same model asked again with the picture alone, and with the reading alone.

What a model was trained with is left out here, which is an ablation: it may lean on what it always had, so that a part
counts for less alone than it brings to the whole.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ghostlib import tasks
from ghostlib.config import Config
from ghostlib.inference import answers, engines
from ghostlib.tasks import Example, Terms

BOTH = "both"
LEFT = {"picture": {"reading": "none"}, "reading": {"picture": False}}  # what is left, and what `data` then says
FILE = "ablation.jsonl"


def wanted(config: Config) -> bool:
    """Whether there are two eyes to tell apart, a picture and what is read on it, and the config asks for it."""
    both = config.data.picture and config.data.reading != "none"
    return bool(tasks.terms(config.task).seeing and both and config.evaluation.ablation > 0)


def scores(
    config: Config, folder: Path, split: str, model: engines.Engine, asked: Sequence[Example], *, progress: bool
) -> dict[str, list[Any]]:
    """The task's scores of the questions `asked`, by what is left of them: {"picture": [one a question], "reading": [...]}.

    The answers are kept in `folder`/ablation.jsonl, so a killed ablation goes on where it was.
    """
    task = tasks.named(config.task)
    questions = {name: _left(config, split, asked, data) for name, data in LEFT.items()}
    flat = [question for some in questions.values() for question in some]
    told = answers.asked(config, folder / FILE, {"tuned": model}, flat, progress=progress)["tuned"]
    parts = {name: told[number * len(asked) : (number + 1) * len(asked)] for number, name in enumerate(questions)}
    return {name: task.score([answer.text for answer in parts[name]], some) for name, some in questions.items()}


def share(count: int, part: float) -> list[int]:
    """The places, of `count`, of every so-manieth question: `part` of them (1: all), evenly through the list."""
    taken = min(count, math.ceil(part * count))
    return [number * count // taken for number in range(taken)]


def said(found: dict[str, Any], terms: Terms) -> str:
    """What was found, in a sentence, by the metric that ranks models; `found` is the "ablation" of metrics.json."""
    metric = next(iter(terms.metrics))
    means = {name: value[metric] for name, value in found["whole"].items()}
    parts = [f"{name} {value['mean']:.2f} ({value['low']:.2f} to {value['high']:.2f})" for name, value in means.items()]
    return f"what each eye is worth, {terms.metrics[metric]} of {found['n']} {terms.noun}: {', '.join(parts)}"


def _left(config: Config, split: str, asked: Sequence[Example], data: dict[str, Any]) -> list[Example]:
    """The questions as the task asks them where `data` says otherwise."""
    settings = replace(config, data=replace(config.data, **data))
    there = tasks.named(config.task).examples(settings, tasks.terms(config.task).phases[-1], split)
    known = {example.id: example for example in there}
    return [known[question.id] for question in asked]
