"""Features of tables on rows with everything that is met: arrays and the exported graph compute the same."""

import keras
import numpy as np
import pytest
from data.test_table_promises import nasty

from kerasnas.backend import strings
from kerasnas.blocks.table_features import TableFeatures
from kerasnas.data.tables import learn_table
from kerasnas.lowering.joining import DTYPES


def computed_and_predicted(table, later):
    schema = learn_table(table)
    features = TableFeatures(schema.columns).fit(tuple(schema.arrays(table).values()))
    arrays = schema.arrays(later)
    inputs = {
        name: keras.Input((1,), name=name, dtype=DTYPES.get(array.dtype.name, "float32"))
        for name, array in arrays.items()
    }
    model = keras.Model(inputs, features.layer(None, "features")(list(inputs.values())))
    given = {
        name: strings(array) if array.dtype == object else keras.ops.convert_to_tensor(array)
        for name, array in arrays.items()
    }
    return features.transform(tuple(arrays.values())), keras.ops.convert_to_numpy(model(given))


@pytest.mark.parametrize("seed", range(2))
def test_arrays_and_graph_agree_on_nasty_rows(seed):
    ours, theirs = computed_and_predicted(nasty(seed), nasty(seed + 50))
    assert np.isfinite(ours).all()
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


def test_unseen_and_empty_cells_agree_too():
    later = nasty(1).assign(word="never\nseen ☃", kind="z", mixed=None, ratio=np.inf)
    later["Größe (cm)"] = -np.inf
    ours, theirs = computed_and_predicted(nasty(0), later)
    assert np.isfinite(ours).all()
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)
