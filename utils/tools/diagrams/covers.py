"""Covers of the lessons: pictures that are legible on a small card."""

import math
import random
from collections.abc import Callable

from utils.tools.diagrams.drawing import Diagram
from utils.tools.diagrams.pixels import add_noise, find_digit, soften
from utils.tools.diagrams.practice import find_density

import numpy as np

WIDTH, HEIGHT = 360, 200
MIDDLE = HEIGHT / 2

# Number of the lesson to function, in the form of `drawing.DIAGRAMS`.
COVERS: dict[str, Callable[[], Diagram]] = {}


def cover(number: str, alt: str):
    """Register a function that draws the cover of a lesson."""

    def register(draw):
        def make() -> Diagram:
            page = Diagram(f"Lesson {int(number)}", alt, HEIGHT, WIDTH)
            draw(page)
            return page

        make.alt = alt
        COVERS[number] = make
        return draw

    return register


@cover("01", "A digit in no noise, in some, and in strong noise.")
def draw_prepare(page):
    digit = find_digit(3)
    for i, sigma in enumerate((0, 0.3, 0.8)):
        noisy = add_noise(digit, sigma) if sigma else digit
        page.picture(24 + 108 * i, MIDDLE - 48, 96, 96, noisy)


@cover("02", "A digit, an hourglass with a narrow middle, the digit again.")
def draw_simple(page):
    digit = find_digit(2)
    page.picture(22, MIDDLE - 38, 76, 76, digit)
    page.trapezoid(108, MIDDLE, 56, 136, 48, color="encoder")
    page.box(170, MIDDLE - 24, 20, 48, color="code", radius=0)
    page.trapezoid(196, MIDDLE, 56, 48, 136, color="decoder")
    page.picture(262, MIDDLE - 38, 76, 76, soften(digit))


@cover("03", "An hourglass of seven layers, narrow in the middle.")
def draw_stacked(page):
    heights = (156, 112, 74, 40, 74, 112, 156)
    for i, height in enumerate(heights):
        color = "encoder" if i < 3 else "code" if i == 3 else "decoder"
        page.box(
            28 + 46 * i, MIDDLE - height / 2, 28, height, color=color, radius=4
        )


@cover("04", "A wide code: a few of its many units are lit.")
def draw_sparse(page):
    lit = set(random.Random(3).sample(range(84), 9))
    for i in range(84):
        row, column = divmod(i, 14)
        color = "code" if i in lit else "shade"
        page.box(
            26 + 22.3 * column,
            34 + 22.3 * row,
            18,
            18,
            color=color,
            radius=3,
        )


@cover("05", "A digit in heavy noise, an arrow, the clean digit.")
def draw_denoising(page):
    digit = find_digit(8)
    page.picture(24, MIDDLE - 62, 124, 124, add_noise(digit))
    page.arrow([(158, MIDDLE), (202, MIDDLE)], thickness=4, head=16)
    page.picture(212, MIDDLE - 62, 124, 124, digit)


@cover("06", "A digit with shuffled rows, an arrow, its rows in order.")
def draw_sequences(page):
    digit = find_digit(5)
    order = list(range(7))
    random.Random(1).shuffle(order)
    for left, rows in ((24, order), (212, range(7))):
        for place, row in enumerate(rows):
            strip = digit[4 * row : 4 * row + 4]
            page.picture(left, MIDDLE - 66 + 19 * place, 124, 17, strip)
    page.arrow([(158, MIDDLE), (202, MIDDLE)], thickness=4, head=16)


@cover("07", "Round regions that overlap, around the center of a map.")
def draw_variational(page):
    colors = ("encoder", "code", "decoder", "shade")
    for i in range(14):
        angle, distance = 2.4 * i, 19 * math.sqrt(i)
        page.circle(
            180 + 1.9 * distance * math.cos(angle),
            MIDDLE + 0.95 * distance * math.sin(angle),
            15 + 1.1 * i,
            color=colors[i % 4],
            line="panel",
        )


@cover("08", "A map of points in five islands.")
def draw_map(page):
    generator = random.Random(4)
    centers = {
        (76, 66): "encoder",
        (176, 52): "code",
        (288, 78): "decoder",
        (118, 148): "shade",
        (246, 146): "encoder",
    }
    for (x, y), color in centers.items():
        for _ in range(26):
            page.circle(
                x + generator.gauss(0, 19),
                y + generator.gauss(0, 13),
                5,
                color=color,
            )


@cover("09", "Two arrows from one point to two digits, and the angle.")
def draw_cosine(page):
    start = (34, 168)
    for x, y, which in ((228, 20, 0), (256, 112, 1)):
        page.arrow([start, (x - 8, y + 40)], "encoder", thickness=5, head=18)
        page.picture(x, y, 68, 68, find_digit(4, which))
    page.arc(*start, 110, 4, 33, "accent")


@cover("10", "Two hills that overlap, and a threshold between them.")
def draw_anomalies(page):
    steps = [(i + 0.5) / 80 for i in range(80)]
    hills = {"encoder": (0.25, 0.34, 120), "decoder": (0.6, 0.24, 80)}
    for color, (mode, spread, height) in hills.items():
        points = [
            (24 + 312 * x, 170 - height * find_density(x, mode, spread))
            for x in steps
        ]
        page.polygon([(24, 170), *points, (336, 170)], color)
    page.line([(186, 24), (186, 170)], "accent", thickness=4, dashed=True)
    page.line([(20, 170), (340, 170)], thickness=3)


@cover("11", "A folder of pictures, an hourglass, a check mark.")
def draw_own_data(page):
    page.polygon(
        [(24, 54), (64, 54), (74, 66), (132, 66), (132, 76), (24, 76)], "code"
    )
    page.box(24, 72, 108, 76, color="code", radius=4)
    for i, label in enumerate((7, 0)):
        page.picture(34 + 48 * i, 90, 40, 40, np.array(find_digit(label)))
    page.arrow([(140, MIDDLE + 6), (168, MIDDLE + 6)], thickness=4, head=14)
    page.trapezoid(176, MIDDLE + 6, 32, 96, 36, color="encoder")
    page.trapezoid(212, MIDDLE + 6, 32, 36, 96, color="decoder")
    check = [(268, 108), (290, 132), (334, 76)]
    page.line(check, "decoder", thickness=12)
