"""The Markdown of a lesson, shortened to what fits on a slide.

A lesson is written to be read alone; a slide is seen from the last row while
somebody speaks. So a slide shows the sentences that carry most, and the
speaker's notes have the text in full.
"""

import re
from dataclasses import dataclass

# What a full stop does not end a sentence in.
PROTECTED = re.compile(r"`[^`]*`|\$[^$]*\$|!?\[[^\]]*\]\([^)]*\)")
# The end of a sentence, with what closes after it.
END = re.compile(r"""[.?!](?:\*{1,2}|["')\]])*\s+(?=["'*`$\[(A-Z0-9])""")
ABBREVIATION = re.compile(r"(?:\b(?:e\.g|i\.e|al|vs|cf|No|Fig)|\b[A-Z])\.$")
LABEL = re.compile(r"\*\*[^*]+\*\*")  # of a paragraph: its next sentence stays
PREDICTION = re.compile(r"\s*\*\*Predict[^*]*\*\*\s*")
FOLD = re.compile(
    r"<details><summary>(.*?)</summary>(.*?)</details>", re.DOTALL
)
# What points at a place of the lesson that may not be on the slide.
POINTER = re.compile(
    r"\b(exercises? \d"
    r"|(next|last|these) (\w+ )?(figure|table|cell|line)s?"
    r"|(table|figure|diagram|text|cell)s? (above|below)"
    r"|(see|given) (above|below)|beside the diagram|in the table)\b"
)
# What hangs in the air without the sentence before.
HANGING = re.compile(r"(It|They|This|These|Its|Their|Both|But|Then)\b")
COST_OF_FORMULA = 130  # characters of text that take as much room
COST_OF_ROW = 70  # of a table


@dataclass(frozen=True)
class Prediction:
    """A question to a class, and its answer, both Markdown."""

    question: str
    answer: str


def split_blocks(source: str) -> list[str]:
    r"""Split Markdown at blank lines, outside of fences, formulas and folds.

    Examples
    --------
    >>> split_blocks("One.\n\n```\na\n\nb\n```\n\nTwo.")
    ['One.', '```\na\n\nb\n```', 'Two.']
    """
    blocks, lines, closing = [], [], None
    for line in source.strip().split("\n"):
        if not line.strip() and closing is None:
            if lines:
                blocks.append("\n".join(lines))
            lines = []
            continue
        lines.append(line)
        if closing is not None:
            if line.rstrip().endswith(closing):
                closing = None
        elif line.startswith("```"):
            closing = "```"
        elif line.startswith("<details>") and "</details>" not in line:
            closing = "</details>"
        elif line.startswith("$$") and line.count("$$") == 1:
            closing = "$$"
    return [*blocks, "\n".join(lines)] if lines else blocks


def split_sentences(paragraph: str) -> list[str]:
    """Split a paragraph into its sentences.

    Examples
    --------
    >>> split_sentences("See `a. B`, by A. Ng. It costs 0.5 of it. Why?")
    ['See `a. B`, by A. Ng.', 'It costs 0.5 of it.', 'Why?']
    >>> split_sentences("**Rates.** There are two. Both are small.")
    ['**Rates.** There are two.', 'Both are small.']
    """
    paragraph = " ".join(paragraph.split())
    spans = [found.span() for found in PROTECTED.finditer(paragraph)]
    sentences, start = [], 0
    for end in END.finditer(paragraph):
        is_inside = any(low < end.start() < high - 1 for low, high in spans)
        is_abbreviation = ABBREVIATION.search(
            paragraph[start : end.start() + 1]
        )
        is_label = LABEL.fullmatch(paragraph[start : end.end()].rstrip())
        if not is_inside and not is_abbreviation and not is_label:
            sentences.append(paragraph[start : end.end()].rstrip())
            start = end.end()
    return [*sentences, paragraph[start:]]


def is_paragraph(block: str) -> bool:
    """Tell a paragraph from a list, a table, a formula, code or a fold."""
    starts = ("$$", "```", "|", "<", ">", "- ", "* ", "1. ", "#", "![")
    is_other = block.startswith(starts)
    return not is_other and not re.search(r"\n(- |\* |\d\. )", block)


def measure_block(block: str) -> int:
    """Return about how many characters of text take as much room."""
    if block.startswith("$$"):
        n_rows = 1 + block.count(r"\\") + block.count(r"\begin{")
        return COST_OF_FORMULA * n_rows
    if block.startswith("|"):
        return COST_OF_ROW * len(block.split("\n"))
    if block.startswith("<details>"):
        return COST_OF_ROW  # it is folded
    text = re.sub(r"\]\([^)]*\)", "]", block)
    return len(text) + (0 if is_paragraph(block) else 40 * text.count("\n"))


def shorten(
    blocks: list[str], budget: int, leads_on: bool = False
) -> tuple[list[str], bool]:
    """Leave out sentences until the text has a size, or only its bones.

    Lists, tables and formulas stay, and so do the sentences that lead to them
    or end them. Then come the first sentence of each paragraph, sentences with
    a term in bold, and all others in their order. What points at another place
    of the lesson is left out.

    Parameters
    ----------
    blocks : list of str
    budget : int
        About how many characters there is room for.
    leads_on : bool
        Whether something follows on the same slide. If nothing does, a last
        sentence that ends with a colon is left out.

    Returns
    -------
    list of str
        Blocks.
    bool
        Whether something was left out.

    Examples
    --------
    >>> shorten(["A first one. Of little use. A **term**.", "$$x$$"], 160)
    (['A first one. A **term**.', '$$x$$'], True)
    """
    pieces = []  # rank, number of the block, text
    for number, block in enumerate(blocks):
        if not is_paragraph(block):
            pieces.append((0, number, block))
            continue
        sentences = split_sentences(block)
        following = blocks[number + 1 : number + 2]
        for place, sentence in enumerate(sentences):
            is_last = place == len(sentences) - 1
            leads = sentence.endswith(":") or not sentence.endswith(
                (".", "?", "!", ")", "*")
            )
            if is_last and following and not is_paragraph(following[0]):
                rank = 0 if leads else 2
            elif is_last and leads and not following and place > 0:
                rank = 1 if leads_on else 4
            elif place == 0:
                goes_on = sentence[:1].islower() and number > 0
                rank = 0 if goes_on else 1
            elif POINTER.search(sentence):
                rank = 4
            else:
                rank = 2 if "**" in sentence else 3
            pieces.append((rank, number, sentence))
    kept, room = set(), budget
    for wanted in range(4):  # what points elsewhere is never shown
        for place, (rank, _, text) in enumerate(pieces):
            if rank != wanted:
                continue
            cost = measure_block(text)
            if rank == 0 or not kept or cost <= room:
                kept.add(place)
                room -= cost
            elif rank == 3:
                break  # what follows would hang in the air
    for place, (rank, owner, text) in enumerate(pieces):
        is_alone = place - 1 not in kept and place > 0
        follows = is_alone and pieces[place - 1][1] == owner
        if follows and rank > 0 and "**" not in text and HANGING.match(text):
            kept.discard(place)
    if not kept:
        kept = {0}
    shown = []
    for number in range(len(blocks)):
        texts = [
            text
            for place, (_, owner, text) in enumerate(pieces)
            if place in kept and owner == number
        ]
        if texts:
            shown.append(" ".join(texts))
    return shown, len(kept) < len(pieces)


def measure(blocks: list[str]) -> int:
    """Return about how many characters of text take as much room."""
    return sum(map(measure_block, blocks))


def read_prediction(block: str) -> Prediction | None:
    r"""Return the prediction that a quotation holds, if it is one.

    Examples
    --------
    >>> read_prediction(
    ...     "> **Predict, then run.** Which?\n>\n"
    ...     "> <details><summary>Answer</summary>\n>\n> This.\n>\n"
    ...     "> </details>"
    ... )
    Prediction(question='Which?', answer='This.')
    """
    text = re.sub(r"(?m)^> ?", "", block)
    if not block.startswith(">") or not PREDICTION.match(text):
        return None
    fold = FOLD.search(text)
    question = FOLD.sub("", PREDICTION.sub("", text, count=1))
    return Prediction(question.strip(), fold[2].strip() if fold else "")


def open_folds(source: str) -> str:
    """Return Markdown without the folds, but with what is in them."""
    return FOLD.sub(lambda fold: fold[2].strip(), source).strip()
