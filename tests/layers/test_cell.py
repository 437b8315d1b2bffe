import keras
import numpy as np
import pytest

import kerasnas as kn
from kerasnas.errors import ArgumentError
from kerasnas.layers import Cell
from kerasnas.operations import AvgPool, ConvBN, Identity

pytestmark = pytest.mark.backend
CANDIDATES = [ConvBN(4), AvgPool(3, 1, "same"), Identity()]


def states(number=2):
    rng = np.random.default_rng(0)
    return [rng.normal(size=(2, 6, 6, 4)).astype("float32") for _ in range(number)]


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


def test_it_computes_what_a_naive_sum_does():
    cell = Cell(CANDIDATES, nodes=2)
    one, two = states()
    found = array(cell([one, two], training=False))
    assert found.shape == (2, 6, 6, 8) and len(cell.edges) == 5

    def edge(number, x):
        mixed = cell.edges[number]
        gates = np.exp(array(mixed.alpha)) / np.exp(array(mixed.alpha)).sum()
        return sum(gate * array(each(x, training=False)) for gate, each in zip(gates, mixed.candidates))

    first = edge(0, one) + edge(1, two)
    second = edge(2, one) + edge(3, two) + edge(4, first)
    np.testing.assert_allclose(found, np.concatenate([first, second], axis=-1), atol=1e-5)


def test_gates_are_data():
    cell = Cell(CANDIDATES, nodes=2)
    one, two = states()
    alone = np.eye(3, dtype="float32")[[2, 2, 2, 2, 2]]
    found = array(cell([one, two], gates=[keras.ops.convert_to_tensor(gate) for gate in alone]))
    np.testing.assert_allclose(found[..., :4], one + two, atol=1e-6)
    np.testing.assert_allclose(found[..., 4:], 2 * (one + two), atol=1e-6)


def test_in_a_users_own_model_it_learns_and_is_saved(tmp_path):
    inputs = keras.Input((6, 6, 4))
    x = keras.layers.Conv2D(4, 1)(inputs)
    x = kn.layers.Cell(CANDIDATES, nodes=2)([inputs, x])
    outputs = keras.layers.GlobalAveragePooling2D()(kn.layers.Cell([ConvBN(8), AvgPool(3, 1, "same")], 1, True)(x))
    model = keras.Model(inputs, outputs)
    assert model.layers[2].output.shape == (None, 6, 6, 8) and model.layers[3].output.shape == (None, 3, 3, 8)
    before = [array(edge.alpha) for edge in model.layers[2].edges]
    model.compile("sgd", "mse")
    model.fit(states()[0], np.ones((2, 8)), verbose=0)
    assert all((old != array(edge.alpha)).any() for old, edge in zip(before, model.layers[2].edges))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(array(model(states()[0])), array(loaded(states()[0])), atol=1e-6)


def test_what_weighs_most_is_told():
    cell = Cell(CANDIDATES, nodes=2)
    cell(states())
    for edge, alpha in zip(cell.edges, [[0, 2, 0], [0, 0, 1], [0, 0, 3], [0.1, 0, 0], [2, 0, 0]]):
        edge.alpha.assign(np.array(alpha, "float32"))
    assert cell.strongest() == [{0: 1, 1: 2}, {0: 2, 2: 0}]
    assert cell.strongest(keep=1) == [{0: 1}, {0: 2}]


@pytest.mark.parametrize(
    ("candidates", "nodes"), [([], 0), (["conv"], 2), (None, 2), (CANDIDATES, True), ([ConvBN(kn.Choice(4, 8))], 1)]
)
def test_what_is_no_cell_is_refused(candidates, nodes):
    with pytest.raises(ArgumentError, match="Expected"):
        Cell(candidates, nodes)(states())


def test_inputs_of_unequal_shapes_are_refused():
    with pytest.raises(ArgumentError, match="one shape"):
        Cell([ConvBN(4)], 1)([states()[0], states()[0][:, :3]])
