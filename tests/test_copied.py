"""Copying alone: what has a kind is written as a list, word by word, and nothing else is."""

import random
import re

import pytest

from ghostlib.corpus import copied, lists
from ghostlib.schemas import ddl, postgres


@pytest.fixture(scope="module")
def pairs():
    rng = random.Random(2)
    return [copied.labels(rng) for _ in range(150)]


def test_every_line_with_a_kind_is_written_in_its_order_and_no_other(pairs):
    idle = 0
    for told, listed in pairs:
        wanted = []
        for line in told.split("\n"):
            label, kind = re.fullmatch(r"\d+,\d+ ([a-z ]+?)(?: \*)?(?: \| (.+))?", line).groups()
            idle += kind is None
            if kind == copied.TABLE:
                wanted.append(("#", label))
            elif kind:
                wanted.append((f"{kind}, required" if " * | " in line else kind, label))
        written = [line.split(": ") if ": " in line else ["#", line] for line in listed.split("\n")]
        assert len(written) == len(wanted)
        for (kind, label), (name, said) in zip(wanted, [(b, a) if a != "#" else ("#", b) for a, b in written], strict=True):
            assert kind == name
            spelled = said.removeprefix("# ").replace("_", " ")
            assert spelled == label or (kind == "#" and spelled[: len(label) - 1] == label[:-1])
    assert idle > len(pairs)


def test_a_list_begins_with_a_table_names_each_thing_once_and_creates_in_postgresql(pairs):
    many = random.Random(7)
    assert all(copied.labels(many)[1].startswith("# ") for _ in range(3_000)), "a reserved word may have stood first"
    for told, listed in pairs:
        names = [re.sub("^# |: .*", "", line) for line in listed.split("\n")]
        assert listed.startswith("# ") and len(set(names)) == len(names), told
    verdicts = postgres.check_many([ddl.canonical(lists.schema(listed)) for _, listed in pairs[:40]])
    assert all(verdict.valid for verdict in verdicts)


def test_half_of_what_is_read_is_written_again(pairs):
    """That is what it is for: a page's answer repeats a tenth of the page."""
    read, written = (sum(len(re.findall("[a-z]+", pair[side])) for pair in pairs) for side in (0, 1))
    assert written > 0.4 * read


def test_the_same_seed_makes_the_same_labels():
    assert copied.labels(random.Random(3)) == copied.labels(random.Random(3)) != copied.labels(random.Random(4))
