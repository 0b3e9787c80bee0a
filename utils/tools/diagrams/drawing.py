"""What diagrams are drawn with: boxes, arrows, texts, in one style.

A `Diagram` collects elements and returns them as SVG. Coordinates are pixels
of a page that is 760 wide, x to the right and y down. Texts stay texts, so
that they can be translated. Colors have names, and each name has a color for
a light and for a dark page.
"""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from xml.sax.saxutils import escape

WIDTH = 760
SIZE = 17  # of text, in pixels
SMALL = 15  # the least, so that a projector's last row can read it
FONTS = "'Helvetica Neue', Arial, 'Noto Sans', 'DejaVu Sans', sans-serif"

# Encoder, code and decoder have the same colors in every diagram. They differ
# in lightness as well, so they can be told apart in gray and by people with
# color deficiency. A name with `on-` is the color of text on that area.
LIGHT = {
    "panel": "#ffffff",
    "on-panel": "#1f2328",
    "frame": "#d0d7de",
    "ink": "#1f2328",
    "muted": "#57606a",
    "encoder": "#1d4f91",
    "on-encoder": "#ffffff",
    "code": "#f6c34f",
    "on-code": "#1f2328",
    "decoder": "#52ab98",
    "on-decoder": "#101c19",
    "plain": "#eceff3",
    "on-plain": "#1f2328",
    "shade": "#cdd5de",
    "on-shade": "#1f2328",
    "accent": "#c4351c",
    "picture": "#000000",
}
DARK = {
    "panel": "#171b21",
    "on-panel": "#e8ebef",
    "frame": "#3d444d",
    "ink": "#e8ebef",
    "muted": "#a9b2bd",
    "encoder": "#3a74bd",
    "on-encoder": "#ffffff",
    "code": "#ffd470",
    "on-code": "#1f2328",
    "decoder": "#63b8a5",
    "on-decoder": "#101c19",
    "plain": "#2b323b",
    "on-plain": "#e8ebef",
    "shade": "#465260",
    "on-shade": "#ffffff",
    "accent": "#ff8f85",
    "picture": "#000000",
}
AREAS = ("panel", "encoder", "code", "decoder", "plain", "shade", "picture")
LINES = ("ink", "muted", "frame", "encoder", "code", "decoder", "accent")
TEXTS = (
    "ink",
    "muted",
    "accent",
    *(name for name in LIGHT if name.startswith("on-")),
)

# Name to function; importing a module of diagrams adds its own.
DIAGRAMS: dict[str, Callable[[], "Diagram"]] = {}

Point = tuple[float, float]


def diagram(name: str, title: str, alt: str, height: int):
    """Register a function that draws a diagram.

    Parameters
    ----------
    name : str
        The file's name without its ending: the lesson's number and a word.
    title : str
        What the picture is, in a few words.
    alt : str
        What it shows, in full sentences, for readers who cannot see it.
    height : int
        In pixels, of a page that is 760 wide.
    """

    def register(draw):
        def make() -> Diagram:
            page = Diagram(title, alt, height)
            draw(page)
            return page

        make.alt = alt
        DIAGRAMS[name] = make
        return draw

    return register


def number(value: float) -> str:
    """Write a coordinate, with one digit after the point if it needs one."""
    return f"{round(value, 1):g}"


class Diagram:
    """A page to draw on.

    Parameters
    ----------
    title, alt : str
        As `diagram` has them.
    height, width : int
        In pixels.
    """

    def __init__(self, title: str, alt: str, height: int, width: int = WIDTH):
        self.title = title
        self.alt = alt
        self.height = height
        self.width = width
        self.elements: list[str] = []

    # --- Text ----------------------------------------------------------------

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        color: str = "ink",
        size: float = SIZE,
        anchor: str = "middle",
        bold: bool = False,
    ) -> None:
        """Write one line whose middle has the height y.

        Parameters
        ----------
        x, y : float
        words : str
            `*x*` is italic, `_{t}` a subscript, `^{2}` a superscript.
        color : str
            One of `TEXTS`.
        size : float
            In pixels.
        anchor : str
            Which part of the line is at x: "start", "middle" or "end".
        bold : bool
        """
        attributes = f'class="text-{color}" x="{number(x)}" '
        attributes += f'y="{number(y + 0.36 * size)}"'
        if size != SIZE:
            attributes += f' font-size="{number(size)}"'
        if anchor != "start":
            attributes += f' text-anchor="{anchor}"'
        if bold:
            attributes += ' font-weight="bold"'
        self.elements.append(f"<text {attributes}>{_mark_up(words)}</text>")

    def lines(
        self, x: float, y: float, texts: Sequence[str], **options
    ) -> None:
        """Write lines of text, one below the other, around the height y."""
        step = 1.3 * options.get("size", SIZE)
        first = y - step * (len(texts) - 1) / 2
        for i, words in enumerate(texts):
            self.text(x, first + i * step, words, **options)

    # --- Areas ---------------------------------------------------------------

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        words: str | Sequence[str] = (),
        *,
        color: str = "plain",
        radius: float = 6,
        line: str | None = None,
        **options,
    ) -> None:
        """Draw a rectangle with lines of text in its middle.

        `x` and `y` are its upper left corner, `color` is one of `AREAS`,
        `line` one of `LINES` for its edge.
        """
        names = f"area-{color}" + (f" line-{line}" if line else "")
        place = f'x="{number(x)}" y="{number(y)}" '
        place += f'width="{number(width)}" height="{number(height)}"'
        corner = f' rx="{number(radius)}"' if radius else ""
        self.elements.append(f'<rect class="{names}" {place}{corner}/>')
        texts = [words] if isinstance(words, str) else words
        options = {"color": f"on-{color}"} | options
        self.lines(x + width / 2, y + height / 2, texts, **options)

    def frame(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        color: str = "muted",
        dashed: bool = False,
        thickness: float = 2,
        radius: float = 0,
    ) -> None:
        """Draw the outline of a rectangle."""
        place = f'x="{number(x)}" y="{number(y)}" '
        place += f'width="{number(width)}" height="{number(height)}"'
        corner = f' rx="{number(radius)}"' if radius else ""
        style = _line_style(thickness, dashed)
        self.elements.append(
            f'<rect class="line-{color}" {place}{corner}{style}/>'
        )

    def polygon(self, points: Iterable[Point], color: str) -> None:
        """Fill a polygon."""
        corners = " ".join(f"{number(x)},{number(y)}" for x, y in points)
        self.elements.append(
            f'<polygon class="area-{color}" points="{corners}"/>'
        )

    def trapezoid(
        self,
        x: float,
        y: float,
        width: float,
        left: float,
        right: float,
        words: str | Sequence[str] = (),
        *,
        color: str,
        **options,
    ) -> None:
        """Draw a layer that narrows or widens.

        `x` is its left edge, `y` its middle; `left` and `right` are the
        heights of its edges, `color` is one of `AREAS`.
        """
        self.polygon(
            [
                (x, y - left / 2),
                (x + width, y - right / 2),
                (x + width, y + right / 2),
                (x, y + left / 2),
            ],
            color,
        )
        texts = [words] if isinstance(words, str) else words
        options = {"color": f"on-{color}"} | options
        self.lines(x + width / 2, y, texts, **options)

    def circle(
        self,
        x: float,
        y: float,
        radius: float,
        words: str = "",
        *,
        color: str = "plain",
        line: str | None = None,
        **options,
    ) -> None:
        """Draw a circle around a text; color and line as in `box`."""
        names = f"area-{color}" + (f" line-{line}" if line else "")
        self.elements.append(
            f'<circle class="{names}" cx="{number(x)}" cy="{number(y)}" '
            f'r="{number(radius)}"/>'
        )
        if words:
            options = {"color": f"on-{color}"} | options
            self.text(x, y, words, **options)

    def code(
        self, x: float, y: float, width: float, height: float, n_cells: int
    ) -> None:
        """Draw a code: a column of cells, around the middle y."""
        self.box(x, y - height / 2, width, height, color="code", radius=0)
        for i in range(1, n_cells):
            level = y - height / 2 + height * i / n_cells
            self.line([(x, level), (x + width, level)], "panel", thickness=1.5)

    def numbers(
        self,
        x: float,
        y: float,
        cell: float,
        rows: Sequence[Sequence[object]],
        color: Callable[[int, int], str] = lambda row, column: "plain",
        size: float = SIZE,
    ) -> None:
        """Draw a grid of square cells with a number in each.

        `x` and `y` are its upper left corner; `color` names the area of a row
        and column.
        """
        for i, row in enumerate(rows):
            for j, value in enumerate(row):
                self.box(
                    x + j * cell,
                    y + i * cell,
                    cell,
                    cell,
                    str(value).replace("-", "\N{MINUS SIGN}"),
                    color=color(i, j),
                    line="panel",
                    radius=0,
                    size=size,
                )

    def picture(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        pixels: Sequence[Sequence[int]],
    ) -> None:
        """Draw an image from pixels, white on black.

        Parameters
        ----------
        x, y, width, height : float
            Its upper left corner and its size on the page.
        pixels : sequence of rows of int
            Gray levels, 0 to 255. They are drawn in steps, and neighbors of
            the same step are one line: this keeps the file small.
        """
        n_rows, n_columns = len(pixels), len(pixels[0])
        place = f'x="{number(x)}" y="{number(y)}" '
        place += f'width="{number(width)}" height="{number(height)}"'
        self.elements.append(
            f'<svg {place} viewBox="0 -0.5 {n_columns} {n_rows}" '
            'preserveAspectRatio="none" shape-rendering="crispEdges" '
            'stroke-width="1">'
            f'<rect class="area-picture" y="-0.5" width="{n_columns}" '
            f'height="{n_rows}"/>{"".join(_draw_pixels(pixels))}</svg>'
        )
        self.frame(x, y, width, height, color="muted", thickness=1)

    # --- Lines ---------------------------------------------------------------

    def line(
        self,
        points: Sequence[Point],
        color: str = "ink",
        *,
        thickness: float = 2,
        dashed: bool = False,
    ) -> None:
        """Draw straight lines from point to point."""
        path = "L".join(f"{number(x)} {number(y)}" for x, y in points)
        self._path("M" + path, color, thickness, dashed)

    def bracket(
        self, left: float, right: float, y: float, tips: float = -8
    ) -> None:
        """Draw a line above what it spans, or below with tips upward."""
        ends = [(left, y + tips), (left, y), (right, y), (right, y + tips)]
        self.line(ends, "muted")

    def curve(
        self,
        points: Sequence[Point],
        color: str = "ink",
        *,
        thickness: float = 2,
        dashed: bool = False,
    ) -> None:
        """Draw a cubic curve: a point, two handles, and the last point."""
        pairs = [f"{number(x)} {number(y)}" for x, y in points]
        path = f"M{pairs[0]}C{' '.join(pairs[1:])}"
        self._path(path, color, thickness, dashed)

    def arc(
        self,
        x: float,
        y: float,
        radius: float,
        start: float,
        end: float,
        color: str = "ink",
    ) -> None:
        """Draw a part of a circle, from and to an angle in degrees.

        Angles are counted from the right, against the clock.
        """
        angles = [math.radians(degrees) for degrees in (start, end)]
        begin, stop = (
            f"{number(x + radius * math.cos(a))} "
            f"{number(y - radius * math.sin(a))}"
            for a in angles
        )
        is_large = int(abs(end - start) > 180)
        r = number(radius)
        self._path(f"M{begin}A{r} {r} 0 {is_large} 0 {stop}", color, 2, False)

    def arrow(
        self,
        points: Sequence[Point],
        color: str = "ink",
        *,
        words: str = "",
        above: float = 14,
        thickness: float = 2,
        dashed: bool = False,
        head: float = 9,
        **options,
    ) -> None:
        """Draw an arrow along points, with a text above its first part.

        Parameters
        ----------
        points : sequence of (x, y)
            Its last part ends in the arrow's head.
        color : str
            One of `LINES`.
        words : str
        above : float
            How far the text's middle is above the line; below if negative.
        thickness : float
        dashed : bool
        head : float
            The length of the head.
        **options
            For the text.
        """
        (x0, y0), (x1, y1) = points[-2:]
        length = math.dist((x0, y0), (x1, y1))
        dx, dy = (x1 - x0) / length, (y1 - y0) / length
        neck = (x1 - head * dx, y1 - head * dy)
        self.line(
            [*points[:-1], neck], color, thickness=thickness, dashed=dashed
        )
        self._head(x1, y1, dx, dy, head, color)
        if words:
            (x0, y0), (x1, y1) = points[:2]
            options = {"size": SMALL} | options
            self.text((x0 + x1) / 2, (y0 + y1) / 2 - above, words, **options)

    def curved_arrow(
        self, points: Sequence[Point], color: str = "ink", **options
    ) -> None:
        """Draw a curve as `curve` does, with an arrow's head at its end."""
        head = 9
        (x0, y0), (x1, y1) = points[-2:]
        length = math.dist((x0, y0), (x1, y1))
        dx, dy = (x1 - x0) / length, (y1 - y0) / length
        neck = (x1 - head * dx, y1 - head * dy)
        self.curve([*points[:-1], neck], color, **options)
        self._head(x1, y1, dx, dy, head, color)

    def _head(self, x, y, dx, dy, head, color):
        wing = 0.5 * head
        corners = [
            (x, y),
            (x - head * dx - wing * dy, y - head * dy + wing * dx),
            (x - head * dx + wing * dy, y - head * dy - wing * dx),
        ]
        points = " ".join(f"{number(x)},{number(y)}" for x, y in corners)
        self.elements.append(
            f'<polygon class="head-{color}" points="{points}"/>'
        )

    def _path(self, path, color, thickness, dashed):
        style = _line_style(thickness, dashed)
        self.elements.append(f'<path class="line-{color}" d="{path}"{style}/>')

    # --- The file ------------------------------------------------------------

    def render(self) -> str:
        """Return the diagram as the text of an SVG file."""
        rules = [
            f"svg{{font:{SIZE}px {FONTS};stroke-width:2}}",
            "[class|=line]{fill:none}",
            *_make_rules(LIGHT),
            "@media (prefers-color-scheme:dark){",
            *_make_rules(DARK),
            "}",
        ]
        width, height = self.width, self.height
        return "\n".join(
            [
                '<svg xmlns="http://www.w3.org/2000/svg" role="img" '
                f'width="{width}" height="{height}" '
                f'viewBox="0 0 {width} {height}">',
                f"<title>{escape(self.title)}</title>",
                f"<desc>{escape(self.alt)}</desc>",
                "<style>",
                *rules,
                "</style>",
                '<rect class="area-panel line-frame" x="1" y="1" '
                f'width="{width - 2}" height="{height - 2}" rx="12"/>',
                *self.elements,
                "</svg>\n",
            ]
        )


def _line_style(thickness, dashed):
    style = f' stroke-width="{number(thickness)}"' if thickness != 2 else ""
    return style + (' stroke-dasharray="7 5"' if dashed else "")


def _make_rules(colors):
    """Yield a rule of CSS for each class."""
    for name in (*LINES, "panel"):
        yield f".line-{name}{{stroke:{colors[name]}}}"
    for name in LINES:
        yield f".head-{name}{{fill:{colors[name]}}}"
    for name in AREAS:
        yield f".area-{name}{{fill:{colors[name]}}}"
    for name in TEXTS:
        yield f".text-{name}{{fill:{colors[name]}}}"


def _mark_up(words):
    """Return a line of text with its italics, sub- and superscripts as SVG."""
    words = escape(words)
    words = re.sub(
        r"\*(.+?)\*", r'<tspan font-style="italic">\1</tspan>', words
    )
    shifts = {"_": 4, "^": -6}
    for mark, shift in shifts.items():
        # The line goes on where it was: what follows is shifted back.
        words = re.sub(
            rf"\{mark}\{{(.+?)\}}([^<_^]*)",
            rf'<tspan dy="{shift}" font-size="{SMALL}">\1</tspan>'
            rf'<tspan dy="{-shift}">\2</tspan>',
            words,
        )
    return re.sub(r'<tspan dy="-?\d+"></tspan>', "", words)


def _draw_pixels(pixels, n_levels=5):
    """Yield a path for each gray level: horizontal lines, one pixel high."""
    steps = [
        [round(value * n_levels / 255) for value in row] for row in pixels
    ]
    for step in range(1, n_levels + 1):
        gray = f"{round(255 * step / n_levels):02x}"
        path = ""
        for y, row in enumerate(steps):
            x = 0
            while x < len(row):
                start = x
                while x < len(row) and row[x] == step:
                    x += 1
                if x > start:
                    path += f"M{start} {y}h{x - start}"
                x += 1
        if path:
            yield f'<path stroke="#{3 * gray}" d="{path}"/>'
