"""The rules of a lesson: `python -m utils.tools.style [NOTEBOOK...]`.

Each line that is printed is one complaint: which cell, what is wrong, and how
to mend it. Without names all lessons are looked at. With `--fix` the form of
the file is mended first: no outputs but those that tests compare, the same
metadata everywhere, cells with ids of their own.

A rule is a function that takes a lesson and yields complaints. Rules protect
a learner or an instructor; what is only taste is none.
"""

import argparse
import ast
import copy
import difflib
import functools
import re
import secrets
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path

from utils.files import write_whole
from utils.tools import UsageError
from utils.tools.exercises import Exercise, find_exercises
from utils.tools.lessons import (
    IMAGE,
    NOTEBOOKS,
    ROOT,
    find_cells,
    find_lessons,
    get_tags,
    is_named_as_lesson,
    read_lesson,
)

import nbformat
from nbformat import NotebookNode

COMMAND = "python -m utils.tools.style"

FIRST_SECTION = "Load the data"
LAST_SECTIONS = [
    "Compare",
    "What we found",
    "Exercises",
    "Further reading",
]
GOLDEN_TAGS = {"nbval-check-output", "keep_output"}
TAGS = {
    "markdown": {"exercise", "solution", "notes", "explore"},
    "code": {
        "parameters",
        "stub",
        "check",
        "result",
        "metrics",
        "explore",
        "cover",
        *GOLDEN_TAGS,
    },
}
SLIDE_TYPES = {"slide", "subslide", "fragment", "-", "skip", "notes"}
# What a class sees of an exercise, or of the runner's cells: nothing.
NEVER_ON_SLIDES = {
    "parameters",
    "exercise",
    "stub",
    "check",
    "result",
    "solution",
    "metrics",
}

MAGICS = r"(?m)^\s*[!%]"
# What no code cell says, and what to do instead.
FORBIDDEN = {
    r"\btf\.compat\b": "use Keras 3 or TensorFlow 2",
    r"\b(tf\.keras|tf_keras|TF_USE_LEGACY_KERAS)\b": "use keras",
    r"https?://": "a lesson uses no network; a link belongs in the text",
    MAGICS: "magics run nowhere but in a notebook; use Python",
    r"\bplt\.show\b": "use show(figure, alt) from utils.plots",
    r"(optimizer=|compile\()\s*[\"']": (
        "build the optimizer by name, with an explicit learning rate"
    ),
}

# Metadata of every lesson. Without a kernelspec JupyterLab asks for a kernel
# and papermill stops; without a file extension nbconvert writes .txt.
METADATA = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    "language_info": {
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
    },
}
# Metadata of a cell that have a meaning here. All other keys come from
# editors, which write them anew at each save.
CELL_METADATA = {"tags", "slideshow", "jupyter"}
SHORTEST_ID = 6

Rule = Callable[[NotebookNode], Iterator[str]]
RULES: list[Rule] = []


def rule(function: Rule) -> Rule:
    """Add a function to the rules that every lesson has to follow."""
    RULES.append(function)
    return function


# --- Reading a lesson --------------------------------------------------------


def find_places(
    lesson: NotebookNode, kind: str | None = None, tag: str | None = None
) -> Iterator[tuple[str, NotebookNode]]:
    """Yield cells, each with the words that tell a reader which cell it is.

    Cells are counted from 1, as JupyterLab's status bar does.
    """
    for number, cell in find_cells(lesson, kind, tag):
        first_line = cell.source.strip().partition("\n")[0]
        yield f"cell {number} ({first_line[:40]!r})", cell


# Many rules look at the same cells.
@functools.cache
def list_nodes(source: str) -> list[ast.AST]:
    """Return the nodes of a syntax tree, its root first."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        # `code_is_python` says so, or what speaks of magics.
        tree = ast.Module([], [])
    return list(ast.walk(tree))


def parse(cell: NotebookNode) -> ast.Module:
    """Return the syntax tree of a cell; an empty one if it is no Python."""
    return list_nodes(cell.source)[0]


def find_nodes(cell: NotebookNode, *kinds: type[ast.AST]) -> list:
    """Return all nodes of some kinds in the syntax tree of a cell."""
    return [
        node for node in list_nodes(cell.source) if isinstance(node, kinds)
    ]


def find_calls(cell: NotebookNode, name: str) -> list[ast.Call]:
    """Return the calls of one function, by its plain name, in a cell."""
    return [
        call
        for call in find_nodes(cell, ast.Call)
        if isinstance(call.func, ast.Name) and call.func.id == name
    ]


def find_sections(lesson: NotebookNode) -> dict[str, list[NotebookNode]]:
    """Return the cells of each section, by its title."""
    sections, title = {}, ""
    for cell in lesson.cells:
        if cell.cell_type == "markdown":
            for heading in re.findall(r"^## (.+)", cell.source, flags=re.M):
                title = heading.strip()
                sections[title] = []
        sections.setdefault(title, []).append(cell)
    return sections


def count_words(text: str) -> int:
    """Return the number of words, without formulas, HTML and addresses."""
    text = re.sub(r"<[^>]*>|\]\([^)]*\)|\$\$.*?\$\$", " ", text, flags=re.S)
    return len(re.findall(r"\w[\w'-]*", text))


def count_lines(cell: NotebookNode) -> int:
    """Return the number of lines that are not empty."""
    return sum(map(bool, cell.source.splitlines()))


def is_open(stub: NotebookNode) -> bool:
    """Tell whether an exercise is still to be done."""
    functions = find_nodes(stub, ast.FunctionDef)
    return any(
        ast.unparse(function.body[-1]).startswith("raise NotImplementedError")
        for function in functions
    )


# --- Rules of the text -------------------------------------------------------


@rule
def has_title_and_one_sentence(lesson):
    """Require that a reader sees at once what the lesson gives."""
    source = lesson.cells[0].source if lesson.cells else ""
    title, _, body = source.partition("\n")
    if not re.match(r"# [A-Z][a-z]+ \S", title):
        yield f"cell 1 is to begin with '# Verb topic', not {title!r}"
    if len(re.findall(r"[.!?](?=\s|$)", body)) != 1:
        yield (
            "cell 1: below the title stands one sentence that names what "
            "the reader will hold at the end"
        )


@rule
def has_overview(lesson):
    """Say what the lesson asks of a reader, in knowledge and time."""
    text = lesson.cells[1].source if len(lesson.cells) > 1 else ""
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
def has_sections_in_order(lesson):
    """Let a reader of one lesson find their way in all others."""
    titles = [title for title in find_sections(lesson) if title]
    if titles[:1] != [FIRST_SECTION]:
        yield f"the first section is '## {FIRST_SECTION}', not {titles[:1]}"
    if titles[-4:] != LAST_SECTIONS:
        yield f"the last sections are {LAST_SECTIONS}, not {titles[-4:]}"
    if not 2 <= len(titles) - 5 <= 4:
        yield (
            f"2 to 4 sections stand between '{FIRST_SECTION}' and 'Compare', "
            f"not {len(titles) - 5}; use '###' below them: {titles[1:-4]}"
        )


@rule
def text_cells_are_short(lesson):
    """Refuse walls of text, which nobody reads on a screen."""
    for place, cell in find_places(lesson, "markdown"):
        # What a fold hides is not in the way.
        in_view = re.sub(
            r"<details>.*?</details>", "", cell.source, flags=re.S
        )
        words = count_words(in_view)
        # A list of references is for looking things up, not for reading.
        if words > 130 and not cell.source.startswith("## Further reading"):
            yield f"{place}: {words} words; shorten to 130 or split it"


@rule
def sections_begin_with_a_cell(lesson):
    """Refuse a heading in the middle of a cell.

    A slide, a page of the site and the outline begin at a cell.
    """
    for place, cell in find_places(lesson, "markdown"):
        if re.search(r"\S\s*\n#{2,3} ", cell.source):
            yield f"{place}: begin a cell of its own at the heading in it"


@rule
def lines_fit_a_projector(lesson):
    """Refuse lines that are cut off in class."""
    for place, cell in find_places(lesson):
        for line in cell.source.splitlines():
            # Links and rows of a table cannot be broken.
            unbreakable = cell.cell_type == "markdown" and re.search(
                r"https?://|^\||^!\[", line
            )
            if len(line) > 79 and not unbreakable:
                yield f"{place}: {len(line)} characters, 79 fit: {line!r}"


@rule
def nothing_is_left_to_do(lesson):
    """Refuse notes that authors left to themselves."""
    for place, cell in find_places(lesson):
        if re.search(r"\b(TODO|FIXME|XXX)\b", cell.source):
            yield f"{place}: do it, or file an issue"


@rule
def readings_are_described(lesson):
    """Tell a learner what each link is for."""
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
    """Give an instructor something to say, a learner something to guess."""
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


# --- Rules of the code -------------------------------------------------------


@rule
def has_parameters(lesson):
    """Let the runner find mode and seed, and set them."""
    cells = list(find_places(lesson, tag="parameters"))
    if len(cells) != 1:
        yield f"exactly one cell is tagged parameters, not {len(cells)}"
        return
    [(place, cell)] = cells
    _, first_code_cell = next(find_cells(lesson, "code"), (0, None))
    if cell is not first_code_cell:
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
def code_is_python(lesson):
    """Name what no other rule can look at."""
    for place, cell in find_places(lesson, "code"):
        # Magics are no Python; what to do about them says FORBIDDEN.
        if not re.search(MAGICS, cell.source):
            try:
                ast.parse(cell.source)
            except SyntaxError as error:
                yield f"{place}: line {error.lineno} is no Python: {error.msg}"


@rule
def imports_in_one_cell(lesson):
    """Let a missing package show at the start."""
    cells = list(find_places(lesson, "code"))
    for number, (place, cell) in enumerate(cells, start=1):
        imports = find_nodes(cell, ast.Import, ast.ImportFrom)
        if imports and number != 2:
            yield f"{place}: move the import to the second code cell"
        if not imports and number == 2:
            yield f"{place}: the second code cell holds the imports"


@rule
def imports_only_public_helpers(lesson):
    """Keep lessons apart from tools, private names and other lessons."""
    modules = {f"utils.{path.stem}" for path in ROOT.glob("utils/[a-z]*.py")}
    # Neither these two commands nor the guard of the tests is a lesson's.
    modules -= {"utils.run", "utils.grade", "utils.offline"}
    for place, cell in find_places(lesson, "code"):
        imported = [
            alias.name
            for node in find_nodes(cell, ast.Import)
            for alias in node.names
        ]
        for node in find_nodes(cell, ast.ImportFrom):
            module = node.module or "."
            imported.append(module)
            names = [alias.name for alias in node.names]
            private = [name for name in names if name.startswith("_")]
            if private:
                yield f"{place}: {private} is private to {module}"
        for module in imported:
            if re.match(r"utils\b", module) and module not in modules:
                yield (
                    f"{place}: {module} is no module for lessons; import "
                    f"from one of {sorted(modules)}"
                )
        if re.search(r"\b\d\d_\w+\.ipynb|%run|nbimporter", cell.source):
            yield f"{place}: a lesson uses nothing of another lesson"


@rule
def code_cells_are_short(lesson):
    """Limit cells to what is read at once; classes, imports may be longer."""
    for place, cell in find_places(lesson, "code"):
        longer = find_nodes(cell, ast.ClassDef, ast.Import, ast.ImportFrom)
        limit = 35 if longer else 25
        lines = count_lines(cell)
        if lines > limit:
            yield f"{place}: {lines} lines; cut it to {limit}"


@rule
def code_says_nothing_forbidden(lesson):
    """Keep code that runs offline, outside notebooks, on today's Keras."""
    for place, cell in find_places(lesson, "code"):
        for pattern, instead in FORBIDDEN.items():
            found = re.search(pattern, cell.source)
            if found:
                yield f"{place}: {found[0].strip()!r}: {instead}"


@rule
def claims_are_findings(lesson):
    """Require that what the text claims is shown, and stops nobody."""
    for place, cell in find_places(lesson, "code"):
        if find_nodes(cell, ast.Assert):
            yield (
                f"{place}: a changed constant would end the lesson here: add "
                "a finding in place of the assert"
            )
    cells = find_sections(lesson).get("What we found", [])
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    if not any("findings.show()" in source for source in code):
        yield "section 'What we found': end it with `findings.show()`"


@rule
def figures_have_alt_text(lesson):
    """Tell a reader who cannot see a figure what it shows."""
    for place, cell in find_places(lesson, "code"):
        shown = find_calls(cell, "show")
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
    for place, cell in find_places(lesson, "markdown"):
        for alt, path in IMAGE.findall(cell.source):
            if not alt.strip():
                yield f"{place}: {path} lacks an alt text"
            if not (NOTEBOOKS / path).is_file():
                yield f"{place}: {path} is not in notebooks/"


@rule
def has_one_cover(lesson):
    """Give the site one picture for the lesson."""
    covers = [cell for _, cell in find_cells(lesson, "code", "cover")]
    if len(covers) != 1 or "show(" not in covers[0].source:
        yield (
            "tag the one cell `cover` whose figure stands for the lesson on "
            "the site's front page"
        )


@rule
def ends_with_metrics(lesson):
    """Let the runner find what the lesson measured."""
    cells = [cell for _, cell in find_cells(lesson, tag="metrics")]
    if not cells or cells != lesson.cells[-1:]:
        yield "the last cell, and no other, is tagged metrics"
    elif not find_calls(cells[0], "leave_metrics"):
        yield "the last cell calls leave_metrics(...)"
    elif not cells[0].metadata.get("jupyter", {}).get("source_hidden"):
        yield "the last cell: set jupyter.source_hidden in its metadata"


# --- Rules of tags, exercises and slides -------------------------------------


@rule
def tags_are_known(lesson):
    """Refuse a tag with a typing error, which nothing would notice."""
    for place, cell in find_places(lesson):
        known = TAGS.get(cell.cell_type, set())
        if get_tags(cell) - known:
            yield (
                f"{place}: tags {sorted(get_tags(cell) - known)} mean nothing "
                f"in a {cell.cell_type} cell; choose from {sorted(known)}"
            )


@rule
def golden_outputs_can_be_compared(lesson):
    """Compare only what repeats exactly on every machine."""
    for place, cell in find_places(lesson, "code"):
        golden = get_tags(cell) & GOLDEN_TAGS
        if not golden:
            continue
        if golden != GOLDEN_TAGS:
            yield f"{place}: {sorted(GOLDEN_TAGS)} go together"
        if not cell.outputs:
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
def exercises_are_complete(lesson):
    """Require a task, a stub, a check and a solution of each exercise."""
    title = lesson.cells[0].source if lesson.cells else ""
    try:
        exercises = find_exercises(lesson, "this lesson")
    except UsageError as error:
        yield str(error)
        return
    if len(exercises) < 3:
        yield f"{title[:40]!r} has {len(exercises)} of at least 3 exercises"
    for number, exercise in enumerate(exercises, start=1):
        yield from find_faults_of_exercise(exercise, number)


def find_faults_of_exercise(exercise: Exercise, number: int) -> Iterator[str]:
    """Yield what is wrong with an exercise, the nth of its lesson."""
    name = exercise.function
    heading = re.match(
        rf"\*\*Exercise (\d+\.{number}): \S.*?\*\*",
        exercise.task.source,
        flags=re.S,
    )
    if not heading:
        yield (
            f"{name}: its task begins with '**Exercise N.{number}: title.**', "
            "where N is the lesson's number"
        )
        return
    for hint in ("Hint", "Second hint"):
        if f"<summary>{hint}" not in exercise.task.source:
            yield f"{name}: its task lacks a fold with <summary>{hint}"
    title = f"<details><summary>Solution {heading[1]}</summary>"
    if not exercise.fold.source.startswith(title):
        yield f"{name}: the solution begins with {title}"
    if not ast.get_docstring(ast.parse(exercise.stub.source).body[0]):
        yield f"{name}: the stub needs a docstring"
    if not is_open(exercise.stub):
        yield f"{name}: the stub ends with `raise NotImplementedError`"
    statements = parse(exercise.check).body
    if not statements or not ast.unparse(statements[-1]).startswith(
        f"check({name}, "
    ):
        yield f"{name}: the check cell ends with `check({name}, ...)`"
    if not get_tags(exercise.check) & GOLDEN_TAGS:
        yield f"{name}: tag the check cell {sorted(GOLDEN_TAGS)}"
    result = exercise.result
    if result and not result.source.startswith(f'if is_right("{name}"):'):
        yield f'{name}: the result cell begins with if is_right("{name}"):'


@rule
def folds_have_names(lesson):
    """Tell a reader what a fold holds, and keep it out of the reader's way."""
    for place, cell in find_places(lesson, "markdown"):
        if "<details>\n" in cell.source or cell.source.endswith("<details>"):
            yield f"{place}: give the fold a <summary>, in the same line"
        pairs = re.findall(
            r"^(> )?<details>.*?^(> )?</details>", cell.source, re.M | re.S
        )
        if any(start != end for start, end in pairs):
            yield (
                f"{place}: a fold that begins with '>' ends with '> "
                "</details>', any other without '>'"
            )
        start = "<details><summary>For the instructor</summary>"
        if "notes" in get_tags(cell) and not cell.source.startswith(start):
            yield f"{place}: it begins with {start}"


@rule
def can_be_presented(lesson):
    """Let each cell say whether it is presented; exercises never are.

    Long code and several pictures are put on slides of their own.
    """
    for place, cell in find_places(lesson):
        kind = cell.metadata.get("slideshow", {}).get("slide_type")
        if kind not in SLIDE_TYPES:
            yield (
                f"{place}: choose its slide type in the property inspector, "
                'or, in text, slideshow={"slide_type": "-"} behind its # %%'
            )
        if ("notes" in get_tags(cell)) != (kind == "notes"):
            yield f"{place}: tag notes and slide type Notes go together"
        if NEVER_ON_SLIDES & get_tags(cell) and kind != "skip":
            yield f"{place}: its slide type is Skip"


# --- The form of the file ----------------------------------------------------


def normalize(
    lesson: NotebookNode, other_ids: Collection[str] = ()
) -> NotebookNode:
    """Return a lesson without what running and saving it leave behind.

    Parameters
    ----------
    lesson : NotebookNode
        It stays as it is.
    other_ids : collection of str
        The ids that cells of other lessons have. An id that is among them or
        that is very short is replaced by a random one, so that merges and
        links find the right cell. (An id that comes twice in a lesson is
        replaced by nbformat, when it reads the lesson.)

    Returns
    -------
    NotebookNode
        With outputs only in cells tagged `keep_output`, code cells counted as
        after a restart, and the metadata that have a meaning in the course.
    """
    lesson = copy.deepcopy(lesson)
    # Before format 4.5 cells had no ids.
    lesson.nbformat, lesson.nbformat_minor = 4, 5
    lesson.metadata = nbformat.from_dict(copy.deepcopy(METADATA))
    count = 0
    for cell in lesson.cells:
        cell_id = cell.get("id", "")
        if cell_id in other_ids or len(cell_id) < SHORTEST_ID:
            cell.id = secrets.token_hex(4)
        for key in cell.metadata.keys() - CELL_METADATA:
            del cell.metadata[key]
        # Whether outputs are folded is nobody else's business.
        jupyter = cell.metadata.pop("jupyter", {})
        if jupyter.get("source_hidden"):
            cell.metadata.jupyter = {"source_hidden": True}
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
            if "keep_output" not in get_tags(cell):
                cell.outputs = []
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = count
    return lesson


def write_text(lesson: NotebookNode) -> str:
    """Return a lesson as the text of its file."""
    return nbformat.writes(lesson) + "\n"


def find_faults_of_form(
    path: Path, lesson: NotebookNode, other_ids: Collection[str]
) -> Iterator[str]:
    """Yield what `--fix` would mend, in one sentence."""
    text = path.read_text("utf-8")
    normal_text = write_text(normalize(lesson, other_ids))
    if text == normal_text:
        return
    mend = f"`{COMMAND} --fix {show_path(path)}`"
    run = [
        str(number)
        for number, cell in find_cells(lesson, "code")
        if cell.outputs and "keep_output" not in get_tags(cell)
    ]
    if run:
        yield (
            f"it was run and saved, and is handed out without outputs: "
            f"{mend} removes them (the first stands in cell {run[0]}); or "
            f"tag what has to repeat exactly {sorted(GOLDEN_TAGS)}"
        )
        return
    lines = difflib.unified_diff(
        text.splitlines(), normal_text.splitlines(), n=0, lineterm=""
    )
    changed = [line for line in lines if re.match(r"[-+](?![-+])", line)]
    yield f"{mend} normalizes it: {changed[:4] or 'its last line end'}"


# --- Complaints --------------------------------------------------------------


def show_path(path: Path) -> str:
    """Return a path as it is typed in the root of the repository."""
    path = path.resolve()
    if path.is_relative_to(ROOT):
        path = path.relative_to(ROOT)
    return path.as_posix()


def read_ids(path: Path) -> set[str]:
    """Return the ids that cells of the lessons before this one have."""
    ids = set()
    for other in find_lessons().values():
        if other.name < path.name:
            # A broken lesson is a complaint of its own.
            with suppress(UsageError):
                cells = read_lesson(other).cells
                ids |= {cell.get("id", "") for cell in cells}
    return ids


def find_faults_of_name(path: Path) -> Iterator[str]:
    """Yield why nothing would find this lesson, or find two."""
    if not is_named_as_lesson(path):
        yield "it is not named NN_topic.ipynb, so it is no lesson"
        return
    for name, other in find_lessons().items():
        if name[:2] == path.stem[:2] and name != path.stem:
            yield (
                f"{other.name} has the same number; if one of them is a copy "
                f"of yours, name it {path.stem}-Copy1.ipynb, say"
            )


def find_faults_of_number(path: Path, lesson: NotebookNode) -> Iterator[str]:
    """Yield where a lesson still speaks as the one that it is a copy of."""
    if not is_named_as_lesson(path):
        return
    number = int(path.stem[:2])
    for place, cell in find_places(lesson, "markdown", "exercise"):
        found = re.match(r"\*\*Exercise (\d+)\.", cell.source)
        if found and int(found[1]) != number:
            yield f"{place}: call it Exercise {number}, after the file's name"
    title = _read_title(lesson)
    for other in find_lessons().values():
        if other.name < path.name:
            # A broken lesson is a complaint of its own.
            with suppress(UsageError):
                if _read_title(read_lesson(other)) == title:
                    yield f"cell 1: {other.name} has the same title"


def _read_title(lesson):
    return lesson.cells[0].source.partition("\n")[0] if lesson.cells else ""


def find_complaints(path: Path) -> Iterator[str]:
    """Yield what is wrong with a lesson, a line each.

    A lesson that a learner works in is named as such, in one sentence: its
    answers are not to be measured by rules for authors.

    Parameters
    ----------
    path : Path
        Of a notebook. If it is broken, this is the complaint.
    """
    try:
        lesson = read_lesson(path)
    except UsageError as error:
        yield str(error)
        return
    name = show_path(path)
    answered = [
        str(number)
        for number, stub in find_cells(lesson, "code", "stub")
        if not is_open(stub)
    ]
    if answered:
        yield (
            f"{name}: it holds answers to exercises (cell "
            f"{', '.join(answered)}), and the rules are for lessons as they "
            f"are handed out, where a stub ends with `raise "
            f"NotImplementedError`. If the answers are yours, nothing is "
            f"wrong: keep them in a copy with another name, and bring this "
            f"file back (`git checkout -- {name}`, or a new download)"
        )
        return
    faults = [*find_faults_of_name(path)]
    faults += find_faults_of_number(path, lesson)
    faults += find_faults_of_form(path, lesson, read_ids(path))
    for follow in RULES:
        faults += follow(lesson)
    for fault in faults:
        yield f"{name}: {fault}"


def fix(path: Path) -> bool:
    """Normalize the file of a lesson; tell whether that changed it.

    Raises
    ------
    UsageError
        If the file is no notebook.
    OSError
        If it cannot be written; it stays as it is.
    """
    normal_text = write_text(normalize(read_lesson(path), read_ids(path)))
    if path.read_text("utf-8") == normal_text:
        return False
    write_whole(path, normal_text)
    return True


def main(arguments: list[str] | None = None) -> int:
    """Print the complaints; return 1 if there are any, otherwise 0."""
    parser = argparse.ArgumentParser(
        prog=COMMAND, description="Look at the lessons as an editor would."
    )
    parser.add_argument(
        "notebooks", nargs="*", type=Path, help="all lessons if none is named"
    )
    parser.add_argument(
        "--fix",
        action="store_true",
        help="first remove outputs and metadata that do not belong there",
    )
    options = parser.parse_args(arguments)
    complaints = []
    for path in options.notebooks or find_lessons().values():
        if options.fix:
            try:
                if fix(path):
                    print(f"{show_path(path)}: normalized")
            except UsageError:
                # find_complaints says what is wrong with the file.
                pass
            except OSError as error:
                complaints.append(
                    f"{show_path(path)} cannot be written ({error.strerror})"
                )
        complaints += find_complaints(path)
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
