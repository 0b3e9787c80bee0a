"""What a visitor need not load, and what is not published, is taken out."""

import re
import shutil
from pathlib import Path

from utils.files import write_whole

# The theme loads the icons of Font Awesome twice: as a font, and as a script
# of 1.5 MB, for whoever wants icons of their own.
SCRIPT = re.compile(r"<script[^>]*fontawesome\.js[^>]*></script>\s*")
# A search happens on a page of its own.
SEARCH = re.compile(
    r'<script src="[^"]*(?:searchtools|language_data|searchindex)\.js[^"]*">'
    r"</script>\s*"
)
# What Sphinx or a theme leaves and no page asks for.
UNUSED = (
    ".buildinfo",
    ".doctrees",
    "_sources",
    "_static/scripts/fontawesome.js",
    "_static/mathjax/a11y",
    "_static/mathjax/adaptors",
    "_static/mathjax/sre",
    "_static/mathjax/output/svg",
    "_static/mathjax/**/*-full*.js",
    "_static/mathjax/**/*svg*.js",
    "_static/mathjax/**/*mml*.js",
    "_static/**/*.map",
    "_static/**/*.LICENSE.txt",
    "_static/webpack-macros.html",
    "_static/sbt-webpack-macros.html",
    "_static/locales",
)


def lighten(folder: Path) -> None:
    """Take out of a built site what no reader needs.

    Pictures are loaded when they come near the screen.

    Parameters
    ----------
    folder : Path
        What Sphinx has written.
    """
    for path in folder.rglob("*.html"):
        if "_static" in path.parts:
            continue
        text = SCRIPT.sub("", path.read_text(encoding="utf-8"))
        if path.name != "search.html":
            text = SEARCH.sub("", text)
        head, mark, body = text.partition("<article")
        body = body.replace("<img ", '<img loading="lazy" ')
        # What is seen first must not wait.
        body = body.replace('loading="lazy" loading="eager"', "")
        write_whole(path, head + mark + body)
    for pattern in UNUSED:
        for path in list(folder.glob(pattern)):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
