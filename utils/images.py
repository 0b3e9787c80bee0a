"""Images of one's own: read from a folder, padded to a size that divides."""

import os
import struct
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

SUFFIXES = (
    ".png",
    ".jpg",
    ".jpeg",
    ".bmp",
    ".gif",
    ".tif",
    ".tiff",
    ".webp",
    ".pbm",
    ".pgm",
    ".ppm",
)

# What opening or decoding a damaged file raises, from Pillow's many readers.
DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    EOFError,
    IndexError,
    struct.error,
    Image.DecompressionBombError,
)

# The longest side of the size that is chosen where sizes differ.
LONGEST_SIDE = 128
# A larger array does not fit in the memory of a laptop.
MOST_BYTES = 4 * 2**30


class Images(NamedTuple):
    """Images `x`, with the folder and the file of each as `labels`, `files`.

    `x` is float32 in [0, 1], of shape (n, height, width, 1) for gray images
    and (n, height, width, 3) for color. `labels` holds the name of the folder
    below the one that was read, "" for files directly in it; `files` holds
    paths relative to it.
    """

    x: np.ndarray
    labels: np.ndarray
    files: list


def read_images(
    folder: str | os.PathLike,
    size: tuple[int, int] | None = None,
    color: bool | None = None,
) -> Images:
    """Read every image below a folder, in the order of their paths.

    What differs between files is made the same: a transparent background
    becomes white, 16 bits are scaled like 8, palettes are resolved, photos are
    turned as the camera noted it (EXIF), and of several frames the first is
    taken. One line is printed for what else was done: sizes that were changed,
    files that were left out.

    Parameters
    ----------
    folder : str or Path
        Names of its sub-folders become labels. Hidden files are not read. It
        may also be a single image file.
    size : pair of int, optional
        Height and width in pixels. Images of another size are stretched or
        shrunk to it, none of their content is cut off. By default the one
        size that all have; where sizes differ, their median, with the longest
        side at most 128 and both sides multiples of 8.
    color : bool, optional
        Whether to return three channels or one. By default three if any image
        has color, and not only three equal channels.

    Returns
    -------
    Images
        `x` float32 in [0, 1], shape (n, height, width, 1 or 3); `labels`,
        array of n str; `files`, list of n str.

    Raises
    ------
    FileNotFoundError
        If there is no such folder or file.
    ValueError
        If no image is left, `size` is not two positive numbers, or the array
        would have more than 4 GiB.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name, level in (("dark", 51), ("light", 255)):
    ...         os.mkdir(f"{folder}/{name}")
    ...         Image.new("L", (4, 2), level).save(f"{folder}/{name}/a.png")
    ...     images = read_images(folder)
    >>> images.x.shape, images.labels.tolist(), images.files
    ((2, 2, 4, 1), ['dark', 'light'], ['dark/a.png', 'light/a.png'])
    >>> images.x[0, 0, 0, 0]
    np.float32(0.2)
    """
    folder = Path(folder)
    _check_size(size)
    paths, others = _find_files(folder)
    is_file = folder.is_file()
    names = [
        path.name if is_file else path.relative_to(folder).as_posix()
        for path in paths
    ]
    damaged = {}
    sizes = {}
    for path, name in zip(paths, names, strict=True):
        try:
            sizes[name] = _read_size(path)
        except DAMAGE as error:
            damaged[name] = _name_damage(error)
    chosen = size
    if size is None and sizes:
        chosen = _choose_size(sizes.values())
    _check_memory(len(sizes), chosen)
    images, kept = [], []
    for path, name in zip(paths, names, strict=True):
        if name in damaged:
            continue
        try:
            images.append(_read_image(path, chosen))
            kept.append(name)
        except DAMAGE as error:
            damaged[name] = _name_damage(error)
    _report_files(damaged, others, folder)
    if not images:
        raise ValueError(_say_no_image(folder, damaged, others))
    _report_sizes([sizes[name] for name in kept], chosen)
    x = _join_channels(images, color)
    labels = [name.rpartition("/")[0] for name in kept]
    return Images(x, np.array(labels), kept)


def pad_images(x, multiple: int) -> np.ndarray:
    """Pad images until height and width are multiples of a number.

    A network that halves the size twice needs multiples of 4. Pixels are
    added at the lower and the right edge, as copies of the edge, so that no
    line appears there. `crop_images` takes them off again.

    Parameters
    ----------
    x : array, shape (n, height, width) or (n, height, width, channels)
    multiple : int
        At least 1.

    Returns
    -------
    array, of the same type
        The same array if nothing is to be added.

    Raises
    ------
    ValueError
        If `x` has another shape, or `multiple` is below 1.

    Examples
    --------
    >>> padded = pad_images(np.zeros((5, 27, 30, 3)), multiple=4)
    >>> padded.shape
    (5, 28, 32, 3)
    >>> crop_images(padded, height=27, width=30).shape
    (5, 27, 30, 3)
    """
    x = _check_images(x)
    if multiple < 1:
        raise ValueError(f"multiple is {multiple}: at least 1 is needed")
    added = [(0, -side % multiple) for side in x.shape[1:3]]
    if not np.any(added):
        return x
    rest = [(0, 0)] * (x.ndim - 3)
    return np.pad(x, [(0, 0), *added, *rest], mode="edge")


def crop_images(x, height: int, width: int) -> np.ndarray:
    """Cut images to a size, at the lower and the right edge.

    Parameters
    ----------
    x : array, shape (n, ...), of images
    height, width : int
        At most those of `x`.

    Returns
    -------
    array, shape (n, height, width) or (n, height, width, channels)

    Raises
    ------
    ValueError
        If `x` has another shape, or is smaller.

    Examples
    --------
    >>> crop_images(np.zeros((5, 28, 28, 1)), 27, 25).shape
    (5, 27, 25, 1)
    """
    x = _check_images(x)
    if not (1 <= height <= x.shape[1] and 1 <= width <= x.shape[2]):
        raise ValueError(
            f"images of {x.shape[1]} x {x.shape[2]} pixels cannot be cropped "
            f"to {height} x {width}: give a size from 1 to theirs"
        )
    return x[:, :height, :width]


def _check_images(x):
    x = np.asarray(x)
    if x.ndim not in (3, 4):
        raise ValueError(
            f"images have shape {x.shape}; (n, height, width) or (n, height, "
            "width, channels) is needed. For one image write image[None]"
        )
    return x


def _check_size(size):
    if size is not None and (
        np.shape(size) != (2,) or any(int(side) < 1 for side in size)
    ):
        raise ValueError(
            f"size is {size}: give height and width, such as size=(64, 64)"
        )


def _find_files(folder):
    """Return the image files, and the other files below a folder."""
    if folder.is_file():
        return [folder], []
    if not folder.is_dir():
        raise FileNotFoundError(
            f"there is no folder {show_name(folder)} (looked for in "
            f"{show_name(Path.cwd())}): correct the name, or give the whole "
            "path"
        )
    paths = []
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not _is_hidden(name)]
        paths += [Path(place, name) for name in files if not _is_hidden(name)]
    paths.sort()
    images = [path for path in paths if path.suffix.lower() in SUFFIXES]
    others = [path for path in paths if path.suffix.lower() not in SUFFIXES]
    return images, others


def _is_hidden(name):
    # What macOS and Windows leave in folders and archives.
    return name.startswith((".", "__MACOSX")) or name.lower() in (
        "thumbs.db",
        "desktop.ini",
    )


def show_name(path) -> str:
    r"""Return a path as text that can always be printed.

    On Linux a name may hold bytes that are no UTF-8, for example after an
    archive from Windows was unpacked; they are shown as "?".

    Examples
    --------
    >>> show_name("Stra\udcdfe.png")
    'Stra?e.png'
    """
    return str(path).encode("utf-8", "replace").decode("utf-8")


def _read_size(path):
    """Return height and width, from the head of a file."""
    with Image.open(path) as image:
        width, height = image.size
        # These orientations turn an image by 90 degrees.
        if image.getexif().get(0x0112) in (5, 6, 7, 8):
            width, height = height, width
    return height, width


def _choose_size(sizes):
    if len(set(sizes)) == 1:
        return next(iter(sizes))
    height, width = np.median([*sizes], axis=0)
    shrink = min(1, LONGEST_SIDE / max(height, width))
    return tuple(
        max(8, 8 * round(side * shrink / 8)) for side in (height, width)
    )


def _check_memory(n, size):
    # Three channels of float32.
    n_bytes = 12 * n * np.prod(size, dtype=float) if n else 0
    if n_bytes > MOST_BYTES:
        raise ValueError(
            f"{n} images of {size[0]} x {size[1]} pixels take "
            f"{n_bytes / 2**30:.0f} GiB of memory: give a smaller size, such "
            "as size=(128, 128)"
        )


def _read_image(path, size):
    """Return an image, shape (height, width, 1 or 3).

    It is uint8, or float32 in [0, 1] if the file has more than 8 bits.
    """
    with Image.open(path) as image:
        image = ImageOps.exif_transpose(image)
        if image.mode.startswith(("I", "F")):
            return _read_deep(image, size)
        if image.has_transparency_data:
            image = image.convert("RGBA")
            white = Image.new("RGBA", image.size, "white")
            image = Image.alpha_composite(white, image)
        image = image.convert("L" if image.mode in ("1", "L") else "RGB")
        if image.size[::-1] != tuple(size):
            image = image.resize(size[::-1], Image.Resampling.LANCZOS)
        pixels = np.array(image)
        return pixels.reshape(*size, -1)


def _read_deep(image, size):
    """Read gray levels of 16 bits, or fractions from 0 to 1."""
    pixels = np.array(image)
    if pixels.dtype.kind in "iu":
        pixels = pixels.astype("float32") / 65535
    pixels = pixels.astype("float32")
    low, high = pixels.min(), pixels.max()
    if not 0 <= low <= high <= 1:
        raise ValueError("gray levels beyond 16 bits or outside [0, 1]")
    image = Image.fromarray(pixels)
    if image.size[::-1] != tuple(size):
        image = image.resize(size[::-1], Image.Resampling.BILINEAR)
    return np.array(image)[..., None]


def _join_channels(images, color):
    """Stack images of one or three channels as float32 in [0, 1]."""
    if color is None:
        color = any(_has_color(image) for image in images)
    shape = len(images), *images[0].shape[:2], 3 if color else 1
    x = np.empty(shape, "float32")
    for i, image in enumerate(images):
        scale = 255 if image.dtype == np.uint8 else 1
        if image.shape[-1] == 3 and not color:
            # How bright the eye sees red, green and blue (ITU-R BT.601).
            image = image @ np.array([[0.299], [0.587], [0.114]], "float32")
        x[i] = image / np.float32(scale)
    return x.clip(0, 1, out=x)


def _has_color(image):
    return image.shape[-1] == 3 and bool(
        (image[..., :1] != image[..., 1:]).any()
    )


def _name_damage(error):
    if isinstance(error, PermissionError):
        return "may not be read"
    if isinstance(error, Image.DecompressionBombError):
        return "too large"
    if isinstance(error, ValueError) and "gray levels" in str(error):
        return str(error)
    return "damaged or no image"


def _report_files(damaged, others, folder):
    if damaged:
        listed = [
            f"{show_name(name)} ({reason})" for name, reason in damaged.items()
        ]
        print(f"left out: {_list_some(listed)}")
    if others:
        kinds = Counter(path.suffix.lower() or "no suffix" for path in others)
        listed = [f"{n} {kind}" for kind, n in kinds.most_common()]
        print(
            f"not read in {show_name(folder.name)}: {_list_some(listed)} "
            "(other files)"
        )


def _report_sizes(sizes, chosen):
    changed = sum(size != tuple(chosen) for size in sizes)
    if changed:
        low, high = np.min(sizes, axis=0), np.max(sizes, axis=0)
        print(
            f"{changed} of {len(sizes)} images resized to {chosen[0]} x "
            f"{chosen[1]} pixels (height x width); they had {low[0]} x "
            f"{low[1]} to {high[0]} x {high[1]}"
        )


def _list_some(words, most=5):
    rest = len(words) - most
    return ", ".join(words[:most]) + (f" and {rest} more" if rest > 0 else "")


def _say_no_image(folder, damaged, others):
    place = show_name(folder)
    if damaged:
        return (
            f"none of the {len(damaged)} image files in {place} can be read: "
            "open one in an image viewer, and save it as PNG or JPEG"
        )
    if others:
        return (
            f"there is no image in {place}, only other files: unpack "
            "archives, and save other formats, such as HEIC, as PNG or JPEG"
        )
    return f"there is no image in {place}: put PNG or JPEG files there"
