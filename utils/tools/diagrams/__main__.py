"""Write the diagrams: `python -m utils.tools.diagrams`."""

import argparse
import sys

from utils.files import write_whole
from utils.tools.diagrams import (  # noqa: F401, each registers its diagrams
    convolution,
    dense,
    distances,
    practice,
    prepare,
    sequences,
    tiles,
    variational,
)
from utils.tools.diagrams.drawing import DIAGRAMS
from utils.tools.lessons import NOTEBOOKS


def main(argv: list[str] | None = None) -> int:
    """Write all diagrams, or list them; return 0."""
    parser = argparse.ArgumentParser(
        "python -m utils.tools.diagrams",
        description="Draw the diagrams of the lessons, in notebooks/images.",
    )
    parser.add_argument(
        "--list",
        action="store_true",
        help="only print the line of Markdown that shows each one",
    )
    options = parser.parse_args(argv)
    folder = NOTEBOOKS / "images"
    for name, make in sorted(DIAGRAMS.items()):
        if options.list:
            print(f"![{make.alt}](images/{name}.svg)")
        else:
            write_whole(folder / f"{name}.svg", make().render())
    return 0


if __name__ == "__main__":
    sys.exit(main())
