"""TensorFlow, imported without the messages that it prints at its start.

They stand on stderr before any setting can reach them, and a notebook shows
stderr on the page. Lessons import `utils` first, so this module is where
TensorFlow is imported in every lesson.
"""

import gc
import os
import sys

# Later messages: only errors. And the lessons use tf.data and GradientTape,
# so no other backend of Keras will do.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

sys.stderr.flush()
_stderr = os.dup(2)
with open(os.devnull, "wb") as _devnull:
    os.dup2(_devnull.fileno(), 2)
try:
    import tensorflow as tf
finally:
    os.dup2(_stderr, 2)
    os.close(_stderr)

# A third model in one lesson is no mistake, but TensorFlow warns of
# "retracing" when it meets the training steps of several.
tf.get_logger().setLevel("ERROR")

# TensorFlow is 400,000 objects that never go. Python need not walk
# through them at every collection.
gc.freeze()

__all__ = ["tf"]
