"""Write the locks: `python -m utils.tools.lock [options of uv pip compile]`.

requirements.txt is what lessons and the runner need, requirements-dev.txt
what maintainers need on top. Versions stay as they are, unless pyproject.toml
or an option such as `--upgrade` asks for others.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

from utils.files import write_whole
from utils.tools import set_up

LESSONS = set_up.ROOT / "requirements.txt"
DEV = set_up.ROOT / "requirements-dev.txt"


def split_lock(text: str) -> dict[str, str]:
    """Return the lines of each requirement in the text of a lock."""
    parts = re.findall(r"^[^\s#].*\n(?:[ \t].*\n)*", text, re.M)
    return {part.splitlines()[0].rstrip(" \\"): part for part in parts}


def compile_lock(path: Path, *options: str) -> str:
    """Write a lock with uv, and return its text; versions in it are kept."""
    (_, low), _ = set_up.read_bounds()
    words = (
        "pip compile pyproject.toml --extra cpu --quiet --universal "
        f"--python-version 3.{low} --generate-hashes --no-config "
        "--index-strategy unsafe-best-match"
    )
    command = [sys.executable, "-m", "uv", *words.split(), *options]
    command += ["--custom-compile-command", "make lock", "-o", path.name]
    settings = set_up.read_pip_settings(os.environ)
    # Hashes come from an index: a folder may lack the files of other systems.
    settings.pop("find-links", None)
    environ = set_up.make_uv_environment(os.environ, settings)
    subprocess.run(
        command,
        cwd=set_up.ROOT,
        env=environ,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return path.read_text("utf-8")


def main(arguments: list[str]) -> None:
    """Write both locks; `arguments` are passed on to uv."""
    lessons = split_lock(compile_lock(LESSONS, *arguments))
    constraint = ["--constraint", LESSONS.name]
    dev = compile_lock(DEV, "--extra", "dev", *constraint, *arguments)
    lines = [line for line in dev.splitlines()[:2] if line[0] == "#"]
    header = "\n".join([*lines, "# What requirements.txt holds is left out."])
    more = [
        part for line, part in split_lock(dev).items() if line not in lessons
    ]
    write_whole(DEV, "\n".join([header, "".join(more)]))


if __name__ == "__main__":
    main(sys.argv[1:])
