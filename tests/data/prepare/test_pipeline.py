"""The pipeline is scikit-learn's, and holds what has something to do."""

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import OneHotEncoder

from core.data.prepare import inputs
from core.data.prepare.pipeline import Finite, build_pipeline
from core.errors import InputRefused
from core.spec import PreprocessingSpec

NUMBERS = np.array([[1.0, np.nan], [2.0, 5.0], [9.0, 4.0]])
CODES = np.array([[0.0], [1.0], [np.nan]])


def steps(numbers=NUMBERS, codes=CODES, **spec):
    """Return the steps by part: ``{"numbers": ["impute", "scale"]}``."""
    pipeline = build_pipeline(PreprocessingSpec(**spec), numbers, codes, len(numbers))
    assert isinstance(pipeline, ColumnTransformer)
    return {
        name: part if isinstance(part, str) else [step for step, _ in part.steps]
        for name, part, _ in pipeline.transformers
    }


def test_each_choice_is_a_step_of_its_part():
    assert steps() == {"numbers": ["impute", "scale"], "words": ["impute", "encode"]}
    assert steps(outliers="clip", missing="indicator") == {
        "numbers": ["clip", "impute", "scale"], "missing": ["flag"], "words": ["impute", "encode"],
    }  # fmt: skip
    assert steps(encoding="ordinal") == {"numbers": ["columns", "scale"]}


def test_what_has_nothing_to_do_is_no_step():
    whole, words = np.ones((3, 2)), np.zeros((3, 1))
    assert steps(whole, words) == {"numbers": ["scale"], "words": ["encode"]}
    assert steps(whole, words, scaling="none", missing="indicator") == {"numbers": "passthrough", "words": ["encode"]}
    assert steps(np.empty((3, 0)), words) == {"words": ["encode"]}
    assert steps(whole, np.empty((3, 0)), encoding="ordinal") == {"numbers": ["scale"]}


def test_a_column_of_nothing_finite_passes_beside_one_that_is_scaled():
    x = np.array([[np.nan, 1.0], [np.inf, 3.0], [-np.inf, 5.0]])
    from sklearn.preprocessing import MinMaxScaler

    scaled = Finite(MinMaxScaler(), by_row=False).fit(x).transform(x)
    np.testing.assert_array_equal(scaled, [[np.nan, 0.0], [np.inf, 0.5], [-np.inf, 1.0]])


def test_too_large_a_matrix_is_refused_before_an_encoder_sees_a_row(prepared, monkeypatch):
    columns = {"c": ["u", "v", "w", "x"] * 5, "x": list(range(20)), "y": [i * 0.3 for i in range(20)]}
    monkeypatch.setattr(inputs, "MAX_CELLS", 20 * 5)
    assert prepared(columns).x.shape[1] == 5
    monkeypatch.setattr(inputs, "MAX_CELLS", 20 * 5 - 1)
    monkeypatch.setattr(OneHotEncoder, "fit", lambda *_: pytest.fail("it was fitted"))
    with pytest.raises(InputRefused, match="one_hot makes 4 columns of 20 rows; allowed: 50 million cells"):
        prepared(columns)
    assert prepared(columns, preprocessing={"encoding": "ordinal"}).x.shape[1] == 2


@pytest.mark.parametrize("missing", ["median", "indicator", "zero"])
@pytest.mark.parametrize("encoding", ["one_hot", "ordinal"])
def test_words_that_only_validation_rows_have_are_unknown_beside_missing(prepared, missing, encoding):
    columns = {"c": [None] * 4 + ["u", "v"], "x": [1.5, 4.5, 2.0, 8.0, 3.0, 5.0], "y": [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]}
    p = prepared(
        columns,
        data={"split": "in_order", "validation_fraction": 0.3},
        preprocessing={"missing": missing, "encoding": encoding, "scaling": "none"},
    )
    place = p.features.index("c=missing" if encoding == "one_hot" else "c")
    assert set(p.x[:, place]) == {1.0 if encoding == "one_hot" else 0.0}
    assert p.x_val[:, place].tolist() == ([0, 0] if encoding == "one_hot" else [-1, -1])
    assert ("c missing" in p.features) == (missing == "indicator")
    assert "c=u" not in p.features
