"""Build the site: lessons with their figures, results, glossary, explorer.

`python -m utils.tools.site` writes build/site from docs/, README.md and
executed lessons. Serve the folder with `python -m http.server -d build/site`.
"""

import argparse
import base64
import copy
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from utils.files import replace_folder
from utils.tools import UsageError
from utils.tools.editions import read_executed
from utils.tools.lessons import (
    BUILD,
    EXECUTED,
    NOTEBOOKS,
    ROOT,
    get_tags,
)
from utils.tools.run import command

import nbformat
import numpy as np

DOCS = ROOT / "docs"
ASIDE = {"notes", "metrics"}
# What runs the decoder in a browser, from the npm registry.
RUNTIME = "onnxruntime-web@1.30.0"
RUNTIME_SHA512 = (
    "ab4cbe26baedba45d2cec05610c71c55fa97db92d19a8b171c5f8269126683ca"
    "590a5cdc57bb2f35ce2b298de32f4d956fb42644c0ecd528a0a91e025c07ca61"
)
RUNTIME_FILES = (
    "ort.wasm.min.mjs",
    "ort-wasm-simd-threaded.mjs",
    "ort-wasm-simd-threaded.wasm",
)
# Put in place of what follows the explorer in lesson 07.
EXPORT = """\
from utils.tools.site import export_decoder

export_decoder(vae.decoder, explorer, {folder!r})
print("{{}}")
"""


def _find_mode(executed):
    given = executed.metadata.get("papermill", {}).get("parameters", {})
    return given.get("mode", "fast")  # what lessons say by themselves


def _find_pictures(cell):
    """Yield the PNG pictures of a cell: the bytes and the alt text."""
    for output in cell.get("outputs", []):
        if "image/png" in output.get("data", {}):
            alt = output.metadata.get("image/png", {}).get("alt", "")
            yield base64.b64decode(output.data["image/png"]), alt


def make_page(executed):
    """Return an executed lesson as the site shows it.

    Without notes and the metrics; solutions behind a button; with the alt text
    of its figures where MyST-NB looks for it, and a line on the mode.
    """
    page = copy.deepcopy(executed)
    page.cells = [cell for cell in page.cells if not ASIDE & get_tags(cell)]
    for cell in page.cells:
        if "solution" in get_tags(cell):
            cell.metadata.tags.append("hide-cell")
        for _, alt in _find_pictures(cell):
            cell.metadata["mystnb"] = {"image": {"alt": alt}}
    note = f"The figures on this page are of {_find_mode(executed)} mode."
    page.cells[0].source += f"\n\n:::{{note}}\n{note}\n:::\n"
    return page


def find_cover(executed) -> bytes:
    """Return the picture that stands for a lesson, tagged `cover`, as PNG."""
    for cell in executed.cells:
        if "cover" in get_tags(cell):
            for picture, _ in _find_pictures(cell):
                return picture
    raise UsageError("no cell tagged `cover` shows a picture")


def export_decoder(decoder, explorer, folder) -> None:
    """Write a decoder for the browser, and what Keras makes of some codes.

    Parameters
    ----------
    decoder : keras.Sequential
        From codes (n, 2) to logits of pixels, (n, 784).
    explorer : utils.explore.CodeExplorer
        Its range and map are the page's.
    folder : str or Path
        Gets decoder.onnx and decoder.json.
    """
    import keras

    def rewrite(layer):
        config = layer.get_config()
        if config.get("activation") == "gelu":
            # The same function; TensorFlow's own takes erfc, unknown to ONNX.
            config["activation"] = lambda x: (
                x * (1 + keras.ops.erf(x / 2**0.5)) / 2
            )
        return type(layer).from_config(config)

    setup = explorer.setup
    sides = np.linspace(setup["lows"], setup["highs"], 5)
    codes = np.stack(np.meshgrid(*sides.T), axis=-1).reshape(-1, 2)
    codes = codes.astype("float32")
    pixels = keras.ops.sigmoid(decoder(codes)).numpy()
    images = keras.models.clone_model(decoder, clone_function=rewrite)
    images.set_weights(decoder.get_weights())
    images.add(keras.layers.Activation("sigmoid"))
    images(codes)  # Keras exports what has been called
    folder = Path(folder)
    images.export(folder / "decoder.onnx", format="onnx", verbose=False)
    known = {"codes": codes.tolist(), "pixels": pixels.tolist()}
    text = json.dumps({"setup": setup, "known": known})
    (folder / "decoder.json").write_text(text, encoding="utf-8")


def make_decoder(folder: Path, mode: str) -> None:
    """Train lesson 07's decoder, or take it from build/models; export it."""
    path = next(NOTEBOOKS.glob("07_*.ipynb"))
    lesson = nbformat.read(path, as_version=4)
    sources = [cell.source for cell in lesson.cells]
    end = next(i for i, s in enumerate(sources) if "explorer = " in s)
    last = nbformat.v4.new_code_cell(EXPORT.format(folder=str(folder)))
    last.metadata["tags"] = ["metrics"]
    lesson.cells[end + 1 :] = [last]
    with tempfile.TemporaryDirectory() as scratch:
        short = Path(scratch, path.name)
        nbformat.write(lesson, short)
        about = ["--mode", mode, "--set", "reuse_weights=True"]
        if command.main([str(short), *about, "--out", f"{scratch}/out"]):
            raise UsageError("the decoder of lesson 07 could not be made")


def fetch_runtime(folder: Path) -> None:
    """Put onnxruntime-web, from the npm registry, into a folder.

    Raises
    ------
    UsageError
        If npm is missing or fails, or gives another file than the known one.
    """
    cache = BUILD / "cache"
    file = cache / f"{RUNTIME.replace('@', '-')}.tgz"
    if not file.exists():
        npm = shutil.which("npm")
        if not npm:
            raise UsageError("the site needs npm, of Node.js: install it")
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            command = [npm, "pack", RUNTIME, "--pack-destination", scratch]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                raise UsageError(f"npm has no {RUNTIME}: {done.stderr}")
            Path(scratch, file.name).replace(file)
    if hashlib.sha512(file.read_bytes()).hexdigest() != RUNTIME_SHA512:
        file.unlink()
        raise UsageError(f"{RUNTIME} is not what it was: removed")
    with tarfile.open(file) as archive:
        for name in RUNTIME_FILES:
            member = archive.extractfile(f"package/dist/{name}")
            (folder / name).write_bytes(member.read())


def write_source(folder: Path, executed: Path) -> str:
    """Write what Sphinx reads; return the mode of the lessons."""
    shutil.copytree(DOCS, folder, dirs_exist_ok=True)
    lessons = read_executed(executed)
    for name in ("lessons", "covers", "_static/decoder"):
        (folder / name).mkdir(parents=True)
    for name, lesson in lessons.items():
        nbformat.write(make_page(lesson), folder / "lessons" / f"{name}.ipynb")
        cover = folder / "covers" / f"{name[:2]}.png"
        cover.write_bytes(find_cover(lesson))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    readme = readme.replace("(notebooks/", "(lessons/")
    (folder / "_readme.md").write_text(readme, encoding="utf-8")
    shutil.copyfile(
        ROOT / "utils" / "explore.js", folder / "_static/explore.js"
    )
    seventh = next(lessons[name] for name in lessons if name[:2] == "07")
    for cell in seventh.cells:
        if "explorer = " in cell.source:
            for picture, _ in _find_pictures(cell):
                (folder / "covers/codes.png").write_bytes(picture)
    return _find_mode(seventh)


def build(source: Path, folder: Path) -> None:
    """Let Sphinx write the pages; a warning is an error."""
    from sphinx.cmd.build import main as sphinx

    if sphinx(["-q", "-W", "--keep-going", str(source), str(folder)]):
        raise UsageError("Sphinx has found faults; it has named them")


def main(argv: list[str] | None = None) -> int:
    """Build the site as the command line says; return the exit status."""
    parser = argparse.ArgumentParser(
        "python -m utils.tools.site", description=__doc__.partition("\n")[0]
    )
    text = "executed lessons that it shows; default: %(default)s"
    parser.add_argument("--executed", type=Path, default=EXECUTED, help=text)
    asked = parser.parse_args(argv)
    folder = BUILD / "site"
    try:
        with (
            replace_folder(folder) as part,
            tempfile.TemporaryDirectory() as scratch,
        ):
            source = Path(scratch, "source")
            mode = write_source(source, asked.executed)
            fetch_runtime(source / "_static/decoder")
            make_decoder(source / "_static/decoder", mode)
            build(source, part)
    except ImportError as error:
        print(f'{error}: pip install -e ".[dev]"', file=sys.stderr)
        return 2
    except (UsageError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(
        f"the site is in {folder}; look at it: "
        f"python -m http.server -d {folder}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
