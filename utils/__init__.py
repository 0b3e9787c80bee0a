"""The small module that the lessons share, and the runner."""
