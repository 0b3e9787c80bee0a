"""Files that are written whole or not at all, and their hashes."""

import hashlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def find_sha256(data: bytes) -> str:
    """Return the SHA-256 of some bytes, as 64 hexadecimal digits.

    Parameters
    ----------
    data : bytes or contiguous array

    Examples
    --------
    >>> find_sha256(b"")[:16]
    'e3b0c44298fc1c14'
    """
    return hashlib.sha256(data).hexdigest()


def write_whole(path: str | os.PathLike, data: str | bytes) -> None:
    """Write a file under a temporary name, then rename it.

    A reader sees the old file or the new one, never a part, and so does the
    next program if this one is killed. Missing folders are made.

    Parameters
    ----------
    path : str or Path
    data : str or bytes
        Text is encoded as UTF-8, its line ends stay as they are.

    Raises
    ------
    OSError
        If the file cannot be written; an older file is then still there.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_whole(f"{folder}/notes/a.txt", "one line")
    ...     Path(folder, "notes", "a.txt").read_text()
    'one line'
    """
    path = Path(path)
    if isinstance(data, str):
        data = data.encode("utf-8")
    path.parent.mkdir(parents=True, exist_ok=True)
    # A short name of its own: two programs may write the same file at once,
    # and the file's own name may already be as long as the system allows.
    part = path.with_name(f"{secrets.token_hex(8)}.part")
    try:
        with open(part, "xb") as file:
            file.write(data)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def replace_folder(folder: str | os.PathLike) -> Iterator[Path]:
    """Give an empty folder to fill; at the end it replaces `folder`.

    If the block raises, the older folder stays as it is.

    Parameters
    ----------
    folder : str or Path

    Yields
    ------
    Path
        A folder beside it, with a temporary name.
    """
    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    # A name of its own, so that two commands at once do not disturb each
    # other: the one that ends last stays.
    scratch = tempfile.mkdtemp(suffix=".part", dir=folder.parent)
    try:
        new, old = Path(scratch, "new"), Path(scratch, "old")
        new.mkdir()
        yield new
        if folder.exists():
            os.replace(folder, old)
        os.replace(new, folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
