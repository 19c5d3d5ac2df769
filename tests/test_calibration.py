"""A confidence as an expected score: it rises, it says how good it is, and it holds for the weights that it was measured on."""

import json
import random

import pytest

from ghostlib.inference import calibration, gguf


def answers(n, noise, seed=1):
    rng = random.Random(seed)
    told = [rng.random() for _ in range(n)]
    return told, [min(1.0, max(0.0, one**2 + rng.uniform(-noise, noise))) for one in told]


def test_the_expected_score_never_falls_and_stays_between_0_and_1():
    found = calibration.fitted(*answers(60, 0.3), model="x")
    told = [found.expected(step / 50) for step in range(-10, 70)]
    assert told == sorted(told) and 0 <= told[0] and told[-1] <= 1


def test_where_confidence_says_everything_the_error_is_small_and_where_it_says_nothing_the_quality_admits_it():
    good = calibration.fitted(*answers(80, 0.02), model="x")
    rng = random.Random(2)
    bad = calibration.fitted([rng.random() for _ in range(80)], [rng.random() for _ in range(80)], model="x")
    assert good.error < 0.05 < 0.2 < good.error_of_mean and good.rank > 0.95
    assert bad.error > 0.95 * bad.error_of_mean and abs(bad.rank) < 0.3
    assert f"{good.error:.2f}" in good.quality() and "80 valid" in good.quality()


def test_few_answers_say_nothing_and_equal_ones_are_no_error():
    assert calibration.fitted([0.5] * 9, [0.5] * 9, model="x") is None
    flat = calibration.fitted([0.5] * 12, [0.25] * 12, model="x")
    assert flat.expected(0.1) == flat.expected(0.9) == 0.25 and flat.rank == 0.0


@pytest.fixture
def export(tmp_path):
    files = {"m.gguf": {"bytes": 1, "sha256": "abc"}}
    (tmp_path / gguf.MANIFEST).write_text(json.dumps({"text": "m.gguf", "mmproj": None, "files": files}))
    return tmp_path


def test_what_is_saved_is_found_again_with_its_quality_in_words(export):
    made = calibration.fitted(*answers(30, 0.1), model="abc")
    file = calibration.save(made, export)
    assert calibration.find(export) == made
    assert json.loads(file.read_text())["quality"] == made.quality()


@pytest.mark.parametrize("damage", ["{", "[]", '{"points": 3}', '{"points": [[1]]}', "null"])
def test_a_broken_fact_and_one_of_other_weights_are_none(export, damage):
    calibration.save(calibration.fitted(*answers(30, 0.1), model="other"), export)
    assert calibration.find(export) is None
    (export / calibration.FILE).write_text(damage)
    assert calibration.find(export) is None
