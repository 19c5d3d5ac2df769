"""nano: a real Gemma-3 (SigLIP tower, projector, text stack) of 5 million parameters that runs on any CPU.

It is made here from a config and trained on this project's own pictures and text (`training/pretrain.py`); nothing is
downloaded. Its tokenizer is SentencePiece BPE whose pieces may span words, so that the boilerplate of the target
language costs a few tokens.
"""

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

from ghostlib import config
from ghostlib.errors import DataError
from ghostlib.models import vocabulary

IMAGE_SIDE = 256  # pixels
PATCH = 16
IMAGE_TOKENS = 64  # 8 x 8, pooled from 16 x 16 patches; transformers wants a square
CONTEXT = 2048

CHAT_TEMPLATE = """\
{{ bos_token }}{% for message in messages %}<start_of_turn>{{ 'model' if message.role == 'assistant' else message.role }}
{% if message.content is string %}{{ message.content | trim }}{% else %}{% for part in message.content -%}
{%- if part.type == 'image' %}<start_of_image>{% else %}{{ part.text | trim }}{% endif -%}
{%- endfor %}{% endif %}<end_of_turn>
{% endfor %}{% if add_generation_prompt %}<start_of_turn>model
{% endif %}"""


def folder() -> Path:
    """Where the shipped nano lies. Raises DataError where the checkout lacks it."""
    path = config.root() / "data" / "nano"
    if not (path / "config.json").is_file():
        raise DataError(f"{path}: nano is not there. Restore it with `git checkout data/nano`")
    return path


def create(out: Path, *, lines: Iterable[str], seed: int = 7) -> None:
    """Write a nano with random weights (float16) and a tokenizer trained on `lines` into `out`.

    Fewer distinct lines give a smaller vocabulary; the embedding keeps its 4,096 rows. The files are those of any
    Gemma-3: `load.base` and llama.cpp's converter read them as they are.
    """
    import torch
    from transformers import Gemma3ForConditionalGeneration, GenerationConfig

    out.mkdir(parents=True, exist_ok=True)
    tokens = _tokenizer(out, lines)
    torch.manual_seed(seed)
    model = Gemma3ForConditionalGeneration(architecture(tokens))
    model.generation_config = GenerationConfig(
        bos_token_id=2, pad_token_id=0, eos_token_id=[1, tokens["<end_of_turn>"]], do_sample=False
    )
    save(model, out)


def save(model: object, out: Path, *, weights: dict | None = None) -> None:
    """Write the weights in float16, under the names that Gemma-3's own checkpoints (and llama.cpp's converter) use.

    `weights` stands for the model's own state where it holds them in another form.
    """
    from safetensors.torch import save_file

    model.config.architectures = [type(model).__name__]
    model.config.save_pretrained(out)
    model.generation_config.save_pretrained(out)
    tensors = {stored_name(name): value.detach().half().contiguous() for name, value in (weights or model.state_dict()).items()}
    tensors.pop("lm_head.weight", None)  # tied to the embedding
    aside = out / "model.safetensors.partial"
    save_file(tensors, aside, metadata={"format": "pt"})
    aside.replace(out / "model.safetensors")


def text_only(folder: Path, out: Path) -> Path:
    """The language model of a nano in `folder` as a model folder of its own: a Gemma3ForCausalLM with its tokenizer, no eyes.

    What a text-only Gemma-3 (the 1B) is; Unsloth trains such a one on a CPU.
    """
    from safetensors.torch import load_file, save_file

    out.mkdir(parents=True, exist_ok=True)
    whole = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    settings = whole["text_config"] | {"architectures": ["Gemma3ForCausalLM"], "eos_token_id": whole["eos_token_id"]}
    (out / "config.json").write_text(json.dumps(settings, indent=2), encoding="utf-8")
    prefix = "language_model."
    tensors = load_file(folder / "model.safetensors")
    kept = {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
    save_file(kept, out / "model.safetensors", metadata={"format": "pt"})
    for name in ("generation_config.json", "chat_template.jinja", "tokenizer.json", "tokenizer.model"):
        shutil.copyfile(folder / name, out / name)
    words = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    words.pop("processor_class", None)  # else AutoProcessor would look for pictures' settings
    (out / "tokenizer_config.json").write_text(json.dumps(words, indent=2), encoding="utf-8")
    return out


def stored_name(name: str) -> str:
    """A tensor's name in the file: `vision_tower.vision_model.…`, `language_model.model.…`, `multi_modal_projector.…`."""
    name = name.removeprefix("model.")
    if name.startswith("vision_tower.") and not name.startswith("vision_tower.vision_model."):
        name = name.replace("vision_tower.", "vision_tower.vision_model.", 1)
    if name.startswith("language_model.") and not name.startswith("language_model.model."):
        name = name.replace("language_model.", "language_model.model.", 1)
    return name


def architecture(tokens: dict[str, int]) -> object:
    """The Gemma3Config of nano; `tokens` gives the ids of the control pieces."""
    from transformers import Gemma3Config, Gemma3TextConfig, SiglipVisionConfig

    text = Gemma3TextConfig(
        vocab_size=vocabulary.SIZE,
        hidden_size=256,
        intermediate_size=512,
        num_hidden_layers=5,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=64,
        query_pre_attn_scalar=64,  # llama.cpp scales by the head size; any other value breaks parity
        sliding_window=CONTEXT,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
    )
    vision = SiglipVisionConfig(
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=3,
        num_attention_heads=4,
        image_size=IMAGE_SIDE,
        patch_size=PATCH,
        vision_use_head=False,
    )
    return Gemma3Config(
        text_config=text,
        vision_config=vision,
        mm_tokens_per_image=IMAGE_TOKENS,
        boi_token_index=tokens["<start_of_image>"],
        eoi_token_index=tokens["<end_of_image>"],
        image_token_index=tokens["<image_soft_token>"],
        eos_token_id=[1, tokens["<end_of_turn>"]],
    )


def _tokenizer(out: Path, lines: Iterable[str]) -> dict[str, int]:
    import sentencepiece
    from transformers import Gemma3ImageProcessorPil, Gemma3Processor, GemmaTokenizer
    from transformers.convert_slow_tokenizer import generate_merges

    trained = vocabulary.train(lines)
    (out / "tokenizer.model").write_bytes(trained)
    pieces = sentencepiece.SentencePieceProcessor(model_proto=trained)
    ids = {pieces.id_to_piece(number): number for number in range(pieces.get_piece_size())}
    merged = {piece: pieces.get_score(number) for piece, number in ids.items() if not _is_special(pieces, number)}
    tokenizer = GemmaTokenizer(
        vocab=ids,
        merges=generate_merges(merged, merged),
        extra_special_tokens=dict(
            zip(("sot_token", "eot_token", "boi_token", "eoi_token", "image_token"), vocabulary.CONTROL, strict=True)
        ),
        chat_template=CHAT_TEMPLATE,
        model_max_length=CONTEXT,
        mask_token=None,
    )
    size = {"height": IMAGE_SIDE, "width": IMAGE_SIDE}
    Gemma3Processor(
        Gemma3ImageProcessorPil(size=size), tokenizer, chat_template=CHAT_TEMPLATE, image_seq_length=IMAGE_TOKENS
    ).save_pretrained(out)
    return {piece: pieces.piece_to_id(piece) for piece in vocabulary.CONTROL}


def _is_special(pieces: object, number: int) -> bool:
    return (
        pieces.is_control(number) or pieces.is_unknown(number) or pieces.is_byte(number) or pieces.id_to_piece(number) == "\n"
    )


def parameters(path: Path) -> int:
    """How many parameters the model in `path` holds, from the safetensors header alone."""
    with (path / "model.safetensors").open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    total = 0
    for name, tensor in header.items():
        count = 1
        for side in tensor.get("shape", [0]) if name != "__metadata__" else [0]:
            count *= side
        total += count
    return total
