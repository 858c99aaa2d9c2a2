"""Where a visitor is in a lesson: the address says it, so that a reload or the way back lose nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import streamlit as st

from core.errors import InputRefused, WorkFailed
from core.jobs.classroom.records import Progress
from core.jobs.lab import get_lab
from core.jobs.storage.records import Experiment, State
from core.lessons import Lesson, lessons_in
from core.lessons.claims import REPAIRED, TRIED, Claim, Runs
from core.lessons.shelf import PREFIX, Shelf
from core.settings import LESSONS
from core.spec import RunSpec
from core.training.result import Result
from core.ui.classroom.seat import kept, owner, seat
from core.ui.lab.knobs import value_at
from core.ui.lab.reins import kept_reins
from core.ui.lessons.browser import arrive, show_at_once
from core.ui.people.mine import my_store
from core.ui.sentences import translated
from core.ui.text import inert
from core.ui.trouble import attempted
from core.ui.words import language, t

LESSON, CHOICE, GUESS, RUNS, REPAIR, TRY = "lesson", "choice", "guess", "x", "repair", "try"
"""Names in the address: the lesson, what was chosen, what was predicted, and the experiments of its three parts."""
SKIPPED: Final = "none"
_WHOLE: Final = frozenset({State.DONE, State.DIVERGED})


@dataclass(frozen=True)
class Visit:
    """A lesson as far as somebody has come."""

    lesson: Lesson
    guess: int | None = None
    """Position of the option that was chosen."""
    runs: Experiment | None = None
    """Only once there was a prediction, or it was skipped: before, no link shows a curve."""
    repair: Experiment | None = None
    attempt: Experiment | None = None
    known: bool = False
    """Whether the address has the runs, shown or not."""
    held: bool = False
    """Whether the teacher of the visitor's class holds back the answer."""
    trouble: str = ""
    """Why what the link asked for is not shown, in a sentence."""

    @property
    def ended(self) -> bool:
        """Whether the runs of the lesson have ended, and none was cancelled."""
        return self.runs is not None and whole(self.runs)


def whole(experiment: Experiment) -> bool:
    """Return whether every run has ended, and none was cancelled or failed."""
    return all(run.state in _WHOLE for run in experiment.runs)


def shelf() -> Shelf:
    """Return the lessons that teachers wrote."""
    return Shelf(get_lab().settings.data / LESSONS)


def lessons() -> tuple[Lesson, ...]:
    """Return the lessons of the catalogue in the reader's language."""
    return lessons_in(language())


def place_of(lesson: Lesson) -> int | None:
    """Return the position of a lesson in the catalogue, whatever its language; None of a teacher's own."""
    return next((place for place, known in enumerate(lessons()) if known.id == lesson.id), None)


def lesson_at(identity: str) -> Lesson | None:
    """Return the lesson of an id, in the reader's language where it is of the catalogue; None where there is none."""
    if identity.startswith(PREFIX):
        try:
            return shelf().lesson(identity)
        except InputRefused:
            return None
    return next((lesson for lesson in lessons() if lesson.id == identity), None)


def lessons_of(ids: Sequence[str]) -> list[Lesson]:
    """Return those lessons of the catalogue in the reader's language that have one of `ids`, in their order."""
    known = {lesson.id: lesson for lesson in lessons()}
    return [known[identity] for identity in ids if identity in known]


def numbered(lesson: Lesson) -> str:
    """Return the title of a lesson, with its number if it is of the catalogue, as plain text."""
    place = place_of(lesson)
    return f"{'' if place is None else f'{place + 1}. '}{lesson.title}"


def headline(lesson: Lesson) -> str:
    """Return the title of a lesson, with its number if it is of the catalogue, as Markdown."""
    place = place_of(lesson)
    return f"{'' if place is None else f'{place + 1}. '}{inert(lesson.title)}"


def opened_file(key: str) -> None:
    """Keep the lesson file that was chosen in the widget `key` and open the lesson; or say why it is none."""
    file = st.session_state.get(key)
    if file is None:
        return
    try:
        go(shelf().put(file.getvalue()).id)
    except InputRefused as refusal:
        st.session_state.lesson_refused = translated(str(refusal))


def visit_of(lesson: Lesson) -> Visit:
    """Return what the address says; what belongs to another lesson is not shown."""
    mine = seat()
    return visit_at(lesson, st.query_params, held=mine is not None and lesson.id in mine.room.held)


def visit_at(lesson: Lesson, address: Mapping[str, str], *, held: bool = False) -> Visit:
    """Return what an `address` says; see `visit_of`."""
    told = address.get(GUESS, "")
    guess = _place(lesson, told)
    found: dict[str, Experiment] = {}
    trouble = ""
    for name in (RUNS, REPAIR, TRY):
        if identity := address.get(name):
            try:
                experiment = my_store().experiment(identity)
            except (InputRefused, WorkFailed) as refusal:
                trouble = translated(str(refusal))
                continue
            if _belongs(lesson, name, experiment):
                found[name] = experiment
            else:
                trouble = t("This link has curves of another lesson, so they are not shown here.")
    if (told != SKIPPED and guess is None) or RUNS not in found:
        return Visit(lesson, known=RUNS in found, trouble=trouble)
    return Visit(lesson, guess, found[RUNS], found.get(REPAIR), found.get(TRY), True, held, trouble)


def _place(lesson: Lesson, told: str) -> int | None:
    """Return the position of the option that an address tells; None for what is none."""
    places = [str(place) for place in range(len(lesson.options))]
    return places.index(told) if told in places else None


def chosen(lesson: Lesson) -> int | None:
    """Return the option that was chosen and not yet run."""
    return _place(lesson, st.query_params.get(CHOICE, ""))


def choice_of(visit: Visit) -> str:
    """Return what is chosen and not yet run, as the address says it; nothing once it is run."""
    guess = st.session_state.get(guess_key(visit.lesson))
    return "" if visit.runs is not None or guess is None else str(guess)


def _belongs(lesson: Lesson, part: str, experiment: Experiment) -> bool:
    """Whether an experiment is what this part of the lesson trains."""
    try:
        if part == RUNS:
            runs: Sequence[RunSpec] = lesson.spec.runs()
        elif part == REPAIR:
            runs = repair_runs(lesson)
        else:
            turned = knob_values(lesson, experiment.runs[0].spec)
            if any(value not in lesson.exercise.knobs[path] for path, value in turned.items()):
                return False
            runs = attempt_runs(lesson, turned)
    except (InputRefused, KeyError, TypeError):  # knobs that a foreign program does not have
        return False
    return len(experiment.runs) == len(runs) and all(
        mine.hash() == run.spec.hash() for mine, run in zip(runs, experiment.runs, strict=True)
    )


def knob_values(lesson: Lesson, run: RunSpec) -> dict[str, Any]:
    """Return the values that the exercise's knobs have in `run`, by path."""
    dumped = run.model_dump(mode="json", exclude={"variant"})
    return {path: value_at(dumped, path) for path in lesson.exercise.knobs}


def repair_runs(lesson: Lesson) -> list[RunSpec]:
    """Return the repaired program with each seed, behind the program it repairs where both have one table."""
    before, after = lesson.variants[lesson.repair.of], lesson.repaired
    return [seeded for run in _both(before, after) for seeded in lesson.with_seeds(run)]


def _both(before: RunSpec, after: RunSpec) -> list[RunSpec]:
    return [before, after] if after.data.source == before.data.source else [after]


def attempt_runs(lesson: Lesson, chosen: Mapping[str, Any]) -> list[RunSpec]:
    """Return the program of the exercise as it was turned to, with each seed.

    Raises
    ------
    InputRefused
        If the values do not go together.
    """
    return lesson.with_seeds(lesson.variants[lesson.exercise.of].changed(chosen))


def letters_of(lesson: Lesson, part: str) -> list[str]:
    """Return the letters of the programs that a part of a visit trains, each with every seed."""
    if part == "runs":
        return list(lesson.variants)
    if part == "attempt":
        return [TRIED]
    return [lesson.repair.of, REPAIRED][-len(_both(lesson.variants[lesson.repair.of], lesson.repaired)) :]


def results_of(visit: Visit) -> list[dict[str, Result]]:
    """Return for each seed the results there are, by their letters."""
    store, lesson = my_store(), visit.lesson
    count = lesson.spec.seeds
    seeds: list[dict[str, Result]] = [{} for _ in range(count)]
    # The program that is repaired is quoted as it was beside the lesson's other runs.
    for part, experiment in (("repair", visit.repair), ("runs", visit.runs), ("attempt", visit.attempt)):
        letters = letters_of(lesson, part)
        if experiment is not None and whole(experiment):
            results = store.results(experiment.id, range(count * len(letters)))
            for place, result in enumerate(results):
                seeds[place % count][letters[place // count]] = result
    return seeds


def solved(lesson: Lesson, seeds: Sequence[Runs]) -> list[tuple[Claim, int]]:
    """Return each claim of the exercise with the number of seeds it holds in."""
    return [(claim, sum(claim.holds(runs) for runs in seeds)) for claim in lesson.exercise.claimed]


def is_solved(lesson: Lesson, seeds: Sequence[Runs]) -> bool:
    """Return whether a try brings about what the exercise asks for, in every seed."""
    return all(count == len(seeds) for _, count in solved(lesson, seeds))


def go(lesson: str = "") -> None:
    """Open a lesson or, without one, the gallery; a link to the page itself would not change the address."""
    st.session_state.lesson_refused = ""
    arrive()
    st.query_params.from_dict(kept() | kept_reins() | ({LESSON: lesson} if lesson else {}))


def guess_key(lesson: Lesson) -> str:
    """Return the session-state key of the question."""
    return f"lesson_guess_{lesson.id}_{turn(lesson)}"


def knob_key(lesson: Lesson, path: str) -> str:
    """Return the session-state key of a knob of the exercise; its widget's value is a place in the knob's values."""
    return f"lesson_knob_{lesson.id}_{turn(lesson)}_{path}"


# A button hands on what the page said when it was drawn. Who chooses and presses at once means what the widgets say at
# the press, so the callbacks read those.


@attempted
def predict(lesson: Lesson) -> None:
    """Take the prediction that is chosen now and train the lesson, unless its runs are known."""
    guess = st.session_state.get(guess_key(lesson))
    if guess is not None:
        _answered(lesson, str(guess))


@attempted
def skip(lesson: Lesson, **more: str) -> None:
    """Train the lesson without a prediction; `more` comes into the address with it."""
    _answered(lesson, SKIPPED, **more)


def _answered(lesson: Lesson, guess: str, **more: str) -> None:
    known = st.query_params.get(RUNS, "") if visit_of(lesson).known else ""
    _go_on(RUNS, known or _trained(lesson, RUNS, lesson.spec.runs()), **more, **{GUESS: guess})


@attempted
def repair(lesson: Lesson, **more: str) -> None:
    """Train the repaired program; `more` comes into the address with it."""
    _go_on(REPAIR, _trained(lesson, REPAIR, repair_runs(lesson)), **more)


@attempted
def attempt(lesson: Lesson) -> None:
    """Train the exercise as its knobs are turned now; one that a link hides is as the lesson has it."""
    places = {path: st.session_state.get(knob_key(lesson, path)) for path in lesson.exercise.knobs}
    turned = {path: lesson.exercise.knobs[path][place] for path, place in places.items() if place is not None}
    try:
        runs = attempt_runs(lesson, turned)
    except InputRefused as refusal:
        st.session_state.lesson_refused = translated(str(refusal))
        return
    _go_on(TRY, _trained(lesson, TRY, runs))


def turn(lesson: Lesson) -> int:
    """Return how often the lesson was begun again in this session."""
    return int(st.session_state.get(f"lesson_turn_{lesson.id}", 0))


@attempted
def again(lesson: Lesson) -> None:
    """Begin the lesson anew."""
    st.session_state[f"lesson_turn_{lesson.id}"] = turn(lesson) + 1
    mine = seat()
    if mine is not None and lesson.id in mine.room.lessons:
        with suppress(InputRefused, WorkFailed):  # ended a moment ago, or busy: then the class knows the turn before
            get_lab().store.classrooms.record(mine.secret, Progress(lesson.id), anew=True)
    go(lesson.id)


def _go_on(part: str, experiment: str, **more: str) -> None:
    """Go to where a part has its `experiment`, if that was taken: one step, so that *Back* is one, too."""
    if not experiment:
        return
    address = {name: value for name, value in st.query_params.to_dict().items() if name != CHOICE}
    st.query_params.from_dict(address | {part: experiment} | more)
    show_at_once(f"{part} {experiment}")


def _trained(lesson: Lesson, part: str, runs: Sequence[RunSpec]) -> str:
    """Train a part of the lesson and return its experiment, or nothing if it was refused; once more, it is the same.

    Unless it did not come to its end: then it is trained anew.
    """
    session, store = owner(), my_store()
    try:
        digest = hashlib.sha256(json.dumps([run.hash() for run in runs]).encode()).hexdigest()[:16]
        key = f"{session}:{lesson.id}:{turn(lesson)}:{digest}:{_lost(part)}"
        if part == RUNS:
            identity = store.submit(lesson.spec, key, owner=session)
        else:
            identity = store.submit_runs(runs, key, title=lesson.title, owner=session)
    except (InputRefused, WorkFailed) as refusal:
        st.session_state.lesson_refused = translated(str(refusal))
        return ""
    st.session_state.lesson_refused = ""
    return identity


def _lost(part: str) -> str:
    """Return the experiment the address has for a part, if that did not come to its end or is gone."""
    before = st.query_params.get(part, "")
    try:
        return "" if before and whole(my_store().experiment(before)) else before
    except InputRefused:
        return before
