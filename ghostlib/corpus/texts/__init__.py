"""The text examples: hand-written ones (`data/texts.md`) and ones told from the domains' models, always the same.

`python -m ghostlib.corpus.texts` writes them to `data/dataset.json`.
"""

import re
from collections.abc import Callable
from pathlib import Path
from random import Random

from ghostlib import config
from ghostlib.corpus.records import Text, save
from ghostlib.corpus.screens.domains import DOMAINS, TRAINING, Domain
from ghostlib.corpus.texts import changes, descriptions, elements, flat, indexing, repairs
from ghostlib.errors import DataError

SEED = 7
LONGEST = 1100  # characters of an answer, about 350 tokens
WIDEST = 1700  # characters of question and answer, so that nano's 1,024 tokens hold nearly all of them

Kind = Callable[[Domain, Random], tuple[str, str, str] | None]
KINDS: dict[str, tuple[Kind, int]] = {  # what is told, and how many of it
    "description": (descriptions.description, 62),
    "form": (elements.form, 30),
    "list": (elements.listing, 26),
    "change": (changes.change, 56),
    "normalisation": (flat.normalisation, 36),
    "indexing": (indexing.indexing, 32),
    "repair": (repairs.repair, 48),
}


def main() -> None:
    """Writes `data/dataset.json`."""
    folder = config.root() / "data"
    texts = [*written(folder / "texts.md"), *told()]
    print(f"{save(texts, folder / 'dataset.json')}: {len(texts)} examples")


def written(path: Path) -> list[Text]:
    """The hand-written examples of a Markdown file: `## domain | instruction`, the input, `Answer:`, a fenced block of SQL."""
    texts = []
    for block in path.read_text(encoding="utf-8").split("\n## ")[1:]:
        head, _, body = block.partition("\n")
        given, answer, fenced = body.partition("\nAnswer:\n")
        domain, bar, instruction = head.partition(" | ")
        sql = re.search(r"```sql\n(.*?)```", fenced, re.DOTALL)
        if not (bar and answer and sql):
            raise DataError(f"{path}: the example {head[:60]!r} lacks `domain | instruction`, `Answer:` or its ```sql block.")
        texts.append(Text(instruction.strip(), _unwrapped(given), sql.group(1).strip(), domain.strip()))
    return texts


def _unwrapped(given: str) -> str:
    """The input without its fences, each wrapped paragraph of prose on one line; lists and SQL keep their lines."""
    parts = re.split(r"```\w*\n(.*?)\n```", given.strip(), flags=re.DOTALL)
    parts[::2] = [re.sub(r"(?<=\S)\n(?=[^\n-])", " ", prose) for prose in parts[::2]]
    return "".join(parts).strip()


def told(seed: int = SEED) -> list[Text]:
    """The examples told from the training domains' relational models: so many of every kind, no two with one answer.

    The domains take turns, so that none stands in much more of them than another.
    """
    rng = Random(seed)
    texts: list[Text] = []
    answers: set[str] = set()
    turn = 0
    for kind, count in KINDS.values():
        made = 0
        while made < count:
            domain = DOMAINS[TRAINING[turn % len(TRAINING)]]
            example = kind(domain, rng)
            turn += example is not None or rng.random() < 0.2  # a domain that gives no occasion does not hold the turn
            if example is None:
                continue
            instruction, given, answer = example
            fits = len(answer) <= LONGEST and len(given) + len(answer) <= WIDEST
            if fits and statements(answer) not in answers:
                answers.add(statements(answer))
                texts.append(Text(instruction, given, answer, domain.name))
                made += 1
    return texts


def statements(answer: str) -> str:
    """An answer without the comment that may stand above it."""
    return "\n".join(line for line in answer.split("\n") if not line.startswith("--")).strip()
