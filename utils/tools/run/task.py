"""What happens on a worker: a lesson is executed in a process of its own.

`run_lesson` is the task that Dask carries to a worker. It starts this module
as a program, which executes the notebook with papermill, and watches it.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from utils.tools.lessons import ROOT

import psutil

# distributed and papermill are imported where they are used: they take
# seconds, and the side that the other one runs on does not need them.

# The files of a run, in its temporary folder.
LESSON = "lesson.ipynb"
EXECUTED = "executed.ipynb"
PROGRESS = "progress"
ERROR = "error"
LOG = "log"

# What users set for other work, and what would change a lesson: for instance
# KERAS_MAX_EPOCHS, warnings as errors, a file that IPython runs at its start.
# PYTHONOPTIMIZE would leave out what lessons assert.
FOREIGN = {
    "IPYTHONDIR",
    "MATPLOTLIBRC",
    "MPLBACKEND",
    "PYTHONBREAKPOINT",
    "PYTHONDEVMODE",
    "PYTHONHOME",
    "PYTHONINSPECT",
    "PYTHONOPTIMIZE",
    "PYTHONSAFEPATH",
    "PYTHONSTARTUP",
    "PYTHONVERBOSE",
    "PYTHONWARNINGS",
    "SCIPY_ARRAY_API",
    "TF_USE_LEGACY_KERAS",
}
FOREIGN_PREFIX = "KERAS_"


@dataclass
class Outcome:
    """What a worker sends back.

    Attributes
    ----------
    notebook : str
        The executed notebook, as far as it came; empty if it did not start.
    error : str or None
        Why it did not come to its end.
    seconds : float
    peak_memory_bytes : int
        The most that the lesson's kernel and its processes used together.
    """

    notebook: str = ""
    error: str | None = None
    seconds: float = 0.0
    peak_memory_bytes: int = 0


# --- On the worker -----------------------------------------------------------


def run_lesson(
    notebook: str,
    parameters: dict[str, Any],
    folder: str,
    topic: str,
    index: int,
) -> Outcome:
    """Execute a notebook in a process of its own: a task of Dask.

    Parameters
    ----------
    notebook : str
        The text of the notebook.
    parameters : dict
        The values to set.
    folder : str
        Where the lesson lies; a worker on another machine may lack it.
    topic : str
        The topic of Dask's events that hears of the progress: the index, the
        number of cells that are done, and of all cells; 0 and 0 at the start.
    index : int
        The number of the run, for these events.
    """
    from dask.system import CPU_COUNT
    from distributed import Status, get_worker

    worker = get_worker()
    key = worker.get_current_task()

    def report(done: int, total: int) -> None:
        event = {"index": index, "done": done, "total": total}
        worker.log_event(topic, event)

    def is_wanted() -> bool:
        # A worker that has lost its scheduler waits for its tasks to end.
        if worker.status in (Status.closing, Status.closed, Status.failed):
            return False
        task = worker.state.tasks.get(key)
        return task is not None and task.state != "cancelled"

    report(0, 0)
    outcome = Outcome()
    start = time.perf_counter()
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (scratch / LESSON).write_text(notebook, encoding="utf-8")
        log = stack.enter_context(open(scratch / LOG, "wb"))
        options = {
            "parameters": parameters,
            "cwd": folder if os.path.isdir(folder) else ".",
        }
        child = psutil.Popen(
            [sys.executable, "-P", "-m", __name__, json.dumps(options)],
            cwd=scratch,
            env=make_environment(
                os.environ, scratch, max(1, CPU_COUNT // worker.state.nthreads)
            ),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            # A terminal sends Ctrl-C to all processes of a group.
            start_new_session=True,
        )
        stack.enter_context(child)
        family = {child}
        # Processes that the lesson has left behind are ended, too.
        stack.callback(kill, family)
        status = None
        reported = None
        # Dask does not interrupt running tasks: look for cancellation.
        while status is None and is_wanted():
            with suppress(psutil.TimeoutExpired):
                status = child.wait(0.5)
            with suppress(psutil.Error):
                # The kernel and what it has started, without papermill.
                kernel = child.children(recursive=True)
                family.update(kernel)
                outcome.peak_memory_bytes = max(
                    outcome.peak_memory_bytes, measure_memory(kernel)
                )
            progress = read_progress(scratch)
            # At the end papermill counts all cells, also if one has failed.
            if status is None and progress and progress != reported:
                report(*progress)
                reported = progress
        log.flush()
        outcome.notebook = read_executed(scratch)
        if status:
            outcome.error = read_error(scratch, status)
    outcome.seconds = time.perf_counter() - start
    return outcome


def measure_memory(processes: Iterable[psutil.Process]) -> int:
    """Return the bytes of memory that processes need together.

    Pages of files count once, as those of the process that has most of them:
    a kernel and what it starts read the same libraries. Where the system does
    not tell which pages these are (Windows, macOS), they count each time.
    """
    own, shared = 0, [0]
    for process in processes:
        memory = process.memory_info()
        shared.append(getattr(memory, "shared", 0))
        own += memory.rss - shared[-1]
    return own + max(shared)


def make_environment(
    environment: Mapping[str, str], scratch: Path, cores: int
) -> dict[str, str]:
    """Return the environment of a lesson's process.

    What users have set for other work is left out; see `FOREIGN`. In its
    place stand empty settings, for libraries read users' files otherwise.

    Parameters
    ----------
    environment : mapping
        The environment of this process.
    scratch : Path
        A folder of this run.
    cores : int
        The cores that the lesson may use. If two lessons both use two cores
        for their threads, the threads wait in loops for each other, and both
        take half as much time again.
    """
    kept = {
        name: value
        for name, value in environment.items()
        if name not in FOREIGN and not name.startswith(FOREIGN_PREFIX)
    }
    defaults = {
        # Lessons that run beside each other may share a GPU.
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        "OMP_NUM_THREADS": str(cores),
        # In one operation of TensorFlow, and for operations beside each other.
        "TF_NUM_INTRAOP_THREADS": str(cores),
        "TF_NUM_INTEROP_THREADS": str(cores),
        # NumPy's products are rounded differently with more threads; a result
        # that was kept must be found again, however many lessons ran beside.
        "OPENBLAS_NUM_THREADS": "1",
    }
    settings = scratch / "settings"
    for name in ("ipython", "keras"):
        (settings / name).mkdir(parents=True)
    (settings / "matplotlibrc").touch()
    fixed = {
        "IPYTHONDIR": str(settings / "ipython"),
        "KERAS_HOME": str(settings / "keras"),
        "MATPLOTLIBRC": str(settings / "matplotlibrc"),
        # The kernel of this environment before any other called python3, and
        # the utils that this file is part of.
        "JUPYTER_PATH": os.path.join(sys.prefix, "share", "jupyter"),
        "PYTHONPATH": os.pathsep.join(
            [str(ROOT), environment.get("PYTHONPATH", "")]
        ),
    }
    return defaults | kept | fixed


def read_progress(scratch: Path) -> tuple[int, int] | None:
    """Return how many cells are done, and how many there are."""
    with suppress(OSError):
        # tqdm writes each state behind a carriage return.
        states = (scratch / PROGRESS).read_text("utf-8").split()
        if len(states) > 1 and len(states) % 2 == 0:
            return int(states[-2]), int(states[-1])
    return None


def read_executed(scratch: Path) -> str:
    """Return the executed notebook, or nothing if it is not whole."""
    # Papermill may have been ended while it wrote.
    with suppress(OSError, ValueError):
        text = (scratch / EXECUTED).read_text("utf-8")
        json.loads(text)
        return text
    return ""


def read_error(scratch: Path, status: int) -> str:
    """Return why the process that executed the notebook failed."""
    with suppress(OSError):
        return (scratch / ERROR).read_text("utf-8")
    log = (scratch / LOG).read_text("utf-8", errors="replace").split("\n")
    lines = [line.strip() for line in log if line.strip()]
    return "\n".join([f"its process ended with status {status}", *lines[-1:]])


def kill(processes: Iterable[psutil.Process]) -> None:
    """End processes, as far as they still run."""
    for process in processes:
        with suppress(psutil.Error):
            process.kill()


# --- In the process of the lesson --------------------------------------------


def end_with_worker() -> None:
    """Wait for the end of the worker, and end this process and the kernel."""
    # However the worker ends, its end of this pipe closes.
    os.read(0, 1)
    kill(psutil.Process().children(recursive=True))
    os._exit(1)


def execute(parameters: dict[str, Any], cwd: str) -> None:
    """Execute the notebook in this folder with papermill."""
    import papermill
    from papermill.engines import NBClientEngine, papermill_engines

    class WriteOnce(NBClientEngine):
        """Papermill's own engine, which writes the notebook at the end only.

        Otherwise papermill writes all of it before and behind each cell,
        5 to 7 seconds a lesson.
        """

        @classmethod
        def execute_managed_notebook(cls, nb_man, *args, **kwargs):
            path = nb_man.output_path
            nb_man.output_path = None
            try:
                super().execute_managed_notebook(nb_man, *args, **kwargs)
            finally:
                # Also if the kernel has died: what there is gets written.
                nb_man.output_path = path

    papermill_engines.register("write_once", WriteOnce)
    with open(PROGRESS, "w", encoding="utf-8") as progress:
        papermill.execute_notebook(
            LESSON,
            EXECUTED,
            engine_name="write_once",
            parameters=parameters,
            cwd=cwd,
            language="python",
            kernel_name="python3",
            # Outputs come late where many lessons share few cores.
            iopub_timeout=60,
            # Options of tqdm, which else looks for some in the environment.
            progress_bar={
                "file": progress,
                "bar_format": "{n} {total}",
                "mininterval": 0,
                "miniters": 1,
                "disable": False,
            },
        )


def describe(error: Exception) -> str:
    """Return the kind and the message of an error, as a cell shows them."""
    kind = getattr(error, "ename", type(error).__name__)
    message = str(getattr(error, "evalue", error)).strip()
    if kind == "DeadKernelError":
        message += "; out of memory? --jobs 1 runs one lesson at a time"
    return f"{kind}: {message}" if message else kind


def main() -> None:
    """Execute a notebook as the worker says, and leave a file on an error."""
    threading.Thread(target=end_with_worker, daemon=True).start()
    try:
        execute(**json.loads(sys.argv[1]))
    # Whatever it is, it is the answer to why the lesson failed.
    except Exception as error:
        Path(ERROR).write_text(describe(error), encoding="utf-8")
        # A kernel that has died may leave threads that are waited for.
        os._exit(1)


if __name__ == "__main__":
    main()
