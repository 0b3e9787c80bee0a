"""Diagrams of lesson 05: convolutions, and the denoiser made of them."""

from utils.tools.diagrams.drawing import SMALL, diagram
from utils.tools.diagrams.pixels import add_noise, find_digit, soften

import numpy as np

# The small examples: a stroke in an image, a window of weights.
IMAGE = np.array(
    [
        [0, 1, 1, 0, 0],
        [0, 0, 1, 1, 0],
        [0, 0, 1, 0, 1],
        [0, 1, 0, 0, 0],
        [1, 1, 0, 1, 0],
    ]
)
WEIGHTS = np.array([[1, 0, 1], [0, 2, 0], [1, 0, 1]])
CODE = np.array([[1, 2], [3, 0]])
STRIDE = 2
CELL = 44


def find_output():
    """Return the strided convolution of the image, shape (2, 2)."""
    output = np.zeros((2, 2), dtype=int)
    for i in range(2):
        for j in range(2):
            row, column = STRIDE * i, STRIDE * j
            window = IMAGE[row : row + 3, column : column + 3]
            output[i, j] = (window * WEIGHTS).sum()
    return output


def find_painted():
    """Return the transposed convolution of the code, shape (5, 5)."""
    painted = np.zeros((5, 5), dtype=int)
    for i in range(2):
        for j in range(2):
            row, column = STRIDE * i, STRIDE * j
            painted[row : row + 3, column : column + 3] += CODE[i, j] * WEIGHTS
    return painted


def draw_windows(page, left, top, color):
    """Frame the first two windows of a grid, and the step between them."""
    size, step = 3 * CELL, STRIDE * CELL
    page.frame(left, top, size, size, color=color, thickness=4)
    page.frame(
        left + step, top, size, size, color="accent", thickness=3, dashed=True
    )
    page.arrow([(left, top - 12), (left + step, top - 12)], "accent")
    page.text(left + step / 2, top - 30, f"stride {STRIDE}", size=SMALL)


def draw_places(page, left, top, cell, color):
    """Frame the two numbers that belong to these windows."""
    page.frame(left, top, cell, cell, color=color, thickness=4)
    page.frame(
        left + cell, top, cell, cell, color="accent", thickness=3, dashed=True
    )


@diagram(
    "05_convolution",
    "A strided convolution",
    "A window of 3 by 3 slides over an image of 5 by 5 pixels, 2 pixels at a "
    "time, so neighboring windows overlap by one column. At each of the 2 by "
    "2 places the pixels are multiplied by the same 3 by 3 weights and added: "
    "one number of the output.",
    height=390,
)
def draw_convolution(page):
    output = find_output()
    left, top = 34, 92
    page.text(left + 2.5 * CELL, 30, "image, 5 × 5")
    page.numbers(left, top, CELL, IMAGE)
    draw_windows(page, left, top, "encoder")
    middle = top + 1.5 * CELL
    page.text(312, middle, "×", size=26)
    page.text(430, 30, "weights, 3 × 3")
    page.numbers(364, top, CELL, WEIGHTS, lambda row, column: "encoder")
    page.text(528, middle, "=", size=26)
    page.text(636, 30, "output, 2 × 2")
    page.numbers(570, top, 66, output, size=22)
    draw_places(page, 570, top, 66, "encoder")
    pairs = zip(IMAGE[:3, :3].flat, WEIGHTS.flat, strict=True)
    terms = [f"{pixel}·{weight}" for pixel, weight in pairs if weight]
    texts = [
        f"first window: {' + '.join(terms)} = {output[0, 0]}",
        "size of the output: (5 − 3) / 2 + 1 = 2",
        "overlap of neighboring windows: 3 − 2 = 1",
    ]
    page.lines(318, 288, texts, anchor="start", size=SMALL)
    page.line([(30, 338), (730, 338)], "frame")
    page.text(
        380,
        363,
        "In this lesson: 6 × 6, stride 4, a border of 1: "
        "(30 − 6) / 4 + 1 = 7.",
    )


@diagram(
    "05_transposed_convolution",
    "A transposed convolution",
    "Each of 2 by 2 numbers is multiplied by the 3 by 3 weights, and the "
    "products are added to its window. The windows lie 2 pixels apart in an "
    "output of 5 by 5. They overlap in the middle row and the middle column.",
    height=390,
)
def draw_transposed_convolution(page):
    left, top = 506, 92
    middle = top + 1.5 * CELL
    page.text(100, 30, "codes, 2 × 2")
    page.numbers(34, top, 66, CODE, lambda row, column: "code", size=22)
    draw_places(page, 34, top, 66, "decoder")
    page.text(212, middle, "×", size=26)
    page.text(322, 30, "weights, 3 × 3")
    page.numbers(256, top, CELL, WEIGHTS, lambda row, column: "decoder")
    page.text(448, middle, "=", size=26)
    page.text(left + 2.5 * CELL, 30, "output, 5 × 5")
    page.numbers(
        left,
        top,
        CELL,
        find_painted(),
        lambda row, column: "shade" if 2 in (row, column) else "plain",
    )
    draw_windows(page, left, top, "decoder")
    texts = [
        "Each number times the weights is added to its window.",
        "In gray: the windows overlap and are added.",
        "size of the output: (2 − 1) · 2 + 3 = 5",
    ]
    page.lines(34, 288, texts, anchor="start", size=SMALL)
    page.line([(30, 338), (730, 338)], "frame")
    page.text(
        380,
        363,
        "In this lesson: (7 − 1) · 4 + 6 = 30; "
        "a pixel is cut off at each side.",
    )


def draw_cuboid(page, x, y, color):
    """Draw feature maps as a cuboid around the middle of its front."""
    width, height, depth = 44, 40, 18
    left, right = x - width / 2 - depth / 2, x + width / 2 - depth / 2
    top, bottom = y - height / 2 + depth / 2, y + height / 2 + depth / 2
    page.polygon(
        [
            (left, bottom),
            (left, top),
            (left + depth, top - depth),
            (right + depth, top - depth),
            (right + depth, bottom - depth),
            (right, bottom),
        ],
        color,
    )
    page.line([(left, top), (right, top), (right, bottom)], "panel")
    page.line([(right, top), (right + depth, top - depth)], "panel")


@diagram(
    "05_denoiser",
    "The denoiser",
    "Noise is added to a clean image of 28 by 28 by 1. The encoder is three "
    "convolutions: 6 by 6 with stride 4, then 3 by 3 twice; behind the first "
    "stands a map of places. Their outputs are 7 by 7 by 32; the last is the "
    "code. The decoder is a convolution of 3 by 3 and a transposed one of 6 "
    "by 6 with stride 4. The loss compares the output with the clean image.",
    height=424,
)
def draw_denoiser(page):
    digit = find_digit(8)
    side, y = 84, 256
    page.picture(28, 46, side, side, digit)
    page.text(70, 26, "clean image")
    page.arrow([(70, 136), (70, y - 48)])
    page.lines(
        86,
        172,
        ["+ noise, sigma 0.5", "(in training)"],
        anchor="start",
        size=SMALL,
    )
    page.picture(28, y - 42, side, side, add_noise(digit))
    page.picture(648, y - 42, side, side, soften(digit))
    places = {220: "encoder", 330: "encoder", 440: "code", 550: "decoder"}
    for x, color in places.items():
        draw_cuboid(page, x, y, color)
        page.text(x, y + 62, "7×7×32", size=SMALL)
    for x in (70, 690):
        page.text(x, y + 62, "28×28×1", size=SMALL)
    page.arrow([(118, y), (184, y)])
    for x in (220, 330, 440):
        page.arrow([(x + 36, y), (x + 74, y)], words="3×3", above=22)
    page.arrow([(586, y), (642, y)])
    for x in (151, 614):
        page.text(x, y - 22, "6×6", size=SMALL)
        page.text(x, y + 20, "stride 4", size=SMALL)
    for left, right, words in (
        (122, 474, "encoder: 3 convolutions and a map"),
        (484, 642, "decoder"),
    ):
        page.bracket(left, right, y + 90)
        page.text((left + right) / 2, y + 110, words)
    page.text(220, y - 44, "+ map of places", size=SMALL)
    page.text(440, y - 44, "code", bold=True)
    page.arrow([(118, 88), (252, 88)], "accent")
    page.arrow([(690, y - 48), (690, 88), (508, 88)], "accent")
    page.box(
        256, 66, 248, 44, "loss: how far apart?", color="panel", line="accent"
    )
    words = "Fast mode. Full mode has 64 channels, but 32 in the code."
    page.text(380, 400, words, size=SMALL, color="muted")
