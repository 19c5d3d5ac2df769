"""What this machine is, decided once and with the reason: hardware, precision, profile, keys. No torch."""

import importlib.util
import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ghostlib import config
from ghostlib.errors import MachineError

KEYS = {"Hugging Face": ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"), "Gemini": ("GEMINI_API_KEY", "GOOGLE_API_KEY")}


@dataclass(frozen=True)
class Machine:
    """The hardware as far as a plan depends on it; sizes in GiB."""

    system: str
    python: str
    cpus: int
    ram_gib: float
    disk_free_gib: float
    gpu: str | None = None
    capability: tuple[int, int] | None = None
    vram_gib: float | None = None
    colab: bool = False


@dataclass(frozen=True)
class Precision:
    """The dtype that matrices are multiplied in, the one that weights are kept in, and why."""

    compute: str
    storage: str
    why: str


# Cards by name, for `ghost plan --gpu`: usable memory in GiB as the driver reports it, compute capability.
CARDS: dict[str, tuple[float, tuple[int, int]]] = {
    "T4": (14.74, (7, 5)),
    "V100": (15.78, (7, 0)),
    "L4": (22.03, (8, 9)),
    "A10G": (22.06, (8, 6)),
    "A100": (39.56, (8, 0)),
    "H100": (79.18, (9, 0)),
}


def look() -> Machine:
    """This machine. A GPU is what nvidia-smi names; a machine without one is a CPU machine."""
    gpu, capability, vram = _gpu()
    place = next(p for p in (config.output(), *config.output().parents) if p.exists())
    return Machine(
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        cpus=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        ram_gib=_ram_gib(),
        disk_free_gib=shutil.disk_usage(place).free / 2**30,
        gpu=gpu,
        capability=capability,
        vram_gib=vram,
        colab=in_colab(),
    )


def card(name: str) -> Machine:
    """This machine with the named card in it, to plan for a GPU that is elsewhere. Raises MachineError with those known."""
    found = {known.lower(): known for known in CARDS}.get(name.lower())
    if not found:
        raise MachineError(f"--gpu {name}: not a known card. There are: {', '.join(CARDS)}")
    here, (vram, capability) = look(), CARDS[found]
    return Machine(here.system, here.python, here.cpus, here.ram_gib, here.disk_free_gib, found, capability, vram, here.colab)


def precision(machine: Machine) -> Precision:
    """Which number formats a training uses here. Decided by compute capability: torch says that a T4 can bf16, slowly."""
    if machine.gpu is None or machine.capability is None:
        return Precision("float32", "float32", "no GPU: everything in fp32")
    name = f"{machine.gpu} ({machine.capability[0]}.{machine.capability[1]})"
    if machine.capability >= (8, 0):
        return Precision("bfloat16", "bfloat16", f"{name}: has bf16 units")
    return Precision("float16", "float32", f"{name}: no bf16 units, and Gemma-3 overflows fp16, so fp32 residual, fp16 matmuls")


def profile(machine: Machine) -> tuple[str, str]:
    """The profile that "auto" means here, and why."""
    if machine.gpu is None or machine.vram_gib is None:
        return "nano", "no GPU here, so the small Gemma-3 of the repository"
    if machine.vram_gib >= 20:
        return "a10g", f"{machine.gpu} with {machine.vram_gib:.1f} GiB: 12B with the vision layers"
    if machine.vram_gib >= 14:
        return "t4", f"{machine.gpu} with {machine.vram_gib:.1f} GiB: 4B in NF4 with room for 4,096 tokens"
    return "nano", f"{machine.gpu} has only {machine.vram_gib:.1f} GiB; 4B needs a card of 14 GiB"


def configure(
    name: str = "auto",
    *,
    task: str = "",
    scale: str | None = None,
    overrides: tuple[str, ...] | list[str] = (),
    here: Machine | None = None,
) -> config.Config:
    """The Config of a profile, or of the one that fits the machine `here` ("auto"; this one where None), for its own task

    or for `task`. A task's own profile is taken by "auto" where a GPU is. Raises ConfigError as `config.load` does.
    """
    reason = "asked for by name"
    if name == "auto":
        here = here or look()
        name, reason = profile(here)
        if task in config.profiles() and here.gpu is not None:
            name, reason = task, f"{task} was asked for, and there is a GPU ({here.gpu})"
    return config.load(name, task=task, scale=scale, overrides=overrides, reason=reason)


def memory_free() -> int | None:
    """Bytes of memory that a new process can have, as the kernel says; None on systems that do not say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, ValueError, StopIteration):
        return None


def in_colab() -> bool:
    """Whether this runs in Google Colab."""
    try:
        return importlib.util.find_spec("google.colab") is not None
    except (ModuleNotFoundError, ValueError):  # raised where no `google` package exists at all
        return False


def key(service: str) -> str | None:
    """The key of "Gemini" or "Hugging Face": from the environment, Colab's secrets or `.env`, in this order; else None."""
    return _find(service)[0]


def keys() -> dict[str, str | None]:
    """Where each service's key was found ("environment", "Colab secrets", ".env"), or None. Never the key itself."""
    return {service: _find(service)[1] for service in KEYS}


def _find(service: str) -> tuple[str | None, str | None]:
    for name in KEYS[service]:
        if os.environ.get(name):
            return os.environ[name], "environment"
    for name in KEYS[service]:
        secret = _colab_secret(name)
        if secret:
            return secret, "Colab secrets"
    written = _dotenv(config.root() / ".env")
    for name in KEYS[service]:
        if written.get(name):
            return written[name], ".env"
    return None, None


def _colab_secret(name: str) -> str | None:
    if not in_colab():
        return None
    from google.colab import userdata

    try:
        return userdata.get(name)
    except Exception:  # its own error types: no such secret, access not granted, or asked outside a notebook
        return None


def _dotenv(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    pairs = (line.removeprefix("export ").partition("=") for line in lines if "=" in line and not line.lstrip().startswith("#"))
    return {name.strip(): value.strip().strip("'\"") for name, _, value in pairs}


def _gpu() -> tuple[str | None, tuple[int, int] | None, float | None]:
    if not shutil.which("nvidia-smi"):
        return None, None, None
    asked = ["nvidia-smi", "--query-gpu=name,compute_cap,memory.total", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(asked, capture_output=True, text=True, timeout=20, check=True).stdout
        name, capability, mebibytes = (part.strip() for part in answer.splitlines()[0].rsplit(",", 2))
        major, minor = capability.split(".")
        return name, (int(major), int(minor)), int(mebibytes) / 1024
    except (subprocess.SubprocessError, OSError, ValueError, IndexError):
        return None, None, None  # the driver is there, the card is not


def _ram_gib() -> float:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (ValueError, OSError, AttributeError):
        return 0.0


def packages() -> list[tuple[str, str, str | None]]:
    """(name, pinned version, installed version or None) of every line of requirements.txt that is for this machine."""
    from importlib import metadata

    found = []
    for line in (config.root() / "requirements.txt").read_text(encoding="utf-8").splitlines():
        name, pinned, version = line.removeprefix("#alone ").split("#")[0].strip().partition("==")
        if pinned:
            plain = name.split("[")[0]
            try:
                installed = metadata.version(plain).split("+")[0]
            except metadata.PackageNotFoundError:
                installed = None
            found.append((plain, version, installed))
    return found
