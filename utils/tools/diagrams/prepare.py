"""Diagrams of lesson 01: rows of pixels, three parts, a batch."""

from utils.tools.diagrams.drawing import SMALL, diagram
from utils.tools.diagrams.pixels import find_digit


@diagram(
    "01_image_to_row",
    "How an image becomes a row",
    "An image of 28 by 28 pixels, a digit 3, is cut into its 28 rows. They "
    "are laid end to end, the first row first, and make one row of 784 "
    "pixels. No pixel changes its value.",
    height=350,
)
def draw_image_to_row(page):
    digit = find_digit(3)
    side, left, top = 168, 44, 56
    pixel = side / 28
    page.picture(left, top, side, side, digit)
    page.text(left + side / 2, 32, "one image: (28, 28)")
    page.text(556, 32, "three of its 28 rows")
    chosen = {6: 64, 13: 128, 23: 192}  # row, and where it is drawn
    for row, y in chosen.items():
        middle = top + (row + 0.5) * pixel
        page.frame(left, top + row * pixel, side, pixel, color="accent")
        page.picture(388, y, 336, 24, digit[row : row + 1])
        page.arrow([(left + side + 8, middle), (306, y + 12)], "accent")
        page.text(376, y + 12, f"row {row}", anchor="end")
    page.text(380, 254, "all 28 rows end to end: (784,)")
    width = 24.4
    page.picture(38, 278, 28 * width, 30, digit.reshape(1, 784))
    for row in chosen:
        x = 38 + row * width
        page.frame(x, 278, width, 30, color="accent")
        page.text(x + width / 2, 326, f"row {row}", size=SMALL)


@diagram(
    "01_split",
    "The three parts of a data set",
    "5,000 digits are cut into three parts that share no image: 3,500 to "
    "train on, from which a model learns its weights; 500 to validate, on "
    "which settings are chosen; 1,000 to test, which are scored and never "
    "used to choose. Each of the ten digits has the same share in every part.",
    height=320,
)
def draw_split(page):
    page.text(380, 34, "5,000 digits, each image in one part only")
    parts = {
        "x_train": (3500, ["to learn", "the weights"]),
        "x_valid": (500, ["to choose", "settings"]),
        "x_test": (1000, ["to score,", "never to choose"]),
    }
    gap, width = 24, 660
    x = 26.0
    for name, (count, purpose) in parts.items():
        part = width * count / 5000
        middle = x + part / 2
        page.text(middle, 76, name, bold=True)
        page.box(x, 96, part, 56, f"{count:,}", radius=0)
        page.lines(middle, 180, purpose, size=SMALL)
        cell = part / 10
        for digit in range(10):
            color = "shade" if digit % 2 else "plain"
            page.box(
                x + digit * cell,
                222,
                cell,
                26,
                str(digit) if cell > 12 else (),
                color=color,
                radius=0,
                size=SMALL,
            )
        x += part + gap
    words = "each digit, 0 to 9, has the same share in every part (stratified)"
    page.text(380, 284, words)


@diagram(
    "01_batch",
    "How a batch is gathered",
    "Once an epoch the row numbers of the training images are shuffled. The "
    "shuffled order is cut into pieces. For each piece, one gather fetches "
    "the rows with these numbers from the array of all images: a batch.",
    height=410,
)
def draw_batch(page):
    order = [5, 2, 7, 0, 3, 6, 1, 4]
    digits = [find_digit(label) for label in (7, 2, 1, 0, 4, 9, 5, 6)]
    size, step, top = 30, 38, 84

    def draw_row(x, y, row):
        page.picture(x, y, size, size, digits[row])
        page.box(x + size, y, 70, size, radius=0)

    page.text(116, 34, "all images")
    page.text(116, 56, "(n, 784)", size=SMALL, color="muted")
    page.text(366, 34, "row numbers, shuffled")
    page.text(366, 56, "once an epoch", size=SMALL, color="muted")
    page.text(586, 34, "batches")
    page.text(586, 56, "(4, 784)", size=SMALL, color="muted")
    tops = [top + step * place + 16 * (place > 3) for place in range(8)]
    starts = [top + 8 + step * row + size / 2 for row in range(8)]
    for place, row in reversed([*enumerate(order)]):
        y, start = tops[place] + size / 2, starts[row]
        color = "accent" if place < 4 else "frame"
        page.curved_arrow(
            [(172, start), (258, start), (258, y), (342, y)], color
        )
        page.arrow([(390, y), (530, y)], color)
    for row, start in enumerate(starts):
        page.text(52, start, str(row), anchor="end")
        draw_row(66, start - size / 2, row)
    for place, row in enumerate(order):
        y = tops[place]
        page.box(346, y, 40, size, str(row), radius=4)
        draw_row(536, y, row)
    for first, words in ((0, "batch 1"), (4, "batch 2")):
        y, end = tops[first], tops[first + 3] + size
        page.line([(646, y), (654, y), (654, end), (646, end)], "muted")
        page.text(664, (y + end) / 2, words, anchor="start")
    page.text(460, (tops[3] + size + tops[4]) / 2, "gather", size=SMALL)
