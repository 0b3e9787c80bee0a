"""What the runner reads, for any input, looked for by hypothesis."""

import math
from keyword import iskeyword

from utils.findings import METRICS_TYPE
from utils.tools import UsageError
from utils.tools.lessons import read_lesson
from utils.tools.run.board import format_error, read_metrics
from utils.tools.run.plan import find_paths, parse_settings, read_parameters

import nbformat
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from nbformat import v4

# The same examples in each run.
settings.register_profile(
    "runner", deadline=None, derandomize=True, database=None, max_examples=60
)
settings.load_profile("runner")

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True).filter(
    lambda name: not iskeyword(name)
)
WORDS = st.from_regex(r"[a-z]{1,9}", fullmatch=True)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
LITERALS = NUMBERS | st.booleans() | WORDS | st.lists(NUMBERS, min_size=1)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda each: st.lists(each) | st.dictionaries(st.text(), each),
    max_leaves=5,
)


@given(st.dictionaries(NAMES, st.lists(LITERALS, min_size=1), min_size=1))
def test_what_is_set_arrives(grid):
    texts = [
        f"{name}={','.join(map(str, values))}" for name, values in grid.items()
    ]
    # A word that Python knows is no word: None, for one.
    assume("none" not in str(grid))
    assert parse_settings(texts) == grid


@example(["n=,"])
@example(["n={[1]:2}"])
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_any_text_is_set_or_refused(texts):
    try:
        grid = parse_settings(texts)
    except UsageError as error:
        assert "NAME=VALUE" in str(error)
    else:
        assert len(grid) == len(texts)
        assert all(values for values in grid.values())


@example("01")
@example(300 * "a" + ".ipynb")
@given(st.text())
def test_any_name_is_a_lesson_or_refused(name):
    try:
        (path,) = find_paths([name])
    except UsageError as error:
        assert str(error).startswith(
            (f"no lesson {name}", f"{name or repr(name)} is ambiguous")
        )
    else:
        assert path.is_file()


@given(st.dictionaries(NAMES, LITERALS | st.none(), min_size=1))
def test_parameters_are_read_as_they_stand(tmp_path_factory, parameters):
    source = "".join(f"{n} = {value!r}\n" for n, value in parameters.items())
    cell = v4.new_code_cell(source, metadata={"tags": ["parameters"]})
    path = tmp_path_factory.getbasetemp() / "lesson.ipynb"
    nbformat.write(v4.new_notebook(cells=[cell]), path)
    assert read_parameters(read_lesson(path), path) == parameters


@given(st.binary(max_size=99) | st.text(max_size=99).map(str.encode))
def test_any_file_is_a_lesson_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "lesson.ipynb"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="is no lesson"):
        read_parameters(read_lesson(path), path)


@given(JSON)
def test_metrics_are_finite_numbers_or_refused(left):
    output = v4.new_output("display_data", data={METRICS_TYPE: left})
    cell = v4.new_code_cell(metadata={"tags": ["metrics"]}, outputs=[output])
    try:
        metrics = read_metrics([cell])
    except ValueError as error:
        assert "has to" in str(error)
    else:
        assert metrics == left
        floats = [n for n in metrics.values() if type(n) is float]
        assert all(map(math.isfinite, floats))


@given(st.text())
def test_any_error_is_shown_with_its_last_line(error):
    lines = [line for line in error.splitlines() if line.strip()]
    shown = format_error(error)
    assert len(shown) < 9_000
    assert shown.count("\n") < 20
    if lines and "\x1b" not in error:
        assert shown.endswith(lines[-1].rstrip()[-99:])
