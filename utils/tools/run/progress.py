"""How far each run is: a live line on a terminal, otherwise plain lines."""

import os
import sys
from collections.abc import Sequence

from utils.tools.run.plan import Run

from tqdm import tqdm


class ProgressLine:
    """The line of one run.

    Parameters
    ----------
    name : str
        The name of the run.
    position : int
        The place of the line, below that of the first.
    """

    def __init__(self, name: str, position: int) -> None:
        is_terminal = sys.stdout.isatty() and sys.stderr.isatty()
        self.name = name
        self.is_plain = not is_terminal or "CI" in os.environ
        self.bar = tqdm(
            desc=name,
            position=position,
            disable=self.is_plain,
            bar_format=(
                "{desc} {bar:20} {n_fmt} of {total_fmt} cells "
                "{elapsed}{postfix}"
            ),
        )

    def say(self, text: str) -> None:
        """Show a text behind the name."""
        self.bar.set_postfix_str(text)
        if self.is_plain:
            print(f"{self.name}  {text}", file=sys.stderr, flush=True)

    def start(self, attempt: int) -> None:
        """Begin with no cell done."""
        self.bar.reset()
        self.say(
            "started again: its worker died" if attempt > 1 else "started"
        )

    def move(self, done: int, total: int) -> None:
        """Show how many cells are done."""
        self.bar.n, self.bar.total = done, total
        self.bar.refresh()

    def finish(self, status: str, seconds: float) -> None:
        """Show how the run ended."""
        if status == "finished" and self.bar.total:
            self.bar.n = self.bar.total
        self.say(f"{status} in {seconds:.1f} s")

    def close(self) -> None:
        """Leave the line as it is."""
        self.bar.close()


def make_lines(runs: Sequence[Run]) -> list[ProgressLine]:
    """Return a line for each run, below each other."""
    width = max(len(run.name) for run in runs)
    return [
        ProgressLine(run.name.ljust(width), position)
        for position, run in enumerate(runs)
    ]
