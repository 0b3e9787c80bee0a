"""The site in a browser: it reads well, and the decoder draws."""

import functools
import http.server
import threading
from pathlib import Path

from utils.tools.lessons import find_lessons

import pytest

NAMES = list(find_lessons())
pytestmark = pytest.mark.slow


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
    "explore",
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


@pytest.mark.parametrize("name", NAMES)
def test_formulas_have_their_font(browser, site, serve, name):
    """A letter that formulas.woff2 lacks would be drawn in another font."""
    page = browser.new_page()
    page.goto(f"{serve(site)}/lessons/{name}.html")
    # Text of a fold that is closed is not drawn. Each sign is looked at once.
    n_signs = page.evaluate(
        """() => {
            document.querySelectorAll("details").forEach(x => (x.open = true));
            const seen = new Set();
            for (const sign of document.querySelectorAll("mi, mn, mo, mtext"))
                if (!seen.has(sign.textContent)) {
                    seen.add(sign.textContent);
                    sign.classList.add("first");
                }
            return seen.size;
        }"""
    )
    assert n_signs > 15
    session = page.context.new_cdp_session(page)
    for domain in ("DOM", "CSS"):
        session.send(f"{domain}.enable")
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    query = {"nodeId": root, "selector": "math .first"}
    fonts = {}
    for node in session.send("DOM.querySelectorAll", query)["nodeIds"]:
        of_node = {"nodeId": node}
        text = session.send("DOM.getOuterHTML", of_node)["outerHTML"]
        used = session.send("CSS.getPlatformFontsForNode", of_node)["fonts"]
        for font in used:
            fonts.setdefault(font["familyName"], []).append(text)
    assert set(fonts) == {"STIX Two Math"}, fonts
    page.close()


def test_search_finds(browser, site, serve):
    home, faults = serve(site), []
    page = browser.new_page()
    listen_for_faults(page, home, faults)
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
    page.wait_for_selector(".explorer[data-ready]")
    compared = page.evaluate(
        """async () => {
            const file = await fetch("_static/decoder/07/known.json");
            const known = await file.json();
            const { decode } = document.querySelector(".explorer");
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


SEE = """(selector) => {
    const canvas = document.querySelector(selector);
    const { width, height } = canvas;
    const image = canvas.getContext("2d");
    return String(image.getImageData(0, 0, width, height).data);
}"""


def test_a_lens_moves_over_the_map_of_the_front_page(browser, site, serve):
    home, faults = serve(site), []
    page = browser.new_page()
    listen_for_faults(page, home, faults)
    page.goto(f"{home}/index.html")
    page.wait_for_selector(".lens-map[data-ready]")
    before = page.evaluate(SEE, ".lens canvas")
    page.wait_for_timeout(500)
    assert page.evaluate(SEE, ".lens canvas") != before, "it plays"
    # From then on it is where the pointer is.
    box = page.locator(".lens-map").bounding_box()
    for x, y in ((0.25, 0.5), (0.75, 0.3)):
        page.mouse.move(
            box["x"] + x * box["width"], box["y"] + y * box["height"]
        )
        page.wait_for_timeout(100)
        lens = page.locator(".lens").bounding_box()
        middle = lens["x"] + lens["width"] / 2, lens["y"] + lens["height"] / 2
        assert middle[0] == pytest.approx(box["x"] + x * box["width"], abs=2)
        assert middle[1] == pytest.approx(box["y"] + y * box["height"], abs=2)
    # What it shows is decoded from there: right is more of the first code.
    words = page.locator(".lens-words").text_content()
    assert words == "codes 1.2 and 1.0"
    before = page.evaluate(SEE, ".lens canvas")
    page.locator(".lens-map").focus()
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(SEE, ".lens canvas") != before
    assert page.locator(".lens-words").text_content() == "codes 1.1 and 1.0"
    assert not faults
    page.close()


def test_the_front_page_fits_above_the_fold(browser, site, serve):
    for width, height in ((1440, 900), (390, 844)):
        page = browser.new_page(viewport={"width": width, "height": height})
        page.goto(f"{serve(site)}/index.html")
        for selector in (".hero .button.first", ".hero .button:last-child"):
            box = page.locator(selector).bounding_box()
            assert box["y"] + box["height"] < height
        picture = page.locator(".lens-map").bounding_box()
        assert picture["y"] + picture["height"] / 2 < height
        page.close()


def test_who_asks_for_less_motion_gets_none(browser, site, serve):
    page = browser.new_page(reduced_motion="reduce")
    page.goto(f"{serve(site)}/index.html")
    page.wait_for_selector(".lens-map[data-ready]")
    before = page.evaluate(SEE, ".lens canvas")
    page.wait_for_timeout(500)
    assert page.evaluate(SEE, ".lens canvas") == before
    page.close()


def test_a_first_visit_loads_little(browser, site, serve):
    """Bytes over the wire, without compression."""
    home = serve(site)
    for name in (
        "index",
        "explore",
        "results",
        *map("lessons/{}".format, NAMES),
    ):
        page, sizes = browser.new_page(), {}
        page.on(
            "response",
            lambda r, sizes=sizes: sizes.update({r.url: len(r.body())}),
        )
        page.goto(f"{home}/{name}.html")
        page.wait_for_load_state("networkidle")
        assert sum(sizes.values()) < 1.5e6, sizes
        page.close()


def test_lessons_fit_a_phone(browser, site, serve):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    for name in NAMES:
        page.goto(f"{serve(site)}/lessons/{name}.html")
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, f"{name} is wider than the screen"
        # A fold that is not closed would push cells out of the article.
        cells = page.locator(".cell").count()
        assert page.locator("article .cell").count() == cells > 50
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_sliders_show_another_picture_at_each_stop(
    browser, site, serve, scheme
):
    home, faults = serve(site), []
    context = browser.new_context(color_scheme=scheme)
    for number, kind in {
        "02": ".stops-row canvas",
        "08": ".stops-points",
    }.items():
        (name,) = [name for name in NAMES if name.startswith(number)]
        page = context.new_page()
        listen_for_faults(page, home, faults)
        page.goto(f"{home}/lessons/{name}.html")
        page.wait_for_selector(".stops[data-ready]")
        slider = page.locator(".stops input").first
        slider.focus()
        n_stops = int(slider.get_attribute("max")) + 1
        pictures, names = set(), set()
        for _ in range(n_stops):
            page.wait_for_timeout(900)  # points move for 0.7 s
            pictures.add(page.evaluate(SEE, kind))
            names.add(page.locator(".stops output").first.text_content())
            page.keyboard.press("ArrowRight")
        assert len(pictures) == len(names) == n_stops > 1
        # The still picture gives its place to it.
        still = page.locator(".cell_output:has(.stops) img").first
        assert still.is_hidden()
        assert not faults
        page.close()
    context.close()


def test_without_scripts_there_are_still_pictures(browser, site, serve):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{serve(site)}/index.html")
    assert page.locator(".lens-map img").is_visible()
    assert page.locator(".lens").is_hidden()
    for name in NAMES:
        if name[:2] not in ("02", "04", "05", "07", "08"):
            continue
        page.goto(f"{serve(site)}/lessons/{name}.html")
        for kind in (".stops", ".explorer"):
            for cell in page.locator(f".cell_output:has({kind})").all():
                assert cell.locator("img").first.is_visible()
    context.close()


def test_figures_keep_their_shape_on_a_phone(browser, site, serve):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(f"{serve(site)}/lessons/{NAMES[1]}.html")
    shapes = page.evaluate(
        """async () => {
            const images = [...document.querySelectorAll(".cell_output img")];
            for (const image of images) {
                image.loading = "eager";
                await image.decode();
            }
            const shown = images.filter((i) => i.clientHeight > 0);
            return shown.map((i) => [
                i.clientWidth / i.clientHeight,
                i.naturalWidth / i.naturalHeight]);
        }"""
    )
    assert len(shapes) > 5
    for shown, drawn in shapes:
        assert shown == pytest.approx(drawn, rel=0.05)
    page.close()


def test_the_glossary_is_readable_on_a_phone(browser, site, serve):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(f"{serve(site)}/glossary.html")
    for entry in page.locator(".glossary > div").all()[:10]:
        box = entry.bounding_box()
        meaning = entry.locator(".meaning").bounding_box()
        assert box["height"] < 260
        assert meaning["x"] >= 0 and meaning["x"] + meaning["width"] <= 390
    page.close()


def test_a_decoder_that_is_missing_is_named(browser, site, serve):
    page = browser.new_page()
    page.route("**/decoder.bin", lambda route: route.fulfill(status=404))
    page.goto(f"{serve(site)}/explore.html")
    page.wait_for_selector(".explorer-status:has-text('decoder.bin')")
    page.close()


@pytest.mark.parametrize("name", ["explore", f"lessons/{NAMES[6]}"])
@pytest.mark.parametrize("way", ["pointer", "keys"])
def test_the_picture_follows(browser, site, serve, way, name):
    page = browser.new_page()
    page.goto(f"{serve(site)}/{name}.html")
    page.locator(
        ".cell_output:has(.explorer), .explorer"
    ).first.scroll_into_view_if_needed()
    page.wait_for_selector(".explorer[data-ready]")
    pictures = {page.evaluate(SEE, ".explorer canvas")}
    page.locator(".explorer").scroll_into_view_if_needed()
    assert page.locator(".explorer .classes li").count() == 10
    if way == "pointer":
        box = page.locator(".explorer .map").bounding_box()
        page.mouse.move(box["x"] + 20, box["y"] + 20)
        page.mouse.down()
    else:
        page.locator(".explorer input").first.focus()
    for step in range(1, 6):
        if way == "pointer":
            page.mouse.move(box["x"] + 60 * step, box["y"] + 60 * step)
        else:
            page.keyboard.press("ArrowRight")
        page.wait_for_timeout(50)
        pictures.add(page.evaluate(SEE, ".explorer canvas"))
    assert len(pictures) == 6
    page.close()
