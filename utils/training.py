"""Training as this course does it."""

import gc
import random
import time

from utils.data import count_steps
from utils.epochs import can_compile_epochs, compile_epochs, feed_batches
from utils.progress import ProgressLine, ShowProgress
from utils.reuse import (
    find_key,
    load_training,
    round_alike,
    save_training,
)

import keras
import numpy as np


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
    validation=None,
    jit_compile: bool = False,
    callbacks=(),
    reuse: bool = False,
) -> keras.callbacks.History:
    """Train a model with Adam and a learning rate that decays to zero.

    The same as `model.compile` and `model.fit` on `utils.data.batches`, with
    a line that tells how far it is, and at the end how long it took. An epoch is one
    compiled call, or a few (`utils.epochs`), which takes less time. Call
    `keras.utils.set_random_seed` before you build the model, and weights and
    batches repeat.

    Parameters
    ----------
    model : keras.Model
    inputs, targets : array, shape (n, ...)
        Without `targets` the model learns to reproduce `inputs`.
    epochs, batch_size : int
    learning_rate : float
        Where Adam starts; a cosine takes it to zero at the last step.
    loss : str or callable
    optimizer : keras.optimizers.Optimizer, optional
        In place of Adam; `learning_rate` is then not used.
    metrics : list, optional
    validation : array or pair of arrays, optional
        Images, or inputs and targets, on which the loss is measured after
        each epoch.
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
    ValueError
        If `epochs` is below 1, an array holds NaN, the loss is
        "binary_crossentropy" and a target outside [0, 1], or as
        `utils.data.batches` says.
    """
    if epochs < 1:
        raise ValueError(f"epochs is {epochs}: at least 1 is needed")
    if targets is None:
        targets = inputs
    # Keras models contain reference cycles, and hold their data: free the
    # earlier ones now.
    gc.collect()
    shuffle_seed = random.getrandbits(31)
    steps = count_steps(inputs, targets, batch_size)
    if optimizer is None:
        optimizer = keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(
                learning_rate, epochs * steps
            )
        )
    data = {"inputs": inputs, "targets": targets}
    if validation is not None:
        if not isinstance(validation, tuple):
            validation = validation, validation
        data["validation inputs"], data["validation targets"] = validation
        count_steps(*validation)
    for name, array in data.items():
        low, high = np.min(array), np.max(array)
        if np.isnan(low):
            raise ValueError(f"{name} hold NaN: no model learns from that")
        # Keras would train, but this loss has no minimum then.
        is_target = "targets" in name and loss == "binary_crossentropy"
        if is_target and not 0 <= low <= high <= 1:
            raise ValueError(
                f"{name} span [{low:.3g}, {high:.3g}]: binary cross-entropy "
                "needs targets in [0, 1]; divide by 255?"
            )
    compiles_epochs = can_compile_epochs(model)
    model.compile(
        optimizer,
        loss,
        metrics=metrics,
        jit_compile=jit_compile,
        steps_per_execution=1 if compiles_epochs else min(steps, 20),
    )

    line = ProgressLine()

    def train_model():
        feed = compile_epochs if compiles_epochs else feed_batches
        with feed(
            model,
            (inputs, targets),
            validation,
            batch_size=batch_size,
            seed=shuffle_seed,
            jit_compile=jit_compile,
        ) as arguments:
            return model.fit(
                **arguments,
                epochs=epochs,
                verbose=0,
                callbacks=[ShowProgress(line), *callbacks],
            )

    settings = {
        "epochs": epochs,
        "batch_size": batch_size,
        "shuffle_seed": shuffle_seed,
    }
    arrays = [*data.values()]
    reuse = reuse and not callbacks
    return _train_once(model, train_model, arrays, settings, reuse, line)


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
