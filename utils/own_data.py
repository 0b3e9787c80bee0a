"""Data of one's own: read whatever they are, look at them, split them.

`utils.images`, `utils.tables` and `utils.series` each have one kind of data.
"""

import hashlib
import os
import zipfile
from pathlib import Path
from typing import NamedTuple

from utils.data import Part
from utils.images import SUFFIXES, read_images, show_name
from utils.series import find_borders
from utils.tables import read_table

import numpy as np
import pandas as pd

# A larger array stays on the disk, and is read as far as it is needed.
MOST_BYTES = 2**30


class Advice(NamedTuple):
    """What fits some data: see `look_at`."""

    last_layer: str
    loss: str
    baseline: str
    multiple: int
    remarks: list


def read_data(source, key: str | None = None):
    """Read data of one's own, from a folder, a file or an array.

    Parameters
    ----------
    source : str, Path, array or pandas.DataFrame
        A folder of images or an image file; a file of NumPy (.npz, .npy); a
        table (.csv, .tsv, .txt); or what is in memory already.
    key : str, optional
        Which array of an .npz file; by default `x`, `x_train` or the only one.

    Returns
    -------
    utils.images.Images, pandas.DataFrame or array
        As `utils.images.read_images` and `utils.tables.read_table` return
        them; arrays as they are. An .npy file of more than 1 GiB is not read
        but mapped.

    Raises
    ------
    FileNotFoundError
        If there is no such folder or file.
    ValueError
        If a file is damaged or of another kind.

    Examples
    --------
    >>> read_data([[0, 1], [2, 3]]).shape
    (2, 2)
    """
    if isinstance(source, pd.DataFrame):
        return read_table(source)
    if not isinstance(source, str | os.PathLike):
        return _make_array(source)
    path = Path(source).expanduser()
    suffix = path.suffix.lower()
    if path.is_dir() or suffix in SUFFIXES:
        return read_images(path)
    if not path.exists():
        raise FileNotFoundError(
            f"there is no folder or file {show_name(path)} (looked for in "
            f"{show_name(Path.cwd())}): correct the name, or give the whole "
            "path"
        )
    if suffix in (".npz", ".npy"):
        return _read_numpy(path, key)
    if suffix in (".csv", ".tsv", ".txt", ".data", ".dat"):
        return read_table(path)
    raise ValueError(
        f"{show_name(path)} is of a kind that is not read here: give a folder "
        "of images (unpack an archive first), an .npz, .npy or .csv file, or "
        "an array"
    )


def split_data(
    x, labels=None, shares=(0.7, 0.15, 0.15), seed: int = 42
) -> tuple[Part, ...]:
    """Split data at random into parts, with equal rows in one part.

    Otherwise a model is tested on rows that it has learned.

    Parameters
    ----------
    x : array, shape (n, ...), or pandas.DataFrame
        Split a series with `utils.series.split_series`, for its neighboring
        windows are nearly equal.
    labels : array, shape (n,), optional
    shares : sequence of float
        For train, valid and test; their sum is 1.
    seed : int
        The same seed gives the same parts.

    Returns
    -------
    tuple of Part
        One for each share: `x` of the type of `x`, and `y`, None without
        labels. Each has at least one row.

    Raises
    ------
    ValueError
        If there are fewer different rows than parts, or the lengths differ.

    Examples
    --------
    >>> x = np.array([[0], [1], [2], [3], [4], [5], [5], [5]])
    >>> train, valid, test = split_data(x, seed=0)
    >>> [sorted(part.x[:, 0].tolist()) for part in (train, valid, test)]
    [[2, 3, 4, 5, 5, 5], [0], [1]]
    """
    if not isinstance(x, pd.DataFrame):
        x = _make_array(x)
    if labels is not None:
        labels = np.asarray(labels)
        if len(labels) != len(x):
            raise ValueError(
                f"there are {len(x)} rows and {len(labels)} labels: they "
                "must match"
            )
    groups = _number_equal_rows(x)
    n_groups = len(np.unique(groups))
    find_borders(n_groups, shares)
    order = np.random.default_rng(seed).permutation(n_groups)
    counts = np.bincount(groups)[order]
    # Groups, in this order, until the share of the rows is reached.
    ends = np.cumsum(counts)
    goals = np.cumsum(shares)[:-1] * len(x)
    borders = np.searchsorted(ends, goals - 0.5) + 1
    borders = _leave_none_empty(borders, len(order))
    part_of_group = np.empty(len(order), int)
    part_of_group[order] = np.searchsorted(
        borders, np.arange(len(order)), side="right"
    )
    part_of_row = part_of_group[groups]
    parts = []
    for i in range(len(shares)):
        rows = np.flatnonzero(part_of_row == i)
        picked = x.iloc[rows] if isinstance(x, pd.DataFrame) else x[rows]
        parts.append(Part(picked, None if labels is None else labels[rows]))
    return tuple(parts)


def look_at(x, labels=None) -> Advice:
    """Print what data are like, and which model and baseline fit them.

    Parameters
    ----------
    x : array, shape (n, ...), or pandas.DataFrame
    labels : array, shape (n,), optional

    Returns
    -------
    Advice
        `last_layer` : the activation of the last layer, as Keras calls it.
        `loss` : the loss, as Keras calls it.
        `baseline` : what an autoencoder has to beat.
        `multiple` : the largest power of 2 that divides height and width,
        1 for other data: so often a network may halve them.
        `remarks` : list of str, what to do before the training.

    Raises
    ------
    ValueError
        If there are no rows, or no numbers.

    Examples
    --------
    >>> advice = look_at(np.linspace(0, 1, 24).reshape(2, 3, 4, 1))
    shape        2 x 3 x 4 x 1 (images: n, height, width, channels)
    type         float64
    range        0 to 1, mean 0.5
    NaN          none
    constant     0 of 12 columns
    duplicates   0 of 2 rows
    last layer   sigmoid
    loss         binary_crossentropy
    baseline     mean image, PCA with as many codes
    multiple     1
    remark       3 x 4 pixels cannot be halved: pad_images(x, 4), crop_images
    >>> advice.last_layer
    'sigmoid'
    """
    remarks = []
    if isinstance(x, pd.DataFrame):
        return _look_at_frame(x)
    x = _make_array(x)
    if x.dtype.kind not in "biuf":
        raise ValueError(
            f"x holds {x.dtype}, not numbers: for a table with text use "
            "utils.tables.read_table and TableCoder"
        )
    if x.size == 0:
        raise ValueError(f"x is empty: shape {x.shape}")
    n = len(x)
    kind, rows_are = _name_kind(x)
    is_nan = ~np.isfinite(x) if x.dtype.kind == "f" else np.zeros(1, bool)
    finite = x[~is_nan] if is_nan.any() else x
    if finite.size == 0:
        raise ValueError("x holds no number, only NaN or infinity")
    low, high = float(finite.min()), float(finite.max())
    flat = x.reshape(n, -1)
    n_constant = int((flat.max(axis=0) == flat.min(axis=0)).sum())
    n_twice = n - len(np.unique(_number_equal_rows(x)))
    last_layer, loss = _choose_loss(finite, low, high, kind, remarks)
    multiple = 1
    if kind == "images":
        multiple = _find_multiple(x.shape[1:3])
        if multiple < 4:
            remarks.append(_advise_padding(x.shape[1:3]))
    if is_nan.any():
        remarks.append("fill or leave out NaN and infinity first")
    if n_constant and n > 1 and kind == "rows":
        remarks.append("leave out constant columns, they cannot be scaled")
    if n_twice:
        remarks.append(
            "split with split_data, which keeps equal rows together"
        )
    if n == 1:
        remarks.append("one row: nothing to learn from, only to try a model")
    baseline = {
        "images": "mean image, PCA with as many codes",
        "series": "mean, PCA on flat windows with as many codes",
        "rows": "mean, PCA with as many codes",
    }[kind]
    lines = {
        "shape": f"{' x '.join(map(str, x.shape))} ({kind}: {rows_are})",
        "type": str(x.dtype),
        "range": f"{low:.4g} to {high:.4g}, mean {finite.mean():.4g}",
        "NaN": f"{is_nan.sum()} values" if is_nan.any() else "none",
        "constant": f"{n_constant} of {flat.shape[1]} columns",
        "duplicates": f"{n_twice} of {n} rows",
    }
    if labels is not None:
        lines["labels"] = _describe_labels(labels, n)
    advice = Advice(last_layer, loss, baseline, multiple, remarks)
    _print_lines(lines, advice)
    return advice


def _print_lines(lines, advice):
    lines = lines | {
        "last layer": advice.last_layer,
        "loss": advice.loss,
        "baseline": advice.baseline,
        "multiple": str(advice.multiple),
    }
    for name, text in lines.items():
        print(f"{name:12} {text}")
    for remark in advice.remarks:
        print(f"{'remark':12} {remark}")


def _describe_labels(labels, n):
    labels = np.asarray(labels)
    if len(labels) != n:
        raise ValueError(
            f"there are {n} rows and {len(labels)} labels: they must match"
        )
    values, counts = np.unique(labels, return_counts=True)
    if len(values) > 10:
        return f"{len(values)} different"
    named = [
        f"{show_name(value)} ({count})"
        for value, count in zip(values, counts, strict=True)
    ]
    if len(named) > 4:
        # The line has to fit on a page: more is in the labels themselves.
        return f"{len(named)} different: {', '.join(named[:3])}, ..."
    return ", ".join(named)


def _look_at_frame(frame):
    numbers = frame.select_dtypes("number").shape[1]
    advice = Advice(
        "linear for numbers, softmax for each group of categories",
        "mse for numbers, categorical_crossentropy for each group",
        "most frequent value and mean, PCA with as many codes",
        1,
        ["code it with TableCoder, then look at the numbers"],
    )
    lines = {
        "shape": f"{len(frame)} x {frame.shape[1]} (table)",
        "type": f"{numbers} columns of numbers, "
        f"{frame.shape[1] - numbers} of others",
        "NaN": f"{int(frame.isna().sum().sum())} missing values",
        "constant": f"{int((frame.nunique(dropna=False) == 1).sum())} of "
        f"{frame.shape[1]} columns",
        "duplicates": f"{int(frame.duplicated().sum())} of {len(frame)} rows",
    }
    _print_lines(lines, advice)
    return advice


def _name_kind(x):
    if x.ndim == 4:
        return "images", "n, height, width, channels"
    if x.ndim == 3 and x.shape[2] >= 8:
        return "images", "n, height, width"
    if x.ndim == 3:
        return "series", "n, steps, values"
    return "rows", "n, values"


def _choose_loss(x, low, high, kind, remarks):
    """Return the last layer's activation and the loss for a range."""
    is_whole = x.dtype.kind in "biu" or bool((x == np.round(x)).all())
    if low >= 0 and high <= 1:
        return "sigmoid", "binary_crossentropy"
    if low >= 0 and is_whole and high <= 255 and kind == "images":
        remarks.append("gray levels: divide by 255 first")
        return "sigmoid", "binary_crossentropy"
    if low >= 0 and is_whole and high <= 65535 and kind == "images":
        remarks.append("gray levels of 16 bits: divide by 65535 first")
        return "sigmoid", "binary_crossentropy"
    if low >= 0 and is_whole:
        remarks.append("counts: log1p(x), scaled, with mse is an alternative")
        return "softplus", "poisson"
    if low >= -1 and high <= 1:
        return "tanh", "mse"
    spread = np.std(x, axis=0) if x.ndim == 2 and len(x) > 1 else np.std(x)
    if np.max(spread) > 3 or np.max(spread) < 0.3:
        remarks.append(
            "scale each column to mean 0 and standard deviation 1, as "
            "measured on the train part"
        )
    return "linear", "mse"


def _find_multiple(sides):
    multiple = 1
    while all(side % (2 * multiple) == 0 for side in sides):
        multiple *= 2
    return multiple


def _advise_padding(sides):
    height, width = sides
    times = (
        "cannot be halved"
        if _find_multiple(sides) == 1
        else ("can be halved once only")
    )
    return f"{height} x {width} pixels {times}: pad_images(x, 4), crop_images"


def _number_equal_rows(x):
    """Return a number for each row, the same for equal rows."""
    if isinstance(x, pd.DataFrame):
        hashes = pd.util.hash_pandas_object(x, index=False)
        return pd.factorize(hashes)[0]
    hashes = [
        hashlib.blake2b(np.ascontiguousarray(row), digest_size=16).digest()
        for row in x
    ]
    return pd.factorize(np.array(hashes, object))[0]


def _leave_none_empty(borders, n):
    """Return borders that grow, from 1 to n - 1."""
    borders = np.array(borders)
    for i in range(len(borders)):
        at_least = borders[i - 1] + 1 if i else 1
        at_most = n - (len(borders) - i)
        borders[i] = min(max(borders[i], at_least), at_most)
    return borders


def _make_array(x):
    try:
        x = np.asanyarray(x)
    except ValueError:
        raise ValueError(
            "x has rows of different lengths: make them one array with "
            "utils.series.pad_sequences"
        ) from None
    if x.ndim == 0:
        raise ValueError(
            f"x is one {type(x[()]).__name__}: give an array of rows, a "
            "folder or a file"
        )
    return x[:, None] if x.ndim == 1 else x


def _read_numpy(path, key):
    is_large = path.suffix.lower() == ".npy" and (
        path.stat().st_size > MOST_BYTES
    )
    mode = "r" if is_large else None
    try:
        data = np.load(path, allow_pickle=False, mmap_mode=mode)
        if isinstance(data, np.ndarray):
            return _make_array(data)
        with data:
            key = _choose_key(data.files, key)
            if key is not None:
                return _make_array(data[key])
    except (OSError, EOFError, ValueError, zipfile.BadZipFile):
        raise ValueError(
            f"{show_name(path)} is damaged, or holds no arrays of numbers: "
            "write it again with np.savez"
        ) from None
    raise ValueError(
        f"{show_name(path)} holds {', '.join(data.files) or 'no array'}: say "
        "which one with key=..."
    )


def _choose_key(names, key):
    wanted = [key] if key else ["x", "x_train", *names[: len(names) == 1]]
    return next((name for name in wanted if name in names), None)
