"""Data of one's own, from the disk to a model beside PCA."""

import contextlib
import io
import math

from utils.data import Part
from utils.images import pad_images, read_images
from utils.own_data import Advice, look_at, read_data, split_data
from utils.scores import print_scores, reconstruct_with_pca
from utils.series import cut_windows, pad_sequences, read_series, split_series
from utils.tables import TableCoder, read_table
from utils.training import fit

import keras
import numpy as np
import pandas as pd
import pytest
from keras import layers
from PIL import Image

RNG = np.random.default_rng(0)


# --- Whatever they are -------------------------------------------------------


def test_each_kind_of_source_is_read(tmp_path):
    x = RNG.random((6, 4, 4)).astype("float32")
    folder = tmp_path / "my images"
    folder.mkdir()
    for i, image in enumerate(x):
        Image.fromarray((255 * image).astype("uint8")).save(
            folder / f"{i}.png"
        )
    assert read_data(folder).x.shape == (6, 4, 4, 1)
    assert read_data(str(folder / "3.png")).files == ["3.png"]
    np.save(tmp_path / "a.npy", x)
    np.testing.assert_array_equal(read_data(tmp_path / "a.npy"), x)
    np.savez(tmp_path / "one.npz", anything=x)
    np.testing.assert_array_equal(read_data(tmp_path / "one.npz"), x)
    np.savez_compressed(tmp_path / "two.npz", x_train=x, y_train=x[:, 0, 0])
    np.testing.assert_array_equal(read_data(tmp_path / "two.npz"), x)
    found = read_data(tmp_path / "two.npz", key="y_train")
    assert found.shape == (6, 1)
    (tmp_path / "t.csv").write_text("a,b\n1,x\n2,y\n")
    assert isinstance(read_data(tmp_path / "t.csv"), pd.DataFrame)
    assert isinstance(read_data(pd.DataFrame({"a": [1, 2]})), pd.DataFrame)
    np.testing.assert_array_equal(read_data(x), x)
    np.testing.assert_array_equal(read_data(x.tolist()), x)
    np.testing.assert_array_equal(read_data(keras.ops.convert_to_tensor(x)), x)


def test_what_cannot_be_read_is_said_in_a_sentence(tmp_path):
    with pytest.raises(FileNotFoundError, match="no folder or file .*nowhere"):
        read_data(tmp_path / "nowhere")
    for name, message in (
        ("a.zip", "unpack an archive"),
        ("a.mat", "an .npz, .npy or .csv"),
        ("a.npy", "damaged"),
        ("a.npz", "damaged"),
    ):
        (tmp_path / name).write_bytes(b"abc")
        with pytest.raises(ValueError, match=message):
            read_data(tmp_path / name)
    np.savez(tmp_path / "b.npz", first=[1], second=[2])
    with pytest.raises(ValueError, match="holds first, second: .*key="):
        read_data(tmp_path / "b.npz")
    np.save(tmp_path / "c.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(ValueError, match="c.npy"):
        read_data(tmp_path / "c.npy")
    with pytest.raises(ValueError, match="different lengths.*pad_sequences"):
        read_data([[1, 2], [3]])
    with pytest.raises(ValueError, match="one int"):
        read_data(3)


# --- Parts -------------------------------------------------------------------


@pytest.mark.parametrize("n", [3, 10, 1000])
def test_parts_are_drawn_and_complete(n):
    x, labels = np.arange(n)[:, None], np.arange(n) % 7
    parts = split_data(x, labels)
    assert all(isinstance(part, Part) and len(part.x) for part in parts)
    rows = np.concatenate([part.x[:, 0] for part in parts])
    assert sorted(rows) == list(range(n))
    for part in parts:
        np.testing.assert_array_equal(part.y, part.x[:, 0] % 7)
    if n == 1000:
        assert [len(part.x) for part in parts] == [700, 150, 150]
        again, other = split_data(x), split_data(x, seed=1)
        np.testing.assert_array_equal(again[0].x, parts[0].x)
        assert not np.array_equal(other[0].x, parts[0].x)
        assert again[0].y is None


@pytest.mark.parametrize("is_frame", [False, True])
def test_equal_rows_are_in_one_part(is_frame):
    kinds = RNG.integers(0, 40, 500)
    x = np.eye(40)[kinds].reshape(500, 8, 5).astype("float32")
    if is_frame:
        x = pd.DataFrame({"a": kinds, "b": [f"kind {k}" for k in kinds]})
    parts = split_data(x, kinds)
    seen = [set(part.y.tolist()) for part in parts]
    assert not seen[0] & seen[1] | seen[0] & seen[2] | seen[1] & seen[2]
    assert len(set.union(*seen)) == 40
    assert sum(len(part.x) for part in parts) == 500
    if is_frame:
        assert (parts[1].x["a"].to_numpy() == parts[1].y).all()


def test_one_row_that_is_nearly_all_leaves_the_others_something():
    x = np.r_[np.zeros(97), 1, 2, 3][:, None]
    parts = split_data(x)
    assert all(len(part.x) for part in parts)
    assert sum(len(part.x) for part in parts) == 100


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.zeros((50, 2)),), "1 different rows cannot be split into 3"),
        ((np.ones((1, 28, 28)),), "1 different rows"),
        ((np.zeros((0, 2)),), "0 different rows"),
        ((np.eye(5), [1, 2]), "5 rows and 2 labels"),
        ((np.eye(5), None, (0.5, 0.6)), "add up to 1"),
    ],
)
def test_what_cannot_be_split_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        split_data(*arguments)


# --- Advice ------------------------------------------------------------------

ADVICE = {
    "gray": (RNG.random((9, 28, 28)), "sigmoid", "binary_crossentropy", 4),
    "color": (
        RNG.random((9, 24, 32, 3)),
        "sigmoid",
        "binary_crossentropy",
        8,
    ),
    "binary": (RNG.random((9, 5)) < 0.5, "sigmoid", "binary_crossentropy", 1),
    "bytes": (
        RNG.integers(0, 256, (9, 28, 28), "uint8"),
        "sigmoid",
        "binary_crossentropy",
        4,
    ),
    "signed": (2 * RNG.random((9, 28, 28)) - 1, "tanh", "mse", 4),
    "standardized": (RNG.normal(size=(9, 12)), "linear", "mse", 1),
    "up to 2": (2 * RNG.random((9, 12)), "linear", "mse", 1),
    "series": (RNG.normal(size=(9, 50, 2)), "linear", "mse", 1),
    "counts": (RNG.poisson(9, (9, 12)), "softplus", "poisson", 1),
}


@pytest.mark.parametrize("name", ADVICE)
def test_range_decides_on_last_layer_and_loss(name, capsys):
    x, *expected = ADVICE[name]
    advice = look_at(x)
    assert isinstance(advice, Advice)
    assert [advice.last_layer, advice.loss, advice.multiple] == expected
    lines = capsys.readouterr().out.splitlines()
    # An aligned table: all values begin in one column.
    assert all(line[12] == " " and line[13] != " " for line in lines)
    assert len(lines) >= 9
    assert any("n, steps, values" in line for line in lines) == (
        name == "series"
    )
    keras.activations.get(advice.last_layer)
    keras.losses.get(advice.loss)


@pytest.mark.parametrize("name", ADVICE)
def test_advice_can_be_followed(name):
    x, *_ = ADVICE[name]
    with contextlib.redirect_stdout(io.StringIO()):
        advice = look_at(x)
        if any("255" in remark for remark in advice.remarks):
            x = x / 255
        shape = x.shape[1:]
        model = keras.Sequential(
            [
                keras.Input(shape),
                layers.Flatten(),
                layers.Dense(4, "relu"),
                layers.Dense(math.prod(shape), advice.last_layer),
                layers.Reshape(shape),
            ]
        )
        fit(model, x, epochs=1, loss=advice.loss)


def test_what_stands_in_the_way_is_remarked(capsys):
    x = RNG.random((8, 27, 27, 1))
    x[3] = x[2]
    assert any("pad_images" in remark for remark in look_at(x).remarks)
    assert "1 of 8 rows" in capsys.readouterr().out
    x[0, 0, 0, 0] = np.nan
    x[0, 0, 1, 0] = np.inf
    assert any("NaN" in remark for remark in look_at(x).remarks)
    said = capsys.readouterr().out
    assert "2 values" in said and "nan" not in said
    table = np.c_[np.ones(5), 100.5 * np.arange(5)]
    remarks = " ".join(look_at(table).remarks)
    assert "constant" in remarks and "scale each column" in remarks
    assert "1 of 2 columns" in capsys.readouterr().out
    assert any("one row" in remark for remark in look_at(x[1:2]).remarks)


@pytest.mark.parametrize("n_classes", [2, 4, 5, 10, 11])
def test_many_labels_take_one_short_line(n_classes, capsys):
    labels = [f"a kind of thing, number {i}" for i in range(n_classes)]
    look_at(np.eye(n_classes), labels)
    lines = capsys.readouterr().out.splitlines()
    (line,) = [line for line in lines if line.startswith("labels")]
    # All of a few, the first of some, and the number of many.
    n_named = {2: 2, 4: 4, 5: 3, 10: 3, 11: 0}[n_classes]
    assert line.count("(1)") == n_named
    assert (f" {n_classes} different" in line) == (n_classes > 4)


def test_labels_and_tables_are_described(capsys):
    look_at(np.eye(4), ["cat", "dog", "cat", "cat"])
    assert "cat (3), dog (1)" in capsys.readouterr().out
    look_at(np.eye(30), np.arange(30))
    assert "30 different" in capsys.readouterr().out
    table = pd.DataFrame({"a": [1.0, None, 1.0], "b": ["x", "y", "x"]})
    advice = look_at(table)
    assert any("TableCoder" in remark for remark in advice.remarks)
    said = capsys.readouterr().out
    assert "1 missing" in said and "1 of 3 rows" in said


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((0, 3)), "empty"),
        (np.array(["a", "b"]), "not numbers.*TableCoder"),
        (np.full((2, 3), np.nan), "only NaN"),
        ([[1, 2], [3]], "different lengths"),
        (7, "one int"),
    ],
)
def test_what_cannot_be_looked_at_is_refused(x, message):
    with pytest.raises(ValueError, match=message):
        look_at(x)
    with pytest.raises(ValueError, match="4 rows and 3 labels"):
        look_at(np.eye(4), [1, 2, 3])


# --- As a new user would bring them ------------------------------------------


def save(path, pixels, **settings):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **settings)


def draw(height=24, width=24, channels=0, top=256, kind="uint8"):
    shape = (height, width) + (channels,) * (channels > 0)
    y, x = np.mgrid[:height, :width]
    level = (y + x) / (height + width - 2) * RNG.uniform(0.5, 1)
    level = level[..., None] if channels else level
    return ((top - 1) * np.broadcast_to(level, shape)).astype(kind)


def make_photos(folder):
    for i in range(12):
        name = f"Urlaub 2026/{['Katze', '犬'][i % 2]}/IMG ({i}).JPG"
        save(folder / name, draw(48 + i, 64, 3), quality=90)
    (folder / "Thumbs.db").write_bytes(b"x")


def make_icons(folder):
    for i in range(12):
        pixels = draw(channels=4)
        pixels[:8, :8, 3] = 0
        save(folder / f"icon{i}.png", pixels)


def make_scans(folder):
    for i in range(12):
        save(folder / f"slice{i:03}.tif", draw(top=65536, kind="uint16"))


def make_masks(folder):
    for i in range(12):
        save(folder / f"{i}.png", draw() > 128)


def make_mixture(folder):
    for i in range(4):
        save(folder / f"gray{i}.png", draw())
        save(folder / f"color{i}.bmp", draw(channels=3))
        image = Image.fromarray(draw(channels=3))
        image.convert("CMYK").save(folder / f"print{i}.jpg")
        image.convert("P").save(folder / f"few{i}.gif")


def make_damage(folder):
    make_icons(folder)
    for i in range(3):
        path = folder / f"icon{i}.png"
        path.write_bytes(path.read_bytes()[:80])
    (folder / "empty.jpeg").write_bytes(b"")


def make_odd_sizes(folder):
    for i in range(9):
        save(folder / f"{i}.png", draw(23, 23))


def make_one(folder):
    save(folder / "only.png", draw())


def make_copies(folder):
    pixels = draw()
    for i in range(5):
        save(folder / f"{i}.png", pixels)


def make_none(folder):
    (folder / "IMG_0001.HEIC").write_bytes(b"x")


# Each folder with what refuses it, "" if it is to be trained on.
FOLDERS = {
    make_photos: "",
    make_icons: "",
    make_scans: "",
    make_masks: "",
    make_mixture: "",
    make_damage: "",
    make_odd_sizes: "",
    make_one: "1 different rows cannot be split",
    make_copies: "1 different rows cannot be split",
    make_none: "save other formats, such as HEIC",
}


def train_beside_pca(train, test, advice, sample_weight=None):
    """Train a small autoencoder; return the scores of both and of the mean."""
    shape = train.shape[1:]
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input(shape),
            layers.Flatten(),
            layers.Dense(2),
            layers.Dense(math.prod(shape), advice.last_layer),
            layers.Reshape(shape),
        ]
    )
    fit(
        model,
        train,
        epochs=60,
        learning_rate=0.03,
        batch_size=8,
        loss=advice.loss,
        sample_weight=sample_weight,
    )
    n_all = min(len(train), train[0].size)
    exact = reconstruct_with_pca(train, train, n_all)
    np.testing.assert_allclose(exact, train, atol=1e-4 * np.ptp(train))
    return print_scores(
        test,
        {
            "mean": train.mean(axis=0),
            "PCA": reconstruct_with_pca(train, test, min(2, n_all)),
            "autoencoder": np.asarray(model(test)),
        },
    )


@pytest.mark.parametrize("make", FOLDERS, ids=lambda make: make.__name__)
def test_folders_train_beside_pca_or_are_refused(make, tmp_path):
    make(tmp_path)
    with contextlib.redirect_stdout(io.StringIO()):
        if FOLDERS[make]:
            with pytest.raises(ValueError, match=FOLDERS[make]):
                split_data(read_images(tmp_path).x)
            return
        images = read_images(tmp_path)
        x = pad_images(images.x, 4)
        assert x.shape[1] % 4 == x.shape[2] % 4 == 0
        train, _, test = split_data(x, images.labels)
        advice = look_at(train.x, train.y)
        assert advice[:2] == ("sigmoid", "binary_crossentropy")
        scores = train_beside_pca(train.x, test.x, advice)
    assert scores["autoencoder"]["mse"] < 0.5


def make_customers():
    n = 120
    age = RNG.integers(18, 80, n)
    return pd.DataFrame(
        {
            "Kunden-ID": np.arange(n) + 1000,
            "Alter": age.astype(str),
            "Umsatz": [f"{50 * a + 0.5:.2f}".replace(".", ",") for a in age],
            "Stadt": RNG.choice(["Köln", "Bonn", "München"], n),
            "Land": "DE",
            "seit": [
                f"{1 + i % 28:02}.{1 + i % 12:02}.2024" for i in range(n)
            ],
        }
    ).to_csv(index=False, sep=";")


def make_holes():
    table = pd.DataFrame(RNG.normal(size=(80, 4)), columns=list("abcd"))
    table["e"] = table["a"] + table["b"]
    return table.mask(RNG.random((80, 5)) < 0.2).to_csv(na_rep="?")


def make_categories():
    return pd.DataFrame(
        RNG.choice(["low", "middle", "high"], (90, 3)),
        columns=["size 1", "size 2", "色"],
    ).to_csv(index=False)


def make_truth():
    is_member = RNG.random(70) < 0.5
    return "\ufeff" + pd.DataFrame(
        {"member": is_member, "used": is_member, "visits": np.arange(70) % 9}
    ).to_csv(index=False, sep="\t")


def make_scales():
    z = RNG.normal(size=(100, 2))
    return pd.DataFrame(
        {"tiny": 1e-9 * z[:, 0], "huge": 1e12 * z[:, 1], "sum": z.sum(axis=1)}
    ).to_csv(index=False)


def make_repeats():
    table = pd.DataFrame(
        {"a": [1, 2, 3, 4, 5], "b": ["x", "y", "x", "y", "z"]}
    )
    return pd.concat([table] * 20).to_csv(index=False)


TABLES = {
    make_customers: "",
    make_holes: "",
    make_categories: "",
    make_truth: "",
    make_scales: "",
    make_repeats: "",
    lambda: "a,b\n1,2\n": "1 different rows",
    lambda: "a,b\n1,2\n1,2\n": "no row or column is left",
    lambda: "": "is empty",
    lambda: "a,b\n1,2\n1,2,3\n": "same number of fields",
}


@pytest.mark.parametrize("make", TABLES, ids=range(len(TABLES)))
def test_tables_train_beside_pca_or_are_refused(make, tmp_path):
    path = tmp_path / "Meine Tabelle (1).csv"
    path.write_text(make(), "utf-8")
    with contextlib.redirect_stdout(io.StringIO()):
        if TABLES[make]:
            with pytest.raises(ValueError, match=TABLES[make]):
                split_data(read_table(path))
            return
        table = read_table(path)
        look_at(table)
        train, _, test = split_data(table)
        coder = TableCoder().fit(train.x)
        x_train, x_test = coder.transform(train.x), coder.transform(test.x)
        assert np.isfinite(x_train).all() and np.isfinite(x_test).all()
        advice = look_at(x_train)
        scores = train_beside_pca(x_train, x_test, advice)
        made = reconstruct_with_pca(x_train, x_test, 1)
        assert list(coder.inverse_transform(made)) == list(table)
    assert np.isfinite(scores["autoencoder"]["mse"])


def make_series(n=300, **columns):
    times = pd.date_range("2026-01-01", periods=n, freq="15min")
    wave = 20 + 5 * np.sin(np.arange(n) / 5) + RNG.normal(0, 0.1, n)
    return pd.DataFrame({"time": times.astype(str), "°C": wave} | columns)


SERIES = {
    "plain": (make_series(), ""),
    "gaps": (make_series().drop(index=[*range(40, 60), 150, 151]), ""),
    "shuffled": (make_series().sample(frac=1, random_state=0), ""),
    "twice": (pd.concat([make_series(), make_series()]), ""),
    "holes": (make_series().mask(RNG.random((300, 2)) < 0.01), ""),
    "several": (make_series(rain=RNG.random(300), note="ok"), ""),
    "no time": (make_series()[["°C"]], ""),
    "constant": (make_series().assign(**{"°C": 20.0}), ""),
    "short": (make_series(30), "no window of 12 rows fits"),
    "all holes": (
        make_series(a=[1, None] * 150, b=[None, 1] * 150),
        "in each row a value is missing",
    ),
    "text": (make_series()[["time"]], "no column of numbers"),
}


@pytest.mark.parametrize("name", SERIES)
def test_series_train_beside_pca_or_are_refused(name, tmp_path):
    table, message = SERIES[name]
    path = tmp_path / f"{name} 測定.csv"
    table.to_csv(path, index=False)

    def read_windows():
        series = read_series(path)
        parts = zip(
            split_series(series.x), split_series(series.times), strict=True
        )
        return [cut_windows(x, 12, times=times) for x, times in parts]

    with contextlib.redirect_stdout(io.StringIO()):
        if message:
            with pytest.raises(ValueError, match=message):
                read_windows()
            return
        train, _, test = read_windows()
        mean, spread = train.mean(), train.std() or 1
        train, test = (train - mean) / spread, (test - mean) / spread
        scores = train_beside_pca(train, test, look_at(train))
    assert scores["autoencoder"]["mse"] < 1.5


def test_sequences_of_different_lengths_train_on_real_steps_only():
    sequences = [
        np.sin(np.arange(n) / 3 + RNG.random())[:, None]
        for n in RNG.integers(5, 20, 40)
    ]
    x, mask = pad_sequences(sequences)
    advice = Advice("linear", "mse", "", 1, [])
    with contextlib.redirect_stdout(io.StringIO()):
        scores = train_beside_pca(x, x, advice, mask)
    assert np.isfinite(scores["autoencoder"]["mse"])
