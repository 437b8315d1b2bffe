"""From raw strings to a deployed text classifier.

python tutorials/texts.py [seconds]
"""

import sys
import tempfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from sklearn import datasets
from sklearn.model_selection import train_test_split

import kerasnas as kn

TOPICS = ("iris", "wine", "breast_cancer", "diabetes", "digits", "linnerud")


def lines():
    """Lines of what scikit-learn says about its data sets, each with the data set that it is about."""
    texts, topics = [], []
    for topic in TOPICS:
        described = getattr(datasets, f"load_{topic}")().DESCR
        found = [line.strip() for line in described.splitlines() if len(line.split()) > 3]
        texts += found
        topics += [topic] * len(found)
    return texts, topics


def main(seconds=60.0):
    texts, topics = lines()
    x, x_test, y, y_test = train_test_split(texts, topics, test_size=0.25, random_state=0, stratify=topics)
    folder = Path(tempfile.mkdtemp())

    # Lists, arrays, Series and frames of several text columns alike; labels come back as they were given.
    classifier = kn.TextClassifier(seed=0, directory=folder / "runs")
    classifier.fit(x, y, time_limit=seconds, verbose=1)
    print("accuracy:", classifier.score(x_test, y_test))
    print(classifier.leaderboard().head())

    # Vocabulary and weights are in the exported model: it takes strings, where kerasnas is not installed too.
    classifier.export_model().save(folder / "model.keras")
    model = keras.models.load_model(folder / "model.keras")
    probabilities = model.predict(tf.constant(x_test), verbose=0)
    print("first answers:", classifier.classes_[probabilities.argmax(axis=1)[:5]])

    # The same task drawn by hand: words as ids, vectors for them, a recurrent layer.
    inputs = kn.TextInput()
    vectors = kn.Embedding(1000, embedding_dim=32)(kn.TextToIntSequence(16, 1000)(inputs))
    outputs = kn.ClassificationHead()(kn.RNNBlock(num_layers=1)(vectors))
    drawn = kn.AutoModel(inputs, outputs, seed=0, max_trials=1, directory=folder / "runs")
    drawn.fit(x, y, epochs=5, verbose=1)
    print("accuracy of the drawn network:", np.round(drawn.score(x_test, y_test), 3))


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
