"""Lessons as nbgrader and Otter-Grader want them: marks around solutions.

Both tools take a notebook with solutions, and make of it what students get
and what grades them. The marks are theirs; where they go is said here.
"""

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
        check.source = "\n".join(
            [
                "from utils.checks import is_right",
                "",
                check.source,
                f'assert is_right("{function}")',
            ]
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
        test = new_code_cell(
            check.source,
            outputs=[new_output("stream", name="stdout", text=printed)],
        )
        cells[check.id] = [
            new_raw_cell("# BEGIN TESTS"),
            test,
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
