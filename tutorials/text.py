"""From strings to a deployed classifier of texts.

python tutorials/text.py [seconds]
"""

import sys
import tempfile
from pathlib import Path

import keras
import numpy as np
from sklearn.model_selection import train_test_split

import kerasnas as kn

GOOD = ["a delight from start to end", "warm and very funny", "the best film of the year", "she is superb in it"]
BAD = ["two hours of boredom", "a tired script and worse actors", "not funny at all", "I left before the end"]
REST = [
    "It follows a family in Lisbon.",
    "It is his second film.",
    "We saw it on a Sunday.",
    "The music is loud.",
]


def reviews(rows=400):
    """Made-up reviews, with a verdict somewhere in them."""
    rng = np.random.default_rng(0)
    verdicts = rng.choice(["good", "bad"], rows)
    texts = []
    for verdict in verdicts:
        told = str(rng.choice(GOOD if verdict == "good" else BAD))
        parts = [str(part) for part in rng.choice(REST, 2)]
        parts.insert(int(rng.integers(3)), f"{told[0].upper()}{told[1:]}.")
        texts.append(" ".join(parts))
    return texts, verdicts


def main(seconds=60.0):
    texts, verdicts = reviews()
    x, x_test, y, y_test = train_test_split(texts, verdicts, test_size=0.25, random_state=0)
    folder = Path(tempfile.mkdtemp())

    # Strings in, labels out. Bags of words, embeddings, convolutions and others are compared.
    classifier = kn.TextClassifier(seed=0, directory=folder / "runs")
    classifier.fit(x, y, time_limit=seconds, verbose=1)
    print("accuracy:", classifier.score(x_test, y_test))
    print("how far to trust its probabilities:", classifier.calibration_)

    # The vocabulary is in the exported model: it takes strings, where kerasnas is not installed.
    classifier.export_model().save(folder / "model.keras")
    model = keras.models.load_model(folder / "model.keras")
    import tensorflow as tf

    print("probabilities:", model.predict(tf.constant(x_test[:2]), verbose=0), "of", classifier.classes_)


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
