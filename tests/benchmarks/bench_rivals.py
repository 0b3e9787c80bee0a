"""Train the lessons' networks as others do, beside `utils.training.fit`.

    PYTHONPATH=tests python tests/benchmarks/bench_rivals.py [--before FOLDER]

The same network learns the same digits by the same recipe (Adam, a rate that
falls to zero by a cosine, the batch size of the lesson) in several ways: with
`fit`, as a plain graph and with XLA; with Keras's own `fit` on arrays; and,
where `pip install -e ".[bench]"` has installed them, in PyTorch and JAX. Each
contender is a process of its own, so its memory and its threads are its own.
They take turns, round by round, so that what else runs on the machine slows
all. Everything counts but the imports: to build, trace and compile, too.

`--before` names a checkout of an earlier course, whose `fit` takes part:

    git worktree add --detach build/before 262b8c3

Then the goals for the speed of `fit` are looked at, and the exit status tells
whether all of them are met.

The floor is the time that the products of an epoch would take at the rate at
which this machine multiplies large matrices.
"""

import argparse
import importlib.util
import itertools
import json
import os
import queue
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NamedTuple

from utils.data import load_images
from utils.tools.results import make_table

import matplotlib.pyplot as plt
import numpy as np
import psutil
import with_keras
from common import BENCH, count_operations, keep, measure_rate

SCRIPTS = Path(__file__).resolve().parent
ROOT = SCRIPTS.parents[1]


class Task(NamedTuple):
    """What is trained, and on how much."""

    network: str
    size: str
    settings: dict
    shape: tuple  # of an image
    images: int
    epochs: int
    batch_size: int
    learning_rate: float


# Networks, batch sizes and rates are those of lessons 02, 05 and 06; that of
# lesson 05 without batch normalization and without the map of places, so its
# rate is lower than the lesson's. A full epoch of the last two takes minutes,
# so these see a part of the digits.
TASKS = [
    Task("dense", "fast", {}, (784,), 3_500, 20, 64, 3e-3),
    Task("dense", "full", {}, (784,), 60_000, 5, 256, 3e-3),
    Task(
        *("convolutional", "fast", {"width": 32}),
        *((28, 28, 1), 3_500, 4, 32, 3e-3),
    ),
    Task(
        *("convolutional", "full", {"width": 64}),
        *((28, 28, 1), 6_000, 2, 32, 3e-3),
    ),
    Task(
        *("recurrent", "fast", {"width": 48, "n_steps": 14}),
        *((14, 56), 3_500, 4, 64, 2e-2),
    ),
    Task(
        *("recurrent", "full", {"width": 64, "n_steps": 28}),
        *((28, 28), 6_000, 3, 256, 2e-2),
    ),
]
CONTENDERS = {
    "course": "ours",
    "course-xla": "ours, XLA",
    "before": "ours before",
    "before-xla": "ours before, XLA",
    "keras": "Keras's fit on arrays",
    "torch": "PyTorch, tensors in memory",
    "torch-loader": "PyTorch, DataLoader",
    "jax": "JAX, scan",
}
# What a DataLoader costs is seen on the smallest network. XLA, which JAX uses,
# too, computes convolutions on a CPU many times slower: with them a run would
# take half an hour. Those that are named by `--contenders` take part anywhere.
ONLY_DENSE = ("before-xla", "torch-loader")
NOT_CONVOLUTIONAL = ("course-xla", "jax")


class Goal(NamedTuple):
    """A ratio of two contenders that is to be reached."""

    text: str
    network: str
    size: str
    measure: str
    ours: str
    other: str
    most: float


GOALS = [
    Goal(
        "an epoch of 60,000 digits, dense, beside our fit before",
        *("dense", "full", "seconds_an_epoch", "course-xla", "before", 0.35),
    ),
    Goal(
        "the same beside PyTorch with tensors in memory",
        *("dense", "full", "seconds_an_epoch", "course-xla", "torch", 0.5),
    ),
    Goal(
        "the same beside JAX",
        *("dense", "full", "seconds_an_epoch", "course-xla", "jax", 1),
    ),
    Goal(
        # With XLA, as lesson 02 trains it.
        "3,500 digits, dense, all in, beside our fit before",
        *("dense", "fast", "seconds", "course-xla", "before", 0.6),
    ),
    Goal(
        "the same beside PyTorch with tensors in memory",
        *("dense", "fast", "seconds", "course-xla", "torch", 1),
    ),
    Goal(
        "3,500 digits, convolutional, all in, beside our fit before",
        *("convolutional", "fast", "seconds", "course", "before", 0.75),
    ),
    Goal(
        "3,500 digits, recurrent, all in, beside our fit before",
        *("recurrent", "fast", "seconds", "course", "before", 0.5),
    ),
    *(
        Goal(
            f"memory, {network}, {size}, beside our fit before",
            *(network, size, "peak_mib", "course", "before"),
            1.02,  # the same training differs by so much between two runs
        )
        for network in ("dense", "convolutional", "recurrent")
        for size in ("fast", "full")
    ),
]


class Contender:
    """A process that trains when it is told to."""

    def __init__(self, name, data, course, log):
        framework = name.partition("-")[0]
        script = f"with_{framework}.py"
        if framework in ("course", "before"):
            script = "with_keras.py"
        self.name, self.log = name, log
        self.peak = 0
        self.process = psutil.Popen(
            [sys.executable, SCRIPTS / script, name, data],
            env=os.environ | {"PYTHONPATH": str(course)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        self.lines = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put("")

    def wait(self):
        """Return its next line; keep in mind how much memory it has."""
        while True:
            with suppress(psutil.Error):
                self.peak = max(self.peak, self.process.memory_info().rss)
            with suppress(queue.Empty):
                line = self.lines.get(timeout=0.02)
                break
        if not line:
            raise RuntimeError(f"{self.name} has ended: see {self.log.name}")
        return line

    def train(self, recipe):
        """Return what a training took, and the peak memory until now."""
        print(json.dumps(recipe), file=self.process.stdin, flush=True)
        return json.loads(self.wait()) | {"peak_mib": self.peak / 2**20}

    def end(self):
        """End the process and wait for it."""
        self.process.kill()
        self.process.wait()


def load_digits(n, shape):
    """Return images to train on, and those of the test part."""
    mode = "fast" if n <= 3_500 else "full"
    try:
        train, valid, test = load_images("mnist", mode)
    except FileNotFoundError:
        print("no full data: the embedded sample, repeated")
        train, valid, test = load_images("mnist")
    images = np.concatenate([train.x, valid.x])
    images = np.resize(images, (n, *images.shape[1:]))
    return images.reshape(-1, *shape), test.x.reshape(-1, *shape)


def find_contenders(task, before, chosen):
    """Return the names of those that can take part."""
    names = set(chosen or CONTENDERS)
    if before is None:
        names -= {"before", "before-xla"}
    for framework in ("torch", "jax"):
        if importlib.util.find_spec(framework) is None:
            names -= {framework, f"{framework}-loader"}
    if task.network != "dense" and not chosen:
        names -= {*ONLY_DENSE}
    if task.network == "convolutional" and not chosen:
        names -= {*NOT_CONVOLUTIONAL}
    return [name for name in CONTENDERS if name in names]


def run(task, names, before, rounds, end, out):
    """Let contenders take turns; return the trainings of each by name.

    There are so many rounds as are asked for, but the first: none that would
    last beyond `end`, a time as time.monotonic() has it. What contenders
    write on the way goes to rivals.log in the folder `out`.
    """
    images, test = load_digits(task.images, task.shape)
    recipe = {
        "network": task.network,
        "settings": task.settings,
        "epochs": task.epochs,
        "batch_size": task.batch_size,
        "learning_rate": task.learning_rate,
    }
    trainings = {name: [] for name in names}
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        data = Path(folder, "digits.npz")
        np.savez(
            data, x_train=images, y_train=images, x_test=test, y_test=test
        )
        log = stack.enter_context(open(out / "rivals.log", "a"))
        contenders = []
        for name in names:
            course = before if name.startswith("before") else ROOT
            contenders.append(Contender(name, data, course, log))
            stack.callback(contenders[-1].end)
        for contender in contenders:
            contender.wait()  # it has imported what it needs
        for _ in range(rounds):
            start = time.monotonic()
            for contender in contenders:
                trainings[contender.name].append(contender.train(recipe))
            now = time.monotonic()
            if now + (now - start) > end:
                break
    return trainings


def summarize(trainings):
    """Return the figures of each contender: medians, and the least."""
    # Where all have arrived: the worst of their losses at the end.
    common = max(
        statistics.median(each["epoch_losses"][-1] for each in rows)
        for rows in trainings.values()
    )
    figures = {}
    for name, rows in trainings.items():
        epochs = [
            min(each["epoch_seconds"][1:] or each["epoch_seconds"])
            for each in rows
        ]
        seconds = [each["seconds"] for each in rows]
        figures[name] = {
            "seconds_an_epoch": statistics.median(epochs),
            "least_seconds_an_epoch": min(epochs),
            "seconds": statistics.median(seconds),
            "least_seconds": min(seconds),
            "seconds_to_common_loss": statistics.median(
                find_seconds_to(common, each) for each in rows
            ),
            "processor_seconds": min(
                sum(each["epoch_processor_seconds"]) for each in rows
            ),
            "loss": statistics.median(each["loss"] for each in rows),
            "peak_mib": max(each["peak_mib"] for each in rows),
            "rounds": len(rows),
        }
    return common, figures


def find_seconds_to(loss, training):
    """Return the seconds until the test loss was so small for the first time.

    One that misses it in this round has taken all its time.
    """
    seconds = itertools.accumulate(training["epoch_seconds"])
    pairs = zip(seconds, training["epoch_losses"], strict=True)
    return next(
        (passed for passed, reached in pairs if reached <= loss),
        training["seconds"],
    )


def format_task(task, result):
    """Return a table of a task's contenders."""
    header = [
        *("", "s/epoch", "beside ours", "all in (s)", "beside ours"),
        *("to a common loss (s)", "test loss", "peak MiB", "processor s"),
    ]
    figures = result["contenders"]
    first = next(iter(figures.values()))
    rows = [
        [
            CONTENDERS[name],
            f"{row['seconds_an_epoch']:.3f}",
            f"{row['seconds_an_epoch'] / first['seconds_an_epoch']:.2f}",
            f"{row['seconds']:.2f}",
            f"{row['seconds'] / first['seconds']:.2f}",
            f"{row['seconds_to_common_loss']:.2f}",
            f"{row['loss']:.4f}",
            f"{row['peak_mib']:,.0f}",
            f"{row['processor_seconds']:.1f}",
        ]
        for name, row in figures.items()
    ]
    floor = f"{result['floor_an_epoch']:.3f}"
    rows.append(["arithmetic alone", floor, *["" for _ in header[2:]]])
    return f"""### {task.network}, {task.size}

{task.images:,} digits, batches of {task.batch_size}, {task.epochs} epochs,
rounds: {first["rounds"]}; common loss {result["common_loss"]:.4f}.

{make_table(header, rows)}"""


def judge(results):
    """Return a table of the goals, and whether those measured are all met."""
    rows, are_met = [], True
    for goal in GOALS:
        result = results.get(f"{goal.network}, {goal.size}", {})
        figures = result.get("contenders", {})
        if not {goal.ours, goal.other} <= set(figures):
            rows.append([goal.text, f"{goal.most:.2f}", "", "", "-"])
            continue
        ours, other = figures[goal.ours], figures[goal.other]
        ratio = ours[goal.measure] / other[goal.measure]
        least = f"least_{goal.measure}"
        of_least = f"{ours[least] / other[least]:.2f}" if least in ours else ""
        is_met = ratio <= goal.most
        are_met &= is_met
        rows.append(
            [
                *(goal.text, f"{goal.most:.2f}", f"{ratio:.2f}", of_least),
                "met" if is_met else "**not met**",
            ]
        )
    header = "ratio of ours to another's", "goal", "medians", "minima", ""
    return make_table(header, rows), are_met


def plot(results, out):
    """Draw the seconds of an epoch and of all, as rivals.png in `out`."""
    figure, axes = plt.subplots(
        *(len(results), 2),
        figsize=(9, 2.4 * len(results)),
        layout="constrained",
        squeeze=False,
    )
    for (title, result), row in zip(results.items(), axes, strict=True):
        figures = result["contenders"]
        names = [CONTENDERS[name] for name in figures][::-1]
        for axis, key in zip(
            row, ("seconds_an_epoch", "seconds"), strict=True
        ):
            values = [each[key] for each in figures.values()][::-1]
            colors = [
                "C0" if name.startswith("course") else "0.7"
                for name in figures
            ][::-1]
            bars = axis.barh(names, values, color=colors)
            axis.bar_label(bars, fmt="{:.2f}", padding=3)
            axis.margins(x=0.15)
        row[0].axvline(result["floor_an_epoch"], color="C3", linestyle=":")
        row[0].set_title(f"{title}: seconds an epoch; dotted: arithmetic")
        row[1].set_title("seconds, all in")
        row[1].set_yticks([])
    figure.savefig(out / "rivals.png", dpi=120)
    plt.close(figure)


def read_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    networks = sorted({task.network for task in TASKS})
    parser.add_argument("--only", choices=networks, help="a single network")
    parser.add_argument("--size", choices=("fast", "full"))
    parser.add_argument(
        "--contenders", nargs="+", choices=CONTENDERS, metavar="NAME"
    )
    parser.add_argument("--rounds", type=int, default=5, help="at most")
    parser.add_argument(
        *("--minutes", "-m"),
        type=float,
        default=9,
        help="after which no round begins but the first of each network",
    )
    parser.add_argument("--epochs", type=int, help="in place of each task's")
    parser.add_argument(
        "--before", type=Path, help="a checkout of an earlier course"
    )
    parser.add_argument("--out", type=Path, default=BENCH)
    return parser.parse_args(arguments)


def main(arguments=None):
    """Measure what is asked for; return the exit status."""
    options = read_arguments(arguments)
    before = options.before and options.before.resolve()
    if before and not (before / "utils" / "training.py").is_file():
        print(f"{before} holds no course: see --help", file=sys.stderr)
        return 2
    tasks = [
        task._replace(epochs=options.epochs or task.epochs)
        for task in TASKS
        if options.only in (None, task.network)
        and options.size in (None, task.size)
    ]
    options.out.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + 60 * options.minutes
    rate, results = measure_rate(), {}
    for i, task in enumerate(tasks):
        names = find_contenders(task, before, options.contenders)
        now = time.monotonic()
        # What one task leaves goes to those after it.
        share = (end - now) / (len(tasks) - i)
        trainings = run(
            task, names, before, options.rounds, now + share, options.out
        )
        common, figures = summarize(trainings)
        model = with_keras.build(task.network, task.settings)
        title = f"{task.network}, {task.size}"
        results[title] = {
            "common_loss": common,
            "floor_an_epoch": count_operations(model, task.images) / rate,
            "contenders": figures,
        }
        print(format_task(task, results[title]), flush=True)
    goals, are_met = judge(results)
    tables = "\n".join(
        format_task(task, result)
        for task, result in zip(tasks, results.values(), strict=True)
    )
    text = f"""## `fit` and its rivals

Medians of rounds in turns; an epoch without the first, which compiles.
Products of large matrices: {rate / 1e9:.0f} billion operations a second.

{goals}
{tables}"""
    plot(results, options.out)
    result = {"operations_a_second": rate, "tasks": results}
    keep("rivals", result, text, options.out)
    return int(before is not None and not are_met)


if __name__ == "__main__":
    sys.exit(main())
