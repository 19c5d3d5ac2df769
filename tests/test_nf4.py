"""NF4 by rows is NF4 of the whole weight, to the last bit."""

import pytest
import torch
from bitsandbytes import functional
from safetensors.torch import save_file

from ghostlib.models import nf4, tensors

SHAPES = [(256, 512), (100, 96), (33, 64), (7, 3840), (18, 4304), (130, 24), (1, 2), (3, 5), (300, 4096)]


def by_parts(rows, shape, values):
    step = nf4.together(shape[1], values)
    return torch.cat([rows(first, min(first + step, shape[0])) for first in range(0, shape[0], step)])


def unpacked(packed, state, shape):
    """The format as it is written: two values a byte, the first in the high half, a scale for every block."""
    scales = state.absmax
    if state.nested:
        scales = functional.dequantize_blockwise(state.absmax, state.state2) + state.offset
    numbers = torch.stack([packed.view(-1) >> 4, packed.view(-1) & 15], 1).view(-1)[: shape[0] * shape[1]].long()
    return (state.code[numbers] * scales.float().repeat_interleave(state.blocksize)[: len(numbers)]).view(shape)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_rounding_by_rows_equals_quantising_the_whole_weight_at_once(monkeypatch, shape, dtype):
    torch.manual_seed(0)
    weight = (torch.randn(shape) * torch.rand(shape[0], 1)).to(dtype)
    packed, state = functional.quantize_4bit(weight.float(), blocksize=64, compress_statistics=True, quant_type="nf4")
    for values in (1, 3 * 4096, nf4.VALUES):
        monkeypatch.setattr(nf4, "VALUES", values)
        rows = nf4.rounded(lambda first, last: weight[first:last], shape)
        assert torch.equal(by_parts(rows, shape, values), unpacked(packed, state, shape))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("block", [64, 1024])
@pytest.mark.parametrize("double", [True, False], ids=["double", "single"])
def test_a_stored_weight_comes_back_by_rows_as_the_format_says(tmp_path, shape, block, double):
    """As the library unpacks it too, but for rows that end inside a block: there its kernel for AVX-512 errs."""
    torch.manual_seed(0)
    weight = torch.randn(shape, dtype=torch.bfloat16)
    packed, state = functional.quantize_4bit(weight, blocksize=block, compress_statistics=double, quant_type="nf4")
    held = {f"up.weight.{name}": one.contiguous() for name, one in state.as_dict(packed=True).items()} | {"up.weight": packed}
    save_file(held, tmp_path / "one.safetensors")
    there = tensors.index(tmp_path / "one.safetensors")
    beside = {name.removeprefix("up.weight."): one for name, one in there.items() if name != "up.weight"}
    assert nf4.outline(beside) == (shape, "BF16")
    rows = nf4.stored(there["up.weight"], beside)
    expected = unpacked(packed, state, shape).bfloat16()
    for values in (1, 2**20):
        assert torch.equal(by_parts(rows, shape, values), expected)
    if shape[1] % block == 0:
        assert torch.equal(functional.dequantize_4bit(packed, state), expected)
