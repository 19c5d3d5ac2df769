"""Examples as TRL wants them: prompt and completion messages, a top-level `images` column, pictures opened on access."""

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ghostlib import tasks
from ghostlib.config import Config
from ghostlib.corpus import picture
from ghostlib.corpus.records import Screen, Text
from ghostlib.models import load
from ghostlib.tasks import Example

LAST = 4096  # bytes of a picture that are hashed
IGNORED = -100  # the label of a token that is only read


def dataset(config: Config, examples: Sequence[Example], processor: Any) -> Any:
    """A datasets.Dataset that holds numbers alone: row and picture are made when they are asked for.

    With a multimodal processor every row has `images` (empty for text), so that both phases go through one collator
    and get one mask. Memory does not grow with the pictures.
    """
    from datasets import Dataset

    if not multimodal(processor):
        return Dataset.from_list([row(config, example, processor) for example in examples])
    numbers = Dataset.from_dict({"number": list(range(len(examples)))})

    def opened(batch: dict[str, list[int]]) -> dict[str, list[Any]]:
        made = [row(config, examples[number], processor) for number in batch["number"]]
        return {name: [one[name] for one in made] for name in made[0]}

    return numbers.with_transform(opened)


def row(config: Config, example: Example, processor: Any) -> dict[str, Any]:
    """One example as a row: {"prompt", "completion"} and, for a multimodal model, {"images": [letterboxed picture]}."""
    question, answer = tasks.messages(example, answer=True)
    if not multimodal(processor):
        return {"prompt": [_spelled(question)], "completion": [_spelled(answer)]}
    images = []
    if example.image:
        images = [picture.letterbox(picture.open_picture(example.image), config.model.image_side)]
    return {"prompt": [question], "completion": [answer], "images": images}


def short_enough(examples: Sequence[Example], processor: Any, limit: int) -> tuple[list[Example], int]:
    """The examples of at most `limit` tokens, and how many were longer.

    Nothing is ever cut: half an answer teaches a wrong one, and a cut through image tokens is an error.
    """
    kept = [example for example, tokens in zip(examples, lengths(examples, processor), strict=True) if tokens <= limit]
    return kept, len(examples) - len(kept)


def lengths(examples: Sequence[Example], processor: Any) -> list[int]:
    """Tokens of each example as the model sees it, image tokens included, without opening a picture."""
    from trl import apply_chat_template

    tokenizer = getattr(processor, "tokenizer", processor)
    found = []
    for example in examples:
        turns = tasks.messages(example, answer=True)
        if not multimodal(processor):
            turns = [_spelled(turn) for turn in turns]
        texts = apply_chat_template({"prompt": turns[:1], "completion": turns[1:]}, processor)
        ids = tokenizer([texts["prompt"], texts["completion"]], add_special_tokens=False)["input_ids"]
        image = processor.image_seq_length + 1 if example.image else 0  # one <start_of_image> becomes n soft + 2
        found.append(len(ids[0]) + len(ids[1]) + image)
    return found


def counter(config: Config, processor: Any) -> Callable[[Text | Screen], int]:
    """What counts the tokens of a record as training sees it, for the length gate of a dataset."""

    def tokens(record: Text | Screen) -> int:
        if isinstance(record, Text):
            asked = Example("", f"{record.instruction}\n{record.input}".strip(), completion=record.output)
        else:
            lines = record.reading.lines if record.reading else record.lines
            size = record.size if any(record.size) else (max((line.box[2] for line in lines), default=1), 800)
            words = tasks.named(config.task).prompt(config, lines, size)
            asked = Example("", words, Path(record.image_path) if config.data.picture else None, record.output)
        return lengths([asked], processor)[0]

    return tokens


def mask(config: Config, example: Example) -> list[tuple[str, bool]]:
    """Each token of an example and whether it counts in the loss: the completion does, prompt and image do not."""
    processor = load.processor(config.model.name)
    tokenizer = getattr(processor, "tokenizer", processor)
    batch = tensors(config, example, processor)
    pairs = zip(batch["input_ids"][0].tolist(), batch["labels"][0].tolist(), strict=True)
    return [(tokenizer.decode([token]), label != IGNORED) for token, label in pairs]


def tensors(config: Config, example: Example, processor: Any) -> dict[str, Any]:
    """One example as the model takes it in training: a batch of one, `labels` IGNORED for what is only read."""
    import torch

    if multimodal(processor):
        return dict(collator(processor)([row(config, example, processor)]))
    turns = [_spelled(turn) for turn in tasks.messages(example, answer=True)]
    ids = processor.apply_chat_template(turns, return_dict=True)["input_ids"]
    asked = len(processor.apply_chat_template(turns[:1], add_generation_prompt=True, return_dict=True)["input_ids"])
    made = torch.tensor([ids])
    return {
        "input_ids": made,
        "attention_mask": torch.ones_like(made),
        "labels": torch.tensor([[IGNORED] * asked + ids[asked:]]),
    }


def collator(processor: Any) -> Any:
    """TRL's collator for rows with images: loss on the completion alone, Gemma-3's token_type_ids passed on."""
    from trl.trainer.sft_trainer import DataCollatorForVisionLanguageModeling

    return DataCollatorForVisionLanguageModeling(processor=processor, max_length=None, completion_only_loss=True)


def digest(examples: Sequence[Example]) -> str:
    """A hash of what is trained on: the words, and of each picture its size and its last bytes.

    In those a PNG has a checksum of all its pixels, so that 12,000 pictures need not be read.
    """
    found = hashlib.sha256()
    for example in examples:
        picture = _end(example.image) if example.image else (0, b"")
        found.update(repr((example.id, example.prompt, example.taught, *picture)).encode())
    return found.hexdigest()[:16]


def multimodal(processor: Any) -> bool:
    """Whether this is a processor that takes pictures, and not a tokenizer alone."""
    return hasattr(processor, "image_processor")


def _end(file: Path) -> tuple[int, bytes]:
    """How long a file is, and its last bytes."""
    with file.open("rb") as opened:
        size = opened.seek(0, os.SEEK_END)
        opened.seek(max(0, size - LAST))
        return size, opened.read()


def _spelled(turn: dict[str, Any]) -> dict[str, str]:
    """A turn with its words as one string: what the chat templates of text-only models expect."""
    return {"role": turn["role"], "content": "".join(part.get("text", "") for part in turn["content"])}
