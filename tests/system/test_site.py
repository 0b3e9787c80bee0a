"""The site shows the lessons to everybody, without the network."""

import base64
import doctest
import io
import json
import re
from pathlib import Path
from unittest.mock import Mock
from urllib.parse import unquote, urlsplit

from utils.explore import DECODER_TYPE, PAGE_ACTIVATIONS
from utils.tools import UsageError, formulas
from utils.tools import site as website
from utils.tools.diagrams.covers import COVERS
from utils.tools.lessons import ROOT, find_picture, read_lessons
from utils.tools.results import ROWS
from utils.tools.site import chart, glossary
from utils.tools.site.pages import name_fold
from utils.tools.site.weight import make_webp
from utils.tools.slides.page import make_html

import numpy as np
import pytest
from bs4 import BeautifulSoup
from executed import ALT, leave, make_decoder, pretend
from nbformat.v4 import new_code_cell
from PIL import Image

LESSONS = read_lessons()
DOCS = website.DOCS


@pytest.fixture(scope="session")
def pages(site):
    return {
        path.relative_to(site): BeautifulSoup(
            path.read_text(encoding="utf-8"), "html.parser"
        )
        for path in site.rglob("*.html")
        if "_static" not in path.parts
    }


def test_each_lesson_has_a_page_and_a_card(pages):
    cards = pages[Path("index.html")].select(".sd-card")
    links = [card.select_one("a")["href"] for card in cards]
    assert links == [f"lessons/{name}.html" for name in LESSONS]
    readme = (ROOT / "README.md").read_text("utf-8")
    for name, card in zip(LESSONS, cards, strict=True):
        assert Path("lessons", f"{name}.html") in pages
        title = card.select_one(".sd-card-title").text.split()
        assert int(title[0]) == int(name[:2])
        # Title and question are those of README.
        assert f"[{name[:2]} {' '.join(title[1:])}](notebooks/" in readme
        assert card.select_one("img")["alt"]


def test_a_lesson_that_readme_does_not_list_has_a_card(pages):
    name = "01_prepare_data"
    cards = website.read_cards("no table", {name: LESSONS[name]})
    title, question = cards[name]
    assert title.startswith("1 ") and "#" not in title
    assert question.endswith(".") and len(question) > 20


@pytest.mark.parametrize("name", LESSONS)
def test_each_lesson_has_a_row_in_readme_and_a_small_cover(name):
    readme = (ROOT / "README.md").read_text("utf-8")
    assert f"](notebooks/{name}.ipynb) |" in readme, (
        "give it a row in README's table of lessons"
    )
    cover = COVERS.get(name[:2])
    assert cover, "draw a cover in utils/tools/diagrams/covers.py"
    assert cover.alt and len(cover().render()) < 15_000


def test_a_lesson_without_a_cover_is_named():
    with pytest.raises(UsageError, match=r"99_new .*covers\.py"):
        website.pages.make_card("99_new", "", "A title", "A question?")


def test_the_sidebar_has_the_numbers_of_the_lessons(pages):
    entries = pages[Path("start.html")].select(".bd-sidebar-primary li a")
    names = [entry.text.split() for entry in entries]
    numbers = [words[0] for words in names if words and words[0].isdigit()]
    assert numbers == [str(int(name[:2])) for name in LESSONS]


def test_a_lesson_ends_with_the_next_one(pages):
    names = list(LESSONS)
    for i, name in enumerate(names):
        page = pages[Path("lessons", f"{name}.html")]
        links = [link["href"] for link in page.select(".nearby .sd-card a")]
        beside = [*names[i + 1 : i + 2], *names[max(0, i - 1) : i]]
        assert links == [f"{other}.html" for other in beside]


@pytest.mark.parametrize("name", LESSONS)
def test_a_page_is_for_learners(name):
    page = website.make_page(pretend(LESSONS[name]))
    tags = [set(cell.metadata.get("tags", [])) for cell in page.cells]
    assert not any(t & {"notes", "metrics"} for t in tags)
    assert sum("solution" in t for t in tags) >= 3
    # At the end, so that it is not the first thing that one reads.
    assert "full mode" in page.cells[-1].source
    assert "full mode" not in page.cells[0].source


def test_an_alt_text_of_two_lines_keeps_its_words_apart():
    lesson = pretend(LESSONS["02_simple_autoencoder"])
    lesson.cells[1].source = "Look.\n\n![One\ntwo.](images/a.svg)\n\nEnd."
    page = website.make_page(lesson)
    text = "Look.\n\n![One two.](images/a.svg)\n\nEnd."
    assert page.cells[1].source == text


def test_every_image_has_alt_text(pages):
    images = [image for page in pages.values() for image in page("img")]
    assert len(images) > 50
    assert all(image.get("alt", "").strip() for image in images)
    assert sum(image["alt"] == ALT for image in images) > 50


def test_images_are_part_of_the_site(pages, site):
    for path, page in pages.items():
        for image in page("img"):
            if not image["src"].startswith("data:"):
                file = site / path.parent / unquote(image["src"])
                assert file.is_file(), (path, image["src"])
    images = site.parent / "source" / "lessons" / "images"
    assert (images / "02_hourglass.svg").is_file()


def test_no_page_needs_the_network(pages):
    for path, page in pages.items():
        for node in page.select("script[src], img[src], link[href]"):
            address = node.get("src") or node["href"]
            assert not re.match(r"(https?:)?//", address), (path, address)


def test_links_lead_somewhere(pages, site):
    count = 0
    for path, page in pages.items():
        for link in page.select("a[href]"):
            parts = urlsplit(link["href"])
            if parts.scheme or parts.netloc or not parts.path:
                continue
            target = site / path.parent / unquote(parts.path)
            assert target.exists(), (path, link["href"])
            count += 1
    assert count > 100


def test_the_table_of_results_is_readmes(pages):
    rows = pages[Path("results.html")].select("table tr")
    readme = (DOCS.parent / "README.md").read_text("utf-8")
    lines = re.findall(r"(?m)^\| (?:\[\d\d\]| \|).*$", readme)
    assert len(rows) == len(lines) + 1 and len(lines) > 9


def test_formulas_and_search_are_there(pages, site):
    assert "searchindex.js" in {path.name for path in site.iterdir()}
    formulas = [m for page in pages.values() for m in page("math")]
    assert len(formulas) > 300
    # Those that stand alone, in view and within reach of the keys.
    alone = [m for page in pages.values() for m in page.select(".formula")]
    assert len(alone) > 50
    assert all(formula["tabindex"] == "0" for formula in alone)
    # None of them is left as it was written.
    texts = [p.text for page in pages.values() for p in page.select("p, li")]
    assert not [text for text in texts if re.search(r"\$[^$]+\$", text)]


def test_sphinx_writes_a_formula_once_or_names_its_page():
    from docutils.nodes import SkipNode
    from sphinx.errors import SphinxError

    app, translator = Mock(), Mock(body=[])
    formulas.setup(app)
    (write, _), _ = app.add_html_math_renderer.call_args.args[1:]
    node = Mock(tagname="math", source="page.md")
    node.astext.return_value = "x^2"
    # Otherwise Sphinx would write its text, too.
    with pytest.raises(SkipNode):
        write(translator, node)
    assert translator.body[0].startswith("<math")
    node.astext.return_value = r"\frac{1"
    with pytest.raises(SphinxError, match=r"page\.md: "):
        write(translator, node)


def test_a_formula_is_mathml():
    assert doctest.testmod(formulas).failed == 0
    assert formulas.make_block(r"a \qquad\qquad b").count("<math") == 2
    assert formulas.make_inline("x").startswith("<math><mi>x</mi>")


@pytest.mark.parametrize("broken", [r"\nothing", r"\frac{1}", "{"])
def test_a_broken_formula_is_named(broken):
    with pytest.raises(UsageError, match=re.escape(repr(broken))):
        formulas.make_block(broken)
    cell = f"A formula, ${broken}$."
    with pytest.raises(UsageError, match=re.escape(repr(broken))):
        make_html(cell)


def test_folds_hold_markdown(pages):
    folds = [fold for page in pages.values() for fold in page("details")]
    hints = [fold for fold in folds if "int" in fold.summary.text]
    assert len(hints) > 50
    assert not [fold for fold in hints if "`" in fold.text]


@pytest.mark.parametrize(
    "source, what",
    [
        ("import keras\nfrom utils.data import load_images", "imports"),
        ("N_CODES = 32\nRATES = (0.1, 0.2)", "constants"),
        ("def plot_it():\n    pass", "figure"),
        ("x = 1\nshow(figure, 'alt')", "figure"),
        ("findings = Findings()\nfindings.add(1)", "findings"),
        ("model = keras.Sequential()", None),
        ("def build_encoder():\n    pass", None),
        ("%load_ext tensorboard", None),
        ("", None),
    ],
)
def test_what_a_reader_may_skip_is_folded(source, what):
    name = name_fold(new_code_cell(source))
    assert what in name if what else name is None


def test_folds_say_what_they_hold(pages):
    page = pages[Path("lessons", "02_simple_autoencoder.html")]
    folds = page.select("details.hide > summary")
    words = {" ".join(fold.text.split()) for fold in folds}
    for what in ("imports", "constants", "code of the figure", "check"):
        assert any(what in each for each in words), (what, words)
    assert not any("code cell" in each for each in words)
    # Solutions are folds with names.
    names = [fold.text for fold in page.select("details > summary")]
    assert "Solution 2.1" in names


@pytest.mark.parametrize("repository", [None, "someone/course"])
def test_lessons_open_elsewhere_if_the_repository_is_known(repository):
    name = "02_simple_autoencoder"
    page = website.make_page(
        pretend(LESSONS[name]), name, repository=repository
    )
    links = re.findall(r'href="(https:[^"]+)"', page.cells[0].source)
    if repository is None:
        assert not links
    else:
        binder, colab = links
        assert "/gh/someone/course/main?" in binder
        assert f"/someone/course/blob/main/notebooks/{name}.ipynb" in colab
        assert binder.endswith(f"notebooks/{name}.ipynb")
        assert '"course[cpu]"' in page.cells[0].source


@pytest.mark.parametrize("number", ["02", "04", "05", "07", "08"])
def test_lessons_have_sliders_with_a_still_picture(pages, number):
    (name,) = [name for name in LESSONS if name.startswith(number)]
    page = pages[Path("lessons", f"{name}.html")]
    sliders = page.select(".stops")
    assert sliders
    for slider in sliders:
        left = json.loads(slider["data-stops"])
        assert left["dial"] and len(left["stops"]) > 1
        assert slider.find_parent(class_="cell_output").select_one("img")
    assert "For the web site" not in page.text


def test_lesson_7_has_its_map(pages):
    page = pages[Path("lessons", "07_variational_autoencoder.html")]
    (explorer,) = page.select(".explorer")
    assert explorer["data-decoder"] == "07"
    assert explorer.find_parent(class_="cell_output").select_one("img")
    assert page.select('script[src$="page.js"]')


def test_glossary_is_in_three_languages():
    terms = glossary.read_terms((DOCS / "glossary.md").read_text("utf-8"))
    assert len(terms) > 40
    texts = {
        int(name[:2]): str([c.source for c in lesson.cells]).lower()
        for name, lesson in LESSONS.items()
    }
    for term in terms:
        assert term.spanish and len(term.meaning) > 20
        assert re.search(r"[一-鿿]", term.chinese) or term.english == "t-SNE"
        for number in {*term.lessons} & {*texts}:
            # By its first word, without the ending.
            word = re.match(r"[\w-]+", term.english.lower())[0]
            assert word[:6] in texts[number], (term.english, number)
    names = [term.english.lower() for term in terms]
    assert names == sorted(names)


def test_a_row_of_the_glossary_that_is_broken_is_named():
    with pytest.raises(UsageError, match="five columns.*epoch"):
        glossary.read_terms("| a | b | c | d | e |\n| epoch | 1 |")


def test_terms_lead_to_the_glossary_and_back(pages):
    page = pages[Path("glossary.html")]
    entries = page.select(".glossary > div")
    assert {dd["lang"] for dd in page.select("dd[lang]")} == {"es", "zh-Hans"}
    meanings = [entry.select_one(".meaning") for entry in entries]
    assert any(meaning.code for meaning in meanings)
    assert not [meaning for meaning in meanings if "`" in meaning.text]
    anchors = {entry["id"] for entry in entries}
    assert len(anchors) == len(entries) > 40
    assert page.select('.glossary a[href="lessons/01_prepare_data.html"]')
    n_links = 0
    for name in LESSONS:
        for link in pages[Path("lessons", f"{name}.html")].select("a.term"):
            file, _, anchor = link["href"].partition("#")
            assert file == "../glossary.html" and anchor in anchors
            n_links += 1
    assert n_links > 45


def test_a_term_is_linked_once_and_only_in_prose():
    code = glossary.Term("code", "código", "编码", "", (1,))
    terms = [code]
    kept = "# code\n\n`code` and $code$ and [code](x.md) <a>x</a>.\n"
    assert glossary.link_terms(kept, terms) == kept and terms == [code]
    linked = glossary.link_terms(kept + "Codes, code.", terms)
    assert linked.startswith(kept) and not terms
    assert linked.endswith('#term-code">Codes</a>, code.')
    assert linked.count("<a class") == 1


def test_the_chart_has_the_numbers_of_the_table(pages):
    page = pages[Path("results.html")]
    titles = [title.text for title in page.select(".results-chart title")]
    table = page.select_one("table").text
    assert len(titles) > 20
    for title in titles:
        kind, _, value = title.rpartition(": ")
        assert value in table or kind == "a perfect copy", title
    assert page.select_one(".results-chart svg")["aria-label"]


def test_left_is_better_on_the_chart():
    less, more = ROWS[1], ROWS[8]
    assert (less.metric, more.metric) == ("test_bce_nats", "psnr_db")
    dots = {"ours": 0.1, "rival": 0.2}
    assert chart.place_dots(less, dots) == {"ours": 0.0, "rival": 1.0}
    assert chart.place_dots(more, dots) == {"ours": 1.0, "rival": 0.0}


def test_a_first_visit_is_light(pages, site):
    """All that the front page asks for, scripts and their files included."""
    page = pages[Path("index.html")]
    files = set()
    for node in page.select("script[src], img[src], link[rel=stylesheet]"):
        files.add(urlsplit(node.get("src") or node["href"]).path)
    files |= {"_static/decoder.js", "_static/decoder/07/decoder.json"}
    files |= {"_static/decoder/07/decoder.bin", "_static/basic.css"}
    files.add("_static/vendor/fontawesome/webfonts/fa-solid-900.woff2")
    sizes = {name: (site / name).stat().st_size for name in files}
    total = sum(sizes.values()) + (site / "index.html").stat().st_size
    assert total < 1_500_000, sorted(sizes.items(), key=lambda x: x[1])[-5:]


def test_pictures_are_light_and_have_room(pages, site):
    for page in pages.values():
        for image in page.select("article img"):
            assert image["width"] and image["height"] and image["loading"]
    assert not list(site.glob("_images/*.png"))


def test_a_picture_is_smaller_as_webp_and_looks_the_same():
    generator = np.random.default_rng(0)
    photo = generator.normal(128, 8, (64, 64)).cumsum(1).astype("uint8")
    chart = np.full((64, 64), 255, "uint8")
    chart[20:40, 8:50] = 90
    for pixels, tolerance in ((photo, 8), (chart, 0)):
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "png")
        light = make_webp(file.getvalue())
        assert len(light) < len(file.getvalue())
        seen = np.asarray(Image.open(io.BytesIO(light)).convert("L"))
        assert np.abs(seen - pixels.astype(float)).mean() <= tolerance


def test_scripts_are_a_few_kilobytes():
    for path in [*DOCS.glob("_static/*.js"), ROOT / "utils" / "explore.js"]:
        assert path.stat().st_size < 9000, path


def test_only_what_is_read_is_published(site):
    names = {path.name for path in site.rglob("*")}
    assert not names & {"_sources", ".doctrees", ".buildinfo", "sre"}
    assert not [name for name in names if name.endswith((".map", ".ipynb"))]
    assert "fontawesome.js" not in names and "fa-solid-900.woff2" in names


def test_an_unknown_heading_is_named(monkeypatch):
    readme = (DOCS.parent / "README.md").read_text("utf-8")
    website.check_sections(readme)
    for heading in ("## Teach with it", "### With a GPU"):
        with pytest.raises(UsageError, match=heading):
            website.check_sections(readme.replace(heading, "## Another"))


# --- The decoder -------------------------------------------------------------


def test_the_written_decoder_is_that_of_keras(tmp_path):
    left = make_decoder()[DECODER_TYPE]
    website.write_decoder(left, tmp_path)
    file = tmp_path / "decoder.bin"
    assert 100_000 < file.stat().st_size <= 500_000
    description = json.loads((tmp_path / "decoder.json").read_text())
    weights = base64.b64encode(file.read_bytes()).decode()
    known = json.loads((tmp_path / "known.json").read_text())
    codes = np.array(known["codes"])
    assert codes.min(axis=0).tolist() == description["setup"]["lows"]
    assert codes.max(axis=0).tolist() == description["setup"]["highs"]
    pixels = np.array(known["pixels"])
    assert pixels.shape == (9, 784) and pixels.std() > 0.01
    computed = website.decode({**description, "weights": weights}, codes)
    assert np.abs(computed - pixels).max() < 0.01
    # As a notebook it is larger than its weights, but by no more than base64.
    assert sum(map(len, map(str, make_decoder().values()))) < 10**6


@pytest.mark.parametrize("name", ["linear", "relu", "tanh", "selu", "gelu"])
def test_each_activation_is_that_of_keras(name):
    from utils.backend import tf  # noqa: F401, silences what follows

    from keras import layers

    step = layers.Dense(9, name, use_bias=False)
    step.build((None, 3))
    setup = {"lows": [-2.0] * 3, "highs": [2.0] * 3, "codes": [0.0] * 3}
    explorer = Mock(setup=setup, decode=lambda x: step(x).numpy())
    left = leave([step], explorer)[DECODER_TYPE]
    known = left["known"]
    computed = website.decode(left, known["codes"])
    assert len(known["codes"]) == 27, "three values of each code"
    assert np.abs(computed - known["pixels"]).max() < 0.01


def test_the_page_has_each_activation():
    page = (DOCS / "_static" / "decoder.js").read_text("utf-8")
    assert len(PAGE_ACTIVATIONS) == 6
    for name in PAGE_ACTIVATIONS:
        assert f"  {name}: (x) =>" in page


def test_the_map_of_the_front_page_is_decoded_at_its_places():
    left = make_decoder()[DECODER_TYPE]
    image = np.asarray(
        Image.open(io.BytesIO(website.draw_map(left))).convert("L")
    )
    n = website.N_TILES
    assert image.shape == (28 * n, 28 * n)
    # The first code grows to the right, the second upwards.
    step = 2 * website.REACH / n
    right_and_up = (website.REACH - step / 2, website.REACH - step / 2)
    tile = 255 * website.decode(left, [right_and_up])[0].reshape(28, 28)
    # It has 32 gray levels.
    assert np.abs(image[:28, -28:] - tile).mean() < 8
    assert np.abs(image[:28, :28] - tile).mean() > 8


def test_what_the_page_cannot_compute_is_refused():
    from utils.backend import tf  # noqa: F401, silences what follows

    from keras import layers

    dense = layers.Dense(4)
    dense.build((None, 2))
    dense.bias.assign([70_000.0, 0, 0, 0])
    for step, says in [
        (layers.Dense(4, "elu"), "'elu'.*gelu"),
        (layers.Dense(4, lambda x: x), "activation"),
        (layers.Dropout(0.5), "Dropout.*Dense"),
        (dense, "65,504"),
    ]:
        with pytest.raises(ValueError, match=says):
            leave([step], Mock())


def test_a_lesson_without_a_decoder_is_named(tmp_path, pretended, capsys):
    out = tmp_path / "site"
    words = ["--executed", str(pretended), "--out", str(out)]
    assert website.main(words) == 2
    said = capsys.readouterr().err
    assert "lesson 07" in said and 'make run ARGS="07"' in said
    assert not out.exists()


# --- The command -------------------------------------------------------------


def test_without_executed_lessons_it_says_what_to_call(tmp_path, capsys):
    words = ["--executed", str(tmp_path), "--out", str(tmp_path / "site")]
    assert website.main(words) == 2
    assert "make run" in capsys.readouterr().err


def test_a_missing_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(website, "PACKAGES", ["sphinx-no-such-thing"])
    with pytest.raises(UsageError, match=r'no-such-thing.*"\.\[dev\]"'):
        website.build(tmp_path, tmp_path / "site")


def test_what_sphinx_finds_is_an_error(tmp_path, capfd):
    source = tmp_path / "source"
    source.mkdir()
    (source / "conf.py").write_text("")
    (source / "index.rst").write_text("No title.\n\n.. nothing::\n")
    with pytest.raises(UsageError, match="Sphinx"):
        website.build(source, tmp_path / "site")
    assert "nothing" in capfd.readouterr().err


def test_a_cover_that_is_missing_is_named():
    lesson = pretend(LESSONS["02_simple_autoencoder"])
    for cell in lesson.cells:
        cell.pop("outputs", None)
    with pytest.raises(UsageError, match="# .*cover"):
        find_picture(lesson, "cover")
