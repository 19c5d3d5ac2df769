"""What the tests of killed and several processes share: a small text training as a command, and what it left behind."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TABLE = "CREATE TABLE {0} (\n    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY{1}\n);"
COLUMNS = (",\n    name text NOT NULL", ",\n    total numeric(10,2)", ",\n    paid boolean", ",\n    born date")
WORDS = ("orders", "customers", "invoices", "rooms", "guests", "tasks", "pets", "songs", "books", "drivers", "trees", "keys")
SMALL = {
    "train.max_steps": 8,
    "train.checkpoint_steps": 2,
    "train.batch_size": 1,
    "train.accumulation": 2,
    "train.warmup_steps": 0,
    "lora.rank": 4,
}


def texts(folder):
    """A file of twelve text examples; their answers have from one to five columns, so no two batches weigh the same."""
    rows = [
        {
            "instruction": "Write the PostgreSQL schema.",
            "input": f"3,4 {word}",
            "output": TABLE.format(word, "".join(COLUMNS[: n % 5])),
        }
        for n, word in enumerate(WORDS)
    ]
    file = folder / "texts.json"
    file.write_text(json.dumps(rows))
    return file


def command(nano, data, **settings):
    """The words after `python -m ghostlib.training.sft`; a setting's `__` stands for its dot."""
    named = SMALL | {key.replace("__", "."): value for key, value in settings.items()}
    named |= {"model.name": nano, "data.texts": data}
    return ["text", "--profile", "nano", *(word for key, value in named.items() for word in ("--set", f"{key}={value}"))]


def live(words, *, output, run, fault="none", processes=1, timeout=300):
    """The finished process of one training; one thread each, so that two runs add up in one order."""
    mortal = [str(ROOT / "tests" / "mortal.py"), fault, *words]
    launched = [sys.executable, *mortal]
    if processes > 1:
        launcher = [sys.executable, "-m", "accelerate.commands.launch", "--config_file", "configs/accelerate/cpu.yaml"]
        launched = [*launcher, "--num_processes", str(processes), *mortal]
    env = {name: value for name, value in os.environ.items() if name not in ("GHOST_ROOT", "GHOST_SCALE")}
    env |= {"GHOST_OUTPUT": str(output), "GHOST_RUN": run, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    return subprocess.run(launched, cwd=ROOT, env=env, capture_output=True, text=True, timeout=timeout)


def told(output, run):
    """(what log.jsonl says of each step that does not depend on the clock, the bytes of the adapter)."""
    folder = Path(output) / run / "text"
    rows = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    kept = ("step", "loss", "learning_rate", "grad_norm", "tokens", "accuracy", "score", "validity", "asked")
    adapter = folder / "adapter" / "adapter_model.safetensors"
    return [{key: row[key] for key in kept if key in row} for row in rows], adapter.read_bytes() if adapter.exists() else None
