"""Build the site: `python -m utils.tools.site`."""

import sys

from utils.tools.site import main

if __name__ == "__main__":
    sys.exit(main())
