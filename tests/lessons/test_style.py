"""The lessons follow the rules of utils/tools/style, and the rules see faults.

Each rule is tried on a small lesson that follows all of them, and on copies
that each break one.
"""

import json

from utils.tools import lessons
from utils.tools.exercises import find_exercises
from utils.tools.lessons import (
    find_cells,
    find_lessons,
    get_tags,
    read_lesson,
)
from utils.tools.style import (
    GOLDEN_TAGS,
    METADATA,
    NEVER_ON_SLIDES,
    RULES,
    can_be_presented,
    claims_are_findings,
    code_cells_are_short,
    code_is_python,
    code_says_nothing_forbidden,
    ends_with_metrics,
    exercises_are_complete,
    figures_have_alt_text,
    find_complaints,
    folds_have_names,
    golden_outputs_can_be_compared,
    has_notes_and_predictions,
    has_one_cover,
    has_overview,
    has_parameters,
    has_sections_in_order,
    has_title_and_one_sentence,
    imports_in_one_cell,
    imports_only_public_helpers,
    lines_fit_a_projector,
    main,
    nothing_is_left_to_do,
    readings_are_described,
    sections_begin_with_a_cell,
    tags_are_known,
    text_cells_are_short,
)

import nbformat
import pytest
from nbformat.v4 import (
    new_code_cell,
    new_markdown_cell,
    new_notebook,
    new_output,
)

LESSONS = find_lessons()


@pytest.mark.parametrize("path", LESSONS.values(), ids=LESSONS)
def test_lesson_follows_the_rules(path):
    complaints = list(find_complaints(path))
    assert not complaints, "\n" + "\n".join(complaints)


# --- The rules find what breaks them -----------------------------------------


NOTES = "<details><summary>For the instructor</summary>\n\n"


def make_lesson():
    """Make a small lesson that follows all rules."""

    def text(source, *tags):
        return new_markdown_cell(source, metadata={"tags": list(tags)})

    def code(source, *tags, hidden=False, output=None):
        metadata = {"tags": list(tags)}
        if hidden:
            metadata["jupyter"] = {"source_hidden": True}
        outputs = output and [new_output("stream", text=output)]
        return new_code_cell(source, metadata=metadata, outputs=outputs or [])

    predict = "Predict, then run. <details><summary>A</summary>4</details>"
    cells = [
        text("# Find a rule\n\nAt the end you hold a rule."),
        text(
            "**You will do** this.\n\n**You will learn** to\n- a\n- b\n- c\n\n"
            "**You need** that.\n\n**Time**: 1 s (fast), 2 s (full)."
        ),
        code('mode = "fast"\nseed = 42', "parameters"),
        code("import json\n\nfrom utils.plots import plot_images, show"),
        text("## Load the data"),
        code("x_test = [[[0]]]\nx_test", *GOLDEN_TAGS, output="[[[0]]]\n"),
        text("## What is it?\n\n" + predict),
        code('show(plot_images({"x": x_test}), "One black image.")', "cover"),
        text(NOTES + "Ask who has seen it.\n\n</details>", "notes"),
        text("## Does it help?\n\n" + predict),
        text(predict),
        text("## Compare"),
        code("class Copy:\n    def call(self, x):\n        return x"),
        text("## What we found"),
        code("findings.add('black', not x_test)\nfindings.show()"),
        text("## Exercises"),
    ]
    function = 'def make_{}(x):\n    """Return x."""\n    '
    for number, name in enumerate("abc", start=1):
        stub = function.format(name)
        title = f"**Exercise 10.{number}: copy.**"
        hints = (
            "\n\n<details><summary>Hint</summary>x</details>\n"
            "<details><summary>Second hint</summary>x</details>"
        )
        summary = f"<details><summary>Solution 10.{number}</summary>"
        fence = f"```python\n{stub}return x\n```"
        cells += [
            text(f"{title} Write it.{hints}", "exercise"),
            code(stub + "raise NotImplementedError", "stub"),
            code(
                f"check(make_{name}, case(1, expected=1))",
                *("check", *GOLDEN_TAGS),
                output=f"make_{name}: not attempted\n",
            ),
            code(f'if is_right("make_{name}"):\n    print(1)', "result"),
            text(f"{summary}\n\n{fence}\n\n</details>", "solution"),
        ]
    cells += [
        text(
            "## Further reading\n\n"
            "- [Keras](https://keras.io): how its layers are written"
        ),
        code("leave_metrics(score=1)", "metrics", hidden=True),
    ]
    code_cells = [cell for cell in cells if cell.cell_type == "code"]
    for number, cell in enumerate(code_cells, start=1):
        cell.execution_count = number
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number:02}"
        cell.metadata.tags.sort()
        kind = "skip" if NEVER_ON_SLIDES & get_tags(cell) else "slide"
        if "notes" in cell.metadata.tags:
            kind = "notes"
        cell.metadata.slideshow = {"slide_type": kind}
    return new_notebook(cells=cells, metadata=METADATA)


def replace(old, new):
    """Return what breaks a lesson by replacing text in its first such cell."""

    def break_lesson(lesson):
        cell = next(cell for cell in lesson.cells if old in cell.source)
        cell.source = cell.source.replace(old, new)

    return break_lesson


def tag(text, *tags):
    """Return what breaks a lesson by tagging the first cell with a text."""

    def break_lesson(lesson):
        cell = next(cell for cell in lesson.cells if text in cell.source)
        cell.metadata.tags = list(tags)

    return break_lesson


def present(text, kind):
    """Return what gives the first cell with a text another slide type."""

    def break_lesson(lesson):
        cell = next(cell for cell in lesson.cells if text in cell.source)
        cell.metadata.slideshow.slide_type = kind

    return break_lesson


FOUND = "findings.add('black', not x_test)"
BREAKS = [
    (has_title_and_one_sentence, replace("# Find a rule", "# rules")),
    (has_title_and_one_sentence, replace("a rule.", "a rule. And more.")),
    (has_overview, replace("You need", "Bring")),
    (has_overview, replace("- b\n- c", "")),
    (has_parameters, tag("seed = 42")),
    (has_parameters, replace("seed = 42", "seed = 40 + 2")),
    (imports_in_one_cell, replace("return x", "import os\n    return x")),
    (imports_only_public_helpers, replace("plot_images,", "_make_square,")),
    (imports_only_public_helpers, replace("utils.plots", "utils.run")),
    (imports_only_public_helpers, replace("utils.plots", "utils.tools.site")),
    (
        imports_only_public_helpers,
        replace("import json", "import json, utils.tools.style as style"),
    ),
    (code_is_python, replace(FOUND, "print(")),
    (has_sections_in_order, replace("## Compare", "## Summary")),
    (has_sections_in_order, replace("## Does it help?", "### Is it?")),
    (ends_with_metrics, tag("leave_metrics")),
    (ends_with_metrics, replace("leave_metrics", "print")),
    (ends_with_metrics, lambda x: x.cells[-1].metadata.pop("jupyter")),
    (code_cells_are_short, replace(FOUND, "\n".join(26 * "x"))),
    (
        code_cells_are_short,
        replace("        return x", 34 * "        x = 1\n"),
    ),
    (text_cells_are_short, replace("## Compare", 140 * "word ")),
    (sections_begin_with_a_cell, replace("Ask who", "Ask.\n\n### Who")),
    (lines_fit_a_projector, replace(FOUND, 27 * "x, ")),
    (tags_are_known, tag(FOUND, "chk")),
    (has_one_cover, tag("show(plot_images")),
    (has_one_cover, tag(FOUND, "cover")),
    (exercises_are_complete, tag("raise NotImplementedError")),
    (
        exercises_are_complete,
        replace("python\ndef make_b(x)", "python\ndef make_b(y)"),
    ),
    (exercises_are_complete, replace("raise NotImplementedError", "return")),
    (exercises_are_complete, replace("check(make_c, ", "check(make_b, ")),
    (exercises_are_complete, replace("Exercise 10.2", "Exercise 10.3")),
    (exercises_are_complete, replace("Solution 10.2", "Solution 10.3")),
    (exercises_are_complete, replace("<summary>Hint", "<summary>Help")),
    (exercises_are_complete, replace("Second hint", "Help")),
    (exercises_are_complete, replace('is_right("make_c")', "True")),
    (
        exercises_are_complete,
        replace('    """Return x."""\n    raise', "    raise"),
    ),
    (exercises_are_complete, tag("check(make_a", "check")),
    (exercises_are_complete, lambda lesson: lesson.cells.__delitem__(16)),
    (golden_outputs_can_be_compared, tag("x_test = ", "keep_output")),
    (golden_outputs_can_be_compared, tag(FOUND, *GOLDEN_TAGS)),
    (
        golden_outputs_can_be_compared,
        lambda lesson: lesson.cells[5].outputs[0].update(text="0.25\n"),
    ),
    (code_says_nothing_forbidden, replace("x_test = ", "tf.compat.x = ")),
    (
        code_says_nothing_forbidden,
        replace("findings.show()", "u = 'https://x'; "),
    ),
    (code_says_nothing_forbidden, replace(FOUND, "!pip install x")),
    (
        code_says_nothing_forbidden,
        replace("findings.show()", "compile('adam'),"),
    ),
    (nothing_is_left_to_do, replace("Ask who", "TODO: ask who")),
    (claims_are_findings, replace("findings.show()", "")),
    (claims_are_findings, replace("findings.show()", "assert x_test")),
    (folds_have_names, replace("For the instructor", "Notes")),
    (folds_have_names, replace("<summary>Hint</summary>", "\n")),
    (folds_have_names, replace("\n</details>", "\n> </details>")),
    (figures_have_alt_text, replace("One black image.", "")),
    (figures_have_alt_text, replace("show(plot", "print(plot")),
    (figures_have_alt_text, replace("Ask who", "![a](images/none.svg)")),
    (readings_are_described, replace(": how its layers are written", "")),
    (readings_are_described, replace("https://keras.io", "")),
    (has_notes_and_predictions, tag("Ask who")),
    (has_notes_and_predictions, replace("Predict, then run", "Guess")),
    (can_be_presented, present(FOUND, "")),
    (can_be_presented, present("Ask who", "slide")),
    (can_be_presented, present(FOUND, "notes")),
    (can_be_presented, present("raise NotImplementedError", "subslide")),
]


@pytest.mark.parametrize(
    ("rule", "break_lesson"),
    BREAKS,
    ids=[f"{i}-{rule.__name__}" for i, (rule, _) in enumerate(BREAKS)],
)
def test_rule_finds_a_broken_lesson(rule, break_lesson):
    lesson = make_lesson()
    assert not list(rule(lesson))
    break_lesson(lesson)
    assert list(rule(lesson))


def test_rules_of_one_cell_bear_an_empty_notebook():
    for rule in RULES:
        list(rule(new_notebook()))


# --- The form of the file, and what a learner's lesson is told ---------------


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A folder that is taken for notebooks/."""
    monkeypatch.setattr(lessons, "NOTEBOOKS", tmp_path)
    return tmp_path


@pytest.fixture
def path(course):
    """The path of the one lesson in that folder, which is a good one."""
    path = course / "10_find_rules.ipynb"
    nbformat.write(make_lesson(), path)
    return path


def fill_outputs(lesson, first_count=7):
    """Pretend that a lesson was run and saved."""
    for count, (_, cell) in enumerate(find_cells(lesson, "code"), first_count):
        cell.execution_count = count
        cell.metadata.execution = {"iopub.status.idle": "2026-01-01"}
        if not cell.outputs:
            cell.outputs = [new_output("stream", text="0.5\n")]


def answer(lesson):
    """Put the solution of each exercise in place of its stub."""
    for exercise in find_exercises(lesson, "a lesson"):
        exercise.stub.source = exercise.solution


def test_a_good_lesson_brings_no_complaint(path, capsys):
    assert main([]) == 0
    assert main([str(path), "--fix"]) == 0
    assert capsys.readouterr().out == ""


def test_a_complaint_names_lesson_cell_and_fault(path, capsys):
    lesson = make_lesson()
    replace(FOUND, f"{FOUND}  # TODO")(lesson)
    nbformat.write(lesson, path)
    assert main([]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert path.name in line
    assert 'cell 15 ("findings.add' in line


def forget_metadata(lesson):
    lesson.metadata = {}


def add_metadata(lesson):
    lesson.metadata.language_info.version = "3.13.1"


def fold_an_output(lesson):
    lesson.cells[2].metadata.jupyter = {"outputs_hidden": True}


def number_the_cells(lesson):
    for number, cell in enumerate(lesson.cells):
        cell.id = str(number)


def run_again(lesson):
    for _, cell in find_cells(lesson, "code"):
        cell.execution_count += 20


def fall_back(lesson):
    lesson.nbformat_minor = 4
    for cell in lesson.cells:
        del cell["id"]


@pytest.mark.parametrize(
    "spoil",
    [
        forget_metadata,
        add_metadata,
        fold_an_output,
        number_the_cells,
        run_again,
        fall_back,
        fill_outputs,
    ],
    ids=lambda spoil: spoil.__name__,
)
def test_fix_mends_what_saving_leaves_behind(path, spoil):
    good = path.read_text("utf-8")
    lesson = make_lesson()
    spoil(lesson)
    nbformat.write(lesson, path)
    (complaint,) = find_complaints(path)
    assert f"--fix {path.as_posix()}" in complaint
    assert main(["--fix"]) == 0
    fixed = json.loads(path.read_text("utf-8"))
    for cell, before in zip(fixed["cells"], make_lesson().cells, strict=True):
        assert len(cell["id"]) >= 6
        cell["id"] = before.id
    assert fixed == json.loads(good)


def test_ids_of_another_lesson_become_new_ones(path, course):
    """A lesson that begins as a copy of another."""
    copy = course / "11_find_more.ipynb"
    text = path.read_text("utf-8").replace(
        "# Find a rule", "# Find more rules"
    )
    for what in ("Exercise", "Solution"):
        text = text.replace(f"{what} 10.", f"{what} 11.")
    copy.write_text(text, "utf-8")
    original = path.read_bytes()
    assert not list(find_complaints(path))
    (complaint,) = find_complaints(copy)
    assert "cell-00" in complaint
    assert main(["--fix"]) == 0
    assert path.read_bytes() == original
    ids = [cell.id for cell in read_lesson(copy).cells]
    assert not {*ids} & {cell.id for cell in make_lesson().cells}


def test_a_copy_that_still_speaks_as_another_lesson_is_told(path, course):
    copy = course / "11_find_more.ipynb"
    copy.write_bytes(path.read_bytes())
    assert main(["--fix"]) == 1
    *of_exercises, of_title = find_complaints(copy)
    assert len(of_exercises) == 3
    assert all("call it Exercise 11," in each for each in of_exercises)
    assert f"{path.name} has the same title" in of_title


def test_magics_are_said_once(path):
    lesson = make_lesson()
    replace(FOUND, "%matplotlib inline")(lesson)
    nbformat.write(lesson, path)
    (complaint,) = find_complaints(path)
    assert "magics" in complaint


@pytest.mark.filterwarnings("ignore::nbformat.warnings.DuplicateCellId")
def test_an_id_that_comes_twice_becomes_a_new_one(path):
    """What a merge of two versions of a lesson leaves behind."""
    data = json.loads(path.read_text("utf-8"))
    data["cells"][3]["id"] = data["cells"][1]["id"]
    path.write_text(json.dumps(data), "utf-8")
    (complaint,) = find_complaints(path)
    assert "--fix" in complaint
    assert main(["--fix"]) == 0
    ids = [cell["id"] for cell in json.loads(path.read_text("utf-8"))["cells"]]
    assert len({*ids}) == len(ids)


def test_line_ends_of_windows_are_no_fault(path):
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert not list(find_complaints(path))


@pytest.mark.parametrize("ran", [False, True])
def test_a_learner_is_told_that_nothing_is_wrong(course, ran):
    """Answers in a lesson of the course; once it was run and saved, too."""
    path = course / "02_simple_autoencoder.ipynb"
    lesson = make_lesson()
    answer(lesson)
    if ran:
        fill_outputs(lesson)
    # A note of one's own follows no rule.
    lesson.cells.append(new_code_cell(100 * "x = 1; "))
    nbformat.write(lesson, path)
    (complaint,) = find_complaints(path)
    assert "nothing is wrong" in complaint
    assert "copy" in complaint and "git checkout" in complaint


def test_a_notebook_is_no_lesson(path, course, capsys):
    """Others in the folder are left alone, unless they are named."""
    other = course / "Untitled.ipynb"
    nbformat.write(new_notebook(), other)
    (course / "10_find_rules-Copy1.ipynb").write_text("no JSON", "utf-8")
    assert main([]) == 0
    assert main([str(other)]) == 1
    assert "NN_topic.ipynb" in capsys.readouterr().out


def test_two_lessons_of_one_number(path, course):
    copy = course / "10_find_rules_again.ipynb"
    copy.write_bytes(path.read_bytes())
    (complaint,) = find_complaints(path)
    assert copy.name in complaint and "-Copy1" in complaint


@pytest.mark.parametrize("fix", [[], ["--fix"]])
def test_a_broken_file_stays_and_is_named(path, course, fix, capsys):
    broken = course / "11_find_more.ipynb"
    broken.write_text("<<<<<<< HEAD\n", "utf-8")
    assert main(fix) == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert str(broken) in line and "git checkout --ours" in line
    assert broken.read_text("utf-8") == "<<<<<<< HEAD\n"
    assert main([str(course / "missing.ipynb"), *fix]) == 1
