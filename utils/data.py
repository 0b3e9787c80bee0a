"""The images of the course, and the pipeline that feeds them to a model."""

import gzip
import io
import lzma
import os
import random
import struct
import tarfile
import tempfile
import tomllib
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

from utils.backend import tf
from utils.files import find_sha256, write_whole
from utils.guards import is_on_disk
from utils.settings import check_mode

import numpy as np
import pooch
import requests

DATA_DIR = Path(__file__).resolve().parent.parent / "data"
CLASS_NAMES = {
    "mnist": tuple("0123456789"),
    "fashion_mnist": (
        "T-shirt",
        "trouser",
        "pullover",
        "dress",
        "coat",
        "sandal",
        "shirt",
        "sneaker",
        "bag",
        "boot",
    ),
    "cifar10": (
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ),
    "photographs": ("palace", "flower"),
}
HORSE = CLASS_NAMES["cifar10"].index("horse")

ARRAYS = ("x_train", "y_train", "x_test", "y_test")

# What reading a damaged npz file raises, from zipfile, its decompressors and
# NumPy. A lack of memory is not among them.
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)


class Part(NamedTuple):
    """One part of a data set: images `x` and labels `y`."""

    x: np.ndarray
    y: np.ndarray


def load_images(name: str, mode: str = "fast") -> tuple[Part, Part, Part]:
    """Load the train, valid and test part of a data set, as pairs (x, y).

    Parameters
    ----------
    name : {"mnist", "fashion_mnist", "natural"}
        `natural` holds gray images of one kind, and in the test part also of
        other kinds. In fast mode they are patches of a photograph of a
        palace, then of a flower; in full mode CIFAR-10's horses, and in the
        test part all of its classes. Labels are indices into
        `class_names(name, mode)`; those to train on have one value only.
    mode : {"fast", "full"}
        `fast` reads the embedded sample, without network. `full` reads
        `<name>.npz` (for `natural`: cifar10.npz) in the folder that the
        environment variable AUTOENCODER_DATA names (a relative name counts
        from the course's folder), else in data/full/. A set that is not there
        is downloaded, and the file is made from it.

    Returns
    -------
    three Part
        `x` is float32 in [0, 1], shape (n, 28, 28), or (n, 32, 32) for
        `natural`; `y` is int64, shape (n,). In full mode the valid part is
        the last twelfth of each class of the official train part (the last
        tenth of the horses). The parts are the same in every call.

    Raises
    ------
    ValueError
        If the name or the mode is unknown, or a file is damaged, lacks an
        array, or holds one of another shape or type.
    FileNotFoundError
        If a file is missing and cannot be downloaded.

    Examples
    --------
    >>> train, valid, test = load_images("mnist")
    >>> train.x.shape, valid.y.shape
    ((3500, 28, 28), (500,))
    """
    _check_name(name)
    check_mode(mode)
    parts = _load_sample(name) if mode == "fast" else _load_full(name)
    return tuple(
        Part(x.astype("float32") / 255, y.astype("int64")) for x, y in parts
    )


class Electrocardiogram(NamedTuple):
    """A signal in millivolts, and where beats of which kind are in it."""

    signal: np.ndarray
    rate: int
    places: np.ndarray
    kinds: np.ndarray


def load_textures() -> dict[str, np.ndarray]:
    """Load photographs of a brick wall, of grass and of gravel.

    Returns
    -------
    dict of str to array of float32, shape (512, 512)
        Gray levels in [0, 1], under "brick", "grass" and "gravel". They are
        part of the course, the same in both modes.

    Raises
    ------
    ValueError
        If the file is damaged.
    FileNotFoundError
        If it is missing.

    Examples
    --------
    >>> load_textures()["gravel"].shape
    (512, 512)
    """
    arrays = _read_sample("textures")
    return {name: x.astype("float32") / 255 for name, x in arrays.items()}


def load_electrocardiogram() -> Electrocardiogram:
    """Load five minutes of an electrocardiogram, with a label for each beat.

    Returns
    -------
    Electrocardiogram
        `signal` is float32, shape (108000,), in millivolts, with `rate` (360)
        samples a second. `places`, int64, shape (n,), holds the sample at
        which each beat is marked, and `kinds`, of the same shape, what
        cardiologists called it: "N" normal, "V" premature ventricular
        contraction, "F" fusion of a ventricular and a normal beat, "Q"
        unclassifiable. It is part of the course, the same in both modes.

    Raises
    ------
    ValueError
        If the file is damaged.
    FileNotFoundError
        If it is missing.

    Examples
    --------
    >>> ecg = load_electrocardiogram()
    >>> len(ecg.signal) / ecg.rate
    300.0
    >>> print(ecg.kinds[:3])
    ['N' 'N' 'N']
    """
    arrays = _read_sample("electrocardiogram")
    return Electrocardiogram(
        # The converter's zero and its steps a millivolt.
        signal=(arrays["signal"].astype("float32") - 1024) / 200,
        rate=360,
        places=arrays["places"].astype("int64"),
        kinds=arrays["kinds"],
    )


def class_names(name: str, mode: str = "fast") -> tuple[str, ...]:
    """Return the names that the labels of `load_images` stand for.

    Raises
    ------
    ValueError
        If the name or the mode is unknown.

    Examples
    --------
    >>> class_names("fashion_mnist")[:3]
    ('T-shirt', 'trouser', 'pullover')
    """
    _check_name(name)
    check_mode(mode)
    if name == "natural":
        name = "photographs" if mode == "fast" else "cifar10"
    return CLASS_NAMES[name]


def batches(
    inputs,
    targets=None,
    *,
    batch_size: int = 256,
    shuffle: bool = True,
    seed: int | None = None,
    drop_remainder: bool = False,
):
    """Feed arrays to a model in shuffled batches.

    Each epoch shuffles indices once and gathers whole batches from one tensor
    in memory. This is fast, because the work is done once for each batch and
    not, as in a pipeline that shuffles and stacks images, for each image.

    Parameters
    ----------
    inputs, targets : array, shape (n, ...)
        With `targets` the batches are pairs, without it single tensors. Pass
        the same array twice for an autoencoder: it is kept and gathered once.
        A `numpy.memmap` stays on the disk and is read batch by batch.
    batch_size : int
        Images a batch, at least 1.
    shuffle : bool
        Whether each epoch draws a new order.
    seed : int, optional
        The same seed gives the same orders, epoch by epoch. `None` takes one
        from Python's `random`, which `keras.utils.set_random_seed` seeds.
    drop_remainder : bool
        Whether to leave out a last batch that is smaller than the others.

    Returns
    -------
    tf.data.Dataset
        One epoch, of known length; iterate again for the next.

    Raises
    ------
    ValueError
        If an array is empty, the lengths differ, or `batch_size` is below 1.

    Examples
    --------
    >>> rows = np.arange(5)
    >>> for batch in batches(rows, batch_size=2, shuffle=False):
    ...     print(batch.numpy())
    [0 1]
    [2 3]
    [4]
    """
    n = len(inputs)
    steps = count_steps(inputs, targets, batch_size)
    if drop_remainder:
        steps = n // batch_size
    if seed is None:
        seed = random.getrandbits(31)

    with tf.device("CPU"):
        x = make_tensor(inputs)
        y = x if targets is inputs else targets
        y = None if y is None else make_tensor(y)
        # Epochs are counted here, because `Dataset.random` would make the
        # order depend on TensorFlow's own seed, too.
        epoch = tf.Variable(0, dtype="int64")

    def draw_next_order(_):
        if not shuffle:
            return tf.range(n)
        return draw_order(n, epoch.assign_add(1), seed)

    def gather(rows):
        images = gather_rows(x, rows)
        if y is None:
            return images
        return images, images if y is x else gather_rows(y, rows)

    def cut(order):
        stop = n - n % batch_size if drop_remainder else n
        starts = tf.data.Dataset.range(0, stop, batch_size)
        return starts.map(lambda start: order[start : start + batch_size])

    return (
        tf.data.Dataset.range(1)
        .map(draw_next_order)
        .flat_map(cut)
        .map(gather)
        .apply(tf.data.experimental.assert_cardinality(steps))
        .prefetch(tf.data.AUTOTUNE)
    )


def make_tensor(array):
    """Return an array as a tensor; one that lies on the disk stays there.

    Examples
    --------
    >>> make_tensor([1, 2]).numpy()
    array([1, 2], dtype=int32)
    """
    return array if is_on_disk(array) else tf.convert_to_tensor(array)


def gather_rows(array, rows):
    """Return rows of what `make_tensor` made, as a tensor.

    Parameters
    ----------
    array : tensor, or array on the disk, shape (n, ...)
    rows : tensor of int, shape (m,)

    Returns
    -------
    tensor, shape (m, ...)

    Examples
    --------
    >>> gather_rows(make_tensor([5, 6, 7]), [2, 0]).numpy()
    array([7, 5], dtype=int32)
    """
    if not is_on_disk(array):
        return tf.gather(array, rows)
    found = tf.numpy_function(
        lambda rows: np.asarray(array[rows]), [rows], array.dtype
    )
    # Otherwise Keras would not know the shape of an input.
    found.set_shape([None, *array.shape[1:]])
    return found


def count_steps(inputs, targets=None, batch_size: int = 256) -> int:
    """Return how many batches an epoch has, the last, smaller one included.

    Parameters
    ----------
    inputs, targets : array, shape (n, ...)
    batch_size : int

    Raises
    ------
    ValueError
        If there is nothing to feed, the lengths differ, or `batch_size` is
        below 1.

    Examples
    --------
    >>> count_steps(np.zeros((3500, 784)), batch_size=64)
    55
    """
    n = len(inputs)
    if n == 0:
        raise ValueError("inputs is empty: there is nothing to feed")
    if targets is not None and len(targets) != n:
        raise ValueError(
            f"inputs has {n} rows and targets {len(targets)}: they must match"
        )
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}: at least 1 is needed")
    return -(-n // batch_size)


def draw_order(n: int, epoch, seed):
    """Draw the order in which an epoch takes the rows.

    Parameters
    ----------
    n : int
        Rows.
    epoch : int or tensor
        Counted from 1; each epoch has another order.
    seed : int

    Returns
    -------
    tf.Tensor of int32, shape (n,)
        Each number from 0 to n - 1 once; the same for the same arguments.

    Examples
    --------
    >>> sorted(draw_order(4, epoch=1, seed=0).numpy().tolist())
    [0, 1, 2, 3]
    """
    return tf.random.experimental.stateless_shuffle(
        tf.range(n), seed=tf.stack([tf.cast(epoch, "int64"), seed])
    )


def _check_name(name):
    if name not in ("mnist", "fashion_mnist", "natural"):
        raise ValueError(
            f"unknown data set {name!r}: choose 'mnist', 'fashion_mnist' "
            "or 'natural'; utils.own_data.read_data reads data of your own"
        )


def _read_committed(name):
    """Return the bytes of a file that is part of the course."""
    path = DATA_DIR / name
    try:
        return path.read_bytes()
    except OSError as error:
        raise type(error)(
            f"{path} is missing or cannot be read ({error.strerror}): "
            f"{_say_how_to_restore(name)}"
        ) from None


def _say_how_to_restore(*names):
    paths = " ".join(f"data/{name}" for name in names)
    return (
        f"restore {' and '.join(names)} with 'git checkout -- {paths}', or "
        "from a fresh copy of the course"
    )


def _load_sample(name):
    arrays = _read_sample(name)
    return [
        (arrays[f"x_{part}"], arrays[f"y_{part}"])
        for part in ("train", "valid", "test")
    ]


def _read_sample(name):
    """Return the arrays of an embedded sample, after a look at its hash."""
    file = f"{name}.npz"
    content = _read_committed(file)
    hashes = _read_committed("SHA256SUMS").splitlines()
    if f"{find_sha256(content)}  {file}".encode() not in hashes:
        raise ValueError(
            f"the embedded sample {DATA_DIR / file} is damaged (its SHA-256 "
            "is not the one in data/SHA256SUMS): "
            f"{_say_how_to_restore(file, 'SHA256SUMS')}"
        )
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return dict(arrays)


def _load_full(name):
    source = "cifar10" if name == "natural" else name
    path = _find_folder() / f"{source}.npz"
    # `Path.exists` raises where a folder may not be read; here such a file is
    # missing, and the download says why it cannot be put there.
    if not os.path.exists(path):
        _download(source, path)
    arrays = _read_npz(path)
    _check_arrays(arrays, source, path)
    _report_content(arrays, source, path)
    x_train, y_train = arrays["x_train"], arrays["y_train"].ravel()
    x_test, y_test = arrays["x_test"], arrays["y_test"].ravel()
    if name != "natural":
        valid = _find_last_of_each_class(y_train, one_in=12)
        _check_valid(valid.sum(), path)
        return [
            (x_train[~valid], y_train[~valid]),
            (x_train[valid], y_train[valid]),
            (x_test, y_test),
        ]
    horses = x_train[y_train == HORSE].mean(axis=-1)
    labels = np.full(len(horses), HORSE)
    cut = len(horses) - len(horses) // 10
    _check_valid(len(horses) - cut, path)
    return [
        (horses[:cut], labels[:cut]),
        (horses[cut:], labels[cut:]),
        (x_test.mean(axis=-1), y_test),
    ]


def _check_valid(n, path):
    if n == 0:
        raise ValueError(
            f"{path}: x_train has too few images for a valid part: at least "
            "12 of a class are needed"
        )


def _find_last_of_each_class(labels, one_in):
    last = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        last[rows[len(rows) - len(rows) // one_in :]] = True
    return last


def _find_folder():
    """Return the folder of the full data sets."""
    named = os.environ.get("AUTOENCODER_DATA")
    if not named:
        return DATA_DIR / "full"
    # A relative name counts from the course's folder, wherever a kernel runs.
    folder = DATA_DIR.parent / named
    if not folder.is_dir():
        raise FileNotFoundError(
            f"AUTOENCODER_DATA names {named}, which is no folder: correct the "
            "name, or make the folder. Mode 'fast' needs none of it."
        )
    return folder


def _read_npz(path):
    """Return the four arrays, and the hashes of what they were made from."""
    try:
        with _open_npz(path) as file:
            missing = [key for key in ARRAYS if key not in file]
            arrays = {key: file[key] for key in ARRAYS if key in file}
            source = str(file["source"]) if "source" in file else ""
    except PermissionError as error:
        raise PermissionError(
            f"{path} cannot be read ({error.strerror}): change its rights "
            "('chmod u+r'), or let AUTOENCODER_DATA name another folder; "
            "mode 'fast' needs no file"
        ) from None
    except DAMAGE as error:
        raise ValueError(
            f"{path} is damaged or no npz file ({error}): move it away, and "
            "the next run downloads it again; mode 'fast' needs no file"
        ) from None
    if missing:
        raise ValueError(
            f"{path} has no array {', '.join(missing)}: it needs "
            f"{', '.join(ARRAYS)}"
        )
    return arrays | {"source": source}


def _open_npz(path):
    file = np.load(path, allow_pickle=False)
    if isinstance(file, np.ndarray):
        raise ValueError("it holds a single array")
    return file


def _check_arrays(arrays, source, path):
    shape = (32, 32, 3) if source == "cifar10" else (28, 28)
    for part in ("train", "test"):
        x, y = arrays[f"x_{part}"], arrays[f"y_{part}"]
        if x.dtype != np.uint8 or x.shape[1:] != shape or len(x) == 0:
            raise ValueError(
                f"{path}: x_{part} is {x.dtype} of shape {x.shape}; it must "
                f"be uint8 of shape (n, {', '.join(map(str, shape))})"
            )
        if y.dtype != np.uint8 or y.size != len(x) or y.max() > 9:
            raise ValueError(
                f"{path}: y_{part} is {y.dtype} of shape {y.shape}; it must "
                f"be uint8, one label from 0 to 9 for each of {len(x)} images"
            )
        if source == "cifar10" and not (y == HORSE).any():
            raise ValueError(f"{path}: y_{part} has no horse (label {HORSE})")


def _report_content(arrays, source, path):
    published = _read_sources()[source]
    if "arrays" in published:
        changed = [
            key
            for key, sha256 in published["arrays"].items()
            if find_sha256(np.ascontiguousarray(arrays[key])) != sha256
        ]
        reason = f"not as published: {', '.join(changed)}"
        is_verified = not changed
    else:
        reason = "not made from the published archive"
        is_verified = arrays["source"] == " ".join(published["files"].values())
    if is_verified:
        print(f"{path.name}: content verified, it is the published data")
        return
    warnings.warn(
        f"{path} has the right form but could not be verified ({reason}): "
        "figures may differ from those in the text",
        # The line that called `load_images`.
        stacklevel=4,
    )


def _read_sources():
    """Return data/sources.toml: for each set its files and arrays."""
    try:
        return tomllib.loads(_read_committed("sources.toml").decode())
    except ValueError as error:
        raise ValueError(
            f"{DATA_DIR / 'sources.toml'} is damaged ({error}): "
            f"{_say_how_to_restore('sources.toml')}"
        ) from None


def _download(source, path):
    """Download a data set and write it to `path`, as one npz file."""
    published = _read_sources()[source]["files"]
    convert = {
        "mnist": _read_npz,
        "fashion_mnist": _read_idx,
        "cifar10": _read_cifar10,
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(".part", dir=path.parent) as folder:
            files = [
                _download_file(address, sha256, folder)
                for address, sha256 in published.items()
            ]
            arrays = convert[source](*files)
        # Tells from then on which files the arrays were made from.
        arrays["source"] = " ".join(published.values())
        npz = io.BytesIO()
        np.savez(npz, **arrays)
        write_whole(path, npz.getvalue())
    except (OSError, ValueError, requests.RequestException) as error:
        raise FileNotFoundError(
            f"{path.name} is not in {path.parent} and could not be downloaded "
            f"({type(error).__name__}: {error}). Put the file there, or let "
            "AUTOENCODER_DATA name the folder that has it, or connect to the "
            "network. Mode 'fast' needs none of it."
        ) from error


def _download_file(address, sha256, folder):
    return pooch.retrieve(
        address,
        known_hash=f"sha256:{sha256}",
        fname=address.rsplit("/", 1)[1],
        path=folder,
        downloader=pooch.HTTPDownloader(progressbar=True, timeout=30),
    )


def _read_idx(*paths):
    """Read the gzipped IDX files of Fashion-MNIST, in ARRAYS' order."""
    x_train, y_train, x_test, y_test = (
        gzip.decompress(Path(path).read_bytes()) for path in paths
    )
    # An IDX header has 4 bytes, and 4 more for each dimension.
    return {
        "x_train": np.frombuffer(x_train, "uint8", offset=16).reshape(
            -1, 28, 28
        ),
        "y_train": np.frombuffer(y_train, "uint8", offset=8),
        "x_test": np.frombuffer(x_test, "uint8", offset=16).reshape(
            -1, 28, 28
        ),
        "y_test": np.frombuffer(y_test, "uint8", offset=8),
    }


def _read_cifar10(path):
    """Read the binary edition: rows of a label and 3 channels of 32x32."""
    names = [f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"]
    with tarfile.open(path) as archive:
        rows = [
            np.frombuffer(
                archive.extractfile(f"cifar-10-batches-bin/{name}").read(),
                "uint8",
            ).reshape(-1, 3073)
            for name in names
        ]
    arrays = {}
    for part, block in (
        ("train", np.concatenate(rows[:5])),
        ("test", rows[5]),
    ):
        channels_first = block[:, 1:].reshape(-1, 3, 32, 32)
        arrays[f"x_{part}"] = channels_first.transpose(0, 2, 3, 1)
        arrays[f"y_{part}"] = block[:, 0]
    return arrays
