"""Whether a text is a body that creates a session; where it is not, findings that say what kind of fault, where, and why."""

import ipaddress
import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from ghostlib.tasks.qod import rules

KINDS = {
    "syntax": "is not JSON",
    "text_around": "there is text around the JSON",
    "missing_field": "a field is missing",
    "invented_field": "a field that the API does not have",
    "wrong_nesting": "a field stands in the wrong object",
    "wrong_type": "a value of the wrong type",
    "wrong_format": "a text that is not what its field holds",
    "out_of_range": "too small, too large, too short, too long, too few or too many",
    "wrong_combination": "fields that do not go together, or one alone that needs another",
}
BY_KEYWORD = {
    "type": "wrong_type",
    "pattern": "wrong_format",
    "format": "wrong_format",
    "enum": "wrong_format",
    "const": "wrong_format",
    "required": "missing_field",
    "not": "wrong_combination",
    "anyOf": "wrong_combination",
    **dict.fromkeys(
        ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "minProperties", "uniqueItems"),
        "out_of_range",
    ),
}


@dataclass(frozen=True)
class Finding:
    """One fault: its kind (a key of KINDS), the field's place ("device.phoneNumber", "" for the whole), and words."""

    kind: str
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path or 'the body'}: {self.message}"


@dataclass(frozen=True)
class Verdict:
    """What `check` found. `body` is the JSON where there is some, even with text around it; `by_letter` says whether the

    published file alone would let it pass.
    """

    findings: tuple[Finding, ...]
    body: Any = None
    by_letter: bool = False

    @property
    def valid(self) -> bool:
        return not self.findings

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(finding.kind for finding in self.findings)


def check(text: str, *, device_required: bool = True) -> Verdict:
    """The verdict on a text. Nothing in it raises: a text that is no JSON has one finding, `syntax`.

    `device_required` is for an access token that names no device (two-legged); with one that does, pass False.
    """
    body, around, problem = read(text)
    if problem:
        return Verdict((Finding("syntax", "", problem),))
    found = verdict(body, device_required=device_required)
    if not around:
        return found
    return Verdict((Finding("text_around", "", f"there is text around the JSON: {around[:60]!r}"), *found.findings), body)


def verdict(body: Any, *, device_required: bool = True) -> Verdict:
    """The verdict on a body that is parsed already."""
    errors = sorted(_judge(device_required).iter_errors(body), key=lambda error: [str(part) for part in error.absolute_path])
    found = [finding for error in errors for finding in _findings(error)]
    found += _beyond(body) if not found else []
    return Verdict(tuple(dict.fromkeys(_explained(found))), body, by_letter=_letter().is_valid(body))


def read(text: str) -> tuple[Any, str, str]:
    """(the JSON value in a text, the words around it, what is wrong): strict JSON, each name once, no NaN.

    A fence of Markdown counts as text around.
    """
    problem = ""
    stripped = text.strip(" \t\r\n")  # JSON's own white space
    try:
        return _strict(stripped), "", ""
    except (ValueError, RecursionError) as error:
        problem = _told(error)
    start = stripped.find("{")
    while 0 <= start < len(stripped):
        try:
            body, end = DECODER.raw_decode(stripped, start)
        except (ValueError, RecursionError) as error:
            return None, "", _told(error) if stripped.startswith("{") else problem
        return body, f"{stripped[:start]}{stripped[end:]}".strip(), ""
    return None, "", problem or "is empty"


def _strict(text: str) -> Any:
    body, end = DECODER.raw_decode(text)
    if text[end:]:
        raise ValueError(f"more after its end: {text[end : end + 40]!r}")
    return body


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"{twice!r} stands twice in one object")
    return dict(pairs)


def _number(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")


DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_number)


def _told(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON (line {error.lineno}, column {error.colno}: {error.msg})"
    return "nested too deeply" if isinstance(error, RecursionError) else f"not JSON ({error})"


@cache
def _judge(device_required: bool) -> Any:
    return rules.validator(rules.schema(device_required=device_required))


@cache
def _letter() -> Any:
    return rules.validator(rules.letter())


def _findings(error: Any) -> list[Finding]:
    """One error of jsonschema as findings; an unknown field each has its own."""
    place = _place(error.absolute_path)
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        return [_unknown(place, name) for name in error.instance if name not in known]
    if error.validator == "required":
        lacking = re.match(r"'(.*)' is a required", error.message)
        name = lacking.group(1) if lacking else ""
        return [Finding("missing_field", _under(place, name), "is missing")]
    kind = BY_KEYWORD.get(error.validator, "wrong_combination")
    if error.validator == "minProperties" and place != "":
        kind = "missing_field"
    if error.validator == "anyOf" and isinstance(error.instance, str):
        kind = "wrong_format"
    elif error.validator == "anyOf" and not isinstance(error.instance, dict):
        kind = "wrong_type"
    return [Finding(kind, place, MESSAGES.get(error.validator, "{message}").format(message=_short(error.message)))]


MESSAGES = {
    "anyOf": "needs publicAddress, and with it privateAddress or publicPort (or, in a list, is no single address)",
    "not": "names a list of addresses and a subnet; one of the two",
    "minProperties": "is empty",
}


def _unknown(place: str, name: str) -> Finding:
    where = _under(place, name)
    homes = rules.owners().get(name, frozenset()) - {place}
    if homes:
        return Finding("wrong_nesting", where, f"belongs into {' or '.join(sorted(home or 'the body' for home in homes))}")
    return Finding("invented_field", where, "does not exist in this API")


def _explained(found: list[Finding]) -> list[Finding]:
    """Without the fields that are missing because they, or what they hold, stand in the wrong object."""
    homes = {home for one in found if one.kind == "wrong_nesting" for home in _lineage(one.path.rpartition(".")[2])}
    return [one for one in found if not (one.kind == "missing_field" and _plain(one.path) in homes)]


def _lineage(name: str) -> set[str]:
    """The places that a field fills: itself where it belongs, and every object above it."""
    filled = set()
    for home in rules.owners().get(name, ()):
        parts = _under(home, name).split(".")
        filled |= {".".join(parts[:count]) for count in range(1, len(parts) + 1)}
    return filled


def _beyond(body: dict[str, Any]) -> list[Finding]:
    """What a JSON Schema cannot say: an IPv6 address that is one, a range that does not run backwards."""
    found = []
    server = body["applicationServer"]
    if "ipv6Address" in server and not _is_network(server["ipv6Address"]):
        found.append(Finding("wrong_format", "applicationServer.ipv6Address", "is no IPv6 address or subnet"))
    for name in ("devicePorts", "applicationServerPorts"):
        for number, one in enumerate(body.get(name, {}).get("ranges", ())):
            if one["from"] > one["to"]:
                found.append(
                    Finding("out_of_range", f"{name}.ranges[{number}]", f"runs from {one['from']} down to {one['to']}")
                )
    return found


def _is_network(text: str) -> bool:
    try:
        ipaddress.IPv6Network(text, strict=False)
    except ValueError:
        return False
    return True


def _place(path: Any) -> str:
    place = ""
    for part in path:
        place = f"{place}[{part}]" if isinstance(part, int) else _under(place, part)
    return place


def _under(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _plain(path: str) -> str:
    return re.sub(r"\[\d+\]", "", path)


def _short(text: str) -> str:
    return text if len(text) <= 140 else f"{text[:137]}..."
