"""Lessons as if they had been executed, with what they would have left."""

import copy
import functools
import re
from unittest import mock

from utils import explore
from utils.tools.lessons import get_tags

import numpy as np
from nbformat.v4 import new_code_cell, new_output

# One black pixel.
PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgAB"
    "4iG8MwAAAABJRU5ErkJggg=="
)
ALT = "A picture of this test."


def leave(steps, explorer):
    """Return what `leave_decoder` puts into the outputs."""
    with mock.patch.object(explore, "display") as display:
        explore.leave_decoder(steps, explorer)
    return display.call_args.args[0]


@functools.cache
def make_decoder():
    """Return what a decoder of lesson 07's sizes leaves, with Keras's pixels.

    Its weights are random, and larger than at the start of a training.
    """
    from utils.backend import tf  # noqa: F401, silences what follows

    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    start = keras.initializers.HeNormal
    decoder = keras.Sequential(
        [
            keras.Input((2,)),
            layers.Dense(128, "gelu", bias_initializer="normal"),
            layers.Dense(256, "gelu", kernel_initializer=start(0)),
            layers.Dense(784, kernel_initializer=start(1)),
            layers.Activation("sigmoid"),
        ]
    )
    setup = {
        "lows": [-2.0, -3.0],
        "highs": [2.0, 3.0],
        "codes": [0.5, 0.5],
        "map": f"data:image/png;base64,{PNG}",
        "alt": ALT,
    }
    explorer = mock.Mock(setup=setup, decode=lambda x: decoder(x).numpy())
    return leave(decoder.layers, explorer)


def pretend(lesson, mode="full", decoder=None):
    """Return a lesson as if papermill had executed it, with a mode set.

    Where it shows a picture there is one; where it leaves a decoder, that.
    """
    lesson = copy.deepcopy(lesson)
    lesson.metadata["papermill"] = {"parameters": {"mode": mode}}
    lesson.metadata["language_info"] = {"name": "python"}
    for cell in lesson.cells:
        if cell.cell_type != "code":
            continue
        if re.search(r"(?m)^\s*show\(|explore_codes\(", cell.source):
            picture = new_output("display_data", {"image/png": PNG})
            picture.metadata["image/png"] = {"alt": ALT}
            cell.outputs = [picture]
        if decoder and "metrics" in get_tags(cell):
            cell.outputs = [new_output("display_data", decoder)]
    injected = new_code_cell(f'mode = "{mode}"')
    injected.metadata["tags"] = ["injected-parameters"]
    lesson.cells.insert(3, injected)
    return lesson


def compute_pixels(description, weights, codes):
    """Compute in NumPy what docs/_static/page.js computes."""
    from scipy.special import erf

    functions = {
        "linear": lambda x: x,
        "relu": lambda x: np.maximum(x, 0),
        "tanh": np.tanh,
        "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
        "gelu": lambda x: x * (1 + erf(x / 2**0.5)) / 2,
    }
    values, start = np.asarray(codes, "float64"), 0
    for layer in description["layers"]:
        if layer["shape"]:
            n_inputs, n_outputs = layer["shape"]
            end = start + n_inputs * n_outputs
            kernel = weights[start:end].reshape(layer["shape"])
            start = end + n_outputs
            values = values @ kernel + weights[end:start]
        values = functions[layer["activation"]](values)
    assert start == len(weights)
    return values
