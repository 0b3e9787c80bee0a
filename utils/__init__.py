"""The small module that the lessons share, and the runner."""

import sys

# Whoever reads a notebook imports jsonschema, which then builds a grammar of
# international addresses: 1.6 s in each process. Notebooks hold none.
sys.modules.setdefault("rfc3987_syntax", None)
