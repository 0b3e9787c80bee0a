"""The formulas of lesson 01: PCA, noise, shared images, and batches."""

from utils.scores import reconstruct_with_pca

import numpy as np
import pytest
from take import take

LESSON = "01_prepare_data"
GENERATOR = np.random.default_rng(0)
IMAGES = GENERATOR.uniform(0.3, 0.7, (60, 4, 5)).astype("float32")
NEW = GENERATOR.uniform(0.3, 0.7, (7, 4, 5)).astype("float32")


@pytest.mark.parametrize("n_codes", [1, 3, 20])
def test_pca_is_that_of_scikit_learn(n_codes):
    lesson = take(LESSON, "flatten", "fit_pca", "reconstruct")
    mean, components = lesson.fit_pca(IMAGES)
    made = lesson.reconstruct(NEW, mean, components, n_codes)
    expected = reconstruct_with_pca(IMAGES, NEW, n_codes)
    assert made == pytest.approx(expected, abs=1e-4)


def test_pca_says_how_many_codes_there_are():
    lesson = take(LESSON, "flatten", "fit_pca", "reconstruct")
    mean, components = lesson.fit_pca(IMAGES)
    with pytest.raises(ValueError, match="1 to 20"):
        lesson.reconstruct(NEW, mean, components, 21)


def test_noise_has_its_strength_and_repeats():
    add_noise = take(LESSON, "add_noise", seed=3).add_noise
    gray = np.full((400, 10, 10), 0.5)
    noise = add_noise(gray, 0.05) - gray
    assert noise.std() == pytest.approx(0.05, rel=0.02)
    assert noise.mean() == pytest.approx(0, abs=0.001)
    assert np.array_equal(add_noise(gray, 0.05) - gray, noise)
    strong = add_noise(gray, 5)
    assert (strong.min(), strong.max()) == (0, 1)


def test_shared_images_are_counted_once():
    count_shared = take(LESSON, "count_shared").count_shared
    other = np.concatenate([NEW, IMAGES[:3], IMAGES[:3]])
    assert count_shared(IMAGES, other) == 3
    assert count_shared(IMAGES, NEW) == 0


@pytest.mark.parametrize("batch_size", [1, 4, 5, 100])
def test_an_epoch_holds_each_image_once(batch_size):
    lesson = take(LESSON, "deal_batches", "build_pipeline")
    numbers = np.arange(60)
    dealt = lesson.deal_batches(numbers, batch_size, GENERATOR)
    pipeline = lesson.build_pipeline(numbers, batch_size)
    for epoch in (dealt, pipeline, pipeline):
        parts = [np.asarray(batch) for batch in epoch]
        assert len(parts) == -(-60 // batch_size)
        order = np.concatenate(parts)
        assert not np.array_equal(order, numbers)
        assert np.array_equal(np.sort(order), numbers)
