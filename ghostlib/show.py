"""Everything that a notebook displays: tables, curves, screens beside their schemas, the memory of a plan."""

import html
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from ghostlib import config as configs
from ghostlib import machine, tasks
from ghostlib.config import Config
from ghostlib.corpus.picture import open_picture
from ghostlib.inference.evaluate import Metrics, Row
from ghostlib.inference.export import Export
from ghostlib.inference.predict import Prediction
from ghostlib.schemas import views
from ghostlib.schemas.postgres import Verdict
from ghostlib.training.ladder import Rung

INK, FAINT, ACCENT, WARM = "#1f2933", "#d9e2ec", "#2f6fed", "#f0b429"
PARTS = (
    "#2f6fed",
    "#12a594",
    "#9fb3c8",
    "#8e4ec6",
    "#d6409f",
    "#f0b429",
    "#f76808",
    "#e5484d",
    "#7c66dc",
    "#30a46c",
    "#b0b8c4",
    "#697586",
)


def table(rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows as a table; numbers to the right, every cell escaped."""
    if not rows:
        return print("(nothing to show)")
    heads = list(rows[0])
    body = "".join("<tr>" + "".join(_cell(row.get(head, "")) for head in heads) + "</tr>" for row in rows)
    _html(
        f"<table><thead><tr>{''.join(f'<th>{html.escape(str(h))}</th>' for h in heads)}</tr></thead><tbody>{body}</tbody></table>"
    )


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
        "Hugging Face": "not needed: the default weights are ungated mirrors. A gated model wants a token and its licence accepted",
        "Gemini": "not needed: without one, notebook 03 uses drawn screens alone",
    }
    table([{"key": name, "found in": place or "nowhere", "": "" if place else why[name]} for name, place in found.items()])


def ladder(rungs: Sequence[Rung], chosen: Rung | None = None) -> None:
    """The plans from the best to the cheapest; the arrow is the first that fits."""
    chosen = chosen or next((rung for rung in rungs if rung.fits), None)
    table(
        [
            {
                "": "→" if rung is chosen else "",
                "model": rung.plan.model.split("/")[-1],
                "tokens": rung.plan.max_seq_length,
                "rank": rung.plan.rank,
                "DoRA": "yes" if rung.plan.dora else "no",
                "GiB": f"{rung.cost.total:.1f}",
                "fits": "yes" if rung.fits else "no",
                "why": rung.why,
            }
            for rung in rungs
        ]
    )


def memory(rungs: Sequence[Rung], limit_gib: float | None, title: str = "") -> None:
    """Stacked bars: what each plan needs in GiB, by part, against the memory that is there."""
    figure, axes = _axes(9, 0.55 * len(rungs) + 1.9)
    names = [n for n in rungs[0].cost.parts if any(rung.cost.parts[n] >= 0.005 for rung in rungs)]
    start = [0.0] * len(rungs)
    for name, colour in zip(names, PARTS, strict=False):
        sizes = [rung.cost.parts[name] for rung in rungs]
        axes.barh(range(len(rungs)), sizes, 0.62, left=start, color=colour, label=name)
        start = [a + b for a, b in zip(start, sizes, strict=True)]
    for place, rung in enumerate(rungs):
        axes.text(start[place], place, f"  {rung.cost.total:.1f}", va="center", fontsize=8, color=INK)
    axes.set_yticks(range(len(rungs)), [_short(rung) for rung in rungs], fontsize=8)
    axes.invert_yaxis()
    most = max(start)
    if limit_gib and limit_gib < 3 * most:
        axes.axvline(limit_gib, color="#e5484d", linewidth=1.4, linestyle="--")
        axes.text(limit_gib, -0.62, f"{limit_gib:.1f} GiB there are ", ha="right", fontsize=8, color="#e5484d")
        most = max(most, limit_gib)
    axes.set_xlim(0, most * 1.08)
    axes.set_xlabel("GiB")
    axes.grid(axis="x", color=FAINT, linewidth=0.8)
    axes.set_title(title, loc="left", fontsize=10, color=INK)
    figure.legend(loc="outside lower center", ncols=6, frameon=False, fontsize=7.5)
    _png(figure)


def examples(rows: Sequence[tasks.Example], n: int = 2) -> None:
    """The first `n` questions with their answers."""
    for row in rows[:n]:
        if row.image:
            picture(row.image)
        _html(f"<b>question</b><pre>{html.escape(row.prompt)}</pre><b>answer</b><pre>{html.escape(row.completion)}</pre><hr>")


def mask(tokens: Sequence[tuple[str, bool]]) -> None:
    """One example as the model is trained on it: what stands in bold counts in the loss, the rest is only read."""
    counted = sum(counts for _, counts in tokens)
    print(f"{len(tokens)} tokens, of which {counted} count in the loss (bold):")
    parts = [f"<b>{html.escape(text)}</b>" if counts else html.escape(text) for text, counts in tokens]
    _html(f"<pre>{''.join(parts)}</pre>")


def loss(log: Sequence[Mapping[str, float]], title: str = "") -> None:
    """The loss by step, with the learning rate below it."""
    figure, axes = _axes(9, 3.1)
    steps, values = [row["step"] for row in log], [row["loss"] for row in log]
    axes.plot(steps, values, color=FAINT, linewidth=1.2)
    span = max(1, len(values) // 12)
    smooth = [sum(values[max(0, k - span) : k + 1]) / len(values[max(0, k - span) : k + 1]) for k in range(len(values))]
    axes.plot(steps, smooth, color=ACCENT, linewidth=2)
    axes.set_xlabel("optimizer step")
    axes.set_ylabel("loss")
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", color=FAINT, linewidth=0.8)
    axes.set_title(title or f"loss {values[0]:.2f} → {smooth[-1]:.2f}", loc="left", fontsize=10, color=INK)
    _png(figure)


def before_and_after(before: Sequence[Row], after: Sequence[Row]) -> None:
    """The same questions to the untrained and the trained model: valid or not, and the score of each answer."""
    table(
        [
            {
                "question": old.prompt.splitlines()[-1][:70],
                "valid before": "yes" if old.valid else "no",
                "valid after": "yes" if new.valid else "no",
                "score before": f"{old.score['schema_score']:.2f}",
                "score after": f"{new.score['schema_score']:.2f}",
            }
            for old, new in zip(before, after, strict=True)
        ]
    )


def answers(rows: Sequence[Row], n: int = 2) -> None:
    """What a model wrote, and PostgreSQL's verdict."""
    for row in rows[:n]:
        verdict = "PostgreSQL accepts it" if row.valid else "PostgreSQL refuses it"
        _html(f"<pre>{html.escape(row.prediction[:900]) or '(nothing)'}</pre><i>{verdict}</i><hr>")


def pairs(rows: Sequence[Row]) -> None:
    """Screens with the schema that was predicted and the true one."""
    for row in rows:
        if row.image:
            picture(row.image)
        score = row.score["schema_score"]
        _html(
            f"<table><tr><th>predicted (score {score:.2f}, {'valid' if row.valid else 'not valid'})</th><th>truth</th></tr>"
            f"<tr><td><pre>{html.escape(row.prediction)}</pre></td><td><pre>{html.escape(row.gold)}</pre></td></tr></table>"
        )


def metrics(found: Metrics) -> None:
    """Base, tuned and the baseline, each metric with its 95 % interval; then how many different answers there were."""
    series = {"base": found.base, "tuned": found.tuned, **found.baselines}
    series = {name.replace("_", " "): values for name, values in series.items() if values}
    names = [
        n for n in found.base if n not in ("exact", "unique_f1", "check_f1", "primary_key", "not_null_accuracy", "index_f1")
    ]
    table([{"metric": n.replace("_", " "), **{who: _interval(values[n]) for who, values in series.items()}} for n in names])
    print(f"{found.n} screens; different answers: " + ", ".join(f"{who} {count}" for who, count in found.distinct.items()))


def verdict(found: Verdict) -> None:
    """PostgreSQL's verdict, and every problem on a line."""
    count = len(found.schema.tables) if found.schema else 0
    print(f"PostgreSQL accepts it: {count} table{'s' * (count != 1)}" if found.valid else "PostgreSQL refuses it:")
    for problem in found.problems:
        print(f"  {problem}")


def export(made: Export) -> None:
    """The files of an export with their sizes, and the Modelfile."""
    files = [file for file in (made.text_gguf, made.mmproj_gguf) if file]
    facts({where(file): f"{file.stat().st_size / 2**20:.1f} MiB" for file in files})
    print(made.modelfile.read_text(encoding="utf-8"))


def prediction(found: Prediction, image: Path | bytes | None = None) -> None:
    """The screenshot, the schema, PostgreSQL's verdict, and the tables as a diagram."""
    picture(image if image is not None else Path(found.image))
    sql(found.sql)
    state = "PostgreSQL accepts it" if found.valid else f"PostgreSQL refuses it: {'; '.join(map(str, found.problems[:2]))}"
    print(f"{state} · {found.seconds:.1f} s · {found.backend} · {found.model} · mean token probability {found.confidence:.2f}")
    if found.schema:
        _image(views.picture(found.schema), wide=720)


def sql(text: str) -> None:
    """SQL with its syntax in colour where the page has colours."""
    from IPython.display import Code, display

    display(Code(text, language="postgresql"))


def contact(rows: Sequence[Any], root: Path, *, columns: int = 3, wide: int = 400) -> None:
    """A contact sheet: each screen with the tables of its schema under it."""
    from ghostlib.corpus.records import picture_file

    cells = [
        (open_picture(picture_file(row, root)), [t.split(" ")[2] for t in row.output.split("\n") if "CREATE TABLE" in t])
        for row in rows
    ]
    tall = int(wide * 0.66)
    sheet = Image.new("RGB", (columns * (wide + 16) + 16, -(-len(cells) // columns) * (tall + 44) + 16), "white")
    for place, (image, names) in enumerate(cells):
        x, y = 16 + place % columns * (wide + 16), 16 + place // columns * (tall + 44)
        image.thumbnail((wide, tall), Image.Resampling.LANCZOS)
        sheet.paste(image, (x, y))
        _write(sheet, (x, y + image.height + 6), ", ".join(names))
    _image(sheet)


def picture(source: Path | bytes, *, wide: int = 720) -> None:
    """A screenshot, at most `wide` pixels wide."""
    _image(open_picture(source), wide=wide)


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
            "profile": f"{config.profile} ({config.reason})",
            "model": config.model.name,
            "Trinity": f"NF4 {'on' if config.model.quantise else 'off'}, DoRA {'on' if config.lora.dora else 'off'}, "
            f"rsLoRA {'on' if config.lora.rslora else 'off'}, rank {config.lora.rank}, alpha {config.lora.alpha}",
            "training": f"{config.steps('text')} steps of text, {config.steps('vision')} of screens, "
            f"batch {config.train.batch_size} x {config.train.accumulation}, learning rate {config.train.learning_rate:g}",
            "scale": config.scale,
        }
    )


def _interval(value: Mapping[str, float]) -> str:
    return f"{value['mean']:.2f} ({value['low']:.2f} to {value['high']:.2f})"


def _short(rung: Rung) -> str:
    plan = rung.plan
    name = plan.model.split("/")[-1].replace("-it-bnb-4bit", "")
    return (
        f"{name}, r{plan.rank}, {plan.max_seq_length}"
        + (", DoRA" if plan.dora else "")
        + ("" if len(plan.modules) > 2 else ", q v")
    )


def _spelled(value: Any) -> str:
    return ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, Mapping) else str(value)


def _cell(value: Any) -> str:
    right = isinstance(value, (int, float)) or (isinstance(value, str) and value.replace(".", "", 1).isdigit())
    return f"<td{' align=right' if right else ' align=left'}>{html.escape(str(value))}</td>"


def _axes(wide: float, tall: float) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(wide, tall), dpi=130, layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    for side in axes.spines.values():
        side.set_visible(False)
    axes.tick_params(length=0, colors=INK, labelsize=8)
    axes.set_axisbelow(True)
    return figure, axes


def _png(figure: Any) -> None:
    made = io.BytesIO()
    figure.savefig(made, format="png")
    _image(Image.open(made))


def _image(image: Image.Image, *, wide: int | None = None) -> None:
    from IPython.display import Image as Shown
    from IPython.display import display

    if wide and image.width > wide:
        image = image.resize((wide, round(image.height * wide / image.width)), Image.Resampling.LANCZOS)
    made = io.BytesIO()
    image.convert("RGB").quantize(128).save(made, "PNG", optimize=True)  # pages of pictures stay small
    display(Shown(made.getvalue()))


def _html(text: str) -> None:
    from IPython.display import HTML, display

    display(HTML(text))


def _write(sheet: Image.Image, place: tuple[int, int], text: str) -> None:
    from PIL import ImageDraw

    ImageDraw.Draw(sheet).text(place, text, fill=INK, font_size=13)
