"""The exercises of a lesson: which of its cells belong together."""

import ast
import re
from dataclasses import dataclass

from utils.tools import UsageError
from utils.tools.lessons import get_tags

from nbformat import NotebookNode

# The code in a fold: in a fence, all of it.
FENCE = re.compile(r"^```python\n(.*?)^```", flags=re.M | re.S)


@dataclass(frozen=True)
class Exercise:
    """The parts of an exercise; cells are those of the lesson, not copies.

    Attributes
    ----------
    function : str
        The name of the function that a learner writes.
    task : NotebookNode
        The Markdown cell that says what to do.
    stub : NotebookNode
        The code cell with its signature, its docstring, and no body.
    check : NotebookNode
        The code cell that judges it.
    result : NotebookNode or None
        A code cell that shows what a right function does, and shows nothing
        before; many exercises have none.
    fold : NotebookNode
        The Markdown cell with the solution and the model answer.
    solution : str
        The same function, complete: it can take the place of the stub.
    """

    function: str
    task: NotebookNode
    stub: NotebookNode
    check: NotebookNode
    result: NotebookNode | None
    fold: NotebookNode
    solution: str


def find_exercises(lesson: NotebookNode, name: str) -> list[Exercise]:
    """Return the exercises of a lesson, in their order.

    This is the only place that knows how an exercise is laid out. Its cells
    follow each other and are tagged exercise, stub, check, result (which may
    be missing) and solution. Exercise and solution are Markdown; the solution
    is a fold with the function in a fence.

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
    cells = lesson.cells
    exercises = []
    for start, task in enumerate(cells):
        if "exercise" not in get_tags(task):
            continue
        place = f"{name}, cell {start + 1}"
        parts = {"exercise": task}
        index = start + 1
        for tag in ("stub", "check", "result", "solution"):
            is_there = index < len(cells) and tag in get_tags(cells[index])
            if is_there:
                parts[tag] = cells[index]
                index += 1
            elif tag != "result":
                raise UsageError(
                    f"{place}: the cells of an exercise are tagged exercise, "
                    "stub, check, result (which may be missing), solution; "
                    f"cell {index + 1} is not tagged {tag}"
                )
        stub, fold = parts["stub"], parts["solution"]
        function = _read_function(stub.source, f"{name}, cell {start + 2}")
        exercises.append(
            Exercise(
                function=function.name,
                task=task,
                stub=stub,
                check=parts["check"],
                result=parts.get("result"),
                fold=fold,
                solution=_complete(stub, fold, f"{name}, cell {index}"),
            )
        )
    known = [id(exercise.stub) for exercise in exercises]
    for number, cell in enumerate(cells, start=1):
        if "stub" in get_tags(cell) and id(cell) not in known:
            raise UsageError(
                f"{name}, cell {number} is tagged stub: the cell before it "
                "holds the task and is tagged exercise"
            )
    return exercises


def split_function(source: str) -> tuple[list[str], list[str]]:
    r'''Split a function into lines: signature and docstring, and the rest.

    Examples
    --------
    >>> source = ["def double(x):", '    """Twice."""', "    return 2 * x"]
    >>> split_function("\n".join(source))
    (['def double(x):', '    """Twice."""'], ['    return 2 * x'])
    '''
    (function,) = ast.parse(source).body
    first = function.body[0]
    is_docstring = ast.get_docstring(function) is not None
    # A decorator stands above the line that a class or function begins with.
    above = [node.lineno for node in getattr(first, "decorator_list", [])]
    start = min([first.lineno, *above])
    n_head = first.end_lineno if is_docstring else start - 1
    lines = source.splitlines()
    # A comment above the first statement belongs to the body.
    while not is_docstring and lines[n_head - 1].strip().startswith("#"):
        n_head -= 1
    return lines[:n_head], lines[n_head:]


def _complete(stub, fold, place):
    """Return the solution with the stub's signature and docstring."""
    fences = FENCE.findall(fold.source)
    if not fences:
        raise UsageError(f"{place}: the solution stands in a ```python fence")
    wanted = _read_function(stub.source, place)
    found = _read_function(fences[0], place)
    if found.name != wanted.name:
        raise UsageError(f"{place}: the solution defines no {wanted.name}")
    if ast.unparse(found.args) != ast.unparse(wanted.args):
        raise UsageError(
            f"{place}: {wanted.name} has other arguments than in the stub"
        )
    head, _ = split_function(stub.source)
    _, body = split_function(fences[0].rstrip())
    return "\n".join([*head, *body])


def _read_function(source, place):
    """Return the syntax tree of the only statement, a function."""
    try:
        statements = ast.parse(source).body
    except SyntaxError as error:
        raise UsageError(f"{place} is not Python: {error}") from None
    if len(statements) != 1 or not isinstance(statements[0], ast.FunctionDef):
        raise UsageError(f"{place} has to hold one function, nothing else")
    return statements[0]
