"""Requests in words with the body that each asks for, as many as one likes: the body is drawn first, then it is told.

Every value of a body stands in its words, or follows from them by a rule of the instruction (`one hour` is 3600 seconds), so
what is to be learnt is to find and copy values, not to guess them.
"""

import json
import random
from dataclasses import dataclass
from typing import Any

PROFILES = ("QOS_E", "QOS_S", "QOS_M", "QOS_L")
OWN_PROFILES = ("voice", "gaming-low-latency", "video_4k", "drone.control", "telemetry-v2", "QOS_UPLINK", "iot_burst")
SPANS = (("seconds", 1), ("minutes", 60), ("hours", 3600))
HOSTS = ("notify", "events", "hooks", "callback", "qod", "status")
FIRMS = ("example.com", "example.org", "example.net", "shop.example", "clinic.example", "fleet.example", "arena.example")
USES = (
    "a video call", "our cloud game", "a live broadcast", "the remote crane", "an online exam", "the delivery drone",
    "a telehealth visit", "the point of sale", "our augmented reality tour", "a software rollout", "the camera van",
)  # fmt: skip
OPENINGS = (
    "Open a session for {use}.", "We need a better connection for {use}.", "Please set up quality on demand for {use}.",
    "Book network quality for {use}.", "Start a QoD session: {use}.", "I want stable quality for {use}.", "",
)  # fmt: skip
PHONE = ("The phone is {}.", "Device number {}.", "It is for the phone with the number {}.", "Subscriber {}.", "Use phone {}.")
NAI = ("The device is known as {}.", "Network access identifier {}.", "Its identifier in the network is {}.")
V6 = ("The device has the IPv6 address {}.", "It runs on device address {}.", "Device IPv6: {}.")
PUBLIC_PORT = (
    "The device is seen at {} port {}.",
    "Device public address {}, public port {}.",
    "It reaches us from {}, port {}.",
)
PRIVATE = ("The device is {} outside and {} inside its network.", "Device public address {}, private address {}.")
SERVER = ("The server is {}.", "It talks to the application server {}.", "Traffic goes to {}.", "Our backend is at {}.")
SERVERS = ("The server is {} and {}.", "Application server {}, in IPv6 {}.", "Our backend is at {}, also at {}.")
PROFILE = ("Use profile {}.", "The profile is {}.", "Quality {} please.", "We agreed on {}.", "QoS profile {}.")
SPAN = ("Keep it for {}.", "It lasts {}.", "For {}.", "We need it for {}.", "Duration {}.")
PORT = ("{} port {}.", "On {} port {}.", "Only {} port {}.")
PORTS = ("{} ports {} and {}.", "Only {} ports {} and {}.")
RANGE = ("{} ports {} to {}.", "On {} ports from {} to {}.")
SINK = ("Send events to {}.", "Notify us at {}.", "Status changes go to {}.", "The callback is {}.")
TOKEN = ("Authorise the events with the bearer token {}, good until {}.", "Its access token is {} and expires at {}.")


@dataclass(frozen=True)
class Request:
    """What somebody asks for in words, and the body that it is."""

    words: str
    body: dict[str, Any]

    @property
    def text(self) -> str:
        """The body as it is written in an answer."""
        return spelled(self.body)


def spelled(body: Any) -> str:
    """A body as JSON on one line, without blanks: every blank would be a token."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False)


def draw(count: int, *, seed: int) -> list[Request]:
    """`count` requests, no body twice; the same for one seed."""
    rng, found = random.Random(seed), {}
    while len(found) < count:
        request = one(rng)
        found.setdefault(request.text, request)
    return list(found.values())


def one(rng: random.Random) -> Request:
    """One request; about half name ports, a third a sink."""
    body: dict[str, Any] = {}
    device = _device(rng, body)
    told = [_server(rng, body), _profile(rng, body), _span(rng, body)]
    told += [_ports(rng, body, name) for name in ("devicePorts", "applicationServerPorts") if rng.random() < 0.25]
    if rng.random() < 0.3:
        told.append(_sink(rng, body))
    told.insert(rng.randrange(2), device)
    if rng.random() < 0.5:
        rng.shuffle(told)
    opening = rng.choice(OPENINGS).format(use=rng.choice(USES))
    return Request(" ".join(part for part in (opening, *told) if part), body)


def _device(rng: random.Random, body: dict[str, Any]) -> str:
    kind = rng.choices(("phone", "port", "private", "v6", "nai"), (5, 2, 1, 2, 1))[0]
    if kind == "phone":
        body["device"] = {"phoneNumber": f"+{rng.randint(10, 99)}{rng.randrange(10**6, 10**9)}"}
        return rng.choice(PHONE).format(body["device"]["phoneNumber"])
    if kind == "nai":
        body["device"] = {"networkAccessIdentifier": f"{rng.randrange(10**5, 10**9)}@{rng.choice(FIRMS)}"}
        return rng.choice(NAI).format(body["device"]["networkAccessIdentifier"])
    if kind == "v6":
        body["device"] = {"ipv6Address": _ipv6(rng)}
        return rng.choice(V6).format(body["device"]["ipv6Address"])
    address: dict[str, Any] = {"publicAddress": _ipv4(rng)}
    body["device"] = {"ipv4Address": address}
    if kind == "port":
        address["publicPort"] = _port(rng)
        return rng.choice(PUBLIC_PORT).format(*address.values())
    address["privateAddress"] = f"10.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randint(1, 254)}"
    return rng.choice(PRIVATE).format(*address.values())


def _server(rng: random.Random, body: dict[str, Any]) -> str:
    v4, v6 = _ipv4(rng), _ipv6(rng)
    if rng.random() < 0.3:
        v4 = f"{v4.rpartition('.')[0]}.0/24"
    kind = rng.choices(("v4", "v6", "both"), (6, 2, 1))[0]
    addresses = {"ipv4Address": v4, "ipv6Address": v6}
    body["applicationServer"] = {name: value for name, value in addresses.items() if kind == "both" or name[2:4] == kind}
    return rng.choice(SERVERS if kind == "both" else SERVER).format(*body["applicationServer"].values())


def _profile(rng: random.Random, body: dict[str, Any]) -> str:
    body["qosProfile"] = rng.choice(PROFILES if rng.random() < 0.7 else OWN_PROFILES)
    return rng.choice(PROFILE).format(body["qosProfile"])


def _span(rng: random.Random, body: dict[str, Any]) -> str:
    unit, seconds = rng.choices(SPANS, (6, 2, 1))[0]
    number = {"seconds": rng.choice((rng.randint(60, 9999), 100 * rng.randint(1, 864))), "minutes": 5 * rng.randint(1, 12)}
    count = number.get(unit) or rng.randint(1, 12)
    body["duration"] = count * seconds
    words = f"{count} {unit[:-1] if count == 1 else unit}"
    return rng.choice(SPAN).format("an hour" if (unit, count) == ("hours", 1) and rng.random() < 0.5 else words)


def _ports(rng: random.Random, body: dict[str, Any], name: str) -> str:
    side = "device" if name == "devicePorts" else "server"
    first = _port(rng)
    second = min(65535, first + rng.choice((5, 10, 20, 100)))
    kind = rng.choice(("port", "ports", "range"))
    if kind == "range":
        body[name] = {"ranges": [{"from": first, "to": second}]}
        told = rng.choice(RANGE).format(side, first, second)
    else:
        body[name] = {"ports": [first] if kind == "port" else [first, second]}
        told = rng.choice(PORT if kind == "port" else PORTS).format(side, *body[name]["ports"])
    return f"{told[0].upper()}{told[1:]}"


def _sink(rng: random.Random, body: dict[str, Any]) -> str:
    body["sink"] = f"https://{rng.choice(HOSTS)}.{rng.choice(FIRMS)}/{rng.choice(('qod', 'events', 'v1', 'in'))}"
    told = rng.choice(SINK).format(body["sink"])
    if rng.random() < 0.25:
        until = f"20{rng.randint(26, 29)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}T{rng.randrange(24):02}:00:00Z"
        token = "".join(rng.choices("abcdefghjkmnpqrstuvwxyz23456789", k=10))
        body["sinkCredential"] = {
            "credentialType": "ACCESSTOKEN", "accessToken": token, "accessTokenExpiresUtc": until, "accessTokenType": "bearer",
        }  # fmt: skip
        told += " " + rng.choice(TOKEN).format(token, until)
    return told


def _ipv4(rng: random.Random) -> str:
    """An address of the three blocks that are for documentation (RFC 5737)."""
    return f"{rng.choice(('192.0.2', '198.51.100', '203.0.113'))}.{rng.randint(1, 254)}"


def _ipv6(rng: random.Random) -> str:
    """An address of the block that is for documentation (RFC 3849)."""
    return f"2001:db8:{rng.randrange(1, 65536):x}::{rng.randrange(1, 65536):x}"


def _port(rng: random.Random) -> int:
    return rng.choice((80, 443, 3478, 5004, 5060, 8080, 8443, 9000, rng.randint(1024, 65000)))
