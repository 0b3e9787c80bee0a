"""The diagrams of the lessons: SVG files, drawn by `python -m` this package.

`python -m utils.tools.diagrams` writes notebooks/images/NN_name.svg; with
`--list` it prints the line of Markdown that shows each one in a lesson.
"""
