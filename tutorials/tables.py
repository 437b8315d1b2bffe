"""From a data frame to a deployed model that takes a dict of raw columns.

python tutorials/tables.py [seconds]
"""

import sys
import tempfile
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

import kerasnas as kn


def houses(rows=600):
    """Made-up houses: numbers with gaps, words, dates; and what they cost."""
    rng = np.random.default_rng(0)
    size, age = rng.gamma(8, 15, rows), rng.integers(0, 80, rows).astype(float)
    town = rng.choice(["north", "south", "harbour"], rows, p=[0.5, 0.4, 0.1])
    sold = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 1500, rows), "D")
    price = 900 * size + 40_000 * (town == "harbour") - 800 * age + 20 * (sold.year - 2020) * size
    price = price + rng.normal(0, 8_000, rows)
    age[rng.random(rows) < 0.1] = np.nan
    return pd.DataFrame({"size": size, "age": age, "town": town, "sold": sold, "price": price.round()})


def main(seconds=60.0):
    train, test = train_test_split(houses(), test_size=0.25, random_state=0)
    folder = Path(tempfile.mkdtemp())

    # Numbers, missing values, words and dates are found in the columns; the target may be named.
    regressor = kn.StructuredDataRegressor(seed=0, directory=folder / "runs", objective="r2")
    regressor.fit(train, "price", time_limit=seconds, verbose=1)
    print("R²:", regressor.score(test, "price"))
    print(regressor.leaderboard().head())

    # What is deployed takes raw columns by name, and is plain Keras: words, dates (in seconds), gaps and all.
    regressor.export_model().save(folder / "model.keras")
    model = keras.models.load_model(folder / "model.keras")
    print("its inputs:", {each.name: str(each.dtype) for each in model.inputs})

    # Saved and loaded, in any process, it is the same object: it answers, and could search on.
    again = kn.load(regressor.save(folder / "saved"))
    print("first answers:", again.predict(test.drop(columns="price"))[:3])


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
