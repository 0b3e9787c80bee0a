"""In a process of its own: execute a learner's cells, then the checks.

The program reads from standard input, as JSON, the file for its verdicts and
a `Job`. It is started in an empty folder, and ended from outside when its time
is over.
"""

import builtins
import contextlib
import importlib.util
import io
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType

from utils import checks
from utils.files import write_whole
from utils.offline import go_offline


@dataclass
class Job:
    """What is executed for one notebook.

    Attributes
    ----------
    setup : list of str
        The lesson's own code that checks and answers may need.
    cells : list of str
        What the learner wrote, in order.
    checks : dict of str to str
        The lesson's own check of each function.
    """

    setup: list[str]
    cells: list[str]
    checks: dict[str, str]


def run(job: Job) -> dict[str, str]:
    """Return what the check of each function says of the learner's answer.

    Parameters
    ----------
    job : Job

    Returns
    -------
    dict of str to str
        By function: "right", "not attempted", "not yet, ...", or why it could
        not be checked.
    """
    scope = {"__name__": "__main__"}
    for source in job.setup:
        execute(source, scope)
    before = list_guarded()
    faults = []
    for number, source in enumerate(job.cells, start=1):
        try:
            execute(source, scope)
        # A cell may need what is loaded or trained in the lesson; what counts
        # is whether the function is there and right.
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            line = str(error).splitlines()[:1]
            text = f"{type(error).__name__}: {''.join(line)}"
            faults.append(f"own cell {number}: {text}")
    changed = sorted(
        name
        for name, value in list_guarded().items()
        if value is not before.get(name)
    )
    if changed:
        reason = f"not graded: the notebook replaces {changed[0]}"
        return dict.fromkeys(job.checks, reason)
    return {
        function: judge(function, source, scope, faults)
        for function, source in job.checks.items()
    }


def judge(function: str, source: str, scope: dict, faults: list[str]) -> str:
    """Return the verdict of one check, made by a fresh copy of the module."""
    fresh = load_checks()
    names = ("case", "check", "between", "is_right")
    own = scope | {name: getattr(fresh, name) for name in names}
    if function not in own:
        return f"not yet, {function} is not defined"
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        try:
            exec(compile(source, "the check", "exec"), own)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            return f"not yet, the check stopped with {type(error).__name__}"
    verdict = fresh.VERDICTS.get(function, fresh.NOT_YET)
    if verdict == fresh.NOT_YET:
        start = f"{function}: "
        for line in printed.getvalue().splitlines():
            if line.startswith(start):
                verdict = line.removeprefix(start)
    if verdict == fresh.NOT_ATTEMPTED and faults:
        # The answer may be in a cell that could not be executed.
        mentioned = [fault for fault in faults if "SyntaxError" in fault]
        return f"{verdict}; {mentioned[0]}" if mentioned else verdict
    return verdict


def execute(source: str, scope: dict) -> None:
    """Execute a cell; magics and commands of a shell are left out."""
    lines = [
        "" if line.lstrip().startswith(("%", "!")) else line
        for line in source.split("\n")
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile("\n".join(lines), "a cell", "exec"), scope)


def load_checks() -> ModuleType:
    """Return `utils.checks` anew, as the course has it.

    A notebook may have changed the module that it imported.
    """
    path = Path(checks.__file__)
    spec = importlib.util.spec_from_file_location("checks_of_the_course", path)
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up by its name.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def list_guarded() -> dict[str, object]:
    """Return what a check relies on, by name, to see what is replaced."""
    import numpy

    guarded = {}
    for module in (builtins, numpy, json):
        for name, value in vars(module).items():
            # Python itself keeps the last result of a shell as `_`.
            if callable(value) and not name.startswith("_"):
                guarded[f"{module.__name__}.{name}"] = value
    return guarded


def main() -> None:
    """Read a job, and write its verdicts."""
    go_offline()
    # Where the verdicts go stands in no argument, which all code could read.
    path, job = json.loads(sys.stdin.read())
    verdicts = run(Job(**job))
    write_whole(Path(path), json.dumps(verdicts))


def write_job(path: Path, job: Job) -> str:
    """Return the input of this program.

    Parameters
    ----------
    path : Path
        The file for the verdicts: a JSON object, what `run` returns.
    job : Job
    """
    return json.dumps([str(path), asdict(job)])


if __name__ == "__main__":
    main()
