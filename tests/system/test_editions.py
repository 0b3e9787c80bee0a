"""Handouts and solutions hold what they should, and no more."""

import errno
import subprocess
import sys
from pathlib import Path

from utils.tools import UsageError, editions
from utils.tools.editions import make_handout, make_solution
from utils.tools.exercises import find_exercises, split_function
from utils.tools.lessons import (
    NOTEBOOKS,
    get_tags,
    read_images,
    read_lessons,
)

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell
from scratch import write_lesson

LESSONS = read_lessons()
each_lesson = pytest.mark.parametrize("name", LESSONS)
STUB = 'def double(x):\n    """Return 2 x."""\n    raise NotImplementedError'
SOLUTION = 'def double(x):\n    """Return 2 x."""\n    return 2 * x'
FENCE = "def double(x):\n    return 2 * x"
FOLD = (
    "<details><summary>Solution 1.1</summary>\n\n```python\n{}\n```\n\n"
    "**Model answer.** Twice is enough.\n\n</details>"
)
CHECK = "check(double, case(3, expected=6))"


def write_exercise(folder, fence=FENCE, *, name="01_small", **changed):
    """Write a lesson with one exercise, whose parts may be changed."""
    path = write_lesson(folder, name, "from utils.checks import case, check")
    lesson = nbformat.read(path, as_version=4)
    parts = {"exercise": "**Exercise 1.1: double.**", "stub": STUB}
    parts |= {"check": CHECK, "solution": FOLD.format(fence)}
    lesson.cells[-1:-1] = [
        make_cell(tag, changed.get(tag, source))
        for tag, source in parts.items()
    ]
    nbformat.write(lesson, path)
    return lesson


def make_cell(tag, source):
    is_text = tag in ("exercise", "solution")
    make = new_markdown_cell if is_text else new_code_cell
    return make(source, metadata={"tags": [tag]})


@pytest.fixture
def small_course(tmp_path, monkeypatch):
    """A course of one lesson, with a build folder of its own."""
    monkeypatch.setattr(editions, "BUILD", tmp_path / "build")
    lesson = write_exercise(tmp_path / "notebooks")
    monkeypatch.setattr(editions, "read_lessons", lambda: {"01_small": lesson})
    return lesson


def find_lines(cells):
    """Return the lines of cells that say something."""
    lines = (line.strip() for c in cells for line in c.source.split("\n"))
    return {line for line in lines if len(line) > 8}


# --- Exercises and handouts --------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"stub": "def double("}, "cell 5 is not Python"),
        ({"stub": STUB + "\nx = 2"}, "cell 5 has to hold one function"),
        ({"fence": FENCE.replace("double", "twice")}, "no double"),
        ({"fence": FENCE.replace("(x)", "(y)")}, "other arguments"),
        ({"solution": "def double(x): ..."}, "fence"),
    ],
)
def test_an_exercise_of_another_form_is_named(tmp_path, changed, says):
    lesson = write_exercise(tmp_path, **changed)
    with pytest.raises(UsageError, match=says) as caught:
        find_exercises(lesson, "01_small")
    assert "01_small" in str(caught.value)


@pytest.mark.parametrize("tag", ["stub", "check", "solution"])
def test_a_missing_part_of_an_exercise_is_named(tmp_path, tag):
    lesson = write_exercise(tmp_path)
    lesson.cells = [c for c in lesson.cells if tag not in get_tags(c)]
    with pytest.raises(
        UsageError, match=f"01_small, cell 4.*not tagged {tag}"
    ):
        find_exercises(lesson, "01_small")


def test_comments_above_the_first_statement_belong_to_it():
    body = ["    # As it is,", "    # unchanged.", "    return x"]
    for n_comments in (0, 1, 2):
        rest = body[2 - n_comments :]
        source = "\n".join(["def keep(x):", *rest])
        assert split_function(source) == (["def keep(x):"], rest)
        docstring = '    """Return x."""'
        source = "\n".join(["def keep(x):", docstring, *rest])
        assert split_function(source) == (["def keep(x):", docstring], rest)


def test_a_stub_without_a_task_is_named(tmp_path):
    lesson = write_exercise(tmp_path)
    del lesson.cells[3]
    with pytest.raises(UsageError, match="cell 4 is tagged stub.*exercise"):
        find_exercises(lesson, "01_small")


def test_a_solution_has_the_docstring_of_the_stub(tmp_path):
    lesson = write_exercise(tmp_path)
    result = make_cell("result", 'if is_right("double"):\n    print(1)')
    lesson.cells.insert(6, result)
    (exercise,) = find_exercises(lesson, "01_small")
    assert exercise.solution == SOLUTION
    assert exercise.result is result
    solved = make_solution(lesson, "01_small")
    fold = solved.cells[7].source
    assert "Twice is enough" in fold and "2 * x" not in fold


def test_a_solution_may_begin_with_a_decorator(tmp_path):
    body = """
    @staticmethod
    def inner(x):
        return 2 * x

    return inner(x)"""
    lesson = write_exercise(tmp_path, fence="def double(x):" + body)
    (exercise,) = find_exercises(lesson, "01_small")
    assert exercise.solution.endswith(body)


@each_lesson
def test_no_line_of_a_solution_is_in_a_handout(name):
    lesson, handout = LESSONS[name], make_handout(LESSONS[name])
    hidden = [c for c in lesson.cells if get_tags(c) & {"solution", "notes"}]
    shown = [c for c in lesson.cells if c not in hidden]
    secret = find_lines(hidden) - find_lines(shown)
    assert len(secret) > 5
    # Anywhere: in sources, outputs, metadata and attachments.
    text = str(handout).replace("\\n", "\n")
    lines = {line.strip(" '\"") for line in text.split("\n")}
    assert not secret & lines


@each_lesson
def test_a_handout_has_all_else(name):
    lesson, handout = LESSONS[name], make_handout(LESSONS[name])
    for tag in ("exercise", "stub", "check"):
        counts = [
            sum(tag in get_tags(cell) for cell in notebook.cells)
            for notebook in (lesson, handout)
        ]
        assert counts[0] == counts[1] > 0
    assert not any(cell.get("outputs") for cell in handout.cells)
    assert any(cell.get("outputs") for cell in lesson.cells), "it was a copy"


def test_handouts_take_the_place_of_older_ones(tmp_path):
    folder = tmp_path / "handouts"
    folder.mkdir()
    (folder / "old.ipynb").write_text("")
    editions.write_handouts(folder)
    assert {path.stem for path in folder.glob("*.ipynb")} == set(LESSONS)
    assert [path.name for path in tmp_path.iterdir()] == ["handouts"]


def test_two_commands_at_once_do_not_disturb_each_other(tmp_path):
    folder = tmp_path / "handouts"
    with editions.open_output(folder) as part:
        (part / "first.ipynb").write_text("")
        editions.write_handouts(folder)
        assert {path.stem for path in folder.glob("*")} >= set(LESSONS)
    assert [path.name for path in folder.iterdir()] == ["first.ipynb"]
    assert [path.name for path in tmp_path.iterdir()] == ["handouts"]


def test_handouts_need_no_docstrings(tmp_path):
    words = ["-OO", "-m", "utils.tools.editions", "handouts"]
    out = tmp_path / "out"
    subprocess.run([sys.executable, *words, "--out", str(out)], check=True)
    assert {path.stem for path in out.glob("*.ipynb")} == set(LESSONS)


# --- Solutions ---------------------------------------------------------------


@each_lesson
def test_solutions_stand_in_place_of_stubs(name):
    lesson, solved = LESSONS[name], make_solution(LESSONS[name], name)
    assert not any("stub" in get_tags(cell) for cell in solved.cells)
    code = [cell.source for cell in solved.cells if cell.cell_type == "code"]
    assert not any("NotImplementedError" in source for source in code)
    ids = [cell.id for cell in solved.cells]
    assert ids == [cell.id for cell in lesson.cells]
    for exercise in find_exercises(lesson, name):
        place = ids.index(exercise.stub.id)
        solution, check = solved.cells[place : place + 2]
        assert solution.source == exercise.solution
        assert check.source == exercise.check.source


def pretend_to_run(status, written=()):
    """Return a runner that writes empty files and ends with this status."""

    def run(argv):
        out = Path(argv[argv.index("--out") + 1])
        out.mkdir()
        for name in written:
            (out / name).write_text("")
        return status

    return run


def test_the_solutions_folder_holds_notebooks_only(
    small_course, tmp_path, monkeypatch
):
    left = ["01_small.ipynb", ".lock", "scoreboard.json"]
    run = pretend_to_run(0, left)
    monkeypatch.setattr(editions.command, "main", run)
    assert editions.main(["solutions"]) == 0
    folder = tmp_path / "build" / "solutions"
    assert [path.name for path in folder.iterdir()] == ["01_small.ipynb"]


def test_a_failed_solution_is_told(small_course, tmp_path, monkeypatch, capfd):
    older = tmp_path / "build" / "solutions" / "01_small.ipynb"
    older.parent.mkdir(parents=True)
    older.write_text("older")
    # Really run: the solution stops the lesson, which checks cannot.
    wrong = write_exercise(tmp_path / "wrong", check="double.no")
    monkeypatch.setattr(editions, "read_lessons", lambda: {"01_small": wrong})
    assert editions.main(["solutions"]) == 2
    said = capfd.readouterr().err
    assert "double.no" in said and "a solution failed" in said
    assert older.read_text() == "older"


def test_a_stopped_run_is_not_called_a_failure(
    small_course, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(editions.command, "main", pretend_to_run(130))
    assert editions.main(["solutions"]) == 130
    said = capsys.readouterr().err
    assert "stopped" in said and "failed" not in said
    assert not (tmp_path / "build" / "solutions").exists()


# --- Images ------------------------------------------------------------------

# Its alt text goes over two lines, and the last two images lie elsewhere.
SHOWN = """\
![An hourglass, of an encoder
and a decoder.](images/02_hourglass.svg)

![Missing.](images/missing.svg) ![Elsewhere.](../docs/images/05.png)"""
DIAGRAM = Path("images", "02_hourglass.svg")


@pytest.fixture
def illustrated(tmp_path, monkeypatch):
    """A course of one lesson, which shows a diagram."""
    monkeypatch.setattr(editions, "BUILD", tmp_path / "build")
    path = write_lesson(tmp_path / "notebooks", "01_small")
    lesson = nbformat.read(path, as_version=4)
    lesson.cells.insert(1, new_markdown_cell(SHOWN))
    monkeypatch.setattr(editions, "read_lessons", lambda: {"01_small": lesson})
    return lesson


def is_diagram(path):
    return path.read_bytes() == (NOTEBOOKS / DIAGRAM).read_bytes()


def test_images_are_those_beside_the_lesson(illustrated):
    assert list(read_images(illustrated)) == [str(DIAGRAM)]


@pytest.mark.parametrize(
    ("edition", "folder"),
    [("handouts", "."), ("nbgrader", "01_small"), ("otter", ".")],
)
def test_images_go_with_a_lesson(illustrated, tmp_path, edition, folder):
    assert editions.main([edition]) == 0
    path = tmp_path / "build" / edition / folder / DIAGRAM
    assert is_diagram(path)
    assert [other.name for other in path.parent.iterdir()] == [path.name]


def test_otter_is_told_of_images(illustrated, tmp_path):
    assert editions.main(["otter"]) == 0
    path = tmp_path / "build" / "otter" / "01_small.ipynb"
    config = nbformat.read(path, as_version=4).cells[0].source
    assert config.endswith("files:\n  - images/02_hourglass.svg")


def test_images_go_with_solutions(illustrated, tmp_path, monkeypatch):
    run = pretend_to_run(0, ["01_small.ipynb"])
    monkeypatch.setattr(editions.command, "main", run)
    assert editions.main(["solutions"]) == 0
    assert is_diagram(tmp_path / "build" / "solutions" / DIAGRAM)


# --- Where it goes -----------------------------------------------------------


def test_a_folder_that_holds_something_is_not_replaced(tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("")
    assert editions.main(["handouts", "--out", str(tmp_path)]) == 2
    assert "--out" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    file = tmp_path / "thesis.txt"
    assert editions.main(["handouts", "--out", str(file)]) == 2
    assert file.is_file()


def test_a_folder_that_cannot_be_written_is_named(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    out = tmp_path / "file" / "handouts"
    assert editions.main(["handouts", "--out", str(out)]) == 2
    said = capsys.readouterr().err
    assert str(out) in said and "--out" in said


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.ENOSPC])
def test_a_full_or_closed_disk_is_one_sentence(tmp_path, number):
    with (
        pytest.raises(UsageError, match="--out"),
        editions.open_output(tmp_path / "out"),
    ):
        raise OSError(number, "as the system says")


def test_other_errors_of_the_system_keep_their_trace(tmp_path):
    with (
        pytest.raises(FileNotFoundError),
        editions.open_output(tmp_path / "out"),
    ):
        (tmp_path / "no such file").read_text()


def test_an_edition_that_does_not_exist_is_refused(tmp_path, capsys):
    out = tmp_path / "out"
    with pytest.raises(SystemExit, match="2"):
        editions.main(["handout", "--out", str(out)])
    assert "'handouts'" in capsys.readouterr().err
    assert not out.exists()
