"""DoRA at nearly LoRA's price: PEFT's layers, files and results, with another way to the same numbers.

    y = (m / n) (W x + s B A x) + bias,   n = ||W + s B A|| by row, a constant to the gradient (arXiv 2402.09353, 4.3)

PEFT builds B A (out x in) from an identity matrix, dequantises W, adds and takes the norm, in every forward and again in
the recompute of a checkpoint, and keeps the base's and the adapter's result for the gradient of m. Here:

    n^2 = ||W||^2 + 2 s <W A^T, B> + s^2 <B (A A^T), B>   by row (the expansion of PEFT's pull request 3387)

||W||^2 is taken once, for W is frozen; W A^T is the frozen layer itself over the rows of A, as if they were r more
tokens. And since y - bias = (m / n) (...), dL/dm is the sum over tokens of dL/dy (y - bias), divided by m: of all
results only y is kept, which the next operation keeps anyway.
"""

from typing import Any

import torch
from peft.tuners.lora.layer import LoraLayer
from peft.tuners.lora.variants import DoraLinearVariant
from peft.utils.integrations import dequantize_module_weight

TOKENS = 512  # of a chunk in float32: 31 MB of the widest layer of 12B (15,360), whatever the sequence
ROWS = 1024  # of W that are squared at once
LEAST = 1e-6  # of n: a smaller magnitude is taken as this, so that y / m exists


class LightDora(DoraLinearVariant):
    """PEFT's variant of one layer, which keeps the row norms of W and the last norm of W + s B A.

    The norm is taken anew in every training forward, but not in a backward (the recompute of a checkpoint: nothing
    has moved since), and in evaluation only where A or B has changed.
    """

    def __init__(self) -> None:
        self.rows: torch.Tensor | None = None  # ||W||^2 by row, float32
        self.norm: torch.Tensor | None = None
        self.key: tuple[int, ...] | None = None

    @torch.compiler.disable  # Unsloth compiles whole layers; traced, every length of sequence would be compiled anew
    def forward(self, module: Any, active_adapter: str, x: torch.Tensor, result: torch.Tensor, **kwargs: Any) -> torch.Tensor:
        """The layer's output (..., out) for its input `x` (..., in) and the frozen layer's own `result` (..., out)."""
        if not _plain(module, active_adapter):
            x = x.to(module.lora_A[active_adapter].weight.dtype)
            return DoraLinearVariant.forward(module, active_adapter, x, result, **kwargs)
        low, high = module.lora_A[active_adapter].weight, module.lora_B[active_adapter].weight
        magnitude = module.lora_magnitude_vector[active_adapter].weight
        norm, scaling = self.now(module, active_adapter), module.scaling[active_adapter]
        if result._is_view() or not result.is_contiguous():
            result = result.contiguous().clone()
        return _Applied.apply(result, x, low, high, magnitude, norm, module.get_base_layer().bias, scaling)

    def now(self, module: Any, adapter: str) -> torch.Tensor:
        """||W + s B A|| by row, (out,) in float32, taken anew only where it can have changed."""
        low, high = module.lora_A[adapter].weight, module.lora_B[adapter].weight
        key = (low._version, high._version, low.data_ptr(), high.data_ptr())
        recomputing = torch._C._current_graph_task_id() != -1
        if self.norm is not None and (recomputing if module.training else key == self.key):
            return self.norm
        if self.rows is None:
            self.rows = squares(module.get_base_layer())
        self.norm = norm(module.get_base_layer(), self.rows, low, high, module.scaling[adapter])
        self.key = None if module.training else key  # an optimizer may write without a new version: only eval trusts it
        return self.norm

    def unmerge(self, module: Any, active_adapter: str, orig_weight: torch.Tensor) -> torch.Tensor:
        """The weight without the adapter, as PEFT takes it out again; the norms are taken anew."""
        self.rows = self.norm = None  # NF4 is quantised anew: W is no longer quite what it was
        return DoraLinearVariant.unmerge(module, active_adapter, orig_weight)


def lighten(model: Any) -> int:
    """Let every linear DoRA layer of a PEFT model go the light way; how many there are. Adapter files stay PEFT's.

    Layers with dropout, a bias in B or sharded adapters take PEFT's own way.
    """
    found = 0
    for module in model.modules():
        if not isinstance(module, LoraLayer) or getattr(module, "fan_in_fan_out", False):
            continue
        for adapter, variant in module.lora_variant.items():
            if type(variant) is DoraLinearVariant:
                light = module.lora_variant[adapter] = LightDora()
                light.rows = squares(module.get_base_layer())  # now, while no activations stand beside it
                found += 1
        # PEFT would hand over a float32 copy of x, and keep it; ours casts a chunk at a time
        module.cast_input_dtype_enabled = not all(
            isinstance(module.lora_variant.get(adapter), LightDora) for adapter in module.lora_A
        )
    return found


@torch.no_grad()
def begin(model: Any) -> None:
    """Set every fresh magnitude (B still 0) to ||W|| in float32: PEFT rounds it to the 16 bits of W's dtype."""
    for module in model.modules():
        for adapter, variant in getattr(module, "lora_variant", {}).items():
            if isinstance(variant, LightDora):
                magnitude = module.lora_magnitude_vector[adapter].weight
                magnitude.copy_(variant.rows.sqrt() if variant.rows is not None else magnitude)


@torch.no_grad()
def squares(base: Any) -> torch.Tensor:
    """||W||^2 by row of a linear layer, NF4 or not: (out,) in float32."""
    weight = dequantize_module_weight(base)
    return torch.cat([weight[start : start + ROWS].float().square().sum(1) for start in range(0, weight.shape[0], ROWS)])


@torch.no_grad()
def norm(base: Any, rows: torch.Tensor, low: torch.Tensor, high: torch.Tensor, scaling: float) -> torch.Tensor:
    """||W + s B A|| by row: (out,) in float32, from ||W||^2 `rows` (out,), A `low` (r, in) and B `high` (out, r)."""
    kind = base.weight.dtype if base.weight.is_floating_point() else low.dtype  # NF4 casts to its compute dtype itself
    across = base(low.to(kind)).float()  # (r, out): W A^T, and the bias with it
    if base.bias is not None:
        across = across - base.bias.float()
    low, high = low.float(), high.float()
    cross = torch.einsum("ro,or->o", across, high)
    own = ((high @ (low @ low.T)) * high).sum(1)
    return (rows.to(low.device) + 2 * scaling * cross + scaling**2 * own).clamp_min(torch.finfo(torch.float32).tiny).sqrt()


class _Applied(torch.autograd.Function):
    """result -> (m / n) (result - bias + s B A x) + bias, in place. Keeps x as it is, A x (tokens, r) and y."""

    @staticmethod
    def forward(ctx: Any, result, x, low, high, magnitude, norm, bias, scaling):  # noqa: ANN001, ANN205 (tensors)
        scale = _scale(magnitude, norm)
        y, tokens = result.view(-1, result.shape[-1]), x.reshape(-1, x.shape[-1])
        inner = torch.cat([part.to(low.dtype) @ low.T for part in tokens.split(TOKENS)])
        for out, part in zip(y.split(TOKENS), inner.split(TOKENS), strict=True):
            wide = out if out.dtype == part.dtype else out.to(part.dtype)
            if bias is not None:
                wide = wide.sub_(bias) if wide is out else wide - bias
            wide.addmm_(part, high.T, alpha=scaling).mul_(scale)
            if bias is not None:
                wide.add_(bias)
            if wide is not out:
                out.copy_(wide)
        ctx.mark_dirty(result)
        ctx.save_for_backward(result, x, inner, low, high, magnitude, norm, bias)
        ctx.scaling = scaling
        return result

    @staticmethod
    def backward(ctx: Any, grad):  # noqa: ANN001, ANN205 (tensors)
        y, x, inner, low, high, magnitude, norm, bias = ctx.saved_tensors
        scale, kind = _scale(magnitude, norm), low.dtype
        dresult = torch.empty_like(y)
        dx = torch.empty_like(x) if ctx.needs_input_grad[1] else None
        dlow, dhigh, dscale = torch.zeros_like(low), torch.zeros_like(high), torch.zeros_like(norm)
        wide, deep = y.shape[-1], x.shape[-1]
        parts = [tensor.reshape(-1, wide).split(TOKENS) for tensor in (grad, y, dresult)]
        inputs = x.reshape(-1, deep).split(TOKENS)
        for number, (g, out, left, entered, ax) in enumerate(zip(*parts, inputs, inner.split(TOKENS), strict=True)):
            g, out = g.to(kind), out.to(kind)
            dscale += (g * (out if bias is None else out - bias)).sum(0)
            g = g * scale
            left.copy_(g)
            dhigh.addmm_(g.T, ax, alpha=ctx.scaling)
            between = (g @ high).mul_(ctx.scaling)
            dlow.addmm_(between.T, entered.to(kind))
            if dx is not None:
                dx.view(-1, deep)[number * TOKENS : number * TOKENS + len(g)] = between @ low
        return dresult, dx, dlow, dhigh, dscale / (scale * norm), None, None, None


def _scale(magnitude: torch.Tensor, norm: torch.Tensor) -> torch.Tensor:
    """m / n by row, never nearer to 0 than LEAST."""
    scale = magnitude.float() / norm
    return torch.where(scale.abs() < LEAST, torch.full_like(scale, LEAST).copysign(scale), scale)


def _plain(module: Any, adapter: str) -> bool:
    """Whether this layer is the one that the formulas above are of."""
    low, high = module.lora_A[adapter], module.lora_B[adapter]
    base = module.get_base_layer()
    return (
        high.bias is None
        and (isinstance(module.lora_dropout[adapter], torch.nn.Identity) or not module.training)
        and tuple(low.weight.shape) == (module.r[adapter], base.in_features)  # not so where FSDP or ZeRO has sharded it
        and tuple(high.weight.shape) == (base.out_features, module.r[adapter])
    )
