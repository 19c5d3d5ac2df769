import json
import os
import shutil
import time
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor

import pytest
from exporting import cache, exported, questions, seeing

from ghostlib import config
from ghostlib.errors import ExportError, MachineError, ToolError
from ghostlib.inference import card, converter, export, gguf, llama, quantiser, staging
from ghostlib.models import generate, load, lora
from ghostlib.training.runs import Run

F32 = ["export.quant=f32"]


@pytest.fixture(scope="module")
def nano32():
    return config.load("nano", overrides=F32)


@pytest.fixture
def copied(tiny_nano, tmp_path):
    """An export that a test may damage."""
    folder = tmp_path / "gguf"
    shutil.copytree(exported(tiny_nano).modelfile.parent, folder)
    return folder


def one_line(caught) -> str:
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_llama_cpp_and_transformers_give_the_same_text_probabilities_and_token_count(tiny_nano, nano32, tmp_path):
    made, asked = exported(tiny_nano), questions(tmp_path)
    base = load.merged(seeing(tiny_nano), nano32)
    running = llama.server(made.text_gguf, made.mmproj_gguf, context=512, threads=1)
    theirs = [llama.ask(running, one, max_new_tokens=8, side=256) for one in asked]
    ours = generate.answers(base, asked, max_new_tokens=8, batch_size=3, side=256)
    assert [answer.text for answer in theirs] == [answer.text for answer in ours]
    assert [answer.confidence for answer in theirs] == pytest.approx([answer.confidence for answer in ours], rel=1e-3)
    counted = running.handle_chat_completions(
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "image_url", "image_url": {"url": llama.data_uri(square(asked[0]))}},
                        {"type": "text", "text": asked[0].prompt},
                    ],
                }
            ],
            "max_tokens": 1,
        }
    )
    assert counted["usage"]["prompt_tokens"] == generate.inputs(base.processor, asked[:1], side=256)["input_ids"].shape[1]


def square(example):
    from ghostlib.corpus import picture

    return picture.letterbox(picture.open_picture(example.image), 256)


def test_the_picture_reaches_llama_cpp_another_picture_gives_other_probabilities(tiny_nano, tmp_path):
    made = exported(tiny_nano)
    running = llama.server(made.text_gguf, made.mmproj_gguf, context=512, threads=1)
    first, second = questions(tmp_path, 2)
    swapped = type(first)(first.id, first.prompt, second.image)
    seen = [llama.ask(running, one, max_new_tokens=4, side=256).confidence for one in (first, swapped)]
    assert seen[0] != pytest.approx(seen[1], rel=1e-5)


def test_the_server_is_started_once_and_reused_and_prints_nothing(tiny_nano, tmp_path, capfd):
    made = exported(tiny_nano)
    llama.stop()
    running = llama.server(made.text_gguf, made.mmproj_gguf, context=512)
    llama.ask(running, questions(tmp_path, 1)[0], max_new_tokens=2, side=256)
    assert llama.server(made.text_gguf, made.mmproj_gguf, context=512) is running
    assert capfd.readouterr() == ("", "")


def test_a_prompt_longer_than_the_context_is_one_line(tiny_nano, tmp_path):
    made = exported(tiny_nano)
    long = questions(tmp_path, 1)[0]
    long = type(long)("long-screen", long.prompt * 60, long.image)
    running = llama.server(made.text_gguf, made.mmproj_gguf, context=512)
    with pytest.raises(Exception, match="context") as caught:
        llama.ask(running, long, max_new_tokens=2, side=256)
    assert "long-screen" in one_line(caught)


def test_the_manifest_knows_every_file_by_its_hash_and_a_changed_byte_is_refused(copied):
    facts = gguf.find(copied).facts
    assert set(facts["files"]) == {"model-f32.gguf", "mmproj-f32.gguf"}
    with (copied / "mmproj-f32.gguf").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\x01")
    with pytest.raises(ExportError, match="SHA-256 differs") as caught:
        gguf.find(copied)
    one_line(caught)


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "mmproj-f32.gguf").unlink(),
        lambda folder: (folder / "manifest.json").unlink(),
        lambda folder: (folder / "manifest.json").write_text('{"text": "model-f32.gguf"'),
        lambda folder: (folder / "manifest.json").write_text('{"text": "model-f32.gguf", "mmproj": null, "files": []}'),
        lambda folder: (folder / "model-f32.gguf").write_bytes(b"GGUF"),
    ],
)
def test_an_export_that_is_not_whole_is_refused_in_one_line(copied, damage):
    damage(copied)
    with pytest.raises(ExportError) as caught:
        gguf.find(copied)
    assert "ghost export" in one_line(caught)


def test_a_manifest_cannot_lead_out_of_its_folder(copied):
    facts = json.loads((copied / "manifest.json").read_text())
    facts["text"] = "../model-f32.gguf"
    facts["files"]["../model-f32.gguf"] = facts["files"]["model-f32.gguf"]
    (copied / "manifest.json").write_text(json.dumps(facts))
    with pytest.raises(ExportError, match="not beside it"):
        gguf.find(copied)


def test_turn_tokens_that_are_not_control_are_refused_since_llama_cpp_would_spell_them(copied):
    from gguf import GGUFReader

    file = copied / "model-f32.gguf"
    gguf.check_text(file, pictures=True)
    reader = GGUFReader(file, "r+")
    pieces, kinds = (reader.fields[f"tokenizer.ggml.{name}"] for name in ("tokens", "token_type"))
    place = next(n for n, part in enumerate(pieces.data) if bytes(pieces.parts[part]) == b"<end_of_turn>")
    kinds.parts[kinds.data[place]][0] = 4  # user defined
    reader.data.flush()
    with pytest.raises(ExportError, match=r"<end_of_turn> has the token type 4"):
        gguf.check_text(file, pictures=True)


def test_a_text_file_given_as_the_eyes_is_refused_as_blind(copied):
    with pytest.raises(ExportError, match="blind"):
        gguf.check_vision(copied / "model-f32.gguf")


def test_the_modelfile_has_two_relative_from_lines_a_stop_and_no_system_role(tiny_nano):
    lines = exported(tiny_nano).modelfile.read_text().splitlines()
    assert [line for line in lines if line.startswith("FROM")] == ["FROM ./model-f32.gguf", "FROM ./mmproj-f32.gguf"]
    assert "PARAMETER num_ctx 2048" in lines
    assert 'PARAMETER stop "<end_of_turn>"' in lines
    assert not any("system" in line.lower() for line in lines)


def test_names_as_transformers_saves_them_come_out_as_the_converter_wants_them_with_equal_weights(tiny_nano, tmp_path):
    from safetensors.torch import load_file, save_file

    strange = tmp_path / "strange"
    shutil.copytree(tiny_nano, strange)
    kept = load_file(tiny_nano / "model.safetensors")
    changed = {name.replace(".vision_model.", ".").replace("model.model.", "model."): t for name, t in kept.items()}
    changed = {f"model.{name}": tensor for name, tensor in changed.items()}
    save_file(changed, strange / "model.safetensors", metadata={"format": "pt"})
    with staging.staged(strange, tmp_path) as folder:
        found = load_file(folder / "model.safetensors")
        settings = json.loads((folder / "config.json").read_text())
        assert (folder / "tokenizer.model").is_file()
    assert settings["architectures"] == ["Gemma3ForConditionalGeneration"]
    assert found.keys() == kept.keys()
    assert all((found[name] == kept[name]).all() for name in kept)
    assert not folder.exists()


def test_q4_k_m_has_llama_cpps_mixture_and_answers(tiny_nano, tmp_path):
    from gguf import GGUFReader

    settings = config.load("nano", overrides=["export.quant=q4_k_m"])
    made = export.convert(seeing(tiny_nano), tmp_path / "gguf", config=settings, progress=False)
    kinds = {tensor.name: tensor.tensor_type.name for tensor in GGUFReader(made.text_gguf).tensors}
    assert kinds["token_embd.weight"] == "Q6_K" and kinds["blk.0.attn_q.weight"] == "Q4_K"
    assert {kind for name, kind in kinds.items() if "norm" in name} == {"F32"}
    assert sorted(file.name for file in (tmp_path / "gguf").glob("*.gguf")) == ["mmproj-f16.gguf", "model-q4_k_m.gguf"]
    assert gguf.find(tmp_path / "gguf").facts["quant"] == "q4_k_m"
    running = llama.server(made.text_gguf, made.mmproj_gguf, context=512)
    assert llama.ask(running, questions(tmp_path, 1)[0], max_new_tokens=4, side=256).tokens > 0


@pytest.mark.parametrize(
    ("name", "shape", "wanted"),
    [
        ("token_embd.weight", [2560, 262208], "Q6_K"),  # tied: it is the output too
        ("blk.0.attn_v.weight", [2560, 1024], "Q6_K"),  # the first eighth
        ("blk.5.attn_v.weight", [2560, 1024], "Q4_K"),
        ("blk.6.ffn_down.weight", [10240, 2560], "Q6_K"),  # every third between
        ("blk.33.ffn_down.weight", [10240, 2560], "Q6_K"),  # the last eighth
        ("blk.33.ffn_up.weight", [2560, 10240], "Q4_K"),
        ("blk.33.ffn_up.weight", [1152, 10240], "Q5_0"),  # no multiple of 256
        ("blk.0.attn_norm.weight", [2560], None),
        ("blk.0.attn_q_norm.weight", [256], None),
    ],
)
def test_the_mixture_of_q4_k_m_for_a_gemma_of_34_layers(name, shape, wanted):
    assert quantiser.kind(name, shape, 34, tied=True) == wanted


def test_q4_k_m_is_refused_before_anything_is_converted_where_no_quantiser_is(tiny_nano, tmp_path, monkeypatch):
    quantiser.library.cache_clear()
    monkeypatch.setattr(quantiser.ctypes, "CDLL", lambda file: object())
    with pytest.raises(ToolError, match="Take q8_0, or export f16") as caught:
        export.convert(tiny_nano, tmp_path / "gguf", config=config.load("nano", overrides=["export.quant=q4_k_m"]))
    one_line(caught)
    quantiser.library.cache_clear()
    assert not list(tmp_path.glob("gguf*"))


def test_a_small_memory_is_said_before_the_converter_starts(tiny_nano, nano32, tmp_path, monkeypatch):
    monkeypatch.setattr(export.machine, "memory_free", lambda: 2**28)
    with pytest.raises(MachineError, match="GiB of memory to convert and 0.2 are free") as caught:
        export.convert(tiny_nano, tmp_path / "gguf", config=nano32)
    one_line(caught)


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"r": 64, "lora_alpha": 32, "use_dora": True, "use_rslora": True}, "no place for its magnitudes"),
        ({"r": 64, "lora_alpha": 32, "use_rslora": True}, "would scale it by 0.5 and not by 4"),
        ({"r": 64, "lora_alpha": 32}, "its base as a GGUF"),
    ],
)
def test_no_adapter_becomes_a_lora_gguf_that_would_answer_wrongly_and_the_reason_is_said(tmp_path, told, reason):
    (tmp_path / "adapter_config.json").write_text(json.dumps(told))
    (tmp_path / "adapter_model.safetensors").write_bytes(b"")
    with pytest.raises(ExportError, match=reason) as caught:
        export.as_lora(tmp_path)
    assert "`ghost export` without --lora" in one_line(caught)


METRICS = {
    "split": "validation",
    "n": 40,
    "base": {"schema_score": {"mean": 0.1, "low": 0.05, "high": 0.2}},
    "tuned": {"schema_score": {"mean": 0.71, "low": 0.66, "high": 0.75}},
    "baselines": {},
}


def test_the_card_quotes_the_runs_own_numbers_and_never_those_of_another_adapter(copied, tmp_path, nano32):
    import yaml

    facts = gguf.manifest(copied)
    assert "Not measured" in card.written(facts, nano32, run=tmp_path)
    (tmp_path / "metrics.json").write_text(json.dumps(METRICS))
    own = card.written(facts, nano32, run=tmp_path, adapter="a", evaluation={"adapter": "a", "engine": "gguf", "quant": "f16"})
    assert "asked through GGUF f16" in own
    assert "| schema score | 0.10 (0.05 to 0.20) | 0.71 (0.66 to 0.75) |" in own and "40 validation screens" in own
    other = card.written(facts, nano32, run=tmp_path, adapter="b", evaluation={"adapter": "a"})
    assert "0.71" not in other and "not known to be of this adapter" in other
    head = yaml.safe_load(own.split("---")[1])
    assert head["license"] == "mit" and head["pipeline_tag"] == "image-text-to-text"
    gemma = yaml.safe_load(card.written(facts, config.load("t4"), run=tmp_path).split("---")[1])
    assert gemma["license"] == "gemma" and gemma["base_model"] == "unsloth/gemma-3-4b-it"


def test_the_card_of_a_task_in_words_speaks_of_no_screens_and_gives_its_base_no_licence_that_is_not_its_own(copied, tmp_path):
    import yaml

    facts = gguf.manifest(copied) | {"task": "qod", "mmproj": None}
    told = card.written(facts, config.load("qod"), run=tmp_path)
    head = yaml.safe_load(told.split("---")[1])
    assert head["license"] == "other" and head["base_model"] == "microsoft/Phi-3-mini-4k-instruct" and "qod" in head["tags"]
    assert "ghost ask --task qod" in told and "those of its base, microsoft/Phi-3-mini-4k-instruct" in told
    assert "screen" not in told and "Gemma" not in told and "ghost predict" not in told
    ours = card.written(gguf.manifest(copied), config.load("nano"), run=tmp_path)
    assert "ghost predict screen.png --model output/" in ours and "drawn screens" in ours


def test_a_run_is_merged_and_exported_once_and_again_only_for_another_adapter(tiny_nano, tmp_path, monkeypatch):
    cache(tmp_path / "cache", monkeypatch)
    settings = config.load("nano", overrides=[*F32, f"model.name={tiny_nano}", "lora.rank=2"])
    run = Run(tmp_path / "run", settings)
    train(run, tiny_nano, noise=0.2)
    first = export.run(run, progress=False)
    assert first.text_gguf.is_file() and first.mmproj_gguf.is_file() and first.seconds > 0
    again = export.run(run, progress=False)
    assert (again.text_gguf, again.seconds) == (first.text_gguf, 0.0)
    assert "Not measured" in first.card.read_text()
    (run.folder / "metrics.json").write_text(json.dumps(METRICS))
    run.record(evaluation={"adapter": export.fingerprint(export.adapter(run)), "engine": "hf"})
    assert "0.71 (0.66 to 0.75)" in export.run(run, progress=False).card.read_text(), "written anew where nothing else is"
    assert run.facts()["export"]["quant"] == "f32"
    before = gguf.manifest(run.folder / "gguf")
    train(run, tiny_nano, noise=0.4)
    export.run(run, progress=False)
    after = gguf.manifest(run.folder / "gguf")
    assert before["files"]["model-f32.gguf"] != after["files"]["model-f32.gguf"]
    assert before["files"]["mmproj-f32.gguf"] == after["files"]["mmproj-f32.gguf"]


def train(run: Run, model, *, noise: float) -> None:
    """An adapter that has moved, without training."""
    import torch

    base = load.base(run.config, config.plan(run.config, "vision"))
    tuned = lora.attach(base.model, config.plan(run.config, "vision"))
    with torch.no_grad():
        for name, parameter in tuned.named_parameters():
            if "lora_B" in name:
                parameter.normal_(0, noise)
    lora.save(tuned, run.phase("vision") / "adapter", name=str(model))


def test_a_run_without_an_adapter_says_train_first(tmp_path, nano32):
    with pytest.raises(ExportError, match="Train first") as caught:
        export.run(Run(tmp_path, nano32))
    one_line(caught)


def test_a_full_disk_is_said_before_the_converter_starts(tiny_nano, nano32, tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10, 9, 1))
    with pytest.raises(MachineError, match="are free") as caught:
        export.convert(tiny_nano, tmp_path / "gguf", config=nano32)
    one_line(caught)
    assert not (tmp_path / "gguf").exists()


def test_a_quantisation_that_the_converter_cannot_write_is_refused_with_those_it_can(tiny_nano, tmp_path):
    settings = config.load("nano", overrides=["export.quant=q3_k_s"])
    with pytest.raises(ExportError, match="f32, f16, bf16, q8_0, q4_k_m"):
        export.convert(tiny_nano, tmp_path / "gguf", config=settings)


def test_a_model_that_the_converter_cannot_read_leaves_the_earlier_export_in_place(tiny_nano, nano32, tmp_path, copied):
    broken = tmp_path / "broken"
    shutil.copytree(tiny_nano, broken)
    (broken / "tokenizer.model").write_bytes(b"no such tokenizer")
    with pytest.raises(ExportError, match="converter failed") as caught:
        export.convert(broken, copied, config=nano32, progress=False)
    one_line(caught)
    assert gguf.find(copied).facts["quant"] == "f32"
    assert not list(tmp_path.glob("*.partial")) or not any((tmp_path / "gguf.partial").glob("manifest.json"))


def test_a_converter_that_someone_changed_is_not_run_and_without_an_index_that_is_one_line(tmp_path, monkeypatch):
    kept = converter.converter().parent
    monkeypatch.setenv("GHOST_CACHE", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    changed = tmp_path / kept.name
    shutil.copytree(kept, changed)
    assert converter.converter() == changed / converter.SCRIPT
    (changed / "conversion" / "extra.py").write_text("raise SystemExit('stolen')")
    with pytest.raises(ToolError, match=r"python -m ghostlib\.inference\.converter") as caught:
        converter.converter()
    one_line(caught)


def test_a_package_with_other_contents_is_not_unpacked_for_use(tmp_path):
    import tarfile

    (tmp_path / "convert_hf_to_gguf.py").write_text("print('not llama.cpp')")
    package = tmp_path / "package.tar.gz"
    with tarfile.open(package, "w:gz") as archive:
        name = f"llama_cpp_python-{converter.VERSION}/vendor/llama.cpp/convert_hf_to_gguf.py"
        archive.add(tmp_path / "convert_hf_to_gguf.py", name)
    with pytest.raises(ToolError, match="does not hold the converter that we know"):
        converter.unpack(package, tmp_path / "out")


def test_of_two_that_want_the_same_model_as_gguf_one_converts_and_the_other_waits(tiny_nano, nano32, tmp_path, monkeypatch):
    """Side by side they wrote into the same unfinished folder, and removed it from under each other."""
    folder, made, ready = tmp_path / "cache" / "nano-f32", [], exported(tiny_nano).modelfile.parent

    def slowly(model, out, **_settings):
        made.append(model)
        time.sleep(0.3)
        shutil.copytree(ready, out)

    monkeypatch.setattr(export, "convert", slowly)
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda _: export.cached(tiny_nano, folder, config=nano32), range(3)))
    assert len(made) == 1 and [one.text for one in found] == [folder / "model-f32.gguf"] * 3


def test_a_conversion_that_failed_leaves_the_turn_to_the_next(tiny_nano, nano32, tmp_path, monkeypatch):
    folder, ready = tmp_path / "cache" / "nano-f32", exported(tiny_nano).modelfile.parent
    with pytest.raises(ExportError, match="nothing"):
        export.cached(tmp_path / "nothing", folder, config=nano32)
    monkeypatch.setattr(export, "convert", lambda _, out, **_settings: shutil.copytree(ready, out))
    assert export.cached(tiny_nano, folder, config=nano32).text.is_file()
