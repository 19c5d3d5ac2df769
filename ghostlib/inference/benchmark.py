"""The benchmark: what is in it, what the baselines reach, and docs/benchmark.md, which quotes both.

`python -m ghostlib.inference.benchmark` scores the baselines on the validation screens, writes
docs/results/<task>/baselines.json and stamps the page.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ghostlib import config as configs
from ghostlib.config import Config
from ghostlib.corpus.jsonfiles import write_atomically
from ghostlib.corpus.records import Screen, read_screens
from ghostlib.inference import baselines, foreign
from ghostlib.inference.evaluate import Interval, Metrics

PAGE = Path("docs", "benchmark.md")
QUOTED = ("schema_score", "validity", "table_f1", "column_f1", "type_accuracy", "foreign_key_f1", "label_coverage")


def run(config: Config, *, folder: Path | None = None) -> dict[str, Any]:
    """The scores of every baseline on the validation screens, in the shape of baselines.json.

    The predictions are written to `folder` (the output folder's `benchmark/`) and read back from there, as anybody's are.
    """
    validation = configs.root() / config.data.validation
    screens, training = read_screens(validation), read_screens(configs.root() / config.data.screens)
    folder = folder or configs.output() / "benchmark"
    files = baselines.write(baselines.predictions(screens, training), folder)
    found = {name: foreign.score(config, file) for name, file in files.items()}
    return {
        "split": "validation",
        "n": len(screens),
        "data": baselines.fingerprint(validation),
        "baselines": {name: metrics.tuned for name, metrics in found.items()},
    }


def publish(config: Config) -> list[Path]:
    """Scores the baselines, writes docs/results/<task>/baselines.json, stamps docs/benchmark.md; the files written."""
    results, page = baselines.results(config), configs.root() / PAGE
    write_atomically(results, json.dumps(run(config), indent=2) + "\n")
    write_atomically(page, stamped(page.read_text(encoding="utf-8"), config))
    return [results, page]


def stamped(page: str, config: Config) -> str:
    """The page with what is between its markers as the data and the committed results have it now."""
    results = baselines.results(config)
    train = read_screens(configs.root() / config.data.screens)
    validation = read_screens(configs.root() / config.data.validation)
    parts = {"composition": composition(train, validation)}
    if results.exists():
        parts["baselines"] = table(json.loads(results.read_text(encoding="utf-8"))["baselines"])
    for name, text in parts.items():
        block = f"<!-- {name} -->\n{text}\n<!-- /{name} -->"
        page = re.sub(rf"<!-- {name} -->.*?<!-- /{name} -->", lambda _, block=block: block, page, flags=re.DOTALL)
    return page


def composition(train: Sequence[Screen], validation: Sequence[Screen]) -> str:
    """Tables in Markdown: both splits by domain, archetype, look, window, tables, foreign keys."""
    kinds: dict[str, Callable[[Screen], str]] = {
        "archetype": lambda screen: screen.screen,
        "look": lambda screen: screen.look,
        "window": lambda screen: "{} x {}".format(*screen.size) if any(screen.size) else "",
        "tables": lambda screen: str(screen.output.count("CREATE TABLE")),
        "foreign keys": lambda screen: str(screen.output.count(" REFERENCES ")),
    }
    told = [_counted("screens", {"all": (len(train), len(validation))})]
    for name, key in kinds.items():
        first, second = Counter(map(key, train)), Counter(map(key, validation))
        found = sorted({*first, *second} - {""}, key=lambda value: (len(value), value) if value.isdigit() else (0, value))
        if found:
            told.append(_counted(name, {value: (first[value], second[value]) for value in found}))
    for split, screens in (("training", train), ("validation", validation)):
        counted = sorted(Counter(screen.domain for screen in screens).items())
        told.append(f"{len(counted)} domains in {split}: " + ", ".join(f"{name} {count}" for name, count in counted) + ".")
    return "\n\n".join(told)


def table(found: dict[str, dict[str, Interval]]) -> str:
    """The baselines' scores as a Markdown table: means, the schema score with its 95 % interval."""
    head = ["baseline", *(name.replace("_", " ") for name in QUOTED)]
    rows = [
        [baselines.NAMES.get(name, name), *(_cell(metrics.get(metric), metric == QUOTED[0]) for metric in QUOTED)]
        for name, metrics in found.items()
    ]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows))


def printed(found: Metrics) -> str:
    """Scores for a terminal: a line a metric, the series beside each other, and the notes."""
    series = {"base": found.base, "tuned": found.tuned, **found.baselines}
    series = {("predictions" if name == "tuned" and not found.base else name): told for name, told in series.items() if told}
    rows = [f"{found.n} {found.split} {found.terms.noun}".ljust(22) + "".join(f"{name:>16}" for name in series)]
    for metric in dict.fromkeys(metric for told in series.values() for metric in told):
        cells = (f"{told[metric]['mean']:.3f}" if metric in told else "-" for told in series.values())
        rows.append(f"{metric:22}" + "".join(f"{cell:>16}" for cell in cells))
    first = next(iter(series.values()))[found.terms.rank]
    rank, leading = found.terms.rank.replace("_", " "), next(iter(series))
    rows.append(f"{rank} of {leading}: {first['mean']:.3f} ({first['low']:.3f} to {first['high']:.3f})")
    return "\n".join([*rows, *(f"note: {note}" for note in found.notes)])


def _cell(value: Interval | None, ranged: bool) -> str:
    if value is None:
        return "-"
    return f"{value['mean']:.3f}" + (f" ({value['low']:.3f} to {value['high']:.3f})" if ranged else "")


def _counted(name: str, rows: dict[str, tuple[int, int]]) -> str:
    lines = [f"| {name} | training | validation |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {value} | {first} | {second} |" for value, (first, second) in rows.items())])


def main() -> None:
    """Writes the committed results and the page anew."""
    for file in publish(configs.load("nano", scale="full")):
        print(file.relative_to(configs.root()))


if __name__ == "__main__":
    main()
