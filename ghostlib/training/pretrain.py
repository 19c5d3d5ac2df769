"""nano's own recipe: a small Gemma-3 from nothing, which learns to read a screen and list what is on it.

    python -m ghostlib.training.pretrain --hours 1 --out output/nano            # again with the same folder: goes on
    python -m ghostlib.training.pretrain --hours 1 --out output/nano --device cuda
    python -m ghostlib.training.pretrain --hours 1 --out output/more --start data/nano   # goes on with a finished one

The base is taught six things in words, none of which is the task itself: to list the tables and fields of a reading, to
copy labels with their kinds, to write a given list in the target language, to go on after a list with something that follows
from it, that language's style, and to write facts as JSON. In the last part of the time it also goes on after lists that it
has written itself (`own.py`). Then its eyes learn where widgets stand (`eyes.py`) and it to look at a place that it reads
of (`gaze.py`), and the last part of the time goes to pages with their pictures.
Phases 1 and 2 of the notebooks then teach it to answer a screen with SQL at once. A browser lays the pages out first
(`corpus/laid.py`); how they are misread is drawn on the fly.
"""

import argparse
import json
import math
import multiprocessing
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from ghostlib.corpus import laid, practice
from ghostlib.corpus.laid import Page
from ghostlib.corpus.practice import Practice
from ghostlib.errors import TrainingError
from ghostlib.models import load, nano, vocabulary
from ghostlib.training import exercises, eyes, gaze, own, pieces, steps


@dataclass(frozen=True)
class Recipe:
    """The numbers of the recipe; what learns at which rate is in `steps.py`."""

    hours: float = 1.0
    seed: int = 7
    pages: int = 24_000  # laid out by the browser before the first step: 0.1 s each on two cores
    batch_tokens: int = 6144  # a step, padding included
    muon_rate: float = 0.02
    adam_rate: float = 1.5e-3
    warmup: int = 50
    cooldown: float = 0.3  # the last part of the time, in which the rates fall to zero
    shortest: int = 160  # tokens of the longest example at the start; copying starts sooner on short ones
    longest: int = 900
    grow_until: float = 0.4  # the part of the time after which the longest examples are in
    pictures: int = 2000  # pages with a picture, 0.3 s each; 0 leaves the eyes as they are
    own: float = 0.25  # the last part of the time, in which answers also go on after lists that the model itself has written
    lists: int = 1200  # of these; 0 for none
    together: float = 0.25  # the last part of the time, in which pages come with their pictures
    eyes: float = 0.05  # of the time goes to the eyes alone, before that; then they stay as they are
    save_minutes: float = 3.0
    fused: bool = True  # compile the text stack's layers, where there is a C++ compiler: half the time of a step


def run(out: Path, recipe: Recipe, *, device: str = "cpu", start: Path | None = None) -> Path:
    """Train for `recipe.hours` in all (earlier parts of the same folder counted) and hand back the folder of the model.

    A new `out` begins with random weights and short examples, or with the weights and the tokenizer of the nano in `start`.
    `out/model` is a whole nano (float16) after every save, `out/state.pt` what a resume needs, `out/log.jsonl` a row a
    step: step, seconds, tokens, loss, longest. Raises TrainingError on a loss that is not finite.
    """
    import torch

    out.mkdir(parents=True, exist_ok=True)
    if start:
        recipe = replace(recipe, shortest=recipe.longest)
    pages = laid.Pages(laid.lay_out(recipe.pages, recipe.seed, out / "pages.jsonl"))
    drawn = recipe.pictures and laid.lay_out(recipe.pictures, recipe.seed + 1, out / "sights.jsonl", side=nano.IMAGE_SIDE)
    sights = laid.Pages(drawn) if drawn else ()
    folder = out / "model"
    model, processor = _begun(folder, recipe, pages, start)
    model = model.to(device)
    optimizers = steps.optimizers(model, muon_rate=recipe.muon_rate, adam_rate=recipe.adam_rate)
    step = steps.Stepper(model, optimizers, device, fused=recipe.fused)
    state, saved = _resume(out / "state.pt", model, optimizers, torch), time.monotonic()
    if state["eyes"]:
        gaze.hold(model)
    feed = _Feed(processor, recipe, pages, sights, state, out / "own.jsonl")
    with (out / "log.jsonl").open("a", encoding="utf-8") as log:
        while feed.done() < 1:
            started = time.monotonic()
            if feed.looks() and not state["eyes"]:
                _open_eyes(model, processor, sights, out, recipe)
                state["eyes"] = True
                gaze.hold(model)
            if recipe.lists and feed.done() >= 1 - recipe.own and not (out / "own.jsonl").is_file():
                _save(out, model, optimizers, state, torch)
                own.write(folder, practice.unlisted(recipe.seed, pages, recipe.lists), out / "own.jsonl")
            batch = feed.next()
            loss = step(batch, _rate(state["step"], feed.done(), recipe))
            if not math.isfinite(loss):
                raise TrainingError(f"{out}: loss {loss} at step {state['step']}. Lower the rates; the last save is whole")
            state["step"] += 1
            state["seconds"] += time.monotonic() - started
            log.write(json.dumps(_row(state, batch, loss)) + "\n")
            if state["step"] % 10 == 0:
                log.flush()
                print(
                    f"step {state['step']}  {state['seconds'] / 60:.1f} of {recipe.hours * 60:.0f} min  loss {loss:.3f}",
                    flush=True,
                )
            if time.monotonic() - saved > recipe.save_minutes * 60 or feed.done() >= 1:
                _save(out, model, optimizers, state, torch)
                saved = time.monotonic()
    return folder


class _Feed:
    """The batches of a training, made in another process, and how much of its time is over: pictures come in the last part."""

    def __init__(
        self, processor: Any, recipe: Recipe, pages: Sequence[Page], sights: Sequence[Page], state: dict[str, Any], own: Path
    ) -> None:
        self.processor, self.recipe, self.state = processor, recipe, state
        self.pages, self.sights, self.own = pages, sights, own
        self.reached = multiprocessing.Value("d", 0.0)  # what `done` said last, for the process that makes the batches
        self.following: Iterator[dict[str, Any]] | None = None
        self.begun = (False, False)  # what `following` was begun with: sights, own lists

    def done(self) -> float:
        """The share of the time that is over."""
        self.reached.value = self.state["seconds"] / (self.recipe.hours * 3600)
        return self.reached.value

    def looks(self) -> bool:
        """Whether the part with pictures has begun."""
        return bool(self.sights) and self.done() >= 1 - self.recipe.together - self.recipe.eyes

    def next(self) -> dict[str, Any]:
        """The next batch."""
        wanted = (self.looks(), self.own.is_file())
        if self.following is None or self.begun != wanted:
            self.begun, sights, lists = wanted, self.sights if wanted[0] else (), own.read(self.own)
            seed = self.recipe.seed * 1_000_003 + self.state["step"]  # a resume draws on, it does not repeat
            stream, progress = practice.stream(seed, self.pages, sights, lists), partial(getattr, self.reached, "value")
            self.following = _ahead(_batches(self.processor, self.recipe, stream, seed=seed, progress=progress))
        return next(self.following)


def _begun(folder: Path, recipe: Recipe, pages: Sequence[Page], start: Path | None) -> tuple[Any, Any]:
    """The model in float32 and its processor: what is in the folder, else a copy of `start`, else random weights."""
    import torch
    from transformers import Gemma3ForConditionalGeneration

    if not (folder / "model.safetensors").is_file():
        if start:
            shutil.copytree(start, folder, ignore=shutil.ignore_patterns("tuned"), dirs_exist_ok=True)
        else:
            nano.create(folder, lines=pieces.lines(recipe.seed, pages), seed=recipe.seed)
    model = Gemma3ForConditionalGeneration.from_pretrained(folder, dtype=torch.float32).train()
    processor = load.processor(str(folder))
    _share(model, processor.tokenizer)
    return model, processor


def _row(state: dict[str, Any], batch: dict[str, Any], loss: float) -> dict[str, Any]:
    row = {"step": state["step"], "seconds": round(state["seconds"], 1), "loss": round(loss, 4)}
    row |= {"longest": batch["longest"], "tokens": int(batch["attention_mask"].sum())}
    return row | {"pictures": len(batch.get("pixel_values", ()))}


def _open_eyes(model: Any, processor: Any, sights: Sequence[Page], out: Path, recipe: Recipe) -> None:
    """Teach the eyes on the pages with pictures but a few, on which they are judged; both are told in `eyes.json`."""
    unseen = max(1, len(sights) // 12)
    learned, judged = list(sights)[unseen:], list(sights)[:unseen]
    head, log = eyes.teach(model, processor, learned, minutes=recipe.eyes * recipe.hours * 60, seed=recipe.seed)
    told = {"steps": len(log), "pictures": len(learned), "judged_on": len(judged), "kinds": eyes.measure(head, judged)}
    (out / "eyes.json").write_text(json.dumps(told | {"log": log[:: max(1, len(log) // 40)]}, indent=1), encoding="utf-8")


def _share(model: Any, tokenizer: Any) -> None:
    """Let `name`, `▁name` and `_name` be one vector plus their prefix's: a word that is copied changes its prefix alone."""
    import torch
    from torch.nn.utils import parametrize

    embedding = model.get_input_embeddings()
    bare, prefix = vocabulary.forms(tokenizer.convert_ids_to_tokens(range(len(tokenizer))))
    spare = range(len(bare), embedding.num_embeddings)  # rows without a piece
    rows = torch.tensor([*bare, *spare], device=embedding.weight.device)
    prefixes = torch.tensor([*prefix, *(0 for _ in spare)], device=embedding.weight.device)

    class Shared(torch.nn.Module):
        def forward(self, words: Any, before: Any) -> Any:
            return words[rows] + before[prefixes]

        def right_inverse(self, weight: Any) -> tuple[Any, Any]:
            """The two of which `forward` makes the weight: exactly, where it was made so; else a start."""
            means = [(weight - weight[rows])[prefixes == number].mean(0) for number in range(1, 1 + len(vocabulary.PREFIXES))]
            return weight.clone(), torch.stack([torch.zeros_like(weight[0]), *means]).nan_to_num()

    parametrize.register_parametrization(embedding, "weight", Shared(), unsafe=True)


def _weights(model: Any) -> dict[str, Any]:
    """The model's tensors with the embedding as one matrix, as any Gemma-3 has it."""
    found = {name: value for name, value in model.state_dict().items() if ".parametrizations." not in name}
    return found | {"model.language_model.embed_tokens.weight": model.get_input_embeddings().weight.detach()}


def _rate(step: int, done: float, recipe: Recipe) -> float:
    """The share of the full learning rates: warm-up by steps, then flat, then down to nothing over the cooldown."""
    return min(1.0, (step + 1) / recipe.warmup, max(0.0, (1 - done) / recipe.cooldown) + 0.01)


def _batches(
    processor: Any, recipe: Recipe, stream: Iterator[Practice], *, seed: int, progress: Callable[[], float]
) -> Iterator[dict[str, Any]]:
    """Endless batches of at most `batch_tokens`, short examples first in the training."""

    def longest() -> int:
        return int(recipe.shortest + (recipe.longest - recipe.shortest) * min(1.0, progress() / recipe.grow_until))

    return exercises.batches(processor, stream, tokens=recipe.batch_tokens, longest=longest, seed=seed)


def _ahead(made: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The batches, made in a process of their own: they take 0.08 s each, a step half a second."""
    import torch

    class Endless(torch.utils.data.IterableDataset):
        def __iter__(self) -> Iterator[dict[str, Any]]:
            return made

    apart = {"num_workers": 1, "prefetch_factor": 4, "multiprocessing_context": "fork"} if hasattr(os, "fork") else {}
    return iter(torch.utils.data.DataLoader(Endless(), batch_size=None, **apart))


def _resume(path: Path, model: Any, optimizers: list[Any], torch: Any) -> dict[str, Any]:
    if not path.is_file():
        return {"step": 0, "seconds": 0.0, "eyes": False}
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    for optimizer, stored in zip(optimizers, state["optimizers"], strict=True):
        optimizer.load_state_dict(stored)
    return {name: state[name] for name in ("step", "seconds", "eyes")}


def _save(out: Path, model: Any, optimizers: list[Any], reached: dict[str, Any], torch: Any) -> None:
    nano.save(model, out / "model", weights=_weights(model))
    weights = {"model": model.state_dict(), "optimizers": [optimizer.state_dict() for optimizer in optimizers]}
    torch.save(reached | weights, out / "state.partial")
    (out / "state.partial").replace(out / "state.pt")


def curve(log: Path) -> list[dict[str, float]]:
    """The learning curve of a log.jsonl, a row each hundred steps: the last `step`, `minutes` until then, mean `loss`."""
    rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    found = []
    for start in range(0, len(rows), 100):
        part = rows[start : start + 100]
        mean = sum(row["loss"] for row in part) / len(part)
        found.append({"step": part[-1]["step"], "minutes": round(part[-1]["seconds"] / 60, 1), "loss": round(mean, 4)})
    return found


def main() -> None:
    """The command line of the recipe; see the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=Recipe.hours, help="training time in all, earlier parts included")
    parser.add_argument("--out", type=Path, default=Path("output/nano"), help="folder; an existing one is gone on with")
    parser.add_argument("--start", type=Path, help="folder of a finished nano whose weights a new --out begins with")
    parser.add_argument("--pages", type=int, default=Recipe.pages, help="pages to read, laid out first in --out")
    parser.add_argument("--pictures", type=int, default=Recipe.pictures, help="pages to look at; 0 leaves the eyes as they are")
    parser.add_argument("--plain", action="store_true", help="compile nothing: where Python's headers are lacking")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    parser.add_argument("--threads", type=int, default=0, help="processor threads; 0 leaves it to torch")
    chosen = parser.parse_args()
    if chosen.threads:
        import torch

        torch.set_num_threads(chosen.threads)
    told = {name: getattr(chosen, name) for name in ("hours", "seed", "pages", "pictures")}
    recipe = Recipe(**told, fused=not chosen.plain)
    print(run(chosen.out, recipe, device=chosen.device, start=chosen.start))
    drawn = chosen.out / "curve.json"
    drawn.write_text(json.dumps(curve(chosen.out / "log.jsonl"), indent=1), encoding="utf-8")
    print(f"python -m ghostlib.results {drawn}  draws its learning curve")


if __name__ == "__main__":
    main()
