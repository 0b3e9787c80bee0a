"""Diagrams of lesson 06: recurrent cells, and sequences unrolled in time."""

from utils.tools.diagrams.drawing import SMALL, diagram


@diagram(
    "06_lstm_cell",
    "An LSTM cell",
    "Above, the cell state goes through in a straight line: it is multiplied "
    "by the forget gate, then the candidate times the input gate is added. "
    "Below, the input and the hidden state of the step before feed all four: "
    "forget gate, input gate, candidate and output gate. The new hidden state "
    "is the tanh of the cell state times the output gate.",
    height=456,
)
def draw_lstm_cell(page):
    top, bottom = 96, 322  # the cell state, the hidden state
    page.frame(122, 42, 516, 312, color="frame", radius=14)
    gates = {
        186: ("forget", "gate", "sigmoid"),
        300: ("input", "gate", "sigmoid"),
        414: ("candidate", "", "tanh"),
        528: ("output", "gate", "sigmoid"),
    }
    # Into the gates.
    page.line([(94, bottom), (528, bottom)])
    page.line([(146, 400), (146, bottom)])
    for x, (first, second, activation) in gates.items():
        page.arrow([(x, bottom), (x, 292)])
        words = f"{first} {second}".strip()
        page.box(x - 52, 236, 104, 54, line="muted")
        page.text(x, 252, words, size=SMALL, bold=True)
        page.text(x, 274, activation, size=SMALL, color="muted")
    # The cell state.
    for left, right in ((94, 172), (200, 400)):
        page.line([(left, top), (right, top)], "code", thickness=4)
    page.arrow([(428, top), (666, top)], "code", thickness=4, head=12)
    page.arrow([(186, 236), (186, top + 15)])
    page.arrow([(300, 236), (300, 166), (398, 166)])
    page.arrow([(414, 236), (414, 182)])
    page.arrow([(414, 150), (414, top + 15)])
    # The hidden state.
    page.arrow([(592, top), (592, 132)])
    page.box(564, 134, 56, 30, "tanh", size=SMALL)
    page.arrow([(592, 164), (592, 198)])
    page.arrow([(528, 236), (528, 214), (576, 214)])
    page.arrow([(592, 228), (592, bottom), (666, bottom)])
    for x, y, sign in (
        (186, top, "×"),
        (414, 166, "×"),
        (414, top, "+"),
        (592, 214, "×"),
    ):
        page.circle(x, y, 14, sign, color="panel", line="ink", size=20)
    for x, y, words in (
        (66, top, "*c*_{t−1}"),
        (694, top, "*c*_{t}"),
        (66, bottom, "*h*_{t−1}"),
        (694, bottom, "*h*_{t}"),
        (146, 416, "*x*_{t}"),
    ):
        page.text(x, y, words, size=20)
    page.text(380, 66, "cell state: the memory", size=SMALL)
    page.text(66, top + 26, "cell", size=SMALL, color="muted")
    page.text(66, bottom + 28, "hidden", size=SMALL, color="muted")
    page.text(182, 416, "input", size=SMALL, color="muted", anchor="start")
    page.text(
        448,
        392,
        "*c*_{t} = forget · *c*_{t−1} + input · candidate",
    )
    page.text(448, 424, "*h*_{t} = output · tanh( *c*_{t} )")


ENCODERS = (44, 138, 232)  # left edges of three steps
DECODERS = (482, 572, 662)
STEPS = ("1", "2", "*n*")
CELL = 60  # the width of a step


def draw_chain(page, lefts, y, words, color):
    """Draw a layer at three steps, and the state that it hands on."""
    for left in lefts:
        page.box(left, y - 24, CELL, 48, words, color=color)
    first, second, last = lefts
    page.arrow([(first + CELL, y), (second - 2, y)])
    page.arrow([(second + CELL, y), (last - 2, y)], dashed=True)


def draw_model(page, y, cell):
    """Draw an encoder that reads rows, a code, a decoder that draws rows."""
    draw_chain(page, ENCODERS, y, cell, "encoder")
    draw_chain(page, DECODERS, y, cell, "decoder")
    page.box(
        DECODERS[0], y - 76, 240, 28, "Dense", color="decoder", size=SMALL
    )
    page.code(366, y, 30, 72, 6)
    for left, step in zip(ENCODERS, STEPS, strict=True):
        page.arrow([(left + 30, y + 60), (left + 30, y + 26)])
        page.text(left + 30, y + 76, f"row {step}", size=SMALL)
    for left, step in zip(DECODERS, STEPS, strict=True):
        page.arrow([(left + 30, y - 24), (left + 30, y - 46)])
        page.arrow([(left + 30, y - 76), (left + 30, y - 100)])
        page.text(left + 30, y - 114, f"row {step}", size=SMALL)


@diagram(
    "06_recipe_and_ours",
    "The recipe and our model, unrolled in time",
    "Two models, with a box for each step. In the recipe an LSTM reads the "
    "rows, its last state is the code, and the decoder's LSTM gets the same "
    "code at every step. In ours the states of all steps make the code, the "
    "code is scaled, and a dense layer makes from it an input of its own for "
    "each step of the decoder. In both, a dense layer draws the rows.",
    height=592,
)
def draw_recipe_and_ours(page):
    y = 156
    page.text(28, 32, "the recipe", anchor="start", bold=True)
    draw_model(page, y, "LSTM")
    page.arrow([(292, y), (362, y)])
    page.lines(327, y - 32, ["last", "state"], size=SMALL)
    page.text(381, y - 54, "code", bold=True)
    page.line([(396, y), (432, y), (432, y + 58), (692, y + 58)])
    for left in DECODERS:
        page.arrow([(left + 30, y + 58), (left + 30, y + 26)])
    page.text(602, y + 78, "the same input at every step", size=SMALL)

    page.line([(30, 270), (730, 270)], "frame")
    y = 422
    page.text(28, 298, "ours", anchor="start", bold=True)
    draw_model(page, y, "GRU")
    for left in ENCODERS:
        page.line([(left + 30, y - 24), (left + 30, y - 62)])
    page.arrow([(74, y - 62), (381, y - 62), (381, y - 40)])
    page.text(214, y - 80, "the states of all steps", size=SMALL)
    page.lines(381, y + 62, ["code,", "scaled"], size=SMALL)
    page.line([(396, y), (432, y), (432, y + 112), (692, y + 112)])
    for left, step in zip(DECODERS, STEPS, strict=True):
        page.arrow([(left + 30, y + 112), (left + 30, y + 84)])
        page.box(
            left + 8,
            y + 54,
            44,
            28,
            step,
            color="code",
            radius=0,
            size=SMALL,
        )
        page.arrow([(left + 30, y + 54), (left + 30, y + 26)])
    words = "Dense: an input of its own for each step"
    page.text(722, y + 134, words, size=SMALL, anchor="end")


@diagram(
    "06_teacher_forcing",
    "Teacher forcing and running free",
    "A decoder at three steps, twice. With teacher forcing, in training, each "
    "step gets the code and the true row before its own. Running free, in "
    "use, each step gets the code and the row that was drawn at the step "
    "before, so mistakes are handed on.",
    height=492,
)
def draw_teacher_forcing(page):
    lefts, width = (190, 384, 578), 120
    rows = ("zeros", "true row 1", "true row 2")
    for y, name, use in (
        (100, "teacher forcing", "in training"),
        (350, "running free", "in use"),
    ):
        page.text(28, y - 12, name, anchor="start", bold=True)
        page.text(28, y + 12, use, anchor="start", size=SMALL, color="muted")
        for i, left in enumerate(lefts):
            page.box(left, y - 24, width, 48, "decoder", color="decoder")
            page.arrow([(left + 90, y - 24), (left + 90, y - 50)])
            page.text(left + 90, y - 64, f"drawn row {i + 1}", size=SMALL)
            page.arrow([(left + 28, y + 52), (left + 28, y + 26)])
            page.box(
                left,
                y + 54,
                56,
                28,
                "code",
                color="code",
                radius=0,
                size=SMALL,
            )
            if i < 2:
                page.arrow([(left + width, y), (lefts[i + 1] - 2, y)])
        for left, row in zip(lefts, rows, strict=True):
            if name == "teacher forcing" or row == "zeros":
                page.arrow([(left + 90, y + 92), (left + 90, y + 26)])
                page.text(left + 90, y + 108, row, size=SMALL)
            else:
                before, side = left - 194 + 90, left - 37
                start = before + 52
                page.arrow(
                    [
                        (start, y - 64),
                        (side, y - 64),
                        (side, y + 106),
                        (left + 90, y + 106),
                        (left + 90, y + 26),
                    ],
                    "accent",
                )
    page.line([(30, 242), (730, 242)], "frame")
    page.lines(
        28,
        418,
        ["What is drawn", "comes in again."],
        anchor="start",
        size=SMALL,
    )
