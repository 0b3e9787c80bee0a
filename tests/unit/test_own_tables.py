"""Tables as people have them: separators, missing values, ids, dates."""

from utils.tables import TableCoder, find_times, read_frame, read_table

import numpy as np
import pandas as pd
import pytest

RNG = np.random.default_rng(0)


def write(path, text, encoding="utf-8"):
    content = text if isinstance(text, bytes) else text.encode(encoding)
    path.write_bytes(content)
    return path


# What is in a file, and the columns and first rows that are to be read.
FILES = {
    "comma": ("a,b\n1,x\n2.5,y\n", {"a": [1, 2.5], "b": ["x", "y"]}),
    "semicolon": ("a;b\n1,5;x\n2,5;y\n", {"a": [1.5, 2.5], "b": ["x", "y"]}),
    "tab": ("a\tb\n1\t3\n2\t4\n", {"a": [1, 2], "b": [3, 4]}),
    "bar": ("a|b\n1|3\n2|4\n", {"a": [1, 2], "b": [3, 4]}),
    "BOM": ("\ufeffa,b\n1,3\n2,4\n", {"a": [1, 2], "b": [3, 4]}),
    "Windows": ("a,b\r\n1,3\r\n2,4\r\n", {"a": [1, 2], "b": [3, 4]}),
    "spaces": ("a , b\n 1, x \n 2, y \n", {"a": [1, 2], "b": ["x", "y"]}),
    "thousands": (
        "a;b\n1.234,5;1\n12,0;2\n",
        {"a": [1234.5, 12], "b": [1, 2]},
    ),
    "quotes": ('a,b\n"x, y",1\n"z",2\n', {"a": ["x, y", "z"], "b": [1, 2]}),
    "above": ("# by X\na;b\n1;3\n2;4\n", {"a": [1, 2], "b": [3, 4]}),
    "hash": ("#a,b\n1,3\n2,4\n", {"#a": [1, 2], "b": [3, 4]}),
    "no names": ("1,3\n2,4\n", {"c0": [1, 2], "c1": [3, 4]}),
    "CJK": (
        "身長,町\n1,東京\n2,大阪\n",
        {"身長": [1, 2], "町": ["東京", "大阪"]},
    ),
    "blank line": ("a,b\n1,3\n\n2,4\n", {"a": [1, 2], "b": [3, 4]}),
    "end comma": ("a,b\n1,3,\n2,4,\n", {"a": [1, 2], "b": [3, 4]}),
    "missing": (
        "a,b\n1,x\n?,\nNA,-\n2,y\n",
        {"a": [1, np.nan, np.nan, 2], "b": ["x", np.nan, np.nan, "y"]},
    ),
    "truth": ("a,b\nTrue,1\nfalse,2\n", {"a": [True, False], "b": [1, 2]}),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_files(name, encoding, tmp_path, capsys):
    text, expected = FILES[name]
    if encoding == "utf-16":
        text = text.lstrip("\ufeff")
    path = write(tmp_path / "größe 1.CSV", text, encoding)
    frame = read_frame(path)
    said = capsys.readouterr().out
    assert ("above the table left out: 1" in said) == (name == "above")
    expected = pd.DataFrame(expected)
    pd.testing.assert_frame_equal(frame, expected, check_dtype=False)
    kinds = [
        [pd.api.types.is_numeric_dtype(each[name]) for name in each]
        for each in (frame, expected)
    ]
    assert kinds[0] == kinds[1]


def test_files_of_windows_with_accents(tmp_path):
    path = write(tmp_path / "a.csv", "Größe;Ort\n1,5;Köln\n2;Bonn\n", "cp1252")
    assert read_frame(path)["Ort"].tolist() == ["Köln", "Bonn"]


def test_words_of_truth_in_other_cases_are_read():
    table = pd.DataFrame({"a": ["TRUE", "false", None], "b": [1, 2, 3]})
    assert read_table(table)["a"].tolist() == [True, False, pd.NA]


DATES = {
    "ISO": ["2026-03-01", "2026-03-02", "2026-03-31"],
    "time": ["2026-03-01 00:00", "2026-03-02", "2026-03-31 00:00:00"],
    "points": ["1.3.2026", "2.3.2026", "31.3.2026"],
    "day first": ["01/03/2026", "02/03/2026", "31/03/2026"],
    "month first": ["03/01/2026", "03/02/2026", "03/31/2026"],
    "words": ["1 Mar 2026", "2 Mar 2026", "31 Mar 2026"],
    "zone": [
        "2026-03-01T01:00+01:00",
        "2026-03-02T00:00Z",
        "2026-03-31T00:00Z",
    ],
}


@pytest.mark.parametrize("name", DATES)
def test_dates(name, capsys):
    frame = read_frame(pd.DataFrame({"when": DATES[name]}))
    expected = pd.to_datetime(DATES["ISO"])
    assert (frame["when"].to_numpy() == expected.to_numpy()).all()
    # Where day and month may be confused, a line says how they were read.
    assert ("read as" in capsys.readouterr().out) == ("first" in name)
    assert find_times(frame)[0] == "when"


@pytest.mark.parametrize(
    "texts",
    [
        ["555-12-3456", "123-45-6789"],
        ["192.168.1.10", "10.0.0.1"],
        ["1.0.2", "2.13.4"],
        ["A-1-2", "B-2-3"],
        ["12 kg", "13 kg"],
    ],
)
def test_what_looks_like_a_date_is_text(texts):
    assert read_frame(pd.DataFrame({"a": texts}))["a"].tolist() == texts


def test_a_few_strange_values_count_as_missing(capsys):
    texts = [str(i) for i in range(30)] + ["n.a.", ""]
    frame = read_frame(pd.DataFrame({"a": texts, "b": np.arange(32.0)}))
    assert frame["a"].isna().sum() == 2 and frame["a"].max() == 29
    assert "'n.a.'" in capsys.readouterr().out
    infinite = pd.DataFrame({"a": [1.0, np.inf, 2.0]})
    assert read_frame(infinite)["a"].isna().sum() == 1
    assert "infinite" in capsys.readouterr().out


def test_what_no_model_can_use_is_left_out_and_said(capsys):
    n = 80
    table = pd.DataFrame(
        {
            "Unnamed: 0": np.arange(n),
            "customer_id": 7 * RNG.permutation(n),
            "name": [f"Person {i}" for i in range(n)],
            "notes": [f"text {i % 60}" for i in range(n)],
            "one": 1,
            "nothing": np.nan,
            "age": RNG.integers(20, 60, n),
            "income": RNG.permutation(n) * 100,
            "city": RNG.choice(["a", "b"], n),
        }
    )
    found = read_table(table)
    assert list(found) == ["age", "income", "city"]
    lines = capsys.readouterr().out.splitlines()
    for line, name in zip(lines, list(table)[:6], strict=True):
        assert repr(name) in line
    # The table that was given stays as it was.
    assert "Unnamed: 0" in table


def test_new_rows_get_the_columns_of_the_training(tmp_path):
    train = read_table(
        pd.DataFrame({"a": [1.0, 2, 3], "b": ["x", "y", "x"], "c": 1})
    )
    path = write(tmp_path / "new.csv", "c,b,more,a\n1,z,5,7\n")
    new = read_table(path, like=train)
    assert new.to_dict("list") == {"a": [7], "b": ["z"]}
    with pytest.raises(ValueError, match="no column 'a'"):
        read_table(pd.DataFrame({"b": ["x"]}), like=train)
    with pytest.raises(ValueError, match="'a' holds 'old'"):
        read_table(pd.DataFrame({"a": ["old"], "b": ["x"]}), like=train)


NOT_TABLES = {
    "empty": ("", "is empty"),
    "only blank": ("\n \n", "is empty"),
    "only names": ("a,b\n", "0 rows and 2 columns"),
    "unequal": ("a,b\n1,2\n1,2,3,4\n", "line 3, saw 4.*same number"),
    "constant": ("a,b\n1,x\n1,x\n", "no row or column is left"),
    "bytes": (bytes(range(256)), "no text: save the table as CSV"),
    "archive": (b"PK\x03\x04...", "archive or a spreadsheet"),
    "gzip": (b"\x1f\x8b...", "unpack"),
}


@pytest.mark.parametrize("name", NOT_TABLES)
def test_what_is_no_table_is_refused(name, tmp_path):
    content, message = NOT_TABLES[name]
    with pytest.raises(ValueError, match=message):
        read_table(write(tmp_path / "a.csv", content))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"a": [[1, 2], [3]]}, "holds a list"),
        ({"a": [1j, 2]}, "complex"),
        ({}, "0 rows"),
    ],
)
def test_cells_that_are_no_value_are_refused(table, message):
    with pytest.raises(ValueError, match=message):
        read_table(pd.DataFrame(table))
    with pytest.raises(FileNotFoundError, match="no file .*nowhere.csv"):
        read_table("nowhere.csv")
    two = pd.DataFrame(np.ones((2, 2)), columns=["a", "a"])
    with pytest.raises(ValueError, match="several columns are called 'a'"):
        read_table(two)


# --- The coder ---------------------------------------------------------------


def make_table(n=60):
    return pd.DataFrame(
        {
            "city": RNG.choice(["Köln", "東京", "Lima"], n),
            "age": RNG.integers(20, 60, n),
            "income": RNG.normal(3e4, 1e4, n),
            "member": RNG.random(n) < 0.5,
            "since": pd.Timestamp("2020-01-01")
            + pd.to_timedelta(RNG.integers(0, 900, n), unit="D"),
        }
    )


def test_numbers_are_scaled_and_categories_one_hot():
    table = make_table()
    coder = TableCoder().fit(table)
    x = coder.transform(table)
    assert x.dtype == np.float32 and x.shape == (60, 3 + 3 + 2)
    numbers = x[:, coder.numbers]
    np.testing.assert_allclose(numbers.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(numbers.std(axis=0), 1, atol=1e-5)
    assert set(coder.groups) == {"city", "member"}
    for name, part in coder.groups.items():
        np.testing.assert_array_equal(x[:, part].sum(axis=1), 1)
        for place in range(part.start, part.stop):
            level = coder.names[place].removeprefix(f"{name}=")
            is_level = table[name].astype(str) == level
            np.testing.assert_array_equal(x[:, place], is_level)


def assert_decoded(found, table):
    assert list(found) == list(table)
    for name, column in table.items():
        if column.dtype == float:
            np.testing.assert_allclose(found[name], column, rtol=1e-5)
        else:
            assert found[name].tolist() == column.tolist(), name


def test_the_code_is_decoded_to_the_table():
    table = make_table()
    coder = TableCoder().fit(table)
    x = coder.transform(table)
    assert_decoded(coder.inverse_transform(x), table)
    # A model is not that sure.
    blurred = x + RNG.uniform(-0.2, 0.2, x.shape) * (x == np.round(x))
    for name in ("city", "member"):
        found = coder.inverse_transform(blurred)[name]
        assert found.tolist() == table[name].tolist()


def test_missing_values_are_marked_and_come_back():
    table = make_table().astype({"age": float, "member": "boolean"})
    for i, name in enumerate(table):
        table.loc[i * 5 : i * 5 + 4, name] = None
    coder = TableCoder().fit(table)
    x = coder.transform(table)
    assert np.isfinite(x).all()
    marks = coder.names[coder.missing]
    assert marks == [
        f"{name} is missing" for name in ("age", "income", "since")
    ]
    np.testing.assert_array_equal(x[:, coder.missing].sum(axis=0), 5)
    assert "city=missing" in coder.names and "member=missing" in coder.names
    found = coder.inverse_transform(x)
    for name in table:
        is_missing = table[name].isna()
        np.testing.assert_array_equal(found[name].isna(), is_missing)
        if name not in ("age", "income"):
            same = found[name].astype(str) == table[name].astype(str)
            assert same[~is_missing].all(), name


def test_categories_that_training_did_not_have_are_said(capsys):
    table = make_table()
    coder = TableCoder().fit(table)
    new = table.head(3).assign(city=["Köln", "Rome", "Rome"])
    x = coder.transform(new)
    part = coder.groups["city"]
    np.testing.assert_array_equal(x[:, part].sum(axis=1), [1, 0, 0])
    line = capsys.readouterr().out
    assert "'city'" in line and "2 rows" in line and "Rome" in line


def test_values_missing_for_the_first_time_become_the_median():
    table = make_table()
    coder = TableCoder().fit(table)
    new = table.head(2).astype({"age": float})
    new.loc[0, "age"] = np.nan
    x = coder.transform(new)
    assert np.isfinite(x).all()
    assert coder.inverse_transform(x)["age"][0] == round(table["age"].median())


def test_columns_may_come_in_another_order_and_as_text():
    table = make_table()
    coder = TableCoder().fit(table)
    x = coder.transform(table)
    np.testing.assert_array_equal(coder.transform(table[list(table)[::-1]]), x)
    text = table.assign(age=table["age"].astype(str))
    np.testing.assert_array_equal(coder.transform(text), x)


def test_numbers_may_be_categories():
    table = pd.DataFrame({"zip": [50667, 10115, 50667], "x": [1.0, 2, 3]})
    coder = TableCoder(categories=["zip"]).fit(table)
    assert coder.names == ["x", "zip=10115", "zip=50667"]
    found = coder.inverse_transform(coder.transform(table))
    assert found["zip"].tolist() == [50667, 10115, 50667]


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame({"x": [1.0, 2, 4]}),
        pd.DataFrame({"c": ["a", "b", "a"]}),
        pd.DataFrame({"x": [3.0], "c": ["a"]}),
        pd.DataFrame({"x": [3.0, 3.0], "c": ["a", "b"]}),
        pd.DataFrame({"x": pd.Categorical([1, 2, 1]), "y": [1, 2, 3]}),
    ],
    ids=["numbers", "categories", "one row", "constant", "categorical"],
)
def test_tables_of_one_kind_and_small_ones(table):
    coder = TableCoder().fit(table)
    x = coder.transform(table)
    assert np.isfinite(x).all() and x.shape == (len(table), len(coder.names))
    found = coder.inverse_transform(x)
    assert_decoded(found, table)


def test_what_cannot_be_coded_is_refused():
    table = make_table()
    with pytest.raises(ValueError, match="coder.fit"):
        TableCoder().transform(table)
    with pytest.raises(ValueError, match="empty"):
        TableCoder().fit(table.head(0))
    with pytest.raises(ValueError, match="'zip', which is no column"):
        TableCoder(categories=["zip"]).fit(table)
    coder = TableCoder().fit(table)
    with pytest.raises(ValueError, match="no column 'age'"):
        coder.transform(table.drop(columns="age"))
    with pytest.raises(ValueError, match="'age' holds 'old'"):
        coder.transform(table.assign(age="old"))
    with pytest.raises(ValueError, match="infinite"):
        coder.transform(table.assign(income=np.inf))
    with pytest.raises(ValueError, match="empty"):
        coder.transform(table.head(0))
    for x in (np.zeros((2, 3)), np.zeros(8)):
        with pytest.raises(ValueError, match=r"\(n, 8\) is needed"):
            coder.inverse_transform(x)
