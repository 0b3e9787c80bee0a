"""The formulas of lesson 05: noise, PSNR, SSIM, and what layers cost."""

import keras
import numpy as np
import pytest
from keras import layers
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from take import take

LESSON = "05_convolutional_denoising"
GENERATOR = np.random.default_rng(0)
IMAGES = GENERATOR.random((6, 28, 28, 1)).astype("float32")
MADE = (IMAGES + GENERATOR.normal(0, 0.2, IMAGES.shape)).clip(0, 1)


def test_psnr_is_that_of_scikit_image():
    score_psnr = take(LESSON, "score_psnr").score_psnr
    expected = peak_signal_noise_ratio(IMAGES, MADE, data_range=1)
    assert score_psnr(IMAGES, MADE) == pytest.approx(expected)
    # Ten decibels are a tenth of the squared error.
    less = IMAGES + (MADE - IMAGES) / np.sqrt(10)
    assert score_psnr(IMAGES, less) == pytest.approx(expected + 10)


def test_ssim_is_the_mean_of_scikit_images():
    score_ssim = take(LESSON, "score_ssim").score_ssim
    each = [
        structural_similarity(a[..., 0], b[..., 0], data_range=1)
        for a, b in zip(IMAGES, MADE, strict=True)
    ]
    assert score_ssim(IMAGES, MADE) == pytest.approx(np.mean(each))
    assert score_ssim(IMAGES, IMAGES) == pytest.approx(1)


def test_noise_has_the_size_that_is_asked_for():
    add_noise = take(LESSON, "add_noise").add_noise
    gray = np.full((200, 28, 28, 1), 0.5, "float32")
    noisy = add_noise(gray, 0.1, 0)
    assert noisy.dtype == np.float32
    assert abs(noisy.mean() - 0.5) < 0.002
    assert 0.097 < noisy.std() < 0.103
    np.testing.assert_array_equal(noisy, add_noise(gray, 0.1, 0))
    assert (noisy != add_noise(gray, 0.1, 1)).mean() > 0.99
    strong = add_noise(gray, 2, 0)
    assert strong.min() == 0 and strong.max() == 1


def test_noise_layer_draws_anew_and_only_in_training():
    layer = take(LESSON, "AddNoise").AddNoise(0.1, 0.1)
    gray = np.full((200, 28, 28, 1), 0.5, "float32")
    np.testing.assert_array_equal(layer(gray), gray)
    first, second = (np.asarray(layer(gray, training=True)) for _ in "ab")
    assert 0.097 < first.std() < 0.103
    assert (first != second).mean() > 0.99


def test_noise_layer_draws_a_sigma_for_each_image():
    layer = take(LESSON, "AddNoise").AddNoise(0.0, 0.2)
    gray = np.full((500, 28, 28, 1), 0.5, "float32")
    noisy = np.asarray(layer(gray, training=True))
    sigmas = noisy.std(axis=(1, 2, 3))
    assert sigmas.min() < 0.01 and 0.18 < sigmas.max() < 0.22
    assert 0.09 < sigmas.mean() < 0.11


def test_noise_layer_is_saved_and_loaded_without_custom_objects(tmp_path):
    add_noise = take(LESSON, "AddNoise").AddNoise(0.1, 0.3, name="noise")
    model = keras.Sequential([keras.Input((28, 28, 1)), add_noise])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert (loaded.layers[0].low, loaded.layers[0].high) == (0.1, 0.3)
    noisy = np.asarray(loaded(np.full_like(IMAGES, 0.5), training=True))
    assert 0.1 < noisy.std() < 0.3


def test_score_is_the_gradient_of_the_log_density():
    find_score = take(LESSON, "find_score").find_score
    data, points = GENERATOR.normal(size=(40, 2)), GENERATOR.normal(size=(7, 2))
    sigma, step = 0.6, 1e-5

    def find_log_density(at):
        squares = ((at[:, None] - data[None]) ** 2).sum(axis=-1)
        return np.log(np.exp(-squares / (2 * sigma**2)).mean(axis=1))

    score = find_score(points, data, sigma)
    for axis, shift in enumerate(step * np.eye(2)):
        rise = find_log_density(points + shift) - find_log_density(
            points - shift
        )
        np.testing.assert_allclose(
            score[:, axis], rise / (2 * step), rtol=1e-4, atol=1e-6
        )


def test_walk_denoises_less_and_less_noise():
    walk = take(LESSON, "walk_from_noise").walk_from_noise
    strengths = []

    def find_black(images):
        strengths.append(float(images.mean()))
        return np.zeros_like(images)

    class Model:
        def __call__(self, images):
            assert images.dtype == np.float32
            assert 0 <= images.min() <= images.max() <= 1
            made = find_black(images)
            return type("Tensor", (), {"numpy": lambda self: made})()

    estimates = walk(Model(), n_images=20, n_steps=5, seed=0)
    assert len(estimates) == 5 and estimates[0].shape == (20, 28, 28, 1)
    assert strengths == sorted(strengths, reverse=True)


def test_levels_become_black_and_white():
    stretch_levels = take(LESSON, "stretch_levels").stretch_levels
    grays = np.array([0.0, 0.2, 0.5, 0.8, 1.0])
    np.testing.assert_allclose(
        stretch_levels(grays, (0.2, 0.8)), [0, 0, 0.5, 1, 1]
    )


def test_products_are_counted_for_each_place_of_a_window():
    count_products = take(LESSON, "count_products").count_products
    model = keras.Sequential(
        [
            keras.Input((8, 8, 2)),
            layers.Conv2D(5, 3, 2, "same"),  # (4, 4, 5)
            layers.UpSampling2D(1),
            layers.Conv2DTranspose(3, 4, 2, "same"),  # (8, 8, 3)
        ]
    )
    assert count_products(model) == 16 * 3 * 3 * 2 * 5 + 16 * 4 * 4 * 5 * 3
