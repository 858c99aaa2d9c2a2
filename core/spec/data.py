"""Which table, which columns, which rows, and what happens to them before the network sees them."""

from __future__ import annotations

import hashlib
import json
import math
import re
from functools import cached_property
from typing import Annotated, Any, Final, Literal

from pydantic import (
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

from core.choices.choice import one_of
from core.choices.encoders import ENCODERS
from core.choices.imputation import IMPUTATIONS
from core.choices.outliers import OUTLIERS
from core.choices.scalers import SCALERS, TARGET_SCALERS
from core.sentence import said
from core.spec.touches import Thing, touches
from core.spec.values import MOST_DIGITS, Count, Fraction, Value, canonical, plain_text, too_long

_NUMBERS = touches(Thing.ARRAYS, Thing.PICTURE)
_SHAPES = touches(Thing.ARRAYS, Thing.PICTURE, Thing.STRUCTURE)
_TARGET = touches(Thing.ARRAYS, Thing.PICTURE, Thing.STRUCTURE, Thing.LOSS_UNIT)

Task = Literal["regression", "binary", "multiclass", "multilabel"]
TargetScaling = Annotated[str, one_of(TARGET_SCALERS)]

_SOURCE: Final = re.compile(r"sample:[a-z0-9_]+(\?[a-z0-9_=&.\-]*)?|file:[^\x00-\x1f]{1,1000}|dataset:[0-9a-f]{64}")
_TABLE: Final = re.compile(r"dataset:([0-9a-f]{64})")
_Cell = StrictBool | StrictInt | StrictFloat | StrictStr | None


def named_tables(text: str) -> set[str]:
    """Return the SHA-256 of each uploaded table that a text names, such as a spec or the file of a lesson."""
    return set(_TABLE.findall(text))


class InlineData(Value):
    """A small table written into the spec itself; non-finite numbers count as missing."""

    model_config = ConfigDict(allow_inf_nan=True)

    columns: dict[str, tuple[_Cell, ...]] = Field(min_length=1)

    @field_validator("columns")
    @classmethod
    def _finite_and_of_one_length(cls, columns: dict[str, tuple[_Cell, ...]]) -> dict[str, tuple[_Cell, ...]]:
        lengths = {name: len(cells) for name, cells in columns.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(said("every column needs the same number of rows, not {lengths}", lengths=lengths)[:200])
        for name, cells in columns.items():
            if any(map(too_long, cells)):
                raise ValueError(
                    said(
                        "{column} has a longer number; allowed: {most} digits",
                        column=plain_text(name, 60),
                        most=MOST_DIGITS,
                    )
                )
        return {
            name: tuple(None if isinstance(cell, float) and not math.isfinite(cell) else cell for cell in cells)
            for name, cells in columns.items()
        }

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the table as JSON, in hexadecimal; told once for all runs that share it."""
        return hashlib.sha256(json.dumps(self.columns).encode()).hexdigest()

    @property
    def shape(self) -> list[Any]:
        """The names of the columns and the number of rows."""
        return [list(self.columns), len(next(iter(self.columns.values())))]


def _identity(source: str | InlineData) -> str:
    return source if isinstance(source, str) else source.digest


def _shape(source: str | InlineData) -> str | list[Any]:
    return source if isinstance(source, str) else source.shape


class DataSpec(Value):
    """Which table, which columns, which rows."""

    source: Annotated[
        Annotated[str, Tag("<name>")] | Annotated[InlineData, Tag("<inline>")],
        Discriminator(lambda value: "<name>" if isinstance(value, str) else "<inline>"),
        touches(table=_identity, arrays=_identity, picture=_identity, structure=_shape, loss_unit=_identity),
    ] = Field(description="sample:NAME, file:PATH, dataset:SHA256 or {columns: …}")
    target: Annotated[str | tuple[str, ...], _TARGET] = Field(description="the column to predict, or several")
    features: Annotated[tuple[str, ...] | None, _SHAPES] = Field(
        None, description="input columns; null = every other column"
    )
    task: Annotated[Literal["auto", Task], _TARGET] = "auto"
    rows: Annotated[Annotated[Count, Field(ge=2, le=10_000_000)] | None, _SHAPES] = Field(
        None, description="train on a seeded sample of at most this many rows"
    )
    validation_fraction: Annotated[Fraction, _SHAPES] = Field(0.2, description="share of rows held out; 0 = none")
    split: Annotated[Literal["random", "stratified", "grouped", "in_order"], _SHAPES] = "random"

    @field_validator("source")
    @classmethod
    def _known_source(cls, source: str | InlineData) -> str | InlineData:
        if isinstance(source, str) and not _SOURCE.fullmatch(source):
            allowed = said("sample:NAME, file:PATH, dataset:SHA256 or an object with columns")
            raise ValueError(said("allowed: {allowed!t}", allowed=allowed))
        return source

    @cached_property
    def canonical_json(self) -> str:
        """The one JSON text of this section; for a large inline table it is expensive, and runs share it."""
        return canonical(self.model_dump(mode="json"))

    @property
    def targets(self) -> tuple[str, ...]:
        """The target columns, always as a tuple."""
        return (self.target,) if isinstance(self.target, str) else self.target


class PreprocessingSpec(Value):
    """What happens to the table before the network sees it."""

    scaling: Annotated[str, one_of(SCALERS), _NUMBERS] = "standard"
    target_scaling: Annotated[TargetScaling, touches(Thing.ARRAYS, Thing.PICTURE, Thing.LOSS_UNIT)] = "none"
    missing: Annotated[str, one_of(IMPUTATIONS), _SHAPES] = "median"
    encoding: Annotated[str, one_of(ENCODERS), _SHAPES] = "one_hot"
    outliers: Annotated[str, one_of(OUTLIERS), _NUMBERS] = "keep"
    fit_on: Annotated[Literal["train", "all"], _NUMBERS] = Field(
        "train", description="'all' leaks validation rows, on purpose"
    )
