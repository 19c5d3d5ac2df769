"""nano's words: a SentencePiece BPE in which a word is spelled with the same pieces wherever it stands.

`full name` on a screen becomes `full_name` in a schema. Were `▁name` and `_name` cut differently, copying a word that was
never seen would be a translation; so the pieces are learned on bare words, and each frequent first piece is added with a
blank and with an underscore before it. `forms` tells which pieces are one word's, and nano's training shares their weights.
For the same reason no piece ends in `s`: `orders` is `order` and one more.
"""

import io
import re
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

SIZE = 6144
BOUNDARY = "\x1f"  # in the training lines: no piece may span this place
PREFIXES = ("▁", "_")
BARE = 3200  # pieces before those with a blank or an underscore are added
# The converter of llama.cpp marks only *control* pieces as control tokens; user-defined ones it would spell in letters.
CONTROL = ("<start_of_turn>", "<end_of_turn>", "<start_of_image>", "<end_of_image>", "<image_soft_token>")


def train(lines: Iterable[str]) -> bytes:
    """The SentencePiece model of marked `lines`: words and their prefixes apart, boilerplate in one part.

    Fewer distinct lines give a smaller vocabulary, never more than SIZE pieces.
    """
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2

    lines, out = list(lines), io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_writer=out,
        model_type="bpe",
        vocab_size=BARE,
        hard_vocab_limit=False,
        byte_fallback=True,
        pad_id=0,
        eos_id=1,
        bos_id=2,
        unk_id=3,
        pad_piece="<pad>",
        eos_piece="<eos>",
        bos_piece="<bos>",
        unk_piece="<unk>",
        control_symbols=",".join(CONTROL),
        user_defined_symbols=["\n"],  # the trainer reads line by line, so no line teaches it the line break
        add_dummy_prefix=False,
        remove_extra_whitespaces=False,
        normalization_rule_name="identity",
        split_by_whitespace=False,  # pieces may span words, but not a BOUNDARY
        allow_whitespace_only_pieces=True,
        pretokenization_delimiter=BOUNDARY,
        split_by_number=False,
        split_by_unicode_script=False,
        max_sentencepiece_length=48,
        max_sentence_length=65536,
        num_threads=1,
        minloglevel=2,
    )
    model = sentencepiece_model_pb2.ModelProto.FromString(out.getvalue())
    kept = [piece for piece in model.pieces if not re.fullmatch("[a-z]+s", piece.piece)]
    for piece in kept:  # the higher, the sooner merged: words before what may span them
        if piece.score < 0 and not re.fullmatch("[a-z]+", piece.piece):
            piece.score -= BARE
    del model.pieces[:]
    model.pieces.extend(kept)
    pieces = sentencepiece.SentencePieceProcessor(model_proto=model.SerializeToString())
    known = {piece.piece for piece in model.pieces}
    lowest = min(piece.score for piece in model.pieces)
    for prefixed in _prefixed(lines, pieces):
        if prefixed not in known and len(model.pieces) < SIZE:
            lowest -= 1  # merged last: a word's own pieces come first, so they are the same with and without a prefix
            model.pieces.add(piece=prefixed, score=lowest)
    model.trainer_spec.vocab_size = len(model.pieces)
    return model.SerializeToString()


def forms(pieces: Iterable[str]) -> tuple[list[int], list[int]]:
    """For each piece in the order of its id: the id of the bare piece it is a form of, and its prefix (0: none, 1, 2)."""
    ids = {piece: number for number, piece in enumerate(pieces)}
    bare, prefix = list(ids.values()), [0] * len(ids)
    for piece, number in ids.items():
        if re.fullmatch("[▁_][a-z]+", piece) and piece[1:] in ids:
            bare[number], prefix[number] = ids[piece[1:]], 1 + PREFIXES.index(piece[0])
    return bare, prefix


def _prefixed(lines: Iterable[str], pieces: Any) -> Iterable[str]:
    """First pieces of words with each prefix, the most frequent first."""
    words: Counter[str] = Counter()
    for line in lines:
        parts = line.split(BOUNDARY)
        words.update(after for before, after in pairwise(parts) if before.endswith((" ", "_")) and after.isalpha())
    firsts: Counter[str] = Counter()
    for word, count in words.items():
        firsts[pieces.encode(word, out_type=str)[0]] += count
    for first, _ in firsts.most_common():
        if re.fullmatch("[a-z]+", first):
            yield from (prefix + first for prefix in PREFIXES)
