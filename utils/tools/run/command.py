"""The command `python -m utils.run`: its arguments, and what it prints."""

import argparse
import logging
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from utils.tools import UsageError
from utils.tools.lessons import EXECUTED
from utils.tools.run import board, cluster
from utils.tools.run.plan import order_runs, parse_settings, plan_runs
from utils.tools.run.progress import make_lines

FINISHED, FAILED, NOT_AS_ASKED, STOPPED = 0, 1, 2, 130


def main(argv: list[str] | None = None) -> int:
    """Run lessons as the command line says.

    Parameters
    ----------
    argv : list of str, optional
        The arguments; by default those of the process.

    Returns
    -------
    int
        0 if all lessons finished, 1 if one failed or if a finding does not
        hold under a lesson's own settings, 2 if nothing could be run as asked,
        130 if it was stopped.
    """
    options = parse_arguments(argv)
    results: list[board.Result] = []
    with ExitStack() as stack:
        if not options.verbose:
            stack.enter_context(silence_logs())
        try:
            problem = run_lessons(options, results)
        except UsageError as error:
            if options.verbose:
                traceback.print_exception(error)
            print(error, file=sys.stderr)
            return NOT_AS_ASKED
        except KeyboardInterrupt:
            n_finished = sum(r.status == "finished" for r in results)
            print(
                f"stopped; {n_finished} lessons finished, their copies are "
                f"in {options.out}",
                file=sys.stderr,
            )
            return STOPPED
    print(board.format_scoreboard(results), flush=True)
    failed = [result for result in results if result.status == "failed"]
    for result in failed:
        # What is true of many runs is said once.
        if result.error != problem:
            text = board.format_failure(result, options.verbose)
            print(f"\n{text}", file=sys.stderr)
    if problem:
        print(f"\n{problem}", file=sys.stderr)
    unmet = [result for result in results if board.find_unmet(result)]
    for result in unmet:
        print(f"\n{board.format_unmet(result)}", file=sys.stderr)
    is_fault = any(board.has_own_settings(result.run) for result in unmet)
    return FAILED if failed or is_fault else FINISHED


def run_lessons(
    options: argparse.Namespace, results: list[board.Result]
) -> str | None:
    """Run what was asked for; write the copies as they come, and the board.

    Parameters
    ----------
    options : argparse.Namespace
        What `parse_arguments` returns.
    results : list
        Is filled, so that it says what has finished when it is stopped.

    Returns
    -------
    str or None
        Why not all could be run.
    """
    settings = parse_settings(options.set)
    runs = plan_runs(options.lessons, settings, options.mode)
    if options.jobs is not None and options.jobs < 1:
        raise UsageError(f"{options.jobs} jobs; there has to be 1 at least")
    board.check_folder(options.out, runs)
    if options.scheduler:
        client = cluster.connect(options.scheduler)
    else:
        client = cluster.start_cluster(options.jobs, len(runs))
    with client, ExitStack() as stack:
        dispatcher = cluster.Dispatcher(client, is_local=not options.scheduler)
        stack.callback(dispatcher.stop)
        dispatcher.wait_for_worker()
        stack.enter_context(board.claim_folder(options.out))
        board.clear_folder(options.out, runs)
        results += map(board.Result, runs)
        lines = make_lines(runs)
        for line in lines:
            stack.callback(line.close)
        for index, outcome in dispatcher.run(runs, lines, order_runs(runs)):
            result = board.judge(runs[index], outcome)
            results[index] = result
            if outcome.notebook:
                board.write_copy(options.out, result, outcome.notebook)
            lines[index].finish(result.status, result.seconds)
        board.write_scoreboard(options.out, results)
    return dispatcher.problem


def parse_arguments(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        "python -m utils.run",
        description=(
            "Run lessons, several at a time, and compare what they measured."
        ),
    )
    parser.add_argument(
        "lessons",
        metavar="LESSON",
        nargs="*",
        help="a name, its number, a part of it, or a path; default: all",
    )
    parser.add_argument(
        "--mode", help="fast or full; default: what the lesson says"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE[,VALUE...]",
        help="a parameter; several values run the lesson once with each",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        default=EXECUTED,
        help="default: %(default)s",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--jobs",
        type=int,
        metavar="N",
        help="lessons at a time; default: one a core and 2 GiB of memory",
    )
    where.add_argument(
        "--scheduler",
        metavar="tcp://HOST:PORT",
        help="a Dask cluster that has the course; default: this machine",
    )
    parser.add_argument(
        "--verbose",
        action="store_true",
        help="show tracebacks, and what Dask logs",
    )
    return parser.parse_intermixed_args(argv)


@contextmanager
def silence_logs() -> Iterator[None]:
    """Keep what libraries log off the terminal, for a while."""
    before = logging.root.manager.disable
    logging.disable()
    try:
        yield
    finally:
        logging.disable(before)


def stop(*_: Any) -> None:
    """Handle a signal that ends the run."""
    # A second Ctrl-C must not interrupt what cleans up after the first.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt
