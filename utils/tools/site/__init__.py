"""Build the site: lessons with their figures, results, glossary, explorer.

`python -m utils.tools.site` writes build/site from docs/, README.md and
executed lessons. Serve the folder with `python -m http.server -d build/site`.
"""

import argparse
import base64
import io
import json
import re
import shutil
import sys
import tempfile
from pathlib import Path

from utils.explore import DECODER_TYPE
from utils.files import write_whole
from utils.tools import UsageError
from utils.tools.diagrams.covers import COVERS
from utils.tools.editions import (
    STOPPED,
    choose_folder,
    find_package,
    open_output,
    read_executed,
)
from utils.tools.formulas import FONT
from utils.tools.lessons import (
    BUILD,
    EXECUTED,
    NOTEBOOKS,
    ROOT,
    find_picture,
)
from utils.tools.site.chart import make_chart
from utils.tools.site.glossary import make_glossary, read_terms
from utils.tools.site.pages import find_left, make_card, make_page
from utils.tools.site.weight import lighten, make_webp

import nbformat
import numpy as np
from PIL import Image
from scipy.special import erf, expit

DOCS = ROOT / "docs"
RESULTS = DOCS / "results.json"
# What docs/conf.py names; Sphinx imports these by itself.
PACKAGES = (
    "sphinx",
    "myst-nb",
    "sphinx-design",
    "sphinx-book-theme",
    "math-core",
)
REACH = 2.4  # of the codes on the front page's map, each way
N_TILES = 13  # digits in a row of that map
ACTIVATIONS = {
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "sigmoid": expit,
    "selu": lambda x: (
        1.0507009873554805
        * np.where(x > 0, x, 1.6732632423543772 * np.expm1(np.minimum(x, 0)))
    ),
    "gelu": lambda x: x * (1 + erf(x / 2**0.5)) / 2,
}


def decode(left: dict, codes) -> np.ndarray:
    """Compute what docs/_static/decoder.js computes.

    Parameters
    ----------
    left : dict
        What `utils.explore.leave_decoder` has left.
    codes : array, shape (n, n_codes)

    Returns
    -------
    array, shape (n, pixels)
    """
    weights = np.frombuffer(base64.b64decode(left["weights"]), "<f2")
    values, start = np.asarray(codes, "float64"), 0
    for layer in left["layers"]:
        if layer["shape"]:
            n_inputs, n_outputs = layer["shape"]
            end = start + n_inputs * n_outputs
            kernel = weights[start:end].reshape(layer["shape"]).astype(float)
            start = end + n_outputs
            values = values @ kernel + weights[end:start]
        values = ACTIVATIONS[layer["activation"]](values)
    return values


def draw_map(left: dict) -> bytes:
    """Return the map of the front page, as PNG: digits decoded from a grid.

    The first code grows from -REACH on the left to REACH, the second upwards;
    each digit is decoded at the middle of its place.
    """
    steps = REACH * (2 * (np.arange(N_TILES) + 0.5) / N_TILES - 1)
    codes = [(first, second) for second in steps[::-1] for first in steps]
    tiles = decode(left, codes)
    side = round(tiles.shape[1] ** 0.5)
    tiles = tiles.reshape(N_TILES, N_TILES, side, side).swapaxes(1, 2)
    gray = np.rint(255 * tiles.reshape(N_TILES * side, -1).clip(0, 1))
    file = io.BytesIO()
    image = Image.fromarray(gray.astype("uint8")).quantize(32)
    image.save(file, format="png", optimize=True)
    return file.getvalue()


def write_decoder(left: dict, folder: Path) -> None:
    """Write the decoder that an executed lesson has left in its outputs.

    Parameters
    ----------
    left : dict
        What `utils.explore.leave_decoder` has left.
    folder : Path
        Gets decoder.bin, the weights as float16 in the order in which the page
        reads them; decoder.json, the rest that each page needs; the map of
        classes as a picture; and known.json, with what a test compares.
    """
    weights = base64.b64decode(left["weights"])
    _, _, picture = left["setup"]["map"].partition(",")
    setup = left["setup"] | {"map": "classes.webp"}
    rest = {"layers": left["layers"], "setup": setup}
    write_whole(folder / "decoder.bin", weights)
    write_whole(folder / "decoder.json", json.dumps(rest))
    write_whole(folder / "classes.webp", make_webp(base64.b64decode(picture)))
    write_whole(folder / "known.json", json.dumps(left["known"]))


def read_cards(readme: str, lessons: dict) -> dict[str, tuple[str, str]]:
    """Return the title and the question of each lesson, by name, in order.

    They are those of README's table of lessons; a lesson that is not there
    has its own title and its first sentence.

    Parameters
    ----------
    readme : str
    lessons : dict of str to NotebookNode
    """
    row = r"(?m)^\| \[\d\d ([^]]+)\]\(notebooks/(\w+)\.ipynb\) \| (.+) \|$"
    rows = {
        name: (title, question)
        for title, name, question in re.findall(row, readme)
    }
    cards = {}
    for name, lesson in lessons.items():
        title, _, text = lesson.cells[0].source.partition("\n")
        first = re.split(r"(?<=[.?!])\s", " ".join(text.split()))[0]
        title, question = rows.get(name, (title.lstrip("# "), first))
        cards[name] = (f"{int(name[:2])} {title}", question)
    return cards


def write_cards(cards: dict, folder: Path) -> None:
    """Write what the front page includes: cards, and the list of lessons."""
    grid = "".join(make_card(name, "", *card) for name, card in cards.items())
    write_whole(
        folder / "_cards.md",
        f"::::{{grid}} 1 2 3 3\n:gutter: 3\n\n{grid}::::\n",
    )
    entries = "".join(
        f"{title} </lessons/{name}>\n" for name, (title, _) in cards.items()
    )
    listed = (
        f"```{{toctree}}\n:hidden:\n:caption: The lessons\n\n{entries}```\n"
    )
    write_whole(folder / "_lessons.md", listed)


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


def write_source(
    folder: Path, executed: Path, repository: str | None = None
) -> None:
    """Write what Sphinx reads.

    Parameters
    ----------
    folder, executed : Path
    repository : str, optional
        OWNER/NAME on GitHub: each lesson gets links that open it elsewhere.

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
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    check_sections(readme)
    cards = read_cards(readme, lessons)
    write_cards(cards, folder)
    glossary = (DOCS / "glossary.md").read_text(encoding="utf-8")
    terms = read_terms(glossary)
    numbers = {int(name[:2]): name for name in lessons}
    write_whole(folder / "glossary.md", make_glossary(glossary, numbers))
    for name, lesson in lessons.items():
        page = make_page(
            lesson, name, terms=terms, cards=cards, repository=repository
        )
        path = folder / "lessons" / f"{name}.ipynb"
        write_whole(path, nbformat.writes(page))
        cover = COVERS[name[:2]]().render()
        write_whole(folder / "covers" / f"{name[:2]}.svg", cover)
        left = find_left(lesson, DECODER_TYPE)
        if left:
            write_decoder(left, folder / "_static" / "decoder" / name[:2])
        if name.startswith("07"):
            if left is None:
                raise UsageError(
                    "the executed lesson 07 has left no decoder: run it "
                    'again, by `make run ARGS="07"` with the same --mode and '
                    "--out as before"
                )
            write_whole(folder / "_static" / "map.png", draw_map(left))
            codes = find_picture(lesson, "explore")
            write_whole(folder / "covers" / "codes.png", codes)
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    write_whole(folder / "_chart.html", make_chart(results))
    readme = readme.replace("(notebooks/", "(lessons/")
    write_whole(folder / "_readme.md", readme)
    for path in (ROOT / "utils" / "explore.js", FONT):
        shutil.copy(path, folder / "_static")


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

    with tempfile.TemporaryDirectory() as trees:
        options = ["-q", "-W", "--keep-going", "-d", trees]
        if sphinx([*options, str(source), str(folder)]):
            raise UsageError(
                "the site is not built: see what Sphinx says above"
            )
    lighten(folder)


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
    parser.add_argument(
        "--repository",
        metavar="OWNER/NAME",
        help="where the course is on GitHub: lessons get links that open them "
        "in Binder and in Colab; default: no such links",
    )
    options = parser.parse_args(argv)
    try:
        folder = choose_folder(options.out, BUILD / "site")
        with (
            open_output(folder) as part,
            tempfile.TemporaryDirectory() as scratch,
        ):
            source = Path(scratch, "source")
            write_source(source, options.executed, options.repository)
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
