"""What a model is trained on: arrays or a data set, always in one form.

That form is a tuple of inputs, targets and, if there are any, sample weights.
Each of them is an array, or a tuple or dict of arrays for a model with several
inputs or outputs. A `tf.data.Dataset` yields such tuples, one for each batch.
"""

from utils.backend import tf
from utils.guards import (
    check_numbers,
    check_targets,
    is_of_keras,
    is_on_disk,
)

import keras
import numpy as np

PARTS = ("inputs", "targets", "sample_weight")


def take_data(model: keras.Model, data: tuple, loss, name: str = ""):
    """Return data in the form that this module describes, after a check.

    Parameters
    ----------
    model : keras.Model
        It tells whether a list is several inputs or the rows of one.
    data : tuple
        Inputs, targets and sample weights; the last ones may be None or
        missing. Without targets, the inputs are the targets. Inputs may be a
        `tf.data.Dataset`.
    loss : as `Model.compile` takes it
        For the check of the targets.
    name : str
        What messages write before "inputs", "targets" and "sample_weight".

    Returns
    -------
    tuple or tf.data.Dataset

    Raises
    ------
    ValueError
        If these are no data to train on.
    """
    x, y, weights = (*data, None, None)[:3]
    if isinstance(x, tf.data.Dataset):
        if y is not None or weights is not None:
            raise ValueError(
                f"{name}inputs is a tf.data.Dataset: let it yield pairs of "
                "inputs and targets, or triples with sample weights; nothing "
                "can stand beside it"
            )
        data = _complete_dataset(x, name)
    else:
        data = _arrange_all(model, x, y, weights, name)
    rows = take_rows(data)
    for part, arrays in zip(PARTS, rows, strict=False):
        if part == "inputs" or arrays is not rows[0]:
            check_numbers(f"{name}{part}", arrays)
    _check_inputs(model, rows[0], f"{name}inputs", data)
    _check_outputs(model, rows[1], f"{name}targets", loss)
    check_targets(f"{name}targets", rows[1], loss)
    if len(rows) == 3:
        _check_weights(f"{name}sample_weight", rows[2])
    return data


def take_rows(data) -> tuple:
    """Return all rows of arrays, and the first batch of a data set."""
    if isinstance(data, tuple):
        return data
    return next(iter(data.take(1)))


def is_in_memory(data) -> bool:
    """Return whether data are arrays, none of which lies on the disk."""
    return isinstance(data, tuple) and not any(
        is_on_disk(array) for array in tf.nest.flatten(data)
    )


def count_batches(data, batch_size: int) -> int:
    """Return how many batches an epoch has."""
    if isinstance(data, tuple):
        return -(-len(tf.nest.flatten(data)[0]) // batch_size)
    return int(data.cardinality())


def _arrange_all(model, x, y, weights, name):
    inputs, outputs = (
        getattr(model, part, None) for part in ("inputs", "outputs")
    )
    is_own_target = y is None or y is x
    x = _arrange(x, inputs, f"{name}inputs")
    y = x if is_own_target else _arrange(y, outputs, f"{name}targets")
    data = x, y
    if weights is not None:
        if isinstance(weights, list) and isinstance(y, tuple):
            weights = tuple(weights)
        weights = _arrange(weights, outputs, f"{name}sample_weight")
        # Keras does not take a mask, True and False.
        data = (
            *data,
            tf.nest.map_structure(lambda w: np.asarray(w, "float32"), weights),
        )
    n = len(tf.nest.flatten(x)[0])
    for part, arrays in zip(PARTS, data, strict=False):
        for array in tf.nest.flatten(arrays):
            if len(array) != n:
                raise ValueError(
                    f"{name}inputs has {n} rows and {name}{part} "
                    f"{len(array)}: they must match"
                )
    return data


def _arrange(data, symbols, name):
    """Return an array, or a tuple or dict of arrays.

    `symbols` are the model's inputs or outputs, None if it does not tell them.
    """
    if isinstance(data, dict):
        return {key: _make_array(each, name) for key, each in data.items()}
    if isinstance(data, tuple) or (
        isinstance(data, list) and _has_parts(data, symbols)
    ):
        return tuple(_make_array(each, name) for each in data)
    return _make_array(data, name)


def _has_parts(data, symbols):
    """Return whether a list holds several inputs, and not the rows of one."""
    ranks = [len(getattr(each, "shape", ())) for each in data]
    if symbols is None:
        return min(ranks, default=0) > 0
    return ranks == [len(symbol.shape) for symbol in symbols]


def _make_array(data, name):
    if not tf.is_tensor(data):
        try:
            # A numpy.memmap stays one.
            data = np.asanyarray(data)
        except ValueError:
            raise ValueError(
                f"{name} have rows of different lengths: pad them with "
                "utils.series.pad_sequences, and give its mask as "
                "sample_weight"
            ) from None
    if len(data.shape) == 0:
        raise ValueError(
            f"{name} is one {type(data[()]).__name__}: give an array, or a "
            "tf.data.Dataset (it has from_generator)"
        )
    return data


def _complete_dataset(data, name):
    """Return a data set of pairs or triples whose length is known."""
    n = int(data.cardinality())
    if n == tf.data.INFINITE_CARDINALITY:
        raise ValueError(
            f"{name}inputs, a data set, never ends: say with .take(n) how "
            "many batches an epoch has"
        )
    if n == tf.data.UNKNOWN_CARDINALITY:
        raise ValueError(
            f"{name}inputs, a data set, does not tell how many batches it "
            "has: say it with "
            ".apply(tf.data.experimental.assert_cardinality(n))"
        )
    if n == 0:
        raise ValueError(f"{name}inputs is empty: a data set of no batches")
    if not isinstance(data.element_spec, tuple):
        return data.map(lambda x: (x, x))
    return data


def _check_inputs(model, inputs, name, data):
    """Refuse one row that stands for a batch, and rows of another shape."""
    symbols = getattr(model, "inputs", None)
    if not symbols or len(symbols) > 1 or isinstance(inputs, tuple | dict):
        return
    shape, wanted = tuple(inputs.shape), tuple(symbols[0].shape)
    if _are_alike(shape, wanted[1:]):
        remedy = (
            "if it is one image, write image[None]"
            if isinstance(data, tuple)
            else "give .batch(64) to the data set"
        )
        raise ValueError(
            f"{name} have shape {shape}, but the first axis has to count the "
            f"rows, as in {wanted}: {remedy}"
        )
    # Keras itself adds a last axis of 1, and takes it away.
    if not any(
        _are_alike(each[1:], wanted[1:])
        for each in (shape, (*shape, 1), shape[: -(shape[-1] == 1) or None])
    ):
        raise ValueError(
            f"{name} have shape {shape}, and the model takes {wanted}: "
            "reshape the data, pad or crop images (utils.images), or build "
            "the model for them"
        )


def _check_outputs(model, targets, name, loss):
    """Refuse targets of another shape than the outputs."""
    symbols = getattr(model, "outputs", None)
    is_sparse = "sparse" in str(getattr(loss, "name", loss)).lower()
    if (
        not symbols
        or len(symbols) > 1
        or isinstance(targets, tuple | dict)
        or is_sparse
        or not is_of_keras(loss)
    ):
        return
    shape, made = tuple(targets.shape), tuple(symbols[0].shape)
    # Keras adds or drops a last axis of length 1 by itself.
    fitting = [shape, (*shape, 1)]
    if shape[-1] == 1:
        fitting.append(shape[:-1])
    if not any(_are_alike(each[1:], made[1:]) for each in fitting):
        raise ValueError(
            f"{name} have shape {shape}, and the model gives {made}: pad "
            "images to a multiple (utils.images.pad_images), or cut its "
            "output with keras.layers.Cropping2D; a data set for an "
            "autoencoder yields pairs (x, x)"
        )


def _are_alike(shape, wanted):
    """Return whether two shapes are the same; None is any number."""
    return len(shape) == len(wanted) and all(
        None in pair or pair[0] == pair[1]
        for pair in zip(shape, wanted, strict=True)
    )


def _check_weights(name, weights):
    for array in tf.nest.flatten(weights):
        if np.min(array) < 0 or np.max(array) == 0:
            raise ValueError(
                f"{name} span [{np.min(array):.3g}, {np.max(array):.3g}]: "
                "weights are 0 or more, and some are above 0"
            )
