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
    )


ROWS = GENERATOR.normal(size=(40, 7))
COLUMNS = GENERATOR.normal(size=(30, 7))


def test_cosines_are_those_of_scipy(cosine):
    found = cosine.find_cosines(ROWS, COLUMNS)
    expected = 1 - distance.cdist(ROWS, COLUMNS, "cosine")
    np.testing.assert_allclose(found, expected, atol=1e-12)
    longer = cosine.find_cosines(3 * ROWS, COLUMNS / 5)
    np.testing.assert_allclose(longer, expected, atol=1e-12)


def test_cosines_stay_in_range_and_zero_has_none(cosine):
    same = cosine.find_cosines(ROWS.astype("float32"), ROWS.astype("float32"))
    assert same.min() >= -1 and same.max() <= 1
    with pytest.raises(ValueError, match="length 0 has no direction"):
        cosine.find_cosines(np.zeros((1, 7)), COLUMNS)


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


def test_precision_is_a_share_of_right_labels(cosine):
    nearest = np.array([[0, 1], [2, 3], [1, 2]])
    labels, asked = np.array([5, 5, 6, 7]), np.array([5, 6, 9])
    found = cosine.score_precision(nearest, labels, asked)
    assert found == pytest.approx(3 / 6)


def test_cosine_of_signs_is_the_hamming_distance(cosine):
    signs = cosine.find_signs(ROWS, ROWS.mean(axis=0))
    differing = distance.cdist(signs > 0, signs > 0, "hamming")
    found = cosine.find_cosines(signs, signs)
    np.testing.assert_allclose(found, 1 - 2 * differing, atol=1e-6)
