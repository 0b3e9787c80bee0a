"""Settings of all tests, and of the lessons that they execute."""

import gc
import os
import shutil
import tempfile

from utils.findings import METRICS_TYPE
from utils.offline import go_offline
from utils.tools.lessons import NOTEBOOKS, is_named_as_lesson

import psutil
import pytest
from measured import FOLDER, compare_metrics

# Before any test imports TensorFlow or starts a kernel: errors only.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Several test processes run beside each other, so one thread each. It also
# makes the two executions of a lesson agree to the last bit: a sum of several
# threads' sums is rounded in the order in which they come.
for _name in (
    "OMP_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
):
    os.environ.setdefault(_name, "1")
go_offline()

# A copy or a scratch notebook beside the lessons is its author's business.
# pytest still collects it when it is named on the command line.
collect_ignore = [
    str(path)
    for path in NOTEBOOKS.glob("*.ipynb")
    if not is_named_as_lesson(path)
]


# --- Test processes beside each other ----------------------------------------

# The longest files first, so that no core waits at the end.
LONG = (
    "tests/lessons/test_execution.py",
    "notebooks/",
    "tests/system/test_run.py",
)


def pytest_xdist_auto_num_workers(config) -> int:
    """Return how many processes `-n auto` means: 3 GiB of memory for each.

    One more than there are cores: while a test waits for a process that it
    has started, another one has work.
    """
    memory = psutil.virtual_memory().total // (3 * 2**30)
    return max(1, min((os.cpu_count() or 1) + 1, memory))


def pytest_itemcollected(item) -> None:
    """Let `-k` find a test by the lesson that it is marked with."""
    marker = item.get_closest_marker("lesson")
    if marker:
        item.extra_keyword_matches.add(marker.args[0])


def pytest_collection_modifyitems(items) -> None:
    """Put the longest files first, and give nbval time on a busy machine."""

    def find_place(item):
        for place, start in enumerate(LONG):
            if item.nodeid.startswith(start):
                return place
        return len(LONG)

    items.sort(key=find_place)
    for item in items:
        if hasattr(item, "output_timeout"):  # a cell that nbval executes
            item.output_timeout = 60


def pytest_collection_finish() -> None:
    """Leave what is there now out of garbage collection.

    `fit` collects before each training, which would walk through all modules
    that the tests have imported.
    """
    gc.freeze()


def pytest_runtest_logfinish() -> None:
    """Do the same with the graphs that a test has left.

    TensorFlow 2.21 does not free a graph that holds a loop, so each training
    would walk through the graphs of all tests before it.
    """
    if len(gc.get_objects()) > 20_000:
        gc.collect()
        gc.freeze()


def pytest_configure(config) -> None:
    """Make the folder in which test processes leave what lessons measured."""
    if not hasattr(config, "workerinput") and FOLDER not in os.environ:
        os.environ[FOLDER] = tempfile.mkdtemp(prefix="metrics-")


def pytest_unconfigure(config) -> None:
    """Remove that folder."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ.pop(FOLDER, ""), ignore_errors=True)


# --- Each lesson is executed twice: by the runner, and by nbval --------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Compare the metrics of a lesson that nbval has executed."""
    result = yield
    cell = getattr(item, "cell", None)
    if cell is not None and "metrics" in cell.metadata.get("tags", []):
        (metrics,) = [
            output.data[METRICS_TYPE]
            for output in item.test_outputs
            if METRICS_TYPE in output.get("data", {})
        ]
        compare_metrics(item.path.stem, "nbval", metrics)
    return result


# --- A browser ---------------------------------------------------------------

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
