"""What is computed once: where a graph is cut, what is fitted on which rows, and that no second trial pays for it."""

from dataclasses import dataclass, replace

import keras
import numpy as np
import pytest

import kerasnas as kn
from kerasnas.data import Dataset
from kerasnas.errors import SpaceError
from kerasnas.lowering.joining import joined, named_model, plain, raw_inputs
from kerasnas.lowering.model import network
from kerasnas.lowering.preprocessing import Preprocessing, cut, parted, written
from kerasnas.operations import Activation, Dense
from kerasnas.space import Graph, Operation, Parallel, Sequential, Step

CALLS = []


@dataclass(frozen=True)
class Centred(Operation):
    """The mean of the training rows is taken off, times `by`."""

    by: float = 1.0
    mean: tuple | None = None

    preprocessing = True

    def fit(self, rows):
        CALLS.append("fit")
        return replace(self, mean=tuple(rows.mean(axis=0).tolist()))

    def transform(self, rows):
        CALLS.append("transform")
        return ((rows - np.array(self.mean, "float32")) * self.by).astype("float32")

    def shape(self, shape):
        return shape

    def layer(self, shape, name):
        return lambda x: (x - keras.ops.convert_to_tensor(self.mean, "float32")) * self.by


@dataclass(frozen=True)
class ByTarget(Centred):
    """The mean of the rows of the first class is taken off."""

    def fit_with(self, rows, targets):
        return replace(self, mean=tuple(rows[targets[:, 0] == 1].mean(axis=0).tolist()))


@dataclass(frozen=True)
class Length(Operation):
    """How many characters texts have, and how many words a second column has."""

    preprocessing = True

    def fit(self, rows):
        return self

    def transform(self, rows):
        first, second = rows
        return np.array([[len(a), len(b.split())] for a, b in zip(first, second)], "float32")

    def shape(self, shapes):
        return (2,)


@pytest.fixture(autouse=True)
def fresh():
    CALLS.clear()


def rows(n=6, y=None):
    x = {"numbers": np.arange(4 * n, dtype="float32").reshape(n, 4)}
    return Dataset(x, None if y is None else {"label": y})


def graph(node, name="net", head=None):
    return Graph(("numbers",), (Step(name, node, ("numbers",)), Step("label", head or Dense(2), (name,))), ("label",))


# ------------------------------------------------------------------- cutting
def test_a_step_is_cut_after_the_preprocessing_that_it_begins_with():
    node = Sequential({"both": Sequential({"first": Centred(), "second": Centred(2.0)}), "dense": Dense(3)})
    first, rest = parted(graph(node), frozenset())
    assert [step.name for step in first.steps] == ["net_prepared"]
    assert first.outputs == rest.inputs == ("net_prepared",)
    assert [step.name for step in rest.steps] == ["net", "label"]
    data = rows()
    prepared = Preprocessing(first, data).apply(data)
    expected = 2 * (data.x["numbers"] - data.x["numbers"].mean(0))
    np.testing.assert_allclose(prepared.x["net_prepared"], expected, atol=1e-5)


def test_preprocessing_that_follows_training_is_not_cut_off():
    node = Sequential({"dense": Dense(3), "centred": Centred()})
    first, rest = parted(graph(node), frozenset())
    assert not first.steps
    assert [step.name for step in rest.steps] == ["net", "label"]


def test_a_step_that_reads_what_is_trained_is_not_cut():
    steps = (
        Step("body", Dense(4), ("numbers",)),
        Step("net", Sequential({"centred": Centred(), "dense": Dense(3)}), ("body",)),
    )
    first, rest = parted(Graph(("numbers",), steps, ("net",)), frozenset())
    assert not first.steps
    assert len(rest.steps) == 2


def test_a_step_of_preprocessing_alone_counts_as_an_input_to_the_next():
    steps = (
        Step("table", Centred(), ("numbers",)),
        Step("net", Sequential({"again": Centred(), "dense": Dense(3)}), ("table",)),
    )
    first, rest = parted(Graph(("numbers",), steps, ("net",)), frozenset())
    assert [step.name for step in first.steps] == ["table", "net_prepared"]
    assert rest.inputs == ("net_prepared",)


def test_branches_that_are_all_preprocessing_are_cut_off_together():
    both = Parallel({"a": Centred(), "b": Centred(2.0)}, merge="concatenate")
    head, tail = cut(Sequential({"both": both, "dense": Dense(2)}))
    assert list(head.nodes) == ["both"]
    assert list(tail.nodes) == ["dense"]
    mixed = Parallel({"a": Centred(), "b": Activation("relu")}, merge="concatenate")
    assert cut(mixed)[0] is None
    first, _ = parted(graph(Sequential({"both": both, "dense": Dense(2)})), frozenset())
    data = rows()
    assert Preprocessing(first, data).apply(data).x["net_prepared"].shape == (6, 8)


def test_an_empty_network_is_no_preprocessing():
    assert cut(Sequential({"nothing": Sequential(), "dense": Dense(2)}))[0] is None
    assert cut(Dense(2)) == (None, Dense(2))


def test_the_text_of_a_node_is_the_same_for_nodes_that_do_the_same():
    made = [Sequential({"a": Centred(2.0), "b": Parallel({"c": Centred()}, merge="add")}) for _ in range(2)]
    assert written(made[0]) == written(made[1])
    assert written(made[0]) != written(Sequential({"a": Centred(3.0), "b": Parallel({"c": Centred()}, merge="add")}))


# ------------------------------------------------------------------- fitting
def test_targets_reach_what_learns_from_them():
    y = np.eye(2, dtype="float32")[[0, 1, 0, 1, 0, 1]]
    data = rows(6, y)
    first, _ = parted(graph(Sequential({"by": ByTarget(), "dense": Dense(2)})), frozenset())
    prepared = Preprocessing(first, data).apply(data)
    expected = data.x["numbers"] - data.x["numbers"][[0, 2, 4]].mean(0)
    np.testing.assert_allclose(prepared.x["net_prepared"], expected, atol=1e-5)


def test_several_columns_of_texts_reach_one_operation():
    columns = {name: np.array(values, object) for name, values in (("a", ["x", "yyy"]), ("b", ["one two", ""]))}
    steps = (Step("net", Sequential({"length": Length(), "dense": Dense(2)}), ("a", "b")),)
    first, _ = parted(Graph(("a", "b"), steps, ("net",)), frozenset())
    prepared = Preprocessing(first, Dataset(columns)).apply(Dataset(columns))
    np.testing.assert_array_equal(prepared.x["net_prepared"], [[1, 2], [3, 0]])


def test_the_whole_model_computes_what_was_computed_once():
    data = rows()
    first, rest = parted(graph(Sequential({"centred": Centred(), "dense": Dense(3)})), frozenset())
    preprocessing = Preprocessing(first, data)
    prepared = preprocessing.apply(data)
    inputs = raw_inputs(prepared)
    body = named_model(inputs, network(rest, inputs))
    whole = plain(joined(data, preprocessing, body))
    expected = body.predict(prepared.x, verbose=0)["label"]
    np.testing.assert_allclose(whole.predict(data.x["numbers"], verbose=0), expected, atol=1e-5)


class Centring(kn.Block):
    def node(self, signals):
        return Sequential({"centred": Centred(kn.Choice(1.0, 2.0)), "dense": Dense(kn.Choice(2, 3, 4))})


def test_no_second_trial_fits_or_transforms_again(tmp_path):
    x, y = np.random.default_rng(0).normal(size=(40, 4)), np.arange(40) % 2
    inputs = kn.Input()
    head = kn.ClassificationHead(dropout=0.0)
    model = kn.AutoModel(
        inputs, head(Centring(name="net")(inputs)), max_trials=5, seed=0, directory=tmp_path, strategy="random"
    )
    model.fit(x, y, epochs=1, verbose=0)
    scales = {trial.proposal.architecture["net/centred/by"] for trial in model.trials_}
    assert CALLS.count("fit") == len(scales)
    assert CALLS.count("transform") == 2 * len(scales)  # the training rows while fitting, then the validation rows


def test_texts_must_pass_through_a_block_that_reads_them(tmp_path):
    inputs = kn.blocks.TextInput()
    model = kn.AutoModel(inputs, kn.ClassificationHead()(inputs), directory=tmp_path)
    with pytest.raises(SpaceError, match="put a TextBlock between"):
        model.fit(["a", "b", "c", "d"], [0, 1, 0, 1], verbose=0)
