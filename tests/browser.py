"""Opens notebooks in a real JupyterLab in headless Chromium: for tests/test_browser.py and `make browser`."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, sync_playwright

from utils.data import COURSE_FOLDER as ROOT

SCREENSHOTS = ROOT / "build" / "screenshots"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},  # else only the cells in view are in the page
    "apputils-extension/notification": {"fetchNews": "false"},  # no question about news over the picture
}
QUESTION = "What is the cable guide of the Heron winch wiped with?"
SECONDS = 1000  # Playwright counts milliseconds


@contextmanager
def jupyterlab(folder: Path) -> Iterator[str]:
    """Copy the notebooks into a folder, start JupyterLab there, and give its address; stop it in the end."""
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    for part in ("utils", "data"):
        (folder / part).symlink_to(ROOT / part)
    for name, values in SETTINGS.items():
        file = folder / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(values), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [
        "--no-browser",
        "--allow-root",
        f"--port={port}",
        "--IdentityProvider.token=",
        "--ServerApp.disable_check_xsrf=True",
    ]
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *options, f"--notebook-dir={folder}"],
        env=os.environ | {"JUPYTERLAB_SETTINGS_DIR": str(folder / "settings")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(lambda: answers(f"{address}/api/status"), seconds=60, what="JupyterLab to start")
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)


def answers(address: str) -> bool:
    """Tell whether a server answers at an address."""
    try:
        return urllib.request.urlopen(address, timeout=5).status == 200
    except OSError:
        return False


def wait_for(condition: Any, *, seconds: float, what: str) -> None:
    """Ask twice a second until a condition holds; raise TimeoutError, with what was waited for, after `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"Waited {seconds:.0f} seconds for {what}.")
        time.sleep(0.5)


@contextmanager
def open_notebook(address: str, name: str, *, width: int = 1280) -> Iterator[Page]:
    """Open a notebook in Chromium, alone in the window, and give the page."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": 1000})
        page.set_default_timeout(60 * SECONDS)
        page.goto(f"{address}/doc/tree/notebooks/{name}.ipynb")
        page.locator(".jp-Notebook .jp-Cell").first.wait_for()
        wait_for(lambda: kernel_state(address) == "idle", seconds=60, what="the kernel")
        try:
            yield page
        finally:
            browser.close()
            stop_kernels(address)


def running_kernels(address: str) -> list[dict[str, Any]]:
    """Return what the server says of each kernel that runs."""
    with urllib.request.urlopen(f"{address}/api/kernels", timeout=10) as reply:
        return json.load(reply)


def stop_kernels(address: str) -> None:
    """Stop all kernels, so that the next notebook has the machine for itself."""
    for kernel in running_kernels(address):
        request = urllib.request.Request(f"{address}/api/kernels/{kernel['id']}", method="DELETE")
        urllib.request.urlopen(request, timeout=30).close()


def kernel_state(address: str) -> str:
    """Return what the only kernel is doing, such as "idle" or "busy"; "none" when there is none."""
    kernels = running_kernels(address)
    return kernels[-1]["execution_state"] if kernels else "none"


def run_all(page: Page, *, seconds: float) -> None:
    """Clear all outputs, press Run All Cells, and wait until the last code cell has been executed."""
    menu(page, "Edit", "Clear Outputs of All Cells")
    menu(page, "Run", "Run All Cells")
    last = page.locator(".jp-CodeCell .jp-InputPrompt").last
    counted = f"[{page.locator('.jp-CodeCell').count()}]:"
    wait_for(lambda: last.inner_text() == counted or errors(page), seconds=seconds, what="the last cell")


def menu(page: Page, name: str, entry: str) -> None:
    """Choose an entry of a menu."""
    page.locator(".lm-MenuBar-itemLabel", has_text=name).first.click()
    page.locator(".lm-Menu-itemLabel", has_text=entry).first.click()


def errors(page: Page) -> list[str]:
    """Return the texts of all error outputs and of all that was written to standard error."""
    kinds = ("application/vnd.jupyter.error", "application/vnd.jupyter.stderr")
    return [text for kind in kinds for text in page.locator(f'[data-mime-type="{kind}"]').all_inner_texts()]


def cell_with(page: Page, text: str) -> Locator:
    """Return the code cell whose source holds a text."""
    return page.locator(".jp-CodeCell", has=page.locator(".cm-content", has_text=text)).first


def replace_and_run(page: Page, cell: Locator, source: str) -> None:
    """Type a new source into a cell and run it."""
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(source)
    page.keyboard.press("Shift+Enter")


def ask_playground(page: Page, system: str) -> None:
    """Put a question to the playground and wait for the answer of the system with that word in its name."""
    box = page.get_by_placeholder("Ask the handbook …")
    box.scroll_into_view_if_needed()
    box.fill(QUESTION)
    page.get_by_role("button", name="Ask", exact=True).click()
    answer = page.locator(".jp-OutputArea h4", has_text=system).first
    answer.wait_for(timeout=120 * SECONDS)
    answer.scroll_into_view_if_needed()


def screenshot(page: Page, name: str) -> Path:
    """Save what the window shows to build/screenshots/ and return the path."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    path = SCREENSHOTS / f"{name}.png"
    page.screenshot(path=path)
    return path


def main() -> int:
    """Run notebook 07, ask all arms in its playground, save what the window shows; return 1 when there are errors."""
    with (
        tempfile.TemporaryDirectory() as folder,
        jupyterlab(Path(folder)) as address,
        open_notebook(address, "07_head_to_head") as page,
    ):
        run_all(page, seconds=1800)
        found = errors(page)
        ask_playground(page, "reader")
        print(f"errors: {found or 'none'}; see {screenshot(page, '07-playground').relative_to(ROOT)}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
