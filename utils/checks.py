"""What the check cell of an exercise calls."""

import copy
import random
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

NOT_ATTEMPTED = "not attempted"
RIGHT = "right"
NOT_YET = "not yet"
# The last verdict on each function, by its name: for those who grade.
VERDICTS: dict[str, str] = {}


class between(NamedTuple):
    """An expected number that may lie anywhere from `low` to `high`."""

    low: float
    high: float


@dataclass
class Case:
    """One call of a learner's function, made by `case`."""

    arguments: tuple
    expected: Any
    judge: Callable | None
    tolerance: float


def case(
    *arguments, expected=None, judge=None, tolerance: float = 1e-4
) -> Case:
    """Describe one call of a learner's function and its right result.

    Parameters
    ----------
    *arguments
        What the function is called with. It gets copies of arrays, lists and
        dictionaries, and `check` tells the learner if it changes them.
    expected : number, array, str, tuple, list or dict
        The right result. A tuple or a ragged list is compared part by part.
        A number or a part may be `between(low, high)`. With a dict, aspects
        of the result are compared:
        `{"number of weights": (lambda model: model.count_params(), 25_904)}`.
        Whole numbers have to agree exactly.
    judge : callable, optional
        In place of `expected`: takes the result, and returns a sentence that
        says what is wrong, or None if nothing is. An exception in it counts
        as a wrong result.
    tolerance : float
        The largest absolute difference of a fraction that counts as equal; a
        relative difference of 1e-5 does too, for results in float32.

    Returns
    -------
    Case

    Raises
    ------
    TypeError
        If there is neither an expected result nor a judge, or both.
    """
    if (expected is None) == (judge is None):
        raise TypeError("a case needs either expected=... or judge=...")
    return Case(arguments, expected, judge, tolerance)


def check(function: Callable, *cases: Case) -> None:
    """Say whether a learner's function is right, and if not, what differs.

    Prints one line: `NAME: not attempted`, `NAME: right`, or `NAME: not yet`
    with the first difference. It never raises for a missing or wrong answer.

    Parameters
    ----------
    function : callable
        The learner's. A stub raises NotImplementedError when it is called.
    *cases : Case
        Made by `case`. All have to be right. Several, with other shapes and
        numbers, so that an answer that only fits the example is found.

    Examples
    --------
    >>> def double(x):
    ...     return x + x
    >>> check(double, case(2, expected=4), case(0.5, expected=1.0))
    double: right
    >>> check(double, case(3, expected=9))
    double: not yet, for double(3) the result is 6, not 9
    """
    names = _find_names(function, sys._getframe(1).f_globals)
    name = names[0]
    verdict, gap = RIGHT, None
    numpy_state, python_state = np.random.get_state(), random.getstate()
    try:
        for one in cases:
            gap = _try_case(function, name, one)
            if gap == NOT_ATTEMPTED:
                verdict = NOT_ATTEMPTED
                break
            if gap:
                verdict = NOT_YET
                break
    finally:
        # What follows in the lesson draws the same numbers as without this.
        np.random.set_state(numpy_state)
        random.setstate(python_state)
    VERDICTS.update(dict.fromkeys(names, verdict))
    print(
        f"{name}: {NOT_YET}, {gap}"
        if verdict == NOT_YET
        else f"{name}: {verdict}"
    )


def is_right(name: str) -> bool:
    """Tell whether the last check of a function said that it is right.

    Parameters
    ----------
    name : str
        The name of the learner's function.

    Examples
    --------
    >>> is_right("a_function_that_nobody_checked")
    False
    """
    return VERDICTS.get(name) == RIGHT


def _find_names(function, scope):
    """Return the names of a function where it is checked, its own first.

    A lambda has no name of its own, nor have a model and a partial function;
    what they are assigned to counts.
    """
    own = getattr(function, "__name__", type(function).__name__)
    names = [name for name, value in scope.items() if value is function]
    if own in names or not names:
        names = [own, *names]
    return names


def _try_case(function, name, one):
    """Return None, NOT_ATTEMPTED, or in words what is wrong."""
    arguments = tuple(_copy(value) for value in one.arguments)
    untouched = tuple(_copy(value) for value in one.arguments)
    call = _describe_call(name, one.arguments)
    try:
        result = function(*arguments)
        # A generator's code runs only now.
        if hasattr(result, "__next__"):
            result = list(result)
    except NotImplementedError as error:
        if _is_stub(error, function):
            return NOT_ATTEMPTED
        return f"for {call} it raised {_describe_error(error, function)}"
    # Whatever a learner's code does wrong, the lesson must go on.
    except Exception as error:
        return f"for {call} it raised {_describe_error(error, function)}"
    for number, (now, before) in enumerate(
        zip(arguments, untouched, strict=True), start=1
    ):
        if not _is_same(now, before):
            return (
                f"for {call} it changes its argument {number} in place: "
                "work on a copy"
            )
    if result is None:
        return f"for {call} the result is None: end it with a return"
    try:
        if one.judge is not None:
            gap = one.judge(result)
        elif isinstance(one.expected, dict):
            gap = _compare_aspects(result, one.expected, one.tolerance)
        else:
            gap = _compare("the result", result, one.expected, one.tolerance)
    # A result of an unforeseen kind makes a measure raise nearly anything.
    except Exception as error:
        gap = (
            f"the result, of type {type(result).__name__}, cannot be judged: "
            f"{_describe_error(error, function)}"
        )
    return f"for {call} {gap}" if gap else None


def _compare_aspects(result, aspects, tolerance):
    for aspect, (measure, expected) in aspects.items():
        gap = _compare(aspect, measure(result), expected, tolerance)
        if gap:
            return gap
    return None


def _compare(aspect, found, expected, tolerance):
    """Return in words how `found` differs from `expected`, or None."""
    if isinstance(expected, between):
        return _compare_range(aspect, found, expected)
    if isinstance(expected, str):
        if isinstance(found, str) and found == expected:
            return None
        return f"{aspect} is {_shorten(found)}, not {expected}"
    if isinstance(expected, tuple) or _is_ragged(expected):
        return _compare_parts(aspect, found, expected, tolerance)
    expected = _to_array(expected)
    if expected.dtype.kind not in "fiub":
        is_same = np.array_equal(expected, _to_array(found))
        return None if is_same else f"{aspect} is {found}, not {expected}"
    if _is_ragged(found):
        return f"{aspect} has parts of different shapes, not {expected.shape}"
    found = _to_array(found)
    if found.dtype.kind not in "fiub":
        return f"{aspect} holds {found.dtype}, not numbers"
    if found.shape != expected.shape:
        return f"{aspect} has shape {found.shape}, not {expected.shape}"
    return _compare_numbers(aspect, found, expected, tolerance)


def _compare_range(aspect, found, expected):
    found = _to_array(found)
    low, high = expected
    if found.ndim == 0 and found.dtype.kind in "fiub" and low <= found <= high:
        return None
    return (
        f"{aspect} is {_shorten(found)}, not from {_shorten(low)} to "
        f"{_shorten(high)}"
    )


def _compare_parts(aspect, found, expected, tolerance):
    # Part by part, for the parts of a right result may differ in shape.
    if isinstance(found, (str, bytes, dict)) or not np.iterable(found):
        return f"{aspect} is one value, not {len(expected)} values"
    parts = list(found)
    if len(parts) != len(expected):
        return f"{aspect} has length {len(parts)}, not {len(expected)}"
    for i, (part, right) in enumerate(zip(parts, expected, strict=True)):
        gap = _compare(f"part {i} of {aspect}", part, right, tolerance)
        if gap:
            return gap
    return None


def _compare_numbers(aspect, found, expected, tolerance):
    allowed = np.zeros(expected.shape)
    if expected.dtype.kind == "f":
        size = np.abs(expected.astype(float))
        # Infinity is equal to itself only.
        allowed = np.where(np.isinf(size), 0, tolerance + 1e-5 * size)
    numbers = found.astype(float)
    # NaN is never close, so it counts as a difference.
    with np.errstate(invalid="ignore"):
        wrong = ~(np.abs(numbers - expected) <= allowed + 1e-9)
    wrong &= ~(numbers == expected)  # infinities that agree
    if not wrong.any():
        return None
    fact = _find_fact(numbers, expected.astype(float), allowed + 1e-9)
    if not found.ndim:
        return f"{aspect} is {_shorten(found)}, not {_shorten(expected)}{fact}"
    where = tuple(int(i) for i in np.argwhere(wrong)[0])
    place = where[0] if len(where) == 1 else where
    return (
        f"{int(wrong.sum()):,d} of {wrong.size:,d} numbers of {aspect} differ,"
        f" first at {place}: {_shorten(found[where])}, not "
        f"{_shorten(expected[where])}{fact}"
    )


# Infinity less infinity is NaN, which agrees with nothing.
@np.errstate(invalid="ignore")
def _find_fact(found, expected, allowed):
    """Return what is certain of all numbers at once, or nothing.

    Each is a fact and not a guess, and needs enough different numbers that
    no accident explains it.
    """

    def agrees(changed):
        return bool(np.all(np.abs(changed - expected) <= allowed))

    if np.isnan(found).any():
        return "; there is a NaN, which is not a number"
    n_values = len(np.unique(expected[np.abs(expected) > allowed]))
    if n_values < 2:
        return ""
    if agrees(-found):
        return "; every sign is turned"
    if found.ndim and agrees(found[::-1]):
        return "; they are in the opposite order"
    is_square = found.ndim == 2 and found.shape[0] == found.shape[1]
    if is_square and agrees(found.T):
        return "; rows and columns are exchanged"
    if n_values < 3:
        return ""
    ratio = float(np.sum(found * expected) / np.sum(expected**2))
    if ratio > 0 and np.all(np.abs(found - ratio * expected) <= allowed):
        return f"; each is {ratio:.4g} times what is expected"
    shift = float(np.mean(found - expected))
    if np.all(np.abs(found - shift - expected) <= allowed):
        return f"; each is {_shorten(abs(shift))} too " + (
            "large" if shift > 0 else "small"
        )
    return ""


def _is_stub(error, function):
    """Tell a stub's own NotImplementedError from one of a library."""
    frames = list(traceback.walk_tb(error.__traceback__))
    innermost = frames[-1][0].f_code
    return innermost is getattr(function, "__code__", None)


def _describe_error(error, function):
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # TensorFlow puts the reason last, behind the lines of its own code.
    is_long = len(lines) > 1 and lines[0].startswith("in user code")
    reason = lines[-1 if is_long else 0] if lines else ""
    text = f"{type(error).__name__}: {reason}".rstrip(": ")
    code = getattr(function, "__code__", None)
    numbers = [
        line
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_code is code
    ]
    if numbers:
        text += f" (line {numbers[-1] - code.co_firstlineno + 1})"
    return text


def _copy(value):
    if isinstance(value, (np.ndarray, list, tuple, dict, set)):
        try:
            return copy.deepcopy(value)
        # A list may hold what cannot be copied, a model for instance.
        except Exception:
            return copy.copy(value)
    return value


def _is_same(now, before):
    if isinstance(before, np.ndarray):
        if before.dtype.kind in "fc":
            return np.array_equal(now, before, equal_nan=True)
        return np.array_equal(now, before)
    if isinstance(before, (list, tuple)):
        return len(now) == len(before) and all(
            _is_same(*pair) for pair in zip(now, before, strict=True)
        )
    if isinstance(before, dict):
        return now.keys() == before.keys() and all(
            _is_same(now[key], before[key]) for key in before
        )
    if isinstance(before, (bool, int, float, str, set)):
        return now == before or now is before
    return True


def _is_ragged(value):
    if not isinstance(value, (list, tuple)):
        return False
    shapes = {np.shape(_to_array(part)) for part in value}
    return len(shapes) > 1


def _to_array(value):
    """Return any tensor, list or number as an array."""
    if isinstance(value, np.ndarray):
        return value
    # Tensors of TensorFlow and Keras, on any device.
    if hasattr(value, "numpy"):
        return np.asarray(value.numpy())
    if isinstance(value, (list, tuple)):
        try:
            return np.array([_to_array(part) for part in value])
        except ValueError:
            return np.array([None])  # parts of different shapes
    return np.asarray(value)


def _shorten(value):
    """Return a value for a message: counts with all digits, 4 of others."""
    array = np.asarray(value)
    if array.ndim or array.dtype.kind not in "fiub":
        text = " ".join(str(value).split())
        return text if len(text) < 60 else f"{text[:57]}..."
    if array.dtype.kind == "b":
        return str(bool(array))
    number = float(array)
    if array.dtype.kind in "iu" or (
        number.is_integer() and abs(number) < 1e15
    ):
        return f"{int(array):,d}"
    return f"{number:.4g}"


def _describe_call(name, arguments):
    return f"{name}({', '.join(_describe(value) for value in arguments)})"


def _describe(value):
    if isinstance(value, str):
        return repr(value)
    if isinstance(value, (bool, int, float, np.number)):
        return _shorten(value) if not isinstance(value, bool) else str(value)
    shape = getattr(value, "shape", None)
    if shape is not None:
        array = np.asarray(value) if np.size(value) <= 6 else None
        if array is not None and array.ndim == 1:
            return f"[{', '.join(_shorten(x) for x in array)}]"
        return f"array of shape {tuple(shape)}"
    if isinstance(value, (list, tuple)):
        return f"a {type(value).__name__} of {len(value)}"
    name = getattr(value, "__name__", None) or getattr(value, "name", None)
    return str(name or type(value).__name__)
