"""The model in training evaluated every few steps, by the task's own score or by the loss, and the best adapter of it.

What is asked is held back from the training side: whole domains, so that no sibling of a question is trained on, and
never the validation screens, for a model that was chosen on a benchmark is flattered by it.
"""

import dataclasses
import hashlib
import json
import random
import shutil
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ghostlib import tasks
from ghostlib.config import Config, Plan
from ghostlib.errors import DataError, TrainingError
from ghostlib.models import files, generate, lora
from ghostlib.models.load import Base
from ghostlib.tasks import Example
from ghostlib.training import perplexity, rows

DOMAINS = 2  # held back at least: one alone would be a matter of luck
SHAPE = ("model", "rank", "alpha", "dora", "rslora", "modules", "vision_layers", "quantise")


@dataclass(frozen=True)
class Best:
    """The adapter with the highest score so far, of all sittings of a run."""

    adapter: Path
    step: int
    value: float  # the score, 0..1, the mean over what was asked; or the loss, in nats a token
    asked: int
    by: str = "score"  # or "loss"

    def beaten(self, value: float) -> bool:
        """Whether another value is better, or as good: of two that are equal the later one has seen more."""
        return value <= self.value if self.by == "loss" else value >= self.value

    def told(self) -> str:
        """As a reader wants it: "0.900 on 2 questions", "a loss of 0.512 on 48 answers"."""
        if self.by == "loss":
            return f"a loss of {self.value:.3f} on {self.asked} answers"
        return f"{self.value:.3f} on {self.asked} questions"


def split(config: Config, phase: str, examples: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    """(what is trained on, what the model in training is asked); all and nothing where `train.eval_steps` is 0.

    Raises DataError where nothing would be left to train on, or there is nothing to ask.
    """
    train = config.train
    if not train.eval_steps:
        return list(examples), []
    if train.eval_on == "validation":
        there = _once(tasks.named(config.task).examples(config, phase, "validation"))
        if not there:
            raise DataError(f"{phase}: train.eval_on=validation, and there are no validation examples. Use held_back")
        chosen = random.Random(config.seed).sample(there, min(train.eval_sample, len(there)))
        return list(examples), chosen
    return held_back(examples, train.eval_sample, seed=config.seed)


def held_back(examples: Sequence[Example], count: int, *, seed: int) -> tuple[list[Example], list[Example]]:
    """(the rest, `count` examples to ask), the same for one seed. No domain is in both.

    Two domains are held back, or more where they hold fewer than `count` examples; what is not asked of them is not
    trained on either. An example without a domain stands for itself. Raises DataError where nothing would be left.
    """
    domains: dict[str, list[Example]] = defaultdict(list)
    for example in _once(examples):
        domains[_domain(example)].append(example)
    rng = random.Random(seed)
    taken: list[str] = []
    for name in rng.sample(sorted(domains), len(domains)):
        if len(taken) >= DOMAINS and sum(len(domains[one]) for one in taken) >= count:
            break
        taken.append(name)
    rest = [example for example in examples if _domain(example) not in taken]
    if not rest:
        raise DataError(
            f"train.eval_sample={count} of {len(examples)} examples from {len(domains)} domains: nothing would be left to "
            "train on. Lower it, or set train.eval_steps=0"
        )
    turns = [rng.sample(domains[name], len(domains[name])) for name in taken]
    asked = [turn.pop() for _ in range(max(map(len, turns))) for turn in turns if turn]  # each domain in its turn
    return rest, asked[:count]


def attach(trainer: Any, config: Config, plan: Plan, folder: Path, base: Base, sample: Sequence[Example]) -> None:
    """Let `trainer` evaluate its model on `sample` every `train.eval_steps` steps and after the last one.

    What is measured goes through trainer.log (to log.jsonl, the screen, TensorBoard), the best adapter into `folder`/best.
    After `train.patience` evaluations without a better one the training ends. Nothing that training depends on is touched:
    the losses are those of a run that asks nothing. Raises DataError where every question is longer than the plan's sequence.
    """
    from transformers import TrainerCallback

    if not sample:
        return
    if trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled:
        raise TrainingError(
            "train.eval_steps: needs the whole model on each device. Set train.eval_steps=0 for FSDP or DeepSpeed"
        )
    questions, _ = rows.short_enough(sample, base.processor, plan.max_seq_length)
    if not questions:
        raise DataError(f"train.eval_steps: none of {len(sample)} questions has at most {plan.max_seq_length} tokens")
    by, every = config.train.eval_by, config.train.eval_steps
    known = _identity(plan, questions, by)
    if best(folder) and _stored(folder)["of"] != known:  # of another rung, or asked other questions
        shutil.rmtree(folder / "best")

    def evaluate(*args: Any, **kwargs: Any) -> dict[str, float]:
        trainer.control.should_evaluate = False
        if not trainer.is_world_process_zero():  # every process has the same model
            return {}
        with undisturbed(trainer.model, base.processor):
            measure = perplexity.held if by == "loss" else ask
            found = measure(config, dataclasses.replace(base, model=trainer.model), questions)
            so_far, step = best(folder), trainer.state.global_step
            # the one of this step anew, after a resume
            found["eval_is_best"] = so_far is None or so_far.beaten(found["eval_held_loss" if by == "loss" else "eval_score"])
            if found["eval_is_best"]:
                _keep(trainer.model, folder, plan, {"step": step, "of": known} | _plain(found))
            elif 0 < config.train.patience * every <= step - so_far.step:
                trainer.control.should_training_stop = True
            trainer.log(dict(found))  # while the model is not in training: trl's means of the steps stay as they are
        return found

    class Evaluate(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if state.global_step % every == 0 or state.global_step >= state.max_steps:
                control.should_evaluate = True

    trainer.evaluate = evaluate  # called by the trainer after the step's log row and before its checkpoint
    trainer.add_callback(Evaluate())


def ask(config: Config, base: Base, questions: Sequence[Example]) -> dict[str, float]:
    """The task's score of a model's answers: eval_score with eval_low and eval_high (95 %), eval_validity where the task

    has one, eval_asked and eval_runtime in seconds.
    """
    task, started = tasks.named(config.task), time.monotonic()
    told = generate.answers(
        base,
        questions,
        max_new_tokens=config.generate.max_new_tokens,
        batch_size=config.generate.batch_size,
        side=config.model.image_side,
    )
    means = task.aggregate(task.score([answer.text for answer in told], questions), seed=config.seed)
    first = next(iter(means.values()))
    found = {"eval_score": first["mean"], "eval_low": first["low"], "eval_high": first["high"]}
    if "validity" in means:
        found["eval_validity"] = means["validity"]["mean"]
    return found | {"eval_asked": len(questions), "eval_runtime": round(time.monotonic() - started, 3)}


def best(folder: Path) -> Best | None:
    """The best adapter so far in a phase's folder, or None."""
    files.settle(folder / "best")
    known = _stored(folder)
    if not known or not (folder / "best" / "adapter" / "adapter_model.safetensors").is_file():
        return None
    by, name = ("score", "score") if "score" in known else ("loss", "held_loss")
    return Best(folder / "best" / "adapter", known["step"], known[name], known["asked"], by)


def choose(config: Config, folder: Path, last: int, *, planned: int = 0) -> dict[str, Any]:
    """Which adapter a phase ends with, for run.json: {"step", "why", and where it was evaluated "best": {"step", "score"}}.

    `last` is the last step, of `planned` ones. Without evaluation, or where `train.keep` is last, its adapter is the one.
    Where it was evaluated by the loss, "best" has that for a score.
    """
    found = best(folder) if config.train.eval_steps else None
    if found is None:
        return {"step": last, "why": "the last step; no step was evaluated (train.eval_steps=0)"}
    kept = found.step if config.train.keep == "best" else last
    measured = f"the best of the evaluations, {found.told()}"
    why = measured if config.train.keep == "best" else f"the last step, as train.keep asks; {measured}, was step {found.step}"
    if last < planned:
        why += f"; {config.train.patience} evaluations without a better one ended it at step {last} of {planned}"
    return {"step": kept, "why": why, "best": {"step": found.step, found.by: found.value}}


def save(model: Any, folder: Path, plan: Plan, chosen: dict[str, Any], last: int) -> Path:
    """Write `folder`/adapter, aside and renamed: the best one where `choose` took it, else the model's, of step `last`."""
    adapter, found = folder / "adapter", best(folder)
    if chosen["step"] == last or found is None:
        lora.save(model, adapter, name=plan.model)
        return adapter
    with files.aside(adapter) as part:
        shutil.copytree(found.adapter, part, dirs_exist_ok=True)
    return adapter


@contextmanager
def undisturbed(model: Any, processor: Any) -> Iterator[None]:
    """The model in evaluation; afterwards every module, random generator and the tokenizer are as they were."""
    import numpy
    import torch

    tokenizer = getattr(processor, "tokenizer", processor)
    modes = [(module, module.training) for module in model.modules()]
    words, state, drawn = (tokenizer.padding_side, tokenizer.pad_token), random.getstate(), numpy.random.get_state()
    with torch.random.fork_rng(devices=[torch.cuda.current_device()] if torch.cuda.is_available() else []):
        model.eval()
        try:
            yield
        finally:
            if hasattr(model, "for_training"):
                model.for_training()  # Unsloth's generate turns gradient checkpointing off and the cache on, and leaves them so
            for module, training in modes:
                module.training = training
            tokenizer.padding_side, tokenizer.pad_token = words
            random.setstate(state)
            numpy.random.set_state(drawn)


def _once(examples: Sequence[Example]) -> list[Example]:
    """The first example of each id: a screen may be trained on with several readings."""
    return list({example.id: example for example in reversed(examples)}.values())[::-1]


def _domain(example: Example) -> str:
    return str(example.group.get("domain") or example.id)


def _identity(plan: Plan, questions: Sequence[Example], by: str) -> str:
    """What a value can be compared with: the measure, the shape of the adapter and the questions."""
    shape = {name: getattr(plan, name) for name in SHAPE} | {"by": by}
    return hashlib.sha256(repr((shape, rows.digest(questions))).encode()).hexdigest()[:16]


def _keep(model: Any, folder: Path, plan: Plan, facts: dict[str, Any]) -> None:
    """Adapter and score in one folder that is whole or not there."""
    with files.aside(folder / "best") as part:
        lora.save(model, part / "adapter", name=plan.model)
        (part / "score.json").write_text(json.dumps(facts, indent=2), encoding="utf-8")


def _stored(folder: Path) -> dict[str, Any] | None:
    try:
        return json.loads((folder / "best" / "score.json").read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError):
        return None


def _plain(found: dict[str, Any]) -> dict[str, Any]:
    return {name.removeprefix("eval_"): value for name, value in found.items() if name != "eval_is_best"}
