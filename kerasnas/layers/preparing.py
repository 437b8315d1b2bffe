"""Layers that prepare what a model reads, under AutoKeras's names."""

import keras


@keras.saving.register_keras_serializable("kerasnas")
class CastToFloat32(keras.layers.Layer):
    """Numbers of any kind, or strings of digits under TensorFlow, as float32."""

    def call(self, inputs):
        if keras.backend.backend() == "tensorflow" and keras.backend.standardize_dtype(inputs.dtype) == "string":
            from kerasnas.backend import tf

            return tf().strings.to_number(inputs, "float32")
        return keras.ops.cast(inputs, "float32")

    def compute_output_spec(self, inputs):
        return keras.KerasTensor(inputs.shape, "float32")


@keras.saving.register_keras_serializable("kerasnas")
class ExpandLastDim(keras.layers.Layer):
    """Adds an axis of one at the end: `(rows, ...)` becomes `(rows, ..., 1)`."""

    def call(self, inputs):
        return keras.ops.expand_dims(inputs, -1)
