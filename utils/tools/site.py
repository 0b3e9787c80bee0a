"""Build the site: lessons with their figures, results, glossary, explorer.

`python -m utils.tools.site` writes build/site from docs/, README.md and
executed lessons. Serve the folder with `python -m http.server -d build/site`.
"""

import argparse
import base64
import copy
import json
import shutil
import sys
import tempfile
from pathlib import Path

from utils.explore import DECODER_TYPE
from utils.files import write_whole
from utils.tools import UsageError
from utils.tools.editions import (
    STOPPED,
    choose_folder,
    find_package,
    open_output,
    read_executed,
)
from utils.tools.lessons import (
    BUILD,
    EXECUTED,
    IMAGE,
    NOTEBOOKS,
    ROOT,
    find_cells,
    get_tags,
)

import nbformat

DOCS = ROOT / "docs"
NOT_SHOWN = {"notes", "metrics"}  # tags
# What docs/conf.py names; Sphinx imports these by itself.
PACKAGES = (
    "sphinx",
    "myst-nb",
    "sphinx-design",
    "sphinx-book-theme",
    "sphinx-mathjax-offline",
)


def _find_mode(executed):
    given = executed.metadata.get("papermill", {}).get("parameters", {})
    return given.get("mode", "fast")  # what lessons say by themselves


def _find_pictures(cell):
    """Yield the PNG pictures of a cell: the bytes and the alt text."""
    for output in cell.get("outputs", []):
        if "image/png" in output.get("data", {}):
            alt = output.metadata.get("image/png", {}).get("alt", "")
            yield base64.b64decode(output.data["image/png"]), alt


def make_page(executed):
    """Return an executed lesson as the site shows it.

    Without notes and the metrics; solutions behind a button; with the alt text
    of its figures where MyST-NB looks for it, and a line on the mode.
    """
    page = copy.deepcopy(executed)
    page.cells = [
        cell for cell in page.cells if not NOT_SHOWN & get_tags(cell)
    ]
    for _, cell in find_cells(page, "markdown"):
        # MyST joins the lines of an alt text without a space.
        cell.source = IMAGE.sub(lambda m: " ".join(m[0].split()), cell.source)
    for cell in page.cells:
        for _, alt in _find_pictures(cell):
            cell.metadata["mystnb"] = {"image": {"alt": alt}}
    note = f"The figures on this page are of {_find_mode(executed)} mode."
    page.cells[0].source += f"\n\n:::{{note}}\n{note}\n:::\n"
    return page


def find_picture(executed, tag: str) -> bytes:
    """Return the first picture of the cells with a tag, as PNG.

    The one that stands for a lesson is tagged `cover`.

    Raises
    ------
    UsageError
        If no such cell shows a picture.
    """
    for cell in executed.cells:
        if tag in get_tags(cell):
            for picture, _ in _find_pictures(cell):
                return picture
    title = executed.cells[0].source.partition("\n")[0]
    raise UsageError(f"{title}: no cell tagged {tag} shows a picture")


def write_decoder(executed, folder: Path) -> None:
    """Write the decoder that an executed lesson 07 has left in its outputs.

    Parameters
    ----------
    executed : NotebookNode
        Its last cell calls `utils.explore.leave_decoder`.
    folder : Path
        Gets decoder.bin, the weights as float16 in the order in which the page
        reads them, and decoder.json, the rest.

    Raises
    ------
    UsageError
        If it has left none.
    """
    for cell in executed.cells:
        for output in cell.get("outputs", []):
            if DECODER_TYPE in output.get("data", {}):
                left = dict(output.data[DECODER_TYPE])
                weights = base64.b64decode(left.pop("weights"))
                write_whole(folder / "decoder.bin", weights)
                write_whole(folder / "decoder.json", json.dumps(left))
                return
    raise UsageError(
        "the executed lesson 07 has left no decoder: run it again, by "
        '`make run ARGS="07"` with the same --mode and --out as before'
    )


def check_sections(readme: str) -> None:
    """Look for what the pages in docs/ cut out of README.

    Raises
    ------
    UsageError
        If README has not, or not once, a heading that a page begins or ends
        at.
    """
    for page in sorted(DOCS.glob("*.md")):
        for line in page.read_text(encoding="utf-8").splitlines():
            if line.startswith((":start-after:", ":end-before:")):
                # With the quotes and the \\n of the directive.
                heading = json.loads(line.partition(": ")[2]).strip()
                if readme.splitlines().count(heading) != 1:
                    raise UsageError(
                        f"docs/{page.name} cuts README.md at the heading "
                        f"{heading!r}, which is not there, or not once"
                    )


def write_source(folder: Path, executed: Path) -> None:
    """Write what Sphinx reads.

    Raises
    ------
    UsageError
        If an executed lesson is missing, is out of date or lacks what the site
        shows, or if README lacks a heading.
    """
    shutil.copytree(DOCS, folder, dirs_exist_ok=True)
    images = folder / "lessons" / "images"
    shutil.copytree(NOTEBOOKS / "images", images)
    lessons = read_executed(executed)
    for name, lesson in lessons.items():
        path = folder / "lessons" / f"{name}.ipynb"
        write_whole(path, nbformat.writes(make_page(lesson)))
        cover = find_picture(lesson, "cover")
        write_whole(folder / "covers" / f"{name[:2]}.png", cover)
        if name.startswith("07"):
            write_decoder(lesson, folder / "_static" / "decoder")
            codes = find_picture(lesson, "explore")
            write_whole(folder / "covers" / "codes.png", codes)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    check_sections(readme)
    readme = readme.replace("(notebooks/", "(lessons/")
    write_whole(folder / "_readme.md", readme)
    shutil.copy(ROOT / "utils" / "explore.js", folder / "_static")


def build(source: Path, folder: Path) -> None:
    """Let Sphinx write the pages; a warning is an error.

    Raises
    ------
    UsageError
        If a package is missing, or Sphinx warns of something.
    """
    for name in PACKAGES:
        find_package(name)
    from sphinx.cmd.build import main as sphinx

    if sphinx(["-q", "-W", "--keep-going", str(source), str(folder)]):
        raise UsageError("the site is not built: see what Sphinx says above")


def main(argv: list[str] | None = None) -> int:
    """Build the site as the command line says.

    Returns
    -------
    int
        0 if it was built, 2 if it could not be, 130 if it was stopped.
    """
    parser = argparse.ArgumentParser(
        "python -m utils.tools.site",
        description="Build the web site from executed lessons.",
    )
    parser.add_argument(
        "--executed",
        type=Path,
        default=EXECUTED,
        metavar="DIR",
        help="executed lessons that it shows; default: %(default)s",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="a new or empty folder; default: build/site",
    )
    options = parser.parse_args(argv)
    try:
        folder = choose_folder(options.out, BUILD / "site")
        with (
            open_output(folder) as part,
            tempfile.TemporaryDirectory() as scratch,
        ):
            source = Path(scratch, "source")
            write_source(source, options.executed)
            build(source, part)
    except UsageError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"stopped; {folder} is as it was", file=sys.stderr)
        return STOPPED
    print(
        f"the site is in {folder}; look at it: "
        f"python -m http.server -d {folder}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
