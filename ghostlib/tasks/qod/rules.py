"""The body that creates a CAMARA QualityOnDemand session, as a JSON Schema written here from the API's public rules (1.2).

`schema` is what decoding is constrained by and what a body is checked against; `letter` is the part of it that the
published file itself says. What stands between the two: a device must be named where the access token does not, no field
is invented, and a credential has the fields of its type.
"""

import copy
import ipaddress
import re
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker, TypeChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

LONGEST = 2_147_483_647  # of a duration, in seconds: the API's integers have 32 bits
OCTET = r"(25[0-5]|2[0-4][0-9]|[01]?[0-9]?[0-9])"
IPV4 = rf"{OCTET}(\.{OCTET}){{3}}"
PROFILE = r"^[a-zA-Z0-9_.-]+$"
# What decoding may write of them. Stricter than the API's patterns: those admit what is no address, no host and no moment, and
# llama.cpp takes no escaped slash (it would let any text pass instead).
BYTE = r"(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
WRITTEN_IPV4 = rf"{BYTE}(\.{BYTE}){{3}}"
HEX = "[0-9a-fA-F]{1,4}"
WRITTEN_IPV6 = "(" + "|".join(
    [rf"({HEX}:){{7}}{HEX}", *(rf"({HEX}:){{{n}}}(:{HEX}){{1,{7 - n}}}" for n in range(1, 7)), rf"({HEX}:){{1,7}}:"]
    + [rf":(:{HEX}){{1,7}}", "::"]
) + ")"  # fmt: skip
NUMBER = "(6553[0-5]|655[0-2][0-9]|65[0-4][0-9][0-9]|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3})"
WRITTEN_HTTPS = rf"https://[a-zA-Z0-9]([a-zA-Z0-9.-]{{0,60}}[a-zA-Z0-9])?(:{NUMBER})?(/[a-zA-Z0-9._~?=&/-]{{0,120}})?"
TIME = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z"
DAY = "(0[1-9]|[12][0-9]"
WRITTEN_MOMENT = (
    rf"(20[0-9][0-9]-((0[13578]|1[02])-{DAY}|3[01])|(0[469]|11)-{DAY}|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
    rf"|20([02468][048]|[13579][26])-02-29)T{TIME}"
)
CREDENTIALS = ("ACCESSTOKEN", "PRIVATE_KEY_JWT")
FORMATS = FormatChecker(formats=())


def _object(properties: dict[str, Any], *, required: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    found = {"type": "object", "properties": properties, "additionalProperties": False}
    return found | ({"required": list(required)} if required else {}) | more


def _text(**more: Any) -> dict[str, Any]:
    return {"type": "string"} | more


PORT = {"type": "integer", "minimum": 1, "maximum": 65535}
SINGLE_IPV4 = _text(format="ipv4", pattern=f"^{IPV4}$", maxLength=15)
SINGLE_IPV6 = _text(format="ipv6", pattern="^[0-9a-fA-F:.]+$", maxLength=45)
HTTPS = _text(format="uri", pattern=r"^https:\/\/.+$", maxLength=2048)
PORTS = _object(
    {
        "ranges": {
            "type": "array",
            "minItems": 1,
            "maxItems": 65536,
            "items": _object({"from": PORT, "to": PORT}, required=("from", "to")),
        },
        "ports": {"type": "array", "minItems": 1, "maxItems": 65536, "items": PORT},
    },
    minProperties=1,
)
DEVICE = _object(
    {
        "phoneNumber": _text(pattern=r"^\+[1-9][0-9]{4,14}$", maxLength=16),
        "networkAccessIdentifier": _text(maxLength=2048),
        "ipv4Address": _object(
            {"publicAddress": SINGLE_IPV4, "privateAddress": SINGLE_IPV4, "publicPort": PORT},
            anyOf=[{"required": ["publicAddress", "privateAddress"]}, {"required": ["publicAddress", "publicPort"]}],
        ),
        "ipv6Address": SINGLE_IPV6,
    },
    minProperties=1,
)
SERVER = _object(
    {
        "ipv4Address": _text(pattern=rf"^{IPV4}(\/(3[0-2]|[12]?[0-9]))?$", maxLength=18),
        "ipv6Address": _text(pattern=r"^[0-9a-fA-F:.]+(\/(12[0-8]|1[01][0-9]|[1-9]?[0-9]))?$", maxLength=49),
        "ipAddresses": {
            "type": "array",
            "minItems": 1,
            "maxItems": 16,
            "uniqueItems": True,
            "items": {"anyOf": [SINGLE_IPV4, SINGLE_IPV6]},
        },
    },
    minProperties=1,
)
CREDENTIAL = _object(
    {
        "credentialType": {"type": "string", "enum": list(CREDENTIALS)},
        "accessToken": _text(maxLength=4096),
        "accessTokenExpiresUtc": _text(format="date-time", maxLength=64),
        "accessTokenType": {"type": "string", "enum": ["bearer"]},
        "clientId": _text(maxLength=128),
        "tokenUri": HTTPS,
        "jwksUri": HTTPS,
    },
    required=("credentialType",),
)
BODY = _object(
    {
        "device": DEVICE,
        "applicationServer": SERVER,
        "qosProfile": _text(pattern=PROFILE, minLength=3, maxLength=256),
        "duration": {"type": "integer", "minimum": 1, "maximum": LONGEST},
        "devicePorts": PORTS,
        "applicationServerPorts": PORTS,
        "sink": HTTPS,
        "sinkCredential": CREDENTIAL,
    },
    required=("applicationServer", "qosProfile", "duration"),
)
BY_TOKEN = ("accessToken", "accessTokenExpiresUtc", "accessTokenType")


@cache
def schema(*, device_required: bool = True) -> dict[str, Any]:
    """The JSON Schema (2020-12) of the body. Without `device_required` the access token may name the device."""
    found = copy.deepcopy(BODY)
    if device_required:
        found["required"].insert(0, "device")
    parts = found["properties"]
    parts["applicationServer"]["not"] = {  # a list, or a subnet of each family, not both
        "anyOf": [{"required": ["ipAddresses", "ipv4Address"]}, {"required": ["ipAddresses", "ipv6Address"]}]
    }
    token = {"properties": {"credentialType": {"const": "ACCESSTOKEN"}}, "required": ["credentialType"]}
    parts["sinkCredential"] |= {"if": token, "then": {"required": list(BY_TOKEN)}}
    return found


@cache
def letter() -> dict[str, Any]:
    """What the published file alone says: other fields are let be (but not in applicationServer), the device may be absent."""
    found = _opened(schema(device_required=False))
    found["properties"]["applicationServer"]["additionalProperties"] = False
    found["properties"]["sinkCredential"] = {
        "type": "object",
        "required": ["credentialType"],
        "properties": {"credentialType": CREDENTIAL["properties"]["credentialType"]},
    }
    return found


@cache
def grammar(*, device_required: bool = True) -> dict[str, Any]:
    """The schema as constrained decoding takes it: without what a grammar cannot say, and with few ports and short texts.

    Everything that it admits is a body that `check` takes, but for a range of ports that ends before it begins. One way to
    name a device's IPv4 address is an object of its own, since a grammar knows no `anyOf` of required.
    """
    found = copy.deepcopy(BODY)
    parts = found["properties"]
    if device_required:
        found["required"].insert(0, "device")
    address = DEVICE["properties"]["ipv4Address"]["properties"]
    single = {"type": "string", "pattern": f"^{WRITTEN_IPV4}$"}
    ways = [("publicAddress", "privateAddress"), ("publicAddress", "publicPort")]
    parts["device"] = {
        "anyOf": [
            _object({"phoneNumber": _text(pattern=r"^\+[1-9][0-9]{4,14}$")}, required=("phoneNumber",)),
            _object(
                {"networkAccessIdentifier": _text(pattern="^[a-zA-Z0-9.@_+-]{1,64}$")}, required=("networkAccessIdentifier",)
            ),
            *(
                _object(
                    {"ipv4Address": _object({n: single if n != "publicPort" else address[n] for n in way}, required=way)},
                    required=("ipv4Address",),
                )
                for way in ways
            ),  # fmt: skip
            _object({"ipv6Address": _text(pattern=f"^{WRITTEN_IPV6}$")}, required=("ipv6Address",)),
        ]
    }
    v4 = _text(pattern=f"^{WRITTEN_IPV4}(/(3[0-2]|[12]?[0-9]))?$")
    v6 = _text(pattern=f"^{WRITTEN_IPV6}(/(12[0-8]|1[01][0-9]|[1-9]?[0-9]))?$")
    kinds = ({"ipv4Address": v4}, {"ipv6Address": v6}, {"ipv4Address": v4, "ipv6Address": v6})
    parts["applicationServer"] = {"anyOf": [_object(kind, required=tuple(kind)) for kind in kinds]}
    ranges = PORTS["properties"]["ranges"] | {"maxItems": 4}
    ports = PORTS["properties"]["ports"] | {"maxItems": 8}
    few = [{"ranges": ranges}, {"ports": ports}, {"ranges": ranges, "ports": ports}]
    for name in ("devicePorts", "applicationServerPorts"):
        parts[name] = {"anyOf": [_object(one, required=tuple(one)) for one in few]}
    parts["qosProfile"] = _text(pattern=r"^[a-zA-Z0-9_.-]{3,64}$")
    parts["sink"] = _text(pattern=f"^{WRITTEN_HTTPS}$")
    bearer = _text(pattern="^[a-zA-Z0-9._~+/=-]{1,128}$")  # RFC 6750, section 2.1
    values = [{"const": "ACCESSTOKEN"}, bearer, _text(pattern=f"^{WRITTEN_MOMENT}$"), {"const": "bearer"}]
    token = dict(zip(("credentialType", *BY_TOKEN), values, strict=True))
    parts["sinkCredential"] = _object(token, required=tuple(token))
    return found


@cache
def owners() -> dict[str, frozenset[str]]:
    """For each field's name, the places of the objects that it belongs to: {"from": {"devicePorts.ranges", ...}, ...}."""
    found: dict[str, set[str]] = {}

    def walk(part: dict[str, Any], place: str) -> None:
        for name, inner in part.get("properties", {}).items():
            found.setdefault(name, set()).add(place)
            walk(inner, f"{place}.{name}".lstrip("."))
        if "items" in part:
            walk(part["items"], place)

    walk(BODY, "")
    return {name: frozenset(places) for name, places in found.items()}


def validator(of: dict[str, Any]) -> Any:
    """A jsonschema validator with this module's formats; numbers and patterns as the API's rules read them."""
    return JUDGE(of, format_checker=FORMATS)


def _opened(part: Any) -> Any:
    if isinstance(part, dict):
        return {name: _opened(value) for name, value in part.items() if name != "additionalProperties"}
    return [_opened(one) for one in part] if isinstance(part, list) else part


def _pattern(judge: Any, pattern: str, value: Any, part: Any) -> Any:
    # Python's $ lets a line break follow, the API's (ECMA 262) does not
    if isinstance(value, str) and not re.search(re.sub(r"\$$", r"\\Z", pattern), value):
        yield ValidationError(f"{value!r} does not match {pattern}")


def _whole(_: TypeChecker, value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)  # 3600.0 has a fraction, as OpenAPI 3.0 reads it


JUDGE = extend(
    Draft202012Validator, {"pattern": _pattern}, type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _whole)
)


@FORMATS.checks("ipv4", raises=ValueError)
def _ipv4(value: Any) -> bool:
    return not isinstance(value, str) or bool(ipaddress.IPv4Address(value))


@FORMATS.checks("ipv6", raises=ValueError)
def _ipv6(value: Any) -> bool:
    if not isinstance(value, str):
        return True
    ipaddress.IPv6Address(value)
    return "%" not in value  # a zone is this host's own affair


@FORMATS.checks("date-time", raises=ValueError)
def _moment(value: Any) -> bool:
    """RFC 3339, section 5.6: a date, a T, a time, and always a zone."""
    if not isinstance(value, str):
        return True
    if not re.fullmatch(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", value, re.ASCII):
        return False
    return bool(datetime.fromisoformat(re.sub(r"\.\d+", "", value.upper()).replace(":60", ":59")))


@FORMATS.checks("uri", raises=ValueError)
def _uri(value: Any) -> bool:
    """RFC 3986's letters, a scheme and, after https, a host."""
    if not isinstance(value, str):
        return True
    found = urlsplit(value)
    clean = re.fullmatch(r"([A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+", value) is not None
    _ = found.port  # raises for one that is no number
    return clean and bool(found.scheme) and (found.scheme != "https" or bool(found.hostname))
