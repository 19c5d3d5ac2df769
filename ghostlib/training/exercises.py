"""Batches of nano's exercises: token ids of a prompt and its answer, pictures where an exercise has one, sorted by length."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ghostlib.corpus import practice
from ghostlib.corpus.practice import Practice
from ghostlib.models import vocabulary

IGNORED = -100  # the label of a token that does not count
POOL = 8  # batches' worth of examples that are sorted by length together
WIDTH = 32  # a batch is as wide as a multiple of this: kernels are made for each new shape, which took a sixth of a step


@dataclass(frozen=True)
class Encoded:
    """The token ids of an exercise, where the part that counts in the loss begins, and the file of its picture."""

    ids: list[int]
    start: int
    picture: Path | None = None


def encode(processor: Any, example: Practice) -> Encoded:
    """The exercise in Gemma's turns; a picture stands before the words, without line breaks, as it does in `load.base`."""
    tokenizer = processor.tokenizer
    if not example.prompt:  # style: plain text, every token counts
        return Encoded(tokenizer(f"<bos>{example.completion}<eos>", add_special_tokens=False)["input_ids"], 1)
    first, last, soft = (vocabulary.CONTROL[place] for place in (2, 3, 4))
    image = f"{first}{soft * processor.image_seq_length}{last}" if example.picture else ""
    asked = f"<bos><start_of_turn>user\n{image}{example.prompt}<end_of_turn>\n<start_of_turn>model\n"
    prompt = tokenizer(asked, add_special_tokens=False)["input_ids"]
    begun = tokenizer(example.begun, add_special_tokens=False)["input_ids"]
    answer = tokenizer(f"{example.completion}<end_of_turn>\n", add_special_tokens=False)["input_ids"]
    return Encoded(prompt + begun + answer, len(prompt) + len(begun), example.picture)


def collate(rows: list[Encoded], processor: Any) -> dict[str, Any]:
    """Right-padded tensors (rows, tokens): input_ids, attention_mask, labels; with pictures also token_type_ids (1 where a

    token is a picture's) and pixel_values (rows, 3, side, side), as the processor makes them. All rows have a picture, or none.
    """
    import torch

    width = _width(max(len(row.ids) for row in rows))
    ids = torch.zeros(len(rows), width, dtype=torch.long)
    mask = torch.zeros_like(ids)
    labels = torch.full_like(ids, IGNORED)
    for number, row in enumerate(rows):
        ids[number, : len(row.ids)] = torch.tensor(row.ids)
        mask[number, : len(row.ids)] = 1
        labels[number, row.start : len(row.ids)] = torch.tensor(row.ids[row.start :])
    found = {"input_ids": ids, "attention_mask": mask, "labels": labels}
    if rows[0].picture:
        found["token_type_ids"] = (ids == processor.tokenizer.image_token_id).long()
        found["pixel_values"] = _pixels([row.picture for row in rows], processor)
    return found


def _width(tokens: int) -> int:
    return -(-tokens // WIDTH) * WIDTH


def _pixels(files: list[Path], processor: Any) -> Any:
    from PIL import Image

    images = [Image.open(file).convert("RGB") for file in files]
    return processor.image_processor(images=images, return_tensors="pt")["pixel_values"]


def batches(
    processor: Any, stream: Iterator[Practice], *, tokens: int, longest: Callable[[], int], seed: int
) -> Iterator[dict[str, Any]]:
    """Endless batches of exercises of like length, at most `tokens` each, padding included; longer ones than `longest()`

    are passed over. A batch also tells its `longest`.
    """
    while True:
        limit = min(longest(), tokens)
        pool: list[Encoded] = []
        while sum(len(row.ids) for row in pool) < POOL * tokens:
            row = encode(processor, next(stream))
            if _width(len(row.ids)) <= limit:
                pool.append(row)
        pool.sort(key=lambda row: (row.picture is not None, len(row.ids)))
        made: list[list[Encoded]] = [[]]
        for row in pool:
            full = (len(made[-1]) + 1) * _width(len(row.ids)) > tokens
            if made[-1] and (full or (row.picture is None) != (made[-1][-1].picture is None)):
                made.append([])
            made[-1].append(row)
        for number in practice.shuffled(len(made), seed):
            yield collate(made[number], processor) | {"longest": longest()}
        seed += 1
