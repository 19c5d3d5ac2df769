"""The sizes of a model as far as memory, disk and time depend on them: counted from its config.json, no torch."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ghostlib.errors import ConfigError

NF4_BYTES = 0.5 + 1 / 64 + 4 / (64 * 256)  # a parameter: 4 bits, 8 bits a block of 64, 32 a block of 256 (arXiv 2305.14314)


@dataclass(frozen=True)
class Eyes:
    """A vision tower (SigLIP) and the projector behind it; side and patch in pixels, `tokens` that a picture becomes."""

    hidden: int
    intermediate: int
    layers: int
    patch: int
    side: int
    tokens: int

    @property
    def patches(self) -> int:
        """Positions of one picture."""
        return (self.side // self.patch) ** 2

    def linears(self) -> dict[str, tuple[int, int]]:
        """The linear layers of one layer of the tower as name -> (in, out)."""
        h, i = self.hidden, self.intermediate
        return {"q": (h, h), "k": (h, h), "v": (h, h), "out": (h, h), "fc1": (h, i), "fc2": (i, h)}

    def matrices(self) -> int:
        """Parameters of the tower's linear layers, without biases."""
        return self.layers * sum(a * b for a, b in self.linears().values())

    def others(self, text: int) -> int:
        """Biases, norms, patches, positions, and the projector to a decoder of hidden size `text`."""
        h, i = self.hidden, self.intermediate
        layer = (4 * h + h + i) + 4 * h  # the linears' biases; two LayerNorms
        return self.layers * layer + h * (3 * self.patch**2 + 1) + self.patches * h + 2 * h + h * text + h


@dataclass(frozen=True)
class Shape:
    """The sizes of a decoder, and of its eyes. `q` and `kv` are heads times head size."""

    name: str
    hidden: int
    intermediate: int
    layers: int
    q: int
    kv: int
    vocabulary: int
    tied: bool = True
    head: int = 0  # size of a head where q and k have norms of their own (Gemma-3), which also norms twice
    fused: bool = False  # qkv and gate_up are one layer each (Phi-3)
    eyes: Eyes | None = None
    packed_eyes: bool = False  # the checkpoint has the tower's linear layers in NF4 too

    def linears(self) -> dict[str, tuple[int, int]]:
        """The linear layers of one decoder layer as name -> (in, out)."""
        h, i, q, kv = self.hidden, self.intermediate, self.q, self.kv
        if self.fused:
            return {"qkv": (h, q + 2 * kv), "o": (q, h), "gate_up": (h, 2 * i), "down": (i, h)}
        return {"q": (h, q), "k": (h, kv), "v": (h, kv), "o": (q, h), "gate": (h, i), "up": (h, i), "down": (i, h)}

    def adapted(self, modules: tuple[str, ...]) -> dict[str, tuple[int, int]]:
        """Those linear layers that adapters on `modules` sit on; a fused layer counts where one of its parts is named."""
        parts = {"qkv": {"q", "k", "v", "qkv"}, "gate_up": {"gate", "up", "gate_up"}}
        return {name: sizes for name, sizes in self.linears().items() if parts.get(name, {name}) & set(modules)}

    def matrices(self) -> int:
        """Parameters of the decoder's linear layers: what NF4 quantises."""
        return self.layers * sum(a * b for a, b in self.linears().values())

    def embedding(self) -> int:
        """Parameters of the embedding, and of the head where it has its own."""
        return self.vocabulary * self.hidden * (1 if self.tied else 2)

    def norms(self) -> int:
        """Parameters of the decoder's norms."""
        return self.layers * ((4 * self.hidden + 2 * self.head) if self.head else 2 * self.hidden) + self.hidden

    def parameters(self) -> int:
        """All parameters of the model, eyes included: equal to what the model's page states."""
        eyes = self.eyes.matrices() + self.eyes.others(self.hidden) if self.eyes else 0
        return self.matrices() + self.embedding() + self.norms() + eyes

    def stored(self, *, quantised: bool, width: float = 2) -> float:
        """Bytes of the weights: linear layers in NF4 where `quantised`, all else `width` bytes a parameter.

        Within 0.02 % of the 7,798,825,202 bytes of unsloth/gemma-3-12b-it-bnb-4bit, whose tower is NF4 too.
        """
        return (
            self.matrices() * (NF4_BYTES if quantised else width)
            + width * (self.embedding() + self.norms())
            + (self.tower(quantised=quantised, width=width))
        )

    def tower(self, *, quantised: bool, width: float = 2) -> float:
        """Bytes of the eyes; their linear layers are NF4 only where the checkpoint has them so."""
        if not self.eyes:
            return 0.0
        packed = quantised and self.packed_eyes
        return self.eyes.matrices() * (NF4_BYTES if packed else width) + self.eyes.others(self.hidden) * width


SIGLIP = Eyes(1152, 4304, 27, 14, 896, 256)  # siglip-so400m-patch14, on Gemma-3's 896 x 896
# From each model's config.json on the Hugging Face hub; a head of 256 is not hidden / heads in Gemma-3.
SHAPES = (
    Shape("gemma-3-1b", 1152, 6912, 26, 4 * 256, 256, 262_144, head=256),
    Shape("gemma-3-4b", 2560, 10240, 34, 8 * 256, 4 * 256, 262_208, head=256, eyes=SIGLIP),
    Shape("gemma-3-12b", 3840, 15360, 48, 16 * 256, 8 * 256, 262_208, head=256, eyes=SIGLIP),
    Shape("gemma-3-27b", 5376, 21504, 62, 32 * 128, 16 * 128, 262_208, head=128, eyes=SIGLIP),
    Shape("tinyllama-1.1b", 2048, 5632, 22, 32 * 64, 4 * 64, 32_000, tied=False),
    Shape("phi-3-mini", 3072, 8192, 32, 32 * 96, 32 * 96, 32_064, tied=False, fused=True),
    Shape("nano", 256, 512, 5, 4 * 64, 2 * 64, 6144, head=64, eyes=Eyes(128, 256, 3, 16, 256, 64)),
)
# What a Gemma-3's config.json leaves out where it is the default of its class (4B's does)
GEMMA = {"num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256, "vocab_size": 262_208}


def shape(model: str) -> Shape:
    """The Shape of a model by its name, or from the config.json of a folder. Raises ConfigError for an unknown one."""
    folder = Path(model)
    if (folder / "config.json").is_file():
        return _read(folder)
    low = model.lower()
    for known in SHAPES:
        if known.name in low:
            # Unsloth's plain "-bnb-4bit" checkpoints hold the tower in NF4 too (their bytes say so)
            return dataclasses.replace(known, name=model, packed_eyes=low.endswith("-bnb-4bit"))
    raise ConfigError(f"model {model}: its size is not known. There are: {', '.join(s.name for s in SHAPES)}, or a folder")


def _read(folder: Path) -> Shape:
    file = folder / "config.json"
    try:
        whole: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        text, vision = whole.get("text_config", whole), whole.get("vision_config")
        kind = str(text.get("model_type", ""))
        if kind.startswith("gemma3"):
            text = GEMMA | text
        heads = text["num_attention_heads"]
        head = text.get("head_dim") or text["hidden_size"] // heads
        skipped = whole.get("quantization_config", {}).get("llm_int8_skip_modules") or []
        return Shape(
            name=folder.name,
            hidden=text["hidden_size"],
            intermediate=text["intermediate_size"],
            layers=text["num_hidden_layers"],
            q=heads * head,
            kv=text.get("num_key_value_heads", heads) * head,
            vocabulary=text["vocab_size"],
            tied=whole.get("tie_word_embeddings", text.get("tie_word_embeddings", True)),
            head=head if kind.startswith("gemma3") else 0,
            fused=kind.startswith("phi3"),
            eyes=_eyes(vision, whole) if vision else None,
            packed_eyes="quantization_config" in whole and not any("vision" in name for name in skipped),
        )
    except (OSError, json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"{file}: is not the config of a model ({error!r}). Name a model, or a folder that holds one"
        ) from None


def _eyes(vision: dict[str, Any], whole: dict[str, Any]) -> Eyes:
    return Eyes(
        vision["hidden_size"],
        vision["intermediate_size"],
        vision["num_hidden_layers"],
        vision["patch_size"],
        vision["image_size"],
        whole.get("mm_tokens_per_image", 256),
    )
