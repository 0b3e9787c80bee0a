"""Lessons as nbgrader and Otter-Grader want them: marks around solutions.

Both tools take a notebook with solutions, and make of it what students get
and what grades them. The marks are theirs; where they go is said here.
"""

import ast
from collections.abc import Iterator

from utils.tools import UsageError
from utils.tools.exercises import Exercise, split_function
from utils.tools.lessons import read_images

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output, new_raw_cell

POINTS = 1  # of each exercise


def mark_for_nbgrader(
    handout: NotebookNode, exercises: list[Exercise]
) -> None:
    """Mark in a handout what nbgrader takes for solutions and for tests.

    A stub becomes a solution cell: signature and docstring stay when nbgrader
    removes what is between its marks. A check becomes a test cell that raises
    unless the verdict is "right".

    Parameters
    ----------
    handout : NotebookNode
        A lesson without its solutions. It is changed.
    exercises : list of Exercise
        What `find_exercises` finds in the lesson.

    Raises
    ------
    UsageError
        If a check cell checks nothing.
    """
    cells = {cell.id: cell for cell in handout.cells}
    for exercise in exercises:
        function = exercise.function
        stub, check = cells[exercise.stub.id], cells[exercise.check.id]
        head, body = split_function(exercise.solution)
        stub.source = "\n".join(
            [
                *head,
                "    ### BEGIN SOLUTION",
                *body,
                "    ### END SOLUTION",
            ]
        )
        stub.metadata.nbgrader = {
            "schema_version": 3,
            "grade_id": function,
            "solution": True,
            "grade": False,
            "locked": False,
            "task": False,
        }
        # A cell may check a function twice, so there is an assert for each.
        verdict = f'assert VERDICTS["{function}"] == "right"'
        tests = [f"{source}\n{verdict}" for source in split_check(exercise)]
        check.source = "\n".join(
            ["from utils.checks import VERDICTS", "", *tests]
        )
        check.metadata.nbgrader = {
            "schema_version": 3,
            "grade_id": f"{function}-check",
            "solution": False,
            "grade": True,
            "locked": True,
            "task": False,
            "points": POINTS,
        }


def mark_for_otter(
    handout: NotebookNode, exercises: list[Exercise], name: str
) -> None:
    """Mark in a handout what `otter assign` takes for questions and tests.

    The check stays where it is, so that students see its verdict, and is
    repeated as the question's test: Otter compares what it prints.

    Parameters
    ----------
    handout : NotebookNode
        A lesson without its solutions. It is changed.
    exercises : list of Exercise
        What `find_exercises` finds in the lesson.
    name : str
        The lesson's name.

    Raises
    ------
    UsageError
        If a check cell checks nothing.
    """
    cells = {cell.id: [cell] for cell in handout.cells}
    for exercise in exercises:
        (stub,), (check,) = cells[exercise.stub.id], cells[exercise.check.id]
        head, body = split_function(exercise.solution)
        _, prompt = split_function(exercise.stub.source)
        stub.source = "\n".join(
            [
                *head,
                "    # BEGIN SOLUTION NO PROMPT",
                *body,
                "    # END SOLUTION",
                '    """ # BEGIN PROMPT',
                *prompt,
                '    """; # END PROMPT',
            ]
        )
        question = (
            f"# BEGIN QUESTION\nname: {exercise.function}\n"
            f"points: {POINTS}\nall_or_nothing: true"
        )
        cells[stub.id] = [
            new_raw_cell(question),
            new_raw_cell("# BEGIN SOLUTION"),
            stub,
            new_raw_cell("# END SOLUTION"),
        ]
        printed = f"{exercise.function}: right\n"
        tests = [
            new_code_cell(
                source,
                outputs=[new_output("stream", name="stdout", text=printed)],
            )
            for source in split_check(exercise)
        ]
        cells[check.id] = [
            new_raw_cell("# BEGIN TESTS"),
            *tests,
            new_raw_cell("# END TESTS"),
            new_raw_cell("# END QUESTION"),
            check,
        ]
    # What has to lie beside the notebooks that Otter writes.
    images = [f"  - {path}" for path in read_images(handout)]
    config = ["# ASSIGNMENT CONFIG", f"name: {name}"]
    config += ["files:", *images] if images else []
    handout.cells = [new_raw_cell("\n".join(config))]
    for parts in cells.values():
        handout.cells += parts


def split_check(exercise: Exercise) -> list[str]:
    """Return the source of a check cell, a part for each call of `check`.

    Each part ends with its call; what prepares it comes before.

    Raises
    ------
    UsageError
        If there is no such call.
    """
    lines = exercise.check.source.splitlines()
    parts, start = [], 0
    for end in _find_calls(exercise):
        parts.append("\n".join(lines[start:end]))
        start = end
    if not parts:
        raise UsageError(
            f"the cell after the stub of {exercise.function} does not call "
            f"check({exercise.function}, ...)"
        )
    return parts


def _find_calls(exercise: Exercise) -> Iterator[int]:
    """Yield the last line of each call of `check`, counted from 1."""
    for node in ast.parse(exercise.check.source).body:
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Call)
            and ast.unparse(node.value.func) == "check"
        ):
            yield node.end_lineno
