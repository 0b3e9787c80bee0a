"""Cells of a lesson as its author writes them and as a run leaves them."""

import base64
import struct
import zlib

from utils.findings import FINDINGS_TYPE

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output


def make_png(width, height):
    """Return a black picture, in base64."""

    def chunk(kind, data):
        crc = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + crc

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(height * (width + 1)))
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + parts).decode()


def say(source, kind="slide"):
    return new_markdown_cell(
        source, metadata={"slideshow": {"slide_type": kind}}
    )


def run(source, *outputs, kind="-", tags=()):
    cell = new_code_cell(source, outputs=list(outputs))
    cell.metadata = nbformat.from_dict(
        {"slideshow": {"slide_type": kind}, "tags": list(tags)}
    )
    return cell


def printed(lines):
    return new_output("stream", name="stdout", text=lines)


def drawn(alt="A curve. It falls.", width=400, height=200):
    return new_output(
        "display_data",
        {"image/png": make_png(width, height), "text/plain": "<Figure>"},
        metadata={"image/png": {"alt": alt}},
    )


def found(*claims):
    rows = [{"claim": x, "holds": True, "numbers": "1 and 2"} for x in claims]
    return new_output("display_data", {FINDINGS_TYPE: rows})


QUESTION = """\
> **Predict, then run.** Which is longer?
>
> <details><summary>Answer</summary>
>
> The first.
>
> </details>"""
START = [
    say("# Draw a line\n\nAt the end you hold a line."),
    say("**You will learn** to\n- draw.\n\n**Time.** One minute.", "-"),
]
