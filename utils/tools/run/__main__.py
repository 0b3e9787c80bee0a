"""What `python -m utils.run` does."""

import signal
import sys


def main() -> None:
    """Run lessons as the command line says, and exit."""
    # The import takes a second, and leaves nothing to clean up.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from utils.tools.run import command

    signal.signal(signal.SIGINT, command.stop)
    signal.signal(signal.SIGTERM, command.stop)
    sys.exit(command.main())


if __name__ == "__main__":
    main()
