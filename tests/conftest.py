"""Settings of all tests."""

import os

# Before any test imports TensorFlow or starts a kernel: errors only.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
