"""nano's own recipe, run for seconds: it logs, saves, goes on, and counts in the loss only what it should."""

import json
import math
from dataclasses import replace

import pytest
import torch

from ghostlib import config
from ghostlib.corpus import practice
from ghostlib.corpus.practice import Practice
from ghostlib.errors import TrainingError
from ghostlib.models import load, nano, vocabulary
from ghostlib.training import exercises, own, pieces, pretrain, steps

SHORT = pretrain.Recipe(
    hours=6 / 3600, pages=30, pictures=12, batch_tokens=384, warmup=2, shortest=200, lists=2, fused=False,
    own=0.6,  # before the eyes, which take more than their share of so short a time
)  # fmt: skip
RATES = {"muon_rate": 0.02, "adam_rate": 1.5e-3}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder after some seconds of the recipe, and its log."""
    out = tmp_path_factory.mktemp("pretrained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "EXAMPLES", 60)
        model = pretrain.run(out, SHORT)
    assert model == out / "model"
    return out


def log(folder):
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def test_it_ends_with_a_whole_nano_a_state_and_a_row_a_step(trained):
    rows = log(trained)
    assert [row["step"] for row in rows] == list(range(1, len(rows) + 1))
    assert all(math.isfinite(row["loss"]) and 0 < row["tokens"] <= SHORT.batch_tokens for row in rows)
    assert rows[0]["longest"] >= SHORT.shortest and rows[-1]["longest"] <= SHORT.longest
    assert nano.parameters(trained / "model") > 3e6
    assert not list(trained.rglob("*.partial"))


def test_before_the_last_part_it_has_listed_pages_itself(trained):
    assert all(one.listed.startswith("# ") for one in own.read(trained / "own.jsonl"))  # one that knows nothing: none
    assert (trained / "own.jsonl").is_file()


def test_a_nano_that_can_list_is_taught_what_follows_its_own_lists(tmp_path, laid_pages):
    asked = practice.unlisted(4, laid_pages, 3)
    own.write(config.root() / "data" / "nano", asked, tmp_path / "own.jsonl")
    lists = own.read(tmp_path / "own.jsonl")
    assert 0 < len(lists) <= 3 and {one.prompt for one in lists} <= set(asked)
    drawn = [one for one in practice.stream(4, laid_pages, own=lists, limit=150) if one.begun]
    mine = [one for one in drawn if one.begun.strip() in {own.listed for own in lists}]
    assert 0.3 * len(drawn) < len(mine) < 0.7 * len(drawn)
    assert all(one.prompt.partition("\n")[2] in {asked.partition("\n")[2] for asked in asked} for one in mine)


def test_the_first_loss_is_that_of_a_model_that_knows_nothing(trained):
    assert log(trained)[0]["loss"] == pytest.approx(math.log(vocabulary.SIZE), abs=1.5)


def test_more_time_goes_on_where_it_was_and_time_that_is_spent_trains_nothing(trained):
    before = log(trained)
    pretrain.run(trained, SHORT)
    assert log(trained) == before
    spent, eyes = before[-1]["seconds"], torch.load(trained / "state.pt", weights_only=True)
    pretrain.run(trained, replace(SHORT, hours=(spent + 0.3) / 3600))
    after = log(trained)
    assert after[: len(before)] == before
    assert [row["step"] for row in after[len(before) :]] == list(range(len(before) + 1, len(after) + 1))
    assert len(after) > len(before)
    state = torch.load(trained / "state.pt", weights_only=True)
    assert state["step"] == len(after) and state["seconds"] >= spent
    held = [name for name in state["model"] if "vision_tower" in name or "layers.0.self_attn.q_proj" in name]
    moved = [name for name in state["model"] if not torch.equal(state["model"][name], eyes["model"][name])]
    assert eyes["eyes"] and held and moved and not set(held) & set(moved), "eyes that have learned stay as they are"


def test_a_loss_that_is_not_finite_is_one_line_and_the_last_save_stays_whole(trained, monkeypatch):
    saved = (trained / "state.pt").read_bytes()
    monkeypatch.setattr(steps.Stepper, "__call__", lambda *_: math.nan)
    with pytest.raises(TrainingError) as caught:
        pretrain.run(trained, replace(SHORT, hours=1))
    assert "\n" not in str(caught.value) and "nan" in str(caught.value)
    assert (trained / "state.pt").read_bytes() == saved


def test_the_rate_warms_up_stays_and_cools_down():
    recipe = pretrain.Recipe(warmup=10, cooldown=0.5)
    assert pretrain._rate(0, 0.0, recipe) == pytest.approx(0.1)
    assert pretrain._rate(100, 0.2, recipe) == 1.0
    assert 0 < pretrain._rate(100, 1.0, recipe) < 0.02
    assert pretrain._rate(100, 0.75, recipe) == pytest.approx(0.51)


def test_every_weight_of_the_text_model_moves_in_a_step(trained):
    from transformers import Gemma3ForConditionalGeneration

    model = Gemma3ForConditionalGeneration.from_pretrained(trained / "model", dtype=torch.float32)
    names = [name for name, _ in model.named_parameters() if "language_model" in name]
    before = {name: value.clone() for name, value in model.named_parameters() if name in names}
    processor = load.processor(str(trained / "model"))
    rows = [exercises.encode(processor, Practice("a", "CREATE TABLE a (\n);"))]
    step = steps.Stepper(model, steps.optimizers(model, **RATES), "cpu", fused=False)
    assert math.isfinite(step(exercises.collate(rows, processor), 1.0))
    still = [name for name, value in model.named_parameters() if name in names and torch.equal(before[name], value)]
    assert still == []


def test_a_step_is_the_same_whether_compiled_padded_or_neither(trained):
    """Padding stands on the right, so no token that counts sees it, with a mask or without."""
    from transformers import Gemma3ForConditionalGeneration

    processor = load.processor(str(trained / "model"))
    told = [Practice(f"list {word}", f"CREATE TABLE {word} (\n    name text\n);") for word in ("a", "orders", "more words")]
    rows = [exercises.encode(processor, one) for one in told]
    batch = exercises.collate(rows, processor)
    model = Gemma3ForConditionalGeneration.from_pretrained(trained / "model", dtype=torch.float32)
    counted = batch["labels"][:, 1:] != exercises.IGNORED
    with torch.no_grad():
        masked = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits[:, :-1][counted]
    expected = torch.nn.functional.cross_entropy(masked, batch["labels"][:, 1:][counted]).item()
    for fused in (False, True):
        step = steps.Stepper(model, steps.optimizers(model, **RATES), "cpu", fused=fused)
        assert step(dict(batch), 0.0) == pytest.approx(expected, rel=0.02)


def test_a_run_can_start_with_a_finished_nano_and_keeps_what_it_knew(trained, tmp_path):
    from safetensors.torch import load_file

    (tmp_path / "pages.jsonl").write_bytes((trained / "pages.jsonl").read_bytes())
    recipe = replace(SHORT, hours=0.01 / 3600, pictures=0, muon_rate=0.0, adam_rate=0.0)
    made = pretrain.run(tmp_path, recipe, start=trained / "model")
    before, after = (load_file(folder / "model.safetensors") for folder in (trained / "model", made))
    assert before.keys() == after.keys()
    assert all((after[name].float() - before[name].float()).abs().max() < 1e-3 for name in before)
    assert log(tmp_path)[0]["longest"] == recipe.longest
    assert (made / "tokenizer.model").read_bytes() == (trained / "model" / "tokenizer.model").read_bytes()


def test_the_learning_curve_has_a_row_a_hundred_steps(tmp_path):
    file = tmp_path / "log.jsonl"
    rows = ({"step": step, "seconds": step * 2.0, "loss": 4.0 if step <= 100 else 2.0} for step in range(1, 151))
    file.write_text("\n".join(json.dumps(row) for row in rows))
    first, second = pretrain.curve(file)
    assert first == {"step": 100, "minutes": 3.3, "loss": 4.0} and second == {"step": 150, "minutes": 5.0, "loss": 2.0}


def test_a_word_with_a_blank_or_an_underscore_is_the_word_and_a_prefix_in_what_is_saved(trained):
    """So that a word which is copied from a screen into a schema changes its prefix alone."""
    from safetensors.torch import load_file
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(trained / "model")
    rows = load_file(trained / "model" / "model.safetensors")["language_model.model.embed_tokens.weight"].float()
    bare, prefix = vocabulary.forms(tokenizer.convert_ids_to_tokens(range(len(tokenizer))))
    for before in (1, 2):
        changes = [rows[number] - rows[bare[number]] for number in range(len(bare)) if prefix[number] == before]
        assert len(changes) > 10 and all((change - changes[0]).abs().max() < 0.01 for change in changes)
        assert changes[0].abs().max() > 0.01
