"""Tests of utils.checks: each verdict, and that none ever raises."""

import random
from functools import partial

from utils.backend import tf
from utils.checks import VERDICTS, between, case, check, is_right

import keras
import numpy as np
import pytest

TABLE = np.arange(6.0).reshape(2, 3)
SHARES = np.array([[0.1, 0.7], [0.4, 0.9], [0.2, 0.3]])


@pytest.fixture
def judge(capsys):
    """Return a function that gives a learner's result to `check`.

    It returns the verdict, without the name that stands before it.
    """

    def judge(result, expected=None, **settings):
        def answer():
            return result

        check(answer, case(expected=expected, **settings))
        return read_verdict(capsys, "answer")

    return judge


def read_verdict(capsys, name):
    found, verdict = capsys.readouterr().out.split(": ", 1)
    assert found == name
    assert verdict.endswith("\n") and verdict.count("\n") == 1
    assert VERDICTS[name] == verdict[:-1].split(", ")[0]
    assert is_right(name) == (verdict == "right\n")
    return verdict[:-1]


def test_stub_is_not_attempted(capsys):
    def add_noise(images, stddev):
        """Add noise."""
        raise NotImplementedError("Exercise 2.1")

    check(add_noise, case(TABLE, 0.1, expected=TABLE))
    assert read_verdict(capsys, "add_noise") == "not attempted"


def test_a_library_that_is_not_implemented_is_no_stub(capsys):
    def answer(x):
        return abs_of(x)

    def abs_of(x):
        raise NotImplementedError("not for this type")

    check(answer, case(1, expected=1))
    assert "NotImplementedError" in read_verdict(capsys, "answer")


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (3, 3),
        (3.0, 3),
        (3.00001, 3.0),
        (np.float32(0.1), 0.1),
        (np.uint8(3), 3),
        (True, True),
        (np.True_, True),
        ("relu", "relu"),
        (TABLE, TABLE),
        (TABLE.astype("float32") + 1e-5, TABLE),
        (TABLE.tolist(), TABLE),
        ((row for row in TABLE), TABLE),
        ([tf.constant(row) for row in TABLE], TABLE),
        ((2, 3), (2, 3)),
        ([2, 3], (2, 3)),
        (np.array([2, 3]), (2, 3)),
        ((None, 784), (None, 784)),
        # The parts of a tuple may differ in shape and kind.
        ((TABLE, TABLE[0]), (TABLE, TABLE[0])),
        ([TABLE, TABLE[0]], [TABLE, TABLE[0]]),
        (("adam", 1e-3), ("adam", 1e-3)),
        ((0.5, 2), (between(0, 1), 2)),
        (0.5, between(0, 1)),
        (0, between(0, 1)),
        (1, between(0, 1)),
        (tf.constant(TABLE), TABLE),
        (tf.Variable(TABLE), TABLE),
        (tf.constant(0.5), between(0, 1)),
        (tf.constant([1.0, 2.0]), (1, 2)),
        (keras.ops.ones((2, 3)), np.ones((2, 3))),
        (keras.Variable(3.0), 3),
        (np.array([np.inf, 1]), np.array([np.inf, 1])),
        # Float32 has 7 digits.
        (np.float32(123_456.78), 123_456.7891),
    ],
)
def test_right(judge, result, expected):
    assert judge(result, expected) == "right"


# A warning would stand above the verdict.
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("result", "expected", "gap"),
    [
        (3.5, 3, "the result is 3.5, not 3"),
        (3.00001, 3, "not 3"),
        (50_995, 50_992, "the result is 50,995, not 50,992"),
        (np.uint8(3), 250, "is 3, not 250"),
        ("tanh", "relu", "is tanh, not relu"),
        (2, between(0, 1), "is 2, not from 0 to 1"),
        (np.nan, between(0, 1), "is nan, not from 0 to 1"),
        (TABLE, between(0, 1), "not from 0 to 1"),
        (np.nan, 3, "is nan, not 3"),
        (None, 3, "is None: end it with a return"),
        (None, (2, 3), "is None: end it with a return"),
        (TABLE.T, TABLE, "has shape (3, 2), not (2, 3)"),
        (TABLE[0], TABLE, "has shape (3,), not (2, 3)"),
        (3, TABLE, "has shape (), not (2, 3)"),
        (TABLE + np.eye(2, 3), TABLE, "2 of 6 numbers of the result differ"),
        (TABLE + np.eye(2, 3), TABLE, "first at (0, 0): 1, not 0"),
        (np.where(TABLE, TABLE, np.nan), TABLE, "first at (0, 0): nan, not 0"),
        ((2, 4), (2, 3), "part 1 of the result is 4, not 3"),
        ((2, 3, 4), (2, 3), "has length 3, not 2"),
        (2, (2, 3), "is one value, not 2 values"),
        ((TABLE, TABLE), (TABLE, TABLE[0]), "part 1 of the result has shape"),
        ((2, None), (2, 3), "part 1 of the result"),
        ((2, 3), (2, between(0, 1)), "part 1 of the result is 3, not from"),
        ("three", 3, "not numbers"),
        (TABLE.astype(str), TABLE, "not numbers"),
        (TABLE.astype(object), TABLE, "not numbers"),
        (TABLE, "relu", "not relu"),
        ([[1, 2], [3]], np.zeros((2, 2)), "parts of different shapes"),
        ([[1, 2], [3]], between(0, 1), "not from 0 to 1"),
        ("three", between(0, 1), "not from 0 to 1"),
        (keras.Input((3,)), TABLE, "the result"),
        (keras.Input((3,)), (2, 3), "the result"),
        (print, TABLE, "the result"),
        (np.array([-np.inf, 1]), np.array([np.inf, 1]), "-inf, not inf"),
        (
            np.array([-np.inf, 1, 2, 3]),
            np.array([np.inf, 1, 2, 3]),
            "-inf, not inf",
        ),
    ],
)
def test_not_yet_says_the_gap(judge, result, expected, gap):
    verdict = judge(result, expected)
    assert verdict.startswith("not yet, ")
    assert gap in verdict


@pytest.mark.parametrize(
    ("result", "expected", "fact"),
    [
        (-TABLE, TABLE, "every sign is turned"),
        (TABLE[::-1], TABLE, "in the opposite order"),
        (SHARES[:2].T, SHARES[:2], "rows and columns are exchanged"),
        (6 * TABLE, TABLE, "each is 6 times"),
        (TABLE / 6, TABLE, "each is 0.1667 times"),
        (TABLE - 2.5, TABLE, "each is 2.5 too small"),
        (SHARES + 1, SHARES, "each is 1 too large"),
        (np.where(TABLE, TABLE, np.nan), TABLE, "there is a NaN"),
    ],
)
def test_what_is_certain_of_all_numbers_is_said(judge, result, expected, fact):
    assert fact in judge(result, expected)


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (TABLE + np.eye(2, 3), TABLE),
        (TABLE[:, :2], TABLE),
        (3.5, 3),
        # One number is explained by too many facts.
        (-3, 3),
        (784 * 0.1, 0.1),
        (SHARES**2, SHARES),
        (np.zeros(3), np.ones(3) / 2 + np.eye(3)[0]),
        (-np.ones((2, 3)), np.ones((2, 3))),
        (np.ones((2, 3)), np.zeros((2, 3)) + np.eye(2, 3)),
    ],
)
def test_of_other_mistakes_nothing_is_guessed(judge, result, expected):
    assert not {";", "?"} & set(judge(result, expected))


@pytest.mark.parametrize(
    ("tolerance", "verdict"),
    [(0.25, "right"), (0.125, "right"), (0.12, "not yet")],
)
def test_tolerance_is_the_largest_difference_allowed(
    judge, tolerance, verdict
):
    # An eighth is exact in binary: the second case is exactly at the limit.
    for sign in (-1, 1):
        found = judge(3 + sign / 8, 3.0, tolerance=tolerance)
        assert found.startswith(verdict)


# --- Several cases, and their arguments --------------------------------------


def test_all_cases_have_to_be_right(capsys):
    def double(x):
        return 6

    cases = case(3, expected=6), case(0.5, expected=1.0)
    check(double, *cases)
    assert read_verdict(capsys, "double") == (
        "not yet, for double(0.5) the result is 6, not 1"
    )
    check(lambda x: 2 * x, *cases)
    assert read_verdict(capsys, "<lambda>") == "right"


def test_a_call_is_shown_with_what_is_short(capsys):
    def answer(*_):
        return 1

    arguments = ("relu", TABLE, np.float32([1, 0.5]), [1, 2], 50_992)
    check(answer, case(*arguments, expected=2))
    verdict = read_verdict(capsys, "answer")
    assert "'relu', array of shape (2, 3), [1, 0.5], a list of 2" in verdict


@pytest.mark.parametrize(
    "argument", [TABLE, [1, 2, 3], {"a": 1}, [TABLE, TABLE]]
)
def test_an_argument_that_is_changed_is_told_and_stays(capsys, argument):
    def answer(_, x):
        if isinstance(x, dict):
            x["a"] = 2
        else:
            x[0] = x[0] - 1
        return 1

    before = repr(argument)
    check(answer, case(0, argument, expected=1))
    verdict = read_verdict(capsys, "answer")
    assert "changes its argument 2 in place" in verdict
    assert repr(argument) == before


@pytest.mark.parametrize(
    "argument",
    [np.array([1, np.nan]), [1.5, float("nan")], {"a": float("nan")}, "text"],
)
def test_an_argument_that_stays_is_not_told(capsys, argument):
    def answer(x):
        return len(x)

    check(answer, case(argument, expected=len(argument)))
    assert read_verdict(capsys, "answer") == "right"


def test_a_judge_says_what_is_wrong(capsys):
    def find_gap(result):
        return None if result > 1 else f"{result} is small"

    for result, verdict in ((2, "right"), (1, "not yet, for answer(0) 1 is")):
        check(partial_answer(result), case(0, judge=find_gap))
        assert read_verdict(capsys, "answer").startswith(verdict)
    check(partial_answer("two"), case(0, judge=find_gap))
    assert "TypeError" in read_verdict(capsys, "answer")


def partial_answer(result):
    def answer(x):
        return result

    return answer


@pytest.mark.parametrize("settings", [{}, {"expected": 1, "judge": print}])
def test_a_case_has_one_way_to_judge(settings):
    with pytest.raises(TypeError, match="either"):
        case(1, **settings)


def test_what_follows_draws_the_same_numbers(capsys):
    def answer():
        return np.random.random() + random.random()

    np.random.seed(1)
    random.seed(1)
    expected = np.random.random(), random.random()
    np.random.seed(1)
    random.seed(1)
    check(answer, case(expected=between(0, 2)))
    assert (np.random.random(), random.random()) == expected


# --- Errors in the answer ----------------------------------------------------


def test_an_error_is_told_with_its_line(capsys):
    def answer(x):
        y = x
        return y / 0

    check(answer, case(3, expected=3))
    assert read_verdict(capsys, "answer") == (
        "not yet, for answer(3) it raised ZeroDivisionError: division by zero "
        "(line 3)"
    )


def test_tensorflows_reason_is_told(capsys):
    @tf.function
    def multiply(x):
        return tf.matmul(x, x)

    def answer(x):
        return multiply(tf.constant(x))

    check(answer, case(TABLE, expected=3))
    verdict = read_verdict(capsys, "answer")
    assert "must be equal" in verdict or "incompatible" in verdict
    assert "in user code" not in verdict


def test_arguments_reach_the_answer(capsys):
    check(np.add, case(2, 3, expected=5))
    assert read_verdict(capsys, "add") == "right"


@pytest.mark.parametrize("arguments", [(), (1, 2)])
def test_wrong_number_of_arguments_is_told(capsys, arguments):
    def answer(x):
        return x

    check(answer, case(*arguments, expected=1))
    assert "it raised TypeError" in read_verdict(capsys, "answer")


def test_what_a_function_is_assigned_to_is_its_name(capsys):
    scope = {"check": check, "case": case}
    exec("double = lambda x: 2 * x", scope)
    exec("check(double, case(3, expected=6))", scope)
    assert read_verdict(capsys, "double") == "right"
    exec("def add(x):\n    return x + x\ntwice = add", scope)
    exec("check(twice, case(3, expected=6))", scope)
    assert read_verdict(capsys, "add") == "right"
    assert is_right("twice")


# --- Models ------------------------------------------------------------------


@pytest.fixture(scope="module")
def model():
    """Return a model such as a learner builds."""
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])


ASPECTS = {
    "the number of weights": (lambda model: model.count_params(), 8),
    "the output's shape": (lambda model: model.output_shape, (None, 2)),
}


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, "right"),
        (
            {"the number of weights": (lambda model: model.count_params(), 9)},
            "not yet, for answer() the number of weights is 8, not 9",
        ),
        (
            {"the loss": (lambda model: model.no_such_name, 9)},
            "not yet, for answer() the result, of type Sequential, cannot be",
        ),
    ],
)
def test_each_aspect_of_a_result_is_compared(judge, model, change, verdict):
    assert judge(model, ASPECTS | change).startswith(verdict)


def test_answer_without_a_name_is_judged(capsys, model):
    check(partial(np.add, 2), case(3, expected=5))
    assert read_verdict(capsys, "partial") == "right"
    check(model, case(np.zeros((4, 3)), expected=np.zeros((4, 2))))
    assert read_verdict(capsys, "Sequential") == "right"
