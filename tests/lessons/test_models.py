"""Models of lessons outlive the kernel: saved here, loaded in a new process.

Another process builds and saves them, and a third one loads them without
`custom_objects`, knowing no more than what a lesson defines; see survive.py.
A lesson that builds models describes them in models/NN_topic.toml:

    [name]               # where a statement assigns it, `build` is not needed
    build = "the call of the lesson's own function"
    loss = "Python, as the lesson trains it; binary cross-entropy otherwise"
    shape = [784]        # of one input, where Keras does not know it
    targets = "Python, where these are not the inputs"
    encoder = "Python that takes it out of `model`"
    decoder = "likewise: a model, a layer or a list of layers"
    export = ["decoder"] # to ONNX and LiteRT: encoder, decoder or model
    litert = false       # to ONNX alone

Above the first model may stand `setup`, Python that gives the lesson what its
builders need of data, and `exempt`, a list of classes, functions and names
whose models nobody saves.
"""

import json
import subprocess
import sys

from utils.tools.lessons import ROOT, read_lessons

import pytest
from selected import find_asked
from survive import find_builders, find_statements, read_descriptions

SCRIPT = ROOT / "tests" / "survive.py"
LESSONS = read_lessons()
MODELS = [
    (name, key) for name in LESSONS for key in read_descriptions(name)[-1]
]


@pytest.fixture(scope="module")
def numbers(request):
    """The numbers of the lessons whose models are looked at."""
    return [name[:2] for name in find_asked(request, LESSONS)]


@pytest.fixture(scope="module")
def left(numbers, tmp_path_factory):
    """A folder of saved models, and what no description names."""
    folder = tmp_path_factory.mktemp("models")
    command = [sys.executable, SCRIPT, "leave", folder, *numbers]
    subprocess.run(command, check=True)
    return folder


@pytest.fixture(scope="module")
def faults(left, numbers):
    """What a new process finds: a dict from lesson and model to faults."""
    command = [sys.executable, SCRIPT, "find", left, *numbers]
    subprocess.run(command, check=True)
    return json.loads((left / "find.json").read_text("utf-8"))


@pytest.mark.parametrize(("lesson", "model"), MODELS)
def test_model_survives(faults, lesson, model):
    assert not faults[lesson][model]


@pytest.mark.parametrize("lesson", LESSONS)
def test_each_class_is_in_a_model(faults, lesson):
    missing = faults[lesson]["classes without a model"]
    assert not missing, f"describe a model of it in models/{lesson}.toml"


@pytest.mark.parametrize("lesson", LESSONS)
def test_each_way_to_build_a_model_is_described(left, lesson):
    missing = json.loads((left / "leave.json").read_text("utf-8"))[lesson]
    assert not missing, f"describe a model of it in models/{lesson}.toml"


def test_lessons_build_models():
    found = {
        name: find_builders(lesson) | find_statements(lesson).keys()
        for name, lesson in LESSONS.items()
    }
    without = [name[:2] for name, builders in found.items() if not builders]
    assert without == ["01"]
