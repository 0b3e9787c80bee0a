"""Small lessons that need no TensorFlow, and what tests ask of a run."""

import contextlib
import time

import nbformat
import psutil
from distributed import LocalCluster
from nbformat import v4

PARAMETERS = 'mode = "fast"\nseed = 42\nrate = 0.5\nlatent_dim = 2'
METRICS = (
    "import json\n"
    'print(json.dumps({"ours_mse": rate / latent_dim, "baseline_mse": 1,\n'
    '                  "points": latent_dim}))'
)


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


def alive(pid):
    with contextlib.suppress(psutil.Error):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def wait_until(condition, seconds=30):
    end = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < end:
        time.sleep(0.1)
    return met


def start_cluster(n_workers):
    return LocalCluster(
        n_workers=n_workers,
        threads_per_worker=1,
        protocol="tcp://",
        dashboard_address="127.0.0.1:0",
    )
