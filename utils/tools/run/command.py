"""Run lessons, several at a time, and show what they measured.

`python -m utils.run` runs all of them, `python -m utils.run --help` tells
the rest. Each lesson is a task of dask.distributed: it carries the notebook
to a worker, which runs papermill in a process of its own, and brings the
executed notebook back. Only this side writes files.
"""

import argparse
import ast
import difflib
import itertools
import json
import math
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from utils.settings import MODES
from utils.tools import UsageError
from utils.tools.lessons import EXECUTED, ROOT, find_lessons, get_tags

import nbformat
import psutil
from filelock import FileLock, Timeout
from tqdm import tqdm

# distributed and papermill take seconds to import: only where they are used.

# The recipe is the tutorial's, run by the lesson; the last is as printed.
KINDS = ("ours", "baseline", "recipe", "tutorial")
WIDGET = "application/vnd.jupyter.widget-view+json"
PATIENCE = 5  # seconds to wait for a scheduler, and for its workers


def _hint(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f"; did you mean {close[0]}?"
    return f"; there are: {', '.join(known) or 'none'}"


def _find(names: Iterable[str]) -> list[Path]:
    known = find_lessons()
    found = []
    for name in names or known:
        number = re.compile(f"0*{re.escape(name.lstrip('0'))}_")
        stems = (
            [stem for stem in known if stem == name]
            or [stem for stem in known if number.match(stem)]
            or [stem for stem in known if name in stem]
        )
        path = known[stems[0]] if len(stems) == 1 else Path(name)
        # Unlike pathlib's, it takes a name too long for a file for none.
        if path.suffix != ".ipynb" or not os.path.isfile(path):
            raise UsageError(f"no lesson {name}{_hint(name, stems or known)}")
        found.append(path.resolve())
    return list(dict.fromkeys(found))


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    """Read a lesson: its text and the literals of its parameters cell."""
    try:
        text = path.read_text(encoding="utf-8")
        cells = nbformat.reads(text, as_version=4).cells
        chosen = [
            cell.source for cell in cells if "parameters" in get_tags(cell)
        ]
        nodes = ast.parse("\n".join(chosen)).body
    except Exception as error:
        raise UsageError(f"{path} is no lesson ({error!r})") from None
    defaults = {}
    for node in nodes:
        with suppress(ValueError, AttributeError):
            value = ast.literal_eval(node.value)
            defaults |= {target.id: value for target in node.targets}
    return text, defaults


def _parse(texts: Iterable[str]) -> dict[str, list[Any]]:
    """Turn ["n=2,8", "kind=abc"] into {"n": [2, 8], "kind": ["abc"]}."""
    grid: dict[str, list[Any]] = {}
    for text in texts:
        name, _, values = text.partition("=")
        if not name or not values.strip(", ") or name in grid:
            usage = "write NAME=VALUE[,VALUE...], each name once"
            raise UsageError(f"--set {text}: {usage}")
        # A word is a string; the comma in [32, 64] does not separate values.
        for value in re.findall(r"(?:\[.*?\]|[^,])+", values):
            try:
                value = ast.literal_eval(value.strip())
            # TypeError of {[]: 1}, MemoryError of brackets without end.
            except Exception:
                value = value.strip()
            grid.setdefault(name, []).append(value)
    return grid


def _check(name: str, value: Any, default: Any) -> Any:
    if type(default) is float and type(value) is int:
        value = float(value)
    if default is not None and type(value) is not type(default):
        kinds = f"{type(value).__name__}, not {type(default).__name__}"
        raise UsageError(f"{name}={value!r} is {kinds} like {default!r}")
    if name == "mode" and value not in MODES:
        raise UsageError(f"no mode {value}; use {' or '.join(MODES)}")
    return value


def _plan(
    lessons: Iterable[str], grid: dict[str, list[Any]], mode: str | None
) -> tuple[list[dict], list[dict]]:
    """Check what is asked for: a row of the scoreboard and a task a run."""
    asked = {"mode": [mode]} | grid if mode else grid
    rows, tasks = [], []
    read = {path: _read(path) for path in _find(lessons)}
    for name in asked:
        lack = [path for path, (_, own) in read.items() if name not in own]
        # Of all lessons, those are meant that have it: 01 trains nothing.
        if lack and (lessons or name == "mode" or len(lack) == len(read)):
            hint = _hint(name, read[lack[0]][1])
            raise UsageError(f"no parameter {name} in {lack[0].stem}{hint}")
    for path, (text, defaults) in read.items():
        has = [name for name in asked if name in defaults]
        for values in itertools.product(*(asked[name] for name in has)):
            pairs = zip(has, values, strict=True)
            given = {n: _check(n, value, defaults[n]) for n, value in pairs}
            label = ",".join(f"{n}={given[n]}" for n in grid if n in given)
            # What Windows allows in no file name.
            label = re.sub(r'[<>:"/\\|?*\x00-\x1f]', "-", label)
            name = f"{path.stem}[{label}]" if label else path.stem
            if name in (row["name"] for row in rows):
                raise UsageError(f"two runs would write {name}.ipynb")
            if len(os.fsencode(f"{name}.failed.ipynb.part")) > 255:
                problem = f"{name} is too long for the name of a file"
                raise UsageError(f"{problem}; give fewer or shorter values")
            row = {"lesson": path.stem, "name": name}
            row |= {"parameters": defaults | given, "metrics": {}}
            row |= {"seconds": 0.0, "peak_memory_bytes": 0}
            rows.append(
                row | {"status": "failed", "cell": None, "error": None}
            )
            task = {"notebook": text, "parameters": given}
            tasks.append(task | {"folder": str(path.parent)})
    return rows, tasks


def _kill(processes: Iterable[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.Error):
            process.kill()


def _task(task: dict, topic: str, index: int) -> dict:
    """Run a notebook in a process of its own, and watch it."""
    from dask.system import CPU_COUNT
    from distributed import get_worker

    worker = get_worker()
    # Threads without a core of their own wait in loops: two lessons that both
    # take two cores for theirs need half as much time again.
    cores = str(max(1, CPU_COUNT // worker.state.nthreads))
    key = worker.get_current_task()
    worker.log_event(topic, {"index": index, "at": 0, "of": 0})
    environment = {
        # Lessons that run beside each other may share a GPU.
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        "OMP_NUM_THREADS": cores,
        "TF_NUM_INTRAOP_THREADS": cores,
        **os.environ,
        # The kernel of this environment, before any other called python3,
        # and the utils that this file is part of.
        "JUPYTER_PATH": os.path.join(sys.prefix, "share", "jupyter"),
        "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
    }
    # A worker on another machine may not have the folder.
    cwd = task["folder"] if os.path.isdir(task["folder"]) else "."
    options = {"parameters": task["parameters"], "cwd": cwd}
    code = "from utils.tools.run import command; command._child()"
    command = [sys.executable, "-P", "-c", code, json.dumps(options)]
    start, peak, notebook, status = time.perf_counter(), 0, "", None
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        log = stack.enter_context(open(folder / "log", "w+", errors="replace"))
        (folder / "lesson.ipynb").write_text(task["notebook"], "utf-8")
        pipes = {"stdin": subprocess.PIPE, "stdout": log, "stderr": log}
        # A terminal sends Ctrl-C to all in its group; not to this one.
        apart = {"start_new_session": True, "cwd": folder, "env": environment}
        child = stack.enter_context(psutil.Popen(command, **pipes, **apart))
        family = {child}
        # Also what the lesson itself has started and left behind.
        stack.callback(_kill, family)
        while status is None:
            # Nobody stops a task: it has to look whether it is wanted.
            state = worker.state.tasks.get(key)
            if state is None or state.state == "cancelled":
                break
            with suppress(psutil.TimeoutExpired):
                status = child.wait(0.25)
            with suppress(psutil.Error):
                # The kernel and what it started: what a learner's would be.
                now = child.children(recursive=True)
                family.update(now)
                peak = max(peak, sum(p.memory_info().rss for p in now))
            # Papermill writes it at each cell, so it may be cut short.
            with suppress(OSError, ValueError, KeyError):
                text = (folder / "executed.ipynb").read_text("utf-8")
                cells = json.loads(text)["cells"]
                notebook = text
                states = [c["metadata"]["papermill"]["status"] for c in cells]
                at, of = states.count("completed"), len(states)
                worker.log_event(topic, {"index": index, "at": at, "of": of})
        log.seek(0)
        lines = [line.strip() for line in log if line.strip()]
    error = f"its process ended with status {status}" if status else None
    if status == 1 and lines:
        error = lines[-1]  # as `_child` has put it
    outcome = {"notebook": notebook, "error": error}
    outcome["seconds"] = time.perf_counter() - start
    return outcome | {"peak_memory_bytes": peak}


def _end_with_worker() -> None:
    # However the worker ends, its end of this pipe closes.
    os.read(0, 1)
    _kill(psutil.Process().children(recursive=True))
    os._exit(1)


def _child() -> None:
    """In the process that `_task` starts: run one notebook."""
    threading.Thread(target=_end_with_worker, daemon=True).start()
    import papermill

    # Outputs come late where many lessons share few cores.
    options = {"progress_bar": False, "iopub_timeout": 60}
    options |= {"language": "python", "kernel_name": "python3"}
    options |= json.loads(sys.argv[1])
    try:
        papermill.execute_notebook("lesson.ipynb", "executed.ipynb", **options)
    except Exception as problem:
        kind = getattr(problem, "ename", type(problem).__name__)
        text = f"{kind}: {getattr(problem, 'evalue', problem)}"
        if kind == "DeadKernelError":
            text += "; out of memory? --jobs 1 runs one lesson at a time"
        # As the last line of the log: nothing may come behind it.
        print(text.splitlines()[0], file=sys.stderr, flush=True)
        os._exit(1)


def _metrics(cells: list[dict]) -> dict[str, float]:
    """Read the one JSON object that the cell tagged `metrics` printed."""
    chosen = [cell for cell in cells if "metrics" in get_tags(cell)]
    outputs = [output for cell in chosen for output in cell.outputs]
    printed = "".join(o.text for o in outputs if o.get("name") == "stdout")
    try:
        metrics = json.loads(printed)
        items = metrics.items()
    except (ValueError, AttributeError):
        problem = "one cell tagged metrics has to print one JSON object"
        raise ValueError(f"{problem}, not {printed[:60]!r}") from None
    for name, value in items:
        if type(value) not in (int, float) or not math.isfinite(value):
            problem = "a metric has to be a finite number"
            raise ValueError(f"{problem}; {name} is {value!r}")
    return metrics


def _drop_widgets(text: str) -> str:
    """Leave out what only the kernel could have moved; it has ended.

    A picture in place of a widget stays, the remains of a progress bar do not.
    """
    lesson = nbformat.reads(text, as_version=4)
    for cell in lesson.cells:
        for output in cell.get("outputs", [])[:]:
            data = output.get("data", {})
            if data.pop(WIDGET, None) and not data.keys() - {"text/plain"}:
                cell.outputs.remove(output)
    lesson.metadata.pop("widgets", None)
    return nbformat.writes(lesson)


def _judge(row: dict, text: str) -> None:
    """Fill in what the executed notebook tells."""
    # Papermill adds cells, which have no number in the lesson.
    added = {"injected-parameters", "papermill-error-cell-tag"}
    cells = nbformat.reads(text, as_version=4).cells
    cells = [cell for cell in cells if not added & get_tags(cell)]
    if not row["error"]:
        try:
            row |= {"metrics": _metrics(cells), "status": "finished"}
            return
        except ValueError as problem:
            row["error"] = f"ValueError: {problem}"
    for number, cell in enumerate(cells, start=1):
        # The last one that was started is the one that failed.
        if cell.cell_type == "code" and cell.metadata.papermill.start_time:
            line = cell.source.strip().partition("\n")[0]
            row["cell"] = (
                f"{number} (In [{cell.execution_count or '*'}]): {line}"
            )


def _scoreboard(rows: Iterable[dict]) -> str:
    table = [["lesson", "seconds", "peak memory", "measured", *KINDS]]
    for row in rows:
        measures: dict[str, dict[str, str]] = {}
        for name, value in row["metrics"].items():
            kind, _, measure = name.partition("_")
            if kind in KINDS:
                form = ".4g" if isinstance(value, float) else ",d"
                line = measures.setdefault(measure.replace("_", " "), {})
                line[kind] = format(value, form)
        memory = f"{row['peak_memory_bytes'] / 2**20:,.0f} MiB"
        once = [row["name"], f"{row['seconds']:.1f}", memory]
        for measure, line in (measures or {row["status"]: {}}).items():
            values = [line.get(kind, "-") for kind in KINDS]
            table.append([*once, measure, *values])
            once = ["", "", ""]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    table.insert(1, ["-" * width for width in widths])
    sides = zip("<>><" + len(KINDS) * ">", widths, strict=True)
    form = "  ".join(f"{{:{side}{width}}}" for side, width in sides)
    return "\n".join(form.format(*line) for line in table)


class _Line(tqdm):
    """How far a lesson is: a live line on a terminal, else plain lines."""

    def __init__(self, name: str, place: int) -> None:
        terminal = sys.stdout.isatty() and sys.stderr.isatty()
        plain = not terminal or "CI" in os.environ
        form = (
            "{desc} {bar:20} {n_fmt} of {total_fmt} cells {elapsed}{postfix}"
        )
        self.name, self.starts = name, 0
        options = {"position": place, "disable": plain, "bar_format": form}
        super().__init__(desc=name, **options)

    def say(self, text: str) -> None:
        self.set_postfix_str(text)
        if self.disable:
            print(f"{self.name}  {text}", file=sys.stderr, flush=True)

    def move(self, at: int, of: int) -> None:
        if of == 0:
            self.starts += 1
            self.reset()
            again = " again: its worker died" if self.starts > 1 else ""
            self.say(f"started{again}")
        self.n, self.total = at, of or None
        self.refresh()


@contextmanager
def _claim(out: Path) -> Iterator[None]:
    """Keep other runs out of a folder."""
    other = "; choose another folder with --out"
    # The system lets go of it, however this process ends. The file stays: who
    # removes it may remove the one that the next run has just locked.
    lock = FileLock(out / ".lock", timeout=0)
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise UsageError(f"another run writes into {out}{other}") from None
    except OSError as error:
        problem = f"cannot write into {out} ({error.strerror})"
        raise UsageError(f"{problem}{other}") from None
    try:
        yield
    finally:
        lock.release()


def _write(path: Path, text: str) -> None:
    # Cut short, it does not look finished.
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        problem = f"cannot write {path} ({error.strerror})"
        other = "make room, or choose another folder with --out"
        raise UsageError(f"{problem}; {other}") from None
    finally:
        part.unlink(missing_ok=True)


def _connect(scheduler: str | None, jobs: int | None, most: int) -> Any:
    """Reach a scheduler that has workers, or start one in this process."""
    import dask
    from dask.system import CPU_COUNT
    from distributed import Client
    from distributed.system import MEMORY_LIMIT

    jobs = jobs or max(1, min(CPU_COUNT, MEMORY_LIMIT // 2**31))
    jobs = min(jobs, most)  # for a lesson alone has all cores
    # A thread a lesson will do: it only watches a process.
    here = {"processes": False, "n_workers": 1, "threads_per_worker": jobs}
    # By default, Dask offers its pages to the network.
    page = "127.0.0.1:0"
    here |= {"dashboard_address": page, "worker_dashboard_address": page}
    lacking = "scheduler answers"
    # A worker in this process does not get lost; but where the clock jumps, as
    # on a laptop that slept, it would be given up, and waited for without end.
    ttl = {} if scheduler else {"distributed.scheduler.worker-ttl": None}
    try:
        with dask.config.set(ttl):
            client = Client(
                scheduler, timeout=PATIENCE, **({} if scheduler else here)
            )
        lacking = "worker is known"
        client.wait_for_workers(1, timeout=PATIENCE)
    except (OSError, ValueError):
        problem = f"no Dask {lacking} at {scheduler}; start one"
        raise UsageError(f"{problem}, or leave out --scheduler") from None
    return client


def _run(client: Any, rows: list[dict], tasks: list[dict], out: Path) -> None:
    """Fill in the rows; write the copies, as they come, and the board."""
    from distributed import as_completed

    (out / "scoreboard.json").unlink(missing_ok=True)
    for row in rows:
        (out / f"{row['name']}.ipynb").unlink(missing_ok=True)
        (out / f"{row['name']}.failed.ipynb").unlink(missing_ok=True)
    width = max(len(row["name"]) for row in rows)
    lines = [_Line(f"{r['name']:{width}}", i) for i, r in enumerate(rows)]

    def hear(event: tuple[float, dict]) -> Any:
        index = event[1]["index"]
        lines[index].move(event[1]["at"], event[1]["of"])
        # A lesson whose worker died is tried once more, not for ever.
        return futures[index].cancel() if lines[index].starts > 2 else None

    # Dask writes events of its own under the bare name.
    topic = f"lessons of {client.id}"
    client.subscribe_topic(topic, hear)
    indices, topics = range(len(tasks)), [topic] * len(tasks)
    futures = client.map(_task, tasks, topics, indices, pure=False)
    try:
        for future in as_completed(futures):
            index = futures.index(future)
            row, line = rows[index], lines[index]
            try:
                row |= future.result()
            except Exception as problem:
                row["error"] = f"{type(problem).__name__}: {problem}"
                if line.starts > 2:
                    row["error"] = "its worker died, and the next one too"
            text = row.pop("notebook", "")
            if text:
                text = _drop_widgets(text)
                _judge(row, text)
                failed = ".failed" if row["status"] == "failed" else ""
                _write(out / f"{row['name']}{failed}.ipynb", text)
            line.say(f"{row['status']} in {row['seconds']:.1f} s")
    finally:
        for line in lines:
            line.close()
    board = json.dumps(rows, indent=1, default=str)
    _write(out / "scoreboard.json", f"{board}\n")


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    text = "Run lessons, several at a time, and compare what they measured."
    parser = argparse.ArgumentParser("python -m utils.run", description=text)
    add = parser.add_argument
    text = "a name, its number, a part of it, or a path; default: all"
    add("lessons", metavar="LESSON", nargs="*", help=text)
    add("--mode", help="fast or full; default: what the lesson says")
    text = "a parameter; several values run the lesson once with each"
    values = "NAME=VALUE[,VALUE...]"
    add("--set", action="append", default=[], metavar=values, help=text)
    text = "default: %(default)s"
    add("--out", type=Path, metavar="DIR", default=EXECUTED, help=text)
    add = parser.add_mutually_exclusive_group().add_argument
    text = "lessons at a time; default: one a core and 2 GiB of memory"
    add("--jobs", type=int, metavar="N", help=text)
    text = "a Dask cluster that has the course; default: this machine"
    add("--scheduler", metavar="tcp://HOST:PORT", help=text)
    return parser.parse_intermixed_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run lessons as the command line says.

    Parameters
    ----------
    argv : list of str, optional
        The arguments; by default those of the process.

    Returns
    -------
    int
        0 if all lessons finished, 1 if one failed, 2 if nothing could be
        run as asked, 130 if it was stopped.
    """
    asked, rows = _arguments(argv), []
    try:
        rows, tasks = _plan(asked.lessons, _parse(asked.set), asked.mode)
        if asked.jobs is not None and asked.jobs < 1:
            raise UsageError(f"{asked.jobs} jobs; there has to be 1 at least")
        connection = _connect(asked.scheduler, asked.jobs, len(tasks))
        with connection as client, _claim(asked.out):
            _run(client, rows, tasks, asked.out)
    except (UsageError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        done = sum(row["status"] == "finished" for row in rows)
        last = f"stopped; {done} lessons finished, their copies are in"
        print(last, asked.out, file=sys.stderr)
        return 130
    print(_scoreboard(rows), flush=True)
    failed = [row for row in rows if row["status"] == "failed"]
    for row in failed:
        print(f"\nlesson  {row['name']}", file=sys.stderr)
        print(f"cell    {row['cell'] or 'not known'}", file=sys.stderr)
        print(f"error   {row['error']}", file=sys.stderr)
    return 1 if failed else 0


def _stop(*_: Any) -> None:
    # A second Ctrl-C must not break off what cleans up after the first.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt
