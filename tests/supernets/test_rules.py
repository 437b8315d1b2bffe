"""What each rule makes of architecture weights."""

import random

import keras
import numpy as np
import pytest

from kerasnas import backend, lowering, spaces
from kerasnas.errors import ArgumentError
from kerasnas.lowering.opening import open_space
from kerasnas.lowering.supernet import Supernet
from kerasnas.supernets import DARTS, GDAS, PCDARTS, SNAS, BetaDARTS, DrNAS, ExpectedCost
from kerasnas.supernets.derivation import derive, operation_counts, skips
from kerasnas.supernets.expected_cost import expected_cost
from kerasnas.supernets.pairs import Pairs
from kerasnas.supernets.rule import entropy
from tests.lowering.supernets import PICTURE, small_cells, small_layers
from tests.supernets.searched import SHAPE, dataset, tiny

EDGE, INPUTS = "cell/node_1/edge_1", "cell/node_1/inputs"


@pytest.fixture(scope="module")
def supernet():
    made = Supernet(tiny(), SHAPE)
    made.alphas[EDGE].assign([0.0, 2.0, 1.0, -1.0])
    return made


def drawn(rule, supernet, progress=0.0, seed=0, count=1):
    seeds = keras.random.SeedGenerator(seed)
    found = [keras.ops.convert_to_numpy(rule.gates(supernet, progress, seeds)[EDGE]) for _ in range(count)]
    return np.stack(found)


@pytest.mark.backend
@pytest.mark.parametrize("rule", [DARTS(), SNAS(), GDAS(), PCDARTS(), DrNAS(), BetaDARTS()], ids=str)
def test_gates_of_one_choice_sum_to_one_and_repeat_by_seed(rule, supernet):
    found = drawn(rule, supernet, 0.5, count=4)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    assert (found >= -1e-6).all()
    np.testing.assert_array_equal(found, drawn(rule, supernet, 0.5, count=4))


def test_softmax_gates(supernet):
    exponents = np.exp([0.0, 2.0, 1.0, -1.0])
    np.testing.assert_allclose(drawn(DARTS(), supernet)[0], exponents / exponents.sum(), rtol=1e-5)


def test_edges_are_weighed_by_pc_darts_alone(supernet):
    seed = keras.random.SeedGenerator(0)
    plain, weighed = (rule.gates(supernet, 0.0, seed)[INPUTS] for rule in (DARTS(), PCDARTS()))
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(plain), 1)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(weighed), 0.5, atol=1e-2)


def test_drawn_gates_harden(supernet):
    soft, hard = (drawn(SNAS(), supernet, progress, count=50) for progress in (0.0, 1.0))
    assert soft.max(axis=1).mean() < 0.85 < 0.97 < hard.max(axis=1).mean()


def test_one_hot_gates_are_drawn_as_often_as_they_weigh(supernet):
    found = drawn(GDAS(), supernet, count=200)
    np.testing.assert_allclose(np.sort(found, axis=1), [[0, 0, 0, 1]] * 200, atol=1e-6)
    exponents = np.exp([0.0, 2.0, 1.0, -1.0])
    np.testing.assert_allclose(found.mean(axis=0), exponents / exponents.sum(), atol=0.12)


def test_one_hot_gates_have_the_gradient_of_soft_ones(supernet):
    def value():
        gates = GDAS().gates(supernet, 0.0, keras.random.SeedGenerator(0))
        return keras.ops.sum(gates[EDGE] * np.array([1, 2, 3, 4], "float32"))

    _, (gradient,) = backend.value_and_gradients(value, [supernet.alphas[EDGE]])
    assert np.abs(keras.ops.convert_to_numpy(gradient)).max() > 1e-3


def test_dirichlet_gates_average_to_their_means_and_have_gradients(supernet):
    concentration = np.array([1.0, 3.0, 2.0, np.exp(-1.0)])  # elu(α) + 1
    found = drawn(DrNAS(), supernet, count=200)
    np.testing.assert_allclose(found.mean(axis=0), concentration / concentration.sum(), atol=0.08)
    mean = keras.ops.convert_to_numpy(DrNAS().means(supernet)[EDGE])
    np.testing.assert_allclose(mean, concentration / concentration.sum(), rtol=1e-5)

    def value():
        return DrNAS().gates(supernet, 0.0, keras.random.SeedGenerator(0))[EDGE][0]

    _, (gradient,) = backend.value_and_gradients(value, [supernet.alphas[EDGE]])
    assert np.abs(keras.ops.convert_to_numpy(gradient)).max() > 1e-3


def test_the_penalty_of_beta_darts_grows_from_nothing(supernet):
    start, end = (float(BetaDARTS().penalty(supernet, progress)) for progress in (0.0, 1.0))
    late = BetaDARTS(epochs=10, warmup=4)  # from when architecture weights begin to move
    found = [float(late.penalty(supernet, progress)) for progress in (0.2, 0.4, 0.7, 1.0)]
    assert found == pytest.approx([0, 0, 0.3 * end, 0.6 * end], abs=1e-4)
    alphas = [keras.ops.convert_to_numpy(a) for path, a in supernet.alphas.items() if "edge" in path]
    assert start == 0
    assert end == pytest.approx(25 * np.mean([np.log(np.exp(a).sum()) for a in alphas]), rel=1e-4)


def test_architecture_weights_move_as_far_in_short_searches():
    for made, published in ((DARTS(), 3e-4), (PCDARTS(), 6e-4)):
        rates = [float(keras.ops.convert_to_numpy(made.alpha_rate(steps))) for steps in (50_000.0, 19_531.0, 1953.1)]
        assert rates == pytest.approx([published, published, 10 * published])
        assert float(keras.ops.convert_to_numpy(made.alpha_rate(10.0))) == pytest.approx(0.05)
    assert DARTS(alpha_learning_rate=3e-4).alpha_rate(10) == 3e-4
    with pytest.raises(ArgumentError, match="alpha_learning_rate"):
        DARTS(alpha_learning_rate=-1.0)


def test_entropy():
    assert entropy({"a": np.full(4, 0.25)}) == pytest.approx(np.log(4))
    assert entropy({"a": np.array([1.0, 0.0])}) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: DARTS(order=3), lambda: DARTS(epochs=0), lambda: DARTS(learning_rate=-1), lambda: PCDARTS(share=0),
        lambda: DARTS(stop_skips=0), lambda: DARTS(most_skips=1.5), lambda: ExpectedCost(0),
        lambda: ExpectedCost(1, "x"),
    ],
)  # fmt: skip
def test_arguments_out_of_range_are_refused(wrong):
    with pytest.raises(ArgumentError, match="Received"):
        wrong()


# --------------------------------------------------------------- derivation
def derived(space, strengths, **options):
    """The architecture derived where some answers are strong."""
    opened = open_space(space)
    gates = {path: np.full(len(list(_labels(domain))), 0.1) for path, domain in opened.domains.items()}
    for path, values in strengths.items():
        gates[path] = np.array(values, "float64")
    return opened, derive(space, opened, gates, **options)


def _labels(domain):
    return domain.labels if hasattr(domain, "labels") else domain.values()


def test_a_node_keeps_the_edges_whose_operations_weigh_most_and_no_zero():
    space = small_cells()
    _, found = derived(
        space,
        {  # none, skip, pool, conv
            "normal/node_1/edge_0": [0.9, 0.02, 0.03, 0.05],  # strong in nothing but zero
            "normal/node_1/edge_1": [0.1, 0.6, 0.2, 0.1],
            "normal/node_1/edge_2": [0.4, 0.1, 0.1, 0.4],
            "normal/node_0/edge_0": [0.97, 0.01, 0.02, 0.0],
        },
    )
    assert found["normal/node_1/inputs"] == (1, 2)
    assert found["normal/node_1/edge_1"] == "skip_connect" and found["normal/node_1/edge_2"] == "conv"
    assert found["normal/node_0/edge_0"] == "max_pool_3x3"
    assert found in space and "none" not in found.values()


def test_where_every_edge_is_kept_no_zero_is_derived_either():
    """Of zeros alone the network would not see its input."""
    strongest = {edge: [0.9, 0, 0, 0.1, 0] for edge in spaces.NASBENCH201_EDGES}
    _, found = derived(spaces.nasbench201(), strongest)
    assert {found[edge] for edge in spaces.NASBENCH201_EDGES} == {"nor_conv_3x3"}


def test_other_spaces_take_the_strongest_answer():
    _, found = derived(small_layers(), {"first": [0.2, 0.3, 0.5]})
    assert found["first"] == "halved"


def test_skips_are_guarded():
    strengths = {f"normal/node_{i}/edge_{j}": [0, 0.5 + 0.1 * i, 0.2, 0.3] for i in range(2) for j in range(2 + i)}
    opened, collapsed = derived(small_cells(), strengths)
    assert skips(opened, collapsed)["normal"] == 4
    assert operation_counts(opened, collapsed)["skip_connect"] >= 4
    opened, guarded = derived(small_cells(), strengths, most_skips=2)
    assert skips(opened, guarded)["normal"] == 2
    assert {guarded["normal/node_0/edge_0"], guarded["normal/node_0/edge_1"]} == {"conv"}  # the weaker skips went


def test_what_constraints_refuse_gives_way_to_what_loses_least():
    space = small_layers().where(lambda architecture: architecture["first"] != "halved")
    assert derived(space, {"first": [0.2, 0.3, 0.5]})[1]["first"] == "wide"
    nothing = small_layers().where(lambda architecture: False)
    assert derived(nothing, {"first": [0.2, 0.3, 0.5]})[1] is None


def test_the_weakest_of_several_answers_gives_way():
    strengths = {
        f"normal/node_{i}/edge_{j}": [0, 0.2, 0.3, 0.5 + 0.1 * (i + j)] for i in range(2) for j in range(2 + i)
    }
    normal = lambda architecture: [value for path, value in architecture.items() if path.startswith("normal/node")]  # noqa: E731
    few = small_cells().where(lambda architecture: normal(architecture).count("conv") <= 3)
    found = derived(few, strengths)[1]
    assert found["normal/node_0/edge_0"] == "max_pool_3x3" and found["normal/node_1/inputs"] == (1, 2)


def test_many_answers_give_way_at_once_and_no_more_than_need_be():
    strengths = {
        f"{cell}/node_{i}/edge_{j}": [0, 0.2, 0.2, 0.6]
        for cell in ("normal", "reduction")
        for i in range(3)
        for j in range(2 + i)
    }
    convs = lambda architecture: list(architecture.values()).count("conv")  # noqa: E731
    found = derived(small_cells(nodes=3).where(lambda architecture: convs(architecture) <= 4), strengths)[1]
    assert convs(found) == 4


def test_costs_may_be_looked_up_in_a_table(supernet):
    """Of one-hot gates, what the table says of the operations that were chosen, each once."""
    table = {"Conv": 3.0, "BatchNorm": 0.25}
    asked = []

    def look_up(operation, shapes):
        asked.append((operation, shapes))
        return table.get(type(operation).__name__, 0.0)

    costs = []
    for conv in ("skip", "conv"):
        gates = supernet.softmax_gates() | {
            EDGE: keras.ops.convert_to_tensor([float(label == conv) for label in supernet.labels[EDGE]])
        }
        costs.append(float(keras.ops.convert_to_numpy(expected_cost(supernet, gates, look_up))))
    kept = float(keras.ops.convert_to_numpy(_share(supernet)))
    assert costs[1] - costs[0] == pytest.approx(kept * sum(table.values()), rel=1e-4)
    assert any(shapes == (4, 4, 4) for _, shapes in asked)
    assert float(ExpectedCost(1e9, look_up)(supernet, gates)) == 0
    assert " at 0x" not in repr(ExpectedCost(1.0, look_up))  # what a journal tells a search by
    assert float(ExpectedCost(0.5, look_up)(supernet, gates)) == pytest.approx(costs[1] / 0.5 - 1, rel=1e-4)


def _share(supernet):
    """How likely the edge is kept."""
    gates = supernet.softmax_gates()[INPUTS]
    position = list(supernet.labels[INPUTS]).index(1)
    return gates[position] / keras.ops.sum(gates)


# --------------------------------------------------------------------- cost
@pytest.mark.parametrize("of", ["flops", "params"])
def test_the_expected_cost_of_one_hot_gates_is_that_of_the_architecture(of):
    space = small_cells()
    supernet = Supernet(space, PICTURE, affine=True)
    for seed in range(3):
        sampled = space.sample(random.Random(seed))
        architecture = sampled.replace(**{path: "conv" for path, value in sampled.items() if value == "none"})
        expected = float(expected_cost(supernet, supernet.gates_of(architecture), of))
        assert expected == getattr(lowering.cost(space, architecture, PICTURE), of)


def test_edges_that_are_not_kept_do_not_count():
    """Where all edges are of one operation, so many count as are kept, whether rules weigh edges or not."""
    space = small_cells()
    supernet = Supernet(space, PICTURE, affine=True)
    convs = space.complete({path: "conv" for path in supernet.labels if "edge" in path})
    edges = [path for path in supernet.labels if "edge" in path]
    chosen = {path: supernet.gates_of(convs)["normal/node_0/edge_0"] for path in edges}
    found = [float(expected_cost(supernet, rule.means(supernet) | chosen)) for rule in (DARTS(), PCDARTS())]
    assert found == pytest.approx([lowering.cost(space, convs, PICTURE).flops] * 2, rel=1e-3)


def test_partial_channels_are_priced_as_whole_ones():
    prices = []
    for share in (1, 2):
        supernet = Supernet(open_space(small_cells(), partial=share), PICTURE, partial=share)
        prices.append(float(expected_cost(supernet, supernet.softmax_gates(), "params")))
    assert prices[0] == pytest.approx(prices[1], rel=1e-3)


# --------------------------------------------------------------------- rows
def test_batches_of_the_halves_never_mix():
    rows = dataset(40)
    alphas, weights = rows.take(slice(0, 20)), rows.take(slice(20, 40))
    pairs = Pairs(alphas, weights, 8, seed=0)
    seen = {"alphas": set(), "weights": set()}
    for _ in range(3):
        for i in range(len(pairs)):
            x, y = pairs[i]
            for name in seen:
                seen[name] |= set(x[name]["x"].ravel())
                np.testing.assert_array_equal(y[name]["y"].argmax(1), x[name]["x"].ravel() % 2)
        for part in pairs.parts.values():
            part.on_epoch_end()
    assert seen == {"alphas": set(range(20)), "weights": set(range(20, 40))}
