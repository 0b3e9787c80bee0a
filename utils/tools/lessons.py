"""The lessons of the course: where they are, how they are read, their tags.

A lesson is a notebook named `NN_topic.ipynb`. Whatever else lies in
notebooks/ (a copy, a scratch notebook) is not a lesson.
"""

import base64
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from utils.tools import UsageError


def skip_address_grammar() -> None:
    """Keep jsonschema from building a grammar of international addresses.

    Whoever reads a notebook imports jsonschema, which imports rfc3987_syntax
    where it is installed and then builds a parser with lark: 1.6 s in each
    process. Notebooks hold no such addresses. It is a stopgap: see
    python-jsonschema/jsonschema, issue #1428.
    """
    sys.modules.setdefault("rfc3987_syntax", None)


skip_address_grammar()

import nbformat  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
BUILD = ROOT / "build"
EXECUTED = BUILD / "executed"
FULL = BUILD / "full"
RESULTS = ROOT / "docs" / "results.json"
NAME = re.compile(r"\d\d(_[a-z][a-z0-9]*)+\.ipynb")
# Its alt text and its path; an alt text may go over several lines.
IMAGE = re.compile(r"!\[(.*?)\]\((.*?)\)", re.DOTALL)


def is_named_as_lesson(path: Path) -> bool:
    """Tell whether a file has the name of a lesson, wherever it lies.

    Examples
    --------
    >>> is_named_as_lesson(Path("02_simple_autoencoder.ipynb"))
    True
    >>> is_named_as_lesson(Path("02_simple_autoencoder-Copy1.ipynb"))
    False
    """
    return NAME.fullmatch(path.name) is not None


def find_lessons() -> dict[str, Path]:
    """Return the path of each lesson, by name, in their order."""
    paths = sorted(NOTEBOOKS.glob("*.ipynb"))
    return {path.stem: path for path in paths if is_named_as_lesson(path)}


def read_lesson(path: Path) -> nbformat.NotebookNode:
    """Read a notebook.

    Raises
    ------
    UsageError
        If the file is missing, cannot be read, or is no notebook.
    """
    text = ""
    try:
        text = path.read_text(encoding="utf-8")
        lesson = nbformat.reads(text, as_version=4)
        # A file of the right form may still lack what every lesson has.
        lesson.cells[0:0], lesson.metadata
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror})") from None
    # A broken file makes nbformat raise nearly anything.
    except Exception as error:
        if re.search(r"(?m)^<{7} ", text):
            raise UsageError(
                f"{path} holds the marks of a merge (<<<<<<<): take one of "
                "both versions, `git checkout --ours` or `--theirs` with "
                "this path"
            ) from None
        raise UsageError(f"{path} is no lesson ({error!r})") from None
    return lesson


def read_lessons() -> dict[str, nbformat.NotebookNode]:
    """Return the lessons as notebooks, by name, in their order."""
    return {name: read_lesson(path) for name, path in find_lessons().items()}


def get_tags(cell) -> set[str]:
    """Return the tags of a cell."""
    return set(cell.metadata.get("tags", []))


def find_cells(
    lesson: nbformat.NotebookNode,
    kind: str | None = None,
    tag: str | None = None,
) -> Iterator[tuple[int, nbformat.NotebookNode]]:
    """Yield the cells of one kind and with one tag, where these are given.

    Parameters
    ----------
    lesson : NotebookNode
    kind : str, optional
        "code" or "markdown".
    tag : str, optional

    Yields
    ------
    tuple of int and NotebookNode
        The number of the cell in the lesson, counted from 1, and the cell.
    """
    for number, cell in enumerate(lesson.cells, start=1):
        is_wanted_kind = kind is None or cell.cell_type == kind
        if is_wanted_kind and (tag is None or tag in get_tags(cell)):
            yield number, cell


def read_images(
    lesson: nbformat.NotebookNode, folder: Path = NOTEBOOKS
) -> dict[str, bytes]:
    """Return the images that the Markdown of a lesson shows, by their path.

    Parameters
    ----------
    lesson : NotebookNode
    folder : Path
        Where the lesson lies. Only what is in its folder `images` counts:
        this has to be copied with the lesson, since the links are relative.
    """
    images = {}
    for _, cell in find_cells(lesson, "markdown"):
        for _, path in IMAGE.findall(cell.source):
            is_beside = Path(path).parent == Path("images")
            if is_beside and (folder / path).is_file():
                images[path] = (folder / path).read_bytes()
    return images


def find_pictures(cell: nbformat.NotebookNode) -> Iterator[tuple[bytes, str]]:
    """Yield the PNG pictures of a cell: the bytes and the alt text."""
    for output in cell.get("outputs", []):
        if "image/png" in output.get("data", {}):
            alt = output.metadata.get("image/png", {}).get("alt", "")
            yield base64.b64decode(output.data["image/png"]), alt


def find_picture(executed: nbformat.NotebookNode, tag: str) -> bytes:
    """Return the first picture of the cells with a tag, as PNG.

    The one that stands for a lesson is tagged `cover`.

    Raises
    ------
    UsageError
        If no such cell shows a picture.
    """
    for cell in executed.cells:
        if tag in get_tags(cell):
            for picture, _ in find_pictures(cell):
                return picture
    title = executed.cells[0].source.partition("\n")[0]
    raise UsageError(f"{title}: no cell tagged {tag} shows a picture")
