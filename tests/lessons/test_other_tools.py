"""The lessons pass through the tools of others, not only through ours."""

import json
import shutil
import subprocess
import sys

from utils.tools.lessons import find_lessons, read_lesson

import jupytext.cli
import nbformat
import papermill
import pytest
from nbconvert import ScriptExporter

LESSONS = find_lessons()
each_lesson = pytest.mark.parametrize("path", LESSONS.values(), ids=LESSONS)


@each_lesson
def test_papermill_sets_a_parameter(path, tmp_path):
    """No name of a kernel is given, as people call it."""
    out = tmp_path / "out.ipynb"
    papermill.execute_notebook(
        path, out, parameters={"seed": 7}, prepare_only=True
    )
    injected = [
        cell.source
        for cell in nbformat.read(out, as_version=4).cells
        if "injected-parameters" in cell.metadata.get("tags", [])
    ]
    assert len(injected) == 1 and "seed = 7" in injected[0]


@each_lesson
def test_nbconvert_writes_a_script(path):
    script, resources = ScriptExporter().from_filename(path)
    assert resources["output_extension"] == ".py"
    compile(script, path.name, "exec")


# nbformat mends what it warns of.
@pytest.mark.filterwarnings("error")
@each_lesson
def test_nbformat_finds_it_valid(path):
    nbformat.validate(json.loads(path.read_text("utf-8")))


@each_lesson
def test_jupytext_brings_back_the_same_bytes(path, tmp_path):
    """To text and back, as README says."""
    copy = tmp_path / path.name
    shutil.copy(path, copy)
    text = str(copy.with_suffix(".py"))
    jupytext.cli.jupytext(["--quiet", "--to", "py:percent", str(copy)])
    jupytext.cli.jupytext(["--quiet", "--to", "ipynb", "--update", text])
    assert copy.read_bytes() == path.read_bytes()


@pytest.mark.slow
def test_jupyter_executes_a_lesson(tmp_path):
    copy = tmp_path / "01_prepare_data.ipynb"
    shutil.copy(LESSONS[copy.stem], copy)
    jupyter = [sys.executable, "-m", "jupyter", "execute"]
    subprocess.run([*jupyter, "--inplace", str(copy)], check=True)
    printed = read_lesson(copy).cells[-1].outputs
    assert printed and "error" not in {one.output_type for one in printed}
