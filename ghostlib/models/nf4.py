"""NF4 with double quantisation (QLoRA, arXiv 2305.14314, section 3) by rows: what bitsandbytes does, a part at a time."""

import json
import math
from collections.abc import Callable
from typing import Any

from ghostlib.models import tensors
from ghostlib.models.tensors import Tensor

Rows = Callable[[int, int], Any]  # the rows from one number to before another, as a float tensor
STATE = ".quant_state.bitsandbytes__nf4"  # beside a packed weight: what its statistics mean
BLOCK = 64  # values that share a scale where we quantise
VALUES = 2**19  # quantised at once: bitsandbytes holds some ten times as many bytes meanwhile
ALIGNED = 4096  # values: bitsandbytes' largest block. Parts must begin at a multiple of the block


def outline(statistics: dict[str, Tensor]) -> tuple[tuple[int, ...], str]:
    """The shape of a weight that is NF4 on disk, and its dtype as safetensors spells it.

    `statistics` are the tensors beside it by what follows the weight's own name (`absmax`, `quant_map`, ...).
    """
    stated = json.loads(bytes(tensors.whole(statistics[STATE[1:]]).numpy()))
    return tuple(stated["shape"]), next(short for short, long in tensors.FLOATS.items() if long == stated["dtype"])


def stored(packed: Tensor, statistics: dict[str, Tensor]) -> Rows:
    """The rows of a weight that is NF4 on disk, in its dtype; `statistics` as in `outline`."""
    from bitsandbytes.functional import QuantState, dequantize_blockwise

    state = QuantState.from_dict({name: tensors.whole(one) for name, one in statistics.items()}, device="cpu")
    scales = state.absmax
    if state.nested:
        scales = (dequantize_blockwise(state.absmax, state.state2) + state.offset).float()
    return _unpacked(lambda first, last: tensors.raw(packed, first, last), scales, state, state.shape[1])


def rounded(rows: Rows, shape: tuple[int, int]) -> Rows:
    """The rows as NF4 holds them, in float32. Reads them all once for the scales, whose mean belongs to the format."""
    import torch
    from bitsandbytes.functional import QuantState, dequantize_blockwise, quantize_4bit, quantize_blockwise

    count = shape[0] * shape[1]
    packed = torch.empty(-(-count // 2), dtype=torch.uint8)
    scales = torch.empty(-(-count // BLOCK))
    step = together(shape[1], VALUES)
    for first in range(0, shape[0], step):
        part, state = quantize_4bit(rows(first, min(first + step, shape[0])).float(), blocksize=BLOCK, quant_type="nf4")
        start = first * shape[1]
        packed[start // 2 : start // 2 + part.numel()] = part.view(-1)
        scales[start // BLOCK : start // BLOCK + state.absmax.numel()] = state.absmax
    middle = scales.mean()
    scales = dequantize_blockwise(*quantize_blockwise(scales - middle, blocksize=256)) + middle
    state = QuantState(scales, code=state.code, blocksize=BLOCK, quant_type="nf4", dtype=torch.float32)
    return _unpacked(lambda first, last: packed[first:last], scales, state, shape[1])


def together(wide: int, values: int) -> int:
    """How many rows of `wide` to take at once for about so many `values`; a part ends where any block ends."""
    aligned = ALIGNED // math.gcd(ALIGNED, wide)
    return max(1, values // (wide * aligned)) * aligned


def _unpacked(read: Callable[[int, int], Any], scales: Any, state: Any, wide: int) -> Rows:
    import torch
    from bitsandbytes.functional import QuantState, dequantize_4bit

    block = state.blocksize

    def rows(first: int, last: int) -> Any:
        start, end = first * wide, last * wide
        own = scales[start // block : -(-end // block)]
        packed = read(start // 2, -(-end // 2)).view(-1)
        packed = torch.nn.functional.pad(packed, (0, len(own) * block // 2 - len(packed)))
        # A row for each block: the library's kernel for AVX-512 (0.50) takes wrong scales where a row ends inside a
        # block, as SigLIP's rows of 4,304 values do.
        part = QuantState(own, (len(own), block), state.code, block, state.quant_type, state.dtype)
        return dequantize_4bit(packed.view(-1, 1), part).reshape(-1)[: end - start].view(last - first, wide)

    return rows
