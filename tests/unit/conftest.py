"""Folders of data that a test may change, and a training in no time."""

import shutil
import socket

from utils import data

import keras
import pytest
from full_data import PUBLISHED, write_sources


@pytest.fixture
def copied_data(tmp_path, monkeypatch):
    """Return a copy of data/ that a test may change."""
    copy = tmp_path / "data"
    copy.mkdir()
    for path in data.DATA_DIR.glob("*.*"):
        shutil.copy(path, copy)
    shutil.copy(data.DATA_DIR / "SHA256SUMS", copy)
    monkeypatch.setattr(data, "DATA_DIR", copy)
    return copy


@pytest.fixture
def folder(tmp_path, copied_data, monkeypatch):
    """Return an empty folder for full data, with no network to fill it."""
    folder = tmp_path / "full data"
    folder.mkdir()
    monkeypatch.setenv("AUTOENCODER_DATA", str(folder))
    monkeypatch.setenv("no_proxy", "*")
    # Bound but not listening: every call to this address is refused.
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}/a.npz"
        closed_sources = {
            source: tables | {"files": {address: 64 * "0"}}
            for source, tables in PUBLISHED.items()
        }
        write_sources(copied_data, closed_sources)
        yield folder


@pytest.fixture
def trainings(monkeypatch):
    """Replace the training: it adds 1 to each weight, and is counted."""
    trainings = []

    def fit(model, *_, **settings):
        trainings.append(model)
        for variable in model.variables:
            variable.assign(variable + 1)
        history = keras.callbacks.History()
        history.epoch = list(range(settings["epochs"]))
        history.history = {"loss": [1.0] * settings["epochs"]}
        return history

    monkeypatch.setattr(keras.Model, "fit", fit)
    return trainings
