"""The examples in the docstrings of what lessons import."""

import doctest
import importlib
from pathlib import Path

import utils

import matplotlib as mpl
import pytest

MODULES = sorted(
    path.stem
    for path in Path(utils.__file__).parent.glob("*.py")
    # One is the package itself, the other starts the runner.
    if path.stem not in ("__init__", "run")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_give_what_they_say(name):
    mpl.use("agg")
    module = importlib.import_module(f"utils.{name}")
    assert doctest.testmod(module).failed == 0


def test_modules_of_functions_have_examples():
    for name in ("checks", "data", "files", "offline", "plots", "scores"):
        module = importlib.import_module(f"utils.{name}")
        tests = doctest.DocTestFinder().find(module)
        assert any(test.examples for test in tests), name
