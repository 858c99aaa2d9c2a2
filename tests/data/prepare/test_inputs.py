"""The input matrix, held against scikit-learn on the same rows."""

import itertools

import numpy as np
import pytest
from sklearn import preprocessing as sk

from core.choices.encoders import ENCODERS
from core.choices.imputation import IMPUTATIONS

RNG = np.random.Generator(np.random.Philox(0))
A, B = RNG.normal(50, 9, 40).tolist(), RNG.exponential(3, 40).tolist()
Y = RNG.normal(0, 1, 40).tolist()
COLUMNS = {"a": A, "b": B, "y": Y}
GAPS = {
    "a": [None, 2.0, 3.0, 400.0, 5.0, None, 7.0, 8.0, 9.0, 10.0],
    "c": ["u", "v", None, "u", "u", "w", "u", "v", "u", None],
    "b": [True, None, False, True, True, False, True, True, False, True],
    "k": [1.0, None, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
    "n": [4.0, 1.0, 7.0, 2.0, 8.0, 5.0, 9.0, 3.0, 6.0, 0.0],
    "y": [0.1, 0.4, 0.9, 1.6, 2.5, 3.6, 4.9, 6.4, 8.1, 10.0],
}
SCALERS = {
    "minmax": sk.MinMaxScaler(),
    "standard": sk.StandardScaler(),
    "robust": sk.RobustScaler(),
    "maxabs": sk.MaxAbsScaler(),
    "quantile": sk.QuantileTransformer(n_quantiles=32),
    "power": sk.PowerTransformer(),
    "l2": sk.Normalizer(),
}


@pytest.mark.parametrize("scaling", SCALERS)
def test_scaling_is_sklearns_fitted_on_the_training_rows(prepared, scaling):
    p = prepared(COLUMNS, preprocessing={"scaling": scaling})
    raw = np.column_stack((A, B))
    scaler = SCALERS[scaling].fit(raw[p.rows])
    np.testing.assert_allclose(p.x, scaler.transform(raw[p.rows]), rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(p.x_val, scaler.transform(raw[p.rows_val]), rtol=1e-6, atol=1e-7)


def test_a_leaky_scaler_sees_validation_rows_and_a_clean_one_does_not(prepared):
    far = {**COLUMNS, "a": [*A[:-1], 1e6]}
    options = {"data": {"split": "in_order"}}
    clean, clean_far = (prepared(c, preprocessing={"scaling": "minmax"}, **options) for c in (COLUMNS, far))
    leaky = prepared(far, preprocessing={"scaling": "minmax", "fit_on": "all"}, **options)
    np.testing.assert_array_equal(clean.x, clean_far.x)
    assert clean_far.x_val[:, 0].max() > 1
    assert leaky.x_val[:, 0].max() == 1
    assert leaky.x[:, 0].max() < 0.01


def test_the_median_comes_from_the_training_rows_alone(prepared):
    columns = {"a": [1, None, 3, 100, 200], "y": [0.5, 1.5, 2.5, 3.5, 4.5]}
    options = {"data": {"split": "in_order", "validation_fraction": 0.4}}
    clean = prepared(columns, preprocessing={"scaling": "none"}, **options)
    leaky = prepared(columns, preprocessing={"scaling": "none", "fit_on": "all"}, **options)
    assert clean.x.ravel().tolist() == [1, 2, 3]
    assert leaky.x.ravel().tolist() == [1, 51.5, 3]


@pytest.mark.parametrize(
    ("missing", "filled"), [("mean", 4.0), ("median", 2.0), ("most_frequent", 1.0), ("zero", 0.0), ("indicator", 2.0)]
)
def test_each_way_to_fill_a_gap(prepared, missing, filled):
    columns = {"a": [1, 1, 3, 11, None], "y": [0.5, 1.5, 2.5, 3.5, 4.5]}
    p = prepared(columns, data={"validation_fraction": 0}, preprocessing={"scaling": "none", "missing": missing})
    assert p.x[4, 0] == filled
    assert ("a missing" in p.features) == (missing == "indicator")
    if missing == "indicator":
        assert p.x[:, 1].tolist() == [0, 0, 0, 0, 1]


@pytest.mark.parametrize("scaling", ["none", *SCALERS])
def test_kept_gaps_reach_the_network_and_hide_no_other_value(prepared, scaling):
    columns = {"a": [None, 2.0, float("inf"), *A[3:]], "b": B, "y": Y}
    p = prepared(columns, data={"validation_fraction": 0}, preprocessing={"scaling": scaling, "missing": "keep"})
    # A spec turns an infinite cell into a missing one, so both are NaN here.
    assert np.isnan(p.x[:, 0]).tolist() == [True, False, True] + [False] * 37
    assert not np.isnan(p.x[:, 1]).any()


@pytest.mark.parametrize("missing", ["keep", "median"])
def test_infinite_numbers_are_kept_only_where_gaps_are(prepared, tmp_path, missing):
    file = tmp_path / "t.csv"
    file.write_text("a,y\n1,0.5\ninf,1.5\n3,2.5\n2,3.5\n")
    p = prepared(
        f"file:{file}", data={"validation_fraction": 0}, preprocessing={"scaling": "standard", "missing": missing}
    )
    assert np.isposinf(p.x[1, 0]) == (missing == "keep")
    assert np.isfinite(p.x[[0, 2, 3]]).all()
    assert any("Infinite" in note for note in p.notes) == (missing != "keep")


@pytest.mark.parametrize(
    ("scaling", "missing", "encoding", "outliers", "fit_on"),
    list(
        itertools.product(
            ["none", "standard", "power", "quantile", "l2"],
            ["drop_rows", "median", "zero", "indicator"],
            ["one_hot", "ordinal", "drop"],
            ["keep", "clip"],
            ["train"],
        )
    )
    + [("standard", missing, "one_hot", "keep", "all") for missing in ("mean", "most_frequent", "drop_columns")],
)
def test_no_gap_survives_unless_it_is_kept(prepared, scaling, missing, encoding, outliers, fit_on):
    preprocessing = {
        "scaling": scaling, "missing": missing, "encoding": encoding, "outliers": outliers, "fit_on": fit_on
    }  # fmt: skip
    p = prepared(GAPS, preprocessing=preprocessing)
    assert np.isfinite(p.x).all()
    assert np.isfinite(p.x_val).all()
    assert p.x.shape[1] == p.x_val.shape[1] == len(p.features) == len(set(p.features))
    assert p.x.dtype == np.float32
    assert p.x.flags.c_contiguous


def test_one_hot_columns_are_sklearns_and_are_not_scaled(prepared):
    columns = {"c": ["u", "v", "w", "u"] * 10, "a": A, "y": Y}
    p = prepared(columns, preprocessing={"scaling": "standard"})
    assert p.features == ("a", "c=u", "c=v", "c=w")
    words = np.array(columns["c"], dtype=object)[:, None]
    expected = sk.OneHotEncoder(sparse_output=False).fit(words[p.rows]).transform(words[p.rows])
    np.testing.assert_array_equal(p.x[:, 1:], expected)
    assert not set(np.unique(p.x[:, 1:])) - {0.0, 1.0}


def test_a_category_only_validation_rows_have_is_unknown_not_an_error(prepared):
    columns = {"c": ["u", "v", "u", "v", "new"], "y": [0.5, 1.5, 2.5, 3.5, 4.5]}
    data = {"split": "in_order"}
    hot = prepared(columns, data=data, preprocessing={"scaling": "none"})
    assert hot.features == ("c=u", "c=v")
    assert hot.x_val.tolist() == [[0, 0]]
    codes = prepared(columns, data=data, preprocessing={"scaling": "none", "encoding": "ordinal"})
    assert codes.x.ravel().tolist() == [0, 1, 0, 1]
    assert codes.x_val.tolist() == [[-1]]


def test_ordinal_codes_are_scaled_like_numbers(prepared):
    columns = {"c": ["u", "v", "w", "x"] * 10, "y": Y}
    p = prepared(columns, preprocessing={"scaling": "minmax", "encoding": "ordinal"})
    assert p.x.max() == 1
    assert p.x.min() == 0


def test_missing_categories_are_the_most_frequent_or_their_own(prepared):
    columns = {"c": ["u", "u", "v", None], "y": [0.5, 1.5, 2.5, 3.5]}
    data = {"validation_fraction": 0}
    assert prepared(columns, data=data, preprocessing={"missing": "median"}).x[3].tolist() == [1, 0]
    for missing in ("zero", "keep"):
        own = prepared(columns, data=data, preprocessing={"missing": missing})
        assert own.features == ("c=missing", "c=u", "c=v")
        assert own.x[3].tolist() == [1, 0, 0]


def test_names_that_collide_after_one_hot_stay_unique(prepared):
    columns = {"c": ["u", "v"] * 20, "c=u": A, "y": Y}
    p = prepared(columns)
    assert p.features == ("c=u", "c=u (2)", "c=v")


def test_rare_categories_share_one_column(prepared):
    words = [f"w{i}" for i in range(60)]
    p = prepared({"c": words * 3, "y": RNG.normal(0, 1, 180).tolist()}, data={"validation_fraction": 0})
    assert len(p.features) == 50
    assert p.features[-1] == "c=other"
    np.testing.assert_array_equal(p.x.sum(axis=1), 1)
    assert any("share one column" in note for note in p.notes)


def test_large_offsets_keep_their_information_until_after_scaling(prepared):
    offsets = [3e9 + i for i in range(40)]
    p = prepared({"t": offsets, "y": Y}, data={"validation_fraction": 0})
    assert len(np.unique(np.array(offsets, np.float32))) < 5
    np.testing.assert_allclose(p.x[:, 0], sk.scale(np.arange(40.0)), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("scaling", ["none", *SCALERS])
def test_huge_numbers_stay_finite(prepared, scaling):
    columns = {"a": [1e308, -1e308, 1e308, *A[3:]], "b": B, "y": Y}
    p = prepared(columns, data={"validation_fraction": 0}, preprocessing={"scaling": scaling})
    assert np.isfinite(p.x).all()
    assert len(np.unique(p.x[:, 0])) > 1


def test_clipping_moves_outliers_only_and_learns_from_training_rows(prepared):
    ages = [*(20.0 + i for i in range(39)), -999.0]
    columns = {"age": ages, "flag": [0] * 37 + [1] * 3, "y": Y}
    plain = {"data": {"split": "in_order"}}
    p = prepared(columns, preprocessing={"scaling": "none", "outliers": "clip"}, **plain)
    low, high = np.quantile(ages[:32], [0.25, 0.75])
    assert p.x_val[-1, 0] == pytest.approx(low - 3 * (high - low))
    np.testing.assert_array_equal(p.x[:, 0], np.array(ages[:32], np.float32))
    # Three quarters of a flag are one value: it has no fences, and its rare 1 stays.
    assert p.x_val[-1, 1] == 1


def test_booleans_and_dates_are_numbers(prepared):
    columns = {"b": [True, False, True], "d": ["1970-01-02", "1970-01-03T12:00", "1970-01-01"], "y": [0.5, 1.5, 2.5]}
    p = prepared(columns, data={"validation_fraction": 0}, preprocessing={"scaling": "none"})
    assert p.features == ("b", "d")
    assert p.x.tolist() == [[1, 1], [0, 2.5], [1, 0]]


@pytest.mark.parametrize("missing", IMPUTATIONS)
def test_the_network_sees_missing_values_where_the_entry_says_so(prepared, missing):
    columns = {"a": [None, 2.5, 7.0, 3.5], "b": [1.5, 4.5, 2.0, 8.0], "y": [0.5, 1.5, 2.5, 3.5]}
    p = prepared(columns, data={"validation_fraction": 0}, preprocessing={"missing": missing, "scaling": "none"})
    way = IMPUTATIONS[missing]
    assert np.isnan(p.x).any() == way.keeps
    assert ("a missing" in p.features) == way.indicator
    assert ("a" not in p.features) == (way.drops == "columns")
    assert (len(p.x) < 4) == (way.drops == "rows")


@pytest.mark.parametrize("encoding", [encoder.name for encoder in ENCODERS.values() if not encoder.build])
def test_an_encoder_that_makes_nothing_leaves_the_column_out(prepared, encoding):
    columns = {"c": ["u", "v", "u", "w"], "x": [1.5, 4.5, 2.0, 8.0], "y": [0.5, 1.5, 2.5, 3.5]}
    assert prepared(columns, preprocessing={"encoding": encoding}).features == ("x",)
    assert ENCODERS[encoding].columns(3) == 0
