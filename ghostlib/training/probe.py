"""Two optimizer steps on the longest example, in a process of their own, before a phase is trained: does the rung fit?

The estimate is arithmetic; this is the card itself. A process that dies of it (the kernel ends what takes too much RAM)
takes no notebook with it, and gives everything back. It costs a load of the model, so on a CPU it is off by default.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ghostlib import config as configs
from ghostlib import machine
from ghostlib.config import Config, Plan
from ghostlib.errors import TrainingError
from ghostlib.tasks import Example
from ghostlib.training import recovery
from ghostlib.training.runs import Run

COMMAND = (sys.executable, "-m", "ghostlib.training.probe")
LOADING = 3600.0  # seconds; the first time the weights are downloaded
STEPPING = 900.0  # seconds for two steps: at that pace sixty would take hours
STEPS = 2
ACCUMULATION = 2  # batches a step: from the second on, the gradients stand beside the activations


@dataclass(frozen=True)
class Probed:
    """What a probe of a plan found."""

    outcome: str  # "ran", "out of memory", "hung", "crashed" (by a signal) or "failed" (of something else)
    message: str = ""
    peak_gib: float = 0.0  # of its process: on the GPU where there is one, else in RAM
    seconds: float = 0.0  # an optimizer step of the training, were all its examples this long
    tokens: int = 0  # of the longest example

    @property
    def ran(self) -> bool:
        return self.outcome == "ran"

    @property
    def short(self) -> bool:
        """Whether a cheaper plan is the answer. Hung counts: a card that is over-full swaps, and gets nowhere."""
        return self.outcome in ("out of memory", "hung")

    @property
    def told(self) -> str:
        """One line of it."""
        if self.ran:
            return f"a probe peaked at {self.peak_gib:.1f} GiB, {self.seconds:.1f} s a step on {self.tokens} tokens"
        return f"a probe {'ran ' if self.outcome == 'out of memory' else ''}{self.outcome} ({self.message})"


def wanted(config: Config) -> bool:
    """Whether a phase is probed: `train.probe` on or off, or auto, which is on a GPU; never in one of several processes."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        return False
    return config.train.probe == "on" or (config.train.probe == "auto" and machine.look().gpu is not None)


def of(config: Config, phase: str, run: Run, examples: list[Example], *, progress: bool) -> Callable[[Plan], Probed]:
    """A function that probes a plan once, says so in one line, and writes it into run.json; asked again it remembers.

    `examples` are all of the phase; the longest that a plan keeps is taken, also where it is only held back to be asked.
    It raises TrainingError where the probe's process crashed: so would this one.
    """
    lengths: list[int] = []
    known: dict[Plan, Probed] = {}

    def probe(plan: Plan) -> Probed:
        if plan in known:
            return known[plan]
        from ghostlib.models import load
        from ghostlib.training import rows

        if not lengths:
            lengths.extend(rows.lengths(examples, load.processor(plan.model)))
        kept = [(tokens, number) for number, tokens in enumerate(lengths) if tokens <= plan.max_seq_length]
        if not kept:  # the attempt says so, with its own words
            return Probed("failed", f"no example has at most {plan.max_seq_length} tokens")
        tokens, number = max(kept)
        _say(progress, f"{phase}: probing {_short(plan)} in a process of its own (it loads the model) ... ", end="")
        found = dataclasses.replace(measure(config, plan, examples[number], start=run.before(phase)), tokens=tokens)
        _say(progress, found.told)
        known[plan] = found
        told = [{"plan": _short(one), **dataclasses.asdict(result)} for one, result in known.items()]
        run.record(**{phase: {"probe": told}})
        if found.outcome == "crashed":
            raise TrainingError(
                f"{phase}: the probe crashed ({found.message}), as training would. See `ghost plan` for what this machine has; "
                "--set train.probe=off trains without it"
            )
        return found

    return probe


def measure(config: Config, plan: Plan, example: Example, *, start: Path | None = None) -> Probed:
    """Two optimizer steps of a plan on batches of `example`, in a process that is gone when this returns or raises.

    The process inherits the environment, is ended with its own children when this is interrupted, and ends itself when
    this process is killed.
    """
    with tempfile.TemporaryDirectory(prefix="ghost-probe-") as name:
        folder = Path(name)
        configs.save(config, folder / "config.yaml")
        asked = {
            "plan": dataclasses.asdict(plan),
            "example": dataclasses.asdict(example),
            "start": start and str(start.resolve()),
        }
        (folder / "asked.json").write_text(json.dumps(asked, default=str), encoding="utf-8")
        package = str(Path(__file__).resolve().parents[2])
        paths = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
        with (folder / "words.txt").open("w+", encoding="utf-8", errors="replace") as words:
            child = subprocess.Popen(
                [*COMMAND, str(folder)],
                stdin=subprocess.PIPE,  # never written to: its end tells the child that this process is gone
                stdout=words,
                stderr=subprocess.STDOUT,
                env=os.environ | {"PYTHONPATH": paths},
                start_new_session=True,
            )
            try:
                code = _wait(child, folder / "report.jsonl")
            finally:  # an interrupt comes this way too
                _end(child)
            words.seek(max(0, words.seek(0, os.SEEK_END) - 4000))
            return verdict(_last(folder / "report.jsonl"), code, words.read())


def verdict(report: dict[str, Any] | None, code: int | None, words: str) -> Probed:
    """What a probe's process says, or, where it could say nothing, how it ended: `code` is None for one that hung.

    `words` is the end of what it wrote.
    """
    if report and "outcome" in report:
        return Probed(**report)
    if code is None:
        return Probed("hung", "no end in sight")
    if code == -signal.SIGKILL:
        return Probed("out of memory", "killed with signal 9, as the kernel does when RAM runs out")
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    for line in lines:  # bitsandbytes ends the process itself: "Error out of memory at line 380 in file ..."
        if any(sign in line for sign in recovery.SIGNS):
            return Probed("out of memory", line[:200])
    if code < 0:
        return Probed("crashed", f"signal {-code}, {signal.Signals(-code).name}")
    return Probed("failed", f"exit code {code}: {lines[-1][:200] if lines else 'without a word'}")


def main(folder: Path) -> None:
    """What the process does: write lines of JSON to report.jsonl, that the model is loaded, and then what a Probed holds."""
    threading.Thread(target=_end_with_the_parent, args=(folder,), daemon=True).start()
    try:
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="utf-8")  # if the kernel must end one, then this
    except OSError:
        pass  # not Linux

    def report(**facts: Any) -> None:
        with (folder / "report.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(facts) + "\n")

    try:
        asked = json.loads((folder / "asked.json").read_text(encoding="utf-8"))
        found = _steps(configs.from_file(folder / "config.yaml"), asked, folder, lambda: report(loaded=True))
        report(outcome="ran", **found)
    except Exception as error:
        short = recovery.shortage(error)
        line = short or f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
        report(outcome="out of memory" if short else "failed", message=line[:300])


def _steps(config: Config, asked: dict[str, Any], folder: Path, loaded: Callable[[], None]) -> dict[str, float]:
    from ghostlib.models import load, lora
    from ghostlib.training import memory, rows, trainer

    plan = Plan(**asked["plan"] | {"modules": tuple(asked["plan"]["modules"])})
    image = asked["example"]["image"]
    example = Example(**asked["example"] | {"image": Path(image) if image else None})
    batches, accumulation = config.train.accumulation, min(config.train.accumulation, ACCUMULATION)
    train = dataclasses.replace(config.train, max_steps=STEPS, accumulation=accumulation, warmup_steps=0, log_steps=1)
    config = dataclasses.replace(config, train=train)
    base = load.base(config, plan)
    model = lora.attach(base.model, plan, start=asked["start"] and Path(asked["start"]), seed=config.seed)
    loaded()
    repeated = [example] * (train.batch_size * accumulation * STEPS)
    made = trainer.build(config, plan.phase, folder, model, base.processor, rows.dataset(config, repeated, base.processor))
    made.args.save_strategy = "no"
    ends: list[float] = []
    step = made.training_step

    def timed(*args: Any, **kwargs: Any) -> Any:
        result = step(*args, **kwargs)
        ends.append(time.monotonic())
        return result

    made.training_step = timed
    with load.quietly():
        made.train()
    pace = (ends[-1] - ends[0]) / (len(ends) - 1)  # the first batch also warms up
    return {"peak_gib": round(memory.peak(), 2), "seconds": round(pace * batches, 2)}


def _wait(child: subprocess.Popen[bytes], report: Path) -> int | None:
    """The exit code of the process; None where it has not ended in the time that it has."""
    end, loading = time.monotonic() + LOADING, True
    while time.monotonic() < end:
        try:
            return child.wait(timeout=0.2)
        except subprocess.TimeoutExpired:
            if loading and _last(report):
                end, loading = time.monotonic() + STEPPING, False
    return None


def _last(report: Path) -> dict[str, Any] | None:
    """The last whole line of the report; None before there is one."""
    try:
        return json.loads(report.read_text(encoding="utf-8").rpartition("\n")[0].rpartition("\n")[2])
    except (FileNotFoundError, json.JSONDecodeError):
        return None


def _end(child: subprocess.Popen[bytes]) -> None:
    """The process and all that it has started, gone."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # it has ended by itself
    child.wait()
    if child.stdin:
        child.stdin.close()


def _end_with_the_parent(folder: Path) -> None:
    """Returns never: the pipe ends when the parent does, and then this process and what it has started must too."""
    sys.stdin.read()
    shutil.rmtree(folder, ignore_errors=True)  # nobody else is left to do it
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


def _short(plan: Plan) -> str:
    return f"sequence {plan.max_seq_length}, rank {plan.rank}, {'DoRA' if plan.dora else 'LoRA'} on {','.join(plan.modules)}"


def _say(progress: bool, line: str, end: str = "\n") -> None:
    if progress:
        print(line, end=end, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
