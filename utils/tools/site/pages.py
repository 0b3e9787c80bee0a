"""A lesson as a page of the site: it reads like a chapter of a book."""

import ast
import base64
import copy
import json
import re
from html import escape

from utils.explore import DECODER_TYPE, STOPS_TYPE
from utils.tools import UsageError
from utils.tools.diagrams.covers import COVERS
from utils.tools.lessons import IMAGE, find_cells, find_pictures, get_tags
from utils.tools.site.glossary import Term, link_terms

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_output

NOT_SHOWN = {"notes", "metrics"}  # tags
OURS = "application/vnd.autoencoder."  # types of outputs
COLAB = "https://colab.research.google.com/github"
BINDER = "https://mybinder.org/v2/gh"


def find_mode(executed: NotebookNode) -> str:
    """Return the mode in which a lesson was executed."""
    given = executed.metadata.get("papermill", {}).get("parameters", {})
    return given.get("mode", "fast")  # what lessons say by themselves


def find_left(executed: NotebookNode, kind: str) -> dict | None:
    """Return the first output of a type of its own, if there is one."""
    for cell in executed.cells:
        for output in cell.get("outputs", []):
            if kind in output.get("data", {}):
                return output.data[kind]
    return None


def _is_constant(node):
    return isinstance(node, ast.Assign) and all(
        isinstance(target, ast.Name) and target.id.isupper()
        for target in node.targets
    )


def _is_plotting(node):
    return isinstance(node, ast.FunctionDef) and node.name.startswith("plot_")


def name_fold(cell: NotebookNode) -> str | None:
    """Return what a code cell holds that a reader may skip, or None.

    What a lesson teaches stays open: models, losses, training, measures.
    """
    tags = get_tags(cell)
    if tags & {"parameters", "injected-parameters"}:
        return "the mode and the seed"
    if "check" in tags:
        return "the check"
    if "result" in tags:
        return "what follows a right answer"
    if "stub" in tags:
        return None
    try:
        body = ast.parse(cell.source).body
    except SyntaxError:  # a magic of IPython
        return None
    kinds = (ast.Import, ast.ImportFrom)
    if body and all(isinstance(node, kinds) for node in body):
        return "the imports"
    if body and all(_is_constant(node) for node in body):
        return "the constants"
    others = [node for node in body if not _is_constant(node)]
    if all(_is_plotting(node) for node in others) and others:
        return "the code of the figure"
    if re.search(
        r"(?m)^(show|_ = explore|\w+ = explore_codes)\(", cell.source
    ):
        return "the code of the figure"
    if re.search(r"\bFindings\(|^findings\b", cell.source, re.MULTILINE):
        return "how the findings are checked"
    return None


def _fold_code(cell):
    what = name_fold(cell)
    hidden = cell.metadata.get("jupyter", {}).get("source_hidden")
    if what is None and not hidden:
        return
    tags = [*get_tags(cell), "hide-input"]
    cell.metadata["tags"] = sorted(tags)
    mystnb = cell.metadata.setdefault("mystnb", {})
    mystnb["code_prompt_show"] = f"Show {what or 'the code'}"
    mystnb["code_prompt_hide"] = f"Hide {what or 'the code'}"


def _replace_outputs(cell, place, number):
    """Put elements that scripts fill beside the figures they replace."""
    outputs = []
    for output in cell.outputs:
        data = output.get("data", {})
        if STOPS_TYPE in data:
            left = escape(json.dumps(data[STOPS_TYPE]))
            page = f'<div class="stops" data-stops="{left}"></div>'
            output = new_output("display_data", {"text/html": page})
        elif place and place in base64.b64decode(data.get("image/png", "")):
            outputs.append(output)
            page = (
                f'<div class="explorer" data-decoder="{number}"></div>'
                '<p class="explorer-status" role="status"></p>'
                '<script type="module" src="../_static/page.js"></script>'
            )
            output = new_output("display_data", {"text/html": page})
        # What only the course's own tools read; Sphinx would warn.
        for kind in [kind for kind in data if kind.startswith(OURS)]:
            del data[kind]
        if set(data) == {"text/plain"} and outputs:
            last = outputs[-1].get("data", {})
            if set(last) == {"text/plain"}:  # one box for many lines
                last["text/plain"] += "\n" + data["text/plain"]
                continue
        outputs.append(output)
    cell.outputs = outputs


def make_launchers(name: str, repository: str | None) -> str:
    """Return links that open a lesson elsewhere, as HTML; none without one.

    Parameters
    ----------
    name : str
        The lesson.
    repository : str, optional
        OWNER/NAME on GitHub; the branch is main.
    """
    if not repository:
        return ""
    path = f"notebooks/{name}.ipynb"
    binder = f"{BINDER}/{repository}/main?urlpath=lab/tree/{path}"
    colab = f"{COLAB}/{repository}/blob/main/{path}"
    _, _, folder = repository.partition("/")
    return (
        '<p class="launchers">'
        f'<a href="{binder}">Open in Binder</a>'
        f'<a href="{colab}">Open in Colab</a></p>\n\n'
        "<details><summary>Colab needs one cell first</summary>\n\n"
        "```\n"
        f"!git clone -q https://github.com/{repository}\n"
        f'%pip install -q -e "{folder}[cpu]"\n'
        f"%cd {folder}/notebooks\n"
        "```\n\n"
        "Run it, restart the session, and run it again.\n\n</details>\n"
    )


def make_card(name: str, words: str, title: str, question: str) -> str:
    """Return a card that leads to a lesson, in Markdown for sphinx-design."""
    number = name[:2]
    if number not in COVERS:
        raise UsageError(
            f"{name} has no cover: draw one in utils/tools/diagrams/covers.py"
        )
    return (
        f":::{{grid-item-card}} {words}{title}\n"
        f":link: /lessons/{name}\n:link-type: doc\n"
        f":img-top: /covers/{number}.svg\n"
        f":img-alt: {COVERS[number].alt}\n\n{question}\n:::\n"
    )


def make_page(
    executed: NotebookNode,
    name: str = "",
    *,
    terms: list[Term] | None = None,
    cards: dict | None = None,
    repository: str | None = None,
) -> NotebookNode:
    """Return an executed lesson as the site shows it.

    Without notes and measures; imports, constants, code of figures and checks
    are folded, and the folds say what they hold; terms link to the glossary;
    sliders and maps are where the lesson has left them.

    Parameters
    ----------
    executed : NotebookNode
    name : str
        The lesson.
    terms : list of Term, optional
        The glossary.
    cards : dict of str to (title, question), optional
        All lessons by name, in their order: the next ones are at the end.
    repository : str, optional
        OWNER/NAME on GitHub, for links that open the lesson elsewhere.
    """
    page = copy.deepcopy(executed)
    decoder = find_left(executed, DECODER_TYPE)
    place = decoder["setup"].get("place", "").encode() if decoder else b""
    page.cells = [
        cell for cell in page.cells if not NOT_SHOWN & get_tags(cell)
    ]
    number = int(name[:2]) if name else 0
    left = [term for term in terms or [] if number in term.lessons]
    for _, cell in find_cells(page, "markdown"):
        # MyST joins the lines of an alt text without a space.
        cell.source = IMAGE.sub(lambda m: " ".join(m[0].split()), cell.source)
        cell.source = link_terms(cell.source, left)
    for _, cell in find_cells(page, "code"):
        for _, alt in find_pictures(cell):
            cell.metadata["mystnb"] = {"image": {"alt": alt}}
        _fold_code(cell)
        _replace_outputs(cell, place, name[:2])
    launchers = make_launchers(name, repository)
    if launchers:
        page.cells[0].source += f"\n\n{launchers}"
    page.cells.append(new_markdown_cell(_make_end(executed, name, cards)))
    return page


def _make_end(executed, name, cards):
    """Return what stands below a lesson: its neighbors, and the mode."""
    parts = []
    names = list(cards or {})
    if name in names:
        i = names.index(name)
        beside = {}
        if i + 1 < len(names):
            beside["Next: "] = names[i + 1]
        if i > 0:
            beside["Before: "] = names[i - 1]
        grid = "".join(
            make_card(other, words, *cards[other])
            for words, other in beside.items()
        )
        parts.append(
            f"::::{{grid}} 1 2 2 2\n:gutter: 3\n:class-container: nearby\n\n"
            f"{grid}::::"
        )
    mode = find_mode(executed)
    parts.append(
        f'<p class="mode">The figures on this page are of {mode} mode.</p>'
    )
    return "\n\n".join(parts) + "\n"
