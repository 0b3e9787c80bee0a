"""Trainings on data of one's own: range, shape, and more than fits memory."""

import contextlib
import io
import random

from utils.backend import tf
from utils.data import batches
from utils.guards import (
    WatchLoss,
    acts_like_cross_entropy,
    check_loss,
    check_reach,
    is_on_disk,
)
from utils.training import fit

import keras
import numpy as np
import pytest
from keras import layers, ops

X = np.random.default_rng(0).random((130, 6)).astype("float32")
STANDARDIZED = (X - X.mean()) / X.std()
COUNTS = np.round(20 * X)
IMAGES = np.random.default_rng(0).random((40, 12, 12, 1)).astype("float32")


def build(activation=None, kind=keras.Sequential):
    keras.utils.set_random_seed(0)
    return kind([keras.Input((6,)), layers.Dense(6, activation)], name="small")


def train(model, inputs, targets=None, **settings):
    random.seed(1)
    settings = {"epochs": 2, "batch_size": 16, "loss": "mse"} | settings
    with contextlib.redirect_stdout(io.StringIO()):
        return fit(model, inputs, targets, **settings).history["loss"]


# --- What the last layer cannot reach ----------------------------------------


def find_error(y, y_pred):
    """A squared error of one's own."""
    return ops.mean(ops.square(y - y_pred), axis=-1)


class Own(keras.Model):
    """No layer of it can be seen from outside."""

    def __init__(self, activation):
        super().__init__(name="own")
        self.last = layers.Dense(6)
        self.first = layers.Dense(4)
        self.activation = keras.activations.get(activation)

    def call(self, x):
        return self.activation(self.last(self.first(x)))


ERRORS = [
    "mse",
    "MeanAbsoluteError",
    keras.losses.MeanSquaredError(),
    keras.losses.huber,
    find_error,
    lambda y, y_pred: find_error(y, y_pred),
]


@pytest.mark.parametrize("loss", ERRORS, ids=range(len(ERRORS)))
def test_gray_levels_up_to_255_with_a_sigmoid_are_refused(loss):
    with pytest.raises(ValueError, match="255.*sigmoid.*0, 1.*divide by 255"):
        train(build("sigmoid"), 255 * X, loss=loss)
    train(build("sigmoid"), X, loss=loss, epochs=1)
    train(build(), 255 * X, loss=loss, epochs=1)


@pytest.mark.parametrize(
    ("activation", "targets", "remedy"),
    [
        ("sigmoid", STANDARDIZED, "scale them"),
        ("softmax", STANDARDIZED, "scale them"),
        ("tanh", 2 * STANDARDIZED, "tanh, gives only .*-1, 1"),
        ("relu", STANDARDIZED, "relu, gives only .*0, inf"),
        ("softplus", STANDARDIZED, "softplus"),
        ("tanh", 255 * X, "divide by 255"),
    ],
)
def test_targets_that_the_last_layer_cannot_reach(activation, targets, remedy):
    for model in (build(activation), Own(activation)):
        with pytest.raises(ValueError, match=remedy):
            train(model, targets)


@pytest.mark.parametrize(
    ("activation", "targets"),
    [
        ("relu", 255 * X),
        ("softplus", 255 * X),
        ("tanh", 2 * X - 1),
        ("linear", STANDARDIZED),
        ("gelu", STANDARDIZED),
        ("sigmoid", X),
    ],
)
def test_targets_within_reach_are_trained_on(activation, targets):
    assert len(train(build(activation), targets)) == 2


def test_the_end_of_a_model_is_found_behind_a_reshape():
    keras.utils.set_random_seed(0)
    decoder = keras.Sequential(
        [layers.Dense(144, "sigmoid"), layers.Reshape((12, 12, 1))]
    )
    model = keras.Sequential(
        [
            keras.Input((12, 12, 1)),
            layers.Flatten(),
            decoder,
            layers.Cropping2D(((0, 1), (0, 1))),
        ]
    )
    with pytest.raises(ValueError, match="sigmoid"):
        train(model, IMAGES, 255 * IMAGES[:, :11, :11])


def test_a_loss_that_scales_the_targets_itself_is_left_alone():
    def find_scaled_error(y, y_pred):
        return find_error(y / 255, y_pred)

    losses = train(build("sigmoid"), 255 * X, loss=find_scaled_error)
    assert losses[-1] < 1


def test_looking_at_the_reach_changes_nothing():
    model = build("sigmoid")
    model.compile("adam", "mse", metrics=["mae"])
    before = [variable.numpy() for variable in model.variables]
    with pytest.raises(ValueError):
        check_reach(model, X, 255 * X)
    for variable, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(variable, value)


# --- Cross-entropies of one's own, and what only looks like one --------------


def find_logit_cost(y, logits):
    return ops.sum(ops.softplus(logits) - y * logits, axis=-1)


def find_share_cost(y, p):
    return -ops.mean(y * ops.log(p) + (1 - y) * ops.log(1 - p), axis=-1)


def find_log_count_cost(y, logs):
    return ops.mean(ops.exp(logs) - y * logs, axis=-1)


def find_count_cost(y, rates):
    return ops.mean(rates - y * ops.log(rates + 1e-7), axis=-1)


@pytest.mark.parametrize("targets", [255 * X, STANDARDIZED])
@pytest.mark.parametrize(
    ("activation", "loss"),
    [(None, find_logit_cost), ("sigmoid", find_share_cost)],
)
def test_cross_entropies_of_ones_own_are_refused_at_once(
    activation, loss, targets
):
    with pytest.raises(ValueError, match="acts like a cross-entropy"):
        train(build(activation), targets, loss=loss)
    assert train(build(activation), X, loss=loss)[-1] > 0


@pytest.mark.parametrize(
    ("activation", "loss"),
    [
        ("softplus", "poisson"),
        ("softplus", keras.losses.Poisson()),
        ("softplus", find_count_cost),
        (None, find_log_count_cost),
    ],
)
def test_the_likelihood_of_counts_is_no_cross_entropy(activation, loss):
    losses = train(
        build(activation),
        X,
        COUNTS,
        loss=loss,
        epochs=30,
        learning_rate=0.1,
    )
    assert losses[-1] < 0 and len(losses) == 30


def test_the_model_decides_and_not_the_name_of_its_loss():
    class Bound(keras.Sequential):
        def compute_loss(self, x=None, y=None, y_pred=None, *_, **__):
            return ops.mean(find_logit_cost(y, y_pred)) + 0.1

    model = build(None, Bound)
    model.compile("adam", "mse")
    assert acts_like_cross_entropy(model, X[:4], X[:4])
    model = build()
    model.compile("adam", "mse")
    assert not acts_like_cross_entropy(model, X[:4], X[:4])


# --- Trainings that do not go through `fit` ----------------------------------


def train_with_keras(model, inputs, watch, **settings):
    model.compile(**({"optimizer": "adam"} | settings))
    model.fit(inputs, inputs, epochs=60, verbose=0, callbacks=[watch])


def test_the_callback_guards_the_fit_of_keras():
    rate = keras.optimizers.Adam(0.1)
    with pytest.raises(FloatingPointError, match="divide by 255"):
        train_with_keras(
            build("sigmoid"),
            255 * X,
            WatchLoss(255 * X),
            optimizer=rate,
            loss=keras.losses.BinaryCrossentropy(),
        )
    for watch in (WatchLoss(), WatchLoss(X, X)):
        with pytest.raises(FloatingPointError, match="lower the learning"):
            train_with_keras(
                build(),
                1e3 * X,
                watch,
                optimizer=keras.optimizers.SGD(1e3),
                loss="mse",
            )
    train_with_keras(build("sigmoid"), X, WatchLoss(X), loss="bce")


def test_a_loop_of_ones_own_is_guarded_by_a_call():
    assert check_loss(tf.constant(0.5)) == 0.5
    assert check_loss(-2, may_be_negative=True) == -2
    for loss in (np.nan, np.inf, -np.inf, tf.constant(np.nan)):
        with pytest.raises(FloatingPointError, match="lower the learning"):
            check_loss(loss, may_be_negative=True)
    with pytest.raises(FloatingPointError, match="-2: .*divide by 255"):
        check_loss(-2.0)


# --- Shapes ------------------------------------------------------------------


def build_images(side=12):
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((side, side, 1)),
            layers.Conv2D(2, 3, 2, "same", activation="relu"),
            layers.Conv2DTranspose(1, 3, 2, "same", activation="sigmoid"),
        ]
    )


@pytest.mark.parametrize(
    ("inputs", "targets", "message"),
    [
        (IMAGES[0], None, r"the first axis has to count.*image\[None\]"),
        (IMAGES[:, :11], None, "inputs have shape.*takes .*pad or crop"),
        (np.zeros((5, 144)), None, "inputs have shape.*reshape"),
        (IMAGES[..., [0, 0, 0]], None, "inputs have shape"),
        (IMAGES, IMAGES[:, :11], "targets have shape.*gives.*pad_images"),
        (IMAGES, np.zeros(40), "targets have shape"),
        ([[1.0], [2.0, 3.0]], None, "different lengths: pad .*pad_sequences"),
        ([np.ones((3, 2)), np.ones((2, 2))], None, "different lengths"),
        (np.array([[1], [2, 3]], object), None, "different lengths"),
    ],
)
def test_shapes_that_do_not_fit_are_said_in_a_sentence(
    inputs, targets, message
):
    with pytest.raises(ValueError, match=message):
        train(build_images(), inputs, targets)


def test_odd_sizes_are_said_with_their_remedy():
    # 11 is halved to 6, and doubled to 12.
    with pytest.raises(ValueError, match="pad_images.*Cropping2D"):
        train(build_images(11), IMAGES[:, :11, :11])
    model = build_images(11)
    model.add(layers.Cropping2D(((0, 1), (0, 1))))
    assert train(model, IMAGES[:, :11, :11])[-1] < 1


def test_a_missing_last_axis_of_one_is_added():
    expected = train(build_images(), IMAGES)
    assert train(build_images(), IMAGES[..., 0]) == pytest.approx(expected)


def test_a_last_axis_of_one_may_be_missing_in_targets_or_outputs():
    expected = train(build_images(), IMAGES, IMAGES)
    assert train(build_images(), IMAGES, IMAGES[..., 0]) == pytest.approx(
        expected
    )
    flat = build_images()
    flat.add(layers.Reshape((12, 12)))
    assert train(flat, IMAGES, IMAGES) == pytest.approx(expected)
    # Any other axis that is too many is a mistake.
    with pytest.raises(ValueError, match="targets have shape"):
        train(flat, IMAGES, IMAGES[..., [0, 0]])


def test_data_sets_of_labels_are_told_from_pairs():
    labels = np.arange(40)
    data = tf.data.Dataset.from_tensor_slices((IMAGES, labels)).batch(8)
    with pytest.raises(ValueError, match=r"autoencoder yields pairs \(x, x\)"):
        train(build_images(), data)
    assert train(build_images(), data.map(lambda x, _: (x, x)))[-1] < 1


def test_other_losses_may_compare_other_shapes():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((6,)), layers.Dense(4, "softmax")])
    classes = np.arange(130) % 4
    for targets in (classes, classes[:, None]):
        train(model, X, targets, loss="sparse_categorical_crossentropy")
    train(model, X, classes, loss=lambda y, y_pred: ops.mean(y_pred, -1))


# --- On the disk -------------------------------------------------------------


@pytest.fixture
def on_disk(tmp_path):
    np.save(tmp_path / "x.npy", X)
    return np.load(tmp_path / "x.npy", mmap_mode="r")


def test_arrays_on_the_disk_are_known(on_disk):
    assert is_on_disk(on_disk) and is_on_disk(on_disk[3:])
    assert is_on_disk(np.asarray(on_disk))
    assert not is_on_disk(X) and not is_on_disk(on_disk + 0)


def test_a_training_from_the_disk_is_that_from_memory(on_disk):
    settings = {"loss": "bce", "epochs": 3, "sample_weight": X[:, 0]}
    expected = train(
        build("sigmoid"), X, validation=(X[:40], X[:40]), **settings
    )
    found = train(
        build("sigmoid"),
        on_disk,
        validation=(on_disk[:40], on_disk[:40]),
        **settings,
    )
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    found = train(build("sigmoid"), on_disk, X, **settings)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_batches_from_the_disk_are_those_from_memory(on_disk):
    found, expected = (
        list(batches(data, data, batch_size=50, seed=3))
        for data in (on_disk, X)
    )
    for pair, expected_pair in zip(found, expected, strict=True):
        for batch, expected_batch in zip(pair, expected_pair, strict=True):
            np.testing.assert_array_equal(batch, expected_batch)


def test_rows_on_the_disk_are_read_batch_by_batch(tmp_path):
    """Count what is read, instead of the memory of this machine."""
    read = []

    class Counted(np.memmap):
        def __getitem__(self, rows):
            found = super().__getitem__(rows)
            if isinstance(found, np.ndarray) and found.ndim == 2:
                read.append(len(found))
            return found

    np.save(tmp_path / "x.npy", np.tile(X, (50, 1)))
    data = np.load(tmp_path / "x.npy", mmap_mode="r").view(Counted)
    losses = train(build("sigmoid"), data, loss="bce", batch_size=100)
    assert losses[-1] < losses[0]
    # The first rows are looked at; no more than a batch is ever read.
    assert len(data) == 6500 and max(read) <= 1000
    assert sum(size == 100 for size in read) >= 2 * 65
    # Validation images may lie there, too.
    read.clear()
    train(build("sigmoid"), X, loss="bce", validation=(data, data))
    assert max(read) <= 1000 and sum(read) > len(data)


def test_what_is_wrong_far_behind_is_noticed_in_training(tmp_path):
    rows = np.tile(X, (20, 1))
    rows[2000] = np.nan
    np.save(tmp_path / "x.npy", rows)
    data = np.load(tmp_path / "x.npy", mmap_mode="r")
    with pytest.raises(FloatingPointError, match="loss became nan"):
        train(build(), data)
    np.save(tmp_path / "y.npy", 255 * rows[:2000])
    with pytest.raises(ValueError, match="divide by 255"):
        train(build("sigmoid"), np.load(tmp_path / "y.npy", mmap_mode="r"))
