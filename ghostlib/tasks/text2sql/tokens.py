"""SQL cut into words as Spider's definition of exact set match cuts it.

That definition goes back to a tokenizer for English: a comparison needs blanks round its `=`, every quotation mark counts as
the same one, and letters outside quotes are small. What it cannot read does not count as a match, so it is kept here.
"""

import re

_APART = re.compile(r"([;@#$%&?!\[\](){}<>]|--|\.{2,}|[,:](?!\d)|\.$)")
_TEXT = re.compile(r"\x00\d+\x00")


class Unreadable(ValueError):
    """A query outside the part of SQL for which exact set match is defined."""


def cut(sql: str) -> list[str]:
    """The words of a query; a text in quotes is one word that begins with `"`. Raises Unreadable for a quote left open."""
    parts = sql.replace("'", '"').replace("\x00", "").split('"')
    if len(parts) % 2 == 0:
        raise Unreadable("a quotation mark is not closed")
    texts = parts[1::2]
    marked = "".join(part if place % 2 == 0 else f"\x00{place // 2}\x00" for place, part in enumerate(parts))
    found: list[str] = []
    for word in _APART.sub(r" \1 ", marked.strip()).split():
        if word == "=" and found and found[-1] in ("!", ">", "<"):
            found[-1] += "="
        else:
            found.append(f'"{texts[int(word[1:-1])]}"' if _TEXT.fullmatch(word) else word.lower())
    return found
