"""Tests of utils.data: what lessons are given, and what goes wrong."""

import gzip
import hashlib
import io
import os
import pickle
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

from utils import data
from utils.backend import tf
from utils.data import batches, class_names, load_images

import keras
import numpy as np
import pytest

NAMES = ("mnist", "fashion_mnist", "natural")
SOURCES = {
    "mnist": "mnist",
    "fashion_mnist": "fashion_mnist",
    "natural": "cifar10",
}
README = (data.DATA_DIR / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return an empty folder for full data, with no network to fill it."""
    folder = tmp_path / "full data"
    folder.mkdir()
    monkeypatch.setenv("AUTOENCODER_DATA", str(folder))
    monkeypatch.setenv("no_proxy", "*")
    # Bound but not listening: every call to this address is refused.
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        for source, files in data.DOWNLOADS.items():
            moved = {
                f"{address}/{url.rsplit('/', 1)[1]}": sha256
                for url, sha256 in files.items()
            }
            monkeypatch.setitem(data.DOWNLOADS, source, moved)
        yield folder


def make_arrays(source):
    """Return small arrays in the published form: 24 + 2 images a class."""
    generator = np.random.default_rng(0)
    shape = (32, 32, 3) if source == "cifar10" else (28, 28)
    arrays = {}
    for part, each in (("train", 24), ("test", 2)):
        labels = generator.permutation(np.repeat(np.arange(10), each))
        pixels = generator.integers(0, 256, (len(labels), *shape))
        arrays[f"x_{part}"] = pixels.astype("uint8")
        arrays[f"y_{part}"] = labels.astype("uint8")
    if source == "cifar10":
        # A column, as keras.datasets gives CIFAR-10's labels.
        arrays |= {key: arrays[key][:, None] for key in ("y_train", "y_test")}
    return arrays


def write_npz(folder, source, arrays):
    folder.mkdir(exist_ok=True)
    path = folder / f"{source}.npz"
    np.savez(path, **arrays)
    return path


def hash_bytes(content):
    return hashlib.sha256(content).hexdigest()


def assert_same(found, expected):
    for part, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(part.x, other.x)
        np.testing.assert_array_equal(part.y, other.y)


# The embedded samples


@pytest.mark.parametrize("name", NAMES)
def test_sample_has_form_of_the_contract(name):
    side = 32 if name == "natural" else 28
    for part, n in zip(load_images(name), (3500, 500, 1000), strict=True):
        assert part.x.shape == (n, side, side)
        assert part.y.shape == (n,)
        assert (part.x.dtype, part.y.dtype) == ("float32", "int64")
        assert 0 <= part.x.min() < 0.1 and 0.8 < part.x.max() <= 1
        assert set(part.y) <= set(range(len(class_names(name))))


@pytest.mark.parametrize("name", NAMES)
def test_sample_has_equal_class_shares(name):
    train, valid, test = load_images(name)
    n_learned = 1 if name == "natural" else 10
    for labels, n_classes in (
        (train.y, n_learned),
        (valid.y, n_learned),
        (test.y, len(class_names(name))),
    ):
        counts = np.bincount(labels)
        assert len(counts) == n_classes
        assert counts.min() == counts.max()


@pytest.mark.parametrize("name", NAMES)
def test_sample_parts_are_disjoint(name):
    hashes = [
        {hash_bytes(image.tobytes()) for image in part.x}
        for part in load_images(name)
    ]
    assert sum(map(len, hashes)) == len(set.union(*hashes))


@pytest.mark.parametrize("name", NAMES)
def test_sample_is_the_same_in_every_call_and_loads_fast(name):
    seconds = []
    loads = []
    for _ in range(3):
        start = time.perf_counter()
        loads.append(load_images(name))
        seconds.append(time.perf_counter() - start)
    assert_same(loads[0], loads[1])
    # The best of three: other programs may take the processor meanwhile.
    assert min(seconds) < 0.2


@pytest.mark.parametrize("name", NAMES)
def test_embedded_file_matches_its_hash(name):
    sums = (data.DATA_DIR / "SHA256SUMS").read_text().split()
    file = f"{name}.npz"
    assert sums[sums.index(file) - 1] == hash_bytes(
        (data.DATA_DIR / file).read_bytes()
    )


def test_readme_lists_the_published_hashes():
    names = {"MNIST": "mnist", "Fashion-MNIST": "fashion_mnist"}
    listed = {name: {} for name in names.values()}
    for name, key, sha256 in re.findall(
        r"\| ([\w-]+) (\w+) \| ([0-9a-f]{64}) \|", README
    ):
        listed[names[name]][key] = sha256
    assert listed == data.PUBLISHED


@pytest.fixture
def copied_samples(tmp_path, monkeypatch):
    """Return a copy of data/ that a test may damage."""
    copy = tmp_path / "data"
    shutil.copytree(data.DATA_DIR, copy)
    monkeypatch.setattr(data, "DATA_DIR", copy)
    return copy


@pytest.mark.parametrize("name", NAMES)
def test_flipped_byte_in_sample_is_found(name, copied_samples):
    path = copied_samples / f"{name}.npz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="damaged") as caught:
        load_images(name)
    assert str(path) in str(caught.value)
    assert f"git checkout -- data/{path.name}" in str(caught.value)


def test_missing_sample_is_named_with_the_remedy(copied_samples):
    path = copied_samples / "mnist.npz"
    path.unlink()
    with pytest.raises(FileNotFoundError, match="missing") as caught:
        load_images("mnist")
    assert str(path) in str(caught.value)
    assert "git checkout -- data/mnist.npz" in str(caught.value)


@pytest.mark.parametrize(
    "damage",
    [
        lambda sums: sums.write_bytes(b""),
        lambda sums: sums.write_bytes(b"\xff" + sums.read_bytes()[1:]),
        lambda sums: sums.write_bytes(sums.read_bytes().replace(b"  ", b" ")),
        lambda sums: sums.unlink(),
        lambda sums: (sums.unlink(), sums.mkdir()),
    ],
    ids=["empty", "no text", "other form", "missing", "folder"],
)
def test_damaged_list_of_hashes_is_named(damage, copied_samples):
    damage(copied_samples / "SHA256SUMS")
    # Its hash is the first of the list.
    with pytest.raises((ValueError, OSError)) as caught:
        load_images("fashion_mnist")
    assert str(copied_samples) in str(caught.value)
    assert "git checkout -- data/" in str(caught.value)
    assert "SHA256SUMS" in str(caught.value)


def test_pickled_sample_is_refused_and_not_executed(copied_samples):
    trace = copied_samples / "executed"
    (copied_samples / "mnist.npz").write_bytes(pickle.dumps(Payload(trace)))
    with pytest.raises(ValueError, match="damaged"):
        load_images("mnist")
    assert not trace.exists()


@pytest.mark.parametrize("function", [load_images, class_names])
@pytest.mark.parametrize("name", ["cifar10", "MNIST", "", None, ["mnist"]])
def test_unknown_name_is_refused_with_the_known_ones(function, name):
    with pytest.raises(ValueError, match="mnist.*fashion_mnist.*natural"):
        function(name)


@pytest.mark.parametrize("function", [load_images, class_names])
@pytest.mark.parametrize("mode", ["Full", "quick", "", None])
def test_unknown_mode_is_refused_with_the_known_ones(function, mode):
    with pytest.raises(ValueError, match="fast.*full"):
        function("mnist", mode)


@pytest.mark.parametrize("mode", data.MODES)
@pytest.mark.parametrize("name", NAMES)
def test_class_names_are_different_words(name, mode):
    names = class_names(name, mode)
    assert len(set(names)) == len(names)
    assert len(names) == (2 if (name, mode) == ("natural", "fast") else 10)


# Full mode, from a file


@pytest.mark.parametrize("name", NAMES)
def test_unknown_content_is_used_with_one_warning(name, folder):
    write_npz(folder, SOURCES[name], make_arrays(SOURCES[name]))
    with pytest.warns(UserWarning, match="could not be verified") as record:
        load_images(name, "full")
    assert len(record) == 1
    # It points at the caller's line, not into the module.
    assert record[0].filename == __file__


@pytest.mark.filterwarnings("ignore:.*could not be verified")
@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_valid_part_is_last_twelfth_of_each_class(name, folder):
    arrays = make_arrays(name)
    write_npz(folder, name, arrays)
    train, valid, test = load_images(name, "full")
    x, y = arrays["x_train"], arrays["y_train"]
    for label in range(10):
        rows = x[y == label].astype("float32") / 255
        np.testing.assert_array_equal(train.x[train.y == label], rows[:-2])
        np.testing.assert_array_equal(valid.x[valid.y == label], rows[-2:])
    assert (len(train.x), len(valid.x)) == (220, 20)
    np.testing.assert_array_equal(255 * test.x, arrays["x_test"])
    np.testing.assert_array_equal(test.y, arrays["y_test"])


@pytest.mark.filterwarnings("ignore:.*could not be verified")
def test_natural_learns_gray_horses_only(folder):
    arrays = make_arrays("cifar10")
    write_npz(folder, "cifar10", arrays)
    train, valid, test = load_images("natural", "full")
    horses = arrays["x_train"][arrays["y_train"].ravel() == data.HORSE]
    learned = np.concatenate([train.x, valid.x])
    np.testing.assert_allclose(learned, horses.mean(axis=-1) / 255, atol=1e-6)
    assert len(valid.x) == len(horses) // 10
    assert set(train.y) == set(valid.y) == {data.HORSE}
    assert set(test.y) == set(range(10))
    np.testing.assert_allclose(
        test.x, arrays["x_test"].mean(axis=-1) / 255, atol=1e-6
    )
    assert train.x.dtype == test.x.dtype == "float32"


def test_published_content_is_reported_as_verified(
    folder, monkeypatch, capsys
):
    arrays = make_arrays("mnist")
    hashes = {key: hash_bytes(value) for key, value in arrays.items()}
    monkeypatch.setitem(data.PUBLISHED, "mnist", hashes)
    write_npz(folder, "mnist", arrays)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_images("mnist", "full")
    assert "verified" in capsys.readouterr().out

    # One wrong label, and the warning names its array.
    arrays["y_test"] = np.roll(arrays["y_test"], 1)
    write_npz(folder, "mnist", arrays)
    with pytest.warns(UserWarning, match=r"not be verified \(y_test\)"):
        load_images("mnist", "full")
    assert "verified" not in capsys.readouterr().out


def test_without_the_variable_data_full_is_read(folder, tmp_path, monkeypatch):
    monkeypatch.delenv("AUTOENCODER_DATA")
    monkeypatch.setattr(data, "DATA_DIR", tmp_path)
    write_npz(tmp_path / "full", "mnist", make_arrays("mnist"))
    with pytest.warns(UserWarning, match="could not be verified"):
        load_images("mnist", "full")


def flip_a_byte(content):
    middle = len(content) // 2
    flipped = bytes([content[middle] ^ 1])
    return content[:middle] + flipped + content[middle + 1 :]


def make_npy(content):
    file = io.BytesIO()
    np.save(file, np.zeros((2, 28, 28)))
    return file.getvalue()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[: len(content) // 2],
        flip_a_byte,
        # As if a later version of zip were needed.
        lambda content: re.sub(rb"(?<=PK\x01\x02..).", b"\xff", content),
        make_npy,
        lambda content: b"",
        lambda content: b"<html>Please log in</html>",
    ],
    ids=["cut in half", "flipped", "version", "npy", "empty", "text"],
)
def test_damaged_file_is_named_with_the_remedy(name, damage, folder):
    path = write_npz(folder, SOURCES[name], make_arrays(SOURCES[name]))
    damaged = damage(path.read_bytes())
    path.write_bytes(damaged)
    with pytest.raises(ValueError, match="damaged or no npz") as caught:
        load_images(name, "full")
    assert str(path) in str(caught.value)
    assert "move it away" in str(caught.value)
    # A file that the user put there stays as it is.
    assert path.read_bytes() == damaged


@pytest.mark.parametrize("key", ["x_train", "y_train", "x_test", "y_test"])
def test_missing_array_is_named(key, folder):
    arrays = make_arrays("mnist")
    del arrays[key]
    path = write_npz(folder, "mnist", arrays)
    with pytest.raises(ValueError, match=f"has no array {key}") as caught:
        load_images("mnist", "full")
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("x_train", lambda x: x[:, 1:]),
        ("x_test", lambda x: x.reshape(len(x), -1)),
        ("x_train", lambda x: x / np.float32(255)),
        ("x_test", lambda x: x[:0]),
        ("y_train", lambda y: y[:-1]),
        ("y_test", lambda y: y.astype("int64")),
        ("y_train", lambda y: y + 1),
    ],
    ids=[
        "wrong shape",
        "flat",
        "floats",
        "no image",
        "a label too few",
        "wrong dtype",
        "label out of range",
    ],
)
@pytest.mark.parametrize("source", ["mnist", "cifar10"])
def test_array_of_another_form_is_refused(source, key, change, folder):
    arrays = make_arrays(source)
    arrays[key] = change(arrays[key])
    path = write_npz(folder, source, arrays)
    name = "natural" if source == "cifar10" else source
    with pytest.raises(ValueError, match=f"{key} is .*it must be") as caught:
        load_images(name, "full")
    assert str(path) in str(caught.value)


class Payload:
    """A pickle that creates a file when it is read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_pickled_array_is_refused_and_not_executed(folder, tmp_path):
    trace = tmp_path / "executed"
    pickled = np.array([Payload(trace)], dtype=object)
    path = write_npz(
        folder, "mnist", make_arrays("mnist") | {"x_train": pickled}
    )
    # The payload works where pickles are allowed.
    np.load(path, allow_pickle=True)["x_train"]
    assert trace.exists()
    trace.unlink()

    with pytest.raises(ValueError, match="pickle"):
        load_images("mnist", "full")
    assert not trace.exists()

    # And a file that is a pickle as a whole.
    path.write_bytes(pickle.dumps(Payload(trace)))
    pickle.loads(path.read_bytes())
    trace.unlink()
    with pytest.raises(ValueError, match="damaged or no npz"):
        load_images("mnist", "full")
    assert not trace.exists()


@pytest.fixture
def closed_folder(monkeypatch):
    """Return a folder with a file of full data, as a user without rights."""
    if not hasattr(os, "geteuid"):
        pytest.skip("Windows has other rights")
    is_root = os.geteuid() == 0
    # Not under tmp_path, which root keeps to itself.
    with tempfile.TemporaryDirectory() as folder:
        path = write_npz(Path(folder), "mnist", make_arrays("mnist"))
        monkeypatch.setenv("AUTOENCODER_DATA", folder)
        os.chmod(folder, 0o755)
        if is_root:
            os.seteuid(65534)
        yield path
        if is_root:
            os.seteuid(0)
        os.chmod(folder, 0o755)


def close(path):
    """Take a file's rights as its owner, who may be root, can do it."""
    user = os.geteuid()
    os.seteuid(path.stat().st_uid)
    path.chmod(0)
    os.seteuid(user)


def test_unreadable_file_is_named(closed_folder):
    close(closed_folder)
    with pytest.raises(PermissionError, match="chmod u\\+r") as caught:
        load_images("mnist", "full")
    assert f"{closed_folder} cannot be read" in str(caught.value)
    assert "AUTOENCODER_DATA" in str(caught.value)


def test_unreadable_folder_is_named(closed_folder):
    close(closed_folder.parent)
    with pytest.raises(FileNotFoundError, match="Permission") as caught:
        load_images("mnist", "full")
    assert f"mnist.npz is not in {closed_folder.parent}" in str(caught.value)


@pytest.mark.filterwarnings("ignore:.*could not be verified")
def test_a_link_is_followed_to_its_file(folder, tmp_path):
    path = write_npz(tmp_path / "disk", "mnist", make_arrays("mnist"))
    link = folder / "mnist.npz"
    link.symlink_to(path)
    assert len(load_images("mnist", "full")[0].x) == 220

    path.write_bytes(b"")
    with pytest.raises(ValueError, match="damaged or no npz") as caught:
        load_images("mnist", "full")
    assert str(link) in str(caught.value)


@pytest.mark.parametrize("target", ["gone", "mnist.npz"], ids=str)
def test_a_link_that_leads_nowhere_is_no_file(target, folder):
    (folder / "mnist.npz").symlink_to(folder / target)
    with pytest.raises(FileNotFoundError, match="not be downloaded") as caught:
        load_images("mnist", "full")
    assert f"mnist.npz is not in {folder}" in str(caught.value)
    assert (folder / "mnist.npz").is_symlink()


def test_a_folder_in_place_of_a_file_is_named(folder):
    (folder / "mnist.npz").mkdir()
    with pytest.raises(ValueError, match="damaged or no npz") as caught:
        load_images("mnist", "full")
    assert str(folder / "mnist.npz") in str(caught.value)


@pytest.mark.filterwarnings("ignore:.*could not be verified")
@pytest.mark.parametrize(
    "name", ["a b", "Übung № 1, 自編碼器", 5 * ("long" * 12 + "/")]
)
def test_full_data_are_read_from_a_folder_of_any_name(
    name, tmp_path, monkeypatch
):
    folder = tmp_path / name
    folder.mkdir(parents=True)
    write_npz(folder, "mnist", make_arrays("mnist"))
    monkeypatch.setenv("AUTOENCODER_DATA", str(folder))
    assert len(load_images("mnist", "full")[0].x) == 220


@pytest.mark.filterwarnings("ignore:.*could not be verified")
def test_one_class_is_enough(folder):
    arrays = make_arrays("mnist")
    arrays["y_train"] = np.full_like(arrays["y_train"], 3)
    write_npz(folder, "mnist", arrays)
    train, valid, _ = load_images("mnist", "full")
    assert (len(train.x), len(valid.x)) == (220, 20)
    assert set(train.y) == set(valid.y) == {3}


@pytest.mark.filterwarnings("ignore:.*could not be verified")
@pytest.mark.parametrize("name", ["mnist", "natural"])
def test_too_few_images_for_a_valid_part_are_refused(name, folder):
    arrays = make_arrays(SOURCES[name])
    few = np.argsort(arrays["y_train"].ravel(), kind="stable")[::3]
    arrays |= {key: arrays[key][few] for key in ("x_train", "y_train")}
    path = write_npz(folder, SOURCES[name], arrays)
    with pytest.raises(ValueError, match="too few images for a valid part"):
        load_images(name, "full")
    assert path.exists()


# Full mode, from the network


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
def server(folder, monkeypatch):
    """Return a server on this machine that stands in for the real ones.

    `files` are what it serves, `requests` what was asked for; of the last
    file it sends `tenths` of what it says, and then waits while `is_stuck`.
    """
    state = SimpleNamespace(files={}, requests=[], tenths=10, is_stuck=False)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            file = self.path[1:]
            state.requests.append(file)
            content = state.files[file]
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if file == list(state.files)[-1]:
                content = content[: len(content) * state.tenths // 10]
            self.wfile.write(content)
            self.wfile.flush()
            while state.is_stuck:
                time.sleep(0.01)

        def log_message(self, *_):
            """Say nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    address = f"http://127.0.0.1:{http.server_port}"
    for source, pack in PACK.items():
        files = [url.rsplit("/", 1)[1] for url in data.DOWNLOADS[source]]
        packed = zip(files, pack(make_arrays(source)), strict=True)
        monkeypatch.setitem(data.DOWNLOADS, source, {})
        for file, content in packed:
            data.DOWNLOADS[source][f"{address}/{file}"] = hash_bytes(content)
            state.files[f"{source}/{file}"] = content
    thread = threading.Thread(target=http.serve_forever, args=(0.01,))
    thread.start()
    yield state
    http.shutdown()
    thread.join()
    http.server_close()


@pytest.fixture(params=NAMES)
def served(request, server):
    """Return a data set's name, and the server with its files alone."""
    source = SOURCES[request.param]
    server.files = {
        path.split("/")[1]: content
        for path, content in server.files.items()
        if path.split("/")[0] == source
    }
    return request.param, server


def list_files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.filterwarnings("ignore:.*could not be verified")
def test_download_gives_what_the_file_gives(
    served, folder, tmp_path, monkeypatch, capsys
):
    name, server = served
    downloaded = load_images(name, "full")
    assert "verified" in capsys.readouterr().out
    assert server.requests == list(server.files)
    assert list_files(folder) == server.files

    again = load_images(name, "full")
    assert_same(again, downloaded)
    assert server.requests == list(server.files)

    monkeypatch.setenv("AUTOENCODER_DATA", str(tmp_path / "file"))
    source = SOURCES[name]
    write_npz(tmp_path / "file", source, make_arrays(source))
    assert_same(load_images(name, "full"), downloaded)


def test_download_with_a_wrong_hash_is_not_kept(served, folder):
    name, server = served
    last = list(server.files)[-1]
    good = server.files[last]
    server.files[last] = flip_a_byte(good)
    with pytest.raises(FileNotFoundError, match="hash") as caught:
        load_images(name, "full")
    assert last in str(caught.value)
    assert last not in list_files(folder)

    server.files[last] = good
    load_images(name, "full")
    assert list_files(folder) == server.files


@pytest.mark.parametrize("tenths", range(10))
def test_transfer_cut_short_leaves_nothing_half_written(
    served, folder, tenths
):
    name, server = served
    server.tenths = tenths
    with pytest.raises(FileNotFoundError, match="not be downloaded"):
        load_images(name, "full")
    # What came before the cut is whole.
    assert list_files(folder) == dict(list(server.files.items())[:-1])

    server.tenths = 10
    load_images(name, "full")
    assert list_files(folder) == server.files


@pytest.mark.parametrize("served", ["mnist"], indirect=True)
def test_a_process_killed_in_a_download_leaves_no_file(served, folder):
    name, server = served
    server.tenths, server.is_stuck = 5, True
    code = (
        "from utils import data\n"
        f"data.DOWNLOADS = {data.DOWNLOADS}\n"
        f"data.load_images({name!r}, 'full')"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=data.DATA_DIR.parent,
        stderr=subprocess.DEVNULL,
    )
    # The file is made before it is asked for: wait for its first bytes.
    while not any(list_files(folder).values()) and process.poll() is None:
        time.sleep(0.05)
    process.kill()
    process.wait()
    server.is_stuck = False
    assert server.requests == ["mnist.npz"]
    assert "mnist.npz" not in list_files(folder)

    server.tenths = 10
    load_images(name, "full")
    assert list_files(folder)["mnist.npz"] == server.files["mnist.npz"]


@pytest.mark.parametrize("served", ["mnist"], indirect=True)
def test_a_download_onto_a_full_disk_leaves_no_file(served, folder):
    resource = pytest.importorskip("resource", reason="POSIX limits")
    name, server = served
    old, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, most))
    try:
        with pytest.raises(FileNotFoundError, match="OSError: .*too large"):
            load_images(name, "full")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (old, most))
    assert list_files(folder) == {}
    load_images(name, "full")
    assert list_files(folder) == server.files


@pytest.mark.parametrize("name", NAMES)
def test_no_file_and_no_network_says_what_to_do(name, folder):
    with pytest.raises(FileNotFoundError) as caught:
        load_images(name, "full")
    message = str(caught.value)
    assert f"{SOURCES[name]}.npz is not in {folder}" in message
    assert "AUTOENCODER_DATA" in message
    assert "'fast' needs none of it" in message
    assert list_files(folder) == {}


def test_relative_folder_counts_from_the_course(tmp_path, monkeypatch):
    course, elsewhere = tmp_path / "course", tmp_path / "elsewhere"
    for made in (course / "data", elsewhere, tmp_path / "mine"):
        made.mkdir(parents=True)
    write_npz(tmp_path / "mine", "mnist", make_arrays("mnist"))
    monkeypatch.setattr(data, "DATA_DIR", course / "data")
    monkeypatch.setenv("AUTOENCODER_DATA", "../mine")
    monkeypatch.chdir(elsewhere)
    with pytest.warns(UserWarning, match="could not be verified"):
        assert len(load_images("mnist", "full")[0].x)


def test_named_folder_that_is_none_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("AUTOENCODER_DATA", str(tmp_path / "none"))
    with pytest.raises(FileNotFoundError, match="none, which is no folder"):
        load_images("mnist", "full")
    assert list_files(tmp_path) == {}


def test_folder_that_cannot_be_made_is_named(tmp_path, monkeypatch, folder):
    (tmp_path / "file").touch()
    monkeypatch.delenv("AUTOENCODER_DATA")
    monkeypatch.setattr(data, "DATA_DIR", tmp_path / "file")
    with pytest.raises(FileNotFoundError, match="not be downloaded") as caught:
        load_images("mnist", "full")
    assert f"mnist.npz is not in {tmp_path / 'file'}" in str(caught.value)


def test_cifar10_without_horses_is_refused(folder):
    arrays = make_arrays("cifar10")
    arrays["y_test"] = np.zeros_like(arrays["y_test"])
    write_npz(folder, "cifar10", arrays)
    with pytest.raises(ValueError, match="y_test has no horse"):
        load_images("natural", "full")


# The start


def test_import_of_the_backend_is_silent():
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import utils.backend; from utils.data import load_images",
        ],
        cwd=data.DATA_DIR.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("", "")


def test_many_models_in_one_lesson_bring_no_messages(caplog):
    logger = tf.get_logger()
    logger.addHandler(caplog.handler)
    # What TensorFlow calls retracing, as several calls of `fit` do it.
    for _ in range(9):
        tf.function(lambda x: x)(tf.constant(1.0))
    logger.removeHandler(caplog.handler)
    assert caplog.messages == []


# Batches

ROWS = np.arange(23)


def read_epoch(dataset):
    return np.concatenate(list(dataset.as_numpy_iterator())).tolist()


def read_epochs(count=3, **settings):
    dataset = batches(ROWS, **{"batch_size": 5} | settings)
    return [read_epoch(dataset) for _ in range(count)]


def test_each_epoch_holds_each_row_once():
    for epoch in read_epochs(seed=0):
        assert sorted(epoch) == ROWS.tolist()


@pytest.mark.parametrize(
    ("drop_remainder", "sizes"),
    [(False, [5, 5, 5, 5, 3]), (True, [5, 5, 5, 5])],
)
def test_last_partial_batch_is_kept_unless_dropped(drop_remainder, sizes):
    dataset = batches(ROWS, batch_size=5, drop_remainder=drop_remainder)
    assert [len(batch) for batch in dataset] == sizes
    assert len(dataset) == len(sizes)


def test_partial_batch_is_kept_by_default():
    assert len(read_epoch(batches(ROWS, batch_size=5))) == len(ROWS)


@pytest.mark.parametrize("batch_size", [1, 23, 24, 1000])
def test_length_is_known_for_any_batch_size(batch_size):
    dataset = batches(ROWS, batch_size=batch_size)
    assert len(dataset) == len(list(dataset)) == -(-23 // batch_size)


def test_same_seed_gives_the_same_epochs_whatever_keras_seed():
    keras.utils.set_random_seed(1)
    first = read_epochs(seed=5)
    keras.utils.set_random_seed(2)
    assert read_epochs(seed=5) == first


def test_epochs_and_seeds_give_different_orders():
    orders = read_epochs(seed=0) + read_epochs(seed=1)
    assert len(set(map(tuple, orders))) == len(orders)


def test_without_seed_the_seed_of_keras_decides():
    orders = []
    for seed in (0, 0, 1):
        keras.utils.set_random_seed(seed)
        # Two pipelines in a row, which must differ from each other.
        orders.append(read_epochs(2) + read_epochs(2))
    assert orders[0] == orders[1] != orders[2]
    assert len(set(map(tuple, orders[0]))) == 4


def test_without_shuffle_order_is_kept():
    assert read_epochs(2, shuffle=False) == 2 * [ROWS.tolist()]


def test_pairs_stay_aligned():
    images = np.repeat(ROWS[:, None], 4, axis=1).astype("float32")
    for x, y in batches(images, 10 * ROWS, batch_size=5, seed=0):
        np.testing.assert_array_equal(10 * x[:, 0], y)
        assert (x.shape[1:], x.dtype, y.dtype) == ((4,), "float32", "int64")


def test_same_array_twice_gives_equal_pairs():
    for x, y in batches(ROWS, ROWS, batch_size=5):
        np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"inputs": ROWS[:0]}, "empty"),
        ({"inputs": ROWS, "targets": ROWS[1:]}, "23 rows and targets 22"),
        ({"inputs": ROWS, "batch_size": 0}, "batch_size is 0"),
        ({"inputs": ROWS, "batch_size": -5}, "batch_size is -5"),
    ],
    ids=["empty", "lengths", "zero", "negative"],
)
def test_batches_refuses_what_it_cannot_feed(arguments, message):
    with pytest.raises(ValueError, match=message):
        batches(**arguments)
