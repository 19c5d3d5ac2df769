"""The QualityOnDemand task: its rules and checker, its requests, its shipped data, its faults, its score."""

import copy
import dataclasses
import json
import random
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ghostlib import config as configs
from ghostlib import machine, tasks
from ghostlib.errors import ConfigError, DataError
from ghostlib.tasks import qod
from ghostlib.tasks.qod import faults, requests, rules, scores, verdicts

BODY = {
    "device": {"phoneNumber": "+4915550100101"},
    "applicationServer": {"ipv4Address": "198.51.100.0/24"},
    "qosProfile": "QOS_E",
    "duration": 3600,
}


@pytest.fixture(scope="module")
def nano():
    return configs.load("nano", task="qod", scale="full", overrides=("data.generated=300",))


def body(path="", value=None, **more):
    """BODY with the value at a dotted place; no value removes it."""
    made = copy.deepcopy(BODY) | copy.deepcopy(more)
    if path:
        *above, name = path.split(".")
        part = made
        for step in above:
            part = part.setdefault(step, {})
        if value is None:
            del part[name]
        else:
            part[name] = value
    return made


def kinds(made, **how):
    return set(verdicts.verdict(made, **how).kinds)


@pytest.mark.parametrize(
    ("path", "good"),
    [
        ("device.phoneNumber", ("+12345", "+123456789012345")),
        ("device", ({"networkAccessIdentifier": "a@b"}, {"ipv6Address": "2001:db8::1"})),
        ("device", ({"phoneNumber": "+4912345", "ipv6Address": "::1"},)),
        ("device", ({"ipv4Address": {"publicAddress": "1.2.3.4", "publicPort": 1}},)),
        ("device", ({"ipv4Address": {"publicAddress": "1.2.3.4", "privateAddress": "10.0.0.1", "publicPort": 65535}},)),
        ("applicationServer.ipv4Address", ("1.2.3.4", "1.2.3.4/0", "1.2.3.4/32", "255.255.255.255")),
        ("applicationServer.ipv6Address", ("2001:db8::/64", "::1/128", "::ffff:1.2.3.4")),
        ("applicationServer", ({"ipAddresses": ["1.2.3.4", "2001:db8::1"]},)),
        ("qosProfile", ("abc", "a" * 256, "A-z_0.9", "QOS_L")),
        ("duration", (1, 2_147_483_647)),
        ("devicePorts", ({"ports": [1, 65535]}, {"ranges": [{"from": 5, "to": 5}]})),
        ("devicePorts", ({"ranges": [{"from": 1, "to": 2}], "ports": [3]},)),
        ("sink", ("https://a.b", "https://a.b:8443/c?d=e%20f", "https://" + "a" * 2040)),
        ("sinkCredential", ({"credentialType": "PRIVATE_KEY_JWT"},)),
    ],
)  # fmt: skip
def test_what_the_api_takes_has_no_finding(path, good):
    for value in good:
        found = verdicts.verdict(body(path, value))
        assert found.valid and found.by_letter, (value, found.findings)


@pytest.mark.parametrize(
    ("path", "kind", "bad"),
    [
        ("device.phoneNumber", "wrong_format", ("4915550100101", "+0123456", "+1234", "+1234567890123456", "+12345\n")),
        ("device", "missing_field", ({},)),
        ("device", "wrong_combination", ({"ipv4Address": {"publicAddress": "1.2.3.4"}}, {"ipv4Address": {"publicPort": 5}})),
        ("device", "wrong_type", ("+4915550100101", ["+4915550100101"], {"ipv4Address": "1.2.3.4"})),
        ("device", "wrong_format", ({"ipv6Address": "fe80::1%eth0"}, {"ipv6Address": "2001:db8::/64"})),
        ("applicationServer.ipv4Address", "wrong_format", ("1.2.3", "1.2.3.256", "1.2.3.4/33", "1.2.3.4/", "1.2.3.4 ")),
        ("applicationServer", "wrong_format", ({"ipv6Address": "2001:db8::/129"}, {"ipAddresses": ["1.2.3.4/8"]})),
        ("applicationServer", "wrong_combination", ({"ipAddresses": ["1.2.3.4"], "ipv4Address": "1.2.3.4"},)),
        ("applicationServer", "out_of_range", ({"ipAddresses": []}, {"ipAddresses": ["1.2.3.4"] * 2})),
        ("qosProfile", "wrong_format", ("QOS E", "QOS/E", "QÖS", "abc\n")),
        ("qosProfile", "out_of_range", ("ab", "a" * 257)),
        ("qosProfile", "wrong_type", (5, ["QOS_E"])),
        ("duration", "out_of_range", (0, -1, 2_147_483_648)),
        ("duration", "wrong_type", ("3600", 3600.0, 1.5, True, [3600])),
        ("devicePorts", "wrong_type", ([80], 80, {"ports": ["80"]}, {"ports": 80})),
        ("devicePorts", "out_of_range", ({"ports": [0]}, {"ports": [65536]}, {"ranges": [{"from": 9, "to": 8}]})),
        ("devicePorts", "missing_field", ({"ranges": [{"from": 9}]}, {})),
        ("sink", "wrong_format", ("http://a.b", "https://", "https://a b", "ftp://a.b", "https://a.b:port/")),
        ("sink", "out_of_range", ("https://" + "a" * 2041,)),
        ("sinkCredential", "missing_field", ({}, {"credentialType": "ACCESSTOKEN", "accessToken": "a"})),
        ("sinkCredential", "wrong_format", ({"credentialType": "PLAIN"},)),
    ],
)  # fmt: skip
def test_what_the_api_does_not_take_has_the_finding_that_says_why(path, kind, bad):
    for value in bad:
        assert kind in kinds(body(path, value)), (value, verdicts.verdict(body(path, value)).findings)


@pytest.mark.parametrize("name", ["device", "applicationServer", "qosProfile", "duration"])
def test_each_required_field_is_missed_and_a_switch_lets_the_token_name_the_device(name):
    made = body(name)
    assert [(one.kind, one.path) for one in verdicts.verdict(made).findings] == [("missing_field", name)]
    assert verdicts.verdict(made, device_required=False).valid == (name == "device")


def test_a_field_in_the_wrong_object_is_a_matter_of_nesting_and_an_unknown_one_is_invented():
    lifted = body("device") | {"phoneNumber": "+4915550100101"}
    assert kinds(lifted) == {"wrong_nesting"}, "the device is not missed beside it"
    assert kinds(body("device.qosProfile", "QOS_E")) == {"wrong_nesting"}
    assert kinds(body("priority", "high")) == kinds(body("device.imei", "1")) == {"invented_field"}
    moved = body("qosProfile")
    moved["applicationServer"]["qosProfile"] = "QOS_E"
    assert kinds(moved) == {"wrong_nesting"}
    [finding] = verdicts.verdict(moved).findings
    assert str(finding) == "applicationServer.qosProfile: belongs into the body"


def test_the_letter_of_the_file_lets_unknown_fields_and_no_device_pass_and_nothing_else():
    assert verdicts.verdict(body("priority", "high")).by_letter and verdicts.verdict(body("device")).by_letter
    assert not verdicts.verdict(body("applicationServer.name", "x")).by_letter, "that object is closed in the file itself"
    assert not verdicts.verdict(body("duration", 0)).by_letter
    assert verdicts.verdict(body("sinkCredential", {"credentialType": "ACCESSTOKEN"})).by_letter


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "syntax"), ("no", "syntax"), ("{", "syntax"), ('{"a": 1,}', "syntax"), ("{'a': 1}", "syntax"),
        ("[" * 100_000, "syntax"),
        ('{"duration": NaN}', "syntax"), ('{"duration": 1, "duration": 2}', "syntax"), ('{"device":' * 50_000, "syntax"),
        ("[]", "wrong_type"), ("null", "wrong_type"), ("3", "wrong_type"), ('"{}"', "wrong_type"),
        (f"Here: {json.dumps(BODY)}", "text_around"), (f"```json\n{json.dumps(BODY)}\n```", "text_around"),
        (f"{json.dumps(BODY)}{json.dumps(BODY)}", "text_around"), (f"\ufeff{json.dumps(BODY)}", "text_around"),
    ],
)  # fmt: skip
def test_text_that_is_not_one_json_object_alone_is_told(text, kind):
    found = verdicts.check(text)
    assert kind in found.kinds and not found.valid
    if kind == "text_around":
        assert found.body == BODY
    assert verdicts.check(f" \n{json.dumps(BODY, indent=2)}\r\n\t").valid, "white space is JSON's own"


NAMES = st.sampled_from(sorted(rules.owners())) | st.text(max_size=5)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(BODY)), JSON, st.text(max_size=30))
def test_no_value_and_no_text_raises_and_what_is_valid_is_so_by_the_letter_too(name, value, text):
    verdicts.check(text)
    scores.score(text, json.dumps(BODY))
    found = verdicts.verdict({**BODY, name: value})
    assert not found.valid or found.by_letter
    scores.score(json.dumps(value), json.dumps(BODY))


def test_every_drawn_request_is_valid_and_says_every_value_of_its_body():
    drawn = requests.draw(600, seed=3)
    assert len({one.text for one in drawn}) == 600 and drawn == requests.draw(600, seed=3) != requests.draw(600, seed=4)
    shapes = set()
    for one in drawn:
        found = verdicts.check(one.text)
        assert found.valid and found.by_letter, (one.text, found.findings)
        shapes |= scores.fields(one.body)
        for value in re.findall(
            r'"(?:publicAddress|phoneNumber|ipv4Address|ipv6Address|qosProfile|sink|accessToken)":"([^"]+)"', one.text
        ):
            assert value in one.words, (value, one.words)
    unused = {"applicationServer.ipAddresses", "sinkCredential.clientId", "sinkCredential.tokenUri", "sinkCredential.jwksUri"}
    known = {f"{home}.{name}".lstrip(".") for name, homes in rules.owners().items() for home in homes}
    assert shapes == known - unused, "each field of the API is asked for somewhere"


@pytest.mark.parametrize("fault", [*faults.FAULTS, *faults.SOUND])
def test_a_fault_put_into_a_body_is_found_alone(fault):
    rng = random.Random(5)
    for one in requests.draw(80, seed=8):
        spoilt = faults.rejected(one.body, fault, rng)
        assert faults.of(spoilt, one.text) == {fault}, spoilt
        assert not faults.of(one.text, one.text) and spoilt != one.text


def test_the_shipped_examples_and_pairs_pass_and_fail_as_they_say():
    examples = qod._rows(configs.root() / "data/qod/requests.jsonl")
    pairs = qod._rows(configs.root() / "data/qod/preferences.jsonl")
    assert len(examples) >= 50 and len(pairs) >= 30 and len({row["input"] for row in examples}) == len(examples)
    assert {row["fault"] for row in pairs} == set(faults.FAULTS)
    for row in pairs:
        assert verdicts.check(row["chosen"]).valid
        assert faults.of(row["rejected"], row["chosen"]) == {row["fault"]}, row
    for row in examples:
        found = verdicts.check(row["response"])
        assert found.valid and found.by_letter and row["instruction"] == qod.INSTRUCTION
        for value in re.findall(
            r'"(?:\w*Address|phoneNumber|networkAccessIdentifier|qosProfile|sink|accessToken)":"([^"]+)"', row["response"]
        ):
            assert value in row["input"], (value, row["input"])


def test_training_and_validation_share_no_body_and_nano_has_its_thousands(nano):
    full = configs.load("nano", task="qod", scale="full")
    assert full.data.generated >= 5000
    training, held = (qod.examples(nano, "text", split) for split in ("train", "validation"))
    assert len(training) == 300 + 49 and len(held) == qod.UNSEEN + 7
    assert not {one.completion for one in training} & {one.completion for one in held}
    assert qod.examples(nano, "preference", "validation") == held, "both phases are asked the same"
    assert all(one.prompt.startswith(qod.INSTRUCTION) and one.group["device"] for one in training)
    pairs = qod.preferences(nano, "train")
    assert len(pairs) == 42 + 300 and not {one.chosen for one in pairs[42:]} & {one.completion for one in held}
    assert all(faults.of(one.rejected, one.chosen) == {one.fault} for one in pairs)


def test_the_profile_is_for_a_gpu_and_nano_stands_in_where_none_is(monkeypatch):
    real = configs.load("qod", scale="full")
    assert (real.task, real.model.name) == ("qod", "microsoft/Phi-3-mini-4k-instruct") and real.needs_gpu
    assert (real.lora.rank, real.lora.alpha, real.lora.dropout, real.lora.dora) == (16, 16, 0.05, False)
    train = real.train
    assert (train.learning_rate, train.batch_size, train.accumulation, train.epochs) == (2e-4, 2, 4, 3)
    assert (real.preference.beta, real.preference.epochs) == (0.1, 1) and not real.data.generated
    card = machine.card("T4")
    monkeypatch.setattr(machine, "look", lambda: dataclasses.replace(card, gpu=None))
    assert machine.configure("auto", task="qod").profile == "nano"
    monkeypatch.setattr(machine, "look", lambda: card)
    assert machine.configure("auto", task="qod").profile == "qod"
    with pytest.raises(ConfigError, match="task qod: has no settings for profile a10g. Use --profile qod, nano"):
        configs.load("a10g", task="qod")
    with pytest.raises(ConfigError, match="task qot: .*qod"):
        configs.load("nano", task="qot")
    with pytest.raises(ConfigError, match="lora.dropout=0.05: must be 0 with lora.dora=true"):
        configs.load("qod", overrides=("lora.dora=true",))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "line 2 is no example"), ('{"input": "a"}', "line 2 is no example"), ("[]", "line 2 is no example"),
        ('{"instruction": "a", "input": "b", "response": "{}"}', "line 2: "), ('{"response": "x"}', "instruction is missing"),
    ],
)  # fmt: skip
def test_a_broken_row_is_named_with_its_line(tmp_path, line, told):
    file = tmp_path / "rows.jsonl"
    good = json.dumps({"instruction": "a", "input": "b", "response": requests.spelled(BODY)})
    file.write_text(f"{good}\n{line}\n")
    with pytest.raises(DataError, match=told):
        qod._rows(file)
    with pytest.raises(DataError, match="cannot be read"):
        qod._rows(tmp_path / "none.jsonl")


def test_each_number_of_a_score_falls_for_its_own_reason_alone():
    gold = requests.spelled(BODY)
    right = scores.score(gold, gold)
    ones = ("request_score", "validity", "compliance", "value_accuracy", "exact", "device", "address", "profile", "duration")
    assert all(getattr(right, name) == 1.0 for name in ones) and right.hallucinated_fields == right.missing_fields == 0.0
    other = scores.score(requests.spelled(body("qosProfile", "QOS_S")), gold)
    assert (other.compliance, other.profile, other.value_accuracy, other.request_score) == (1, 0, 0.75, 0.75)
    invented = scores.score(requests.spelled(body("priority", 1)), gold)
    assert (invented.validity, invented.compliance, invented.value_accuracy) == (1, 0, 1)
    assert invented.hallucinated_fields == 1 / 7 and invented.request_score == 0
    unasked = scores.score(requests.spelled(body("sink", "https://a.b")), gold)
    assert unasked.compliance == 1 and unasked.hallucinated_fields == 1 / 7 and unasked.exact == 0
    lacking = scores.score(requests.spelled(body("device")), gold)
    assert lacking.missing_fields == 2 / 6 and lacking.hallucinated_fields == 0 and lacking.device == 0
    around = scores.score(f"Sure! {gold}", gold)
    assert (around.validity, around.compliance, around.value_accuracy) == (0, 0, 1)
    nothing = scores.score("no idea", gold)
    assert nothing.hallucinated_fields is None and nothing.missing_fields == 1 and nothing.request_score == 0
    assert scores.score(requests.spelled(body("duration", True)), gold).duration == 0, "true is not 1"


def test_means_have_intervals_and_what_no_answer_has_is_left_out():
    gold = requests.spelled(BODY)
    example = tasks.Example("a", "b", completion=gold)
    found = qod.aggregate(qod.score([gold, "no"], [example] * 2), seed=1)
    assert next(iter(found)) == qod.TERMS.rank == "request_score"
    assert found["compliance"]["mean"] == 0.5 and found["compliance"]["low"] <= 0.5 <= found["compliance"]["high"]
    assert found["hallucinated_fields"]["mean"] == 0.0
    assert "hallucinated_fields" not in qod.aggregate(qod.score(["no"], [example]))
    assert set(qod.TERMS.metrics) <= set(found)


def test_the_grammar_for_decoding_admits_only_bodies_of_the_right_shape_and_all_that_are_drawn():
    judge = rules.validator(rules.grammar())
    for one in requests.draw(150, seed=12):
        assert judge.is_valid(one.body)
        for fault in ("invented_field", "wrong_type", "missing_field", "wrong_nesting"):
            assert not judge.is_valid(json.loads(faults.rejected(one.body, fault, random.Random(1))))
