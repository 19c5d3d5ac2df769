"""Everything that a notebook displays: tables, curves, screens beside their schemas, the memory of a plan."""

import html
import io
import math
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from ghostlib import charts, machine, markup, tasks
from ghostlib import config as configs
from ghostlib.config import Config
from ghostlib.corpus.picture import open_picture
from ghostlib.corpus.records import Screen
from ghostlib.inference import ablation, beside, evaluate, figures, overlay
from ghostlib.inference.asking import Answered
from ghostlib.inference.causes import CLOSE
from ghostlib.inference.evaluate import Metrics, Row
from ghostlib.inference.export import Export
from ghostlib.inference.parity import Report, told
from ghostlib.inference.predict import Prediction
from ghostlib.schemas import views
from ghostlib.training import watch
from ghostlib.training.ladder import Rung

WIDE = 92  # letters of a line of an answer
PATIENCE = 2.0  # seconds between two drawings of a training under way, at least


def table(rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows as a table; numbers to the right, every cell escaped."""
    if not rows:
        return print("(nothing to show)")
    _html(markup.table(rows))


def facts(values: Mapping[str, Any]) -> None:
    """Names and values, one a line."""
    table([{"": name, " ": _spelled(value)} for name, value in values.items()])


def hardware(here: machine.Machine) -> None:
    """The machine and the precision that it trains in, with the reason."""
    precision = machine.precision(here)
    card = f"{here.gpu}, {here.vram_gib:.1f} GiB" if here.gpu and here.vram_gib else "none"
    facts(
        {
            "system": f"{here.system}, Python {here.python}" + (" (Colab)" if here.colab else ""),
            "processor": f"{here.cpus} cores, {here.ram_gib:.1f} GiB of memory",
            "GPU": card,
            "free disk": f"{here.disk_free_gib:.0f} GiB",
            "precision": f"{precision.compute} ({precision.why})",
        }
    )


def packages() -> None:
    """Each pinned package beside what is installed; what differs comes first."""
    rows = []
    for name, pinned, installed in machine.packages():
        state = "as pinned" if pinned == installed else "not installed" if installed is None else "differs"
        rows.append({"package": name, "pinned": pinned, "installed": installed or "", "": state})
    differing = [row for row in rows if row[""] != "as pinned"]
    print(f"{len(rows) - len(differing)} of {len(rows)} packages are as pinned" + (":" if differing else "."))
    if differing:
        table(differing)


def keys() -> None:
    """Which keys were found, and where; never a key."""
    found = machine.keys()
    why = {
        "Hugging Face": "not needed: the default weights are ungated. A gated model wants a token and its licence accepted",
        "Gemini": "not needed: without one, notebook 03 uses drawn screens alone",
    }
    table([{"key": name, "found in": place or "nowhere", "": "" if place else why[name]} for name, place in found.items()])


def ladder(rungs: Sequence[Rung], chosen: Rung | None = None) -> None:
    """The plans from the best to the cheapest; the arrow is the first that fits. Hours and disk are of the whole way."""
    chosen = chosen or next((rung for rung in rungs if rung.fits), None)
    rows = []
    for rung in rungs:
        row = {
            "": "→" if rung is chosen else "",
            "model": rung.plan.model.split("/")[-1],
            "tokens": rung.plan.max_seq_length,
            "rank": rung.plan.rank,
            "DoRA": "yes" if rung.plan.dora else "no",
            "GiB": f"{rung.cost.total:.1f} ± {rung.cost.error:.1f}",
            "fits": "yes" if rung.fits else "a probe decides" if rung.tight else "no",
        }
        if rung.budget:
            row |= {"hours": f"{rung.budget.total_minutes / 60:.1f}", "disk, GiB": f"{rung.budget.disk_gib:.1f}"}
        rows.append(row | {"why": rung.why})
    table(rows)


def memory(rungs: Sequence[Rung], limit_gib: float | None, title: str = "") -> None:
    """Stacked bars: what each plan needs in GiB, by part, against the memory that is there."""
    _image(charts.memory(rungs, limit_gib, title))


def loss(log: Sequence[Mapping[str, float]], title: str = "", *, scores: Sequence[Mapping[str, float]] = ()) -> None:
    """The loss by step, and the score where the model was asked while it trained."""
    _image(charts.loss(log, title, scores=scores))


def preference(log: Sequence[Mapping[str, float]], title: str = "") -> None:
    """Loss, rewards and preferred answers of the preference phase, by step."""
    _image(charts.preference(log, title))


def perplexity(log: Sequence[Mapping[str, float]]) -> None:
    """The perplexity (e to the loss, a token) of the first and the last step."""
    if log:
        print(f"perplexity of the answers: {math.exp(log[0]['loss']):.2f} at first, {math.exp(log[-1]['loss']):.2f} at last")


def live(title: str = "") -> watch.Plot | None:
    """A plot for sft.run that redraws itself in the cell while it trains, and leaves one line when it is over.

    None where nobody watches: outside a notebook, or headless (GHOST_HEADLESS: papermill, nbclient, nbval); sft.run then
    prints lines. It takes at most a fiftieth of the time, so a slow machine redraws less often.
    """
    from IPython import get_ipython
    from IPython.display import HTML, display

    if os.environ.get("GHOST_HEADLESS") or not hasattr(get_ipython(), "kernel"):
        return None
    cell = display(HTML(""), display_id=True)
    drawn = {"at": -math.inf, "took": 0.0}

    def draw(steps: Sequence[Mapping[str, float]], scores: Sequence[Mapping[str, float]], total: int | None) -> None:
        if total is None:  # the next cell shows the whole curve: one picture is enough in a saved notebook
            told = f"{steps[-1]['step']} steps, loss {steps[0]['loss']:.3f} → {steps[-1]['loss']:.3f}" if steps else "no step"
            cell.update(HTML(html.escape(f"{title} {told}".strip())))
        elif steps and time.monotonic() - drawn["at"] >= max(PATIENCE, 50 * drawn["took"]):
            started = time.monotonic()
            told = f"{title}  step {steps[-1]['step']} of {total}, {steps[-1]['seconds_left']:.0f} s left"
            cell.update(_shown(charts.loss(steps, told.strip(), scores=scores, total=total)))
            drawn.update(at=time.monotonic(), took=time.monotonic() - started)

    return draw


def contact(rows: Sequence[Screen], root: Path) -> None:
    """A contact sheet: each screen with the tables of its schema under it."""
    _image(charts.contact(rows, root))


def examples(rows: Sequence[tasks.Example], n: int = 2) -> None:
    """The first `n` questions with their answers."""
    for row in rows[:n]:
        if row.image:
            picture(row.image)
        _html(f"<b>question</b><pre>{html.escape(row.prompt)}</pre><b>answer</b><pre>{html.escape(row.taught)}</pre><hr>")


def mask(tokens: Sequence[tuple[str, bool]]) -> None:
    """One example as the model is trained on it: what stands in bold counts in the loss, the rest is only read."""
    counted = sum(counts for _, counts in tokens)
    print(f"{len(tokens)} tokens, of which {counted} count in the loss (bold):")
    parts = [f"<b>{html.escape(text)}</b>" if counts else html.escape(text) for text, counts in tokens]
    _html(f"<pre>{''.join(parts)}</pre>")


def before_and_after(before: Sequence[Row], after: Sequence[Row]) -> None:
    """The same questions to the untrained and the trained model: valid or not, and the score of each answer."""
    table(
        [
            {
                "question": old.prompt.splitlines()[-1][:70],
                "valid before": "yes" if old.valid else "no",
                "valid after": "yes" if new.valid else "no",
                "score before": f"{evaluate.value(old):.2f}",
                "score after": f"{evaluate.value(new):.2f}",
            }
            for old, new in zip(before, after, strict=True)
        ]
    )


def answers(rows: Sequence[Row], n: int = 2, *, judge: str = "PostgreSQL") -> None:
    """What a model wrote, and the verdict of the task's judge."""
    for row in rows[:n]:
        verdict = f"{judge} accepts it" if row.valid else f"{judge} refuses it"
        _html(f"<pre>{html.escape(row.prediction[:900]) or '(nothing)'}</pre><i>{verdict}</i><hr>")


def pairs(rows: Sequence[Row]) -> None:
    """Questions, of screens the picture and of words the last line, with the answer that was predicted and the true one."""
    for row in rows:
        if row.image:
            picture(row.image)
        elif row.prompt:
            _html(f"<p>{html.escape(row.prompt.splitlines()[-1])}</p>")
        state = f"predicted (score {evaluate.value(row):.2f}, {'valid' if row.valid else 'not valid'})"
        heads = "".join(f'<th style="text-align:left">{head}</th>' for head in (state, "truth"))
        _html(f"<table><tr>{heads}</tr><tr>{_answer_cell(row.prediction)}{_answer_cell(row.gold)}</tr></table>")


def metrics(found: Metrics) -> None:
    """Base, tuned and the baseline, each metric with its 95 % interval; then how many different answers there were."""
    series = figures.series(found.as_dict())
    called = figures.labels(series)
    names = [name for name in found.base if name not in found.terms.minor]
    table([{"metric": n.replace("_", " "), **{called[k]: _interval(v.get(n)) for k, v in series.items()}} for n in names])
    for change in found.changes:
        print(change.told(" ".join(found.terms.metrics[change.aim].split()), found.n))
    if found.ablation:
        print(ablation.said(found.ablation, found.terms))
    if beside.MENDED in series:
        print(beside.SAID)
    print(
        f"{found.n} {found.terms.noun}; different answers: "
        + ", ".join(f"{who} {count}" for who, count in found.distinct.items())
    )


def trial(config: Config) -> None:
    """The judge of the config's task at work, on a right answer and on a wrong one."""
    print("\n".join(tasks.named(config.task).trial()))


def export(made: Export) -> None:
    """The files of an export with their sizes, and the Modelfile."""
    files = [file for file in (made.text_gguf, made.mmproj_gguf) if file]
    facts({where(file): f"{file.stat().st_size / 2**20:.1f} MiB" for file in files})
    print(made.modelfile.read_text(encoding="utf-8"))


def parity(found: Report) -> None:
    """Every stage from the adapter to the smallest GGUF beside the one before it; then the first gap and its likely cause."""
    labels = {stage.key: stage.label for stage in found.stages}
    if found.n:
        rows = [{"step": f"{labels[link.before]} → {labels[link.after]}", **told(link)} for link in found.links]
        table(rows)
        _image(figures.parity(found.as_dict(), close=CLOSE))
    for line in (*(f"{stage.label}: skipped, {stage.skipped}" for stage in found.stages if stage.skipped), *found.notes):
        print(line)
    if found.n:
        print(f"first gap: {found.gap}" if found.gap else "no gap: every step gives the same texts")


def prediction(found: Prediction, image: Path | bytes | None = None) -> None:
    """The screenshot with the evidence drawn over it, the schema, PostgreSQL's verdict, and the tables as a diagram."""
    picture(overlay.drawn(found.evidence, image if image is not None else Path(found.image)))
    sql(found.sql)
    state = "PostgreSQL accepts it" if found.valid else f"PostgreSQL refuses it: {'; '.join(map(str, found.problems[:2]))}"
    print(f"{state} · {found.seconds:.1f} s · {found.backend} · {found.model} · mean token probability {found.confidence:.2f}")
    print(*found.notes, sep="\n", end="\n" * bool(found.notes))
    if found.schema:
        _image(views.picture(found.schema), wide=720)


def asked(found: Answered) -> None:
    """A question in words, the answer, and what the task's check says of it."""
    print(found.question)
    _html(f"<pre>{html.escape(found.answer)}</pre>")
    state = "passes the check" if found.valid else f"does not pass: {'; '.join(found.problems[:2])}"
    print(f"{state} · {found.seconds:.1f} s · {found.model} · mean token probability {found.confidence:.2f}")


def sql(text: str) -> None:
    """SQL with its syntax in colour."""
    from IPython.display import display

    display({"text/html": markup.sql(text), "text/plain": text}, raw=True)


def download(text: str, name: str) -> None:
    """A button that saves `text` as the file `name`."""
    _html(markup.download(text, name))


def picture(source: Path | bytes | Image.Image, *, wide: int = 720) -> None:
    """A screenshot, at most `wide` pixels wide."""
    _image(source if isinstance(source, Image.Image) else open_picture(source), wide=wide)


def figure(path: Path) -> None:
    """A figure that a run has left in its folder."""
    _image(Image.open(path))


def where(path: Path) -> str:
    """A path as a reader wants it: below the project or the output folder, without this machine's own part."""
    for parent, name in ((configs.output(), "output"), (configs.root(), "")):
        if path.is_relative_to(parent):
            return str(Path(name) / path.relative_to(parent))
    return path.name


def settings(config: Config) -> None:
    """The profile, why it was chosen, and its main numbers."""
    facts(
        {
            "task": config.task,
            "profile": f"{config.profile} ({config.reason})",
            "model": config.model.name,
            "Trinity": f"NF4 {'on' if config.model.quantise else 'off'}, DoRA {'on' if config.lora.dora else 'off'}, "
            f"rsLoRA {'on' if config.lora.rslora else 'off'}, rank {config.lora.rank}, alpha {config.lora.alpha}",
            "training": ", ".join(f"{phase}: {_length(config, phase)}" for phase in tasks.terms(config.task).phases)
            + f"; batch {config.train.batch_size} x {config.train.accumulation}, learning rate {config.train.learning_rate:g}",
            "scale": config.scale,
        }
    )


def _length(config: Config, phase: str) -> str:
    steps = config.steps(phase)
    epochs = config.preference.epochs if phase == "preference" else config.train.epochs
    return f"{steps} steps" if steps != -1 else f"{epochs:g} epochs"


def _answer_cell(text: str) -> str:
    """An answer in a table's cell: from the left and the top, a long line in pieces, a runaway answer cut."""
    lines = [line[start : start + WIDE] for line in text.splitlines() for start in range(0, max(1, len(line)), WIDE)]
    shown = "\n".join(lines[:40] + ["..."] * (len(lines) > 40))
    return f'<td style="text-align:left; vertical-align:top"><pre>{html.escape(shown)}</pre></td>'


def _interval(value: Mapping[str, float] | None) -> str:
    if value is None:
        return "nothing to measure"
    return f"{value['mean']:.2f} ({value['low']:.2f} to {value['high']:.2f})"


def _spelled(value: Any) -> str:
    return ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, Mapping) else str(value)


def _image(image: Image.Image, *, wide: int | None = None) -> None:
    from IPython.display import display

    if wide and image.width > wide:
        image = image.resize((wide, round(image.height * wide / image.width)), Image.Resampling.LANCZOS)
    display(_shown(image))


def _shown(image: Image.Image) -> Any:
    from IPython.display import Image as Shown

    made = io.BytesIO()
    image.convert("RGB").quantize(128).save(made, "PNG", optimize=True)  # pages of pictures stay small
    return Shown(made.getvalue())


def _html(text: str) -> None:
    from IPython.display import HTML, display

    display(HTML(text))
