"""Settings of all tests, and of the lessons that they run."""

import os

from utils.offline import go_offline

# Before any test imports TensorFlow or starts a kernel: errors only.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

go_offline()
