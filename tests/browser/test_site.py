"""The site shows the lessons to everybody, without the network."""

import copy
import functools
import http.server
import json
import re
import shutil
import threading
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

from utils.tools import UsageError, editions
from utils.tools import site as website

import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_output

LESSONS = editions.read_lessons()
DOCS = website.DOCS
# One black pixel.
PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgAB"
    "4iG8MwAAAABJRU5ErkJggg=="
)
ALT = "A picture of this test."


def pretend(lesson, mode="full"):
    """Return a lesson as if executed: with a picture where it shows one."""
    lesson = copy.deepcopy(lesson)
    lesson.metadata["papermill"] = {"parameters": {"mode": mode}}
    lesson.metadata["language_info"] = {"name": "python"}
    for cell in lesson.cells:
        if re.search(r"(?m)^\s*show\(|explore_codes\(", cell.source):
            picture = new_output("display_data", {"image/png": PNG})
            picture.metadata["image/png"] = {"alt": ALT}
            if cell.cell_type == "code":
                cell.outputs = [picture]
    return lesson


@pytest.fixture(scope="session")
def executed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("executed")
    for name, lesson in LESSONS.items():
        # As the runner names a copy when something was set.
        path = folder / f"{name}[reuse_weights=True].ipynb"
        nbformat.write(pretend(lesson), path)
    return folder


@pytest.fixture(scope="session")
def site(tmp_path_factory, executed):
    source = tmp_path_factory.mktemp("source")
    assert website.write_source(source, executed) == "full"
    folder = tmp_path_factory.mktemp("site")
    website.build(source, folder)
    return folder


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
    solutions = [t for t in tags if "solution" in t]
    assert len(solutions) >= 6
    assert all("hide-cell" in t for t in solutions)
    assert "full mode" in page.cells[0].source


def test_every_image_has_alt_text(pages):
    images = [image for page in pages.values() for image in page("img")]
    assert len(images) > 50
    assert all(image.get("alt", "").strip() for image in images)
    assert sum(image["alt"] == ALT for image in images) > 50


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


# --- The decoder in the browser ----------------------------------------------


SETUP = {"lows": [-2.0, -3.0], "highs": [2.0, 3.0], "codes": [0.0, 0.0]}


def test_the_exported_decoder_draws_what_keras_draws(tmp_path):
    from utils.backend import tf  # noqa: F401, silences what follows

    import keras
    from keras import layers
    from onnx.reference import ReferenceEvaluator

    decoder = keras.Sequential(
        [
            keras.Input((2,)),
            layers.Dense(32, "gelu"),  # TensorFlow's takes what ONNX lacks
            layers.Dense(784),
        ]
    )
    website.export_decoder(decoder, SimpleNamespace(setup=SETUP), tmp_path)
    session = ReferenceEvaluator(str(tmp_path / "decoder.onnx"))
    (name,) = session.input_names
    known = json.loads((tmp_path / "decoder.json").read_text())["known"]
    codes = np.array(known["codes"], "float32")
    assert codes.min(axis=0).tolist() == SETUP["lows"]
    assert codes.max(axis=0).tolist() == SETUP["highs"]
    drawn = session.run(None, {name: codes})[0]
    logits = decoder(codes).numpy()
    assert np.abs(drawn - 1 / (1 + np.exp(-logits))).max() < 1e-4
    assert np.abs(drawn - known["pixels"]).max() < 1e-4
    assert drawn.std() > 0.01


def test_another_runtime_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(website, "BUILD", tmp_path)
    file = tmp_path / "cache" / f"{website.RUNTIME.replace('@', '-')}.tgz"
    file.parent.mkdir()
    file.write_bytes(b"something else")
    with pytest.raises(UsageError, match="not what it was"):
        website.fetch_runtime(tmp_path)
    assert not file.exists()
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(UsageError, match="npm"):
        website.fetch_runtime(tmp_path)


def test_without_executed_lessons_it_says_what_to_call(tmp_path, capsys):
    assert website.main(["--executed", str(tmp_path)]) == 2
    assert "make run" in capsys.readouterr().err


# --- In a browser ------------------------------------------------------------


@pytest.fixture(scope="session")
def serve():
    """Serve a folder on this machine; return the address."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    servers = []

    def start(folder):
        make = functools.partial(Handler, directory=folder)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), make)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()


VIEWS = {
    "desk, light": {"width": 1280, "height": 900},
    "desk, dark": {"width": 1280, "height": 900},
    "phone, light": {"width": 390, "height": 844},
    "phone, dark": {"width": 390, "height": 844},
}
LOOKED_AT = [
    "index",
    "glossary",
    "results",
    "search",
    *map("lessons/{}".format, list(LESSONS)[6:8]),
]


@pytest.fixture(scope="session")
def axe():
    package = pytest.importorskip("axe_playwright_python")
    return next(Path(package.__file__).parent.rglob("axe.min.js")).read_text()


@pytest.mark.parametrize("view", VIEWS)
def test_pages_read_well(browser, site, serve, axe, view):
    home = serve(site)
    context = browser.new_context(
        viewport=VIEWS[view], color_scheme=view.split(", ")[1]
    )
    for name in LOOKED_AT:
        page, faults = context.new_page(), []
        listen_for_faults(page, home, faults)
        page.goto(f"{home}/{name}.html")
        page.wait_for_load_state("networkidle")
        assert not faults, name
        wider = "document.documentElement.scrollWidth - window.innerWidth"
        assert page.evaluate(wider) <= 0, f"{name} is wider than the screen"
        # Afterwards: axe fetches style sheets by itself.
        page.evaluate(axe)
        found = page.evaluate("axe.run()")["violations"]
        serious = [
            (fault["id"], fault["nodes"][0]["html"])
            for fault in found
            if fault["impact"] in ("serious", "critical")
        ]
        assert not serious, name
        page.close()
    context.close()


def listen_for_faults(page, home, faults):
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda m: m.type == "error" and faults.append(m.text))
    page.on(
        "request",
        lambda r: (
            r.url.startswith(("http", "ws"))
            and not r.url.startswith(home)
            and faults.append(r.url)
        ),
    )


def test_formulas_render_and_search_finds(browser, site, serve):
    home, faults = serve(site), []
    page = browser.new_page()
    listen_for_faults(page, home, faults)
    page.goto(f"{home}/lessons/{list(LESSONS)[6]}.html")
    page.wait_for_selector("mjx-container")
    page.goto(f"{home}/search.html?q=perplexity")
    page.wait_for_selector("#search-results li a")
    found = page.locator("#search-results li a").all_text_contents()
    assert any("t-SNE" in title for title in found)
    assert not faults
    page.close()


BUILT = website.BUILD / "site"
needs_site = pytest.mark.skipif(
    not (BUILT / "_static/decoder/decoder.onnx").exists(),
    reason="no site: call `make site`",
)


@needs_site
def test_the_decoder_in_the_browser_draws_what_keras_draws(browser, serve):
    home, faults = serve(BUILT), []
    page = browser.new_page()
    listen_for_faults(page, home, faults)
    page.goto(f"{home}/explore.html")
    page.wait_for_selector("#explorer[data-ready]")
    compared = page.evaluate(
        """async () => {
            const file = await fetch("_static/decoder/decoder.json");
            const { known } = await file.json();
            const { decode } = document.getElementById("explorer");
            const gaps = [], times = [];
            for (const [i, codes] of known.codes.entries()) {
                const start = performance.now();
                const pixels = await decode(codes);
                times.push(performance.now() - start);
                pixels.forEach((p, j) =>
                    gaps.push(Math.abs(p - known.pixels[i][j])));
            }
            return { n: gaps.length, gap: Math.max(...gaps),
                     time: times.sort((a, b) => a - b)[times.length >> 1] };
        }"""
    )
    assert compared["n"] == 25 * 784
    assert compared["gap"] < 1e-4
    assert compared["time"] < 30  # milliseconds
    assert not faults
    page.close()


@needs_site
@pytest.mark.parametrize("way", ["pointer", "keys"])
def test_the_picture_follows(browser, serve, way):
    page = browser.new_page()
    page.goto(f"{serve(BUILT)}/explore.html")
    page.wait_for_selector("#explorer[data-ready]")
    sees = """() => {
        const canvas = document.querySelector("#explorer canvas");
        const { width, height } = canvas;
        const image = canvas.getContext("2d");
        return String(image.getImageData(0, 0, width, height).data);
    }"""
    pictures = {page.evaluate(sees)}
    if way == "pointer":
        box = page.locator("#explorer .map").bounding_box()
        page.mouse.move(box["x"] + 20, box["y"] + 20)
        page.mouse.down()
    else:
        page.locator("#explorer input").first.focus()
    for step in range(1, 6):
        if way == "pointer":
            page.mouse.move(box["x"] + 60 * step, box["y"] + 60 * step)
        else:
            page.keyboard.press("ArrowRight")
        page.wait_for_timeout(50)
        pictures.add(page.evaluate(sees))
    assert len(pictures) == 6
    page.close()
