"""Lessons as if they had been executed, with what they would have left."""

import base64
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
# The same with a comment, by which the map of codes finds its place.
PLACE = "the place of the explorer"
PLACED = base64.b64encode(base64.b64decode(PNG) + PLACE.encode()).decode()


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
        "classes": [[str(i), "#3f90da"] for i in range(10)],
        "alt": ALT,
        "place": PLACE,
    }
    explorer = mock.Mock(setup=setup, decode=lambda x: decoder(x).numpy())
    return leave(decoder.layers, explorer)


@functools.cache
def make_pictures():
    """Return what `leave_pictures` leaves: three stops, ever brighter."""
    grays = {f"stop {i}": np.full((10, 784), i / 4) for i in (1, 2, 3)}
    stops = {stop: {f"row of {stop}": gray} for stop, gray in grays.items()}
    with mock.patch.object(explore, "display") as display:
        explore.leave_pictures("brightness", stops)
    return display.call_args.args[0]


@functools.cache
def make_points():
    """Return what `leave_points` leaves: points, and the same mirrored."""
    points = np.random.default_rng(0).normal(size=(40, 2))
    stops = {"as it is": points, "mirrored": -points}
    with mock.patch.object(explore, "display") as display:
        explore.leave_points("side", stops, np.arange(40) % 2, ["a", "b"])
    return display.call_args.args[0]


def pretend(lesson, mode="full", decoder=None):
    """Return a lesson as if papermill had executed it, with a mode set.

    Where it shows a picture there is one; where it leaves a decoder or a
    slider, that.
    """
    lesson = copy.deepcopy(lesson)
    lesson.metadata["papermill"] = {"parameters": {"mode": mode}}
    lesson.metadata["language_info"] = {"name": "python"}
    for cell in lesson.cells:
        if cell.cell_type != "code":
            continue
        if re.search(r"(?m)^\s*show\(|explore_codes\(", cell.source):
            is_map = decoder and cell.source.startswith("explorer = ")
            png = PLACED if is_map else PNG
            picture = new_output("display_data", {"image/png": png})
            size = {"width": 868, "height": 247}  # as it is drawn for a desk
            picture.metadata["image/png"] = {"alt": ALT} | size
            cell.outputs = [picture]
        if "leave_pictures(" in cell.source:
            cell.outputs.append(new_output("display_data", make_pictures()))
        if re.search(r"(?m)^leave_points\(", cell.source):
            cell.outputs.append(new_output("display_data", make_points()))
        if decoder and "metrics" in get_tags(cell):
            cell.outputs = [new_output("display_data", decoder)]
    injected = new_code_cell(f'mode = "{mode}"')
    injected.metadata["tags"] = ["injected-parameters"]
    lesson.cells.insert(3, injected)
    return lesson
