"""A run that is stopped, killed or left alone: the next one succeeds."""

import json
import os
import signal
import subprocess
import sys
import time

from utils.tools.lessons import ROOT

import psutil
import pytest
from scratch import alive, wait_until, write_lesson
from scratch import written as list_written

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="POSIX signals"
)
# While this file is there, a lesson does not come to its end.
HOLD = """\
import os, time
open("pids", "a").write(f"{os.getpid()} {os.getppid()}\\n")
while os.path.exists("hold"):
    time.sleep(0.05)
"""


def start(*arguments, **options):
    command = [sys.executable, "-m", "utils.run", *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    options = {"cwd": ROOT, "text": True, **pipes} | options
    return subprocess.Popen(command, start_new_session=True, **options)


def run_whole(*arguments):
    process = start(*arguments)
    stdout, stderr = process.communicate(timeout=90)
    assert process.returncode == 0, stderr
    return stdout


@pytest.fixture
def held(tmp_path):
    """Return the arguments of a run whose lesson waits, and the folder."""
    (tmp_path / "hold").touch()
    lesson = write_lesson(tmp_path, "01_held", HOLD)
    return [lesson, "--out", str(tmp_path / "out")], tmp_path


def read_pids(folder):
    text = (folder / "pids").read_text() if (folder / "pids").exists() else ""
    return [int(pid) for pid in text.split()]


def finish(arguments, folder):
    """Let the next run come to its end; check that it is whole."""
    (folder / "hold").unlink()
    run_whole(*arguments)
    assert list_written(folder / "out") == {"01_held.ipynb", "scoreboard.json"}
    (row,) = json.loads((folder / "out" / "scoreboard.json").read_text())
    assert row["status"] == "finished"


def test_ctrl_c_at_any_second(held):
    arguments, folder = held
    # From the start of Python to the middle of the lesson.
    for seconds in (0.3, 1, 2, 4, 6):
        process = start(*arguments)
        time.sleep(seconds)
        family = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, signal.SIGINT)
        stdout, stderr = process.communicate(timeout=30)
        # A shell reports both as 130.
        assert process.returncode in (130, -signal.SIGINT), seconds
        assert stdout == "", stderr
        pids = [*(child.pid for child in family), *read_pids(folder)]
        assert wait_until(lambda pids=pids: not any(map(alive, pids)), 5)
        out = folder / "out"
        assert not out.exists() or list_written(out) == set(), seconds
    assert read_pids(folder), "the last came before the lesson began"
    finish(arguments, folder)


def test_ctrl_c_while_modules_are_imported_is_quiet(tmp_path):
    (tmp_path / "nbformat.py").write_text(
        "import os, signal, time\n"
        "os.kill(os.getpid(), signal.SIGINT)\n"
        "time.sleep(9)"
    )
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    # The folder that Python is started in comes before the path.
    environment = {**os.environ, "PYTHONPATH": path}
    process = start("--help", env=environment, cwd=tmp_path)
    assert process.communicate(timeout=30) == ("", "")
    assert process.returncode == -signal.SIGINT


def test_a_runner_that_is_killed_leaves_no_process(held):
    arguments, folder = held
    process = start(*arguments)
    assert wait_until(lambda: read_pids(folder), 60)
    family = psutil.Process(process.pid).children(recursive=True)
    assert len(family) > 1
    process.kill()
    process.communicate()
    assert wait_until(lambda: not any(alive(p.pid) for p in family), 10)
    assert list_written(folder / "out") == set()
    finish(arguments, folder)


def test_a_kernel_that_is_killed_fails_its_run_only(held):
    arguments, folder = held
    process = start(*arguments)
    assert wait_until(lambda: read_pids(folder), 60)
    # As the system does it when memory is full.
    os.kill(read_pids(folder)[0], signal.SIGKILL)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "error   DeadKernelError: Kernel died; out of memory?" in stderr
    expected = {"01_held.failed.ipynb", "scoreboard.json"}
    assert list_written(folder / "out") == expected
    finish(arguments, folder)


def test_of_two_runs_at_once_one_is_refused(held):
    arguments, folder = held
    both = [start(*arguments) for _ in range(2)]
    assert wait_until(lambda: any(p.poll() is not None for p in both), 60)
    refused, other = sorted(both, key=lambda process: process.poll() is None)
    stderr = refused.communicate()[1]
    assert refused.returncode == 2
    assert stderr == (
        f"another run writes into {folder / 'out'}; "
        "choose another folder with --out\n"
    )
    (folder / "hold").unlink()
    _, stderr = other.communicate(timeout=60)
    assert other.returncode == 0, stderr
    expected = {"01_held.ipynb", "scoreboard.json"}
    assert list_written(folder / "out") == expected


SCHEDULER = """\
import sys
from scratch import start_cluster
if __name__ == "__main__":
    print(start_cluster(1).scheduler_address, flush=True)
    sys.stdin.read()
"""


def test_a_scheduler_that_is_gone_ends_the_run(held):
    arguments, folder = held
    script = folder / "scheduler.py"
    script.write_text(SCHEDULER)
    cluster = subprocess.Popen(
        [sys.executable, script],
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    address = cluster.stdout.readline().strip()
    process = start(*arguments, "--scheduler", address)
    assert wait_until(lambda: read_pids(folder), 60)
    cluster.kill()
    cluster.communicate()
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "cancelled for reason: scheduler-connection-lost" in stderr
    assert list_written(folder / "out") == {"scoreboard.json"}
    assert wait_until(lambda: not any(map(alive, read_pids(folder))), 10)
    finish(arguments, folder)
