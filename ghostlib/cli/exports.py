"""`ghost export`: GGUF files out of a run, and whether they still answer as the model in training did."""

import argparse
import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

from ghostlib.cli import parser
from ghostlib.errors import ConfigError

QUANTS = ("f32", "f16", "bf16", "q8_0", "q4_k_m")


def add(commands: Any) -> None:
    """The command's parser."""
    about = "merge and write GGUF files for llama.cpp and Ollama; or compare every stage of that way"
    example = "ghost export output/my-run --quant q8_0"
    made = parser.command(commands, "export", _export, about, example, parser.profiled(), parser.as_json())
    made.add_argument("run", type=Path, nargs="?", metavar="RUN", help="a run's folder; without it the newest one")
    made.add_argument("--quant", choices=QUANTS, help="how the weights are stored; without it export.quant of the run")
    made.add_argument("--lora", action="store_true", help="the adapter alone: says why that would answer wrongly")
    about = "instead: follow so many validation screens from the adapter to GGUF q8_0, and name the first gap"
    made.add_argument("--parity", type=parser.count, metavar="N", help=about)
    about = "the parity report also as a page in Markdown, its figure beside it"
    made.add_argument("--page", type=Path, metavar="FILE", help=about)


def _export(chosen: argparse.Namespace) -> int:
    settings = parser.config(chosen)
    if chosen.parity:
        return _parity(chosen, settings)
    if chosen.page:
        raise ConfigError("--page: is the parity report's. Name the number of screens too: --parity 50")
    from ghostlib import show
    from ghostlib.inference import export

    run = parser.trained(settings, chosen.run)
    if chosen.lora:
        export.as_lora(export.adapter(run))
    if chosen.quant:
        options = dataclasses.replace(run.config.export, quant=chosen.quant)
        run = dataclasses.replace(run, config=dataclasses.replace(run.config, export=options))
    made = export.run(run)
    files = [show.where(file) for file in (made.text_gguf, made.mmproj_gguf, made.modelfile, made.card) if file]
    print(json.dumps({"files": files, "seconds": round(made.seconds, 2)}, indent=2) if chosen.json else "\n".join(files))
    return 0


def _parity(chosen: argparse.Namespace, settings: Any) -> int:
    """Exit code 1 where a stage is further from the one before than it may be."""
    from ghostlib import show
    from ghostlib.inference import parity

    run = _compared(chosen, settings)
    found = parity.run(run.config, run, n=chosen.parity)
    if chosen.page and found.n:
        _page(chosen, found, run)
    if chosen.json:
        print(json.dumps(found.as_dict(), indent=2))
    else:
        print(parity.printed(found))
        print(f"{show.where(run.folder)}: {parity.REPORT}, figures/{parity.FIGURE}")
    return 0 if found.met else 1


def _page(chosen: argparse.Namespace, found: Any, run: Any) -> None:
    from ghostlib.inference import export, parity
    from ghostlib.models.files import writing

    words = ["ghost export", *([f"output/{run.folder.name}"] if chosen.run else []), f"--parity {chosen.parity}"]
    adapter = export.fingerprint(run.trained() or parity.shipped(run.config))[:16]
    place = chosen.page.name if chosen.page.is_absolute() else chosen.page
    told = parity.page(
        found,
        command=" ".join([*words, f"--profile {chosen.profile} --page {place}"]),
        model=f"{run.config.model.name} with the adapter {adapter}",
    )
    with writing(chosen.page):
        chosen.page.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(run.folder / "figures" / parity.FIGURE, chosen.page.with_name(parity.FIGURE))
        chosen.page.write_text(told, encoding="utf-8")


def _compared(chosen: argparse.Namespace, settings: Any) -> Any:
    """The run to follow; on a fresh checkout a new one, for the adapter that ships with nano."""
    from ghostlib.errors import DataError
    from ghostlib.inference import parity
    from ghostlib.training import runs

    try:
        return parser.trained(settings, chosen.run)
    except DataError:
        if chosen.run or not parity.shipped(settings):
            raise
    return runs.newest(settings, holding=parity.REPORT) or runs.begin(settings)
