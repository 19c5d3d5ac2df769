"""Where nano looks: a place that its words name makes one of its heads attend to that part of the picture.

A reading names a place before every line (`14,5 Name`), and the picture is 64 tokens before all of them. Left to the loss of
the language the text stack never found out that the two belong together: with a projector as loud as words a place gave
three thousandths of its attention to a picture, and after 6,000 pictures nano said the same of a page with another page's.
So it is told: in the first layer, whose input nothing has touched yet, the queries of one head at the tokens of places are
to match the keys of the picture's token in which the place is. In 281 seconds on two cores that head put 0.61 of its
attention there, before less than a thousandth.
"""

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ghostlib.corpus import picture, practice, reading
from ghostlib.corpus.laid import Page
from ghostlib.training import exercises

LAYER, HEAD = 0, 0  # of the text stack; what comes to the first layer are words and pictures as they are
KEPT = 0.3  # how much it weighs that the head goes on asking what it asked at all other words


class Gaze:
    """The head of a model that is to follow places, and the loss of that; it owns nothing of the model."""

    def __init__(self, model: Any, processor: Any) -> None:
        import torch

        self.model, self.processor = model, processor
        self.stack = model.model.language_model
        self.layer = self.stack.layers[LAYER]
        self.heads = self.layer.self_attn
        self.width = self.heads.head_dim
        self.rows = slice(HEAD * self.width, (HEAD + 1) * self.width)  # of the query's matrix
        self.across = round(model.config.mm_tokens_per_image**0.5)
        self.side = model.config.vision_config.image_size
        self.places = _places(processor.tokenizer)
        self.tokens = torch.tensor(sorted(self.places), device=model.device)
        words = torch.arange(len(processor.tokenizer), device=model.device)
        self.words = words[~torch.isin(words, self.tokens)]
        with torch.no_grad():
            self.usual = self._asked(self.words)

    @property
    def weight(self) -> Any:
        """The matrix that learns: all queries of the layer, of which `only` lets this head's alone change."""
        return self.heads.q_proj.weight

    def only(self) -> None:
        """Take from the gradient what belongs to the other heads."""
        mine = self.weight.grad[self.rows].clone()
        self.weight.grad.zero_()
        self.weight.grad[self.rows] = mine

    def loss(self, seen: Any, pages: Sequence[Page], rng: random.Random) -> Any:
        """The mean of -log of the attention that places give to what is there, and what it costs to ask otherwise elsewhere.

        `seen` are the pictures' tokens (pages, tokens, width). Each page is asked about as nano's exercises ask.
        """
        import torch

        asked = [exercises.encode(self.processor, practice.looked_at(page, rng)) for page in pages]
        words = exercises.collate([replace(one, picture=None) for one in asked], self.processor)  # the picture is `seen`
        ids = words["input_ids"].to(seen.device)
        given = self._attention(ids, seen)
        rows, columns = torch.isin(ids, self.tokens).nonzero(as_tuple=True)
        first = (ids == self.processor.tokenizer.image_token_id).int().argmax(1)
        there = [
            self.token(self.places[int(ids[row, column])], pages[row].size)
            for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
        ]
        where = first[rows] + torch.tensor(there, dtype=torch.long, device=ids.device)
        missed = -given[rows, columns, where].sum() / max(1, len(there))
        return missed + KEPT * (self._asked(self.words) - self.usual).square().mean()

    def token(self, place: tuple[int, int], size: tuple[int, int]) -> int:
        """The number of the picture's token in which the middle of a place is, on a page of `size` (width, height)."""
        (row, column), (width, height) = place, size
        x, y = width * (column + 0.5) / reading.GRID[1], height * (row + 0.5) / reading.GRID[0]
        left, top, _, _ = picture.placed((x, y, x, y), size, self.side)
        cell = self.side / self.across
        return min(self.across - 1, int(top / cell)) * self.across + min(self.across - 1, int(left / cell))

    def _attention(self, ids: Any, seen: Any) -> Any:
        """The log of what each token gives to each before it in this head (pages, tokens, tokens), as Gemma-3 computes it."""
        import torch
        from transformers.models.gemma3.modeling_gemma3 import apply_rotary_pos_emb

        words = self.model.get_input_embeddings()(ids)
        where = (ids == self.processor.tokenizer.image_token_id)[..., None].expand_as(words)
        taken = self.layer.input_layernorm(words.masked_scatter(where, seen.to(words.dtype)))
        split = taken.shape[:2]
        queries = self.heads.q_norm(self.heads.q_proj(taken)[..., self.rows].unflatten(2, (1, -1)).transpose(1, 2))
        keys = self.heads.k_norm(self.heads.k_proj(taken).unflatten(2, (-1, self.width)).transpose(1, 2))
        keys = keys[:, HEAD // self.heads.num_key_value_groups].unsqueeze(1)
        turned = self.stack.rotary_emb(
            taken, torch.arange(split[1], device=ids.device)[None], self.stack.config.layer_types[LAYER]
        )
        queries, keys = apply_rotary_pos_emb(queries, keys, *turned)
        matched = (queries @ keys.transpose(2, 3))[:, 0] * self.heads.scaling
        return matched.masked_fill(torch.ones_like(matched[0]).triu(1).bool(), -torch.inf).log_softmax(-1)

    def _asked(self, tokens: Any) -> Any:
        """What this head asks at tokens, before it is turned by where they stand: (tokens, head's width)."""
        return self.heads.q_proj(self.layer.input_layernorm(self.model.get_input_embeddings()(tokens)))[:, self.rows]


def hold(model: Any) -> None:
    """Keep eyes and gaze as they are while the words learn.

    At first a picture is nothing but noise to them, and they would look away from it before they have found out what it
    says: three minutes took the attention on a place from 0.61 to 0.02.
    """
    held = (f"language_model.layers.{LAYER}.{part}" for part in ("self_attn.q_", "self_attn.k_", "input_layernorm"))
    parts = ("vision_tower", "multi_modal_projector", *held)
    for name, weight in model.named_parameters():
        if any(part in name for part in parts):
            weight.requires_grad_(False)


def _places(tokenizer: Any) -> dict[int, tuple[int, int]]:
    """The token of each place that has one of its own, with its row and column; the rare ones are spelled with several."""
    found = {}
    for row in range(reading.GRID[0]):
        for column in range(reading.GRID[1]):
            token = tokenizer.convert_tokens_to_ids(f"{row},{column}")
            if token != tokenizer.unk_token_id:
                found[token] = (row, column)
    return found
