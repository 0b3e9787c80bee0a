"""An epoch in one compiled call is the epoch that Keras's own loop does."""

import random

from utils import training
from utils.backend import tf
from utils.epochs import can_compile_epochs, count_pieces
from utils.training import fit

import keras
import numpy as np
import pytest

GENERATOR = np.random.default_rng(0)
# Neither number is a multiple of the batch sizes; the second needs several
# steps of validation.
X = GENERATOR.random((330, 6)).astype("float32")
X_VALID = GENERATOR.random((2_300, 6)).astype("float32")


class OwnStep(keras.Model):
    """A model with a training step of its own, and what it reports."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(6, "sigmoid")

    def call(self, x):
        return self.dense(x)

    def train_step(self, data):
        return {**super().train_step(data), "answer": 42.0}


class OwnTestStep(OwnStep):
    train_step = keras.Model.train_step

    def test_step(self, data):
        return {**super().test_step(data), "answer": 42.0}


class OwnMetrics(OwnStep):
    train_step = keras.Model.train_step

    def compute_metrics(self, *args, **kwargs):
        return {**super().compute_metrics(*args, **kwargs), "answer": 42.0}


class Counted(keras.layers.Layer):
    """Counts how often Python runs it; a compiled step does not."""

    calls = 0

    def call(self, x):
        self.calls += 1
        return x


def build():
    keras.utils.set_random_seed(1)
    return keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(4, "relu", activity_regularizer="l2"),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(6, "sigmoid"),
        ]
    )


def train(model, *, epochs=3, batch_size=32, **settings):
    random.seed(2)  # the order of the rows
    history = fit(
        model,
        X,
        1 - X,
        epochs=epochs,
        batch_size=batch_size,
        metrics=["mae"],
        validation=(X_VALID, 1 - X_VALID),
        **settings,
    )
    return history.history, model


@pytest.fixture
def by_keras(monkeypatch):
    """Train with Keras's own loop over batches."""
    monkeypatch.setattr(training, "can_compile_epochs", lambda model: False)
    return train


def assert_same(one, other, rtol):
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_allclose(one[name], other[name], rtol)


# 330 steps are done in several pieces.
@pytest.mark.parametrize("batch_size", [32, 1])
def test_losses_metrics_and_weights_are_those_of_keras(
    by_keras, monkeypatch, batch_size
):
    expected, model = by_keras(build(), batch_size=batch_size)
    assert {"loss", "mae", "val_loss", "val_mae"} == set(expected)
    monkeypatch.undo()
    found, compiled = train(build(), batch_size=batch_size)
    assert_same(found, expected, rtol=1e-5)
    pairs = zip(compiled.get_weights(), model.get_weights(), strict=True)
    for one, other in pairs:
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


def build_words():
    """The gradient of an embedding names some rows only."""
    keras.utils.set_random_seed(1)
    return keras.Sequential(
        [
            keras.Input((3,), dtype="int32"),
            keras.layers.Embedding(50, 4),
            keras.layers.Flatten(),
            keras.layers.Dense(1, "sigmoid"),
        ]
    )


def build_precise():
    keras.utils.set_random_seed(1)
    return keras.Sequential(
        [keras.Input((6,)), keras.layers.Dense(1, dtype="float64")]
    )


def find_faint_error(y, made):
    """An error whose gradient is as small as Adam's epsilon."""
    return 1e-6 * keras.ops.mean((y - made) ** 2, axis=-1)


@pytest.mark.parametrize(
    ("make", "loss"),
    [
        (build_words, "mse"),
        (build_precise, "mse"),
        (build_precise, find_faint_error),
    ],
)
def test_one_operation_for_adam_is_the_adam_of_keras(monkeypatch, make, loss):
    words = make is build_words
    inputs = GENERATOR.integers(0, 50, (100, 3)) if words else X[:100]
    targets = X[:100, :1]
    weights = []
    for by_keras in (False, True):
        if by_keras:
            monkeypatch.setattr(
                training,
                "make_adam_step",
                lambda optimizer, _: optimizer.update_step,
            )
        model = make()
        random.seed(2)
        settings = {"epochs": 2, "batch_size": 32, "learning_rate": 0.05}
        fit(model, inputs, targets, loss=loss, **settings)
        weights.append(model.get_weights())
        slots = model.optimizer.variables[1:]
        weights[-1] += [variable.numpy() for variable in slots]
    start = make().get_weights()
    for one, other, first in zip(*weights, start, strict=False):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
        assert np.abs(one - first).max() > 0.01
    for one, other in zip(*weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_xla_trains_the_last_smaller_batch_too():
    # Without dropout, whose numbers XLA draws in another order.
    models = []
    for jit_compile in (False, True):
        model = build()
        model.layers[1].rate = 0
        found, _ = train(model, jit_compile=jit_compile)
        models.append((found, int(model.optimizer.iterations)))
    assert models[0][1] == models[1][1] == 3 * 11
    assert_same(models[0][0], models[1][0], rtol=1e-4)


class InPython(keras.layers.Layer):
    """Something that XLA cannot compile."""

    def call(self, x):
        made = tf.numpy_function(lambda x: x, [x], tf.float32)
        return tf.ensure_shape(made, x.shape)


@pytest.mark.parametrize("n", [8, 20])
def test_xla_compiles_the_steps_but_the_last_smaller_one(n):
    model = keras.Sequential(
        [keras.Input((6,)), InPython(), keras.layers.Dense(6)]
    )
    settings = {"epochs": 1, "batch_size": 16, "loss": "mse"}
    if n < 16:
        fit(model, X[:n], jit_compile=True, **settings)
    else:
        fit(model, X[:n], **settings)
        with pytest.raises(tf.errors.OpError):
            fit(model, X[:n], jit_compile=True, **settings)


def test_callbacks_hear_of_each_piece_and_can_stop():
    calls = []

    def stop(epoch, logs):
        calls.append(("epoch", epoch, set(logs)))
        model.stop_training = True

    model = build()
    train(
        model,
        batch_size=1,
        callbacks=[
            keras.callbacks.LambdaCallback(
                on_epoch_end=stop,
                on_train_batch_end=lambda step, logs: calls.append(step),
            )
        ],
    )
    names = {"loss", "mae", "val_loss", "val_mae"}
    assert calls == [*range(6), ("epoch", 0, names)]
    assert int(model.optimizer.iterations) == 330


def test_a_loss_that_becomes_nan_stops_within_an_epoch():
    calls = []
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(6)])
    callback = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda step, logs: calls.append((step, logs))
    )
    with pytest.raises(FloatingPointError, match="nan in epoch 1 of 2"):
        # 330 steps are six pieces.
        train(
            model, epochs=2, batch_size=1, loss=find_nan, callbacks=[callback]
        )
    # Callbacks hear of the loss that stops the training, and of no other.
    ((step, logs),) = calls
    assert step == 0 and np.isnan(logs["loss"])


def find_nan(y, made):
    return made * np.nan


def test_a_callback_may_evaluate_on_other_data():
    few = X[:7], 1 - X[:7]
    found = []

    def evaluate(epoch, logs):
        found.append(model.evaluate(*few, verbose=0, return_dict=True))

    model = build()
    callback = keras.callbacks.LambdaCallback(on_epoch_end=evaluate)
    history, _ = train(model, epochs=2, callbacks=[callback])
    after = model.evaluate(*few, verbose=0, return_dict=True)
    assert found[1] == pytest.approx(after, rel=1e-5)
    # What it is told does not stand in for the validation of `fit`.
    expected, _ = train(build(), epochs=2)
    assert history == expected


def test_validation_is_one_compiled_call():
    class CountBatches(keras.callbacks.Callback):
        n_batches = 0

        def on_test_batch_end(self, batch, logs=None):
            self.n_batches += 1

    count = CountBatches()
    train(build(), epochs=3, callbacks=[count])
    assert count.n_batches == 3  # one for each epoch, of three steps


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (OwnStep, "answer"),
        (OwnTestStep, "val_answer"),
        (OwnMetrics, "answer"),
    ],
)
def test_a_model_with_steps_of_its_own_takes_the_way_of_keras(kind, name):
    found, _ = train(kind(), epochs=1)
    assert found[name] == [42.0]


def test_a_model_that_is_to_run_eagerly_does():
    counted = Counted()
    model = keras.Sequential([keras.Input((6,)), counted, *build().layers])
    assert can_compile_epochs(model)
    model.run_eagerly = True
    assert not can_compile_epochs(model)


def test_afterwards_the_model_is_as_any_other():
    _, model = train(build(), epochs=1)
    assert "update_step" not in vars(model.optimizer)
    # The whole epoch does not come again.
    before = int(model.optimizer.iterations)
    model.fit(X[:4], X[:4], batch_size=2, epochs=1, verbose=0)
    assert int(model.optimizer.iterations) == before + 2
    loss, _ = model.evaluate(X[:4], X[:4], verbose=0)
    made = model(X[:4]).numpy()
    penalty = float(sum(model.losses))
    expected = keras.losses.binary_crossentropy(X[:4], made).numpy().mean()
    assert loss == pytest.approx(expected + penalty, rel=0.05)


def test_long_epochs_are_cut_into_pieces():
    assert [count_pieces(n) for n in (1, 64, 65, 5000)] == [1, 1, 2, 79]


@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_step_is_traced_once(jit_compile):
    counted = Counted()
    model = keras.Sequential(
        [keras.Input((6,)), counted, keras.layers.Dense(6, "sigmoid")]
    )
    counted.calls = 0
    # The last batch is smaller.
    fit(model, X, epochs=2, batch_size=32, jit_compile=jit_compile)
    assert counted.calls == 1
