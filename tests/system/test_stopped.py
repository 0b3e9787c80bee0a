"""A run that is stopped or killed: nothing is left, the next one succeeds."""

import json
import os
import signal
import subprocess
import sys

from utils.tools.lessons import ROOT
from utils.tools.run.command import main

import psutil
import pytest
from scratch import (
    HOLD,
    alive,
    read_pids,
    start_scheduler,
    wait_until,
    write_lesson,
    written,
)

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="POSIX signals"
)


def start(*arguments, **options):
    command = [sys.executable, "-m", "utils.run", *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    options = {"cwd": ROOT, "text": True, **pipes} | options
    return subprocess.Popen(command, start_new_session=True, **options)


@pytest.fixture
def held(tmp_path):
    """Return the arguments of a run whose lesson waits, and the folder."""
    (tmp_path / "hold").touch()
    lesson = write_lesson(tmp_path, "02_held", HOLD)
    return [lesson, "--out", str(tmp_path / "out")], tmp_path


def finish(arguments, folder):
    """Let the next run come to its end; check that it is whole."""
    (folder / "hold").unlink()
    assert main(arguments) == 0
    assert written(folder / "out") == {"02_held.ipynb", "scoreboard.json"}
    (row,) = json.loads((folder / "out" / "scoreboard.json").read_text())
    assert row["status"] == "finished"


# Ctrl-C, and what `kill` and a service manager send.


def interrupt_at_import(folder, module):
    """Return an environment in which an import is the moment of Ctrl-C."""
    (folder / "sitecustomize.py").write_text(
        "import os, signal, sys\n"
        "def interrupt(event, arguments):\n"
        f"    if event == 'import' and arguments[0] == {module!r}:\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.addaudithook(interrupt)"
    )
    path = os.pathsep.join([str(folder), str(ROOT)])
    return {**os.environ, "PYTHONPATH": path}


def test_ctrl_c_while_modules_are_imported_is_quiet(tmp_path):
    environment = interrupt_at_import(tmp_path, "nbformat")
    process = start("--help", env=environment)
    assert process.communicate(timeout=60) == ("", "")
    assert process.returncode == -signal.SIGINT


def test_ctrl_c_while_dask_starts_is_one_line(held):
    arguments, folder = held
    environment = interrupt_at_import(folder, "distributed.scheduler")
    process = start(*arguments, env=environment)
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (130, "")
    assert stderr.count("\n") == 1
    assert stderr.startswith("stopped; 0 lessons finished")
    assert not (folder / "out").exists()


def test_ctrl_c_before_the_kernel_is_there(held):
    arguments, folder = held
    process = start(*arguments)
    assert process.stderr.readline().endswith("started\n")
    os.killpg(process.pid, signal.SIGINT)
    family = psutil.Process(process.pid).children(recursive=True)
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (130, "")
    assert stderr.startswith("stopped; 0 lessons finished")
    pids = [*(child.pid for child in family), *read_pids(folder)]
    assert wait_until(lambda: not any(map(alive, pids)))
    assert written(folder / "out") == set()


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_stopping_leaves_one_line_and_no_process(held, sent):
    (hold, *options), folder = held
    out = folder / "out"
    out.mkdir()
    # Of an earlier run, which would seem to be of this one.
    (out / "scoreboard.json").write_text("old")
    with start_scheduler(n_workers=1) as address:
        here = sent == signal.SIGINT
        lessons = [write_lesson(folder, "01_one"), hold] if here else [hold]
        where = [] if here else ["--scheduler", address]
        process = start(*lessons, *options, *where)
        copies = {"01_one.ipynb"} if here else set()
        assert wait_until(
            lambda: read_pids(folder) and written(out) == copies, 60
        )
        pids = [c.pid for c in psutil.Process(process.pid).children(True)]
        pids += read_pids(folder)
        if not here:
            # The worker is in this process.
            pids.remove(os.getpid()) if os.getpid() in pids else None
        # A terminal sends it to the whole group, `kill` to one process.
        send = os.killpg if here else os.kill
        send(process.pid, sent)
        stdout, stderr = process.communicate(timeout=60)
        assert process.returncode == 130
        assert stdout == ""
        *progress, last = stderr.splitlines()
        assert last == (
            f"stopped; {len(copies)} lessons finished, "
            f"their copies are in {out}"
        )
        names = ("01_one   ", "02_held  ")
        assert all(line.startswith(names) for line in progress)
        assert written(out) == copies
        assert wait_until(lambda: not any(map(alive, pids)))


# What kills it.


def test_a_runner_that_is_killed_leaves_no_process(held, capsys):
    arguments, folder = held
    process = start(*arguments)
    assert wait_until(lambda: read_pids(folder), 60)
    family = psutil.Process(process.pid).children(recursive=True)
    assert len(family) > 1
    # While it is there, no other run writes into its folder.
    assert main(arguments) == 2
    assert "another run writes into" in capsys.readouterr().err
    process.kill()
    process.communicate()
    assert wait_until(lambda: not any(alive(p.pid) for p in family))
    assert written(folder / "out") == set()
    finish(arguments, folder)
