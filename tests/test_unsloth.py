"""The same training through Unsloth and through transformers: on a CPU, text alone, real NF4 + DoRA + rsLoRA."""

import dataclasses
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import through
import torch
from safetensors.torch import load_file

from ghostlib import config as configs
from ghostlib import machine
from ghostlib.errors import MachineError
from ghostlib.models import load, lora, nano

INSTALLED = importlib.util.find_spec("unsloth") is not None
needs_unsloth = pytest.mark.skipif(not INSTALLED, reason="unsloth is not installed here (`make test` brings it)")


@pytest.fixture(scope="module")
def text_nano(tiny_nano, tmp_path_factory):
    return nano.text_only(tiny_nano, tmp_path_factory.mktemp("models") / "text")


@pytest.fixture(scope="module")
def both(text_nano, tmp_path_factory):
    """{path: (folder with the adapter, facts, what was printed)} of the same three steps."""
    if not INSTALLED:
        pytest.skip("unsloth is not installed here (`make test` brings it)")
    folder = tmp_path_factory.mktemp("paths")
    surroundings = os.environ | {
        "HF_HUB_OFFLINE": "1",
        "GHOST_OUTPUT": str(folder / "output"),
        "GHOST_CACHE": str(folder / "cache"),
    }
    surroundings["PYTHONPATH"] = os.pathsep.join([str(Path(configs.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    words = [sys.executable, through.__file__, str(text_nano), "unsloth", str(folder / "unsloth")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, env=surroundings, cwd=folder)
    assert done.returncode == 0, done.stderr[-3000:]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GHOST_OUTPUT", str(folder / "output"))
        through.train(str(text_nano), "transformers", folder / "transformers")
    facts = {path: json.loads((folder / path / "facts.json").read_text()) for path in ("unsloth", "transformers")}
    return {path: (folder / path, facts[path], (done.stdout, done.stderr)) for path in facts}


def test_every_trainable_tensor_is_float32_and_moves_and_no_bit_of_the_base_does(both):
    for path, (_, facts, _) in both.items():
        assert facts["unsloth"] == (path == "unsloth")
        assert facts["dtypes"] == ["torch.float32"] and facts["still"] == [] and facts["changed"] == []
        assert len(facts["base"]) > 35 and facts["adapted"] == 5 * 7


def test_dora_goes_the_light_way_in_every_layer_of_both(both):
    for _, facts, _ in both.values():
        assert facts["light"] == facts["adapted"] == 5 * 7


def test_both_begin_with_the_same_bytes_and_learn_the_same(both):
    mine, theirs = (both[path][1] for path in ("unsloth", "transformers"))
    assert mine["base"] == theirs["base"]  # NF4 and its scales too
    assert mine["tokens"] == theirs["tokens"] and mine["tokens"][-1] > 0
    assert mine["losses"][-1] < mine["losses"][0]
    assert mine["losses"] == pytest.approx(theirs["losses"], rel=1e-5)


def test_the_adapter_has_the_same_keys_dtypes_and_settings(both):
    mine, theirs = (both[path][0] / "adapter" for path in ("unsloth", "transformers"))
    one, two = (load_file(folder / "adapter_model.safetensors") for folder in (mine, theirs))
    assert {name: (value.dtype, value.shape) for name, value in one.items()} == {
        name: (value.dtype, value.shape) for name, value in two.items()
    }
    assert lora.settings(mine) == lora.settings(theirs)
    assert lora.settings(mine)["use_dora"] and lora.settings(mine)["use_rslora"]


def test_what_unsloth_trained_answers_the_same_through_transformers(both, text_nano):
    folder, _, _ = both["unsloth"]
    config = through.settings(text_nano, "transformers")
    tuned = lora.resume(load.base(config, configs.plan(config, "text")).model, folder / "adapter", trainable=False)
    with torch.no_grad():
        found = tuned.eval()(input_ids=torch.tensor([list(through.IDS)])).logits
    torch.testing.assert_close(found, torch.load(folder / "logits.pt"), atol=1e-5, rtol=1e-5)


def test_unsloth_says_nothing_of_its_own_and_leaves_no_folder_behind(both):
    folder, _, (out, err) = both["unsloth"]
    assert out.startswith("text: ") and "text 3/3  loss" in out
    assert all(line.startswith(("text", "  asked:", "  learnt:")) for line in out.splitlines()), out
    assert "nsloth" not in err and "Warning" not in err, err
    assert not list(folder.parent.glob("unsloth_*"))


def test_pictures_through_unsloth_need_a_gpu_and_that_is_one_line_before_anything_is_imported(monkeypatch):
    here = dataclasses.replace(machine.look(), gpu=None, capability=None, vram_gib=None)
    monkeypatch.setattr(machine, "look", lambda: here)
    monkeypatch.setattr(load, "prepare", lambda path: pytest.fail("nothing is to be imported"))
    config = configs.load("nano", overrides=("model.path=unsloth",))
    with pytest.raises(MachineError, match="text alone") as raised:
        load.base(config, configs.plan(config, "vision"))
    assert "\n" not in str(raised.value) and "transformers" in str(raised.value)


def test_a_missing_unsloth_is_one_line_with_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "unsloth", None)
    with pytest.raises(MachineError, match=r"model\.path=transformers") as raised:
        load.prepare("unsloth")
    assert "\n" not in str(raised.value)
    load.prepare("transformers")


def test_the_text_only_nano_answers_as_the_whole_one_does_without_a_picture(text_nano, tiny_nano):
    from transformers import AutoModelForCausalLM, AutoModelForImageTextToText

    ids = torch.tensor([list(through.IDS)])
    alone, whole = AutoModelForCausalLM.from_pretrained(text_nano), AutoModelForImageTextToText.from_pretrained(tiny_nano)
    with torch.no_grad():
        assert torch.equal(alone(input_ids=ids).logits, whole(input_ids=ids).logits)
    assert type(alone).__name__ == "Gemma3ForCausalLM"
    assert load.processor(str(text_nano)).chat_template == load.processor(str(tiny_nano)).tokenizer.chat_template
