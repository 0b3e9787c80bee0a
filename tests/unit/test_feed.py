"""What `fit` is trained on: weights, several inputs, data sets, one image."""

import random
import warnings

from utils import reuse, training
from utils.backend import tf
from utils.training import fit

import keras
import numpy as np
import pytest
from keras import layers, ops

RNG = np.random.default_rng(0)
X = RNG.random((130, 6)).astype("float32")
Z = RNG.random((130, 3)).astype("float32")
W = RNG.random(130).astype("float32")


def build(n=6):
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [keras.Input((n,)), layers.Dense(4), layers.Dense(n, "sigmoid")],
        name="small",
    )


def build_two():
    """Two inputs, two outputs."""
    keras.utils.set_random_seed(0)
    a, b = keras.Input((6,), name="a"), keras.Input((3,), name="b")
    code = layers.Dense(4)(layers.concatenate([a, b]))
    outputs = [
        layers.Dense(6, "sigmoid", name="to_a")(code),
        layers.Dense(3, "sigmoid", name="to_b")(code),
    ]
    return keras.Model([a, b], outputs, name="two")


def train(model, inputs, targets=None, **settings):
    random.seed(1)
    settings = {"epochs": 2, "batch_size": 32} | settings
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return fit(model, inputs, targets, **settings).history


def train_with_keras(monkeypatch, *arguments, **settings):
    with monkeypatch.context() as patch:
        patch.setattr(training, "can_compile_epochs", lambda model: False)
        return train(*arguments, **settings)


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for name in found:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-5)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_weights_are_those_of_keras(monkeypatch, jit_compile):
    settings = {
        "sample_weight": W,
        "validation": (X[:40], X[:40], W[:40]),
        "metrics": ["mae"],
        "jit_compile": jit_compile,
    }
    found = train(build(), X, **settings)
    expected = train_with_keras(monkeypatch, build(), X, **settings)
    assert_same(found, expected)
    assert found["loss"][0] < 0.8 * train(build(), X)["loss"][0]


@pytest.mark.parametrize("mask", [W < 0.5, (W < 0.5).astype(int)])
def test_rows_of_weight_0_teach_nothing(mask):
    # The rows that do not count are noise, in one training.
    other = np.where(mask[:, None], X, 1 - X)
    losses = [
        train(build(), X, targets, sample_weight=mask)["loss"]
        for targets in (X, other)
    ]
    assert losses[0] == losses[1]
    assert losses[0] != train(build(), X, other)["loss"]


def test_padded_steps_teach_nothing():
    series = RNG.random((60, 5, 2)).astype("float32")
    is_real = np.arange(5) < RNG.integers(1, 6, 60)[:, None]
    losses = []
    for padding in (0, 100):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((5, 2)), layers.Dense(2)])
        padded = np.where(is_real[..., None], series, padding)
        losses.append(
            train(model, series, padded, loss="mse", sample_weight=is_real)
        )
    assert losses[0] == losses[1]


@pytest.mark.parametrize("kind", [list, tuple, dict])
def test_several_inputs_and_outputs(monkeypatch, kind):
    if kind is dict:
        x, y = {"a": X, "b": Z}, {"to_a": X, "to_b": Z}
        loss = {"to_a": "mse", "to_b": "bce"}
        weights = {"to_a": W, "to_b": 1 - W}
    else:
        x, y, loss = kind([X, Z]), kind([X, Z]), ["mse", "bce"]
        weights = kind([W, 1 - W])
    two = build_two()
    if kind is dict:
        outputs = dict(zip(y, two.outputs, strict=True))
        two = keras.Model(dict(zip(x, two.inputs, strict=True)), outputs)
    start = two.get_weights()
    settings = {"loss": loss, "sample_weight": weights}
    settings["validation"] = x, y
    found = train(two, x, y, **settings)
    two.set_weights(start)
    assert_same(found, train_with_keras(monkeypatch, two, x, y, **settings))
    assert found["loss"][1] < found["loss"][0]


def test_several_inputs_are_their_own_targets():
    losses = train(build_two(), [X, Z])["loss"]
    assert losses == train(build_two(), [X, Z], [X, Z])["loss"]


def test_a_list_of_rows_is_one_input():
    for rows in ([*X], X.tolist()):
        assert train(build(), rows)["loss"] == train(build(), X)["loss"]


class Two(keras.Model):
    """A class of its own, which does not tell its inputs."""

    def __init__(self, two):
        super().__init__()
        self.two = two

    def call(self, inputs):
        return self.two(list(inputs))


def test_several_inputs_of_a_class():
    two = build_two()
    start = two.get_weights()
    found = train(Two(two), [X, Z], [X, Z], loss=["mse", "mse"])["loss"]
    two.set_weights(start)
    expected = train(two, [X, Z], [X, Z], loss=["mse", "mse"])["loss"]
    assert found == pytest.approx(expected)


def make_dataset(*parts):
    data = parts[0] if len(parts) == 1 else parts
    return tf.data.Dataset.from_tensor_slices(data).batch(32)


@pytest.mark.parametrize("parts", [(X,), (X, X), (X, X, np.ones(130))])
def test_data_sets(parts):
    model = build()
    found = train(model, make_dataset(*parts), validation=make_dataset(*parts))
    # The same batches, by Keras.
    other = build()
    adam = keras.optimizers.Adam(
        keras.optimizers.schedules.CosineDecay(3e-3, 10)
    )
    other.compile(adam, "binary_crossentropy")
    pairs = make_dataset(X, X)
    expected = other.fit(
        pairs, validation_data=pairs, epochs=2, shuffle=False, verbose=0
    )
    assert_same(found, expected.history)
    assert float(model.optimizer.learning_rate) < 1e-8
    assert int(model.optimizer.iterations) == 10


@pytest.mark.parametrize("is_set", [False, True])
def test_validation_may_be_of_the_other_kind(is_set):
    both = [X, make_dataset(X, X)]
    found = train(build(), both[is_set], validation=both[not is_set])
    model = build()
    expected = train(model, both[is_set])
    assert found["loss"] == expected["loss"]
    loss = keras.losses.BinaryCrossentropy()(X, model(X))
    assert found["val_loss"][-1] == pytest.approx(float(loss), rel=1e-5)


def test_losses_of_a_models_own(monkeypatch):
    class Penalty(layers.Layer):
        def call(self, x):
            self.add_loss(ops.mean(x**2))
            return x

    class Own(keras.Sequential):
        def compute_loss(self, x=None, y=None, y_pred=None, *_, **__):
            return ops.mean((y - y_pred) ** 2) + sum(self.losses)

    histories = []
    for run in (train, lambda *a, **k: train_with_keras(monkeypatch, *a, **k)):
        keras.utils.set_random_seed(0)
        parts = [keras.Input((6,)), layers.Dense(6), Penalty()]
        histories.append(run(Own(parts), X, loss=None))
    assert_same(*histories)
    assert histories[0]["loss"][0] > 0


def test_training_stops_early():
    stop = keras.callbacks.EarlyStopping(
        "val_loss", min_delta=10, patience=1, restore_best_weights=True
    )
    history = train(build(), X, epochs=9, validation=X[:40], callbacks=[stop])
    assert len(history["loss"]) == 2


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("n", [1, 5])
def test_few_images_train(n, jit_compile):
    model = build()
    settings = {"batch_size": 64, "jit_compile": jit_compile}
    losses = train(model, X[:n], validation=X[:1], **settings)
    assert losses["loss"][1] < losses["loss"][0]
    assert int(model.optimizer.iterations) == 2


NOT_DATA = {
    "one image": (X[0], "one image, write image\\[None\\]"),
    "no images": (X[:0], r"empty: shape \(0, 6\)"),
    "a generator": ((row for row in X), "generator.*from_generator"),
    "a number": (1.0, "one float"),
    "text": (np.full((5, 6), "a"), "not numbers"),
    "unequal rows": ([[1.0], [1.0, 2.0]], "different lengths: pad"),
    "infinity": (X * np.inf, "infinite"),
    "one infinity": (np.where(X.max() > X, X, np.inf), "infinite"),
    "one negative infinity": (np.where(X.max() > X, X, -np.inf), "infinite"),
    "single rows": (
        tf.data.Dataset.from_tensor_slices(X),
        r"shape \(6,\).*batch\(64\)",
    ),
    "endless": (make_dataset(X).repeat(), "never ends.*take"),
    "unknown": (
        make_dataset(X).filter(lambda x: True),
        "assert_cardinality",
    ),
    "no batches": (make_dataset(X).take(0), "empty"),
    "gray levels in a data set": (make_dataset(255 * X), "divide by 255"),
    "NaN in a data set": (make_dataset(X * np.nan), "inputs hold NaN"),
}


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize("case", NOT_DATA)
def test_what_are_no_data_is_refused(case):
    data, message = NOT_DATA[case]
    with pytest.raises(ValueError, match=message):
        train(build(), data)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sample_weight": W[1:]}, "130 rows and sample_weight 129"),
        ({"sample_weight": -W}, r"span \[-0.99.*0 or more"),
        ({"sample_weight": 0 * W}, "some are above 0"),
        ({"sample_weight": W * np.nan}, "sample_weight hold NaN"),
        ({"validation": (X, X, W[1:])}, "validation sample_weight 129"),
        (
            {"inputs": make_dataset(X), "targets": X},
            "yield pairs",
        ),
    ],
)
def test_weights_and_targets_have_to_fit(settings, message):
    with pytest.raises(ValueError, match=message):
        train(build(), **({"inputs": X} | settings))


def test_all_data_count_in_what_is_kept(
    tmp_path, monkeypatch, capsys, trainings
):
    monkeypatch.setattr(reuse, "MODELS", tmp_path)

    def is_kept(model, *arguments, **settings):
        capsys.readouterr()
        train(model, *arguments, reuse=True, **settings)
        return "weights of" in capsys.readouterr().out

    for settings in (
        {},
        {"sample_weight": W},
        {"sample_weight": 1 - W},
        {"validation": (X, X)},
        {"validation": (X, X, W)},
        {"sample_weight": W, "validation": (X, X)},
    ):
        assert not is_kept(build(), X, **settings), settings
        assert is_kept(build(), X, **settings), settings
    for pair in ([X, Z], [1 - X, Z], [X, 1 - Z]):
        assert not is_kept(build_two(), pair, [X, Z])
        assert is_kept(build_two(), pair, [X, Z])
    data = make_dataset(X)
    assert not is_kept(build(), data) and not is_kept(build(), data)
