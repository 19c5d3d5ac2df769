"""The pictures that an evaluation leaves in its run."""

import io
from pathlib import Path
from typing import Any

from PIL import Image

from ghostlib.tasks import Terms

INK, FAINT = "#1f2933", "#d9e2ec"
COLOURS = {
    "base": "#9fb3c8",
    "text": "#12a594",
    "tuned": "#2f6fed",
    "mended": "#1b3f91",  # the same answers, so the same hue
    "most_frequent": "#f0b429",
    "by_rule": "#7fb77e",
}
OTHERS = ("#8e4ec6", "#d9822b", "#d6409f", "#697586")
STAGES = ("#2f6fed", "#12a594", "#f0b429", "#8e4ec6", "#d6409f")  # of a parity report, in their order
NAMES = {
    "base": "base",
    "text": "after examples",
    "tuned": "tuned",
    "most_frequent": "most frequent answer",
    "by_rule": "base by rule",
    "mended": "tuned, mended by rule",
}


def series(metrics: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The columns of a comparison, by key: base, what each phase has made in their order, then the baselines."""
    found = {"base": metrics["base"], "text": None, "tuned": metrics.get("tuned"), "mended": None, **metrics["baselines"]}
    return {name: values for name, values in found.items() if values}


def labels(found: dict[str, Any], names: dict[str, str] | None = None) -> dict[str, str]:
    """What each series is called; `names` goes before the names that are known here."""
    known = NAMES | ({"tuned": "after pairs"} if "text" in found else {}) | (names or {})
    return {name: known.get(name, name.replace("_", " ")) for name in found}


def comparison(metrics: dict[str, Any], file: Path, *, terms: Terms, names: dict[str, str] | None = None) -> Path:
    """Bars of base, tuned and the baselines with their 95 % intervals, as a PNG; `metrics` has metrics.json's shape.

    `names` says how a legend calls a series other than by its key, `terms` which metrics are shown.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    found = series(metrics)
    called = labels(found, names)
    there = list(dict.fromkeys(metric for values in found.values() for metric in values))
    shown = [metric for metric in terms.metrics if metric in there] or there[:6]
    figure = Figure(figsize=(9 + 1.2 * max(0, len(found) - 4), 4.2), dpi=160, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    width = 0.8 / len(found)
    spare = iter(OTHERS * len(found))
    for place, (name, values) in enumerate(found.items()):
        colour, offset = COLOURS.get(name) or next(spare), (place - (len(found) - 1) / 2) * width
        _bars(axes, values, shown, colour=colour, label=called[name], offset=offset, width=width)
    axes.set_xticks(range(len(shown)), [terms.metrics.get(metric, metric) for metric in shown], color=INK)
    axes.set_ylim(0, 1.12)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1.0])
    axes.tick_params(length=0, colors=INK)
    axes.grid(axis="y", color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.set_title(
        f"{metrics['n']} {metrics['split']} {terms.noun}, with 95 % intervals",
        loc="left", fontsize=11, color=INK,
    )  # fmt: skip
    if len(found) <= 3:
        axes.legend(frameon=False, ncols=len(found), loc="upper right", labelcolor=INK)
    else:
        figure.legend(frameon=False, ncols=3, loc="outside lower center", labelcolor=INK)
    figure.savefig(file)
    return file


def _bars(axes: Any, values: dict[str, Any], shown: list[str], *, colour: str, label: str, offset: float, width: float) -> None:
    measured = [metric for metric in shown if metric in values]  # an answer without fields has none that nobody asked for
    means = [values[metric]["mean"] for metric in measured]
    below = [max(0.0, values[metric]["mean"] - values[metric]["low"]) for metric in measured]
    above = [max(0.0, values[metric]["high"] - values[metric]["mean"]) for metric in measured]
    places = [shown.index(metric) + offset for metric in measured]
    small = 7.5 if width > 0.19 else 5.8  # six series stand close
    axes.bar(places, means, width * 0.92, color=colour, label=label)
    axes.errorbar(places, means, yerr=[below, above], fmt="none", ecolor=INK, elinewidth=1, capsize=2.5, alpha=0.75)
    for place, mean, high in zip(places, means, above, strict=True):
        axes.text(place, mean + high + 0.015, f"{mean:.2f}", ha="center", va="bottom", fontsize=small, color=INK)


def parity(report: dict[str, Any], *, close: float) -> Image.Image:
    """The stages' scores with their intervals, and how far apart neighbours are step by step.

    `report` has parity.json's shape; `close` is the difference of log-probability that 16-bit arithmetic may cost.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.5, 3.6), dpi=160, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.35))
    stages = [stage for stage in report["stages"] if stage["score"]]
    for place, stage in enumerate(stages):
        score = stage["score"]
        reach = [[max(0.0, score["mean"] - score["low"])], [max(0.0, score["high"] - score["mean"])]]
        left.barh(place, score["mean"], 0.6, color=STAGES[place % len(STAGES)])
        left.errorbar(score["mean"], place, xerr=reach, color=INK, elinewidth=1, capsize=2.5, alpha=0.75)
        left.text(max(score["high"], score["mean"]) + 0.02, place, f"{score['mean']:.2f}", va="center", fontsize=8, color=INK)
    left.set_yticks(range(len(stages)), [stage["label"] for stage in stages], fontsize=8)
    left.set_xlim(0, 1.15)
    left.invert_yaxis()
    left.set_title(f"{report['metric'].replace('_', ' ')}, {report['n']} {report['noun']}", loc="left", fontsize=10, color=INK)
    _curves(right, report, close)
    for axes in (left, right):
        axes.tick_params(length=0, colors=INK, labelsize=8)
        axes.grid(axis="x", color=FAINT, linewidth=0.8)
        axes.set_axisbelow(True)
        for side in axes.spines.values():
            side.set_visible(False)
    made = io.BytesIO()
    figure.savefig(made, format="png")
    return Image.open(made)


def _curves(axes: Any, report: dict[str, Any], close: float) -> None:
    """Each link's steps from the closest to the furthest apart."""
    places = {stage["key"]: (number, stage["label"]) for number, stage in enumerate(report["stages"])}
    floor = 1e-6
    for link in report["links"]:
        number, label = places[link["after"]]
        shares = [step / (len(link["curve"]) - 1) for step in range(len(link["curve"]))]
        told = f"{label} beside {places[link['before']][1]}"
        axes.plot([max(floor, value) for value in link["curve"]], shares, color=STAGES[number % len(STAGES)], label=told)
    axes.axvline(close, color="#e5484d", linewidth=1.2, linestyle="--")
    axes.set_xscale("log")
    axes.set_xlim(floor, 10)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("difference of log-probability; dashed: what 16-bit arithmetic may cost", fontsize=8)
    axes.set_title("share of steps that are at most so far apart", loc="left", fontsize=10, color=INK)
    axes.legend(frameon=False, fontsize=7, loc="lower right", labelcolor=INK)
