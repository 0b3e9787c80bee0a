"""Each guard refuses what it is there for, on a copy of the course.

test_lessons.py tries its rules on a lesson of its own; here pytest itself is
called, as CI does, where everything is broken at once.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

ROOT = Path(__file__).resolve().parents[2]
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
# A network that is set aside for examples: nothing answers there.
FETCH = (
    "import utils, urllib.request\n"
    "urllib.request.urlopen('http://192.0.2.1', timeout=1)"
)


def find_cell(lesson, tag):
    return next(c for c in lesson.cells if tag in c.metadata.get("tags", []))


def commit_an_output(lesson):
    find_cell(lesson, "stub").outputs = [new_output("stream", text="1\n")]


def forget_a_tag(lesson):
    find_cell(lesson, "metrics").metadata.tags = []


def lengthen_a_cell(lesson):
    find_cell(lesson, "parameters").source += 20 * "\nrate = 1"


def fetch_a_page(lesson):
    find_cell(lesson, "metrics").source += '\nurlopen("https://keras.io")'


def change_a_signature(lesson):
    stub = find_cell(lesson, "stub")
    stub.source = stub.source.replace("(", "(more, ", 1)


BREAKS = {
    commit_an_output: "outputs_are_golden_or_none",
    forget_a_tag: "ends_with_metrics",
    lengthen_a_cell: "code_cells_are_short",
    fetch_a_page: "code_says_nothing_forbidden",
    change_a_signature: "exercises_are_complete",
}
TESTS = "tests/lessons/test_lessons.py"
BROKEN = dict(zip(BREAKS, LESSONS, strict=False))


def find_test(break_lesson):
    name = f"{BREAKS[break_lesson]}-{BROKEN[break_lesson].stem}"
    return f"{TESTS}::test_lesson_follows[{name}]"


@pytest.fixture(scope="module")
def refused(tmp_path_factory):
    """What pytest says of a course in which each guard has work to do."""
    course = tmp_path_factory.mktemp("copy") / "course"
    aside = (".git", ".venv", "build", "data", "__pycache__")
    shutil.copytree(ROOT, course, ignore=shutil.ignore_patterns(*aside))
    for break_lesson, path in BROKEN.items():
        lesson = nbformat.read(path, as_version=4)
        break_lesson(lesson)
        nbformat.write(lesson, course / "notebooks" / path.name)
    lock = course / "requirements.txt"
    text = re.sub(r"(?m)^keras==\S+", "keras==3.0.0", lock.read_text("utf-8"))
    lock.write_text(text, "utf-8")
    fetch = new_notebook(cells=[new_code_cell(FETCH)])
    nbformat.write(fetch, course / "fetch.ipynb")
    environment = dict(os.environ)
    # The copy's own conftest.py has to set it.
    environment.pop("AUTOENCODER_OFFLINE", None)
    lock_tests = f"{TESTS}::test_lock_is_in_step"
    tests = [*map(find_test, BREAKS), lock_tests, "fetch.ipynb"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-rf", *tests],
        cwd=course,
        env=environment,
        capture_output=True,
        text=True,
    ).stdout


@pytest.mark.parametrize("break_lesson", BREAKS, ids=lambda f: f.__name__)
def test_a_broken_lesson_is_refused(refused, break_lesson):
    assert f"FAILED {find_test(break_lesson)}" in refused


def test_a_stale_lock_is_refused(refused):
    assert f"FAILED {TESTS}::test_lock_is_in_step[keras>=" in refused


def test_a_lesson_that_fetches_is_refused(refused):
    assert "FAILED fetch.ipynb::" in refused
    assert "192.0.2.1 is another machine" in refused
