"""A machine that is full, closed, small, or whose clock jumps."""

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager

from utils.tools import UsageError
from utils.tools.lessons import ROOT
from utils.tools.run import board
from utils.tools.run.command import main

import pytest
from scratch import write_lesson, written

resource = pytest.importorskip("resource", reason="POSIX limits")
GIB = 2**30


def start(*arguments, before=(), **options):
    command = [sys.executable, "-m", "utils.run", *map(str, arguments)]
    options = {"cwd": ROOT, "capture_output": True, "text": True} | options
    # Many times what it takes: the machine may have other work.
    options = {"timeout": 120} | options
    return subprocess.run([*before, *command], **options)


def read_board(out):
    return json.loads((out / "scoreboard.json").read_text())


# Memory


def test_a_lesson_without_memory_says_so(tmp_path):
    lessons = [
        write_lesson(tmp_path, "01_array", "import numpy; numpy.ones(2**28)"),
        write_lesson(tmp_path, "02_library", "import tensorflow"),
        write_lesson(tmp_path, "03_small"),
    ]

    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (GIB, GIB))

    out = tmp_path / "out"
    done = start(*lessons, "--jobs", 2, "--out", out, preexec_fn=limit)
    array, library, small = read_board(out)
    assert array["error"].startswith("MemoryError: Unable to allocate 2.00 G")
    # What exactly is too large depends on the build of TensorFlow.
    assert library["status"] == "failed"
    assert library["error"].splitlines()[-1].strip() in done.stderr
    assert small["status"] == "finished"


# A disk that is full


@contextmanager
def limit_files(size):
    """Make it fail to write files of more bytes, as on a full disk."""
    old, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (old, most))


def test_what_cannot_be_written_whole_is_not_there(tmp_path):
    path = tmp_path / "board.json"
    board.write(path, "old")
    with (
        limit_files(1000),
        pytest.raises(UsageError, match="make room") as caught,
    ):
        board.write(path, 2000 * "new")
    assert str(path) in str(caught.value)
    assert written(tmp_path) == {"board.json"}
    assert path.read_text() == "old"


@pytest.fixture
def small_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=128k", "none", disk]
    if not shutil.which("mount") or subprocess.run(mount).returncode:
        pytest.skip("no right to mount a small disk")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_full_disk_is_named_and_leaves_no_part(small_disk, tmp_path, capsys):
    lesson = write_lesson(tmp_path, "01_long", "print(2**18 * 'x')")
    out = small_disk / "out"
    assert main([lesson, "--out", str(out)]) == 2
    message = capsys.readouterr().err
    assert f"cannot write {out / '01_long.ipynb'} (No space left" in message
    assert "--out" in message
    assert written(out) == set()


# A checkout that nobody may write into


@pytest.fixture
def read_only():
    """Return a command's beginning that makes the course read-only."""
    script = (
        'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" '
        '&& cd "$0" && exec "$@"'
    )
    before = ["unshare", "--mount", "sh", "-ec", script, str(ROOT)]
    if (
        not shutil.which("unshare")
        or subprocess.run([*before, "true"]).returncode
    ):
        pytest.skip("no right to mount")
    return before


def test_lessons_run_from_a_course_that_is_read_only(read_only, tmp_path):
    lesson = write_lesson(tmp_path, "01_one")
    done = start(lesson, before=read_only)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "(Read-only file system); choose another folder" in done.stderr
    done = start(lesson, "--out", tmp_path / "out", before=read_only)
    assert done.returncode == 0, done.stderr
    assert written(tmp_path / "out") == {"01_one.ipynb", "scoreboard.json"}


# A clock that jumps

JUMPING = """\
import os, time
_now, _days = time.time, os.environ["DAYS"]
time.time = lambda: _now() + 86400 * os.path.getsize(_days)
"""


def test_a_clock_that_jumps_disturbs_no_run(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(JUMPING)
    days = tmp_path / "days"
    days.touch()
    # A day ahead, and back; Dask looks for lost workers in between.
    jump = """\
import os, time
start = time.time()
days = os.environ["DAYS"]
open(days, "w").write("1")
time.sleep(1)
assert time.time() - start > 80_000, "it did not jump"
os.truncate(days, 0)
time.sleep(1)
assert time.time() - start < 80_000, "it did not jump back"
"""
    lesson = write_lesson(tmp_path / "lessons", "01_clock", jump)
    out = tmp_path / "out"
    # By default Dask looks for lost workers every five minutes.
    soon = {"DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "20ms"}
    clock = {"PYTHONPATH": str(tmp_path), "DAYS": str(days)}
    done = start(lesson, "--out", out, env={**os.environ, **soon, **clock})
    assert done.returncode == 0, done.stderr
    (row,) = read_board(out)
    assert 2 < row["seconds"] < 80_000
