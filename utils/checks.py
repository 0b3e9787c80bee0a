"""What the check cell of an exercise calls."""

from typing import NamedTuple

import numpy as np

# The last verdict on each function, by its name: "right", "not yet" or "not
# attempted". Graders read it.
VERDICTS: dict[str, str] = {}


class between(NamedTuple):
    """An expected value that may lie anywhere in [low, high]."""

    low: float
    high: float


def check(function, *arguments, expected, tolerance: float = 1e-4) -> None:
    """Say whether a learner's function is right, and if not, what differs.

    Prints one line: `NAME: not attempted`, `NAME: right`, or `NAME: not yet`
    with the gap. Never raises for a missing or a wrong answer.

    Parameters
    ----------
    function : callable
        The learner's. A stub raises NotImplementedError when it is called.
    *arguments
        What it is called with.
    expected : number, array, tuple, or dict of str to pair
        The right result. With a dict, each aspect of the result is compared:
        `{"weights": (lambda model: model.count_params(), 25_904)}`.
        An expected number may be `between(low, high)`.
    tolerance : float
        The largest absolute difference that still counts as equal.

    Examples
    --------
    >>> def add_up(x):
    ...     return sum(x[1:])
    >>> check(add_up, [1, 2, 3], expected=6)
    add_up: not yet, the result is 5, not 6
    >>> check(sum, [1, 2, 3], expected=6)
    sum: right
    """
    if not isinstance(expected, dict):
        expected = {"the result": (lambda result: result, expected)}
    # A model or a partial function has no __name__.
    name = getattr(function, "__name__", type(function).__name__)
    try:
        result = function(*arguments)
        gaps = (
            _find_gap(aspect, measure(result), value, tolerance)
            for aspect, (measure, value) in expected.items()
        )
        gap = next(filter(None, gaps), None)
    # The lesson must go on, whatever error a learner's code raises.
    except Exception as error:
        # The message of a stub is empty or begins with "Exercise"; Keras
        # raises errors of this type, too.
        if isinstance(error, NotImplementedError) and (
            not error.args or str(error).startswith("Exercise")
        ):
            VERDICTS[name] = "not attempted"
            print(f"{name}: not attempted")
            return
        gap = f"it raised {type(error).__name__}: {error}"
    VERDICTS[name] = "not yet" if gap else "right"
    print(f"{name}: " + (f"not yet, {gap}" if gap else "right"))


def _find_gap(aspect, found, expected, tolerance):
    """Return in words how `found` differs from `expected`, or None."""
    if found is None and expected is not None:
        return f"{aspect} is None: is there a return?"
    if isinstance(expected, between):
        low, high = expected
        if np.ndim(found) == 0 and low <= float(found) <= high:
            return None
        return (
            f"{aspect} is {_shorten(found)}, not from {low:.4g} to {high:.4g}"
        )
    # Part by part, because the parts of a tuple may differ in shape.
    if isinstance(expected, tuple):
        parts = tuple(found) if np.iterable(found) else (found,)
        if len(parts) != len(expected):
            return f"{aspect} has length {len(parts)}, not {len(expected)}"
        gaps = (
            _find_gap(f"part {i} of {aspect}", *pair, tolerance)
            for i, pair in enumerate(zip(parts, expected, strict=True))
        )
        return next(filter(None, gaps), None)
    if np.asarray(expected).dtype.kind not in "fiub":
        same = np.array_equal(expected, found)
        return None if same else f"{aspect} is {found}, not {expected}"
    found, expected = np.asarray(found), np.asarray(expected)
    if found.shape != expected.shape:
        gap = f"{aspect} has shape {found.shape}, not {expected.shape}"
        return gap + _guess_shape(found.shape, expected.shape)
    if found.dtype.kind not in "fiub":
        return f"{aspect} holds {found.dtype}, not numbers"
    # NaN is never close, so it counts as a difference.
    wrong = ~(np.abs(found.astype(float) - expected) <= tolerance)
    if not wrong.any():
        return None
    hint = _guess(found.astype(float), expected.astype(float), tolerance)
    if not found.ndim:
        return f"{aspect} is {_shorten(found)}, not {_shorten(expected)}{hint}"
    where = tuple(int(i) for i in np.argwhere(wrong)[0])
    return (
        f"{wrong.mean():.0%} of {aspect} differs, first at {where}: "
        f"{_shorten(found[where])}, not {_shorten(expected[where])}{hint}"
    )


def _guess_shape(found, expected):
    """Return a hint what is wrong with a shape, or nothing."""
    if found == expected[::-1]:
        return "; are rows and columns exchanged?"
    if [n for n in found if n != 1] == [n for n in expected if n != 1]:
        return "; an axis of length 1 is missing or too many"
    if len(found) < len(expected):
        return "; is a sum or mean over too many axes?"
    if len(found) > len(expected):
        return "; is a sum or mean over an axis missing?"
    return ""


def _guess(found, expected, tolerance):
    """Return a hint what is wrong with all numbers at once, or nothing."""

    def is_close(changed):
        return bool(np.all(np.abs(changed - expected) <= tolerance))

    if np.isnan(found).any():
        return "; there is a NaN: a logarithm or root of what is not positive?"
    if is_close(-found):
        return "; the sign is turned"
    if is_close(1 - found):
        return "; it is 1 minus what is expected"
    nonzero = np.abs(expected) > max(tolerance, 1e-9)
    with np.errstate(all="ignore"):
        # NumPy warns about the median of nothing, and a notebook shows it.
        ratios = (found / expected)[nonzero]
        ratio = float(np.median(ratios)) if ratios.size else 0.0
        # Any number is a multiple of any other: for a single one, only a large
        # factor means something.
        tells = ratio > 0 and (found.size > 1 or not 0.3 < ratio < 3)
        if tells and np.allclose(found, ratio * expected, rtol=1e-3):
            return f"; it is {ratio:.4g} times what is expected"
    if found.size == 1:
        return ""
    if is_close(found - np.mean(found - expected)):
        return f"; all are {_shorten(np.mean(found - expected))} off: a mean?"
    if is_close(found[::-1]):
        return "; it is in the opposite order"
    if np.abs(np.sort(found, None) - np.sort(expected, None)).max() <= (
        tolerance
    ):
        return "; the numbers are right, their places are not"
    low, high = expected.min(), expected.max()
    if low >= 0 and high <= 1 and (found.min() < 0 or found.max() > 1):
        return "; it leaves the range from 0 to 1"
    return ""


def _shorten(value):
    return (
        f"{float(value):.4g}"
        if np.ndim(value) == 0
        else f"of shape {np.shape(value)}"
    )
