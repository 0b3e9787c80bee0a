"""The runner, on small notebooks that need no TensorFlow."""

import json
import os
import signal
import subprocess
import sys

from utils.tools import UsageError
from utils.tools import lessons as course
from utils.tools.lessons import ROOT
from utils.tools.run import command as run

import psutil
import pytest
from dask.system import CPU_COUNT
from distributed.system import MEMORY_LIMIT
from nbformat import v4
from scratch import (
    alive,
    printed,
    start_cluster,
    wait_until,
    write_lesson,
    written,
)

# The worker is the parent of the process that is the kernel's parent.
KILL_WORKER = (
    "import psutil\n"
    "worker = psutil.Process().parent().parent()\n"
    'open("pids", "a").write(f"{psutil.Process().pid}\\n")\n'
    "worker.kill()\n"
    "import time; time.sleep(600)"
)
KILL_WORKER_ONCE = (
    "import os\n"
    'first = not os.path.exists("marker")\n'
    'open("marker", "w").close()\n'
    "if first:\n    "
) + KILL_WORKER.replace("\n", "\n    ")


# One run of many: lessons that pass and that fail.


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """Run lessons by the command line, in a folder with a space."""
    folder = tmp_path_factory.mktemp("a course")
    # It leaves a process behind, as %tensorboard does.
    leave = (
        "import os, subprocess, sys, time\n"
        "sleep = [sys.executable, '-c', 'import time; time.sleep(600)']\n"
        "print(sys.executable)\n"
        "print(subprocess.Popen(sleep, start_new_session=True).pid)\n"
        "print(*map(os.environ.get, ('OMP_NUM_THREADS',"
        " 'TF_NUM_INTRAOP_THREADS')))\n"
        "time.sleep(1)"
    )
    end_kernel = "import os; os.kill(os.getpid(), 9)"
    # A network set aside for examples: nothing answers there.
    fetch = (
        "import utils, urllib.request\n"
        "urllib.request.urlopen('http://192.0.2.1', timeout=1)"
    )
    lessons = [
        write_lesson(folder, "02_dead", end_kernel),
        write_lesson(folder, "03_raise", "x = 1", "y = 1 / (x - 1)\n", "z"),
        write_lesson(folder, "04_pass", leave),
        write_lesson(
            folder, "05_metrics", metrics="print('{\"ours_x\": NaN}')"
        ),
        write_lesson(folder, "06_fetch", fetch),
    ]
    out = folder / "out put"
    out.mkdir()
    for old in ("04_pass.failed.ipynb", "03_raise.ipynb", "scoreboard.json"):
        (out / old).write_text("of an earlier run")
    # What an earlier run has left behind stops nobody.
    (out / ".lock").write_text("of an earlier run")
    # Another kernel of this name, and another python, come first.
    spec = folder / "jupyter" / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    other = {"argv": ["false"], "display_name": "-", "language": "python"}
    spec.write_text(json.dumps(other))
    elsewhere = {
        "JUPYTER_PATH": str(folder / "jupyter"),
        "PATH": os.pathsep.join(["/usr/bin", os.environ["PATH"]]),
    }
    environment = {**os.environ, **elsewhere}
    for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
        environment.pop(name, None)
    process = subprocess.run(
        [sys.executable, "-m", "utils.run", *lessons, "--out", str(out)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    process.out = out
    rows = json.loads((out / "scoreboard.json").read_text())
    process.board = {row["lesson"]: row for row in rows}
    return process


def test_a_lesson_that_passes_leaves_copy_and_row(done):
    row = done.board["04_pass"]
    assert row["status"] == "finished"
    assert row["error"] is None
    assert row["metrics"] == {"ours_mse": 0.25, "baseline_mse": 1, "points": 2}
    assert row["parameters"]["latent_dim"] == 2
    assert 0 < row["seconds"] < 60
    # A bare interpreter needs megabytes, this machine has some gigabytes.
    total = psutil.virtual_memory().total
    assert 10 * 2**20 < row["peak_memory_bytes"] < total
    assert f"{row['seconds']:.1f}" in done.stdout
    line = next(x for x in done.stdout.splitlines() if "04_pass" in x)
    assert line.split()[-5:] == ["mse", "0.25", "1", "-", "-"]


def test_the_kernel_is_the_python_of_the_runner(done):
    assert printed(done.out / "04_pass.ipynb").startswith(sys.executable)


def test_lessons_beside_each_other_share_the_cores(done):
    threads = printed(done.out / "04_pass.ipynb").splitlines()[2].split()
    # Five lessons: as many beside each other as there are cores, or two GiB.
    jobs = max(1, min(5, CPU_COUNT, MEMORY_LIMIT // 2**31))
    assert threads == 2 * [str(max(1, CPU_COUNT // jobs))]


def test_only_what_came_to_an_end_leaves_files(done):
    assert written(done.out) == {
        "02_dead.failed.ipynb",
        "03_raise.failed.ipynb",
        "04_pass.ipynb",
        "05_metrics.failed.ipynb",
        "06_fetch.failed.ipynb",
        "scoreboard.json",
    }


def test_a_failure_is_named_in_three_lines(done):
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    start = lines.index("lesson  03_raise")
    assert lines[start + 1] == "cell    4 (In [3]): y = 1 / (x - 1)"
    assert lines[start + 2] == "error   ZeroDivisionError: division by zero"
    assert "Traceback" not in done.stderr


def test_metrics_that_are_no_numbers_fail_the_lesson(done):
    row = done.board["05_metrics"]
    assert row["status"] == "failed"
    assert "ours_x is nan" in row["error"]
    assert row["metrics"] == {}


def test_a_kernel_that_dies_fails_its_lesson(done):
    row = done.board["02_dead"]
    assert row["cell"].startswith("3 (")
    assert row["cell"].endswith("import os; os.kill(os.getpid(), 9)")
    assert row["error"].startswith("DeadKernelError: Kernel died; out of mem")


def test_a_lesson_that_fetches_fails_in_tests(done):
    error = done.board["06_fetch"]["error"]
    assert error.startswith("RuntimeError: 192.0.2.1 is another machine")


def test_no_process_outlives_its_lesson(done):
    pid = int(printed(done.out / "04_pass.ipynb").splitlines()[1])
    assert wait_until(lambda: not alive(pid))


# What is refused: at once, with one line, before anything is written.


@pytest.fixture
def refused(tmp_path, capsys):
    lessons = [
        write_lesson(tmp_path, "01_one"),
        write_lesson(tmp_path, "02_two", parameters="seed = 42"),
    ]

    def refuse(*arguments, only=slice(1)):
        before = sorted(tmp_path.rglob("*"))
        out = ["--out", str(tmp_path / "out")]
        code = run.main([*lessons[only], *out, *arguments])
        message = capsys.readouterr().err
        assert code == 2
        assert sorted(tmp_path.rglob("*")) == before
        assert message.count("\n") == 1
        return message

    return refuse


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["--set", "latent_dimm=2"], ["latent_dimm", "mean latent_dim?"]),
        (["--set", "latent_dim=two"], ["latent_dim='two'", "int like 2"]),
        (["--set", "latent_dim=2.5"], ["2.5 is float", "int"]),
        (["--set", "latent_dim=True"], ["True is bool", "int"]),
        (["--set", "latent_dim=2,x"], ["'x'"]),
        (["--set", "rate=fast"], ["'fast' is str", "float"]),
        (["--set", "mode=quick"], ["quick", "fast or full"]),
        (["--set", "latent_dim"], ["NAME=VALUE"]),
        (["--set", "latent_dim=,"], ["latent_dim=,", "NAME=VALUE"]),
        (["--set", "latent_dim={[1]:2}"], ["'{[1]:2}'", "int"]),
        (["--set", f"mode={300 * 'x'}"], ["no mode xxx"]),
        (["--set", f"seed={300 * '1'}"], ["too long for the name of a file"]),
        (["--set", "latent_dim=2,2"], ["01_one[latent_dim=2].ipynb"]),
        (["--set", "seed=1", "--set", "seed=2"], ["seed=2", "once"]),
        (["--mode", "quick"], ["quick", "fast or full"]),
        (["--jobs", "0"], ["0 jobs", "1"]),
        (["nowhere.ipynb"], ["nowhere.ipynb"]),
        ([f"{300 * 'x'}.ipynb"], ["no lesson xxx"]),
        (["--scheduler", "nonsense"], ["nonsense"]),
    ],
)
def test_refuses(refused, arguments, names):
    message = refused(*arguments)
    assert all(name in message for name in names), message


def test_a_parameter_that_a_lesson_lacks_is_refused(refused):
    assert " 02_two" in refused("--set", "rate=1", only=slice(2))
    message = refused("--mode", "fast", only=slice(2))
    assert "mode" in message
    assert "01_one" not in message


def test_of_all_lessons_those_run_with_it_that_have_it(
    refused, tmp_path, monkeypatch
):
    monkeypatch.setattr(course, "NOTEBOOKS", tmp_path)
    refused("--set", "speed=1", only=slice(0))
    refused("--mode", "full", only=slice(0))
    rows, tasks = run._plan([], {"rate": [0.1, 0.2]}, None)
    assert [row["name"] for row in rows] == [
        "01_one[rate=0.1]",
        "01_one[rate=0.2]",
        "02_two",
    ]
    assert [task["parameters"] for task in tasks] == [
        {"rate": 0.1},
        {"rate": 0.2},
        {},
    ]


def test_a_scheduler_that_is_of_no_use_is_refused_soon(refused, monkeypatch):
    monkeypatch.setattr(run, "PATIENCE", 0.5)
    # Port 1 is reserved; nothing listens there.
    message = refused("--scheduler", "tcp://127.0.0.1:1")
    assert "no Dask scheduler answers at tcp://127.0.0.1:1;" in message
    with start_cluster(0) as cluster:
        address = cluster.scheduler_address
        message = refused("--scheduler", address)
        assert f"no Dask worker is known at {address};" in message


@pytest.mark.parametrize(
    "arguments", [["--jobs", "many"], ["--jobs", "1", "--scheduler", "x"]]
)
def test_argparse_refuses(arguments, capsys):
    with pytest.raises(SystemExit, match="2"):
        run.main(arguments)
    assert "argument --" in capsys.readouterr().err


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"cells": [',
        b"[]",
        b"{}",
        b'{"nbformat": 4, "cells": 3}',
        b"\xff",
    ],
)
def test_a_file_that_is_no_notebook_is_refused(refused, tmp_path, content):
    broken = tmp_path / "broken.ipynb"
    broken.write_bytes(content)
    assert f"{broken} is no lesson" in refused(str(broken))


def test_a_link_that_leads_nowhere_is_no_lesson(refused, tmp_path):
    link = tmp_path / "link.ipynb"
    link.symlink_to("gone.ipynb")
    assert f"no lesson {link}" in refused(str(link))


def test_a_folder_that_cannot_be_written_is_refused(tmp_path, capsys):
    lesson = write_lesson(tmp_path, "01_one")
    (tmp_path / "file").write_text("")
    assert run.main([lesson, "--out", str(tmp_path / "file" / "out")]) == 2
    assert "--out" in capsys.readouterr().err


def test_lessons_are_found_by_number_and_part(tmp_path, monkeypatch):
    for name in ("01_one", "02_two", "12_twelve"):
        write_lesson(tmp_path, name)
    monkeypatch.setattr(course, "NOTEBOOKS", tmp_path)

    def find(*names):
        return [path.stem for path in run._find(names)]

    assert find() == ["01_one", "02_two", "12_twelve"]
    assert find("2") == find("02") == find("02_t") == find("two") == ["02_two"]
    assert find("2", "02_two", "1") == ["02_two", "01_one"]
    with pytest.raises(UsageError, match="no lesson tw; .*02_two, 12_"):
        find("tw")
    with pytest.raises(UsageError, match="mean 02_two"):
        find("02_tow")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "one JSON object"),
        ("{} {}", "one JSON object"),
        ("done {}", "one JSON object"),
        ("[1]", "one JSON object"),
        ('{"a": {"b": 1}}', "a is"),
        ('{"a": "1"}', "a is '1'"),
        ('{"a": true}', "a is True"),
        ('{"a": 1e999}', "a is inf"),
    ],
)
def test_metrics_are_read_strictly(text, message):
    output = v4.new_output("stream", text=text)
    cell = v4.new_code_cell(metadata={"tags": ["metrics"]}, outputs=[output])
    with pytest.raises(ValueError, match=message):
        run._metrics([cell])
    with pytest.raises(ValueError, match="one JSON object"):
        run._metrics([])


# On a scheduler that others started; a grid; workers that die.


@pytest.fixture(scope="module")
def cluster():
    with start_cluster(2) as cluster:
        yield cluster.scheduler_address


def test_a_grid_gives_a_copy_and_a_row_each(tmp_path, cluster, capsys):
    lesson, out = write_lesson(tmp_path, "01_one"), tmp_path / "out"
    grid = ["--set", "latent_dim=2,8", "--set", "rate=1"]
    command = [lesson, *grid, "--mode", "full", "--scheduler", cluster]
    assert run.main([*command, "--out", str(out)]) == 0
    names = [f"01_one[latent_dim={n},rate=1.0]" for n in (2, 8)]
    copies = {f"{name}.ipynb" for name in names}
    assert written(out) == copies | {"scoreboard.json"}
    rows = json.loads((out / "scoreboard.json").read_text())
    assert [row["name"] for row in rows] == names
    assert [row["metrics"]["ours_mse"] for row in rows] == [1 / 2, 1 / 8]
    assert all(row["parameters"]["mode"] == "full" for row in rows)
    board = capsys.readouterr().out
    assert [name for name in names if board.count(name) == 1] == names


def test_a_lesson_whose_worker_dies_is_tried_once_more(
    tmp_path, cluster, capsys
):
    always = KILL_WORKER.replace('"pids"', '"always"')
    lessons = [
        write_lesson(tmp_path, "01_kill", always),
        write_lesson(tmp_path, "02_kill_once", KILL_WORKER_ONCE),
    ]
    out = tmp_path / "out"
    command = [*lessons, "--scheduler", cluster, "--out", str(out)]
    assert run.main(command) == 1
    errors = capsys.readouterr().err
    assert "error   its worker died, and the next one too" in errors
    assert "02_kill_once  started again: its worker died" in errors
    copies = {"02_kill_once.ipynb", "scoreboard.json"}
    assert written(out) == copies
    killed = (tmp_path / "always").read_text().split()
    assert len(killed) == 2
    killed += (tmp_path / "pids").read_text().split()
    assert len(killed) == 3
    assert wait_until(lambda: not any(alive(int(pid)) for pid in killed))


def test_a_folder_serves_one_run_at_a_time(refused, cluster, tmp_path):
    with run._claim(tmp_path / "out"):
        message = refused("--scheduler", cluster)
    assert f"another run writes into {tmp_path / 'out'};" in message


RACE = """\
import pathlib, sys
from utils.tools import UsageError
from utils.tools.run import command as run
out = pathlib.Path(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
try:
    with run._claim(out):
        print("mine", flush=True)
        sys.stdin.readline()
except UsageError:
    print("refused", flush=True)
"""


def test_of_many_that_claim_a_folder_at_once_one_gets_it(tmp_path):
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACE, tmp_path / "out"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        for _ in range(4)
    ]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        racer.stdin.write("go\n")
    found = sorted(racer.stdout.readline() for racer in racers)
    for racer in racers:
        racer.kill()
        racer.communicate()
    assert found == ["mine\n"] + 3 * ["refused\n"]
    # The one that was killed keeps nobody out.
    with run._claim(tmp_path / "out"):
        assert written(tmp_path / "out") == set()


# Ctrl-C, and what `kill` and a service manager send.


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_stopping_leaves_one_line_and_no_process(tmp_path, cluster, sent):
    sleep = "import time; time.sleep(600)"
    note = 'open("pid", "w").write(str(__import__("os").getpid()))'
    lessons = [
        write_lesson(tmp_path, "01_one"),
        write_lesson(tmp_path, "02_two", f"{note}; {sleep}"),
    ]
    out, pid = tmp_path / "out", tmp_path / "pid"
    here = sent == signal.SIGINT
    where = ["--jobs", "2"] if here else ["--scheduler", cluster]
    process = subprocess.Popen(
        [sys.executable, "-m", "utils.run", *lessons, "--out", out, *where],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    copy = out / "01_one.ipynb"
    # The file of the number is there before the number is in it.
    assert wait_until(
        lambda: copy.exists() and pid.exists() and pid.read_text(), 60
    )
    pids = [c.pid for c in psutil.Process(process.pid).children(True)]
    pids.append(int(pid.read_text()))
    # A terminal sends it to the whole group, `kill` to one process.
    send = os.killpg if here else os.kill
    send(process.pid, sent)
    stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 130
    assert stdout == ""
    *progress, last = stderr.splitlines()
    assert last == f"stopped; 1 lessons finished, their copies are in {out}"
    assert all(line.startswith(("01_one  ", "02_two  ")) for line in progress)
    assert written(out) == {"01_one.ipynb"}
    assert wait_until(lambda: not any(map(alive, pids)))


def test_a_process_starts_without_the_grammar_of_addresses():
    # It takes longer to build than all else that a process imports.
    code = (
        "import sys, utils.run, papermill; print('jsonschema' in sys.modules, "
        "'lark' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["True", "False"]
