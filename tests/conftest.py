"""Executed lessons, and the site that is built of them, made once."""

import shutil

from utils.tools import site as website
from utils.tools.lessons import read_lessons

import nbformat
import pytest
from executed import make_decoder, pretend


@pytest.fixture(scope="session")
def pretended(tmp_path_factory):
    """A folder of lessons as the runner leaves them when something is set."""
    folder = tmp_path_factory.mktemp("executed")
    for name, lesson in read_lessons().items():
        path = folder / f"{name}[reuse_weights=True].ipynb"
        nbformat.write(pretend(lesson), path)
    return folder


@pytest.fixture(scope="session")
def site(tmp_path_factory, pretended):
    """The folder of the site, with a decoder of random weights."""
    pytest.importorskip("sphinx", reason="maintainers' packages are missing")
    folder = tmp_path_factory.mktemp("site")
    lessons = shutil.copytree(pretended, folder / "executed")
    for name, lesson in read_lessons().items():
        if name.startswith("07"):
            executed = pretend(lesson, decoder=make_decoder())
            nbformat.write(executed, lessons / f"{name}.ipynb")
    website.write_source(folder / "source", lessons)
    website.build(folder / "source", folder / "site")
    return folder / "site"
