"""Series of one's own: read from a table, cut into windows and put back."""

import itertools
import os
from typing import NamedTuple

from utils.tables import find_times, read_frame

import numpy as np
import pandas as pd


class Series(NamedTuple):
    """Values `x` of shape (n, values), their `times`, and column names."""

    x: np.ndarray
    times: np.ndarray
    columns: list


def read_series(
    path: str | os.PathLike | pd.DataFrame,
    time: str | None = None,
    columns: list[str] | None = None,
) -> Series:
    """Read a series from a table with one row for each moment.

    Rows are sorted by time; rows of the same time are averaged; rows in which
    a value is missing are left out, so that they become gaps. One line is
    printed for each of these.

    Parameters
    ----------
    path : str, Path or pandas.DataFrame
        A CSV file; separator, decimal comma and encoding are found out.
    time : str, optional
        The column of dates or numbers that says when. By default the first
        column that holds dates, together with one of times of the day if
        there is one; or a column of numbers that is called time. Without one,
        the rows are counted.
    columns : list of str, optional
        Columns of values. By default all others that hold numbers.

    Returns
    -------
    Series
        `x` float32, shape (n, values), as in the file, not scaled; `times`,
        array of n datetime64 or numbers; `columns`, list of str.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If there is no such column, no column of numbers, or no row left.

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     {
    ...         "day": ["2026-01-02", "2026-01-01", "2026-01-03"],
    ...         "kWh": [2.0, 1.0, 4.0],
    ...     }
    ... )
    >>> series = read_series(table)
    rows sorted by day
    >>> series.x.tolist(), series.columns
    ([[1.0], [2.0], [4.0]], ['kWh'])
    """
    frame = read_frame(path)
    for name in (time, *(columns or ())):
        if name is not None and name not in frame:
            raise ValueError(
                f"there is no column {name!r}: choose from "
                f"{', '.join(map(repr, frame.columns))}"
            )
    time, times = find_times(frame, time)
    clock = _find_clock(frame, times)
    if clock is not None:
        print(f"times are made of {time} and {clock}")
        times = times + _read_clock(frame[clock])
    others = [name for name in frame.columns if name not in (time, clock)]
    values = frame[columns or others].copy()
    if columns is None:
        is_number = [
            pd.api.types.is_numeric_dtype(values[name]) for name in values
        ]
        dropped = values.columns[~np.array(is_number, bool)]
        if len(dropped):
            print(f"left out, not numbers: {', '.join(map(str, dropped))}")
        values = values.loc[:, is_number]
        empty = values.columns[values.isna().all()]
        if len(empty):
            print(f"left out, empty: {', '.join(map(str, empty))}")
        values = values.drop(columns=empty)
    if values.shape[1] == 0:
        raise ValueError(
            "there is no column of numbers beside the time: a series needs "
            "at least one"
        )
    for name in values:
        values[name] = _make_numbers(values[name])
    values = values.replace([np.inf, -np.inf], np.nan)
    values, times = _drop_missing(values, times)
    values, times = _sort_by_time(values, times, time)
    x = values.to_numpy("float32")
    return Series(x, times, [str(name) for name in values.columns])


def find_gaps(times) -> np.ndarray:
    """Find the rows before which time is missing.

    The usual step is the median of all steps; a gap is a step that is more
    than half again as long.

    Parameters
    ----------
    times : array, shape (n,)
        Dates or numbers that grow.

    Returns
    -------
    array of int
        The first row after each gap.

    Raises
    ------
    ValueError
        If the times are not sorted, or two are the same.

    Examples
    --------
    >>> find_gaps([0, 1, 2, 5, 6, 9])
    array([3, 5])
    """
    times = np.asarray(times)
    if times.ndim != 1:
        raise ValueError(f"times have shape {times.shape}: (n,) is needed")
    if len(times) < 3:
        return np.array([], int)
    steps = np.diff(times)
    if not (steps > np.zeros_like(steps)).all():
        raise ValueError(
            "times have to grow from row to row: sort them and join equal "
            "ones, as read_series does"
        )
    return np.flatnonzero(steps / np.median(steps) > 1.5) + 1


def cut_windows(x, length: int, step: int = 1, times=None) -> np.ndarray:
    """Cut a series into windows, none of which lies over a gap.

    Parameters
    ----------
    x : array, shape (n, values) or (n,)
    length : int
        Rows of a window.
    step : int
        Rows from the start of a window to the start of the next.
    times : array, shape (n,), optional
        Gaps are looked for in these. Without it there is no gap.

    Returns
    -------
    array, shape (windows, length, values)
        A copy, of the type of `x`.

    Raises
    ------
    ValueError
        If no window fits, or lengths do not match.

    Examples
    --------
    >>> x = np.arange(6.0)
    >>> cut_windows(x, length=3, step=2)[..., 0].tolist()
    [[0.0, 1.0, 2.0], [2.0, 3.0, 4.0]]
    >>> cut_windows(x, length=3, times=[0, 1, 7, 8, 9, 10])[..., 0].tolist()
    [[2.0, 3.0, 4.0], [3.0, 4.0, 5.0]]
    """
    x = _check_series(x)
    starts = _find_starts(len(x), length, step, times)
    windows = np.lib.stride_tricks.sliding_window_view(x, length, axis=0)
    return np.ascontiguousarray(np.moveaxis(windows, -1, 1)[starts])


def join_windows(windows, n: int, step: int = 1, times=None) -> np.ndarray:
    """Put windows back together: the mean where they overlap.

    Parameters
    ----------
    windows : array, shape (windows, length, values) or (windows, length)
        What a model made of the windows of `cut_windows`, or an error for
        each of their rows.
    n : int
        Rows of the series.
    step, times
        As they were given to `cut_windows`.

    Returns
    -------
    array, shape (n, values) or (n,), float32
        NaN where no window lies: beside gaps that leave no room, and at the
        end if the step does not divide.

    Raises
    ------
    ValueError
        If there are not as many windows as `cut_windows` makes.

    Examples
    --------
    >>> windows = cut_windows(np.arange(6.0), length=4, step=2)
    >>> join_windows(windows, n=6, step=2)[:, 0].tolist()
    [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    """
    windows = np.asarray(windows)
    if windows.ndim not in (2, 3):
        raise ValueError(
            f"windows have shape {windows.shape}: (windows, length) or "
            "(windows, length, values) is needed"
        )
    length = windows.shape[1]
    starts = _find_starts(n, length, step, times)
    if len(starts) != len(windows):
        raise ValueError(
            f"there are {len(windows)} windows, but a series of {n} rows has "
            f"{len(starts)} windows of length {length} and step {step}: give "
            "n, step and times as to cut_windows"
        )
    total = np.zeros((n, *windows.shape[2:]))
    count = np.zeros(n)
    for i in range(length):
        # Within one i, no row comes twice.
        total[starts + i] += windows[:, i]
        count[starts + i] += 1
    count[count == 0] = np.nan
    count = count.reshape(-1, *[1] * (total.ndim - 1))
    return (total / count).astype("float32")


def split_series(x, shares=(0.7, 0.15, 0.15)) -> tuple:
    """Split a series into blocks, one after the other in time.

    Windows are cut from each block afterwards, so that none lies in two of
    them, and the model is tested on what comes later.

    Parameters
    ----------
    x : array, shape (n, ...)
        Or the times; the same shares give the same rows.
    shares : sequence of float
        Their sum is 1.

    Returns
    -------
    tuple of array
        One for each share, of the type of `x`.

    Raises
    ------
    ValueError
        If a block would be empty, or the shares are not positive numbers that
        add up to 1.

    Examples
    --------
    >>> train, valid, test = split_series(np.arange(20))
    >>> len(train), len(valid), test.tolist()
    (14, 3, [17, 18, 19])
    """
    borders = find_borders(len(x), shares)
    return tuple(
        x[start:stop]
        for start, stop in zip([0, *borders], [*borders, len(x)], strict=True)
    )


def find_borders(n: int, shares) -> list[int]:
    """Return where n rows are cut, so that no part is empty.

    Parameters
    ----------
    n : int
    shares : sequence of float
        Positive, their sum is 1.

    Raises
    ------
    ValueError
        If there are fewer rows than parts, or the shares do not add up to 1.

    Examples
    --------
    >>> find_borders(10, (0.5, 0.25, 0.25))
    [5, 8]
    """
    shares = np.asarray(shares, float)
    if (
        shares.ndim != 1
        or not (shares > 0).all()
        or abs(sum(shares) - 1) > 0.01
    ):
        raise ValueError(
            f"shares are {shares.tolist()}: positive numbers that add up to 1 "
            "are needed, such as (0.7, 0.15, 0.15)"
        )
    parts = len(shares)
    if n < parts:
        raise ValueError(
            f"{n} different rows cannot be split into {parts} parts: more "
            "data are needed, or fewer shares"
        )
    borders = np.round(n * np.cumsum(shares)[:-1] + 1e-9).astype(int)
    # At least one row for each part before and after.
    borders = np.maximum(borders, np.arange(1, parts))
    for i in range(1, parts - 1):
        borders[i] = max(borders[i], borders[i - 1] + 1)
    borders = np.minimum(borders, n - np.arange(parts - 1, 0, -1))
    return borders.tolist()


def pad_sequences(sequences, length: int | None = None):
    """Make sequences of different lengths one array, with a mask.

    Parameters
    ----------
    sequences : sequence of array, shape (steps, values) or (steps,)
        The number of steps may differ, the number of values may not.
    length : int, optional
        By default that of the longest. Longer ones are cut off at the end,
        and a line says so.

    Returns
    -------
    x : array, shape (n, length, values), float32
        0 after the end of a sequence.
    mask : array, shape (n, length), float32
        1 where a step is real, 0 where it is padding: what `fit` takes as
        `sample_weight`, so that the padding does not count. Keras divides by
        the number of all steps; a loss with
        `reduction="mean_with_sample_weight"` divides by that of the real ones.

    Raises
    ------
    ValueError
        If there is no sequence, one is empty or holds NaN, or they differ in
        the number of values.

    Examples
    --------
    >>> x, mask = pad_sequences([[1.0, 2.0, 3.0], [4.0]])
    >>> x[..., 0].tolist(), mask.tolist()
    ([[1.0, 2.0, 3.0], [4.0, 0.0, 0.0]], [[1.0, 1.0, 1.0], [1.0, 0.0, 0.0]])
    """
    arrays = [np.asarray(each, "float32") for each in sequences]
    if not arrays:
        raise ValueError("there is no sequence to pad")
    arrays = [each[:, None] if each.ndim == 1 else each for each in arrays]
    for i, each in enumerate(arrays):
        if each.ndim != 2 or each.shape[1] != arrays[0].shape[1]:
            raise ValueError(
                f"sequence {i} has shape {each.shape} and the first one "
                f"{arrays[0].shape}: (steps, values) with the same number of "
                "values is needed"
            )
        if len(each) == 0 or np.isnan(each).any():
            raise ValueError(
                f"sequence {i} is empty or holds NaN: leave it out, or fill "
                "what is missing"
            )
    lengths = np.array([len(each) for each in arrays])
    length = length or int(lengths.max())
    n_cut = int((lengths > length).sum())
    if n_cut:
        print(f"{n_cut} of {len(arrays)} sequences cut to {length} steps")
    x = np.zeros((len(arrays), length, arrays[0].shape[1]), "float32")
    for row, each in zip(x, arrays, strict=True):
        row[: len(each)] = each[:length]
    mask = np.arange(length) < lengths[:, None]
    return x, mask.astype("float32")


def _find_clock(frame, times):
    """Return the column of times of the day beside a column of days."""
    is_date = np.issubdtype(times.dtype, np.datetime64)
    if not is_date or (times != times.astype("datetime64[D]")).any():
        return None
    for name in frame:
        if pd.api.types.is_string_dtype(frame[name]):
            texts = frame[name].astype(str)
            if texts.str.fullmatch(r"\d\d?:\d\d(:\d\d)?").all():
                return name
    return None


def _read_clock(texts):
    # 12:30 is 12:30:00.
    whole = texts.where(texts.str.count(":") == 2, texts + ":00")
    return pd.to_timedelta(whole).to_numpy("timedelta64[ns]")


def _make_numbers(column):
    numbers = pd.to_numeric(column, errors="coerce")
    strange = column[numbers.isna() & column.notna()]
    if len(strange):
        raise ValueError(
            f"column {column.name!r} holds {strange.iloc[0]!r}, which is no "
            "number: correct the file, or name other columns"
        )
    return numbers.astype("float64")


def _drop_missing(values, times):
    is_whole = values.notna().all(axis=1) & ~pd.isna(times)
    n_dropped = int((~is_whole).sum())
    if n_dropped:
        print(
            f"{n_dropped} of {len(values)} rows left out, because a value is "
            "missing: they become gaps"
        )
    if not is_whole.any():
        raise ValueError(
            "in each row a value is missing: give the columns to read, such "
            "as columns=['temperature']"
        )
    return values[is_whole], times[is_whole.to_numpy()]


def _sort_by_time(values, times, name):
    order = np.argsort(times, kind="stable")
    if (order != np.arange(len(order))).any():
        print(f"rows sorted by {name}")
    values, times = values.iloc[order], times[order]
    n_twice = len(times) - len(np.unique(times))
    if n_twice:
        print(f"{n_twice} rows of a time that comes twice: averaged")
        values = values.groupby(times).mean()
        times = np.unique(times)
    return values, times


def _check_series(x):
    x = np.asarray(x)
    if x.ndim == 1:
        x = x[:, None]
    if x.ndim != 2:
        raise ValueError(
            f"a series of shape {x.shape}: (n,) or (n, values) is needed"
        )
    return x


def _find_starts(n, length, step, times):
    """Return the first row of each window."""
    if length < 1 or step < 1:
        raise ValueError(
            f"length is {length} and step {step}: both have to be at least 1"
        )
    gaps = [] if times is None else find_gaps(times)
    if times is not None and len(times) != n:
        raise ValueError(
            f"there are {n} rows and {len(times)} times: they must match"
        )
    edges = [0, *gaps, n]
    pieces = list(itertools.pairwise(edges))
    starts = [np.arange(a, b - length + 1, step) for a, b in pieces]
    starts = np.concatenate(starts)
    if len(starts) == 0:
        longest = max(b - a for a, b in pieces)
        raise ValueError(
            f"no window of {length} rows fits: the longest piece without a "
            f"gap has {longest}; choose a smaller length"
        )
    return starts.astype(int)
