"""Weights are used again if, and only if, the same training left them."""

import os
import random
import re
import subprocess
import sys
import textwrap
import time
import zipfile
from pathlib import Path

from utils import reuse
from utils.backend import tf
from utils.reuse import (
    find_key,
    load_training,
    remember,
    round_alike,
    save_training,
)
from utils.training import fit, train_once

import keras
import numpy as np
import pytest
import scipy
import sklearn
import threadpoolctl
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers, ops

X = np.random.default_rng(0).random((90, 8)).astype("float32")
FACTOR = 1.0


class Penalty(layers.Layer):
    """A layer of a lesson: its rate stands in no configuration."""

    def __init__(self, rate):
        super().__init__()
        self.rate = rate

    def call(self, codes):
        self.add_loss(self.rate * ops.mean(ops.abs(codes)))
        return codes


class Variational(keras.Model):
    """A subclassed model with a loss of its own, drawn at random."""

    def __init__(self, weight):
        super().__init__(name="variational")
        self.dense = layers.Dense(8)
        self.noise = keras.random.SeedGenerator(1)
        self.gain = self.add_weight((), "ones")
        self.weight = weight

    def call(self, x):
        noise = keras.random.normal((8,), seed=self.noise)
        return self.gain * self.dense(x) + noise

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        return self.weight * ops.mean((y - y_pred) ** 2)


def find_error(y, made):
    return FACTOR * ops.mean((y - made) ** 2)


def build(
    seed=0, units=3, activation="relu", rate=0.1, drop=0.2, name="model"
):
    keras.utils.set_random_seed(seed)
    return keras.Sequential(
        [
            keras.Input((8,)),
            layers.Dense(units, activation),
            Penalty(rate),
            layers.Dropout(drop),
            layers.Dense(8, "sigmoid"),
        ],
        name=name,
    )


def train(model, inputs=X, targets=None, **settings):
    settings = {"epochs": 2, "batch_size": 32} | settings
    return fit(model, inputs, targets, reuse=True, **settings)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(reuse, "MODELS", tmp_path / "models")
    return tmp_path / "models"


def count(folder):
    return len(list(folder.glob("*.npz")))


def assert_same(model, other):
    for one, two in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_the_same_training_is_done_once(folder, capsys):
    first = build()
    history = train(first, validation=X[:10])
    before = capsys.readouterr().out
    second = build(name="renamed")
    again = train(second, validation=X[:10])
    after = capsys.readouterr().out
    assert "2 epochs in" in before and "weights of" not in before
    assert "renamed: weights of 20" in after and "for 2 epochs in" in after
    assert count(folder) == 1
    assert_same(first, second)
    assert history.history == again.history
    assert set(again.history) == {"loss", "val_loss"}
    assert history.epoch == again.epoch
    assert history.seconds == again.seconds
    assert again.model is second


def test_what_follows_draws_the_same_numbers():
    draws = []
    for _ in range(2):
        model = build()
        train(model)
        draws.append((model(X, training=True).numpy(), np.random.rand()))
    np.testing.assert_array_equal(*[draw[0] for draw in draws])
    assert draws[0][1] == draws[1][1]


def test_without_reuse_nothing_is_kept(folder):
    fit(build(), X, epochs=1)
    assert not folder.exists()


def test_callbacks_are_always_called(folder, trainings):
    for _ in range(2):
        train(build(), callbacks=[keras.callbacks.Callback()])
    assert len(trainings) == 2 and not folder.exists()


CHANGES = {
    "seed": lambda: train(build(seed=1)),
    "a layer's size": lambda: train(build(units=4)),
    "an activation": lambda: train(build(activation="tanh")),
    "a number inside a layer": lambda: train(build(rate=0.2)),
    "dropout": lambda: train(build(drop=0.3)),
    "data": lambda: train(build(), X + 1e-6),
    "a type of data": lambda: train(build(), X.astype("float64")),
    "targets": lambda: train(build(), X, 1 - X),
    "order of rows": lambda: train(build(), X[::-1]),
    "epochs": lambda: train(build(), epochs=3),
    "batch size": lambda: train(build(), batch_size=16),
    "rate": lambda: train(build(), learning_rate=1e-3),
    "loss": lambda: train(build(), loss="mse"),
    "optimizer": lambda: train(build(), optimizer=keras.optimizers.SGD(0.1)),
    "validation": lambda: train(build(), validation=X[:10]),
    "metrics": lambda: train(build(), metrics=["mae"]),
    "a function as metric": lambda: train(build(), metrics=[find_error]),
    "XLA": lambda: train(build(), jit_compile=True),
}


@pytest.mark.parametrize("change", CHANGES)
def test_another_training_is_done(change, folder, trainings):
    train(build())
    CHANGES[change]()
    assert len(trainings) == count(folder) == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda: train_with_sgd(epochs=3),
        lambda: train_with_sgd(batch_size=16),
        lambda: train_with_sgd(order=1),
        lambda: train_with_sgd(rate=0.2),
    ],
)
def test_fit_counts_what_no_schedule_of_its_own_says(change, trainings):
    train_with_sgd()
    train_with_sgd()
    assert len(trainings) == 1
    change()
    assert len(trainings) == 2


def train_with_sgd(rate=0.1, order=0, **settings):
    model = build()
    # `fit` draws the order of the batches from this.
    random.seed(order)
    train(model, optimizer=keras.optimizers.SGD(rate), **settings)


def name_training(*data, model=None, settings=None):
    """Return the key of a training on data of these shapes and types."""
    model = model or build()
    model.compile("sgd", find_error)
    return find_key(model, data or [X, X], settings)


def test_what_a_loss_reads_counts(monkeypatch):
    key = name_training()
    assert name_training() == key
    monkeypatch.setitem(globals(), "FACTOR", 2.0)
    assert name_training() != key


@pytest.mark.parametrize(
    "validation", [X, X[:30], X.astype("float16"), X.reshape(8, 90)]
)
def test_shapes_and_types_of_each_array_count(validation):
    assert name_training(X, X, validation, X) != name_training(X, X)
    if validation is not X:
        other = name_training(X, X, validation, X)
        assert other != name_training(X, X, X, X)
    zeros = np.zeros_like(validation)
    key = name_training(X, X, zeros)
    # The same bytes in another shape or type.
    assert name_training(X, X, zeros.ravel()) != key
    assert name_training(X, X, zeros.view("int8")) != key


@pytest.mark.parametrize("library", [keras, tf, np, scipy, sklearn])
def test_another_version_trains_again(library, monkeypatch):
    key = name_training()
    monkeypatch.setattr(library, "__version__", f"{library.__version__}.9")
    assert name_training() != key


def test_a_subclassed_model_is_kept(folder, trainings):
    models = []
    for weight in (1.0, 1.0, 2.0):
        keras.utils.set_random_seed(0)
        models.append(Variational(weight))
        train(models[-1], loss=None)
    assert len(trainings) == count(folder) == 2
    assert_same(*models[:2])
    np.testing.assert_array_equal(models[0](X).numpy(), models[1](X).numpy())


def test_a_model_that_builds_itself_is_trained_as_without_reuse(folder):
    models = []
    for is_reused in (False, True, True):
        keras.utils.set_random_seed(0)
        models.append(Variational(1.0))
        fit(models[-1], X, loss=None, epochs=1, reuse=is_reused)
    assert_same(*models[:2])
    assert_same(*models[1:])
    assert count(folder) == 1


def test_the_seed_of_a_model_that_builds_itself_counts():
    keys = []
    for seed in (0, 0, 1):
        keras.utils.set_random_seed(seed)
        keys.append(name_training(model=Variational(1.0)))
    assert keys[0] == keys[1] != keys[2]


def test_what_cannot_be_recognized_is_trained_and_not_kept(
    folder, trainings, capsys
):
    model = build()
    model.layers[1].rate = (rate for rate in [0.1])
    train(model)
    train(model)
    assert len(trainings) == 2 and not folder.exists()
    printed = capsys.readouterr().out
    assert "model is done anew and not kept" in printed
    assert "rate" in printed and "2 epochs in" in printed


# --- Files -------------------------------------------------------------------


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda data: b"",
        lambda data: data[:400] + b"\xff" + data[401:],
        lambda data: b"no archive",
    ],
)
def test_a_damaged_file_is_set_aside(damage, folder, trainings, capsys):
    first = build()
    train(first)
    (path,) = folder.glob("*.npz")
    path.write_bytes(damage(path.read_bytes()))
    second = build()
    train(second)
    assert f"{path.name} is damaged" in capsys.readouterr().out
    assert path.with_suffix(".damaged").exists()
    assert_same(first, second)
    train(build())
    assert "weights of" in capsys.readouterr().out
    assert len(trainings) == 2


@pytest.fixture
def small_model():
    return keras.Sequential([keras.Input((2,)), layers.Dense(2)])


DAMAGES = st.one_of(
    st.tuples(st.just("cut"), st.floats(0, 1)),
    st.tuples(st.just("change"), st.floats(0, 1), st.binary(max_size=8)),
    st.tuples(st.just("insert"), st.floats(0, 1), st.binary(max_size=8)),
)


def make_damaged(data, kind, place, new=b""):
    rest = {"cut": b"", "change": data[place + len(new) :]}
    return data[:place] + new + rest.get(kind, data[place:])


def load_safely(data, model):
    """Load weights from a file that is, or is not, damaged."""
    path = reuse.MODELS / "damaged.npz"
    path.write_bytes(data)
    weights = model.get_weights()
    if load_training("damaged", model) is None:
        assert not path.exists()
    # A date in the archive, for instance, changes no weight.
    for one, other in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_no_damage_is_loaded_or_stops_a_lesson(small_model):
    save_training("whole", small_model, {"seconds": 1})
    content = (reuse.MODELS / "whole.npz").read_bytes()

    @settings(max_examples=100, deadline=None, derandomize=True, database=None)
    @given(st.lists(DAMAGES, min_size=1, max_size=3))
    def load_damaged(damages):
        data = content
        for kind, share, *new in damages:
            data = make_damaged(data, kind, int(share * len(data)), *new)
        load_safely(data, small_model)

    load_damaged()
    # Flags, methods and sizes stand at the start of an entry and at the end.
    for place in [*range(40), *range(len(content) - 400, len(content))]:
        data = make_damaged(content, "change", place, b"\xff")
        load_safely(data, small_model)


def test_a_damaged_shape_asks_for_no_memory():
    # More than zipfile reads, and checks, at once.
    model = keras.Sequential([keras.Input((64,)), layers.Dense(64)])
    save_training("whole", model, {})
    content = (reuse.MODELS / "whole.npz").read_bytes()
    shape = b"(64, 64), }" + 14 * b" "
    assert shape in content
    huge = b"(" + 16 * b"9" + b", 64), }"
    load_safely(content.replace(shape, huge), model)


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_damage_of_a_compressed_file_is_noticed(method, small_model):
    save_training("whole", small_model, {})
    path = reuse.MODELS / "whole.npz"
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, entry in entries.items():
            archive.writestr(name, entry)
    assert load_training("whole", small_model) is not None
    content = path.read_bytes()
    # The first entry starts after its header of 30 bytes and its name.
    for place in range(41, 71):
        new = bytes([content[place] ^ 0x55])
        data = make_damaged(content, "change", place, new)
        load_safely(data, small_model)


def test_too_little_memory_is_no_damage(small_model, monkeypatch, capsys):
    save_training("key", small_model, {})

    def load(*_, **__):
        raise MemoryError("Unable to allocate 9 GiB")

    monkeypatch.setattr(np, "load", load)
    with pytest.raises(MemoryError, match="9 GiB"):
        load_training("key", small_model)
    assert [path.name for path in reuse.MODELS.iterdir()] == ["key.npz"]
    assert capsys.readouterr().out == ""


class Payload:
    """A pickle that creates a file when it is read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_a_pickle_is_set_aside_and_not_executed(
    folder, tmp_path, trainings, capsys
):
    train(build())
    (path,) = folder.glob("*.npz")
    trace = tmp_path / "executed"
    pickled = np.array([Payload(trace)], dtype=object)
    np.savez(path, record=pickled, **dict.fromkeys("0123456789", pickled))
    # The payload works where pickles are allowed.
    np.load(path, allow_pickle=True)["record"]
    trace.unlink()
    train(build())
    assert f"{path.name} is damaged" in capsys.readouterr().out
    assert not trace.exists()
    path.with_suffix(".damaged").unlink()
    train(build())
    assert "weights of" in capsys.readouterr().out


def test_weights_of_another_shape_are_set_aside(folder, trainings, capsys):
    first = build()
    train(first)
    (path,) = folder.glob("*.npz")
    with np.load(path) as file:
        arrays = dict(file) | {"0": np.zeros((2, 2))}
    np.savez(path, **arrays)
    second = build()
    train(second)
    assert "an array is (2, 2)" in capsys.readouterr().out
    assert_same(first, second)


def test_a_full_disk_loses_no_training(folder, trainings, capsys):
    resource = pytest.importorskip("resource", reason="POSIX limits")
    old, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, most))
    try:
        history = train(build())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (old, most))
    assert len(history.epoch) == 2
    assert f"not kept: cannot write into {folder}" in capsys.readouterr().out
    assert list(folder.iterdir()) == []
    train(build())
    assert "not kept" not in capsys.readouterr().out and count(folder) == 1


def test_a_folder_that_cannot_be_made_loses_no_training(
    folder, trainings, capsys
):
    folder.touch()
    assert len(train(build()).epoch) == 2
    printed = capsys.readouterr().out
    assert f"not kept: cannot write into {folder} (File exists)" in printed
    assert "cannot be read (Not a directory): done again" in printed


def test_a_file_that_cannot_be_read_is_done_again(folder, trainings, capsys):
    if not hasattr(os, "geteuid"):
        pytest.skip("Windows has other rights")
    train(build())
    (path,) = folder.glob("*.npz")
    path.chmod(0)
    if os.geteuid() == 0:
        # Root may read all; a link in a circle nobody.
        path.unlink()
        path.symlink_to(path)
    train(build())
    printed = capsys.readouterr().out
    assert f"{path} cannot be read" in printed and "damaged" not in printed
    # Done again, it takes the place of what could not be read.
    train(build())
    assert "weights of" in capsys.readouterr().out


@pytest.mark.parametrize(
    "name", ["a b", "Übung № 1, 自編碼器", 5 * ("long" * 12 + "/")]
)
def test_weights_are_kept_in_a_folder_of_any_name(
    name, tmp_path, monkeypatch, trainings, capsys
):
    monkeypatch.setattr(reuse, "MODELS", tmp_path / name)
    train(build())
    train(build())
    assert count(tmp_path / name) == 1
    assert "weights of" in capsys.readouterr().out


def test_a_training_cut_short_leaves_nothing(folder, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(keras.Model, "fit", stop)
    with pytest.raises(KeyboardInterrupt):
        train(build())
    assert not folder.exists() or not list(folder.iterdir())


def test_processes_share_what_they_keep(tmp_path):
    # Code in -c has no source that Python could show; functions and objects
    # stand at other addresses in each process, and sets in another order.
    code = f"""
    import pathlib
    from utils import reuse
    from utils.training import fit
    import keras, numpy as np

    class Double(keras.layers.Layer):
        words = {{"one", "two", "three"}}

        def call(self, x):
            return 2 * x if "one" in self.words else x

    reuse.MODELS = pathlib.Path({str(tmp_path)!r})
    keras.utils.set_random_seed(0)
    layers = [keras.Input((8,)), keras.layers.Dense(8), Double()]
    model = keras.Sequential(layers)
    measure = [lambda y, made: abs(made - 0.5)]
    fit(model, np.eye(8), epochs=2, loss="mse", metrics=measure, reuse=True)
    print(float(model(np.eye(8)).numpy().sum()))
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outputs = [process.communicate()[0] for process in both]
    assert all(process.returncode == 0 for process in both)
    assert len({text.splitlines()[-1] for text in outputs}) == 1
    assert [path.suffix for path in tmp_path.iterdir()] == [".npz"]


# --- A training loop of a lesson, and functions ------------------------------


def test_a_loop_of_a_lesson_is_kept(folder, trainings, capsys):
    def run(settings, reuse=True, loss="mse"):
        model = build()
        model.compile("adam", loss)

        def fit():
            return model.fit(X, X, epochs=1, verbose=0)

        train_once(model, fit, [X, X], settings, reuse=reuse)
        return model

    first = run([0.1])
    assert_same(first, run([0.1]))
    assert len(trainings) == 1
    assert "model: weights of 20" in capsys.readouterr().out
    run([0.2])
    run([0.2], reuse=False)
    run([0.2], loss="mae")
    assert len(trainings) == 4 and count(folder) == 3


def find_power(points, power):
    return points**power


def make_slow(reuse=True):
    @remember(reuse)
    def slow(points, power=2):
        print("computed")
        return find_power(points, power)

    return slow


def test_a_result_is_computed_once(folder, capsys):
    slow = make_slow()
    first = slow(X)
    seconds = slow.seconds
    assert capsys.readouterr().out == "computed\n"
    again = make_slow()
    np.testing.assert_array_equal(again(X, power=2), first)
    assert again.seconds == seconds > 0
    assert re.match("slow: result of 20.*\n$", capsys.readouterr().out)
    slow(X, 3)
    slow(X + 1e-6)
    slow(X.astype("float64"))
    assert capsys.readouterr().out == 3 * "computed\n"
    assert count(folder) == 4


def test_a_damaged_result_is_computed_again(folder, capsys):
    slow = make_slow()
    first = slow(X)
    (path,) = folder.glob("*.npz")
    path.write_bytes(b"no archive")
    np.testing.assert_array_equal(slow(X), first)
    printed = capsys.readouterr().out
    assert "is damaged" in printed and printed.count("computed") == 2


def test_a_helper_of_a_function_counts(folder, monkeypatch):
    slow = make_slow()
    np.testing.assert_array_equal(slow(X), X**2)
    monkeypatch.setitem(globals(), "find_power", lambda x, power: x + power)
    np.testing.assert_array_equal(slow(X), X + 2)


@pytest.mark.parametrize("library", [keras, tf, np, scipy, sklearn])
def test_another_version_computes_again(library, folder, monkeypatch):
    make_slow()(X)
    monkeypatch.setattr(library, "__version__", f"{library.__version__}.9")
    make_slow()(X)
    assert count(folder) == 2


def test_a_function_that_cannot_be_recognized_is_computed(folder, capsys):
    letters = (letter for letter in "abc")

    @remember(True)
    def find_letters(points):
        return points * len(next(letters))

    for _ in range(2):
        np.testing.assert_array_equal(find_letters(X), X)
    assert "find_letters is done anew" in capsys.readouterr().out
    assert not folder.exists()


def test_only_arrays_are_kept(folder, capsys):
    @remember(True)
    def make_pair(points):
        return points, points

    make_pair(X)
    make_pair(X)
    assert "not kept, tuple is not an array" in capsys.readouterr().out
    assert not folder.exists()


def test_without_reuse_a_function_is_timed_only(folder, capsys):
    slow = make_slow(reuse=False)
    slow(X)
    slow(X)
    assert capsys.readouterr().out == 2 * "computed\n"
    assert 0 < slow.seconds < 60
    assert not folder.exists()


def test_a_call_that_took_long_says_so(monkeypatch, capsys):
    @remember(False)
    def wait(seconds):
        time.sleep(seconds)

    monkeypatch.setattr(reuse, "LONG", 0.05)
    wait(0.1)
    assert re.match(r"wait: took \d+\.\d s\n$", capsys.readouterr().out)
    monkeypatch.setattr(reuse, "LONG", 60)
    wait(0.1)
    assert capsys.readouterr().out == ""


# --- Rounding ----------------------------------------------------------------


def multiply():
    x = np.random.default_rng(0).random((10_000, 784), dtype="float32")
    return x @ x[:32].T


def count_threads():
    libraries = threadpoolctl.ThreadpoolController().select(user_api="blas")
    return [library["num_threads"] for library in libraries.info()]


def test_products_are_rounded_alike_by_one_thread_and_by_many():
    # Otherwise a lesson alone would not find what a run beside others kept.
    products = []
    for n_threads in (1, 2):
        with threadpoolctl.threadpool_limits(n_threads, user_api="blas"):
            assert set(count_threads()) == {n_threads}
            round_alike()
            products.append(multiply())
            assert set(count_threads()) == {1}
    np.testing.assert_array_equal(*products)


@pytest.mark.parametrize(
    "start",
    [
        lambda reuse: fit(build(), X, epochs=1, reuse=reuse),
        lambda reuse: remember(reuse)(find_power),
    ],
)
def test_what_is_reused_is_rounded_alike(start, trainings):
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        start(False)
        assert set(count_threads()) == {2}
        start(True)
        assert set(count_threads()) == {1}


@pytest.mark.parametrize(
    "inputs",
    [np.zeros((5, 2), "int32"), tf.TensorSpec((None, 2), tf.int32)],
    ids=["array", "data set"],
)
def test_a_model_is_built_for_the_type_of_its_inputs(inputs):
    class Model(keras.Model):
        def call(self, x):
            self.seen = keras.backend.standardize_dtype(x.dtype)
            return x

    model = Model()
    reuse.build_model(model, inputs)
    assert model.seen == "int32"
