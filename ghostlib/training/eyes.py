"""nano's eyes: the vision tower learns where each widget stands, cell by cell, before language ever asks it.

From the loss of the language model alone a tower this small did not start within 24,000 pictures; with a target for every
cell each picture is 512 lessons. Even so it begins with whitened patches: of what patches of 300 screens differ in, 93 % is
how bright they are. With the same optimizer text had an F1 of 0.69 after 253 steps without that, and 0.89 after 176 with it.

What is asked is what language will see: Gemma's projector takes the mean of four patches, from which eight cells are to be
told, as high as a line. So the tower has to write where in those four a thing stands. The projector starts as loud as words
are: from the zeros of a new Gemma it had come to a tenth of that in an hour with the words, and what nano said of a picture
was the same with another picture in its place.
"""

import math
import random
import time
from collections.abc import Iterator, Sequence
from typing import Any

from ghostlib.corpus import picture
from ghostlib.corpus.laid import Page
from ghostlib.corpus.screens.arrangement import WIDGETS
from ghostlib.training import steps
from ghostlib.training.gaze import Gaze

TEXT = "text"  # where anything is written
KINDS = (*dict.fromkeys(WIDGETS.values()), "text input", "chip", "button", "avatar", "link", TEXT)
BATCH = 16  # pictures a step
MUON_RATE, ADAM_RATE = 0.02, 2e-3
RARE = 3.0  # what stands somewhere counts so many times: most kinds are in one cell of a hundred
WHITENED = 300  # pages whose patches say what is usual
NOISE = 0.05  # the variance below which a direction of the patches is not blown up
COVERED = 0.2  # the part of a cell, or of the widget where that is smaller, that makes the cell its own
QUIET = 0.3  # a projector that is less loud than this part of words begins anew
LINES = (32, 16)  # rows and columns of cells in a picture: about as high as a line, as wide as a place
GAZING = 0.5  # of the time, the second part: where words name a place, they learn to look there
GAZE = 0.03  # how much that weighs beside the cells
MOVED = (3, 1)  # rows and columns of cells by which a picture that comes again has at most been moved


def targets(page: Page, side: int, grid: tuple[int, int]) -> Any:
    """What stands in each cell of the letterboxed page, cut into `grid` (rows, columns) cells: a float tensor (cells, KINDS)

    of zeros and ones, row by row.
    """
    import torch

    rows, columns = grid
    found = torch.zeros(rows, columns, len(KINDS))
    boxes = [*page.widgets, *((TEXT, line.box) for line in page.lines)]
    for kind, box in boxes:
        x0, y0, x1, y1 = picture.placed(box, page.size, side)
        left, right, top, bottom = x0 * columns / side, x1 * columns / side, y0 * rows / side, y1 * rows / side
        for row in range(max(0, int(top)), min(rows, int(bottom) + 1)):
            for column in range(max(0, int(left)), min(columns, int(right) + 1)):
                width = min(right, column + 1) - max(left, column)
                height = min(bottom, row + 1) - max(top, row)
                least = COVERED * min(1.0, max(1e-6, right - left)) * min(1.0, max(1e-6, bottom - top))
                if width > 0 and height > 0 and width * height >= least:
                    found[row, column, KINDS.index(kind)] = 1.0
    return found.flatten(0, 1)


def pixels(pages: Sequence[Page]) -> Any:
    """The pages' pictures as the tower takes them: a float tensor (pages, 3, side, side) between -1 and 1."""
    import numpy as np
    import torch
    from PIL import Image

    images = [np.asarray(Image.open(page.picture).convert("RGB")) for page in pages]
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float() / 127.5 - 1


class Head:
    """The reader of a picture's tokens while the eyes learn: one linear layer, thrown away afterwards."""

    def __init__(self, model: Any, seed: int) -> None:
        import torch

        torch.manual_seed(seed)
        self.tower, self.projector = model.model.vision_tower, model.model.multi_modal_projector
        self.side, self.tokens = model.config.vision_config.image_size, math.isqrt(model.config.mm_tokens_per_image)
        self.grid, self.cells = LINES, (LINES[0] // self.tokens, LINES[1] // self.tokens)  # of a picture, of a token
        words = model.get_input_embeddings().weight.detach()
        self.loud = float(words.square().mean().sqrt()) * words.shape[1] ** 0.5  # as the text stack takes them in
        self.linear = torch.nn.Linear(words.shape[1], self.cells[0] * self.cells[1] * len(KINDS)).to(model.device)

    def tokens_of(self, seen: Any) -> Any:
        """What the text stack gets of pixels (pictures, 3, side, side): (pictures, tokens, its width)."""
        return self.projector(self.tower(seen).last_hidden_state)

    def __call__(self, tokens: Any) -> Any:
        """Logits (pictures, cells, KINDS) of what `tokens_of` gives."""
        told = self.linear(tokens / self.loud).unflatten(1, (self.tokens, self.tokens))
        cells = told.unflatten(3, (*self.cells, len(KINDS)))  # (pictures, token's row, column, cell's row, column, KINDS)
        return cells.transpose(2, 3).flatten(3, 4).flatten(1, 2).flatten(1, 2)


def teach(
    model: Any, processor: Any, pages: Sequence[Page], *, minutes: float, at_most: float = math.inf, seed: int = 7
) -> tuple[Head, list[dict[str, float]]]:
    """Train tower and projector on `pages` (all with a picture) for so long or `at_most` steps; then words to look there, too.

    Hands back the head and a row a step: step, seconds, loss (mean binary cross-entropy of the cells' kinds), gaze (as
    `Gaze.loss` has it, once that has begun). The rate falls to zero over the time. Eyes that have learned before go on from
    there.
    """
    started, head, log = time.monotonic(), Head(model, seed), []
    _open(head, pixels(pages[:WHITENED]).to(model.device))
    gaze = Gaze(model, processor)
    optimizers = _optimizers(head, gaze)
    known: dict[int, Any] = {}
    rng = random.Random(seed)
    for step, places in enumerate(_batches(len(pages), seed), 1):
        spent = time.monotonic() - started
        done = max(spent / (minutes * 60), (step - 1) / at_most)
        if done >= 1:
            return head, log
        for place in set(places) - set(known):
            known[place] = targets(pages[place], head.side, head.grid).bool()
        batch, truth = [pages[place] for place in places], [known[place] for place in places]
        told = _learn(head, gaze if done >= 1 - GAZING else None, batch, truth, rng)
        steps.move(optimizers, min(1.0, step / 20) * max(0.02, 1 - done))
        model.zero_grad(set_to_none=True)  # of what is only looked through
        log.append({"step": step, "seconds": round(spent, 1)} | told)
    raise AssertionError("unreachable")


def _learn(head: Head, gaze: Gaze | None, pages: Sequence[Page], truth: Sequence[Any], rng: random.Random) -> dict[str, float]:
    """The losses of a batch, of which the weights now have the gradient."""
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits

    device = head.linear.weight.device
    seen, cells = varied(pixels(pages), truth, head.grid, rng, (0, 0) if gaze else MOVED)
    tokens = head.tokens_of(seen.to(device))
    loss = binary_cross_entropy_with_logits(head(tokens), cells.to(device), pos_weight=torch.tensor(RARE, device=device))
    told = {"loss": round(float(loss.detach()), 5)}
    if gaze:
        missed = gaze.loss(tokens, pages, rng)
        told["gaze"] = round(float(missed.detach()), 4)
        loss = loss + GAZE * missed
    loss.backward()
    if gaze:
        gaze.only()
    return told


def varied(
    seen: Any, truth: Sequence[Any], grid: tuple[int, int], rng: random.Random, move: tuple[int, int] = MOVED
) -> tuple[Any, Any]:
    """The pictures (number, 3, side, side) and what is in their cells (each cells, KINDS), as if drawn anew.

    They are moved by at most `move` rows and columns of cells, and what leaves a picture on one side comes back on the other.
    Red, green and blue change places: so a link is what is coloured, and not what is blue. Hands back pictures and a float
    tensor (number, cells, KINDS).
    """
    import torch

    tall, wide = seen.shape[2] // grid[0], seen.shape[3] // grid[1]
    pictures, cells = [], []
    for one, told in zip(seen, truth, strict=True):
        down, right = rng.randint(-move[0], move[0]), rng.randint(-move[1], move[1])
        pictures.append(one[rng.sample(range(3), 3)].roll((down * tall, right * wide), (1, 2)))
        cells.append(told.unflatten(0, grid).roll((down, right), (0, 1)).flatten(0, 1))
    return torch.stack(pictures), torch.stack(cells).float()


def _open(head: Head, seen: Any) -> None:
    """Give a tower that has never seen anything whitened patches, and a projector that says nothing a voice."""
    import torch

    weight = head.projector.mm_input_projection_weight
    if not weight.any():
        whiten(head.tower, seen)
    with torch.no_grad():
        if head.tokens_of(seen[:BATCH]).square().mean().sqrt() < QUIET * head.loud:
            weight.normal_(0.0, head.loud / weight.shape[0] ** 0.5)  # of what comes normalised to variance 1


def whiten(tower: Any, seen: Any) -> None:
    """Let the patch embedding start as the principal components of the patches in `seen`, each with variance 1."""
    import torch

    embedding = tower.embeddings.patch_embedding
    side, width = embedding.kernel_size[0], embedding.out_channels
    patches = seen.unfold(2, side, side).unfold(3, side, side).permute(0, 2, 3, 1, 4, 5).flatten(3).flatten(0, 2)
    mean = patches.mean(0)
    spread, directions = torch.linalg.eigh(((patches - mean).T @ (patches - mean) / len(patches)).double())
    spread, directions = spread.flip(0)[:width].clamp(min=0).float(), directions.flip(1)[:, :width].float()
    filters = (directions / (spread + NOISE).sqrt()).T
    with torch.no_grad():
        embedding.weight.copy_(filters.reshape(embedding.weight.shape))
        embedding.bias.copy_(-(filters @ mean))


def _optimizers(head: Head, gaze: Gaze) -> list[Any]:
    """Muon for the matrices of the tower, AdamW for the rest, as in the pretraining of the words."""
    import torch

    matrices, others = [], [*head.linear.parameters(), *head.projector.parameters(), gaze.weight]
    for weight in others:
        weight.requires_grad_(True)
    for name, weight in head.tower.named_parameters():
        weight.requires_grad_(True)
        (matrices if weight.ndim == 2 and "position" not in name else others).append(weight)
    return [
        torch.optim.Muon(matrices, lr=MUON_RATE, momentum=0.95, weight_decay=0.01, adjust_lr_fn="original"),
        torch.optim.AdamW(others, lr=ADAM_RATE, betas=(0.9, 0.98), weight_decay=0.0),
    ]


def measure(head: Head, pages: Sequence[Page]) -> dict[str, dict[str, float]]:
    """How well the cells of `pages` are told: of each kind precision, recall and F1, and how many cells show it."""
    import torch

    right = torch.zeros(len(KINDS))
    said, true = right.clone(), right.clone()
    with torch.no_grad():
        for start in range(0, len(pages), BATCH):
            batch = pages[start : start + BATCH]
            guess = (head(head.tokens_of(pixels(batch).to(head.linear.weight.device))) > 0).float().cpu().flatten(0, 1)
            truth = torch.cat([targets(page, head.side, head.grid) for page in batch])
            right, said, true = right + (guess * truth).sum(0), said + guess.sum(0), true + truth.sum(0)
    found = {}
    for number, kind in enumerate(KINDS):
        hits, guessed, shown = (float(count[number]) for count in (right, said, true))
        precision, recall = hits / max(1.0, guessed), hits / max(1.0, shown)
        f1 = 2 * precision * recall / max(1e-9, precision + recall)
        found[kind] = {"precision": precision, "recall": recall, "f1": f1, "cells": shown}
    return found


def _batches(count: int, seed: int) -> Iterator[list[int]]:
    """Places without end, every page once in each round."""
    rng = random.Random(seed)
    while True:
        order = rng.sample(range(count), count)
        yield from (order[start : start + BATCH] for start in range(0, count, BATCH))
