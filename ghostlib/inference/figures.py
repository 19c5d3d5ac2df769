"""The pictures that an evaluation leaves in its run."""

from pathlib import Path
from typing import Any

SHOWN = {
    "schema_score": "schema score",
    "validity": "valid in\nPostgreSQL",
    "table_f1": "tables F1",
    "column_f1": "columns F1",
    "type_accuracy": "types",
    "foreign_key_f1": "foreign\nkeys F1",
}
INK, FAINT = "#1f2933", "#d9e2ec"
COLOURS = {"base": "#9fb3c8", "tuned": "#2f6fed", "most_frequent": "#f0b429"}
NAMES = {"base": "base", "tuned": "tuned", "most_frequent": "most frequent answer"}


def comparison(metrics: dict[str, Any], file: Path) -> Path:
    """Bars of base, tuned and the baseline with their 95 % intervals, as a PNG; `metrics` has metrics.json's shape."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    series = {"base": metrics["base"], "most_frequent": metrics["baselines"]["most_frequent"]}
    if metrics.get("tuned"):
        series["tuned"] = metrics["tuned"]
    common = [metric for metric in metrics["base"] if all(metric in values for values in series.values())]
    shown = [metric for metric in SHOWN if metric in common] or common[:6]
    figure = Figure(figsize=(9, 4.2), dpi=160, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    width = 0.8 / len(series)
    for place, (name, values) in enumerate(series.items()):
        _bars(axes, values, shown, name=name, offset=(place - (len(series) - 1) / 2) * width, width=width)
    axes.set_xticks(range(len(shown)), [SHOWN.get(metric, metric) for metric in shown], color=INK)
    axes.set_ylim(0, 1.12)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1.0])
    axes.tick_params(length=0, colors=INK)
    axes.grid(axis="y", color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.set_title(
        f"{metrics['n']} {metrics['split']} screens, with 95 % intervals",
        loc="left", fontsize=11, color=INK,
    )  # fmt: skip
    axes.legend(frameon=False, ncols=len(series), loc="upper right", labelcolor=INK)
    figure.savefig(file)
    return file


def _bars(axes: Any, values: dict[str, Any], shown: list[str], *, name: str, offset: float, width: float) -> None:
    means = [values[metric]["mean"] for metric in shown]
    below = [max(0.0, values[metric]["mean"] - values[metric]["low"]) for metric in shown]
    above = [max(0.0, values[metric]["high"] - values[metric]["mean"]) for metric in shown]
    places = [number + offset for number in range(len(shown))]
    axes.bar(places, means, width * 0.92, color=COLOURS[name], label=NAMES[name])
    axes.errorbar(places, means, yerr=[below, above], fmt="none", ecolor=INK, elinewidth=1, capsize=2.5, alpha=0.75)
    for place, mean, high in zip(places, means, above, strict=True):
        axes.text(place, mean + high + 0.015, f"{mean:.2f}", ha="center", va="bottom", fontsize=7.5, color=INK)
