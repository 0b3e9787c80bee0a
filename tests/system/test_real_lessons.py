"""What only real lessons show: they do not grow, and write nowhere."""

import copy
import json
import subprocess
import sys

from utils.tools.lessons import ROOT

import nbformat
import pytest
from nbformat import v4
from scratch import written
from test_machine import GIB, read_only, resource, start  # noqa: F401

pytestmark = pytest.mark.slow
LESSON = "02_simple_autoencoder"


def test_a_lesson_executed_again_in_one_kernel_does_not_grow(tmp_path):
    lesson = nbformat.read(ROOT / "notebooks" / f"{LESSON}.ipynb", 4)
    measure = (
        "import gc, psutil\ngc.collect()\n"
        "print('bytes', psutil.Process().memory_info().rss)"
    )
    once = [*lesson.cells, v4.new_code_cell(measure)]
    lesson.cells = [copy.deepcopy(cell) for _ in range(3) for cell in once]
    for number, cell in enumerate(lesson.cells):
        cell.id = f"cell-{number}"
    path = tmp_path / "three.ipynb"
    nbformat.write(lesson, path)
    command = ["jupyter", "execute", "--inplace", "--timeout=300"]
    subprocess.run(
        [sys.executable, "-m", *command, path],
        cwd=ROOT / "notebooks",
        check=True,
        timeout=570,
    )
    used = [
        int(output.text.split()[1])
        for cell in nbformat.read(path, 4).cells
        for output in cell.get("outputs", [])
        if output.get("text", "").startswith("bytes ")
    ]
    assert len(used) == 3
    # The first pass also imports TensorFlow. What the next ones leave, about
    # a twentieth each, are graphs; data or weights would be far more.
    assert used[2] < 1.1 * used[1], used


def test_a_lesson_runs_from_a_course_that_is_read_only(read_only, tmp_path):  # noqa: F811
    out = tmp_path / "out"
    arguments = [LESSON, "--out", out]
    done = start(*arguments, before=read_only, timeout=300)
    assert done.returncode == 0, done.stderr
    assert written(out) == {f"{LESSON}.ipynb", "scoreboard.json"}


def test_a_lesson_in_a_gigabyte_runs_or_says_what_is_wrong(tmp_path):
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (GIB, GIB))

    out = tmp_path / "out"
    done = start(LESSON, "--out", out, preexec_fn=limit, timeout=300)
    (row,) = json.loads((out / "scoreboard.json").read_text())
    if done.returncode == 0:
        assert row["peak_memory_bytes"] < GIB
    else:
        assert (done.returncode, row["status"]) == (1, "failed")
        assert row["error"] and row["cell"]
        assert row["error"].splitlines()[-1].strip() in done.stderr
