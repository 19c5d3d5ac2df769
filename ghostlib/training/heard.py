"""What nano's words hear of its eyes: how many places it tells right with a page's own picture, and with another page's.

    python -m ghostlib.training.heard output/nano/model output/nano/sights.jsonl

Eyes that see and words that do not listen look alike from outside: both losses fall. Whoever says the same of a page with
another page's picture has not looked.
"""

import argparse
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ghostlib.corpus import laid, practice
from ghostlib.corpus.laid import Page
from ghostlib.errors import DataError
from ghostlib.training import exercises


def measure(model: Any, processor: Any, pages: Sequence[Page], *, seed: int = 1) -> dict[str, dict[str, float]]:
    """By what stands at a place, and for "all": `places` asked for, shares told right with the `own` picture and an `other`.

    Each page is asked as nano's exercises ask (`practice.POINT`), up to 28 places of it, two of three with a widget where it
    has as many. A place counts as right where every token of its line is the likeliest one, given the lines before as they
    should be. The commonest kinds come first. Raises DataError where a page has no picture, or there is no other page.
    """
    if len(pages) < 2 or not all(page.picture for page in pages):
        raise DataError(
            f"{len(pages)} pages to look at: two at least are needed, each with its picture (`laid.lay_out(side=...)`)"
        )
    rng = random.Random(seed)
    asked = [practice.pointed(page, rng) for page in pages]
    places: Counter[str] = Counter()
    right: dict[str, Counter[str]] = {"own": Counter(), "other": Counter()}
    for number, (places_asked, told) in enumerate(asked):
        shown = {"own": pages[number].picture, "other": pages[(number + len(pages) // 2) % len(pages)].picture}
        for whose, picture in shown.items():
            exercise = practice.Practice(f"{practice.POINT}\n{places_asked}", told, picture)
            for kind, hit in _told(model, processor, exercise):
                places[kind] += whose == "own"
                right[whose][kind] += hit
    found = {"all": _row(sum(places.values()), *(sum(right[whose].values()) for whose in right))}
    return found | {kind: _row(count, right["own"][kind], right["other"][kind]) for kind, count in places.most_common()}


def _row(places: int, own: int, other: int) -> dict[str, float]:
    return {"places": places, "own": own / max(1, places), "other": other / max(1, places)}


def _told(model: Any, processor: Any, exercise: practice.Practice) -> Iterator[tuple[str, bool]]:
    """What should be said of each place, and whether the model would say just that."""
    import torch

    batch = exercises.collate([exercises.encode(processor, exercise)], processor)
    labels = batch.pop("labels")[0, 1:]
    with torch.inference_mode():
        likeliest = model(**batch).logits[0, :-1].argmax(-1)
    counted = labels != exercises.IGNORED
    hits = (likeliest == labels)[counted].tolist()
    line, right = "", True
    for token, hit in zip(labels[counted].tolist(), hits, strict=True):
        piece = processor.tokenizer.decode([token])
        right &= hit
        line += piece
        if "\n" in piece or piece == "<end_of_turn>":
            kind = line.removesuffix("<end_of_turn>").strip().partition(" ")[2]
            if kind:
                yield kind, right
            line, right = "", True


def main() -> None:
    """The command line; see the module's docstring."""
    import torch
    from transformers import Gemma3ForConditionalGeneration

    from ghostlib.models import load

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="folder of a nano")
    parser.add_argument("sights", type=Path, help="pages with pictures, as `ghostlib.training.pretrain` lays them out")
    parser.add_argument("--pages", type=int, default=60, help="how many of them, from the first: its eyes are judged on those")
    chosen = parser.parse_args()
    for file in (chosen.model / "config.json", chosen.sights):
        if not file.is_file():
            parser.error(
                f"{file}: is not there. `python -m ghostlib.training.pretrain --out DIR` makes DIR/model and DIR/sights.jsonl"
            )
    model = Gemma3ForConditionalGeneration.from_pretrained(chosen.model, dtype=torch.float32).eval()
    try:
        found = measure(model, load.processor(str(chosen.model)), list(laid.Pages(chosen.sights))[: chosen.pages])
    except DataError as error:
        parser.error(f"{chosen.sights}: {error}")
    print(f"{'':24} places   own  other")
    for kind, row in found.items():
        print(f"{kind:24} {row['places']:6}  {row['own']:.2f}   {row['other']:.2f}")


if __name__ == "__main__":
    main()
