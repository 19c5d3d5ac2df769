"""A profile and overrides in, one frozen Config out. The defaults of the whole suite stand here and nowhere else.

A profile is a YAML file in `configs/` that holds only what differs from the defaults below; `load` lays over it the
scale (`GHOST_SCALE`) and then the caller's overrides ("train.max_steps=60"). An unknown key is an error that names
the nearest one.
"""

import dataclasses
import math
import os
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ghostlib import strict
from ghostlib.errors import ConfigError

LANGUAGE_PROJECTIONS = ("q", "k", "v", "o", "gate", "up", "down")
# Numbers that must be above 0, and those that may also be the sign for "by epochs", "all" or "none".
ABOVE_ZERO = """
    model.image_side lora.rank lora.alpha train.max_seq_length train.epochs train.batch_size train.accumulation
    train.learning_rate train.max_grad_norm train.checkpoint_steps train.log_steps train.eval_sample
    preference.beta preference.epochs preference.learning_rate preference.batch_size preference.accumulation data.background
    generate.max_new_tokens generate.batch_size teacher.requests_per_minute teacher.timeout teacher.limit export.context
    capture.width capture.height capture.tallest capture.pause capture.timeout
""".split()
ABOVE_ZERO_OR = {
    **dict.fromkeys(("train.max_steps", "train.text_steps", "train.vision_steps", "preference.steps"), -1),
    **dict.fromkeys(
        (
            *("train.warmup_steps", "train.eval_steps", "evaluation.sample", "evaluation.text_sample", "screens.count"),
            *("data.generated", "lora.dropout", "export.parity", "train.patience", "evaluation.ablation"),
        ),
        0,
    ),
    **dict.fromkeys(("teacher.requests_per_day", "teacher.price_in", "teacher.price_out"), 0),
}


@dataclass(frozen=True)
class Model:
    """Which weights, and how they are loaded."""

    name: str = "unsloth/gemma-3-4b-it-bnb-4bit"  # ungated mirror, so that run-all needs no token
    merge_name: str = "unsloth/gemma-3-4b-it"  # the 16-bit twin, for merging on request
    path: str = "transformers"  # or "unsloth" (CUDA)
    quantise: bool = True  # NF4 with double quantisation
    image_side: int = 896  # Gemma-3's square, in pixels


@dataclass(frozen=True)
class Lora:
    """Trinity: QLoRA + DoRA + rsLoRA. rsLoRA scales by alpha / sqrt(rank): 32 / 8 = 4."""

    rank: int = 64
    alpha: int = 32
    dora: bool = True
    rslora: bool = True
    modules: tuple[str, ...] = LANGUAGE_PROJECTIONS
    vision_layers: bool = False
    dropout: float = 0.0  # must be 0 with DoRA: any other value costs a second full matmul


@dataclass(frozen=True)
class Train:
    """One phase of supervised fine-tuning; the `text_` and `vision_` values are what differs between the two."""

    max_seq_length: int = 2048  # tokens
    max_steps: int = -1  # optimizer steps of each phase; -1 means: by epochs
    text_steps: int = -1  # used where max_steps is -1
    vision_steps: int = -1
    epochs: float = 2.0
    batch_size: int = 1
    accumulation: int = 4
    learning_rate: float = 2e-4
    warmup_steps: int = 5
    optimizer: str = "adamw_8bit"
    max_grad_norm: float = 1.0
    checkpoint_steps: int = 25
    log_steps: int = 1
    gradient_checkpointing: bool = True
    eval_steps: int = 0  # ask the model in training a few questions every so many steps, and after the last one; 0: never
    eval_sample: int = 8  # how many
    eval_on: typing.Literal["held_back", "validation"] = "held_back"  # from the training side, or the benchmark itself
    eval_by: typing.Literal["score", "loss"] = "score"  # the task's score of its answers, or the loss of the right ones
    patience: int = 0  # evaluations in a row without a better one that end a phase; 0: none does
    keep: typing.Literal["best", "last"] = "best"  # which adapter a phase ends with where eval_steps is on
    tensorboard: bool = False  # also write the log for TensorBoard
    mirror: str = ""  # a folder, a mounted drive for instance, that gets a copy of the run at every checkpoint; empty: none
    probe: typing.Literal["auto", "on", "off"] = "auto"  # two steps in a process of their own first; auto: on a GPU


@dataclass(frozen=True)
class Preference:
    """The phase that learns from pairs (DPO, arXiv 2305.18290), with what differs from `train` there."""

    beta: float = 0.1  # how far the trained model may go from the reference
    epochs: float = 1.0
    steps: int = -1  # used where train.max_steps is -1
    learning_rate: float = 5e-6
    batch_size: int = 2  # pairs: each is two answers
    accumulation: int = 4


@dataclass(frozen=True)
class Data:
    """Where the examples are, relative to the root, and what goes into the prompt."""

    texts: str = "data/dataset.json"
    screens: str = "data/dataset_vision.json"
    validation: str = "data/validation_set/dataset.json"
    reading: str = "ocr"  # or "none"
    picture: bool = True  # False leaves the picture out of the prompt (what is each eye worth?)
    preferences: str = ""  # pairs of a right and a spoilt answer, for the tasks that learn from such
    generated: int = 0  # examples that the task makes itself, beside those of the files
    outline: bool = False  # have the model list tables and fields in plain words before it writes SQL; helps a small one
    background: int = 6_000  # characters of a prompt for what is asked about, such as a database's tables; the rest is left out


@dataclass(frozen=True)
class Generate:
    """Greedy decoding of an answer."""

    max_new_tokens: int = 768
    batch_size: int = 1


@dataclass(frozen=True)
class Evaluation:
    """How much is evaluated where it is part of a notebook."""

    sample: int = 40  # validation screens; 0 means all
    text_sample: int = 8  # held-back text examples asked before and after phase 1
    by_rule: bool = False  # the base is also asked for a plain list, which a rule makes SQL of: a baseline
    ablation: float = 0.3  # of the sample is asked again, without its picture and without its reading; 0: none, 1: all


@dataclass(frozen=True)
class Screens:
    """New screens to draw in notebook 03; 0 uses the shipped ones alone."""

    count: int = 12


@dataclass(frozen=True)
class TeacherSettings:
    """Gemini as teacher. The model is a setting because models are switched off: choose one that lives."""

    model: str = "gemini-3.5-flash-lite"
    sdk: typing.Literal["google-generativeai", "google-genai"] = "google-generativeai"  # the named client; the maintained one
    requests_per_minute: int = 10
    requests_per_day: int = 0  # 0: until Gemini says that the day's quota is used up
    endpoint: str = ""  # empty: Google's own
    timeout: float = 60.0  # seconds a call, from the question to the last byte of its answer
    limit: int = 20  # pictures a run
    price_in: float = 0.0  # dollars for a million tokens of questions; 0 on both: only tokens are counted
    price_out: float = 0.0  # ... and of answers, thinking included


@dataclass(frozen=True)
class Capture:
    """Screenshots of public pages: the window, and how polite and how patient."""

    width: int = 1440  # pixels of the window
    height: int = 900
    tallest: int = 1800  # pixels of a page that are kept; below them little is legible in the model's square
    pause: float = 3.0  # seconds between two pages of one host; its robots.txt may ask for more
    timeout: float = 30.0  # seconds that a page may take


@dataclass(frozen=True)
class Export:
    quant: str = "f16"  # f32, f16, bf16, q8_0, q4_k_m
    context: int = 4096  # num_ctx of the Modelfile
    merge_onto: str = "nf4"  # or "16bit": the weights that the adapter is merged onto
    parity: int = 8  # validation screens that notebook 05 follows through the chain of an export; 0: none


@dataclass(frozen=True)
class Config:
    """Everything that one run needs to know. `reason` says why this profile and these values."""

    profile: str
    task: str = "ui2sql"
    seed: int = 7
    needs_gpu: bool = True
    scale: str = "full"
    reason: str = ""
    model: Model = field(default_factory=Model)
    lora: Lora = field(default_factory=Lora)
    train: Train = field(default_factory=Train)
    preference: Preference = field(default_factory=Preference)
    data: Data = field(default_factory=Data)
    generate: Generate = field(default_factory=Generate)
    evaluation: Evaluation = field(default_factory=Evaluation)
    screens: Screens = field(default_factory=Screens)
    teacher: TeacherSettings = field(default_factory=TeacherSettings)
    capture: Capture = field(default_factory=Capture)
    export: Export = field(default_factory=Export)

    def steps(self, phase: str) -> int:
        """Optimizer steps of a phase; -1 means by epochs."""
        if self.train.max_steps != -1:
            return self.train.max_steps
        return self.preference.steps if phase == "preference" else getattr(self.train, f"{phase}_steps")

    def as_dict(self) -> dict[str, Any]:
        """YAML- and JSON-ready, with every default resolved."""
        return _plain(dataclasses.asdict(self))


@dataclass(frozen=True)
class Plan:
    """What one phase of training asks of a machine. `memory.cost` prices it, `ladder.cheaper` gives something up."""

    phase: str  # "text", "vision" or "preference"
    path: str
    model: str
    max_seq_length: int
    rank: int
    alpha: int
    dora: bool
    rslora: bool
    modules: tuple[str, ...]
    vision_layers: bool = False
    dropout: float = 0.0
    quantise: bool = True
    batch_size: int = 1
    checkpointing: bool = True
    optimizer: str = "adamw_8bit"


VARIANTS = "variants"  # in a task's profile: what it lays over another profile, by that profile's name

# What `GHOST_SCALE=smoke` changes: every step of the way is taken, each as short as it can be.
SMOKE: dict[str, Any] = {
    "train": {"max_steps": 3, "checkpoint_steps": 2},
    "evaluation": {"sample": 4, "text_sample": 2},
    "generate": {"max_new_tokens": 64},
    "screens": {"count": 2},
    "export": {"parity": 2},
}
SMOKE_GENERATED = 24  # at most


def plan(config: Config, phase: str) -> Plan:
    """The Plan that a config asks for, before the ladder has looked at it."""
    return Plan(
        phase=phase,
        path=config.model.path,
        model=config.model.name,
        max_seq_length=config.train.max_seq_length,
        rank=config.lora.rank,
        alpha=config.lora.alpha,
        dora=config.lora.dora,
        rslora=config.lora.rslora,
        modules=config.lora.modules,
        vision_layers=config.lora.vision_layers and phase == "vision",
        dropout=config.lora.dropout,
        quantise=config.model.quantise,
        batch_size=2 * config.preference.batch_size if phase == "preference" else config.train.batch_size,
        checkpointing=config.train.gradient_checkpointing,
        optimizer=config.train.optimizer,
    )


def load(
    profile: str, *, task: str = "", scale: str | None = None, overrides: typing.Sequence[str] = (), reason: str = ""
) -> Config:
    """The Config of a profile in `configs/`, with `task`, `scale` and then `overrides` ("train.max_steps=60") laid over it.

    `task` is another task than the profile's own: its profile (`configs/<task>.yaml`) says under `variants` what differs there.
    `scale` is "smoke" or "full"; None reads GHOST_SCALE, else "full". Raises ConfigError with the nearest name for an
    unknown profile or key, for a profile that a task is not made for, and with the place for YAML that does not parse.
    """
    scale = scale or os.environ.get("GHOST_SCALE") or "full"
    if scale not in ("smoke", "full"):
        raise ConfigError(f"GHOST_SCALE={scale}: is neither smoke nor full")
    values = _for_task(profile, task)
    if scale == "smoke":
        few = min(SMOKE_GENERATED, values.get("data", {}).get("generated", 0))
        values = strict.merge(strict.merge(values, SMOKE), {"data": {"generated": few}})
    for override in overrides:
        values = strict.merge(values, strict.nested(override))
    where = f"profile {profile}"
    return _sound(strict.build(Config, values | {"profile": profile, "scale": scale, "reason": reason}, where=where), where)


def profiles() -> list[str]:
    """The names of the profiles in `configs/`."""
    return sorted(path.stem for path in (root() / "configs").glob("*.yaml"))


def from_file(path: Path) -> Config:
    """The resolved Config that a run wrote into its `config.yaml`."""
    values = strict.read(path)
    return _sound(strict.build(Config, values, where=str(path)), str(path))


def save(config: Config, path: Path) -> None:
    """Write the resolved config as YAML; `from_file` reads it back to an equal Config."""
    path.write_text(yaml.safe_dump(config.as_dict(), sort_keys=False), encoding="utf-8")


def root() -> Path:
    """The project's folder: GHOST_ROOT, else the nearest one upwards, of here and then of this file, that holds the package."""
    named = os.environ.get("GHOST_ROOT")
    if named:
        if not (Path(named) / "configs").is_dir():
            raise ConfigError(f"GHOST_ROOT={named}: no configs/ in that folder. Point it at a checkout of the project")
        return Path(named).resolve()
    here = Path.cwd().resolve()
    for folder in (here, *here.parents, Path(__file__).resolve().parents[1]):
        if (folder / "pyproject.toml").is_file() and (folder / "ghostlib").is_dir():
            return folder
    raise ConfigError(f"{here}: not inside a checkout of the project. Run from its folder, or set GHOST_ROOT to it")


def output() -> Path:
    """The folder of the runs: GHOST_OUTPUT, else `output/` in the root. Not created here."""
    named = os.environ.get("GHOST_OUTPUT")
    return Path(named).resolve() if named else root() / "output"


def cache() -> Path:
    """Where things that can be fetched or made again lie: GHOST_CACHE, else `.cache/` in the root. Not created here."""
    named = os.environ.get("GHOST_CACHE")
    return Path(named).resolve() if named else root() / ".cache"


def _read(profile: str) -> dict[str, Any]:
    known = profiles()
    if profile not in known:
        raise ConfigError(f"profile {profile}: does not exist{strict.nearest(profile, known)}. There are: {', '.join(known)}")
    return strict.read(root() / "configs" / f"{profile}.yaml")


def _for_task(profile: str, task: str) -> dict[str, Any]:
    """The values of a profile for a task; "" is the profile's own."""
    values = _read(profile)
    values.pop(VARIANTS, None)
    if not task or task == values.get("task", Config.task):
        return values
    own = _read(task) if task in profiles() else {}
    there = own.get(VARIANTS) or {}
    if own.get("task") != task or profile not in there:
        able = [name for name in profiles() if _read(name).get("task", Config.task) == task]
        listed = ", ".join([*able, *there]) if own.get("task") == task else ", ".join(able)
        known = sorted({_read(name).get("task", Config.task) for name in profiles()})
        hint = f"Use --profile {listed}" if listed else f"There are: {', '.join(known)}{strict.nearest(task, known)}"
        raise ConfigError(f"task {task}: has no settings for profile {profile}. {hint}")
    return strict.merge(values, there[profile] | {"task": task})


def _sound(config: Config, where: str) -> Config:
    """The config itself. Raises ConfigError where a number can train or answer nothing, with all such numbers."""
    wrong = []
    for name in (*ABOVE_ZERO, *ABOVE_ZERO_OR):
        part, key = name.split(".")
        value, sign = getattr(getattr(config, part), key), ABOVE_ZERO_OR.get(name)
        if value != sign and not 0 < value < math.inf:
            wrong.append(f"{name}={value}: must be above 0" + ("" if sign is None else f", or {sign}"))
    if config.train.patience and not config.train.eval_steps:
        wrong.append(f"train.patience={config.train.patience}: needs train.eval_steps above 0, else nothing is evaluated")
    if config.lora.dora and config.lora.dropout:
        wrong.append(f"lora.dropout={config.lora.dropout}: must be 0 with lora.dora=true")
    if wrong:
        raise ConfigError(f"{where}: {'; '.join(wrong)}")
    return config


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return list(value) if isinstance(value, tuple) else value
