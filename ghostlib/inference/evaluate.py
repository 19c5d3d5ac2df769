"""Base against tuned on the validation examples: predictions, scores with intervals, groups, baseline, figure."""

import json
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ghostlib import tasks
from ghostlib.config import Config
from ghostlib.errors import DataError
from ghostlib.inference import ablation, answers, beside, coverage, differences, engines, export, figures
from ghostlib.models import generate
from ghostlib.models.files import writing
from ghostlib.tasks import Example, Terms
from ghostlib.training.runs import Run

Interval = dict[str, float]


@dataclass(frozen=True)
class Row:
    """One answer beside its gold. `score` is the task's own, in its JSON shape; `prompt` is what was asked."""

    id: str
    model: str  # "base", "tuned", or a baseline's name
    prediction: str
    gold: str
    valid: bool
    score: dict[str, Any]
    confidence: float = 0.0
    seconds: float = 0.0
    image: Path | None = None
    prompt: str = ""
    group: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Metrics:
    """What an evaluation found. `tuned` is None where the run has trained nothing; `notes` says so in words.

    `base` is None where somebody else's predictions were scored (foreign.py): those stand under `tuned`. Among `baselines` is
    whatever else was scored: beside.py, and the text phase's adapter where another phase followed. `changes` are what
    each phase has moved; `ablation` says what each eye is worth to the tuned model, where it has two:
    {"n": 40, "whole": {"both": {metric: interval}, "picture": ..., "reading": ...}, "groups": {"archetype": ...}}.
    """

    split: str
    n: int
    base: dict[str, Interval] | None
    tuned: dict[str, Interval] | None
    baselines: dict[str, dict[str, Interval]]
    distinct: dict[str, int]
    groups: dict[str, dict[str, Any]]
    notes: tuple[str, ...]
    rows: tuple[Row, ...]
    terms: Terms = field(default_factory=Terms)
    changes: tuple[differences.Change, ...] = ()
    ablation: dict[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        """The shape of metrics.json; the rows are in predictions.jsonl."""
        return {
            "split": self.split,
            "n": self.n,
            "base": self.base,
            "tuned": self.tuned,
            "baselines": self.baselines,
            "distinct": self.distinct,
            "groups": self.groups,
            "changes": [change.as_dict() for change in self.changes],
            **({"ablation": self.ablation} if self.ablation else {}),
            "notes": list(self.notes),
        }


def run(config: Config, run: Run, *, split: str = "validation", engine: str | None = None, progress: bool = True) -> Metrics:
    """Ask base and tuned about the examples of a split, and write predictions.jsonl, metrics.json and figures/ into the run.

    Where the last phase went on from the text phase's adapter to prefer answers, that one is asked too: "text".
    Answers that predictions.jsonl already holds (same weights, same question, same settings) are not asked again, so a
    killed evaluation goes on where it was. `engine` is "hf" or "gguf"; None lets `engines.choose` decide.
    Raises DataError where the split is empty.
    """
    task, terms = tasks.named(config.task), tasks.terms(config.task)
    there = _some(task.examples(config, terms.phases[-1], split), config, split)
    questions = sample(there, config.evaluation.sample, seed=config.seed)
    engine = engine or engines.choose(config)
    models = {"base": engines.base(config, engine)}
    if run.adapter("preference") and run.adapter("text"):
        models["text"] = engines.tuned(config, replace(run, until="text"), engine)
    models["tuned"] = engines.tuned(config, run, engine)
    notes = [f"{name}: {model.why}" for name, model in models.items() if model]
    if models["tuned"] is None:
        notes.append(f"{run.folder.name} has no adapter: only the base was asked")
    notes += sampled(len(questions), len(there), config)
    told = answers.asked(config, run.folder / "predictions.jsonl", models, questions, progress=progress)
    asked = list(told)
    told |= beside.baselines(task, config, run, models["base"], questions, told["base"], progress=progress)
    rows = {name: _rows(task, name, questions, given) for name, given in told.items()}
    if mended := beside.mended(task, told.get("tuned", []), [row.valid for row, _ in rows.get("tuned", [])]):
        rows[beside.MENDED] = _rows(task, beside.MENDED, questions, mended)
        notes.append(beside.SAID)
    scores = {name: [score for _, score in found] for name, found in rows.items()}
    means = {name: task.aggregate(found, seed=config.seed) for name, found in scores.items()}
    screens = coverage.screens(config, split)
    for name, found in rows.items():
        means[name] |= coverage.measured([(row.id, row.prediction, row.gold) for row, _ in found], screens, seed=config.seed)
    moved = differences.changes({name: scores[name] for name in asked}, terms, seed=config.seed)
    notes += [change.told(" ".join(terms.metrics[change.aim].split()), len(questions)) for change in moved]
    eyes = None
    if models["tuned"] and ablation.wanted(config):
        eyes = _ablated(config, run, split, models["tuned"], questions, scores["tuned"], progress=progress)
        notes.append(ablation.said(eyes, terms))
    found = Metrics(
        split=split,
        n=len(questions),
        base=means["base"],
        tuned=means.get("tuned"),
        baselines={name: means[name] for name in rows if name not in ("base", "tuned")},
        distinct={name: len({row.prediction for row, _ in rows[name]}) for name in asked},
        groups=groups(task, questions, {name: scores[name] for name in asked}, seed=config.seed),
        notes=tuple(notes),
        rows=tuple(row for name in asked for row, _ in rows[name]),
        terms=terms,
        changes=moved,
        ablation=eyes,
    )
    write(found, run.folder)
    trained = run.trained()  # a model card quotes the numbers of its own adapter alone
    of = {"adapter": export.fingerprint(trained) if trained else None, "quant": run.config.export.quant}
    run.record(evaluation={"split": split, "n": found.n, "engine": engine, "notes": notes, **of})
    return found


def ask(config: Config, examples: Sequence[Example], *, run: Run | None = None) -> list[Row]:
    """One scored Row an example, from what `run` has trained so far; without a run or an adapter, from the base."""
    engine = engines.choose(config)
    trained = run is not None and run.trained() is not None
    model = engines.tuned(config, run, engine) if trained else engines.base(config, engine)
    told = dict(model.stream(examples))
    answers = [told[number] for number in range(len(examples))]
    return [row for row, _ in _rows(tasks.named(config.task), "tuned" if trained else "base", examples, answers)]


def golds(config: Config, split: str) -> list[Example]:
    """The examples of a split with their answers, to score what somebody else has said. DataError for none."""
    task = tasks.named(config.task)
    if hasattr(task, "golds"):
        return _some(task.golds(config, split), config, split)
    return _some(task.examples(config, tasks.terms(config.task).phases[-1], split), config, split)


def best(metrics: Metrics, n: int = 1) -> list[Row]:
    """The `n` rows with the highest score, of the tuned model where there is one; the largest truth first."""
    rows = [row for row in metrics.rows if row.model == "tuned"] or list(metrics.rows)
    return sorted(rows, key=lambda row: (-round(value(row), 2), -len(row.gold), row.id))[:n]


def worst(metrics: Metrics | Sequence[Row], n: int = 3) -> list[Row]:
    """The `n` rows with the lowest score, the tuned model's where there is one; the less confident one last."""
    rows = metrics.rows if isinstance(metrics, Metrics) else metrics
    rows = [row for row in rows if row.model == "tuned"] or list(rows)
    return sorted(rows, key=lambda row: (value(row), -row.confidence, row.id))[:n]


def value(row: Row) -> float:
    """The number that rows are ranked by, 0..1: the first of the task's score."""
    return float(next(iter(row.score.values()), 0.0) or 0.0)


def sample(examples: Sequence[Example], count: int, *, seed: int) -> list[Example]:
    """`count` of the examples, the same for one seed, in their order; 0 means all.

    Stratified by the first two of what results are grouped by: each archetype in turn gives one, and within an archetype each
    domain, so that none is left out by chance.
    """
    if count <= 0 or count >= len(examples):
        return list(examples)
    rng = random.Random(seed)
    first, second = [*dict.fromkeys(name for example in examples for name in example.group), None, None][:2]
    kinds: dict[Any, list[int]] = defaultdict(list)
    for number in rng.sample(range(len(examples)), len(examples)):
        kinds[examples[number].group.get(first)].append(number)
    order = rng.sample(sorted(kinds, key=str), len(kinds))
    chosen: list[int] = []
    seen: Counter[Any] = Counter()
    while len(chosen) < count:
        for kind in order:
            if kinds[kind] and len(chosen) < count:
                number = min(kinds[kind], key=lambda number: seen[examples[number].group.get(second)])
                kinds[kind].remove(number)
                seen[examples[number].group.get(second)] += 1
                chosen.append(number)
    return [examples[number] for number in sorted(chosen)]


def sampled(asked: int, there: int, config: Config) -> list[str]:
    """What to say of an evaluation that did not take all examples; nothing where it did."""
    told = f"a stratified sample of {asked} of {there} {tasks.terms(config.task).noun}, seed {config.seed}"
    return [f"{told} (evaluation.sample; `ghost evaluate --full` takes all)"] if asked < there else []


def write(metrics: Metrics, folder: Path, *, figure: str = "base_and_tuned.png", names: dict[str, str] | None = None) -> None:
    """Write metrics.json (aside and renamed) and figures/ into a run's folder; `names` is figures.comparison's."""
    file = folder / "metrics.json"
    aside = file.with_suffix(".json.partial")
    with writing(file):
        aside.write_text(json.dumps(metrics.as_dict(), indent=2) + "\n", encoding="utf-8")
        aside.replace(file)
        (folder / "figures").mkdir(exist_ok=True)
        figures.comparison(metrics.as_dict(), folder / "figures" / figure, names=names, terms=metrics.terms)


def _ablated(
    config: Config,
    run: Run,
    split: str,
    model: engines.Engine,
    questions: Sequence[Example],
    both: Sequence[Any],
    *,
    progress: bool,
) -> dict[str, Any]:
    """The shape of Metrics.ablation, of as many of the questions as the config wants."""
    places = ablation.share(len(questions), config.evaluation.ablation)
    asked, task = [questions[place] for place in places], tasks.named(config.task)
    found = {ablation.BOTH: [both[place] for place in places]}
    found |= ablation.scores(config, run.folder, split, model, asked, progress=progress)
    first = next(iter(groups(task, asked, found, seed=config.seed).items()), None)
    whole = {name: task.aggregate(some, seed=config.seed) for name, some in found.items()}
    return {"n": len(asked), "whole": whole, "groups": dict([first]) if first else {}}


def _some(examples: list[Example], config: Config, split: str) -> list[Example]:
    if not examples:
        noun = tasks.terms(config.task).noun
        where = config.data.validation if tasks.terms(config.task).seeing else config.data.texts
        raise DataError(f"task {config.task}: there are no {split} {noun} ({where}). Restore them, or set data.* to others")
    return examples


def _rows(task: Any, name: str, questions: Sequence[Example], answers: Sequence[generate.Answer]) -> list[tuple[Row, Any]]:
    scores = task.score([answer.text for answer in answers], questions)
    made = []
    for question, answer, score in zip(questions, answers, scores, strict=True):
        told = score.as_dict()
        row = Row(
            id=question.id,
            model=name,
            prediction=task.parse(answer.text),
            gold=question.completion,
            valid=bool(told.get("valid")),
            score=told,
            confidence=answer.confidence,
            seconds=answer.seconds,
            image=question.image,
            prompt=question.prompt,
            group=question.group,
        )
        made.append((row, score))
    return made


def groups(task: Any, questions: Sequence[Example], scores: dict[str, list[Any]], *, seed: int) -> dict[str, dict[str, Any]]:
    """Every metric by each of the examples' groups; of screens those are archetype, domain and number of tables:

    {"archetype": {"form": {"n": 6, "base": {metric: interval}, "tuned": {...}}, ...}, ...}
    """
    made: dict[str, dict[str, Any]] = {}
    for kind in dict.fromkeys(name for question in questions for name in question.group):
        for label in sorted({str(question.group[kind]) for question in questions if question.group.get(kind)}):
            members = [place for place, question in enumerate(questions) if str(question.group.get(kind)) == label]
            made.setdefault(kind, {})[label] = {"n": len(members)} | {
                name: task.aggregate([found[place] for place in members], seed=seed) for name, found in scores.items()
            }
    return made
