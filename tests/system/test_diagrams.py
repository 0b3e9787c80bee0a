"""The diagrams are as the script draws them, and everybody can read them."""

import itertools
import math
import re
from dataclasses import dataclass
from xml.etree import ElementTree

from utils.tools.diagrams import __main__ as command
from utils.tools.diagrams.drawing import DARK, DIAGRAMS, LIGHT, Diagram
from utils.tools.lessons import NOTEBOOKS

import matplotlib
import pytest
from matplotlib.path import Path as Outline
from PIL import ImageFont

FOLDER = NOTEBOOKS / "images"
WIDTH = 760
LEAST_SIZE = 15
SVG = "{http://www.w3.org/2000/svg}"
each_diagram = pytest.mark.parametrize("name", sorted(DIAGRAMS))
each_scheme = pytest.mark.parametrize("colors", [LIGHT, DARK])

# DejaVu Sans is wider than the fonts that are asked for.
FONTS = {
    style: ImageFont.truetype(
        f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSans{style}.ttf", 100
    )
    for style in ("", "-Bold")
}


@dataclass
class Text:
    """A line of text: its words, color, size, and box on the page."""

    words: str
    color: str
    size: float
    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other):
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def holds(self, x, y):
        return self.left < x < self.right and self.top < y < self.bottom


def read(name):
    return ElementTree.fromstring(DIAGRAMS[name]().render())


def measure(element):
    """Return a text's box, from the widths of its parts."""
    size = float(element.get("font-size", 17))
    bold = "-Bold" if element.get("font-weight") == "bold" else ""
    parts = [(element.text, size)]
    for span in element:
        parts.append((span.text, float(span.get("font-size", size))))
        parts.append((span.tail, size))
    width = sum(
        FONTS[bold].getlength(words or "") * part / 100
        for words, part in parts
    )
    anchor = element.get("text-anchor", "start")
    shift = {"start": 0, "middle": 0.5, "end": 1}[anchor] * width
    x, y = float(element.get("x")), float(element.get("y"))
    return Text(
        words="".join(element.itertext()),
        color=element.get("class").removeprefix("text-"),
        size=min(part for words, part in parts if words),
        left=x - shift,
        top=y - 0.75 * size,
        right=x - shift + width,
        bottom=y + 0.2 * size,
    )


def find_texts(page):
    return [measure(element) for element in page.iter(f"{SVG}text")]


def find_outline(element):
    """Return the corners of what an element draws, closed if it has an area.

    Returns
    -------
    list of (x, y)
        Circles and arcs are taken as many short lines.
    """

    def get(*names):
        return [float(element.get(name)) for name in names]

    kind = element.tag.removeprefix(SVG)
    if kind in ("rect", "svg"):
        x, y, width, height = get("x", "y", "width", "height")
        right, bottom = x + width, y + height
        corners = [(x, y), (right, y), (right, bottom), (x, bottom), (x, y)]
    elif kind == "circle":
        x, y, r = get("cx", "cy", "r")
        angles = [math.tau * i / 24 for i in range(25)]
        corners = [(x + r * math.cos(a), y + r * math.sin(a)) for a in angles]
    elif kind == "polygon":
        pairs = [pair.split(",") for pair in element.get("points").split()]
        corners = [(float(x), float(y)) for x, y in [*pairs, pairs[0]]]
    elif kind == "path":
        numbers = [float(n) for n in re.findall(r"-?[\d.]+", element.get("d"))]
        if "A" in element.get("d"):  # ends of the arc only: all are short
            numbers = [*numbers[:2], *numbers[-2:]]
        corners = list(zip(numbers[::2], numbers[1::2], strict=True))
        if "C" in element.get("d"):
            corners = [find_cubic(corners, i / 24) for i in range(25)]
    else:
        corners = []
    return corners


def find_cubic(points, t):
    """Return the point of a cubic curve at t, from 0 to 1."""
    weights = [math.comb(3, k) * t**k * (1 - t) ** (3 - k) for k in range(4)]
    return tuple(
        sum(w * p[axis] for w, p in zip(weights, points, strict=True))
        for axis in (0, 1)
    )


def find_steps(corners):
    """Yield points along lines, one pixel apart."""
    for (x0, y0), (x1, y1) in itertools.pairwise(corners):
        n = max(1, math.ceil(math.dist((x0, y0), (x1, y1))))
        for i in range(n + 1):
            yield x0 + (x1 - x0) * i / n, y0 + (y1 - y0) * i / n


def find_drawn(page):
    """Yield the elements on the page that are no text, pixels left out."""
    for element in page:
        if element.tag.removeprefix(SVG) not in (
            "title",
            "desc",
            "style",
            "text",
        ):
            yield element


def find_background(page, text):
    """Return the name of the area that a text stands on: the last drawn."""
    x, y = (text.left + text.right) / 2, (text.top + text.bottom) / 2
    found = None
    for element in find_drawn(page):
        area = re.match(r"area-(\w+)", element.get("class", ""))
        corners = find_outline(element)
        if area and Outline(corners).contains_point((x, y)):
            found = area[1]
    return found


def find_luminance(color):
    """Return the relative luminance of #rrggbb, as WCAG 2 defines it."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    ]
    weights = (0.2126, 0.7152, 0.0722)
    return sum(w * x for w, x in zip(weights, linear, strict=True))


def find_contrast(first, second):
    """Return the contrast of two colors, 1 to 21."""
    low, high = sorted(map(find_luminance, (first, second)))
    return (high + 0.05) / (low + 0.05)


# --- The files ---------------------------------------------------------------


def test_the_files_are_what_is_drawn():
    drawn = {f"{name}.svg": make().render() for name, make in DIAGRAMS.items()}
    files = {path.name: path.read_bytes() for path in FOLDER.iterdir()}
    assert set(files) == set(drawn)
    changed = [n for n, text in drawn.items() if files[n] != text.encode()]
    assert not changed, "call `make diagrams`"
    assert len(files) > 15


def test_the_command_writes_and_lists(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(command, "NOTEBOOKS", tmp_path)
    assert command.main([]) == 0
    written = {path.stem for path in (tmp_path / "images").iterdir()}
    assert written == set(DIAGRAMS)
    assert command.main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(DIAGRAMS)
    for line, name in zip(lines, sorted(DIAGRAMS), strict=True):
        assert re.fullmatch(rf"!\[.+\.\]\(images/{name}\.svg\)", line)


@each_diagram
def test_a_file_is_small_and_its_words_are_text(name):
    text = DIAGRAMS[name]().render()
    assert len(text.encode()) < 40_000
    assert re.match(r"\d\d_[a-z_]+", name)
    assert "prefers-color-scheme:dark" in text
    assert len(find_texts(read(name))) >= 5


@each_diagram
def test_a_diagram_is_told_to_those_who_cannot_see_it(name):
    page = read(name)
    assert page.get("role") == "img"
    title, description = page.find(f"{SVG}title"), page.find(f"{SVG}desc")
    assert 5 < len(title.text) < 60
    assert 60 < len(description.text) < 500
    assert description.text.endswith(".")
    assert "]" not in description.text, "it is an alt text in Markdown"


# --- What the eye sees -------------------------------------------------------


@each_diagram
def test_text_is_large_and_on_the_page(name):
    page = read(name)
    assert float(page.get("width")) == WIDTH
    height = float(page.get("height"))
    for text in find_texts(page):
        assert text.size >= LEAST_SIZE, text
        assert text.left > 12 and text.right < WIDTH - 12, text
        assert text.top > 8 and text.bottom < height - 8, text


@each_diagram
def test_no_texts_overlap(name):
    texts = find_texts(read(name))
    for i, text in enumerate(texts):
        for other in texts[:i]:
            assert not text.overlaps(other), (text.words, other.words)


@each_diagram
def test_no_line_and_no_edge_crosses_a_text(name):
    page = read(name)
    texts = find_texts(page)
    for element in find_drawn(page):
        for x, y in find_steps(find_outline(element)):
            for text in texts:
                assert not text.holds(x, y), (text.words, element.attrib)


@each_scheme
@each_diagram
def test_text_stands_out(name, colors):
    page = read(name)
    for text in find_texts(page):
        area = find_background(page, text)
        contrast = find_contrast(colors[text.color], colors[area])
        assert contrast >= 4.5, (text.words, text.color, area)


@each_scheme
def test_encoder_code_and_decoder_differ_in_gray(colors):
    light = sorted(
        find_luminance(colors[name]) for name in ("encoder", "decoder", "code")
    )
    for darker, lighter in itertools.pairwise(light):
        assert (lighter + 0.05) / (darker + 0.05) > 1.5
    for name in ("encoder", "accent", "decoder"):
        assert find_contrast(colors[name], colors["panel"]) > 2.6


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("*k* = 3", '<tspan font-style="italic">k</tspan> = 3'),
        ("a < b", "a &lt; b"),
    ],
)
def test_words_are_marked_up(words, shown):
    page = Diagram("title", "alt", 100)
    page.text(0, 0, words)
    assert shown in page.render()


def test_the_line_goes_on_behind_a_subscript():
    page = Diagram("title", "alt", 100)
    page.text(0, 0, "*c*_{t} = 2 and x^{2} too")
    (text,) = ElementTree.fromstring(page.render()).iter(f"{SVG}text")
    assert "".join(text.itertext()) == "ct = 2 and x2 too"
    shifts = [float(span.get("dy", 0)) for span in text]
    assert sum(shifts) == 0 and max(shifts) > 0 > min(shifts)
