"""What a cell of an executed lesson has for a slide: code and outputs."""

import ast
import base64
import re
import struct

from utils.findings import FINDINGS_TYPE
from utils.tools.slides.text import split_blocks

from nbconvert.filters import strip_ansi
from nbformat import NotebookNode

# A slide has room for this many lines of code of a size that can be read.
MOST_LINES = 20
HEADING = re.compile(r"(#{1,3}) +(.+)")
TIMING = re.compile(r"(.* took [\d.]+ s\n?)+")  # of this machine


def is_code_shown(source: str) -> bool:
    r"""Tell whether code is the subject of a cell.

    It is where a class, a function or a training is written down. It is not
    where a picture is drawn, numbers are printed, or models are trained by a
    call of such a function.

    Examples
    --------
    >>> is_code_shown("model.compile(optimizer=adam, loss=loss)")
    True
    >>> is_code_shown("def double(x):\n    return 2 * x")
    True
    >>> is_code_shown("N_CODES = 32\nhistory = fit(model, x_train)")
    False
    >>> is_code_shown("def plot_codes():\n    plt.plot(codes)")
    False
    """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
        if name == "show" or name.startswith(("plt.", "plot_")):
            return False
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name.endswith((".compile", "GradientTape")):
                return True
    return bool(find_definitions(tree))


def find_definitions(tree: ast.Module) -> list[ast.stmt]:
    """Return the classes and functions of a module."""
    kinds = (ast.ClassDef, ast.FunctionDef)
    return [node for node in tree.body if isinstance(node, kinds)]


def choose_lines(source: str) -> str:
    """Return the part of the code that a slide shows.

    Beside classes and functions, calls are not the subject.
    """
    tree = ast.parse(source)
    definitions = find_definitions(tree)
    if not definitions:
        return source
    lines, parts = source.split("\n"), []
    for node in definitions:
        first = min([node, *node.decorator_list], key=lambda x: x.lineno)
        parts.append("\n".join(lines[first.lineno - 1 : node.end_lineno]))
    return "\n\n".join(parts)


def split_code(source: str) -> list[str]:
    """Split long code at empty lines, into parts that fit on a slide.

    Code without an empty line at the right place is cut where a slide is full.
    """
    lines, parts = source.split("\n"), []
    n_parts = -(-len(lines) // MOST_LINES)
    while len(lines) > MOST_LINES:
        wanted = -(-len(lines) // n_parts)
        breaks = [
            place
            for place in range(3, MOST_LINES + 1)
            if not lines[place].strip()
        ]
        cut = min(breaks, key=lambda x: abs(x - wanted), default=wanted)
        parts.append("\n".join(lines[:cut]).strip("\n"))
        lines = "\n".join(lines[cut:]).strip("\n").split("\n")
        n_parts = max(n_parts - 1, 1)
    return [*parts, "\n".join(lines)]


def read_outputs(cell: NotebookNode) -> list[dict]:
    """Return what a cell left: pictures, findings, tables, in their order.

    Streams that follow each other are one table. Lines that only say how long
    something took are left out.
    """
    found, pieces = [], []

    def close_table():
        text = strip_ansi("".join(pieces)).strip("\n")
        if text.strip() and not TIMING.fullmatch(text):
            lines = [line.rstrip() for line in text.split("\n")]
            found.append({"table": "\n".join(lines)})
        pieces.clear()

    for output in cell.get("outputs", []):
        data = output.get("data", {})
        html = data.get("text/html", "")
        if output.output_type == "stream":
            if output.name == "stdout":
                pieces.append(output.text)
        elif FINDINGS_TYPE in data:
            close_table()
            found.append({"findings": data[FINDINGS_TYPE]})
        elif "image/png" in data:
            close_table()
            alt = output.metadata.get("image/png", {}).get("alt", "")
            image = base64.b64decode(data["image/png"])
            found.append({"image": image, "alt": alt})
        elif html and not html.startswith("<pre"):
            close_table()
            found.append({"html": html})
        elif html or output.output_type == "execute_result":
            pieces.append(data.get("text/plain", "").rstrip("\n") + "\n")
    close_table()
    return found


def find_ratio(image: bytes, path: str) -> float:
    """Return the width of a PNG or SVG image, divided by its height."""
    if path.endswith(".svg"):
        box = re.search(rb'viewBox="[\d.-]+ [\d.-]+ ([\d.]+) ([\d.]+)"', image)
        width, height = (float(box[1]), float(box[2])) if box else (1, 1)
    else:
        width, height = struct.unpack(">II", image[16:24])
    return width / height


def find_mode(lesson: NotebookNode) -> str:
    """Return the mode in which a lesson was executed."""
    given = lesson.metadata.get("papermill", {}).get("parameters", {})
    return given.get("mode", "fast")  # what lessons say by themselves


def find_headings(source: str) -> list[tuple[int, str]]:
    """Return the headings of Markdown: their levels and their texts."""
    return [
        (len(found[1]), found[2].strip())
        for block in split_blocks(source)
        if (found := HEADING.match(block))
    ]


def get_slide_type(cell: NotebookNode) -> str:
    """Return the slide type that an author has chosen in JupyterLab."""
    return cell.metadata.get("slideshow", {}).get("slide_type", "-")
