"""What a lesson teaches, taken out of its notebook by name."""

import ast
import functools
from pathlib import Path
from types import SimpleNamespace

import nbformat

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"


def _find_names(node):
    targets = getattr(node, "targets", [])
    return {getattr(node, "name", None)} | {
        target.id for target in targets if isinstance(target, ast.Name)
    }


@functools.cache
def take(lesson, *names, **scope):
    """Execute a lesson's imports and what it first defines by these names.

    What they need besides is given by keyword: seed=0, mode="full".
    """
    notebook = nbformat.read(NOTEBOOKS / f"{lesson}.ipynb", as_version=4)
    cells = [
        ast.parse(cell.source)
        for cell in notebook.cells
        if cell.cell_type == "code"
        and not {"stub", "solution"} & set(cell.metadata.get("tags", []))
    ]
    scope = {"reuse_weights": False, **scope}
    exec(compile(cells[1], f"{lesson}: imports", "exec"), scope)
    found, missing = [], set(names)
    for node in (node for cell in cells for node in cell.body):
        if missing & _find_names(node):
            found.append(node)
            missing -= _find_names(node)
    assert not missing, f"{lesson} defines no {sorted(missing)}"
    module = ast.Module(found, [])
    exec(compile(module, f"{lesson}: {names}", "exec"), scope)
    return SimpleNamespace(**{name: scope[name] for name in names})
