"""nano's words: spelled alike wherever they stand, in SentencePiece's own format."""

import random

import pytest
import sentencepiece

from ghostlib.corpus import invented
from ghostlib.models import vocabulary
from ghostlib.training.pieces import lines


@pytest.fixture(scope="module")
def pieces(laid_pages):
    from itertools import islice

    return sentencepiece.SentencePieceProcessor(model_proto=vocabulary.train(islice(lines(7, laid_pages), 40_000)))


def stems(pieces, text):
    return [piece.lstrip("▁_") for piece in pieces.encode(text, out_type=str) if piece not in ("▁", "_")]


def test_a_word_is_spelled_alike_with_a_blank_an_underscore_or_nothing_before_it_and_in_the_plural(pieces):
    rng = random.Random(3)
    words = {invented.word(rng) for _ in range(600)}
    for word in (word for word in words if not word.endswith("s")):
        alone = stems(pieces, word)
        assert stems(pieces, f"go {word}")[-len(alone) :] == alone, word
        assert stems(pieces, f"old_{word}")[-len(alone) :] == alone, word
        assert stems(pieces, f"{word}s") == [*alone, "s"], word


def test_the_forms_of_a_piece_are_it_with_each_prefix(pieces):
    names = [pieces.id_to_piece(number) for number in range(pieces.get_piece_size())]
    bare, prefix = vocabulary.forms(names)
    assert len(bare) == len(prefix) == len(names) <= vocabulary.SIZE
    shared = [number for number in range(len(names)) if bare[number] != number]
    assert len(shared) > 500
    for number in shared:
        assert names[number] == vocabulary.PREFIXES[prefix[number] - 1] + names[bare[number]]
        assert prefix[bare[number]] == 0 and bare[bare[number]] == bare[number]


def test_any_text_comes_back_from_its_pieces(pieces):
    for text in (
        "  two  blanks\n\nand lines",
        "größe 東京 \t",
        "<start_of_turn>",
        "a_b__c ▁",
        "CREATE TABLE orders (\n    id bigint\n);",
    ):
        assert pieces.decode(pieces.encode(text)) == text.replace("▁", " ")
