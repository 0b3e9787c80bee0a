"""Every lesson runs in fast mode, and its exercises tell right from wrong."""

import ast
import copy
import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell
from wrong_answers import WRONG

ROOT = Path(__file__).resolve().parent.parent
LESSONS = {
    path.stem: nbformat.read(path, as_version=4)
    for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
}
PEAK_MEMORY = 1.5e9  # bytes


def find_stubs(lesson):
    """Return a dict from each exercise's function to its stub's index."""
    return {
        re.match(r"def (\w+)", cell.source)[1]: index
        for index, cell in enumerate(lesson.cells)
        if "stub" in cell.metadata.get("tags", [])
    }


EXERCISES = [
    (name, function)
    for name, lesson in LESSONS.items()
    for function in find_stubs(lesson)
]


def run(out, *lessons):
    """Run lessons as a user does; return notebooks and rows by name."""
    done = subprocess.run(
        [sys.executable, "-m", "utils.run", *lessons, "--out", out],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    print(done.stdout)  # pytest shows it where a test fails
    scoreboard = out / "scoreboard.json"
    assert scoreboard.exists(), f"the runner failed:\n{done.stdout}"
    rows = json.loads(scoreboard.read_text("utf-8"))
    return {
        row["lesson"]: (
            nbformat.read(out / f"{row['lesson']}.ipynb", as_version=4)
            if row["status"] == "finished"
            else None,
            row,
        )
        for row in rows
    }


# --- Each lesson once, through the runner ------------------------------------


@pytest.fixture(scope="session")
def executed(tmp_path_factory):
    return run(tmp_path_factory.mktemp("executed"))


@pytest.fixture
def notebook(executed, lesson):
    notebook, row = executed[lesson]
    if notebook is None:
        pytest.fail(f"{lesson} did not finish: {row['error']}")
    return notebook


def find_outputs(notebook):
    """Yield place and output; the place says which cell made it."""
    for number, cell in enumerate(notebook.cells, start=1):
        for output in cell.get("outputs", []):
            yield f"cell {number} ({cell.source[:40]!r})", output


each_lesson = pytest.mark.parametrize("lesson", LESSONS)


@each_lesson
def test_lesson_finishes(executed, lesson):
    _, row = executed[lesson]
    assert row["status"] == "finished", f"{row.get('cell')}: {row['error']}"


@each_lesson
def test_lesson_needs_little_memory(executed, lesson):
    _, row = executed[lesson]
    peak = row["peak_memory_bytes"]
    assert 0 < peak < PEAK_MEMORY, f"{peak / 1e9:.2f} GB; hold fewer arrays"


@each_lesson
def test_every_picture_has_alt_text(notebook):
    pictures = [
        (place, output)
        for place, output in find_outputs(notebook)
        if "image/png" in output.get("data", {})
    ]
    assert pictures, "a lesson shows at least one figure"
    for place, output in pictures:
        alt = output.metadata.get("image/png", {}).get("alt", "")
        assert alt.strip(), f"{place}: use show(figure, alt)"


@each_lesson
def test_page_has_no_warnings(notebook):
    for place, output in find_outputs(notebook):
        text = output.get("text", "")
        assert output.get("name") != "stderr", f"{place} warns: {text}"
        assert not re.search(r"[A-Z]\w*Warning\b", text), f"{place}: {text}"


# --- What each lesson measured -----------------------------------------------
#
# Relations, and ranges with two sides: a score that is too good is as
# suspicious as one that is too bad.


@pytest.fixture
def metrics(executed, request):
    """The metrics of the lesson that the test is marked with."""
    _, row = executed[request.node.get_closest_marker("lesson").args[0]]
    assert row["status"] == "finished", row["error"]
    return row["metrics"]


@pytest.mark.lesson("01_prepare_data")
def test_batches_are_fast(metrics):
    ratio = (
        metrics["ours_pipeline_images_per_s"]
        / metrics["baseline_pipeline_images_per_s"]
    )
    assert 4 < ratio < 200


@pytest.mark.lesson("01_prepare_data")
def test_yardsticks_of_digits(metrics):
    floor, pca, mean = (
        metrics[f"mnist_{name}_bce_nats"]
        for name in ("floor", "pca_32", "mean_image")
    )
    # The full data have 0.0581, 0.116 and 0.2625.
    assert 0.055 < floor < 0.063
    assert 0.11 < pca < 0.13
    assert 0.25 < mean < 0.28
    assert 0.014 < metrics["mnist_pca_32_mse"] < 0.018


@pytest.mark.lesson("01_prepare_data")
def test_noise_of_half_the_range(metrics):
    assert 9 < metrics["noise_0.5_psnr_db"] < 10


@pytest.mark.lesson("02_simple_autoencoder")
def test_simple_autoencoder_beats_pca(metrics):
    ours = metrics["ours_test_bce_nats"]
    assert metrics["floor_bce_nats"] + 0.02 < ours
    assert (
        ours < metrics["relu_code_bce_nats"] < metrics["mean_image_bce_nats"]
    )
    assert ours < 0.9 * metrics["baseline_test_bce_nats"]
    assert 0.5 < metrics["ours_test_mse"] / metrics["baseline_test_mse"] < 0.8


@pytest.mark.lesson("02_simple_autoencoder")
def test_relu_codes_die_at_high_rates(metrics):
    low = metrics["relu_code_live_units"]
    assert 24 <= low <= 32
    assert 1 <= metrics["relu_code_live_units_high_rate"] <= 0.75 * low


@pytest.mark.lesson("02_simple_autoencoder")
def test_linear_autoencoder_finds_the_subspace_of_pca(metrics):
    assert 0 <= metrics["largest_angle_to_pca_degrees"] < 5


@pytest.mark.lesson("03_stacked_autoencoder")
def test_stacks_beat_pca_by_cross_entropy(metrics):
    for name, floor in (("clothes", 0.2392), ("digits", 0.0592)):
        ours = metrics[f"ours_{name}_bce_nats"]
        assert floor < ours < metrics[f"baseline_{name}_bce_nats"]


@pytest.mark.lesson("03_stacked_autoencoder")
def test_refined_network_improves_on_pca(metrics):
    ours = metrics["ours_natural_squared_gray_levels"]
    ratio = ours / metrics["baseline_natural_squared_gray_levels"]
    assert 0.7 < ratio < 0.995


@pytest.mark.lesson("03_stacked_autoencoder")
def test_pretraining_helps_with_few_labels(metrics):
    gain = (
        metrics["ours_500_labels_accuracy"]
        - metrics["baseline_500_labels_accuracy"]
    )
    assert 0.01 < gain < 0.15


# --- Exercises, three ways in one execution ----------------------------------


def add_answers(lesson, answers):
    """Copy a lesson, with each exercise as shipped, wrong, and solved.

    The check cells of the copy say in their metadata which answer they saw.
    """
    lesson = copy.deepcopy(lesson)
    # From the end, so that the indices before it stay right.
    for function, start in reversed(find_stubs(lesson).items()):
        stub, check, solution = lesson.cells[start : start + 3]
        ways = {
            "stub": stub.source,
            "wrong": answers.get(function, stub.source).strip(),
            "solution": solution.source,
        }
        lesson.cells[start : start + 4] = [
            cell
            for way, source in ways.items()
            for cell in (
                new_code_cell(source),
                new_code_cell(
                    check.source,
                    metadata={"function": function, "way": way},
                ),
            )
        ]
    return lesson


@pytest.fixture(scope="session")
def verdicts(tmp_path_factory):
    """What the checks printed: a dict from lesson, function, way to lines."""
    folder = tmp_path_factory.mktemp("answers")
    paths = [folder / f"{name}.ipynb" for name in LESSONS]
    for path, (name, lesson) in zip(paths, LESSONS.items(), strict=True):
        nbformat.write(add_answers(lesson, WRONG.get(name, {})), path)
    results = run(tmp_path_factory.mktemp("answered"), *paths)
    lines = {}
    for name, function in EXERCISES:
        notebook, row = results[name]
        if notebook is None:
            failure = [f"the lesson failed: {row['cell']}: {row['error']}"]
            for way in ("stub", "wrong", "solution"):
                lines[name, function, way] = failure
            continue
        for cell in notebook.cells:
            if cell.metadata.get("function") == function:
                text = "".join(out.get("text", "") for out in cell.outputs)
                lines[name, function, cell.metadata.way] = re.findall(
                    rf"^{function}: (.*)", text, flags=re.M
                )
    return lines


each_exercise = pytest.mark.parametrize(("lesson", "function"), EXERCISES)


@each_exercise
def test_as_shipped_it_is_not_attempted(verdicts, lesson, function):
    found = verdicts[lesson, function, "stub"]
    assert found and set(found) == {"not attempted"}


@each_exercise
def test_the_solution_is_right(verdicts, lesson, function):
    found = verdicts[lesson, function, "solution"]
    assert found and set(found) == {"right"}


@each_exercise
def test_a_wrong_answer_is_not_yet_right(verdicts, lesson, function):
    found = verdicts[lesson, function, "wrong"]
    assert any(re.match(r"not yet, .{8}", line) for line in found), (
        f"the check lets a wrong answer pass, or names no gap: {found}"
    )


def test_each_exercise_has_one_wrong_answer():
    given = {(name, function) for name in WRONG for function in WRONG[name]}
    assert given == set(EXERCISES), "write it in tests/wrong_answers.py"


@each_exercise
def test_a_wrong_answer_has_the_signature_of_the_stub(lesson, function):
    cells = LESSONS[lesson].cells
    stub = cells[find_stubs(LESSONS[lesson])[function]].source
    arguments = [
        ast.unparse(ast.parse(source.strip()).body[0].args)
        for source in (stub, WRONG[lesson][function])
    ]
    assert arguments[0] == arguments[1]
