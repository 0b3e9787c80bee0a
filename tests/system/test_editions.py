"""Handouts, solutions and slides hold what they should, and no more."""

import copy
import functools
import re
import shutil

from utils.tools import UsageError, editions
from utils.tools.editions import (
    get_tags,
    make_handout,
    make_slides,
    make_solution,
)
from utils.tools.lessons import find_lessons

import nbformat
import pytest

LESSONS = editions.read_lessons()
each_lesson = pytest.mark.parametrize("name", LESSONS)


@functools.cache
def get_page(name):
    return make_slides(copy.deepcopy(LESSONS[name]), name)


def find_lines(cells):
    """Return the lines of cells that say something."""
    lines = (line.strip() for c in cells for line in c.source.split("\n"))
    return {line for line in lines if len(line) > 8}


@each_lesson
def test_no_line_of_a_solution_is_in_a_handout(name):
    lesson, handout = LESSONS[name], make_handout(LESSONS[name])
    hidden = [c for c in lesson.cells if get_tags(c) & {"solution", "notes"}]
    shown = [c for c in lesson.cells if c not in hidden]
    secret = find_lines(hidden) - find_lines(shown)
    assert len(secret) > 5
    # Anywhere: in sources, outputs, metadata and attachments.
    text = str(handout).replace("\\n", "\n")
    assert not [line for line in secret if line in text]


@each_lesson
def test_a_handout_has_all_else(name):
    lesson, handout = LESSONS[name], make_handout(LESSONS[name])
    for tag in ("exercise", "stub", "check", "metrics"):
        counts = [
            sum(tag in get_tags(cell) for cell in notebook.cells)
            for notebook in (lesson, handout)
        ]
        assert counts[0] == counts[1] > 0
    assert not any(cell.get("outputs") for cell in handout.cells)
    assert any(cell.get("outputs") for cell in lesson.cells), "it was a copy"


@each_lesson
def test_solutions_stand_in_place_of_stubs(name):
    lesson, solved = LESSONS[name], make_solution(LESSONS[name])
    assert not any("stub" in get_tags(cell) for cell in solved.cells)
    assert "NotImplementedError" not in str(solved)
    assert not any(
        cell.metadata.get("jupyter", {}).get("source_hidden")
        for cell in solved.cells
    )
    stubs = sum("stub" in get_tags(cell) for cell in lesson.cells)
    assert len(solved.cells) == len(lesson.cells) - 2 * stubs
    pairs = zip(solved.cells, solved.cells[1:], strict=False)
    checks = [(a.source, b.source) for a, b in pairs if "check" in get_tags(b)]
    assert len(checks) == stubs
    for solution, check in checks:
        function = re.match(r"def (\w+)", solution)[1]
        assert re.search(rf"check\(\s*{function},", check)
        assert solution in {c.source for c in lesson.cells}


def test_handouts_take_the_place_of_older_ones(tmp_path):
    folder = tmp_path / "handouts"
    folder.mkdir()
    (folder / "old.ipynb").write_text("")
    editions.write_handouts(folder)
    assert {path.stem for path in folder.iterdir()} == set(LESSONS)
    assert [path.name for path in tmp_path.iterdir()] == ["handouts"]


@each_lesson
def test_slides_load_nothing_from_the_network(name):
    page = get_page(name)
    loads = re.findall(
        r"<(?:script|link|img|iframe)[^>]*?(?:src|href)=\"([^\"]*)\"", page
    )
    assert loads
    assert not [url for url in loads if re.match(r"(https?:)?//", url)]
    assert not re.search(r"(url\(|import .* from )['\"]?https?:", page)


@each_lesson
def test_notes_are_for_the_speaker(name):
    page = get_page(name)
    notes = [c for c in LESSONS[name].cells if "notes" in get_tags(c)]
    assert page.count('<aside class="notes">') == len(notes) > 0


def test_slides_want_executed_lessons(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(editions, "BUILD", tmp_path / "build")
    arguments = ["slides", "--executed", str(tmp_path)]
    assert editions.main(arguments) == 2
    assert "call `make run` before" in capsys.readouterr().err
    for path in find_lessons().values():
        text = path.read_text("utf-8").replace("seed = 42", "seed = 43")
        (tmp_path / path.name).write_text(text, "utf-8")
    assert editions.main(arguments) == 2
    assert "is not as the lesson is now" in capsys.readouterr().err
    assert not (tmp_path / "build").exists()
    for path in find_lessons().values():
        shutil.copy(path, tmp_path)
    assert editions.main(arguments) == 0
    folder = tmp_path / "build" / "slides"
    assert len(list(folder.glob("*.html"))) == len(LESSONS)
    assets = {p.relative_to(folder / "assets") for p in folder.rglob("*.*s")}
    assert {"reveal.js", "tex-svg.js"} <= {str(path) for path in assets}


def test_a_plain_copy_comes_before_one_that_was_set(tmp_path):
    for name, lesson in LESSONS.items():
        nbformat.write(lesson, tmp_path / f"{name}[seed=1].ipynb")
        nbformat.write(lesson, tmp_path / f"{name}[seed=2].ipynb")
    with pytest.raises(UsageError, match="make run"):
        editions.read_executed(tmp_path)
    for name, lesson in LESSONS.items():
        nbformat.write(lesson, tmp_path / f"{name}.ipynb")
    assert set(editions.read_executed(tmp_path)) == set(LESSONS)
