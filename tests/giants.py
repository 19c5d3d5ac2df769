"""Gemma-3 of any size as an NF4 checkpoint of random weights, written tensor by tensor: never whole in 16 bit, no download."""

import dataclasses
import json
import shutil

import torch

from ghostlib.models import nano
from ghostlib.tasks import Example
from ghostlib.training import rows
from ghostlib.training.shapes import Eyes, Shape, shape

TOY = Shape("toy", 128, 256, 2, 2 * 64, 64, 4096, head=64, eyes=Eyes(64, 128, 1, 16, 256, 64))
WORDS = ("tokenizer.json", "tokenizer.model", "tokenizer_config.json", "chat_template.jinja", "generation_config.json")
PACKED = ("q_proj", "k_proj", "v_proj", "o_proj", "out_proj", "gate_proj", "up_proj", "down_proj", "fc1", "fc2")
# As Unsloth's own `-bnb-4bit` checkpoints: the tower's linear layers are NF4 too
QUANTISATION = {
    "quant_method": "bitsandbytes",
    "load_in_4bit": True,
    "load_in_8bit": False,
    "bnb_4bit_quant_type": "nf4",
    "bnb_4bit_use_double_quant": True,
    "bnb_4bit_compute_dtype": "bfloat16",
    "llm_int8_skip_modules": ["lm_head", "multi_modal_projector"],
}


def named(size):
    """The Shape of Gemma-3 `size` ("4b", "12b"), or the toy's."""
    return TOY if size == "toy" else shape(f"gemma-3-{size}")


def write(out, size, words, *, device="cpu", seed=0):
    """A model folder `out` of that size with the tokenizer of nano in `words`, quantised on `device` tensor by tensor."""
    out.mkdir(parents=True)
    settings = architecture(named(size), words)
    with torch.device("meta"):
        from transformers import Gemma3ForConditionalGeneration

        outlines = {name: tensor.shape for name, tensor in Gemma3ForConditionalGeneration(settings).state_dict().items()}
    outlines.pop("lm_head.weight")  # tied to the embedding
    random = torch.Generator(device).manual_seed(seed)
    groups = {}
    for name in outlines:
        groups.setdefault(name.split(".layers.")[0] + name.partition(".layers.")[2].partition(".")[0], []).append(name)
    places = {}
    for number, names in enumerate(groups.values(), 1):
        file = f"model-{number:05}-of-{len(groups):05}.safetensors"
        tensors = {}
        for name in names:
            tensors |= stored(nano.stored_name(name), outlines[name], random)
        _save(tensors, out / file)
        places |= dict.fromkeys(tensors, file)
    (out / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": places}))
    _settings(out, settings, named(size), words)
    return out


def architecture(size, words):
    """The Gemma3Config of a Shape; the ids of nano's image tokens."""
    from transformers import Gemma3Config, Gemma3TextConfig, SiglipVisionConfig

    ids = json.loads((words / "config.json").read_text())
    eyes = size.eyes
    text = Gemma3TextConfig(
        vocab_size=size.vocabulary,
        hidden_size=size.hidden,
        intermediate_size=size.intermediate,
        num_hidden_layers=size.layers,
        num_attention_heads=size.q // size.head,
        num_key_value_heads=size.kv // size.head,
        head_dim=size.head,
        query_pre_attn_scalar=size.head,
        sliding_window=1024,
        max_position_embeddings=131072,
    )
    vision = SiglipVisionConfig(
        hidden_size=eyes.hidden,
        intermediate_size=eyes.intermediate,
        num_hidden_layers=eyes.layers,
        num_attention_heads=16 if eyes.hidden == 1152 else 2,
        image_size=eyes.side,
        patch_size=eyes.patch,
        vision_use_head=False,
    )
    tokens = {name: ids[name] for name in ("boi_token_index", "eoi_token_index", "image_token_index", "eos_token_id")}
    return Gemma3Config(text_config=text, vision_config=vision, mm_tokens_per_image=eyes.tokens, dtype="bfloat16", **tokens)


def stored(name, outline, random):
    """A tensor as the checkpoint has it: linear layers in NF4 with their scales, all else in bf16."""
    from bitsandbytes import functional

    if name.endswith("norm.weight"):  # Gemma's norms scale by 1 + weight
        return {name: torch.zeros(outline, dtype=torch.bfloat16)}
    if "norm" in name.split(".")[-2] or name.endswith(".bias"):  # SigLIP's
        return {name: (torch.zeros if name.endswith(".bias") else torch.ones)(outline, dtype=torch.bfloat16)}
    value = torch.randn(outline, generator=random, device=random.device, dtype=torch.float32).mul_(0.02).bfloat16()
    if len(outline) != 2 or name.split(".")[-2] not in PACKED:
        return {name: value.cpu()}
    packed, state = functional.quantize_4bit(value, blocksize=64, compress_statistics=True, quant_type="nf4")
    parts = {f"{name}.{part}": tensor.cpu() for part, tensor in state.as_dict(packed=True).items()}
    return {name: packed.cpu()} | parts


def longest(processor, limit, *, image=None, answer=300):
    """An example of exactly `limit` tokens or one fewer, of which at least `answer` are learnt."""
    asked = Example("longest", "", image, "Ω" * (answer // 2))  # two tokens each, for it is not in nano's vocabulary
    (tokens,) = rows.lengths([asked], processor)
    return dataclasses.replace(asked, prompt="Ω" * ((limit - tokens) // 2))


def _save(tensors, file):
    from safetensors.torch import save_file

    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, file, metadata={"format": "pt"})


def _settings(out, settings, size, words):
    found = settings.to_dict() | {"architectures": ["Gemma3ForConditionalGeneration"], "quantization_config": QUANTISATION}
    (out / "config.json").write_text(json.dumps(found, indent=2))
    for name in WORDS:
        shutil.copyfile(words / name, out / name)
    words_settings = json.loads((words / "tokenizer_config.json").read_text()) | {"model_max_length": 131072}
    (out / "tokenizer_config.json").write_text(json.dumps(words_settings))
    eyes = json.loads((words / "processor_config.json").read_text()) | {"image_seq_length": size.eyes.tokens}
    eyes["image_processor"]["size"] = {"height": size.eyes.side, "width": size.eyes.side}
    (out / "processor_config.json").write_text(json.dumps(eyes))
