"""A plain model as a file for others: `.keras`, `.onnx`, or a SavedModel folder."""

import logging
from pathlib import Path

from kerasnas import backend
from kerasnas.errors import ExportError


def write(model, path):
    """Write a plain Keras model: a `.keras` file, an `.onnx` file, or a SavedModel folder for any other name.

    Raises:
        ExportError: If it cannot be written, or ONNX lacks what the model does.
    """
    path = Path(path)
    content = as_onnx(model) if path.suffix == ".onnx" else None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is not None:
            path.write_bytes(content.SerializeToString())
        elif path.suffix == ".keras":
            model.save(path)
        else:
            model.export(path, verbose=False)
    except OSError as error:
        raise ExportError(f"Expected to write {path}. Received: {error}.") from error
    return path


def as_onnx(model):
    """A plain Keras model as an ONNX `ModelProto`, checked: inputs and heads by name, "output" for a single head.

    Keras's own `model.export(..., format="onnx")` makes inputs of the constants that layers hold as tensors, such as
    the means of a Normalization, and writes a file that no runtime loads where it meets strings.

    Args:
        model: The model, on the TensorFlow backend; numbers in.

    Raises:
        ExportError: If it takes strings, or uses an operation that ONNX lacks; or tf2onnx is not installed.
    """
    words = [each.name for each in model.inputs if each.dtype == "string"]
    if words:
        raise ExportError(
            "Expected a model of numbers: ONNX has no vocabularies. Received: strings in "
            f"{', '.join(map(repr, words))}; write a .keras file or a SavedModel instead."
        )
    tf2onnx, onnx = converter()
    function, specification = backend.traced(model)
    log = logging.getLogger("tf2onnx")
    level = log.level
    log.setLevel(logging.CRITICAL)  # what it cannot convert, the check below tells
    try:
        made, _ = tf2onnx.convert.from_function(function, input_signature=[specification])
    finally:
        log.setLevel(level)
    _hold(made, backend.captured(function, specification), onnx)
    _name_outputs(made, sorted(model.output) if isinstance(model.output, dict) else ["output"])
    try:
        onnx.checker.check_model(made)
    except onnx.checker.ValidationError as error:
        told = str(error).strip().splitlines()[0]
        raise ExportError(f"Expected operations that ONNX has. Received: {told}.") from error
    return made


def converter():
    """The modules `tf2onnx` and `onnx`.

    Raises:
        ExportError: If they are not installed, or the backend is not TensorFlow.
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        raise ExportError(
            "Expected the TensorFlow backend for ONNX. "
            f"Received: {keras.backend.backend()}; save a .keras file, and load it with KERAS_BACKEND=tensorflow."
        )
    try:
        import onnx
        import tf2onnx
    except ImportError as error:
        raise ExportError(
            f"Expected onnx and tf2onnx to be installed. Received: {error}; pip install 'kerasnas[onnx]'."
        ) from error
    return tf2onnx, onnx


def _hold(made, constants, onnx):
    """Make constants of the inputs that stand for tensors which layers hold."""
    read = {name for node in made.graph.node for name in node.input}
    for place in reversed(range(len(made.graph.input))):
        name = made.graph.input[place].name
        if name in constants:
            del made.graph.input[place]
            if name in read:
                made.graph.initializer.append(onnx.numpy_helper.from_array(constants[name], name))


def _name_outputs(made, names):
    """Call the outputs by these names, wherever they are read."""
    new = {output.name: name for output, name in zip(made.graph.output, names)}
    for node in made.graph.node:
        node.input[:] = [new.get(name, name) for name in node.input]
        node.output[:] = [new.get(name, name) for name in node.output]
    for output in made.graph.output:
        output.name = new[output.name]
