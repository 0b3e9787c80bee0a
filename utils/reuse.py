"""What was trained or computed once is used again."""

import functools
import hashlib
import inspect
import json
import os
import re
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from utils.backend import tf

import joblib
import keras
import numpy as np
import sklearn

LONG = 5  # seconds, after which one wants to see that something happens
MODELS = Path(__file__).resolve().parent.parent / "build" / "models"


def find_key(model: keras.Model, arrays, settings) -> str:
    """Return a name for a training: another training has another name.

    It is made from the graph of the model and its loss, as TensorFlow traces
    it, so that a layer, an activation, a constant or a loss that is changed
    in any place of a lesson counts, and a name or a comment does not; from
    the initial weights, which are the seed's; from every byte of the data;
    from the settings; and from the versions of Keras and TensorFlow.

    Parameters
    ----------
    model : keras.Model
        Compiled, not trained.
    arrays : sequence of array
        The data: inputs and targets first.
    settings : dict or sequence
        All else that counts.

    Returns
    -------
    str
        Hexadecimal.
    """
    digest = hashlib.sha256()
    specs = [
        tf.TensorSpec([None, *np.shape(array)[1:]], np.asarray(array).dtype)
        for array in arrays[:2]
    ]
    digest.update(_trace(model, specs).encode())
    about = [keras.__version__, tf.__version__, settings]
    text = json.dumps(about, sort_keys=True, default=str)
    # Keras counts up the names of optimizers, too.
    digest.update(re.sub(r'_\d+"', '"', text).encode())
    known = {}
    for array in [*_read(model), *arrays]:
        # An autoencoder's target is its input: read it once.
        if id(array) not in known:
            array_ = np.ascontiguousarray(array)
            known[id(array)] = hashlib.sha256(array_).digest()
        digest.update(known[id(array)])
        digest.update(f"{array.dtype} {array.shape}".encode())
    return digest.hexdigest()[:24]


def load_training(key: str, model: keras.Model) -> dict | None:
    """Set the weights that were kept under a key.

    A damaged file is set aside, with a message.

    Returns
    -------
    dict or None
        What `save_training` was given, or None if nothing is kept.
    """
    variables = _find_variables(model)
    found = _load(key, [variable.shape for variable in variables])
    if found is None:
        return None
    for variable, value in zip(variables, found[1], strict=True):
        variable.assign(value)
    return found[0]


def save_training(key: str, model: keras.Model, record: dict) -> None:
    """Keep the weights of a model, and what is known of its training.

    Where they cannot be written it says so, and goes on.
    """
    _save(key, _read(model), record)


def remember(reuse: bool) -> Callable:
    """Make a function that takes long remember what it has returned.

    A call that took long says how long, so that a loop of them shows its
    progress. With `reuse` it looks under build/models for what the same source
    has returned for the same arguments, and leaves it there for the next time.
    What else the function reads does not count: give it as an argument.

    Parameters
    ----------
    reuse : bool
        Without it, the function is only timed.

    Returns
    -------
    callable
        A decorator for functions that return an array. What it makes has the
        attribute `seconds`: how long the last call took, when it was done.
    """

    def decorate(function):
        @functools.wraps(function)
        def call(*args, **kwargs):
            if reuse:
                bound = inspect.signature(function).bind(*args, **kwargs)
                bound.apply_defaults()
                source = inspect.getsource(function)
                about = source, dict(bound.arguments), sklearn.__version__
                key = joblib.hash(about)
                found = _load(key, [None])
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
            if reuse:
                _save(key, [result], {"seconds": call.seconds})
            return result

        return call

    return decorate


def _load(key, shapes):
    """Return the record and arrays of these shapes, None if not kept."""
    path = MODELS / f"{key}.npz"
    try:
        with np.load(path, allow_pickle=False) as file:
            record = json.loads(str(file["record"]))
            arrays = [file[str(i)] for i in range(len(shapes))]
        for array, shape in zip(arrays, shapes, strict=True):
            if shape is not None and array.shape != tuple(shape):
                raise ValueError(f"an array is {array.shape}, not {shape}")
    except FileNotFoundError:
        return None
    except OSError as error:
        print(f"{path} cannot be read ({error.strerror}): done again")
        return None
    # A damaged file makes zipfile and NumPy raise nearly anything.
    except Exception as error:
        # Another run may have done it already; here nothing may be writable.
        with suppress(OSError):
            os.replace(path, path.with_suffix(".damaged"))
        print(f"{path.name} is damaged ({error}): set aside, done again")
        return None
    return record, arrays


def _save(key, arrays, record):
    arrays = {str(i): array for i, array in enumerate(arrays)}
    record = record | {"date": f"{datetime.now():%Y-%m-%d %H:%M}"}
    try:
        MODELS.mkdir(parents=True, exist_ok=True)
        # Of two runs at once each renames a file of its own, whole.
        with tempfile.TemporaryDirectory(dir=MODELS, suffix=".part") as part:
            np.savez(f"{part}/whole.npz", record=json.dumps(record), **arrays)
            os.replace(f"{part}/whole.npz", MODELS / f"{key}.npz")
    # What took hours to train is not lost with the lesson.
    except OSError as error:
        print(
            f"not kept: cannot write into {MODELS} ({error.strerror}); make "
            "room there, or make it writable"
        )


def _find_variables(model):
    # Not those of metrics, which come and go with `compile`. The states of
    # random layers count: what follows the training draws from them.
    return [*model.weights, *_find_seeds(model)]


def _find_seeds(model):
    states = []
    for layer in model._flatten_layers():
        for value in vars(layer).values():
            if isinstance(value, keras.random.SeedGenerator):
                states.append(value.state)
    return states


def _read(model):
    return [variable.numpy() for variable in _find_variables(model)]


def _trace(model, specs):
    """Return the graph from a batch to its loss as text, without names."""

    def find_loss(x, y):
        return model.compute_loss(x, y, model(x, training=True))

    traced = tf.function(find_loss).get_concrete_function(*specs).graph
    graph = traced.as_graph_def()
    functions = {f.signature.name: f for f in graph.library.function}
    numbers, queue, texts = {}, [graph.node], []

    def number(match):
        name = match[2]
        if name in functions and name not in numbers:
            queue.append([functions[name]])
        return f"{match[1]}{numbers.setdefault(name, len(numbers))}"

    # Names count up with each model of a session; what they join stays.
    while queue:
        text = "".join(map(str, queue.pop(0)))
        text = re.sub(r'((?:name|input): )"([^"]*)"', number, text)
        texts.append(re.sub(r"_\d+", "", text))
    return "".join(texts)
