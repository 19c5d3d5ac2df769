"""What the docs quote of a run: metrics, figures and an example in docs/results/, the numbers in the pages, the shipped model.

python -m ghostlib.results output/RUN                 publishes a run of any task
python -m ghostlib.results output/nano/curve.json     draws a pretraining's learning curve beside it
"""

import argparse
import dataclasses
import json
import re
import shutil
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from ghostlib import charts, tasks
from ghostlib import config as configs
from ghostlib.config import Config
from ghostlib.corpus.jsonfiles import write_atomically
from ghostlib.corpus.picture import open_picture
from ghostlib.errors import ExportError, GhostError
from ghostlib.inference import engines, evaluate, export, figures
from ghostlib.inference.evaluate import Metrics, Row
from ghostlib.models import lora
from ghostlib.schemas import postgres, views
from ghostlib.tasks import Example
from ghostlib.training import perplexity, watch
from ghostlib.training.runs import Run

SHIPPED_QUANT = "q8_0"  # half of f16: base, adapter and export stay below 20 MB together
UNMEASURED = "Not measured yet."
LETTERS = 79  # of SQL in a line of an example's picture
QUOTED = 400  # characters of an answer that a page shows
PAPER, INK, FAINT = "#f7f8fa", "#1f2933", "#d9e2ec"


def publish(run: Run) -> Path:
    """Commit-ready results of an evaluated run, in docs/results/<task>/: metrics, figure, curves of its training, an example.

    Every page that quotes the task is stamped anew; the suite's own tuned nano goes where a checkout predicts with it.
    """
    metrics, task = evaluate.run(run.config, run, progress=False), run.config.task
    out = configs.root() / "docs" / "results" / task
    out.mkdir(parents=True, exist_ok=True)
    asked = [Example(row.id, row.prompt, row.image, row.gold) for row in metrics.rows if row.model == metrics.rows[0].model]
    found = metrics.as_dict() | {"run": made(run) | {"perplexity": perplexity.of_run(run.config, run, asked)}}
    write_atomically(out / "metrics.json", json.dumps(found, indent=2) + "\n")
    shutil.copy(run.folder / "figures" / "base_and_tuned.png", out / "base_and_tuned.png")
    for phase in metrics.terms.phases:
        if run.adapter(phase):
            curves(run, phase).save(out / f"{phase}.png", optimize=True)
    if metrics.terms.seeing:
        example(evaluate.best(metrics, n=1)[0]).save(out / "example.png", optimize=True)
    else:
        write_atomically(out / "example.json", json.dumps(answers(metrics), indent=2, ensure_ascii=False) + "\n")
    stamp(task)
    if engines.ships(run.config):
        ship(run)
    return out


def made(run: Run) -> dict[str, Any]:
    """Of what a run's numbers are: profile, base, commit, and each phase's steps, minutes, and first and last values."""
    facts, phases = run.facts(), {}
    for phase in tasks.terms(run.config.task).phases:
        log = watch.read(run.folder / phase / "log.jsonl")
        if run.adapter(phase) and log:
            told = {name: facts[phase][name] for name in ("steps", "examples", "kept")}
            shown = [name for name in ("loss", "perplexity", "margin", "preferred") if name in log[0]]
            values = {name: {"first": log[0][name], "last": _late(log, name)} for name in shown}
            phases[phase] = told | {"minutes": round(facts[phase]["seconds"] / 60, 2)} | values
    base = engines.identity(run.config)
    return {"profile": run.config.profile, "base": base, "git": facts.get("git"), "started": facts["started"], "phases": phases}


def curves(run: Run, phase: str) -> Image.Image:
    """How a phase was trained: its loss, and for pairs the rewards."""
    log = watch.read(run.folder / phase / "log.jsonl")
    if "margin" in log[0]:
        return charts.preference(log)
    return charts.loss(log, scores=watch.scores(run.folder / phase / "log.jsonl"))


def answers(metrics: Metrics) -> dict[str, Any]:
    """The first question of an evaluation with the answer of every model: first, so that nobody has chosen it."""
    rows = [row for row in metrics.rows if row.id == metrics.rows[0].id]
    said = {row.model: {"answer": row.prediction, "valid": row.valid} for row in rows}
    return {"id": rows[0].id, "question": rows[0].prompt.splitlines()[-1], "wanted": rows[0].gold, "answers": said}


def ship(run: Run) -> Path:
    """Put the tuned model where a fresh checkout predicts with it: adapter, GGUF, manifest.

    Raises ExportError for a run of another task or model than the one that ships.
    """
    out = engines.ships(run.config)
    if out is None:
        told = f"{run.config.model.name} for the task {run.config.task}"
        raise ExportError(f"{run.folder.name}: is {told}, and that does not ship. Export it: `ghost export {run.folder.name}`")
    shutil.rmtree(out, ignore_errors=True)
    settings = dataclasses.replace(run.config, export=dataclasses.replace(run.config.export, quant=SHIPPED_QUANT))
    export.convert(export.merged(run), out, config=settings, progress=False)
    shutil.copytree(export.adapter(run), out / "adapter", ignore=shutil.ignore_patterns("README.md"))
    lora.halve(out / "adapter")
    return out


def pretraining(file: Path) -> Path:
    """Draw the rows of a `curve.json` (step, minutes, loss: the mean of the steps up to there) as a PNG beside it.

    Raises ExportError for a file that holds none.
    """
    try:
        rows = [{name: float(row[name]) for name in ("step", "minutes", "loss")} for row in json.loads(file.read_text("utf-8"))]
        drawn = charts.pretraining(rows)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ExportError(f"{file}: no learning curve ({error}). A pretraining writes one: its curve.json") from None
    out = file.with_suffix(".png")
    drawn.save(out, optimize=True)
    return out


def stamp(task: str) -> list[Path]:
    """Write the committed results of a task into every page that quotes them; the pages come back."""
    known = committed(task)
    pages = [page for page in pages_of_docs() if quotes(page.read_text(encoding="utf-8"), task)]
    for page in pages:
        write_atomically(page, stamped(page.read_text(encoding="utf-8"), task, known))
    return pages


def committed(task: str) -> dict[str, Any] | None:
    """The published metrics of a task, its example under "example" where it has one as text; None where none are published."""
    folder = configs.root() / "docs" / "results" / task
    if not (folder / "metrics.json").is_file():
        return None
    found = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    if (folder / "example.json").is_file():
        found["example"] = json.loads((folder / "example.json").read_text(encoding="utf-8"))
    return found


def pages_of_docs() -> list[Path]:
    """The pages that may quote results."""
    return [configs.root() / "README.md", *sorted((configs.root() / "docs").glob("*.md"))]


def quotes(page: str, task: str) -> bool:
    """Whether a page has a marker of the task."""
    named = {name or Config.task for _, name in re.findall(_opening(f"(?:{'|'.join(BLOCKS)})"), page)}
    return task in named or bool(re.search(rf"<!-- number: {re.escape(task)} ", page))


def stamped(page: str, task: str, found: dict[str, Any] | None) -> str:
    """The page with every marked number and block of a task as `found` (metrics.json) has them.

    The marks: `<!-- number: TASK place.in.metrics -->0<!-- /number -->`, and round what is written anew `<!-- KIND TASK -->`
    and `<!-- /KIND -->`, KIND of BLOCKS. A block without a task is of the suite's own; where nothing is published (None),
    it says so. Raises KeyError for a number that the metrics have not.
    """

    def number(match: re.Match[str]) -> str:
        value: Any = found
        for key in match.group(1).split("."):
            value = value[key]
        shown = str(value) if isinstance(value, int) else f"{value:.2f}"
        return f"<!-- number: {task} {match.group(1)} -->{shown}<!-- /number -->"

    if found:
        page = re.sub(rf"<!-- number: {re.escape(task)} (\S+) -->.*?<!-- /number -->", number, page)
    for kind, written in BLOCKS.items():

        def block(match: re.Match[str], kind: str = kind, written: Callable[..., str] = written) -> str:
            if (match.group(2) or Config.task) != task:
                return match.group()
            return f"{match.group(1)}\n{written(task, found) if found else UNMEASURED}\n<!-- /{kind} -->"

        page = re.sub(rf"{_opening(kind)}.*?<!-- /{kind} -->", block, page, flags=re.DOTALL)
    return page


def _opening(kind: str) -> str:
    return rf"(<!-- {kind}(?: (\w+))? -->)"


def _training(task: str, found: dict[str, Any]) -> str:
    run, lines = found["run"], []
    for phase, told in run["phases"].items():
        shown = [name for name in ("loss", "margin", "preferred") if name in told]
        values = [f"{name} {told[name]['first']:.2f} at first, {told[name]['last']:.2f} over the last tenth" for name in shown]
        kept = "" if told["kept"]["step"] == told["steps"] else f"; kept is step {told['kept']['step']}, {told['kept']['why']}"
        taken = f"{told['steps']} steps of {told['examples']:,} examples in {told['minutes']:.1f} minutes"
        lines.append(f"- the phase {phase}: {taken}; {'; '.join(values)}{kept}")
    cost = ", ".join(f"{name} {value:.2f}" for name, value in run["perplexity"].items())
    lines.append(f"- perplexity of the right answers, by model: {cost}")
    return "\n".join([*lines, f"- profile {run['profile']}, base `{run['base']}`, begun {run['started'][:16]}"])


def _table(task: str, found: dict[str, Any]) -> str:
    series = figures.series(found)
    lines = [f"| | {' | '.join(figures.labels(series).values())} |", "|---" * (len(series) + 1) + "|"]
    for name in tasks.terms(task).metrics:
        if any(name in column for column in series.values()):  # an answer without fields has none that nobody asked for
            cells = (_interval(column.get(name)) for column in series.values())
            lines.append(f"| {name.replace('_', ' ')} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _interval(value: dict[str, float] | None) -> str:
    return f"{value['mean']:.2f} ({value['low']:.2f} to {value['high']:.2f})" if value else "nothing to measure"


def _notes(task: str, found: dict[str, Any]) -> str:
    return "\n".join([f"- {found['n']} {found['split']} {tasks.terms(task).noun}", *(f"- {note}" for note in found["notes"])])


def _figures(task: str, found: dict[str, Any]) -> str:
    shown = {"base_and_tuned": "The models beside each other, metric by metric"}
    shown |= {phase: f"How the phase {phase} was trained, by step" for phase in found["run"]["phases"]}
    return "\n\n".join(f"![{words}](results/{task}/{name}.png)" for name, words in shown.items())


def _example(task: str, found: dict[str, Any]) -> str:
    one = found["example"]
    said = {figures.labels(one["answers"])[name]: told["answer"] for name, told in one["answers"].items()}
    parts = {"asked": one["question"], "wanted": one["wanted"], **said}
    return "```\n" + "\n".join(f"{name}: {_short(text) or '(nothing)'}" for name, text in parts.items()) + "\n```"


def _short(text: str) -> str:
    """The text as a page quotes it: a model that repeats itself would fill it."""
    return text if len(text) <= QUOTED else f"{text[:QUOTED]} ... ({len(text):,} characters)"


def _eyes(task: str, found: dict[str, Any]) -> str:
    """What each eye is worth, in all and by the first of the groups."""
    terms, told = tasks.terms(task), found.get("ablation")
    if not told:
        return UNMEASURED
    metric = next(iter(terms.metrics))
    (kind, groups), *_ = told["groups"].items()
    parts = list(told["whole"])
    lines = [f"| {terms.metrics[metric]} by {kind} | {terms.noun} | {' | '.join(parts)} |", "|---" * (len(parts) + 2) + "|"]
    for label, some in {**groups, "all": told["whole"] | {"n": told["n"]}}.items():
        cells = [_interval(some[part][metric]) for part in parts]
        lines.append(f"| {label} | {some['n']} | {' | '.join(cells)} |")
    return "\n".join(lines)


BLOCKS: dict[str, Callable[[str, dict[str, Any]], str]] = {
    "training": _training, "results": _table, "notes": _notes, "figures": _figures, "example": _example, "ablation": _eyes,
}  # fmt: skip


def _late(log: list[watch.Row], name: str) -> float:
    """The mean of the last tenth of a log: one batch alone says little."""
    last = log[-max(1, len(log) // 10) :]
    return round(sum(row[name] for row in last) / len(last), 4)


def example(row: Row) -> Image.Image:
    """One answer as a picture: the screenshot, the schema as text and as a diagram, and PostgreSQL's verdict."""
    screen = open_picture(row.image) if row.image else Image.new("RGB", (720, 480), PAPER)
    screen = screen.resize((860, round(screen.height * 860 / screen.width)), Image.Resampling.LANCZOS)
    verdict = postgres.judge(row.prediction)
    font, bold = _font("DejaVuSansMono.ttf", 15), _font("DejaVuSans-Bold.ttf", 16)
    told = [textwrap.wrap(line, LETTERS, subsequent_indent=" " * 8) or [""] for line in row.prediction.splitlines()]
    lines = [line for part in told for line in part]
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


def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    import matplotlib

    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / name), size)


def main(words: list[str] | None = None) -> int:
    """`python -m ghostlib.results RUN`; what a user can mend is one line on standard error."""
    name = "python -m ghostlib.results"
    parser = argparse.ArgumentParser(prog=name, description="publish a run's results", epilog=f"example: {name} output/my-run")
    parser.add_argument("run", type=Path, help="the folder of an evaluated run, or the curve.json of a pretraining")
    folder = parser.parse_args(words).run.resolve()
    try:
        if folder.suffix == ".json":
            print(pretraining(folder))
        else:
            print(publish(Run(folder, configs.from_file(folder / "config.yaml"))).relative_to(configs.root()))
    except GhostError as error:
        print(f"results: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
