"""Training along sampled paths: what is computed, what moves, how often it is traced."""

import random

import keras
import numpy as np
import pytest

from kerasnas.errors import ArgumentError, StrategyError
from kerasnas.lowering.supernet import Supernet
from kerasnas.lowering.switching import KEPT, OWN, Switching, path_of, uses
from kerasnas.operations import Activation, Dense, Identity
from kerasnas.space import Architecture, Choice, Sequential, Space, Subset
from kerasnas.supernets.single_path import SinglePath
from tests.lowering.supernets import READY, array, made, noise, shaken
from tests.supernets.searched import SHAPE, rows, smooth

pytestmark = pytest.mark.skipif(keras.backend.backend() == "jax", reason="sampled paths are refused on JAX")

ON_TENSORFLOW = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="PyTorch traces nothing")


def mixed():
    """Choices within choices, a set of candidates, and weights that are always computed."""
    inner = Sequential({"units": Dense(Choice(4, 6)), "activation": Activation(Choice("relu", "silu"))})
    both = Subset(a=Dense(5), b=Dense(5), c=Identity(), choose=(1, 2), merge="concatenate")
    steps = {"first": Dense(6), "kind": Choice(inner=inner, plain=Dense(6), skip=Identity()), "both": both}
    return Space(Sequential({**steps, "classes": Dense(3, "softmax")}), name="mixed")


def trainer(optimizer="sgd", space=None, shape=(6,), clip=None, seed=0, metrics=None):
    model = SinglePath(Supernet(space or mixed(), shape, affine=True, fused=False), clip, seed)
    model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=metrics)
    return model


def data(count=16, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, 6)).astype("float32"), rng.integers(0, 3, count).astype("int32")


def upcoming(model):
    """The path that the next step will draw."""
    state = array(model.draws.state).copy()
    path = model.drawn()
    model.draws.state.assign(state)
    return path


def values(variables):
    return [array(variable).copy() for variable in variables]


def forced(model, architecture):
    path = {at: keras.ops.convert_to_tensor(v, "int32") for at, v in path_of(model.supernet, architecture).items()}
    model.drawn = lambda: path


# ---------------------------------------------------------------- what is computed
def check_switches(space, shape, supernet, count, seed):
    rng, x = random.Random(seed), noise(shape)
    for _ in range(count):
        architecture = space.sample(rng)
        path = {at: keras.ops.convert_to_tensor(v, "int32") for at, v in path_of(supernet, architecture).items()}
        switched = lambda kept: supernet.opened.node.flow(Switching(supernet, path, False, kept), x, "")  # noqa: B023, E731
        np.testing.assert_allclose(array(switched(KEPT)), array(supernet(x, architecture=architecture)), atol=1e-4)
        if not any(getattr(layer, "rate", 0) for layer in supernet.inherit(architecture).layers):  # which would draw
            along = supernet(x, architecture=architecture, training=True)
            np.testing.assert_allclose(array(switched(OWN)), array(along), atol=2e-4)


@pytest.mark.backend
@pytest.mark.parametrize("name", READY)
def test_switches_compute_what_the_path_does(name):
    check_switches(*made(name, fused=False), count=2, seed=2)


@pytest.mark.slow
@pytest.mark.parametrize("name", READY)
def test_switches_compute_what_the_path_does_for_fifty_architectures(name):
    check_switches(*made(name, fused=False), count=50, seed=3)


@pytest.mark.backend
@pytest.mark.parametrize("name", ["mixed", "nasbench_macro"])
def test_a_path_that_is_set_is_the_inherited_model(name):
    space, shape = (mixed(), (6,)) if name == "mixed" else (READY[name][0](), READY[name][1])
    model = SinglePath(shaken(Supernet(space, shape, affine=True)))
    x, rng = noise(shape, rows=12), random.Random(0)
    batches = [x[:8], x[4:]]
    for _ in range(3):
        architecture = space.sample(rng)
        model.set_path(architecture, batches)
        np.testing.assert_allclose(
            array(model(x)), array(model.inherit(architecture, batches)(x)), rtol=1e-4, atol=1e-4
        )  # fmt: skip


def test_when_a_layer_is_computed_is_known():
    found, ends = uses(Supernet(mixed(), (6,)))
    told = {key: {frozenset((f.path, f.values) for f in c) for c in conditions} for key, conditions in found.items()}
    assert told["first:Dense"] == told["classes:Dense"] == {frozenset()}
    assert told["kind/plain:Dense"] == {frozenset({("kind", ("plain",))})}
    inner = next(key for key in told if "units" in key and key.endswith("6:Dense"))
    assert told[inner] == {frozenset({("kind", ("inner",)), ("kind/inner/units/units", (6,))})}
    assert told["both/b:Dense"] == {frozenset({("both", ("b",))})}
    assert ends["output"].shape == (3,)


# ------------------------------------------------------------------- what moves
@pytest.mark.backend
@pytest.mark.parametrize("optimizer", ["sgd", "adam", "lamb"])  # the last one takes variables one by one
def test_only_the_path_moves(optimizer):
    made = {
        "sgd": lambda: keras.optimizers.SGD(0.1, momentum=0.9, weight_decay=0.1),
        "adam": keras.optimizers.Adam,
        "lamb": lambda: keras.optimizers.Lamb(0.01),
    }
    model, (x, y) = trainer(made[optimizer](), clip=1.0), data()
    model.fit(x, y, batch_size=4, verbose=0)  # momenta are no longer zero
    seen = set()
    for _ in range(8):
        path = upcoming(model)
        parts = []
        for i, ((conditions, own), of) in enumerate(zip(model.groups, model.optimizers)):
            on = bool(array(keras.ops.convert_to_tensor(model.on_path(conditions, path))))
            parts.append((i, on, own, of, values([*own, *of.variables])))
        model.fit(x, y, batch_size=16, verbose=0)
        for i, on, own, of, before in parts:
            after = values([*own, *of.variables])
            same = [np.array_equal(one, other) for one, other in zip(before, after)]
            assert all(same) if not on else not all(same)
            seen.add((i, on))
    assert sum(not on for _, on in seen) >= 4  # of most candidates a step went by without them


@pytest.mark.backend
def test_a_step_is_that_of_the_plain_model():
    space = smooth()
    architecture = space.complete({"a": "sigmoid", "b": "tanh"})
    x, y = rows()
    steps = {}
    for clip in (None, 0.05):
        model = SinglePath(Supernet(space, SHAPE), clip)
        model.compile(optimizer=keras.optimizers.SGD(0.5, momentum=0.9), loss="categorical_crossentropy")
        forced(model, architecture)
        plain = model.supernet.inherit(architecture)
        plain.compile(
            optimizer=keras.optimizers.SGD(0.5, momentum=0.9, global_clipnorm=clip), loss="categorical_crossentropy"
        )
        start = plain.get_weights()
        for _ in range(3):
            one, other = model.train_on_batch(x, y), plain.train_on_batch(x, y)
            assert float(one) == pytest.approx(float(other), rel=1e-4)
        steps[clip] = plain.get_weights()[0] - start[0]
        for mine, its in zip(model.supernet.inherit(architecture).get_weights(), plain.get_weights()):
            np.testing.assert_allclose(mine, its, atol=1e-5)
    assert np.abs(steps[0.05]).max() < 0.9 * np.abs(steps[None]).max()  # it was clipped


def test_each_candidate_counts_its_own_steps_and_rates_follow_all():
    rate = keras.optimizers.schedules.PiecewiseConstantDecay([1], [0.5, 0.0])
    model, (x, y) = trainer(keras.optimizers.SGD(rate)), data()
    space = mixed()
    numbers = {conditions: i for i, (conditions, _) in enumerate(model.groups)}
    plain = next(i for c, i in numbers.items() if any(f.values == ("plain",) for one in c for f in one))
    weight = model.groups[plain][1][0]
    counts, moves = [], []
    for kind in ("plain", "skip", "plain"):
        forced(model, space.complete({"kind": kind}))
        before = values([weight])[0]
        model.train_step((x, y))
        counts.append(int(array(model.optimizers[plain].iterations)))
        moves.append(not np.array_equal(before, array(weight)))
    assert counts == [1, 1, 2] and int(array(model.optimizer.iterations)) == 3
    assert moves == [True, False, False]  # in the third step the rate of all is zero, though it is its second


def test_answers_are_drawn_alike():
    model = trainer()
    drawn = [{path: array(v) for path, v in model.drawn().items()} for _ in range(300)]
    kinds = np.bincount([int(path["kind"]) for path in drawn], minlength=3)
    assert kinds.min() > 70
    sets = [tuple(path["both"]) for path in drawn]
    assert {sum(each) for each in sets} == {1, 2} and len(set(sets)) == 6
    again = trainer()
    assert [int(array(again.drawn()["kind"])) for _ in range(5)] == [int(path["kind"]) for path in drawn[:5]]


def test_without_shared_weights_steps_are_counted_all_the_same():
    space = Space(Choice(a=Dense(3, "softmax"), b=Sequential(Dense(4), Dense(3, "softmax"))))
    model, (x, y) = trainer(space=space), data()
    model.fit(x, y, batch_size=4, verbose=0)
    assert int(array(model.optimizer.iterations)) == 4
    assert sum(int(array(each.iterations)) for each in model.optimizers) == 4


# ----------------------------------------------------------------------- traces
class Counted(SinglePath):
    traced = evaluated = 0

    def train_step(self, data):
        self.traced += 1
        return super().train_step(data)

    def test_step(self, data):
        self.evaluated += 1
        return super().test_step(data)


def counted():
    model = Counted(Supernet(mixed(), (6,), affine=True))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@ON_TENSORFLOW
def test_one_trace_serves_all_paths():
    model, (x, y), space = counted(), data(64), mixed()
    model.fit(x, y, batch_size=4, epochs=4, verbose=0)
    assert model.traced == 1
    rng = random.Random(0)
    scores = model.score([space.sample(rng) for _ in range(12)], [x[:32], x[32:]], x, y)
    assert model.evaluated == 1 and model._gather.experimental_get_tracing_count() == 1
    assert len({score["loss"] for score in scores}) > 6 and set(scores[0]) == {"loss", "accuracy"}


@ON_TENSORFLOW
@pytest.mark.parametrize("kind", ["tf.data", "PyDataset"])
def test_batches_of_all_kinds_are_traced_once(kind):
    x, y = data(16)

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 4

        def __getitem__(self, index):
            return x[4 * index : 4 * index + 4], y[4 * index : 4 * index + 4]

    model = counted()
    if kind == "tf.data":
        from kerasnas.backend import tf

        model.fit(tf().data.Dataset.from_tensor_slices((x, y)).batch(4), verbose=0)
    else:
        model.fit(Batches(), verbose=0)
    assert model.traced == 1


def test_it_learns():
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).normal(size=(256, 6)).astype("float32")
    y = np.argmax(x[:, :3], axis=1).astype("int32")
    model, space = trainer(keras.optimizers.Adam(0.02), metrics=["accuracy"]), mixed()
    before = model.score([space.default()], [x], x, y)[0]["accuracy"]
    model.fit(x, y, batch_size=32, epochs=25, verbose=0)
    assert model.score([space.default()], [x], x, y)[0]["accuracy"] > max(0.75, before)


# -------------------------------------------------------------------- refusals
def test_what_it_cannot_do_is_said(monkeypatch):
    with pytest.raises(ArgumentError, match=r"Expected `clip`.*Received: 1\.0"):
        trainer(keras.optimizers.SGD(global_clipnorm=1.0))
    with pytest.raises(ArgumentError, match=r"answer to 'kind' among .*'plain'.*Received: 'odd'"):
        trainer().set_path(Architecture({"kind": "odd"}), [])
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(StrategyError, match="TensorFlow or PyTorch"):
        SinglePath(None)


@pytest.mark.backend
def test_cells_of_one_layer_are_refused():
    fused = Supernet(READY["nasbench201"][0](), READY["nasbench201"][1])
    with pytest.raises(ArgumentError, match="fused=False"):
        SinglePath(fused)


@pytest.mark.backend
def test_compiled_again_it_goes_on():
    """Candidates of one weight each, and the optimizer that was there."""
    bare = Choice(wide=Dense(6), narrow=Dense(4))
    model = SinglePath(Supernet(Space(Sequential({"kind": bare, "classes": Dense(3, "softmax")})), (6,)))
    x, y = data()
    for metrics in (None, ["accuracy"]):
        model.compile(model.optimizer if metrics else "adam", loss="sparse_categorical_crossentropy", metrics=metrics)
        model.fit(x, y, batch_size=8, verbose=0)
    assert int(array(model.optimizer.iterations)) == 4
