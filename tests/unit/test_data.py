"""Tests of utils.data: what lessons are given, and what goes wrong."""

import io
import os
import pickle
import re
import shutil
import tempfile
import time
import warnings
import zipfile
from pathlib import Path

from utils import data
from utils.data import (
    class_names,
    load_electrocardiogram,
    load_images,
    load_textures,
)
from utils.files import find_sha256
from utils.settings import MODES

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
    write_npz,
    write_sources,
)

ROOT = Path(__file__).resolve().parents[2]
unverified = pytest.mark.filterwarnings("ignore:.*could not be verified")


# The embedded samples


@pytest.mark.parametrize("name", NAMES)
def test_sample_has_form_of_the_contract(name):
    side = 32 if name == "natural" else 28
    parts = load_images(name)
    for part, n in zip(parts, (3500, 500, 1000), strict=True):
        assert part.x.shape == (n, side, side)
        assert part.y.shape == (n,)
        assert (part.x.dtype, part.y.dtype) == ("float32", "int64")
        assert 0 <= part.x.min() < 0.1 and 0.8 < part.x.max() <= 1
    assert_same(load_images(name), parts)


@pytest.mark.parametrize("name", NAMES)
def test_sample_has_equal_class_shares_and_disjoint_parts(name):
    parts = load_images(name)
    hashes = [{image.tobytes() for image in part.x} for part in parts]
    assert sum(map(len, hashes)) == len(set.union(*hashes))
    for part in parts:
        is_test = part is parts[-1]
        n_classes = (
            len(class_names(name)) if is_test or name != "natural" else 1
        )
        counts = np.bincount(part.y)
        assert len(counts) == n_classes
        assert counts.min() == counts.max()


@pytest.mark.timing
@pytest.mark.parametrize("name", NAMES)
def test_sample_loads_fast(name):
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        load_images(name)
        seconds.append(time.perf_counter() - start)
    # The best of three: other programs may take the processor meanwhile.
    assert min(seconds) < 0.2


def test_sample_is_read_once(monkeypatch):
    read = []
    read_bytes = Path.read_bytes
    monkeypatch.setattr(
        Path,
        "read_bytes",
        lambda path: read.append(path.name) or read_bytes(path),
    )
    load_images("mnist")
    assert read == ["mnist.npz", "SHA256SUMS"]


def test_textures_are_gray_levels():
    textures = load_textures()
    assert list(textures) == ["brick", "grass", "gravel"]
    for photograph in textures.values():
        assert photograph.shape == (512, 512)
        assert photograph.dtype == "float32"
        assert 0 <= photograph.min() < 0.3 < 0.7 < photograph.max() <= 1


def test_marks_of_normal_beats_lie_on_peaks():
    ecg = load_electrocardiogram()
    assert ecg.signal.shape == (108_000,)
    assert ecg.places.shape == ecg.kinds.shape
    assert (np.diff(ecg.places) > 0).all()
    assert set(ecg.kinds) == set("NVFQ")
    # The converter had 11 bits, its zero in the middle, 200 steps a millivolt.
    steps = 200 * ecg.signal + 1024
    assert np.abs(steps - steps.round()).max() < 0.001
    assert 0 <= steps.min() < steps.max() < 2**11
    heights = []
    for place in ecg.places[ecg.kinds == "N"][1:]:
        around = ecg.signal[place - 72 : place + 72]
        peak = ecg.signal[place - 3 : place + 4].max()
        heights.append(peak - np.median(around))
    # Millivolts; a few beats are lost in noise.
    assert np.mean(np.array(heights) > 0.8) > 0.95


@pytest.mark.parametrize(
    ("file", "load"),
    [
        ("textures.npz", load_textures),
        ("electrocardiogram.npz", load_electrocardiogram),
    ],
)
def test_flipped_byte_in_other_samples_is_found(file, load, copied_data):
    path = copied_data / file
    path.write_bytes(flip_a_byte(path.read_bytes()))
    with pytest.raises(ValueError, match="damaged"):
        load()


@pytest.mark.parametrize("name", NAMES)
def test_flipped_byte_in_sample_is_found(name, copied_data):
    path = copied_data / f"{name}.npz"
    path.write_bytes(flip_a_byte(path.read_bytes()))
    with pytest.raises(ValueError, match="damaged") as caught:
        load_images(name)
    assert str(path) in str(caught.value)
    remedy = f"git checkout -- data/{path.name} data/SHA256SUMS"
    assert remedy in str(caught.value)
    # A course that was unpacked from a zip file has no git.
    assert "fresh copy of the course" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("mnist.npz", Path.unlink),
        ("SHA256SUMS", Path.unlink),
        ("SHA256SUMS", lambda path: path.write_bytes(b"")),
        ("SHA256SUMS", lambda path: path.write_bytes(b"\xff\xfe")),
        ("SHA256SUMS", lambda path: (path.unlink(), path.mkdir())),
        ("sources.toml", Path.unlink),
        ("sources.toml", lambda path: path.write_bytes(b"[mnist")),
        ("sources.toml", lambda path: path.write_bytes(b"\xff\xfe")),
    ],
)
def test_damaged_file_of_the_course_is_named(
    name, damage, copied_data, tmp_path, monkeypatch
):
    damage(copied_data / name)
    write_npz(tmp_path / "full", "mnist", make_arrays("mnist"))
    monkeypatch.setenv("AUTOENCODER_DATA", str(tmp_path / "full"))
    with pytest.raises((ValueError, OSError)) as caught:
        load_images("mnist", "full" if name == "sources.toml" else "fast")
    assert str(copied_data) in str(caught.value)
    assert re.search(f"git checkout -- .*data/{name}", str(caught.value))
    assert "fresh copy of the course" in str(caught.value)


@pytest.mark.parametrize("function", [load_images, class_names])
def test_unknown_name_or_mode_is_refused_with_the_known_ones(function):
    for name in ("cifar10", "MNIST", "", None, ["mnist"]):
        with pytest.raises(ValueError, match="mnist.*fashion_mnist.*natural"):
            function(name)
    for mode in ("Full", "quick", "", None):
        with pytest.raises(ValueError, match="fast.*full"):
            function("mnist", mode)


# The names of the classes


@pytest.mark.parametrize("name", ["fashion_mnist", "natural"])
def test_class_names_are_those_of_keras(name):
    module = getattr(keras.datasets, SOURCES[name])
    table = re.findall(r"\| *(\d) *\| *(.+?) *\|", module.load_data.__doc__)
    assert len(table) == 10
    names = class_names(name, "full")
    for label, theirs in table:
        # They say "Ankle boot" and "T-shirt/top".
        assert names[int(label)].lower() in theirs.lower()


def test_other_class_names():
    for mode in MODES:
        assert class_names("mnist", mode) == tuple("0123456789")
    # Only the palace is learned.
    assert class_names("natural") == ("palace", "flower")
    assert class_names("natural", "full")[data.HORSE] == "horse"


# Full mode, from a file


@unverified
def test_valid_part_is_last_twelfth_of_each_class(folder):
    arrays = make_arrays("mnist")
    write_npz(folder, "mnist", arrays)
    train, valid, test = load_images("mnist", "full")
    x, y = arrays["x_train"], arrays["y_train"]
    for label in range(10):
        rows = x[y == label].astype("float32") / 255
        np.testing.assert_array_equal(train.x[train.y == label], rows[:-2])
        np.testing.assert_array_equal(valid.x[valid.y == label], rows[-2:])
    assert (len(train.x), len(valid.x)) == (220, 20)
    np.testing.assert_array_equal(255 * test.x, arrays["x_test"])
    np.testing.assert_array_equal(test.y, arrays["y_test"])


@unverified
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


def test_published_arrays_are_verified(folder, copied_data, capsys):
    arrays = make_arrays("mnist")
    hashes = {key: find_sha256(value) for key, value in arrays.items()}
    sources = PUBLISHED | {"mnist": PUBLISHED["mnist"] | {"arrays": hashes}}
    write_sources(copied_data, sources)
    # The same pixels, in another order in memory.
    other = {key: np.asfortranarray(value) for key, value in arrays.items()}
    write_npz(folder, "mnist", other)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_images("mnist", "full")
    assert "verified" in capsys.readouterr().out

    # With one wrong label, the warning names its array.
    arrays["y_test"] = np.roll(arrays["y_test"], 1)
    write_npz(folder, "mnist", arrays)
    with pytest.warns(match=r"not be verified .*: y_test\)") as caught:
        load_images("mnist", "full")
    assert len(caught) == 1
    # It points at the caller's line, not into the module.
    assert caught[0].filename == __file__
    assert "verified" not in capsys.readouterr().out


def test_cifar10_is_verified_by_its_archive(folder, copied_data, capsys):
    write_sources(copied_data, PUBLISHED)
    arrays = make_arrays("cifar10")
    write_npz(folder, "cifar10", arrays)
    with pytest.warns(UserWarning, match="not be verified .*archive"):
        load_images("natural", "full")
    (archive,) = PUBLISHED["cifar10"]["files"].values()
    write_npz(folder, "cifar10", arrays | {"source": archive})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_images("natural", "full")
    assert "verified" in capsys.readouterr().out


def compress(content, method):
    """Return an npz file packed by zlib or LZMA, with a damaged stream."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as stored,
        zipfile.ZipFile(file, "w", method) as packed,
    ):
        for name in stored.namelist():
            packed.writestr(name, stored.read(name))
    # The first entry's stream begins before byte 60.
    return file.getvalue()[:60] + 40 * b"\xff" + file.getvalue()[100:]


def make_npy(_):
    file = io.BytesIO()
    np.save(file, np.zeros((2, 28, 28)))
    return file.getvalue()


DAMAGES = {
    "cut in half": lambda content: content[: len(content) // 2],
    "flipped": flip_a_byte,
    # Two fields of the list of entries: a later zip is needed, a password.
    "later": lambda file: re.sub(rb"(?<=PK\x01\x02..).", b"\xff", file),
    "secret": lambda file: re.sub(rb"(?<=PK\x01\x02.{4}).", b"\x01", file),
    "zlib": lambda content: compress(content, zipfile.ZIP_DEFLATED),
    "lzma": lambda content: compress(content, zipfile.ZIP_LZMA),
    "npy": make_npy,
    "empty": lambda content: b"",
    "text": lambda content: b"<html>Please log in</html>",
    "pickle": lambda content: pickle.dumps({"x_train": 0}),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damaged_file_is_named_with_the_remedy(damage, folder):
    path = write_npz(folder, "mnist", make_arrays("mnist"))
    damaged = damage(path.read_bytes())
    path.write_bytes(damaged)
    with pytest.raises(ValueError, match="damaged") as caught:
        load_images("mnist", "full")
    assert str(path) in str(caught.value)
    assert "move it away" in str(caught.value)
    # A file that the user put there stays as it is.
    assert path.read_bytes() == damaged


def test_a_lack_of_memory_is_no_damage(folder, monkeypatch):
    write_npz(folder, "mnist", make_arrays("mnist"))

    def fail(*_, **__):
        raise MemoryError

    monkeypatch.setattr(np, "load", fail)
    with pytest.raises(MemoryError):
        load_images("mnist", "full")


def test_missing_arrays_are_named(folder):
    arrays = make_arrays("mnist")
    del arrays["y_train"], arrays["x_test"]
    path = write_npz(folder, "mnist", arrays)
    with pytest.raises(ValueError, match="array y_train, x_test:") as caught:
        load_images("mnist", "full")
    assert str(path) in str(caught.value)


FORMS = {
    "wrong shape": ("mnist", "x_train", lambda x: x[:, 1:]),
    "flat": ("mnist", "x_test", lambda x: x.reshape(len(x), -1)),
    "floats": ("mnist", "x_train", lambda x: x / np.float32(255)),
    "no image": ("mnist", "x_test", lambda x: x[:0]),
    "a label too few": ("mnist", "y_train", lambda y: y[:-1]),
    "wrong dtype": ("mnist", "y_test", lambda y: y.astype("int64")),
    "label out of range": ("mnist", "y_train", lambda y: y + 1),
    "no color": ("natural", "x_train", lambda x: x[..., 0]),
}


@pytest.mark.parametrize(("name", "key", "change"), FORMS.values(), ids=FORMS)
def test_array_of_another_form_is_refused(name, key, change, folder):
    arrays = make_arrays(SOURCES[name])
    arrays[key] = change(arrays[key])
    path = write_npz(folder, SOURCES[name], arrays)
    with pytest.raises(ValueError, match=f"{key} is .*it must be") as caught:
        load_images(name, "full")
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("key", ["y_train", "y_test"])
def test_cifar10_without_horses_is_refused(key, folder):
    arrays = make_arrays("cifar10")
    arrays[key] = np.zeros_like(arrays[key])
    write_npz(folder, "cifar10", arrays)
    with pytest.raises(ValueError, match=f"{key} has no horse"):
        load_images("natural", "full")


class Payload:
    """A pickle that creates a file when it is read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_pickled_array_is_refused_and_not_executed(folder, tmp_path):
    trace = tmp_path / "executed"
    arrays = make_arrays("mnist")
    arrays["x_train"] = np.array([Payload(trace)], dtype=object)
    path = write_npz(folder, "mnist", arrays)
    # The payload works where pickles are allowed.
    np.load(path, allow_pickle=True)["x_train"]
    assert trace.exists()
    trace.unlink()
    with pytest.raises(ValueError, match="pickle"):
        load_images("mnist", "full")
    assert not trace.exists()


@pytest.fixture
def closed_folder(copied_data, monkeypatch):
    """Return a folder with a file of full data, as a user without rights."""
    if not hasattr(os, "geteuid"):
        pytest.skip("Windows has other rights")
    is_root = os.geteuid() == 0
    # Not under tmp_path, which root keeps to itself.
    with tempfile.TemporaryDirectory() as folder:
        path = write_npz(Path(folder), "mnist", make_arrays("mnist"))
        shutil.copy(copied_data / "sources.toml", folder)
        monkeypatch.setattr(data, "DATA_DIR", Path(folder))
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
    assert str(closed_folder) in str(caught.value)
    assert "AUTOENCODER_DATA" in str(caught.value)


def test_unreadable_folder_is_named(closed_folder, monkeypatch):
    monkeypatch.setattr(data, "DATA_DIR", ROOT / "data")
    close(closed_folder.parent)
    with pytest.raises(FileNotFoundError, match="Permission") as caught:
        load_images("mnist", "full")
    assert str(closed_folder.parent) in str(caught.value)
    assert "AUTOENCODER_DATA" in str(caught.value)


@unverified
def test_a_link_is_followed_to_its_file(folder, tmp_path):
    path = write_npz(tmp_path / "disk", "mnist", make_arrays("mnist"))
    (folder / "mnist.npz").symlink_to(path)
    assert len(load_images("mnist", "full")[0].x) == 220
    # A link that leads nowhere is no file, and stays.
    path.unlink()
    with pytest.raises(FileNotFoundError, match="not be downloaded"):
        load_images("mnist", "full")
    assert (folder / "mnist.npz").is_symlink()


def test_a_folder_in_place_of_a_file_is_named(folder):
    (folder / "mnist.npz").mkdir()
    with pytest.raises(ValueError, match="damaged") as caught:
        load_images("mnist", "full")
    assert str(folder / "mnist.npz") in str(caught.value)


@unverified
@pytest.mark.parametrize(
    ("named", "place"),
    [
        (None, "data/full"),
        # A relative name counts from the course's folder.
        ("mine", "mine"),
        ("{}/Übung № 1, 自編碼器/" + 4 * ("long" * 12 + "/"), ""),
    ],
    ids=["not named", "relative", "any name"],
)
def test_the_folder_of_full_data(
    named, place, copied_data, tmp_path, monkeypatch
):
    course = copied_data.parent
    monkeypatch.delenv("AUTOENCODER_DATA", raising=False)
    if named:
        named = named.format(course)
        monkeypatch.setenv("AUTOENCODER_DATA", named)
    monkeypatch.chdir(tmp_path.parent)
    folder = course / (place or named)
    folder.mkdir(parents=True)
    write_npz(folder, "mnist", make_arrays("mnist"))
    assert len(load_images("mnist", "full")[0].x) == 220


def test_named_folder_that_is_none_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("AUTOENCODER_DATA", str(tmp_path / "none"))
    with pytest.raises(FileNotFoundError, match="none, which is no folder"):
        load_images("mnist", "full")
    assert list_files(tmp_path) == {}


@unverified
def test_one_class_is_enough(folder):
    arrays = make_arrays("mnist")
    arrays["y_train"] = np.full_like(arrays["y_train"], 3)
    write_npz(folder, "mnist", arrays)
    train, valid, _ = load_images("mnist", "full")
    assert (len(train.x), len(valid.x)) == (220, 20)
    assert set(train.y) == set(valid.y) == {3}


@unverified
@pytest.mark.parametrize("name", ["mnist", "natural"])
def test_too_few_images_for_a_valid_part_are_refused(name, folder):
    arrays = make_arrays(SOURCES[name])
    few = np.argsort(arrays["y_train"].ravel(), kind="stable")[::3]
    arrays |= {key: arrays[key][few] for key in ("x_train", "y_train")}
    write_npz(folder, SOURCES[name], arrays)
    with pytest.raises(ValueError, match="too few images for a valid part"):
        load_images(name, "full")
