"""The site shows the lessons to everybody, without the network."""

import base64
import json
import re
from pathlib import Path
from unittest.mock import Mock
from urllib.parse import unquote, urlsplit

from utils.explore import DECODER_TYPE, PAGE_ACTIVATIONS
from utils.tools import UsageError
from utils.tools import site as website
from utils.tools.lessons import read_lessons

import numpy as np
import pytest
from bs4 import BeautifulSoup
from executed import ALT, compute_pixels, leave, make_decoder, pretend

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
    cards = {
        link["href"] for link in pages[Path("index.html")].select(".sd-card a")
    }
    for name in LESSONS:
        assert Path("lessons", f"{name}.html") in pages
        assert f"lessons/{name}.html" in cards


@pytest.mark.parametrize("name", LESSONS)
def test_a_page_is_for_learners(name):
    page = website.make_page(pretend(LESSONS[name]))
    tags = [set(cell.metadata.get("tags", [])) for cell in page.cells]
    assert not any(t & {"notes", "metrics"} for t in tags)
    assert sum("solution" in t for t in tags) >= 3
    assert "full mode" in page.cells[0].source


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
    formulas = [m for page in pages.values() for m in page.select(".math")]
    assert len(formulas) > 10


def test_folds_hold_markdown(pages):
    folds = [fold for page in pages.values() for fold in page("details")]
    hints = [fold for fold in folds if "int" in fold.summary.text]
    assert len(hints) > 50
    assert not [fold for fold in hints if "`" in fold.text]


def test_glossary_is_in_three_languages():
    rows = (DOCS / "glossary.md").read_text("utf-8").splitlines()
    rows = [line for line in rows if line.startswith("| ")][1:]
    assert len(rows) > 40
    texts = {
        int(name[:2]): str([c.source for c in lesson.cells]).lower()
        for name, lesson in LESSONS.items()
    }
    names = []
    for row in rows:
        english, spanish, chinese, meaning, lessons = (
            part.strip() for part in row.strip("|").split("|")
        )
        assert spanish and len(meaning) > 20
        assert re.search(r"[一-鿿]", chinese) or english == "t-SNE"
        for number in map(int, lessons.split(",")):
            # By its first word, without the ending.
            word = re.match(r"[\w-]+", english.lower())[0]
            assert word[:6] in texts[number], (english, number)
        names.append(english.lower())
    assert names == sorted(names)


def test_an_unknown_heading_is_named(monkeypatch):
    readme = (DOCS.parent / "README.md").read_text("utf-8")
    website.check_sections(readme)
    for heading in ("## Teach with it", "### With a GPU"):
        with pytest.raises(UsageError, match=heading):
            website.check_sections(readme.replace(heading, "## Another"))


# --- The decoder -------------------------------------------------------------


def test_the_written_decoder_is_that_of_keras(tmp_path):
    lesson = LESSONS["07_variational_autoencoder"]
    executed = pretend(lesson, decoder=make_decoder())
    website.write_decoder(executed, tmp_path)
    file = tmp_path / "decoder.bin"
    assert 100_000 < file.stat().st_size <= 500_000
    weights = np.frombuffer(file.read_bytes(), "<f2").astype("float64")
    description = json.loads((tmp_path / "decoder.json").read_text())
    known = description["known"]
    codes = np.array(known["codes"])
    assert codes.min(axis=0).tolist() == description["setup"]["lows"]
    assert codes.max(axis=0).tolist() == description["setup"]["highs"]
    pixels = np.array(known["pixels"])
    assert pixels.shape == (9, 784) and pixels.std() > 0.01
    computed = compute_pixels(description, weights, codes)
    assert np.abs(computed - pixels).max() < 0.01
    # As a notebook it is larger than its weights, but by no more than base64.
    assert sum(map(len, map(str, make_decoder().values()))) < 10**6


@pytest.mark.parametrize("name", ["linear", "relu", "tanh", "gelu"])
def test_each_activation_is_that_of_keras(name):
    from utils.backend import tf  # noqa: F401, silences what follows

    from keras import layers

    step = layers.Dense(9, name, use_bias=False)
    step.build((None, 3))
    setup = {"lows": [-2.0] * 3, "highs": [2.0] * 3, "codes": [0.0] * 3}
    explorer = Mock(setup=setup, decode=lambda x: step(x).numpy())
    left = leave([step], explorer)[DECODER_TYPE]
    weights = np.frombuffer(base64.b64decode(left["weights"]), "<f2")
    known = left["known"]
    computed = compute_pixels(left, weights.astype(float), known["codes"])
    assert len(known["codes"]) == 27, "three values of each code"
    assert np.abs(computed - known["pixels"]).max() < 0.01


def test_the_page_has_each_activation():
    page = (DOCS / "_static" / "page.js").read_text("utf-8")
    assert len(PAGE_ACTIVATIONS) == 5
    for name in PAGE_ACTIVATIONS:
        assert f"  {name}: (x) =>" in page


def test_what_the_page_cannot_compute_is_refused():
    from utils.backend import tf  # noqa: F401, silences what follows

    from keras import layers

    dense = layers.Dense(4)
    dense.build((None, 2))
    dense.bias.assign([70_000.0, 0, 0, 0])
    for step, says in [
        (layers.Dense(4, "selu"), "'selu'.*gelu"),
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
        website.find_picture(lesson, "cover")
