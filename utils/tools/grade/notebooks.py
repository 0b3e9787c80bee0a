"""A learner's notebook: whose it is, which lesson, what was written in it."""

import ast
from dataclasses import dataclass, field
from pathlib import Path

from utils.tools import UsageError
from utils.tools.exercises import Exercise, find_exercises
from utils.tools.grade.judge import Job
from utils.tools.lessons import get_tags, read_lesson, read_lessons

from nbformat import NotebookNode

# Tags of code that is not executed before a learner's: exercises are the
# learner's, and measures are the runner's.
NOT_SET_UP = {"check", "result", "metrics"}


@dataclass
class Lesson:
    """What grading needs of a lesson.

    Attributes
    ----------
    name : str
    setup : list of str
        Parameters, imports and constants, and all functions and classes, with
        the stubs among them. Nothing in it loads or trains.
    code : set of str
        The sources of all code cells, to see what a learner has changed.
    exercises : list of Exercise
    """

    name: str
    setup: list[str]
    code: set[str]
    exercises: list[Exercise]


@dataclass
class Submission:
    """One notebook of one learner.

    Attributes
    ----------
    learner : str
        The folder in which it lies, or else the name of the file.
    path : Path
    lesson : Lesson or None
    cells : list of str
        The code cells that differ from the lesson's, without its checks.
    all_cells : list of str
        All code cells, without checks.
    notes : dict of str to str
        By function, what an instructor ought to know of its exercise.
    fault : str
        Why nothing of it can be graded; empty if it can.
    """

    learner: str
    path: Path
    lesson: Lesson | None = None
    cells: list[str] = field(default_factory=list)
    all_cells: list[str] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    fault: str = ""

    def make_job(self, whole: bool = False) -> Job:
        """Return what is to be executed: the learner's cells, or all."""
        return Job(
            setup=self.lesson.setup,
            cells=self.all_cells if whole else self.cells,
            checks={
                exercise.function: exercise.check.source
                for exercise in self.lesson.exercises
            },
        )


def prepare_lessons() -> list[Lesson]:
    """Return all lessons, as grading needs them."""
    return [
        prepare_lesson(name, lesson) for name, lesson in read_lessons().items()
    ]


def prepare_lesson(name: str, lesson: NotebookNode) -> Lesson:
    """Return one lesson, as grading needs it."""
    cells = [cell for cell in lesson.cells if cell.cell_type == "code"]
    # Parameters, imports and constants.
    setup = [cell.source for cell in cells[:3]]
    for cell in cells[3:]:
        if NOT_SET_UP & get_tags(cell):
            continue
        setup += [
            ast.unparse(node)
            for node in ast.parse(cell.source).body
            if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        ]
    return Lesson(
        name=name,
        setup=setup,
        code={normalize(cell.source) for cell in cells},
        exercises=find_exercises(lesson, name),
    )


def normalize(source: str) -> str:
    """Return a cell's source without what editors change at its ends."""
    return "\n".join(line.rstrip() for line in source.strip().split("\n"))


def read_submission(
    path: Path, folder: Path, lessons: list[Lesson]
) -> Submission:
    """Read a learner's notebook.

    Parameters
    ----------
    path : Path
        The notebook.
    folder : Path
        The folder that is graded: below it, a folder is a learner.
    lessons : list of Lesson
    """
    parts = path.relative_to(folder).parts
    learner = parts[0] if len(parts) > 1 else path.stem
    submission = Submission(learner, path)
    try:
        notebook = read_lesson(path)
    except UsageError as error:
        submission.fault = f"cannot be read: {error}"
        return submission
    code = [
        normalize(str(cell.source))
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]
    submission.lesson = find_lesson(code, lessons)
    if submission.lesson is None:
        submission.fault = "has no exercise of any lesson"
        return submission
    lesson = submission.lesson
    # A check that a learner changed would only be executed twice.
    submission.all_cells = [
        source for source in code if source and not is_check(source)
    ]
    submission.cells = [
        source for source in submission.all_cells if source not in lesson.code
    ]
    for exercise in lesson.exercises:
        if normalize(exercise.check.source) not in code:
            submission.notes[exercise.function] = (
                "its check was changed or removed; the lesson's own was used"
            )
    return submission


def is_check(source: str) -> bool:
    """Tell whether a cell calls `check` and defines no function."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return False
    defined = {
        node.name for node in tree.body if isinstance(node, ast.FunctionDef)
    }
    calls = any(
        isinstance(node, ast.Call) and ast.unparse(node.func) == "check"
        for node in ast.walk(tree)
    )
    return calls and not defined


def find_lesson(code: list[str], lessons: list[Lesson]) -> Lesson | None:
    """Return the lesson most of whose exercises a notebook mentions."""
    text = "\n".join(code)

    def count(lesson):
        return sum(
            f"def {exercise.function}(" in text
            or f"check({exercise.function}," in text
            for exercise in lesson.exercises
        )

    best = max(lessons, key=count, default=None)
    return best if best is not None and count(best) else None
