"""pytest, called as CI calls it, refuses what the guards are there for.

The rules of a lesson are tried one by one in tests/lessons/test_style.py, the
guard against a network in tests/unit/test_offline.py. Here both are broken in
a copy of the course, to see that they are switched on.
"""

import os
import shutil
import subprocess
import sys

from utils.tools.lessons import ROOT, find_lessons, read_lesson

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

LESSON = next(iter(find_lessons().values()))
TEST = "tests/lessons/test_style.py::test_lesson_follows_the_rules"
TEST += f"[{LESSON.stem}]"
# A network that is set aside for examples: nothing answers there.
FETCH = (
    "import utils, urllib.request\n"
    "urllib.request.urlopen('http://192.0.2.1', timeout=1)"
)


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """What pytest prints of a copy of the course.

    A rule is broken in it, one notebook fetches a page, and another lies
    beside the lessons.
    """
    course = tmp_path_factory.mktemp("copy") / "course"
    left_out = (".git", ".venv", "build", "data", "__pycache__")
    shutil.copytree(ROOT, course, ignore=shutil.ignore_patterns(*left_out))
    lesson = read_lesson(LESSON)
    lesson.cells[-1].metadata.tags = []
    nbformat.write(lesson, course / "notebooks" / LESSON.name)
    fetch = new_notebook(cells=[new_code_cell(FETCH)])
    nbformat.write(fetch, course / "fetch.ipynb")
    nbformat.write(fetch, course / "notebooks" / "Untitled.ipynb")
    environment = dict(os.environ)
    # The copy's own conftest.py has to set it.
    environment.pop("AUTOENCODER_OFFLINE", None)
    paths = [TEST, "fetch.ipynb", "notebooks"]
    names = "rules or fetch or Untitled"
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-rf", "-k", names, *paths],
        cwd=course,
        env=environment,
        capture_output=True,
        text=True,
    ).stdout


def test_a_broken_rule_is_refused(printed):
    assert f"FAILED {TEST}" in printed


def test_a_notebook_that_fetches_is_refused(printed):
    assert "FAILED fetch.ipynb::" in printed
    assert "192.0.2.1 is another machine" in printed


def test_a_notebook_beside_the_lessons_is_left_alone(printed):
    assert "Untitled" not in printed
