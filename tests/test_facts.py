"""Facts in words and as JSON: whatever the JSON holds stands in the words, letter by letter."""

import json
import random
import re

import pytest

from ghostlib.corpus import facts


@pytest.fixture(scope="module")
def told():
    rng = random.Random(5)
    return [facts.told(rng) for _ in range(400)]


def leaves(value):
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    return [leaf for inner in value for leaf in leaves(inner)] if isinstance(value, list) else [value]


def keys(value):
    return [*value, *(key for inner in value.values() if isinstance(inner, dict) for key in keys(inner))]


def test_every_value_stands_in_the_words(told):
    for words, answer in told:
        assert all(str(leaf) in words for leaf in leaves(json.loads(answer))), (words, answer)


def test_every_key_is_a_name_that_the_words_say(told):
    for words, answer in told:
        for key in keys(json.loads(answer)):
            assert re.sub(r"_|(?<=[a-z])(?=[A-Z])", " ", key).lower() in words.lower(), (words, key)


def test_an_answer_is_one_object_on_one_line_without_blanks_between_its_parts(told):
    for _, answer in told:
        found = json.loads(answer)
        assert found and isinstance(found, dict)
        assert answer == json.dumps(found, separators=(",", ":"))


def test_the_same_seed_tells_the_same_and_nothing_comes_twice(told):
    rng = random.Random(5)
    assert [facts.told(rng) for _ in range(20)] == told[:20]
    assert len(set(told)) == len(told)


def test_numbers_lists_nested_objects_addresses_and_capitals_all_occur(told):
    answers = [json.loads(answer) for _, answer in told]
    values = [value for answer in answers for value in answer.values()]
    assert {int, list, dict, str} == {type(value) for value in values}
    text = "".join(answer for _, answer in told)
    for pattern in (r"@\w+\.example", r"https://", r"2001:db8:", r"[A-Z]{3}_\d", r"\+\d{9}"):
        assert re.search(pattern, text), pattern
