"""A training shows how far it is, and leaves one line of text."""

import io
import re
import sys
from types import SimpleNamespace

from utils import progress
from utils.progress import ProgressLine, ShowProgress
from utils.training import fit

import keras
import nbclient
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook

LAST = r"small: \d+ epochs in \d+\.\d s, loss \d\.\d{4}"


def train(n=640, **settings):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((6,)), keras.layers.Dense(6, "sigmoid")], name="small"
    )
    settings = {"epochs": 2, "batch_size": 5} | settings
    return fit(model, np.random.rand(n, 6), **settings)


@pytest.fixture
def no_pause(monkeypatch):
    monkeypatch.setattr(progress, "SECONDS_BETWEEN", 0)


@pytest.fixture
def texts(monkeypatch, no_pause):
    """What was shown, each in place of the one before."""
    shown = []
    monkeypatch.setattr(
        ProgressLine, "_show", lambda self, text: shown.append(text)
    )
    return shown


def test_epoch_share_loss_and_time_left_are_shown(texts):
    train()
    # 128 steps are two pieces.
    first, half, *_, last = texts
    assert first == "small: epoch 1 of 2"
    assert re.fullmatch(r"small: epoch 1 of 2 \(50%\), loss 0\.\d{4}", half)
    left = r", loss 0\.\d{4}, 0 s left"
    assert re.fullmatch(r"small: epoch 2 of 2" + left, last)
    assert any(re.search(r"epoch 2 of 2 \(50%\)" + left, t) for t in texts)


def test_time_left_is_in_proportion(texts, monkeypatch):
    clock = SimpleNamespace(now=0)
    clock.perf_counter = lambda: clock.now
    monkeypatch.setattr(progress, "time", clock)
    callback = ShowProgress(ProgressLine())
    callback.set_params({"epochs": 3, "steps": 2})
    callback.set_model(SimpleNamespace(name="small"))
    callback.on_train_begin()
    clock.now = 30  # the model is compiled, which happens once
    for epoch in range(3):
        callback.on_epoch_begin(epoch)
        for batch in range(2):
            clock.now += 50
            callback.on_train_batch_end(batch, {"loss": 1.0})
    # Each epoch begins, is half done and is done.
    assert [text.partition("1.0000")[2] for text in texts] == [
        *("", "", ", 200 s left"),
        *(", 200 s left", ", 150 s left", ", 100 s left"),
        *(", 100 s left", ", 50 s left", ", 0 s left"),
    ]
    assert [text[:19] for text in texts[2:5]] == [
        *("small: epoch 1 of 3", "small: epoch 2 of 3", "small: epoch 2 of 3")
    ]
    assert "epoch 2 of 3 (50%), loss" in texts[4]


def test_long_times_are_told_in_minutes():
    seconds = 0.4, 299, 300, 3600
    assert [progress.say_time(each) for each in seconds] == [
        *("0 s", "299 s", "5 min", "60 min")
    ]


def test_a_line_is_not_shown_more_often_than_it_can_be_read(monkeypatch):
    shown = []
    monkeypatch.setattr(
        ProgressLine, "_show", lambda self, text: shown.append(text)
    )
    line = ProgressLine()
    for i in range(100):
        line.update(str(i))
    assert shown[0] == "0" and len(shown) < 50


def test_where_nothing_can_be_replaced_only_the_last_line_is_printed(
    capsys, no_pause
):
    train()
    assert re.fullmatch(LAST + "\n", capsys.readouterr().out)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_in_a_terminal_the_line_is_overwritten(monkeypatch, no_pause):
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("COLUMNS", "30")
    train()
    *before, empty, last = sys.stdout.getvalue().split("\r")
    assert any("epoch 1 of 2" in text for text in before)
    assert max(map(len, before)) == 29 and not empty.strip()
    assert re.fullmatch(LAST + "\n", last)


def test_a_training_that_is_stopped_says_where(capsys, monkeypatch, texts):
    def stop(epoch, logs):
        raise KeyboardInterrupt

    callback = keras.callbacks.LambdaCallback(on_epoch_end=stop)
    with pytest.raises(KeyboardInterrupt):
        train(callbacks=[callback])
    assert re.search("epoch 1 of 2.* - stopped", capsys.readouterr().out)


def test_line_and_message_name_the_same_epoch_of_a_nan(capsys, no_pause):
    with pytest.raises(FloatingPointError, match="nan in epoch 1 of 2"):
        # One piece is the whole epoch.
        train(n=50, loss=lambda y, made: made * np.nan)
    assert re.search(
        "epoch 1 of 2.*, loss nan - stopped", capsys.readouterr().out
    )


@pytest.mark.parametrize("is_stopped", [False, True])
def test_a_notebook_keeps_one_output_of_plain_text(is_stopped):
    code = [
        "import os",
        "os.environ['CUDA_VISIBLE_DEVICES'] = ''",
        "from utils.progress import ProgressLine",
        "line = ProgressLine()",
        "line.update('epoch 1 of 2')",
        "print('printed')" if is_stopped else "",
        "line.finish('2 epochs')",
    ]
    running = "line = ProgressLine()\nline.update('epoch 1 of 2')"
    cells = [new_code_cell("\n".join(code)), new_code_cell(running)]
    notebook = new_notebook(cells=cells)
    nbclient.NotebookClient(notebook, kernel_name="python3").execute()
    (shown,) = notebook.cells[1].outputs
    assert shown.data == {"text/plain": "epoch 1 of 2"}
    outputs = notebook.cells[0].outputs
    assert outputs[0].data == {"text/plain": "2 epochs"}
    assert [each.get("text") for each in outputs[1:]] == (
        ["printed\n"] if is_stopped else []
    )
