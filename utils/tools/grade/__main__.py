"""What `python -m utils.grade` does."""

import sys


def main() -> None:
    """Grade as the command line says, and exit."""
    from utils.tools.grade import command

    sys.exit(command.main())


if __name__ == "__main__":
    main()
