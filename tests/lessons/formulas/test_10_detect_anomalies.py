"""The formulas of lesson 10: thresholds, their promise, and scores."""

import keras
import numpy as np
import pytest
from scipy.stats import betabinom
from take import take

LESSON = "10_detect_anomalies"
GENERATOR = np.random.default_rng(0)


# --- Tiles and damage --------------------------------------------------------


def test_tiles_of_a_strip_put_side_by_side_are_the_strip():
    cut = take(LESSON, "cut_tiles", SIDE=16).cut_tiles
    strip = GENERATOR.normal(size=(64, 512))
    tiles = cut([strip], 16).reshape(4, 32, 16, 16)
    np.testing.assert_array_equal(
        tiles.transpose(0, 2, 1, 3).reshape(64, 512), strip
    )


def test_every_second_strip_is_held_out():
    cut = take(LESSON, "STRIP", "cut_strips").cut_strips
    photograph = np.repeat(np.arange(8), 64)[:, None] * np.ones(512)
    train_strips, held_strips = cut(photograph)
    assert np.unique(train_strips).tolist() == [0, 2, 4, 6]
    assert np.unique(held_strips).tolist() == [1, 3, 5, 7]


@pytest.mark.parametrize(
    "name",
    ["add_scratch", "add_stain", "add_worn_place", "add_foreign_piece"],
)
def test_damage_lies_where_the_mask_says(name):
    lesson = take(LESSON, "STRIP", "measure_from_spot", "textures", name)
    strip = lesson.textures["brick"][64:128].copy()
    before = strip.copy()
    for seed in range(3):
        draw = np.random.default_rng(seed)
        damaged, mask = getattr(lesson, name)(strip, draw)
        np.testing.assert_array_equal(strip, before)
        assert damaged.shape == mask.shape == strip.shape
        assert 0 <= damaged.min() <= damaged.max() <= 1
        change = np.abs(damaged - strip)
        # A stain and a worn place fade out at their edge.
        assert change[mask].mean() > 20 * change[~mask].mean()


def test_map_of_a_model_that_draws_zeros_is_the_squared_strip():
    lesson = take(LESSON, "cut_tiles", "map_errors", SIDE=16)
    strip = GENERATOR.normal(size=(64, 128)).astype("float32")
    errors = lesson.map_errors(
        lambda tiles: keras.ops.zeros_like(tiles), strip
    )
    np.testing.assert_allclose(errors, strip**2, rtol=1e-5)


# --- Thresholds --------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "budget", "k"), [(256, 0.05, 13), (99, 0.1, 10)]
)
def test_a_share_of_the_normal_scores_reaches_the_threshold(n, budget, k):
    find = take(LESSON, "find_threshold").find_threshold
    scores = GENERATOR.permutation(np.arange(n) ** 2)
    assert (scores >= find(scores, budget)).sum() == k


def test_false_alarms_follow_the_beta_binomial_distribution():
    find = take(LESSON, "find_threshold").find_threshold
    n, m, budget = 40, 25, 0.1
    counts = []
    for _ in range(20_000):
        scores = GENERATOR.normal(size=n + m)
        counts.append((scores[n:] > find(scores[:n], budget)).sum())
    found = np.bincount(counts, minlength=m + 1) / len(counts)
    k = (np.arange(n) >= find(np.arange(n), budget)).sum()
    expected = betabinom(m, k, n + 1 - k).pmf(np.arange(m + 1))
    np.testing.assert_allclose(found, expected, atol=0.015)


def test_interval_holds_most_draws():
    lesson = take(LESSON, "find_threshold", "find_interval")
    inside = []
    for _ in range(400):
        scores = GENERATOR.exponential(size=150)
        known, new = scores[:100], scores[100:]
        threshold = lesson.find_threshold(known, 0.05)
        low, high = lesson.find_interval(known, threshold, 50, 0.9)
        inside.append(low <= (new > threshold).mean() <= high)
    assert 0.85 < np.mean(inside) < 0.99


def test_precision_is_the_share_of_right_alarms():
    find = take(LESSON, "find_precision").find_precision
    # Of 1,000 things 20 are abnormal; 15 of them and 49 others give alarms.
    assert find(15 / 20, 49 / 980, 0.02) == pytest.approx(15 / 64)
    assert find(0, 0, 0.5) == 0


# --- Scores ------------------------------------------------------------------


def test_auc_is_the_chance_that_the_abnormal_score_is_higher():
    find = take(LESSON, "find_auc").find_auc
    normal, abnormal = GENERATOR.normal(size=60), GENERATOR.normal(1, 2, 40)
    chance = (abnormal[:, None] > normal).mean()
    assert find(normal, abnormal) == pytest.approx(chance)


def test_divergence_of_the_vae_is_that_of_a_normal_distribution():
    lesson = take(
        LESSON,
        "SampleCode",
        "score_with_vae",
        "find_gaussian_loss",
        VAE_SIGMA=0.5,
    )
    mean = np.float32([[0.5, -1.0], [0, 0]])
    log_variance = np.float32([[0.2, -0.7], [0, 0]])
    statistics = np.concatenate([mean, log_variance], axis=1)
    layer = lesson.SampleCode()
    drawn = layer(statistics)
    np.testing.assert_array_equal(drawn, mean)
    by_hand = []
    draws = GENERATOR.normal(size=(400_000, 2))
    for m, v in zip(mean, log_variance, strict=True):
        codes = m + np.exp(v / 2) * draws
        ratio = (codes**2 - draws**2 - v) / 2
        by_hand.append(ratio.sum(axis=1).mean())
    assert float(layer.losses[0]) == pytest.approx(np.mean(by_hand), abs=0.02)


def test_score_of_the_vae_has_both_terms():
    lesson = take(
        LESSON,
        "SampleCode",
        "score_with_vae",
        "find_gaussian_loss",
        VAE_SIGMA=0.5,
    )
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(4, "gelu"),
            keras.layers.Dense(4),
            lesson.SampleCode(),
            keras.layers.Dense(3),
        ]
    )
    x = GENERATOR.normal(size=(5, 3)).astype("float32")
    error, divergence = lesson.score_with_vae(model, x)
    squares = ((x - model(x).numpy()) ** 2).sum(axis=1)
    np.testing.assert_allclose(error, squares / (2 * 0.5**2), rtol=1e-5)
    assert divergence.mean() == pytest.approx(float(model.losses[0]), rel=1e-5)


# --- Rivals ------------------------------------------------------------------


def test_rivals_score_a_stranger_higher():
    lesson = take(
        LESSON,
        "score_with_pca",
        "score_with_neighbor",
        "score_with_z",
        "score_with_forest",
    )
    line = np.linspace(-1, 1, 50)[:, None] * np.ones(6)
    x_train = line + GENERATOR.normal(0, 0.01, line.shape)
    x = np.stack([x_train[20], [3, -3, 3, -3, 3, -3]])
    for score, setting in (
        (lesson.score_with_pca, 1),
        (lesson.score_with_neighbor, 0),
        (lesson.score_with_neighbor, 2),
        (lesson.score_with_z, False),
        (lesson.score_with_z, True),
        (lesson.score_with_forest, 2),
    ):
        normal, strange = score(x_train, x, setting)
        assert strange > normal


def test_with_all_components_pca_is_a_copy():
    score = take(LESSON, "score_with_pca").score_with_pca
    x_train, x = GENERATOR.normal(size=(20, 4)), GENERATOR.normal(size=(3, 4))
    np.testing.assert_allclose(score(x_train, x, 4), 0, atol=1e-12)


def test_hidden_rows_look_normal_value_by_value():
    make = take(LESSON, "make_hidden_rows").make_hidden_rows
    _, unseen, odd = make(100, 6, seed=3)
    np.testing.assert_array_equal(
        np.sort(odd, axis=0), np.sort(unseen, axis=0)
    )
    assert (odd != unseen).any()


def test_layer_of_the_vae_survives_saving(tmp_path):
    layer = take(LESSON, "SampleCode").SampleCode
    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(4), layer()]
    )
    model.save(tmp_path / "vae.keras")
    loaded = keras.models.load_model(tmp_path / "vae.keras")
    x = GENERATOR.normal(size=(3, 4)).astype("float32")
    np.testing.assert_array_equal(loaded(x), model(x))
