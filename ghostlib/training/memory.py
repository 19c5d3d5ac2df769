"""What a plan needs in GiB, by part: arithmetic alone, no torch. And what this process holds right now.

The constants are fitted to a table of 12B and 4B on a 14.74 GiB T4 through Unsloth (8-bit Adam, batch 1, +-15 %);
tests hold the sums to it within 5 %.
"""

import dataclasses
import json
import math
from dataclasses import dataclass
from pathlib import Path

from ghostlib.config import Plan
from ghostlib.errors import ConfigError

GIB = 2**30
NF4_BYTES = 0.5159  # a parameter: 4 bits + 8-bit constants + their own constants (QLoRA, arXiv 2305.14314, section 3)
ADAPTER_BYTES, GRADIENT_BYTES, ADAM8_BYTES = 4, 4, 2  # float32 adapters and gradients, two 8-bit moments
CUDA_CONTEXT = 0.55  # GiB: context, cuBLAS workspaces
CPU_CONTEXT = 0.9  # GiB: Python, torch, transformers (resident set after import, measured)
LOSS_TILE = 256  # completion tokens a chunk of trl's chunked_nll
RECOMPUTE = (28, 32)  # bytes a token for one layer's backward: per intermediate and per hidden unit (fitted)
TOWER_FORWARD = 0.4  # GiB: a frozen SigLIP forward at 896 x 896 adds 0.3-0.5


@dataclass(frozen=True)
class Shape:
    """The sizes of a model that decide about memory. `q` and `kv` are heads times head size."""

    name: str
    hidden: int
    intermediate: int
    layers: int
    q: int
    kv: int
    vocabulary: int
    tied: bool = True
    tower: int = 0  # parameters of the vision tower and the projector
    cpu: bool = False

    def linears(self) -> dict[str, tuple[int, int]]:
        """The linear layers of one decoder layer as name -> (in, out); Phi-3 fuses qkv and gate_up."""
        h, i = self.hidden, self.intermediate
        return {
            "q": (h, self.q),
            "k": (h, self.kv),
            "v": (h, self.kv),
            "o": (self.q, h),
            "gate": (h, i),
            "up": (h, i),
            "down": (i, h),
        }

    def parameters(self) -> int:
        """Parameters of the decoder's linear layers."""
        return self.layers * sum(a * b for a, b in self.linears().values())


@dataclass(frozen=True)
class Cost:
    """GiB by part, in the order in which a bar is stacked."""

    parts: dict[str, float]

    @property
    def total(self) -> float:
        return sum(self.parts.values())


SIGLIP = 417_000_000  # SigLIP-so400m: 27 layers, hidden 1152, intermediate 4304
# From each model's config.json on the Hugging Face hub.
SHAPES = (
    Shape("gemma-3-1b", 1152, 6912, 26, 1024, 256, 262_144),
    Shape("gemma-3-4b", 2560, 10240, 34, 2048, 1024, 262_208, tower=SIGLIP),
    Shape("gemma-3-12b", 3840, 15360, 48, 4096, 2048, 262_208, tower=SIGLIP),
    Shape("gemma-3-27b", 5376, 21504, 62, 4096, 2048, 262_208, tower=SIGLIP),
    Shape("tinyllama-1.1b", 2048, 5632, 22, 2048, 256, 32_000, tied=False),
    Shape("phi-3-mini", 3072, 8192, 32, 3072, 3072, 32_064, tied=False),
    Shape("nano", 256, 512, 5, 256, 128, 4096, tower=550_000, cpu=True),
)


def shape(model: str) -> Shape:
    """The Shape of a model by its name, or from the config.json of a folder. Raises ConfigError for an unknown one."""
    folder = Path(model)
    if (folder / "config.json").is_file():
        return _read(folder)
    low = model.lower()
    for known in SHAPES:
        if known.name in low:
            return dataclasses.replace(known, name=model)
    raise ConfigError(f"model {model}: its size is not known. There are: {', '.join(s.name for s in SHAPES)}, or a folder")


def cost(plan: Plan, shape: Shape, *, storage: int | None = None) -> Cost:
    """Peak memory of one training step at batch size 1 in GiB, by part.

    `storage` is the bytes of an unquantised weight: 2 through Unsloth, 4 (float32, the T4's and the CPU's rule) else.
    Stock DoRA builds a float32 identity of in x in and four out x in copies of the largest layer in use.
    """
    offload = plan.path == "unsloth"
    held = storage or (2 if offload else 4)
    linears = shape.linears()
    used = {name: sizes for name, sizes in linears.items() if _targeted(name, plan.modules)}
    adapters = plan.rank * shape.layers * sum(a + b for a, b in used.values())
    adapters += shape.layers * sum(b for _, b in used.values()) if plan.dora else 0
    tokens = plan.max_seq_length
    layer = tokens * (RECOMPUTE[0] * shape.intermediate + RECOMPUTE[1] * shape.hidden)
    checkpoints = tokens * shape.hidden * held * (2 if offload else shape.layers)
    transient = max((4 * a * a + 16 * a * b for a, b in used.values()), default=0) if plan.dora else 0
    embedding = shape.vocabulary * shape.hidden * held * (1 if shape.tied else 2)
    parts = {
        "weights": shape.parameters() * (NF4_BYTES if plan.quantise else held),
        "embedding": embedding,
        "vision tower": shape.tower * held,
        "adapters": adapters * ADAPTER_BYTES,
        "gradients": adapters * GRADIENT_BYTES,
        "optimizer": adapters * ADAM8_BYTES,
        "checkpoints": checkpoints,
        "recompute": layer if offload else 2 * layer,  # two bytes a value through Unsloth, four else
        "DoRA": transient,
        "loss": LOSS_TILE * shape.vocabulary * 4,
    }
    gib = {name: value / GIB for name, value in parts.items()}
    gib["vision forward"] = (TOWER_FORWARD * shape.tower / SIGLIP) if plan.phase == "vision" else 0.0
    gib["context"] = CPU_CONTEXT if shape.cpu else CUDA_CONTEXT
    return Cost(gib)


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


def _targeted(name: str, modules: tuple[str, ...]) -> bool:
    fused = {"q": "qkv", "k": "qkv", "v": "qkv", "gate": "gate_up", "up": "gate_up"}
    return name in modules or fused.get(name) in modules


def _read(folder: Path) -> Shape:
    whole = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    text = whole.get("text_config", whole)
    head = text.get("head_dim") or text["hidden_size"] // text["num_attention_heads"]
    vision = whole.get("vision_config")
    tower = 0
    if vision:
        h, i = vision["hidden_size"], vision["intermediate_size"]
        tower = vision["num_hidden_layers"] * (4 * h * h + 2 * h * i) + h * text["hidden_size"]
        tower += h * (3 * vision["patch_size"] ** 2 + math.prod([vision["image_size"] // vision["patch_size"]] * 2))
    return Shape(
        name=folder.name,
        hidden=text["hidden_size"],
        intermediate=text["intermediate_size"],
        layers=text["num_hidden_layers"],
        q=text["num_attention_heads"] * head,
        kv=text.get("num_key_value_heads", text["num_attention_heads"]) * head,
        vocabulary=text.get("vocab_size", 262_208),
        tied=whole.get("tie_word_embeddings", text.get("tie_word_embeddings", True)),
        tower=tower,
    )
