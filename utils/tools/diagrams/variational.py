"""Diagram of lesson 07: a variational autoencoder."""

from utils.tools.diagrams.drawing import SMALL, diagram
from utils.tools.diagrams.pixels import find_digit, soften


@diagram(
    "07_vae",
    "A variational autoencoder",
    "The encoder gives a mean and a log variance. Noise from the standard "
    "normal is scaled by the standard deviation and added to the mean: this "
    "is the code, from which the decoder draws a reconstruction. The loss has "
    "two terms: the KL, from mean and log variance, and the cost, from image "
    "and reconstruction. Dashed arrows show the gradient, which goes back "
    "through code, mean and log variance, and not into the noise.",
    height=486,
)
def draw_vae(page):
    y = 218
    digit = find_digit(3, 1)
    page.picture(24, y - 36, 72, 72, digit)
    page.text(60, y - 54, "image", size=SMALL)
    page.trapezoid(138, y, 86, 156, 110, "encoder", color="encoder")
    page.frame(264, y - 90, 128, 180, radius=10)
    page.text(328, y - 70, "region", size=SMALL)
    page.box(274, y - 50, 108, 52, "mean μ", color="encoder")
    texts = ["log", "variance"]
    page.box(274, y + 16, 108, 60, texts, color="encoder", size=SMALL)
    page.box(432, y - 32, 90, 64, ["code *z*", "μ + σ·ε"], color="code")
    page.trapezoid(
        562, y, 78, 110, 156, "decoder", color="decoder", size=SMALL
    )
    page.picture(680, y - 29, 58, 58, soften(digit))
    page.text(738, y - 94, "reconstruction", size=SMALL, anchor="end")
    page.box(422, 344, 110, 52, ["noise ε", "from N(0, 1)"], size=SMALL)
    page.arrow([(477, 344), (477, y + 36)])
    words = "no gradient"
    page.text(490, 306, words, size=SMALL, anchor="start", color="accent")
    # Forward above, the gradient below.
    back = {"color": "accent", "dashed": True}
    for left, right in ((224, 264), (392, 432), (522, 562), (640, 680)):
        page.arrow([(left, y - 10), (right - 3, y - 10)])
        page.arrow([(right, y + 10), (left + 3, y + 10)], **back)
    page.arrow([(98, y - 10), (135, y - 10)])
    # The terms of the loss.
    page.arrow([(316, y - 90), (316, 85)])
    page.arrow([(340, 82), (340, y - 93)], **back)
    words = "KL: how far from N(0, 1)?"
    page.box(208, 38, 240, 44, words, color="panel", line="accent")
    page.arrow([(60, y + 40), (60, 444), (228, 444)])
    page.arrow([(716, y + 32), (716, 454), (535, 454)])
    page.arrow([(532, 434), (696, 434), (696, y + 32)], **back)
    words = "cost: how far from the image?"
    page.box(231, 422, 301, 44, words, color="panel", line="accent")
    page.text(600, 60, "loss = cost + KL", bold=True)
    page.arrow([(28, 48), (68, 48)])
    page.text(78, 48, "forward", size=SMALL, anchor="start")
    page.arrow([(68, 74), (28, 74)], **back)
    page.text(78, 74, "gradient", size=SMALL, anchor="start")
