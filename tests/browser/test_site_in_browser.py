"""The site in a browser: it reads well, and the decoder draws."""

import functools
import http.server
import threading
from pathlib import Path

from utils.tools.lessons import find_lessons

import pytest

NAMES = list(find_lessons())


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
    *map("lessons/{}".format, NAMES[6:8]),
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
    page.goto(f"{home}/lessons/{NAMES[6]}.html")
    page.wait_for_selector("mjx-container")
    page.goto(f"{home}/search.html?q=perplexity")
    page.wait_for_selector("#search-results li a")
    found = page.locator("#search-results li a").all_text_contents()
    assert any("t-SNE" in title for title in found)
    assert not faults
    page.close()


def test_the_page_draws_what_keras_draws(browser, site, serve):
    home, faults = serve(site), []
    page = browser.new_page()
    listen_for_faults(page, home, faults)
    page.goto(f"{home}/explore.html")
    page.wait_for_selector("#explorer[data-ready]")
    compared = page.evaluate(
        """async () => {
            const file = await fetch("_static/decoder/decoder.json");
            const { known } = await file.json();
            const { decode } = document.getElementById("explorer");
            const gaps = known.codes.flatMap((codes, i) =>
                Array.from(decode(codes)).map((pixel, j) =>
                    Math.abs(pixel - known.pixels[i][j])));
            return { n: gaps.length, gap: Math.max(...gaps) };
        }"""
    )
    # The last dense layer has 784 pixels, its weights have 11 bits.
    assert compared["n"] == 9 * 784
    assert compared["gap"] < 0.01
    assert not faults
    page.close()


def test_a_decoder_that_is_missing_is_named(browser, site, serve):
    page = browser.new_page()
    page.route("**/decoder.bin", lambda route: route.fulfill(status=404))
    page.goto(f"{serve(site)}/explore.html")
    page.wait_for_selector("#explorer-status:has-text('decoder.bin')")
    page.close()


@pytest.mark.parametrize("way", ["pointer", "keys"])
def test_the_picture_follows(browser, site, serve, way):
    page = browser.new_page()
    page.goto(f"{serve(site)}/explore.html")
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
