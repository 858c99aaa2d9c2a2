"""What a lesson is, and the catalogue of all of them, read from one TOML file each."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.spec import ExperimentSpec

Family = Literal["preprocessing", "architecture", "optimisation"]
_CATALOGUE: Final = Path(__file__).parent / "catalogue"


class Lesson(BaseModel):
    """Predict, run, understand: one experiment and the words around it.

    Attributes
    ----------
    id : str
        Stable name in links; the file's name without its number.
    family, cause : str
        Which cause of a bad loss it teaches, by the ids of the diagnosis.
    about : str
        Two sentences of context.
    question, options, answer
        What to predict before running; `answer` is the place of the right option, from 0.
    explanation : str
        Markdown: what the curves show, why, and what to do.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    title: str = Field(min_length=1, max_length=60)
    family: Family
    cause: str = Field(pattern=r"^[a-z][a-z_]*$")
    about: str = Field(min_length=1)
    question: str = Field(min_length=1)
    options: tuple[str, ...] = Field(min_length=2, max_length=5)
    answer: int = Field(ge=0)
    explanation: str = Field(min_length=1)
    spec: ExperimentSpec

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.answer >= len(self.options):
            raise ValueError(f"answer: there is no option {self.answer}")
        if len(self.spec.runs()) < 2:
            raise ValueError("spec: a lesson compares at least two runs")
        return self


def _read(path: Path) -> Lesson:
    number, _, name = path.stem.partition("-")
    if not number.isdigit():
        raise ValueError(f"{path.name}: a lesson's file is called NUMBER-ID.toml")
    return Lesson.model_validate({"id": name, **tomllib.loads(path.read_text(encoding="utf-8"))})


LESSONS: Final[tuple[Lesson, ...]] = tuple(_read(path) for path in sorted(_CATALOGUE.glob("*.toml")))
