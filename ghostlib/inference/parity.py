"""Does the model that leaves the notebook still answer as the one that was trained? The same screens through every stage.

All stages are held to one text, the answer of the first (the adapter on its base), so that their log-probabilities can be
compared step by step to the end; beside that each writes its own answer, which is compared as a whole and scored.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from ghostlib import config as configs
from ghostlib import tasks
from ghostlib.config import Config
from ghostlib.errors import DataError
from ghostlib.inference import causes, chain, engines, evaluate, figures, forcing, hearing
from ghostlib.inference.causes import CLOSE
from ghostlib.inference.chain import Spoken, Stage
from ghostlib.models import load, tensors
from ghostlib.models.files import writing
from ghostlib.tasks import Example
from ghostlib.training.runs import Run

REPORT, ROWS, FIGURE = "parity.json", "parity.jsonl", "parity.png"
# What a stage owes to the one it is made of: the share of equal texts, and whether 99 of 100 steps lie within CLOSE.
# Onto 16 bit the adapter meets other weights than it was trained on, and q8_0 rounds them: those two are told, not judged.
WANTED = {"merged_nf4": (1.0, False), "gguf_f16": (0.98, True)}
PROJECTOR = "mm_input_projection_weight"
QUANTILES = 50  # points of each curve in the report


@dataclass(frozen=True)
class Reached:
    """What one stage said: its score with a 95 % interval, the seconds of an answer; `skipped` says why it was not asked."""

    key: str
    label: str
    score: dict[str, float] | None
    seconds: float
    skipped: str = ""


@dataclass(frozen=True)
class Link:
    """A stage beside the one that it is made of: shares, 0..1, and differences of natural log-probabilities, without sign."""

    before: str
    after: str
    equal_text: float
    first_token: float  # screens on which both would begin with the same token
    best_token: float  # steps, of all screens, on which both would write the same token
    steps: int
    mean: float
    percentile_99: float
    largest: float
    curve: tuple[float, ...]  # quantiles of the differences from 0 to 1, evenly
    wanted_text: float | None = None
    wanted_close: bool = False
    why: str = ""  # the likely cause, where something differs

    @property
    def judged(self) -> bool:
        """Whether the stage owes anything to the one before."""
        return self.wanted_text is not None

    @property
    def met(self) -> bool:
        """Whether the stage is as close to the one before as it must be."""
        far = self.wanted_close and self.percentile_99 > CLOSE
        return not far and (self.wanted_text is None or self.equal_text >= self.wanted_text)

    @property
    def differs(self) -> bool:
        """Whether anybody would see the step: another text, or log-probabilities further apart than rounding puts them."""
        return self.equal_text < 1 or self.percentile_99 > CLOSE


@dataclass(frozen=True)
class Report:
    """The whole chain on `n` questions. `gap` names the first step that changes anything, "" where none does."""

    n: int
    metric: str
    stages: tuple[Reached, ...]
    links: tuple[Link, ...]
    gap: str
    notes: tuple[str, ...]
    noun: str = "screens"  # of what

    @property
    def met(self) -> bool:
        """Whether every stage that owes something gives it."""
        return all(link.met for link in self.links)

    def as_dict(self) -> dict[str, Any]:
        """The shape of parity.json."""
        links = [asdict(link) | {"judged": link.judged, "met": link.met} for link in self.links]
        return asdict(self) | {"links": links, "met": self.met}


def run(config: Config, run: Run, *, n: int | None = None, progress: bool = True) -> Report:
    """The chain's report on `n` validation examples (`export.parity` where None), also as parity.json and a figure in the run.

    A run without an adapter takes nano's shipped one. What is not to be had (nothing trained, 0 screens) is one note in an
    empty report. Every answer is kept in parity.jsonl: a report that was stopped goes on, and the same one costs nothing.
    """
    count, adapter = config.export.parity if n is None else n, run.trained() or shipped(config)
    if not adapter or not count:
        why = "nothing was trained in this run" if not adapter else "export.parity is 0 in this profile"
        return Report(0, "", (), (), "", (f"not measured: {why}. `ghost export --parity 8` compares after a training",))
    task = tasks.named(config.task)
    terms = tasks.terms(config.task)
    questions = evaluate.sample(task.examples(config, terms.phases[-1], "validation"), count, seed=config.seed)
    if not questions:
        where = config.data.validation if terms.seeing else config.data.texts
        raise DataError(f"{where}: holds no validation {terms.noun}. Restore them, or set data.* to others")
    stages = chain.stages(config, adapter)
    told, skipped = hearing.spoken(config, run.folder / ROWS, stages, questions, progress=progress)
    reached, metric = _reached(task, config, stages, questions, told, skipped)
    by_key = {stage.key: stage for stage in stages}
    links = tuple(
        link(by_key[stage.made_of], stage, told[stage.made_of], told[stage.key], questions)
        for stage in stages
        if stage.key in told and stage.made_of in told
    )
    labels = {stage.key: stage.label for stage in stages}
    notes = _notes(config, told[stages[0].key], adapter)
    found = Report(len(questions), metric, reached, links, gap(links, labels), notes, terms.noun)
    _write(found, run.folder)
    return found


def shipped(config: Config) -> Path | None:
    """The adapter that ships with nano, for a run that has trained none; None for other models and tasks."""
    folder = engines.ships(config)
    return folder / "adapter" if folder and (folder / "adapter" / "adapter_model.safetensors").is_file() else None


def printed(found: Report) -> str:
    """The report for a terminal: a line a stage, what it differs in from the one before, the first gap, the notes."""
    labels = {stage.key: stage for stage in found.stages}
    lines = [f"{found.metric.replace('_', ' ')} of {found.n} {found.noun}"] if found.n else []
    for stage in found.stages:
        score = f"{stage.score['mean']:.3f}, {stage.seconds:.2f} s an answer" if stage.score else f"skipped: {stage.skipped}"
        lines.append(f"  {stage.label:20} {score}")
    for one in found.links:
        state = "" if not one.judged else ", as it must" if one.met else ", TOO FAR"
        lines.append(f"{labels[one.before].label} -> {labels[one.after].label}{state}")
        lines += [f"  {name:42} {value}" for name, value in told(one).items()]
    return "\n".join([*lines, *([f"first gap: {found.gap}"] if found.gap else []), *found.notes])


def page(found: Report, *, command: str, model: str) -> str:
    """The report as a page in Markdown that shows the figure `parity.png` beside it; dated today."""
    labels = {stage.key: stage.label for stage in found.stages}
    stages, links = [], []
    for stage in found.stages:
        score = stage.score and "{mean:.3f} ({low:.3f} to {high:.3f})".format_map(stage.score)
        stages.append(f"| {stage.label} | {f'{score} | {stage.seconds:.2f}' if score else f'skipped: {stage.skipped} |'} |")
    for one in found.links:
        links.append(f"| {labels[one.before]} → {labels[one.after]} | {' | '.join(told(one).values())} | {_owed(one)} |")
    heads = list(told(found.links[0])) if found.links else []
    return f"""# Does an exported model still answer as the trained one?

Measured on {date.today().isoformat()} by `{command}`: {found.n} validation screens, {model}. Every stage writes its own
answer, and is held to the answer of the first one, so that log-probabilities can be compared step by step.

| stage | {found.metric.replace("_", " ")} | seconds an answer |
|---|---|---|
{chr(10).join(stages)}

| step | {" | ".join(heads)} | owed |
|---{"|---" * len(heads)}|---|
{chr(10).join(links)}

![The score of every stage, and how far apart the steps of neighbours are]({FIGURE})

{f"First gap: {found.gap}." if found.gap else "No gap: every step gives the same texts."}

{chr(10).join(f"- {note}" for note in found.notes)}
"""


def _owed(one: Link) -> str:
    if not one.judged:
        return "told, not judged"
    close = f", 99 % of the steps within {CLOSE:g}" if one.wanted_close else ""
    return f"{one.wanted_text:.0%} equal texts{close}: {'met' if one.met else '**missed**'}"


def told(one: Link) -> dict[str, str]:
    """A link's measures in words, for a table."""
    return {
        "equal texts": f"{one.equal_text:.0%}",
        "same first token": f"{one.first_token:.0%}",
        "same best token, all steps": f"{one.best_token:.1%} of {one.steps}",
        "log-probabilities apart: mean, 99 %, most": f"{one.mean:.2g}, {one.percentile_99:.2g}, {one.largest:.2g}",
    }


def link(before: Stage, after: Stage, old: Sequence[Spoken], new: Sequence[Spoken], questions: Sequence[Example]) -> Link:
    """A stage measured against the one that it is made of, with the likely cause where something differs."""
    import numpy as np

    pairs = [(one.forced, other.forced) for one, other in zip(old, new, strict=True)]
    far = np.array([step for pair in pairs for step in forcing.differences(*pair)] or [0.0])
    best = [a == b for one, other in pairs for a, b in zip(one.best[: forcing.common(one, other)], other.best, strict=False)]
    wanted, close = WANTED.get(after.key, (None, False))
    made = Link(
        before=before.key,
        after=after.key,
        equal_text=_share([one.text == other.text for one, other in zip(old, new, strict=True)]),
        first_token=_share([one.best[:1] == other.best[:1] for one, other in pairs]),
        best_token=_share(best),
        steps=len(best),
        mean=float(far.mean()),
        percentile_99=float(np.quantile(far, 0.99)),
        largest=float(far.max()),
        curve=tuple(round(float(value), 7) for value in np.quantile(far, np.linspace(0, 1, QUANTILES + 1))),
        wanted_text=wanted,
        wanted_close=close,
    )
    if not (made.differs or close and made.largest > CLOSE):
        return made
    comparison = causes.Comparison(before, after, old, new, made.percentile_99 <= CLOSE)
    return replace(made, why=causes.why(comparison, questions))


def gap(links: Sequence[Link], labels: dict[str, str]) -> str:
    """The first link that changes anything, in words; one that misses what it owes goes before one that is only told."""
    missed = [made for made in links if not made.met]
    differing = missed or [made for made in links if made.differs]
    if not differing:
        return ""
    first = differing[0]
    told = f"{labels[first.before]} → {labels[first.after]}: {first.equal_text:.0%} of the texts are equal"
    return f"{told}, 99 % of the steps within {first.percentile_99:.2g}" + (f": {first.why}" if first.why else "")


def _reached(
    task: Any,
    config: Config,
    stages: Sequence[Stage],
    questions: Sequence[Example],
    told: dict[str, list[Spoken]],
    skipped: dict[str, str],
) -> tuple[tuple[Reached, ...], str]:
    made, metric = [], ""
    for stage in stages:
        if stage.key in skipped:
            made.append(Reached(stage.key, stage.label, None, 0.0, skipped[stage.key]))
            continue
        spoken = told[stage.key]
        found = task.aggregate(task.score([one.text for one in spoken], questions), seed=config.seed)
        metric = next(iter(found))
        seconds = sum(one.seconds for one in spoken) / len(spoken)
        made.append(Reached(stage.key, stage.label, found[metric], round(seconds, 3)))
    return tuple(made), metric


def _notes(config: Config, first: Sequence[Spoken], adapter: Path) -> tuple[str, ...]:
    held = sum(len(one.forced.tokens) for one in first)
    notes = [f"log-probabilities: every stage held to the answers of the first, {held} tokens"]
    if adapter.is_relative_to(configs.root() / engines.SHIPPED):
        notes.append("the adapter that ships with nano, since this run has none")
    if tasks.terms(config.task).seeing and blind(config):
        notes.append("this base's projector is all zeros: its pictures count for nothing, so parity of the eyes is not shown")
    return tuple(notes)


def blind(config: Config) -> bool:
    """Whether the base's projector is all zeros, so that no picture reaches the words. False for a base that is not here."""
    folder = Path(load.source(config.model.name))
    for file in sorted(folder.glob("*.safetensors")) if folder.is_dir() else ():
        for name, tensor in tensors.index(file).items():
            if name.endswith(PROJECTOR):
                return not tensors.whole(tensor).any()
    return False


def _write(found: Report, folder: Path) -> None:
    file = folder / REPORT
    with writing(file):
        aside = file.with_suffix(".json.partial")
        aside.write_text(json.dumps(found.as_dict(), indent=2) + "\n", encoding="utf-8")
        aside.replace(file)
        (folder / "figures").mkdir(exist_ok=True)
        figures.parity(found.as_dict(), close=CLOSE).save(folder / "figures" / FIGURE)


def _share(found: Sequence[bool]) -> float:
    return sum(found) / len(found) if found else 1.0
