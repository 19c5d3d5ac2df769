"""What a merged model will hold and of what each weight is made: from the headers of the files alone, before any is written."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from ghostlib.errors import DataError, ExportError
from ghostlib.models import deltas, load, nf4, tensors
from ghostlib.models.deltas import Parts
from ghostlib.models.tensors import Tensor

INDEX = "model.safetensors.index.json"
OWN = "Merge it onto the model that it was trained on"


@dataclass(frozen=True)
class Weight:
    """A tensor of the merged model, and what it is made of."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    base: Tensor
    statistics: dict[str, Tensor]  # of a base that is NF4 on disk; they may lie in another shard
    rounded: bool  # to NF4, as training did with this weight
    parts: Parts | None

    @property
    def size(self) -> int:
        """Bytes."""
        return tensors.size(self.dtype, self.shape)


def drawn(base: Path, adapter: Path, onto: str) -> dict[str, list[Weight]]:
    """The weights of each shard to be, by its file's name.

    Raises ExportError where the adapter does not fit the base, DataError for a file of either that is not whole.
    """
    changes = deltas.read(adapter)
    there = _tensors(base)
    packed = {name.removesuffix(nf4.STATE) for name in there if name.endswith(nf4.STATE)}
    _check_format(base, there, packed, onto)
    shards: dict[str, list[Weight]] = {}
    taken: dict[str, str] = {}  # module -> the weight that it changes
    for name, tensor in there.items():
        owner = name.partition(".weight.")[0] + ".weight"
        if owner in packed and owner != name:
            continue  # bitsandbytes' statistics
        beside = (
            {one.removeprefix(f"{name}."): there[one] for one in there if one.startswith(f"{name}.")} if name in packed else {}
        )
        shape, dtype = nf4.outline(beside) if beside else (tensor.shape, tensor.dtype)
        rounded = onto == "nf4" and not packed and dtype in tensors.FLOATS and _is_quantised(name, shape)
        parts = changes.get(deltas.key(name)) if name.endswith(".weight") else None
        weight = Weight(name, dtype, shape, tensor, beside, rounded, parts)
        if parts:
            _check_fit(base, adapter, weight, taken)
        shards.setdefault(tensor.file.name, []).append(weight)
    missing = sorted(changes.keys() - taken.keys())
    if missing:
        raise ExportError(
            f"{adapter}: {len(missing)} of its {len(changes)} modules are not in {base.name} (first: {missing[0]}). {OWN}"
        )
    # Wide dtypes first, as the format's own writer does, so that every tensor lies at a multiple of its item's size.
    return {name: sorted(found, key=lambda one: -tensors.SIZES.get(one.dtype, 1)) for name, found in sorted(shards.items())}


def _check_fit(base: Path, adapter: Path, weight: Weight, taken: dict[str, str]) -> None:
    module, parts = deltas.key(weight.name), weight.parts
    there = f"{weight.name} of {base.name}"
    if module in taken:
        raise ExportError(f"{adapter}: {parts.module} may change {taken[module]} or {there}. Merge it with PEFT")
    if parts.shape != weight.shape or weight.dtype not in tensors.FLOATS:
        found = f"{weight.dtype} {list(weight.shape)}"
        raise ExportError(f"{adapter}: {parts.module} is made for {list(parts.shape)}, and {there} is {found}. {OWN}")
    taken[module] = weight.name


def _tensors(base: Path) -> dict[str, Tensor]:
    there: dict[str, Tensor] = {}
    for file in _shards(base):
        for name, tensor in tensors.index(file).items():
            if name in there:
                raise DataError(f"{base}: {name} is in {there[name].file.name} and in {file.name}. Keep one of the two")
            there[name] = tensor
    return there


def _shards(base: Path) -> list[Path]:
    """The weight files of a model folder: those of its index, else model.safetensors, else all."""
    listed: set[str] = set()
    if (base / INDEX).is_file():
        try:
            listed = set(json.loads((base / INDEX).read_text(encoding="utf-8"))["weight_map"].values())
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(f"{base / INDEX}: cannot be read ({error}). Fetch the model again") from None
    elif (base / "model.safetensors").is_file():
        listed = {"model.safetensors"}
    found = sorted(base / name for name in listed) or sorted(base.glob("*.safetensors"))
    lost = [file.name for file in found if not file.is_file()]
    if lost or not found:
        raise DataError(
            f"{base}: {lost[0] if lost else 'every *.safetensors'} is missing. Merging needs it; fetch the model again"
        )
    return found


def _check_format(base: Path, there: dict[str, Tensor], packed: set[str], onto: str) -> None:
    """Raises ExportError for weights in a format that is not known here; they would be copied as if they were others."""
    try:
        settings = json.loads((base / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{base}/config.json: cannot be read ({error}). Fetch the model again") from None
    kind = (settings.get("quantization_config") or {}).get("quant_method")
    strange = [name for name in there if name.endswith((".quant_state.bitsandbytes__fp4", ".SCB", "weight_scale_inv"))]
    if strange or kind not in (None, "bitsandbytes") or (kind and not packed):
        what = strange[0] if strange else f"quant_method {kind}"
        raise ExportError(f"{base.name}: is neither 16 bit nor NF4 ({what}). Merge onto its 16-bit or -bnb-4bit twin")
    if packed and onto == "16bit":
        raise ExportError(f"{base.name}: holds NF4 weights, not 16-bit ones. Name its 16-bit twin, or merge onto nf4")


def _is_quantised(name: str, shape: tuple[int, ...]) -> bool:
    """Whether training holds this weight of a 16-bit checkpoint in NF4: the linear layers of the text stack (load.py)."""
    left_out = any(re.match(pattern, name) for pattern in load.NOT_QUANTISED)
    return len(shape) == 2 and name.endswith("_proj.weight") and not left_out
