"""A model that is trained again is as a new one, but not traced again."""

import functools
import threading

from utils import reuse
from utils.training import fit, restart

import keras
import numpy as np
import pytest
from keras import layers, ops

X = np.random.default_rng(0).random((130, 6)).astype("float32")
SCALE = 1.0


@keras.saving.register_keras_serializable("test_restart")
class Scale(layers.Layer):
    """Its rate stands in no configuration."""

    rate = 1.0

    def call(self, x):
        return self.rate * SCALE * x


@pytest.fixture(autouse=True)
def traces(monkeypatch):
    """Each call of a dense layer by Python; a compiled step makes none."""
    calls = []
    call = layers.Dense.call

    @functools.wraps(call)
    def count(self, *args, **kwargs):
        calls.append(self)
        return call(self, *args, **kwargs)

    monkeypatch.setattr(layers.Dense, "call", count)
    return calls


def build(seed=0):
    keras.utils.set_random_seed(seed)
    return keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(4, "relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.2),
            Scale(),
            layers.Dense(6, "sigmoid"),
        ]
    )


class Own(keras.Model):
    """A model without a config, with a loss and a dial of its own."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(6)
        self.scale = Scale()
        self.dial = self.add_weight((), "ones", trainable=False)
        self.seeds = keras.random.SeedGenerator(3)

    def call(self, x):
        noise = keras.random.normal((6,), seed=self.seeds)
        return self.scale(self.dense(x)) + self.dial * noise

    def compute_loss(self, x=None, y=None, y_pred=None, *_, **__):
        return ops.mean((y - y_pred) ** 2)


def build_own(seed=0):
    keras.utils.set_random_seed(seed)
    return Own()


def train(model, x=X, **settings):
    settings = {"epochs": 3, "batch_size": 32} | settings
    history = fit(model, x, **settings)
    return history.history["loss"], model.get_weights()


def assert_same(one, other):
    assert one[0] == other[0]
    for mine, others in zip(one[1], other[1], strict=True):
        np.testing.assert_array_equal(mine, others)


CHANGES = [
    {"learning_rate": 0.1},
    {"epochs": 5},
    {"x": X[:70]},
    {"x": 1 - X, "epochs": 1, "learning_rate": 1e-4},
]


@pytest.mark.parametrize("make", [build, build_own])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_again_is_as_anew_and_not_traced(make, jit_compile, traces):
    settings = {"jit_compile": jit_compile}
    if make is build_own:
        settings["loss"] = None
    fresh = [train(make(), **change, **settings) for change in CHANGES]
    model = make()
    train(model, **settings)
    for change, expected in zip(CHANGES, fresh, strict=True):
        restart(model)
        traces.clear()
        found = train(model, **change, **settings)
        assert_same(found, expected)
        assert not traces
        schedule = model.optimizer.get_config()["learning_rate"]["config"]
        rate = change.get("learning_rate", 3e-3)
        assert schedule["initial_learning_rate"] == rate


def test_the_first_restart_remembers():
    losses = []
    model = build()
    for _ in range(2):
        restart(model)
        losses.append(train(model))
    assert_same(*losses)
    assert_same(losses[0], train(build()))


def test_without_restart_training_goes_on(traces):
    model = build()
    first, _ = train(model)
    traces.clear()
    assert train(model)[0][0] < first[0]
    assert not traces


def test_weights_of_another_seed(traces):
    expected = train(build(seed=1))
    model = build()
    train(model)
    restart(model, weights_of=build(seed=1))
    traces.clear()
    assert_same(train(model), expected)
    assert not traces


def test_weights_of_another_architecture_are_refused():
    other = keras.Sequential([keras.Input((6,)), layers.Dense(6)])
    with pytest.raises(ValueError, match="build both models alike"):
        restart(build(), weights_of=other)


def compile_again(model):
    model.compile("sgd", "mse")


def compile_with_the_same_optimizer(model):
    model.compile(getattr(model, "optimizer", "sgd"), "mse")


def change_rate(model):
    model.layers[3].rate = 0.5


def freeze(model):
    model.layers[0].trainable = False


@pytest.mark.parametrize(
    ("change", "settings"),
    [
        (None, {"loss": "mse"}),
        (None, {"metrics": ["mae"]}),
        (None, {"batch_size": 16}),
        (None, {"jit_compile": True}),
        (None, {"optimizer": keras.optimizers.SGD}),
        (None, {"x": X.astype("float64")}),
        (compile_again, {}),
        (compile_with_the_same_optimizer, {}),
        (change_rate, {}),
        (freeze, {}),
    ],
)
def test_what_changes_a_step_is_traced_and_counts(change, settings, traces):
    results = []
    for is_trained_before in (False, True):
        model = build()
        if is_trained_before:
            train(model)
            restart(model)
        if change is not None:
            change(model)
        traces.clear()
        # An optimizer belongs to one model.
        made = {k: v() if k == "optimizer" else v for k, v in settings.items()}
        results.append(train(model, **made))
        assert traces
    assert_same(*results)


def test_of_two_losses_that_cannot_be_described_each_is_used():
    def make_loss(factor):
        lock = threading.Lock()

        def find_loss(y, made):
            with lock:
                return factor * ops.mean((y - made) ** 2, axis=-1)

        return find_loss

    model = build()
    losses = []
    for factor in (1.0, 3.0):
        restart(model)
        found, _ = train(model, loss=make_loss(factor), epochs=1)
        losses += found
    assert losses[1] > 2 * losses[0]


def test_after_a_stop_while_it_is_compiled_it_is_compiled_again(monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    model = build()
    with monkeypatch.context() as patch:
        patch.setattr(keras.Model, "compile", stop)
        with pytest.raises(KeyboardInterrupt):
            train(model)
    restart(model)
    assert_same(train(model), train(build()))


def test_places_of_the_arrays_count():
    keras.utils.set_random_seed(0)
    a, b = keras.Input((6,)), keras.Input((6,))
    outputs = [layers.Dense(6)(a), layers.Dense(6)(b)]
    model = keras.Model([a, b], outputs)
    pair = [X, 1 - X]
    results = []
    for _ in range(2):
        restart(model)
        results.append(fit(model, pair, pair[::-1], loss="mse", epochs=1))
        fit(model, pair, loss="mse", epochs=1)
        restart(model)
        results.append(fit(model, pair, pair[::-1], loss="mse", epochs=1))
    assert len({str(each.history["loss"]) for each in results}) == 1


def test_what_a_layer_reads_counts(monkeypatch, traces):
    model = build()
    train(model)
    traces.clear()
    train(model)
    assert not traces
    monkeypatch.setitem(globals(), "SCALE", 2.0)
    train(model)
    assert traces


def test_a_restarted_training_is_found_again(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(reuse, "MODELS", tmp_path)
    model = build()
    first = train(model, reuse=True)
    train(model, reuse=True)  # another start: kept as another
    restart(model)
    assert_same(train(model, reuse=True), first)
    assert len(list(tmp_path.glob("*.npz"))) == 2
    assert capsys.readouterr().out.count("weights of") == 1


def test_a_model_that_was_trained_is_saved_and_loaded(tmp_path):
    model = build()
    train(model)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(X), model(X))
    rate = float(model.optimizer.learning_rate)
    assert float(loaded.optimizer.learning_rate) == rate
    train(loaded)
