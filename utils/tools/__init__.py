"""What maintainers and instructors call: runner, editions, site, style.

The tools may import the rest of `utils`; no lesson and no module of `utils`
outside this folder imports a tool.
"""

import importlib.metadata
import importlib.util
import sys

if importlib.util.find_spec("nbformat") is None:
    sys.exit(
        f"the course's packages are not in this Python, {sys.executable}: "
        "call `make run`, or activate .venv (`source .venv/bin/activate`)"
    )


class UsageError(Exception):
    """What was asked for cannot be done; the message says what can."""


def find_package(name: str) -> importlib.metadata.Distribution:
    """Return an installed package that only maintainers have.

    Raises
    ------
    UsageError
        If it is not installed; the message says how to install it.
    """
    try:
        return importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        raise UsageError(
            f"the package {name} is missing; `make slides` and `make site` "
            'install it, and so does: pip install -e ".[dev]"'
        ) from None
