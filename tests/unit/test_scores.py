"""Tests of utils.scores against closed forms and other implementations."""

import math

from utils.scores import (
    binary_cross_entropy,
    mse,
    print_scores,
    reconstruct_with_pca,
    score_neighbors,
)

import keras
import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.metrics import mean_squared_error
from sklearn.neighbors import KNeighborsClassifier

GENERATOR = np.random.default_rng(0)
IMAGES = GENERATOR.random((50, 6, 6))
OTHERS = GENERATOR.random((50, 6, 6))
MEAN = IMAGES.mean(axis=0)
SCORES = [mse, binary_cross_entropy]


# Closed forms


def test_bce_of_a_half_is_log_2():
    half = np.full_like(IMAGES, 0.5)
    assert binary_cross_entropy(IMAGES, half) == pytest.approx(math.log(2))


def test_bce_of_images_with_themselves_is_their_entropy():
    entropy = -np.mean(
        IMAGES * np.log(IMAGES) + (1 - IMAGES) * np.log(1 - IMAGES)
    )
    found = binary_cross_entropy(IMAGES, IMAGES)
    assert found == pytest.approx(entropy)
    assert 0 < found < math.log(2)


@pytest.mark.parametrize("shift", [-0.1, -0.01, 0.01, 0.1])
def test_bce_is_least_at_the_images(shift):
    moved = np.clip(IMAGES + shift, 0, 1)
    assert binary_cross_entropy(IMAGES, moved) > binary_cross_entropy(
        IMAGES, IMAGES
    )


def test_bce_of_black_and_white_is_zero_right_and_finite_wrong():
    binary = np.round(IMAGES)
    assert 0 <= binary_cross_entropy(binary, binary) < 1e-6
    # Clipped at 1e-7, as Keras does it.
    assert binary_cross_entropy(binary, 1 - binary) == pytest.approx(
        -math.log(1e-7)
    )


def test_bce_agrees_with_keras():
    expected = keras.losses.BinaryCrossentropy()(
        IMAGES.astype("float32"), OTHERS.astype("float32")
    )
    assert binary_cross_entropy(IMAGES, OTHERS) == pytest.approx(
        float(expected), rel=1e-5
    )


def test_mse_agrees_with_scikit_learn():
    expected = mean_squared_error(IMAGES.ravel(), OTHERS.ravel())
    assert mse(IMAGES, OTHERS) == pytest.approx(expected)


def test_mse_is_zero_for_images_and_one_for_black_against_white():
    assert mse(IMAGES, IMAGES) == 0
    assert mse(np.zeros((2, 3)), np.ones((2, 3))) == 1


@pytest.mark.parametrize("score", SCORES)
def test_mean_image_broadcasts_and_is_the_best_constant(score):
    repeated = np.broadcast_to(MEAN, IMAGES.shape)
    assert score(IMAGES, MEAN) == pytest.approx(score(IMAGES, repeated))
    for shift in (-0.02, 0.02):
        assert score(IMAGES, MEAN + shift) > score(IMAGES, MEAN)


@pytest.mark.parametrize("score", SCORES)
def test_score_is_a_float_of_any_shape_and_dtype(score):
    found = score(IMAGES, OTHERS)
    assert type(found) is float
    flat = score(IMAGES.reshape(50, 36), OTHERS.reshape(50, 36))
    assert flat == pytest.approx(found)
    single = score(IMAGES.astype("float32"), OTHERS.astype("float32"))
    assert single == pytest.approx(found, rel=1e-5)


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize(
    ("images", "made", "message"),
    [
        (IMAGES, np.where(IMAGES > 0.9, np.nan, OTHERS), "ns hold NaN"),
        (np.where(IMAGES > 0.9, np.nan, IMAGES), OTHERS, "images hold NaN"),
        (IMAGES[:0], OTHERS[:0], "no image"),
        (IMAGES, OTHERS[:49], "do not fit"),
        (IMAGES, OTHERS[:, :5], "do not fit"),
        # A broadcast of the images would score them several times.
        (MEAN, OTHERS, "do not fit"),
    ],
    ids=["NaN", "NaN image", "empty", "rows", "pixels", "broadcast"],
)
def test_score_refuses(score, images, made, message):
    with pytest.raises(ValueError, match=message):
        score(images, made)


@pytest.mark.parametrize("images", [255 * IMAGES, IMAGES - 0.5])
def test_bce_refuses_targets_over_the_range(images):
    with pytest.raises(ValueError, match="divide by 255"):
        binary_cross_entropy(images, OTHERS)


@pytest.mark.parametrize("score", SCORES)
def test_bytes_are_scored_as_numbers_not_as_bytes(score):
    # In bytes 0 - 255 is 1.
    black, white = np.zeros((2, 3), "uint8"), np.ones((2, 3), "uint8")
    assert mse(255 * black, 255 * white) == 255**2
    assert score(black, white) == score(1.0 * black, 1.0 * white)


def test_print_scores_refuses_no_model():
    with pytest.raises(ValueError, match="reconstructions is empty"):
        print_scores(IMAGES, {})


def test_print_scores_returns_what_it_prints(capsys):
    scores = print_scores(IMAGES, {"mean image": MEAN, "self": IMAGES})
    assert scores == {
        name: {
            "bce": binary_cross_entropy(IMAGES, made),
            "mse": mse(IMAGES, made),
        }
        for name, made in (("mean image", MEAN), ("self", IMAGES))
    }
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert "BCE" in lines[0] and "nats" in lines[0] and "MSE" in lines[0]
    assert lines[1].split()[:2] == ["mean", "image"]
    printed = [float(number) for number in lines[1].split()[-2:]]
    row = scores["mean image"]
    assert printed == pytest.approx([row["bce"], row["mse"]], abs=1e-4)


# Principal components


def test_pca_with_all_components_is_exact():
    made = reconstruct_with_pca(IMAGES, IMAGES, 36)
    assert made.shape == IMAGES.shape
    assert mse(IMAGES, made) < 1e-10


def test_more_components_lower_the_error():
    errors = [
        mse(IMAGES, reconstruct_with_pca(IMAGES, IMAGES, k))
        for k in (1, 2, 4, 8, 16, 32)
    ]
    assert errors == sorted(errors, reverse=True)
    assert len(set(errors)) == len(errors)
    assert errors[0] < mse(IMAGES, MEAN)


def test_pca_is_clipped_to_gray_levels():
    binary = np.round(IMAGES)
    flat = binary.reshape(50, 36)
    pca = PCA(8).fit(flat)
    raw = pca.inverse_transform(pca.transform(flat))
    assert raw.min() < -0.05 and raw.max() > 1.05
    made = reconstruct_with_pca(binary, binary, 8)
    assert (made.min(), made.max()) == (0, 1)


RANK_3 = GENERATOR.normal(size=(300, 3)) @ GENERATOR.normal(size=(3, 12))
RANK_3 = (RANK_3 - RANK_3.mean(axis=0)) / RANK_3.std(axis=0)


@pytest.mark.parametrize(
    "data",
    [
        RANK_3,
        1e4 * RANK_3 - 1e5,
        2 * IMAGES - 1,
        (255 * IMAGES).astype("uint8"),
        RANK_3.reshape(60, 5, 12),
        IMAGES[..., None],
    ],
    ids=["table", "large", "tanh", "bytes", "series", "channel"],
)
def test_all_components_are_exact_on_any_range(data):
    # Part of the rest goes beyond what was trained on.
    data = data[np.argsort(data.reshape(len(data), -1).max(axis=1))]
    train, rest = data[: len(data) * 4 // 5], data[len(data) * 4 // 5 :]
    assert rest.max() > train.max()
    n_codes = min(len(train), train[0].size)
    spread = np.var(data.astype("float64"))
    made = reconstruct_with_pca(train, train, n_codes)
    assert made.shape == train.shape and made.dtype == np.float32
    assert mse(train, made) < 1e-8 * spread
    if n_codes == train[0].size:
        made = reconstruct_with_pca(train, rest, n_codes)
        assert mse(rest, made) < 1e-8 * spread


def test_pca_knows_three_directions_of_a_table():
    made = reconstruct_with_pca(RANK_3[:250], RANK_3[250:], 3)
    assert mse(RANK_3[250:], made) < 1e-10


def test_pca_is_cut_to_the_range_of_its_training():
    signs = 2 * np.round(IMAGES) - 1
    made = reconstruct_with_pca(signs[:40], signs[40:], 8)
    assert (made.min(), made.max()) == (-1, 1)
    # Only an image that goes beyond is drawn beyond, whatever is beside it.
    wild = signs[40:] * np.where(np.arange(10) == 3, 5, 1)[:, None, None]
    made_wild = reconstruct_with_pca(signs[:40], wild, 8)
    assert made_wild[3].max() > 1
    rest = np.arange(10) != 3
    np.testing.assert_allclose(made_wild[rest], made[rest], atol=1e-6)


@pytest.mark.filterwarnings("error")
def test_pca_of_one_image_is_that_image():
    made = reconstruct_with_pca(IMAGES[:1], IMAGES[:1], 1)
    np.testing.assert_allclose(made, IMAGES[:1], atol=1e-6)
    flat = np.full((5, 3), 0.5)
    np.testing.assert_array_equal(reconstruct_with_pca(flat, flat, 2), flat)


def test_components_come_from_the_training_images():
    made = reconstruct_with_pca(IMAGES, OTHERS[:7], 8)
    pca = PCA(8).fit(IMAGES.reshape(50, 36))
    codes = pca.transform(OTHERS[:7].reshape(7, 36))
    expected = pca.inverse_transform(codes).clip(0, 1).reshape(7, 6, 6)
    np.testing.assert_allclose(made, expected, atol=1e-6)


def test_pca_repeats_where_its_solver_draws_numbers():
    # Above 500 rows scikit-learn takes the randomized solver for few codes.
    noise = GENERATOR.random((600, 10, 10)).astype("float32")
    made = []
    for seed in (1, 2):
        np.random.seed(seed)
        made.append(reconstruct_with_pca(noise, noise[:5], 5))
    np.testing.assert_array_equal(*made)


@pytest.mark.parametrize("n_codes", [0, -1, 37, 51])
def test_pca_refuses_a_number_of_codes(n_codes):
    message = f"n_codes is {n_codes}: 50 images of 36 pixels allow 1 to 36"
    with pytest.raises(ValueError, match=message):
        reconstruct_with_pca(IMAGES, IMAGES, n_codes)


@pytest.mark.parametrize(
    ("x_train", "images", "message"),
    [
        (IMAGES[:0], OTHERS, "x_train is empty"),
        (IMAGES, OTHERS[:0], "images is empty"),
        (IMAGES, OTHERS[:, 1:], "as many pixels"),
        (IMAGES, OTHERS[0], r"image\[None\]"),
        (np.full_like(IMAGES, np.nan), OTHERS, "x_train hold NaN"),
    ],
    ids=["no training", "no images", "pixels", "one image", "NaN"],
)
def test_pca_refuses_images(x_train, images, message):
    with pytest.raises(ValueError, match=message):
        reconstruct_with_pca(x_train, images, 2)


@pytest.mark.parametrize("images", [2 * IMAGES - 1, 255 * IMAGES, RANK_3])
def test_outside_0_to_1_there_is_mse_and_the_reason(images, capsys):
    scores = print_scores(images, {"self": images, "zero": 0 * images})
    assert scores == {
        "self": {"mse": 0.0},
        "zero": {"mse": pytest.approx(np.mean(images**2))},
    }
    lines = capsys.readouterr().out.splitlines()
    low, high = images.min(), images.max()
    assert f"[{low:.3g}, {high:.3g}]" in lines[0]
    assert "needs [0, 1]" in lines[0]
    assert lines[1].split() == ["MSE"]
    assert lines[1].endswith("MSE") and len(lines[1]) == len(lines[2])
    assert float(lines[3].split()[-1]) == pytest.approx(
        scores["zero"]["mse"], rel=1e-3
    )


def test_one_image_is_scored(capsys):
    for image in (IMAGES[0], IMAGES[:1]):
        scores = print_scores(image, {"self": image})
        assert scores["self"]["mse"] == 0 and scores["self"]["bce"] > 0


# Neighbors among codes

LABELS = np.repeat(np.arange(4), 100)
NOISE, NOISE_TEST = GENERATOR.normal(size=(2, 400, 3))


def test_neighbors_of_separated_blobs_are_all_right():
    centers = 100 * LABELS[:, None]
    assert (
        score_neighbors(NOISE + centers, LABELS, NOISE_TEST + centers, LABELS)
        == 1
    )


def test_neighbors_in_noise_are_right_by_chance():
    score = score_neighbors(NOISE, LABELS, NOISE_TEST, LABELS)
    # 4 classes; the standard error of 400 guesses is about 0.02.
    assert 0.15 < score < 0.35


@pytest.mark.parametrize("k", [1, 5, 15])
def test_neighbors_agree_with_scikit_learn(k):
    centers = LABELS[:, None]
    codes, codes_test = NOISE + centers, NOISE_TEST + centers
    model = KNeighborsClassifier(k, algorithm="brute").fit(codes, LABELS)
    assert score_neighbors(
        codes, LABELS, codes_test, LABELS, k=k
    ) == pytest.approx(model.score(codes_test, LABELS))


@pytest.mark.parametrize("k", [0, -1, 401])
def test_neighbors_refuses_a_number_of_votes(k):
    with pytest.raises(ValueError, match=f"k is {k}.*1 to 400"):
        score_neighbors(NOISE, LABELS, NOISE_TEST, LABELS, k=k)


def test_one_class_is_always_found():
    one = np.zeros(400)
    # All of the codes may vote.
    for k in (5, 400):
        assert score_neighbors(NOISE, one, NOISE_TEST, one, k=k) == 1


@pytest.mark.parametrize(
    ("codes", "labels", "message"),
    [
        (NOISE[:0], LABELS[:0], "0 sample"),
        (NOISE, LABELS[1:], r"400 codes and labels of shape \(399,\)"),
        (NOISE, None, "needs a class"),
        (NOISE[:, 1:], LABELS, "2 features.* 3"),
        (np.full_like(NOISE, np.nan), LABELS, "contains NaN"),
    ],
    ids=["empty", "lengths", "no labels", "another size", "NaN"],
)
def test_neighbors_refuses_codes(codes, labels, message):
    with pytest.raises(ValueError, match=message):
        score_neighbors(NOISE, LABELS, codes, labels)


def test_neighbors_vote_for_one_class_for_many_and_for_names():
    assert score_neighbors(NOISE, 0 * LABELS, NOISE_TEST, 0 * LABELS) == 1
    many = np.arange(400) // 4
    assert score_neighbors(NOISE, many, NOISE, many, k=1) == 1
    names = np.array(["a", "b", "c", "d"])[LABELS]
    by_name = score_neighbors(NOISE, names, NOISE_TEST, names)
    assert by_name == score_neighbors(NOISE, LABELS, NOISE_TEST, LABELS)
