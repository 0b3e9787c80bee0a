import base64
import io
import statistics
import time

from utils import explore

import matplotlib.pyplot as plt
import numpy as np
import pytest

RNG = np.random.default_rng(0)
WEIGHTS = RNG.normal(size=(2, 784))
CODES = RNG.normal(size=(200, 2))


def decode(codes):
    return 1 / (1 + np.exp(-codes @ WEIGHTS))


@pytest.fixture
def shown(monkeypatch):
    """What was displayed, as (data, metadata)."""
    calls = []
    monkeypatch.setattr(
        explore,
        "display",
        lambda data, metadata, raw: calls.append((data, metadata)),
    )
    return calls


def move(explorer, codes, monkeypatch):
    """Move the point as the page does; return the pixels that it gets."""
    sent = []
    monkeypatch.setattr(
        explorer, "send", lambda _, buffers: sent.append(buffers)
    )
    explorer._handle_custom_msg({"codes": codes}, None)
    ((pixels,),) = sent
    return np.frombuffer(pixels, "uint8")


def test_the_picture_follows_the_point(shown, monkeypatch):
    explorer = explore.explore_codes(decode, CODES, alt="a map")
    first = np.frombuffer(explorer.pixels, "uint8")
    at_first = 255 * decode(np.array([explorer.setup["codes"]]))[0]
    assert np.abs(first - at_first).max() <= 0.51
    for codes in ([0.5, -0.25], [1.0, 1.0]):
        pixels = move(explorer, codes, monkeypatch)
        expected = 255 * decode(np.array([codes]))[0]
        assert np.abs(pixels - expected).max() <= 0.51
        assert not np.array_equal(first, pixels)


def test_gray_levels_beyond_black_and_white_are_clipped(shown):
    bright = np.array([[1.5, 1.0, 0.0, -0.5]])
    explorer = explore.explore_codes(
        lambda codes: np.tile(bright, (len(codes), 1)), [[0.0]], alt="one"
    )
    assert list(explorer.pixels) == [255, 255, 0, 0]


def test_the_map_has_the_first_code_across_and_the_second_up(shown):
    # Most codes lie where the first is large and the second is small.
    codes = np.vstack([[[0.0, 0.0], [9.0, 9.0]], [[8.0, 1.0]] * 50])
    setup = explore.explore_codes(decode, codes, alt="a map").setup
    png = base64.b64decode(setup["map"].partition(",")[2])
    image = plt.imread(io.BytesIO(png))[..., :3].mean(axis=-1)
    # The upper row of pixels comes first; dots are darker than the page.
    rows, columns = np.nonzero(image < 0.9)
    lows, highs = np.array([setup["lows"], setup["highs"]])
    across, up = ([8.0, 1.0] - lows) / (highs - lows)
    assert np.median(columns) / image.shape[1] == pytest.approx(
        across, abs=0.02
    )
    assert 1 - np.median(rows) / image.shape[0] == pytest.approx(up, abs=0.02)


@pytest.fixture
def drawn(monkeypatch):
    """What was drawn on the sheet, as (rows, columns)."""
    calls = []
    plot_images = explore.plot_images

    def record(rows, columns):
        calls.append((rows, columns))
        return plot_images(rows, columns)

    monkeypatch.setattr(explore, "plot_images", record)
    return calls


def decode_to_themselves(codes):
    """Return pictures that hold the codes as their first pixels."""
    picture = np.zeros((len(codes), 4))
    picture[:, : codes.shape[1]] = codes
    return picture


def test_each_picture_of_a_sheet_of_two_codes_is_under_its_heading(
    shown, drawn
):
    # The second code varies so little that one digit does not name a row.
    codes = np.random.default_rng(1).uniform(0, 1, (99, 2)) * [4, 0.04]
    explore.explore_codes(decode_to_themselves, codes, alt="a sheet")
    ((rows, columns),) = drawn
    assert len(rows) == len(columns) == 9
    for second, pictures in rows.items():
        for first, picture in zip(columns, pictures, strict=True):
            assert picture[0] == pytest.approx(float(first), abs=0.051)
            assert picture[1] == pytest.approx(float(second), abs=0.0051)
    # The page reads from left to right, and upwards.
    assert columns == sorted(columns)
    assert list(rows) == sorted(rows, reverse=True)


def test_a_sheet_of_more_codes_moves_one_in_each_column(shown, drawn):
    codes = np.random.default_rng(1).uniform(0, 1, (99, 3)) * [1, 0.5, 0.2]
    explore.explore_codes(decode_to_themselves, codes, alt="a sheet")
    ((rows, columns),) = drawn
    assert columns == ["1", "2", "3"]
    assert [*rows] == ["99 %", "75 %", "50 %", "25 %", "1 %"]
    for share, pictures in rows.items():
        level = np.percentile(codes, int(share.split()[0]), axis=0)
        for column, picture in enumerate(pictures):
            expected = codes[0].copy()
            expected[column] = level[column]
            np.testing.assert_allclose(picture[:3], expected, atol=1e-6)


def test_the_point_starts_at_the_first_code_within_the_range(shown):
    far = np.vstack([[[9.0, 0.0]], CODES])
    setup = explore.explore_codes(decode, far, alt="a map").setup
    assert setup["codes"] == pytest.approx([setup["highs"][0], 0])
    assert 2 < setup["highs"][0] < 9 and -4 < setup["lows"][0] < -2


@pytest.mark.parametrize("n_codes", [1, 2, 5])
def test_where_nothing_moves_a_sheet_stands(shown, n_codes):
    codes = RNG.normal(size=(50, n_codes))
    explorer = explore.explore_codes(
        lambda codes: np.tile(codes[:, :1], (1, 784)), codes, alt="a sheet"
    )
    ((data, metadata),) = shown
    # A widget would win over the picture, and be dead without its kernel.
    assert set(data) == {"image/png", "text/plain"}
    png = base64.b64decode(data["image/png"])
    assert png.startswith(b"\x89PNG")
    # The page finds the picture by its comment, near its start.
    assert explorer.setup["place"].encode() in png[:300]
    assert not any("widget" in kind for kind in explorer._repr_mimebundle_())
    assert metadata["image/png"]["alt"] == data["text/plain"] == "a sheet"
    # Only two codes are a map.
    assert ("map" in explorer.setup) == (n_codes == 2)


def test_the_map_is_colored_by_class(shown):
    labels = (CODES[:, 0] > 0).astype(int)
    maps = [
        explore.explore_codes(decode, CODES, colors, alt="a map").setup["map"]
        for colors in (None, labels, 0 * labels)
    ]
    # Gray, two colors, and one color.
    assert len(set(maps)) == 3
    assert maps[0].startswith("data:image/png;base64,")


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        (np.zeros(5), r"not \(5,\)"),
        (np.zeros((0, 2)), r"not \(0, 2\)"),
        (np.full((5, 2), np.nan), "finite"),
    ],
)
def test_codes_that_are_none_are_refused(shown, codes, message):
    with pytest.raises(ValueError, match=message):
        explore.explore_codes(decode, codes, alt="a map")
    assert not shown


def test_images_that_are_not_square_are_refused(shown):
    with pytest.raises(ValueError, match="no square image"):
        explore.explore_codes(
            lambda codes: np.zeros((len(codes), 783)), CODES, alt="a map"
        )


def test_the_map_names_its_classes(shown):
    labels = np.arange(200) % 3
    setups = [
        explore.explore_codes(decode, CODES, labels, names, alt="a map").setup
        for names in (None, ["shoe", "coat", "bag"])
    ]
    numbers, words = [
        [name for name, _ in setup["classes"]] for setup in setups
    ]
    assert numbers == ["0", "1", "2"] and words == ["shoe", "coat", "bag"]
    colors = {color for _, color in setups[0]["classes"]}
    assert len(colors) == 3 and all(color[0] == "#" for color in colors)
    assert setups[0]["map"] != setups[1]["map"]
    unlabeled = explore.explore_codes(decode, CODES, alt="a map").setup
    assert unlabeled["classes"] == []


def test_pictures_of_a_slider_are_left_in_order(monkeypatch):
    calls = []
    monkeypatch.setattr(
        explore, "display", lambda data, raw: calls.append(data)
    )
    # Labels that a notebook would sort; flat images and square ones.
    stops = {
        f"{n} codes": {
            "bright": np.full((3, 4), n / 10),
            "dark": np.zeros((3, 2, 2)),
        }
        for n in (2, 10)
    }
    explore.leave_pictures("size", stops)
    (data,) = calls
    left = data[explore.STOPS_TYPE]
    assert data["text/plain"] == (
        "For the web site of the course: a slider, size, 2 stops."
    )
    assert left["stops"] == ["2 codes", "10 codes"]
    assert left["rows"] == [["bright", "dark"]] * 2
    sheet = plt.imread(io.BytesIO(base64.b64decode(left["sheet"])))
    assert sheet.shape == (4 * 2, 3 * 2)
    # From above: both rows of the first stop, both rows of the second.
    rows = sheet[::2, 0].tolist()
    assert rows == pytest.approx([0.2, 0, 1, 0], abs=0.003)


def test_pictures_of_a_slider_stand_beside_each_other(monkeypatch):
    calls = []
    monkeypatch.setattr(
        explore, "display", lambda data, raw: calls.append(data)
    )
    images = np.arange(12).reshape(3, 4) / 20
    explore.leave_pictures("size", {"a": {"row": images}, "b": {"": images}})
    sheet = calls[0][explore.STOPS_TYPE]["sheet"]
    pixels = plt.imread(io.BytesIO(base64.b64decode(sheet)))
    for stop in range(2):
        for i in range(3):
            found = pixels[2 * stop : 2 * stop + 2, 2 * i : 2 * i + 2]
            assert found == pytest.approx(images[i].reshape(2, 2), abs=0.003)


@pytest.mark.parametrize(
    "stops",
    [
        {},
        {"a": {}},
        {"a": {"x": np.zeros((2, 4))}, "b": {}},
        {"a": {"x": np.zeros((2, 4)), "y": np.zeros((3, 4))}},
        {"a": {"x": np.zeros((2, 4))}, "b": {"x": np.zeros((2, 9))}},
    ],
)
def test_pictures_that_fit_no_slider_are_refused(shown, stops):
    with pytest.raises(ValueError, match="as many rows"):
        explore.leave_pictures("size", stops)
    assert not shown


def test_points_of_a_slider_keep_their_shape(monkeypatch):
    calls = []
    monkeypatch.setattr(
        explore, "display", lambda data, raw: calls.append(data)
    )
    points = np.array([[100.0, 5.0], [104.0, 5.0], [102.0, 6.0]])
    explore.leave_points("side", {"a": points}, [0, 1, 0], ["x", "y"])
    left = calls[0][explore.STOPS_TYPE]
    # Centered, and as wide as the page: the height is a quarter of the width.
    assert left["points"] == [[[-1, -0.25], [1, -0.25], [0, 0.25]]]
    assert [name for name, _ in left["classes"]] == ["x", "y"]
    with pytest.raises(ValueError, match=r"shape \(2, 2\)"):
        explore.leave_points("side", {"a": points}, [0, 1], ["x", "y"])


@pytest.mark.timing
def test_a_decoder_is_fast_enough_to_follow(shown, monkeypatch):
    from utils.backend import tf  # noqa: F401, silences what follows

    import keras
    from keras import layers

    decoder = keras.Sequential(
        [
            keras.Input((2,)),
            layers.Dense(256, "relu"),
            layers.Dense(784, "sigmoid"),
        ]
    )
    explorer = explore.explore_codes(decoder, CODES, alt="a map")
    seconds = []
    for codes in CODES[:20].tolist():
        start = time.perf_counter()
        move(explorer, codes, monkeypatch)
        seconds.append(time.perf_counter() - start)
    assert statistics.median(seconds) < 0.05
