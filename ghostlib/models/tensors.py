"""safetensors files read and written by rows, so that no tensor need be in memory whole.

The library's own reader maps the file: every page that was read counts as memory in use until the kernel wants it back.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ghostlib.errors import DataError

FLOATS = {"F16": "float16", "BF16": "bfloat16", "F32": "float32"}  # safetensors' names -> torch's
SIZES = {"F16": 2, "BF16": 2, "F32": 4, "F64": 8, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
LARGEST_HEADER = 100 * 2**20  # bytes; the limit of the format itself
PIECE = 2**24  # bytes that are copied at once


@dataclass(frozen=True)
class Tensor:
    """Where a tensor stands: the bytes from `start` to `end` of a file; `dtype` as safetensors spells it."""

    file: Path
    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


def index(file: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file by name, from its header alone. Raises DataError for a file that is not whole."""
    try:
        with file.open("rb") as opened:
            size = int.from_bytes(opened.read(8), "little")
            if not 0 < size <= LARGEST_HEADER:
                raise ValueError(f"a header of {size} bytes")
            header = json.loads(opened.read(size))
        found = {name: _entry(file, 8 + size, entry) for name, entry in header.items() if name != "__metadata__"}
        expected, there = max((one.end for one in found.values()), default=8 + size), file.stat().st_size
        if there != expected:
            raise ValueError(f"{there} bytes of {expected}")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{file}: is not a whole safetensors file ({error}). Fetch or make it again") from None
    return found


def rows(tensor: Tensor, first: int, last: int) -> Any:
    """The rows from `first` to before `last` of a tensor of F16, BF16 or F32, in its own dtype."""
    import torch

    row = (tensor.end - tensor.start) // max(1, tensor.shape[0])
    kind = getattr(torch, FLOATS[tensor.dtype])
    return raw(tensor, first * row, last * row).view(kind).view(last - first, *tensor.shape[1:])


def whole(tensor: Tensor) -> Any:
    """All of a small tensor of any dtype that torch has."""
    import torch

    kinds = FLOATS | {"F64": "float64", "I64": "int64", "I32": "int32", "I16": "int16", "I8": "int8", "U8": "uint8"}
    return raw(tensor, 0, tensor.end - tensor.start).view(getattr(torch, kinds[tensor.dtype])).view(tensor.shape)


def raw(tensor: Tensor, first: int, last: int) -> Any:
    """The bytes from `first` to before `last` of a tensor, as a torch tensor of uint8 that owns them."""
    import torch

    found = torch.empty(last - first, dtype=torch.uint8)
    with tensor.file.open("rb", buffering=0) as file:
        file.seek(tensor.start + first)
        view, read = memoryview(found.numpy()), 0
        while read < last - first:  # one call reads at most 2 GiB
            count = file.readinto(view[read:])
            if not count:
                raise DataError(f"{tensor.file}: has lost bytes while it was read. Fetch or make it again")
            read += count
    return found


def pieces(tensor: Tensor) -> Iterator[Any]:
    """The bytes of a tensor in order, a few MiB at a time."""
    size = tensor.end - tensor.start
    for first in range(0, size, PIECE):
        yield memoryview(raw(tensor, first, min(first + PIECE, size)).numpy())


def header(outlines: dict[str, tuple[str, tuple[int, ...]]]) -> bytes:
    """What a safetensors file of these tensors (name -> dtype, shape) begins with; their bytes follow in the same order."""
    entries: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    start = 0
    for name, (dtype, shape) in outlines.items():
        end = start + size(dtype, shape)
        entries[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [start, end]}
        start = end
    text = json.dumps(entries).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def size(dtype: str, shape: tuple[int, ...]) -> int:
    """Bytes of a tensor."""
    return math.prod(shape) * SIZES.get(dtype, 1)  # all that are not listed are kinds of 8-bit floats


def _entry(file: Path, begin: int, entry: dict[str, Any]) -> Tensor:
    shape = tuple(int(side) for side in entry["shape"])
    first, last = (int(offset) for offset in entry["data_offsets"])
    if min(shape, default=0) < 0 or first < 0 or last - first != size(entry["dtype"], shape):
        raise ValueError(f"a tensor of {entry['dtype']} {list(shape)} in bytes {first} to {last}")
    return Tensor(file, entry["dtype"], shape, begin + first, begin + last)
