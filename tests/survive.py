"""Models of lessons are saved in one process and loaded in another.

`python tests/survive.py leave FOLDER` builds each model that
lessons/models/NN_topic.toml describes, trains it for a step, saves it, and
notes what it computes and what another step makes of it. `python
tests/survive.py find FOLDER` does the rest in a process of its own, which has
executed no more of a lesson than its definitions, and writes what differs.
Numbers of lessons may follow the folder.
"""

import ast
import gc
import json
import sys
import tomllib
import warnings
from pathlib import Path

from utils.backend import tf
from utils.export import export_onnx
from utils.tools.lessons import read_lessons

import keras
import numpy as np
import onnxruntime
from definitions import execute_definitions, parse_cells

DESCRIPTIONS = Path(__file__).parent / "lessons" / "models"
MAKERS = {"keras.Model", "keras.Sequential"}


def read_descriptions(name):
    """Return what a lesson's models need first, and how each is described.

    Returns
    -------
    setup : str
        Python that is executed in the lesson before the models are built.
    exempt : set of str
        Classes, functions and statements whose models nobody saves.
    descriptions : dict from str to dict
        By the model's name.
    """
    path = DESCRIPTIONS / f"{name}.toml"
    content = tomllib.loads(path.read_text("utf-8")) if path.exists() else {}
    setup = content.pop("setup", "")
    exempt = set(content.pop("exempt", []))
    return setup, exempt, content


# --- What a lesson has -------------------------------------------------------


def is_maker(node):
    return isinstance(node, ast.Call) and ast.unparse(node.func) in MAKERS


def walk_statements(nodes):
    """Yield statements outside of functions and classes, loops included."""
    for node in nodes:
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node
            yield from walk_statements(getattr(node, "body", []))


def find_statements(lesson):
    """Return what assigns a model outside of any function.

    Returns
    -------
    dict from str to ast.expr
        The right side of the assignment, by its left side.
    """
    return {
        ast.unparse(node.targets[0]): node.value
        for tree in parse_cells(lesson)
        for node in walk_statements(tree.body)
        if isinstance(node, ast.Assign)
        and any(map(is_maker, ast.walk(node.value)))
    }


def find_classes(lesson):
    """Return the names of a lesson's classes that a file has to bring back."""
    return {
        node.name
        for tree in parse_cells(lesson)
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        and node.bases
        # A callback is no part of a model.
        and not ast.unparse(node.bases[0]).endswith("Callback")
    }


def find_builders(lesson):
    """Return the names of the functions that build models."""
    return {
        node.name
        for tree in parse_cells(lesson)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and any(map(is_maker, ast.walk(node)))
    }


def find_living_classes():
    """Return the names of the lessons' classes that have an instance."""
    return {
        type(item).__name__
        for item in gc.get_objects()
        if isinstance(item, keras.layers.Layer)
        and type(item).__module__ == "__main__"
    }


# --- What is compared --------------------------------------------------------


def reset_draws():
    """Have all layers draw the same numbers from now on.

    A file holds no state of random draws: a loaded model draws others.
    """
    for item in gc.get_objects():
        if isinstance(item, keras.random.SeedGenerator):
            item.state.assign([1, 2])


def draw(shape):
    generator = np.random.default_rng(0)
    return generator.random((4, *shape), dtype="float32")


def take_part(model, description, part, inputs):
    """Return a part of a model as a model of its own."""
    found = eval(description[part], {"model": model, "keras": keras})
    if isinstance(found, keras.Model):
        return found
    found = found if isinstance(found, list) else [found]
    found = [x for x in found if not isinstance(x, keras.layers.InputLayer)]
    return keras.Sequential([keras.Input(inputs.shape[1:]), *found])


def find_shape(model, description):
    return description.get("shape") or model.input_shape[1:]


def compute(model, description):
    """Return the parts of a model, what goes into them, and what comes out."""
    reset_draws()
    parts = {"model": model}
    inputs = {"model": draw(find_shape(model, description))}
    outputs = {"model": model(inputs["model"])}
    for part in ("encoder", "decoder"):
        if part not in description:
            continue
        inputs[part] = inputs["model"]
        if part == "decoder":
            codes = keras.tree.flatten(outputs["encoder"])
            inputs[part] = codes[0].numpy()  # a mean, where there are more
        parts[part] = take_part(model, description, part, inputs[part])
        outputs[part] = parts[part](inputs[part])
    return (
        parts,
        inputs,
        {
            f"{part} {number}": np.asarray(array)
            for part, output in outputs.items()
            for number, array in enumerate(keras.tree.flatten(output))
        },
    )


def train(model, description):
    """Train a compiled model for one step; return all that has changed."""
    inputs = draw(find_shape(model, description))
    targets = inputs
    if "targets" in description:
        targets = eval(description["targets"], {"np": np, "draw": draw})
    reset_draws()
    loss = model.train_on_batch(inputs, targets)
    weights = {str(i): w for i, w in enumerate(model.get_weights())}
    return weights | {"loss": np.asarray(loss)}


# --- Two processes -----------------------------------------------------------


def record_calls(scope, names):
    """Have functions of a lesson note that they were called."""
    called = set()

    def wrap(name, function):
        def call(*args, **kwargs):
            called.add(name)
            return function(*args, **kwargs)

        return call

    for name in names & scope.keys():
        scope[name] = wrap(name, scope[name])
    return called


def leave(folder, name, lesson):
    """Save the models of a lesson; return what the descriptions lack."""
    scope = execute_definitions(lesson, name)
    builders, statements = find_builders(lesson), find_statements(lesson)
    called = record_calls(scope, builders)
    setup, exempt, descriptions = read_descriptions(name)
    exec(setup, scope)
    for key, description in descriptions.items():
        if "build" in description:
            model = eval(description["build"], scope)
        else:
            expression = ast.Expression(statements[key])
            model = eval(compile(expression, key, "eval"), scope)
        scope[key] = model  # another one may be built of it
        model(draw(find_shape(model, description)))
        model.compile(
            keras.optimizers.Adam(1e-2),
            eval(description.get("loss", "'binary_crossentropy'"), scope),
            run_eagerly=True,  # one step is not worth a graph
        )
        train(model, description)
        path = folder / name / f"{key}.keras"
        path.parent.mkdir(exist_ok=True)
        model.save(path)
        *_, outputs = compute(model, description)
        np.savez(path.with_suffix(".outputs.npz"), **outputs)
        trained = train(model, description)
        np.savez(path.with_suffix(".trained.npz"), **trained)
    missing = (builders - called) | (statements.keys() - descriptions.keys())
    return sorted(missing - exempt)


def compare(path, found):
    """Return the names of the arrays that are not the same to the last bit."""
    with np.load(path) as expected:
        if expected.keys() != found.keys():
            return [f"{sorted(found)} in place of {sorted(expected)}"]
        return [
            f"{key} differs"
            for key in expected
            if not np.array_equal(expected[key], found[key])
        ]


def export(part, inputs, path, with_litert):
    """Export a part of a model; return what is wrong with the files."""
    export_onnx(part, path.with_suffix(".onnx"), inputs)
    expected = np.asarray(part(inputs))
    session = onnxruntime.InferenceSession(path.with_suffix(".onnx"))
    (by_onnx,) = session.run(None, {session.get_inputs()[0].name: inputs})
    outputs = {"ONNX": by_onnx}
    if with_litert:
        outputs["LiteRT"] = run_litert(part, inputs, path)
    return [
        f"{kind} differs by {np.abs(output - expected).max()}"
        for kind, output in outputs.items()
        if not np.abs(output - expected).max() < 1e-5
    ]


def run_litert(part, inputs, path):
    """Export to LiteRT, and compute the output of that file."""
    path = path.with_suffix(".tflite")
    part.export(path, format="litert", verbose=False)
    with warnings.catch_warnings():
        # TensorFlow wants to be rid of it, and still has no other.
        warnings.simplefilter("ignore")
        interpreter = tf.lite.Interpreter(str(path))
    place = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(place, inputs.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(place, inputs)
    interpreter.invoke()
    place = interpreter.get_output_details()[0]["index"]
    return interpreter.get_tensor(place)


def find_faults(path, description):
    """Load a model, compare it, export its parts, and train it on."""
    model = keras.models.load_model(path)
    parts, inputs, outputs = compute(model, description)
    faults = compare(path.with_suffix(".outputs.npz"), outputs)
    for part in description.get("export", []):
        file = path.with_name(f"{path.stem}-{part}")
        with_litert = description.get("litert", True)
        faults += export(parts[part], inputs[part], file, with_litert)
    trained = train(model, description)
    return faults + compare(path.with_suffix(".trained.npz"), trained)


def find(folder, name, lesson):
    """Look at all saved models of a lesson; return faults by model."""
    faults = {}
    _, exempt, descriptions = read_descriptions(name)
    # What an earlier lesson has registered is not there in a new process.
    keras.saving.get_custom_objects().clear()
    execute_definitions(lesson, name)
    classes = set()
    for key, description in descriptions.items():
        try:  # whatever it is, it is that model's fault
            path = folder / name / f"{key}.keras"
            faults[key] = find_faults(path, description)
        except Exception as error:
            faults[key] = [f"{type(error).__name__}: {error}"]
        classes |= find_living_classes()
    missing = sorted(find_classes(lesson) - classes - exempt)
    return faults | {"classes without a model": missing}


def main(command, folder, *numbers):
    folder = Path(folder)
    results = {
        name: command(folder, name, lesson)
        for name, lesson in read_lessons().items()
        if not numbers or name[:2] in numbers
    }
    path = folder / f"{command.__name__}.json"
    path.write_text(json.dumps(results, indent=1), "utf-8")


if __name__ == "__main__":
    main({"leave": leave, "find": find}[sys.argv[1]], *sys.argv[2:])
