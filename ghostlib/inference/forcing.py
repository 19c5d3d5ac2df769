"""What a model gives to each token of an answer that is laid into its mouth, through transformers or llama.cpp.

Two models that write on their own part ways at the first close call; what they think of one and the same text can be compared
step by step to its end.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ghostlib.errors import DataError
from ghostlib.inference import llama
from ghostlib.models import generate
from ghostlib.models.load import Base
from ghostlib.tasks import Example


@dataclass(frozen=True)
class Forced:
    """One value a token of the text, the end of the turn included; log-probabilities are natural, over the whole vocabulary."""

    prompt_tokens: int  # the picture's soft tokens included
    tokens: tuple[int, ...]
    logprobs: tuple[float, ...]
    best: tuple[int, ...]  # the token that the model itself would have written
    margins: tuple[float, ...]  # how much likelier that one is than the second, as a difference of log-probabilities


def transformers(base: Base, example: Example, text: str, *, side: int) -> Forced:
    """One forward pass over the question and `text`, as the tokenizer spells it."""
    import torch

    tokenizer = getattr(base.processor, "tokenizer", base.processor)
    batch = generate.inputs(base.processor, [example], side=side).to(base.model.device)
    end = tokenizer.convert_tokens_to_ids(generate.END_OF_TURN)
    end = tokenizer.eos_token_id if end in (None, tokenizer.unk_token_id) else end
    written = [*tokenizer(text, add_special_tokens=False)["input_ids"], end]
    asked = batch["input_ids"].shape[1]
    for name, value in (("input_ids", None), ("attention_mask", 1), ("token_type_ids", 0)):
        if name in batch:
            added = torch.tensor([written if value is None else [value] * len(written)], device=base.model.device)
            batch[name] = torch.cat([batch[name], added], dim=1)
    if "pixel_values" in batch:
        batch["pixel_values"] = batch["pixel_values"].to(base.model.dtype)
    base.model.eval()
    with torch.inference_mode():
        seen = base.model(**batch, use_cache=False, logits_to_keep=len(written) + 1).logits[0, :-1].float()
        first, second = seen.topk(2, dim=-1).values.unbind(-1)
        given = seen.gather(-1, torch.tensor(written, device=seen.device)[:, None])[:, 0] - seen.logsumexp(-1)
        values = (torch.tensor(written), given.cpu(), seen.argmax(-1).cpu(), (first - second).cpu())
    kept = torch.tensor(complete(tokenizer.convert_ids_to_tokens(written)))
    return Forced(asked, *(tuple(each[kept].tolist()) for each in values))


def llama_cpp(running: Any, example: Example, text: str, *, side: int, tokens: Sequence[int] = ()) -> Forced:
    """The same from llama.cpp: a grammar that knows `text` alone holds the pen, the log-probabilities are from before it.

    It is spelled with `tokens` where those are the text here too, else as the model itself likes it. Raises DataError where
    the answer does not fit the context.
    """
    if tokens:
        told = _held(running, example, "root ::= " + " ".join(f"<[{token}]>" for token in tokens), len(tokens) + 8, side)
        if "choices" in told and (told["choices"][0]["message"].get("content") or "") == text:
            steps = told["choices"][0]["logprobs"]["content"]
            return _read(told, [step for step in steps if step["token"]])  # the end of the turn has no letters
    told = _held(running, example, f"root ::= {literal(text)}", 4 * len(text) + 8, side)  # a byte a token at worst
    if "choices" not in told:
        raise DataError(f"{example.id}: llama.cpp did not answer ({llama.reason(told)}). Use a larger export.context")
    if (told["choices"][0]["message"].get("content") or "") != text:
        raise DataError(f"{example.id}: llama.cpp stopped before the end of the answer. Use a larger export.context")
    return _read(told, told["choices"][0]["logprobs"]["content"])


def _held(running: Any, example: Example, grammar: str, most: int, side: int) -> dict[str, Any]:
    return running.handle_chat_completions(
        {
            "messages": [{"role": "user", "content": llama.content(example, side)}],
            "temperature": 0,
            "max_tokens": most,
            "logprobs": True,
            "top_logprobs": 2,
            "cache_prompt": False,
            "grammar": grammar,
        }
    )


def _read(told: dict[str, Any], steps: list[dict[str, Any]]) -> Forced:
    tops = [[top["logprob"] for top in step["top_logprobs"]] for step in steps]
    return Forced(
        told["usage"]["prompt_tokens"],
        tuple(step["id"] for step in steps),
        tuple(step["logprob"] for step in steps),
        tuple(step["top_logprobs"][0]["id"] for step in steps),
        tuple(top[0] - top[1] for top in tops),
    )


def common(old: Forced, new: Forced) -> int:
    """How many first steps two models spell alike; the log-probabilities of other tokens cannot be compared."""
    pairs = enumerate(zip(old.tokens, new.tokens, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(old.tokens), len(new.tokens)))


def differences(old: Forced, new: Forced) -> list[float]:
    """How far apart two log-probabilities are, without sign, on each step that both spell alike."""
    alike = common(old, new)
    return [abs(a - b) for a, b in zip(old.logprobs[:alike], new.logprobs[:alike], strict=True)]


def distance(old: Forced, new: Forced) -> float:
    """The largest of the differences; infinite where not even the prompts have one length."""
    return math.inf if old.prompt_tokens != new.prompt_tokens else max(differences(old, new), default=0.0)


def complete(pieces: Sequence[str]) -> list[int]:
    """Which tokens end a character: of one that is spelled in bytes (`<0xC3>`, `<0xA4>`) llama.cpp tells the last alone."""
    kept, waiting = [], b""
    for place, piece in enumerate(pieces):
        waiting = waiting + bytes.fromhex(piece[3:5]) if piece.startswith("<0x") and len(piece) == 6 else b""
        try:
            waiting.decode()
        except UnicodeDecodeError:
            continue
        kept.append(place)
        waiting = b""
    return kept


def literal(text: str) -> str:
    """The text as a string of llama.cpp's grammar language (GBNF)."""
    plain = (char if char.isprintable() and char not in '"\\' else f"\\U{ord(char):08x}" for char in text)
    return f'"{"".join(plain)}"'
