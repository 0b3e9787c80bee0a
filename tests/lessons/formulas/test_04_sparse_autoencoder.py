"""The formulas of lesson 04: penalties, and the choice of k codes."""

import keras
import numpy as np
import pytest
from scipy.special import rel_entr
from take import take

GENERATOR = np.random.default_rng(0)

CODES = GENERATOR.normal(size=(256, 32)).astype("float32")


@pytest.fixture(scope="module")
def sparse():
    return take(
        "04_sparse_autoencoder",
        "L1Penalty",
        "find_kl",
        "KLPenalty",
        "keep_largest",
        "KeepLargest",
    )


def find_mean_penalty(layer, batch_size):
    found = []
    for part in np.split(CODES, len(CODES) // batch_size):
        layer(part)
        found.append(float(layer.losses[0]))
    return np.mean(found)


def test_averaged_penalty_is_the_same_at_any_batch_size(sparse):
    small, large = (
        find_mean_penalty(sparse.L1Penalty(1e-4), n) for n in (32, 256)
    )
    assert small == pytest.approx(large, rel=1e-5)
    assert small == pytest.approx(1e-4 * np.abs(CODES).sum() / 256, rel=1e-5)


def test_summed_penalty_grows_with_the_batch(sparse):
    small, large = (
        find_mean_penalty(sparse.L1Penalty(1e-4, average=False), n)
        for n in (32, 256)
    )
    assert large == pytest.approx(8 * small, rel=1e-5)


def test_kl_of_coins_is_that_of_scipy(sparse):
    p, target = np.linspace(0.01, 0.99, 25), 0.1
    expected = rel_entr(target, p) + rel_entr(1 - target, 1 - p)
    np.testing.assert_allclose(sparse.find_kl(target, p), expected, atol=1e-5)


def test_kl_of_coins_is_finite_at_the_ends(sparse):
    at_target, off, on = np.asarray(
        sparse.find_kl(0.05, np.array([0.05, 0.0, 1.0], "float32"))
    )
    assert abs(at_target) < 1e-6
    assert 0 < off < on < np.inf


def test_kl_penalty_averages_over_the_batch_and_adds_units(sparse):
    layer = sparse.KLPenalty(2.0, 0.1)
    layer(np.array([[0.0, 0.3], [0.2, 0.3]], "float32"))
    expected = 2 * float(sparse.find_kl(0.1, np.float32(0.3)))
    assert float(layer.losses[0]) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    "codes",
    [CODES, -np.abs(CODES) - 1],
    ids=["any", "negative"],
)
@pytest.mark.parametrize("k", [1, 8, 32])
def test_k_sparse_keeps_exactly_the_k_largest(sparse, codes, k):
    kept = np.asarray(sparse.KeepLargest(k)(codes))
    assert ((kept != 0).sum(axis=1) == k).all()
    assert ((kept == codes) | (kept == 0)).all()
    sizes = np.sort(np.abs(codes), axis=1)[:, -k:]
    np.testing.assert_allclose(np.sort(np.abs(kept), axis=1)[:, -k:], sizes)


def test_k_sparse_refuses_to_keep_more_codes_than_there_are(sparse):
    with pytest.raises(ValueError, match="33 of 32"):
        sparse.keep_largest(CODES, 33)


@pytest.mark.parametrize("name", ["L1Penalty", "KLPenalty", "KeepLargest"])
def test_layers_are_saved_and_loaded(sparse, tmp_path, name):
    arguments = {
        "L1Penalty": {"strength": 0.5, "average": False},
        "KLPenalty": {"strength": 0.5, "target": 0.1},
        "KeepLargest": {"k": 3},
    }[name]
    layer = getattr(sparse, name)(**arguments)
    model = keras.Sequential([keras.Input((32,)), layer])
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras").layers[-1]
    for attribute, value in arguments.items():
        assert getattr(loaded, attribute) == value
    np.testing.assert_array_equal(loaded(CODES), layer(CODES))
