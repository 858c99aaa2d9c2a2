"""What happens to the table before the network sees it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from core.choices.choice import one_of
from core.choices.encoders import ENCODERS
from core.choices.imputation import IMPUTATIONS
from core.choices.outliers import OUTLIERS
from core.choices.scalers import SCALERS
from core.choices.target_scalers import TARGET_SCALERS
from core.spec.values import Value

Scaling = Annotated[str, one_of(SCALERS)]
TargetScaling = Annotated[str, one_of(TARGET_SCALERS)]
Missing = Annotated[str, one_of(IMPUTATIONS)]
Encoding = Annotated[str, one_of(ENCODERS)]
Outliers = Annotated[str, one_of(OUTLIERS)]


class PreprocessingSpec(Value):
    """What happens to the table before the network sees it."""

    scaling: Scaling = "standard"
    target_scaling: TargetScaling = "none"
    missing: Missing = "median"
    encoding: Encoding = "one_hot"
    outliers: Outliers = "keep"
    fit_on: Literal["train", "all"] = Field("train", description="'all' leaks validation rows, on purpose")
