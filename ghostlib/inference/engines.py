"""Who answers an evaluation: the base or the tuned model, through transformers or llama.cpp."""

import gc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ghostlib import config as configs
from ghostlib import machine, tasks
from ghostlib.config import Config
from ghostlib.errors import ConfigError
from ghostlib.inference import export, gguf, llama
from ghostlib.models import generate, load, lora
from ghostlib.models.generate import Answer
from ghostlib.tasks import Example
from ghostlib.training.runs import Run

SHIPPED = Path("data", "nano", "tuned")  # the tuned nano of a fresh checkout, as an export


@dataclass(frozen=True)
class Engine:
    """A model that answers. Nothing is loaded before `stream` is called; `weights` tells two models apart."""

    weights: str
    why: str
    stream: Callable[[Sequence[Example]], Iterator[tuple[int, Answer]]]


def choose(config: Config) -> str:
    """ "hf" where a GPU is, or where weights would have to be converted first; "gguf" for nano on a CPU.

    Eight validation screens, at most 200 tokens each, on two busy cores: 7 s through llama.cpp on one thread, 24 s
    through transformers in one batch; the same text from both.
    """
    return "gguf" if config.model.name == "nano" and machine.look().gpu is None else "hf"


def base(config: Config, engine: str) -> Engine:
    """The model before any training. Raises ConfigError for an unknown engine."""
    if _known(engine) == "gguf":
        source = Path(load.source(config.model.name))
        name = f"{source.name}-{config.export.quant}-{_weights(source)[:16]}"
        folder = configs.cache() / "gguf" / name
        return Engine(name, f"{config.model.name} through llama.cpp", lambda asked: _llama(config, folder, asked, source))
    plan = configs.plan(config, tasks.terms(config.task).phases[-1])
    if machine.look().gpu is None:
        plan = replace(plan, quantise=False)  # NF4 takes 15 ms a token on a CPU, float32 10
    weights = f"{identity(config)}-{'nf4' if plan.quantise else 'plain'}"
    return Engine(weights, f"{config.model.name} through transformers", lambda asked: _hf(config, plan, None, asked))


def tuned(config: Config, run: Run, engine: str) -> Engine | None:
    """What a run has trained, else nano's shipped tuned model, else None."""
    trained = run.trained()
    if trained is None:
        return _shipped(config, engine)
    weights = f"{identity(config)}-{run.config.export.merge_onto}-{export.fingerprint(trained)[:16]}"
    why = f"{config.model.name} with the adapter of {run.folder.name}{f' after {run.until}' if run.until else ''}"
    if _known(engine) == "gguf":
        quant = run.config.export.quant
        return Engine(f"{weights}-{quant}", f"{why}, through llama.cpp", lambda asked: _exported(config, run, asked))
    if machine.look().gpu is not None:  # merged in 16 bit, 12B would not fit a T4
        plan = configs.plan(config, tasks.terms(config.task).phases[-1])
        return Engine(f"{weights}-adapter", why, lambda asked: _hf(config, plan, trained, asked))
    return Engine(weights, f"{why}, merged", lambda asked: _merged(config, run, asked))


def ships(config: Config) -> Path | None:
    """The folder of the tuned model that a checkout carries for a config: nano's, for the suite's own task; else None.

    The folder need not be there.
    """
    return configs.root() / SHIPPED if config.model.name == "nano" and config.task == Config.task else None


def _shipped(config: Config, engine: str) -> Engine | None:
    folder = ships(config)
    if not folder or engine != "gguf" or not (folder / gguf.MANIFEST).is_file():
        return None
    known = gguf.manifest(folder)["files"]
    weights = "-".join(["shipped", *(entry["sha256"][:16] for entry in known.values())])
    why = "the tuned nano that ships, since this run has no adapter"
    return Engine(weights, why, lambda asked: _llama(config, folder, asked, None))


def _hf(config: Config, plan: configs.Plan, adapter: Path | None, asked: Sequence[Example]) -> Iterator[tuple[int, Answer]]:
    model = load.base(config, plan)
    if adapter:
        model = replace(model, model=lora.resume(model.model, adapter, trainable=False))
    yield from _generated(config, model, asked)
    del model
    release()


def _merged(config: Config, run: Run, asked: Sequence[Example]) -> Iterator[tuple[int, Answer]]:
    model = load.merged(export.merged(run), config)
    yield from _generated(config, model, asked)
    del model
    release()


def _generated(config: Config, model: load.Base, asked: Sequence[Example]) -> Iterator[tuple[int, Answer]]:
    yield from generate.stream(
        model,
        asked,
        max_new_tokens=config.generate.max_new_tokens,
        batch_size=config.generate.batch_size,
        side=config.model.image_side,
    )


def _exported(config: Config, run: Run, asked: Sequence[Example]) -> Iterator[tuple[int, Answer]]:
    yield from _llama(config, export.run(run, progress=False).text_gguf.parent, asked, None)


def _llama(config: Config, folder: Path, asked: Sequence[Example], source: Path | None) -> Iterator[tuple[int, Answer]]:
    """Answers of the export in `folder`, which is made from the plain model `source` where it is not there yet."""
    found = export.cached(source, folder, config=config) if source else gguf.find(folder)
    running = llama.server(found.text, found.mmproj, context=config.export.context)
    for number, example in enumerate(asked):
        told = llama.ask(running, example, max_new_tokens=config.generate.max_new_tokens, side=config.model.image_side)
        yield number, told


def release() -> None:
    """Give the memory of a model that nobody holds any more back, the GPU's too."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _known(engine: str) -> str:
    if engine not in ("hf", "gguf"):
        raise ConfigError(f"engine {engine}: does not exist. There are: hf, gguf")
    return engine


def identity(config: Config) -> str:
    """The base's name, with its contents where they lie in a folder here."""
    source = Path(load.source(config.model.name))
    return f"{config.model.name}-{_weights(source)[:16]}" if source.is_dir() else config.model.name


def _weights(folder: Path) -> str:
    import hashlib

    digest = hashlib.sha256()
    for file in sorted(folder.glob("*.safetensors")):
        digest.update(gguf.sha256(file).encode())
    return digest.hexdigest()
