"""Training as this course does it."""

import gc
import random
import time

from utils.data import batches
from utils.reuse import find_key, load_training, save_training

import keras
import numpy as np
from tqdm.keras import TqdmCallback


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
    a progress bar and a line that says how long it took. Call
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
        Whether XLA compiles the step. It pays on dense layers and long runs,
        not on convolutions and not on a few seconds of training.
    callbacks : sequence of keras.callbacks.Callback
    reuse : bool
        Whether to look under build/models for the weights that the same
        training has left there before, and to leave them there for the next
        time. A training with callbacks is always done, for they are not
        called otherwise.

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
    # Models hold themselves in circles, and their data with them.
    gc.collect()
    order = random.getrandbits(31)
    train = batches(inputs, targets, batch_size=batch_size, seed=order)
    steps = len(train)
    if optimizer is None:
        optimizer = keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(
                learning_rate, epochs * steps
            )
        )
    pair = ()
    if validation is not None:
        pair = (
            validation if isinstance(validation, tuple) else 2 * (validation,)
        )
        validation = batches(*pair, batch_size=1000, shuffle=False)
    names = ("inputs", "targets", "validation inputs", "validation targets")
    for name, array in zip(names, [inputs, targets, *pair], strict=False):
        low, high = np.min(array), np.max(array)
        if np.isnan(low):
            raise ValueError(f"{name} hold NaN: no model learns from that")
        # Keras would train, to a loss without a least value.
        is_target = "targets" in name and loss == "binary_crossentropy"
        if is_target and not 0 <= low <= high <= 1:
            raise ValueError(
                f"{name} span [{low:.3g}, {high:.3g}]: binary cross-entropy "
                "needs targets in [0, 1]; divide by 255?"
            )
    # A small model costs less than Python does around it. So a short epoch is
    # one call on a stream that never ends; a long one can be interrupted.
    is_short = steps <= 256
    model.compile(
        optimizer,
        loss,
        metrics=metrics,
        jit_compile=jit_compile,
        steps_per_execution=steps if is_short else 20,
    )

    def train_model():
        # Else Keras would build it in the first step, and trace it twice.
        if model.built:
            optimizer.build(model.trainable_variables)
        return model.fit(
            train.repeat() if is_short else train,
            epochs=epochs,
            steps_per_epoch=steps if is_short else None,
            validation_data=validation,
            shuffle=False,  # `batches` has shuffled
            verbose=0,
            callbacks=[TqdmCallback(verbose=0, leave=False), *callbacks],
        )

    settings = {
        "epochs": epochs,
        "batch_size": batch_size,
        "order": order,
        "optimizer": keras.optimizers.serialize(optimizer),
        "metrics": metrics,
    }
    data = [inputs, targets, *pair]
    reuse = reuse and not callbacks
    return train_once(model, train_model, data, settings, reuse=reuse)


def train_once(
    model: keras.Model, train, data, settings, *, reuse: bool = True
) -> keras.callbacks.History:
    """Train, or take the weights that the same training has left.

    Prints a line that says which of the two, and how long it took. `fit`
    calls it; call it yourself around a `model.fit` of your own.

    Parameters
    ----------
    model : keras.Model
        Compiled, with the weights that the training starts from.
    train : callable
        Trains the model and returns the History. The model's layers, loss,
        weights and seeds count; what else `train` reads has to stand in
        `settings`.
    data : sequence of array
        What it trains on, inputs and targets first.
    settings : dict or sequence
        What else makes it another training: epochs, rates, batch size.
    reuse : bool
        Without it, the model is trained and nothing is kept.

    Returns
    -------
    keras.callbacks.History
        With the training time in seconds as `history.seconds`.
    """
    key = find_key(model, data, settings) if reuse else None
    record = load_training(key, model) if reuse else None
    if record is not None:
        return _replay(model, record)
    start = time.perf_counter()
    history = train()
    history.seconds = time.perf_counter() - start
    print(
        f"{model.name}: {len(history.epoch)} epochs in "
        f"{history.seconds:.1f} s, loss {history.history['loss'][-1]:.4f}"
    )
    if reuse:
        record = {"history": history.history, "seconds": history.seconds}
        save_training(key, model, record)
    return history


def _replay(model, record):
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
