"""NF4 by rows is bitsandbytes' NF4 of the whole weight, to the last bit."""

import pytest
import torch
from bitsandbytes import functional
from safetensors.torch import save_file

from ghostlib.models import nf4, tensors

SHAPES = [(256, 512), (100, 96), (33, 64), (7, 3840), (130, 24), (5, 7), (1, 2), (2, 1), (300, 4096)]


def by_parts(rows, height, step):
    return torch.cat([rows(first, min(first + step, height)) for first in range(0, height, step)])


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_rounding_by_rows_equals_quantising_the_whole_weight_at_once(shape, dtype):
    torch.manual_seed(0)
    weight = (torch.randn(shape) * torch.rand(shape[0], 1)).to(dtype)
    packed, state = functional.quantize_4bit(weight.float(), blocksize=64, compress_statistics=True, quant_type="nf4")
    expected = functional.dequantize_4bit(packed, state)
    step = nf4.aligned(shape[1])
    rows = nf4.rounded(lambda first, last: weight[first:last], shape, step)
    assert torch.equal(by_parts(rows, shape[0], step), expected.view(shape))
    assert torch.equal(by_parts(rows, shape[0], 3 * step), expected.view(shape))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("block", [64, 4096])
@pytest.mark.parametrize("double", [True, False], ids=["double", "single"])
def test_a_stored_weight_comes_back_by_rows_as_the_library_unpacks_it(tmp_path, shape, block, double):
    torch.manual_seed(0)
    weight = torch.randn(shape, dtype=torch.bfloat16)
    packed, state = functional.quantize_4bit(weight, blocksize=block, compress_statistics=double, quant_type="nf4")
    held = {f"up.weight.{name}": one.contiguous() for name, one in state.as_dict(packed=True).items()} | {"up.weight": packed}
    save_file(held, tmp_path / "one.safetensors")
    there = tensors.index(tmp_path / "one.safetensors")
    beside = {name.removeprefix("up.weight."): one for name, one in there.items() if name != "up.weight"}
    assert nf4.outline(beside) == (shape, "BF16")
    rows = nf4.stored(there["up.weight"], beside)
    expected = functional.dequantize_4bit(packed, state).reshape(shape)
    assert torch.equal(by_parts(rows, shape[0], nf4.aligned(shape[1])), expected)
