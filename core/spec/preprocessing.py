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
from core.spec.touches import Thing, touches
from core.spec.values import Value

Scaling = Annotated[str, one_of(SCALERS)]
TargetScaling = Annotated[str, one_of(TARGET_SCALERS)]
Missing = Annotated[str, one_of(IMPUTATIONS)]
Encoding = Annotated[str, one_of(ENCODERS)]
Outliers = Annotated[str, one_of(OUTLIERS)]


_NUMBERS = touches(Thing.ARRAYS, Thing.PICTURE)
_COLUMNS = touches(Thing.ARRAYS, Thing.PICTURE, Thing.STRUCTURE)


class PreprocessingSpec(Value):
    """What happens to the table before the network sees it."""

    scaling: Annotated[Scaling, _NUMBERS] = "standard"
    target_scaling: Annotated[TargetScaling, touches(Thing.ARRAYS, Thing.PICTURE, Thing.LOSS_UNIT)] = "none"
    missing: Annotated[Missing, _COLUMNS] = "median"
    encoding: Annotated[Encoding, _COLUMNS] = "one_hot"
    outliers: Annotated[Outliers, _NUMBERS] = "keep"
    fit_on: Annotated[Literal["train", "all"], _NUMBERS] = Field(
        "train", description="'all' leaks validation rows, on purpose"
    )
