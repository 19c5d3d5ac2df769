"""Google Colab: install beside what it already has, and keep `output/` in the user's Drive where they allow it.

    python -m ghostlib.colab        what the notebooks' install cell runs, from a fresh clone, with nothing installed yet

Colab's own torch, numpy, pandas, protobuf, requests and Jupyter stack stay as they are: replacing them restarts or breaks
the running kernel. Everything else comes in the versions of requirements.txt.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from ghostlib.errors import MachineError

ROOT = Path(__file__).resolve().parents[1]
# What a running Colab kernel has loaded or its page depends on; prefixes end in "-".
OWNED = (
    *("torch", "torchvision", "torchaudio", "triton", "nvidia-", "numpy", "pandas", "protobuf", "requests"),
    *("ipython", "ipykernel", "ipywidgets", "jupyter-", "jupyterlab-", "notebook", "tornado", "pyzmq", "traitlets"),
    *("nbformat", "nbclient", "nbconvert", "widgetsnbextension", "google-colab", "matplotlib-inline"),
)


def constraints(frozen: Iterable[str], pinned: Iterable[str]) -> list[str]:
    """The constraint lines for pip: what this machine owns at its own version, the rest at ours.

    `frozen` are lines of `pip freeze`, `pinned` the lines of requirements.txt; lines that are no `name==version` are left
    out (a local version such as `2.11.0+cu128` is kept).
    """
    theirs = {_name(line): line.strip() for line in frozen if "==" in line and owned(_name(line))}
    lines = [line for line in pinned if "==" in line and not line.startswith("#")]
    ours = {_name(line): _plain(line) for line in lines if not owned(_name(line))}
    return sorted([*theirs.values(), *ours.values()])


def owned(name: str) -> bool:
    """Whether a package belongs to Colab's own stack."""
    return any(name.startswith(prefix) if prefix.endswith("-") else name == prefix for prefix in OWNED)


def install(root: Path = ROOT) -> None:
    """Install the project and its extra `colab` (and Unsloth where CUDA is) under constraints. Raises MachineError."""
    frozen = _pip("list", "--format=freeze")
    pinned = (root / "requirements.txt").read_text(encoding="utf-8").splitlines()
    gpu = [line.removeprefix("#gpu ") for line in pinned if line.startswith("#gpu ")]
    alone = [line.removeprefix("#alone ") for line in pinned if line.startswith("#alone ")]
    gpu_alone = [line.removeprefix("#gpu-alone ") for line in pinned if line.startswith("#gpu-alone ")]
    with tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False) as file:
        file.write("\n".join(constraints(frozen.splitlines(), [*pinned, *gpu])))
    try:
        _pip("install", "--quiet", "--upgrade-strategy", "only-if-needed", "-c", file.name, "-e", f"{root}[colab]")
        _pip("install", "--quiet", "--no-deps", *alone)
        if has_cuda():
            _pip("install", "--quiet", "-c", file.name, "-e", f"{root}[gpu]")
            _pip("install", "--quiet", "--no-deps", *gpu_alone)
    finally:
        os.unlink(file.name)


def has_cuda() -> bool:
    """Whether the machine has an NVIDIA driver with a card behind it."""
    try:
        return subprocess.run(["nvidia-smi", "-L"], capture_output=True, timeout=20, check=False).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def keep_output(folder: str = "ghost-architect") -> str:
    """Ask once for the user's Drive and let `output/` live there; one line that says where results go.

    A refusal, and any machine that is not Colab, goes on with the local folder.
    """
    from ghostlib import config, machine

    if os.environ.get("GHOST_OUTPUT") or not machine.in_colab():
        return f"results go to {_short(config.output())}"
    from google.colab import drive

    try:
        drive.mount("/content/drive")
    except Exception as error:  # a refusal comes as one of several types of its own
        return f"Drive was not opened ({type(error).__name__}): results stay on this machine, in {_short(config.output())}"
    os.environ["GHOST_OUTPUT"] = f"/content/drive/MyDrive/{folder}/output"
    return f"results go to your Drive, MyDrive/{folder}/output"


def _short(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd().resolve().parent))
    except ValueError:
        return path.name


def _pip(*words: str) -> str:
    done = subprocess.run([sys.executable, "-m", "pip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise MachineError(f"pip {words[0]} failed: {' '.join(last)[:300]}. Restart the runtime and run the cell again")
    return done.stdout


def _name(line: str) -> str:
    return re.split(r"[\[=<>! ;@]", line.strip(), maxsplit=1)[0].lower().replace("_", "-").replace(".", "-")


def _plain(line: str) -> str:
    """A constraint may not carry extras: `psycopg[binary]==3.3.9` is `psycopg==3.3.9`."""
    return re.sub(r"\[.*?\]", "", line.split("#")[0].strip())


if __name__ == "__main__":
    install()
    print("installed; Colab's own torch and Jupyter stack were left as they are")
