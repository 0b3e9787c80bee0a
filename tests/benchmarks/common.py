"""What the benchmarks of this folder share."""

import json
import os
import platform
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from utils.backend import tf
from utils.files import write_whole

import keras
import numpy as np
import psutil
from keras import layers

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


def count_operations(model, n_images):
    """Count additions and multiplications of an epoch of training.

    Each layer has a product forward, one for the gradient of its weights,
    and, but for the first, one for that of its input.
    """
    parts = list(model._flatten_layers(include_self=False))
    cells = [part.cell for part in parts if isinstance(part, layers.RNN)]
    products = []
    for layer in parts:
        if isinstance(layer, layers.RNN):
            weights = [layer.cell.kernel, layer.cell.recurrent_kernel]
            places = layer.output.shape[1]  # steps
        elif hasattr(layer, "kernel") and layer not in cells:
            weights, places = [layer.kernel], 1
        else:
            continue
        if len(weights[0].shape) == 4:
            # A transposed convolution spreads each input.
            is_transposed = isinstance(layer, layers.Conv2DTranspose)
            side = layer.input if is_transposed else layer.output
            places = side.shape[1] * side.shape[2]
        size = sum(int(np.prod(each.shape)) for each in weights)
        products.append(places * size)
    return 2 * n_images * (3 * sum(products) - products[0])


def measure_rate(size=2048):
    """Return the operations a second of a product of large matrices."""
    matrix = tf.random.normal((size, size))
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        tf.linalg.matmul(matrix, matrix).numpy()
        seconds.append(time.perf_counter() - start)
    return 2 * size**3 / min(seconds)


def read_result(name=None, folder=BENCH):
    """Return what a benchmark has kept, or all of them, {} if nothing."""
    path = folder / "results.json"
    results = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return results.get(name, {}) if name else results


def keep(name, result, text, folder=BENCH):
    """Put a benchmark's numbers beside those of the others.

    They go to build/bench/results.json under the benchmark's name, and its
    text to build/bench/results.md.
    """
    results = read_result(folder=folder)
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    results[name] = {"machine": machine, **result}
    write_whole(folder / "results.json", json.dumps(results, indent=1) + "\n")
    write_whole(folder / f"{name}.md", text)
    texts = [folder / f"{name}.md" for name in results]
    whole = "\n".join(text.read_text("utf-8") for text in texts)
    write_whole(
        folder / "results.md", f"# Benchmarks\n\n{machine}.\n\n{whole}"
    )
    print(text)
