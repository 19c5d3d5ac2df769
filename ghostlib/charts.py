"""The pictures that notebooks show: the memory of a plan, a loss curve, a contact sheet. Each comes back as an image."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from ghostlib.corpus.picture import open_picture
from ghostlib.corpus.records import Screen, picture_file
from ghostlib.training.ladder import Rung

INK, FAINT, ACCENT = "#1f2933", "#d9e2ec", "#2f6fed"
SCORE = "#d6409f"
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


def memory(rungs: Sequence[Rung], limit_gib: float | None, title: str = "") -> Image.Image:
    """Stacked bars: what each plan needs in GiB, by part and with the estimate's error, against the memory that is there."""
    figure, axes = _axes(9, 0.55 * len(rungs) + 1.9)
    names = [n for n in rungs[0].cost.parts if any(rung.cost.parts[n] >= 0.005 for rung in rungs)]
    start = [0.0] * len(rungs)
    for name, colour in zip(names, PARTS, strict=False):
        sizes = [rung.cost.parts[name] for rung in rungs]
        axes.barh(range(len(rungs)), sizes, 0.62, left=start, color=colour, label=name)
        start = [a + b for a, b in zip(start, sizes, strict=True)]
    for place, rung in enumerate(rungs):
        axes.errorbar(start[place], place, xerr=rung.cost.error, color=INK, linewidth=0.9, capsize=2)
        label = f" {rung.cost.total:.1f}" + ("" if rung.fits else ", a probe decides" if rung.tight else ", too large")
        axes.text(start[place] + rung.cost.error, place, label, va="center", fontsize=8, color=INK)
    axes.set_yticks(range(len(rungs)), [_short(rung) for rung in rungs], fontsize=8)
    axes.invert_yaxis()
    most = max(rung.cost.total + rung.cost.error for rung in rungs)
    if limit_gib and limit_gib < 3 * most:
        axes.axvline(limit_gib, color="#e5484d", linewidth=1.4, linestyle="--")
        axes.text(limit_gib, -0.62, f"{limit_gib:.1f} GiB there are ", ha="right", fontsize=8, color="#e5484d")
        most = max(most, limit_gib)
    axes.set_xlim(0, most * 1.16)
    axes.set_xlabel("GiB; the thin line is the error of the estimate", fontsize=8)
    axes.grid(axis="x", color=FAINT, linewidth=0.8)
    axes.set_title(title, loc="left", fontsize=10, color=INK)
    figure.legend(loc="outside lower center", ncols=6, frameon=False, fontsize=7.5)
    return _png(figure)


def loss(
    log: Sequence[Mapping[str, float]], title: str = "", *, scores: Sequence[Mapping[str, float]] = (), total: int = 0
) -> Image.Image:
    """The loss by step; where the model was evaluated while it trained, the loss of what was held back, or its score

    (right, with its 95 % interval) too.

    `total` steps are the width of the picture, so that a training under way shows how far it is.
    """
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
    if total:
        axes.set_xlim(0, total)
    held, asked = [row for row in scores if "held_loss" in row], [row for row in scores if "score" in row]
    if held:
        axes.plot([row["step"] for row in held], [row["held_loss"] for row in held], color=SCORE, marker="o", markersize=4)
        axes.text(held[-1]["step"], held[-1]["held_loss"], " held back", color=SCORE, fontsize=8, va="bottom", ha="right")
    if asked:
        _scores(axes.twinx(), asked)
    return _png(figure)


def pretraining(rows: Sequence[Mapping[str, float]]) -> Image.Image:
    """The loss of a pretraining by its minutes, on a logarithmic scale, for most of it falls in the first of them."""
    figure, axes = _axes(9, 3.1)
    axes.plot([row["minutes"] for row in rows], [row["loss"] for row in rows], color=ACCENT, linewidth=1.6)
    axes.set_yscale("log")
    least, most = min(row["loss"] for row in rows), max(row["loss"] for row in rows)
    ticks = [tick for tick in (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10) if least / 1.5 <= tick <= most * 1.5]
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel("minutes")
    axes.set_ylabel("loss")
    axes.grid(axis="y", color=FAINT, linewidth=0.8)
    last = rows[-1]
    title = f"{last['step']:,.0f} steps in {last['minutes']:,.0f} minutes: loss {last['loss']:.2f} at the end"
    axes.set_title(title, loc="left", fontsize=10, color=INK)
    return _png(figure)


def preference(log: Sequence[Mapping[str, float]], title: str = "") -> Image.Image:
    """Three curves by step: the loss from ln 2 down, what the answers are worth, and how often the right one is preferred."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 2.8), dpi=130, layout="constrained", facecolor="white")
    steps = [row["step"] for row in log]
    shown = (
        ("loss (ln 2 at first)", {"loss": ACCENT}),
        ("reward: right, spoilt, margin", {"chosen": "#12a594", "rejected": "#e5484d", "margin": ACCENT}),
        ("right answer preferred", {"preferred": SCORE}),
    )
    for axes, (name, curves) in zip(figure.subplots(1, len(shown)), shown, strict=True):
        for key, colour in curves.items():
            axes.plot(steps, [row[key] for row in log], color=colour, linewidth=1.6, label=key)
        axes.set_title(name, loc="left", fontsize=9, color=INK)
        axes.set_xlabel("optimizer step", fontsize=8)
        axes.tick_params(length=0, colors=INK, labelsize=8)
        axes.grid(axis="y", color=FAINT, linewidth=0.8)
        for side in axes.spines.values():
            side.set_visible(False)
        if len(curves) > 1:
            axes.legend(frameon=False, fontsize=7.5)
    if title:
        figure.suptitle(title, fontsize=10, color=INK, x=0.01, ha="left")
    return _png(figure)


def _scores(axes: Any, scores: Sequence[Mapping[str, float]]) -> None:
    steps, means = [row["step"] for row in scores], [row["score"] for row in scores]
    reach = [[row["score"] - row["low"] for row in scores], [row["high"] - row["score"] for row in scores]]
    axes.errorbar(steps, means, yerr=reach, color=SCORE, linewidth=1.6, elinewidth=0.8, capsize=2, marker="o", markersize=4)
    axes.set_ylim(0, 1)
    axes.set_ylabel("score of what was asked", color=SCORE, fontsize=8)
    axes.tick_params(length=0, colors=SCORE, labelsize=8)
    for side in axes.spines.values():
        side.set_visible(False)


def contact(rows: Sequence[Screen], root: Path, *, columns: int = 3, wide: int = 400) -> Image.Image:
    """A contact sheet: each screen with the tables of its schema under it."""
    cells = [
        (open_picture(picture_file(row, root)), [t.split(" ")[2] for t in row.output.split("\n") if "CREATE TABLE" in t])
        for row in rows
    ]
    tall = int(wide * 0.66)
    sheet = Image.new("RGB", (columns * (wide + 16) + 16, -(-len(cells) // columns) * (tall + 44) + 16), "white")
    drawing = ImageDraw.Draw(sheet)
    for place, (image, names) in enumerate(cells):
        x, y = 16 + place % columns * (wide + 16), 16 + place // columns * (tall + 44)
        image.thumbnail((wide, tall), Image.Resampling.LANCZOS)
        sheet.paste(image, (x, y))
        drawing.rectangle((x - 1, y - 1, x + image.width, y + image.height), outline=FAINT)
        drawing.text((x, y + image.height + 6), ", ".join(names), fill=INK, font_size=16)
    return sheet


def _short(rung: Rung) -> str:
    plan = rung.plan
    name = plan.model.split("/")[-1].replace("-it-bnb-4bit", "")
    return (
        f"{name}, r{plan.rank}, {plan.max_seq_length}"
        + (", DoRA" if plan.dora else "")
        + ("" if len(plan.modules) > 2 else f", {' '.join(plan.modules)}")
    )


def _axes(wide: float, tall: float) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(wide, tall), dpi=130, layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    for side in axes.spines.values():
        side.set_visible(False)
    axes.tick_params(length=0, colors=INK, labelsize=8)
    axes.set_axisbelow(True)
    return figure, axes


def _png(figure: Any) -> Image.Image:
    made = io.BytesIO()
    figure.savefig(made, format="png")
    return Image.open(made)
