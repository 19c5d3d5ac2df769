"""Copying alone: what has a kind is written as a list, word by word, and nothing else is."""

import random
import re

import pytest

from ghostlib.corpus import copied, invented, lists
from ghostlib.schemas import ddl, postgres


@pytest.fixture(scope="module")
def pairs():
    rng = random.Random(2)
    return [copied.labels(rng) for _ in range(150)]


@pytest.fixture(scope="module")
def taken_apart(pairs):
    """Of each pair: the menu's names, the lines below it as (label, kind or None, required), the list's lines."""
    found = []
    for told, listed in pairs:
        menu, *lines = told.split("\n")
        rows = [re.fullmatch(r"\d+,\d+ ([a-z ]+?)( \*)?(?: \| (.+))?", line).groups() for line in lines]
        names = re.fullmatch(r"0,0 menu: ([a-z ,]+)", menu)[1].split(", ")
        found.append((names, [(label, kind, bool(must)) for label, must, kind in rows], listed.split("\n")))
    return found


def test_every_line_with_a_kind_is_written_in_its_order_and_no_other(taken_apart):
    idle = 0
    for menu, rows, listed in taken_apart:
        alone = {label for label, kind, _ in rows if kind is None}
        idle += len(alone)
        links = [line for line in listed if ": link " in line]
        expected = [f"# {re.search('link ([a-z_]+)', line)[1]}\nname: text, required" for line in links]
        for label, kind, must in rows:
            name, many = label.replace(" ", "_"), invented.plural(label)
            if kind == copied.TABLE:
                expected.append(f"# {invented.plural(name)}")
            elif kind == "text" and many in {*menu, *alone}:
                expected.append(f"{name}_id: link {invented.plural(name)}{', required' * must}")
            elif kind:
                expected.append(f"{name}: {kind}{', required' * must}")
        assert "\n".join(listed) == "\n".join(expected)
    assert idle > len(taken_apart)


def test_a_text_is_a_link_where_its_plural_stands_in_the_menu_or_alone_and_only_there(taken_apart):
    linked = alone = texts = 0
    for menu, _, listed in taken_apart:
        named = set(re.findall(": link ([a-z_]+)", "\n".join(listed)))
        texts += sum(line.count(": text") for line in listed) - len(named)
        linked += len(named)
        alone += len(named - {name.replace(" ", "_") for name in menu})
    assert 0.1 < alone / linked < 0.4 and 0.1 < texts / linked < 0.7, (alone, linked, texts)


def test_a_list_begins_with_a_table_names_each_thing_once_and_creates_in_postgresql(pairs):
    many = random.Random(7)
    assert all(copied.labels(many)[1].startswith("# ") for _ in range(3_000)), "a reserved word may have stood first"
    for told, listed in pairs:
        names = [re.sub("^# |: .*", "", line) for line in listed.split("\n")]
        assert listed.startswith("# ")
        assert len(set(names)) == len(names) - max(0, listed.count("\nname: text, required") - 1), told
    verdicts = postgres.check_many([ddl.canonical(lists.schema(listed)) for _, listed in pairs[:40]])
    assert all(verdict.valid for verdict in verdicts)


def test_half_of_what_is_read_is_written_again(pairs):
    """That is what it is for: a page's answer repeats a tenth of the page."""
    read, written = (sum(len(re.findall("[a-z]+", pair[side])) for pair in pairs) for side in (0, 1))
    assert written > 0.4 * read


def test_the_same_seed_makes_the_same_labels():
    assert copied.labels(random.Random(3)) == copied.labels(random.Random(3)) != copied.labels(random.Random(4))
