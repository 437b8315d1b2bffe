"""Long frames as series with a target for each."""

import numpy as np
import pandas as pd
import pytest

from kerasnas.data.long_frames import series_with_targets
from kerasnas.errors import DataError

FRAME = pd.DataFrame(
    {
        "who": ["b", "b", "b", "a", "a", "c"], "at": [3, 1, 2, 1, 2, 9], "v": [3.0, 1, 2, 10, 20, 7],
        "label": ["x", "x", "x", "y", "y", "x"], "size": [1.5, 1.5, 1.5, 2.5, 2.5, 0.0],
    }
)  # fmt: skip

FORMS = {
    "a column": "label",
    "a list of one": ["label"],
    "a dict": {"a": "y", "b": "x", "c": "x", "d": "z"},
    "a Series by series": pd.Series(["y", "x", "x"], ["a", "c", "b"]),
    "a Series by row": FRAME["label"],
    "a list in their order": ["x", "y", "x"],
    "an array": np.array(["x", "y", "x"]),
}


@pytest.mark.filterwarnings("ignore:Expected .* in the order")
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", ["object", "category"])
def test_targets_in_any_form(form, kind):
    frame = FRAME.astype({"who": kind})
    series, y, channels = series_with_targets(frame, FORMS[form], "at", "who", ["v"])
    assert list(y) == ["x", "y", "x"] and channels == ["v"]
    assert [part[:, 0][np.isfinite(part[:, 0])].tolist() for part in series] == [[1, 2, 3], [10, 20], [7]]


def test_several_targets_and_rows_in_their_order():
    series, y, channels = series_with_targets(FRAME.drop(columns="at"), ["label", "size"], None, "who")
    assert channels == ["v"] and series[0][:, 0].tolist() == [3, 1, 2]
    pd.testing.assert_frame_equal(y, pd.DataFrame({"label": ["x", "y", "x"], "size": [1.5, 2.5, 0.0]}))
    assert series_with_targets(FRAME, None, None, "who", ["v"])[1] is None


@pytest.mark.parametrize(
    ("y", "series", "told"),
    [
        ("v", "who", "Expected one value of 'v' in each series of `x`. Received: 3 in series 'b' .2 such in all"),
        ("lable", "who", "column 'lable'. Did you mean 'label'"),
        ("label", "whom", "column 'whom'. Did you mean 'who'"),
        ({"a": 1, "b": 2}, "who", "none for series 'c'"),
        (pd.Series([1, 2, 3], ["a", "a", "b"]), "who", "two for series 'a'"),
    ],
)
def test_what_has_no_target_or_two(y, series, told):
    with pytest.raises(DataError, match=told):
        series_with_targets(FRAME, y, None, series, ["size"])
