"""Loading: NF4 where it belongs, the token layout of llama.cpp, and clear words where it cannot be done."""

import dataclasses
import importlib.util
import subprocess
import sys

import pytest
import torch
from PIL import Image

from ghostlib import config as configs
from ghostlib import machine
from ghostlib.errors import DataError, MachineError
from ghostlib.models import load, nano


@pytest.fixture
def settings(tiny_nano, monkeypatch):
    monkeypatch.setattr(nano, "folder", lambda: tiny_nano)
    return configs.load("nano")


HERE = machine.look()


def no_gpu():
    return dataclasses.replace(HERE, gpu=None, capability=None, vram_gib=None)


def test_the_text_stack_is_nf4_and_the_vision_tower_and_the_embedding_are_not(settings):
    base = load.base(settings, configs.plan(settings, "text"))
    kinds = {name: type(module).__name__ for name, module in base.model.named_modules()}
    language = [kind for name, kind in kinds.items() if "language_model" in name and name.endswith("_proj")]
    vision = [kind for name, kind in kinds.items() if "vision_tower" in name and name.endswith(("_proj", "fc1", "fc2"))]
    assert len(language) == 5 * 7 and set(language) == {"Linear4bit"}
    assert vision and set(vision) == {"Linear"}
    weight = base.model.get_submodule("model.language_model.layers.0.mlp.gate_proj").weight
    assert weight.quant_state.quant_type == "nf4" and weight.quant_state.nested
    assert base.model.get_input_embeddings().weight.dtype == torch.float32
    assert "NF4" in base.why


def test_nf4_on_a_cpu_gives_the_same_numbers_in_evaluation_as_in_training(settings, monkeypatch):
    """bitsandbytes would multiply in bf16 in evaluation, on CPUs that have it: 0.4 % off."""
    monkeypatch.setattr(machine, "look", no_gpu)
    model = load.base(settings, configs.plan(settings, "text")).model
    ids = torch.arange(10, 40).unsqueeze(0)
    with torch.no_grad():
        assert torch.equal(model.train()(input_ids=ids).logits, model.eval()(input_ids=ids).logits)


def test_an_unquantised_plan_loads_plain_float32_on_a_cpu(settings, monkeypatch):
    monkeypatch.setattr(machine, "look", no_gpu)
    base = load.base(settings, dataclasses.replace(configs.plan(settings, "text"), quantise=False))
    assert {parameter.dtype for parameter in base.model.parameters()} == {torch.float32}


def test_an_image_stands_in_the_prompt_without_line_breaks_round_it(settings):
    processor = load.processor("nano")
    assert type(processor.image_processor).__name__ == "Gemma3ImageProcessorPil"
    words = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "order name"}]}
    text = processor.apply_chat_template([words], add_generation_prompt=True, tokenize=False)
    picture = Image.new("RGB", (256, 256), "white")
    batch = processor(images=[[picture]], text=[text], add_special_tokens=False, return_tensors="pt")
    tokens = processor.tokenizer.convert_ids_to_tokens(batch["input_ids"][0])
    first, last = tokens.index("<start_of_image>"), tokens.index("<end_of_image>")
    assert tokens[first + 1 : last] == ["<image_soft_token>"] * nano.IMAGE_TOKENS
    bare = processor.tokenizer(text.replace("<start_of_image>", ""), add_special_tokens=False)["input_ids"]
    assert len(tokens) == len(bare) + nano.IMAGE_TOKENS + 2  # and nothing else came in
    kinds = batch["token_type_ids"][0].tolist()
    assert sum(kinds) == nano.IMAGE_TOKENS and kinds[first + 1] == 1 and kinds[last] == 0
    assert batch["pixel_values"].shape == (1, 3, nano.IMAGE_SIDE, nano.IMAGE_SIDE)


def test_an_image_is_one_block_that_sees_itself_in_both_directions(settings):
    """Without Gemma-3's token_type_ids the answer differs: they must reach the model."""
    base = load.base(settings, dataclasses.replace(configs.plan(settings, "text"), quantise=False))
    picture = Image.effect_noise((256, 256), 90).convert("RGB")
    batch = base.processor(images=[[picture]], text=["<start_of_image>order"], return_tensors="pt")
    with torch.no_grad():
        seeing = base.model(**batch).logits
        causal = base.model(**{key: value for key, value in batch.items() if key != "token_type_ids"}).logits
    assert not torch.allclose(seeing, causal)


def test_a_profile_that_needs_a_gpu_says_so_in_one_line_and_what_to_do_instead(monkeypatch):
    monkeypatch.setattr(machine, "look", no_gpu)
    settings = configs.load("t4")
    with pytest.raises(MachineError) as raised:
        load.base(settings, configs.plan(settings, "text"))
    assert "nano" in str(raised.value) and "\n" not in str(raised.value)


def test_weights_that_are_nowhere_are_one_line(settings):
    plan = dataclasses.replace(configs.plan(settings, "text"), model="nobody/has-this-model")
    with pytest.raises(DataError) as raised:
        load.base(settings, plan)
    assert "nobody/has-this-model" in str(raised.value) and "\n" not in str(raised.value)


def test_a_folder_without_a_model_is_not_taken_for_a_merged_one(settings, tmp_path):
    with pytest.raises(DataError, match=r"config\.json"):
        load.merged(tmp_path, settings)


def test_a_plain_folder_loads_unquantised_and_in_evaluation_mode(settings, tiny_nano):
    base = load.merged(tiny_nano, settings)
    assert not base.model.training and not getattr(base.model, "is_loaded_in_4bit", False)


def test_quiet_loading_gives_the_libraries_their_voice_back():
    from transformers.utils import logging as remarks

    before = remarks.get_verbosity(), remarks.is_progress_bar_enabled()
    with pytest.raises(RuntimeError), load.quietly():
        raise RuntimeError
    assert (remarks.get_verbosity(), remarks.is_progress_bar_enabled()) == before


SIGNATURES = """
import inspect
import torch
from unsloth import FastModel, FastVisionModel
for kind in (FastModel, FastVisionModel):
    # on a CPU the vision class raises on loading and its signature is bare; a card has the real one
    functions = [kind.get_peft_model] + [kind.from_pretrained] * (kind is FastModel or torch.cuda.is_available())
    adapting, *loading = (inspect.signature(function).parameters for function in functions)
    for names in loading:
        assert {"model_name", "max_seq_length", "dtype", "load_in_4bit", "use_gradient_checkpointing"} <= set(names)
    assert {"r", "lora_alpha", "lora_dropout", "bias", "target_modules", "use_rslora", "random_state"} <= set(adapting)
    assert any(p.kind is p.VAR_KEYWORD for p in adapting.values()) or "use_dora" in adapting  # handed to LoraConfig
"""


def test_unsloth_takes_the_arguments_that_are_handed_to_it():
    if importlib.util.find_spec("unsloth") is None:
        pytest.skip("unsloth is not installed here (it is with CUDA, through --no-deps)")
    # In a process of its own: importing unsloth changes trl and transformers
    done = subprocess.run([sys.executable, "-c", SIGNATURES], capture_output=True, text=True, timeout=300)
    if "ImportError" in done.stderr or "NotImplementedError" in done.stderr or "ModuleNotFoundError" in done.stderr:
        pytest.skip(f"unsloth does not import here: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr[-2000:]
