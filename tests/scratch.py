"""Small lessons that need no TensorFlow, and what tests ask of a run."""

import contextlib
import subprocess
import sys
import time

from utils.tools.lessons import ROOT

import nbformat
import psutil
from distributed import LocalCluster
from nbformat import v4

PARAMETERS = 'mode = "fast"\nseed = 42\nrate = 0.5\nlatent_dim = 2'
METRICS = (
    "from utils.findings import leave_metrics\n"
    "leave_metrics(\n"
    "    ours_mse=rate / latent_dim, baseline_mse=1, points=latent_dim\n"
    ")"
)
# While the file "hold" is there, a lesson does not come to its end.
HOLD = """\
import os, time
open("pids", "a").write(f"{os.getpid()} {os.getppid()}\\n")
while os.path.exists("hold"):
    time.sleep(0.05)
"""


def write_lesson(
    folder, name, *sources, parameters=PARAMETERS, metrics=METRICS
):
    cells = [
        v4.new_markdown_cell(f"# {name}"),
        v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}),
        *map(v4.new_code_cell, sources),
        v4.new_code_cell(metrics, metadata={"tags": ["metrics"]}),
    ]
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(v4.new_notebook(cells=cells), folder / f"{name}.ipynb")
    return str(folder / f"{name}.ipynb")


def written(out):
    """Return the names of the files, but for the lock, which stays."""
    return {path.name for path in out.iterdir()} - {".lock"}


def printed(path):
    """Return what the code cells of an executed notebook printed."""
    notebook = nbformat.read(path, as_version=4)
    return "".join(
        output.text
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if output.output_type == "stream"
    )


def read_pids(folder, name="pids"):
    """Return the processes that lessons have written down, line by line."""
    path = folder / name
    lines = path.read_text().split("\n")[:-1] if path.exists() else []
    return [int(pid) for line in lines for pid in line.split()]


def alive(pid):
    with contextlib.suppress(psutil.Error):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def wait_until(condition, seconds=30):
    end = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < end:
        time.sleep(0.1)
    return met


@contextlib.contextmanager
def start_scheduler(n_workers=0):
    """Yield the address of a scheduler in this process, and of workers."""
    with LocalCluster(
        n_workers=n_workers,
        processes=False,
        threads_per_worker=1,
        protocol="tcp://",
        dashboard_address="127.0.0.1:0",
        worker_dashboard_address="127.0.0.1:0",
    ) as cluster:
        yield cluster.scheduler_address


@contextlib.contextmanager
def start_program(module, *arguments, **options):
    """Yield the process of a program, and end it and what it started."""
    process = psutil.Popen(
        [sys.executable, "-m", module, *map(str, arguments)],
        cwd=ROOT,
        text=True,
        **options,
    )
    try:
        yield process
    finally:
        family = [process]
        with contextlib.suppress(psutil.Error):
            family += process.children(recursive=True)
        for member in family:
            with contextlib.suppress(psutil.Error):
                member.kill()
        process.communicate()


def start_worker(address, *arguments, **options):
    """Yield the process of a real `dask worker` with one thread."""
    return start_program(
        "distributed.cli.dask_worker",
        address,
        "--nthreads=1",
        "--no-dashboard",
        *arguments,
        stderr=subprocess.DEVNULL,
        **options,
    )
