"""Figures that more than one lesson draws: arrays in, a figure out."""

import itertools
import math

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from IPython import get_ipython
from IPython.display import display
from matplotlib import patheffects

SIDE = 0.93  # side of an image, where neighbors are 1 apart

# Colors of up to ten classes, made by Petroff (2021) so that people with color
# deficiency can tell them apart. Names at the points help where ten are many.
CLASS_COLORS = matplotlib.color_sequences["petroff10"]

# Classes beyond ten have the same colors and another marker.
MARKERS = "o^x"
# More images in a row are too small to be seen, and take minutes to draw.
MOST_IMAGES = 100

# Lessons are projected in class, so nothing is smaller than 11 points.
STYLE = {
    "figure.figsize": (7.5, 3.6),
    "figure.dpi": 96,
    "figure.constrained_layout.use": True,
    "font.size": 12,
    "axes.titlesize": 12,
    "axes.labelsize": 12,
    "legend.fontsize": 11,
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}


def set_style() -> None:
    """Draw all figures of this process in the style of the course.

    It starts from Matplotlib's defaults, so that a matplotlibrc, a style or
    an MPLBACKEND that a user has for other work does not change a lesson. In
    a notebook, figures appear in the page.
    """
    shell = get_ipython()
    # A notebook's shell has a kernel; the one of a terminal has none.
    if hasattr(shell, "kernel"):
        shell.enable_matplotlib("inline")
        # Twice the pixels of `figure.dpi`, drawn at the same size: sharp on
        # a projector and on a phone.
        shell.run_line_magic("config", "InlineBackend.figure_format='retina'")
    matplotlib.rcdefaults()
    plt.rcParams.update(STYLE)


set_style()


def show(figure, alt: str):
    """Display a figure with a text for those who cannot see it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Closed after it is shown.
    alt : str
        What the picture tells.

    Raises
    ------
    ValueError
        If `alt` is empty.
    """
    if not alt.strip():
        raise ValueError("alt is empty: say what the picture tells")
    display(figure, metadata={"image/png": {"alt": alt}})
    plt.close(figure)


def plot_images(rows: dict, columns=None, limits=(0, 1)):
    """Draw rows of images, one gray scale for all: 0 is black, 1 white.

    What is beyond these limits is drawn as black and white, too, and a line
    says so.

    Parameters
    ----------
    rows : dict of str to array
        A label for each row and its images, in each row equally many. Shape
        (n, height, width) or (n, height, width, 1) for gray images, (n,
        height, width, 3) for color; (n, pixels) is drawn as squares.
    columns : sequence of str, optional
        A heading for each column.
    limits : pair of float
        The values that are drawn black and white, such as (-1, 1).

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there is no image, or more than 100 in a row; rows differ in
        length; flat images are not square; or a pixel is NaN or far from the
        limits.

    Examples
    --------
    >>> images = np.linspace(0, 1, 3 * 16).reshape(3, 16)
    >>> figure = plot_images({"bright": images, "dark": images / 2})
    >>> len(figure.axes[0].images)
    6
    """
    rows = {label: _arrange_images(images) for label, images in rows.items()}
    lengths = {label: len(images) for label, images in rows.items()}
    if not rows or 0 in lengths.values():
        raise ValueError(f"there are no images to draw: {lengths}")
    if len(set(lengths.values())) > 1:
        raise ValueError(f"rows must have one length: {lengths}")
    n = lengths.popitem()[1]
    if n > MOST_IMAGES:
        raise ValueError(
            f"{n} images in a row are too many to see: draw a few, such as "
            "images[:10]"
        )
    rows = _scale_to_limits(rows, limits)
    # The left margin is as wide as the longest line of a label.
    margin = 0.1 * max(
        len(line) for label in rows for line in label.split("\n")
    )
    # How high the images of each row are, and where they begin; the width of
    # an image is SIDE, and neighbors are 1 apart.
    heights = [
        SIDE * images.shape[1] / images.shape[2] for images in rows.values()
    ]
    tops = np.cumsum([0, *heights[:-1]]) + (1 - SIDE) * np.arange(len(rows))
    total = tops[-1] + heights[-1]
    # A figure must not be higher than a screen.
    size = min(0.9, (9 - margin) / n, 12 / total)
    height = size * (total + 1 - SIDE) + 0.3 * bool(columns)
    figure, axis = plt.subplots(figsize=(margin + size * n, height))
    # All images share one axis: with an axis for each image, the figure would
    # take six times as long to draw.
    for images, top, side in zip(rows.values(), tops, heights, strict=True):
        for column, image in enumerate(images):
            # Left, right, bottom, top; the vertical axis points down.
            place = column, column + SIDE, top + side, top
            axis.imshow(image, cmap="gray", vmin=0, vmax=1, extent=place)
    axis.set(xlim=(0, n - 1 + SIDE), ylim=(total, 0), xticks=[])
    middles = tops + np.array(heights) / 2
    axis.set_yticks(middles, rows, fontsize=12)
    if columns:
        axis.set_xticks(np.arange(n) + SIDE / 2, columns)
    axis.tick_params(length=0, labeltop=True, labelbottom=False)
    axis.spines[:].set_visible(False)
    return figure


def plot_histories(histories: dict, ylabel: str, metric="loss", levels=None):
    """Draw learning curves, solid for training and dashed for validation.

    Parameters
    ----------
    histories : dict of str to keras.callbacks.History
    ylabel : str
        The quantity with its unit.
    metric : str
        The key in each history.
    levels : dict of str to float, optional
        Values to compare the curves with, as labeled horizontal lines.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there is no history, or one has no such metric.
    """
    if not histories:
        raise ValueError("there are no histories to draw")
    for label, history in histories.items():
        if metric not in history.history:
            raise ValueError(
                f"{label} has no {metric!r}; it has: "
                f"{', '.join(history.history) or 'nothing'}"
            )
    figure, axis = plt.subplots()
    for label, history in histories.items():
        curve = history.history[metric]
        epochs = range(1, len(curve) + 1)
        # A line through one point cannot be seen.
        marker = "o" if len(curve) == 1 else None
        (line,) = axis.plot(epochs, curve, marker=marker, label=label)
        if f"val_{metric}" in history.history:
            axis.plot(
                epochs,
                history.history[f"val_{metric}"],
                "--",
                color=line.get_color(),
                label=f"{label}, validation",
            )
    for label, level in (levels or {}).items():
        axis.axhline(level, color="0.5", linewidth=1)
        axis.annotate(
            label,
            (1, level),
            xycoords=("axes fraction", "data"),
            ha="right",
            va="bottom",
            fontsize=11,
            color="0.35",
        )
    axis.set(xlabel="epoch", ylabel=ylabel)
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.legend()
    return figure


def plot_points(maps: dict, labels, names):
    """Draw maps of points beside each other, a color for each class.

    The name of each class stands at the median of its points.

    Parameters
    ----------
    maps : dict of str to array, shape (n, 2)
        A title for each map and its points.
    labels : array of int, shape (n,)
        Indices into `names`.
    names : sequence of str
        The classes, at most 30. Up to ten have a color each; beyond, a color
        and a marker.

    Returns
    -------
    matplotlib.figure.Figure
        Its panels have equal units on both axes.

    Raises
    ------
    ValueError
        If there is no map or no point, a map is not of shape (n, 2), holds
        NaN, or a label is no index of a name.
    """
    labels = np.asarray(labels)
    if not maps or labels.size == 0:
        raise ValueError("there are no points to draw")
    if labels.dtype.kind not in "iu":
        raise ValueError(
            f"labels are {labels.dtype}, not indices into names: make both "
            "with names, labels = np.unique(labels, return_inverse=True)"
        )
    most = len(CLASS_COLORS) * len(MARKERS)
    if labels.min() < 0 or labels.max() >= min(len(names), most):
        raise ValueError(
            f"labels go from {labels.min()} to {labels.max()}, but there are "
            f"{len(names)} names, and colors and markers for {most}: draw the "
            f"rows with labels < {min(len(names), most)}, or join classes"
        )
    for title, points in maps.items():
        if np.shape(points) != (len(labels), 2):
            raise ValueError(
                f"{title} has shape {np.shape(points)}; two numbers for each "
                f"of {len(labels)} labels are needed"
            )
        if np.isnan(points).any():
            raise ValueError(f"{title} holds NaN, which cannot be drawn")
    width = min(9, 1.6 + 4.2 * len(maps))
    figure, axes = plt.subplots(
        1, len(maps), figsize=(width, width / len(maps) + 0.2), squeeze=False
    )
    texts = []
    for axis, (title, points) in zip(axes[0], maps.items(), strict=True):
        points = np.asarray(points)
        for label in np.unique(labels):
            x, y = points[labels == label].T
            color, marker = _choose_look(label)
            axis.scatter(x, y, s=5, color=color, marker=marker)
        axis.set(title=title, aspect="equal", adjustable="datalim")
        # The units of a map mean nothing.
        axis.set(xticks=[], yticks=[])
        # Names come last, so that no point lies on them.
        for label in np.unique(labels):
            center = np.median(points[labels == label], axis=0)
            color, _ = _choose_look(label)
            texts.append(label_point(axis, center, names[label], color))
    move_apart(texts)
    return figure


def move_apart(texts: list) -> None:
    """Move the labels of a figure up or down until none lies on another.

    Parameters
    ----------
    texts : list of matplotlib.text.Text
        Made by `label_point`, on any panels of one figure.
    """
    if not texts:
        return
    # Once for all panels, because it lays out the whole figure.
    texts[0].figure.draw_without_rendering()
    for axis in texts[0].figure.axes:
        _move_apart_on(axis, [text for text in texts if text.axes is axis])


def _move_apart_on(axis, texts):
    """Move the labels of one panel, whose places are known."""
    boxes = [text.get_window_extent() for text in texts]
    lows = np.array([[box.x0, box.y0] for box in boxes])
    sizes = np.array([[box.width, box.height] for box in boxes])
    middles = lows + sizes / 2
    # A few passes are enough for ten labels.
    for _ in range(100):
        n_moved = 0
        for i, j in itertools.combinations(range(len(texts)), 2):
            gap = np.abs(middles[i] - middles[j]) - (sizes[i] + sizes[j]) / 2
            if (gap < 0).all():
                n_moved += 1
                # One pixel more, so that they do not touch.
                step = (1 - gap[1]) / 2
                is_above = middles[i, 1] >= middles[j, 1]
                middles[i, 1] += step if is_above else -step
                middles[j, 1] -= step if is_above else -step
        if not n_moved:
            break
    to_data = axis.transData.inverted()
    for text, middle in zip(texts, middles, strict=True):
        text.set_position(to_data.transform(middle))


def label_point(axis, point, text: str, color="black"):
    """Write a text at a point, with a white edge that keeps it legible.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
    point : pair of float
    text : str
    color : color
        It is darkened for the text.

    Returns
    -------
    matplotlib.text.Text
    """
    dark = 0.6 * np.array(matplotlib.colors.to_rgb(color))
    return axis.text(
        *point,
        text,
        ha="center",
        va="center",
        fontsize=12,
        fontweight="bold",
        color=dark,
        path_effects=[patheffects.withStroke(linewidth=3, foreground="white")],
    )


def _choose_look(label):
    """Return the color and the marker of a class."""
    n = len(CLASS_COLORS)
    return CLASS_COLORS[label % n], MARKERS[label // n]


def _arrange_images(images):
    """Return images of shape (n, height, width) or (n, height, width, 3)."""
    images = np.asarray(images)
    if images.ndim == 2:
        side = math.isqrt(images.shape[1])
        if side * side != images.shape[1]:
            raise ValueError(
                f"{images.shape[1]} pixels make no square image: give "
                "images of shape (n, height, width); for one image write "
                "image[None]"
            )
        images = images.reshape(-1, side, side)
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    is_color = images.ndim == 4 and images.shape[-1] == 3
    if images.ndim != 3 and not is_color:
        raise ValueError(
            f"images have shape {images.shape}; (n, height, width), (n, "
            "height, width, 1 or 3) or (n, pixels) is needed; for one image "
            "write image[None]"
        )
    has_channels = images.ndim == 3 and images.shape[2] in (3, 4)
    if has_channels and images.shape[0] == images.shape[1] > 4:
        raise ValueError(
            f"images have shape {images.shape}, which is one color image: "
            "write image[None]"
        )
    return images


def _scale_to_limits(rows, limits):
    """Return images in which 0 is black and 1 is white."""
    black, white = limits
    if not black < white:
        raise ValueError(f"limits are {limits}: the first one has to be less")
    width = white - black
    beyond = []
    for label, images in rows.items():
        low, high = images.min(), images.max()
        # Noise may go beyond; bytes would be drawn all white.
        if not black - 10 * width < low <= high < white + 9 * width:
            raise ValueError(
                f"{label} spans [{low:.3g}, {high:.3g}], but {black:g} is "
                f"black and {white:g} white: a NaN, or not divided by 255?"
            )
        if low < black - 0.1 * width or high > white + 0.1 * width:
            beyond.append(f"{_join_lines(label)} [{low:.2g}, {high:.2g}]")
    if beyond:
        print(
            f"drawn black below {black:g} and white above {white:g}, and "
            f"values go beyond: {', '.join(beyond)}; limits=(low, high) "
            "draws them all"
        )
    return {
        label: ((np.asarray(images, float) - black) / width).clip(0, 1)
        for label, images in rows.items()
    }


def _join_lines(text):
    return " ".join(text.split())
