"""The upload cell where people meet it: JupyterLab on loopback, a real browser, the shipped nano, the real server's verdict.

With GHOST_PICTURES=docs/pictures the page of the first answer is kept there as upload.png, for the README.
"""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from PIL import Image

from ghostlib import config, upload
from ghostlib.corpus.screens import browser

pytestmark = pytest.mark.skipif(not browser.installed(), reason="needs a Chromium or Chrome")

ROOT = Path(__file__).resolve().parents[1]
CELL = "from ghostlib import config, upload\n\nupload.cell(config.load('nano'))"
PATIENCE = 120_000  # milliseconds


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab with one notebook in it, settings and kernels of its own."""
    pytest.importorskip("jupyterlab", reason="needs jupyterlab, a pin of requirements.txt")
    folder = tmp_path_factory.mktemp("lab")
    cell = {"cell_type": "code", "id": "a", "source": CELL, "metadata": {}, "outputs": [], "execution_count": None}
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    page = {"cells": [cell], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (folder / "upload.ipynb").write_text(json.dumps(page))
    quiet = folder / "settings" / "@jupyterlab" / "apputils-extension"
    quiet.mkdir(parents=True)
    (quiet / "notification.jupyterlab-settings").write_text('{"fetchNews": "false", "checkForUpdates": false}')
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = {"GHOST_ROOT": str(ROOT), "PYTHONPATH": str(ROOT), "GHOST_OUTPUT": str(folder / "output")}
    told |= {f"JUPYTER_{kind}_DIR": str(folder / kind) for kind in ("CONFIG", "DATA", "RUNTIME")}
    told |= {"IPYTHONDIR": str(folder / "ipython"), "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings")}
    surroundings = {name: value for name, value in os.environ.items() if name != "GHOST_HEADLESS"} | told
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"]
    command += ["--IdentityProvider.token=", "--ServerApp.port_retries=0", f"--notebook-dir={folder}"]
    command += [f"--LabApp.workspaces_dir={folder / 'workspaces'}"]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, cwd=folder, env=surroundings, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(120):
            try:
                urllib.request.urlopen(f"{address}/api", timeout=2).close()
                break
            except OSError:
                assert server.poll() is None, (folder / "log").read_text()[-1500:]
                time.sleep(0.5)
        yield address
    finally:
        server.terminate()
        server.wait(30)


@pytest.fixture
def page(lab):
    """The notebook in a browser window, its cell run."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=browser.find(), args=list(browser.ARGUMENTS))
        shown = running.new_page(viewport={"width": 1180, "height": 1050}, accept_downloads=True)
        shown.set_default_timeout(PATIENCE)
        shown.goto(f"{lab}/doc/tree/upload.ipynb")
        shown.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
        shown.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for()  # before that, nothing runs
        shown.keyboard.press("Shift+Enter")
        yield shown
        running.close()


def give(page, file: Path) -> None:
    with page.expect_file_chooser() as chosen:
        page.locator("button.widget-upload:enabled").click()
    chosen.value.set_files(file)


def below(page):
    return page.locator(".jp-OutputArea-output .widget-output, .jp-OutputArea-output .jupyter-widgets-output-area").first


def test_a_screenshot_given_to_jupyterlab_becomes_a_schema_in_colours_and_again_without_a_restart(page, tmp_path):
    screen = upload.sample(config.load("nano"))
    give(page, screen)
    verdict = below(page).get_by_text("PostgreSQL")
    verdict.wait_for()
    told = below(page).inner_text()
    assert "CREATE TABLE" in told and (" s · gguf" in told)
    assert below(page).locator("img").count() >= 1, "the screenshot, and a diagram where the schema is valid"
    inks = {span.evaluate("e => getComputedStyle(e).color") for span in below(page).locator("pre span").all()[:40]}
    assert len(inks) > 2, "keywords, names and punctuation in colours of their own"
    with page.expect_download() as got:
        below(page).get_by_text("Download").click()
    assert got.value.suggested_filename == f"{screen.stem}.sql"
    assert Path(got.value.path()).read_text().startswith("CREATE TABLE")
    _keep(page, tmp_path)

    give(page, screen)  # the same file again is answered again
    below(page).get_by_text("being read").wait_for(state="attached")
    below(page).get_by_text("PostgreSQL").wait_for()
    assert "CREATE TABLE" in below(page).inner_text()

    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n not a picture")
    give(page, broken)
    below(page).get_by_text("broken.png: ").filter(has_not_text="being read").wait_for()
    told = below(page).inner_text().strip()
    assert told.count("\n") == 0 and "CREATE TABLE" not in told, "one line, and the earlier answer is gone"


def _keep(page, folder: Path) -> None:
    page.set_viewport_size({"width": 1180, "height": 1500})  # the whole answer on one page
    page.locator("button.widget-upload").scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    page.screenshot(path=folder / "upload.png")
    assert (folder / "upload.png").stat().st_size > 10_000
    if place := os.environ.get("GHOST_PICTURES"):
        Image.open(folder / "upload.png").convert("RGB").quantize(128).save(Path(place) / "upload.png", optimize=True)
