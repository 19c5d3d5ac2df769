"""Decoding by a JSON Schema: at each step only the tokens that lead to a document of it (llguidance)."""

import json
from functools import lru_cache
from typing import Any

from ghostlib.errors import DataError
from ghostlib.models import generate

# Of an answer nothing is left to taste: a model that has learnt nothing would fill it with blanks.
COMPACT = {"item_separator": ",", "key_separator": ":", "whitespace_flexible": False}


def by_schema(schema: dict[str, Any]) -> generate.Constraint:
    """What bars every token that does not lead to a document of the schema, as `generate.answers` takes it.

    When an answer begins it raises DataError for a schema that cannot be a grammar.
    """
    return lambda tokenizer, ends, _, rows: _Constrained(schema, tokenizer, list(ends), rows)


class _Constrained:
    """One matcher a row; the tokens of the last step are taken in before the next one's mask is made."""

    def __init__(self, schema: dict[str, Any], tokenizer: Any, ends: list[int], rows: int) -> None:
        import llguidance

        known = _known(tokenizer)
        grammar = llguidance.LLMatcher.grammar_from_json_schema(json.dumps(schema), COMPACT)
        self.matchers = [llguidance.LLMatcher(known, grammar) for _ in range(rows)]
        if problem := self.matchers[0].get_error():
            raise DataError(f"the schema cannot be a grammar ({problem.splitlines()[0]}). Simplify it")
        self.ends, self.begun, self.words = ends, False, known.vocab_size

    def __call__(self, ids: Any, scores: Any) -> Any:
        """The scores with every token that the schema does not allow at minus infinity."""
        import llguidance.numpy
        import torch

        scores = scores.clone()  # the caller still wants them as the model gave them
        if self.begun:
            for matcher, token in zip(self.matchers, ids[:, -1].tolist(), strict=True):
                if not matcher.is_stopped():
                    matcher.consume_token(token)
        self.begun = True
        for row, matcher in enumerate(self.matchers):
            allowed = torch.zeros(scores.shape[1], dtype=torch.bool)
            if matcher.is_stopped():
                allowed[self.ends] = True
            else:
                bits = llguidance.numpy.allocate_token_bitmask(1, self.words)
                llguidance.numpy.fill_next_token_bitmask(matcher, bits, 0)
                told = torch.from_numpy(bits.view("uint8")[0].copy())
                told = (told[:, None] >> torch.arange(8, dtype=torch.uint8) & 1).flatten().bool()
                width = min(len(told), len(allowed))
                allowed[:width] = told[:width]
                if matcher.is_accepting():
                    allowed[self.ends] = True
            scores[row] = scores[row].masked_fill(~allowed.to(scores.device), -torch.inf)
        return scores


@lru_cache(maxsize=2)
def _known(tokenizer: Any) -> Any:
    import llguidance.hf

    return llguidance.hf.from_tokenizer(tokenizer)
