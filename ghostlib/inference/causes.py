"""Why a stage of the chain answers otherwise than the one before it: by what is known of the step, else by experiment.

The usual causes, in the order in which they are looked for: another prompt (chat template, control tokens, what stands round
the picture), another spelling (tokenizer), other pixels, positions (rope), and at last rounding.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ghostlib.inference import forcing
from ghostlib.inference.chain import Speak, Spoken, Stage
from ghostlib.inference.forcing import Forced
from ghostlib.tasks import Example

CLOSE = 1e-2  # of log-probability: what 16-bit arithmetic may cost a step
ROUNDING = 0.1  # at the worst step; a wrong template, picture or rope is off by more than that
LATER = 4.0  # positions count differently where the last quarter of the steps is so many times further apart than the first
KNOWN = {
    "merged_nf4": "merging rounds every weight to the base's own 16 bits",
    "merged_16bit": "the adapter was trained on the NF4 weights and meets others here",
    "gguf_q8_0": "8 bits a weight",
}


@dataclass(frozen=True)
class Comparison:
    """Two neighbouring stages on the same questions; `close` where 99 of 100 steps are within CLOSE."""

    before: Stage
    after: Stage
    old: Sequence[Spoken]
    new: Sequence[Spoken]
    close: bool


def why(made: Comparison, questions: Sequence[Example]) -> str:
    """The likely cause in words. Only a GGUF that is not what it was made of is experimented on."""
    told, calls = KNOWN.get(made.after.key) or _converted(made, questions), close_calls(made.old, made.new)
    return f"{told}; {calls}" if calls else told


def close_calls(old: Sequence[Spoken], new: Sequence[Spoken]) -> str:
    """How far behind the second choice was where the texts part ways; "" where no text differs."""
    margins = []
    for one, other in zip(old, new, strict=True):
        pairs = enumerate(zip(one.forced.best, other.forced.best, strict=False))
        place = next((number for number, (a, b) in pairs if a != b), None)
        if one.text != other.text and place is not None:
            margins.append(min(one.forced.margins[place], other.forced.margins[place]))
    return f"where texts part ways the second choice was at most {max(margins):.2g} behind the first" if margins else ""


def _converted(made: Comparison, questions: Sequence[Example]) -> str:
    pairs = [(one.forced, other.forced) for one, other in zip(made.old, made.new, strict=True)]
    place = max(range(len(pairs)), key=lambda number: forcing.distance(*pairs[number]))
    (old, new), question, text = pairs[place], questions[place], made.old[place].text
    if old.prompt_tokens != new.prompt_tokens:
        return _prompt(made, question, text, old, new)
    most, alike = forcing.distance(old, new), forcing.common(old, new)
    if most <= ROUNDING and not _alike(old, new):
        return f"an answer is spelled in other tokens, from its token {alike + 1} on: another tokenizer"
    exact = forcing.distance(old, _said(made.after.exact, question, text)) if made.after.exact else most
    if not made.close and min(most, exact) > ROUNDING:
        return _weights(made, question, text, old, new)
    if exact < most / 2:
        return f"llama.cpp's flash attention and 16-bit cache round: {most:.2g} at most, and {exact:.2g} without them"
    return f"16-bit arithmetic rounds: {most:.2g} at most"


def _prompt(made: Comparison, question: Example, text: str, old: Forced, new: Forced) -> str:
    counts = f"{new.prompt_tokens} prompt tokens against {old.prompt_tokens}"
    if question.image is not None:
        worded = replace(question, image=None)
        if _said(made.before.speak, worded, text).prompt_tokens == _said(made.after.speak, worded, text).prompt_tokens:
            return f"{counts}, equal without the picture: other tokens stand for it or round it"
    return f"{counts}: another chat template, or control tokens that are spelled in letters"


def _weights(made: Comparison, question: Example, text: str, old: Forced, new: Forced) -> str:
    if question.image is not None:
        worded = replace(question, image=None)
        one, other = (_said(stage.speak, worded, text) for stage in (made.before, made.after))
        if _alike(one, other):  # else too few steps can be compared to say anything
            if forcing.distance(one, other) <= CLOSE:
                return "without the picture they agree: it is prepared otherwise, or the eyes' file is another's"
            old, new = one, other
    steps = forcing.differences(old, new)
    quarter = max(1, len(steps) // 4)
    first, last = sum(steps[:quarter]) / quarter, sum(steps[-quarter:]) / quarter
    if last > LATER * first:
        return f"further apart the longer the text ({first:.2g}, then {last:.2g}): positions (rope), or attention's window"
    return "from the first step on, with words alone: the weights, the scale of attention, or a norm"


def _alike(old: Forced, new: Forced) -> bool:
    """Whether both spell the text in the same tokens, so that nearly every step can be compared."""
    return forcing.common(old, new) >= min(len(old.tokens), len(new.tokens)) - 2


def _said(speak: Speak, question: Example, text: str) -> Forced:
    return dict(speak([question], [text]))[0].forced
