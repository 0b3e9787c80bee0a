"""Diagrams of lessons 08 and 09: neighborhoods, angles, bits."""

import math

from utils.tools.diagrams.drawing import SMALL, diagram


def find_gaussian(distance):
    """Return a Gaussian bell, 1 at its middle."""
    return math.exp(-(distance**2) / 2)


def find_student(distance):
    """Return Student's t with one degree of freedom, 1 at its middle."""
    return 1 / (1 + distance**2)


def draw_bell(page, x, y, curve, places):
    """Draw a bell around point i, and points j and k at their places."""
    unit, height, reach, n = 52, 150, 3.2, 64
    distances = [reach * (2 * step / n - 1) for step in range(n + 1)]
    page.line([(x - reach * unit, y), (x + reach * unit, y)], "muted")
    for name, place in places.items():
        level = y - height * curve(place)
        if name != "i":
            left = x + place * unit - 5
            page.box(left, level, 10, y - level, color="code", radius=0)
        page.circle(x + place * unit, y, 6, color="encoder", line="panel")
        page.text(x + place * unit, y + 24, f"*{name}*")
    points = [(x + unit * d, y - height * curve(d)) for d in distances]
    page.line(points, "encoder", thickness=3)


@diagram(
    "08_neighborhoods",
    "The two neighborhoods of t-SNE",
    "Two bells around the same point i. Left, among the codes, a Gaussian "
    "bell: high at the near point j, almost 0 at the far point k. Right, on "
    "an unfinished map, Student's t with its long tails: too low at j, which "
    "is pulled toward i, and too high at k, which is pushed away.",
    height=400,
)
def draw_neighborhoods(page):
    base = 262
    for x, title, words in (
        (196, "among the codes", "Gaussian bell: shares *p*"),
        (564, "on the map", "Student's t with long tails: shares *q*"),
    ):
        page.text(x, 34, title, bold=True)
        page.text(x, 60, words, size=SMALL)
    draw_bell(page, 196, base, find_gaussian, {"k": -2.4, "i": 0, "j": 0.8})
    draw_bell(page, 564, base, find_student, {"k": -1.2, "i": 0, "j": 2.0})
    page.text(196, 334, "*j* is near, *k* is far")
    page.arrow([(668, 310), (600, 310)], "accent", thickness=3, head=12)
    page.arrow([(502, 310), (434, 310)], "accent", thickness=3, head=12)
    page.lines(468, 346, ["push apart,", "where *q* > *p*"], size=SMALL)
    page.lines(634, 346, ["pull together,", "where *p* > *q*"], size=SMALL)


def draw_vector(page, start, degrees, length, color, name=None):
    """Draw an arrow in a direction, and its name, if any, beyond the tip."""
    x, y = start
    dx, dy = math.cos(math.radians(degrees)), -math.sin(math.radians(degrees))
    tip = (x + length * dx, y + length * dy)
    page.arrow([start, tip], color, thickness=3, head=13)
    if name:
        beyond = length + 16
        page.text(x + beyond * dx, y + beyond * dy, f"*{name}*")


@diagram(
    "09_angle",
    "The angle between two codes",
    "Three pairs of arrows. Same direction, different lengths: the angle is 0 "
    "and the cosine 1. Relu codes are never negative, so both arrows lie in "
    "the upper right quarter of the plane: the angle is at most 90 degrees "
    "and the cosine at least 0. Linear codes point anywhere: the angle may be "
    "as large as 180 degrees, the cosine as low as -1.",
    height=356,
)
def draw_angle(page):
    panels = (
        (130, "same direction", "angle 0°", "cosine 1"),
        (380, "relu codes", "angle at most 90°", "cosine 0 to 1"),
        (630, "linear codes", "any angle to 180°", "cosine −1 to 1"),
    )
    for x, title, angle, cosine in panels:
        page.text(x, 34, title, bold=True)
        page.text(x, 296, angle)
        page.text(x, 324, cosine)
    for x in (255, 505):
        page.line([(x, 28), (x, 330)], "frame")
    # Same direction: the longer arrow goes on where the shorter one ends.
    start = (66, 226)
    draw_vector(page, start, 40, 164, "encoder", "b")
    draw_vector(page, start, 40, 82, "accent")
    page.text(126, 206, "*a*")
    # One quarter of the plane.
    start = (312, 240)
    page.box(312, 80, 160, 160, radius=0)
    page.line([(312, 72), (312, 240), (484, 240)], "muted")
    draw_vector(page, start, 68, 140, "encoder", "a")
    draw_vector(page, start, 14, 128, "accent", "b")
    page.arc(*start, 48, 14, 68)
    # All of the plane.
    start = (630, 172)
    page.box(540, 76, 180, 188, radius=0)
    page.line([(630, 68), (630, 272)], "muted")
    page.line([(532, 172), (728, 172)], "muted")
    draw_vector(page, start, 52, 84, "encoder", "a")
    draw_vector(page, start, 205, 74, "accent", "b")
    page.arc(*start, 34, 52, 205)


@diagram(
    "09_hash",
    "Hash codes and the Hamming distance",
    "Two centered codes of eight numbers. Each number becomes a bit: 1 where "
    "it is above 0, otherwise 0. Between the codes, the two rows of bits are "
    "compared: they differ in two places, so the Hamming distance is 2. Eight "
    "numbers take 32 bytes, their bits one byte.",
    height=382,
)
def draw_hash(page):
    codes = {
        "a": [1.3, -0.2, 0.8, -1.1, 0.4, 2.0, -0.6, 0.1],
        "b": [0.9, -0.5, 0.3, 0.2, 0.6, 1.1, -1.4, -0.7],
    }
    bits = {name: [int(x > 0) for x in code] for name, code in codes.items()}
    left, cell, height = 124, 64, 44
    page.text(700, 34, "size", size=SMALL, color="muted")
    rows = (
        (56, "code *a*", codes["a"], "code", "32 bytes"),
        (132, "bits of *a*", bits["a"], "plain", "1 byte"),
        (176, "bits of *b*", bits["b"], "plain", "1 byte"),
        (252, "code *b*", codes["b"], "code", "32 bytes"),
    )
    for y, name, values, color, size in rows:
        page.text(left - 14, y + height / 2, name, anchor="end")
        page.text(700, y + height / 2, size, size=SMALL, color="muted")
        for i, value in enumerate(values):
            words = str(value).replace("-", "\N{MINUS SIGN}")
            page.box(
                left + i * cell,
                y,
                cell,
                height,
                words,
                color=color,
                line="panel",
                radius=0,
            )
    for i, pair in enumerate(zip(bits["a"], bits["b"], strict=True)):
        x = left + (i + 0.5) * cell
        page.arrow([(x, 102), (x, 129)], "muted")
        page.arrow([(x, 250), (x, 223)], "muted")
        if pair[0] != pair[1]:
            page.frame(
                x - 26, 136, 52, 80, color="accent", thickness=3, radius=8
            )
    for y in (115, 236):
        page.text(
            left - 14, y, "above 0?", anchor="end", size=SMALL, color="muted"
        )
    page.text(380, 340, "2 of 8 bits differ: the Hamming distance is 2")
