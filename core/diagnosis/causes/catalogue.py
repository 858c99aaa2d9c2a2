"""The catalogue: every cause of a bad loss the lab knows, by id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from core.choices.choice import by_name
from core.diagnosis.causes import architecture, optimisation, preprocessing
from core.diagnosis.causes.cause import Cause

CAUSES: Final[Mapping[str, Cause]] = by_name(
    (cause.id, cause) for cause in (*preprocessing.CAUSES, *architecture.CAUSES, *optimisation.CAUSES)
)
