"""What the whole way takes beside GPU memory: minutes, disk and RAM, by part. Estimates from arithmetic, no torch.

The way: download, both phases, evaluation of base and tuned on the profile's sample, merge, GGUF. Installing packages
and the minutes in which a person reads are not in it.
"""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ghostlib import config as configs
from ghostlib import tasks
from ghostlib.config import Config, Plan
from ghostlib.corpus import jsonfiles
from ghostlib.machine import Machine
from ghostlib.training import memory
from ghostlib.training.memory import GIB
from ghostlib.training.shapes import Shape

SESSION = 240.0  # minutes: the free session of Colab that the t4 profile is made for
# FLOP a second that QLoRA training has reached: `flops` over the seconds in the outputs of Unsloth's published notebooks,
# chats taken at 500 tokens. T4, Gemma-3 4B, whose residual is float32 there: 2.6e12 (35.6 s a step of 8 chats) and 3.7e12
# (25.4 s a step of 4 pictures with the tower trained). T4, others: 9e12 to 11e12 (Phi-3.5-mini, Mistral-7B, Phi-3-medium).
T4_GEMMA, T4_OTHERS = 3e12, 1e13
# Elsewhere a share of the data sheet's dense bf16 rate: Gemma-3 27B on an A100 reached 0.21, a 12B there 0.12.
UTILISED = 0.15
# (L4 at half of its sheet's 121, for its 72 W; A10 is the A10G's)
DENSE = {"L4": 60e12, "A10": 70e12, "A100": 312e12, "H100": 989e12, "H200": 989e12}  # FLOP/s
UNKNOWN_CARD = 70e12
CPU_CORE = 28e9  # nano: 60 text steps in 28 s and 240 vision steps in 186 s on two cores
CHARACTERS = 3.0  # a token of Gemma's, in prompts with readings 2.5, in SQL more
TEMPLATE = 20  # tokens of the turns
PICTURE_PROMPT = 670  # characters of a screen's question with its reading
SHARES = {"text": 7 / 8, "vision": 2.0}  # training examples a record: one text in eight is held back, a screen is read twice
LAYER_SECONDS = 0.004  # a layer and a generated token, NF4 with an adapter through transformers: the launches, not the card
LLAMA_SECONDS = 0.0045  # a token of nano through llama.cpp on one thread
BABBLE = 0.5  # of generate.max_new_tokens: what an untuned model writes
DOWNLOAD, DISK, CONVERTER = 16e6, 3e8, 1e8  # bytes a second: 12B in eight minutes; a machine's disk; llama.cpp's converter
MERGE = 30e-9  # seconds a parameter: unpack, B A, norm, on two cores (measured on one layer of 12B)
START = 60.0  # seconds to import and load, each time that a model is
QUANTS = {"f32": 4.0, "f16": 2.0, "bf16": 2.0, "q8_0": 1.07, "q4_k_m": 0.64}  # bytes a weight in a GGUF
KEPT = 2  # checkpoints of each phase, and one that is being written
PROCESS = 3.0  # GiB of RAM: Python, torch, CUDA's libraries


@dataclass(frozen=True)
class Work:
    """Examples of a phase with the mean tokens of a question (picture included) and of an answer."""

    examples: int
    question: float
    answer: float


@dataclass(frozen=True)
class Budget:
    """Minutes and GiB of disk by part of the way, and the most GiB of RAM at once. Estimates."""

    minutes: dict[str, float]
    disk: dict[str, float]
    ram_gib: float

    @property
    def total_minutes(self) -> float:
        return sum(self.minutes.values())

    @property
    def disk_gib(self) -> float:
        return sum(self.disk.values())

    def lacks(self, machine: Machine) -> list[str]:
        """What of the way this machine has not enough of, in words; a T4 is taken for a free session."""
        found = []
        if self.total_minutes > SESSION and (machine.colab or "T4" in (machine.gpu or "")):
            found.append(f"a free session has {SESSION / 60:.0f} h")
        if self.disk_gib > machine.disk_free_gib:
            found.append(f"{machine.disk_free_gib:.0f} GiB of disk are free")
        if self.ram_gib > machine.ram_gib:
            found.append(f"this machine has {machine.ram_gib:.1f} GiB of RAM")
        return found


def estimate(config: Config, plan: Plan, shape: Shape, machine: Machine, work: dict[str, Work]) -> Budget:
    """The Budget of the whole way with this plan's model and adapter, whichever phase the plan is of."""
    work = work if shape.eyes else {phase: one for phase, one in work.items() if phase != "vision"}
    local = plan.model == "nano" or Path(plan.model).is_dir()
    base = shape.stored(quantised=plan.model.endswith("-bnb-4bit"))
    fetched = 0.0 if local else base + (2 * shape.parameters() if config.export.merge_onto == "16bit" else 0)
    merged = 2 * shape.parameters()
    eyes = shape.tower(quantised=False)
    gguf = (shape.parameters() - eyes / 2) * QUANTS.get(config.export.quant, 2.0) + eyes
    seconds = {
        "download": fetched / DOWNLOAD,
        **{phase: _training(config, _of(plan, config, phase), shape, machine, work[phase]) for phase in work},
        "evaluation": _evaluation(config, plan, shape, machine, work),
        "merge": (0 if local else START) + MERGE * shape.parameters() + merged / DISK,
        "GGUF": merged / CONVERTER + gguf / DISK,
    }
    adapter = {phase: memory.adapters(_of(plan, config, phase), shape) * memory.ADAPTER_BYTES for phase in work}
    share = 1 + memory.moments(plan.optimizer) / memory.ADAPTER_BYTES
    disk = {
        "download": fetched,
        "checkpoints": sum(KEPT * size * share for size in adapter.values()) + max(adapter.values()) * share,
        "adapters": sum(adapter.values()),
        "merged": merged,
        "GGUF": gguf,
    }
    return Budget(
        {name: value / 60 for name, value in seconds.items()},
        {name: value / GIB for name, value in disk.items()},
        _ram(config, plan, shape, machine),
    )


def works(config: Config) -> dict[str, Work]:
    """The Work of each phase: of screens from the size of the config's own files, of other tasks from their examples.

    Raises DataError for a missing or broken file.
    """
    phases = tasks.terms(config.task).phases
    if "vision" not in phases:
        return {phase: _work(tasks.named(config.task).examples(config, phase, "train")) for phase in phases}
    found = {}
    for phase, file in (("text", config.data.texts), ("vision", config.data.screens)):
        rows = [row for row in jsonfiles.rows(configs.root() / file) if isinstance(row, dict)]
        asked = PICTURE_PROMPT if phase == "vision" else _mean(rows, "instruction") + _mean(rows, "input")
        found[phase] = Work(
            examples=round(len(rows) * SHARES[phase]),
            question=asked / CHARACTERS + TEMPLATE,
            answer=(_mean(rows, "output") or _mean(rows, "sql_schema")) / CHARACTERS,
        )
    return found


def _work(examples: Sequence[tasks.Example]) -> Work:
    count = max(1, len(examples))
    question, answer = (sum(len(getattr(one, name)) for one in examples) / count for name in ("prompt", "taught"))
    return Work(len(examples), question / CHARACTERS + TEMPLATE, answer / CHARACTERS)


def speed(machine: Machine, shape: Shape) -> float:
    """FLOP a second that training is taken to reach on this machine."""
    if machine.gpu is None or machine.capability is None:
        return CPU_CORE * machine.cpus
    if machine.capability < (8, 0):
        return T4_GEMMA if shape.head else T4_OTHERS  # Gemma-3 overflows fp16, so half of its work is in float32
    names = sorted((name for name in DENSE if name in machine.gpu), key=len)
    return UTILISED * (DENSE[names[-1]] if names else UNKNOWN_CARD)


def flops(plan: Plan, shape: Shape, *, question: float, answer: float) -> float:
    """FLOP of one example's forward, backward and recompute; the frozen weights get no gradient of their own."""
    tokens = question + answer + _pictured(plan, shape)
    passes = 6 if plan.checkpointing else 4  # two a parameter and token each
    adapters = memory.adapters(plan, shape)
    decoder = tokens * (passes * shape.matrices() + (passes + 2) * adapters)
    attention = passes * 2 * tokens**2 * shape.q * shape.layers
    norm = 2 * plan.rank * shape.matrices() if plan.dora else 0  # W A^T: r more tokens, once
    head = 6 * answer * shape.vocabulary * shape.hidden
    seen = 0.0
    if plan.phase == "vision" and shape.eyes:
        seen = _looking(shape) * (passes / 2 if plan.vision_layers else 1)
    return decoder + attention + norm + head + seen


def _training(config: Config, plan: Plan, shape: Shape, machine: Machine, work: Work) -> float:
    how = config.preference if plan.phase == "preference" else config.train
    batch = how.batch_size * how.accumulation
    steps = config.steps(plan.phase)
    if steps == -1:
        steps = math.ceil(how.epochs * work.examples / batch)
    each = flops(plan, shape, question=work.question, answer=work.answer) / speed(machine, shape)
    if plan.phase == "preference":
        each *= 2 * 4 / 3  # two answers, and the reference's forward beside the three passes of training
    return steps * batch * each + (START if machine.gpu else START / 10)


def _evaluation(config: Config, plan: Plan, shape: Shape, machine: Machine, work: dict[str, Work]) -> float:
    """Base and tuned on the samples of both phases, generated in batches; the ablation asks the tuned model twice again."""
    seconds = 4 * START if machine.gpu else 0.0
    limit = config.generate.max_new_tokens
    sizes = dict.fromkeys(work, 0) | {"text": config.evaluation.text_sample, list(work)[-1]: config.evaluation.sample}
    for phase, one in work.items():
        shown = dataclasses.replace(plan, phase=phase)
        tokens = one.question + _pictured(shown, shape)
        reading = 2 * tokens * shape.matrices() + (_looking(shape) if phase == "vision" else 0)
        answer = min(limit, one.answer)
        again = 2 * min(1.0, config.evaluation.ablation) if phase == "vision" else 0
        for times, written in ((1, BABBLE * limit), (1 + again, answer)):
            per_token = LAYER_SECONDS * shape.layers / config.generate.batch_size if machine.gpu else LLAMA_SECONDS
            seconds += times * sizes[phase] * (reading / speed(machine, shape) + written * per_token)
    return seconds


def _ram(config: Config, plan: Plan, shape: Shape, machine: Machine) -> float:
    """The most GiB at once: training (Unsloth puts checkpoints there), the merge, or the converter's largest tensor."""
    if machine.gpu is None:
        training = memory.cost(plan, shape, storage=4, context=memory.CPU_CONTEXT).total
    else:
        tokens = plan.batch_size * plan.max_seq_length
        training = PROCESS + (shape.layers * tokens * shape.hidden * 2 / GIB if plan.path == "unsloth" else 0)
    embedding = shape.vocabulary * shape.hidden
    linear = max(a * b for a, b in shape.linears().values())
    merging = 1.0 + max(3 * 2 * embedding, 4 * 4 * linear) / GIB  # 16-bit copies; float32 ones of W, B A and W'
    converting = 1.0 + embedding * (4 + 2 + 2) / GIB  # float32, what it came from, what it becomes
    return max(training, merging, converting)


def _of(plan: Plan, config: Config, phase: str) -> Plan:
    return dataclasses.replace(plan, phase=phase, vision_layers=config.lora.vision_layers and phase == "vision")


def _pictured(plan: Plan, shape: Shape) -> int:
    return shape.eyes.tokens + 2 if plan.phase == "vision" and shape.eyes else 0


def _looking(shape: Shape) -> float:
    """FLOP of the tower's forward over one picture."""
    eyes = shape.eyes
    if not eyes:
        return 0.0
    return 2 * eyes.matrices() * eyes.patches + 4 * eyes.patches**2 * eyes.hidden * eyes.layers


def _mean(rows: list[dict[str, object]], key: str) -> float:
    lengths = [len(value) for value in (row.get(key) for row in rows) if isinstance(value, str)]
    return sum(lengths) / len(lengths) if lengths else 0.0
