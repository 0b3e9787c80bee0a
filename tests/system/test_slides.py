"""The slides of a lesson: what is on them, in which order, of which run."""

import doctest
import importlib.metadata
import itertools
import re
import shutil
import sys

from utils.tools import UsageError, editions
from utils.tools.lessons import NOTEBOOKS, find_lessons, get_tags, read_lessons
from utils.tools.slides import cells as slide_cells
from utils.tools.slides import deck, page, text
from utils.tools.slides.deck import make_deck

import pytest
from cells import QUESTION, START, drawn, found, printed, run, say
from nbformat.v4 import new_notebook, new_output

LESSONS = read_lessons()
each_lesson = pytest.mark.parametrize("name", LESSONS)


@pytest.mark.parametrize("module", [text, slide_cells, deck, page])
def test_examples_of_slides_give_what_they_say(module):
    assert doctest.testmod(module).failed == 0


# --- A small lesson ----------------------------------------------------------


def show(*cells, mode="fast"):
    """Return the slides after the first two."""
    return make_whole(*cells, mode=mode).slides[2:]


def make_whole(*cells, mode="fast"):
    lesson = new_notebook(cells=[*START, *cells])
    lesson.metadata["papermill"] = {"parameters": {"mode": mode}}
    return make_deck(lesson, "01_line")


def get_kinds(slides):
    return [slide.kind for slide in slides]


def test_a_deck_begins_with_number_question_cover_and_goals():
    made = make_whole(
        say("## Load\n\nNumbers."),
        say("## Why a line?\n\nIt is short."),
        run("show(plot())", drawn(), tags=["cover"]),
        say("## What else?\n\nNothing."),
    )
    title, goals = made.slides[:2]
    assert made.number == "01" and title.kind == "title"
    assert title.heading == "Draw a line" and title.text == "Why a line?"
    assert made.pictures[title.picture.path].startswith(b"\x89PNG")
    assert "- draw." in goals.text and "One minute" in goals.text
    html = page.make_page(made)
    assert "Lesson 01" in html and title.picture.path in html


def test_each_slide_knows_its_section():
    slides = show(
        say("## Load\n\nNumbers.\n\n### By hand\n\nFew."),
        run("print(1)", printed("1\n"), kind="subslide"),
        run("print(2)", printed("2\n"), kind="subslide"),
    )
    headings = [slide.heading for slide in slides]
    assert headings == ["Load", "By hand", "By hand"]
    assert [slide.place for slide in slides[1:]] == ["Load", "Load"]
    starts = [slide.starts_section for slide in slides]
    assert starts == [True, False, False]


def test_a_picture_fills_a_slide_and_its_code_is_folded():
    code = 'show(plot_line(), "A curve. It falls.")'
    (slide,) = show(say("## Draw"), run(code, drawn(width=300, height=100)))
    assert slide.kind == "picture" and slide.heading == "Draw"
    assert not slide.code and slide.sources == [code]
    assert slide.picture.alt == slide.picture.caption == "A curve. It falls."
    assert slide.picture.ratio == 3


def test_a_long_alt_text_is_cut_at_a_sentence():
    alt = "One curve falls. " * 30
    (slide,) = show(say("## Draw"), run("show(x)", drawn(alt.strip())))
    assert slide.picture.caption.endswith("falls.")
    assert len(slide.picture.caption) <= deck.LONGEST_CAPTION
    assert slide.picture.alt == alt.strip()


@pytest.mark.parametrize(
    ("kind", "words", "is_more"),
    [
        ("-", "It falls, and so it should.", True),
        ("subslide", "The left panel falls.", True),
        ("subslide", "What does the left panel say?", False),
        ("subslide", "Now something else.", False),
    ],
)
def test_what_speaks_of_a_picture_stays_with_it(kind, words, is_more):
    slides = show(say("## Draw"), run("show(x)", drawn()), say(words, kind))
    assert slides[0].more == (words if is_more else "")
    assert len(slides) == 1 + (not is_more)


@pytest.mark.parametrize(("n_rows", "is_more"), [(8, True), (20, False)])
def test_words_stay_with_a_table_that_leaves_room(n_rows, is_more):
    table = printed("name  1.00\n" * n_rows)
    words = "Each row is a column of numbers."
    slides = show(say("## Code"), run("print(x)", table), say(words, "-"))
    assert slides[0].more == (words if is_more else "")
    assert len(slides) == 1 + (not is_more)


def test_a_diagram_comes_before_its_text():
    path = "images/02_hourglass.svg"
    slides = show(
        say(f"## Build\n\nAn encoder and a decoder.\n\n![A glass.]({path})")
    )
    assert get_kinds(slides) == ["picture"]
    assert slides[0].more == "An encoder and a decoder."


def test_an_answer_comes_after_the_question():
    slides = show(
        say(f"## Guess\n\nTwo lines.\n\n{QUESTION}"),
        run("print(length)", printed("3\n")),
    )
    assert get_kinds(slides) == ["prediction", "table"]
    question, result = slides
    assert question.lead == "Two lines."
    assert question.text == "Which is longer?"
    assert question.more == "The first." and result.table == "3"
    html = page.make_page(make_whole(say(f"## Guess\n\n{QUESTION}")))
    assert re.search(r'class="answer fragment"><p>The first', html)
    assert "<details>" not in html


@pytest.mark.parametrize(
    ("code", "is_shown"),
    [
        ("class Line(layers.Layer):\n    pass", True),
        ("def find_loss(x):\n    return x", True),
        ("model.compile(adam, loss=loss)\nmodel.fit(x)", True),
        ("with tf.GradientTape() as tape:\n    pass", True),
        ("N_CODES = 32\nEPOCHS = 3", False),
        ("import keras", False),
        ("history = fit(model, x_train)", False),
        ("def plot_line():\n    plt.plot(x)", False),
        ("def draw(x):\n    return x\n\n\nshow(draw(1))", False),
    ],
)
def test_code_is_shown_where_it_is_the_subject(code, is_shown):
    slides = show(say("## Build"), run(code))
    assert get_kinds(slides) == ["code"] * is_shown


def test_calls_beside_a_function_are_folded():
    (slide,) = show(
        say("## Build"),
        run("n = 2\n\n\ndef double(x):\n    return n * x\n\n\ndouble(3)"),
    )
    assert slide.code == "def double(x):\n    return n * x"


def test_long_code_is_split_at_an_empty_line():
    methods = [f"    def f{i}(self):\n        return {i}\n" for i in range(9)]
    slides = show(say("## Build"), run("class A:\n" + "\n".join(methods)))
    assert get_kinds(slides) == ["code", "code"]
    for slide in slides:
        assert slide.code.count("\n") < slide_cells.MOST_LINES
        assert slide.code.rstrip().split("\n")[-1].startswith("        return")
    lines = "\n".join(f"x = {i}" for i in range(50))
    assert len(slide_cells.split_code(lines)) == 3


def test_code_is_as_large_as_it_can_be_and_never_small():
    assert page.find_code_size("x = 1") == page.LARGEST_CODE
    wide = page.find_code_size("x" * 79)
    assert page.SMALLEST_CODE < wide < page.LARGEST_CODE
    assert page.find_code_size("x" * 300) == page.SMALLEST_CODE
    assert page.SMALLEST_CODE >= 20


def test_tables_stay_in_one_piece():
    slides = show(
        say("## Count"),
        run("print(1)", printed("a  1\n"), printed("b  2\n")),
        run("print(3)", printed("c  3\n")),
    )
    assert [slide.table for slide in slides] == ["a  1\nb  2\nc  3"]
    assert len(slides[0].sources) == 2


def test_the_time_that_something_took_is_no_table():
    line = new_output("display_data", {"text/plain": "model: 3 epochs"})
    assert not show(
        say("## Train"),
        run("fit(model)", line, printed("make_map: took 5.7 s\n")),
    )


def test_long_text_is_shortened_and_is_in_the_notes():
    words = "A **line** is short. " + "It has two ends. " * 40
    (slide,) = show(say(f"## Lines\n\n{words}"))
    assert len(slide.text) < 600 < len(words)
    assert "**line**" in slide.text
    assert words.strip() in slide.notes


def test_text_above_code_is_shortened_and_is_in_the_notes():
    words = "A **line** is short. " + "It has two ends. " * 20
    code = "def draw():\n    return 1"
    (slide,) = show(say(f"## Lines\n\n{words}"), run(code))
    assert slide.code == code and "**line**" in slide.text
    assert len(slide.text) < len(words) and words.strip() in slide.notes


@pytest.mark.parametrize(
    ("blocks", "shown"),
    [
        # A formula stays, and so does what leads to it and what ends it.
        (
            ["One. That is", "$$2$$", "for us. Two."],
            "One. That is $$2$$ for us.",
        ),
        # What hangs on a sentence that is left out goes with it.
        (["One. The next figure bends. It breaks. Two."], "One. Two."),
        (["One. Look at this:"], "One."),
    ],
)
def test_what_is_left_of_a_text(blocks, shown):
    kept, is_shorter = text.shorten(blocks, 150)
    assert " ".join(kept) == shown and is_shorter


def test_notes_are_with_the_last_slide_and_where_the_passage_begins():
    notes = "<details><summary>For the instructor</summary>\n\nTen minutes."
    slides = show(
        say("## A\n\nOne."),
        say("### B\n\nTwo.", "subslide"),
        say(f"{notes}\n\n</details>", "notes"),
        say("### C\n\nThree.", "subslide"),
    )
    assert slides[0].notes == ["*From here to slide 4.* Ten minutes."]
    assert slides[1].notes == ["Ten minutes."]
    assert not slides[2].notes


@pytest.mark.parametrize("n_findings", [1, 8, 40])
def test_a_deck_ends_in_the_table_of_findings(n_findings):
    claims = [
        f"Claim {i} holds, as was to be seen." for i in range(n_findings)
    ]
    slides = show(
        say("## What we found\n\nThe table says it."),
        run("findings.show()", found(*claims)),
        say("## Further reading", "skip"),
    )
    assert set(get_kinds(slides)) == {"findings"}
    rows = itertools.chain(*(slide.findings for slide in slides))
    assert [row["claim"] for row in rows] == claims
    assert all(0 < len(slide.findings) <= 11 for slide in slides)
    html = page.make_page(make_whole(run("findings.show()", found("So."))))
    assert '<table class="findings">' in html and "✓ holds" in html


def test_the_mode_is_in_small_print():
    fast, full = (
        page.make_page(make_whole(say("## A\n\nB."), mode=mode))
        for mode in ("fast", "full")
    )
    assert "numbers of fast mode" in fast
    assert 'class="mode"' not in full


# --- The lessons of the course -----------------------------------------------


@pytest.fixture(scope="module")
def slides(tmp_path_factory, pretended):
    """The slides of all lessons: executed with a parameter that was set."""
    folder = tmp_path_factory.mktemp("slides")
    arguments = ["slides", "--executed", str(pretended), "--out", str(folder)]
    assert editions.main(arguments) == 0
    return folder


def test_each_lesson_has_its_slides(slides):
    assert {path.stem for path in slides.glob("*.html")} == set(LESSONS)


@each_lesson
def test_slides_load_what_lies_beside_them(slides, name):
    html = (slides / f"{name}.html").read_text("utf-8")
    loads = re.findall(
        r"<(?:script|link|img|iframe)[^>]*?(?:src|href)=\"([^\"]*)\"", html
    )
    assert len(loads) >= 5
    assert not [url for url in loads if not (slides / url).is_file()]
    assert not re.search(r"(url\(|import .* from )['\"]?https?:", html)


@each_lesson
def test_slides_show_all_diagrams_and_pictures(slides, name):
    html = (slides / f"{name}.html").read_text("utf-8")
    shown = set(re.findall(r'<img[^>]* src="images/([^"]*)"', html))
    diagrams = {
        path.name for path in NOTEBOOKS.glob(f"images/{name[:2]}_*.svg")
    }
    assert diagrams <= shown
    assert f"{name[:2]}-cover.png" in shown


@each_lesson
def test_notes_are_for_the_speaker(slides, name):
    html = (slides / f"{name}.html").read_text("utf-8")
    spoken = " ".join(
        re.findall(r'<aside class="notes">(.*?)</aside>', html, re.S)
    )
    shown = re.sub(r'<aside class="notes">.*?</aside>', "", html, flags=re.S)
    notes = [c.source for c in LESSONS[name].cells if "notes" in get_tags(c)]
    assert notes
    for source in notes:
        # Some words without any markup, which no browser shows otherwise.
        words = max(
            re.findall(r"[A-Za-z ]{12,}", text.open_folds(source)), key=len
        )
        assert words.strip() in spoken
        assert words.strip() not in shown


@each_lesson
def test_nothing_of_the_exercises_is_on_slides(slides, name):
    html = (slides / f"{name}.html").read_text("utf-8")
    text = re.sub("<[^>]+>", "", html)
    assert "raise NotImplementedError" not in text
    assert "leave_metrics" not in text


def test_the_pictures_of_a_lesson_are_files(slides):
    path = NOTEBOOKS / "images" / "02_hourglass.svg"
    copy = slides / "images" / path.name
    assert copy.read_bytes() == path.read_bytes()


# --- Which run they are made of ----------------------------------------------


def test_slides_want_executed_lessons(tmp_path, capsys):
    out = tmp_path / "slides"
    arguments = ["slides", "--executed", str(tmp_path), "--out", str(out)]
    assert editions.main(arguments) == 2
    assert "call `make run` before" in capsys.readouterr().err
    for path in find_lessons().values():
        source = path.read_text("utf-8").replace("seed = 42", "seed = 43")
        (tmp_path / path.name).write_text(source, "utf-8")
    assert editions.main(arguments) == 2
    assert "is not as the lesson is now" in capsys.readouterr().err
    assert not out.exists()


def test_a_copy_that_is_no_notebook_is_named(tmp_path, capsys):
    for path in find_lessons().values():
        (tmp_path / path.name).write_text("{", "utf-8")
    assert editions.main(["slides", "--executed", str(tmp_path)]) == 2
    assert "01_prepare_data.ipynb" in capsys.readouterr().err


def test_a_plain_copy_comes_before_one_that_was_set(tmp_path):
    for name, path in find_lessons().items():
        shutil.copy(path, tmp_path / f"{name}[seed=1].ipynb")
        shutil.copy(path, tmp_path / f"{name}[seed=2].ipynb")
    with pytest.raises(UsageError, match="make run"):
        editions.read_executed(tmp_path)
    for path in find_lessons().values():
        shutil.copy(path, tmp_path)
    assert set(editions.read_executed(tmp_path)) == set(LESSONS)


def test_full_mode_comes_before_fast_mode(
    tmp_path, pretended, monkeypatch, capsys
):
    full, fast = tmp_path / "full", tmp_path / "executed"
    shutil.copytree(pretended, full)  # of full mode, as it says
    fast.mkdir()
    first, second = list(LESSONS)[:2]
    for name, path in find_lessons().items():
        shutil.copy(path, fast / f"{name}.ipynb")
    (full / f"{second}[reuse_weights=True].ipynb").unlink()
    monkeypatch.setattr(editions, "FULL", full)
    monkeypatch.setattr(editions, "EXECUTED", fast)
    out = tmp_path / "slides"
    assert editions.main(["slides", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert re.search(rf"lesson {first[:2]}, .* in full mode", said)
    assert f"lesson {second[:2]} in fast mode" in said
    assert 'class="mode"' not in (out / f"{first}.html").read_text("utf-8")
    assert 'class="mode"' in (out / f"{second}.html").read_text("utf-8")


def test_a_missing_package_is_named(tmp_path, pretended, monkeypatch, capsys):
    def find(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", find)
    out = tmp_path / "slides"
    arguments = ["slides", "--executed", str(pretended), "--out", str(out)]
    assert editions.main(arguments) == 2
    said = capsys.readouterr().err
    assert "sphinx-revealjs" in said and 'pip install -e ".[dev]"' in said
    assert not out.exists()


@pytest.mark.parametrize("missing", ["Playwright", "Chromium"])
def test_what_a_pdf_needs_is_said(tmp_path, monkeypatch, missing):
    if missing == "Playwright":
        monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    else:
        pytest.importorskip("playwright.sync_api")
        monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(UsageError, match=r"Chromium.*Playwright"):
        page.write_pdfs(tmp_path)


def test_what_leads_to_a_long_formula_stands_above_it():
    rows = r"\\ ".join(["a &= b"] * 5)
    formula = rf"$$\begin{{aligned}} {rows} \end{{aligned}}$$"
    text = f"With the input, the blocks are\n\n{formula}\n\nwhere a is b."
    *_, first, second = show(say("## Load\n\nNumbers."), say(text))
    assert "the blocks are" in first.text and formula in first.text
    assert second.text == "where a is b." and "where" not in second.heading
