"""Tests of utils.data.batches: order, sizes and pairs."""

from utils.data import batches, count_steps

import keras
import numpy as np
import pytest

ROWS = np.arange(23)


def read_epoch(dataset):
    return np.concatenate(list(dataset.as_numpy_iterator())).tolist()


def read_epochs(count=3, **settings):
    dataset = batches(ROWS, **{"batch_size": 5} | settings)
    return [read_epoch(dataset) for _ in range(count)]


def test_each_epoch_holds_each_row_once():
    for epoch in read_epochs(seed=0):
        assert sorted(epoch) == ROWS.tolist()


@pytest.mark.parametrize(
    ("settings", "sizes"),
    [({}, [5, 5, 5, 5, 3]), ({"drop_remainder": True}, [5, 5, 5, 5])],
)
def test_last_partial_batch_is_kept_unless_dropped(settings, sizes):
    dataset = batches(ROWS, batch_size=5, **settings)
    assert [len(batch) for batch in dataset] == sizes
    assert len(dataset) == len(sizes)


@pytest.mark.parametrize("batch_size", [1, 23, 24, 1000])
def test_length_is_known_for_any_batch_size(batch_size):
    dataset = batches(ROWS, batch_size=batch_size)
    assert len(dataset) == len(list(dataset)) == -(-23 // batch_size)


def test_same_seed_gives_the_same_epochs_whatever_keras_seed():
    keras.utils.set_random_seed(1)
    first = read_epochs(seed=5)
    keras.utils.set_random_seed(2)
    assert read_epochs(seed=5) == first


def test_epochs_and_seeds_give_different_orders():
    orders = read_epochs(seed=0) + read_epochs(seed=1)
    assert len(set(map(tuple, orders))) == len(orders)


def test_without_seed_the_seed_of_keras_decides():
    orders = []
    for seed in (0, 0, 1):
        keras.utils.set_random_seed(seed)
        # Two pipelines in a row, which must differ from each other.
        orders.append(read_epochs(2) + read_epochs(2))
    assert orders[0] == orders[1] != orders[2]
    assert len(set(map(tuple, orders[0]))) == 4


def test_without_shuffle_order_is_kept():
    assert read_epochs(2, shuffle=False) == 2 * [ROWS.tolist()]


def test_pairs_stay_aligned():
    images = np.repeat(ROWS[:, None], 4, axis=1).astype("float32")
    for x, y in batches(images, 10 * ROWS, batch_size=5, seed=0):
        np.testing.assert_array_equal(10 * x[:, 0], y)
        assert (x.shape[1:], x.dtype, y.dtype) == ((4,), "float32", "int64")


def test_same_array_twice_gives_equal_pairs():
    for x, y in batches(ROWS, ROWS, batch_size=5):
        np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"inputs": ROWS[:0]}, "empty"),
        ({"inputs": ROWS, "targets": ROWS[1:]}, "23 rows and targets 22"),
        ({"inputs": ROWS, "batch_size": 0}, "batch_size is 0"),
        ({"inputs": ROWS, "batch_size": -5}, "batch_size is -5"),
    ],
    ids=["empty", "lengths", "zero", "negative"],
)
def test_batches_refuses_what_it_cannot_feed(arguments, message):
    with pytest.raises(ValueError, match=message):
        batches(**arguments)


def test_without_a_size_a_batch_has_256_rows():
    assert [count_steps(np.zeros(n)) for n in (1, 256, 257)] == [1, 1, 2]
