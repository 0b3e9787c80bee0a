"""Make the samples of lesson 11 again: photographs, a table and a series.

    pip install -e ".[samples]"
    python data/make_own_data.py

Photographs: pieces of ten pictures that scikit-image ships, as files of many
sizes in a folder for each picture. Table: the Palmer penguins. Series: weekly
CO2 at Mauna Loa. Writes data/own_data/ with its SHA256SUMS.
"""

import importlib.resources
import io
from pathlib import Path

from utils.files import find_sha256, write_whole

import numpy as np
import pandas as pd
import skimage.data
from PIL import Image

FOLDER = Path(__file__).resolve().parent / "own_data"
PICTURES = {
    "astronaut": skimage.data.astronaut,
    "brick": skimage.data.brick,
    "cat": skimage.data.chelsea,
    "coffee": skimage.data.coffee,
    "grass": skimage.data.grass,
    "gravel": skimage.data.gravel,
    "retina": skimage.data.retina,
    "rocket": skimage.data.rocket,
    "stars": skimage.data.hubble_deep_field,
    "tissue": skimage.data.immunohistochemistry,
}
CELL = 44  # pixels; a piece lies in one cell of a picture
SMALLEST_SIDE = 28
N_PIECES = 30  # of each picture
LEAST_CONTRAST = 8  # standard deviation, of 255


def cut_pieces(picture, generator):
    """Cut pieces of many sizes, at most one in each second cell.

    Pieces do not overlap. The other cells, of which row plus column is odd,
    stay unused: lesson 11's notes for instructors make a hidden test set of
    them.
    """
    rows, columns = (size // CELL for size in picture.shape[:2])
    cells = [cell for cell in np.ndindex(rows, columns) if sum(cell) % 2 == 0]
    pieces = []
    for row, column in generator.permutation(cells):
        height, width = generator.integers(SMALLEST_SIDE, CELL + 1, 2)
        top = CELL * row + generator.integers(0, CELL - height + 1)
        left = CELL * column + generator.integers(0, CELL - width + 1)
        piece = picture[top : top + height, left : left + width]
        if piece.std() >= LEAST_CONTRAST:
            pieces.append(piece)
        if len(pieces) == N_PIECES:
            break
    return pieces


def write_photographs():
    """Write color pieces as JPEG, gray ones as PNG."""
    generator = np.random.default_rng(42)
    for name, load in PICTURES.items():
        for number, piece in enumerate(cut_pieces(load(), generator)):
            is_gray = piece.ndim == 2
            file = io.BytesIO()
            image = Image.fromarray(piece)
            if is_gray:
                image.save(file, format="PNG", optimize=True)
            else:
                image.save(file, format="JPEG", quality=90)
            suffix = "png" if is_gray else "jpg"
            path = FOLDER / "photos" / name / f"{number:02}.{suffix}"
            write_whole(path, file.getvalue())


def write_table():
    """Copy the penguins, with their missing values."""
    files = importlib.resources.files("palmerpenguins")
    content = (files / "data" / "penguins.csv").read_bytes()
    write_whole(FOLDER / "penguins.csv", content)


def write_series():
    """Write weeks and CO2; weeks without a value keep an empty cell."""
    files = importlib.resources.files("statsmodels")
    with (files / "datasets" / "co2" / "co2.csv").open() as file:
        frame = pd.read_csv(file, dtype={"date": str})
    days = pd.to_datetime(frame["date"], format="%Y%m%d")
    frame = pd.DataFrame(
        {"week": days.dt.strftime("%Y-%m-%d"), "co2_ppm": frame["co2"]}
    )
    write_whole(FOLDER / "co2.csv", frame.to_csv(index=False))


def main():
    write_photographs()
    write_table()
    write_series()
    paths = sorted(
        path
        for path in FOLDER.rglob("*")
        if path.is_file() and path.name != "SHA256SUMS"
    )
    lines = [
        f"{find_sha256(path.read_bytes())}  "
        f"{path.relative_to(FOLDER).as_posix()}\n"
        for path in paths
    ]
    write_whole(FOLDER / "SHA256SUMS", "".join(lines))


if __name__ == "__main__":
    main()
