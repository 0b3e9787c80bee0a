"""Tests of utils.backend: how TensorFlow and Keras start."""

import json
import os
import subprocess
import sys
from pathlib import Path

from utils.backend import tf

import pytest
from jupyter_client.manager import KernelManager

ROOT = Path(__file__).resolve().parents[2]
IMPORT = "import utils.backend"
# What a project in another library and another course leave behind.
OTHER_WORK = {
    "floatx": "float16",
    "epsilon": 1e-3,
    "backend": "torch",
    "image_data_format": "channels_first",
}
PRINT_SETTINGS = f"""
{IMPORT}
from keras import config
print(
    config.backend(),
    config.floatx(),
    config.dtype_policy().name,
    config.epsilon(),
    config.image_data_format(),
    config.max_epochs(),
    config.max_steps_per_epoch(),
    utils.backend.tf.keras.__version__[0],
)
"""


def run(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )


def test_settings_of_other_work_do_not_reach_a_lesson(tmp_path):
    (tmp_path / "keras.json").write_text(json.dumps(OTHER_WORK))
    done = run(
        PRINT_SETTINGS,
        KERAS_HOME=str(tmp_path),
        KERAS_BACKEND="jax",
        KERAS_MAX_EPOCHS="1",
        KERAS_MAX_STEPS_PER_EPOCH="2",
        KERAS_NNX_ENABLED="true",
        TF_USE_LEGACY_KERAS="1",
    )
    settings = "tensorflow float32 float32 1e-07 channels_last None None 3\n"
    # And the import is silent.
    assert (done.stdout, done.stderr) == (settings, "")


def test_a_gpu_does_not_round_factors_and_a_new_process_neither():
    look = "import os; print(os.environ['NVIDIA_TF32_OVERRIDE'])"
    code = f"""
{IMPORT}
import subprocess, sys
subprocess.run([sys.executable, "-c", {look!r}])
"""
    done = run(code, NVIDIA_TF32_OVERRIDE="1")
    assert done.stdout == "0\n", done.stderr


def test_keras_on_another_backend_is_refused(tmp_path):
    # A stand-in for Keras, imported before, on a library that is not here.
    code = f"import keras\n{IMPORT}"
    (tmp_path / "keras.py").write_text(
        "class config:\n    backend = staticmethod(lambda: 'torch')"
    )
    (tmp_path / "tensorflow.py").touch()
    done = run(code, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    error = done.stderr.splitlines()[-1]
    assert error.startswith("RuntimeError") and "torch" in error
    assert "restart the kernel" in error


@pytest.mark.parametrize("is_enabled", [True, False])
def test_the_import_does_without_garbage_collection(is_enabled, tmp_path):
    look = "import gc; print(gc.isenabled())"
    (tmp_path / "keras.py").write_text(f"{look}\nraise ImportError")
    code = (
        f"import gc\nif not {is_enabled}: gc.disable()\n"
        f"try: {IMPORT}\nexcept ImportError: print(gc.isenabled())"
    )
    done = run(code, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    assert done.stdout.split() == ["False", str(is_enabled)]


@pytest.fixture
def crash(tmp_path):
    """Return a PYTHONPATH where TensorFlow ends the process at its import."""
    (tmp_path / "tensorflow.py").write_text(
        "import os\nos.write(2, b'no AVX here\\n')\nos.abort()"
    )
    return f"{tmp_path}{os.pathsep}{ROOT}"


@pytest.mark.parametrize(
    "stderr",
    ["", "import sys; sys.stderr = None\n", "import os; os.close(2)\n"],
)
def test_a_crash_of_the_import_says_its_reason(stderr, crash):
    done = run(stderr + IMPORT, PYTHONPATH=crash)
    assert done.returncode != 0
    assert ("no AVX here" in done.stderr) == ("close" not in stderr)


def test_an_error_of_the_import_says_what_was_printed_before(tmp_path):
    (tmp_path / "tensorflow.py").write_text(
        "import os\nos.write(2, b'no memory here')\nraise ImportError('why')"
    )
    done = run(IMPORT, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    assert "no memory here" in done.stderr
    assert done.stderr.endswith("ImportError: why\n")


def test_without_a_stderr_the_import_goes_on(tmp_path):
    (tmp_path / "keras.py").write_text("print('imported'); raise SystemExit")
    code = f"import os, sys; os.close(2); sys.stderr = None\n{IMPORT}"
    done = run(code, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    assert (done.returncode, done.stdout) == (0, "imported\n")


def test_a_crash_in_a_kernel_reaches_the_terminal(
    crash, tmp_path, monkeypatch
):
    # With it, a kernel would not lead descriptor 2 to the notebook.
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    manager = KernelManager(kernel_name="python3")
    terminal = tmp_path / "terminal"
    with terminal.open("wb") as file:
        manager.start_kernel(
            env=os.environ | {"PYTHONPATH": crash}, stderr=file
        )
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        client.execute(IMPORT)
        manager.provisioner.process.wait(timeout=60)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert "no AVX here" in terminal.read_text()


def test_many_models_in_one_lesson_bring_no_messages(caplog):
    logger = tf.get_logger()
    logger.addHandler(caplog.handler)
    # What TensorFlow calls retracing, as several calls of `fit` do it.
    for _ in range(9):
        tf.function(lambda x: x)(tf.constant(1.0))
    logger.removeHandler(caplog.handler)
    assert caplog.messages == []
