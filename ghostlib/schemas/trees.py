"""A parsed statement as a tree: every node below one, and names that come as lists of words."""

import enum
from collections.abc import Iterator
from typing import Any

_PARTS: dict[type, tuple[str, ...]] = {}  # of each class of node: the slots that can hold nodes


def below(node: Any) -> Iterator[tuple[Any, bool]]:
    """Every node of the tree, and whether it stands in a partition bound, where the server works values out at once."""
    from pglast.ast import Node

    waiting: list[tuple[Any, bool]] = [(node, False)]
    while waiting:
        here, bound = waiting.pop()
        if isinstance(here, tuple | list):
            waiting.extend((part, bound) for part in here)
        elif isinstance(here, Node):
            yield here, bound
            kind = type(here)
            bound = bound or kind.__name__ == "PartitionBoundSpec"
            slots = _PARTS.get(kind)
            for slot in _slots(kind) if slots is None else slots:
                part = getattr(here, slot)
                if part is not None:
                    waiting.append((part, bound))


def _slots(kind: type) -> tuple[str, ...]:
    """The slots of a class of node that may hold nodes: all but those that pglast declares as plain values."""
    plain = (int, str, bool, float, dict, enum.Enum)
    found = []
    for name, info in kind.__slots__.items():  # type: ignore[attr-defined]
        types = info.py_type if isinstance(info.py_type, tuple) else (info.py_type,)
        if not all(isinstance(one, type) and issubclass(one, plain) for one in types):
            found.append(name)
    _PARTS[kind] = tuple(found)
    return _PARTS[kind]


def told(words: Any) -> list[str]:
    """A dotted name, which the parser gives as a list of words, as texts."""
    return [str(word.sval) for word in words or () if hasattr(word, "sval")]


def last(words: Any) -> str:
    """The name itself, without its schema."""
    return (told(words) or [""])[-1]
