"""Workers of others that come and go: real `dask worker` processes."""

import json
import os
import threading
from contextlib import ExitStack

from utils.tools.lessons import ROOT
from utils.tools.run import cluster
from utils.tools.run.command import main
from utils.tools.run.progress import ProgressLine

import psutil
import pytest
from distributed import Client
from scratch import (
    HOLD,
    alive,
    read_pids,
    start_program,
    start_scheduler,
    start_worker,
    wait_until,
    write_lesson,
    written,
)

# The worker is the parent of the process that is the kernel's parent.
KILL_WORKER = """\
import os, psutil
if not os.path.exists("once") or {always}:
    open("once", "a").write(f"{{os.getpid()}}\\n")
    psutil.Process().parent().parent().kill()
    import time; time.sleep(600)
"""
HAS_COURSE = {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.fixture
def without_course(tmp_path):
    """Return an environment in which nothing can import the course."""
    (tmp_path / "blocked").mkdir()
    (tmp_path / "blocked" / "sitecustomize.py").write_text(
        "import sys\nsys.modules['utils'] = None"
    )
    return {**os.environ, "PYTHONPATH": str(tmp_path / "blocked")}


@pytest.fixture
def held(tmp_path):
    """Return the arguments of a run whose lesson waits, and the folder."""
    (tmp_path / "hold").touch()
    lesson = write_lesson(tmp_path, "01_held", HOLD)
    other = write_lesson(tmp_path, "02_other")
    return [lesson, other, "--out", str(tmp_path / "out")], tmp_path


def wait_for_workers(address, n_workers):
    with Client(address) as client:
        client.wait_for_workers(n_workers, timeout=60)


class Background(threading.Thread):
    """The runner in a thread: the test ends what it needs."""

    def __init__(self, arguments):
        super().__init__(daemon=True)
        self.arguments = arguments
        self.start()

    def run(self):
        self.code = main(self.arguments)

    def finish(self):
        self.join(150)
        assert not self.is_alive(), "the runner waits for ever"
        return self.code


def test_a_run_needs_a_worker_that_has_the_course(
    held, capsys, monkeypatch, without_course
):
    arguments, folder = held
    with ExitStack() as stack:
        address = stack.enter_context(start_scheduler())
        command = [*arguments, "--scheduler", address]
        # Before it starts: no worker, then one without the course.
        monkeypatch.setattr(cluster, "PATIENCE", 1)
        assert main(command) == 2
        message = capsys.readouterr().err
        assert f"no Dask worker is known at {address};" in message
        lacking = start_worker(address, "--no-nanny", env=without_course)
        stack.enter_context(lacking)
        wait_for_workers(address, 1)
        # As long as it takes to answer on a busy machine.
        monkeypatch.setattr(cluster, "PATIENCE", 5)
        assert main(command) == 2
        message = capsys.readouterr().err
        assert message.count("\n") == 1
        assert "1 of 1" in message and "utils" in message
        assert "PYTHONPATH" in message
        assert not (folder / "out").exists()
        # In the middle: the only one that has it dies, and none follows.
        able = start_worker(address, "--no-nanny", env=HAS_COURSE)
        worker = stack.enter_context(able)
        wait_for_workers(address, 2)
        monkeypatch.setattr(cluster, "PATIENCE", 60)
        moves = []
        monkeypatch.setattr(
            ProgressLine, "move", lambda _, *numbers: moves.append(numbers)
        )
        running = Background(command)
        assert wait_until(lambda: read_pids(folder), 60)
        # Title and parameters are done; this cell and the metrics are not.
        assert wait_until(lambda: (2, 4) in moves, 60)
        monkeypatch.setattr(cluster, "PATIENCE", 1)
        worker.kill()
        assert wait_until(lambda: not any(map(alive, read_pids(folder))))
        assert running.finish() == 1
    captured = capsys.readouterr()
    assert "without the course: 1 of 2" in captured.err
    last = captured.err.splitlines()[-1]
    assert f"no Dask worker is left at {address}" in last
    assert "01_held, 02_other" in last
    assert "lesson  " not in captured.err
    assert captured.out.count("failed") == 2
    rows = json.loads((folder / "out" / "scoreboard.json").read_text())
    assert [row["error"] for row in rows] == [last, last]


def test_a_scheduler_without_the_course_is_refused(
    held, capsys, without_course
):
    arguments, folder = held
    file = folder / "scheduler.json"
    options = ["--no-dashboard", "--host=127.0.0.1", "--port=0"]
    with start_program(
        "distributed.cli.dask_scheduler",
        *options,
        f"--scheduler-file={file}",
        env=without_course,
    ):
        assert wait_until(lambda: file.exists() and file.read_text(), 60)
        address = json.loads(file.read_text())["address"]
        assert main([*arguments, "--scheduler", address]) == 2
    message = capsys.readouterr().err
    assert f"scheduler at {address} does not have the course" in message
    assert "PYTHONPATH" in message


def test_a_run_ends_when_its_scheduler_dies(held, capsys, monkeypatch):
    arguments, folder = held
    file = folder / "scheduler.json"
    options = ["--no-dashboard", "--host=127.0.0.1", "--port=0"]
    with start_program(
        "distributed.cli.dask_scheduler",
        *options,
        f"--scheduler-file={file}",
        env=HAS_COURSE,
    ) as scheduler:
        assert wait_until(lambda: file.exists() and file.read_text(), 60)
        address = json.loads(file.read_text())["address"]
        with start_worker(address, "--no-nanny", env=HAS_COURSE):
            wait_for_workers(address, 1)
            running = Background([*arguments, "--scheduler", address])
            assert wait_until(lambda: read_pids(folder), 60)
            monkeypatch.setattr(cluster, "PATIENCE", 1)
            scheduler.kill()
            assert running.finish() == 1
            pids = read_pids(folder)
            assert wait_until(lambda: not any(map(alive, pids)), 60)
    last = capsys.readouterr().err.splitlines()[-1]
    assert f"no Dask scheduler answers at {address}" in last
    assert "01_held, 02_other" in last
    assert written(folder / "out") == {"scoreboard.json"}


def run_on_nannies(n_workers, lessons, out):
    """Run lessons on workers that are started again when they die."""
    with (
        start_scheduler() as address,
        start_worker(address, f"--nworkers={n_workers}", env=HAS_COURSE),
    ):
        wait_for_workers(address, n_workers)
        command = [*lessons, "--scheduler", address, "--out", str(out)]
        return Background(command).finish()


def test_a_lesson_whose_worker_dies_is_tried_once_more(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(cluster, "PATIENCE", 60)
    always, once = tmp_path / "always", tmp_path / "once"
    lessons = [
        write_lesson(always, "01_kill", KILL_WORKER.format(always=True)),
        write_lesson(once, "02_kill_once", KILL_WORKER.format(always=False)),
    ]
    out = tmp_path / "out"
    # Dask itself sends a lesson to the other one that is there.
    assert run_on_nannies(2, lessons, out) == 1
    errors = capsys.readouterr().err
    assert f"error   {cluster.WORKER_DIED}" in errors
    assert "02_kill_once  started again: its worker died" in errors
    assert written(out) == {"02_kill_once.ipynb", "scoreboard.json"}
    killed = [*read_pids(always, "once"), *read_pids(once, "once")]
    assert len(killed) == 3
    assert wait_until(lambda: not any(map(psutil.pid_exists, killed)))


def test_a_lesson_may_lose_the_only_worker_twice(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(cluster, "PATIENCE", 60)
    source = KILL_WORKER.format(always=True)
    lesson = write_lesson(tmp_path, "01_kill", source)
    # Dask itself would wait for the address of the worker that died.
    assert run_on_nannies(1, [lesson], tmp_path / "out") == 1
    errors = capsys.readouterr().err
    assert f"error   {cluster.WORKER_DIED}" in errors
    assert errors.count("started") == 2
    assert len(read_pids(tmp_path, "once")) == 2
