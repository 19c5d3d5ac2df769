"""Base model and processor, through transformers (anywhere) or Unsloth (CUDA; text alone on a CPU)."""

import io
import json
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ghostlib import config as configs
from ghostlib import machine
from ghostlib.config import Config, Plan
from ghostlib.errors import DataError, MachineError
from ghostlib.models import nano

# Only the text stack is NF4: the vision tower and the projector are small, run once an image, and stay exact.
NOT_QUANTISED = (".*vision_tower.*", ".*multi_modal_projector.*", "lm_head")


@dataclass(frozen=True)
class Base:
    """A model with the processor (or, for a text-only model, the tokenizer) that belongs to it."""

    model: Any
    processor: Any
    why: str  # which weights, in which precision, and for what reason


def base(config: Config, plan: Plan) -> Base:
    """The frozen base model of a plan, in NF4 where the plan says so.

    Raises MachineError where the profile needs a GPU that is not there, DataError for weights that cannot be found.
    """
    require(config, plan.phase)
    prepare(plan.path)
    with quietly():
        return _unsloth(plan) if plan.path == "unsloth" else _transformers(plan)


def merged(folder: Path, config: Config) -> Base:
    """A plain model folder (merged, or any 16-bit one) with its processor, unquantised."""
    import torch

    if not (Path(folder) / "config.json").is_file():
        raise DataError(f"{folder}: no model there (config.json is missing). Merge an adapter first")
    precision = machine.precision(machine.look())
    with quietly():
        model = _class(_architecture(folder)).from_pretrained(
            folder, dtype=getattr(torch, precision.storage), attn_implementation="sdpa", device_map=_device()
        )
    return Base(model.eval(), processor(str(folder)), f"{Path(folder).name} in {precision.storage}: {precision.why}")


def processor(name: str) -> Any:
    """The processor of a multimodal model, the tokenizer of a text-only one; `name` is "nano", a hub name or a folder.

    An image is `<start_of_image>`, its soft tokens and `<end_of_image>` without line breaks round them: transformers
    would put two on either side, llama.cpp puts none, and both must see the same prompt.
    """
    from transformers import AutoTokenizer, Gemma3ImageProcessorPil, Gemma3Processor

    where = source(name)
    if _architecture(where).model_type != "gemma3":
        return AutoTokenizer.from_pretrained(where)
    made = Gemma3Processor.from_pretrained(where)
    made.image_processor = Gemma3ImageProcessorPil.from_pretrained(where)  # the torchvision one resizes differently
    made.full_image_sequence = made.full_image_sequence.strip("\n")
    return made


def source(name: str) -> str:
    """Where the weights of a model come from: a folder, or a name on the Hugging Face hub."""
    return str(nano.folder()) if name == "nano" else name


def require(config: Config, phase: str = "text") -> None:
    """Raises MachineError where the profile needs a GPU and this machine has none, or Unsloth would need one for pictures."""
    if machine.look().gpu is not None:
        return
    if config.needs_gpu:
        raise MachineError(
            f"profile {config.profile}: {config.model.name} needs a CUDA GPU and this machine has none. "
            "Use --profile nano, which runs on any CPU, or a machine with a GPU (Colab: Runtime, T4)"
        )
    if config.model.path == "unsloth" and phase == "vision":
        raise MachineError("model.path=unsloth: without a GPU it trains text alone. Set model.path=transformers for pictures")


def prepare(path: str) -> None:
    """Import Unsloth where `path` is its own, quietly; it changes trl and transformers for the whole process.

    Raises MachineError where it is not installed or cannot run here.
    """
    if path != "unsloth" or sys.modules.get("unsloth"):
        return
    os.environ.setdefault("UNSLOTH_DISABLE_STATISTICS", "1")  # else every load asks the hub, only to be counted
    os.environ.setdefault("UNSLOTH_COMPILE_LOCATION", str(configs.cache() / "unsloth"))  # else in the working folder
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)  # torch, torchao and bitsandbytes remark on what is not here
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            # It wants to be before trl and transformers, so that nobody holds a class from before its changes. Nobody here
            # does: they are all imported where they are used. And a probe's parent need not hold a card for it.
            warnings.filterwarnings("ignore", "WARNING: Unsloth should be imported before")
            import unsloth  # noqa: F401
    except (ImportError, NotImplementedError) as error:
        raise MachineError(
            f"model.path=unsloth: it does not work here ({(str(error).splitlines() or [''])[0]}). Install the #gpu lines "
            "of requirements.txt, or set model.path=transformers"
        ) from None
    finally:
        logging.disable(before)


@contextmanager
def quietly() -> Iterator[None]:
    """Keeps transformers' and bitsandbytes' remarks about things that are in order off the screen.

    Its loading bar is shown on a terminal alone: in a saved notebook or a log every step of it is a line.
    """
    from transformers.utils import logging as remarks

    own = logging.getLogger("bitsandbytes")
    before, level, bar = remarks.get_verbosity(), own.level, remarks.is_progress_bar_enabled()
    remarks.set_verbosity_error()
    own.setLevel(logging.ERROR)
    if not sys.stderr.isatty():
        remarks.disable_progress_bar()
    try:
        yield
    finally:
        remarks.set_verbosity(before)
        own.setLevel(level)
        if bar:
            remarks.enable_progress_bar()


def _transformers(plan: Plan) -> Base:
    import torch
    from transformers import BitsAndBytesConfig

    precision = machine.precision(machine.look())
    where = source(plan.model)
    architecture = _architecture(where)
    quantised = getattr(architecture, "quantization_config", None) is not None
    quantisation = {}
    if plan.quantise and not quantised:  # a checkpoint that is NF4 already brings its own settings; None would take them away
        quantisation["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=getattr(torch, precision.compute),
            llm_int8_skip_modules=list(NOT_QUANTISED),
        )
    model = _class(architecture).from_pretrained(
        where,
        dtype=getattr(torch, precision.storage),
        attn_implementation="sdpa",
        device_map=_device(),
        **quantisation,
    )
    _compute_exactly(model)
    if quantised:  # its own compute dtype may be bfloat16, which a T4 only emulates
        _compute_in(model, getattr(torch, precision.compute))
    weights = "NF4, double quantisation" if quantised or plan.quantise else precision.storage
    return Base(model, processor(plan.model), f"{plan.model} in {weights}: {precision.why}")


def _unsloth(plan: Plan) -> Base:
    # Imported here alone (and in `prepare`): importing it changes trl and transformers for the whole process.
    import torch
    from unsloth import FastModel, FastVisionModel

    here = machine.look()
    with redirect_stdout(io.StringIO()):  # a banner, and what it loads how
        model, made = (FastVisionModel if plan.phase == "vision" else FastModel).from_pretrained(
            model_name=source(plan.model),
            max_seq_length=plan.max_seq_length,
            # On a card it decides: an explicit bfloat16 skips its fp16 patches on a T4 and gives NaN. A CPU with bf16 units
            # it would train in bf16.
            dtype=None if here.gpu else getattr(torch, machine.precision(here).storage),
            load_in_4bit=plan.quantise,
            use_gradient_checkpointing="unsloth" if plan.checkpointing else False,
        )
    del made  # ours has the token layout of llama.cpp
    how = "which chooses the dtype by card" if here.gpu else machine.precision(here).why
    return Base(model, processor(plan.model), f"{plan.model} through Unsloth, {how}")


def _compute_exactly(model: Any) -> None:
    """On a CPU with AVX-512 BF16, bitsandbytes repacks NF4 weights in evaluation and multiplies in bf16.

    That is 0.4 % off what was trained, only on some CPUs, and DoRA's norm is then taken of the repacked bytes.
    """
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False


def _compute_in(model: Any, dtype: Any) -> None:
    for module in model.modules():
        if hasattr(module, "compute_dtype"):
            module.compute_dtype = dtype


def _architecture(where: str | Path) -> Any:
    from transformers import AutoConfig

    try:
        return AutoConfig.from_pretrained(where)
    except (OSError, ValueError, json.JSONDecodeError) as error:
        reason = str(error).strip().splitlines()[0]
        raise DataError(
            f"{where}: cannot be loaded ({reason}). Check the name and the connection, or use --profile nano, "
            "which needs no download"
        ) from None


def _class(architecture: Any) -> Any:
    from transformers import AutoModelForCausalLM, AutoModelForImageTextToText

    return AutoModelForImageTextToText if hasattr(architecture, "vision_config") else AutoModelForCausalLM


def _device() -> dict[str, int] | None:
    return {"": int(os.environ.get("LOCAL_RANK", "0"))} if machine.look().gpu else None  # of several processes each its own
