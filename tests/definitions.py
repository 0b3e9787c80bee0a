"""What a lesson defines, without its data and its trained models."""

import ast
import contextlib
import io

from utils.tools.lessons import get_tags

OF_EXERCISES = {"stub", "check", "result"}


def parse_cells(lesson) -> list[ast.Module]:
    """Return the syntax tree of each code cell that is not an exercise's."""
    return [
        ast.parse(cell.source)
        for cell in lesson.cells
        if cell.cell_type == "code" and not get_tags(cell) & OF_EXERCISES
    ]


def execute_definitions(lesson, name) -> dict:
    """Execute a lesson's imports and constants, and what it defines.

    Returns
    -------
    dict
        The names that the lesson then has, as in its kernel.
    """
    parameters, imports, constants, *others = parse_cells(lesson)
    definitions = [
        node
        for tree in others
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
    ]
    scope = {"__name__": "__main__"}
    trees = [parameters, imports, constants, ast.Module(definitions, [])]
    with contextlib.redirect_stdout(io.StringIO()):
        for tree in trees:
            exec(compile(tree, f"{name}: definitions", "exec"), scope)
    return scope
