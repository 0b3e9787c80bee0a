"""Folders of images as people have them: any names, modes, sizes, damage."""

import os
import sys

from utils.images import crop_images, pad_images, read_images

import numpy as np
import pytest
from PIL import Image

RNG = np.random.default_rng(0)
GRAY = RNG.integers(0, 256, (12, 20), "uint8")
COLOR = RNG.integers(0, 256, (12, 20, 3), "uint8")


def save(path, pixels, **settings):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = pixels
    if isinstance(pixels, np.ndarray):
        image = Image.fromarray(pixels)
    image.save(path, **settings)
    return path


def make_palette():
    image = Image.fromarray(COLOR).convert("P", palette=1, colors=16)
    return image, np.asarray(image.convert("RGB")) / 255


def on_white(color, alpha):
    share = alpha[..., None] / 255
    return (share * color + (1 - share) * 255) / 255


ALPHA = np.where(np.arange(20) < 10, 255, 64).astype("uint8") + 0 * GRAY
PALETTE, PALETTE_COLORS = make_palette()
BLACK_WHITE = GRAY > 127
DEEP = RNG.integers(0, 65536, (12, 20), "uint16")

# Of each mode: what is saved, with which suffix, and what is to be read.
MODES = {
    "L": (Image.fromarray(GRAY), ".png", GRAY / 255),
    "RGB": (Image.fromarray(COLOR), ".bmp", COLOR / 255),
    "RGBA": (
        Image.fromarray(np.dstack([COLOR, ALPHA])),
        ".png",
        on_white(COLOR, ALPHA),
    ),
    "LA": (
        Image.fromarray(np.dstack([GRAY, ALPHA])),
        ".png",
        on_white(GRAY[..., None], ALPHA)[..., 0],
    ),
    "P": (PALETTE, ".gif", PALETTE_COLORS),
    "1": (Image.fromarray(BLACK_WHITE), ".png", BLACK_WHITE / 1),
    "I;16": (Image.fromarray(DEEP), ".png", DEEP / 65535),
    "I": (Image.fromarray(DEEP.astype("int32")), ".tif", DEEP / 65535),
    "F": (Image.fromarray(GRAY / np.float32(255)), ".tiff", GRAY / 255),
    "CMYK": (Image.fromarray(COLOR).convert("CMYK"), ".tif", COLOR / 255),
}


@pytest.mark.parametrize("mode", MODES)
def test_each_mode_becomes_gray_or_color_from_0_to_1(mode, tmp_path, capsys):
    image, suffix, expected = MODES[mode]
    assert image.mode == mode
    save(tmp_path / f"a{suffix}", image)
    x, labels, files = read_images(tmp_path)
    channels = 3 if expected.ndim == 3 else 1
    assert x.shape == (1, 12, 20, channels) and x.dtype == np.float32
    expected = expected.reshape(1, 12, 20, channels)
    # Blending is done in whole gray levels.
    np.testing.assert_allclose(x, expected, atol=1.01 / 255)
    assert (labels.tolist(), files) == ([""], [f"a{suffix}"])
    assert not capsys.readouterr().out


def test_a_palette_with_a_transparent_color_lies_on_white(tmp_path):
    image = Image.new("P", (4, 4), 1)
    image.putpalette([0, 0, 0, 200, 30, 10])
    image.putpixel((0, 0), 0)
    save(tmp_path / "a.png", image, transparency=0)
    x = read_images(tmp_path).x[0]
    np.testing.assert_allclose(x[0, 0], 1)
    np.testing.assert_allclose(x[3, 3], np.array([200, 30, 10]) / 255)


def test_all_modes_in_one_folder(tmp_path):
    for i, (image, suffix, _) in enumerate(MODES.values()):
        save(tmp_path / f"{i}{suffix}", image)
    x = read_images(tmp_path).x
    assert x.shape == (len(MODES), 12, 20, 3)
    # Gray ones have three equal channels.
    np.testing.assert_array_equal(x[0, ..., 0], x[0, ..., 2])


def test_color_may_be_chosen(tmp_path):
    save(tmp_path / "color.png", COLOR)
    # Saved in color, but gray.
    save(tmp_path / "gray.png", np.dstack([GRAY] * 3))
    gray = read_images(tmp_path, color=False).x
    assert gray.shape == (2, 12, 20, 1)
    expected = np.asarray(Image.fromarray(COLOR).convert("L")) / 255
    np.testing.assert_allclose(gray[0, ..., 0], expected, atol=1.01 / 255)
    (tmp_path / "color.png").unlink()
    assert read_images(tmp_path).x.shape == (1, 12, 20, 1)
    assert read_images(tmp_path, color=True).x.shape == (1, 12, 20, 3)


def test_photos_are_turned_as_the_camera_noted(tmp_path, capsys):
    exif = Image.Exif()
    exif[0x0112] = 6
    save(tmp_path / "a.png", np.rot90(GRAY), exif=exif)
    save(tmp_path / "b.png", GRAY)
    x = read_images(tmp_path).x
    np.testing.assert_array_equal(x[0], x[1])
    assert not capsys.readouterr().out


def test_names_of_all_kinds_and_nested_folders(tmp_path):
    names = [
        "Katzen und Hunde/Bild 1 (Kopie).JPG",
        "猫/写真.PNG",
        "a/b/c/deep.jpeg",
        "no label.Tiff",
        "ünïcode'\"$(x)#%.png",
    ]
    for name in names:
        save(tmp_path / name, GRAY)
    images = read_images(tmp_path)
    assert sorted(images.files) == sorted(names)
    labels = dict(zip(images.files, images.labels.tolist(), strict=True))
    assert labels["猫/写真.PNG"] == "猫"
    assert labels["a/b/c/deep.jpeg"] == "a/b/c"
    assert labels["no label.Tiff"] == ""
    assert read_images(str(tmp_path)).files == images.files


@pytest.mark.skipif(sys.platform != "linux", reason="names are Unicode there")
def test_names_that_are_no_text_can_be_printed(tmp_path, capsys):
    save(tmp_path / "good.png", GRAY)
    (tmp_path / os.fsdecode(b"Stra\xdfe.png")).write_bytes(b"")
    assert read_images(tmp_path).files == ["good.png"]
    assert "Stra?e.png" in capsys.readouterr().out


def test_hidden_files_are_not_looked_at(tmp_path, capsys):
    save(tmp_path / "a.png", GRAY)
    for name in (
        ".DS_Store",
        "._a.png",
        "Thumbs.db",
        "__MACOSX/._a.png",
        "__MACOSX/b.png",
        ".git/c.png",
        "desktop.ini",
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    assert read_images(tmp_path).files == ["a.png"]
    assert not capsys.readouterr().out


def test_damaged_files_are_named_and_left_out(tmp_path, capsys):
    whole = save(tmp_path / "good.png", GRAY).read_bytes()
    jpeg = save(tmp_path / "x.jpg", COLOR).read_bytes()
    (tmp_path / "x.jpg").write_bytes(jpeg[: len(jpeg) // 2])
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "text.png").write_text("<html>404</html>")
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 255
    (tmp_path / "flipped.png").write_bytes(flipped)
    (tmp_path / "notes.txt").write_text("taken in May")
    assert read_images(tmp_path).files == ["good.png"]
    damaged, others = capsys.readouterr().out.splitlines()
    for name in ("x.jpg", "cut.png", "empty.png", "text.png", "flipped.png"):
        assert name in damaged and name not in others
    assert "1 .txt" in others


def test_many_damaged_files_are_one_line(tmp_path, capsys):
    save(tmp_path / "good.png", GRAY)
    for i in range(30):
        (tmp_path / f"bad{i}.png").write_bytes(b"")
    read_images(tmp_path)
    (line,) = capsys.readouterr().out.splitlines()
    assert "and 25 more" in line and len(line) < 300


def test_a_damaged_file_of_another_size_changes_no_size(tmp_path, capsys):
    save(tmp_path / "a.png", GRAY)
    save(tmp_path / "b.png", GRAY)
    large = save(tmp_path / "c.png", np.zeros((90, 90), "uint8"))
    large.write_bytes(large.read_bytes()[:60])
    assert read_images(tmp_path).x.shape == (2, 12, 20, 1)
    assert "resized" not in capsys.readouterr().out


def test_mixed_sizes_become_one_and_a_line_says_so(tmp_path, capsys):
    for i, (height, width) in enumerate([(30, 40), (33, 47), (300, 40)]):
        save(tmp_path / f"{i}.png", np.full((height, width), 51, "uint8"))
    x = read_images(tmp_path).x
    assert x.shape == (3, 32, 40, 1)
    np.testing.assert_allclose(x, 0.2, atol=1e-6)
    (line,) = capsys.readouterr().out.splitlines()
    assert "3 of 3" in line and "32 x 40" in line and "300 x 47" in line
    assert read_images(tmp_path, size=(7, 9)).x.shape == (3, 7, 9, 1)
    assert "7 x 9" in capsys.readouterr().out


def test_large_photos_are_made_small_where_sizes_differ(tmp_path):
    save(tmp_path / "a.jpg", np.zeros((600, 800), "uint8"))
    save(tmp_path / "b.jpg", np.zeros((1000, 800), "uint8"))
    height, width = read_images(tmp_path).x.shape[1:3]
    assert max(height, width) == 128 and height % 8 == width % 8 == 0


def test_nothing_is_cut_off_when_an_image_is_resized(tmp_path):
    framed = np.full((40, 80), 255, "uint8")
    framed[4:-4, 4:-4] = 0
    save(tmp_path / "a.png", framed)
    x = read_images(tmp_path, size=(20, 20)).x[0, ..., 0]
    assert x[10, 0] > 0.9 < x[10, -1] and x[0, 10] > 0.9 < x[-1, 10]


def test_one_file_is_one_image(tmp_path):
    path = save(tmp_path / "my photo.JPG", COLOR)
    images = read_images(path, size=(28, 28), color=False)
    assert images.x.shape == (1, 28, 28, 1)
    assert images.files == ["my photo.JPG"]


def test_several_frames_give_the_first(tmp_path):
    frames = [
        Image.fromarray(np.full((4, 4), level, "uint8")) for level in (51, 255)
    ]
    frames[0].save(tmp_path / "a.tif", save_all=True, append_images=frames[1:])
    np.testing.assert_allclose(read_images(tmp_path).x, 0.2, atol=1e-6)


def test_no_image_is_said_in_a_sentence(tmp_path):
    with pytest.raises(FileNotFoundError, match="no folder .*nowhere.*name"):
        read_images(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="no image in .*put PNG"):
        read_images(tmp_path)
    (tmp_path / "IMG_1.HEIC").write_bytes(b"x")
    (tmp_path / "all.zip").write_bytes(b"x")
    with pytest.raises(ValueError, match="only other files: .*HEIC"):
        read_images(tmp_path)
    (tmp_path / "a.png").write_bytes(b"x")
    with pytest.raises(ValueError, match="none of the 1 image files"):
        read_images(tmp_path)
    with pytest.raises(ValueError, match="none of the 1 image files"):
        read_images(tmp_path / "all.zip")


@pytest.mark.parametrize("size", [28, (28,), (0, 28), (28, -1), (28, 28, 3)])
def test_a_size_is_height_and_width(size, tmp_path):
    save(tmp_path / "a.png", GRAY)
    with pytest.raises(ValueError, match="give height and width"):
        read_images(tmp_path, size=size)


def test_what_does_not_fit_into_memory_is_refused(tmp_path):
    path = save(tmp_path / "a.png", GRAY)
    with pytest.raises(ValueError, match="GiB.*smaller size"):
        read_images(path, size=(60_000, 60_000))


@pytest.mark.parametrize("shape", [(27, 30), (27, 30, 3)])
@pytest.mark.parametrize("multiple", [1, 2, 4, 8])
def test_padding_is_taken_off_again(shape, multiple):
    x = RNG.random((3, *shape))
    padded = pad_images(x, multiple)
    assert padded.shape[1] % multiple == padded.shape[2] % multiple == 0
    assert padded.shape[1] - 27 < multiple and padded.shape[2] - 30 < multiple
    np.testing.assert_array_equal(crop_images(padded, 27, 30), x)
    # Copies of the edge, no line of zeros.
    assert padded.min() == x.min()
    np.testing.assert_array_equal(padded[:, -1, :30], x[:, -1])


def test_images_that_cannot_be_padded_or_cropped_are_refused():
    with pytest.raises(ValueError, match=r"image\[None\]"):
        pad_images(np.zeros((28, 28)), 4)
    with pytest.raises(ValueError, match="at least 1"):
        pad_images(np.zeros((1, 28, 28)), 0)
    with pytest.raises(ValueError, match="28 x 28 pixels cannot be cropped"):
        crop_images(np.zeros((1, 28, 28)), 30, 28)
