"""The answers of an evaluation, kept in predictions.jsonl, so that a killed one goes on where it was."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ghostlib import tasks
from ghostlib.config import Config
from ghostlib.inference import engines
from ghostlib.models import generate
from ghostlib.models.files import writing
from ghostlib.tasks import Example


def asked(
    config: Config, file: Path, models: dict[str, engines.Engine | None], questions: Sequence[Example], *, progress: bool
) -> dict[str, list[generate.Answer]]:
    """Every model's answers, in the order of the questions; each is a line of `file` as soon as it is there.

    What the file holds already (same weights, same question, same settings) is not asked again.
    """
    from tqdm import tqdm

    known = {row["key"]: row for row in _stored(file)}
    wanted = {name: [_key(config, model, question) for question in questions] for name, model in models.items() if model}
    current = {key for keys in wanted.values() for key in keys}
    with writing(file):
        _rewrite(file, [row for key, row in known.items() if key in current])
    told = {}
    with tqdm(total=sum(map(len, wanted.values())), desc="evaluation", unit="answer", disable=not progress) as bar:
        for name, keys in wanted.items():
            open_ones = [number for number, key in enumerate(keys) if key not in known]
            bar.update(len(keys) - len(open_ones))
            stream = models[name].stream([questions[number] for number in open_ones]) if open_ones else ()
            for place, answer in stream:
                number = open_ones[place]
                row = _stored_row(name, keys[number], questions[number], answer, config)
                known[keys[number]] = row
                with writing(file), file.open("a", encoding="utf-8") as lines:
                    lines.write(json.dumps(row) + "\n")
                bar.update()
            told[name] = [_answer(known[key]) for key in keys]
    return told


def _stored_row(name: str, key: str, question: Example, answer: generate.Answer, config: Config) -> dict[str, Any]:
    return {
        "id": question.id,
        "model": name,
        "prediction": tasks.named(config.task).parse(answer.text),
        "gold": question.completion,
        "text": answer.text,
        "confidence": round(answer.confidence, 5),
        "seconds": round(answer.seconds, 3),
        "tokens": answer.tokens,
        "key": key,
    }


def _answer(row: dict[str, Any]) -> generate.Answer:
    return generate.Answer(row["text"], row["confidence"], row["seconds"], row["tokens"])


def _key(config: Config, model: engines.Engine, question: Example) -> str:
    """What an answer depends on: weights, question, and the settings of decoding."""
    parts = [model.weights, question.id, question.prompt, str(question.image is not None)]
    parts += [str(config.generate.max_new_tokens), str(config.model.image_side)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


def _stored(file: Path) -> Iterator[dict[str, Any]]:
    """The whole rows of an earlier evaluation; a line that a kill cut off is asked again."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        try:
            row = json.loads(line)
            _answer(row)
            row["key"]
        except (ValueError, TypeError, KeyError):
            continue
        yield row


def _rewrite(file: Path, rows: Sequence[dict[str, Any]]) -> None:
    aside = file.with_suffix(".jsonl.partial")
    aside.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    aside.replace(file)
