"""What a plan needs in GiB, by part: arithmetic alone, no torch. And what this process holds right now.

Counted from the model's config.json and the code that trains it (within 1 %): weights, embedding, vision tower,
adapters, gradients, optimizer. Fitted (within 50 %, and 15 % of the total): all else, to a table of 12B and 4B on a
14.74 GiB T4 through Unsloth (8-bit Adam, batch 1, +-15 %), which tests hold to 5 %.
"""

from dataclasses import dataclass
from typing import Literal

from ghostlib.config import Plan
from ghostlib.training.shapes import Shape, shape

__all__ = ["GIB", "Cost", "Shape", "adapters", "cost", "moments", "peak", "resident", "shape"]

GIB = 2**30
ADAPTER_BYTES, GRADIENT_BYTES = 4, 4  # float32
CUDA_CONTEXT = 0.55  # GiB: context, cuBLAS workspaces (fitted)
CPU_CONTEXT = 0.9  # GiB: Python, torch, transformers (resident set after import, measured)
LOSS_TILE = 256  # completion tokens a chunk of trl's chunked_nll; one tile of float32 logits
# Bytes a token for the backward of one layer, by intermediate and by hidden unit: fitted to the table. A layer counted
# with torch's profiler on a CPU (2,048 tokens, intermediate = 4 hidden) takes, of these 144 a hidden unit, 126 with LoRA
# and 96 with our DoRA in bf16, 140 and 141 in float32; in NF4 and float32 95 % and 98 to 100 % of what is said here.
RECOMPUTE = (28, 32)
TOWER_FORWARD = 0.4  # GiB: a frozen SigLIP forward at 896 x 896 adds 0.3-0.5; by patch and intermediate unit elsewhere
TOWER_UNITS = 4096 * 4304
Norm = Literal["rows", "product", "stock"]  # DoRA's, of W + s B A: through the quantised layer (ours), over B A, PEFT's
COUNTED = ("weights", "embedding", "vision tower", "adapters", "gradients", "optimizer")
COUNTED_ERROR = 0.01  # the allocator's rounding, buffers, headers
# The table's +-15 % on its largest plan (1.9 GiB) is 58 % of what is not counted there. A layer that was counted since was
# off by a third at most, and what others report of the tower's forward by a quarter: half covers both.
FITTED_ERROR = 0.5
TABLE_ERROR = 0.15


@dataclass(frozen=True)
class Cost:
    """GiB by part, in the order in which a bar is stacked."""

    parts: dict[str, float]

    @property
    def total(self) -> float:
        return sum(self.parts.values())

    @property
    def error(self) -> float:
        """GiB by which the total may be off, either way: 1 % of what is counted and half of what is fitted, 15 % at most."""
        by_part = sum(size * (COUNTED_ERROR if name in COUNTED else FITTED_ERROR) for name, size in self.parts.items())
        return min(by_part, TABLE_ERROR * self.total)


def cost(plan: Plan, shape: Shape, *, storage: int | None = None, norm: Norm = "rows", context: float = CUDA_CONTEXT) -> Cost:
    """Peak memory of one training step on the longest batch in GiB, by part.

    `storage` is the bytes of an unquantised weight: 2 through Unsloth, 4 (float32, the T4's and the CPU's rule) else.
    `norm` is how DoRA takes its norm: "rows" as this project does, "product" over a float32 B A, "stock" as PEFT does.
    """
    held = storage or (2 if plan.path == "unsloth" else 4)
    trained = adapters(plan, shape)
    parts = {
        "weights": shape.stored(quantised=plan.quantise, width=held)
        - held * shape.embedding()
        - shape.tower(quantised=plan.quantise, width=held),
        "embedding": shape.embedding() * held,
        "vision tower": shape.tower(quantised=plan.quantise, width=held),
        "adapters": trained * ADAPTER_BYTES,
        "gradients": trained * GRADIENT_BYTES,
        "optimizer": trained * moments(plan.optimizer),
        "checkpoints": _checkpoints(plan, shape, held),
        "recompute": _recompute(plan, shape),
        "DoRA": _dora(plan, shape, norm) if plan.dora else 0.0,
        "loss": LOSS_TILE * shape.vocabulary * 4,
        "vision forward": _vision(plan, shape, held) if plan.phase == "vision" else 0.0,
        "context": context * GIB,
    }
    return Cost({name: value / GIB for name, value in parts.items()})


def adapters(plan: Plan, shape: Shape) -> int:
    """How many parameters a plan trains: A (r, in) and B (out, r) of each layer, and a magnitude (out) with DoRA."""
    stacks = [(shape.layers, list(shape.adapted(plan.modules).values()))]
    if plan.vision_layers and shape.eyes:
        stacks.append((shape.eyes.layers, list(shape.eyes.linears().values())))
    each = [layers * (plan.rank * (a + b) + (b if plan.dora else 0)) for layers, used in stacks for a, b in used]
    return sum(each)


def moments(optimizer: str) -> int:
    """Bytes a trained parameter of the optimizer's two moments: one each in 8 bits, else float32."""
    return 2 if "8bit" in optimizer else 8


def _checkpoints(plan: Plan, shape: Shape, held: int) -> int:
    """What a layer's backward starts from: its input. Unsloth keeps two on the card, the others in RAM."""
    tokens = plan.batch_size * plan.max_seq_length
    return tokens * shape.hidden * held * (2 if plan.path == "unsloth" else shape.layers)


def _recompute(plan: Plan, shape: Shape) -> float:
    """The backward of one layer (of all where nothing is checkpointed), with its largest weight dequantised to 16 bits."""
    tokens = plan.batch_size * plan.max_seq_length
    layer = tokens * (RECOMPUTE[0] * shape.intermediate + RECOMPUTE[1] * shape.hidden)
    largest = max(a * b for a, b in shape.linears().values())
    return layer * (1 if plan.checkpointing else shape.layers) + (2 * largest if plan.quantise else 0)


def _dora(plan: Plan, shape: Shape, norm: Norm) -> float:
    """What DoRA needs beyond LoRA, the magnitude aside.

    Ours keeps ||W||^2 and the norm (float32 by row) and A x of one layer, and for a moment W A^T (r, out) in 16 and three
    times in float32, and A (r, in) in 16 bits. The output that it keeps costs less than the float32 copies of x that PEFT's
    LoRA keeps (see RECOMPUTE). The others make four float32 copies of the largest layer in use, stock also an identity.
    """
    used = list(shape.adapted(plan.modules).values())
    if not used:
        return 0.0
    if norm != "rows":
        return max((4 * a * a if norm == "stock" else 0) + 16 * a * b for a, b in used)
    kept = 8 * shape.layers * sum(b for _, b in used)
    if plan.vision_layers and shape.eyes:
        kept += 8 * shape.eyes.layers * sum(b for _, b in shape.eyes.linears().values())
    entered = 4 * plan.batch_size * plan.max_seq_length * plan.rank * len(used) * (1 if plan.checkpointing else shape.layers)
    return kept + entered + plan.rank * max(14 * b + 2 * a for a, b in used)


def _vision(plan: Plan, shape: Shape, held: int) -> float:
    """The tower's forward; where it is trained, also its checkpoints and what its backward needs beyond the decoder's."""
    eyes = shape.eyes
    if not eyes:
        return 0.0
    positions = plan.batch_size * eyes.patches
    forward = TOWER_FORWARD * GIB * positions * eyes.intermediate / TOWER_UNITS
    if not plan.vision_layers:
        return forward
    checkpoints = positions * eyes.hidden * held * (2 if plan.path == "unsloth" else eyes.layers)
    backward = positions * (RECOMPUTE[0] * eyes.intermediate + RECOMPUTE[1] * eyes.hidden)
    return forward + checkpoints + max(0.0, backward - _recompute(plan, shape))


def resident() -> float:
    """GiB that this process holds now: on the GPU where torch uses one, else resident in RAM."""
    cuda = _cuda()
    if cuda:
        return cuda.memory_allocated() / GIB
    import psutil

    return psutil.Process().memory_info().rss / GIB


def peak() -> float:
    """The most GiB that this process has held: on the GPU where torch uses one, else in RAM."""
    cuda = _cuda()
    if cuda:
        return cuda.max_memory_allocated() / GIB
    import resource
    import sys

    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux KiB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / GIB


def _cuda() -> object | None:
    import sys

    torch = sys.modules.get("torch")  # never imported only to ask
    return torch.cuda if torch and torch.cuda.is_available() else None
