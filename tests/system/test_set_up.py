"""The set-up: the locks, the state of .venv, settings of the user, make."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from utils.tools import lock, set_up

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = set_up.ROOT
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
BOUNDS = ((3, 11), (3, 14))
NEEDS_SHELL = pytest.mark.skipif(os.name == "nt", reason="no shell scripts")


# --- Locks -------------------------------------------------------------------


def read_lock(name):
    """Return the requirements of a lock, and its text."""
    text = (ROOT / name).read_text("utf-8")
    return [Requirement(line) for line in lock.split_lock(text)], text


LESSONS, LESSONS_TEXT = read_lock("requirements.txt")
DEV, DEV_TEXT = read_lock("requirements-dev.txt")


@pytest.mark.parametrize("text", [LESSONS_TEXT, DEV_TEXT])
def test_a_lock_has_hashes_and_no_address(text):
    assert not re.search(r"://|--(extra-)?index-url|--find-links|@ ", text)
    parts = lock.split_lock(text)
    assert len(parts) > 20
    assert all("--hash=sha256:" in part for part in parts.values())


def is_locked(line, requirements):
    wanted = Requirement(line)
    versions = [
        next(iter(found.specifier)).version
        for found in requirements
        if found.name == wanted.name
    ]
    return versions and all(map(wanted.specifier.contains, versions))


@pytest.mark.parametrize(
    "line",
    [
        *PROJECT["project"]["dependencies"],
        *EXTRAS["cpu"],
        # The course is installed with what is there: --no-build-isolation.
        *PROJECT["build-system"]["requires"],
    ],
)
def test_what_lessons_need_is_locked(line):
    assert is_locked(line, LESSONS), "call `make lock`"


@pytest.mark.parametrize("line", EXTRAS["dev"])
def test_what_maintainers_need_is_locked(line):
    assert is_locked(line, LESSONS + DEV), "call `make lock`"
    assert not is_locked(line, LESSONS), (
        "students get it, too: list it under dependencies, or call `make lock`"
    )


def test_locks_agree():
    versions = {found.name: found.specifier for found in LESSONS}
    for found in DEV:
        assert versions.get(found.name, found.specifier) == found.specifier
    assert not {str(found) for found in LESSONS} & {str(x) for x in DEV}


def test_what_is_installed_has_a_hash(monkeypatch):
    """And no code of a source package runs, which has its own downloads."""
    commands = []
    monkeypatch.setattr(
        set_up.subprocess, "call", lambda words, env: commands.append(words)
    )
    set_up.install("uv", {}, "dev")
    (command,) = commands
    assert {"--require-hashes", "--only-binary"} <= {*command}
    assert [Path(word).name for word in command if "requirements" in word] == [
        "requirements.txt",
        "requirements-dev.txt",
    ]


def test_uv_comes_from_the_lock():
    version, requirement = set_up.read_uv_lock(DEV_TEXT)
    assert f"uv=={version} --hash=sha256:" in requirement
    assert requirement.count("--hash") > 10
    assert requirement.count("\n") == 1


# --- The script itself -------------------------------------------------------


def test_any_python_runs_the_script():
    source = Path(set_up.__file__).read_text("utf-8")
    tree = ast.parse(source, feature_version=(3, 8))
    imports = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    assert imports <= sys.stdlib_module_names - {"tomllib"}


def test_versions_stand_in_pyproject():
    low, high = set_up.read_bounds()
    supported = SpecifierSet(PROJECT["project"]["requires-python"])
    assert supported.contains("{}.{}".format(*low))
    assert not supported.contains("{}.{}".format(*high))
    assert not supported.contains(f"3.{low[1] - 1}")


def test_versions_are_named():
    assert set_up.name_versions(BOUNDS) == "3.11, 3.12 or 3.13"


# --- The state of .venv ------------------------------------------------------

HASHES = {"lessons": "a", "dev": "b"}
STAMP = {"locks": {"lessons": "a"}, "entries": ["numpy", "bin/jupyter"]}
PRESENT = {"numpy", "bin/jupyter", "added-by-the-user"}


def make_python(*version, common=True):
    return {"version": [*version], "common": common, "path": "python"}


def judge(tmp_path, python, stamp=None, present=PRESENT, **settings):
    stamp = STAMP if stamp is None else stamp
    settings = {"what": "lessons", "hashes": HASHES, **settings}
    return set_up.judge(
        python, stamp, present, bounds=BOUNDS, venv=tmp_path, **settings
    )


def test_a_complete_environment_needs_nothing(tmp_path):
    assert judge(tmp_path, make_python(3, 11, 7)) == "nothing"


@pytest.mark.parametrize(
    "python",
    [
        None,
        make_python(3, 10, 13),
        make_python(3, 14, 0),
        make_python(3, 13, 0, common=False),
    ],
    ids=["does not start", "3.10", "3.14", "free-threaded"],
)
def test_an_unusable_python_is_replaced(tmp_path, python):
    assert judge(tmp_path, python) == "new"


@pytest.mark.parametrize("minor, need", [(11, "nothing"), (12, "new")])
def test_the_python_that_is_named_counts(tmp_path, minor, need):
    named = make_python(3, minor, 0)
    assert judge(tmp_path, make_python(3, 11, 7), named=named) == need


@pytest.mark.parametrize(
    "change",
    [
        {"hashes": {**HASHES, "lessons": "changed"}},
        {"what": "dev"},
        {"present": PRESENT - {"numpy"}},
        {"present": PRESENT - {"bin/jupyter"}},
        {"present": PRESENT | {"autoencoder_course-1.0.0.dist-info"}},
        {"present": PRESENT | {"__editable__.autoencoder_course-1.0.0.pth"}},
    ],
)
def test_what_is_missing_or_stale_is_installed(tmp_path, change):
    assert judge(tmp_path, make_python(3, 11, 7), **change) == "packages"


@pytest.mark.parametrize(
    "settings, need",
    [("relocatable = true\n", "new"), ("home = /usr/bin\n", "packages")],
    ids=["interrupted", "made by the user"],
)
def test_without_a_stamp(tmp_path, settings, need):
    (tmp_path / "pyvenv.cfg").write_text(settings)
    assert judge(tmp_path, make_python(3, 11, 7), stamp={}) == need


def test_an_environment_of_the_older_makefile_is_replaced(tmp_path):
    (tmp_path / "pyvenv.cfg").write_text("home = /usr/bin\n")
    (tmp_path / ".ready").touch()
    assert judge(tmp_path, make_python(3, 11, 7), stamp={}) == "new"


def test_an_environment_for_a_gpu_is_left_alone(tmp_path):
    """Whatever else is wrong: nothing of it can be made again from a lock."""
    gpu = PRESENT | {"nvidia_cuda_runtime_cu12-12.5.dist-info"}
    named = make_python(3, 12, 0)
    settings = {"stamp": {}, "present": gpu, "named": named}
    assert judge(tmp_path, make_python(3, 11, 7), **settings) == "nothing"


def test_a_stamp_is_read_back(tmp_path):
    set_up.write_stamp(STAMP, tmp_path)
    assert set_up.read_stamp(tmp_path) == STAMP
    assert os.listdir(tmp_path) == [set_up.STAMP]


@pytest.mark.parametrize("text", [None, "", '{"locks": '])
def test_a_damaged_stamp_is_none(tmp_path, text):
    if text is not None:
        (tmp_path / set_up.STAMP).write_text(text)
    assert set_up.read_stamp(tmp_path) == {}


def test_a_package_and_its_script_are_two_entries(tmp_path):
    """Of the same name: one of them may be missing."""
    (tmp_path / "site" / "tqdm").mkdir(parents=True)
    (tmp_path / "site" / "__pycache__").mkdir()
    (tmp_path / "bin" / "tqdm").mkdir(parents=True)
    folders = {"site": tmp_path / "site", "scripts": tmp_path / "bin"}
    assert set_up.list_entries(folders) == {"tqdm", "bin/tqdm"}


def test_a_changed_lock_is_noticed(tmp_path):
    for name in set_up.LOCKS["dev"]:
        (tmp_path / name).write_bytes(b"a==1\nb==2\n")
    before = {what: set_up.hash_locks(what, tmp_path) for what in set_up.LOCKS}
    (tmp_path / "requirements.txt").write_bytes(b"a==1\r\nb==2\r\n")
    same = {what: set_up.hash_locks(what, tmp_path) for what in set_up.LOCKS}
    assert same == before
    (tmp_path / "requirements.txt").write_bytes(b"a==1\nb==3\n")
    for what, old in before.items():
        assert set_up.hash_locks(what, tmp_path) != old


def test_a_moved_or_copied_course_uses_its_own_utils(tmp_path, monkeypatch):
    def find_utils(course):
        code = f"import site; site.addsitedir({str(course / 'x' / 'site')!r});"
        code += "import utils; print(utils.__file__)"
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", code],
            capture_output=True,
            check=True,
        )
        return Path(os.fsdecode(done.stdout).strip())

    first = tmp_path / "curso ñ"
    (first / "x" / "site").mkdir(parents=True)
    (first / "utils").mkdir()
    (first / "utils" / "__init__.py").touch()
    monkeypatch.setattr(set_up, "ROOT", first)
    set_up.link_course({"site": str(first / "x" / "site")})
    copy = shutil.copytree(first, tmp_path / "copy")
    moved = first.rename(tmp_path / "moved")
    for course in (copy, moved):
        assert find_utils(course) == course / "utils" / "__init__.py"


# --- Pythons -----------------------------------------------------------------


def make_script(path, said):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{said}\n")
    path.chmod(0o755)


def say(python):
    return f"echo '{json.dumps(python)}'"


@NEEDS_SHELL
@pytest.mark.parametrize("quote", ["", '"', "'"])
def test_a_named_python_may_have_spaces(tmp_path, quote):
    path = tmp_path / "Program Files (x86)" / "python.exe"
    make_script(path, say(make_python(3, 12, 1)))
    python = set_up.ask_named(f"{quote}{path}{quote}", BOUNDS)
    assert python["version"] == [3, 12, 1]


@NEEDS_SHELL
def test_a_named_python_may_have_options(tmp_path):
    script = f'[ "$1" = -3.12 ] && {say(make_python(3, 12, 1))}'
    make_script(tmp_path / "py", script)
    python = set_up.ask_named(f"{tmp_path / 'py'} -3.12", BOUNDS)
    assert python["version"] == [3, 12, 1]


@NEEDS_SHELL
@pytest.mark.parametrize(
    "said, reason",
    [
        (say(make_python(3, 14, 0)), "3.14.0.*3.11, 3.12 or 3.13"),
        ("echo 'pyenv: no such command' >&2; exit 127", "does not start"),
    ],
)
def test_a_named_python_that_will_not_do_is_named(tmp_path, said, reason):
    make_script(tmp_path / "python", said)
    with pytest.raises(set_up.SetUpError, match=f"PYTHON=.*python.*{reason}"):
        set_up.ask_named(str(tmp_path / "python"), BOUNDS)


@NEEDS_SHELL
def test_a_python_is_found_behind_a_shim(tmp_path, monkeypatch):
    make_script(tmp_path / "python3", "echo 'pyenv: no python3' >&2; exit 127")
    make_script(tmp_path / "python", say(make_python(3, 10, 1)))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(set_up, "BASE", "python3")
    assert set_up.find_python(BOUNDS) is None
    found = {**make_python(3, 12, 1), "path": "/here/python3.12"}
    make_script(tmp_path / "python3.12", say(found))
    assert set_up.find_python(BOUNDS) == "/here/python3.12"


# --- Settings of the user ----------------------------------------------------

HARMFUL = {
    "PIP_TARGET": "elsewhere",
    "PIP_USER": "1",
    "PIP_PREFIX": "elsewhere",
    "PIP_REQUIRE_VIRTUALENV": "1",
    "PIP_NO_BINARY": ":all:",
    "PIP_CONSTRAINT": "elsewhere",
    "UV_SYSTEM_PYTHON": "1",
    "UV_PROJECT_ENVIRONMENT": "elsewhere",
    "UV_TARGET": "elsewhere",
    "UV_NO_BINARY": "1",
    "UV_EXCLUDE_NEWER": "2015-01-01",
    "UV_OFFLINE": "1",
    "UV_PYTHON": "3.8",
    "UV_PYTHON_PREFERENCE": "only-managed",
    "UV_INDEX_STRATEGY": "first-index",
    "VIRTUAL_ENV": "elsewhere",
    "CONDA_PREFIX": "elsewhere",
    "PYTHONPATH": "elsewhere",
    "PYTHONDONTWRITEBYTECODE": "1",
    "SOURCE_DATE_EPOCH": "0",
}
USEFUL = {
    "PATH": "/bin",
    "HTTPS_PROXY": "http://proxy.example",
    "SSL_CERT_FILE": "/own.pem",
    "UV_DEFAULT_INDEX": "https://a.example/simple",
    "UV_INDEX_WORK_PASSWORD": "secret",
    "UV_CACHE_DIR": "/big",
    "UV_HTTP_TIMEOUT": "300",
}
LISTING = """\
:env:.cert='/env.pem'
:env:.user='1'
global.cert='/global.pem'
global.index-url='https://global.example/simple'
global.target='elsewhere'
install.index-url='https://b.example/simple'
install.no-binary=':all:'
"""


def test_only_what_reaches_the_network_is_kept():
    kept = set_up.clean({**HARMFUL, **USEFUL})
    kept.pop("UV_INDEX_STRATEGY", None)  # The command line says another one.
    assert kept == USEFUL


def test_settings_of_pip_are_read():
    assert set_up.parse_pip_settings(LISTING) == {
        "cert": "/env.pem",
        "index-url": "https://b.example/simple",
    }


def test_pip_keeps_its_settings_of_the_network():
    settings = set_up.parse_pip_settings(LISTING)
    environ = set_up.make_pip_environment(HARMFUL, settings)
    named = {name for name in environ if name.startswith("PIP_")}
    assert named == {
        "PIP_CERT",
        "PIP_INDEX_URL",
        "PIP_CONFIG_FILE",
        "PIP_DISABLE_PIP_VERSION_CHECK",
    }
    assert environ["PIP_CONFIG_FILE"] == os.devnull


def test_uv_learns_what_is_set_for_pip():
    settings = {
        "cert": "/env.pem",
        "index-url": "https://b.example/simple",
        "proxy": "http://proxy.example",
        "trusted-host": "b.example",
        # pip parts folders at spaces, which ROOT itself may have.
        "find-links": f"{ROOT.anchor} /no/such/folder",
    }
    environ = set_up.make_uv_environment(HARMFUL, settings)
    environ.pop("UV_INDEX_STRATEGY", None)
    environ.pop("UV_SYSTEM_CERTS", None)
    assert environ == {
        "SSL_CERT_FILE": "/env.pem",
        "UV_DEFAULT_INDEX": "https://b.example/simple",
        "HTTP_PROXY": "http://proxy.example",
        "HTTPS_PROXY": "http://proxy.example",
        "UV_INSECURE_HOST": "b.example",
        "UV_FIND_LINKS": ROOT.anchor,
    }


@pytest.mark.parametrize(
    "environ, toml",
    [
        ({"UV_DEFAULT_INDEX": "https://a.example"}, ""),
        ({"UV_INDEX_URL": "https://a.example"}, ""),
        ({}, 'index-url = "https://a.example"'),
        ({}, '[[index]]\nurl = "https://a.example"\ndefault = true'),
    ],
)
def test_an_index_that_is_set_for_uv_comes_first(environ, toml):
    settings = {"index-url": "https://b.example/simple"}
    found = set_up.make_uv_environment(environ, settings, toml)
    assert "https://b.example/simple" not in found.values()


def test_settings_of_uv_in_a_file_are_filtered(tmp_path):
    kept = 'cache-dir = "/big"\nextra-index-url = [\n  "https://a.example",\n]'
    index = '[[index]]\nname = "work"\nurl = "https://b.example"'
    text = (
        f'offline = true\n{kept}\nexclude-newer = "2015-01-01"\n'
        f'[pip]\ntarget = "x"\nno-binary = [":all:"]\n{index}\n'
        '[[dependency-metadata]]\nname = "numpy"\n'
    )
    (tmp_path / "uv").mkdir()
    (tmp_path / "uv" / "uv.toml").write_text(text)
    name = "APPDATA" if os.name == "nt" else "XDG_CONFIG_HOME"
    found = set_up.read_uv_toml({name: str(tmp_path)})
    assert found == f"{kept}\n{index}"


# --- make --------------------------------------------------------------------


def call_make(*words, cwd=ROOT, **environ):
    if shutil.which("make") is None:
        pytest.skip("no make on the PATH")
    return subprocess.run(
        ["make", *words],
        cwd=cwd,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    "target, dev",
    [
        ("run", False),
        ("lab", False),
        ("handouts", False),
        ("solutions", False),
        ("test", True),
        ("test-all", True),
        ("lint", True),
        ("slides", True),
        ("site", True),
        ("bench", True),
        ("results", True),
        ("lock", True),
    ],
)
def test_a_command_installs_what_it_needs(target, dev):
    words = call_make("-n", target).stdout
    assert "set_up.py lessons" in words
    assert ("set_up.py dev" in words) == dev


@NEEDS_SHELL
@pytest.mark.parametrize("quote", ["", '"', "'"])
def test_make_takes_a_python_with_spaces(tmp_path, quote):
    shutil.copy(ROOT / "Makefile", tmp_path)
    path = tmp_path / "Program Files (x86)" / "python.exe"
    make_script(path, '[ "$3" = -c ] || echo "$0 $*; $PYTHON"')
    done = call_make("ready", f"PYTHON={quote}{path}{quote}", cwd=tmp_path)
    assert f"{path} -I utils/tools/set_up.py lessons; {path}" in done.stdout


@NEEDS_SHELL
def test_make_names_what_is_missing(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    make = shutil.which("make")
    for name in ("python3", "python", "py"):
        make_script(tmp_path / "bin" / name, "echo 'pyenv: no'; exit 127")
    done = subprocess.run(
        [make, "ready"],
        cwd=tmp_path,
        env={"PATH": str(tmp_path / "bin")},
        capture_output=True,
        text=True,
    )
    assert done.returncode
    assert "pyenv" not in done.stdout + done.stderr
    assert "No Python 3 starts here" in done.stderr
    assert "make PYTHON=" in done.stderr


def test_make_from_another_folder_says_how(tmp_path):
    done = call_make("-f", ROOT / "Makefile", "help", cwd=tmp_path)
    assert done.returncode and "make -C FOLDER" in done.stderr
    assert call_make("-C", ROOT, "help", cwd=tmp_path).returncode == 0


def test_fonts_are_looked_for_again(tmp_path, monkeypatch):
    """As Matplotlib found none of its own while .venv was broken."""
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(set_up, "VENV", Path(sys.prefix))
    stale = tmp_path / "fontlist-v3.11.0.json"
    stale.write_text("{}")
    (tmp_path / "matplotlibrc").touch()
    set_up.forget_fonts({**os.environ, "MPLCONFIGDIR": str(tmp_path)})
    assert [path.name for path in tmp_path.iterdir()] == ["matplotlibrc"]


# --- Calls beside each other, and homes that cannot be written to ------------


def test_a_file_is_locked_for_one_process_until_it_is_closed(tmp_path):
    with open(tmp_path / "lock", "w") as first:
        assert set_up.lock(first)
        with open(tmp_path / "lock", "w") as second:
            assert not set_up.lock(second)
    with open(tmp_path / "lock", "w") as third:
        assert set_up.lock(third)


def test_a_second_call_waits_and_looks_again(tmp_path, monkeypatch, capsys):
    """What the first one has made is not made again."""
    monkeypatch.setattr(set_up, "UV_FOLDER", tmp_path)
    answers = iter([False, False, True])
    monkeypatch.setattr(set_up, "lock", lambda file: next(answers))
    needs = iter(["new", "nothing"])
    monkeypatch.setattr(set_up, "judge", lambda *arguments: next(needs))
    monkeypatch.setattr(set_up, "mend", None)
    set_up.set_up("lessons")
    assert capsys.readouterr().err.count("waiting") == 1
    assert [*answers, *needs] == []


@NEEDS_SHELL
def test_downloads_are_kept_where_one_may_write(tmp_path, monkeypatch):
    monkeypatch.setattr(set_up, "UV_FOLDER", tmp_path / "build")
    uv = tmp_path / "uv"
    good = tmp_path / "new" / "cache"
    make_script(uv, f"echo {good}")
    assert set_up.choose_cache(uv, os.environ) == str(good)
    make_script(uv, f"echo {uv}/cache")  # below a file
    own = str(tmp_path / "build" / "cache")
    assert set_up.choose_cache(uv, os.environ) == own
    make_script(uv, "exit 2")
    assert set_up.choose_cache(uv, os.environ) == own


# --- Real set-ups, with small locks, from the index --------------------------


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course that needs few packages, set up in a folder with spaces."""
    if shutil.which("make") is None:
        pytest.skip("no make on the PATH")
    folder = tmp_path_factory.mktemp("set up") / "curso ñ 课"
    command = [set_up.BASE, "-m", "pip", "download", "-q", "--no-deps"]
    (name,) = (str(x) for x in LESSONS if x.name == "six")
    downloads = str(folder.parent / "pip")
    done = subprocess.run([*command, name, "-d", downloads])
    if done.returncode:
        pytest.skip("no package index is reached")
    (folder / "utils" / "tools").mkdir(parents=True)
    (folder / "notebooks").mkdir()
    (folder / "utils" / "__init__.py").touch()
    for path in ("Makefile", "pyproject.toml", "utils/tools/set_up.py"):
        shutil.copy(ROOT / path, folder / path)
    for path, names in {
        "requirements.txt": ("six==", "tqdm=="),
        "requirements-dev.txt": ("uv==", "iniconfig=="),
    }.items():
        parts = lock.split_lock((ROOT / path).read_text("utf-8"))
        kept = [parts[line] for line in parts if line.startswith(names)]
        (folder / path).write_text("".join(kept), "utf-8")
    done = call_make("ready-dev", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


def set_up_again(course, **environ):
    """Call make; return whether something was done."""
    done = call_make("ready-dev", cwd=course, **environ)
    assert done.returncode == 0, done.stderr
    code = "import six, tqdm, utils; print(utils.__file__)"
    found = subprocess.run(
        [course / ".venv" / set_up.BIN / "python", "-I", "-c", code],
        cwd=course / "notebooks",
        capture_output=True,
        check=True,
    )
    path = os.fsdecode(found.stdout).strip()
    assert Path(path) == course / "utils" / "__init__.py"
    return bool(done.stderr)


def find_entry(course, pattern):
    (path,) = (course / ".venv").glob(f"**/site-packages/{pattern}")
    return path


@pytest.mark.slow
def test_a_second_call_does_nothing(course):
    assert not set_up_again(course)


@pytest.mark.slow
def test_a_renamed_and_a_copied_course_need_nothing(course):
    moved = course.rename(course.with_name("moved"))
    assert not set_up_again(moved)
    copy = shutil.copytree(moved, moved.with_name("copy"), symlinks=True)
    moved.rename(course)
    assert not set_up_again(copy)


@pytest.mark.slow
@pytest.mark.parametrize(
    "damage",
    [
        lambda course: (course / ".venv" / "set_up.json").unlink(),
        lambda course: find_entry(course, "six.py").unlink(),
        lambda course: shutil.rmtree(find_entry(course, "tqdm")),
        lambda course: shutil.rmtree(find_entry(course, "tqdm-*.dist-info")),
        lambda course: find_entry(course, set_up.LINK).unlink(),
        lambda course: shutil.rmtree(course / ".venv" / set_up.BIN),
        lambda course: shutil.rmtree(find_entry(course, ".")),
    ],
    ids=[
        "interrupted",
        "module",
        "package",
        "record",
        "link",
        "scripts",
        "packages",
    ],
)
def test_damage_is_mended(course, damage):
    damage(course)
    assert set_up_again(course)
    assert not set_up_again(course)


@pytest.mark.slow
def test_two_calls_at_once_make_one_environment(course):
    shutil.rmtree(course / ".venv")
    calls = [
        subprocess.Popen(
            ["make", "ready-dev"], cwd=course, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    said = [call.communicate()[1].decode() for call in calls]
    assert [call.returncode for call in calls] == [0, 0], said
    assert "".join(said).count("Setting up") == 1
    assert not set_up_again(course)


@pytest.mark.slow
def test_harmful_settings_do_no_harm(course, tmp_path):
    shutil.rmtree(course / ".venv")
    shutil.rmtree(course / "build")
    (tmp_path / "uv").mkdir()
    (tmp_path / "pip").mkdir()
    (tmp_path / "uv" / "uv.toml").write_text(
        'offline = true\nrequired-version = "==0.1"\n[pip]\ntarget = "x"\n'
    )
    pip = "[global]\nuser = true\ntarget = x\n[install]\nno-binary = :all:\n"
    (tmp_path / "pip" / "pip.conf").write_text(pip)
    assert set_up_again(course, XDG_CONFIG_HOME=str(tmp_path), **HARMFUL)
    assert not (course / "elsewhere").exists()
    assert not (course / "x").exists()
