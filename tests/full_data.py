"""Small data sets in the form of the full ones, for tests of utils.data."""

import tomllib

from utils import data

import numpy as np

NAMES = ("mnist", "fashion_mnist", "natural")
SOURCES = {
    "mnist": "mnist",
    "fashion_mnist": "fashion_mnist",
    "natural": "cifar10",
}
PUBLISHED = tomllib.loads((data.DATA_DIR / "sources.toml").read_text())


def write_sources(folder, sources):
    lines = []
    for source, tables in sources.items():
        for table, rows in tables.items():
            lines.append(f"[{source}.{table}]")
            lines += [f'"{key}" = "{value}"' for key, value in rows.items()]
    (folder / "sources.toml").write_text("\n".join(lines))


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


def assert_same(found, expected):
    for part, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(part.x, other.x)
        np.testing.assert_array_equal(part.y, other.y)


def flip_a_byte(content):
    middle = len(content) // 2
    flipped = bytes([content[middle] ^ 1])
    return content[:middle] + flipped + content[middle + 1 :]


def list_files(folder):
    return {
        path.name: path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
