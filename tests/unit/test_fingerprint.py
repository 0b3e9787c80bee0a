"""Descriptions differ if, and only if, a training would."""

import functools
import json
import sys
import threading
import types

from utils.backend import tf
from utils.fingerprint import UnknownObjectError, describe

import keras
import numpy as np
import pytest
import sklearn
from keras import layers, ops
from sklearn.decomposition import PCA

X = np.random.default_rng(0).random((6, 4)).astype("float32")


def write(value):
    return json.dumps(describe(value))


def write_built(build):
    keras.utils.set_random_seed(0)
    return write(build())


# --- Code --------------------------------------------------------------------

LESSON = '''
import functools
import numpy as np
from keras import layers, ops

FACTOR = 2.0
TABLE = {"a": np.arange(3)}

def scale(x):
    """Scale."""
    return FACTOR * x

def find_error(y, made, *, power=2):
    """Return the error."""
    # A comment.
    if power > 9:
        raise ValueError("too much")
    try:
        return ops.mean(scale(y - made) ** power)
    except TypeError:
        return 0

def make_shift(shift):
    def move(x):
        return x + shift
    return move

move = make_shift(1)
move_far = functools.partial(scale, x=1)
cached = functools.cache(lambda x: x + 1)

def careful(x):
    try:
        first = scale(x)
        x = scale(first)
    except TypeError:
        pass
    return x

class Base(layers.Layer):
    size = 3

    def get_size(self):
        return self.size

class Penalty(Base):
    """Penalize."""

    def __init__(self, rate=0.5):
        super().__init__()
        self.rate = rate

    @property
    def half(self):
        return self.rate / 2

    @staticmethod
    def measure(x):
        return ops.abs(x)

    def call(self, x):
        self.add_loss(self.half * ops.mean(self.measure(x)))
        return [scale(each) for each in [x]][0] * TABLE["a"][1]

class Chain:
    def __init__(self):
        self.links = [move, find_error]

def imports_inside():
    from math import floor
    return floor(2.5)

chain = Chain()
things = [find_error, move, move_far, cached, Penalty, chain, careful]
things += [imports_inside]
'''


def run(source):
    """Run a lesson whose source text Python does not keep."""
    scope = {}
    exec(source, scope)
    return scope["things"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    # A comment.\n", "\n    # Another one.\n\n"),
        ('    """Return the error."""\n', ""),
        ('"""Scale."""', '"""Scale by FACTOR."""'),
        ('    """Penalize."""\n', '    """Add to the loss."""\n'),
        ("ops.mean(scale(", "ops.mean(\n            scale("),
        ("FACTOR * x", "(FACTOR\n            * x)"),
        ("FACTOR = 2.0", "FACTOR = 2.0\nUNUSED = 3"),
        ("def scale(x):", "def scale(x: float) -> float:"),
    ],
)
def test_comments_and_layout_do_not_count(old, new):
    assert old in LESSON
    assert write(run(LESSON)) == write(run(LESSON.replace(old, new)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("FACTOR = 2.0", "FACTOR = 2.5"),
        ("FACTOR = 2.0", "FACTOR = 2"),
        ("FACTOR * x", "FACTOR + x"),
        ("np.arange(3)", "np.arange(4)"),
        ("np.arange(3)", "np.arange(3.0)"),
        ("power=2", "power=3"),
        ("power=2", "power"),
        ("*, power", "power"),
        ("** power", "** 2"),
        ('"too much"', '"too little"'),
        (
            "except TypeError:\n        return",
            "except KeyError:\n        return",
        ),
        (
            "        x = scale(first)\n    except TypeError:\n        pass\n",
            "    except TypeError:\n        pass\n"
            "    else:\n        x = scale(first)\n",
        ),
        ("ops.mean(scale", "ops.sum(scale"),
        ("make_shift(1)", "make_shift(2)"),
        ("x + shift", "x - shift"),
        ("partial(scale, x=1)", "partial(scale, x=2)"),
        ("lambda x: x + 1", "lambda x: x + 2"),
        ("size = 3", "size = 4"),
        ("return self.size", "return -self.size"),
        ("rate=0.5", "rate=0.25"),
        ("self.rate / 2", "self.rate / 3"),
        ("ops.abs(x)", "ops.square(x)"),
        ("    @staticmethod\n", ""),
        ("for each in [x]", "for each in [x, x]"),
        ('["a"][1]', '["a"][2]'),
        ("Penalty(Base)", "Penalty(layers.Layer)"),
        ("[move, find_error]", "[find_error, move]"),
        ("self.links = [", "self.links = [3, "),
        ("from math import floor", "from math import ceil as floor"),
    ],
)
def test_code_and_what_it_reads_count(old, new):
    assert old in LESSON
    assert write(run(LESSON)) != write(run(LESSON.replace(old, new)))


def test_a_module_of_the_course_counts_by_what_is_used(monkeypatch):
    module = types.ModuleType("helper")
    monkeypatch.setitem(sys.modules, "helper", module)
    source = "def used(x):\n    return x + 1\n\ndef unused():\n    return 1\n"

    def change(old, new):
        exec(source.replace(old, new), vars(module))
        return [write(function) for function in (outside, inside)]

    def inside(x):
        import helper

        return helper.used(x)

    scope = {"helper": module}
    exec("def outside(x):\n    return helper.used(x)", scope)
    outside = scope["outside"]
    before = change("", "")
    assert change("return 1", "return 2") == before
    after = change("x + 1", "x + 2")
    assert after[0] != before[0] and after[1] != before[1]


def test_functions_of_a_package_count_by_name_and_version(monkeypatch):
    before = write([PCA, PCA(3)])
    assert write([PCA, PCA(4)]) != before
    monkeypatch.setattr(sklearn, "__version__", "99")
    assert write([PCA, PCA(3)]) != before
    assert describe(np.linalg.norm)["name"] == "numpy.linalg.norm"


def test_a_compiled_function_counts_by_its_code():
    assert write(tf.function(lambda x: x + 1)) == write(
        tf.function(lambda x: x + 1)
    )
    assert write(tf.function(lambda x: x + 1)) != write(
        tf.function(lambda x: x + 2)
    )


def test_functions_that_refer_to_each_other_end():
    def even(n):
        return n == 0 or odd(n - 1)

    def odd(n):
        return n > 0 and even(n - 1)

    circle = [even]
    circle.append(circle)
    assert write(circle) == write(circle)


# --- Values ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True),
        (1, 1.0),
        (1, "1"),
        (0.0, -0.0),
        (None, "None"),
        ([1, 2], (1, 2)),
        ([1, 2], [2, 1]),
        ([[1], 2], [1, [2]]),
        ({"a": 1}, {"a": 2}),
        ({1, 2}, {1, 3}),
        (b"a", b"b"),
        (1j, 2j),
        (slice(1), slice(2)),
        (np.float32(1), np.float64(1)),
        (X, X.astype("float64")),
        (X, X.reshape(4, 6)),
        (X, X[::-1]),
        (np.array([1, None]), np.array([2, None])),
        (np.random.default_rng(0), np.random.default_rng(1)),
        (tf.constant(1.0), tf.constant(2.0)),
        (tf.Variable(1.0), tf.Variable(2.0)),
        (keras.Variable(1.0), keras.Variable(2.0)),
        (keras.random.SeedGenerator(1), keras.random.SeedGenerator(2)),
    ],
)
def test_other_values_have_another_description(one, other):
    assert write(one) == write(one)
    assert write(one) != write(other)


def test_the_order_of_dicts_and_whose_memory_it_is_do_not_count():
    assert write({"a": X, "b": 2}) == write({"b": 2, "a": X})
    assert write({"a", "b", "c"}) == write({"c", "b", "a"})
    assert write([X, X]) == write([X, X.copy(order="F")])
    shared = [1]
    assert write([shared, shared]) == write([[1], [1]])


@pytest.mark.parametrize(
    "unknown",
    [
        threading.Lock(),
        (x for x in "abc"),
        tf.data.Dataset.range(3),
        types.ModuleType("made_here"),
    ],
)
def test_what_cannot_be_described_is_named(unknown):
    def find_loss(y, made):
        return ops.mean(y - made) if table else 0

    table = {"row": unknown}
    with pytest.raises(UnknownObjectError) as caught:
        describe([find_loss])
    assert "find_loss" in str(caught.value) and "row" in str(caught.value)


# --- Keras -------------------------------------------------------------------


def square(x):
    return x * x


def cube(x):
    return x * x * x


class Scale(layers.Layer):
    """A layer that Keras cannot write as a config."""

    def __init__(self, function, table=None, trainable=True, **options):
        super().__init__(trainable=trainable)
        self.function, self._table = function, table
        for name, value in options.items():
            setattr(self, name, value)

    def call(self, x):
        return self.function(x)


class Wide(layers.Dense):
    def call(self, x):
        return 2 * super().call(x)


class Twice(keras.Model):
    def __init__(self, inner, note=0):
        super().__init__()
        self.inner, self.note = [inner], note

    def call(self, x):
        return self.inner[0](self.inner[0](x))


class Error(keras.losses.Loss):
    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def call(self, y, made):
        return self.factor * ops.mean(ops.abs(y - made))


class Count(keras.metrics.Metric):
    def __init__(self, step):
        super().__init__()
        self.step, self.total = step, self.add_variable((), "zeros")

    def update_state(self, *_, **__):
        self.total.assign_add(self.step)

    def result(self):
        return self.total


class Halved(keras.optimizers.SGD):
    def __init__(self, share):
        super().__init__(0.1)
        self.share = share


class Decay(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, start):
        self.start = start

    def __call__(self, step):
        return self.start / (1 + step)


def connect(make):
    """Build a functional model of two layers; `make` connects them."""
    inputs = keras.Input((4,))
    hidden = [layers.Dense(4)(inputs), layers.Dense(4)(inputs)]
    return keras.Model(inputs, make(*hidden))


def stack(*parts):
    return keras.Sequential([keras.Input((4,)), *parts])


def compile_(**settings):
    model = stack(layers.Dense(4))
    model.compile(**{"optimizer": "sgd", "loss": "mse"} | settings)
    return model


def draw_from_seed(n_draws):
    seeds = keras.random.SeedGenerator(1)
    for _ in range(n_draws):
        seeds.next()
    return seeds


def build_cells(units):
    cells = layers.GRUCell(3), layers.GRUCell(units)
    return keras.Sequential([keras.Input((4, 2)), layers.RNN(cells)])


PAIRS = {
    "units": (lambda: layers.Dense(3), lambda: layers.Dense(4)),
    "an activation": (
        lambda: layers.Dense(3, "relu"),
        lambda: layers.Dense(3, "tanh"),
    ),
    "an own activation": (
        lambda: layers.Dense(3, square),
        lambda: layers.Dense(3, cube),
    ),
    "a lambda": (
        lambda: layers.Lambda(lambda x: x + 1),
        lambda: layers.Lambda(lambda x: x + 2),
    ),
    "a lambda as activation": (
        lambda: layers.Dense(3, lambda x: x + 1),
        lambda: layers.Dense(3, lambda x: x + 2),
    ),
    "an activation inside": (
        lambda: layers.GRU(3, square),
        lambda: layers.GRU(3, cube),
    ),
    "an initializer": (
        lambda: layers.Dense(3, kernel_initializer="he_normal"),
        lambda: layers.Dense(3, kernel_initializer="zeros"),
    ),
    "a regularizer": (
        lambda: layers.Dense(3, kernel_regularizer=keras.regularizers.L1(1)),
        lambda: layers.Dense(3, kernel_regularizer=keras.regularizers.L1(2)),
    ),
    "a penalty on activity": (
        lambda: Scale(square, activity_regularizer=keras.regularizers.L1(1)),
        lambda: Scale(square, activity_regularizer=keras.regularizers.L1(2)),
    ),
    "dropout's rate": (
        lambda: layers.Dropout(0.2, seed=1),
        lambda: layers.Dropout(0.3, seed=1),
    ),
    "dropout's seed": (
        lambda: layers.Dropout(0.2, seed=1),
        lambda: layers.Dropout(0.2, seed=2),
    ),
    "noise": (
        lambda: layers.GaussianNoise(0.1, seed=1),
        lambda: layers.GaussianNoise(0.2, seed=1),
    ),
    "momentum": (
        lambda: layers.BatchNormalization(momentum=0.9),
        lambda: layers.BatchNormalization(momentum=0.99),
    ),
    "a frozen layer": (
        lambda: layers.Dense(3),
        lambda: layers.Dense(3, trainable=False),
    ),
    "an own layer that is frozen": (
        lambda: Scale(square),
        lambda: Scale(square, trainable=False),
    ),
    "a precision": (
        lambda: layers.Dense(3),
        lambda: layers.Dense(3, dtype="mixed_bfloat16"),
    ),
    "the function of an own layer": (
        lambda: Scale(square),
        lambda: Scale(cube),
    ),
    "the array of an own layer": (
        lambda: Scale(square, X),
        lambda: Scale(square, X + 1),
    ),
    "a partial": (
        lambda: Scale(functools.partial(max, 1)),
        lambda: Scale(functools.partial(max, 2)),
    ),
    "a layer inside": (
        lambda: Scale(square, inner=layers.Dropout(0.2, seed=1)),
        lambda: Scale(square, inner=layers.Dropout(0.3, seed=1)),
    ),
    "what derives from a layer": (
        lambda: layers.Dense(3),
        lambda: Wide(3),
    ),
    "a model inside": (
        lambda: Twice(stack(layers.Dense(4, "relu"))),
        lambda: Twice(stack(layers.Dense(4, "tanh"))),
    ),
    "a note on a model": (
        lambda: Twice(stack(layers.Dense(4)), note=1),
        lambda: Twice(stack(layers.Dense(4)), note=2),
    ),
    "the order of layers": (
        lambda: stack(layers.ReLU(), layers.Dense(4)),
        lambda: stack(layers.Dense(4), layers.ReLU()),
    ),
    "what is connected": (
        lambda: connect(lambda one, other: one - other),
        lambda: connect(lambda one, other: other - one),
    ),
    "a constant between layers": (
        lambda: connect(lambda one, other: one - 2 * other),
        lambda: connect(lambda one, other: one - 3 * other),
    ),
    "which output": (
        lambda: connect(lambda one, other: ops.split(one + other, 2, 1)[0]),
        lambda: connect(lambda one, other: ops.split(one + other, 2, 1)[1]),
    ),
    "an own layer between": (
        lambda: connect(lambda one, other: Scale(square)(one + other)),
        lambda: connect(lambda one, other: Scale(cube)(one + other)),
    ),
    "a layer used twice": (
        lambda: connect(lambda one, other: 2 * [layers.ReLU()(one + other)]),
        lambda: connect(
            lambda one, other: [layers.ReLU()(one + other) for _ in range(2)]
        ),
    ),
    "a loss": (lambda: compile_(), lambda: compile_(loss="mae")),
    "an own loss": (
        lambda: compile_(loss=Error(1)),
        lambda: compile_(loss=Error(2)),
    ),
    "weights of losses": (
        lambda: compile_(loss_weights=[1]),
        lambda: compile_(loss_weights=[2]),
    ),
    "a function as metric": (
        lambda: compile_(metrics=[lambda y, made: y - made]),
        lambda: compile_(metrics=[lambda y, made: made - y]),
    ),
    "an own metric": (
        lambda: compile_(metrics=[Count(1)]),
        lambda: compile_(metrics=[Count(2)]),
    ),
    "XLA": (
        lambda: compile_(jit_compile=False),
        lambda: compile_(jit_compile=True),
    ),
    "an optimizer": (
        lambda: keras.optimizers.Adam(0.1),
        lambda: keras.optimizers.Adam(0.2),
    ),
    "a schedule": (
        lambda: keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(0.1, 9)
        ),
        lambda: keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(0.1, 10)
        ),
    ),
    "draws of a seed": (lambda: draw_from_seed(1), lambda: draw_from_seed(2)),
    "cells": (lambda: build_cells(3), lambda: build_cells(4)),
    "an own optimizer": (lambda: Halved(0.5), lambda: Halved(0.25)),
    "an own schedule": (
        lambda: keras.optimizers.Adam(Decay(0.1)),
        lambda: keras.optimizers.Adam(Decay(0.2)),
    ),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("pair", PAIRS)
def test_what_keras_is_told_counts_and_its_names_do_not(pair):
    one, other = PAIRS[pair]
    # Keras gives the second one other names.
    assert write_built(one) == write_built(one)
    assert write_built(one) != write_built(other)


def test_the_file_of_a_function_does_not_count():
    # In a notebook it has another name in each kernel.
    double = [eval(compile("lambda x: 2 * x", name, "eval")) for name in "ab"]
    for layer in (layers.Lambda, functools.partial(layers.Dense, 3)):
        assert write(layer(double[0])) == write(layer(double[1]))


def test_what_keras_notes_on_an_object_does_not_count():
    model = Twice(stack(layers.Dense(4)))
    model.compile(Halved(0.5), "mse")
    model(X)
    attributes = dict(describe(model)["attributes"])
    assert set(attributes) == {"inner", "note"}
    optimizer = dict(describe(model.optimizer)["attributes"])
    assert "share" in optimizer and "_distribution_strategy" not in optimizer


def test_names_that_a_lesson_gives_do_not_count():
    def build(name):
        layer = layers.Dense(4, name=name)
        return stack(layer, layers.Dense(4, name=f"{name}_again"))

    one, other = (functools.partial(build, name) for name in ("one", "other"))
    assert write_built(one) == write_built(other)


def test_training_leaves_nothing_that_counts():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((4,))
    parts = [
        layers.Reshape((2, 2)),
        layers.GRU(4),
        layers.BatchNormalization(),
        layers.Dropout(0.2),
        layers.Lambda(square),
        Wide(4, square),
        Scale(square),
    ]
    made = functools.reduce(lambda x, layer: layer(x), parts, inputs)
    model = Twice(stack(keras.Model(inputs, made)))
    model.compile(
        *("adam", Error(2)), metrics=[Count(1), "mae"], run_eagerly=True
    )
    model(X)
    before = [variable.numpy() for variable in model.variables]
    description = write(model)
    model.fit(X, X, epochs=1, verbose=0, validation_data=(X, X))
    model.fit(X, X, epochs=1, verbose=0)
    model.evaluate(X, X, verbose=0)
    model.predict(X, verbose=0)
    assert write(model) != description  # for its weights
    for variable, value in zip(model.variables, before, strict=True):
        variable.assign(value)
    assert write(model) == description


def test_a_deep_model_is_described():
    tensor = inputs = keras.Input((4,))
    for _ in range(200):
        tensor = layers.ReLU()(tensor)
    assert len(describe(keras.Model(inputs, tensor))["graph"]) == 201
