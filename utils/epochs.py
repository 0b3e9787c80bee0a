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
from contextlib import contextmanager

from utils.backend import tf
from utils.data import batches, draw_order

import keras

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


@contextmanager
def feed_batches(
    model: keras.Model,
    train: tuple,
    validation: tuple | None,
    *,
    batch_size: int,
    seed: int,
    jit_compile: bool,
) -> Iterator[dict]:
    """Let Keras's `fit` fetch batches: what `compile_epochs` cannot do.

    The parameters and what it yields are those of `compile_epochs`.
    """
    arguments = {
        "x": batches(*train, batch_size=batch_size, seed=seed),
        "shuffle": False,  # `batches` shuffles
    }
    if validation is not None:
        arguments["validation_data"] = batches(
            *validation, batch_size=VALIDATION_BATCH_SIZE, shuffle=False
        )
    _build_optimizer(model)
    yield arguments


def count_pieces(steps: int) -> int:
    """Return in how many compiled calls an epoch of so many steps is done.

    Examples
    --------
    >>> count_pieces(55), count_pieces(64), count_pieces(860)
    (1, 1, 14)
    """
    return -(-steps // STEPS_IN_A_PIECE)


@contextmanager
def compile_epochs(
    model: keras.Model,
    train: tuple,
    validation: tuple | None,
    *,
    batch_size: int,
    seed: int,
    jit_compile: bool,
) -> Iterator[dict]:
    """Let Keras's `fit` train whole epochs, as long as the block lasts.

    Parameters
    ----------
    model : keras.Model
        Compiled.
    train, validation : tuple
        Inputs, targets and, if there are any, sample weights; each an array
        of shape (n, ...), or a list, tuple or dict of such arrays.
    batch_size : int
    seed : int
        Each epoch draws a new order of the rows from it, as
        `utils.data.batches` does with the same seed.
    jit_compile : bool
        Whether XLA compiles the epoch. The smaller batch at the end of an
        epoch, which has another shape, is then a plain step.

    Yields
    ------
    dict
        What to call `model.fit` with, besides the epochs and callbacks.
    """
    _build_optimizer(model)
    train = _to_tensors(train)
    n = len(_flatten(train)[0])
    steps = -(-n // batch_size)
    pieces = count_pieces(steps)
    run_steps = _compile_steps(
        model, model.train_step, train, n, batch_size, jit_compile
    )
    orders = _Orders(n, seed)

    def train_piece(_):
        piece, order = orders.find_next(pieces)
        start, stop = piece * steps // pieces, (piece + 1) * steps // pieces
        return run_steps(order, start, stop)

    # Keras looks at one batch to build the model, and takes no other.
    arguments = {
        "x": _take_first(train, batch_size).repeat(),
        "steps_per_epoch": pieces,
        "shuffle": False,
    }
    model.train_function = train_piece
    if validation is not None:
        validation = _to_tensors(validation)
        m = len(_flatten(validation)[0])
        size = min(m, VALIDATION_BATCH_SIZE)
        test_steps = _compile_steps(
            model, model.test_step, validation, m, size, False
        )
        in_order = tf.range(m)
        model.test_function = lambda _: test_steps(in_order, 0, -(-m // size))
        arguments["validation_data"] = _take_first(validation, size)
    try:
        yield arguments
    finally:
        # A later `model.fit` or `model.evaluate` makes its own.
        model.train_function = model.test_function = None


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


def _compile_steps(
    model, step_function, data, n, batch_size, jit_compile
) -> Callable:
    """Return a function of an order, and of the first and the last step.

    It runs the steps from the first to before the last and returns the
    metrics after them.
    """
    gather = _make_gather(data)

    def loop(order, start, stop, rows_of):
        def body(step):
            step_function(gather(rows_of(order, step)))
            return step + 1

        tf.while_loop(
            lambda step: step < stop, body, [start], parallel_iterations=1
        )
        return model.get_metrics_result()

    number = tf.TensorSpec([], "int32")
    signature = [tf.TensorSpec([n], "int32"), number, number]
    do_not_convert = tf.autograph.experimental.do_not_convert

    def take_rows(order, step):
        # The last batch of an epoch may be smaller.
        return order[step * batch_size : (step + 1) * batch_size]

    if not jit_compile:
        run = do_not_convert(lambda *args: loop(*args, take_rows))
        return tf.function(run, input_signature=signature)

    def take_whole_batch(order, step):
        # For XLA, the shape of a batch has to be known.
        return tf.slice(order, [step * batch_size], [batch_size])

    run = do_not_convert(lambda *args: loop(*args, take_whole_batch))
    run_whole_batches = tf.function(
        run, input_signature=signature, jit_compile=True
    )
    run_last_batch = tf.function(
        do_not_convert(lambda *args: loop(*args, take_rows)),
        input_signature=signature,
    )
    whole = n // batch_size

    def run_both(order, start, stop):
        result = None
        if start < whole:
            result = run_whole_batches(order, start, min(stop, whole))
        if stop > whole:
            result = run_last_batch(order, whole, stop)
        return result

    return run_both


def _make_gather(data):
    tensors = _flatten(data)
    # The target of an autoencoder is its input: gather it once.
    places = {id(tensor): i for i, tensor in enumerate(tensors)}

    def gather(rows):
        batch = {
            i: tf.gather(tensors[i], rows) for i in sorted(places.values())
        }
        parts = [batch[places[id(tensor)]] for tensor in tensors]
        return tf.nest.pack_sequence_as(data, parts)

    return gather


def _to_tensors(data):
    """Return the same structure with each array as a tensor, made once."""
    known = {}
    for array in _flatten(data):
        if id(array) not in known:
            known[id(array)] = tf.convert_to_tensor(array)
    return tf.nest.map_structure(lambda array: known[id(array)], data)


def _take_first(data, size):
    """Return a data set of one batch: the first rows."""
    return tf.data.Dataset.from_tensors(
        tf.nest.map_structure(lambda tensor: tensor[:size], data)
    )


def _flatten(data):
    return tf.nest.flatten(data)
