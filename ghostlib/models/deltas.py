"""What an adapter changes in which weight, read from its files one module at a time.

    W' = m * (W + s B A) / ||W + s B A||   by row (DoRA, arXiv 2402.09353)
    s = alpha / sqrt(rank)                 rsLoRA (arXiv 2312.03732), else alpha / rank

Anything in an adapter that this formula does not know is refused: a merge is right or is not made.
"""

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ghostlib.errors import ExportError
from ghostlib.models import lora, tensors
from ghostlib.models.tensors import Tensor

PARTS = {
    ".lora_A.weight": "low",
    ".lora_B.weight": "high",
    ".lora_magnitude_vector": "magnitude",
    ".lora_magnitude_vector.weight": "magnitude",  # as older versions of PEFT wrote it
}
# Settings of PEFT that say nothing about what is to be added to which weight, or that are read below. Any other one
# that is set (patterns by module, another bias, invocation tokens, a kind of adapter that is yet to come) is refused.
KNOWN = """
    auto_mapping base_model_name_or_path exclude_modules inference_mode init_lora_weights layers_pattern
    layers_to_transform lora_alpha lora_dropout megatron_core peft_type peft_version qalora_group_size r revision
    target_modules task_type use_dora use_rslora
""".split()
PLAIN_STARTS = (True, False, None, "gaussian")  # the others (PiSSA, OLoRA, ...) change the base when training begins


@dataclass(frozen=True)
class Parts:
    """One module's tensors in the adapter's file: A `low` (r, in), B `high` (out, r), `magnitude` (out,) with DoRA."""

    module: str  # as the adapter names it
    low: Tensor
    high: Tensor
    magnitude: Tensor | None
    scale: float

    @property
    def shape(self) -> tuple[int, int]:
        """Of the weight that it changes."""
        return self.high.shape[0], self.low.shape[1]


@dataclass(frozen=True)
class Delta:
    """The same in memory, in float64: what is left of the rounding is the base's own dtype."""

    low: Any
    high: Any
    magnitude: Any | None
    scale: float

    def applied(self, weight: Any, first: int = 0) -> Any:
        """The rows of the merged weight from number `first` on, in float64; `weight` is those of the base (rows, in)."""
        import torch

        last = first + weight.shape[0]
        changed = weight.to(torch.float64, copy=True).addmm_(self.high[first:last], self.low, alpha=self.scale)
        if self.magnitude is None:
            return changed
        norm = changed.norm(dim=1).clamp_min(torch.finfo(torch.float32).tiny)  # a row of zeros stays one
        return changed.mul_((self.magnitude[first:last] / norm).unsqueeze(1))


def read(adapter: Path) -> dict[str, Parts]:
    """An adapter's modules by `key`, all values looked at. Raises DataError for files, ExportError for what is in them."""
    settings = lora.settings(adapter)
    scale = _scale(adapter, settings)
    found: dict[str, dict[str, Tensor]] = {}
    for name, tensor in tensors.index(adapter / "adapter_model.safetensors").items():
        end = next((end for end in PARTS if name.endswith(end)), None)
        if end is None or PARTS[end] in found.setdefault(name.removesuffix(end), {}):
            raise ExportError(
                f"{adapter}: holds {name}, which is no part of a LoRA or DoRA of linear layers. Merge it with PEFT"
            )
        found[name.removesuffix(end)][PARTS[end]] = tensor
        if tensor.dtype not in tensors.FLOATS or not tensors.whole(tensor).isfinite().all():
            raise ExportError(f"{adapter}: {name} is not finite, or no float. The adapter has diverged; train it again")
    if not found:
        raise ExportError(f"{adapter}: holds no tensor. Train it again")
    made = {}
    for module, parts in found.items():
        _check(adapter, module, parts, settings)
        if key(module) in made:
            raise ExportError(f"{adapter}: holds {module} twice, also as {made[key(module)].module}. Train it again")
        made[key(module)] = Parts(module, parts["low"], parts["high"], parts.get("magnitude"), scale)
    return made


def load(parts: Parts) -> Delta:
    """One module's delta, from its file."""
    low, high = tensors.whole(parts.low).double(), tensors.whole(parts.high).double()
    magnitude = tensors.whole(parts.magnitude).double() if parts.magnitude else None
    return Delta(low, high, magnitude, parts.scale)


def digest(adapter: Path) -> str:
    """SHA-256 over an adapter's settings and weights."""
    found = hashlib.sha256()
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        with (adapter / name).open("rb") as file:
            found.update(hashlib.file_digest(file, "sha256").digest())
    return found.hexdigest()


def key(name: str) -> str:
    """A weight's name without what differs between files, transformers and PEFT: `language_model.layers.0.…`."""
    left_out = ("base_model", "model", "vision_model", "weight")
    return ".".join(word for word in name.split(".") if word not in left_out)


def _scale(adapter: Path, settings: dict[str, Any]) -> float:
    """s. Raises ExportError for settings that the formula does not know."""
    strange = [
        f"{name}={value}"
        for name, value in settings.items()
        if name not in KNOWN and value not in (None, False, {}, [], "none")
    ]
    if settings.get("peft_type", "LORA") != "LORA":
        strange.insert(0, f"peft_type={settings['peft_type']}")
    if settings.get("init_lora_weights", True) not in PLAIN_STARTS:
        strange.append(f"init_lora_weights={settings['init_lora_weights']}")
    if strange:
        raise ExportError(f"{adapter}: is not a plain LoRA or DoRA ({strange[0][:100]}). Merge it with PEFT")
    rank, alpha = settings.get("r"), settings.get("lora_alpha")
    numbers = all(isinstance(one, int | float) and not isinstance(one, bool) for one in (rank, alpha))
    if not numbers or not rank > 0 or not math.isfinite(alpha):
        raise ExportError(f"{adapter}/adapter_config.json: r={rank} and lora_alpha={alpha} give no scale. Train it again")
    return alpha / (math.sqrt(rank) if settings.get("use_rslora") else rank)


def _check(adapter: Path, module: str, parts: dict[str, Tensor], settings: dict[str, Any]) -> None:
    """Raises ExportError where parts of a module lack, are too many, or do not fit each other."""
    needed = {"low", "high", "magnitude"} if settings.get("use_dora") else {"low", "high"}
    if parts.keys() != needed:
        names = {"low": "lora_A", "high": "lora_B", "magnitude": "lora_magnitude_vector"}
        lost = [f"has no {names[part]}" for part in sorted(needed - parts.keys())]
        wrong = lost or ["has a lora_magnitude_vector, and use_dora is off"]
        raise ExportError(f"{adapter}: {module} {wrong[0]}. Train it again")
    low, high, rank = parts["low"].shape, parts["high"].shape, settings["r"]
    magnitude = parts["magnitude"].shape if "magnitude" in parts else high[:1]
    if len(low) != 2 or len(high) != 2 or low[0] != rank or high[1] != rank or magnitude != high[:1]:
        shapes = ", ".join(str(list(one.shape)) for one in parts.values())
        raise ExportError(f"{adapter}: {module} has parts of {shapes}, which do not fit rank {rank}. Train it again")
    if module.endswith(("lm_head", "embed_tokens")):  # one tensor where they are tied: it would be changed for both, or lost
        raise ExportError(f"{adapter}: changes {module}, which is tied to another weight. Merge it with PEFT")
