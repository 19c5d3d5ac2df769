"""Trinity: NF4 weights below, DoRA + rsLoRA adapters on top. Attach, continue, count, save; `merge` is in merging.py."""

import io
import json
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ghostlib.config import Plan
from ghostlib.errors import DataError

VISION_PROJECTIONS = r"(q_proj|k_proj|v_proj|out_proj|fc1|fc2)"  # SigLIP's names


@dataclass(frozen=True)
class Count:
    """Parameters, NF4 ones counted one by one (two share a byte)."""

    trainable: int
    total: int


def attach(model: Any, plan: Plan, *, start: Path | None = None, seed: int = 7) -> Any:
    """The model with fresh trainable adapters as the plan asks, in float32; `start` is an adapter to begin from.

    A start that covers fewer modules (phase 1, before the vision layers join) fills those that it has. DoRA takes the
    light way of dora.py. Raises DataError for a start of another rank.
    """
    import torch

    torch.manual_seed(seed)
    tuned = _attach_unsloth(model, plan, seed) if plan.path == "unsloth" else _attach_peft(model, plan)
    for parameter in tuned.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()
    if plan.dora:
        from ghostlib.models import dora

        dora.lighten(tuned)
        dora.begin(tuned)
    if start is not None:
        fill(tuned, start)
    return tuned


def resume(model: Any, adapter_folder: Path, trainable: bool = True) -> Any:
    """The model with a saved adapter on it, in float32. Raises DataError where there is none."""
    from peft import PeftModel

    from ghostlib.models import dora

    settings(adapter_folder)
    tuned = PeftModel.from_pretrained(model, str(adapter_folder), is_trainable=trainable)
    dora.lighten(tuned)
    return tuned


def targets(plan: Plan, *, multimodal: bool) -> str:
    """The regular expression of the modules that get an adapter.

    Bare names would also hit SigLIP's q, k and v, and "all-linear" would turn the vision tower on.
    """
    names = "|".join(plan.modules)
    language = rf".*language_model.*\.({names})_proj" if multimodal else rf".*\.({names})_proj"
    return rf"({language}|.*vision_tower.*\.{VISION_PROJECTIONS})" if plan.vision_layers else language


def count(model: Any) -> Count:
    """How many parameters train, of how many."""
    trainable = total = 0
    for parameter in model.parameters():
        packed = 2 if type(parameter).__name__ == "Params4bit" else 1
        total += parameter.numel() * packed
        trainable += parameter.numel() if parameter.requires_grad else 0
    return Count(trainable, total)


def save(model: Any, folder: Path, *, name: str = "") -> None:
    """Write adapter_config.json and the float32 adapter_model.safetensors, aside and renamed.

    `name` is the base model's own name, written in place of the path that it was loaded from.
    """
    from ghostlib.models import files

    with files.aside(folder) as part:
        model.save_pretrained(str(part), selected_adapters=["default"], save_embedding_layers=False)
        (part / "README.md").unlink(missing_ok=True)  # an empty form with this machine's path in it
        found = json.loads((part / "adapter_config.json").read_text(encoding="utf-8"))
        found["auto_mapping"] = None  # Unsloth names a module that it has made on this machine; PEFT goes by the task
        if name:
            found["base_model_name_or_path"] = name
        (part / "adapter_config.json").write_text(json.dumps(found, indent=2, sort_keys=True), encoding="utf-8")


def halve(folder: Path) -> None:
    """Rewrite a saved adapter in float16, half its size; loading casts it back, each weight off by at most 0.05 %."""
    from safetensors.torch import load_file, save_file

    file = folder / "adapter_model.safetensors"
    tensors = {name: tensor.half().contiguous() for name, tensor in load_file(file).items()}
    aside = file.with_suffix(".partial")
    save_file(tensors, aside, metadata={"format": "pt"})
    aside.replace(file)


def settings(adapter: Path) -> dict[str, Any]:
    """What adapter_config.json says. Raises DataError for a folder that holds no whole adapter."""
    if not (adapter / "adapter_model.safetensors").is_file():
        raise DataError(f"{adapter}: holds no adapter (adapter_model.safetensors is missing). Train one first")
    try:
        return dict(json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise DataError(f"{adapter}/adapter_config.json: cannot be read ({error}). Train the adapter again") from None


def merge(base: str | Path, adapter: Path, out: Path, *, onto: str = "nf4", progress: bool = True) -> Path:
    """The adapter merged into `base` as a complete model folder `out`: see `merging.merge`.

    `merging.weights` says which base and `onto` a config and its adapter want.
    """
    from ghostlib.models import merging

    return merging.merge(base, adapter, out, onto=onto, progress=progress)


def _attach_peft(model: Any, plan: Plan) -> Any:
    from peft import LoraConfig, get_peft_model

    # No prepare_model_for_kbit_training: it would turn the tied embedding into float32 (4 GB on 12B).
    model.requires_grad_(False)
    multimodal = hasattr(model.config, "vision_config")
    return get_peft_model(
        model,
        LoraConfig(
            r=plan.rank,
            lora_alpha=plan.alpha,
            lora_dropout=plan.dropout,
            bias="none",
            target_modules=targets(plan, multimodal=multimodal),
            use_dora=plan.dora,
            use_rslora=plan.rslora,
            task_type="CAUSAL_LM",
        ),
    )


def _attach_unsloth(model: Any, plan: Plan, seed: int) -> Any:
    from unsloth import FastModel, FastVisionModel

    kind = FastVisionModel if plan.phase == "vision" else FastModel
    with redirect_stdout(io.StringIO()):  # which modules it could not make faster
        return kind.get_peft_model(
            model,
            r=plan.rank,
            lora_alpha=plan.alpha,
            lora_dropout=plan.dropout,
            bias="none",
            target_modules=targets(plan, multimodal=hasattr(model.config, "vision_config")),
            use_dora=plan.dora,
            use_rslora=plan.rslora,
            use_gradient_checkpointing="unsloth" if plan.checkpointing else False,
            random_state=seed,
        )


def fill(model: Any, adapter: Path) -> None:
    """Put a saved adapter's values into the model's "default" one. Raises DataError for another rank or another model."""
    from peft import set_peft_model_state_dict
    from safetensors.torch import load_file

    rank = settings(adapter)["r"]
    if rank != model.peft_config["default"].r:
        raise DataError(
            f"{adapter}: has rank {rank}, this plan {model.peft_config['default'].r}. "
            "Use the rank that it was trained with, or start a new run"
        )
    result = set_peft_model_state_dict(model, load_file(adapter / "adapter_model.safetensors"))
    if result.unexpected_keys:
        raise DataError(f"{adapter}: belongs to another model (it has {result.unexpected_keys[0]}). Start a new run")
