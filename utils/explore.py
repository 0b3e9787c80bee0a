"""An interactive look at codes."""

import base64
import io
import math
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

from utils.plots import CLASS_COLORS, label_point, move_apart, plot_images

import anywidget
import matplotlib.pyplot as plt
import numpy as np
import traitlets
from IPython.display import display
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from PIL import Image


class CodeExplorer(anywidget.AnyWidget):
    """A point that can be moved among codes, and what is decoded from it.

    It is no output of a cell itself, because a notebook that is opened again
    would show "model not found" there. It takes the place of a picture that
    is one, as long as the kernel runs.

    Attributes
    ----------
    setup : dict
        What the page draws once: the range of each code, where the point is
        at first, and a map of two codes. `place` is written in the comment of
        the picture (PNG) whose place the explorer takes.
    pixels : bytes
        The square picture that is decoded from there, in gray levels.
    """

    _esm = Path(__file__).with_name("explore.js")
    setup = traitlets.Dict().tag(sync=True)
    pixels = traitlets.Bytes().tag(sync=True)

    def __init__(self, decode: Callable, setup: dict):
        self.decode = decode
        super().__init__(setup=setup, pixels=self.draw(setup["codes"]))
        self.on_msg(self._answer)

    def _repr_mimebundle_(self, **_):
        return {"text/plain": "CodeExplorer"}

    def draw(self, codes) -> bytes:
        """Return the gray levels, 0 to 255, of what these codes decode to."""
        image = np.asarray(self.decode(np.array([codes], "float32")))
        return np.rint(255 * image.clip(0, 1)).astype("uint8").tobytes()

    def _answer(self, _, message, __):
        self.send({}, buffers=[self.draw(message["codes"])])


def explore_codes(
    decode: Callable, codes, labels=None, names=None, *, alt: str
) -> CodeExplorer:
    """Display a point that is moved among codes, and its decoded image.

    Each code has a slider; two codes have a map as well, over which the point
    is dragged. They take the place of a sheet of decoded images, which is what
    the notebook keeps: it is shown on paper and without a kernel, where
    nothing can move.

    Parameters
    ----------
    decode : callable
        Takes codes (n, n_codes), returns square images in [0, 1], (n, height,
        width) or (n, pixels).
    codes : array, shape (n, n_codes)
        Codes of images. They give the ranges; the point starts at the first.
    labels : array of int, shape (n,), optional
        The class of each, from 0 to 9: the colors of the map.
    names : sequence of str, optional
        What the classes are called; else by their numbers.
    alt : str
        What the map or the sheet tells.

    Returns
    -------
    CodeExplorer

    Raises
    ------
    ValueError
        If `codes` has not two dimensions, or holds what is not finite; if
        decoded images are not square.
    """
    codes = np.asarray(codes, "float32")
    if codes.ndim != 2 or not codes.size or not np.isfinite(codes).all():
        raise ValueError(
            "codes have to be finite numbers of shape (n, n_codes), not "
            f"{codes.shape}"
        )
    place = uuid.uuid4().hex
    sheet = _plot_sheet(decode, codes, place)
    # A few outliers would press all other codes together.
    lows, highs = np.percentile(codes, [0.5, 99.5], axis=0)
    start = codes[0].clip(lows, highs)
    setup = {"lows": lows.tolist(), "highs": highs.tolist(), "alt": alt}
    setup["place"] = place
    setup["codes"] = start.tolist()
    if len(lows) == 2:
        map_ = _draw_map(codes, lows, highs, labels, names)
        setup["map"] = "data:image/png;base64," + map_
        setup["classes"] = _list_classes(labels, names)
    explorer = CodeExplorer(decode, setup)
    data = {"image/png": sheet, "text/plain": alt}
    display(data, metadata={"image/png": {"alt": alt}}, raw=True)
    return explorer


def _plot_sheet(decode, codes, comment):
    """Return decoded images as PNG, with a comment inside.

    Of two codes, each column is a value of the first and each row one of the
    second. Of more codes, each column moves one and leaves the others where
    they are in the first row of `codes`.
    """
    n_codes = codes.shape[1]
    shares = [99, 75, 50, 25, 1] if n_codes > 2 else np.linspace(99, 1, 9)
    levels = np.percentile(codes, shares, axis=0)  # (levels, n_codes)
    if n_codes == 2:
        # Across from the least to the largest, down from the largest.
        across, down = levels[::-1, 0], levels[:, 1]
        columns, names = _name_levels(across), _name_levels(down)
        grid = [[(x, y) for x in across] for y in down]
    else:
        columns = [str(i) for i in range(1, n_codes + 1)]
        grid = np.tile(codes[0], (len(levels), n_codes, 1))
        for i in range(n_codes):
            grid[:, i, i] = levels[:, i]
        names = [f"{share} %" for share in shares]
    grid = np.asarray(grid, "float32")
    images = np.asarray(decode(grid.reshape(-1, n_codes)))
    images = images.reshape(*grid.shape[:2], -1)
    figure = plot_images(dict(zip(names, images, strict=True)), columns)
    return _make_png(figure, {"Comment": comment})


def _name_levels(levels):
    """Return the levels as text, with as many digits as tell them apart."""
    for digits in range(1, 7):
        # Adding 0 makes 0 of -0.
        names = [f"{round(float(x), digits) + 0:.{digits}f}" for x in levels]
        if len(set(names)) == len(set(levels)):
            break
    return names


def _list_classes(labels, names):
    """Return the name and the color of each class: the legend of a map."""
    if labels is None:
        return []
    return [
        [str(names[i] if names is not None else i), to_hex(CLASS_COLORS[i])]
        for i in np.unique(labels)
    ]


def _draw_map(codes, lows, highs, labels, names):
    figure = Figure(figsize=(4, 4), dpi=144, layout="none")
    axis = figure.add_axes([0, 0, 1, 1])
    kind = {"color": "0.4"}
    if labels is not None:
        kind = {"c": [CLASS_COLORS[label] for label in labels]}
    size = 300 / math.sqrt(len(codes))  # so that many points stay apart
    axis.scatter(*codes.T, s=size, linewidths=0, alpha=0.7, **kind)
    axis.set(xlim=(lows[0], highs[0]), ylim=(lows[1], highs[1]))
    axis.axis("off")
    texts = []
    for name, color in _list_classes(labels, names):
        is_class = [
            str(names[label] if names is not None else label) == name
            for label in labels
        ]
        center = np.median(codes[is_class], axis=0)
        texts.append(label_point(axis, center, name, color))
    move_apart(texts)
    return _make_png(figure)


def _make_png(figure, metadata=None):
    file = io.BytesIO()
    figure.savefig(file, format="png", metadata=metadata)
    plt.close(figure)
    return base64.b64encode(file.getvalue()).decode()


# The type of a notebook's output that carries a decoder to the site.
DECODER_TYPE = "application/vnd.autoencoder.decoder+json"
# What the site's page can compute: see docs/_static/decoder.js.
PAGE_ACTIVATIONS = ("linear", "relu", "tanh", "sigmoid", "selu", "gelu")


def leave_decoder(steps: Sequence, explorer: CodeExplorer) -> None:
    """Leave a decoder in the notebook's outputs, for the site's own explorer.

    Nothing of it is shown, but for a line of text.

    Parameters
    ----------
    steps : list of keras.layers.Dense and keras.layers.Activation
        What makes pixels of codes, in order. Activations are those of
        PAGE_ACTIVATIONS. Weights are kept as float16.
    explorer : CodeExplorer
        Its ranges and its map are those of the page; what it decodes is what
        the page is compared with.

    Raises
    ------
    ValueError
        If a step is another layer, has another activation, or has weights
        that are no finite float16.
    """
    layers, weights = [], []
    for step in steps:
        kind = type(step).__name__
        activation = step.get_config().get("activation")
        if kind not in ("Dense", "Activation"):
            raise ValueError(
                f"the page cannot compute {kind} layers; use Dense and "
                "Activation"
            )
        if activation not in PAGE_ACTIVATIONS:
            raise ValueError(
                f"the page cannot compute the activation {activation!r}; use "
                f"one of {', '.join(PAGE_ACTIVATIONS)}"
            )
        shape = None
        if kind == "Dense":
            shape = list(step.kernel.shape)
            bias = step.bias if step.use_bias else np.zeros(shape[1])
            weights += [np.ravel(step.kernel), np.ravel(bias)]
        layers.append({"shape": shape, "activation": activation})
    with np.errstate(over="ignore"):
        halves = np.concatenate(weights).astype("<f2")
    if not np.isfinite(halves).all():
        raise ValueError("weights have to be finite and below 65,504")
    lows, highs = explorer.setup["lows"], explorer.setup["highs"]
    sides = np.linspace(lows, highs, 3).T  # three values for each code
    codes = np.stack(np.meshgrid(*sides), axis=-1).reshape(-1, len(lows))
    pixels = np.asarray(explorer.decode(codes.astype("float32")), "float64")
    left = {
        "layers": layers,
        "weights": base64.b64encode(halves.tobytes()).decode(),
        "setup": explorer.setup,
        "known": {"codes": codes.tolist(), "pixels": pixels.round(4).tolist()},
    }
    line = "A decoder, for the site."
    display({DECODER_TYPE: left, "text/plain": line}, raw=True)


# The type of an output that carries pictures or points to the site's sliders.
STOPS_TYPE = "application/vnd.autoencoder.stops+json"


def leave_pictures(dial: str, stops: dict) -> None:
    """Leave rows of pictures for a slider on the course's web site.

    Call it in the cell that shows the same as a figure: on the site, the
    slider takes the place of that figure where scripts run.

    Parameters
    ----------
    dial : str
        What the slider changes, such as "numbers in the code".
    stops : dict of str to dict
        For each stop of the slider, by its label: rows of square images in
        [0, 1], by name, (n, pixels) or (n, height, width). All stops have as
        many rows, all rows as many images.

    Raises
    ------
    ValueError
        If there is no stop, or rows or images differ in number.
    """
    rows = [images for row in stops.values() for images in row.values()]
    rows = [np.asarray(images) for images in rows]
    sizes = {(len(images), images[0].size) for images in rows if len(images)}
    n_rows = {len(row) for row in stops.values()}
    if len(sizes) != 1 or len(n_rows) != 1:
        raise ValueError(
            "each stop needs as many rows as the others, and each row as many "
            f"images of one size: there are {sorted(n_rows)} rows and "
            f"{sorted(sizes)} images and pixels"
        )
    ((n_images, n_pixels),) = sizes
    side = math.isqrt(n_pixels)
    # All rows of all stops below each other, in one picture.
    strips = [images.reshape(n_images, side, side) for images in rows]
    sheet = (
        np.stack(strips)
        .swapaxes(1, 2)
        .reshape(len(rows) * side, n_images * side)
    )
    gray = np.rint(255 * sheet.clip(0, 1)).astype("uint8")
    file = io.BytesIO()
    Image.fromarray(gray).save(file, format="png", optimize=True)
    left = {
        "sheet": base64.b64encode(file.getvalue()).decode(),
        "side": side,
        "images": n_images,
        "rows": [list(row) for row in stops.values()],
    }
    _leave_stops(dial, stops, left)


def leave_points(dial: str, stops: dict, labels, names) -> None:
    """Leave maps of the same points for a slider on the course's web site.

    As `leave_pictures`; between two stops the page moves the points.

    Parameters
    ----------
    dial : str
        What the slider changes, such as "perplexity".
    stops : dict of str to array, shape (n, 2)
        For each stop, by its label: where the points are.
    labels : array of int, shape (n,)
        Indices into `names`.
    names : sequence of str
        The classes, at most 10.

    Raises
    ------
    ValueError
        If there is no stop, or one has another number of points.
    """
    shapes = {np.shape(points) for points in stops.values()}
    if shapes != {(len(labels), 2)}:
        raise ValueError(
            f"each stop needs points of shape ({len(labels)}, 2), not "
            f"{sorted(shapes)}"
        )
    points = []
    for map_ in stops.values():
        # Centered and scaled by one number, so that the shape stays.
        centered = map_ - (np.max(map_, axis=0) + np.min(map_, axis=0)) / 2
        scaled = centered / np.abs(centered).max()
        points.append(np.round(scaled.astype(float), 3).tolist())
    left = {
        "points": points,
        "labels": np.asarray(labels).tolist(),
        "classes": [
            [str(name), to_hex(color)]
            for name, color in zip(names, CLASS_COLORS, strict=False)
        ],
    }
    _leave_stops(dial, stops, left)


def _leave_stops(dial, stops, left):
    n = len(stops)
    stops_in_words = f"{n} stop{'s' if n > 1 else ''}"
    line = (
        f"For the web site of the course: a slider, {dial}, {stops_in_words}."
    )
    # Lists and no dicts: a notebook that is saved sorts the keys of a dict.
    left = {"dial": dial, "stops": list(stops), **left}
    display({STOPS_TYPE: left, "text/plain": line}, raw=True)
