"""Train each lesson's model with and without XLA, and in two precisions.

    PYTHONPATH=tests python tests/benchmarks/bench_settings.py [LESSON ...]

The lessons train in float32, with XLA where their RECIPE says so. Here stands
why: what each of four settings takes on this machine, and the loss it ends at.
Mixed precision computes in bfloat16; weights stay in float32, and so do the
layers that end a model. The whole training is reckoned from its start (to
trace and to compile) and a steady epoch, for the images and epochs of full
mode. Nothing here asks for a CPU: run it again where you have a GPU.

Exits non-zero if a lesson's setting takes twice what the best one does.
"""

import statistics
import sys
from contextlib import suppress

from utils.backend import tf
from utils.data import load_images
from utils.tools.results import make_table
from utils.training import fit

import keras
from common import Clock, keep
from take import take

N_IMAGES = 12_000
N_FULL = 55_000
EPOCHS = 4
TURNS = 2
MOST_OVER_BEST = 2
SETTINGS = {
    "float32": ("float32", False),
    "float32, XLA": ("float32", True),
    "bfloat16": ("mixed_bfloat16", False),
    "bfloat16, XLA": ("mixed_bfloat16", True),
}
COLUMNS = {  # and the digits after the point
    "start_seconds": 1,
    "seconds_an_epoch": 2,
    "whole_seconds": 0,
    "loss": 4,
}


def make_lessons():
    """Return what builds a lesson's model, its shape and plan, by lesson."""

    def find(lesson, *names, **scope):
        return take(lesson, *names, mode="full", seed=0, **scope)

    dense = "EPOCHS", "BATCH_SIZE", "build_autoencoder"
    simple = find("02_simple_autoencoder", "N_CODES", "RECIPE", *dense)
    names = "LONG_EPOCHS", "LONG_BATCH_SIZE", "build_stack"
    stack = find("03_stacked_autoencoder", *names)
    names = "N_UNITS", "keep_largest", "KeepLargest"
    sparse = find("04_sparse_autoencoder", *names, *dense)
    names = "SIGMA", "WIDTH", "CODE_CHANNELS", "AddNoise", "convolve"
    names += "connect_places", "build_denoiser"
    names += "EPOCHS", "BATCH_SIZE", "LEARNING_RATE"
    noise = find("05_convolutional_denoising", *names)
    sequences = find(
        "06_sequence_to_sequence",
        *("N_CODES", "WIDTH", "EPOCHS", "BATCH_SIZE", "LEARNING_RATE"),
        *("build_encoder", "build_decoder"),
    )
    vae = find(
        "07_variational_autoencoder",
        *("N_CODES", "HIDDEN_WIDE", "EPOCHS_WIDE", "BATCH_SIZE"),
        *("LEARNING_RATE", "find_cost", "find_kl", "Penalty", "Sample"),
        *("build_hidden", "build_stack", "build_encoder", "build_vae"),
    )
    maps = find(
        "08_visualize_codes_tsne",
        *("N_CODES", "EPOCHS", "BATCH_SIZE", "LEARNING_RATE", "RECIPE"),
        "build_stack",
    )
    names = "N_CODES", "N_HIDDEN", "EPOCHS", "EPOCHS_WARPED", "BATCH_SIZE"
    names += "RECIPE", "DEEP_RECIPE", "Warp", "build_deep"
    warped = find("09_compare_codes_cosine", *names)

    def build_recurrent():
        keras.utils.set_random_seed(0)
        shapes = (28, 28), sequences.N_CODES
        parts = sequences.build_encoder, sequences.build_decoder
        return keras.Sequential([build(*shapes) for build in parts])

    return {
        "02, dense, 32 codes": (
            lambda: simple.build_autoencoder("linear")[2],
            (784,),
            simple.RECIPE | {"learning_rate": 3e-2},
        ),
        "03, stacked": (
            lambda: stack.build_stack((784, 128, 64, 32), "linear", "x")[1],
            (784,),
            {
                "epochs": stack.LONG_EPOCHS,
                "batch_size": stack.LONG_BATCH_SIZE,
                "jit_compile": True,
                "learning_rate": 5e-3,
            },
        ),
        "04, 32 of 256 codes": (
            lambda: sparse.build_autoencoder(
                sparse.N_UNITS, "linear", sparse.KeepLargest(32)
            )[1],
            (784,),
            {
                "epochs": sparse.EPOCHS,
                "batch_size": sparse.BATCH_SIZE,
                "learning_rate": 2e-2,
            },
        ),
        "05, convolutional": (
            lambda: noise.build_denoiser("denoiser"),
            (28, 28, 1),
            {
                "epochs": noise.EPOCHS,
                "batch_size": noise.BATCH_SIZE,
                "learning_rate": noise.LEARNING_RATE,
            },
        ),
        "06, recurrent": (
            build_recurrent,
            (28, 28),
            {
                "epochs": sequences.EPOCHS,
                "batch_size": sequences.BATCH_SIZE,
                "learning_rate": sequences.LEARNING_RATE,
            },
        ),
        "07, variational, 20 codes": (
            lambda: vae.build_vae(vae.N_CODES, vae.HIDDEN_WIDE, "vae")[2],
            (784,),
            {
                "epochs": vae.EPOCHS_WIDE,
                "batch_size": vae.BATCH_SIZE,
                "learning_rate": vae.LEARNING_RATE,
                "loss": vae.find_cost,
            },
        ),
        "08, stacked": (
            lambda: maps.build_stack(100, maps.N_CODES)[1],
            (784,),
            maps.RECIPE,
        ),
        "09, warped images": (
            lambda: warped.build_deep(True, "warped_code")[1],
            (784,),
            warped.DEEP_RECIPE,
        ),
    }


def keep_ends_precise(model):
    """Let layers that end a model, or have no weights, compute in float32.

    Keras advises the first, for losses are taken there; the others draw noise
    in float32, or choose the largest codes.
    """
    for part in model._flatten_layers():
        if isinstance(part, keras.Model):
            for layer in part.layers:
                if not layer.weights:
                    layer.dtype_policy = "float32"
            if hasattr(part.layers[-1], "kernel"):
                part.layers[-1].dtype_policy = "float32"


def train(build, plan, images, policy, jit_compile):
    """Return the seconds to start, those of an epoch, and the last loss."""
    keras.config.set_dtype_policy(policy)
    try:
        model, clock = build(), Clock()
        keep_ends_precise(model)
    finally:
        keras.config.set_dtype_policy("float32")
    plan = plan | {"epochs": EPOCHS, "jit_compile": jit_compile}
    history = fit(model, images, callbacks=[clock], **plan)
    steady = statistics.median(clock.seconds[1:])
    start = max(0, clock.seconds[0] - steady)
    return start, steady, history.history["loss"][-1]


def measure(build, plan, images):
    """Train with all settings in turns; return what was measured by name."""
    turns = {name: [] for name in SETTINGS}
    for _ in range(TURNS):
        for name, setting in SETTINGS.items():
            # XLA has no kernel for some operations.
            with suppress(tf.errors.OpError):
                turns[name].append(train(build, plan, images, *setting))
    result = {}
    for name, trained in turns.items():
        if not trained:
            continue
        starts, epochs, losses = zip(*trained, strict=True)
        start, steady = min(starts), min(epochs)
        whole = start + plan["epochs"] * steady * N_FULL / N_IMAGES
        result[name] = {
            "start_seconds": start,
            "seconds_an_epoch": steady,
            "whole_seconds": whole,
            "loss": losses[0],
        }
    return result


def main(names):
    """Measure the lessons with these numbers, or all; return the status."""
    images = load_images("mnist", "full")[0].x[:N_IMAGES]
    results, rows, is_slow = {}, [], False
    for lesson, (build, shape, plan) in make_lessons().items():
        if names and lesson[:2] not in names:
            continue
        result = measure(build, plan, images.reshape(-1, *shape))
        chosen = "float32, XLA" if plan.get("jit_compile") else "float32"
        results[lesson] = {"chosen": chosen, "settings": result}
        best = min(row["whole_seconds"] for row in result.values())
        is_slow |= result[chosen]["whole_seconds"] > MOST_OVER_BEST * best
        for name in SETTINGS:
            row = result.get(name, {})
            values = [
                f"{row[key]:.{digits}f}" if row else "cannot"
                for key, digits in COLUMNS.items()
            ]
            shown = f"**{name}**" if name == chosen else name
            rows.append([lesson, shown, *values])
    header = "lesson", "setting", "start (s)", "s/epoch", "whole (s)", "loss"
    devices = tf.config.list_physical_devices("GPU")
    text = f"""## XLA and precision

On {"a GPU" if devices else "the CPU"}; {N_IMAGES:,} digits, {EPOCHS} epochs;
what the lesson uses is bold; `whole` is reckoned for full mode, `loss` is that
of the last epoch.

{make_table(header, rows)}"""
    keep("settings", {"lessons": results}, text)
    return int(is_slow)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
