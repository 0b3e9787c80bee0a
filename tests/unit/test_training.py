"""Tests of utils.training: what `fit` promises beyond Keras."""

import contextlib
import io
import math
import warnings
from types import SimpleNamespace

from utils.backend import tf
from utils.training import fit

import keras
import numpy as np
import psutil
import pytest
from take import take

GENERATOR = np.random.default_rng(0)
# Rows of 8 pixels that 2 codes can tell.
X = GENERATOR.random((130, 2)) @ np.kron(np.eye(2), np.ones(4)) * 0.9
TARGETS = 1 - X
EPOCHS, BATCH_SIZE, LEARNING_RATE = 4, 32, 0.05


def train(inputs=X, *arguments, **settings):
    """Return what a training on a small model left behind."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((8,)),
            keras.layers.Dense(4, activation="relu"),
            keras.layers.Dense(8, activation="sigmoid"),
        ],
        name="small",
    )
    settings = {
        "epochs": EPOCHS,
        "batch_size": BATCH_SIZE,
        "learning_rate": LEARNING_RATE,
    } | settings
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), warnings.catch_warnings():
        # A lesson shows every warning on its page.
        warnings.simplefilter("error")
        history = fit(model, inputs, *arguments, **settings)
    return SimpleNamespace(
        model=model, history=history, printed=printed.getvalue()
    )


@pytest.fixture(scope="module")
def plain():
    """Return a training with the defaults and images as validation."""
    return train(validation=X[:40])


@pytest.fixture(scope="module")
def custom():
    """Return a training in which the caller chooses what can be chosen."""
    optimizer = keras.optimizers.SGD(0.5)
    result = train(
        X,
        TARGETS,
        validation=(X[:40], TARGETS[:40]),
        optimizer=optimizer,
        loss="mean_squared_error",
        metrics=["mean_absolute_error"],
        callbacks=[keras.callbacks.LambdaCallback()],
        jit_compile=True,
    )
    result.optimizer = optimizer
    return result


def test_loss_falls(plain):
    losses = plain.history.history["loss"]
    assert len(losses) == EPOCHS
    assert losses[-1] < losses[0] < 1


def test_validation_is_measured_after_each_epoch(plain, custom):
    for result, targets, loss in (
        (plain, X, keras.losses.BinaryCrossentropy()),
        (custom, TARGETS, keras.losses.MeanSquaredError()),
    ):
        losses = result.history.history["val_loss"]
        assert len(losses) == EPOCHS
        expected = float(loss(targets[:40], result.model(X[:40])))
        assert losses[-1] == pytest.approx(expected, rel=1e-4)


def test_same_seed_repeats_weights_and_losses_exactly(plain):
    # Without validation too: it must not disturb the training.
    again = train()
    assert again.history.history["loss"] == plain.history.history["loss"]
    for found, expected in zip(
        again.model.get_weights(), plain.model.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(found, expected)


class Record(keras.layers.Layer):
    """Keep the first number of each row that the layer is trained on."""

    def __init__(self):
        super().__init__()
        self.rows = []

    def call(self, x, training=False):
        if training:
            keep = self.rows.append
            tf.numpy_function(lambda rows: keep(rows.copy()), [x[:, 0]], [])
        return x


def record_batches(n, *, seed=0, **settings):
    """Train on rows that hold their numbers; return those of each batch."""
    keras.utils.set_random_seed(seed)
    record = Record()
    model = keras.Sequential(
        [keras.Input((1,)), record, keras.layers.Dense(1)], name="record"
    )
    rows = np.arange(n, dtype="float32")[:, None]
    with contextlib.redirect_stdout(io.StringIO()):
        fit(model, rows, loss="mse", **settings)
    return record.rows, model


def test_each_epoch_trains_each_row_once_in_an_order_of_its_own():
    fed, _ = record_batches(100, epochs=2, batch_size=32)
    assert [len(batch) for batch in fed] == 2 * [32, 32, 32, 4]
    epochs = np.concatenate(fed).reshape(2, 100)
    for epoch in epochs:
        np.testing.assert_array_equal(np.sort(epoch), np.arange(100))
        # Shuffled as a whole: each batch draws on all rows.
        assert np.ptp(epoch[:32]) > 50
    assert (epochs[0] != epochs[1]).any()


def test_the_seed_decides_the_order_and_validation_does_not():
    settings = {"epochs": 2, "batch_size": 32}
    fed, _ = record_batches(100, **settings)
    validation = np.zeros((7, 1), "float32")
    for change, is_same in (
        ({"validation": validation}, True),
        ({"seed": 1}, False),
    ):
        other, _ = record_batches(100, **settings, **change)
        both = np.concatenate(fed), np.concatenate(other)
        assert np.array_equal(*both) == is_same


@pytest.mark.parametrize("n", [256, 300])
def test_a_long_epoch_trains_all_its_steps(n):
    # Epochs of more than 64 steps are done in pieces.
    fed, model = record_batches(n, epochs=2, batch_size=1)
    assert int(model.optimizer.iterations) == 2 * n
    for epoch in np.concatenate(fed).reshape(2, n):
        np.testing.assert_array_equal(np.sort(epoch), np.arange(n))
    assert float(model.optimizer.learning_rate) < 1e-6


def test_learning_rate_decays_from_its_start_to_zero(plain):
    optimizer = plain.model.optimizer
    assert isinstance(optimizer, keras.optimizers.Adam)
    n_steps = EPOCHS * math.ceil(130 / BATCH_SIZE)
    assert int(optimizer.iterations) == n_steps
    for step, share in ((0, 1), (n_steps // 2, 0.5), (n_steps, 0)):
        optimizer.iterations.assign(step)
        expected = pytest.approx(share * LEARNING_RATE, abs=1e-6)
        assert float(optimizer.learning_rate) == expected


def test_inputs_are_learned_unless_targets_are_given(plain, custom):
    for result, learned, other in ((plain, X, TARGETS), (custom, TARGETS, X)):
        made = result.model(X).numpy()
        assert np.mean((made - learned) ** 2) < np.mean((made - other) ** 2)


def test_choices_of_the_caller_are_used(custom):
    assert custom.model.optimizer is custom.optimizer
    assert float(custom.optimizer.learning_rate) == pytest.approx(0.5)
    assert "mean_absolute_error" in custom.history.history
    assert custom.model.jit_compile


def test_xla_is_off_by_default(plain):
    assert not plain.model.jit_compile


def test_one_line_says_model_epochs_seconds_and_loss(plain):
    history = plain.history
    assert 0 < history.seconds < 60
    assert plain.printed == (
        f"small: {EPOCHS} epochs in {history.seconds:.1f} s, "
        f"loss {history.history['loss'][-1]:.4f}\n"
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epochs": 0}, "epochs is 0"),
        ({"epochs": -1}, "epochs is -1"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"inputs": X[:0]}, "empty"),
        ({"targets": X[1:]}, "130 rows and targets 129"),
        ({"validation": X[:0]}, "empty"),
        ({"inputs": X * np.nan}, "inputs hold NaN"),
        ({"targets": X * np.nan}, "targets hold NaN"),
        ({"validation": (X, X * np.nan)}, "validation targets hold NaN"),
        ({"inputs": 255 * X}, "targets span .*divide by 255"),
        ({"inputs": (255 * X).astype("uint8")}, "targets span .*, 2.*255"),
        ({"targets": X - 1}, r"targets span \[-0.998, .*in \[0, 1\]"),
        ({"validation": (X, 255 * X)}, "validation targets span"),
    ],
)
def test_what_cannot_be_trained_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        train(**settings)


@pytest.mark.parametrize(
    "argument", [{"validation_split": 0.1}, {"validation_data": (X, X)}]
)
def test_what_only_keras_has_is_refused_with_what_to_write(argument):
    (name,) = argument
    with pytest.raises(TypeError, match=rf"no argument {name}.*validation="):
        train(**argument)


def test_one_class_of_black_images_can_be_trained():
    assert train(np.zeros_like(X)).history.history["loss"][-1] < math.log(2)


@pytest.mark.parametrize(
    ("n_codes", "message"),
    [(0, "positive integer.*=0"), (-1, "Negative dimensions")],
)
def test_a_code_of_no_size_is_refused(n_codes, message):
    # By Keras: the layer is a lesson's.
    lesson = take(
        *("02_simple_autoencoder", "build_autoencoder"),
        N_CODES=n_codes,
        seed=0,
    )
    with pytest.raises(ValueError, match=message):
        lesson.build_autoencoder("relu")


@pytest.mark.timing
def test_trainings_in_a_row_do_not_grow():
    images, used = np.tile(X, (2000, 1)), []
    # A lesson trains some models in one kernel, and keeps none of these.
    for _ in range(8):
        train(images, epochs=1, batch_size=8192)
        used.append(psutil.Process().memory_info().rss)
    # The first ones warm up. If each kept its data, it would be five times
    # the size of the images.
    assert used[-1] - used[2] < 3 * images.nbytes, used
