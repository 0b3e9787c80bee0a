"""Tables of one's own: read, cleaned, and coded as numbers for a model."""

import csv
import io
import os
import re
import warnings
from pathlib import Path

from utils.images import show_name

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

# What people write where a value is missing, besides what pandas knows.
MISSING = ["?", "-", "--", ".", "missing", "unknown"]
# How a missing category is called.
MISSING_CATEGORY = "missing"
# More categories than this are names or free text.
MOST_CATEGORIES = 50
# The share of a column that has to be numbers, or dates, to make it one.
MOST = 0.9
DECIMAL_COMMA = r"[-+]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?"
# 2026-01-31, 2026-01, 31.1.2026, 1/31/26, 31 Jan 2026, Jan 31, 2026.
DATE = (
    r"\b\d{4}[-/.]\d\d?\b|\b\d\d?[-/.]\d\d?[-/.]\d\d"
    r"|\b\d\d? [A-Za-z]{3,9}\.? \d{4}|\b[A-Za-z]{3,9}\.? \d\d?, \d{4}"
)
# The name of a column of numbers that says when.
TIME = re.compile(r"(time|timestamp|datetime|epoch|t)", re.IGNORECASE)
ID = re.compile(r"(^|[_\s])(id|uuid|index|no|nr)$", re.IGNORECASE)


def read_table(
    source: str | os.PathLike | pd.DataFrame,
    like: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Read a table, and leave out what no model can use.

    A line is printed for each column that is left out: row numbers, ids, free
    text, and columns that are empty or have one value only. Dates and numbers
    that are written as text become dates and numbers.

    Parameters
    ----------
    source : str, Path or pandas.DataFrame
        A text file with one row a line, and names in the first line. The
        separator (comma, semicolon, tab), the decimal comma and the encoding
        are found out.
    like : pandas.DataFrame, optional
        A table that was read before, for example the one of a training. The
        new one gets its columns, and nothing is left out.

    Returns
    -------
    pandas.DataFrame
        Columns of numbers, of dates, of True and False, and of text with a
        few values; missing values are NaN.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no table, or no row or column is left, or a column of `like`
        is not there.

    Examples
    --------
    >>> table = read_table(
    ...     pd.DataFrame(
    ...         {
    ...             "id": [1, 2, 3],
    ...             "height": ["1,70", "1,82", "?"],
    ...             "country": ["Chile", "Peru", "Peru"],
    ...         }
    ...     )
    ... )
    column 'height': decimal commas read as numbers
    column 'id' left out: it numbers the rows
    >>> table["height"].tolist()
    [1.7, 1.82, nan]
    """
    frame = read_frame(source)
    if like is not None:
        return _make_alike(frame, like)
    is_empty = frame.isna().all(axis=1)
    if is_empty.any():
        print(f"empty rows left out: {is_empty.sum()}")
        frame = frame[~is_empty].reset_index(drop=True)
    for name in list(frame):
        reason = _find_reason(frame[name], name)
        if reason and len(frame) > 1:
            print(f"column {name!r} left out: {reason}")
            frame = frame.drop(columns=name)
    if 0 in frame.shape:
        raise ValueError(
            "no row or column is left that a model could learn from: the "
            "table needs numbers or categories that differ between rows"
        )
    return frame


def read_frame(source: str | os.PathLike | pd.DataFrame) -> pd.DataFrame:
    """Read a table with the right types, and leave nothing out.

    Parameters
    ----------
    source : str, Path or pandas.DataFrame
        As `read_table` takes it.

    Returns
    -------
    pandas.DataFrame
        A copy, if a table was given.

    Raises
    ------
    FileNotFoundError, ValueError
        As `read_table` says.

    Examples
    --------
    >>> read_frame(pd.DataFrame({"a": ["1", "2", "?"]}))["a"].tolist()
    [1.0, 2.0, nan]
    """
    if isinstance(source, pd.DataFrame):
        frame = source.reset_index(drop=True)
    else:
        frame = _read_file(Path(source))
    if 0 in frame.shape:
        raise ValueError(
            f"the table is empty: it has {frame.shape[0]} rows and "
            f"{frame.shape[1]} columns"
        )
    frame.columns = [str(name).strip() for name in frame.columns]
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise ValueError(
            f"several columns are called {twice[0]!r}: give each its own name"
        )
    return pd.DataFrame(
        {name: _find_type(frame[name], name) for name in frame}
    )


def find_times(frame: pd.DataFrame, name: str | None = None):
    """Find the column that says when.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `read_frame`.
    name : str, optional
        By default the first column of dates, or else a column of numbers that
        is called time, timestamp, datetime, epoch or t.

    Returns
    -------
    name : str or None
        None if there is no such column; rows are then counted.
    times : array, shape (n,)
        datetime64 or numbers; NaT or NaN where one is missing.

    Raises
    ------
    ValueError
        If the column holds neither dates nor numbers.

    Examples
    --------
    >>> frame = read_frame(pd.DataFrame({"x": [1, 2]}))
    >>> find_times(frame)
    (None, array([0, 1]))
    """
    if name is None:
        name = _find_time_name(frame)
    if name is None:
        return None, np.arange(len(frame))
    column = frame[name]
    if pd.api.types.is_datetime64_any_dtype(column):
        return name, column.to_numpy("datetime64[ns]")
    if pd.api.types.is_numeric_dtype(column):
        return name, column.to_numpy("float64")
    raise ValueError(
        f"column {name!r} holds neither dates nor numbers, for example "
        f"{column.dropna().iloc[0]!r}: write dates as 2026-01-31 12:00"
    )


def _find_time_name(frame):
    for name in frame:
        if pd.api.types.is_datetime64_any_dtype(frame[name]):
            return name
    for name in frame:
        is_number = pd.api.types.is_numeric_dtype(frame[name])
        if is_number and TIME.fullmatch(name):
            return name
    return None


class TableCoder:
    """Code the rows of a table as numbers, and decode them.

    Numbers and dates are scaled to mean 0 and standard deviation 1; a missing
    one becomes the median, and a column beside it says so with a 1. Each
    category gets a column of its own that is 1 where it holds (one-hot); a
    missing category counts as one.

    Parameters
    ----------
    categories : sequence of str
        Columns of numbers that are names and not amounts, such as a postcode.

    Attributes
    ----------
    names : list of str
        A name for each column of the code.
    numbers : slice
        The columns of scaled numbers: squared error fits them.
    missing : slice
        The columns that say what is missing: binary cross-entropy.
    groups : dict of str to slice
        For each column of categories its one-hot columns: softmax and
        cross-entropy.

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     {"height": [1.0, 3.0, None], "country": ["Chile", "Peru", "Peru"]}
    ... )
    >>> coder = TableCoder().fit(table)
    >>> coder.names
    ['height', 'height is missing', 'country=Chile', 'country=Peru']
    >>> coder.numbers, coder.missing, coder.groups
    (slice(0, 1, None), slice(1, 2, None), {'country': slice(2, 4, None)})
    >>> x = coder.transform(table)
    >>> x.tolist()[2]
    [0.0, 1.0, 0.0, 1.0]
    >>> coder.inverse_transform(x)["country"].tolist()
    ['Chile', 'Peru', 'Peru']
    """

    def __init__(self, categories=()):
        self.categories = tuple(categories)

    def fit(self, frame: pd.DataFrame) -> "TableCoder":
        """Learn means, medians and categories from the rows to train on.

        Parameters
        ----------
        frame : pandas.DataFrame
            From `read_table`.

        Returns
        -------
        TableCoder
            Itself.

        Raises
        ------
        ValueError
            If the table is empty, or a column holds infinite numbers.
        """
        if 0 in frame.shape:
            raise ValueError("the table is empty: there is nothing to fit")
        for name in self.categories:
            if name not in frame:
                raise ValueError(
                    f"categories names {name!r}, which is no column: choose "
                    f"from {', '.join(map(repr, frame.columns))}"
                )
        self.types = frame.dtypes
        self.number_names, self.group_names = [], []
        for name, kind in self.types.items():
            is_number = pd.api.types.is_numeric_dtype(
                kind
            ) and not pd.api.types.is_bool_dtype(kind)
            is_date = pd.api.types.is_datetime64_any_dtype(kind)
            if (is_number or is_date) and name not in self.categories:
                self.number_names.append(name)
            else:
                self.group_names.append(name)
        self.start = {
            name: frame[name].min()
            for name in self.number_names
            if pd.api.types.is_datetime64_any_dtype(self.types[name])
        }
        self.days = {
            name
            for name, start in self.start.items()
            if not ((frame[name].dropna() - start) % pd.Timedelta("1D")).any()
        }
        self.scale = make_pipeline(
            SimpleImputer(strategy="median", keep_empty_features=True),
            StandardScaler(),
        )
        self.coder = ColumnTransformer(
            [
                ("numbers", self.scale, self.number_names),
                (
                    "missing",
                    MissingIndicator(error_on_new=False),
                    self.number_names,
                ),
                (
                    "groups",
                    OneHotEncoder(
                        handle_unknown="ignore", sparse_output=False
                    ),
                    self.group_names,
                ),
            ]
        )
        self.coder.fit(self._make_plain(frame))
        # What the text of a category stands for; a missing one for nothing.
        self.values = {
            name: {_write_category(v): v for v in frame[name].dropna()}
            for name in self.group_names
        }
        self._name_columns()
        return self

    def transform(self, frame: pd.DataFrame) -> np.ndarray:
        """Code rows as numbers.

        Parameters
        ----------
        frame : pandas.DataFrame
            With the columns of the table that was fitted, in any order.

        Returns
        -------
        array, shape (n, d), float32

        Raises
        ------
        ValueError
            If `fit` was not called, a column is not there, or holds text
            where the other had numbers.
        """
        self._check_fitted()
        plain = self._make_plain(_make_alike(frame, self.types))
        if not len(plain):
            raise ValueError("the table is empty: there are no rows to code")
        if self.group_names:
            self._report_unknown(plain)
        return self.coder.transform(plain).astype("float32")

    def inverse_transform(self, x) -> pd.DataFrame:
        """Decode numbers, for example what a model has reconstructed.

        Parameters
        ----------
        x : array, shape (n, d)
            Of a group, the largest column is taken.

        Returns
        -------
        pandas.DataFrame
            As it was fitted; whole numbers and dates are rounded, dates to
            days if all had the same time of day, else to seconds. A number is
            missing where its column in `missing` is above 0.5.

        Raises
        ------
        ValueError
            If `fit` was not called, or `x` has another shape.
        """
        self._check_fitted()
        x = np.asarray(x, "float64")
        if x.ndim != 2 or x.shape[1] != len(self.names):
            raise ValueError(
                f"x has shape {x.shape}: (n, {len(self.names)}) is needed, "
                "as transform makes it"
            )
        columns = {}
        if self.number_names:
            scaler = self.coder.named_transformers_["numbers"][-1]
            numbers = scaler.inverse_transform(x[:, self.numbers])
            columns = dict(zip(self.number_names, numbers.T, strict=True))
        for place, name in enumerate(self.missing_names, self.missing.start):
            columns[name] = np.where(x[:, place] > 0.5, np.nan, columns[name])
        for name, part in self.groups.items():
            best = x[:, part].argmax(axis=1)
            columns[name] = self.levels[name][best]
        frame = pd.DataFrame(
            {name: columns[name] for name in self.types.index}
        )
        for name, kind in self.types.items():
            frame[name] = self._restore_type(frame[name], name, kind)
        return frame

    def _check_fitted(self):
        if not hasattr(self, "coder"):
            raise ValueError(
                "this TableCoder knows no table yet: call "
                "coder.fit(train_table) first"
            )

    def _name_columns(self):
        fitted = self.coder.named_transformers_
        count = len(self.number_names)
        self.numbers = slice(0, count)
        rows = fitted["missing"].features_ if count else []
        self.missing_names = [self.number_names[row] for row in rows]
        self.missing = slice(count, count + len(self.missing_names))
        levels = fitted["groups"].categories_ if self.group_names else []
        self.levels = dict(zip(self.group_names, levels, strict=True))
        self.names = self.number_names + [
            f"{name} is missing" for name in self.missing_names
        ]
        self.groups = {}
        for name, values in self.levels.items():
            start = len(self.names)
            self.groups[name] = slice(start, start + len(values))
            self.names += [f"{name}={value}" for value in values]

    def _make_plain(self, frame):
        """Return numbers as float64 and categories as text."""
        plain = {}
        for name in self.number_names:
            column = frame[name]
            if name in self.start:
                column = (column - self.start[name]) / pd.Timedelta(days=1)
            column = column.astype("float64")
            if np.isinf(column).any():
                raise ValueError(
                    f"column {name!r} holds infinite numbers: make them NaN"
                )
            plain[name] = column
        for name in self.group_names:
            column = frame[name].astype(object)
            is_missing = column.isna()
            # 8.0, because of a missing value, is the category 8.
            column = column.map(_write_category)
            plain[name] = column.where(~is_missing, MISSING_CATEGORY)
        return pd.DataFrame(plain, index=frame.index)

    def _report_unknown(self, plain):
        for name in self.group_names:
            is_known = plain[name].isin(self.levels[name])
            if not is_known.all():
                strange = plain[name][~is_known].unique()
                print(
                    f"column {name!r}: {(~is_known).sum()} rows hold what "
                    f"training did not have ({', '.join(strange[:3])}); none "
                    "of its columns is 1 there"
                )

    def _restore_type(self, column, name, kind):
        if name in self.start:
            # A scaled float32 holds no more than this.
            unit = "D" if name in self.days else "s"
            steps = column if unit == "D" else 86400 * column
            return self.start[name] + pd.to_timedelta(steps.round(), unit=unit)
        if name in self.group_names:
            return column.map(self.values[name]).astype(kind)
        if pd.api.types.is_integer_dtype(kind):
            column = column.round()
            return column if column.isna().any() else column.astype(kind)
        return column


def _write_category(value):
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)


def _make_alike(frame, like):
    """Return the columns of another table, with its types."""
    types = like.dtypes if isinstance(like, pd.DataFrame) else like
    lacking = [name for name in types.index if name not in frame]
    if lacking:
        raise ValueError(
            f"the table has no column {', '.join(map(repr, lacking))}: it "
            "needs those of the training"
        )
    frame = frame[list(types.index)].copy()
    for name, kind in types.items():
        column = frame[name]
        if pd.api.types.is_datetime64_any_dtype(kind):
            changed = pd.to_datetime(column, errors="coerce")
        elif pd.api.types.is_bool_dtype(kind):
            continue
        elif pd.api.types.is_numeric_dtype(kind):
            changed = pd.to_numeric(column, errors="coerce")
        else:
            continue
        strange = column[changed.isna() & column.notna()]
        if len(strange):
            raise ValueError(
                f"column {name!r} holds {strange.iloc[0]!r}, but numbers or "
                "dates in the table of the training: correct it"
            )
        frame[name] = changed
    return frame


def _read_file(path):
    if not path.is_file():
        raise FileNotFoundError(
            f"there is no file {show_name(path)} (looked for in "
            f"{show_name(Path.cwd())}): correct the name, or give the whole "
            "path"
        )
    text = _drop_comments(_decode(path))
    sample = "\n".join(text.splitlines()[:50])
    if not sample.strip():
        raise ValueError(f"{show_name(path)} is empty: it has no rows")
    try:
        separator = csv.Sniffer().sniff(sample, delimiters=",;\t|").delimiter
    except csv.Error:
        # One column, or lines that differ: the mark that comes most often.
        separator = max(",;\t|", key=sample.splitlines()[0].count)
    try:
        frame = pd.read_csv(
            io.StringIO(text),
            sep=separator,
            na_values=MISSING,
            skipinitialspace=True,
            index_col=False,
            low_memory=False,
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        reason = str(error).strip().rpartition("C error: ")[2]
        raise ValueError(
            f"{show_name(path)} is no table ({reason}): each line needs the "
            "same number of fields, with names in the first one"
        ) from None
    if all(_is_number(name) for name in frame.columns):
        print("the first line holds numbers: columns are called c0, c1, ...")
        first = pd.DataFrame([frame.columns], columns=frame.columns)
        frame = pd.concat([first, frame.astype(object)], ignore_index=True)
        frame.columns = [f"c{i}" for i in range(frame.shape[1])]
    return frame


def _drop_comments(text):
    """Leave out lines above the table that begin with #."""
    lines = text.splitlines(keepends=True)
    n = 0
    while len(lines) > n + 2 and lines[n].startswith("#"):
        # A line of names may begin with #, too.
        marks = [sum(map(line.count, ",;\t|")) for line in lines[n : n + 2]]
        if marks[0] == marks[1]:
            break
        n += 1
    if n:
        print(f"lines above the table left out: {n}")
    return "".join(lines[n:])


def _decode(path):
    content = path.read_bytes()
    if content.startswith((b"PK", b"\x1f\x8b", b"\xd0\xcf", b"PAR1", b"%PDF")):
        raise ValueError(
            f"{show_name(path)} is an archive or a spreadsheet: unpack it, or "
            "save the sheet as CSV"
        )
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    if b"\0" in content[:4096]:
        raise ValueError(
            f"{show_name(path)} is no text: save the table as CSV"
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Spreadsheets on Windows write this one, and it reads any byte.
        return content.decode("cp1252", "replace")


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def _find_type(column, name):
    """Return a column as numbers, dates, True and False, or text."""
    if not _is_text(column):
        return _simplify(column, name)
    column = column.map(lambda v: v.strip() if isinstance(v, str) else v)
    column = column.replace({"": None} | dict.fromkeys(MISSING))
    present = column.dropna()
    if present.empty:
        return column.astype("float64")
    strange = present[~present.map(pd.api.types.is_scalar)]
    if len(strange):
        raise ValueError(
            f"column {name!r} holds a {type(strange.iloc[0]).__name__} in a "
            "cell: give one number or text a cell, or use an array"
        )
    texts = present.astype(str)
    if texts.str.lower().isin(["true", "false"]).all():
        is_true = texts.str.lower() == "true"
        return is_true.astype("boolean").reindex(column.index)
    numbers = pd.to_numeric(texts, errors="coerce")
    if numbers.notna().mean() < MOST and texts.str.contains(",").any():
        is_decimal = texts.str.fullmatch(DECIMAL_COMMA)
        if is_decimal.mean() >= MOST:
            print(f"column {name!r}: decimal commas read as numbers")
            plain = texts[is_decimal].str.replace(".", "")
            numbers = pd.to_numeric(plain.str.replace(",", "."))
            numbers = numbers.reindex(texts.index)
    if numbers.notna().mean() >= MOST:
        _report_strange(texts[numbers.isna()], name, "numbers")
        return _drop_infinite(numbers.reindex(column.index), name)
    dates = _read_dates(texts, name)
    if dates.notna().mean() >= MOST:
        _report_strange(texts[dates.isna()], name, "dates")
        return _drop_zone(dates.reindex(column.index))
    return texts.reindex(column.index)


def _simplify(column, name):
    """Return a column that is no text without zones and infinite numbers."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return _drop_zone(column)
    if pd.api.types.is_timedelta64_dtype(column):
        print(f"column {name!r}: durations in seconds")
        return column.dt.total_seconds()
    if pd.api.types.is_complex_dtype(column):
        raise ValueError(
            f"column {name!r} holds complex numbers: give their real and "
            "imaginary parts as two columns"
        )
    if pd.api.types.is_float_dtype(column):
        return _drop_infinite(column, name)
    return column


def _is_text(column):
    return column.dtype == object or pd.api.types.is_string_dtype(column)


def _read_dates(texts, name):
    """Return dates, and NaT for what is none."""
    none = pd.Series(pd.NaT, index=texts.index)
    if not texts.str.contains(DATE).mean() >= MOST:
        return none
    # 13.03. and 13/03 begin with the day, and so do all dates with points.
    day_first = texts.str.match(r"(1[3-9]|2\d|3[01])[-/.]").any()
    day_first = bool(day_first or texts.str.match(r"\d\d?\.\d\d?\.").any())
    is_either = texts.str.match(r"\d\d?[-/]\d\d?[-/]").mean() >= MOST
    with warnings.catch_warnings():
        # Of formats that pandas has to guess row by row.
        warnings.simplefilter("ignore")
        for form in (None, "mixed"):
            dates = pd.to_datetime(
                texts,
                errors="coerce",
                dayfirst=day_first,
                utc=True,
                format=form,
            )
            if dates.notna().mean() >= MOST:
                if is_either:
                    order = "day/month" if day_first else "month/day"
                    print(f"column {name!r}: dates read as {order}/year")
                return dates
    return none


def _drop_zone(column):
    if getattr(column.dtype, "tz", None) is not None:
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    return column


def _drop_infinite(column, name):
    is_infinite = np.isinf(column)
    if is_infinite.any():
        print(f"column {name!r}: {is_infinite.sum()} infinite numbers missing")
        column = column.where(~is_infinite)
    return column


def _report_strange(strange, name, kind):
    if len(strange):
        print(
            f"column {name!r}: {len(strange)} values are no {kind} and count "
            f"as missing, for example {strange.iloc[0]!r}"
        )


def _find_reason(column, name):
    """Return why a model cannot use a column, "" if it can."""
    if column.isna().all():
        return "it is empty"
    n_values = column.nunique(dropna=False)
    if n_values == 1:
        return f"it is {column.iloc[0]} in each row"
    is_whole = pd.api.types.is_integer_dtype(column)
    if is_whole and n_values == len(column):
        counts_rows = (column.diff().dropna() == 1).all()
        is_id = bool(ID.search(name)) or name.startswith("Unnamed")
        if is_id or (counts_rows and name.startswith("c0")):
            return "it numbers the rows"
    if _is_text(column):
        n_values = column.nunique()
        if n_values == column.notna().sum() and n_values > 10:
            return "each row has another text, as an id or a name has"
        if n_values > MOST_CATEGORIES:
            return f"it has {n_values} different texts"
    return ""
