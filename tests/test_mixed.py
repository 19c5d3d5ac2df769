"""Lists of which nothing can be expected: still lists, of the same form, and all that they say must be copied."""

import random
import re

import pytest

from ghostlib.corpus import laid, lists, mixed, renamed
from ghostlib.schemas import ddl, postgres


@pytest.fixture(scope="module")
def pairs():
    rng = random.Random(5)
    plain = [lists.listing(laid.screen(rng).schema) for _ in range(150)]
    return [(listed, mixed.mixed(listed, rng)) for listed in plain]


def tables(listed):
    return [part.split("\n") for part in re.split(r"\n(?=# )", listed)]


def test_a_mixed_list_reads_back_as_it_stands_and_postgresql_accepts_what_it_says(pairs):
    told = [lists.schema(other) for _, other in pairs]
    assert [lists.listing(schema) for schema in told] == [other for _, other in pairs]
    verdicts = postgres.check_many([ddl.canonical(schema) for schema in told])
    assert [(verdict.problems, other) for verdict, (_, other) in zip(verdicts, pairs, strict=True) if not verdict.valid] == []


def test_its_tables_keep_their_order_and_links_lead_to_the_tables_they_led_to(pairs):
    def links(listed):
        names = [head[2:] for head, *_ in tables(listed)]
        return [
            sorted(names.index(to) for field in fields for to in re.findall(r": link (\w+)", field))
            for _, *fields in tables(listed)
        ]

    for listed, other in pairs:
        assert links(listed) == links(other), (listed, other)


def test_no_field_stands_twice_in_a_table(pairs):
    for _, other in pairs:
        for _, *fields in tables(other):
            names = [field.split(":")[0] for field in fields]
            assert len(set(names)) == len(names), other


def test_words_kinds_and_order_are_others(pairs):
    spoken = renamed.SPOKEN | {"id"}
    kept = total = moved = kinds = 0
    for listed, other in pairs:
        words = set(re.findall("[a-z]+", listed)) - spoken
        kept, total = kept + len(words & set(re.findall("[a-z]+", other))), total + len(words)
        before, after = ([field.split(": ")[1] for _, *fields in tables(one) for field in fields] for one in (listed, other))
        moved += before != after
        kinds += sorted(before) != sorted(after)
    assert kept < 0.5 * total
    assert moved > 0.7 * len(pairs) and kinds > 0.4 * len(pairs)


def test_the_same_seed_mixes_the_same():
    listed = "# cats\nname: text, required\nborn_on: date"
    assert mixed.mixed(listed, random.Random(1)) == mixed.mixed(listed, random.Random(1))
    assert len({mixed.mixed(listed, random.Random(seed)) for seed in range(20)}) > 15


def test_a_list_with_a_slip_says_something_twice_and_is_the_same_schema_by_rule(pairs):
    rng, kinds = random.Random(8), set()
    for listed, other in pairs:
        slipped = mixed.slipped(other, rng)
        assert slipped != other and lists.schema(slipped) == lists.schema(other)
        heads = [table[0] for table in tables(slipped)]
        twice = [name for table in tables(slipped) for name in names(table) if names(table).count(name) > 1]
        kinds.add("table" if len(set(heads)) < len(heads) else "field")
        assert len(set(heads)) < len(heads) or twice
        assert mixed.slipped(listed, random.Random(1)) == mixed.slipped(listed, random.Random(1))
    assert kinds == {"table", "field"}
    assert mixed.slipped("# alone", rng) == "# alone"


def names(table):
    return [field.split(":")[0] for field in table[1:]]
