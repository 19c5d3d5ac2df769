"""Random sentences of a grammar in GBNF, by expanding its rules: shallow where a choice allows it, so that each one ends."""

import random
import re
from functools import cache

TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|\[(?:\\.|[^\]\\])*\]|[\w-]+|[()|?*+]')
LETTERS = [chr(code) for code in range(32, 127)] + ["é"]


class Sentences:
    """A grammar that can be drawn from."""

    def __init__(self, text: str):
        self.rules = {}
        for line in text.splitlines():
            name, _, body = line.partition(" ::= ")
            self.rules[name.strip()] = choice(TOKEN.findall(body))[0]

    def draw(self, rng: random.Random, rule: str = "root") -> str:
        return self._drawn(self.rules[rule], rng, 0)

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
            count = least if depth > 14 else rng.randint(least, min(most, 3))
            return "".join(self._drawn(part, rng, depth + 1) for _ in range(count))
        if kind == "all":
            return "".join(self._drawn(part, rng, depth + 1) for part in value)
        chosen = min(value, key=self._height) if depth > 14 and rng.random() < 0.9 else rng.choice(value)
        return self._drawn(chosen, rng, depth + 1)

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
