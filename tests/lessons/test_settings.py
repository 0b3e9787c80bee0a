"""Whoever changes a constant, the seed or the order of cells gets a result.

settings/NN_topic.toml names, for each constant at the top of a lesson, two
other sensible values, as Python. A lesson runs to its last cell with them;
what it then finds is a result and no fault, so findings may fail here, but
nothing is raised and no measure is NaN.
"""

import ast
import copy
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from utils.tools.lessons import ROOT, get_tags, read_lessons

import nbformat
import pytest
from forks import execute_all
from selected import find_asked

FOLDER = Path(__file__).with_name("settings")
LESSONS = read_lessons()
SEEDS = [1, 2, 3, 4, 5, 7]
JOBS = max(1, (os.cpu_count() or 1) // 2)


def find_constants(lesson):
    """Return the cell of constants, and the assignments in it, by name."""
    code = [cell for cell in lesson.cells if cell.cell_type == "code"]
    cell = code[2]  # behind the parameters and the imports
    assignments = {}
    for node in ast.parse(cell.source).body:
        if isinstance(node, ast.Assign) and isinstance(
            node.targets[0], ast.Name
        ):
            assignments[node.targets[0].id] = node
    return cell, assignments


def read_values(name):
    """Return other values of a lesson's constants, by the constant's name."""
    path = FOLDER / f"{name}.toml"
    if not path.exists():
        pytest.fail(f"{path}: write two other values of each constant here")
    return tomllib.loads(path.read_text("utf-8"))["constants"]


def set_constants(lesson, values):
    """Return a copy of a lesson with other values, given as Python."""
    lesson = copy.deepcopy(lesson)
    cell, assignments = find_constants(lesson)
    lines = cell.source.splitlines()
    # From the last to the first, so that line numbers stay.
    for name in sorted(values, key=lambda n: -assignments[n].lineno):
        node = assignments[name]
        lines[node.lineno - 1 : node.end_lineno] = [f"{name} = {values[name]}"]
    cell.source = "\n".join(lines)
    return lesson


def set_seed(lesson, seed):
    lesson = copy.deepcopy(lesson)
    for cell in lesson.cells:
        if "parameters" in get_tags(cell):
            cell.source = re.sub(r"seed = \d+", f"seed = {seed}", cell.source)
    return lesson


def repeat_cells(lesson):
    """Return a lesson all of whose cells come twice, but for the last."""
    lesson = copy.deepcopy(lesson)
    again = copy.deepcopy(lesson.cells)
    for number, cell in enumerate(again):
        cell.id = f"again-{number}"
    lesson.cells = lesson.cells[:-1] + again
    return lesson


def run(folder, lessons):
    """Execute notebooks, given by name; return the rows of the scoreboard."""
    folder.mkdir()
    paths = []
    for name, lesson in lessons.items():
        paths.append(folder / f"{name}.ipynb")
        nbformat.write(lesson, paths[-1])
    out = folder / "out"
    command = [sys.executable, "-m", "utils.run", *map(str, paths)]
    done = subprocess.run(
        [*command, "--out", str(out), "--jobs", str(JOBS)],
        cwd=ROOT,
        text=True,
        capture_output=True,
    )
    print(done.stdout, done.stderr)  # pytest shows it where a test fails
    return {
        row["name"]: row
        for row in json.loads((out / "scoreboard.json").read_text("utf-8"))
    }


def check_row(row):
    assert row["status"] == "finished", f"{row['cell']}: {row['error']}"
    not_finite = [name for name, v in row["metrics"].items() if v is None]
    assert not not_finite
    assert row["findings"]


each_lesson = pytest.mark.parametrize("name", LESSONS)


@each_lesson
def test_each_constant_has_two_other_values(name):
    _, assignments = find_constants(LESSONS[name])
    values = read_values(name)
    for constant in assignments:
        others = values.get(constant, [])
        assert len(set(others)) >= 2, (
            f"tests/lessons/settings/{name}.toml: give two other values of "
            f"{constant}, each as Python in a string"
        )
    gone = values.keys() - assignments.keys()
    assert not gone, f"tests/lessons/settings/{name}.toml: remove {gone}"


# --- A reduced matrix: all constants changed at once, and the seed -----------


@pytest.fixture(scope="session")
def changed(request, tmp_path_factory):
    lessons = {}
    for name in find_asked(request, LESSONS):
        values = {key: values[0] for key, values in read_values(name).items()}
        lesson = set_constants(LESSONS[name], values)
        lessons[name] = set_seed(lesson, seed=7)
    return execute_all(lessons, JOBS, tmp_path_factory.mktemp("changed"))


@each_lesson
def test_lesson_runs_with_other_constants_and_another_seed(changed, name):
    check_row(changed[name])


@pytest.mark.parametrize(
    ("source", "error"),
    [("print(1 / x)", "print.*ZeroDivisionError"), ("x", "leave_metrics")],
)
def test_a_lesson_that_fails_is_reported(changed, tmp_path, source, error):
    lesson = nbformat.v4.new_notebook()
    sources = "x = 0", source, "x = 1"
    lesson.cells = [nbformat.v4.new_code_cell(source) for source in sources]
    (row,) = execute_all({"broken": lesson}, JOBS, tmp_path).values()
    with pytest.raises(AssertionError, match=error):
        check_row(row)


# --- All of it ---------------------------------------------------------------


@pytest.mark.slow
@each_lesson
def test_lesson_runs_with_each_other_value(tmp_path, name):
    lessons = {}
    for constant, values in read_values(name).items():
        for number, value in enumerate(values):
            changed = set_constants(LESSONS[name], {constant: value})
            lessons[f"{name}_{constant.lower()}_{number}"] = changed
    for row in run(tmp_path / "lessons", lessons).values():
        check_row(row)


@pytest.mark.slow
@each_lesson
def test_findings_hold_with_other_seeds(tmp_path, name):
    lessons = {
        f"{name}_seed_{seed}": set_seed(LESSONS[name], seed) for seed in SEEDS
    }
    for row in run(tmp_path / "lessons", lessons).values():
        check_row(row)
        unmet = [found for found in row["findings"] if not found["holds"]]
        assert not unmet, row["name"]


@pytest.mark.slow
@each_lesson
def test_cells_run_twice_in_one_kernel_measure_the_same(tmp_path, name):
    lessons = {
        f"{name}_once": LESSONS[name],
        f"{name}_twice": repeat_cells(LESSONS[name]),
    }
    rows = run(tmp_path / "lessons", lessons)
    for row in rows.values():
        check_row(row)
    once, twice = (rows[f"{name}_{kind}"] for kind in ("once", "twice"))
    differing = {
        key: (value, twice["metrics"][key])
        for key, value in once["metrics"].items()
        if value != twice["metrics"][key]
        and "seconds" not in key
        and not key.endswith("per_s")
    }
    assert not differing


@pytest.mark.slow
@each_lesson
def test_a_mode_that_does_not_exist_is_named_at_the_start(tmp_path, name):
    lesson = copy.deepcopy(LESSONS[name])
    for cell in lesson.cells:
        cell.source = cell.source.replace('mode = "fast"', 'mode = "quick"')
    (row,) = run(tmp_path / "lessons", {name: lesson}).values()
    assert row["status"] == "failed"
    assert "'quick'" in row["error"]
    assert "fast" in row["error"] and "full" in row["error"]
    # The third code cell at the latest.
    assert int(re.search(r"In \[(\d+)\]", row["cell"])[1]) <= 3
