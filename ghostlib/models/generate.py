"""Prompt and picture in, text out: greedy, in batches padded on the left."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ghostlib import tasks
from ghostlib.corpus import picture
from ghostlib.models.load import Base
from ghostlib.tasks import Example

END_OF_TURN = "<end_of_turn>"
# (tokenizer, tokens that end an answer, width of the scores, answers at once) -> (input_ids, scores) -> scores
Constraint = Callable[[Any, Sequence[int], int, int], Callable[[Any, Any], Any]]


@dataclass(frozen=True)
class Answer:
    """A model's text. `confidence` is the mean probability of its tokens, `seconds` its share of the batch's time."""

    text: str
    confidence: float
    seconds: float
    tokens: int


def answers(
    base: Base,
    examples: Sequence[Example],
    *,
    max_new_tokens: int,
    batch_size: int,
    side: int,
    constrain: Constraint | None = None,
    progress: bool = False,
) -> list[Answer]:
    """One Answer an example, in their order. Pictures are letterboxed to `side` x `side` pixels.

    `constrain` bars tokens while an answer is written (inference/grammar.py has one); a confidence is that of the model alone.
    """
    from tqdm import tqdm

    found: dict[int, Answer] = {}
    with tqdm(total=len(examples), desc="answers", unit="answer", disable=not progress) as bar:
        settings = {"max_new_tokens": max_new_tokens, "batch_size": batch_size, "side": side, "constrain": constrain}
        for number, answer in stream(base, examples, **settings):
            found[number] = answer
            bar.update()
    return [found[number] for number in range(len(examples))]


def stream(
    base: Base,
    examples: Sequence[Example],
    *,
    max_new_tokens: int,
    batch_size: int,
    side: int,
    constrain: Constraint | None = None,
) -> Iterator[tuple[int, Answer]]:
    """(number of the example, Answer) as each batch ends, so that a caller can save what is done."""
    base.model.eval()
    for batch in batches(examples, batch_size):
        some = [examples[number] for number in batch]
        told = _answer(base, some, max_new_tokens=max_new_tokens, side=side, constrain=constrain)
        yield from zip(batch, told, strict=True)


def batches(examples: Sequence[Example], size: int) -> list[list[int]]:
    """Numbers of the examples in batches of one kind (picture or text alone) and similar length, longest first.

    Similar lengths waste little padding, and the batch that needs most memory fails first, not last.
    """
    kinds: dict[bool, list[int]] = {True: [], False: []}
    for number, example in enumerate(examples):
        kinds[example.image is not None].append(number)
    made = []
    for numbers in kinds.values():
        numbers.sort(key=lambda number: -len(examples[number].prompt))
        made += [numbers[start : start + size] for start in range(0, len(numbers), max(1, size))]
    return made


def prompts(processor: Any, examples: Sequence[Example]) -> list[str]:
    """The text that the model continues, one an example, chat template applied."""
    made = []
    for example in examples:
        turns = tasks.messages(example)
        if not hasattr(processor, "image_processor"):  # the templates of text-only models want plain strings
            turns = [turn | {"content": "".join(part["text"] for part in turn["content"])} for turn in turns]
        made.append(processor.apply_chat_template(turns, add_generation_prompt=True, tokenize=False))
    return made


def inputs(processor: Any, examples: Sequence[Example], *, side: int) -> Any:
    """Tensors of one batch of one kind: input_ids and attention_mask (batch, tokens), pixel_values (batch, 3, side, side)."""
    tokenizer = getattr(processor, "tokenizer", processor)
    tokenizer.padding_side = "left"  # generation continues the right end
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    arguments = {"text": prompts(processor, examples), "return_tensors": "pt", "padding": True}
    if examples[0].image is not None:
        squares = [picture.letterbox(picture.open_picture(example.image), side) for example in examples]
        arguments["images"] = [[square] for square in squares]
    return processor(**arguments, add_special_tokens=False)  # the template has written <bos> already


def _answer(
    base: Base, examples: Sequence[Example], *, max_new_tokens: int, side: int, constrain: Constraint | None
) -> list[Answer]:
    import torch
    from transformers import LogitsProcessorList

    tokenizer = getattr(base.processor, "tokenizer", base.processor)
    start = time.perf_counter()
    batch = inputs(base.processor, examples, side=side).to(base.model.device)
    if "pixel_values" in batch:
        batch["pixel_values"] = batch["pixel_values"].to(base.model.dtype)
    steps: list[Any] = []  # the probability of the token that is taken, one (batch,) tensor a step
    ends = _ends(base.model, tokenizer)
    allowed: Callable[[Any, Any], Any] | None = None

    def watch(written: Any, scores: Any) -> Any:
        nonlocal allowed
        if constrain and allowed is None:
            allowed = constrain(tokenizer, ends, scores.shape[-1], len(examples))
        kept = allowed(written, scores) if allowed else scores
        # Kept as one number a row: output_scores would keep every vocabulary, 0.8 GB for 768 tokens of Gemma-3.
        steps.append(torch.exp(kept.float().amax(-1) - scores.float().logsumexp(-1)))
        return kept

    with torch.inference_mode():
        made = base.model.generate(
            **batch,
            max_new_tokens=max_new_tokens,
            do_sample=False,
            num_beams=1,
            use_cache=True,
            eos_token_id=ends,
            pad_token_id=tokenizer.pad_token_id,
            logits_processor=LogitsProcessorList([watch]),
        )
    written = made[:, batch["input_ids"].shape[1] :].tolist()
    sure = torch.stack(steps, dim=1).tolist()
    seconds = (time.perf_counter() - start) / len(examples)
    told = []
    for row, probabilities in zip(written, sure, strict=True):
        count = next((place + 1 for place, token in enumerate(row) if token in ends), len(row))
        text = tokenizer.decode(row[:count], skip_special_tokens=True)
        told.append(Answer(text, sum(probabilities[:count]) / count, seconds, count))
    return told


def _ends(model: Any, tokenizer: Any) -> list[int]:
    """The tokens that end an answer: the model's own, and the end of a turn where the tokenizer knows it."""
    own = model.generation_config.eos_token_id
    ends = set(own if isinstance(own, list) else [own]) | {tokenizer.eos_token_id}
    turn = tokenizer.convert_tokens_to_ids(END_OF_TURN)
    if turn != tokenizer.unk_token_id:
        ends.add(turn)
    return sorted(end for end in ends if end is not None)
