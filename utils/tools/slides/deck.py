"""What the slides of an executed lesson show, as data.

The slides follow the lesson, but each shows one thing: a question, a picture,
a table, a piece of code, or a few sentences.
"""

import math
import re
from dataclasses import dataclass, field

from utils.tools.lessons import IMAGE, NOTEBOOKS, get_tags
from utils.tools.slides.cells import (
    HEADING,
    choose_lines,
    find_headings,
    find_mode,
    find_ratio,
    get_slide_type,
    is_code_shown,
    read_outputs,
    split_code,
)
from utils.tools.slides.text import (
    Prediction,
    is_paragraph,
    measure,
    open_folds,
    read_prediction,
    shorten,
    split_blocks,
    split_sentences,
)

from nbformat import NotebookNode

# Characters of text that a slide has room for: alone, above a table or code,
# and beside or below a picture.
ALONE, ABOVE, BESIDE = 480, 260, 300
A_LINE = 140  # characters of what is little more than a line
LONGEST_HEADLINE = 120  # characters
LONGEST_CAPTION = 250
FINDING_LINES = 16  # lines of text in a table of findings
TABLE_LINES = 15  # of a table that leaves room for words below
WIDE = 1.42  # a picture of this ratio has its text below, others beside it
# What a figure calls "left" or "the orange curve" is a text on a figure.
ON_A_PICTURE = re.compile(
    r"\b(left|right|upper|lower|top|bottom|panels?|figures?|curves?|bars?|"
    r"rows?|columns?|pictures?|dots?|points?|lines?|drawings?|drawn|looks?|"
    r"map|orange|blue|gr[ae]y|white|black|diamonds?|above)\b"
)
ON_A_TABLE = re.compile(r"\b(rows?|columns?|table)\b")
SHOWS_RESULTS = ("picture", "table", "code")  # kinds of slides with a fold


@dataclass
class Picture:
    """A picture that lies beside the page.

    Attributes
    ----------
    path : str
        Relative to the page.
    alt : str
    ratio : float
        Its width, divided by its height.
    """

    path: str
    alt: str
    ratio: float

    @property
    def caption(self) -> str:
        """The alt text, or its first sentences where it is long."""
        sentences = split_sentences(self.alt)
        shown = sentences[:1]
        for sentence in sentences[1:]:
            if len(" ".join([*shown, sentence])) > LONGEST_CAPTION:
                break
            shown.append(sentence)
        return " ".join(shown)


@dataclass
class Slide:
    """What one slide shows; all texts are Markdown.

    Attributes
    ----------
    kind : str
        "title", "text", "prediction", "picture", "table", "code" or
        "findings".
    place : str
        The section that it belongs to, in small print.
    heading : str
    lead : str
        What a prediction is about.
    text : str
        What is there at once.
    more : str
        What comes with the next key: an answer, or what a picture tells.
    picture : Picture or None
    code : str
    table : str
        What the code printed.
    html : str
        A table that a library made.
    findings : list of dict
        Rows as `utils.findings.Findings` leaves them.
    sources : list of str
        The code behind the slide, for the fold.
    notes : list of str
        For the speaker.
    starts_section : bool
    """

    kind: str
    place: str = ""
    heading: str = ""
    lead: str = ""
    text: str = ""
    more: str = ""
    picture: Picture | None = None
    code: str = ""
    table: str = ""
    html: str = ""
    findings: list[dict] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    starts_section: bool = False

    @property
    def is_wide(self) -> bool:
        """Whether its picture leaves room below it, and none beside it."""
        return self.picture is not None and self.picture.ratio >= WIDE


@dataclass
class Deck:
    """The slides of a lesson.

    Attributes
    ----------
    number, title : str
    mode : str
        "fast" or "full".
    slides : list of Slide
    pictures : dict of str to bytes
        The files that the slides show, by their path.
    """

    number: str
    title: str
    mode: str
    slides: list[Slide] = field(default_factory=list)
    pictures: dict[str, bytes] = field(default_factory=dict)


# --- From cells to slides ----------------------------------------------------


class DeckMaker:
    """Goes through the cells of a lesson and makes slides of them."""

    def __init__(self, number: str, title: str, mode: str):
        self.deck = Deck(number, title, mode)
        self.section = self.subsection = ""
        self.heading = ""  # of the next slide
        self.starts_section = False
        self.waiting: list[str] = []  # blocks of text for the next slide
        self.sources: list[str] = []  # code that no slide has shown yet
        self.first_of_passage = 0  # for the speaker's notes
        self.n_pictures = 0

    # A text waits for what comes next, which may be what it speaks of.

    def add_slide(self, kind: str, **content) -> Slide:
        """Add a slide, below the heading that is waiting, if there is one."""
        places = [self.section, self.subsection]
        heading = content.pop("heading", "") or self.heading
        has_words = heading or content.get("text")
        if kind in ("table", "code") and not has_words:
            heading = self.subsection or self.section
        place = " · ".join(x for x in places if x and x != heading)
        slide = Slide(
            kind,
            place=place or self.deck.title,
            heading=heading,
            starts_section=self.starts_section,
            **content,
        )
        if kind in SHOWS_RESULTS:
            slide.sources, self.sources = self.sources, []
        self.heading, self.starts_section = "", False
        self.deck.slides.append(slide)
        return slide

    def set_heading(self, level: int, heading: str) -> None:
        self.flush()
        if level <= 2:
            self.section, self.subsection = heading, ""
            self.starts_section = True
            self.first_of_passage = len(self.deck.slides)
        else:
            self.subsection = heading
        self.heading = heading

    def flush(self) -> None:
        """Show the text that waits on slides of its own."""
        blocks, self.waiting = self.waiting, []
        while blocks:
            n_blocks = len(blocks)
            shown, is_shorter = shorten(blocks, ALONE)
            # Formulas, lists and tables stay: so there may still be too much.
            while measure(shown) > 1.3 * ALONE and n_blocks > 1:
                n_blocks -= 1
                last = blocks[n_blocks - 1]
                leads = is_paragraph(last) and not last.endswith(
                    (".", "?", "!")
                )
                # What leads to a formula stands above it.
                is_too_long = leads and n_blocks == 1
                if leads:
                    n_blocks += 1 if is_too_long else -1
                shown, is_shorter = shorten(blocks[:n_blocks], ALONE)
                if is_too_long:
                    break
            page, blocks = blocks[:n_blocks], blocks[n_blocks:]
            headline = ""
            if not self.heading:
                headline, shown = take_headline(shown)
            if shown and not headline and not is_paragraph(shown[0]):
                headline = self.heading or self.subsection or self.section
            slide = self.add_slide(
                "text", heading=headline, text="\n\n".join(shown)
            )
            if is_shorter:
                slide.notes.append("\n\n".join(page))

    def take_waiting(self, budget: int) -> tuple[str, list[str]]:
        """Return the text that waits, if it fits above something, and notes.

        Text that is much longer gets a slide of its own before.
        """
        if measure(self.waiting) > 2 * budget or not self.waiting:
            self.flush()
            return "", []
        blocks, self.waiting = self.waiting, []
        shown, is_shorter = shorten(blocks, budget, leads_on=True)
        notes = ["\n\n".join(blocks)] if is_shorter else []
        return "\n\n".join(shown), notes

    def explain(self, slide: Slide, blocks: list[str]) -> None:
        """Say below a picture or a table what it tells, after a key."""
        if not blocks:
            return
        slide.notes.append("\n\n".join(blocks))
        earlier = split_blocks(slide.more)
        shown, _ = shorten([*earlier, *blocks], BESIDE)
        slide.more = "\n\n".join(shown)

    def add_text(self, block: str, is_new_group: bool) -> None:
        """Take a block of text: on what is there, or for what comes."""
        last = self.deck.slides[-1] if self.deck.slides else None
        can_explain = (
            last is not None
            and (last.picture or last.table or last.html)
            and last.kind != "title"
            and last.table.count("\n") < TABLE_LINES
            and not self.heading
            and not self.waiting
            and not block.startswith("|")
        )
        if can_explain and (not is_new_group or speaks_of(last, block)):
            self.explain(last, [block])
        else:
            self.waiting.append(block)

    def add_picture(self, image: bytes, path: str, alt: str) -> None:
        alt = " ".join(alt.split())
        self.deck.pictures[path] = image
        picture = Picture(path, alt, find_ratio(image, path))
        is_diagram = path.endswith(".svg")
        if is_diagram and measure(self.waiting) <= 2 * BESIDE:
            # The picture first, then what the text says of it.
            blocks, self.waiting = self.waiting, []
            slide = self.add_slide("picture", picture=picture)
            self.explain(slide, blocks)
            return
        headline, text = "", []
        if measure(self.waiting) <= A_LINE:
            text, self.waiting = self.waiting, []
            if not self.heading:
                headline, text = take_headline(text)
        self.flush()
        self.add_slide(
            "picture",
            heading=headline,
            text="\n\n".join(text),
            picture=picture,
        )

    def add_prediction(self, prediction: Prediction) -> None:
        answer, _ = shorten(split_blocks(prediction.answer), 2 * ALONE)
        lead = []
        if measure(self.waiting) <= 1.5 * A_LINE:
            lead, self.waiting = self.waiting, []
        self.flush()
        self.add_slide(
            "prediction",
            lead="\n\n".join(lead),
            text=prediction.question,
            more="\n\n".join(answer),
        )

    def add_code(self, source: str, tables: list[str]) -> list[str]:
        """Show code; return the tables that have no room below it."""
        parts = split_code(choose_lines(source))
        n_lines = parts[0].count("\n") + 1
        text, notes = "", []
        if n_lines <= 16:
            budget = ABOVE if n_lines <= 10 else A_LINE
            text, notes = self.take_waiting(budget)
        else:
            self.flush()
        for part in parts:
            slide = self.add_slide("code", code=part, text=text, notes=notes)
            text, notes = "", []
        n_below = sum(table.count("\n") + 1 for table in tables)
        n_above = 3 if slide.text else 0
        if tables and n_above + parts[-1].count("\n") + n_below <= 12:
            slide.table = "\n".join(tables)
            return []
        return tables

    def add_code_cell(self, cell: NotebookNode) -> None:
        outputs = read_outputs(cell)
        is_new_group = get_slide_type(cell) in ("slide", "subslide")
        is_end = any("findings" in output for output in outputs)
        if is_new_group and measure(self.waiting) > A_LINE and not is_end:
            self.flush()
        if is_code_shown(cell.source):
            tables = [x["table"] for x in outputs if "table" in x]
            left = self.add_code(cell.source, tables)
            outputs = [
                x for x in outputs if "table" not in x or x["table"] in left
            ]
            self.sources = []
        if outputs or not is_code_shown(cell.source):
            self.sources.append(cell.source)
        for output in outputs:
            if "image" in output:
                self.n_pictures += 1
                path = f"images/{self.deck.number}-{self.n_pictures}.png"
                self.add_picture(output["image"], path, output["alt"])
            elif "findings" in output:
                self.add_findings(output["findings"])
            elif "table" in output and not is_new_group and self.can_grow():
                last = self.deck.slides[-1]
                last.table += "\n" + output["table"]
                last.sources += self.sources
                self.sources = []
            else:
                text, notes = self.take_waiting(ABOVE)
                self.add_slide("table", text=text, notes=notes, **output)

    def can_grow(self) -> bool:
        """Tell whether the last slide is a table that waits for more rows."""
        last = self.deck.slides[-1]
        is_open = last.kind == "table" and last.table and not last.more
        return is_open and not self.waiting and not self.heading

    def add_findings(self, rows: list[dict]) -> None:
        """Show the table of findings, over several slides if it is long."""
        blocks, self.waiting = self.waiting, []
        costs = [
            1.5 + max(len(row["claim"]) // 55, len(row["numbers"]) // 42)
            for row in rows
        ]
        n_pages = max(1, math.ceil(sum(costs) / FINDING_LINES))
        pages, done = [[] for _ in range(n_pages)], 0
        for row, cost in zip(rows, costs, strict=True):
            # Pages of about the same height.
            place = (done + cost / 2) / sum(costs)
            pages[int(place * n_pages)].append(row)
            done += cost
        heading = self.heading or self.section
        for number, page in enumerate(pages, start=1):
            part = f" ({number} of {len(pages)})" if len(pages) > 1 else ""
            self.add_slide("findings", heading=heading + part, findings=page)
        if blocks:
            self.deck.slides[-len(pages)].notes.append("\n\n".join(blocks))

    def add_notes(self, source: str) -> None:
        """Give the notes to the last slide and to the first of the passage."""
        self.flush()
        text = open_folds(source)
        slides = self.deck.slides
        slides[-1].notes.append(text)
        first, last = self.first_of_passage, len(slides) - 1
        if first < last:
            slides[first].notes.insert(
                0, f"*From here to slide {last + 1}.* {text}"
            )
        self.first_of_passage = len(slides)


def take_headline(blocks: list[str]) -> tuple[str, list[str]]:
    """Take the first sentence out of a text, if it can be a headline."""
    if not blocks or not is_paragraph(blocks[0]):
        return "", blocks
    first, *others = split_sentences(blocks[0])
    goes_on = first[0].islower()  # after a formula on the slide before
    is_long = len(first) > LONGEST_HEADLINE
    if goes_on or is_long or not first.endswith((".", "?")):
        return "", blocks
    rest = [" ".join(others)] if others else []
    return first, [*rest, *blocks[1:]]


def speaks_of(slide: Slide, block: str) -> bool:
    """Tell whether a paragraph begins by saying what a slide shows.

    A question leads to what comes next.
    """
    if not is_paragraph(block):
        return False
    sentences = split_sentences(block)
    pattern = ON_A_PICTURE if slide.picture else ON_A_TABLE
    start = " ".join(sentences[:2]).lower()
    return not sentences[0].endswith("?") and bool(pattern.search(start))


def add_start(maker: DeckMaker, lesson: NotebookNode) -> None:
    """Add the title slide and the goals, which a lesson says at its start."""
    sources, cover, questions, question = [], None, [], ""
    for cell in lesson.cells:
        if cell.cell_type == "markdown":
            questions += [
                text
                for level, text in find_headings(cell.source)
                if level == 2 and text.endswith("?")
            ]
        elif "cover" in get_tags(cell):
            images = [x for x in read_outputs(cell) if "image" in x]
            cover = images[0] if images else None
            # The one that the picture answers.
            question = questions[-1] if questions else ""
    question = question or (questions[0] if questions else "")
    for cell in lesson.cells:
        is_text = cell.cell_type == "markdown"
        if is_text and any(
            level == 2 for level, _ in find_headings(cell.source)
        ):
            break
        if is_text and get_slide_type(cell) not in ("skip", "notes"):
            sources.append(cell.source)
    blocks = split_blocks("\n\n".join(sources))
    blocks = [block for block in blocks if not HEADING.match(block)]
    slide = maker.add_slide("title", heading=maker.deck.title, text=question)
    if cover is not None:
        path = f"images/{maker.deck.number}-cover.png"
        maker.deck.pictures[path] = cover["image"]
        ratio = find_ratio(cover["image"], path)
        slide.picture = Picture(path, " ".join(cover["alt"].split()), ratio)
    slide.notes = blocks[:1]
    is_goal = [
        not is_paragraph(block) or block.startswith("**Time")
        for block in blocks
    ]
    goals = [
        block
        for number, block in enumerate(blocks)
        if number == 0 or is_goal[number]
    ]
    goals = goals[:4]
    slide = maker.add_slide(
        "text", heading="What you will learn", text="\n\n".join(goals)
    )
    slide.notes = ["\n\n".join(blocks)]


def begins_section(cell: NotebookNode) -> bool:
    """Tell whether a heading of a section is in a Markdown cell."""
    return any(level == 2 for level, _ in find_headings(cell.source))


def make_deck(lesson: NotebookNode, name: str) -> Deck:
    """Return the slides of an executed lesson.

    Parameters
    ----------
    lesson : NotebookNode
        Cells of slide type Skip are left out. Of all others Markdown,
        pictures and tables are shown, and code where it is the subject.
    name : str
        Of the lesson; it begins with its number.
    """
    headings = [
        heading
        for cell in lesson.cells
        if cell.cell_type == "markdown"
        for heading in find_headings(cell.source)
    ]
    title = headings[0][1] if headings else name
    maker = DeckMaker(name[:2], title, find_mode(lesson))
    add_start(maker, lesson)
    for cell in lesson.cells:
        slide_type = get_slide_type(cell)
        if slide_type == "skip":
            continue
        if slide_type == "notes":
            maker.add_notes(cell.source)
        elif cell.cell_type == "code":
            maker.add_code_cell(cell)
        elif maker.section or begins_section(cell):
            add_markdown(maker, cell, slide_type)
    maker.flush()
    return maker.deck


def add_markdown(
    maker: DeckMaker, cell: NotebookNode, slide_type: str
) -> None:
    """Add a Markdown cell, which is split at headings and at pictures."""
    is_new_group = slide_type in ("slide", "subslide")
    if is_new_group:
        maker.flush()
    for block in split_blocks(cell.source):
        heading = HEADING.match(block)
        image = IMAGE.match(block)
        prediction = read_prediction(block)
        if heading:
            maker.set_heading(len(heading[1]), heading[2].strip())
        elif image and (NOTEBOOKS / image[2]).is_file():
            data = (NOTEBOOKS / image[2]).read_bytes()
            maker.add_picture(data, image[2], image[1])
        elif prediction:
            maker.add_prediction(prediction)
        else:
            maker.add_text(block, is_new_group)
