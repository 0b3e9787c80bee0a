"""Editions of the lessons: handouts, solutions, slides.

`python -m utils.tools.editions handouts` writes build/handouts: the lessons
without solutions and instructor's notes. `solutions` writes build/solutions:
stubs replaced by solutions, executed. `slides` writes build/slides: one page a
lesson, made from its executed copy, that needs no network.
"""

import argparse
import copy
import importlib.metadata
import shutil
import sys
import tempfile
from pathlib import Path

from utils.files import replace_folder
from utils.tools import UsageError
from utils.tools.lessons import (
    BUILD,
    EXECUTED,
    get_tags,
    read_lessons,
)
from utils.tools.run import command

import nbformat

SLIDE = {"width": 1280, "height": 720}  # pixels, which reveal.js then scales
# Jupyter's template, but for what it takes from the network.
TEMPLATE = """\
{%- extends 'reveal/index.html.j2' -%}
{%- block html_head_js -%}{%- endblock -%}
{%- block jupyter_widgets -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}
<script>
MathJax = {tex: {inlineMath: [["$", "$"]], processEscapes: true}};
</script>
<script src="assets/tex-svg.js"></script>
{%- endblock -%}
{%- block html_head_css -%}<style>STYLE</style>{%- endblock -%}
{%- block footer_js -%}
<script src="assets/reveal.js"></script>
<script src="assets/notes/notes.js"></script>
<script>SCRIPT</script>
{%- endblock -%}
"""
STYLE = """
.reveal { font-size: 26px; }
.reveal .slides { text-align: left; }
.reveal .slides section :is(h1, h2, h3) { text-transform: none; }
.reveal h1 { font-size: 2em; }
.reveal h2 { font-size: 1.6em; }
.reveal h3 { font-size: 1.25em; }
.reveal pre { width: 100%; margin: 0; box-shadow: none; }
.reveal .jp-InputPrompt, .reveal .jp-OutputPrompt { display: none; }
.reveal .jp-Cell { padding: 4px 0; }
.reveal .jp-RenderedImage img {
  width: 880px; max-height: 440px; margin: 0;
  object-fit: contain; object-position: left;
}
.reveal blockquote { width: 95%; margin: 10px 0; }
.reveal .slide-number { left: 8px; right: auto; }
.jp-Notebook {
  --jp-ui-font-size1: 22px;
  --jp-content-font-size1: 24px;
  --jp-code-font-size: 20px;
}
"""
# A slide that is too high is drawn smaller, as a whole.
SCRIPT = """
function fit() {
  const slide = Reveal.getCurrentSlide();
  slide.style.zoom = 1;
  const room = Reveal.getConfig().height;
  for (let i = 0; i < 4 && slide.scrollHeight * slide.style.zoom > room; i++)
    slide.style.zoom *= 0.98 * room / (slide.scrollHeight * slide.style.zoom);
  Reveal.layout();
}
// A picture has no height before it is decoded.
const pictures = [...document.images].map(x => x.decode().catch(() => {}));
Promise.all([MathJax.startup.promise, ...pictures])
.then(() => Reveal.initialize({
  width: WIDTH, height: HEIGHT, margin: 0.03, center: false, hash: true,
  slideNumber: "c/t", transition: "none", plugins: [RevealNotes],
})).then(() => {
  Reveal.on("slidechanged", fit);
  fit();
  document.body.dataset.ready = "yes";
});
"""


def make_handout(lesson):
    """Return a copy without solutions, notes and outputs."""
    lesson = copy.deepcopy(lesson)
    lesson.cells = [
        cell
        for cell in lesson.cells
        if not {"solution", "notes"} & get_tags(cell)
    ]
    for cell in lesson.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return lesson


def make_solution(lesson):
    """Return a copy with solutions, in full view, in place of the stubs.

    The check that followed the stub, with the data that it needs, follows the
    solution in place of the solution's own.
    """
    lesson = copy.deepcopy(lesson)
    cells, waiting = [], iter(lesson.cells)
    for cell in waiting:
        cell.metadata.get("jupyter", {}).pop("source_hidden", None)
        if "stub" in get_tags(cell):
            check, cell, _ = (next(waiting) for _ in range(3))
            cell.metadata.get("jupyter", {}).pop("source_hidden", None)
            cells += [cell, check]
        else:
            cells.append(cell)
    lesson.cells = cells
    return lesson


def make_slides(lesson, name: str) -> str:
    """Return an executed lesson as a page of reveal.js."""
    from nbconvert import SlidesExporter

    script = SCRIPT.replace("WIDTH", str(SLIDE["width"]))
    script = script.replace("HEIGHT", str(SLIDE["height"]))
    template = TEMPLATE.replace("STYLE", STYLE).replace("SCRIPT", script)
    exporter = SlidesExporter(raw_template=template)
    exporter.reveal_url_prefix = "assets"
    exporter.reveal_theme = "white"
    resources = {"metadata": {"name": name}}
    return exporter.from_notebook_node(lesson, resources)[0]


def copy_assets(folder: Path) -> None:
    """Put reveal.js and MathJax, of installed packages, beside the slides."""
    wanted = {
        "sphinx-revealjs": {
            "revealjs/dist/reveal.js": "reveal.js",
            "revealjs/dist/reveal.css": "dist/reveal.css",
            "revealjs/dist/theme/": "dist/theme/",
            "revealjs/plugin/notes/": "notes/",
        },
        "sphinx-mathjax-offline": {"mathjax/tex-svg.js": "tex-svg.js"},
    }
    for package, places in wanted.items():
        for file in importlib.metadata.files(package):
            for source, target in places.items():
                _, found, rest = str(file).partition(source)
                if found:
                    path = folder / (target + rest)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(file.locate(), path)


def write_handouts(folder: Path) -> None:
    """Write the lessons without solutions and notes."""
    with replace_folder(folder) as part:
        for name, lesson in read_lessons().items():
            nbformat.write(make_handout(lesson), part / f"{name}.ipynb")


def write_solutions(folder: Path) -> None:
    """Write the lessons with solutions, and execute them.

    Raises
    ------
    UsageError
        If one fails; the runner has said where.
    """
    with (
        replace_folder(folder) as part,
        tempfile.TemporaryDirectory() as sources,
    ):
        paths = []
        for name, lesson in read_lessons().items():
            paths.append(f"{sources}/{name}.ipynb")
            nbformat.write(make_solution(lesson), paths[-1])
        if command.main([*paths, "--out", str(part)]):
            raise UsageError(f"a solution failed; its copy is in {part}")


def read_executed(folder: Path) -> dict:
    """Return the executed lessons of a folder, by name.

    The runner names a copy after what was set, too: that of
    `--set reuse_weights=True` will do where there is no other.

    Raises
    ------
    UsageError
        If a lesson has not been executed, or has changed since.
    """
    found = {}
    for name, lesson in read_lessons().items():
        path = folder / f"{name}.ipynb"
        if not path.exists():
            # Named after what was set, too; its brackets are glob's own.
            others = sorted(folder.glob(f"{name}[[]*[]].ipynb"))
            if len(others) != 1:
                raise UsageError(
                    f"{path} is missing: call `make run` before, with "
                    f"--out {folder}"
                )
            (path,) = others
        executed = nbformat.read(path, as_version=4)
        # Papermill's own cell, which sets other parameters.
        executed.cells = [
            cell
            for cell in executed.cells
            if "injected-parameters" not in get_tags(cell)
        ]
        pair = [[c.source for c in n.cells] for n in (executed, lesson)]
        if pair[0] != pair[1]:
            raise UsageError(
                f"{path} is not as the lesson is now: call `make run` again"
            )
        found[name] = executed
    return found


def write_slides(folder: Path, executed: Path) -> None:
    """Write the slides of executed lessons.

    Raises
    ------
    UsageError
        As `read_executed` says.
    """
    pages = {
        name: make_slides(lesson, name)
        for name, lesson in read_executed(executed).items()
    }
    with replace_folder(folder) as part:
        copy_assets(part / "assets")
        for name, page in pages.items():
            (part / f"{name}.html").write_text(page, encoding="utf-8")


def main(argv: list[str] | None = None) -> int:
    """Make an edition as the command line says; return the exit status."""
    parser = argparse.ArgumentParser(
        "python -m utils.tools.editions",
        description=__doc__.partition("\n")[0],
    )
    add = parser.add_argument
    add("edition", choices=["handouts", "solutions", "slides"])
    text = "executed lessons that slides are made from; default: %(default)s"
    add("--executed", type=Path, default=EXECUTED, help=text)
    asked = parser.parse_args(argv)
    folder = BUILD / asked.edition
    try:
        if asked.edition == "slides":
            write_slides(folder, asked.executed)
        elif asked.edition == "solutions":
            write_solutions(folder)
        else:
            write_handouts(folder)
    except importlib.metadata.PackageNotFoundError as error:
        print(f'{error}: pip install -e ".[dev]"', file=sys.stderr)
        return 2
    except (UsageError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{asked.edition} are in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
