"""What trainings of supernets have in common."""

import keras

from kerasnas import backend


class SoonReady(keras.Model):
    """A Keras model whose compiled training step TensorFlow rewrites less: see `backend.soon_ready`."""

    def make_train_function(self, force=False):
        """As of `keras.Model`."""
        if self.train_function is None or force:
            super().make_train_function(force)
            self.train_function = backend.soon_ready(self.train_function)
        return self.train_function
