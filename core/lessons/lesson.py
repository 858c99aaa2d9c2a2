"""What a lesson is, and the catalogue of all of them, read from one TOML file each."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final, Self

from pydantic import Field, field_validator, model_validator

from core.diagnosis.causes.catalogue import CAUSES
from core.errors import InputRefused
from core.spec import ExperimentSpec
from core.spec.values import Value

_CATALOGUE: Final = Path(__file__).parent / "catalogue"


class Lesson(Value):
    """Predict, run, understand: one experiment and the words around it."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    """Stable name in links; the file's name without its number."""
    title: str = Field(min_length=1, max_length=60)
    cause: str
    """Which cause of a bad loss it teaches, by the id of the diagnosis."""
    about: str = Field(min_length=1)
    """Two sentences of context."""
    question: str = Field(min_length=1)
    """What to predict before running."""
    options: tuple[str, ...] = Field(min_length=2, max_length=5)
    answer: int = Field(ge=0)
    """The position of the right option, from 0."""
    explanation: str = Field(min_length=1)
    """Markdown: what the curves show, why, and what to do."""
    spec: ExperimentSpec
    """At least two runs; its title is the lesson's."""

    @field_validator("cause")
    @classmethod
    def _known(cls, cause: str) -> str:
        if cause not in CAUSES:
            raise ValueError(f"allowed: {', '.join(CAUSES)}")
        return cause

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.answer >= len(self.options):
            raise ValueError(f"answer: there is no option {self.answer}")
        if len(self.spec.runs()) < 2:
            raise ValueError("spec: a lesson compares at least two runs")
        return self

    @property
    def family(self) -> str:
        """The family of its cause."""
        return CAUSES[self.cause].family


def read_lesson(path: Path) -> Lesson:
    """Return the lesson in a file called ``NUMBER-ID.toml``.

    Raises
    ------
    InputRefused
        If the file is not a lesson; the sentence names the file, the key and what is allowed.
    """
    number, _, name = path.stem.partition("-")
    if not number.isdigit():
        raise InputRefused(f"{path.name}: a lesson's file is called NUMBER-ID.toml.", path.name)
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        if isinstance(spec := values.get("spec"), dict):
            spec.setdefault("title", values.get("title"))
        return Lesson.validated({"id": name, **values})
    except (tomllib.TOMLDecodeError, InputRefused) as error:
        raise InputRefused(f"{path.name}: {str(error).rstrip('.')}.", path.name) from None


LESSONS: Final[tuple[Lesson, ...]] = tuple(map(read_lesson, sorted(_CATALOGUE.glob("*.toml"))))
"""The lessons in the order of their files."""
