"""The runner, on small notebooks that need no TensorFlow."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

from utils.findings import METRICS_TYPE
from utils.tools import UsageError
from utils.tools import lessons as course
from utils.tools.lessons import ROOT
from utils.tools.run import board, cluster, plan, task
from utils.tools.run.command import main
from utils.tools.run.progress import ProgressLine

import nbformat
import psutil
import pytest
from dask.system import CPU_COUNT
from distributed.system import MEMORY_LIMIT
from nbformat import v4
from papermill.exceptions import PapermillExecutionError
from scratch import (
    alive,
    printed,
    start_scheduler,
    wait_until,
    write_lesson,
    written,
)

# One run of many: lessons that pass and that fail.


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """Run lessons by the command line, in folders of unusual names."""
    folder = tmp_path_factory.mktemp("course") / "a b, Übung № 1, 自編碼器"
    # It leaves a process behind, as %tensorboard does.
    look = (
        "import os, subprocess, sys, time\n"
        "sleep = [sys.executable, '-c', 'import time; time.sleep(600)']\n"
        "print(sys.executable)\n"
        "print(subprocess.Popen(sleep, start_new_session=True).pid)\n"
        "print(*map(os.environ.get, ('OMP_NUM_THREADS',"
        " 'TF_NUM_INTRAOP_THREADS', 'TF_NUM_INTEROP_THREADS',"
        " 'OPENBLAS_NUM_THREADS')))\n"
        # What other work has set.
        "names = [n for n in os.environ if n[:6] in ('KERAS_', 'TF_USE')]\n"
        "print(sorted(names), os.listdir(os.environ['KERAS_HOME']))\n"
        "print(__debug__, sys.warnoptions, 'started' in dir())\n"
        "print(repr(open(os.environ['MATPLOTLIBRC']).read()))\n"
        "print(os.environ['MPLBACKEND'])\n"
        "time.sleep(1)"
    )
    end_kernel = "import os; os.kill(os.getpid(), 9)"
    # A network set aside for examples: nothing answers there.
    fetch = (
        "import utils, urllib.request\n"
        "try:\n"
        "    urllib.request.urlopen('http://192.0.2.1', timeout=1)\n"
        "except Exception as error:\n"
        "    print(repr(error))"
    )
    lessons = [
        write_lesson(folder, "02_dead", "print('alive')", end_kernel),
        write_lesson(folder, "03_raise", "x = 1", "\ny = 1 / (x - 1)", "z"),
        write_lesson(folder, "04_pass", look, fetch),
    ]
    out = folder.joinpath(*5 * ["long" * 12])
    out.mkdir(parents=True)
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
    startup = folder / "ipython" / "profile_default" / "startup" / "00.py"
    startup.parent.mkdir(parents=True)
    startup.write_text("started = True")
    foreign = {
        "IPYTHONDIR": str(folder / "ipython"),
        "PYTHONSTARTUP": str(startup),
        "PYTHONOPTIMIZE": "1",
        "PYTHONWARNINGS": "ignore",
        "DASK_SCHEDULER_ADDRESS": "tcp://127.0.0.1:1",
        "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "true",
        "DASK_DISTRIBUTED__SCHEDULER__PRELOAD": "no_such_module",
        "DASK_DISTRIBUTED__WORKER__PRELOAD": "no_such_module",
        "KERAS_BACKEND": "torch",
        "KERAS_HOME": str(folder),
        "KERAS_MAX_EPOCHS": "1",
        "TF_USE_LEGACY_KERAS": "1",
        "MPLBACKEND": "pdf",
        "MATPLOTLIBRC": str(startup),
    }
    environment = {**os.environ, **elsewhere, **foreign}
    for name in environment.keys() & {
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "TF_NUM_INTRAOP_THREADS",
        "TF_NUM_INTEROP_THREADS",
    }:
        del environment[name]
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


def test_what_else_there_is_ends_a_message():
    known = ["mode", "seed"]
    assert plan.suggest("sed", known) == "; did you mean seed?"
    assert plan.suggest("latent_dim", known) == "; there are: mode, seed"
    assert plan.suggest("seed", []) == "; there are: none"


def test_libraries_that_two_processes_read_count_once():
    kernel = mock.Mock()
    kernel.memory_info.return_value = mock.Mock(rss=900, shared=300)
    loader = mock.Mock()
    loader.memory_info.return_value = mock.Mock(rss=500, shared=400)
    assert task.measure_memory([kernel, loader]) == 600 + 100 + 400
    # Windows and macOS do not tell what is shared.
    other = mock.Mock()
    other.memory_info.return_value = mock.Mock(spec=["rss"], rss=500)
    assert task.measure_memory([other, other]) == 1000
    assert task.measure_memory([]) == 0


def test_the_kernel_is_the_python_of_the_runner(done):
    assert printed(done.out / "04_pass.ipynb").startswith(sys.executable)


def test_lessons_beside_each_other_share_the_cores(done):
    threads = printed(done.out / "04_pass.ipynb").splitlines()[2].split()
    jobs = cluster.count_jobs(None, 3, CPU_COUNT, MEMORY_LIMIT)
    # OpenBLAS has one, for a kept result has to be found again.
    assert threads == [*3 * [str(max(1, CPU_COUNT // jobs))], "1"]


@pytest.mark.parametrize(
    ("wanted", "n_runs", "cores", "gibibytes", "jobs"),
    [
        (None, 9, 4, 64, 4),
        (None, 3, 4, 64, 3),
        (None, 9, 4, 4, 2),
        (None, 9, 4, 1, 1),
        (8, 9, 2, 1, 8),
        (8, 3, 2, 1, 3),
    ],
)
def test_cores_memory_and_lessons_limit_the_jobs(
    wanted, n_runs, cores, gibibytes, jobs
):
    memory = gibibytes * 2**30
    assert cluster.count_jobs(wanted, n_runs, cores, memory) == jobs


def test_settings_of_other_work_do_not_reach_a_lesson(done):
    assert printed(done.out / "04_pass.ipynb").splitlines()[3:7] == [
        "['KERAS_HOME'] []",
        "True [] False",
        "''",
        "module://matplotlib_inline.backend_inline",
    ]


def test_only_what_came_to_an_end_leaves_files(done):
    assert written(done.out) == {
        "02_dead.failed.ipynb",
        "03_raise.failed.ipynb",
        "04_pass.ipynb",
        "scoreboard.json",
    }


def test_a_failure_is_named_in_three_lines(done):
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    start = lines.index("lesson  03_raise")
    place = "cell    4 (In [3]), line 2: y = 1 / (x - 1)"
    assert lines[start + 1] == place
    assert lines[start + 2] == "error   ZeroDivisionError: division by zero"
    assert "Traceback" not in done.stderr


def test_a_kernel_that_dies_fails_its_lesson(done):
    row = done.board["02_dead"]
    assert row["cell"].startswith("4 (")
    assert row["cell"].endswith("import os; os.kill(os.getpid(), 9)")
    assert row["error"].startswith("DeadKernelError: Kernel died; out of mem")
    # What came before is kept.
    assert printed(done.out / "02_dead.failed.ipynb") == "alive\n"


def test_a_lesson_that_fetches_fails_in_tests(done):
    line = printed(done.out / "04_pass.ipynb").splitlines()[7]
    assert line.startswith("RuntimeError('192.0.2.1 is another machine")


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
        code = main([*lessons[only], *out, *arguments])
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
    runs = plan.plan_runs([], {"rate": [0.1, 0.2]})
    assert [(run.name, run.values) for run in runs] == [
        ("01_one[rate=0.1]", {"rate": 0.1}),
        ("01_one[rate=0.2]", {"rate": 0.2}),
        ("02_two", {}),
    ]


def test_the_longest_lessons_start_first(tmp_path):
    names = ("01_one", "02_two", "03_three", "02_two")
    runs = [plan.Run(name, name, ".", "", {}, {}) for name in names]
    results = tmp_path / "results.json"
    rows = {"01_one": {"seconds": 2}, "02_two": {"seconds": 30}}
    results.write_text(json.dumps({"lessons": rows}))
    assert plan.order_runs(runs, results) == [1, 3, 0, 2]
    # A file that git has left half merged, or none.
    results.write_text("<<<<<<< HEAD\n{}")
    assert plan.order_runs(runs, results) == [0, 1, 2, 3]
    results.unlink()
    assert plan.order_runs(runs, results) == [0, 1, 2, 3]
    # Those of the course.
    runs = plan.plan_runs([], {})
    first = runs[plan.order_runs(runs)[0]].lesson
    seconds = json.loads(plan.RESULTS.read_text("utf-8"))["lessons"]
    assert seconds[first] == max(seconds.values(), key=lambda x: x["seconds"])


def test_runs_are_sent_in_that_order(tmp_path, capsys):
    names = ["01_prepare_data", "07_variational_autoencoder"]
    paths = [write_lesson(tmp_path, name) for name in names]
    assert main([*paths, "--out", str(tmp_path / "out"), "--jobs", "1"]) == 0
    lines = capsys.readouterr().err.splitlines()
    started = [line.split()[0] for line in lines if line.endswith("started")]
    assert started == names[::-1]


def test_a_scheduler_that_is_not_there_is_refused_soon(refused, monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 0.5)
    # Port 1 is reserved; nothing listens there.
    message = refused("--scheduler", "tcp://127.0.0.1:1")
    assert "no Dask scheduler answers at tcp://127.0.0.1:1;" in message


def test_verbose_shows_where_an_error_arose(tmp_path, capsys):
    assert main(["nowhere.ipynb", "--verbose"]) == 2
    captured = capsys.readouterr().err
    assert "Traceback" in captured and "find_path" in captured


@pytest.mark.parametrize(
    "arguments", [["--jobs", "many"], ["--jobs", "1", "--scheduler", "x"]]
)
def test_argparse_refuses(arguments, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
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
    assert main([lesson, "--out", str(tmp_path / "file" / "out")]) == 2
    assert "--out" in capsys.readouterr().err


@pytest.mark.parametrize("was_run", [False, True])
def test_a_lesson_is_not_replaced_by_its_copy(tmp_path, capsys, was_run):
    """`--out .` beside a notebook of one's own, and `--out notebooks`."""
    lesson = Path(write_lesson(tmp_path, "01_one"))
    if was_run:
        (tmp_path / ".lock").touch()
    before = lesson.read_bytes()
    assert main([str(lesson), "--out", str(tmp_path)]) == 2
    assert "--out" in capsys.readouterr().err
    assert lesson.read_bytes() == before
    with pytest.raises(UsageError, match="lessons lie in"):
        board.check_folder(ROOT / "tests" / ".." / "notebooks", [])


def test_a_folder_of_ones_own_is_not_written_into(tmp_path, capsys):
    lesson = write_lesson(tmp_path, "01_one")
    answers = tmp_path / "answers"
    answers.mkdir()
    mine = Path(write_lesson(answers, "01_one"))
    before = mine.read_bytes()
    assert main([lesson, "--out", str(answers)]) == 2
    assert "01_one.ipynb" in capsys.readouterr().err
    assert mine.read_bytes() == before
    assert [path.name for path in answers.iterdir()] == ["01_one.ipynb"]


@pytest.mark.parametrize("name", [".DS_Store", ".lock", "scoreboard.json"])
def test_a_folder_of_runs_is_used_again(tmp_path, name):
    (tmp_path / name).touch()
    if name[0] != "." or name == ".lock":
        (tmp_path / "01_one.ipynb").touch()
    board.check_folder(tmp_path, [])
    board.check_folder(tmp_path / "new", [])


def test_lessons_are_found_by_number_and_part(tmp_path, monkeypatch):
    for name in ("01_one", "02_two", "12_twelve"):
        write_lesson(tmp_path, name)
    monkeypatch.setattr(course, "NOTEBOOKS", tmp_path)

    def find(*names):
        return [path.stem for path in plan.find_paths(names)]

    assert find() == ["01_one", "02_two", "12_twelve"]
    assert find("2") == find("02") == find("02_t") == find("two") == ["02_two"]
    assert find("2", "02_two", "1") == ["02_two", "01_one"]
    with pytest.raises(UsageError, match="tw is ambig.* 02_two, 12_twelve"):
        find("tw")
    with pytest.raises(UsageError, match="mean 02_two"):
        find("02_tow")


def test_copies_and_scratch_notebooks_are_no_lessons(tmp_path, monkeypatch):
    copies = ("02_two-Copy1", "02_two__20221104104101", "Untitled", "03_x (1)")
    for name in ("01_one", "02_two", *copies):
        write_lesson(tmp_path, name)
    monkeypatch.setattr(course, "NOTEBOOKS", tmp_path)
    names = [run.name for run in plan.plan_runs([], {}, "full")]
    assert names == ["01_one", "02_two"]
    assert [path.stem for path in plan.find_paths(["02"])] == ["02_two"]
    for name in copies:
        with pytest.raises(UsageError, match="no lesson"):
            plan.find_paths([name])
        # Whoever names a file means it.
        path = tmp_path / f"{name}.ipynb"
        assert plan.find_paths([str(path)]) == [path]


def test_parameters_are_the_literals_of_their_cell(tmp_path):
    source = "a = b = [1, 2]\nc: float = 0.5\nd: int\ne = len('x')\na += 1"
    path = write_lesson(tmp_path, "01_one", parameters=source)
    lesson = nbformat.read(path, as_version=4)
    found = plan.read_parameters(lesson, path)
    assert found == {"a": [1, 2], "b": [1, 2], "c": 0.5}


def leave(*values, tags=("metrics",)):
    """Return a cell that has left these for the scoreboard."""
    outputs = [
        v4.new_output("display_data", data={METRICS_TYPE: value})
        for value in values
    ]
    return v4.new_code_cell(metadata={"tags": list(tags)}, outputs=outputs)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (leave(), "leave_metrics, once"),
        (leave({"a": 1}, {"b": 1}), "leave_metrics, once"),
        (leave({"a": 1}, tags=()), "leave_metrics, once"),
        (leave([1]), "leave_metrics, once"),
        (leave({"a": {"b": 1}}), "a is"),
        (leave({"a": "1"}), "a is '1'"),
        (leave({"a": True}), "a is True"),
        (leave({"a": float("inf")}), "a is inf"),
    ],
)
def test_metrics_are_read_strictly(cell, message):
    with pytest.raises(ValueError, match=message):
        board.read_metrics([cell])
    good = {"a": 1, "b": 0.5, "c": None}
    assert board.read_metrics([leave(good)]) == good


# What a lesson found.


FINDINGS = """from utils.findings import Findings
findings = Findings()
findings.add("the rate is low", rate < 1, f"rate {rate}")
findings.add("two codes are few", latent_dim < 3, f"{latent_dim} codes")
findings.show()"""


def test_findings_that_hold_are_counted(tmp_path, scheduler, capsys):
    lesson = write_lesson(tmp_path, "01_one", FINDINGS)
    command = [lesson, "--scheduler", scheduler, "--out", str(tmp_path / "o")]
    assert main(command) == 0
    captured = capsys.readouterr()
    assert "2 of 2" in captured.out
    assert "does not hold" not in captured.err
    (row,) = json.loads((tmp_path / "o" / "scoreboard.json").read_text())
    assert row["findings"][1] == {
        "claim": "two codes are few",
        "holds": True,
        "numbers": "2 codes",
    }


def test_a_finding_that_does_not_hold_fails_the_run(
    tmp_path, scheduler, capsys
):
    source = FINDINGS.replace("rate < 1", "rate > 1")
    lesson = write_lesson(tmp_path, "01_one", source)
    command = [lesson, "--scheduler", scheduler, "--out", str(tmp_path / "o")]
    # Both modes are the lesson's own settings.
    assert main([*command, "--mode", "full"]) == 1
    captured = capsys.readouterr()
    assert "1 of 2" in captured.out
    assert "does not hold here: the rate is low" in captured.err
    assert "rate 0.5" in captured.err
    assert "two codes" not in captured.err
    assert "finished" in (tmp_path / "o" / "scoreboard.json").read_text()


def test_with_other_settings_it_is_a_result(tmp_path, scheduler, capsys):
    lesson = write_lesson(tmp_path, "01_one", FINDINGS)
    command = [lesson, "--scheduler", scheduler, "--out", str(tmp_path / "o")]
    assert main([*command, "--set", "rate=5"]) == 0
    captured = capsys.readouterr()
    assert "1 of 2" in captured.out
    assert "does not hold here: the rate is low" in captured.err


# How a failure is named.


def execute(*traceback, ename="E", count=3, source="a\nb\nc", output=True):
    """Return the cells of an executed copy whose second cell failed."""
    error = v4.new_output("error", ename=ename, traceback=list(traceback))
    started = {"papermill": {"start_time": "now"}}
    waits = {"papermill": {"start_time": None}}
    return [
        v4.new_code_cell("x", execution_count=count - 1, metadata=started),
        v4.new_code_cell(
            source,
            execution_count=count,
            metadata=started,
            outputs=[error] if output else [],
        ),
        v4.new_markdown_cell("text"),
        v4.new_code_cell("never", metadata=waits),
    ]


@pytest.mark.parametrize(
    ("traceback", "line"),
    [
        (["Cell In[3], line 2\n----> 2 b"], "2: b"),
        (["\x1b[36mCell\x1b[39m\x1b[36m \x1b[39mIn[3], line 2\n"], "2: b"),
        # The innermost frame in this cell; others are elsewhere.
        (["Cell In[3], line 3", "Cell In[3], line 1, in f()"], "1: a"),
        (["Cell In[3], line 3", "Cell In[2], line 1, in f()"], "3: c"),
        (["Cell In[3], line 3", "File ~/helper.py:1, in f()"], "3: c"),
        # A syntax error has no frames.
        (["  Cell In[3], line 2\n    b b\nSyntaxError: -"], "2: b"),
        # A message is no frame.
        (["Cell In[3], line 2", "E: \nCell In[3], line 1"], "2: b"),
    ],
)
def test_a_failure_is_named_by_its_line(traceback, line):
    cells = execute(*traceback)
    assert board.name_failure(cells) == f"2 (In [3]), line {line}"


def test_blank_lines_at_the_start_of_a_cell_count():
    # IPython leaves them out.
    cells = execute("Cell In[3], line 2", source="\n  \na\nb")
    assert board.name_failure(cells) == "2 (In [3]), line 4: b"


def test_a_failure_without_a_traceback_is_named_by_its_first_line():
    for cells in (
        execute(output=False),
        execute("Cell In[3], line 9"),
        execute("File <timed exec>:1"),
    ):
        assert board.name_failure(cells) == "2 (In [3]): a"
    assert board.name_failure(execute()[2:]) is None


def test_a_metric_that_is_no_number_fails_the_lesson():
    run = plan.Run("01_one", "01_one", ".", "", {}, {})
    cell = leave({"ours_x": "many"})
    cell.source, cell.execution_count = "leave_metrics(ours_x='many')", 1
    cell.metadata.papermill = {"start_time": "now"}
    notebook = nbformat.writes(v4.new_notebook(cells=[cell]))
    result = board.judge(run, task.Outcome(notebook, seconds=2.5))
    row = result.make_row()
    assert (row["status"], row["metrics"]) == ("failed", {})
    assert "ours_x is 'many'" in row["error"]
    assert row["cell"] == f"1 (In [1]): {cell.source}"
    assert row["seconds"] == 2.5
    # A worker that sends back nothing.
    result = board.judge(run, task.Outcome(error="its process ended"))
    assert (result.status, result.cell) == ("failed", None)
    assert "error   its process ended" in board.format_failure(result)


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        ("AssertionError", ["AssertionError"]),
        ("E: one", ["E: one"]),
        ("E: one\n\n  two  \n", ["E: one", "  two"]),
        ("E: \x1b[1mone\x1b[0m", ["E: one"]),
    ],
)
def test_all_lines_of_an_error_are_shown(error, shown):
    assert board.format_error(error).split("\n        ") == shown


def test_a_long_error_is_cut_in_its_middle():
    lines = [f"line {number}" for number in range(100)]
    shown = board.format_error("\n".join(lines))
    assert shown.startswith("line 0\n        line 1\n")
    assert shown.endswith("line 98\n        line 99")
    assert "82 lines, see scoreboard.json" in shown
    assert len(shown.splitlines()) == 19
    shown = board.format_error("a" + 10**6 * "-" + "b")
    assert shown[0] == "a" and shown[-1] == "b" and len(shown) < 500


@pytest.mark.parametrize("name", ["ValueError", "KeyError"])
def test_an_error_is_described_as_its_cell_does(name):
    problem = PapermillExecutionError(0, 1, "", name, "\n\n a\nb\n", [])
    assert task.describe(problem) == f"{name}: a\nb"
    problem = PapermillExecutionError(0, 1, "", name, "", [])
    assert task.describe(problem) == name
    assert task.describe(OSError("full")) == "OSError: full"


def test_the_environment_of_a_lesson(tmp_path):
    given = {"OMP_NUM_THREADS": "7", "PYTHONPATH": "x", "KERAS_NEW": "1"}
    made = task.make_environment(given, tmp_path, 3)
    # What a user says about threads counts.
    assert made["OMP_NUM_THREADS"] == "7"
    assert made["TF_NUM_INTRAOP_THREADS"] == "3"
    assert made["TF_NUM_INTEROP_THREADS"] == "3"
    assert made["OPENBLAS_NUM_THREADS"] == "1"
    assert made["PYTHONPATH"].split(os.pathsep) == [str(ROOT), "x"]
    assert "KERAS_NEW" not in made
    given = dict.fromkeys(task.FOREIGN, "of other work")
    made = task.make_environment(given, tmp_path / "2", 3)
    assert "of other work" not in made.values()


def test_progress_is_read_as_papermill_writes_it(tmp_path):
    assert task.read_progress(tmp_path) is None
    for text, progress in (
        ("", None),
        ("\r0 12", (0, 12)),
        ("\r0 12\r9 12\r10", None),
        ("\r0 12\r9 12\r10 12\n", (10, 12)),
    ):
        (tmp_path / task.PROGRESS).write_text(text)
        assert task.read_progress(tmp_path) == progress


def test_a_run_that_failed_does_not_seem_complete():
    for status, n_done in (("finished", 9), ("failed", 4)):
        line = ProgressLine("01_one", 0)
        line.start(1)
        line.move(4, 9)
        line.finish(status, 1.5)
        assert (line.bar.n, line.bar.total) == (n_done, 9)
        line.close()


def test_an_error_of_the_process_is_read(tmp_path):
    (tmp_path / task.LOG).write_text("a warning\n\nkilled\n\n")
    found = task.read_error(tmp_path, -9)
    assert found == "its process ended with status -9\nkilled"
    (tmp_path / task.ERROR).write_text("OSError: full")
    assert task.read_error(tmp_path, 1) == "OSError: full"


def test_a_notebook_is_not_written_at_each_cell(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_lesson(tmp_path, "lesson", "1", "2", "3")
    written = mock.Mock()
    monkeypatch.setattr("papermill.engines.write_ipynb", written)
    task.execute({}, ".")
    assert written.call_count == 2  # before the first cell, behind the last
    assert task.read_progress(tmp_path) == (6, 6)


def test_a_notebook_that_is_cut_short_is_none(tmp_path):
    assert task.read_executed(tmp_path) == ""
    for text, read in (('{"cells"', ""), ('{"cells": []}',) * 2):
        (tmp_path / task.EXECUTED).write_text(text)
        assert task.read_executed(tmp_path) == read


def test_widgets_are_left_out_of_copies():
    widget = {board.WIDGET: {"model_id": "1"}, "text/plain": "Widget()"}
    outputs = [
        v4.new_output("display_data", data=widget),
        v4.new_output("display_data", data=widget | {"image/png": "AAAA"}),
        v4.new_output("display_data", data={"text/plain": "text"}),
    ]
    cell = v4.new_code_cell(outputs=outputs)
    metadata = {"widgets": {board.WIDGET: {}}, "title": "A lesson"}
    notebook = v4.new_notebook(cells=[cell], metadata=metadata)
    copy = nbformat.reads(board.drop_widgets(nbformat.writes(notebook)), 4)
    assert [dict(output.data) for output in copy.cells[0].outputs] == [
        {"text/plain": "Widget()", "image/png": "AAAA"},
        {"text/plain": "text"},
    ]
    assert copy.metadata == {"title": "A lesson"}


def test_images_lie_beside_a_copy(tmp_path):
    lesson = write_lesson(tmp_path / "course", "01_shown", "![](no.svg)")
    shown = "![A star.](images/star.svg) ![Elsewhere.](../star.svg)"
    notebook = nbformat.read(lesson, as_version=4)
    notebook.cells.append(v4.new_markdown_cell(shown))
    nbformat.write(notebook, lesson)
    images = tmp_path / "course" / "images"
    images.mkdir()
    for path in (images / "star.svg", tmp_path / "star.svg"):
        path.write_bytes(b"<svg/>")
    (run,) = plan.plan_runs([str(lesson)], {})
    out = tmp_path / "executed"
    board.write_copy(out, board.Result(run, "finished"), run.notebook)
    copied = {str(path.relative_to(out)) for path in out.rglob("*.*")}
    assert copied == {"01_shown.ipynb", "images/star.svg"}
    assert (out / "images" / "star.svg").read_bytes() == b"<svg/>"


# On a scheduler that others started; a grid.


@pytest.fixture(scope="module")
def scheduler():
    with start_scheduler(n_workers=1) as address:
        yield address


def test_a_grid_gives_a_copy_and_a_row_each(tmp_path, scheduler, capsys):
    lesson = write_lesson(tmp_path, "01_one", "\nassert latent_dim < 8, 'no'")
    out = tmp_path / "out"
    grid = ["--set", "latent_dim=2,8", "--set", "rate=1"]
    command = [lesson, *grid, "--mode", "full", "--scheduler", scheduler]
    assert main([*command, "--out", str(out), "--verbose"]) == 1
    names = [f"01_one[latent_dim={n},rate=1.0]" for n in (2, 8)]
    copies = {f"{names[0]}.ipynb", f"{names[1]}.failed.ipynb"}
    assert written(out) == copies | {"scoreboard.json"}
    rows = json.loads((out / "scoreboard.json").read_text())
    assert [row["name"] for row in rows] == names
    assert rows[0]["metrics"]["ours_mse"] == 1 / 2
    assert all(row["parameters"]["mode"] == "full" for row in rows)
    # As counted in the lesson, which lacks the cell that papermill adds.
    line = "line 2: assert latent_dim < 8, 'no'"
    assert rows[1]["cell"] == f"3 (In [3]), {line}"
    assert rows[1]["error"] == "AssertionError: no"
    captured = capsys.readouterr()
    assert [n for n in names if captured.out.count(n) == 1] == names
    assert "Cell In[3], line 1\n----> 1 assert" in captured.err


def test_a_folder_serves_one_run_at_a_time(refused, scheduler, tmp_path):
    with board.claim_folder(tmp_path / "out"):
        message = refused("--scheduler", scheduler)
    assert f"another run writes into {tmp_path / 'out'};" in message
    # What was silenced is heard again.
    assert logging.root.manager.disable == logging.NOTSET


RACE = """\
import pathlib, sys
from utils.tools import UsageError
from utils.tools.run import board
out = pathlib.Path(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
try:
    with board.claim_folder(out):
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
        for _ in range(3)
    ]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        racer.stdin.write("go\n")
    found = sorted(racer.stdout.readline() for racer in racers)
    for racer in racers:
        racer.kill()
        racer.communicate()
    assert found == ["mine\n"] + 2 * ["refused\n"]
    # The one that was killed keeps nobody out.
    with board.claim_folder(tmp_path / "out"):
        assert written(tmp_path / "out") == set()


def test_a_process_starts_without_the_grammar_of_addresses():
    # It takes longer to build than all else that a process imports.
    code = (
        "import sys, utils.tools.run.task, papermill; "
        "print('jsonschema' in sys.modules, 'lark' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["True", "False"]
