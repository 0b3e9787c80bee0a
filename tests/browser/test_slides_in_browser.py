"""Slides in a browser: they can be read, fill their page, and stay on it."""

import re
import shutil
import subprocess
import sys

from utils.tools import UsageError, editions
from utils.tools.lessons import EXECUTED, FULL, find_lessons
from utils.tools.slides.page import HEIGHT, WIDTH, write_decks

import pytest
from cells import QUESTION, START, drawn, found, printed, run, say
from nbformat.v4 import new_notebook

pytestmark = pytest.mark.slow
each_lesson = pytest.mark.parametrize("name", ["small", *find_lessons()])

LONG = "This **sentence** is as long as many others, and says little. " * 20
CODE = "def find_loss(images):\n" + "    loss = keras.ops.mean(images)\n" * 35
FORMULA = (
    r"$$p_{ij} = \frac{\exp(-d_{ij}^2 / 2)}{\sum_k \exp(-d_{ik}^2 / 2)}$$"
)
TABLE = "| a | b |\n| --- | --- |\n" + "| one | two words |\n" * 8
CLAIM = "a claim that needs more words than fit into one line of the table"
# Each kind of slide with more on it than lessons have.
SMALL = [
    *START,
    say(f"## Read\n\n{LONG}"),
    say(f"## Compute\n\n{LONG}\n\n{FORMULA}\n\nSo:\n\n{FORMULA}"),
    say(f"## Compare\n\n{TABLE}"),
    say(
        "## Fold\n\n<details><summary>More</summary>\n\n"
        + LONG
        + "\n</details>"
    ),
    say(f"## Predict\n\n{QUESTION.replace('Which', LONG[:300] + 'Which', 1)}"),
    say(f"## Wide\n\n{LONG}"),
    run("show(x)", drawn(LONG.strip(), 1800, 400), tags=["cover"]),
    say(f"It falls. {LONG}", "-"),
    say("## Square"),
    run("show(x)", drawn("A map.", 600, 600)),
    say(f"It is square. {LONG}", "-"),
    say("## High"),
    run("show(x)", drawn("A tower.", 300, 900)),
    say(f"## Code\n\n{LONG}"),
    run(CODE, printed("0.1234 " * 12 + "\n")),
    say(f"## Print\n\n{LONG}"),
    run("print(x)", printed(("0.1234 " * 12 + "\n") * 15)),
    say(f"It is a table. {LONG}", "-"),
    say("## What we found"),
    run("findings.show()", found(*[CLAIM] * 15)),
]


@pytest.fixture(scope="session")
def folder(tmp_path_factory, pretended):
    """Slides of all lessons: as executed here, or as if they had been."""
    out = tmp_path_factory.mktemp("slides")
    try:
        lessons = editions.read_best_runs(FULL, EXECUTED)
    except UsageError:
        lessons = editions.read_executed(pretended)
        for lesson in lessons.values():
            for cell in lesson.cells:
                if "findings.show()" in cell.source:
                    cell.outputs = [found(CLAIM)]
    write_decks(out, lessons | {"small": new_notebook(cells=SMALL)})
    return out


@pytest.fixture(scope="session")
def pages(browser, folder):
    """Return a function that opens the slides of a lesson."""
    opened = {}

    def open_page(name):
        if name not in opened:
            page = browser.new_page(
                viewport={"width": WIDTH, "height": HEIGHT}
            )
            page.faults = []
            page.on("pageerror", lambda e: page.faults.append(str(e)))
            page.on(
                "console",
                lambda m: m.type == "error" and page.faults.append(m.text),
            )
            page.on(
                "request",
                lambda r: (
                    not r.url.startswith(("file:", "data:"))
                    and page.faults.append(r.url)
                ),
            )
            page.goto((folder / f"{name}.html").as_uri())
            page.wait_for_selector("body[data-ready]", timeout=60_000)
            opened[name] = page
        page = opened[name]
        page.evaluate("Reveal.slide(0, 0)")
        return page

    yield open_page
    for page in opened.values():
        page.close()


# For each state of each slide: what a class would see of it. An answer that
# has not been given yet and a fold that is closed do not count.
LOOK = """() => {
    const slide = Reveal.getCurrentSlide();
    const page = slide.querySelector(".page");
    const isSeen = x => x.checkVisibility({ visibilityProperty: true });
    const name = x => `${x.tagName} ${x.className}: ${x.textContent}`
        .slice(0, 90);
    const room = { left: 0, top: 0, right: innerWidth, bottom: innerHeight };
    const outside = [], small = [];
    const walker = document.createTreeWalker(page, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const parent = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim() || !isSeen(parent)) continue;
        if (parent.closest(".source, math, style")) continue;
        const range = document.createRange();
        range.selectNodeContents(walker.currentNode);
        const box = range.getBoundingClientRect();
        const low = parent.closest(".body")
            ? page.querySelector(".body").getBoundingClientRect().bottom + 2
            : room.bottom;
        if (box.left < room.left || box.top < room.top
            || box.right > room.right || box.bottom > low)
            outside.push(name(parent));
        const size = parseFloat(getComputedStyle(parent).fontSize);
        if (size < 20 && !parent.closest(".mode")) small.push(name(parent));
    }
    for (const x of page.querySelectorAll("math, img")) {
        const box = x.getBoundingClientRect();
        if (isSeen(x) && (box.right > room.right + 1
            || box.bottom > room.bottom - 40))
            outside.push(name(x));
    }
    const image = page.querySelector(".picture img");
    let fills = 1;
    if (image) {
        const box = image.getBoundingClientRect();
        const ratio = image.naturalWidth / image.naturalHeight;
        const width = Math.min(box.width, box.height * ratio);
        fills = Math.max(width / 1152, width / ratio / 720);
    }
    const shown = page.querySelectorAll(".fragment.visible").length;
    const index = Reveal.getIndices();
    return { kind: page.className, outside, small, fills, shown,
        place: `${index.h}/${index.v}, ${shown}`,
        hasHeading: Boolean(page.querySelector("h1, h2, .place")?.textContent),
        hasFindings: Boolean(page.querySelector("table.findings tbody tr")) };
}"""


def look_at_all(page):
    """Return what is seen of each slide, before and after each key."""
    states = [page.evaluate(LOOK)]
    while page.evaluate(
        "!Reveal.isLastSlide() || Reveal.availableFragments().next"
    ):
        page.evaluate("Reveal.next()")
        states.append(page.evaluate(LOOK))
    return states


@pytest.fixture(scope="session")
def states(pages):
    """Return a function that looks at a deck, once."""
    seen = {}

    def look(name):
        if name not in seen:
            seen[name] = look_at_all(pages(name))
        return seen[name]

    return look


def find_faults(states, test):
    return {state["place"]: state for state in states if test(state)}


@each_lesson
def test_nothing_runs_off_a_slide(states, name):
    assert not find_faults(states(name), lambda state: state["outside"])


@each_lesson
def test_the_last_row_can_read_it(states, name):
    assert not find_faults(states(name), lambda state: state["small"])


@each_lesson
def test_pictures_fill_their_slide(states, name):
    def is_lost(state):
        least = 0.45 if state["shown"] or "title" in state["kind"] else 0.55
        return state["fills"] < least

    assert not find_faults(states(name), is_lost)


@each_lesson
def test_a_deck_ends_with_what_was_found(states, name):
    assert states(name)[0]["kind"].startswith("page title")
    assert states(name)[-1]["hasFindings"]


@each_lesson
def test_slides_say_where_they_are(states, name):
    assert not find_faults(states(name), lambda state: not state["hasHeading"])


@each_lesson
def test_slides_need_no_network_and_have_no_errors(states, pages, name):
    assert states(name) and not pages(name).faults


def go_to(page, kind):
    page.evaluate(
        """kind => {
            const page = document.querySelector(`.page.${kind}`);
            const slide = page.closest("section");
            const { h, v } = Reveal.getIndices(slide);
            Reveal.slide(h, v);
        }""",
        kind,
    )
    return page.locator("section.present > section.present")


def test_an_answer_waits_for_a_key(pages):
    page = pages("small")
    answer = go_to(page, "prediction").locator(".answer")
    assert answer.is_hidden()
    page.keyboard.press("ArrowRight")
    assert answer.is_visible() and "The first." in answer.inner_text()
    page.keyboard.press("ArrowRight")
    assert answer.is_hidden()


def test_words_come_after_the_picture(pages):
    page = pages("small")
    slide = go_to(page, "picture")
    before = slide.locator("img").bounding_box()
    assert slide.locator("figcaption").is_visible()
    assert slide.locator(".more").is_hidden()
    page.keyboard.press("ArrowRight")
    assert slide.locator(".more").is_visible()
    assert slide.locator("figcaption").is_hidden()
    assert slide.locator("img").bounding_box()["height"] <= before["height"]


def test_a_key_shows_the_code_over_the_slide(pages):
    page = pages("small")
    code = go_to(page, "picture").locator(".source pre").first
    assert code.is_hidden()
    page.keyboard.press("c")
    assert code.is_visible() and code.inner_text().strip() == "show(x)"
    state = page.evaluate(LOOK)
    box = page.locator("section.present .source[open]").bounding_box()
    assert not state["outside"] and box["y"] + box["height"] <= HEIGHT
    page.keyboard.press("c")
    assert code.is_hidden()


def test_a_fold_makes_the_text_fit_again(pages):
    page = pages("small")
    page.evaluate(
        """() => {
            const slide = document.querySelector("details:not(.source)")
                .closest("section");
            const { h, v } = Reveal.getIndices(slide);
            Reveal.slide(h, v);
        }"""
    )
    fold = page.locator("section.present > section.present details").first
    fold.locator("summary").click()
    page.wait_for_timeout(200)
    assert fold.locator("p").first.is_visible()
    assert not page.evaluate(LOOK)["outside"]


def test_slides_stay_light_in_dark_mode(browser, folder):
    """A projector shows dark ink on white, whatever the system likes."""
    name = next(iter(find_lessons()))
    light, dark = (
        browser.new_page(
            color_scheme=scheme, viewport={"width": 640, "height": 360}
        )
        for scheme in ("light", "dark")
    )
    shots = []
    for page in (light, dark):
        page.goto((folder / f"{name}.html").as_uri())
        page.wait_for_selector("body[data-ready]", timeout=60_000)
        page.evaluate(
            """() => {
                const slide = document.querySelector("img[src$='.svg']")
                    .closest("section");
                const { h, v } = Reveal.getIndices(slide);
                Reveal.slide(h, v);
            }"""
        )
        # Without the bar at the lower edge, which moves.
        clip = {"x": 0, "y": 0, "width": 640, "height": 350}
        shots.append(page.screenshot(clip=clip))
        page.close()
    assert shots[0] == shots[1]


def test_a_deck_is_printed_with_its_answers(folder, tmp_path, states):
    for part in ("assets", "images"):
        shutil.copytree(folder / part, tmp_path / part)
    shutil.copy(folder / "small.html", tmp_path)
    # Playwright runs once in a process, and here it does already.
    program = (
        "import pathlib, sys; from utils.tools.slides import page; "
        "page.write_pdfs(pathlib.Path(sys.argv[1]))"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)
    pdf = (tmp_path / "small.pdf").read_bytes()
    n_pages = len(re.findall(rb"/Type\s*/Page\b", pdf))
    assert n_pages == len(states("small"))
