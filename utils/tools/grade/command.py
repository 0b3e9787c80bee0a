"""The command `python -m utils.grade`: notebooks in, points out."""

import argparse
import csv
import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from utils.files import write_whole
from utils.offline import OFFLINE
from utils.tools import UsageError
from utils.tools.grade import judge
from utils.tools.grade.notebooks import (
    Submission,
    prepare_lessons,
    read_submission,
)
from utils.tools.run.task import kill, make_environment

import psutil

SECONDS = 120  # for a notebook, imports included
MEMORY = 16 * 2**30  # bytes of addresses; TensorFlow alone reserves some GiB
COLUMNS = ("learner", "lesson", "exercise", "points", "feedback", "notebook")
RIGHT = "right"


@dataclass
class Grade:
    """One row: a learner and an exercise."""

    learner: str
    lesson: str
    exercise: str
    points: int
    feedback: str
    notebook: str


def find_notebooks(folder: Path) -> list[Path]:
    """Return the notebooks in a folder and below it.

    Raises
    ------
    UsageError
        If there is no such folder, or no notebook in it.
    """
    if not folder.is_dir():
        raise UsageError(
            f"{folder} is no folder; name the one with the notebooks, as "
            "LEARNER.ipynb or as LEARNER/LESSON.ipynb"
        )
    paths = [
        path
        for path in sorted(folder.rglob("*.ipynb"))
        if ".ipynb_checkpoints" not in path.parts
    ]
    if not paths:
        raise UsageError(f"there is no notebook (*.ipynb) in {folder}")
    return paths


def execute(job: judge.Job, seconds: float) -> dict[str, str] | str:
    """Run what was written in a notebook, in a process of its own.

    Parameters
    ----------
    job : Job
    seconds : float
        How long it may take.

    Returns
    -------
    dict of str to str, or str
        The verdict on each function; or why there is none.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "work")
        folder.mkdir()
        settings = Path(scratch, "settings")
        settings.mkdir()
        # The name of the file cannot be guessed by what runs in `folder`.
        handle, name = tempfile.mkstemp(dir=settings, suffix=".json")
        os.close(handle)
        environment = make_environment(os.environ, settings, 1)
        environment |= {OFFLINE: "1", "MPLBACKEND": "agg"}
        process = psutil.Popen(
            [sys.executable, "-P", "-m", judge.__name__],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
            preexec_fn=limit_memory if os.name == "posix" else None,
        )
        try:
            text = judge.write_job(Path(name), job)
            process.communicate(text, seconds)
        except subprocess.TimeoutExpired:
            return f"it ran longer than {seconds:g} s and was ended"
        except BrokenPipeError:
            pass
        finally:
            end(process)
        try:
            verdicts = json.loads(Path(name).read_text("utf-8"))
        except ValueError:
            return (
                "its process ended before the checks, with status "
                f"{process.returncode}"
            )
    return verdicts


def limit_memory() -> None:
    """Limit the addresses of a process, so that it cannot fill the machine."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def end(process: psutil.Popen) -> None:
    """End a process and what it has started."""
    family = [process]
    try:
        family += process.children(recursive=True)
    except psutil.Error:
        # It has ended, and what it started in its session remains.
        family += [
            other
            for other in psutil.process_iter()
            if is_in_session(other, process.pid)
        ]
    kill(family)
    process.wait()


def is_in_session(process: psutil.Process, session: int) -> bool:
    """Tell whether a process belongs to a session, where there are some."""
    try:
        return os.getsid(process.pid) == session
    except (OSError, AttributeError):
        return False


def grade(submission: Submission, seconds: float) -> list[Grade]:
    """Return the rows of one notebook, a row for each exercise."""
    name = str(submission.path.name)
    if submission.fault:
        fault = f"{submission.path.name} {submission.fault}"
        return [Grade(submission.learner, "", "", 0, fault, name)]
    verdicts = execute(submission.make_job(), seconds)
    needs_all = isinstance(verdicts, dict) and any(
        "NameError" in verdict for verdict in verdicts.values()
    )
    if needs_all:
        # An answer uses what the lesson loads or trains.
        whole = execute(submission.make_job(whole=True), 5 * seconds)
        if isinstance(whole, dict):
            verdicts = whole
    rows = []
    for exercise in submission.lesson.exercises:
        if isinstance(verdicts, str):
            feedback = f"not graded: {verdicts}"
        else:
            feedback = verdicts[exercise.function]
        points = int(feedback == RIGHT)
        note = submission.notes.get(exercise.function)
        if note:
            feedback += f" ({note})"
        rows.append(
            Grade(
                submission.learner,
                submission.lesson.name,
                exercise.function,
                points,
                feedback,
                name,
            )
        )
    return rows


def write_table(rows: Sequence[Grade]) -> str:
    """Return the rows as CSV."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        values = [getattr(row, column) for column in COLUMNS]
        # A spreadsheet takes what begins like this for a formula.
        writer.writerow(
            f"'{value}"
            if str(value).startswith(("=", "+", "-", "@"))
            else value
            for value in values
        )
    return file.getvalue()


def summarize(rows: Sequence[Grade]) -> str:
    """Return a line for each learner, and one for each thing to look at."""
    points: dict[str, list[int]] = {}
    for row in rows:
        points.setdefault(row.learner, []).append(row.points)
    width = max(len(learner) for learner in points)
    lines = [
        f"{learner:{width}}  {sum(values)} of {len(values)}"
        for learner, values in points.items()
    ]
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Grade as the command line says.

    Returns
    -------
    int
        0 if the notebooks were graded, 2 if nothing could be graded as asked,
        130 if it was stopped.
    """
    parser = argparse.ArgumentParser(
        "python -m utils.grade",
        description=(
            "Judge learners' notebooks by the lessons' own checks, each in a "
            "process of its own, without network: points as CSV."
        ),
    )
    parser.add_argument(
        "folder",
        type=Path,
        metavar="FOLDER",
        help="with LEARNER.ipynb, or with a folder for each learner",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="default: grades.csv in FOLDER",
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=SECONDS,
        help="how long a notebook may take; default: %(default)s",
    )
    parser.add_argument(
        "--jobs",
        type=int,
        default=max(1, (os.cpu_count() or 1) // 2),
        help="notebooks at a time; default: %(default)s",
    )
    options = parser.parse_args(argv)
    out = options.out or options.folder / "grades.csv"
    try:
        if options.jobs < 1 or not options.seconds > 0:
            raise UsageError("--jobs and --seconds have to be above 0")
        paths = find_notebooks(options.folder)
        lessons = prepare_lessons()
        submissions = [
            read_submission(path, options.folder, lessons) for path in paths
        ]
        rows: list[Grade] = []
        with ThreadPoolExecutor(options.jobs) as pool:
            tables = pool.map(
                lambda one: grade(one, options.seconds), submissions
            )
            for number, table in enumerate(tables, start=1):
                rows += table
                right = sum(row.points for row in table)
                print(
                    f"{number} of {len(paths)}: {table[0].learner}, "
                    f"{right} of {len(table)} right",
                    file=sys.stderr,
                )
        write(out, write_table(rows))
    except UsageError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; no grades were written", file=sys.stderr)
        return 130
    print(summarize(rows))
    print(f"grades: {out}")
    return 0


def write(path: Path, text: str) -> None:
    """Write the table.

    Raises
    ------
    UsageError
        If it cannot be written.
    """
    try:
        write_whole(path, text)
    except OSError as error:
        raise UsageError(
            f"cannot write {path} ({error.strerror}); choose another file "
            "with --out"
        ) from error
