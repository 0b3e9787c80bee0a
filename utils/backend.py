"""TensorFlow and Keras, started in silence and with standard settings.

Lessons import `utils` first, so this module is where TensorFlow and Keras are
imported in every lesson. Each effect on the whole process is a function here.
"""

import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# What Keras and TensorFlow read from the environment and what would change a
# lesson: a limit on all trainings, another interface, an older Keras.
OTHER_WORK = (
    "KERAS_MAX_EPOCHS",
    "KERAS_MAX_STEPS_PER_EPOCH",
    "KERAS_NNX_ENABLED",
    "TF_USE_LEGACY_KERAS",
)
IMPORTED = b"imported\n"

# A program that shows what it reads, unless the last line is IMPORTED.
WATCHER = f"""
import sys

lines = []
for line in sys.stdin.buffer:
    if line.endswith({IMPORTED!r}):
        sys.exit()
    lines.append(line)
sys.stderr.buffer.writelines(lines)
"""


def choose_backend() -> None:
    """Have Keras start on TensorFlow, without settings of other work.

    The lessons use tf.data and GradientTape, so no other backend will do.
    """
    os.environ["KERAS_BACKEND"] = "tensorflow"
    for name in OTHER_WORK:
        os.environ.pop(name, None)


def turn_off_tf32() -> None:
    """Have a GPU compute in full float32.

    NVIDIA's GPUs from 2020 on round the factors of a product to fewer digits
    (TF32). What a model gives then differs from what its ONNX file gives by up
    to 0.001. NVIDIA's libraries read this variable, also in the processes that
    a lesson starts.
    """
    os.environ["NVIDIA_TF32_OVERRIDE"] = "0"


@contextmanager
def hold_back_messages() -> Iterator[None]:
    """Hold back what is written to stderr, and show it only after a failure.

    TensorFlow writes messages at its start before any setting can reach it,
    and a notebook shows stderr on the page. But on a processor without AVX
    TensorFlow ends the process there, and its last line is the only
    explanation. So another process keeps the lines: it outlives this one.
    """
    try:
        stderr = os.dup(2)
    except OSError:
        # Without a terminal (pythonw on Windows) there is no stderr at all.
        yield
        return
    watcher = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", WATCHER],
        stdin=subprocess.PIPE,
        stderr=_find_terminal(),
        # Ctrl-C is meant for this process alone.
        start_new_session=True,
    )
    _flush()
    os.dup2(watcher.stdin.fileno(), 2)
    try:
        yield
        _flush()
        os.write(2, IMPORTED)
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        watcher.stdin.close()
        watcher.wait()


def _find_terminal() -> int:
    """Return the descriptor of a stderr that does not end with the process.

    In a kernel, descriptor 2 leads to the notebook by way of the kernel
    itself, and `sys.stderr.fileno()` is the terminal's.
    """
    try:
        return sys.stderr.fileno()
    except (AttributeError, OSError, ValueError):
        # There is no sys.stderr, it is no file (IDLE), or it is closed.
        return 2


def _flush() -> None:
    if sys.stderr is not None:
        sys.stderr.flush()


@contextmanager
def pause_collection() -> Iterator[None]:
    """Do without garbage collection.

    An import leaves little garbage, but Python looks for it again and again
    among more and more objects: 0.6 of the 3.9 s of this import.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def set_standard_settings() -> None:
    """Give Keras the settings that it has without a configuration file.

    ~/.keras/keras.json may hold what another course or project needs, and
    Keras has read it at its start.

    Raises
    ------
    RuntimeError
        If Keras was imported before, and on another backend.
    """
    if keras.config.backend() != "tensorflow":
        raise RuntimeError(
            f"Keras already runs on {keras.config.backend()} here, and the "
            "lessons need TensorFlow: restart the kernel and run the lesson "
            "from its first cell"
        )
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_image_data_format("channels_last")
    keras.config.set_max_epochs(None)
    keras.config.set_max_steps_per_epoch(None)


def silence_retracing() -> None:
    """Take TensorFlow's warnings of "retracing" off the page.

    A third model in one lesson is no mistake, but TensorFlow warns when it
    meets the training steps of several.
    """
    tf.get_logger().setLevel("ERROR")


def freeze_imports() -> None:
    """Exempt what was imported from garbage collection.

    TensorFlow and Keras are 380,000 objects that never go. A full collection,
    which `utils.training.fit` asks for before each training, takes 0.1 to
    0.2 s with them and next to nothing without.
    """
    gc.freeze()


# Later messages: only errors.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
choose_backend()
turn_off_tf32()
with hold_back_messages(), pause_collection():
    import keras
    import tensorflow as tf
set_standard_settings()
silence_retracing()
freeze_imports()

__all__ = ["tf"]
