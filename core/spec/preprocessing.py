"""What happens to the table before the network sees it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from core.spec.touches import Thing, touches
from core.spec.values import Value

Scaling = Literal["none", "minmax", "standard", "robust", "maxabs", "quantile", "power", "l2"]
TargetScaling = Literal["none", "standard", "minmax", "log"]
Missing = Literal["keep", "drop_rows", "drop_columns", "mean", "median", "most_frequent", "zero", "indicator"]


_NUMBERS = touches(Thing.ARRAYS, Thing.PICTURE)
_COLUMNS = touches(Thing.ARRAYS, Thing.PICTURE, Thing.STRUCTURE)


class PreprocessingSpec(Value):
    """What happens to the table before the network sees it."""

    scaling: Annotated[Scaling, _NUMBERS] = "standard"
    target_scaling: Annotated[TargetScaling, touches(Thing.ARRAYS, Thing.PICTURE, Thing.LOSS_UNIT)] = "none"
    missing: Annotated[Missing, _COLUMNS] = "median"
    encoding: Annotated[Literal["one_hot", "ordinal", "drop"], _COLUMNS] = "one_hot"
    outliers: Annotated[Literal["keep", "clip"], _NUMBERS] = "keep"
    fit_on: Annotated[Literal["train", "all"], _NUMBERS] = Field(
        "train", description="'all' leaks validation rows, on purpose"
    )
