"""The chain of an export, held to one text: real NF4, DoRA, merge, converter and llama.cpp; and real faults in the file."""

import json
import shutil
from dataclasses import replace
from functools import partial

import pytest
from exporting import cache

from ghostlib import config as configs
from ghostlib import show, tasks
from ghostlib.errors import DataError, ExportError, MachineError
from ghostlib.inference import causes, chain, engines, forcing, hearing, llama, parity
from ghostlib.inference.chain import Spoken, Stage
from ghostlib.inference.forcing import Forced
from ghostlib.tasks import Example
from ghostlib.training.runs import Run

FOLLOWED = ("adapter", "merged_nf4", "gguf_f16")  # the two other stages are the same code over again
NASTY = "CREATE TABLE \"ä\\b\" (\n\tnote text DEFAULT 'it''s ‹100 %›' -- \"\\n\" 日\n);"


@pytest.fixture(scope="module")
def settings():
    return configs.load("nano", overrides=["generate.max_new_tokens=24", "generate.batch_size=2"])


@pytest.fixture(scope="module")
def adapter():
    return configs.root() / engines.SHIPPED / "adapter"


@pytest.fixture(scope="module")
def followed(settings, adapter, tmp_path_factory):
    """The shipped nano on two screens of settings: its stages, the questions, what every stage said, the file of that."""
    with pytest.MonkeyPatch.context() as patch:
        cache(tmp_path_factory.mktemp("cache"), patch)
        file = tmp_path_factory.mktemp("run") / parity.ROWS
        screens = tasks.named("ui2sql").examples(settings, "vision", "validation")
        # screens that nano is sure of: of a doubtful word, two files may like two spellings, and then no more is compared
        questions = [screen for screen in screens if screen.group["archetype"] == "settings"][:2]
        stages = [stage for stage in chain.stages(settings, adapter) if stage.key in FOLLOWED]
        told, skipped = hearing.spoken(settings, file, stages, questions, progress=False)
        assert not skipped
        yield {stage.key: stage for stage in stages}, questions, told, file


def links(followed):
    stages, questions, told, _ = followed
    pairs = (("adapter", "merged_nf4"), ("merged_nf4", "gguf_f16"))
    return [parity.link(stages[old], stages[new], told[old], told[new], questions) for old, new in pairs]


def test_merging_changes_no_text_and_the_f16_file_is_within_a_hundredth_of_the_merged_model(followed):
    merged, converted = links(followed)
    assert merged.equal_text == merged.first_token == merged.best_token == 1 and merged.met
    assert converted.equal_text == converted.first_token == 1 and converted.met
    assert converted.largest <= 1e-2 and converted.steps > 20
    assert not merged.differs and not converted.differs and parity.gap([merged, converted], {}) == ""


def test_a_report_that_was_stopped_asks_only_what_is_missing(followed, settings, tmp_path):
    stages, questions, told, file = followed
    kept = tmp_path / parity.ROWS
    lines = file.read_text().splitlines(keepends=True)
    kept.write_text("".join(lines[:5]) + lines[5][:90])  # a kill in the middle of the last row
    asked = []

    def speak(stage, questions, texts):
        asked.extend((stage.key, question.id) for question in questions)
        yield from enumerate(told[stage.key][-len(questions) :])

    watched = [replace(stage, speak=partial(speak, stage)) for stage in stages.values()]
    again, _ = hearing.spoken(settings, kept, watched, questions, progress=False)
    assert asked == [("gguf_f16", json.loads(lines[5])["id"])]
    assert again == told


def damaged(followed, settings, adapter, tmp_path, harm):
    """The link to a copy of the f16 file that `harm(reader)` has changed in place."""
    from gguf import GGUFReader

    stages, questions, told, _ = followed
    text, eyes = chain.files(settings, adapter, "nf4", "f16")
    copy = tmp_path / "model-f16.gguf"
    shutil.copy(text, copy)
    reader = GGUFReader(copy, "r+")
    harm(reader)
    reader.data.flush()
    speak = partial(chain.through_llama, settings, (copy, eyes))
    stage = replace(stages["gguf_f16"], speak=speak, exact=partial(speak, exact=True))
    texts = [spoken.text for spoken in told["adapter"]]
    new = [spoken for _, spoken in sorted(speak(questions, texts), key=lambda pair: pair[0])]
    return parity.link(stages["merged_nf4"], stage, told["merged_nf4"], new, questions)


def test_a_turn_that_is_spelled_in_letters_is_named_by_the_count_of_tokens(followed, settings, adapter, tmp_path):
    def harm(reader):
        pieces, kinds = (reader.fields[f"tokenizer.ggml.{name}"] for name in ("tokens", "token_type"))
        place = next(n for n, part in enumerate(pieces.data) if bytes(pieces.parts[part]) == b"<start_of_turn>")
        kinds.parts[kinds.data[place]][0] = 1

    found = damaged(followed, settings, adapter, tmp_path, harm)
    assert not found.met and "prompt tokens against" in found.why and "spelled in letters" in found.why


def test_another_rope_is_found_and_no_rounding_is_blamed_for_it(followed, settings, adapter, tmp_path):
    def harm(reader):
        for name in ("freq_base", "freq_base_swa"):
            field = reader.fields[f"gemma3.rope.{name}"]
            field.parts[field.data[0]][0] = 100.0

    found = damaged(followed, settings, adapter, tmp_path, harm)
    assert not found.met and found.largest > 0.1
    assert "rope" in found.why or "the weights, the scale of attention" in found.why


def test_any_text_can_be_laid_into_llama_cpps_mouth_and_its_characters_count_as_transformers_count_them(
    followed, settings, adapter
):
    from ghostlib.models import load

    _, questions, _, _ = followed
    running = llama.server(*chain.files(settings, adapter, "nf4", "f16"), context=2048)
    question = replace(questions[0], image=None, prompt="Say it.")
    for text in (NASTY, "", '"', "\\", "a" * 300):
        theirs = forcing.llama_cpp(running, question, text, side=256)
        assert max(theirs.logprobs) <= 0 and len(theirs.margins) == len(theirs.tokens) and min(theirs.margins) >= 0
    tokenizer = load.processor("nano").tokenizer
    for text in ("ä", "日", "a\\b", "ä\\b"):
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        kept = [ids[place] for place in forcing.complete(tokenizer.convert_ids_to_tokens(ids))]
        assert list(forcing.llama_cpp(running, question, text, side=256).tokens[:-1]) == kept
    with pytest.raises(DataError, match="larger export.context"):
        forcing.llama_cpp(running, question, "long " * 3000, side=256)
    llama.stop()


# Policy without a model: stages that say what they are told to.


def spoken(text="a", logprobs=(-1.0, -2.0), best=(1, 2), tokens=(1, 2), prompt=10, margins=(1.0, 1.0)):
    return Spoken(text, 0.1, Forced(prompt, tuple(tokens), tuple(logprobs), tuple(best), tuple(margins)))


def stage(key, made_of="", speak=None):
    return Stage(key, key, made_of, key, speak or (lambda questions, texts: iter(())))


def linked(old, new, key="gguf_f16", words=None, before=None):
    """The link between two stages; `words` and `before` are what they say without the picture."""
    answers = lambda what: lambda questions, texts: iter([(0, what)])  # noqa: E731
    one = stage("merged_nf4", speak=answers(before or old))
    other = stage(key, "merged_nf4", speak=answers(words or new))
    picture = configs.root() / "never-opened.png"
    return parity.link(one, other, [old], [new], [Example("a", "prompt", picture)])


def test_a_difference_that_is_gone_without_the_picture_is_the_pictures():
    found = linked(spoken(), spoken(logprobs=(-1.5, -4.0)), words=spoken())
    assert not found.met and "it is prepared otherwise" in found.why


def test_other_tokens_round_the_picture_are_told_from_another_template():
    far = spoken(prompt=14, logprobs=(-1.5, -4.0))
    assert "stand for it or round it" in linked(spoken(), far, words=spoken()).why
    assert "another chat template" in linked(spoken(), far, words=spoken(prompt=12)).why


def test_positions_are_told_from_weights_by_where_the_difference_grows():
    steps = 40
    old = spoken(logprobs=(-1.0,) * steps, tokens=range(steps), best=range(steps), margins=(1.0,) * steps)
    late = replace(old, forced=replace(old.forced, logprobs=tuple(-1.0 - n**2 / 1000 for n in range(steps))))
    even = replace(old, forced=replace(old.forced, logprobs=(-1.5,) * steps))
    assert "rope" in linked(old, late).why
    assert "from the first step on" in linked(old, even).why


def test_another_tokenizer_is_named_with_the_place():
    old = spoken(tokens=(1, 2, 3, 4, 5), logprobs=(-1.0,) * 5, best=(1,) * 5, margins=(1.0,) * 5)
    new = spoken(text="b", tokens=(1, 2, 9, 8, 7), logprobs=(-1.0,) * 5, best=(1,) * 5, margins=(1.0,) * 5)
    assert "from its token 3 on" in linked(old, new).why


def test_texts_that_part_at_a_close_call_say_how_close_it_was():
    old, new = spoken("a", margins=(1.0, 0.003)), spoken("b", best=(1, 3), margins=(1.0, 0.02))
    found = linked(old, new, key="gguf_q8_0")
    assert found.met and not found.judged and found.differs
    assert found.why == "8 bits a weight; where texts part ways the second choice was at most 0.003 behind the first"


def test_the_first_gap_is_a_missed_target_before_a_step_that_is_only_told():
    told = linked(spoken("a"), spoken("b"), key="merged_16bit")
    missed = linked(spoken("a"), spoken("b", logprobs=(-1.5, -4.0)), words=spoken())
    labels = {"merged_nf4": "merged", "merged_16bit": "onto 16 bit", "gguf_f16": "GGUF f16"}
    assert parity.gap([told, missed], labels).startswith("merged → GGUF f16: 0% of the texts are equal")
    assert "the adapter was trained on the NF4 weights" in parity.gap([told], labels)


def test_a_stage_that_this_machine_cannot_make_is_skipped_with_the_reason_and_the_others_stay(settings, tmp_path):
    def cannot(questions, texts):
        raise MachineError("merging needs 24.0 GiB and 3.0 are free")
        yield

    said = lambda questions, texts: iter([(0, spoken())])  # noqa: E731
    stages = [stage("adapter", speak=said), stage("merged_16bit", "adapter", cannot), stage("gguf_f16", "adapter", said)]
    told, skipped = hearing.spoken(settings, tmp_path / "rows", stages, [Example("a", "prompt")], progress=False)
    assert list(told) == ["adapter", "gguf_f16"] and "3.0 are free" in skipped["merged_16bit"]
    with pytest.raises(MachineError):
        hearing.spoken(settings, tmp_path / "other", [stage("adapter", speak=cannot)], [Example("a", "p")], progress=False)


def test_the_report_is_a_table_a_figure_and_one_line_for_the_gap(monkeypatch, tmp_path, capsys):
    found = linked(spoken(), spoken("b"), key="merged_16bit")
    score = {"mean": 0.5, "low": 0.4, "high": 0.6}
    stages = (
        parity.Reached("merged_nf4", "merged onto NF4", score, 0.1),
        parity.Reached("merged_16bit", "merged onto 16 bit", score, 0.1),
        parity.Reached("gguf_f16", "GGUF f16", None, 0.0, "the disk is full"),
    )
    report = parity.Report(1, "schema_score", stages, (found,), "merged → GGUF", ("a note",))
    displayed = []
    monkeypatch.setattr("IPython.display.display", displayed.append)
    show.parity(report)
    assert [type(one).__name__ for one in displayed] == ["HTML", "Image"]
    assert "merged onto NF4 → merged onto 16 bit" in displayed[0].data
    assert capsys.readouterr().out.splitlines() == ["GGUF f16: skipped, the disk is full", "a note", "first gap: merged → GGUF"]
    assert "TOO FAR" not in parity.printed(report) and "first gap: merged → GGUF" in parity.printed(report)
    assert json.loads(json.dumps(report.as_dict()))["links"][0]["met"] is True
    page = parity.page(report, command="ghost export --parity 1", model="nano")
    assert (
        "| merged onto NF4 | 0.500 (0.400 to 0.600) | 0.10 |" in page and "| GGUF f16 | skipped: the disk is full | |" in page
    )
    assert f"]({parity.FIGURE})" in page and "First gap: merged → GGUF." in page and "- a note" in page
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in rows} == {4, 7}  # every row has as many cells as its head


def test_nothing_trained_or_no_screens_is_one_note_and_no_error(settings, tmp_path, capsys):
    other = configs.load("t4")
    for found in (parity.run(other, Run(tmp_path, other), n=4), parity.run(settings, Run(tmp_path, settings), n=0)):
        assert found.n == 0 and found.met and "not measured" in found.notes[0]
        show.parity(found)
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_a_base_whose_projector_is_all_zeros_is_seen_to_be_blind(tiny_nano):
    from exporting import seeing

    blind = configs.load("nano", overrides=[f"model.name={tiny_nano}"])
    assert parity.blind(blind) and not parity.blind(configs.load("nano", overrides=[f"model.name={seeing(tiny_nano)}"]))
    assert not parity.blind(configs.load("t4"))


def test_an_unknown_cause_is_still_an_error_that_nobody_swallows():
    def broken(questions, texts):
        raise ExportError("no file")
        yield

    comparison = causes.Comparison(stage("merged_nf4", speak=broken), stage("gguf_f16", speak=broken), [spoken()],
                                   [spoken(logprobs=(-3.0, -9.0))], False)  # fmt: skip
    with pytest.raises(ExportError, match="no file"):
        causes.why(comparison, [Example("a", "prompt", configs.root() / "never-opened.png")])
