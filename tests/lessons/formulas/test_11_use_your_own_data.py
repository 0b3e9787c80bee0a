"""The formulas of lesson 11, and the hidden test set of its project."""

from utils.data import Part
from utils.images import pad_images, read_images
from utils.series import find_gaps
from utils.tables import TableCoder
from utils.tools.editions import make_handout
from utils.tools.exercises import FENCE
from utils.tools.lessons import get_tags

import keras
import nbformat
import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA
from take import NOTEBOOKS, take

NAME = "11_use_your_own_data"
GENERATOR = np.random.default_rng(0)


@pytest.fixture(scope="module")
def own():
    return take(
        NAME,
        "SAMPLES",
        "TILE",
        "TILE_CODES",
        "WIDTH",
        "make_numbers",
        "scale",
        "cut_tiles",
        "join_tiles",
        "build_for_images",
        "build_for_rows",
        "start_from_pca",
        "find_columns",
        "build_for_table",
        "cut_pieces",
        "shorten",
        mode="fast",
        seed=0,
    )


def test_tiles_are_squares_of_the_image(own):
    images = GENERATOR.random((3, 2 * own.TILE, 3 * own.TILE, 3))
    tiles = own.cut_tiles(images)
    assert tiles.shape == (18, own.TILE**2 * 3)
    # The second row of the second image begins with its tile number 3.
    square = images[1, own.TILE :, : own.TILE]
    np.testing.assert_array_equal(tiles[6 + 3], square.ravel())
    np.testing.assert_array_equal(own.join_tiles(tiles, images.shape), images)


@pytest.mark.parametrize("low, high", [(0, 255), (-1, 1), (0, 1), (0, 65535)])
def test_images_of_any_range_get_into_the_range_of_a_sigmoid(own, low, high):
    train = GENERATOR.uniform(low, high, (9, 8, 8, 1))
    train[0, 0, 0], train[0, 0, 1] = low, high
    scaled, test = own.scale([train, 2 * train])
    np.testing.assert_allclose(scaled, (train - low) / (high - low))
    assert test.min() >= 0 and test.max() <= 1


def test_rows_are_standardized_by_the_train_part(own):
    train = np.array([[1.0, 5, 10], [3.0, 5, 30]])
    scaled, test = own.scale([train, np.array([[2.0, 6, 40]])])
    np.testing.assert_allclose(scaled, [[-1, 0, -1], [1, 0, 1]])
    np.testing.assert_allclose(test, [[0, 1, 2]])


def test_holes_in_the_data_are_named(own):
    with pytest.raises(ValueError, match="NaN"):
        own.scale([np.zeros((4, 2)), np.full((1, 2), np.nan)])


def test_any_data_become_images_or_rows(own):
    frame = pd.DataFrame({"size": [1.0, 2.0, 4.0], "kind": ["a", "b", "a"]})
    arrays = {
        (3, 28, 28, 1): np.zeros((3, 28, 28), "uint8"),
        (3, 9, 9, 3): np.zeros((3, 9, 9, 3)),
        (3, 40): np.zeros((3, 20, 2)),
        (3, 3): frame,
    }
    for shape, data in arrays.items():
        (numbers,) = own.make_numbers([Part(data, None)])
        assert numbers.shape == shape
        assert numbers.dtype == "float32"


def test_the_second_model_starts_as_pca_of_tiles(own):
    images = GENERATOR.random((40, 30, 22, 3)).astype("float32") ** 2
    padded = pad_images(images, own.TILE)
    tiles = own.cut_tiles(padded)
    pca = PCA(own.TILE_CODES, random_state=0).fit(tiles)
    # One bias a channel: the mean tile has to be the same everywhere.
    pca.mean_ = np.tile(tiles.reshape(-1, 3).mean(axis=0), own.TILE**2)
    model = own.build_for_images(padded.shape[1:], (30, 22))
    own.start_from_pca(model, pca, (own.TILE, own.TILE, 3, own.TILE_CODES))
    expected = pca.inverse_transform(pca.transform(tiles))
    expected = own.join_tiles(expected, padded.shape)[:, :30, :22]
    np.testing.assert_allclose(model(padded), expected, atol=1e-5)


def test_for_rows_it_starts_as_pca(own):
    rows = GENERATOR.normal(3, 2, (50, 12)).astype("float32")
    pca = PCA(4, random_state=0).fit(rows)
    model = own.build_for_rows(12, 4)
    own.start_from_pca(model, pca, (12, 4))
    expected = pca.inverse_transform(pca.transform(rows))
    np.testing.assert_allclose(model(rows), expected, atol=1e-4)


def test_each_column_of_a_table_has_one_output_that_fits(own):
    frame = pd.DataFrame(
        {
            "size": [1.0, None, 4.0, 9.0],
            "kind": ["a", "b", "a", "c"],
            "sex": ["f", "m", "m", "f"],
        }
    )
    coder = TableCoder().fit(frame)
    columns = own.find_columns(coder)
    places = [i for c in columns.values() for i in range(c.start, c.stop)]
    assert places == list(range(len(coder.names)))
    model, losses = own.build_for_table(coder, 2)
    outputs = model(coder.transform(frame))
    assert [*outputs] == [*columns] == [*losses]
    for name in ("kind", "sex"):
        sums = keras.ops.sum(outputs[name], axis=-1)
        np.testing.assert_allclose(sums, 1, atol=1e-6)
        assert losses[name] == "categorical_crossentropy"
    assert losses["numbers"] == "mse"
    assert losses["missing"] == "binary_crossentropy"


def test_pieces_end_at_gaps_and_have_mean_zero(own):
    times = np.r_[0:30, 40:47, 50:90]
    values = times[:, None].astype("float32")
    pieces = own.cut_pieces(values, times, length=12, step=5)
    assert {len(piece) for piece in pieces} >= {12, 5}
    assert len(find_gaps(times)) == 2
    for piece in pieces:
        assert 4 <= len(piece) <= 12
        np.testing.assert_allclose(np.diff(piece[:, 0]), 1)
        assert abs(piece.mean()) < 1e-4


def test_messages_are_shortened_to_what_tells(own):
    message = (
        "Class X.\n\nException encountered: \x1b[1mno   such\nthing\x1b[0m"
    )
    assert own.shorten(ValueError(message)) == "no such thing"
    assert "empty" in own.shorten(NotImplementedError())


# --- The project's hidden test set -------------------------------------------


@pytest.fixture(scope="module")
def lesson():
    return nbformat.read(NOTEBOOKS / f"{NAME}.ipynb", as_version=4)


def find_notes_of_project(lesson):
    (notes,) = (cell for cell in lesson.cells if "secret" in cell.source)
    return notes


def test_handouts_do_not_hold_the_hidden_test_set(lesson):
    assert "notes" in get_tags(find_notes_of_project(lesson))
    handout = make_handout(lesson)
    assert not any("secret" in cell.source for cell in handout.cells)
    assert any("**Rubric**" in cell.source for cell in handout.cells)


def test_hidden_test_set_is_new_and_scores_a_model(own, lesson, tmp_path):
    scope = {}
    exec(FENCE.search(find_notes_of_project(lesson).source)[1], scope)
    hidden = scope["make_hidden_set"](7, n_of_each=4)
    assert hidden.shape == (40, 38, 30, 3)
    assert hidden.dtype == "float32"
    assert 0 <= hidden.min() < 0.1 and 0.9 < hidden.max() <= 1
    assert (scope["make_hidden_set"](7, n_of_each=4) == hidden).all()
    assert (scope["make_hidden_set"](8, n_of_each=4) != hidden).any()
    # None of them is near a photograph of the lesson.
    known = read_images(own.SAMPLES / "photos", size=(38, 30)).x
    known = known.reshape(len(known), -1)
    for piece in hidden.reshape(len(hidden), -1):
        assert ((known - piece) ** 2).mean(axis=1).min() > 1e-5
    images = keras.Input((38, 30, 3))
    codes = keras.layers.Conv2D(1, 8, strides=8, name="codes")(images)
    gray = keras.layers.Rescaling(0, 0.5)(images)
    rest = keras.layers.Conv2DTranspose(3, 8, strides=8)(codes)
    rest = keras.layers.ZeroPadding2D(((0, 6), (0, 6)))(rest)
    total = keras.layers.Add()([gray, keras.layers.Rescaling(0)(rest)])
    keras.Model(images, total).save(tmp_path / "model.keras")
    error, n_codes = scope["score_hand_in"](tmp_path / "model.keras", hidden)
    assert error == pytest.approx(((hidden - 0.5) ** 2).mean(), rel=1e-4)
    assert n_codes == 12
