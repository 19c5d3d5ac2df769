"""What the docs quote of a run: its metrics, figure and example in docs/results/, the README's numbers, the shipped model."""

import dataclasses
import re
import shutil
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from ghostlib import config as configs
from ghostlib.corpus.picture import open_picture
from ghostlib.inference import engines, evaluate, export, figures
from ghostlib.inference.evaluate import Metrics, Row
from ghostlib.schemas import postgres, views
from ghostlib.training.runs import Run

SHIPPED_QUANT = "q8_0"  # half of f16: base, adapter and export stay below 20 MB together
PAPER, INK, FAINT = "#f7f8fa", "#1f2933", "#d9e2ec"


def publish(run: Run) -> Path:
    """Commit-ready results of an evaluated run: docs/results/<task>/, the README's numbers, nano's shipped tuned model."""
    metrics = evaluate.run(run.config, run, progress=False)
    out = configs.root() / "docs" / "results" / run.config.task
    out.mkdir(parents=True, exist_ok=True)
    shutil.copy(run.folder / "metrics.json", out / "metrics.json")
    shutil.copy(run.folder / "figures" / "base_and_tuned.png", out / "base_and_tuned.png")
    example(evaluate.best(metrics, n=1)[0]).save(out / "example.png", optimize=True)
    readme = configs.root() / "README.md"
    readme.write_text(stamped(readme.read_text(encoding="utf-8"), metrics), encoding="utf-8")
    ship(run)
    return out


def ship(run: Run) -> Path:
    """Put the tuned nano where a fresh checkout predicts with it: adapter, GGUF, manifest in data/nano/tuned/."""
    out = configs.root() / engines.SHIPPED
    shutil.rmtree(out, ignore_errors=True)
    settings = dataclasses.replace(run.config, export=dataclasses.replace(run.config.export, quant=SHIPPED_QUANT))
    export.convert(export.merged(run), out, config=settings, progress=False)
    shutil.copytree(export.adapter(run), out / "adapter", ignore=shutil.ignore_patterns("README.md"))
    return out


def stamped(page: str, metrics: Metrics) -> str:
    """The README with every marked number, and the table between its markers, as this evaluation found them."""
    found = metrics.as_dict()

    def number(match: re.Match[str]) -> str:
        value: Any = found
        for key in match.group(2).split("."):
            value = value[key]
        shown = str(value) if isinstance(value, int) else f"{value:.2f}"
        return f"<!-- number: {match.group(1)} {match.group(2)} -->{shown}<!-- /number -->"

    page = re.sub(r"<!-- number: (\S+) (\S+) -->.*?<!-- /number -->", number, page)
    named = [figures.NAMES.get(name, name) for name in ("base", "tuned", *metrics.baselines)]
    rows = [
        f"| | {' | '.join(named)} |",
        "|---" * (len(named) + 1) + "|",
        *(_row(name, metrics) for name in metrics.terms.metrics),
    ]
    table = "\n".join(row for row in rows if row)
    return re.sub(r"<!-- results -->.*?<!-- /results -->", f"<!-- results -->\n{table}\n<!-- /results -->", page, flags=re.S)


def example(row: Row) -> Image.Image:
    """One answer as a picture: the screenshot, the schema as text and as a diagram, and PostgreSQL's verdict."""
    screen = open_picture(row.image) if row.image else Image.new("RGB", (720, 480), PAPER)
    screen = screen.resize((860, round(screen.height * 860 / screen.width)), Image.Resampling.LANCZOS)
    verdict = postgres.judge(row.prediction)
    font, bold = _font("DejaVuSansMono.ttf", 15), _font("DejaVuSans-Bold.ttf", 16)
    lines = row.prediction.splitlines()
    diagram = views.picture(verdict.schema) if verdict.schema else None
    if diagram:
        diagram.thumbnail((640, 420), Image.Resampling.LANCZOS)
    tall = max(screen.height, 44 + 20 * len(lines) + (diagram.height + 30 if diagram else 0)) + 88
    sheet = Image.new("RGB", (860 + 720 + 72, tall), "white")
    pen = ImageDraw.Draw(sheet)
    pen.text((24, 20), "the screenshot", font=bold, fill=INK)
    sheet.paste(screen, (24, 52))
    pen.rectangle((23, 51, 24 + screen.width, 52 + screen.height), outline=FAINT)
    state = "PostgreSQL accepts it" if verdict.valid else "PostgreSQL refuses it"
    score = float(row.score["schema_score"])
    pen.text((908, 20), f"what {row.model} nano wrote · {state} · score {score:.2f}", font=bold, fill=INK)
    for number, line in enumerate(lines):
        pen.text((908, 56 + 20 * number), line, font=font, fill=INK)
    if diagram:
        sheet.paste(diagram.convert("RGB"), (908, 76 + 20 * len(lines)))
    return sheet.quantize(96)


def _row(name: str, metrics: Metrics) -> str:
    columns = (metrics.base, metrics.tuned or {}, *metrics.baselines.values())
    if any(name not in column for column in columns):
        return ""
    cells = (f"{c[name]['mean']:.2f} ({c[name]['low']:.2f} to {c[name]['high']:.2f})" for c in columns)
    return f"| {name.replace('_', ' ')} | {' | '.join(cells)} |"


def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    import matplotlib

    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / name), size)
