"""What a visitor need not load, and what is not published, is taken out."""

import io
import re
import shutil
from pathlib import Path

from utils.files import write_whole

from PIL import Image

# The theme loads the icons of Font Awesome twice: as a font, and as a script
# of 1.5 MB, for whoever wants icons of their own.
SCRIPT = re.compile(r"<script[^>]*fontawesome\.js[^>]*></script>\s*")
# A search happens on a page of its own.
SEARCH = re.compile(
    r'<script src="[^"]*(?:searchtools|language_data|searchindex)\.js[^"]*">'
    r"</script>\s*"
)
IMAGE = re.compile(r'<img (?P<before>[^>]*)src="(?P<path>[^"]+)"')
# What Sphinx or a theme leaves and no page asks for.
UNUSED = (
    ".buildinfo",
    ".doctrees",
    "_sources",
    "_static/scripts/fontawesome.js",
    "_static/**/*.map",
    "_static/**/*.LICENSE.txt",
    "_static/webpack-macros.html",
    "_static/sbt-webpack-macros.html",
    "_static/locales",
)


def make_webp(picture: bytes) -> bytes:
    """Return a picture as WebP: as it is, or with losses that nobody sees.

    Charts are smaller as they are, photographs are not.
    """
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    files = []
    for options in ({"lossless": True}, {"quality": 90}):
        file = io.BytesIO()
        image.save(file, format="webp", **options)
        files.append(file.getvalue())
    return min(files, key=len)


def read_size(path: Path) -> tuple[int, int]:
    """Return the width and the height of a picture, or an SVG, in pixels."""
    if path.suffix == ".svg":
        head = path.read_text(encoding="utf-8").partition(">")[0]
        width, height = re.findall(r'(?:width|height)="(\d+)"', head)
        return int(width), int(height)
    with Image.open(path) as image:
        return image.size


def _ready_images(body: str, folder: Path) -> str:
    """Have the images of a page wait, with room kept for them."""

    def ready(found):
        words = found[0]
        # What is seen first must not wait.
        if "loading=" not in words:
            words = words.replace("<img ", '<img loading="lazy" ')
        if "width=" not in words:
            width, height = read_size(folder / found["path"])
            size = f'<img width="{width}" height="{height}" '
            words = words.replace("<img ", size)
        return words

    return IMAGE.sub(ready, body)


def lighten(folder: Path) -> None:
    """Take out of a built site what no reader needs.

    Pictures become WebP, and are loaded when they come near the screen.

    Parameters
    ----------
    folder : Path
        What Sphinx has written.
    """
    for path in folder.glob("_images/*.png"):
        webp = make_webp(path.read_bytes())
        write_whole(path.with_suffix(".webp"), webp)
        path.unlink()
    for path in folder.rglob("*.html"):
        if "_static" in path.parts:
            continue
        text = SCRIPT.sub("", path.read_text(encoding="utf-8"))
        if path.name != "search.html":
            text = SEARCH.sub("", text)
        text = re.sub(r"(_images/[^\"]+)\.png", r"\1.webp", text)
        head, mark, body = text.partition("<article")
        write_whole(path, head + mark + _ready_images(body, path.parent))
    for pattern in UNUSED:
        for path in list(folder.glob(pattern)):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
