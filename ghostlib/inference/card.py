"""The model card of an export: what it is, how good this very adapter was measured to be, how to ask it, what it cannot."""

import json
from pathlib import Path
from typing import Any

from ghostlib import tasks
from ghostlib.config import Config
from ghostlib.inference import figures

CARD = "README.md"
ONTO = {"nf4": "the NF4 weights that it was trained on", "16bit": "the 16-bit weights"}
TEMPLATE = """\
---
library_name: gguf
license: {license}
pipeline_tag: {pipeline}
tags: [ghost-architect, {task}, gguf]
---
# {name}, tuned for {task}

`{text}` ({quant}){eyes}, for llama.cpp and Ollama. Tuned by {how} of rank {rank} with
Ghost Architect, then merged onto {onto}.

## Measured
{numbers}{parity}

## Use
```
{use}
llama-server -m {text}{see} -c {context}
ollama create ghost -f Modelfile && ollama run ghost
```

## Limits
{limits}
- Terms of the weights: {terms}.
"""
UNMEASURED = "Not measured: this run has no `metrics.json`. `ghost evaluate` measures, `ghost export` then writes it here."
OTHER = "Not measured: `metrics.json` is not known to be of this adapter. Run `ghost evaluate` again, then `ghost export`."


def written(
    facts: dict[str, Any], config: Config, *, run: Path, adapter: str = "", evaluation: dict[str, Any] | None = None
) -> str:
    """The card as Markdown; `facts` is the export's manifest, `run` the folder whose metrics.json and parity.json it quotes.

    `adapter` is the fingerprint of the adapter that was exported, `evaluation` what run.json says of the metrics: numbers
    that are not known to be of this adapter are not quoted.
    """
    metrics, evaluation = _json(run / "metrics.json"), evaluation or {}
    current = bool(adapter) and evaluation.get("adapter") == adapter
    terms = tasks.terms(config.task)
    kinds = (("NF4", config.model.quantise), ("DoRA", config.lora.dora), ("rsLoRA", config.lora.rslora))
    mmproj = facts["mmproj"]
    return TEMPLATE.format(
        **facts,
        license=_licence(config),
        pipeline="image-text-to-text" if mmproj else "text-generation",
        name=config.model.name.rpartition("/")[2],
        eyes=f" and `{mmproj}` (the eyes)" if mmproj else "",
        how=" + ".join(name for name, on in kinds if on) or "LoRA",
        rank=config.lora.rank,
        onto=ONTO.get((facts.get("source") or {}).get("onto"), "its base"),
        numbers=(_numbers(metrics, _through(evaluation), terms) if current else OTHER) if metrics else UNMEASURED,
        parity=_parity(_json(run / "parity.json")),
        use=f"{terms.story.use} --model output/{run.name}",
        limits="\n".join(f"- {limit}" for limit in terms.story.limits) or "- None are known, which says little.",
        see=f" --mmproj {mmproj}" if mmproj else "",
        terms=_weights(config),
    )


def _licence(config: Config) -> str:
    """The card's licence and base, as its header spells them: a base of another family has a licence that is not known here."""
    if config.model.name == "nano":
        return "mit"
    return f"{'gemma' if 'gemma' in config.model.name.lower() else 'other'}\nbase_model: {config.model.merge_name}"


def _weights(config: Config) -> str:
    if config.model.name == "nano":
        return "MIT, as this project"
    if "gemma" in config.model.name.lower():
        return "Google's [Gemma terms](https://ai.google.dev/gemma/terms), as its base"
    return f"those of its base, {config.model.merge_name}"


def _through(evaluation: dict[str, Any]) -> str:
    return f"GGUF {evaluation.get('quant')}" if evaluation.get("engine") == "gguf" else "transformers"


def _numbers(metrics: dict[str, Any], through: str, terms: tasks.Terms) -> str:
    series = figures.series(metrics)
    first = next(iter(series.values()))
    names = [name for name in terms.metrics if name in first] or list(first)[:6]
    asked = f"{metrics['n']} {metrics['split']} {terms.noun}, asked through {through}"
    lines = [f"{asked}; mean with the 95 % bootstrap interval:", ""]
    lines += [f"| | {' | '.join(figures.labels(series).values())} |", "|---" * (len(series) + 1) + "|"]
    for name in names:
        cells = (_interval(values.get(name)) for values in series.values())
        lines.append(f"| {name.replace('_', ' ')} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _parity(report: dict[str, Any] | None) -> str:
    if not report or not report["links"]:
        return ""
    labels = {stage["key"]: stage["label"] for stage in report["stages"]}
    lines = ["", "", f"The way out of training, on {report['n']} {report['noun']} (`ghost export --parity`):", ""]
    lines += ["| from | to | equal texts | log-probabilities apart, 99 % of the steps |", "|---|---|---|---|"]
    for link in report["links"]:
        ends = f"{labels[link['before']]} | {labels[link['after']]}"
        lines.append(f"| {ends} | {link['equal_text']:.0%} | {link['percentile_99']:.2g} |")
    return "\n".join(lines)


def _interval(value: dict[str, float] | None) -> str:
    return f"{value['mean']:.2f} ({value['low']:.2f} to {value['high']:.2f})" if value else ""


def _json(file: Path) -> dict[str, Any] | None:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
