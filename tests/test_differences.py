"""What a phase has changed: paired, with an interval, and in words that promise no more than the questions show."""

import json
from types import SimpleNamespace

import numpy as np

from ghostlib.inference import differences
from ghostlib.tasks import Terms

METRICS = {"score": "score", "faults": "faults"}
TERMS = Terms(phases=("text", "preference"), metrics=METRICS, less=("faults",), aims={"preference": "faults"})


def scores(values, faults):
    return [
        SimpleNamespace(as_dict=lambda v=v, f=f: {"score": v, "faults": f, "why": "x"})
        for v, f in zip(values, faults, strict=True)
    ]


def test_a_phase_is_told_by_its_own_aim_and_less_of_a_fault_is_better():
    n = 40
    found = differences.changes(
        {
            "base": scores([0.0] * n, [None] * n),
            "text": scores([0.5, 0.7] * (n // 2), [0.4, 0.2] * (n // 2)),
            "tuned": scores([0.5, 0.7] * (n // 2), [0.1, 0.2] * (n // 2)),
        },
        TERMS,
        seed=1,
    )
    assert [(one.before, one.after, one.phase, one.aim) for one in found] == [
        ("base", "text", "text", "score"),
        ("text", "tuned", "preference", "faults"),
    ]
    assert [one.found for one in found] == ["better", "better"]
    assert found[1].values["faults"]["mean"] < 0 and found[1].values["score"] == {"mean": 0.0, "low": 0.0, "high": 0.0}
    assert found[0].values.keys() == {"score"}, "where the base has no fault to count, nothing is compared"
    assert found[1].told("faults", n) == "the phase preference moved faults by -0.150 (-0.195 to -0.105), as it is to"
    assert json.dumps([one.as_dict() for one in found])


def test_the_wrong_way_a_difference_of_chance_and_nothing_to_measure_are_said_as_such():
    rng = np.random.default_rng(3)
    noise = list(rng.normal(0, 0.2, 30))
    series = {"base": scores([0.5] * 30, [0.1] * 30), "text": scores([0.5 + x for x in noise], [0.5] * 30)}
    (chance,) = differences.changes(series, TERMS, seed=1)
    assert chance.found == "not shown" and "30 questions do not tell from no change" in chance.told("score", 30)
    series |= {"tuned": scores([0.0] * 30, [0.9] * 30)}
    assert differences.changes(series, TERMS, seed=1)[1].told("faults", 30).endswith("the wrong way")
    series["tuned"] = scores([0.0] * 30, [None] * 30)
    assert "cannot be told by faults" in differences.changes(series, TERMS, seed=1)[1].told("faults", 30)
    assert differences.changes({"base": series["base"]}, TERMS, seed=1) == ()


def test_pairing_sees_what_two_separate_intervals_hide():
    rng = np.random.default_rng(5)
    old = rng.uniform(0, 1, 60)
    found = differences.paired(list(old), list(old + 0.05), seed=1)
    assert 0.0499 < found["low"] <= found["mean"] <= found["high"] < 0.0501, "every question moved by as much"
