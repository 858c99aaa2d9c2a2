"""Make a lesson of an experiment that has run: a teacher writes the words, and the lab checks what they claim."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from string import ascii_uppercase
from typing import Any, Final

import streamlit as st

from core.diagnosis.causes.catalogue import CAUSES
from core.errors import InputRefused, WorkFailed
from core.jobs.storage.records import Experiment
from core.lessons.claims import COMPARISONS, REPAIRED, TRIED, Claim, Quantity, Runs, value_text
from core.lessons.glossary import GLOSSARY, glossary_in
from core.lessons.lesson import MOST_VARIANTS, Lesson, lesson_of, text_of
from core.lessons.shelf import PREFIX
from core.spec import RunSpec
from core.training.result import Result
from core.ui.classroom.links import absolute, say_where_it_works
from core.ui.lab.knobs import KNOBS, Knob, knob_at, show_value, value_at
from core.ui.lessons.refusals import FIELDS, INSERT, NUMBERS, said
from core.ui.lessons.state import shelf, whole
from core.ui.people.mine import my_store
from core.ui.sentences import translated
from core.ui.sitemap import page
from core.ui.text import counted, inert
from core.ui.trouble import told
from core.ui.words import inside, language, later, t, written

_MOST_KNOBS: Final = 3
_QUOTABLE: Final = (
    "loss", "loss.first", "loss.least", "val_loss", "val_loss.least", "baseline", "val_baseline", "skill", "val_skill",
    "accuracy", "val_accuracy", "recall", "epochs",
)  # fmt: skip
"""What a text may quote and a claim compare, behind the letter of a run."""
_DRAFT: Final = "draft"
_NEEDED: Final = {
    "title": later("the title"), "about": later("what it is about"), "question": later("the question"),
    "options": later("answers to choose from"), "look": later("what to look at"),
    "explanation": later("the explanation"), "repair_words": later("what the repair brings"),
    "task": later("the task"), "knobs": later("the knobs"),
}  # fmt: skip
"""What a lesson cannot do without, and what it is called."""
_OF_REPAIR: Final = later("{claim} (the repaired run): in {held} of {count} seeds.")
_OF_SOLUTION: Final = later("{claim} (the solution of the exercise): in {held} of {count} seeds.")
_TURNABLE: Final = tuple(knob.path for knob in KNOBS if not knob.single and knob.path != "training.seed")


def can_be_a_lesson(experiment: Experiment) -> bool:
    """Return whether a lesson can be made of it: it has ended, and compares a few settings of one network or more."""
    spec, count = experiment.spec, len(experiment.runs)
    few = 2 * spec.seeds <= count <= MOST_VARIANTS * spec.seeds
    if not few or "training.seed" in spec.vary or not whole(experiment):
        return False
    return [run.hash() for run in spec.runs()] == [run.spec.hash() for run in experiment.runs]


def offer_lesson(experiment: Experiment) -> None:
    """Offer to make a lesson of an experiment, and draw the editor below its chart once that is wanted."""
    if not can_be_a_lesson(experiment):
        return
    writing = st.session_state.get(_key("of")) == experiment.id
    label, icon = (t("Put the lesson away"), "close") if writing else (t("Make this a lesson"), "school")
    wanted = "" if writing else experiment.id
    st.button(label, icon=f":material/{icon}:", type="tertiary", key="lab_lesson", on_click=_write, args=(wanted,))
    if writing:
        with st.container(border=True, key="lesson_editor"):
            _edit(experiment)


def _write(experiment: str) -> None:
    st.session_state[_key("of")] = experiment


def _edit(experiment: Experiment) -> None:
    """Let a teacher write the lesson; say what is still missing, then check it, open it and hand it over as a file.

    What is written stays in the session, whatever the page shows meanwhile.
    """
    seeds = _results(experiment)
    names = _names(experiment)
    if experiment.spec.seeds < 3:
        st.caption(
            t(
                "This experiment has {seeds}. A lesson that holds in three or more tells luck from effect.",
                seeds=counted(experiment.spec.seeds, "seed"),
            )
        )
    title = experiment.title
    st.text_input(t(FIELDS["title"]), key=_key("title"), value=title, max_chars=60, persist_state="session")
    st.selectbox(
        t(FIELDS["cause"]),
        list(CAUSES),
        format_func=lambda cause: t(CAUSES[cause].title),
        key=_key("cause"),
        persist_state="session",
    )
    st.text_area(t(FIELDS["about"]), key=_key("about"), persist_state="session")
    st.header(t("Before it runs"), anchor=False)
    st.text_input(FIELDS["question"], key=_key("question"), persist_state="session")
    st.text_area(t(FIELDS["options"]), key=_key("options"), height=110, persist_state="session")
    options = _lines("options")
    st.selectbox(
        t(FIELDS["answer"]),
        range(len(options)),
        format_func=lambda i: options[i],
        key=_key("answer"),
        persist_state="session",
    )
    st.text_area(t(FIELDS["look"]), key=_key("look"), persist_state="session")
    st.header(t("Afterwards"), anchor=False)
    st.text_area(
        t(FIELDS["explanation"]),
        key=_key("explanation"),
        height=200,
        help=t("**bold**, *emphasis*, `code`, and numbers."),
        persist_state="session",
    )
    _number_list(names, seeds)
    st.header(t("Repair"), anchor=False)
    _repair(names)
    st.header(t("Exercise"), anchor=False)
    _exercise(names)
    words = glossary_in(language())
    st.multiselect(
        t(FIELDS["glossary"]),
        list(GLOSSARY),
        format_func=lambda word: words[word].word,
        key=_key("glossary"),
        persist_state="session",
    )
    _hand_over(experiment, seeds)


def _key(name: str) -> str:
    return f"lesson_{_DRAFT}_{name}"


def _said(name: str, otherwise: Any = "") -> Any:
    value = st.session_state.get(_key(name))
    return otherwise if value is None else value


def _lines(name: str) -> list[str]:
    return [line.strip() for line in str(_said(name)).splitlines() if line.strip()]


def _names(experiment: Experiment) -> dict[str, RunSpec]:
    """Return the variants of an experiment by their letters."""
    first = experiment.spec.training.seed
    return dict(
        zip(ascii_uppercase, (run.spec for run in experiment.runs if run.spec.training.seed == first), strict=False)
    )


def _called(letter: str, run: RunSpec) -> str:
    return " · ".join((letter, *(show_value(path, value) for path, value in run.variant.items())))


def _results(experiment: Experiment) -> list[dict[str, Result]]:
    """Return for each seed the results of the variants, by their letters."""
    count = experiment.spec.seeds
    seeds: list[dict[str, Result]] = [{} for _ in range(count)]
    for place, result in enumerate(my_store().results(experiment.id, range(len(experiment.runs)))):
        seeds[place % count][ascii_uppercase[place // count]] = result
    return seeds


def _number_list(names: Mapping[str, RunSpec], seeds: Sequence[Runs]) -> None:
    """Offer the numbers of the run; one that is chosen goes to the end of the explanation, to be moved from there."""
    offered = {}
    for letter, run in names.items():
        for what in _QUOTABLE:
            quantity = Quantity.named(f"{letter}.{what}")
            values = sorted(value for runs in seeds if (value := quantity.of(runs)) is not None)
            if values:
                shown = written(value_text(quantity.what, values[len(values) // 2]))
                offered[quantity.name] = f"{_called(letter, run)}: {t(quantity.named_as)} {shown}"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            t(NUMBERS),
            list(offered),
            format_func=offered.__getitem__,
            key=_key("number"),
            persist_state="session",
        )
        st.button(t(INSERT), icon=":material/add:", on_click=_insert, key=_key("insert"))


def _insert() -> None:
    st.session_state[_key("explanation")] = f"{_said('explanation')} {{{_said('number')}}}".lstrip()


def _repair(names: Mapping[str, RunSpec]) -> None:
    st.selectbox(
        t(FIELDS["repair.of"]),
        list(names),
        format_func=lambda at: _called(at, names[at]),
        key=_key("repair_of"),
        persist_state="session",
    )
    knob = _knob(t(FIELDS["repair.change"]), "repair_knob")
    st.selectbox(
        t("To"),
        _tokens(knob, names),
        key=_key("repair_value"),
        format_func=knob.say,
        accept_new_options=knob.typed,
        persist_state="session",
    )
    _claim(t(FIELDS["repair.claims"]), "repair", REPAIRED)
    st.text_area(
        t(FIELDS["repair.words"]),
        key=_key("repair_words"),
        help=t("Numbers of the repaired run are {example}, …", example="{R.loss}"),
        persist_state="session",
    )


def _exercise(names: Mapping[str, RunSpec]) -> None:
    st.selectbox(
        t(FIELDS["exercise.of"]),
        list(names),
        format_func=lambda at: _called(at, names[at]),
        key=_key("start"),
        persist_state="session",
    )
    st.text_area(t(FIELDS["exercise.task"]), key=_key("task"), persist_state="session")
    chosen: list[str] = st.multiselect(
        t(FIELDS["exercise.knobs"]),
        _TURNABLE,
        max_selections=_MOST_KNOBS,
        format_func=lambda path: _at(path).label,
        key=_key("knobs"),
        persist_state="session",
    )
    for path in chosen:
        knob = _at(path)
        left, right = st.columns(2)
        left.multiselect(
            t("Values of {knob}", knob=inside(t(knob.label))),
            _tokens(knob, names),
            format_func=knob.say,
            accept_new_options=knob.typed,
            key=_key(f"values_{path}"),
            persist_state="session",
        )
        right.selectbox(
            t(FIELDS["exercise.solution"]),
            _said(f"values_{path}", []),
            format_func=knob.say,
            key=_key(f"solution_{path}"),
            persist_state="session",
        )
    _claim(t(FIELDS["exercise.claims"]), "exercise", TRIED)
    st.text_area(t(FIELDS["exercise.answer"]), key=_key("solved"), persist_state="session")


def _claim(label: str, name: str, letter: str) -> None:
    """Draw the three parts of a claim about one run."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            label,
            _QUOTABLE,
            format_func=lambda what: t(Quantity.named(f"{letter}.{what}").named_as),
            key=_key(f"{name}_what"),
            persist_state="session",
        )
        st.selectbox(
            t("is"),
            list(COMPARISONS),
            format_func=lambda sign: t(COMPARISONS[sign]),
            key=_key(f"{name}_how"),
            persist_state="session",
        )
        number = _key(f"{name}_number")
        st.number_input(t("this"), value=0.5, step=0.1, format="%g", key=number, persist_state="session")


def _at(path: str) -> Knob:
    knob = knob_at(path)
    if knob is None:
        raise ValueError(f"there is no knob at {path}")
    return knob


def _knob(label: str, name: str) -> Knob:
    path: str | None = st.selectbox(
        label, _TURNABLE, format_func=lambda path: _at(path).label, key=_key(name), persist_state="session"
    )
    return _at(path or _TURNABLE[0])


def _tokens(knob: Knob, names: Mapping[str, RunSpec]) -> list[str]:
    """Return the values a knob offers, those of the runs first."""
    dumped = [run.model_dump(mode="json", exclude={"variant"}) for run in names.values()]
    own = [knob.notation.show(value_at(run, knob.path)) for run in dumped]
    return list(dict.fromkeys((*filter(None, own), *knob.choices)))


def _draft(experiment: Experiment) -> Lesson:
    """Return the lesson as it is written so far.

    Raises
    ------
    InputRefused
        If something is missing or does not go together; one sentence says what.
    """
    knobs = {path: [_at(path).read(token) for token in _said(f"values_{path}", [])] for path in _said("knobs", [])}
    solution = {path: _at(path).read(_said(f"solution_{path}")) for path in knobs if _said(f"solution_{path}")}
    repaired = _at(_said("repair_knob", _TURNABLE[0]))
    return Lesson.validated(
        {
            "id": f"{PREFIX}0",
            "title": _said("title"),
            "cause": _said("cause"),
            "about": _said("about"),
            "question": _said("question"),
            "options": _lines("options"),
            "answer": _said("answer", 0),
            "look": _said("look"),
            "explanation": _said("explanation"),
            "repair": {
                "of": _said("repair_of", "A"),
                "change": {repaired.path: repaired.read(_said("repair_value"))},
                "words": _said("repair_words"),
                "claims": [_claimed("repair", REPAIRED)],
            },
            "exercise": {
                "of": _said("start", "A"),
                "task": _said("task"),
                "knobs": knobs,
                "solution": solution,
                "answer": _said("solved"),
                "claims": [_claimed("exercise", TRIED)],
            },
            "glossary": _said("glossary", []),
            "spec": experiment.spec.model_dump(mode="json") | {"title": _said("title")},
        }
    )


def _claimed(name: str, letter: str) -> str:
    return f"{letter}.{_said(f'{name}_what', 'loss')} {_said(f'{name}_how', '<')} {_said(f'{name}_number', 0.5):.6g}"


def _hand_over(experiment: Experiment, seeds: Sequence[dict[str, Result]]) -> None:
    """Draw what can be done with the lesson once it is one."""
    if missing := [t(label) for name, label in _NEEDED.items() if not _said(name)]:
        st.info(t("Still to write: {parts}.", parts=", ".join(missing)), icon=":material/edit_note:")
        return
    try:
        lesson = _draft(experiment)
        text = text_of(lesson)
        lesson_of(text, lesson.id)  # The file is what will be opened.
    except InputRefused as refusal:
        asked = t("Still to do. {what}", what=said(refusal, _names(experiment)))
        st.info(inert(asked, 400), icon=":material/edit_note:")
        return
    with st.container(horizontal=True):
        st.button(t("Check it"), icon=":material/fact_check:", on_click=_check, args=(lesson,), key=_key("check"))
        keep = t("Keep it and show the link")
        st.button(keep, icon=":material/link:", on_click=_keep, args=(text,), key=_key("keep"))
        st.download_button(
            t("Download"), text, "01-lesson.toml", "application/toml", icon=":material/download:", on_click="ignore"
        )
    if refused := st.session_state.get(_key("refused")):
        st.warning(inert(refused, 300))
    if kept := st.session_state.get(_key("kept")):
        opened = t("Open it as a learner")
        st.page_link(page("lessons"), label=opened, icon=":material/school:", query_params={"lesson": kept})
        st.code(absolute("lessons", lesson=kept), language=None, wrap_lines=True)
        say_where_it_works()
    _checked(lesson, seeds)


def _keep(text: str) -> None:
    try:
        st.session_state[_key("kept")] = shelf().put(text.encode()).id
        st.session_state.pop(_key("refused"), None)
    except (InputRefused, WorkFailed) as refusal:
        st.session_state[_key("refused")] = translated(str(refusal))


def _programs(lesson: Lesson) -> list[RunSpec]:
    """Return what has to be trained for a check: the repaired program and the solution, with each seed."""
    return [seeded for run in (lesson.repaired, lesson.solved) for seeded in lesson.with_seeds(run)]


def _check(lesson: Lesson) -> None:
    try:
        st.session_state[_key("trial")] = my_store().submit_runs(
            _programs(lesson), secrets.token_urlsafe(12), title=t("Check of {lesson}", lesson=lesson.title)
        )
        st.session_state[_key("refused")] = ""
    except (InputRefused, WorkFailed) as refusal:
        st.session_state[_key("refused")] = translated(str(refusal))


def _checked(lesson: Lesson, seeds: Sequence[dict[str, Result]]) -> None:
    """Draw the claims with the seeds they hold in, once what was asked for has been trained."""
    if not (identity := st.session_state.get(_key("trial"))):
        return
    try:
        trial = my_store().experiment(identity)
    except InputRefused:
        return
    if [run.hash() for run in _programs(lesson)] != [run.spec.hash() for run in trial.runs]:
        st.caption(t("The lesson has changed since it was checked."))
        return
    if not trial.finished:
        _wait(identity)
        return
    results = my_store().results(identity, range(len(trial.runs)))
    count = lesson.spec.seeds
    runs = [seeds[seed] | {REPAIRED: results[seed], TRIED: results[count + seed]} for seed in range(count)]
    untouched = [letters | {TRIED: letters[lesson.exercise.of]} for letters in runs]
    for said_of, claims in ((_OF_REPAIR, lesson.repair.claimed), (_OF_SOLUTION, lesson.exercise.claimed)):
        for claim in claims:
            _line(claim, said_of, sum(map(claim.holds, runs)), count)
    solved = sum(all(claim.holds(letters) for claim in lesson.exercise.claimed) for letters in untouched)
    told = t("The exercise is not solved before anything is turned.")
    if solved:
        told = t("The exercise is solved untouched in {solved} of {count} seeds.", solved=solved, count=count)
    st.markdown(f"{_mark(not solved)} {told}")


@st.fragment(run_every=1.0)
@told
def _wait(trial: str) -> None:
    st.markdown(f":gray[{t('Training the repair and the solution…')}]")
    if my_store().experiment(trial).finished:
        st.rerun()


def _mark(fine: bool) -> str:
    return ":green[:material/check_circle:]" if fine else ":red[:material/cancel:]"


def _line(claim: Claim, said_of: str, held: int, count: int) -> None:
    words = claim.words(t, written)
    claimed = inert(words[:1].upper() + words[1:], 300)
    st.markdown(f"{_mark(held == count)} {t(said_of, claim=claimed, held=held, count=count)}")
