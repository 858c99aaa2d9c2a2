"""The pictures there are, in the order a page offers them."""

from __future__ import annotations

from typing import Final

from core.training.pictures.confusion_matrix import CONFUSION_MATRIX
from core.training.pictures.decision_boundary import DECISION_BOUNDARY
from core.training.pictures.fitted_curve import FITTED_CURVE
from core.training.pictures.picture import Picture
from core.training.pictures.predicted_values import PREDICTED_VALUES

PICTURES: Final[tuple[Picture, ...]] = (FITTED_CURVE, DECISION_BOUNDARY, PREDICTED_VALUES, CONFUSION_MATRIX)
