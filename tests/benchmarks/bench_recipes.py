"""Train the tutorials' recipes beside this course's, in turns.

    PYTHONPATH=tests python tests/benchmarks/bench_recipes.py [NAME ...]

A recipe is re-expressed in Keras 3 as its tutorial has it: layers, optimizer,
rate, batch size, epochs, and `fit` on NumPy arrays with all defaults. Ours is
the model that the lesson builds, trained by `utils.training.fit` as in full
mode. Its rate falls to zero at the end, so how fast it gets where the
tutorial ends is asked of a training that was planned to be that short. It is
done several times between the epochs of the tutorial's recipe, so that what
else runs on the machine slows both. Time to compile counts.

The floor is the time that the products of an epoch would take at the rate at
which this machine multiplies large matrices.

Exits non-zero if one of ours ends worse than its tutorial's recipe, or is
slower to get where that ends.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from utils.data import load_images
from utils.scores import binary_cross_entropy
from utils.tools.results import make_table
from utils.training import fit

import keras
import numpy as np
from common import (
    Clock,
    count_operations,
    keep,
    measure_rate,
    read_result,
    run_apart,
)
from keras import layers
from take import take

TURNS = 3


@dataclass
class Pair:
    """A recipe of a tutorial and that of a lesson, for the same task."""

    title: str
    data: str
    build_theirs: Callable
    optimizer: Callable
    batch_size: int
    epochs: int  # that we train theirs for
    build_ours: Callable
    recipe: dict  # as the lesson trains in full mode
    short: int | None = None  # epochs in which ours gets where theirs ends
    goal: float | None = None  # how many times faster it should get there
    n_images: int | None = None  # an epoch, where all would take too long
    is_noisy: bool = False


def build_dense(*widths, activation="relu", start="glorot_uniform", l1=0.0):
    """Build a symmetric stack as the tutorials do, bent codes included."""
    model = keras.Sequential([keras.Input((784,))])
    for i, width in enumerate([*widths, *widths[-2::-1]]):
        is_code = l1 and i == len(widths) - 1
        penalty = keras.regularizers.L1(l1) if is_code else None
        model.add(
            layers.Dense(
                width,
                activation,
                kernel_initializer=start,
                activity_regularizer=penalty,
            )
        )
    model.add(layers.Dense(784, "sigmoid"))
    return model


def build_fashion():
    return build_dense(100, 30, activation="selu", start="lecun_normal")


def build_pooled():
    """Build the tutorial's denoiser; its noise is in the arrays."""
    model = keras.Sequential([keras.Input((28, 28, 1))])
    for resize in 2 * [layers.MaxPooling2D] + 2 * [layers.UpSampling2D]:
        model.add(layers.Conv2D(32, 3, padding="same", activation="relu"))
        model.add(resize(2))
    model.add(layers.Conv2D(1, 3, padding="same", activation="sigmoid"))
    return model


def make_adadelta():
    # By name it would have a thousandth of the rate that its tutorial meant.
    return keras.optimizers.Adadelta(1.0)


def make_pairs():
    """Return the pairs by name; ours are taken out of the lessons."""
    full = {"mode": "full", "seed": 0}
    names = "N_CODES", "EPOCHS", "BATCH_SIZE", "RECIPE", "build_autoencoder"
    simple = take("02_simple_autoencoder", *names, **full)
    names = "EPOCHS", "BATCH_SIZE", "build_stack"
    stack = take("03_stacked_autoencoder", *names, **full)
    stack_recipe = {
        "epochs": stack.EPOCHS,
        "batch_size": stack.BATCH_SIZE,
        "jit_compile": True,
        "learning_rate": 5e-3,
    }
    names = "SIGMA", "WIDTH", "CODE_CHANNELS", "AddNoise", "convolve"
    names += "connect_places", "build_denoiser"
    names += "EPOCHS", "BATCH_SIZE", "LEARNING_RATE"
    noise = take("05_convolutional_denoising", *names, **full)
    noise_recipe = {
        "epochs": noise.EPOCHS,
        "batch_size": noise.BATCH_SIZE,
        "learning_rate": noise.LEARNING_RATE,
    }
    names = "EPOCHS", "BATCH_SIZE", "keep_largest", "KeepLargest"
    sparse = take(
        *("04_sparse_autoencoder", *names, "N_UNITS", "build_autoencoder"),
        **full,
    )

    def build_stack(*widths):
        return stack.build_stack(widths, "linear", "stack")[1]

    # The retelling of the Keras blog, and the blog as it stands today.
    mnist = {"data": "mnist", "optimizer": make_adadelta, "batch_size": 128}
    blog = mnist | {"optimizer": keras.optimizers.Adam, "batch_size": 256}
    denoising = {
        "data": "mnist",
        "build_theirs": build_pooled,
        "optimizer": make_adadelta,
        "batch_size": 128,
        "epochs": TURNS,
        "recipe": noise_recipe,
        "n_images": 12_000,
        "is_noisy": True,
    }
    return {
        "simple": Pair(
            "digits, 784-32-784, the retelling",
            build_theirs=lambda: build_dense(32),
            epochs=25,
            **mnist,
            build_ours=lambda: simple.build_autoencoder("linear")[2],
            recipe=simple.RECIPE | {"learning_rate": 3e-2},
            short=2,
            goal=15,
        ),
        "deep": Pair(
            "digits, 784-128-64-32, the retelling",
            build_theirs=lambda: build_dense(128, 64, 32),
            epochs=100,
            build_ours=lambda: build_stack(784, 128, 64, 32),
            recipe=stack_recipe,
            short=3,
            goal=35,
            **mnist,
        ),
        "blog": Pair(
            "digits, 784-32-784, the Keras blog",
            build_theirs=lambda: build_dense(32),
            epochs=50,
            **blog,
            build_ours=lambda: simple.build_autoencoder("linear")[2],
            recipe=simple.RECIPE | {"learning_rate": 3e-2},
            short=5,
        ),
        "blog, deep": Pair(
            "digits, 784-128-64-32, the Keras blog",
            build_theirs=lambda: build_dense(128, 64, 32),
            epochs=100,
            **blog,
            build_ours=lambda: build_stack(784, 128, 64, 32),
            recipe=stack_recipe,
            short=8,
        ),
        "clothes": Pair(
            "clothes, 784-100-30",
            data="fashion_mnist",
            build_theirs=build_fashion,
            optimizer=lambda: keras.optimizers.SGD(1.5),
            batch_size=32,
            epochs=20,
            build_ours=lambda: build_stack(784, 100, 30),
            recipe=stack_recipe,
            short=3,
            goal=5,
        ),
        "sparse": Pair(
            "digits, theirs L1, ours 32 of 256",
            build_theirs=lambda: build_dense(32, l1=1e-4),
            epochs=25,
            **mnist,
            build_ours=lambda: sparse.build_autoencoder(
                sparse.N_UNITS, "linear", sparse.KeepLargest(32)
            )[1],
            recipe={
                "epochs": sparse.EPOCHS,
                "batch_size": sparse.BATCH_SIZE,
                "learning_rate": 2e-2,
            },
            short=2,
        ),
        "denoising": Pair(
            "noisy digits, ours 64 wide",
            build_ours=lambda: noise.build_denoiser("ours"),
            **denoising,
        ),
        # Width and batch size as theirs: only the wiring differs.
        "strides": Pair(
            "noisy digits, ours 32 wide, batches of 128",
            build_ours=lambda: noise.build_denoiser(
                "ours", width=32, batch_norm=False, place_map=False
            ),
            # Without normalization the lesson's rate is too high.
            **denoising
            | {
                "recipe": noise_recipe
                | {"batch_size": 128, "learning_rate": 3e-3}
            },
        ),
    }


def load(pair):
    """Return the images that are trained on and those of the test part."""
    train, valid, test = load_images(pair.data, "full")
    shape = pair.build_theirs().input_shape[1:]
    images = np.concatenate([train.x, valid.x])[: pair.n_images]
    return images.reshape(-1, *shape), test.x.reshape(-1, *shape)


def add_noise(images):
    noise = np.random.default_rng(0).normal(0, 0.5, images.shape)
    return (images + noise).clip(0, 1).astype("float32")


class Theirs:
    """A tutorial's recipe, trained a few epochs at a time."""

    def __init__(self, pair, images):
        keras.utils.set_random_seed(0)
        self.model = pair.build_theirs()
        self.model.compile(pair.optimizer(), loss="binary_crossentropy")
        noisy = add_noise(images) if pair.is_noisy else images
        self.data = {"x": noisy, "y": images, "batch_size": pair.batch_size}
        self.clock, self.seconds, self.epoch = Clock(), 0.0, 0

    def train(self, epochs):
        start = time.perf_counter()
        self.model.fit(
            **self.data,
            initial_epoch=self.epoch,
            epochs=self.epoch + epochs,
            verbose=0,
            callbacks=[self.clock],
        )
        self.seconds += time.perf_counter() - start
        self.epoch += epochs


def train_ours(pair, images, epochs):
    """Return the model, the seconds in all and those of the last epoch."""
    keras.utils.set_random_seed(0)
    model, clock = pair.build_ours(), Clock()
    recipe = pair.recipe | {"epochs": epochs, "callbacks": [clock]}
    history = fit(model, images, **recipe)
    return model, history.seconds, clock.seconds[-1]


def train_for_memory(name, side):
    pair = make_pairs()[name]
    images, _ = load(pair)
    if side == "theirs":
        Theirs(pair, images).train(1)
    else:
        train_ours(pair, images, 1)
    print(json.dumps(side))


def run(name, pair, rate):
    """Train both in turns; return what was measured."""
    images, test = load(pair)
    seen = add_noise(test) if pair.is_noisy else test

    def score(model):
        made = model.predict(seen, batch_size=500, verbose=0)
        return binary_cross_entropy(test, made)

    theirs, shorts = Theirs(pair, images), []
    shares = np.diff(np.linspace(0, pair.epochs, TURNS + 1).astype(int))
    for epochs in shares:
        theirs.train(int(epochs))
        shorts.append(train_ours(pair, images, pair.short or 2))
    model = shorts[0][0]
    result = {
        "title": pair.title,
        "images": len(images),
        "theirs": {
            "epochs": pair.epochs,
            "bce": score(theirs.model),
            "seconds": theirs.seconds,
            "seconds_an_epoch": statistics.median(theirs.clock.seconds[1:]),
            "peak_mib": run_apart(__file__, "--memory", name, "theirs")[1],
        },
        "ours": {
            "seconds_an_epoch": statistics.median(s[2] for s in shorts),
            "peak_mib": run_apart(__file__, "--memory", name, "ours")[1],
            "floor_an_epoch": count_operations(model, len(images)) / rate,
        },
        "goal": pair.goal,
    }
    if pair.short:
        whole = train_ours(pair, images, pair.recipe["epochs"])
        result["ours"] |= {
            "short_epochs": pair.short,
            "short_bce": statistics.median(score(s[0]) for s in shorts),
            "short_seconds": statistics.median(s[1] for s in shorts),
            "epochs": pair.recipe["epochs"],
            "bce": score(whole[0]),
            "seconds": whole[1],
        }
    return result


def format_results(results):
    """Return the results as text with two tables."""
    figures, epochs = [], []
    for row in results.values():
        theirs, ours = row["theirs"], row["ours"]
        if "bce" in ours:
            ratio = theirs["seconds"] / ours["short_seconds"]
            goal = f" ({row['goal']})" if row["goal"] else ""
            figures.append(
                [
                    row["title"],
                    f"{theirs['bce']:.4f}",
                    f"{ours['bce']:.4f}",
                    f"{theirs['seconds']:.1f}",
                    f"{ours['short_seconds']:.2f} ({ours['short_bce']:.4f})",
                    f"{ratio:.1f}{goal}",
                ]
            )
        ratio = theirs["seconds_an_epoch"] / ours["seconds_an_epoch"]
        above = ours["seconds_an_epoch"] / ours["floor_an_epoch"]
        epochs.append(
            [
                row["title"],
                f"{row['images']:,}",
                f"{theirs['seconds_an_epoch']:.2f}",
                f"{ours['seconds_an_epoch']:.2f}",
                f"{ratio:.1f}",
                f"{ours['floor_an_epoch']:.3f}",
                f"{above:.1f}",
                f"{theirs['peak_mib']:,.0f}",
                f"{ours['peak_mib']:,.0f}",
            ]
        )
    first = "model"
    header = [
        *(first, "their test BCE", "ours", "their seconds"),
        *("ours to get there (BCE)", "ratio (goal)"),
    ]
    text = make_table(header, figures) + "\n"
    header = [
        *(first, "images an epoch", "their s/epoch", "ours", "ratio"),
        *("floor", "ours above it", "their peak MiB", "ours"),
    ]
    return text + make_table(header, epochs)


def main(names):
    """Run the pairs with these names, or all; return the exit status."""
    pairs, rate = make_pairs(), measure_rate()
    # Those that were not asked for keep what they measured before.
    results = read_result("recipes").get("pairs", {}) if names else {}
    for name in names or pairs:
        results[name] = run(name, pairs[name], rate)
    text = "## The tutorials' recipes and ours\n\n"
    text += f"Products of large matrices: {rate / 1e9:.0f} billion operations "
    text += f"a second.\n\n{format_results(results)}"
    keep("recipes", {"operations_a_second": rate, "pairs": results}, text)
    is_worse = False
    for row in results.values():
        theirs, ours = row["theirs"], row["ours"]
        if "bce" in ours:
            is_worse |= ours["bce"] > theirs["bce"]
            is_worse |= ours["short_bce"] > theirs["bce"]
            is_worse |= ours["short_seconds"] > theirs["seconds"]
    return int(is_worse)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--memory"]:
        train_for_memory(*sys.argv[2:])
    else:
        sys.exit(main(sys.argv[1:]))
