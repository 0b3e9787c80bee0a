"""Tests of utils.data: full data sets from the network."""

import gzip
import io
import tarfile
import threading
import warnings
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

from utils.data import load_images
from utils.files import find_sha256

import keras
import numpy as np
import pytest
from full_data import (
    NAMES,
    PUBLISHED,
    SOURCES,
    assert_same,
    flip_a_byte,
    list_files,
    make_arrays,
    write_sources,
)


@pytest.mark.parametrize("source", PUBLISHED)
def test_addresses_are_those_of_keras(source, monkeypatch):
    load_data = getattr(keras.datasets, source).load_data
    asked = {}

    def get_file(*_, origin, file_hash=None, **__):
        asked[origin.replace("-python", "-binary")] = file_hash
        return "none"

    monkeypatch.setitem(load_data.__globals__, "get_file", get_file)
    with suppress(FileNotFoundError):
        load_data()
    files = PUBLISHED[source]["files"]
    assert set(files) == set(asked)
    if source == "mnist":
        # Of the others they publish no hash, or that of another edition.
        assert files == asked


def pack_npz(arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return [file.getvalue()]


def pack_idx(arrays):
    return [
        gzip.compress(
            b"\0\0\x08"
            + bytes([array.ndim])
            + np.array(array.shape, ">i4").tobytes()
            + array.tobytes()
        )
        for array in arrays.values()
    ]


def pack_cifar10(arrays):
    def make_rows(part):
        x = arrays[f"x_{part}"].transpose(0, 3, 1, 2)
        return np.hstack([arrays[f"y_{part}"], x.reshape(len(x), -1)])

    blocks = [*np.split(make_rows("train"), 5), make_rows("test")]
    names = [f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, block in zip(names, blocks, strict=True):
            info = tarfile.TarInfo(f"cifar-10-batches-bin/{name}.bin")
            info.size = block.nbytes
            archive.addfile(info, io.BytesIO(block.tobytes()))
    return [file.getvalue()]


PACK = {
    "mnist": pack_npz,
    "fashion_mnist": pack_idx,
    "cifar10": pack_cifar10,
}


@pytest.fixture
def server(folder, copied_data):
    """Return a server on this machine that stands in for the real ones.

    `files` are what it serves, `requests` what was asked for, `found` what
    lay in the folder then. It sends `tenths` of a file, but training files
    whole.
    """
    state = SimpleNamespace(files={}, requests=[], found=[], tenths=10)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            file = self.path[1:]
            state.requests.append(file)
            state.found += [path.suffix for path in folder.iterdir()]
            content = state.files[file]
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if not file.startswith("train"):
                content = content[: len(content) * state.tenths // 10]
            self.wfile.write(content)

        def log_message(self, *_):
            """Say nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    address = f"http://127.0.0.1:{http.server_port}"
    sources = {}
    for source, pack in PACK.items():
        arrays = make_arrays(source)
        names = [url.rsplit("/", 1)[1] for url in PUBLISHED[source]["files"]]
        packed = dict(zip(names, pack(arrays), strict=True))
        state.files |= packed
        sources[source] = {
            "files": {
                f"{address}/{name}": find_sha256(content)
                for name, content in packed.items()
            }
        }
        if source != "cifar10":
            sources[source]["arrays"] = {
                key: find_sha256(array) for key, array in arrays.items()
            }
    write_sources(copied_data, sources)
    thread = threading.Thread(target=http.serve_forever, args=(0.01,))
    thread.start()
    yield state
    http.shutdown()
    thread.join()
    http.server_close()


@pytest.mark.parametrize("name", NAMES)
def test_a_set_is_downloaded_once_and_verified(name, server, folder, capsys):
    source = SOURCES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        downloaded = load_images(name, "full")
        again = load_images(name, "full")
    assert (
        capsys.readouterr().out.count(f"{source}.npz: content verified") == 2
    )
    assert_same(again, downloaded)
    names = [url.rsplit("/", 1)[1] for url in PUBLISHED[source]["files"]]
    assert server.requests == names
    # A process that is killed meanwhile leaves nothing that looks like data.
    assert set(server.found) == {".part"}
    # What is left is the npz alone, with the arrays that were published.
    assert [path.name for path in folder.iterdir()] == [f"{source}.npz"]
    with np.load(folder / f"{source}.npz") as file:
        for key, array in make_arrays(source).items():
            np.testing.assert_array_equal(file[key].ravel(), array.ravel())


@pytest.mark.parametrize("tenths", [0, 5, 10])
def test_a_download_that_fails_leaves_nothing(tenths, server, folder):
    name = "t10k-labels-idx1-ubyte.gz"
    good = server.files[name]
    # Cut short, or, if all of it comes, another file than was published.
    server.tenths, server.files[name] = tenths, flip_a_byte(good)
    reason = "hash" if tenths == 10 else "IncompleteRead"
    with pytest.raises(FileNotFoundError, match=reason):
        load_images("fashion_mnist", "full")
    assert list_files(folder) == {}

    server.tenths, server.files[name] = 10, good
    load_images("fashion_mnist", "full")
    assert list(list_files(folder)) == ["fashion_mnist.npz"]


# Room for no file, and for those that are downloaded but not for the npz.
@pytest.mark.parametrize("room", [10_000, 195_000])
def test_a_download_onto_a_full_disk_leaves_no_file(room, server, folder):
    resource = pytest.importorskip("resource", reason="POSIX limits")
    old, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, most))
    try:
        with pytest.raises(FileNotFoundError, match="OSError: .*too large"):
            load_images("fashion_mnist", "full")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (old, most))
    assert list_files(folder) == {}
    assert len(server.requests) == (1 if room == 10_000 else 4)
    load_images("fashion_mnist", "full")


def test_no_file_and_no_network_says_what_to_do(folder):
    with pytest.raises(FileNotFoundError) as caught:
        load_images("natural", "full")
    message = str(caught.value)
    assert f"cifar10.npz is not in {folder}" in message
    assert "AUTOENCODER_DATA" in message
    assert "'fast' needs none of it" in message
    assert list_files(folder) == {}


def test_folder_that_cannot_be_made_is_named(copied_data, monkeypatch):
    (copied_data / "full").touch()
    monkeypatch.delenv("AUTOENCODER_DATA", raising=False)
    with pytest.raises(FileNotFoundError, match="not be downloaded") as caught:
        load_images("mnist", "full")
    assert f"mnist.npz is not in {copied_data / 'full'}" in str(caught.value)
