"""The formulas of lesson 03: a stack by hand, noise passed, tied weights."""

import keras
import numpy as np
import pytest
from scipy.fft import dctn
from take import take

GENERATOR = np.random.default_rng(0)


@pytest.fixture(scope="module")
def stack():
    return take(
        "03_stacked_autoencoder",
        "build_stack",
        "selu_by_hand",
        "run_by_hand",
        "score_turns",
        "score_noise_passed",
        "find_gray_error",
        "score_gray",
        "reconstruct_with_cosines",
        "TiedAutoencoder",
        mode="fast",
        seed=0,
    )


def test_selu_is_that_of_keras(stack):
    sums = np.linspace(-20, 20, 101)
    np.testing.assert_allclose(
        stack.selu_by_hand(sums), keras.activations.selu(sums), rtol=1e-6
    )


@pytest.mark.parametrize("widths", [[9, 4], [9, 6, 2], [12, 9, 5, 3]])
def test_a_stack_is_what_its_formulas_say(stack, widths):
    encoder, model = stack.build_stack(widths, "linear", "stack")
    assert encoder.output_shape == (None, widths[-1])
    images = GENERATOR.random((5, widths[0]))
    weights = [GENERATOR.normal(size=w.shape) for w in model.get_weights()]
    model.set_weights(weights)
    by_hand = stack.run_by_hand(images, weights[0::2], weights[1::2])
    np.testing.assert_allclose(model(images), by_hand, atol=1e-5)


def test_pixels_turn_back_where_they_get_brighter_and_darker(stack):
    up = np.linspace(0, 1, 6)
    back = np.array([0, 0.5, 1, 0.5, 0, 0])
    path = np.stack([up, 1 - up, back, np.full(6, 0.3)], axis=1)
    assert stack.score_turns(path) == 0.25


def test_noise_passes_an_identity_and_stops_at_a_constant(stack):
    images = GENERATOR.random((50, 40)).astype("float32")
    assert stack.score_noise_passed(lambda x: x, images) == pytest.approx(1)
    assert stack.score_noise_passed(lambda x: 0 * x, images) == 0
    half = stack.score_noise_passed(lambda x: x / 2, images)
    assert half == pytest.approx(0.5)
    kept = np.arange(40) < 10
    share = stack.score_noise_passed(lambda x: x * kept, images)
    assert share == pytest.approx(0.25, abs=0.05)


def test_gray_errors_are_in_squared_levels_of_255(stack):
    images = GENERATOR.random((6, 8)).astype("float32")
    drawn = images + np.float32(1 / 255)
    assert stack.score_gray(images, drawn) == pytest.approx(1, rel=1e-4)
    errors = stack.find_gray_error(images, drawn)
    assert np.mean(errors) == pytest.approx(1, rel=1e-4)


def test_cosines_keep_the_lowest_frequencies(stack):
    images = GENERATOR.random((3, 1024))
    everything = stack.reconstruct_with_cosines(images, 1024)
    np.testing.assert_allclose(everything, images, atol=1e-12)
    means = stack.reconstruct_with_cosines(images, 1)
    np.testing.assert_allclose(means[:, 0], images.mean(axis=1))
    three = stack.reconstruct_with_cosines(images, 3).reshape(3, 32, 32)
    kept = np.abs(dctn(three, axes=(1, 2), norm="ortho")) > 1e-9
    assert kept.any(axis=0).sum() == 3
    assert kept[:, 0, 0].all() and kept[:, 0, 1].all() and kept[:, 1, 0].all()


def test_tied_weights_are_one_kernel_after_loading_and_training(
    stack, tmp_path
):
    model = keras.Sequential(
        [keras.Input((9,)), stack.TiedAutoencoder(4, name="tied")]
    )
    images = GENERATOR.random((20, 9)).astype("float32")
    kernel, bias = model.get_weights()
    by_hand = 1 / (1 + np.exp(-(images @ kernel @ kernel.T + bias)))
    np.testing.assert_allclose(model(images), by_hand, atol=1e-6)
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.save(tmp_path / "tied.keras")
    loaded = keras.models.load_model(tmp_path / "tied.keras")
    np.testing.assert_array_equal(loaded(images), model(images))
    loaded.fit(images, images, epochs=2, verbose=0)
    assert loaded.count_params() == 9 * 4 + 9
    kernel, bias = loaded.get_weights()
    by_hand = 1 / (1 + np.exp(-(images @ kernel @ kernel.T + bias)))
    np.testing.assert_allclose(loaded(images), by_hand, atol=1e-6)
