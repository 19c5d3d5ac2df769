"""Commands that make and measure a model: run, plan, train, evaluate."""

import argparse
import dataclasses
import json
from pathlib import Path
from typing import Any

from ghostlib.cli import parser, training

PHASES = ("text", "vision", "preference")


def add(commands: Any) -> None:
    """Their parsers."""
    profiled, as_json, of_run = parser.profiled(), parser.as_json(), argparse.ArgumentParser(add_help=False)
    of_run.add_argument("--run", type=Path, help="a run's folder; without it the newest one")
    run = parser.command(commands, "run", _run, "run the task's notebooks headless", "ghost run --profile nano", profiled)
    run.add_argument("--only", nargs="*", default=[], metavar="NOTEBOOK", help="for example 05_evaluation_and_gguf_export")
    about = "what fits this card, before anything is downloaded"
    plan = parser.command(commands, "plan", _plan, about, "ghost plan --profile t4 --gpu T4", profiled, as_json)
    plan.add_argument("--gpu", help="plan for this card instead of this machine: T4, V100, L4, A10G, A100, H100")
    plan.add_argument("--phase", choices=PHASES, help="without it the last one of the task")
    example = "ghost train text --profile nano --set train.max_steps=60"
    about = "train one phase; the same command goes on with one that was stopped"
    train = parser.command(commands, "train", training.train, about, example, profiled, as_json)
    train.add_argument("phase", choices=PHASES)
    train.add_argument("--new", action="store_true", help="begin a new run, whatever there is")
    about = "base against tuned on the validation examples"
    evaluate = parser.command(
        commands, "evaluate", _evaluate, about, "ghost evaluate --predictions answers.jsonl", profiled, of_run, as_json
    )
    evaluate.add_argument("--full", action="store_true", help="every validation example, not the profile's sample")
    evaluate.add_argument("--predictions", type=Path, metavar="FILE.jsonl", help="score these answers instead of a model's")
    evaluate.add_argument("--out", type=Path, help="where --predictions writes metrics.json and the figure")
    parser.of_tasks(evaluate, "scoring")


def _run(chosen: argparse.Namespace) -> int:
    from ghostlib import notebooks, show

    folder = notebooks.run(parser.config(chosen), only=tuple(chosen.only))
    print(f"\n{show.where(folder)}: metrics.json, figures/, gguf/, and the executed notebooks.")
    print(f"Open {show.where(folder)}/notebooks/{notebooks.NAMES[-1]}.ipynb")
    return 0


def _plan(chosen: argparse.Namespace) -> int:
    from ghostlib import config as configs
    from ghostlib import machine, tasks
    from ghostlib.cli import plans
    from ghostlib.training import ladder

    settings = parser.config(chosen)
    here = machine.card(chosen.gpu) if chosen.gpu else machine.look()
    phase = chosen.phase or tasks.terms(settings.task).phases[-1]
    rungs = ladder.rungs(configs.plan(settings, phase), here, config=settings)
    if chosen.json:
        print(json.dumps(plans.rows(rungs), indent=2))
    else:
        card = (
            f"{here.gpu}, {here.vram_gib:.1f} GiB" if here.gpu and here.vram_gib else f"no GPU, {here.ram_gib:.1f} GiB of RAM"
        )
        print(f"{settings.profile} ({settings.reason}), {phase} phase, on {card}\n{machine.precision(here).why}\n")
        print("\n".join([*plans.table(rungs), "", *plans.summary(rungs, here)]))
    return 0 if any(rung.fits for rung in rungs) else 1


def _evaluate(chosen: argparse.Namespace) -> int:
    from ghostlib.inference import evaluate, figures

    settings = parser.config(chosen)
    if chosen.predictions:
        return _predictions(chosen, settings)
    if chosen.full:
        settings = dataclasses.replace(settings, evaluation=dataclasses.replace(settings.evaluation, sample=0))
    found = evaluate.run(settings, parser.trained(settings, chosen.run))
    if chosen.json:
        print(json.dumps(found.as_dict(), indent=2))
    else:
        values = figures.series(found.as_dict())
        called = figures.labels(values)
        for name in found.terms.metrics:
            print(f"{name:20}" + "".join(f"  {called[k]} {_interval(v[name])}" for k, v in values.items() if name in v))
        print("\n".join(f"note: {note}" for note in found.notes))
    return 0


def _predictions(chosen: argparse.Namespace, settings: Any) -> int:
    if its_own := parser.own(settings, "predictions"):
        return its_own(settings, chosen)
    from ghostlib import config as configs
    from ghostlib import show
    from ghostlib.inference import benchmark, foreign

    out = chosen.out or configs.output() / "predictions" / chosen.predictions.stem
    found = foreign.run(settings, chosen.predictions, out=out)
    if chosen.json:
        print(json.dumps(found.as_dict(), indent=2))
        return 0
    print(benchmark.printed(found))
    print(f"{show.where(out)}: metrics.json, figures/predictions.png")
    return 0


def _interval(value: dict[str, float]) -> str:
    return f"{value['mean']:.3f} ({value['low']:.3f} to {value['high']:.3f})"
