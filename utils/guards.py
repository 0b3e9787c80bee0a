"""What a training is asked before it starts, and while it runs.

Keras trains on NaN, on gray levels up to 255 as targets of a cross-entropy,
and goes on when the loss is NaN. Each of these is stopped here, with a
sentence that says what to do.
"""

import math

from utils.backend import tf

import keras
import numpy as np

CROSS_ENTROPIES = (
    keras.losses.BinaryCrossentropy,
    keras.losses.BinaryFocalCrossentropy,
    keras.losses.CategoricalCrossentropy,
    keras.losses.CategoricalFocalCrossentropy,
    keras.losses.binary_crossentropy,
    keras.losses.binary_focal_crossentropy,
    keras.losses.categorical_crossentropy,
    keras.losses.categorical_focal_crossentropy,
)


def check_numbers(name: str, data) -> None:
    """Refuse data of which no model learns anything.

    Parameters
    ----------
    name : str
        What the message calls them.
    data : array, or list, tuple or dict of arrays

    Raises
    ------
    ValueError
        If an array is empty, holds NaN or infinity, or no numbers.

    Examples
    --------
    >>> check_numbers("inputs", np.array([0.5, np.nan]))
    Traceback (most recent call last):
        ...
    ValueError: inputs hold NaN: no model learns from that
    """
    for array in tf.nest.flatten(data):
        kind = np.dtype(getattr(array.dtype, "as_numpy_dtype", array.dtype))
        if kind.kind not in "biuf":
            raise ValueError(
                f"{name} hold {kind}, not numbers: rows of different lengths, "
                "or text? Make them one array of numbers"
            )
        if 0 in array.shape:
            raise ValueError(f"{name} are empty: shape {tuple(array.shape)}")
        low, high = np.min(array), np.max(array)
        if np.isnan(low):
            raise ValueError(f"{name} hold NaN: no model learns from that")
        if np.isinf(low) or np.isinf(high):
            raise ValueError(
                f"{name} hold infinite numbers: no model learns from that"
            )


def check_targets(name: str, targets, loss) -> None:
    """Refuse targets outside [0, 1] if the loss is a cross-entropy.

    Keras would train, but the loss has no minimum then: it falls for ever.

    Parameters
    ----------
    name : str
        What the message calls them.
    targets : array, or list, tuple or dict of arrays
    loss : str, function, keras.losses.Loss, or list or dict of these
        As `compile` takes it. Of Keras's own losses, all spellings are known.

    Raises
    ------
    ValueError

    Examples
    --------
    >>> check_targets("targets", np.array([0, 255]), "mse")
    >>> check_targets("targets", np.array([0, 1]), "bce")
    """
    for one_loss, arrays in _pair_losses(loss, targets):
        if not is_cross_entropy(one_loss):
            continue
        for array in tf.nest.flatten(arrays):
            low, high = np.min(array), np.max(array)
            if not 0 <= low <= high <= 1:
                raise ValueError(
                    f"{name} span [{low:.3g}, {high:.3g}]: a cross-entropy "
                    f"needs targets in [0, 1]; {_name_remedy(low, high)}"
                )


def is_cross_entropy(loss) -> bool:
    """Tell whether a loss is one of Keras's cross-entropies of shares.

    Examples
    --------
    >>> is_cross_entropy("bce"), is_cross_entropy("mse")
    (True, False)
    >>> is_cross_entropy(keras.losses.BinaryCrossentropy(from_logits=True))
    True
    """
    if isinstance(loss, str):
        loss = keras.losses.get(loss)
    return type(loss) in CROSS_ENTROPIES or loss in CROSS_ENTROPIES


def _pair_losses(loss, targets):
    """Yield each loss with the targets that it is for."""
    if isinstance(loss, dict) and isinstance(targets, dict):
        for name in loss.keys() & targets.keys():
            yield loss[name], targets[name]
    elif isinstance(loss, list | tuple):
        several = targets if isinstance(targets, tuple) else (targets,)
        yield from zip(loss, several, strict=False)
    elif not isinstance(loss, dict):
        yield loss, targets


def _name_remedy(low, high):
    return "divide by 255?" if low >= 0 else "scale them, or use loss='mse'"


def acts_like_cross_entropy(model: keras.Model, inputs, targets) -> bool:
    """Tell whether a model's loss is a cross-entropy, whatever its name.

    A cross-entropy, -t log p - (1 - t) log(1 - p), is not negative at the
    targets 0 and 1 and is a straight line in t; a squared error or the
    likelihood of a normal distribution is not. Outside [0, 1] the line has no
    lower end.

    Parameters
    ----------
    model : keras.Model
        Compiled. Its variables stay as they are.
    inputs, targets : array, or list, tuple or dict of arrays
        A few rows.
    """
    before = [variable.numpy() for variable in model.variables]
    outputs = model(inputs, training=False)

    def find_loss(level):
        levels = tf.nest.map_structure(
            lambda array: tf.fill(tf.shape(array), np.float32(level)), targets
        )
        return float(model.compute_loss(x=inputs, y=levels, y_pred=outputs))

    at_0, at_1, at_1000 = find_loss(0), find_loss(1), find_loss(1000)
    # The output may have drawn numbers from the seeds of random layers.
    for variable, value in zip(model.variables, before, strict=True):
        variable.assign(value)
    slope, slope_beyond = at_1 - at_0, (at_1000 - at_0) / 1000
    is_straight = math.isclose(slope, slope_beyond, rel_tol=0.01)
    # At 1, sure outputs give 0, but for the rounding.
    return at_0 > 0 and at_1 > -1e-6 * at_0 and is_straight


class WatchLoss(keras.callbacks.Callback):
    """Stop a training whose loss is NaN, or falls for ever.

    Parameters
    ----------
    inputs, targets : array, or tuple or dict of arrays
        What is trained on, or the first rows. They are looked at when the loss
        is negative for the first time.
    """

    def __init__(self, inputs, targets):
        super().__init__()
        self.inputs, self.targets = inputs, targets
        self.is_negative = False

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        self._check(logs)

    def on_epoch_end(self, epoch, logs=None):
        self._check(logs)

    def _check(self, logs):
        loss = logs.get("loss", 0.0)
        where = f"in epoch {self.epoch + 1} of {self.params['epochs']}"
        if not math.isfinite(loss):
            raise FloatingPointError(
                f"{self.model.name}: the loss became {loss} {where}: lower "
                "the learning rate, or scale the data to about [0, 1]"
            )
        if loss < 0 and not self.is_negative:
            self.is_negative = True
            self._look_at_targets(loss, where)

    def _look_at_targets(self, loss, where):
        arrays = tf.nest.flatten(self.targets)
        low, high = (
            np.min([*map(np.min, arrays)]),
            np.max([*map(np.max, arrays)]),
        )
        if 0 <= low <= high <= 1:
            return
        inputs, targets = tf.nest.map_structure(
            lambda array: tf.convert_to_tensor(array[:8]),
            (self.inputs, self.targets),
        )
        if acts_like_cross_entropy(self.model, inputs, targets):
            raise FloatingPointError(
                f"{self.model.name}: the loss is {loss:.4g} {where}; a "
                "cross-entropy is negative only if targets are outside "
                f"[0, 1], and they span [{low:.3g}, {high:.3g}]: "
                f"{_name_remedy(low, high)}"
            )
