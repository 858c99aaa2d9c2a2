"""The presenter's view of a lesson: large type, one chart, the next step with a key, and nothing else.

It is reached by ``present=1`` in the address of a lesson. With a class's ``code`` it shows how to join and how the
predictions split; it has no key of the teacher's, so the address may be seen by everybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from html import escape
from pathlib import Path
from typing import Any, Final

import streamlit as st

from core.errors import InputRefused
from core.jobs.classroom.records import Step
from core.jobs.lab import get_lab
from core.jobs.storage.records import Experiment
from core.lessons import Lesson
from core.lessons.claims import quoted
from core.ui.chart.variant_colours import keep_apart, seen_places
from core.ui.classroom.curves import WIDE, curves_svg, drawing_of
from core.ui.classroom.links import absolute, qr_code
from core.ui.classroom.picture import picture
from core.ui.classroom.report import small_print
from core.ui.classroom.teacher import STYLE, right_mark, split
from core.ui.classroom.work import repair_settings
from core.ui.component import Component
from core.ui.lab.knobs import label_of, show_value
from core.ui.lessons import state
from core.ui.lessons.numbers import run_names
from core.ui.lessons.prose import prose
from core.ui.lessons.state import Visit
from core.ui.people.mine import my_store
from core.ui.sentences import translated
from core.ui.text import inert
from core.ui.trouble import told
from core.ui.words import t, written

PRESENT, STEP, CODE = "present", "step", "code"
_REVEALED: Final = "present_revealed"
_LOOK_SECONDS: Final = 0.5
_TICK_SECONDS: Final = 2.0
_BESIDE: Final = 600
"""Units across a picture beside words."""
_STYLE: Final = """<style>
[data-testid="stHeader"], [data-testid="stToolbar"] { display: none; }
[data-testid="stMainBlockContainer"] { padding: 1.2rem 2.5rem 1rem; max-width: none; }
.st-key-present_page { font-size: clamp(1.2rem, 1.95vw, 2.1rem); }
.st-key-present_page :is([data-testid="stMarkdownContainer"], .stMarkdown, .stHtml, p, li) { font-size: inherit; }
.st-key-present_page :is(p, li) { line-height: 1.4; }
.st-key-present_page { padding-bottom: 4rem; }
.st-key-present_page h1 { font-size: 1.75em; padding: 0 0 .2em; }
.st-key-present_page .stCheckbox [data-testid="stMarkdownContainer"] { font-size: 1rem; }
.st-key-present_page :is(.cr-split, .pr-options) { font-size: clamp(1.2rem, 1.95vw, 2.1rem); }
.st-key-present_page .cr-code { font-size: 2.4em; }
.st-key-present_page .cr-split { gap: .7em; }
.st-key-present_page .small { font-size: .9rem; opacity: .8; margin: .2em 0 0; }
.pr-where { font-size: clamp(1.2rem, 1.95vw, 2.1rem); margin: .2em 0 0; overflow-wrap: anywhere; }
.st-key-present_bar {
  position: fixed; z-index: 5; bottom: 0; left: 0; right: 0; width: auto; padding: .6rem 2.5rem;
  background: light-dark(LIGHT, DARK);
}
.st-key-present_bar button p { font-size: 1.05rem; }
.pr-options { margin: .4em 0 0; padding: 0; list-style: none; display: grid; gap: .35em; }
.pr-options li:has(b) { padding-left: 1.6em; text-indent: -1.6em; }
.pr-options b { display: inline-block; min-width: 1.6em; text-indent: 0; }
.pr-options .right { font-weight: 600; }
.pr-options .right span { color: light-dark(#00744c, #4fc195); }
@media (min-width: 641px) {
  .pr-chart svg { max-height: calc(100dvh - 18rem); }
  /* In the bar, where it does not move with what a step shows. */
  .st-key-language_choice { position: fixed; z-index: 6; bottom: .6rem; right: 11rem; width: auto; }
}
</style>"""


_KEYS: Final = Component("loss_lab_present", scripts=(Path(__file__).with_name("present.js"),), html="<span></span>")


class Slide(IntEnum):
    """The steps of a lesson as it is presented."""

    QUESTION = 0
    RACE = 1
    ANSWER = 2
    REASON = 3
    REPAIR = 4
    EXERCISE = 5


def show_presenter(lesson: Lesson) -> None:
    """Show one step of a lesson to a room."""
    visit = state.visit_of(lesson)
    last = _last(visit)
    slide = Slide.QUESTION if visit.runs is None else min(_slide(), last)
    st.html(STYLE)
    style = _STYLE
    for mode in ("light", "dark"):
        style = style.replace(mode.upper(), st.get_option(f"theme.{mode}.backgroundColor") or "Canvas")
    st.html(style)
    _KEYS(key="present_keys")
    with st.container(key="present_page", gap="small"):
        st.title(state.headline(lesson), anchor=False)
        if refused := st.session_state.get("lesson_refused", "") or visit.trouble:
            st.warning(inert(refused, 300), icon=":material/block:")
        if slide == Slide.QUESTION:
            _question(lesson)
        elif slide == Slide.EXERCISE:
            _say(lesson.exercise.task)
            _list([escape(f"{t(label_of(path))}: {_values(path, of)}") for path, of in lesson.exercise.knobs.items()])
        else:
            _curves(visit, slide)
    with st.container(horizontal=True, vertical_alignment="center", key="present_bar"):
        st.button(
            t("Back"), icon=":material/arrow_back:", key="present_back", disabled=slide == 0, on_click=_turn, args=(-1,)
        )
        st.button(
            t("Next"),
            icon=":material/arrow_forward:",
            type="primary",
            key="present_next",
            disabled=slide == last,
            on_click=_turn,
            args=(1,),
            help=t("Also →, Page Down or the space bar."),
        )
        if slide in {Slide.RACE, Slide.REPAIR}:
            st.button(t("Race again"), icon=":material/replay:", key="present_again", on_click=_race_again)
        st.space("stretch")
        st.button(t("Leave"), icon=":material/close:", type="tertiary", key="present_leave", on_click=_leave)


def _slide() -> Slide:
    told = st.query_params.get(STEP, "0")
    return Slide(int(told)) if told in {str(int(slide)) for slide in Slide} else Slide.QUESTION


def _turn(by: int) -> None:
    """Go a step on or back; what a step shows is trained when it is reached first."""
    lesson = state.lesson_at(st.query_params.get(state.LESSON, ""))
    if lesson is None:
        return
    visit = state.visit_of(lesson)
    if visit.runs is None and by > 0:  # The race is the first step, whatever the address says.
        state.skip(lesson, **{STEP: str(int(Slide.RACE))})
    else:
        slide = Slide(max(0, min(int(_last(visit)), _slide() + by)))
        step = {STEP: str(int(slide))}
        if slide == Slide.REPAIR and visit.repair is None:
            state.repair(lesson, **step)
        else:
            st.query_params.update(step)
    _race_again()


def _last(visit: Visit) -> Slide:
    """Return how far the presentation goes: to the curves, for members of a class whose teacher holds the answer."""
    return Slide.RACE if visit.held else max(Slide)


def _race_again() -> None:
    st.session_state.present_race = st.session_state.get("present_race", 0) + 1


def _leave() -> None:
    address = st.query_params.to_dict()
    st.query_params.from_dict({name: value for name, value in address.items() if name not in {PRESENT, STEP, CODE}})


def _question(lesson: Lesson) -> None:
    code = _code()
    left, right = st.columns([7, 3], gap="large") if code else (st.container(), None)
    with left:
        _say(lesson.about)
        _say(f"**{lesson.question}**")
        if not code:
            _options(lesson)
        else:
            shown = st.session_state.get("present_split", False)
            _split(lesson, code) if shown else _options(lesson)
    if right is not None:
        with right:
            st.html(f'<div class="cr-code">{escape(code[:10])}</div>')
            st.html(f'<p class="pr-where">{escape(absolute("class").split("://")[-1].partition("?")[0])}</p>')
            st.html(qr_code(absolute("class", code=code[:10]), "min(17rem, 45vh)"))
            st.toggle(t("Show predictions"), key="present_split", persist_state="session")


def _code() -> str:
    """Return the code of the class that may join; nothing, and why, where there is no such class any more."""
    code = st.query_params.get(CODE, "")
    try:
        if code:
            get_lab().store.classrooms.called(code, str(st.context.ip_address))
    except InputRefused as refusal:
        st.markdown(inert(translated(str(refusal)), 200))
        return ""
    return code


def _say(text: str) -> None:
    """Draw words of a lesson, which somebody may have sent: they load, link and run nothing."""
    st.html(prose(text, "present"))


def _options(lesson: Lesson) -> None:
    """Draw the answers to choose from, by numbers: letters are the names of runs."""
    right = lesson.answer if _revealed(lesson) else None
    _list(
        [
            f"<b>{place + 1}</b> {escape(option.replace('**', ''))}" + f" {right_mark()}" * (place == right)
            for place, option in enumerate(lesson.options)
        ],
        right,
    )


def _list(rows: Sequence[str], right: int | None = None) -> None:
    items = "".join(f"<li class={'right' if place == right else 'one'}>{row}</li>" for place, row in enumerate(rows))
    st.html(f'<ul class="pr-options">{items}</ul>')


def _reveal(lesson: Lesson) -> None:
    """Note that the room has seen the answer: going back to the question now shows which one it was."""
    st.session_state.setdefault(_REVEALED, set()).add(lesson.id)


def _revealed(lesson: Lesson) -> bool:
    return lesson.id in st.session_state.get(_REVEALED, ())


@st.fragment(run_every=_TICK_SECONDS)
@told
def _split(lesson: Lesson, code: str) -> None:
    """Draw how the predictions of a class split for as long as there is one."""
    classrooms = get_lab().store.classrooms
    try:
        members = classrooms.members(classrooms.called(code, None).id)
    except InputRefused:
        st.rerun()
    known = [member.in_lesson(lesson.id) for member in members]
    st.html(split(lesson, known, revealed=_revealed(lesson)))
    predicted = sum(progress.step != Step.QUESTION for progress in known)
    told = t("{count} of {members} predicted", count=predicted, members=len(members))
    st.html(f'<p class="small">{escape(told)}</p>')


def _curves(visit: Visit, slide: Slide) -> None:
    lesson = visit.lesson
    part, shown = ("repair", visit.repair) if slide == Slide.REPAIR else ("runs", visit.runs)
    names = tuple(run_names(lesson)[letter] for letter in state.letters_of(lesson, part))
    if shown is not None and not shown.finished:
        _wait(shown.id)
        return
    if shown is None or not state.whole(shown):
        st.markdown(t("Not every run finished, so there is nothing to compare yet."))
        return
    keep_apart(filter(None, (visit.runs, visit.repair)), seen_places())
    if slide == Slide.RACE:
        _say(lesson.look)
        _chart(shown, names, race=st.session_state.get("present_race", 0))
    elif slide in {Slide.ANSWER, Slide.REASON}:
        seen, _, reason = lesson.explanation.strip().partition("\n\n")
        _reveal(lesson)
        answer = f"{lesson.answer + 1}. {lesson.options[lesson.answer]}"
        words = f"**{answer}.**\n\n{seen}" if slide == Slide.ANSWER else reason or seen
        left, right = st.columns(2, gap="medium")
        with left:
            _say(quoted(words, state.results_of(visit), written))
        with right:
            _chart(shown, names, width=_BESIDE)
    else:
        st.markdown(inert(" · ".join(repair_settings(lesson)), 300))
        _chart(shown, names, race=st.session_state.get("present_race", 0))


def _chart(shown: Experiment, names: tuple[str, ...], *, race: int | None = None, width: int = WIDE) -> None:
    drawing = drawing_of(shown, names, seen_places())
    html = f'<div class="pr-chart">{curves_svg(drawing, race=race, width=width)}{small_print(drawing)}</div>'
    picture(html, key="present_chart")


@st.fragment(run_every=_LOOK_SECONDS)
@told
def _wait(experiment: str) -> None:
    st.markdown(t("Training…"))
    if not my_store().unfinished(experiment):
        st.rerun()


def _values(path: str, values: tuple[Any, ...]) -> str:
    return ", ".join(show_value(path, value) for value in values)
