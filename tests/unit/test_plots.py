"""Tests of utils.plots: that figures show what they claim, and legibly."""

import base64
import io
import itertools
from pathlib import Path

import matplotlib as mpl

# No window, whatever the machine.
mpl.use("agg")

from utils.data import class_names
from utils.plots import (
    CLASS_COLORS,
    label_point,
    move_apart,
    plot_histories,
    plot_images,
    plot_points,
    show,
)

import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from matplotlib.text import Text
from matplotlib_inline.backend_inline import set_matplotlib_formats
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

ROOT = Path(__file__).resolve().parents[2]

CLOTHES = class_names("fashion_mnist")

# Dull images: a color scale that fits itself to them would show.
IMAGES = np.linspace(0.4, 0.6, 20 * 64).reshape(20, 8, 8)


@pytest.fixture(autouse=True)
def close_figures():
    """Close what a test has drawn."""
    yield
    plt.close("all")


def make_history(**curves):
    history = keras.callbacks.History()
    history.history = curves
    return history


HISTORIES = {
    "large": make_history(loss=[0.5, 0.3, 0.2], val_loss=[0.6, 0.4, 0.3]),
    "small": make_history(loss=[0.7, 0.6]),
}


def assert_is_legible(figure):
    """Assert the house rules of size, on what a notebook shows."""
    figure.canvas.draw()
    assert figure.get_tightbbox().width <= 9
    texts = [text for text in figure.findobj(Text) if text.get_text()]
    assert texts
    assert min(text.get_fontsize() for text in texts) >= 11


@pytest.mark.parametrize("n", [1, 5, 10, 20])
@pytest.mark.parametrize(
    "labels", [["images"], ["images", "autoencoder,\n32 codes", "PCA"]]
)
def test_image_rows_are_complete_and_legible(labels, n):
    columns = [str(i) for i in range(n)]
    rows = dict.fromkeys(labels, IMAGES[:n])
    figure = plot_images(rows, columns)
    (axis,) = figure.axes
    assert len(axis.images) == len(labels) * n
    assert [text.get_text() for text in axis.get_xticklabels()] == columns
    assert [text.get_text() for text in axis.get_yticklabels()] == labels
    assert_is_legible(figure)


def test_images_lie_side_by_side_below_their_headings():
    figure = plot_images({"up": IMAGES[:2], "low": IMAGES[2:4]}, ["a", "b"])
    figure.canvas.draw()
    (axis,) = figure.axes
    boxes = [image.get_window_extent() for image in axis.images]
    assert len({round(box.width) for box in boxes}) == 1
    assert all(abs(box.width - box.height) < 1 for box in boxes)
    upper, lower = boxes[:2], boxes[2:]
    for left, right in (upper, lower):
        assert left.x1 < right.x0 < left.x1 + 0.1 * left.width
    for above, below in zip(upper, lower, strict=True):
        assert below.y1 < above.y0 < below.y1 + 0.1 * above.height
    for box, text in zip(upper, axis.get_xticklabels(), strict=True):
        heading = text.get_window_extent()
        assert heading.y0 > box.y1
        assert abs(heading.x0 + heading.x1 - box.x0 - box.x1) < 4
    for box, text in zip(boxes[::2], axis.get_yticklabels(), strict=True):
        assert text.get_window_extent().x1 < box.x0
    for image, array in zip(axis.images, IMAGES, strict=False):
        # The upper row of pixels is drawn above.
        _, _, bottom, top = image.get_extent()
        assert bottom > top
        np.testing.assert_array_equal(image.get_array(), array)


def test_gray_scale_is_fixed():
    (axis,) = plot_images({"dull": IMAGES[:3]}).axes
    for image in axis.images:
        assert image.get_clim() == (0, 1)
        assert image.get_cmap().name == "gray"


def test_flat_images_are_drawn_as_square_ones():
    flat = IMAGES[:3].reshape(3, 64)
    figure = plot_images({"square": IMAGES[:3], "flat": flat})
    drawn = [image.get_array() for image in figure.axes[0].images]
    for square, made_square in zip(drawn[:3], drawn[3:], strict=True):
        np.testing.assert_array_equal(made_square, square)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({}, "no images"),
        ({"none": IMAGES[:0]}, "no images"),
        ({"three": IMAGES[:3], "two": IMAGES[:2]}, "one length"),
        ({"odd": np.zeros((2, 63))}, "63 pixels make no square"),
        ({"four": np.zeros((2, 8, 8, 4))}, r"shape \(2, 8, 8, 4\)"),
        ({"photo": np.zeros((8, 8, 3))}, r"one color image.*image\[None\]"),
        ({"all": np.zeros((101, 8, 8))}, r"101 images.*images\[:10\]"),
        ({"single": np.zeros(64)}, r"shape \(64,\)"),
        ({"hole": np.where(IMAGES > 0.5, np.nan, IMAGES)}, "hole spans .nan"),
        ({"bytes": np.uint8(255 * IMAGES)}, r"bytes .*153.*divided by 255"),
        ({"below": IMAGES - 99}, r"below spans \[-98.6, -98.4\]"),
    ],
)
def test_images_that_cannot_be_drawn_are_refused(rows, message):
    with pytest.raises(ValueError, match=message):
        plot_images(rows)
    assert not plt.get_fignums()


def test_histories_are_solid_and_their_validation_dashed():
    (axis,) = plot_histories(HISTORIES, "loss (nats)").axes
    lines = {line.get_label(): line for line in axis.lines}
    assert list(lines) == ["large", "large, validation", "small"]
    assert [line.get_linestyle() for line in lines.values()] == [
        "-",
        "--",
        "-",
    ]
    large, valid, small = lines.values()
    assert valid.get_color() == large.get_color() != small.get_color()
    np.testing.assert_array_equal(valid.get_ydata(), [0.6, 0.4, 0.3])
    np.testing.assert_array_equal(valid.get_xdata(), [1, 2, 3])


def test_histories_name_axes_and_levels():
    figure = plot_histories(
        HISTORIES, "loss (nats)", levels={"mean image": 0.45}
    )
    (axis,) = figure.axes
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("epoch", "loss (nats)")
    assert axis.get_legend() is not None
    assert [text.get_text() for text in axis.texts] == ["mean image"]
    np.testing.assert_array_equal(axis.lines[-1].get_ydata(), [0.45, 0.45])
    # The name stands at its line.
    assert axis.texts[0].xy == (1, 0.45)
    assert_is_legible(figure)


def test_a_single_epoch_is_seen():
    (axis,) = plot_histories({"a": make_history(loss=[0.3])}, "loss").axes
    assert axis.lines[0].get_marker() == "o"
    (axis,) = plot_histories(HISTORIES, "loss").axes
    assert axis.lines[0].get_marker() == "None"
    # There is no half epoch.
    assert all(tick == int(tick) for tick in axis.get_xticks())


def test_histories_draw_the_metric_that_is_asked_for():
    history = make_history(loss=[9, 9], mse=[2, 1], val_mse=[3, 2])
    (axis,) = plot_histories({"model": history}, "MSE", metric="mse").axes
    assert [list(line.get_ydata()) for line in axis.lines] == [[2, 1], [3, 2]]


POINTS = np.random.default_rng(0).normal(size=(60, 2)) * [3, 1]
LABELS = np.arange(60) % 10


@pytest.mark.parametrize("names", ["0123456789", CLOTHES])
@pytest.mark.parametrize("n_maps", [1, 2, 3])
def test_maps_are_legible(n_maps, names):
    maps = {f"map {i}": POINTS for i in range(n_maps)}
    figure = plot_points(maps, LABELS, names)
    assert [axis.get_title() for axis in figure.axes] == list(maps)
    assert_is_legible(figure)
    for axis in figure.axes:
        assert [text.get_text() for text in axis.texts] == list(names)
        boxes = [text.get_window_extent() for text in axis.texts]
        for one, other in itertools.combinations(boxes, 2):
            assert not one.overlaps(other)


def test_labels_move_no_further_than_they_have_to():
    _, axis = plt.subplots()
    axis.set(xlim=(0, 10), ylim=(0, 10))
    places = [(1, 1), (8, 8), (8, 8)]
    alone, low, high = (label_point(axis, place, "a") for place in places)
    move_apart([alone, low, high])
    np.testing.assert_allclose(alone.get_position(), (1, 1))
    low, high = sorted(
        (low.get_window_extent(), high.get_window_extent()),
        key=lambda box: box.y0,
    )
    assert 0 <= high.y0 - low.y1 < 3  # pixels


def test_maps_color_each_class_and_keep_distances():
    few = np.isin(LABELS, [3, 7])
    figure = plot_points({"map": POINTS[few]}, LABELS[few], "0123456789")
    (axis,) = figure.axes
    figure.canvas.draw()
    assert axis.get_aspect() == 1
    three, seven = axis.texts
    assert (three.get_text(), seven.get_text()) == ("3", "7")
    np.testing.assert_allclose(
        seven.get_position(), np.median(POINTS[LABELS == 7], axis=0), atol=0.5
    )
    for label, dots in zip([3, 7], axis.collections, strict=True):
        np.testing.assert_array_equal(
            dots.get_facecolor()[0], mpl.colors.to_rgba(CLASS_COLORS[label])
        )
        np.testing.assert_allclose(
            dots.get_offsets(), POINTS[few][LABELS[few] == label]
        )


@pytest.mark.parametrize(
    ("histories", "metric", "message"),
    [
        ({}, "loss", "no histories"),
        (HISTORIES, "accuracy", "large has no 'accuracy'; it has: loss, val_"),
        ({"none": make_history()}, "loss", "it has: nothing"),
    ],
)
def test_histories_that_cannot_be_drawn_are_refused(
    histories, metric, message
):
    with pytest.raises(ValueError, match=message):
        plot_histories(histories, "loss", metric)
    assert not plt.get_fignums()


def find_drawn(figure):
    return np.array([image.get_array() for image in figure.axes[0].images])


def test_values_out_of_the_range_are_drawn_with_a_word(capsys):
    noise = np.random.default_rng(0).normal(0.5, 1, IMAGES.shape)
    drawn = find_drawn(plot_images({"clean": IMAGES, "very\nnoisy": noise}))
    np.testing.assert_array_equal(drawn[len(IMAGES) :], noise.clip(0, 1))
    (line,) = capsys.readouterr().out.splitlines()
    assert "very noisy [" in line and "clean" not in line
    assert "limits=(low, high)" in line
    # A linear model goes beyond by a little, and this needs no word.
    plot_images({"a little": 1.1 * IMAGES + 0.4})
    assert not capsys.readouterr().out


def test_other_limits_show_another_range(capsys):
    signed = 2 * IMAGES - 1
    drawn = find_drawn(plot_images({"signed": signed}, limits=(-1, 1)))
    np.testing.assert_allclose(drawn, IMAGES)
    drawn = find_drawn(plot_images({"bytes": 255 * IMAGES}, limits=(0, 255)))
    np.testing.assert_allclose(drawn, IMAGES)
    assert not capsys.readouterr().out
    plot_images({"signed": signed - 0.5})
    assert "signed [-0.7" in capsys.readouterr().out
    with pytest.raises(ValueError, match="limits are"):
        plot_images({"signed": signed}, limits=(1, -1))


def test_color_and_a_channel_axis_are_drawn():
    color = np.random.default_rng(0).random((4, 5, 7, 3))
    rows = {"color": color, "gray": color[..., :1], "flat": IMAGES[:4]}
    figure = plot_images(rows)
    images = figure.axes[0].images
    shapes = [image.get_array().shape for image in images]
    assert shapes == [(5, 7, 3)] * 4 + [(5, 7)] * 4 + [(8, 8)] * 4
    for image, array in zip(images, color, strict=False):
        np.testing.assert_array_equal(image.get_array(), array)
    np.testing.assert_array_equal(images[4].get_array(), color[0, ..., 0])
    assert_is_legible(figure)


def test_rectangles_keep_their_shape_and_do_not_overlap():
    rows = {"wide": np.zeros((3, 20, 60)), "tall": np.zeros((3, 60, 20))}
    figure = plot_images(rows, ["a", "b", "c"])
    figure.canvas.draw()
    boxes = [image.get_window_extent() for image in figure.axes[0].images]
    for box in boxes[:3]:
        assert box.width / box.height == pytest.approx(3, rel=0.05)
    for box in boxes[3:]:
        assert box.height / box.width == pytest.approx(3, rel=0.05)
    assert boxes[3].y1 < boxes[0].y0
    assert_is_legible(figure)
    assert figure.get_size_inches()[1] <= 13


def test_classes_beyond_ten_have_other_markers():
    labels = np.arange(60) % 25
    names = [f"class {i}" for i in range(25)]
    (axis,) = plot_points({"map": POINTS}, labels, names).axes
    looks = {
        (
            tuple(each.get_facecolor()[0]),
            each.get_paths()[0].vertices.tobytes(),
        )
        for each in axis.collections
    }
    assert len(looks) == 25
    assert [text.get_text() for text in axis.texts] == names


@pytest.mark.parametrize(
    ("points", "labels", "message"),
    [
        (POINTS[:, :1], LABELS, r"map has shape \(60, 1\)"),
        (POINTS[:50], LABELS, r"for each of 60 labels"),
        (POINTS, LABELS + 1, "from 1 to 10, but there are 10 names"),
        (POINTS, LABELS - 1, "labels go from -1"),
        (POINTS[:0], LABELS[:0], "no points"),
        (np.full_like(POINTS, np.nan), LABELS, "map holds NaN"),
    ],
)
def test_maps_that_cannot_be_drawn_are_refused(points, labels, message):
    with pytest.raises(ValueError, match=message):
        plot_points({"map": points}, labels, "0123456789")
    names = [str(i) for i in range(31)]
    with pytest.raises(ValueError, match="markers for 30.*labels < 30"):
        plot_points({"map": POINTS[:31]}, range(31), names)
    with pytest.raises(ValueError, match="names, labels = np.unique"):
        plot_points({"map": POINTS[:31]}, names, names)
    assert not plt.get_fignums()


@pytest.fixture
def published(tmp_path, monkeypatch):
    """Return what a notebook's shell publishes."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    shell = InteractiveShell.instance()
    shell.display_pub = CapturingDisplayPublisher()
    set_matplotlib_formats("png")
    yield shell.display_pub.outputs
    InteractiveShell.clear_instance()


def test_show_publishes_the_text_with_the_picture(published):
    figure = plot_images({"images": IMAGES[:2]})
    show(figure, "Two gray squares.")
    (output,) = published
    assert output["data"]["image/png"]
    assert output["metadata"]["image/png"]["alt"] == "Two gray squares."
    # Otherwise the notebook would draw it again at the end of the cell.
    assert not plt.fignum_exists(figure.number)


@pytest.mark.parametrize("alt", ["", " \n"])
def test_show_refuses_a_picture_without_text(alt):
    with pytest.raises(ValueError, match="alt is empty"):
        show(plot_images({"images": IMAGES[:2]}), alt)


OTHER_WORK = """\
text.usetex: True
figure.facecolor: black
axes.grid: True
savefig.dpi: 30
"""
DRAW = """\
import matplotlib
import numpy as np
from utils.plots import plot_images, show
show(plot_images({"a row": np.ones((3, 4, 4))}), "Three squares.")
assert matplotlib.rcParams["savefig.dpi"] == "figure"
assert matplotlib.rcParams["font.size"] == 12
"""


def test_settings_of_other_work_do_not_reach_a_figure(tmp_path, monkeypatch):
    (tmp_path / "matplotlibrc").write_text(OTHER_WORK)
    monkeypatch.setenv("MATPLOTLIBRC", str(tmp_path))
    # A window, on a machine that has none: it could not be opened.
    monkeypatch.setenv("MPLBACKEND", "tkagg")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    notebook = new_notebook(cells=[new_code_cell(DRAW)])
    NotebookClient(notebook, kernel_name="python3").execute()
    (output,) = notebook.cells[0].outputs
    png = base64.b64decode(output["data"]["image/png"])
    image = plt.imread(io.BytesIO(png))
    # Twice the pixels, for sharp pictures on a projector and on a phone.
    about = output.metadata["image/png"]
    assert about["width"] == image.shape[1] / 2
    assert about["alt"] == "Three squares."
    # The page is white.
    np.testing.assert_array_equal(image[0, 0, :3], 1)
