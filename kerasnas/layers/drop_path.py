"""Drop path: results left out for whole examples while training."""

import keras


@keras.saving.register_keras_serializable(package="kerasnas")
class DropPath(keras.Layer):
    """Zeros for some examples of a batch while training, the others scaled up so that the mean stays.

    Args:
        rate: How likely an example is dropped, in [0, 1): a number, or a Keras variable that several layers share.
        seed: Of the draws; by Keras's global seed if None.
        **kwargs: As of `keras.Layer`.

    Reference:
        Larsson et al., 2017, "FractalNet: Ultra-Deep Neural Networks without Residuals".
    """

    def __init__(self, rate=0.2, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate, self.seed = rate, seed
        self.draws = keras.random.SeedGenerator(seed)
        self.built = True

    def call(self, inputs, training=None):
        if not training:
            return inputs
        kept = 1.0 - keras.ops.cast(self.rate, inputs.dtype)
        shape = (keras.ops.shape(inputs)[0], *(1,) * (len(inputs.shape) - 1))
        drawn = keras.random.uniform(shape, dtype=inputs.dtype, seed=self.draws)
        return inputs * keras.ops.floor(kept + drawn) / kept

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "rate": float(keras.ops.convert_to_numpy(self.rate)), "seed": self.seed}
