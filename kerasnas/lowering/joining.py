"""Plain models made of plain models: preprocessing put in front, inputs mirrored, answers averaged.

While a search lasts, models are *named*: inputs and outputs are dicts by name, whatever their number. What is handed
over is *plain*: a single input or output stands for itself.
"""

DTYPES = {"object": "string", "float64": "float64", "int32": "int32", "int64": "int64"}  # all others: float32


def raw_inputs(rows):
    """Keras inputs by name, for rows like these: a `Dataset` or `Stream`."""
    import keras

    return {
        name: keras.Input(shape, name=name, dtype=DTYPES.get(rows.dtypes[name], "float32"))
        for name, shape in rows.shapes.items()
    }


def inputs_of(model):
    """Fresh inputs by name, like those of a model."""
    import keras

    return {each.name: keras.Input(each.shape[1:], name=each.name, dtype=each.dtype) for each in model.inputs}


def named_model(inputs, outputs, kind=None):
    """A model from a dict of inputs to a dict of outputs, whose names loss and metrics are told by.

    Args:
        inputs, outputs: Keras tensors by name.
        kind: A subclass of `keras.Model`; that itself if None.
    """
    import keras

    named = {name: keras.layers.Identity(name=name)(tensor) for name, tensor in outputs.items()}
    return (kind or keras.Model)(inputs, named)


def joined(rows, preprocessing, body, mirrored=()):
    """The named model from rows to answers.

    Args:
        rows: Rows like those that the model takes; prepared ones where `preprocessing` is None.
        preprocessing: The fitted first part, or None.
        body: The trained named model on its outputs.
        mirrored: Names of the body's inputs over whose mirror images (left to right) the answers are averaged.
    """
    import keras

    inputs = raw_inputs(rows)
    features = inputs if preprocessing is None else preprocessing.tensors(inputs)
    outputs = body(features)
    if mirrored:
        flipped = {n: keras.ops.flip(t, axis=2) if n in mirrored else t for n, t in features.items()}
        others = body(flipped)
        outputs = {name: (output + others[name]) / 2 for name, output in outputs.items()}
    return named_model(inputs, outputs)


def averaged(models, weights=None):
    """The mean of the answers of several named models with the same inputs and heads, as one named model.

    Args:
        models: The models.
        weights: Weight of each, whose sum is one; alike if None.
    """
    inputs = inputs_of(models[0])
    weights = [1 / len(models)] * len(models) if weights is None else weights
    for number, model in enumerate(models):
        model.name = f"member_{number}"
    answers = [model(inputs) for model in models]
    if len(set(weights)) == 1:
        return named_model(inputs, {name: sum(a[name] for a in answers) / len(answers) for name in answers[0]})
    mixed = {name: sum(float(w) * a[name] for w, a in zip(weights, answers)) for name in answers[0]}
    return named_model(inputs, mixed)


def tempered(model, temperatures):
    """A named model whose probabilities have their log-odds divided by a temperature.

    Args:
        model: The named model.
        temperatures: By head name, the temperature and the activation that made the probabilities: "softmax" or
            "sigmoid". Heads that are not named stay as they are.
    """
    import keras

    inputs = inputs_of(model)
    outputs = dict(model(inputs))
    for name, (temperature, activation) in temperatures.items():
        if activation == "softmax":
            logits = keras.ops.log(keras.ops.maximum(outputs[name], 1e-12))
        else:
            safe = keras.ops.clip(outputs[name], 1e-7, 1 - 1e-7)
            logits = keras.ops.log(safe) - keras.ops.log(1 - safe)
        outputs[name] = keras.layers.Activation(activation, name=f"{name}_calibrated")(logits / float(temperature))
    return named_model(inputs, outputs)


def plain(model):
    """A named model in the form that is handed over."""
    import keras

    inputs = {tensor.name: tensor for tensor in model.inputs}
    outputs = model.output
    ends = [next(iter(data.values())) if len(data) == 1 else data for data in (inputs, outputs)]
    return keras.Model(*ends, name=model.name)


def named(model, heads):
    """A plain model as a named one.

    Args:
        model: A model as it is handed over.
        heads: Names of the heads.
    """
    inputs = inputs_of(model)
    outputs = model(next(iter(inputs.values())) if len(inputs) == 1 else inputs)
    outputs = outputs if isinstance(outputs, dict) else {next(iter(heads)): outputs}
    return named_model(inputs, outputs)
