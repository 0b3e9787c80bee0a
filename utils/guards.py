"""What a training is asked before it starts, and while it runs.

Keras trains on NaN, on gray levels up to 255 as targets of a cross-entropy or
of a sigmoid, and goes on when the loss is NaN. Each of these is stopped here,
with a sentence that says what to do. `utils.training.fit` does it all; in a
training of your own, give `WatchLoss` to Keras's `fit`, or each loss of a loop
to `check_loss`.
"""

import math
from contextlib import contextmanager

from utils.backend import tf

import keras
import numpy as np

NAN_REMEDY = "lower the learning rate, or scale the data to about [0, 1]"
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

# What the last operation of a model can give.
RANGES = {
    "Sigmoid": (0, 1),
    "Softmax": (0, 1),
    "Tanh": (-1, 1),
    "Softsign": (-1, 1),
    "Relu": (0, math.inf),
    "Relu6": (0, 6),
    "Softplus": (0, math.inf),
    "Exp": (0, math.inf),
}
# Operations that only move numbers, or leave some out.
MOVES = (
    "Identity",
    "Reshape",
    "Squeeze",
    "ExpandDims",
    "Transpose",
    "StridedSlice",
    "Cast",
)
# An array that lies on the disk is looked at up to this row: the whole of it
# would take as long as an epoch. `WatchLoss` notices what comes later.
ROWS_LOOKED_AT = 1000


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
        array = take_first_rows(array)
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
            low, high = find_span(array)
            if not 0 <= low <= high <= 1:
                raise ValueError(
                    f"{name} span [{low:.3g}, {high:.3g}]: a cross-entropy "
                    f"needs targets in [0, 1]; {_name_remedy(low, high)}"
                )


def take_first_rows(array):
    """Return an array, and of one that lies on the disk the first rows.

    Examples
    --------
    >>> take_first_rows(np.arange(3))
    array([0, 1, 2])
    """
    return array[:ROWS_LOOKED_AT] if is_on_disk(array) else array


def is_on_disk(array) -> bool:
    """Tell whether an array is mapped from a file, as `numpy.memmap` is.

    Examples
    --------
    >>> is_on_disk(np.zeros(3))
    False
    """
    while isinstance(array, np.ndarray):
        if isinstance(array, np.memmap):
            return True
        array = array.base
    return False


def find_span(data) -> tuple[float, float]:
    """Return the least and the largest number of one or several arrays.

    Examples
    --------
    >>> find_span([np.array([0, 1]), np.array([-2, 0])])
    (-2.0, 1.0)
    """
    arrays = [take_first_rows(each) for each in tf.nest.flatten(data)]
    low = min(float(np.min(each)) for each in arrays)
    high = max(float(np.max(each)) for each in arrays)
    return low, high


def check_loss(loss, may_be_negative: bool = False) -> float:
    """Return a loss as a number, and refuse one that says "stop".

    For a training loop of your own; call it for each step or epoch.

    Parameters
    ----------
    loss : float or tensor
        One number.
    may_be_negative : bool
        Whether the loss can be negative without a mistake: the likelihood of
        a normal distribution can, a squared error or a cross-entropy cannot.

    Raises
    ------
    FloatingPointError
        If it is NaN or infinite, or negative.

    Examples
    --------
    >>> check_loss(0.25)
    0.25
    >>> check_loss(-3.0)
    Traceback (most recent call last):
        ...
    FloatingPointError: the loss is -3: a cross-entropy is negative only if \
targets are outside [0, 1]: divide by 255, or scale them?
    """
    loss = float(loss)
    if not math.isfinite(loss):
        raise FloatingPointError(f"the loss became {loss}: {NAN_REMEDY}")
    if loss < 0 and not may_be_negative:
        raise FloatingPointError(
            f"the loss is {loss:.4g}: a cross-entropy is negative only if "
            "targets are outside [0, 1]: divide by 255, or scale them?"
        )
    return loss


def check_reach(model: keras.Model, inputs, targets) -> None:
    """Refuse targets that a loss or the last layer of a model cannot take.

    Whatever the loss is called: it is tried out. A model whose loss is a
    cross-entropy needs targets in [0, 1]. One that ends with a sigmoid gives
    numbers from 0 to 1, and if its loss would be less beyond, as a squared
    error is with gray levels up to 255, it never gets there.

    Parameters
    ----------
    model : keras.Model
        Built and compiled. Its variables stay as they are.
    inputs, targets : array, or list, tuple or dict of arrays
        All rows; the loss is tried on the first.

    Raises
    ------
    ValueError

    Examples
    --------
    >>> model = keras.Sequential(
    ...     [keras.Input((2,)), keras.layers.Dense(2, "sigmoid")]
    ... )
    >>> model.compile("adam", "mse")
    >>> x = np.array([[0.0, 255.0]])
    >>> check_reach(model, x / 255, x / 255)
    >>> check_reach(model, x, x)
    Traceback (most recent call last):
        ...
    ValueError: targets span [0, 255], but the last layer, sigmoid, gives \
only numbers in [0, 1]: divide by 255? Or end with another activation
    """
    low, high = find_span(targets)
    has_own_step = type(model).train_step is not keras.Model.train_step
    if 0 <= low <= high <= 1 or has_own_step:
        return
    inputs, targets = _take_few(inputs, targets)
    if acts_like_cross_entropy(model, inputs, targets):
        raise ValueError(
            f"targets span [{low:.3g}, {high:.3g}]: the loss acts like a "
            "cross-entropy, which needs targets in [0, 1]; "
            f"{_name_remedy(low, high)}"
        )
    kind, (least, most) = _find_range(model, inputs)
    margin = 1e-3 * (most - least) if math.isfinite(most) else 1e-3
    for level, edge in ((low, least), (high, most)):
        is_within = least - margin <= level <= most + margin
        if not is_within and _wants_more(model, inputs, targets, level, edge):
            raise ValueError(
                f"targets span [{low:.3g}, {high:.3g}], but the last layer, "
                f"{kind.lower()}, gives only numbers in [{least}, {most}]: "
                f"{_name_remedy_of_range(low)} Or end with another activation"
            )


def _take_few(inputs, targets):
    return tf.nest.map_structure(
        lambda array: tf.convert_to_tensor(array[:8]), (inputs, targets)
    )


def _find_range(model, inputs):
    """Return the last operation of a model, and the range of its results."""
    specs = tf.nest.map_structure(
        lambda array: tf.TensorSpec([None, *array.shape[1:]], array.dtype),
        inputs,
    )
    call = tf.function(lambda x: model(x, training=False))
    graph = call.get_concrete_function(specs)
    # Models of several outputs may end in several ways.
    if len(graph.outputs) != 1:
        return "", (-math.inf, math.inf)
    operation = graph.outputs[0].op
    while operation.type in MOVES:
        operation = operation.inputs[0].op
    unbounded = -math.inf, math.inf
    return operation.type, RANGES.get(operation.type, unbounded)


def _wants_more(model, inputs, targets, level, edge):
    """Return whether the loss is less beyond the edge of the outputs."""
    with _keep_variables(model):
        outputs = model(inputs, training=False)
        at_edge, at_level = (
            _find_loss(model, inputs, _fill(targets, level), _fill(outputs, x))
            for x in (edge, level)
        )
    return at_level < at_edge


def _find_loss(model, inputs, targets, outputs):
    return float(model.compute_loss(x=inputs, y=targets, y_pred=outputs))


def _fill(arrays, level):
    return tf.nest.map_structure(
        lambda array: tf.fill(tf.shape(array), np.float32(level)), arrays
    )


@contextmanager
def _keep_variables(model):
    # An output may draw numbers from the seeds of random layers, and a loss
    # update metrics.
    before = [variable.numpy() for variable in model.variables]
    try:
        yield
    finally:
        for variable, value in zip(model.variables, before, strict=True):
            variable.assign(value)


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


def _name_remedy_of_range(low):
    return "divide by 255?" if low >= 0 else "scale them?"


def acts_like_cross_entropy(model: keras.Model, inputs, targets) -> bool:
    """Tell whether a model's loss is a cross-entropy, whatever its name.

    A cross-entropy, -t log p - (1 - t) log(1 - p), is not negative at the
    targets 0 and 1 and is a straight line in t; a squared error or the
    likelihood of a normal distribution is not. Outside [0, 1] the line has no
    lower end. The likelihood of counts (Poisson) is a straight line, too, but
    it does not treat 0 and 1 alike.

    Parameters
    ----------
    model : keras.Model
        Compiled. Its variables stay as they are.
    inputs, targets : array, or list, tuple or dict of arrays
        A few rows.
    """
    has_own_loss = type(model).compute_loss is not keras.Model.compute_loss
    if not has_own_loss and is_of_keras(model.loss):
        return is_cross_entropy(model.loss)
    with _keep_variables(model):
        outputs = model(inputs, training=False)

        def find_loss(target, output=None):
            made = outputs if output is None else _fill(outputs, output)
            return _find_loss(model, inputs, _fill(targets, target), made)

        # A saturated output, 0 or 1, may have an infinite loss.
        for output in (None, 0.4):
            levels = [find_loss(level, output) for level in (0, 1, 1000)]
            if all(map(math.isfinite, levels)):
                break
        at_0, at_1, at_1000 = levels
        slope, slope_beyond = at_1 - at_0, (at_1000 - at_0) / 1000
        is_straight = math.isclose(slope, slope_beyond, rel_tol=0.01)
        # At 1, sure outputs give 0, but for the rounding.
        if not (at_0 > 0 and at_1 > -1e-6 * at_0 and is_straight):
            return False
        # Sure outputs: first as logits, then as probabilities, because the
        # logarithm of what is no probability is NaN.
        for high, low in ((15, -15), (1 - 1e-6, 1e-6)):
            right_1, right_0 = find_loss(1, high), find_loss(0, low)
            wrong = find_loss(0, high)
            if math.isfinite(right_1 + right_0 + wrong):
                break
    gain = wrong - right_1
    if gain == 0:
        # The loss does not look at the outputs that it is given.
        return slope != 0
    return abs(right_1 - right_0) < 0.1 * gain


def is_of_keras(loss) -> bool:
    """Tell whether a loss is one of Keras's own, so that it is known.

    Examples
    --------
    >>> is_of_keras("mse"), is_of_keras(lambda y, y_pred: y_pred)
    (True, False)
    """
    if isinstance(loss, str):
        return True
    kind = loss if callable(loss) and hasattr(loss, "__name__") else type(loss)
    return kind.__module__.split(".")[0] == "keras"


class WatchLoss(keras.callbacks.Callback):
    """Stop a training whose loss is NaN, or falls for ever.

    Parameters
    ----------
    inputs, targets : array, or tuple or dict of arrays, optional
        What is trained on, or the first rows. They are looked at when the loss
        is negative for the first time; without them only NaN is noticed.
        Without targets, the inputs are the targets.

    Examples
    --------
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    >>> model.compile(keras.optimizers.SGD(1e30), "mse")
    >>> x = np.array([[0.0, 255.0]])
    >>> model.fit(x, x, epochs=9, verbose=0, callbacks=[WatchLoss(x)])
    Traceback (most recent call last):
        ...
    FloatingPointError: sequential...: the loss became inf in epoch 2 of 9...
    """

    def __init__(self, inputs=None, targets=None):
        super().__init__()
        self.inputs = inputs
        self.targets = inputs if targets is None else targets
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
                f"{self.model.name}: the loss became {loss} {where}: "
                f"{NAN_REMEDY}"
            )
        if loss < 0 and not self.is_negative:
            self.is_negative = True
            self._look_at_targets(loss, where)

    def _look_at_targets(self, loss, where):
        if self.targets is None:
            return
        low, high = find_span(self.targets)
        if 0 <= low <= high <= 1:
            return
        inputs, targets = _take_few(self.inputs, self.targets)
        if acts_like_cross_entropy(self.model, inputs, targets):
            raise FloatingPointError(
                f"{self.model.name}: the loss is {loss:.4g} {where}; a "
                "cross-entropy is negative only if targets are outside "
                f"[0, 1], and they span [{low:.3g}, {high:.3g}]: "
                f"{_name_remedy(low, high)}"
            )
