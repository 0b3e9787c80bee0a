"""Settings of all tests, and of the lessons that they run."""

import os
import shutil

from utils.offline import go_offline
from utils.tools.lessons import NOTEBOOKS, is_named_as_lesson

import pytest

# Before any test imports TensorFlow or starts a kernel: errors only.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

go_offline()

# A copy or a scratch notebook beside the lessons is its author's business.
# pytest still collects it when it is named on the command line.
collect_ignore = [
    str(path)
    for path in NOTEBOOKS.glob("*.ipynb")
    if not is_named_as_lesson(path)
]


# Chromium itself looks for updates, and as root wants no sandbox.
SILENT = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-sandbox",
]


@pytest.fixture(scope="session")
def browser():
    """Chromium, without a window, where it and Playwright are installed."""
    playwright = pytest.importorskip("playwright.sync_api")
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.skip("no Chromium on the PATH")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=SILENT)
        yield browser
        browser.close()
