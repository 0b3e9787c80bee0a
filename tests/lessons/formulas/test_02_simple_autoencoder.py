"""The formulas of lesson 02: the loss, the subspace, and a saved model."""

from utils.scores import binary_cross_entropy

import keras
import numpy as np
import pytest
from take import take

GENERATOR = np.random.default_rng(0)
IMAGES = GENERATOR.random((6, 784), dtype="float32")


@pytest.fixture(scope="module")
def simple():
    return take(
        "02_simple_autoencoder",
        *("Encoder", "Decoder", "Autoencoder", "find_cross_entropy"),
        *("mix_rows", "find_largest", "to_gray"),
    )


def test_loss_is_the_cross_entropy_of_the_scores(simple):
    made = GENERATOR.random(IMAGES.shape, dtype="float32")
    made[0, 0] = 0  # the logarithm needs the clip
    loss = float(simple.find_cross_entropy(IMAGES, made))
    assert loss == pytest.approx(binary_cross_entropy(IMAGES, made), rel=1e-5)


def test_mixtures_of_rows_are_the_closest_ones(simple):
    rows = GENERATOR.normal(size=(3, 20))
    targets = GENERATOR.normal(size=(5, 20))
    mixed = simple.mix_rows(rows, targets)
    factors, *_ = np.linalg.lstsq(rows.T, targets.T, rcond=None)
    assert np.allclose(mixed, factors.T @ rows)
    assert np.allclose(simple.mix_rows(rows, mixed), mixed)


def test_zero_weights_are_middle_gray(simple):
    weights = np.array([[0.0, 2.0, -1.0], [0.0, 0.0, 0.0]])
    gray = simple.to_gray(weights, simple.find_largest(weights))
    assert gray.tolist() == [[0.5, 1, 0.25], [0.5, 0.5, 0.5]]


def test_saved_autoencoder_draws_the_same(simple, tmp_path):
    model = simple.Autoencoder(5, name="small")
    drawn = model(IMAGES).numpy()
    model.save(tmp_path / "small.keras")
    loaded = keras.saving.load_model(tmp_path / "small.keras")
    assert np.array_equal(loaded(IMAGES).numpy(), drawn)
    assert loaded.name == "small"
    assert loaded.encoder(IMAGES).shape == (6, 5)
