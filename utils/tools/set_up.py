"""Make .venv, or mend it: `python utils/tools/set_up.py [lessons | dev]`.

The Makefile runs this file before each of its commands. Where .venv is as the
locks say, nothing is done and nothing printed. Otherwise uv installs what is
missing: the packages of requirements.txt for `lessons`, those of
requirements-dev.txt as well for `dev`.

Any Python from 3.8 on can run it, with the standard library alone; it then
looks for a Python that the course supports. It is run as a file and imports
nothing of the course, whose packages may not be there yet. As it runs before
every command, modules that only an installation needs are imported there.
"""

import contextlib
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

ROOT = Path(os.path.abspath(__file__)).parents[2]
VENV = ROOT / ".venv"
UV_FOLDER = ROOT / "build" / "uv"
WINDOWS = os.name == "nt"
BIN = "Scripts" if WINDOWS else "bin"
EXE = ".exe" if WINDOWS else ""
LOCKS = {
    "lessons": ["requirements.txt"],
    "dev": ["requirements.txt", "requirements-dev.txt"],
}
# Lies in .venv and is written last: without it, a set-up was interrupted.
STAMP = "set_up.json"
# Makes `import utils` work. The path in it is relative to the file itself, so
# a copy of the course uses its own utils, and a renamed course still has them.
LINK = "autoencoder_course.pth"
# What lessons import, for two processes.
IMPORTS = [
    ["tensorflow", "keras", "tensorboard", "pooch"],
    [
        "matplotlib.pyplot",
        "sklearn.decomposition",
        "sklearn.linear_model",
        "sklearn.manifold",
        "sklearn.neighbors",
        "skimage.metrics",
        "skimage.restoration",
        "ipykernel.kernelapp",
        "ipywidgets",
        "anywidget",
        "distributed",
    ],
]
# The Python behind a virtual environment, if one runs this.
BASE = getattr(sys, "_base_executable", None) or sys.executable


class SetUpError(Exception):
    """The set-up cannot go on; the message says what to do."""


# What pyproject.toml and the locks say


def read_bounds():
    """Return the lowest supported Python, and the first one that is not."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    line = r'requires-python = ">=3\.(\d+),<3\.(\d+)"'
    low, high = re.search(line, text).groups()
    return (3, int(low)), (3, int(high))


def name_versions(bounds):
    """Return the supported versions in words: "3.11, 3.12 or 3.13"."""
    (_, low), (_, high) = bounds
    *others, last = [f"3.{minor}" for minor in range(low, high)]
    return f"{', '.join(others)} or {last}" if others else last


def hash_locks(what, root=ROOT):
    """Return one hash of all locks that `what` is installed from."""
    total = hashlib.sha256()
    for name in LOCKS[what]:
        # git may have translated the ends of lines.
        total.update(b"\n".join((root / name).read_bytes().splitlines()))
    return total.hexdigest()


def read_uv_lock(text):
    """Return uv's version, and its lines in the text of a lock as one."""
    lines = re.search(r"^uv==([\d.]+).*\n(?: +--hash.*\n)+", text, re.M)
    return lines[1], " ".join(lines[0].replace("\\\n", " ").split()) + "\n"


def parse_version(words):
    """Return the numbers of "uv 0.9.30 (...)" or "0.9" as a tuple."""
    number = re.search(r"\d+(\.\d+)+", words)
    return tuple(map(int, number[0].split("."))) if number else ()


# Pythons


def describe():
    """Return what the set-up has to know of the Python that runs this."""
    return {
        "version": list(sys.version_info[:3]),
        "path": BASE,
        "site": sysconfig.get_path("purelib"),
        "scripts": sysconfig.get_path("scripts"),
        # TensorFlow has no wheels for other builds.
        "common": sys.implementation.name == "cpython"
        and sys.maxsize > 2**32
        and not sysconfig.get_config_var("Py_GIL_DISABLED"),
    }


def ask(*command):
    """Return what a Python says of itself; None if it does not start.

    It is run, as a name on the PATH may be a script that only prints how to
    get a Python.
    """
    try:
        done = subprocess.run(
            [*command, "-I", __file__, "describe"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
        )
        return json.loads(done.stdout.decode("utf-8"))
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None


def is_supported(python, bounds):
    """Return whether the course runs on a Python, as `ask` returns it."""
    low, high = bounds
    return (
        python is not None
        and python["common"]
        and low <= tuple(python["version"][:2]) < high
    )


def ask_named(name, bounds):
    """Return the Python that the user named by a path or a command."""
    name = name.strip("\"'")
    # A path may hold spaces, and a command options: py -3.12.
    python = ask(name) or ask(*shlex.split(name.replace("'", "")))
    if python is None:
        raise SetUpError(f"PYTHON={name} does not start, or is no Python 3")
    if not is_supported(python, bounds):
        version = ".".join(map(str, python["version"]))
        raise SetUpError(
            f"PYTHON={name} is Python {version}; the course needs the usual "
            f"64-bit build of Python {name_versions(bounds)}"
        )
    return python


def find_python(bounds):
    """Return the path of a supported Python on this machine, or None."""
    (_, low), (_, high) = bounds
    minors = reversed(range(low, high))
    for name in [BASE, "python3", "python", *(f"python3.{m}" for m in minors)]:
        python = ask(name)
        if is_supported(python, bounds):
            return python["path"]
    return None


# The state of .venv


def ask_environment(venv=VENV):
    """Return what .venv's own Python says; None if it cannot be used."""
    if os.path.normcase(sys.prefix) == os.path.normcase(venv):
        python = describe()
    else:
        python = ask(venv / BIN / f"python{EXE}")
    return python if python and os.path.isdir(python["site"]) else None


def list_entries(python):
    """Return the names of .venv's packages, and of its scripts as "bin/x"."""
    if python is None:
        return set()
    scripts = {f"bin/{name}" for name in os.listdir(python["scripts"])}
    return scripts.union(os.listdir(python["site"])) - {"__pycache__"}


def read_stamp(venv=VENV):
    """Return what was installed, as `write_stamp` wrote it; {} if unknown."""
    try:
        return json.loads((venv / STAMP).read_text("utf-8"))
    except (OSError, ValueError):
        return {}


def write_stamp(stamp, venv=VENV):
    """Write the stamp whole, or not at all."""
    part = venv / f"{STAMP}.part"
    part.write_text(json.dumps(stamp, indent=1), "utf-8")
    os.replace(part, venv / STAMP)


def find_missing(stamp, present):
    """Return the names that were installed and are not there any more.

    Packages that the user adds do not count; one that is uninstalled, or
    replaced by another version, is missing.
    """
    return set(stamp.get("entries", [])) - present


def holds_gpu_build(stamp, present):
    """Return whether the user installed TensorFlow for a GPU, without make.

    Such an environment has no lock and is used as it is: the CPU build would
    be written into the same folder.
    """
    names = (re.match(r"nvidia_\w+-.*\.dist-info$", name) for name in present)
    return not stamp and any(names)


def holds_course(present):
    """Return whether pip installed the course itself.

    An editable install holds the folder's path and so leads a copy of the
    folder back to the first one.
    """
    pattern = r"(__editable__\W*)?autoencoder_course-"
    return any(re.match(pattern, name) for name in present)


def is_made_here(venv=VENV):
    """Return whether this file made .venv, or an older Makefile did."""
    try:
        settings = (venv / "pyvenv.cfg").read_text("utf-8")
    except OSError:
        return False
    return "relocatable = true" in settings or (venv / ".ready").exists()


def judge(python, stamp, present, hashes, what, bounds, named=None, venv=VENV):
    """Return what .venv needs: "nothing", "packages" or to be "new".

    Parameters
    ----------
    python, named : dict or None
        What `ask` returned of .venv's Python, and of the one that the user
        named, if any.
    stamp : dict
        What `read_stamp` returned.
    present : set of str
        What `list_entries` returned.
    hashes : dict of str
        For "lessons" and "dev", the hash of the locks.
    what : str
        What is needed, "lessons" or "dev".
    bounds : tuple of tuple of int
        What `read_bounds` returned.
    venv : Path
        Where .venv lies.
    """
    if holds_gpu_build(stamp, present):
        return "nothing"
    if not is_supported(python, bounds):
        return "new"
    if named and named["version"][:2] != python["version"][:2]:
        return "new"
    if not stamp:
        # What was interrupted is made again: the downloads are kept. What the
        # user made is completed.
        return "new" if is_made_here(venv) else "packages"
    if stamp["locks"].get(what) != hashes[what]:
        return "packages"
    if find_missing(stamp, present) or holds_course(present):
        return "packages"
    return "nothing"


# Settings of the user. What is set for pip and uv on a machine says how to
# reach the packages, and holds here, too. It may also say to install other
# things, or elsewhere. So only these settings pass.

PIP_SETTINGS = {
    "cert",
    "client-cert",
    "extra-index-url",
    "find-links",
    "index-url",
    "keyring-provider",
    "no-index",
    "proxy",
    "retries",
    "timeout",
    "trusted-host",
}
UV_SETTINGS = re.compile(
    r"""UV_(
        INDEX | (DEFAULT|EXTRA)_INDEX(_URL)? | INDEX_\w+
        | FIND_LINKS | INSECURE_HOST | KEYRING_PROVIDER
        | HTTPS?_\w+ | REQUEST_TIMEOUT | NATIVE_TLS | SYSTEM_CERTS
        | CACHE_DIR | NO_CACHE | LINK_MODE | CONCURRENT_\w+
        | PYTHON_DOWNLOADS(_JSON_URL)? | PYTHON_INSTALL_(DIR|MIRROR)
    )$""",
    re.X,
)
UV_TOML_SETTINGS = {
    "allow-insecure-host",
    "cache-dir",
    "concurrent-downloads",
    "extra-index-url",
    "find-links",
    "index-url",
    "keyring-provider",
    "native-tls",
    "python-downloads",
    "python-install-mirror",
    "system-certs",
}
OTHER_SETTINGS = re.compile(
    "PIP_|UV_|PYTHON|CONDA_|VIRTUAL_ENV|SOURCE_DATE_EPOCH|__PYVENV"
)


def clean(environ):
    """Return an environment without what would change an installation."""
    return {
        name: value
        for name, value in environ.items()
        if UV_SETTINGS.match(name) or not OTHER_SETTINGS.match(name)
    }


def parse_pip_settings(listing):
    """Return the settings of the network in what `pip config list` prints.

    Examples
    --------
    >>> parse_pip_settings("global.index-url='https://a.example/simple'")
    {'index-url': 'https://a.example/simple'}
    """
    import ast

    settings = {}
    for place in ("global", "install", ":env:"):
        for line in listing.splitlines():
            key, _, value = line.partition("=")
            before, _, name = key.rpartition(".")
            name = name.replace("_", "-")
            if before == place and name in PIP_SETTINGS:
                settings[name] = " ".join(ast.literal_eval(value).split())
    return settings


def read_pip_settings(environ):
    """Return the user's settings of the network for pip, by their names."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    pip_alone = {k: v for k, v in environ.items() if k[:6] != "PYTHON"}
    done = run_quietly(command, pip_alone)
    listing = done.stdout.decode("utf-8", "replace")
    if done.returncode:
        # No pip is here, or it cannot read its own files.
        listing = "\n".join(
            f":env:.{name[4:].lower()}={value!r}"
            for name, value in environ.items()
            if name.startswith("PIP_")
        )
    return parse_pip_settings(listing)


def make_pip_environment(environ, settings):
    """Return the environment for pip: its settings of the network alone."""
    named = {
        f"PIP_{name.upper().replace('-', '_')}": value
        for name, value in settings.items()
    }
    # No file of settings is read.
    quiet = {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    return {**clean(environ), **named, **quiet}


def make_uv_environment(environ, settings, toml=""):
    """Return the environment for uv, which knows nothing of pip's settings.

    `settings` are those of pip; `toml` is what `filter_uv_toml` has left of
    uv's own, which come first.
    """
    import ssl

    result = clean(environ)

    def offer(name, value):
        if value and name not in result and name.lower() not in result:
            result[name] = value

    if "UV_INDEX_URL" not in result and not re.search(
        r"^(index-url|default)\b", toml, re.M
    ):
        offer("UV_DEFAULT_INDEX", settings.get("index-url"))
    links = settings.get("find-links", "").split()
    links = [link for link in links if "://" in link or os.path.isdir(link)]
    offer("UV_FIND_LINKS", ",".join(links))
    offer("UV_INSECURE_HOST", settings.get("trusted-host"))
    offer("SSL_CERT_FILE", settings.get("cert"))
    offer("SSL_CERT_FILE", environ.get("REQUESTS_CA_BUNDLE"))
    offer("SSL_CLIENT_CERT", settings.get("client-cert"))
    offer("HTTP_PROXY", settings.get("proxy"))
    offer("HTTPS_PROXY", settings.get("proxy"))
    # As pip does: the machine's own certificates may hold one of its network.
    paths = ssl.get_default_verify_paths()
    if WINDOWS or sys.platform == "darwin" or paths.cafile or paths.capath:
        offer("UV_SYSTEM_CERTS", "1")
    return result


def filter_uv_toml(text):
    """Return the settings of the network in the text of a uv.toml."""
    kept = []
    section = ""
    keep = False
    for line in text.splitlines():
        header = re.match(r"\s*(\[\[?[\w.-]+\]\]?)\s*(#.*)?$", line)
        setting = re.match(r"\s*([\w-]+)\s*=", line)
        if header:
            section = header[1]
            keep = section == "[[index]]"
        elif setting and not section:
            keep = setting[1] in UV_TOML_SETTINGS
        # Any other line belongs to what stands before it.
        if keep:
            kept.append(line)
    return "\n".join(kept)


def read_uv_toml(environ):
    """Return the settings of the network in the user's uv.toml, or ""."""
    if WINDOWS:
        folders = [environ.get("APPDATA"), environ.get("PROGRAMDATA")]
    else:
        own = environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
        shared = environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
        folders = [own, *shared.split(":"), "/etc"]
    paths = [Path(folder, "uv", "uv.toml") for folder in folders if folder]
    if environ.get("UV_CONFIG_FILE"):
        paths = [Path(environ["UV_CONFIG_FILE"])]
    for path in paths:
        try:
            text = filter_uv_toml(path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError):
            continue
        if text:
            return text
    return ""


# uv


def run_quietly(command, environ):
    """Return the finished process and what it said, on `stdout`, `stderr`."""
    try:
        return subprocess.run(
            command,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
        )
    except OSError as error:
        reason = str(error).encode()
        return subprocess.CompletedProcess(command, 127, b"", reason)


def read_uv_version(uv, environ):
    """Return the version of a uv as a tuple; () if it does not start."""
    done = run_quietly([str(uv), "--version"], environ)
    return parse_version(done.stdout.decode("utf-8", "replace"))


def find_uv(environ, pip_environ):
    """Return the path of a uv: one on the PATH, or the locked one."""
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    lowest = parse_version(re.search(r'"uv>=(.*)"', project)[1])
    found = shutil.which("uv", path=environ.get("PATH"))
    if found and read_uv_version(found, environ) >= lowest:
        return found
    lock = (ROOT / "requirements-dev.txt").read_text("utf-8")
    version, requirement = read_uv_lock(lock)
    own = UV_FOLDER / f"uv-{version}{EXE}"
    if read_uv_version(own, environ) != parse_version(version):
        download_uv(own, requirement, pip_environ)
    return str(own)


def download_uv(target, requirement, environ):
    """Take uv out of its wheel, which pip downloads and checks.

    The wheel is not installed, so it does not matter whether the Python here
    may be written to, and what it holds already.
    """
    import zipfile

    words = "-m pip download -q --no-deps --only-binary :all: --require-hashes"
    with tempfile.TemporaryDirectory(dir=UV_FOLDER) as folder:
        lock = Path(folder, "uv.txt")
        lock.write_text(requirement, "utf-8")
        files = ["-r", str(lock), "-d", folder]
        command = [find_pip(environ), *words.split(), *files]
        done = run_quietly(command, environ)
        wheel = next(Path(folder).glob("uv-*.whl"), None)
        if done.returncode or wheel is None:
            sys.stderr.write(done.stderr.decode("utf-8", "replace"))
            raise SetUpError(
                "pip cannot download uv, which installs the packages (see "
                "above). Check the network and call again, or install uv "
                "yourself"
            )
        part = Path(folder, "uv")
        with zipfile.ZipFile(wheel) as archive:
            names = archive.namelist()
            name = next(n for n in names if n.endswith(f"/scripts/uv{EXE}"))
            part.write_bytes(archive.read(name))
        part.chmod(0o755)
        os.replace(part, target)


def find_pip(environ):
    """Return a Python that has pip; one is made if need be."""
    made = UV_FOLDER / "pip"
    pythons = [sys.executable, BASE, str(made / BIN / f"python{EXE}")]
    for python in pythons:
        command = [python, "-m", "pip", "--version"]
        if run_quietly(command, environ).returncode == 0:
            return python
    command = [BASE, "-m", "venv", "--clear", str(made)]
    if run_quietly(command, environ).returncode:
        raise SetUpError(
            f"{BASE} has neither pip nor a complete venv: install them (on "
            "Debian and Ubuntu: apt install python3-venv), or install uv"
        )
    return pythons[-1]


# The set-up


def choose_cache(uv, environ):
    """Return the folder that uv keeps downloads in: its own, if it can."""
    done = run_quietly([uv, "cache", "dir"], environ)
    folder = done.stdout.decode("utf-8", "replace").strip()
    try:
        os.makedirs(folder, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        # As in a container whose user has no home.
        return str(UV_FOLDER / "cache")
    return folder


def lock(file):
    """Lock an open file until it is closed; False if another process has."""
    try:
        if WINDOWS:
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        pass  # Some disks of a network know no locks.
    return True


@contextlib.contextmanager
def keep_others_waiting():
    """Let no two calls set up .venv at once: the second one waits."""
    with open(UV_FOLDER / "lock", "w") as file:
        if not lock(file):
            print("Another call sets up .venv: waiting.", file=sys.stderr)
            while not lock(file):
                time.sleep(0.2)
        yield


def check_writable():
    """Refuse a folder in which nothing can be made."""
    try:
        UV_FOLDER.mkdir(parents=True, exist_ok=True)
        for folder in (ROOT, UV_FOLDER):
            tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise SetUpError(
            f"cannot write into {ROOT} ({error.strerror}): copy the course "
            "into a folder of yours"
        ) from None


def create(uv, environ, python, bounds):
    """Make an empty .venv, which can be moved and copied."""
    (_, low), (_, high) = bounds
    request = python or f">=3.{low},<3.{high}"
    if not VENV.is_dir():
        VENV.unlink(missing_ok=True)
    options = ["--relocatable", "--no-project", "--clear", "--python", request]
    done = run_quietly([uv, "venv", *options, str(VENV)], environ)
    if done.returncode == 0:
        return
    if python:
        sys.stderr.write(done.stderr.decode("utf-8", "replace"))
        raise SetUpError(
            f"{VENV} cannot be made with {request} (see above); if it is in "
            "use, close what uses it; else remove it, and call again"
        )
    raise SetUpError(
        f"there is no Python {name_versions(bounds)} on this machine, and uv "
        "cannot download one: install it from "
        "https://www.python.org/downloads/, or name yours: "
        f"make PYTHON=/path/to/python3.{high - 1}"
    )


def install(uv, environ, what, *options):
    """Install the locks into .venv; what is there already costs nothing."""
    words = "pip install --quiet --require-hashes --only-binary :all:"
    # The hashes say what is installed, so every index may offer it.
    words += " --index-strategy unsafe-best-match"
    locks = [word for name in LOCKS[what] for word in ("-r", ROOT / name)]
    command = [uv, *words.split(), "--python", VENV, *options, *locks]
    if subprocess.call(list(map(str, command)), env=environ):
        raise SetUpError(
            "uv cannot install the packages (see above). Check the network "
            "and the free space on the disk, then call again: what has been "
            "downloaded is kept"
        )


def compile_imports(environ):
    """Compile the modules that are needed first, by importing them.

    To compile all 12,000 modules takes longer than to install them. Python
    compiles the others when they are imported for the first time.
    """
    code = (
        "import gc, importlib, sys\n"
        "gc.disable()\n"
        "for name in sys.argv[1:]:\n"
        "    try:\n"
        "        importlib.import_module(name)\n"
        "    except Exception:\n"
        "        pass  # The command that needs it says what is wrong.\n"
    )
    python = str(VENV / BIN / f"python{EXE}")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    processes = [
        subprocess.Popen([python, "-c", code, *names], env=environ, **quiet)
        for names in IMPORTS
    ]
    for process in processes:
        process.wait()


def forget_fonts(environ):
    """Have Matplotlib look for fonts again, the next time it is imported.

    It remembers for the whole machine what it has found. In an environment
    that was broken, these were not the fonts that it brings along.
    """
    code = (
        "import matplotlib, pathlib\n"
        "folder = pathlib.Path(matplotlib.get_cachedir())\n"
        "for path in folder.glob('fontlist-*.json'):\n"
        "    path.unlink()\n"
    )
    # Without Matplotlib, or without a cache, there is nothing to forget.
    run_quietly([str(VENV / BIN / f"python{EXE}"), "-c", code], environ)


def link_course(python):
    """Make `import utils` work in .venv."""
    path = os.path.relpath(ROOT, python["site"]).replace(os.sep, "/")
    Path(python["site"], LINK).write_text(f"{path}\n", "utf-8")


def set_up(what):
    """Make .venv ready for `what`, "lessons" or "dev"."""
    bounds = read_bounds()
    hashes = {name: hash_locks(name) for name in LOCKS}
    name = os.environ.get("PYTHON", "").strip()
    named = ask_named(name, bounds) if name else None

    def find_need():
        python = ask_environment()
        stamp = read_stamp()
        present = list_entries(python)
        need = judge(python, stamp, present, hashes, what, bounds, named)
        return need, python, stamp, present

    if find_need()[0] == "nothing":
        return
    check_writable()
    with keep_others_waiting():
        # Another call may have made it meanwhile.
        need, python, stamp, present = find_need()
        if need != "nothing":
            mend(need, python, stamp, present, hashes, what, bounds, named)


def mend(need, python, stamp, present, hashes, what, bounds, named):
    """Do what .venv needs; the arguments are those of `judge`."""
    started = time.time()
    missing = find_missing(stamp, present)
    settings = read_pip_settings(os.environ)
    toml = read_uv_toml(os.environ)
    environ = make_uv_environment(os.environ, settings, toml)
    pip_environ = make_pip_environment(os.environ, settings)
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "uv.toml")
        if settings.get("no-index", "").lower() in ("1", "true", "yes", "on"):
            toml = f"no-index = true\n{toml}"
        config.write_text(toml, "utf-8")
        environ["UV_CONFIG_FILE"] = str(config)
        uv = find_uv(environ, pip_environ)
        environ["UV_CACHE_DIR"] = choose_cache(uv, environ)
        if need == "new":
            chosen = named["path"] if named else find_python(bounds)
            print(
                "Setting up .venv. The first time, about 500 MB of "
                "packages are downloaded.",
                file=sys.stderr,
            )
            create(uv, environ, chosen, bounds)
            python = ask(VENV / BIN / f"python{EXE}")
            stamp, present, missing = {}, set(), set()
        else:
            print("Bringing .venv up to date.", file=sys.stderr)
            (VENV / STAMP).unlink(missing_ok=True)
        if holds_course(present):
            command = [uv, "pip", "uninstall", "-q", "autoencoder-course"]
            run_quietly([*command, "--python", str(VENV)], environ)
        if missing and "dev" in stamp["locks"]:
            what = "dev"
        install(uv, environ, what)
        missing = find_missing(stamp, list_entries(python)) - {LINK}
        if any(not name.endswith(".dist-info") for name in missing):
            # A package whose folder is gone counts as installed for uv.
            install(uv, environ, what, "--reinstall")
        forget_fonts(environ)
        if need == "new":
            compile_imports(environ)
    link_course(python)
    locks = stamp.get("locks", {})
    locks.update({name: hashes[name] for name in ("lessons", what)})
    # What the user had added before is left out.
    known = set(stamp.get("entries", []))
    entries = {
        name
        for name in list_entries(python)
        if name in known or name not in present
    }
    write_stamp({"locks": locks, "entries": sorted(entries)})
    print(f"Done in {time.time() - started:.0f} s.", file=sys.stderr)


def main(arguments):
    """Do what the command line says, and return the exit status."""
    what = arguments[0] if arguments else "lessons"
    if what == "describe":
        print(json.dumps(describe()))
        return 0
    if what not in LOCKS:
        known = " and ".join(LOCKS)
        print(f"set_up.py knows {known}, not {what}", file=sys.stderr)
        return 2
    try:
        set_up(what)
    except SetUpError as error:
        print(f"{error}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted; the next call goes on.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
