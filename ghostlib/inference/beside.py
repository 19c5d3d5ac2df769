"""What stands beside base and tuned in an evaluation: one answer to everything, and what a rule makes of their lists."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from types import ModuleType

from ghostlib import tasks
from ghostlib.config import Config
from ghostlib.inference import answers
from ghostlib.inference.engines import Engine
from ghostlib.models.generate import Answer
from ghostlib.tasks import Example
from ghostlib.training.runs import Run

MOST_FREQUENT, BY_RULE, MENDED = "most_frequent", "by_rule", "mended"
SAID = "mended by rule: where PostgreSQL refuses the SQL, the answer's own list counts, as `ghost predict` takes it"
LISTED = "listed.jsonl"  # in a run's folder: the base's plain lists


def baselines(
    task: ModuleType,
    config: Config,
    run: Run,
    model: Engine,
    questions: Sequence[Example],
    base: Sequence[Answer],
    *,
    progress: bool = True,
) -> dict[str, list[Answer]]:
    """What the tuned model must beat, an answer a question each: the training files' most frequent answer to everything, and

    what a rule makes of the base's words: of the plain lists that it is asked for where the config and the task have a use
    for them (kept in the run's listed.jsonl), else of its answers to the question, `base`.
    """
    found = {MOST_FREQUENT: [Answer(_most_frequent(task, config), 1.0, 0.0, 0)] * len(base)}
    if config.evaluation.by_rule and hasattr(task, "listed"):
        asked = [task.listed(question) for question in questions]
        base = answers.asked(config, run.folder / LISTED, {"base": model}, asked, progress=progress)["base"]
    ruled = [replace(answer, text=task.by_rule(answer.text)) for answer in base]
    return found | {BY_RULE: ruled} if any(answer.text for answer in ruled) else found


def mended(task: ModuleType, told: Sequence[Answer], valid: Sequence[bool]) -> list[Answer]:
    """The answers as `predict.predict` hands them over where it is given no grammar: a refused one is the list that it begins

    with, as SQL by rule. None where no refused answer begins with a list.
    """
    if not hasattr(task, "outlined"):
        return []
    ruled = ["" if good else task.outlined(answer.text) for answer, good in zip(told, valid, strict=True)]
    found = [replace(answer, text=sql) if sql else answer for answer, sql in zip(told, ruled, strict=True)]
    return found if any(ruled) else []


def _most_frequent(task: ModuleType, config: Config) -> str:
    """The most frequent answer of the training files, made-up ones left out: what a model that looks at nothing could say."""
    phase = tasks.terms(config.task).phases[-1]
    config = replace(config, data=replace(config.data, generated=0, outline=False))
    counted = Counter(example.completion for example in task.examples(config, phase, "train"))
    return counted.most_common(1)[0][0] if counted else ""
