"""A data set from the Hugging Face Hub, as a folder on this machine; archives in it are unpacked once, with care."""

import shutil
import zipfile
from pathlib import Path

from ghostlib import config as configs
from ghostlib.errors import DataError

SCHEME = "hf://"
LARGEST = 60 * 1024**3  # bytes of an unpacked archive; BIRD's training databases have 33 GB


def fetched(address: str) -> Path:
    """The folder of `hf://owner/name`, downloaded where the cache lacks it. Raises DataError where that cannot be."""
    name = address.removeprefix(SCHEME).strip("/")
    if name.count("/") != 1:
        raise DataError(f"{address}: is no data set of the Hub. Write {SCHEME}owner/name.")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        folder = Path(snapshot_download(name, repo_type="dataset"))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(f"{address}: cannot be downloaded ({reason}). Download it by hand and name its folder.") from error
    archives = sorted(folder.glob("*.zip"))
    if not archives:
        return folder
    place = configs.cache() / "text2sql" / name.replace("/", "--")
    for archive in archives:
        _unpacked(archive, place / archive.stem)
    return place if len(archives) > 1 else place / archives[0].stem


def _unpacked(archive: Path, folder: Path) -> None:
    """The archive's files in `folder`, those of archives inside it too (BIRD has its databases so); half of them is none."""
    if folder.is_dir():
        return
    aside = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    waiting, room = [(archive, aside)], LARGEST
    while waiting:
        opened, place = waiting.pop()
        room -= _extracted(opened, place, room)
        waiting += [(inner, inner.parent) for inner in place.rglob("*.zip") if not inner.with_suffix("").exists()]
        if opened != archive:
            opened.unlink()
            waiting = [(inner, where) for inner, where in waiting if inner != opened]
    aside.replace(folder)


def _extracted(archive: Path, folder: Path, room: int) -> int:
    """How many bytes were unpacked; a path that leads out of the folder is an error."""
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [one for one in opened.infolist() if not one.filename.startswith(("__MACOSX/", "./", ".DS_Store"))]
            size = sum(one.file_size for one in members)
            if size > room:
                raise DataError(
                    f"{archive}: has more than {LARGEST >> 30} GiB unpacked. Unpack it by hand and name its folder."
                )
            for one in members:
                if not (folder / one.filename).resolve().is_relative_to(folder.resolve()):
                    raise DataError(f"{archive}: {one.filename} leads out of its folder.")
            opened.extractall(folder, members)
            return size
    except (zipfile.BadZipFile, OSError) as error:
        raise DataError(f"{archive}: cannot be unpacked ({error}).") from error
