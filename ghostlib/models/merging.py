"""An adapter merged into its base, one tensor in memory at a time: 12B does not fit in Colab's RAM in one piece.

    W' = m * (W + s B A) / ||W + s B A||   by row (DoRA, arXiv 2402.09353)
    s = alpha / sqrt(rank)                 rsLoRA (arXiv 2312.03732), else alpha / rank

W is the weight that the adapter was trained on (NF4, dequantised) or the 16-bit one, on request.
"""

import json
import math
import shutil
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ghostlib.config import Config
from ghostlib.errors import DataError, ExportError, MachineError
from ghostlib.models import files, load, lora

NAMES = {"torch.float16": "F16", "torch.bfloat16": "BF16", "torch.float32": "F32"}  # of safetensors
BYTES = {"F16": 2, "BF16": 2, "F32": 4, "F64": 8, "I64": 8, "I32": 4, "U8": 1, "I8": 1}
STATE = ".quant_state.bitsandbytes__nf4"


@dataclass(frozen=True)
class Delta:
    """What an adapter changes in one weight: `low` (r, in), `high` (out, r), `magnitude` (out,) with DoRA."""

    low: Any
    high: Any
    magnitude: Any | None
    scale: float

    def applied(self, weight: Any) -> Any:
        """The merged weight (out, in) in float32."""
        changed = weight.float() + self.scale * (self.high.float() @ self.low.float())
        if self.magnitude is None:
            return changed
        return changed * (self.magnitude.float() / changed.norm(dim=1)).unsqueeze(1)


def merge(config: Config, adapter: Path, out: Path, *, onto: str = "nf4") -> Path:
    """The merged model as a complete folder `out` (config, tokenizer and processor copied), in the base's own dtype.

    `onto` is "nf4" (the weights that the adapter was trained on) or "16bit". Raises ExportError for an adapter that
    does not belong to the base, MachineError for a disk that is too small.
    """
    if onto not in ("nf4", "16bit"):
        raise ExportError(f"merge onto {onto}: expected nf4 or 16bit")
    base = _folder(_base_name(config, adapter, onto))
    deltas = _deltas(adapter)
    quantise = onto == "nf4" and config.model.quantise
    shards = sorted(base.glob("*.safetensors"))
    if not shards:
        raise DataError(f"{base}: holds no *.safetensors. Merging needs them")
    _check_disk(shards, out)
    used: set[str] = set()
    with files.aside(out) as part:
        _copy_rest(base, part)
        index = {}
        for shard in shards:
            for name in _write_shard(shard, part / shard.name, deltas, quantise, used):
                index[name] = shard.name
        if len(shards) > 1:
            total = sum((part / shard.name).stat().st_size for shard in shards)
            text = json.dumps({"metadata": {"total_size": total}, "weight_map": index}, indent=2)
            (part / "model.safetensors.index.json").write_text(text, encoding="utf-8")
        missing = sorted(set(deltas) - used)
        if missing:
            raise ExportError(
                f"{adapter}: {len(missing)} of its {len(deltas)} modules are not in {base.name} (first: {missing[0]}). "
                "Merge it onto the model that it was trained on"
            )
    return out


def nf4(weight: Any) -> Any:
    """The weight as NF4 with double quantisation stores it, in float32: blocks of 64, as bitsandbytes does."""
    from bitsandbytes import functional

    packed, state = functional.quantize_4bit(
        weight.float().contiguous(), blocksize=64, compress_statistics=True, quant_type="nf4"
    )
    return functional.dequantize_4bit(packed, state).float()


def key(name: str) -> str:
    """A weight's name without what differs between files, transformers and PEFT: `language_model.layers.0.…`."""
    left_out = ("base_model", "model", "vision_model", "weight")
    return ".".join(word for word in name.split(".") if word not in left_out)


def _base_name(config: Config, adapter: Path, onto: str) -> str:
    trained = lora.settings(adapter).get("base_model_name_or_path") or config.model.name  # the ladder may have changed it
    if onto == "nf4":
        return trained
    return config.model.merge_name if trained == config.model.name else trained.removesuffix("-bnb-4bit")


def _folder(name: str) -> Path:
    where = Path(load.source(name))
    if where.is_dir():
        return where
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, ignore_patterns=["*.gguf", "*.bin", "*.pth", "original/*"]))
    except OSError as error:
        reason = str(error).strip().splitlines()[0]
        raise DataError(f"{name}: cannot be downloaded ({reason}). Check the connection and the name") from None


def _deltas(adapter: Path) -> dict[str, Delta]:
    from safetensors.torch import load_file

    settings = lora.settings(adapter)
    found: dict[str, dict[str, Any]] = {}
    for name, tensor in load_file(adapter / "adapter_model.safetensors").items():
        module, _, part = name.replace("lora_magnitude_vector", "lora_M").rpartition(".lora_")
        found.setdefault(key(module), {})[part[0]] = tensor
    if settings.get("fan_in_fan_out") or settings.get("alpha_pattern") or settings.get("rank_pattern"):
        raise ExportError(f"{adapter}: has patterns by module, which this merge does not know. Merge it with PEFT")
    scale = settings["lora_alpha"] / (math.sqrt(settings["r"]) if settings.get("use_rslora") else settings["r"])
    return {
        module: Delta(parts["A"], parts["B"], parts.get("M") if settings.get("use_dora") else None, scale)
        for module, parts in found.items()
    }


def _check_disk(shards: list[Path], out: Path) -> None:
    from safetensors import safe_open

    needed = 0
    for shard in shards:
        with safe_open(shard, framework="pt") as tensors:
            names = set(tensors.keys())
        packed = any(name.endswith(STATE) for name in names)
        needed += shard.stat().st_size * (4 if packed else 1)  # 4 bits become 16
    place = next(folder for folder in (out, *out.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    if free < needed:
        raise MachineError(
            f"{out}: merging needs {needed / 2**30:.1f} GiB and {free / 2**30:.1f} are free. "
            "Free some space, or set GHOST_OUTPUT to another disk"
        )


def _copy_rest(base: Path, out: Path) -> None:
    for file in sorted(base.iterdir()):
        weights = file.name.endswith((".safetensors", ".bin", ".gguf", ".index.json", ".md", ".partial"))
        if file.is_file() and not weights and not file.name.startswith("."):
            shutil.copyfile(file, out / file.name)
    settings = json.loads((out / "config.json").read_text(encoding="utf-8"))
    settings.pop("quantization_config", None)
    (out / "config.json").write_text(json.dumps(settings, indent=2), encoding="utf-8")


def _write_shard(shard: Path, out: Path, deltas: dict[str, Delta], quantise: bool, used: set[str]) -> list[str]:
    """Stream one shard through the merge; the names that it holds afterwards."""
    from safetensors import safe_open

    with safe_open(shard, framework="pt") as tensors:
        everything = set(tensors.keys())
        names = [name for name in sorted(everything) if not _is_statistic(name, everything)]
        header, start = {"__metadata__": {"format": "pt"}}, 0
        for name in names:
            dtype, shape = _outline(tensors, name, everything)
            end = start + math.prod(shape) * BYTES[dtype]
            header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}
            start = end
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        with out.open("wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            for name in names:
                weight = _merged(tensors, name, everything, deltas, quantise, used)
                file.write(_bytes(weight, header[name]["dtype"], name))
    return names


def _is_statistic(name: str, everything: set[str]) -> bool:
    """Whether this tensor is bitsandbytes' own (absmax, maps, state) beside a packed weight."""
    stem, found, _ = name.partition(".weight.")
    return bool(found) and f"{stem}.weight{STATE}" in everything


def _outline(tensors: Any, name: str, everything: set[str]) -> tuple[str, list[int]]:
    if f"{name}{STATE}" in everything:
        state = _state(tensors, name)
        return NAMES[f"torch.{state['dtype']}"], list(state["shape"])
    part = tensors.get_slice(name)
    return part.get_dtype(), list(part.get_shape())


def _state(tensors: Any, name: str) -> dict[str, Any]:
    return json.loads(bytes(tensors.get_tensor(f"{name}{STATE}").numpy()))


def _merged(tensors: Any, name: str, everything: set[str], deltas: dict[str, Delta], quantise: bool, used: set[str]) -> Any:
    weight = tensors.get_tensor(name)
    module = key(name)
    if f"{name}{STATE}" in everything:
        weight = _unpacked(tensors, name, weight, everything)
    elif quantise and name.endswith("_proj.weight") and weight.ndim == 2 and "vision_tower" not in name:
        weight = nf4(weight)
    if name.endswith(".weight") and module in deltas:
        used.add(module)
        weight = deltas[module].applied(weight)
    return weight


def _unpacked(tensors: Any, name: str, packed: Any, everything: set[str]) -> Any:
    """A weight of a checkpoint that is NF4 on disk, in float32."""
    from bitsandbytes import functional

    prefix = f"{name}."
    parts = {found.removeprefix(prefix): tensors.get_tensor(found) for found in everything if found.startswith(prefix)}
    state = functional.QuantState.from_dict(parts, device=packed.device)
    return functional.dequantize_4bit(packed, state).float()


def _bytes(tensor: Any, dtype: str, name: str) -> bytes:
    import torch

    kinds = {short: getattr(torch, long.removeprefix("torch.")) for long, short in NAMES.items()}
    if dtype in kinds:
        tensor = tensor.to(kinds[dtype])
        if not torch.isfinite(tensor).all():
            raise ExportError(f"{name}: is not finite once merged in {dtype}. The adapter has diverged; train it again")
    return tensor.contiguous().view(-1).view(torch.uint8).numpy().tobytes()
