"""The formulas of lesson 09: cosines, search and signs."""

import numpy as np
import pytest
from scipy.spatial import distance
from take import take

GENERATOR = np.random.default_rng(0)


@pytest.fixture(scope="module")
def cosine():
    return take(
        "09_compare_codes_cosine",
        "find_directions",
        "find_cosines",
        "find_class_cosines",
        "find_nearest",
        "score_precision",
        "find_signs",
        "find_rotation",
        "find_interval",
        "find_nearest_euclidean",
        seed=0,
    )


ROWS = GENERATOR.normal(size=(40, 7))
COLUMNS = GENERATOR.normal(size=(30, 7))


def test_cosines_are_those_of_scipy(cosine):
    found = cosine.find_cosines(ROWS, COLUMNS)
    expected = 1 - distance.cdist(ROWS, COLUMNS, "cosine")
    np.testing.assert_allclose(found, expected, atol=1e-12)
    longer = cosine.find_cosines(3 * ROWS, COLUMNS / 5)
    np.testing.assert_allclose(longer, expected, atol=1e-12)


def test_cosines_stay_in_range_and_are_0_without_a_direction(cosine):
    same = cosine.find_cosines(ROWS.astype("float32"), ROWS.astype("float32"))
    assert same.min() >= -1 and same.max() <= 1
    np.testing.assert_array_equal(
        cosine.find_cosines(np.zeros((1, 7)), COLUMNS), 0
    )


def test_class_cosines_are_means_over_pairs(cosine):
    vectors, labels = ROWS, np.arange(40) % 10
    found = cosine.find_class_cosines(vectors, labels)
    similarities = cosine.find_cosines(vectors, vectors)
    for a, b in ((0, 0), (2, 7)):
        pairs = similarities[labels == a][:, labels == b]
        assert found[a, b] == pytest.approx(pairs.mean())


@pytest.mark.parametrize("chunk", [1, 16, 500])
def test_search_in_chunks_is_brute_force(cosine, chunk):
    nearest = cosine.find_nearest(ROWS, COLUMNS, 10, chunk)
    distances = distance.cdist(ROWS, COLUMNS, "cosine")
    np.testing.assert_array_equal(nearest, distances.argsort(axis=1)[:, :10])


def test_precision_is_a_share_of_right_labels_for_each_query(cosine):
    nearest = np.array([[0, 1], [2, 3], [1, 2]])
    labels, asked = np.array([5, 5, 6, 7]), np.array([5, 6, 9])
    found = cosine.score_precision(nearest, labels, asked)
    assert found == pytest.approx([1, 1 / 2, 0])


def test_cosine_of_signs_is_the_hamming_distance(cosine):
    signs = cosine.find_signs(ROWS, ROWS.mean(axis=0))
    differing = distance.cdist(signs > 0, signs > 0, "hamming")
    found = cosine.find_cosines(signs, signs)
    np.testing.assert_allclose(found, 1 - 2 * differing, atol=1e-6)


def test_euclidean_search_is_brute_force(cosine):
    nearest = cosine.find_nearest_euclidean(ROWS, COLUMNS, 4)
    distances = distance.cdist(ROWS, COLUMNS)
    np.testing.assert_array_equal(nearest, distances.argsort(axis=1)[:, :4])


def test_on_unit_vectors_both_searches_find_the_same(cosine):
    rows, columns = map(cosine.find_directions, (ROWS, COLUMNS))
    nearest = cosine.find_nearest_euclidean(rows, columns, 5)
    np.testing.assert_array_equal(
        nearest, cosine.find_nearest(ROWS, COLUMNS, 5)
    )


def test_rotation_is_one_and_brings_rows_near_their_signs(cosine):
    """As Gong and Lazebnik (2011): each round lowers |B - VR|."""
    centered = ROWS - ROWS.mean(axis=0)

    def find_error(n_rounds):
        rotation = cosine.find_rotation(centered, n_rounds)
        np.testing.assert_allclose(rotation @ rotation.T, np.eye(7), atol=1e-9)
        rotated = centered @ rotation
        return np.square(np.where(rotated > 0, 1, -1) - rotated).sum()

    errors = [find_error(n_rounds) for n_rounds in (0, 1, 2, 10, 50)]
    assert np.all(np.diff(errors) < 1e-9)
    assert errors[-1] < errors[0] - 1


def test_interval_of_a_mean_is_that_of_a_normal(cosine):
    values = GENERATOR.normal(3, 2, size=2000)
    low, high = cosine.find_interval(values)
    expected = 1.96 * 2 / np.sqrt(2000)
    assert values.mean() - low == pytest.approx(expected, rel=0.15)
    assert high - values.mean() == pytest.approx(expected, rel=0.15)
