"""What the benchmarks of this folder share."""

import json
import os
import platform
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from utils.files import write_whole

import keras
import psutil

BENCH = Path(__file__).resolve().parents[2] / "build" / "bench"


class Clock(keras.callbacks.Callback):
    """Take the seconds of each epoch."""

    def __init__(self):
        super().__init__()
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.start)


def run_apart(script, *arguments):
    """Run a script in a process of its own.

    Returns
    -------
    tuple
        What it prints last, read as JSON, and its peak memory in MiB.
    """
    command = [sys.executable, script, *map(str, arguments)]
    with psutil.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        peak = 0
        while process.poll() is None:
            with suppress(psutil.Error):
                peak = max(peak, process.memory_info().rss)
            time.sleep(0.02)
        printed = process.stdout.read()
    if process.returncode:
        raise RuntimeError(f"{command} ended with {process.returncode}")
    return json.loads(printed.splitlines()[-1]), peak / 2**20


def read_result(name=None):
    """Return what a benchmark has kept, or all of them, {} if nothing."""
    path = BENCH / "results.json"
    results = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return results.get(name, {}) if name else results


def keep(name, result, text):
    """Put a benchmark's numbers beside those of the others.

    They go to build/bench/results.json under the benchmark's name, and its
    text to build/bench/results.md.
    """
    results = read_result()
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    results[name] = {"machine": machine, **result}
    write_whole(BENCH / "results.json", json.dumps(results, indent=1) + "\n")
    write_whole(BENCH / f"{name}.md", text)
    texts = [BENCH / f"{name}.md" for name in results]
    whole = "\n".join(text.read_text("utf-8") for text in texts)
    write_whole(BENCH / "results.md", f"# Benchmarks\n\n{machine}.\n\n{whole}")
    print(text)
