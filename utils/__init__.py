"""The small module that the lessons share, and the runner."""

import os
import sys

# Whoever reads a notebook imports jsonschema, which then builds a grammar of
# international addresses: 1.6 s in each process. Notebooks hold none.
sys.modules.setdefault("rfc3987_syntax", None)

# NumPy's products are rounded otherwise by more threads: then what was kept of
# a run beside others would not be found again by a run alone.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

if os.environ.get("AUTOENCODER_OFFLINE"):
    from utils.offline import go_offline

    go_offline()
