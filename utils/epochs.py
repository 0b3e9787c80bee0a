"""Training and validation in which one compiled call does a whole epoch.

Keras's `fit` goes back to Python after each step, or after a few: it fetches a
batch from an input pipeline, starts a compiled step, and collects its results.
On small models that costs more than the step itself. Here the whole loop over
an epoch's batches is compiled. The data lie in memory as tensors, and a step
gathers its rows from them.

Keras's `fit` still runs the epochs, so history, metrics, validation and
callbacks are what they always are. Only `Model.train_function` and
`Model.test_function`, which it calls for every step, are replaced for the time
of a training: for Keras, a step is then a whole epoch, or a piece of a long
one. This module is the only place that knows of these two names.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from utils.backend import tf
from utils.data import batches, draw_order, gather_rows, make_tensor

import keras
import numpy as np

# A long epoch is cut into pieces, so that progress can be seen and Ctrl-C is
# heard between two of them.
STEPS_IN_A_PIECE = 64
# Images in a step of validation. It learns nothing, so only memory limits it.
VALIDATION_BATCH_SIZE = 1000


def can_compile_epochs(model: keras.Model) -> bool:
    """Tell whether `compile_epochs` can train a model.

    Returns
    -------
    bool
        False if the model has a `train_step`, `test_step` or
        `compute_metrics` of its own, whose results only Keras's own loop
        collects, or if it is to run eagerly.
    """
    own_steps = any(
        getattr(type(model), name) is not getattr(keras.Model, name)
        for name in ("train_step", "test_step", "compute_metrics")
    )
    return not own_steps and not model.run_eagerly


def feed_batches(
    model: keras.Model,
    train,
    validation,
    *,
    batch_size: int,
    seed: int,
) -> dict:
    """Let Keras's `fit` fetch batches: what `compile_epochs` cannot do.

    Parameters
    ----------
    model : keras.Model
        Compiled.
    train, validation : tuple or tf.data.Dataset
        As in `compile_epochs`, or a data set of batches.
    batch_size, seed : int
        As in `compile_epochs`; not used for a data set.

    Returns
    -------
    dict
        What to call `model.fit` with, as `compile_epochs` yields it.
    """
    if not isinstance(train, tf.data.Dataset):
        train = _cut_batches(train, batch_size, seed)
    # It is shuffled already.
    arguments = {"x": train, "shuffle": False, "callbacks": []}
    if isinstance(validation, tuple):
        validation = _cut_batches(validation, VALIDATION_BATCH_SIZE)
    if validation is not None:
        arguments["validation_data"] = validation
    _build_optimizer(model)
    return arguments


def _cut_batches(data, batch_size, seed=None):
    """Return the batches of arrays; without a seed they stay in order."""
    with tf.device("CPU"):
        layout, arrays = _share(data)
    rows = batches(
        np.arange(len(arrays[0])),
        batch_size=batch_size,
        shuffle=seed is not None,
        seed=seed,
    )
    return rows.map(lambda rows: _gather(layout, arrays, rows))


def count_pieces(steps: int) -> int:
    """Return in how many compiled calls an epoch of so many steps is done.

    Examples
    --------
    >>> count_pieces(55), count_pieces(64), count_pieces(860)
    (1, 1, 14)
    """
    return -(-steps // STEPS_IN_A_PIECE)


class Loops:
    """The compiled loops over the batches of a model.

    A loop is traced when it is first called, and again for data of another
    kind: other shapes of a row, other types, another arrangement. How many
    rows there are does not matter.

    Parameters
    ----------
    model : keras.Model
        Compiled. What it is compiled with is a part of the loops.
    batch_size : int
    jit_compile : bool
        Whether XLA compiles the training. The smaller batch at the end of an
        epoch, which has another shape, is then a plain step.
    while_tracing : callable
        Makes a context in which the training step is traced.
    """

    def __init__(
        self,
        model: keras.Model,
        batch_size: int,
        jit_compile: bool,
        while_tracing: Callable[[], AbstractContextManager] = nullcontext,
    ):
        self.model = model
        self.batch_size = batch_size
        self.jit_compile = jit_compile
        self.while_tracing = while_tracing
        self.known = {}

    def find_training(self, layout, tensors) -> Callable:
        """Return a function of an order, and of the first and last step.

        It runs the steps from the first to before the last and returns the
        metrics after them.
        """
        step = self.model.train_step
        run = self._find(step, layout, tensors)
        run_whole = run
        if self.jit_compile:
            run_whole = self._find(step, layout, tensors, jit_compile=True)
        return _make_steps(run_whole, run, tensors, self.batch_size)

    def find_validation(self, layout, tensors) -> Callable:
        """Return a function that returns the metrics after all rows."""
        n = len(tensors[0])
        run = self._find(self.model.test_step, layout, tensors)
        run_steps = _make_steps(run, run, tensors, VALIDATION_BATCH_SIZE)
        steps = -(-n // VALIDATION_BATCH_SIZE)
        return lambda: run_steps(tf.range(n), 0, steps)

    def _find(self, step, layout, tensors, jit_compile=False):
        """Return the loop over steps, known or new.

        XLA needs to know the shape of a batch, which tracing does not: so it
        compiles the loop that TensorFlow has traced for any.
        """
        specs = [
            tf.TensorSpec([None, *tensor.shape[1:]], tensor.dtype)
            for tensor in tensors
        ]
        kind = step.__name__, repr(layout), repr(specs), jit_compile
        if kind not in self.known:
            if jit_compile:
                loop = self._find(step, layout, tensors)
            else:
                loop = self._make_loop(step, layout)
            number = tf.TensorSpec([], "int32")
            rows = tf.TensorSpec([None, None], "int32")  # steps, batch
            self.known[kind] = tf.function(
                lambda *arguments: loop(*arguments),
                input_signature=[rows, number, number, specs],
                autograph=False,
                jit_compile=jit_compile or None,
            )
        return self.known[kind]

    def _make_loop(self, step_function, layout):
        def loop(rows, start, stop, tensors):
            def body(step):
                step_function(_gather(layout, tensors, rows[step]))
                return step + 1

            with self.while_tracing():
                tf.while_loop(
                    lambda step: step < stop,
                    body,
                    [start],
                    parallel_iterations=1,
                )
            return self.model.get_metrics_result()

        return loop


def _make_steps(run_whole, run_rest, tensors, size):
    """Return a function of an order, and of the first and last step.

    The smaller batch at the end of an epoch is run by a function of its own.
    """
    whole = len(tensors[0]) // size

    def run_steps(order, start, stop):
        result = None
        if start < whole:
            rows = tf.reshape(order[: whole * size], (whole, size))
            result = run_whole(rows, start, min(stop, whole), tensors)
        if stop > whole:
            result = run_rest(order[None, whole * size :], 0, 1, tensors)
        return result

    return run_steps


def make_adam_step(optimizer: keras.optimizers.Adam, variables) -> Callable:
    """Make an `update_step` for Adam that is one operation of TensorFlow.

    Keras's own is some twenty small operations for each variable. On small
    models they take longer than their arithmetic, in each step and when they
    are traced.

    Parameters
    ----------
    optimizer : keras.optimizers.Adam
        Built for the variables, without `amsgrad`.
    variables : list of keras.Variable

    Returns
    -------
    callable
        What stands in for `optimizer.update_step` while a step is traced.
    """
    # An optimizer lists the momentum and the velocity of each variable last.
    slots = [slot.value for slot in optimizer.variables]
    slots = slots[len(slots) - 2 * len(variables) :]
    slots_of = {
        variable.value.ref(): pair
        for variable, *pair in zip(
            variables, slots[::2], slots[1::2], strict=True
        )
    }
    keras_step = optimizer.update_step
    powers_at = {}

    def find_powers(learning_rate):
        """Return both betas to the power of the step, once for a step."""
        key = learning_rate.ref()  # each step that is traced has its own
        if key not in powers_at:
            step = tf.cast(optimizer.iterations + 1, "float32")
            betas = optimizer.beta_1, optimizer.beta_2
            powers_at[key] = [tf.pow(beta, step) for beta in betas]
        return powers_at[key]

    def update_step(gradient, variable, learning_rate):
        if isinstance(gradient, tf.IndexedSlices):
            # That of an embedding names only some rows.
            keras_step(gradient, variable, learning_rate)
            return
        momentum, velocity = slots_of[variable.ref()]
        powers = find_powers(learning_rate)
        beta_1_power, beta_2_power, rate, gradient = (
            tf.cast(number, variable.dtype)
            for number in (*powers, learning_rate, gradient)
        )
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=momentum.handle,
            v=velocity.handle,
            beta1_power=beta_1_power,
            beta2_power=beta_2_power,
            lr=rate,
            beta1=optimizer.beta_1,
            beta2=optimizer.beta_2,
            epsilon=optimizer.epsilon,
            grad=gradient,
        )

    return update_step


@contextmanager
def compile_epochs(
    loops: Loops, train: tuple, validation, *, seed: int
) -> Iterator[dict]:
    """Let Keras's `fit` train whole epochs, as long as the block lasts.

    Parameters
    ----------
    loops : Loops
        Of the model.
    train : tuple
        Inputs, targets and, if there are any, sample weights; each an array
        of shape (n, ...), or a tuple or dict of such arrays.
    validation : tuple, tf.data.Dataset or None
        The same, or a data set of batches.
    seed : int
        Each epoch draws a new order of the rows from it, as
        `utils.data.batches` does with the same seed.

    Yields
    ------
    dict
        What to call `model.fit` with, besides the epochs; callbacks of one's
        own go behind those in it.
    """
    model = loops.model
    _build_optimizer(model)
    layout, tensors = _share(train)
    n = len(tensors[0])
    steps = -(-n // loops.batch_size)
    pieces = count_pieces(steps)
    run_steps = loops.find_training(layout, tensors)
    orders = _Orders(n, seed)

    def train_piece(_):
        piece, order = orders.find_next(pieces)
        start, stop = piece * steps // pieces, (piece + 1) * steps // pieces
        return run_steps(order, start, stop)

    # Keras looks at one batch to build the model, and takes no other.
    arguments = {
        "x": _take_first(layout, tensors, loops.batch_size).repeat(),
        "steps_per_epoch": pieces,
        "shuffle": False,
        "callbacks": [],
    }
    model.train_function = train_piece
    if isinstance(validation, tuple):
        layout, tensors = _share(validation)
        validate = loops.find_validation(layout, tensors)
        arguments["callbacks"] = [_Validation(validate)]
        validation = _take_first(layout, tensors, VALIDATION_BATCH_SIZE)
    if validation is not None:
        arguments["validation_data"] = validation
    try:
        yield arguments
    finally:
        # A later `model.fit` or `model.evaluate` makes its own.
        model.train_function = model.test_function = None


class _Validation(keras.callbacks.Callback):
    """Validate in one compiled call, where Keras's `fit` validates.

    Only there: Keras tells the callbacks of `fit` when it does. A callback
    that calls `model.evaluate` gets the loss on the data that it gives.
    """

    def __init__(self, validate):
        super().__init__()
        self.validate = validate

    def on_test_begin(self, logs=None):
        self.by_keras = self.model.test_function
        self.model.test_function = lambda _: self.validate()

    def on_test_end(self, logs=None):
        self.model.test_function = self.by_keras


def _build_optimizer(model):
    # Otherwise the first step makes the optimizer's variables, and TensorFlow
    # has to trace it twice.
    if model.built:
        model.optimizer.build(model.trainable_variables)


class _Orders:
    """The orders of the rows, epoch by epoch, and the piece that is next."""

    def __init__(self, n, seed):
        self.n, self.seed = n, seed
        self.epoch = self.piece = 0
        self.order = None

    def find_next(self, pieces):
        if self.piece == 0:
            self.epoch += 1
            self.order = draw_order(self.n, self.epoch, self.seed)
        piece, self.piece = self.piece, (self.piece + 1) % pieces
        return piece, self.order


def _share(data):
    """Return how arrays are arranged, and each of them once, as a tensor.

    The target of an autoencoder is its input: it is kept and gathered once.
    The arrangement has the numbers of the arrays in their places. An array
    that lies on the disk stays there.
    """
    arrays = {id(array): array for array in tf.nest.flatten(data)}
    places = {name: i for i, name in enumerate(arrays)}
    layout = tf.nest.map_structure(lambda array: places[id(array)], data)
    return layout, [make_tensor(each) for each in arrays.values()]


def _gather(layout, tensors, rows):
    """Return these rows of all arrays, in their arrangement."""
    parts = [gather_rows(tensor, rows) for tensor in tensors]
    return tf.nest.map_structure(lambda place: parts[place], layout)


def _take_first(layout, tensors, size):
    """Return a data set of one batch: the first rows."""
    n = min(size, len(tensors[0]))
    return tf.data.Dataset.from_tensors(_gather(layout, tensors, tf.range(n)))
