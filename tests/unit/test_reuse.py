"""Weights are used again if, and only if, the same training left them."""

import os
import re
import subprocess
import sys
import textwrap
import time
from pathlib import Path

from utils import reuse
from utils.reuse import remember
from utils.training import fit, train_once

import keras
import numpy as np
import pytest
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
        self.weight = weight

    def call(self, x):
        return self.dense(x) + keras.random.normal((8,), seed=self.noise)

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        return self.weight * ops.mean((y - y_pred) ** 2)


def find_error(y, made):
    return FACTOR * ops.mean((y - made) ** 2)


def build(seed=0, units=3, activation="relu", rate=0.1, name="model"):
    keras.utils.set_random_seed(seed)
    return keras.Sequential(
        [
            keras.Input((8,)),
            layers.Dense(units, activation),
            Penalty(rate),
            layers.Dropout(0.2),
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


def test_callbacks_are_always_called(folder):
    calls = []
    callback = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: calls.append(epoch)
    )
    for _ in range(2):
        train(build(), callbacks=[callback])
    assert calls == [0, 1, 0, 1]


@pytest.fixture
def without_training(monkeypatch):
    def fit(model, *_, **__):
        history = keras.callbacks.History()
        history.epoch, history.history = [0], {"loss": [1.0]}
        return history

    monkeypatch.setattr(keras.Model, "fit", fit)


CHANGES = {
    "seed": lambda: train(build(seed=1)),
    "a layer's size": lambda: train(build(units=4)),
    "an activation": lambda: train(build(activation="tanh")),
    "a number inside a layer": lambda: train(build(rate=0.2)),
    "data": lambda: train(build(), X + 1e-6),
    "targets": lambda: train(build(), X, 1 - X),
    "order of rows": lambda: train(build(), X[::-1]),
    "epochs": lambda: train(build(), epochs=3),
    "batch size": lambda: train(build(), batch_size=16),
    "rate": lambda: train(build(), learning_rate=1e-3),
    "loss": lambda: train(build(), loss="mse"),
    "optimizer": lambda: train(build(), optimizer=keras.optimizers.SGD(0.1)),
    "validation": lambda: train(build(), validation=X[:10]),
    "metrics": lambda: train(build(), metrics=["mae"]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_another_training_is_done(change, folder, without_training):
    train(build())
    CHANGES[change]()
    assert count(folder) == 2


def test_a_constant_of_a_loss_counts(folder, monkeypatch, without_training):
    train(build(), loss=find_error)
    train(build(), loss=find_error)
    assert count(folder) == 1
    monkeypatch.setitem(globals(), "FACTOR", 2.0)
    train(build(), loss=find_error)
    assert count(folder) == 2


def test_a_subclassed_model_is_kept(folder):
    models = []
    for weight in (1.0, 1.0, 2.0):
        keras.utils.set_random_seed(0)
        models.append(Variational(weight))
        train(models[-1], loss=None)
    assert count(folder) == 2
    assert_same(*models[:2])
    np.testing.assert_array_equal(models[0](X).numpy(), models[1](X).numpy())


def test_another_version_of_keras_trains_again(
    folder, monkeypatch, without_training
):
    train(build())
    monkeypatch.setattr(keras, "__version__", "99")
    train(build())
    assert count(folder) == 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda data: b"",
        lambda data: data[:400] + b"\xff" + data[401:],
        lambda data: b"no archive",
    ],
)
def test_a_damaged_file_is_set_aside(damage, folder, capsys):
    first = build()
    train(first)
    (path,) = folder.glob("*.npz")
    path.write_bytes(damage(path.read_bytes()))
    second = build()
    train(second)
    assert f"{path.name} is damaged" in capsys.readouterr().out
    assert path.with_suffix(".damaged").exists()
    assert_same(first, second)
    third = build()
    train(third)
    assert "weights of" in capsys.readouterr().out
    assert_same(first, third)


class Payload:
    """A pickle that creates a file when it is read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_a_pickle_is_set_aside_and_not_executed(folder, tmp_path, capsys):
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


def test_weights_of_another_shape_are_set_aside(folder, capsys):
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


def test_a_full_disk_loses_no_training(folder, capsys):
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


def test_a_folder_that_cannot_be_made_loses_no_training(folder, capsys):
    folder.touch()
    assert len(train(build()).epoch) == 2
    printed = capsys.readouterr().out
    assert f"not kept: cannot write into {folder} (File exists)" in printed
    assert "cannot be read (Not a directory): done again" in printed


def test_a_file_that_cannot_be_read_is_done_again(folder, capsys):
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
    name, tmp_path, monkeypatch, without_training, capsys
):
    monkeypatch.setattr(reuse, "MODELS", tmp_path / name)
    train(build())
    train(build())
    assert count(tmp_path / name) == 1
    assert "weights of" in capsys.readouterr().out


def test_a_training_cut_short_leaves_nothing(folder):
    def stop(epoch, logs):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(
            build(),
            callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=stop)],
        )
    assert not folder.exists() or not list(folder.iterdir())


def test_processes_share_what_they_keep(tmp_path):
    code = f"""
    import pathlib
    from utils import reuse
    from utils.training import fit
    import keras, numpy as np
    reuse.MODELS = pathlib.Path({str(tmp_path)!r})
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(8)])
    fit(model, np.eye(8), epochs=2, loss="mse", reuse=True)
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


# --- A loop of one's own, and functions --------------------------------------


def test_a_loop_of_ones_own_is_kept(folder, capsys):
    calls = []

    def run(settings, reuse=True):
        model = build()
        model.compile("adam", "mse")

        def fit():
            calls.append(settings)
            return model.fit(X, X, epochs=1, verbose=0)

        train_once(model, fit, [X, X], settings, reuse=reuse)
        return model

    first = run([0.1])
    assert_same(first, run([0.1]))
    assert calls == [[0.1]]
    assert "model: weights of 20" in capsys.readouterr().out
    run([0.2])
    run([0.2], reuse=False)
    assert calls == [[0.1], [0.2], [0.2]]
    assert count(folder) == 2


def make_slow(calls, reuse=True):
    @remember(reuse)
    def slow(points, power=2):
        calls.append(power)
        return points**power

    return slow


def test_a_result_is_computed_once(folder, capsys):
    calls = []
    slow = make_slow(calls)
    first = slow(X)
    seconds = slow.seconds
    assert capsys.readouterr().out == ""
    again = make_slow(calls)
    np.testing.assert_array_equal(again(X, power=2), first)
    assert calls == [2] and again.seconds == seconds > 0
    assert "slow: result of 20" in capsys.readouterr().out
    slow(X, 3)
    slow(X + 1e-6)
    assert calls == [2, 3, 2] and count(folder) == 3
    (path,) = [
        p for p in folder.glob("*.npz") if np.load(p)["0"][0, 0] == first[0, 0]
    ]
    path.write_bytes(b"no archive")
    np.testing.assert_array_equal(slow(X), first)
    assert "is damaged" in capsys.readouterr().out and len(calls) == 4


def test_another_source_is_another_function(folder):
    @remember(True)
    def slow(points):
        return points + 1

    slow(X)

    @remember(True)
    def slow(points):
        return points + 2

    np.testing.assert_array_equal(slow(X), X + 2)


def test_without_reuse_a_function_is_timed_only(folder):
    calls = []
    slow = make_slow(calls, reuse=False)
    slow(X)
    slow(X)
    assert calls == [2, 2] and 0 < slow.seconds < 60
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


def test_products_are_rounded_alike_by_one_thread_and_by_many():
    # Else a lesson alone would not find what a run beside others has kept.
    code = """
        import utils
        import hashlib, numpy as np
        x = np.random.default_rng(0).random((10_000, 784), dtype="float32")
        print(hashlib.sha256(x @ x[:32].T).hexdigest())
    """
    free = {k: v for k, v in os.environ.items() if "_NUM_THREADS" not in k}
    digests = {
        subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)],
            env=free | threads,
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
        for threads in ({}, {"OMP_NUM_THREADS": "1"}, {"OMP_NUM_THREADS": "2"})
    }
    assert len(digests) == 1
