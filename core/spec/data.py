"""Which table, which columns, which rows."""

from __future__ import annotations

import math
import re
from typing import Annotated, Final, Literal

from pydantic import (
    AfterValidator,
    ConfigDict,
    Discriminator,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    Tag,
    field_validator,
)

from core.spec.values import Count, Fraction, Value

Task = Literal["regression", "binary", "multiclass", "multilabel"]

_SOURCE: Final = re.compile(r"sample:[a-z0-9_]+(\?[a-z0-9_=&.\-]*)?|file:[^\x00-\x1f]{1,1000}|dataset:[0-9a-f]{64}")
_Cell = StrictBool | StrictInt | StrictFloat | StrictStr | None


def _finite_cells(columns: dict[str, tuple[_Cell, ...]]) -> dict[str, tuple[_Cell, ...]]:
    return {
        name: tuple(None if isinstance(cell, float) and not math.isfinite(cell) else cell for cell in cells)
        for name, cells in columns.items()
    }


class InlineData(Value):
    """A small table written into the spec itself; non-finite numbers count as missing."""

    model_config = ConfigDict(allow_inf_nan=True)

    columns: Annotated[dict[str, tuple[_Cell, ...]], AfterValidator(_finite_cells)] = Field(min_length=1)

    @field_validator("columns")
    @classmethod
    def _same_length(cls, columns: dict[str, tuple[_Cell, ...]]) -> dict[str, tuple[_Cell, ...]]:
        lengths = {name: len(cells) for name, cells in columns.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"every column needs the same number of rows, not {lengths}"[:200])
        return columns


class DataSpec(Value):
    """Which table, which columns, which rows."""

    source: Annotated[
        Annotated[str, Tag("<name>")] | Annotated[InlineData, Tag("<inline>")],
        Discriminator(lambda value: "<name>" if isinstance(value, str) else "<inline>"),
    ] = Field(description="sample:NAME, file:PATH, dataset:SHA256 or {columns: …}")
    target: str | tuple[str, ...] = Field(description="the column to predict, or several")
    features: tuple[str, ...] | None = Field(None, description="input columns; null = every other column")
    task: Literal["auto"] | Task = "auto"
    rows: Annotated[Count, Field(ge=2, le=10_000_000)] | None = Field(
        None, description="train on a seeded sample of at most this many rows"
    )
    validation_fraction: Fraction = Field(0.2, description="share of rows held out; 0 = none")
    split: Literal["random", "stratified", "in_order"] = "random"

    @field_validator("source")
    @classmethod
    def _known_source(cls, source: str | InlineData) -> str | InlineData:
        if isinstance(source, str) and not _SOURCE.fullmatch(source):
            raise ValueError("allowed: sample:NAME, file:PATH, dataset:SHA256 or an object with columns")
        return source

    @property
    def targets(self) -> tuple[str, ...]:
        """The target columns, always as a tuple."""
        return (self.target,) if isinstance(self.target, str) else self.target
