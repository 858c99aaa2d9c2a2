"""What a lesson is, and the catalogue of all of them, read from one TOML file each."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from string import ascii_uppercase
from types import NoneType
from typing import Annotated, Any, Final, Literal, Self, get_args

import tomli_w
from pydantic import BaseModel, BeforeValidator, Field, field_validator, model_validator

from core.diagnosis.causes.catalogue import CAUSES
from core.errors import InputRefused
from core.lessons.claims import REPAIRED, TRIED, Claim, quantities
from core.lessons.glossary import GLOSSARY
from core.sentence import said
from core.spec import ExperimentSpec, RunSpec
from core.spec.values import Value

CATALOGUE: Final = Path(__file__).parent / "catalogue"

MOST_VARIANTS: Final = 10

OFF: Final = "off"
"""How a lesson's file says null, which TOML has not, where a setting can be switched off."""

_LONGEST: Final = 5000
"""Characters of one text."""
_MOST: Final = 20
"""Claims, references and the like of one lesson; a knob of an exercise has as many values at most."""

PictureName = Literal[
    "fitted_curve", "decision_boundary", "predicted_values", "residuals", "confusion_matrix",
    "landscape", "layers", "updates",
]  # fmt: skip
Words = Annotated[str, Field(min_length=1, max_length=_LONGEST)]
Letter = Annotated[str, Field(pattern="^[A-J]$")]


def _can_be_off(path: str) -> bool:
    """Whether the setting at a path in the spec takes null."""
    of: Any = ExperimentSpec
    for name in path.split("."):
        known = [kind for kind in (of, *get_args(of)) if isinstance(kind, type) and issubclass(kind, BaseModel)]
        fields = known[0].model_fields if known else {}
        if name not in fields:
            return False
        of = fields[name].annotation
    return NoneType in get_args(of)


def _off_is_null(settings: Any) -> Any:
    """Return settings by path, or lists of them, with null where a setting that can be off says so."""
    if not isinstance(settings, dict):
        return settings
    return {
        path: [None if one == OFF else one for one in value]
        if isinstance(value, list) and _can_be_off(path)
        else (None if value == OFF and _can_be_off(path) else value)
        for path, value in settings.items()
    }


Settings = Annotated[dict[str, Any], BeforeValidator(_off_is_null), Field(min_length=1)]
"""Path in the spec → value."""


class Reference(Value):
    """Where to read on."""

    text: Words
    url: str | None = Field(None, pattern="^https://")


class _Claiming(Value):
    """What comes with claims."""

    claims: tuple[str, ...] = Field(min_length=1, max_length=_MOST)

    @property
    def claimed(self) -> tuple[Claim, ...]:
        """Its claims, read."""
        return tuple(map(Claim.read, self.claims))


class Repair(_Claiming):
    """One click that mends the program, and what it brings."""

    of: Letter
    """The variant that is repaired."""
    change: Settings
    words: Words
    """Markdown, shown with the repaired curve; may quote numbers."""


class Example(_Claiming):
    """A program that the answer to an exercise speaks of; its claims call it X."""

    change: Settings


class Exercise(_Claiming):
    """Something to bring about by turning a few knobs; its claims are true of the run X once it is, and not before."""

    of: Letter
    """The variant it begins with."""
    task: Words
    knobs: Annotated[
        dict[str, Annotated[tuple[Any, ...], Field(min_length=1, max_length=_MOST)]],
        BeforeValidator(_off_is_null),
        Field(min_length=1, max_length=6),
    ]
    """Path in the spec → the values to choose from; that of the variant is among them."""
    solution: Settings
    """One of them, by path."""
    answer: str = Field("", max_length=_LONGEST)
    """What the task asks, answered once it is solved; may quote numbers, those of the try as X."""
    examples: tuple[Example, ...] = Field((), max_length=_MOST)
    """Turns of the knobs that the answer speaks of, with what it says of them."""


class Lesson(_Claiming):
    """Predict, run, understand, repair, break: one experiment and the words around it.

    Its claims are what the explanation says of the runs, true of every seed.
    """

    claims: tuple[str, ...] = Field((), max_length=_MOST)
    id: str = Field(pattern=r"^[a-z][a-z0-9-]*(:[0-9a-f]+)?$")
    """Stable name in links; the file's name without its number, of one that was sent its content's."""
    title: str = Field(min_length=1, max_length=60)
    cause: str
    """Which cause of a bad loss it teaches, by the id of the diagnosis."""
    about: Words
    """Two sentences of context."""
    question: Words
    """What to predict before running."""
    options: tuple[Words, ...] = Field(min_length=2, max_length=5)
    answer: int = Field(ge=0)
    """The position of the right option, from 0."""
    look: Words
    """What to look at while it runs."""
    picture: PictureName | None = None
    """The one of the network that tells the story, besides its loss; None for the first there is."""
    explanation: Words
    """Markdown: what the curves show, why, and what to do; quotes numbers of the runs, as in ``{A.loss}``."""
    repair: Repair
    exercise: Exercise
    glossary: tuple[str, ...] = Field((), max_length=_MOST)
    """Words that a beginner does not know."""
    references: tuple[Reference, ...] = Field((), max_length=_MOST)
    spec: ExperimentSpec
    """At least two variants; its title is the lesson's."""

    @field_validator("cause")
    @classmethod
    def _known(cls, cause: str) -> str:
        if cause not in CAUSES:
            raise ValueError(said("allowed: {allowed!t}", allowed=", ".join(CAUSES)))
        return cause

    @field_validator("glossary")
    @classmethod
    def _explained(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := [word for word in words if word not in GLOSSARY]:
            allowed = ", ".join(GLOSSARY)
            raise ValueError(
                said("{word!r} is not in the glossary; allowed: {allowed}", word=unknown[0], allowed=allowed)
            )
        return words

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.answer >= len(self.options):
            raise ValueError(said("answer: there is no option {number}", number=self.answer))
        if not 2 <= len(self.spec.runs()) / self.spec.seeds <= MOST_VARIANTS or "training.seed" in self.spec.vary:
            raise ValueError(
                said("spec: a lesson compares at least two runs, at most {most}, and no seeds", most=MOST_VARIANTS)
            )
        plain = (self.title, self.about, self.question, *self.options, self.look, self.exercise.task)
        if quoting := next((text for text in plain if "{" in text), None):
            raise ValueError(
                said("{text!r}: only explanation, repair.words and exercise.answer quote numbers", text=quoting[:40])
            )
        for where, letters, known in self._letters():
            if unknown := letters - known:
                raise ValueError(said("{where}: there is no run {letter}", where=where, letter=min(unknown)))
        return self

    @model_validator(mode="after")
    def _changes_are_possible(self) -> Self:
        for path, values in self.exercise.knobs.items():
            if self.exercise.solution.get(path, values[0]) not in values:
                raise ValueError(said("exercise.solution: {path} is none of its knob's values", path=path))
        if unknown := self.exercise.solution.keys() - self.exercise.knobs.keys():
            raise ValueError(said("exercise.solution: there is no knob {path}", path=min(unknown)))
        start = self.variants[self.exercise.of]
        for path, values in self.exercise.knobs.items():
            if start not in [
                start.changed({path: value}).model_copy(update={"variant": start.variant}) for value in values
            ]:
                raise ValueError(
                    said("exercise.knobs: {path} does not offer what {letter} has", path=path, letter=self.exercise.of)
                )
        for example in self.exercise.examples:
            for path, value in example.change.items():
                if value not in self.exercise.knobs.get(path, ()):
                    raise ValueError(
                        said("exercise.examples: {path} is no knob, or offers no {value}", path=path, value=value)
                    )
        _ = self.repaired, self.solved, self.examples
        return self

    def _letters(self) -> Iterator[tuple[str, set[str], set[str]]]:
        """Yield each text with the runs it speaks of, and those that it may."""
        own = set(self.variants)
        with_repair = own | {REPAIRED}
        yield "explanation", {quantity.letter for quantity in quantities(self.explanation)}, own
        yield "repair.words", {quantity.letter for quantity in quantities(self.repair.words)}, with_repair
        yield "exercise.answer", {quantity.letter for quantity in quantities(self.exercise.answer)}, own | {TRIED}
        yield "repair.of", {self.repair.of}, own
        yield "exercise.of", {self.exercise.of}, own
        for where, claims, known in (
            ("claims", map(Claim.read, self.claims), own),
            ("repair.claims", self.repair.claimed, with_repair),
            ("exercise.claims", self.exercise.claimed, own | {TRIED}),
            *(("exercise.examples", example.claimed, own | {TRIED}) for example in self.exercise.examples),
        ):
            for claim in claims:
                yield where, claim.letters, known

    @cached_property
    def variants(self) -> Mapping[str, RunSpec]:
        """The variants by their letters, with the first seed."""
        first = self.spec.training.seed
        runs = [run for run in self.spec.runs() if run.training.seed == first]
        return dict(zip(ascii_uppercase, runs, strict=False))

    @cached_property
    def repaired(self) -> RunSpec:
        """The program once it is repaired."""
        return self.variants[self.repair.of].changed(self.repair.change)

    @cached_property
    def solved(self) -> RunSpec:
        """The program that solves the exercise."""
        return self.variants[self.exercise.of].changed(self.exercise.solution)

    @cached_property
    def examples(self) -> tuple[RunSpec, ...]:
        """The programs that the answer to the exercise speaks of."""
        return tuple(self.variants[self.exercise.of].changed(example.change) for example in self.exercise.examples)

    def with_seeds(self, run: RunSpec, count: int | None = None) -> list[RunSpec]:
        """Return `run` with each of so many seeds; those of the lesson without a number."""
        first = self.spec.training.seed
        return [run.changed({"training.seed": first + place}) for place in range(count or self.spec.seeds)]

    @property
    def family(self) -> str:
        """The family of its cause."""
        return CAUSES[self.cause].family


def lesson_of(text: str, identity: str) -> Lesson:
    """Return the lesson that a text in TOML is.

    Raises
    ------
    InputRefused
        If it is none; the sentence names the key and what is allowed.
    """
    try:
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputRefused(said("No TOML: {reason}.", reason=str(error).rstrip("."))) from None
    except ValueError:  # what Python says of more digits than it reads
        raise InputRefused(said("No TOML: a whole number has too many digits.")) from None
    if isinstance(spec := values.get("spec"), dict):
        spec.setdefault("title", values.get("title"))
        spec["vary"] = _off_is_null(spec.get("vary", {}))
    if "id" in values:
        raise InputRefused(said("id: a lesson's file has none; it follows from its name or content."), "id")
    return Lesson.validated({"id": identity, **values})


def text_of(lesson: Lesson) -> str:
    """Return the text in TOML that `lesson_of` reads as `lesson`.

    Raises
    ------
    InputRefused
        If its table has empty cells, which TOML cannot say.
    """
    values = lesson.model_dump(mode="json", exclude={"id", "spec"}, exclude_defaults=True)
    spec = lesson.spec.model_dump(mode="json", exclude={"title"})
    data = {name: spec["data"][name] for name in ("source", "target")}
    usual = ExperimentSpec.validated({"data": data}).model_dump(mode="json")
    values["spec"] = {
        name: value | data if name == "data" else value
        for name in spec
        if (value := _beyond(spec[name], usual[name])) or name == "data"
    }
    return tomli_w.dumps(_without_null(values), multiline_strings=True)


def _beyond(value: Any, usual: Any) -> Any:
    """Return of a section of a spec what is not usual; of anything else whether it is unusual, itself."""
    if isinstance(value, dict) and isinstance(usual, dict):
        return {name: inside for name, inside in value.items() if inside != usual.get(name)}
    return None if value == usual else value


def _without_null(value: Any, path: str = "") -> Any:
    """Return `value` with `OFF` where a setting is null; what else is null is left out."""
    if isinstance(value, dict):
        kept = {name: inside for name, inside in value.items() if inside is not None or _can_be_off(name)}
        return {name: _without_null(inside, name) for name, inside in kept.items()}
    if isinstance(value, list):
        if None in value and not _can_be_off(path):
            raise InputRefused(
                said("A table with empty cells cannot stand in a lesson's file; upload it as a file."), path
            )
        return [_without_null(inside, path) for inside in value]
    return OFF if value is None else value


def read_lesson(path: Path) -> Lesson:
    """Return the lesson in a file called ``NUMBER-ID.toml``.

    Raises
    ------
    InputRefused
        If the file is not a lesson; the sentence names the file, the key and what is allowed.
    """
    number, _, name = path.stem.partition("-")
    if not number.isdigit():
        raise InputRefused(said("{name}: a lesson's file is called NUMBER-ID.toml.", name=path.name), path.name)
    try:
        return lesson_of(path.read_text(encoding="utf-8"), name)
    except InputRefused as refusal:
        raise InputRefused(
            said("{name}: {refusal!t}.", name=path.name, refusal=str(refusal).rstrip(".")), path.name
        ) from None


LESSONS: Final[tuple[Lesson, ...]] = tuple(map(read_lesson, sorted(CATALOGUE.glob("*.toml"))))
"""The lessons in the order of their files."""

BASICS: Final = LESSONS[:3]
"""Those that are on a visitor's first screen, and compiled before anybody comes."""
