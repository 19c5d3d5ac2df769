"""The stages that a model passes on its way out of training, each of them able to answer: the links of a parity report."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from ghostlib import config as configs
from ghostlib import tasks
from ghostlib.config import Config
from ghostlib.inference import engines, export, forcing, llama
from ghostlib.inference.forcing import Forced
from ghostlib.models import generate, load, lora, merging
from ghostlib.tasks import Example

QUANTS = ("f16", "q8_0")


@dataclass(frozen=True)
class Spoken:
    """What a stage wrote by itself, and what it gives to the text that all stages are held to."""

    text: str
    seconds: float
    forced: Forced


Speak = Callable[[Sequence[Example], Sequence[str] | None], Iterator[tuple[int, Spoken]]]


@dataclass(frozen=True)
class Stage:
    """One form of the model. `made_of` is the stage before it; `weights` changes with anything that could change an answer.

    `speak(questions, texts)` yields (number, Spoken) and gives the memory back at its end; without texts it is held to
    its own answers.
    """

    key: str
    label: str
    made_of: str
    weights: str
    speak: Speak
    exact: Speak | None = None  # llama.cpp without its short cuts in attention


def stages(config: Config, adapter: Path) -> list[Stage]:
    """NF4 with the adapter on it -> merged onto the NF4 weights -> onto the 16-bit ones -> GGUF f16 -> q8_0.

    The GGUF files are made of what `export.merge_onto` says, as an export's are. Nothing is loaded or converted here.
    """
    known = f"{config.model.name}-{export.fingerprint(adapter)[:16]}-{config.model.image_side}"
    base = "NF4" if config.model.quantise else "base"
    made = [Stage("adapter", f"{base} + adapter", "", f"{known}-adapter", lambda q, t: _adapter(config, adapter, q, t))]
    for onto, label in (("nf4", f"merged onto {base}"), ("16bit", "merged onto 16 bit")):
        if onto == "nf4" or config.model.quantise:
            made.append(_merged(config, adapter, onto, label, known))
    onto = config.export.merge_onto if config.model.quantise else "nf4"
    before = f"merged_{onto}"
    for quant in QUANTS:
        made.append(_gguf(config, adapter, onto, quant, before, known))
        before = f"gguf_{quant}"
    return made


def _merged(config: Config, adapter: Path, onto: str, label: str, known: str) -> Stage:
    def speak(questions: Sequence[Example], texts: Sequence[str] | None) -> Iterator[tuple[int, Spoken]]:
        model = load.merged(export.plain(config, adapter, onto, progress=False), config)
        yield from _through_transformers(config, model, questions, texts)
        del model
        engines.release()

    return Stage(f"merged_{onto}", label, "adapter", f"{known}-{onto}", speak)


def _gguf(config: Config, adapter: Path, onto: str, quant: str, before: str, known: str) -> Stage:
    weights = f"{known}-{onto}-{quant}-{config.export.context}"

    def speak(q: Sequence[Example], t: Sequence[str] | None, exact: bool = False) -> Iterator[tuple[int, Spoken]]:
        yield from through_llama(config, files(config, adapter, onto, quant), q, t, exact=exact)

    return Stage(f"gguf_{quant}", f"GGUF {quant}", before, weights, speak, partial(speak, exact=True))


def through_llama(
    config: Config,
    made: tuple[Path, Path | None],
    questions: Sequence[Example],
    texts: Sequence[str] | None,
    *,
    exact: bool = False,
) -> Iterator[tuple[int, Spoken]]:
    """What llama.cpp says with the two files `made`, as a stage's `speak`; `exact` is llama.server's."""
    side, tokens = config.model.image_side, config.generate.max_new_tokens
    processor = load.processor(config.model.name)
    tokenizer = getattr(processor, "tokenizer", processor)
    running = llama.server(*made, context=config.export.context, exact=exact)
    try:
        for number, example in enumerate(questions):
            told = llama.ask(running, example, max_new_tokens=tokens, side=side)
            text = texts[number] if texts else told.text
            spelled = tokenizer(text, add_special_tokens=False)["input_ids"]
            forced = forcing.llama_cpp(running, example, text, side=side, tokens=spelled)
            yield number, Spoken(told.text, told.seconds, forced)
    finally:
        llama.stop()


def files(config: Config, adapter: Path, onto: str, quant: str) -> tuple[Path, Path | None]:
    """The GGUF files of an adapter in one quantisation, from the cache, or converted into it."""
    model = export.plain(config, adapter, onto, progress=False)
    folder = configs.cache() / "gguf" / f"{model.name}-{quant}"
    found = export.cached(model, folder, config=replace(config, export=replace(config.export, quant=quant)))
    return found.text, found.mmproj


def _adapter(
    config: Config, adapter: Path, questions: Sequence[Example], texts: Sequence[str] | None
) -> Iterator[tuple[int, Spoken]]:
    trained_on, _ = merging.weights(config, adapter, "nf4")  # the ladder may have taken another model than the profile's
    model: Any = load.base(config, replace(configs.plan(config, tasks.terms(config.task).phases[-1]), model=trained_on))
    model = replace(model, model=lora.resume(model.model, adapter, trainable=False))
    yield from _through_transformers(config, model, questions, texts)
    del model
    engines.release()


def _through_transformers(
    config: Config, model: load.Base, questions: Sequence[Example], texts: Sequence[str] | None
) -> Iterator[tuple[int, Spoken]]:
    side, tokens = config.model.image_side, config.generate.max_new_tokens
    stream = generate.stream(model, questions, max_new_tokens=tokens, batch_size=config.generate.batch_size, side=side)
    for number, answer in stream:
        text = texts[number] if texts else answer.text
        yield number, Spoken(answer.text, answer.seconds, forcing.transformers(model, questions[number], text, side=side))
