"""Lesson 11 runs on data that somebody brings, or says what is missing."""

import copy
import re

from utils.tools.lessons import get_tags, read_lessons

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from test_settings import check_row, run

NAME = "11_use_your_own_data"
pytestmark = pytest.mark.lesson(NAME)
GENERATOR = np.random.default_rng(0)


def write_lesson(path):
    """Return the lesson for a path, with short trainings."""
    lesson = copy.deepcopy(read_lessons()[NAME])
    for cell in lesson.cells:
        if "parameters" in get_tags(cell):
            cell.source = cell.source.replace(
                'data_path = ""', f"data_path = {str(path)!r}"
            )
            assert str(path) in cell.source
        cell.source = re.sub(
            r"^(\w*EPOCHS) = .*", r"\1 = 1", cell.source, flags=re.M
        )
    return lesson


def write_odd_images(folder):
    """Write images of odd sizes, modes and names, and a damaged file."""
    (folder / "deep" / "er").mkdir(parents=True)
    for number, mode in enumerate(["L", "RGB", "RGBA", "P", "1", "I;16"] * 4):
        height, width = GENERATOR.integers(9, 40, 2)
        if mode == "I;16":
            levels = GENERATOR.integers(0, 65536, (height, width))
            image = Image.fromarray(levels.astype("uint16"))
        else:
            pixels = GENERATOR.integers(0, 256, (height, width, 3))
            image = Image.fromarray(pixels.astype("uint8")).convert(mode)
        place = folder / "deep" / "er" if number % 2 else folder
        image.save(place / f"Bild {number} ä.png")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 not an image")


def write_table(path):
    """Write a table with categories, missing values, an id and a date."""
    n = 60
    frame = pd.DataFrame(
        {
            "id": range(1, n + 1),
            "when": pd.date_range("2024-02-25", periods=n).strftime(
                "%d.%m.%Y"
            ),
            "price": GENERATOR.lognormal(3, 1, n).round(2),
            "color": GENERATOR.choice(["red", "green", "blue"], n),
            "works": GENERATOR.choice([True, False], n),
            "empty": [None] * n,
        }
    )
    frame.loc[::7, "price"] = None
    frame.loc[::9, "color"] = None
    frame.to_csv(path, index=False, sep=";")


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    write_odd_images(folder / "odd images")
    write_table(folder / "table.csv")
    levels = GENERATOR.integers(0, 256, (30, 28, 28)).astype("uint8")
    np.savez(folder / "gray.npz", x=levels, y=np.arange(30))
    waves = np.sin(np.arange(24) + GENERATOR.normal(0, 1, (40, 1)))
    np.savez(folder / "waves.npz", x=20 * waves[..., None] + 50)
    sources = ["odd images", "table.csv", "gray.npz", "waves.npz"]
    lessons = {
        f"{NAME}_{number}": write_lesson(folder / source)
        for number, source in enumerate(sources)
    }
    found = run(folder / "lessons", lessons)
    return dict(zip(sources, found.values(), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize(
    "source", ["odd images", "table.csv", "gray.npz", "waves.npz"]
)
def test_lesson_runs_on_data_of_ones_own(rows, source):
    check_row(rows[source])
    metrics = rows[source]["metrics"]
    assert metrics["baseline_test_mse"] > 0
    assert metrics["faults_mended"] == 12


def test_a_path_that_does_not_exist_is_named_in_one_sentence(tmp_path):
    missing = tmp_path / "nowhere"
    lessons = {NAME: write_lesson(missing)}
    (row,) = run(tmp_path / "lessons", lessons).values()
    assert row["status"] == "failed"
    assert "nowhere" in row["error"]
    assert "correct the name" in row["error"]


def test_a_folder_of_one_image_is_refused_in_one_sentence(tmp_path):
    folder = tmp_path / "one"
    folder.mkdir()
    Image.new("RGB", (20, 30)).save(folder / "only.png")
    (row,) = run(tmp_path / "lessons", {NAME: write_lesson(folder)}).values()
    assert row["status"] == "failed"
    assert "10 or more" in row["error"]
