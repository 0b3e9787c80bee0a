"""The exercises of a lesson: which of its cells belong together."""

import ast
from dataclasses import dataclass

from utils.tools import UsageError
from utils.tools.lessons import get_tags

from nbformat import NotebookNode


@dataclass(frozen=True)
class Exercise:
    """The parts of an exercise; cells are those of the lesson, not copies.

    Attributes
    ----------
    function : str
        The name of the function that a learner writes.
    stub : NotebookNode
        The code cell with its signature, its docstring, and no body.
    check : NotebookNode
        The code cell that judges it.
    solution : str
        The same function, complete: it can take the place of the stub.
    solution_cells : list of NotebookNode
        The cells from which the solution comes. Where it stands in place of
        the stub, they are superfluous.
    """

    function: str
    stub: NotebookNode
    check: NotebookNode
    solution: str
    solution_cells: list[NotebookNode]


def find_exercises(lesson: NotebookNode, name: str) -> list[Exercise]:
    """Return the exercises of a lesson, in their order.

    This is the only place that knows how an exercise is laid out: a stub, its
    check, the solution, and the same check again for the solution.

    Parameters
    ----------
    lesson : NotebookNode
    name : str
        The lesson's name, for messages.

    Raises
    ------
    UsageError
        If a part is missing or is not as it should be.
    """
    layout = ["stub", "check", "solution", "solution"]
    exercises = []
    for index, stub in enumerate(lesson.cells):
        if "stub" not in get_tags(stub):
            continue
        place = f"{name}, cell {index + 1}"
        cells = lesson.cells[index : index + len(layout)]
        for i, tag in enumerate(layout):
            if i >= len(cells) or tag not in get_tags(cells[i]):
                raise UsageError(
                    f"{place}: a stub is followed by cells tagged "
                    f"{', '.join(layout[1:])}; number {i} is not tagged {tag}"
                )
        _, check, solution, repeated_check = cells
        function = _read_function(stub, place).name
        if _read_function(solution, f"{name}, cell {index + 3}").name != (
            function
        ):
            raise UsageError(f"{place}: the solution defines no {function}")
        exercises.append(
            Exercise(
                function=function,
                stub=stub,
                check=check,
                solution=solution.source,
                solution_cells=[solution, repeated_check],
            )
        )
    return exercises


def _read_function(cell, place):
    """Return the syntax tree of a cell's only statement, a function."""
    try:
        statements = ast.parse(cell.source).body
    except SyntaxError as error:
        raise UsageError(f"{place} is not Python: {error}") from None
    if len(statements) != 1 or not isinstance(statements[0], ast.FunctionDef):
        raise UsageError(f"{place} has to hold one function, nothing else")
    return statements[0]
