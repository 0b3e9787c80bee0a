"""Train the lessons' networks in Keras: with the course's `fit` and others.

    python with_keras.py CONTENDER DATA.npz

`keras` is Keras's `fit` on arrays, `course` this course's `fit`, `course-xla`
the same with XLA, `before` and `before-xla` that of an earlier course: `utils`
is the one that is found first.
"""

import gc
import os
import sys

os.environ["KERAS_BACKEND"] = "tensorflow"

import contender
import keras
from keras import layers, ops


class AddNoise(layers.Layer):
    """In training, add Gaussian noise, as in the lesson on denoising."""

    def __init__(self):
        super().__init__()
        self.generator = keras.random.SeedGenerator()

    def call(self, images, training=False):
        if not training:
            return images
        noise = keras.random.normal(ops.shape(images), seed=self.generator)
        return ops.clip(images + 0.5 * noise, 0, 1)


def build_dense():
    return [
        keras.Input((784,)),
        layers.Dense(32),
        layers.Dense(784, "sigmoid"),
    ]


def build_convolutional(width):
    inner = {"padding": "same", "activation": "gelu"}
    last = {"padding": "same", "activation": "sigmoid"}
    return [
        keras.Input((28, 28, 1)),
        AddNoise(),
        layers.Conv2D(width, 6, strides=4, **inner),
        layers.Conv2D(width, 3, **inner),
        layers.Conv2D(32, 3, **inner),
        layers.Conv2D(width, 3, **inner),
        layers.Conv2DTranspose(1, 6, strides=4, **last),
    ]


def build_recurrent(width, n_steps):
    n_values = 784 // n_steps
    return [
        keras.Input((n_steps, n_values)),
        layers.GRU(width, return_sequences=True),
        layers.Flatten(),
        layers.Dense(32),
        layers.BatchNormalization(momentum=0.9, center=False, scale=False),
        layers.Dense(n_steps * 32),
        layers.Reshape((n_steps, 32)),
        layers.GRU(width, return_sequences=True),
        layers.Dense(n_values, "sigmoid"),
    ]


BUILDERS = {
    "dense": build_dense,
    "convolutional": build_convolutional,
    "recurrent": build_recurrent,
}


def build(network, settings):
    keras.utils.set_random_seed(0)
    return keras.Sequential(BUILDERS[network](**settings))


class EndEpochs(keras.callbacks.Callback):
    def __init__(self, watch):
        super().__init__()
        self.watch = watch

    def on_epoch_end(self, epoch, logs=None):
        self.watch.end_epoch(self.model)


def make_training(contender_name):
    """Return the function that trains as this contender does."""
    if contender_name.startswith("keras"):
        return train_with_keras
    from utils.training import fit

    jit_compile = contender_name.endswith("xla")

    def train(x, y, recipe, watch):
        model = build(recipe["network"], recipe["settings"])
        fit(
            model,
            x,
            y if y is not x else None,
            epochs=recipe["epochs"],
            batch_size=recipe["batch_size"],
            learning_rate=recipe["learning_rate"],
            jit_compile=jit_compile,
            callbacks=[EndEpochs(watch)],
        )
        return model

    return train


def train_with_keras(x, y, recipe, watch):
    gc.collect()
    model = build(recipe["network"], recipe["settings"])
    steps = recipe["epochs"] * -(-len(x) // recipe["batch_size"])
    schedule = keras.optimizers.schedules.CosineDecay(
        recipe["learning_rate"], steps
    )
    model.compile(keras.optimizers.Adam(schedule), "binary_crossentropy")
    model.fit(
        x,
        y,
        epochs=recipe["epochs"],
        batch_size=recipe["batch_size"],
        callbacks=[EndEpochs(watch)],
        verbose=0,
    )
    return model


if __name__ == "__main__":
    name, data = sys.argv[1:]
    contender.serve(make_training(name), data)
