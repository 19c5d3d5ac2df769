"""When two results are the same answer: equal bags of rows, whatever the order of the columns, and of the rows too unless
the gold query orders them. The meaning is that of test-suite accuracy (Zhong, Yu, Klein 2020, arXiv 2010.02840).
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

Rows = Sequence[tuple[Any, ...]]


def same(gold: Rows, predicted: Rows, *, ordered: bool) -> bool:
    """Whether some order of the predicted columns gives the gold rows; two empty results are the same answer."""
    if len(gold) != len(predicted):
        return False
    if not gold:
        return True
    if len(gold[0]) != len(predicted[0]):
        return False
    columns, others = list(zip(*gold, strict=True)), list(zip(*predicted, strict=True))
    if ordered:
        return Counter(columns) == Counter(others)
    if len(columns) == 1:
        return Counter(columns[0]) == Counter(others[0])
    return _bags(columns, others)


def _bags(columns: list[tuple[Any, ...]], others: list[tuple[Any, ...]]) -> bool:
    """Whether the columns can be paired so that the rows are equal bags: column by column, the rows so far compared."""
    bags = [frozenset(Counter(column).items()) for column in others]
    places = defaultdict(list)
    for place, bag in enumerate(bags):
        places[bag].append(place)
    wanted = [places.get(frozenset(Counter(column).items()), []) for column in columns]
    if not all(wanted):
        return False
    order = sorted(range(len(columns)), key=lambda number: len(wanted[number]))  # those with the least choice first
    size = len(columns[0])

    def paired(depth: int, gold: list[int], made: list[int], taken: frozenset[int]) -> bool:
        """`gold` and `made` number the rows so far: equal prefixes of rows have one number on both sides."""
        if depth == len(order):
            return True
        tried: set[tuple[Any, ...]] = set()
        for place in wanted[order[depth]]:
            if place in taken or others[place] in tried:  # an equal column was tried here already
                continue
            tried.add(others[place])
            numbers: dict[tuple[int, Any], int] = {}
            left = [numbers.setdefault(pair, len(numbers)) for pair in zip(gold, columns[order[depth]], strict=True)]
            right = [numbers.get(pair, -1) for pair in zip(made, others[place], strict=True)]
            if Counter(left) == Counter(right) and paired(depth + 1, left, right, taken | {place}):
                return True
        return False

    return paired(0, [0] * size, [0] * size, frozenset())
