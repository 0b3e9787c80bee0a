"""How time and memory grow with images, codes, points and collections.

    PYTHONPATH=tests python tests/benchmarks/bench_growth.py

Draws build/bench/growth.png, both axes logarithmic: there a cost that grows
like a power of n is a line, whose slope is the power. The slope is taken from
the larger half of the sizes, where what it takes to start no longer counts.
Exits non-zero if a cost grows faster than it should.
"""

import json
import statistics
import sys
import time

from utils.data import load_images
from utils.tools.results import make_table
from utils.training import fit

import matplotlib.pyplot as plt
import numpy as np
from common import BENCH, Clock, keep, run_apart
from matplotlib.ticker import NullFormatter
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from take import take

N_IMAGES = (1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000)
N_CODES = (8, 16, 32, 64, 128, 256, 512)
N_POINTS = (500, 1_000, 2_000, 4_000)
N_COLLECTED = (2_000, 4_000, 8_000, 16_000, 32_000, 60_000)
# Products grow in proportion to all of these; Barnes and Hut's t-SNE by a
# logarithm more.
MOST = {
    "seconds an epoch, over images": 1.15,
    "peak memory, over images": 1.0,
    "seconds an epoch, over codes": 1.1,
    "t-SNE, over points": 1.4,
    "retrieval of 1,000, over images": 1.15,
}


def measure_training(n_images, n_codes):
    """Print seconds an epoch and peak MiB of lesson 02's autoencoder."""
    lesson = take(
        *("02_simple_autoencoder", "build_autoencoder"),
        N_CODES=n_codes,
        seed=0,
    )
    # Time and memory do not ask what the images show.
    shape = n_images, 784
    images = np.random.default_rng(0).random(shape, dtype="float32")
    clock = Clock()
    model = lesson.build_autoencoder("linear")[2]
    fit(model, images, epochs=6, batch_size=256, callbacks=[clock])
    print(json.dumps(statistics.median(clock.seconds[2:])))


def time_call(function, *arguments):
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


def measure():
    """Return sizes and costs by name."""
    by_images = [run_apart(__file__, n, 32) for n in N_IMAGES]
    seconds, peaks = zip(*by_images, strict=True)
    by_codes = [run_apart(__file__, 16_000, n)[0] for n in N_CODES]
    train, valid, _ = load_images("mnist", "full")
    digits = np.concatenate([train.x, valid.x]).reshape(60_000, 784)
    codes = PCA(32, random_state=0).fit_transform(digits)
    tsne = TSNE(init="pca", random_state=0, max_iter=500)
    maps = [time_call(tsne.fit_transform, codes[:n]) for n in N_POINTS]
    names = "find_directions", "find_nearest"
    lesson = take("09_compare_codes_cosine", *names)
    found = [
        min(
            time_call(lesson.find_nearest, codes[:1000], codes[:n], 10)
            for _ in range(3)
        )
        for n in N_COLLECTED
    ]
    costs = [(N_IMAGES, seconds), (N_IMAGES, peaks), (N_CODES, by_codes)]
    costs += [(N_POINTS, maps), (N_COLLECTED, found)]
    return dict(zip(MOST, costs, strict=True))


def find_slope(sizes, costs):
    half = len(sizes) // 2
    return float(np.polyfit(np.log(sizes[half:]), np.log(costs[half:]), 1)[0])


def plot(growth, slopes):
    figure, axes = plt.subplots(
        1, len(growth), figsize=(16, 3.6), layout="constrained"
    )
    for axis, (name, (sizes, costs)) in zip(axes, growth.items(), strict=True):
        axis.loglog(sizes, costs, "o-")
        cost, _, over = name.partition(", over ")
        unit = "MiB" if "memory" in cost else "seconds"
        axis.set(title=f"{cost}\nslope {slopes[name]:.2f}")
        axis.set(xlabel=over, ylabel=unit)
        axis.grid(which="both", alpha=0.3)
        axis.xaxis.set_minor_formatter(NullFormatter())
    BENCH.mkdir(parents=True, exist_ok=True)
    figure.savefig(BENCH / "growth.png", dpi=100)


def main():
    """Measure, draw, and return the exit status."""
    growth = measure()
    slopes = {name: find_slope(*pair) for name, pair in growth.items()}
    plot(growth, slopes)
    rows = [
        [
            name,
            f"{sizes[0]:,} to {sizes[-1]:,}",
            f"{costs[0]:.3g} to {costs[-1]:.3g}",
            f"{slopes[name]:.2f} ({MOST[name]})",
        ]
        for name, (sizes, costs) in growth.items()
    ]
    header = ["cost", "sizes", "seconds or MiB", "slope (at most)"]
    text = f"## How cost grows\n\n{make_table(header, rows)}\n"
    result = {
        name: {"sizes": sizes, "costs": costs, "slope": slopes[name]}
        for name, (sizes, costs) in growth.items()
    }
    keep("growth", result, text + "![growth](growth.png)\n")
    return int(any(slopes[name] > most for name, most in MOST.items()))


if __name__ == "__main__":
    if len(sys.argv) == 3:
        measure_training(*map(int, sys.argv[1:]))
    else:
        sys.exit(main())
