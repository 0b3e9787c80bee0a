"""Diagrams of lessons 02 to 04: dense autoencoders and sparse codes."""

from utils.tools.diagrams.drawing import SMALL, diagram
from utils.tools.diagrams.pixels import find_digit, soften


@diagram(
    "02_hourglass",
    "An autoencoder",
    "An image of 784 pixels goes into the encoder, which narrows to a code of "
    "32 numbers; the decoder widens from the code to a reconstruction of 784 "
    "pixels. The loss compares the reconstruction with the image.",
    height=350,
)
def draw_hourglass(page):
    y = 154
    digit = find_digit(2)
    page.picture(28, y - 54, 108, 108, digit)
    page.text(82, y - 76, "image")
    page.arrow([(144, y), (192, y)], words="784")
    page.trapezoid(
        198, y, 112, 216, 84, ["encoder", "Dense(32)"], color="encoder"
    )
    page.arrow([(316, y), (356, y)], words="32")
    page.code(362, y, 36, 84, 8)
    page.text(380, y - 62, "code", bold=True)
    page.text(380, y + 62, "32 numbers", size=SMALL)
    page.arrow([(404, y), (444, y)], words="32")
    page.trapezoid(
        450, y, 112, 84, 216, ["decoder", "Dense(784)"], color="decoder"
    )
    page.arrow([(568, y), (616, y)], words="784")
    page.picture(624, y - 54, 108, 108, soften(digit))
    page.text(678, y - 76, "reconstruction")
    # The loss.
    page.arrow([(82, y + 62), (82, 310), (226, 310)], "accent")
    page.arrow([(678, y + 62), (678, 310), (534, 310)], "accent")
    page.box(
        230,
        290,
        300,
        40,
        "loss: how far are they apart?",
        color="panel",
        line="accent",
    )


@diagram(
    "03_stack",
    "A stacked autoencoder",
    "Four dense layers in a row. Encoder: from 784 pixels to 100 numbers and "
    "on to a code of 30. Decoder: back from 30 to 100 numbers and to 784 "
    "pixels. SELU follows the first and the third layer, a sigmoid the last.",
    height=310,
)
def draw_stack(page):
    y = 164
    digit = find_digit(5)
    heights = {784: 200, 100: 124, 30: 68}

    def draw_layer(x, start, end, color):
        left, right = heights[start], heights[end]
        page.trapezoid(x, y, 74, left, right, "Dense", color=color)

    page.picture(24, y - 41, 82, 82, digit)
    page.arrow([(110, y), (150, y)], words="784")
    draw_layer(154, 784, 100, "encoder")
    page.arrow([(232, y), (272, y)], words="100")
    draw_layer(276, 100, 30, "encoder")
    page.code(362, y, 36, 68, 6)
    draw_layer(410, 30, 100, "decoder")
    page.arrow([(488, y), (528, y)], words="100")
    draw_layer(532, 100, 784, "decoder")
    page.arrow([(610, y), (650, y)], words="784")
    page.picture(654, y - 41, 82, 82, soften(digit))
    page.text(380, y - 54, "30 codes", bold=True)
    page.text(65, y + 120, "activation:", size=SMALL, color="muted")
    for x, words in ((191, "selu"), (447, "selu"), (569, "sigmoid")):
        page.text(x, y + 120, words, size=SMALL, color="muted")
    page.text(313, y + 120, "linear", size=SMALL, color="muted")
    for left, right, words in ((154, 350, "encoder"), (410, 606, "decoder")):
        page.bracket(left, right, 44, tips=8)
        page.text((left + right) / 2, 26, words)
    page.text(65, y + 60, "image", size=SMALL)
    page.text(678, y + 60, "reconstruction", size=SMALL)


@diagram(
    "03_files",
    "Two files of a trained model",
    "This notebook saves a model as a .keras file, which holds configuration "
    "and weights. A new process imports the class, loads the file, and has "
    "the whole model. This notebook also exports the decoder as an .onnx "
    "file, which holds operations and weights. A program with onnxruntime, "
    "without Keras, runs it.",
    height=330,
)
def draw_files(page):
    page.text(96, 36, "this notebook", bold=True)
    page.text(380, 36, "files", bold=True)
    page.text(654, 36, "new processes", bold=True)
    page.frame(20, 60, 152, 246, radius=6)
    page.text(96, 84, "trained model")
    page.trapezoid(50, 150, 92, 92, 52, "encoder", color="encoder", size=SMALL)
    page.trapezoid(50, 252, 92, 52, 92, "decoder", color="decoder", size=SMALL)
    rows = (
        (118, "save", "model.keras", "configuration", "load_model"),
        (250, "export", "decoder.onnx", "operations", "run"),
    )
    for y, verb, name, content, reader in rows:
        page.arrow([(178, y), (288, y)])
        page.text(232, y - 18, verb, size=SMALL)
        page.box(294, y - 54, 172, 108, color="panel", line="ink")
        page.text(380, y - 26, name, color="on-panel", bold=True)
        page.lines(380, y + 14, [content, "weights"], color="on-panel")
        page.arrow([(472, y), (560, y)])
        page.text(514, y - 18, reader, size=SMALL)
    users = (
        (118, "Python, Keras", "imports the class,", "has the whole model"),
        (250, "onnxruntime", "no Keras, no class,", "draws from codes"),
    )
    for y, name, *words in users:
        page.box(566, y - 54, 176, 108)
        page.text(654, y - 26, name, color="on-plain", bold=True)
        page.lines(654, y + 14, words, color="on-plain", size=SMALL)


@diagram(
    "04_penalty",
    "The penalty of a batch: averaged or summed",
    "Each of the 128 images of a batch has a penalty, made from its code. "
    "Averaged over the batch, the penalty is as large as that of one "
    "image; summed, it is 128 times as large, while the data term of the loss "
    "stays a mean. Two bars show it to scale.",
    height=424,
)
def draw_penalty(page):
    page.text(380, 30, "a batch of 128 images, each with its code and penalty")
    images = ((88, 7, "1"), (256, 2, "2"), (424, 1, "3"), (668, 6, "128"))
    for x, label, index in images:
        page.picture(x - 56, 56, 56, 56, find_digit(label))
        page.arrow([(x + 4, 84), (x + 28, 84)], "muted")
        page.code(x + 34, 84, 22, 56, 6)
        page.text(x, 134, f"*p*_{{{index}}}")
    page.text(555, 84, "and so on")
    page.text(
        380,
        168,
        "*p* = 0.0001 · sum of |codes| of one image",
        size=SMALL,
        color="muted",
    )
    page.line([(30, 196), (730, 196)], "frame")
    for y, name, formula, strength, words in (
        (
            232,
            "averaged",
            "( *p*_{1} + *p*_{2} + … + *p*_{128} ) / 128",
            1,
            "as strong as its number says, for any size of batch",
        ),
        (
            312,
            "summed",
            "*p*_{1} + *p*_{2} + … + *p*_{128}",
            128,
            "128 times as strong: every unit dies",
        ),
    ):
        page.text(30, y, name, anchor="start", bold=True)
        page.text(148, y, formula, anchor="start")
        page.box(148, y + 20, 4 * strength, 26, color="code", radius=0)
        if strength == 1:
            page.text(166, y + 33, words, anchor="start", size=SMALL)
        else:
            page.text(404, y + 33, words, size=SMALL, color="on-code")
    words = "Bars to scale. The data term of the loss is always a mean."
    page.text(380, 400, words, size=SMALL, color="muted")


@diagram(
    "04_k_sparse",
    "A k-sparse code",
    "Two rows of bars. Before: the ten codes of an image, up and down. "
    "After: the three of largest size are as they were, two positive and one "
    "negative; all others are 0. Only these three reach the decoder.",
    height=324,
)
def draw_k_sparse(page):
    codes = [0.4, -1.0, 2.1, 0.2, -0.5, -1.7, 0.7, 1.4, -0.3, 0.6]
    kept = sorted(codes, key=abs)[-3:]
    step, scale, zero = 30, 44, 176
    page.text(180, 34, "codes of one image")
    page.text(580, 34, "*k*-sparse codes, *k* = 3")
    for left, is_after in ((30, False), (430, True)):
        for i, value in enumerate(codes):
            x = left + i * step
            is_kept = value in kept
            height = scale * abs(value)
            top = zero - height if value > 0 else zero
            if is_kept:
                page.box(x + 4, top, 22, height, color="code", radius=0)
            elif not is_after:
                page.box(x + 4, top, 22, height, color="shade", radius=0)
        page.line([(left - 4, zero), (left + 10 * step + 4, zero)])
    page.arrow([(346, zero), (414, zero)])
    page.lines(380, zero - 44, ["keep", "the 3", "largest"], size=SMALL)
    words = "3 are largest in size, above 0 or below"
    page.text(180, 290, words, size=SMALL)
    page.text(580, 290, "all others are exactly 0", size=SMALL)
