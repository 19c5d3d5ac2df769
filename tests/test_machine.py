"""What the machine is: GPUs by a stand-in nvidia-smi, keys from three places, and decisions that say why."""

import json
import os
import sys
from pathlib import Path

import pytest

from ghostlib import config, machine
from ghostlib.errors import MachineError

STANDIN = Path(__file__).parent / "colab_standin"
SECRET = "hf_0123456789abcdef"
T4 = "Tesla T4, 7.5, 15095"
A10G = "NVIDIA A10G, 8.6, 22589"


@pytest.fixture
def driver(tmp_path, monkeypatch):
    """A function that puts an nvidia-smi on the PATH which prints `answer` and exits with `code`."""

    def put(answer, code=0):
        place = tmp_path / "bin"
        place.mkdir(exist_ok=True)
        script = place / "nvidia-smi"
        script.write_text(f"#!/bin/sh\ncat <<'END'\n{answer}\nEND\nexit {code}\n")
        script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{place}{os.pathsep}{os.environ['PATH']}")

    return put


@pytest.fixture
def no_driver(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def colab(monkeypatch):
    """Google Colab as far as the project can see it."""
    monkeypatch.syspath_prepend(str(STANDIN))
    yield
    for name in [name for name in sys.modules if name.startswith("google.colab")]:
        del sys.modules[name]


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "project" / "configs").mkdir(parents=True)
    monkeypatch.setenv("GHOST_ROOT", str(tmp_path / "project"))
    for names in machine.KEYS.values():
        for name in names:
            monkeypatch.delenv(name, raising=False)
    return tmp_path / "project"


def test_a_machine_without_nvidia_smi_is_a_cpu_machine(no_driver):
    here = machine.look()
    assert (here.gpu, here.capability, here.vram_gib) == (None, None, None)
    assert here.cpus >= 1 and here.ram_gib > 0.1 and here.disk_free_gib > 0


@pytest.mark.parametrize(
    ("line", "name", "capability", "gib"), [(T4, "Tesla T4", (7, 5), 14.74), (A10G, "NVIDIA A10G", (8, 6), 22.06)]
)
def test_a_gpu_is_what_the_driver_names(driver, line, name, capability, gib):
    driver(line)
    here = machine.look()
    assert (here.gpu, here.capability) == (name, capability)
    assert here.vram_gib == pytest.approx(gib, abs=0.01)


def test_the_first_of_two_cards_counts_and_a_comma_in_a_name_does_no_harm(driver):
    driver(f"NVIDIA X, the large one, 9.0, 81920\n{T4}")
    here = machine.look()
    assert (here.gpu, here.vram_gib) == ("NVIDIA X, the large one", 80.0)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.", 9),
        ("No devices were found", 0),
        ("", 0),
        ("Tesla T4, [N/A], [N/A]", 0),
    ],
)
def test_a_driver_without_a_card_is_a_cpu_machine(driver, answer, code):
    driver(answer, code)
    assert machine.look().gpu is None


def test_a_cpu_machine_computes_in_fp32(no_driver):
    found = machine.precision(machine.look())
    assert (found.compute, found.storage) == ("float32", "float32") and "no GPU" in found.why


def test_a_t4_multiplies_in_fp16_and_keeps_fp32_whatever_torch_says_of_bf16(driver):
    driver(T4)
    found = machine.precision(machine.look())
    assert (found.compute, found.storage) == ("float16", "float32")
    assert "Tesla T4 (7.5)" in found.why and "bf16" in found.why


def test_an_a10g_uses_bf16(driver):
    driver(A10G)
    found = machine.precision(machine.look())
    assert (found.compute, found.storage) == ("bfloat16", "bfloat16") and "8.6" in found.why


@pytest.mark.parametrize(
    ("line", "profile"), [(T4, "t4"), (A10G, "a10g"), ("NVIDIA L4, 8.9, 23034", "a10g"), ("GTX 1650, 7.5, 4096", "nano")]
)
def test_the_profile_follows_the_card_and_says_why(driver, line, profile):
    driver(line)
    chosen, why = machine.profile(machine.look())
    assert chosen == profile and line.split(",")[0] in why


def test_auto_is_nano_where_no_gpu_is_and_the_reason_is_kept(no_driver):
    made = machine.configure("auto", scale="smoke", overrides=["seed=3"])
    assert (made.profile, made.scale, made.seed) == ("nano", "smoke", 3) and "no GPU" in made.reason


def test_a_profile_named_is_taken_whatever_the_machine_is(no_driver):
    made = machine.configure("t4")
    assert made.profile == "t4" and made.reason == "asked for by name"


@pytest.mark.parametrize("name", machine.CARDS)
def test_a_card_that_is_elsewhere_can_be_planned_for(no_driver, name):
    there = machine.card(name.lower())
    assert there.gpu == name and (there.vram_gib, there.capability) == machine.CARDS[name]
    assert there.ram_gib == machine.look().ram_gib


def test_the_card_of_free_colab_and_the_one_of_the_large_profile_choose_their_profiles(no_driver):
    assert machine.profile(machine.card("T4"))[0] == "t4"
    assert machine.profile(machine.card("A10G"))[0] == "a10g"


def test_an_unknown_card_lists_the_known_ones(no_driver):
    with pytest.raises(MachineError, match="not a known card. There are: T4, V100, L4, A10G"):
        machine.card("RTX 9090")


def test_a_machine_is_not_colab_without_the_package_of_colab():
    assert machine.in_colab() is False


def test_colab_is_known_by_its_package(colab):
    assert machine.in_colab() is True


def test_without_any_key_the_answer_is_none(project):
    assert machine.keys() == {"Hugging Face": None, "Gemini": None}
    assert machine.key("Gemini") is None


@pytest.mark.parametrize("name", ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"])
def test_a_key_comes_from_the_environment(project, monkeypatch, name):
    monkeypatch.setenv(name, SECRET)
    assert machine.key("Hugging Face") == SECRET
    assert machine.keys() == {"Hugging Face": "environment", "Gemini": None}


@pytest.mark.parametrize(
    "line", [f"GEMINI_API_KEY={SECRET}", f"export GEMINI_API_KEY='{SECRET}'", f'  GOOGLE_API_KEY = "{SECRET}"  ']
)
def test_a_key_comes_from_a_dotenv_file_however_it_is_written(project, line):
    (project / ".env").write_text(f"# keys\n#GEMINI_API_KEY=no\n\nnonsense\n{line}\n")
    assert machine.key("Gemini") == SECRET
    assert machine.keys()["Gemini"] == ".env"


def test_a_dotenv_file_that_is_no_text_is_no_key(project):
    (project / ".env").write_bytes(b"\xff\xfe\x00GEMINI_API_KEY=x")
    assert machine.key("Gemini") is None


def test_a_key_comes_from_colabs_secrets(project, colab, monkeypatch):
    monkeypatch.setenv("GHOST_STANDIN_SECRETS", json.dumps({"GOOGLE_API_KEY": SECRET}))
    assert machine.key("Gemini") == SECRET
    assert machine.keys() == {"Hugging Face": None, "Gemini": "Colab secrets"}


def test_a_secret_that_this_notebook_may_not_read_is_no_key_and_no_error(project, colab, monkeypatch):
    monkeypatch.setenv("GHOST_STANDIN_SECRETS", json.dumps({"HF_TOKEN": None}))
    assert machine.keys()["Hugging Face"] is None


def test_the_environment_comes_before_secrets_and_secrets_before_the_file(project, colab, monkeypatch):
    (project / ".env").write_text("GEMINI_API_KEY=file\n")
    monkeypatch.setenv("GHOST_STANDIN_SECRETS", json.dumps({"GEMINI_API_KEY": "secret"}))
    assert machine.key("Gemini") == "secret"
    monkeypatch.setenv("GOOGLE_API_KEY", "environment")
    assert machine.key("Gemini") == "environment"


def test_a_key_is_never_told_to_anybody(project, monkeypatch, capsys):
    monkeypatch.setenv("HF_TOKEN", SECRET)
    (project / ".env").write_text(f"GEMINI_API_KEY={SECRET}\n")
    print(machine.keys(), machine.look())
    assert SECRET not in capsys.readouterr().out


PRECISIONS = {  # card -> what matrices are multiplied in, what weights are kept in, and the word of the reason
    None: ("float32", "float32", "no GPU"),
    "T4": ("float16", "float32", "(7.5): no bf16 units"),
    "V100": ("float16", "float32", "(7.0): no bf16 units"),
    "L4": ("bfloat16", "bfloat16", "(8.9): has bf16 units"),
    "A10G": ("bfloat16", "bfloat16", "(8.6): has bf16 units"),
    "A100": ("bfloat16", "bfloat16", "(8.0): has bf16 units"),
    "H100": ("bfloat16", "bfloat16", "(9.0): has bf16 units"),
}
EVERY_CARD = pytest.mark.parametrize("card", PRECISIONS)


@pytest.fixture
def hardware(no_driver, monkeypatch):
    """A function that puts a card into this machine."""

    def put(card):
        there = machine.card(card) if card else machine.look()
        monkeypatch.setattr(machine, "look", lambda: there)
        return there

    return put


def test_every_card_that_can_be_planned_for_has_a_precision_in_this_table():
    assert set(machine.CARDS) == set(PRECISIONS) - {None}


@EVERY_CARD
def test_each_machine_has_one_precision_and_the_reason_names_it(hardware, card):
    found = machine.precision(hardware(card))
    compute, storage, reason = PRECISIONS[card]
    assert (found.compute, found.storage) == (compute, storage) and reason in found.why and (card or "") in found.why


class Weights:
    """Stands in for a class of transformers: keeps what it was asked to load with."""

    asked: dict

    def from_pretrained(self, where, **asked):
        import torch

        Weights.asked = asked
        model = torch.nn.Module()
        model.linear = torch.nn.Linear(2, 2)
        model.linear.compute_dtype = torch.bfloat16  # as a checkpoint that is NF4 already may say
        return model


@EVERY_CARD
@pytest.mark.parametrize("quantised", [False, True], ids=["quantised here", "NF4 checkpoint"])
def test_weights_are_loaded_in_what_the_precision_says(hardware, monkeypatch, card, quantised):
    import torch

    from ghostlib.models import load

    hardware(card)
    compute, storage, _ = PRECISIONS[card]
    told = type("Architecture", (), {"model_type": "gemma3", "quantization_config": {} if quantised else None})
    monkeypatch.setattr(load, "_architecture", lambda where: told)
    monkeypatch.setattr(load, "_class", lambda architecture: Weights())
    monkeypatch.setattr(load, "processor", lambda name: None)
    nano = config.load("nano")
    base = load.base(nano, config.plan(nano, "text"))
    assert Weights.asked["dtype"] == getattr(torch, storage) and PRECISIONS[card][2] in base.why
    assert Weights.asked["device_map"] == ({"": 0} if card else None)
    if quantised:
        assert "quantization_config" not in Weights.asked and base.model.linear.compute_dtype == getattr(torch, compute)
    else:
        assert Weights.asked["quantization_config"].bnb_4bit_compute_dtype == getattr(torch, compute)


@pytest.mark.parametrize("card", machine.CARDS)
def test_unsloth_chooses_by_itself_for_an_explicit_dtype_would_skip_its_patches(hardware, monkeypatch, card):
    import types

    from ghostlib.models import load

    hardware(card)
    asked = {}
    kind = types.SimpleNamespace(from_pretrained=lambda **kwargs: asked.update(kwargs) or (None, None))
    monkeypatch.setitem(sys.modules, "unsloth", types.SimpleNamespace(FastModel=kind, FastVisionModel=kind))
    monkeypatch.setattr(load, "processor", lambda name: None)
    t4 = config.load("t4")
    load.base(t4, config.plan(t4, "text"))
    assert asked["dtype"] is None and asked["load_in_4bit"]


@EVERY_CARD
def test_the_trainer_mixes_no_precision_of_its_own_on_any_card(hardware, monkeypatch, card, tmp_path):
    import torch
    import trl

    from ghostlib.training import trainer

    hardware(card)
    seen = {}

    class Trainer:
        def __init__(self, model, args, **kwargs):
            seen["args"], self.model = args, model
            for value in model.parameters():  # as trl does with the adapters of a 4-bit model
                value.data = value.data.bfloat16()

        def __getattr__(self, name):
            return lambda *args, **kwargs: None

    monkeypatch.setattr(trl, "SFTTrainer", Trainer)
    made = trainer.build(config.load("nano"), "text", tmp_path, torch.nn.Linear(2, 2), None, None)
    assert not seen["args"].fp16 and not seen["args"].bf16
    assert {value.dtype for value in made.model.parameters()} == {torch.float32}


def test_nobody_else_decides_about_precision():
    """By torch's word a T4 can bf16, and an autocast would overrule what was decided.

    nano's own recipe may: it makes a model from nothing, in float32 weights, and asks for the fastest product there is.
    """
    package = Path(machine.__file__).parent
    asking = [
        str(file.relative_to(package))
        for file in package.rglob("*.py")
        if file.name != "steps.py"
        and any(
            sign in file.read_text(encoding="utf-8") for sign in ("is_bf16_supported", "get_device_capability", "autocast(")
        )
    ]
    assert asking == []
