"""What nano's tokenizer is trained on: its exercises, with the places marked that no piece may span."""

import re
from collections.abc import Iterator, Sequence

from ghostlib.corpus import practice
from ghostlib.corpus.laid import Page
from ghostlib.models import vocabulary

EXAMPLES = 12_000
# where a name stands in a line of SQL or of a list
NAME = re.compile(
    r"(?:(?<=^    )|(?<=^# )|^|(?<=TABLE )|(?<=REFERENCES )|(?<=link )|(?<=INDEX ON )|(?<=\()|(?<=')|(?<=choice )|(?<=/ ))"
    r"[a-z][a-z_0-9]*(?=$| |:|,|'|\)|\()"
)
READ = re.compile(r"(^\d+,\d+|\d\d|[a-z]+?(?=s?(?![a-z])))")  # in a line of a reading: position, digits in pairs, words


def lines(seed: int, pages: Sequence[Page]) -> Iterator[str]:
    """What the tokenizer is trained on, with the places marked that no piece may span: words stand for themselves,

    the boilerplate between names may merge ("bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY" is one piece).
    """
    for example in practice.stream(seed, pages, limit=EXAMPLES):
        asked, *below = example.prompt.split("\n")
        yield _read(asked)
        yield from (_written(line) if asked == practice.WRITE else _read(line) for line in below)
        yield from map(_written, f"{example.begun}{example.completion}".split("\n"))


def _read(line: str) -> str:
    return vocabulary.BOUNDARY.join(part for part in READ.split(line) if part)


def _written(line: str) -> str:
    parts, end = [], 0
    for name in NAME.finditer(line):
        parts += [line[end : name.start()], *re.split("(_|s(?=_|$))", name.group())]
        end = name.end()
    return vocabulary.BOUNDARY.join(part for part in [*parts, line[end:]] if part)
