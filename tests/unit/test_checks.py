"""Tests of utils.checks: each verdict, and that none ever raises."""

from functools import partial

from utils.backend import tf
from utils.checks import between, check

import keras
import numpy as np
import pytest

TABLE = np.arange(6.0).reshape(2, 3)


@pytest.fixture
def judge(capsys):
    """Return a function that gives a learner's result to `check`.

    It returns the verdict, without the name that stands before it.
    """

    def judge(result, expected, **settings):
        def answer():
            return result

        check(answer, expected=expected, **settings)
        return read_verdict(capsys, "answer")

    return judge


def read_verdict(capsys, name):
    found, verdict = capsys.readouterr().out.split(": ", 1)
    assert found == name
    assert verdict.endswith("\n")
    return verdict[:-1]


@pytest.mark.parametrize("words", [[], ["Exercise 2.1"]])
def test_stub_is_not_attempted(capsys, words):
    def add_noise(images, stddev):
        """Add noise."""
        raise NotImplementedError(*words)

    check(add_noise, TABLE, 0.1, expected=TABLE)
    assert read_verdict(capsys, "add_noise") == "not attempted"


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (3, 3),
        (3.00001, 3),
        (np.float32(0.1), 0.1),
        (np.uint8(3), 3),
        (True, True),
        ("relu", "relu"),
        (TABLE, TABLE),
        (TABLE.tolist(), TABLE),
        ((2, 3), (2, 3)),
        ([2, 3], (2, 3)),
        ((None, 784), (None, 784)),
        # The parts of a tuple may differ in shape and kind.
        ((TABLE, TABLE[0]), (TABLE, TABLE[0])),
        (("adam", 1e-3), ("adam", 1e-3)),
        ((0.5, 2), (between(0, 1), 2)),
        (0.5, between(0, 1)),
        (0, between(0, 1)),
        (1, between(0, 1)),
        (tf.constant(TABLE), TABLE),
        (tf.constant(0.5), between(0, 1)),
        (tf.constant([1.0, 2.0]), (1, 2)),
        (keras.ops.ones((2, 3)), np.ones((2, 3))),
        (keras.Variable(3.0), 3),
    ],
)
def test_right(judge, result, expected):
    assert judge(result, expected) == "right"


@pytest.mark.parametrize(
    ("result", "expected", "gap"),
    [
        (3.5, 3, "the result is 3.5, not 3"),
        (np.uint8(3), 250, "is 3, not 250"),
        ("tanh", "relu", "is tanh, not relu"),
        (2, between(0, 1), "is 2, not from 0 to 1"),
        (np.nan, between(0, 1), "is nan, not from 0 to 1"),
        (TABLE, between(0, 1), "of shape (2, 3), not from 0 to 1"),
        (np.nan, 3, "is nan, not 3"),
        (None, 3, "is None: is there a return?"),
        (None, TABLE, "is None: is there a return?"),
        (None, (2, 3), "is None: is there a return?"),
        (TABLE.T, TABLE, "has shape (3, 2), not (2, 3)"),
        (TABLE[0], TABLE, "has shape (3,), not (2, 3)"),
        (3, TABLE, "has shape (), not (2, 3)"),
        (TABLE + np.eye(2, 3), TABLE, "33% of the result differs, first at"),
        (TABLE + np.eye(2, 3), TABLE, "(0, 0): 1, not 0"),
        (np.where(TABLE, TABLE, np.nan), TABLE, "first at (0, 0): nan, not 0"),
        ((2, 4), (2, 3), "part 1 of the result is 4, not 3"),
        ((2, 3, 4), (2, 3), "has length 3, not 2"),
        (2, (2, 3), "has length 1, not 2"),
        ((TABLE, TABLE), (TABLE, TABLE[0]), "part 1 of the result has shape"),
        ((2, None), (2, 3), "part 1 of the result is None"),
        ((2, 3), (2, between(0, 1)), "part 1 of the result is 3, not from"),
        ("three", 3, "not numbers"),
        (TABLE.astype(str), TABLE, "not numbers"),
        (TABLE.astype(object), TABLE, "not numbers"),
        (TABLE, "relu", "not relu"),
        (tf.constant(TABLE), TABLE + 1, "100% of the result differs"),
        # What cannot even be compared.
        ([[1, 2], [3]], np.zeros((2, 2)), "it raised ValueError"),
        ([[1, 2], [3]], between(0, 1), "it raised ValueError"),
        ("three", between(0, 1), "it raised ValueError"),
        (keras.Input((3,)), TABLE, "it raised ValueError"),
        (keras.Input((3,)), (2, 3), "it raised NotImplementedError"),
    ],
)
def test_not_yet_says_the_gap(judge, result, expected, gap):
    verdict = judge(result, expected)
    assert verdict.startswith("not yet, ")
    assert gap in verdict


SHARES = np.array([[0.1, 0.7], [0.4, 0.9], [0.2, 0.3]])


@pytest.mark.parametrize(
    ("result", "expected", "hint"),
    [
        (TABLE.T, TABLE, "are rows and columns exchanged?"),
        (TABLE[None], TABLE, "an axis of length 1"),
        (TABLE[:, :1], TABLE[:, 0], "an axis of length 1"),
        (TABLE.mean(), TABLE, "over too many axes?"),
        (TABLE, TABLE.mean(axis=0), "over an axis missing?"),
        (-TABLE, TABLE, "the sign is turned"),
        (-3, 3, "the sign is turned"),
        (1 - SHARES, SHARES, "1 minus what is expected"),
        (6 * TABLE, TABLE, "6 times what is expected"),
        (TABLE / 6, TABLE, "0.1667 times what is expected"),
        (784 * 0.1, 0.1, "784 times what is expected"),
        (TABLE - 2.5, TABLE, "all are -2.5 off"),
        (TABLE[::-1], TABLE, "in the opposite order"),
        (TABLE.reshape(3, 2).T, TABLE, "right, their places are not"),
        (3 * SHARES**2, SHARES, "leaves the range from 0 to 1"),
        (np.where(TABLE, TABLE, np.nan), TABLE, "there is a NaN"),
    ],
)
def test_a_common_mistake_is_named(judge, result, expected, hint):
    assert hint in judge(result, expected)


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (TABLE + np.eye(2, 3), TABLE),
        (TABLE[:, :2], TABLE),
        (3.5, 3),
        (SHARES**2, SHARES),
        (np.zeros(3), np.ones(3) / 2 + np.eye(3)[0]),
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
        found = judge(3 + sign / 8, 3, tolerance=tolerance)
        assert found.startswith(verdict)


@pytest.mark.parametrize(
    "error",
    [
        ZeroDivisionError("division by zero"),
        TypeError("unsupported operand"),
        AssertionError("no"),
        # Not a stub's, which says nothing: Keras explains its own.
        NotImplementedError("Iterating over a symbolic KerasTensor"),
    ],
)
def test_error_in_the_answer_is_told_not_raised(capsys, error):
    def answer():
        raise error

    check(answer, expected=3)
    assert read_verdict(capsys, "answer") == (
        f"not yet, it raised {type(error).__name__}: {error}"
    )


def test_arguments_reach_the_answer(capsys):
    check(np.add, 2, 3, expected=5)
    assert read_verdict(capsys, "add") == "right"


@pytest.mark.parametrize("arguments", [(), (1, 2)])
def test_wrong_number_of_arguments_is_told(capsys, arguments):
    def answer(x):
        return x

    check(answer, *arguments, expected=1)
    assert "not yet, it raised TypeError" in read_verdict(capsys, "answer")


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
            "not yet, the number of weights is 8, not 9",
        ),
        (
            {"the loss": (lambda model: model.no_such_name, 9)},
            "not yet, it raised AttributeError",
        ),
    ],
)
def test_each_aspect_of_a_result_is_compared(judge, model, change, verdict):
    assert judge(model, ASPECTS | change).startswith(verdict)


def test_answer_without_a_name_is_judged(capsys, model):
    check(partial(np.add, 2), 3, expected=5)
    assert read_verdict(capsys, "partial") == "right"
    check(model, np.zeros((4, 3)), expected=np.zeros((4, 2)))
    assert read_verdict(capsys, "Sequential") == "right"
