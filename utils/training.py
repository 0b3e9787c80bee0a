"""Training as this course does it."""

import gc
import json
import random
import time
from contextlib import contextmanager

from utils.epochs import (
    Loops,
    can_compile_epochs,
    compile_epochs,
    feed_batches,
    make_adam_step,
)
from utils.feed import (
    count_batches,
    is_in_memory,
    take_data,
    take_rows,
)
from utils.files import find_sha256
from utils.fingerprint import UnknownObjectError, describe
from utils.guards import WatchLoss, check_reach
from utils.progress import ProgressLine, ShowProgress
from utils.reuse import (
    build_model,
    find_key,
    load_training,
    round_alike,
    save_training,
)

import keras
from keras.optimizers.schedules import CosineDecay


def fit(
    model: keras.Model,
    inputs,
    targets=None,
    *,
    epochs: int,
    batch_size: int = 64,
    learning_rate: float = 3e-3,
    loss="binary_crossentropy",
    optimizer=None,
    metrics=None,
    sample_weight=None,
    validation=None,
    jit_compile: bool = False,
    callbacks=(),
    reuse: bool = False,
    **unknown,
) -> keras.callbacks.History:
    """Train a model with Adam and a learning rate that decays to zero.

    The same as `model.compile` and `model.fit` on `utils.data.batches`, with
    a line that tells how far it is, and at the end how long it took. An epoch
    is one compiled call, or a few (`utils.epochs`), which takes less time.
    Call `keras.utils.set_random_seed` before you build the model, and weights
    and batches repeat.

    A model that is trained again with the same loss, metrics and batch size is
    not compiled again, whatever the data, the epochs and the learning rate.
    The optimizer starts afresh; for the weights, see `restart`.

    Parameters
    ----------
    model : keras.Model
    inputs, targets : array, shape (n, ...)
        Without `targets` the model learns to reproduce `inputs`. Several
        inputs or outputs are a list, tuple or dict of arrays. `inputs` may
        also be a `tf.data.Dataset` of batches: of inputs, or of pairs (inputs,
        targets) or triples with sample weights. Keras's own loop trains on it,
        and a model is compiled each time. The same holds for a `numpy.memmap`,
        which is read batch by batch and need not fit into memory.
    epochs, batch_size : int
        `batch_size` is not used for a data set, which has its own.
    learning_rate : float
        Where Adam starts; a cosine takes it to zero at the last step.
    loss : str, callable, or list or dict of these
        None if the model has its own: `compute_loss`, `add_loss`.
    optimizer : keras.optimizers.Optimizer, optional
        In place of Adam; `learning_rate` is then not used, and the model is
        compiled each time.
    metrics : list, optional
    sample_weight : array, shape (n,) or (n, steps), optional
        How much each row, or each step of a sequence, counts in the loss; 0
        or False for padding.
    validation : array or tuple, or tf.data.Dataset, optional
        Images, or a tuple of inputs, targets and, if wanted, sample weights,
        on which the loss is measured after each epoch. It stands for both
        `validation_data` and `validation_split` of Keras's own `fit`.
    jit_compile : bool
        Whether XLA compiles the epoch. It pays on dense layers and long runs,
        not on convolutions and not on a few seconds of training.
    callbacks : sequence of keras.callbacks.Callback
    reuse : bool
        Whether to look under build/models for the weights that the same
        training has left there before, and to leave them there for the next
        time. A training with callbacks is always done, because otherwise they
        would not be called.

    Returns
    -------
    keras.callbacks.History
        With the training time in seconds as `history.seconds`.

    Raises
    ------
    TypeError
        If an argument is unknown.
    ValueError
        If `epochs` or `batch_size` is below 1; if data are empty, have
        different lengths, or hold NaN, infinity or no numbers; if their shape
        is not what the model takes or gives; if the loss is a cross-entropy
        and a target outside [0, 1], or outside what the last layer gives; if a
        data set does not say how many batches it has.
    FloatingPointError
        If the loss becomes NaN or infinite, or is negative although it acts
        like a cross-entropy.
    """
    if unknown:
        raise TypeError(
            f"fit has no argument {', '.join(unknown)}: data to validate on "
            "are validation=images or validation=(inputs, targets), and "
            "help(fit) names the rest"
        )
    if epochs < 1:
        raise ValueError(f"epochs is {epochs}: at least 1 is needed")
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}: at least 1 is needed")
    # Keras models contain reference cycles, and hold their data: free the
    # earlier ones now.
    gc.collect()
    random_state = random.getstate()
    shuffle_seed = random.getrandbits(31)
    train = take_data(model, (inputs, targets, sample_weight), loss)
    if validation is not None:
        if not isinstance(validation, tuple):
            validation = (validation,)
        validation = take_data(model, validation, loss, "validation ")
    rows = take_rows(train)
    can_compile = can_compile_epochs(model)
    if can_compile:
        build_model(model, rows[0])
    state = _find_state(model, random_state)
    steps = count_batches(train, batch_size)
    # Keras's own loop can read from the disk, batch by batch.
    is_compiled = [is_in_memory(train)]
    if isinstance(validation, tuple):
        is_compiled.append(is_in_memory(validation))
    compiles_epochs = can_compile and all(is_compiled)
    if compiles_epochs and optimizer is None:
        loops = state.find_loops(loss, metrics, batch_size, jit_compile)
        state.start_optimizer(learning_rate, epochs * steps)
    else:
        if optimizer is None:
            optimizer = keras.optimizers.Adam(
                CosineDecay(learning_rate, epochs * steps)
            )
        model.compile(
            optimizer,
            loss,
            metrics=metrics,
            jit_compile=jit_compile,
            steps_per_execution=1 if compiles_epochs else min(steps, 20),
        )
        loops = Loops(model, batch_size, jit_compile)
    if model.built:
        check_reach(model, rows[0], rows[1])
    line = ProgressLine()
    all_callbacks = [ShowProgress(line), *callbacks]
    all_callbacks.append(WatchLoss(rows[0], rows[1]))

    def run(arguments):
        arguments["callbacks"] += all_callbacks
        return model.fit(**arguments, epochs=epochs, verbose=0)

    def train_model():
        if not compiles_epochs:
            return run(
                feed_batches(
                    model,
                    train,
                    validation,
                    batch_size=batch_size,
                    seed=shuffle_seed,
                )
            )
        with compile_epochs(
            loops, train, validation, seed=shuffle_seed
        ) as arguments:
            return run(arguments)

    settings = {
        "epochs": epochs,
        "batch_size": batch_size,
        "shuffle_seed": shuffle_seed,
    }
    arrays = [rows[0], train, validation]
    reuse = reuse and not callbacks
    return _train_once(model, train_model, arrays, settings, reuse, line)


def restart(model: keras.Model, weights_of: keras.Model | None = None) -> None:
    """Give a model its first weights again, for another training with `fit`.

    The first weights are those that it had before its first `fit`, or when
    `restart` was called for the first time. Batches come in the order of the
    first training, too. So training again is the same as building the model
    anew from the same seed, to the last bit, but the training step need not be
    compiled again, which takes a second for a dense network and several for a
    recurrent one.

    Parameters
    ----------
    model : keras.Model
    weights_of : keras.Model, optional
        A model of the same architecture whose weights it gets instead, for
        example one that was just built from another seed.

    Raises
    ------
    ValueError
        If the two models do not have the same variables.

    Examples
    --------
    A model is trained with two learning rates, and with another seed:

    >>> def build_model(seed):
    ...     keras.utils.set_random_seed(seed)
    ...     return keras.Sequential(
    ...         [keras.Input((2,)), keras.layers.Dense(2, "sigmoid")]
    ...     )
    >>> model = build_model(seed=0)
    >>> x = [[0.0, 1.0], [1.0, 0.0]]
    >>> for learning_rate in (0.1, 0.3):
    ...     restart(model)
    ...     history = fit(
    ...         model, x, epochs=2, learning_rate=learning_rate
    ...     )  # doctest: +ELLIPSIS
    sequential...: 2 epochs in ... s, loss ...
    sequential...: 2 epochs in ... s, loss ...
    >>> restart(model, weights_of=build_model(seed=1))
    """
    if not model.built:
        return  # `fit` builds it, and remembers its weights
    state = _find_state(model, random.getstate())
    values = state.values
    if weights_of is None:
        random.setstate(state.random_state)
    else:
        values = [variable.numpy() for variable in weights_of.variables]
    shapes = [tuple(variable.shape) for variable in model.variables]
    if shapes != [value.shape for value in values]:
        raise ValueError(
            f"{model.name} has variables of shapes {shapes}, and the weights "
            f"are {[value.shape for value in values]}: build both models alike"
        )
    for variable, value in zip(model.variables, values, strict=True):
        variable.assign(value)


class _FitState:
    """What a model keeps of a training with `fit` for the next one."""

    def __init__(self, model, random_state):
        self.model = model
        self.values = [variable.numpy() for variable in model.variables]
        self.random_state = random_state
        self.kind = self.optimizer = self.loss_tracker = self.loops = None
        # The graph reads the numbers of the schedule from these.
        self.learning_rate = keras.Variable(1.0, trainable=False)
        self.steps = keras.Variable(1.0, trainable=False)

    def find_loops(self, loss, metrics, batch_size, jit_compile):
        """Compile the model with Adam, unless it is still so compiled."""
        model = self.model
        parts = [model, loss, metrics, batch_size, jit_compile]
        kind = _describe_kind(parts)
        is_compiled = (
            None not in (kind, self.kind)
            and kind == self.kind
            # What compiles a model anew replaces these.
            and model.optimizer is self.optimizer
            and model.metrics[0] is self.loss_tracker
        )
        if is_compiled:
            return self.loops
        # If compiling fails or is stopped, it has to be done again.
        self.kind = None
        self.schedule = CosineDecay(1.0, 1)
        self.optimizer = keras.optimizers.Adam(self.schedule)
        model.compile(
            self.optimizer, loss, metrics=metrics, jit_compile=jit_compile
        )
        self.loss_tracker = model.metrics[0]
        self.loops = Loops(model, batch_size, jit_compile, self._trace_adam)
        self.kind = kind
        return self.loops

    def start_optimizer(self, learning_rate, steps):
        """Begin with a new Adam, and this learning rate at the first step."""
        for variable in self.optimizer.variables:
            variable.assign(keras.ops.zeros_like(variable))
        self.schedule.initial_learning_rate = learning_rate
        self.schedule.decay_steps = steps
        self.learning_rate.assign(learning_rate)
        self.steps.assign(steps)

    @contextmanager
    def _trace_adam(self):
        """Trace Adam as one operation, with a rate that can change."""
        schedule, optimizer = self.schedule, self.optimizer
        numbers = schedule.initial_learning_rate, schedule.decay_steps
        # Otherwise the numbers of the first training would stand in the graph.
        schedule.initial_learning_rate = self.learning_rate
        schedule.decay_steps = self.steps
        optimizer.update_step = make_adam_step(
            optimizer, self.model.trainable_variables
        )
        try:
            yield
        finally:
            schedule.initial_learning_rate, schedule.decay_steps = numbers
            del optimizer.update_step


def _find_state(model, random_state):
    """Return what a model keeps; make it at the first time."""
    state = getattr(model, "_fit_state", None)
    if state is None:
        state = _FitState(model, random_state)
        if model.built:
            model._fit_state = state
    return state


def _describe_kind(parts):
    """Return a hash of what a training step is made from, None if unknown."""
    try:
        description = describe(parts, with_state=False)
    except UnknownObjectError:
        return None
    return find_sha256(json.dumps(description).encode())


def train_once(
    model: keras.Model, train, data, settings, *, reuse: bool = True
) -> keras.callbacks.History:
    """Train, or use the weights that the same training has left.

    Prints a line that says which of the two, and how long it took. `fit`
    calls it; call it yourself around a `model.fit` of your own.

    Parameters
    ----------
    model : keras.Model
        Compiled, with the weights that the training starts from.
    train : callable
        Trains the model and returns the History. The model's layers, weights
        and seeds count, and what it was compiled with; what else `train` reads
        has to stand in `settings`.
    data : sequence of array
        What it trains on, inputs first.
    settings : dict or sequence
        What else makes it another training: epochs, rates, batch size.
    reuse : bool
        Without it, the model is trained and nothing is kept.

    Returns
    -------
    keras.callbacks.History
        With the training time in seconds as `history.seconds`.
    """
    return _train_once(model, train, data, settings, reuse, ProgressLine())


def _train_once(model, train, data, settings, reuse, line):
    key = record = None
    if reuse:
        round_alike()
        key = find_key(model, data, settings)
    if key is not None:
        record = load_training(key, model)
    if record is not None:
        return _make_history(model, record)
    start = time.perf_counter()
    try:
        history = train()
    except BaseException:
        # Ctrl-C and the stop button of a notebook, too.
        if line.text:
            line.finish(f"{line.text} - stopped")
        raise
    history.seconds = time.perf_counter() - start
    line.finish(
        f"{model.name}: {len(history.epoch)} epochs in "
        f"{history.seconds:.1f} s, loss {history.history['loss'][-1]:.4f}"
    )
    if key is not None:
        record = {"history": history.history, "seconds": history.seconds}
        save_training(key, model, record)
    return history


def _make_history(model, record):
    """Return the History of a kept training, and print its line."""
    history = keras.callbacks.History()
    history.set_model(model)
    history.history = record["history"]
    history.epoch = list(range(len(record["history"]["loss"])))
    history.seconds = record["seconds"]
    print(
        f"{model.name}: weights of {record['date']}, trained for "
        f"{len(history.epoch)} epochs in {history.seconds:.1f} s, "
        f"loss {history.history['loss'][-1]:.4f}"
    )
    return history
