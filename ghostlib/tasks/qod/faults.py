"""One fault put into a body on purpose: what a preference pair's rejected answer has, and what the checker must find."""

import copy
import json
import random
from collections.abc import Callable
from typing import Any

from ghostlib.tasks.qod import scores, verdicts
from ghostlib.tasks.qod.requests import OWN_PROFILES, PROFILES, spelled

INVENTED = (
    ("priority", "high"), ("deviceId", "a1"), ("bandwidth", 50), ("latencyMs", 20), ("region", "eu"), ("startTime", "now"),
    ("notificationUrl", "https://example.com/in"), ("qosFlow", 5), ("sessionName", "call"), ("appName", "camera"),
)  # fmt: skip
AROUND = (("Here is the body:\n", ""), ("", "\nLet me know if you need more."), ("```json\n", "\n```"), ("Sure! ", ""))


def rejected(body: dict[str, Any], fault: str, rng: random.Random) -> str:
    """The body as an answer that has the fault (a key of FAULTS or of SOUND) and no other."""
    spoilt = copy.deepcopy(body)
    (FAULTS | SOUND)[fault](spoilt, rng)
    if fault == "text_around":
        before, after = rng.choice(AROUND)
        return f"{before}{spelled(body)}{after}"
    return spelled(spoilt)


def _invented(body: dict[str, Any], rng: random.Random) -> None:
    name, value = rng.choice(INVENTED)
    place = rng.choice((body, body, body["device"], body["applicationServer"]))
    place[name] = value


def _profile(body: dict[str, Any], rng: random.Random) -> None:
    body["qosProfile"] = rng.choice([name for name in (*PROFILES, *OWN_PROFILES) if name != body["qosProfile"]])


def _type(body: dict[str, Any], rng: random.Random) -> None:
    address = body["device"].get("ipv4Address", {})
    ways: list[Callable[[], Any]] = [lambda: body.update(duration=str(body["duration"]))]
    if "publicPort" in address:
        ways.append(lambda: address.update(publicPort=str(address["publicPort"])))
    for name in ("devicePorts", "applicationServerPorts"):
        if "ports" in body.get(name, {}):
            ways.append(lambda name=name: body[name].update(ports=[str(port) for port in body[name]["ports"]]))
    rng.choice(ways)()


def _missing(body: dict[str, Any], rng: random.Random) -> None:
    del body["device"]


def _nesting(body: dict[str, Any], rng: random.Random) -> None:
    way = rng.choice(("lift", "profile", "duration"))
    if way == "lift":
        body.update(body.pop("device"))
    else:
        name = {"profile": "qosProfile", "duration": "duration"}[way]
        body[rng.choice(("device", "applicationServer"))][name] = body.pop(name)


def _unasked(body: dict[str, Any], rng: random.Random) -> None:
    """A field that the API has and the request does not name."""
    port = rng.choice((80, 443, 5004, 8080))
    values = {
        "sink": "https://events.example.com/qod",
        "devicePorts": {"ports": [port]},
        "applicationServerPorts": {"ranges": [{"from": port, "to": port + 10}]},
    }
    name = rng.choice([name for name in values if name not in body] or ["applicationServer"])
    if name in values:
        body[name] = values[name]
    else:  # everything else is asked for: an address of the other family
        there = body["applicationServer"]
        there |= {"ipv6Address": "2001:db8::1"} if "ipv4Address" in there else {"ipv4Address": "192.0.2.1"}


FAULTS: dict[str, Callable[[dict[str, Any], random.Random], None]] = {
    "invented_field": _invented,
    "wrong_profile": _profile,
    "wrong_type": _type,
    "missing_field": _missing,
    "text_around": lambda body, rng: None,
    "wrong_nesting": _nesting,
}


# A body that the API takes, and that is not what was asked for; not among the shipped pairs, each of which the API refuses
# or whose profile is another.
SOUND: dict[str, Callable[[dict[str, Any], random.Random], None]] = {"unasked_field": _unasked}


def of(answer: str, gold: str) -> frozenset[str]:
    """The faults of an answer: the checker's kinds, and what differs from the body that the request asks for.

    Those are `unasked_field`, else `wrong_profile` and `wrong_value`; they are told where the API would take the body.
    """
    found = verdicts.check(answer)
    kinds = set(found.kinds)
    body, wanted = found.body, json.loads(gold)
    if isinstance(body, dict) and found.valid:
        if scores.fields(body) - scores.fields(wanted):
            return frozenset({"unasked_field"})
        if body["qosProfile"] != wanted["qosProfile"]:
            kinds.add("wrong_profile")
        if {**body, "qosProfile": ""} != {**wanted, "qosProfile": ""}:
            kinds.add("wrong_value")
    return frozenset(kinds)
