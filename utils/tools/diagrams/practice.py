"""Diagrams of lessons 10 and 11: a threshold, and the way to a model."""

import math

from utils.tools.diagrams.drawing import SMALL, diagram

LEFT, RIGHT, BASE = 60, 716, 284  # the axis of errors
BUDGET = 0.05  # of false alarms


def find_density(error, mode, spread):
    """Return a density of errors above 0, 1 at its mode."""
    return math.exp(-(math.log(error / mode) ** 2) / (2 * spread**2))


def find_threshold(errors, densities):
    """Return the place in a list above which the budget of the area lies."""
    total = sum(densities)
    above = 0.0
    for place in reversed(range(len(errors))):
        above += densities[place]
        if above >= BUDGET * total:
            return place
    return 0


@diagram(
    "10_threshold",
    "A threshold on the reconstruction error",
    "Two hills over the reconstruction error: normal images at small errors, "
    "abnormal ones at larger errors, and they overlap. The threshold is set "
    "on normal images that were held out: 5 % of them lie above it and are "
    "false alarms. Abnormal images below it are missed.",
    height=372,
)
def draw_threshold(page):
    n = 164
    errors = [(step + 0.5) / n for step in range(n)]
    places = [LEFT + (RIGHT - LEFT) * error for error in errors]
    normal = [find_density(error, 0.22, 0.34) for error in errors]
    abnormal = [find_density(error, 0.58, 0.3) for error in errors]
    cut = find_threshold(errors, normal)

    def find_points(densities, height):
        levels = [BASE - height * density for density in densities]
        return list(zip(places, levels, strict=True))

    hill, other = find_points(normal, 190), find_points(abnormal, 110)
    x = places[cut]
    page.polygon([*other[: cut + 1], (x, BASE), (places[0], BASE)], "shade")
    page.polygon([(x, BASE), *hill[cut:], (places[-1], BASE)], "code")
    page.line(other, "accent", thickness=3)
    page.line(hill, "encoder", thickness=3)
    page.line([(x, 56), (x, BASE)], dashed=True)
    page.arrow([(LEFT - 10, BASE), (RIGHT + 14, BASE)])
    page.text(x, 40, "threshold", bold=True)
    page.text(110, 84, "normal,", size=SMALL)
    page.text(110, 104, "held out", size=SMALL)
    page.text(560, 158, "abnormal", size=SMALL, anchor="start")
    page.text(RIGHT, 306, "reconstruction error", size=SMALL, anchor="end")
    page.box(60, 326, 22, 22, color="shade", radius=0)
    page.text(92, 337, "missed", size=SMALL, anchor="start")
    page.box(200, 326, 22, 22, color="code", radius=0)
    words = "false alarms: 5 % of the normal ones, as was chosen"
    page.text(232, 337, words, size=SMALL, anchor="start")


@diagram(
    "10_detector",
    "From an error to an alarm",
    "A tile of a wall with a scratch goes through the encoder, a narrow code "
    "and the decoder, which draws the wall without the scratch. The "
    "difference of the two is one number, the score. If the score is above "
    "the threshold, there is an alarm; otherwise there is none.",
    height=300,
)
def draw_detector(page):
    y = 120
    page.box(34, y - 40, 80, 80, color="plain", radius=0)
    page.line([(34, y), (114, y)], "muted")
    page.line([(74, y), (74, y + 40)], "muted")
    page.line([(46, y - 30), (100, y + 26)], "accent", thickness=4)
    page.text(74, y - 60, "tile")
    page.arrow([(120, y), (156, y)])
    page.trapezoid(160, y, 92, 130, 60, ["encoder"], color="encoder")
    page.arrow([(256, y), (280, y)])
    page.code(284, y, 30, 60, 5)
    page.text(299, y - 48, "code", bold=True)
    page.arrow([(318, y), (342, y)])
    page.trapezoid(346, y, 92, 60, 130, ["decoder"], color="decoder")
    page.arrow([(442, y), (478, y)])
    page.box(484, y - 40, 80, 80, color="plain", radius=0)
    page.line([(484, y), (564, y)], "muted")
    page.line([(524, y), (524, y + 40)], "muted")
    page.text(524, y - 60, "redrawn")
    # Both meet in the score.
    page.arrow([(74, y + 46), (74, 250), (216, 250)], "accent")
    page.arrow([(524, y + 46), (524, 204), (310, 204), (310, 224)], "accent")
    words = "score: the difference"
    page.box(220, 228, 180, 44, words, color="panel", line="accent")
    page.arrow([(404, 250), (600, 250)])
    page.text(500, 232, "above the threshold?", size=SMALL)
    page.box(606, 228, 116, 44, "alarm", color="shade")


@diagram(
    "11_path",
    "From a folder to a model",
    "Six steps in a row: a folder of images; a look at shape, type and range; "
    "a split into train, valid and test; baselines, the mean image and PCA; a "
    "model; saving it. A model that is no better than the baselines leads "
    "back to the look at the data.",
    height=270,
)
def draw_path(page):
    steps = {
        "folder": ["images of", "any size"],
        "look": ["shape, type,", "range"],
        "split": ["train, valid,", "test"],
        "baseline": ["mean image,", "PCA"],
        "model": ["train it,", "look inside"],
        "save": ["load it,", "use it"],
    }
    width, pitch, left = 92, 122, 29
    for i, (name, texts) in enumerate(steps.items()):
        x = left + i * pitch
        color = "encoder" if name == "model" else "plain"
        page.box(x, 40, width, 48, name, color=color)
        page.lines(x + width / 2, 118, texts, size=SMALL)
        if i:
            page.arrow([(x - pitch + width, 64), (x - 3, 64)])
    look, model = (left + i * pitch + width / 2 for i in (1, 4))
    page.arrow(
        [(model, 150), (model, 206), (look, 206), (look, 150)], "accent"
    )
    words = "no better than the baseline? Look again."
    page.text((look + model) / 2, 232, words, size=SMALL)
