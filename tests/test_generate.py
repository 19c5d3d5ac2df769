import math

import pytest
from exporting import PROMPT, questions, seeing

from ghostlib import config
from ghostlib.errors import PictureError
from ghostlib.models import generate, load
from ghostlib.tasks import Example

SETTINGS = {"max_new_tokens": 6, "side": 256}


@pytest.fixture(scope="module")
def base(tiny_nano):
    return load.merged(seeing(tiny_nano), config.load("nano"))


def test_a_left_padded_batch_answers_as_one_question_at_a_time(base, tmp_path):
    asked = questions(tmp_path)
    together = generate.answers(base, asked, batch_size=3, **SETTINGS)
    alone = [generate.answers(base, [one], batch_size=1, **SETTINGS)[0] for one in asked]
    assert [answer.text for answer in together] == [answer.text for answer in alone]
    assert [answer.confidence for answer in together] == pytest.approx([answer.confidence for answer in alone], rel=1e-4)


def test_questions_with_and_without_a_picture_keep_their_order_in_one_call(base, tmp_path):
    with_picture = questions(tmp_path, 1)[0]
    without = Example("text", PROMPT)
    mixed = generate.answers(base, [without, with_picture, without], batch_size=3, **SETTINGS)
    assert mixed[0].confidence == pytest.approx(mixed[2].confidence, rel=1e-5)
    seen = generate.answers(base, [with_picture], batch_size=1, **SETTINGS)[0]
    assert mixed[1].confidence == pytest.approx(seen.confidence, rel=1e-5)
    assert mixed[1].confidence != pytest.approx(mixed[0].confidence, rel=1e-5)


def test_another_picture_under_the_same_words_gives_another_confidence(base, tmp_path):
    first, second = questions(tmp_path, 2)
    swapped = Example(first.id, first.prompt, second.image)
    seen = generate.answers(base, [first, swapped], batch_size=2, **SETTINGS)
    assert seen[0].confidence != pytest.approx(seen[1].confidence, rel=1e-5)


def test_the_confidence_is_the_mean_probability_that_one_forward_pass_gives_the_same_tokens(base, tmp_path):
    import torch

    example = questions(tmp_path, 1)[0]
    answer = generate.answers(base, [example], batch_size=1, **SETTINGS)[0]
    inputs = generate.inputs(base.processor, [example], side=256)
    with torch.inference_mode():
        made = base.model.generate(**inputs, max_new_tokens=6, do_sample=False)
        told = torch.zeros_like(made)
        told[:, : inputs["token_type_ids"].shape[1]] = inputs["token_type_ids"]
        logits = base.model(input_ids=made, pixel_values=inputs["pixel_values"], token_type_ids=told).logits.log_softmax(-1)
    start = inputs["input_ids"].shape[1]
    sure = [math.exp(logits[0, place - 1, made[0, place]]) for place in range(start, made.shape[1])]
    assert answer.confidence == pytest.approx(sum(sure) / len(sure), rel=1e-3)


def test_an_answer_ends_at_the_first_end_token_and_counts_no_padding(base, tmp_path):
    first = generate.inputs(base.processor, questions(tmp_path, 1), side=256)
    made = base.model.generate(**first, max_new_tokens=1, do_sample=False)[0, -1].item()
    kept = base.model.generation_config.eos_token_id
    base.model.generation_config.eos_token_id = [*kept, made]
    try:
        assert generate.answers(base, questions(tmp_path, 1), batch_size=1, **SETTINGS)[0].tokens == 1
    finally:
        base.model.generation_config.eos_token_id = kept


def test_the_prompt_begins_with_one_bos_and_the_picture_has_no_line_breaks_round_it(base, tmp_path):
    made = generate.inputs(base.processor, questions(tmp_path, 1), side=256)["input_ids"][0].tolist()
    tokenizer = base.processor.tokenizer
    assert made.count(tokenizer.bos_token_id) == 1
    start, end = (made.index(tokenizer.convert_tokens_to_ids(f"<{word}_of_image>")) for word in ("start", "end"))
    assert end - start == 65
    assert tokenizer.decode(made[end + 1 :]).startswith("Write the PostgreSQL")
    assert tokenizer.decode(made[:start]).endswith("user\n")


def test_batches_hold_one_kind_each_and_the_longest_prompts_come_first(tmp_path):
    asked = [Example("a", "x"), Example("b", "x" * 9, tmp_path / "b.png"), Example("c", "x" * 5), Example("d", "x" * 7)]
    assert generate.batches(asked, 2) == [[1], [3, 2], [0]]


def test_a_broken_picture_is_one_line_that_names_it(base, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n nothing")
    with pytest.raises(PictureError, match=r"broken\.png") as caught:
        generate.answers(base, [Example("x", PROMPT, broken)], batch_size=1, **SETTINGS)
    assert "\n" not in str(caught.value)
