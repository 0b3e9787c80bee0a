"""Writes slides as a page of reveal.js that needs no network, and as a PDF."""

import itertools
import shutil
from pathlib import Path

from utils.files import write_whole
from utils.tools import UsageError, find_package
from utils.tools.formulas import FONT, make_block, make_inline
from utils.tools.slides.deck import Deck, Slide, make_deck

from nbformat import NotebookNode

HERE = Path(__file__).parent
WIDTH, HEIGHT = 1280, 720  # pixels of a slide
# How wide a letter of code is, and how high its line, in font sizes.
LETTER, LINE = 0.61, 1.3
LARGEST_CODE, SMALLEST_CODE = 32, 20  # pixels


def make_page(deck: Deck) -> str:
    """Return the slides of a lesson as a page of reveal.js.

    The page loads what `copy_assets` has put into the folder assets beside it,
    and the pictures of the deck.
    """
    from nbconvert import HTMLExporter
    from nbformat import v4

    exporter = HTMLExporter(
        extra_template_paths=[str(HERE)],
        template_file="slides.html.j2",
        filters={"markdown2html": make_html},
    )
    resources = {
        "deck": deck,
        "sections": split_sections(deck),
        "width": WIDTH,
        "height": HEIGHT,
        "find_code_size": find_code_size,
    }
    return exporter.from_notebook_node(v4.new_notebook(), resources)[0]


def make_html(text: str) -> str:
    """Return Markdown as HTML, its formulas as MathML."""
    from nbconvert.filters import markdown_mistune

    class Renderer(markdown_mistune.IPythonRenderer):
        def inline_math(self, text):
            return make_inline(text)

        def block_math(self, text):
            return make_block(text)

    return markdown_mistune.MarkdownWithMath(
        renderer=Renderer(escape=False)
    ).render(text)


def split_sections(deck: Deck) -> list[list[Slide]]:
    """Return the slides of each section, which stand in a column."""
    sections = []
    for slide in deck.slides:
        if slide.starts_section or not sections:
            sections.append([])
        sections[-1].append(slide)
    return sections


def find_code_size(*texts: str) -> float:
    """Return the font size in which texts fit on a slide, one below another.

    Parameters
    ----------
    *texts : str
        Code, or a table in letters of one width.

    Returns
    -------
    float
        In pixels, rounded to half ones, as large as can be and never too small
        to be read from the last row.

    Examples
    --------
    >>> find_code_size("x = 1")
    32.0
    """
    lines = list(itertools.chain(*(text.split("\n") for text in texts)))
    n_letters = max(map(len, lines))
    size = min(
        LARGEST_CODE,
        (WIDTH - 190) / LETTER / n_letters,
        (HEIGHT - 220) / LINE / len(lines),
    )
    return max(int(2 * size) / 2, SMALLEST_CODE)


def copy_assets(folder: Path) -> None:
    """Copy reveal.js and its font out of an installed package, and ours.

    An extension of Sphinx brings them as files, so that neither the network
    nor npm is needed.

    Raises
    ------
    UsageError
        If the package is not installed.
    """
    reveal = find_package("sphinx-revealjs").locate_file(
        "sphinx_revealjs/_static/revealjs"
    )
    font = "dist/theme/fonts/source-sans-pro"
    for part in (font, "plugin/notes"):
        shutil.copytree(reveal / part, folder / part, dirs_exist_ok=True)
    for part in ("dist/reveal.js", "dist/reveal.css"):
        shutil.copyfile(reveal / part, folder / part)
    shutil.copyfile(FONT, folder / FONT.name)


def write_decks(folder: Path, lessons: dict[str, NotebookNode]) -> list[Deck]:
    """Write the slides of executed lessons, a page for each.

    Parameters
    ----------
    folder : Path
    lessons : dict of str to NotebookNode
        By name.

    Raises
    ------
    UsageError
        As `copy_assets` says.
    """
    copy_assets(folder / "assets")
    decks = []
    for name, lesson in lessons.items():
        deck = make_deck(lesson, name)
        write_whole(folder / f"{name}.html", make_page(deck))
        for path, picture in deck.pictures.items():
            write_whole(folder / path, picture)
        decks.append(deck)
    return decks


def write_pdfs(folder: Path) -> None:
    """Print the pages of a folder, an answer on a page of its own.

    Raises
    ------
    UsageError
        If Playwright or a browser is missing.
    """
    needed = (
        "a PDF needs Chrome or Chromium on the PATH, and Playwright: "
        'pip install -e ".[browser]"; the slides themselves need neither'
    )
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise UsageError(needed) from None
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        raise UsageError(needed)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=path, args=["--no-sandbox"]
        )
        for page in sorted(folder.glob("*.html")):
            tab = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
            tab.goto(f"{page.resolve().as_uri()}?print-pdf")
            tab.wait_for_selector("body[data-ready]", timeout=120_000)
            tab.pdf(
                path=str(page.with_suffix(".pdf")),
                prefer_css_page_size=True,
                print_background=True,
            )
            tab.close()
        browser.close()
