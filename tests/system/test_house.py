"""The rules of the house: who imports whom, and how everything is linted."""

import ast
import functools
import graphlib
import itertools
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from unittest import mock

from utils.tools.lessons import ROOT, find_lessons, read_lesson

import pytest
import yaml
from packaging.requirements import Requirement
from selected import find_asked


def name_module(path):
    """Return the name by which a module is imported."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


UTILS = {name_module(path): path for path in ROOT.glob("utils/**/*.py")}
TESTS = {name_module(path): path for path in ROOT.glob("tests/**/*.py")}
LESSONS = find_lessons()


@functools.cache
def parse(path):
    """Return the syntax tree of a module, or of the code of a lesson."""
    if path.suffix == ".ipynb":
        cells = read_lesson(path).cells
        code = [cell.source for cell in cells if cell.cell_type == "code"]
        return ast.parse("\n".join(code))
    return ast.parse(path.read_text("utf-8"))


def find_imports(path):
    """Return what a module or a lesson imports: modules by their full name.

    A name that is imported from a module of utils counts as that module.
    """
    names = set()
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: name the module in full"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                names.add(inner if inner in UTILS else node.module)
    return names


# --- The border between lessons and tools ------------------------------------


def is_tool(name):
    return name.startswith("utils.tools")


def test_only_tools_import_tools():
    # What people type after `python -m`: each opens a tool.
    doors = {"utils.run", "utils.grade"}
    faults = [
        f"{name} imports {', '.join(tools)}: what both need belongs in utils/"
        for name, path in {**LESSONS, **UTILS}.items()
        if not is_tool(name) and name not in doors
        if (tools := sorted(filter(is_tool, find_imports(path))))
    ]
    assert not faults, "\n".join(faults)


def test_utils_imports_in_one_direction():
    graph = {name: find_imports(path) for name, path in UTILS.items()}
    # A cycle raises an error that names its modules.
    graphlib.TopologicalSorter(graph).prepare()


def find_private_names(tree):
    """Return the private names that a module takes from modules of utils."""
    modules, found = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in UTILS:
            for alias in node.names:
                if f"{node.module}.{alias.name}" in UTILS:
                    modules.add(alias.asname or alias.name)
                elif alias.name.startswith("_"):
                    found.add(f"{node.module}.{alias.name}")
        elif isinstance(node, ast.Import):
            modules |= {
                alias.asname or alias.name
                for alias in node.names
                if alias.name in UTILS
            }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner, name = node.value, node.attr
        elif isinstance(node, ast.Call) and len(node.args) > 1:
            # monkeypatch.setattr(module, "_name", ...) and its like.
            owner, name = node.args[0], getattr(node.args[1], "value", None)
        else:
            continue
        is_private = re.match(r"_(?!_)", name) if isinstance(name, str) else 0
        if is_private and ast.unparse(owner) in modules:
            found.add(f"{ast.unparse(owner)}.{name}")
    return found


def test_no_module_uses_private_names_of_another():
    private = {
        name: names
        for name, path in {**UTILS, **TESTS}.items()
        if (names := find_private_names(parse(path)))
    }
    assert not private, "make these names public"


@pytest.mark.parametrize(
    "code",
    [
        "from utils.plots import _draw",
        "from utils import plots\nplots._draw()",
        "import utils.plots\nutils.plots._draw()",
        "from utils import plots as p\nsetattr(p, '_draw', 1)",
    ],
)
def test_private_names_are_found(code):
    assert find_private_names(ast.parse(code))
    assert not find_private_names(ast.parse(code.replace("_draw", "show")))


# --- What is imported is installed -------------------------------------------

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
IMPORT_NAMES = {
    "ipython": "IPython",
    "math-core": "math_core",
    "pillow": "PIL",
    "scikit-image": "skimage",
    "scikit-learn": "sklearn",
    "tensorflow-cpu": "tensorflow",
}


def find_missing_packages(paths, requirements):
    """Return what modules import though no requirement brings it."""
    imports = set().union(*map(find_imports, paths))
    packages = {name.partition(".")[0] for name in imports}
    names = [Requirement(line).name for line in requirements]
    declared = {IMPORT_NAMES.get(name, name) for name in names}
    return packages - declared - {"utils"} - sys.stdlib_module_names


def test_what_lessons_and_the_runner_import_is_a_dependency():
    paths = [
        *LESSONS.values(),
        *ROOT.glob("utils/*.py"),
        *ROOT.glob("utils/tools/run/*.py"),
        ROOT / "utils" / "tools" / "lessons.py",
    ]
    student = PROJECT["project"]["dependencies"] + EXTRAS["cpu"]
    missing = find_missing_packages(paths, student)
    assert not missing, "list these in pyproject.toml under dependencies"


def test_what_tools_import_is_a_dependency():
    extras = itertools.chain(*EXTRAS.values())
    listed = [*PROJECT["project"]["dependencies"], *extras]
    missing = find_missing_packages(UTILS.values(), listed)
    assert not missing, "list these in pyproject.toml under dev"


# --- Form and spelling -------------------------------------------------------


def read_lint():
    """Return the commands of `make lint`, each as a list of words."""
    makefile = (ROOT / "Makefile").read_text("utf-8").replace("\\\n", " ")
    recipe = re.search(r"^lint:.*\n((?:\t.*\n)+)", makefile, flags=re.M)[1]
    recipe = recipe.replace("$(PY)", "python").replace("$(BIN)/", "")
    return [shlex.split(line.lstrip("\t@")) for line in recipe.splitlines()]


def test_lint_has_nothing_to_say():
    """All tools of `make lint`; on lessons the style tool is test_style.py."""
    folder = Path(sys.executable).parent
    said = []
    for tool, *words in read_lint():
        if "utils.tools.style" in words:
            continue
        files = [ROOT.glob(word) if "*" in word else [word] for word in words]
        done = subprocess.run(
            [folder / tool, *itertools.chain(*files)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode:
            said.append(f"{tool} {' '.join(words)}\n{done.stdout}")
    assert not said, "\n".join(said)


def test_hooks_and_make_lint_do_the_same():
    """A hook may mend, and names the changed files only."""
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    only_hooks = {"--fix", "--force-exclude"}
    only_make = {
        "--check",
        ".",
        ".github/workflows",
        ".github/workflows/*.yml",
    }
    hooks = [
        [word for word in shlex.split(hook["entry"]) if word not in only_hooks]
        for hook in config["repos"][0]["hooks"]
    ]
    lint = [
        [word for word in command if word not in only_make]
        for command in read_lint()
    ]
    assert sorted(hooks) == sorted(lint)


@pytest.mark.parametrize("tool", ["run", "grade", "tools.style"])
def test_a_python_without_the_packages_is_told_what_to_do(tool):
    # With -S Python leaves out what is installed.
    command = [sys.executable, "-S", "-m", f"utils.{tool}"]
    environment = {**os.environ}
    environment.pop("AUTOENCODER_OFFLINE", None)
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True
    )
    (line,) = done.stderr.splitlines()
    assert done.returncode == 1
    assert sys.executable in line and "activate .venv" in line


def test_what_readme_types_exists():
    readme = (ROOT / "README.md").read_text("utf-8")
    makefile = (ROOT / "Makefile").read_text("utf-8")
    typed = set(re.findall(r"(?m)(?:^|`)make ([a-z-]+)", readme))
    targets = set(re.search(r"\.PHONY: (.*)", makefile)[1].split())
    assert {"run", "test"} <= typed <= targets


def select(nodeid, fixtures, lesson=None):
    """Return a selected test, as `find_asked` sees it."""
    marker = lesson and pytest.mark.lesson(lesson).mark
    return mock.Mock(
        nodeid=nodeid,
        fixturenames=fixtures,
        get_closest_marker=lambda name: marker,
    )


@pytest.mark.parametrize(
    ("items", "asked"),
    [
        ([select("t.py::test_a[02_b]", ["executed"])], ["02_b"]),
        ([select("t.py::test_b", ["executed"], lesson="03_c")], ["03_c"]),
        # What needs another fixture does not count.
        ([select("t.py::test_a[02_b]", ["site"])], []),
        # What names no lesson may look at each of them.
        ([select("t.py::test_c", ["executed"])], ["01_a", "02_b", "03_c"]),
        (
            [
                select("t.py::test_b", ["executed"], lesson="03_c"),
                select("t.py::test_a[01_a-f]", ["executed"]),
            ],
            ["01_a", "03_c"],
        ),
    ],
)
def test_lessons_that_no_selected_test_asks_for_are_left_out(items, asked):
    request = mock.Mock(fixturename="executed", session=mock.Mock(items=items))
    assert find_asked(request, ["01_a", "02_b", "03_c"]) == asked


def test_a_lesson_selects_the_tests_that_are_marked_with_it(pytestconfig):
    """So that `-k 07_var` is all that looks at lesson 07."""
    marker = pytest.mark.lesson("07_variational_autoencoder").mark
    item = mock.Mock(
        extra_keyword_matches=set(), get_closest_marker=lambda name: marker
    )
    pytestconfig.hook.pytest_itemcollected(item=item)
    assert item.extra_keyword_matches == {"07_variational_autoencoder"}
