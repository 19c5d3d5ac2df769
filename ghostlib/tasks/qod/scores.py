"""How good an answer is: does the API take it, and does it say what the request says."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ghostlib.tasks.qod.verdicts import Verdict, check

RESAMPLES = 1000
PARTS = ("device", "applicationServer", "qosProfile", "duration")
METRICS = {
    "request_score": "score",
    "validity": "JSON alone",
    "compliance": "by the\nAPI's rules",
    "hallucinated_fields": "fields that\nnobody asked for",
    "missing_fields": "fields\nmissing",
    "value_accuracy": "values right",
}


@dataclass(frozen=True)
class Score:
    """One answer against the body that its request asks for; every number is 0..1.

    request_score: the values that are right (value_accuracy) of a body that the API takes, 0 of any other. validity: the
    text is JSON and nothing else. compliance: it has no finding of `check`. hallucinated_fields: of its fields, those that
    the request does not name, whether the API knows them or not; None where there is no field. missing_fields: of the
    request's fields, those that it lacks. device, address, profile, duration: this part is exactly as asked; value_accuracy
    is their mean. exact: the whole body is.
    """

    request_score: float
    validity: float
    compliance: float
    hallucinated_fields: float | None
    missing_fields: float
    value_accuracy: float
    device: float
    address: float
    profile: float
    duration: float
    exact: float
    faults: tuple[str, ...] = ()

    @property
    def valid(self) -> bool:
        return bool(self.compliance)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready; `valid` says whether the API's rules let it pass."""
        return asdict(self) | {"valid": self.valid, "faults": list(self.faults)}


def score(answer: str, gold: str) -> Score:
    """The Score of one answer; `gold` is a body as text."""
    found, wanted = check(answer), json.loads(gold)
    body = found.body if isinstance(found.body, dict) else {}
    here, there = fields(body), fields(wanted)
    right = [float(name in body and _same(body[name], wanted.get(name))) for name in PARTS]
    accuracy = sum(right) / len(right)
    return Score(
        request_score=accuracy if found.valid else 0.0,
        validity=float(_is_json(found)),
        compliance=float(found.valid),
        hallucinated_fields=len(here - there) / len(here) if here else None,
        missing_fields=len(there - here) / len(there),
        value_accuracy=accuracy,
        device=right[0],
        address=right[1],
        profile=right[2],
        duration=right[3],
        exact=float(found.valid and _same(body, wanted)),
        faults=tuple(str(finding) for finding in found.findings[:5]),
    )


def aggregate(rows: Sequence[Score], *, seed: int = 0) -> dict[str, dict[str, float]]:
    """Each metric's mean with a 95 % bootstrap interval over the answers; left out where no answer has it."""
    import numpy as np

    made = {}
    for name in Score.__dataclass_fields__:
        if name == "faults":
            continue
        values = np.array([value for row in rows if (value := getattr(row, name)) is not None], dtype=float)
        if len(values):
            drawn = np.random.default_rng(seed).choice(values, (RESAMPLES, len(values))).mean(axis=1)
            low, high = np.percentile(drawn, (2.5, 97.5))
            made[name] = {"mean": float(values.mean()), "low": float(low), "high": float(high)}
    return made


def fields(body: Any) -> frozenset[str]:
    """The places of all fields, objects too: {"device", "device.phoneNumber", "devicePorts.ranges.from", ...}."""
    found: set[str] = set()

    def walk(part: Any, place: str) -> None:
        if isinstance(part, dict):
            for name, inner in part.items():
                found.add(f"{place}{name}")
                walk(inner, f"{place}{name}.")
        elif isinstance(part, list):
            for inner in part:
                walk(inner, place)

    walk(body, "")
    return frozenset(found)


def _same(one: Any, other: Any) -> bool:
    """Equal as JSON is: 1 is not true, and the order of fields does not count."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _is_json(found: Verdict) -> bool:
    return not found.kinds & {"syntax", "text_around"}


def inside(text: str) -> str:
    """The JSON object in a text, as it stands there; the whole text where there is none."""
    fenced = re.search(r"```(?:\w+)?\s*\n(.*?)(?:```|\Z)", text, re.DOTALL)
    text = (fenced.group(1) if fenced else text).strip()
    start, end = text.find("{"), text.rfind("}")
    return text[start : end + 1] if 0 <= start < end else text
