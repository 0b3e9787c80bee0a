"""Diagrams of lesson 11: a network that begins as PCA of tiles."""

from utils.tools.diagrams.drawing import SMALL, diagram


@diagram(
    "11_second_model",
    "A network that begins as PCA",
    "An image of 38 by 30 pixels, padded to 40 by 32, is cut into 20 tiles of "
    "8 by 8. A convolution with the components of PCA as its kernel gives 4 "
    "numbers for each tile: the code. A transposed convolution with the same "
    "kernel draws the tiles again. A correction of three convolutions, whose "
    "last layer begins at zero, is added. The sum is cropped to 38 by 30.",
    height=330,
)
def draw_second_model(page):
    y, cell = 128, 24
    draw_tiles(page, 40, y, cell, "shade")
    draw_tiles(page, 240, y, 12, "code")
    draw_tiles(page, 388, y, cell, "decoder")
    page.frame(640, y - 2.5 * cell, 4 * cell - 6, 5 * cell - 6)
    page.text(640 + 2 * cell - 3, y - 4, "output", size=SMALL)
    page.text(88, y + 86, "40×32, 20 tiles", size=SMALL)
    page.text(264, y + 58, "code", bold=True)
    page.text(264, y + 80, "5×4×4", size=SMALL)
    page.text(436, y + 86, "PCA of tiles", size=SMALL)
    page.text(686, y + 86, "38×30", size=SMALL)
    page.arrow([(140, y), (232, y)])
    page.text(186, y - 40, "8×8", size=SMALL)
    page.text(186, y - 20, "stride 8", size=SMALL)
    page.arrow([(292, y), (382, y)])
    page.text(336, y - 40, "8×8", size=SMALL)
    page.text(336, y - 20, "stride 8", size=SMALL)
    page.arrow([(488, y), (562, y)])
    page.circle(580, y, 16, "+")
    page.arrow([(598, y), (636, y)])
    page.arrow([(436, y + 100), (436, 276), (464, 276)])
    page.box(468, 246, 224, 60, "correction: 3 convolutions", color="decoder")
    page.arrow([(580, 246), (580, y + 20)])
    page.lines(
        566,
        204,
        ["begins", "at zero"],
        anchor="end",
        size=SMALL,
    )
    words = "both kernels begin as the components of PCA"
    page.text(240, 276, words, size=SMALL, color="muted")
    page.arrow([(186, 258), (186, y + 14)])
    page.arrow([(336, 258), (336, y + 14)])


def draw_tiles(page, left, middle, cell, color):
    """Draw the grid of 5 x 4 tiles around a height."""
    top = middle - 2.5 * cell
    for row in range(5):
        for column in range(4):
            page.box(
                left + column * cell,
                top + row * cell,
                cell - 2,
                cell - 2,
                color=color,
                radius=0,
            )
