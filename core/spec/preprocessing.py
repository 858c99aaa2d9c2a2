"""What happens to the table before the network sees it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from core.spec.values import Value

Scaling = Literal["none", "minmax", "standard", "robust", "maxabs", "quantile", "power", "l2"]
TargetScaling = Literal["none", "standard", "minmax", "log"]
Missing = Literal["keep", "drop_rows", "drop_columns", "mean", "median", "most_frequent", "zero", "indicator"]


class PreprocessingSpec(Value):
    """What happens to the table before the network sees it."""

    scaling: Scaling = "standard"
    target_scaling: TargetScaling = "none"
    missing: Missing = "median"
    encoding: Literal["one_hot", "ordinal", "drop"] = "one_hot"
    outliers: Literal["keep", "clip"] = "keep"
    fit_on: Literal["train", "all"] = Field("train", description="'all' leaks validation rows, on purpose")
