"""A picture and numbers in, a class and a number out: one model with several inputs and several heads.

python tutorials/several_inputs.py [seconds]
"""

import sys
import tempfile
from pathlib import Path

import keras
import numpy as np
from sklearn.datasets import load_digits

import kerasnas as kn


def parcels(rows=600):
    """Handwritten zones with the parcel's measures; wanted are the zone and the price."""
    digits = load_digits()
    rng = np.random.default_rng(0)
    measures = rng.uniform(1, 30, (rows, 2)).astype("float32")
    zone = digits.target[:rows]
    price = 3 + 0.4 * measures.sum(axis=1) + 0.5 * zone
    return {"label": digits.images[:rows], "measures": measures}, {"zone": zone, "price": price}


def main(seconds=60.0):
    x, y = parcels()
    part = lambda data, rows: {name: values[rows] for name, values in data.items()}  # noqa: E731
    train, test = slice(0, 450), slice(450, None)
    folder = Path(tempfile.mkdtemp())

    # Each input goes through blocks of its kind; what they find is merged and answered by two heads.
    label, measures = kn.ImageInput(name="label"), kn.Input(name="measures")
    seen = kn.ImageBlock(block_type="vanilla")(kn.Normalization()(label))
    told = kn.DenseBlock()(kn.Normalization()(measures))
    both = kn.Merge()(seen, told)
    heads = [
        kn.ClassificationHead(name="zone", metrics=["accuracy", "f1_macro"])(both),
        kn.RegressionHead(name="price", metrics=["mae", "r2"])(both),
    ]
    model = kn.AutoModel([label, measures], heads, objective="val_zone_f1_macro", seed=0, directory=folder / "runs")
    model.fit(part(x, train), part(y, train), time_limit=seconds, verbose=1)
    print(model.evaluate(part(x, test), part(y, test), return_dict=True))
    answers = model.predict(part(x, test))
    print("zones:", answers["zone"][:5], "prices:", answers["price"][:5])

    # Inputs and outputs of the exported model have the names that were drawn.
    model.export_model().save(folder / "model.keras")
    loaded = keras.models.load_model(folder / "model.keras")
    print("inputs:", [each.name for each in loaded.inputs], "outputs:", list(loaded.output))


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
