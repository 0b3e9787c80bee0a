"""What graders get: signature and docstring stay, right answers get points."""

import ast
import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from utils.tools import editions
from utils.tools.exercises import find_exercises
from utils.tools.graders import (
    mark_for_nbgrader,
    mark_for_otter,
)
from utils.tools.lessons import read_lessons

import nbformat
import pytest

LESSONS = read_lessons()
each_lesson = pytest.mark.parametrize("name", LESSONS)
WRONG = {
    "make_gray": "def make_gray(rows):\n    return rows",
    "score_psnr": "def score_psnr(images, noisy):\n    return missing",
}


def run(source, scope):
    exec(compile(source, "a cell", "exec"), scope)


@each_lesson
def test_nbgrader_keeps_signature_and_docstring(name):
    lesson = LESSONS[name]
    handout = editions.make_handout(lesson)
    mark_for_nbgrader(handout, find_exercises(lesson, name))
    cells = {
        c.metadata.nbgrader.grade_id: c
        for c in handout.cells
        if "nbgrader" in c.metadata
    }
    exercises = find_exercises(lesson, name)
    assert len(cells) == 2 * len(exercises)
    for exercise in exercises:
        stub = cells[exercise.function]
        before, _, rest = stub.source.partition("    ### BEGIN SOLUTION\n")
        body, _, after = rest.partition("    ### END SOLUTION")
        assert body and not after
        released = ast.parse(before + "    raise NotImplementedError()")
        assert ast.unparse(released.body[0].args) == ast.unparse(
            ast.parse(exercise.stub.source).body[0].args
        )
        docstring = ast.get_docstring(released.body[0])
        assert docstring == ast.get_docstring(
            ast.parse(exercise.stub.source).body[0]
        )
        assert ast.unparse(ast.parse(stub.source)) == ast.unparse(
            ast.parse(exercise.solution)
        )
        assert stub.metadata.nbgrader.solution
        check = cells[f"{exercise.function}-check"]
        assert check.metadata.nbgrader.points == 1
        last = check.source.splitlines()[-1]
        assert last == f'assert is_right("{exercise.function}")'
    assert not any(
        "solution" in c.metadata.get("tags", []) for c in handout.cells
    )


@each_lesson
def test_otter_gets_a_question_for_each_exercise(name):
    lesson = LESSONS[name]
    exercises = find_exercises(lesson, name)
    handout = editions.make_handout(lesson)
    mark_for_otter(handout, exercises, name)
    nbformat.validate(handout)
    ids = [cell.id for cell in handout.cells]
    assert len(ids) == len(set(ids))
    raw = [c.source for c in handout.cells if c.cell_type == "raw"]
    assert raw[0].startswith(f"# ASSIGNMENT CONFIG\nname: {name}\n")
    # Of a question: its beginning and end, and those of solution and tests.
    assert len(raw) == 1 + 6 * len(exercises)
    for exercise in exercises:
        place = ids.index(exercise.stub.id)
        question, _, stub, end = handout.cells[place - 2 : place + 2]
        assert f"name: {exercise.function}\npoints: 1" in question.source
        assert end.source == "# END SOLUTION"
        kept = stub.source.partition("    # BEGIN SOLUTION")[0].splitlines()
        prompt = stub.source.partition("# BEGIN PROMPT\n")[2]
        prompt = prompt.partition('    """; # END PROMPT')[0].splitlines()
        assert [*kept, *prompt] == exercise.stub.source.splitlines()
        (test,) = handout.cells[place + 3 : ids.index(exercise.check.id) - 2]
        assert test.source == exercise.check.source
        assert test.outputs[0].text == f"{exercise.function}: right\n"


@pytest.mark.parametrize("edition", ["nbgrader", "otter"])
def test_each_lesson_is_written(tmp_path, edition):
    out = tmp_path / "out"
    assert editions.main([edition, "--out", str(out)]) == 0
    assert {path.stem for path in out.rglob("*.ipynb")} == set(LESSONS)
    if edition == "nbgrader":
        assert {path.name for path in out.iterdir()} == set(LESSONS)


# --- The real graders --------------------------------------------------------

NAME = "01_prepare_data"  # which trains nothing
POINTS = {"right": 4, "wrong": 2, "stub": 0}


def find_tool(name):
    """Return a grader's command, of this environment."""
    path = shutil.which(name, path=str(Path(sys.executable).parent))
    return path or pytest.skip(f"{name} is not installed")


def call(*words, cwd):
    # nbgrader calls other commands of this environment by their names.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path}
    words = list(map(str, words))
    subprocess.run(words, cwd=cwd, env=environment, check=True)


def answer(path, submitted, way):
    """Fill in a student's notebook: right, wrong in two of four, or not."""
    notebook = nbformat.read(path, as_version=4)
    answers = {
        exercise.function: exercise.solution
        for exercise in find_exercises(LESSONS[NAME], NAME)
    }
    if way == "wrong":
        answers |= WRONG
    for cell in notebook.cells:
        function = cell.source.partition("(")[0].removeprefix("def ")
        if way != "stub" and function in answers:
            cell.source = answers[function]
    submitted.mkdir(parents=True)
    nbformat.write(notebook, submitted / f"{NAME}.ipynb")


@pytest.mark.slow
def test_nbgrader_gives_points_for_right_answers(tmp_path):
    nbgrader = find_tool("nbgrader")
    source = tmp_path / "source"
    assert editions.main(["nbgrader", "--out", str(source)]) == 0
    config = "c = get_config()\nc.ExecutePreprocessor.timeout = 600\n"
    (tmp_path / "nbgrader_config.py").write_text(config)
    call(nbgrader, "generate_assignment", NAME, cwd=tmp_path)
    released = tmp_path / "release" / NAME / f"{NAME}.ipynb"
    text = released.read_text("utf-8")
    assert "def make_gray(rows)" in text and "YOUR CODE HERE" in text
    for way in POINTS:
        answer(released, tmp_path / "submitted" / way / NAME, way)
    call(nbgrader, "autograde", NAME, cwd=tmp_path)
    call(nbgrader, "export", cwd=tmp_path)
    with open(tmp_path / "grades.csv", encoding="utf-8") as file:
        points = {
            r["student_id"]: float(r["score"]) for r in csv.DictReader(file)
        }
    assert points == POINTS


@pytest.mark.slow
def test_otter_gives_points_for_right_answers(tmp_path):
    otter = find_tool("otter")
    lessons = tmp_path / "lessons"
    assert editions.main(["otter", "--out", str(lessons)]) == 0
    words = ["assign", "--no-run-tests", "--no-pdfs"]
    call(otter, *words, lessons / f"{NAME}.ipynb", "dist", cwd=tmp_path)
    (grader,) = (tmp_path / "dist" / "autograder").glob("*.zip")
    student = tmp_path / "dist" / "student" / f"{NAME}.ipynb"
    released = {c.source for c in nbformat.read(student, as_version=4).cells}
    for exercise in find_exercises(LESSONS[NAME], NAME):
        assert exercise.stub.source in released
        assert exercise.solution not in released
    for way, points in POINTS.items():
        answer(student, tmp_path / way, way)
        scores = tmp_path / f"scores of {way}"
        scores.mkdir()
        call(
            otter,
            "run",
            "-a",
            grader,
            "-o",
            scores,
            tmp_path / way / f"{NAME}.ipynb",
            cwd=tmp_path,
        )
        results = json.loads((scores / "results.json").read_text("utf-8"))
        found = [test.get("score", 0) for test in results["tests"]]
        assert sum(found) == points
