"""Who answers a prediction: llama.cpp in this process, transformers, or an Ollama. One question in, one Answer out."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

from ghostlib import config as configs
from ghostlib import tasks
from ghostlib.config import Config
from ghostlib.errors import ConfigError, ExportError
from ghostlib.inference import engines, export, gguf, grammar, llama, ollama
from ghostlib.models import generate, load
from ghostlib.models.generate import Answer
from ghostlib.tasks import Example
from ghostlib.training import runs

NAMES = ("gguf", "hf", "ollama")


@dataclass(frozen=True)
class Backend:
    """A model that can be asked; nothing is loaded before the first question. `ask` takes the question, and whether the
    answer is held to the grammar, which only counts where `grammar` is true."""

    name: str
    model: str
    grammar: bool
    ask: Callable[[Example, bool], Answer]
    folder: Path | None = None  # the export that answers, where one does


def opened(name: str, config: Config, model: Path | str | None = None) -> Backend:
    """The backend of that name with the model that it will ask; what is missing is said now, not after the OCR.

    `model` is a run's folder, an export (`gguf/`), for "hf" also a plain model folder, for "ollama" a model's name there.
    None takes the newest run, and nano's shipped export where there is none. Raises ConfigError, ExportError, ToolError.
    """
    if name not in NAMES:
        raise ConfigError(f"backend {name}: does not exist. There are: {', '.join(NAMES)}")
    if name == "ollama":
        return _ollama(config, str(model) if model else f"ghost-{config.task}")
    return (_llama if name == "gguf" else _transformers)(config, Path(model) if model else None)


def exported(config: Config, model: Path | None = None) -> Path:
    """The folder of the export to predict with. Raises ExportError where there is none."""
    if model is not None:
        model = Path(model)
        for folder in (model, model / "gguf", model.parent):
            if (folder / gguf.MANIFEST).is_file():
                return folder
        raise ExportError(f"{model}: holds no exported model. Name a run or its gguf/ folder, or run `ghost export`")
    run = runs.newest(config, holding=f"gguf/{gguf.MANIFEST}")
    if run:
        return run.folder / "gguf"
    shipped = engines.ships(config)
    if shipped and (shipped / gguf.MANIFEST).is_file():
        return shipped
    raise ExportError(f"{configs.output()}: no run has an exported model. Train and run `ghost export`, or notebooks 02 to 05")


def weights(config: Config, model: Path | None = None) -> tuple[Path | None, str]:
    """The plain model folder for the "hf" backend, and what to call it; no folder means the untrained base."""
    if model is not None and (Path(model) / "config.json").is_file():
        return Path(model), Path(model).name
    if model is not None:
        file = Path(model) / "config.yaml"
        if not file.is_file():
            raise ExportError(f"{model}: is neither a run (config.yaml) nor a model (config.json). Name one of them")
        run = runs.Run(Path(model), configs.from_file(file))
    else:
        run = runs.latest(config)
    return (export.merged(run), f"{config.model.name} tuned in {run.folder.name}") if run else (None, config.model.name)


def verified(folder: Path) -> gguf.Exported:
    """The export in a folder with its hashes checked: once, not before every picture. Raises ExportError."""
    return _verified(folder, (folder / gguf.MANIFEST).stat().st_mtime_ns)


def context(found: gguf.Exported, config: Config) -> int:
    """Tokens of question and answer together that an export is run with."""
    return int(found.facts.get("context") or config.export.context)


def _llama(config: Config, model: Path | None) -> Backend:
    folder = exported(config, model)
    found = verified(folder)
    side = int(found.facts.get("image_side") or config.model.image_side)

    def ask(example: Example, held: bool) -> Answer:
        running = llama.server(found.text, found.mmproj, context=context(found, config))
        rules = grammar.gbnf(outlined=config.data.outline) if held else ""
        return llama.ask(running, example, max_new_tokens=config.generate.max_new_tokens, side=side, grammar=rules)

    return Backend("gguf", f"{folder.parent.name}/{found.text.name}", True, ask, folder)


def _transformers(config: Config, model: Path | None) -> Backend:
    folder, name = weights(config, model)

    def ask(example: Example, held: bool) -> Answer:
        (answer,) = generate.answers(
            _loaded(folder, config),
            [example],
            max_new_tokens=config.generate.max_new_tokens,
            batch_size=1,
            side=config.model.image_side,
            constrain=partial(grammar.constraint, outlined=config.data.outline) if held else None,
        )
        return answer

    return Backend("hf", name, True, ask)


def _ollama(config: Config, model: str) -> Backend:
    ollama.check(model)

    def ask(example: Example, held: bool) -> Answer:
        return ollama.ask(example, model=model, max_new_tokens=config.generate.max_new_tokens, side=config.model.image_side)

    return Backend("ollama", model, False, ask)


@lru_cache(maxsize=1)
def _verified(folder: Path, stamp: int) -> gguf.Exported:
    return gguf.find(folder)


@lru_cache(maxsize=1)
def _loaded(folder: Path | None, config: Config) -> load.Base:
    plan = configs.plan(config, tasks.terms(config.task).phases[-1])
    return load.merged(folder, config) if folder else load.base(config, plan)
