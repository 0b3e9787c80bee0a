"""An exported file computes what the model computes, or is not written."""

import logging
import warnings

from utils.export import export_onnx, find_source

import keras
import numpy as np
import onnx
import onnxruntime
import pytest
from keras import layers, ops

X = np.random.default_rng(0).normal(0, 3, (6, 5)).astype("float32")
NO_ACTIVATIONS = {"deserialize", "get", "serialize"}
ACTIVATIONS = [
    name
    for name in dir(keras.activations)
    if not name.startswith("_")
    and name not in NO_ACTIVATIONS
    # Two take more arguments, or an even number of units; celu is refused.
    and name not in ("glu", "threshold", "celu")
]


def run(path, *inputs):
    """Compute a file's outputs, without Keras."""
    onnx.checker.check_model(path)
    session = onnxruntime.InferenceSession(path)
    names = [entry.name for entry in session.get_inputs()]
    return session.run(None, dict(zip(names, inputs, strict=True)))


def assert_same(path, model, *inputs):
    outputs = model(inputs[0] if len(inputs) == 1 else list(inputs))
    outputs = keras.tree.flatten(outputs)
    for found, expected in zip(run(path, *inputs), outputs, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def build(*layers_between):
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [keras.Input((5,)), *layers_between, layers.Dense(3)]
    )


@keras.saving.register_keras_serializable("test_export")
class Scale(layers.Layer):
    """It computes like the tied layer of lesson 03."""

    def build(self, shape):
        self.kernel = self.add_weight((shape[-1], 2))

    def call(self, x):
        return ops.sigmoid(x @ self.kernel @ ops.transpose(self.kernel))


@keras.saving.register_keras_serializable("test_export")
class Sample(layers.Layer):
    """It draws codes, as a variational autoencoder does."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seeds = keras.random.SeedGenerator(0)

    def call(self, mean, log_variance):
        epsilon = keras.random.normal(ops.shape(mean), seed=self.seeds)
        return mean + ops.exp(log_variance / 2) * epsilon


class Own(keras.Model):
    """A model that is a class of its own."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(2, "gelu")

    def call(self, x):
        return self.dense(x)


def build_vae():
    keras.utils.set_random_seed(0)
    x = keras.Input((5,))
    mean, log_variance = layers.Dense(2)(x), layers.Dense(2)(x)
    decoder = keras.Sequential(
        [keras.Input((2,)), layers.Dense(4, "gelu"), layers.Dense(5)],
        name="decoder",
    )
    encoder = keras.Model(x, [mean, log_variance], name="encoder")
    codes = Sample()(mean, log_variance)
    return encoder, decoder, keras.Model(x, decoder(codes), name="vae")


def test_every_activation_of_keras(tmp_path):
    x = keras.Input((5,))
    outputs = [layers.Activation(name)(x) for name in ACTIVATIONS]
    model = keras.Model(x, outputs)
    export_onnx(model, tmp_path / "model.onnx", X)
    assert_same(tmp_path / "model.onnx", model, X)


STACKS = {
    "gelu twice": lambda: [layers.Dense(4, "gelu"), layers.Dense(4, "gelu")],
    "a layer of one's own": lambda: [Scale()],
    "noise": lambda: [layers.GaussianNoise(1.0), layers.Dropout(0.9)],
    "normalization": lambda: [layers.BatchNormalization()],
    "GRU": lambda: [layers.Reshape((5, 1)), layers.GRU(3)],
    "LSTM": lambda: [layers.Reshape((5, 1)), layers.LSTM(3, "gelu")],
    "convolution": lambda: [
        layers.RepeatVector(4),
        layers.Conv1D(2, 3, activation="gelu"),
        layers.Flatten(),
    ],
}


@pytest.mark.parametrize("name", STACKS)
def test_the_file_computes_what_the_model_does(name, tmp_path):
    model = build(*STACKS[name]())
    export_onnx(model, tmp_path / "model.onnx")
    assert_same(tmp_path / "model.onnx", model, X)
    assert_same(tmp_path / "model.onnx", model, X[:1])


def test_several_inputs_and_outputs(tmp_path):
    x, y = keras.Input((5,)), keras.Input((2,))
    model = keras.Model([x, y], [layers.Dense(2)(x), layers.Dense(3)(y)])
    export_onnx(model, tmp_path / "model.onnx")
    assert_same(tmp_path / "model.onnx", model, X, X[:, :2])


def test_parts_of_a_variational_autoencoder(tmp_path):
    encoder, decoder, _ = build_vae()
    for part, inputs in ((encoder, X), (decoder, X[:, :2])):
        export_onnx(part, tmp_path / "part.onnx")
        assert_same(tmp_path / "part.onnx", part, inputs)


@keras.saving.register_keras_serializable("test_export")
class DrawByTensorFlow(layers.Layer):
    """It draws in a way for which ONNX does have an operation."""

    def call(self, x):
        import tensorflow as tf

        return x + tf.random.normal(tf.shape(x))


@keras.saving.register_keras_serializable("test_export")
class Bessel(layers.Layer):
    """It computes something that ONNX does not have."""

    def call(self, x):
        import tensorflow as tf

        return tf.math.bessel_i0(x)


@keras.saving.register_keras_serializable("test_export")
class Counter(layers.Layer):
    """Its output depends on a number in Python that changes."""

    calls = 0

    def call(self, x):
        self.calls += 1
        return x + self.calls


def build_recurrent():
    return keras.Sequential([keras.Input((None, 2)), layers.GRU(3)])


REFUSED = {
    "a VAE": (lambda: build_vae()[-1], "vae draws random.*the decoder"),
    "a draw": (lambda: build(DrawByTensorFlow()), "draws random numbers"),
    "celu": (lambda: build(layers.Activation("celu")), "ONNX has no Expm1"),
    "Bessel": (lambda: build(Bessel()), "ONNX has no .*Bessel.*; write it"),
    "a counter": (lambda: build(Counter()), "differs by"),
    "a class": (Own, r"export_onnx\(model, path, sample\)"),
    "any length": (build_recurrent, r"export_onnx\(model, path, sample\)"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_exported_leaves_nothing(name, tmp_path):
    make, remedy = REFUSED[name]
    path = tmp_path / "model.onnx"
    path.write_text("older")
    with pytest.raises(ValueError, match=remedy):
        export_onnx(make(), path)
    assert [file.name for file in tmp_path.iterdir()] == ["model.onnx"]
    assert path.read_text() == "older"


@pytest.mark.parametrize(
    ("make", "sample"),
    [(Own, X), (build_recurrent, X[:, :4].reshape(6, 2, 2))],
)
def test_with_a_sample(make, sample, tmp_path):
    model = make()
    export_onnx(model, tmp_path / "model.onnx", sample)
    assert_same(tmp_path / "model.onnx", model, sample)


def test_it_says_nothing(tmp_path, capfd):
    before = logging.getLogger("tf2onnx").level
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        export_onnx(build(layers.Dense(4, "gelu")), tmp_path / "model.onnx")
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("tf2onnx").level == before


def test_the_source_of_a_class_is_as_it_stands(tmp_path):
    source = find_source(Scale)
    assert source.startswith("@keras.saving.register_keras_serializable(")
    names = {"keras": keras, "layers": layers, "ops": ops}
    exec(source, names)
    ours, theirs = Scale(), names["Scale"]()
    keras.utils.set_random_seed(0)
    expected = ours(X)
    keras.utils.set_random_seed(0)
    np.testing.assert_array_equal(theirs(X), expected)


def test_the_source_of_an_inner_class():
    class Inner:
        def work(self):
            return 1  # a comment

    assert find_source(Inner).splitlines() == [
        "class Inner:",
        "    def work(self):",
        "        return 1  # a comment",
    ]


def test_a_class_whose_source_is_lost():
    names = {}
    exec("class Lost:\n    def work(self):\n        pass", names)
    with pytest.raises(ValueError, match="Lost is not found: run the cell"):
        find_source(names["Lost"])
