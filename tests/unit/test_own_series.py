"""Series as people have them: gaps, wrong order, unequal lengths."""

from utils.series import (
    cut_windows,
    find_borders,
    find_gaps,
    join_windows,
    pad_sequences,
    read_series,
    split_series,
)

import keras
import numpy as np
import pandas as pd
import pytest

RNG = np.random.default_rng(0)
HOURS = pd.date_range("2026-01-01", periods=50, freq="h")
WAVE = np.sin(np.arange(50) / 3)


def make_table(**columns):
    return pd.DataFrame(
        {"time": HOURS.astype(str), "x": WAVE, "y": 2 * WAVE} | columns
    )


def test_a_file_becomes_values_times_and_names(tmp_path, capsys):
    path = tmp_path / "Messung März.csv"
    make_table().to_csv(path, index=False, sep=";", decimal=",")
    x, times, columns = read_series(path)
    capsys.readouterr()
    np.testing.assert_allclose(x, np.stack([WAVE, 2 * WAVE], 1), atol=1e-6)
    assert x.dtype == np.float32 and columns == ["x", "y"]
    assert (times == HOURS.to_numpy()).all()
    assert read_series(path, columns=["y"]).x.shape == (50, 1)


def test_rows_are_sorted_and_equal_times_averaged(capsys):
    table = make_table()
    twice = table.iloc[:3].assign(x=10 + WAVE[:3])
    table = pd.concat([table, twice]).sample(frac=1, random_state=0)
    x, times, _ = read_series(table)
    assert (times == HOURS.to_numpy()).all()
    expected = WAVE + 5 * (np.arange(50) < 3)
    np.testing.assert_allclose(x[:, 0], expected, atol=1e-6)
    said = capsys.readouterr().out
    assert "sorted by time" in said and "3 rows" in said


def test_rows_with_missing_values_become_gaps(capsys):
    x = np.where(np.arange(50) % 20 == 7, np.nan, WAVE)
    x[40] = np.inf
    table = make_table(x=x)
    values, times, _ = read_series(table)
    assert len(values) == len(times) == 46 and np.isfinite(values).all()
    assert find_gaps(times).tolist() == [7, 26, 38, 44]
    assert "4 of 50 rows left out" in capsys.readouterr().out


# What is in the table, and the times of the first and the last row.
TIMES = {
    "none": ({}, 0, 23),
    "numbers": (
        {"timestamp": 1.7e9 + 60 * np.arange(24)},
        1.7e9,
        1.7e9 + 60 * 23,
    ),
    "months": (
        {"m": [f"{2020 + i // 12}-{i % 12 + 1:02}" for i in range(24)]},
        np.datetime64("2020-01-01"),
        np.datetime64("2021-12-01"),
    ),
    "day and clock": (
        {"d": ["1.2.2026"] * 24, "c": [f"{i}:00" for i in range(24)]},
        np.datetime64("2026-02-01T00:00"),
        np.datetime64("2026-02-01T23:00"),
    ),
    "zone": (
        {
            "t": pd.date_range(
                "2026-03-28 12:00", periods=24, freq="h", tz="CET"
            )
        },
        np.datetime64("2026-03-28T11:00"),
        np.datetime64("2026-03-29T10:00"),
    ),
}


@pytest.mark.parametrize("name", TIMES)
def test_the_column_that_says_when_is_found(name):
    columns, first, last = TIMES[name]
    series = read_series(pd.DataFrame(columns | {"x": WAVE[:24]}))
    assert series.x.shape == (24, 1) and series.columns == ["x"]
    assert series.times.dtype.kind == np.asarray(first).dtype.kind
    assert (series.times[0], series.times[-1]) == (first, last)
    assert not len(find_gaps(series.times))


def test_other_columns_are_left_out_and_said(capsys):
    table = make_table(state="on", nothing=np.nan)
    assert read_series(table).columns == ["x", "y"]
    said = capsys.readouterr().out
    assert "not numbers: state" in said and "empty: nothing" in said


@pytest.mark.parametrize(
    ("table", "settings", "message"),
    [
        (make_table(), {"time": "when"}, "no column 'when': choose.*'time'"),
        (make_table(), {"columns": ["z"]}, "no column 'z'"),
        (make_table(z="a"), {"time": "z"}, "neither dates nor numbers"),
        (make_table(z="a"), {"columns": ["z"]}, "'a', which is no number"),
        (make_table()[["time"]], {}, "no column of numbers"),
        (
            pd.DataFrame({"x": [1, None] * 5, "y": [None, 1] * 5}),
            {},
            "in each row a value is missing: give the columns",
        ),
        (make_table().head(0), {}, "0 rows"),
    ],
)
def test_what_is_no_series_is_refused(table, settings, message):
    with pytest.raises(ValueError, match=message):
        read_series(table, **settings)


# --- Windows -----------------------------------------------------------------


@pytest.mark.parametrize("times", [None, np.arange(30), HOURS[:30]])
@pytest.mark.parametrize("step", [1, 2, 3, 8, 11])
def test_windows_are_put_back(step, times):
    x = RNG.normal(size=(30, 2)).astype("float32")
    windows = cut_windows(x, 8, step, times)
    assert windows.shape == ((30 - 8) // step + 1, 8, 2)
    np.testing.assert_array_equal(windows[1], x[step : step + 8])
    found = join_windows(windows, 30, step, times)
    is_covered = np.isfinite(found).all(axis=1)
    np.testing.assert_array_equal(found[is_covered], x[is_covered])
    starts = range(0, 23, step)
    expected = {start + i for start in starts for i in range(8)}
    assert set(np.flatnonzero(is_covered)) == expected


def test_a_window_may_be_one_row_long():
    x = RNG.normal(size=(5, 2)).astype("float32")
    np.testing.assert_array_equal(cut_windows(x, 1), x[:, None])
    np.testing.assert_array_equal(join_windows(x[:, None], 5), x)


def test_windows_that_overlap_are_averaged():
    windows = np.arange(3.0)[:, None, None] + np.zeros((3, 2, 1))
    found = join_windows(windows, 4)
    assert found[:, 0].tolist() == [0, 0.5, 1.5, 2]
    # An error for each row of a window.
    assert join_windows(windows[..., 0], 4).tolist() == [0, 0.5, 1.5, 2]


def test_no_window_lies_over_a_gap():
    times = np.delete(np.arange(30), [9, 10, 20])
    x = times[:, None].astype("float32")
    assert find_gaps(times).tolist() == [9, 18]
    windows = cut_windows(x, 5, times=times)
    assert (np.diff(windows[..., 0], axis=1) == 1).all()
    assert len(windows) == 5 + 5 + 5
    found = join_windows(windows, len(x), times=times)
    np.testing.assert_array_equal(found, x)
    # A piece that is shorter than a window has none.
    found = join_windows(cut_windows(x, 9, times=times), 27, times=times)
    assert np.isfinite(found).all()
    with pytest.raises(ValueError, match="longest piece.* has 9; .*smaller"):
        cut_windows(x, 10, times=times)


def test_a_piece_too_short_for_a_window_stays_empty():
    times = np.r_[0:10, 20:23, 30:40]
    x = np.ones((23, 1))
    found = join_windows(cut_windows(x, 5, times=times), 23, times=times)
    assert np.flatnonzero(np.isnan(found[:, 0])).tolist() == [10, 11, 12]


def test_steps_may_differ_a_little():
    times = np.arange(40) + RNG.uniform(-0.1, 0.1, 40)
    assert not len(find_gaps(times))
    dates = HOURS + pd.to_timedelta(RNG.integers(-200, 200, 50), unit="s")
    assert not len(find_gaps(dates))
    assert not len(find_gaps([0.0])) and not len(find_gaps([0, 9]))


@pytest.mark.parametrize("times", [[0, 2, 1, 3], [0, 1, 1, 2]])
def test_times_have_to_grow(times):
    with pytest.raises(ValueError, match="grow"):
        find_gaps(times)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.ones((5, 1)), 6), "no window of 6 rows fits"),
        ((np.ones((0, 1)), 2), "has 0"),
        ((np.ones((5, 1)), 0), "at least 1"),
        ((np.ones((5, 1)), 2, 0), "at least 1"),
        ((np.ones((5, 1, 1)), 2), r"\(n, values\) is needed"),
        ((np.ones((5, 1)), 2, 1, np.arange(4)), "5 rows and 4 times"),
    ],
)
def test_windows_that_cannot_be_cut_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        cut_windows(*arguments)


def test_windows_that_cannot_be_joined_are_refused():
    windows = cut_windows(np.ones((20, 1)), 5, 2)
    for n, step in ((20, 1), (30, 2)):
        with pytest.raises(ValueError, match="8 windows, but .*as to cut"):
            join_windows(windows, n, step)
    with pytest.raises(ValueError, match="windows have shape"):
        join_windows(np.ones(5), 5)


# --- Blocks ------------------------------------------------------------------


@pytest.mark.parametrize("n", [3, 4, 7, 20, 1001])
def test_blocks_lie_one_after_the_other(n):
    parts = split_series(np.arange(n))
    np.testing.assert_array_equal(np.concatenate(parts), np.arange(n))
    assert all(len(part) for part in parts)
    if n > 20:
        shares = [len(part) / n for part in parts]
        np.testing.assert_allclose(shares, (0.7, 0.15, 0.15), atol=0.01)
    times = split_series(HOURS[:20])
    assert [len(part) for part in times] == [14, 3, 3]


@pytest.mark.parametrize("shares", [(0.5, 0.6), (1, 0), (-1, 2), 0.5, ()])
def test_shares_are_positive_and_add_up_to_1(shares):
    with pytest.raises(ValueError, match="add up to 1"):
        find_borders(10, shares)


def test_fewer_rows_than_blocks_are_refused():
    with pytest.raises(ValueError, match="2 .*rows cannot be split into 3"):
        split_series(np.arange(2))


# --- Sequences of different lengths ------------------------------------------


def test_sequences_are_padded_and_the_mask_says_where(capsys):
    lengths = [3, 1, 7, 5]
    sequences = [RNG.normal(size=(n, 2)) for n in lengths]
    x, mask = pad_sequences(sequences)
    assert x.shape == (4, 7, 2) and mask.shape == (4, 7)
    assert x.dtype == mask.dtype == np.float32
    assert mask.sum(axis=1).tolist() == lengths
    for row, n, each in zip(x, lengths, sequences, strict=True):
        np.testing.assert_allclose(row[:n], each, rtol=1e-6)
        assert not row[n:].any()
    assert not capsys.readouterr().out
    x, mask = pad_sequences(sequences, length=4)
    assert x.shape == (4, 4, 2) and mask.sum() == 3 + 1 + 4 + 4
    assert "2 of 4 sequences cut to 4" in capsys.readouterr().out
    assert pad_sequences([[1, 2], [3]], length=5)[0].shape == (2, 5, 1)


def test_the_mask_takes_the_padding_out_of_the_loss():
    sequences = [RNG.normal(size=(n, 2)) for n in (3, 1, 7)]
    x, mask = pad_sequences(sequences)
    made = RNG.normal(size=x.shape)
    total = sum(
        np.sum((each - row[: len(each)]) ** 2)
        for each, row in zip(sequences, made, strict=True)
    )
    mean = keras.losses.MeanSquaredError(reduction="mean_with_sample_weight")
    found = float(mean(x, made, sample_weight=mask))
    assert found == pytest.approx(total / (2 * (3 + 1 + 7)), rel=1e-5)
    over_all_steps = keras.losses.MeanSquaredError()
    found = float(over_all_steps(x, made, sample_weight=mask))
    assert found == pytest.approx(total / (2 * 21), rel=1e-5)


@pytest.mark.parametrize(
    ("sequences", "message"),
    [
        ([], "no sequence"),
        ([np.ones((2, 2)), np.ones((2, 3))], r"sequence 1 has shape \(2, 3\)"),
        ([np.ones((2, 2)), np.ones((0, 2))], "sequence 1 is empty"),
        ([[1.0, np.nan]], "holds NaN"),
        ([np.ones((2, 2, 2))], "sequence 0 has shape"),
    ],
)
def test_sequences_that_cannot_be_padded_are_refused(sequences, message):
    with pytest.raises(ValueError, match=message):
        pad_sequences(sequences)
