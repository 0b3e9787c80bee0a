"""The grader: a class of made-up learners, some of them hostile.

The lesson is small and needs no TensorFlow, so a notebook takes a second.
"""

import copy
import csv

from utils.tools.grade import command, notebooks
from utils.tools.grade.judge import Job, run

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from scratch import alive, wait_until

STUB = 'def {}(x):\n    """Return it."""\n    raise NotImplementedError'
FOLD = (
    "<details><summary>Solution 1.{}</summary>\n\n```python\n"
    "def {}(x):\n    return {}\n```\n\n</details>"
)
TASKS = {"double": "2 * x", "find_largest": "np.max(x)"}
CHECKS = {
    "double": "check(double, case(3, expected=6), case(0.5, expected=1.0))",
    "find_largest": (
        "values = np.array([1.5, 4, 2])\n"
        "check(find_largest, case(values, expected=4.0))"
    ),
}


def make_lesson():
    def code(source, *tags):
        return new_code_cell(source, metadata={"tags": list(tags)})

    def text(source, *tags):
        return new_markdown_cell(source, metadata={"tags": list(tags)})

    cells = [
        text("# Double a number"),
        code('mode = "fast"\nseed = 42', "parameters"),
        code("import numpy as np\nfrom utils.checks import case, check"),
        code("SIZE = 4"),
        code("loaded = np.arange(SIZE)\nprint(loaded)"),
    ]
    for number, (name, result) in enumerate(TASKS.items(), start=1):
        cells += [
            text(f"**Exercise 1.{number}: it.**", "exercise"),
            code(STUB.format(name), "stub"),
            code(CHECKS[name], "check"),
            text(FOLD.format(number, name, result), "solution"),
        ]
    return new_notebook(cells=cells)


LESSON = make_lesson()
RIGHT = {name: f"def {name}(x):\n    return {TASKS[name]}" for name in TASKS}


def answer(answers, *more):
    """Return a learner's notebook: answers in place of stubs, more cells."""
    notebook = copy.deepcopy(LESSON)
    for cell in notebook.cells:
        name = cell.source.partition("(")[0].removeprefix("def ")
        if cell.source.startswith("def ") and name in answers:
            cell.source = answers[name]
    notebook.cells[5:5] = [new_code_cell(source) for source in more]
    return notebook


def change_check(notebook, name, source):
    for cell in notebook.cells:
        if cell.source == CHECKS[name]:
            cell.source = source
    return notebook


WRONG = "def double(x):\n    return x**2"
CLASS = {
    "right": answer(RIGHT),
    "wrong": answer(RIGHT | {"double": WRONG}),
    "untouched": answer({}),
    "lambda": answer({"double": "double = lambda x: x + x"}),
    # It calls what stands in a cell of the learner's own.
    "helper": answer(
        RIGHT | {"double": "def double(x):\n    return add(x, x)"},
        "def add(a, b):\n    return a + b",
    ),
    "data": answer(
        {
            "double": RIGHT["double"],
            "find_largest": (
                "def find_largest(x):\n    return x[loaded % 3].max()"
            ),
        }
    ),
    "magics": answer(RIGHT, "%matplotlib inline\n!ls\nimport os"),
    "error": answer(RIGHT, "1 / 0", "loaded = np.zeros(10)[99]"),
    "syntax": answer(RIGHT | {"double": "def double(x)\n    return 2 * x"}),
    "removed": answer(RIGHT | {"double": ""}),
    "hangs": answer(RIGHT, "while True:\n    pass"),
    "hangs_in_answer": answer(
        RIGHT | {"double": "def double(x):\n    while True: pass"}
    ),
    "exits": answer(RIGHT, "import os\nos._exit(0)"),
    "leaves": answer(RIGHT | {"double": "def double(x):\n    exit()"}),
    "edited": change_check(
        answer({"double": WRONG}),
        "double",
        "check(double, case(3, expected=9))",
    ),
    "own_check": answer(
        {"double": WRONG}, "def check(f, *cases):\n    print('double: right')"
    ),
    "patches_checks": answer(
        {"double": WRONG},
        "import utils.checks\n"
        "utils.checks.VERDICTS['double'] = 'right'\n"
        "utils.checks.check = lambda f, *c: print('double: right')\n"
        "utils.checks._compare = lambda *a: None",
    ),
    "patches_numpy": answer(
        {"double": WRONG}, "np.abs = lambda x: 0 * np.asarray(x)"
    ),
    "network": answer(
        RIGHT,
        "import urllib.request\n"
        "urllib.request.urlopen('http://192.0.2.1', timeout=1)",
    ),
    "formula": answer({"double": "def double(x):\n    return '=1+1'"}),
    "memory": answer(RIGHT, "much = np.ones(10**12)"),
}


@pytest.fixture(scope="module")
def small_course():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(notebooks, "read_lessons", lambda: {"01_small": LESSON})
        yield


@pytest.fixture(scope="module")
def graded(tmp_path_factory, small_course):
    """Grade the class; return the rows of the table by learner."""
    folder = tmp_path_factory.mktemp("class, 班")
    for learner, notebook in CLASS.items():
        nbformat.write(notebook, folder / f"{learner}.ipynb")
    (folder / "broken.ipynb").write_text("{")
    nbformat.write(new_notebook(), folder / "other.ipynb")
    (folder / "Ann Smith" / ".ipynb_checkpoints").mkdir(parents=True)
    for place in ("", ".ipynb_checkpoints"):
        nbformat.write(
            CLASS["right"], folder / "Ann Smith" / place / "my 01.ipynb"
        )
    assert command.main([str(folder), "--seconds", "8", "--jobs", "2"]) == 0
    with open(folder / "grades.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    learners = {}
    for row in rows:
        learners.setdefault(row["learner"], []).append(row)
    return learners


POINTS = {
    "right": (1, 1),
    "Ann Smith": (1, 1),
    "wrong": (0, 1),
    "untouched": (0, 0),
    "lambda": (1, 0),
    "helper": (1, 1),
    "data": (1, 1),
    "magics": (1, 1),
    "error": (1, 1),
    "syntax": (0, 1),
    "removed": (0, 1),
    "hangs": (0, 0),
    "hangs_in_answer": (0, 0),
    "exits": (0, 0),
    "leaves": (0, 1),
    "edited": (0, 0),
    "own_check": (0, 0),
    "patches_checks": (0, 0),
    "patches_numpy": (0, 0),
    "network": (1, 1),
    "formula": (0, 0),
    "memory": (1, 1),
}


@pytest.mark.parametrize("learner", POINTS)
def test_points(graded, learner):
    rows = graded[learner]
    assert [row["exercise"] for row in rows] == list(TASKS)
    found = tuple(int(row["points"]) for row in rows)
    assert found == POINTS[learner], rows
    assert all(row["feedback"] for row in rows)


@pytest.mark.parametrize(
    ("learner", "words"),
    [
        ("wrong", "not yet, for double(3) the result is 9, not 6"),
        ("untouched", "not attempted"),
        ("syntax", "SyntaxError"),
        ("leaves", "the check stopped with SystemExit"),
        ("hangs", "longer than 8 s"),
        ("hangs_in_answer", "longer than 8 s"),
        ("exits", "ended before the checks"),
        ("edited", "its check was changed or removed"),
        ("patches_numpy", "replaces numpy.abs"),
        ("broken", "cannot be read"),
        ("other", "no exercise of any lesson"),
    ],
)
def test_feedback_names_what_happened(graded, learner, words):
    assert words in graded[learner][0]["feedback"]


def test_each_notebook_costs_only_itself(graded):
    assert graded.keys() == POINTS.keys() | {"broken", "other"}


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@x"])
def test_a_spreadsheet_computes_nothing(value):
    row = command.Grade(value, "01", "double", 0, value, "a.ipynb")
    line = command.write_table([row]).splitlines()[1]
    assert line.count(f"'{value}") == 2


def test_what_a_notebook_starts_is_ended(tmp_path, small_course):
    pid = tmp_path / "pid"
    start = (
        "import subprocess, sys\n"
        "words = [sys.executable, '-c', 'import time; time.sleep(600)']\n"
        f"open({str(pid)!r}, 'w').write(str(subprocess.Popen(words).pid))"
    )
    folder = tmp_path / "class"
    folder.mkdir()
    nbformat.write(answer(RIGHT, start), folder / "a.ipynb")
    assert command.main([str(folder)]) == 0
    assert wait_until(lambda: not alive(int(pid.read_text())))


@pytest.mark.parametrize("words", [["--jobs", "0"], ["--seconds", "-1"], []])
def test_what_cannot_be_graded_is_one_sentence(tmp_path, capsys, words):
    assert command.main([str(tmp_path), *words]) == 2
    assert command.main([str(tmp_path / "none"), *words]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 2
    assert not list(tmp_path.iterdir())


def test_a_check_cannot_be_talked_into_right():
    job = Job(
        setup=["from utils.checks import case, check"],
        cells=["def f(x):\n    print('f: right')\n    return 1"],
        checks={"f": "check(f, case(3, expected=2))"},
    )
    assert run(job)["f"].startswith("not yet, ")


def test_without_the_function_the_verdict_says_so():
    job = Job(
        setup=["from utils.checks import case, check"],
        cells=["x = 1"],
        checks={"f": "check(f, case(3, expected=2))"},
    )
    assert run(job)["f"] == "not yet, f is not defined"
