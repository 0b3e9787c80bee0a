"""What a lesson teaches, taken out of its notebook by name."""

import ast
import functools
from pathlib import Path
from types import SimpleNamespace

import nbformat

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


@functools.cache
def take(lesson, *names):
    """Execute a lesson's imports and the definitions with these names."""
    notebook = nbformat.read(NOTEBOOKS / f"{lesson}.ipynb", as_version=4)
    cells = [
        ast.parse(cell.source)
        for cell in notebook.cells
        if cell.cell_type == "code"
        and not {"stub", "solution"} & set(cell.metadata.get("tags", []))
    ]
    scope = {}
    exec(compile(cells[1], f"{lesson}: imports", "exec"), scope)
    found = [
        node
        for cell in cells
        for node in cell.body
        if getattr(node, "name", None) in names
    ]
    missing = set(names) - {node.name for node in found}
    assert not missing, f"{lesson} defines no {sorted(missing)}"
    module = ast.Module(found, [])
    exec(compile(module, f"{lesson}: {names}", "exec"), scope)
    return SimpleNamespace(**{name: scope[name] for name in names})
