"""A description of code and data that tells whether something has changed.

Trained weights may be used again only if training anew would give the same
ones. So everything that a training is made of is written down as plain JSON:
a model by its classes, its layers and their `get_config()`; functions and
classes of a lesson by their code and by whatever this code refers to, helper
functions and constants included; functions and classes of installed packages
by name and version; arrays by shape, dtype and bytes. Names that Keras counts
up (`dense_12`), comments and layout do not count. Two trainings are the same
if their descriptions are equal; where they unexpectedly are not, the two
descriptions can be printed and compared.

Code is described by the instructions that Python runs, not by its source
text: the source is not always at hand (a Python prompt, a class in a
notebook), and a file may have been edited since it was imported.
"""

import dis
import functools
import importlib
import importlib.metadata
import inspect
import itertools
import json
import pickle
import sys
import sysconfig
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import CodeType, FunctionType, MethodType, ModuleType

from utils.backend import tf
from utils.files import find_sha256

import keras
import numpy as np

# What Keras, and `utils.training.fit`, add to models and optimizers when they
# are compiled and trained.
_ADDED_BY_TRAINING = {
    "_fit_state",
    "_compile_config",
    "_compiled_trainable_state",
    "_distribution_strategy",
    "_eval_epoch_iterator",
    "history",
    "optimizer",
    "stop_evaluating",
    "stop_predicting",
    "stop_training",
}
_LIBRARIES = [
    Path(sysconfig.get_path(name)).resolve()
    for name in ("stdlib", "platstdlib", "purelib", "platlib")
]


class UnknownObjectError(TypeError):
    """Something that cannot be described, and so not be recognized later."""


def describe(value, *, with_state: bool = True) -> object:
    """Describe code and data so that equal descriptions mean equal results.

    Parameters
    ----------
    value : object
        Numbers, text, arrays, lists, dicts; functions and classes; layers,
        models, losses, metrics, optimizers of Keras; other objects by their
        class and their attributes.
    with_state : bool
        Without it, the values of Keras's variables do not count, nor what
        models were compiled with: what remains is what a compiled training
        step is made from.

    Returns
    -------
    object
        What `json.dumps` can write. The order of a dict or set does not count.

    Raises
    ------
    UnknownObjectError
        If something in it has no lasting description, such as an open file.

    Examples
    --------
    >>> describe({"b": 1, "a": [2.0, None]})
    {'dict': [['a', {'list': [2.0, None]}], ['b', 1]]}
    >>> describe(np.zeros(3)) == describe(np.zeros(4))
    False
    >>> describe(lambda x: x + 1) == describe(lambda x: x + 2)
    False
    """
    return _Description(with_state).describe(value)


class _Description:
    """One description; objects that occur again become references."""

    def __init__(self, with_state):
        self.with_state = with_state
        self.counter = itertools.count()
        # The objects are held, so that no other one can get the same id.
        self.known = {}  # id: (reference, object)
        self.path = []

    def describe(self, value):
        if value is None or type(value) in (bool, int, float, str):
            return value
        if id(value) in self.known:
            return self.known[id(value)][0]
        reference = {"again": next(self.counter)}
        self.known[id(value)] = reference, value
        description = self._describe_once(value)
        # Whether two equal arrays or lists are one object does not count.
        if isinstance(value, np.ndarray):
            self.known[id(value)] = description, value
        elif isinstance(value, list | tuple | dict):
            del self.known[id(value)]
        return description

    def _describe_once(self, value):
        if isinstance(value, list | tuple):
            return {type(value).__name__: [self.describe(x) for x in value]}
        if isinstance(value, dict):
            return {type(value).__name__: self._describe_dict(value)}
        if isinstance(value, set | frozenset):
            # A set has no order; each element gets references of its own.
            elements = sorted(
                json.dumps(_Description(self.with_state).describe(x))
                for x in value
            )
            return {type(value).__name__: elements}
        if isinstance(value, bytes):
            return {"bytes": find_sha256(value)}
        if isinstance(value, complex):
            return {"complex": repr(value)}
        if type(value) is np.ndarray or isinstance(value, np.generic):
            return self._describe_array(value)
        if isinstance(value, keras.Variable) and not self.with_state:
            kind = [*value.shape, value.dtype, value.trainable]
            return {"variable": kind}
        if tf.is_tensor(value) or isinstance(value, keras.Variable):
            return {"tensor": self._describe_array(self._read_tensor(value))}
        if isinstance(value, keras.KerasTensor):
            return self._describe_symbol(value)
        if isinstance(value, ModuleType) and _is_installed(value):
            return {"module": value.__name__, "version": _find_version(value)}
        if isinstance(value, CodeType):
            return self._describe_code(value)
        if isinstance(value, property):
            parts = [value.fget, value.fset, value.fdel]
            return {"property": self.describe(parts)}
        if isinstance(value, functools.partial):
            parts = [value.func, value.args, value.keywords]
            return {"partial": self.describe(parts)}
        if isinstance(value, MethodType):
            parts = [value.__func__, value.__self__]
            return {"method": self.describe(parts)}
        if hasattr(value, "__qualname__") and _is_installed(value):
            name = f"{value.__module__}.{value.__qualname__}"
            module = sys.modules.get(value.__module__)
            return {"name": name, "version": _find_version(module)}
        if isinstance(value, FunctionType):
            return self._describe_function(value)
        if isinstance(value, staticmethod | classmethod):
            kind = type(value).__name__
            return {kind: self.describe(value.__func__)}
        if isinstance(value, functools.cached_property):
            return {"cached_property": self.describe(value.func)}
        if callable(value) and hasattr(value, "__wrapped__"):
            # `tf.function` and `functools.cache`, for instance.
            kind = self.describe(type(value))
            return {"kind": kind, "wraps": self.describe(value.__wrapped__)}
        if isinstance(value, type):
            return self._describe_class(value)
        if isinstance(value, keras.random.SeedGenerator):
            return {"seeds": self.describe(value.state)}
        if _is_of_keras(value):
            return self._describe_keras(value)
        return self._describe_object(value)

    def _describe_dict(self, values):
        keys = [(json.dumps(self.describe(key)), key) for key in values]
        pairs = []
        for written, key in sorted(keys, key=lambda pair: pair[0]):
            with self._at(key):
                pairs.append([json.loads(written), self.describe(values[key])])
        return pairs

    def _describe_array(self, array):
        array = np.asarray(array)
        if array.dtype.hasobject:
            return {"array": array.shape, "objects": self.describe([*array])}
        return {
            "array": array.shape,
            "dtype": array.dtype.str,
            "sha256": find_sha256(np.ascontiguousarray(array)),
        }

    def _read_tensor(self, tensor):
        try:
            return tensor.numpy()
        # A part of a graph has no value, and of a tensor of TensorFlow that
        # stands for an object (a data set, a table) nothing can be read.
        except (AttributeError, NotImplementedError, tf.errors.OpError):
            raise self._refuse(tensor) from None

    # Functions and classes

    def _describe_function(self, function):
        with self._at(function.__name__):
            return {
                "function": function.__name__,
                "code": self._describe_code(function.__code__),
                "defaults": self.describe(function.__defaults__),
                "keywords": self.describe(function.__kwdefaults__),
                "reads": self._describe_dict(_find_what_is_read(function)),
            }

    def _describe_code(self, code):
        n_arguments = code.co_argcount + code.co_kwonlyargcount
        stars = code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS)
        return {
            "arguments": code.co_varnames[: n_arguments + stars.bit_count()],
            "kinds": [
                code.co_posonlyargcount,
                code.co_kwonlyargcount,
                stars,
            ],
            # Docstrings, comments and line numbers are not among these.
            "instructions": [
                [
                    step.opname,
                    self.describe(step.argval)
                    if step.opcode in dis.hasconst
                    else step.argrepr,
                ]
                for step in dis.get_instructions(code)
            ],
            "exceptions": code.co_exceptiontable.hex(),
        }

    def _describe_class(self, kind):
        members = {
            name: member
            for name, member in vars(kind).items()
            # Python's own notes on a class, its docstring for instance.
            if not (name.startswith("__") and not callable(member))
            and name not in ("__annotate__", "__annotate_func__", "_abc_impl")
        }
        with self._at(kind.__name__):
            return {
                "class": kind.__name__,
                "bases": self.describe(kind.__bases__),
                "members": self._describe_dict(members),
            }

    # Keras

    def _describe_keras(self, value):
        description = {"keras": self.describe(type(value))}
        is_model = isinstance(value, keras.Model)
        if isinstance(value, keras.Layer):
            description["trainable"] = value.trainable
            description["dtype"] = value.dtype_policy.name
            description["activity_regularizer"] = self.describe(
                value.activity_regularizer
            )
        if isinstance(value, keras.Sequential):
            shape = value.input_shape if value.built else None
            description["shape"] = self.describe(shape)
            description["layers"] = self.describe(value.layers)
        elif is_model and isinstance(value, keras.Function):
            tensors = _list_tensors(value.outputs)
            description["graph"] = [self.describe(each) for each in tensors]
            description["inputs"] = self.describe(value.inputs)
            description["outputs"] = self.describe(value.outputs)
        # The config of a model repeats its layers, and holds their names.
        config = None if is_model else _find_config(value)
        description["config"] = self.describe(config)
        if is_model and value.compiled and self.with_state:
            description["compiled_with"] = self.describe(
                _find_compile_arguments(value)
            )
        own = {
            name: each
            for name, each in vars(value).items()
            if name not in _list_bookkeeping()
        }
        if isinstance(value, keras.Metric | keras.Optimizer):
            # Their state is made anew in each training.
            own = {k: v for k, v in own.items() if not _holds_variables(v)}
        if config is not None and _is_installed(type(value)):
            # The config says it all, but it names functions and no more.
            own = {k: v for k, v in own.items() if _holds_code(v)}
        with self._at(type(value).__name__):
            description["attributes"] = self._describe_dict(own)
        if isinstance(value, keras.Layer):
            description["variables"] = self.describe(value.variables)
        return description

    def _describe_symbol(self, tensor):
        """Describe a tensor of a functional model: which layer makes it."""
        description = {"shape": tensor.shape, "dtype": tensor.dtype}
        node, number = _find_node(tensor)
        if node is not None:
            description["output"] = number
            description["made_by"] = self.describe(node.operation)
            arguments = [node.arguments.args, node.arguments.kwargs]
            description["from"] = self.describe(arguments)
        return description

    # All else

    def _describe_object(self, value):
        """Describe an object by what `pickle` would write of it."""
        try:
            parts = value.__reduce_ex__(4)
        except (TypeError, NotImplementedError, pickle.PicklingError):
            raise self._refuse(value) from None
        if isinstance(parts, str):
            return {"global": parts, "kind": self.describe(type(value))}
        make, arguments, state, items, pairs = (*parts, None, None, None)[:5]
        with self._at(type(value).__name__):
            return {
                "object": self.describe(type(value)),
                "make": self.describe(make),
                "arguments": self.describe(arguments),
                "state": self.describe(state),
                "items": self.describe(None if items is None else [*items]),
                "pairs": self.describe(None if pairs is None else [*pairs]),
            }

    @contextmanager
    def _at(self, name):
        self.path.append(str(name))
        yield
        self.path.pop()

    def _refuse(self, value):
        place = " -> ".join(self.path) or "this"
        kind = type(value).__name__
        return UnknownObjectError(
            f"{place} holds an object ({kind}) of which no description can be "
            "kept"
        )


# Code


def _walk_code(code: CodeType) -> Iterator[CodeType]:
    """Yield the code of a function and of those that are defined in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _walk_code(constant)


def _find_what_is_read(function: FunctionType) -> dict:
    """Return what a function takes from outside, by name."""
    code = function.__code__
    codes = [*_walk_code(code)]
    steps = [step for part in codes for step in dis.get_instructions(part)]
    read = {}
    for step in steps:
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            # Python's own names, such as `len`, stand in the code.
            if step.argval in function.__globals__:
                read[step.argval] = function.__globals__[step.argval]
        elif step.opname == "IMPORT_NAME":
            with suppress(ImportError, ValueError):
                module = importlib.import_module(step.argval)
                read[f"import {step.argval}"] = module
    for name, cell in zip(
        code.co_freevars, function.__closure__ or (), strict=True
    ):
        # Reading a variable that is not set yet is a ValueError.
        with suppress(ValueError):
            read[f"{name} of the function around it"] = cell.cell_contents
    names = {name for part in codes for name in part.co_names}
    return {name: _select(value, names) for name, value in read.items()}


def _select(value, names):
    """Return of a lesson's own module what code refers to by these names."""
    if not isinstance(value, ModuleType) or _is_installed(value):
        return value
    return {
        name: _select(getattr(value, name), names - {name})
        for name in sorted(names)
        if hasattr(value, name)
    }


def _is_installed(thing) -> bool:
    """Return whether code belongs to Python or to an installed package."""
    if isinstance(thing, FunctionType):
        return _is_library(thing.__code__.co_filename)
    if isinstance(thing, ModuleType):
        module = thing
    else:
        module = sys.modules.get(getattr(thing, "__module__", None))
    if module is None or module.__name__ == "__main__":
        return False
    if module.__name__ in sys.builtin_module_names:
        # `exec` may make classes that claim to belong to Python itself.
        is_made = isinstance(
            getattr(thing, "__dict__", {}).get("__module__"), str
        )
        return not (isinstance(thing, type) and is_made)
    return _is_library(getattr(module, "__file__", None) or "")


@functools.cache
def _is_library(file: str) -> bool:
    path = Path(file)
    if not file or file.startswith("<"):
        return False
    if not {"site-packages", "dist-packages"}.isdisjoint(path.parts):
        return True
    return any(path.resolve().is_relative_to(place) for place in _LIBRARIES)


def _find_version(module: ModuleType | None) -> str | None:
    """Return the version of the package that a module belongs to."""
    if module is None:
        return None
    package = module.__name__.partition(".")[0]
    if package in sys.stdlib_module_names:
        return f"{sys.version_info.major}.{sys.version_info.minor}"
    with suppress(importlib.metadata.PackageNotFoundError):
        return getattr(sys.modules[package], "__version__", None) or (
            importlib.metadata.version(package)
        )
    return None


# Keras. Only the functions with "private" in a comment use what Keras does not
# document; tests/unit/test_fingerprint.py tells when it changes.


def _is_of_keras(value) -> bool:
    """Return whether an object is one that Keras can write as a config."""
    return hasattr(type(value), "get_config") and any(
        base.__module__.startswith("keras.") for base in type(value).__mro__
    )


def _find_config(value):
    """Return an object's config without names, None if it has no config."""
    with warnings.catch_warnings():
        # Keras warns that a config with a lambda may not load elsewhere.
        warnings.simplefilter("ignore")
        try:
            return _drop_names(value.get_config())
        # Keras quotes a lambda's source in that warning: an OSError where
        # Python does not keep the source.
        except (NotImplementedError, OSError):
            return None


def _drop_names(config):
    if isinstance(config, list | tuple):
        return [_drop_names(each) for each in config]
    if not isinstance(config, dict):
        return config
    if config.get("class_name") == "__lambda__":
        # Its bytes hold the name of a file; it is described as a function.
        return "lambda"
    return {
        name: _drop_names(each)
        for name, each in config.items()
        if name != "name"
    }


def _holds_code(value) -> bool:
    if isinstance(value, list | tuple):
        return any(_holds_code(each) for each in value)
    if isinstance(value, dict):
        return any(_holds_code(each) for each in value.values())
    is_own = not _is_installed(type(value))
    return callable(value) or _is_of_keras(value) or is_own


def _holds_variables(value) -> bool:
    values = value if isinstance(value, list) else [value]
    return any(isinstance(each, keras.Variable) for each in values)


@functools.cache
def _list_bookkeeping() -> frozenset[str]:
    """Return the attributes that say nothing: each layer or model has them."""
    inputs = keras.Input((1,), name="bare")
    bare = [
        keras.Layer(name="bare"),
        keras.Model(name="bare"),
        keras.Model(inputs, inputs, name="bare"),
        keras.Sequential(name="bare"),
    ]
    return _ADDED_BY_TRAINING.union(*map(vars, bare))


def _find_compile_arguments(model: keras.Model) -> dict:
    """Return what `compile` was given."""
    # Private: `get_compile_config` gives functions by name only.
    return model._compile_config.config


def _find_node(tensor):
    """Return the call that made a symbolic tensor, and which output it is."""
    # Private: configs give the same graph, but not every layer has one.
    history = getattr(tensor, "_keras_history", None)
    if history is None:
        return None, None
    node = history.operation._inbound_nodes[history.node_index]
    return node, history.tensor_index


def _list_tensors(outputs: list) -> list:
    """Return the tensors of a graph, each after those it is made from.

    Described in this order, a deep model needs no deep recursion.
    """
    done, waiting = {}, list(outputs)
    while waiting:
        node, _ = _find_node(waiting[-1])
        sources = [] if node is None else node.input_tensors
        missing = [each for each in sources if id(each) not in done]
        if missing:
            waiting += missing
        else:
            tensor = waiting.pop()
            done[id(tensor)] = tensor
    return list(done.values())
