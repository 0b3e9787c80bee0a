"""The runner, on small notebooks that need no TensorFlow."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from utils import run

import nbformat
import psutil
import pytest
from nbformat import v4

ROOT = Path(run.__file__).parents[1]
PARAMETERS = 'mode = "fast"\nseed = 42\nrate = 0.5\nlatent_dim = 2'
METRICS = (
    "import json\n"
    'print(json.dumps({"ours_mse": rate / latent_dim, "baseline_mse": 1,\n'
    '                  "points": latent_dim}))'
)
# The worker is the parent of the process that is the kernel's parent.
KILL_WORKER = (
    "import psutil\n"
    "worker = psutil.Process().parent().parent()\n"
    'open("pids", "a").write(f"{psutil.Process().pid}\\n")\n'
    "worker.kill()\n"
    "import time; time.sleep(60)"
)
KILL_WORKER_ONCE = (
    "import os\n"
    'first = not os.path.exists("marker")\n'
    'open("marker", "w").close()\n'
    "if first:\n    "
) + KILL_WORKER.replace("\n", "\n    ")


def write_lesson(
    folder, name, *sources, parameters=PARAMETERS, metrics=METRICS
):
    cells = [
        v4.new_markdown_cell(f"# {name}"),
        v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}),
        *map(v4.new_code_cell, sources),
        v4.new_code_cell(metrics, metadata={"tags": ["metrics"]}),
    ]
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(v4.new_notebook(cells=cells), folder / f"{name}.ipynb")
    return str(folder / f"{name}.ipynb")


def written(out):
    return {path.name for path in out.glob("*") if path.name != ".lock"}


def printed(path):
    """Return what the code cells of an executed notebook printed."""
    notebook = nbformat.read(path, as_version=4)
    return "".join(
        output.text
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if output.output_type == "stream"
    )


def alive(pid):
    with contextlib.suppress(psutil.Error):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def wait_until(condition, seconds=30):
    end = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < end:
        time.sleep(0.1)
    return met


# One run of many: lessons that pass, that fail, that lose their worker.


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """Run five lessons by the command line, in a folder with a space."""
    folder = tmp_path_factory.mktemp("a course")
    # It leaves a process behind, as %tensorboard does.
    leave = (
        "import subprocess, sys, time\n"
        "sleep = [sys.executable, '-c', 'import time; time.sleep(60)']\n"
        "print(sys.executable)\n"
        "print(subprocess.Popen(sleep, start_new_session=True).pid)\n"
        "time.sleep(1)"
    )
    lessons = [
        write_lesson(
            folder,
            "01_kill",
            KILL_WORKER.replace('"pids"', '"always"'),
        ),
        write_lesson(folder, "02_kill_once", KILL_WORKER_ONCE),
        write_lesson(folder, "03_raise", "x = 1", "y = 1 / (x - 1)\n", "z"),
        write_lesson(folder, "04_pass", leave),
        write_lesson(
            folder, "05_metrics", metrics="print('{\"ours_x\": NaN}')"
        ),
    ]
    out = folder / "out put"
    out.mkdir()
    for old in ("04_pass.failed.ipynb", "03_raise.ipynb", "scoreboard.json"):
        (out / old).write_text("of an earlier run")
    command = [sys.executable, "-m", "utils.run", *lessons, "--jobs", "2"]
    # Another kernel of this name, and another python, come first.
    spec = folder / "jupyter" / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    other = {"argv": ["false"], "display_name": "-", "language": "python"}
    spec.write_text(json.dumps(other))
    elsewhere = {
        "JUPYTER_PATH": str(folder / "jupyter"),
        "PATH": os.pathsep.join(["/usr/bin", os.environ["PATH"]]),
    }
    process = subprocess.run(
        [*command, "--out", str(out)],
        cwd=ROOT,
        env={**os.environ, **elsewhere},
        capture_output=True,
        text=True,
        timeout=120,
    )
    process.folder, process.out = folder, out
    process.board = {
        row["lesson"]: row
        for row in json.loads((out / "scoreboard.json").read_text())
    }
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
    assert line.split()[:5] == ["04_pass", "mse", "0.25", "1", "-"]


def test_the_kernel_is_the_python_of_the_runner(done):
    assert printed(done.out / "04_pass.ipynb").startswith(sys.executable)


def test_only_what_came_to_an_end_leaves_files(done):
    assert written(done.out) == {
        "02_kill_once.ipynb",
        "03_raise.failed.ipynb",
        "04_pass.ipynb",
        "05_metrics.failed.ipynb",
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


def test_a_lesson_whose_worker_dies_is_tried_once_more(done):
    assert done.board["02_kill_once"]["status"] == "finished"
    assert len((done.folder / "pids").read_text().split()) == 1
    assert "02_kill_once  started again: its worker died" in done.stderr


def test_a_lesson_that_always_kills_its_worker_fails(done):
    row = done.board["01_kill"]
    assert row["status"] == "failed"
    assert "its worker died" in row["error"]
    assert len((done.folder / "always").read_text().split()) == 2


def test_no_process_outlives_its_lesson(done):
    pids = (done.folder / "pids").read_text().split()
    pids += (done.folder / "always").read_text().split()
    pids += printed(done.out / "04_pass.ipynb").split()[1:2]
    assert wait_until(lambda: not any(alive(int(pid)) for pid in pids), 5)


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
        (["--set", "latent_dim=two"], ["'two'", "int", "latent_dim=2"]),
        (["--set", "latent_dim=2.5"], ["2.5 is float", "int"]),
        (["--set", "latent_dim=True"], ["True is bool", "int"]),
        (["--set", "latent_dim=2,x"], ["'x'"]),
        (["--set", "rate=fast"], ["'fast' is str", "float"]),
        (["--set", "mode=quick"], ["quick", "fast or full"]),
        (["--set", "latent_dim"], ["NAME=VALUE"]),
        (["--set", "latent_dim=2,2"], ["01_one[latent_dim=2].ipynb"]),
        (["--set", "seed=1", "--set", "seed=2"], ["seed=VALUE,VALUE"]),
        (["--mode", "fast", "--set", "mode=full"], ["twice"]),
        (["--mode", "quick"], ["quick", "fast or full"]),
        (["--jobs", "0"], ["0 jobs", "1"]),
        (["--jobs", "many"], ["many"]),
        (["--sett", "seed=1"], ["--sett"]),
        (["nowhere.ipynb"], ["nowhere.ipynb"]),
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


def test_a_scheduler_that_does_not_answer_is_refused_soon(refused):
    start = time.monotonic()
    # Port 1 is reserved; nothing listens there.
    assert "tcp://127.0.0.1:1" in refused("--scheduler", "tcp://127.0.0.1:1")
    assert time.monotonic() - start < 15


def test_a_file_that_is_no_notebook_is_refused(refused, tmp_path):
    broken = tmp_path / "broken.ipynb"
    broken.write_text('{"cells": [')
    assert str(broken) in refused(str(broken))


def test_a_folder_that_cannot_be_written_is_refused(tmp_path, capsys):
    lesson = write_lesson(tmp_path, "01_one")
    (tmp_path / "file").write_text("")
    assert run.main([lesson, "--out", str(tmp_path / "file" / "out")]) == 2
    assert "--out" in capsys.readouterr().err


def test_lessons_are_found_by_number_and_part(tmp_path, monkeypatch):
    for name in ("01_one", "02_two", "12_twelve"):
        write_lesson(tmp_path, name)
    monkeypatch.setattr(run, "NOTEBOOKS", tmp_path)

    def find(*names):
        return [path.stem for path in run._find(names)]

    assert find() == ["01_one", "02_two", "12_twelve"]
    assert find("2") == find("02") == find("02_t") == find("two") == ["02_two"]
    assert find("2", "02_two", "1") == ["02_two", "01_one"]
    with pytest.raises(run.UsageError, match="02_two, 12_twelve"):
        find("tw")
    with pytest.raises(run.UsageError, match="mean 02_two"):
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
    with pytest.raises(ValueError, match="0 cells"):
        run._metrics([])
    with pytest.raises(ValueError, match="2 cells"):
        run._metrics([cell, cell])


# On a scheduler that others started; a grid; two runs in one folder.


@pytest.fixture(scope="module")
def cluster():
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=False,
        protocol="tcp://",
        dashboard_address="127.0.0.1:0",
    ) as cluster:
        yield cluster.scheduler_address


def test_a_grid_gives_a_copy_and_a_row_each(tmp_path, cluster, capsys):
    results = run.run_lessons(
        [write_lesson(tmp_path, "01_one")],
        mode="full",
        settings={"latent_dim": [2, 8], "rate": [1]},
        out=tmp_path / "out",
        scheduler=cluster,
    )
    names = [f"01_one[latent_dim={n},rate=1.0]" for n in (2, 8)]
    assert [result.name for result in results] == names
    copies = {f"{name}.ipynb" for name in names}
    assert written(tmp_path / "out") == copies | {"scoreboard.json"}
    assert [r.metrics["ours_mse"] for r in results] == [1 / 2, 1 / 8]
    assert all(r.parameters["mode"] == "full" for r in results)
    board = run._scoreboard(results)
    assert [name for name in names if board.count(name) == 1] == names


def test_a_folder_serves_one_run_at_a_time(tmp_path, cluster, capsys):
    lesson = write_lesson(tmp_path, "01_one")
    out = tmp_path / "out"
    command = [lesson, "--out", str(out), "--scheduler", cluster]
    with run._claim(out):
        assert run.main(command) == 2
        message = capsys.readouterr().err
        assert f"process {os.getpid()} is writing" in message
        assert written(out) == set()
    # What a dead process has left behind stops nobody.
    (out / ".lock").write_text("1")
    assert run.main(command) == 0
    assert "01_one" in capsys.readouterr().out


# Ctrl-C, and what `kill` and a service manager send.


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize(
    ("sent", "early", "elsewhere"),
    [
        (signal.SIGINT, False, False),
        (signal.SIGINT, False, True),
        (signal.SIGINT, True, False),
        (signal.SIGTERM, True, False),
    ],
)
def test_stopping_leaves_one_line_and_no_process(
    tmp_path, cluster, sent, early, elsewhere
):
    sleep = "import time; time.sleep(60)"
    note = 'open("pid", "w").write(str(__import__("os").getpid()))'
    lessons = [
        write_lesson(tmp_path, "01_one"),
        write_lesson(tmp_path, "02_two", f"{note}; {sleep}"),
    ]
    out, pid = tmp_path / "out", tmp_path / "pid"
    arguments = [*lessons, "--out", str(out), "--jobs", "2"]
    if elsewhere:
        arguments += ["--scheduler", cluster]
    process = subprocess.Popen(
        [sys.executable, "-m", "utils.run", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    # Early: while the workers are starting.
    here = psutil.Process(process.pid)
    ready = [pid, out / "01_one.ipynb"]
    assert wait_until(
        lambda: (
            len(here.children()) > 2
            if early
            else all(path.exists() for path in ready)
        ),
        60,
    )
    pids = [child.pid for child in here.children(recursive=True)]
    if not early:
        pids.append(int(pid.read_text()))
    # A terminal sends it to the whole group, `kill` to one process.
    send = os.killpg if sent == signal.SIGINT else os.kill
    send(process.pid, sent)
    stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 130
    assert stdout == ""
    *progress, last = stderr.splitlines()
    count = 0 if early else 1
    assert last == (
        f"stopped; {count} lessons finished, their copies are in {out}"
    )
    assert all(line.startswith(("01_one  ", "02_two  ")) for line in progress)
    assert written(out) == (set() if early else {"01_one.ipynb"})
    assert wait_until(lambda: not any(map(alive, pids)), 5)
