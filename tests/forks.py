"""Execute lessons without a kernel each, where only what they measure counts.

The runner starts a kernel for each lesson, which imports TensorFlow and draws
all figures. With few epochs that takes longer than the lesson's own work. Here
one process does the imports, and each lesson is executed in a fork of it, by
IPython, cell by cell. Figures are laid out, but not drawn.

Where there is no fork (Windows), each lesson does its imports itself.
"""

import concurrent.futures
import multiprocessing
import os
import sys
from pathlib import Path

from utils.tools.run import board

import matplotlib
import nbformat
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from matplotlib.figure import Figure

# What takes time to import.
PRELOADED = [
    "utils.plots",
    "utils.training",
    "sklearn.decomposition",
    "sklearn.manifold",
    "sklearn.neighbors",
]


def execute_all(lessons: dict, jobs: int, folder: Path) -> dict:
    """Execute notebooks beside each other, each in a process of its own.

    Parameters
    ----------
    lessons : dict of str to nbformat.NotebookNode
    jobs : int
        How many at the same time.
    folder : Path
        The working folder of the lessons.

    Returns
    -------
    dict of str to dict
        For each name what the runner's scoreboard tells: `status`, `cell`,
        `error`, `metrics` and `findings`.
    """
    if sys.platform == "win32":
        context = multiprocessing.get_context("spawn")
    else:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(PRELOADED)
    with concurrent.futures.ProcessPoolExecutor(
        jobs, mp_context=context, max_tasks_per_child=1
    ) as pool:
        futures = {
            name: pool.submit(execute, nbformat.writes(lesson), folder)
            for name, lesson in lessons.items()
        }
        return {name: future.result() for name, future in futures.items()}


def execute(text: str, folder: Path) -> dict:
    """Execute a notebook, given as the text of its file, in this process."""
    os.chdir(folder)
    lesson = nbformat.reads(text, as_version=4)
    matplotlib.use("agg")
    shell = InteractiveShell.instance()
    pictures = shell.display_formatter.formatters["image/png"]
    pictures.for_type(Figure, Figure.draw_without_rendering)
    cells = [cell for cell in lesson.cells if cell.cell_type == "code"]
    row = {"status": "failed", "cell": None, "error": None}
    for cell in cells:
        with capture_output() as captured:
            done = shell.run_cell(cell.source)
        problem = done.error_before_exec or done.error_in_exec
        if problem:
            error = f"{type(problem).__name__}: {problem}"
            return row | {"cell": cell.source, "error": error}
        cell.outputs = [
            nbformat.v4.new_output("display_data", output.data)
            for output in captured.outputs
        ]
    try:
        row["metrics"] = board.read_metrics(cells)
    except ValueError as error:
        return row | {"error": f"ValueError: {error}"}
    findings = board.read_findings(cells)
    return row | {"status": "finished", "findings": findings}
