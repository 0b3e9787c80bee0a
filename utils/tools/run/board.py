"""What came out: measures, failures, the scoreboard and the files."""

import itertools
import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from utils.files import write_whole
from utils.findings import FINDINGS_TYPE, METRICS_TYPE
from utils.tools import UsageError
from utils.tools.lessons import NOTEBOOKS, get_tags, read_images
from utils.tools.run.plan import Run
from utils.tools.run.task import Outcome

import nbformat
from filelock import FileLock, Timeout

SCOREBOARD = "scoreboard.json"
LOCK = ".lock"
# A measure is named KIND_MEASURE: ours_mse, baseline_mse. The recipe is the
# tutorial's, run by the lesson; the tutorial's value is what it prints.
KINDS = ("ours", "baseline", "recipe", "tutorial")
WIDGET = "application/vnd.jupyter.widget-view+json"
# Cells that papermill adds, which have no number in the lesson.
ADDED = {"injected-parameters", "papermill-error-cell-tag"}
COLORS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
# How IPython begins each frame of a traceback that stands in a cell.
FRAME = re.compile(r"\s*Cell In\[(\d+)\], line (\d+)")
# What a terminal shows of an error; scoreboard.json has the whole of it.
FIRST_LINES, LAST_LINES, LONGEST_LINE = 6, 12, 400


@dataclass
class Result:
    """What one run gave; the row of the scoreboard.

    Attributes
    ----------
    run : Run
    status : str
        "finished" or "failed".
    cell : str or None
        The cell that failed: its number in the lesson, and the line.
    error : str or None
    traceback : str
        Where the error arose, for `--verbose`; the scoreboard leaves it out.
    metrics : dict
        What the cell tagged `metrics` left.
    findings : list of dict
        The rows of the lesson's findings: `claim`, `holds` and `numbers`.
    seconds : float
    peak_memory_bytes : int
    """

    run: Run
    status: str = "failed"
    cell: str | None = None
    error: str | None = None
    traceback: str = ""
    metrics: dict[str, float | None] = field(default_factory=dict)
    findings: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    peak_memory_bytes: int = 0

    def make_row(self) -> dict[str, Any]:
        """Return the row of scoreboard.json."""
        return {
            "lesson": self.run.lesson,
            "name": self.run.name,
            "parameters": self.run.parameters,
            "metrics": self.metrics,
            "findings": self.findings,
            "seconds": self.seconds,
            "peak_memory_bytes": self.peak_memory_bytes,
            "status": self.status,
            "cell": self.cell,
            "error": self.error,
        }


# --- What an executed copy tells --------------------------------------------


def judge(run: Run, outcome: Outcome) -> Result:
    """Return what a run gave, from what the worker sent back."""
    result = Result(
        run,
        error=outcome.error,
        seconds=outcome.seconds,
        peak_memory_bytes=outcome.peak_memory_bytes,
    )
    if not outcome.notebook:
        return result
    executed = nbformat.reads(outcome.notebook, as_version=4)
    cells = [cell for cell in executed.cells if not ADDED & get_tags(cell)]
    if not result.error:
        try:
            result.metrics = read_metrics(cells)
            result.findings = read_findings(cells)
            result.status = "finished"
            return result
        except ValueError as error:
            result.error = f"ValueError: {error}"
    result.cell = name_failure(cells)
    result.traceback = read_traceback(cells)
    return result


def read_left(
    cells: Iterable[nbformat.NotebookNode], mime_type: str
) -> list[Any]:
    """Return what the cells have left in their outputs for the runner."""
    return [
        output.data[mime_type]
        for cell in cells
        for output in cell.get("outputs", [])
        if mime_type in output.get("data", {})
    ]


def read_metrics(
    cells: Iterable[nbformat.NotebookNode],
) -> dict[str, float | None]:
    """Return the measures that the cell tagged `metrics` left.

    None stands for what is not finite, as after a training that diverged.

    Raises
    ------
    ValueError
        If there is not one such cell that has left some, or if one is neither
        a finite number nor None.
    """
    last = [cell for cell in cells if "metrics" in get_tags(cell)]
    left = read_left(last, METRICS_TYPE)
    if len(left) != 1 or not isinstance(left[0], dict):
        raise ValueError(
            "one cell tagged metrics has to call "
            "utils.findings.leave_metrics, once"
        )
    for name, value in left[0].items():
        is_finite = type(value) is float and math.isfinite(value)
        if value is not None and type(value) is not int and not is_finite:
            raise ValueError(
                f"a metric has to be a finite number; {name} is {value!r}"
            )
    return dict(left[0])


def read_findings(
    cells: Iterable[nbformat.NotebookNode],
) -> list[dict[str, Any]]:
    """Return the rows of all tables of findings."""
    tables = read_left(cells, FINDINGS_TYPE)
    return [dict(row) for table in tables for row in table]


def find_unmet(result: Result) -> list[dict[str, Any]]:
    """Return the findings that do not hold in this run."""
    return [row for row in result.findings if not row["holds"]]


def has_own_settings(run: Run) -> bool:
    """Tell whether a lesson ran with settings under which its findings hold.

    Both modes are its own settings. With another seed or constant, a finding
    that does not hold is a result, and no fault.
    """
    changed = {
        name
        for name, value in run.values.items()
        if value != run.defaults.get(name)
    }
    return not changed - {"mode", "reuse_weights"}


def name_failure(cells: Sequence[nbformat.NotebookNode]) -> str | None:
    """Return the number and the line of the cell that failed.

    It is the last one that was started. Of its lines, that is named at which
    the innermost frame of the traceback stands that is in this cell; or the
    first line, if there is no traceback.
    """
    started = [
        (number, cell)
        for number, cell in enumerate(cells, start=1)
        if cell.cell_type == "code" and cell.metadata.papermill.start_time
    ]
    if not started:
        return None
    number, cell = started[-1]
    place = f"{number} (In [{cell.execution_count or '*'}])"
    line = find_line(cell)
    lines = cell.source.split("\n")
    if line is None or line > len(lines):
        return f"{place}: {cell.source.strip().partition(chr(10))[0]}"
    return f"{place}, line {line}: {lines[line - 1].strip()}"


def find_line(cell: nbformat.NotebookNode) -> int | None:
    """Return the number of the line of a cell at which its error arose."""
    line = None
    # IPython leaves out the blank lines at the start, and does not count them.
    lines = cell.source.split("\n")
    n_blank = len(list(itertools.takewhile(is_blank, lines)))
    for entry in get_traceback(cell):
        frame = FRAME.match(entry)
        # Functions of earlier cells have frames with the number of those.
        if frame and int(frame[1]) == cell.execution_count:
            line = int(frame[2]) + n_blank
    return line


def is_blank(line: str) -> bool:
    """Return whether a line holds nothing but spaces."""
    return not line.strip()


def get_traceback(cell: nbformat.NotebookNode) -> list[str]:
    """Return the entries of the traceback in a cell, without colors."""
    return [
        COLORS.sub("", entry)
        for output in cell.get("outputs", [])
        if output.output_type == "error"
        for entry in output.traceback
    ]


def read_traceback(cells: Iterable[nbformat.NotebookNode]) -> str:
    """Return the traceback that the executed copy shows, as text."""
    return "\n".join(entry for cell in cells for entry in get_traceback(cell))


def drop_widgets(notebook: str) -> str:
    """Leave out the widgets of an executed copy: their kernel has ended.

    A picture in place of a widget stays; a progress bar leaves nothing.
    """
    executed = nbformat.reads(notebook, as_version=4)
    for cell in executed.cells:
        for output in cell.get("outputs", [])[:]:
            data = output.get("data", {})
            if data.pop(WIDGET, None) and not data.keys() - {"text/plain"}:
                cell.outputs.remove(output)
    executed.metadata.pop("widgets", None)
    return nbformat.writes(executed)


# --- What is printed ---------------------------------------------------------


def format_failure(result: Result, is_verbose: bool = False) -> str:
    """Return what is said of a run that failed, as several lines."""
    lines = [
        f"lesson  {result.run.name}",
        f"cell    {result.cell or 'not known'}",
        f"error   {format_error(result.error or 'not known')}",
    ]
    if is_verbose and result.traceback:
        lines.append(result.traceback)
    return "\n".join(lines)


def format_unmet(result: Result) -> str:
    """Return what is said of findings that do not hold, a line each."""
    lines = [f"lesson   {result.run.name}"]
    for row in find_unmet(result):
        lines.append(f"finding  does not hold here: {row['claim']}")
        if row["numbers"]:
            lines.append(f"         {row['numbers']}")
    return "\n".join(lines)


def format_error(error: str) -> str:
    """Return an error's text for a terminal.

    Blank lines are dropped and later lines are indented. A long text is cut
    in the middle: TensorFlow says the reason at the end.
    """
    lines = [line.rstrip() for line in COLORS.sub("", error).splitlines()]
    lines = [shorten(line) for line in lines if line]
    left_out = len(lines) - FIRST_LINES - LAST_LINES
    if left_out > 1:
        note = f"... {left_out} lines, see {SCOREBOARD} ..."
        lines[FIRST_LINES:-LAST_LINES] = [note]
    return "\n        ".join(lines)


def shorten(line: str) -> str:
    """Return a line, cut in the middle if it is very long."""
    if len(line) <= LONGEST_LINE:
        return line
    half = LONGEST_LINE // 2
    return f"{line[:half]} ... {line[-half:]}"


def format_scoreboard(results: Iterable[Result]) -> str:
    """Return the table of all runs: a line for each measure."""
    header = ["lesson", "seconds", "peak memory", "findings"]
    header += ["measured", *KINDS]
    table = [header]
    for result in results:
        memory = f"{result.peak_memory_bytes / 2**20:,.0f} MiB"
        # The first line of a run says what is true of all.
        start = [result.run.name, f"{result.seconds:.1f}", memory]
        start.append(count_findings(result))
        measures = group_measures(result.metrics) or {result.status: {}}
        for measure, values in measures.items():
            columns = [values.get(kind, "-") for kind in KINDS]
            table.append([*start, measure, *columns])
            start = ["", "", "", ""]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    table.insert(1, ["-" * width for width in widths])
    return "\n".join(format_line(line, widths) for line in table)


def count_findings(result: Result) -> str:
    """Return how many findings hold, and of how many: "14 of 14"."""
    if not result.findings:
        return "-"
    n_met = len(result.findings) - len(find_unmet(result))
    return f"{n_met} of {len(result.findings)}"


def group_measures(
    metrics: dict[str, float | None],
) -> dict[str, dict[str, str]]:
    """Return the values of each measure, by kind, as they are printed.

    Examples
    --------
    >>> group_measures({"ours_mse": 0.25, "baseline_mse": 1, "points": 2})
    {'mse': {'ours': '0.25', 'baseline': '1'}}
    """
    measures: dict[str, dict[str, str]] = {}
    for name, value in metrics.items():
        kind, _, measure = name.partition("_")
        if kind in KINDS:
            values = measures.setdefault(measure.replace("_", " "), {})
            if value is None:
                values[kind] = "not finite"
            elif isinstance(value, float):
                values[kind] = f"{value:.4g}"
            else:
                values[kind] = f"{value:,d}"
    return measures


def format_line(columns: Sequence[str], widths: Sequence[int]) -> str:
    """Return a line of the table: names to the left, numbers to the right."""
    return "  ".join(
        column.ljust(width) if place in (0, 4) else column.rjust(width)
        for place, (column, width) in enumerate(
            zip(columns, widths, strict=True)
        )
    )


# --- Files -------------------------------------------------------------------


def check_folder(out: Path, runs: Iterable[Run]) -> None:
    """Refuse a folder whose notebooks copies would replace.

    Raises
    ------
    UsageError
        If a lesson lies there, or if there are files that no run has left.
    """
    for source in [NOTEBOOKS, *(Path(run.folder) for run in runs)]:
        if out.resolve() == source.resolve():
            raise UsageError(
                f"lessons lie in {out}, and executed copies would replace "
                "them; choose another folder with --out"
            )
    try:
        found = [p.name for p in out.iterdir() if p.name[:1] != "."]
        is_of_runs = (out / LOCK).exists() or (out / SCOREBOARD).exists()
    except OSError:
        return  # It is not there yet; or claim_folder says what is wrong.
    if found and not is_of_runs:
        raise UsageError(
            f"{out} is not empty ({found[0]}), and no run has left what it "
            "holds; choose a new folder with --out"
        )


@contextmanager
def claim_folder(out: Path) -> Iterator[None]:
    """Keep other runs out of a folder, which is made if need be.

    Raises
    ------
    UsageError
        If another run writes into it, or if it cannot be written into.
    """
    # The system releases the lock, however this process ends. The file stays:
    # if it was removed, two later runs could lock two files of this name.
    lock = FileLock(out / LOCK, timeout=0)
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise UsageError(
            f"another run writes into {out}; choose another folder with --out"
        ) from error
    except OSError as error:
        raise UsageError(
            f"cannot write into {out} ({error.strerror}); "
            "choose another folder with --out"
        ) from error
    try:
        yield
    finally:
        lock.release()


def clear_folder(out: Path, runs: Iterable[Run]) -> None:
    """Remove what an earlier run has left of these runs, and its scoreboard.

    Raises
    ------
    UsageError
        If a file cannot be removed.
    """
    names = [SCOREBOARD]
    for run in runs:
        names += [f"{run.name}.ipynb", f"{run.name}.failed.ipynb"]
    for name in names:
        try:
            (out / name).unlink(missing_ok=True)
        except OSError as error:
            raise UsageError(
                f"cannot remove {out / name} ({error.strerror}); "
                "choose another folder with --out"
            ) from error


def write_copy(out: Path, result: Result, notebook: str) -> None:
    """Write the executed copy, and the images that it shows beside it.

    Its name says if the run failed.
    """
    ending = ".ipynb" if result.status == "finished" else ".failed.ipynb"
    write(out / f"{result.run.name}{ending}", drop_widgets(notebook))
    lesson = nbformat.reads(notebook, as_version=4)
    for path, image in read_images(lesson, Path(result.run.folder)).items():
        write(out / path, image)


def write_scoreboard(out: Path, results: Iterable[Result]) -> None:
    """Write scoreboard.json, which `make results` reads."""
    rows = [result.make_row() for result in results]
    text = json.dumps(rows, indent=1, default=str)
    write(out / SCOREBOARD, f"{text}\n")


def write(path: Path, data: str | bytes) -> None:
    """Write a file whole or not at all.

    Raises
    ------
    UsageError
        If it cannot be written.
    """
    try:
        write_whole(path, data)
    except OSError as error:
        raise UsageError(
            f"cannot write {path} ({error.strerror}); "
            "make room, or choose another folder with --out"
        ) from error
