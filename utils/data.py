"""The images of the course, and the pipeline that feeds them to a model."""

import gzip
import hashlib
import os
import random
import tarfile
import warnings
from pathlib import Path
from typing import NamedTuple

from utils.backend import tf

import numpy as np
import pooch
import requests

DATA_DIR = Path(__file__).resolve().parent.parent / "data"
MODES = ("fast", "full")
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

# The addresses that keras.datasets uses, with the SHA-256 of each file. Of
# CIFAR-10 it is the binary edition: the Python edition is a pickle, and
# reading a pickle can execute code.
_KERAS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
DOWNLOADS = {
    "mnist": {
        f"{_KERAS}mnist.npz": "731c5ac602752760c8e48fbffcf8c3b8"
        "50d9dc2a2aedcf2cc48468fc17b673d1",
    },
    "fashion_mnist": {
        f"{_KERAS}train-images-idx3-ubyte.gz": "3aede38d61863908ad78613f6a32"
        "ed271626dd12800ba2636569512369268a84",
        f"{_KERAS}train-labels-idx1-ubyte.gz": "a04f17134ac03560a47e3764e11b"
        "92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        f"{_KERAS}t10k-images-idx3-ubyte.gz": "346e55b948d973a97e58d2351dde1"
        "6a484bd415d4595297633bb08f03db6a073",
        f"{_KERAS}t10k-labels-idx1-ubyte.gz": "67da17c76eaffca5446c3361aaab5"
        "c3cd6d1c2608764d35dfb1850b086bf8dd5",
    },
    "cifar10": {
        "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz": "c4a38c50"
        "a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    },
}

# SHA-256 of the published arrays' bytes (C order, uint8); data/README.md
# lists them too. The container (npz, gzip) may differ, the content may not.
PUBLISHED = {
    "mnist": {
        "x_train": "741c988805d008ac6e4c904b69001ba1"
        "84c24b2c540a4ef403f4c71b676cf757",
        "y_train": "1feba77c54802fa5339a11837ea4b286"
        "6434b83314ec45192930f1df69120c13",
        "x_test": "6d87418db22cc8025d05968bec9bd5c3"
        "932904b23485740db143a061a2c9d161",
        "y_test": "ddeff807876a9661a1110d45c266c862"
        "39a3a1b7d37da0c3716a7a683c852ff5",
    },
    "fashion_mnist": {
        "x_train": "2e487a6c89124f78f2d7521542223caf"
        "e96f7123c3ca13d447772ac6ecbb3012",
        "y_train": "657fbd221bfc9f4198cc14b5619cc33e"
        "c57c58dd0e47af4d99d6650759e869a7",
        "x_test": "c867c93ff95360594e8ec3287995350b"
        "824dd110b11595c0e13d5423f621867a",
        "y_test": "3d0e6c6ea990b53b6f8f500a41cac938"
        "81d981b315f84578b7d915342ade01e9",
    },
}


class Part(NamedTuple):
    """One part of a data set: images `x` and labels `y`."""

    x: np.ndarray
    y: np.ndarray


def load_images(name: str, mode: str = "fast") -> tuple[Part, Part, Part]:
    """Load the train, valid and test part of a data set, as pairs (x, y).

    Parameters
    ----------
    name : {"mnist", "fashion_mnist", "natural"}
        `natural` is gray images of one kind, and in the test part of other
        kinds too: patches of a photograph of a palace, then of a flower
        (fast); CIFAR-10's horses, then its other classes (full). Labels are
        indices into `class_names(name, mode)`; `y_train` has one value only.
    mode : {"fast", "full"}
        `fast` reads the embedded sample, without network. `full` reads
        `<name>.npz` (for `natural`: cifar10.npz) in the folder that the
        environment variable AUTOENCODER_DATA names (a relative name counts
        from the course's folder), else in data/full/; a file that is not
        there is downloaded into that folder.

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
    """
    _check_asked(name, mode)
    parts = _load_sample(name) if mode == "fast" else _load_full(name)
    return tuple(
        Part(x.astype("float32") / 255, y.astype("int64")) for x, y in parts
    )


def class_names(name: str, mode: str = "fast") -> tuple[str, ...]:
    """Return the names that the labels of `load_images` stand for.

    Raises
    ------
    ValueError
        If the name or the mode is unknown.
    """
    _check_asked(name, mode)
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
    """Feed arrays to a model in shuffled batches, fast.

    Each epoch shuffles indices once and gathers whole batches from one tensor
    in memory. A pipeline that shuffles and stacks images one at a time does
    the same work per image instead of per batch.

    Parameters
    ----------
    inputs, targets : array, shape (n, ...)
        With `targets` the batches are pairs, without it single tensors. Pass
        the same array twice for an autoencoder: it is kept and gathered once.
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
    if seed is None:
        seed = random.getrandbits(31)

    with tf.device("CPU"):
        x = tf.convert_to_tensor(inputs)
        y = x if targets is inputs else targets
        y = None if y is None else tf.convert_to_tensor(y)
        # Counted here: `Dataset.random` would mix in TensorFlow's own seed.
        epoch = tf.Variable(0, dtype="int64")

    def draw_order(_):
        if not shuffle:
            return tf.range(n)
        return tf.random.experimental.stateless_shuffle(
            tf.range(n), seed=tf.stack([epoch.assign_add(1), seed])
        )

    def gather(rows):
        images = tf.gather(x, rows)
        if y is None:
            return images
        return images, images if y is x else tf.gather(y, rows)

    def cut(order):
        stop = n - n % batch_size if drop_remainder else n
        starts = tf.data.Dataset.range(0, stop, batch_size)
        return starts.map(lambda start: order[start : start + batch_size])

    steps = n // batch_size if drop_remainder else -(-n // batch_size)
    return (
        tf.data.Dataset.range(1)
        .map(draw_order)
        .flat_map(cut)
        .map(gather)
        .apply(tf.data.experimental.assert_cardinality(steps))
        .prefetch(tf.data.AUTOTUNE)
    )


def _check_asked(name, mode):
    if name not in ("mnist", "fashion_mnist", "natural"):
        raise ValueError(
            f"unknown data set {name!r}: choose 'mnist', 'fashion_mnist' "
            "or 'natural'"
        )
    if mode not in MODES:
        raise ValueError(
            f"unknown mode {mode!r}: choose 'fast' (the embedded samples) or "
            "'full' (the whole data sets)"
        )


def _load_sample(name):
    path = DATA_DIR / f"{name}.npz"
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        sums = (DATA_DIR / "SHA256SUMS").read_bytes()
    except OSError as error:
        file = Path(error.filename)
        raise type(error)(
            f"{file} is missing or cannot be read ({error.strerror}): restore "
            f"it with 'git checkout -- data/{file.name}'"
        ) from None
    if f"{found}  {path.name}".encode() not in sums.splitlines():
        raise ValueError(
            f"the embedded sample {path} is damaged (its SHA-256 is not the "
            "one in data/SHA256SUMS): restore both with "
            f"'git checkout -- data/{path.name} data/SHA256SUMS'"
        )
    with np.load(path, allow_pickle=False) as file:
        return [
            (file[f"x_{part}"], file[f"y_{part}"])
            for part in ("train", "valid", "test")
        ]


def _load_full(name):
    source = "cifar10" if name == "natural" else name
    named = os.environ.get("AUTOENCODER_DATA")
    # A relative name counts from the course's folder, wherever a kernel runs.
    folder = DATA_DIR.parent / named if named else DATA_DIR / "full"
    if named and not folder.is_dir():
        raise FileNotFoundError(
            f"AUTOENCODER_DATA names {named}, which is no folder: correct the "
            "name, or make the folder. Mode 'fast' needs none of it."
        )
    path = folder / f"{source}.npz"
    # Unlike pathlib's, it takes a folder that is closed to us for empty.
    if os.path.exists(path):
        arrays = _read_npz(path)
        _check_arrays(arrays, source, path)
        _report_content(arrays, source, path)
    else:
        arrays = _download(source, folder)
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


def _read_npz(path):
    try:
        with np.load(path, allow_pickle=False) as file:
            return {
                key: file[key]
                for key in ("x_train", "y_train", "x_test", "y_test")
            }
    except KeyError as error:
        raise ValueError(
            f"{path} has no array {error.args[0].split()[0]}: it needs "
            "x_train, y_train, x_test and y_test"
        ) from None
    except PermissionError as error:
        raise PermissionError(
            f"{path} cannot be read ({error.strerror}): change its rights "
            "('chmod u+r'), or let AUTOENCODER_DATA name another folder; "
            "mode 'fast' needs no file"
        ) from None
    # A damaged file makes zipfile and NumPy raise nearly anything.
    except Exception as e:
        raise ValueError(
            f"{path} is damaged or no npz file ({e}): move it away, and the "
            "next run downloads it again; mode 'fast' needs no file"
        ) from None


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
    wrong = [
        key
        for key, expected in PUBLISHED.get(source, {}).items()
        if hashlib.sha256(arrays[key].tobytes()).hexdigest() != expected
    ]
    if source in PUBLISHED and not wrong:
        print(f"{path.name}: content verified, it is the published data")
        return
    what = ", ".join(wrong) or "no published hash to compare with"
    warnings.warn(
        f"{path} has the right form but could not be verified ({what}): "
        "figures may differ from those in the text",
        stacklevel=4,
    )


def _download(source, folder):
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files = [
            pooch.retrieve(
                address,
                known_hash=f"sha256:{sha256}",
                fname=address.rsplit("/", 1)[1],
                path=folder,
                downloader=pooch.HTTPDownloader(progressbar=True, timeout=30),
            )
            for address, sha256 in DOWNLOADS[source].items()
        ]
    except (OSError, ValueError, requests.RequestException) as error:
        raise FileNotFoundError(
            f"{source}.npz is not in {folder} and could not be downloaded "
            f"({type(error).__name__}: {error}). Put the file there, or let "
            "AUTOENCODER_DATA name the folder that has it, or connect to the "
            "network. Mode 'fast' needs none of it."
        ) from error
    print(f"{source}: downloaded files verified")
    read = {
        "mnist": lambda file: _read_npz(file),
        "fashion_mnist": _read_idx,
        "cifar10": _read_cifar10,
    }
    return read[source](*files)


def _read_idx(*paths):
    """Read the gzipped IDX files of Fashion-MNIST, in DOWNLOADS' order."""
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
