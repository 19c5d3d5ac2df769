"""The command line: `ghost run | plan | train | evaluate | export | predict | check | score | screens | teach | dataset`.

Thin over the same functions as the notebooks. Exit code 0, 1 (the answer is no) or 2 (used wrongly).
"""

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ghostlib import __version__
from ghostlib.errors import GhostError

Command = Callable[[argparse.Namespace], int]


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; what a user can mend is one line on standard error."""
    chosen = _parser().parse_args(words)
    try:
        return chosen.command(chosen)
    except GhostError as error:
        print(f"ghost: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        print(f"ghost: {place}{error.strerror or error}. Free some space or choose another folder", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("ghost: stopped; what was finished is kept, and the same command goes on from there", file=sys.stderr)
        return 130


def _run(chosen: argparse.Namespace) -> int:
    from ghostlib import notebooks, show

    folder = notebooks.run(_config(chosen), only=tuple(chosen.only))
    print(f"\n{show.where(folder)}: metrics.json, figures/, gguf/, and the executed notebooks.")
    print(f"Open {show.where(folder)}/notebooks/{notebooks.NAMES[-1]}.ipynb")
    return 0


def _plan(chosen: argparse.Namespace) -> int:
    from ghostlib import config as configs
    from ghostlib import machine
    from ghostlib.training import ladder

    settings = _config(chosen)
    here = machine.card(chosen.gpu) if chosen.gpu else machine.look()
    rungs = ladder.rungs(configs.plan(settings, chosen.phase), here)
    if chosen.json:
        rows = [
            {"plan": dataclasses.asdict(r.plan), "gib": r.cost.parts, "total_gib": r.cost.total, "fits": r.fits, "why": r.why}
            for r in rungs
        ]
        print(json.dumps(rows, indent=2))
    else:
        space = (
            f"{here.gpu}, {here.vram_gib:.1f} GiB"
            if here.gpu and here.vram_gib
            else f"no GPU, {here.ram_gib:.1f} GiB of memory"
        )
        print(f"{settings.profile} ({settings.reason}) on {space}; {machine.precision(here).why}")
        first = next((rung for rung in rungs if rung.fits), None)
        for rung in rungs:
            plan, mark = rung.plan, "->" if rung is first else "  "
            dora, name = "DoRA" if plan.dora else "LoRA", plan.model.split("/")[-1]
            print(f"{mark} {rung.cost.total:5.1f} GiB  {name:28} r{plan.rank:<3} {plan.max_seq_length:5} {dora}  {rung.why}")
    return 0 if any(rung.fits for rung in rungs) else 1


def _train(chosen: argparse.Namespace) -> int:
    from ghostlib import show
    from ghostlib.training import runs, sft

    settings = _config(chosen)
    before = runs.newest(settings, holding="text/adapter") if chosen.phase == "vision" else None
    run = before or runs.begin(settings)
    result = sft.run(settings, chosen.phase, run)
    print(f"{result.steps} steps in {result.seconds:.0f} s, loss {result.log[-1]['loss']:.3f}: {show.where(result.adapter)}")
    return 0


def _evaluate(chosen: argparse.Namespace) -> int:
    from ghostlib.inference import evaluate

    settings = _config(chosen)
    if chosen.predictions:
        return _predictions(chosen, settings)
    if chosen.full:
        settings = dataclasses.replace(settings, evaluation=dataclasses.replace(settings.evaluation, sample=0))
    found = evaluate.run(settings, _trained(settings, chosen))
    if chosen.json:
        print(json.dumps(found.as_dict(), indent=2))
    else:
        for name in ("schema_score", "validity", "table_f1", "column_f1"):
            values = [("base", found.base), ("tuned", found.tuned), *found.baselines.items()]
            print(f"{name:14}" + "".join(f"  {who} {_interval(v[name])}" for who, v in values if v))
    return 0


def _predictions(chosen: argparse.Namespace, settings: Any) -> int:
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


def _export(chosen: argparse.Namespace) -> int:
    from ghostlib import show
    from ghostlib.inference import export

    made = export.run(_trained(_config(chosen), chosen))
    for file in (made.text_gguf, made.mmproj_gguf, made.modelfile):
        if file:
            print(show.where(file))
    return 0


def _predict(chosen: argparse.Namespace) -> int:
    from ghostlib.inference import predict

    settings = _config(chosen)
    made = [predict.predict(image, config=settings, model=chosen.model, backend=chosen.backend) for image in chosen.image]
    if chosen.json:
        print(json.dumps([one.as_dict() for one in made], indent=2))
    else:
        for one in made:
            state = "PostgreSQL accepts it" if one.valid else f"PostgreSQL refuses it: {'; '.join(map(str, one.problems))}"
            print(f"{one.sql}\n\n-- {one.image}: {state}; {one.seconds:.1f} s, {one.backend}, {one.model}")
    return 0 if all(one.valid for one in made) else 1


def _check(chosen: argparse.Namespace) -> int:
    from ghostlib.schemas import postgres

    verdicts = [(file, postgres.judge(_sql(file))) for file in chosen.file]
    if chosen.json:
        print(json.dumps([{"file": str(file), **verdict.as_dict()} for file, verdict in verdicts], indent=2))
    else:
        for file, verdict in verdicts:
            count = len(verdict.schema.tables) if verdict.schema else 0
            print(f"{file}: valid, {count} table{'s' * (count != 1)}" if verdict.valid else f"{file}: not valid")
            for problem in verdict.problems:
                print(f"{file}:{problem}")
            for notice in verdict.notices:
                print(f"{file}: {notice}")
    return 0 if all(verdict.valid for _, verdict in verdicts) else 1


def _score(chosen: argparse.Namespace) -> int:
    from ghostlib.errors import SchemaError
    from ghostlib.schemas import postgres, score

    truth = postgres.judge(_sql(chosen.reference))
    if truth.schema is None:
        raise SchemaError(f"{chosen.reference}: PostgreSQL refuses the reference ({truth.problems[0]})")
    found = score.score(postgres.judge(_sql(chosen.prediction)).schema, truth.schema)
    if chosen.json:
        print(json.dumps(found.as_dict(), indent=2))
    else:
        for name in score.METRICS:
            value = found.metric(name)
            print(f"{name:22}" + ("nothing to measure" if value is None else f"{value:.3f}"))
    return 0 if found.valid else 1


def _screens(chosen: argparse.Namespace) -> int:
    from ghostlib.corpus.screens import drawing
    from ghostlib.errors import DataError

    if chosen.count < 1 or chosen.jobs < 1:
        raise DataError(f"--count {chosen.count} --jobs {chosen.jobs}: both are 1 or more")
    drawn = drawing.draw(chosen.count, chosen.seed, chosen.out, split=chosen.split, jobs=chosen.jobs)
    folder, file = drawing.PLACES[chosen.split]
    print(f"{len(drawn)} screens in {chosen.out / folder}, their records in {chosen.out / file}")
    return 0


def _teach(chosen: argparse.Namespace) -> int:
    from ghostlib import machine
    from ghostlib.corpus import picture, teacher
    from ghostlib.errors import TeacherError

    settings, key = _config(chosen).teacher, machine.key("Gemini")
    if not key:
        raise TeacherError("no Gemini key: set GEMINI_API_KEY, or write it into .env. Everything else works without one")
    found = picture.files(chosen.folder)
    told = teacher.label(found[: chosen.limit or settings.limit], chosen.out, settings=settings, key=key)
    print(f"{len(told.records)} records in {chosen.out}, {len(told.rejects)} rejects beside it, {told.calls} calls")
    return 0


def _dataset(chosen: argparse.Namespace) -> int:
    from ghostlib import config as configs
    from ghostlib.corpus.quality import files

    data = configs.root() / "data"
    ours = all(file.resolve().is_relative_to(data) for file in chosen.file)
    tokens, room = _counter(chosen) if chosen.profile else (None, 0)
    report = files.check_files(chosen.file, root=data if ours else None, tokens=tokens, room=room)
    print(report)
    if not report.passed:
        place = chosen.rejects or configs.output() / "rejects" / f"{chosen.file[0].stem}.jsonl"
        print(f"stopped; {len(report.rejects)} rejects in {report.save(place)}")
    return 0 if report.passed else 1


def _counter(chosen: argparse.Namespace) -> tuple[Any, int]:
    """What counts a record's tokens, and the room that the profile has for one."""
    from ghostlib import config as configs
    from ghostlib.models import load
    from ghostlib.training import rows

    settings = configs.load(chosen.profile)
    return rows.counter(settings, load.processor(settings.model.name)), settings.train.max_seq_length


def _trained(settings: Any, chosen: argparse.Namespace) -> Any:
    """The run that is named, else the newest one with an adapter."""
    from ghostlib import config as configs
    from ghostlib.errors import DataError
    from ghostlib.training import runs

    if chosen.run:
        return runs.Run(chosen.run, configs.from_file(chosen.run / "config.yaml"))
    found = runs.newest(settings, holding="vision/adapter") or runs.newest(settings, holding="text/adapter")
    if not found:
        raise DataError("no run has an adapter yet. Train one: ghost train text, then ghost train vision")
    return found


def _config(chosen: argparse.Namespace) -> Any:
    from ghostlib import machine

    return machine.configure(chosen.profile, overrides=chosen.set or ())


def _sql(file: Path) -> str:
    from ghostlib.errors import SchemaError

    try:
        return (sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()).decode("utf-8", "replace")
    except OSError as error:
        raise SchemaError(f"{file}: cannot be read ({error.strerror})") from None


def _interval(value: dict[str, float]) -> str:
    return f"{value['mean']:.3f} ({value['low']:.3f} to {value['high']:.3f})"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ghost", description="A screenshot of an application in, a PostgreSQL schema out.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_model_commands(commands)
    _add_data_commands(commands)
    return parser


def _add_model_commands(commands: Any) -> None:
    profiled, as_json, of_run = _profiled(), _as_json(), argparse.ArgumentParser(add_help=False)
    of_run.add_argument("--run", type=Path, help="a run's folder; without it the newest one")
    run = _add(commands, "run", _run, "run the five notebooks headless", "ghost run --profile nano", profiled)
    run.add_argument("--only", nargs="*", default=[], metavar="NOTEBOOK", help="for example 05_evaluation_and_gguf_export")
    about = "what fits this card, before anything is downloaded"
    plan = _add(commands, "plan", _plan, about, "ghost plan --profile t4 --gpu T4", profiled, as_json)
    plan.add_argument("--gpu", help="plan for this card instead of this machine: T4, L4, A10G, A100, H100")
    plan.add_argument("--phase", choices=("text", "vision"), default="vision")
    example = "ghost train text --profile nano --set train.max_steps=60"
    train = _add(commands, "train", _train, "train one phase", example, profiled)
    train.add_argument("phase", choices=("text", "vision"))
    about = "base against tuned on the validation screens"
    evaluate = _add(commands, "evaluate", _evaluate, about, "ghost evaluate --profile nano", profiled, of_run, as_json)
    evaluate.add_argument("--full", action="store_true", help="every validation screen, not the profile's sample")
    evaluate.add_argument("--predictions", type=Path, metavar="FILE.jsonl", help="score these answers instead of a model's")
    evaluate.add_argument("--out", type=Path, help="where --predictions writes metrics.json and the figure")
    about = "merge and write GGUF files for llama.cpp and Ollama"
    _add(commands, "export", _export, about, "ghost export --profile nano", profiled, of_run)
    about = "the schema behind screenshots"
    predict = _add(commands, "predict", _predict, about, "ghost predict screen.png --json", profiled, as_json)
    predict.add_argument("image", type=Path, nargs="+")
    predict.add_argument("--model", type=Path, help="a run's folder or an export; without it the newest, else the shipped nano")
    predict.add_argument("--backend", choices=("gguf", "hf"), default="gguf")


def _add_data_commands(commands: Any) -> None:
    about = "whether PostgreSQL accepts SQL files"
    check = _add(commands, "check", _check, about, "ghost check schema.sql --json", _as_json())
    check.add_argument("file", type=Path, nargs="+", help="a file, or - for standard input")
    about = "a predicted schema against the true one"
    score = _add(commands, "score", _score, about, "ghost score predicted.sql truth.sql", _as_json())
    score.add_argument("prediction", type=Path)
    score.add_argument("reference", type=Path)
    about = "draw application screens from known schemas"
    screens = _add(commands, "screens", _screens, about, "ghost screens --count 20 --out screens")
    screens.add_argument("--count", type=int, default=20)
    screens.add_argument("--seed", type=int, default=7)
    screens.add_argument("--out", type=Path, required=True, help="a folder; an existing one is gone on with")
    screens.add_argument("--jobs", type=int, default=2, help="pages at once; it changes nothing but the time")
    screens.add_argument(
        "--split", choices=("train", "validation"), default="train", help="whose domains, archetypes and looks"
    )
    about = "let Gemini label a folder of screenshots"
    teach = _add(commands, "teach", _teach, about, "ghost teach screenshots --out labelled.json", _profiled())
    teach.add_argument("folder", type=Path)
    teach.add_argument("--out", type=Path, required=True)
    teach.add_argument("--limit", type=int, default=0, help="pictures at most; 0 takes the profile's")
    about = "put a dataset through the gates"
    dataset = _add(commands, "dataset", _dataset, about, "ghost dataset check data/dataset_vision.json")
    dataset.add_argument("action", choices=("check",))
    dataset.add_argument("file", type=Path, nargs="+", help="all splits together; leakage is between them")
    dataset.add_argument("--profile", help="also holds every row's length against this profile, with its model's tokenizer")
    dataset.add_argument("--rejects", type=Path, help="where the rejected rows are written; else below the output folder")


def _add(
    commands: Any, name: str, command: Command, about: str, example: str, *parents: argparse.ArgumentParser
) -> argparse.ArgumentParser:
    made = commands.add_parser(name, help=about, description=about, epilog=f"example: {example}", parents=parents)
    made.set_defaults(command=command)
    return made


def _profiled() -> argparse.ArgumentParser:
    parent = argparse.ArgumentParser(add_help=False)
    parent.add_argument("--profile", default="auto", help="a file of configs/, or auto: what fits this machine")
    parent.add_argument("--set", action="append", metavar="KEY=VALUE", help="for example train.max_steps=60; may be repeated")
    return parent


def _as_json() -> argparse.ArgumentParser:
    parent = argparse.ArgumentParser(add_help=False)
    parent.add_argument("--json", action="store_true", help="for programs")
    return parent


if __name__ == "__main__":
    sys.exit(main())
