"""What an experiment is: a frozen, validated value that names data, preprocessing, model, training and what to vary.

The spec is data. Nothing in it is evaluated or imported; every name in it is looked up in a table of `core.choices`,
and ``tests/choices`` holds those tables against Keras itself.
"""

from __future__ import annotations

import copy
import hashlib
import itertools
import math
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, PrivateAttr, model_validator

from core.errors import InputRefused
from core.sentence import said
from core.spec.data import DataSpec, PreprocessingSpec
from core.spec.json_text import read_json
from core.spec.model import ModelSpec
from core.spec.touches import Thing, digest, touching
from core.spec.training import TrainingSpec
from core.spec.values import Count, Value, canonical, plain_text, shown

MAX_RUNS: Final = 512
_OF_FILES: Final = frozenset({Thing.TABLE, Thing.ARRAYS, Thing.PICTURE})
MAX_SPEC_BYTES: Final = 32 * 2**20


class _Located(Value):
    """A value that remembers the folder its ``file:`` sources are relative to; the folder is not part of it."""

    data: DataSpec

    _base: Path | None = PrivateAttr(None)

    @property
    def base(self) -> Path | None:
        """The folder that ``file:`` sources are relative to, where the spec came from a file."""
        return self._base

    def at(self, base: Path | None) -> Self:
        """Return this value, its files relative to `base`."""
        located = self.model_copy()
        located._base = base  # noqa: SLF001 - a copy of this very class
        return located

    def changed(self, changes: Mapping[str, Any]) -> Self:
        """Return this spec with `changes` made, a mapping from path (``training.learning_rate``) to value.

        Raises
        ------
        InputRefused
            If a path does not exist or a value is not allowed.
        """
        # Sections that stay are handed on as they are: an inline table is neither copied nor checked again.
        values: dict[str, Any] = {name: getattr(self, name) for name in type(self).model_fields if name != "variant"}
        for section in {path.partition(".")[0] for path in changes} & _SECTIONS.keys():
            values[section] = values[section].model_dump(mode="json")
        for path, value in changes.items():
            _assign(values, path, value)
        return self.validated(values).at(self._base)

    def canonical_json(self) -> str:
        """Return the one JSON text: sorted keys, every default written out, without the label of a variant."""
        rest = canonical(self.model_dump(mode="json", exclude={"data", "variant"}))
        # "data" sorts first; the text of a large inline table is expensive, and runs share it.
        return f'{{"data":{self.data.canonical_json},{rest[1:]}'

    def hash(self) -> str:
        """Return the SHA-256 of the canonical JSON, in hexadecimal."""
        return hashlib.sha256(self.canonical_json().encode()).hexdigest()


class RunSpec(_Located):
    """One training: every choice made, one seed. `variant` says which choices were varied; it is only a label."""

    version: Literal[1] = 1
    data: DataSpec
    preprocessing: PreprocessingSpec = PreprocessingSpec()
    model: ModelSpec = ModelSpec()
    training: TrainingSpec = TrainingSpec()
    variant: dict[str, Any] = Field({}, repr=False)

    @model_validator(mode="after")
    def _monitors_exist(self) -> Self:
        if self.data.validation_fraction == 0:
            for field in ("early_stopping", "schedule"):
                monitor = getattr(getattr(self.training, field), "monitor", None) or ""
                if monitor.startswith("val_"):
                    raise ValueError(
                        said(
                            "training.{field}.monitor: {monitor} needs validation rows; "
                            "allowed: data.validation_fraction above 0, or a monitor without val_",
                            field=field,
                            monitor=monitor,
                        )
                    )
        return self

    def key(self, thing: Thing) -> str:
        """Return a short text that is equal for runs that agree in all that touches `thing`."""
        sections = {"data": self.data, "preprocessing": self.preprocessing, "model": self.model.filled}
        parts: dict[str, Any] = {}
        for section, value in (sections | {"training": self.training}).items():
            parts |= touching(section, value, thing)
        return digest([str(self.base or "") if thing in _OF_FILES else "", parts])


class ExperimentSpec(_Located):
    """A grid of trainings: the four sections, the values to `vary`, and how many `seeds` each combination gets."""

    version: Literal[1] = 1
    title: Annotated[str, AfterValidator(plain_text)] = ""
    data: DataSpec
    preprocessing: PreprocessingSpec = PreprocessingSpec()
    model: ModelSpec = ModelSpec()
    training: TrainingSpec = TrainingSpec()
    vary: dict[str, tuple[Any, ...]] = Field({})
    seeds: Annotated[Count, Field(ge=1, le=100)] = 1

    @model_validator(mode="after")
    def _every_run_is_valid(self) -> Self:
        count = self.seeds * math.prod(len(values) for values in self.vary.values())
        if count > MAX_RUNS:
            raise ValueError(
                said("vary: {count} runs are too many, allowed: at most {most}", count=count, most=MAX_RUNS)
            )
        for path, values in self.vary.items():
            if not values:
                raise ValueError(said("vary.{path}: no values, allowed: a list of at least one", path=path))
        runs = self._expanded
        # What was varied is kept as the validated run holds it: 1 becomes 1.0 where the field is a number.
        for path in self.vary:
            seen = {canonical(run.variant[path]): run.variant[path] for run in runs}
            self.vary[path] = tuple(seen.values())
        return self

    @cached_property
    def _expanded(self) -> tuple[RunSpec, ...]:
        return tuple(self._expand())

    def _expand(self) -> Iterator[RunSpec]:
        base: dict[str, Any] = {name: getattr(self, name) for name in _SECTIONS}
        varied = {path.partition(".")[0] for path in self.vary} | {"training"}
        dumped = {name: base[name].model_dump(mode="json") for name in varied if name in base}
        seen: set[str] = set()
        for combination in itertools.product(*self.vary.values()):
            for offset in range(self.seeds):
                values = base | copy.deepcopy(dumped)
                values["training"]["seed"] += offset
                # A refusal is a ValueError: pydantic carries it out of the validator that expands the grid.
                for path, value in zip(self.vary, combination, strict=True):
                    _assign(values, path, value, "vary.")
                run = RunSpec.validated(values)
                label = {path: _lookup(run, path) for path in self.vary}
                run = run.model_copy(update={"variant": label})
                if run.hash() not in seen:
                    seen.add(run.hash())
                    yield run

    def runs(self) -> tuple[RunSpec, ...]:
        """Return one `RunSpec` per distinct combination and seed; equal combinations count once."""
        return tuple(run.at(self._base) for run in self._expanded)


SpecSource = str | Path | Mapping[str, Any] | ExperimentSpec
"""The path of a JSON file, a mapping, or an experiment itself."""


def load_spec(source: SpecSource) -> ExperimentSpec:
    """Return a validated experiment from a path to a JSON file, a mapping, or an experiment itself.

    A case file (``{"id": …, "spec": {…}}``) is read as its spec. ``file:`` sources are relative to the spec's
    folder, or to the working directory where the spec came as a mapping.

    Raises
    ------
    InputRefused
        With the path into the spec, the value and what is allowed, in one sentence.
    """
    if isinstance(source, ExperimentSpec):
        return source
    if isinstance(source, Mapping):
        return ExperimentSpec.validated(source)
    if not isinstance(source, str | Path):
        raise InputRefused(
            said("spec: {value!w} is refused; allowed: an object or the path of a JSON file.", value=shown(source)),
            "spec",
        )
    path = Path(source)
    try:
        if path.stat().st_size > MAX_SPEC_BYTES:
            most = MAX_SPEC_BYTES // 2**20
            raise InputRefused(said("{name}: a spec may have at most {most} MB.", name=path.name, most=most), path.name)
        values = read_json(path.read_text(encoding="utf-8"), path.name)
    except OSError as error:
        raise InputRefused(
            said("{name}: cannot be read ({reason}).", name=path.name, reason=error.strerror), path.name
        ) from None
    except UnicodeDecodeError:
        raise InputRefused(said("{name}: is not UTF-8 text.", name=path.name), path.name) from None
    if isinstance(values, dict) and "spec" in values and "data" not in values:
        values = values["spec"]
    return ExperimentSpec.validated(values).at(path.resolve().parent)


_SECTIONS: Final[Mapping[str, type[BaseModel]]] = {
    "data": DataSpec, "preprocessing": PreprocessingSpec, "model": ModelSpec, "training": TrainingSpec
}  # fmt: skip


def _assign(values: dict[str, Any], path: str, value: Any, prefix: str = "") -> None:
    """Set ``section.field`` (or a key inside such a field) of a dumped spec."""
    section, _, rest = path.partition(".")
    field, *inner = rest.split(".")
    if section not in _SECTIONS or field not in _SECTIONS[section].model_fields:
        fields = ", ".join(_SECTIONS[section].model_fields) if section in _SECTIONS else ""
        allowed = said("data., preprocessing., model. or training.")
        if fields:
            allowed = said("{section}. followed by one of {fields}", section=section, fields=fields)
        shown_path = f"{prefix}{plain_text(path, 60)}"
        raise InputRefused(
            said("{path}: there is no such setting, allowed: {allowed!t}.", path=shown_path, allowed=allowed), path[:60]
        )
    place, key = values[section], field
    for name in inner:
        if not isinstance(place.get(key), dict):
            place[key] = {}
        place, key = place[key], name
    place[key] = value


def _lookup(run: RunSpec, path: str) -> Any:
    section, field, *inner = path.split(".")
    value = getattr(run, section).model_dump(mode="json", include={field})[field]
    for name in inner:
        value = value[name]
    return value
