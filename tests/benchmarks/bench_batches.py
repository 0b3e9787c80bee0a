"""Compare `utils.data.batches` with `model.fit` on NumPy arrays.

    python tests/benchmarks/bench_batches.py

Both train 784-32-784 on 60,000 digits at batch 256 from the same seed with
the same optimizer. They take turns in one process, so that what else runs on
the machine slows both. A third model gets one and the same batch over and
over: what it needs is arithmetic, and no pipeline can be faster. Exits
non-zero if `batches` is not twice as fast, or learns something else.
"""

import statistics
import sys

from utils.backend import tf
from utils.data import batches, load_images
from utils.tools.results import make_table

import keras
import numpy as np
from common import Clock, keep

N_IMAGES = 60_000
BATCH_SIZE = 256
EPOCHS_A_TURN = 3
TURNS = 5
# Two cores gave 2.9, of the 4 that no pipeline at all would give. What there
# is to gain depends on the machine: on arithmetic beside Python's overhead.
LEAST_RATIO = 2
# Five seeds of one pipeline end up to 0.0017 apart.
MOST_LOSS_GAP = 0.002


def load_digits():
    """Return 60,000 flat digits: the published ones, or the sample tiled."""
    try:
        train, valid, _ = load_images("mnist", "full")
    except FileNotFoundError:
        print("no full data: the embedded sample, tiled")
        train, valid, _ = load_images("mnist")
    images = np.concatenate([train.x, valid.x])
    return np.resize(images, (N_IMAGES, 784))


def build_autoencoder(**settings):
    """Return a compiled model, the same in each call but for settings."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((784,)),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(784, activation="sigmoid"),
        ]
    )
    optimizer = keras.optimizers.Adam(1e-3)
    model.compile(optimizer, "binary_crossentropy", **settings)
    return model


def main():
    """Print the comparison, and return the exit status."""
    x = load_digits()
    steps = -(-N_IMAGES // BATCH_SIZE)
    # As utils.training.fit does it: an epoch a call, on an endless stream.
    settings = {"jit_compile": True, "steps_per_execution": steps}
    batch = 2 * [tf.constant(x[:BATCH_SIZE])]
    streams = {
        "batches": batches(x, x, batch_size=BATCH_SIZE).repeat(),
        "one batch": tf.data.Dataset.from_tensors(tuple(batch)).repeat(),
    }
    contestants = {
        # As a tutorial writes it, with all defaults.
        "NumPy arrays": (
            build_autoencoder(),
            {"x": x, "y": x, "batch_size": BATCH_SIZE, "shuffle": True},
        ),
    }
    for name, stream in streams.items():
        contestants[name] = (
            build_autoencoder(**settings),
            {"x": stream, "steps_per_epoch": steps, "shuffle": False},
        )
    clocks = {name: Clock() for name in contestants}
    for _ in range(TURNS):
        for name, (model, data) in contestants.items():
            model.fit(
                **data,
                epochs=EPOCHS_A_TURN,
                verbose=0,
                callbacks=[clocks[name]],
            )
    medians, losses, rows = [], [], []
    for name, (model, _) in contestants.items():
        first, *rest = clocks[name].seconds
        medians.append(statistics.median(rest))
        losses.append(model.evaluate(x, x, batch_size=1000, verbose=0))
        values = f"{medians[-1]:.3f}", f"{first:.1f}", f"{losses[-1]:.4f}"
        rows.append([name, *values])
    ratio = medians[0] / medians[1]
    gap = losses[1] - losses[0]
    result = {
        "seconds_an_epoch": dict(zip(contestants, medians, strict=True)),
        "loss": dict(zip(contestants, losses, strict=True)),
    }
    header = "fit on", "s/epoch", "first epoch (s)", "final loss"
    text = f"""## The input pipeline

{make_table(header, rows)}
Ratio {ratio:.2f} (at least {LEAST_RATIO}); without any pipeline it would be
{medians[0] / medians[2]:.2f}. Difference of losses {gap:+.4f} (at most
{MOST_LOSS_GAP}).
"""
    keep("batches", result, text)
    return int(ratio < LEAST_RATIO or abs(gap) > MOST_LOSS_GAP)


if __name__ == "__main__":
    sys.exit(main())
