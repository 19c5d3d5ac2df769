"""Random sentences of a grammar in GBNF, by expanding its rules: shallow where a choice allows it, so that each one ends."""

import random
import re
from collections.abc import Mapping, Sequence
from functools import cache

TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|\[(?:\\.|[^\]\\])*\]|[\w-]+|[()|?*+]')
DEEP = 10  # rules within rules; below that a shallow choice, mostly
AGAIN = 0.4  # the chance of one more where any number is allowed
LETTERS = [chr(code) for code in range(32, 127)] + ["é"]


class Sentences:
    """A grammar that can be drawn from; a rule in `known` gives one of its texts."""

    def __init__(self, text: str, known: Mapping[str, Sequence[str]] | None = None):
        self.rules = {}
        for line in text.splitlines():
            name, _, body = line.partition(" ::= ")
            self.rules[name.strip()] = choice(TOKEN.findall(body))[0]
        for name, texts in (known or {}).items():
            self.rules[name] = ("any", tuple(("text", one) for one in texts))

    def draw(self, rng: random.Random, rule: str = "root", *, depth: int = 0) -> str:
        """A sentence of the rule; the deeper it begins, the smaller it is."""
        return self._drawn(self.rules[rule], rng, depth)

    def _drawn(self, node, rng, depth):
        kind, value = node
        if kind == "text":
            return value
        if kind == "set":
            return rng.choice(value)
        if kind == "rule":
            return self._drawn(self.rules[value], rng, depth + 1)
        if kind == "many":
            part, least, most = value
            count = least
            while depth <= DEEP and count < most and rng.random() < AGAIN:
                count += 1
            return "".join(self._drawn(part, rng, depth) for _ in range(count))
        if kind == "all":
            return "".join(self._drawn(part, rng, depth) for part in value)
        if depth > DEEP and rng.random() < 0.9:
            least = min(map(self._height, value))
            value = [one for one in value if self._height(one) <= least + 4]
        return self._drawn(rng.choice(value), rng, depth)

    @cache  # noqa: B019 - one grammar a test
    def _height(self, node, seen=frozenset()):
        """How deep the shallowest expansion is; a rule within itself is endless."""
        kind, value = node
        if kind in ("text", "set"):
            return 0
        if kind == "rule":
            return 10**6 if value in seen else 1 + self._height(self.rules[value], seen | {value})
        if kind == "many":
            return 1 + self._height(value[0], seen) if value[1] else 0
        heights = [self._height(part, seen) for part in value]
        return 1 + (max(heights, default=0) if kind == "all" else min(heights))


def choice(tokens, place=0):
    """(node, next place) of alternatives, up to a closing bracket."""
    options, parts = [], []
    while place < len(tokens) and tokens[place] != ")":
        token = tokens[place]
        if token == "|":
            options.append(("all", tuple(parts)))
            parts = []
        elif token in "?*+":
            least, most = {"?": (0, 1), "*": (0, 99), "+": (1, 99)}[token]
            parts[-1] = ("many", (parts[-1], least, most))
        elif token == "(":
            node, place = choice(tokens, place + 1)
            parts.append(node)
        elif token[0] == '"':
            parts.append(("text", token[1:-1].encode().decode("unicode_escape")))
        elif token[0] == "[":
            allowed = re.compile(token)
            parts.append(("set", tuple(letter for letter in LETTERS if allowed.fullmatch(letter))))
        else:
            parts.append(("rule", token))
        place += 1
    options.append(("all", tuple(parts)))
    return (options[0] if len(options) == 1 else ("any", tuple(options))), place
