"""The shape of lessons and of the house.

A rule takes a lesson, a notebook node, and yields complaints: which cell, and
how to mend it. Each rule is also tried on a lesson that breaks it.
"""

import ast
import itertools
import re
import shlex
import shutil
import statistics
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml
from nbformat.v4 import (
    new_code_cell,
    new_markdown_cell,
    new_notebook,
    new_output,
)
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))

FIRST_SECTION = "Load the data"
LAST_SECTIONS = [
    "Compare",
    "Check",
    "What we found",
    "Exercises",
    "Further reading",
]
VERBS = (
    *("load", "make", "add", "build", "plot", "score", "find", "check"),
    *("count", "train", "encode", "decode", "reconstruct", "keep"),
)
# What executes lessons or shows them, and what no lesson imports.
APART = {"utils.run", "utils.editions", "utils.offline", "utils.website"}
TEXT_TAGS = {"exercise", "notes", "explore"}
GOLDEN_TAGS = {"nbval-check-output", "keep_output"}
CODE_TAGS = {"parameters", "stub", "check", "solution", "metrics"}
CODE_TAGS |= {"explore", "cover", *GOLDEN_TAGS}

# What no code cell says, and what to do instead.
FORBIDDEN = {
    r"\btf\.compat\b": "use Keras 3 or TensorFlow 2",
    r"\b(tf\.keras|tf_keras|TF_USE_LEGACY_KERAS)\b": "use keras",
    r"https?://": "a lesson uses no network; a link belongs in the text",
    r"(?m)^\s*[!%]": "magics run nowhere but in a notebook; use Python",
    r"\bplt\.show\b": "use show(figure, alt) from utils.plots",
    r"(optimizer=|compile\()\s*[\"']": (
        "build the optimizer by name, with an explicit learning rate"
    ),
}

RULES = []


def rule(function):
    RULES.append(function)
    return function


def get_tags(cell):
    return set(cell.metadata.get("tags", []))


def find_cells(lesson, kind=None, tag=None):
    """Yield place and cell, of one kind and with one tag if given.

    The place is for messages: which cell, counted from 1, and how it begins.
    """
    for number, cell in enumerate(lesson.cells, start=1):
        if kind in (None, cell.cell_type) and (
            tag is None or tag in get_tags(cell)
        ):
            first_line = cell.source.strip().partition("\n")[0]
            yield f"cell {number} ({first_line[:40]!r})", cell


def parse(cell):
    """Return the syntax tree of a cell; an empty one if it has magics."""
    try:
        return ast.parse(cell.source)
    except SyntaxError:
        return ast.Module([], [])


def find_nodes(cell, *kinds):
    return [node for node in ast.walk(parse(cell)) if isinstance(node, kinds)]


def is_call(node, name):
    return isinstance(node, ast.Call) and ast.unparse(node.func) == name


def find_sections(lesson):
    """Return a dict from the title of each section to its cells."""
    sections, title = {}, ""
    for _, cell in find_cells(lesson):
        if cell.cell_type == "markdown":
            for heading in re.findall(r"^## (.+)", cell.source, flags=re.M):
                title = heading.strip()
                sections[title] = []
        sections.setdefault(title, []).append(cell)
    return sections


def count_words(text):
    text = re.sub(r"<[^>]*>|\]\([^)]*\)|\$\$.*?\$\$", " ", text, flags=re.S)
    return len(re.findall(r"\w[\w'-]*", text))


# --- Rules of a lesson -------------------------------------------------------


@rule
def has_title_and_one_sentence(lesson):
    title, _, body = lesson.cells[0].source.partition("\n")
    if not re.match(r"# [A-Z][a-z]+ \S", title):
        yield f"cell 1 is to begin with '# Verb topic', not {title!r}"
    if len(re.findall(r"[.!?](?=\s|$)", body)) != 1:
        yield (
            "cell 1: below the title stands one sentence that names what "
            "the reader will hold at the end"
        )


@rule
def has_overview(lesson):
    text = lesson.cells[1].source
    labels = ["You will do", "You will learn", "You need", "Time"]
    found = re.findall("|".join(labels), text)
    if found != labels:
        yield f"cell 2 is to have {labels} in this order, once; it has {found}"
        return
    learn = text[text.index(labels[1]) : text.index(labels[2])]
    items = len(re.findall(r"^- ", learn, flags=re.M))
    if not 3 <= items <= 5:
        yield f"cell 2: 'You will learn' lists 3 to 5 verbs, not {items}"
    times = text[text.index(labels[3]) :]
    if "fast" not in times or "full" not in times:
        yield "cell 2: 'Time' is to say how long fast and full mode take"


@rule
def has_parameters(lesson):
    cells = list(find_cells(lesson, tag="parameters"))
    if len(cells) != 1:
        yield f"exactly one cell is tagged parameters, not {len(cells)}"
        return
    [(place, cell)] = cells
    if cell is not next(find_cells(lesson, "code"))[1]:
        yield f"{place}: the parameters are the first code cell"
    values = {}
    for statement in parse(cell).body:
        try:
            values[statement.targets[0].id] = ast.literal_eval(statement.value)
        except (AttributeError, ValueError):
            yield (
                f"{place}: only `name = literal`; "
                f"move {ast.unparse(statement)!r} to a later cell"
            )
    if (values.get("mode"), values.get("seed")) != ("fast", 42):
        yield f'{place}: set mode = "fast" and seed = 42'


@rule
def imports_in_one_cell(lesson):
    code = list(find_cells(lesson, "code"))
    for place, cell in code[:1] + code[2:]:
        if find_nodes(cell, ast.Import, ast.ImportFrom):
            yield f"{place}: move the import to the second code cell"
    if not find_nodes(code[1][1], ast.Import, ast.ImportFrom):
        yield f"{code[1][0]}: the second code cell holds the imports"


@rule
def imports_only_public_helpers(lesson):
    modules = {f"utils.{path.stem}" for path in ROOT.glob("utils/[a-z]*.py")}
    modules -= APART
    for place, cell in find_cells(lesson, "code"):
        for node in find_nodes(cell, ast.ImportFrom):
            names = [alias.name for alias in node.names]
            private = [name for name in names if name.startswith("_")]
            if private:
                yield f"{place}: {private} is private to {node.module}"
            if node.module.startswith("utils") and node.module not in modules:
                yield f"{place}: import from one of {sorted(modules)}"
        if re.search(r"\b\d\d_\w+\.ipynb|%run|nbimporter", cell.source):
            yield f"{place}: a lesson uses nothing of another lesson"


@rule
def has_sections_in_order(lesson):
    titles = [title for title in find_sections(lesson) if title]
    if titles[:1] != [FIRST_SECTION]:
        yield f"the first section is '## {FIRST_SECTION}', not {titles[:1]}"
    if titles[-5:] != LAST_SECTIONS:
        yield f"the last sections are {LAST_SECTIONS}, not {titles[-5:]}"
    if not 2 <= len(titles) - 6 <= 4:
        yield (
            f"2 to 4 sections stand between '{FIRST_SECTION}' and 'Compare', "
            f"not {len(titles) - 6}; use '###' below them: {titles[1:-5]}"
        )


@rule
def ends_with_metrics(lesson):
    cells = [cell for _, cell in find_cells(lesson, tag="metrics")]
    if cells != lesson.cells[-1:]:
        yield "the last cell, and no other, is tagged metrics"
    elif not re.search(r"print\(\s*json\.dumps\(", cells[0].source):
        yield "the last cell is to print(json.dumps({...}))"


@rule
def has_30_to_60_cells(lesson):
    # An exercise brings five, notes are not shown to learners, and what can be
    # explored stands beside the way.
    aside = {"exercise", "stub", "check", "solution", "notes", "explore"}
    count = sum(
        not aside & set(cell.metadata.get("tags", [])) for cell in lesson.cells
    )
    if not 30 <= count <= 60:
        yield f"without exercises a lesson has 30 to 60 cells, not {count}"


@rule
def code_cells_are_short(lesson):
    lengths = []
    for place, cell in find_cells(lesson, "code"):
        lengths.append(sum(map(bool, cell.source.splitlines())))
        # Imports are not read aloud, and a class is one thing.
        is_long = find_nodes(cell, ast.ClassDef, ast.Import, ast.ImportFrom)
        limit = 30 if is_long else 20
        if lengths[-1] > limit:
            yield f"{place}: {lengths[-1]} lines; cut it to {limit}"
    # The formatter puts each argument of a long call on a line of its own.
    if statistics.median(lengths) > 7:
        yield (
            f"half of the code cells are longer than "
            f"{statistics.median(lengths):g} lines; cut them to 7"
        )


@rule
def text_cells_are_short(lesson):
    for place, cell in find_cells(lesson, "markdown"):
        # What a fold hides is not in the way.
        in_view = re.sub(
            r"<details>.*?</details>", "", cell.source, flags=re.S
        )
        words = count_words(in_view)
        # A list of references is for looking things up, not for reading.
        if words > 130 and not cell.source.startswith("## Further reading"):
            yield f"{place}: {words} words; shorten to 120 or split it"


@rule
def lines_fit_a_projector(lesson):
    for place, cell in find_cells(lesson):
        for line in cell.source.splitlines():
            # Links and rows of a table cannot be broken.
            unbreakable = cell.cell_type == "markdown" and re.search(
                r"https?://|^\||^!\[", line
            )
            if len(line) > 79 and not unbreakable:
                yield f"{place}: {len(line)} characters, 79 fit: {line!r}"


@rule
def tags_are_known(lesson):
    for place, cell in find_cells(lesson):
        known = CODE_TAGS if cell.cell_type == "code" else TEXT_TAGS
        if get_tags(cell) - known:
            yield (
                f"{place}: tags {sorted(get_tags(cell) - known)} mean nothing "
                f"in a {cell.cell_type} cell; choose from {sorted(known)}"
            )


@rule
def has_one_cover(lesson):
    covers = [cell for _, cell in find_cells(lesson, "code", "cover")]
    if len(covers) != 1 or "show(" not in covers[0].source:
        yield (
            "tag the one cell `cover` whose figure stands for the lesson on "
            "the site's front page"
        )


@rule
def exercises_are_complete(lesson):
    cells = list(find_cells(lesson))
    starts = [
        index
        for index, (_, cell) in enumerate(cells)
        if "exercise" in get_tags(cell)
    ]
    if len(starts) < 3:
        yield f"a lesson has at least 3 exercises, not {len(starts)}"
    inside = set()
    for start in starts:
        yield from find_faults_of_exercise(cells[start : start + 5])
        inside |= set(range(start, start + 5))
    for index, (place, cell) in enumerate(cells):
        # A solution may go on below, say with a picture of what it does.
        if "solution" in get_tags(cell) and index - 1 in inside:
            inside.add(index)
        if get_tags(cell) & {"stub", "solution"} and index not in inside:
            yield f"{place}: is a stub or solution, but in no exercise"
        if "solution" in get_tags(cell) and not cell.metadata.get(
            "jupyter", {}
        ).get("source_hidden"):
            yield f"{place}: set jupyter.source_hidden in its metadata"


def find_faults_of_exercise(cells):
    place = cells[0][0]
    order = ["exercise", "stub", "check", "solution", "solution"]
    found = [sorted(get_tags(cell) - GOLDEN_TAGS) for _, cell in cells]
    if found != [[tag] for tag in order]:
        yield f"{place}: the tags from here on are {order}, not {found}"
        return
    task, stub, check, solution, check_again = (cell for _, cell in cells)
    if "<details>" not in task.source:
        yield f"{place}: give a hint in <details>"
    functions = [
        node
        for cell in (stub, solution)
        for node in parse(cell).body[:1]
        if isinstance(node, ast.FunctionDef)
    ]
    if len(functions) != 2:
        yield f"{place}: stub and solution are to begin with a function"
        return
    forms = [
        (node.name, ast.unparse(node.args), ast.get_docstring(node))
        for node in functions
    ]
    name, _, docstring = forms[0]
    if forms[0] != forms[1]:
        yield (
            f"{place}: stub and solution are to share name, arguments and "
            f"docstring: {forms[0]} and {forms[1]}"
        )
    if not docstring:
        yield f"{place}: the stub needs a docstring"
    last = ast.unparse(functions[0].body[-1])
    if not last.startswith("raise NotImplementedError"):
        yield f"{place}: the stub ends with `raise NotImplementedError`"
    if not (parse(check).body and parse(check_again).body):
        yield f"{place}: a check cell is empty"
        return
    last = parse(check).body[-1]
    if not ast.unparse(last).startswith(f"check({name}, "):
        yield f"{place}: the check cell ends with `check({name}, ...)`"
    if ast.dump(last) != ast.dump(parse(check_again).body[-1]):
        yield f"{place}: the check below the solution differs from the first"


@rule
def outputs_are_golden_or_none(lesson):
    for place, cell in find_cells(lesson, "code"):
        golden = get_tags(cell) & GOLDEN_TAGS
        if golden and golden != GOLDEN_TAGS:
            yield f"{place}: {sorted(GOLDEN_TAGS)} go together"
        if cell.outputs and not golden:
            yield f"{place}: clear the output, or tag it {sorted(GOLDEN_TAGS)}"
            continue
        if golden and not cell.outputs:
            yield f"{place}: run it in fast mode and save, so nbval compares"
        for output in cell.outputs:
            text = output.get("text") or output.get("data", {}).get(
                "text/plain", ""
            )
            if not text or output.get("name") == "stderr":
                yield f"{place}: only printed text can be compared"
            if re.search(r"\d\.\d|\de[+-]?\d", text):
                yield f"{place}: a golden output holds a float: {text!r}"


@rule
def is_normalized(lesson):
    before = nbformat.writes(lesson)
    after = subprocess.run(
        [sys.executable, "-m", *read_nbstripout_command()],
        input=before,
        capture_output=True,
        encoding="utf-8",
        check=True,
    ).stdout
    if after.strip() != before.strip():
        yield (
            "not normalized: run `pre-commit run --all-files`; it changes "
            + str(find_changed_lines(before, after)[:3])
        )


def read_nbstripout_command():
    (command,) = [words for words in read_lint() if words[0] == "nbstripout"]
    return [word for word in command[:-1] if word != "--verify"]


def read_lint():
    """Return the commands of `make lint`, each as a list of words."""
    makefile = (ROOT / "Makefile").read_text("utf-8").replace("\\\n", " ")
    recipe = re.search(r"^lint:.*\n((?:\t.*\n)+)", makefile, flags=re.M)[1]
    commands = re.findall(r"\$\(BIN\)/(.*)", recipe)
    return [
        [" ".join(word.split()) for word in shlex.split(command)]
        for command in commands
    ]


def find_changed_lines(before, after):
    kept = set(after.splitlines())
    return [line for line in before.splitlines() if line not in kept]


@rule
def code_says_nothing_forbidden(lesson):
    for place, cell in find_cells(lesson, "code"):
        for pattern, instead in FORBIDDEN.items():
            found = re.search(pattern, cell.source)
            if found:
                yield f"{place}: {found[0].strip()!r}: {instead}"


@rule
def nothing_is_left_to_do(lesson):
    for place, cell in find_cells(lesson):
        if re.search(r"\b(TODO|FIXME|XXX)\b", cell.source):
            yield f"{place}: do it, or file an issue"


@rule
def claims_are_asserted(lesson):
    cells = find_sections(lesson).get("Check", [])
    code = [cell for cell in cells if cell.cell_type == "code"]
    if not any(find_nodes(cell, ast.Assert) for cell in code):
        yield "section 'Check': assert what the text claims"


@rule
def figures_have_alt_text(lesson):
    for place, cell in find_cells(lesson, "code"):
        calls = find_nodes(cell, ast.Call)
        shown = [call for call in calls if is_call(call, "show")]
        for call in shown:
            alt = call.args[1:] or [
                word.value for word in call.keywords if word.arg == "alt"
            ]
            if not alt or not ast.unparse(alt[0]).strip("'\""):
                yield f"{place}: show(figure, alt) lacks what the picture says"
        # A function may return its figure; a cell has to show it.
        drawn = [
            call
            for statement in parse(cell).body
            if not isinstance(statement, ast.FunctionDef)
            for call in ast.walk(statement)
            if isinstance(call, ast.Call)
            and re.match(r"plot_|plt\.(subplots|figure)", ast.unparse(call))
        ]
        if drawn and not shown:
            yield f"{place}: show the figure: show(figure, alt)"
    for place, cell in find_cells(lesson, "markdown"):
        for alt, path in re.findall(r"!\[(.*?)\]\((.*?)\)", cell.source):
            if not alt.strip():
                yield f"{place}: {path} lacks an alt text"
            if not (ROOT / "notebooks" / path).is_file():
                yield f"{place}: {path} is not in notebooks/"


@rule
def functions_begin_with_a_verb(lesson):
    for place, cell in find_cells(lesson, "code"):
        nodes = list(ast.walk(parse(cell)))
        classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
        methods = [node for one in classes for node in one.body]
        for node in nodes:
            if (
                isinstance(node, ast.FunctionDef)
                and node not in methods
                and node.name.partition("_")[0] not in VERBS
            ):
                yield f"{place}: {node.name} begins with none of {VERBS}"


@rule
def readings_are_described(lesson):
    for cell in find_sections(lesson).get("Further reading", [])[:1]:
        items = re.split(r"^- ", cell.source, flags=re.M)[1:]
        if not items:
            yield "'Further reading' is a list of links"
        for item in items:
            link = re.search(r"\[[^\]]+\]\(https?://[^)]+\)", item)
            if not link:
                yield f"'Further reading': give a link: {item[:40]!r}"
            elif count_words(item.replace(link[0], "")) < 4:
                yield f"'Further reading': what is it for: {item[:40]!r}"


@rule
def has_notes_and_predictions(lesson):
    if not any(find_cells(lesson, tag="notes")):
        yield "no cell is tagged notes: what does an instructor say?"
    texts = [
        cell.source
        for _, cell in find_cells(lesson, "markdown")
        if "Predict, then run" in cell.source
    ]
    if len(texts) < 3:
        yield f"'Predict, then run' comes at least 3 times, not {len(texts)}"
    for text in texts:
        if "<details>" not in text:
            yield f"put the answer in <details>: {text[:60]!r}"


@rule
def can_be_presented(lesson):
    kinds = {"slide", "subslide", "fragment", "-", "skip", "notes"}
    aside = {"parameters", "exercise", "stub", "solution", "metrics"}
    code_lines = pictures = 0
    for place, cell in find_cells(lesson):
        kind = cell.metadata.get("slideshow", {}).get("slide_type")
        if kind not in kinds:
            yield f"{place}: choose its slide type in the property inspector"
        if ("notes" in get_tags(cell)) != (kind == "notes"):
            yield f"{place}: tag notes and slide type Notes go together"
        if aside & get_tags(cell) and kind != "skip":
            yield f"{place}: its slide type is Skip"
        if kind in ("slide", "subslide"):
            code_lines = pictures = 0
        if cell.cell_type != "code" or kind in ("skip", "notes"):
            continue
        code_lines += sum(map(bool, cell.source.splitlines()))
        pictures += sum(
            is_call(node, "show") for node in find_nodes(cell, ast.Call)
        )
        if code_lines > 15 or pictures > 1:
            yield (
                f"{place}: its slide has {code_lines} lines of code and "
                f"{pictures} pictures, where 15 and 1 fit: begin a subslide"
            )
            code_lines = pictures = 0


# --- The lessons follow the rules --------------------------------------------


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        pytest.param(
            path,
            rule,
            id=f"{rule.__name__}-{path.stem}",
        )
        for path in LESSONS
        for rule in RULES
    ],
)
def test_lesson_follows(path, rule):
    complaints = list(rule(nbformat.read(path, as_version=4)))
    assert not complaints, "\n" + "\n".join(complaints)


def test_lessons_are_named_by_number_and_topic():
    names = [path.name for path in LESSONS]
    numbers = [name[:2] for name in names]
    assert all(re.fullmatch(r"\d\d(_[a-z]+)+\.ipynb", name) for name in names)
    assert len(set(numbers)) == len(numbers), "two lessons share a number"


# --- The rules find what breaks them -----------------------------------------


def make_lesson():
    """Make a small lesson that follows all rules."""

    def text(source, *tags):
        return new_markdown_cell(source, metadata={"tags": list(tags)})

    def code(source, *tags, hidden=False, output=None):
        metadata = {"tags": list(tags)}
        if hidden:
            metadata["jupyter"] = {"source_hidden": True}
        outputs = output and [new_output("stream", text=output)]
        return new_code_cell(source, metadata=metadata, outputs=outputs or [])

    predict = "Predict, then run. <details><summary>A</summary>4</details>"
    cells = [
        text("# Find a rule\n\nAt the end you hold a rule."),
        text(
            "**You will do** this.\n\n**You will learn** to\n- a\n- b\n- c\n\n"
            "**You need** that.\n\n**Time**: 1 s (fast), 2 s (full)."
        ),
        code('mode = "fast"\nseed = 42', "parameters"),
        code("import json\n\nfrom utils.plots import plot_images, show"),
        text("## Load the data"),
        code("x_test = [[[0]]]\nx_test", *GOLDEN_TAGS, output="[[[0]]]\n"),
        text("## What is it?\n\n" + predict),
        code('show(plot_images({"x": x_test}), "One black image.")', "cover"),
        text("Ask who has seen it.", "notes"),
        text("## Does it help?\n\n" + predict),
        text(predict),
        text("## Compare"),
        text("## Check"),
        code("class Copy:\n    def call(self, x):\n        return x"),
        code("assert x_test"),
        text("## What we found"),
        text("## Exercises"),
    ]
    function = 'def make_{}(x):\n    """Return x."""\n    '
    for name in "abc":
        stub = function.format(name)
        call = f"check(make_{name}, 1, expected=1)"
        cells += [
            text("Write it. <details>x</details>", "exercise"),
            code(stub + "raise NotImplementedError", "stub"),
            code(call, "check"),
            code(stub + "return x", "solution", hidden=True),
            code(call, "solution", hidden=True),
        ]
    cells += [
        text(
            "## Further reading\n\n"
            "- [Keras](https://keras.io): how its layers are written"
        ),
        *[text("Why.") for _ in range(15)],
        code('print(json.dumps({"score": 1}))', "metrics"),
    ]
    aside = {"parameters", "exercise", "stub", "solution", "metrics"}
    for number, cell in enumerate(cells):
        cell.id = str(number)
        cell.metadata.tags.sort()
        kind = "skip" if aside & set(cell.metadata.tags) else "slide"
        if "notes" in cell.metadata.tags:
            kind = "notes"
        cell.metadata.slideshow = {"slide_type": kind}
    return new_notebook(cells=cells)


def replace(old, new):
    """Return what breaks a lesson by replacing text in its first such cell."""

    def break_lesson(lesson):
        cell = next(cell for cell in lesson.cells if old in cell.source)
        cell.source = cell.source.replace(old, new)

    return break_lesson


def tag(text, *tags):
    """Return what breaks a lesson by tagging the first cell with a text."""

    def break_lesson(lesson):
        cell = next(cell for cell in lesson.cells if text in cell.source)
        cell.metadata.tags = list(tags)

    return break_lesson


def present(text, kind):
    """Return what gives the first cell with a text another slide type."""

    def break_lesson(lesson):
        cell = next(cell for cell in lesson.cells if text in cell.source)
        cell.metadata.slideshow.slide_type = kind

    return break_lesson


BREAKS = [
    (has_title_and_one_sentence, replace("# Find a rule", "# rules")),
    (has_title_and_one_sentence, replace("a rule.", "a rule. And more.")),
    (has_overview, replace("You need", "Bring")),
    (has_overview, replace("- b\n- c", "")),
    (has_parameters, tag("seed = 42")),
    (has_parameters, replace("seed = 42", "seed = 40 + 2")),
    (imports_in_one_cell, replace("return x", "import os\n    return x")),
    (imports_only_public_helpers, replace("plot_images,", "_make_square,")),
    (imports_only_public_helpers, replace("utils.plots", "utils.run")),
    (has_sections_in_order, replace("## Compare", "## Summary")),
    (has_sections_in_order, replace("## Does it help?", "### Is it?")),
    (ends_with_metrics, tag("json.dumps")),
    (has_30_to_60_cells, lambda lesson: lesson.cells.__delitem__(slice(5))),
    (
        has_30_to_60_cells,
        lambda lesson: lesson.cells.extend(40 * lesson.cells[:1]),
    ),
    (code_cells_are_short, replace("assert x_test", "\n".join(21 * "x"))),
    (text_cells_are_short, replace("Ask who", 140 * "word ")),
    (lines_fit_a_projector, replace("assert x_test", 27 * "x, ")),
    (tags_are_known, tag("assert x_test", "chk")),
    (has_one_cover, tag("show(plot_images")),
    (has_one_cover, tag("assert x_test", "cover")),
    (exercises_are_complete, tag("raise NotImplementedError")),
    (exercises_are_complete, replace("make_b(x):\n", "make_b(y):\n")),
    (exercises_are_complete, replace("raise NotImplementedError", "pass")),
    (exercises_are_complete, replace("check(make_c, 1", "check(make_c, 2")),
    (exercises_are_complete, lambda lesson: lesson.cells.__delitem__(17)),
    (
        exercises_are_complete,
        lambda lesson: lesson.cells[20].metadata.pop("jupyter"),
    ),
    (outputs_are_golden_or_none, tag("x_test = ")),
    (outputs_are_golden_or_none, tag("x_test = ", "keep_output")),
    (outputs_are_golden_or_none, tag("assert x_test", *GOLDEN_TAGS)),
    (
        outputs_are_golden_or_none,
        lambda lesson: lesson.cells[5].outputs[0].update(text="0.25\n"),
    ),
    (is_normalized, tag("x_test = ")),
    (
        is_normalized,
        lambda lesson: lesson.metadata.update(
            language_info={"name": "python"}
        ),
    ),
    (code_says_nothing_forbidden, replace("x_test = ", "tf.compat.x = ")),
    (code_says_nothing_forbidden, replace("assert", "u = 'https://x'; ")),
    (code_says_nothing_forbidden, replace("assert x_test", "!pip install x")),
    (code_says_nothing_forbidden, replace("assert", "compile('adam'),")),
    (nothing_is_left_to_do, replace("Ask who", "TODO: ask who")),
    (claims_are_asserted, replace("assert ", "")),
    (figures_have_alt_text, replace("One black image.", "")),
    (figures_have_alt_text, replace("show(plot", "print(plot")),
    (figures_have_alt_text, replace("Ask who", "![a](images/none.svg)")),
    (functions_begin_with_a_verb, replace("make_a", "run_a")),
    (readings_are_described, replace(": how its layers are written", "")),
    (readings_are_described, replace("https://keras.io", "")),
    (has_notes_and_predictions, tag("Ask who")),
    (has_notes_and_predictions, replace("Predict, then run", "Guess")),
    (can_be_presented, present("assert x_test", "")),
    (can_be_presented, present("Ask who", "slide")),
    (can_be_presented, present("assert x_test", "notes")),
    (can_be_presented, present("raise NotImplementedError", "subslide")),
    (can_be_presented, replace("assert x_test", "\n".join(16 * "x"))),
    (
        can_be_presented,
        replace("show(plot", "show(1, '1')\nshow(plot"),
    ),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule_passes_a_good_lesson(rule):
    assert not list(rule(make_lesson()))


@pytest.mark.parametrize(
    ("rule", "break_lesson"),
    BREAKS,
    ids=[f"{i}-{rule.__name__}" for i, (rule, _) in enumerate(BREAKS)],
)
def test_rule_finds_a_broken_lesson(rule, break_lesson):
    lesson = make_lesson()
    break_lesson(lesson)
    assert list(rule(lesson))


def test_every_rule_is_seen_to_fail():
    assert {rule.__name__ for rule, _ in BREAKS} == {
        rule.__name__ for rule in RULES
    }


# --- Rules of the house ------------------------------------------------------


# That lessons are normalized is a rule of theirs, and says how to mend.
@pytest.mark.parametrize(
    "command",
    [command for command in read_lint() if command[0] != "nbstripout"],
    ids=" ".join,
)
def test_form(command):
    tool = shutil.which(command[0], path=Path(sys.executable).parent)
    assert tool, f"{command[0]} is missing: pip install -r requirements.txt"
    files = [sorted(ROOT.glob(w)) if "*" in w else [w] for w in command[1:]]
    done = subprocess.run(
        [tool, *itertools.chain(*files)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_hooks_and_make_lint_do_the_same():
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    hooks = [
        set(shlex.split(hook["entry"])) - {"--fix", "--force-exclude"}
        for hook in config["repos"][0]["hooks"]
    ]
    lint = [set(command) for command in read_lint()]
    assert len(hooks) == len(lint)
    for hook in hooks:
        assert any(hook <= command for command in lint), (
            f"make it the same in Makefile and pre-commit: {hook}"
        )


def read_imports(*patterns):
    """Return the packages that modules, and lessons, import."""
    trees = []
    for path in [path for glob in patterns for path in ROOT.glob(glob)]:
        if path.suffix == ".ipynb":
            lesson = nbformat.read(path, as_version=4)
            trees += [parse(cell) for _, cell in find_cells(lesson, "code")]
        else:
            trees.append(ast.parse(path.read_text("utf-8")))
    names = set()
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
LISTED = PROJECT["project"]["dependencies"] + EXTRAS["cpu"]
DIRECT = [Requirement(line) for line in LISTED]
DEV = [Requirement(line) for line in EXTRAS["dev"]]
PAGES = [Requirement(x) for x in EXTRAS["slides"] + EXTRAS["site"]]
IMPORT_NAMES = {
    "scikit-image": "skimage",
    "scikit-learn": "sklearn",
    "tensorflow-cpu": "tensorflow",
    "ipython": "IPython",
}
# Used without an import: where, and by what words.
USED = {
    "jupyterlab": ("Makefile", "jupyterlab"),
    "ipywidgets": ("utils/training.py", "TqdmCallback"),
    "tensorboard": ("notebooks/02_simple_autoencoder.ipynb", "tensorboard"),
    "nbval": ("pyproject.toml", "--nbval-lax"),
    "check-jsonschema": (".pre-commit-config.yaml", "check-jsonschema"),
    "codespell": (".pre-commit-config.yaml", "codespell"),
    "nbstripout": (".pre-commit-config.yaml", "nbstripout"),
    "pre-commit": ("README.md", "pre-commit"),
    "ruff": (".pre-commit-config.yaml", "ruff"),
    "jupytext": ("README.md", "jupytext"),
    "zizmor": (".pre-commit-config.yaml", "zizmor"),
}


@pytest.mark.parametrize("name", [r.name for r in DIRECT + DEV])
def test_dependency_is_used(name):
    if name in USED:
        path, words = USED[name]
        text = (ROOT / path).read_text("utf-8")
        assert re.search(words, text, flags=re.I), f"{path} uses no {name}"
        return
    imports = read_imports("utils/*.py", "notebooks/*.ipynb", "tests/*.py")
    packages = {module.partition(".")[0] for module in imports}
    assert IMPORT_NAMES.get(name, name) in packages, (
        f"nothing imports {name}: remove it from pyproject.toml"
    )


def test_imports_are_dependencies():
    imports = read_imports("utils/*.py", "notebooks/*.ipynb")
    packages = {module.partition(".")[0] for module in imports}
    declared = {IMPORT_NAMES.get(r.name, r.name) for r in DIRECT + PAGES}
    declared |= {"utils"}
    missing = packages - declared - sys.stdlib_module_names
    assert not missing, f"name them in pyproject.toml: {sorted(missing)}"


def test_modules_of_utils_import_in_one_direction():
    imports = {
        f"utils.{path.stem}": read_imports(f"utils/{path.name}")
        for path in ROOT.glob("utils/*.py")
    }
    for module, names in imports.items():
        for name in names & set(imports) - {module}:
            assert module in APART or name not in APART - {"utils.offline"}, (
                f"{module} imports {name}, which stands apart from lessons"
            )
            assert module != "utils.run", f"the runner imports {name}"
            assert module not in imports[name], f"{module} <-> {name}"


def test_utils_stays_small():
    public = [
        f"{path.stem}.{node.name}"
        for path in ROOT.glob("utils/*.py")
        if f"utils.{path.stem}" not in {"utils.reuse", *APART}
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name[0] != "_"
    ]
    assert len(public) <= 16, (
        f"lessons share about a dozen functions; move what one lesson uses "
        f"into it: {public}"
    )


LOCK = (ROOT / "requirements.txt").read_text("utf-8")
# The command that made it stands in its second line.
COMMAND = shlex.split(LOCK.splitlines()[1].lstrip("# "))
LOCKED = PROJECT["project"]["dependencies"] + [
    line
    for option, extra in itertools.pairwise(COMMAND)
    if option == "--extra"
    for line in EXTRAS[extra]
]
# The package is installed with what is there: `--no-build-isolation`.
LOCKED += PROJECT["build-system"]["requires"]


def test_lock_names_its_command_and_no_address():
    assert COMMAND[:4] == ["uv", "pip", "compile", "pyproject.toml"]
    assert {"--universal", "--generate-hashes", "cpu", "dev"} <= {*COMMAND}
    lowest = COMMAND[COMMAND.index("--python-version") + 1]
    assert PROJECT["project"]["requires-python"].startswith(f">={lowest},")
    assert not re.search(r"://|--(extra-)?index-url|--find-links|@ ", LOCK)


@pytest.mark.parametrize("line", LOCKED)
def test_lock_is_in_step(line):
    requirement = Requirement(line)
    versions = re.findall(rf"^{requirement.name}==(\S+)", LOCK, flags=re.M)
    assert versions and all(
        requirement.specifier.contains(version) for version in versions
    ), f"recompile requirements.txt, see its first lines; found {versions}"


def test_what_is_installed_has_a_hash():
    makefile = (ROOT / "Makefile").read_text("utf-8").replace("\\\n", " ")
    recipe = makefile[makefile.index("\n.venv/.ready:") :]
    installs = re.findall(r"pip install (.*)", recipe)
    assert installs
    for words in map(str.split, installs):
        # What builds a source package is fetched without a hash.
        locked = {"--require-hashes", "--only-binary"} <= {*words}
        assert locked or "--no-index" in words, words


def test_readme_and_makefile_name_the_same_commands():
    readme = (ROOT / "README.md").read_text("utf-8")
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = re.search(r"\.PHONY: help (.*)", makefile)[1].split()
    assert set(re.findall(r"\bmake ([a-z-]+)", readme)) >= set(targets)
    for target in re.findall(r"`make ([a-z-]+)", readme):
        assert target in targets, f"README.md: there is no make {target}"
