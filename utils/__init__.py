"""The small module that the lessons share, and the runner."""

import os
import sys

# Whoever reads a notebook imports jsonschema, which then builds a grammar of
# international addresses: 1.6 s in each process. Notebooks hold none.
sys.modules.setdefault("rfc3987_syntax", None)

if os.environ.get("AUTOENCODER_OFFLINE"):
    from utils.offline import go_offline

    go_offline()
