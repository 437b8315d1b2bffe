"""The mixed operation of DARTS as a Keras layer."""

import keras

from kerasnas.errors import ArgumentError
from kerasnas.layers.candidate import Candidate
from kerasnas.layers.weighing import weighted_sum


@keras.saving.register_keras_serializable(package="kerasnas")
class MixedOperation(keras.Layer):
    """Several operations on one tensor, their results weighed by gates and added.

    Gates are data: softmax, sampled, one-hot or masked ones are all the same to it. Without gates it weighs by the
    softmax of architecture weights of its own, `alpha`.

    Args:
        candidates: Keras layers or operations of `kerasnas.operations` (resolved ones), all of one output shape.
        **kwargs: As of `keras.Layer`.

    Raises:
        ArgumentError: Without candidates, or where their shapes differ.

    Reference:
        Liu et al., 2019, "DARTS: Differentiable Architecture Search".
    """

    def __init__(self, candidates, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(candidates, (list, tuple)) or not candidates:
            raise ArgumentError(f"Expected a list of layers or operations. Received: {candidates!r}.")
        self.candidates = [each if isinstance(each, keras.Layer) else Candidate(each) for each in candidates]

    def build(self, input_shape):
        for candidate in self.candidates:
            if not candidate.built:
                candidate.build(input_shape)
        shapes = {tuple(candidate.compute_output_shape(input_shape)) for candidate in self.candidates}
        if len(shapes) > 1:
            raise ArgumentError(f"Expected candidates of one output shape. Received: {sorted(map(str, shapes))}.")
        self.alpha = self.add_weight(
            shape=(len(self.candidates),), name="alpha", initializer=keras.initializers.RandomNormal(stddev=1e-3)
        )

    def call(self, inputs, gates=None, training=None):
        """Mix.

        Args:
            inputs: A tensor.
            gates: One number for each candidate; the softmax of `alpha` if None.
            training: Passed on to the candidates that take it.
        """
        gates = keras.ops.softmax(self.alpha) if gates is None else gates
        results = [_called(candidate, inputs, training) for candidate in self.candidates]
        return weighted_sum([gates[i] for i in range(len(results))], results)

    def compute_output_shape(self, input_shape):
        return self.candidates[0].compute_output_shape(input_shape)

    def get_config(self):
        held = [keras.saving.serialize_keras_object(candidate) for candidate in self.candidates]
        return {**super().get_config(), "candidates": held}

    @classmethod
    def from_config(cls, config):
        held = [keras.saving.deserialize_keras_object(candidate) for candidate in config.pop("candidates")]
        return cls(held, **config)


def _called(layer, inputs, training):
    return layer(inputs, training=training) if layer._call_has_training_arg else layer(inputs)
