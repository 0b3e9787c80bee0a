"""Models, and the classes of their layers, for other programs."""

import ast
import inspect
import linecache
import logging
import os
import tempfile
import textwrap
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from utils.files import write_whole

import keras
import numpy as np

# Python imports `onnx` and `onnxruntime` only where they are used: they take
# memory, and few lessons need them.
TOLERANCE = 1e-5


def export_onnx(
    model: keras.Model, path: str | os.PathLike, sample=None
) -> None:
    """Write a model to an ONNX file, and make sure that the file is right.

    `model.export(path, format="onnx")` also writes a file if the model
    computes something that ONNX does not have; only the program that opens the
    file finds out. Here the file is checked by ONNX, and run by onnxruntime,
    before it gets its name. The activation gelu, for which Keras writes an
    operation that ONNX does not have, is written with one that it has.

    Parameters
    ----------
    model : keras.Model
        It is exported as it is used after the training: without dropout, and
        without noise that is added in training only.
    path : str or Path
    sample : array, shape (n, ...), or list of arrays, optional
        Inputs on which the file has to give what the model gives, up to 1e-5.
        Without them, numbers are drawn from [0, 1). A model that is a class of
        your own needs a sample, since Keras does not know its input's shape.

    Raises
    ------
    ValueError
        If the model draws random numbers, or computes something that ONNX does
        not have; if the file's output is not the model's; if a sample is
        needed. Nothing is written then, and an older file stays as it is.

    Examples
    --------
    >>> import onnxruntime
    >>> decoder = keras.Sequential(
    ...     [keras.Input((2,)), keras.layers.Dense(4, "gelu")]
    ... )
    >>> codes = np.float32([[0.5, -1.0], [2.0, 0.0]])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     export_onnx(decoder, f"{folder}/decoder.onnx")
    ...     session = onnxruntime.InferenceSession(f"{folder}/decoder.onnx")
    >>> name = session.get_inputs()[0].name
    >>> (drawn,) = session.run(None, {name: codes})
    >>> np.allclose(drawn, decoder(codes), atol=1e-5)
    True
    """
    if sample is None:
        sample = _draw_sample(model)
    outputs = model(sample)  # Keras exports only what was called before
    with tempfile.TemporaryDirectory() as folder, _be_silent():
        file = Path(folder, "model.onnx")
        model.export(file, format="onnx", verbose=False)
        content = _mend_and_check(model.name, file.read_bytes())
    inputs = _list_arrays(sample)
    # A single row as well: the size of a batch may have become fixed.
    for n_rows in (len(inputs[0]), 1):
        found = _run(content, [array[:n_rows] for array in inputs])
        for array, expected in zip(found, _list_arrays(outputs), strict=True):
            _compare(model.name, array, expected[:n_rows])
    write_whole(path, content)


def _draw_sample(model):
    """Draw three rows for each input of a model."""
    # A class of one's own has no attribute `inputs`.
    inputs = getattr(model, "inputs", [])
    shapes = [tuple(tensor.shape[1:]) for tensor in inputs]
    if not shapes or any(None in shape for shape in shapes):
        raise ValueError(
            f"{model.name}: the shape of its inputs is not known; call "
            "export_onnx(model, path, sample) with a few of them"
        )
    draw = np.random.default_rng(0).random
    sample = [draw((3, *shape), dtype="float32") for shape in shapes]
    return sample[0] if len(sample) == 1 else sample


def _list_arrays(values):
    return [np.asarray(value) for value in keras.tree.flatten(values)]


@contextmanager
def _be_silent() -> Iterator[None]:
    """Hold back what the converter says; the check says what is wrong."""
    logger = logging.getLogger("tf2onnx")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _mend_and_check(name, content):
    """Return a valid ONNX file, as bytes; raise if there is none."""
    import onnx

    proto = onnx.load_model_from_string(content)
    for graph in _find_graphs(proto.graph):
        _spell_out_erfc(graph)
    operations = {
        node.op_type
        for graph in _find_graphs(proto.graph)
        for node in graph.node
    }
    if any("Random" in operation for operation in operations):
        raise ValueError(
            f"{name} draws random numbers, and is not exported: export a part "
            "that draws none, such as the decoder, or the encoder's mean"
        )
    unknown = [name for name in operations if not onnx.defs.has(name)]
    if unknown:
        raise ValueError(
            f"{name} is not exported: ONNX has no {', '.join(unknown)}; write "
            "it with operations that ONNX has, or use another activation, "
            "such as relu, selu or gelu"
        )
    onnx.checker.check_model(proto)
    return proto.SerializeToString()


def _find_graphs(graph):
    """Yield a graph, after the graphs of the loops and branches in it."""
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                if inner.node:
                    yield from _find_graphs(inner)
    yield graph


def _spell_out_erfc(graph):
    """Replace erfc(x), of which ONNX knows nothing, by 1 - erf(x)."""
    import onnx

    nodes = []
    for node in graph.node:
        if node.op_type != "Erfc":
            nodes.append(node)
            continue
        one, erf = f"{node.name}/one", f"{node.name}/erf"
        value = onnx.numpy_helper.from_array(np.float32(1), one)
        nodes += [
            onnx.helper.make_node("Constant", [], [one], value=value),
            onnx.helper.make_node("Erf", node.input, [erf]),
            onnx.helper.make_node("Sub", [one, erf], node.output),
        ]
    del graph.node[:]
    graph.node.extend(nodes)


def _run(content, inputs):
    """Compute the outputs of an ONNX file."""
    import onnxruntime

    session = onnxruntime.InferenceSession(content)
    names = [entry.name for entry in session.get_inputs()]
    return session.run(None, dict(zip(names, inputs, strict=True)))


def _compare(name, found, expected):
    """Raise unless a file gives what the model gives."""
    if found.shape == expected.shape:
        if np.allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE):
            return
        fault = f"differs by {np.abs(found - expected).max():.1g}"
    else:
        fault = f"has shape {found.shape} in place of {expected.shape}"
    raise ValueError(
        f"{name} is not exported: the file's output {fault}; does the model "
        "depend on something else than its inputs and weights?"
    )


def find_source(own_class: type) -> str:
    """Return the Python code of a class, also of one that a cell defines.

    Write it into a module, and other programs can import the class and load
    models that hold it. (`inspect.getsource` finds classes of notebooks only
    from Python 3.13 on.)

    Parameters
    ----------
    own_class : type
        With at least one method of its own.

    Returns
    -------
    str
        The class with its decorators and comments, without the imports that it
        needs.

    Examples
    --------
    >>> class Double(keras.layers.Layer):
    ...     def call(self, x):
    ...         return 2 * x  # twice
    >>> print(find_source(Double))
    class Double(keras.layers.Layer):
        def call(self, x):
            return 2 * x  # twice
    <BLANKLINE>
    """
    method = next(filter(inspect.isfunction, vars(own_class).values()))
    lines = linecache.getlines(method.__code__.co_filename)
    for node in ast.walk(ast.parse("".join(lines))):
        if isinstance(node, ast.ClassDef) and node.name == own_class.__name__:
            parts = [node, *node.decorator_list]
            first = min(part.lineno for part in parts)
            source = "".join(lines[first - 1 : node.end_lineno])
            return textwrap.dedent(source).rstrip() + "\n"
    raise ValueError(
        f"the code of {own_class.__name__} is not found: run the cell that "
        "defines it again"
    )
