"""`python -m utils.run` runs the lessons; the runner is utils/tools/run."""

if __name__ == "__main__":
    from utils.tools.run.__main__ import main

    main()
