"""What no model can learn from is refused, whatever the loss is called."""

import contextlib
import io

from utils.guards import acts_like_cross_entropy, is_cross_entropy
from utils.training import fit

import keras
import numpy as np
import pytest
from keras import layers, ops

X = np.random.default_rng(0).random((130, 6)).astype("float32")
BINARY = (X > 0.5).astype("float32")
STANDARDIZED = (X - X.mean()) / X.std()


def build(activation="sigmoid", kind=keras.Sequential):
    keras.utils.set_random_seed(0)
    return kind([keras.Input((6,)), layers.Dense(6, activation)], name="small")


def train(model, inputs=X, **settings):
    settings = {"epochs": 5, "batch_size": 16} | settings
    with contextlib.redirect_stdout(io.StringIO()):
        return fit(model, inputs, **settings).history["loss"]


CROSS_ENTROPIES = [
    "binary_crossentropy",
    "BinaryCrossentropy",
    "bce",
    keras.losses.binary_crossentropy,
    keras.losses.BinaryCrossentropy(),
    keras.losses.BinaryCrossentropy(from_logits=True),
    keras.losses.BinaryFocalCrossentropy(),
    "categorical_crossentropy",
    ["binary_crossentropy"],
]


@pytest.mark.parametrize("loss", CROSS_ENTROPIES)
def test_targets_outside_0_to_1_are_refused(loss, trainings):
    for targets, remedy in (
        (255 * X, "divide by 255"),
        ((255 * X).astype("uint8"), "divide by 255"),
        (STANDARDIZED, "scale them"),
    ):
        with pytest.raises(ValueError, match=f"targets span .*{remedy}"):
            train(build(), X, targets=targets, loss=loss)
    assert not trainings
    train(build(), X, targets=BINARY, loss=loss, epochs=1)
    assert trainings


@pytest.mark.parametrize(
    "loss", ["mse", "mae", keras.losses.MeanSquaredError(), "poisson", "huber"]
)
def test_other_losses_take_any_targets(loss):
    assert not is_cross_entropy(loss)
    train(build("softplus"), X, targets=255 * X, loss=loss, epochs=1)


def test_each_output_has_its_own_loss():
    def build_two():
        inputs = keras.Input((6,))
        both = [layers.Dense(6, "sigmoid", name=name) for name in "ab"]
        return keras.Model(inputs, [each(inputs) for each in both])

    for loss, targets in (
        (["bce", "mse"], [X, 255 * X]),
        ("mse", [255 * X, 255 * X]),
    ):
        train(build_two(), X, targets=targets, loss=loss, epochs=1)
    for loss in (["mse", "bce"], "bce"):
        with pytest.raises(ValueError, match="divide by 255"):
            train(build_two(), X, targets=[X, 255 * X], loss=loss)


def find_cost(y, logits):
    """A cross-entropy, summed over the pixels."""
    return ops.sum(ops.softplus(logits) - y * logits, axis=-1)


class Bound(keras.Sequential):
    """A loss that only the model knows, with a draw and a penalty."""

    def call(self, x, training=None, mask=None):
        noise = keras.random.normal((6,), seed=self.noise)
        return super().call(x) + 0.1 * noise

    def compute_loss(self, x=None, y=None, y_pred=None, *_, **__):
        return ops.mean(find_cost(y, y_pred)) + 0.1


def build_bound():
    model = build(None, Bound)
    model.noise = keras.random.SeedGenerator(1)
    return model


def find_likelihood(y, mean):
    """Minus the log likelihood of a narrow normal distribution."""
    return 0.5 * ((y - mean) / 0.1) ** 2 + np.log(0.1)


@pytest.mark.parametrize("targets", [255 * X, STANDARDIZED])
@pytest.mark.parametrize("is_own", [False, True])
def test_a_cross_entropy_of_ones_own_is_known_before_it_is_negative(
    targets, is_own
):
    model = build_bound() if is_own else build(None)
    loss = None if is_own else find_cost
    with pytest.raises(
        ValueError, match="targets span .* acts like a cross-entropy"
    ) as error:
        train(model, targets, loss=loss, epochs=200, learning_rate=0.1)
    assert "divide by 255" in str(error.value) or "scale" in str(error.value)


def test_a_negative_loss_of_another_kind_goes_on():
    model = build(None)
    losses = train(
        model, STANDARDIZED, loss=find_likelihood, epochs=60, learning_rate=0.1
    )
    assert losses[-1] < 0 and len(losses) == 60
    cosine = train(build(None), STANDARDIZED, loss="cosine_similarity")
    assert cosine[-1] < 0


def test_looking_at_a_loss_changes_nothing():
    model = build_bound()
    model.compile("sgd")
    before = [variable.numpy() for variable in model.variables]
    assert acts_like_cross_entropy(model, X[:3], X[:3])
    for variable, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(variable, value)


@pytest.mark.parametrize("epochs", [9])
def test_a_loss_that_becomes_nan_stops(epochs):
    with pytest.raises(FloatingPointError) as error:
        train(
            build(None),
            1e3 * X,
            loss="mse",
            optimizer=keras.optimizers.SGD(1e3),
            epochs=epochs,
        )
    message = str(error.value)
    assert "small: the loss became" in message and "of 9" in message
    assert "lower the learning rate" in message and "scale" in message
