"""What was asked for: which lessons, with which values, in how many runs."""

import ast
import difflib
import itertools
import json
import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from utils.settings import MODES
from utils.tools import UsageError
from utils.tools.lessons import RESULTS, find_lessons, get_tags, read_lesson

import nbformat

# What Windows does not allow in the name of a file.
FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
# A folder on Linux, macOS and Windows allows this many bytes in a name.
LONGEST_NAME = 255


@dataclass(frozen=True)
class Run:
    """One execution of a lesson.

    Attributes
    ----------
    lesson : str
        The name of the lesson.
    name : str
        The name of the executed copy: that of the lesson, and in brackets
        what was set.
    folder : str
        Where the lesson lies.
    notebook : str
        The notebook, as the text of its file.
    defaults, values : dict
        The parameters that the lesson has, and those that were set.
    """

    lesson: str
    name: str
    folder: str
    notebook: str
    defaults: dict[str, Any]
    values: dict[str, Any]

    @property
    def parameters(self) -> dict[str, Any]:
        """All parameters, as the lesson is executed."""
        return self.defaults | self.values


def plan_runs(
    names: Sequence[str],
    settings: dict[str, list[Any]],
    mode: str | None = None,
) -> list[Run]:
    """Return the runs of lessons with each combination of values.

    Parameters
    ----------
    names : sequence of str
        Lessons, as `find_paths` takes them; all if there are none.
    settings : dict
        The values of each parameter that is set. If no lesson is named, a
        parameter may be lacking in some: lesson 01 trains nothing.
    mode : str, optional
        The mode of all runs, which is not part of their names.

    Raises
    ------
    UsageError
        If a lesson, a parameter or a value does not exist, or if two runs
        would write the same file.
    """
    paths = find_paths(names)
    lessons = [read_lesson(path) for path in paths]
    defaults = [
        read_parameters(lesson, path)
        for lesson, path in zip(lessons, paths, strict=True)
    ]
    everything = {"mode": [mode]} | settings if mode else settings
    for name in everything:
        lacking = [i for i, known in enumerate(defaults) if name not in known]
        is_meant = names or name == "mode" or len(lacking) == len(paths)
        if lacking and is_meant:
            first = lacking[0]
            raise UsageError(
                f"no parameter {name} in {paths[first].stem}"
                f"{suggest(name, defaults[first])}"
            )
    runs: list[Run] = []
    for path, lesson, known in zip(paths, lessons, defaults, strict=True):
        chosen = [name for name in everything if name in known]
        grid = [everything[name] for name in chosen]
        for combination in itertools.product(*grid):
            values = {
                name: check_value(name, value, known[name])
                for name, value in zip(chosen, combination, strict=True)
            }
            named = {n: v for n, v in values.items() if n in settings}
            run = Run(
                lesson=path.stem,
                name=name_copy(path.stem, named),
                folder=str(path.parent),
                notebook=nbformat.writes(lesson),
                defaults=known,
                values=values,
            )
            if any(run.name == other.name for other in runs):
                raise UsageError(f"two runs would write {run.name}.ipynb")
            runs.append(run)
    return runs


def order_runs(runs: Sequence[Run], results: Path = RESULTS) -> list[int]:
    """Return the numbers of the runs in the order in which to start them.

    The longest come first. Otherwise one that takes minutes may start last,
    and run alone at the end.

    Parameters
    ----------
    runs : sequence of Run
    results : Path
        A file that knows how long each lesson took once, in full mode. A
        lesson that it does not know comes behind those that it knows.
    """
    seconds = {}
    # Without the file, or in the middle of a merge, the runs are as good.
    with suppress(OSError, ValueError):
        lessons = json.loads(results.read_text("utf-8"))["lessons"]
        seconds = {name: row["seconds"] for name, row in lessons.items()}
    return sorted(
        range(len(runs)),
        key=lambda number: -seconds.get(runs[number].lesson, 0),
    )


def find_paths(names: Iterable[str]) -> list[Path]:
    """Return the files of lessons, each once.

    Parameters
    ----------
    names : iterable of str
        A lesson's name, its number, a part of its name, or the path of any
        notebook; all lessons if there are none.

    Raises
    ------
    UsageError
        If a name means no lesson, or several.
    """
    lessons = find_lessons()
    paths = [find_path(name, lessons) for name in names or lessons]
    return list(dict.fromkeys(paths))


def find_path(name: str, lessons: dict[str, Path]) -> Path:
    """Return the file that one name means; see `find_paths`."""
    # Path.is_file raises where a name is too long for a file.
    if name.endswith(".ipynb") and os.path.isfile(name):
        return Path(name).resolve()
    number = re.compile(f"0*{re.escape(name.lstrip('0'))}_")
    found = (
        [stem for stem in lessons if stem == name]
        or [stem for stem in lessons if number.match(stem)]
        or [stem for stem in lessons if name in stem]
    )
    if not found:
        raise UsageError(f"no lesson {name}{suggest(name, lessons)}")
    if len(found) > 1:
        raise UsageError(
            f"{name or repr(name)} is ambiguous: it could mean "
            f"{', '.join(found)}"
        )
    return lessons[found[0]].resolve()


def suggest(name: str, known: Iterable[str]) -> str:
    """Return the end of a message: what else there is."""
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f"; did you mean {close[0]}?"
    return f"; there are: {', '.join(known) or 'none'}"


def read_parameters(
    lesson: nbformat.NotebookNode, path: Path
) -> dict[str, Any]:
    """Return the literals that the cells tagged `parameters` assign.

    Raises
    ------
    UsageError
        If these cells are no Python.
    """
    try:
        cells = [c.source for c in lesson.cells if "parameters" in get_tags(c)]
        statements = ast.parse("\n".join(cells)).body
    except AttributeError as error:
        raise UsageError(f"{path} is no lesson ({error!r})") from error
    # ValueError: null bytes; the last two: brackets within brackets.
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise UsageError(
            f"{path} is no lesson: its parameters cannot be read ({error!r})"
        ) from error
    parameters = {}
    for statement in statements:
        if isinstance(statement, ast.Assign):
            targets = statement.targets
        elif isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        else:
            continue
        # What is not a literal cannot be set.
        with suppress(ValueError, TypeError):
            value = ast.literal_eval(statement.value)
            names = [t.id for t in targets if isinstance(t, ast.Name)]
            parameters |= dict.fromkeys(names, value)
    return parameters


def parse_settings(arguments: Iterable[str]) -> dict[str, list[Any]]:
    """Read what `--set` was given.

    Raises
    ------
    UsageError
        If an argument is not `NAME=VALUE[,VALUE...]`, or a name comes twice.

    Examples
    --------
    >>> parse_settings(["latent_dim=2,8", "kind=dense", "sizes=[32, 64]"])
    {'latent_dim': [2, 8], 'kind': ['dense'], 'sizes': [[32, 64]]}
    """
    settings: dict[str, list[Any]] = {}
    for argument in arguments:
        name, _, values = argument.partition("=")
        if not name or not values.strip(", ") or name in settings:
            raise UsageError(
                f"--set {argument}: write NAME=VALUE[,VALUE...], "
                "each name once"
            )
        # A comma within brackets does not separate values.
        words = re.findall(r"(?:\[.*?\]|[^,])+", values)
        settings[name] = [parse_value(word.strip()) for word in words]
    return settings


def parse_value(word: str) -> Any:
    """Return the literal that a word is, or the word itself."""
    try:
        return ast.literal_eval(word)
    # TypeError: {[]: 1}; the last two: brackets within brackets.
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        return word


def check_value(name: str, value: Any, default: Any) -> Any:
    """Return a parameter's value, in the type of its default.

    Raises
    ------
    UsageError
        If it is of another type, or an unknown mode.
    """
    if type(default) is float and type(value) is int:
        value = float(value)
    if default is not None and type(value) is not type(default):
        raise UsageError(
            f"{name}={value!r} is {type(value).__name__}, "
            f"not {type(default).__name__} like {default!r}"
        )
    if name == "mode" and value not in MODES:
        raise UsageError(f"no mode {value}; use {' or '.join(MODES)}")
    return value


def name_copy(lesson: str, values: dict[str, Any]) -> str:
    """Return the name of an executed copy, without its ending.

    Raises
    ------
    UsageError
        If no file can have a name of this length.
    """
    if not values:
        return lesson
    label = ",".join(f"{name}={value}" for name, value in values.items())
    name = f"{lesson}[{FORBIDDEN.sub('-', label)}]"
    if len(os.fsencode(f"{name}.failed.ipynb")) > LONGEST_NAME:
        raise UsageError(
            f"{name} is too long for the name of a file; "
            "give fewer or shorter values"
        )
    return name
