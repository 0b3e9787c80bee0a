"""Editions of the lessons: handouts, solutions, slides, and for graders.

`python -m utils.tools.editions handouts` writes build/handouts: the lessons
without solutions and instructor's notes. `solutions` writes build/solutions:
stubs replaced by solutions, executed. `slides` writes build/slides: one page a
lesson, made from its executed copy, that needs no network, and with `--pdf`
the same as PDF. `nbgrader` and `otter` write the lessons as these two graders
take them.
"""

import argparse
import copy
import errno
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from utils.files import replace_folder, write_whole
from utils.tools import UsageError
from utils.tools import find_package as find_package  # for the site, too
from utils.tools.exercises import FENCE, find_exercises
from utils.tools.graders import mark_for_nbgrader, mark_for_otter
from utils.tools.lessons import (
    BUILD,
    EXECUTED,
    FULL,
    get_tags,
    read_images,
    read_lesson,
    read_lessons,
)
from utils.tools.run import command
from utils.tools.slides.page import write_decks, write_pdfs

import nbformat
from nbformat import NotebookNode

EDITIONS = ("handouts", "solutions", "slides", "nbgrader", "otter")
NOT_HANDED_OUT = {"solution", "notes", "metrics"}  # tags
STOPPED = 130  # the exit status of what Ctrl-C has ended
# What a system says of a folder that cannot be written. All other errors are
# faults of the course.
UNWRITABLE = {
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOSPC,
    errno.EDQUOT,
    errno.ENOTDIR,
    errno.EEXIST,
}


def make_handout(lesson: NotebookNode) -> NotebookNode:
    """Return a copy without solutions, notes, measures and outputs."""
    lesson = copy.deepcopy(lesson)
    lesson.cells = [
        cell for cell in lesson.cells if not NOT_HANDED_OUT & get_tags(cell)
    ]
    for cell in lesson.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return lesson


def make_solution(lesson: NotebookNode, name: str) -> NotebookNode:
    """Return a copy with solutions in place of the stubs.

    Parameters
    ----------
    lesson : NotebookNode
    name : str
        The lesson's name, for messages.

    Raises
    ------
    UsageError
        As `find_exercises` says.
    """
    lesson = copy.deepcopy(lesson)
    for exercise in find_exercises(lesson, name):
        exercise.stub.source = exercise.solution
        tags = exercise.stub.metadata.tags
        tags[tags.index("stub")] = "solution"
        # What is now in the cell above is left out; the model answer stays.
        exercise.fold.source = FENCE.sub("", exercise.fold.source, count=1)
    return lesson


@contextmanager
def open_output(folder: Path) -> Iterator[Path]:
    """Give an empty folder to fill; at the end it replaces `folder`.

    Yields
    ------
    Path
        A folder beside it, with a temporary name.

    Raises
    ------
    UsageError
        If the folder cannot be written.
    """
    try:
        with replace_folder(folder) as part:
            yield part
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise
        raise UsageError(
            f"cannot write {folder} ({error.strerror}); make room, or choose "
            "another folder with --out"
        ) from None


def choose_folder(out: Path | None, default: Path) -> Path:
    """Return the folder to write: `out` where it is given.

    Raises
    ------
    UsageError
        If `out` holds something, which would be lost.
    """
    if out is None:
        return default
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise UsageError(
            f"{out} is there and not an empty folder; nothing in it was "
            "touched: name another one with --out"
        )
    return out


def write_images(lesson: NotebookNode, folder: Path) -> None:
    """Write the images that a lesson shows to where its copy lies."""
    for path, image in read_images(lesson).items():
        write_whole(folder / path, image)


def write_handouts(folder: Path) -> None:
    """Write the lessons without solutions and notes."""
    with open_output(folder) as part:
        for name, lesson in read_lessons().items():
            nbformat.write(make_handout(lesson), part / f"{name}.ipynb")
            write_images(lesson, part)


def write_for_nbgrader(folder: Path) -> None:
    """Write nbgrader's folder `source`: each lesson is an assignment.

    Raises
    ------
    UsageError
        If an exercise is not as it should be.
    """
    with open_output(folder) as part:
        for name, lesson in read_lessons().items():
            handout = make_handout(lesson)
            mark_for_nbgrader(handout, find_exercises(lesson, name))
            (part / name).mkdir()
            nbformat.write(handout, part / name / f"{name}.ipynb")
            write_images(lesson, part / name)


def write_for_otter(folder: Path) -> None:
    """Write what `otter assign` takes: a notebook for each lesson.

    Raises
    ------
    UsageError
        If an exercise is not as it should be.
    """
    with open_output(folder) as part:
        for name, lesson in read_lessons().items():
            handout = make_handout(lesson)
            mark_for_otter(handout, find_exercises(lesson, name), name)
            nbformat.write(handout, part / f"{name}.ipynb")
            write_images(lesson, part)


def write_solutions(folder: Path) -> None:
    """Write the lessons with solutions, and execute them.

    Raises
    ------
    UsageError
        If one fails; the runner has said which and where.
    KeyboardInterrupt
        If the run was stopped.
    """
    with (
        open_output(folder) as part,
        tempfile.TemporaryDirectory() as scratch,
    ):
        sources, executed = Path(scratch, "sources"), Path(scratch, "executed")
        sources.mkdir()
        for name, lesson in read_lessons().items():
            solution = make_solution(lesson, name)
            nbformat.write(solution, sources / f"{name}.ipynb")
        paths = map(str, sorted(sources.iterdir()))
        status = command.main([*paths, "--out", str(executed)])
        if status == STOPPED:
            raise KeyboardInterrupt
        if status:
            raise UsageError(
                f"a solution failed, as said above; {folder} is as it was"
            )
        # Not the lock and the scoreboard of the runner.
        for path in executed.glob("*.ipynb"):
            shutil.copy(path, part)
        for lesson in read_lessons().values():
            write_images(lesson, part)


def read_copy(folder: Path, name: str, lesson: NotebookNode) -> NotebookNode:
    """Return the executed copy of a lesson.

    The runner names a copy after what was set, too: that of
    `--set reuse_weights=True` will do where there is no other.

    Raises
    ------
    UsageError
        If the lesson has not been executed, or has changed since.
    """
    path = folder / f"{name}.ipynb"
    if not path.exists():
        # Brackets are glob's own, so they stand in brackets.
        others = sorted(folder.glob(f"{name}[[]*[]].ipynb"))
        if len(others) != 1:
            raise UsageError(
                f"{path} is missing: call `make run` before, with "
                f"--out {folder}"
            )
        (path,) = others
    executed = read_lesson(path)
    # Papermill's own cell, which sets other parameters.
    executed.cells = [
        cell
        for cell in executed.cells
        if "injected-parameters" not in get_tags(cell)
    ]
    sources = [cell.source for cell in executed.cells]
    if sources != [cell.source for cell in lesson.cells]:
        raise UsageError(
            f"{path} is not as the lesson is now: call `make run` again"
        )
    return executed


def read_executed(folder: Path) -> dict[str, NotebookNode]:
    """Return the executed lessons of a folder, by name.

    Raises
    ------
    UsageError
        As `read_copy` says.
    """
    return {
        name: read_copy(folder, name, lesson)
        for name, lesson in read_lessons().items()
    }


def read_best_runs(full: Path, fast: Path) -> dict[str, NotebookNode]:
    """Return the lessons as executed in full mode, others as in fast mode.

    Parameters
    ----------
    full, fast : Path
        Folders of executed lessons. A copy in `full` that is not as the lesson
        is now does not count.

    Raises
    ------
    UsageError
        As `read_copy` says, of what is in `fast`.
    """
    found = {}
    for name, lesson in read_lessons().items():
        try:
            found[name] = read_copy(full, name, lesson)
        except UsageError:
            found[name] = read_copy(fast, name, lesson)
    return found


def write_slides(
    folder: Path, executed: Path | None = None, with_pdf: bool = False
) -> str:
    """Write the slides of executed lessons.

    Parameters
    ----------
    folder : Path
    executed : Path, optional
        The executed lessons; by default those in build/, of full mode where
        they are there.
    with_pdf : bool
        Whether to print each page to a PDF as well.

    Returns
    -------
    str
        One line that says of which mode the slides are.

    Raises
    ------
    UsageError
        As `read_executed`, `write_decks` and `write_pdfs` say.
    """
    if executed is None:
        lessons = read_best_runs(FULL, EXECUTED)
    else:
        lessons = read_executed(executed)
    with open_output(folder) as part:
        decks = write_decks(part, lessons)
        if with_pdf:
            write_pdfs(part)
    numbers = {"full": [], "fast": []}
    for deck in decks:
        numbers.setdefault(deck.mode, []).append(deck.number)
    return "; ".join(
        f"lesson {', '.join(found)} in {mode} mode"
        for mode, found in numbers.items()
        if found
    )


def main(argv: list[str] | None = None) -> int:
    """Make an edition as the command line says.

    Returns
    -------
    int
        0 if it was made, 2 if it could not be, 130 if it was stopped.
    """
    parser = argparse.ArgumentParser(
        "python -m utils.tools.editions",
        description="Write handouts, solutions, slides, or graders' sources.",
    )
    parser.add_argument("edition", choices=EDITIONS)
    parser.add_argument(
        "--executed",
        type=Path,
        metavar="DIR",
        help="executed lessons that slides are made from; default: build/full "
        "where a lesson is there, others build/executed",
    )
    parser.add_argument(
        "--pdf",
        action="store_true",
        help="print slides to PDF, too; needs a browser",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="a new or empty folder; default: one in build/",
    )
    options = parser.parse_args(argv)
    try:
        folder = choose_folder(options.out, BUILD / options.edition)
        if options.edition == "handouts":
            write_handouts(folder)
        elif options.edition == "solutions":
            write_solutions(folder)
        elif options.edition == "slides":
            print(write_slides(folder, options.executed, options.pdf))
        elif options.edition == "nbgrader":
            write_for_nbgrader(folder)
        else:
            write_for_otter(folder)
    except UsageError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"stopped; {folder} is as it was", file=sys.stderr)
        return STOPPED
    print(f"{options.edition}: {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
