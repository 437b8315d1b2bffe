"""Code written for KerasTuner as a space, and spaces as KerasTuner's hypermodels."""

import keras
import keras_tuner
import numpy as np
import pytest

import kerasnas as kn
from kerasnas.errors import SpaceError
from kerasnas.lowering.hypermodels import Built, HyperModelNode, Source, decision_of
from kerasnas.space import Space


class Mine(keras_tuner.HyperModel):
    """A model with a conditional hyperparameter and one that only one branch asks for."""

    def build(self, hp):
        kind = hp.Choice("kind", ["plain", "deep"])
        layers = [keras.Input((4,)), keras.layers.Dense(hp.Int("units", 2, 6, step=2), activation="relu")]
        with hp.conditional_scope("kind", ["deep"]):
            if kind == "deep":
                layers.append(keras.layers.Dense(hp.Choice("second", [3, 5])))
        if kind == "deep" and hp.Boolean("drop"):
            layers.append(keras.layers.Dropout(hp.Float("rate", 0.1, 0.5)))
        model = keras.Sequential([*layers, keras.layers.Dense(3, activation="softmax")])
        model.compile(keras.optimizers.Adam(hp.Float("learning_rate", 1e-4, 1e-2, sampling="log")), "mse")
        return model


def test_what_building_remembers_does_not_change_the_mark():
    class Counting(Mine):
        built = 0

        def build(self, hp):
            self.built += 1
            return super().build(hp)

    space = kn.spaces.from_hypermodel(Counting())
    before = space.mark()
    space.network.source.build(keras_tuner.HyperParameters())
    assert space.network.source.build.__self__.built and space.mark() == before
    assert before != kn.spaces.from_hypermodel(Mine()).mark()


def block(hp, inputs):
    for _ in range(hp.Int("layers", 1, 2)):
        inputs = keras.layers.Dense(hp.Choice("width", [2, 3]))(inputs)
    return inputs


def test_all_hyperparameters_are_found_with_their_conditions():
    space = kn.spaces.from_hypermodel(Mine())
    found = {decision.path: decision.when for decision in space.decisions()}
    assert found.keys() == {"kind", "units", "learning_rate", "second", "drop", "rate"}
    assert not found["kind"] and not found["units"] and not found["learning_rate"]
    assert all("kind" in str(found[name]) for name in ("second", "drop")) and "drop" in str(found["rate"])
    plain = space.record(lambda decision: decision.domain.default)
    assert dict(plain) == {"kind": "plain", "units": 2, "learning_rate": 1e-4}
    deep = space.record(lambda decision: {"kind": "deep", "drop": True}.get(decision.path, decision.domain.default))
    assert set(deep) == {"kind", "units", "learning_rate", "second", "drop", "rate"}


def test_the_model_is_the_one_that_the_code_builds():
    space = kn.spaces.from_hypermodel(Mine())
    answers = {"kind": "deep", "units": 6, "second": 5, "drop": False}
    architecture = space.record(lambda decision: answers.get(decision.path, decision.domain.default))
    model = kn.build(space, architecture, (4,))
    assert model.count_params() == (4 * 6 + 6) + (6 * 5 + 5) + (5 * 3 + 3)
    assert kn.cost(space, architecture, (4,)).params == model.count_params()
    assert getattr(model, "optimizer", None) is None
    other = kn.build(space, architecture, (4,))
    assert not np.array_equal(model.get_weights()[0], other.get_weights()[0])  # fresh layers for each trial


def test_a_search_over_a_hypermodel(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(90, 4)).astype("float32")
    y = x[:, :3].argmax(axis=1)
    space = kn.spaces.from_hypermodel(Mine())
    found = kn.search(space, (x, y), strategy="random", max_trials=2, max_epochs=4, seed=0, directory=tmp_path)
    assert [trial.status for trial in found.trials] == ["completed"] * len(found.trials)
    found.model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(again.predict(x, verbose=0), found.model.predict(x, verbose=0), atol=1e-6)


def test_a_block_that_builds_tensors_in_a_drawing():
    inputs = kn.Input()
    wire = kn.HyperModelBlock(block, name="mine")(kn.Normalization()(inputs))
    node = wire.block.node([kn.blocks.Signal("array", (4,), 100)])
    space = Space(node)
    assert {decision.path for decision in space.decisions()} == {"layers", "width"}
    most = space.record(lambda decision: {"layers": 2, "width": 3}[decision.path])
    assert kn.build(space, most, (4,)).output_shape == (None, 3)


def test_autokeras_blocks_have_build_with_inputs():
    class TheirBlock:
        """As AutoKeras's own: `build(hp, inputs=None)`, nested structures in, a tensor out."""

        name = "their_block_1"

        def build(self, hp, inputs=None):
            (tensor,) = keras.tree.flatten(inputs)
            units = hp.Choice(f"{self.name}/units", [4, 8], default=8)
            return keras.layers.Dense(units)(tensor)

    source = Source(TheirBlock())
    node = HyperModelNode(source, source.parameters((5,)))
    space = Space(node)
    assert dict(space.default()) == {"their_block_1/units": 8}
    assert kn.build(space, None, (5,)).output_shape == (None, 8)


class SingleDenseLayerBlock(kn.Block):
    """The block of AutoKeras's tutorial on blocks of one's own."""

    def build(self, hp, inputs=None):
        input_node = keras.tree.flatten(inputs)[0]
        layer = keras.layers.Dense(hp.Int("num_units", min_value=32, max_value=512, step=32))
        return layer(input_node)


def test_autokerass_block_of_ones_own_is_drawn_as_it_is(tmp_path):
    x = np.random.default_rng(0).normal(size=(40, 20))
    inputs = kn.Input()
    outputs = kn.RegressionHead()(SingleDenseLayerBlock()(inputs))
    model = kn.AutoModel(inputs, outputs, overwrite=True, max_trials=1, directory=tmp_path, seed=0)
    model.fit(x, x[:, :1], epochs=1, verbose=0)
    assert model.best_architecture_["single_dense_layer_block/num_units"] == 32
    assert model.export_model().count_params() == (20 * 32 + 32) + (32 + 1)


def test_a_block_that_says_nothing_of_itself():
    with pytest.raises(NotImplementedError, match="Block.node"):
        kn.Block().node([])


def test_why_one_network_for_all_cannot_be():
    assert "one network at a time" in Built.sealed


def test_what_cannot_be_built_is_said():
    with pytest.raises(SpaceError, match="a HyperModel, or a function"):
        kn.spaces.from_hypermodel(3)
    with pytest.raises(SpaceError, match=r"'broken' to build .* Received: ZeroDivisionError"):

        def broken(hp):
            return 1 / 0

        kn.spaces.from_hypermodel(broken)
    space = kn.spaces.from_hypermodel(lambda hp: "no model")
    with pytest.raises(SpaceError, match="to build a Keras model. Received: str"):
        kn.build(space, None, (4,))


def test_parameters_as_decisions():
    hp = keras_tuner.HyperParameters()
    hp.Int("a", 1, 9, step=2), hp.Float("b", 0.1, 1.0, default=0.5), hp.Fixed("c", 7)
    a, b, c = map(decision_of, hp.space)
    assert list(a.domain.values()) == [1, 3, 5, 7, 9] and b.domain.default == 0.5 and c == 7


# ------------------------------------------------------- a space as a hypermodel
def test_a_space_for_kerastuners_tuners(tmp_path):
    from kerasnas.operations import Dense
    from kerasnas.space import Choice, Int, Sequential

    head = {"head": Dense(3, "softmax")}
    space = Space(Sequential({"body": Choice(small=Dense(4), large=Dense(Int(8, 16, step=8))), **head}))
    hypermodel = kn.lowering.as_hypermodel(
        space, (4,), loss="sparse_categorical_crossentropy", metrics=["accuracy"],
        optimizer=lambda: keras.optimizers.Adam(0.01),
    )  # fmt: skip
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 4)).astype("float32")
    y = x[:, :3].argmax(axis=1)
    sizes = {}

    class Tuner(keras_tuner.RandomSearch):
        """KerasTuner's own trials want TensorBoard."""

        def run_trial(self, trial, *arguments, **named):
            model = self.hypermodel.build(trial.hyperparameters)
            sizes[trial.trial_id] = model.count_params()
            told = model.fit(x, y, validation_split=0.5, epochs=1, verbose=0).history
            return {"val_accuracy": told["val_accuracy"][-1]}

    tuner = Tuner(hypermodel, objective="val_accuracy", max_trials=3, seed=1, directory=tmp_path, project_name="kt")
    tuner.search()
    for trial in tuner.oracle.get_best_trials(3):
        values = trial.hyperparameters.values
        assert set(values) <= {"body", "body/large/units"}
        architecture = kn.lowering.hyperparameters.architecture(space, values)
        assert sizes[trial.trial_id] == kn.cost(space, architecture, (4,)).params


def test_every_architecture_of_the_space_can_be_had_by_its_values():
    import random

    from kerasnas.lowering.hyperparameters import values

    space = kn.spaces.mlp()
    architecture = space.sample(random.Random(0))
    hp = keras_tuner.HyperParameters()
    hypermodel = kn.lowering.as_hypermodel(space, (6,))
    hypermodel.build(hp)
    hp.values = values(space, architecture)
    assert hypermodel.build(hp).count_params() == kn.cost(space, architecture, (6,)).params
