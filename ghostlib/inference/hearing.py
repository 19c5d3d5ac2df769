"""What every stage of the chain says to every question, kept line by line, so that a report that was stopped goes on."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from ghostlib.config import Config
from ghostlib.errors import GhostError
from ghostlib.inference.chain import Spoken, Stage
from ghostlib.inference.forcing import Forced
from ghostlib.models.files import writing
from ghostlib.tasks import Example


def spoken(
    config: Config, file: Path, stages: Sequence[Stage], questions: Sequence[Example], *, progress: bool
) -> tuple[dict[str, list[Spoken]], dict[str, str]]:
    """What every stage says to every question, in their order, and why a stage could not be asked.

    What `file` holds already (same weights, question and settings) is not asked again.
    """
    from tqdm import tqdm

    known, told, skipped = dict(_stored(file)), {}, {}
    texts: list[str] | None = None
    with tqdm(total=len(stages) * len(questions), desc="parity", unit="answer", disable=not progress) as bar:
        for stage in stages:
            keys = [_key(config, stage, question, texts[place] if texts else "") for place, question in enumerate(questions)]
            try:
                for number, one in _asked(stage, questions, texts, [k not in known for k in keys]):
                    known[keys[number]] = one
                    _append(file, keys[number], stage, questions[number], one)
                    bar.update()
            except GhostError as error:  # no disk for the 16-bit weights, for instance: the others are still worth it
                if texts is None:
                    raise
                skipped[stage.key] = str(error)
                continue
            told[stage.key] = [known[key] for key in keys]
            bar.update(stages.index(stage) * len(questions) + len(questions) - bar.n)
            texts = texts or [one.text for one in told[stage.key]]
    return told, skipped


def _asked(
    stage: Stage, questions: Sequence[Example], texts: Sequence[str] | None, wanted: Sequence[bool]
) -> Iterator[tuple[int, Spoken]]:
    places = [place for place, want in enumerate(wanted) if want]
    if places:
        given = [texts[place] for place in places] if texts else None
        for number, spoken in stage.speak([questions[place] for place in places], given):
            yield places[number], spoken


def _key(config: Config, stage: Stage, question: Example, text: str) -> str:
    parts = [stage.key, stage.weights, question.id, question.prompt, str(question.image is not None), text]
    return hashlib.sha256("\0".join([*parts, str(config.generate.max_new_tokens)]).encode()).hexdigest()[:24]


def _append(file: Path, key: str, stage: Stage, question: Example, spoken: Spoken) -> None:
    row = {"key": key, "stage": stage.key, "id": question.id, **asdict(spoken)}
    with writing(file), file.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(row) + "\n")


def _stored(file: Path) -> Iterator[tuple[str, Spoken]]:
    """The whole rows of an earlier report; a line that a kill cut off is asked again."""
    if not file.is_file():
        return
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            row = json.loads(line)
            forced = Forced(
                **{name: value if isinstance(value, int) else tuple(value) for name, value in row["forced"].items()}
            )
            yield row["key"], Spoken(row["text"], row["seconds"], forced)
        except (ValueError, TypeError, KeyError):
            continue
