"""The pictures that an evaluation leaves in its run."""

from pathlib import Path
from typing import Any

from ghostlib.tasks import Terms

INK, FAINT = "#1f2933", "#d9e2ec"
COLOURS = {"base": "#9fb3c8", "text": "#12a594", "tuned": "#2f6fed", "most_frequent": "#f0b429", "by_rule": "#7fb77e"}
OTHERS = ("#8e4ec6", "#d9822b", "#d6409f", "#697586")
NAMES = {
    "base": "base",
    "text": "after examples",
    "tuned": "tuned",
    "most_frequent": "most frequent answer",
    "by_rule": "base by rule",
}


def comparison(metrics: dict[str, Any], file: Path, *, terms: Terms, names: dict[str, str] | None = None) -> Path:
    """Bars of base, tuned and the baselines with their 95 % intervals, as a PNG; `metrics` has metrics.json's shape.

    `names` says how a legend calls a series other than by its key, `terms` which metrics are shown.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    series = {"base": metrics["base"], **metrics["baselines"], "tuned": metrics.get("tuned")}
    series = {name: values for name, values in series.items() if values}
    common = [metric for metric in next(iter(series.values())) if all(metric in values for values in series.values())]
    shown = [metric for metric in terms.metrics if metric in common] or common[:6]
    figure = Figure(figsize=(9 + 1.2 * max(0, len(series) - 4), 4.2), dpi=160, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    width = 0.8 / len(series)
    spare = iter(OTHERS * len(series))
    for place, (name, values) in enumerate(series.items()):
        colour, label = COLOURS.get(name) or next(spare), (names or {}).get(name) or NAMES.get(name, name.replace("_", " "))
        offset = (place - (len(series) - 1) / 2) * width
        _bars(axes, values, shown, colour=colour, label=label, offset=offset, width=width)
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
    if len(series) <= 3:
        axes.legend(frameon=False, ncols=len(series), loc="upper right", labelcolor=INK)
    else:
        figure.legend(frameon=False, ncols=3, loc="outside lower center", labelcolor=INK)
    figure.savefig(file)
    return file


def _bars(axes: Any, values: dict[str, Any], shown: list[str], *, colour: str, label: str, offset: float, width: float) -> None:
    means = [values[metric]["mean"] for metric in shown]
    below = [max(0.0, values[metric]["mean"] - values[metric]["low"]) for metric in shown]
    above = [max(0.0, values[metric]["high"] - values[metric]["mean"]) for metric in shown]
    places = [number + offset for number in range(len(shown))]
    small = 7.5 if width > 0.19 else 5.8  # six series stand close
    axes.bar(places, means, width * 0.92, color=colour, label=label)
    axes.errorbar(places, means, yerr=[below, above], fmt="none", ecolor=INK, elinewidth=1, capsize=2.5, alpha=0.75)
    for place, mean, high in zip(places, means, above, strict=True):
        axes.text(place, mean + high + 0.015, f"{mean:.2f}", ha="center", va="bottom", fontsize=small, color=INK)
