"""`python -m utils.grade FOLDER` grades; the grader is utils/tools/grade."""

if __name__ == "__main__":
    from utils.tools.grade.__main__ import main

    main()
