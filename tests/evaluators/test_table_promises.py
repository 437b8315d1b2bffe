"""Tables: what identifies them, what they refuse, and what the benchmarks' real files tell."""

import random

import pandas as pd
import pytest

import kerasnas as kn
from kerasnas.contract import Proposal
from kerasnas.errors import ArgumentError, DataError
from kerasnas.evaluators import Table, nasbench201_table, nasbench_macro_table
from kerasnas.operations import Dense

SPACE = kn.Space(kn.Sequential(Dense(kn.Choice(4, 8))))
FRAME = pd.DataFrame({"u": [4, 8], "acc_1": [0.1, 0.2], "acc_9": [0.3, 0.4], "s": [1, 2], "t": [5, 6]})


def table(**arguments):
    given = {"decisions": {"0/units": "u"}, "metrics": {"val_accuracy": "acc_{epochs}"}, "fidelity": {"epochs": 9}}
    return Table(arguments.pop("source", FRAME), SPACE, **{**given, **arguments})


def test_a_fidelity_picks_the_column():
    eight = SPACE.complete({"0/units": 8})
    assert table().query(eight) == {"val_accuracy": 0.4, "seconds": 0.0}
    assert table().query(eight, epochs=1)["val_accuracy"] == 0.2
    told = table(seconds="t").evaluate(Proposal(eight, 0, {"epochs": 1}), lambda step, metrics: None)
    assert told.metrics == {"val_accuracy": 0.2} and told.seconds == 6.0
    with pytest.raises(DataError, match="Expected a column 'acc_3' in the table"):
        table().query(eight, epochs=3)


@pytest.mark.parametrize(
    "other",
    [
        {"fidelity": {"epochs": 1}}, {"seconds": "s"}, {"seconds": 3.0}, {"metrics": {"val_accuracy": "acc_1"}},
        {"source": FRAME.assign(u=[8, 4])}, {"metrics": {"test_accuracy": "acc_{epochs}"}},
    ],
)  # fmt: skip
def test_tables_that_answer_otherwise_are_others(other):
    assert table().describe() == table().describe() != table(**other).describe()


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        ({"fidelity": None}, ArgumentError, "`fidelity` to say 'epochs'"),
        ({"answers": {4: 4}}, DataError, "`answers` to translate all that stands in the table. Received: 8"),
        ({"source": FRAME.assign(u=4)}, DataError, "1 rows of architectures that have one already"),
        ({"decisions": {"0/units": "units"}}, DataError, "a column 'units'"),
        ({"seconds": "hours"}, DataError, "a column 'hours'"),
        ({"source": "table.txt"}, ArgumentError, "a .parquet or .csv file. Received: table.txt"),
        ({"source": "nowhere.csv"}, DataError, "a table in nowhere.csv"),
    ],
)
def test_what_is_no_table_of_the_space(arguments, error, message):
    with pytest.raises(error, match=f"Expected {message}" if not message[0].isdigit() else message):
        table(**arguments)


def test_empty_and_torn_files(tmp_path):
    for name in ("empty.csv", "torn.parquet"):
        (tmp_path / name).write_bytes(b"")
        with pytest.raises(DataError, match=f"Expected a table in .*{name}"):
            table(source=tmp_path / name)


def test_an_architecture_that_is_missing_is_never_made_up():
    with pytest.raises(DataError, match="Expected an architecture that is in the table"):
        table(source=FRAME[:1]).query(SPACE.complete({"0/units": 8}))


def test_every_row_of_a_real_table_is_found_by_its_architecture(staged):
    known = nasbench_macro_table(staged("nas/nasbench_macro.parquet"))
    architectures, column = known.architectures(), known.column("test_accuracy")
    for row in random.Random(0).sample(range(len(architectures)), 40):
        assert architectures[row] in known.space
        assert known.query(architectures[row])["test_accuracy"] == column[row]


def test_isomorphic_cells_of_a_real_table_are_answered(staged):
    frame = pd.read_parquet(staged("nas/nasbench201_dev.parquet"))
    known = nasbench201_table(frame)
    rng = random.Random(0)
    whole = {known.space.canonical(known.architectures()[row]) for row in rng.sample(range(len(frame)), 30)}
    assert whole <= set(known._forms)
