"""Run lessons, several at a time, and show what they measured.

`python -m utils.run` runs all of them, `python -m utils.run --help` tells
the rest. Each lesson is a task of dask.distributed: it carries the notebook
to a worker, which runs papermill in a process of its own, and brings the
executed notebook back. Only this side writes files.
"""

import argparse
import ast
import contextlib
import difflib
import itertools
import json
import logging
import math
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

import psutil
from tqdm import tqdm

# distributed and papermill take seconds to import: only where they are used.

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
EXECUTED = ROOT / "build" / "executed"
MODES = ("fast", "full")
KINDS = ("ours", "baseline", "tutorial")


class UsageError(Exception):
    """What was asked for cannot be run; nothing has been written."""


@dataclass
class Result:
    """What one run of a lesson gave.

    Attributes
    ----------
    lesson : str
        The name of its file, without the ending.
    name : str
        The lesson with its `--set` values, as the executed copy is named.
    parameters : dict
        All parameters of the lesson, with the values of this run.
    metrics : dict of str to float
        What the cell tagged `metrics` printed; empty if the lesson failed.
    seconds : float
        Wall time of the lesson's process; 0 if it never came back.
    peak_memory_bytes : int
        The largest resident memory of that process and all below it (the
        kernel among them), added up, in samples taken four times a second:
        a shorter peak can go unseen, and memory that processes share counts
        in each. 0 if it never came back.
    status : str
        "finished" or "failed".
    cell : str or None
        The cell that failed: its number in the lesson and its first line.
    error : str or None
        The name of the error and its message.
    """

    lesson: str
    name: str
    parameters: dict[str, Any]
    metrics: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    peak_memory_bytes: int = 0
    status: str = "failed"
    cell: str | None = None
    error: str | None = None


def _hint(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f"; did you mean {close[0]}?"
    return f"; there are: {', '.join(sorted(known)) or 'none'}"


def _find(names: Iterable[str]) -> list[Path]:
    known = {path.stem: path for path in sorted(NOTEBOOKS.glob("*.ipynb"))}
    found = []
    for name in map(str, names or known):
        text, matches = re.escape(name), []
        if name.endswith(".ipynb"):
            matches = [Path(name)] if Path(name).is_file() else []
        else:
            number = f"0*{text.lstrip('0')}_"
            for pattern in (f"{text}$", number, text, f".*{text}"):
                matches = matches or [
                    path for stem, path in known.items()
                    if re.match(pattern, stem)
                ]  # fmt: skip
        if not matches:
            raise UsageError(f"no lesson {name}{_hint(name, known)}")
        if len(matches) > 1:
            several = ", ".join(path.stem for path in matches)
            raise UsageError(f"{name} fits several lessons: {several}")
        found.append(matches[0].resolve())
    if not found:
        raise UsageError(f"no lessons in {NOTEBOOKS}")
    return list(dict.fromkeys(found))


def _tagged(cells: list[dict], tag: str) -> list[int]:
    return [
        index
        for index, cell in enumerate(cells)
        if tag in cell["metadata"].get("tags", ())
    ]


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    """Read a lesson: its text and the literals of its parameters cell."""
    try:
        text = path.read_text(encoding="utf-8")
        cells = json.loads(text)["cells"]
        chosen = [cells[i]["source"] for i in _tagged(cells, "parameters")]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        kind = type(error).__name__
        raise UsageError(f"{path} is no notebook ({kind}: {error})") from None
    defaults = {}
    # A cell that is no Python is named later, when the lesson runs.
    with contextlib.suppress(SyntaxError):
        for node in ast.parse("".join(map("".join, chosen))).body:
            with contextlib.suppress(ValueError, AttributeError):
                value = ast.literal_eval(node.value)
                defaults |= {target.id: value for target in node.targets}
    return text, defaults


def _check(name: str, value: Any, default: Any) -> Any:
    if type(default) is float and type(value) is int:
        value = float(value)
    if default is not None and type(value) is not type(default):
        raise UsageError(
            f"{name}={value!r} is {type(value).__name__}, but {name} takes"
            f" {type(default).__name__}, like {name}={default!r}"
        )
    if name == "mode" and value not in MODES:
        raise UsageError(f"no mode {value}; use {' or '.join(MODES)}")
    return value


def _plan(
    lessons: Iterable[str],
    mode: str | None,
    settings: Mapping[str, Iterable[Any]],
) -> list[tuple[Result, dict]]:
    """Check what is asked for: the runs, and what each sends to a worker."""
    notebooks = {path: _read(path) for path in _find(lessons)}
    asked = dict(settings)
    if mode is not None:
        if "mode" in asked:
            raise UsageError("mode is given twice; use --mode or --set")
        asked["mode"] = [mode]
    for name in asked:
        known = {n for _, defaults in notebooks.values() for n in defaults}
        lacking = [p.stem for p, n in notebooks.items() if name not in n[1]]
        if lacking:
            hint = _hint(name, known)
            if name in known:
                hint = "; name the lessons that have it"
            stems = ", ".join(lacking)
            raise UsageError(f"no parameter {name} in {stems}{hint}")
    runs = []
    for path, (text, defaults) in notebooks.items():
        for values in itertools.product(*asked.values()):
            given = {
                name: _check(name, value, defaults[name])
                for name, value in zip(asked, values, strict=True)
            }
            label = ",".join(f"{name}={given[name]}" for name in settings)
            # What Windows allows in no file name.
            label = re.sub(r'[<>:"/\\|?*\x00-\x1f]', "-", label)
            name = f"{path.stem}[{label}]" if label else path.stem
            result = Result(path.stem, name, defaults | given)
            request = {"notebook": text, "parameters": given}
            runs.append((result, request | {"folder": str(path.parent)}))
    # Windows and macOS do not tell capitals from small letters.
    names = Counter(result.name.lower() for result, _ in runs)
    name, count = names.most_common(1)[0]
    if count > 1:
        raise UsageError(f"{count} runs would all write {name}.ipynb")
    return runs


def _parse(texts: Iterable[str]) -> dict[str, list[Any]]:
    """Turn ["n=2,8", "kind=abc"] into {"n": [2, 8], "kind": ["abc"]}."""

    def literal(text: str) -> Any:
        try:
            return ast.literal_eval(text.strip())
        except (ValueError, SyntaxError):
            return text.strip()

    settings: dict[str, list[Any]] = {}
    for text in texts:
        name, _, values = map(str.strip, text.partition("="))
        if not name or not values:
            raise UsageError(f"--set {text}: write NAME=VALUE[,VALUE...]")
        if name in settings:
            raise UsageError(
                f"--set {name} is given twice; write {name}=VALUE,VALUE"
            )
        # The comma in [32, 64] or "a,b" does not separate values.
        several = literal(f"[{values}]")
        if isinstance(several, str):
            several = [literal(value) for value in values.split(",")]
        settings[name] = several
    return settings


def _kill(processes: Iterable[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.kill()


def _task(request: dict, topic: str, index: int) -> dict:
    """On a worker: run a notebook in a process of its own."""
    from distributed import get_worker

    worker = get_worker()
    key = worker.get_current_task()
    paths = [str(ROOT), os.environ.get("PYTHONPATH")]
    environment = {
        "KERAS_BACKEND": "tensorflow",
        # Lessons that run beside each other may share a GPU.
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        **os.environ,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        # The kernel of this environment, before any other called python3,
        # and the utils that this file is part of.
        "JUPYTER_PATH": os.path.join(sys.prefix, "share", "jupyter"),
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
    }
    # A terminal sends Ctrl-C to all in its group; this process is out of it.
    apart = (
        {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        if sys.platform == "win32"
        else {"start_new_session": True}
    )
    outcome: dict[str, Any] = {}
    start, peak = time.perf_counter(), 0
    with (
        tempfile.TemporaryFile("w+", errors="replace") as log,
        subprocess.Popen(
            [sys.executable, "-P", "-c", "import utils.run as r; r._child()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            encoding="utf-8",
            env=environment,
            **apart,
        ) as child,
    ):

        def listen() -> None:
            for line in child.stdout:
                with contextlib.suppress(ValueError):  # cut short by a kill
                    message = json.loads(line)
                    if "at" in message:
                        worker.log_event(topic, {"index": index, **message})
                    else:
                        outcome.update(message)

        worker.log_event(topic, {"index": index, "at": 0, "of": 0})
        process = psutil.Process(child.pid)
        seen = {process}
        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        try:
            with contextlib.suppress(BrokenPipeError):
                print(json.dumps(request), file=child.stdin, flush=True)
            while listener.is_alive():
                # Nobody stops a running task: it has to look whether it is
                # still wanted.
                state = worker.state.tasks.get(key)
                if state is None or state.state == "cancelled":
                    break
                with contextlib.suppress(psutil.Error):
                    family = [process, *process.children(recursive=True)]
                    seen.update(family)
                    peak = max(peak, sum(p.memory_info().rss for p in family))
                listener.join(0.25)
        finally:
            # Also what the lesson itself has started and left behind.
            _kill(seen)
        status = child.wait()
        log.seek(0)
        last = [f"status {status}", *log.read().split("\n")]
    if not outcome:
        last = next(filter(str.strip, reversed(last)))
        outcome["error"] = f"its process ended early: {last}"
    seconds = time.perf_counter() - start
    return outcome | {"seconds": seconds, "peak_memory_bytes": peak}


def _end_with_worker() -> None:
    # However the worker ends, its end of this pipe closes.
    while os.read(0, 1):
        pass
    _kill(psutil.Process().children(recursive=True))
    os._exit(1)


def _describe(cells: list[dict], index: int) -> str:
    """Name a cell by its number in the lesson and its first line."""
    added = _tagged(cells[:index], "injected-parameters")
    count = cells[index].get("execution_count")
    prompt = f" (In [{count}])" if count else ""
    source = "".join(cells[index]["source"]).strip() or "(empty)"
    return f"{index + 1 - len(added)}{prompt}: {source.splitlines()[0]}"


def _child() -> None:
    """In the process that `_task` starts: run one notebook."""
    # What libraries print must not come between the messages to the worker.
    pipe = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def tell(message: dict) -> None:
        print(json.dumps(message), file=pipe, flush=True)

    request = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_worker, daemon=True).start()

    import nbformat
    import papermill
    from papermill.engines import NBClientEngine, papermill_engines

    class Engine(NBClientEngine):
        """Tells how far it is, and keeps the notebook if the kernel dies."""

        notebook = nbformat.v4.new_notebook()
        index = 0

        @classmethod
        def execute_managed_notebook(cls, nb_man, kernel_name, **kwargs):
            cls.notebook, cell_start = nb_man.nb, nb_man.cell_start

            def start(cell, cell_index, **more):
                cls.index = cell_index
                tell({"at": cell_index + 1, "of": len(nb_man.nb.cells)})
                cell_start(cell, cell_index, **more)

            nb_man.cell_start = start
            super().execute_managed_notebook(nb_man, kernel_name, **kwargs)

    papermill_engines.register("lesson", Engine)
    folder = request["folder"]
    cell = error = None
    try:
        papermill.execute_notebook(
            nbformat.reads(request["notebook"], as_version=4),
            None,
            request["parameters"],
            language="python",
            engine_name="lesson",
            kernel_name="python3",
            progress_bar=False,
            # A worker on another machine may not have the folder.
            cwd=folder if os.path.isdir(folder) else tempfile.gettempdir(),
            # Outputs come late where many lessons share few cores.
            iopub_timeout=60,
        )
    except Exception as problem:
        kind = getattr(problem, "ename", type(problem).__name__)
        error = f"{kind}: {getattr(problem, 'evalue', problem)}"
        # By now papermill has put marks around the cell.
        cells = Engine.notebook.cells
        marks = _tagged(cells, "papermill-error-cell-tag")
        cells = [c for i, c in enumerate(cells) if i not in marks]
        if cells:
            index = getattr(problem, "cell_index", Engine.index)
            cell = _describe(cells, index)
    # Papermill notes its input here, which is the whole notebook.
    Engine.notebook.metadata.get("papermill", {}).pop("input_path", None)
    text = nbformat.writes(Engine.notebook)
    tell({"notebook": text, "cell": cell, "error": error})


def _metrics(cells: list[dict]) -> dict[str, float]:
    """Read the one JSON object that the cell tagged `metrics` printed."""
    chosen = _tagged(cells, "metrics")
    if len(chosen) != 1:
        raise ValueError(
            f"{len(chosen)} cells are tagged metrics; one has to be, the last"
        )
    printed = "".join(
        "".join(output["text"])
        for output in cells[chosen[0]]["outputs"]
        if output.get("name") == "stdout"
    )
    try:
        metrics = json.loads(printed)
    except ValueError:
        metrics = None
    if not isinstance(metrics, dict):
        raise ValueError(
            "the cell tagged metrics has to print one JSON object and no"
            f" more; it printed {printed[:60]!r}"
        )
    for name, value in metrics.items():
        if type(value) not in (int, float) or not math.isfinite(value):
            raise ValueError(
                f"a metric has to be a finite number; {name} is {value!r}"
            )
    return metrics


def _judge(result: Result, outcome: dict) -> str | None:
    """Fill in the result; give back the executed notebook, if it came."""
    text = outcome.pop("notebook", None)
    vars(result).update(outcome)
    if text and not result.error:
        cells = json.loads(text)["cells"]
        try:
            result.metrics = _metrics(cells)
            result.status = "finished"
        except ValueError as problem:
            result.error = f"ValueError: {problem}"
            last = [len(cells) - 1, *_tagged(cells, "metrics")][-1]
            result.cell = _describe(cells, last)
    return text


def _scoreboard(results: Iterable[Result]) -> str:
    rows = [["lesson", "measured", *KINDS, "seconds", "peak memory"]]
    for result in results:
        measures: dict[str, dict[str, str]] = {}
        for name, value in result.metrics.items():
            kind, _, measure = name.partition("_")
            if kind in KINDS:
                form = ".4g" if isinstance(value, float) else ",d"
                row = measures.setdefault(measure.replace("_", " "), {})
                row[kind] = format(value, form)
        costs = [
            f"{result.seconds:.1f}",
            f"{result.peak_memory_bytes / 2**20:,.0f} MiB",
        ]
        name = result.name
        for measure, row in (measures or {result.status: {}}).items():
            values = [row.get(kind, "-") for kind in KINDS]
            rows.append([name, measure, *values, *costs])
            name, costs = "", ["", ""]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows.insert(1, ["-" * width for width in widths])
    return "\n".join(
        "  ".join(
            text.rjust(width) if place > 1 else text.ljust(width)
            for place, (text, width) in enumerate(
                zip(row, widths, strict=True)
            )
        )
        for row in rows
    )


class _Progress:
    """One live line a lesson on a terminal, plain lines elsewhere."""

    def __init__(self, names: list[str]) -> None:
        live = sys.stderr.isatty() and not os.environ.get("CI")
        width = max(map(len, names))
        form = "{desc} {bar:20} {n_fmt:>3} of {total_fmt} cells{postfix}"
        self.started: dict[int, float] = {}
        self.said: dict[int, float] = {}
        self.bars = [
            tqdm(
                desc=name.ljust(width),
                position=place,
                bar_format=form,
                postfix="waiting",
                disable=not live,
            )
            for place, name in enumerate(names)
        ]
        self.names = [name.ljust(width) for name in names]

    def say(self, index: int, text: str) -> None:
        self.said[index] = time.monotonic()
        self.bars[index].set_postfix_str(text)
        if self.bars[index].disable:
            print(f"{self.names[index]}  {text}", file=sys.stderr, flush=True)

    def update(self, index: int, at: int, of: int, **_: Any) -> None:
        bar, now = self.bars[index], time.monotonic()
        bar.n, bar.total = max(at - 1, 0), of or None
        if at == 0:
            again = " again: its worker died" if index in self.started else ""
            self.started[index] = now
            self.say(index, f"started{again}")
        elif bar.disable and now - self.said[index] >= 20:
            self.say(index, f"cell {at} of {of}")

    def tick(self) -> None:
        for index, start in self.started.items():
            seconds = time.monotonic() - start
            self.bars[index].set_postfix_str(f"{seconds:.0f} s")

    def end(self, index: int, result: Result) -> None:
        self.started.pop(index, None)
        bar, text = self.bars[index], "failed"
        if result.status == "finished":
            bar.n, text = bar.total, "done"
        self.say(index, f"{text} in {result.seconds:.1f} s")

    def close(self) -> None:
        for bar in self.bars:
            bar.close()


@contextlib.contextmanager
def _claim(out: Path) -> Iterator[None]:
    """Keep other runs out of a folder; a claim ends with its process."""
    with contextlib.ExitStack() as stack:
        try:
            out.mkdir(parents=True, exist_ok=True)
            file = stack.enter_context(open(out / ".lock", "a+"))
        except OSError as error:
            raise UsageError(
                f"cannot write into {out} ({error.strerror}); choose another"
                " folder with --out"
            ) from None
        try:
            if sys.platform == "win32":
                import msvcrt

                # Beyond the process number, which others have to read.
                file.seek(1024)
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            raise UsageError(
                f"process {file.read()} is writing into {out}; wait until it"
                " ends, or choose another folder with --out"
            ) from None
        file.truncate(0)
        print(os.getpid(), end="", file=file, flush=True)
        yield


def _write(path: Path, text: str) -> None:
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _default_jobs() -> int:
    from dask.system import CPU_COUNT
    from distributed.system import MEMORY_LIMIT

    return max(1, min(CPU_COUNT, MEMORY_LIMIT // 2**31))


def _cluster(workers: int) -> Any:
    """Start a Dask cluster of processes on this machine."""
    import dask.config
    from distributed import LocalCluster

    # A terminal sends Ctrl-C to all its processes. Workers inherit that it
    # is blocked, those that replace a dead one too; here it only waits. The
    # tracker, started later, would lift the block.
    block = getattr(signal, "pthread_sigmask", None)
    if block:
        resource_tracker.ensure_running()
        block(signal.SIG_BLOCK, [signal.SIGINT])
    settings = {
        # Tell at once when a worker dies; `_outcomes` decides what then.
        "distributed.scheduler.allowed-failures": 0,
        # Lessons compute with as many threads as they do in JupyterLab.
        "distributed.nanny.pre-spawn-environ": {},
    }
    try:
        with dask.config.set(settings):
            return LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                memory_limit=0,  # the lessons' processes hold the memory
                host="127.0.0.1",
                # Without an address it would take port 8787 all the same.
                dashboard_address="127.0.0.1:0",
                scheduler_kwargs={"dashboard": False},
                silence_logs=logging.CRITICAL,
            )
    finally:
        if block:
            block(signal.SIG_UNBLOCK, [signal.SIGINT])


def _outcomes(
    client: Any, requests: list[dict], jobs: int, progress: _Progress
) -> Iterator[tuple[int, dict]]:
    """Yield the number and the outcome of each run as it ends."""
    from distributed import KilledWorker

    messages: queue.SimpleQueue = queue.SimpleQueue()
    topic = f"lessons-{uuid.uuid4().hex}"
    client.subscribe_topic(topic, lambda event: messages.put(event[1]))
    waiting = list(range(len(requests)))
    running: dict[Any, int] = {}
    starts: Counter[int] = Counter()
    while waiting or running:
        while waiting and len(running) < jobs:
            index = waiting.pop(0)
            future = client.submit(
                _task, requests[index], topic, index, pure=False
            )
            running[future] = index
            future.add_done_callback(messages.put)
        try:
            message = messages.get(timeout=1)
        except queue.Empty:
            progress.tick()
            continue
        if isinstance(message, dict):
            starts[message["index"]] += message["at"] == 0
            progress.update(**message)
            continue
        index = running.pop(message)
        try:
            yield index, message.result()
        except KilledWorker:
            # A lesson that only waited on this worker is not to blame.
            if starts[index] < 2:
                waiting.insert(0, index)
                continue
            error = "its worker died, and so did the one that tried it again"
            yield index, {"error": f"KilledWorker: {error}; out of memory?"}
        except Exception as error:
            yield index, {"error": f"{type(error).__name__}: {error}"}


def run_lessons(
    lessons: Iterable[str] = (),
    *,
    mode: str | None = None,
    settings: Mapping[str, Iterable[Any]] | None = None,
    jobs: int | None = None,
    out: str | Path = EXECUTED,
    scheduler: str | None = None,
) -> list[Result]:
    """Run lessons and write their executed copies and scoreboard.json.

    Parameters
    ----------
    lessons : iterable of str
        Names, numbers, parts of names, or paths of notebooks; all lessons
        of the course if there is none.
    mode : {"fast", "full"}, optional
        The parameter `mode`; by default what the lesson says.
    settings : mapping of str to iterable, optional
        Values for parameters. Each lesson runs once with each combination.
    jobs : int, optional
        Lessons at a time; by default one a core, as far as 2 GiB of memory
        each allow, and with a scheduler all.
    out : path
        The folder to write into. Each copy is named as its lesson, with
        `[NAME=VALUE]` behind it where there are settings, and ends in
        `.ipynb`, or in `.failed.ipynb`.
    scheduler : str, optional
        Address of a Dask scheduler to use, `tcp://HOST:PORT`. The course has
        to be installed where its workers are. By default, a cluster of
        processes on this machine.

    Returns
    -------
    list of Result
        In the order of the lessons, also those that failed.

    Raises
    ------
    UsageError
        If this cannot be run as asked; nothing has been written then.
    KeyboardInterrupt
        With a line that says what has been finished.
    """
    runs, out = _plan(lessons, mode, settings or {}), Path(out)
    results, requests = map(list, zip(*runs, strict=True))
    if jobs is not None and jobs < 1:
        raise UsageError(f"{jobs} jobs; there has to be 1 at least")
    try:
        from distributed import Client

        with contextlib.ExitStack() as stack:
            try:
                client = Client(scheduler, timeout=5) if scheduler else None
            except (OSError, ValueError):
                raise UsageError(
                    f"no Dask scheduler answers at {scheduler}; start one"
                    " (dask scheduler), or leave out --scheduler"
                ) from None
            if client:
                jobs = jobs or len(runs)
                stack.enter_context(client)
            stack.enter_context(_claim(out))
            for result in results:
                (out / f"{result.name}.ipynb").unlink(missing_ok=True)
                (out / f"{result.name}.failed.ipynb").unlink(missing_ok=True)
            (out / "scoreboard.json").unlink(missing_ok=True)
            if not client:
                jobs = min(jobs or _default_jobs(), len(runs))
                cluster = stack.enter_context(_cluster(jobs))
                client = stack.enter_context(Client(cluster))
            progress = _Progress([result.name for result in results])
            stack.callback(progress.close)
            for index, outcome in _outcomes(client, requests, jobs, progress):
                result = results[index]
                text = _judge(result, outcome)
                if text:
                    failed = ".failed" if result.status == "failed" else ""
                    _write(out / f"{result.name}{failed}.ipynb", text)
                progress.end(index, result)
            board = json.dumps(
                [asdict(r) for r in results], indent=1, default=str
            )
            _write(out / "scoreboard.json", f"{board}\n")
    except KeyboardInterrupt:
        done = sum(result.status == "finished" for result in results)
        raise KeyboardInterrupt(
            f"stopped; {done} lessons finished, their copies are in {out}"
        ) from None
    return results


def _parser() -> argparse.ArgumentParser:
    class Parser(argparse.ArgumentParser):
        def error(self, message: str) -> None:
            raise UsageError(f"{message}; see python -m utils.run --help")

    parser = Parser(
        prog="python -m utils.run",
        description="Run lessons, several at a time, and compare what they"
        " measured.",
    )
    add = parser.add_argument
    add(
        "lessons",
        metavar="LESSON",
        nargs="*",
        help="a name, its number, a part of it, or a path; default: all",
    )
    add("--mode", help="fast or full; default: what the lesson says")
    add("--jobs", type=int, metavar="N", help="lessons at a time")
    add(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE[,VALUE...]",
        help="a parameter; several values run the lesson once with each",
    )
    add("--out", metavar="DIR", default=EXECUTED, help="default: %(default)s")
    add(
        "--scheduler",
        metavar="tcp://HOST:PORT",
        help="a Dask cluster to run on; default: this machine",
    )
    return parser


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
    try:
        asked = _parser().parse_intermixed_args(argv)
        results = run_lessons(
            asked.lessons,
            mode=asked.mode,
            settings=_parse(asked.set),
            jobs=asked.jobs,
            out=asked.out,
            scheduler=asked.scheduler,
        )
    except UsageError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt as stop:
        print(str(stop) or "stopped; 0 lessons finished", file=sys.stderr)
        return 130
    except OSError as error:
        print(f"stopped: {error}", file=sys.stderr)
        return 1
    print(_scoreboard(results), flush=True)
    failed = [result for result in results if result.status == "failed"]
    for result in failed:
        # Three lines each, however long the message is.
        error = result.error.strip().splitlines()[0]
        print(f"\nlesson  {result.name}", file=sys.stderr)
        print(f"cell    {result.cell or 'not known'}", file=sys.stderr)
        print(f"error   {error}", file=sys.stderr)
    return 1 if failed else 0


def _stop(*_: Any) -> None:
    # A second Ctrl-C must not break off what cleans up after the first.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    # As an imported module, so that workers find its functions by name.
    from utils import run

    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)
    logging.disable()
    code = run.main()
    if code == 130:
        # What had not quite started is not closed, and Dask would say so.
        run._kill(psutil.Process().children(recursive=True))
        os._exit(code)
    sys.exit(code)
