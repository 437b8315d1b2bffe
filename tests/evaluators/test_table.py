"""Tables: what they know, what they refuse, and the staged benchmarks."""

import random

import numpy as np
import pandas as pd
import pytest

import kerasnas as kn
from kerasnas import spaces
from kerasnas.errors import ArgumentError, DataError, SpaceError
from kerasnas.evaluators import Table, accel_nasbench_table, nasbench201_table, nasbench_macro_table
from kerasnas.operations import Dense, Identity
from kerasnas.spaces import Listed

SPACE = kn.Space(kn.Sequential(Dense(kn.Choice(4, 8)), kn.Choice(a=Identity(), b=Dense(3))))
DECISIONS = {"0/units": "u", "1": "o"}
FRAME = pd.DataFrame(
    {"u": [4, 4, 8], "o": [0, 1, 1], "acc_3": [0.1, 0.2, 0.3], "acc_9": [0.5, 0.6, 0.7], "s": [1, 2, 3]}
)


def table(frame=FRAME, **arguments):
    given = {"metrics": {"val_accuracy": "acc_9"}, "answers": {0: "a", 1: "b", 4: 4, 8: 8}, "seconds": "s", **arguments}
    return Table(frame, SPACE, DECISIONS, **given)


def at(units, option):
    return SPACE.complete({"0/units": units, "1": option})


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "t.csv.gz"])
def test_a_table_of_ones_own(name, tmp_path):
    getattr(FRAME, "to_parquet" if "parquet" in name else "to_csv")(tmp_path / name, index=False)
    known = table(tmp_path / name)
    assert known.query(at(4, "b")) == {"val_accuracy": 0.6, "seconds": 2.0}
    assert known.describe() == table().describe()
    found = kn.search(SPACE, evaluator=known, strategy="random", max_trials=4, seed=0, directory=tmp_path)
    assert found.best.measurement.metrics["val_accuracy"] == 0.7 and found.best.measurement.seconds == 3.0
    failed = [trial for trial in found.trials if trial.status == "failed"]
    assert len(failed) == 1 and "in the table" in failed[0].error


def test_a_table_may_judge_what_is_searched_on_data_and_makes_no_model(tmp_path):
    data = np.tile([[0.0, 1.0], [1.0, 0.0]], (10, 1)), np.arange(20) % 2
    rest = pd.DataFrame({"u": [8], "o": [0], "acc_3": [0.1], "acc_9": [0.4], "s": [1]})
    full = pd.concat([FRAME, rest], ignore_index=True)
    arguments = {"strategy": "random", "max_trials": 2, "seed": 0, "directory": tmp_path}
    found = kn.search(SPACE, data, evaluator=table(full), objective="val_accuracy", **arguments)
    assert found.model is None and all(trial.completed for trial in found.trials)


def test_what_is_not_in_the_table_is_an_error():
    with pytest.raises(DataError, match="Expected an architecture that is in the table"):
        table().query(at(8, "a"))


def test_fidelities():
    known = table(metrics={"val_accuracy": "acc_{epochs}"}, fidelity={"epochs": 9})
    assert known.query(at(4, "a"))["val_accuracy"] == 0.5 and known.query(at(4, "a"), epochs=3)["val_accuracy"] == 0.1
    with pytest.raises(DataError, match="Expected a column 'acc_5' in the table. Did you mean 'acc_[39]'"):
        known.query(at(4, "a"), epochs=5)


def test_bad_tables(tmp_path):
    with pytest.raises(DataError, match="a column 'acc' in the table"):
        table(metrics={"val_accuracy": "acc"})
    with pytest.raises(DataError, match="Expected a row for each architecture. Received: 3 rows"):
        table(pd.concat([FRAME, FRAME]))
    with pytest.raises(ArgumentError, match="Expected a .parquet or .csv file. Received: t.xls"):
        table(tmp_path / "t.xls")
    with pytest.raises(DataError, match="Expected a table in"):
        table(tmp_path / "none.csv")


def test_isomorphic_cells_meet():
    space = spaces.nasbench201(cells=1)
    edges = spaces.NASBENCH201_EDGES
    known = Table(
        pd.DataFrame([["skip_connect", "none", "none", "none", "nor_conv_3x3", "none", 0.5]], columns=[*"abcdef", "v"]),
        space, dict(zip(edges, "abcdef")), {"val_accuracy": "v"},
    )  # fmt: skip
    same = space.complete(dict(zip(edges, ["none", "none", "none", "nor_conv_3x3", "none", "none"])))
    assert known.query(same)["val_accuracy"] == 0.5


# -------------------------------------------------------------------- staged
def test_nasbench201(staged):
    known = nasbench201_table(staged("nas/nasbench201_dev.parquet"), latency="cifar100_pixel_litert_latency_ms")
    first = known.query(known.architectures()[0])
    assert first["val_accuracy"] == pytest.approx(63.364) and first["test_accuracy"] == pytest.approx(85.8633, abs=1e-3)
    assert first["latency"] == pytest.approx(1.0141, abs=1e-4) and len(known.rows) == known.space.size()
    best = max(known.architectures(), key=lambda a: known.query(a)["test_accuracy"])
    assert known.query(best)["test_accuracy"] == pytest.approx(94.3733, abs=1e-3)


def test_nasbench_macro(staged):
    known = nasbench_macro_table(staged("nas/nasbench_macro.parquet"))
    assert max(known.column("test_accuracy")) == pytest.approx(93.13, abs=0.01) and len(known.rows) == 3**8
    architecture = known.space.complete({f"layer_{i}": "identity" for i in range(8)})
    assert known.query(architecture)["params"] == 387882


def test_accel_nasbench(staged):
    known = accel_nasbench_table(staged("nas/accel_nasbench.parquet"), device="zcu102")
    told = known.query(known.architectures()[0])
    assert told["val_accuracy"] == pytest.approx(59.368) and told["seconds"] == pytest.approx(2660.43, abs=0.01)
    cost = kn.cost(known.space, known.architectures()[0], (224, 224, 3))
    assert cost.params / 1e6 == pytest.approx(told["params"], rel=0.02)
    with pytest.raises(ArgumentError, match="Expected `device` to be one of"):
        accel_nasbench_table(staged("nas/accel_nasbench.parquet"), device="abacus")


# -------------------------------------------------------------------- listed
def test_a_listed_space_holds_what_is_listed():
    whole = kn.Space(kn.Sequential(*(Dense(kn.Choice(0, 1, 2)) for _ in range(5))))
    rng = random.Random(0)
    some = [whole.sample(rng) for _ in range(30)]
    listed = Listed(whole, some)
    assert listed.size() == len(set(some)) and set(listed.enumerate()) == set(some)
    for _ in range(50):
        one, other = listed.sample(rng), listed.sample(rng)
        near, child = listed.mutate(one, rng), listed.crossover(one, other, rng)
        assert {one, near, child, listed.default(), *listed.neighbors(one)} <= set(some) and near != one
    narrow = listed.where(lambda a: a["0/units"] == 1)
    assert all(a["0/units"] == 1 for a in narrow.enumerate()) and narrow.size() < listed.size()
    with pytest.raises(SpaceError, match="Expected architectures of"):
        Listed(whole, [])
