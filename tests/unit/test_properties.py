"""What holds for any input, looked for by hypothesis."""

import io
import json
import warnings
from contextlib import redirect_stdout

from utils import reuse, scores
from utils.checks import case, check
from utils.data import batches

import keras
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

# The same examples in each run; the first of some is slow, for TensorFlow.
settings.register_profile(
    "course", deadline=None, derandomize=True, database=None, max_examples=60
)
settings.load_profile("course")

SHAPES = npst.array_shapes(min_dims=1, max_dims=4, max_side=6)
PIXELS = st.floats(0, 1, width=32)
PAIRS = SHAPES.flatmap(
    lambda shape: st.tuples(
        *2 * [npst.arrays("float32", shape, elements=PIXELS)]
    )
)
WORDS = st.from_regex(r"[a-z]{1,9}", fullmatch=True)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
LITERALS = NUMBERS | st.booleans() | WORDS | st.lists(NUMBERS, min_size=1)


# Scores


@given(PAIRS)
def test_scores_are_finite_and_least_where_images_agree(pair):
    images, made = pair
    assert 0 == scores.mse(images, images) <= scores.mse(images, made) <= 1
    assert scores.mse(images, made) == scores.mse(made, images)
    entropy = scores.binary_cross_entropy(images, images)
    # The largest is -log 1e-7, at a white pixel that was made black.
    found = scores.binary_cross_entropy(images, made)
    assert -1e-9 <= entropy <= found + 1e-6 < 17


@given(PAIRS, st.data())
def test_scores_refuse_a_pixel_that_is_none(pair, data):
    images, made = pair
    for array in pair:
        broken = array.copy()
        broken.flat[data.draw(st.integers(0, broken.size - 1))] = np.nan
        both = (broken, made) if array is images else (images, broken)
        for score in (scores.mse, scores.binary_cross_entropy):
            with pytest.raises(ValueError, match="hold NaN"):
                score(*both)


@given(PAIRS, st.floats(1.01, 1e6) | st.floats(-1e6, -0.01), st.data())
def test_bce_refuses_a_pixel_out_of_range(pair, level, data):
    images, made = pair
    images.flat[data.draw(st.integers(0, images.size - 1))] = level
    with pytest.raises(ValueError, match="divide by 255"):
        scores.binary_cross_entropy(images, made)


@given(
    npst.arrays(
        "float32",
        npst.array_shapes(min_dims=2, max_dims=3, max_side=6),
        elements=PIXELS,
    ),
    st.integers(-2, 8),
)
# Of one image scikit-learn divides by the number of others.
@pytest.mark.filterwarnings("ignore:invalid value")
def test_pca_gives_images_or_a_reason(images, n_codes):
    most = min(len(images), images[0].size)
    if not 1 <= n_codes <= most:
        with pytest.raises(ValueError, match=f"allow 1 to {most}"):
            scores.reconstruct_with_pca(images, images, n_codes)
        return
    made = scores.reconstruct_with_pca(images, images, n_codes)
    assert made.shape == images.shape and made.dtype == "float32"
    assert 0 <= made.min() <= made.max() <= 1
    # It is at least as good as the mean image, which needs no code.
    mean = images.mean(axis=0)
    assert scores.mse(images, made) <= scores.mse(images, mean) + 1e-6


@given(
    npst.arrays("float64", (7, 2), elements=st.floats(-9, 9)),
    st.lists(st.integers(0, 2), min_size=7, max_size=7),
    st.integers(-2, 9),
)
def test_neighbors_give_a_share_or_a_reason(codes, labels, k):
    if not 1 <= k <= 7:
        with pytest.raises(ValueError, match="7 codes allow 1 to 7"):
            scores.score_neighbors(codes, labels, codes, labels, k=k)
        return
    found = scores.score_neighbors(codes, labels, codes, labels, k=k)
    assert 0 <= found <= 1
    if len(set(labels)) == 1:
        assert found == 1


# Batches


@settings(max_examples=25)
@given(
    st.integers(1, 40),
    st.integers(1, 50),
    st.booleans(),
    st.booleans(),
    st.none() | st.integers(0, 2**31),
)
def test_batches_hold_each_row_once(n, batch_size, shuffle, drop, seed):
    rows = np.arange(n)
    dataset = batches(
        *(rows, -rows),
        batch_size=batch_size,
        shuffle=shuffle,
        seed=seed,
        drop_remainder=drop,
    )
    pairs = list(dataset.as_numpy_iterator())
    sizes = [len(x) for x, _ in pairs]
    whole, rest = divmod(n, batch_size)
    last = [rest] if rest and not drop else []
    assert sizes == whole * [batch_size] + last
    assert len(dataset) == len(sizes)
    assert all((x == -y).all() for x, y in pairs)
    fed = np.concatenate([x for x, _ in pairs]) if pairs else rows[:0]
    assert len(set(fed)) == len(fed) and set(fed) <= set(rows)
    if not shuffle:
        assert (fed == rows[: len(fed)]).all()


# The names of trainings


@pytest.fixture(scope="module")
def model():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3)])
    model.compile("sgd", "mse")
    return model


TRAININGS = st.tuples(
    npst.arrays("float32", (2, 3), elements=st.sampled_from([0, 0.5, 1])),
    st.dictionaries(WORDS, LITERALS, max_size=2),
)


@settings(max_examples=5)
@given(TRAININGS, TRAININGS)
def test_trainings_have_one_name_if_and_only_if_they_are_one(
    model, one, other
):
    def find_key(images, about):
        return reuse.find_key(model, [images, images.copy()], about)

    key = find_key(*one)
    reordered = dict(reversed(one[1].items()))
    assert find_key(one[0].copy(order="F"), reordered) == key
    changed = one[0].copy()
    changed.flat[0] = np.nextafter(changed.flat[0], 2, dtype="float32")
    assert find_key(changed, one[1]) != key
    assert find_key(one[0], one[1] | {"another": 0}) != key
    is_same = np.array_equal(one[0], other[0]) and (
        json.dumps(one[1], sort_keys=True)
        == json.dumps(other[1], sort_keys=True)
    )
    assert (find_key(*other) == key) == is_same


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda each: st.lists(each) | st.dictionaries(st.text(), each),
    max_leaves=5,
)


# Checks of exercises

ANSWERS = (
    JSON
    | npst.arrays(npst.scalar_dtypes(), npst.array_shapes(max_side=3))
    | st.tuples(JSON, JSON)
    | st.binary()
    | st.complex_numbers()
)


# What is expected is all zeros, so nothing is a multiple of it.
@example(np.full((2, 2), 3.0), np.zeros((2, 2)))
@given(
    ANSWERS, npst.arrays("float64", (2, 2)) | PIXELS | st.tuples(PIXELS, WORDS)
)
def test_no_answer_stops_a_lesson(answer, expected):
    # A warning would stand on the page.
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with redirect_stdout(io.StringIO()) as printed:
            check(lambda: answer, case(expected=expected))
    assert not [str(warning.message) for warning in caught]
    verdict = printed.getvalue()
    assert verdict.startswith(("<lambda>: right", "<lambda>: not yet, "))
    assert verdict.endswith("\n")
