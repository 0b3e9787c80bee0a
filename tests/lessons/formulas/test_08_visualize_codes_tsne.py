"""The formulas of lesson 08, taken out of the notebook."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist, pdist
from sklearn.manifold import trustworthiness
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier
from take import take

LESSON = "08_visualize_codes_tsne"


@pytest.fixture
def data():
    """Three clusters in ten dimensions, and their labels."""
    generator = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], 40)
    centers = 3 * generator.normal(size=(3, 10))
    return centers[labels] + generator.normal(size=(120, 10)), labels


@pytest.mark.parametrize("k", [1, 5, 30])
def test_trustworthiness_as_scikit_learn_has_it(data, k):
    lesson = take(
        LESSON, "find_ranks", "N_NEAREST", "find_near", "score_trust"
    )
    points, _ = data
    ranks = lesson.find_ranks(points)
    for columns in ([0, 1], [3, 7]):
        flat = points[:, columns]
        ours = lesson.score_trust(ranks, lesson.find_near(flat, k))
        theirs = trustworthiness(points, flat, n_neighbors=k)
        assert ours == pytest.approx(theirs, abs=1e-12)
    assert lesson.score_trust(ranks, lesson.find_near(points, k)) == 1


def test_ranks_of_twins_and_of_a_line():
    lesson = take(LESSON, "find_ranks")
    ranks = lesson.find_ranks(np.array([[0.0], [1], [3], [3]]))
    assert ranks[0, :2].tolist() == [0, 1]
    assert np.diag(ranks).tolist() == [0, 0, 0, 0]
    assert np.sort(ranks, axis=1).tolist() == 4 * [[0, 1, 2, 3]]
    assert ranks[2, 3] == ranks[3, 2] == 1


@pytest.mark.parametrize("k", [1, 4, 5])
def test_votes_leave_one_out_as_scikit_learn_has_them(data, k):
    lesson = take(
        LESSON, "N_NEAREST", "find_near", "find_votes", "score_votes"
    )
    points, labels = data
    # Two numbers only, so that some votes are wrong.
    flat = points[:, :2]
    model = KNeighborsClassifier(k)
    theirs = cross_val_predict(model, flat, labels, cv=LeaveOneOut())
    assert np.array_equal(lesson.find_votes(flat, labels, k), theirs)
    assert 0.4 < np.mean(theirs == labels) < 1
    assert lesson.score_votes(flat, labels, k) == np.mean(theirs == labels)


def test_shared_neighbors():
    lesson = take(LESSON, "N_NEAREST", "find_near", "score_shared")
    line = lesson.find_near(np.array([[0.0], [1], [3], [7]]), 1)
    moved = lesson.find_near(np.array([[0.0], [1], [8], [7]]), 1)
    assert lesson.score_shared(line, line) == 1
    # Nearest on the line: 1, 0, 1, 2; after the move: 1, 0, 3, 2.
    assert lesson.score_shared(line, moved) == 0.75
    # In another order they are the same neighbors.
    three = np.array([[1, 2], [0, 2], [0, 1]])
    assert lesson.score_shared(three, three[:, ::-1]) == 1


@pytest.mark.parametrize("perplexity", [2, 5, 30, 100])
@pytest.mark.parametrize("scale", [1e-3, 1, 1e3])
def test_shares_have_the_perplexity_asked_for(data, perplexity, scale):
    lesson = take(LESSON, "count_neighbors", "find_shares")
    shares = lesson.find_shares(scale * data[0], perplexity)
    assert np.allclose(shares.sum(axis=1), 1)
    assert not np.diag(shares).any()
    positive = np.where(shares > 0, shares, 1)
    entropy = -(positive * np.log2(positive)).sum(axis=1)
    assert np.allclose(2**entropy, perplexity, atol=1e-3)
    assert np.allclose(lesson.count_neighbors(shares), perplexity, atol=1e-3)


def test_shares_fall_with_the_distance_as_a_gaussian(data):
    lesson = take(LESSON, "count_neighbors", "find_shares")
    shares = lesson.find_shares(data[0], 10)
    squared = cdist(data[0], data[0], "sqeuclidean")
    for row in (0, 60):
        seen = shares[row] > 1e-12
        slope = np.polyfit(squared[row, seen], np.log(shares[row, seen]), 1)
        line = np.polyval(slope, squared[row, seen])
        assert slope[0] < 0
        assert np.allclose(line, np.log(shares[row, seen]), atol=1e-6)


def test_effective_number_of_neighbors():
    lesson = take(LESSON, "count_neighbors")
    shares = np.array([[0.25, 0.25, 0.25, 0.25], [0, 1, 0, 0]])
    assert np.allclose(lesson.count_neighbors(shares), [4, 1])


@pytest.mark.parametrize("has_tail", [True, False])
def test_gradient_is_the_slope_of_the_divergence(data, has_tail):
    names = "count_neighbors find_shares find_joint find_nearness"
    names += " find_gradient find_divergence"
    lesson = take(LESSON, *names.split())
    joint = lesson.find_joint(data[0], 15)
    assert joint.sum() == pytest.approx(1) and np.allclose(joint, joint.T)
    points = np.random.default_rng(1).normal(size=(120, 2))
    gradient = lesson.find_gradient(points, joint, has_tail)
    for place in ((0, 0), (7, 1), (80, 0)):
        step = np.zeros_like(points)
        step[place] = 1e-5
        up, down = (
            lesson.find_divergence(points + sign * step, joint, has_tail)
            for sign in (1, -1)
        )
        slope = (up - down) / 2e-5
        assert gradient[place] == pytest.approx(slope, rel=1e-4, abs=1e-9)


def test_map_brings_clusters_apart(data):
    names = "count_neighbors find_shares find_joint find_nearness"
    names += " find_gradient train_map make_small_map find_ranks N_NEAREST"
    names += " find_near find_votes score_votes score_trust"
    lesson = take(LESSON, *names.split())
    points, labels = data
    made = lesson.make_small_map(points, 15)
    assert lesson.score_votes(made, labels) > 0.98
    ranks, near = lesson.find_ranks(points), lesson.find_near(made)
    assert lesson.score_trust(ranks, near) > 0.85


@pytest.mark.parametrize("n_columns", [5, 36])
def test_images_on_a_map_do_not_overlap(n_columns):
    lesson = take(LESSON, "find_cells")
    points = 7 * np.random.default_rng(2).normal(size=(800, 2)) - 3
    cells, shown = lesson.find_cells(points, n_columns)
    assert pdist(cells[shown], "chebyshev").min() >= 1
    assert len(shown) == len(np.unique(cells, axis=0))
    assert cells.min() == 0 and cells[:, 0].max() == n_columns - 1
    # Nobody is drawn more than half a cell from its place.
    side = np.ptp(points[:, 0]) / (n_columns - 1)
    off = np.abs((points - points.min(axis=0)) / side - cells).max(axis=1)
    assert off.max() <= 0.5 + 1e-9
    # Of each cell the one nearest to its center.
    for row in shown[:20]:
        same = (cells == cells[row]).all(axis=1)
        assert off[row] == off[same].min()


def test_canvas_shows_each_image_in_its_cell():
    lesson = take(LESSON, "make_canvas")
    generator = np.random.default_rng(3)
    tiles = generator.uniform(size=(3, 34, 34, 3))
    cells = np.array([[0, 0], [2, 1], [1, 3]])
    canvas = lesson.make_canvas(cells, tiles)
    assert canvas.shape == (4 * 34, 3 * 34, 3)
    for (column, row), tile in zip(cells, tiles, strict=True):
        top, left = (3 - row) * 34, column * 34  # y runs upward
        assert np.array_equal(canvas[top : top + 34, left : left + 34], tile)
    assert (canvas == 1).all(axis=2).sum() == 9 * 34 * 34


def test_frames_keep_the_image():
    lesson = take(LESSON, "make_frames")
    images = np.random.default_rng(4).uniform(size=(2, 28, 28))
    colors = np.array([[1.0, 0, 0], [0, 0.5, 1]])
    frames = lesson.make_frames(images, colors)
    assert frames.shape == (2, 34, 34, 3)
    assert np.array_equal(frames[1, 3:31, 3:31, 2], images[1])
    assert np.array_equal(frames[:, 0, 0], colors)
    assert np.array_equal(frames[:, 33, 5], colors)


def test_evenness_of_a_grid_and_of_pairs():
    lesson = take(LESSON, "score_evenness")
    grid = np.stack(np.meshgrid(range(30), range(30)), -1).reshape(-1, 2)
    # Nearest at 1, and nearly 1 point for each unit of area.
    assert lesson.score_evenness(grid.astype(float)) == pytest.approx(
        2 * 30 / 29
    )
    scattered = np.random.default_rng(5).uniform(size=(4000, 2))
    assert lesson.score_evenness(scattered) == pytest.approx(1, abs=0.05)
    pairs = np.r_[scattered, scattered + 1e-4]
    assert lesson.score_evenness(pairs) < 0.1


def test_layout_is_a_correlation_of_distances_between_centers(data):
    lesson = take(LESSON, "find_center_distances", "score_layout")
    points, labels = data
    turned = points[:, ::-1]
    assert lesson.score_layout(points, turned, labels) == pytest.approx(1)
    centers = [points[labels == i].mean(axis=0) for i in range(3)]
    flat = [points[labels == i, :2].mean(axis=0) for i in range(3)]
    expected = np.corrcoef(pdist(centers), pdist(flat))[0, 1]
    found = lesson.score_layout(points, points[:, :2], labels)
    assert found == pytest.approx(expected)
