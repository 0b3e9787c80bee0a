"""Keep what was trained or computed, and use it again."""

import functools
import inspect
import io
import json
import lzma
import os
import time
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from utils.backend import tf
from utils.files import find_sha256, write_whole
from utils.fingerprint import UnknownObjectError, describe

import keras
import numpy as np
import scipy
import sklearn
from threadpoolctl import threadpool_limits

LONG = 5  # seconds after which a call says how long it took
MODELS = Path(__file__).resolve().parent.parent / "build" / "models"

# What zipfile, its decompressors, NumPy and json raise if a file is damaged.
# A MemoryError is not among them: the machine is too small, the file is good.
_DAMAGES = (
    EOFError,
    KeyError,
    OSError,  # from bz2
    RuntimeError,  # a flag says that the file is encrypted
    ValueError,
    lzma.LZMAError,
    zipfile.BadZipFile,
    zlib.error,
)


def round_alike() -> None:
    """Let the products of NumPy be rounded alike in each run.

    BLAS, the library behind `@`, divides a product among threads, and how it
    divides decides how the sums are rounded. Data that come from a product,
    codes of a PCA for instance, would differ in their last bit between a run
    alone and a run beside others, and a training on them would not be found
    again. So BLAS gets one thread in this process. TensorFlow's threads are
    its own, they stay.

    `utils.training.fit`, `train_once` and `remember` call this if they are to
    reuse something. Call it yourself before earlier products.
    """
    threadpool_limits(1, user_api="blas")


def find_key(model: keras.Model, arrays, settings) -> str | None:
    """Return a name for a training: another training has another name.

    It is the hash of a description (see `utils.fingerprint`) of the model with
    its layers, their weights and seeds, and what it was compiled with; of the
    data; of the settings; and of the versions of Keras, TensorFlow, NumPy,
    SciPy and scikit-learn.

    Parameters
    ----------
    model : keras.Model
        Compiled, not trained. If it is not built yet, it is built for the
        first of the arrays.
    arrays : sequence
        The data: arrays, or tuples or dicts of arrays.
    settings : dict or sequence
        What else makes it another training.

    Returns
    -------
    str or None
        24 hexadecimal digits; None, with a message, if the training holds
        something that cannot be described.
    """
    build_model(model, arrays[0])
    return _find_key(model.name, model, list(arrays), settings)


def build_model(model: keras.Model, inputs) -> None:
    """Build a model that is not built yet, for inputs of this kind.

    Its weights are drawn in the order in which training would draw them.

    Parameters
    ----------
    model : keras.Model
    inputs : array or tf.TensorSpec, shape (n, ...), or tuple or dict of these
    """
    if isinstance(inputs, list):
        inputs = np.asarray(inputs)
    if not model.built:
        model(
            tf.nest.map_structure(
                lambda array: keras.Input(
                    array.shape[1:], dtype=array.dtype.name
                ),
                inputs,
            )
        )


def load_training(key: str, model: keras.Model) -> dict | None:
    """Set the weights that were kept under a key, and the random states.

    A damaged file is renamed and not used, with a message.

    Returns
    -------
    dict or None
        What `save_training` was given, or None if nothing is kept.
    """
    shapes = [tuple(variable.shape) for variable in model.variables]
    found = _load(key, shapes)
    if found is None:
        return None
    record, arrays = found
    for variable, array in zip(model.variables, arrays, strict=True):
        variable.assign(array)
    return record


def save_training(key: str, model: keras.Model, record: dict) -> None:
    """Keep the weights of a model, and what is known of its training.

    The states of random layers are kept too, because what follows the training
    draws from them. If nothing can be written, a message says so.

    Parameters
    ----------
    key : str
        From `find_key`.
    model : keras.Model
        Trained.
    record : dict
        What `json.dumps` can write.
    """
    _save(key, [variable.numpy() for variable in model.variables], record)


def remember(reuse: bool) -> Callable:
    """Make a function that takes long remember what it has returned.

    A call that took long says how long, so that a loop of them shows its
    progress. With `reuse` it looks under build/models for what the same
    function has returned for the same arguments, and leaves it there for the
    next time. The function is another one if its code changes, or the
    functions and constants that it refers to, or a library's version.

    Parameters
    ----------
    reuse : bool
        Without it, the function is only timed.

    Returns
    -------
    callable
        A decorator for functions that return an array. What it makes has the
        attribute `seconds`: how long the last call took, when it was done.

    Examples
    --------
    >>> @remember(reuse=False)
    ... def add_all(points):
    ...     return points.sum(axis=0)
    >>> add_all(np.ones((3, 2)))
    array([3., 3.])
    >>> add_all.seconds < 1
    True
    """

    def decorate(function):
        @functools.wraps(function)
        def call(*args, **kwargs):
            key = None
            if reuse:
                bound = inspect.signature(function).bind(*args, **kwargs)
                bound.apply_defaults()
                key = _find_key(function.__name__, function, bound.arguments)
            found = None if key is None else _load(key, [None])
            if found is not None:
                record, (result,) = found
                call.seconds = record["seconds"]
                print(
                    f"{function.__name__}: result of {record['date']}, "
                    f"took {call.seconds:.1f} s"
                )
                return result
            start = time.perf_counter()
            result = function(*args, **kwargs)
            call.seconds = time.perf_counter() - start
            if call.seconds > LONG:
                print(f"{function.__name__}: took {call.seconds:.1f} s")
            if key is None:
                return result
            if isinstance(result, np.ndarray) and not result.dtype.hasobject:
                _save(key, [result], {"seconds": call.seconds})
            else:
                kind = type(result).__name__
                print(f"{function.__name__}: not kept, {kind} is not an array")
            return result

        return call

    if reuse:
        round_alike()
    return decorate


def _find_key(name, *parts):
    """Return the hash of a description; None if there is no description."""
    versions = {
        library.__name__: library.__version__
        for library in (keras, tf, np, scipy, sklearn)
    }
    try:
        description = describe([*parts, versions])
    except UnknownObjectError as error:
        print(f"{name} is done anew and not kept: {error}")
        return None
    return find_sha256(json.dumps(description).encode())[:24]


def _load(key, shapes):
    """Return the record and arrays of these shapes, None if not kept."""
    path = MODELS / f"{key}.npz"
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        print(f"{path} cannot be read ({error.strerror}): done again")
        return None
    try:
        return _read(content, shapes)
    except _DAMAGES as error:
        # Another run may have renamed it already, or the folder is read-only.
        with suppress(OSError):
            os.replace(path, path.with_suffix(".damaged"))
        print(f"{path.name} is damaged ({error}): set aside, done again")
        return None


def _read(content, shapes):
    # The checksums first: NumPy would believe any size that it reads.
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        damaged = archive.testzip()
    if damaged is not None:
        raise ValueError(f"the checksum of {damaged} is another")
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        record = json.loads(str(file["record"]))
        arrays = [file[str(i)] for i in range(len(shapes))]
    for array, shape in zip(arrays, shapes, strict=True):
        if shape is not None and array.shape != shape:
            raise ValueError(f"an array is {array.shape}, not {shape}")
    return record, arrays


def _save(key, arrays, record):
    named = {str(i): array for i, array in enumerate(arrays)}
    record = record | {"date": f"{datetime.now():%Y-%m-%d %H:%M}"}
    content = io.BytesIO()
    np.savez(content, record=json.dumps(record), **named)
    try:
        write_whole(MODELS / f"{key}.npz", content.getvalue())
    # What took hours to train is not lost with the lesson.
    except OSError as error:
        print(
            f"not kept: cannot write into {MODELS} ({error.strerror}); make "
            "room there, or make it writable"
        )
