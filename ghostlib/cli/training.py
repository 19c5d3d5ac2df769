"""The command `ghost train`: go on where the same command was stopped, and say at the end what was made."""

import argparse
import contextlib
import json
import shlex
import sys
from typing import Any

from ghostlib import tasks
from ghostlib.cli import parser


def train(chosen: argparse.Namespace) -> int:
    """Train one phase; 0, or 130 where it was stopped by hand."""
    from ghostlib import show
    from ghostlib.training import dpo, runs, sft

    settings = parser.config(chosen)
    run = _begun(chosen, settings) or runs.begin(settings)
    try:
        with contextlib.redirect_stdout(sys.stderr) if chosen.json else contextlib.nullcontext():
            preferring = chosen.phase == dpo.PHASE
            result = dpo.run(settings, run) if preferring else sft.run(settings, chosen.phase, run)
    except KeyboardInterrupt:
        print(f"ghost: {_stopped(run, chosen)}", file=sys.stderr)
        return 130
    told = summary(result, run, chosen.phase) | {"adapter": show.where(result.adapter), "next": _next(chosen, settings)}
    print(json.dumps(told, indent=2) if chosen.json else "\n".join(_lines(told)))
    return 0


def _begun(chosen: argparse.Namespace, settings: Any) -> Any:
    """The run to go on in (runs.begun), said in a line; None for --new or where there is none."""
    from ghostlib import show
    from ghostlib.training import runs

    if chosen.new:
        return None
    begun = runs.begun(settings, chosen.phase)
    if begun:
        print(f"{chosen.phase}: goes on in {show.where(begun.folder)} (--new starts another run)", file=sys.stderr)
    return begun


def summary(result: Any, run: Any, phase: str) -> dict[str, Any]:
    """What one phase made, as `--json` prints it; `best` and `kept` are None where no step was evaluated."""
    facts = run.facts()[phase]
    log, best = result.log, facts.get("kept", {}).get("best")
    row = next((row for row in result.scores if best and row["step"] == best["step"]), None)
    return {
        "phase": phase,
        "run": run.folder.name,
        "steps": result.steps,
        "examples": facts.get("examples"),
        "dropped": result.dropped,
        "loss": {"first": log[0]["loss"], "last": log[-1]["loss"]} if log else None,
        "tokens": log[-1]["tokens"] if log else None,
        "seconds": round(result.seconds, 1),
        "peak_gib": facts.get("peak_gib"),
        "best": best and best | ({"validity": row.get("validity"), "asked": row["asked"]} if row else {}),
        "kept": facts.get("kept"),
        "plan": facts.get("why"),
    }


def _lines(told: dict[str, Any]) -> list[str]:
    loss, best = told["loss"], told["best"]
    lines = [
        f"{told['phase']}: {told['steps']} steps on {told['examples']} examples in {told['seconds']:.0f} s, "
        f"peak {told['peak_gib']:.1f} GiB" + (f", loss {loss['first']:.3f} -> {loss['last']:.3f}" if loss else "")
    ]
    if best:
        name, value = next((name, best[name]) for name in ("score", "loss") if name in best)
        lines.append(f"best {name} {value:.3f} at step {best['step']}; kept is step {told['kept']['step']}")
    return [*lines, f"adapter: {told['adapter']}", f"next: {told['next']}"]


def _next(chosen: argparse.Namespace, settings: Any) -> str:
    """The command that comes after this one; another phase of a run takes the same settings."""
    words = [
        "--profile",
        settings.profile,
        *(["--task", chosen.task] if chosen.task else []),
        *(word for value in chosen.set or () for word in ("--set", value)),
    ]
    phases = tasks.terms(settings.task).phases
    if chosen.phase in phases[:-1]:
        return f"ghost train {phases[phases.index(chosen.phase) + 1]} {shlex.join(words)}"
    return f"ghost evaluate {shlex.join(words)}, then ghost export {shlex.join(words)}"


def _stopped(run: Any, chosen: argparse.Namespace) -> str:
    from ghostlib.training import checkpoints, watch

    folder = run.folder / chosen.phase
    log, saved = watch.read(folder / "log.jsonl"), checkpoints.newest(folder / "checkpoints")
    where = f"stopped after step {log[-1]['step']}" if log else "stopped before the first step"
    step = saved.name.rpartition("-")[2] if saved else None
    return f"{where}; the same command goes on from {f'step {step}' if step else 'the beginning (no checkpoint yet)'}"
